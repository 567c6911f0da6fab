"""A user's cells: numbers, and the words for cells without one.

Belongs here: what a cell of the data table means, columns that say which unit a row is.
Does not: files (files), the table that results (units).
"""

from typing import NoReturn

import numpy as np
import pandas as pd

from alp_pipeline.benchmark.cells import CELL_STATES, BenchmarkInputError

REPORTED, CONFIDENTIAL, NOT_AVAILABLE = "reported", "confidential", "not_available"
_WORDS = {
    "": NOT_AVAILABLE,
    ":": NOT_AVAILABLE,
    "na": NOT_AVAILABLE,
    "nan": NOT_AVAILABLE,
    ":c": CONFIDENTIAL,
    ": c": CONFIDENTIAL,
    "c": CONFIDENTIAL,
    ":z": "not_applicable",
    ": z": "not_applicable",
} | {state: state for state in CELL_STATES if state != REPORTED}
_UNIT, _NAME, _TIME = ("ucode", "unit"), ("uname", "name"), ("time",)


def identified(data: pd.DataFrame) -> tuple[pd.DataFrame, pd.Series]:
    """The data under their index, and each unit's name.

    The index is the unit's code, or (unit, time) where there is more than one time; a table of one single
    time is a cross-section.

    Raises:
        BenchmarkInputError: no row, no unit column, an empty code, a unit (and time) twice, a time
            that is no year.

    >>> panel = pd.DataFrame({"uCode": ["AT", "AT"], "uName": "Austria", "Time": [2013, 2014], "LPI": [3, 4]})
    >>> frame, names = identified(panel)
    >>> frame.index.tolist(), names.to_dict(), frame["LPI"].tolist()
    ([('AT', 2013), ('AT', 2014)], {'AT': 'Austria'}, [3, 4])
    >>> identified(panel.head(1))[0].index.tolist()  # one time only
    ['AT']
    """
    columns = {str(name).strip().lower(): name for name in reversed(list(data.columns))}
    unit = next((columns[name] for name in _UNIT if name in columns), None)
    if unit is None:
        _refuse("no column says which unit a row is", "Pass a column uCode or unit.")
    codes = [None if pd.isna(code) or not str(code).strip() else str(code).strip() for code in data[unit]]
    if not codes:
        _refuse("there are no units", "Pass one row per unit.")
    if None in codes:
        _refuse(f"row {codes.index(None) + 1} has no unit", "Drop or complete the row.")
    name = next((columns[name] for name in _NAME if name in columns), None)
    time = next((columns[name] for name in _TIME if name in columns), None)
    index = pd.Index(codes, name="unit", dtype="str")
    if time is not None:
        years = _years(data[time], codes)
        if len(set(years)) > 1:
            index = pd.MultiIndex.from_arrays([index, years], names=["unit", "time"])
    if index.has_duplicates:
        twice = index[index.duplicated()][0]
        label = twice if isinstance(twice, str) else " in ".join(map(str, twice))
        _refuse(f"the unit {label} appears more than once", "Pass one row per unit (and year, in a panel).")
    texts = codes if name is None else [str(label) for label in data[name]]
    names = pd.Series(texts, index=pd.Index(codes, name="unit", dtype="str"), name="name", dtype="str")
    frame = data.drop(columns=[c for c in (unit, name, time) if c is not None])
    return frame.set_axis(index, axis=0), names[~names.index.duplicated()]


def numbers_and_states(data: pd.DataFrame, codes: tuple[str, ...]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Numbers (NaN where there is none) and states of the named columns.

    A number is reported; an empty cell, NaN, "NA" and ":" are not_available; ":c", "c" are confidential,
    ":z" is not_applicable; any other word of CELL_STATES is that state.

    Raises:
        BenchmarkInputError: a column is absent, a cell infinite or a text that is none of these.

    >>> numbers_and_states(pd.DataFrame({"LPI": ["3.5", ":c", "", 4]}), ("LPI",))[1]["LPI"].tolist()
    ['reported', 'confidential', 'not_available', 'reported']
    """
    absent = [code for code in codes if code not in data.columns]
    if absent:
        _refuse(f"the column {absent[0]} is absent", "Pass a column for every code of the framework.")
    values, states = {}, {}
    for code in codes:
        column = data[code]
        if isinstance(column, pd.DataFrame):
            _refuse(f"the column {code} appears more than once", "Keep one of them.")
        values[code], states[code] = _parsed(column, code)
    columns = pd.Index(codes, dtype="str")
    return (
        pd.DataFrame(values, index=data.index, columns=columns, dtype="float64"),
        pd.DataFrame(states, index=data.index, columns=columns, dtype="str"),
    )


def group_texts(data: pd.DataFrame, codes: tuple[str, ...]) -> pd.DataFrame:
    """Group columns as text, NaN where empty.

    Raises:
        BenchmarkInputError: a column is absent.

    >>> data = pd.DataFrame({"country": ["AT", " "], "size": [1, None]}, index=["AT33", "CH05"])
    >>> group_texts(data, ("country", "size")).values.tolist()
    [['AT', '1.0'], [nan, nan]]
    """
    absent = [code for code in codes if code not in data.columns]
    if absent:
        _refuse(f"the column {absent[0]} is absent", "Pass a column for every code of the framework.")
    texts = {
        code: [None if pd.isna(cell) or str(cell).strip() == "" else str(cell) for cell in data[code]]
        for code in codes
    }
    return pd.DataFrame(texts, index=data.index, columns=pd.Index(codes, dtype="str"), dtype="str")


def label_of(unit: object) -> str:
    """A unit in a message: its code, or code and year.

    >>> label_of(("AT33", 2014))
    'AT33 in 2014'
    """
    return " in ".join(map(str, unit)) if isinstance(unit, tuple) else str(unit)


def _parsed(column: pd.Series, code: str) -> tuple[pd.Series, pd.Series]:
    cells = column.astype(object)  # one kind of missing and of text, whatever the column's type
    missing = cells.isna()
    strange = cells.map(lambda cell: isinstance(cell, (bool, complex)) or hasattr(cell, "tzinfo"))
    numbers = pd.to_numeric(cells.where(~missing & ~strange, np.nan), errors="coerce").astype("float64")
    words = cells.where(numbers.isna() & ~missing, "")
    known = words.map(lambda word: _WORDS.get(str(word).strip().lower()))
    wrong = np.flatnonzero(known.isna() | np.isinf(numbers) | strange)
    if wrong.size:
        row = int(wrong[0])
        _refuse(
            f"{label_of(cells.index[row])} × {code} holds {cells.iloc[row]!r}",
            "Pass finite numbers; an empty cell where there is none, ':c' where it is confidential.",
        )
    return numbers, known.where(numbers.isna(), REPORTED)


def _years(times: pd.Series, codes: list[str | None]) -> list[int]:
    numbers = pd.to_numeric(times, errors="coerce").astype("float64").to_numpy()
    wrong = np.flatnonzero(~(numbers == np.floor(numbers)))
    if wrong.size:
        row = int(wrong[0])
        _refuse(f"{codes[row]} has the time {times.iloc[row]!r}", "Pass a whole year.")
    return [int(year) for year in numbers]


def _refuse(what: str, todo: str) -> NoReturn:
    raise BenchmarkInputError(what, where="data", todo=todo)
