"""Moran's I: do neighbouring regions resemble each other?

Belongs here: the global statistic, its expectation, variances and permutation test, the local statistics.
Does not: weights (spatial), where the values come from.
"""

from collections.abc import Hashable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd

from alp_pipeline.benchmark.cells import BenchmarkInputError, FloatArray
from alp_pipeline.benchmark.inputs import checked
from alp_pipeline.benchmark.labels import numbers_by
from alp_pipeline.benchmark.spatial import SpatialWeights, one_of, require_known, weights_matrix

Islands = Literal["drop", "keep"]
Alternative = Literal["two_sided", "greater", "less"]

DRAWS_AT_ONCE = 500
"""Permutations held in memory together."""

NO_VARIANCE = 1e-14
"""A variance of I below this is the rounding of 0."""

TIE = 1e-12
"""A permuted statistic this close to the observed one, relative to its own size, counts as extreme as it."""


@dataclass(frozen=True)
class MoranResult:
    """Global Moran's I with its expectation, variances and p-values under one alternative.

    Attributes:
        statistic: I.
        expected: -1 / (n - 1).
        variance_normality: if the values were drawn from a normal distribution.
        variance_randomisation: if the values found were put on the regions at random.
        p_normality, p_randomisation: from the normal approximation to each; NaN where its variance is 0
            (every order of the values gives the same I, as with a single odd region on a ring).
        p_permutation: (1 + permutations at least as extreme) / (1 + permutations); NaN without permutations.
        alternative: what the p-values are against.
        permutations, seed: how many, drawn from which seed.
        units: n, the regions that took part.
        islands: regions without a neighbour among those with a value.
        islands_kept: whether they took part (with no neighbours), or were left out.
        missing: regions of the weights without a value; left out.
    """

    statistic: float
    expected: float
    variance_normality: float
    variance_randomisation: float
    p_normality: float
    p_randomisation: float
    p_permutation: float
    alternative: Alternative
    permutations: int
    seed: int
    units: int
    islands: tuple[Hashable, ...]
    islands_kept: bool
    missing: tuple[Hashable, ...]


@checked
def morans_i(
    values: pd.Series,
    weights: SpatialWeights,
    *,
    permutations: int = 999,
    seed: int = 0,
    alternative: Alternative = "two_sided",
    islands: Islands = "drop",
) -> MoranResult:
    """Moran's I = (n / S0) Σ_ij w_ij z_i z_j / Σ_i z_i², z = values less their mean, S0 = Σ_ij w_ij.

    Expectation and variances are those of Cliff and Ord; the permutation test puts the values on the regions
    in random orders. Regions without a value are left out first; row-standardised weights are standardised
    again over the neighbours that remain.

    Args:
        values: by region, NaN where there is none; regions of the weights that are absent have none either.
        weights: see `neighbour_weights`.
        permutations: 0 or more.
        seed: of the permutations.
        alternative: `greater`: neighbours are alike; `less`: they differ; `two_sided`: either, at twice the
            smaller of the two p-values.
        islands: `drop`: regions without neighbours take no part. `keep`: they count in n and in the mean, as
            in esda, and pull I towards 0.

    Raises:
        BenchmarkInputError: fewer than 4 regions, equal values, no neighbours at all, duplicate or unknown
            regions, an infinite value, negative permutations, an unknown option.

    Source: Moran (1950), Biometrika 37; Cliff and Ord (1981), Spatial Processes.

    >>> from alp_pipeline.benchmark.spatial import neighbour_weights
    >>> pairs = pd.DataFrame({"region_code": list("ABCDE"), "neighbour_code": list("BCDEF")})
    >>> result = morans_i(pd.Series([1, 2, 3, 4, 5, 6.0], index=list("ABCDEF")),
    ...                   neighbour_weights(pairs, list("ABCDEF")), alternative="greater")
    >>> round(result.statistic, 4), result.expected, result.p_permutation < 0.05
    (0.7143, -0.2, True)
    """
    one_of(alternative, Alternative, "alternative")
    taking_part = _taking_part(values, weights, islands, permutations, seed)
    z, matrix = taking_part.z, taking_part.matrix
    n = len(z)
    s0, s1, s2 = _moments(matrix)
    square = float(z @ z)
    statistic = n / s0 * float(z @ (matrix @ z)) / square
    expected = -1 / (n - 1)
    normality = (n * n * s1 - n * s2 + 3 * s0 * s0) / ((n * n - 1) * s0 * s0) - expected**2
    kurtosis = n * float((z**4).sum()) / square**2
    randomisation = (
        n * ((n * n - 3 * n + 3) * s1 - n * s2 + 3 * s0 * s0)
        - kurtosis * ((n * n - n) * s1 - 2 * n * s2 + 6 * s0 * s0)
    ) / ((n - 1) * (n - 2) * (n - 3) * s0 * s0) - expected**2
    drawn = _permuted_statistics(z, matrix, permutations, seed) * (n / s0 / square)
    return MoranResult(
        statistic=statistic,
        expected=expected,
        variance_normality=max(normality, 0.0),
        variance_randomisation=max(randomisation, 0.0),
        p_normality=_normal_p(statistic - expected, normality, alternative),
        p_randomisation=_normal_p(statistic - expected, randomisation, alternative),
        p_permutation=_permutation_p(drawn, statistic, alternative),
        alternative=alternative,
        permutations=permutations,
        seed=seed,
        units=n,
        islands=taking_part.islands,
        islands_kept=islands == "keep",
        missing=taking_part.missing,
    )


