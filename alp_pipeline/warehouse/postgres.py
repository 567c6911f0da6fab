"""Publishing a release to PostgreSQL, so that every reader sees one release, whole.

Belongs here: loading, keying and attaching a release, moving the pointer, dropping old releases. Does not:
what the schemas look like (`postgres_layout`), the release's content (`release`).

A release is loaded into tables of its own, which nothing reads; there it gets its primary keys and its
foreign keys (checking them in bulk takes a tenth of a second per million rows, so they are constraints and
not queries). Then three steps, each its own transaction:

1. its tables are attached to the partitioned ones and the release is entered in `alp.release`;
2. whatever was running then is waited for, a few seconds at most;
3. the one row of `alp.release_pointer` is updated.

Steps 1 and 3 in one transaction were tried and rejected: a READ COMMITTED statement is planned with one
snapshot and run with a later one, so a statement planned before the commit and run after it reads the new
pointer with a plan that lacks the new partitions, and finds nothing. With four readers against 150
publications, 108 of 1,370 statements did; with the wait, none of 21,000. A REPEATABLE READ reader keeps the
pointer, and with it the release, that its first statement saw; an old release is dropped only when no
transaction is left that could still point to it, and otherwise at a later publication.

A kill at any point leaves the pointer on a whole release. What the dead publisher left loaded but not entered
is dropped by the next.
"""

import time
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from sqlalchemy import Connection, Engine, create_engine, make_url
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.pool import NullPool

from alp_pipeline.errors import AlpError
from alp_pipeline.warehouse.columns import arrow_schema
from alp_pipeline.warehouse.postgres_layout import (
    DATA_SCHEMA,
    VIEW_SCHEMA,
    attach_partition,
    constrain_partition,
    create_partition,
    ensure_layout,
    partition_name,
    release_of_partition,
)
from alp_pipeline.warehouse.release import Release
from alp_pipeline.warehouse.tables import TABLES

_PUBLISHER_LOCK = 0x616C70  # "alp": one publisher per database
_BATCH = 65_536
_ATTEMPTS = 10
_LOCK_TIMEOUT = "200ms"  # readers that arrive meanwhile queue behind the attempt, so it must be short


class PostgresUnreachable(AlpError):
    """The server does not answer, refuses the login, or its driver is not installed."""


class PostgresBusy(AlpError):
    """Another publisher is at work, or open transactions hold what must change."""


class PostgresRefused(AlpError):
    """The server refused rows, a key or a reference, or the release itself cannot go there."""


@dataclass(frozen=True)
class Publication:
    """What one publication did."""

    release_id: str
    was_loaded: bool
    """False when the database held the release already."""
    current_id: str
    """The release that the views show now: the pinned one while the warehouse is pinned."""
    removed: tuple[str, ...]
    """Old releases that were dropped."""
    postponed: tuple[str, ...]
    """Old releases that open transactions may still read; a later publication drops them."""


def publish(
    url: str, release: Release, *, keep: int, issued: Collection[str] = (), patience_seconds: float = 5.0
) -> Publication:
    """Load a release and make it the one that the views show, unless the warehouse is pinned.

    Running it again changes nothing. Of the loaded releases the newest `keep` stay, the one shown, and the
    issued ones.

    Args:
        url: `postgresql://user:password@host/database`; its user must own the schemas `alp` and `alp_data`,
            or may create them.
        issued: releases that are never dropped.
        patience_seconds: how long to wait for other transactions, at most, each time it is needed.

    Raises:
        PostgresUnreachable, PostgresBusy, PostgresRefused, PostgresLayoutChanged: the views show what they
            showed before.
    """
    if keep < 1:
        raise ValueError(f"keep must be at least 1, is {keep}")
    with _publisher(url, patience_seconds) as (engine, session):
        was_loaded = _load_once(engine, session, url, release, patience_seconds)
        wanted = release.pinned_id or release.release_id
        if wanted in _loaded(session):
            _move_pointer(session, wanted)
        removed, postponed = _drop_old(session, keep, issued, patience_seconds)
        shown = _shown(session) or release.release_id
    return Publication(release.release_id, was_loaded, shown, removed, postponed)


