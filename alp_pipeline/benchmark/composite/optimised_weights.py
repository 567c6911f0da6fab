"""Weights with which every code of a level is as important as it is meant to be.

Belongs here: importance read from correlations, the search for weights that bring it about.
Does not: importance as part of an audit (importance), other ways to weigh (weights).
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NoReturn

import numpy as np
import pandas as pd

from alp_pipeline.benchmark.cells import BenchmarkInputError, FloatArray, IntArray
from alp_pipeline.benchmark.composite.aggregate import aggregate, families_of, level_settings, one_level
from alp_pipeline.benchmark.composite.framework import Framework
from alp_pipeline.benchmark.composite.panel import lots, row_order
from alp_pipeline.benchmark.composite.parameters import require_known, require_number
from alp_pipeline.benchmark.composite.score_table import UNDETERMINED
from alp_pipeline.benchmark.composite.unit_cells import CONFIDENTIAL
from alp_pipeline.benchmark.composite.units import UnitTable
from alp_pipeline.benchmark.inputs import checked

WHERE = "weight, optimised"
_REACH = 12.0  # weights are sought within a factor of e^12 of where the search starts
_EVALUATIONS = 200
_REACHED = 0.01  # an importance is reached if its share is off by no more than this part of it


@checked
def optimised_weights(
    units: UnitTable,
    framework: Framework,
    level: int = 1,
    importance: Mapping[str, Any] | str = "equal",
    *,
    aggregation: Mapping[str, Any] | None = None,
) -> tuple[Framework, pd.DataFrame]:
    """Weights that bring the shares of importance of a level's codes nearest to those wanted.

    The importance of a code is the Pearson correlation of its scores with those of the top above it, over the
    units that have both; its share is taken of the sum over the codes below the same top. The mean squared
    difference between shares had and shares wanted is made smallest over weights > 0, all other weights
    being as they are. Correlated codes cannot always have what is wanted of them: `achieved` says what was
    reached. COINr minimises the same criterion by a simplex search to a tolerance of 0.1; here a
    least-squares search (scipy.optimize.least_squares) on the logarithms of the weights runs until it
    settles, always from the shares wanted, so that the same input gives the same weights.

    Args:
        units: normalised indicators.
        framework: with the weights of all other levels.
        level: whose codes get weights, below the top.
        importance: {code: importance > 0}, relative, for every code of the level; or "equal".
        aggregation: parameters of the step aggregate; arithmetic when omitted.

    Returns:
        The framework with weights of the level that add up to 1 within each parent; and the table code,
        parent, top, wanted, achieved (shares of importance), correlation, reached (within a hundredth of
        what was wanted), weight, difference (root mean
        square of achieved - wanted over the top's codes), evaluations.

    Raises:
        BenchmarkInputError: a code without an importance above 0 or unknown; fewer than three units; scores
            that do not vary; correlations that add up to zero or less; a search that does not settle.

    Source: Becker, Saisana, Paruolo, Vandecasteele (2017), Ecological Indicators 80; COINr get_opt_weights.

    >>> framework = Framework.of(pd.DataFrame({"code": ["a", "b", "index"], "level": [1, 1, 2],
    ...     "parent": ["index", "index", None], "direction": 1,
    ...     "type": ["Indicator", "Indicator", "Aggregate"]}))
    >>> data = pd.DataFrame({"unit": list("pqrs"), "a": [-1, 1, -1, 1], "b": [-2, -2, 2, 2]})
    >>> _, table = optimised_weights(UnitTable.of(data, framework), framework, 1, {"a": 3, "b": 1})
    >>> table[["code", "achieved", "weight"]].round(3).values.tolist()
    [['a', 0.75, 0.857], ['b', 0.25, 0.143]]
    """
    from scipy.optimize import least_squares

    codes = sorted(framework.codes(level))
    tops = [_top(framework, code) for code in codes]
    top_of = np.array([sorted(set(tops)).index(top) for top in tops], dtype=np.int64)
    wanted = _shares_wanted(importance, codes, top_of)
    scores = _scored(units, framework, level, codes, aggregation or {})

    def achieved(logs: FloatArray) -> tuple[FloatArray, FloatArray]:
        numbers, above = scores(np.exp(logs))
        return _shares_had(numbers, above, top_of, codes)

    def difference(logs: FloatArray) -> FloatArray:
        return achieved(logs)[0] - wanted

    start = np.log(wanted)
    found = least_squares(
        difference,
        start,
        bounds=(start - _REACH, start + _REACH),
        max_nfev=_EVALUATIONS,
        xtol=1e-12,
        ftol=1e-12,
        gtol=1e-12,
    )
    if found.status <= 0:
        _refuse(f"the search did not settle: {found.message}", "Ask for importances that are less far apart.")
    share, correlation = achieved(found.x)
    families, _ = families_of(framework, level)
    weights = np.exp(found.x)
    weights = weights / families.to_children(families.sums(weights))
    apart = np.bincount(top_of, (share - wanted) ** 2) / np.bincount(top_of)
    table = pd.DataFrame(
        {
            "code": codes,
            "parent": [framework.parent(code) for code in codes],
            "top": tops,
            "wanted": wanted,
            "achieved": share,
            "correlation": correlation,
            "reached": np.abs(share - wanted) <= _REACHED * wanted,
            "weight": weights,
            "difference": np.sqrt(apart)[top_of],
            "evaluations": int(found.nfev),
        }
    )
    return framework.with_weights(dict(zip(codes, weights.tolist(), strict=True))), table


def _scored(
    units: UnitTable, framework: Framework, level: int, codes: list[str], aggregation: Mapping[str, Any]
) -> Callable[[FloatArray], tuple[FloatArray, FloatArray]]:
    """From weights of the level to its numbers and, per top, the scores they lead to."""
    below = units if level == 1 else aggregate(units, framework, **aggregation).units
    table = below.only(codes)
    # A unit with a hidden number has no score, and so no part in what correlates with scores.
    hidden = table.states.isin([CONFIDENTIAL, UNDETERMINED]).to_numpy()
    numbers = np.where(np.any(hidden, axis=1, keepdims=True), np.nan, table.array)
    order = row_order(units.index)
    groups = lots(units.index, aggregation.get("reference_time", "all"), where=WHERE)
    plan = level_settings(framework, **{k: v for k, v in aggregation.items() if k != "reference_time"})
    steps = [(step, *families_of(framework, step)) for step in range(level, framework.depth)]

    def scores(weights: FloatArray) -> tuple[FloatArray, FloatArray]:
        values = numbers
        for step, families, given in steps:
            own = weights if step == level else given
            above = np.full((len(values), families.parents), np.nan)
            names, settings = sorted(framework.codes(step)), plan[step - 1]
            for lot in groups:
                above[lot.apply], _ = one_level(values, own, families, settings, lot, units.index, names)
            values = above
        return numbers[order], values[order]

    return scores


def _shares_had(
    numbers: FloatArray, above: FloatArray, top_of: IntArray, codes: Sequence[str]
) -> tuple[FloatArray, FloatArray]:
    correlation = np.empty(len(codes))
    for place, code in enumerate(codes):
        one, other = numbers[:, place], above[:, top_of[place]]
        both = ~np.isnan(one) & ~np.isnan(other)
        if both.sum() < 3 or np.ptp(one[both]) == 0 or np.ptp(other[both]) == 0:
            _refuse(f"{code} or its top does not vary over three units", "Leave it out, or weigh otherwise.")
        x, y = one[both] - one[both].mean(), other[both] - other[both].mean()
        correlation[place] = (x @ y) / np.sqrt((x @ x) * (y @ y))
    total = np.bincount(top_of, correlation)
    if (total <= 0).any():
        _refuse(
            "the correlations with the top add up to zero or less",
            "Check directions: some codes of the level fall where the top rises.",
        )
    return correlation / total[top_of], correlation


def _shares_wanted(importance: Mapping[str, Any] | str, codes: list[str], top_of: IntArray) -> FloatArray:
    if isinstance(importance, str):
        if importance != "equal":
            _refuse(f"importance is {importance!r}", "Pass {code: importance}, or equal.")
        importance = dict.fromkeys(codes, 1.0)
    require_known(importance, codes, where=WHERE)
    absent = [code for code in codes if code not in importance]
    if absent:
        _refuse(f"{absent[0]} is given no importance", "Give one to every code of the level.")
    numbers = np.array([require_number(importance[c], name=f"that of {c}", where=WHERE) for c in codes])
    if not (numbers > 0).all():
        _refuse(f"the importance of {codes[int(np.argmin(numbers))]} is not above 0", "Leave the code out.")
    total = np.bincount(top_of, numbers)
    return np.asarray(numbers / total[top_of])


def _top(framework: Framework, code: str) -> str:
    parent = framework.parent(code)
    return code if parent is None else _top(framework, parent)


def _refuse(what: str, todo: str) -> NoReturn:
    raise BenchmarkInputError(what, where=WHERE, todo=todo)
