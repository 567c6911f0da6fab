"""Whatever is published, killed or rolled back, every reader of PostgreSQL sees one release, whole."""

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import make_url

from alp_pipeline.warehouse import postgres
from alp_pipeline.warehouse import release as releases
from alp_pipeline.warehouse.tables import TABLES
from alp_pipeline_tests.warehouse.postgres_session import C13_IN_LOMBARDIA, ask, connect, make, partitions


def test_an_open_transaction_sees_the_old_release_whole(tmp_path: Path, postgres_url: str) -> None:
    first, second, third = (make(tmp_path, number) for number in (1, 2, 3))
    postgres.publish(postgres_url, first, keep=1)
    with connect(postgres_url, isolation="REPEATABLE READ") as reader:
        # Its snapshot is taken, but no table of the warehouse is touched, so nothing is locked yet.
        reader.exec_driver_sql("SELECT 1")
        done = [postgres.publish(postgres_url, r, keep=1, patience_seconds=0.2) for r in (second, third)]
        assert done[0].postponed == (first.release_id,)
        assert done[1].postponed == (first.release_id, second.release_id)
        assert reader.exec_driver_sql(C13_IN_LOMBARDIA).scalar_one() == 1.0
        assert reader.exec_driver_sql("SELECT count(*) FROM alp.dim_region").scalar_one() == 3
        assert (
            reader.exec_driver_sql("SELECT release_id FROM alp.release_pointer").scalar_one()
            == first.release_id
        )
        assert ask(postgres_url, C13_IN_LOMBARDIA) == [(3.0,)]
    last = postgres.publish(postgres_url, third, keep=1)
    assert last.removed == (first.release_id, second.release_id)
    assert partitions(postgres_url) == {third.release_id}


_SLOW_TO_PLAN = """CREATE FUNCTION slow_to_plan() RETURNS text LANGUAGE plpgsql STABLE AS $$
BEGIN PERFORM pg_advisory_xact_lock_shared(42); RETURN ''; END $$"""


def test_a_statement_planned_before_a_publication_finds_the_release_it_was_planned_for(
    tmp_path: Path, postgres_url: str
) -> None:
    first, second = (make(tmp_path, number) for number in (1, 2))
    postgres.publish(postgres_url, first, keep=2)
    found: list[tuple[Any, ...]] = []
    query = "SELECT count(*) FROM alp.dim_region WHERE region_code > slow_to_plan()"
    statement = threading.Thread(target=lambda: found.extend(ask(postgres_url, query)))
    publishing = threading.Thread(
        target=lambda: postgres.publish(postgres_url, second, keep=2, patience_seconds=30)
    )
    with connect(postgres_url) as gate:
        gate.exec_driver_sql(_SLOW_TO_PLAN)
        gate.exec_driver_sql("SELECT pg_advisory_lock(42)")
        # The planner estimates the condition with the function's value, so it stands still in there.
        statement.start()
        _wait_until(
            postgres_url, "SELECT count(*) = 1 FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
        )
        publishing.start()
        _wait_until(postgres_url, "SELECT count(*) = 2 FROM alp.release")
        assert postgres.current_id(postgres_url) == first.release_id, "attached, but not yet shown"
        gate.exec_driver_sql("SELECT pg_advisory_unlock(42)")
        statement.join()
        publishing.join()
    assert found == [(3,)]
    assert postgres.current_id(postgres_url) == second.release_id


def _wait_until(url: str, condition: str) -> None:
    deadline = time.monotonic() + 30
    while ask(url, condition) != [(True,)]:
        assert time.monotonic() < deadline, condition
        time.sleep(0.02)


def test_statements_run_while_releases_come_never_find_a_mixture_or_nothing(
    tmp_path: Path, postgres_url: str
) -> None:
    made = [make(tmp_path, number) for number in range(1, 7)]
    postgres.publish(postgres_url, made[0], keep=2)
    counted = """SELECT
        (SELECT count(*) FROM alp.dim_region r JOIN alp.obs_current o ON o.geo = r.region_code),
        (SELECT value FROM alp.obs_current WHERE geo = 'ITC4' AND nace_r2 = 'C13'),
        (SELECT right(release_id, 1)::float FROM alp.release_pointer)"""
    found: list[tuple[Any, ...]] = []
    stop = threading.Event()

    def read() -> None:
        with connect(postgres_url) as reader:
            while not stop.is_set():
                found.append(tuple(reader.exec_driver_sql(counted).one()))

    readers = [threading.Thread(target=read) for _ in range(3)]
    for reader in readers:
        reader.start()
    for release in made[1:]:
        postgres.publish(postgres_url, release, keep=2)
    stop.set()
    for reader in readers:
        reader.join()
    assert set(found) <= {(4, float(number), float(number)) for number in range(1, 7)}
    assert found[-1] == (4, 6.0, 6.0)


