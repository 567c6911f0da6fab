"""Socrata: signals that may vanish, rows in one order, counts before and after."""

import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from alp_pipeline.sources.errors import NotData, QueryRefused, StructureChanged
from alp_pipeline.sources.family import Upstream
from alp_pipeline.sources.socrata import SocrataConnector
from alp_pipeline_tests.servers.base import Reply
from alp_pipeline_tests.servers.portal_rows import employment
from alp_pipeline_tests.servers.socrata import TABLE, SocrataServer
from alp_pipeline_tests.sources.portals import connected, entry, fetched, left_in, rows_in

SECRET = "s3cret"  # noqa: S105 - of the loopback server
ADDETTI = entry({"family": "socrata", "resource": TABLE, "page_rows": 20})


@pytest.fixture
def server() -> Iterator[SocrataServer]:
    with SocrataServer(employment(50)) as server:
        yield server


@pytest.fixture
def portal(server: SocrataServer, tmp_path: Path) -> Iterator[SocrataConnector]:
    with connected(SocrataConnector, server, tmp_path) as connector:
        yield connector


def _signal(portal: SocrataConnector) -> Upstream:
    return portal.freshness([ADDETTI])[ADDETTI.id]


def test_the_rows_time_of_change_is_the_signal(server: SocrataServer, portal: SocrataConnector) -> None:
    told = _signal(portal)
    assert (told.status, told.signal, told.changed_at) == (
        "offered",
        "rowsUpdatedAt 1780000000",
        "2026-05-28T20:26:40Z",
    )
    assert [request.path for request in server.requests] == [f"/api/views/{TABLE}.json"]


def test_a_vanished_key_changes_the_signal_rather_than_freezing_it(
    server: SocrataServer, portal: SocrataConnector
) -> None:
    server.view = {"viewLastModified": 1780000000}
    assert _signal(portal).signal == "viewLastModified 1780000000"


def test_without_times_in_the_metadata_a_rows_header_tells(
    server: SocrataServer, portal: SocrataConnector
) -> None:
    server.view = {}
    server.row_headers = {"X-SODA2-Truth-Last-Modified": "Wed, 13 May 2026 09:00:00 GMT"}
    told = _signal(portal)
    assert (told.status, told.changed_at) == ("offered", "2026-05-13T09:00:00Z")


def test_a_table_that_tells_no_time_is_unknown_not_unchanged(
    server: SocrataServer, portal: SocrataConnector
) -> None:
    server.view = {"rowsUpdatedAt": None}
    told = _signal(portal)
    assert (told.status, told.signal, told.changed_at) == ("unknown", None, None)


def test_all_rows_come_once_each_in_pages_as_received(
    server: SocrataServer, portal: SocrataConnector
) -> None:
    document = fetched(portal, ADDETTI)
    rows = rows_in(document)
    expected = [{name: str(value) for name, value in row.items() if value is not None} for row in server.rows]
    assert rows == expected
    assert "addetti" not in rows[0]  # null: left out by the service
    with zipfile.ZipFile(document.path) as archive:
        assert archive.namelist() == ["0001.json", "0002.json", "0003.json"]
    assert (document.format, document.dataset_code, document.extent.is_whole) == ("zip", "addetti", True)
    assert document.parameters == {"$order": ":id", "rows": 50}
    assert document.published_at == "2026-05-28T20:26:40Z"


def test_rows_are_always_asked_for_in_an_order(server: SocrataServer, portal: SocrataConnector) -> None:
    fetched(portal, ADDETTI)
    pages = [request.query for request in server.requests if "$offset" in request.query]
    assert [(page["$order"], page["$offset"]) for page in pages] == [
        (":id", "0"),
        (":id", "20"),
        (":id", "40"),
    ]


def test_the_same_table_gives_the_same_bytes(portal: SocrataConnector) -> None:
    first = fetched(portal, ADDETTI).path.read_bytes()
    assert fetched(portal, ADDETTI).path.read_bytes() == first


def test_a_clamped_limit_is_no_end(server: SocrataServer, portal: SocrataConnector) -> None:
    server.most_rows = 7
    assert len(rows_in(fetched(portal, ADDETTI))) == 50


def test_clauses_narrow_the_count_and_the_rows_alike(server: SocrataServer, portal: SocrataConnector) -> None:
    narrowed = entry(
        {"family": "socrata", "resource": TABLE, "where": "comune = 'Cantù'"}, filters={"geo": ["ITC4"]}
    )
    document = fetched(portal, narrowed)
    assert {row["comune"] for row in rows_in(document)} == {"Cantù"}
    assert document.parameters["rows"] == 7
    assert document.extent.as_json() == {"dims": {"geo": ["ITC4"]}}


BY_YEAR = entry(
    {
        "family": "socrata",
        "resource": TABLE,
        "select": "ateco, date_extract_y(anno) as periodo, sum(addetti) as totale",
        "group": "ateco, periodo",
        "page_rows": 10,
    },
    layout={
        "columns": {"ateco": "nace_r2"},
        "constants": {"geo": "ITC4"},
        "time": "periodo",
        "value": "totale",
    },
)


