"""One value per region out of a series: the reference year of each variable, and what fills its holes.

Belongs here: choosing the year, carrying values of near years, saying which were. Does not: estimating
anything (composite.impute), what the values are used for.
"""

import numpy as np
import pandas as pd

from alp_pipeline.benchmark.cells import (
    CELL_STATES,
    NOT_AVAILABLE,
    REPORTED,
    BenchmarkInputError,
    numbers_in,
    require_columns,
    state_numbers,
    whole_years,
)
from alp_pipeline.benchmark.inputs import checked

KEY = ["variable", "region_code", "year"]


@checked
def reference_year_values(
    cells: pd.DataFrame, *, availability_min: float = 0.75, carry_years: int = 5
) -> pd.DataFrame:
    """One value per variable and region: that of the variable's reference year, or of a near one.

    The reference year is the newest in which at least `availability_min` of the regions that the best
    covered year has have a number. A region without a number in that year takes its own of the nearest
    earlier year, else of the nearest later one, at most `carry_years` away, and is marked: it is an
    observation, but of another year. A cell that is confidential in the reference year is never filled.

    Args:
        cells: long: variable, region_code, year, value, cell_state; one row per key, any order.
        availability_min: share of the best year's regions, above 0 and at most 1.
        carry_years: how far a value may be carried; 0 carries none.

    Returns:
        One row per variable × region that has any row, sorted: variable, region_code, value, cell_state
        (that of the reference year where there is no value; `not_available` without a row then), year (of
        the value; null without one), reference_year, is_carried. A variable without a number has no
        reference year: its rows keep the newest state.

    Raises:
        BenchmarkInputError: a column is absent, a key stands twice, a state is unknown, a reported value is
            not finite, a parameter is out of range.

    Source: reference year at 75 % availability and filling by the nearest earlier, else later year: European
    Innovation Scoreboard, technical annex 2008 and later practice.

    >>> cells = pd.DataFrame({"variable": "rd", "region_code": ["A", "B", "C", "D", "A", "B", "C", "A"],
    ...     "year": [2012] * 4 + [2013] * 3 + [2014], "value": [1, 2, 3, 4, 5, 6, 7, 8.0],
    ...     "cell_state": "reported"})
    >>> reference_year_values(cells)[["region_code", "value", "year", "is_carried"]].values.tolist()
    [['A', 5.0, 2013, False], ['B', 6.0, 2013, False], ['C', 7.0, 2013, False], ['D', 4.0, 2012, True]]
    """
    rows = _checked(cells, availability_min, carry_years)
    known = rows[rows["state"] == REPORTED]
    years = _reference_years(known, availability_min)
    result = rows[["variable", "region_code"]].drop_duplicates().sort_values(["variable", "region_code"])
    result = result.assign(reference_year=result["variable"].map(years).astype("Int32"))
    return _filled(result.reset_index(drop=True), rows, known, carry_years)


def _reference_years(known: pd.DataFrame, availability_min: float) -> dict[str, int]:
    counts = known.groupby(["variable", "year"]).size()
    best = counts.groupby(level="variable").transform("max")
    # A share of a count may come out just above it: 0.7 · 10 is 7.000000000000001 on some machines.
    enough = counts[counts >= availability_min * best - 1e-9].reset_index()
    return {str(name): int(year) for name, year in enough.groupby("variable")["year"].max().items()}


def _filled(result: pd.DataFrame, rows: pd.DataFrame, known: pd.DataFrame, carry_years: int) -> pd.DataFrame:
    key = ["variable", "region_code"]
    there = result.merge(
        rows.rename(columns={"year": "reference_year"}), on=[*key, "reference_year"], how="left"
    )
    # Without a reference year no row matches: the newest state says why there is nothing.
    newest = rows.sort_values("year").drop_duplicates(key, keep="last").set_index(key)["state"]
    absent = pd.Series(newest.reindex(pd.MultiIndex.from_frame(result[key])).to_numpy())
    state = there["state"].where(result["reference_year"].notna(), absent).fillna(NOT_AVAILABLE)
    near = result.merge(known, on=key, how="inner")
    away = near["year"] - near["reference_year"]
    near = near.assign(later=away > 0, away=away.abs())[(away.abs() <= carry_years).fillna(False)]
    near = near.sort_values([*key, "later", "away"]).drop_duplicates(key).set_index(key)
    near = near.reindex(pd.MultiIndex.from_frame(result[key])).reset_index(drop=True)
    fills = (state != REPORTED) & (state != CELL_STATES.index("confidential")) & near["value"].notna()
    reported = state == REPORTED
    state = state.where(~fills, REPORTED).astype(np.int64)
    year = result["reference_year"].where(reported).where(~fills, near["year"].astype("Int32"))
    return pd.DataFrame(
        {
            "variable": result["variable"],
            "region_code": result["region_code"],
            "value": there["value"].where(~fills, near["value"]),
            "cell_state": pd.Index(CELL_STATES).take(state.to_numpy()),
            "year": year,
            "reference_year": result["reference_year"],
            "is_carried": fills,
        }
    )


def _checked(cells: pd.DataFrame, availability_min: float, carry_years: int) -> pd.DataFrame:
    require_columns(cells, (*KEY, "value", "cell_state"), "cells")
    if not 0 < availability_min <= 1:
        raise BenchmarkInputError(
            f"is {availability_min}", where="availability_min", todo="Give a share above 0, at most 1."
        )
    if not (isinstance(carry_years, int) and carry_years >= 0):
        raise BenchmarkInputError(
            f"is {carry_years!r}", where="carry_years", todo="Give a whole number of years, 0 or more."
        )
    state = state_numbers(cells["cell_state"], "cells")
    number = numbers_in(cells["value"], "cells")
    rows = cells[KEY].assign(year=whole_years(cells["year"], "cells"), state=state)
    rows["value"] = np.where(state == REPORTED, number, np.nan)
    wrong = rows[KEY].duplicated().to_numpy() | ((state == REPORTED) & ~np.isfinite(number))
    if wrong.any():
        first = rows.iloc[int(np.argmax(wrong))]
        raise BenchmarkInputError(
            f"the cell {first['variable']} × {first['region_code']} × {first['year']} stands twice, or is "
            "reported without a finite number",
            where="cells",
            todo="Pass one row per variable, region and year; give a cell without a number its state.",
        )
    return rows.reset_index(drop=True)
