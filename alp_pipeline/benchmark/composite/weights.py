"""The step `weight`: how much each child counts in its parent.

Belongs here: the choice among ways to set weights, at which levels, what the framework then says.
Does not: the ways that compute something (pca_weights, optimised_weights, benefit_of_the_doubt, budget).
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from alp_pipeline.benchmark.cells import BenchmarkInputError
from alp_pipeline.benchmark.composite.aggregate import aggregate
from alp_pipeline.benchmark.composite.benefit_of_the_doubt import benefit_of_the_doubt, shares
from alp_pipeline.benchmark.composite.budget import budget_shares
from alp_pipeline.benchmark.composite.framework import Framework
from alp_pipeline.benchmark.composite.optimised_weights import optimised_weights
from alp_pipeline.benchmark.composite.panel import row_order
from alp_pipeline.benchmark.composite.parameters import require_choice, require_known, require_number
from alp_pipeline.benchmark.composite.pca_weights import pca_weights
from alp_pipeline.benchmark.composite.unit_cells import label_of
from alp_pipeline.benchmark.composite.units import StepResult, UnitTable
from alp_pipeline.benchmark.inputs import checked

WHERE = "weight"
METHODS: Mapping[str, Mapping[str, Any]] = {
    "given": {"weights": {}},
    "equal": {},
    "pca": {"against": "refuse", "loadings": "squared", "aggregation": {}},
    "optimised": {"importance": "equal", "aggregation": {}},
    "benefit_of_the_doubt": {"share_min": 0.0, "share_max": 1.0, "aggregation": {}},
    "budget": {"points": None, "total": 100.0},
}
"""Every method with its parameters and their defaults; None must be given."""


@checked
def weigh(
    units: UnitTable,
    framework: Framework,
    *,
    method: str = "given",
    levels: Sequence[int] | None = None,
    **parameters: Any,
) -> StepResult:
    """Set the framework's weights.

    - given: the framework's own. `weights` = {code: weight} replaces some of them.
    - equal: every child of a parent counts the same.
    - pca: squared loadings on the first principal component of each parent's children; see `pca_weights`.
      `against`: what to do with a child that loads against its parent, refuse or zero (weight 0).
      `loadings`: squared, or plain as in COINr.
    - optimised: weights with which each child has the importance wanted of it, measured by correlation with
      the top; see `optimised_weights`. `importance` = {code: relative importance} for all codes of the level,
      or equal. One level at a time.
    - benefit_of_the_doubt: each unit's kindest weights (details `unit_weights`); the framework gets the mean
      share of each child over the units. `share_min`, `share_max`: limits of shares; see
      `benefit_of_the_doubt`. To aggregate every unit with its own weights, name that method for `aggregate`.
    - budget: experts divide `total` points among the children of a parent; see `budget_shares`.
      `points` = {expert: {code: points}}.

    Args:
        units: normalised indicators, higher is better. given, equal and budget do not look at them.
        framework: with the weights of all levels that are not set here.
        method: one of METHODS.
        levels: of which the codes get weights, 1 = the indicators. When omitted: all below the top for equal,
            1 for pca, optimised and benefit_of_the_doubt. given and budget name codes instead.
        parameters: of the method, see above. `aggregation`, parameters of the step aggregate, is how levels
            above the first (and, for optimised, the top) are made for this purpose; arithmetic when omitted.

    Returns:
        The units as they were, the framework with the weights. details:
        `weights`: a row per code below the top: code, level, parent, weight (as set), share (of its parent,
        adds up to 1), share_before; and what the method itself reports: `pca` (code, loading, explained),
        `optimised` (code, importance wanted and achieved), `unit_weights` (unit, code, weight, share),
        `budget` (code, experts, mean, sd, min, max of shares).

    Raises:
        BenchmarkInputError: an unknown method, parameter, level or code; what the method refuses.

    Source: OECD/JRC Handbook (Nardo et al. 2008), ch. 1.6.

    >>> framework = Framework.of(pd.DataFrame({"code": ["jobs", "wages", "index"], "level": [1, 1, 2],
    ...     "parent": ["index", "index", None], "direction": 1, "weight": [1, 3, 1],
    ...     "type": ["Indicator", "Indicator", "Aggregate"]}))
    >>> units = UnitTable.of(pd.DataFrame({"unit": ["AT"], "jobs": [1], "wages": [2]}), framework)
    >>> weigh(units, framework, method="equal").details["weights"][["code", "share", "share_before"]].values
    array([['jobs', 0.5, 0.25],
           ['wages', 0.5, 0.75]], dtype=object)
    """
    require_choice(method, tuple(METHODS), name="method", where=WHERE)
    require_known(parameters, tuple(METHODS[method]), where=f"{WHERE}, {method}")
    settings = {**METHODS[method], **parameters}
    chosen = _levels(framework, method, levels)
    details: dict[str, pd.DataFrame] = {}
    if method == "given":
        weighted = framework.with_weights(_given(settings["weights"], framework))
    elif method == "equal":
        weighted = framework.with_weights({code: 1.0 for level in chosen for code in framework.codes(level)})
    elif method == "budget":
        found, details["budget"] = budget_shares(settings["points"], framework, total=settings["total"])
        weighted = framework.with_weights(found)
    elif method == "optimised":
        weighted, details["optimised"] = optimised_weights(
            units, framework, chosen[0], settings["importance"], aggregation=settings["aggregation"]
        )
    else:
        weighted, details = _from_numbers(units, framework, method, chosen, settings)
    return StepResult(units, weighted, {"weights": _described(weighted, framework), **details})


def _from_numbers(
    units: UnitTable, framework: Framework, method: str, levels: Sequence[int], settings: Mapping[str, Any]
) -> tuple[Framework, dict[str, pd.DataFrame]]:
    """Weights that the children's own numbers give, from the bottom up, for they change those above."""
    own = {name: value for name, value in settings.items() if name != "aggregation"}
    tables: list[pd.DataFrame] = []
    for level in levels:
        numbers = units if level == 1 else aggregate(units, framework, **settings["aggregation"]).units
        order = numbers.index.take(row_order(numbers.index))
        for parent in framework.codes(level + 1):
            children = sorted(framework.children(parent))
            values = numbers.only(children).values.loc[order]
            if method == "pca":
                weights, table = pca_weights(values, parent=parent, **own)
            else:
                weights, table = _doubt(values, parent, **own)
            framework = framework.with_weights(weights)
            tables.append(table)
    name = "pca" if method == "pca" else "unit_weights"
    return framework, {name: pd.concat(tables, ignore_index=True)}