def point_to(url: str, release_id: str) -> None:
    """Make a loaded release the one that the views show: what a rollback or its end does here.

    Raises:
        PostgresRefused: it is not loaded; naming those that are.
    """
    with _publisher(url, patience_seconds=5.0) as (_, session):
        loaded = _loaded(session)
        if release_id not in loaded:
            raise PostgresRefused(
                f"the release is not loaded; there are: {', '.join(loaded) or 'none'}",
                where=f"PostgreSQL, release {release_id}",
                todo="Choose one of these.",
            )
        _move_pointer(session, release_id)


def is_published(url: str, release: Release) -> bool:
    """Whether the release is loaded and the views show it, or the pinned one: nothing is left to do."""
    with _session(url) as (_, session):
        if not _has_layout(session):
            return False
        loaded, wanted = _loaded(session), release.pinned_id or release.release_id
        return release.release_id in loaded and (wanted not in loaded or _shown(session) == wanted)


def loaded_ids(url: str) -> list[str]:
    """The loaded releases, oldest first; none where nothing was ever published."""
    with _session(url) as (_, session):
        return list(_loaded(session)) if _has_layout(session) else []


def newest_id(url: str) -> str | None:
    """The release loaded last."""
    return next(reversed(loaded_ids(url)), None)


def current_id(url: str) -> str | None:
    """The release that the views show."""
    with _session(url) as (_, session):
        return _shown(session) if _has_layout(session) else None


@contextmanager
def _session(url: str) -> Iterator[tuple[Engine, Connection]]:
    address = make_url(url).set(drivername="postgresql+psycopg2")
    try:
        # no_parameters: a percent sign in a comment is a percent sign.
        engine = create_engine(address, poolclass=NullPool, execution_options={"no_parameters": True})
        connection = engine.connect().execution_options(isolation_level="AUTOCOMMIT")
    except (DBAPIError, ImportError) as error:
        raise PostgresUnreachable(
            str(error.orig if isinstance(error, DBAPIError) else error),
            where=address.render_as_string(hide_password=True),
            todo="Check ALP_WAREHOUSE_URL and the server; its driver: pip install alp_pipeline[postgres].",
        ) from error
    with connection:
        yield engine, connection


@contextmanager
def _publisher(url: str, patience_seconds: float) -> Iterator[tuple[Engine, Connection]]:
    """A session that is the database's only publisher, its layout in line with the declarations."""
    with _session(url) as (engine, session):
        # A killed publisher's session ends when the server notices; wait for that a little.
        deadline = time.monotonic() + patience_seconds
        while not session.exec_driver_sql(f"SELECT pg_try_advisory_lock({_PUBLISHER_LOCK})").scalar_one():
            if time.monotonic() > deadline:
                raise PostgresBusy(
                    "another process is publishing", where="PostgreSQL", todo="Wait for it, then try again."
                )
            time.sleep(0.1)
        try:
            with engine.begin() as transaction:
                transaction.exec_driver_sql(f"SET LOCAL lock_timeout = '{patience_seconds * 1000:.0f}ms'")
                ensure_layout(transaction)
            yield engine, session
        except DBAPIError as error:
            raise _refusal(error) from error


def _refusal(error: DBAPIError) -> AlpError:
    said = " ".join(str(error.orig).split())
    if getattr(error.orig, "pgcode", None) == "55P03":
        return PostgresBusy(
            f"open transactions hold what must change ({said})",
            where="PostgreSQL",
            todo="End long transactions, then publish again: alp refresh.",
        )
    return PostgresRefused(said, where="PostgreSQL", todo="The views show the former release. Report this.")


