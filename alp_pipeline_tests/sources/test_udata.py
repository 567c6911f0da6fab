"""udata: a file behind a permanent link, held against the portal's own record of it."""

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from alp_pipeline.sources.errors import AnswerIncomplete, QueryRefused
from alp_pipeline.sources.family import Upstream
from alp_pipeline.sources.udata import UdataConnector
from alp_pipeline_tests.servers.udata import DATASET, RESOURCE, UdataServer
from alp_pipeline_tests.sources.portals import connected, entry, fetched, left_in

SALARIES = entry({"family": "udata", "dataset": DATASET, "resource": RESOURCE})
TABLE = "comune,anno,ateco,addetti\nChambéry,2020,C28,12\nBesançon,2021,I55,7\n".encode()
SHA1 = hashlib.sha1(TABLE).hexdigest()  # noqa: S324 - what the portal publishes


@pytest.fixture
def server() -> Iterator[UdataServer]:
    with UdataServer(TABLE) as server:
        yield server


@pytest.fixture
def portal(server: UdataServer, tmp_path: Path) -> Iterator[UdataConnector]:
    with connected(UdataConnector, server, tmp_path) as connector:
        yield connector


def test_time_and_checksum_are_the_signal(server: UdataServer, portal: UdataConnector) -> None:
    told = portal.freshness([SALARIES])[SALARIES.id]
    assert told.signal == (f'{{"last_modified": "2026-05-13T09:00:00.123000+00:00", "checksum": "{SHA1}"}}')
    assert (told.status, told.changed_at) == ("offered", "2026-05-13T09:00:00Z")
    assert len(server.requests) == 1


def test_a_record_without_time_and_checksum_tells_nothing(
    server: UdataServer, portal: UdataConnector
) -> None:
    server.resource = {"last_modified": None, "checksum": None}
    told = portal.freshness([SALARIES])[SALARIES.id]
    assert (told.status, told.signal) == ("unknown", None)


def test_a_resource_that_is_not_listed_is_gone(portal: UdataConnector) -> None:
    lost = entry({"family": "udata", "dataset": DATASET, "resource": "0000"})
    assert portal.freshness([lost])[lost.id] == Upstream("gone")
    with pytest.raises(QueryRefused, match="no longer lists the resource 0000"):
        list(portal.fetch(lost, Upstream("unknown")))


@pytest.mark.parametrize("how", ["status", "record"])
def test_a_deleted_dataset_is_gone(server: UdataServer, portal: UdataConnector, how: str) -> None:
    if how == "status":
        server.is_deleted = True
    else:
        server.about["deleted"] = "2026-01-01T00:00:00"
    assert portal.freshness([SALARIES])[SALARIES.id] == Upstream("gone")


def test_the_file_comes_by_its_permanent_link(server: UdataServer, portal: UdataConnector) -> None:
    document = fetched(portal, SALARIES)
    assert document.path.read_bytes() == TABLE
    assert document.url == f"{server.url}/fr/datasets/r/{RESOURCE}"
    assert (document.format, document.parameters) == ("csv", {"resource": RESOURCE})
    assert document.published_at == "2026-05-13T09:00:00Z"


@pytest.mark.parametrize("kind", ["sha256", "sha1", "md5"])
def test_every_kind_of_checksum_is_compared(server: UdataServer, portal: UdataConnector, kind: str) -> None:
    server.resource = {"checksum": {"type": kind, "value": hashlib.new(kind, TABLE).hexdigest()}}
    assert fetched(portal, SALARIES).path.read_bytes() == TABLE
    server.resource = {"checksum": {"type": kind, "value": hashlib.new(kind, b"other").hexdigest()}}
    with pytest.raises(AnswerIncomplete, match=f"its {kind} is"):
        fetched(portal, SALARIES)
    assert left_in(portal) == []


def test_a_remote_file_may_change_behind_an_unchanged_record(
    server: UdataServer, portal: UdataConnector
) -> None:
    server.resource = {"filetype": "remote", "filesize": 3}
    document = fetched(portal, SALARIES)
    assert document.parameters["differs"] == f"{len(TABLE)} bytes, and 3 are recorded"


def test_the_key_goes_to_the_portal_only_and_into_no_record(server: UdataServer, tmp_path: Path) -> None:
    with (
        UdataServer(TABLE) as files,
        connected(UdataConnector, server, tmp_path, credential="s3cret", also=(files,)) as portal,
    ):
        server.resource = {"latest": f"{files.url}/resources/salaries.csv"}
        document = fetched(portal, SALARIES)
        assert [request.headers.get("x-api-key") for request in files.requests] == [None]
    assert server.requests[0].headers["x-api-key"] == "s3cret"
    assert "s3cret" not in repr(document)


def test_a_description_looks_inside_the_file(portal: UdataConnector) -> None:
    found = portal.describe(SALARIES)
    assert found.columns["comune"] == ("Chambéry", "Besançon")
    assert (found.latest_period, found.rows) == ("2021", 2)
    assert left_in(portal) == []
    assert found.title == "Établissements et salariés par commune"


def test_describing_a_resource_that_is_gone_says_so(portal: UdataConnector) -> None:
    lost = entry({"family": "udata", "dataset": DATASET, "resource": "0000"})
    with pytest.raises(QueryRefused, match="no longer lists the resource 0000"):
        portal.describe(lost)


def test_a_record_without_checksum_and_size_promises_nothing(
    server: UdataServer, portal: UdataConnector
) -> None:
    server.resource = {"checksum": None, "filesize": None}
    assert fetched(portal, SALARIES).path.read_bytes() == TABLE
