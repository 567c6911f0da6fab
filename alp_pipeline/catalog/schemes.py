"""Cluster-strength schemes of the catalogue in the method's words.

Belongs here: the one mapping of scheme rows to `benchmark.stars.StarScheme`. Does not: the rows' fields
(models), the rules between them (references), judging (benchmark).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from alp_pipeline.catalog.models import SchemeRow

if TYPE_CHECKING:
    from alp_pipeline.benchmark.stars import StarScheme

_COLUMNS = {"persons": "value", "share_of_region": "focus_pct"}
"""Statistics that the method has under another name."""


def column_of(row: SchemeRow) -> str:
    """The column that holds what a row judges."""
    return _COLUMNS.get(row.statistic, row.statistic)


def star_scheme(rows: Iterable[SchemeRow]) -> StarScheme:
    """The scheme that rows of one name and version make up.

    A criterion whose statistic is the method's own of that name leaves it out.

    >>> from alp_pipeline.catalog.loader import load_catalog
    >>> rows = load_catalog().schemes.values()
    >>> scheme = star_scheme(row for row in rows if row.scheme == "observatory_2007_2012")
    >>> [criterion.value for criterion in scheme.criteria]
    [0.1, 2.0, 0.1]
    """
    from alp_pipeline.benchmark.stars import StarScheme
    from alp_pipeline.benchmark.strength import OWN_STATISTICS

    def statistic(row: SchemeRow) -> str:
        return "" if OWN_STATISTICS.get(row.criterion) == column_of(row) else column_of(row)

    return StarScheme.from_rows(
        {
            "scheme_id": row.scheme,
            "version": row.version,
            "criterion": row.criterion,
            "role": row.role,
            "statistic": statistic(row),
            "needs": row.needs,
            "rule": row.rule.type,
            "value": row.rule.value,
            "comparison": row.rule.comparison,
            "ties": row.rule.ties,
            "among": row.among,
            "zero_regions": row.zero_regions,
            "hidden_rivals": row.hidden_rivals,
            "minimum_size": row.min_size_persons,
            "to_verify": tuple(field for field in row.to_verify if field in ("value", "rule")),
        }
        for row in rows
    )
