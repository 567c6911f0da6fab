"""A strength is a rank that a unit earned by an observed number, and that not everybody shares."""

import numpy as np
import pandas as pd
import pytest

from alp_pipeline.benchmark.cells import BenchmarkInputError
from alp_pipeline.benchmark.composite.aggregate import aggregate
from alp_pipeline.benchmark.composite.framework import Framework
from alp_pipeline.benchmark.composite.strengths import strengths_and_weaknesses, unit_summary
from alp_pipeline.benchmark.composite.units import UnitTable

FRAMEWORK = Framework.of(
    pd.DataFrame(
        {
            "code": ["jobs", "tax", "yes", "same", "P", "I", "size"],
            "label": ["Jobs", "Tax", None, None, "Pillar", "Index", "Size class"],
            "level": [1, 1, 1, 1, 2, 3, None],
            "parent": ["P", "P", "P", "P", "I", None, None],
            "direction": [1, -1, 1, 1, 1, 1, None],
            "unit": ["persons", "%", None, None, None, None, None],
            "type": ["Indicator"] * 4 + ["Aggregate"] * 2 + ["Group"],
        }
    )
)
DATA = pd.DataFrame(
    {
        "unit": ["A", "B", "C", "D"],
        "jobs": [9, 5, 7, 1],
        "tax": [40, 10, 30, 20],
        "yes": [0, 1, 0, 0],
        "same": [3, 3, 3, 3],
        "size": ["L", "L", "S", "S"],
    }
)


def found(
    data: pd.DataFrame = DATA, *, flags: pd.DataFrame | None = None, **parameters
) -> list[list[object]]:
    units = UnitTable.of(data, FRAMEWORK, flags=flags)
    table = strengths_and_weaknesses(units, FRAMEWORK, **parameters)
    return table[["unit", "kind", "code", "rank"]].values.tolist()


def test_ranks_follow_the_direction_and_nobody_is_strong_where_all_are_equal():
    assert found(of=["A"]) == [
        ["A", "strength", "jobs", 1],
        ["A", "weakness", "tax", 4],
        ["A", "weakness", "yes", 2],
    ]
    assert found(of=["B"], top=2) == [
        ["B", "strength", "tax", 1],
        ["B", "strength", "yes", 1],
        ["B", "weakness", "jobs", 3],
    ]


def test_a_shared_last_rank_is_no_strength():
    # C, with the zero of two others, is second of four in `yes`: no achievement.
    assert ["C", "strength", "yes", 2] not in found(of=["C"])


def test_no_indicator_is_both_and_the_best_come_first():
    table = found(of=["D"], top=1, bottom=3)
    assert [row[1:3] for row in table] == [
        ["strength", "tax"],
        ["weakness", "jobs"],
        ["weakness", "yes"],
    ]


def test_an_imputed_or_hidden_cell_is_neither():
    flags = pd.DataFrame({"jobs": ["i"]}, index=["A"])
    assert [row[2] for row in found(of=["A"], flags=flags)] == ["tax", "yes"]
    hidden = DATA.assign(jobs=[9, ":c", 7, 1])
    units = UnitTable.of(hidden, FRAMEWORK)
    table = strengths_and_weaknesses(units, FRAMEWORK)
    jobs = table[table["code"] == "jobs"].set_index("unit")
    assert "B" not in jobs.index
    assert jobs["ranked_units"].unique().tolist() == [3]


def test_scores_that_already_point_one_way_are_not_turned():
    turned = DATA.assign(tax=-DATA["tax"])
    assert found(turned, directed=True) == found(DATA)


def test_values_labels_and_the_aggregate_come_along():
    row = strengths_and_weaknesses(UnitTable.of(DATA, FRAMEWORK), FRAMEWORK, of=["A"], report_level=3).iloc[1]
    assert row[["kind", "place", "label", "group", "value", "unit_of_measure"]].tolist() == [
        "weakness",
        1,
        "Tax",
        "I",
        40.0,
        "%",
    ]


def test_ranks_within_a_group_are_among_its_members():
    assert found(of=["C"], group="size", top=1, bottom=1) == [
        ["C", "strength", "jobs", 1],
        ["C", "weakness", "tax", 2],
    ]


def test_yes_and_no_can_be_left_out():
    assert "yes" not in {row[2] for row in found(unique_share_min=0.6)}
    assert {row[2] for row in found(unique_share_min=0.6)} == {"jobs", "tax"}


def test_units_of_a_panel_are_ranked_within_their_year():
    panel = pd.concat([DATA.assign(time=2013), DATA.assign(time=2014, jobs=[1, 5, 7, 9])])
    table = strengths_and_weaknesses(UnitTable.of(panel, FRAMEWORK), FRAMEWORK, top=1, bottom=0)
    best = table[table["unit"].isin(["A", "D"])]
    assert best[["unit", "time", "code"]].values.tolist() == [
        ["A", 2013, "jobs"],
        ["D", 2013, "tax"],
        ["D", 2014, "jobs"],
    ]


