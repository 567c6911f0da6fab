"""Copeland scores: who outranks whom, counted by the weight of the indicators that say so.

Belongs here: the outranking matrix, its scores, their bounds where numbers are only bounded.
Does not: levels of a framework (aggregate), other aggregations.
"""

import numpy as np

from alp_pipeline.benchmark.cells import FloatArray
from alp_pipeline.benchmark.composite.families import Families
from alp_pipeline.benchmark.composite.ranking import ascending_ranks

SCORES = ("sum", "wins")
_TIE = 1e-12  # weights like 0.1 + 0.2 - 0.3 do not cancel to the last bit


def outranking(values: FloatArray, weights: FloatArray, *, other: FloatArray | None = None) -> FloatArray:
    """Outranking matrix: the share of weight on which a unit is better, ties counting half.

    O_uv = Σ_i w_i (1[x_ui > x_vi] + ½ 1[x_ui = x_vi]) / Σ_i w_i over the indicators that both units have;
    O_uv + O_vu = 1. Two units without a common indicator are even: ½. The diagonal is 0.

    Args:
        values: (units, indicators), NaN = no number.
        weights: (indicators,), zero or more.
        other: what the columns of the matrix hold; `values` when omitted.

    Source: Munda (2008), Social Multi-Criteria Evaluation; OECD/JRC Handbook, ch. 1.6. COINr's outrankMatrix
    gives a pair with missing numbers a sum that depends on the order of units; this one does not.

    >>> outranking(np.array([[3.0, 1.0], [2.0, 1.0]]), np.array([1.0, 1.0])).tolist()
    [[0.0, 0.75], [0.25, 0.0]]
    """
    net, weight = _net(values, values if other is None else other, weights)
    with np.errstate(divide="ignore", invalid="ignore"):
        matrix = np.where(weight > 0, (1 + net / weight) / 2, 0.5)
    np.fill_diagonal(matrix, 0.0)
    return matrix


def copeland(
    values: FloatArray, weights: FloatArray, families: Families, *, score: str = "sum"
) -> FloatArray:
    """Copeland score of each unit in each parent.

    sum: the row sums of the outranking matrix (COINr's a_copeland), from 0 to units - 1; without missing
    numbers that is the weighted mean of (average rank - 1). wins: how many units it outranks by majority of
    weight less how many outrank it (Copeland 1951), from 1 - units to units - 1. Only the order of numbers
    matters, not their distances. A unit without any number has no score.

    Args:
        values: (..., units, children), NaN = no number. weights: (..., children). families: whose they are.

    Returns:
        (..., units, parents).

    >>> copeland(np.array([[3.0, 1.0], [2.0, 1.0], [1.0, 5.0]]), np.array([1.0, 1.0]), Families.of([0, 0]))
    array([[1.25],
           [0.75],
           [1.  ]])
    """
    gaps = np.isnan(values) & (weights > 0)[..., None, :]
    if score == "sum" and not gaps.any():
        places = np.swapaxes(ascending_ranks(np.swapaxes(values, -1, -2), "average"), -1, -2) - 1
        w = weights[..., None, :]
        counted = np.where(w > 0, places, 0.0) * w
        with np.errstate(divide="ignore", invalid="ignore"):
            return families.sums(counted) / families.sums(w)
    lead = np.broadcast_shapes(values.shape[:-2], weights.shape[:-1])
    all_values = np.broadcast_to(values, (*lead, *values.shape[-2:]))
    all_weights = np.broadcast_to(weights, (*lead, weights.shape[-1]))
    result = np.empty((*lead, values.shape[-2], families.parents))
    for place in np.ndindex(*lead):
        for parent, children in enumerate(families):
            own = all_values[place][:, children]
            result[(*place, slice(None), parent)] = _scores(own, own, all_weights[place][children], score)
    return result


def copeland_bounds(
    low: FloatArray, high: FloatArray, weights: FloatArray, families: Families, *, score: str = "sum"
) -> tuple[FloatArray, FloatArray]:
    """Lowest and highest Copeland score of each unit when numbers are only known to lie between two.

    A unit scores least when its own numbers are at their lower bounds and all others' at their upper ones.

    Args:
        low, high: (units, children); equal where the number is known, NaN in both where there is none.

    Returns:
        Two arrays (units, parents).

    >>> low, high = np.array([[1.0], [2.0]]), np.array([[3.0], [2.0]])
    >>> [bound.ravel().tolist() for bound in copeland_bounds(low, high, np.array([1.0]), Families.of([0]))]
    [[0.0, 0.0], [1.0, 1.0]]
    """
    lowest, highest = (np.empty((low.shape[0], families.parents)) for _ in range(2))
    for parent, children in enumerate(families):
        own_low, own_high, w = low[:, children], high[:, children], weights[children]
        lowest[:, parent] = _scores(own_low, own_high, w, score)
        highest[:, parent] = _scores(own_high, own_low, w, score)
    return lowest, highest


def _scores(values: FloatArray, other: FloatArray, weights: FloatArray, score: str) -> FloatArray:
    if score == "sum":
        scores: FloatArray = outranking(values, weights, other=other).sum(axis=1)
    else:
        net, weight = _net(values, other, weights)
        np.fill_diagonal(net, 0.0)
        scores = np.where(np.abs(net) > _TIE * weight, np.sign(net), 0.0).sum(axis=1)
    scores[(np.isnan(values) | (weights == 0)).all(axis=1)] = np.nan
    return scores


def _net(values: FloatArray, other: FloatArray, weights: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Weight for less weight against each pair, and the weight of the indicators that both have."""
    shape = (values.shape[0], other.shape[0])
    net, weight = np.zeros(shape), np.zeros(shape)
    # One indicator at a time: all at once would hold units² × indicators numbers.
    for number in np.flatnonzero(weights > 0):
        sign = np.sign(values[:, number, None] - other[None, :, number])
        known = ~np.isnan(sign)
        net += weights[number] * np.where(known, sign, 0.0)
        weight += weights[number] * known
    return net, weight
