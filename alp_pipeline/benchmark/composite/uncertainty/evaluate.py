"""A recipe, compiled: from random numbers to scores, many draws at once.

Belongs here: which draw takes which alternative of which step; draws that go the same way go together, in
stacks that fit the processor's cache.
Does not: making the kernels (compile), drawing (draws), what scores say (results).
"""

from dataclasses import dataclass
from typing import Any, Final, Generic, TypeVar

import numpy as np
import numpy.typing as npt
import pandas as pd

from alp_pipeline.benchmark.cells import BoolArray, FloatArray, IntArray
from alp_pipeline.benchmark.composite.uncertainty.aggregation_kernels import ScoreKernel
from alp_pipeline.benchmark.composite.uncertainty.data_draws import CellSpread, perturbed
from alp_pipeline.benchmark.composite.uncertainty.draws import Drawn, DrawnFactor
from alp_pipeline.benchmark.composite.uncertainty.step_kernels import Kernel, Stack

STACK_CELLS: Final = 1 << 19
"""Cells of a stack, 4 MiB of numbers. Half of it would suit one thread and its cache as well, but two threads
would hand the interpreter's lock to each other twice as often (measured: 12 % of the time against 6 %)."""


K = TypeVar("K", Kernel, ScoreKernel)


@dataclass(frozen=True, eq=False)
class Alternatives(Generic[K]):
    """One step of the recipe, in all ways in which it is done.

    `factors` are the names and numbers of alternatives of the factors that decide; without any there is one
    way. `ways` are in the order of the factors' choices, the last factor's varying fastest; `on_scale` says
    which of them give scores on the scale of the recipe as it is.
    """

    factors: tuple[tuple[str, int], ...]
    ways: tuple[K, ...]
    on_scale: BoolArray

    def chosen(self, drawn: Drawn, draws: int) -> IntArray:
        """Which way each draw takes."""
        way = np.zeros(draws, dtype=np.int64)
        for name, several in self.factors:
            way = way * several + drawn[name]
        return way


@dataclass(frozen=True, eq=False)
class CompiledRecipe:
    """A recipe that takes random numbers.

    Attributes:
        units: labels, in the order in which scores are given. order: as the user gave them.
        target: the code that is ranked.
        factors: what has to be drawn. spreads: of the raw cells.
        states: of each unit, see results. nominal: scores of the recipe as it is, NaN where it has no point.
        nominal_low, nominal_high: bounds of the nominal scores of units in state `interval`, else the score.
        configuration: what is varied, as a table.
        raw: (units, indicators). weights: of the framework. steps: every step but the last, and the last.
    """

    units: pd.Index
    order: pd.Index
    target: str
    factors: tuple[DrawnFactor, ...]
    spreads: tuple[CellSpread, ...]
    states: npt.NDArray[Any]
    nominal: FloatArray
    nominal_low: FloatArray
    nominal_high: FloatArray
    configuration: pd.DataFrame
    raw: FloatArray
    weights: tuple[FloatArray, ...]
    steps: tuple[Alternatives[Kernel], ...]
    last: Alternatives[ScoreKernel]

    def scores(self, drawn: Drawn, draws: int) -> FloatArray:
        """Scores of the target, (draws, units), NaN where a unit has none.

        Each draw's scores depend on its own random numbers alone.
        """
        chosen = [step.chosen(drawn, draws) for step in self.steps]
        way = np.array([*chosen, self.last.chosen(drawn, draws)])
        order = np.lexsort(way[::-1])
        result = np.full((draws, len(self.units)), np.nan)
        of_cells = {spread.factor for spread in self.spreads}
        later = [factor.name for factor in self.factors if factor.name not in of_cells]
        for members in _stacks(order, way, max(1, STACK_CELLS // max(1, self.raw.size))):
            values = perturbed(self.raw, self.spreads, drawn, members)
            stack = Stack(values, np.arange(len(self.units)), self.weights)
            numbers = {name: drawn[name][members] for name in later}
            self._follow(0, stack, numbers, way[:, members], result, members)
        return result

    def on_scale(self, drawn: Drawn, draws: int) -> BoolArray:
        """Which draws give scores on the nominal scale, see `scales`."""
        found = np.ones(draws, dtype=np.bool_)
        for step in self.steps:
            found &= step.on_scale[step.chosen(drawn, draws)]
        return found & self.last.on_scale[self.last.chosen(drawn, draws)]

    def _follow(
        self, at: int, stack: Stack, drawn: Drawn, way: IntArray, result: FloatArray, members: IntArray
    ) -> None:
        taken = np.unique(way[at])
        for number in taken:
            part, own, theirs, ways = stack, drawn, members, way
            if taken.size > 1:
                here = np.flatnonzero(way[at] == number)
                part = Stack(stack.values[here], stack.rows, stack.weights)
                own = {name: numbers[here] for name, numbers in drawn.items()}
                theirs, ways = members[here], way[:, here]
            if at == len(self.steps):
                result[theirs[:, None], part.rows] = self.last.ways[number](part, own)
            else:
                onwards = self.steps[at].ways[number](part, own)
                self._follow(at + 1, onwards, own, ways, result, theirs)


def _stacks(order: IntArray, way: IntArray, together: int) -> list[IntArray]:
    """Draws in the order of their ways, cut into stacks; where there are enough of one way, of it alone."""
    changes = np.flatnonzero((np.diff(way[:, order], axis=1) != 0).any(axis=0)) + 1
    found: list[IntArray] = []
    few: list[IntArray] = []
    for group in np.split(order, changes):
        if group.size > together // 2:
            found += np.array_split(group, -(-group.size // together))
        elif sum(map(len, few)) + group.size > together:
            found.append(np.concatenate(few))
            few = [group]
        else:
            few.append(group)
    return [*found, np.concatenate(few)] if few else found
