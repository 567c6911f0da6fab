"""Is an activity present in a region? Ones, zeros, and cells of which nobody knows.

Belongs here: the threshold on quotients, the floor on sizes, the third value, ways to deal with it in the
open. Does not: the quotients (location_quotient), anything computed from presence (relatedness, eci …).
"""

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from alp_pipeline.benchmark.cells import CELL_STATES, BenchmarkInputError, BoolArray, FloatArray
from alp_pipeline.benchmark.inputs import checked
from alp_pipeline.benchmark.labels import counts, label_order, numbers, same_labels

Drop = Literal["fewest", "regions", "activities"]


@dataclass(frozen=True)
class Presence:
    """Presence of activities in regions, in three values.

    Attributes:
        matrix: regions × activities; 1.0 present, 0.0 absent, NaN unknown.
        unknown_cells: how many are NaN.
        unknown_by_state: the unknown cells counted by cell state (those of CELL_STATES that occur;
            `unstated` where no states were given).
        below_minimum_size: cells that reach the threshold and are absent for their size alone.
        decided_by_bounds: cells without a number that bounds decide. What is derived from them is as internal
            as the bounds are.
        threshold: the quotient from which an activity counts as present.
        minimum_size: the size from which it does.
    """

    matrix: pd.DataFrame
    unknown_cells: int
    unknown_by_state: pd.Series
    below_minimum_size: int
    decided_by_bounds: int
    threshold: float
    minimum_size: float


@dataclass(frozen=True)
class KnownPresence:
    """Presence without unknown cells, and what that cost.

    Attributes:
        matrix: regions × activities of 1.0 and 0.0.
        unknown_cells: unknown cells before.
        dropped_regions: the regions left out.
        dropped_activities: the activities left out.
        drop: the rule.
    """

    matrix: pd.DataFrame
    unknown_cells: int
    dropped_regions: tuple[Hashable, ...]
    dropped_activities: tuple[Hashable, ...]
    drop: Drop


@dataclass(frozen=True)
class SpreadOverUnknown:
    """A measure under both assumptions on all unknown cells.

    Attributes:
        lower: the smaller of the two results, NaN where either has none.
        upper: the larger.
        if_absent: the measure with every unknown cell absent.
        if_present: the measure with every unknown cell present.
        unknown_cells: how many cells were assumed.
    """

    lower: pd.DataFrame
    upper: pd.DataFrame
    if_absent: pd.DataFrame
    if_present: pd.DataFrame
    unknown_cells: int


@checked
def presence(
    quotients: pd.DataFrame,
    *,
    threshold: float = 1.0,
    sizes: pd.DataFrame | None = None,
    minimum_size: float = 0.0,
    states: pd.DataFrame | None = None,
    lower: pd.DataFrame | None = None,
    upper: pd.DataFrame | None = None,
) -> Presence:
    """M_rc = 1 where LQ_rc >= threshold and x_rc >= minimum_size; a quotient of exactly the threshold is in.

    Three-valued: a cell is absent as soon as one condition is known to fail (or its size is zero), present
    when both are known to hold, unknown otherwise. So a confidential or missing quotient is unknown, never
    absent, unless a known size below the floor already decides. A quotient from a handful of jobs is noise:
    give a floor.

    Args:
        quotients: regions × activities, location quotients, NaN where there is none.
        threshold: above 0.
        sizes: same labels in any order, persons or another count, NaN where not reported.
        minimum_size: 0 or more, in the unit of `sizes`; needs `sizes` when above 0.
        states: same labels; words of CELL_STATES, to count the unknown cells by reason. A cell whose state
            is not `reported` is unknown even where a number is given.
        lower, upper: same labels; bounds of the quotient where it is not known, NaN where there are none. A
            cell is absent if its upper bound is below the threshold, and reaches it if its lower bound does.

    Raises:
        BenchmarkInputError: no cells, duplicate labels, text, a negative or infinite number, labels that
            differ, an unknown state, a threshold or floor out of range, bounds that cross.

    Source: Balassa (1965), The Manchester School 33(2), for the threshold of 1; Hidalgo et al. (2007),
    Science 317, for M.

    >>> lq = pd.DataFrame({"C28": [1.0, 3.0, None], "I55": [0.9, 2.0, 1.5]}, index=["A", "B", "C"])
    >>> persons = pd.DataFrame({"C28": [900, 8, None], "I55": [70, 60, 80]}, index=["A", "B", "C"])
    >>> made = presence(lq, sizes=persons, minimum_size=50)
    >>> made.matrix.to_numpy().tolist()
    [[1.0, 0.0], [0.0, 1.0], [nan, 1.0]]
    >>> made.unknown_cells, made.below_minimum_size
    (1, 1)
    """
    if not (np.isfinite(threshold) and threshold > 0):
        raise BenchmarkInputError(
            f"{threshold} is no threshold", where="threshold", todo="Pass a finite number above 0."
        )
    if not (np.isfinite(minimum_size) and minimum_size >= 0) or (minimum_size > 0 and sizes is None):
        raise BenchmarkInputError(
            f"a floor of {minimum_size} cannot be applied",
            where="minimum_size",
            todo="Pass a finite number, 0 or more, and the sizes it refers to.",
        )
    quotient = counts(quotients, "quotients")
    size = np.full(quotient.shape, np.nan)
    if sizes is not None:
        size = counts(same_labels(sizes, quotients, "sizes"), "sizes")
    if states is not None:
        state = _state_words(same_labels(states, quotients, "states"))
        quotient = np.where(state == "reported", quotient, np.nan)
        size = np.where(state == "reported", size, np.nan)
    else:
        state = np.full(quotient.shape, "unstated", dtype=object)
    least, most = _bounds(quotient, quotients, lower, upper)
    too_small = (size < minimum_size) | (size == 0)
    size_open = np.isnan(size) if minimum_size > 0 else np.zeros(size.shape, dtype=np.bool_)
    reaches, falls_short = least >= threshold, most < threshold
    unknown = ~too_small & ~falls_short & (~reaches | size_open)
    value = np.where(unknown, np.nan, (reaches & ~too_small).astype(np.float64))
    bounded = np.isnan(quotient) & ~unknown & ~too_small
    return Presence(
        matrix=pd.DataFrame(value, index=quotients.index, columns=quotients.columns),
        unknown_cells=int(unknown.sum()),
        unknown_by_state=_tally(state[unknown]),
        below_minimum_size=int((reaches & too_small).sum()),
        decided_by_bounds=int(bounded.sum()),
        threshold=float(threshold),
        minimum_size=float(minimum_size),
    )


