"""Uncertainty of the data: which cells have a spread, how large, from where; their numbers in a draw.

Belongs here: spreads of raw cells from flags, revisions and concordance, cells drawn between bounds, the
spread that a history of revisions shows.
Does not: the random numbers (draws), errors of imputed cells (imputed_spread), what a perturbed cell does to
the index (evaluate).
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from alp_pipeline.benchmark.cells import BenchmarkInputError, BoolArray, FloatArray, IntArray
from alp_pipeline.benchmark.composite.uncertainty.draws import NORMAL, UNIFORM, DrawnFactor
from alp_pipeline.benchmark.composite.uncertainty.spec import DataSpread
from alp_pipeline.benchmark.composite.units import UnitTable

DECLARED, REVISIONS, LEAVE_ONE_OUT, BOUNDS = (
    "declared",
    "estimated from revisions",
    "estimated by leave-one-out",
    "known bounds, drawn evenly",
)
_REVISED_FLAGS = frozenset("ep")
_DENSE = 0.6


@dataclass(frozen=True, eq=False)
class CellSpread:
    """The cells of one kind of uncertainty and how they are drawn.

    Attributes:
        factor: data_flags, data_revisions, data_concordance or data_intervals.
        places: positions in the flattened units × indicators; None where every cell is drawn (those without a
            spread have 0, which costs less than picking the others).
        sd: by place, relative to the value (data_intervals: 0). low, high: by place, for data_intervals.
        cells: how many have a spread. basis: where the spread comes from.
    """

    factor: str
    places: IntArray | None
    sd: FloatArray
    cells: int
    basis: str
    low: FloatArray | None = None
    high: FloatArray | None = None

    @property
    def drawn(self) -> DrawnFactor:
        """How its random numbers are drawn."""
        return DrawnFactor(self.factor, NORMAL if self.low is None else UNIFORM, self.sd.size)


def cell_spreads(
    units: UnitTable, data: DataSpread, *, converted: pd.DataFrame | None = None
) -> tuple[CellSpread, ...]:
    """The spreads of raw cells, kind by kind.

    A cell without a number has none, nor has a zero (a relative error of zero is zero). Flags: the largest of
    the cell's letters; letters e and p count only where the indicator has no spread estimated from revisions.

    Args:
        units: the raw table.
        data: what is declared or estimated.
        converted: units × indicators, True (or the share of the value, 0 to 1) where a number was moved
            between classifications; concordance then applies to these cells, scaled by the share. Omitted: to
            every number.

    Raises:
        BenchmarkInputError: an indicator or label is not in the table; a share is outside [0, 1].
    """
    there = ~np.isnan(units.array) & (units.array != 0)
    found = []
    if data.flags:
        found.append(_spread("data_flags", _by_flag(units, data), there, DECLARED))
    if data.intervals is not None:
        found.append(_intervals(units))
    if data.revisions:
        found.append(_spread("data_revisions", _by_indicator(units, data.revisions), there, REVISIONS))
    if data.concordance is not None:
        given = data.concordance
        by_indicator = given if isinstance(given, Mapping) else dict.fromkeys(units.codes, given)
        sd = _by_indicator(units, by_indicator) * _shares(units, converted)
        found.append(_spread("data_concordance", sd, there, DECLARED))
    return tuple(found)


def perturbed(
    raw: FloatArray,
    spreads: tuple[CellSpread, ...],
    drawn: Mapping[str, npt.NDArray[np.float64]],
    members: IntArray,
) -> FloatArray:
    """A stack of tables with the numbers of some draws: value · (1 + sd · z), or between the bounds.

    Errors of several kinds on one cell multiply.

    Args:
        raw: (units, indicators). spreads: see `cell_spreads`.
        drawn: by factor (draws, places), normal or uniform numbers. members: the draws wanted.

    Returns:
        (members, units, indicators).

    >>> cell = CellSpread("data_flags", np.array([1]), np.array([0.1]), 1, DECLARED)
    >>> z = {"data_flags": np.array([[-2.0]])}
    >>> perturbed(np.array([[5.0, 10.0]]), (cell,), z, np.array([0])).tolist()
    [[[5.0, 8.0]]]
    """
    stack: FloatArray | None = None
    for spread in spreads:
        if spread.places is None and stack is None:
            stack = drawn[spread.factor][members]
            stack *= spread.sd * raw.ravel()
            stack += raw.ravel()
        elif spread.places is None and stack is not None:
            stack *= _changes(spread, drawn, members)
    if stack is None:
        stack = np.repeat(raw.reshape(1, -1), members.size, axis=0)
    flat = stack.ravel()
    for spread in spreads:
        if spread.places is None:
            continue
        cells = in_every_draw(spread.places, members.size, raw.size)
        if spread.low is not None and spread.high is not None:
            numbers = drawn[spread.factor][members]
            flat[cells] = spread.low + (spread.high - spread.low) * numbers
        else:
            flat[cells] *= _changes(spread, drawn, members)
    return stack.reshape(members.size, *raw.shape)


def in_every_draw(places: IntArray, draws: int, cells: int) -> IntArray:
    """Positions in a flattened stack of the cells that have these positions in each table, (draws, places).

    One flat index and not `stack[:, places]`: under that one numpy keeps the interpreter's lock.

    >>> in_every_draw(np.array([0, 2]), 2, 3).tolist()
    [[0, 2], [3, 5]]
    """
    return np.asarray(places + cells * np.arange(draws)[:, None])


def _changes(
    spread: CellSpread, drawn: Mapping[str, npt.NDArray[np.float64]], members: IntArray
) -> FloatArray:
    changes: FloatArray = drawn[spread.factor][members]
    changes *= spread.sd
    changes += 1
    return changes


def revision_spread(vintages: pd.DataFrame, *, keys: tuple[str, ...] = ("unit", "time")) -> pd.DataFrame:
    """How far an indicator's first published numbers lay from its latest ones.

    r = (first - latest) / latest for each cell with two vintages or more; relative_sd = √mean(r²), around
    zero and not around the mean: a systematic revision is an error of the first number too. A cell whose
    latest number is zero has no relative revision and is counted apart.

    Args:
        vintages: columns indicator, vintage (sortable: the later the newer), value (NaN = no number, is
            ignored) and the key columns; one row per cell and vintage.
        keys: the columns that say which cell of an indicator a row is.

    Returns:
        One row per indicator, sorted: relative_sd (NaN without a usable cell), mean_revision (relative, its
        bias), cells, zero_cells. `relative_sd` is what `revisions` of a recipe takes.

    Raises:
        BenchmarkInputError: a column is absent, a cell has two rows of one vintage, a value is infinite.

    Source: root mean square revision, McKenzie & Gamba (2008), Interpreting the Results of Revision Analyses
    (OECD), here relative to the latest number.

    >>> frame = pd.DataFrame({"indicator": "LPI", "unit": ["AT", "AT", "CH", "CH"], "time": 2018,
    ...                       "vintage": [1, 2, 1, 2], "value": [9.0, 10.0, 22.0, 20.0]})
    >>> revision_spread(frame)["relative_sd"].round(3).to_dict()
    {'LPI': 0.1}
    """
    wanted = ["indicator", *keys, "vintage", "value"]
    absent = [name for name in wanted if name not in vintages.columns]
    if absent:
        _refuse(f"the column {absent[0]} is absent", "vintages", f"Pass {', '.join(wanted)}.")
    cell = ["indicator", *keys]
    known = vintages[vintages["value"].notna()].sort_values([*cell, "vintage"], kind="stable")
    twice = known.duplicated([*cell, "vintage"])
    if twice.any():
        row = known[twice].iloc[0]
        name = " × ".join(str(row[part]) for part in cell)
        _refuse(f"{name} has two rows of {row['vintage']}", "vintages", "Pass one.")
    value = known["value"].to_numpy(dtype=np.float64)
    if np.isinf(value).any():
        _refuse("a value is infinite", "vintages", "Pass finite numbers.")
    cells = known.assign(value=value).groupby(cell, sort=True)["value"].agg(["first", "last", "size"])
    cells = cells[cells["size"] > 1]
    usable = cells[cells["last"] != 0]
    revision = (usable["first"] - usable["last"]) / usable["last"].abs()
    by_indicator = revision.groupby(level="indicator")
    table = pd.DataFrame(
        {
            "relative_sd": np.sqrt((revision**2).groupby(level="indicator").mean()),
            "mean_revision": by_indicator.mean(),
            "cells": by_indicator.size(),
            "zero_cells": (cells["last"] == 0).groupby(level="indicator").sum(),
        },
        index=pd.Index(sorted(vintages["indicator"].unique()), name="indicator"),
    )
    return table.fillna({"cells": 0, "zero_cells": 0}).astype({"cells": "int64", "zero_cells": "int64"})


def _by_flag(units: UnitTable, data: DataSpread) -> FloatArray:
    texts = units.flags.to_numpy(dtype=object)
    letters = {text: frozenset(str(text).lower()) for text in np.unique(texts.astype(str))}
    every = {
        text: max((data.flags.get(one, 0.0) for one in found), default=0.0) for text, found in letters.items()
    }
    others = {
        text: max((data.flags.get(one, 0.0) for one in found - _REVISED_FLAGS), default=0.0)
        for text, found in letters.items()
    }
    revised = np.array([code in data.revisions for code in units.codes], dtype=np.bool_)
    sd = np.empty(texts.shape)
    for text in letters:
        sd[texts == text] = every[text]
        sd[(texts == text) & revised] = others[text]
    return sd


def _by_indicator(units: UnitTable, given: Mapping[str, float]) -> FloatArray:
    stranger = next((code for code in given if code not in units.codes), None)
    if stranger is not None:
        _refuse(f"{stranger!r} is no indicator of the table", "uncertainty", f"Use {', '.join(units.codes)}.")
    return np.broadcast_to([given.get(code, 0.0) for code in units.codes], units.array.shape)


def _shares(units: UnitTable, converted: pd.DataFrame | None) -> FloatArray:
    if converted is None:
        return np.ones(units.array.shape)
    for given, known, axis in (
        (converted.index, units.index, "unit"),
        (converted.columns, units.values.columns, "indicator"),
    ):
        stranger = given[given.duplicated() | ~given.isin(known)]
        if len(stranger):
            _refuse(
                f"the {axis} {stranger[0]} is not in the table, or there twice", "converted", "Label it so."
            )
    aligned = converted.astype("float64").reindex(index=units.index, columns=units.values.columns)
    shares = aligned.fillna(0.0).to_numpy()
    if not ((shares >= 0) & (shares <= 1)).all():
        _refuse("a share is outside [0, 1]", "converted", "Pass True or the share of the value moved.")
    return shares


def _intervals(units: UnitTable) -> CellSpread:
    nothing = np.full(units.array.shape, np.nan)
    low = nothing if units.lower is None else units.lower.to_numpy(dtype=np.float64)
    high = nothing if units.upper is None else units.upper.to_numpy(dtype=np.float64)
    places = np.flatnonzero(np.isnan(units.array) & ~np.isnan(low))
    zero = np.zeros(places.size)
    return CellSpread(
        "data_intervals", places, zero, places.size, BOUNDS, low.ravel()[places], high.ravel()[places]
    )


def _spread(factor: str, sd: FloatArray, there: BoolArray, basis: str) -> CellSpread:
    relative = np.where(there, sd, 0.0).ravel()
    places = np.flatnonzero(relative > 0)
    if places.size > _DENSE * relative.size:
        return CellSpread(factor, None, relative, places.size, basis)
    return CellSpread(factor, places, relative[places], places.size, basis)


def _refuse(what: str, where: str, todo: str) -> None:
    raise BenchmarkInputError(what, where=where, todo=todo)
