"""Releases: those that stand in the warehouse folder, and the one that readers see.

Belongs here: the release folder and its manifest as they are read, the symlink that names the current
release, pinning and issuing, the lock. Does not: making a release (`publishing`), the DuckDB file's inside
(`duckdb_file`), what changed between two releases (`release_diff`), PostgreSQL, removing old releases
(`retention`).

    warehouse/alp.duckdb -> releases/20261122-001/alp.duckdb
    warehouse/releases/20261122-001/{alp.duckdb, manifest.json, parquet/<table>.parquet}
    warehouse/{pinned.json, issued.json}
"""

import json
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from alp_pipeline.durable import TEMPORARY_MARK, flush, write_text
from alp_pipeline.errors import AlpError

DATABASE = "alp.duckdb"
_NAME = re.compile(r"(?:synthetic-)?(\d{8})-(\d{3,})")
_LOCK_SECONDS = 60


class ReleaseUnknown(AlpError):
    """There is no release of that name."""


class ReleaseDamaged(AlpError):
    """The warehouse folder is not as publishing leaves it."""


class WarehouseBusy(AlpError):
    """Another process is changing which release is current."""


@dataclass(frozen=True)
class Release:
    """One published release, as it was when it was looked up."""

    release_id: str
    folder: Path
    manifest: Mapping[str, Any]
    """`release_id, published_at, is_synthetic, content_fingerprint`, per table `rows, content_hash,
    build_fingerprint, key`, and everything that was handed over when it was published."""
    is_current: bool
    """Whether `alp.duckdb` named it."""
    pinned_id: str | None
    """The release that the symlink is pinned to; None when it follows the newest."""
    is_issued: bool
    """Whether something outside relies on it, so that it is kept for good."""

    @property
    def database(self) -> Path:
        return self.folder / DATABASE

    @property
    def files(self) -> dict[str, Path]:
        """The Parquet file of each table."""
        return {name: self.folder / "parquet" / f"{name}.parquet" for name in self.manifest["tables"]}

    @property
    def content_fingerprint(self) -> str:
        """Equal for two releases exactly when all tables but the operational ones hold the same rows."""
        return str(self.manifest["content_fingerprint"])

    @property
    def is_synthetic(self) -> bool:
        return bool(self.manifest["is_synthetic"])


def releases(warehouse_dir: Path) -> list[Release]:
    """All releases in the folder, oldest first."""
    pointed, pinned, issued = _pointed_id(warehouse_dir), pinned_id(warehouse_dir), _issued(warehouse_dir)
    folder = warehouse_dir / "releases"
    names = [path.name for path in folder.iterdir()] if folder.is_dir() else []
    manifests = {name: _read_manifest(folder / name) for name in names if _NAME.fullmatch(name)}
    return [
        Release(
            release_id=name,
            folder=folder / name,
            manifest=manifest,
            is_current=name == pointed,
            pinned_id=pinned,
            is_issued=name in issued,
        )
        for name, manifest in sorted(manifests.items(), key=lambda item: day_and_number(item[0]))
        # A folder that lost its manifest is no release any more: it can be published again.
        if manifest is not None
    ]


def _read_manifest(folder: Path) -> dict[str, Any] | None:
    try:
        found = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) and (folder / DATABASE).is_file() else None


def find(warehouse_dir: Path, release_id: str) -> Release:
    """The release of that name.

    Raises:
        ReleaseUnknown: naming those that exist.
    """
    standing = {release.release_id: release for release in releases(warehouse_dir)}
    if release_id not in standing:
        raise ReleaseUnknown(
            f"there is no release of this name; there are: {', '.join(standing) or 'none'}",
            where=release_id,
            todo="Choose one of `alp release list`.",
        )
    return standing[release_id]


def current(warehouse_dir: Path) -> Release | None:
    """The release that `alp.duckdb` names; None before the first one.

    Raises:
        ReleaseDamaged: the symlink names a release that is gone.
    """
    pointed = _pointed_id(warehouse_dir)
    if pointed is None:
        return None
    for release in releases(warehouse_dir):
        if release.release_id == pointed:
            return release
    raise ReleaseDamaged(
        f"it names the release {pointed}, whose folder is gone",
        where=str(warehouse_dir / DATABASE),
        todo="Choose a release that exists: alp release list, then alp release rollback; or alp refresh.",
    )


