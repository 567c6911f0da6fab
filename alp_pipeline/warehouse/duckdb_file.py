"""The DuckDB file of a release: every table, view and comment, in one file that opens anywhere.

Belongs here: writing that file from the build's Parquet files. Does not: where it stands and when it
becomes current (`release`), asking it (`query`).

The file carries comments and the rows in key order, no constraints: keys and references are verified at
the release gate, and constraints would make the file 9 to 15 times as large (design, section 5). It names
nothing of the machine that wrote it.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from alp_pipeline.build.sql import QUIET, literal, parquet
from alp_pipeline.warehouse.columns import duckdb_type
from alp_pipeline.warehouse.dictionary import column_comment, table_comment, view_column_comments
from alp_pipeline.warehouse.tables import TABLES, VIEWS

if TYPE_CHECKING:
    import duckdb


def write(path: Path, files: Mapping[str, Path], *, threads: int) -> None:
    """Write a new DuckDB file with the tables of `files`, rows in the order of their Parquet files.

    Args:
        path: a file that does not exist yet.
        files: table name → Parquet file with the declared columns.
    """
    import duckdb

    settings: dict[str, str | bool | int | float | list[str]] = {
        "threads": threads,
        "preserve_insertion_order": "true",
    }
    with duckdb.connect(str(path), config=settings) as connection:
        connection.execute(QUIET)
        # One transaction: every statement of its own would flush the log to the disk.
        connection.begin()
        for name in files:
            connection.execute(_create_table(name, files[name]))
        for view, (query, _) in VIEWS.items():
            connection.execute(f'CREATE VIEW "{view}" AS {query}')
        for statement in _comments(connection, files):
            connection.execute(statement)
        connection.commit()


def _create_table(name: str, file: Path) -> str:
    columns = ", ".join(f'CAST("{c.name}" AS {duckdb_type(c)}) AS "{c.name}"' for c in TABLES[name].columns)
    return f'CREATE TABLE "{name}" AS SELECT {columns} FROM {parquet(file)}'


def _comments(connection: "duckdb.DuckDBPyConnection", files: Mapping[str, Path]) -> Iterator[str]:
    for name in files:
        yield f'COMMENT ON TABLE "{name}" IS {literal(table_comment(TABLES[name]))}'
        for c in TABLES[name].columns:
            yield f'COMMENT ON COLUMN "{name}"."{c.name}" IS {literal(column_comment(c))}'
    for view, (_, comment) in VIEWS.items():
        yield f'COMMENT ON VIEW "{view}" IS {literal(comment)}'
        shown = [str(row[0]) for row in connection.execute(f'DESCRIBE "{view}"').fetchall()]
        for column, text in view_column_comments(view, shown).items():
            yield f'COMMENT ON COLUMN "{view}"."{column}" IS {literal(text)}'
