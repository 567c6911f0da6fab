"""Uncertainty of the data: which cells have a spread, how large, from where; their numbers in a draw.

Belongs here: spreads of raw cells from flags, revisions and concordance, cells drawn between bounds.
Does not: the random numbers (draws), errors of imputed cells (imputed_spread), the spread that a history of
revisions shows (revisions), what a perturbed cell does to the index (evaluate).
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from alp_pipeline.benchmark.cells import BenchmarkInputError, BoolArray, FloatArray, IntArray
from alp_pipeline.benchmark.composite.uncertainty.draws import NORMAL, UNIFORM, DrawnFactor
from alp_pipeline.benchmark.composite.uncertainty.spec import DataSpread
from alp_pipeline.benchmark.composite.units import UnitTable

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
        declared: by place, whether the spread is a declared assumption and not estimated; the ends of an
            interval are known. cells: how many have a spread.
    """

    factor: str
    places: IntArray | None
    sd: FloatArray
    declared: BoolArray
    cells: int
    low: FloatArray | None = None
    high: FloatArray | None = None

    @property
    def drawn(self) -> DrawnFactor:
        """How its random numbers are drawn."""
        return DrawnFactor(self.factor, NORMAL if self.low is None else UNIFORM, self.sd.size)

    def estimated(self) -> "CellSpread | None":
        """The same places without what is declared; None where nothing is left."""
        if self.declared.all() and self.declared.size:
            return None
        return replace(self, sd=np.where(self.declared, 0.0, self.sd))


def cell_spreads(
    units: UnitTable, data: DataSpread, *, converted: pd.DataFrame | None = None
) -> tuple[CellSpread, ...]:
    """The spreads of raw cells, kind by kind.

    A cell without a number has none, nor has a zero (a relative error of zero is zero). Flags: the largest of
    the cell's letters; letters e and p count only where the indicator has no spread of revisions.

    Args:
        units: the raw table.
        data: what is declared or estimated.
        converted: units × indicators, True (or the share of the value, 0 to 1) where a number was moved
            between classifications; concordance then applies to these cells, scaled by the share. Omitted: to
            every number.

    Raises:
        BenchmarkInputError: an indicator or label is not in the table; a share is outside [0, 1].

    >>> from alp_pipeline.benchmark.composite.framework import Framework
    >>> framework = Framework.of(pd.DataFrame({"code": ["LPI"], "level": 1, "parent": None, "direction": 1,
    ...                                        "type": "Indicator"}))
    >>> data = pd.DataFrame({"unit": ["AT", "CH", "SI"], "LPI": [4, 0, 2]})
    >>> flags = pd.DataFrame({"LPI": ["e", "e", "pu"]}, index=["AT", "CH", "SI"])
    >>> units = UnitTable.of(data, framework, flags=flags)
    >>> [spread] = cell_spreads(units, DataSpread(flags={"e": 0.05, "p": 0.02, "u": 0.2}))
    >>> spread.cells, spread.sd.tolist()  # of CH a zero stays zero
    (2, [0.05, 0.0, 0.2])
    """
    there = ~np.isnan(units.array) & (units.array != 0)
    found = []
    if data.flags:
        found.append(_spread("data_flags", _by_flag(units, data), there))
    if data.intervals is not None:
        found.append(_intervals(units))
    if data.revisions:
        sd = _by_indicator(units, data.revision_sd)
        estimated = np.array([data.is_estimated(code) for code in units.codes], dtype=np.bool_)
        found.append(_spread("data_revisions", sd, there, ~estimated))
    if data.concordance is not None:
        given = data.concordance
        by_indicator = given if isinstance(given, Mapping) else dict.fromkeys(units.codes, given)
        sd = _by_indicator(units, by_indicator) * _shares(units, converted)
        found.append(_spread("data_concordance", sd, there))
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

    >>> cell = CellSpread("data_flags", np.array([1]), np.array([0.1]), np.array([True]), 1)
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
        "data_intervals", places, zero, zero > 0, places.size, low.ravel()[places], high.ravel()[places]
    )


def _spread(
    factor: str, sd: FloatArray, there: BoolArray, declared: BoolArray | Literal[True] = True
) -> CellSpread:
    relative = np.where(there, sd, 0.0).ravel()
    is_declared = np.broadcast_to(declared, there.shape).ravel()
    places = np.flatnonzero(relative > 0)
    if places.size > _DENSE * relative.size:
        return CellSpread(factor, None, relative, is_declared, places.size)
    return CellSpread(factor, places, relative[places], is_declared[places], places.size)


def _refuse(what: str, where: str, todo: str) -> None:
    raise BenchmarkInputError(what, where=where, todo=todo)
