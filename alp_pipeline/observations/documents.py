"""A document as bytes: opened plain or decompressed, and refused by name when it is not data at all.

Belongs here: gzip by magic bytes, the first line, recognising web pages, error messages and queue tickets
(status codes are never enough: 200 can carry any of them), Arrow's errors in our words. Does not: what the
lines mean (the format modules).
"""

import json
import re
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO
from zipfile import BadZipFile

import pyarrow as pa

from alp_pipeline.observations.errors import (
    DamagedDocument,
    EmptyDocument,
    MalformedDocument,
    NotADataDocument,
    WrongEncoding,
)

Source = Path | str | BinaryIO

_GZIP_MAGIC = b"\x1f\x8b"
_UTF8_MARK = b"\xef\xbb\xbf"
_HEAD_BYTES = 1 << 16
_LONGEST_FIRST_LINE = 1 << 23  # a daily series since 1960 has a first line of 0.2 MB
_FETCH_AGAIN = "Fetch it again; what was archived stays as evidence."


class _Borrowed:
    """A caller's stream that Arrow may read and close without closing it for the caller."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self.closed = False

    def read(self, size: int = -1) -> bytes:
        return self._stream.read(size)

    def close(self) -> None:
        self.closed = True


class Document:
    """The bytes behind a path or a seekable binary stream, decompressed where they are gzip.

    Args:
        source: a path, or a binary stream that can seek; it is read from where it stands and left open.
        where: how errors call it.
        encoding: of the text; another one than UTF-8 is turned into it while reading.
    """

    def __init__(self, source: Source, *, where: str, encoding: str = "utf-8") -> None:
        self.where = where
        self._source = source
        self._encoding = encoding
        self._start = 0 if isinstance(source, str | Path) else source.tell()

    @contextmanager
    def open(self) -> Iterator[pa.NativeFile]:
        """The decompressed bytes from the beginning, text in UTF-8. Read them inside `damage_named`."""
        with self._raw() as raw:
            is_compressed = raw.read(2) == _GZIP_MAGIC
        raw = self._raw()
        with pa.CompressedInputStream(raw, "gzip") if is_compressed else raw as stream:
            is_utf8 = self._encoding == "utf-8"
            yield stream if is_utf8 else pa.transcoding_input_stream(stream, self._encoding, "utf8")

    def decoded(self, encoding: str) -> "Document":
        """The same document, its text in another encoding."""
        return Document(self.seekable(), where=self.where, encoding=encoding)

    def seekable(self) -> Source:
        """The path, or the stream where the document begins, for formats that are read from their end."""
        if not isinstance(self._source, str | Path):
            self._source.seek(self._start)
        return self._source

    def _raw(self) -> pa.NativeFile:
        source = self.seekable()
        if isinstance(source, str | Path):
            return pa.OSFile(str(source), "rb")
        return pa.PythonFile(_Borrowed(source), mode="r")

    def first_line(self, *, skip: int = 0) -> tuple[str, bool]:
        """The first line, or that after `skip` others, without its end; and whether anything follows it.

        Raises:
            EmptyDocument, NotADataDocument, WrongEncoding, DamagedDocument, MalformedDocument.
        """
        with damage_named(self.where), self.open() as stream:
            head = stream.read(_HEAD_BYTES)
            self.refuse_unless_text(head)
            opening = head.lstrip()[:1]
            if opening in (b"<", b"{", b"["):
                raise not_data(head, where=self.where)
            while head.count(b"\n") <= skip and len(head) < _LONGEST_FIRST_LINE:
                more = stream.read(_HEAD_BYTES)
                if not more:
                    break
                head += more
            lines = head.split(b"\n", skip + 1)
            if len(lines) <= skip:
                raise MalformedDocument(
                    f"it has {len(lines)} lines, and its heading should be in line {skip + 1}",
                    where=self.where,
                    todo="Correct heading_row in the catalogue entry's layout.",
                )
            line, rest = lines[skip], lines[skip + 1 :]
            if len(line) >= _LONGEST_FIRST_LINE:
                raise MalformedDocument(
                    f"the first line has no end within {_LONGEST_FIRST_LINE} bytes",
                    where=self.where,
                    todo=_FETCH_AGAIN,
                )
            has_more = bool(rest and (rest[0] or stream.read(1)))
        text = self.text(line.removeprefix(_UTF8_MARK)).removesuffix("\r")
        if "\r" in text:
            # pyarrow would end the first line there, and take the rest of the heading for data.
            raise MalformedDocument(
                "there is a carriage return inside the first line", where=self.where, todo=_FETCH_AGAIN
            )
        return text, has_more

    def content(self, *, limit: int) -> bytes:
        """All of the bytes, for formats that cannot be read in pieces.

        Raises:
            MalformedDocument: more than `limit` bytes after decompression; DamagedDocument.
        """
        with damage_named(self.where), self.open() as stream:
            found: bytes = stream.read(limit + 1)
        if len(found) > limit:
            raise MalformedDocument(
                f"it holds more than {limit >> 20} MiB, the most that this format is read with",
                where=self.where,
                todo="Ask the publisher for TSV or SDMX-CSV, which are read in pieces.",
            )
        return found

    def whole(self, *, limit: int) -> str:
        """All of the text, for formats that cannot be read in pieces.

        Raises:
            MalformedDocument: more than `limit` bytes after decompression; and as `first_line`.
        """
        found = self.content(limit=limit)
        self.refuse_unless_text(found[:_HEAD_BYTES])
        return self.text(found.removeprefix(_UTF8_MARK))

    def refuse_unless_text(self, head: bytes) -> None:
        """Raise what the first bytes give away: nothing there, another encoding, an archive."""
        if not head.strip():
            raise EmptyDocument("it is empty", where=self.where, todo=_FETCH_AGAIN)
        if head.startswith((b"\xff\xfe", b"\xfe\xff")):
            raise WrongEncoding(
                "it is UTF-16, not UTF-8", where=self.where, todo="Ask the publisher for UTF-8."
            )
        if head.startswith(b"PK\x03\x04"):
            raise NotADataDocument(
                "it is a ZIP archive", where=self.where, todo="Import the files inside it, each by itself."
            )
        if b"\0" in head:
            raise nul_bytes(self.where)

    def text(self, content: bytes) -> str:
        """Bytes as UTF-8 text, or `WrongEncoding` naming the first byte that is not."""
        try:
            return content.decode("utf-8")
        except UnicodeDecodeError as error:
            raise WrongEncoding(
                f"byte {error.start} (0x{content[error.start]:02x}) is not UTF-8",
                where=self.where,
                todo="Ask the publisher for UTF-8, or fetch it again.",
            ) from None


def nul_bytes(where: str) -> WrongEncoding:
    """The error for NUL bytes, which no text document holds."""
    return WrongEncoding("it holds NUL bytes", where=where, todo=_FETCH_AGAIN)


def refuse_nul_bytes(column: pa.BinaryArray | pa.StringArray, *, where: str) -> None:
    """Raise `WrongEncoding` when a text holds a NUL byte; pyarrow lets them pass."""
    data = column.buffers()[2]
    if data is not None and b"\0" in memoryview(data).tobytes():
        raise nul_bytes(where)


@contextmanager
def damage_named(where: str) -> Iterator[None]:
    """Turn errors about a document's bytes into ours; errors of the disk pass as they are."""
    try:
        yield
    except UnicodeDecodeError as error:
        raise WrongEncoding(
            f"byte 0x{error.object[error.start]:02x} stands for nothing in {error.encoding}",
            where=where,
            todo="Correct the encoding in the catalogue entry's layout.",
        ) from error
    except (BadZipFile, zlib.error, EOFError) as error:
        raise DamagedDocument(
            f"the bytes of this part of the ZIP archive are damaged or end early ({error})",
            where=where,
            todo=_FETCH_AGAIN,
        ) from error
    except pa.ArrowInvalid as error:
        text = str(error)
        if "UTF8" in text:
            raise WrongEncoding(
                f"it holds bytes that are not UTF-8 ({text})",
                where=where,
                todo="Ask the publisher for UTF-8, or fetch it again.",
            ) from error
        raise MalformedDocument(
            f"its lines cannot be read ({text})", where=where, todo=_FETCH_AGAIN
        ) from error
    except OSError as error:
        if error.errno is not None:
            raise
        raise DamagedDocument(
            f"the compressed bytes are damaged or end early ({error})", where=where, todo=_FETCH_AGAIN
        ) from error


