"""The framework table as its author wrote it, checked row by row.

Belongs here: column names, types of cells, what may not be in a framework.
Does not: questions asked of a sound framework (framework).
"""

from typing import NoReturn

import numpy as np
import pandas as pd

from alp_pipeline.benchmark.cells import BenchmarkInputError, require_columns

COLUMNS = (
    "code",
    "label",
    "level",
    "parent",
    "direction",
    "weight",
    "unit",
    "target",
    "denominator",
    "type",
)
NUMBERS = ("level", "direction", "weight", "target")
TYPES = ("indicator", "aggregate", "group", "denominator")
_SYNONYMS = {"icode": "code", "iname": "label", "name": "label"}
_RESERVED = ("ucode", "uname", "unit", "name", "time")


def checked_table(table: pd.DataFrame) -> pd.DataFrame:
    """The table under our column names and with typed cells, or the reason why it is no framework.

    >>> checked_table(pd.DataFrame({"iCode": ["a"], "Level": 1, "Parent": "", "Direction": -1,
    ...                             "Type": "Indicator"})).iloc[0].dropna().to_dict()
    {'code': 'a', 'label': 'a', 'level': 1, 'direction': -1.0, 'weight': 1.0, 'type': 'indicator'}
    """
    frame = _renamed(table)
    require_columns(frame, ("code", "level", "parent", "type"), "framework")
    if "weight" not in frame.columns:
        frame["weight"] = 1.0
    frame = frame.reindex(columns=list(COLUMNS)).reset_index(drop=True)
    for name in ("code", "label", "parent", "unit", "denominator", "type"):
        frame[name] = _texts(frame[name])
    _check_codes(frame)
    frame["label"] = frame["label"].fillna(frame["code"])
    frame["type"] = frame["type"].str.lower()
    _first(frame, ~frame["type"].isin(TYPES), "type", f"Use one of {', '.join(TYPES)}.")
    for name in NUMBERS:
        frame[name] = _numbers(frame, name)
    _check_levels(frame)
    _check_numbers(frame)
    frame["level"] = frame["level"].astype("Int64")
    _check_tree(frame)
    _check_denominators(frame)
    return frame


def _renamed(table: pd.DataFrame) -> pd.DataFrame:
    lower = [str(name).strip().lower() for name in table.columns]
    names = [_SYNONYMS.get(name, name) for name in lower]
    twice = [name for name in names if names.count(name) > 1 and name in COLUMNS]
    if twice:
        raise BenchmarkInputError(
            f"two columns give the {twice[0]}", where="framework", todo="Keep one of them."
        )
    return table.set_axis(names, axis=1)


def _texts(column: pd.Series) -> pd.Series:
    texts = [None if pd.isna(cell) or not str(cell).strip() else str(cell).strip() for cell in column]
    return pd.Series(texts, index=column.index, dtype="str")


def _numbers(frame: pd.DataFrame, name: str) -> pd.Series:
    cells = frame[name]
    empty = [bool(pd.isna(cell)) or str(cell).strip() in ("", "NA") for cell in cells]
    numbers = pd.to_numeric(cells.where(~np.array(empty)), errors="coerce").astype("float64")
    _first(frame, ~np.isfinite(numbers) & ~np.array(empty), name, "Use a finite number.")
    return numbers


def _check_codes(frame: pd.DataFrame) -> None:
    code = frame["code"]
    if code.isna().any():
        _refuse(f"row {int(np.argmax(code.isna())) + 1} has no code", "Give every row a code of its own.")
    if code.duplicated().any():
        _refuse(f"the code {code[code.duplicated()].iloc[0]!r} appears more than once", "Use a code once.")
    reserved = code[code.str.lower().isin(_RESERVED)]
    if len(reserved):
        _refuse(f"the code {reserved.iloc[0]!r} is the name of a column of the data", "Rename it.")


def _check_levels(frame: pd.DataFrame) -> None:
    level, kind = frame["level"], frame["type"]
    indicator, aggregate = kind == "indicator", kind == "aggregate"
    if not indicator.any():
        _refuse("there is no indicator", "Pass at least one row of type Indicator.")
    _first(frame, indicator & (level != 1), "level", "An indicator is of level 1.")
    whole = (level >= 2) & (level == np.floor(level))
    _first(frame, aggregate & ~whole, "level", "An aggregate is of level 2, 3, …")
    # A level on a group or a denominator has no meaning; COINr's own table leaves it empty.
    frame.loc[~(indicator | aggregate), "level"] = np.nan


def _check_numbers(frame: pd.DataFrame) -> None:
    indicator, aggregate = frame["type"] == "indicator", frame["type"] == "aggregate"
    frame.loc[aggregate & frame["direction"].isna(), "direction"] = 1.0
    levelled = indicator | aggregate
    wrong = levelled & ~frame["direction"].isin((1.0, -1.0))
    _first(frame, wrong, "direction", "Use 1 (more is better) or -1 (less is better).")
    frame.loc[levelled & frame["parent"].isna() & frame["weight"].isna(), "weight"] = 1.0
    _first(frame, levelled & ~(frame["weight"] >= 0), "weight", "Use a number, zero or more.")
    frame.loc[~levelled, ["direction", "weight"]] = np.nan


def _check_tree(frame: pd.DataFrame) -> None:
    levelled = frame[frame["level"].notna()]
    level_of = dict(zip(levelled["code"], levelled["level"], strict=True))
    top = levelled["level"].max()
    for code, level, parent in zip(levelled["code"], levelled["level"], levelled["parent"], strict=True):
        if pd.isna(parent):
            if level < top:
                _refuse(f"{code} has no parent", f"Only level {top}, the highest, goes without.")
        elif parent not in level_of:
            _refuse(f"the parent {parent!r} of {code} is not in the table", "Add the aggregate.")
        elif level_of[parent] != level + 1:
            _refuse(
                f"{code} of level {level} has the parent {parent} of level {level_of[parent]}",
                "A parent is exactly one level up: insert an aggregate between them.",
            )
    weight = levelled.groupby("parent")["weight"].sum()
    for code, level in level_of.items():
        if level > 1 and code not in weight.index:
            _refuse(f"the aggregate {code} has no children", "Drop it, or give it some.")
    if (weight == 0).any():
        _refuse(f"all children of {weight.index[weight == 0][0]} have weight 0", "Let one of them count.")


def _check_denominators(frame: pd.DataFrame) -> None:
    known = set(frame.loc[frame["type"] == "denominator", "code"])
    named = frame["denominator"].notna()
    todo = "Use a code of type Denominator."
    _first(frame, named & ~frame["denominator"].isin(known), "denominator", todo)


def _first(frame: pd.DataFrame, wrong: pd.Series, name: str, todo: str) -> None:
    if wrong.any():
        row = frame.iloc[int(np.argmax(wrong))]
        value = row[name]
        shown = repr(value) if isinstance(value, str) else f"{value}"
        has = f"no {name}" if pd.isna(value) or value == "" else f"the {name} {shown}"
        _refuse(f"{row['code']} has {has}", todo)


def _refuse(what: str, todo: str) -> NoReturn:
    raise BenchmarkInputError(what, where="framework", todo=todo)
