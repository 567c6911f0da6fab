"""Files that are there whole or not at all.

Belongs here: writing under a temporary name, flushing to the disk, renaming. Does not: formats.
"""

import errno
import os
import secrets
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

TEMPORARY_MARK = ".partial-"
# SQLite and DuckDB say so in words alone, and Dagster hands errors on as text.
_FULL = ("database or disk is full", "No space left on device", "Disk quota exceeded")
_NEXT_TO_NOTHING = 1 << 20


def is_disk_full(error: BaseException | str, folder: Path) -> bool:
    """Whether a full disk is behind an error, however it was wrapped.

    Either the error says so, or next to nothing is free where `folder` lies: SQLite calls a write-ahead log
    without room `disk I/O error`.

    >>> is_disk_full(OSError(errno.ENOSPC, "No space left on device"), Path("."))
    True
    """
    seen: list[BaseException] = []
    one = error if isinstance(error, BaseException) else None
    while one is not None and one not in seen:
        seen.append(one)
        one = one.__cause__ or one.__context__
    told = any(words in str(text) for text in (error, *seen) for words in _FULL)
    coded = any(isinstance(link, OSError) and link.errno in (errno.ENOSPC, errno.EDQUOT) for link in seen)
    return told or coded or shutil.disk_usage(folder).free < _NEXT_TO_NOTHING


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Give a temporary path beside `path`; on success it is flushed and takes `path`'s place at once.

    A process that dies inside leaves `path` as it was and a file with `.partial-` in its name, which
    `clear_partials` removes. An exception inside removes the temporary file and passes on.

    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp())
    >>> with replacing(folder / "a.txt") as temporary:
    ...     _ = temporary.write_text("whole")
    >>> (folder / "a.txt").read_text()
    'whole'
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f"{path.name}{TEMPORARY_MARK}{os.getpid()}-{secrets.token_hex(4)}")
    try:
        yield temporary
        flush(temporary)
        temporary.replace(path)
        flush(path.parent)
    finally:
        temporary.unlink(missing_ok=True)


def flush(path: Path) -> None:
    """Force a file's or a folder's content to the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def point_to(link: Path, target: str) -> None:
    """Make `link` a symlink to `target` (relative to the link's folder) at once, replacing a former one."""
    temporary = link.with_name(f"{link.name}{TEMPORARY_MARK}{os.getpid()}-{secrets.token_hex(4)}")
    temporary.symlink_to(target)
    temporary.replace(link)
    flush(link.parent)


def write_text(path: Path, text: str) -> None:
    """Write a whole text file, UTF-8, durably."""
    with replacing(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def clear_partials(folder: Path, *, idle_seconds: float = 0) -> int:
    """Remove what dead writers left below `folder`.

    The caller holds the lock that says none is alive. Where writers take no lock, `idle_seconds` tells the
    dead from the living: a file that was not written to for so long has no writer any more.

    Returns: how many files went.
    """
    newest = time.time() - idle_seconds
    cleared = 0
    for path in list(folder.rglob(f"*{TEMPORARY_MARK}*")):
        with suppress(FileNotFoundError):  # its writer was done with it meanwhile
            if path.is_file() and path.stat().st_mtime <= newest:
                path.unlink()
                cleared += 1
    return cleared
