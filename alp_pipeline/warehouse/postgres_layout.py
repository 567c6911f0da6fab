"""How the warehouse is laid out in PostgreSQL, and the statements that lay it out.

Belongs here: schemas, names, the partitioned tables, the views that analysts read, what happens when the
declarations change. Does not: loading a release, moving the pointer, dropping old releases (`postgres`).

    alp.<table>, alp.obs_current    views: the rows of the release that the pointer names; grants go here
    alp.release_pointer             one row: the current release
    alp.release                     the releases that are loaded
    alp_data.<table>                partitioned by LIST (release_id); nobody but the publisher needs it
    alp_data.<table>__<release>     one release's rows, with primary key and foreign keys

Keys and references are constraints of each release's own tables, not of the partitioned ones: a release
refers to nothing outside itself, and a partitioned table's constraint would have to be checked against all
releases whenever one is attached or dropped. Text compares by code point (COLLATE "C") as in DuckDB, so
that both engines order and compare alike.

The views are never dropped, because analysts' own views and grants hang on them. A column that the
declarations gain is appended; one that they lose stays, empty, and its comment says so; a column whose type
changes is refused, because only the owner of the dependent views can decide what becomes of them.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Column, Connection, Table, Text
from sqlalchemy.dialects import postgresql

from alp_pipeline.build.fingerprint import digest
from alp_pipeline.build.sql import literal
from alp_pipeline.errors import AlpError
from alp_pipeline.warehouse.columns import key_of, references_of
from alp_pipeline.warehouse.dictionary import column_comment, table_comment, view_column_comments
from alp_pipeline.warehouse.tables import TABLES, VIEWS

VIEW_SCHEMA = "alp"
DATA_SCHEMA = "alp_data"
_LONGEST_NAME = 63
_COLLATE = ' COLLATE "C"'
_POINTED = f"(SELECT release_id FROM {VIEW_SCHEMA}.release_pointer)"
_WITHDRAWN = "Withdrawn: no longer filled."


class PostgresLayoutChanged(AlpError):
    """A column's declared type differs from the one in the database."""


def partition_name(table: str, release_id: str) -> str:
    """The table that holds one release's rows of one table.

    >>> partition_name("dim_time", "20261122-001")
    'dim_time__20261122-001'
    """
    name = f"{table}__{release_id}"
    if len(name.encode()) > _LONGEST_NAME:
        raise ValueError(f"{name} is longer than PostgreSQL's {_LONGEST_NAME} bytes for a name")
    return name


def release_of_partition(name: str) -> str:
    """The release whose rows a partition holds.

    >>> release_of_partition("dim_time__20261122-001")
    '20261122-001'
    """
    return name.rsplit("__", 1)[1]


def ensure_layout(connection: Connection) -> bool:
    """Bring schemas, partitioned tables and views in line with the declarations, in one transaction.

    Does nothing, and locks nothing, when the database already has this layout.

    Returns: whether anything was done.

    Raises:
        PostgresLayoutChanged: a column's type differs; nothing was changed.
    """
    for schema in (VIEW_SCHEMA, DATA_SCHEMA):
        # Asked first: CREATE SCHEMA IF NOT EXISTS needs a right on the database that a publisher may lack.
        if not _exists(connection, "SELECT 1 FROM pg_namespace WHERE nspname = %s", schema):
            connection.exec_driver_sql(f"CREATE SCHEMA {schema}")
    for statement in _BOOKKEEPING:
        connection.exec_driver_sql(statement)
    wanted = _layout_fingerprint()
    if _exists(connection, f"SELECT 1 FROM {DATA_SCHEMA}.layout WHERE fingerprint = %s", wanted):
        return False
    for table in TABLES.values():
        _ensure_partitioned(connection, table)
        _replace_view(connection, table.name, _current_rows(connection, table))
    # The views' own queries name tables without a schema; so does DuckDB.
    connection.exec_driver_sql(f"SET LOCAL search_path = {VIEW_SCHEMA}")
    for view, (query, _) in VIEWS.items():
        _replace_view(connection, view, query)
    for statement in _comments(connection):
        connection.exec_driver_sql(statement)
    connection.exec_driver_sql(f"DELETE FROM {DATA_SCHEMA}.layout")
    connection.exec_driver_sql(f"INSERT INTO {DATA_SCHEMA}.layout VALUES (%s)", (wanted,))
    return True


