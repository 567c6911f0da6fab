"""Labelled frames of any benchmark: unique labels, numbers, one order, what is to be reported.

Belongs here: checks and orders that several methods share. Does not: the long form with states (cells), any
formula.
"""

from collections.abc import Collection, Hashable, Sequence

import numpy as np
import pandas as pd

from alp_pipeline.benchmark.cells import BenchmarkInputError, FloatArray, IntArray


def numbers(frame: pd.DataFrame, where: str) -> FloatArray:
    """A labelled frame as float64, NaN for what is missing.

    Raises:
        BenchmarkInputError: text, a label twice, no rows or no columns.

    >>> numbers(pd.DataFrame({"C28": [3, None]}, index=["A", "B"]), "sizes").tolist()
    [[3.0], [nan]]
    """
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


def counts(frame: pd.DataFrame, where: str) -> FloatArray:
    """`numbers` that are finite, zero or more, or NaN.

    Raises:
        BenchmarkInputError: another number, naming its row and column; see `numbers`.

    >>> counts(pd.DataFrame({"C28": [3, None]}, index=["A", "B"]), "jobs").tolist()
    [[3.0], [nan]]
    """
    value = numbers(frame, where)
    wrong = np.argwhere((value < 0) | np.isinf(value))
    if wrong.size:
        row, column = (int(place) for place in wrong[0])
        raise BenchmarkInputError(
            f"{label_of(frame.index[row])} × {frame.columns[column]} holds {value[row, column]}",
            where=where,
            todo="Pass finite numbers, zero or more, and NaN where there is none.",
        )
    return value


def counts_by(series: pd.Series, labels: pd.Index, where: str) -> FloatArray:
    """The counts of a series under some labels, NaN where it has none; refused as by `counts`.

    >>> counts_by(pd.Series({"A": 3}), pd.Index(["B", "A"]), "region_totals").tolist()
    [nan, 3.0]
    """
    counts(series.to_frame(where), where)
    return numbers_by(series, labels, where)


def numbers_by(series: pd.Series, labels: pd.Index, where: str) -> FloatArray:
    """The numbers of a series under some labels, NaN where it has none.

    Raises:
        BenchmarkInputError: text, a label twice, nothing at all.

    >>> numbers_by(pd.Series({"A": -3}), pd.Index(["B", "A"]), "eci").tolist()
    [nan, -3.0]
    """
    value = numbers(series.to_frame(where), where)[:, 0]
    at = series.index.get_indexer(labels)
    return np.where(at >= 0, value[at], np.nan)


def same_labels(frame: pd.DataFrame, like: pd.DataFrame, where: str) -> pd.DataFrame:
    """The frame in the order of another one, which must have the same labels.

    Raises:
        BenchmarkInputError: a label that only one of them has, or that appears more than once.

    >>> states = pd.DataFrame({"C28": [2, 1]}, index=["B", "A"])
    >>> same_labels(states, pd.DataFrame({"C28": [0, 0]}, index=["A", "B"]), "states")["C28"].tolist()
    [1, 2]
    """
    for labels, expected in ((frame.index, like.index), (frame.columns, like.columns)):
        odd = labels.symmetric_difference(expected)
        if labels.has_duplicates or len(odd):
            label = odd[0] if len(odd) else labels[labels.duplicated()][0]
            raise BenchmarkInputError(
                f"{label_of(label)} is not once in both tables",
                where=where,
                todo="Give both the same rows and columns.",
            )
    return frame.reindex(index=like.index, columns=like.columns)


def label_of(row: Hashable) -> str:
    """A row's label in a message: region, or region and year.

    >>> label_of(("AT33", 2014))
    'AT33 in 2014'
    """
    return " in ".join(str(part) for part in row) if isinstance(row, tuple) else str(row)


def require_unique(labels: pd.Index, where: str) -> None:
    """Refuse a label that appears more than once.

    Raises:
        BenchmarkInputError: naming the first one.

    >>> require_unique(pd.Index(["AT33", "ITC4"]), "regions")
    """
    if labels.has_duplicates:
        raise BenchmarkInputError(
            f"the label {label_of(labels[labels.duplicated()][0])!r} appears more than once",
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
