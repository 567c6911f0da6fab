"""Labelled frames of any benchmark: unique labels, numbers, one order, what is to be reported.

Belongs here: checks and orders that several methods share. Does not: the long form with states (cells), any
formula.
"""

from collections.abc import Collection, Hashable, Sequence

import numpy as np
import pandas as pd

from alp_pipeline.benchmark.cells import BenchmarkInputError, FloatArray, IntArray


def numbers(frame: pd.DataFrame, where: str) -> FloatArray:
    """A labelled frame as float64, NaN for what is missing; text, duplicate labels and emptiness refused."""
    for axis in (frame.index, frame.columns):
        require_unique(axis, where)
    if not frame.size:
        raise BenchmarkInputError(
            f"a matrix of {len(frame.index)} × {len(frame.columns)} holds nothing",
            where=where,
            todo="Pass at least one region and one activity.",
        )
    try:
        return frame.to_numpy(dtype=np.float64, na_value=np.nan)
    except (TypeError, ValueError) as error:
        raise BenchmarkInputError(
            f"a cell is not a number: {error}", where=where, todo="Pass numbers, and NaN where there is none."
        ) from error


def require_unique(labels: pd.Index, where: str) -> None:
    """Refuse a label that appears more than once."""
    if labels.has_duplicates:
        raise BenchmarkInputError(
            f"the label {labels[labels.duplicated()][0]!r} appears more than once",
            where=where,
            todo="Sum or drop the duplicates first.",
        )


def label_order(labels: pd.Index) -> IntArray:
    """Positions that sort labels as text, so that codes of mixed type have an order too.

    >>> label_order(pd.Index(["B", "A"])).tolist()
    [1, 0]
    """
    texts = [str(label) for label in labels]
    return np.array(sorted(range(len(texts)), key=texts.__getitem__), dtype=np.int64)


def chosen(report: Collection[Hashable] | None, labels: pd.Index) -> pd.Index:
    """The labels to report: all of them, or those asked for, which must be there.

    >>> chosen(["B"], pd.Index(["A", "B"])).tolist()
    ['B']
    """
    if report is None:
        return labels
    wanted = pd.Index(list(report))
    require_unique(wanted, "report")
    absent = wanted[labels.get_indexer(wanted) < 0]
    if len(absent):
        raise BenchmarkInputError(
            f"{absent[0]!r} is not among the {len(labels)} regions computed",
            where="report",
            todo="Report regions that are rows of the matrix.",
        )
    return wanted


def listed(labels: Sequence[Hashable], most: int = 3) -> str:
    """The first few labels, for a message.

    >>> listed(["a", "b", "c", "d"])
    'a, b, c and 1 more'
    """
    shown = ", ".join(str(label) for label in labels[:most])
    return shown if len(labels) <= most else f"{shown} and {len(labels) - most} more"
