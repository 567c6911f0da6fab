"""From a source to a release over real HTTP: a loopback Eurostat that serves all real files."""

import gzip
import json
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from alp_pipeline.archive.fixity import verify
from alp_pipeline.archive.store import Archive
from alp_pipeline_tests.integration.conftest import ALP, DataFolder
from alp_pipeline_tests.servers.eurostat import EurostatServer

pytestmark = pytest.mark.slow

INVENTORY = "/files/inventory"
SMALL = "trng_lfse_04"


def online(server: EurostatServer, **more: str) -> dict[str, str]:
    """The settings with which the command asks the loopback server."""
    return {
        "ALP_ALLOWED_HOSTS": json.dumps([server.host]),
        "ALP_SOURCE_URLS": json.dumps({"eurostat": server.url}),
        "ALP_SOURCES": json.dumps(["eurostat"]),
        "ALP_POLL_MINUTES": "60",
        "ALP_FETCH_RETRIES": "0",
        **more,
    }


def refresh(folder: DataFolder, server: EurostatServer, **more: str) -> tuple[int, dict[str, Any]]:
    done = folder.alp("refresh", "--json", **online(server, **more))
    assert done.stdout, done.stderr[-3000:]
    return done.returncode, json.loads(done.stdout)


def forget_polls(folder: DataFolder) -> None:
    """As if the last poll were long ago."""
    for path in (folder.path / "sources" / "polls").glob("*.json"):
        path.unlink()


def requested(server: EurostatServer, since: int) -> list[str]:
    return [request.path for request in server.requests[since:]]


def vintages(folder: DataFolder) -> dict[str, list[str]]:
    archive = Archive(folder.path / "archive")
    return {
        dataset: [v.retrieval_id for v in archive.vintages(dataset)]
        for dataset in archive.datasets()
        if "$" not in dataset
    }


def contents_of(folder: DataFolder) -> dict[str, str]:
    """Content hash of every table of the current release."""
    return {name: table["content_hash"] for name, table in folder.manifest()["tables"].items()}


def observations_built(folder: DataFolder) -> dict[str, int]:
    """Datasets, and how many stages of each have a record in the build."""
    found: dict[str, int] = {}
    for path in (folder.path / "build" / "stages").glob("*.json"):
        name = json.loads(path.read_text(encoding="utf-8"))["stage"]
        if name.startswith("observations/"):
            found[name.partition("#")[0]] = found.get(name.partition("#")[0], 0) + 1
    return found


@pytest.fixture(scope="module")
def eurostat(realdata: Path) -> Iterator[EurostatServer]:
    with EurostatServer.of_realdata(realdata) as server:
        yield server


@pytest.fixture(scope="module")
def pulled(
    eurostat: EurostatServer, tmp_path_factory: pytest.TempPathFactory
) -> tuple[DataFolder, int, dict[str, Any]]:
    folder = DataFolder(tmp_path_factory.mktemp("pulled"))
    return (folder, *refresh(folder, eurostat))


def test_a_refresh_pulls_archives_and_publishes_every_file_that_is_offered(
    pulled: tuple[DataFolder, int, dict[str, Any]], eurostat: EurostatServer
) -> None:
    folder, code, answer = pulled
    assert (code, answer["outcome"]) == (0, "published"), answer
    rows = folder.query(
        "SELECT dataset_code, published_at_origin, seen_at_origin FROM dim_document WHERE standing = 'in use'"
    )
    assert len(rows) == 11
    assert {(r["published_at_origin"], r["seen_at_origin"]) for r in rows} == {("inventory", "request")}
    assert requested(eurostat, 0).count(INVENTORY) == 1


def test_a_second_refresh_makes_one_inventory_request_and_nothing_else(
    pulled: tuple[DataFolder, int, dict[str, Any]], eurostat: EurostatServer
) -> None:
    folder, *_ = pulled
    forget_polls(folder)
    before = len(eurostat.requests)
    code, answer = refresh(folder, eurostat)
    assert (code, answer["outcome"]) == (0, "no change")
    assert requested(eurostat, before) == [INVENTORY]


def test_a_stamp_that_moves_without_a_change_brings_no_new_vintage(
    pulled: tuple[DataFolder, int, dict[str, Any]], eurostat: EurostatServer
) -> None:
    folder, *_ = pulled
    forget_polls(folder)
    before = vintages(folder)
    eurostat.touch("nama_10r_2gdp")
    refresh(folder, eurostat)
    assert vintages(folder) == before


def test_one_changed_file_makes_its_dataset_and_its_dependants_new_and_nothing_else(
    pulled: tuple[DataFolder, int, dict[str, Any]], eurostat: EurostatServer
) -> None:
    folder, *_ = pulled
    forget_polls(folder)
    before, contents = vintages(folder), contents_of(folder)
    built = observations_built(folder)
    requests = len(eurostat.requests)
    original = eurostat.content(SMALL)
    revised = gzip.decompress(original).replace(b"\t4.9 ", b"\t4.8 ")
    eurostat.replace(SMALL, gzip.compress(revised, mtime=0))
    code, answer = refresh(folder, eurostat)
    assert (code, answer["outcome"]) == (0, "published"), answer
    after = vintages(folder)
    assert {name for name in after if after[name] != before[name]} == {f"eurostat.{SMALL}"}
    data = [path for path in requested(eurostat, requests) if "inventory" not in path]
    assert data
    assert all(SMALL in path.lower() for path in data)
    changed = {table for table, content in contents_of(folder).items() if content != contents[table]}
    assert "fct_observation" in changed
    assert not changed & {"dim_perimeter", "fct_regional_activity", "bench_specialisation"}
    again = {name for name, count in observations_built(folder).items() if count != built.get(name, 0)}
    assert again == {f"observations/{SMALL}"}
    eurostat.replace(SMALL, original)


@pytest.mark.parametrize("after_requests", [1, 3, 9, 20])
def test_a_refresh_killed_while_it_fetches_leaves_nothing_half_written(
    tmp_path: Path, after_requests: int
) -> None:
    with EurostatServer.of_sample() as eurostat:
        _kill_and_refresh(DataFolder(tmp_path / "killed"), eurostat, after_requests)


def _kill_and_refresh(folder: DataFolder, eurostat: EurostatServer, after_requests: int) -> None:
    before = len(eurostat.requests)
    process = subprocess.Popen(
        [ALP, "refresh", "--json"],
        env=folder.environment | online(eurostat),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        while len(eurostat.requests) < before + after_requests and process.poll() is None:
            time.sleep(0.005)
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    assert not (folder.path / "warehouse" / "alp.duckdb").exists()
    assert [finding for finding in verify(Archive(folder.path / "archive")) if finding.is_damage] == []
    forget_polls(folder)
    code, answer = refresh(folder, eurostat)
    assert (code, answer["outcome"]) == (0, "published"), answer
    assert {name: len(found) for name, found in vintages(folder).items()} == {
        f"eurostat.{code.lower()}": 1 for code in eurostat.offers
    }
    assert list((folder.path / "sources" / "downloads").glob("*")) == []
