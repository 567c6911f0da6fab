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
    assert [cell.text for cell in first.all("td")] == ["1", "0.012", "95", "1–4", "4 of 5 runs"]
    assert "The dimension without which fewest stay: size of firms." in section_of("ITC4").text


def test_what_a_distance_rests_on_is_said(section_of: SectionOf) -> None:
    rows = benchmark_release()
    for row in rows["bench_reference_region"]:
        row |= {"weight_covered_pct": 73.4 if row["peer_code"] == "AT33" else 95.0}
        row |= {"decisive_dimension_id": "sectoral_structure_industry"}
    section = section_of("ITC4", rows)
    marked = [cell.text for cell in section.all("td") if "thin" in cell.attributes.get("class", "")]
    assert marked == ["73 ◦", "73 ◦"]
    assert "for 1 of the 2 regions shown, the distance rests on less than 80.0\u202f%" in section.text
    # A dimension without a number cannot decide, whatever a release says.
    assert "Lombardia has no data at all on sectors of industry" in section.text
    assert "The dimension without which fewest stay" not in section.text


def test_gaps_to_the_peers_stand_with_year_count_and_state(section_of: SectionOf) -> None:
    section = section_of("ITC4")
    rows = {row.attributes["data-gap"]: row for row in section.all("tr") if "data-gap" in row.attributes}
    known = rows["unemployment_rate"]
    assert "2015 · % · less is better · 2 of 2 peers" in known.text
    assert [cell.text for cell in known.all("td")] == ["7.9", "5.5", "behind", "0"]
    assert [cell.text for cell in rows["household_income"].all("td")] == [
        "confidential",
        "undetermined",
        "open",
        "undetermined",
    ]


def test_strengths_and_weaknesses_are_of_published_values(section_of: SectionOf) -> None:
    rows = benchmark_release()
    for row in rows["bench_index_value"]:
        if row["region_code"] == "AT33":
            # Less unemployment is better, less income is not.
            row["value"] = 3.0
    part = section_of("AT33", rows).one("div", data_traits=RECIPE)
    traits = {row.attributes["data-trait"]: row.all("td")[1].text for row in part.all("tr")[1::2]}
    assert traits == {"unemployment_rate": "1 of 4", "household_income": "4 of 4"}
    hidden = section_of("CH04", rows).one("div", data_traits=RECIPE)
    assert "No indicator of this index has a published value for Zürich" in hidden.text
    assert hidden.all("data") == []


def test_the_terms_of_a_shift_share_add_up_to_its_change(section_of: SectionOf) -> None:
    section = section_of("ITC4")
    rows = [row for row in section.all("tr") if "data-shift" in row.attributes]
    assert [row.attributes["data-shift"] for row in rows] == ["TOTAL", "C", "I"]
    for row in rows[:2]:
        change, *terms = (float(cell.all("data")[0].attributes["value"]) for cell in row.all("td"))
        assert change == sum(terms)
    assert [cell.text for cell in rows[2].all("td")] == ["undetermined"] * 4
    assert "changed by −50: −30 as" in section.text
    # The older window is not shown.
    assert "From 2011 to 2013" in section.text


def test_a_region_without_a_window_says_why(section_of: SectionOf) -> None:
    text = section_of("CH04").text
    assert "No change can be split for Zürich from 2011 to 2013: the source has no row of the region." in text


def test_downturns_show_states_and_censored_years_but_no_bounds(section_of: SectionOf) -> None:
    section = section_of("ITC4")
    rows = {
        row.attributes["data-downturn"]: [cell.text for cell in row.all("td")]
        for row in section.all("tr")
        if "data-downturn" in row.attributes
    }
    assert rows == {
        "crisis_2008/employed_residents": ["−2.5\u202f%", "more than 8", "+0.63"],
        "crisis_2008/gdp_current_prices": ["no fall", "no fall", "undetermined"],
    }
    exposure = section.one("tr", data_measure="exposure/persons_employed/energy_price")
    assert [cell.text for cell in exposure.all("td")] == ["undetermined"]


def test_complexity_is_never_called_better(section_of: SectionOf) -> None:
    section = section_of("ITC4")
    assert "Neither end is better" in section.text
    assert "Complexity (PCI), no end is better" in section.text


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


def test_a_region_outside_of_the_source_is_not_called_hidden(section_of: SectionOf) -> None:
    rows = benchmark_release()
    for row in rows["bench_opportunity"]:
        row |= {"presence": "unknown", "relatedness_density_pct": None, "density_state": "not_available"}
    text = section_of("ITC4", rows).text
    assert "The source of these activities has no figures on Lombardia" in text
    assert "nobody knows" not in text


def test_a_region_whose_activities_nobody_knows_has_no_network(section_of: SectionOf) -> None:
    rows = benchmark_release()
    for row in rows["bench_opportunity"]:
        row |= {"presence": "unknown", "relatedness_density_pct": None, "density_state": "not_available"}
    assert section_of("ITC4", rows).all("svg", class_="network") == []
    assert section_of("AT33").all("svg", class_="network") == []
