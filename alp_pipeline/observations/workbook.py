"""One sheet of an XLSX workbook as a page of text columns.

Belongs here: choosing the sheet, refusing workbooks that would fill the memory, error values. Does not: what
the columns mean (placement).

python-calamine reads a sheet whole, as the rectangle around its cells, and gives an error value (`#N/A`) as
an empty cell. So the sheet's XML is looked through first: for how large the rectangle is, because two cells
far apart would take all memory, and for error values, which are put back as they stand.
"""

import io
import re
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, Final, NoReturn

from alp_pipeline.observations.documents import Document, damage_named, not_data
from alp_pipeline.observations.errors import EmptyDocument, MalformedDocument
from alp_pipeline.observations.markup import walked
from alp_pipeline.observations.pages import Block, Page, texts
from alp_pipeline.observations.schema import TableLayout

MOST_BYTES: Final = 1 << 26
MOST_UNPACKED_BYTES: Final = 1 << 29
MOST_CELLS: Final = 20_000_000
_MOST_ERRORS: Final = 100_000
_ROWS_AT_A_TIME: Final = 1 << 14
_CHUNK: Final = 1 << 20
_LONGEST_CELL: Final = 1 << 17  # a cell holds 32,767 characters at most
_RELATION: Final = "http://schemas.openxmlformats.org/officeDocument/2006/relationships id"
_PLACE: Final = rb'<(?:\w+:)?c\s(?=[^>]*?\br="([A-Z]{1,3})([0-9]{1,7})")'
_FILLED_CELL: Final = re.compile(_PLACE + rb"[^>]*(?<!/)>")
_ERROR_CELL: Final = re.compile(
    _PLACE + rb'(?=[^>]*?\bt="e")[^>]*>(?:(?!</(?:\w+:)?c>).)*?<(?:\w+:)?v>([^<]*)<', re.DOTALL
)
Errors = Mapping[int, Mapping[int, str]]
"""Error values by row and column, both from 0."""


def xlsx_page(document: Document, layout: TableLayout) -> Page:
    """The sheet that the layout names, or the only one.

    Raises:
        DocumentError: not a workbook, too large, no such sheet, several and none named.
    """
    from python_calamine import CalamineError, CalamineWorkbook

    content = document.content(limit=MOST_BYTES)
    if not content.startswith(b"PK"):
        document.refuse_unless_text(content[: 1 << 16])
        raise not_data(content[: 1 << 16], where=document.where)
    with damage_named(document.where), zipfile.ZipFile(io.BytesIO(content)) as parts:
        if sum(part.file_size for part in parts.infolist()) > MOST_UNPACKED_BYTES:
            _malformed(document, f"unpacked it is larger than {MOST_UNPACKED_BYTES >> 20} MiB")
        name, part = _sheet(parts, layout, document)
        errors = _errors(parts, part, document)
    try:
        sheet = CalamineWorkbook.from_filelike(io.BytesIO(content)).get_sheet_by_name(name)
    except CalamineError as error:
        _malformed(document, f"the workbook cannot be read ({error})")
    rows = enumerate(sheet.iter_rows())
    heading = next(islice(rows, layout.heading_row - 1, None), None)
    if heading is None:
        raise EmptyDocument(
            f"the sheet '{name}' ends before row {layout.heading_row}, which should hold the headings",
            where=document.where,
            todo="Check what was archived, and sheet and heading_row of the layout.",
        )
    headings = texts(heading[1], layout).to_pylist()
    return Page(document.where, headings, _blocks(rows, errors, layout))


def _blocks(
    rows: Iterator[tuple[int, Sequence[Any]]], errors: Errors, layout: TableLayout
) -> Iterator[Block]:
    while numbered := list(islice(rows, _ROWS_AT_A_TIME)):
        some = [
            _with_errors(row, errors[at]) if at in errors else row
            for at, row in numbered
            if at in errors or any(cell != "" for cell in row)
        ]
        columns = list(zip(*some, strict=True))
        if columns:
            yield Block(len(some), lambda at, columns=columns: texts(columns[at], layout))  # type: ignore[misc]


def _with_errors(row: Sequence[Any], errors: Mapping[int, str]) -> list[Any]:
    return [errors.get(column, cell) if cell == "" else cell for column, cell in enumerate(row)]


def _sheet(parts: zipfile.ZipFile, layout: TableLayout, document: Document) -> tuple[str, str]:
    """The sheet's name and the part of the archive that holds it."""
    try:
        book = _elements(parts.read("xl/workbook.xml"), "sheet", document)
        relations = _elements(parts.read("xl/_rels/workbook.xml.rels"), "Relationship", document)
    except KeyError as error:
        _malformed(document, f"it is a ZIP archive, but no workbook ({error.args[0]})")
    sheets = {one.get("name", ""): one.get(_RELATION) for one in book}
    wanted = layout.sheet or (next(iter(sheets)) if len(sheets) == 1 else None)
    target = next((one.get("Target") for one in relations if one.get("Id") == sheets.get(wanted or "")), None)
    if wanted is None or target is None:
        _malformed(
            document,
            f"it has the sheets {', '.join(sheets)}, and the layout "
            + (f"wants '{wanted}'" if wanted else "names none of them"),
        )
    return wanted, target.lstrip("/") if target.startswith("/") else f"xl/{target}"


def _elements(content: bytes, name: str, document: Document) -> list[Mapping[str, str]]:
    """The attributes of all elements with a name."""
    found = _Elements(name)
    for _ in walked([content], found, where=document.where):
        pass
    return found.attributes


class _Elements:
    def __init__(self, name: str) -> None:
        self._name = name
        self.attributes: list[Mapping[str, str]] = []

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        if name == self._name:
            self.attributes.append(attributes)

    def end(self, name: str) -> None:
        pass

    def text(self, text: str) -> None:
        pass


def _errors(parts: zipfile.ZipFile, part: str, document: Document) -> Errors:
    """The sheet's error values, once its rectangle is small enough."""
    errors: dict[int, dict[int, str]] = {}
    height = width = count = 0
    try:
        stream = parts.open(part)
    except KeyError:
        _malformed(document, f"its part {part} is absent")
    with stream:
        rest = b""
        while chunk := stream.read(_CHUNK):
            rest += chunk
            end = 0
            for cell in _FILLED_CELL.finditer(rest):
                height, width = max(height, int(cell[2])), max(width, _column(cell[1]) + 1)
                end = cell.start()
            for cell in _ERROR_CELL.finditer(rest):
                errors.setdefault(int(cell[2]) - 1, {})[_column(cell[1])] = cell[3].decode(errors="replace")
                count += 1
            if height * width > MOST_CELLS or count > _MOST_ERRORS:
                _malformed(
                    document, f"it spans {height:,} × {width:,} cells and holds {count:,} error values"
                )
            # The last cell may go on in the next chunk: it is looked at again with it.
            rest = rest[max(end, len(rest) - _LONGEST_CELL) :]
    return errors


def _column(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - ord("A") + 1
    return number - 1


def _malformed(document: Document, what: str) -> NoReturn:
    raise MalformedDocument(
        what,
        where=document.where,
        todo="Check what was archived, and the layout of the catalogue entry; or ask the publisher for CSV.",
    )
