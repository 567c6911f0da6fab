"""A composite index: a recipe followed on units and their framework, with every table on the way.

Belongs here: running the steps in their order, what an index consists of, computing it again, the same or
with a change. Does not: what a step does (its module), the recipe's document (recipe), files (export).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import pandas as pd

from alp_pipeline.benchmark.cells import BenchmarkInputError
from alp_pipeline.benchmark.composite.framework import Framework
from alp_pipeline.benchmark.composite.log import IndexLog, framework_hash, library_versions, units_hash
from alp_pipeline.benchmark.composite.ranking import rank_table
from alp_pipeline.benchmark.composite.recipe import Recipe
from alp_pipeline.benchmark.composite.remarks import remarks_on
from alp_pipeline.benchmark.composite.steps import STEPS
from alp_pipeline.benchmark.composite.units import UnitTable
from alp_pipeline.benchmark.inputs import checked

RAW = "0_raw"


class IndexNotReproduced(BenchmarkInputError):
    """An index that came out other than its log says, or was asked for from other data."""


@dataclass(frozen=True, eq=False)
class IndexResult:
    """An index with every table on the way to it; no frame of it is changed in place.

    Attributes:
        recipe: what was followed.
        stages: the units after each step, in order: `0_raw`, `1_denominate`, …; the last one holds the
            scores.
        frameworks: the framework after each step (weights, or indicators left out, may differ), likewise.
        details: by stage, the tables in which the step says what it did to which cell.
    """

    recipe: Recipe
    stages: Mapping[str, UnitTable]
    frameworks: Mapping[str, Framework]
    details: Mapping[str, Mapping[str, pd.DataFrame]]

    @property
    def units(self) -> UnitTable:
        """The units after the last step: normalised indicators and aggregates."""
        return list(self.stages.values())[-1]

    @property
    def framework(self) -> Framework:
        """The framework after the last step: with the weights that were used."""
        return list(self.frameworks.values())[-1]

    @property
    def scores(self) -> pd.DataFrame:
        """Units × (normalised indicators, then aggregates from the bottom up); NaN = no score."""
        return self.units.values[self._codes]

    @property
    def states(self) -> pd.DataFrame:
        """The state of each score: `reported` where there is one."""
        return self.units.states[self._codes]

    @property
    def lower(self) -> pd.DataFrame | None:
        """Lower bounds of undetermined scores, None where no score has any. Internal: see export."""
        return None if self.units.lower is None else self.units.lower[self._codes]

    @property
    def upper(self) -> pd.DataFrame | None:
        """Upper bounds, likewise."""
        return None if self.units.upper is None else self.units.upper[self._codes]

    @cached_property
    def ranks(self) -> pd.DataFrame:
        """Units × aggregates, Int32, 1 = the highest score, equal scores sharing the best place.

        Of unrounded scores, within each year of a panel; null where there is no score.
        """
        return rank_table(self.units, self.framework.aggregates)

    @cached_property
    def group_ranks(self) -> Mapping[str, pd.DataFrame]:
        """By group column of the framework: ranks as above among the units of the same group."""
        groups = self.units.groups.columns
        return {group: rank_table(self.units, self.framework.aggregates, group=group) for group in groups}

    @property
    def remarks(self) -> tuple[str, ...]:
        """What did not come out as it was meant, a sentence each (see `remarks.remarks_on`)."""
        return remarks_on(self.details)

    @cached_property
    def log(self) -> IndexLog:
        """From which `rebuild` computes the index again."""
        return IndexLog(
            recipe=self.recipe.effective(),
            inputs={"units": units_hash(self.stages[RAW]), "framework": framework_hash(self.frameworks[RAW])},
            stages={name: units_hash(units) for name, units in self.stages.items() if name != RAW},
            libraries=library_versions(),
            seed=None if self.recipe.uncertainty is None else self.recipe.uncertainty.seed,
            remarks=self.remarks,
        )

    def target(self, code: str | None = None) -> str:
        """The aggregate that is spoken of: the one named, or the one at the top.

        Raises:
            BenchmarkInputError: it is no aggregate; none is named and there are several at the top.
        """
        known, tops = self.framework.aggregates, self.framework.codes(self.framework.depth)
        if code is None and len(tops) == 1:
            return tops[0]
        if code not in known:
            what = "there are several indices at the top" if code is None else f"{code!r} is no aggregate"
            raise BenchmarkInputError(what, where="index", todo=f"Name one of {', '.join(known)}.")
        return code

    @property
    def _codes(self) -> list[str]:
        return [*self.framework.indicators, *self.framework.aggregates]


@checked
def compute_index(units: UnitTable, framework: Framework, recipe: Recipe) -> IndexResult:
    """Follow a recipe, step by step.

    Args:
        units: raw numbers; columns that the framework does not know as indicators are left aside.
        framework: indicators, what they add up to, directions, weights.
        recipe: the steps.

    Raises:
        BenchmarkInputError: an indicator is not among the units' columns; whatever a step refuses.

    >>> framework = Framework.of(pd.DataFrame({
    ...     "code": ["jobs", "wages", "index"], "level": [1, 1, 2], "parent": ["index", "index", None],
    ...     "direction": [1, 1, 1], "type": ["Indicator", "Indicator", "Aggregate"]}))
    >>> data = pd.DataFrame({"unit": ["AT", "CH", "SI"], "jobs": [10, 30, 20], "wages": [2, 5, 1]})
    >>> recipe = Recipe.of({"id": "mean", "version": "1", "label": "Mean", "steps": [
    ...     {"step": "normalise", "method": "minmax"}, {"step": "aggregate", "method": "arithmetic"}]})
    >>> result = compute_index(UnitTable.of(data, framework), framework, recipe)
    >>> list(result.stages), result.scores["index"].to_dict(), result.ranks["index"].tolist()
    (['0_raw', '1_normalise', '2_aggregate'], {'AT': 12.5, 'CH': 100.0, 'SI': 25.0}, [3, 1, 2])
    """
    stages, frameworks = {RAW: units.only(framework.indicators)}, {RAW: framework}
    details: dict[str, Mapping[str, pd.DataFrame]] = {}
    table, tree = stages[RAW], framework
    for name, step in zip(recipe.stage_names, recipe.steps, strict=True):
        done = STEPS[step.step](table, tree, **step.parameters)
        table, tree = done.units, done.framework
        stages[name], frameworks[name], details[name] = table, tree, done.details
    return IndexResult(recipe, stages, frameworks, details)


@checked
def recompute(
    result: IndexResult,
    changes: Mapping[str, Mapping[str, Any] | None] | None = None,
    *,
    units: UnitTable | None = None,
    framework: Framework | None = None,
) -> IndexResult:
    """The index once more from its raw numbers, with something changed (COINr's Regen).

    Args:
        result: an index.
        changes: to the steps, by stage name (`5_normalise`), or by the step's name where it occurs once; None
            leaves a step out. A change that names a method states the step anew, one that names none
            changes only the parameters it names.
        units: other raw numbers; those of the result when omitted.
        framework: another framework: other weights, other indicators.

    Raises:
        BenchmarkInputError: a step is not in the recipe or takes no such parameter; see `compute_index`.

    >>> framework = Framework.of(pd.DataFrame({
    ...     "code": ["jobs", "wages", "index"], "level": [1, 1, 2], "parent": ["index", "index", None],
    ...     "direction": [1, 1, 1], "type": ["Indicator", "Indicator", "Aggregate"]}))
    >>> data = pd.DataFrame({"unit": ["AT", "CH", "SI"], "jobs": [10, 30, 20], "wages": [2, 5, 1]})
    >>> recipe = Recipe.of({"id": "mean", "version": "1", "label": "Mean", "steps": [
    ...     {"step": "normalise", "method": "minmax"}, {"step": "aggregate", "method": "arithmetic"}]})
    >>> result = compute_index(UnitTable.of(data, framework), framework, recipe)
    >>> recompute(result, {"normalise": {"method": "rank"}}).scores["index"].to_dict()
    {'AT': 1.5, 'CH': 3.0, 'SI': 1.5}
    >>> recompute(result, framework=framework.with_weights({"jobs": 3})).scores["index"].to_dict()
    {'AT': 6.25, 'CH': 100.0, 'SI': 37.5}
    """
    recipe = result.recipe.changed(changes) if changes else result.recipe
    return compute_index(
        result.stages[RAW] if units is None else units,
        result.frameworks[RAW] if framework is None else framework,
        recipe,
    )


@checked
def rebuild(log: IndexLog | Mapping[str, Any], units: UnitTable, framework: Framework) -> IndexResult:
    """Compute an index again from its log, and prove that it is the same to the last bit.

    Args:
        log: of the index.
        units, framework: the data that it was computed from, in any order of rows.

    Raises:
        IndexNotReproduced: the data are others than those logged; or a step comes out differently, naming
            the first one and the libraries whose version differs.
        BenchmarkInputError: it is no log.

    >>> framework = Framework.of(pd.DataFrame({
    ...     "code": ["jobs", "wages", "index"], "level": [1, 1, 2], "parent": ["index", "index", None],
    ...     "direction": [1, 1, 1], "type": ["Indicator", "Indicator", "Aggregate"]}))
    >>> data = pd.DataFrame({"unit": ["AT", "CH", "SI"], "jobs": [10, 30, 20], "wages": [2, 5, 1]})
    >>> recipe = Recipe.of({"id": "mean", "version": "1", "label": "Mean", "steps": [
    ...     {"step": "normalise", "method": "minmax"}, {"step": "aggregate", "method": "arithmetic"}]})
    >>> units = UnitTable.of(data, framework)
    >>> rebuild(compute_index(units, framework, recipe).log, units, framework).scores["index"].to_dict()
    {'AT': 12.5, 'CH': 100.0, 'SI': 25.0}
    """
    log = log if isinstance(log, IndexLog) else IndexLog.of(log)
    given = {"units": units_hash(units.only(framework.indicators)), "framework": framework_hash(framework)}
    for name, found in given.items():
        logged = log.inputs.get(name, "nothing")
        if logged != found:
            raise IndexNotReproduced(
                f"the {name} given are not those of the log (SHA-256 {found[:12]}…, logged {logged[:12]}…)",
                where="log",
                todo="Pass the data of that time, or compute the recipe anew with compute_index.",
            )
    result = compute_index(units, framework, Recipe.of(log.recipe, where="log"))
    made = result.log
    for stage, found in made.stages.items():
        if log.stages.get(stage) != found:
            raise _differs(log, made, stage)
    return result


def _differs(log: IndexLog, made: IndexLog, stage: str) -> IndexNotReproduced:
    others = [
        f"{name} {log.libraries.get(name)} then, {now} now"
        for name, now in made.libraries.items()
        if log.libraries.get(name) != now
    ]
    libraries = "; ".join(others) or "the libraries are the same"
    return IndexNotReproduced(
        f"the table after {stage} is not the one logged ({libraries})",
        where="log",
        todo="Use the libraries of that time, or compute the recipe anew with compute_index.",
    )
