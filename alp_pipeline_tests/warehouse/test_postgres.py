"""PostgreSQL holds the contents and words of the DuckDB file, keyed, and outlives changed declarations."""

from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest
from sqlalchemy import Integer, MetaData, Table, Text, create_engine, func, select
from sqlalchemy.pool import NullPool

from alp_pipeline.warehouse import postgres, postgres_layout
from alp_pipeline.warehouse.columns import column as declare
from alp_pipeline.warehouse.columns import key_of
from alp_pipeline.warehouse.dictionary import EXAMPLES, column_comment, table_comment
from alp_pipeline.warehouse.tables import TABLES, VIEWS
from alp_pipeline_tests.warehouse.postgres_session import C13_IN_LOMBARDIA, ask, connect, make, partitions
from alp_pipeline_tests.warehouse.tiny_build import ROWS, publish_tiny


def test_both_engines_hold_the_same_rows_of_every_table(tmp_path: Path, postgres_url: str) -> None:
    made = publish_tiny(tmp_path)
    postgres.publish(postgres_url, made, keep=3)
    with duckdb.connect(str(made.database), read_only=True) as local:
        for name in (*TABLES, *VIEWS):
            columns = [row[0] for row in local.execute(f'DESCRIBE "{name}"').fetchall()]
            listed = ", ".join(f'"{column}"' for column in columns)
            order = ", ".join(key_of(TABLES[name])) if name in TABLES else "series_key"
            query = f'SELECT {listed} FROM {{}}"{name}" ORDER BY {order}'
            assert ask(postgres_url, query.format("alp.")) == local.execute(query.format("")).fetchall()
    ((value, status, conf),) = ask(
        postgres_url,
        "SELECT value, obs_status, conf_status FROM alp.fct_observation WHERE geo='ITC4' AND value > 1",
    )
    assert (value, status, conf) == (1e300, "", None)
    ((at,),) = ask(postgres_url, "SELECT published_at FROM alp.dim_document")
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
    there = ask(
        postgres_url,
        """SELECT c.relname, a.attname, col_description(c.oid, a.attnum) FROM pg_attribute a
           JOIN pg_class c ON c.oid = a.attrelid WHERE c.relnamespace = 'alp'::regnamespace
           AND c.relkind = 'v' AND a.attnum > 0""",
    )
    assert {(table, column): comment for table, column, comment in there} == stored
    described = dict(
        ask(
            postgres_url,
            """SELECT relname, obj_description(oid) FROM pg_class
               WHERE relnamespace = 'alp'::regnamespace AND relkind = 'v'""",
        )
    )
    assert described == tables | views


def test_each_release_has_its_keys_and_references_as_constraints(tmp_path: Path, postgres_url: str) -> None:
    postgres.publish(postgres_url, publish_tiny(tmp_path), keep=3)
    made = dict(
        ask(
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
    postgres.publish(postgres_url, make(tmp_path, 1), keep=3)
    strangers = [{**ROWS["fct_observation"][0], "geo": "XX99"}]
    broken = publish_tiny(tmp_path, {"fct_observation": strangers}, plan="broken")
    with pytest.raises(postgres.PostgresRefused, match="XX99"):
        postgres.publish(postgres_url, broken, keep=3)
    assert ask(postgres_url, C13_IN_LOMBARDIA) == [(1.0,)]
    postgres.publish(postgres_url, make(tmp_path, 2), keep=3)
    assert ask(postgres_url, C13_IN_LOMBARDIA) == [(2.0,)]
    assert broken.release_id not in partitions(postgres_url), "what was left is cleared by the next publish"


def test_publishing_twice_changes_nothing(tmp_path: Path, postgres_url: str) -> None:
    made = make(tmp_path, 1)
    first = postgres.publish(postgres_url, made, keep=3)
    second = postgres.publish(postgres_url, made, keep=3)
    assert (first.was_loaded, second.was_loaded) == (True, False)
    assert second.current_id == made.release_id
    assert postgres.loaded_ids(postgres_url) == [made.release_id]
    assert postgres.newest_id(postgres_url) == postgres.current_id(postgres_url) == made.release_id


def test_nothing_is_loaded_before_the_first_publication(tmp_path: Path, postgres_url: str) -> None:
    assert not postgres.is_published(postgres_url, make(tmp_path, 1))
    assert postgres.loaded_ids(postgres_url) == []
    assert postgres.newest_id(postgres_url) is None
    assert postgres.current_id(postgres_url) is None


def test_another_release_of_the_same_name_is_refused(tmp_path: Path, postgres_url: str) -> None:
    postgres.publish(postgres_url, make(tmp_path / "one", 1), keep=3)
    with pytest.raises(postgres.PostgresRefused, match="another data folder"):
        postgres.publish(postgres_url, make(tmp_path / "two", 2), keep=3)
    synthetic = publish_tiny(tmp_path / "three", is_synthetic=True)
    with pytest.raises(postgres.PostgresRefused, match="synthetic release cannot join real ones"):
        postgres.publish(postgres_url, synthetic, keep=3)
    assert ask(postgres_url, C13_IN_LOMBARDIA) == [(1.0,)]


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
    with connect(postgres_url) as analyst:
        analyst.exec_driver_sql("CREATE VIEW public.mine AS SELECT dataset_id, detail FROM alp.ops_outcome")
    _declare(
        monkeypatch,
        declare("added", Text, "Added later.", required=True),
        *(declare(name, Text, "Key.", key=True) for name in ("dataset_id", "document_id", "step")),
        declare("outcome", Text, "Outcome."),
    )
    second = publish_tiny(tmp_path, {"ops_outcome": [outcome]}, plan="plan-2")
    postgres.publish(postgres_url, second, keep=3)
    assert ask(postgres_url, "SELECT * FROM public.mine") == [("a", None)]
    assert ask(postgres_url, "SELECT added, detail FROM alp.ops_outcome") == [("new", None)]
    ((said,),) = ask(
        postgres_url,
        """SELECT col_description('alp.ops_outcome'::regclass, attnum) FROM pg_attribute
           WHERE attrelid = 'alp.ops_outcome'::regclass AND attname = 'detail'""",
    )
    assert said == "Withdrawn: no longer filled."
    postgres.point_to(postgres_url, first.release_id)
    assert ask(postgres_url, "SELECT added, detail FROM alp.ops_outcome") == [(None, "x")]


def test_a_changed_type_is_refused_by_name_and_changes_nothing(
    tmp_path: Path, postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    postgres.publish(postgres_url, make(tmp_path, 1), keep=3)
    _declare(monkeypatch, declare("dataset_id", Integer, "Another type.", key=True, unit="1"))
    later = publish_tiny(tmp_path, {"ops_outcome": [{"dataset_id": 7}]}, plan="plan-2")
    with pytest.raises(postgres_layout.PostgresLayoutChanged, match="type of dataset_id changed"):
        postgres.publish(postgres_url, later, keep=3)
    assert ask(postgres_url, C13_IN_LOMBARDIA) == [(1.0,)]


def test_the_dictionarys_examples_run_on_both_engines(tmp_path: Path, postgres_url: str) -> None:
    made = publish_tiny(tmp_path)
    postgres.publish(postgres_url, made, keep=3)
    with (
        duckdb.connect(str(made.database), read_only=True) as local,
        connect(postgres_url) as remote,
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
    with connect(postgres_url) as connection:
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
