"""What a page says is what the release holds."""

import itertools
import re
from collections.abc import Callable

import pytest

from alp_pipeline.observations.schema import CELL_STATES
from alp_pipeline_tests.reports.reading import figures, read_page
from alp_pipeline_tests.reports.releases import (
    ACTIVITIES,
    INDICATORS,
    QUOTIENTS,
    REGIONS,
    Rows,
    bench_row,
    employment,
    small_release,
)

PageOf = Callable[[Rows, str], str]


def test_every_printed_figure_equals_its_cell(lombardia: str) -> None:
    found = figures(read_page(lombardia))
    checked = set()
    for address, shown in found.items():
        table, *key = address.split("/") if address else [""]
        if table == "bench_specialisation":
            row = bench_row(key[0], key[1], int(key[2]))
            expected = row[key[3]]
        elif table == "fct_regional_activity":
            expected = employment(key[0], key[1], int(key[2]))[0]
        else:
            expected = INDICATORS[key[0]][key[1], key[2]][0]
        assert {value for value, _ in shown} == {expected}, address
        checked.add(table)
    assert checked == {"bench_specialisation", "fct_regional_activity", "fct_indicator"}


def test_figures_are_written_rounded_and_ranked_unrounded(lombardia: str) -> None:
    found = figures(read_page(lombardia))
    # 3.4567 and 3.4521 are both 3.46 and 3.45, both 3.5 on the map; the ranks tell them apart.
    assert found["bench_specialisation/ITC4/C13/2014/location_quotient"] == {(3.4567, "3.46")}
    assert found["fct_regional_activity/ITC4/C13/2014/employment_persons"] == {(10_200.0, "10\u202f200")}
    text = read_page(lombardia).text
    assert "Manufacture of textiles (location quotient 3.46, rank 1 of 3)" in text


def test_a_confidential_cell_is_called_confidential_never_zero_never_blank(lombardia: str) -> None:
    root = read_page(lombardia)
    found = figures(root)
    hidden = {address for address in found if "/ITC4/C12/2014/" in address}
    assert hidden >= {
        f"bench_specialisation/ITC4/C12/2014/{name}"
        for name in ("value", "location_quotient", "size_share_pct", "focus_pct")
    }
    for address in hidden:
        assert found[address] == {(None, "confidential")}, address
    assert found["fct_regional_activity/ITC4/C15/2013/employment_persons"] == {(None, "confidential")}
    assert found["fct_indicator/household_income/ITC4/2013"] == {(None, "confidential")}


def test_a_value_that_stands_beside_a_confidential_state_is_not_printed(page_of: PageOf) -> None:
    rows = small_release()
    for row in rows["bench_specialisation"]:
        if (row["region_code"], row["activity_code"], row["year"]) == ("ITC4", "C12", 2014):
            row |= {
                "value": 4711.0,
                "size_share_pct": 47.11,
                "focus_pct": 47.11,
                "rank_location_quotient": 1,
            }
    page = page_of(rows, "ITC4")
    assert "4711" not in page
    assert "4\u202f711" not in page
    assert "47.1" not in page


def test_a_region_without_data_gets_an_honest_page(zurich: str) -> None:
    root = read_page(zurich)
    assert root.one("h1").text == "Zürich"
    text = root.text
    assert "This release holds no figure on persons employed by activity for Zürich in 2014" in text
    assert "of 4 NACE divisions 4 are not available" in text
    assert "No division of Zürich can be listed" in text
    # What it does have is there: an unemployment rate among the six units of 2015.
    assert figures(root)["fct_indicator/unemployment_rate/CH04/2015"] == {(4.26, "4.3")}
    assert (
        root.one("tr", data_indicator="unemployment_rate").all("span", class_="rank")[0].text == "rank 4 of 5"
    )


def test_units_without_data_are_listed_and_unranked(lombardia: str) -> None:
    row = read_page(lombardia).one("tr", data_region="CH04")
    cells = [cell.text for cell in row.all("td")]
    assert cells == ["not available", "unranked", "not available"] * 3  # once per mapped activity
    text = read_page(lombardia).text
    assert "For 2 of the perimeter’s 6 units there are no figures on persons employed by activity" in text
    assert "Zürich and Liechtenstein" in text


def test_every_unit_has_a_tile_with_its_state(lombardia: str) -> None:
    tiles = read_page(lombardia).all("svg", class_="tile-map")[0].all("g")
    assert {tile.attributes["data-region"]: tile.attributes["data-state"] for tile in tiles} == {
        "ITC4": "reported",
        "ITH3": "reported",
        "AT33": "reported",
        "FRK1": "not_applicable",
        "CH04": "not_available",
        "LI00": "not_available",
    }
    assert tiles[-1].attributes["data-region"] == "ITC4"  # drawn last, its outline on top


