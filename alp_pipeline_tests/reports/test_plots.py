"""Plots of ranks, profiles, tables and sensitivities: values, states beside them, words escaped."""

import math
import re

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alp_pipeline.reports.plots.heat_map import CORRELATION, DIVERGING, Shades
from alp_pipeline.reports.plots.inputs import PlotInputError
from alp_pipeline.reports.plots.profile import quartiles
from alp_pipeline.reports.svg import SEQUENTIAL, contrast, text_on
from alp_pipeline_tests.reports.plot_samples import (
    NASTY,
    attributes,
    draw_bars,
    draw_map,
    draw_profile,
    draw_ranking,
    factors,
    ranks,
)


def test_units_stand_by_median_rank_and_the_undetermined_apart() -> None:
    root = draw_ranking(ranks())
    assert attributes(root, "data-region") == ["ITH3", "AT33", "ITC4", "CH04"]
    assert len(root.all("rect", class_="interval")) == 3
    assert "Apart" in [t.text for t in root.all("text")]
    assert "CH04" not in [
        g.attributes["data-region"] for g in root.all("g") if g.all("rect", class_="interval")
    ]


def test_an_interval_is_written_and_opened_to_whole_ranks() -> None:
    said = [title.text for title in draw_ranking(ranks()).all("title")[1:]]
    assert said == ["Veneto: 1–3, 1.5, 1", "Tirol: 1–3, 2, 2", f"{NASTY}: 3–3, 3, open"]


def test_a_rank_without_its_interval_is_not_drawn() -> None:
    root = draw_ranking(ranks().assign(rank_low=np.nan))
    assert root.all("rect", class_="interval") == []
    assert [t.text for t in root.all("text")].count("no interval") == 3


def test_hidden_numbers_beside_a_state_are_not_in_the_picture() -> None:
    table = ranks()
    table.loc["CH04", ["rank_low", "rank_high", "rank_median"]] = [31.0, 32.0, 31.5]
    assert not re.search(r"\b3[12]\b", " ".join(t.text for t in draw_ranking(table).all("text")))


@pytest.mark.parametrize("rows", [0, 1])
def test_a_ranking_of_none_or_one_is_drawn(rows: int) -> None:
    root = draw_ranking(ranks().iloc[:rows])
    assert len(attributes(root, "data-region")) == rows
    assert "NaN" not in str(root.one("svg").attributes)


def test_the_own_unit_is_picked_out() -> None:
    row = next(g for g in draw_ranking(ranks(), "AT33").all("g") if g.attributes["data-region"] == "AT33")
    assert [t.text for t in row.all("text") if t.attributes.get("font-weight") == "bold"] == [
        "AT33",
        "Tirol",
        "1–3",
    ]


def test_what_cannot_be_ranked_is_refused_by_name() -> None:
    with pytest.raises(PlotInputError, match="ranking: the frame has no column rank_low"):
        draw_ranking(ranks().drop(columns="rank_low"))
    with pytest.raises(PlotInputError, match="AT33 appears twice"):
        draw_ranking(pd.concat([ranks(), ranks().loc[["AT33"]]]))
    with pytest.raises(PlotInputError, match="AT33/rank_high: the number is infinite"):
        draw_ranking(ranks().replace({"rank_high": {2.2: math.inf}}))


@settings(max_examples=30, deadline=None)
@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=30))
def test_quartiles_are_numpys(values: list[float]) -> None:
    assert quartiles(values) == pytest.approx(np.percentile(values, [25, 50, 75]), rel=1e-12, abs=1e-6)


def test_a_profile_says_value_and_median_of_those_that_have_one() -> None:
    values = pd.DataFrame({"w": [10.0, 20.0, 40.0, np.nan]}, index=list("ABCD"))
    root = draw_profile(values)
    assert root.all("title")[1].text == f"{NASTY}: 10.0, 10.0/20.0/40.0 of 3"
    assert len(root.all("path", class_="own")) == 1


