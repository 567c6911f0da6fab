"""What changed between two releases, table by table.

Belongs here: comparing the Parquet files of two releases by key. Does not: finding releases (`release`).
"""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from alp_pipeline.build.sql import QUIET, parquet
from alp_pipeline.warehouse.release import Release

if TYPE_CHECKING:
    import duckdb


@dataclass(frozen=True)
class TableDiff:
    """How one table of a later release differs from an earlier one's."""

    table: str
    rows_before: int | None
    """None where the earlier release has no such table."""
    rows_after: int | None
    is_equal: bool
    """Whether both hold the same rows (content hash)."""
    added: int
    """Rows whose key only the later release has."""
    removed: int
    """Rows whose key only the earlier release has."""
    changed: int
    """Rows of both whose other common columns differ."""
    columns_added: tuple[str, ...] = ()
    columns_removed: tuple[str, ...] = ()


def diff(before: Release, after: Release, *, threads: int = 2) -> list[TableDiff]:
    """Compare all tables of two releases, in the order of their names.

    Tables of equal content hash are not read. A table that only one release has counts as added or
    removed row by row. Rows are matched by the later release's key; where the earlier one lacks a column
    of it, by all columns they share, and then nothing counts as changed.
    """
    import duckdb

    with duckdb.connect(config={"threads": threads}) as connection:
        connection.execute(QUIET)
        names = sorted({*before.manifest["tables"], *after.manifest["tables"]})
        return [_compare(connection, name, before, after) for name in names]


def _compare(
    connection: "duckdb.DuckDBPyConnection", name: str, before: Release, after: Release
) -> TableDiff:
    old, new = (release.manifest["tables"].get(name) for release in (before, after))
    if old is None or new is None:
        return TableDiff(
            table=name,
            rows_before=old and old["rows"],
            rows_after=new and new["rows"],
            is_equal=False,
            added=new["rows"] if new else 0,
            removed=old["rows"] if old else 0,
            changed=0,
        )
    if old["content_hash"] == new["content_hash"]:
        return TableDiff(name, old["rows"], new["rows"], True, 0, 0, 0)
    return _compare_rows(connection, name, (before.files[name], old), (after.files[name], new))


def _compare_rows(
    connection: "duckdb.DuckDBPyConnection",
    name: str,
    old: tuple[Path, dict[str, Any]],
    new: tuple[Path, dict[str, Any]],
) -> TableDiff:
    import pyarrow.parquet as pq

    (old_file, old_entry), (new_file, new_entry) = old, new
    columns_before, columns_after = pq.read_schema(old_file).names, pq.read_schema(new_file).names
    common = [column for column in columns_after if column in columns_before]
    key = new_entry["key"] if set(new_entry["key"]) <= set(common) else common
    matched = " AND ".join(f'o."{c}" IS NOT DISTINCT FROM n."{c}"' for c in key)
    differs = " OR ".join(f'o."{c}" IS DISTINCT FROM n."{c}"' for c in common if c not in key) or "FALSE"
    row = connection.execute(
        f"""SELECT count(*) FILTER (WHERE o."is there" IS NULL),
                   count(*) FILTER (WHERE n."is there" IS NULL),
                   count(*) FILTER (WHERE o."is there" AND n."is there" AND ({differs}))
            FROM (SELECT *, TRUE AS "is there" FROM {parquet(old_file)}) o
            FULL JOIN (SELECT *, TRUE AS "is there" FROM {parquet(new_file)}) n ON {matched}"""
    ).fetchone()
    assert row is not None  # noqa: S101 - an aggregate gives one row
    return TableDiff(
        table=name,
        rows_before=old_entry["rows"],
        rows_after=new_entry["rows"],
        is_equal=False,
        added=row[0],
        removed=row[1],
        changed=row[2],
        columns_added=tuple(column for column in columns_after if column not in columns_before),
        columns_removed=tuple(column for column in columns_before if column not in columns_after),
    )