def _load_once(
    engine: Engine, session: Connection, url: str, release: Release, patience_seconds: float
) -> bool:
    standing = _loaded(session)
    name = release.release_id
    _refuse_mixture(standing, release)
    if name in standing:
        if standing[name][0] != release.content_fingerprint:
            raise PostgresRefused(
                "the database holds another release of this name, from another data folder",
                where=f"PostgreSQL, release {name}",
                todo="Give each data folder a database of its own.",
            )
        return False
    _drop_unregistered(session)
    _load(engine, url, release)
    with engine.begin() as transaction:
        _attach(transaction, release)
    _wait_for_others(session, patience_seconds)
    return True


def _refuse_mixture(standing: dict[str, tuple[str, bool]], release: Release) -> None:
    other = [name for name, (_, is_synthetic) in standing.items() if is_synthetic != release.is_synthetic]
    if other:
        kinds = {True: "synthetic", False: "real"}
        raise PostgresRefused(
            f"a {kinds[release.is_synthetic]} release cannot join {kinds[not release.is_synthetic]} ones "
            f"({other[-1]})",
            where=f"PostgreSQL, release {release.release_id}",
            todo="Give the other kind of data a database of its own.",
        )


def _load(engine: Engine, url: str, release: Release) -> None:
    with engine.begin() as transaction:
        for table in TABLES.values():
            for statement in create_partition(table, release.release_id):
                transaction.exec_driver_sql(statement)
    _copy(url, release)
    with engine.begin() as transaction:
        for table in TABLES.values():  # in an order that has referred tables first
            for statement in constrain_partition(table, release.release_id):
                transaction.exec_driver_sql(statement)


def _copy(url: str, release: Release) -> None:
    """Send all tables' rows as Arrow over COPY: 1 M observations take about 2 s."""
    from adbc_driver_postgresql import dbapi

    address = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    with dbapi.connect(address, autocommit=True) as connection, connection.cursor() as cursor:
        for table in TABLES:
            sent = pq.read_metadata(release.files[table]).num_rows
            try:
                arrived = cursor.adbc_ingest(
                    partition_name(table, release.release_id),
                    _rows(table, release.files[table]),
                    mode="append",
                    db_schema_name=DATA_SCHEMA,
                )
            except dbapi.Error as error:
                raise PostgresRefused(
                    f"the rows were refused ({' '.join(str(error).split())})",
                    where=f"PostgreSQL table {table}",
                    todo="The views show the former release. Report this.",
                ) from error
            if arrived != sent:
                raise PostgresRefused(
                    f"{arrived} of {sent} rows arrived",
                    where=f"PostgreSQL table {table}",
                    todo="Publish again: alp refresh.",
                )


def _rows(table: str, path: Path) -> pa.RecordBatchReader:
    schema = arrow_schema(TABLES[table])
    batches = pq.ParquetFile(path).iter_batches(batch_size=_BATCH)
    return pa.RecordBatchReader.from_batches(schema, (batch.cast(schema) for batch in batches))


def _attach(transaction: Connection, release: Release) -> None:
    for table in TABLES.values():
        transaction.exec_driver_sql(attach_partition(table, release.release_id))
    transaction.exec_driver_sql(
        f"INSERT INTO {VIEW_SCHEMA}.release (release_id, content_fingerprint, is_synthetic) "
        f"VALUES (%s, %s, %s)",
        (release.release_id, release.content_fingerprint, release.is_synthetic),
    )


def _wait_for_others(session: Connection, patience_seconds: float) -> bool:
    """Wait until every transaction of this database that runs now has ended; False when patience did first.

    Virtual transactions are listed in pg_locks for everyone, so this needs no privilege.
    """
    running = """SELECT l.virtualtransaction FROM pg_locks l JOIN pg_stat_activity a USING (pid)
        WHERE l.locktype = 'virtualxid' AND l.pid <> pg_backend_pid() AND a.datname = current_database()
          AND coalesce(a.backend_type, '') <> 'autovacuum worker'"""
    deadline = time.monotonic() + patience_seconds
    older = {row[0] for row in session.exec_driver_sql(running)}
    while older and time.monotonic() < deadline:
        time.sleep(0.01)
        older &= {row[0] for row in session.exec_driver_sql(running)}
    return not older


