"""Monte Carlo over method and data: how far ranks depend on what was chosen and on what is known.

Belongs here: the run, the paired run without declared assumptions, the manifest.
Does not: what a draw is (draws, compile), what is said of it (results).
"""

import hashlib
from dataclasses import replace
from functools import reduce
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from alp_pipeline.benchmark.cells import BoolArray, FloatArray, IntArray
from alp_pipeline.benchmark.composite.framework import Framework
from alp_pipeline.benchmark.composite.log import framework_hash, library_versions, units_hash
from alp_pipeline.benchmark.composite.recipe import Recipe
from alp_pipeline.benchmark.composite.uncertainty.blocks import DRAWS, in_blocks
from alp_pipeline.benchmark.composite.uncertainty.compile import compiled
from alp_pipeline.benchmark.composite.uncertainty.draws import Drawn, block_draws
from alp_pipeline.benchmark.composite.uncertainty.evaluate import CompiledRecipe
from alp_pipeline.benchmark.composite.uncertainty.imputed_spread import IMPUTED
from alp_pipeline.benchmark.composite.uncertainty.rank_shares import PlaceArray, above_counts, places_of
from alp_pipeline.benchmark.composite.uncertainty.recipe_ways import refuse
from alp_pipeline.benchmark.composite.uncertainty.results import (
    DrawnScores,
    UncertaintyResult,
    uncertainty_result,
)
from alp_pipeline.benchmark.composite.uncertainty.spec import UncertaintySpec
from alp_pipeline.benchmark.composite.units import UnitTable
from alp_pipeline.benchmark.inputs import checked


@checked
def monte_carlo(
    units: UnitTable,
    framework: Framework,
    recipe: Recipe,
    spec: UncertaintySpec | None = None,
    *,
    workers: int | None = None,
    converted: pd.DataFrame | None = None,
    refuse_idle: bool = True,
) -> UncertaintyResult:
    """Compute an index many times, each time with other choices and other data within their spreads.

    In each draw every factor over method takes one of its alternatives, weights and indicators that count are
    drawn, and every cell with a spread gets a number from it; then the recipe's own steps are followed, from
    raw cells to ranks. Nothing is left out in silence: a factor over a step that the recipe does not have is
    refused, so is a spread of data that has no cell to move, and `configuration` says what was varied. A
    confidential cell without bounds is in no draw: its unit is undetermined and takes no rank. Weights
    that a recipe learns from data (pca, optimised, benefit of the doubt) are learnt once, from the nominal
    data.

    Args:
        units, framework, recipe: as for `compute_index`, raw numbers of one time.
        spec: what is uncertain; the recipe's own section when omitted.
        workers: threads, one per core when omitted. The result does not depend on it.
        converted: units × indicators, which numbers were moved between classifications (True, or the share of
            the value), for the factor concordance; every number when omitted.
        refuse_idle: False where the data decide which cells there are, and not who wrote the recipe: a spread
            without a cell to move is then named by `idle` of the result.

    Returns:
        See `UncertaintyResult`. Same inputs and seed, same bytes; the order of rows and columns of the inputs
        does not matter.

    Raises:
        BenchmarkInputError: nothing is said to be uncertain; a factor names what is not there, or has no cell
            to move; the table is a panel; classes are thresholds on scores of several scales;
            whatever a step refuses, also for a number that was drawn.

    Source: Saisana, Saltelli, Tarantola (2005), Journal of the Royal Statistical Society A 168(2); OECD/JRC
    Handbook (Nardo et al. 2008), ch. 1.7.

    >>> framework = Framework.of(pd.DataFrame({
    ...     "code": ["jobs", "wages", "index"], "level": [1, 1, 2], "parent": ["index", "index", None],
    ...     "direction": 1, "type": ["Indicator", "Indicator", "Aggregate"]}))
    >>> data = pd.DataFrame({"unit": ["AT", "CH", "SI"], "jobs": [10, 30, 20], "wages": [2, 5, 1]})
    >>> recipe = Recipe.of({"id": "mean", "version": "1", "label": "Mean", "steps": [
    ...     {"step": "normalise", "method": "minmax"}, {"step": "aggregate", "method": "arithmetic"}],
    ...     "uncertainty": {"draws": 200, "seed": 1, "method": [{"distribution": "simplex"}]}})
    >>> result = monte_carlo(UnitTable.of(data, framework), framework, recipe)
    >>> result.summary[["rank_nominal", "rank_low", "rank_high"]].to_numpy().tolist()
    [[3, 2.0, 3.0], [1, 1.0, 1.0], [2, 2.0, 3.0]]
    """
    spec = spec_of(recipe, spec)
    made = compiled(units, framework, recipe, spec, converted=converted, refuse_idle=refuse_idle)
    bare = _without_declared(made, spec)

    def block(number: int, first: int, draws: int) -> "_Block":
        drawn = block_draws(made.factors, seed=spec.seed, purpose="monte_carlo", block=number, draws=draws)
        scores = made.scores(drawn, draws)
        places = places_of(scores)
        paired = min(draws, max(0, spec.assumed_draws - first)) if bare is not None else 0
        without = _bare_scores(bare, spec, drawn, paired) if bare is not None and paired else scores[:0]
        return _Block(scores, places, made.on_scale(drawn, draws), above_counts(places), without)

    blocks = in_blocks(block, spec.draws, workers)
    scores = np.concatenate([one.scores for one in blocks])
    without = np.concatenate([one.without for one in blocks])
    above = reduce(np.add, (one.above for one in blocks))
    if bare is None:  # nothing is assumed: the two runs are the same
        without = scores[: max(1, spec.assumed_draws)]
    drawn = DrawnScores(
        units=made.units,
        states=made.states,
        nominal=(made.nominal, made.nominal_low, made.nominal_high),
        scores=scores,
        places=np.concatenate([one.places for one in blocks]),
        on_scale=np.concatenate([one.on_scale for one in blocks]),
        above=above,
        paired=(scores[: len(without)], without) if len(without) else None,
    )
    about = manifest(units, framework, recipe, spec, converted) | {"draws_per_block": DRAWS}
    return uncertainty_result(drawn, spec, made.order, made.configuration, about, workers)


