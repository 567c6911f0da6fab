"""What can go wrong between us and a source, each marked as transient or permanent.

Belongs here: the types. Does not: retrying (http), deciding what a refresh does about it (pull).

Transient: the same request may succeed later (no connection, 408, 429, 5xx, a truncated answer, a queue that
has not finished). Permanent: it will not, until a person changes something (404, 400, a refused address, a
table whose structure is another one). Permanent failures are never retried.
"""

from functools import partial
from typing import ClassVar

from alp_pipeline.errors import AlpError


class SourceError(AlpError):
    """A source could not be asked, or its answer may not count."""

    transient: ClassVar[bool] = False


class TransientSourceError(SourceError):
    """The same request may succeed later."""

    transient = True


class PermanentSourceError(SourceError):
    """The same request will fail again until a person changes something."""


class AddressRefused(PermanentSourceError):
    """The target is no host of the catalogue, or resolves to an address that may not be asked."""


class CertificateRefused(PermanentSourceError):
    """TLS could not be verified."""


class HttpRefused(PermanentSourceError):
    """The server answered with a status that says: not like this (4xx but 408 and 429).

    `status`, `body` (its first bytes) and `headers` are kept for the family to translate.
    """

    def __init__(
        self,
        what: str,
        *,
        where: str,
        todo: str,
        status: int,
        body: bytes = b"",
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(what, where=where, todo=todo)
        self.status, self.body, self.headers = status, body, headers or {}

    def __reduce__(self) -> tuple[object, ...]:
        rebuild = partial(
            type(self),
            where=self.where,
            todo=self.todo,
            status=self.status,
            body=self.body,
            headers=self.headers,
        )
        return (rebuild, (self.what,))


class ServiceUnavailable(TransientSourceError):
    """No connection, a timeout, 408, 429 or 5xx, after the retries that the policy allows.

    `come_back_seconds`: when the service said to come back, None when it did not.
    """

    def __init__(self, what: str, *, where: str, todo: str, come_back_seconds: float | None = None) -> None:
        super().__init__(what, where=where, todo=todo)
        self.come_back_seconds = come_back_seconds


class AnswerTruncated(TransientSourceError):
    """The answer ended before its declared length, or its compression does."""


class AnswerTooLarge(PermanentSourceError):
    """More bytes than the limit for one answer."""


class NotData(TransientSourceError):
    """A status of success over something that is no data: a web page, an error text, nothing at all."""


class AnswerIncomplete(TransientSourceError):
    """Fewer rows than the source itself declares, or a stream that broke with an error text inside."""


class QueueUnfinished(TransientSourceError):
    """A queued extraction expired, failed or was not ready in the time that we wait."""


class QueryRefused(PermanentSourceError):
    """The service understood the request and refuses it: unknown dataset, dimension or code, too large."""


class StructureChanged(PermanentSourceError):
    """The table's dimensions or columns are not those of the catalogue."""


class CredentialsMissing(PermanentSourceError):
    """The service wants an account, and the settings name none for it."""


class DiskRefused(PermanentSourceError):
    """The disk that downloads go to did not take the bytes: it is full, or may not be written."""