@checked
def local_morans_i(
    values: pd.Series,
    weights: SpatialWeights,
    *,
    permutations: int = 999,
    seed: int = 0,
    alternative: Alternative = "two_sided",
) -> pd.DataFrame:
    """Local Moran's I_i = (z_i / m2) Σ_j w_ij z_j with m2 = Σ z² / n; they add up to S0 · I.

    Significance by conditional permutation: the region keeps its value, the values of all others are dealt to
    its neighbours at random. One test per region: with many regions some p-values are small by chance.

    Args:
        values, weights, permutations, seed: as for `morans_i`; islands take no part.
        alternative: `greater` finds regions among their like, `less` regions that stand out.

    Returns:
        One row per region of the weights, sorted: local_i, quadrant (high_high, low_low, high_low, low_high:
        the region's own value first, then its neighbours' mean, each against the mean of all; None without a
        value or neighbours), p_permutation. NaN for regions that took no part.

    Raises:
        BenchmarkInputError: as for `morans_i`.

    Source: Anselin (1995), Geographical Analysis 27(2). esda's local I is (n - 1) / n of this one.

    >>> from alp_pipeline.benchmark.spatial import neighbour_weights
    >>> pairs = pd.DataFrame({"region_code": list("ABC"), "neighbour_code": list("BCD")})
    >>> result = local_morans_i(pd.Series([1, 2, 3, 6.0], index=list("ABCD")),
    ...                         neighbour_weights(pairs, list("ABCD")), permutations=99)
    >>> result["quadrant"].tolist(), result["local_i"].round(3).tolist()
    (['low_low', 'low_low', 'low_high', 'high_low'], [0.571, 0.286, 0.0, 0.0])
    """
    one_of(alternative, Alternative, "alternative")
    part = _taking_part(values, weights, "drop", permutations, seed)
    z = part.z
    lag = np.asarray(part.matrix @ z)
    scale = z / (z @ z / len(z))
    p = _local_p(part, lag, scale, permutations, seed, alternative)
    own, near = np.where(z > 0, "high", "low"), np.where(lag > 0, "high", "low")
    table = pd.DataFrame(
        {
            "local_i": scale * lag,
            "quadrant": pd.Series([f"{a}_{b}" for a, b in zip(own, near, strict=True)], dtype=object).array,
            "p_permutation": p,
        },
        index=part.regions,
    ).reindex(weights.regions)
    table["quadrant"] = table["quadrant"].astype(object).where(table["local_i"].notna(), None)
    return table


@dataclass(frozen=True)
class _TakingPart:
    z: FloatArray
    matrix: Any
    regions: pd.Index
    islands: tuple[Hashable, ...]
    missing: tuple[Hashable, ...]


