"""Location quotients of a region × activity matrix.

Belongs here: the quotient of a matrix and its totals. Does not: states, stars and growth of the long form
(specialisation), or where totals come from (totals).
"""

import math

import numpy as np
import numpy.typing as npt
import pandas as pd

from alp_pipeline.benchmark.cells import BenchmarkInputError, FloatArray
from alp_pipeline.benchmark.inputs import checked
from alp_pipeline.benchmark.labels import counts, counts_by


@checked
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
        reference_total: x, the reference territory's total; the sum of `reference` when omitted, which then
            must have a total of every activity.
        region_totals: x_r by region; the row sums when omitted.

    Returns:
        Same shape and labels; dimensionless.

    Raises:
        BenchmarkInputError: (a ValueError) no cells, text, a negative or infinite number, a duplicate label,
            a reference whose sum would lack an activity; it names the first offender.

    Source: Isserman (1977), Journal of the American Institute of Planners 43(1).

    >>> location_quotient(pd.DataFrame({"C28": [10, 0], "I55": [0, 10]}, index=["A", "B"])).loc["A", "C28"]
    np.float64(2.0)

    A hidden cell is not a zero, and totals given by their publisher stay as they are:

    >>> hidden = pd.DataFrame({"C28": [10, None], "I55": [30, 50]}, index=["A", "B"])
    >>> location_quotient(hidden, reference=pd.Series({"C28": 20, "I55": 80})).round(2).to_numpy().tolist()
    [[1.25, 0.94], [nan, 1.25]]
    """
    x = counts(employment, "employment")
    columns, rows = employment.columns, employment.index
    x_c, total = reference_sums(x, columns, reference, reference_total)
    x_r = sums_of_reported(x) if region_totals is None else counts_by(region_totals, rows, "region_totals")
    quotient = quotient_of_products(x, x_r[:, None], x_c[None, :], np.full((1, 1), total))
    return pd.DataFrame(quotient, index=rows, columns=columns)


def reference_sums(
    x: FloatArray, activities: pd.Index, reference: pd.Series | None, reference_total: float | None
) -> tuple[FloatArray, float]:
    """The reference's totals x_c of some activities and its grand total x, as given or summed.

    Args:
        x: regions × activities, NaN where not reported; the reference when none is given.
        activities: what the columns of x are.
        reference: totals by activity.
        reference_total: needed beside a reference that lacks one of the activities; NaN where not known.

    Raises:
        BenchmarkInputError: the grand total would lack an activity, is negative or infinite; see `counts`.

    >>> jobs = np.array([[10.0, 0.0], [5.0, 5.0]])
    >>> reference_sums(jobs, pd.Index(["C28", "I55"]), None, None)
    (array([15.,  5.]), 20.0)
    """
    if reference_total is not None and (math.isinf(reference_total) or reference_total < 0):
        raise BenchmarkInputError(
            f"{reference_total} is no total", where="reference_total", todo="Pass a count, zero or more."
        )
    if reference is None:
        x_c = sums_of_reported(x.T)
        return x_c, math.fsum(x_c[~np.isnan(x_c)]) if reference_total is None else reference_total
    x_c = counts_by(reference, activities, "reference")
    if reference_total is not None:
        return x_c, reference_total
    lacking = [*activities[np.isnan(x_c)], *reference.index[reference.isna()]]
    if lacking:
        raise BenchmarkInputError(
            f"it has no total of {lacking[0]}, so its sum is not the total of all activities",
            where="reference",
            todo="Give every activity its total, or pass reference_total.",
        )
    return x_c, math.fsum(reference.to_numpy(dtype=np.float64))


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


def sums_of_reported(rows: FloatArray) -> FloatArray:
    """The sum of each row's numbers, NaN for a row without any.

    >>> sums_of_reported(np.array([[1.0, np.nan], [np.nan, np.nan]])).tolist()
    [1.0, nan]
    """
    # fsum is exact until its last rounding: the order of the regions cannot show in the result.
    sums = [math.fsum(row[~np.isnan(row)]) if (~np.isnan(row)).any() else math.nan for row in rows]
    return np.array(sums, dtype=np.float64)
