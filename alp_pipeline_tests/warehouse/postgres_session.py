"""Publishing tiny releases to a test's database and asking it.

Belongs here: what the two modules on PostgreSQL share. Does not: anything a test asserts.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, create_engine, make_url
from sqlalchemy.pool import NullPool

from alp_pipeline.warehouse import postgres_layout
from alp_pipeline.warehouse import release as releases
from alp_pipeline_tests.warehouse.tiny_build import publish_tiny, with_values

C13_IN_LOMBARDIA = "SELECT value FROM alp.obs_current WHERE geo = 'ITC4' AND nace_r2 = 'C13'"


def make(folder: Path, number: int) -> releases.Release:
    """The n-th release: its observation of C13 in Lombardia is n."""
    now = datetime.fromisoformat("2026-05-13T10:00:00+00:00")
    values = with_values({"A.ITC4.C13.V16110": float(number)})
    return publish_tiny(folder, values, plan=f"plan-{number}", now=now)


@contextmanager
def connect(url: str, user: str = "postgres", isolation: str = "AUTOCOMMIT") -> Iterator[Connection]:
    address = make_url(url).set(drivername="postgresql+psycopg2", username=user)
    engine = create_engine(address, isolation_level=isolation, poolclass=NullPool)  # type: ignore[arg-type]
    with engine.connect() as connection:
        yield connection


def ask(url: str, query: str, user: str = "postgres") -> list[tuple[Any, ...]]:
    with connect(url, user) as connection:
        return [tuple(row) for row in connection.exec_driver_sql(query)]


def partitions(url: str) -> set[str]:
    found = ask(url, "SELECT relname FROM pg_class WHERE relkind = 'r' AND relname ~ '__'")
    return {postgres_layout.release_of_partition(row[0]) for row in found}
