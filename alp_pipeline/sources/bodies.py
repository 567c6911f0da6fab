"""What a body becomes: bytes in memory, or a file that is there whole or not at all.

Belongs here: Content-Encoding, the size limit, the hash, continuing a broken download. Does not: when to try
again (http), whether the bytes are data (inspection).

Content-Encoding is transport: `gzip` is undone, anything else was not asked for and is refused. A service
that sends a gzip *document* under that heading (Eurostat, `compressed=true`) is downloaded `as_received`.
"""

import hashlib
import re
import zlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO, Protocol

from urllib3.exceptions import HTTPError

from alp_pipeline.durable import replacing
from alp_pipeline.sources.errors import AnswerTooLarge, AnswerTruncated, DiskRefused, NotData, SourceError

_GZIP_MAGIC = b"\x1f\x8b"
_INFLATED_BLOCK = 1 << 18
_REFUSAL_BYTES = 1 << 16
_AGAIN = "The next refresh asks again."
_CONTENT_RANGE = re.compile(r"bytes (\d+)-(\d+)/(\d+|\*)")

Headers = Mapping[str, str]


class Sink(Protocol):
    """Where an answer's body goes; one for all attempts at one request."""

    def request_headers(self) -> dict[str, str]:
        """What this sink asks for: encodings, the rest of a broken download."""

    def receive(self, status: int, headers: Headers, body: Iterable[bytes], where: str) -> None:
        """Take a whole body; after a failure the next call starts over or continues."""


class InMemory:
    """A small answer's body.

    >>> body = InMemory(most_bytes=10)
    >>> body.receive(200, {}, [b"ab", b"c"], "x")
    >>> body.content
    b'abc'
    """

    def __init__(self, *, most_bytes: int) -> None:
        self._most_bytes = most_bytes
        self.content = b""

    def request_headers(self) -> dict[str, str]:
        return {"Accept-Encoding": "gzip"}

    def receive(self, status: int, headers: Headers, body: Iterable[bytes], where: str) -> None:
        refuse_declared(headers, self._most_bytes, where)
        counted = limited(decoded(body, headers, where), self._most_bytes, where)
        self.content = b"".join(counted)


class OnDisk:
    """A download: bytes under a temporary name, hashed as they come. Made by `on_disk`."""

    def __init__(self, file: BinaryIO, *, most_bytes: int, as_received: bool) -> None:
        self._file = file
        self._most_bytes = most_bytes
        self._as_received = as_received
        self._etag: str | None = None
        self._sha256 = hashlib.sha256()
        self.size_bytes = 0

    @property
    def sha256(self) -> str:
        return self._sha256.hexdigest()

    def request_headers(self) -> dict[str, str]:
        asked = {"Accept-Encoding": "identity"}
        if self._etag is not None and self.size_bytes:
            asked |= {"Range": f"bytes={self.size_bytes}-", "If-Range": self._etag}
        return asked

    def receive(self, status: int, headers: Headers, body: Iterable[bytes], where: str) -> None:
        continues = status in (206, 416) and self._etag is not None
        total = self._continued_to(headers) if status == 206 else None
        if continues and total is None:
            # Not the part that we asked for: nothing is glued, the next attempt starts over.
            self._etag = None
            raise AnswerTruncated("the rest of the answer was not to be had", where=where, todo=_AGAIN)
        if not continues:
            self._start_over(status, headers)
        refuse_declared(headers, self._most_bytes - self.size_bytes, where)
        plain = body if self._as_received else decoded(body, headers, where)
        for piece in limited(plain, self._most_bytes - self.size_bytes, where):
            self._file.write(piece)
            self._sha256.update(piece)
            self.size_bytes += len(piece)
        if total is not None and total != self.size_bytes:
            self._etag = None
            raise AnswerTruncated("the answer ended before its length", where=where, todo=_AGAIN)

    def _start_over(self, status: int, headers: Headers) -> None:
        self._file.seek(0)
        self._file.truncate()
        self._sha256 = hashlib.sha256()
        self.size_bytes = 0
        etag = headers.get("etag", "")
        can_continue = (
            status == 200
            and headers.get("accept-ranges", "").lower() == "bytes"
            and etag.startswith('"')
            and _is_plain(headers)
        )
        self._etag = etag if can_continue else None

    def _continued_to(self, headers: Headers) -> int | None:
        """The whole's size when this part is exactly the rest of what we hold, else None."""
        part = _CONTENT_RANGE.fullmatch(headers.get("content-range", "").strip())
        if part is None or part[3] == "*" or headers.get("etag") != self._etag or not _is_plain(headers):
            return None
        first, last, total = int(part[1]), int(part[2]), int(part[3])
        return total if first == self.size_bytes and last == total - 1 else None


