"""A user's table in a file, cell by cell as it stands there.

Belongs here: CSV, XLSX and Parquet into a frame, headings, the separator of a CSV.
Does not: what a cell means (framework, units).
"""

import csv
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NoReturn

import pandas as pd

from alp_pipeline.benchmark.cells import BenchmarkInputError
from alp_pipeline.benchmark.decimal_marks import SEPARATORS, with_points


@dataclass(frozen=True, eq=False)
class TableFile:
    """A table as read, and what was read otherwise than it stands there.

    Attributes:
        table: see `read_table`.
        separator: of the columns of a CSV; a comma of any other file.
        remarks: sentences for whoever uses the table.
    """

    table: pd.DataFrame
    separator: str = ","
    remarks: tuple[str, ...] = ()

    def numbers_in(self, columns: Collection[str], path: Path | str) -> "TableFile":
        """The same with a decimal point in every number of these columns (lower case), and a remark on it.

        Decimal commas and parted thousands are read where the columns together leave no doubt
        (`decimal_marks.with_points`); any other text stays.

        Raises:
            BenchmarkInputError: the numbers have two readings.
        """
        where = Path(path).name
        own = [place for place, name in enumerate(self.table) if str(name).strip().lower() in columns]
        cells = {place: self.table.iloc[:, place].tolist() for place in own}
        words = (cell.strip() for texts in cells.values() for cell in texts if isinstance(cell, str))
        points = with_points(dict.fromkeys(words), where, separator=self.separator)
        if not points:
            return self
        table, changed = self.table.copy(deep=False), []
        for place, texts in cells.items():
            read = [points.get(cell.strip(), cell) if isinstance(cell, str) else cell for cell in texts]
            if read != texts:
                changed.append(str(table.columns[place]))
                table.isetitem(place, pd.Series(read, index=table.index, dtype=table.dtypes.iloc[place]))
        shown = ", ".join(changed[:5]) + (f" and {len(changed) - 5} more" if len(changed) > 5 else "")
        written, meant = next(iter(points.items()))
        said = f"{where}: numbers of {shown} have no plain decimal point: {written} was read as {meant}"
        return replace(self, table=table, remarks=(*self.remarks, said))


def read_table(
    path: Path | str, *, sheet: str | None = None, first_heading: str | None = None
) -> pd.DataFrame:
    """The table in a file, see `read_table_file`.

    Raises:
        BenchmarkInputError: see `read_table_file`.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = Path(folder) / "jobs.csv"
    ...     _ = file.write_text("unit;jobs\\nAT;01\\nNA;\\n")
    ...     read_table(file).to_dict("list")
    {'unit': ['AT', 'NA'], 'jobs': ['01', '']}
    """
    return read_table_file(path, sheet=sheet, first_heading=first_heading).table


@contextmanager
def named_after(path: Path | str, where: str) -> Iterator[None]:
    """Inside, an error that is about `where` (such as "data") names the file instead.

    >>> with named_after("in/regions.csv", "data"):
    ...     raise BenchmarkInputError("there are no units", where="data", todo="Pass one row per unit.")
    Traceback (most recent call last):
    alp_pipeline.benchmark.cells.BenchmarkInputError: BenchmarkInputError: regions.csv: there are ...
    """
    try:
        yield
    except BenchmarkInputError as error:
        if error.where != where:
            raise
        raise type(error)(error.what, where=Path(path).name, todo=error.todo) from None


