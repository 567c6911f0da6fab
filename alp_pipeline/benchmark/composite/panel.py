"""Which rows of a panel a method learns from, and which rows it is then applied to.

Belongs here: base year, all years at once, each year on its own; the one order in which rows are taken.
Does not: any formula (normalisation, aggregation).
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from alp_pipeline.benchmark.cells import BenchmarkInputError, IntArray

ALL, EACH = "all", "each"


@dataclass(frozen=True)
class Lot:
    """Rows that share what was learnt: `learn` and `apply` are positions, in the order of their labels."""

    name: str
    learn: IntArray
    apply: IntArray


def lots(index: pd.Index, reference_time: str | int, *, where: str) -> tuple[Lot, ...]:
    """How the rows of a table are to be normalised, ranked or compared.

    Args:
        index: units, or (unit, time) for a panel.
        reference_time: "all" learns from every row and applies to every row, so that scores are comparable
            over time; a year (the base year) learns from its rows and applies to every row, so that scores
            of the past stay as they are when a year is added; "each" treats every year on its own, so that
            only the order within a year has a meaning. A table of one time has only "all".
        where: the step, for messages.

    Raises:
        BenchmarkInputError: the table has no rows, or no such year; a table of one time is given a year.

    >>> panel = pd.MultiIndex.from_product([["AT", "CH"], [2013, 2014]])
    >>> [(lot.name, lot.learn.tolist(), lot.apply.tolist()) for lot in lots(panel, 2014, where="normalise")]
    [('2014', [1, 3], [0, 1, 2, 3])]
    >>> [(lot.name, lot.learn.tolist()) for lot in lots(panel, "each", where="normalise")]
    [('2013', [0, 2]), ('2014', [1, 3])]
    """
    if not len(index):
        raise BenchmarkInputError("there are no units", where=where, todo="Pass at least two.")
    rows = row_order(index)
    if not isinstance(index, pd.MultiIndex):
        if reference_time not in (ALL, EACH):
            _refuse(f"reference_time is {reference_time!r} and the table has one time", where, "Pass all.")
        return (Lot(ALL, rows, rows),)
    if reference_time == ALL:
        return (Lot(ALL, rows, rows),)
    times = np.asarray(index.get_level_values(1))[rows]
    years = sorted(set(times.tolist()))
    if reference_time == EACH:
        return tuple(Lot(str(year), rows[times == year], rows[times == year]) for year in years)
    if isinstance(reference_time, bool) or reference_time not in years:
        allowed = f"Pass all, each or one of {', '.join(map(str, years))}."
        _refuse(f"the panel has no time {reference_time!r}", where, allowed)
    return (Lot(str(reference_time), rows[times == reference_time], rows),)


def row_of(index: pd.Index, unit: object, lot: Lot, *, where: str) -> int:
    """The position of a reference unit among the rows that a lot learns from.

    Raises:
        BenchmarkInputError: the unit is not there, or there more than once (in several years).

    >>> table = pd.Index(["CH", "AT"])
    >>> row_of(table, "CH", lots(table, "all", where="normalise")[0], where="normalise")
    1
    """
    found = np.flatnonzero(np.asarray(index.take(lot.learn).get_level_values(0)) == unit)
    if not found.size:
        _refuse(f"the reference unit {unit!r} is not in the table", where, "Pass a unit's code.")
    if found.size > 1:
        todo = "Pass reference_time: each, or the year whose numbers are the reference."
        _refuse(f"the reference unit {unit} has {found.size} years", where, todo)
    return int(found[0])


def row_order(labels: pd.Index) -> IntArray:
    """Positions of the rows in the order of their labels.

    Whatever is accumulated over rows is taken in this order, so that a table with its rows shuffled gives
    the same numbers to the last bit.

    >>> row_order(pd.Index(["CH", "AT"])).tolist()
    [1, 0]
    """
    return np.array(sorted(range(len(labels)), key=lambda row: labels[row]), dtype=np.int64)


def _refuse(what: str, where: str, todo: str) -> None:
    raise BenchmarkInputError(what, where=where, todo=todo)