class _Block(NamedTuple):
    scores: FloatArray
    places: PlaceArray
    on_scale: BoolArray
    above: IntArray
    without: FloatArray


def spec_of(recipe: Recipe, spec: UncertaintySpec | None) -> UncertaintySpec:
    """What is uncertain: as given, or as the recipe says.

    Raises:
        BenchmarkInputError: neither names a factor.

    >>> recipe = Recipe.of({"id": "mean", "version": "1", "label": "Mean", "steps": [
    ...     {"step": "normalise", "method": "minmax"}, {"step": "aggregate", "method": "arithmetic"}],
    ...     "uncertainty": {"draws": 200, "method": [{"distribution": "simplex"}]}})
    >>> spec_of(recipe, None).draws, spec_of(recipe, recipe.uncertainty.model_copy(update={"draws": 9})).draws
    (200, 9)
    """
    found = recipe.uncertainty if spec is None else spec
    if found is None or not found.factors:
        refuse(
            f"nothing is said to be uncertain about {recipe.id}",
            "Give the recipe a section `uncertainty` with factors over method or data, or pass a spec.",
        )
    return found


def _without_declared(made: CompiledRecipe, spec: UncertaintySpec) -> CompiledRecipe | None:
    """The same recipe without the spreads of data that are declared; None where there are none."""
    if not any(spread.declared.any() for spread in made.spreads) and not isinstance(spec.data.imputed, float):
        return None
    left = (spread.estimated() for spread in made.spreads)
    return replace(made, spreads=tuple(spread for spread in left if spread is not None))


def _bare_scores(bare: CompiledRecipe, spec: UncertaintySpec, drawn: Drawn, draws: int) -> FloatArray:
    """Scores of the first draws without what is declared, from the same random numbers."""
    first = {name: numbers[:draws] for name, numbers in drawn.items()}
    if isinstance(spec.data.imputed, float):
        first[IMPUTED] = np.zeros_like(first[IMPUTED])
    return bare.scores(first, draws)


def manifest(
    units: UnitTable,
    framework: Framework,
    recipe: Recipe,
    spec: UncertaintySpec,
    converted: pd.DataFrame | None,
) -> dict[str, Any]:
    """All that a run was made from and with: the recipe with every default and factor, hashes of the data.

    >>> framework = Framework.of(pd.DataFrame({
    ...     "code": ["jobs", "index"], "level": [1, 2], "parent": ["index", None], "direction": 1,
    ...     "type": ["Indicator", "Aggregate"]}))
    >>> recipe = Recipe.of({"id": "mean", "version": "1", "label": "Mean", "steps": [
    ...     {"step": "normalise", "method": "minmax"}, {"step": "aggregate", "method": "arithmetic"}]})
    >>> units = UnitTable.of(pd.DataFrame({"unit": ["AT", "CH"], "jobs": [10, 30]}), framework)
    >>> made_from = manifest(units, framework, recipe, UncertaintySpec(seed=7), None)
    >>> sorted(made_from), made_from["recipe"]["uncertainty"]["seed"], made_from["inputs"]["converted"]
    (['inputs', 'libraries', 'recipe'], 7, None)
    """
    inputs = {
        "units": units_hash(units.only(framework.indicators)),
        "framework": framework_hash(framework),
        "converted": None if converted is None else _frame_hash(converted),
    }
    plain = recipe.effective() | {"uncertainty": spec.model_dump(mode="json")}
    return {"recipe": plain, "inputs": inputs, "libraries": library_versions()}


def _frame_hash(frame: pd.DataFrame) -> str:
    """SHA-256 of a frame of numbers, the same for its rows and columns in any order."""
    ordered = frame.astype("float64").sort_index(axis=0).sort_index(axis=1)
    labels = "\n".join(map(str, (*ordered.index, *ordered.columns)))
    return hashlib.sha256(labels.encode() + ordered.to_numpy().astype(">f8").tobytes()).hexdigest()
