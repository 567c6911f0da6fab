"""The files of a ZIP archive: as pages of one table, or the one message that was packed.

Belongs here: which files count, in which order, how much may be unpacked. Does not: the forms of the files
(pages, workbook, sdmx_ml).

The file that the layout names, or all files when they are of one form: CSV files each with a heading, or
JSON, in the order of their names (the pages of a paged service), or a single workbook. Nothing is written to
disk, so names that point elsewhere do no harm; files are unpacked as they are read, never further than their
declared size.
"""

import zipfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import BinaryIO, Final, cast

from alp_pipeline.observations.documents import Document, damage_named, not_data
from alp_pipeline.observations.errors import DamagedDocument, MalformedDocument
from alp_pipeline.observations.pages import Page, csv_page, json_page
from alp_pipeline.observations.schema import TableLayout
from alp_pipeline.observations.workbook import xlsx_page

MOST_UNPACKED_BYTES: Final = 1 << 32
MOST_MEMBERS: Final = 100_000
_SHOWN: Final = 12
_HEAD_BYTES: Final = 1 << 16
_IS_ENCRYPTED: Final = 1
_METHODS: Final = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2})
_MAGIC: Final = (b"PK\x03\x04", b"PK\x05\x06")  # with files, without
_FORMS: Final[dict[str, Callable[[Document, TableLayout], Page]]] = {
    "csv": csv_page,
    "json": json_page,
    "xlsx": xlsx_page,
}


def zipped_pages(document: Document, layout: TableLayout) -> Iterator[Page]:
    """The pages; each must be read before the next one is taken.

    Raises:
        DocumentError: no archive, damaged, encrypted, too large, empty, files of several forms and none
            named.
    """
    with _opened(document) as archive:
        for member in _members(archive, layout, where=document.where):
            form = _FORMS.get(_suffix(member), csv_page)
            encoding = layout.encoding if form is csv_page else "utf-8"
            where = f"{document.where}, file {member.filename}"
            with damage_named(where), archive.open(member) as stream:
                yield form(Document(cast("BinaryIO", stream), where=where, encoding=encoding), layout)


@contextmanager
def unpacked_message(document: Document) -> Iterator[Document]:
    """The only file of a ZIP archive, for messages that come packed so; any other document as it is.

    Raises:
        DocumentError: damaged, encrypted, too large, no file or several: none says which of them it is.
    """
    with damage_named(document.where), document.open() as stream:
        is_archive = stream.read(4) in _MAGIC
    if not is_archive:
        yield document
        return
    with _opened(document) as archive:
        members = _files(archive)
        if len(members) != 1:
            raise _unusable(
                f"it holds {len(members)} files{_shown(members)} in the place of one", document.where
            )
        _refuse_unsafe(members, where=document.where)
        where = f"{document.where}, file {members[0].filename}"
        with damage_named(where), archive.open(members[0]) as stream:
            yield Document(cast("BinaryIO", stream), where=where)


@contextmanager
def _opened(document: Document) -> Iterator[zipfile.ZipFile]:
    with damage_named(document.where), document.open() as stream:
        head = stream.read(_HEAD_BYTES)
    if not head.startswith(b"PK"):
        document.refuse_unless_text(head)
        raise not_data(head, where=document.where)
    try:
        archive = zipfile.ZipFile(document.seekable())
    except (zipfile.BadZipFile, EOFError) as error:
        raise DamagedDocument(
            f"the ZIP archive is damaged or ends early ({error})",
            where=document.where,
            todo="Fetch it again; what was archived stays as evidence.",
        ) from error
    with archive:
        yield archive


def _members(archive: zipfile.ZipFile, layout: TableLayout, *, where: str) -> list[zipfile.ZipInfo]:
    members = _files(archive)
    shown = _shown(members)
    if layout.member is not None:
        members = [member for member in members if member.filename == layout.member]
        if len(members) != 1:
            raise _unusable(f"it holds {len(members)} files '{layout.member}' among{shown}", where)
    forms = {_suffix(member) for member in members}
    if not members:
        raise _unusable("it holds no files", where)
    if layout.member is None and (len(forms) > 1 or not forms <= set(_FORMS)):
        raise _unusable(f"its files{shown} are not all CSV or all JSON, and the layout names none", where)
    if len(members) > 1 and forms == {"xlsx"}:
        raise _unusable(f"it holds several workbooks{shown}, and the layout names none", where)
    _refuse_unsafe(members, where=where)
    return members


def _files(archive: zipfile.ZipFile) -> list[zipfile.ZipInfo]:
    return sorted(
        (member for member in archive.infolist() if not member.is_dir()), key=lambda one: one.filename
    )


def _shown(members: Sequence[zipfile.ZipInfo]) -> str:
    names = ", ".join(member.filename for member in members[:_SHOWN])
    return f" ({names}{' …' if len(members) > _SHOWN else ''})" if members else ""


def _refuse_unsafe(members: Sequence[zipfile.ZipInfo], *, where: str) -> None:
    unpacked = sum(member.file_size for member in members)
    if unpacked > MOST_UNPACKED_BYTES or len(members) > MOST_MEMBERS:
        raise _unusable(
            f"it holds {len(members):,} files of {unpacked >> 20:,} MiB, which is too much", where
        )
    locked = next((member.filename for member in members if member.flag_bits & _IS_ENCRYPTED), None)
    if locked is not None:
        raise _unusable(f"its file {locked} is encrypted", where)
    strange = next((member.filename for member in members if member.compress_type not in _METHODS), None)
    if strange is not None:
        raise _unusable(f"its file {strange} is compressed in a way that is not read", where)


def _suffix(member: zipfile.ZipInfo) -> str:
    return member.filename.rpartition(".")[2].lower()


def _unusable(what: str, where: str) -> MalformedDocument:
    return MalformedDocument(
        what, where=where, todo="Check what was archived, and `member` of the catalogue entry's layout."
    )
