"""Asking the warehouse: one statement, the current release, nothing else within reach.

Belongs here: opening a release so that a statement can read its tables and do nothing more; answers as
Arrow, shown as a table, JSON or CSV. Does not: which release is current (`release`).

Read-only alone still lets a statement write with `COPY … TO` and read any file of the machine. With
external access off DuckDB still trusts the paths of its own database, so that `COPY … TO
'…/alp.duckdb.wal'` would plant a file that breaks the release. Therefore, once the file is open, the
whole local filesystem is switched off and the configuration locked. The price: a query cannot spill to
disk; one that needs more memory than there is fails and says so.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from itertools import chain, count
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TextIO

import pyarrow as pa

from alp_pipeline.build.sql import QUIET
from alp_pipeline.errors import AlpError

if TYPE_CHECKING:
    import duckdb

Style = Literal["table", "json", "csv"]
_BATCH = 65_536


class NoRelease(AlpError):
    """There is no release to ask."""


class QueryRefused(AlpError):
    """The statement is wrong, or asks for something that a query may not do."""


class QueryTooLarge(AlpError):
    """The answer cannot be computed in the memory there is."""


@dataclass(frozen=True)
class Answer:
    """What a query gave."""

    rows: pa.Table
    is_complete: bool
    """False when a limit cut the answer short."""


@contextmanager
def open_read_only(warehouse_file: Path) -> "Iterator[duckdb.DuckDBPyConnection]":
    """A release's DuckDB file, from which tables can be read and nothing else can be done.

    The symlink is resolved first. DuckDB shares one instance per path and process, so that opening the
    symlink itself would give a process that still reads the former release that release again.

    Raises:
        NoRelease: no file there, or no DuckDB database.
    """
    import duckdb

    if not warehouse_file.is_file():
        raise NoRelease(
            "there is no release yet", where=str(warehouse_file), todo="Publish one first: alp refresh."
        )
    config: dict[str, str | bool | int | float | list[str]] = {
        "enable_external_access": "false",
        "autoinstall_known_extensions": "false",
        "autoload_known_extensions": "false",
        "allow_community_extensions": "false",
        # Otherwise a table's name that is no table would be looked up among Python's variables.
        "python_enable_replacements": "false",
        "temp_directory": "",
    }
    try:
        connection = duckdb.connect(str(warehouse_file.resolve()), read_only=True, config=config)
    except duckdb.Error as error:
        raise NoRelease(
            f"it cannot be opened as a release ({error})",
            where=str(warehouse_file),
            todo="Choose another with `alp release list`, or publish a new one: alp refresh.",
        ) from error
    with connection:
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute(QUIET)
        connection.execute("SET disabled_filesystems = 'LocalFileSystem'")
        connection.execute("SET lock_configuration = true")
        yield connection


def run_query(warehouse_file: Path, sql: str, *, limit: int | None = None) -> Answer:
    """Run one SQL statement against a release.

    Columns that share a name are numbered (`n, n_2`), so that no row object loses one.

    Args:
        warehouse_file: the symlink to the current release, or any release's DuckDB file.
        limit: at most so many rows; all when None.

    Raises:
        NoRelease: see `open_read_only`.
        QueryRefused: no statement, several, a wrong one or one that is not allowed; DuckDB's words within.
        QueryTooLarge: it needs more memory than there is.
    """
    import duckdb

    with open_read_only(warehouse_file) as connection:
        try:
            _refuse_several(connection, sql)
            return _read(connection.execute(sql).to_arrow_reader(_BATCH), limit)
        except duckdb.OutOfMemoryException as error:
            raise QueryTooLarge(
                str(error), where="query", todo="Ask for fewer rows or columns at a time."
            ) from error
        except (duckdb.Error, pa.ArrowException) as error:
            raise QueryRefused(str(error), where="query", todo="Correct the statement.") from error


def render(answer: Answer, style: Style, out: TextIO) -> None:
    """Write an answer for a person (`table`) or a program (`json`, `csv`).

    JSON is an array of row objects and nothing else. A missing value is null; what JSON numbers cannot
    say, NaN and the infinities, are the texts "NaN", "Infinity" and "-Infinity" (as PostgreSQL does), so
    that they are not taken for missing. Decimals and whole numbers keep every digit; times are ISO 8601.
    In CSV a missing value is an empty field and an empty text is a quoted one.

    >>> import sys
    >>> rows = pa.table({"n": [1, None], "x": [0.5, float("nan")]})
    >>> render(Answer(rows, True), "json", sys.stdout)
    [
    {"n": 1, "x": 0.5},
    {"n": null, "x": "NaN"}
    ]
    """
    {"table": _render_table, "json": _render_json, "csv": _render_csv}[style](answer, out)


def _refuse_several(connection: "duckdb.DuckDBPyConnection", sql: str) -> None:
    """DuckDB gives the last statement's rows and drops the others' without a word."""
    import duckdb

    # One PIVOT parses as two: it first makes a temporary type of the values it finds.
    made = duckdb.StatementType.CREATE
    statements = [s for s in connection.extract_statements(sql) if s.type != made]
    if len(statements) != 1:
        raise QueryRefused(
            f"there are {len(statements)} queries", where="query", todo="Give exactly one statement."
        )


def _read(reader: pa.RecordBatchReader, limit: int | None) -> Answer:
    batches: list[pa.RecordBatch] = []
    held = 0
    for batch in reader:
        batches.append(batch)
        held += batch.num_rows
        if limit is not None and held > limit:
            break
    table = pa.Table.from_batches(batches, reader.schema)
    table = table.rename_columns(_distinct(table.column_names))
    return Answer(table.slice(0, limit), limit is None or held <= limit)


def _distinct(names: list[str]) -> list[str]:
    given: list[str] = []
    for name in names:
        numbered = (f"{name}_{number}" for number in count(2))
        given.append(next(free for free in chain([name], numbered) if free not in given))
    return given


def _rows(table: pa.Table) -> Iterator[dict[str, Any]]:
    for batch in table.to_batches(max_chunksize=_BATCH):
        yield from batch.to_pylist()


def _render_json(answer: Answer, out: TextIO) -> None:
    lines = (
        "{" + ", ".join(f"{json.dumps(k, ensure_ascii=False)}: {_json(v)}" for k, v in row.items()) + "}"
        for row in _rows(answer.rows)
    )
    first = next(lines, None)
    out.write("[" if first is None else f"[\n{first}")
    for line in lines:
        out.write(f",\n{line}")
    out.write("]\n" if first is None else "\n]\n")


def _json(value: Any) -> str:
    match value:
        case None | bool():
            return json.dumps(value)
        case float() if not isfinite(value):
            return json.dumps({"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}[str(value)])
        case Decimal():
            return format(value, "f")
        case dict():
            return "{" + ", ".join(f"{json.dumps(str(k))}: {_json(v)}" for k, v in value.items()) + "}"
        case pa.MonthDayNano():
            return json.dumps(_duration(value))
        case list() | tuple():
            return "[" + ", ".join(map(_json, value)) + "]"
        case str() | int() | float():
            return json.dumps(value, ensure_ascii=False)
        case bytes():
            return json.dumps(value.hex())
        case date() | datetime() | time():
            return json.dumps(value.isoformat())
        case _:
            return json.dumps(str(value), ensure_ascii=False)


def _duration(value: pa.MonthDayNano) -> str:
    seconds = format(Decimal(value.nanoseconds) / 1_000_000_000, "f")
    return f"P{value.months}M{value.days}DT{seconds}S"


def _text(value: Any) -> str:
    """A value as it stands in a table's or a CSV's cell."""
    written = _json(value)
    return str(json.loads(written)) if written.startswith('"') else written


def _render_csv(answer: Answer, out: TextIO) -> None:
    def cell(value: Any) -> str:
        text = "" if value is None else _text(value)
        quoted = '"' + text.replace('"', '""') + '"'
        return quoted if value == "" or any(mark in text for mark in ',"\r\n') else text

    out.write(",".join(map(cell, answer.rows.column_names)) + "\n")
    for row in _rows(answer.rows):
        out.write(",".join(map(cell, row.values())) + "\n")


def _render_table(answer: Answer, out: TextIO) -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    # Where nobody's terminal limits the width (a file, a pipe), rows stay on one line.
    console = Console(file=out) if out.isatty() else Console(file=out, width=100_000)
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    numeric = [pa.types.is_integer(f.type) or pa.types.is_floating(f.type) for f in answer.rows.schema]
    for name, is_number in zip(answer.rows.column_names, numeric, strict=True):
        table.add_column(Text(name), justify="right" if is_number else "left", overflow="fold")
    for row in _rows(answer.rows):
        cells = (Text("NULL", style="dim") if v is None else Text(_text(v)) for v in row.values())
        table.add_row(*cells)
    console.print(table)
    count_of_rows = answer.rows.num_rows
    said = f"{count_of_rows:,} row{'' if count_of_rows == 1 else 's'}"
    console.print(Text(said if answer.is_complete else f"the first {said}; there are more", style="dim"))
