"""Why a document could not be read: one type per cause, so that a caller can tell them apart.

Belongs here: errors that more than one reader raises about a document. Does not: cells that were not
understood, which are data (`problem`) and not errors.
"""

from alp_pipeline.errors import AlpError


class DocumentError(AlpError):
    """A document cannot be read as what it claims to be; nothing of it may be used."""


class EmptyDocument(DocumentError):
    """No bytes, or nothing but blanks."""


class DamagedDocument(DocumentError):
    """The compressed bytes end early or do not match their checksum."""


class NotADataDocument(DocumentError):
    """A web page, an error message or a queue ticket under the name of data."""


class WrongEncoding(DocumentError):
    """Bytes that are not UTF-8, or NUL bytes."""


class HeaderMismatch(DocumentError):
    """The document's dimensions are not those of the catalogue."""


class UnknownPeriod(DocumentError):
    """A heading that should be a time period and is not in a form we know."""


class DuplicatePeriod(DocumentError):
    """Two columns for the same period: which one holds would be a guess."""


class MalformedDocument(DocumentError):
    """The document breaks the rules of its own format."""


class AmbiguousBundle(DocumentError):
    """Several datasets in one document, and none with the name that was asked for."""


class FormatNotRead(DocumentError):
    """A format without a reader."""


class LayoutMissing(DocumentError):
    """A table of rows, of which the catalogue does not say how it is read."""
