"""Publishing: the files of a finished build made a release, whole or not at all.

Belongs here: what is checked before, the release's name and manifest, writing its folder. Does not: which
release readers see, the pin, the lock (`release`), what is in a table, the tables' files (`build`), the
DuckDB file's inside (`duckdb_file`), PostgreSQL, removing old releases (`retention`).

A release is built in a private folder beside its final place, flushed and renamed, and only then does the
symlink `alp.duckdb` move. Whatever kills the process, `alp.duckdb` names the release before or the one
after. A kill between the two steps leaves a whole release that nothing names; publishing the same build
again finds it and only moves the symlink.
"""

import json
import os
import shutil
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from alp_pipeline.build.content_hash import content_hash_of_parquet
from alp_pipeline.build.fingerprint import digest
from alp_pipeline.durable import TEMPORARY_MARK, flush
from alp_pipeline.errors import AlpError
from alp_pipeline.warehouse.columns import arrow_schema, key_of
from alp_pipeline.warehouse.release import (
    DATABASE,
    Release,
    day_and_number,
    exclusively,
    find,
    pinned_id,
    point_to,
    releases,
)
from alp_pipeline.warehouse.tables import OPERATIONAL, TABLES

SYNTHETIC_PREFIX = "synthetic-"
_REQUIRED = ("plan_fingerprint", "code_version", "catalogue_version", "document_ids")


class ReleaseInputWrong(AlpError):
    """The files or the manifest handed over for publishing are not what the declarations promise."""


class MixedReleases(AlpError):
    """Synthetic and real releases would stand in one warehouse folder."""


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
        point_to(warehouse_dir, pinned_id(warehouse_dir) or release_id)
    return find(warehouse_dir, release_id)


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


def _next_id(standing: list[Release], moment: datetime, is_synthetic: bool) -> str:
    day = moment.astimezone(UTC).strftime("%Y%m%d")
    numbers = [day_and_number(r.release_id)[1] for r in standing if day_and_number(r.release_id)[0] == day]
    prefix = SYNTHETIC_PREFIX if is_synthetic else ""
    return f"{prefix}{day}-{max(numbers, default=0) + 1:03d}"
