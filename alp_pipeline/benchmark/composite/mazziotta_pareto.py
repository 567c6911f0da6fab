"""Mazziotta–Pareto index and its adjusted form: a mean less a penalty for unbalanced profiles.

Belongs here: both standardisations, the penalty, bounds of the index where numbers are only bounded.
Does not: other aggregations, levels of a framework (aggregate).
"""

from collections.abc import Sequence

import numpy as np

from alp_pipeline.benchmark.cells import BenchmarkInputError, BoolArray, FloatArray
from alp_pipeline.benchmark.composite.families import Families
from alp_pipeline.benchmark.composite.means import arithmetic

PENALTIES = ("minus", "plus")


def mpi(
    values: FloatArray,
    weights: FloatArray,
    families: Families,
    *,
    penalty: str = "minus",
    learn: FloatArray | None = None,
    labels: Sequence[str] | None = None,
) -> FloatArray:
    """Mazziotta–Pareto index: MPI = M ∓ S · cv with cv = S / M, of z = 100 + 10 (x - mean) / sd.

    M and S are mean and standard deviation of a unit's standardised numbers over the children; mean and sd
    those of a child over the units. Both standard deviations are the population's (divided by n), as
    published. With unequal weights M and S are the weighted ones; equal weights are the published index.

    Args:
        values: (..., units, children), higher is better; NaN = no number, the unit's M and S are of the rest.
        weights: (..., children). families: whose they are.
        penalty: minus for an index of something good, plus for one of something bad.
        learn: (..., units, children), the numbers that mean and sd are taken from; `values` when omitted.

    Returns:
        (..., units, parents).

    Raises:
        BenchmarkInputError: a child is constant, or a unit's mean is not positive.

    Source: De Muro, Mazziotta, Pareto (2011), Social Indicators Research 104(1).

    >>> mpi(np.array([[1.0, 3.0], [3.0, 1.0], [2.0, 2.0]]), np.ones(2), Families.of([0, 0])).round(3).tolist()
    [[98.5], [98.5], [100.0]]
    """
    z = _standardised(values, values if learn is None else learn, labels)
    _require_positive_means(z, weights, families)
    return _penalised(z, weights, families, penalty)


def ampi(
    values: FloatArray,
    weights: FloatArray,
    families: Families,
    *,
    penalty: str = "minus",
    reference: str | int = "mean",
    learn: FloatArray | None = None,
    labels: Sequence[str] | None = None,
) -> FloatArray:
    """Adjusted Mazziotta–Pareto index: AMPI = M ∓ S · cv of r = 60 (x - Min) / (Max - Min) + 70.

    Goalposts: Min = Ref - Δ, Max = Ref + Δ with Δ = (largest - smallest) / 2, so that the reference is 100
    and the range about 70 to 130. With goalposts learnt from a base year, or from all, values of different
    years are comparable in absolute terms, which those of the MPI are not. M, S and weights as for `mpi`.

    Args:
        values, weights, families, penalty: as for `mpi`.
        reference: "mean" of the numbers learnt from, or the position of a unit among them.
        learn: the numbers that goalposts are taken from; `values` when omitted.

    Raises:
        BenchmarkInputError: a child is constant, the reference unit lacks a number, or a unit's mean is not
            positive.

    Source: Mazziotta, Pareto (2016), Social Indicators Research 127(3); (2018), same, 136(3).

    >>> ampi(np.array([[0.0, 0.0], [2.0, 2.0], [1.0, 1.0]]), np.ones(2), Families.of([0, 0])).ravel().tolist()
    [70.0, 130.0, 100.0]
    """
    r = _between_goalposts(values, values if learn is None else learn, reference, labels)
    _require_positive_means(r, weights, families)
    return _penalised(r, weights, families, penalty)