def test_a_grouped_query_is_ordered_by_its_groups_and_read_to_the_end(
    server: SocrataServer, portal: SocrataConnector
) -> None:
    document = fetched(portal, BY_YEAR)
    rows = rows_in(document)
    assert len(rows) == len({(row["ateco"], row["periodo"]) for row in rows}) == 24
    assert sum(int(row["totale"]) for row in rows) == sum(row["addetti"] or 0 for row in server.rows)
    orders = {request.query["$order"] for request in server.requests if "$offset" in request.query}
    assert orders == {"ateco, periodo"}
    assert document.parameters["rows"] == 24


def test_the_end_of_a_grouped_query_is_asked_for_twice(
    server: SocrataServer, portal: SocrataConnector
) -> None:
    server.fault(Reply.json([]), match="offset=10")
    assert len(rows_in(fetched(portal, BY_YEAR))) == 24
    offsets = [request.query["$offset"] for request in server.requests if "$offset" in request.query]
    assert offsets == ["0", "10", "10", "20", "24", "24"]


def test_a_grouped_query_is_described_by_its_own_columns(portal: SocrataConnector) -> None:
    found = portal.describe(BY_YEAR)
    assert found.columns == {"ateco": ("C25", "C28", "I55", "M72"), "periodo": (), "totale": ()}
    assert (found.latest_period, found.rows) == ("2021", 24)


def test_the_token_goes_in_a_header_and_into_no_record(server: SocrataServer, tmp_path: Path) -> None:
    server.token = SECRET
    with connected(SocrataConnector, server, tmp_path, credential=SECRET) as portal:
        document = fetched(portal, ADDETTI)
    assert {request.headers.get("x-app-token") for request in server.requests} == {SECRET}
    assert not any(SECRET in str(request.query) for request in server.requests)
    assert SECRET not in repr(document)


def test_a_column_that_is_gone_is_noticed_although_rows_leave_out_nulls(
    server: SocrataServer, portal: SocrataConnector
) -> None:
    upstream = _signal(portal)
    gone = Upstream(
        "offered", upstream.signal, upstream.changed_at, facts={"columns": ["comune", "anno", "ateco"]}
    )
    with pytest.raises(StructureChanged, match="addetti"):
        list(portal.fetch(ADDETTI, gone))
    assert left_in(portal) == []


def test_the_columns_that_an_answer_declares_come_before_those_of_the_metadata(
    server: SocrataServer, portal: SocrataConnector
) -> None:
    server.row_headers = {"X-SODA2-Fields": '["comune","anno","ateco","occupati"]'}
    with pytest.raises(StructureChanged, match="occupati"):
        fetched(portal, ADDETTI)


def test_an_empty_table_is_no_data(server: SocrataServer, portal: SocrataConnector) -> None:
    server.rows = []
    with pytest.raises(NotData, match="no rows"):
        fetched(portal, ADDETTI)
    assert left_in(portal) == []


def test_a_description_names_columns_codes_newest_period_and_rows(portal: SocrataConnector) -> None:
    found = portal.describe(ADDETTI)
    assert list(found.columns) == ["comune", "anno", "ateco", "addetti"]
    assert found.columns["ateco"] == ("C25", "C28", "I55", "M72")
    assert found.columns["anno"] == ()
    assert (found.latest_period, found.rows) == ("2021", 50)
    assert (found.title, found.changed_at) == ("Addetti per comune e attività", "2026-05-28T20:26:40Z")


def test_of_several_datasets_one_that_is_refused_is_unknown_with_the_reason(
    server: SocrataServer, portal: SocrataConnector
) -> None:
    lost = entry({"family": "socrata", "resource": "zz99-zz99"}, code="lost")
    told = portal.freshness([ADDETTI, lost])
    assert told[ADDETTI.id].status == "offered"
    assert told[lost.id].status == "unknown"
    assert "dataset.missing: Cannot find view with id" in told[lost.id].facts["problem"]
    assert len(server.requests) == 2
    with pytest.raises(QueryRefused, match=r"dataset\.missing"):
        portal.freshness([lost])


def test_headers_that_cannot_be_read_tell_nothing(server: SocrataServer, portal: SocrataConnector) -> None:
    server.view = {}
    server.row_headers = {"X-SODA2-Truth-Last-Modified": "yesterday", "X-SODA2-Fields": "comune"}
    told = _signal(portal)
    assert (told.signal, told.changed_at) == ("x-soda2-truth-last-modified yesterday", None)
    document = fetched(portal, ADDETTI)
    assert (document.published_at, document.published_at_origin) == (None, "unknown")


def test_metadata_that_are_an_error_are_refused(server: SocrataServer, portal: SocrataConnector) -> None:
    server.fault(Reply.json({"code": "not_found", "error": True, "message": "gone"}))
    with pytest.raises(QueryRefused, match="not_found: gone"):
        portal.freshness([ADDETTI])
