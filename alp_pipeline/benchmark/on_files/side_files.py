"""What may stand beside a matrix: groups of activities, totals, a reference, neighbours, numbers by code.

Belongs here: reading these files, totals that stand in the matrix itself. Does not: the matrix (matrix_file),
what is computed from them (methods).
"""

import re
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

import numpy as np
import pandas as pd

from alp_pipeline.benchmark.activity_table import YEAR, ActivityTable, exact_sums
from alp_pipeline.benchmark.cells import BenchmarkInputError, BoolArray, whole_years
from alp_pipeline.benchmark.composite.files import read_table
from alp_pipeline.benchmark.disclosure import PublishedTotals
from alp_pipeline.benchmark.labels import label_of
from alp_pipeline.benchmark.on_files.matrix_file import (
    TIME,
    VALUE,
    code_text,
    is_mark,
    marked_secret,
    parse_cells,
    separator_in,
)

NACE = "nace"
_TOTAL = ("total", "_t", "all")
_NACE_CODE = re.compile(r"^[A-U]\d")


@dataclass(frozen=True)
class Reference:
    """Totals of a reference territory: by activity (of each year), and all together where it is said."""

    by_activity: pd.Series | pd.DataFrame
    total: float | pd.Series | None = None

    def without(self, codes: Sequence[Hashable]) -> "Reference":
        """The reference without some of its codes."""
        kept = self.by_activity
        if isinstance(kept, pd.DataFrame):
            return Reference(kept[[code for code in kept.columns if code not in codes]], self.total)
        return Reference(kept[~kept.index.isin(list(codes))], self.total)

    def with_total(self, code: str) -> "Reference":
        """The reference with one of its codes as the total of all others."""
        of = self.by_activity
        total = of[code] if isinstance(of, pd.DataFrame) else float(of[code])
        return Reference(of, total).without([code])


def read_groups(option: str, activities: pd.Index) -> dict[Hashable, Hashable]:
    """The group of each activity: `nace` for the section letter of NACE codes, else a file (activity, group).

    Raises:
        BenchmarkInputError: a code that has no section letter, an activity twice, a file of other columns.

    >>> read_groups("nace", pd.Index(["C28", "I55", "C"]))
    {'C28': 'C', 'I55': 'I'}
    """
    if option == NACE:
        strange = [code for code in activities if not _NACE_CODE.match(str(code)) and not _is_letter(code)]
        if strange:
            _refuse(
                f"{strange[0]} is no NACE division",
                "Pass --groups FILE with columns activity, group.",
                "groups",
            )
        return {code: str(code)[0] for code in activities if not _is_letter(code)}
    path = Path(option)
    frame = read_table(path, first_heading="activity")
    if frame.shape[1] < 2:
        _refuse("it has one column", "Pass two columns: activity, group.", path.name)
    codes, of = frame.iloc[:, 0].map(code_text), frame.iloc[:, 1].map(code_text)
    if codes.duplicated().any():
        _refuse(f"{codes[codes.duplicated()].iloc[0]} has two groups", "Keep one of them.", path.name)
    return {code: group for code, group in zip(codes, of, strict=True) if group}


def split_groups(
    table: ActivityTable, groups: dict[Hashable, Hashable], rounding: float
) -> tuple[ActivityTable, PublishedTotals | None]:
    """Take the columns that are groups of others out of a table: they are these groups' published totals.

    Returns:
        The table of the other activities, and the totals; None where no column is a group.

    Args:
        groups: the group of each activity, see `read_groups`. rounding: the unit of published numbers.

    >>> cells = ActivityTable.of(pd.DataFrame({"C10": [30], "C28": [10], "C": [40]}, index=["AT33"]))
    >>> kept, published = split_groups(cells, {"C10": "C", "C28": "C"}, 1.0)
    >>> kept.values.columns.tolist(), published.totals.to_dict("list")
    (['C10', 'C28'], {'C': [40.0]})
    """
    columns = table.values.columns
    used = {groups[code] for code in columns if code in groups and groups[code] != code}
    is_total = columns.isin(list(used))
    if not is_total.any():
        return table, None
    kept = _columns_of(table, np.logical_not(is_total))
    inside: dict[Hashable, Hashable] = {code: groups[code] for code in kept.values.columns if code in groups}
    return kept, PublishedTotals(inside, table.values.loc[:, is_total], rounding=rounding)