def mazziotta_pareto_bounds(
    low: FloatArray,
    high: FloatArray,
    weights: FloatArray,
    families: Families,
    *,
    learn: FloatArray,
    adjusted: bool,
    penalty: str = "minus",
    reference: str | int = "mean",
) -> tuple[FloatArray, FloatArray]:
    """Lowest and highest MPI or AMPI of units whose numbers are only known to lie between two.

    With Q the mean of z², M ∓ S²/M is 2M - Q/M or Q/M. The first rises with z_j while z_j < M (3 + cv²) / 2,
    for which z_j < 1.5 M suffices; the second while z_j > Q / 2M. Where that surely holds between the two
    ends (in practice within five standard deviations of the mean) the ends of the index are those of the
    numbers; elsewhere there are no bounds (NaN).

    Args:
        low, high: (units, children); equal where the number is known, NaN in both where there is none.
        learn: the numbers that standardisation is learnt from.
        adjusted: AMPI instead of MPI. penalty, reference: as there.

    Returns:
        Two arrays (units, parents).

    >>> known = np.array([[90.0, 120.0], [110.0, 80.0]])
    >>> ends = mazziotta_pareto_bounds(known, known + [[0, 5], [0, 0]], np.ones(2), Families.of([0, 0]),
    ...                                learn=known, adjusted=False)
    >>> [end.round(2).ravel().tolist() for end in ends]
    [[99.0, 99.0], [100.0, 99.0]]
    """
    if adjusted:
        z_low, z_high = (_between_goalposts(end, learn, reference, None) for end in (low, high))
    else:
        z_low, z_high = (_standardised(end, learn, None) for end in (low, high))
    mean = arithmetic(z_low, weights, families)
    moved = (z_high > z_low) & (weights > 0)
    if penalty == "minus":
        broken = moved & (z_high >= families.to_children(1.5 * mean))
    else:
        limit = arithmetic(z_high * z_high, weights, families) / (2 * mean)
        broken = moved & (z_low <= families.to_children(limit))
    sure = (mean > 0) & (families.sums(broken.astype(np.float64)) == 0)
    with np.errstate(divide="ignore", invalid="ignore"):
        ends = (_penalised(z, weights, families, penalty) for z in (z_low, z_high))
        lowest, highest = (np.where(sure, end, np.nan) for end in ends)
    return lowest, highest


def _standardised(values: FloatArray, known: FloatArray, labels: Sequence[str] | None) -> FloatArray:
    """100 + 10 (x - mean) / sd, both learnt from `known`."""
    _require_spread(known, labels)
    there = ~np.isnan(known)
    count = there.sum(axis=-2, keepdims=True)
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = np.where(there, known, 0.0).sum(axis=-2, keepdims=True) / count
        apart = np.where(there, known - mean, 0.0)
        sd = np.sqrt((apart * apart).sum(axis=-2, keepdims=True) / count)
        z: FloatArray = 100 + 10 * (values - mean) / sd
    return z


def _between_goalposts(
    values: FloatArray, known: FloatArray, reference: str | int, labels: Sequence[str] | None
) -> FloatArray:
    """60 (x - Min) / (Max - Min) + 70 with goalposts around the reference."""
    _require_spread(known, labels)
    low = np.fmin.reduce(known, axis=-2, keepdims=True)
    half = (np.fmax.reduce(known, axis=-2, keepdims=True) - low) / 2
    if isinstance(reference, str):
        there = ~np.isnan(known)
        with np.errstate(divide="ignore", invalid="ignore"):
            total = np.where(there, known, 0.0).sum(axis=-2, keepdims=True)
            centre = total / there.sum(axis=-2, keepdims=True)
    else:
        centre = known[..., [reference], :]
        _require(~np.isnan(centre) | np.isnan(low), labels, "has no number for the reference unit")
    r: FloatArray = 60 * (values - (centre - half)) / (2 * half) + 70
    return r


def _penalised(z: FloatArray, weights: FloatArray, families: Families, penalty: str) -> FloatArray:
    mean = arithmetic(z, weights, families)
    apart = z - families.to_children(mean)
    spread = arithmetic(apart * apart, weights, families) / mean
    return mean - spread if penalty == "minus" else mean + spread


def _require_positive_means(z: FloatArray, weights: FloatArray, families: Families) -> None:
    if (arithmetic(z, weights, families) <= 0).any():
        raise BenchmarkInputError(
            "a unit's mean is not positive on the scale around 100",
            where="aggregate",
            todo="Treat outliers first: a unit lies about ten standard deviations below the mean.",
        )


def _require_spread(known: FloatArray, labels: Sequence[str] | None) -> None:
    low, high = np.fmin.reduce(known, axis=-2), np.fmax.reduce(known, axis=-2)
    # A column without any number is one that does not count; it has no spread to ask for.
    _require((high > low) | np.isnan(low), labels, "is constant: its spread is zero")


def _require(fine: BoolArray, labels: Sequence[str] | None, problem: str) -> None:
    wrong = np.flatnonzero(~fine.reshape(-1, fine.shape[-1]).all(axis=0))
    if wrong.size:
        name = f"number {int(wrong[0]) + 1}" if labels is None else labels[int(wrong[0])]
        raise BenchmarkInputError(
            f"{name} {problem}", where="aggregate", todo="Leave it out or give it weight 0."
        )
