"""The units of an index: their numbers, states, flags, groups and bounds on one set of labels.

Belongs here: the table that every step takes and gives, what a step hands back.
Does not: what a user's cell means (unit_cells), any formula.
"""

from collections.abc import Collection
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from alp_pipeline.benchmark.cells import CELL_STATES, BenchmarkInputError, BoolArray, FloatArray, IntArray
from alp_pipeline.benchmark.composite.files import TableFile, named_after, read_table_file
from alp_pipeline.benchmark.composite.framework import Framework
from alp_pipeline.benchmark.composite.unit_cells import (
    CONFIDENTIAL,
    NOT_AVAILABLE,
    REPORTED,
    group_texts,
    identified,
    label_of,
    numbers_and_states,
)
from alp_pipeline.benchmark.inputs import checked

LARGEST = 1e70
"""Fourth powers of what lies beyond it, which a kurtosis sums, may be infinite."""


@dataclass(frozen=True, eq=False)
class UnitTable:
    """Units × indicators with everything that is known of each cell; no frame of it is changed in place.

    Attributes:
        values: float, NaN = no number. Index = unit code, or (unit, time) for a panel; columns = codes.
        states: same labels; words of CELL_STATES, `reported` exactly where there is a number.
        flags: same labels; OBS_STATUS letters, "" where none. `i` marks a number that a step imputed.
        groups: same index; columns = group codes of the framework; text, NaN = none.
        denominators: same index; columns = denominator codes; float, NaN = no number.
        denominator_states: states of the denominators.
        names: name by unit code.
        lower, upper: bounds, in the unit of `values`, of cells without a number; NaN where there are none.
            None where no cell has any.
    """

    values: pd.DataFrame
    states: pd.DataFrame
    flags: pd.DataFrame
    groups: pd.DataFrame
    denominators: pd.DataFrame
    denominator_states: pd.DataFrame
    names: pd.Series
    lower: pd.DataFrame | None = None
    upper: pd.DataFrame | None = None

    known_states: ClassVar[tuple[str, ...]] = CELL_STATES
    """The words that a cell may have."""

    @classmethod
    @checked
    def of(
        cls,
        data: pd.DataFrame,
        framework: Framework,
        *,
        states: pd.DataFrame | None = None,
        flags: pd.DataFrame | None = None,
        lower: pd.DataFrame | None = None,
        upper: pd.DataFrame | None = None,
    ) -> "UnitTable":
        """Check a data table against its framework.

        Args:
            data: one row per unit, or unit and time: uCode or unit, uName or name, Time or time (whole
                years; one single year makes a cross-section), then the framework's indicators, groups and
                denominators; COINr's iData as it is. For the words of a cell without a number see
                `unit_cells.numbers_and_states`. Columns that the framework does not know are ignored.
            states: words of CELL_STATES by unit (or unit and time) × indicator, NaN where the data say it
                already. A number in a cell whose state is not `reported` is dropped: it must not be used.
            flags: OBS_STATUS letters, likewise labelled.
            lower, upper: bounds of cells without a number, likewise labelled; both or neither per cell.

        Raises:
            BenchmarkInputError: a column is missing; a unit is empty or appears twice; a cell is neither
                number nor known word; a state is unknown, or `reported` without a number; a label of
                `states`, `flags` or the bounds is not in the data; a lower bound exceeds the upper one.

        >>> framework = Framework.of(pd.DataFrame({"code": ["LPI"], "level": 1, "parent": None,
        ...                                        "direction": 1, "type": "Indicator"}))
        >>> data = pd.DataFrame({"uCode": ["AT", "CH", "SI"], "LPI": [4.1, ":c", None]})
        >>> UnitTable.of(data, framework).states["LPI"].to_dict()
        {'AT': 'reported', 'CH': 'confidential', 'SI': 'not_available'}
        """
        frame, names = identified(data)
        values, cell_states = numbers_and_states(frame, framework.indicators)
        denominators, denominator_states = numbers_and_states(frame, framework.denominator_codes)
        if states is not None:
            given = _aligned(states, values, "states")
            cell_states = given.where(given.notna(), cell_states).astype("str")
            values = values.where(cell_states == REPORTED)
        texts = pd.DataFrame("", index=values.index, columns=values.columns, dtype="str")
        if flags is not None:
            texts = _aligned(flags, values, "flags").astype("str").fillna("")
        table = cls(
            values=values,
            states=cell_states,
            flags=texts,
            groups=group_texts(frame, framework.group_codes),
            denominators=denominators,
            denominator_states=denominator_states,
            names=names,
        )
        return table._with_bounds(lower, upper)

    def __post_init__(self) -> None:
        _require_states(self.values, self.states, self.known_states)

    @property
    def index(self) -> pd.Index:
        """The labels of the rows: unit codes, or (unit, time)."""
        return self.values.index

    @property
    def codes(self) -> tuple[str, ...]:
        """The codes of the columns."""
        return tuple(self.values.columns)

    @property
    def is_panel(self) -> bool:
        """Whether the rows are units at several times."""
        return isinstance(self.values.index, pd.MultiIndex)

    @cached_property
    def array(self) -> FloatArray:
        """The values as an array (units, indicators); read-only."""
        array = self.values.to_numpy(dtype=np.float64, copy=True)
        array.flags.writeable = False
        return array

    @cached_property
    def fillable(self) -> BoolArray:
        """Cells without a number that an estimate may fill: neither confidential nor not applicable."""
        open_states = [s for s in CELL_STATES if s not in (REPORTED, CONFIDENTIAL, "not_applicable")]
        return self.states.isin(open_states).to_numpy()

    @cached_property
    def label_order(self) -> IntArray:
        """The rows in the order of their labels: what is summed in it is the same for rows in any order."""
        return np.argsort(self.index, kind="stable").astype(np.int64)

    def cells(self, chosen: BoolArray) -> pd.DataFrame:
        """The labels of the chosen cells in the order of the table: unit, time in a panel, indicator."""
        rows, columns = np.nonzero(chosen)
        labels = self.index.take(rows).to_frame(index=False)
        return labels.assign(indicator=self.values.columns.take(columns))

    @checked
    def with_values(
        self,
        values: pd.DataFrame,
        states: pd.DataFrame | None = None,
        *,
        flags: pd.DataFrame | None = None,
        lower: pd.DataFrame | None = None,
        upper: pd.DataFrame | None = None,
    ) -> "UnitTable":
        """The same units with other numbers.

        Args:
            values: rows must be among this table's, columns may be any (an aggregate is a new column).
            states: as `values`; when omitted a number is `reported`, a cell that had no number keeps its
                state, and any other becomes `not_available`.
            flags: as `values`; when omitted a cell keeps its flags, and a new column has none.
            lower, upper: as `values`; when omitted no cell has bounds, for those of before belong to the
                numbers of before. Bounds of a cell with a number are dropped.

        Raises:
            BenchmarkInputError: a row is not in this table, a label appears twice, a state contradicts its
                number, a number is infinite, a lower bound exceeds the upper one.
        """
        rows = self._rows(values.index)
        if values.columns.has_duplicates:
            raise BenchmarkInputError(
                f"the column {values.columns[values.columns.duplicated()][0]} appears more than once",
                where="values",
                todo="Pass every column once.",
            )
        if states is None:
            before = self.states.iloc[rows].reindex(columns=values.columns, fill_value=NOT_AVAILABLE)
            kept = before.where(before != REPORTED, NOT_AVAILABLE)
            states = kept.where(values.isna(), REPORTED)
        if flags is None:
            flags = self.flags.iloc[rows].reindex(columns=values.columns, fill_value="")
        given = {
            "values": values.astype("float64"),
            "states": states.astype("str"),
            "flags": flags.astype("str"),
            "lower": None,
            "upper": None,
        }
        return replace(self, **{**self._rows_of(rows), **given})._with_bounds(lower, upper)

    def take(self, units: Collection[object]) -> "UnitTable":
        """The rows with the given labels, in the order of this table.

        Raises:
            BenchmarkInputError: a label is not in this table.
        """
        wanted = self._rows(pd.Index(list(units)))
        return self._take(np.sort(wanted))

    def only(self, codes: Collection[str]) -> "UnitTable":
        """The columns with the given codes, in the order given.

        Raises:
            BenchmarkInputError: a code is not in this table.
        """
        names = list(codes)
        absent = [code for code in names if code not in self.values.columns]
        if absent:
            raise BenchmarkInputError(
                f"the column {absent[0]} is absent",
                where="units",
                todo=f"Use one of {', '.join(self.codes)}.",
            )
        return replace(
            self,
            values=self.values[names],
            states=self.states[names],
            flags=self.flags[names],
            lower=None if self.lower is None else self.lower[names],
            upper=None if self.upper is None else self.upper[names],
        )

    def _rows(self, labels: pd.Index) -> IntArray:
        rows = self.index.get_indexer(labels) if len(labels) else np.array([], dtype=np.int64)
        if labels.has_duplicates or (rows < 0).any():
            wrong = labels[labels.duplicated()] if labels.has_duplicates else labels[rows < 0]
            what = "appears more than once" if labels.has_duplicates else "is not in the table"
            raise BenchmarkInputError(
                f"the unit {label_of(wrong[0])} {what}",
                where="units",
                todo="Name units of the table, once each.",
            )
        return rows

    def _take(self, rows: IntArray) -> "UnitTable":
        return replace(self, **self._rows_of(rows))

    def _rows_of(self, rows: IntArray) -> dict[str, Any]:
        """Every field, of some rows."""
        taken: dict[str, Any] = {
            name: None if (frame := getattr(self, name)) is None else frame.iloc[rows] for name in _FRAMES
        }
        codes = self.index.take(rows).get_level_values(0).unique()
        return {**taken, "names": self.names.reindex(codes)}

    def _with_bounds(self, lower: pd.DataFrame | None, upper: pd.DataFrame | None) -> "UnitTable":
        if lower is None and upper is None:
            return self
        if lower is None or upper is None:
            raise BenchmarkInputError("one of the two bounds is absent", where="bounds", todo="Pass both.")
        empty = self.values.isna()
        low = _aligned(lower, self.values, "lower").astype("float64").where(empty)
        high = _aligned(upper, self.values, "upper").astype("float64").where(empty)
        wrong = (low.isna() != high.isna()) | (low > high) | np.isinf(low) | np.isinf(high)
        if wrong.to_numpy().any():
            row, column = (int(place) for place in np.argwhere(wrong.to_numpy())[0])
            raise BenchmarkInputError(
                f"{label_of(self.index[row])} × {self.codes[column]} has the bounds "
                f"{float(low.to_numpy()[row, column])} and {float(high.to_numpy()[row, column])}",
                where="bounds",
                todo="Pass two finite bounds, the lower one first, or neither.",
            )
        if not low.notna().to_numpy().any():
            return replace(self, lower=None, upper=None)
        return replace(self, lower=low, upper=high)