def _columns_of(table: ActivityTable, chosen: BoolArray) -> ActivityTable:
    """Some of a table's activities."""
    return ActivityTable(table.values.loc[:, chosen], table.states.loc[:, chosen], table.flags.loc[:, chosen])


def _rows_of(table: ActivityTable, rows: BoolArray) -> ActivityTable:
    """Some of a table's rows."""
    return ActivityTable(table.values[rows], table.states[rows], table.flags[rows])


def take_total_column(table: ActivityTable, name: str) -> tuple[ActivityTable, pd.Series]:
    """Take a column of region totals out of a table.

    Raises:
        BenchmarkInputError: there is no such column.

    >>> cells = ActivityTable.of(pd.DataFrame({"C10": [30], "I55": [10], "all": [45]}, index=["AT33"]))
    >>> kept, totals = take_total_column(cells, "all")
    >>> kept.values.columns.tolist(), totals.to_dict()
    (['C10', 'I55'], {'AT33': 45.0})
    """
    if name not in table.values.columns:
        _refuse(f"there is no column {name!r}", "Name the column that holds the regions' totals.", "matrix")
    return _columns_of(table, np.asarray(table.values.columns != name)), table.values[name]


def take_total_row(table: ActivityTable, name: str) -> tuple[ActivityTable, Reference]:
    """Take the row (of each year) of a reference's totals out of a table.

    Raises:
        BenchmarkInputError: there is no such row.

    >>> cells = ActivityTable.of(pd.DataFrame({"C10": [30, 99]}, index=["AT33", "EU"]))
    >>> kept, reference = take_total_row(cells, "EU")
    >>> kept.values.index.tolist(), reference.by_activity.to_dict()
    (['AT33'], {'C10': 99.0})
    """
    regions = table.values.index.get_level_values(0)
    there = np.asarray(regions == name)
    if not there.any():
        _refuse(f"there is no row {name!r}", "Name the row that holds the reference's totals.", "matrix")
    found = table.values[there]
    reference = found.droplevel(0) if isinstance(found.index, pd.MultiIndex) else found.iloc[0]
    return _rows_of(table, np.logical_not(there)), Reference(reference)


def require_no_totals(table: ActivityTable) -> None:
    """Refuse a table in which a total stands among its parts: they would be counted twice.

    Raises:
        BenchmarkInputError: a row or column called total (or _t); a NACE section beside its division.

    >>> require_no_totals(ActivityTable.of(pd.DataFrame({"C28": [10], "C": [40]}, index=["AT33"])))
    Traceback (most recent call last):
    alp_pipeline.benchmark.cells.BenchmarkInputError: ...the section C stands beside C28, a part of it...
    """
    for labels, line in ((table.values.columns, "column"), (table.values.index.get_level_values(0), "row")):
        for label in labels:
            if str(label).lower() in ("total", "_t"):
                todo = f"Drop it, or say that it is the total: --total-{line} {label}."
                _refuse(f"the {line} {label} stands among its own parts", todo, "matrix")
    if parts := _sections_with_parts(table.values.columns):
        todo = f"Drop {parts[0]} or its divisions, or pass --groups nace to a method that heeds groups."
        _refuse(f"the section {parts[0]} stands beside {parts[1]}, a part of it", todo, "matrix")


