"""One refresh at a time per data folder: an OS lock that dies with its holder.

Belongs here: taking the lock, saying who holds it. Does not: what the holder does first (orchestration
ends dead runs, the build clears leftovers).
"""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from filelock import FileLock, Timeout

from alp_pipeline.errors import AlpError

_held_here: dict[Path, int] = {}
"""Locks that this process holds, with their depth: a run inside `alp refresh` enters the same lock."""


class RefreshUnderWay(AlpError):
    """Another process refreshes this data folder."""


@contextmanager
def refresh_lock(data_dir: Path, *, purpose: str) -> Iterator[bool]:
    """Hold the data folder's refresh lock; yields True when this call took it, False when it was ours.

    Args:
        purpose: said to whoever finds the lock taken, e.g. `alp refresh`.

    Raises:
        RefreshUnderWay: another process holds it; says which, since when, and for what.

    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp())
    >>> with refresh_lock(folder, purpose="a") as first, refresh_lock(folder, purpose="b") as second:
    ...     first, second
    (True, False)
    """
    path = data_dir / "refresh.lock"
    if path in _held_here:
        _held_here[path] += 1
        try:
            yield False
        finally:
            _held_here[path] -= 1
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    lock = FileLock(path, thread_local=False)
    try:
        lock.acquire(timeout=0)
    except Timeout as error:
        raise RefreshUnderWay(
            f"a refresh is under way ({_holder(path)})",
            where=str(data_dir),
            todo="Wait for it to end, or stop that process; a dead process holds no lock.",
        ) from error
    holder = _holder_file(path)
    try:
        _held_here[path] = 1
        started = datetime.now(UTC).isoformat(timespec="seconds")
        holder.write_text(
            json.dumps({"pid": os.getpid(), "since": started, "purpose": purpose}), encoding="utf-8"
        )
        yield True
    finally:
        del _held_here[path]
        holder.unlink(missing_ok=True)
        lock.release()


def _holder_file(path: Path) -> Path:
    return path.with_name("refresh.holder.json")


def _holder(path: Path) -> str:
    try:
        said = json.loads(_holder_file(path).read_text(encoding="utf-8"))
        return f"process {said['pid']}, {said['purpose']}, since {said['since']}"
    except (OSError, ValueError, KeyError):
        return "its holder has not said who it is"
