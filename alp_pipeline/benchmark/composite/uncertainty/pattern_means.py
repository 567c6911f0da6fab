"""Means that fill gaps, where the same cells are gaps in every draw.

Belongs here: which cells each gap is the mean of, worked out once; the means of a stack.
Does not: other imputations, patterns that differ from draw to draw (composite.imputation).

`composite.imputation.imputed` finds out for every table anew which cells have a number, and works on whole
columns. In a stack of draws the pattern does not change, and few gaps need few means: with 3 % of gaps in
334 × 60 cells this takes a twentieth of the time.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from alp_pipeline.benchmark.cells import BoolArray, FloatArray, IntArray
from alp_pipeline.benchmark.composite.imputation import Imputation, Layout
from alp_pipeline.benchmark.composite.uncertainty.data_draws import in_every_draw

MEANS: Final = ("mean", "group_mean", "none")


@dataclass(frozen=True, eq=False)
class PatternMeans:
    """The gaps that means fill, all by position in the flattened units × indicators.

    Attributes:
        sources: the known cells of every lot (one group of one indicator), lot after lot.
        starts: where each lot begins. counts: its cells.
        gaps: the cells to fill. lots: of each, where its mean is.
    """

    sources: IntArray
    starts: IntArray
    counts: FloatArray
    gaps: IntArray
    lots: IntArray

    @classmethod
    def of(
        cls, known: BoolArray, fillable: BoolArray, imputations: Sequence[Imputation], layout: Layout
    ) -> "PatternMeans":
        """What to fill from what; arguments as of `imputed`, `known` saying which cells have a number.

        A lot without a number fills nothing.

        >>> layout = Layout(np.arange(3), np.zeros(3, dtype=np.int64), {}, ("LPI",))
        >>> means = PatternMeans.of(np.array([[True], [True], [False]]), np.full((3, 1), True),
        ...                         [Imputation("mean")], layout)
        >>> means.filled(np.array([[[1.0], [5.0], [np.nan]]])).ravel().tolist()
        [1.0, 5.0, 3.0]
        """
        lot = _lots(imputations, layout, len(known))
        has = np.unique(lot[known])
        wanted = ~known & fillable & np.isin(lot, has[has >= 0])
        gaps = np.flatnonzero(wanted)
        numbers, lots = np.unique(lot.ravel()[gaps], return_inverse=True)
        cells = np.flatnonzero(known & np.isin(lot, numbers))
        sources = cells[np.argsort(lot.ravel()[cells], kind="stable")]
        starts = np.searchsorted(lot.ravel()[sources], numbers)
        counts = np.diff(np.append(starts, sources.size)).astype(np.float64)
        return cls(sources, starts, counts, gaps, lots)

    def filled(self, values: FloatArray) -> FloatArray:
        """A stack (draws, units, indicators) with its gaps filled; a new array."""
        result = values.copy()
        if not self.gaps.size:
            return result
        flat = result.reshape(len(result), -1)
        sums = np.add.reduceat(np.take(flat, self.sources, axis=1), self.starts, axis=1)
        gaps = in_every_draw(self.gaps, *flat.shape)
        result.ravel()[gaps] = np.take(sums / self.counts, self.lots, axis=1)
        return result


def mean_errors(values: FloatArray, imputations: Sequence[Imputation], layout: Layout) -> FloatArray:
    """What a mean over the other known cells of the lot misses each known cell by, (units, indicators).

    With the mean x̄ of all n of the lot, the mean of the others less the cell is n / (n - 1) · (x̄ - x). NaN
    where there is no number, no other one in the lot, or the imputation is none.

    >>> layout = Layout(np.arange(3), np.zeros(3, dtype=np.int64), {}, ("LPI",))
    >>> mean_errors(np.array([[1.0], [2.0], [6.0]]), [Imputation("mean")], layout).ravel().tolist()
    [3.0, 1.5, -4.5]
    """
    lot = _lots(imputations, layout, len(values))
    known = ~np.isnan(values) & (lot >= 0)
    _, numbers = np.unique(lot[known], return_inverse=True)
    x = values[known]
    count = np.bincount(numbers)
    mean = (np.bincount(numbers, weights=x) / count)[numbers]
    several = count[numbers]
    errors = np.full(values.shape, np.nan)
    errors[known] = np.where(several > 1, (mean - x) * several / np.maximum(several - 1, 1), np.nan)
    return errors


def _lots(imputations: Sequence[Imputation], layout: Layout, units: int) -> IntArray:
    """Which cells are averaged together, (units, indicators): a number per lot, -1 for none."""
    lot = np.full((units, len(imputations)), -1, dtype=np.int64)
    for place, imputation in enumerate(imputations):
        if imputation.method == "mean":
            lot[:, place] = place * units
        elif imputation.method == "group_mean":
            group = layout.groups[str(imputation.group)]
            lot[:, place] = np.where(group < 0, -1, place * units + group)
    return lot
