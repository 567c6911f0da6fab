"""Why two scores differ: the difference split into the indicators it comes from.

Belongs here: two units of an index, one unit in two indices, down the tree to the indicators.
Does not: what one aggregation makes of a difference (contribution), ranks (comparison).
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from alp_pipeline.benchmark.cells import BenchmarkInputError, FloatArray
from alp_pipeline.benchmark.composite.aggregate import level_settings
from alp_pipeline.benchmark.composite.contribution import Side, parts_of
from alp_pipeline.benchmark.composite.index import RAW, IndexResult
from alp_pipeline.benchmark.composite.panel import lots, row_of
from alp_pipeline.benchmark.composite.unit_cells import label_of
from alp_pipeline.benchmark.inputs import checked

WHERE = "decomposition"


@dataclass(frozen=True, eq=False)
class Decomposition:
    """The difference of two scores, and what each element under it adds.

    Attributes:
        target: the aggregate whose scores are compared.
        difference: score of a minus score of b.
        table: a row per code below the target, in the order of the tree: level, parent, label, score_a,
            score_b (normalised indicators, aggregates), raw_a, raw_b (indicators as they were given), slope
            (how much of the target moves with the element), contribution, unequal, remainder.
        remainder: of the whole: what no element accounts for.

    `contribution` is in the unit of the target. Of an aggregate it is the sum of its children's plus the
    `unequal` and the `remainder` of its own row, so that in all

        difference = Σ contribution over the indicators + Σ unequal over the aggregates + remainder.

    `unequal` is what comes from an unequal weight of the element itself on the two sides (one of them lacks
    its number, or the weights were changed); for an indicator it is part of its contribution.
    """

    target: str
    difference: float
    table: pd.DataFrame
    remainder: float

    @property
    def indicators(self) -> pd.DataFrame:
        """The rows of the indicators, the largest contribution first."""
        rows = self.table[self.table["level"] == 1]
        return rows.iloc[np.argsort(-rows["contribution"].abs().to_numpy(), kind="stable")]


@checked
def decompose_difference(
    result: IndexResult, unit_a: object, unit_b: object, *, code: str | None = None
) -> Decomposition:
    """Split the difference of two units' scores into their indicators.

    With weighted arithmetic means the contribution of an indicator is the product of the weights on its path,
    each relative to its siblings, times the difference of its normalised values, and there is no remainder.
    For other methods, and where a unit lacks a number, see `contribution.parts_of`.

    Args:
        result: an index.
        unit_a, unit_b: units; (unit, time) for a panel.
        code: the aggregate; the top one when omitted.

    Raises:
        BenchmarkInputError: a unit is not in the index or has no score (missing or undetermined).

    >>> from alp_pipeline.benchmark.composite.framework import Framework
    >>> from alp_pipeline.benchmark.composite.index import compute_index
    >>> from alp_pipeline.benchmark.composite.recipe import Recipe
    >>> from alp_pipeline.benchmark.composite.units import UnitTable
    >>> framework = Framework.of(pd.DataFrame({
    ...     "code": ["jobs", "wages", "index"], "level": [1, 1, 2], "parent": ["index", "index", None],
    ...     "direction": [1, 1, 1], "weight": [1, 3, 1], "type": ["Indicator", "Indicator", "Aggregate"]}))
    >>> data = pd.DataFrame({"unit": ["AT", "CH", "SI"], "jobs": [10, 30, 20], "wages": [2, 5, 1]})
    >>> recipe = Recipe.of({"id": "mean", "version": "1", "label": "Mean", "steps": [
    ...     {"step": "normalise", "method": "minmax"}, {"step": "aggregate", "method": "arithmetic"}]})
    >>> result = compute_index(UnitTable.of(data, framework), framework, recipe)
    >>> found = decompose_difference(result, "CH", "SI")
    >>> found.difference, found.table["contribution"].to_dict()
    (87.5, {'jobs': 12.5, 'wages': 75.0})
    """
    target = result.target(code)
    return _decomposed(_End(result, unit_a, target), _End(result, unit_b, target), target)


@checked
def decompose_change(
    result_t0: IndexResult, result_t1: IndexResult, unit: object, *, code: str | None = None
) -> Decomposition:
    """Split the change of a unit's score from one index to another into its indicators.

    What is split is the change of the scores as they are. Scores of two years that were normalised each on
    its own tell places among the units of the year; for a change over time normalise the panel together, or
    from a base year (`reference_time`), and use `decompose_difference` with (unit, time).

    Args:
        result_t0, result_t1: before and after: same framework of codes, same methods of aggregation; weights
            may differ.
        unit: in both.
        code: the aggregate; the top one when omitted.

    Returns:
        As `decompose_difference`, a = after, b = before.

    Raises:
        BenchmarkInputError: the two indices have other codes, another tree or other methods of aggregation;
            see `decompose_difference`.

    Of two years without scaling, half of the gain in jobs counts and half of the loss in wages:

    >>> from alp_pipeline.benchmark.composite.framework import Framework
    >>> from alp_pipeline.benchmark.composite.index import compute_index
    >>> from alp_pipeline.benchmark.composite.recipe import Recipe
    >>> from alp_pipeline.benchmark.composite.units import UnitTable
    >>> framework = Framework.of(pd.DataFrame({
    ...     "code": ["jobs", "wages", "index"], "level": [1, 1, 2], "parent": ["index", "index", None],
    ...     "direction": [1, 1, 1], "type": ["Indicator", "Indicator", "Aggregate"]}))
    >>> recipe = Recipe.of({"id": "mean", "version": "1", "label": "Mean", "steps": [
    ...     {"step": "normalise", "method": "none"}, {"step": "aggregate", "method": "arithmetic"}]})
    >>> before, after = (
    ...     compute_index(UnitTable.of(pd.DataFrame(year), framework), framework, recipe)
    ...     for year in ({"unit": ["AT", "CH"], "jobs": [10, 30], "wages": [8, 5]},
    ...                  {"unit": ["AT", "CH"], "jobs": [16, 30], "wages": [6, 5]}))
    >>> found = decompose_change(before, after, "AT")
    >>> found.difference, found.table["contribution"].to_dict()
    (2.0, {'jobs': 3.0, 'wages': -1.0})
    """
    target = result_t1.target(code)
    after, before = _End(result_t1, unit, target), _End(result_t0, unit, target)
    if after.tree != before.tree or after.aggregation != before.aggregation:
        what = "frameworks" if after.tree != before.tree else "methods of aggregation"
        raise BenchmarkInputError(
            f"the two indices have other {what}",
            where="decompose_change",
            todo="Compare indices of one framework and one method: compare() takes any two.",
        )
    return _decomposed(after, before, target)


class _End:
    """One end of a difference: a unit's row in an index."""

    def __init__(self, result: IndexResult, unit: object, target: str) -> None:
        self.framework = result.framework
        rows = {label: row for row, label in enumerate(result.scores.index)}
        if unit not in rows:
            raise BenchmarkInputError(
                f"{label_of(unit)} is not in the index", where="unit", todo="Name a unit of the index."
            )
        row = rows[unit]
        self._scores = result.scores
        self._own = dict(zip(result.scores.columns, result.scores.to_numpy()[row].tolist(), strict=True))
        if np.isnan(self._own[target]):
            raise BenchmarkInputError(
                f"{label_of(unit)} has no score of {target} ({result.states[target].iloc[row]})",
                where="unit",
                todo="Only a difference of two scores can be split.",
            )
        raw = result.stages[RAW].values
        here = list(raw.index).index(unit)
        self._raw = dict(zip(raw.columns, raw.to_numpy()[here].tolist(), strict=True))
        self.aggregation = _aggregation(result)
        self.tree = {code: self.framework.parent(code) for code in result.scores.columns}
        reference_time = result.recipe.steps[-1].effective["reference_time"]
        self._lot = next(
            lot for lot in lots(result.scores.index, reference_time, where=WHERE) if row in lot.apply
        )

    def score(self, code: str) -> float:
        return float(self._own[code])

    def raw(self, code: str) -> float:
        return float(self._raw.get(code, np.nan))

    def side(self, parent: str) -> Side:
        children = list(self.framework.children(parent))
        level = self.framework.level(parent) - 1
        weight = dict(zip(self.framework.codes(level), self.framework.weights(level), strict=True))
        method, _ = self.aggregation[level - 1]
        compared = self._lot.apply if method == "copeland" else self._lot.learn
        known: FloatArray = self._scores[children].to_numpy()[compared]
        return Side(
            np.array([self.score(child) for child in children]),
            np.array([weight[child] for child in children]),
            self.score(parent),
            known,
            self._settings(level),
        )

    def _settings(self, level: int) -> dict[str, Any]:
        """Parameters of the method at a level, as its kernel takes them."""
        settings = dict(self.aggregation[level - 1][1])
        if isinstance(settings.get("reference"), str) and settings["reference"] != "mean":
            settings["reference"] = row_of(self._scores.index, settings["reference"], self._lot, where=WHERE)
        return settings


