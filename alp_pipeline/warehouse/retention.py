"""What may go: old releases that nobody relies on, build files that nothing names; and room before a build.

Belongs here: the retention rule and the check of free space. Does not: the archive, which is never
collected; old releases in PostgreSQL (`postgres.publish` drops them as it loads a new one).
"""

import shutil
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import Path

from alp_pipeline.durable import TEMPORARY_MARK
from alp_pipeline.errors import AlpError
from alp_pipeline.warehouse.release import Release, exclusively, releases


class NotEnoughSpace(AlpError):
    """The disk has less room than what is about to be written needs."""


@dataclass(frozen=True)
class Collected:
    """What went."""

    releases: tuple[str, ...]
    build_files: int
    freed_bytes: int


def collect(warehouse_dir: Path, build_dir: Path, *, keep: int, fingerprints: Collection[str]) -> Collected:
    """Remove releases beyond the newest `keep`, and build files that nothing needs any more.

    Never removed: the current release, the pinned one, issued ones. A build file
    (`<table>/<fingerprint>.parquet`, `stages/<fingerprint>.json`) stays while its fingerprint is one of
    `fingerprints` or a remaining release's manifest names it, as a table's `build_fingerprint` or among
    the values of its `stages`. Readers that have a removed file open keep it until they close it.

    Args:
        fingerprints: of all stages of today's plan.

    Raises:
        WarehouseBusy: another process publishes or moves the pointer.
        ValueError: `keep` is less than 1.
    """
    if keep < 1:
        raise ValueError(f"keep must be at least 1, is {keep}")
    with exclusively(warehouse_dir):
        standing = releases(warehouse_dir)
        beyond = [release for release in standing[:-keep] if not _is_needed(release)]
        freed = sum(_remove_release(release) for release in beyond)
        named = set(fingerprints).union(*(_named(release) for release in standing if release not in beyond))
        unnamed = [path for path in _build_files(build_dir) if path.stem not in named]
        freed += sum(_remove_file(path) for path in unnamed)
    return Collected(tuple(release.release_id for release in beyond), len(unnamed), freed)


def require_free_space(path: Path, needed_bytes: int) -> int:
    """Refuse to go on when the disk that holds `path` has less than `needed_bytes` free.

    Args:
        path: a folder, which need not exist yet.

    Returns: the free bytes.

    Raises:
        NotEnoughSpace: saying how much is needed and how much there is.

    >>> require_free_space(Path("."), 1) > 0
    True
    """
    standing = next(place for place in (path.absolute(), *path.absolute().parents) if place.exists())
    free = shutil.disk_usage(standing).free
    if free < needed_bytes:
        raise NotEnoughSpace(
            f"{_megabytes(needed_bytes)} are needed and {_megabytes(free)} are free",
            where=str(path),
            todo="Free some space, lower ALP_KEEP_RELEASES, or move the data folder (ALP_DATA_DIR).",
        )
    return free


def _megabytes(size: int) -> str:
    return f"{size / 1e6:,.0f} MB"


def _is_needed(release: Release) -> bool:
    return release.is_current or release.is_issued or release.pinned_id == release.release_id


def _named(release: Release) -> set[str]:
    tables = (str(entry["build_fingerprint"]) for entry in release.manifest["tables"].values())
    return {*tables, *map(str, release.manifest.get("stages", {}).values())}


def _build_files(build_dir: Path) -> Iterable[Path]:
    # What is being written carries the temporary mark and belongs to its writer.
    found = [*build_dir.glob("*/*.parquet"), *build_dir.glob("stages/*.json")]
    return (path for path in found if TEMPORARY_MARK not in path.name)


def _remove_release(release: Release) -> int:
    # Renamed first, so that a kill half-way leaves no half release in the list; publishing clears it.
    going = release.folder.with_name(f"{release.release_id}{TEMPORARY_MARK}removed")
    release.folder.rename(going)
    freed = sum(_size_alone(path) for path in going.rglob("*") if path.is_file())
    shutil.rmtree(going)
    return freed


def _remove_file(path: Path) -> int:
    freed = _size_alone(path)
    path.unlink()
    return freed


def _size_alone(path: Path) -> int:
    """What removing this name gives back: nothing while another hard link holds the bytes."""
    status = path.stat()
    return status.st_size if status.st_nlink == 1 else 0
