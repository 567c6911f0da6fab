"""What a stack of draws says of ranks: places in short integers, how often each, who is above whom.

Belongs here: exact counts over all draws as array kernels, intervals over draws.
Does not: tables with labels (results), the draws (monte_carlo), competition ranks themselves
(composite.ranking).
"""

from typing import Final

import numpy as np
import numpy.typing as npt

from alp_pipeline.benchmark.cells import BenchmarkInputError, FloatArray, IntArray
from alp_pipeline.benchmark.composite.ranking import ranks
from alp_pipeline.benchmark.composite.uncertainty.spec import Classes

PlaceArray = npt.NDArray[np.int16]
UNRANKED: Final = 0
_MOST_UNITS: Final = 30_000
_TOGETHER: Final = 8  # draws compared at once: 8 × 334² bytes stay in the second-level cache


def places_of(scores: FloatArray) -> PlaceArray:
    """Competition ranks of each draw, 1 = the highest score, 0 where there is no score.

    Args:
        scores: (draws, units), NaN = no score.

    >>> places_of(np.array([[5.0, 9.0, np.nan, 5.0]])).tolist()
    [[2, 1, 0, 2]]
    """
    if scores.shape[-1] > _MOST_UNITS:
        raise BenchmarkInputError(
            f"there are {scores.shape[-1]} units", where="uncertainty", todo=f"Rank at most {_MOST_UNITS}."
        )
    return np.nan_to_num(ranks(scores), nan=float(UNRANKED)).astype(np.int16)


def above_counts(places: PlaceArray) -> IntArray:
    """In how many draws the unit of the row has the better rank than the unit of the column.

    Exact over all draws; a tie counts for neither, a draw counts only where both are ranked.

    Args:
        places: (draws, units) as of `places_of`.

    >>> above_counts(np.array([[1, 2, 0], [1, 1, 3]], dtype=np.int16)).tolist()
    [[0, 1, 1], [0, 0, 1], [0, 0, 0]]
    """
    unranked = places == UNRANKED
    row = np.where(unranked, np.int16(np.iinfo(np.int16).max), places)  # better than nobody
    column = np.where(unranked, np.int16(-1), places)  # nobody is better than an unranked unit
    units = places.shape[1]
    total: IntArray = np.zeros((units, units), dtype=np.int64)
    batch = np.zeros((units, units), dtype=np.uint16)
    for first in range(0, len(places), _TOGETHER):
        part = slice(first, first + _TOGETHER)
        better = np.less(row[part, :, None], column[part, None, :])
        batch += np.add.reduce(better.view(np.uint8), axis=0, dtype=np.uint8)
        if first % (1 << 15) == 0:  # uint16 holds 65,535 draws
            total += batch
            batch[:] = 0
    return np.asarray(total + batch)


def together_counts(places: PlaceArray) -> IntArray:
    """In how many draws both units are ranked, (units, units).

    >>> together_counts(np.array([[1, 2, 0], [1, 1, 3]], dtype=np.int16)).tolist()
    [[2, 2, 1], [2, 2, 1], [1, 1, 1]]
    """
    if (places != UNRANKED).all():
        return np.full((places.shape[1],) * 2, len(places), dtype=np.int64)
    # Counts below 2^53 are exact in floating point, in whatever order BLAS adds them.
    there = (places != UNRANKED).astype(np.float64)
    return np.asarray(there.T @ there, dtype=np.int64)


def place_counts(places: PlaceArray) -> IntArray:
    """In how many draws each unit has each rank, (units, ranks 1 … units).

    >>> place_counts(np.array([[1, 2], [1, 1], [2, 1]], dtype=np.int16)).tolist()
    [[2, 1], [2, 1]]
    """
    units = places.shape[1]
    counts = np.zeros((units, units + 1), dtype=np.int64)
    base = np.arange(units) * (units + 1)
    for first in range(0, len(places), 4096):
        cells = (places[first : first + 4096] + base).ravel()
        counts += np.bincount(cells, minlength=counts.size).reshape(counts.shape)
    return counts[:, 1:]


