"""Limits that outliers are drawn in to: winsorising, mean ± k standard deviations.

Belongs here: the limits of each column as array kernels. Does not: which column has outliers (treatment).
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from alp_pipeline.benchmark.cells import BoolArray, FloatArray, IntArray
from alp_pipeline.benchmark.composite.moments import shape_of

Fails = Callable[[FloatArray, FloatArray], BoolArray]
"""Of skewness and excess kurtosis: whether a column needs treatment; False where they are NaN."""


@dataclass(frozen=True)
class Limits:
    """The smallest and greatest number that stay as they are, for each of some columns."""

    low: FloatArray
    high: FloatArray
    exclude: bool = False

    def __call__(self, columns: FloatArray) -> FloatArray:
        """What lies outside takes the value of the limit, or NaN with `exclude`; (columns, units)."""
        low, high = self.low[:, None], self.high[:, None]
        if self.exclude:
            return np.where(self.outside(columns), np.nan, columns)
        return np.clip(columns, low, high)

    def outside(self, columns: FloatArray) -> BoolArray:
        """Which numbers lie outside."""
        return (columns < self.low[:, None]) | (columns > self.high[:, None])

    def points(self, columns: FloatArray) -> IntArray:
        """How many numbers of each column lie outside."""
        return np.asarray(np.count_nonzero(self.outside(columns), axis=-1))

    def taken(self, chosen: BoolArray) -> "Limits":
        """The same limits for some of their columns."""
        return replace(self, low=self.low[chosen], high=self.high[chosen])


def winsorised(
    columns: FloatArray, skew: FloatArray, *, fails: Fails, max_points: int | None, forced: bool
) -> tuple[Limits, FloatArray, FloatArray]:
    """Winsorise columns until they pass, and their skewness and excess kurtosis then.

    In each round the most extreme number, at the end to which the skewness points (the upper one for zero),
    takes the value of the next one; all numbers tied with it do so together, so that the last round may go
    beyond `max_points`. A column ends when it passes, when `max_points` numbers have been moved, or before
    all its numbers would become equal.

    Args:
        columns: (columns, units), NaN where there is no number; each with a skewness.
        skew: their skewness.
        fails: what has not passed.
        max_points: None for no limit.
        forced: go on to `max_points` even if a column passes.

    >>> tail = np.array([[1.0, 2.0, 3.0, 4.0, 5.0, 100.0]])
    >>> limits, _, _ = winsorised(tail, np.array([2.4]), fails=lambda skew, kurtosis: skew > 2,
    ...                           max_points=5, forced=False)
    >>> limits(tail).tolist()
    [[1.0, 2.0, 3.0, 4.0, 5.0, 5.0]]
    """
    many = columns.shape[0]
    limits = Limits(np.full(many, -np.inf), np.full(many, np.inf))
    skew, kurtosis = skew.copy(), np.full(many, np.nan)
    at = np.arange(many)
    most = columns.shape[-1] if max_points is None else max_points
    for round_ in range(most):
        x = columns[at]
        y = Limits(limits.low[at], limits.high[at])(x)
        upper = skew[at] >= 0
        limit, stays = _next_extreme(y, upper)
        at, x, y, upper, limit = at[stays], x[stays], y[stays], upper[stays], limit[stays]
        limits.high[at] = np.where(upper, limit, limits.high[at])
        limits.low[at] = np.where(upper, limits.low[at], limit)
        reached = Limits(limits.low[at], limits.high[at])
        skew[at], kurtosis[at] = shape_of(reached(x))
        unsettled = (fails(skew[at], kurtosis[at]) | forced) & (reached.points(x) < most)
        at = at[unsettled]
        if not at.size or round_ == most - 1:
            break
    untouched = np.isinf(limits.low) & np.isinf(limits.high)
    if untouched.any():
        _, kurtosis[untouched] = shape_of(columns[untouched])
    return limits, skew, kurtosis


def deviation_limits(columns: FloatArray, k: float, *, exclude: bool) -> Limits:
    """The extreme numbers among those within mean ± k sample standard deviations, k >= 1.

    Of the European Innovation Scoreboard: 2 standard deviations and the next extreme value; of its 2008
    edition 3, excluded from minimum and maximum. One pass: what is outside after it stays.

    >>> deviation_limits(np.array([[1.0, 2.0, 3.0, 4.0, 5.0, 100.0]]), 2.0, exclude=False).high.tolist()
    [5.0]
    """
    n = np.count_nonzero(~np.isnan(columns), axis=-1)
    known = np.where(np.isnan(columns), 0.0, columns)
    mean = known.sum(axis=-1) / n
    deviation = np.where(np.isnan(columns), 0.0, columns - mean[:, None])
    sd = np.sqrt((deviation * deviation).sum(axis=-1) / (n - 1))
    inside = np.abs(columns - mean[:, None]) <= (k * sd)[:, None]
    low = np.where(inside, columns, np.inf).min(axis=-1)
    high = np.where(inside, columns, -np.inf).max(axis=-1)
    return Limits(low, high, exclude)


def _next_extreme(y: FloatArray, upper: BoolArray) -> tuple[FloatArray, BoolArray]:
    """The number next to the extreme one, and whether it is not the last one left."""
    towards = np.where(upper, 1.0, -1.0)
    away = y * towards[:, None]
    away[np.isnan(away)] = -np.inf
    extreme = away.max(axis=-1)
    following = np.where(away < extreme[:, None], away, -np.inf).max(axis=-1)
    other_end = np.where(np.isinf(away), np.inf, away).min(axis=-1)
    return following * towards, following > other_end
