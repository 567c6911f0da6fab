"""The steps that a recipe may name, and what each takes, read off the step functions themselves.

Belongs here: names of steps, refusing a parameter or method that does not exist, defaults written out.
Does not: what a step does (its own module), the document that names it (recipe).

A step function is `(units, framework, *, parameters) -> StepResult`. What it takes are the keywords of its
signature; one that takes `**parameters` takes those of its method, which its module lists with their defaults
in `METHODS`. There is no second list to keep.
"""

import inspect
import sys
import typing
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence, Set
from functools import cache
from typing import Any

from pydantic import TypeAdapter, ValidationError

from alp_pipeline.benchmark.composite.aggregate import aggregate
from alp_pipeline.benchmark.composite.denominate import denominate
from alp_pipeline.benchmark.composite.impute import impute
from alp_pipeline.benchmark.composite.normalise import normalise
from alp_pipeline.benchmark.composite.screen import screen
from alp_pipeline.benchmark.composite.treat import treat
from alp_pipeline.benchmark.composite.units import StepResult
from alp_pipeline.benchmark.composite.weights import weigh

STEPS: Mapping[str, Callable[..., StepResult]] = {
    "denominate": denominate,
    "screen": screen,
    "impute": impute,
    "treat": treat,
    "normalise": normalise,
    "weight": weigh,
    "aggregate": aggregate,
}
OVERRIDES = ("by_indicator", "by_level")
"""Parameters that hold other parameters, for one indicator or one level."""


class ParameterRefused(ValueError):
    """A parameter that its step does not take: which one, and why."""

    def __init__(self, field: str, what: str) -> None:
        self.field = field
        self.what = what
        super().__init__(f"{field} {what}")

    def inside(self, prefix: str) -> "ParameterRefused":
        """The same refusal of a parameter further down in a document."""
        return ParameterRefused(f"{prefix}.{self.field}", self.what)


def require_step(name: object) -> str:
    """The name, if there is such a step.

    >>> require_step("normalise")
    'normalise'
    """
    if not isinstance(name, str) or name not in STEPS:
        raise ParameterRefused("step", f"{name!r} does not exist; use one of {', '.join(STEPS)}")
    return name


def methods_of(step: str) -> tuple[str, ...]:
    """The methods of a step; () where it has no choice of method.

    >>> methods_of("denominate"), "minmax" in methods_of("normalise")
    ((), True)
    """
    return tuple(_methods(step))


def defaults_of(step: str, *methods: str) -> dict[str, Any]:
    """Every parameter of a step with its default; where methods differ in theirs, those of the methods too.

    Args:
        step: a name of STEPS.
        methods: of the step; its default method when omitted.

    >>> defaults_of("normalise", "minmax")
    {'method': 'minmax', 'by_indicator': None, 'reference_time': 'all', 'low': 0.0, 'high': 100.0}
    """
    named = {
        name: parameter.default
        for name, parameter in _keywords(step).items()
        if parameter.default is not inspect.Parameter.empty
    }
    if not _takes_others(step):
        return named
    for method in methods or (named["method"],):
        named |= _methods(step).get(method, {})
    return named


