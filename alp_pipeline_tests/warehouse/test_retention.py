"""What nobody relies on goes; what is current, pinned, issued or named stays."""

from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pytest

from alp_pipeline.warehouse import publishing
from alp_pipeline.warehouse import release as releases
from alp_pipeline.warehouse.retention import NotEnoughSpace, collect, require_free_space
from alp_pipeline_tests.warehouse.tiny_build import manifest, publish_tiny, with_values, write_files

DAY = datetime(2026, 5, 13, tzinfo=UTC)


def _publish(folder: Path, count: int) -> list[str]:
    return [
        publish_tiny(
            folder, with_values({"A.ITC4.C13.V16110": float(number)}), plan=f"plan-{number}", now=DAY
        ).release_id
        for number in range(count)
    ]


def _standing(folder: Path) -> list[str]:
    return [release.release_id for release in releases.releases(folder / "warehouse")]


def test_releases_beyond_the_newest_go(tmp_path: Path) -> None:
    names = _publish(tmp_path, 4)
    gone = collect(tmp_path / "warehouse", tmp_path / "build", keep=2, fingerprints=())
    assert gone.releases == tuple(names[:2])
    assert _standing(tmp_path) == names[2:]
    assert gone.freed_bytes > 0
    assert sorted(path.name for path in (tmp_path / "warehouse" / "releases").iterdir()) == names[2:]


def test_the_pinned_current_release_and_issued_ones_stay(tmp_path: Path) -> None:
    names = _publish(tmp_path, 5)
    folder = tmp_path / "warehouse"
    issued = releases.issue(folder, names[0], what="report S3 Lombardia, 2026")
    assert issued.is_issued
    releases.rollback(folder, names[1])
    gone = collect(folder, tmp_path / "build", keep=1, fingerprints=())
    assert gone.releases == (names[2], names[3])
    assert _standing(tmp_path) == [names[0], names[1], names[4]]


def test_the_last_release_is_never_removed(tmp_path: Path) -> None:
    names = _publish(tmp_path, 1)
    with pytest.raises(ValueError, match="at least 1"):
        collect(tmp_path / "warehouse", tmp_path / "build", keep=0, fingerprints=())
    assert collect(tmp_path / "warehouse", tmp_path / "build", keep=1, fingerprints=()).releases == ()
    assert _standing(tmp_path) == names


def test_a_removed_releases_number_is_not_given_again(tmp_path: Path) -> None:
    names = _publish(tmp_path, 3)
    collect(tmp_path / "warehouse", tmp_path / "build", keep=1, fingerprints=())
    following = publish_tiny(tmp_path, plan="next", now=DAY).release_id
    assert [*names, following] == [f"20260513-00{number}" for number in (1, 2, 3, 4)]


def test_build_files_stay_while_the_plan_or_a_release_names_them(tmp_path: Path) -> None:
    build = tmp_path / "build"
    _publish(tmp_path, 2)
    kept_files = {path.stem for path in write_files(build, with_values({"A.ITC4.C13.V16110": 1.0})).values()}
    old_file = write_files(build, with_values({"A.ITC4.C13.V16110": 0.0}))["fct_observation"]
    for name in ("stages/planned.json", "stages/forgotten.json", "observations/planned.parquet"):
        (build / name).parent.mkdir(parents=True, exist_ok=True)
        (build / name).write_text("x")
    (build / "observations" / "now.parquet.partial-77").write_text("being written")
    gone = collect(tmp_path / "warehouse", build, keep=1, fingerprints={"planned"})
    left = {path.name for path in build.rglob("*") if path.is_file()}
    assert left == {f"{stem}.parquet" for stem in kept_files} | {
        "planned.json",
        "planned.parquet",
        "now.parquet.partial-77",
    }
    assert gone.build_files == 2
    assert not old_file.exists()


def test_stages_that_a_release_names_stay(tmp_path: Path) -> None:
    build = tmp_path / "build"
    files = write_files(build)
    publishing.publish(
        tmp_path / "warehouse",
        files,
        manifest=manifest(stages={"observations/x": "of-the-release"}),
        is_synthetic=False,
        threads=1,
    )
    (build / "stages").mkdir()
    (build / "stages" / "of-the-release.json").write_text("{}")
    assert collect(tmp_path / "warehouse", build, keep=1, fingerprints=()).build_files == 0
    assert (build / "stages" / "of-the-release.json").exists()


def test_a_reader_keeps_a_removed_release_until_it_closes(tmp_path: Path) -> None:
    _publish(tmp_path, 1)
    old = (tmp_path / "warehouse" / "alp.duckdb").resolve()
    with duckdb.connect(str(old), read_only=True) as reader:
        _publish(tmp_path, 3)
        collect(tmp_path / "warehouse", tmp_path / "build", keep=1, fingerprints=())
        assert not old.exists()
        assert reader.execute("SELECT count(*) FROM obs_current WHERE value = 0").fetchall() == [(1,)]


def test_too_little_free_space_is_refused_with_numbers(tmp_path: Path) -> None:
    assert require_free_space(tmp_path / "not" / "yet" / "there", 1) > 0
    with pytest.raises(NotEnoughSpace, match=r"1,000,000,000,000 MB are needed and [\d,]+ MB are free"):
        require_free_space(tmp_path, 10**18)
