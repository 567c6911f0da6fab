"""Charts draw what they are given: a gap stays a gap."""

import itertools
import re

import pytest

from alp_pipeline.observations.schema import CELL_STATES
from alp_pipeline.reports import charts
from alp_pipeline.reports.model import Cell
from alp_pipeline.reports.svg import (
    INK,
    LINE,
    MUTED,
    OWN,
    PAPER,
    SCORE_STATES,
    SEQUENTIAL,
    STATE_CODES,
    STATES,
    contrast,
    text_on,
)
from alp_pipeline_tests.reports.reading import read_page


def reported(value: float, flags: str = "") -> Cell:
    return Cell(value, "reported", flags)


def draw(cells: dict[int, Cell]) -> str:
    return charts.line_chart(cells, ident="x", title="T", description="D", number=lambda v: f"{v:.0f}")


def test_a_line_never_crosses_a_gap() -> None:
    svg = draw(
        {
            2010: reported(5),
            2011: reported(6),
            2012: Cell(None, "confidential"),
            2013: reported(7),
            2014: reported(8),
        }
    )
    paths = read_page(svg).all("path", class_="run")
    assert [len(re.findall("[ML]", path.attributes["d"])) for path in paths] == [2, 2]


def test_a_year_between_two_gaps_is_a_dot_alone() -> None:
    svg = draw({2010: Cell(None, "not_available"), 2011: reported(6), 2012: Cell(None, "confidential")})
    root = read_page(svg)
    assert root.all("path", class_="run") == []
    assert len(root.all("circle", stroke="#ffffff")) == 1


def test_a_line_never_crosses_a_break_and_the_break_is_marked() -> None:
    root = read_page(
        draw({2010: reported(5), 2011: reported(6), 2012: reported(60, "b"), 2013: reported(61)})
    )
    assert [len(re.findall("[ML]", p.attributes["d"])) for p in root.all("path", class_="run")] == [2, 2]
    assert next(word.text for word in root.all("text") if word.attributes.get("font-weight") == "bold") == "b"


def test_a_year_missing_from_the_data_is_a_gap_too() -> None:
    assert charts.runs({2010: reported(1), 2012: reported(2)}) == [[2010], [2012]]


def test_each_state_is_drawn_as_its_own_pattern_with_its_code() -> None:
    cells = {2010 + i: Cell(None, state) for i, state in enumerate(STATES)}
    root = read_page(draw(cells))
    bands = [rect for rect in root.all("rect") if "data-state" in rect.attributes]
    assert [band.attributes["data-state"] for band in bands] == list(STATES)
    assert [band.attributes["fill"] for band in bands] == [f"url(#x-{state})" for state in STATES]
    codes = [word.text for word in root.all("text") if word.attributes.get("font-weight") == "bold"]
    assert codes == [STATE_CODES[state] for state in STATES]


def test_every_state_of_the_warehouse_has_a_pattern_and_a_code_of_its_own() -> None:
    assert {"reported", *STATES} == set(CELL_STATES)
    assert len(set(STATE_CODES.values())) == len(SCORE_STATES)


def test_a_zero_is_a_point_on_the_axis_not_a_gap() -> None:
    root = read_page(draw({2010: reported(0), 2011: reported(0)}))
    assert len(root.all("path", class_="run")) == 1
    assert [rect for rect in root.all("rect") if "data-state" in rect.attributes] == []


def test_a_chart_without_any_value_still_draws_its_states() -> None:
    assert (
        len(read_page(draw({2010: Cell(None, "not_available")})).all("rect", data_state="not_available")) == 1
    )


def test_the_highest_value_stays_inside_the_picture() -> None:
    for highest in (1, 9, 10, 99, 1000, 12_345, 999_999):
        ticks = charts.nice_ticks(highest)
        assert ticks[0] == 0
        assert ticks[-1] >= highest
        assert 3 <= len(ticks) <= 6


def test_bars_are_as_long_as_their_counts() -> None:
    bars = [charts.Bar("2014", {"reported": 60, "confidential": 8})]
    svg = charts.state_bars(bars, ident="g", title="T", description="D", total_label="cells")
    parts = {
        r.attributes["data-state"]: r for r in read_page(svg).all("rect") if "data-state" in r.attributes
    }
    assert {state: part.attributes["data-count"] for state, part in parts.items()} == {
        "reported": "60",
        "confidential": "8",
    }
    lengths = [float(parts[state].attributes["width"]) for state in ("reported", "confidential")]
    assert lengths[0] / lengths[1] == pytest.approx(60 / 8, rel=0.01)


def test_a_region_without_value_has_no_diamond() -> None:
    values, names = {"A": 1.0, "B": 2.0, "C": 5.0}, {"A": "A 1", "B": "B 2", "C": "C < 5"}
    strips = {
        own: read_page(charts.dot_strip(values, own, ident="s", title="T", description="D", names=names))
        for own in ("B", "Z")
    }
    assert len(strips["B"].all("path", class_="own")) == 1
    assert len(strips["B"].all("circle")) == 2
    assert strips["Z"].all("path", class_="own") == []
    assert [title.text for circle in strips["Z"].all("circle") for title in circle.all("title")] == [
        "A 1",
        "B 2",
        "C < 5",
    ]


def test_equal_values_are_dots_beside_each_other_not_on_top() -> None:
    values = dict.fromkeys("ABCDE", 3.0)
    svg = charts.dot_strip(
        values, "A", ident="s", title="T", description="D", names=dict.fromkeys("ABCDE", "n")
    )
    places = [(c.attributes["cx"], c.attributes["cy"]) for c in read_page(svg).all("circle")]
    assert len(set(places)) == 4


def test_stars_differ_in_shape_not_in_colour() -> None:
    root = read_page(
        charts.star_row([("S", "yes"), ("L", "undetermined"), ("F", "no")], ident="s", title="T")
    )
    assert len(root.all("path", class_="star-yes")) == 1
    assert "stroke-dasharray" in root.one("path", class_="star-undetermined").attributes
    assert [word.text for word in root.all("text")] == ["S", "?", "L", "F"]


def test_a_criterion_that_the_scheme_lacks_has_no_star() -> None:
    root = read_page(charts.star_row([("S", "yes"), ("F", None)], ident="s", title="T"))
    assert [word.text for word in root.all("text")] == ["S"]


def test_words_are_escaped() -> None:
    svg = charts.line_chart(
        {2010: reported(1)}, ident="x", title="<&>", description="\"'", number=lambda v: "<b>"
    )
    assert "<b>" not in svg
    assert read_page(svg).one("title").text == "<&>"


def test_words_meet_the_contrast_of_wcag_aa() -> None:
    for shade in SEQUENTIAL:
        assert contrast(text_on(shade), shade) >= 4.5, shade
    assert contrast(PAPER, LINE) >= 4.5
    for ink in (INK, MUTED, OWN):
        assert contrast(ink, PAPER) >= 4.5


def test_shades_darken_step_by_step() -> None:
    against_paper = [contrast(shade, PAPER) for shade in SEQUENTIAL]
    assert against_paper == sorted(against_paper)
    assert all(b / a > 1.25 for a, b in itertools.pairwise(against_paper))
