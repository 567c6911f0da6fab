"""Aggregation kernels: the children of each parent into one number, by any method.

Belongs here: the choice among methods, weights, missing numbers, level after level on arrays.
Does not: the formulas (means, copeland, mazziotta_pareto, p2_distance, benefit_of_the_doubt), labelled
tables, states, intervals (aggregate).
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from alp_pipeline.benchmark.cells import BenchmarkInputError, FloatArray
from alp_pipeline.benchmark.composite import means
from alp_pipeline.benchmark.composite.benefit_of_the_doubt import benefit_of_the_doubt
from alp_pipeline.benchmark.composite.copeland import SCORES, copeland
from alp_pipeline.benchmark.composite.families import Families
from alp_pipeline.benchmark.composite.mazziotta_pareto import PENALTIES, ampi, mpi
from alp_pipeline.benchmark.composite.p2_distance import p2_applied, p2_fitted
from alp_pipeline.benchmark.composite.parameters import require_choice, require_known, require_number
from alp_pipeline.benchmark.inputs import array_of, checked

METHODS: Mapping[str, Mapping[str, Any]] = {
    "arithmetic": {},
    "geometric": {},
    "harmonic": {},
    "generalised": {"power": None},
    "copeland": {"score": "sum"},
    "mpi": {"penalty": "minus"},
    "ampi": {"penalty": "minus", "reference": "mean"},
    "p2_distance": {"rounds": 100},
    "benefit_of_the_doubt": {"share_min": 0.0, "share_max": 1.0},
}
"""Every method with its parameters and their defaults; None must be given."""

MEANS = ("arithmetic", "geometric", "harmonic", "generalised")
"""The methods that look at one unit at a time; the others compare units."""


@checked
def aggregated(
    values: FloatArray,
    weights: npt.ArrayLike,
    membership: npt.ArrayLike,
    method: str = "arithmetic",
    *,
    availability_min: float = 0.0,
    learn: FloatArray | None = None,
    labels: means.Labels | None = None,
    **parameters: Any,
) -> FloatArray:
    """One level up: each unit's numbers of the children of each parent into one.

    ==================== ===================================================================================
    arithmetic           Σ w x / Σ w
    geometric            exp(Σ w ln x / Σ w), numbers that count > 0
    harmonic             Σ w / Σ (w / x), numbers that count > 0
    generalised          (Σ w x^p / Σ w)^(1/p), p = `power`; see `means.generalised` for zeros
    copeland             outranking matrix by weight of the children, `score` sum or wins; see `copeland`
    mpi                  Mazziotta–Pareto, `penalty` minus or plus; see `mazziotta_pareto`
    ampi                 adjusted, also `reference`: mean, or the position of a unit in what is learnt from
    p2_distance          Pena Trapero's DP2, its weights are its own; see `p2_distance`
    benefit_of_the_doubt each unit's kindest weights, `share_min`, `share_max`; see `benefit_of_the_doubt`
    ==================== ===================================================================================

    A missing number is left out and the weights of the others count for more; it never counts as zero. A
    child of weight 0 has no effect whatever its numbers, also under the methods with weights of their own.

    Args:
        values: (..., units, children), NaN = no number.
        weights: (children,) or (..., children), zero or more, only their proportions within a parent matter.
        membership: (children,), the position of each child's parent, 0 to parents - 1.
        method: one of METHODS.
        availability_min: the share of a parent's children (those of weight above 0) that a unit must have a
            number for, 0 to 1; with less it gets none. 0: one number suffices.
        learn: (..., units', children), the numbers that the methods that compare units compare with or learn
            from; `values` when omitted. Not for copeland, nor for the means, which learn nothing.
        labels: names of units and children for messages.
        parameters: of the method.

    Returns:
        (..., units, parents), NaN where a unit has no number to go by.

    Raises:
        BenchmarkInputError: unknown method or parameter; a negative weight; what the method itself refuses.

    Source: OECD/JRC Handbook (Nardo et al. 2008), ch. 1.6; COINr a_*.

    >>> x = np.array([[1.0, 4.0, 9.0], [np.nan, 4.0, 9.0]])
    >>> aggregated(x, [1, 1, 2], [0, 0, 1]).tolist()
    [[2.5, 9.0], [4.0, 9.0]]
    >>> aggregated(x, [1, 1, 2], [0, 0, 1], "geometric", availability_min=0.6).tolist()
    [[2.0, 9.000000000000002], [nan, 9.000000000000002]]
    """
    settings = _settings(method, parameters)
    families = Families.of(membership)
    x = np.asarray(values, dtype=np.float64)
    w = _weights(weights, x)
    weightless = w == 0
    if weightless.any():
        x = np.where(weightless[..., None, :], np.nan, x)
        if learn is not None:
            learn = np.where(weightless[..., None, :], np.nan, learn)
    result = _by_method(x, w, families, method, settings, learn, labels)
    if availability_min > 0 and np.isnan(x).any():
        there = families.sums((~np.isnan(x)).astype(np.float64))
        result = np.where(
            there / families.sums((w > 0).astype(np.float64))[..., None, :] < availability_min, np.nan, result
        )
    return result


def _by_method(
    x: FloatArray,
    w: FloatArray,
    families: Families,
    method: str,
    settings: Mapping[str, Any],
    learn: FloatArray | None,
    labels: means.Labels | None,
) -> FloatArray:
    children = None if labels is None else labels[1]
    if method == "arithmetic":
        return means.arithmetic(x, w, families)
    if method == "geometric":
        return means.geometric(x, w, families, labels=labels)
    if method == "harmonic":
        return means.harmonic(x, w, families, labels=labels)
    if method == "generalised":
        return means.generalised(x, w, families, labels=labels, **settings)
    if method == "copeland":
        return copeland(x, w, families, **settings)
    if method == "mpi":
        return mpi(x, w, families, learn=learn, labels=children, **settings)
    if method == "ampi":
        return ampi(x, w, families, learn=learn, labels=children, **settings)
    return _one_by_one(x, w, families, method, settings, x if learn is None else learn, labels)


def _one_by_one(
    x: FloatArray,
    w: FloatArray,
    families: Families,
    method: str,
    settings: Mapping[str, Any],
    learn: FloatArray,
    labels: means.Labels | None,
) -> FloatArray:
    """The methods that solve something for each parent of each draw."""
    lead = np.broadcast_shapes(x.shape[:-2], w.shape[:-1], learn.shape[:-2])
    all_x, all_w = np.broadcast_to(x, (*lead, *x.shape[-2:])), np.broadcast_to(w, (*lead, w.shape[-1]))
    all_known = np.broadcast_to(learn, (*lead, *learn.shape[-2:]))
    result = np.full((*lead, x.shape[-2], families.parents), np.nan)
    for place in np.ndindex(*lead):
        for parent, children in enumerate(families):
            counted = children[all_w[place][children] > 0]
            if not counted.size:
                continue
            own, known = all_x[place][:, counted], all_known[place][:, counted]
            names = None if labels is None else (labels[0], [labels[1][child] for child in counted])
            if method == "p2_distance":
                fitted = p2_fitted(known, labels=None if names is None else names[1], **settings)
                scores = p2_applied(own, fitted)
            else:
                scores, _ = benefit_of_the_doubt(own, learn=known, labels=names, **settings)
            result[(*place, slice(None), parent)] = scores
    return result


def _settings(method: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
    require_choice(method, tuple(METHODS), name="method", where="aggregate")
    require_known(parameters, tuple(METHODS[method]), where=f"aggregate, {method}")
    settings = {**METHODS[method], **parameters}
    for name, allowed in (("score", SCORES), ("penalty", PENALTIES)):
        if name in settings:
            require_choice(settings[name], allowed, name=name, where=f"aggregate, {method}")
    for name in ("power", "share_min", "share_max"):
        if name in settings:
            settings[name] = require_number(settings[name], name=name, where=f"aggregate, {method}")
    return settings


def _weights(weights: npt.ArrayLike, values: FloatArray) -> FloatArray:
    w = array_of(weights, "weights")
    if w.shape[-1:] != values.shape[-1:] or not ((w >= 0) & np.isfinite(w)).all():
        raise BenchmarkInputError(
            "weights are not one number of zero or more per child",
            where="aggregate",
            todo="Pass as many weights as there are columns.",
        )
    return w
