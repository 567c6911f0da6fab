"""Looking at an answer before it counts: a status of success says nothing about the bytes.

Belongs here: web pages, tickets and error texts in the place of data, compressed files that end early or
swell without end, streams that break off with an error text, fewer rows than were announced. Does not: a
family's own error messages, columns and cells (the families), sizes against the last vintage (intake gate).
"""

import re
import zipfile
import zlib
from collections.abc import Callable, Iterator
from json import loads
from pathlib import Path
from typing import Any, Literal, NoReturn

from alp_pipeline.sources.errors import AnswerIncomplete, AnswerTooLarge, AnswerTruncated, NotData
from alp_pipeline.sources.http import Answer

Form = Literal["text", "gzip", "zip", "xlsx", "json"]

_AGAIN = "The next refresh asks again."
_BLOCK = 1 << 18
_HEAD_BYTES = 1 << 16
_TAIL_BYTES = 1 << 14
_MOST_INFLATED = 16 << 30
_MOST_JSON = 256 << 20
_GZIP_MAGIC = b"\x1f\x8b"
_ZIP_MAGIC = b"PK\x03\x04"
_OLD_OFFICE_MAGIC = b"\xd0\xcf\x11\xe0"
_UTF8_MARK = b"\xef\xbb\xbf"
_ERROR_TEXT = re.compile(
    rb"streaming interrupted due to the following error[^\r\n]*"
    rb"|^\s*(?:<b>)?fatal error(?:</b>)?:[^\r\n]*"
    rb"|^traceback \(most recent call last\):"
    rb"|^[ \t]*<(?:!doctype html|html|body)[^\r\n]*"
    rb"|^(?:org|com|java|javax)\.[\w.$]+(?:exception|error)\b[^\r\n]*"
    rb"|^\s*\{\s*\"(?:error|errors|error_code|errorcode)\"[^\r\n]*",
    re.IGNORECASE | re.MULTILINE,
)


def refuse_unless_json(answer: Answer, where: str) -> Any:
    """The JSON in an answer. What a family's error message looks like is for the family to say.

    Raises:
        NotData: nothing, a web page, XML, or JSON that breaks off.

    >>> refuse_unless_json(Answer("https://x.eu", 200, {}, b'{"a": 1}', "2026-05-13T09:00:00Z"), "x")
    {'a': 1}
    """
    content = answer.content.removeprefix(_UTF8_MARK)
    if content.lstrip()[:1] not in (b"{", b"["):
        _refuse_head(content[:_HEAD_BYTES], where, form="json")
    try:
        return loads(content)
    except (ValueError, RecursionError):
        raise NotData("it is no JSON, or JSON that breaks off", where=where, todo=_AGAIN) from None


def refuse_unless_data(path: Path, where: str, *, form: Form, most_bytes: int = _MOST_INFLATED) -> None:
    """Look at a download from beginning to end, in bounded memory (JSON: as a whole).

    Args:
        where: how errors call it.
        form: what it should be. `text` may be gzipped too, readers tell by the first bytes; an `xlsx` is a
            ZIP with a workbook.
        most_bytes: what it may become when it is decompressed.

    Raises:
        NotData: something else: a web page, an error message, a queue ticket, nothing but blanks.
        AnswerTruncated: the compressed bytes end early or do not match their checksum.
        AnswerIncomplete: a text that breaks off with an error message.
        AnswerTooLarge: more than `most_bytes`, declared or real.
    """
    with path.open("rb") as file:
        head = file.read(_HEAD_BYTES)
    if not head:
        raise NotData("it is empty", where=where, todo=_AGAIN)
    if form in ("zip", "xlsx"):
        _refuse_unless_zip(path, head, where, form, most_bytes)
    elif form == "json":
        _refuse_unless_json_file(path, head, where)
    elif head.startswith(_GZIP_MAGIC):
        _refuse_unless_text(_inflated(path, where, most_bytes), where)
    elif form == "gzip":
        _refuse_head(head, where, form="gzip")
    else:
        _refuse_unless_text(_blocks(path), where)


def refuse_short(found: int, declared: int | None, where: str) -> None:
    """Raise `AnswerIncomplete` when fewer rows came than the source declares; None declares nothing.

    >>> refuse_short(10, 12, "lombardia.x")
    Traceback (most recent call last):
    ...
    alp_pipeline.sources.errors.AnswerIncomplete: AnswerIncomplete: lombardia.x: 10 rows came, the source ...
    """
    if declared is not None and found < declared:
        raise AnswerIncomplete(f"{found} rows came, the source declares {declared}", where=where, todo=_AGAIN)


def looks_broken_inside(path: Path) -> str | None:
    """The error text that a plain or gzipped text breaks off with, None when it ends like a table.

    Only the end is read for plain text: whoever writes an error into a stream of rows stops there.
    """
    with path.open("rb") as file:
        if file.read(2) == _GZIP_MAGIC:
            tail = b""
            for block in _inflated(path, str(path), _MOST_INFLATED):
                tail = (tail + block)[-_TAIL_BYTES:]
        else:
            file.seek(max(0, file.seek(0, 2) - _TAIL_BYTES))
            tail = file.read()
    return _error_text(tail)


def _error_text(tail: bytes) -> str | None:
    found = _ERROR_TEXT.search(tail)
    return None if found is None else found[0].decode("utf-8", errors="replace").strip()[:300]


