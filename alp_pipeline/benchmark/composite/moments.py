"""Sample skewness and excess kurtosis of every indicator, over the units, missing cells left out.

Belongs here: G1 and G2 as array kernels, the layout in which columns are summed.
Does not: what is done about a skewed indicator (treatment), tables of statistics.
"""

import numpy as np

from alp_pipeline.benchmark.cells import FloatArray


def skewness(values: FloatArray) -> FloatArray:
    """Sample skewness G1 of each indicator.

    G1 = √(n(n−1)) / (n−2) · m3 / m2^1.5, with the central moments m_k = Σ (x − x̄)^k / n. It is the "type 2"
    of Joanes & Gill (1998), The Statistician 47(1), and what COINr and Excel compute.

    Args:
        values: (..., units, indicators); NaN cells are left out.

    Returns:
        (..., indicators), dimensionless; NaN with fewer than 3 numbers or where all numbers are equal.

    >>> skewness(np.array([[1.0], [2.0], [6.0]])).round(4).tolist()
    [1.4579]
    """
    return shape_of(columns_of(values))[0]


def kurtosis(values: FloatArray) -> FloatArray:
    """Sample excess kurtosis G2 of each indicator; 0 for a normal distribution.

    G2 = (n−1) / ((n−2)(n−3)) · ((n+1) (m4 / m2² − 3) + 6); Joanes & Gill (1998), see `skewness`.

    Args:
        values: (..., units, indicators); NaN cells are left out.

    Returns:
        (..., indicators), dimensionless; NaN with fewer than 4 numbers or where all numbers are equal.

    >>> kurtosis(np.array([[1.0], [2.0], [6.0], [7.0]])).round(4).tolist()
    [-4.8905]
    """
    return shape_of(columns_of(values))[1]


def columns_of(values: FloatArray) -> FloatArray:
    """(..., units, indicators) as contiguous (..., indicators, units).

    Each column then lies in one piece: its sums are pairwise, and the same to the last bit whatever
    other columns or draws are beside it.

    >>> columns_of(np.array([[1.0, 4.0], [2.0, 5.0], [3.0, 6.0]])).tolist()
    [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]
    """
    return np.ascontiguousarray(np.swapaxes(values, -1, -2))


def shape_of(columns: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Skewness and excess kurtosis over the last axis, see `skewness` and `kurtosis`.

    >>> shape_of(np.array([[5.0, 5.0, 5.0, np.nan], [1.0, 2.0, 3.0, np.nan]]))[0].tolist()
    [nan, 0.0]
    """
    missing = np.isnan(columns)
    n = columns.shape[-1] - np.count_nonzero(missing, axis=-1).astype(np.float64)
    anything_missing = bool(missing.any())
    known = np.where(missing, 0.0, columns) if anything_missing else columns
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        centred = known - (known.sum(axis=-1) / n)[..., None]
        if anything_missing:
            centred[missing] = 0.0
        squared = centred * centred
        m2 = squared.sum(axis=-1) / n
        m3 = np.einsum("...u,...u->...", squared, centred) / n
        m4 = np.einsum("...u,...u->...", squared, squared) / n
        g1 = np.sqrt(n * (n - 1)) / (n - 2) * m3 / m2**1.5
        g2 = (n - 1) / ((n - 2) * (n - 3)) * ((n + 1) * (m4 / m2**2 - 3) + 6)
    # The mean of equal numbers need not equal them in floating point: what is left is noise, not shape.
    magnitude = np.abs(known).max(axis=-1, initial=0.0)
    varies = m2 > (4 * np.finfo(np.float64).eps * magnitude) ** 2
    return np.where(varies & (n >= 3), g1, np.nan), np.where(varies & (n >= 4), g2, np.nan)
