"""Numbers as a spreadsheet writes them where the decimal sign is a comma.

Belongs here: which columns of a text table are written so, beyond doubt, and the same numbers with a point.
Does not: reading files (files), what a cell without a number means (unit_cells, matrix_file).
"""

import re
from collections.abc import Collection, Sequence
from typing import Final, NoReturn

import pandas as pd

from alp_pipeline.benchmark.cells import BenchmarkInputError

_REST: Final = r"(?:[eE][+-]?\d+)?(?:\s*[a-z]{1,4})?"  # an exponent; flag letters, as in "4,1 p"
_COMMA: Final = re.compile(rf"([+-]?)(\d+|\d{{1,3}}(?:[.\u00a0\u202f ’']\d{{3}})+),(\d+)({_REST})")
_THREES: Final = re.compile(rf"([+-]?)([1-9]\d{{0,2}}(?:[.\u00a0\u202f ’']\d{{3}})+)({_REST})")
_WHOLE: Final = re.compile(rf"[+-]?\d+{_REST}")
_POINT: Final = re.compile(rf"[+-]?\d*\.\d+{_REST}")
_AMBIGUOUS: Final = re.compile(rf"[+-]?[1-9]\d{{0,2}},\d{{3}}{_REST}")
_GROUPING: Final = str.maketrans("", "", ".\u00a0\u202f ’'")
TODO: Final = "Write decimals with a point (or all with a comma), and no sign between thousands."


def with_decimal_points(table: pd.DataFrame, *, where: str) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """The table with a decimal point wherever a column is written with commas, and these columns.

    A column holds numbers if every cell that has a digit is one, however it is written; any other column
    stays as it is. A file writes all its numbers alike: where one shows that the comma is the decimal
    sign, the dots of others group thousands (1.234,5 and 1.234), as spaces and apostrophes do; flag letters
    may follow. Refused is what has two readings: numbers with a decimal comma and others with a decimal
    point; and a file of which every number with a comma has three digits after it, so that nothing says
    that they are decimals.

    Args:
        table: of a file whose separator is no comma; only cells of text are looked at.
        where: the file, for messages.

    Raises:
        BenchmarkInputError: two readings, naming column and cell.

    >>> cells = pd.DataFrame({"unit": ["AT", "CH"], "LPI": ["4,09", ":c"], "GDP": ["1.250,5", "980"]})
    >>> table, columns = with_decimal_points(cells, where="a.csv")
    >>> table.values.tolist(), columns
    ([['AT', '4.09', '1250.5'], ['CH', ':c', '980']], ('LPI', 'GDP'))
    """
    if not any(isinstance(cell, str) and "," in cell for cell in table.to_numpy(dtype=object).ravel()):
        return table, ()
    texts = {place: _numbers(table.iloc[:, place].tolist()) for place in range(table.shape[1])}
    texts = {place: cells for place, cells in texts.items() if _is_numeric(cells)}
    numbers = [cell for cells in texts.values() for cell in cells]
    commas = [cell for cell in numbers if _COMMA.fullmatch(cell)]
    if not commas:
        return table, ()
    column_of = {cell: str(table.columns[place]) for place, cells in texts.items() for cell in cells}
    sure = next((cell for cell in commas if not _AMBIGUOUS.fullmatch(cell)), None)
    point = next((cell for cell in numbers if _POINT.fullmatch(cell) and not _THREES.fullmatch(cell)), None)
    if sure is None or point is not None:
        comma = sure or commas[0]
        what = (
            f"{comma!r} of {column_of[comma]} may be a decimal or a thousand, and no other number tells"
            if point is None
            else f"{comma!r} has a decimal comma and {point!r} a decimal point"
        )
        _refuse(what, where)
    written = [place for place, cells in texts.items() if any(_pointed(cell) != cell for cell in cells)]
    changed = table.copy(deep=False)
    for place in written:
        pointed = [_pointed(cell) if isinstance(cell, str) else cell for cell in table.iloc[:, place]]
        changed.isetitem(place, pd.Series(pointed, index=table.index, dtype=table.dtypes.iloc[place]))
    return changed, tuple(str(table.columns[place]) for place in written)


def require_clear_points(table: pd.DataFrame, columns: Collection[str], *, where: str) -> None:
    """Refuse 1.234 between semicolons, where it may be a thousand, unless another number has a plain point.

    Args:
        table: of a file whose separator is a semicolon, after `with_decimal_points`.
        columns: those that hold numbers.
        where: the file, for messages.

    Raises:
        BenchmarkInputError: a number of two readings, naming column and cell.
    """
    texts = {name: _numbers(table[name].tolist()) for name in columns}
    if any(_POINT.fullmatch(cell) and not _THREES.fullmatch(cell) for own in texts.values() for cell in own):
        return
    for name, cells in texts.items():
        doubtful = [cell for cell in cells if "." in cell and _THREES.fullmatch(cell)]
        if doubtful:
            _refuse(
                f"{doubtful[0]!r} of {name} may be a decimal or a thousand, and no other number tells", where
            )


def _numbers(cells: Sequence[object]) -> list[str]:
    """The cells that have a digit; the others are words or nothing."""
    texts = dict.fromkeys(cell.strip() for cell in cells if isinstance(cell, str))
    return [text for text in texts if any(sign.isdigit() for sign in text)]


def _is_numeric(cells: Sequence[str]) -> bool:
    return _all_match(cells, _COMMA, _WHOLE, _POINT, _THREES)


def _all_match(cells: Sequence[str], *forms: re.Pattern[str]) -> bool:
    return all(any(form.fullmatch(cell) for form in forms) for cell in cells)


def _pointed(cell: str) -> str:
    text = cell.strip()
    if found := _COMMA.fullmatch(text):
        sign, whole, decimals, rest = found.groups()
        return f"{sign}{whole.translate(_GROUPING)}.{decimals}{rest}"
    if found := _THREES.fullmatch(text):
        sign, whole, rest = found.groups()
        return f"{sign}{whole.translate(_GROUPING)}{rest}"
    return cell


def _refuse(what: str, where: str) -> NoReturn:
    raise BenchmarkInputError(what, where=where, todo=TODO)
