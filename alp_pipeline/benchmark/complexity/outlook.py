"""What complexity lies within a region's reach: outlook index and outlook gain.

Belongs here: COI and COG of a given relatedness and PCI. Does not: computing either of them (relatedness,
eci), ranking opportunities (density).
"""

from collections.abc import Collection, Hashable
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from alp_pipeline.benchmark.cells import BenchmarkInputError, FloatArray
from alp_pipeline.benchmark.complexity.density import density_share, relatedness_weights
from alp_pipeline.benchmark.complexity.matrix import presence_matrix
from alp_pipeline.benchmark.inputs import checked
from alp_pipeline.benchmark.labels import numbers_by

Origin = Literal["eigenvector", "given"]


@dataclass(frozen=True)
class OutlookResult:
    """Complexity outlook.

    Attributes:
        coi: outlook index by region to report, mean 0 and standard deviation 1 (n) over all regions; NaN
            where all regions have the same.
        coi_unscaled: the sum itself.
        cog: regions × activities, outlook gain; 0 for an activity that is present, NaN for one that is
            related to none.
    """

    coi: pd.Series
    coi_unscaled: pd.Series
    cog: pd.DataFrame


@checked
def outlook(
    M: pd.DataFrame,  # noqa: N803
    phi: pd.DataFrame,
    pci: pd.Series,
    *,
    origin: Origin = "eigenvector",
    report: Collection[Hashable] | None = None,
) -> OutlookResult:
    """COI_r = Σ_c d_rc (1 - M_rc) P_c and COG_rc = (1 - M_rc) Σ_j (1 - M_rj) φ_jc P_j / Σ_k φ_kj.

    d is relatedness density as a share, P is complexity. Both sums mix activities above and below P's zero,
    so the zero matters. py-ecomplexity takes P from the eigenvector before normalising, whose zero is the
    mean of PCI weighted by ubiquity: `origin="eigenvector"` restores it from the normalised PCI. With
    `origin="given"` P is PCI as given, zero at the mean of ECI.

    Args:
        M: all regions × activities of ones and zeros.
        phi: relatedness, as for `relatedness_density`. For py-ecomplexity's numbers: `proximity` with 1 on
            its diagonal.
        pci: by activity, `complexity(M).pci`; an activity without PCI adds nothing.
        origin: where P is zero.
        report: the regions to return; all when omitted. COI is scaled over all.

    Raises:
        BenchmarkInputError: an activity of M is not in pci, an infinite PCI, an unknown origin; see
            `relatedness_density`.

    Source: Hausmann et al. (2014), Atlas of Economic Complexity; as computed by py-ecomplexity.

    >>> M = pd.DataFrame([[1, 1, 0], [1, 0, 0], [0, 0, 1]], index=["A", "B", "C"], columns=["x", "y", "z"])
    >>> phi = pd.DataFrame([[1, 0.5, 0], [0.5, 1, 0.5], [0, 0.5, 1]], index=M.columns, columns=M.columns)
    >>> result = outlook(M, phi, pd.Series({"x": -1, "y": 2, "z": 1}), origin="given")
    >>> result.coi_unscaled.round(3).tolist()
    [0.333, 0.5, 0.5]
    """
    if origin not in ("eigenvector", "given"):
        raise BenchmarkInputError(
            f"{origin!r} is no origin", where="origin", todo="Use eigenvector or given."
        )
    matrix = presence_matrix(M)
    present = matrix.present
    weights = relatedness_weights(phi, matrix.activities)
    value = _complexity(pci, matrix.activities)
    if origin == "eigenvector":
        ubiquity = np.where(np.isnan(value), 0.0, present.sum(axis=0))
        value = value - np.nansum(value * ubiquity) / ubiquity.sum()
    value = np.nan_to_num(value, nan=0.0)
    total = weights.sum(axis=0)
    missing = 1.0 - present
    reach = np.nan_to_num(density_share(present, weights), nan=0.0)
    coi = np.asarray((reach * missing * value).sum(axis=1))
    pull = np.divide(value, total, out=np.zeros(len(total)), where=total > 0)
    cog = np.where(total > 0, missing * (missing @ (weights * pull[:, None])), np.nan)
    deviation = coi.std()
    scaled = (coi - coi.mean()) / deviation if deviation > 1e-12 else np.full(len(coi), np.nan)
    return OutlookResult(
        coi=matrix.by_region(scaled, "coi", report),
        coi_unscaled=matrix.by_region(coi, "coi_unscaled", report),
        cog=matrix.regions_frame(cog, report),
    )


def _complexity(pci: pd.Series, activities: pd.Index) -> FloatArray:
    absent = activities[pci.index.get_indexer(activities) < 0] if pci.index.is_unique else activities
    value = numbers_by(pci, activities, "pci") if not len(absent) else None
    if value is None or np.isinf(value).any() or np.isnan(value).all():
        raise BenchmarkInputError(
            f"{absent[0]} is not once in it" if len(absent) else "no finite number is in it",
            where="pci",
            todo="Pass the PCI of every activity of M, NaN where it has none.",
        )
    return value
