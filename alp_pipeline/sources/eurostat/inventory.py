"""Eurostat's inventory: one table of every dataset, with its times of change and its prepared addresses.

Belongs here: reading it, and telling a whole inventory from a damaged one. Does not: asking for it
(connector), the table of contents (its layout changed five times, and a client broke each time).
"""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Final

from alp_pipeline.archive.utc import utc_time
from alp_pipeline.sources.errors import AnswerIncomplete, AnswerTruncated, NotData, StructureChanged
from alp_pipeline.sources.eurostat.replies import HEAD_BYTES, failure, read_reply

_CODE: Final = "code"
_TYPE: Final = "type"
_DATA_CHANGE: Final = "last data change"
_STRUCTURE_CHANGE: Final = "last structural change"
_TSV_URL: Final = "data download url (tsv)"
_STRUCTURE_URL: Final = "data structure download url"
_REQUIRED: Final = (_CODE, _DATA_CHANGE, _STRUCTURE_CHANGE)
_OFFSET: Final = re.compile(r"T.*(Z|[+-]\d\d:?\d\d)$")
_ASK_AGAIN: Final = (
    "Nothing was taken from it; the last vintages stay in use and the next refresh asks again."
)

LEAST_SHARE: Final = 0.1
"""Of the datasets asked for, the share that an inventory must list before it is believed about the others."""
LEAST_ROWS: Final = 10
"""An inventory that lists none of one dataset asked for is believed from this many rows on."""


@dataclass(frozen=True)
class Row:
    """What the inventory says of a dataset. Times are UTC, None where missing or unreadable."""

    code: str
    data_change: str | None
    structure_change: str | None
    tsv_url: str | None = None
    structure_url: str | None = None


@dataclass(frozen=True)
class Inventory:
    """The datasets, by code in lower case.

    Args:
        is_ended: its last line has an end: what is not listed is not there. Without one it may have been cut.
    """

    rows: Mapping[str, Row]
    is_ended: bool


def read_inventory(content: bytes, *, where: str) -> Inventory:
    """Read the inventory of type `data`. Columns count by name, in any order; extracts (`$`) are left out.

    A code that stands there twice counts with its newest time, and with none when one of them is unreadable.

    Raises:
        NotData, ServiceUnavailable, QueryRefused: a web page or another message in its place.
        StructureChanged: a column is missing.
        AnswerTruncated: the last line ends before its last column.

    >>> lines = b"Code\\tLast data change\\tLast structural change\\nX_1\\t2026-05-13T11:00:00+0200\\t\\n"
    >>> read_inventory(lines, where="eurostat").rows["x_1"].data_change
    '2026-05-13T09:00:00Z'
    """
    reply = read_reply(content[:HEAD_BYTES])
    if reply.kind != "data":
        raise failure(reply, where=where)
    try:
        lines = content.decode("utf-8-sig").split("\n")
    except UnicodeDecodeError as error:
        raise NotData(
            f"the inventory is no UTF-8 (byte {error.start})", where=where, todo=_ASK_AGAIN
        ) from None
    columns = [" ".join(name.split()).strip('"').lower() for name in lines[0].split("\t")]
    missing = [name for name in _REQUIRED if name not in columns]
    if missing:
        raise StructureChanged(
            f"the inventory lacks the column {', '.join(missing)}",
            where=where,
            todo="Look at it in a browser; the columns are read by name in sources.eurostat.inventory.",
        )
    is_ended = not lines[-1].strip()
    if not is_ended and len(lines[-1].split("\t")) < len(columns):
        raise AnswerTruncated("the inventory ends within a line", where=where, todo=_ASK_AGAIN)
    rows: dict[str, Row] = {}
    for line in lines[1:]:
        # A row may leave out its last columns: they are then empty.
        cells = dict(zip(columns, (cell.strip().strip('"') for cell in line.split("\t")), strict=False))
        code = cells.get(_CODE, "")
        if code and "$" not in code and cells.get(_TYPE, "").upper() != "EXTRACTION":
            row = _row(code, cells)
            rows[code.lower()] = _newer(row, rows[code.lower()]) if code.lower() in rows else row
    return Inventory(rows, is_ended)


def refuse_implausible(inventory: Inventory, asked: Collection[str], *, where: str) -> None:
    """Believe an inventory about datasets that it does not list only when it looks whole.

    Raises:
        AnswerTruncated: something is missing, and the last line has no end.
        AnswerIncomplete: it lists less than a tenth of what was asked for, or is too short to tell.

    >>> refuse_implausible(Inventory({}, True), ["a"], where="eurostat")
    Traceback (most recent call last):
    ...
    alp_pipeline.sources.errors.AnswerIncomplete: AnswerIncomplete: eurostat: the inventory of 0 datasets ...
    """
    found = sum(code.lower() in inventory.rows for code in asked)
    if found == len(asked):
        return
    if not inventory.is_ended:
        raise AnswerTruncated(
            "the inventory lacks datasets, and its last line has no end", where=where, todo=_ASK_AGAIN
        )
    # One table alone can be gone; all of many at once is a damaged inventory.
    is_plausible = found >= max(1, LEAST_SHARE * len(asked)) or (
        len(asked) == 1 and len(inventory.rows) >= LEAST_ROWS
    )
    if not is_plausible:
        raise AnswerIncomplete(
            f"the inventory of {len(inventory.rows)} datasets lists {found} of {len(asked)} asked for",
            where=where,
            todo=f"It cannot be whole. {_ASK_AGAIN}",
        )


def _row(code: str, cells: Mapping[str, str]) -> Row:
    return Row(
        code,
        _moment(cells.get(_DATA_CHANGE, "")),
        _moment(cells.get(_STRUCTURE_CHANGE, "")),
        _address(cells.get(_TSV_URL, "")),
        _address(cells.get(_STRUCTURE_URL, "")),
    )


def _newer(one: Row, other: Row) -> Row:
    if one.data_change is None or other.data_change is None:
        return one if one.data_change is None else other
    return max(one, other, key=lambda row: row.data_change or "")


def _moment(text: str) -> str | None:
    """A time with an offset, in UTC. Without one it could be Brussels or UTC: unknown."""
    return utc_time(text) if _OFFSET.search(text) else None


def _address(text: str) -> str | None:
    return text if "://" in text else None