def require_one_level(reference: Reference) -> None:
    """Refuse a reference whose total would be summed over sections and over their divisions.

    Raises:
        BenchmarkInputError: a NACE section stands beside its division, and no total is said.

    >>> require_one_level(Reference(pd.Series({"C28": 10.0, "C": 40.0}), total=90.0))
    >>> require_one_level(Reference(pd.Series({"C28": 10.0, "C": 40.0})))
    Traceback (most recent call last):
    alp_pipeline.benchmark.cells.BenchmarkInputError: ...the section C stands beside C28, a part of it...
    """
    of = reference.by_activity
    parts = _sections_with_parts(of.columns if isinstance(of, pd.DataFrame) else of.index)
    if reference.total is None and parts:
        todo = f"Add a row TOTAL, or drop {parts[0]} or its divisions."
        _refuse(f"the section {parts[0]} stands beside {parts[1]}, a part of it", todo, "reference")


def _sections_with_parts(labels: pd.Index) -> list[str]:
    """The first NACE section that stands beside one of its parts, and that; nothing otherwise."""
    codes = [str(code) for code in labels]
    if not all(_NACE_CODE.match(code) or _is_letter(code) for code in codes):
        return []
    for section in filter(_is_letter, codes):
        if parts := [code for code in codes if code[0] == section and code != section]:
            return [section, parts[0]]
    return []


def require_room(table: ActivityTable, totals: pd.Series, rounding: float) -> None:
    """Refuse a region's total below the sum of its published cells, by more than rounding explains.

    Args:
        totals: by the rows of the table, NaN = not known. rounding: the unit of published numbers.

    Raises:
        BenchmarkInputError: a total is too small.

    >>> cells = ActivityTable.of(pd.DataFrame({"C10": [30], "I55": [10]}, index=["AT33"]))
    >>> require_room(cells, pd.Series({"AT33": 39.0}), 1.0)  # 29.5 and 9.5 before rounding
    >>> require_room(cells, pd.Series({"AT33": 35.0}), 1.0)
    Traceback (most recent call last):
    alp_pipeline.benchmark.cells.BenchmarkInputError: ...AT33 has 35, its published cells 40...
    """
    given = totals.reindex(table.values.index).to_numpy(dtype=np.float64, na_value=np.nan)
    sums = exact_sums(table.x)
    # Each of n cells above zero, and the total, is off by half a unit at most.
    slack = rounding * ((table.x > 0).sum(axis=1) + 1) / 2
    wrong = np.flatnonzero((sums - given > 1e-9 * sums) & (sums - given >= slack))
    if wrong.size:
        row = int(wrong[0])
        what = f"{label_of(table.values.index[row])} has {given[row]:g}, its published cells {sums[row]:g}"
        _refuse(what, "Pass totals of the same unit and year that hold all activities.", "region totals")


def read_numbers(path: Path, what: str) -> pd.Series | pd.DataFrame:
    """Numbers by code: the first column a code, the last one (or `value`) its number, perhaps a year.

    Returns:
        A series by code; years × codes where there is a column year. NaN where the file has none, or where
        it says that the number is confidential.

    Raises:
        BenchmarkInputError: a code (and year) twice, a cell that is no number.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = Path(folder) / "people.csv"
    ...     _ = file.write_text("geo,people\\nAT33,750\\nITH1,:\\n", encoding="utf-8")
    ...     read_numbers(file, "population").to_dict()
    {'AT33': 750.0, 'ITH1': nan}
    """
    frame = read_table(path, first_heading="code")
    names = {str(name).lower(): name for name in frame.columns}
    time = next((names[word] for word in TIME if word in names), None)
    rest = [name for name in frame.columns[1:] if name != time and not is_mark(name)]
    if not rest:
        _refuse(f"it has no numbers for {what}", "Pass two columns: code, value.", path.name)
    value = next((names[word] for word in VALUE if word in names), rest[-1])
    codes = frame.iloc[:, 0].map(code_text)
    cells = parse_cells(
        frame[value].tolist(),
        path.name,
        lambda place: f"{codes.iloc[place]}",
        separator=separator_in(path),
    )
    numbers = cells["value"].mask(marked_secret(frame, path.name))
    if time is None:
        found = pd.Series(numbers.to_numpy(), index=pd.Index(codes, name=None))
        if found.index.has_duplicates:
            twice = found.index[found.index.duplicated()][0]
            _refuse(f"{twice} appears more than once", "Keep one of them.", path.name)
        return found
    long = pd.DataFrame({"code": codes, YEAR: whole_years(frame[time], path.name), "value": numbers})
    if long.duplicated(["code", YEAR]).any():
        twice = long[long.duplicated(["code", YEAR])].iloc[0]
        _refuse(f"{twice['code']} of {twice[YEAR]} appears more than once", "Keep one of them.", path.name)
    return long.pivot(index=YEAR, columns="code", values="value")