def test_ranks_compare_one_period_only(lombardia: str) -> None:
    row = read_page(lombardia).one("tr", data_indicator="unemployment_rate")
    # 7.9 of 2015 among the five of 2015, joint with Veneto behind Auvergne; 2014 takes no part.
    assert row.all("span", class_="rank")[0].text == "rank 2 of 5"
    hidden = read_page(lombardia).one("tr", data_indicator="household_income")
    assert hidden.all("span", class_="rank")[0].text == "unranked; 2 units have a value"


def test_the_counts_of_states_are_the_releases(lombardia: str) -> None:
    section = read_page(lombardia).one("section", id="gaps")
    table = section.one("table")
    assert [head.text for head in table.one("thead").all("th")] == [
        "Year",
        "published",
        "confidential",
        "not yet published",
        "Cells",
    ]
    assert [[cell.text for cell in row.all("td")] for row in table.one("tbody").all("tr")] == [
        ["4", "0", "0", "4"],
        ["3", "1", "0", "4"],
        ["3", "1", "0", "4"],
        ["0", "0", "4", "4"],
    ]


@pytest.mark.parametrize("is_synthetic", [True, False])
def test_the_synthetic_band_is_there_exactly_for_synthetic_data(page_of: PageOf, is_synthetic: bool) -> None:
    page = page_of(small_release(is_synthetic=is_synthetic), "ITC4")
    body = read_page(page).one("body")
    assert len(body.all("div", class_="synthetic-band")) == is_synthetic
    assert len(body.all("div", class_="synthetic-side")) == is_synthetic
    assert ("@top-center" in page) is is_synthetic
    assert ("SYNTHETIC" in page) is is_synthetic
    assert ("is-synthetic" in body.attributes.get("class", "")) is is_synthetic


def test_one_synthetic_document_is_enough(page_of: PageOf) -> None:
    rows = small_release()
    rows["dim_document"][1]["is_synthetic"] = True
    assert "SYNTHETIC DATA" in page_of(rows, "ITC4")


def test_nothing_is_fetched_from_anywhere(lombardia: str) -> None:
    root = read_page(lombardia)
    for tag in ("script", "link", "img", "iframe", "object", "embed", "image", "use"):
        assert root.all(tag) == [], tag
    assert "@import" not in lombardia
    assert re.findall(r"url\((?!#)", lombardia) == []
    outside = [a for a in root.all("a") if not a.attributes["href"].startswith("#")]
    assert {a.attributes["href"] for a in outside} == {
        "https://doi.org/10.2908/LFST",
        "https://example.org/terms",
    }
    assert len(re.findall("https?://", lombardia)) == 3


def test_every_figure_names_a_source_that_the_page_lists(lombardia: str) -> None:
    root = read_page(lombardia)
    anchors = {a.attributes["href"] for a in root.all("a") if a.parent and a.parent.tag == "sup"}
    listed = {f"#{row.attributes['id']}" for row in root.one("section", id="sources").one("tbody").all("tr")}
    assert anchors == listed == {"#source-1", "#source-2"}
    for part in [*root.all("figcaption"), *root.all("caption")]:
        if "hidden" not in part.attributes.get("class", ""):
            assert part.all("sup", class_="source"), part.text
    for row in root.one("table", class_="indicators").one("tbody").all("tr"):
        assert row.all("sup", class_="source")


def test_sources_tell_vintage_licence_and_what_is_unknown(lombardia: str) -> None:
    first, second = read_page(lombardia).one("section", id="sources").one("tbody").all("tr")
    assert "published 2017-07-31 14:35 (gzip header) seen 2017-08-01 (manifest)" in first.text.replace(
        "header)seen", "header) seen"
    )
    assert "publisher’s time unknown" in second.text
    for row in (first, second):
        assert "Eurostat reuse" in row.text
        assert "Modified by the project" in row.text
    assert "Eurostat and the other publishers are not responsible" in read_page(lombardia).text


def test_sources_say_how_to_name_them_where_the_terms_stand_and_what_is_to_verify(lombardia: str) -> None:
    first, second = read_page(lombardia).one("section", id="sources").one("tbody").all("tr")
    for row in (first, second):
        assert "Source: Eurostat" in row.text
        assert "https://example.org/terms" in [a.attributes["href"] for a in row.all("a")]
    assert "catalogue entry to verify" in first.text
    assert "Ended by its publisher with 2020" in first.text
    assert "successor" not in first.text
    assert "catalogue entry to verify" not in second.text