def class_counts(scores: FloatArray, places: PlaceArray, classes: Classes) -> IntArray:
    """In how many draws each unit is in each class, (units, classes), the highest class first.

    Quantile classes: of n ranked units the one of rank r is in class ⌊(r - 1) · number / n⌋ + 1, so that tied
    units stay together. Thresholds: a unit is in the highest class whose lower limit its score reaches.

    Raises:
        BenchmarkInputError: thresholds are in percent of the mean, and the mean of a draw is not positive.

    >>> scores = np.array([[90.0, 50.0, 10.0, 70.0]])
    >>> class_counts(scores, places_of(scores), Classes(number=2)).tolist()
    [[1, 0], [0, 1], [0, 1], [1, 0]]
    >>> class_counts(scores, places_of(scores), Classes(by="threshold", limits=(70, 20))).tolist()
    [[1, 0, 0], [0, 1, 0], [0, 0, 1], [1, 0, 0]]
    """
    number = classes.number if classes.by == "quantile" else len(classes.limits) + 1
    counts = np.zeros((scores.shape[1], number), dtype=np.int64)
    for first in range(0, len(scores), 4096):
        part = slice(first, first + 4096)
        member = class_numbers(scores[part], places[part], classes)
        for one in range(number):
            counts[:, one] += np.count_nonzero(member == one + 1, axis=0)
    return counts


def class_numbers(scores: FloatArray, places: PlaceArray, classes: Classes) -> IntArray:
    """The class of each unit in each draw, 1 = the highest; 0 where it is not ranked; see `class_counts`.

    Returns:
        (draws, units): 1 = the highest class, 0 where a unit has no rank.

    >>> scores = np.array([[90.0, np.nan, 10.0, 70.0]])
    >>> class_numbers(scores, places_of(scores), Classes(by="threshold", limits=(20,))).tolist()
    [[1, 0, 2, 1]]
    """
    ranked = places != UNRANKED
    if classes.by == "quantile":
        several = np.maximum(ranked.sum(axis=1, keepdims=True), 1)
        member = (places.astype(np.int64) - 1) * classes.number // several + 1
    else:
        level = scores
        if classes.percent_of_mean:
            mean = np.where(ranked, scores, 0.0).sum(axis=1, keepdims=True) / ranked.sum(
                axis=1, keepdims=True
            )
            if not (mean[ranked.any(axis=1)] > 0).all():
                raise BenchmarkInputError(
                    "the mean score of a draw is not positive, so nothing can be in percent of it",
                    where="uncertainty, classes",
                    todo="Take quantile classes, or normalise to a positive scale in every alternative.",
                )
            level = 100 * scores / mean
        limits = np.array(sorted(classes.limits))
        member = limits.size + 1 - np.searchsorted(limits, level, side="right")
    return np.where(ranked, member, 0).astype(np.int64)


def quantiles_over_draws(values: FloatArray, ends: tuple[float, ...]) -> FloatArray:
    """Quantiles of each unit over the draws in which it has a number, (ends, units); NaN without any.

    Linear interpolation (Hyndman & Fan 1996, type 7), as COINr's.

    >>> quantiles_over_draws(np.array([[1.0, np.nan], [3.0, np.nan]]), (0.5,)).tolist()
    [[2.0, nan]]
    """
    found = np.full((len(ends), values.shape[1]), np.nan)
    by_unit = np.ascontiguousarray(values.T)
    there = ~np.isnan(by_unit)
    whole = there.all(axis=1)
    if len(values):
        found[:, whole] = np.quantile(by_unit[whole], ends, axis=1)
    for unit in np.flatnonzero(~whole & there.any(axis=1)):
        found[:, unit] = np.quantile(by_unit[unit][there[unit]], ends)
    return found


def rank_statistics(counts: IntArray, ends: tuple[float, ...]) -> FloatArray:
    """Quantiles, mean, best and worst rank of each unit, from how often it has each; NaN without any.

    Args:
        counts: (units, ranks) as of `place_counts`. ends: of the quantiles, interpolated as by
            `quantiles_over_draws`.

    Returns:
        (ends + 3, units): the quantiles, the mean, the best, the worst.

    >>> rank_statistics(np.array([[1, 0, 3]]), (0.5,)).ravel().tolist()
    [3.0, 2.5, 1.0, 3.0]
    """
    draws = counts.sum(axis=1)
    below = np.cumsum(counts, axis=1)
    found = []
    for end in ends:
        place = np.maximum(draws - 1, 0) * end
        low, high = (
            1 + (below <= number[:, None]).sum(axis=1) for number in (np.floor(place), np.ceil(place))
        )
        found.append(low + (place - np.floor(place)) * (high - low))
    number = np.arange(1, counts.shape[1] + 1)
    found.append((counts * number).sum(axis=1) / np.maximum(draws, 1))
    found.append(1.0 + np.argmax(counts > 0, axis=1))
    found.append(counts.shape[1] - np.argmax(counts[:, ::-1] > 0, axis=1).astype(np.float64))
    return np.where(draws > 0, np.array(found), np.nan)