def test_a_hidden_value_of_a_profile_is_hatched_and_counts_for_no_quartile() -> None:
    values = pd.DataFrame({"w": [99.0, 20.0, 40.0]}, index=list("ABC"))
    states = pd.DataFrame({"w": ["confidential", "reported", "reported"]}, index=list("ABC"))
    root = draw_profile(values, states=states)
    assert root.all("title")[1].text == f"{NASTY}: confidential, 20.0/30.0/40.0 of 2"
    assert root.all("path", class_="own") == []
    assert attributes(root, "data-state") == ["confidential"]


def test_a_profile_without_values_or_without_the_unit_is_drawn() -> None:
    assert "no one" in draw_profile(pd.DataFrame({"w": [np.nan]}, index=["A"])).all("title")[1].text
    assert attributes(draw_profile(pd.DataFrame({"w": [1.0]}, index=["B"])), "data-state") == [
        "not_available"
    ]
    assert draw_profile(pd.DataFrame(index=["A"])).all("g") == []


def test_every_cell_says_its_value_or_its_state() -> None:
    values = pd.DataFrame([[1.0, -0.5], [0.3, np.nan]], index=["a", "b"], columns=["c", "d"])
    states = pd.DataFrame(
        [["reported", "reported"], ["confidential", "reported"]], index=["a", "b"], columns=["c", "d"]
    )
    root = draw_map(values, states)
    assert [t.text for t in root.all("title")[1:]] == [
        "a × c: 1.00",
        "a × d: -0.50",
        "b × c: confidential",
        "b × d: not available",
    ]
    hatched = [
        rect.attributes.get("data-state") for rect in root.all("rect") if "data-state" in rect.attributes
    ]
    assert hatched == ["confidential", "not_available"]
    assert "0.30" not in [t.text for t in root.all("text")]


def test_a_pair_that_does_not_exist_stays_empty() -> None:
    values = pd.DataFrame([[1.0, 0.2]], index=["a"], columns=["a", "b"])
    root = draw_map(values, pd.DataFrame([["reported", ""]], index=["a"], columns=["a", "b"]))
    assert attributes(root, "data-column") == ["a"]


def test_shades_are_classes_of_equal_width_and_every_number_reads_on_its_shade() -> None:
    shades = Shades(0, 100)
    assert [shades.colour(v) for v in (-5, 19.9, 20, 100, 500)] == [SEQUENTIAL[i] for i in (0, 0, 1, 4, 4)]
    assert CORRELATION.colour(0.0) == DIVERGING[3]
    for colour in (*SEQUENTIAL, *DIVERGING):
        assert contrast(text_on(colour), colour) >= 4.5, colour


def test_a_numbered_table_has_its_rows_numbers_as_headings() -> None:
    values = pd.DataFrame(np.eye(2), index=["a", "b"], columns=["a", "b"])
    words = [t.text for t in draw_map(values, headings="numbered").all("text")]
    assert words[:4] == ["1", "2", "1 a", "1.00"]


def test_an_empty_table_and_states_of_another_shape() -> None:
    assert draw_map(pd.DataFrame()).all("g") == []
    with pytest.raises(PlotInputError, match="values and states differ"):
        draw_map(pd.DataFrame({"a": [1.0]}), pd.DataFrame({"b": ["reported"]}))


def test_bars_say_estimates_with_intervals_and_what_is_assumed() -> None:
    root = draw_bars(factors())
    assert [t.text for t in root.all("title")[1:]] == [
        "Weights: 0.4 [0.3, 0.5]; 0.5 [0.4, 0.6]",
        f"{NASTY}: -0.1 [-0.2, 0.1]; unknown",
    ]
    words = [t.text for t in root.all("text")]
    assert f"{NASTY} (assumed)" in words
    assert "unknown" in words


def test_the_longest_bar_is_as_long_as_its_value() -> None:
    widths = {
        rect.attributes["data-value"]: float(rect.attributes["width"])
        for rect in draw_bars(factors()).all("rect")
        if "data-value" in rect.attributes
    }
    assert widths["0.4"] / widths["0.5"] == pytest.approx(0.8, abs=1e-3)
    assert widths["-0.1"] / widths["0.5"] == pytest.approx(0.2, abs=1e-3)


def test_no_factor_is_an_empty_picture() -> None:
    assert draw_bars(factors().iloc[:0]).all("g") == []