def test_grants_and_analysts_own_views_survive_publications(tmp_path: Path, postgres_url: str) -> None:
    first, second, third = (make(tmp_path, number) for number in (1, 2, 3))
    postgres.publish(postgres_url, first, keep=1)
    analyst = f"analyst_{os.getpid()}_{time.monotonic_ns()}"
    for statement in (
        f"CREATE ROLE {analyst} LOGIN",
        f"GRANT USAGE ON SCHEMA alp TO {analyst}",
        f"GRANT SELECT ON ALL TABLES IN SCHEMA alp TO {analyst}",
        f"CREATE SCHEMA own AUTHORIZATION {analyst}",
    ):
        with connect(postgres_url) as owner:
            owner.exec_driver_sql(statement)
    with connect(postgres_url, analyst) as connection:
        connection.exec_driver_sql(f"CREATE VIEW own.textiles AS {C13_IN_LOMBARDIA}")
    for release in (second, third):
        postgres.publish(postgres_url, release, keep=1)
    assert ask(postgres_url, "SELECT value FROM own.textiles", analyst) == [(3.0,)]
    assert ask(postgres_url, "SELECT count(*) FROM alp.dim_region", analyst) == [(3,)]
    with pytest.raises(Exception, match="permission denied for schema alp_data"):
        ask(postgres_url, "SELECT * FROM alp_data.dim_region", analyst)
    assert partitions(postgres_url) == {third.release_id}
    with connect(postgres_url) as owner:
        owner.exec_driver_sql(f"DROP OWNED BY {analyst}")
        owner.exec_driver_sql(f"DROP ROLE {analyst}")


def test_a_publisher_needs_no_more_than_the_right_to_create_its_schemas(
    tmp_path: Path, postgres_url: str
) -> None:
    publisher = f"publisher_{os.getpid()}_{time.monotonic_ns()}"
    with connect(postgres_url) as owner:
        owner.exec_driver_sql(f"CREATE ROLE {publisher} LOGIN")
        owner.exec_driver_sql(f"GRANT CREATE ON DATABASE {make_url(postgres_url).database} TO {publisher}")
    url = make_url(postgres_url).set(username=publisher).render_as_string(hide_password=False)
    first, second, third = (make(tmp_path, number) for number in (1, 2, 3))
    postgres.publish(url, first, keep=1)
    with connect(postgres_url, isolation="REPEATABLE READ") as somebody_else:
        somebody_else.exec_driver_sql("SELECT 1")
        assert postgres.publish(url, second, keep=1, patience_seconds=0.1).postponed == (first.release_id,)
    assert postgres.publish(url, third, keep=1).removed == (first.release_id, second.release_id)
    with connect(postgres_url) as owner:
        owner.exec_driver_sql(f"DROP OWNED BY {publisher}")
        owner.exec_driver_sql(f"DROP ROLE {publisher}")


def test_an_analysts_open_result_does_not_make_new_readers_wait_long(
    tmp_path: Path, postgres_url: str
) -> None:
    first, second = (make(tmp_path, number) for number in (1, 2))
    postgres.publish(postgres_url, first, keep=1)
    waits: list[float] = []
    stop = threading.Event()

    def read() -> None:
        with connect(postgres_url) as reader:
            while not stop.is_set():
                started = time.monotonic()
                reader.exec_driver_sql(C13_IN_LOMBARDIA)
                waits.append(time.monotonic() - started)

    other = threading.Thread(target=read)
    with connect(postgres_url, isolation="READ COMMITTED") as reading:
        reading.exec_driver_sql("SELECT * FROM alp.fct_observation").fetchmany(1)
        other.start()
        done = postgres.publish(postgres_url, second, keep=1, patience_seconds=0.5)
        stop.set()
        other.join()
    assert done.current_id == second.release_id
    assert done.postponed == (first.release_id,), "the open transaction may still read it"
    assert len(waits) > 10, "readers went on meanwhile"


