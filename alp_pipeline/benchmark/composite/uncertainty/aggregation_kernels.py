"""Weights and aggregation of a stack of draws, by the very kernel of the step.

Belongs here: which weights a draw goes by, indicators that do not count in it, hidden cells on their way up.
Does not: formulas (composite.aggregation), how weights are drawn (draws), other steps (step_kernels).
"""

import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from alp_pipeline.benchmark.cells import BoolArray, FloatArray, IntArray
from alp_pipeline.benchmark.composite.aggregate import level_settings
from alp_pipeline.benchmark.composite.aggregation import aggregated
from alp_pipeline.benchmark.composite.families import Families
from alp_pipeline.benchmark.composite.framework import Framework
from alp_pipeline.benchmark.composite.means import arithmetic
from alp_pipeline.benchmark.composite.uncertainty.draws import Drawn, drawn_weights
from alp_pipeline.benchmark.composite.uncertainty.spec import InclusionFactor, WeightsFactor
from alp_pipeline.benchmark.composite.uncertainty.step_kernels import Kernel, Stack, Stage, row_of

ScoreKernel = Callable[[Stack, Drawn], FloatArray]


@dataclass(frozen=True, eq=False)
class Tree:
    """The framework by position: codes of every level in the order of their place in the tree.

    `codes[0]` are the indicators; `membership[0]` gives each one's parent in `codes[1]`.
    """

    codes: tuple[tuple[str, ...], ...]
    membership: tuple[IntArray, ...]

    @classmethod
    def of(cls, framework: Framework) -> "Tree":
        """Siblings stand together and in the order of their codes, whatever the order of the table."""

        def path(code: str) -> tuple[str, ...]:
            parent = framework.parent(code)
            return (code,) if parent is None else (*path(parent), code)

        levels = range(1, framework.depth + 1)
        codes = tuple(tuple(sorted(framework.codes(level), key=path)) for level in levels)
        membership = [
            np.array([above.index(str(framework.parent(code))) for code in below], dtype=np.int64)
            for below, above in itertools.pairwise(codes)
        ]
        return cls(codes, tuple(membership))

    def weights(self, framework: Framework) -> tuple[FloatArray, ...]:
        """The framework's weights of every level but the top, in the tree's order."""
        found = []
        for number, codes in enumerate(self.codes[:-1], start=1):
            given = dict(zip(framework.codes(number), framework.weights(number), strict=True))
            found.append(np.array([given[code] for code in codes]))
        return tuple(found)


def weight_kernel(weights: tuple[FloatArray, ...]) -> Kernel:
    """Go by these weights: given, or learnt from the nominal data and kept.

    Args:
        weights: by level from the bottom (codes,), as `Tree.weights` gives them.

    >>> stack = Stack(np.ones((1, 1, 2)), np.array([0]), (np.ones(2),))
    >>> weight_kernel((np.array([3.0, 1.0]),))(stack, {}).weights
    (array([3., 1.]),)
    """
    return lambda stack, drawn: replace(stack, weights=weights)


