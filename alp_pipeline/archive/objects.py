"""Bytes by their hash: written once, whole or not at all, never overwritten.

Belongs here: streaming, hashing, durable placing, opening. Does not: what the bytes are (retrieval),
whether they are still what they were (fixity).
"""

import hashlib
import os
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from alp_pipeline.durable import TEMPORARY_MARK, flush
from alp_pipeline.errors import AlpError

CHUNK_BYTES = 1 << 20


class ArchiveCorrupt(AlpError):
    """Something in the archive is not what was put there."""


class ArchiveNotWritable(AlpError):
    """The archive's disk refuses a write: full, read-only, over a quota."""


class ContentMismatch(AlpError):
    """Bytes that are not the bytes that were announced."""


class DocumentUnreadable(AlpError):
    """The document to add cannot be read to its end."""


@contextmanager
def writing(where: Path) -> Iterator[None]:
    """Turn the system's refusal to write into an error that says what to do."""
    try:
        yield
    except OSError as error:
        raise ArchiveNotWritable(
            f"it could not be written ({error.strerror or error})",
            where=str(where),
            todo="Free space or mend permissions there, then run the same command again.",
        ) from error


def ensure_folder(folder: Path) -> None:
    """Make `folder`, and make its name in the parent as durable as what will be put into it."""
    if folder.is_dir():
        return
    ensure_folder(folder.parent)
    folder.mkdir(exist_ok=True)
    flush(folder.parent)


def chunks(content: bytes | Path | BinaryIO) -> Iterator[bytes]:
    """The content in pieces of one MiB.

    Raises:
        DocumentUnreadable: it is absent, a folder, or breaks off with an error.
    """
    if isinstance(content, bytes):
        yield content
        return
    try:
        if isinstance(content, Path):
            with content.open("rb") as stream:
                while piece := stream.read(CHUNK_BYTES):
                    yield piece
        else:
            while piece := content.read(CHUNK_BYTES):
                yield piece
    except OSError as error:
        raise DocumentUnreadable(
            f"the document cannot be read ({error.strerror or error})",
            where=str(content) if isinstance(content, Path) else "stream",
            todo="Check that it exists and can be read, then add it again.",
        ) from error


def measure(content: bytes | Path | BinaryIO) -> tuple[str, int]:
    """SHA-256 and size in bytes, in one read.

    >>> measure(b"")[1]
    0
    """
    digest, size = hashlib.sha256(), 0
    for piece in chunks(content):
        digest.update(piece)
        size += len(piece)
    return digest.hexdigest(), size


class ObjectStore:
    """`objects/<2 hex>/<sha256>` below one folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def path(self, content_sha256: str) -> Path:
        return self.folder / content_sha256[:2] / content_sha256

    def holds(self, content_sha256: str, size_bytes: int) -> bool:
        """Whether the bytes are there, by name and size.

        Raises:
            ArchiveCorrupt: they are there with another size. Nothing is written over them: a person
                looks first.
        """
        path = self.path(content_sha256)
        try:
            found = path.stat().st_size
        except FileNotFoundError:
            return False
        if found != size_bytes:
            raise ArchiveCorrupt(
                f"holds {found} bytes where {size_bytes} belong",
                where=str(path),
                todo="Move this file out of the archive, then import the document again.",
            )
        return True

    def receive(
        self,
        content: bytes | Path | BinaryIO,
        *,
        expected: tuple[str, int] | None = None,
        admit: Callable[[str], None],
    ) -> tuple[str, int]:
        """Take bytes in, hashing them on their way; bytes already held are not written again.

        Args:
            content: what to take in; a stream is read to its end.
            expected: SHA-256 and size that were announced for it.
            admit: called with the hash before the bytes get their name; raises to keep them out.

        Returns: SHA-256 and size.

        Raises:
            ContentMismatch: other bytes than announced came. Nothing is kept.
            DocumentUnreadable: the content breaks off. Nothing is kept.
            ArchiveNotWritable: the disk refuses. Nothing is kept.
        """
        if expected is not None:
            admit(expected[0])
        if expected is not None and self.holds(*expected):
            return _agree(measure(content), expected, content)
        with writing(self.folder):
            ensure_folder(self.folder)
            staging = self.folder / f"incoming{TEMPORARY_MARK}{os.getpid()}-{secrets.token_hex(4)}"
        try:
            found = _agree(_copy(content, staging), expected, content)
            admit(found[0])
            if not self.holds(*found):
                with writing(self.path(found[0])):
                    ensure_folder(self.path(found[0]).parent)
                    staging.replace(self.path(found[0]))
                    flush(self.path(found[0]).parent)
            return found
        finally:
            staging.unlink(missing_ok=True)

    def open(self, content_sha256: str, size_bytes: int) -> BinaryIO:
        """The bytes as a stream; missing or of another size raises ArchiveCorrupt."""
        if not self.holds(content_sha256, size_bytes):
            raise ArchiveCorrupt(
                "the document's bytes are missing",
                where=str(self.path(content_sha256)),
                todo="Import the document again, or restore the file from a backup.",
            )
        return self.path(content_sha256).open("rb")

    def open_verified(self, content_sha256: str, size_bytes: int) -> BinaryIO:
        """The bytes as a stream, read once against their hash; other bytes raise ArchiveCorrupt."""
        stream = self.open(content_sha256, size_bytes)
        if measure(self.path(content_sha256))[0] != content_sha256:
            stream.close()
            raise ArchiveCorrupt(
                "the document's bytes are not what was archived",
                where=str(self.path(content_sha256)),
                todo="Move the file away, then import the document again or restore it from a backup.",
            )
        return stream


def _copy(content: bytes | Path | BinaryIO, staging: Path) -> tuple[str, int]:
    digest, size = hashlib.sha256(), 0
    with writing(staging):
        out = staging.open("xb", buffering=0)
    with out:
        for piece in chunks(content):
            digest.update(piece)
            size += len(piece)
            with writing(staging):
                _write_all(out.fileno(), piece)
        with writing(staging):
            os.fsync(out.fileno())
    return digest.hexdigest(), size


def _write_all(descriptor: int, piece: bytes) -> None:
    # On a disk that fills up, write() first takes a part and fails only when asked for the rest.
    rest = memoryview(piece)
    while rest:
        rest = rest[os.write(descriptor, rest) :]


def _agree(
    found: tuple[str, int], expected: tuple[str, int] | None, content: bytes | Path | BinaryIO
) -> tuple[str, int]:
    if expected is not None and found != expected:
        what = (
            f"holds {found[1]} bytes, {expected[1]} were announced"
            if found[1] != expected[1]
            else f"its SHA-256 is {found[0]}, {expected[0]} was announced"
        )
        raise ContentMismatch(
            what,
            where=str(content) if isinstance(content, Path) else "document",
            todo="Get the document again from where it came; if it did change, correct the announcement.",
        )
    return found
