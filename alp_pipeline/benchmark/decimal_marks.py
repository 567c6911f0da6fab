"""Numbers as spreadsheets write them: a decimal comma or point, thousands parted by point, comma, space or '.

Belongs here: which mark is the decimal one in all cells of a file together, and these cells with a point.
Does not: what a cell means beyond its number (on_files.matrix_file, composite.unit_cells), reading files.

"1,5" has a decimal comma and "1.234.567" has one too, since its points part thousands; "1,234" alone says
nothing. So the cells of a file are looked at together: one that is clear settles all. Where none is, a number
is read by nobody's guess.
"""

import re
from collections.abc import Iterable
from pathlib import Path

from alp_pipeline.benchmark.cells import BenchmarkInputError

SEPARATORS = ",;\t|"
_SPACES = " \u00a0\u2009\u202f'\u2019"
_CELL = re.compile(rf"([-+]?)(\d[\d.,{_SPACES}]*|[.,]\d+)([eE][-+]?\d+)?(\s*[A-Za-z]*)")
_SPACED = re.compile(rf"\d{{1,3}}(?:[{_SPACES}]\d{{3}})+(?![\d{_SPACES}])")
_GROUPED = {
    mark: re.compile(rf"\d{{1,3}}(?:{re.escape(mark)}\d{{3}})+(?:{re.escape(other)}\d*)?")
    for mark, other in ((",", "."), (".", ","))
}
_OTHER = {",": ".", ".": ","}


def separator_of(path: Path) -> str:
    """The separator of a CSV: the one that its heading has most of.

    A comma where the heading has none of SEPARATORS.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = Path(folder) / "jobs.csv"
    ...     _ = file.write_text("region;C10, C11;C28\\nAT33;1,5;2\\n")
    ...     separator_of(file)
    ';'
    """
    with path.open(encoding="utf-8-sig", errors="replace") as file:
        heading = file.readline()
    return max(SEPARATORS, key=heading.count)


def with_points(words: Iterable[str], where: str, *, separator: str = ",") -> dict[str, str]:
    """Those words of a file that are numbers in a spreadsheet's notation, with a point and no thousands.

    Args:
        words: all cells of the file that hold text (each once will do); flags may follow a number.
        where: the file, for a message.
        separator: of its columns; between semicolons a point may part thousands, because there spreadsheets
            write commas.

    Returns:
        Word → number as text, with its flags, for every word that is written otherwise.

    Raises:
        BenchmarkInputError: the file has decimal commas and decimal points, or cells that could be read with
            either and none that tells.

    >>> with_points(["1.234,5 p", "12", "2,750", ":c"], "jobs.csv")
    {'1.234,5 p': '1234.5 p', '2,750': '2.750'}
    >>> with_points(["1,234", "12"], "jobs.csv")  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    alp_pipeline.benchmark.cells.BenchmarkInputError: ...jobs.csv: '1,234' may be 1.234 or 1234...
    """
    proof: dict[str, str] = {}
    doubtful: list[str] = []
    numbers: dict[str, tuple[str, str, str]] = {}
    for word in words:
        cell = _CELL.fullmatch(word)
        if cell is None:
            continue
        sign, body, power, flags = (part or "" for part in cell.groups())
        is_spaced, body = _without_spaces(body.strip())
        mark = _mark(body, is_spaced)
        if mark is None:
            continue
        numbers[word] = sign, body, power + (f" {flags.strip()}" if flags.strip() else "")
        if len(mark) == 1:
            proof.setdefault(mark, word)
        elif mark:
            doubtful.append(word)
    if len(proof) == 2:
        raise BenchmarkInputError(
            f"{proof[',']!r} has a decimal comma and {proof['.']!r} a decimal point",
            where=where,
            todo="Write all numbers of the file in one way.",
        )
    unclear = [word for word in doubtful if "," in word or separator == ";"]
    if unclear and not proof:
        plain = numbers[unclear[0]][1]
        decimal, whole = plain.replace(",", "."), plain.replace(",", "").replace(".", "")
        raise BenchmarkInputError(
            f"{unclear[0]!r} may be {decimal} or {whole}",
            where=where,
            todo="Write numbers without a separator of thousands and with a decimal point.",
        )
    decimal_mark = next(iter(proof), ".")
    read = {}
    for word, (sign, body, rest) in numbers.items():
        plain = body.replace(_OTHER[decimal_mark], "").replace(decimal_mark, ".")
        if plain not in word:  # flags and spaces are not looked at here
            read[word] = sign + plain + rest
    return read


def _without_spaces(body: str) -> tuple[bool, str]:
    """Whether spaces or apostrophes part thousands, and the number without them."""
    found = _SPACED.match(body)
    if found is None:
        return False, body
    return True, re.sub(f"[{_SPACES}]", "", found[0]) + body[found.end() :]


def _mark(body: str, is_spaced: bool) -> str | None:
    """The decimal mark that a number proves; "" without any mark, "?," or "?." if that may part thousands.

    None for what is no number.
    """
    if re.search(f"[{_SPACES}]", body):
        return None
    marks = [sign for sign in body if sign in ".,"]
    if not marks:
        return ""
    if len(marks) > 1:
        proven = [_OTHER[mark] for mark, grouped in _GROUPED.items() if grouped.fullmatch(body)]
        return proven[0] if proven and not is_spaced else None
    may_part = not is_spaced and not body.startswith("0") and _GROUPED[marks[0]].fullmatch(body)
    return "?" + marks[0] if may_part else marks[0]
