"""A release is whole, immutable and found behind one symlink; what changed between two can be said."""

import json
import os
import shutil
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from itertools import groupby
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from alp_pipeline.warehouse import publishing
from alp_pipeline.warehouse import release as releases
from alp_pipeline.warehouse.release_diff import diff
from alp_pipeline.warehouse.tables import OPERATIONAL, TABLES
from alp_pipeline_tests.warehouse.tiny_build import (
    DOCUMENT,
    ROWS,
    manifest,
    publish_tiny,
    with_values,
    write_files,
)

MORNING = datetime(2026, 5, 13, 10, 0, tzinfo=UTC)
LATE = datetime(2026, 5, 13, 23, 30, tzinfo=UTC)
CHANGED = with_values({"A.ITC4.C13.V16110": 42.0})
C13_IN_LOMBARDIA = "SELECT value FROM obs_current WHERE geo = 'ITC4' AND nace_r2 = 'C13'"


def _ask(database: Path, query: str) -> list[tuple[object, ...]]:
    with duckdb.connect(str(database), read_only=True) as connection:
        return connection.execute(query).fetchall()


def test_a_release_holds_every_table_in_duckdb_and_parquet(tmp_path: Path) -> None:
    made = publish_tiny(tmp_path)
    assert set(made.files) == set(TABLES)
    for name, path in made.files.items():
        rows = len(ROWS.get(name, ()))
        assert pq.read_metadata(path).num_rows == rows
        assert _ask(made.database, f'SELECT count(*) FROM "{name}"') == [(rows,)]
    assert _ask(made.database, C13_IN_LOMBARDIA) == [(0.0,)]


def test_the_manifest_says_what_the_release_was_made_from(tmp_path: Path) -> None:
    made = publish_tiny(tmp_path, now=MORNING)
    said = json.loads((made.folder / "manifest.json").read_text(encoding="utf-8"))
    assert said["release_id"] == "20260513-001"
    assert said["published_at"] == "2026-05-13T10:00:00+00:00"
    assert (said["plan_fingerprint"], said["document_ids"]) == ("plan-1", [DOCUMENT])
    assert said["is_synthetic"] is False
    file = write_files(tmp_path / "build")["dim_time"]
    assert said["tables"]["dim_time"]["rows"] == 1
    assert said["tables"]["dim_time"]["build_fingerprint"] == file.stem
    assert said["tables"]["dim_time"]["key"] == ["time_period"]


def test_releases_are_counted_per_utc_day_and_synthetic_ones_say_so(tmp_path: Path) -> None:
    first = publish_tiny(tmp_path, now=MORNING)
    second = publish_tiny(tmp_path, CHANGED, plan="plan-2", now=LATE)
    third = publish_tiny(tmp_path, plan="plan-3", now=datetime(2026, 5, 14, tzinfo=UTC))
    names = [made.release_id for made in (first, second, third)]
    assert names == ["20260513-001", "20260513-002", "20260514-001"]
    assert [r.release_id for r in releases.releases(tmp_path / "warehouse")] == names
    made_up = publish_tiny(tmp_path / "demo", is_synthetic=True, now=MORNING)
    assert made_up.release_id == "synthetic-20260513-001"


def test_synthetic_and_real_releases_do_not_share_a_folder(tmp_path: Path) -> None:
    publish_tiny(tmp_path, now=MORNING)
    with pytest.raises(publishing.MixedReleases, match="synthetic release cannot join real ones"):
        publish_tiny(tmp_path, plan="plan-2", is_synthetic=True)
    assert len(releases.releases(tmp_path / "warehouse")) == 1


def test_the_same_rows_give_the_same_content_fingerprint_whatever_the_threads(tmp_path: Path) -> None:
    made = []
    for threads in (1, 2):
        folder = tmp_path / str(threads)
        files = write_files(folder / "build")
        made.append(
            publishing.publish(
                folder / "warehouse", files, manifest=manifest(), is_synthetic=False, threads=threads
            )
        )
    assert made[0].content_fingerprint == made[1].content_fingerprint
    query = "SELECT * FROM fct_observation"
    assert _ask(made[0].database, query) == _ask(made[1].database, query)
    other = publish_tiny(tmp_path / "other", CHANGED)
    assert other.content_fingerprint != made[0].content_fingerprint


def test_operational_tables_and_the_clock_are_outside_the_content_fingerprint(tmp_path: Path) -> None:
    outcome = [{"dataset_id": "x", "document_id": "", "step": "intake", "outcome": "accepted"}]
    plain = publish_tiny(tmp_path / "a", now=MORNING)
    with_outcome = publish_tiny(tmp_path / "b", {"ops_outcome": outcome}, now=LATE)
    assert "ops_outcome" in OPERATIONAL
    assert plain.manifest["tables"]["ops_outcome"] != with_outcome.manifest["tables"]["ops_outcome"]
    assert plain.content_fingerprint == with_outcome.content_fingerprint


