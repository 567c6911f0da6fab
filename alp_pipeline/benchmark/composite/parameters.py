"""What a step was asked to do, indicator by indicator.

Belongs here: refusing parameters and choices that do not exist, overriding a step's parameters for single
indicators. Does not: what a parameter does (the step).
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from alp_pipeline.benchmark.cells import BenchmarkInputError


def require_choice(value: object, allowed: Collection[str], *, name: str, where: str) -> str:
    """The value, if it is one of those allowed.

    >>> require_choice("mean", ("mean", "median"), name="method", where="impute")
    'mean'
    """
    if not isinstance(value, str) or value not in allowed:
        raise BenchmarkInputError(
            f"{value!r} is not a {name}", where=where, todo=f"Use one of {', '.join(allowed)}."
        )
    return value


def require_number(
    value: object, *, name: str, where: str, low: float | None = None, high: float | None = None
) -> float:
    """The value as a float, if it is a finite number within the (inclusive) limits.

    >>> require_number(0.9, name="availability_min", where="screen", low=0, high=1)
    0.9
    """
    fine = isinstance(value, (int, float)) and not isinstance(value, bool)
    number = float(value) if fine else float("nan")  # type: ignore[arg-type]
    above = low is None or number >= low
    below = high is None or number <= high
    if not (abs(number) < float("inf") and above and below):
        limits = ("" if low is None else f" from {low:g}") + ("" if high is None else f" to {high:g}")
        raise BenchmarkInputError(f"{name} is {value!r}", where=where, todo=f"Pass a number{limits}.")
    return number


def per_indicator(
    parameters: Mapping[str, Any],
    by_indicator: Mapping[str, Mapping[str, Any]] | None,
    codes: Sequence[str],
    *,
    where: str,
) -> dict[str, dict[str, Any]]:
    """The parameters of each indicator: the step's own, overridden by those named for the indicator.

    Args:
        parameters: the step's parameters with their values; their names are all that may be overridden.
        by_indicator: parameters by indicator; None for none.
        codes: the indicators of the table.
        where: the step, for messages.

    Raises:
        BenchmarkInputError: an indicator is not in the table, a parameter unknown, an override no mapping.

    >>> per_indicator({"method": "mean"}, {"LPI": {"method": "none"}}, ("LPI", "GDP"), where="impute")
    {'LPI': {'method': 'none'}, 'GDP': {'method': 'mean'}}
    """
    overrides = {} if by_indicator is None else by_indicator
    for code, override in overrides.items():
        if code not in codes:
            raise BenchmarkInputError(
                f"by_indicator names {code!r}, which is no indicator of the table",
                where=where,
                todo=f"Use one of {', '.join(codes)}.",
            )
        if not isinstance(override, Mapping):
            raise BenchmarkInputError(
                f"by_indicator gives {code} {override!r}", where=where, todo="Pass parameters by name."
            )
        require_known(override, parameters, where=f"{where}, {code}")
    return {code: {**parameters, **overrides.get(code, {})} for code in codes}


def require_known(given: Collection[str], allowed: Collection[str], *, where: str) -> None:
    """Refuse the first parameter that is not among those allowed.

    >>> require_known({"method": "mean"}, ("method", "group"), where="impute")
    """
    for name in given:
        if name not in allowed:
            raise BenchmarkInputError(
                f"{name!r} is not a parameter", where=where, todo=f"Use one of {', '.join(allowed)}."
            )
