"""Ranks of units: within the whole table, within a year, within a group, and as intervals.

Belongs here: competition ranks of scores, best score first, on unrounded numbers; the ranks that hidden
scores leave possible. Does not: scores (aggregate), ranks as a way to normalise an indicator (normalisation
takes the kernel from here), how ranks vary over draws (uncertainty).
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from alp_pipeline.benchmark.cells import BenchmarkInputError, FloatArray
from alp_pipeline.benchmark.composite.parameters import require_choice
from alp_pipeline.benchmark.composite.units import UnitTable
from alp_pipeline.benchmark.inputs import checked

TIES = ("min", "average", "max")


def ascending_ranks(values: FloatArray, ties: str = "min") -> FloatArray:
    """Ranks along the last axis, 1 = the smallest number; NaN where there is no number.

    Args:
        values: (..., units), NaN = no number; any leading axes, each row ranked on its own.
        ties: equal numbers all get the smallest of their places (min), the largest (max) or the mean.

    Returns:
        Same shape, float64.

    >>> ascending_ranks(np.array([30.0, 10.0, np.nan, 10.0])).tolist()
    [3.0, 1.0, nan, 1.0]
    >>> ascending_ranks(np.array([30.0, 10.0, np.nan, 10.0]), "average").tolist()
    [3.0, 1.5, nan, 1.5]
    """
    order = np.argsort(values, axis=-1)
    in_order = np.take_along_axis(values, order, axis=-1)
    place = np.arange(values.shape[-1], dtype=np.intp)
    # NaN sorts last and differs from itself: what is masked below never shares a tie with a number.
    differs = in_order[..., 1:] != in_order[..., :-1]
    total = np.zeros(values.shape, dtype=np.float64)
    if ties != "max":
        opens = np.zeros(values.shape, dtype=np.intp)
        np.multiply(differs, place[1:], out=opens[..., 1:])
        total += np.maximum.accumulate(opens, axis=-1) + 1
    if ties != "min":
        closes = np.full(values.shape, values.shape[-1], dtype=np.intp)
        closes[..., :-1] = np.where(differs, place[1:], values.shape[-1])
        total += np.minimum.accumulate(closes[..., ::-1], axis=-1)[..., ::-1]
    if ties == "average":
        total /= 2
    ranks = np.empty_like(total)
    np.put_along_axis(ranks, order, total, axis=-1)
    if values.shape[-1] and np.isnan(in_order[..., -1]).any():
        ranks[np.isnan(values)] = np.nan
    return ranks


def ranks(scores: FloatArray) -> FloatArray:
    """Competition ranks along the last axis, 1 = the highest score, equal scores sharing the best place.

    Args:
        scores: (..., units), unrounded; NaN = no score.

    Returns:
        Same shape, float64; NaN where there is no score, which takes no place from anyone.

    >>> ranks(np.array([5.0, 9.0, np.nan, 5.0])).tolist()
    [2.0, 1.0, nan, 2.0]
    """
    return ascending_ranks(-np.asarray(scores, dtype=np.float64))


@checked
def rank_table(
    units: UnitTable, codes: Sequence[str] | None = None, *, group: str | None = None
) -> pd.DataFrame:
    """Ranks of units by each code, within each year of a panel and, if asked, within each group.

    Rank 1 is the highest number; equal numbers share the best rank, and the next rank counts them all.
    Ranks come from the numbers as they are: round afterwards.

    Args:
        units: scores (indicators or aggregates; for an indicator the highest number is not always the best:
            rank normalised ones).
        codes: the columns to rank; all when omitted.
        group: a group column; units are then ranked among those of their group, and a unit without a group
            gets no rank.

    Returns:
        Labelled as the scores, Int32; null where there is no score (missing or undetermined).

    Raises:
        BenchmarkInputError: a code or the group is not in the table.

    >>> from alp_pipeline.benchmark.composite.framework import Framework
    >>> framework = Framework.of(pd.DataFrame({"code": ["Index"], "level": 1, "parent": None, "direction": 1,
    ...                                        "type": "Indicator"}))
    >>> data = pd.DataFrame({"unit": ["AT", "CH", "SI", "FR"], "Index": [50, 70, ":c", 50]})
    >>> rank_table(UnitTable.of(data, framework))["Index"].tolist()
    [2, 1, <NA>, 2]
    """
    chosen = units.only(units.codes if codes is None else codes)
    keys = [_times(units), _members(units, group)]
    lot = pd.DataFrame({"time": keys[0], "member": keys[1]}).groupby(["time", "member"], dropna=True).ngroup()
    table = np.full(chosen.array.shape, np.nan)
    for number in range(int(lot.max()) + 1 if len(lot) else 0):
        rows = np.flatnonzero(lot.to_numpy() == number)
        table[rows] = ranks(chosen.array[rows].T).T
    return _whole(pd.DataFrame(table, index=units.index, columns=chosen.values.columns))


@checked
def rank_intervals(units: UnitTable, code: str) -> pd.DataFrame:
    """The best and the worst rank that each unit can have, given what is hidden.

    A score that is undetermined may lie anywhere between its bounds, or anywhere at all where it has none;
    so may its rank, and so may the ranks of those it could be above or below. A unit whose score is missing
    for another reason takes no part. Best = 1 + units certainly above; worst = 1 + units possibly above.

    Args:
        units: scores as `aggregate` gives them, with `lower` and `upper` where scores are intervals.
        code: the column to rank.

    Returns:
        Labelled as the units: rank_best, rank_worst (Int32; null for units that take no part). They are equal
        where the rank is certain. Ranks are within each year of a panel.

    Raises:
        BenchmarkInputError: the code is not in the table.

    >>> from alp_pipeline.benchmark.composite.framework import Framework
    >>> framework = Framework.of(pd.DataFrame({"code": ["Index"], "level": 1, "parent": None, "direction": 1,
    ...                                        "type": "Indicator"}))
    >>> data = pd.DataFrame({"unit": ["AT", "CH", "SI"], "Index": [50, 70, ":c"]})
    >>> at_least_60 = pd.DataFrame({"Index": [60.0]}, index=["SI"])
    >>> table = UnitTable.of(data, framework, lower=at_least_60, upper=at_least_60 + 40)
    >>> rank_intervals(table, "Index").values.tolist()
    [[3, 3], [1, 2], [1, 2]]
    """
    chosen = units.only([code])
    score = chosen.array[:, 0]
    hidden = chosen.states[code].isin(["confidential", "undetermined"]).to_numpy()
    low, high = _bounds(chosen, "lower", -np.inf), _bounds(chosen, "upper", np.inf)
    low, high = np.where(hidden, low, score), np.where(hidden, high, score)
    taking_part = ~np.isnan(low)
    times, table = _times(units), np.full((len(score), 2), np.nan)
    for time in pd.unique(times):
        rows = np.flatnonzero((times == time) & taking_part)
        certainly = low[rows][None, :] > high[rows][:, None]
        possibly = high[rows][None, :] > low[rows][:, None]
        np.fill_diagonal(possibly, False)
        table[rows] = 1 + np.stack([certainly.sum(axis=1), possibly.sum(axis=1)], axis=1)
    return _whole(pd.DataFrame(table, index=units.index, columns=["rank_best", "rank_worst"]))


def require_ties(ties: object, where: str) -> str:
    """The rule for ties, if it is one of TIES.

    Raises:
        BenchmarkInputError: it is none of them, naming `where`.

    >>> require_ties("min", "ranks")
    'min'
    """
    return require_choice(ties, TIES, name="rule for ties", where=where)


def _times(units: UnitTable) -> np.ndarray:
    if units.is_panel:
        return np.asarray(units.index.get_level_values(1))
    return np.zeros(len(units.index), dtype=np.int64)


def _members(units: UnitTable, group: str | None) -> pd.Series:
    if group is None:
        return pd.Series("", index=range(len(units.index)), dtype="str")
    if group not in units.groups.columns:
        raise BenchmarkInputError(
            f"{group!r} is not a group", where="ranks", todo=f"Use one of {', '.join(units.groups.columns)}."
        )
    return units.groups[group].reset_index(drop=True)


def _bounds(units: UnitTable, name: str, otherwise: float) -> FloatArray:
    frame: pd.DataFrame | None = getattr(units, name)
    if frame is None:
        return np.full(len(units.index), otherwise)
    bound = frame.iloc[:, 0].to_numpy(dtype=np.float64)
    return np.where(np.isnan(bound), otherwise, bound)


def _whole(numbers: pd.DataFrame) -> pd.DataFrame:
    return numbers.astype("Int32")
