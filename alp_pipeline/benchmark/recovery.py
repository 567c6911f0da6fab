"""Downturns: peak, trough and return of a region's level; resistance and recoverability after Martin (2012).

Belongs here: one series of levels per region against one downturn, and against a reference area. Does not:
volatility and diversity (resilience), which series and downturns (plan).
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from alp_pipeline.benchmark.cells import (
    CELL_STATES,
    CONFIDENTIAL,
    NOT_AVAILABLE,
    REPORTED,
    BenchmarkInputError,
    Cells,
    IntArray,
    ordered_cells,
)
from alp_pipeline.benchmark.inputs import checked
from alp_pipeline.benchmark.resilience import breaks_of, series_of

RECOVERY_STATES = ("recovered", "not_yet_recovered", "no_fall", "undetermined")
RECOVERY_NOTES = ("", "year_not_reported", "break_in_series", "gap_before_return", "series_ends_at_break")
RELATIVE_NOTES = (
    "",
    "year_not_reported",
    "break_in_series",
    "reference_undetermined",
    "reference_did_not_fall",
    "reference_unchanged",
)


@dataclass(frozen=True)
class Downturn:
    """A downturn: where to look for the peak, by when the fall has begun, until when recovery is judged.

    `peak_years` and `fall_years` are first and last year, both included. `recovery_until` is the last year
    of the window in which recoverability is measured.
    """

    downturn_id: str
    peak_years: tuple[int, int]
    fall_years: tuple[int, int]
    recovery_until: int

    def __post_init__(self) -> None:
        order = [*self.peak_years, *self.fall_years, self.recovery_until]
        if order != sorted(order) or self.peak_years[1] == self.fall_years[0]:
            raise BenchmarkInputError(
                f"has the years {order}",
                where=f"downturn {self.downturn_id}",
                todo="Give peak years, then later fall years, then the year until which recovery is judged.",
            )


@checked
def recovery(cells: pd.DataFrame, downturn: Downturn, *, reference: pd.DataFrame) -> pd.DataFrame:
    """What a downturn took from each region, and how many years it took to come back.

    - Peak: the highest level within `peak_years` (the latest of equals).
    - Fall: a level below the peak in one of `fall_years`; without one the region has `no_fall`.
    - Return: the first year after the fall began with a level of the peak's or more. Trough: the lowest
      level before it (the earliest of equals). `recovery_years` counts from the peak to the return.
    - A region that has not come back by the last year that can be compared is censored: `not_yet_recovered`,
      with a least number of years and no greatest. The last year is the region's own: a ragged edge shows.
    - Every year of the two windows must be reported. A later year without a number leaves it open whether
      the level was back then: the least number of years goes to that year, the greatest to the return seen.
    - A break flag `b` within the peak years lets the peak be sought from that year on; one in the fall years
      leaves everything `undetermined`; a later one ends the series where it stands.

    Resistance and recoverability compare growth g of the region with g_ref of the reference area over the
    same years, from the reference's peak to its trough, and from there to `recovery_until`:
    (g - g_ref) / |g_ref|, positive where the region did better. With a falling reference, resistance is
    1 - β for the sensitivity index β = g / g_ref.

    Args:
        cells: long levels: region_code, activity_code, year, value, cell_state and, optionally, obs_status.
        downturn: see `Downturn`.
        reference: the same columns for the reference area; one series.

    Returns:
        One row per region × activity, sorted: region_code, activity_code, downturn_id, peak_year, peak_value,
        trough_year, trough_value, fall_pct (trough against peak, negative; the deepest seen), recovery_year,
        recovery_years (null unless known exactly), recovery_years_low, recovery_years_high (null: open),
        last_year (that could be compared), recovery_state, recovery_cell_state (`reported`, or the state of
        the cell that leaves it undetermined), recovery_note, resistance, resistance_note, recoverability,
        recoverability_note.

    Raises:
        BenchmarkInputError: see `ordered_cells`; the reference is not exactly one series.

    Source: Martin (2012), Journal of Economic Geography 12(1), sensitivity index; Martin, Sunley, Gardiner &
    Tyler (2016), Regional Studies 50(4), resistance and recoverability.

    >>> years = {"activity_code": "TOTAL", "year": range(2007, 2013), "cell_state": "reported"}
    >>> home = pd.DataFrame({"region_code": "AT33", "value": [99, 100, 95, 96, 99, 101], **years})
    >>> europe = pd.DataFrame({"region_code": "EU28", "value": [99, 100, 90, 92, 95, 99], **years})
    >>> crisis = Downturn("crisis_2008", (2007, 2008), (2009, 2010), 2012)
    >>> found = recovery(home, crisis, reference=europe)
    >>> found[["peak_year", "trough_year", "fall_pct", "recovery_years", "resistance"]].values.tolist()
    [[2008, 2009, -5.0, 4, 0.5]]
    """
    known, area = ordered_cells(cells), ordered_cells(reference)
    areas = series_of(area)
    if len(areas) != 1:
        raise BenchmarkInputError(
            f"holds {len(areas)} series", where="reference", todo="Pass the levels of one area."
        )
    cycle = _course(_Levels.of(area, areas[0]), downturn)
    rows = []
    for one in series_of(known):
        levels = _Levels.of(known, one)
        rows.append(
            {
                "region_code": known.region_codes[known.region[one[0]]],
                "activity_code": known.activity_codes[known.activity[one[0]]],
                "downturn_id": downturn.downturn_id,
                **_course(levels, downturn),
                **_relative(levels, _Levels.of(area, areas[0]), cycle, downturn),
            }
        )
    frame = pd.DataFrame(rows, columns=_COLUMNS)
    return frame.astype(dict.fromkeys(_YEARS, "Int32") | dict.fromkeys(_NUMBERS, "float64"))


_YEARS = (
    "peak_year", "trough_year", "recovery_year", "recovery_years", "recovery_years_low",
    "recovery_years_high", "last_year",
)  # fmt: skip
_NUMBERS = ("peak_value", "trough_value", "fall_pct", "resistance", "recoverability")
_COLUMNS = [
    "region_code", "activity_code", "downturn_id", "peak_year", "peak_value", "trough_year", "trough_value",
    "fall_pct", "recovery_year", "recovery_years", "recovery_years_low", "recovery_years_high", "last_year",
    "recovery_state", "recovery_cell_state", "recovery_note", "resistance", "resistance_note",
    "recoverability", "recoverability_note",
]  # fmt: skip


@dataclass(frozen=True)
class _Levels:
    """One series: level and state by year, and the years that open a new series."""

    value: Mapping[int, float]
    state: Mapping[int, int]
    breaks: tuple[int, ...]

    @classmethod
    def of(cls, known: Cells, one: IntArray) -> "_Levels":
        years = known.year[one].tolist()
        reported = (known.state[one] == REPORTED).tolist()
        values = zip(years, known.value[one].tolist(), reported, strict=True)
        return cls(
            {year: value for year, value, given in values if given},
            dict(zip(years, known.state[one].tolist(), strict=True)),
            tuple(int(year) for year in known.year[one][breaks_of(known, one)]),
        )

    def is_parted(self, first: int, last: int) -> bool:
        """Whether a break keeps levels of two years from being compared."""
        return any(first < year <= last for year in self.breaks)


def _course(levels: _Levels, downturn: Downturn) -> dict[str, object]:
    """Peak, fall and return of one series."""
    first, last = downturn.peak_years
    first = max([first, *(year for year in levels.breaks if first <= year <= last)])
    fall_first, fall_last = downturn.fall_years
    needed = [*range(first, last + 1), *range(fall_first, fall_last + 1)]
    absent = [levels.state.get(year, NOT_AVAILABLE) for year in needed if year not in levels.value]
    if absent:
        # A hidden cell says so first.
        return _undetermined("year_not_reported", CONFIDENTIAL if CONFIDENTIAL in absent else min(absent))
    peak = max(range(first, last + 1), key=lambda year: (levels.value[year], year))
    if levels.is_parted(peak, fall_last):
        return _undetermined("break_in_series", CELL_STATES.index("not_applicable"))
    ends = min([year for year in levels.breaks if year > fall_last], default=None)
    years = [year for year in sorted(levels.value) if year > peak and (ends is None or year < ends)]
    top = levels.value[peak]
    found: dict[str, object] = {
        "peak_year": peak, "peak_value": top, "last_year": years[-1],
        "recovery_cell_state": CELL_STATES[REPORTED], "recovery_note": "",
    }  # fmt: skip
    begun = [year for year in years if year <= fall_last and levels.value[year] < top]
    if not begun:
        return found | {"recovery_state": "no_fall"}
    back = next((year for year in years if year > begun[0] and levels.value[year] >= top), None)
    below = [year for year in years if back is None or year < back]
    trough = min(below, key=lambda year: (levels.value[year], year))
    found |= {
        "trough_year": trough,
        "trough_value": levels.value[trough],
        "fall_pct": 100 * (levels.value[trough] - top) / top,
    }
    unseen = set(range(begun[0], back or years[-1])) - set(years)
    return found | _duration(peak, back, years[-1], min(unseen, default=None), ends is not None)


def _duration(
    peak: int, back: int | None, last: int, unseen: int | None, ends_at_break: bool
) -> dict[str, object]:
    if back is None:
        note = "series_ends_at_break" if ends_at_break else ""
        return {
            "recovery_state": "not_yet_recovered",
            "recovery_years_low": (unseen or last + 1) - peak,
            "recovery_note": "gap_before_return" if unseen else note,
        }
    return {
        "recovery_state": "recovered",
        "recovery_year": None if unseen else back,
        "recovery_years": None if unseen else back - peak,
        "recovery_years_low": (unseen or back) - peak,
        "recovery_years_high": back - peak,
        "recovery_note": "gap_before_return" if unseen else "",
    }


def _undetermined(note: str, state: int) -> dict[str, object]:
    return {
        "recovery_state": "undetermined",
        "recovery_cell_state": CELL_STATES[state],
        "recovery_note": note,
    }


def _relative(
    levels: _Levels, area: _Levels, cycle: Mapping[str, object], downturn: Downturn
) -> dict[str, object]:
    peak, trough = cycle.get("peak_year"), cycle.get("trough_year")
    if not (isinstance(peak, int) and isinstance(trough, int)):
        no_fall = cycle["recovery_state"] == "no_fall"
        note = "reference_did_not_fall" if no_fall else "reference_undetermined"
        nothing = dict.fromkeys(("resistance", "recoverability"), math.nan)
        return {**nothing, "resistance_note": note, "recoverability_note": note}
    resistance, why = _against(levels, area, peak, trough)
    recoverability, why_not = _against(levels, area, trough, downturn.recovery_until)
    return {
        "resistance": resistance,
        "resistance_note": why,
        "recoverability": recoverability,
        "recoverability_note": why_not,
    }


def _against(levels: _Levels, area: _Levels, first: int, last: int) -> tuple[float, str]:
    """(g - g_ref) / |g_ref| from the first to the last year, or the reason why not."""
    changes = []
    for one, unknown in ((area, "reference_undetermined"), (levels, "year_not_reported")):
        if first >= last or one.value.get(first, 0) <= 0 or last not in one.value:
            return math.nan, unknown
        if one.is_parted(first, last):
            return math.nan, unknown if one is area else "break_in_series"
        changes.append((one.value[last] - one.value[first]) / one.value[first])
    if changes[0] == 0:
        return math.nan, "reference_unchanged"
    return (changes[1] - changes[0]) / abs(changes[0]), ""
