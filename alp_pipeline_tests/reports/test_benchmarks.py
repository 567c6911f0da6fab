"""The region report's section on benchmarks."""

from collections.abc import Callable
from pathlib import Path

import pytest

from alp_pipeline.reports.build import build_region_report
from alp_pipeline_tests.reports.benchmark_rows import RECIPE, WITHIN_BOUNDS, benchmark_release, recipes
from alp_pipeline_tests.reports.reading import Node, figures, read_page
from alp_pipeline_tests.reports.releases import Rows, small_release, write_release

SectionOf = Callable[..., Node]


@pytest.fixture
def section_of(tmp_path: Path) -> SectionOf:
    def build(region: str, rows: Rows | None = None) -> Node:
        file = write_release(tmp_path / "releases" / "r1" / "alp.duckdb", rows or benchmark_release())
        page = build_region_report(file, region, tmp_path / "page.html", recipes=recipes())
        return read_page(page.read_text("utf-8")).one("section", id="benchmarks")

    return build


def test_a_rank_stands_as_its_interval(section_of: SectionOf) -> None:
    section = section_of("ITC4")
    row = section.one("tr", data_index=RECIPE)
    assert [cell.text for cell in row.all("td")] == [
        "2–4 of 4",
        "3",
        "55.5",
        "class 2 (64.0\u202f% of draws)",
    ]
    assert figures(section)[f"bench_index/{RECIPE}/2015/ITC4/{RECIPE}/rank_high"] == {(4.0, "4")}


def test_an_undetermined_region_has_neither_rank_nor_interval(section_of: SectionOf) -> None:
    section = section_of("CH04")
    row = section.one("tr", data_index=RECIPE)
    assert [cell.text for cell in row.all("td")] == ["undetermined", "undetermined", "undetermined", ""]
    own = [g.attributes["data-state"] for g in section.one("svg", class_="profile").all("g")]
    assert own == ["undetermined"] * 3
    assert section.one("svg", class_="profile").all("path", class_="own") == []


def test_nothing_of_a_hidden_cell_is_in_the_section(section_of: SectionOf) -> None:
    for code in ("CH04", "ITC4"):
        section = section_of(code)
        assert all(value != WITHIN_BOUNDS for shown in figures(section).values() for value, _ in shown)
        assert "41.7" not in section.text


def test_a_refused_index_is_named(section_of: SectionOf) -> None:
    assert "Refusals is not computed: 1 of its 3 indicators have enough data." in section_of("ITC4").text


def test_reference_regions_show_how_firm_their_rank_is(section_of: SectionOf) -> None:
    tables = section_of("ITC4").all("table", class_="peers")
    rows = [[row.attributes["data-peer"] for row in table.all("tr")[1:]] for table in tables]
    assert rows == [["ITH3", "AT33"], ["AT33"]]
    first = tables[0].all("tr")[1]
    assert [cell.text for cell in first.all("td")] == ["1", "1–4", "4 of 5 runs", "0.012", "95"]
    assert "The dimension without which fewest stay: size of firms." in section_of("ITC4").text


def test_only_absent_activities_with_known_figures_are_placed(section_of: SectionOf) -> None:
    section = section_of("ITC4")
    points = section.one("svg", class_="opportunity").all("g")
    assert [g.attributes["data-activity"] for g in points] == ["C15"]
    row = section.one("tr", data_activity="C15")
    assert [cell.text for cell in row.all("td")] == ["44 [40, 50]", "1.23 [1.00, 1.50]"]
    assert "1 activities of which the figures are undetermined, and 1 of which nobody knows" in section.text


def test_a_release_without_benchmarks_still_has_the_section(section_of: SectionOf) -> None:
    empty: Rows = {name: [] for name in benchmark_release() if name not in small_release()}
    for rows in (small_release(), small_release() | empty):
        section = section_of("ITC4", rows)
        assert "This release holds no composite index for the perimeter." in section.text
        assert "This release holds no reference regions for Lombardia" in section.text
        assert "This release places no activity of Lombardia here" in section.text
        assert section.all("svg") == []


def test_documents_of_the_benchmarks_are_among_the_sources(tmp_path: Path) -> None:
    rows = benchmark_release()
    rows["fct_indicator"].clear()
    file = write_release(tmp_path / "releases" / "r1" / "alp.duckdb", rows)
    page = build_region_report(file, "ITC4", tmp_path / "page.html", recipes=recipes())
    assert "lfst" in read_page(page.read_text("utf-8")).one("section", id="sources").text


def test_the_network_is_everyones_and_its_colours_are_the_regions(section_of: SectionOf) -> None:
    picture = section_of("ITC4").one("svg", class_="network")
    states = {g.attributes["data-activity"]: g.attributes["data-state"] for g in picture.all("g")}
    assert states == {"C13": "present", "C15": "absent", "I55": "undetermined"}
    assert [path.text for path in picture.all("path", class_="tree")] == [
        "C13 and I55: proximity 0.20",
        "C13 and C15: proximity 0.60",
    ]
    assert [item.text for item in section_of("ITC4").all("li", class_="present")] == [
        "C13 Manufacture of textiles"
    ]


def test_a_region_whose_activities_nobody_knows_has_no_network(section_of: SectionOf) -> None:
    rows = benchmark_release()
    for row in rows["bench_opportunity"]:
        row |= {"presence": "unknown", "relatedness_density_pct": None, "density_state": "not_available"}
    assert section_of("ITC4", rows).all("svg", class_="network") == []
    assert section_of("AT33").all("svg", class_="network") == []