def aggregate_kernel(
    parameters: Mapping[str, Any],
    stage: Stage,
    tree: Tree,
    *,
    target: tuple[int, int],
    hidden: Sequence[BoolArray],
    weights: WeightsFactor | None,
    inclusion: InclusionFactor | None,
) -> ScoreKernel:
    """From normalised indicators to the scores of one aggregate, (draws, units); NaN where it has none.

    Args:
        parameters: of the step, every default written out.
        target: level (1 = the first aggregates) and place in `tree.codes` of the aggregate that is ranked.
        hidden: see `hidden_levels`: what rests on a confidential cell that no draw has a number for has none
            in any draw, as in the step.
        weights, inclusion: factors, where there are any.

    >>> import pandas as pd
    >>> from alp_pipeline.benchmark.composite.units import UnitTable
    >>> framework = Framework.of(pd.DataFrame({
    ...     "code": ["jobs", "wages", "index"], "level": [1, 1, 2], "parent": ["index", "index", None],
    ...     "direction": 1, "weight": [3, 1, 1], "type": ["Indicator", "Indicator", "Aggregate"]}))
    >>> data = pd.DataFrame({"unit": ["AT", "CH"], "jobs": [0, 100], "wages": [40, 20]})
    >>> units = UnitTable.of(data, framework)
    >>> stage, tree = Stage(units, framework, np.full((2, 2), False), True), Tree.of(framework)
    >>> kernel = aggregate_kernel({"method": "arithmetic"}, stage, tree, target=(1, 0), weights=None,
    ...                           hidden=[np.full((2, 1), False)], inclusion=None)
    >>> kernel(Stack(units.array[None], np.arange(2), tree.weights(framework)), {}).tolist()
    [[10.0, 80.0]]
    """
    own = {name: value for name, value in parameters.items() if name != "reference_time"}
    plan = level_settings(stage.framework, **own)
    labels = np.array([str(unit) for unit in stage.units.index], dtype=object)
    level, place = target
    families = [Families.of(membership) for membership in tree.membership]
    weights_of = _drawn_weights(tree, families, weights, inclusion)

    def apply(stack: Stack, drawn: Drawn) -> FloatArray:
        below = stack.values
        by_level = weights_of(stack.weights, drawn)
        for number in range(level):
            settings = dict(plan[number])
            if settings.get("reference", "mean") != "mean":
                settings["reference"] = row_of(settings["reference"], stack.rows, stage.units)
            settings["labels"] = (labels[stack.rows], tree.codes[number])
            with np.errstate(divide="ignore", invalid="ignore"):
                below = _one_up(below, by_level[number], families[number], settings)
            out = hidden[number][stack.rows]
            if out.any():
                below[:, out] = np.nan
        return np.ascontiguousarray(below[..., place])

    return apply


def hidden_levels(hidden: BoolArray, tree: Tree, counts: Sequence[BoolArray]) -> tuple[BoolArray, ...]:
    """Of every level above the indicators: units × codes, what rests on a hidden cell that counts.

    Args:
        hidden: units × indicators.
        counts: by level from the bottom (codes,), what may have a weight above zero.

    Returns:
        By level above the indicators (units, codes of that level).

    >>> tree = Tree((("a", "b"), ("index",)), (np.array([0, 0]),))
    >>> hidden = np.array([[False, True], [False, False]])
    >>> hidden_levels(hidden, tree, [np.array([True, True])])[0].tolist()
    [[True], [False]]
    >>> hidden_levels(hidden, tree, [np.array([True, False])])[0].tolist()  # b has no weight
    [[False], [False]]
    """
    found, below = [], hidden
    for membership, counting in zip(tree.membership, counts, strict=True):
        below = Families.of(membership).sums((below & counting).astype(np.float64)) > 0
        found.append(below)
    return tuple(found)


def _one_up(
    values: FloatArray, weights: FloatArray, families: Families, settings: Mapping[str, Any]
) -> FloatArray:
    """`aggregated`, past what it asks for the sake of gaps where a stack has none."""
    method = settings["method"]
    if method == "arithmetic" and not np.isnan(values).any():
        return arithmetic(values, weights, families)
    if method == "geometric" and values.min(initial=np.inf) > 0:  # NaN is not
        return np.exp(arithmetic(np.log(values), weights, families))
    return aggregated(values, weights, families.membership, **settings)


def _drawn_weights(
    tree: Tree,
    families: Sequence[Families],
    factor: WeightsFactor | None,
    inclusion: InclusionFactor | None,
) -> Callable[[tuple[FloatArray, ...], Drawn], Sequence[FloatArray]]:
    """The weights that a stack goes by, given those of the recipe: by level (codes,) or (draws, codes)."""
    codes = tree.codes[0]
    candidates = sorted(codes if inclusion is None or inclusion.candidates is None else inclusion.candidates)
    columns = [codes.index(code) for code in candidates]

    def apply(given: tuple[FloatArray, ...], drawn: Drawn) -> Sequence[FloatArray]:
        weights = list(given)
        if factor is not None:
            weights = drawn_weights(factor, drawn[factor.factor], weights, families)
        if inclusion is None:
            return weights
        left_out = drawn[inclusion.factor]
        counts = np.ones((len(left_out), len(codes)), dtype=np.bool_)
        counts[:, columns] = ~left_out
        for number, members in enumerate(families):
            weights[number] = weights[number] * counts
            # An aggregate whose children are all left out goes with them.
            counts = members.sums((weights[number] > 0).astype(np.float64)) > 0
        return weights

    return apply
