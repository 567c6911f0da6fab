"""A publisher's own codes in the catalogue's words.

Belongs here: the maps of a layout and the tables of `data/reference/codes`, what is done with a code that
they do not know. Does not: which column holds which dimension (placement).

A code table is a CSV file with the heading ``published,code``, one row per published code; several published
codes may have the same one, an empty `published` is a cell without a code (GENESIS: the total). A map in the
layout goes before the table. Without a map a code stays as it is, and must be one: no blank, none of `.,;=`,
which the key of a series is put together with.
"""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final, NamedTuple

from alp_pipeline.catalog.reference import read_reference
from alp_pipeline.errors import AlpError
from alp_pipeline.observations.schema import TableLayout

_CODE: Final = re.compile(r"[^\s.,;=]+")
_SHOWN: Final = 60


class UnusableCodeTable(AlpError):
    """A table of `data/reference/codes` that is not what it should be."""


class ReadCode(NamedTuple):
    """What a published code is here: its code, or why it has none; and whether its rows are kept."""

    code: str
    problem: str | None = None
    is_kept: bool = True


class CodeMap(NamedTuple):
    """The codes of one dimension: `known` is None where they stay as published."""

    dimension: str
    known: Mapping[str, str] | None = None
    sets_aside: bool = False

    def read(self, published: str) -> ReadCode:
        """A published code, blanks around it taken off.

        >>> sex = CodeMap("sex", {"GESM": "M", "": "T"})
        >>> sex.read("GESM"), sex.read("")
        (ReadCode(code='M', problem=None, is_kept=True), ReadCode(code='T', problem=None, is_kept=True))
        >>> sex.read("GESX").problem
        "the codes of sex do not know 'GESX'"
        >>> sex._replace(sets_aside=True).read("GESX").is_kept, CodeMap("geo").read("a b").problem
        (False, "'a b' is no code of geo: it holds a blank or one of . , ; =")
        """
        if self.known is None:
            if not published or _CODE.fullmatch(published):
                return ReadCode(published)
            return ReadCode(
                published,
                f"'{published[:_SHOWN]}' is no code of {self.dimension}: it holds a blank or one of . , ; =",
            )
        code = self.known.get(published)
        if code is not None:
            return ReadCode(code)
        if self.sets_aside:
            return ReadCode(published, is_kept=False)
        return ReadCode(published, f"the codes of {self.dimension} do not know '{published[:_SHOWN]}'")


def code_maps(layout: TableLayout | None, folder: Path | None = None) -> dict[str, CodeMap]:
    """The maps that a layout declares, by dimension; a dimension without one is not in it.

    Args:
        folder: of the reference tables, where it is not the installed one.

    Raises:
        ReferenceMissing: no such table.
        UnusableCodeTable: another heading, an empty code or one that is none, a published code twice.
    """
    if layout is None:
        return {}
    return {
        dimension: CodeMap(
            dimension,
            {**_table(layout.code_table.get(dimension), folder), **layout.codes.get(dimension, {})},
            dimension in layout.drop_unmapped,
        )
        for dimension in sorted({*layout.codes, *layout.code_table})
    }


def code_table_files(layout: TableLayout | None) -> tuple[str, ...]:
    """The reference tables that a layout reads: names for `catalog.reference.reference_digest`.

    >>> code_table_files(TableLayout({"AGS": "geo"}, code_table={"geo": "ags_nuts3"}))
    ('codes/ags_nuts3.csv',)
    """
    names = set(layout.code_table.values()) if layout else set()
    return tuple(f"codes/{name}.csv" for name in sorted(names))


def _table(name: str | None, folder: Path | None) -> dict[str, str]:
    if name is None:
        return {}
    rows = read_reference(f"codes/{name}.csv", folder)
    known: dict[str, str] = {}
    for number, row in enumerate(rows, start=2):
        if set(row) != {"published", "code"}:
            raise _unusable(name, f"its columns are {', '.join(map(str, row))}, not published,code")
        if not _CODE.fullmatch(row["code"] or ""):
            raise _unusable(name, f"line {number} has '{row['code']}' for a code")
        if row["published"] in known:
            raise _unusable(name, f"line {number} has '{row['published']}' a second time")
        known[row["published"]] = row["code"]
    if not known:
        raise _unusable(name, "it has no rows")
    return known


def _unusable(name: str, what: str) -> UnusableCodeTable:
    return UnusableCodeTable(
        what, where=f"codes/{name}.csv", todo="Correct the table in data/reference/codes."
    )
