"""Errors of imputed cells: declared, or those that the imputation makes when known cells are left out.

Belongs here: the leave-one-out errors of each indicator, adding an error to the cells that a draw fills.
Does not: the estimates (composite.imputation), random numbers (draws).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from alp_pipeline.benchmark.cells import BoolArray, FloatArray, IntArray
from alp_pipeline.benchmark.composite.imputation import Imputation, Layout, imputed
from alp_pipeline.benchmark.composite.uncertainty.data_draws import in_every_draw
from alp_pipeline.benchmark.composite.uncertainty.draws import Drawn
from alp_pipeline.benchmark.composite.uncertainty.pattern_means import MEANS, mean_errors

IMPUTED = "data_imputed"
_TOGETHER = 1 << 18  # cells of the tables that lie in memory at once


@dataclass(frozen=True, eq=False)
class ImputedErrors:
    """The spread of the cells that an imputation fills, each with a normal number per draw.

    Attributes:
        units, columns: positions of the cells that may be filled, one each.
        relative: standard deviation relative to the estimate, per cell; or zero.
        absolute: in the unit of the indicator at this step, per cell; or zero.
    """

    units: IntArray
    columns: IntArray
    relative: FloatArray
    absolute: FloatArray

    def added(self, before: FloatArray, after: FloatArray, rows: IntArray, drawn: Drawn) -> FloatArray:
        """`after` with errors on the cells that had no number before, in place where its memory allows.

        estimate + z · (absolute + relative · |estimate|); both arrays are (draws, units, indicators).
        """
        after = np.ascontiguousarray(after)
        place = np.full(int(max(rows.max(initial=-1), self.units.max(initial=-1))) + 1, -1)
        place[rows] = np.arange(rows.size)
        here = np.flatnonzero(place[self.units] >= 0)
        draws, _, indicators = after.shape
        places = place[self.units[here]] * indicators + self.columns[here]
        cells = in_every_draw(places, draws, after[0].size)
        flat = after.reshape(-1)
        estimate = flat[cells]
        filled = np.isnan(before.reshape(-1)[cells]) & ~np.isnan(estimate)
        spread = self.absolute[here] + self.relative[here] * np.abs(estimate)
        flat[cells] = np.where(filled, estimate + np.take(drawn[IMPUTED], here, axis=1) * spread, estimate)
        return after


def leave_one_out_errors(
    values: FloatArray, imputations: Sequence[Imputation], layout: Layout, wanted: BoolArray
) -> FloatArray:
    """Root mean square error of each indicator's imputation when its known cells are left out one by one.

    Each known cell is removed in turn, estimated from the rest by the indicator's own imputation, and
    compared: √mean((estimate - value)²), in the unit of the indicator. A cell that cannot be estimated then
    (the last one of its group) is not counted.

    Args:
        values: (units, indicators), NaN = no number.
        imputations: one per indicator. layout: of the rows and columns.
        wanted: (indicators,), whose error is asked for.

    Returns:
        (indicators,); NaN where it was not asked for or no known cell can be estimated from the others.

    Source: Stone (1974), Journal of the Royal Statistical Society B 36(2).

    >>> layout = Layout(np.arange(3), np.zeros(3, dtype=np.int64), {}, ("LPI",))
    >>> column = np.array([[1.0], [2.0], [6.0]])
    >>> leave_one_out_errors(column, [Imputation("mean")], layout, np.array([True])).round(3).tolist()
    [3.24]
    """
    errors = np.full(values.shape[1], np.nan)
    of_means = mean_errors(values, imputations, layout)
    for place, imputation in enumerate(imputations):
        if not wanted[place]:
            continue
        is_mean = imputation.method in MEANS
        apart = of_means[:, place] if is_mean else _errors(values, place, imputation, layout)
        apart = apart[~np.isnan(apart)]
        if apart.size:
            errors[place] = np.sqrt(np.mean(apart * apart))
    return errors


def _errors(values: FloatArray, place: int, imputation: Imputation, layout: Layout) -> FloatArray:
    known = np.flatnonzero(~np.isnan(values[:, place]))
    own = [Imputation("none")] * values.shape[1]
    own[place] = imputation
    fillable = np.zeros(values.shape, dtype=np.bool_)
    fillable[:, place] = True
    table, at = values, place
    if imputation.method != "regression":  # looks at no other column
        table, own, fillable, at = values[:, [place]], [imputation], fillable[:, [place]], 0
    errors = np.empty(known.size)
    many = max(1, _TOGETHER // table.size)
    for first in range(0, known.size, many):
        left_out = known[first : first + many]
        stack = np.repeat(table[None], left_out.size, axis=0)
        numbers = np.arange(left_out.size)
        stack[numbers, left_out, at] = np.nan
        estimate = imputed(stack, fillable, own, layout)[numbers, left_out, at]
        errors[first : first + many] = estimate - values[left_out, place]
    return errors
