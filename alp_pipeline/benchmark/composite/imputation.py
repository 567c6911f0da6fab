"""Estimates for missing cells as kernels on stacks of tables.

Belongs here: means and medians over groups, values of other years, what each method needs to know of rows.
Does not: regression (regression), which cell may be filled at all, labels, marks (impute).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Final

import numpy as np
import pandas as pd

from alp_pipeline.benchmark.cells import BenchmarkInputError, BoolArray, FloatArray, IntArray
from alp_pipeline.benchmark.composite.parameters import require_choice
from alp_pipeline.benchmark.composite.regression import most_correlated, regressed
from alp_pipeline.benchmark.composite.units import UnitTable

METHODS: Final = (
    "mean",
    "median",
    "group_mean",
    "group_median",
    "panel_latest",
    "panel_linear",
    "regression",
    "none",
)
_WHERE: Final = "impute"


@dataclass(frozen=True)
class Imputation:
    """How an indicator's gaps are filled; see `impute` for what each parameter means.

    Raises:
        BenchmarkInputError: a parameter has a value that it cannot have, or a group method has no group.

    >>> Imputation(method="group_mean", group="EurAsia_group").group
    'EurAsia_group'
    """

    method: str = "mean"
    group: str | None = None
    max_gap: int | None = None
    or_next: bool = False
    predictor: str | tuple[str, ...] | None = None
    predictors: int = 1

    def __post_init__(self) -> None:
        require_choice(self.method, METHODS, name="method", where=_WHERE)
        if self.method.startswith("group_") and self.group is None:
            raise BenchmarkInputError(
                f"{self.method} has no group", where=_WHERE, todo="Name a column of groups as `group`."
            )
        for name, value in (("max_gap", self.max_gap), ("predictors", self.predictors)):
            if value is not None and (isinstance(value, bool) or not isinstance(value, int) or value < 1):
                raise BenchmarkInputError(
                    f"{name} is {value!r}", where=_WHERE, todo="Pass a whole number, 1 or more."
                )

    @property
    def named_predictors(self) -> tuple[str, ...]:
        """The predictors by code; () where they are to be chosen."""
        if self.predictor is None:
            return ()
        return (self.predictor,) if isinstance(self.predictor, str) else tuple(self.predictor)


PARAMETERS: Final = tuple(parameter.name for parameter in fields(Imputation))


@dataclass(frozen=True, eq=False)
class Layout:
    """What the rows and columns of an array are: all by position.

    Attributes:
        unit: (units,) a number per unit.
        time: (units,) the year; 0 throughout in a cross-section.
        groups: by group column (units,) a number per group, -1 where a unit has none.
        codes: the columns.
    """

    unit: IntArray
    time: IntArray
    groups: Mapping[str, IntArray]
    codes: tuple[str, ...]

    @classmethod
    def of(cls, units: UnitTable, rows: IntArray | None = None) -> "Layout":
        """The layout of a table's rows, all in their order or those given."""
        index = units.index if rows is None else units.index.take(rows)
        groups = units.groups if rows is None else units.groups.iloc[rows]
        time = index.get_level_values(1) if units.is_panel else np.zeros(len(index))
        return cls(
            unit=pd.factorize(index.get_level_values(0), sort=True)[0].astype(np.int64),
            time=np.asarray(time, dtype=np.int64),
            groups={
                str(code): pd.factorize(column, sort=True)[0].astype(np.int64)
                for code, column in groups.items()
            },
            codes=units.codes,
        )

    @property
    def is_panel(self) -> bool:
        """Whether there is more than one time."""
        return bool((self.time != self.time[:1]).any())


def imputed(
    values: FloatArray, fillable: BoolArray, imputations: Sequence[Imputation], layout: Layout
) -> FloatArray:
    """Fill the gaps of a table, or of each table of a stack, from its own numbers.

    Every estimate is made from the numbers given, none from another estimate.

    Args:
        values: (..., units, indicators).
        fillable: (units, indicators); only NaN cells that are fillable are filled.
        imputations: one per indicator.
        layout: what the rows and columns are.

    Returns:
        The same shape; numbers as they were, NaN where there was nothing to estimate from.

    >>> layout = Layout(np.arange(3), np.zeros(3, dtype=np.int64), {}, ("LPI",))
    >>> gap = np.array([[1.0], [5.0], [np.nan]])
    >>> imputed(gap, np.full((3, 1), True), [Imputation()], layout).tolist()
    [[1.0], [5.0], [3.0]]
    """
    result = np.array(values, dtype=np.float64, copy=True)
    for imputation in dict.fromkeys(imputations):
        own = np.array([each == imputation for each in imputations], dtype=np.bool_)
        places = np.flatnonzero(own & fillable.any(axis=0))
        if imputation.method == "none" or not places.size:
            continue
        known = result[..., places]
        gap = np.isnan(known) & fillable[:, places]
        result[..., places] = np.where(gap, _estimate(values, places, imputation, layout), known)
    return result


def _estimate(values: FloatArray, places: IntArray, imputation: Imputation, layout: Layout) -> FloatArray:
    method, columns = imputation.method, values[..., places]
    if method == "regression":
        return _regression(values, places, imputation, layout)
    if method in ("panel_latest", "panel_linear"):
        if not layout.is_panel:
            raise BenchmarkInputError(
                f"{method} needs more than one time",
                where=_WHERE,
                todo="Pass a panel, or use another method.",
            )
        if method == "panel_latest":
            return _latest(columns, layout, imputation.max_gap, or_next=imputation.or_next)
        return _linear(columns, layout)
    return _centre(columns, _row_groups(imputation, layout), median=method.endswith("median"))