def read_reference(path: Path) -> Reference:
    """A reference's totals by activity; a row called TOTAL (or _T, all) is the total of all activities.

    Raises:
        BenchmarkInputError: see `read_numbers`.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = Path(folder) / "eu.csv"
    ...     _ = file.write_text("activity,value\\nC28,5\\nTOTAL,50\\n", encoding="utf-8")
    ...     found = read_reference(file)
    >>> found.by_activity.to_dict(), found.total
    ({'C28': 5.0}, 50.0)
    """
    found = read_numbers(path, "the reference")
    labels = found.columns if isinstance(found, pd.DataFrame) else found.index
    totals = [label for label in labels if str(label).lower() in _TOTAL]
    return Reference(found).with_total(totals[0]) if totals else Reference(found)


def by_row(numbers: pd.Series | pd.DataFrame, table: ActivityTable) -> pd.Series:
    """Numbers by region (and year) under the rows of a table.

    Returns:
        A number per row; NaN where the numbers have none of its region (and year).

    Raises:
        BenchmarkInputError: the numbers have years and the table has none.

    >>> cells = ActivityTable.of(pd.DataFrame({"C10": [30, 10]}, index=["AT33", "ITH1"]))
    >>> by_row(pd.Series({"ITH1": 530.0, "SI04": 990.0}), cells).tolist()
    [nan, 530.0]
    """
    index = table.values.index
    if isinstance(numbers, pd.Series):
        regions = index.get_level_values(0)
        return pd.Series(numbers.reindex(regions).to_numpy(), index=index)
    if not isinstance(index, pd.MultiIndex):
        _refuse("it has years and the matrix has none", "Pass one year's numbers.", "region totals")
    places = numbers.index.get_indexer(index.get_level_values(1))
    codes = numbers.columns.get_indexer(index.get_level_values(0))
    found = numbers.to_numpy(dtype=np.float64)[places, codes]
    return pd.Series(np.where((places >= 0) & (codes >= 0), found, np.nan), index=index)


def read_neighbours(path: Path) -> pd.DataFrame:
    """Pairs of neighbours: the first two columns of a file.

    Raises:
        BenchmarkInputError: the file has one column.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = Path(folder) / "near.csv"
    ...     _ = file.write_text("a,b,km\\nAT33,ITH1,40\\n", encoding="utf-8")
    ...     read_neighbours(file).to_dict("list")
    {'region_code': ['AT33'], 'neighbour_code': ['ITH1']}
    """
    frame = read_table(path, first_heading="region_code")
    if frame.shape[1] < 2:
        _refuse("it has one column", "Pass two columns: region_code, neighbour_code.", path.name)
    names = ("region_code", "neighbour_code")
    return pd.DataFrame({name: frame.iloc[:, place].map(code_text) for place, name in enumerate(names)})


def _is_letter(code: object) -> bool:
    return len(str(code)) == 1 and str(code).isalpha() and str(code).isupper()


def _refuse(what: str, todo: str, where: str) -> NoReturn:
    raise BenchmarkInputError(what, where=where, todo=todo)
