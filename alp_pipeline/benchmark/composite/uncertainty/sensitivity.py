"""Which factor the spread of an index comes from: Sobol indices of a recipe's factors.

Belongs here: the Saltelli design over a recipe's factors, what is taken as output, the run.
Does not: the estimators (sobol), what a factor is (compile), rank intervals (monte_carlo).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd

from alp_pipeline.benchmark.cells import FloatArray
from alp_pipeline.benchmark.composite.framework import Framework
from alp_pipeline.benchmark.composite.recipe import Recipe
from alp_pipeline.benchmark.composite.uncertainty.blocks import in_blocks
from alp_pipeline.benchmark.composite.uncertainty.compile import compiled
from alp_pipeline.benchmark.composite.uncertainty.draws import Draws, block_draws, mixed
from alp_pipeline.benchmark.composite.uncertainty.evaluate import CompiledRecipe
from alp_pipeline.benchmark.composite.uncertainty.monte_carlo import manifest, spec_of
from alp_pipeline.benchmark.composite.uncertainty.rank_shares import UNRANKED, places_of
from alp_pipeline.benchmark.composite.uncertainty.recipe_ways import refuse
from alp_pipeline.benchmark.composite.uncertainty.results import INTERVAL, nominal_ranks
from alp_pipeline.benchmark.composite.uncertainty.sobol import SobolIndices, indices_of_runs
from alp_pipeline.benchmark.composite.uncertainty.spec import UncertaintySpec
from alp_pipeline.benchmark.composite.units import UnitTable
from alp_pipeline.benchmark.inputs import checked

RANK_CHANGE: Final = "mean_rank_change"
_ROWS: Final = 16
"""Rows of A and B that are run together, (factors + 2) draws each; fixed, see `blocks.DRAWS`."""


@dataclass(frozen=True, eq=False)
class SensitivityResult:
    """Sobol indices of a recipe's factors, see `sensitivity`.

    Attributes:
        indices: of the mean absolute rank change. outputs: by output, in the order asked for.
        configuration: what was really varied. manifest: what the run was made from.
    """

    indices: SobolIndices
    outputs: Mapping[str, SobolIndices]
    configuration: pd.DataFrame
    manifest: Mapping[str, Any]

    @property
    def table(self) -> pd.DataFrame:
        """One row per output and factor: first_order, total and their intervals."""
        tables = {name: found.table for name, found in self.outputs.items()}
        return pd.concat(tables, names=["output"]).reset_index()


@checked
def sensitivity(
    units: UnitTable,
    framework: Framework,
    recipe: Recipe,
    spec: UncertaintySpec | None = None,
    *,
    n: int = 1000,
    scores_of: Sequence[str] = (),
    ranks_of: Sequence[str] = (),
    bootstrap: int = 1000,
    confidence: float = 0.95,
    workers: int | None = None,
    converted: pd.DataFrame | None = None,
    refuse_idle: bool = True,
) -> SensitivityResult:
    """First-order and total Sobol indices of every factor over method and data.

    Estimators and design as of `sobol.sobol_indices`, with the factors in place of numbers: a row of A or B
    holds, for each factor, all that a draw needs of it (a choice, a set of weights, the errors of every cell
    of a kind), and A_B^(i) takes it whole from B. The outputs are

    - `mean_rank_change`: the mean over units of |rank - nominal rank| (COINr's), of the units that have both
      and whose nominal rank is certain;
    - `score:UNIT`, `rank:UNIT` for the units asked for.

    Args:
        units, framework, recipe, spec, workers, converted, refuse_idle: as for `monte_carlo`; `draws` plays
            no part.
        n: rows of A; n (factors + 2) runs.
        scores_of, ranks_of: units whose score or rank is an output too.
        bootstrap, confidence: of the intervals.

    Raises:
        BenchmarkInputError: see `monte_carlo`; n is less than 2; a unit asked for is not in the table, or has
            no rank in some draw; no unit has a nominal rank.

    Source: Saisana, Saltelli, Tarantola (2005); Saltelli et al. (2010), Computer Physics Communications
    181(2); Jacques, Lavergne, Devictor (2006), Reliability Engineering & System Safety 91, for factors that
    are groups of numbers.

    >>> framework = Framework.of(pd.DataFrame({
    ...     "code": ["jobs", "wages", "index"], "level": [1, 1, 2], "parent": ["index", "index", None],
    ...     "direction": 1, "type": ["Indicator", "Indicator", "Aggregate"]}))
    >>> data = pd.DataFrame({"unit": ["AT", "CH", "SI"], "jobs": [10, 30, 20], "wages": [2, 5, 1]})
    >>> recipe = Recipe.of({"id": "mean", "version": "1", "label": "Mean", "steps": [
    ...     {"step": "normalise", "method": "minmax"}, {"step": "aggregate", "method": "arithmetic"}],
    ...     "uncertainty": {"seed": 1, "method": [{"distribution": "simplex"}]}})
    >>> found = sensitivity(UnitTable.of(data, framework), framework, recipe, n=500, bootstrap=0)
    >>> found.indices.table["total"].round().to_dict()
    {'weights': 1.0}
    """
    spec = spec_of(recipe, spec)
    if n < 2:
        refuse(f"n is {n}", "Pass at least two rows.")
    made = compiled(units, framework, recipe, spec, converted=converted, refuse_idle=refuse_idle)
    outputs = _Outputs(made, scores_of, ranks_of)
    factors = [factor.name for factor in made.factors]

    def block(number: int, first: int, rows: int) -> FloatArray:
        a, b = (
            block_draws(made.factors, seed=spec.seed, purpose=f"saltelli_{one}", block=number, draws=rows)
            for one in "ab"
        )
        runs = [a, b, *(mixed(a, b, factor) for factor in factors)]
        scores = made.scores(_together(runs), rows * len(runs))
        return outputs.of(scores).reshape(len(runs), rows, -1)

    found = np.concatenate(in_blocks(block, n, workers, size=_ROWS), axis=1)
    outputs.require_numbers(found)
    by_output = {
        name: indices_of_runs(
            found[0, :, place],
            found[1, :, place],
            found[2:, :, place],
            factors,
            seed=spec.seed,
            bootstrap=bootstrap,
            confidence=confidence,
        )
        for place, name in enumerate(outputs.names)
    }
    about = manifest(units, framework, recipe, spec, converted) | {"n": n, "rows_per_block": _ROWS}
    return SensitivityResult(by_output[RANK_CHANGE], by_output, made.configuration, about)


def _together(runs: Sequence[Draws]) -> Draws:
    return {name: np.concatenate([run[name] for run in runs]) for name in runs[0]}


class _Outputs:
    """What is taken of each run."""

    def __init__(self, made: CompiledRecipe, scores_of: Sequence[str], ranks_of: Sequence[str]) -> None:
        self.names = [
            RANK_CHANGE,
            *(f"score:{unit}" for unit in scores_of),
            *(f"rank:{unit}" for unit in ranks_of),
        ]
        stranger = next((unit for unit in (*scores_of, *ranks_of) if unit not in made.units), None)
        if stranger is not None:
            refuse(f"the unit {stranger} is not in the table", "Name units of the table.")
        self.scored = made.units.get_indexer(pd.Index(list(scores_of)))
        self.ranked = made.units.get_indexer(pd.Index(list(ranks_of)))
        best, worst = nominal_ranks(
            made.nominal, made.nominal_low, made.nominal_high, made.states == INTERVAL
        )
        self.nominal = np.where((best == worst) & ~np.isnan(made.nominal), best, np.nan)
        if np.isnan(self.nominal).all():
            refuse("no unit has a certain nominal rank", "Leave out the units that could be anywhere.")

    def of(self, scores: FloatArray) -> FloatArray:
        """(runs, outputs) from (runs, units)."""
        places = places_of(scores)
        rank = np.where(places == UNRANKED, np.nan, places)
        apart = np.abs(rank - self.nominal)
        there = ~np.isnan(apart)
        several = np.maximum(there.sum(axis=1), 1)
        change = np.where(there.any(axis=1), np.where(there, apart, 0.0).sum(axis=1) / several, np.nan)
        return np.column_stack([change, scores[:, self.scored], rank[:, self.ranked]])

    def require_numbers(self, found: FloatArray) -> None:
        """Refuse an output that has no number in some run."""
        absent = np.isnan(found).any(axis=(0, 1))
        if absent.any():
            name = self.names[int(np.argmax(absent))]
            refuse(f"{name} has no number in some draw", "Ask for units that have a rank in every draw.")