def test_publishing_the_same_build_again_makes_no_second_release(tmp_path: Path) -> None:
    first = publish_tiny(tmp_path, now=MORNING)
    assert publish_tiny(tmp_path, now=LATE).release_id == first.release_id
    assert len(releases.releases(tmp_path / "warehouse")) == 1


def test_the_database_names_nothing_of_the_machine_that_wrote_it(tmp_path: Path) -> None:
    made = publish_tiny(tmp_path)
    for file in (made.database, made.folder / "manifest.json"):
        assert str(tmp_path).encode() not in file.read_bytes()
    assert not [path for path in made.folder.rglob("*") if ".partial-" in path.name or path.suffix == ".wal"]


def test_the_rows_stand_in_the_order_of_the_key(tmp_path: Path) -> None:
    made = publish_tiny(tmp_path)
    stored = _ask(made.database, "SELECT series_key FROM fct_observation")
    assert stored == sorted(stored)


def test_parquet_files_are_shared_with_the_build_and_read_only(tmp_path: Path) -> None:
    made = publish_tiny(tmp_path)
    file = made.files["dim_time"]
    assert file.stat().st_nlink == 2
    assert file.stat().st_mode & 0o222 == 0
    assert made.database.stat().st_mode & 0o222 == 0


def test_without_hard_links_the_parquet_files_are_copied(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise OSError("cross-device link")

    monkeypatch.setattr(Path, "hardlink_to", refuse)
    made = publish_tiny(tmp_path)
    assert made.files["dim_time"].stat().st_nlink == 1
    assert pq.read_metadata(made.files["dim_time"]).num_rows == 1


def test_an_open_reader_keeps_its_release_while_the_next_is_published(tmp_path: Path) -> None:
    publish_tiny(tmp_path)
    pointer = tmp_path / "warehouse" / "alp.duckdb"
    program = f"""
import duckdb, sys
with duckdb.connect({str(pointer)!r}, read_only=True) as connection:
    for _ in sys.stdin:
        print(connection.execute({C13_IN_LOMBARDIA!r}).fetchall(), flush=True)
"""
    reader = subprocess.Popen(
        [sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert reader.stdin is not None
    assert reader.stdout is not None

    def ask_the_reader() -> str:
        reader.stdin.write("\n")  # type: ignore[union-attr]
        reader.stdin.flush()  # type: ignore[union-attr]
        return reader.stdout.readline().strip()  # type: ignore[union-attr]

    assert ask_the_reader() == "[(0.0,)]"
    publish_tiny(tmp_path, CHANGED, plan="plan-2")
    assert ask_the_reader() == "[(0.0,)]"
    assert _ask(pointer, C13_IN_LOMBARDIA) == [(42.0,)]
    reader.communicate(timeout=20)


def test_the_symlink_can_be_moved_with_the_folder(tmp_path: Path) -> None:
    publish_tiny(tmp_path)
    (tmp_path / "warehouse").rename(tmp_path / "elsewhere")
    assert not (tmp_path / "elsewhere" / "alp.duckdb").readlink().is_absolute()
    assert _ask(tmp_path / "elsewhere" / "alp.duckdb", C13_IN_LOMBARDIA) == [(0.0,)]


def _publish_elsewhere(folder: Path, when: str = "") -> "subprocess.CompletedProcess[str]":
    root = Path(__file__).resolve().parents[2]
    return subprocess.run(
        [sys.executable, "-m", "alp_pipeline_tests.warehouse.killed_publisher", str(folder), when],
        cwd=root,
        env={**os.environ, "PYTHONPATH": str(root)},
        capture_output=True,
        text=True,
        check=False,
    )


def _moments(folder: Path) -> list[str]:
    """Where to kill: at the first change of every run of like ones, amid the long runs, amid DuckDB's own."""
    undisturbed = _publish_elsewhere(folder)
    assert undisturbed.returncode == 0, undisturbed.stderr
    changes = list(enumerate(undisturbed.stdout.split(), start=1))
    runs = [[number for number, _ in run] for _, run in groupby(changes, key=lambda change: change[1])]
    chosen = {run[0] for run in runs} | {run[len(run) // 2] for run in runs if len(run) > 4}
    assert {"os.link", "os.chmod", "os.rename", "os.symlink"} <= {kind for _, kind in changes}
    return ["writing", *map(str, sorted(chosen))]


def _look(folder: Path) -> tuple[str, float]:
    current = releases.current(folder / "warehouse")
    assert current is not None
    ((value,),) = _ask(current.database, C13_IN_LOMBARDIA)
    assert _ask(folder / "warehouse" / "alp.duckdb", C13_IN_LOMBARDIA) == [(value,)]
    return current.release_id, float(str(value))


def test_a_kill_at_any_change_to_the_disk_leaves_a_whole_release_and_the_next_publish_heals(
    tmp_path: Path,
) -> None:
    first = publish_tiny(tmp_path / "first").release_id
    second = first[:-1] + "2"

    def place(name: str) -> Path:
        return Path(shutil.copytree(tmp_path / "first", tmp_path / name, symlinks=True))

    moments = _moments(place("undisturbed"))
    content = releases.find(tmp_path / "undisturbed" / "warehouse", second).content_fingerprint
    places = {when: place(when) for when in moments}
    with ThreadPoolExecutor(2) as pool:
        deaths = dict(zip(moments, pool.map(_publish_elsewhere, places.values(), moments), strict=True))
    for when, folder in places.items():
        assert deaths[when].returncode == -signal.SIGKILL, deaths[when].stderr
        assert _look(folder) in ((first, 0.0), (second, 42.0)), when
        healed = publish_tiny(folder, CHANGED, plan="plan-2")
        assert healed.content_fingerprint == content
        assert _look(folder) == (second, 42.0)
        standing = sorted(path.name for path in (folder / "warehouse" / "releases").iterdir())
        assert standing == [first, second]


def test_a_rollback_pins_and_later_releases_wait_until_unpin(tmp_path: Path) -> None:
    folder = tmp_path / "warehouse"
    first = publish_tiny(tmp_path, now=MORNING)
    second = publish_tiny(tmp_path, CHANGED, plan="plan-2", now=LATE)
    assert second.is_current
    back = releases.rollback(folder, first.release_id)
    assert (back.is_current, back.pinned_id) == (True, first.release_id)
    third = publish_tiny(tmp_path, plan="plan-3")
    assert (third.is_current, third.pinned_id) == (False, first.release_id)
    assert releases.current(folder) == back
    assert _ask(folder / "alp.duckdb", C13_IN_LOMBARDIA) == [(0.0,)]
    now_current = releases.unpin(folder)
    assert now_current is not None
    assert (now_current.release_id, now_current.pinned_id) == (third.release_id, None)


def test_there_is_no_current_release_before_the_first_and_an_unknown_one_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "warehouse"
    assert releases.current(folder) is None
    assert releases.releases(folder) == []
    assert releases.unpin(folder) is None
    publish_tiny(tmp_path, now=MORNING)
    with pytest.raises(releases.ReleaseUnknown, match="there are: 20260513-001"):
        releases.rollback(folder, "20260513-009")


def test_a_file_of_somebodys_own_in_the_symlinks_place_is_not_replaced(tmp_path: Path) -> None:
    own = tmp_path / "warehouse" / "alp.duckdb"
    own.parent.mkdir()
    own.write_text("mine")
    with pytest.raises(releases.ReleaseDamaged, match="not the symlink"):
        publish_tiny(tmp_path)
    assert own.read_text() == "mine"


def test_a_symlink_to_a_release_that_is_gone_is_named(tmp_path: Path) -> None:
    made = publish_tiny(tmp_path)
    made.folder.rename(tmp_path / "gone")
    with pytest.raises(releases.ReleaseDamaged, match=made.release_id):
        releases.current(tmp_path / "warehouse")


def test_a_file_that_differs_from_its_declaration_is_refused_by_column(tmp_path: Path) -> None:
    files = write_files(tmp_path / "build")
    short = tmp_path / "short.parquet"
    pq.write_table(pa.table({"time_period": ["2014"], "freq": ["A"], "year": [2014]}), short)
    folder = tmp_path / "warehouse"
    with pytest.raises(publishing.ReleaseInputWrong, match=r"dim_time.*ends_on, starts_on, year"):
        publishing.publish(
            folder, {**files, "dim_time": short}, manifest=manifest(), is_synthetic=False, threads=1
        )
    del files["dim_time"]
    with pytest.raises(publishing.ReleaseInputWrong, match="dim_time"):
        publishing.publish(folder, files, manifest=manifest(), is_synthetic=False, threads=1)
    assert releases.releases(folder) == []


def test_a_diff_counts_rows_by_key(tmp_path: Path) -> None:
    before = publish_tiny(tmp_path)
    changes = with_values({"A.ITC4.C13.V16110": 42.0, "A.AT33.I55.V16110": None})
    regions = [*ROWS["dim_region"], {"region_code": "DE27", "label": "Schwaben"}]
    after = publish_tiny(tmp_path, {**changes, "dim_region": regions}, plan="plan-2")
    found = {entry.table: entry for entry in diff(before, after)}
    assert set(found) == set(TABLES)
    observed = found["fct_observation"]
    assert (observed.rows_before, observed.rows_after, observed.is_equal) == (4, 3, False)
    assert (observed.added, observed.removed, observed.changed) == (0, 1, 1)
    region = found["dim_region"]
    assert (region.added, region.removed, region.changed) == (1, 0, 0)
    assert found["dim_time"].is_equal
    assert (found["dim_time"].added, found["dim_time"].changed) == (0, 0)


def test_a_value_that_becomes_empty_is_a_change(tmp_path: Path) -> None:
    before = publish_tiny(tmp_path)
    emptied = [{**row, "conf_status": None} for row in ROWS["fct_observation"]]
    after = publish_tiny(tmp_path, {"fct_observation": emptied}, plan="plan-2")
    assert {e.table: e.changed for e in diff(before, after)}["fct_observation"] == 1
