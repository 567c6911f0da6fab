"""What an index would be without each of its elements.

Belongs here: leaving out the elements of a level one at a time. Does not: leaving out several at random
(uncertainty), weights as a measure of influence (importance).
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from alp_pipeline.benchmark.cells import BenchmarkInputError
from alp_pipeline.benchmark.composite.budget import points_without
from alp_pipeline.benchmark.composite.framework import Framework
from alp_pipeline.benchmark.composite.index import RAW, IndexResult, compute_index
from alp_pipeline.benchmark.composite.recipe import Recipe, RecipeStep
from alp_pipeline.benchmark.inputs import checked


@dataclass(frozen=True, eq=False)
class Removal:
    """An index without each element of a level.

    Attributes:
        target: the aggregate that was looked at.
        scores, ranks: units × (`nominal`, then each element left out); NaN or null where there is no score.
        elements: by element: mean_absolute_rank_shift, max_absolute_rank_shift, units (that have a rank both
            with and without it).
    """

    target: str
    scores: pd.DataFrame
    ranks: pd.DataFrame
    elements: pd.DataFrame


@checked
def remove_elements(result: IndexResult, level: int, *, code: str | None = None) -> Removal:
    """Leave out each element of a level in turn, compute the index anew, and see how ranks shift.

    The whole recipe is followed again on the framework without the element and all below it: screening judges
    units on what is left, weights that are derived are derived again, and of a budget allocation each
    expert's points for what is left keep their proportions (`budget.points_without`). (COINr's
    remove_elements sets the element's weight to zero; with given weights and nothing screened or missing the
    scores are the same.)

    Args:
        result: an index.
        level: 1 = indicators, up to the level below the target.
        code: the aggregate looked at; the top one when omitted.

    Returns:
        Scores, ranks and shifts. An aggregate that would be left without children, or with children that
        weigh nothing, goes with the element. One without which nothing of the target is left has NaN
        throughout.

    Raises:
        BenchmarkInputError: there is no such level below the target; whatever a step refuses on what is left.

    >>> from alp_pipeline.benchmark.composite.framework import Framework
    >>> from alp_pipeline.benchmark.composite.index import compute_index
    >>> from alp_pipeline.benchmark.composite.units import UnitTable
    >>> framework = Framework.of(pd.DataFrame({
    ...     "code": ["jobs", "wages", "index"], "level": [1, 1, 2], "parent": ["index", "index", None],
    ...     "direction": [1, 1, 1], "type": ["Indicator", "Indicator", "Aggregate"]}))
    >>> data = pd.DataFrame({"unit": ["AT", "CH", "SI"], "jobs": [10, 30, 20], "wages": [2, 5, 1]})
    >>> recipe = Recipe.of({"id": "mean", "version": "1", "label": "Mean", "steps": [
    ...     {"step": "normalise", "method": "minmax"}, {"step": "aggregate", "method": "arithmetic"}]})
    >>> removal = remove_elements(compute_index(UnitTable.of(data, framework), framework, recipe), 1)
    >>> removal.elements["mean_absolute_rank_shift"].round(2).to_dict()
    {'jobs': 0.67, 'wages': 0.0}
    """
    target = result.target(code)
    top = result.framework.level(target)
    if not 1 <= level < top:
        raise BenchmarkInputError(
            f"level {level!r} is not below {target}", where="remove_elements", todo=f"Pass 1 to {top - 1}."
        )
    scores, ranks = {"nominal": result.scores[target]}, {"nominal": result.ranks[target]}
    for element in result.framework.codes(level):
        without = _without(result, element, target)
        if without is not None:
            scores[element], ranks[element] = without.scores[target], without.ranks[target]
        else:
            scores[element] = pd.Series(np.nan, index=result.scores.index)
            ranks[element] = pd.Series(pd.NA, index=result.scores.index, dtype="Int32")
    units = result.stages[RAW].index
    by_rank = pd.DataFrame({name: column.reindex(units) for name, column in ranks.items()})
    return Removal(
        target,
        pd.DataFrame({name: column.reindex(units) for name, column in scores.items()}),
        by_rank,
        _shifts(by_rank),
    )


def without_codes(recipe: Recipe, framework: Framework, codes: Collection[str]) -> Recipe:
    """The recipe for a framework that lacks some codes: what was said of them is dropped.

    That is every key of that name in a mapping: `by_indicator`, weights, importance. The points of a budget
    allocation are shared out anew, see `budget.points_without`.

    Args:
        recipe: of the whole index.
        framework: with all codes.
        codes: those that go.

    >>> framework = Framework.of(pd.DataFrame({"code": ["jobs"], "level": 1, "parent": None, "direction": 1,
    ...                                        "type": "Indicator"}))
    >>> recipe = Recipe.of({"id": "mean", "version": "1", "label": "Mean", "steps": [
    ...     {"step": "normalise", "by_indicator": {"jobs": {"low": 1}}}, {"step": "aggregate"}]})
    >>> without_codes(recipe, framework, ["jobs"]).steps[0].parameters
    {'by_indicator': {}}
    """
    changes = {
        name: _without_codes(step, framework, codes)
        for name, step in zip(recipe.stage_names, recipe.steps, strict=True)
    }
    return recipe.changed(changes)


def _without_codes(step: RecipeStep, framework: Framework, codes: Collection[str]) -> dict[str, Any]:
    if step.effective.get("method") == "budget":
        return {**step.parameters, "points": points_without(step.parameters["points"], framework, codes)}
    return {key: _pruned(value, codes) for key, value in step.parameters.items()}


def _pruned(value: Any, codes: Collection[str]) -> Any:
    if isinstance(value, Mapping):
        return {key: _pruned(each, codes) for key, each in value.items() if key not in codes}
    return value


def _without(result: IndexResult, element: str, target: str) -> IndexResult | None:
    framework = result.frameworks[RAW]
    removed = _counting_branch(framework, element)
    if set(framework.indicators_of(removed)) >= set(framework.indicators_of(target)):
        return None
    left = framework.without([removed])
    gone = {*framework.indicators, *framework.aggregates} - {*left.indicators, *left.aggregates}
    return compute_index(result.stages[RAW], left, without_codes(result.recipe, framework, gone))


def _counting_branch(framework: Framework, element: str) -> str:
    """The element, or the aggregate above it of which nothing that weighs anything would be left."""
    parent = framework.parent(element)
    if parent is None:
        return element
    level = framework.level(element)
    weights = dict(zip(framework.codes(level), framework.weights(level), strict=True))
    if any(weights[other] > 0 for other in framework.children(parent) if other != element):
        return element
    return _counting_branch(framework, parent)


def _shifts(ranks: pd.DataFrame) -> pd.DataFrame:
    numbers = ranks.astype("Float64").to_numpy(dtype=np.float64, na_value=np.nan)
    rows = {}
    for place, element in enumerate(ranks.columns[1:], start=1):
        shift = np.abs(numbers[:, place] - numbers[:, 0])
        shift = shift[~np.isnan(shift)]
        there = shift.size > 0
        rows[element] = (
            float(shift.mean()) if there else np.nan,
            float(shift.max()) if there else np.nan,
            int(shift.size),
        )
    names = ["mean_absolute_rank_shift", "max_absolute_rank_shift", "units"]
    table = pd.DataFrame.from_dict(rows, orient="index", columns=names)
    return table.rename_axis("element").astype({"units": "int64"})
