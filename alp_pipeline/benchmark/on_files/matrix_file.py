"""A region × activity matrix in a file: wide or long, with states, flags and years.

Belongs here: which layout a file has, which column is what, what the text of a cell means.
Does not: formats (composite.files), the grammar of a published cell (observations.cells), totals and groups
(side_files).
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

import numpy as np
import pandas as pd

from alp_pipeline.benchmark.activity_table import YEAR, ActivityTable, framed
from alp_pipeline.benchmark.cells import CELL_STATES, BenchmarkInputError, IntArray, whole_years
from alp_pipeline.benchmark.composite.files import read_table
from alp_pipeline.benchmark.decimal_marks import separator_of, with_points

# Headings by which a column of a long table is known; the first that a file has is taken.
REGION = ("region", "region_code", "geo", "nuts", "nuts_code")
ACTIVITY = (
    "activity",
    "activity_code",
    "nace_r2",
    "nace",
    "sector",
    "industry",
    "product",
    "variable",
    "indicator",
)
VALUE = ("value", "obs_value")
TIME = ("year", "time", "time_period")
STATE = ("cell_state", "state")
FLAGS = ("obs_status", "obs_flag", "flags", "flag")
SECRECY = re.compile(
    r"(obs_?)?conf(_?(status|flag|code))?|(obs_?)?confiden[tz]i.*|.*(secre|suppress|geheim|vertraulich|zaupn).*"
)
_FREE = ("", "F", "FREE", "FALSE", "NO", "0")  # CONF_STATUS F is free; N is not for publication
_SECRET = {"C", ":C", "CONFIDENTIAL", "SECRET", "SUPPRESSED"}
_SDMX_SECRECY = {"N", "D", "S", "A", "P", "TRUE", "YES", *_FREE, *_SECRET}

_TEXT = (".csv", ".tsv", ".txt")
_WHOLE = re.compile(r"^(\d+)\.0$")
_WORDS = {"c": ":c", "confidential": ":c", "na": "", "nan": "", "not_available": "", "not_applicable": ":m"}


@dataclass(frozen=True)
class MatrixFile:
    """A matrix as read.

    Attributes:
        table: rows are regions, or (region, year) where the file has more than one year.
        region_heading: what the file calls its regions.
        years: the years of its cells; none where it has no column for them.
        absent: the regions that the file has in other years only, where one year was asked for.
    """

    table: ActivityTable
    region_heading: str
    years: tuple[int, ...] = ()
    absent: tuple[str, ...] = ()


def read_matrix(path: Path, *, sheet: str | None = None, year: int | None = None) -> MatrixFile:
    """Read a matrix.

    - Wide: the first column holds region codes (its heading may be empty), every other one an activity; a
      column called year is the year. With several years a region has a row for each of them.
    - Long: it has columns for region, activity and value, by any of the headings above, and may have year,
      cell_state, obs_status (flag letters) and conf_status; the most protective of them holds.

    A cell is a number, or as Eurostat writes it: `708`, `35 p`, `:` or nothing (not available), `:c`, `: c`,
    `:bc`, `c`, "confidential" (confidential), `:m` (cannot exist). "NA" and "nan" are not available. Decimal
    commas and parted thousands are read where the file leaves no doubt (`decimal_marks`).

    Args:
        path: CSV, TSV, XLSX or Parquet.
        sheet: the sheet of a workbook; the first one when omitted.
        year: this year's cells alone.

    Raises:
        BenchmarkInputError: the file cannot be read, or a cell, year, state or code in it; a cell twice; the
            year is not there.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = Path(folder) / "jobs.csv"
    ...     _ = file.write_text("geo,C28,I55\\nAT33,:c,120\\nITH1,35 p,\\n", encoding="utf-8")
    ...     found = read_matrix(file)
    >>> found.table.states.to_numpy().tolist()
    [['confidential', 'reported'], ['reported', 'not_available']]
    """
    cells, heading = read_cells_of(path, sheet=sheet)
    absent: tuple[str, ...] = ()
    if year is not None:
        everywhere = cells["region"].unique()
        cells = _of_year(cells, year, path)
        absent = tuple(sorted(set(everywhere) - set(cells["region"])))
    years = sorted({int(one) for one in cells[YEAR]}) if YEAR in cells else []
    return MatrixFile(_table(cells, path), heading, tuple(years), absent)


def read_cells_of(
    path: Path, *, sheet: str | None = None, year: int | None = None
) -> tuple[pd.DataFrame, str]:
    """The cells of a matrix of any numbers: region, activity, value, cell_state, flags, perhaps year.

    Returns:
        The cells in the order of the file, and what it calls its regions.

    Raises:
        BenchmarkInputError: see `read_matrix`.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = Path(folder) / "rates.csv"
    ...     _ = file.write_text("geo,gdp\\nAT33,-1.5\\nITH1,:c\\n", encoding="utf-8")
    ...     cells, heading = read_cells_of(file)
    >>> heading, cells[["region", "activity", "value", "cell_state"]].values.tolist()
    ('geo', [['AT33', 'gdp', -1.5, 'reported'], ['ITH1', 'gdp', nan, 'confidential']])
    """
    if sheet is not None and path.suffix.lower() in (*_TEXT, ".parquet"):
        _refuse("it has no sheets", "Leave out --sheet, or pass a workbook.", path.name)
    raw = read_table(path, sheet=sheet, first_heading="region")
    if path.suffix.lower() in (".xlsx", ".xls", ".ods"):  # where a heading 10 is the number 10.0
        raw = raw.set_axis([_WHOLE.sub(r"\1", str(name)) for name in raw.columns], axis=1)
    names = {str(name).strip().lower(): str(name) for name in reversed(list(raw.columns))}
    region, activity, value = (_one_of(names, words) for words in (REGION, ACTIVITY, VALUE))
    if region and activity and value:
        cells, heading = _long(raw, names, region, activity, value, path), region
    else:
        cells, heading = _wide(raw, names, path), str(raw.columns[0])
    return (cells if year is None else _of_year(cells, year, path)), heading


def parse_cells(
    texts: Sequence[object],
    where: str,
    label: Callable[[int], str] = "cell {}".format,
    *,
    separator: str = ",",
) -> pd.DataFrame:
    """Values, states and flags of cells as they stand in a file.

    Args:
        texts: the cells, text or numbers.
        where: the file, for a message.
        label: what to call the cell at a place, for a message.
        separator: of the file's columns; it matters for numbers like 1.234.

    Raises:
        BenchmarkInputError: numbers whose decimal mark is in doubt; a cell that is neither a number nor one
            of the known words, with its place.

    >>> parse_cells(["12 b", ": c", 3.5], "jobs.csv").values.tolist()
    [[12.0, 'reported', 'b'], [nan, 'confidential', ''], [3.5, 'reported', '']]
    """
    import pyarrow as pa

    from alp_pipeline.observations.cells import read_cells

    numbers, distinct = _distinct(texts, where, separator)
    read = read_cells(pa.array(distinct, pa.string()), numbers.astype(np.int32))
    problems = read.problem.cast(pa.string()).to_pandas()
    if problems.notna().any():
        wrong = int(np.flatnonzero(problems.notna())[0])
        _refuse(
            f"{label(wrong)} holds {texts[wrong]!r}: {problems[wrong]}",
            "Write a number, nothing or ':' where there is none, ':c' for confidential.",
            where,
        )
    return pd.DataFrame(
        {
            "value": read.value.to_pandas().astype("float64"),
            "cell_state": read.cell_state.cast(pa.string()).to_pandas(),
            "flags": read.obs_status.cast(pa.string()).to_pandas(),
        }
    )


def _long(
    raw: pd.DataFrame, names: dict[str, str], region: str, activity: str, value: str, path: Path
) -> pd.DataFrame:
    cells = parse_cells(
        raw[value].tolist(), path.name, lambda place: f"row {place + 1}", separator=separator_in(path)
    )
    cells["region"], cells["activity"] = _codes(raw[region], path), _codes(raw[activity], path)
    if time := _one_of(names, TIME):
        cells[YEAR] = whole_years(raw[time], path.name)
    # Whatever says that a cell is confidential wins: its text, a flag, a mark of secrecy or its state.
    hidden = (cells["cell_state"] == "confidential") | marked_secret(raw, path.name)
    for flags in (names[word] for word in reversed(FLAGS) if word in names):
        given = _words(raw[flags])
        cells["flags"] = cells["flags"].where(given == "", given)
    if state := _one_of(names, STATE):
        given = _words(raw[state])
        unknown = given[~given.isin(("", *CELL_STATES))]
        if len(unknown):
            _refuse(
                f"{unknown.iloc[0]!r} is not a cell state", f"Use one of {', '.join(CELL_STATES)}.", path.name
            )
        cells["cell_state"] = cells["cell_state"].where(given == "", given)
    return cells.assign(cell_state=cells["cell_state"].mask(hidden, "confidential"))


def _wide(raw: pd.DataFrame, names: dict[str, str], path: Path) -> pd.DataFrame:
    regions = _codes(raw.iloc[:, 0], path)
    time = _one_of(names, TIME)
    activities = [name for name in raw.columns[1:] if name != time]
    for name in activities:
        if is_mark(name):
            todo = "Pass the long form (columns region, activity, value), or write ':c' into the cells."
            _refuse(f"nobody knows which of a row's cells {name} is about", todo, path.name)
    if not activities:
        _refuse("it has no activity", "Pass a column for every activity, or the long form.", path.name)
    cells = parse_cells(
        raw[activities].to_numpy(dtype=object).ravel().tolist(),
        path.name,
        lambda place: f"{regions[place // len(activities)]} × {activities[place % len(activities)]}",
        separator=separator_in(path),
    )
    cells["region"] = np.repeat(np.array(regions, dtype=object), len(activities))
    cells["activity"] = np.tile(np.array([str(name) for name in activities], dtype=object), len(raw))
    if time:
        cells[YEAR] = np.repeat(whole_years(raw[time], path.name), len(activities))
    return cells


def marked_secret(raw: pd.DataFrame, where: str) -> pd.Series:
    """Which rows of a long file are confidential by a flag or by a column of confidentiality.

    Raises:
        BenchmarkInputError: another column seems to say what is confidential.

    >>> marked_secret(pd.DataFrame({"geo": ["A", "B"], "OBS_CONF": ["C", "F"]}), "jobs.csv").tolist()
    [True, False]
    """
    hidden = pd.Series(False, index=raw.index)
    known = {*REGION, *ACTIVITY, *VALUE, *TIME, *STATE}
    for name in raw.columns:
        heading = str(name).strip().lower()
        if heading in FLAGS:
            hidden |= _words(raw[name]).str.contains("c", case=False)
        elif SECRECY.fullmatch(heading):
            hidden |= ~_words(raw[name]).str.upper().isin(_FREE)
        elif heading not in known and raw[name].dtype.kind not in "fiu":
            words = set(_words(raw[name]).str.upper())
            if words & _SECRET and words <= _SDMX_SECRECY and not _is_section(raw, name):
                todo = "Call it conf_status if it says what is confidential; else leave it out."
                _refuse(f"the column {name} seems to say what is confidential", todo, where)
    return hidden


def is_mark(heading: object) -> bool:
    """Whether a column marks the cells beside it: flags, confidentiality, state.

    >>> [is_mark(heading) for heading in ("CONF_STATUS", "obs_flag", "C28")]
    [True, True, False]
    """
    word = str(heading).strip().lower()
    return word in (*FLAGS, *STATE) or SECRECY.fullmatch(word) is not None


def _is_section(raw: pd.DataFrame, name: str) -> bool:
    """Whether a column has the section letters of the activities beside it."""
    letters = _words(raw[name]).str.upper()
    return any(
        bool((_words(raw[other]).str[:1].str.upper() == letters).all())
        for other in raw.columns
        if other != name and str(other).strip().lower() in ACTIVITY
    )


def _of_year(cells: pd.DataFrame, year: int, path: Path) -> pd.DataFrame:
    if YEAR not in cells:
        _refuse("it has no years", "Leave out --year.", path.name)
    chosen = cells[cells[YEAR] == year]
    if not len(chosen):
        there = ", ".join(str(one) for one in sorted(cells[YEAR].unique()))
        _refuse(f"it has no cell of {year}", f"It has {there}.", path.name)
    return chosen


def _table(cells: pd.DataFrame, path: Path) -> ActivityTable:
    """Wide frames in the order in which regions and activities first appear, a region with every year."""
    rows = ["region", YEAR] if YEAR in cells and cells[YEAR].nunique() > 1 else ["region"]
    twice = cells.duplicated([*rows, "activity"])
    if twice.any():
        cell = " × ".join(str(part) for part in cells.loc[twice, [*rows, "activity"]].iloc[0])
        _refuse(f"the cell {cell} appears more than once", "Keep one of them.", path.name)
    index = pd.Index(cells["region"].unique())
    if len(rows) > 1:
        # A region without a row in a year is missing in it: the year's own totals are not known without it.
        years = sorted(int(year) for year in cells[YEAR].unique())
        index = pd.MultiIndex.from_product([index, years], names=rows)
    columns = pd.Index(cells["activity"].unique())
    row = index.get_indexer(
        pd.MultiIndex.from_frame(cells[rows]) if len(rows) > 1 else pd.Index(cells["region"])
    )
    at = row, columns.get_indexer(pd.Index(cells["activity"]))
    value = np.full((len(index), len(columns)), np.nan)
    state, flags = np.full(value.shape, "not_available", dtype=object), np.full(value.shape, "", dtype=object)
    value[at], state[at], flags[at] = cells["value"], cells["cell_state"], cells["flags"]
    values = pd.DataFrame(value, index=index, columns=columns)
    return ActivityTable.of(values, states=framed(state, values), flags=framed(flags, values))


def code_text(code: object) -> str:
    """A code as text; a workbook keeps the code 101 as the number 101.0.

    >>> code_text(101.0), code_text(" 007 ")
    ('101', '007')
    """
    return str(int(code)) if isinstance(code, float) and code.is_integer() else str(code).strip()


def _distinct(texts: Sequence[object], where: str, separator: str) -> tuple[IntArray, list[str]]:
    """Each cell's place among the distinct texts, and these."""
    if all(type(text) is str for text in texts):  # of a CSV: only the distinct ones need a look
        raw, words = pd.factorize(np.array(texts, dtype=object))
    else:
        raw, words = np.arange(len(texts)), np.array([*texts, None], dtype=object)[:-1]
    written = dict.fromkeys(word.strip() for word in words if type(word) is str)
    points = with_points(written, where, separator=separator)
    meaning = [_text(points.get(word.strip(), word) if type(word) is str else word) for word in words]
    meant, known = pd.factorize(np.array(meaning, dtype=object))
    return meant.astype(np.int64)[raw], [str(word) for word in known]


