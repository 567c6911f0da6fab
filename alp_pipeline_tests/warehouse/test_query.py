"""A query reads the release and can do nothing else; answers lose nothing on their way out."""

import io
import json
import os
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest

from alp_pipeline.warehouse.query import (
    Answer,
    NoRelease,
    QueryRefused,
    Style,
    open_read_only,
    render,
    run_query,
)
from alp_pipeline_tests.warehouse.tiny_build import publish_tiny, with_values


@pytest.fixture(scope="module")
def warehouse_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("published")
    publish_tiny(folder)
    return folder / "warehouse" / "alp.duckdb"


def _shown(answer: Answer, style: Style) -> str:
    out = io.StringIO()
    render(answer, style, out)
    return out.getvalue()


def test_an_answer_is_arrow_in_the_order_asked_for(warehouse_file: Path) -> None:
    answer = run_query(warehouse_file, "SELECT geo, value FROM obs_current ORDER BY geo DESC, value")
    assert answer.rows.to_pydict() == {
        "geo": ["ITC4", "ITC4", "AT33", "AT33"],
        "value": [0.0, 1e300, 0.1, None],
    }
    assert answer.is_complete


def test_a_limit_says_when_it_cut_the_answer(warehouse_file: Path) -> None:
    query = "SELECT region_code FROM dim_region ORDER BY 1"
    cut = run_query(warehouse_file, query, limit=2)
    assert (cut.rows.column(0).to_pylist(), cut.is_complete) == (["AT33", "ITC4"], False)
    assert run_query(warehouse_file, query, limit=3).is_complete
    assert run_query(warehouse_file, "SHOW TABLES", limit=1).rows.num_rows == 1


def test_columns_that_share_a_name_are_numbered(warehouse_file: Path) -> None:
    answer = run_query(warehouse_file, "SELECT 1 AS n, 2 AS n, 3 AS n_2")
    assert answer.rows.to_pylist() == [{"n": 1, "n_2": 2, "n_2_2": 3}]


def test_there_is_a_named_error_before_the_first_release(tmp_path: Path) -> None:
    with pytest.raises(NoRelease, match="alp refresh"):
        run_query(tmp_path / "alp.duckdb", "SELECT 1")
    (tmp_path / "alp.duckdb").write_text("no database")
    with pytest.raises(NoRelease, match="cannot be opened"):
        run_query(tmp_path / "alp.duckdb", "SELECT 1")


def test_a_wrong_statement_keeps_duckdbs_words(warehouse_file: Path) -> None:
    with pytest.raises(QueryRefused, match=r"Table with name dim_regions does not exist(?s:.)*dim_region"):
        run_query(warehouse_file, "SELECT * FROM dim_regions")
    with pytest.raises(QueryRefused, match="syntax error"):
        run_query(warehouse_file, "SELEC 1")


@pytest.mark.parametrize("sql", ["", "-- nothing", "SELECT 1; SELECT 2"])
def test_exactly_one_query_is_asked_for(warehouse_file: Path, sql: str) -> None:
    with pytest.raises(QueryRefused, match="exactly one"):
        run_query(warehouse_file, sql)


_ATTEMPTS = [
    "COPY (SELECT 1 AS a) TO '{folder}/out.csv'",
    "COPY dim_region TO '{folder}/out.parquet' (FORMAT parquet)",
    # DuckDB trusts its own database's paths even with external access off.
    "COPY (SELECT 1 AS a) TO '{database}.wal'",
    "COPY (SELECT 1 AS a) TO '{database}' (USE_TMP_FILE false)",
    "EXPLAIN ANALYZE COPY (SELECT 1 AS a) TO '{database}.wal'",
    "EXPORT DATABASE '{folder}/export'",
    "SELECT * FROM read_csv('/etc/passwd')",
    "SELECT * FROM read_text('/etc/hostname')",
    "SELECT * FROM read_blob('{database}')",
    "SELECT * FROM glob('/etc/*')",
    "SELECT * FROM '/etc/passwd'",
    "SELECT * FROM sniff_csv('/etc/passwd')",
    "ATTACH '{folder}/other.duckdb'",
    "ATTACH ':memory:' AS other",
    "INSTALL httpfs",
    "LOAD httpfs",
    "SET threads = 1",
    "SET enable_external_access = true",
    "SET disabled_filesystems = ''",
    "RESET disabled_filesystems",
    "PRAGMA enable_profiling = 'json'",
    "CREATE SECRET (TYPE s3)",
    "CREATE TABLE mine AS SELECT 1",
    "INSERT INTO dim_time VALUES ('2015', 'A', 2015, '2015-01-01', '2015-12-31')",
    "DELETE FROM dim_region",
    "DROP VIEW obs_current",
    "SELECT * FROM a_python_variable",
]


@pytest.mark.parametrize("attempt", _ATTEMPTS)
def test_a_query_can_neither_write_nor_reach_anything_else(
    warehouse_file: Path, tmp_path: Path, attempt: str
) -> None:
    a_python_variable = pa.table({"a": [1]})
    database = warehouse_file.resolve()
    before = {path: path.stat().st_mtime_ns for path in warehouse_file.parent.rglob("*")}
    sql = attempt.format(folder=tmp_path, database=database)
    with pytest.raises(QueryRefused):
        run_query(warehouse_file, sql)
    # Not only refused by run_query's own reading of the statement: the connection is locked.
    with open_read_only(warehouse_file) as connection, pytest.raises(duckdb.Error):
        connection.execute(sql).fetchall()
    assert {path: path.stat().st_mtime_ns for path in warehouse_file.parent.rglob("*")} == before
    assert list(tmp_path.iterdir()) == []
    assert a_python_variable.num_rows == 1