def _move_pointer(session: Connection, release_id: str) -> None:
    session.exec_driver_sql(
        f"""INSERT INTO {VIEW_SCHEMA}.release_pointer AS p (release_id) VALUES (%s)
            ON CONFLICT (is_only)
            DO UPDATE SET release_id = excluded.release_id, changed_at = excluded.changed_at
            WHERE p.release_id <> excluded.release_id""",
        (release_id,),
    )


def _drop_old(
    session: Connection, keep: int, issued: Collection[str], patience_seconds: float
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    needed = {_shown(session), *issued}
    old = [name for name in list(_loaded(session))[:-keep] if name not in needed]
    free = not old or _wait_for_others(session, patience_seconds)
    for name in old if free else ():
        # First of all: nobody can roll back to what is about to go.
        session.exec_driver_sql(f"DELETE FROM {VIEW_SCHEMA}.release WHERE release_id = %s", (name,))
    left = _drop_unregistered(session)
    postponed = sorted(left if free else {*left, *old})
    return tuple(name for name in old if name not in postponed), tuple(postponed)


def _drop_unregistered(session: Connection) -> set[str]:
    """Drop the tables of releases that are not entered; returns those that readers would not let go."""
    found = session.exec_driver_sql(
        """SELECT c.relname, p.relname FROM pg_class c
           LEFT JOIN pg_inherits i ON i.inhrelid = c.oid LEFT JOIN pg_class p ON p.oid = i.inhparent
           WHERE c.relnamespace = %s::regnamespace AND c.relkind = 'r' AND c.relname LIKE '%%\\_\\_%%'""",
        (DATA_SCHEMA,),
    ).all()
    standing = _loaded(session)
    doomed: dict[str, list[tuple[str, str | None]]] = {}
    for name, parent in found:
        if (release_id := release_of_partition(name)) not in standing:
            doomed.setdefault(release_id, []).append((name, parent))
    left: set[str] = set()
    for release_id, tables in doomed.items():
        detach = [
            f'ALTER TABLE {DATA_SCHEMA}."{parent}" DETACH PARTITION {DATA_SCHEMA}."{name}"'
            for name, parent in tables
            if parent is not None
        ]
        drop = ", ".join(f'{DATA_SCHEMA}."{name}"' for name, _ in tables)
        try:
            for statement in (*detach, f"DROP TABLE {drop}"):
                _patiently(session, statement)
        except OperationalError:
            left.add(release_id)
    return left


def _patiently(session: Connection, statement: str) -> None:
    """Try for a lock for a moment, several times, so that readers never queue for long behind the wait."""
    session.exec_driver_sql(f"SET lock_timeout = '{_LOCK_TIMEOUT}'")
    try:
        for attempt in range(_ATTEMPTS):
            try:
                session.exec_driver_sql(statement)
                return
            except OperationalError as error:
                if getattr(error.orig, "pgcode", None) != "55P03" or attempt == _ATTEMPTS - 1:
                    raise
                time.sleep(0.1)
    finally:
        session.exec_driver_sql("RESET lock_timeout")


def _has_layout(session: Connection) -> bool:
    found = session.exec_driver_sql(f"SELECT to_regclass('{VIEW_SCHEMA}.release_pointer')").scalar_one()
    return found is not None


def _loaded(session: Connection) -> dict[str, tuple[str, bool]]:
    """Release → (content fingerprint, whether synthetic), oldest first."""
    rows = session.exec_driver_sql(
        f"SELECT release_id, content_fingerprint, is_synthetic FROM {VIEW_SCHEMA}.release ORDER BY loaded_at"
    )
    return {str(row[0]): (str(row[1]), bool(row[2])) for row in rows}


def _shown(session: Connection) -> str | None:
    found = session.exec_driver_sql(f"SELECT release_id FROM {VIEW_SCHEMA}.release_pointer").scalar()
    return None if found is None else str(found)
