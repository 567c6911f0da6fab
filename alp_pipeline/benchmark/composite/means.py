"""Weighted means of the children of each parent: arithmetic, geometric, harmonic, generalised.

Belongs here: the four formulas on arrays, what a missing number and a zero weight do to them.
Does not: other aggregations, the choice among methods (aggregation).
"""

from collections.abc import Sequence

import numpy as np

from alp_pipeline.benchmark.cells import BenchmarkInputError, FloatArray
from alp_pipeline.benchmark.composite.families import Families

Labels = tuple[Sequence[str], Sequence[str]]
"""Names of units and of children, for messages."""


def arithmetic(values: FloatArray, weights: FloatArray, families: Families) -> FloatArray:
    """Σ w x / Σ w over the children that have a number; NaN for a parent none of whose children has.

    >>> arithmetic(np.array([[1.0, 4.0], [np.nan, 4.0]]), np.array([2.0, 1.0]), Families.of([0, 0])).tolist()
    [[2.0], [4.0]]
    """
    # Weights stand for every unit of their draw: one axis more, so that they broadcast over units.
    w = weights[..., None, :]
    total, weight = families.sums(values * w), families.sums(w)
    if np.isnan(total).any():
        there = ~np.isnan(values)
        total = families.sums(np.where(there, values, 0.0) * w)
        weight = families.sums(there * w)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(weight > 0, total / weight, np.nan)


def geometric(
    values: FloatArray, weights: FloatArray, families: Families, *, labels: Labels | None = None
) -> FloatArray:
    """exp(Σ w ln x / Σ w); every x that counts must be positive.

    >>> geometric(np.array([[1.0, 4.0]]), np.array([1.0, 1.0]), Families.of([0, 0])).tolist()
    [[2.0]]
    """
    _require_positive(values, "geometric", labels)
    return np.exp(arithmetic(np.log(values), weights, families))


def harmonic(
    values: FloatArray, weights: FloatArray, families: Families, *, labels: Labels | None = None
) -> FloatArray:
    """Σ w / Σ (w / x); every x that counts must be positive.

    >>> harmonic(np.array([[1.0, 4.0]]), np.array([1.0, 1.0]), Families.of([0, 0])).tolist()
    [[1.6]]
    """
    _require_positive(values, "harmonic", labels)
    return 1.0 / arithmetic(1.0 / values, weights, families)


def generalised(
    values: FloatArray,
    weights: FloatArray,
    families: Families,
    *,
    power: float,
    labels: Labels | None = None,
) -> FloatArray:
    """(Σ w x^p / Σ w)^(1/p); p = 1, 0, -1 are the arithmetic, geometric and harmonic mean.

    x must be positive, for p > 0 it may be zero, for p = 1 it may be anything.

    >>> generalised(np.array([[1.0, 7.0]]), np.array([1.0, 1.0]), Families.of([0, 0]), power=2).tolist()
    [[5.0]]
    """
    if power == 1:
        return arithmetic(values, weights, families)
    if power == 0:
        return geometric(values, weights, families, labels=labels)
    if power == -1:
        return harmonic(values, weights, families, labels=labels)
    _require_positive(values, f"generalised (power {power:g})", labels, zero_too=power > 0)
    # Relative to the largest (p > 0) or smallest number, x^p is between 0 and 1 for any p; expm1 and log1p
    # keep the digits that x^p - 1 would lose for p near 0.
    extreme = families.largest(values) if power > 0 else families.smallest(values)
    extreme = np.where(extreme == 0, 1.0, extreme)
    with np.errstate(divide="ignore"):
        apart = np.expm1(power * np.log(values / families.to_children(extreme)))
        return extreme * np.exp(np.log1p(arithmetic(apart, weights, families)) / power)


def _require_positive(
    values: FloatArray, mean: str, labels: Labels | None, *, zero_too: bool = False
) -> None:
    """Refuse the first number that the mean is not defined for."""
    wrong = values < 0 if zero_too else values <= 0
    if not wrong.any():
        return
    place = np.argwhere(wrong)[0]
    unit, child = int(place[-2]), int(place[-1])
    name = f"the unit {unit + 1} × number {child + 1}"
    if labels is not None:
        name = f"{labels[0][unit]} × {labels[1][child]}"
    raise BenchmarkInputError(
        f"{name} is {values[tuple(place)]:g}; the {mean} mean needs numbers "
        + ("of zero or more" if zero_too else "greater than zero"),
        where="aggregate",
        todo="Normalise to a positive scale, e.g. minmax from 1 to 100, or take the arithmetic mean.",
    )