def test_analysts_may_describe_summarise_explain_and_pivot(warehouse_file: Path) -> None:
    for sql in (
        "DESCRIBE fct_observation",
        "SUMMARIZE dim_region",
        "EXPLAIN SELECT * FROM obs_current",
        "PIVOT (SELECT geo, nace_r2, value FROM obs_current) ON nace_r2 USING first(value)",
        "FROM obs_current SELECT count(*)",
        "WITH q AS (SELECT 1 AS a) SELECT * FROM q",
    ):
        assert run_query(warehouse_file, sql).rows.num_rows > 0, sql


def test_a_process_that_reads_the_former_release_gets_the_new_one_when_it_asks_anew(tmp_path: Path) -> None:
    query = "SELECT value FROM obs_current WHERE geo = 'ITC4' AND nace_r2 = 'C13'"
    publish_tiny(tmp_path)
    pointer = tmp_path / "warehouse" / "alp.duckdb"
    with open_read_only(pointer) as still_open:
        publish_tiny(tmp_path, with_values({"A.ITC4.C13.V16110": 42.0}), plan="plan-2")
        assert run_query(pointer, query).rows.to_pylist() == [{"value": 42.0}]
        assert still_open.execute(query).fetchall() == [(0.0,)]


def test_json_is_an_array_of_rows_and_nothing_else(warehouse_file: Path) -> None:
    answer = run_query(
        warehouse_file,
        """SELECT value, cell_state, obs_status, conf_status FROM obs_current
           WHERE geo = 'AT33' ORDER BY nace_r2""",
    )
    assert json.loads(_shown(answer, "json")) == [
        {"value": 0.1, "cell_state": "reported", "obs_status": "", "conf_status": None},
        {"value": None, "cell_state": "confidential", "obs_status": "b", "conf_status": "C"},
    ]
    empty = run_query(warehouse_file, "SELECT 1 AS a WHERE false")
    assert _shown(empty, "json") == "[]\n"


def test_json_keeps_what_its_numbers_cannot_say(warehouse_file: Path) -> None:
    answer = run_query(
        warehouse_file,
        """SELECT 'nan'::DOUBLE AS n, '-inf'::DOUBLE AS i, 12.50::DECIMAL(9,2) AS d,
                  sum(size_bytes) AS s, 9007199254740993::BIGINT AS big, NULL AS nothing, true AS yes,
                  DATE '2014-01-01' AS day, TIMESTAMP '2014-01-01 10:00:00.5' AS at,
                  TIMESTAMPTZ '2014-01-01 10:00:00+01' AS zoned, [1, NULL] AS list, {'a': 'ü"'} AS obj,
                  INTERVAL '1 month 2 days' AS span, '\\xAB'::BLOB AS raw FROM dim_document""",
    )
    text = _shown(answer, "json")
    assert '"d": 12.50' in text
    assert '"s": 3050000000' in text
    assert '"big": 9007199254740993' in text
    (row,) = json.loads(text)
    assert (row["n"], row["i"], row["nothing"], row["yes"]) == ("NaN", "-Infinity", None, True)
    assert (row["day"], row["at"]) == ("2014-01-01", "2014-01-01T10:00:00.500000")
    assert row["zoned"] == "2014-01-01T09:00:00+00:00"
    assert (row["list"], row["obj"], row["span"], row["raw"]) == ([1, None], {"a": 'ü"'}, "P1M2DT0S", "ab")


def test_csv_tells_missing_from_empty(warehouse_file: Path) -> None:
    answer = run_query(
        warehouse_file,
        """SELECT obs_status, conf_status, value, 'a,"b"' AS quoted FROM obs_current
           WHERE geo = 'AT33' ORDER BY nace_r2""",
    )
    assert _shown(answer, "csv").splitlines() == [
        "obs_status,conf_status,value,quoted",
        '"",,0.1,"a,""b"""',
        'b,C,,"a,""b"""',
    ]


def test_the_table_shows_missing_values_and_what_was_cut(warehouse_file: Path) -> None:
    answer = run_query(
        warehouse_file, "SELECT geo, value, '[red]x' AS t FROM obs_current ORDER BY geo, nace_r2", limit=2
    )
    shown = _shown(answer, "table")
    assert "NULL" in shown
    assert "[red]x" in shown
    assert "the first 2 rows; there are more" in shown
    assert max(map(len, shown.splitlines())) < 60


def test_a_wide_answer_stays_on_one_line_in_a_pipe(warehouse_file: Path) -> None:
    answer = run_query(warehouse_file, "SELECT * FROM obs_current LIMIT 1")
    lines = [line for line in _shown(answer, "table").splitlines() if "A.AT33.C13" in line]
    assert len(lines) == 1


def test_the_clients_time_zone_does_not_change_an_answer(
    warehouse_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(os.environ, "TZ", "Europe/Rome")
    answer = run_query(warehouse_file, "SELECT TIMESTAMPTZ '2014-07-01 00:00:00+00'::VARCHAR AS t")
    assert answer.rows.to_pylist() == [{"t": "2014-07-01 00:00:00+00"}]
