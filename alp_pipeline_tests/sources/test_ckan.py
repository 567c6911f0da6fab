"""CKAN: choosing a resource, signals that are often empty, paging under a clamped limit, files."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from alp_pipeline.sources.ckan import CkanConnector
from alp_pipeline.sources.errors import AddressRefused, QueryRefused, StructureChanged
from alp_pipeline.sources.family import Upstream
from alp_pipeline_tests.servers.base import LoopbackServer, Reply, Request
from alp_pipeline_tests.servers.ckan import DATASTORE, FILE, PACKAGE, CkanServer
from alp_pipeline_tests.servers.portal_rows import employment
from alp_pipeline_tests.sources.portals import connected, entry, fetched, left_in, rows_in

ROWS = entry(
    {"family": "ckan", "package": PACKAGE, "resource": DATASTORE, "via": "datastore", "page_rows": 20}
)
CSV = entry({"family": "ckan", "package": PACKAGE, "resource": FILE, "via": "file"})
SECRET = "s3cret"  # noqa: S105 - of the loopback server
TABLE = "comune,anno,ateco,addetti\r\nGenève,2021,C28,7\r\nZürich,2020,C25,\r\n".encode()


class FileHost(LoopbackServer):
    """Another host than the portal, which holds the file."""

    def answer(self, request: Request) -> Reply:
        return Reply(200, TABLE, {"Content-Type": "text/csv"})


@pytest.fixture
def server() -> Iterator[CkanServer]:
    with CkanServer(employment(50), {"addetti.csv": TABLE}) as server:
        server.file["url"] = f"{server.url}/download/addetti.csv"
        yield server


@pytest.fixture
def portal(server: CkanServer, tmp_path: Path) -> Iterator[CkanConnector]:
    with connected(CkanConnector, server, tmp_path) as connector:
        yield connector


def _searches(server: CkanServer) -> list[dict[str, str]]:
    asked = [request.query for request in server.requests if request.path.endswith("datastore_search")]
    return [query for query in asked if query["limit"] != "0"]


def test_the_signal_holds_every_stamp_and_null_for_those_that_are_missing(
    server: CkanServer, portal: CkanConnector
) -> None:
    told = portal.freshness([ROWS])[ROWS.id]
    assert told.signal == (
        '{"metadata_modified": "2026-05-14T10:00:00",'
        ' "last_modified": "2026-05-13T09:00:00.123456", "hash": null}'
    )
    assert (told.status, told.changed_at) == ("offered", "2026-05-13T09:00:00Z")
    assert len(server.requests) == 1


def test_without_any_stamp_nothing_is_known(server: CkanServer, portal: CkanConnector) -> None:
    del server.package["metadata_modified"]
    told = portal.freshness([CSV])[CSV.id]
    assert (told.status, told.signal, told.changed_at) == ("unknown", None, None)


def test_a_resource_that_its_package_no_longer_lists_is_gone(portal: CkanConnector) -> None:
    lost = entry({"family": "ckan", "package": PACKAGE, "resource": "33333333", "via": "file"})
    assert portal.freshness([lost])[lost.id] == Upstream("gone")
    with pytest.raises(QueryRefused, match="no longer lists the resource 33333333"):
        list(portal.fetch(lost, Upstream("unknown")))


def test_without_an_id_the_only_resource_that_fits_is_taken(
    server: CkanServer, portal: CkanConnector
) -> None:
    by_datastore = entry({"family": "ckan", "package": PACKAGE, "via": "datastore"})
    assert portal.freshness([by_datastore])[by_datastore.id].facts["resource"] == DATASTORE
    by_format = entry({"family": "ckan", "package": PACKAGE, "via": "file"})
    with pytest.raises(QueryRefused, match="2 resources of the format csv") as refused:
        portal.freshness([by_format])
    assert f"{FILE} (text/csv, Datei)" in refused.value.todo
    server.datastore["format"] = "XLSX"
    assert portal.freshness([by_format])[by_format.id].facts["resource"] == FILE


def test_all_rows_come_once_each_in_the_order_of_their_id(server: CkanServer, portal: CkanConnector) -> None:
    document = fetched(portal, ROWS)
    assert rows_in(document) == server.rows
    assert [(query["limit"], query["sort"]) for query in _searches(server)] == [("20", "_id")] * 3
    assert document.parameters == {"resource_id": DATASTORE, "sort": "_id", "rows": 50}
    assert document.format == "zip"


def test_a_silently_clamped_limit_is_no_end(server: CkanServer, portal: CkanConnector) -> None:
    server.most_rows = 7
    assert rows_in(fetched(portal, ROWS)) == server.rows
    assert [query.get("offset", "0") for query in _searches(server)] == [str(7 * n) for n in range(8)]


def test_the_page_that_the_server_offers_is_followed(server: CkanServer, portal: CkanConnector) -> None:
    server.offers_next_page = True
    assert rows_in(fetched(portal, ROWS)) == server.rows
    assert [query.get("filters") for query in _searches(server)] == [
        None,
        '{"_id": {"gt": 20}}',
        '{"_id": {"gt": 40}}',
    ]
    assert not any("offset" in query for query in _searches(server))


def test_a_portal_that_refuses_the_next_page_is_paged_by_offset(
    server: CkanServer, portal: CkanConnector
) -> None:
    server.refuses_next_page = True
    assert rows_in(fetched(portal, ROWS)) == server.rows
    assert [query.get("include_next_page") for query in _searches(server)] == ["true", None, None, None]


def test_an_estimated_total_ends_no_reading(server: CkanServer, portal: CkanConnector) -> None:
    server.estimates = True
    assert rows_in(fetched(portal, ROWS)) == server.rows
    server.estimates, server.total = True, 3
    assert rows_in(fetched(portal, ROWS)) == server.rows


def test_a_column_that_is_gone_is_noticed(server: CkanServer, portal: CkanConnector) -> None:
    server.fields.remove("addetti")
    with pytest.raises(StructureChanged, match="addetti"):
        fetched(portal, ROWS)
    assert left_in(portal) == []


def test_a_file_is_kept_as_received(server: CkanServer, portal: CkanConnector) -> None:
    document = fetched(portal, CSV)
    assert document.path.read_bytes() == TABLE
    assert (document.format, document.url) == ("csv", f"{server.url}/download/addetti.csv")


def test_a_file_on_another_host_is_fetched_without_the_portals_token(
    server: CkanServer, tmp_path: Path
) -> None:
    server.token = SECRET
    with FileHost() as files:
        server.file["url"] = f"{files.url}/addetti.csv"
        with connected(CkanConnector, server, tmp_path, credential=SECRET, also=(files,)) as portal:
            document = fetched(portal, CSV)
        assert [request.headers.get("authorization") for request in files.requests] == [None]
    assert document.path.read_bytes() == TABLE
    assert server.requests[0].headers["authorization"] == SECRET
    assert SECRET not in repr(document)


def test_a_file_on_a_host_that_is_not_listed_is_not_asked_for(
    server: CkanServer, portal: CkanConnector
) -> None:
    with FileHost() as files:
        server.file["url"] = f"{files.url}/addetti.csv"
        with pytest.raises(AddressRefused):
            fetched(portal, CSV)
        assert files.requests == []
    assert left_in(portal) == []


def test_a_file_that_is_listed_under_http_on_a_host_of_the_catalogue_is_asked_for_over_tls(
    server: CkanServer, portal: CkanConnector
) -> None:
    server.file["url"] = "http://portal.example/addetti.csv"
    with pytest.raises(AddressRefused, match=r"https://portal\.example/addetti\.csv"):
        fetched(portal, CSV)


def test_a_description_of_a_datastore(portal: CkanConnector) -> None:
    found = portal.describe(ROWS)
    assert list(found.columns) == ["comune", "anno", "ateco", "addetti"]
    assert (found.latest_period, found.rows) == ("2021", 50)
    # The title is an object by language, serialised as a text, and its English is empty.
    assert (found.title, found.changed_at) == ("Beschäftigte nach Gemeinde", "2026-05-13T09:00:00Z")


def test_nulls_that_come_first_do_not_hide_the_newest_period(
    server: CkanServer, portal: CkanConnector
) -> None:
    server.rows[3]["anno"] = None
    assert portal.describe(ROWS).latest_period == "2021"


def test_a_description_of_a_file_looks_inside(portal: CkanConnector) -> None:
    found = portal.describe(CSV)
    assert found.columns == {
        "comune": ("Genève", "Zürich"),
        "anno": (),
        "ateco": ("C28", "C25"),
        "addetti": (),
    }
    assert (found.latest_period, found.rows) == ("2021", 2)
    assert left_in(portal) == []


def test_a_description_of_a_workbook_looks_inside(
    server: CkanServer, portal: CkanConnector, tmp_path: Path
) -> None:
    import xlsxwriter

    with xlsxwriter.Workbook(tmp_path / "addetti.xlsx") as workbook:
        sheet = workbook.add_worksheet("Dati")
        sheet.write_row(0, 0, ["Addetti per comune"])
        sheet.write_row(1, 0, ["comune", "2020", "2021"])
        sheet.write_row(2, 0, ["Salò", 10, 20])
    server.files["addetti.csv"] = (tmp_path / "addetti.xlsx").read_bytes()
    wide = {"columns": {"comune": "geo"}, "heading_row": 2, "sheet": "Dati"}
    workbook_entry = entry(
        {"family": "ckan", "package": PACKAGE, "resource": FILE, "via": "file", "file_format": "xlsx"},
        layout=wide,
    )
    found = portal.describe(workbook_entry)
    assert found.columns == {"comune": ("Salò",), "2020": (), "2021": ()}
    assert (found.latest_period, found.rows) == ("2021", 1)


def test_describing_a_resource_that_is_gone_says_so(portal: CkanConnector) -> None:
    lost = entry({"family": "ckan", "package": PACKAGE, "resource": "33333333", "via": "file"})
    with pytest.raises(QueryRefused, match="no longer lists the resource 33333333"):
        portal.describe(lost)


def test_a_title_that_only_looks_like_an_object_is_a_text(server: CkanServer, portal: CkanConnector) -> None:
    server.package["title"] = "{Beschäftigte"
    assert portal.describe(ROWS).title == "{Beschäftigte"
