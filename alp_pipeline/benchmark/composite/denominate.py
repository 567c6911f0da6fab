"""Step: indicators per inhabitant, per GDP, per km².

Belongs here: the quotient, what a missing or zero denominator does to it. Does not: any other scaling.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from alp_pipeline.benchmark.cells import BenchmarkInputError, FloatArray
from alp_pipeline.benchmark.composite.framework import Framework
from alp_pipeline.benchmark.composite.parameters import per_indicator, require_number
from alp_pipeline.benchmark.composite.unit_cells import NOT_AVAILABLE, REPORTED
from alp_pipeline.benchmark.composite.units import StepResult, UnitTable
from alp_pipeline.benchmark.inputs import checked

_WHERE = "denominate"


@checked
def denominate(
    units: UnitTable,
    framework: Framework,
    *,
    denominator: str = "framework",
    scale: float = 1.0,
    by_indicator: Mapping[str, Mapping[str, Any]] | None = None,
) -> StepResult:
    """Divide indicators by their denominators: x / d · scale (Handbook, Nardo et al. 2008, step 5).

    A cell without a number keeps its state, its bounds are divided. A number whose denominator is missing has
    no quotient and takes the denominator's state (`confidential` stays confidential); one whose denominator
    is zero becomes `not_applicable`, for no quotient exists that could be estimated. Both are listed.

    Args:
        denominator: `framework`: what the framework names for each indicator, where it names one; `none`:
            nothing is divided; or the code of a column of denominators.
        scale: a factor of what is divided, such as 1000 for "per 1000 inhabitants".
        by_indicator: `denominator` and `scale` of single indicators.

    Returns:
        Units with quotients; the framework as it was. details:
        `denominated`: one row per divided indicator: indicator, denominator, scale.
        `undefined`: one row per number without a quotient: unit, [time,] indicator, denominator, reason
        (`zero`, or the denominator's state).

    Raises:
        BenchmarkInputError: the denominator is none of the table's, the scale is not a number but zero, an
            indicator is not in the table.

    >>> table = pd.DataFrame({"code": ["jobs", "people"], "level": [1, None], "parent": None,
    ...     "direction": [1, None], "denominator": ["people", None], "type": ["Indicator", "Denominator"]})
    >>> framework = Framework.of(table)
    >>> data = pd.DataFrame({"unit": ["AT", "CH", "SI"], "jobs": [4, 5, 6], "people": [8, 0, None]})
    >>> result = denominate(UnitTable.of(data, framework), framework, scale=100)
    >>> result.units.values["jobs"].to_dict(), result.details["undefined"]["reason"].tolist()
    ({'AT': 50.0, 'CH': nan, 'SI': nan}, ['zero', 'not_available'])
    """
    codes = units.codes
    own = per_indicator({"denominator": denominator, "scale": scale}, by_indicator, codes, where=_WHERE)
    divided = {code: _denominator(own[code]["denominator"], code, framework, units) for code in codes}
    scales = np.array([_scale(own[code]["scale"]) if divided[code] else 1.0 for code in codes])
    by = np.column_stack([_divisor(units, divided[code]) for code in codes])
    values = pd.DataFrame(
        denominated(units.array, by, scales), index=units.index, columns=units.values.columns
    )
    lost = units.values.notna() & values.isna()
    reasons = pd.DataFrame({code: _reasons(units, divided[code]) for code in codes}).set_axis(units.index)
    undefined = units.cells(lost.to_numpy())
    undefined["denominator"] = undefined["indicator"].map(divided)
    undefined["reason"] = reasons.to_numpy()[lost.to_numpy()]
    states = units.states.where(~lost, reasons.replace({"zero": "not_applicable"}))
    lower, upper = _bounds(units, by, scales)
    rows = [(code, divided[code], scales[place]) for place, code in enumerate(codes) if divided[code]]
    return StepResult(
        units.with_values(values, states, lower=lower, upper=upper),
        framework,
        {
            "denominated": pd.DataFrame(rows, columns=["indicator", "denominator", "scale"]),
            "undefined": undefined,
        },
    )


def denominated(values: FloatArray, divisors: FloatArray, scale: FloatArray) -> FloatArray:
    """x / d · scale; NaN where x or d is NaN or d is zero.

    Args:
        values: (..., units, indicators).
        divisors: broadcast against values; 1 where nothing is divided.
        scale: (indicators,).

    >>> denominated(np.array([[6.0], [1.0]]), np.array([[3.0], [0.0]]), np.array([10.0])).tolist()
    [[20.0], [nan]]
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        quotient = values / divisors * scale
    return np.where(divisors == 0, np.nan, quotient)


def _denominator(name: object, code: str, framework: Framework, units: UnitTable) -> str | None:
    if name == "framework":
        return framework.denominator_of.get(code)
    if name == "none":
        return None
    if name not in units.denominators.columns:
        known = ", ".join(("framework", "none", *units.denominators.columns))
        raise BenchmarkInputError(
            f"{name!r}, by which {code} is to be divided, is no denominator of the table",
            where=_WHERE,
            todo=f"Use one of {known}.",
        )
    return str(name)


def _scale(value: object) -> float:
    number = require_number(value, name="scale", where=_WHERE)
    if number == 0:
        raise BenchmarkInputError("scale is 0", where=_WHERE, todo="Pass a number other than zero.")
    return number


def _divisor(units: UnitTable, name: str | None) -> FloatArray:
    if name is None:
        return np.ones(len(units.index))
    return units.denominators[name].to_numpy(dtype=np.float64)


def _reasons(units: UnitTable, name: str | None) -> list[str]:
    """Why there is no quotient, were there none: the denominator's state, or that it is zero."""
    if name is None:
        return [NOT_AVAILABLE] * len(units.index)
    return units.denominator_states[name].replace({REPORTED: "zero"}).tolist()


def _bounds(
    units: UnitTable, by: FloatArray, scales: FloatArray
) -> tuple[pd.DataFrame | None, pd.DataFrame | None]:
    if units.lower is None or units.upper is None:
        return None, None
    ends = [denominated(frame.to_numpy(), by, scales) for frame in (units.lower, units.upper)]
    # A negative divisor turns the interval round.
    return tuple(
        pd.DataFrame(bound, index=units.index, columns=units.values.columns)
        for bound in (np.minimum(*ends), np.maximum(*ends))
    )  # type: ignore[return-value]