def test_a_successor_is_spoken_of_where_one_is_named(page_of: PageOf) -> None:
    rows = small_release()
    rows["dim_dataset"][0]["successor_id"] = "eurostat.sbs_next"
    page = read_page(page_of(rows, "ITC4")).one("section", id="sources").text
    assert "Its successor eurostat.sbs_next follows other rules and is not joined to it" in page


def test_an_indicator_that_is_to_verify_says_so_beside_its_name(lombardia: str) -> None:
    root = read_page(lombardia)
    marked, plain = (
        root.one("tr", data_indicator=name).one("th").text
        for name in ("unemployment_rate", "household_income")
    )
    assert "indicator to verify" in marked
    assert "to verify" not in plain


def test_flags_stand_beside_numbers_and_are_explained(lombardia: str) -> None:
    root = read_page(lombardia)
    assert {(flag.text, flag.attributes["title"]) for flag in root.all("abbr", class_="flag")} >= {
        ("e", "estimated"),
        ("p", "provisional"),
        ("b", "break in the time series"),
    }
    explained = {term.text for term in root.one("dl", class_="flags").all("dt")}
    assert explained == {flag.text for flag in root.all("abbr", class_="flag")}


def test_a_change_across_a_break_is_not_stated(lombardia: str) -> None:
    found = figures(read_page(lombardia))
    assert found["bench_specialisation/ITC4/C15/2014/growth_pct"] == {(None, "not across a break")}
    assert found["bench_specialisation/ITC4/C13/2014/growth_pct"] == {(-2.5, "−2.5\u202f%")}


def test_stars_show_what_is_undetermined_without_colour(lombardia: str) -> None:
    rows = read_page(lombardia).one("table", class_="standings").one("tbody").all("tr")
    stars = {row.one("th").text[:3]: row.one("td", class_="starred") for row in rows}
    assert len(stars["C13"].all("path", class_="star-yes")) == 3
    assert stars["C13"].all("span", class_="quiet")[0].text == "3 of 3"
    assert len(stars["I55"].all("path", class_="star-undetermined")) == 1
    assert len(stars["I55"].all("path", class_="star-no")) == 1
    assert stars["I55"].all("span", class_="quiet")[0].text == "1–2 of 3"
    assert "size: met; specialisation: not met; focus: undetermined" in stars["I55"].text
    assert "not the Observatory’s stars" in read_page(lombardia).text


def test_no_words_of_the_release_become_markup(page_of: PageOf) -> None:
    rows = small_release()
    for region in rows["dim_region"]:
        if region["region_code"] == "ITC4":
            region["label"] = "<b>\"L'o</style>&"
    root = read_page(page_of(rows, "ITC4"))
    assert root.one("h1").text == "<b>\"L'o</style>&"
    assert root.all("b") == []


def test_a_screen_reader_finds_its_way(lombardia: str, zurich: str) -> None:
    for page in (lombardia, zurich):
        root = read_page(page)
        levels = [int(node.tag[1]) for node in _headings(root)]
        assert levels[0] == 1
        assert levels.count(1) == 1
        assert all(after <= before + 1 for before, after in itertools.pairwise(levels))
        for head in root.all("th"):
            assert head.attributes.get("scope") in ("col", "colgroup", "row"), head.text
        ids = list(re.findall(r' id="([^"]+)"', page))
        assert len(ids) == len(set(ids))
        for svg in root.all("svg"):
            if svg.attributes.get("aria-hidden") == "true":
                continue
            assert svg.attributes["role"] == "img"
            assert svg.all("title")[0].text
            assert svg.all("desc")[0].text
            assert set(svg.attributes["aria-labelledby"].split()) <= set(ids)


def _headings(root: object) -> list:  # type: ignore[type-arg]
    found = []
    for child in root.children:  # type: ignore[attr-defined]
        if not isinstance(child, str):
            found += [child] if re.fullmatch("h[1-6]", child.tag) else _headings(child)
    return found


def test_the_rows_of_the_fixture_hold_every_kind_of_cell() -> None:
    # The tests above would prove little on a release without gaps.
    states = {row["cell_state"] for row in small_release()["bench_specialisation"]}
    assert states == set(CELL_STATES) - {"lost_in_concordance"}
    assert {a for _, a in QUOTIENTS} < set(ACTIVITIES)
    assert len(REGIONS) == 6
