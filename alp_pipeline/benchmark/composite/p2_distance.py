"""P2 distance (DP2) of Pena Trapero: distances to the worst case, freed of what repeats itself.

Belongs here: the order of indicators, their correction factors, the distance of each unit.
Does not: levels of a framework (aggregate), other aggregations.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NoReturn

import numpy as np

from alp_pipeline.benchmark.cells import BenchmarkInputError, FloatArray, IntArray

_REPEATED = 1e-12


@dataclass(frozen=True)
class P2Parameters:
    """What the P2 distance learns from numbers: per indicator worst, sd, factor 1 - R², place in the order.

    `rounds` is how often the order was taken anew; `settled` says whether it came out the same again.
    """

    worst: FloatArray
    sd: FloatArray
    factor: FloatArray
    place: IntArray
    rounds: int
    settled: bool


def p2_fitted(values: FloatArray, *, rounds: int = 100, labels: Sequence[str] | None = None) -> P2Parameters:
    """Reference, spread and correction factor of each indicator.

    DP2 = Σ_j (x_j - worst_j) / sd_j · (1 - R²_j), with R²_j of the regression of indicator j on those before
    it in the order, R² = 0 for the first: only what j adds to them counts. The order is by |correlation|
    of each indicator with the distance itself, highest first; it starts from the uncorrected distance (all
    factors 1) and is taken anew until it stays. An order that comes back in a cycle ends it too: of the
    orders in the cycle that one is taken that comes first by the positions of its indicators. Correlations
    that agree to 12 digits are equal and the indicator that comes first in the table goes first.

    Args:
        values: (units, indicators), higher is better. Units with a missing number are left out here.
        rounds: the most orders tried.
        labels: names of indicators for messages.

    Raises:
        BenchmarkInputError: no more complete units than indicators (R² would be 1 whatever the numbers), a
            constant indicator, or no settled order within `rounds`.

    Source: Pena Trapero (1977), Problemas de la medición del bienestar; Somarriba, Pena (2009), Social
    Indicators Research 90(1).

    >>> x = np.array([[0.0, 0.0, 1.0], [1.0, 2.0, 0.0], [2.0, 4.0, 1.0], [3.0, 6.0, 0.0]])
    >>> p2_fitted(x).factor.round(3).tolist()
    [1.0, 0.0, 0.8]
    """
    complete = values[~np.isnan(values).any(axis=1)]
    if complete.shape[0] <= max(complete.shape[1], 2):
        _refuse(
            f"{complete.shape[0]} units have all of {complete.shape[1]} indicators: too few for P2 distances",
            "Impute, or aggregate fewer indicators at a time.",
        )
    worst = complete.min(axis=0)
    constant = np.flatnonzero(complete.max(axis=0) == worst)
    if constant.size:
        name = f"number {int(constant[0]) + 1}" if labels is None else labels[int(constant[0])]
        _refuse(f"{name} is constant: its spread is zero", "Leave it out or give it weight 0.")
    sd = complete.std(axis=0, ddof=1)
    distance = (complete - worst) / sd
    unit_length = complete - complete.mean(axis=0)
    unit_length /= np.sqrt((unit_length * unit_length).sum(axis=0))
    factor = np.ones(values.shape[1])
    seen: list[tuple[int, ...]] = []
    order = _order(unit_length, (distance * factor).sum(axis=1))
    while order not in seen:
        if len(seen) == rounds:
            _refuse(f"the order of indicators did not settle in {rounds} rounds", "Allow more rounds.")
        seen.append(order)
        factor = _factors(unit_length, order)
        order = _order(unit_length, (distance * factor).sum(axis=1))
    cycle = seen[seen.index(order) :]
    chosen = min(cycle)
    place = np.argsort(np.array(chosen))
    return P2Parameters(worst, sd, _factors(unit_length, chosen), place, len(seen), len(cycle) == 1)


def p2_applied(values: FloatArray, parameters: P2Parameters) -> FloatArray:
    """The P2 distance of each unit, by what was learnt; zero for a unit that is worst on everything.

    A unit that lacks a number gets the distance over those it has, scaled up by the factors that it lacks; a
    number worse than the worst that was learnt counts as a negative distance. Higher is better.

    Args:
        values: (units, indicators), NaN = no number.

    Returns:
        (units,), NaN where there is nothing to go by.

    >>> x = np.array([[0.0, 0.0, 1.0], [1.0, 2.0, 0.0], [2.0, 4.0, 1.0], [3.0, 6.0, 0.0]])
    >>> p2_applied(x, p2_fitted(x)).round(3).tolist()
    [1.386, 0.775, 2.935, 2.324]
    """
    there = ~np.isnan(values)
    apart = np.where(there, (values - parameters.worst) / parameters.sd, 0.0)
    known = (there * parameters.factor).sum(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        scaled = (apart * parameters.factor).sum(axis=1) * (parameters.factor.sum() / known)
    return np.where(known > 0, scaled, np.nan)


def _order(unit_length: FloatArray, index: FloatArray) -> tuple[int, ...]:
    apart = index - index.mean()
    length = float(np.sqrt((apart * apart).sum()))
    # An index that does not vary orders nothing: the indicators stay as they come.
    strength = np.abs(unit_length.T @ apart) / length if length > 0 else np.zeros(unit_length.shape[1])
    return tuple(int(place) for place in np.argsort(-np.round(strength, 12), kind="stable"))


def _factors(unit_length: FloatArray, order: tuple[int, ...]) -> FloatArray:
    """1 - R² of each indicator on those before it: the squared length of what is left of it."""
    factor = np.zeros(len(order))
    basis = np.empty((unit_length.shape[0], 0))
    for number in order:
        rest = unit_length[:, number]
        for _ in range(2):  # once more, for the digits that the first projection loses
            rest = rest - basis @ (basis.T @ rest)
        left = float(rest @ rest)
        # An exact repetition leaves only rounding behind, which must not become a direction of its own.
        if left > _REPEATED:
            factor[number] = min(left, 1.0)
            basis = np.column_stack([basis, rest / np.sqrt(left)])
    return factor


def _refuse(what: str, todo: str) -> NoReturn:
    raise BenchmarkInputError(what, where="aggregate", todo=todo)
