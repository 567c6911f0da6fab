"""Opendatasoft: one export, never paged, and counted."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from alp_pipeline.sources.errors import QueryRefused, ServiceUnavailable, StructureChanged
from alp_pipeline.sources.opendatasoft import OpendatasoftConnector
from alp_pipeline_tests.servers.opendatasoft import DATASET, OpendatasoftServer
from alp_pipeline_tests.servers.portal_rows import employment
from alp_pipeline_tests.sources.portals import LAYOUT, connected, entry, fetched, left_in, rows_in

SALARIES = entry({"family": "opendatasoft", "dataset": DATASET})
BY_ACTIVITY = entry(
    {
        "family": "opendatasoft",
        "dataset": DATASET,
        "select": "ateco, sum(addetti) as addetti",
        "group_by": "ateco",
    },
    layout={"columns": {"ateco": "nace_r2"}, "constants": {"geo": "FR"}},
)


@pytest.fixture
def server() -> Iterator[OpendatasoftServer]:
    with OpendatasoftServer(employment(250)) as server:
        yield server


@pytest.fixture
def portal(server: OpendatasoftServer, tmp_path: Path) -> Iterator[OpendatasoftConnector]:
    with connected(OpendatasoftConnector, server, tmp_path) as connector:
        yield connector


def test_the_time_of_processing_is_the_signal(
    server: OpendatasoftServer, portal: OpendatasoftConnector
) -> None:
    told = portal.freshness([SALARIES])[SALARIES.id]
    assert (told.signal, told.changed_at) == ("2026-05-13T09:00:00.000Z", "2026-05-13T09:00:00Z")
    assert len(server.requests) == 1


def test_without_a_time_of_processing_nothing_is_known(
    server: OpendatasoftServer, portal: OpendatasoftConnector
) -> None:
    del server.metas["data_processed"]
    told = portal.freshness([SALARIES])[SALARIES.id]
    assert (told.status, told.signal) == ("unknown", None)


def test_the_export_is_whole_and_its_form_is_asked_for_by_name(
    server: OpendatasoftServer, portal: OpendatasoftConnector
) -> None:
    document = fetched(portal, SALARIES)
    expected = [
        {name: "" if value is None else str(value) for name, value in row.items()} for row in server.rows
    ]
    assert rows_in(document) == expected
    assert document.path.read_bytes().startswith("comune,anno,ateco,addetti\r\nCantù,2016,C25,\r\n".encode())
    (export,) = [request.query for request in server.requests if request.path.endswith("/exports/csv")]
    assert export == {
        "delimiter": ",",
        "list_separator": "|",
        "with_bom": "false",
        "use_labels": "false",
        "timezone": "UTC",
    }
    assert not any("offset" in request.query for request in server.requests)
    assert (document.format, document.parameters) == ("csv", {"delimiter": ",", "rows": 250})


def test_the_delimiter_is_that_of_the_layout(portal: OpendatasoftConnector) -> None:
    document = fetched(
        portal, entry({"family": "opendatasoft", "dataset": DATASET}, layout=LAYOUT | {"delimiter": ";"})
    )
    assert document.path.read_text(encoding="utf-8").startswith("comune;anno;ateco;addetti")
    assert len(rows_in(document, delimiter=";")) == 250


def test_a_text_with_line_ends_is_one_row(server: OpendatasoftServer, portal: OpendatasoftConnector) -> None:
    server.rows[5]["comune"] = 'Besançon\r\n"la vieille", ville'
    rows = rows_in(fetched(portal, SALARIES))
    assert (len(rows), rows[5]["comune"]) == (250, 'Besançon\r\n"la vieille", ville')


def test_clauses_narrow_the_count_and_the_export_alike(
    server: OpendatasoftServer, portal: OpendatasoftConnector
) -> None:
    narrowed = entry({"family": "opendatasoft", "dataset": DATASET, "where": "comune = 'Genève'"})
    document = fetched(portal, narrowed)
    assert {row["comune"] for row in rows_in(document)} == {"Genève"}
    assert document.parameters["rows"] == 31


@pytest.mark.parametrize("counts_groups", [True, False])
def test_a_grouped_export_is_counted_by_its_groups(
    server: OpendatasoftServer, portal: OpendatasoftConnector, counts_groups: bool
) -> None:
    server.counts_groups = counts_groups
    rows = rows_in(fetched(portal, BY_ACTIVITY))
    assert [row["ateco"] for row in rows] == ["C25", "C28", "I55", "M72"]
    assert sum(int(row["addetti"]) for row in rows) == sum(row["addetti"] or 0 for row in server.rows)


def test_a_column_that_is_gone_is_noticed(server: OpendatasoftServer, portal: OpendatasoftConnector) -> None:
    server.rows = [{name: row[name] for name in ("comune", "anno", "ateco")} for row in server.rows]
    with pytest.raises(StructureChanged, match="addetti"):
        fetched(portal, SALARIES)
    assert left_in(portal) == []


def test_a_used_up_quota_ends_the_asking_until_it_is_renewed(
    server: OpendatasoftServer, portal: OpendatasoftConnector
) -> None:
    server.quota = 2
    with pytest.raises(ServiceUnavailable, match="2099-01-01T00:00:00Z"):
        fetched(portal, SALARIES)
    assert len(server.requests) == 2
    server.quota, server.reset = 2, "2020-01-01T00:00:00Z"
    with pytest.raises(ServiceUnavailable):
        portal.freshness([SALARIES])
    assert len(server.requests) == 2


def test_a_quota_that_was_renewed_is_used_again(
    server: OpendatasoftServer, portal: OpendatasoftConnector
) -> None:
    server.quota, server.reset = 1, "1580000000"
    portal.freshness([SALARIES])
    server.quota = None
    assert len(rows_in(fetched(portal, SALARIES))) == 250


def test_the_key_goes_in_a_header_and_into_no_record(server: OpendatasoftServer, tmp_path: Path) -> None:
    with connected(OpendatasoftConnector, server, tmp_path, credential="s3cret") as portal:
        document = fetched(portal, SALARIES)
    assert {request.headers["authorization"] for request in server.requests} == {"Apikey s3cret"}
    assert "s3cret" not in repr(document)


def test_a_description_names_columns_newest_period_and_rows(portal: OpendatasoftConnector) -> None:
    found = portal.describe(SALARIES)
    assert list(found.columns) == ["comune", "anno", "ateco", "addetti"]
    assert (found.latest_period, found.rows) == ("2021", 250)
    assert (found.title, found.changed_at) == ("Effectifs salariés par commune", "2026-05-13T09:00:00Z")
    assert list(portal.describe(BY_ACTIVITY).columns) == ["ateco", "addetti"]


def test_an_unknown_dataset_is_refused_in_the_portals_words(portal: OpendatasoftConnector) -> None:
    with pytest.raises(QueryRefused, match="UnknownDatasetError: no such dataset"):
        portal.freshness([entry({"family": "opendatasoft", "dataset": "perdu"})])


def test_a_quota_that_names_no_end_is_not_asked_against_again(
    server: OpendatasoftServer, portal: OpendatasoftConnector
) -> None:
    server.quota, server.reset = 1, ""
    portal.freshness([SALARIES])
    with pytest.raises(ServiceUnavailable, match="it is renewed later"):
        portal.freshness([SALARIES])
    assert len(server.requests) == 1