@checked
def without_unknown(M: pd.DataFrame, *, drop: Drop = "fewest") -> KnownPresence:  # noqa: N803
    """Leave out regions or activities until no unknown cell is left.

    `regions` leaves out every region with an unknown cell, `activities` every such activity. `fewest` leaves
    out, again and again, the line (region or activity) with the greatest share of unknown cells among those
    that remain; of equals an activity before a region, then the first label. A line that was left out early
    comes back if all its unknown cells were left out after it, regions before activities. It is a greedy
    rule, not the least possible loss, which would be hard to find and no more telling.

    Args:
        M: regions × activities of 1, 0 and NaN, see `presence`.
        drop: the rule.

    Raises:
        BenchmarkInputError: an unknown rule; nothing would be left; see `presence`.

    >>> M = pd.DataFrame({"C10": [1, 1, 0], "C28": [None, None, 1], "I55": [1, 0, 1]}, index=["A", "B", "C"])
    >>> kept = without_unknown(M)
    >>> kept.matrix.columns.tolist(), kept.dropped_activities, kept.unknown_cells
    (['C10', 'I55'], ('C28',), 2)
    """
    value = _three_valued(M)
    unknown = np.isnan(value)
    if drop == "fewest":
        regions, activities = _greedy(unknown, M)
    elif drop == "regions":
        regions, activities = np.asarray(~unknown.any(axis=1)), np.ones(unknown.shape[1], dtype=np.bool_)
    elif drop == "activities":
        regions, activities = np.ones(unknown.shape[0], dtype=np.bool_), np.asarray(~unknown.any(axis=0))
    else:
        raise BenchmarkInputError(
            f"{drop!r} is no rule", where="drop", todo="Use one of fewest, regions, activities."
        )
    if not (regions.any() and activities.any()):
        raise BenchmarkInputError(
            f"no line is without one of the {int(unknown.sum())} unknown cells",
            where="M",
            todo="Use drop='fewest', or compute both ways with spread_over_unknown.",
        )
    kept = pd.DataFrame(
        value[np.ix_(regions, activities)], index=M.index[regions], columns=M.columns[activities]
    )
    gone = (tuple(M.index[~regions]), tuple(M.columns[~activities]))
    return KnownPresence(kept, int(unknown.sum()), *gone, drop)