def create_partition(table: Table, release_id: str) -> Iterable[str]:
    """Statements that make one release's table, not yet attached, ready to be loaded."""
    name = f'{DATA_SCHEMA}."{partition_name(table.name, release_id)}"'
    yield f'CREATE TABLE {name} (LIKE {DATA_SCHEMA}."{table.name}")'
    # The default saves sending the id with every row; the check spares a scan when it is attached.
    # Nothing is ever changed in it: autovacuum would find nothing to do and hold up its removal.
    changes = [f"ALTER release_id SET DEFAULT {literal(release_id)}", "SET (autovacuum_enabled = false)"]
    changes += [f"ADD CHECK (release_id = {literal(release_id)})"]
    changes += [f'ALTER "{column.name}" SET NOT NULL' for column in table.columns if not column.nullable]
    yield f"ALTER TABLE {name} {', '.join(changes)}"


def constrain_partition(table: Table, release_id: str) -> Iterable[str]:
    """Statements that key one loaded release's table; the tables it refers to must have their keys."""
    name = f'{DATA_SCHEMA}."{partition_name(table.name, release_id)}"'
    changes = [f"ADD PRIMARY KEY ({_quoted(key_of(table))})"]
    for column, target, target_column in references_of(table):
        referred = f'{DATA_SCHEMA}."{partition_name(target, release_id)}"'
        changes.append(f'ADD FOREIGN KEY ("{column}") REFERENCES {referred} ("{target_column}")')
    yield f"ALTER TABLE {name} {', '.join(changes)}"
    yield f"ANALYZE {name}"


def attach_partition(table: Table, release_id: str) -> str:
    """The statement that makes one release's rows part of the partitioned table, without a scan."""
    name = f'{DATA_SCHEMA}."{partition_name(table.name, release_id)}"'
    return (
        f'ALTER TABLE {DATA_SCHEMA}."{table.name}" ATTACH PARTITION {name} '
        f"FOR VALUES IN ({literal(release_id)})"
    )


_BOOKKEEPING = (
    f"CREATE TABLE IF NOT EXISTS {DATA_SCHEMA}.layout (fingerprint text NOT NULL)",
    f"""CREATE TABLE IF NOT EXISTS {VIEW_SCHEMA}.release (
        release_id text PRIMARY KEY,
        content_fingerprint text NOT NULL,
        is_synthetic boolean NOT NULL,
        loaded_at timestamptz NOT NULL DEFAULT clock_timestamp())""",
    f"""CREATE TABLE IF NOT EXISTS {VIEW_SCHEMA}.release_pointer (
        is_only boolean PRIMARY KEY DEFAULT true CHECK (is_only),
        release_id text NOT NULL REFERENCES {VIEW_SCHEMA}.release,
        changed_at timestamptz NOT NULL DEFAULT clock_timestamp())""",
)
_BOOKKEEPING_COMMENTS = (
    f"COMMENT ON TABLE {VIEW_SCHEMA}.release IS 'The releases that are loaded. One row per release.'",
    f"COMMENT ON TABLE {VIEW_SCHEMA}.release_pointer IS 'The release that the views show. One row.'",
    f"COMMENT ON SCHEMA {VIEW_SCHEMA} IS 'The warehouse: views of the current release. Read here.'",
    f"COMMENT ON SCHEMA {DATA_SCHEMA} IS 'Storage of all loaded releases; read {VIEW_SCHEMA} instead.'",
)


def _layout_fingerprint() -> str:
    tables = {
        name: (table_comment(table), [(c.name, _type(c), column_comment(c)) for c in table.columns])
        for name, table in TABLES.items()
    }
    return digest({"tables": tables, "views": VIEWS, "bookkeeping": (_BOOKKEEPING, _POINTED)})


def _type(column: "Column[Any]") -> str:
    name = str(column.type.compile(dialect=postgresql.dialect()))  # type: ignore[no-untyped-call]
    return name + _COLLATE if isinstance(column.type, Text) else name


def _ensure_partitioned(connection: Connection, table: Table) -> None:
    parent = f'{DATA_SCHEMA}."{table.name}"'
    standing = _columns(connection, DATA_SCHEMA, table.name)
    if not standing:
        # Nothing but the release is NOT NULL here: what a later declaration adds is NULL in older releases.
        columns = ", ".join(f'"{c.name}" {_type(c)}' for c in table.columns)
        connection.exec_driver_sql(
            f'CREATE TABLE {parent} (release_id text COLLATE "C" NOT NULL, {columns}) '
            f"PARTITION BY LIST (release_id)"
        )
        return
    for column in table.columns:
        if column.name not in standing:
            connection.exec_driver_sql(f'ALTER TABLE {parent} ADD "{column.name}" {_type(column)}')
    declared = {c.name: type_name for c, type_name in _canonical_types(connection, table)}
    changed = [name for name, kind in declared.items() if standing.get(name, kind) != kind]
    if changed:
        raise PostgresLayoutChanged(
            f"the declared type of {', '.join(changed)} changed, and views depend on the old one",
            where=f"PostgreSQL table {VIEW_SCHEMA}.{table.name}",
            todo=f"Save the definitions of dependent views, DROP SCHEMA {VIEW_SCHEMA}, {DATA_SCHEMA} "
            f"CASCADE, refresh, and grant again.",
        )


