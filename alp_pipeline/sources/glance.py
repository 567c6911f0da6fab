"""A first look at a downloaded table of rows: its columns, how many rows, the codes, the newest period.

Belongs here: what `alp sources verify` shows of a file whose portal says nothing about its inside. Does not:
reading observations (observations), judging whether a file is data (inspection).
"""

import csv
import io
import re
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Literal

from alp_pipeline.catalog.access import Layout
from alp_pipeline.sources.errors import StructureChanged
from alp_pipeline.sources.family import Description

MOST_CODES = 1000
"""A column with more distinct values holds no codes."""
_YEAR_FIRST = re.compile(r"\d{4}")


def describe_table(
    path: Path, *, file_format: Literal["csv", "xlsx", "zip"], layout: Layout | None, where: str
) -> Description:
    """What a table looks like, in one pass. A column that the layout calls a dimension lists its codes.

    Raises: StructureChanged, when the file has not the heading, sheet or member that the layout names.

    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "addetti.csv"
    >>> _ = path.write_text("Regione;Anno;Addetti\\nITC4;2021;10\\nITH1;2022;20\\n", encoding="utf-8")
    >>> layout = Layout(columns={"Regione": "geo"}, time="Anno", value="Addetti", delimiter=";")
    >>> found = describe_table(path, file_format="csv", layout=layout, where="x")
    >>> found.columns["Regione"], found.latest_period, found.rows
    (('ITC4', 'ITH1'), '2022', 2)
    """
    layout = layout or Layout(columns={"-": "geo"})
    with _rows(path, file_format, layout, where) as rows:
        heading = next(islice(rows, layout.heading_row - 1, None), None)
        if not heading or not any(heading):
            raise _absent(f"a heading in line {layout.heading_row}", where)
        return _described(heading, rows, layout)


def _described(heading: list[str], rows: Iterator[list[str]], layout: Layout) -> Description:
    codes: dict[str, dict[str, None]] = {name: {} for name in layout.columns if name in heading}
    places = {name: heading.index(name) for name in (*codes, layout.time) if name in heading}
    latest, count = _latest_heading(heading, layout), 0
    for row in rows:
        if not any(row):
            continue
        count += 1
        for name, seen in codes.items():
            if len(seen) <= MOST_CODES and places[name] < len(row):
                seen[row[places[name]]] = None
        if layout.time in places and places[layout.time] < len(row):
            latest = later_period(latest, row[places[layout.time]], layout.period)
    listed = {name: tuple(seen) if len(seen) <= MOST_CODES else () for name, seen in codes.items()}
    columns = {name: listed.get(name, ()) for name in heading}
    return Description(columns, latest, count)


def later_period(one: str | None, other: str | None, form: str | None) -> str | None:
    """The later of two periods as published; blanks and what is no period in `form` (strptime) never win.

    >>> later_period("31.12.2020", "01.01.2021", "%d.%m.%Y"), later_period("2021", "", None)
    ('01.01.2021', '2021')
    """
    dated = [(_moment(text, form), text) for text in (one, other) if text]
    known = [(moment, text) for moment, text in dated if moment is not None]
    return max(known)[1] if known else None


def _moment(text: str, form: str | None) -> str | None:
    if form is None:
        return text
    try:
        return datetime.strptime(text, form).isoformat()
    except ValueError:
        return None


def _latest_heading(heading: list[str], layout: Layout) -> str | None:
    """Where periods are headings, the last that begins like a year."""
    if layout.time is not None:
        return None
    return max((name for name in heading if _YEAR_FIRST.match(name)), default=None)


@contextmanager
def _rows(path: Path, file_format: str, layout: Layout, where: str) -> Iterator[Iterator[list[str]]]:
    if file_format == "xlsx":
        yield _sheet_rows(path, layout, where)
    elif file_format == "zip":
        with zipfile.ZipFile(path) as archive, archive.open(_member(archive, layout, where)) as member:
            yield _csv_rows(io.TextIOWrapper(member, _encoding(layout), newline=""), layout)
    else:
        with path.open(encoding=_encoding(layout), newline="") as lines:
            yield _csv_rows(lines, layout)


def _csv_rows(lines: io.TextIOBase, layout: Layout) -> Iterator[list[str]]:
    return csv.reader(lines, delimiter=layout.delimiter)


def _encoding(layout: Layout) -> str:
    return "utf-8-sig" if layout.encoding == "utf-8" else layout.encoding


def _member(archive: zipfile.ZipFile, layout: Layout, where: str) -> str:
    names = [name for name in archive.namelist() if not name.endswith("/")]
    if layout.member is None and len(names) == 1:
        return names[0]
    if layout.member in names:
        return layout.member
    wanted = layout.member or "that would be the only one"
    raise _absent(f"the member {wanted}; it has {', '.join(names)}", where)


def _sheet_rows(path: Path, layout: Layout, where: str) -> Iterator[list[str]]:
    from python_calamine import CalamineWorkbook

    workbook = CalamineWorkbook.from_path(str(path))
    name = layout.sheet or workbook.sheet_names[0]
    if name not in workbook.sheet_names:
        raise _absent(f"the sheet {name}; it has {', '.join(workbook.sheet_names)}", where)
    for row in workbook.get_sheet_by_name(name).iter_rows():
        yield [_cell_text(cell) for cell in row]


def _cell_text(cell: object) -> str:
    """A cell as a person sees it: spreadsheets keep the year 2021 as 2021.0."""
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return str(cell)


def _absent(what: str, where: str) -> StructureChanged:
    return StructureChanged(
        f"it has not {what}", where=where, todo="Look at the file, then correct the entry's layout."
    )