def test_a_pinned_warehouse_keeps_its_release_here_too(tmp_path: Path, postgres_url: str) -> None:
    first, second = (make(tmp_path, number) for number in (1, 2))
    for release in (first, second):
        postgres.publish(postgres_url, release, keep=1)
    assert postgres.loaded_ids(postgres_url) == [second.release_id]
    with pytest.raises(postgres.PostgresRefused, match=f"not loaded; there are: {second.release_id}"):
        postgres.point_to(postgres_url, first.release_id)
    releases.rollback(tmp_path / "warehouse", second.release_id)
    third, fourth = (make(tmp_path, number) for number in (3, 4))
    for release in (third, fourth):
        done = postgres.publish(postgres_url, release, keep=1)
        assert done.current_id == second.release_id
        assert postgres.is_published(postgres_url, release)
    assert ask(postgres_url, C13_IN_LOMBARDIA) == [(2.0,)]
    assert postgres.loaded_ids(postgres_url) == [second.release_id, fourth.release_id]
    newest = releases.unpin(tmp_path / "warehouse")
    assert newest is not None
    postgres.point_to(postgres_url, newest.release_id)
    assert ask(postgres_url, C13_IN_LOMBARDIA) == [(4.0,)]


def test_issued_releases_stay(tmp_path: Path, postgres_url: str) -> None:
    first, second, third = (make(tmp_path, number) for number in (1, 2, 3))
    for release in (first, second, third):
        postgres.publish(postgres_url, release, keep=1, issued={first.release_id})
    assert postgres.loaded_ids(postgres_url) == [first.release_id, third.release_id]


_KILLED = """
import os, signal, sys
from pathlib import Path
from alp_pipeline.warehouse import postgres, release
url, folder, name, call = sys.argv[1:]
real, calls = getattr(postgres, name), []
def dying(*arguments):
    calls.append(arguments)
    if len(calls) == int(call):
        os.kill(os.getpid(), signal.SIGKILL)
    return real(*arguments)
setattr(postgres, name, dying)
postgres.publish(url, release.releases(Path(folder))[-1], keep=3)
"""


def test_a_kill_half_way_leaves_the_former_release_and_the_next_publish_clears_up(
    tmp_path: Path, postgres_url: str
) -> None:
    postgres.publish(postgres_url, make(tmp_path, 1), keep=3)
    second = make(tmp_path, 2)
    root = Path(__file__).resolve().parents[2]
    for moment in (("_rows", 9), ("constrain_partition", 9), ("_attach", 1), ("_move_pointer", 1)):
        ran = subprocess.run(
            [sys.executable, "-c", _KILLED, postgres_url, str(tmp_path / "warehouse"), *map(str, moment)],
            cwd=root,
            env={**os.environ, "PYTHONPATH": str(root)},
            capture_output=True,
            text=True,
            check=False,
        )
        assert ran.returncode == -signal.SIGKILL, (moment, ran.stderr)
        assert ask(postgres_url, C13_IN_LOMBARDIA) == [(1.0,)], moment
        assert not postgres.is_published(postgres_url, second), moment
    done = postgres.publish(postgres_url, second, keep=3)
    assert done.was_loaded is False, "it was attached before the last kill"
    assert postgres.is_published(postgres_url, second)
    assert ask(postgres_url, C13_IN_LOMBARDIA) == [(2.0,)]
    assert len(ask(postgres_url, "SELECT 1 FROM pg_class WHERE relname ~ '__' AND relkind = 'r'")) == 2 * len(
        TABLES
    )


def test_two_publishers_do_not_meet(tmp_path: Path, postgres_url: str) -> None:
    made = make(tmp_path, 1)
    with connect(postgres_url) as other:
        other.exec_driver_sql(f"SELECT pg_advisory_lock({postgres._PUBLISHER_LOCK})")
        with pytest.raises(postgres.PostgresBusy, match="another process is publishing"):
            postgres.publish(postgres_url, made, keep=1, patience_seconds=0.2)
    postgres.publish(postgres_url, made, keep=1)