def checked_parameters(step: object, given: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters given to a step, if it takes each of them.

    Names, methods and, where the step's signature tells it, the kind of value are checked; what only the data
    can tell (a group, a unit, an indicator) is checked by the step itself.

    Raises:
        ParameterRefused: the first one it does not take; the message lists what is allowed.

    >>> try:
    ...     checked_parameters("normalise", {"method": "zscore", "low": 0})
    ... except ParameterRefused as refused:
    ...     print(refused.field, refused.what.partition(";")[0])
    low is no parameter of normalise, zscore
    """
    name = require_step(step)
    _check(name, given, _named_methods(name, given), "")
    for field in OVERRIDES:
        overrides = given.get(field) or {}
        if not isinstance(overrides, Mapping):
            raise ParameterRefused(field, f"is {overrides!r}; give parameters by {field.removeprefix('by_')}")
        for key, override in overrides.items():
            if not isinstance(override, Mapping):
                raise ParameterRefused(f"{field}.{key}", f"is {override!r}; give parameters by name")
            chosen = override if "method" in override else given
            _check(name, override, _named_methods(name, chosen), f"{field}.{key}.")
    return dict(given)


def effective_parameters(step: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """Every parameter of a step with the value in force.

    An override of a single indicator is written out with the defaults of its own method.

    >>> effective_parameters("normalise", {"by_indicator": {"LPI": {"method": "zscore"}}})["by_indicator"]
    {'LPI': {'method': 'zscore', 'mean': 0.0, 'sd': 1.0}}
    """
    effective = {**defaults_of(step, *_named_methods(step, given)), **given}
    for field in OVERRIDES:
        if given.get(field):
            effective[field] = {
                key: _written_out(step, field, effective, given, override)
                for key, override in given[field].items()
            }
    return effective


def _written_out(
    step: str, field: str, effective: Mapping[str, Any], given: Mapping[str, Any], override: Mapping[str, Any]
) -> dict[str, Any]:
    """An override with the defaults of its own method; what it has from the step stands there."""
    if "method" not in override or not _takes_others(step):
        return dict(override)
    method = override["method"]
    # A level takes what the step was given whatever its method; an indicator only under the same method.
    shared = field == "by_level" or method == effective["method"]
    inherited = {name: given[name] for name in _methods(step)[method] if name in given} if shared else {}
    return {"method": method, **_methods(step)[method], **inherited, **override}


def _named_methods(step: str, given: Mapping[str, Any]) -> tuple[str, ...]:
    """The methods that parameters may belong to; the step's default where none is named."""
    if "method" not in _keywords(step):
        return ()
    one = given.get("method", _keywords(step)["method"].default)
    several = given.get("methods")
    named = [one, *several] if isinstance(several, (list, tuple)) else [one]
    return tuple(str(method) for method in named)


def _check(step: str, given: Mapping[str, Any], methods: tuple[str, ...], prefix: str) -> None:
    known = methods_of(step)
    for name in ("method", "methods"):
        for each in _listed(given.get(name)):
            if known and each not in known:
                raise ParameterRefused(
                    f"{prefix}{name}", f"{each!r} does not exist; use one of {', '.join(known)}"
                )
    kinds = _kinds(step)
    allowed = [*kinds, *(name for name in defaults_of(step, *methods) if name not in kinds)]
    for name, value in given.items():
        if name not in allowed:
            shown = ", ".join([step, *methods]) if _takes_others(step) else step
            raise ParameterRefused(
                f"{prefix}{name}", f"is no parameter of {shown}; use one of {', '.join(allowed)}"
            )
        if name in kinds and name not in OVERRIDES:
            _check_kind(kinds[name], value, f"{prefix}{name}")


def _check_kind(kind: TypeAdapter[Any], value: object, field: str) -> None:
    try:
        kind.validate_python(value)
    except ValidationError as error:
        message = error.errors()[0]["msg"]
        raise ParameterRefused(field, f"is {value!r}; {message[0].lower()}{message[1:]}") from None


def _listed(value: object) -> Iterable[object]:
    if isinstance(value, (list, tuple)):
        return value
    return () if value is None else (value,)


@cache
def _keywords(step: str) -> dict[str, inspect.Parameter]:
    parameters = inspect.signature(STEPS[step]).parameters.values()
    return {one.name: one for one in parameters if one.kind is inspect.Parameter.KEYWORD_ONLY}


@cache
def _takes_others(step: str) -> bool:
    parameters = inspect.signature(STEPS[step]).parameters.values()
    return any(one.kind is inspect.Parameter.VAR_KEYWORD for one in parameters)


@cache
def _kinds(step: str) -> dict[str, TypeAdapter[Any]]:
    hints = typing.get_type_hints(STEPS[step])
    return {name: TypeAdapter(_checkable(hints[name])) for name in _keywords(step)}


def _checkable(hint: Any) -> Any:
    # Pydantic knows sequences and sets, not what they have in common.
    if typing.get_origin(hint) is Collection:
        (kind,) = typing.get_args(hint)
        return Sequence[kind] | Set[kind]  # type: ignore[valid-type]
    return hint


@cache
def _methods(step: str) -> Mapping[str, Mapping[str, Any]]:
    if "method" not in _keywords(step):
        return {}
    listed = sys.modules[STEPS[step].__module__].METHODS
    return listed if isinstance(listed, Mapping) else {method: {} for method in listed}
