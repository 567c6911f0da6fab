"""A reference territory in several years, like with like: countries that published all of them.

Belongs here: which windows a reference allows, its numbers in a window. Does not: what is made of its growth
(benchmark.shift_share).

A country that hides an activity in one year and publishes it in the next would let the reference grow by the
whole of it. So a country's activity counts in a window if it was published in each of its years, and no year
after the first carries a break. A window is allowed if what counts makes up enough of the territory.

A country's number that its own regions exceed does not come this far: the dataset's nesting rule puts it in
quarantine, and the country takes no part in windows with that year.
"""

from collections.abc import Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

NEWEST_YEARS = 5


@dataclass(frozen=True)
class ReferenceGrowth:
    """A territory's countries × activities over the years.

    Attributes:
        values: rows (country, activity), a column per year; NaN where not published.
        breaks: same labels, True where the series breaks with that year.
        sections: the activities that add up to all.
    """

    values: "pd.DataFrame"
    breaks: "pd.DataFrame"
    sections: Collection[str]

    @classmethod
    def of(cls, cells: "pd.DataFrame", members: Collection[str]) -> "ReferenceGrowth":
        """From the cells of `frames.activity_cells`; the members' own rows."""
        countries = cells[(cells["nuts_level"] == 0) & cells["region_code"].isin(members)]
        key = {"index": ["region_code", "activity_code"], "columns": "year"}
        values = countries.assign(value=countries["value"].where(countries["cell_state"] == "reported"))
        flags = countries.assign(broken=countries["obs_status"].fillna("").str.contains("b"))
        return cls(
            values.pivot(**key, values="value").astype("float64"),
            flags.pivot(**key, values="broken").eq(True),
            set(countries.loc[countries["activity_level"] == "section", "activity_code"]),
        )

    def windows(self, least_pct: float) -> list[tuple[int, int]]:
        """The longest window that is covered well enough, and the longest of the newest up to NEWEST_YEARS.

        Of two as long the later one. Both are one where they agree; none where no window will do.
        """
        years = sorted(int(year) for year in self.values.columns)
        allowed = [
            (first, last)
            for first in years
            for last in years
            if first < last and self.covered_pct(first, last) >= least_pct
        ]
        if not allowed:
            return []
        longest = max(allowed, key=lambda window: (window[1] - window[0], window[1]))
        short = [window for window in allowed if window[1] - window[0] <= NEWEST_YEARS]
        newest = max(short, key=lambda window: (window[1], window[1] - window[0]), default=longest)
        return sorted({longest, newest})

    def covered_pct(self, first: int, last: int) -> float:
        """Share of the territory's sections that count; a section weighs its mean over published years."""
        inside = self.values.index.get_level_values("activity_code").isin(list(self.sections))
        weight = self.values.mean(axis=1)[inside].sort_index()
        whole = float(weight.sum())
        return 100 * float(weight[self._counts(first, last)[inside]].sum()) / whole if whole > 0 else 0.0

    def within(self, first: int, last: int) -> "tuple[pd.DataFrame, pd.Series[float]]":
        """Years × activities over what counts, and the sum of the sections by year."""
        import math

        counted = self.values.loc[self._counts(first, last), self._years(first, last)].sort_index()
        wide = counted.groupby(level="activity_code").agg(math.fsum).T
        sections = wide[[name for name in wide.columns if name in self.sections]]
        return wide, sections.agg(math.fsum, axis=1)

    def _years(self, first: int, last: int) -> list[int]:
        return sorted(int(year) for year in self.values.columns if first <= int(year) <= last)

    def _counts(self, first: int, last: int) -> "pd.Series[bool]":
        years = self._years(first, last)
        return self.values[years].notna().all(axis=1) & ~self.breaks[years[1:]].any(axis=1)
