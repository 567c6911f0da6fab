"""Pages as files: whole, deterministic, one per region."""

from pathlib import Path

import pytest

from alp_pipeline.reports import build
from alp_pipeline.reports.build import build_region_report, build_region_reports
from alp_pipeline.reports.region import UnknownRegion
from alp_pipeline_tests.reports.releases import REGIONS, small_release, write_release


def test_the_same_release_gives_the_same_bytes(release: Path, tmp_path: Path) -> None:
    first = build_region_report(release, "ITC4", tmp_path / "a.html").read_bytes()
    assert build_region_report(release, "ITC4", tmp_path / "b.html").read_bytes() == first


def test_the_order_of_rows_in_the_release_does_not_matter(release: Path, tmp_path: Path) -> None:
    rows = small_release()
    turned = {name: list(reversed(found)) for name, found in rows.items()}
    other = write_release(tmp_path / "other" / release.parent.name / "alp.duckdb", turned)
    pages = [build_region_report(file, "ITC4", tmp_path / "p.html").read_bytes() for file in (release, other)]
    assert pages[0] == pages[1]


def test_every_unit_of_the_perimeter_gets_a_page(release: Path, tmp_path: Path) -> None:
    written = build_region_reports(release, tmp_path / "reports")
    assert list(written) == sorted(REGIONS)
    assert written["LI00"] == tmp_path / "reports" / "LI00.html"
    for code, file in written.items():
        assert file.read_bytes() == build_region_report(release, code, tmp_path / "x.html").read_bytes()


def test_only_the_wanted_regions_are_written(release: Path, tmp_path: Path) -> None:
    assert list(build_region_reports(release, tmp_path / "r", region_codes=["ITC4"])) == ["ITC4"]
    assert [file.name for file in (tmp_path / "r").iterdir()] == ["ITC4.html"]


def test_a_failed_report_leaves_the_last_one_and_no_litter(
    release: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = build_region_report(release, "ITC4", tmp_path / "ITC4.html")
    before = target.read_bytes()
    with pytest.raises(UnknownRegion):
        build_region_report(release, "XX", target)
    monkeypatch.setattr(build, "render", lambda *_: "half \ud800")  # cannot be encoded: the write fails
    with pytest.raises(UnicodeEncodeError):
        build_region_report(release, "ITC4", target)
    assert target.read_bytes() == before
    assert [file.name for file in tmp_path.glob("ITC4*")] == ["ITC4.html"]
