"""Location quotients of a region × activity matrix.

Belongs here: the quotient of a matrix and its totals. Does not: states, stars and growth of the long form
(specialisation), or where totals come from (totals).
"""

import math

import numpy as np
import numpy.typing as npt
import pandas as pd

from alp_pipeline.benchmark.cells import BenchmarkInputError, FloatArray


def location_quotient(
    employment: pd.DataFrame,
    *,
    reference: pd.Series | None = None,
    reference_total: float | None = None,
    region_totals: pd.Series | None = None,
) -> pd.DataFrame:
    """Location quotient of each region × activity: LQ_rc = (x_rc / x_r) / (x_c / x).

    A missing cell stays missing and leaves the totals it belongs to as published; a region or an activity
    whose total is zero or missing gives missing, not infinity.

    Args:
        employment: regions × activities, persons (or any one unit of count), non-negative, NaN where the
            cell is not reported.
        reference: activity totals x_c of the reference territory by activity; the column sums when omitted.
        reference_total: x, the reference territory's total; the sum of `reference` when omitted.
        region_totals: x_r by region; the row sums when omitted.

    Returns:
        Same shape and labels; dimensionless.

    Raises:
        BenchmarkInputError: (a ValueError) a negative or infinite number or a duplicate label, naming the
            first offender.

    Source: Isserman (1977), Journal of the American Institute of Planners 43(1).

    >>> location_quotient(pd.DataFrame({"C28": [10, 0], "I55": [0, 10]}, index=["A", "B"])).loc["A", "C28"]
    np.float64(2.0)

    A hidden cell is not a zero, and totals given by their publisher stay as they are:

    >>> hidden = pd.DataFrame({"C28": [10, None], "I55": [30, 50]}, index=["A", "B"])
    >>> location_quotient(hidden, reference=pd.Series({"C28": 20, "I55": 80})).round(2).to_numpy().tolist()
    [[1.25, 0.94], [nan, 1.25]]
    """
    for axis in (employment.index, employment.columns):
        _require_unique(axis)
    x = _numbers(employment, "employment")
    columns, rows = employment.columns, employment.index
    x_c = _sums(x.T) if reference is None else _aligned(reference, columns, "reference")
    x_r = _sums(x) if region_totals is None else _aligned(region_totals, rows, "region_totals")
    if reference_total is None:
        whole = x_c if reference is None else reference.to_numpy(dtype=np.float64, na_value=np.nan)
        reference_total = math.fsum(whole[~np.isnan(whole)])
    quotient = quotient_of_products(x, x_r[:, None], x_c[None, :], np.full((1, 1), reference_total))
    return pd.DataFrame(quotient, index=rows, columns=columns)


def quotient_of_products(
    x: npt.NDArray[np.float64],
    x_r: npt.NDArray[np.float64],
    x_c: npt.NDArray[np.float64],
    total: npt.NDArray[np.float64],
) -> FloatArray:
    """(x · total) / (x_r · x_c), NaN where a factor is missing or a total is zero; arrays broadcast.

    One division instead of three: while the products stay below 2^53 (all counts of persons of a
    continent do) the result is the true quotient correctly rounded, so that "LQ >= 1.5" and ties between
    regions are decided by the data and not by rounding.

    >>> quotient_of_products(np.array([6.0]), np.array([30.0]), np.array([10.0]), np.array([100.0])).tolist()
    [2.0]
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        quotient = (x * total) / (x_r * x_c)
    return np.where((x_r > 0) & (x_c > 0) & (total > 0), quotient, np.nan)


def _sums(rows: FloatArray) -> FloatArray:
    # fsum is exact until its last rounding: the order of the regions cannot show in the result.
    return np.array([math.fsum(row[~np.isnan(row)]) for row in rows], dtype=np.float64)


def _aligned(totals: pd.Series, labels: pd.Index, name: str) -> FloatArray:
    _require_unique(totals.index)
    _numbers(totals.to_frame(name), name)
    return totals.reindex(labels).to_numpy(dtype=np.float64, na_value=np.nan)


def _numbers(frame: pd.DataFrame, name: str) -> FloatArray:
    x = frame.to_numpy(dtype=np.float64, na_value=np.nan)
    wrong = np.argwhere((x < 0) | np.isinf(x))
    if wrong.size:
        row, column = (int(place) for place in wrong[0])
        raise BenchmarkInputError(
            f"{frame.index[row]} × {frame.columns[column]} holds {x[row, column]}",
            where=name,
            todo="Pass finite counts, zero or more, and NaN where a cell is not reported.",
        )
    return x


def _require_unique(labels: pd.Index) -> None:
    if labels.has_duplicates:
        raise BenchmarkInputError(
            f"the label {labels[labels.duplicated()][0]!r} appears more than once",
            where="labels",
            todo="Sum or drop the duplicates before asking for quotients.",
        )