def _taking_part(
    values: pd.Series, weights: SpatialWeights, islands: Islands, permutations: int, seed: int
) -> _TakingPart:
    """Centred values of the regions that count, and the weights among them."""
    one_of(islands, Islands, "islands")
    for name, count in (("permutations", permutations), ("seed", seed)):
        if count < 0:
            raise BenchmarkInputError(f"it is {count}", where=name, todo="Pass 0 or more.")
    value = numbers_by(values, weights.regions, "values")
    require_known(values.index, weights)
    if np.isinf(value).any():
        raise BenchmarkInputError(
            f"{weights.regions[int(np.argmax(np.isinf(value)))]} holds an infinite value",
            where="values",
            todo="Pass finite numbers, and NaN where there is none.",
        )
    known = ~np.isnan(value)
    matrix = weights_matrix(weights.pairs, weights.regions)[known][:, known]
    degree = np.asarray((matrix != 0).sum(axis=1))
    alone = degree == 0
    takes_part = np.ones(len(degree), dtype=np.bool_) if islands == "keep" else ~alone
    matrix = matrix[takes_part][:, takes_part].tocsr()
    if weights.style == "row":
        matrix.data = 1.0 / np.repeat(degree[takes_part], np.diff(matrix.indptr))
    regions = weights.regions[known][takes_part]
    taken = value[known][takes_part]
    if len(taken) < 4 or not matrix.nnz:
        raise BenchmarkInputError(
            f"{len(taken)} regions with values and {matrix.nnz // 2} pairs of neighbours among them",
            where="values",
            todo="Pass at least four regions that have neighbours.",
        )
    z = taken - taken.mean()
    if np.abs(z).max() <= 1e-14 * np.abs(taken).max():
        raise BenchmarkInputError(
            "all regions have the same value", where="values", todo="There is no pattern to measure."
        )
    gone = (tuple(weights.regions[known][alone]), tuple(weights.regions[~known]))
    return _TakingPart(z, matrix, regions, *gone)


def _moments(matrix: Any) -> tuple[float, float, float]:
    """S0 = Σ w, S1 = ½ Σ (w_ij + w_ji)², S2 = Σ_i (w_i. + w_.i)²."""
    both = matrix + matrix.T
    lines = np.asarray(matrix.sum(axis=1)) + np.asarray(matrix.sum(axis=0))
    return float(matrix.sum()), float((both.data**2).sum()) / 2, float((lines**2).sum())


def _permuted_statistics(z: FloatArray, matrix: Any, permutations: int, seed: int) -> FloatArray:
    """Σ_ij w_ij z_i z_j of z in random orders."""
    random = np.random.default_rng(seed)
    sums = []
    for start in range(0, permutations, DRAWS_AT_ONCE):
        draws = min(DRAWS_AT_ONCE, permutations - start)
        dealt = random.permuted(np.tile(z, (draws, 1)), axis=1).T
        sums.append((dealt * (matrix @ dealt)).sum(axis=0))
    return np.concatenate(sums) if sums else np.empty(0)


def _local_p(
    part: _TakingPart,
    lag: FloatArray,
    scale: FloatArray,
    permutations: int,
    seed: int,
    alternative: Alternative,
) -> FloatArray:
    """Conditional permutation: every region looks at the same draws of places among all the others."""
    z, matrix = part.z, part.matrix
    n, most = len(z), int(np.diff(matrix.indptr).max())
    random = np.random.default_rng(seed)
    places = random.permuted(np.tile(np.arange(n - 1), (permutations, 1)), axis=1)[:, :most]
    p = np.full(n, np.nan)
    for i in range(n):
        weights = matrix.data[matrix.indptr[i] : matrix.indptr[i + 1]]
        others = places[:, : len(weights)]
        dealt = z[others + (others >= i)] @ weights
        p[i] = _permutation_p(scale[i] * dealt, float(scale[i] * lag[i]), alternative)
    return p


def _permutation_p(drawn: FloatArray, observed: float, alternative: Alternative) -> float:
    if not drawn.size:
        return float("nan")
    slack = TIE * max(abs(observed), float(np.abs(drawn).max()))
    greater = (1 + int((drawn >= observed - slack).sum())) / (1 + drawn.size)
    less = (1 + int((drawn <= observed + slack).sum())) / (1 + drawn.size)
    return {"greater": greater, "less": less, "two_sided": min(1.0, 2 * min(greater, less))}[alternative]


def _normal_p(difference: float, variance: float, alternative: Alternative) -> float:
    from scipy.stats import norm

    if variance < NO_VARIANCE:
        return float("nan")
    z = difference / np.sqrt(variance)
    greater, less = float(norm.sf(z)), float(norm.cdf(z))
    return {"greater": greater, "less": less, "two_sided": min(1.0, 2 * min(greater, less))}[alternative]