def rollback(warehouse_dir: Path, release_id: str) -> Release:
    """Make an earlier release current and pin it: later ones are published but do not become current.

    Raises:
        ReleaseUnknown, WarehouseBusy.
    """
    with exclusively(warehouse_dir):
        find(warehouse_dir, release_id)
        # The pin first: killed in between, the next publish moves the pointer to what is pinned.
        write_text(warehouse_dir / "pinned.json", json.dumps({"release_id": release_id}) + "\n")
        point_to(warehouse_dir, release_id)
    return find(warehouse_dir, release_id)


def unpin(warehouse_dir: Path) -> Release | None:
    """Let the newest release be current again; the release that now is, None when there is none."""
    with exclusively(warehouse_dir):
        (warehouse_dir / "pinned.json").unlink(missing_ok=True)
        flush(warehouse_dir)
        standing = releases(warehouse_dir)
        if standing:
            point_to(warehouse_dir, standing[-1].release_id)
    return current(warehouse_dir)


def issue(warehouse_dir: Path, release_id: str, *, what: str) -> Release:
    """Record that something outside relies on a release (`what`), so that retention never removes it.

    Raises:
        ReleaseUnknown, WarehouseBusy.
    """
    with exclusively(warehouse_dir):
        find(warehouse_dir, release_id)
        issued = _issued(warehouse_dir)
        issued[release_id] = sorted({*issued.get(release_id, []), what})
        write_text(warehouse_dir / "issued.json", json.dumps(issued, indent=1, ensure_ascii=False) + "\n")
    return find(warehouse_dir, release_id)


@contextmanager
def exclusively(warehouse_dir: Path) -> Iterator[None]:
    """Be the only process that changes this warehouse folder; the lock dies with its holder.

    Raises:
        WarehouseBusy: another process has held it for a minute.
    """
    from filelock import FileLock, Timeout

    warehouse_dir.mkdir(parents=True, exist_ok=True)
    lock = FileLock(warehouse_dir / ".lock", timeout=_LOCK_SECONDS)
    try:
        lock.acquire()
    except Timeout as error:
        raise WarehouseBusy(
            f"another process has been publishing or moving the current release for {_LOCK_SECONDS} s",
            where=str(warehouse_dir),
            todo="Wait for it to end, then do it again.",
        ) from error
    try:
        yield
    finally:
        lock.release()


def point_to(warehouse_dir: Path, release_id: str) -> None:
    """Make a release that stands there the current one, at once for every reader; the caller holds the lock.

    Raises:
        ReleaseDamaged: a file of someone else stands in the symlink's place.
    """
    pointer = warehouse_dir / DATABASE
    _pointed_id(warehouse_dir)  # refuses to replace what is no symlink of ours
    temporary = pointer.with_name(f"{DATABASE}{TEMPORARY_MARK}{os.getpid()}")
    temporary.unlink(missing_ok=True)
    temporary.symlink_to(Path("releases") / release_id / DATABASE)
    temporary.replace(pointer)
    flush(warehouse_dir)


def _pointed_id(warehouse_dir: Path) -> str | None:
    pointer = warehouse_dir / DATABASE
    if not pointer.is_symlink():
        if pointer.exists():
            raise ReleaseDamaged(
                "it is a file of its own, not the symlink to the current release",
                where=str(pointer),
                todo="Move it out of the warehouse folder.",
            )
        return None
    return pointer.readlink().parent.name


def pinned_id(warehouse_dir: Path) -> str | None:
    """The release that the symlink is pinned to; None when it follows the newest."""
    path = warehouse_dir / "pinned.json"
    return str(json.loads(path.read_text(encoding="utf-8"))["release_id"]) if path.is_file() else None


def _issued(warehouse_dir: Path) -> dict[str, list[str]]:
    path = warehouse_dir / "issued.json"
    return dict(json.loads(path.read_text(encoding="utf-8"))) if path.is_file() else {}


def day_and_number(release_id: str) -> tuple[str, int]:
    """What orders releases.

    >>> day_and_number("synthetic-20261122-007")
    ('20261122', 7)
    """
    day, number = _NAME.fullmatch(release_id).groups()  # type: ignore[union-attr]
    return day, int(number)
