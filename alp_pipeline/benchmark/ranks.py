"""Competition ranks: equal values share the best place, the next place counts them all.

Belongs here: ranking, what stays unranked, the count of those who could not be ranked.
Does not: deciding what the ranks mean (stars), rounding (done after ranking, by whoever prints).
"""

from collections.abc import Collection, Sequence

import numpy as np
import pandas as pd

from alp_pipeline.benchmark.cells import (
    BenchmarkInputError,
    BoolArray,
    FloatArray,
    IntArray,
    numbers_in,
    require_columns,
)
from alp_pipeline.benchmark.inputs import checked


@checked
def places(value: FloatArray, group: IntArray, taking_part: BoolArray) -> tuple[IntArray, IntArray]:
    """Best and worst place of each value in its group, the greatest value first; 0 for non-participants.

    The two differ for equal values: of two seconds the best place is 2 and the worst 3.

    Args:
        value: numbers, NaN only where not taking part.
        group: what each value is ranked among, same length.
        taking_part: who gets a place, same length.

    Raises:
        BenchmarkInputError: arrays of other lengths, a NaN that takes part.

    >>> best, worst = places(np.array([5.0, 9.0, 5.0]), np.zeros(3, dtype=np.int64), np.ones(3, dtype=bool))
    >>> best.tolist(), worst.tolist()
    ([2, 1, 2], [3, 1, 3])
    """
    if value.ndim != 1 or not value.shape == group.shape == taking_part.shape:
        raise BenchmarkInputError(
            f"values of shape {value.shape}, groups of {group.shape}, participants of {taking_part.shape}",
            where="value",
            todo="Pass three arrays of one length.",
        )
    if np.isnan(value[taking_part]).any():
        raise BenchmarkInputError(
            "a value that takes part is not a number", where="value", todo="Leave it out of taking_part."
        )
    best = np.zeros(value.size, dtype=np.int64)
    worst = np.zeros(value.size, dtype=np.int64)
    who = np.flatnonzero(taking_part)
    if not who.size:
        return best, worst
    # Two sorts take less time than one lexsort; equal values may come in any order, they share their places.
    by_value = who[np.argsort(-value[who])]
    order = by_value[np.argsort(group[by_value], kind="stable")]
    g, v = group[order], value[order]
    opens_group = np.append(True, g[1:] != g[:-1])
    opens_tie = opens_group | np.append(True, v[1:] != v[:-1])
    at = np.arange(order.size)
    group_start = np.maximum.accumulate(np.where(opens_group, at, 0))
    tie = np.cumsum(opens_tie) - 1
    tie_start = np.flatnonzero(opens_tie)
    tie_end = np.append(tie_start[1:], order.size)
    best[order] = tie_start[tie] - group_start + 1
    worst[order] = tie_end[tie] - group_start
    return best, worst


@checked
def rank_within(
    frame: pd.DataFrame,
    perimeter_regions: Collection[str],
    by: str = "location_quotient",
    minimum_size: float = 0.0,
    *,
    within: Sequence[str] = ("activity_code", "year"),
) -> pd.DataFrame:
    """Competition ranks of a perimeter's cells, greatest first, on unrounded values.

    Args:
        frame: the result of `specialisation`: `by`, value, cell_state, region_code and the columns of
            `within`. Any order; rows outside the perimeter may be there and stay unranked.
        perimeter_regions: the region codes that are ranked against each other.
        by: the column ranked; a cell where it is NaN is unranked.
        minimum_size: cells with a smaller `value` are unranked (a quotient of a handful of jobs is noise).
        within: what the rank is among: ("activity_code", "year") compares the regions of one activity,
            ("region_code", "year") the activities of one region.

    Returns:
        Indexed as `frame`: rank (Int32, null where unranked), ranked_cells (Int32, how many are ranked in
        the group) and confidential_cells (Int32, how many of the group are hidden). All null outside the
        perimeter. Since any hidden cell could come first, the true place lies between rank and
        rank + confidential_cells.

    Raises:
        BenchmarkInputError: a column is absent or holds text, `within` is empty.

    >>> frame = pd.DataFrame({"region_code": ["AT33", "ITH1", "ITC4", "ES11"], "activity_code": "I55",
    ...     "year": 2014, "value": [30e3, 25e3, 400, 9e3], "cell_state": "reported",
    ...     "location_quotient": [5.1, 8.0, 9.0, 2.0]})
    >>> rank_within(frame, ["AT33", "ITH1", "ITC4"], minimum_size=1000)["rank"].tolist()
    [2, 1, <NA>, <NA>]
    """
    require_columns(frame, ("region_code", "value", "cell_state", by, *within), "frame")
    if not within:
        raise BenchmarkInputError(
            "nothing says what a rank is among", where="within", todo="Name one or more columns."
        )
    inside = frame["region_code"].isin(set(perimeter_regions)).to_numpy()
    group = frame.groupby(list(within), sort=False, dropna=False).ngroup().to_numpy().astype(np.int64)
    value, size = numbers_in(frame[by], "frame"), numbers_in(frame["value"], "frame")
    ranked = inside & ~np.isnan(value) & (size >= minimum_size)
    hidden = inside & (frame["cell_state"] == "confidential").to_numpy()
    groups = int(group.max()) + 1 if group.size else 0
    best, _ = places(value, group, ranked)
    return pd.DataFrame(
        {
            "rank": _masked(best, ranked, frame.index),
            "ranked_cells": _masked(np.bincount(group[ranked], minlength=groups)[group], inside, frame.index),
            "confidential_cells": _masked(
                np.bincount(group[hidden], minlength=groups)[group], inside, frame.index
            ),
        }
    )


def _masked(numbers: IntArray, valid: BoolArray, index: pd.Index) -> pd.Series:
    return pd.Series(pd.arrays.IntegerArray(numbers.astype(np.int32), ~valid), index=index)
