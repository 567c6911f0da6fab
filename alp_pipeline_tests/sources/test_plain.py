"""Plain files: the signal that a web server gives, and a look at whether it is what the entry declares."""

import io
import json
import zipfile

import pytest
import xlsxwriter

from alp_pipeline.archive.retrieval import Extent
from alp_pipeline.sources.errors import AddressRefused, QueryRefused
from alp_pipeline.sources.plain import PlainConnector
from alp_pipeline_tests.servers.base import Reply
from alp_pipeline_tests.servers.plain import PlainServer
from alp_pipeline_tests.sources.portals import LAYOUT, connected, fetched, left_in
from alp_pipeline_tests.sources.services import plain_entry

MODIFIED = "Wed, 13 May 2026 09:00:00 GMT"
ROWS = "comune,ateco,anno,addetti\nCantù,C25,2021,10\nSalò,C28,2022,\n".encode()
CUBE = {
    "class": "dataset",
    "label": "Zaposleni",
    "id": ["Geo", "Leto"],
    "size": [1, 2],
    "dimension": {
        "Geo": {"category": {"index": ["SI03"]}},
        "Leto": {"category": {"index": {"2021": 0, "2022": 1}}},
    },
    "role": {"time": ["Leto"]},
    "value": [1, None],
}


def served(**headers: str) -> PlainServer:
    server = PlainServer({"/data/addetti.csv": ROWS})
    server.headers["/data/addetti.csv"] = headers
    return server


@pytest.mark.parametrize(
    ("headers", "status", "signal", "changed_at"),
    [
        ({"ETag": '"a1"', "Last-Modified": MODIFIED}, "offered", '"a1"', "2026-05-13T09:00:00Z"),
        ({"Last-Modified": MODIFIED}, "offered", MODIFIED, "2026-05-13T09:00:00Z"),
        ({"ETag": 'W/"a1"'}, "offered", 'W/"a1"', None),
        ({"Last-Modified": "recently"}, "offered", "recently", None),
        ({}, "unknown", None, None),
    ],
)
def test_the_signal_is_the_etag_else_the_date_else_nothing(tmp_path, headers, status, signal, changed_at):
    with served(**headers) as server, connected(PlainConnector, server, tmp_path) as connector:
        told = connector.freshness([plain_entry("data/addetti.csv")])["lombardia.addetti"]
        assert server.methods == ["HEAD"]
    assert (told.status, told.signal, told.changed_at) == (status, signal, changed_at)


def test_the_length_of_a_body_that_head_does_not_send_is_no_truncation(tmp_path):
    with served() as server, connected(PlainConnector, server, tmp_path) as connector:
        server.script(Reply(200, b"", {"ETag": '"a1"'}, declared=4096, cut_after=0))
        told = connector.freshness([plain_entry("data/addetti.csv")])["lombardia.addetti"]
        assert server.methods == ["HEAD"]
    assert told.signal == '"a1"'


@pytest.mark.parametrize("status", [405, 501])
def test_a_server_that_takes_no_head_is_of_unknown_age_and_its_file_is_fetched(tmp_path, status):
    with served() as server, connected(PlainConnector, server, tmp_path) as connector:
        server.script(Reply(status))
        document = fetched(connector, plain_entry("data/addetti.csv"))
        assert server.methods == ["HEAD", "GET"]
    assert document.path.read_bytes() == ROWS


def test_the_file_is_kept_as_it_came_with_what_the_server_says_of_it(tmp_path):
    with (
        served(**{"ETag": '"a1"', "Last-Modified": MODIFIED, "Set-Cookie": "id=7"}) as server,
        connected(PlainConnector, server, tmp_path) as connector,
    ):
        document = fetched(connector, plain_entry("/data/addetti.csv"))
        url = server.url
    assert (document.format, document.extent) == ("csv", Extent.whole())
    assert document.headers == {"etag": '"a1"', "last-modified": MODIFIED}
    assert (document.published_at, document.published_at_origin) == ("2026-05-13T09:00:00Z", "inventory")
    assert document.url == f"{url}/data/addetti.csv"


def test_an_absolute_address_is_followed_only_to_a_host_that_may_be_asked(tmp_path):
    with served() as server, PlainServer({"/f.csv": ROWS}) as other:
        with connected(PlainConnector, server, tmp_path, also=(other,)) as connector:
            assert fetched(connector, plain_entry(f"{other.url}/f.csv")).path.read_bytes() == ROWS
        with connected(PlainConnector, server, tmp_path) as connector, pytest.raises(AddressRefused):
            connector.freshness([plain_entry(f"{other.url}/f.csv")])
        assert other.methods == ["HEAD", "GET"]


def workbook() -> bytes:
    made = io.BytesIO()
    with xlsxwriter.Workbook(made, {"in_memory": True}) as book:
        sheet = book.add_worksheet("Addetti")
        sheet.write_row(0, 0, ["comune", "ateco", "anno", "addetti"])
        sheet.write_row(1, 0, ["Cantù", "C25", 2021, 10])
    return made.getvalue()


def packed() -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr("addetti.csv", ROWS)
    return made.getvalue()


SDMX_CSV = b"DATAFLOW,FREQ,REF_AREA,TIME_PERIOD,OBS_VALUE\nX:Y(1.0),A,AT,2021,5\n"


@pytest.mark.parametrize(
    ("name", "form", "content", "columns", "latest", "rows"),
    [
        ("a.csv", "csv", ROWS, ["comune", "ateco", "anno", "addetti"], "2022", 2),
        ("a.xlsx", "xlsx", workbook(), ["comune", "ateco", "anno", "addetti"], "2021", 1),
        ("a.zip", "zip", packed(), ["comune", "ateco", "anno", "addetti"], "2022", 2),
        ("a.json", "json-stat-2", json.dumps(CUBE).encode(), ["Geo", "Leto"], "2022", 2),
        ("s.csv", "sdmx-csv-1", SDMX_CSV, SDMX_CSV.split(b"\n")[0].decode().split(","), "2021", 1),
    ],
)
def test_every_form_is_fetched_and_described(tmp_path, name, form, content, columns, latest, rows):
    layout = LAYOUT if form in ("csv", "xlsx", "zip") else None
    dataset = plain_entry(name, form, layout=layout)
    with (
        PlainServer({f"/{name}": content}) as server,
        connected(PlainConnector, server, tmp_path) as connector,
    ):
        found = connector.describe(dataset)
        assert left_in(connector) == []
        document = fetched(connector, dataset)
    assert (list(found.columns), found.latest_period, found.rows) == (columns, latest, rows)
    assert (document.format, document.path.read_bytes()) == (form, content)


def test_a_file_that_is_gone_is_refused_by_name_without_the_query_of_its_address(tmp_path):
    dataset = plain_entry("data/moved.csv?token=abc")
    with (
        served() as server,
        connected(PlainConnector, server, tmp_path) as connector,
        pytest.raises(QueryRefused, match="no such file") as refused,
    ):
        connector.freshness([dataset])
    assert "abc" not in str(refused.value)
