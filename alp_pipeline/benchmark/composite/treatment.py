"""The treatment of skewed indicators and outliers as a kernel on stacks of tables.

Belongs here: which column is treated and by what, in which order; blocks that fit the processor's cache.
Does not: the limits (outliers) and functions (transforms) themselves, labels and states (treat).
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from typing import Final

import numpy as np

from alp_pipeline.benchmark.cells import BenchmarkInputError, BoolArray, FloatArray, IntArray
from alp_pipeline.benchmark.composite.moments import columns_of, shape_of
from alp_pipeline.benchmark.composite.outliers import Limits, deviation_limits, winsorised
from alp_pipeline.benchmark.composite.parameters import require_choice, require_number
from alp_pipeline.benchmark.composite.transforms import TRANSFORMS, Transform

METHODS: Final = ("winsorise", "outliers_sd", *TRANSFORMS, "none")
_BLOCK_CELLS: Final = 1 << 17


@dataclass(frozen=True)
class Treatment:
    """What is done to an indicator; see `treat` for what each parameter means.

    Raises:
        BenchmarkInputError: a parameter has a value that it cannot have.

    >>> Treatment(method="winsorise", then="log_ct").max_points
    5
    """

    method: str = "winsorise"
    then: str | None = None
    skew_max: float | None = 2.0
    kurtosis_max: float | None = 3.5
    only_if_skew_above: float | None = None
    apply: str | None = None
    combine: bool = False
    max_points: int | None = 5
    k: float = 2.0
    replace: str = "next"
    boxcox_lambda: float | None = None
    boxcox_shift: bool = True
    reflect: bool = False

    def __post_init__(self) -> None:
        where = "treat"
        require_choice(self.method, METHODS, name="method", where=where)
        if self.then is not None:
            require_choice(self.then, (*TRANSFORMS, "none"), name="method for `then`", where=where)
        if self.apply is not None:
            require_choice(self.apply, ("failing", "always"), name="value of `apply`", where=where)
        require_choice(self.replace, ("next", "exclude"), name="value of `replace`", where=where)
        for name, low in (("skew_max", 0.0), ("kurtosis_max", None), ("only_if_skew_above", None)):
            if getattr(self, name) is not None:
                require_number(getattr(self, name), name=name, where=where, low=low)
        if self.boxcox_lambda is not None:
            require_number(self.boxcox_lambda, name="boxcox_lambda", where=where)
        require_number(self.k, name="k", where=where, low=1.0)
        if self.max_points is not None and (not isinstance(self.max_points, int) or self.max_points < 1):
            raise BenchmarkInputError(
                f"max_points is {self.max_points!r}",
                where=where,
                todo="Pass 1 or more, or null for no limit.",
            )

    @property
    def always(self) -> bool:
        """Whether the method is applied to indicators that pass, too."""
        return (self.method == "outliers_sd") if self.apply is None else self.apply == "always"

    def fails(self, skew: FloatArray, kurtosis: FloatArray) -> BoolArray:
        """Whether a column needs treatment; False where its skewness or kurtosis is NaN."""
        if self.only_if_skew_above is not None:
            return skew > self.only_if_skew_above
        with np.errstate(invalid="ignore"):
            skewed = ~np.isnan(skew) if self.skew_max is None else np.abs(skew) >= self.skew_max
            peaked = ~np.isnan(kurtosis) if self.kurtosis_max is None else kurtosis >= self.kurtosis_max
        return skewed & peaked


PARAMETERS: Final = tuple(parameter.name for parameter in fields(Treatment))

Shape = tuple[FloatArray, FloatArray]
"""Skewness and excess kurtosis of columns."""

Stage = tuple[IntArray, Limits | Transform]
"""Columns by number, and what was done to them."""


@dataclass
class Diagnosis:
    """What a treatment did to each of (columns,).

    Attributes:
        before, after_method, after: skewness and excess kurtosis at the start, after `method`, in the end.
        chosen: the columns that `method` was applied to, and `first` what it did to them.
        again: those of them that `then` was applied to.
        stages: what leads from the numbers before to those after, one after the other.
    """

    before: Shape
    after_method: Shape
    after: Shape
    chosen: IntArray
    again: IntArray
    first: Limits | Transform | None = None
    stages: list[Stage] = field(default_factory=list)

    @classmethod
    def of(cls, before: Shape, chosen: IntArray) -> "Diagnosis":
        """Of columns to which nothing has been done yet."""
        skew, kurtosis = before
        return cls(before, (skew.copy(), kurtosis.copy()), (skew.copy(), kurtosis.copy()), chosen, chosen[:0])


def treated(values: FloatArray, treatment: Treatment) -> FloatArray:
    """Treat every indicator of a table, or of each table of a stack, on its own numbers.

    Args:
        values: (..., units, indicators); NaN cells stay NaN.
        treatment: for every indicator; see `treated_by_indicator`.

    Returns:
        The same shape. A number outside the domain of a function becomes NaN.

    >>> ladder = np.array([[1.0], [2.0], [3.0], [4.0], [5.0], [100.0]])
    >>> treated(ladder, Treatment(method="winsorise"))[:, 0].tolist()
    [1.0, 2.0, 3.0, 4.0, 5.0, 5.0]
    """
    units, indicators = values.shape[-2:]
    result = np.array(values, dtype=np.float64, copy=True, order="C")
    if treatment.method == "none" or not result.size:
        return result
    stack = result.reshape(-1, units, indicators)
    step = max(1, _BLOCK_CELLS // (units * indicators))
    for first in range(0, len(stack), step):
        block = stack[first : first + step]
        columns = columns_of(block).reshape(-1, units)
        replaced, diagnosis = treated_columns(columns, treatment)
        numbers = diagnosis.chosen
        # Seen as (draws, indicators, units) a column is found by its number again.
        block.swapaxes(-1, -2)[numbers // indicators, numbers % indicators] = replaced
    return result


def treated_by_indicator(
    values: FloatArray, treatments: Sequence[Treatment], parts: Sequence[IntArray] = ()
) -> FloatArray:
    """As `treated`, with a treatment for each indicator.

    Args:
        values: (..., units, indicators).
        treatments: one per indicator, in their order.
        parts: rows by position that are treated by themselves, such as those of one year; all together
            when omitted.

    >>> pair = np.array([[1.0, 1.0], [2.0, 2.0], [3.0, 3.0], [4.0, 4.0], [5.0, 5.0], [100.0, 100.0]])
    >>> treated_by_indicator(pair, [Treatment(), Treatment(method="none")])[-1].tolist()
    [5.0, 100.0]
    """
    result = np.array(values, dtype=np.float64, copy=True, order="C")
    for part in parts:
        result[..., part, :] = treated_by_indicator(result[..., part, :], treatments)
    if len(parts):
        return result
    for treatment in dict.fromkeys(treatments):
        places = [place for place, own in enumerate(treatments) if own == treatment]
        if len(places) == len(treatments):
            return treated(values, treatment)
        result[..., places] = treated(result[..., places], treatment)
    return result


def treated_columns(columns: FloatArray, treatment: Treatment) -> tuple[FloatArray, Diagnosis]:
    """The columns that are treated (`Diagnosis.chosen`) as they are then, and the diagnosis of all.

    Args:
        columns: (columns, units), contiguous.

    Returns:
        As many columns as are chosen × units, and the diagnosis of every column.

    >>> columns = np.array([[1.0, 2.0, 3.0, 4.0, 5.0, 6.0], [1.0, 2.0, 3.0, 4.0, 5.0, 100.0]])
    >>> replaced, diagnosis = treated_columns(columns, Treatment(method="winsorise"))
    >>> diagnosis.chosen.tolist(), replaced.tolist()
    ([1], [[1.0, 2.0, 3.0, 4.0, 5.0, 5.0]])
    """
    before = shape_of(columns)
    due = ~np.isnan(before[0]) if treatment.always else treatment.fails(*before)
    chosen = np.flatnonzero(due & (treatment.method != "none"))
    diagnosis = Diagnosis.of(before, chosen)
    if not chosen.size:
        return columns[chosen], diagnosis
    original = columns[chosen]
    first, shape = _first_stage(original, before[0][chosen], treatment)
    result = first(original)
    shape = shape_of(result) if shape is None else shape
    diagnosis.first = first
    _record(diagnosis.after_method, chosen, shape)
    _record(diagnosis.after, chosen, shape)
    again = treatment.fails(*shape) & (treatment.then not in (None, "none"))
    stays = ~again | treatment.combine
    diagnosis.stages.append((chosen[stays], first.taken(stays)))
    if again.any():
        base = (result if treatment.combine else original)[again]
        skew = (shape[0] if treatment.combine else before[0][chosen])[again]
        second = _transform(str(treatment.then), base, skew, treatment)
        result[again] = second(base)
        diagnosis.again = chosen[again]
        _record(diagnosis.after, chosen[again], shape_of(result[again]))
        diagnosis.stages.append((chosen[again], second))
    return result, diagnosis


def _first_stage(
    columns: FloatArray, skew: FloatArray, treatment: Treatment
) -> tuple[Limits | Transform, Shape | None]:
    if treatment.method == "winsorise":
        limits, *shape = winsorised(
            columns,
            skew,
            fails=treatment.fails,
            max_points=treatment.max_points,
            forced=treatment.always,
        )
        return limits, (shape[0], shape[1])
    if treatment.method == "outliers_sd":
        return deviation_limits(columns, treatment.k, exclude=treatment.replace == "exclude"), None
    return _transform(treatment.method, columns, skew, treatment), None


def _transform(name: str, columns: FloatArray, skew: FloatArray, treatment: Treatment) -> Transform:
    return Transform.fitted(
        name,
        columns,
        power=treatment.boxcox_lambda,
        shift=treatment.boxcox_shift,
        reflected=(skew < 0) & treatment.reflect,
    )


def _record(into: Shape, at: IntArray, shape: Shape) -> None:
    into[0][at], into[1][at] = shape