def read_table_file(
    path: Path | str, *, sheet: str | None = None, first_heading: str | None = None
) -> TableFile:
    """The table in a file: its first row names the columns.

    Text stays text ("NA" may be Namibia, "01" a code): whoever knows a column's role converts it. Of a CSV
    every cell is text, "" where empty; its separator (comma, semicolon, tabulator or bar) is the one that
    its heading has most of. Empty rows are dropped.

    Args:
        path: a file ending in .csv, .tsv, .txt, .xlsx, .xls, .ods or .parquet.
        sheet: the sheet of a workbook; the first one when omitted.
        first_heading: what to call a first column without a heading, as R and pandas write row names; such a
            column is refused when omitted.

    Raises:
        BenchmarkInputError: the file is absent, of another kind, unreadable or empty; a heading is empty or
            appears twice; a row of a CSV has more cells than the heading.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = Path(folder) / "units.csv"
    ...     _ = file.write_text("uCode;LPI;Goods\\nNA;3.5;\\n", encoding="utf-8")
    ...     read_table(file).values.tolist()
    [['NA', '3.5', '']]
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = Path(folder) / "units.csv"
    ...     _ = file.write_text("uCode;LPI\\nAT;3,5\\n", encoding="utf-8")
    ...     read_table_file(file).numbers_in(["lpi"], file).remarks
    ('units.csv: numbers of LPI have no plain decimal point: 3,5 was read as 3.5',)
    """
    path = Path(path)
    readers = dict.fromkeys((".csv", ".tsv", ".txt"), lambda path: _csv(path, first_heading))
    readers[".parquet"] = lambda path: TableFile(_parquet(path, first_heading))
    readers |= dict.fromkeys(
        (".xlsx", ".xls", ".ods"), lambda path: TableFile(_workbook(path, sheet, first_heading))
    )
    reader = readers.get(path.suffix.lower())
    if reader is None:
        _refuse(
            path, f"a file ending in {path.suffix!r} is not a table", f"Pass one of {', '.join(readers)}."
        )
    if not path.is_file():
        _refuse(path, "there is no such file", "Check the path.")
    found = reader(path)
    if not len(found.table.columns) or not len(found.table):
        _refuse(path, "the table has no rows", "Pass a heading and at least one row below it.")
    return found


def _csv(path: Path, first_heading: str | None) -> TableFile:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            heading = file.readline()
            file.seek(0)
            separator = max(SEPARATORS, key=heading.count)
            rows = [row for row in csv.reader(file, delimiter=separator, strict=True) if any(row)]
    except (UnicodeDecodeError, csv.Error) as error:
        _refuse(path, f"it cannot be read as CSV in UTF-8 ({error})", "Save it again as CSV in UTF-8.")
    return TableFile(_rectangle(path, rows, first_heading), separator)


def _workbook(path: Path, sheet: str | None, first_heading: str | None) -> pd.DataFrame:
    from python_calamine import CalamineError, CalamineWorkbook

    try:
        workbook = CalamineWorkbook.from_path(path)
        name = workbook.sheet_names[0] if sheet is None else sheet
        if name not in workbook.sheet_names:
            _refuse(path, f"there is no sheet {name!r}", f"Name one of {', '.join(workbook.sheet_names)}.")
        rows = workbook.get_sheet_by_name(name).to_python()
    except CalamineError as error:
        _refuse(path, f"the workbook cannot be read ({error})", "Save it again as XLSX.")
    return _rectangle(path, [row for row in rows if any(cell != "" for cell in row)], first_heading)


def _parquet(path: Path, first_heading: str | None) -> pd.DataFrame:
    from pyarrow import ArrowInvalid

    try:
        table = pd.read_parquet(path)
    except ArrowInvalid as error:
        _refuse(path, f"it cannot be read as Parquet ({error})", "Write it again.")
    if first_heading is not None and not isinstance(table.index, pd.RangeIndex | pd.MultiIndex):
        return table.reset_index(names=table.index.name or first_heading)
    named = [name for name in table.index.names if name is not None]
    return table.reset_index(named).reset_index(drop=True)


def _rectangle(path: Path, rows: Sequence[Sequence[object]], first_heading: str | None) -> pd.DataFrame:
    if not rows:
        _refuse(path, "the table is empty", "Pass a heading and at least one row below it.")
    heading = [str(name).strip() for name in rows[0]]
    while heading and not heading[-1]:
        heading.pop()
    if heading and not heading[0] and first_heading is not None:
        heading[0] = first_heading
    for place, name in enumerate(heading):
        if not name or name in heading[:place]:
            problem = "has no heading" if not name else f"has the heading {name!r} of another one"
            _refuse(path, f"column {place + 1} {problem}", "Give every column a name of its own.")
    width = len(heading)
    for number, row in enumerate(rows[1:], start=2):
        if any(cell != "" for cell in row[width:]):
            _refuse(
                path, f"row {number} has a cell right of the last heading", "Quote cells with separators."
            )
    body = [list(row[:width]) + [""] * (width - len(row)) for row in rows[1:]]
    return pd.DataFrame(body, columns=heading)


def _refuse(path: Path, what: str, todo: str) -> NoReturn:
    raise BenchmarkInputError(what, where=path.name, todo=todo)
