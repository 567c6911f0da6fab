"""From a recipe, its data and what is uncertain about them to functions of random numbers.

Belongs here: one order of units and indicators, refusing what cannot be drawn, the nominal run that all draws
are compared with, the check that the compiled recipe is the recipe.
Does not: the ways in which a step is done (recipe_ways), running draws (evaluate), formulas (the kernels).
"""

import itertools
from collections.abc import Callable, Sequence
from dataclasses import fields
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from alp_pipeline.benchmark.cells import FloatArray
from alp_pipeline.benchmark.composite.framework import Framework
from alp_pipeline.benchmark.composite.index import compute_index
from alp_pipeline.benchmark.composite.recipe import Recipe, RecipeStep
from alp_pipeline.benchmark.composite.uncertainty.aggregation_kernels import Tree, hidden_levels
from alp_pipeline.benchmark.composite.uncertainty.configuration import (
    FIXED,
    NOTHING_TO_MOVE,
    Varied,
    as_json,
    configuration_table,
    data_rows,
    idle_factors,
    imputed_rows,
    step_rows,
    weight_rows,
)
from alp_pipeline.benchmark.composite.uncertainty.data_draws import cell_spreads
from alp_pipeline.benchmark.composite.uncertainty.draws import (
    CHOICE,
    EXPONENTIAL,
    NORMAL,
    UNIFORM,
    DrawnFactor,
    covered_levels,
    inclusion_draw,
)
from alp_pipeline.benchmark.composite.uncertainty.evaluate import Alternatives, CompiledRecipe, K
from alp_pipeline.benchmark.composite.uncertainty.imputed_spread import IMPUTED
from alp_pipeline.benchmark.composite.uncertainty.recipe_ways import Ways, refuse
from alp_pipeline.benchmark.composite.uncertainty.results import DETERMINED, INTERVAL, NO_SCORE, UNDETERMINED
from alp_pipeline.benchmark.composite.uncertainty.scales import on_nominal_scale
from alp_pipeline.benchmark.composite.uncertainty.spec import (
    InclusionFactor,
    StepFactor,
    UncertaintySpec,
    WeightsFactor,
)
from alp_pipeline.benchmark.composite.uncertainty.step_kernels import Kernel, Stack, imputations_in
from alp_pipeline.benchmark.composite.units import UnitTable

SAME = 1e-9
"""How far, relative to the largest score, the compiled recipe may be from the recipe: rounding only."""


def compiled(
    units: UnitTable,
    framework: Framework,
    recipe: Recipe,
    spec: UncertaintySpec,
    *,
    converted: pd.DataFrame | None = None,
    refuse_idle: bool = True,
) -> CompiledRecipe:
    """Work out everything that does not depend on the draw.

    Units and indicators are put in the order of their labels, so that neither results nor random numbers
    depend on the order of the tables.

    Args:
        units, framework, recipe: as for `compute_index`; one time only. spec: what is uncertain; it takes the
            place of the recipe's own section. converted: see `data_draws.cell_spreads`. refuse_idle: see
        `monte_carlo`.

    Raises:
        BenchmarkInputError: a panel; a factor names a step, level, indicator or target that is not there, or
            has no cell to move; two factors decide over one step; whatever a step refuses.

    >>> framework = Framework.of(pd.DataFrame({
    ...     "code": ["jobs", "wages", "index"], "level": [1, 1, 2], "parent": ["index", "index", None],
    ...     "direction": 1, "type": ["Indicator", "Indicator", "Aggregate"]}))
    >>> data = pd.DataFrame({"unit": ["AT", "CH", "SI"], "jobs": [10, 30, 20], "wages": [2, 5, 1]})
    >>> recipe = Recipe.of({"id": "mean", "version": "1", "label": "Mean", "steps": [
    ...     {"step": "normalise", "method": "minmax"}, {"step": "aggregate", "method": "arithmetic"}],
    ...     "uncertainty": {"method": [{"distribution": "simplex"}]}})
    >>> made = compiled(UnitTable.of(data, framework), framework, recipe, recipe.uncertainty)
    >>> made.nominal.tolist(), made.scores({"weights": np.array([[1.0, 3.0]])}, 1).tolist()  # ¼ and ¾
    ([12.5, 100.0, 25.0], [[18.75, 100.0, 12.5]])
    """
    if units.is_panel:
        refuse("the table is a panel", "Choose one time: an index is drawn for one year.")
    units, framework, order = _canonical(units, framework)
    nominal = compute_index(units, framework, recipe)
    spreads = cell_spreads(units, spec.data, converted=converted)
    ways = Ways(units, framework, recipe, spec, nominal, spreads)
    _require_drawable(ways)
    last = len(recipe.steps) - 1

    def kernel(number: int, way: RecipeStep) -> Kernel:
        return ways.kernel(number, way, nominal=False)

    steps = [_alternatives(ways, number, partial(kernel, number)) for number in range(last)]
    scored = _alternatives(ways, last, partial(ways.score_kernel, nominal=False))
    if spec.classes.limits and not spec.classes.percent_of_mean:
        _require_one_scale([*steps, scored])
    configuration = _configuration(ways, knows_converted=converted is not None)
    if refuse_idle:
        _require_cells(configuration, spec)
    score, low, high = _nominal(ways)
    _require_same(ways, score)
    return CompiledRecipe(
        units=units.index,
        order=order,
        target=nominal.target(spec.target),
        factors=_drawn_factors(ways),
        spreads=spreads,
        states=_states(ways),
        nominal=score,
        nominal_low=low,
        nominal_high=high,
        configuration=configuration,
        raw=units.array,
        weights=ways.tree.weights(framework),
        steps=tuple(steps),
        last=scored,
    )