def test_nothing_asked_gives_an_empty_table_and_nonsense_a_named_error():
    units = UnitTable.of(DATA, FRAMEWORK)
    assert strengths_and_weaknesses(units, FRAMEWORK, top=0, bottom=0).empty
    for parameters, message in (
        ({"of": ["Z"]}, "Z is not in the table"),
        ({"top": -1}, "top is -1"),
        ({"group": "colour"}, "'colour' is not a group"),
        ({"report_level": 1}, "no level 1 of aggregates"),
    ):
        with pytest.raises(BenchmarkInputError, match=message):
            strengths_and_weaknesses(units, FRAMEWORK, **parameters)


def scored(**columns: list[object]) -> UnitTable:
    units = UnitTable.of(DATA, FRAMEWORK)
    return units.with_values(units.values.assign(**columns))


def test_the_summary_of_a_unit_begins_at_the_top_and_ranks_unrounded_scores():
    units = scored(P=[50.001, 50.002, 10.0, np.nan], I=[1.0, 2, 3, 4])
    table = unit_summary(units, FRAMEWORK, "A", levels=[3, 2], group="size")
    assert table[["code", "level", "score", "rank", "ranked_units", "group_rank"]].values.tolist() == [
        ["I", 3, 1.0, 4, 4, 2],
        ["P", 2, 50.001, 2, 3, 2],
    ]
    without = unit_summary(units, FRAMEWORK, "D", levels=[2]).iloc[0]
    assert (without["state"], without["rank"] is pd.NA) == ("not_available", True)
    assert unit_summary(units, FRAMEWORK, "A")["code"].tolist() == ["I", "P", "jobs", "tax", "yes", "same"]
    with pytest.raises(BenchmarkInputError, match="Z is not in the table"):
        unit_summary(units, FRAMEWORK, "Z")


def test_asem_spain_and_india_as_coinr_prints_them(asem_units, asem_framework, asem_stage):
    # Vignette "Presenting Results": get_str_weak(coin, dset = "Raw", usel = "ESP")
    table = strengths_and_weaknesses(asem_units, asem_framework, of=["ESP"])
    strong = table[table["kind"] == "strength"]
    assert list(zip(strong["code"], strong["rank"], strong["group"], strict=True)) == [
        ("CostImpEx", 1, "Instit"),
        ("TIRcon", 1, "Instit"),
        ("Tourist", 2, "P2P"),
        ("Flights", 3, "Physical"),
        ("UNVote", 3, "Political"),
    ]
    weak = table[table["kind"] == "weakness"]
    # COINr lists the least bad first; 33 is shared with Poverty, the earlier one in the framework.
    assert list(zip(weak["code"], weak["rank"], weak["value"].map("{:.3g}".format), strict=True)) == [
        ("PubDebt", 43, "99.3"),
        ("Forest", 40, "6.93"),
        ("TBTs", 40, "1.21e+03"),
        ("Lang", 38, "5.16"),
        ("NEET", 33, "13.3"),
    ]
    # get_unit_summary(coin, usel = "IND", Levels = c(4, 3, 2), dset = "Aggregated")
    printed = {
        "Index": (39.79, 45),
        "Conn": (28.60, 44),
        "Sust": (50.99, 43),
        "Physical": (18.78, 48),
        "ConEcFin": (6.38, 49),
        "Political": (51.90, 33),
        "Instit": (59.84, 37),
        "P2P": (6.07, 47),
        "Environ": (75.34, 6),
        "Social": (22.74, 51),
        "SusEcFin": (54.88, 36),
    }
    aggregated = asem_units.with_values(asem_stage("7_Aggregated"))
    summary = unit_summary(aggregated, asem_framework, "IND", levels=[4, 3, 2])
    rows = zip(summary["code"], summary["score"].round(2), summary["rank"], strict=True)
    assert {code: (score, rank) for code, score, rank in rows} == printed
    assert summary["code"].iloc[:3].tolist() == ["Index", "Conn", "Sust"]


def test_bounds_of_an_undetermined_score_are_shown_only_on_request():
    framework = FRAMEWORK.without(["tax", "yes", "same"])
    data = pd.DataFrame({"unit": ["A", "B", "C"], "jobs": [1.0, ":c", 3.0], "size": "L"})
    low = pd.DataFrame({"jobs": [2.0]}, index=["B"])
    scores = aggregate(UnitTable.of(data, framework, lower=low, upper=low + 3), framework).units
    closed = unit_summary(scores, framework, "B", levels=[3])
    assert closed[["code", "state"]].values.tolist() == [["I", "undetermined"]]
    assert not {"lower", "upper"} & set(closed.columns)
    opened = unit_summary(scores, framework, "B", levels=[3], bounds=True)
    assert opened[["lower", "upper"]].values.tolist() == [[2.0, 5.0]]
    known = unit_summary(scores, framework, "A", levels=[3], bounds=True)
    assert known[["score", "lower"]].fillna(-1).values.tolist() == [[1.0, -1.0]]