def _canonical_types(connection: Connection, table: Table) -> list[tuple["Column[Any]", str]]:
    """Declared types in PostgreSQL's own spelling."""
    names = (_type(column).removesuffix(_COLLATE) for column in table.columns)
    spelled = [f"{literal(name)}::regtype::text" for name in names]
    row = connection.exec_driver_sql(f"SELECT {', '.join(spelled)}").one()
    return list(zip(table.columns, map(str, row), strict=True))


def _columns(connection: Connection, schema: str, name: str) -> dict[str, str]:
    """Columns and types of a table or view, in order; empty when it does not exist."""
    rows = connection.exec_driver_sql(
        """SELECT a.attname, a.atttypid::regtype::text FROM pg_attribute a
           JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
           WHERE n.nspname = %s AND c.relname = %s AND a.attnum > 0 AND NOT a.attisdropped
           ORDER BY a.attnum""",
        (schema, name),
    )
    return {str(row[0]): str(row[1]) for row in rows}


def _current_rows(connection: Connection, table: Table) -> str:
    stored = [c for c in _columns(connection, DATA_SCHEMA, table.name) if c != "release_id"]
    return f'SELECT {_quoted(stored)} FROM {DATA_SCHEMA}."{table.name}" WHERE release_id = {_POINTED}'


def _replace_view(connection: Connection, name: str, query: str) -> None:
    """CREATE OR REPLACE, which keeps grants and dependents, wants the old columns first, in their order."""
    view = f'{VIEW_SCHEMA}."{name}"'
    standing = _columns(connection, VIEW_SCHEMA, name)
    offered = list(connection.exec_driver_sql(f"SELECT * FROM ({query}) q LIMIT 0").keys())
    lost = {column for column in standing if column not in offered}
    columns = [
        f'NULL::{standing[column]} AS "{column}"' if column in lost else f'"{column}"'
        for column in [*standing, *(column for column in offered if column not in standing)]
    ]
    connection.exec_driver_sql(
        f"CREATE OR REPLACE VIEW {view} AS SELECT {', '.join(columns)} FROM ({query}) q"
    )


def _comments(connection: Connection) -> Iterable[str]:
    yield from _BOOKKEEPING_COMMENTS
    shown = {name: _columns(connection, VIEW_SCHEMA, name) for name in (*TABLES, *VIEWS)}
    for name, table in TABLES.items():
        said = {c.name: column_comment(c) for c in table.columns}
        for kind, schema in (("VIEW", VIEW_SCHEMA), ("TABLE", DATA_SCHEMA)):
            place = f'{schema}."{name}"'
            yield f"COMMENT ON {kind} {place} IS {literal(table_comment(table))}"
            for column in shown[name]:
                yield f'COMMENT ON COLUMN {place}."{column}" IS {literal(said.get(column, _WITHDRAWN))}'
    for name in _withdrawn_tables(connection):
        yield f'COMMENT ON VIEW {VIEW_SCHEMA}."{name}" IS {literal(_WITHDRAWN)}'
    for view, (_, comment) in VIEWS.items():
        yield f'COMMENT ON VIEW {VIEW_SCHEMA}."{view}" IS {literal(comment)}'
        for column, text in view_column_comments(view, shown[view]).items():
            yield f'COMMENT ON COLUMN {VIEW_SCHEMA}."{view}"."{column}" IS {literal(text)}'


def _withdrawn_tables(connection: Connection) -> list[str]:
    """Partitioned tables that no declaration names any more; their views show no row of a new release."""
    rows = connection.exec_driver_sql(
        "SELECT relname FROM pg_class WHERE relnamespace = %s::regnamespace AND relkind = 'p'", (DATA_SCHEMA,)
    )
    return sorted(str(row[0]) for row in rows if row[0] not in TABLES)


def _quoted(names: Sequence[str]) -> str:
    return ", ".join(f'"{name}"' for name in names)


def _exists(connection: Connection, query: str, value: str) -> bool:
    return connection.exec_driver_sql(query, (value,)).first() is not None
