"""Totals beside a matrix that are sums of its own cells: from these a hidden cell may follow.

Belongs here: telling the totals of the matrix's own rows and columns from those of a wider territory.
Does not: reading totals (side_files), what follows from them (disclosure).
"""

from dataclasses import replace

import numpy as np
import pandas as pd

from alp_pipeline.benchmark.activity_table import YEAR, ActivityTable, exact_sums
from alp_pipeline.benchmark.cells import BoolArray, FloatArray
from alp_pipeline.benchmark.disclosure import PublishedTotals, hidden_remainders, row_sums
from alp_pipeline.benchmark.on_files.side_files import Reference

_HERE = "the table's regions"


def with_margins(
    published: PublishedTotals,
    table: ActivityTable,
    reference: Reference | None,
    region_totals: pd.Series | None,
) -> PublishedTotals:
    """The totals of groups, and beside them those totals of rows and columns that the table's cells make up.

    A reference may be a wider territory, and a region's total may hold activities that the table lacks. They
    are taken for sums of the table's cells unless the lines without a gap show that none of them is one: it
    is better to withhold bounds for nothing than to let a cell be computed.

    Args:
        published: totals of groups. table: the cells. reference, region_totals: None where nobody gave them.

    >>> rows = ["AT33", "ITH1"]
    >>> cells = ActivityTable.of(pd.DataFrame({"C10": [30, 10], "C28": [10, 30]}, index=rows))
    >>> of_groups = PublishedTotals({"C10": "C", "C28": "C"}, pd.DataFrame({"C": [40, 40]}, index=rows))
    >>> with_margins(of_groups, cells, None, pd.Series([40.0, 40.0], index=rows)).row_totals.tolist()
    [40.0, 40.0]
    >>> wider = pd.Series([90.0, 95.0], index=rows)  # of activities that the table lacks, too
    >>> with_margins(of_groups, cells, None, wider).row_totals.tolist()
    [nan, nan]
    """
    if reference is not None:
        columns = _own_columns(published, table, reference)
        here = dict.fromkeys(table.values.index.get_level_values(0), _HERE)
        published = replace(published, countries=here, country_totals=columns)
    if region_totals is not None:
        rows = _own_rows(published, table, region_totals)
        published = replace(published, row_totals=rows)
    return published


def _own_columns(published: PublishedTotals, table: ActivityTable, reference: Reference) -> pd.DataFrame:
    """Totals over the table's regions, of activities and of groups, in rows as `country_totals` has them."""
    years, period = table.periods
    columns = table.values.columns.append(published.totals.columns)
    x = np.hstack([table.x, published.totals.reindex(table.values.index).to_numpy(dtype=np.float64)])
    gaps = np.hstack([table.gaps, published.totals.reindex(table.values.index).isna().to_numpy()])
    of = reference.by_activity
    frame = pd.DataFrame([of] * len(years), index=years) if isinstance(of, pd.Series) else of.reindex(years)
    totals = frame.reindex(columns=columns).to_numpy(dtype=np.float64, na_value=np.nan)
    sums = np.stack([exact_sums(x[period == place].T) for place in range(len(years))])
    complete = np.stack([~gaps[period == place].any(axis=0) for place in range(len(years))])
    regions = np.bincount(period, minlength=len(years))[:, None]
    kept = _own(totals, sums, complete, (regions / 2 + 1) * published.rounding)
    keys = [(_HERE, year) for year in years] if years.name == YEAR else [_HERE]
    return pd.DataFrame(kept, index=pd.Index(keys, tupleize_cols=True), columns=columns)


def _own_rows(published: PublishedTotals, table: ActivityTable, region_totals: pd.Series) -> pd.Series:
    sums, complete = row_sums(table, hidden_remainders(table, published))
    totals = region_totals.reindex(table.values.index).to_numpy(dtype=np.float64, na_value=np.nan)
    tolerance = (table.x.shape[1] / 2 + 1) * published.rounding
    return pd.Series(_own(totals, sums, complete, np.array(tolerance)), index=table.values.index)


def _own(totals: FloatArray, sums: FloatArray, complete: BoolArray, tolerance: FloatArray) -> FloatArray:
    """The totals, or nothing where the lines without a gap show that they are of more than these cells."""
    slack = tolerance + 1e-9 * np.abs(totals)
    tells = complete & (totals > 0)
    adds_up = tells & (np.abs(totals - sums) <= slack)
    if tells.any() and not adds_up.any():
        return np.full(totals.shape, np.nan)
    return np.where(sums - totals > slack, np.nan, totals)
