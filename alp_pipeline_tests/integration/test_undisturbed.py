"""What is published does not depend on threads, order of import, or on being killed on the way."""

import csv
import shutil
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from alp_pipeline_tests.integration.conftest import ALP, SAMPLE, DataFolder

pytestmark = pytest.mark.slow
Published = tuple[DataFolder, int, dict[str, Any]]
WithSample = Callable[[Path], DataFolder]


def hashes(folder: DataFolder) -> dict[str, str]:
    """Content hash of every table but the operational ones."""
    tables = folder.manifest()["tables"]
    return {name: entry["content_hash"] for name, entry in tables.items() if not name.startswith("ops_")}


def test_one_thread_and_two_give_the_same_content(
    published: Published, with_sample: WithSample, tmp_path: Path
) -> None:
    folder = with_sample(tmp_path)
    folder.refresh(ALP_THREADS="1")
    assert hashes(folder) == hashes(published[0])


def test_everything_but_the_archive_can_be_deleted_and_comes_back_the_same(
    published: Published, with_sample: WithSample, tmp_path: Path
) -> None:
    folder = with_sample(tmp_path)
    folder.refresh()
    for name in ("build", "warehouse", "reports", "dagster"):
        shutil.rmtree(folder.path / name)
    folder.refresh()
    assert hashes(folder) == hashes(published[0])


def kill_at(folder: DataFolder, step: str) -> None:
    """Kill a refresh with signal 9 as soon as it begins a step."""
    process = subprocess.Popen(
        [ALP, "refresh", "--offline"], env=folder.environment, stderr=subprocess.PIPE, text=True
    )
    assert process.stderr is not None
    for line in process.stderr:
        if line.strip() == f"refresh: {step}":
            process.send_signal(signal.SIGKILL)
            break
    assert process.wait() == -signal.SIGKILL


def without_newest_sbs(folder: Path) -> Path:
    """The sample as it was before the second vintage of regional structural business statistics."""
    shutil.copytree(SAMPLE / "eurostat", folder / "eurostat")
    shutil.copy(SAMPLE / "archive_kind.json", folder)
    with (SAMPLE / "manifest.csv").open(newline="", encoding="utf-8") as file:
        header, *rows = list(csv.reader(file))
    with (folder / "manifest.csv").open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([header, *(row for row in rows if "sbs_r_nuts06_r2.2017" not in row[0])])
    return folder


def test_a_kill_at_any_stage_leaves_the_release_and_the_next_refresh_completes(
    published: Published, tmp_path: Path
) -> None:
    (tmp_path / "earlier").mkdir()
    earlier = without_newest_sbs(tmp_path / "earlier")
    folder = DataFolder(tmp_path / "data")
    assert folder.alp("archive", "import", str(earlier)).returncode == 0
    _, first = folder.refresh()
    before = hashes(folder)
    assert folder.alp("archive", "import", str(SAMPLE)).returncode == 0
    for step in (
        "observations/sbs_r_nuts06_r2",
        "warehouse/fct_observation",
        "warehouse/fct_indicator",
        "release_gate",
        "release",
    ):
        kill_at(folder, step)
        assert folder.query("SELECT count(*) > 0 AS readable FROM obs_current") == [{"readable": True}]
        assert (folder.manifest()["release_id"], hashes(folder)) == (first["release"], before)
    _, answer = folder.refresh()
    assert answer["outcome"] == "published"
    assert hashes(folder) == hashes(published[0])
    assert not list((folder.path / "build").rglob("*.partial-*"))
    with dg.DagsterInstance.from_config(str(folder.path / "dagster")) as instance:
        left = instance.get_runs(dg.RunsFilter(statuses=[dg.DagsterRunStatus.STARTED]))
        ended = instance.get_runs(dg.RunsFilter(statuses=[dg.DagsterRunStatus.FAILURE]))
    assert left == []
    assert len(ended) == 5