def _row_groups(imputation: Imputation, layout: Layout) -> IntArray:
    """Rows that are averaged together: of one time and, for a group method, of one group; -1 for none."""
    _, time = np.unique(layout.time, return_inverse=True)
    if not imputation.method.startswith("group_"):
        return time
    group = layout.groups.get(str(imputation.group))
    if group is None:
        raise BenchmarkInputError(
            f"{imputation.group!r} is no column of groups",
            where=_WHERE,
            todo=f"Use one of {', '.join(layout.groups) or 'those the framework names: none'}.",
        )
    return np.where(group < 0, -1, time * (group.max(initial=0) + 1) + group)


def _centre(values: FloatArray, group: IntArray, *, median: bool) -> FloatArray:
    """Each row's group mean or median, NaN where the group has no number or the row no group."""
    estimate = np.full(values.shape, np.nan)
    order = np.argsort(group, kind="stable")
    order = order[group[order] >= 0]
    if not order.size:
        return estimate
    starts = np.flatnonzero(np.append(True, np.diff(group[order]) != 0))
    ordered = values[..., order, :]
    parts = np.split(ordered, starts[1:], axis=-2)
    centres = np.stack([_median(part) if median else _mean(part) for part in parts], axis=-2)
    sizes = np.diff(np.append(starts, order.size))
    estimate[..., order, :] = np.repeat(centres, sizes, axis=-2)
    return estimate


def _mean(values: FloatArray) -> FloatArray:
    """The mean over the units (axis -2) of what is not NaN."""
    missing = np.isnan(values)
    n = values.shape[-2] - np.count_nonzero(missing, axis=-2)
    with np.errstate(invalid="ignore"):
        return np.asarray(np.where(missing, 0.0, values).sum(axis=-2) / n)


def _median(values: FloatArray) -> FloatArray:
    """The median over the units (axis -2) of what is not NaN."""
    ordered = np.sort(values, axis=-2)  # NaN last
    n = np.count_nonzero(~np.isnan(values), axis=-2, keepdims=True)
    low = np.take_along_axis(ordered, np.maximum(n - 1, 0) // 2, axis=-2)
    high = np.take_along_axis(ordered, np.minimum(n // 2, values.shape[-2] - 1), axis=-2)
    return (low[..., 0, :] + high[..., 0, :]) / 2


def _latest(values: FloatArray, layout: Layout, max_gap: int | None, *, or_next: bool) -> FloatArray:
    """The unit's latest earlier number, at most `max_gap` times before; else perhaps its next later one."""
    order = np.lexsort((layout.time, layout.unit))
    ordered = values[..., order, :]
    before, after = _neighbours(ordered, layout.unit[order])
    times = np.unique(layout.time)
    rank = np.searchsorted(times, layout.time[order])
    found = before >= 0
    if max_gap is not None:
        found &= rank[:, None] - rank[np.maximum(before, 0)] <= max_gap
    source = np.where(found, before, after if or_next else -1)
    taken = np.take_along_axis(ordered, np.maximum(source, 0), axis=-2)
    return _back(np.where(source >= 0, taken, np.nan), order)


def _linear(values: FloatArray, layout: Layout) -> FloatArray:
    """On the line between the unit's neighbouring numbers in time; beyond its first or last, that one."""
    order = np.lexsort((layout.time, layout.unit))
    ordered, time = values[..., order, :], layout.time[order].astype(np.float64)
    before, after = _neighbours(ordered, layout.unit[order])
    first = np.where(before >= 0, before, after)
    last = np.where(after >= 0, after, before)
    found = first >= 0
    first, last = np.maximum(first, 0), np.maximum(last, 0)
    low = np.take_along_axis(ordered, first, axis=-2)
    high = np.take_along_axis(ordered, last, axis=-2)
    span = time[last] - time[first]
    share = np.where(span > 0, (time[:, None] - time[first]) / np.where(span > 0, span, 1.0), 0.0)
    return _back(np.where(found, low + (high - low) * share, np.nan), order)


def _neighbours(ordered: FloatArray, unit: IntArray) -> tuple[IntArray, IntArray]:
    """For each cell of rows sorted by unit and time the row of its unit's last number up to it, and of the
    first from it on; -1 where there is none."""
    rows = np.arange(unit.size)[:, None]
    starts = np.searchsorted(unit, unit, side="left")[:, None]
    ends = np.searchsorted(unit, unit, side="right")[:, None]
    known = ~np.isnan(ordered)
    before = np.maximum.accumulate(np.where(known, rows, -1), axis=-2)
    backwards = np.where(known, rows, unit.size)[..., ::-1, :]
    after = np.minimum.accumulate(backwards, axis=-2)[..., ::-1, :]
    return np.where(before >= starts, before, -1), np.where(after < ends, after, -1)


def _back(ordered: FloatArray, order: IntArray) -> FloatArray:
    result = np.empty_like(ordered)
    result[..., order, :] = ordered
    return result


def _regression(values: FloatArray, places: IntArray, imputation: Imputation, layout: Layout) -> FloatArray:
    named = imputation.named_predictors
    absent = [code for code in named if code not in layout.codes]
    if absent:
        raise BenchmarkInputError(
            f"the predictor {absent[0]!r} is no indicator of the table",
            where=_WHERE,
            todo=f"Use one of {', '.join(layout.codes)}.",
        )
    if not named:
        chosen = most_correlated(values, places, imputation.predictors)
    estimates = []
    for number, place in enumerate(places):
        if named:
            others = [layout.codes.index(code) for code in named if code != layout.codes[place]]
            by = np.array(others, dtype=np.int64)
        else:
            by = chosen[..., number, :]
        estimates.append(regressed(values, int(place), by))
    return np.stack(estimates, axis=-1)
