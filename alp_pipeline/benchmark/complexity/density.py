"""How close a region is to each activity, and which absent ones are closest.

Belongs here: relatedness density, its ranking into diversification opportunities.
Does not: relatedness itself (relatedness), how complex the activities are (eci), what a step would gain
(outlook).
"""

from collections.abc import Collection, Hashable

import numpy as np
import pandas as pd

from alp_pipeline.benchmark.cells import BenchmarkInputError, FloatArray
from alp_pipeline.benchmark.complexity.matrix import presence_matrix
from alp_pipeline.benchmark.inputs import checked
from alp_pipeline.benchmark.labels import chosen, counts, numbers

TIE_DECIMALS = 9
"""Densities (0 to 100) that agree to so many decimals share a rank: below that is the noise of summation."""


@checked
def relatedness_density(
    M: pd.DataFrame,  # noqa: N803
    phi: pd.DataFrame,
    *,
    nearest: int | None = None,
    report: Collection[Hashable] | None = None,
) -> pd.DataFrame:
    """Share of an activity's relatedness that a region already has: D_ri = 100 Σ_j M_rj φ_ji / Σ_j φ_ji.

    Whether φ has ones or zeros on its diagonal changes D: with zeros, the activity itself plays no part.

    Args:
        M: all regions × activities of ones and zeros.
        phi: activities × activities, zero or more; `relatedness`. Labels as the columns of M, in any order.
            A pair that is NaN is left out of both sums.
        nearest: sum over the so many activities j most related to i only, i itself excluded; all that tie
            with the last one count. All activities when omitted.
        report: the regions to return; all when omitted.

    Returns:
        Regions × activities, percent in [0, 100]; NaN where the denominator is zero (an activity that is
        related to none).

    Raises:
        BenchmarkInputError: phi and M differ in activities; phi is negative or infinite; `nearest` below 1;
            an unknown region to report; see `presence_matrix`.

    Source: Hidalgo, Klinger, Barabási, Hausmann (2007), Science 317; in percent as in Balland et al. (2019),
    Regional Studies 53(9).

    >>> M = pd.DataFrame({"C10": [1, 1], "C28": [1, 0], "I55": [0, 1]}, index=["A", "B"])
    >>> phi = pd.DataFrame([[0, 0.5, 0.5], [0.5, 0, 0], [0.5, 0, 0]], index=M.columns, columns=M.columns)
    >>> relatedness_density(M, phi, report=["A"]).to_numpy().tolist()
    [[50.0, 100.0, 100.0]]
    """
    matrix = presence_matrix(M)
    weights = relatedness_weights(phi, matrix.activities)
    if nearest is not None:
        weights = _nearest_only(weights, nearest)
    # All regions are multiplied even where few are reported: the last bit of a product depends on its shape.
    percent = density_share(matrix.present, weights)
    percent *= 100
    return matrix.regions_frame(percent, report)


def density_share(present: FloatArray, weights: FloatArray) -> FloatArray:
    """Σ_j M_rj w_ji / Σ_j w_ji in [0, 1], NaN where the denominator is zero.

    >>> density_share(np.array([[1.0, 0.0]]), np.array([[0.0, 0.5], [0.0, 0.5]])).tolist()
    [[nan, 0.5]]
    """
    total = weights.sum(axis=0)
    share = present @ weights
    share /= np.where(total > 0, total, np.nan)
    return np.minimum(share, 1.0, out=share)  # a full row may come out a last bit above 1


