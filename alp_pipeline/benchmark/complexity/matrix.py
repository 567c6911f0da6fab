"""What the complexity methods may assume about M: labels, two values, one order.

Belongs here: checks of a region × activity matrix of ones and zeros, its sorted array, what is reported.
Does not: how ones and zeros come about (presence), any measure.
"""

from collections.abc import Collection, Hashable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from alp_pipeline.benchmark.cells import BenchmarkInputError, FloatArray, IntArray
from alp_pipeline.benchmark.labels import chosen, label_order, numbers


class PresenceUnknown(BenchmarkInputError):
    """A matrix holds cells of which nobody knows whether the activity is present."""


@dataclass(frozen=True)
class PresenceMatrix:
    """M as an array in the order of its sorted labels, and the labels as they came.

    `present` is C-contiguous float64 of ones and zeros, regions × activities.
    """

    present: FloatArray
    regions: pd.Index
    activities: pd.Index
    given_regions: pd.Index
    given_activities: pd.Index

    def regions_frame(self, values: FloatArray, report: Collection[Hashable] | None = None) -> pd.DataFrame:
        """Sorted regions × activities array → frame in the order of the input, or of `report`."""
        rows = chosen(report, self.given_regions)
        at = self.regions.get_indexer(rows)
        across = self.activities.get_indexer(self.given_activities)
        return pd.DataFrame(in_order(values, at, across), index=rows, columns=self.given_activities)

    def by_region(
        self, values: FloatArray, name: str, report: Collection[Hashable] | None = None
    ) -> pd.Series:
        """One number per sorted region → series in the order of the input, or of `report`."""
        rows = chosen(report, self.given_regions)
        return pd.Series(values[self.regions.get_indexer(rows)], index=rows, name=name)

    def by_activity(self, values: FloatArray, name: str) -> pd.Series:
        """One number per sorted activity → series in the order of the input."""
        at = self.activities.get_indexer(self.given_activities)
        return pd.Series(values[at], index=self.given_activities, name=name)


def presence_matrix(M: pd.DataFrame) -> PresenceMatrix:  # noqa: N803  (the literature's name)
    """Check a matrix of ones and zeros and put it in the order of its labels.

    Args:
        M: regions × activities; 1 or True where the activity is present, 0 or False where it is absent.

    Raises:
        PresenceUnknown: a cell is NaN.
        BenchmarkInputError: no rows or columns, a label twice, a cell that is neither 0 nor 1.

    >>> presence_matrix(pd.DataFrame({"I55": [1, 0]}, index=["B", "A"])).present.tolist()
    [[0.0], [1.0]]
    """
    values = numbers(M, "M")
    if not ((values == 0) | (values == 1)).all():
        _refuse(values, M)
    rows, columns = label_order(M.index), label_order(M.columns)
    present = np.ascontiguousarray(in_order(values, rows, columns))
    return PresenceMatrix(present, M.index.take(rows), M.columns.take(columns), M.index, M.columns)


def _refuse(values: FloatArray, M: pd.DataFrame) -> None:  # noqa: N803
    unknown = np.argwhere(np.isnan(values))
    if unknown.size:
        row, column = (int(place) for place in unknown[0])
        raise PresenceUnknown(
            f"{len(unknown)} cells are unknown, the first is {M.index[row]} × {M.columns[column]}",
            where="M",
            todo="Drop lines with without_unknown, or compute both ways with spread_over_unknown.",
        )
    row, column = (int(place) for place in np.argwhere((values != 0) & (values != 1))[0])
    raise BenchmarkInputError(
        f"{M.index[row]} × {M.columns[column]} holds {values[row, column]:g}",
        where="M",
        todo="Pass 1 for present and 0 for absent; `presence` makes them of location quotients.",
    )


def in_order(values: FloatArray, rows: IntArray, columns: IntArray) -> FloatArray:
    """Lines in another order; the array itself where that is the order already, which is common and cheaper.

    >>> in_order(np.array([[1.0, 2.0]]), np.array([0]), np.array([1, 0])).tolist()
    [[2.0, 1.0]]
    """
    same = all(
        np.array_equal(order, np.arange(n)) for order, n in zip((rows, columns), values.shape, strict=True)
    )
    return values if same else values[np.ix_(rows, columns)]


def sums_by_region(present: FloatArray, weights: FloatArray) -> FloatArray:
    """Σ_c M_rc w_c of each region, the same to the last bit for regions that are the same.

    A matrix product would be faster, but its last bit may depend on where in the matrix a row stands, and two
    regions with the same activities must tie.

    >>> sums_by_region(np.array([[1.0, 0.0], [1.0, 1.0]]), np.array([2.0, 3.0])).tolist()
    [2.0, 5.0]
    """
    return np.asarray((present * weights).sum(axis=1), dtype=np.float64)


def sums_by_activity(present: FloatArray, weights: FloatArray) -> FloatArray:
    """Σ_r M_rc w_r of each activity, the same to the last bit for activities that are the same.

    >>> sums_by_activity(np.array([[1.0, 0.0], [1.0, 1.0]]), np.array([2.0, 3.0])).tolist()
    [5.0, 3.0]
    """
    return np.asarray((present * weights[:, None]).sum(axis=0), dtype=np.float64)
