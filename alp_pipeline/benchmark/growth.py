"""Growth of regional activities, with the reason where there is none.

Belongs here: change against the previous year and over a window of years. Does not: decomposition of the
change (shift-share), linking across breaks.
"""

import numpy as np
import pandas as pd

from alp_pipeline.benchmark.cells import (
    CELL_STATES,
    NOT_APPLICABLE,
    NOT_AVAILABLE,
    REPORTED,
    BoolArray,
    Cells,
    IntArray,
    ordered_cells,
    positions,
)

# Why a growth rate is not there, in the order in which the reasons are looked for.
GROWTH_NOTES = (
    "",
    "no_earlier_year",
    "later_year_not_reported",
    "earlier_year_not_reported",
    "break_in_series",
    "earlier_year_zero",
)
NOTHING, NO_EARLIER, LATER_UNREPORTED, EARLIER_UNREPORTED, BREAK, ZERO = range(len(GROWTH_NOTES))


def annual_growth(cells: Cells) -> pd.DataFrame:
    """Growth of every cell against the year before, in the order of `cells`.

    A rate is given only where both years are reported, the earlier one is not zero and the later year
    carries no break flag `b`.

    Returns:
        growth_pct (per cent, NaN without a rate), growth_state (`reported`; else the state of the later
        year, or where that is reported the state of the earlier; `not_applicable` for a break and for a zero
        base; `not_available` where there is no row for the year before), growth_note (one of GROWTH_NOTES).

    >>> frame = pd.DataFrame({"region_code": "ITC4", "activity_code": "C28", "year": [2013, 2014, 2015],
    ...     "value": [80, 100, 90], "cell_state": "reported", "obs_status": ["", "", "b"]})
    >>> annual_growth(ordered_cells(frame)).values.tolist()[1:]
    [[25.0, 'reported', ''], [nan, 'not_applicable', 'break_in_series']]
    """
    same = np.zeros(cells.year.size, dtype=np.bool_)
    same[1:] = (
        (np.diff(cells.region) == 0) & (np.diff(cells.activity) == 0) & (np.diff(cells.year) == 1)
    )  # the cells are in key order, so the year before can only be the row before
    before = np.where(same, np.arange(cells.year.size) - 1, -1)
    after = np.arange(cells.year.size)
    return _growth(cells, before, after, _breaks(cells), years=1)


def compound_growth(cells: pd.DataFrame, *, first_year: int, last_year: int) -> pd.DataFrame:
    """Compound annual growth rate of each region × activity from first_year to last_year.

    100 · ((x_last / x_first)^(1 / years) - 1); the years between are not needed, but a break flag `b` in any
    year after the first makes the two ends incomparable.

    Args:
        cells: long cells, see `ordered_cells`; a pair without a row for last_year is not in the result.
        first_year, last_year: the window, first before last.

    Returns:
        One row per region × activity, sorted: region_code, activity_code, growth_pct (per cent a year),
        growth_state, growth_note as in `annual_growth`.

    Raises:
        BenchmarkInputError: see `ordered_cells`.
        ValueError: the window is empty.

    >>> frame = pd.DataFrame({"region_code": "ITC4", "activity_code": "C28", "year": [2012, 2014],
    ...                       "value": [100, 121], "cell_state": "reported"})
    >>> compound_growth(frame, first_year=2012, last_year=2014).round(6).values.tolist()
    [['ITC4', 'C28', 10.0, 'reported', '']]
    """
    if first_year >= last_year:
        raise ValueError(f"the window {first_year}-{last_year} holds no growth: the first year comes first")
    known = ordered_cells(cells)
    pair = known.region * len(known.activity_codes) + known.activity
    after = np.flatnonzero(known.year == last_year)
    starts = np.flatnonzero(known.year == first_year)
    place = positions(pair[after], pair[starts], "cells")
    before = np.where(place >= 0, starts[place], -1) if starts.size else np.full(after.size, -1)
    broken = _breaks(known) & (known.year > first_year) & (known.year <= last_year)
    broken_pair = np.isin(pair, pair[broken])
    rates = _growth(known, before, after, broken_pair, years=last_year - first_year)
    keys = known.keys().loc[after, ["region_code", "activity_code"]].reset_index(drop=True)
    return pd.concat([keys, rates], axis=1)


def _growth(
    cells: Cells, before: IntArray, after: IntArray, broken: BoolArray, *, years: int
) -> pd.DataFrame:
    """Rates from the rows `before` (-1: none) to the rows `after`; `broken` marks rows after a break."""
    later, earlier = cells.state[after], np.where(before >= 0, cells.state[before], NOT_AVAILABLE)
    base = np.where(before >= 0, cells.value[before], np.nan)
    note = np.select(
        [before < 0, later != REPORTED, earlier != REPORTED, broken[after], base == 0],
        [NO_EARLIER, LATER_UNREPORTED, EARLIER_UNREPORTED, BREAK, ZERO],
        NOTHING,
    )
    # A hidden cell says so first, also in the first year there is.
    state = np.where(later != REPORTED, later, np.where(note == NOTHING, REPORTED, earlier))
    state = np.where((note == BREAK) | (note == ZERO), NOT_APPLICABLE, state)
    given = note == NOTHING
    rate = np.full(after.size, np.nan)
    if years == 1:  # one rounding: a quarter more is 25 %, not 25.000000000000004
        np.divide(100.0 * (cells.value[after] - base), base, out=rate, where=given)
    else:
        rate[given] = 100.0 * ((cells.value[after][given] / base[given]) ** (1.0 / years) - 1.0)
    return pd.DataFrame(
        {
            "growth_pct": rate,
            "growth_state": pd.Index(CELL_STATES).take(state),
            "growth_note": pd.Index(GROWTH_NOTES).take(note),
        }
    )


def _breaks(cells: Cells) -> BoolArray:
    flags, names = pd.factorize(cells.obs_status)
    return np.array(["b" in str(name) for name in names] + [False], dtype=np.bool_)[flags]