_FRAMES = ("values", "states", "flags", "groups", "denominators", "denominator_states", "lower", "upper")


@dataclass(frozen=True, eq=False)
class StepResult:
    """What a step hands on, and what it did.

    Attributes:
        units: the units after the step.
        framework: the framework after the step (weights, or indicators left out, may differ).
        details: named tables of what was done to which cell, unit or indicator.
    """

    units: UnitTable
    framework: Framework
    details: dict[str, pd.DataFrame]


@checked
def read_units(path: Path | str, framework: Framework, *, sheet: str | None = None) -> UnitTable:
    """The units in a CSV, XLSX or Parquet file; see `UnitTable.of` for its columns.

    Raises:
        BenchmarkInputError: see `files.read_table` and `UnitTable.of`.

    >>> import tempfile
    >>> framework = Framework.of(pd.DataFrame({"code": ["LPI"], "level": 1, "parent": None, "direction": 1,
    ...                                        "type": "Indicator"}))
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = Path(folder) / "iData.csv"
    ...     _ = file.write_text("uCode,LPI\\nAT,4.1\\nCH,:c\\n")
    ...     read_units(file, framework).values["LPI"].to_dict()
    {'AT': 4.1, 'CH': nan}
    """
    table = units_file(path, framework, sheet=sheet).table
    with named_after(path, "data"):
        return UnitTable.of(table, framework)