def not_data(head: bytes, *, where: str) -> NotADataDocument:
    """Name what came instead of data: a web page, an API's error, a queue ticket, another format.

    >>> print(not_data(b'{"error":[{"status":404,"label":"ERR_NOT_FOUND"}]}', where="x"))
    NotADataDocument: x: it is an error message of the API: 404 ERR_NOT_FOUND. Fetch it again; ...
    """
    text = head.decode("utf-8", errors="replace")
    kind = _json_kind(text) if text.lstrip()[:1] in ("{", "[") else _markup_kind(text)
    return NotADataDocument(f"it is {kind}", where=where, todo=_FETCH_AGAIN)


def api_message(answer: object) -> str | None:
    """What a JSON answer of a statistics API says instead of data, or None when it is no such message.

    >>> api_message({"warning": {"status": 413, "label": "ASYNCHRONOUS_RESPONSE. Wait."}})
    'a warning of the API in the place of data: 413 ASYNCHRONOUS_RESPONSE. Wait'
    """
    if not isinstance(answer, dict):
        return None
    for key, name in (("error", "an error message of the API"), ("warning", "a warning of the API")):
        if key in answer and "value" not in answer:
            found = answer[key]
            first = found[0] if isinstance(found, list) and found else found
            if isinstance(first, dict):
                said = f"{first.get('status', '')} {first.get('label', '')}".strip()
            else:
                said = str(first)
            place = " in the place of data" if key == "warning" else ""
            return f"{name}{place}: {said.rstrip('.')[:300]}"
    return None


def _json_kind(text: str) -> str:
    try:
        return api_message(json.loads(text)) or "a JSON document, not a table"
    except ValueError:
        return "a JSON document, not a table"


def _markup_kind(text: str) -> str:
    fault = re.search(r"<faultstring[^>]*>(.*?)</faultstring>", text, re.DOTALL)
    if fault:
        code = re.search(r"<faultcode[^>]*>(.*?)</faultcode>", text, re.DOTALL)
        said = f"{code[1].strip() if code else ''} {fault[1].strip()}".strip()
        return f"a fault message of the API: {said.rstrip('.')[:300]}"
    if "<queued>" in text or "syncResponse" in text or "SUBMITTED" in text:
        return "a ticket of the queue: the extraction was not ready"
    title = re.search(r"<title[^>]*>(.*?)</title>", text, re.DOTALL | re.IGNORECASE)
    if title or re.search(r"<html|<!doctype html", text, re.IGNORECASE):
        return f"a web page ('{title[1].strip()[:80] if title else 'untitled'}')"
    return "an XML message, not a table"
