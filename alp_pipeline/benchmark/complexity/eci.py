"""Economic complexity: regions and activities on one scale, from the second eigenvector.

Belongs here: ECI and PCI, their sign, scale and stability. Does not: the iterative forms (reflections,
fitness), what complexity implies for the activities that a region lacks (outlook).
"""

from collections.abc import Collection, Hashable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from alp_pipeline.benchmark.cells import BenchmarkInputError, BoolArray, FloatArray
from alp_pipeline.benchmark.complexity.components import require_connected
from alp_pipeline.benchmark.complexity.matrix import (
    PresenceMatrix,
    presence_matrix,
    sums_by_activity,
    sums_by_region,
)
from alp_pipeline.benchmark.inputs import checked

DETERMINED = 1e-9
"""Eigenvalues (at most 1) closer than this are one to a solver that is exact to about 1e-13."""

NEAR_DEGENERATE = 0.01
"""Below this relative eigengap a result is flagged. A convention of this project, not a published limit."""

WEAK_SIGN = 0.3
"""Below this correlation the sign is flagged. A convention of this project, see `complexity`."""


class OrderUndetermined(BenchmarkInputError):
    """The matrix has no second eigenvector of its own, so it ranks nothing."""


class SignUndetermined(BenchmarkInputError):
    """The order is known and not which end of it is the complex one."""


@dataclass(frozen=True)
class ComplexityResult:
    """ECI and PCI, and what to know before believing them.

    Attributes:
        eci: by region to report; mean 0 and standard deviation 1 (n) over all regions with an activity; NaN
            for a region without any.
        pci: by activity, on ECI's scale: the ECI of a region is the mean PCI of its activities. NaN for an
            activity that no region has.
        diversity: activities present, by region to report.
        ubiquity: regions that have the activity, by activity.
        eigenvalues: the three largest (the first is 1 in theory); 0 where there is no third.
        eigengap: the second less the third. Small against the second: a few cells decide the order.
        relative_eigengap: eigengap over the second eigenvalue, in [0, 1].
        is_near_degenerate: relative_eigengap below `near_degenerate_below`.
        sign_correlation: correlation of ECI with diversity (or the anchor) over all regions; above 0 by
            construction.
        is_sign_weak: sign_correlation below 0.3: which end is the complex one may turn with a few cells.
        dropped_regions: regions without an activity, left out.
        dropped_activities: activities without a region, left out.
    """

    eci: pd.Series
    pci: pd.Series
    diversity: pd.Series
    ubiquity: pd.Series
    eigenvalues: tuple[float, float, float]
    eigengap: float
    relative_eigengap: float
    is_near_degenerate: bool
    sign_correlation: float
    is_sign_weak: bool
    dropped_regions: tuple[Hashable, ...]
    dropped_activities: tuple[Hashable, ...]


@checked
def complexity(
    M: pd.DataFrame,  # noqa: N803
    *,
    report: Collection[Hashable] | None = None,
    anchor: pd.Series | None = None,
    near_degenerate_below: float = NEAR_DEGENERATE,
) -> ComplexityResult:
    """Economic complexity index of regions and product complexity index of activities.

    K̃ = D⁻¹ M U⁻¹ Mᵀ with D the diversities and U the ubiquities; ECI is its second eigenvector. Computed
    from the symmetric D^-½ M U^-1 Mᵀ D^-½ or U^-½ Mᵀ D^-1 M U^-½, whichever is smaller (they share their
    eigenvalues), with a symmetric solver, so that nothing complex can arise. Sign: positive correlation with
    diversity (or `anchor`). Scale: both are normalised with ECI's mean and standard deviation, so that
    ECI_r = mean of PCI over the activities of r.

    The sign is the weak point on employment of regions: on Eurostat's business statistics of 2014 the order
    of the regions is nearly the same whether hidden cells are dropped or assumed absent (correlation 0.98),
    and diversity turns it round between the two. Look at `is_sign_weak`; better, pass an anchor.

    Args:
        M: all regions × activities of ones and zeros; all of them, also those outside the perimeter.
        report: the regions to return ECI of; all when omitted.
        anchor: by region, a number that complexity should rise with; decides the sign in place of diversity.
        near_degenerate_below: relative eigengap from which down the result is flagged.

    Raises:
        StructureDisconnected: the graph of M has several parts (listed): each would have its own scale.
        OrderUndetermined: fewer than two regions or activities that are not empty; all regions alike; or the
            second eigenvalue is double.
        SignUndetermined: no correlation with diversity (equal for all regions, say) or with the anchor.
        BenchmarkInputError: no anchor for a region; an unknown region to report; see `presence_matrix`.

    Source: Hidalgo and Hausmann (2009), PNAS 106(26); Hausmann et al. (2014), Atlas of Economic Complexity;
    normalised as in py-ecomplexity; symmetric form: Mealy, Farmer, Teytelboym (2019), Science Advances 5(1).

    >>> M = pd.DataFrame([[1, 1, 1], [1, 1, 0], [1, 0, 0]], index=["A", "B", "C"], columns=["x", "y", "z"])
    >>> result = complexity(M)
    >>> result.eci[["A", "C"]].round(3).tolist(), result.pci.round(3).tolist(), round(result.eigengap, 3)
    ([1.225, -1.225], [-1.225, 1.225, 3.674], 0.139)
    """
    matrix = presence_matrix(M)
    diversity, ubiquity = matrix.present.sum(axis=1), matrix.present.sum(axis=0)
    rows, columns = diversity > 0, ubiquity > 0
    kept = _non_empty(matrix, rows, columns)
    kc, kp, eigenvalues = _second_pair(kept)
    compared = _anchor(anchor, kept) if anchor is not None else diversity[rows]
    sign = _correlation(kc, compared, "anchor" if anchor is not None else "diversity")
    kc, kp = (kc, kp) if sign > 0 else (-kc, -kp)
    mean, deviation = kc.mean(), kc.std()
    gap = eigenvalues[1] - eigenvalues[2]
    return ComplexityResult(
        eci=matrix.by_region(_spread((kc - mean) / deviation, rows), "eci", report),
        pci=matrix.by_activity(_spread((kp - mean) / deviation, columns), "pci"),
        diversity=matrix.by_region(diversity, "diversity", report).astype("int64"),
        ubiquity=matrix.by_activity(ubiquity, "ubiquity").astype("int64"),
        eigenvalues=eigenvalues,
        eigengap=gap,
        relative_eigengap=gap / eigenvalues[1],
        is_near_degenerate=bool(gap / eigenvalues[1] < near_degenerate_below),
        sign_correlation=abs(sign),
        is_sign_weak=abs(sign) < WEAK_SIGN,
        dropped_regions=tuple(matrix.regions[~rows]),
        dropped_activities=tuple(matrix.activities[~columns]),
    )


