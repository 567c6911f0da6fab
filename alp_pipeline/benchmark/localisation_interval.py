"""Where an activity is, over the regions that say so, with what hidden regions leave open.

Belongs here: locational Gini and Hoover index of activities over regions with data, their range over all
that hidden cells may hold, the count of regions left out. Does not: the indices of complete tables and their
sources (localisation), bounds of cells and the guard (disclosure).

Both indices are sums over layers. With t_r a region's share of all activities, q_r = x_rc / t_r, and A(z) the
share t of the regions with q above z: X = ∫ A dz, and G = ∫ A (1 - A) dz / X. A hidden cell lets A(z) lie
anywhere between that of the cells' lower and of their upper bounds. The least G has all hidden cells as near
as they can be to one common q (in each layer A (1 - A) - λ A is concave, so that hidden cells lie all above
or all below it); the least Hoover index has that q at the mean. For the greatest, hidden regions are taken as
divisible: what is given is not below the true one, and hardly above it where each region is small.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from alp_pipeline.benchmark.activity_table import YEAR, ActivityTable, exact_sums, figure_states
from alp_pipeline.benchmark.cells import (
    CELL_STATES,
    CONFIDENTIAL,
    NOT_APPLICABLE,
    NOT_AVAILABLE,
    REPORTED,
    BenchmarkInputError,
    BoolArray,
    FloatArray,
)
from alp_pipeline.benchmark.inputs import checked
from alp_pipeline.benchmark.labels import counts_by, numbers

LOCALISATION_NOTES = ("", "hidden_cells", "unbounded_cell", "too_few_units", "nothing_counted")
NOTHING, HIDDEN, UNBOUNDED, TOO_FEW, EMPTY = range(len(LOCALISATION_NOTES))
_ROUNDS = 60
_WORDS = figure_states(np.arange(len(CELL_STATES))).tolist()


@dataclass(frozen=True)
class _Range:
    """Both indices at their least and greatest, NaN where nothing is counted."""

    gini: tuple[float, float]
    hoover: tuple[float, float]


@checked
def localisation(
    table: ActivityTable,
    *,
    region_totals: pd.Series,
    lower: pd.DataFrame | None = None,
    upper: pd.DataFrame | None = None,
    units_min: int = 2,
) -> pd.DataFrame:
    """Locational Gini and Hoover index of each activity over the regions that have a figure or hide one.

    Definitions as in `localisation.locational_gini` and `localisation.hoover`, against the totals passed in.

    Args:
        table: regions (or region × year) × activities.
        region_totals: all activities of each row, as published. A region without one takes no part.
        lower, upper: bounds of cells, same labels (`disclosure.cell_bounds`); NaN where there
            is none. They must have passed the disclosure guard.
        units_min: with fewer regions an activity has no figure.

    Returns:
        One row per activity (and year), sorted by the table's order: locational_gini, hoover (per cent), each
        followed by _lower and _upper; state, note; units (regions that took part), hidden_units (of them
        confidential), missing_units (rows left out: missing for another reason, or without a total).

        Without a hidden cell the figures are points and their own bounds. With one, figures are null, the
        state is `undetermined`, and bounds stand where every hidden cell has some (`hidden_cells`, else
        `unbounded_cell`). `too_few_units` is `not_available`, an activity that nobody has `not_applicable`.

    Raises:
        BenchmarkInputError: a total is negative, a lower bound above the upper, an activity found where the
            region's total is zero.

    Sources: Krugman (1991), Geography and Trade; Hoover (1936), Review of Economics and Statistics 18(4);
    bounds: the project's own.

    >>> table = ActivityTable.of(
    ...     pd.DataFrame({"C28": [8.0, 0.0, None], "I55": [2.0, None, None]}, index=["A", "B", "CH07"]),
    ...     states=pd.DataFrame([["reported"] * 2, ["reported", "confidential"], ["not_available"] * 2],
    ...                         index=["A", "B", "CH07"], columns=["C28", "I55"]))
    >>> totals, upper = pd.Series({"A": 10.0, "B": 10.0}), table.values.fillna({"I55": 4.0})
    >>> found = localisation(table, region_totals=totals, lower=upper * 0, upper=upper)
    >>> columns = ["activity", "locational_gini", "gini_lower", "gini_upper", "missing_units"]
    >>> found[columns].round(2).values.tolist()
    [['C28', 0.5, 0.5, 0.5, 1], ['I55', nan, 0.0, 0.59, 1]]
    """
    totals = _totals(table, region_totals)
    low, high = _bounds(table, lower, upper)
    state = table.state
    years, period = table.periods
    rows = []
    for column, activity in enumerate(table.values.columns):
        for place, year in enumerate(years):
            inside = period == place
            of, t = state[inside, column], totals[inside]
            hidden = (of == CONFIDENTIAL) & ~np.isnan(t)
            taken = (hidden | (of == REPORTED) | (of == NOT_APPLICABLE)) & ~np.isnan(t)
            bounds = np.where(
                of == NOT_APPLICABLE, 0.0, np.stack([low[inside, column], high[inside, column]])
            )
            found, note = _figures(bounds[:, taken], t[taken], hidden[taken], units_min)
            rows.append(
                {
                    "activity": activity,
                    **({"year": year} if years.name == YEAR else {}),
                    **found,
                    "note": LOCALISATION_NOTES[note],
                    "units": int(taken.sum()),
                    "hidden_units": int(hidden.sum()),
                    "missing_units": int((~taken).sum()),
                }
            )
    return pd.DataFrame(rows)


def _figures(
    bounds: FloatArray, totals: FloatArray, hidden: BoolArray, units_min: int
) -> "tuple[dict[str, float | str], int]":
    """Both indices of one activity in one year, with bounds and state; and the note."""
    nothing = float("nan")
    gini = hoover = point_gini = point_hoover = (nothing, nothing)
    hindrance, note = REPORTED, NOTHING
    bounded = not np.isnan(bounds).any()
    if len(totals) < units_min:
        hindrance, note = NOT_AVAILABLE, TOO_FEW
    elif hidden.any():
        hindrance, note = CONFIDENTIAL, HIDDEN if bounded else UNBOUNDED
    elif bounds[1].sum() == 0:
        hindrance, note = NOT_APPLICABLE, EMPTY
    if note in (NOTHING, HIDDEN) and bounds[1].sum() > 0:
        ranges = _ranges(bounds, totals)
        gini, hoover = ranges.gini, ranges.hoover
        if note == NOTHING:
            point_gini, point_hoover = gini, hoover
    found: dict[str, float | str] = {
        "locational_gini": point_gini[0],
        "gini_lower": gini[0],
        "gini_upper": gini[1],
        "hoover": 100 * point_hoover[0],
        "hoover_lower": 100 * hoover[0],
        "hoover_upper": 100 * hoover[1],
        "state": _WORDS[hindrance],
    }
    return found, note


def _ranges(bounds: FloatArray, totals: FloatArray) -> _Range:
    if (bounds[1][totals == 0] > 0).any():
        raise BenchmarkInputError(
            f"a region of total 0 holds {bounds[1][(totals == 0) & (bounds[1] > 0)][0]:g} of an activity",
            where="region_totals",
            todo="Pass totals that include the activities of the table.",
        )
    with_some = totals > 0
    t = totals[with_some] / exact_sums(totals[None, with_some])[0]
    low, high = bounds[:, with_some] / t
    # The order of the regions must not show in the last bit.
    order = np.lexsort((high, low, t))
    t, low, high = t[order], low[order], high[order]
    if (low == high).all():
        gini, hoover = _least_gini(t, low, high), _least_hoover(t, low, high)
        return _Range((gini, gini), (hoover, hoover))
    return _Range(
        (_least_gini(t, low, high), _greatest_gini(t, low, high)),
        (_least_hoover(t, low, high), _greatest_hoover(t, low, high)),
    )


def _layers(t: FloatArray, low: FloatArray, high: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Heights of the layers between the bounds' values, and A by lower and by upper bounds in each."""
    edges = np.unique(np.concatenate([[0.0], low, high]))
    floors = edges[:-1, None]
    least, most = (np.where(bound > floors, t, 0.0).sum(axis=1) for bound in (low, high))
    return np.diff(edges), np.minimum(least, 1.0), np.minimum(most, 1.0)


