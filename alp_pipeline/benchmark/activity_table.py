"""The wide form of regional activities: a row per region (or region and year), a column per activity.

Belongs here: numbers with the state of every cell, checks, the reference's totals beside them.
Does not: the long form (cells), any formula, reading files.
"""

import math
from dataclasses import dataclass
from typing import Any, NoReturn

import numpy as np
import numpy.typing as npt
import pandas as pd

from alp_pipeline.benchmark.cells import (
    CELL_STATES,
    CONFIDENTIAL,
    NOT_APPLICABLE,
    NOT_AVAILABLE,
    REPORTED,
    BenchmarkInputError,
    BoolArray,
    FloatArray,
    IntArray,
    ordered_cells,
)
from alp_pipeline.benchmark.inputs import checked
from alp_pipeline.benchmark.labels import counts, label_of, same_labels

YEAR = "year"
UNDETERMINED = "undetermined"
"""The state of a figure that a confidential cell keeps from being known; bounds may stand beside it."""


@dataclass(frozen=True)
class ActivityTable:
    """Numbers of regions × activities with the state of every cell.

    Attributes:
        values: rows are regions, or a MultiIndex (region, year) whose second level is named `year`; columns
            are activities; counts in one unit, zero or more, NaN exactly where the state is not `reported`.
        states: same labels; words of CELL_STATES.
        flags: same labels; OBS_STATUS letters, "" where there are none.
    """

    values: pd.DataFrame
    states: pd.DataFrame
    flags: pd.DataFrame

    @classmethod
    @checked
    def of(
        cls, values: pd.DataFrame, *, states: pd.DataFrame | None = None, flags: pd.DataFrame | None = None
    ) -> "ActivityTable":
        """A table from frames with the same labels (in any order of states and flags).

        Without `states` a number is reported and NaN is not available. A number in a cell whose state is not
        `reported` is dropped: it is no point value for anybody.

        Raises:
            BenchmarkInputError: no cells, a label twice, text, a number that is negative, infinite or outside
                1e-100 … 1e100, an unknown state, a reported cell without a number, labels that differ.

        >>> table = ActivityTable.of(pd.DataFrame({"C28": [10, None]}, index=["AT33", "ITH1"]))
        >>> table.states["C28"].tolist()
        ['reported', 'not_available']
        """
        x = _numbers(values)
        if states is None:
            state = np.where(np.isnan(x), NOT_AVAILABLE, REPORTED)
        else:
            state = _state_positions(same_labels(states, values, "states"))
            x = np.where(state == REPORTED, x, np.nan)
            _refuse_first(
                (state == REPORTED) & np.isnan(x),
                values,
                "is reported without a number",
                "Give it its state.",
            )
        letters: object = ""
        if flags is not None:
            letters = same_labels(flags, values, "flags").fillna("").to_numpy(dtype=object)
        return cls(
            framed(x, values),
            framed(pd.Index(CELL_STATES).to_numpy()[state], values),
            framed(np.broadcast_to(np.asarray(letters, dtype=object), x.shape), values),
        )

    @classmethod
    @checked
    def from_cells(cls, cells: pd.DataFrame) -> "ActivityTable":
        """The wide form of long cells (`cells.ordered_cells`): rows (region_code, year), sorted.

        A pair of region and year without a row for an activity is not available there.

        >>> cells = pd.DataFrame({"region_code": "AT33", "activity_code": ["C28", "I55"], "year": 2014,
        ...                       "value": [5, None], "cell_state": ["reported", "confidential"]})
        >>> ActivityTable.from_cells(cells).states.loc[("AT33", 2014)].tolist()
        ['reported', 'confidential']
        """
        known = ordered_cells(cells)
        years, year = np.unique(known.year, return_inverse=True)
        row = known.region * len(years) + year
        present = np.unique(row)
        at = np.searchsorted(present, row), known.activity
        shape = (len(present), len(known.activity_codes))
        x, state = np.full(shape, np.nan), np.full(shape, NOT_AVAILABLE, dtype=np.int64)
        letters = np.full(shape, "", dtype=object)
        x[at], state[at], letters[at] = known.value, known.state, known.obs_status.to_numpy()
        index = pd.MultiIndex.from_arrays(
            [known.region_codes.take(present // len(years)), years[present % len(years)]],
            names=["region_code", YEAR],
        )
        values = pd.DataFrame(x, index=index, columns=known.activity_codes.rename("activity_code"))
        states = framed(pd.Index(CELL_STATES).to_numpy()[state], values)
        return cls.of(values, states=states, flags=framed(letters, values))

    @property
    def x(self) -> FloatArray:
        """The numbers, NaN where there is none."""
        return self.values.to_numpy(dtype=np.float64)

    @property
    def state(self) -> IntArray:
        """Each cell's position in CELL_STATES."""
        return _state_positions(self.states)

    @property
    def gaps(self) -> BoolArray:
        """Cells that should hold a number and do not: hidden, or missing for another reason."""
        state = self.state
        gaps: BoolArray = (state != REPORTED) & (state != NOT_APPLICABLE)
        return gaps

    @property
    def periods(self) -> tuple[pd.Index, IntArray]:
        """The distinct years and each row's place among them; one nameless period without years."""
        if YEAR not in self.values.index.names:
            return pd.Index([0]), np.zeros(len(self.values), dtype=np.int64)
        numbers, years = pd.factorize(self.values.index.get_level_values(YEAR), sort=True)
        return pd.Index(years, name=YEAR), numbers.astype(np.int64)

    def transposed(self) -> "ActivityTable":
        """Activities as rows, for measures of where an activity is; only without years.

        >>> ActivityTable.of(pd.DataFrame({"C28": [1]}, index=["A"])).transposed().values.index.tolist()
        ['C28']
        """
        if YEAR in self.values.index.names:
            _refuse("rows of several years cannot become columns", "Pass one year at a time.")
        return ActivityTable(self.values.T, self.states.T, self.flags.T)


def framed(array: npt.NDArray[Any], like: pd.DataFrame) -> pd.DataFrame:
    """An array under another frame's labels.

    >>> framed(np.array([[1.5]]), pd.DataFrame({"C28": [3]}, index=["AT33"])).loc["AT33", "C28"]
    np.float64(1.5)
    """
    return pd.DataFrame(array, index=like.index, columns=like.columns)


def exact_sums(rows: FloatArray) -> FloatArray:
    """Sum of each row's numbers, exactly rounded whatever their order; 0 for a row without numbers.

    >>> exact_sums(np.array([[1e16, 1.0, -1e16, np.nan]])).tolist()
    [1.0]
    """
    counted = np.where(np.isnan(rows), 0.0, rows)
    return np.array([math.fsum(row) for row in counted.tolist()], dtype=np.float64)


def reference_of(
    table: ActivityTable, reference: pd.Series | pd.DataFrame | None
) -> tuple[FloatArray, IntArray]:
    """The reference's activity totals of each period, and each total's state.

    Args:
        table: the regions.
        reference: totals by activity; with years in the table a frame of years × activities gives each year
            its own. When omitted, the table is its own reference: a total with a cell that is not published
            is not known, its state is that of the cell. Pass `published_sums(table)` to use the published
            cells alone, and say so.

    Returns:
        periods × activities: totals (NaN where not known) and states (positions in CELL_STATES).

    Raises:
        BenchmarkInputError: a negative or infinite total, a label twice, a frame without the table's years.

    >>> table = ActivityTable.of(pd.DataFrame({"C28": [10, None], "I55": [3, 4]}, index=["A", "B"]))
    >>> totals, states = reference_of(table, None)
    >>> totals.tolist(), states.tolist()  # 3 is not_available
    ([[nan, 7.0]], [[3, 0]])
    """
    years, period = table.periods
    if reference is None:
        return _own_reference(table, len(years), period)
    frame = reference.to_frame().T if isinstance(reference, pd.Series) else reference
    _numbers(frame, "reference")
    if isinstance(reference, pd.Series):
        totals = np.tile(_totals(frame, table), (len(years), 1))
    else:
        absent = years.difference(frame.index)
        if years.name != YEAR or len(absent):
            missing = f"the year {absent[0]}" if years.name == YEAR else "no year, as the table has none,"
            _refuse(f"its rows lack {missing}", "Pass a row per year, or a series by activity.", "reference")
        totals = _totals(frame.loc[years], table)
    return totals, np.where(np.isnan(totals), NOT_AVAILABLE, REPORTED)


@checked
def published_sums(table: ActivityTable) -> pd.Series | pd.DataFrame:
    """Sums of the published cells by activity (of each year): a reference that lacks what is hidden.

    Whoever passes it as a reference declares that the published cells are meant. NaN where none is published.

    >>> table = ActivityTable.of(pd.DataFrame({"C28": [10, None], "I55": [3, 4]}, index=["A", "B"]))
    >>> published_sums(table).to_dict()
    {'C28': 10.0, 'I55': 7.0}
    """
    years, period = table.periods
    x = table.x
    sums = np.stack(
        [
            np.where(np.isnan(x[period == p]).all(axis=0), np.nan, exact_sums(x[period == p].T))
            for p in range(len(years))
        ]
    )
    frame = pd.DataFrame(sums, index=years, columns=table.values.columns)
    return frame if years.name == YEAR else frame.iloc[0].rename(None)


def first_state(state: IntArray) -> IntArray:
    """For each row of states the first of CELL_STATES that hinders it, REPORTED where none does.

    A cell that cannot exist (`not_applicable`) is no gap.

    >>> first_state(np.array([[0, 3, 1], [0, 2, 0]])).tolist()
    [1, 0]
    """
    hinders = np.where((state == REPORTED) | (state == NOT_APPLICABLE), len(CELL_STATES), state)
    least = hinders.min(axis=1, initial=len(CELL_STATES))
    return np.where(least == len(CELL_STATES), REPORTED, least)


def figure_states(hindrance: IntArray) -> "pd.Index[str]":
    """Words for what hinders a figure: a confidential cell makes it undetermined, others pass their state on.

    >>> figure_states(np.array([0, 1, 3])).tolist()
    ['reported', 'undetermined', 'not_available']
    """
    words = list(CELL_STATES)
    words[CONFIDENTIAL] = UNDETERMINED
    return pd.Index(words).take(hindrance)


def _own_reference(table: ActivityTable, periods: int, period: IntArray) -> tuple[FloatArray, IntArray]:
    x, state = table.x, table.state
    sums, states = [], []
    for p in range(periods):
        inside = period == p
        sums.append(exact_sums(x[inside].T))
        states.append(first_state(state[inside].T))
    of = np.stack(states)
    return np.where(of == REPORTED, np.stack(sums), np.nan), of


def _totals(frame: pd.DataFrame, table: ActivityTable) -> FloatArray:
    return frame.reindex(columns=table.values.columns).to_numpy(dtype=np.float64, na_value=np.nan)


def _numbers(frame: pd.DataFrame, where: str = "values") -> FloatArray:
    x = counts(frame, where)
    # Products of two counts must neither overflow nor vanish.
    strange = (x != 0) & ((x < 1e-100) | (x > 1e100))
    _refuse_first(strange, frame, "is a count in no unit", "Pass counts in another unit, say in jobs.", where)
    return x


def _state_positions(states: pd.DataFrame) -> IntArray:
    numbers, words = pd.factorize(states.to_numpy(dtype=object).ravel())
    known = pd.Index(CELL_STATES).get_indexer(pd.Index(words, dtype="object"))
    if (numbers < 0).any() or (known < 0).any():
        stranger = "an empty state" if (numbers < 0).any() else repr(words[int(np.argmin(known))])
        _refuse(f"{stranger} is not a cell state", f"Use one of {', '.join(CELL_STATES)}.", "states")
    return known[numbers].reshape(states.shape).astype(np.int64)


def _refuse_first(wrong: BoolArray, frame: pd.DataFrame, what: str, todo: str, where: str = "values") -> None:
    found = np.argwhere(wrong)
    if found.size:
        row, column = (int(place) for place in found[0])
        cell = f"{label_of(frame.index[row])} × {frame.columns[column]}"
        _refuse(f"{cell} holds {frame.iat[row, column]!s}: it {what}", todo, where)


def _refuse(what: str, todo: str, where: str = "table") -> NoReturn:
    raise BenchmarkInputError(what, where=where, todo=todo)
