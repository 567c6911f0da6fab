"""A published release's DuckDB file, opened to be read and for nothing else.

Belongs here: opening, the check that the tables are there, rows as dictionaries, the release's name. Does
not: what the rows mean (region, sources).
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from alp_pipeline.errors import AlpError

if TYPE_CHECKING:
    import duckdb

NEEDED_TABLES = (
    "dim_dataset",
    "dim_document",
    "dim_region",
    "dim_perimeter",
    "bridge_perimeter_region",
    "dim_activity",
    "dim_indicator",
    "fct_indicator",
    "fct_regional_activity",
    "bench_specialisation",
)


class ReleaseUnreadable(AlpError):
    """The release's file is absent or is not a DuckDB database."""


class ReleaseIncomplete(AlpError):
    """The release lacks a table or column that the report is made from."""


@dataclass(frozen=True)
class ReleaseFile:
    """An open release."""

    release_id: str
    connection: "duckdb.DuckDBPyConnection"

    def rows(self, query: str, parameters: Sequence[Any] = ()) -> list[dict[str, Any]]:
        """All rows of a query, as dictionaries by column name."""
        cursor = self.connection.execute(query, list(parameters))
        names = [column[0] for column in cursor.description or ()]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]

    def holds(self, table: str) -> bool:
        """Whether the release has a table: one that its version of the code did not know is not there."""
        return bool(self.rows("SELECT 1 FROM duckdb_tables() WHERE table_name = ?", [table]))

    def require(self, tables: Sequence[str]) -> None:
        """Raises ReleaseIncomplete: a table or a declared column is absent, naming all that are."""
        from alp_pipeline.warehouse.tables import TABLES

        found: dict[str, set[str]] = {}
        for row in self.rows("SELECT table_name, column_name FROM duckdb_columns()"):
            found.setdefault(row["table_name"], set()).add(row["column_name"])
        absent = [name for name in tables if name not in found]
        absent += [
            f"{name}.{column.name}"
            for name in tables
            for column in TABLES[name].columns
            if name in found and column.name not in found[name]
        ]
        if absent:
            raise ReleaseIncomplete(
                f"the release lacks {', '.join(absent)}",
                where=self.release_id,
                todo="Publish a release with this version's tables (alp refresh), then report again.",
            )


def release_id_of(release_duckdb: Path) -> str:
    """The release's id: the folder that its file lies in, symlinks followed.

    >>> release_id_of(Path("warehouse/releases/2026-05-13.1/alp.duckdb"))
    '2026-05-13.1'
    """
    return release_duckdb.resolve().parent.name


@contextmanager
def open_release(release_duckdb: Path) -> Iterator[ReleaseFile]:
    """Open a release read-only, without access to any other file.

    Raises:
        ReleaseUnreadable: no file there, or not a database.
        ReleaseIncomplete: a table or a declared column is absent, naming all that are.
    """
    import duckdb

    if not release_duckdb.is_file():
        raise ReleaseUnreadable(
            "there is no release", where=str(release_duckdb), todo="Publish one first: alp refresh."
        )
    # The path is resolved once, so that a release published meanwhile cannot mix with this one.
    file = release_duckdb.resolve()
    try:
        connection = duckdb.connect(
            str(file), read_only=True, config={"enable_external_access": False, "lock_configuration": True}
        )
    except duckdb.Error as error:
        raise ReleaseUnreadable(
            f"the file cannot be opened as a DuckDB database ({error})",
            where=str(file),
            todo="Choose a release with `alp release list`, or publish a new one with alp refresh.",
        ) from error
    with connection:
        release = ReleaseFile(release_id_of(file), connection)
        release.require(NEEDED_TABLES)
        yield release