def _non_empty(matrix: PresenceMatrix, rows: BoolArray, columns: BoolArray) -> PresenceMatrix:
    present = matrix.present
    if not (rows.all() and columns.all()):
        present = np.ascontiguousarray(present[np.ix_(rows, columns)])
    if min(present.shape) < 2:
        raise OrderUndetermined(
            f"{present.shape[0]} regions × {present.shape[1]} activities are not empty",
            where="M",
            todo="Pass at least two regions with activities and two activities.",
        )
    regions, activities = matrix.regions[rows], matrix.activities[columns]
    return PresenceMatrix(present, regions, activities, regions, activities)


def _second_pair(kept: PresenceMatrix) -> tuple[FloatArray, FloatArray, tuple[float, float, float]]:
    """ECI and PCI before sign and scale, ECI the mean of PCI; the three largest eigenvalues."""
    present = kept.present
    diversity, ubiquity = present.sum(axis=1), present.sum(axis=0)
    by_activity = present.shape[1] <= present.shape[0]
    own = ubiquity if by_activity else diversity
    scaled = present / np.sqrt(diversity)[:, None] if by_activity else present.T / np.sqrt(ubiquity)[:, None]
    symmetric = (scaled.T @ scaled) / np.sqrt(own[:, None] * own)
    require_connected(kept, symmetric)
    # numpy's solver finds all eigenvectors and is faster here than scipy's for three of them: scipy brings
    # a BLAS with threads of its own, which then compete with those that numpy's products left spinning.
    values, vectors = np.linalg.eigh(symmetric)
    first, second, third = (*(float(value) for value in values[::-1]), 0.0)[:3]
    if second < DETERMINED or second - third < DETERMINED:
        raise OrderUndetermined(
            "all regions have the same activities"
            if second < DETERMINED
            else f"the second eigenvalue {second:.6g} is double: several orders fit equally well",
            where="M",
            todo="Use more regions or activities, or break the symmetry that makes them interchangeable.",
        )
    score = vectors[:, -2] / np.sqrt(own)
    # One step of the iteration that the vector is a fixed point of: lines that are the same tie exactly.
    kc = sums_by_region(present, score) / diversity if by_activity else score
    kp = sums_by_activity(present, kc) / ubiquity
    return sums_by_region(present, kp) / diversity, kp, (first, second, third)


def _anchor(anchor: pd.Series, kept: PresenceMatrix) -> FloatArray:
    value = anchor.reindex(kept.regions).to_numpy(dtype=np.float64, na_value=np.nan)
    if not np.isfinite(value).all():
        raise BenchmarkInputError(
            f"{kept.regions[int(np.argmin(np.isfinite(value)))]} has no finite number",
            where="anchor",
            todo="Give one for every region of M that has an activity.",
        )
    return value


def _correlation(score: FloatArray, compared: FloatArray, name: str) -> float:
    a, b = score - score.mean(), compared - compared.mean()
    norm = np.sqrt((a @ a) * (b @ b))
    correlation = float(a @ b / norm) if norm > 0 else 0.0
    if abs(correlation) < DETERMINED:
        raise SignUndetermined(
            f"the order of the regions is not correlated with {name}",
            where="M",
            todo="Pass anchor=, a series by region that complexity should rise with.",
        )
    return correlation


def _spread(values: FloatArray, where: BoolArray) -> FloatArray:
    whole = np.full(where.shape, np.nan)
    whole[where] = values
    return whole
