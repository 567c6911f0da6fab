"""Fetching in Dagster, by real ticks and runs on an ephemeral instance, against a loopback Eurostat."""

import gzip
import json
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest

from alp_pipeline.definitions import build_definitions
from alp_pipeline.orchestration.fetching import CHECK, pool_of
from alp_pipeline_tests.servers.base import Reply
from alp_pipeline_tests.servers.eurostat import EurostatServer

GDP, LEARNING = "nama_10r_2gdp", "trng_lfse_04"
DATA = "/sdmx/2.1/data/"
WEB_PAGE = Reply.text("<html><title>Maintenance</title></html>")


def table(value: str = "100") -> bytes:
    text = (
        f"freq,unit,geo\\TIME_PERIOD\t2023 \t2024 \nA,MIO_EUR,AT33\t{value} \t: \nA,MIO_EUR,ITH1\t7 p\t8 \n"
    )
    return gzip.compress(text.encode(), mtime=0)


LEARNERS = b"freq,unit,sex,age,geo\\TIME_PERIOD\t2023 \t2024 \nA,PC,T,Y25-64,AT33\t17.1 \t16 b\n"


@pytest.fixture
def server() -> Iterator[EurostatServer]:
    with EurostatServer.of_sample({GDP: table(), LEARNING: LEARNERS}) as server:
        yield server


