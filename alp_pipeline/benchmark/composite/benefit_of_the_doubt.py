"""Benefit of the doubt: every unit with the weights that suit it best.

Belongs here: the linear programme of each unit, its frontier, limits on shares.
Does not: levels of a framework (aggregate, weights), other aggregations.
"""

from typing import NoReturn

import numpy as np

from alp_pipeline.benchmark.cells import BenchmarkInputError, BoolArray, FloatArray
from alp_pipeline.benchmark.composite.means import Labels

_EVEN = 1e-9  # the solver's tolerance: a score this near to 1 is on the frontier


def benefit_of_the_doubt(
    values: FloatArray,
    *,
    share_min: float = 0.0,
    share_max: float = 1.0,
    learn: FloatArray | None = None,
    labels: Labels | None = None,
) -> tuple[FloatArray, FloatArray]:
    """Score and weights of each unit: CI_j = max_w Σ_i w_i x_ij with Σ_i w_i x_ik <= 1 for all k, w >= 0.

    A unit scores 1 where some weights put it first; its score is the share of the best that it reaches
    under the weights that are kindest to it. The share of indicator i in unit j's score is w_i x_ij / CI_j;
    limits on shares keep a unit from resting on one indicator. With zero for share_min, as published without
    limits, it may.

    A unit that lacks a number is scored on those it has, against the units that have at least these; limits
    that the shares of so few cannot keep give way for it, to 1 / (how many it has).

    Args:
        values: (units, indicators), zero or more, higher is better; NaN = no number. The scale of a column
            does not matter, where its zero lies does.
        share_min, share_max: limits of each indicator's share in each unit's score, 0 to 1.
        learn: (units, indicators), the numbers of the units to be compared with; `values` when omitted. Each
            unit is always compared with itself.
        labels: names of units and indicators for messages.

    Returns:
        Scores (units,) in [0, 1], NaN for a unit without any number; weights (units, indicators), NaN where
        there is no number. The score is unique, weights need not be: these are the solver's.

    Raises:
        BenchmarkInputError: a negative number; zero where share_min > 0; limits that shares cannot keep.

    Source: Melyn, Moesen (1991); Cherchye, Moesen, Rogge, Van Puyenbroeck (2007), Social Indicators Research
    82(1). Solved by HiGHS (scipy.optimize.linprog).

    >>> scores, weights = benefit_of_the_doubt(np.array([[4.0, 1.0], [1.0, 4.0], [2.0, 2.0]]))
    >>> scores.round(3).tolist(), weights[2].round(3).tolist()
    ([1.0, 1.0, 0.8], [0.2, 0.2])
    """
    _require_sound(values, share_min, share_max, labels)
    _require_possible(share_min, share_max, values.shape[1])
    known = values if learn is None else learn
    scores, weights = np.full(values.shape[0], np.nan), np.full(values.shape, np.nan)
    frontiers: dict[bytes, FloatArray] = {}
    for unit in range(values.shape[0]):
        has = ~np.isnan(values[unit])
        if not has.any():
            continue
        even = 1 / int(has.sum())
        if has.tobytes() not in frontiers:
            rivals = known[:, has]
            frontiers[has.tobytes()] = _undominated(rivals[~np.isnan(rivals).any(axis=1)])
        own = values[unit, has]
        best = _kindest(own, frontiers[has.tobytes()], min(share_min, even), max(share_max, even))
        weights[unit, has] = best
        scores[unit] = float((best * own).sum())
    scores[scores > 1 - _EVEN] = 1.0
    return scores, weights


def _kindest(own: FloatArray, rivals: FloatArray, share_min: float, share_max: float) -> FloatArray:
    from scipy.optimize import linprog

    count = own.size
    if not own.any():
        return np.zeros(count)
    constraints = [np.vstack([rivals, own])]
    ceilings = [np.ones(len(rivals) + 1)]
    # Shares: share_min · Σ w x <= w_i x_i <= share_max · Σ w x, linear in w.
    each = np.diag(own)
    for active, rows in (
        (share_min > 0, share_min * own - each),
        (share_max < 1, each - share_max * own),
    ):
        if active:
            constraints.append(rows)
            ceilings.append(np.zeros(count))
    solved = linprog(
        -own,
        A_ub=np.vstack(constraints),
        b_ub=np.concatenate(ceilings),
        method="highs",
        options={"presolve": False},  # takes as long as solving so small a programme
    )
    if solved.status != 0:
        raise BenchmarkInputError(
            f"a linear programme was not solved: {solved.message}",
            where="benefit of the doubt",
            todo="Check that the numbers are on a common scale, e.g. minmax from 0 to 100.",
        )
    # A weight on a zero changes nothing for this unit; without it weights say what the score rests on.
    return np.where(own > 0, np.maximum(np.asarray(solved.x), 0.0), 0.0)


def _undominated(rivals: FloatArray) -> FloatArray:
    """The rivals that no other equals or beats on everything: with w >= 0 only these constrain anyone."""
    unique = np.unique(rivals, axis=0)
    at_least: BoolArray = np.all(unique[:, None, :] >= unique[None, :, :], axis=2)
    np.fill_diagonal(at_least, False)
    return unique[~at_least.any(axis=0)]


def _require_possible(share_min: float, share_max: float, count: int) -> None:
    # A single indicator has the whole score whatever the limits.
    if count > 1 and (share_min * count > 1 or share_max * count < 1):
        _refuse(
            f"shares from {share_min:g} to {share_max:g} cannot add up to 1 over {count} indicators",
            f"Use share_min <= {1 / count:.3g} <= share_max.",
        )


def _require_sound(values: FloatArray, share_min: float, share_max: float, labels: Labels | None) -> None:
    if not 0 <= share_min <= share_max <= 1:
        _refuse(f"shares go from {share_min!r} to {share_max!r}", "Use 0 <= share_min <= share_max <= 1.")
    wrong = np.argwhere(values <= 0 if share_min > 0 else values < 0)
    if wrong.size:
        unit, child = (int(place) for place in wrong[0])
        name = f"unit {unit + 1} × number {child + 1}"
        if labels is not None:
            name = f"{labels[0][unit]} × {labels[1][child]}"
        needs = "greater than zero where share_min > 0" if share_min > 0 else "of zero or more"
        _refuse(
            f"{name} is {values[unit, child]:g}; the benefit of the doubt needs numbers {needs}",
            "Normalise to such a scale, e.g. minmax from 1 to 100.",
        )


def shares(values: FloatArray, weights: FloatArray) -> FloatArray:
    """The share of each indicator in each unit's score, w_i x_i / Σ w x; NaN where the score is zero.

    >>> shares(np.array([[4.0, 1.0]]), np.array([[0.125, 0.5]])).tolist()
    [[0.5, 0.5]]
    """
    parts = values * weights
    total = np.nansum(parts, axis=-1, keepdims=True)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(total > 0, parts / total, np.nan)


def _refuse(what: str, todo: str) -> NoReturn:
    raise BenchmarkInputError(what, where="benefit of the doubt", todo=todo)
