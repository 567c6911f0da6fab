"""The ways in which each step of a recipe is done, and the kernel of each.

Belongs here: which factor decides over which step, what a step finds before it, spreads of what it imputes.
Does not: what a kernel does (step_kernels, aggregation_kernels), putting it all together (compile).
"""

import itertools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final, NoReturn, TypeVar

import numpy as np

from alp_pipeline.benchmark.cells import BenchmarkInputError, BoolArray, FloatArray
from alp_pipeline.benchmark.composite.denominate import denominate
from alp_pipeline.benchmark.composite.framework import Framework
from alp_pipeline.benchmark.composite.imputation import Layout
from alp_pipeline.benchmark.composite.index import RAW, IndexResult
from alp_pipeline.benchmark.composite.recipe import Recipe, RecipeStep
from alp_pipeline.benchmark.composite.steps import ParameterRefused
from alp_pipeline.benchmark.composite.uncertainty.aggregation_kernels import (
    ScoreKernel,
    Tree,
    aggregate_kernel,
    hidden_levels,
    weight_kernel,
)
from alp_pipeline.benchmark.composite.uncertainty.configuration import as_json
from alp_pipeline.benchmark.composite.uncertainty.data_draws import CellSpread
from alp_pipeline.benchmark.composite.uncertainty.draws import covered_levels
from alp_pipeline.benchmark.composite.uncertainty.imputed_spread import ImputedErrors, leave_one_out_errors
from alp_pipeline.benchmark.composite.uncertainty.spec import (
    InclusionFactor,
    StepFactor,
    UncertaintySpec,
    WeightsFactor,
)
from alp_pipeline.benchmark.composite.uncertainty.step_kernels import (
    Kernel,
    Stage,
    barred,
    denominate_kernel,
    imputations_in,
    impute_kernel,
    normalise_kernel,
    screen_kernel,
    treat_kernel,
)
from alp_pipeline.benchmark.composite.units import UnitTable
from alp_pipeline.benchmark.composite.weights import weigh

WHERE: Final = "uncertainty"
_Factor = TypeVar("_Factor", WeightsFactor, InclusionFactor)
_KERNELS: Final[Mapping[str, Callable[[Mapping[str, Any], Stage], Kernel]]] = {
    "denominate": denominate_kernel,
    "screen": screen_kernel,
    "treat": treat_kernel,
    "normalise": normalise_kernel,
}


