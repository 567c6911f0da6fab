"""How each unit has developed over the years of a panel, or why that cannot be said.

Belongs here: compound growth and yearly change between two observed years, with the reason where there is
none. Does not: growth of regional activities (benchmark.growth), filling gaps (impute), panel normalisation.
"""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from alp_pipeline.benchmark.cells import BenchmarkInputError, BoolArray, FloatArray
from alp_pipeline.benchmark.composite.units import UnitTable
from alp_pipeline.benchmark.inputs import checked

# Why a compound rate is not there, in the order in which the reasons are looked for.
TREND_NOTES = ("", "fewer_than_two_years", "break_in_series", "not_positive")
_COLUMNS = [
    *("unit", "code", "years_observed", "share_observed", "first_year", "last_year", "first_value"),
    *("last_value", "growth_pct", "change_per_year", "improvement_per_year", "state", "note"),
]
_NOTHING, _FEW, _BREAK, _NOT_POSITIVE = range(len(TREND_NOTES))


@checked
def trends(
    units: UnitTable,
    *,
    first: int | None = None,
    last: int | None = None,
    directions: Mapping[str, float] | None = None,
) -> pd.DataFrame:
    """Development of each unit and code between its first and its latest number in a window of years.

    growth_pct = 100 · ((latest / first)^(1 / years) - 1), the compound annual growth rate; change_per_year =
    (latest - first) / years, the fairer measure of a score. Years without a number are bridged, and an
    imputed number (flag `i`) is none: only what was observed develops. A break (flag `b`) after the first
    year makes the two incomparable, and no trend is given. A rate needs two positive numbers.

    Args:
        units: a panel, indicators or scores.
        first, last: the window, both years included; all years when omitted.
        directions: +1 or -1 by code (raw indicators); scores point upwards. +1 where not named.

    Returns:
        One row per unit and code, units in the order of their labels, codes in that of the columns: unit,
        code, years_observed, share_observed (of the years in the window that the panel has), first_year,
        last_year, first_value, last_value, growth_pct (per cent a year), change_per_year (unit of the
        code a year), improvement_per_year (the same after the direction), state (`reported` where there is
        a trend; `confidential` or `not_available` where numbers are lacking, `not_applicable` for a break),
        note (one of TREND_NOTES).

    Raises:
        BenchmarkInputError: the units are no panel, the window holds no two years of it, or a direction is
            neither 1 nor -1.

    Source: COINr get_trends with CAGR, which does not know breaks.

    >>> from alp_pipeline.benchmark.composite.framework import Framework
    >>> framework = Framework.of(pd.DataFrame({"code": ["jobs"], "level": 1, "parent": None, "direction": 1,
    ...                                        "type": "Indicator"}))
    >>> data = pd.DataFrame({"unit": "AT", "time": [2012, 2013, 2014], "jobs": [100, None, 121]})
    >>> found = trends(UnitTable.of(data, framework))
    >>> found[["first_year", "last_year", "growth_pct", "note"]].round(6).values.tolist()
    [[2012, 2014, 10.0, '']]
    """
    years = _window(units, first, last)
    names = sorted(units.index.get_level_values(0).unique(), key=str)
    grid = pd.MultiIndex.from_product([names, years])
    shape = (len(names), len(years), len(units.codes))
    flags = units.flags.reindex(grid).fillna("").astype("str")
    imputed, broken = (
        flags.apply(lambda flag, letter=letter: flag.str.contains(letter)).to_numpy().reshape(shape)
        for letter in "ib"
    )
    value = np.where(imputed, np.nan, units.values.reindex(grid).to_numpy().reshape(shape))
    hidden = (units.states.reindex(grid).to_numpy() == "confidential").reshape(shape)
    table = _developments(value, broken, hidden, np.array(years, dtype=np.float64))
    table.insert(0, "unit", np.repeat(np.array(names, dtype=object), len(units.codes)))
    table.insert(1, "code", list(units.codes) * len(names))
    sign = table["code"].map(_directions(units, directions))
    table["improvement_per_year"] = table["change_per_year"] * sign
    return table[_COLUMNS]


def _developments(value: FloatArray, broken: BoolArray, hidden: BoolArray, years: FloatArray) -> pd.DataFrame:
    """One row per unit and code of arrays (units, years, codes)."""
    there = ~np.isnan(value)
    observed = there.sum(axis=1)
    start, end = np.argmax(there, axis=1), value.shape[1] - 1 - np.argmax(there[:, ::-1], axis=1)
    place = np.arange(value.shape[1])[None, :, None]
    after_break = (broken & (place > start[:, None]) & (place <= end[:, None])).any(axis=1)
    low, high = (np.take_along_axis(value, at[:, None], axis=1)[:, 0] for at in (start, end))
    span = years[end] - years[start]
    note = np.select(
        [observed < 2, after_break, (low <= 0) | (high <= 0)], [_FEW, _BREAK, _NOT_POSITIVE], _NOTHING
    )
    with np.errstate(divide="ignore", invalid="ignore"):
        change = np.where((note == _FEW) | (note == _BREAK), np.nan, (high - low) / span)
        growth = np.full(low.shape, np.nan)
        rated = note == _NOTHING
        growth[rated] = 100.0 * ((high[rated] / low[rated]) ** (1.0 / span[rated]) - 1.0)
    few = np.where(hidden.any(axis=1), "confidential", "not_available")
    state = np.select([note == _FEW, note == _BREAK], [few, "not_applicable"], "reported")
    first_year, last_year = (np.where(observed > 0, years[at], np.nan) for at in (start, end))
    return pd.DataFrame(
        {
            "years_observed": observed.ravel(),
            "share_observed": observed.ravel() / value.shape[1],
            "first_year": pd.array(first_year.ravel(), dtype="Float64").astype("Int64"),
            "last_year": pd.array(last_year.ravel(), dtype="Float64").astype("Int64"),
            "first_value": low.ravel(),
            "last_value": high.ravel(),
            "growth_pct": growth.ravel(),
            "change_per_year": change.ravel(),
            "state": state.ravel(),
            "note": np.array(TREND_NOTES, dtype=object)[note.ravel()],
        }
    )


def _window(units: UnitTable, first: int | None, last: int | None) -> list[int]:
    if not units.is_panel:
        raise BenchmarkInputError(
            "these units have no years", where="trends", todo="Pass a panel: a table with a time column."
        )
    years = sorted({int(year) for year in units.index.get_level_values(1)})
    inside = [y for y in years if (first is None or y >= first) and (last is None or y <= last)]
    if len(inside) < 2:
        raise BenchmarkInputError(
            f"the window holds {len(inside)} of the panel's years {years[0]} to {years[-1]}",
            where="trends",
            todo="Let it hold two or more.",
        )
    return inside


def _directions(units: UnitTable, directions: Mapping[str, float] | None) -> dict[str, float]:
    given = {} if directions is None else dict(directions)
    wrong = [code for code, sign in given.items() if sign not in (1, -1)]
    if wrong:
        raise BenchmarkInputError(
            f"the direction of {wrong[0]} is {given[wrong[0]]!r}", where="directions", todo="Use 1 or -1."
        )
    return {code: float(given.get(code, 1)) for code in units.codes}