def _least_gini(t: FloatArray, low: FloatArray, high: FloatArray) -> float:
    """Hidden regions above every layer up to some level, and below every other."""
    height, least, most = _layers(t, low, high)
    spread = [np.concatenate([[0.0], np.cumsum(height * a * (1 - a))]) for a in (most, least)]
    mass = [np.concatenate([[0.0], np.cumsum(height * a)]) for a in (most, least)]
    n, x = (both[0] + (both[1][-1] - both[1]) for both in (spread, mass))
    with np.errstate(divide="ignore", invalid="ignore"):
        return max(float(np.nanmin(np.where(x > 0, n / x, np.nan))), 0.0)


def _greatest_gini(t: FloatArray, low: FloatArray, high: FloatArray) -> float:
    """Greatest ∫ A (1 - A) / ∫ A over A between its bounds: in each layer as near to (1 - λ)/2 as may be.

    λ is the value itself: Dinkelbach (1967), Management Science 13(7), rising from 0.
    """
    height, least, most = _layers(t, low, high)
    ratio = 0.0
    for _ in range(_ROUNDS):
        a = np.clip((1 - ratio) / 2, least, most)
        mass = float((height * a).sum())
        better = float((height * a * (1 - a)).sum()) / mass if mass > 0 else ratio
        if better <= ratio:
            break
        ratio = better
    return min(ratio, 1.0)