def _alternatives(ways: Ways, number: int, kernel: Callable[[RecipeStep], K]) -> Alternatives[K]:
    found = ways.ways(number)
    return Alternatives(
        tuple((factor.factor, len(factor.alternatives)) for factor in ways.factors_of(number)),
        tuple(kernel(way) for way in found),
        on_nominal_scale(number, found, ways.recipe.steps, ways.framework),
    )


def _canonical(units: UnitTable, framework: Framework) -> tuple[UnitTable, Framework, pd.Index]:
    """Indicators in the order of the tree, units in that of their labels."""
    tree = Tree.of(framework)
    place = {code: number for number, code in enumerate(itertools.chain(*tree.codes))}
    table = framework.table
    table["place"] = [place.get(code, len(place)) for code in table["code"]]
    ordered = table.sort_values(["place", "code"], kind="stable").drop(columns="place")
    chosen = units.only(tree.codes[0])
    rows = chosen.label_order
    frames: dict[str, Any] = {one.name: getattr(chosen, one.name) for one in fields(chosen)}
    turned = {name: frame.iloc[rows] for name, frame in frames.items() if isinstance(frame, pd.DataFrame)}
    return UnitTable(**{**frames, **turned}), Framework.of(ordered), units.index


def _require_drawable(ways: Ways) -> None:
    """Refuse, by name, a factor that has nothing to act on: nothing is left out in silence."""
    names = [step.step for step in ways.recipe.steps]
    levels = range(1, ways.framework.depth)
    for factor in ways.spec.method:
        name = factor.factor
        if isinstance(factor, StepFactor) and names.count(factor.step) < (factor.occurrence or 1):
            times = f" {factor.occurrence} times" if (factor.occurrence or 1) > 1 else ""
            refuse(
                f"the factor {name} varies the step {factor.step}, which the recipe does not have{times}",
                f"Name one of {', '.join(ways.recipe.stage_names)}, or leave the factor out.",
            )
        if isinstance(factor, WeightsFactor):
            strange = [level for level in covered_levels(factor, len(levels)) if level not in levels]
            if strange:
                refuse(f"the factor {name} names level {strange[0]}", f"Use 1 to {len(levels)}.")
        if isinstance(factor, InclusionFactor):
            candidates = factor.candidates or ways.tree.codes[0]
            stranger = next((code for code in candidates if code not in ways.tree.codes[0]), None)
            if stranger is not None or len(set(candidates)) < len(candidates):
                what = stranger or "a candidate twice"
                refuse(f"the factor {name} names {what}", "Name indicators, once each.")
            if factor.leave_out >= len(ways.tree.codes[0]) or factor.leave_out > len(candidates):
                refuse(f"the factor {name} leaves out {factor.leave_out} indicators", "Leave out fewer.")
    for stage, step in zip(ways.stages, names, strict=True):
        if not stage.is_fixed and (step == "screen" or (step == "impute" and ways.spec.data.imputed)):
            refuse(
                f"which cells the step {step} finds without a number differs from draw to draw",
                "Put it before the treatment that excludes outliers.",
            )
    if ways.spec.data.imputed is not None and "impute" not in names:
        refuse(
            "imputed cells are to have a spread, and the recipe does not impute",
            "Add the step impute, or leave `imputed` out.",
        )


def _require_one_scale(steps: Sequence[Alternatives[Any]]) -> None:
    if not all(step.on_scale.all() for step in steps):
        refuse(
            "classes by thresholds on the score, and draws whose scores are on another scale",
            "Take quantile classes, or thresholds in percent of the mean.",
        )


def _require_cells(configuration: pd.DataFrame, spec: UncertaintySpec) -> None:
    """Refuse a spread of data that has no cell to move."""
    idle = idle_factors(configuration, spec.data)
    if idle:
        what, todo = NOTHING_TO_MOVE[idle[0]]
        refuse(f"{idle[0]} moves no cell: {what}", f"{todo}, or leave it out.")


