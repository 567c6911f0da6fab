"""How related are two activities: from the regions that have both.

Belongs here: co-occurrence and its normalisations. Does not: presence itself (presence), what relatedness
says of a region (density).
"""

from typing import Literal, get_args

import numpy as np
import pandas as pd

from alp_pipeline.benchmark.cells import BenchmarkInputError, FloatArray
from alp_pipeline.benchmark.complexity.matrix import presence_matrix
from alp_pipeline.benchmark.inputs import checked

Measure = Literal["proximity", "co_occurrence", "cosine", "jaccard", "association_strength", "probability"]

FLOAT32_COUNTS = 1 << 24
"""Up to here float32 holds every whole number, so a sum of ones is exact."""


@checked
def relatedness(
    M: pd.DataFrame,  # noqa: N803
    measure: Measure = "proximity",
    *,
    diagonal: float = 0.0,
) -> pd.DataFrame:
    """Relatedness φ of each pair of activities.

    With U_i the ubiquity of i (regions that have it), C_ij the regions that have both, C_ii = 0,
    S_i = Σ_j C_ij and T = Σ_i S_i:

    ====================  =================================================================================
    proximity             min(C_ij / U_i, C_ij / U_j), in [0, 1]; Hidalgo, Klinger, Barabási, Hausmann (2007)
    co_occurrence         C_ij
    cosine                C_ij / √(S_i S_j), in [0, 1]; Salton and McGill (1983)
    jaccard               C_ij / (S_i + S_j - C_ij), in [0, 1]; Jaccard (1912)
    association_strength  (C_ij / T) / ((S_i / T)(S_j / T)); van Eck and Waltman (2009)
    probability           C_ij / (((S_i/T) (S_j/(T-S_i)) + (S_j/T) (S_i/(T-S_j))) T/2); Steijn (2021):
                          observed by expected co-occurrence when nothing is drawn together with itself
    ====================  =================================================================================

    The last two are 1 where a pair occurs as often as chance would have it.

    Args:
        M: regions × activities of ones and zeros.
        measure: one of the above.
        diagonal: the relatedness of an activity with itself. It is a convention and changes densities:
            EconGeo has 0 (the default here), py-ecomplexity has 1 with `proximity`.

    Returns:
        Activities × activities, symmetric. NaN where the formula divides zero by zero: every pair of an
        activity that no region has (its diagonal too), and for the measures on S pairs of activities that
        never occur beside another one.

    Raises:
        BenchmarkInputError: an unknown measure, a negative or infinite diagonal; see `presence_matrix`.

    >>> M = pd.DataFrame({"C10": [1, 1, 1], "C28": [1, 1, 0], "I55": [0, 1, 0]}, index=["A", "B", "C"])
    >>> relatedness(M).round(2).to_numpy().tolist()
    [[0.0, 0.67, 0.33], [0.67, 0.0, 0.5], [0.33, 0.5, 0.0]]
    """
    if measure not in get_args(Measure):
        raise BenchmarkInputError(
            f"{measure!r} is no measure", where="measure", todo=f"Use one of {', '.join(get_args(Measure))}."
        )
    if not (np.isfinite(diagonal) and diagonal >= 0):
        raise BenchmarkInputError(
            f"{diagonal} on the diagonal", where="diagonal", todo="Pass a finite number, 0 or more."
        )
    matrix = presence_matrix(M)
    phi = relatedness_of(matrix.present, measure, diagonal)
    at = matrix.activities.get_indexer(matrix.given_activities)
    return pd.DataFrame(phi[np.ix_(at, at)], index=M.columns, columns=M.columns)


def relatedness_of(present: FloatArray, measure: Measure, diagonal: float) -> FloatArray:
    """`relatedness` of an array of ones and zeros, regions × activities → activities × activities.

    >>> relatedness_of(np.array([[1.0, 1.0], [1.0, 0.0]]), "proximity", 0.0).tolist()
    [[0.0, 0.5], [0.5, 0.0]]
    """
    together = co_occurrences(present)
    ubiquity = np.diagonal(together).copy()
    np.fill_diagonal(together, 0.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        if measure == "proximity":
            phi = together / np.maximum(ubiquity[:, None], ubiquity)
        elif measure == "co_occurrence":
            phi = together
        else:
            phi = _on_column_sums(together, measure)
    phi[ubiquity == 0, :] = np.nan
    phi[:, ubiquity == 0] = np.nan
    np.fill_diagonal(phi, np.where(ubiquity > 0, diagonal, np.nan))
    return phi


def co_occurrences(present: FloatArray) -> FloatArray:
    """C = MᵀM with the ubiquity on the diagonal; exact.

    >>> co_occurrences(np.array([[1.0, 1.0], [0.0, 1.0]])).tolist()
    [[1.0, 1.0], [1.0, 2.0]]
    """
    # Sums of ones are exact in float32 below 2^24, at half the time of float64.
    if present.shape[0] >= FLOAT32_COUNTS:
        return np.asarray(present.T @ present)
    ones = present.astype(np.float32)
    return np.asarray(ones.T @ ones, dtype=np.float64)


def _on_column_sums(together: FloatArray, measure: Measure) -> FloatArray:
    sums = together.sum(axis=0)  # whole numbers: exact in any order
    total = sums.sum()
    s_i, s_j = sums[:, None], sums[None, :]
    if measure == "cosine":
        return np.asarray(together / np.sqrt(s_i * s_j))
    if measure == "jaccard":
        return np.asarray(together / (s_i + s_j - together))
    if measure == "association_strength":
        return np.asarray(together * total / (s_i * s_j))
    expected = (s_i / total * (s_j / (total - s_i)) + s_j / total * (s_i / (total - s_j))) * total / 2
    return np.asarray(together / expected)
