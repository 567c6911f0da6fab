"""Tables of rows as pages: headings, and blocks of rows whose columns are text.

Belongs here: CSV and JSON rows as pages, what a block is. Does not: XLSX (workbook), archives (zipped), what
a column means (placement).

Pages are the answers of a paged service, or the files of an archive, one after the other. Numbers that come
as numbers (JSON, XLSX) are written with the layout's decimal sign, so that one grammar reads all cells.
"""

import csv
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any, Final, NamedTuple, NoReturn

import pyarrow as pa

from alp_pipeline.observations.delimited import RaggedLine, Table
from alp_pipeline.observations.documents import Document, api_message, not_data
from alp_pipeline.observations.errors import MalformedDocument, NotADataDocument
from alp_pipeline.observations.placement import named_columns, single_blanks
from alp_pipeline.observations.schema import TableLayout

MOST_JSON_BYTES: Final = 1 << 26  # of one page; parsed, it takes some ten times its size
_ROWS_AT_A_TIME: Final = 1 << 15
# Where the rows are in the answers of Socrata and of exports; CKAN; Opendatasoft; udata's tabular service.
_ROWS_AT: Final = (("result", "records"), ("results",), ("data",))


class Block(NamedTuple):
    """Some rows: how many, and their columns as text by position."""

    rows: int
    text: Callable[[int], pa.StringArray]


@dataclass
class Page:
    """A table with a heading.

    Args:
        where: how errors call it.
        headings: as published; none in a page without rows, of forms that have no headings.
        blocks: taken once.
        ragged: lines with another number of columns, complete when the blocks are through.
        lacking: named columns that no row of this page has, in forms whose rows omit empty fields.
    """

    where: str
    headings: Sequence[str]
    blocks: Iterator[Block]
    ragged: Sequence[RaggedLine] = ()
    lacking: frozenset[str] = frozenset()


def csv_page(document: Document, layout: TableLayout) -> Page:
    """A CSV document.

    Raises:
        DocumentError: there is no heading to be read.
    """
    skip = layout.heading_row - 1
    line, has_more = document.first_line(skip=skip)
    try:
        headings = next(csv.reader([line], delimiter=layout.delimiter, strict=True))
    except csv.Error as error:
        raise MalformedDocument(
            f"its heading, line {layout.heading_row}, is not CSV ({error})",
            where=document.where,
            todo="Check what was archived, and heading_row and delimiter of the layout.",
        ) from error
    if not headings:
        raise MalformedDocument(
            f"its line {layout.heading_row}, which should hold the headings, is empty",
            where=document.where,
            todo="Correct heading_row in the catalogue entry's layout.",
        )
    table = Table(document, len(headings), len(line.encode()), layout.delimiter, is_quoted=True, skip=skip)
    return Page(document.where, headings, _lines(table) if has_more else iter(()), table.ragged)


def _lines(table: Table) -> Iterator[Block]:
    for lines in table.blocks():
        yield Block(lines.num_rows, lambda at, lines=lines: table.text(lines.column(at)))  # type: ignore[misc]


def json_page(document: Document, layout: TableLayout) -> Page:
    """An array of objects, or an object that holds one as `result.records`, `results` or `data`.

    Rows may omit empty fields: the columns are those of all rows together, and named ones that no row has are
    empty.

    Raises:
        DocumentError: too large, not JSON, an error message, no rows.
    """
    rows = _json_rows(document, layout)
    found = dict.fromkeys(chain.from_iterable(rows))
    known = {single_blanks(name) for name in found}
    lacking = [name for name in named_columns(layout) if name not in known]
    names = [*found, *lacking] if rows else []

    def blocks() -> Iterator[Block]:
        for start in range(0, len(rows), _ROWS_AT_A_TIME):
            some = rows[start : start + _ROWS_AT_A_TIME]
            yield Block(
                len(some),
                lambda at, some=some: texts([row.get(names[at]) for row in some], layout),  # type: ignore[misc]
            )

    return Page(document.where, names, blocks(), lacking=frozenset(lacking))


def _json_rows(document: Document, layout: TableLayout) -> Sequence[Mapping[str, Any]]:
    content = document.whole(limit=MOST_JSON_BYTES)
    if content.lstrip()[:1] == "<":
        raise not_data(content.encode()[: 1 << 16], where=document.where)

    def number(text: str) -> str:
        return text.replace(".", layout.decimal)

    try:
        answer = json.loads(content, parse_float=number, parse_int=str, parse_constant=str)
    except (ValueError, RecursionError) as error:
        _malformed(document, f"it is not JSON ({error})")
    message = api_message(answer)
    if message:
        raise NotADataDocument(f"it is {message}", where=document.where, todo="Fetch it again.")
    rows = answer
    if isinstance(answer, dict):
        rows = next((held for path in _ROWS_AT if (held := _held(answer, path)) is not None), None)
    if not isinstance(rows, list):
        _malformed(document, "it is no array of rows, and has none as result.records, results or data")
    other = next((at for at, row in enumerate(rows) if not isinstance(row, dict)), None)
    if other is not None:
        _malformed(document, f"row {other + 1} is not an object")
    return rows


def _held(answer: Mapping[str, Any], path: Sequence[str]) -> Any:
    held: Any = answer
    for name in path:
        held = held.get(name) if isinstance(held, dict) else None
    return held


def texts(values: Sequence[Any], layout: TableLayout) -> pa.StringArray:
    """Values of any kind as text, "" for none.

    >>> texts(["35", None, 1.5, 2019.0, True, {"b": 1}], TableLayout(decimal=",")).to_pylist()
    ['35', '', '1,5', '2019', 'true', '{"b": 1}']
    """
    try:
        return pa.array(values, pa.string()).fill_null("")
    except (pa.ArrowTypeError, pa.ArrowInvalid):
        return pa.array([_text(value, layout) for value in values], pa.string())


def _text(value: Any, layout: TableLayout) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        is_whole = isinstance(value, int) or (value.is_integer() and abs(value) < 1e15)
        return str(int(value)) if is_whole else repr(value).replace(".", layout.decimal)
    if isinstance(value, dict | list):
        return json.dumps(value, sort_keys=True, ensure_ascii=False)
    if layout.period is not None and hasattr(value, "strftime"):
        return str(value.strftime(layout.period))
    return str(value.isoformat() if hasattr(value, "isoformat") else value)


def _malformed(document: Document, what: str) -> NoReturn:
    raise MalformedDocument(
        what, where=document.where, todo="Fetch it again; if it comes the same, tell the publisher."
    )
