"""Affine normalisation kernels: centre and span of each indicator, by method.

Belongs here: what minmax, z-scores, goalposts and distances learn from numbers, and when they are undefined.
Does not: the methods that rank, the choice among methods (normalisation).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NoReturn

import numpy as np
import numpy.typing as npt

from alp_pipeline.benchmark.cells import BenchmarkInputError, BoolArray, FloatArray


@dataclass(frozen=True)
class Affine:
    """y = (x - centre) / span, cut to [floor, ceiling], times scale, plus base; all broadcast over x.

    `centre` and `span` are in the unit of x as it stands: the direction is in the sign of `span`.
    """

    centre: FloatArray
    span: FloatArray
    scale: FloatArray
    base: FloatArray
    floor: FloatArray | None = None
    ceiling: FloatArray | None = None


def _span_of(values: FloatArray, labels: Sequence[str] | None) -> tuple[FloatArray, FloatArray]:
    """Smallest and largest number of each indicator, (..., 1, indicators); none may be constant or empty."""
    if values.shape[-2] == 0:
        refuse("there are no units", "Pass at least two.")
    low = np.fmin.reduce(values, axis=-2, keepdims=True)
    high = np.fmax.reduce(values, axis=-2, keepdims=True)
    require(~np.isnan(low), labels, "has no number", "Impute it or leave it out.")
    require(np.isfinite(low) & np.isfinite(high), labels, "has an infinite number", "Correct it.")
    todo = "Leave it out, or give it method none by by_indicator."
    require(high > low, labels, "is constant: its spread is zero", todo)
    return low, high


def _minmax(
    values: FloatArray, turn: FloatArray, labels: Sequence[str] | None, s: Mapping[str, Any]
) -> Affine:
    low, high = _span_of(values, labels)
    target_low, target_high = _number(s["low"]), _number(s["high"])
    require(target_low < target_high, labels, "is scaled to low >= high", "Pass low < high.")
    return Affine(np.where(turn > 0, low, high), turn * (high - low), target_high - target_low, target_low)


def _zscore(
    values: FloatArray, turn: FloatArray, labels: Sequence[str] | None, s: Mapping[str, Any]
) -> Affine:
    _span_of(values, labels)
    require(_number(s["sd"]) > 0, labels, "is scaled to sd <= 0", "Pass sd > 0.")
    there: BoolArray | None = None
    count: FloatArray | float = float(values.shape[-2])
    total = values.sum(axis=-2, keepdims=True)
    if np.isnan(total).any():
        there = ~np.isnan(values)
        count = there.sum(axis=-2, keepdims=True).astype(np.float64)
        total = np.where(there, values, 0.0).sum(axis=-2, keepdims=True)
    mean = total / count
    apart = values - mean
    if there is not None:
        apart = np.where(there, apart, 0.0)
    apart *= apart
    sd = np.sqrt(apart.sum(axis=-2, keepdims=True) / (count - 1))
    return Affine(mean, turn * sd, _number(s["sd"]), _number(s["mean"]))


def _scaled(
    values: FloatArray, turn: FloatArray, labels: Sequence[str] | None, s: Mapping[str, Any]
) -> Affine:
    low, high = _number(s["low"]), _number(s["high"])
    require(low < high, labels, "is scaled from low >= high", "Pass low < high.")
    return Affine(turn * low, turn * (high - low), _number(100.0), _number(0.0))


def _goalposts(
    values: FloatArray, turn: FloatArray, labels: Sequence[str] | None, s: Mapping[str, Any]
) -> Affine:
    low, high, cut = _number(s["low"]), _number(s["high"]), np.asarray(s["truncate"], dtype=np.bool_)
    require(low < high, labels, "lacks goalposts with low < high", "Pass low and high in its own unit.")
    require(_number(s["scale"]) > 0, labels, "is scaled by scale <= 0", "Pass scale > 0.")
    return Affine(
        np.where(turn > 0, low, high),
        turn * (high - low),
        _number(s["scale"]),
        _number(0.0),
        np.where(cut, 0.0, -np.inf),
        np.where(cut, 1.0, np.inf),
    )


def _to_target(
    values: FloatArray, turn: FloatArray, labels: Sequence[str] | None, s: Mapping[str, Any]
) -> Affine:
    low, high = _span_of(values, labels)
    target = _number(s["target"])
    require(~np.isnan(target), labels, "has no target", "Give it one in the framework or as `target`.")
    return _up_to(target, np.where(turn > 0, low, high), turn, labels, s["cap"], "target")


def _to_reference(
    values: FloatArray, turn: FloatArray, labels: Sequence[str] | None, s: Mapping[str, Any]
) -> Affine:
    low, high = _span_of(values, labels)
    reference = values[..., [int(s["reference"])], :]
    todo = "Take a reference unit that has every indicator."
    require(~np.isnan(reference), labels, "has no number for the reference unit", todo)
    return _up_to(reference, np.where(turn > 0, low, high), turn, labels, s["cap"], "reference")


def _to_maximum(
    values: FloatArray, turn: FloatArray, labels: Sequence[str] | None, s: Mapping[str, Any]
) -> Affine:
    return _minmax(values, turn, labels, {"low": 0.0, "high": 1.0})


def _of_maximum(
    values: FloatArray, turn: FloatArray, labels: Sequence[str] | None, s: Mapping[str, Any]
) -> Affine:
    low = np.fmin.reduce(values, axis=-2, keepdims=True)
    high = np.fmax.reduce(values, axis=-2, keepdims=True)
    top = np.where(turn > 0, high, -low)
    require(~np.isnan(top), labels, "has no number", "Impute it or leave it out.")
    require(top != 0, labels, "has the maximum 0", "Take another method for it.")
    fine = (top > 0) | np.asarray(s["reversed_where_negative"], dtype=np.bool_)
    todo = "Take distance_to_maximum, or reversed_where_negative for the plain formula."
    require(fine, labels, "has (times its direction) a negative maximum, so the order would turn round", todo)
    return Affine(_number(0.0), turn * top, _number(1.0), _number(0.0))


def _none(values: FloatArray, turn: FloatArray, labels: Sequence[str] | None, s: Mapping[str, Any]) -> Affine:
    return Affine(_number(0.0), turn, _number(1.0), _number(0.0))


def _up_to(
    aim: FloatArray,
    worst: FloatArray,
    turn: FloatArray,
    labels: Sequence[str] | None,
    cap: Any,
    name: str,
) -> Affine:
    better = turn * (aim - worst) > 0
    require(better, labels, f"has a {name} that is not better than its worst number", f"Take another {name}.")
    ceiling = np.where(np.asarray(cap, dtype=np.bool_), 1.0, np.inf)
    return Affine(worst, aim - worst, _number(1.0), _number(0.0), _number(-np.inf), ceiling)


AFFINE: Mapping[str, Callable[[FloatArray, FloatArray, Sequence[str] | None, Mapping[str, Any]], Affine]] = {
    "minmax": _minmax,
    "zscore": _zscore,
    "scaled": _scaled,
    "goalposts": _goalposts,
    "distance_to_target": _to_target,
    "distance_to_reference": _to_reference,
    "distance_to_maximum": _to_maximum,
    "fraction_of_maximum": _of_maximum,
    "none": _none,
}


def _number(value: Any) -> FloatArray:
    return np.asarray(value, dtype=np.float64)


def require(fine: npt.ArrayLike, labels: Sequence[str] | None, problem: str, todo: str) -> None:
    """Refuse unless `fine`, (..., indicators) or (indicators,) or a scalar, is true throughout.

    Args:
        fine: what must be true; one that has a place per indicator names the first indicator that fails.
        labels: names of the indicators; their numbers when None.
        problem: what is wrong where it is not true, continuing "the indicator X …".
        todo: what to do about it.

    Raises:
        BenchmarkInputError: it is not true throughout.

    >>> require([True, False], ["jobs", "wages"], "has no number", "Impute it.")
    Traceback (most recent call last):
    alp_pipeline.benchmark.cells.BenchmarkInputError: ...normalise: the indicator wages has no number...
    """
    ok = np.asarray(fine)
    if ok.all():
        return
    if ok.ndim and (labels is None or ok.shape[-1] == len(labels)):
        number = int(np.flatnonzero(~ok.reshape(-1, ok.shape[-1]).all(axis=0))[0])
        name = f"number {number + 1}" if labels is None else labels[number]
        refuse(f"the indicator {name} {problem}", todo)
    refuse(f"every indicator {problem}", todo)


def refuse(what: str, todo: str) -> NoReturn:
    """Refuse what cannot be normalised.

    Raises:
        BenchmarkInputError: always.

    >>> refuse("there are no units", "Pass at least two.")
    Traceback (most recent call last):
    alp_pipeline.benchmark.cells.BenchmarkInputError: ...normalise: there are no units. Pass at least two.
    """
    raise BenchmarkInputError(what, where="normalise", todo=todo)
