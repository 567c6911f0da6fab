"""A small release on disk, and its pages."""

from collections.abc import Callable
from pathlib import Path

import pytest

from alp_pipeline.reports.build import build_region_report, build_region_reports
from alp_pipeline_tests.reports.releases import Rows, small_release, write_release


@pytest.fixture
def release(tmp_path: Path) -> Path:
    """A real release's file, in the folder that names it."""
    return write_release(tmp_path / "releases" / "2026-05-13.1" / "alp.duckdb", small_release())


@pytest.fixture
def page_of(tmp_path: Path) -> Callable[[Rows, str], str]:
    """The page of one region of a release made of the given rows."""

    def build(rows: Rows, region_code: str) -> str:
        file = write_release(tmp_path / "made" / "releases" / "r1" / "alp.duckdb", rows)
        return build_region_report(file, region_code, tmp_path / f"{region_code}.html").read_text("utf-8")

    return build


@pytest.fixture(scope="session")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The pages of the small release, by region code."""
    folder = tmp_path_factory.mktemp("pages")
    file = write_release(folder / "releases" / "2026-05-13.1" / "alp.duckdb", small_release())
    return {code: page.read_text("utf-8") for code, page in build_region_reports(file, folder / "r").items()}


@pytest.fixture
def lombardia(pages: dict[str, str]) -> str:
    return pages["ITC4"]


@pytest.fixture
def zurich(pages: dict[str, str]) -> str:
    return pages["CH04"]