def _drawn_factors(ways: Ways) -> tuple[DrawnFactor, ...]:
    sizes = [len(codes) for codes in ways.tree.codes[:-1]]
    found = []
    for factor in ways.spec.method:
        if isinstance(factor, StepFactor):
            found.append(DrawnFactor(factor.factor, CHOICE, len(factor.alternatives)))
        elif isinstance(factor, WeightsFactor):
            size = sum(sizes[level - 1] for level in covered_levels(factor, len(sizes)))
            kind = EXPONENTIAL if factor.distribution == "simplex" else UNIFORM
            found.append(DrawnFactor(factor.factor, kind, size))
        else:
            found.append(inclusion_draw(factor, len(factor.candidates or ways.tree.codes[0])))
    found += [spread.drawn for spread in ways.spreads]
    if ways.spec.data.imputed is not None:
        found.append(DrawnFactor(IMPUTED, NORMAL, int(ways.gaps.sum())))
    return tuple(found)


def _nominal(ways: Ways) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Nominal scores with their bounds, all units; NaN where there is none."""
    code = ways.nominal.target(ways.spec.target)
    place = ways.units.index.get_indexer(ways.nominal.units.index)
    columns = [ways.nominal.scores[code]]
    for frame in (ways.nominal.lower, ways.nominal.upper):
        columns.append(columns[0] if frame is None else frame[code].fillna(columns[0]))
    found = np.full((3, len(ways.units.index)), np.nan)
    found[:, place] = [column.to_numpy(dtype=np.float64) for column in columns]
    return found[0], found[1], found[2]


def _states(ways: Ways) -> npt.NDArray[Any]:
    code = ways.nominal.target(ways.spec.target)
    nominal = ways.nominal.states[code].reindex(ways.units.index)
    level, place = ways.target
    never = hidden_levels(ways.confidential & ~ways.bounded, ways.tree, ways.counts)[level - 1][:, place]
    hidden = hidden_levels(ways.confidential, ways.tree, ways.counts)[level - 1][:, place]
    there = nominal.eq("reported").to_numpy()
    kept = nominal.notna().to_numpy()
    return np.select(
        [~kept, never, hidden, there], [NO_SCORE, UNDETERMINED, INTERVAL, DETERMINED], default=NO_SCORE
    ).astype(object)


def _require_same(ways: Ways, nominal: FloatArray) -> None:
    """Refuse to draw if the compiled recipe, undisturbed, is not the recipe."""
    stack = Stack(ways.units.array[None], np.arange(len(ways.units.index)), ways.tree.weights(ways.framework))
    for number, step in enumerate(ways.recipe.steps[:-1]):
        stack = ways.kernel(number, step, nominal=True)(stack, {})
    found = np.full(nominal.shape, np.nan)
    found[stack.rows] = ways.score_kernel(ways.recipe.steps[-1], nominal=True)(stack, {})[0]
    largest = np.nanmax(np.abs(nominal), initial=0.0)
    apart = np.abs(found - nominal) > SAME * largest
    if apart.any() or (np.isnan(found) != np.isnan(nominal)).any():
        unit = ways.units.index[int(np.argmax(apart | (np.isnan(found) != np.isnan(nominal))))]
        raise AssertionError(f"the compiled recipe differs from the recipe at {unit}: this is a bug")


def _configuration(ways: Ways, *, knows_converted: bool) -> pd.DataFrame:
    rows: list[Varied] = []
    for number, (stage, step) in enumerate(zip(ways.recipe.stage_names, ways.recipe.steps, strict=True)):
        for factor in ways.factors_of(number):
            if factor.level is None:
                rows += step_rows(factor.factor, stage, [way.effective for way in ways.ways(number)])
            else:
                rows += step_rows(factor.factor, f"{stage}, level {factor.level}", factor.alternatives)
        if step.step == "weight" and step.effective["method"] not in ("given", "equal", "budget"):
            told = as_json({"learnt from": "the nominal data", **step.effective})
            rows.append(Varied("", "method", stage, told, FIXED))
    rows += weight_rows(ways.spec)
    rows += data_rows(ways.units, ways.spec.data, ways.spreads, knows_converted=knows_converted)
    return configuration_table([*rows, *_imputed(ways)])


def _imputed(ways: Ways) -> list[Varied]:
    given = ways.spec.data.imputed
    rows: list[Varied] = []
    for number, (stage, step) in enumerate(zip(ways.recipe.stage_names, ways.recipe.steps, strict=True)):
        if given is None or step.step != "impute":
            continue
        for way, one in enumerate(ways.ways(number), start=1):
            name = stage if len(ways.ways(number)) == 1 else f"{stage}, alternative {way}"
            residuals = ways.residuals(number, one) if given == "residual" else np.array([])
            filled = [own.method != "none" for own in imputations_in(one.effective, ways.units)]
            cells = (ways.gaps & filled).sum(axis=0).tolist()
            relative = None if given == "residual" else float(given)
            rows += imputed_rows(name, ways.units.codes, relative, residuals, cells)
    return rows
