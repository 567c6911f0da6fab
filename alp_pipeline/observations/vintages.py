"""Which document's word counts for which cell: the current state of a dataset over its vintages.

Belongs here: laying vintages over each other by what each of them claims to cover. Does not: their order
(archive), what the publisher or we knew at an earlier time (bitemporal history).

A newer document speaks for every cell of its extent, also where it has no row for it: a series that it no
longer holds is withdrawn, and an older value must not shine through. Outside its extent it says nothing.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from alp_pipeline.build.sql import literal, parquet
from alp_pipeline.errors import AlpError
from alp_pipeline.observations.selection import has_code


class MalformedExtent(AlpError):
    """An extent that does not say which cells it covers."""


Vintages = Sequence[tuple[Path | str, Mapping[str, Any]]]


def newest_says_all(vintages: Vintages) -> bool:
    """Whether the rows of the newest vintage are what holds now, as they stand; arguments as `current_query`.

    >>> newest_says_all([("old.parquet", {}), ("new.parquet", {})])
    True
    >>> newest_says_all([("old.parquet", {}), ("new.parquet", {"dims": {"geo": ["AT"]}})])
    False
    """
    return len(_heard(vintages)) == 1


def current_query(vintages: Vintages) -> str:
    """A query for the rows of a dataset that hold now.

    Args:
        vintages: oldest first: the Parquet file of a document's observations, and its extent: `{}` when it
        claims
            the whole table, else `{"dims": {dimension: [codes]}, "periods": [from, to]}`, each part optional,
            a bound that is None open. All files have the same columns and no two rows for a cell.

    Returns:
        A SELECT for DuckDB. The row of a cell comes from the newest document whose extent covers the cell.

    Raises:
        MalformedExtent: naming the file.

    >>> print(current_query([("old.parquet", {}), ("new.parquet", {"dims": {"geo": ["AT"]}})]))
    SELECT * FROM read_parquet(['old.parquet']) WHERE NOT (coalesce("geo" IN ('AT'), false))
    UNION ALL BY NAME
    SELECT * FROM read_parquet(['new.parquet'])
    """
    if not vintages:
        raise ValueError("current_query needs at least one vintage")
    newer: list[str] = []
    selects: list[str] = []
    for path, covers in _heard(vintages):
        conditions = " AND ".join(f"NOT ({covered})" for covered in newer)
        select = f"SELECT * FROM {parquet(Path(path))}"
        selects.append(f"{select} WHERE {conditions}" if conditions else select)
        newer += [covers] if covers else []
    return "\nUNION ALL BY NAME\n".join(reversed(selects))


def _heard(vintages: Vintages) -> list[tuple[Path | str, str | None]]:
    """The vintages that have a say, newest first, back to one for the whole table, with what each covers."""
    heard: list[tuple[Path | str, str | None]] = []
    for path, extent in reversed(vintages):
        heard.append((path, _covers(extent, where=str(path))))
        if heard[-1][1] is None:
            break
    return heard


def _covers(extent: Mapping[str, Any], *, where: str) -> str | None:
    """The condition under which a row lies in an extent; None for the whole table."""
    unknown = sorted(set(extent) - {"dims", "periods"})
    if unknown:
        raise _malformed(f"its extent has a part '{unknown[0]}'", where)
    conditions = [
        _has_code(dimension, codes, where=where)
        for dimension, codes in sorted((extent.get("dims") or {}).items())
    ]
    bounds = extent.get("periods") or [None, None]
    if len(bounds) != 2:
        raise _malformed("the periods of its extent are not [from, to]", where)
    start, end = bounds
    if start is not None:
        conditions.append(f"time_period >= {literal(start)}")
    if end is not None:
        # "2015-Q3" lies in "… to 2015": `~` sorts after everything that can follow.
        conditions.append(f"time_period <= {literal(end + '~')}")
    return " AND ".join(conditions) or None


def _has_code(dimension: str, codes: Sequence[str], *, where: str) -> str:
    if isinstance(codes, str) or not codes:
        raise _malformed(f"its extent names {dimension} without a list of codes", where)
    return has_code(dimension, codes)


def _malformed(what: str, where: str) -> MalformedExtent:
    return MalformedExtent(what, where=where, todo="Correct the retrieval record that says it.")
