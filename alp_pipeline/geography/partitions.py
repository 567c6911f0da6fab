"""What units of NUTS are made of: for each unit and lower level, its parts in each NUTS version.

Belongs here: the parts as a table to join with. Does not: values, which version a document is of
(geography.versions for whole datasets, quality.nesting for single figures).
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import TYPE_CHECKING

from alp_pipeline.geography.codes import VERSIONS, Region, load_regions

if TYPE_CHECKING:
    import pyarrow as pa

_KINDS = ("nuts", "statistical_region")


@lru_cache(maxsize=1)
def partitions() -> pa.Table:
    """One row per part of each partition: a unit, a level below it, its codes of that level in one version.

    Versions in which the codes are the same are one partition, under the newest of them. Extra-regio units
    are no parts: not every table counts them into the country.

    Returns:
        Arrow table: `unit_code`, `part_level`, `newest_version`, `part_count`, `part_code`.

    >>> rows = partitions().to_pylist()
    >>> [r["part_code"] for r in rows if r["unit_code"] == "SI" and r["part_level"] == 2]
    ['SI01', 'SI02', 'SI03', 'SI04']
    """
    import pyarrow as pa

    newest: dict[tuple[str, int, tuple[str, ...]], int] = {}
    for version in VERSIONS:
        found: dict[tuple[str, int], list[str]] = {}
        for region in load_regions().values():
            if region.kind in _KINDS and region.level and region.is_in(version):
                for unit in _above(region, version):
                    found.setdefault((unit, region.level), []).append(region.code)
        newest |= {(*key, tuple(codes)): version for key, codes in found.items()}
    columns = list(
        zip(
            *(
                (unit, level, version, len(codes), code)
                for (unit, level, codes), version in sorted(newest.items())
                for code in codes
            ),
            strict=True,
        )
    )
    names = ["unit_code", "part_level", "newest_version", "part_count", "part_code"]
    return pa.table([pa.array(column) for column in columns], names=names)


def _above(region: Region, version: int) -> Iterator[str]:
    """The units of one version that a region lies in, up to its country."""
    regions = load_regions()
    while region.parent is not None:
        region = regions[region.parent]
        if region.is_in(version):
            yield region.code
