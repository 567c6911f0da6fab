"""Releases: a finished build made visible, whole, to whoever reads the warehouse.

Belongs here: the release folder and its manifest, its name, the symlink that names the current release,
pinning and issuing. Does not: what is in a table, the tables' files (`build`), the DuckDB file's inside
(`duckdb_file`), what changed between two releases (`release_diff`), PostgreSQL, removing old releases
(`retention`).

A release is built in a private folder beside its final place, flushed and renamed, and only then does the
symlink `alp.duckdb` move. Whatever kills the process, `alp.duckdb` names the release before or the one
after. A kill between the two steps leaves a whole release that nothing names; publishing the same build
again finds it and only moves the symlink.

    warehouse/alp.duckdb -> releases/20261122-001/alp.duckdb
    warehouse/releases/20261122-001/{alp.duckdb, manifest.json, parquet/<table>.parquet}
    warehouse/{pinned.json, issued.json}
"""

import json
import os
import re
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from alp_pipeline.build.content_hash import content_hash_of_parquet
from alp_pipeline.build.fingerprint import digest
from alp_pipeline.durable import TEMPORARY_MARK, flush, write_text
from alp_pipeline.errors import AlpError
from alp_pipeline.warehouse.columns import arrow_schema, key_of
from alp_pipeline.warehouse.tables import OPERATIONAL, TABLES

DATABASE = "alp.duckdb"
SYNTHETIC_PREFIX = "synthetic-"
_NAME = re.compile(r"(?:synthetic-)?(\d{8})-(\d{3,})")
_REQUIRED = ("plan_fingerprint", "code_version", "catalogue_version", "document_ids")
_LOCK_SECONDS = 60


class ReleaseInputWrong(AlpError):
    """The files or the manifest handed over for publishing are not what the declarations promise."""


class ReleaseUnknown(AlpError):
    """There is no release of that name."""


class ReleaseDamaged(AlpError):
    """The warehouse folder is not as publishing leaves it."""


class MixedReleases(AlpError):
    """Synthetic and real releases would stand in one warehouse folder."""


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


def publish(
    warehouse_dir: Path,
    files: Mapping[str, Path],
    *,
    manifest: Mapping[str, Any],
    is_synthetic: bool,
    threads: int,
    now: datetime | None = None,
) -> Release:
    """Publish one Parquet file per declared table as a release.

    When the newest release already holds this build (plan and every table's content), it is taken instead
    of making a second one. While the warehouse is pinned the release is published, but `alp.duckdb`
    stays where it is: the release returned then has `is_current` False and `pinned_id` set.

    Args:
        files: for each table of `TABLES` its file, named `<fingerprint>.parquet`, rows in key order.
        manifest: must hold `plan_fingerprint`, `code_version`, `catalogue_version`, `document_ids`; may hold
            `content` (table → content hash; what is absent is computed) and anything else that JSON can
            say, which is kept as it is.
        is_synthetic: marks the release's name and manifest.
        now: the release's date; the clock's when omitted.

    Raises:
        ReleaseInputWrong: a table, a column or a manifest entry is absent or of another type.
        MixedReleases: the folder holds releases of the other kind.
        WarehouseBusy: another process publishes or moves the pointer.
    """
    with exclusively(warehouse_dir):
        standing = releases(warehouse_dir)
        _refuse_mixture(standing, is_synthetic)
        _clear_leftovers(warehouse_dir)
        moment = now or datetime.now(UTC)
        body = _manifest(files, manifest, is_synthetic)
        newest = standing[-1] if standing else None
        if newest is not None and _is_same_build(newest.manifest, body):
            release_id = newest.release_id
        else:
            release_id = _next_id(standing, moment, is_synthetic)
            head = {"release_id": release_id, "published_at": moment.isoformat(timespec="seconds")}
            _write_release(warehouse_dir, release_id, files, {**head, **body}, threads)
        _point_to(warehouse_dir, _pinned_id(warehouse_dir) or release_id)
    return find(warehouse_dir, release_id)


def releases(warehouse_dir: Path) -> list[Release]:
    """All releases in the folder, oldest first."""
    pointed, pinned, issued = _pointed_id(warehouse_dir), _pinned_id(warehouse_dir), _issued(warehouse_dir)
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
        for name, manifest in sorted(manifests.items(), key=lambda item: _order(item[0]))
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
        _point_to(warehouse_dir, release_id)
    return find(warehouse_dir, release_id)


def unpin(warehouse_dir: Path) -> Release | None:
    """Let the newest release be current again; the release that now is, None when there is none."""
    with exclusively(warehouse_dir):
        (warehouse_dir / "pinned.json").unlink(missing_ok=True)
        flush(warehouse_dir)
        standing = releases(warehouse_dir)
        if standing:
            _point_to(warehouse_dir, standing[-1].release_id)
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


