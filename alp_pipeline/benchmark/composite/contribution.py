"""One aggregation taken apart: what each child adds to the difference of two of its parent's scores.

Belongs here: closed forms for the means, Shapley values for the rest, on the children of one parent.
Does not: the tree, labels (decomposition), the aggregations themselves (aggregation).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property, partial
from math import factorial
from typing import Any

import numpy as np

from alp_pipeline.benchmark.cells import BoolArray, FloatArray, IntArray
from alp_pipeline.benchmark.composite.aggregation import MEANS, aggregated

EXACT_CHILDREN = 10
"""Up to so many children every coalition is evaluated: 1024 at ten."""
_ALIKE = 1e-7  # below this relative difference a slope is the derivative: the quotient would lose its digits


@dataclass(frozen=True, eq=False)
class Side:
    """One of the two scores: of a unit among the units it is compared with.

    Attributes:
        values: (children,) the unit's numbers, NaN = none.
        weights: (children,).
        score: of the parent.
        known: (units, children), what methods that compare units compare with.
        settings: parameters of the method.
    """

    values: FloatArray
    weights: FloatArray
    score: float
    known: FloatArray
    settings: Mapping[str, Any] = field(default_factory=dict)

    @cached_property
    def shares(self) -> FloatArray:
        """Weights of the children that have a number, adding up to 1; 0 for the others."""
        weights = np.where(np.isnan(self.values), 0.0, self.weights)
        shares: FloatArray = weights / weights.sum()
        return shares

    def compares_like(self, other: "Side") -> bool:
        """Whether a unit would get the same score on both sides."""
        return (
            np.array_equal(self.weights, other.weights)
            and np.array_equal(self.known, other.known, equal_nan=True)
            and self.settings == other.settings
        )


@dataclass(frozen=True, eq=False)
class Parts:
    """difference = Σ slope · (difference of the child) + Σ unequal + remainder.

    Attributes:
        slopes: (children,) of children that both sides have; 0 for the others.
        unequal: (children,) what comes from a child's unequal weight on the two sides: because one of them
            lacks a number, or because weights were changed.
        remainder: what no child accounts for.
    """

    slopes: FloatArray
    unequal: FloatArray
    remainder: float


def parts_of(a: Side, b: Side, method: str) -> Parts:
    """Take the difference of two scores of a parent, a - b, apart.

    The four means are g⁻¹(Σ w g(x)) with g the identity, ln, 1/x or x^p. Then, exactly,

        a - b = L · Σ w̄_i Δg(x_i) + L · Σ Δw_i (ḡ(x_i) - ḡ),   L = (a - b) / (g(a) - g(b)),

    bars being means of both sides. For the arithmetic mean that is Σ w_i (x_ai - x_bi); for the geometric one
    it is the logarithmic-mean Divisia decomposition (Ang 2004). A child that one side lacks has the weight 0
    there. There is no remainder.

    The other methods compare units. Each child gets its Shapley value: the mean, over all orders in which
    the unit's numbers can be exchanged for the other one's, of what exchanging that child changes, the other
    units as they are. All orders are covered up to EXACT_CHILDREN children; beyond, all rotations of one
    order and of its reverse, which also add up. If the two sides are compared with different units or
    weights, the mean of both comparisons is taken; what it leaves is the remainder. Where an exchange has no
    score everything is remainder.

    Sources: Ang (2004), Energy Policy 32(9); Shapley (1953); Sprumont (1990) on orders.

    >>> known = np.array([[1.0, 4.0], [4.0, 16.0]])
    >>> low, high = (Side(x, np.ones(2), float(np.sqrt(x.prod())), known) for x in known)
    >>> parts = parts_of(high, low, "geometric")
    >>> (parts.slopes * (high.values - low.values)).round(3).tolist(), high.score - low.score
    ([3.0, 3.0], 6.0)
    """
    return _of_means(a, b, method) if method in MEANS else _of_units(a, b, method)


def _of_means(a: Side, b: Side, method: str) -> Parts:
    g, derivative = _transformed(method, a.settings.get("power"))
    counted_a, counted_b = a.shares > 0, b.shares > 0
    values_a, values_b = np.where(counted_a, a.values, np.nan), np.where(counted_b, b.values, np.nan)
    scale = 1 / float(_rise(np.array([a.score]), np.array([b.score]), g, derivative)[0])
    middle = (float(g(np.array([a.score]))[0]) + float(g(np.array([b.score]))[0])) / 2
    both = counted_a & counted_b
    slopes = np.where(both, (a.shares + b.shares) / 2 * _rise(values_a, values_b, g, derivative), 0.0)
    ga, gb = g(values_a), g(values_b)
    apart = np.where(counted_a, a.shares * (ga - middle), 0.0) - np.where(
        counted_b, b.shares * (gb - middle), 0.0
    )
    unequal = np.where(both, (a.shares - b.shares) * ((ga + gb) / 2 - middle), apart)
    slopes, unequal = _finite(scale * slopes), _finite(scale * unequal)
    return Parts(slopes, unequal, 0.0)


def _of_units(a: Side, b: Side, method: str) -> Parts:
    players = np.flatnonzero((a.shares > 0) | (b.shares > 0))
    values = np.zeros(a.values.shape)
    sides = (a,) if a.compares_like(b) else (a, b)
    for side in sides:
        gains = _shapley(a.values, b.values, players, partial(_scores, side=side, method=method))
        values[players] += gains / len(sides)
    if np.isnan(values).any():
        values = np.zeros(values.shape)
    apart = a.values - b.values
    both = ~np.isnan(apart)
    with np.errstate(divide="ignore", invalid="ignore"):
        slopes = np.where(both & (apart != 0), values / apart, 0.0)
    unequal = np.where(both, 0.0, values)
    return Parts(slopes, unequal, a.score - b.score - float(values.sum()))


def _shapley(
    a: FloatArray, b: FloatArray, players: IntArray, scores: Callable[[FloatArray], FloatArray]
) -> FloatArray:
    n = players.size
    if n > EXACT_CHILDREN:
        return _over_rotations(a, b, players, scores)
    taken = (np.arange(2**n)[:, None] >> np.arange(n)) & 1 == 1
    worth = scores(_mixed(a, b, players, taken))
    size = taken.sum(axis=1)
    share = np.array([factorial(s) * factorial(max(n - s - 1, 0)) / factorial(n) for s in range(n + 1)])
    gains = np.empty(n)
    for player in range(n):
        without = np.flatnonzero(~taken[:, player])
        gains[player] = (share[size[without]] * (worth[without | 1 << player] - worth[without])).sum()
    return gains


def _over_rotations(
    a: FloatArray, b: FloatArray, players: IntArray, scores: Callable[[FloatArray], FloatArray]
) -> FloatArray:
    n = players.size
    gains = np.zeros(n)
    for order in [np.roll(way, turn) for way in (np.arange(n), np.arange(n)[::-1]) for turn in range(n)]:
        place = np.argsort(order)
        taken = place[None, :] < np.arange(n + 1)[:, None]
        gains[order] += np.diff(scores(_mixed(a, b, players, taken)))
    return gains / (2 * n)


def _mixed(a: FloatArray, b: FloatArray, players: IntArray, taken: BoolArray) -> FloatArray:
    """(coalitions, children): a's number where taken, b's elsewhere."""
    mixed = np.broadcast_to(b, (taken.shape[0], b.size)).copy()
    mixed[:, players] = np.where(taken, a[players], b[players])
    return mixed


def _scores(values: FloatArray, *, side: Side, method: str) -> FloatArray:
    """The score that each row of numbers would have among the units of a side."""
    one_parent = np.zeros(values.shape[-1], dtype=np.int64)
    if method != "copeland":
        rows = aggregated(values, side.weights, one_parent, method, learn=side.known, **side.settings)
        return rows[:, 0]
    # Copeland learns nothing: the row joins the table, where it also meets the unit itself, a tie.
    table = np.broadcast_to(side.known, (values.shape[0], *side.known.shape))
    joined = np.concatenate([table, values[:, None, :]], axis=1)
    scores = aggregated(joined, side.weights, one_parent, method, **side.settings)[:, -1, 0]
    return scores - (0.5 if side.settings.get("score", "sum") == "sum" else 0.0)


def _transformed(
    method: str, power: float | None
) -> tuple[Callable[[FloatArray], FloatArray], Callable[[FloatArray], FloatArray]]:
    """g and its derivative."""
    p = {"arithmetic": 1.0, "geometric": 0.0, "harmonic": -1.0}.get(method, power)
    if p is None or p == 1:
        return (lambda x: x), np.ones_like
    if p == 0:
        return np.log, lambda x: 1 / x
    return (lambda x: x**p), lambda x: p * x ** (p - 1)


def _rise(
    a: FloatArray,
    b: FloatArray,
    g: Callable[[FloatArray], FloatArray],
    derivative: Callable[[FloatArray], FloatArray],
) -> FloatArray:
    """(g(a) - g(b)) / (a - b), its limit where a and b are alike."""
    alike = np.abs(a - b) <= _ALIKE * np.maximum(np.abs(a), np.abs(b))
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(alike, derivative((a + b) / 2), (g(a) - g(b)) / np.where(alike, 1.0, a - b))


def _finite(numbers: FloatArray) -> FloatArray:
    # A power mean at zero on both sides has an endless slope, and a child whose difference is zero.
    return np.where(np.isfinite(numbers), numbers, 0.0)