@pytest.fixture
def definitions(server: EurostatServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dg.Definitions:
    """The definitions as a daemon loads them, on a data folder and sources of their own."""
    monkeypatch.setenv("ALP_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("ALP_ALLOWED_HOSTS", json.dumps([server.host]))
    monkeypatch.setenv("ALP_SOURCE_URLS", json.dumps({"eurostat": server.url}))
    monkeypatch.setenv("ALP_SOURCES", json.dumps(["eurostat"]))
    monkeypatch.setenv("ALP_FETCH_RETRIES", "1")
    monkeypatch.setenv("ALP_FETCH_RETRY_SECONDS", "0")
    return build_definitions()


def raw(code: str) -> dg.AssetKey:
    return dg.AssetKey(["raw", "eurostat", code])


def run(definitions: dg.Definitions, *codes: str) -> dg.ExecuteInProcessResult:
    """Execute the raw assets of some datasets, as a run of the refresh job does."""
    job = definitions.resolve_job_def("refresh")
    return job.execute_in_process(
        asset_selection=[raw(code) for code in codes],
        instance=dg.DagsterInstance.ephemeral(),
        raise_on_error=False,
    )


def checks(result: dg.ExecuteInProcessResult) -> dict[str, dg.AssetCheckEvaluation]:
    return {
        evaluation.asset_key.path[-1]: evaluation
        for evaluation in result.get_asset_check_evaluations()
        if evaluation.check_name == CHECK
    }


def forget(tmp_path: Path) -> None:
    for path in (tmp_path / "sources" / "polls").glob("*.json"):
        path.unlink()


def test_a_run_fetches_and_says_what_came(definitions, server) -> None:
    result = run(definitions, GDP, LEARNING)
    assert result.success
    shown = result.asset_materializations_for_node("raw__eurostat__nama_10r_2gdp")[0].metadata
    assert shown["outcome"].value == "fetched"
    assert shown["newest published_at"].value == "2026-05-13T09:00:00Z"
    assert all(evaluation.passed for evaluation in checks(result).values())
    assert len(server.asked("inventory")) == 1


def test_a_failure_for_a_passing_reason_is_tried_again_by_the_step(definitions, server) -> None:
    server.fault(WEB_PAGE, times=1, match=f"{DATA}NAMA_10R_2GDP")
    result = run(definitions, GDP)
    assert result.success
    retried = [event for event in result.all_events if event.event_type_value == "STEP_UP_FOR_RETRY"]
    assert len(retried) == 1
    assert checks(result)[GDP].passed


def test_a_failure_that_stays_turns_the_check_red_and_the_step_succeeds(definitions, server) -> None:
    server.fault(WEB_PAGE, times=50, match=DATA)
    result = run(definitions, GDP, LEARNING)
    assert result.success
    for evaluation in checks(result).values():
        assert not evaluation.passed
        assert evaluation.severity is dg.AssetCheckSeverity.ERROR
        assert "Maintenance" in str(evaluation.description)


def test_a_failure_that_stays_for_ever_is_not_tried_again(definitions, server) -> None:
    server.fault(Reply(404, b"{}"), times=50, match=DATA)
    result = run(definitions, GDP)
    assert result.success
    assert [e for e in result.all_events if e.event_type_value == "STEP_UP_FOR_RETRY"] == []
    assert not checks(result)[GDP].passed


def test_only_fetches_have_a_retry_policy_and_a_pool(definitions) -> None:
    for assets in definitions.assets or []:
        assert isinstance(assets, dg.AssetsDefinition)
        is_fetch = assets.key.path[0] == "raw"
        assert (assets.op.retry_policy is not None) == is_fetch, assets.key
        assert (assets.op.pool is not None) == is_fetch, assets.key


def test_there_is_one_pool_per_host(definitions) -> None:
    pools = {a.op.pool for a in definitions.assets or [] if isinstance(a, dg.AssetsDefinition) and a.op.pool}
    eurostat = {a.op.pool for a in definitions.assets or [] if a.key.path[:2] == ["raw", "eurostat"]}
    assert eurostat == {pool_of("127.0.0.1")}  # the mirror that the settings name
    assert pool_of("www.dati.lombardia.it") in pools


def tick(definitions: dg.Definitions) -> dg.RunRequest | dg.SkipReason:
    """One real evaluation of the schedule, as the daemon does it."""
    with dg.DagsterInstance.ephemeral() as instance:
        repository = definitions.get_repository_def()
        schedule = repository.get_schedule_def("scheduled_refresh")
        context = dg.build_schedule_context(instance=instance, repository_def=repository)
        found = schedule.evaluate_tick(context)
        return found.run_requests[0] if found.run_requests else dg.SkipReason(found.skip_message)


def published(definitions: dg.Definitions) -> None:
    job = definitions.resolve_job_def("refresh")
    assert job.execute_in_process(instance=dg.DagsterInstance.ephemeral()).success


@pytest.mark.slow
def test_a_tick_requests_what_changed_and_what_depends_on_it_and_nothing_else(
    definitions, server, tmp_path
) -> None:
    assert isinstance(tick(definitions), dg.RunRequest)
    published(definitions)
    forget(tmp_path)
    before = len(server.requests)
    skipped = tick(definitions)
    assert isinstance(skipped, dg.SkipReason)
    assert "nothing new upstream" in str(skipped.skip_message)
    assert [request.path for request in server.requests[before:]] == ["/files/inventory"]
    server.replace(GDP, table("101"))
    forget(tmp_path)
    request = tick(definitions)
    assert isinstance(request, dg.RunRequest)
    names = {"/".join(key.path) for key in request.asset_selection or []}
    assert {name for name in names if name.startswith("raw/")} == {f"raw/eurostat/{GDP}"}
    assert {name for name in names if name.startswith("observations/")} == {f"observations/{GDP}"}
    assert {"warehouse/fct_observation", "release_gate", "release", "reports/regions"} <= names


@pytest.mark.slow
def test_the_daily_freshness_check_judges_the_datas_own_dates(definitions) -> None:
    published(definitions)
    job = definitions.resolve_job_def("freshness")
    result = job.execute_in_process(instance=dg.DagsterInstance.ephemeral())
    found = {e.asset_key.path[-1]: e for e in result.get_asset_check_evaluations()}
    assert result.success
    assert found["sbs_r_nuts06_r2"].metadata["state"].value == "ended"
    assert found["nama_10r_3gva"].metadata["state"].value == "absent"
    assert not found["nama_10r_3gva"].passed
    assert found[GDP].metadata["state"].value in ("fresh", "late")