@checked
def diversification_opportunities(
    M: pd.DataFrame,  # noqa: N803
    density: pd.DataFrame,
    *,
    pci: pd.Series | None = None,
    gain: pd.DataFrame | None = None,
    report: Collection[Hashable] | None = None,
) -> pd.DataFrame:
    """Activities that a region lacks, ranked by relatedness density within the region.

    Args:
        M: regions × activities of ones and zeros.
        density: `relatedness_density` of it, with at least the regions to report.
        pci: complexity by activity, put beside the density.
        gain: regions × activities, complexity outlook gain (`outlook`), put beside it.
        report: the regions to return, in this order; all when omitted.

    Returns:
        One row per region × absent activity, by region and rank: region_code, activity_code, density
        (percent), rank (1 = the most related; equal densities share the best rank; null where the density is
        undefined), pci and gain (NaN where none were given).

    Raises:
        BenchmarkInputError: a region or activity of M is absent from `density`; see `presence_matrix`.

    >>> M = pd.DataFrame({"C10": [1, 1], "C28": [1, 0], "I55": [0, 0]}, index=["A", "B"])
    >>> density = pd.DataFrame({"C10": [50.0, 0], "C28": [50.0, 60], "I55": [70.0, 80]}, index=["A", "B"])
    >>> diversification_opportunities(M, density).iloc[:, :4].values.tolist()
    [['A', 'I55', 70.0, 1], ['B', 'I55', 80.0, 1], ['B', 'C28', 60.0, 2]]
    """
    matrix = presence_matrix(M)
    regions = chosen(report, M.index)
    near = _for(density, regions, matrix.activities, "density")
    absent = matrix.present[matrix.regions.get_indexer(regions)] == 0
    gains = np.full(near.shape, np.nan)
    if gain is not None:
        gains = _for(gain, regions, matrix.activities, "gain")
    row, column = np.nonzero(absent)
    complexity = np.full(len(matrix.activities), np.nan)
    if pci is not None:
        complexity = pci.reindex(matrix.activities).to_numpy(dtype=np.float64, na_value=np.nan)
    tied = pd.Series(np.round(near[row, column], TIE_DECIMALS))
    rank = tied.groupby(row).rank(method="min", ascending=False).astype("Int32")
    table = pd.DataFrame(
        {
            "region_code": regions.take(row),
            "activity_code": matrix.activities.take(column),
            "density": near[row, column],
            "rank": rank,
            "pci": complexity[column],
            "gain": gains[row, column],
        }
    )
    # Rows come by region and, within equal ranks, by activity; a stable sort by rank keeps that.
    order = np.lexsort((column, rank.fillna(len(matrix.activities) + 1).to_numpy(dtype=np.int64), row))
    return table.iloc[order].reset_index(drop=True)


def relatedness_weights(phi: pd.DataFrame, activities: pd.Index) -> FloatArray:
    """φ as an array in the order of the activities, checked; an undefined pair weighs nothing.

    Raises:
        BenchmarkInputError: other activities, a negative or infinite relatedness.

    >>> phi = pd.DataFrame({"x": [None, 0.5], "y": [0.5, None]}, index=["x", "y"])
    >>> relatedness_weights(phi, pd.Index(["y", "x"])).tolist()
    [[0.0, 0.5], [0.5, 0.0]]
    """
    value = counts(phi, "phi")
    if not (set(phi.index) == set(phi.columns) == set(activities)):
        odd = sorted((set(phi.index) ^ set(activities)) | (set(phi.columns) ^ set(activities)), key=str)
        raise BenchmarkInputError(
            f"{odd[0]} is not an activity of both M and phi",
            where="phi",
            todo="Compute relatedness from the same matrix.",
        )
    rows, columns = phi.index.get_indexer(activities), phi.columns.get_indexer(activities)
    return np.ascontiguousarray(np.nan_to_num(value[np.ix_(rows, columns)], nan=0.0))


def _nearest_only(weights: FloatArray, nearest: int) -> FloatArray:
    """Zero in each column except for its `nearest` largest entries off the diagonal, ties included."""
    if nearest < 1:
        raise BenchmarkInputError(
            f"{nearest} neighbours", where="nearest", todo="Pass 1 or more, or leave it out."
        )
    others = weights.copy()
    np.fill_diagonal(others, 0.0)
    size = others.shape[0]
    if nearest >= size - 1:
        return others
    least = np.partition(others, size - nearest, axis=0)[size - nearest]
    return np.where(others >= least, others, 0.0)


def _for(frame: pd.DataFrame, regions: pd.Index, activities: pd.Index, where: str) -> FloatArray:
    numbers(frame, where)
    for labels, wanted in ((frame.index, regions), (frame.columns, activities)):
        absent = wanted[labels.get_indexer(wanted) < 0]
        if len(absent):
            raise BenchmarkInputError(
                f"{absent[0]} is absent", where=where, todo="Compute it for the same regions and activities."
            )
    return frame.reindex(index=regions, columns=activities).to_numpy(dtype=np.float64, na_value=np.nan)