def units_file(path: Path | str, framework: Framework, *, sheet: str | None = None) -> TableFile:
    """The table of units in a file, and what was read otherwise than it stands there.

    Raises:
        BenchmarkInputError: see `files.read_table_file` and `TableFile.numbers_in`.

    >>> import tempfile
    >>> framework = Framework.of(pd.DataFrame({"code": ["LPI"], "level": 1, "parent": None, "direction": 1,
    ...                                        "type": "Indicator"}))
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = Path(folder) / "iData.csv"
    ...     _ = file.write_text("uCode;LPI\\nAT;4,1\\nCH;:c\\n")
    ...     units_file(file, framework).table["LPI"].tolist()
    ['4.1', ':c']
    """
    numbers = {code.lower() for code in (*framework.indicators, *framework.denominator_codes)}
    return read_table_file(path, sheet=sheet).numbers_in(numbers, path)


def _aligned(frame: pd.DataFrame, like: pd.DataFrame, where: str) -> pd.DataFrame:
    """The frame on the labels of another; a label that is not there, or twice, is refused by name."""
    for given, known, axis in ((frame.index, like.index, "unit"), (frame.columns, like.columns, "column")):
        stranger = given[given.duplicated() | ~given.isin(known)]
        if len(stranger):
            raise BenchmarkInputError(
                f"the {axis} {label_of(stranger[0])} is not in the data, or there twice",
                where=where,
                todo="Label it as the data are labelled.",
            )
    return frame.reindex(index=like.index, columns=like.columns)


