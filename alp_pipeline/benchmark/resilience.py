"""Resilience of regions before any shock: diversity of activities, volatility of a series.

Belongs here: measures on a region's shares of activities, and on the swings of one level (employment, GDP).
Does not: what a downturn took and when it came back (recovery), exposure to a named shock (exposure).

A level is compared only with levels of the same series: a break flag `b` in a year parts that year and all
later ones from those before it.
"""

import math

import numpy as np
import pandas as pd

from alp_pipeline.benchmark.activity_table import ActivityTable
from alp_pipeline.benchmark.cells import (
    CELL_STATES,
    NOT_AVAILABLE,
    REPORTED,
    BenchmarkInputError,
    BoolArray,
    Cells,
    FloatArray,
    IntArray,
    ordered_cells,
)
from alp_pipeline.benchmark.concentration import entropy, herfindahl
from alp_pipeline.benchmark.inputs import checked

VOLATILITY_METHODS = ("growth_rates", "log_trend")
VOLATILITY_NOTES = ("", "too_few_years")


@checked
def diversity(table: ActivityTable | pd.DataFrame) -> pd.DataFrame:
    """How evenly a region's persons are spread over activities, and how much they concentrate.

    Evenness is the entropy over its greatest value, H_r / log2(n) for n activities: 1 when all are equal, 0
    when one has everything. The effective number is 2^H_r: of how many equal activities a region would be as
    diverse. Concentration is the Herfindahl index. Hidden or missing cells: see `shares` (a region with a
    confidential cell is `undetermined`).

    Args:
        table: regions (or region × year) × activities; two activities or more.

    Returns:
        Indexed as the table: entropy_bits, evenness, effective_activities, herfindahl, state, note.

    Raises:
        BenchmarkInputError: fewer than two activities; see `concentration.entropy`.

    Source: Shannon (1948); Hirschman (1964); diversity as a condition of resilience: Martin & Sunley (2015),
    Journal of Economic Geography 15(1).

    >>> found = diversity(pd.DataFrame({"C28": [1, 4], "I55": [1, 0]}, index=["A", "B"]))
    >>> found[["evenness", "effective_activities", "herfindahl"]].values.tolist()
    [[1.0, 2.0, 0.5], [0.0, 1.0, 1.0]]
    """
    spread, concentrated = entropy(table), herfindahl(table)
    activities = (table.values if isinstance(table, ActivityTable) else table).shape[1]
    if activities < 2:
        raise BenchmarkInputError(
            f"has {activities} activity", where="table", todo="Diversity needs at least two activities."
        )
    return pd.DataFrame(
        {
            "entropy_bits": spread["entropy"],
            "evenness": spread["entropy"] / math.log2(activities),
            "effective_activities": 2 ** spread["entropy"],
            "herfindahl": concentrated["herfindahl"],
            "state": spread["state"],
            "note": spread["note"],
        }
    )


@checked
def volatility(cells: pd.DataFrame, *, method: str = "growth_rates", years_min: int = 5) -> pd.DataFrame:
    """How much a region's series swings, in per cent.

    `growth_rates`: sample standard deviation (divisor n - 1) of the annual growth rates in per cent, of those
    years that have one (`growth.annual_growth`: both years reported, no break between them). A steady boom
    is not volatile. `log_trend`: 100 · the standard deviation of ln x around a linear trend, with one slope
    and a level of its own after each break (divisor: years - levels - 1). Years that are not reported are
    left out, and counted by what is left.

    Args:
        cells: long: region_code, activity_code, year, value, cell_state and, optionally, obs_status.
        method: one of VOLATILITY_METHODS.
        years_min: how many growth rates (or levels beyond the trend's parameters) there must be, 2 or more.

    Returns:
        One row per region × activity, sorted: region_code, activity_code, volatility_pct, years (growth
        rates, or levels), first_year and last_year (of the levels used), volatility_state (`reported`; else
        the state of the series' first cell that is not reported, `not_available` where all are),
        volatility_note (too_few_years).

    Raises:
        BenchmarkInputError: see `ordered_cells`; an unknown method; years_min below 2.

    >>> cells = pd.DataFrame({"region_code": "AT33", "activity_code": "TOTAL", "year": range(2010, 2016),
    ...                       "value": [100, 110, 99, 108.9, 98.01, 107.811], "cell_state": "reported"})
    >>> volatility(cells)[["volatility_pct", "years"]].round(2).values.tolist()
    [[10.95, 5.0]]
    """
    if method not in VOLATILITY_METHODS:
        raise BenchmarkInputError(
            f"is {method!r}", where="method", todo=f"Use one of {', '.join(VOLATILITY_METHODS)}."
        )
    if years_min < 2:
        raise BenchmarkInputError(f"is {years_min}", where="years_min", todo="Give 2 or more.")
    known = ordered_cells(cells)
    measure = _growth_spread if method == "growth_rates" else _trend_spread
    rows = []
    for one in series_of(known):
        spread, years, first, last = measure(known, one)
        enough = years >= years_min
        state = CELL_STATES[REPORTED] if enough else _first_hindrance(known.state[one])
        rows.append(
            {
                "region_code": known.region_codes[known.region[one[0]]],
                "activity_code": known.activity_codes[known.activity[one[0]]],
                "volatility_pct": spread if enough else math.nan,
                "years": years,
                "first_year": first,
                "last_year": last,
                "volatility_state": state,
                "volatility_note": VOLATILITY_NOTES[0 if enough else 1],
            }
        )
    columns = [
        "region_code", "activity_code", "volatility_pct", "years", "first_year", "last_year",
        "volatility_state", "volatility_note",
    ]  # fmt: skip
    frame = pd.DataFrame(rows, columns=columns)
    return frame.astype({"volatility_pct": "float64", "first_year": "Int32", "last_year": "Int32"})