def _aggregation(result: IndexResult) -> list[tuple[str, dict[str, Any]]]:
    """Method of each level from the bottom, and its parameters."""
    own = {
        name: value for name, value in result.recipe.steps[-1].parameters.items() if name != "reference_time"
    }
    found = []
    for settings in level_settings(result.framework, **own):
        method = settings.pop("method")
        settings.pop("availability_min")  # both scores are there
        found.append((method, settings))
    return found


@dataclass
class _Row:
    """What is known of one element; the fields are columns of the table."""

    level: int
    parent: str
    label: str
    score_a: float
    score_b: float
    raw_a: float
    raw_b: float
    slope: float
    contribution: float
    unequal: float
    remainder: float


def _decomposed(a: _End, b: _End, target: str) -> Decomposition:
    rows: dict[str, _Row] = {}
    remainder = _descend(a, b, target, 1.0, rows)
    table = pd.DataFrame([vars(row) for row in rows.values()], index=pd.Index(rows, name="code", dtype="str"))
    remainder += sum(row.remainder for row in rows.values())
    return Decomposition(target, a.score(target) - b.score(target), table, remainder)


def _descend(a: _End, b: _End, parent: str, reach: float, rows: dict[str, _Row]) -> float:
    """Rows of everything below a parent, of which `reach` counts; the parent's own remainder."""
    level = a.framework.level(parent) - 1
    parts = parts_of(a.side(parent), b.side(parent), a.aggregation[level - 1][0])
    for place, child in enumerate(a.framework.children(parent)):
        slope, unequal = reach * float(parts.slopes[place]), reach * float(parts.unequal[place])
        score_a, score_b = a.score(child), b.score(child)
        label = a.framework.label(child)
        raw = (a.raw(child), b.raw(child))
        row = _Row(level, parent, label, score_a, score_b, *raw, slope, unequal, unequal, 0.0)
        rows[child] = row
        if np.isnan(score_a) or np.isnan(score_b):
            continue  # all there is to say is in `unequal`
        if level == 1:
            row.contribution += slope * (score_a - score_b)
        else:
            row.remainder = _descend(a, b, child, slope, rows)
            below = [rows[found].contribution for found in a.framework.children(child)]
            row.contribution += sum(below) + row.remainder
    return reach * parts.remainder