def _require_states(values: pd.DataFrame, states: pd.DataFrame, known: tuple[str, ...]) -> None:
    if not (values.index.equals(states.index) and values.columns.equals(states.columns)):
        raise BenchmarkInputError(
            "states and values differ in labels", where="states", todo="Label both the same."
        )
    array = values.to_numpy()
    # One pass over all words: column by column it was half the time of an index.
    numbers, words = pd.factorize(states.to_numpy(dtype=object).ravel())
    numbers = numbers.reshape(array.shape)
    is_known = np.append(pd.Index(words).isin(known), False)[numbers]
    is_reported = np.append(words == REPORTED, False)[numbers]
    of_states = f"A number goes with `reported`, any other state of {', '.join(known)} with none."
    problems = (
        (np.isinf(array), "is infinite", "Pass finite numbers."),
        # Sums of their powers would be infinite: every z-score 0, the rule of treatment mute.
        (np.abs(array) > LARGEST, f"is beyond {LARGEST:g}", "Express the indicator in a larger unit."),
        (~is_known, "has an unknown state", of_states),
        (is_reported & np.isnan(array), "is reported without a number", of_states),
        (~is_reported & ~np.isnan(array), "has a number and is not reported", of_states),
    )
    for wrong, problem, todo in problems:
        if wrong.any():
            row, column = (int(place) for place in np.argwhere(wrong)[0])
            raise BenchmarkInputError(
                f"{label_of(values.index[row])} × {values.columns[column]} {problem}",
                where="cells",
                todo=todo,
            )