def _manifest(files: Mapping[str, Path], manifest: Mapping[str, Any], is_synthetic: bool) -> dict[str, Any]:
    absent = [name for name in _REQUIRED if name not in manifest]
    if absent:
        raise ReleaseInputWrong(
            f"the manifest lacks {', '.join(absent)}", where="release", todo="This is a bug: report it."
        )
    if set(files) != set(TABLES):
        raise ReleaseInputWrong(
            f"the tables handed over differ from the declared ones in: "
            f"{', '.join(sorted(set(files) ^ set(TABLES)))}",
            where="release",
            todo="Every declared table needs exactly one file.",
        )
    known = manifest.get("content", {})
    tables = {name: _describe(name, files[name], known.get(name)) for name in TABLES}
    hashes = {name: entry["content_hash"] for name, entry in tables.items() if name not in OPERATIONAL}
    passed_on = {name: value for name, value in manifest.items() if name != "content"}
    ours = {"is_synthetic": is_synthetic, "content_fingerprint": digest(hashes), "tables": tables}
    return {**passed_on, **ours}


def _describe(name: str, path: Path, content_hash: str | None) -> dict[str, Any]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    def plain(kind: pa.DataType) -> pa.DataType:
        kind = kind.value_type if pa.types.is_dictionary(kind) else kind
        return pa.string() if pa.types.is_large_string(kind) else kind

    declared = [(field.name, plain(field.type)) for field in arrow_schema(TABLES[name])]
    found = [(field.name, plain(field.type)) for field in pq.read_schema(path)]
    if found != declared:
        differing = sorted({column for column, _ in set(found) ^ set(declared)}) or ["the columns' order"]
        raise ReleaseInputWrong(
            f"the file differs from the declaration in: {', '.join(differing)}",
            where=f"table {name}",
            todo="The stage that fills the table must write the declared columns and types.",
        )
    return {
        "rows": pq.read_metadata(path).num_rows,
        "content_hash": content_hash or content_hash_of_parquet(path),
        "build_fingerprint": path.stem,
        "key": key_of(TABLES[name]),
    }


def _is_same_build(standing: Mapping[str, Any], body: Mapping[str, Any]) -> bool:
    if standing["plan_fingerprint"] != body["plan_fingerprint"] or set(standing["tables"]) != set(TABLES):
        return False
    pairs = [(standing["tables"][name], body["tables"][name]) for name in TABLES]
    return all(before["content_hash"] == after["content_hash"] for before, after in pairs)


def _write_release(
    warehouse_dir: Path, release_id: str, files: Mapping[str, Path], body: Mapping[str, Any], threads: int
) -> None:
    from alp_pipeline.warehouse import duckdb_file

    target = warehouse_dir / "releases" / release_id
    private = target.with_name(f"{release_id}{TEMPORARY_MARK}{os.getpid()}")
    (private / "parquet").mkdir(parents=True)
    placed = {name: private / "parquet" / f"{name}.parquet" for name in files}
    for name, path in files.items():
        _link_or_copy(path, placed[name])
    duckdb_file.write(private / DATABASE, placed, threads=threads)
    text = json.dumps(body, indent=1, ensure_ascii=False, sort_keys=True) + "\n"
    (private / "manifest.json").write_text(text, encoding="utf-8")
    for path in (*placed.values(), private / DATABASE, private / "manifest.json"):
        # Hard links share the mode, so the build's file becomes read-only too: it is final as well.
        path.chmod(0o444)
        flush(path)
    flush(private / "parquet")
    flush(private)
    private.rename(target)
    flush(target.parent)


def _link_or_copy(source: Path, target: Path) -> None:
    try:
        target.hardlink_to(source)
    except OSError:  # another filesystem, or one without hard links
        shutil.copyfile(source, target)


def _point_to(warehouse_dir: Path, release_id: str) -> None:
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


def _pinned_id(warehouse_dir: Path) -> str | None:
    path = warehouse_dir / "pinned.json"
    return str(json.loads(path.read_text(encoding="utf-8"))["release_id"]) if path.is_file() else None


def _issued(warehouse_dir: Path) -> dict[str, list[str]]:
    path = warehouse_dir / "issued.json"
    return dict(json.loads(path.read_text(encoding="utf-8"))) if path.is_file() else {}


def _refuse_mixture(standing: list[Release], is_synthetic: bool) -> None:
    kinds = {True: "synthetic", False: "real"}
    other = [release.release_id for release in standing if release.is_synthetic is not is_synthetic]
    if other:
        raise MixedReleases(
            f"a {kinds[is_synthetic]} release cannot join {kinds[not is_synthetic]} ones ({other[-1]})",
            where="warehouse",
            todo="Use another data folder: set ALP_DATA_DIR.",
        )


def _clear_leftovers(warehouse_dir: Path) -> None:
    for path in (warehouse_dir / "releases").glob(f"*{TEMPORARY_MARK}*"):
        shutil.rmtree(path)
    for path in warehouse_dir.glob(f"*{TEMPORARY_MARK}*"):
        path.unlink()


def _order(release_id: str) -> tuple[str, int]:
    day, number = _NAME.fullmatch(release_id).groups()  # type: ignore[union-attr]
    return day, int(number)


def _next_id(standing: list[Release], moment: datetime, is_synthetic: bool) -> str:
    day = moment.astimezone(UTC).strftime("%Y%m%d")
    numbers = [_order(r.release_id)[1] for r in standing if _order(r.release_id)[0] == day]
    prefix = SYNTHETIC_PREFIX if is_synthetic else ""
    return f"{prefix}{day}-{max(numbers, default=0) + 1:03d}"
