"""The real webserver and daemon: launch the job through GraphQL, read assets, checks and metadata back."""

import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from alp_pipeline_tests.integration.conftest import ALP, DataFolder

pytestmark = pytest.mark.slow

LAUNCH = """
mutation ($selector: JobOrPipelineSelector!) {
  launchRun(executionParams: {selector: $selector, runConfigData: {}}) {
    __typename
    ... on LaunchRunSuccess { run { runId } }
    ... on PythonError { message }
    ... on RunConfigValidationInvalid { errors { message } }
  }
}"""
STATUS = "query ($id: ID!) { runOrError(runId: $id) { ... on Run { status } } }"
ASSET = """
query ($key: AssetKeyInput!) {
  assetNodeOrError(assetKey: $key) {
    ... on AssetNode {
      description groupName
      assetMaterializations(limit: 1) { runId metadataEntries { label __typename
        ... on IntMetadataEntry { intValue } ... on MarkdownMetadataEntry { mdStr } } }
      assetChecksOrError { ... on AssetChecks { checks { name executionForLatestMaterialization {
        status evaluation { success severity description metadataEntries { label } } } } } }
    }
  }
}"""
SCHEDULE = """
query { schedulesOrError(repositorySelector: {repositoryName: "__repository__",
        repositoryLocationName: "alp_pipeline"}) {
  ... on Schedules { results { name cronSchedule executionTimezone scheduleState { status } } } } }"""


class Server:
    """GraphQL on a running UI."""

    def __init__(self, port: int) -> None:
        self.address = f"http://127.0.0.1:{port}"

    def ask(self, query: str, **variables: Any) -> dict[str, Any]:
        answer = requests.post(
            f"{self.address}/graphql", json={"query": query, "variables": variables}, timeout=60
        )
        body: dict[str, Any] = answer.json()
        assert "errors" not in body, body
        data: dict[str, Any] = body["data"]
        return data


@pytest.fixture(scope="module")
def folder(with_sample: Callable[[Path], DataFolder], tmp_path_factory: pytest.TempPathFactory) -> DataFolder:
    return with_sample(tmp_path_factory.mktemp("ui"))


@pytest.fixture(scope="module")
def server(folder: DataFolder) -> Iterator[Server]:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port = found.getsockname()[1]
    with (folder.path / "ui.log").open("wb") as log:
        process = subprocess.Popen(
            [ALP, "ui", "--port", str(port)],
            env=folder.environment,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    try:
        server = Server(port)
        for _ in range(120):
            try:
                requests.get(f"{server.address}/server_info", timeout=2)
                break
            except (requests.ConnectionError, requests.Timeout):  # a busy machine answers late
                assert process.poll() is None, (folder.path / "ui.log").read_text()[-3000:]
                time.sleep(1)
        yield server
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(timeout=120)
        except subprocess.TimeoutExpired:  # webserver, daemon and code server end one after the other
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


@pytest.fixture(scope="module")
def run_id(server: Server) -> str:
    """The refresh job, launched through GraphQL and finished."""
    selector = {
        "repositoryLocationName": "alp_pipeline",
        "repositoryName": "__repository__",
        "jobName": "refresh",
    }
    launched = server.ask(LAUNCH, selector=selector)["launchRun"]
    assert launched["__typename"] == "LaunchRunSuccess", launched
    run: str = launched["run"]["runId"]
    status = ""
    for _ in range(300):
        status = server.ask(STATUS, id=run)["runOrError"]["status"]
        if status in ("SUCCESS", "FAILURE", "CANCELED"):
            break
        time.sleep(1)
    assert status == "SUCCESS"
    return run


def asset(server: Server, *path: str) -> dict[str, Any]:
    found: dict[str, Any] = server.ask(ASSET, key={"path": list(path)})["assetNodeOrError"]
    return found


def test_a_table_shows_its_row_count_and_a_preview(server: Server, run_id: str, folder: DataFolder) -> None:
    node = asset(server, "warehouse", "fct_regional_activity")
    (materialised,) = node["assetMaterializations"]
    entries = {entry["label"]: entry for entry in materialised["metadataEntries"]}
    assert materialised["runId"] == run_id
    rows = folder.query("SELECT count(*) AS rows FROM fct_regional_activity")[0]["rows"]
    assert entries["dagster/row_count"]["intValue"] == rows
    assert "employment_persons" in entries["preview"]["mdStr"]


def test_a_document_kept_out_shows_as_a_failed_check_on_a_green_run(server: Server, run_id: str) -> None:
    checks = {
        c["name"]: c for c in asset(server, "observations", "nama_10r_2gdp")["assetChecksOrError"]["checks"]
    }
    failed = checks["critical"]["executionForLatestMaterialization"]
    assert failed["status"] == "FAILED"
    assert failed["evaluation"]["severity"] == "ERROR"
    assert "document_readable" in failed["evaluation"]["description"]
    assert {"rules", "failed", "not evaluated", "outcomes"} <= {
        entry["label"] for entry in failed["evaluation"]["metadataEntries"]
    }
    assert checks["warning"]["executionForLatestMaterialization"]["status"] == "SUCCEEDED"


def test_the_release_gate_passed_and_the_release_is_published(
    server: Server, run_id: str, folder: DataFolder
) -> None:
    checks = asset(server, "release_gate")["assetChecksOrError"]["checks"]
    assert {c["executionForLatestMaterialization"]["status"] for c in checks} == {"SUCCEEDED"}
    assert asset(server, "release")["assetMaterializations"][0]["runId"] == run_id
    assert folder.manifest()["is_synthetic"] is True


def test_the_command_line_finds_nothing_left_to_do(server: Server, run_id: str, folder: DataFolder) -> None:
    assert folder.refresh() == (0, folder.refresh()[1])
    assert folder.refresh()[1]["outcome"] == "no change"


def test_the_schedules_are_running(server: Server) -> None:
    found = server.ask(SCHEDULE)["schedulesOrError"]["results"]
    assert {schedule["scheduleState"]["status"] for schedule in found} == {"RUNNING"}
    assert {(schedule["cronSchedule"], schedule["executionTimezone"]) for schedule in found} == {
        ("30 11,23 * * *", "Europe/Brussels"),
        ("0 1 * * *", "Europe/Brussels"),
    }


def test_lineage_and_run_open_in_a_browser(server: Server, run_id: str, tmp_path: Path) -> None:
    from playwright.sync_api import sync_playwright

    arguments = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-sync"]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=arguments)
        page = browser.new_page(viewport={"width": 1500, "height": 950})
        for path, text in (("/asset-groups", "release"), (f"/runs/{run_id}", "Success")):
            page.goto(server.address + path)
            page.get_by_text(text).first.wait_for(timeout=60_000)
            page.screenshot(path=str(tmp_path / "page.png"))
        browser.close()
