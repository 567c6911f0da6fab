"""Bounds of aggregates whose indicators are only known to lie between two numbers.

Belongs here: for each method, the lowest and the highest aggregate that the bounds allow.
Does not: which cells are hidden (aggregate), the formulas (aggregation).
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from alp_pipeline.benchmark.cells import BoolArray, FloatArray
from alp_pipeline.benchmark.composite.aggregation import aggregated
from alp_pipeline.benchmark.composite.copeland import copeland_bounds
from alp_pipeline.benchmark.composite.families import Families
from alp_pipeline.benchmark.composite.mazziotta_pareto import mazziotta_pareto_bounds


def interval(
    low: FloatArray,
    high: FloatArray,
    hidden: BoolArray,
    weights: FloatArray,
    families: Families,
    learn: FloatArray,
    settings: Mapping[str, Any],
) -> tuple[FloatArray, FloatArray]:
    """Lowest and highest aggregate of each unit, everything but the hidden numbers being as it is.

    Every method rises with each number of the unit itself, so the ends of the aggregate are those of the
    numbers (for the Mazziotta–Pareto indices see there when). What a method learns from all units it learns
    from the known numbers; under copeland the hidden numbers of others move too, each to the end that is
    worst or best for the unit, a hidden number without bounds as far as it takes.

    Args:
        low, high: (units, children); bounds where hidden, NaN where it has none, else the number itself.
        hidden: (units, children).
        weights: (children,). families: whose they are.
        learn: (units', children), known numbers, NaN where hidden.
        settings: method, its parameters and availability_min.

    Returns:
        Two arrays (units, parents); NaN where a hidden number of weight has no bounds, or a bound lies
        outside what the method is defined for.

    >>> low, high = np.array([[10.0, 20.0]]), np.array([[10.0, 40.0]])
    >>> hidden, learn = np.array([[False, True]]), np.array([[10.0, np.nan]])
    >>> settings = {"method": "arithmetic", "availability_min": 0.0}
    >>> interval(low, high, hidden, np.ones(2), Families.of([0, 0]), learn, settings)
    (array([[15.]]), array([[25.]]))
    """
    own = {name: value for name, value in settings.items() if name not in ("method", "availability_min")}
    method, counted = settings["method"], weights > 0
    unbounded = hidden & np.isnan(low)
    if method == "copeland":
        least, most = np.where(unbounded, -np.inf, low), np.where(unbounded, np.inf, high)
        return copeland_bounds(least, most, weights, families, **own)
    undefined = counted & (unbounded | (hidden & _outside(low, method, own)))
    sure = families.sums(undefined.astype(np.float64)) == 0
    ends = [np.where(undefined, np.nan, end) for end in (low, high)]
    if method in ("mpi", "ampi"):
        found = mazziotta_pareto_bounds(
            ends[0], ends[1], weights, families, learn=learn, adjusted=method == "ampi", **own
        )
    else:
        found = tuple(  # type: ignore[assignment]
            aggregated(end, weights, families.membership, method, learn=learn, **own) for end in ends
        )
    # Hidden numbers are known to exist: with bounds they count as available.
    there = families.sums((~np.isnan(low) & counted).astype(np.float64))
    sure &= there / families.sums(counted.astype(np.float64)) >= settings["availability_min"]
    return np.where(sure, found[0], np.nan), np.where(sure, found[1], np.nan)


def _outside(low: FloatArray, method: str, own: Mapping[str, Any]) -> BoolArray:
    """Where a lower bound lies outside what the method is defined for."""
    power = {"geometric": 0.0, "harmonic": -1.0}.get(method, own.get("power", 1.0))
    if method in ("geometric", "harmonic", "generalised") and power != 1:
        return low < 0 if power > 0 else low <= 0
    if method == "benefit_of_the_doubt":
        return low <= 0 if own["share_min"] > 0 else low < 0
    return np.zeros(low.shape, dtype=np.bool_)
