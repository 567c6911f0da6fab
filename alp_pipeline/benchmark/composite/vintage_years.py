"""Which year an index speaks of: one source year per indicator, the same for every unit.

Belongs here: choosing reference year and source years from what is there. Does not: filling gaps (impute),
deciding whether an index with few indicators may be shown (the caller's rule).
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from alp_pipeline.benchmark.cells import BenchmarkInputError, BoolArray, IntArray, whole_years


@dataclass(frozen=True)
class ChosenYears:
    """The reference year, and per indicator where its numbers come from.

    `indicators`: index = indicator; `source_year` (missing where no year will do) and `coverage`, the share
    of the units with a number in that year, or in the best year that was looked at.
    """

    year: int | None
    indicators: pd.DataFrame

    @property
    def used(self) -> list[str]:
        """The indicators that have a year, in the order given."""
        return list(self.indicators.index[self.indicators["source_year"].notna()])


def chosen_years(
    counts: pd.DataFrame, indicators: list[str], units: int, *, coverage_min: float, oldest: int
) -> ChosenYears:
    """Choose the newest reference year in which the most indicators have a year of their own.

    An indicator's source year for the reference year t is the newest year in t - oldest … t in which at least
    `coverage_min` of the units have a number. All units are read in it: a unit that is late has no number
    rather than one of another year.

    Args:
        counts: columns indicator, year, units: how many units have a number; a pair without row counts 0.
        indicators: those wanted.
        units: of the universe.
        coverage_min: share, in (0, 1].
        oldest: years, >= 0.

    Raises:
        BenchmarkInputError: a count exceeds the universe, or the universe is empty.

    >>> counts = pd.DataFrame({"indicator": ["a", "a", "b"], "year": [2013, 2014, 2013], "units": [9, 4, 10]})
    >>> chosen = chosen_years(counts, ["a", "b", "c"], 10, coverage_min=0.6, oldest=2)
    >>> chosen.year, chosen.used, int(chosen.indicators.loc["a", "source_year"])
    (2013, ['a', 'b'], 2013)
    """
    if units < 1 or (counts["units"] > units).any():
        raise BenchmarkInputError(
            f"{int(counts['units'].max()) if len(counts) else 0} units have a number among {units}",
            where="counts",
            todo="Count units of the universe once each.",
        )
    years = np.unique(whole_years(counts["year"], "counts"))
    share = np.zeros((len(indicators), len(years)))
    place = {name: row for row, name in enumerate(indicators)}
    for name, year, count in zip(counts["indicator"], counts["year"], counts["units"], strict=True):
        if name in place:
            share[place[name], np.searchsorted(years, int(year))] = count / units
    enough = share >= coverage_min
    # A year in which no indicator has enough units cannot be what the index speaks of.
    candidates = [
        (_windowed(enough, years, year, oldest).any(axis=1).sum(), year) for year in years[enough.any(axis=0)]
    ]
    _, reference = max(candidates, default=(0, None))
    rows = []
    for row in range(len(indicators)):
        inside = np.zeros(len(years), bool)
        if reference is not None:
            inside = (years >= reference - oldest) & (years <= reference)
        good = np.flatnonzero(inside & enough[row])
        source = int(years[good[-1]]) if good.size else None
        coverage = share[row, good[-1]] if good.size else max(share[row, inside], default=0.0)
        rows.append((source, float(coverage)))
    table = pd.DataFrame(rows, index=indicators, columns=["source_year", "coverage"])
    table["source_year"] = table["source_year"].astype("Int64")
    return ChosenYears(None if reference is None else int(reference), table)


def _windowed(enough: BoolArray, years: IntArray, year: int, oldest: int) -> BoolArray:
    return enough[:, (years >= year - oldest) & (years <= year)]
