"""What the audit page of an index says is what the release holds, and nothing of what is hidden."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from alp_pipeline.reports.build import build_index_report, build_index_reports
from alp_pipeline.reports.index.read import UnknownRecipe
from alp_pipeline.reports.model import ReleaseInconsistent
from alp_pipeline.reports.release_file import ReleaseIncomplete
from alp_pipeline_tests.reports.benchmark_rows import (
    RECIPE,
    REFUSED,
    SCORES,
    WITHIN_BOUNDS,
    benchmark_release,
    recipes,
)
from alp_pipeline_tests.reports.reading import Node, figures, read_page
from alp_pipeline_tests.reports.releases import REGIONS, Rows, small_release, write_release

PageOf = Callable[..., str]


@pytest.fixture
def page_of(tmp_path: Path) -> PageOf:
    def build(recipe_id: str, rows: Rows | None = None, version: str = "1") -> str:
        file = write_release(tmp_path / "releases" / "r1" / "alp.duckdb", rows or benchmark_release())
        page = build_index_report(file, recipe_id, tmp_path / "page.html", recipes=recipes(version))
        return page.read_text("utf-8")

    return build


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("index")
    file = write_release(folder / "releases" / "r1" / "alp.duckdb", benchmark_release())
    return build_index_report(file, RECIPE, folder / "page.html", recipes=recipes()).read_text("utf-8")


@pytest.fixture(scope="module")
def root(page: str) -> Node:
    return read_page(page)


def test_sections_stand_in_the_order_of_the_handbook(root: Node) -> None:
    names = [section.attributes.get("id") for section in root.all("section")]
    assert names == [
        None, "framework", "availability", "treatment", "coherence", "weights", "uncertainty", "links",
        "sources", "method",
    ]  # fmt: skip


def test_every_page_says_what_it_is_and_what_it_comes_from(root: Node) -> None:
    text = root.text
    for said in (
        "Own index of this project, not an official scoreboard",
        "conditions, version 1; to verify",
        "2 000 draws, seed 4711".replace(" ", "\u202f", 1),
        "As of 2017-07-31",
        "The Alps (alps), 6 units",
        "6 regions of the test",
        "Eurostat reuse",
        "A note of the recipe.",
    ):
        assert said in text, said


def test_every_rank_stands_with_its_interval(root: Node) -> None:
    found = figures(root)
    base = f"bench_index/{RECIPE}/2015"
    for code, (score, rank, low, high, middle, _) in SCORES.items():
        row = root.one("section", id="uncertainty").all("tr", data_region=code)[0]
        assert [cell.text for cell in row.all("td")][:3] == [f"{low}–{high}", f"{middle:g}", f"{rank}"]
        key = f"{base}/{code}/{RECIPE}"
        assert {value for value, _ in found[f"{key}/rank_low"]} == {low}
        assert {value for value, _ in found[f"{key}/rank_high"]} == {high}
        assert {value for value, _ in found[f"{key}/score"]} == {score}


def test_the_ranking_draws_intervals_and_lists_the_others_apart(root: Node) -> None:
    picture = root.one("svg", class_="ranking")
    drawn = {g.attributes["data-region"]: g for g in picture.all("g")}
    assert set(drawn) == set(REGIONS)
    assert {code for code, g in drawn.items() if g.all("rect", class_="interval")} == set(SCORES)
    assert drawn["CH04"].attributes["data-state"] == "undetermined"
    assert drawn["LI00"].attributes["data-state"] == "not_available"
    assert [drawn["ITC4"].attributes[f"data-{name}"] for name in ("low", "median", "high")] == ["2", "3", "4"]


def test_nothing_of_a_hidden_cell_is_on_the_page(page: str) -> None:
    assert f"{WITHIN_BOUNDS}" not in page
    assert "41.7" not in page
    # Neither its possible ranks nor the tables that hold its bounds.
    assert f"{RECIPE}/CH04/{RECIPE}/rank_low" not in {
        address for address, shown in figures(read_page(page)).items() if any(v is not None for v, _ in shown)
    }
    assert "score_low" not in page
    assert "4_aggregate" not in page


def test_an_undetermined_region_is_called_so(root: Node) -> None:
    row = root.one("section", id="uncertainty").all("tr", data_region="CH04")[0]
    assert [cell.text for cell in row.all("td")][:3] == ["undetermined", "undetermined", ""]
    assert "2 units are listed without a rank (1 not available and 1 undetermined)." in root.text


def test_findings_have_names_for_codes_and_are_escaped(root: Node, page: str) -> None:
    findings = [
        item.text for item in root.one("section", id="availability").all("li", class_="finding-warning")
    ]
    assert findings == ["Warning Unemployment rate is thin where <b> CH04 Zürich stands."]
    assert "<b>" not in page
    assert "Conditions &lt;of&gt; the test" in page


def test_audit_tables_keep_every_digit_and_their_address(root: Node) -> None:
    found = figures(root)
    assert found[f"bench_index_audit/{RECIPE}/2015/4/alpha/1/alpha"] == {(0.3149, "0.31")}
    assert found[f"bench_index_audit/{RECIPE}/2015/2/indicators/1/availability"] == {(2 / 3, "66.7\u202f%")}


def test_what_the_audit_leaves_undefined_is_said_to_be(page_of: PageOf) -> None:
    rows = benchmark_release()
    for row in rows["bench_index_audit"]:
        if row["table_id"] == "alpha" and row["column_id"] == "alpha":
            row["value"] = None
    table = read_page(page_of(RECIPE, rows)).one("table", data_table="alpha")
    assert [cell.text for cell in table.all("td")][2] == "not defined"


def test_correlations_are_drawn_with_their_sign_and_unlooked_pairs_stay_empty(root: Node) -> None:
    pillars = root.one("section", id="coherence").all("svg", class_="heat-map")[1]
    said = {
        (g.attributes["data-row"], g.attributes["data-column"]): g.all("title")[0].text
        for g in pillars.all("g")
    }
    assert said["labour", "wealth"] == "Labour & co × Wealth: −.46"
    indicators = root.one("section", id="coherence").all("svg", class_="heat-map")[0]
    drawn = {(g.attributes["data-row"], g.attributes["data-column"]) for g in indicators.all("g")}
    assert ("unemployment_rate", RECIPE) in drawn
    assert ("unemployment_rate", "household_income") not in drawn


def test_a_declared_assumption_is_named_beside_its_factor(root: Node) -> None:
    row = root.one("tr", data_factor="data_flags")
    assert [cell.text for cell in row.all("td")] == [
        "−0.01 [−0.06, 0.04]",
        "0.02 [0.01, 0.03]",
        "declared assumption",
    ]
    assert "Flagged data (declared assumption)" in root.one("svg", class_="sensitivity").text


def test_hidden_cells_are_hatched_in_the_table_of_values(root: Node) -> None:
    values = root.one("section", id="availability").one("svg", class_="heat-map")
    states = {
        (rect.attributes["data-state"]) for rect in values.all("rect") if "data-state" in rect.attributes
    }
    assert states == {"confidential", "not_available"}


def test_a_refused_recipe_says_what_is_missing_and_what_would_help(page_of: PageOf) -> None:
    root = read_page(page_of(REFUSED))
    text = root.text
    assert "There is no index. 1 of 3 indicators have enough data" in text
    assert [section.attributes.get("id") for section in root.all("section")][1:4] == [
        "missing",
        "todo",
        "there",
    ]
    missing = {
        row.attributes["data-indicator"]: row.text for row in root.one("section", id="missing").all("tr")[1:]
    }
    assert set(missing) == {"household_income", "patents"}
    assert "at most 40 % of the regions have a number" in missing["household_income"]
    assert "nothing in this release says why" in missing["patents"]
    # What there is is not said to be in an index that is not.
    assert "In the index" not in text
    assert "never collected" not in missing["household_income"]
    assert "At least 1 more indicator with enough data: the recipe wants 66.0" in text
    assert root.all("svg", class_="ranking") == []
    assert "not an official scoreboard" in text


def test_a_refused_recipe_tells_never_collected_from_ended(page_of: PageOf) -> None:
    rows = benchmark_release()
    for row in rows["dim_indicator"]:
        if row["indicator_id"] == "household_income":
            row["terms"] = json.dumps({"x": {"dataset": "eurostat.sbs"}, "y": {"dataset": "eurostat.none"}})
    rows["dim_dataset"].append(
        rows["dim_dataset"][0] | {"dataset_id": "eurostat.none", "dataset_code": "none_r", "title": "Of none"}
    )
    root = read_page(page_of(REFUSED, rows))
    missing = root.one("section", id="missing").one("tr", data_indicator="household_income").text
    assert "never collected: this release has no document" in missing
    assert "Of none none_r, never collected" in missing
    assert "alp refresh --only none_r" in root.text


def test_a_link_stands_with_year_expected_sign_and_source(page_of: PageOf) -> None:
    rows = benchmark_release()
    finding = next(row for row in rows["bench_index_audit"] if row["section"] == "links")
    cells = {
        "other_code": "household_income",
        "other_year": 2013.0,
        "expected": -1.0,
        "method": "pearson",
        "units": 4.0,
        "correlation": -0.456,
        "other_document_ids": "doc-lfs",
    }
    for name, value in cells.items():
        figure = {"value": value, "text": ""} if isinstance(value, float) else {"value": None, "text": value}
        rows["bench_index_audit"].append(
            finding | {"table_id": "links", "row_label": RECIPE, "column_id": name, **figure}
        )
    table = read_page(page_of(RECIPE, rows)).one("table", data_table="links")
    shown = [cell.text for cell in table.all("td")]
    assert shown[1:6] == ["2013", "negative", "Pearson", "4", "−0.46"]
    assert table.all("sup", class_="source")


def test_findings_say_that_they_are_of_the_universe(root: Node) -> None:
    for name in ("availability", "coherence", "uncertainty"):
        assert "Findings on the whole universe: 6 regions of the test." in root.one("section", id=name).text
    assert "which is of the whole universe and not of this perimeter" in root.text


def test_a_recipe_of_another_version_is_not_described_by_todays_catalogue(page_of: PageOf) -> None:
    text = read_page(page_of(RECIPE, None, "2")).text
    assert "The catalogue at hand does not hold version 1 of this recipe" in text
    assert "4711" not in text


def test_an_index_without_a_document_is_not_printed(page_of: PageOf) -> None:
    rows = benchmark_release()
    for row in rows["bench_index_status"]:
        row["document_ids"] = ""
    with pytest.raises(ReleaseInconsistent, match="an index names no document"):
        page_of(RECIPE, rows)


def test_what_is_not_there_is_refused_by_name(page_of: PageOf) -> None:
    with pytest.raises(UnknownRecipe, match=r"no index nope .* Use one of conditions, refusals"):
        page_of("nope")
    with pytest.raises(ReleaseIncomplete, match="the release lacks bench_index"):
        page_of(RECIPE, small_release())


def test_the_order_of_rows_changes_no_byte(page_of: PageOf, page: str) -> None:
    rows = benchmark_release()
    assert page_of(RECIPE, {name: list(reversed(found)) for name, found in rows.items()}) == page


def test_every_recipe_of_a_release_gets_a_page(tmp_path: Path) -> None:
    file = write_release(tmp_path / "releases" / "r1" / "alp.duckdb", benchmark_release())
    written = build_index_reports(file, tmp_path / "indices", recipes=recipes())
    assert {code: page.name for code, page in written.items()} == {
        RECIPE: "conditions.html",
        REFUSED: "refusals.html",
    }
    single = build_index_report(file, RECIPE, tmp_path / "x.html", recipes=recipes())
    assert single.read_bytes() == written[RECIPE].read_bytes()


def test_a_perimeter_without_any_interval_gets_a_page(page_of: PageOf) -> None:
    rows = benchmark_release()
    for row in rows["bench_index"]:
        row |= {"score": None, "score_state": "undetermined", "rank": None}
        row |= dict.fromkeys(("rank_low", "rank_high", "rank_median", "class_id"))
    root = read_page(page_of(RECIPE, rows))
    assert "6 units are listed without a rank (undetermined)." in root.text
    assert root.one("svg", class_="ranking").all("rect", class_="interval") == []
