"""Normalisation kernels: numbers of different units onto one scale, higher is better.

Belongs here: each method's formula on arrays, split into what is learnt from some numbers (`fitted`) and what
is done with it to any numbers (`applied`). Does not: labelled tables, states, panels (normalise, panel).

Every method is one of two things. The affine ones are y = (x - centre) / span · scale + base with a centre
and a span per indicator, cut at the ends where the method says so; the others are ranks among the numbers
that were fitted. Numbers are multiplied by the indicator's direction first; the parameters of goalposts and
targets, which are stated in the indicator's unit, turn with it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from alp_pipeline.benchmark.cells import FloatArray
from alp_pipeline.benchmark.composite.affine_normalisation import AFFINE, Affine, refuse, require
from alp_pipeline.benchmark.composite.parameters import require_choice, require_known
from alp_pipeline.benchmark.composite.ranking import ascending_ranks, require_ties
from alp_pipeline.benchmark.inputs import array_of, checked

METHODS: Mapping[str, Mapping[str, Any]] = {
    "minmax": {"low": 0.0, "high": 100.0},
    "zscore": {"mean": 0.0, "sd": 1.0},
    "scaled": {"low": 0.0, "high": 100.0},
    "rank": {"ties": "min"},
    "percentile_rank": {"ties": "min"},
    "borda": {"ties": "min"},
    "goalposts": {"low": None, "high": None, "scale": 100.0, "truncate": True},
    "distance_to_target": {"target": None, "cap": False},
    "distance_to_reference": {"reference": None, "cap": False},
    "distance_to_maximum": {},
    "fraction_of_maximum": {"reversed_where_negative": False},
    "none": {},
}
"""Every method with its parameters and their defaults; None must be given."""

RANK_METHODS = ("rank", "percentile_rank", "borda")


@dataclass(frozen=True)
class Places:
    """Ranks among `fitted`, (..., indicators, units) numbers times direction, NaN last."""

    method: str
    ties: str
    fitted: FloatArray
    count: FloatArray
    directions: FloatArray


Parameters = Affine | Places


@checked
def normalised(
    values: FloatArray,
    method: str = "minmax",
    *,
    directions: npt.ArrayLike = 1.0,
    labels: Sequence[str] | None = None,
    **parameters: Any,
) -> FloatArray:
    """Numbers on a common scale, higher is better.

    With x' = direction · x, minimum, maximum, mean, sample standard deviation (n - 1) and ranks taken over
    the units axis among the numbers there are:

    ===================== ==================================================================================
    minmax                (x' - min) / (max - min) · (high - low) + low; low 0, high 100
    zscore                (x' - mean(x')) / sd(x') · sd + mean; mean 0, sd 1
    scaled                (x' - low) / (high - low) · 100; low 0, high 100 are *not* turned by the direction
                          (COINr's n_scaled); goalposts are
    rank                  rank, 1 = the worst; ties min (COINr), average or max
    percentile_rank       (rank - 1) / (n - 1)
    borda                 rank - 1
    goalposts             (x - low) / (high - low), for direction -1 (high - x) / (high - low), cut to [0, 1]
                          if truncate, · scale; low and high in the unit of x, scale 100
    distance_to_target    (x' - min) / (target' - min), at most 1 if cap; target in the unit of x
    distance_to_reference 1 - (x'_ref - x') / (x'_ref - min), at most 1 if cap; reference = its position
    distance_to_maximum   1 - (max - x') / (max - min)
    fraction_of_maximum   x' / max
    none                  x'
    ===================== ==================================================================================

    A fraction of the maximum falls as x' grows where the maximum is negative, so for every indicator with
    direction -1 and positive numbers: that is refused, unless reversed_where_negative asks for the plain
    formula (which is what COINr's n_fracmax gives).

    Args:
        values: (..., units, indicators), NaN = no number; each leading index is normalised on its own.
        method: one of METHODS.
        directions: 1 or -1 per indicator, or for all.
        labels: names of the indicators for messages.
        parameters: see above; numbers, or arrays of one number per indicator.

    Returns:
        Same shape; NaN where there was none.

    Raises:
        BenchmarkInputError: an unknown method or parameter; an indicator that is constant or has no number,
            where the method divides by its spread; a target or reference that is not better than the worst.

    Source: OECD/JRC Handbook on Constructing Composite Indicators (Nardo et al. 2008), ch. 1.5; COINr n_*.

    >>> x = np.array([[1.0, 40.0], [3.0, 20.0], [np.nan, 10.0]])
    >>> normalised(x, "minmax", directions=[1, -1]).round(1).tolist()
    [[0.0, 0.0], [100.0, 66.7], [nan, 100.0]]
    """
    if method in RANK_METHODS:
        settings = _settings(method, parameters)
        turned = _turned(values, _turn(directions, values))
        places = ascending_ranks(turned, settings["ties"])
        return _from_places(places, method, _count(turned, method, labels))
    return applied(values, fitted(values, method, directions=directions, labels=labels, **parameters))


def fitted(
    values: FloatArray,
    method: str = "minmax",
    *,
    directions: npt.ArrayLike = 1.0,
    labels: Sequence[str] | None = None,
    **parameters: Any,
) -> Parameters:
    """What a method learns from numbers, for use on others: a base year's, bounds, perturbed ones.

    Arguments and errors as for `normalised`.

    >>> learnt = fitted(np.array([[1.0], [3.0]]), "minmax")
    >>> applied(np.array([[2.0], [5.0], [np.nan]]), learnt).tolist()
    [[50.0], [200.0], [nan]]
    """
    settings = _settings(method, parameters)
    turn = _turn(directions, values)
    if method in RANK_METHODS:
        turned = _turned(values, turn)
        return Places(
            method, settings["ties"], np.sort(turned, axis=-1), _count(turned, method, labels), turn
        )
    return AFFINE[method](values, turn, labels, settings)


def applied(values: FloatArray, parameters: Parameters) -> FloatArray:
    """Numbers normalised by parameters that were fitted before; shapes as for `normalised`.

    A rank is 1 + the fitted numbers that are worse (ties: min; with max the equal ones count too, with
    average half of them), so a number that was fitted keeps its rank and a better one than all gets n + 1.
    Its percentile rank is 1.

    >>> learnt = fitted(np.array([[1.0], [3.0], [3.0]]), "rank")
    >>> applied(np.array([[3.0], [2.0], [9.0]]), learnt).ravel().tolist()
    [2.0, 2.0, 4.0]
    """
    if isinstance(parameters, Affine):
        result = values - parameters.centre
        result /= parameters.span
        if parameters.ceiling is not None:
            np.clip(result, parameters.floor, parameters.ceiling, out=result)
        result *= parameters.scale
        result += parameters.base
        return result
    turned = _turned(values, parameters.directions)
    places = _places_among(turned, parameters.fitted, parameters.ties)
    return _from_places(places, parameters.method, parameters.count)


def _places_among(turned: FloatArray, known: FloatArray, ties: str) -> FloatArray:
    """Ranks among `known` (both (..., indicators, units)) from one sort of the two together."""
    units = turned.shape[-1]
    both = np.concatenate([turned, np.broadcast_to(known, (*turned.shape[:-1], known.shape[-1]))], axis=-1)
    fitted_there = np.concatenate([np.zeros(units), np.ones(known.shape[-1])])
    order = np.argsort(both, axis=-1)
    counted = np.zeros((*both.shape[:-1], both.shape[-1] + 1))
    np.cumsum(fitted_there[order], axis=-1, out=counted[..., 1:])

    def among(rule: str) -> FloatArray:
        # The rank in the joint list says how far to count: up to the tie (min) or past it (max).
        joint = ascending_ranks(both, rule)[..., :units]
        reach = np.nan_to_num(joint - (rule == "min")).astype(np.intp)
        return np.asarray(np.take_along_axis(counted, reach, axis=-1), dtype=np.float64)

    below = among("min")
    if ties == "min":
        places = below + 1
    else:
        upto = among("max")
        # A number that was not fitted ties with none; its place is the one it would take.
        last = np.maximum(upto, below + 1)
        places = last if ties == "max" else (below + 1 + last) / 2
    return np.where(np.isnan(turned), np.nan, places)


def _from_places(places: FloatArray, method: str, count: FloatArray) -> FloatArray:
    if method != "rank":
        places -= 1
    if method == "percentile_rank":
        places /= count[..., None] - 1
        np.minimum(places, 1.0, out=places)
    return np.ascontiguousarray(np.swapaxes(places, -1, -2))


def _count(turned: FloatArray, method: str, labels: Sequence[str] | None) -> FloatArray:
    count: FloatArray = np.sum(~np.isnan(turned), axis=-1, dtype=np.float64)
    least = 2 if method == "percentile_rank" else 1
    require(count >= least, labels, f"has fewer than {least} numbers to rank", "Impute it or leave it out.")
    return count


def _turn(directions: npt.ArrayLike, values: FloatArray) -> FloatArray:
    turn = array_of(directions, "directions")
    if values.ndim < 2 or (turn.ndim and turn.shape[-1] != values.shape[-1]):
        refuse(
            f"values of shape {values.shape} and directions of {turn.shape} do not fit",
            "Pass values (..., units, indicators), and a direction per indicator or one for all.",
        )
    if not (np.abs(turn) == 1).all():
        refuse("a direction is neither 1 nor -1", "Use 1 (more is better) or -1 (less is better).")
    return turn


def _turned(values: FloatArray, directions: FloatArray) -> FloatArray:
    """(..., indicators, units): times direction, units last so that each indicator lies in one piece."""
    return np.ascontiguousarray(np.swapaxes(values * directions, -1, -2))


def _settings(method: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
    require_choice(method, METHODS, name="method", where="normalise")
    require_known(parameters, METHODS[method], where=f"normalise, {method}")
    settings = {**METHODS[method], **parameters}
    absent = [name for name, value in settings.items() if value is None]
    if absent:
        refuse(f"the method {method} lacks {absent[0]}", f"Pass {', '.join(METHODS[method])}.")
    if "ties" in settings:
        require_ties(settings["ties"], "normalise")
    return settings