def _doubt(
    values: pd.DataFrame, parent: str, *, share_min: float, share_max: float
) -> tuple[dict[str, float], pd.DataFrame]:
    for name, limit in (("share_min", share_min), ("share_max", share_max)):
        require_number(limit, name=name, where=WHERE, low=0, high=1)
    labels = ([label_of(unit) for unit in values.index], list(values.columns))
    array = values.to_numpy()
    _, weights = benefit_of_the_doubt(array, share_min=share_min, share_max=share_max, labels=labels)
    parts = shares(array, weights)
    known = ~np.isnan(parts).all(axis=1)
    if not known.any():
        raise BenchmarkInputError(
            f"no unit scores on any child of {parent}", where=WHERE, todo="Leave it out, or weigh it equally."
        )
    mean = np.nan_to_num(parts[known]).mean(axis=0)
    table = values.index.to_frame(index=False)
    long = table.loc[np.repeat(np.arange(len(table)), values.shape[1])].reset_index(drop=True)
    long["parent"] = parent
    long["code"] = np.tile(np.array(values.columns, dtype=object), len(table))
    long["weight"], long["share"] = weights.ravel(), parts.ravel()
    return dict(zip(values.columns, mean.tolist(), strict=True)), long


def _levels(framework: Framework, method: str, levels: Sequence[int] | None) -> list[int]:
    if method in ("given", "budget"):
        if levels is not None:
            raise BenchmarkInputError(
                f"levels are given to {method}, which names codes", where=WHERE, todo="Leave levels out."
            )
        return []
    below_top = list(range(1, framework.depth))
    if levels is None:
        return below_top if method == "equal" else below_top[:1]
    chosen = sorted(set(levels))
    wrong = [level for level in chosen if level not in below_top]
    if wrong or not chosen:
        what = f"there is no level {wrong[0]!r} below the top" if wrong else "no level is named"
        raise BenchmarkInputError(what, where=WHERE, todo=f"Use {', '.join(map(str, below_top))}.")
    if method == "optimised" and len(chosen) > 1:
        raise BenchmarkInputError(
            "optimised weights are sought at one level at a time", where=WHERE, todo="Name one level."
        )
    return chosen


def _given(weights: object, framework: Framework) -> dict[str, float]:
    if not isinstance(weights, Mapping):
        raise BenchmarkInputError(f"weights are {weights!r}", where=WHERE, todo="Pass weights by code.")
    known = [code for level in range(1, framework.depth + 1) for code in framework.codes(level)]
    require_known(weights, known, where=f"{WHERE}, weights")
    return {
        str(code): require_number(weight, name=f"the weight of {code}", where=WHERE, low=0)
        for code, weight in weights.items()
    }


def _described(weighted: Framework, before: Framework) -> pd.DataFrame:
    rows = []
    for level in range(1, weighted.depth):
        shares_now, shares_before = (_shares(framework, level) for framework in (weighted, before))
        for place, code in enumerate(weighted.codes(level)):
            rows.append(
                (
                    code,
                    level,
                    weighted.parent(code),
                    weighted.weights(level)[place],
                    shares_now[place],
                    shares_before[place],
                )
            )
    columns = ["code", "level", "parent", "weight", "share", "share_before"]
    return pd.DataFrame(rows, columns=columns)


def _shares(framework: Framework, level: int) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    weights, member = framework.weights(level), framework.membership(level)
    return np.asarray(weights / np.bincount(member, weights)[member])
