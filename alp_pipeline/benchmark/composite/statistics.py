"""What the numbers of each indicator look like, and how much of each unit is there.

Belongs here: univariate statistics, availability by indicator, unit and aggregate, outliers, their flags.
Does not: treatment (treat), screening (screen), anything about two indicators (correlation).
"""

import math
from collections.abc import Sequence
from numbers import Real
from typing import Any

import numpy as np
import pandas as pd

from alp_pipeline.benchmark.cells import BenchmarkInputError, FloatArray
from alp_pipeline.benchmark.composite.framework import Framework
from alp_pipeline.benchmark.composite.labelled import labelled_numbers, require_codes
from alp_pipeline.benchmark.composite.moments import kurtosis, skewness
from alp_pipeline.benchmark.inputs import checked
from alp_pipeline.benchmark.labels import require_unique

OUTLIER_SIDES = ("low", "high")


@checked
def indicator_statistics(
    values: pd.DataFrame,
    *,
    states: pd.DataFrame | None = None,
    quantiles: Sequence[float] = (0.05, 0.25, 0.75, 0.95),
    skew_max: float = 2.0,
    kurtosis_max: float = 3.5,
    availability_min: float = 0.65,
    zero_share_max: float = 0.5,
    unique_share_min: float = 0.5,
    fences: float = 1.5,
) -> pd.DataFrame:
    """Statistics of each indicator over its available cells, with flags.

    skewness = G1 and kurtosis = excess G2 (the bias-adjusted sample versions, NaN below 3 and 4 cells or for
    a constant), standard_deviation with n - 1, quantiles by linear interpolation (Hyndman and Fan 1996,
    type 7). Flags, with COINr's thresholds: `is_skewed` where |skewness| > skew_max and kurtosis >
    kurtosis_max; `is_scarce` where availability < availability_min; `is_mostly_zero` where zero_share >
    zero_share_max; `is_repetitive` where unique_share < unique_share_min. Shares of zeros and of unique
    numbers are of the available cells. A statistic that cannot be computed raises no flag.

    Args:
        values: units × indicators, NaN = no number; any order of rows.
        states: words of CELL_STATES with the same labels; splits the cells without a number into
            confidential and others.
        quantiles: the quantiles wanted, each becomes a column `p05`, `p25`, …
        fences: in interquartile ranges beyond the quartiles, see `outlying_cells`.

    Returns:
        One row per indicator, in the order of the columns: units, available, confidential, missing,
        availability (share of units), zeros, zero_share, unique, unique_share, most_frequent (the smallest
        of several), most_frequent_count, most_frequent_share, min, max, mean, median, quantiles,
        standard_deviation, skewness, kurtosis, outliers_low, outliers_high and the flags. Dimensions are
        those of the indicators.

    Raises:
        BenchmarkInputError: a label appears twice, a cell is infinite or no number, a quantile is outside
            [0, 1], or states and values differ in labels.

    Source: Nardo et al. (2008), Handbook on Constructing Composite Indicators, steps 2 and 4; COINr
        get_stats.

    >>> frame = pd.DataFrame({"patents": [0, 0, 4, None]}, index=["A", "B", "C", "D"])
    >>> indicator_statistics(frame).loc["patents", ["availability", "zero_share", "mean"]].round(3).tolist()
    [0.75, 0.667, 1.333]
    """
    numbers = labelled_numbers(values, "values")
    hidden = _confidential(numbers, states)
    if not len(numbers.columns):
        raise BenchmarkInputError("there is no indicator", where="values", todo="Pass one or more columns.")
    strange = [q for q in quantiles if not (isinstance(q, Real) and 0 <= q <= 1)]
    if strange:
        raise BenchmarkInputError(
            f"{strange[0]} is not a quantile",
            where="quantiles",
            todo="Pass numbers from 0 to 1.",
        )
    rows: dict[object, dict[str, Any]] = {}
    for code, column in numbers.items():
        # Sorted numbers: the order of the units cannot show in a sum.
        available = np.sort(column.to_numpy()[~np.isnan(column.to_numpy())])
        rows[code] = _counts(available, len(column), int(hidden[code].sum())) | _shape(
            available, quantiles, fences
        )
    table = pd.DataFrame.from_dict(rows, orient="index").reindex(values.columns)
    table["is_scarce"] = table["availability"] < availability_min
    table["is_mostly_zero"] = table["zero_share"] > zero_share_max
    table["is_repetitive"] = table["unique_share"] < unique_share_min
    table["is_skewed"] = (table["skewness"].abs() > skew_max) & (table["kurtosis"] > kurtosis_max)
    return table.rename_axis("code")


@checked
def outlying_cells(values: pd.DataFrame, *, fences: float = 1.5) -> pd.DataFrame:
    """Cells beyond the fences Q1 - fences · IQR and Q3 + fences · IQR of their indicator.

    An indicator whose quartiles coincide has no spread to measure by: none of its cells is an outlier.

    Args:
        values: units × indicators, NaN = no number.
        fences: in interquartile ranges; 1.5 (Tukey's inner fences) or 3 (his outer ones).

    Returns:
        One row per outlier, by indicator in the order of the columns, then unit: unit, code, value, side
        (low or high), lower_fence, upper_fence; in the indicators' units.

    Raises:
        BenchmarkInputError: see `indicator_statistics`.

    Source: Tukey (1977), Exploratory Data Analysis, section 2D.

    >>> jobs = pd.DataFrame({"jobs": [1, 2, 3, 4, 30]}, index=list("ABCDE"))
    >>> outlying_cells(jobs).iloc[:, :4].values.tolist()
    [['E', 'jobs', 30.0, 'high']]
    """
    numbers = labelled_numbers(values, "values")
    found = []
    for code, column in numbers.items():
        lower, upper = _fences(np.sort(column.dropna().to_numpy()), fences)
        beyond = column[(column < lower) | (column > upper)]
        found += [
            (unit, code, value, OUTLIER_SIDES[int(value > upper)], lower, upper)
            for unit, value in beyond.items()
        ]
    return pd.DataFrame(found, columns=["unit", "code", "value", "side", "lower_fence", "upper_fence"])