@dataclass(frozen=True, eq=False)
class Ways:
    """A recipe on its data with what is uncertain: which steps are done in which ways, and how.

    Attributes:
        units, framework: in canonical order (compile). nominal: the index of the recipe as it is. spreads: of
        the raw cells.
    """

    units: UnitTable
    framework: Framework
    recipe: Recipe
    spec: UncertaintySpec
    nominal: IndexResult
    spreads: tuple[CellSpread, ...]

    @cached_property
    def tree(self) -> Tree:
        """The framework by position, units and indicators being in canonical order."""
        return Tree.of(self.framework)

    @cached_property
    def target(self) -> tuple[int, int]:
        """Level above the indicators and place of the aggregate that is ranked."""
        code = self.nominal.target(self.spec.target)
        level = self.framework.level(code) - 1
        return level, self.tree.codes[level].index(code)

    @cached_property
    def bounded(self) -> BoolArray:
        """Cells that are drawn between bounds."""
        cells = np.zeros(self.units.array.shape, dtype=np.bool_)
        for spread in self.spreads:
            if spread.low is not None and spread.places is not None:
                cells.ravel()[spread.places] = True
        return cells

    @cached_property
    def stages(self) -> tuple[Stage, ...]:
        """What each step finds: all units, with the states that a denominator leaves them."""
        found, table, is_fixed = [], self.units, True
        before = [RAW, *self.recipe.stage_names[:-1]]
        for number, (name, step) in enumerate(zip(before, self.recipe.steps, strict=True)):
            framework = self.nominal.frameworks[name]
            found.append(Stage(table, framework, self.bounded, is_fixed))
            if step.step == "denominate":
                table = denominate(table, framework, **step.parameters).units
            is_fixed &= step.step != "treat" or not any(map(_excludes, self.ways(number)))
        return tuple(found)

    @cached_property
    def confidential(self) -> BoolArray:
        """Cells that are confidential when the aggregation comes to them."""
        return np.asarray(self.stages[-1].units.states == "confidential")

    def numbers_before(self, number: int) -> UnitTable:
        """The nominal run's table before a step."""
        return self.nominal.stages[[RAW, *self.recipe.stage_names][number]]

    def factors_of(self, number: int) -> list[StepFactor]:
        """The factors that decide over a step."""
        names = [step.step for step in self.recipe.steps]
        occurrence = names[: number + 1].count(names[number])
        several = names.count(names[number]) > 1
        found = []
        for factor in self.spec.method:
            if not isinstance(factor, StepFactor) or factor.step != names[number]:
                continue
            if several and factor.occurrence is None:
                refuse(f"{factor.factor} does not say which step {factor.step}", "Give its `occurrence`.")
            if (factor.occurrence or 1) == occurrence:
                found.append(factor)
        if len(found) > 1 and len({factor.level for factor in found} - {None}) < len(found):
            names_of = " and ".join(factor.factor for factor in found)
            refuse(f"{names_of} decide over one step", "List their combinations as alternatives of one.")
        return found

    def ways(self, number: int) -> list[RecipeStep]:
        """A step in all ways in which it is done, in the order of its factors' choices."""
        step, own = self.recipe.steps[number], self.factors_of(number)
        if not own:
            return [step]
        try:
            if own[0].level is None:
                return [step.changed(alternative) for alternative in own[0].alternatives]
            found = []
            for chosen in itertools.product(*(factor.alternatives for factor in own)):
                levels = {factor.level: one for factor, one in zip(own, chosen, strict=True)}
                by_level = {**(step.parameters.get("by_level") or {}), **levels}
                found.append(step.changed({"by_level": by_level}))
            return found
        except ParameterRefused as error:
            what = f"an alternative of {own[0].factor}: {error}"
            raise BenchmarkInputError(what, where=WHERE, todo="Correct the alternative.") from None

    @cached_property
    def gaps(self) -> BoolArray:
        """Cells that some imputation of the recipe may fill."""
        cells = np.zeros(self.units.array.shape, dtype=np.bool_)
        for step, stage in zip(self.recipe.steps, self.stages, strict=True):
            if step.step == "impute":
                cells |= np.isnan(stage.units.array) & ~barred(stage)
        return cells

    def errors(self, number: int, step: RecipeStep) -> ImputedErrors | None:
        """The spread of what an imputation fills."""
        given = self.spec.data.imputed
        if given is None:
            return None
        rows, columns = np.nonzero(self.gaps)
        nothing = np.zeros(rows.size)
        if isinstance(given, float):
            return ImputedErrors(rows, columns, np.full(rows.size, given), nothing)
        return ImputedErrors(rows, columns, nothing, np.nan_to_num(self.residuals(number, step))[columns])

    def residuals(self, number: int, step: RecipeStep) -> FloatArray:
        """The leave-one-out error of each indicator with gaps; one that is filled without one is refused."""
        key = number, as_json(step.effective)
        if key in self._residuals:
            return self._residuals[key]
        table = self.numbers_before(number)
        imputations = imputations_in(step.effective, table)
        wanted = np.asarray(self.gaps.any(axis=0))
        found = leave_one_out_errors(table.array, imputations, Layout.of(table), wanted)
        for place, code in enumerate(table.codes):
            if wanted[place] and np.isnan(found[place]) and imputations[place].method != "none":
                refuse(
                    f"the error of imputing {code} cannot be estimated: no known cell can be left out",
                    "Declare a relative standard deviation as `imputed`.",
                )
        self._residuals[key] = found
        return found

    @cached_property
    def _residuals(self) -> dict[tuple[int, str], FloatArray]:
        return {}

    def kernel(self, number: int, step: RecipeStep, *, nominal: bool) -> Kernel:
        """A step other than the aggregation, done in one way; the same kernel for the same way."""
        key = number, as_json(step.effective), nominal and step.step == "impute"
        if key not in self._kernels:
            self._kernels[key] = self._kernel(number, step, nominal=nominal)
        return self._kernels[key]

    @cached_property
    def _kernels(self) -> dict[tuple[int, str, bool], Kernel]:
        return {}

    def _kernel(self, number: int, step: RecipeStep, *, nominal: bool) -> Kernel:
        stage, given = self.stages[number], step.effective
        if step.step == "impute":
            return impute_kernel(given, stage, None if nominal else self.errors(number, step))
        if step.step == "weight":
            return weight_kernel(self.weights(number, step))
        return _KERNELS[step.step](given, stage)

    def weights(self, number: int, step: RecipeStep) -> tuple[FloatArray, ...]:
        """The weights that a step sets, on the nominal data where it learns them."""
        before = self.stages[number].framework
        return self.tree.weights(weigh(self.numbers_before(number), before, **step.parameters).framework)

    def score_kernel(self, step: RecipeStep, *, nominal: bool) -> ScoreKernel:
        """The aggregation, done in one way."""
        hidden = self.confidential if nominal else self.confidential & ~self.bounded
        counts = [weight > 0 for weight in self.tree.weights(self.nominal.framework)]
        return aggregate_kernel(
            step.effective,
            self.stages[-1],
            self.tree,
            target=self.target,
            hidden=hidden_levels(hidden, self.tree, counts if nominal else self.counts),
            weights=None if nominal else _only(self.spec, WeightsFactor),
            inclusion=None if nominal else _only(self.spec, InclusionFactor),
        )

    @cached_property
    def counts(self) -> tuple[BoolArray, ...]:
        """By level, the codes whose weight may be above zero in a draw."""
        found = [weight > 0 for weight in self.tree.weights(self.nominal.framework)]
        for number, step in enumerate(self.recipe.steps):
            for way in self.ways(number) if step.step == "weight" else ():
                for place, weight in enumerate(self.weights(number, way)):
                    found[place] = found[place] | (weight > 0)
        factor = _only(self.spec, WeightsFactor)
        if factor is not None and factor.distribution == "simplex":
            for level in covered_levels(factor, len(found)):
                found[level - 1] = np.ones_like(found[level - 1])
        return tuple(found)


def _excludes(treat: RecipeStep) -> bool:
    """Whether a treatment leaves outliers without a number."""
    overrides = (treat.effective.get("by_indicator") or {}).values()
    lots = [treat.effective, *({**treat.effective, **own} for own in overrides)]
    return any(own["method"] == "outliers_sd" and own["replace"] == "exclude" for own in lots)


def _only(spec: UncertaintySpec, kind: type[_Factor]) -> _Factor | None:
    """The one factor of a kind that a spec may have."""
    return next((factor for factor in spec.method if isinstance(factor, kind)), None)


def refuse(what: str, todo: str) -> NoReturn:
    """Refuse to draw; says what, where (uncertainty) and what to do.

    Raises:
        BenchmarkInputError: always.

    >>> refuse("the table is a panel", "Choose one time.")
    Traceback (most recent call last):
    alp_pipeline.benchmark.cells.BenchmarkInputError: ...uncertainty: the table is a panel. Choose one time.
    """
    raise BenchmarkInputError(what, where=WHERE, todo=todo)
