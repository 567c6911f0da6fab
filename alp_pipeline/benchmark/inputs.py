"""What a public function was handed, against what its signature names: another kind of thing is refused.

Belongs here: the kinds of arguments (a frame, an array of numbers, a table of units), the one refusal.
Does not: what the frames hold (labels, cells, activity_table), which words a parameter allows.
"""

import inspect
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import cache, wraps
from numbers import Integral, Real
from types import NoneType, UnionType
from typing import Annotated, Any, ParamSpec, TypeVar, Union, get_args, get_origin, get_type_hints

import numpy as np
import numpy.typing as npt
import pandas as pd

from alp_pipeline.benchmark.cells import BenchmarkInputError, FloatArray
from alp_pipeline.benchmark.labels import require_unique

P = ParamSpec("P")
R = TypeVar("R")

_VARIADIC = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
_WORDS: Mapping[type, str] = {
    pd.DataFrame: "DataFrame",
    np.ndarray: "numpy array",
    Real: "number",
    Integral: "whole number",
    str: "text",
    Mapping: "mapping",
    Collection: "list",
    Callable: "function",  # type: ignore[dict-item]
}


def checked(function: Callable[P, R]) -> Callable[P, R]:
    """The same function, refusing arguments of another kind than its signature names.

    A frame where an `ActivityTable` belongs, a list for a frame or text for a list of codes can otherwise
    give numbers that are wrong, or an error about the inside of a method. What the arguments hold is for the
    function to check.

    Args:
        function: with annotations; those that name no class (`Any`, a Literal) allow everything. Arrays are
            held to their kind of number, too.

    Raises:
        BenchmarkInputError: by the function returned, naming the parameter: another kind, or a frame with two
            columns of one name.

    >>> @checked
    ... def total(x: pd.Series) -> float:
    ...     return float(x.sum())
    >>> total("1")
    Traceback (most recent call last):
        ...
    alp_pipeline.benchmark.cells.BenchmarkInputError: BenchmarkInputError: x: text was given. Pass a Series.
    """
    signature = inspect.signature(function)

    @cache
    def allowed() -> dict[str, tuple[Any, ...]]:
        hints = get_type_hints(function)
        by_name = {name: _kinds(hint) for name, hint in hints.items() if name in signature.parameters}
        return {
            name: kinds
            for name, kinds in by_name.items()
            if object not in kinds and signature.parameters[name].kind not in _VARIADIC
        }

    @wraps(function)
    def refusing(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            given = signature.bind(*args, **kwargs).arguments
        except TypeError:
            return function(*args, **kwargs)  # Python's own message names the parameter
        for name, kinds in allowed().items():
            if name in given:
                if not any(_is(given[name], kind) for kind in kinds):
                    _refuse(name, given[name], kinds)
                if isinstance(given[name], pd.DataFrame):
                    require_unique(given[name].columns, name)
        return function(*args, **kwargs)

    return refusing


def array_of(numbers: npt.ArrayLike, where: str) -> FloatArray:
    """What is like an array of numbers as one of float64.

    Raises:
        BenchmarkInputError: text, or rows of different lengths.

    >>> array_of([1, -1], "directions").tolist()
    [1.0, -1.0]
    """
    try:
        return np.asarray(numbers, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise BenchmarkInputError(
            f"it is no array of numbers: {error}", where=where, todo="Pass numbers, in rows of one length."
        ) from error


def _kinds(hint: Any) -> tuple[Any, ...]:
    """The classes that a hint allows, an array's with its numbers; `object` where it names none."""
    origin = get_origin(hint)
    if hint == npt.ArrayLike:  # its many parts name no class of ours; see `array_of`
        return (object,)
    if origin in (Union, UnionType):
        return tuple(kind for part in get_args(hint) for kind in _kinds(part))
    if origin is Annotated:
        return _kinds(get_args(hint)[0])
    if origin is np.ndarray:
        number = (get_args(get_args(hint)[1]) or (Any,))[0]
        return (np.ndarray,) if number is Any else (np.dtype(number),)
    if hint in (float, int):
        return (Real if hint is float else Integral,)
    if isinstance(origin, type):
        return (Collection if origin is Sequence else origin,)
    return (hint,) if isinstance(hint, type) else (object,)


def _is(value: object, kind: Any) -> bool:
    if isinstance(kind, np.dtype):
        return isinstance(value, np.ndarray) and np.can_cast(value.dtype, kind, "same_kind")
    # A text is a collection of letters, which nobody means by it.
    return isinstance(value, kind) and not (kind is Collection and isinstance(value, str))


def _refuse(name: str, value: object, kinds: tuple[Any, ...]) -> None:
    found = "nothing (None)" if value is None else _with_article(_word_of(value))
    wanted = dict.fromkeys(_with_article(_word(kind)) for kind in kinds if kind is not NoneType)
    raise BenchmarkInputError(f"{found} was given", where=name, todo=f"Pass {' or '.join(wanted)}.")


def _word(kind: Any) -> str:
    if isinstance(kind, np.dtype):
        return f"numpy array of {kind}"
    return _WORDS.get(kind, getattr(kind, "__name__", str(kind)))


def _word_of(value: object) -> str:
    if isinstance(value, np.ndarray):
        return f"numpy array of {value.dtype}"
    return "text" if isinstance(value, str) else type(value).__name__


def _with_article(word: str) -> str:
    return word if word == "text" else f"{'an' if word[0].lower() in 'aeio' else 'a'} {word}"
