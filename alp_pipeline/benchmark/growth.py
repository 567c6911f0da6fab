"""Growth of regional activities, with the reason where there is none.

Belongs here: change against the previous year. Does not: decomposition of a change (shift-share), linking
across breaks.
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
)
from alp_pipeline.benchmark.inputs import checked

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


@checked
def annual_growth(cells: Cells) -> pd.DataFrame:
    """Growth of every cell against the year before, in the order of `cells`.

    A rate is given only where both years are reported, the earlier one is not zero and the later year
    carries no break flag `b`.

    Args:
        cells: checked and in the order of their key, see `ordered_cells`.

    Returns:
        growth_pct (100 · (x_t - x_{t-1}) / x_{t-1}, per cent, NaN without a rate), growth_state (`reported`;
        else the state of the later year, or where that is reported the state of the earlier; `not_applicable`
        for a break and for a zero base; `not_available` where there is no row for the year before),
        growth_note (one of GROWTH_NOTES).

    Raises:
        BenchmarkInputError: something else than cells.

    >>> from alp_pipeline.benchmark.cells import ordered_cells
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
    later, earlier = cells.state, np.where(before >= 0, cells.state[before], NOT_AVAILABLE)
    base = np.where(before >= 0, cells.value[before], np.nan)
    note = np.select(
        [before < 0, later != REPORTED, earlier != REPORTED, _breaks(cells), base == 0],
        [NO_EARLIER, LATER_UNREPORTED, EARLIER_UNREPORTED, BREAK, ZERO],
        NOTHING,
    )
    # A hidden cell says so first, also in the first year there is.
    state = np.where(later != REPORTED, later, np.where(note == NOTHING, REPORTED, earlier))
    state = np.where((note == BREAK) | (note == ZERO), NOT_APPLICABLE, state)
    rate = np.full(cells.year.size, np.nan)
    # One rounding: a quarter more is 25 %, not 25.000000000000004.
    np.divide(100.0 * (cells.value - base), base, out=rate, where=note == NOTHING)
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