@checked
def spread_over_unknown(
    M: pd.DataFrame,  # noqa: N803
    measure: Callable[[pd.DataFrame], pd.DataFrame | pd.Series],
) -> SpreadOverUnknown:
    """A measure computed twice: with every unknown cell absent, and with every one present.

    The two results are the two extreme *assumptions*, not bounds: most measures of structure do not move one
    way with M, so some mixture of ones and zeros can lie outside. Read a wide spread as "the unknown cells
    decide this number". A measure of complexity needs an anchor here, or its sign may differ between the two.

    Args:
        M: regions × activities of 1, 0 and NaN, see `presence`.
        measure: a matrix of ones and zeros → a frame or series whose labels do not depend on the values.

    Raises:
        BenchmarkInputError: the measure labels its two results differently; see `presence`.

    >>> M = pd.DataFrame({"C10": [1, 1], "C28": [None, 1]}, index=["A", "B"])
    >>> spread = spread_over_unknown(M, lambda known: known.sum(axis=1).rename("diversity"))
    >>> spread.lower["diversity"].tolist(), spread.upper["diversity"].tolist(), spread.unknown_cells
    ([1.0, 2.0], [2.0, 2.0], 1)
    """
    value = _three_valued(M)
    unknown = np.isnan(value)
    results = []
    for assumed in (0.0, 1.0):
        known = pd.DataFrame(np.where(unknown, assumed, value), index=M.index, columns=M.columns)
        result = measure(known)
        results.append(result.to_frame() if isinstance(result, pd.Series) else result)
    absent, present = results
    if not (absent.index.equals(present.index) and absent.columns.equals(present.columns)):
        raise BenchmarkInputError(
            "the two results have different labels",
            where="measure",
            todo="Pass a measure that labels its result by the regions and activities of M.",
        )
    a, b = absent.to_numpy(dtype=np.float64), present.to_numpy(dtype=np.float64)
    lower = pd.DataFrame(np.minimum(a, b), index=absent.index, columns=absent.columns)
    upper = pd.DataFrame(np.maximum(a, b), index=absent.index, columns=absent.columns)
    return SpreadOverUnknown(lower, upper, absent, present, int(unknown.sum()))


def _three_valued(M: pd.DataFrame) -> FloatArray:  # noqa: N803
    value = numbers(M, "M")
    wrong = np.argwhere(~(np.isnan(value) | (value == 0) | (value == 1)))
    if wrong.size:
        row, column = (int(place) for place in wrong[0])
        raise BenchmarkInputError(
            f"{M.index[row]} × {M.columns[column]} holds {value[row, column]:g}",
            where="M",
            todo="Pass 1 for present, 0 for absent and NaN for unknown, as `presence` gives it.",
        )
    return value


def _greedy(unknown: BoolArray, M: pd.DataFrame) -> tuple[BoolArray, BoolArray]:  # noqa: N803
    row_order, column_order = label_order(M.index), label_order(M.columns)
    hidden = unknown[row_order][:, column_order].astype(np.int64)
    rows, columns = np.ones(hidden.shape[0], dtype=np.bool_), np.ones(hidden.shape[1], dtype=np.bool_)
    by_row, by_column = hidden.sum(axis=1), hidden.sum(axis=0)
    while by_row[rows].any():
        row, column = int(np.argmax(by_row * rows)), int(np.argmax(by_column * columns))
        # Compared as products of whole numbers: shares as fractions could tie or not by rounding.
        if by_column[column] * columns.sum() >= by_row[row] * rows.sum():
            columns[column] = False
            by_row -= hidden[:, column]
        else:
            rows[row] = False
            by_column -= hidden[row]
    rows = hidden[:, columns].sum(axis=1) == 0
    columns = hidden[rows].sum(axis=0) == 0
    kept_rows, kept_columns = np.empty_like(rows), np.empty_like(columns)
    kept_rows[row_order], kept_columns[column_order] = rows, columns
    return kept_rows, kept_columns


def _bounds(
    quotient: FloatArray, like: pd.DataFrame, lower: pd.DataFrame | None, upper: pd.DataFrame | None
) -> tuple[FloatArray, FloatArray]:
    """Least and greatest possible quotient; a known one is both."""
    ends = []
    for bound, name in ((lower, "lower"), (upper, "upper")):
        given = quotient if bound is None else counts(same_labels(bound, like, name), name)
        ends.append(np.where(np.isnan(quotient), given, quotient))
    crossed = np.argwhere(ends[0] > ends[1])
    if crossed.size:
        row, column = (int(place) for place in crossed[0])
        raise BenchmarkInputError(
            f"{like.index[row]} × {like.columns[column]} is at least {ends[0][row, column]:g} and at most "
            f"{ends[1][row, column]:g}",
            where="lower",
            todo="Exchange the bounds.",
        )
    return ends[0], ends[1]


def _state_words(states: pd.DataFrame) -> np.ndarray[tuple[int, ...], np.dtype[np.object_]]:
    words = states.to_numpy(dtype=object)
    strange = np.argwhere(~np.isin(words.astype(str), CELL_STATES))
    if strange.size:
        row, column = (int(place) for place in strange[0])
        raise BenchmarkInputError(
            f"{states.index[row]} × {states.columns[column]} is {words[row, column]!r}, no cell state",
            where="states",
            todo=f"Use one of {', '.join(CELL_STATES)}.",
        )
    return words


def _tally(words: np.ndarray[tuple[int, ...], np.dtype[np.object_]]) -> pd.Series:
    order = [*CELL_STATES, "unstated"]
    tally = {word: int((words == word).sum()) for word in order}
    return pd.Series({word: n for word, n in tally.items() if n}, dtype="int64", name="unknown_cells")