def _least_hoover(t: FloatArray, low: FloatArray, high: FloatArray) -> float:
    """Hidden regions as near to the mean m as may be: m = Σ t clip(m); then Σ t (low - m)+ / m."""
    mean = _root(np.concatenate([low, high]), lambda m: float((t * (np.clip(m, low, high) - m)).sum()))
    if mean == 0:  # nothing but hidden cells: the limit of ever less in all of them
        return float(t[high == 0].sum())
    above = float((t * np.maximum(low - mean, 0.0)).sum())
    below = float((t * np.maximum(mean - high, 0.0)).sum())
    return min(max(above, below) / mean, 1.0)


def _greatest_hoover(t: FloatArray, low: FloatArray, high: FloatArray) -> float:
    """Σ t (high - m)+ / m at the mean m where as much may lie above it as below."""
    above = _root(
        np.concatenate([low, high]),
        lambda m: float((t * (np.maximum(high - m, 0.0) - np.maximum(m - low, 0.0))).sum()),
    )
    return min(float((t * np.maximum(high - above, 0.0)).sum()) / above, 1.0)


def _root(knots: FloatArray, falling: Callable[[float], float]) -> float:
    """Where a function that falls, straight between its knots, crosses zero."""
    at = np.unique(np.concatenate([[0.0], knots]))
    first, last = 0, len(at) - 1
    while last - first > 1:
        middle = (first + last) // 2
        first, last = (middle, last) if falling(float(at[middle])) > 0 else (first, middle)
    left, right = falling(float(at[first])), falling(float(at[last]))
    share = left / (left - right) if left > right else 0.0
    return float(at[first] + share * (at[last] - at[first]))


def _totals(table: ActivityTable, given: pd.Series) -> FloatArray:
    return counts_by(given, table.values.index, "region_totals")


def _bounds(
    table: ActivityTable, lower: pd.DataFrame | None, upper: pd.DataFrame | None
) -> tuple[FloatArray, FloatArray]:
    """Lower and upper bounds of every cell; a reported one's own value twice."""
    x, hidden = table.x, table.state == CONFIDENTIAL
    found: list[FloatArray] = []
    for name, frame in (("lower", lower), ("upper", upper)):
        given: FloatArray = np.full(x.shape, np.nan)
        if frame is not None:
            numbers(frame, name)
            aligned = frame.reindex(index=table.values.index, columns=table.values.columns)
            given = aligned.to_numpy(dtype=np.float64, na_value=np.nan)
        found.append(np.where(hidden, given, x))
    low, high = found
    if (hidden & ((low < 0) | (low > high))).any():
        raise BenchmarkInputError(
            "a lower bound is negative or above the upper", where="bounds", todo="Pass 0 <= lower <= upper."
        )
    return low, high