Spread = tuple[float, int, int | None, int | None]
"""The measure, how many years it rests on, the first and the last of them."""


def _growth_spread(known: Cells, one: IntArray) -> Spread:
    year, x = known.year[one], known.value[one]
    after = np.flatnonzero((np.diff(year) == 1) & ~breaks_of(known, one)[1:] & (x[:-1] > 0)) + 1
    after = after[~np.isnan(x[after]) & ~np.isnan(x[after - 1])]
    if not after.size:
        return math.nan, 0, None, None
    rates = 100.0 * (x[after] - x[after - 1]) / x[after - 1]
    spread = _deviation(rates, rates.size - 1)
    return spread, int(rates.size), int(year[after[0] - 1]), int(year[after[-1]])


def _trend_spread(known: Cells, one: IntArray) -> Spread:
    used = np.flatnonzero(known.value[one] > 0)
    if not used.size:
        return math.nan, 0, None, None
    level = np.cumsum(breaks_of(known, one))[used]
    year, logs = known.year[one][used].astype(np.float64), np.log(known.value[one][used])
    for number in np.unique(level):  # a level of its own after each break: deviations from its own means
        of = level == number
        year[of] -= math.fsum(year[of]) / of.sum()
        logs[of] -= math.fsum(logs[of]) / of.sum()
    spread_of_years = math.fsum(year**2)
    if not spread_of_years:
        return math.nan, 0, None, None
    residual = logs - (math.fsum(year * logs) / spread_of_years) * year
    free = used.size - np.unique(level).size - 1
    years = known.year[one][used]
    spread = 100 * math.sqrt(math.fsum(residual**2) / free) if free > 0 else math.nan
    return spread, max(free, 0), int(years[0]), int(years[-1])


def _deviation(values: FloatArray, divisor: int) -> float:
    if divisor < 1:
        return math.nan
    mean = math.fsum(values) / values.size
    return math.sqrt(math.fsum((values - mean) ** 2) / divisor)


def series_of(known: Cells) -> list[IntArray]:
    """The rows of each region × activity, in the order of years.

    >>> cells = pd.DataFrame({"region_code": ["B", "A", "A"], "activity_code": "TOTAL",
    ...                       "year": [2013, 2014, 2013], "value": 1.0, "cell_state": "reported"})
    >>> known = ordered_cells(cells)
    >>> [known.year[one].tolist() for one in series_of(known)]
    [[2013, 2014], [2013]]
    """
    if not known.year.size:
        return []
    # Cells are in key order, so a series lies in one piece.
    changes = np.flatnonzero((np.diff(known.region) != 0) | (np.diff(known.activity) != 0)) + 1
    return list(np.split(np.arange(known.year.size), changes))


def breaks_of(known: Cells, one: IntArray) -> BoolArray:
    """Which rows of a series open a new one: they carry the break flag `b`.

    >>> cells = pd.DataFrame({"region_code": "A", "activity_code": "TOTAL", "year": [2013, 2014, 2015],
    ...                       "value": 1.0, "cell_state": "reported", "obs_status": ["p", "be", ""]})
    >>> known = ordered_cells(cells)
    >>> breaks_of(known, series_of(known)[0]).tolist()
    [False, True, False]
    """
    return np.array(["b" in flags for flags in known.obs_status.iloc[one]], dtype=np.bool_)


def _first_hindrance(states: IntArray) -> str:
    others = states[states != REPORTED]
    return CELL_STATES[int(others.min()) if others.size else NOT_AVAILABLE]