def separator_in(path: Path) -> str:
    """What parts the columns of a file; a comma where nothing does.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = Path(folder) / "jobs.csv"
    ...     _ = file.write_text("geo;C28\\nAT33;1,5\\n", encoding="utf-8")
    ...     separator_in(file), separator_in(Path("jobs.parquet"))
    (';', ',')
    """
    return separator_of(path) if path.suffix.lower() in _TEXT else ","


def _text(cell: object) -> str:
    if cell is None or (isinstance(cell, float) and np.isnan(cell)) or cell is pd.NA:
        return ""
    if isinstance(cell, bool | np.bool_):
        return f"{cell}"
    if isinstance(cell, float | np.floating):
        return repr(float(cell))
    if isinstance(cell, int | np.integer):
        return str(int(cell))
    text = str(cell).strip()
    return _WORDS.get(text.lower(), text)


def _codes(column: pd.Series, path: Path) -> list[str]:
    codes = ["" if pd.isna(code) else code_text(code) for code in column]
    if "" in codes:
        _refuse(f"row {codes.index('') + 1} has no {column.name}", "Drop or complete the row.", path.name)
    return codes


def _words(column: pd.Series) -> pd.Series:
    return column.map(lambda word: "" if pd.isna(word) else code_text(word)).astype(str)


def _one_of(names: dict[str, str], words: Sequence[str]) -> str | None:
    return next((names[word] for word in words if word in names), None)


def _refuse(what: str, todo: str, where: str) -> NoReturn:
    raise BenchmarkInputError(what, where=where, todo=todo)
