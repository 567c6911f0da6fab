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

# Headings by which a column of a long table is known; the first that a file has is taken.
REGION = ("region", "region_code", "geo", "nuts", "nuts_code")
ACTIVITY = ("activity", "activity_code", "nace_r2", "nace", "sector", "industry", "product")
VALUE = ("value", "obs_value")
TIME = ("year", "time", "time_period")
STATE = ("cell_state", "state")
FLAGS = ("obs_status", "obs_flag", "flags", "flag")
SECRECY = ("conf_status", "confidentiality", "conf", "conf_flag")
_FREE = ("", "F", "FREE", "FALSE", "NO", "0")  # CONF_STATUS F is free; N is not for publication

_WHOLE = re.compile(r"^(\d+)\.0$")
_WORDS = {"c": ":c", "confidential": ":c", "na": "", "nan": "", "not_available": "", "not_applicable": ":m"}


@dataclass(frozen=True)
class MatrixFile:
    """A matrix as read.

    Attributes:
        table: rows are regions, or (region, year) where the file has more than one year.
        region_heading: what the file calls its regions.
        years: the years of its cells; none where it has no column for them.
    """

    table: ActivityTable
    region_heading: str
    years: tuple[int, ...] = ()


def read_matrix(path: Path, *, sheet: str | None = None, year: int | None = None) -> MatrixFile:
    """Read a matrix.

    - Wide: the first column holds region codes (its heading may be empty), every other one an activity; a
      column called year is the year.
    - Long: it has columns for region, activity and value, by any of the headings above, and may have year,
      cell_state, obs_status (flag letters) and conf_status; the most protective of them holds.

    A cell is a number, or as Eurostat writes it: `708`, `35 p`, `:` or nothing (not available), `:c`, `: c`,
    `:bc`, `c`, "confidential" (confidential), `:m` (cannot exist). "NA" and "nan" are not available.

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
    if sheet is not None and path.suffix.lower() in (".csv", ".tsv", ".txt", ".parquet"):
        _refuse("it has no sheets", "Leave out --sheet, or pass a workbook.", path.name)
    raw = read_table(path, sheet=sheet, first_heading="region")
    if path.suffix.lower() in (".xlsx", ".xls", ".ods"):  # where a heading 10 is the number 10.0
        raw = raw.set_axis([_WHOLE.sub(r"\1", str(name)) for name in raw.columns], axis=1)
    names = {str(name).strip().lower(): str(name) for name in reversed(list(raw.columns))}
    region, activity, value = (_one_of(names, words) for words in (REGION, ACTIVITY, VALUE))
    if region and activity and value:
        cells = _long(raw, names, region, activity, value, path)
        heading = region
    else:
        cells = _wide(raw, names, path)
        heading = str(raw.columns[0])
    if year is not None:
        cells = _of_year(cells, year, path)
    years = sorted({int(one) for one in cells[YEAR]}) if YEAR in cells else []
    return MatrixFile(_table(cells, path), heading, tuple(years))


def parse_cells(
    texts: Sequence[object], where: str, label: Callable[[int], str] = "cell {}".format
) -> pd.DataFrame:
    """Values, states and flags of cells as they stand in a file.

    Args:
        texts: the cells, text or numbers.
        where: the file, for a message.
        label: what to call the cell at a place, for a message.

    Raises:
        BenchmarkInputError: a cell that is neither a number nor one of the known words, with its place.

    >>> parse_cells(["12 b", ": c", 3.5], "jobs.csv").values.tolist()
    [[12.0, 'reported', 'b'], [nan, 'confidential', ''], [3.5, 'reported', '']]
    """
    import pyarrow as pa

    from alp_pipeline.observations.cells import read_cells

    numbers, distinct = _distinct(texts)
    read = read_cells(pa.array(distinct, pa.string()), numbers.astype(np.int32))
    problems = read.problem.cast(pa.string()).to_pandas()
    if problems.notna().any():
        wrong = int(np.flatnonzero(problems.notna())[0])
        _refuse(
            f"{label(wrong)} holds {texts[wrong]!r}: {problems[wrong]}",
            "Write numbers with a decimal point, nothing or ':' where there is none, ':c' for confidential.",
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
    cells = parse_cells(raw[value].tolist(), path.name, lambda place: f"row {place + 1}")
    cells["region"], cells["activity"] = _codes(raw[region], path), _codes(raw[activity], path)
    if time := _one_of(names, TIME):
        cells[YEAR] = whole_years(raw[time], path.name)
    # Whatever says that a cell is confidential wins: its text, a flag, a mark of secrecy or its state.
    hidden = cells["cell_state"] == "confidential"
    for flags in (names[word] for word in reversed(FLAGS) if word in names):
        given = _words(raw[flags])
        cells["flags"] = cells["flags"].where(given == "", given)
        hidden |= given.str.contains("c", case=False)
    for secrecy in (names[word] for word in SECRECY if word in names):
        hidden |= ~_words(raw[secrecy]).str.upper().isin(_FREE)
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
    if not activities:
        _refuse("it has no activity", "Pass a column for every activity, or the long form.", path.name)
    cells = parse_cells(
        raw[activities].to_numpy(dtype=object).ravel().tolist(),
        path.name,
        lambda place: f"{regions[place // len(activities)]} × {activities[place % len(activities)]}",
    )
    cells["region"] = np.repeat(np.array(regions, dtype=object), len(activities))
    cells["activity"] = np.tile(np.array([str(name) for name in activities], dtype=object), len(raw))
    if time:
        cells[YEAR] = np.repeat(whole_years(raw[time], path.name), len(activities))
    return cells


def _of_year(cells: pd.DataFrame, year: int, path: Path) -> pd.DataFrame:
    if YEAR not in cells:
        _refuse("it has no years", "Leave out --year.", path.name)
    chosen = cells[cells[YEAR] == year]
    if not len(chosen):
        there = ", ".join(str(one) for one in sorted(cells[YEAR].unique()))
        _refuse(f"it has no cell of {year}", f"It has {there}.", path.name)
    return chosen


def _table(cells: pd.DataFrame, path: Path) -> ActivityTable:
    """Wide frames in the order in which regions, years and activities first appear."""
    rows = ["region", YEAR] if YEAR in cells and cells[YEAR].nunique() > 1 else ["region"]
    twice = cells.duplicated([*rows, "activity"])
    if twice.any():
        cell = " × ".join(str(part) for part in cells.loc[twice, [*rows, "activity"]].iloc[0])
        _refuse(f"the cell {cell} appears more than once", "Keep one of them.", path.name)
    index = pd.MultiIndex.from_frame(cells[rows].drop_duplicates()) if len(rows) > 1 else None
    index = pd.Index(cells["region"].unique()) if index is None else index
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


def _distinct(texts: Sequence[object]) -> tuple[IntArray, list[str]]:
    """Each cell's place among the distinct texts, and these."""
    if all(type(text) is str for text in texts):  # of a CSV: only the distinct ones need a look
        raw, words = pd.factorize(np.array(texts, dtype=object))
        meant, known = pd.factorize(np.array([_text(word) for word in words], dtype=object))
        return meant.astype(np.int64)[raw], [str(word) for word in known]
    numbers, known = pd.factorize(np.array([_text(cell) for cell in texts], dtype=object))
    return numbers.astype(np.int64), [str(word) for word in known]


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
    return column.map(lambda word: "" if pd.isna(word) else str(word).strip()).astype(str)


def _one_of(names: dict[str, str], words: Sequence[str]) -> str | None:
    return next((names[word] for word in words if word in names), None)


def _refuse(what: str, todo: str, where: str) -> NoReturn:
    raise BenchmarkInputError(what, where=where, todo=todo)