@contextmanager
def on_disk(to: Path, *, most_bytes: int, as_received: bool) -> Iterator[OnDisk]:
    """A file at `to` once the block ends well; after any failure nothing, and what stood there before stays.

    Raises:
        DiskRefused: the disk is full, or the folder may not be written.
    """
    try:
        with replacing(to) as temporary, temporary.open("wb") as file:
            sink = OnDisk(file, most_bytes=most_bytes, as_received=as_received)
            yield sink
            file.flush()
    except OSError as error:
        raise DiskRefused(
            f"the disk did not take the download ({error.strerror or error})",
            where=str(to.parent),
            todo="Free space there or make the folder writable; then refresh again.",
        ) from error


def decoded(body: Iterable[bytes], headers: Headers, where: str) -> Iterator[bytes]:
    """The body without its Content-Encoding.

    A body that says gzip and is none passes as it is: the heading lies, the bytes are looked at later.

    Raises:
        AnswerTruncated: the compression ends early or is damaged.
        NotData: an encoding that nobody asked for.
    """
    encoding = headers.get("content-encoding", "identity").strip().lower()
    if encoding in ("", "identity"):
        yield from body
    elif encoding in ("gzip", "x-gzip"):
        yield from _gunzipped(body, where)
    else:
        raise NotData(f"it is compressed as {encoding!r}, which was not asked for", where=where, todo=_AGAIN)


def _gunzipped(body: Iterable[bytes], where: str) -> Iterator[bytes]:
    pending, pieces = b"", iter(body)
    while len(pending) < 2 and (piece := next(pieces, b"")):
        pending += piece
    if not pending.startswith(_GZIP_MAGIC):
        yield pending
        yield from pieces
        return
    member = zlib.decompressobj(wbits=31)
    while pending or (pending := next(pieces, b"")):
        if member.eof:
            member = zlib.decompressobj(wbits=31)
        try:
            yield member.decompress(pending, _INFLATED_BLOCK)
        except zlib.error:
            raise AnswerTruncated("its gzip encoding is damaged", where=where, todo=_AGAIN) from None
        pending = member.unconsumed_tail or member.unused_data
    if not member.eof:
        raise AnswerTruncated("its gzip encoding ends early", where=where, todo=_AGAIN)


def _is_plain(headers: Headers) -> bool:
    return headers.get("content-encoding", "").strip().lower() in ("", "identity")


def beginning(body: Iterable[bytes], headers: Headers, where: str) -> bytes:
    """The first 64 KiB of a refusal's body, for the family to read; as much as came before any failure."""
    content = b""
    with suppress(SourceError, HTTPError):
        for piece in decoded(body, headers, where):
            content += piece
            if len(content) >= _REFUSAL_BYTES:
                break
    return content[:_REFUSAL_BYTES]


def limited(body: Iterable[bytes], most_bytes: int, where: str) -> Iterator[bytes]:
    """The same pieces, refused from the limit on.

    Raises:
        AnswerTooLarge: more than `most_bytes`.
    """
    size = 0
    for piece in body:
        size += len(piece)
        if size > most_bytes:
            raise too_large(most_bytes, where)
        yield piece


def refuse_declared(headers: Headers, most_bytes: int, where: str) -> None:
    """Raise `AnswerTooLarge` for a declared length over the limit, before anything is read."""
    declared = headers.get("content-length", "")
    if declared.isdecimal() and int(declared) > most_bytes:
        raise too_large(most_bytes, where)


def too_large(most_bytes: int, where: str) -> AnswerTooLarge:
    """The error for a body over its limit."""
    return AnswerTooLarge(
        f"the answer is larger than {most_bytes} bytes, the most that is taken",
        where=where,
        todo="Ask for less at once, or raise the limit if this size is right.",
    )