@checked
def unit_availability(values: pd.DataFrame, *, states: pd.DataFrame | None = None) -> pd.DataFrame:
    """How much of each unit is there.

    Args:
        values: units × indicators, NaN = no number.
        states: words of CELL_STATES with the same labels; splits the cells without a number.

    Returns:
        One row per unit, in the order of the rows: indicators, available, confidential, missing,
        availability (share of indicators), zeros, zero_share (of the available cells, NaN without any).

    Raises:
        BenchmarkInputError: see `indicator_statistics`.

    Source: COINr get_data_avail.

    >>> frame = pd.DataFrame({"a": [0, 1], "b": [None, 2]}, index=["A", "B"])
    >>> unit_availability(frame)["availability"].to_dict()
    {'A': 0.5, 'B': 1.0}
    """
    numbers = labelled_numbers(values, "values")
    hidden = _confidential(numbers, states)
    available = numbers.notna().sum(axis=1)
    zeros = (numbers == 0).sum(axis=1)
    table = pd.DataFrame(
        {
            "indicators": numbers.shape[1],
            "available": available,
            "confidential": hidden.sum(axis=1),
            "missing": numbers.shape[1] - available - hidden.sum(axis=1),
            "availability": available / numbers.shape[1] if numbers.shape[1] else math.nan,
            "zeros": zeros,
            "zero_share": (zeros / available).where(available > 0),
        }
    )
    return table.loc[values.index]


@checked
def availability_by_aggregate(values: pd.DataFrame, framework: Framework) -> pd.DataFrame:
    """The share of the indicators below each aggregate that a unit has a number for.

    Args:
        values: units × indicators, NaN = no number; must hold every indicator of the framework.

    Returns:
        Units (in the order of the rows) × aggregates (level by level from the bottom), in [0, 1].

    Raises:
        BenchmarkInputError: an indicator is absent; see also `indicator_statistics`.

    Source: COINr get_data_avail.

    >>> framework = Framework.of(pd.DataFrame({
    ...     "code": ["a", "b", "index"], "level": [1, 1, 2], "parent": ["index", "index", None],
    ...     "direction": 1, "type": ["Indicator", "Indicator", "Aggregate"]}))
    >>> values = pd.DataFrame({"a": [0], "b": [None]}, index=["A"])
    >>> availability_by_aggregate(values, framework).values.tolist()
    [[0.5]]
    """
    require_codes(values, framework.indicators, "values")
    there = labelled_numbers(values, "values").notna()
    shares = {code: there[list(framework.indicators_of(code))].mean(axis=1) for code in framework.aggregates}
    return pd.DataFrame(shares, index=there.index).loc[values.index]


def _confidential(numbers: pd.DataFrame, states: pd.DataFrame | None) -> pd.DataFrame:
    """Cells that are confidential, labelled as `numbers`."""
    if states is None:
        return numbers.isna() & False
    require_unique(states.index, "states")
    if set(states.index) != set(numbers.index) or not set(numbers.columns) <= set(states.columns):
        raise BenchmarkInputError(
            "states and values differ in labels", where="states", todo="Label both the same."
        )
    return states.loc[numbers.index, numbers.columns] == "confidential"


def _counts(available: FloatArray, units: int, confidential: int) -> dict[str, Any]:
    count = available.size
    unique, times = np.unique(available, return_counts=True)
    most = int(np.argmax(times)) if count else 0
    share = count or math.nan
    return {
        "units": units,
        "available": count,
        "confidential": confidential,
        "missing": units - count - confidential,
        "availability": count / units if units else math.nan,
        "zeros": int((available == 0).sum()),
        "zero_share": int((available == 0).sum()) / share,
        "unique": unique.size,
        "unique_share": unique.size / share,
        "most_frequent": float(unique[most]) if count else math.nan,
        "most_frequent_count": int(times[most]) if count else 0,
        "most_frequent_share": int(times[most]) / count if count else math.nan,
    }


def _shape(available: FloatArray, quantiles: Sequence[float], fences: float) -> dict[str, Any]:
    some = available.size > 0
    lower, upper = _fences(available, fences)
    return {
        "min": float(available[0]) if some else math.nan,
        "max": float(available[-1]) if some else math.nan,
        "mean": math.fsum(available) / available.size if some else math.nan,
        "median": float(np.median(available)) if some else math.nan,
        **{_quantile_name(q): float(np.quantile(available, q)) if some else math.nan for q in quantiles},
        "standard_deviation": float(np.std(available, ddof=1)) if available.size > 1 else math.nan,
        "skewness": float(skewness(available[:, None])[0]),
        "kurtosis": float(kurtosis(available[:, None])[0]),
        "outliers_low": int((available < lower).sum()),
        "outliers_high": int((available > upper).sum()),
    }


def _quantile_name(q: float) -> str:
    percent = 100 * q
    return f"p{percent:02.0f}" if math.isclose(percent, round(percent)) else f"p{percent:g}"


def _fences(available: FloatArray, fences: float) -> tuple[float, float]:
    """Lower and upper fence of sorted numbers; without a spread there is none, and nothing lies beyond."""
    if not available.size:
        return -math.inf, math.inf
    first, third = (float(q) for q in np.quantile(available, (0.25, 0.75)))
    if first == third:
        return -math.inf, math.inf
    return first - fences * (third - first), third + fences * (third - first)
