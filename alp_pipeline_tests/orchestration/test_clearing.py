"""Runs of dead processes are ended, those of living ones are not: on a real instance below a data folder."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import dagster as dg
import pytest
from dagster._core.remote_origin import (
    RegisteredCodeLocationOrigin,
    RemoteJobOrigin,
    RemoteRepositoryOrigin,
)
from dagster._daemon.types import DaemonHeartbeat

from alp_pipeline.lock import refresh_lock
from alp_pipeline.orchestration.launch import instance as instance_of
from alp_pipeline.orchestration.resource import clear_dead
from alp_pipeline.settings import Settings

Status = dg.DagsterRunStatus
# A site's own file stays. In this one, what has not started yet is late.
IMPATIENT = "run_monitoring: {enabled: true, start_timeout_seconds: 0}\ntelemetry: {enabled: false}\n"
ORIGIN = RemoteJobOrigin(
    repository_origin=RemoteRepositoryOrigin(
        code_location_origin=RegisteredCodeLocationOrigin("ours"), repository_name="ours"
    ),
    job_name="a_job",
)
KILLED_BEFORE_IT_STARTS = """
import os, signal, sys
import dagster as dg
from alp_pipeline.cli import main
make = dg.DagsterInstance.create_run_for_job
def made_and_killed(self, *args, **kwargs):
    make(self, *args, **kwargs)
    os.kill(os.getpid(), signal.SIGKILL)
dg.DagsterInstance.create_run_for_job = made_and_killed
sys.argv = ["alp", "refresh", "--offline"]
main()
"""


@dg.op
def nothing() -> None:
    """Does nothing."""


@dg.job
def a_job() -> None:
    nothing()


@pytest.fixture
def instance(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[dg.DagsterInstance]:
    for name in ("DAGSTER_HOME", "ALP_DATA_DIR"):
        monkeypatch.setenv(name, "")  # put back afterwards
    with instance_of(Settings(data_dir=tmp_path)) as opened:
        yield opened


@pytest.fixture
def impatient(tmp_path: Path) -> Path:
    """Before `instance`: its file."""
    (tmp_path / "dagster").mkdir()
    (tmp_path / "dagster/dagster.yaml").write_text(IMPATIENT)
    return tmp_path


def made(instance: dg.DagsterInstance, status: dg.DagsterRunStatus) -> str:
    origin = ORIGIN if status is Status.QUEUED else None
    return instance.create_run_for_job(a_job, status=status, remote_job_origin=origin).run_id


def statuses(instance: dg.DagsterInstance) -> list[dg.DagsterRunStatus]:
    return [run.status for run in instance.get_runs()]


def cleared(instance: dg.DagsterInstance, folder: Path) -> int:
    with refresh_lock(folder, purpose="a test"):
        return len(clear_dead(instance, folder))


def beat(instance: dg.DagsterInstance, *, seconds_ago: float) -> None:
    """What a daemon that serves the queue writes down every half minute."""
    heard = time.time() - seconds_ago
    instance.add_daemon_heartbeat(DaemonHeartbeat(heard, "QUEUED_RUN_COORDINATOR", "one", []))


@pytest.mark.slow
def test_a_refresh_killed_before_its_run_started_is_ended_at_once(
    instance: dg.DagsterInstance, tmp_path: Path
) -> None:
    environment = os.environ | {"ALP_DATA_DIR": str(tmp_path), "ALP_CONFIG": str(tmp_path / "none.toml")}
    done = subprocess.run(
        [sys.executable, "-c", KILLED_BEFORE_IT_STARTS], env=environment, capture_output=True, check=False
    )
    assert done.returncode == -signal.SIGKILL, done.stderr[-2000:]
    assert statuses(instance) == [Status.NOT_STARTED]
    assert cleared(instance, tmp_path) == 1
    assert statuses(instance) == [Status.FAILURE]
    assert cleared(instance, tmp_path) == 0


@pytest.mark.parametrize("status", [Status.STARTED, Status.CANCELING])
def test_what_executed_without_the_lock_is_dead(
    status: dg.DagsterRunStatus, instance: dg.DagsterInstance, tmp_path: Path
) -> None:
    made(instance, status)
    assert cleared(instance, tmp_path) == 1


@pytest.mark.parametrize("status", [Status.NOT_STARTED, Status.STARTING, Status.QUEUED])
def test_a_run_that_was_made_this_moment_may_live(
    status: dg.DagsterRunStatus, instance: dg.DagsterInstance, tmp_path: Path
) -> None:
    made(instance, status)
    assert cleared(instance, tmp_path) == 0
    assert statuses(instance) == [status]


Heard = Callable[[dg.DagsterInstance], None]
NEVER: Heard = lambda _: None  # noqa: E731
NOW: Heard = lambda instance: beat(instance, seconds_ago=0)  # noqa: E731
LONG_AGO: Heard = lambda instance: beat(instance, seconds_ago=7200)  # noqa: E731


@pytest.mark.parametrize(
    ("status", "heard", "ended"),
    [
        (Status.NOT_STARTED, NOW, True),
        (Status.STARTING, NOW, True),
        (Status.QUEUED, NOW, False),
        (Status.QUEUED, LONG_AGO, True),
        (Status.QUEUED, NEVER, True),
        (Status.SUCCESS, NEVER, False),
    ],
)
def test_a_run_that_has_not_started_for_too_long_is_dead_unless_a_daemon_serves_the_queue(
    status: dg.DagsterRunStatus, heard: Heard, ended: bool, impatient: Path, instance: dg.DagsterInstance
) -> None:
    run_id = made(instance, status)
    heard(instance)
    assert cleared(instance, impatient) == int(ended)
    assert statuses(instance) == [Status.FAILURE if ended else status]
    events = [entry.dagster_event for entry in instance.all_logs(run_id)]
    said = " ".join(event.message or "" for event in events if event)
    assert ("The process of this run is dead" in said) is ended


def test_the_run_that_clears_is_not_ended(instance: dg.DagsterInstance, tmp_path: Path) -> None:
    own, other = made(instance, Status.STARTED), made(instance, Status.STARTED)
    with refresh_lock(tmp_path, purpose="a test"):
        assert clear_dead(instance, tmp_path, besides=own) == [other]