def _refuse_unless_text(blocks: Iterator[bytes], where: str) -> None:
    head = tail = b""
    for block in blocks:
        if len(head) < _HEAD_BYTES:
            head += block
            if head.strip(b" \t\r\n\0") and len(head) >= _HEAD_BYTES:
                _refuse_unless_text_head(head, where)
        tail = (tail + block)[-_TAIL_BYTES:]
    _refuse_unless_text_head(head, where)
    if said := _error_text(tail):
        raise AnswerIncomplete(f"it breaks off with an error text: {said}", where=where, todo=_AGAIN)


def _refuse_unless_text_head(head: bytes, where: str) -> None:
    opening = head.removeprefix(_UTF8_MARK).lstrip()[:1]
    is_binary = head.startswith((_ZIP_MAGIC, _OLD_OFFICE_MAGIC, b"%PDF")) or b"\0\0\0" in head
    if opening in (b"", b"<", b"{", b"[") or is_binary:
        _refuse_head(head, where, form="text")


def _refuse_unless_json_file(path: Path, head: bytes, where: str) -> None:
    from alp_pipeline.observations.documents import api_message

    if head.removeprefix(_UTF8_MARK).lstrip()[:1] not in (b"{", b"["):
        _refuse_head(head, where, form="json")
    if path.stat().st_size > _MOST_JSON:
        raise AnswerTooLarge(
            f"it is JSON of more than {_MOST_JSON >> 20} MiB", where=where, todo="Ask for less at once."
        )
    try:
        said = api_message(loads(path.read_bytes().removeprefix(_UTF8_MARK)))
    except (ValueError, RecursionError):
        raise AnswerTruncated("it is JSON that breaks off", where=where, todo=_AGAIN) from None
    if said is not None:
        raise NotData(f"it is {said}", where=where, todo=_AGAIN)


def _refuse_unless_zip(path: Path, head: bytes, where: str, form: Form, most_bytes: int) -> None:
    if not head.startswith(_ZIP_MAGIC):
        _refuse_head(head, where, form=form)
    try:
        with zipfile.ZipFile(path) as archive:
            _refuse_swollen(sum(member.file_size for member in archive.infolist()), most_bytes, where)
            names = {member.filename for member in archive.infolist()}
            if form == "xlsx" and "xl/workbook.xml" not in names:
                raise NotData("it is a ZIP archive without a workbook", where=where, todo=_AGAIN)
            for member in archive.infolist():
                # No more than the declared size is ever inflated, and the checksum is compared at its end.
                with archive.open(member) as content:
                    while content.read(_BLOCK):
                        pass
    except (zipfile.BadZipFile, EOFError, zlib.error, OSError) as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise
        raise AnswerTruncated("the ZIP archive ends early or is damaged", where=where, todo=_AGAIN) from error
    except (RuntimeError, NotImplementedError) as error:
        raise NotData(
            "the ZIP archive is encrypted, or compressed in a way that is not read",
            where=where,
            todo="Ask the publisher for a plain one.",
        ) from error


def _inflated(path: Path, where: str, most_bytes: int) -> Iterator[bytes]:
    """The content of a gzip file in blocks, checksums compared, several members one after the other."""
    size = 0
    member = zlib.decompressobj(wbits=31)
    for block in _blocks(path):
        pending = block
        while pending:
            if member.eof:
                pending = pending.lstrip(b"\0")  # padding between members, and after the last
                if not pending:
                    break
                member = zlib.decompressobj(wbits=31)
            try:
                piece = member.decompress(pending, _BLOCK)
            except zlib.error:
                raise AnswerTruncated("the gzip file is damaged", where=where, todo=_AGAIN) from None
            size += len(piece)
            _refuse_swollen(size, most_bytes, where)
            yield piece
            pending = member.unconsumed_tail or member.unused_data
    if not member.eof:
        raise AnswerTruncated("the gzip file ends early", where=where, todo=_AGAIN)


def _blocks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            yield block


def _refuse_swollen(size: int, most_bytes: int, where: str) -> None:
    if size > most_bytes:
        raise AnswerTooLarge(
            f"decompressed it is larger than {most_bytes} bytes",
            where=where,
            todo="Look at the file: it may be made to fill disks.",
        )


def _refuse_head(head: bytes, where: str, *, form: Form) -> NoReturn:
    """Raise what the first bytes give away about something that is not the form it should be."""
    from alp_pipeline.observations.documents import not_data

    looks: tuple[tuple[Callable[[bytes], bool], str], ...] = (
        (lambda b: not b.removeprefix(_UTF8_MARK).strip(), "it holds nothing but blanks"),
        (lambda b: b.startswith(_GZIP_MAGIC), "it is gzip"),
        (lambda b: b.startswith(_ZIP_MAGIC), "it is a ZIP archive"),
        (lambda b: b.startswith(b"%PDF"), "it is a PDF"),
        (lambda b: b.startswith(_OLD_OFFICE_MAGIC), "it is an old or an encrypted Excel workbook"),
        (lambda b: b"\0\0\0" in b, "it is a binary file"),
    )
    for is_this, name in looks:
        if is_this(head):
            raise NotData(name, where=where, todo=_AGAIN)
    if head.removeprefix(_UTF8_MARK).lstrip()[:1] in (b"<", b"{", b"["):
        raise NotData(not_data(head, where=where).what, where=where, todo=_AGAIN)
    raise NotData(f"it is text, not {form}", where=where, todo=_AGAIN)
