"""On PostgreSQL every reader sees one release, whole, with the contents and words of the DuckDB file."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest
from sqlalchemy import Connection, Integer, MetaData, Table, Text, create_engine, func, make_url, select
from sqlalchemy.pool import NullPool

from alp_pipeline.warehouse import postgres, postgres_layout
from alp_pipeline.warehouse import release as releases
from alp_pipeline.warehouse.columns import column as declare
from alp_pipeline.warehouse.columns import key_of
from alp_pipeline.warehouse.dictionary import EXAMPLES, column_comment, table_comment
from alp_pipeline.warehouse.tables import TABLES, VIEWS
from alp_pipeline_tests.warehouse.tiny_build import ROWS, Rows, publish_tiny, with_values

C13_IN_LOMBARDIA = "SELECT value FROM alp.obs_current WHERE geo = 'ITC4' AND nace_r2 = 'C13'"


def _value(value: float) -> dict[str, Rows]:
    return with_values({"A.ITC4.C13.V16110": value})


def _make(folder: Path, number: int) -> releases.Release:
    """The n-th release: its observation of C13 in Lombardia is n."""
    now = datetime.fromisoformat("2026-05-13T10:00:00+00:00")
    return publish_tiny(folder, _value(float(number)), plan=f"plan-{number}", now=now)


@contextmanager
def _connect(url: str, user: str = "postgres", isolation: str = "AUTOCOMMIT") -> Iterator[Connection]:
    address = make_url(url).set(drivername="postgresql+psycopg2", username=user)
    engine = create_engine(address, isolation_level=isolation, poolclass=NullPool)  # type: ignore[arg-type]
    with engine.connect() as connection:
        yield connection


def _ask(url: str, query: str, user: str = "postgres") -> list[tuple[Any, ...]]:
    with _connect(url, user) as connection:
        return [tuple(row) for row in connection.exec_driver_sql(query)]


def _partitions(url: str) -> set[str]:
    found = _ask(url, "SELECT relname FROM pg_class WHERE relkind = 'r' AND relname ~ '__'")
    return {postgres_layout.release_of_partition(row[0]) for row in found}


def test_both_engines_hold_the_same_rows_of_every_table(tmp_path: Path, postgres_url: str) -> None:
    made = publish_tiny(tmp_path)
    postgres.publish(postgres_url, made, keep=3)
    with duckdb.connect(str(made.database), read_only=True) as local:
        for name in (*TABLES, *VIEWS):
            columns = [row[0] for row in local.execute(f'DESCRIBE "{name}"').fetchall()]
            listed = ", ".join(f'"{column}"' for column in columns)
            order = ", ".join(key_of(TABLES[name])) if name in TABLES else "series_key"
            query = f'SELECT {listed} FROM {{}}"{name}" ORDER BY {order}'
            assert _ask(postgres_url, query.format("alp.")) == local.execute(query.format("")).fetchall()
    ((value, status, conf),) = _ask(
        postgres_url,
        "SELECT value, obs_status, conf_status FROM alp.fct_observation WHERE geo='ITC4' AND value > 1",
    )
    assert (value, status, conf) == (1e300, "", None)
    ((at,),) = _ask(postgres_url, "SELECT published_at FROM alp.dim_document")
    assert at == datetime(2017, 3, 1, 23, 59, 58, 123456)


def test_both_engines_carry_the_same_comments(tmp_path: Path, postgres_url: str) -> None:
    made = publish_tiny(tmp_path)
    postgres.publish(postgres_url, made, keep=3)
    with duckdb.connect(str(made.database), read_only=True) as local:
        tables = dict(local.execute("SELECT table_name, comment FROM duckdb_tables()").fetchall())
        views = dict(
            local.execute("SELECT view_name, comment FROM duckdb_views() WHERE NOT internal").fetchall()
        )
        columns = local.execute(
            "SELECT table_name, column_name, comment FROM duckdb_columns() WHERE NOT internal"
        ).fetchall()
    assert tables == {name: table_comment(table) for name, table in TABLES.items()}
    assert views == {name: comment for name, (_, comment) in VIEWS.items()}
    stored = {(table, column): comment for table, column, comment in columns}
    for name, table in TABLES.items():
        for c in table.columns:
            assert stored[name, c.name] == column_comment(c)
    assert stored["obs_current", "value"] == stored["fct_observation", "value"]
    assert "Unit: %." in stored["fct_regional_activity", "employment_growth_pct"]
    there = _ask(
        postgres_url,
        """SELECT c.relname, a.attname, col_description(c.oid, a.attnum) FROM pg_attribute a
           JOIN pg_class c ON c.oid = a.attrelid WHERE c.relnamespace = 'alp'::regnamespace
           AND c.relkind = 'v' AND a.attnum > 0""",
    )
    assert {(table, column): comment for table, column, comment in there} == stored
    described = dict(
        _ask(
            postgres_url,
            """SELECT relname, obj_description(oid) FROM pg_class
               WHERE relnamespace = 'alp'::regnamespace AND relkind = 'v'""",
        )
    )
    assert described == tables | views


def test_each_release_has_its_keys_and_references_as_constraints(tmp_path: Path, postgres_url: str) -> None:
    postgres.publish(postgres_url, publish_tiny(tmp_path), keep=3)
    made = dict(
        _ask(
            postgres_url,
            """SELECT contype::text, count(*) FROM pg_constraint
               WHERE connamespace = 'alp_data'::regnamespace AND convalidated AND contype IN ('p', 'f')
               GROUP BY 1""",
        )
    )
    assert made == {"p": len(TABLES), "f": sum(len(t.foreign_keys) for t in TABLES.values())}


def test_a_reference_into_nowhere_is_refused_and_the_former_release_stays(
    tmp_path: Path, postgres_url: str
) -> None:
    postgres.publish(postgres_url, _make(tmp_path, 1), keep=3)
    strangers = [{**ROWS["fct_observation"][0], "geo": "XX99"}]
    broken = publish_tiny(tmp_path, {"fct_observation": strangers}, plan="broken")
    with pytest.raises(postgres.PostgresRefused, match="XX99"):
        postgres.publish(postgres_url, broken, keep=3)
    assert _ask(postgres_url, C13_IN_LOMBARDIA) == [(1.0,)]
    postgres.publish(postgres_url, _make(tmp_path, 2), keep=3)
    assert _ask(postgres_url, C13_IN_LOMBARDIA) == [(2.0,)]
    assert broken.release_id not in _partitions(postgres_url), "what was left is cleared by the next publish"


def test_publishing_twice_changes_nothing(tmp_path: Path, postgres_url: str) -> None:
    made = _make(tmp_path, 1)
    first = postgres.publish(postgres_url, made, keep=3)
    second = postgres.publish(postgres_url, made, keep=3)
    assert (first.was_loaded, second.was_loaded) == (True, False)
    assert second.current_id == made.release_id
    assert postgres.loaded_ids(postgres_url) == [made.release_id]
    assert postgres.newest_id(postgres_url) == postgres.current_id(postgres_url) == made.release_id


def test_nothing_is_loaded_before_the_first_publication(postgres_url: str) -> None:
    assert postgres.loaded_ids(postgres_url) == []
    assert postgres.newest_id(postgres_url) is None
    assert postgres.current_id(postgres_url) is None


def test_another_release_of_the_same_name_is_refused(tmp_path: Path, postgres_url: str) -> None:
    postgres.publish(postgres_url, _make(tmp_path / "one", 1), keep=3)
    with pytest.raises(postgres.PostgresRefused, match="another data folder"):
        postgres.publish(postgres_url, _make(tmp_path / "two", 2), keep=3)
    synthetic = publish_tiny(tmp_path / "three", is_synthetic=True)
    with pytest.raises(postgres.PostgresRefused, match="synthetic release cannot join real ones"):
        postgres.publish(postgres_url, synthetic, keep=3)
    assert _ask(postgres_url, C13_IN_LOMBARDIA) == [(1.0,)]


def test_an_open_transaction_sees_the_old_release_whole(tmp_path: Path, postgres_url: str) -> None:
    first, second, third = (_make(tmp_path, number) for number in (1, 2, 3))
    postgres.publish(postgres_url, first, keep=1)
    with _connect(postgres_url, isolation="REPEATABLE READ") as reader:
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
        assert _ask(postgres_url, C13_IN_LOMBARDIA) == [(3.0,)]
    last = postgres.publish(postgres_url, third, keep=1)
    assert last.removed == (first.release_id, second.release_id)
    assert _partitions(postgres_url) == {third.release_id}


_SLOW_TO_PLAN = """CREATE FUNCTION slow_to_plan() RETURNS text LANGUAGE plpgsql STABLE AS $$
BEGIN PERFORM pg_advisory_xact_lock_shared(42); RETURN ''; END $$"""


def test_a_statement_planned_before_a_publication_finds_the_release_it_was_planned_for(
    tmp_path: Path, postgres_url: str
) -> None:
    first, second = (_make(tmp_path, number) for number in (1, 2))
    postgres.publish(postgres_url, first, keep=2)
    found: list[tuple[Any, ...]] = []
    query = "SELECT count(*) FROM alp.dim_region WHERE region_code > slow_to_plan()"
    statement = threading.Thread(target=lambda: found.extend(_ask(postgres_url, query)))
    publishing = threading.Thread(
        target=lambda: postgres.publish(postgres_url, second, keep=2, patience_seconds=30)
    )
    with _connect(postgres_url) as gate:
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
    while _ask(url, condition) != [(True,)]:
        assert time.monotonic() < deadline, condition
        time.sleep(0.02)


def test_statements_run_while_releases_come_never_find_a_mixture_or_nothing(
    tmp_path: Path, postgres_url: str
) -> None:
    made = [_make(tmp_path, number) for number in range(1, 7)]
    postgres.publish(postgres_url, made[0], keep=2)
    counted = """SELECT
        (SELECT count(*) FROM alp.dim_region r JOIN alp.obs_current o ON o.geo = r.region_code),
        (SELECT value FROM alp.obs_current WHERE geo = 'ITC4' AND nace_r2 = 'C13'),
        (SELECT right(release_id, 1)::float FROM alp.release_pointer)"""
    found: list[tuple[Any, ...]] = []
    stop = threading.Event()

    def read() -> None:
        with _connect(postgres_url) as reader:
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
    first, second, third = (_make(tmp_path, number) for number in (1, 2, 3))
    postgres.publish(postgres_url, first, keep=1)
    analyst = f"analyst_{os.getpid()}_{time.monotonic_ns()}"
    for statement in (
        f"CREATE ROLE {analyst} LOGIN",
        f"GRANT USAGE ON SCHEMA alp TO {analyst}",
        f"GRANT SELECT ON ALL TABLES IN SCHEMA alp TO {analyst}",
        f"CREATE SCHEMA own AUTHORIZATION {analyst}",
    ):
        with _connect(postgres_url) as owner:
            owner.exec_driver_sql(statement)
    with _connect(postgres_url, analyst) as connection:
        connection.exec_driver_sql(f"CREATE VIEW own.textiles AS {C13_IN_LOMBARDIA}")
    for release in (second, third):
        postgres.publish(postgres_url, release, keep=1)
    assert _ask(postgres_url, "SELECT value FROM own.textiles", analyst) == [(3.0,)]
    assert _ask(postgres_url, "SELECT count(*) FROM alp.dim_region", analyst) == [(3,)]
    with pytest.raises(Exception, match="permission denied for schema alp_data"):
        _ask(postgres_url, "SELECT * FROM alp_data.dim_region", analyst)
    assert _partitions(postgres_url) == {third.release_id}
    with _connect(postgres_url) as owner:
        owner.exec_driver_sql(f"DROP OWNED BY {analyst}")
        owner.exec_driver_sql(f"DROP ROLE {analyst}")


def test_a_publisher_needs_no_more_than_the_right_to_create_its_schemas(
    tmp_path: Path, postgres_url: str
) -> None:
    publisher = f"publisher_{os.getpid()}_{time.monotonic_ns()}"
    with _connect(postgres_url) as owner:
        owner.exec_driver_sql(f"CREATE ROLE {publisher} LOGIN")
        owner.exec_driver_sql(f"GRANT CREATE ON DATABASE {make_url(postgres_url).database} TO {publisher}")
    url = make_url(postgres_url).set(username=publisher).render_as_string(hide_password=False)
    first, second, third = (_make(tmp_path, number) for number in (1, 2, 3))
    postgres.publish(url, first, keep=1)
    with _connect(postgres_url, isolation="REPEATABLE READ") as somebody_else:
        somebody_else.exec_driver_sql("SELECT 1")
        assert postgres.publish(url, second, keep=1, patience_seconds=0.1).postponed == (first.release_id,)
    assert postgres.publish(url, third, keep=1).removed == (first.release_id, second.release_id)
    with _connect(postgres_url) as owner:
        owner.exec_driver_sql(f"DROP OWNED BY {publisher}")
        owner.exec_driver_sql(f"DROP ROLE {publisher}")


def test_an_analysts_open_result_does_not_make_new_readers_wait_long(
    tmp_path: Path, postgres_url: str
) -> None:
    first, second = (_make(tmp_path, number) for number in (1, 2))
    postgres.publish(postgres_url, first, keep=1)
    waits: list[float] = []
    stop = threading.Event()

    def read() -> None:
        with _connect(postgres_url) as reader:
            while not stop.is_set():
                started = time.monotonic()
                reader.exec_driver_sql(C13_IN_LOMBARDIA)
                waits.append(time.monotonic() - started)

    other = threading.Thread(target=read)
    with _connect(postgres_url, isolation="READ COMMITTED") as reading:
        reading.exec_driver_sql("SELECT * FROM alp.fct_observation").fetchmany(1)
        other.start()
        done = postgres.publish(postgres_url, second, keep=1, patience_seconds=0.5)
        stop.set()
        other.join()
    assert done.current_id == second.release_id
    assert done.postponed == (first.release_id,), "the open transaction may still read it"
    assert len(waits) > 10, "readers went on meanwhile"


def test_a_pinned_warehouse_keeps_its_release_here_too(tmp_path: Path, postgres_url: str) -> None:
    first, second = (_make(tmp_path, number) for number in (1, 2))
    for release in (first, second):
        postgres.publish(postgres_url, release, keep=1)
    assert postgres.loaded_ids(postgres_url) == [second.release_id]
    with pytest.raises(postgres.PostgresRefused, match=f"not loaded; there are: {second.release_id}"):
        postgres.point_to(postgres_url, first.release_id)
    releases.rollback(tmp_path / "warehouse", second.release_id)
    third, fourth = (_make(tmp_path, number) for number in (3, 4))
    for release in (third, fourth):
        done = postgres.publish(postgres_url, release, keep=1)
        assert done.current_id == second.release_id
    assert _ask(postgres_url, C13_IN_LOMBARDIA) == [(2.0,)]
    assert postgres.loaded_ids(postgres_url) == [second.release_id, fourth.release_id]
    newest = releases.unpin(tmp_path / "warehouse")
    assert newest is not None
    postgres.point_to(postgres_url, newest.release_id)
    assert _ask(postgres_url, C13_IN_LOMBARDIA) == [(4.0,)]


def test_issued_releases_stay(tmp_path: Path, postgres_url: str) -> None:
    first, second, third = (_make(tmp_path, number) for number in (1, 2, 3))
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
    postgres.publish(postgres_url, _make(tmp_path, 1), keep=3)
    second = _make(tmp_path, 2)
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
        assert _ask(postgres_url, C13_IN_LOMBARDIA) == [(1.0,)], moment
    done = postgres.publish(postgres_url, second, keep=3)
    assert done.was_loaded is False, "it was attached before the last kill"
    assert _ask(postgres_url, C13_IN_LOMBARDIA) == [(2.0,)]
    assert len(
        _ask(postgres_url, "SELECT 1 FROM pg_class WHERE relname ~ '__' AND relkind = 'r'")
    ) == 2 * len(TABLES)


def test_two_publishers_do_not_meet(tmp_path: Path, postgres_url: str) -> None:
    made = _make(tmp_path, 1)
    with _connect(postgres_url) as other:
        other.exec_driver_sql(f"SELECT pg_advisory_lock({postgres._PUBLISHER_LOCK})")
        with pytest.raises(postgres.PostgresBusy, match="another process is publishing"):
            postgres.publish(postgres_url, made, keep=1, patience_seconds=0.2)
    postgres.publish(postgres_url, made, keep=1)


def test_an_unreachable_server_is_named_without_the_password() -> None:
    with pytest.raises(postgres.PostgresUnreachable) as caught:
        postgres.current_id("postgresql://somebody:secret@127.0.0.1:1/alp")
    assert "127.0.0.1" in str(caught.value)
    assert "secret" not in str(caught.value)


def _declare(monkeypatch: pytest.MonkeyPatch, *columns: Any) -> None:
    """Declare `ops_outcome` anew, as a later version of the code would."""
    later = Table("ops_outcome", MetaData(), *columns, comment="Outcomes. One row per dataset.")
    monkeypatch.setitem(TABLES, "ops_outcome", later)


def test_a_column_added_or_withdrawn_later_keeps_analysts_views(
    tmp_path: Path, postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    outcome = {"dataset_id": "a", "document_id": "", "step": "s", "outcome": "accepted", "added": "new"}
    first = publish_tiny(tmp_path, {"ops_outcome": [outcome]})
    postgres.publish(postgres_url, first, keep=3)
    with _connect(postgres_url) as analyst:
        analyst.exec_driver_sql("CREATE VIEW public.mine AS SELECT dataset_id, detail FROM alp.ops_outcome")
    _declare(
        monkeypatch,
        declare("added", Text, "Added later.", required=True),
        *(declare(name, Text, "Key.", key=True) for name in ("dataset_id", "document_id", "step")),
        declare("outcome", Text, "Outcome."),
    )
    second = publish_tiny(tmp_path, {"ops_outcome": [outcome]}, plan="plan-2")
    postgres.publish(postgres_url, second, keep=3)
    assert _ask(postgres_url, "SELECT * FROM public.mine") == [("a", None)]
    assert _ask(postgres_url, "SELECT added, detail FROM alp.ops_outcome") == [("new", None)]
    ((said,),) = _ask(
        postgres_url,
        """SELECT col_description('alp.ops_outcome'::regclass, attnum) FROM pg_attribute
           WHERE attrelid = 'alp.ops_outcome'::regclass AND attname = 'detail'""",
    )
    assert said == "Withdrawn: no longer filled."
    postgres.point_to(postgres_url, first.release_id)
    assert _ask(postgres_url, "SELECT added, detail FROM alp.ops_outcome") == [(None, "x")]


def test_a_changed_type_is_refused_by_name_and_changes_nothing(
    tmp_path: Path, postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    postgres.publish(postgres_url, _make(tmp_path, 1), keep=3)
    _declare(monkeypatch, declare("dataset_id", Integer, "Another type.", key=True, unit="1"))
    later = publish_tiny(tmp_path, {"ops_outcome": [{"dataset_id": 7}]}, plan="plan-2")
    with pytest.raises(postgres_layout.PostgresLayoutChanged, match="type of dataset_id changed"):
        postgres.publish(postgres_url, later, keep=3)
    assert _ask(postgres_url, C13_IN_LOMBARDIA) == [(1.0,)]


def test_the_dictionarys_examples_run_on_both_engines(tmp_path: Path, postgres_url: str) -> None:
    made = publish_tiny(tmp_path)
    postgres.publish(postgres_url, made, keep=3)
    with (
        duckdb.connect(str(made.database), read_only=True) as local,
        _connect(postgres_url) as remote,
    ):
        remote.exec_driver_sql("SET search_path = alp")
        for what, query in EXAMPLES:
            there = [tuple(row) for row in remote.exec_driver_sql(query)]
            assert local.execute(query).fetchall() == there, what


def test_one_sqlalchemy_statement_asks_both_engines(tmp_path: Path, postgres_url: str) -> None:
    made = publish_tiny(tmp_path)
    postgres.publish(postgres_url, made, keep=3)
    observed, region = TABLES["fct_observation"], TABLES["dim_region"]
    statement = (
        select(region.c.label, observed.c.cell_state, func.count().label("cells"))
        .join_from(observed, region, observed.c.geo == region.c.region_code)
        .group_by(region.c.label, observed.c.cell_state)
        .order_by(region.c.label, observed.c.cell_state)
    )
    local = create_engine(f"duckdb:///{made.database}", connect_args={"read_only": True}, poolclass=NullPool)
    with local.connect() as connection:
        here = [tuple(row) for row in connection.execute(statement)]
    with _connect(postgres_url) as connection:
        views = connection.execution_options(schema_translate_map={None: postgres_layout.VIEW_SCHEMA})
        there = [tuple(row) for row in views.execute(statement)]
    assert (
        here
        == there
        == [("Lombardia", "reported", 2), ("Tirol", "confidential", 1), ("Tirol", "reported", 1)]
    )
    reflected = MetaData()
    with local.connect() as connection:
        reflected.reflect(connection, only=["dim_time"])
    assert reflected.tables["dim_time"].comment == table_comment(TABLES["dim_time"])
