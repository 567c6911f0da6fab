"""Exposure of regions to a named shock: the weighted share of their employment that it would hit.

Belongs here: the share, and between which values it lies where cells are hidden. Does not: which activities
a shock hits and how much (catalogue), what follows from being hit (nothing here forecasts).
"""

import math
from collections.abc import Hashable, Mapping
from numbers import Real
from typing import Any

import numpy as np
import pandas as pd

from alp_pipeline.benchmark.activity_table import UNDETERMINED, ActivityTable, framed
from alp_pipeline.benchmark.cells import (
    CELL_STATES,
    CONFIDENTIAL,
    NOT_APPLICABLE,
    NOT_AVAILABLE,
    REPORTED,
    BenchmarkInputError,
    BoolArray,
    FloatArray,
    IntArray,
)
from alp_pipeline.benchmark.inputs import checked
from alp_pipeline.benchmark.labels import counts, numbers_by

EXPOSURE_STATES = (*CELL_STATES, UNDETERMINED)
EXPOSURE_NOTES = ("", "hidden_cells", "missing_cells", "total_not_known", "nothing_counted")
NOTHING, HIDDEN, MISSING, NO_TOTAL, EMPTY = range(len(EXPOSURE_NOTES))


@checked
def exposure(
    table: ActivityTable | pd.DataFrame,
    weights: Mapping[Any, float],
    totals: pd.Series,
    *,
    totals_high: pd.Series | None = None,
    upper: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Weighted share of a region's persons in the activities of a shock: E_r = 100 · Σ_c w_c x_rc / X_r.

    A hidden cell is no zero: the row is `undetermined` and, where the caller knows how large its hidden cells
    can be at most, lies between exposure_low (they are empty) and exposure_high (they hold all they can).
    What is allowed as such a bound decides what may be shown of the result: a published total that the cell
    is part of (its section, its country) says nothing new; the total less its published cells does, and is
    internal (`disclosure.cell_bounds`). A cell missing for another reason leaves the row without an interval.

    Args:
        table: regions (or region × year) × activities, persons; further activities are ignored. An activity
            of the shock without a column is missing in every row.
        weights: activity → how much of it the shock hits, from 0 (not at all) to 1. An activity and one that
            contains it must not both be named: the caller sees to that.
        totals: X_r by row; NaN where there is none. Where it lacks hidden parts it is the least possible.
        totals_high: the greatest possible X_r by row; equal to `totals` when omitted.
        upper: rows × activities, the most that a hidden cell can be; NaN where nothing is known.

    Returns:
        Indexed as the table: exposure_pct, exposure_low_pct, exposure_high_pct (both equal to it where it is
        known), exposure_state (`reported`, the state of a missing cell, or `undetermined`), exposure_note
        (one of EXPOSURE_NOTES), hidden_cells (of activities with weight).

    Raises:
        BenchmarkInputError: a weight outside [0, 1] or none above zero, a row without total, a total or bound
            that is negative or infinite, or a highest total below the lowest; see `ActivityTable.of`.

    Source: this project; exposure as an employment share by activity is common practice in ex-ante analyses.

    >>> table = ActivityTable.of(
    ...     pd.DataFrame({"I55": [20.0, None], "I56": [10.0, 30.0]}, index=["AT33", "ITC2"]),
    ...     states=pd.DataFrame({"I55": ["reported", "confidential"], "I56": ["reported"] * 2},
    ...                         index=["AT33", "ITC2"]))
    >>> section = pd.DataFrame({"I55": [30.0, 50.0]}, index=["AT33", "ITC2"])
    >>> totals = pd.Series({"AT33": 200.0, "ITC2": 200.0})
    >>> found = exposure(table, {"I55": 1.0, "I56": 0.5}, totals, upper=section)
    >>> found[["exposure_pct", "exposure_low_pct", "exposure_high_pct"]].values.tolist()
    [[12.5, 12.5, 12.5], [nan, 7.5, 32.5]]
    """
    known = table if isinstance(table, ActivityTable) else ActivityTable.of(table)
    names = _hit(weights)
    x = known.values.reindex(columns=names).to_numpy(dtype=np.float64)
    state = framed(known.state, known.values).reindex(columns=names, fill_value=NOT_AVAILABLE).to_numpy()
    weight = np.array([weights[name] for name in names])
    low_total, high_total = _totals(known, totals, totals_high)
    hidden = state == CONFIDENTIAL
    missing = (state != REPORTED) & ~hidden & (state != NOT_APPLICABLE)
    visible = _row_sums(np.where(state == REPORTED, weight * x, 0.0))
    most = _row_sums(np.where(hidden, weight * _upper(upper, known, names), 0.0))
    with np.errstate(divide="ignore", invalid="ignore"):
        low = 100 * visible / high_total
        high = np.minimum(100 * (visible + most) / low_total, 100 * weight.max())
    note = np.select(
        [
            missing.any(axis=1),
            np.isnan(low_total),
            low_total == 0,
            hidden.any(axis=1),
            low_total != high_total,
        ],
        [MISSING, NO_TOTAL, EMPTY, HIDDEN, NO_TOTAL],
        NOTHING,
    )
    given = note == NOTHING
    between = ((note == HIDDEN) | (note == NO_TOTAL)) & ~np.isnan(low) & ~np.isnan(high)
    return pd.DataFrame(
        {
            "exposure_pct": np.where(given, low, np.nan),
            "exposure_low_pct": np.where(given | between, low, np.nan),
            "exposure_high_pct": np.where(given, low, np.where(between, high, np.nan)),
            "exposure_state": _states(note, state, missing),
            "exposure_note": np.array(EXPOSURE_NOTES, dtype=object)[note],
            "hidden_cells": hidden.sum(axis=1),
        },
        index=known.values.index,
    )


def _states(note: IntArray, state: IntArray, missing: BoolArray) -> list[str]:
    """The row's state: that of its first missing cell in the order of CELL_STATES; undetermined; reported."""
    of_missing = np.where(missing, state, len(CELL_STATES) - 1).min(axis=1)
    fixed = {NOTHING: CELL_STATES[REPORTED], EMPTY: CELL_STATES[NOT_APPLICABLE]}
    return [
        CELL_STATES[first] if why == MISSING else fixed.get(int(why), UNDETERMINED)
        for why, first in zip(note, of_missing, strict=True)
    ]


def _hit(weights: Mapping[Any, float]) -> list[Hashable]:
    for activity, weight in weights.items():
        if not (isinstance(weight, Real) and 0 <= weight <= 1):
            raise BenchmarkInputError(
                f"gives {activity} {weight}", where="weights", todo="Give shares between 0 and 1."
            )
    names = sorted((activity for activity, weight in weights.items() if weight > 0), key=str)
    if not names:
        raise BenchmarkInputError(
            "holds no activity with a weight", where="weights", todo="Name what the shock hits."
        )
    return names


def _totals(
    table: ActivityTable, totals: pd.Series, totals_high: pd.Series | None
) -> tuple[FloatArray, FloatArray]:
    rows = table.values.index
    absent = rows.difference(totals.index)
    if len(absent):
        raise BenchmarkInputError(
            f"has no row for {absent[0]}", where="totals", todo="Pass NaN where there is no total."
        )
    low = numbers_by(totals, rows, "totals")
    high = low if totals_high is None else numbers_by(totals_high, rows, "totals_high")
    wrong = np.flatnonzero((low < 0) | np.isinf(low) | np.isinf(high) | (high < low))
    if wrong.size:
        at = int(wrong[0])
        raise BenchmarkInputError(
            f"gives {rows[at]} between {low[at]} and {high[at]}",
            where="totals",
            todo="Pass finite counts, zero or more, the highest not below the lowest.",
        )
    return low, high


def _upper(upper: pd.DataFrame | None, table: ActivityTable, names: list[Hashable]) -> FloatArray:
    if upper is None:
        return np.full((len(table.values), len(names)), np.nan)
    counts(upper, "upper")
    return upper.reindex(index=table.values.index, columns=names).to_numpy(dtype=np.float64, na_value=np.nan)


def _row_sums(parts: FloatArray) -> FloatArray:
    return np.array([math.fsum(row) for row in parts.tolist()], dtype=np.float64)
