"""Any scheme, judged: stars, nodes, grades, and no star for want of data."""

import pandas as pd
import pytest

from alp_pipeline.benchmark.cells import BenchmarkInputError
from alp_pipeline.benchmark.specialisation import specialisation
from alp_pipeline.benchmark.stars import StarCriterion, StarScheme
from alp_pipeline.benchmark.strength import average_rank, cluster_strength, point_scale

SIZE = StarCriterion("size", "quantile", 0.5, hidden_rivals="left_out")
LQ = StarCriterion("specialisation", "threshold", 1.5)
WAGES = StarCriterion("productivity", "quantile", 0.5, statistic="wage_eur", needs=("wages",))
UNPUBLISHED = StarCriterion(
    "frontier_firms", "unpublished", 0, statistic="frontier", role="grade", needs=("x",)
)


def cells(*rows: tuple[str, float | None, float | None], **columns: list[float]) -> pd.DataFrame:
    """Region, persons ("c" or None), quotient."""
    states = {"c": "confidential", None: "not_available"}
    return pd.DataFrame(
        {
            "region_code": [row[0] for row in rows],
            "activity_code": "I55",
            "year": 2014,
            "value": [row[1] if row[1] not in states else None for row in rows],
            "cell_state": [states.get(row[1], "reported") for row in rows],
            "location_quotient": [row[2] for row in rows],
            **columns,
        }
    )


def scheme(*criteria: StarCriterion) -> StarScheme:
    return StarScheme("own", "1", criteria)


def test_a_criterion_without_its_statistic_may_give_a_star_and_is_said_to_be_unjudged():
    found = cluster_strength(cells(("A", 9, 2.0), ("B", 5, 1.0)), scheme(SIZE, LQ, WAGES))
    assert found["judged_productivity"].tolist() == ["not_available", "not_available"]
    assert found[["stars_min", "stars_max", "unjudged"]].to_numpy().tolist() == [[2, 3, 1], [0, 1, 1]]


def test_with_the_statistic_at_hand_it_is_judged():
    table = cells(("A", 9, 2.0), ("B", 5, 1.0), wage_eur=[30.0, 40.0])
    found = cluster_strength(table, scheme(SIZE, LQ, WAGES))
    assert found["judged_productivity"].tolist() == ["no", "yes"]
    assert found[["stars_min", "stars_max", "unjudged"]].to_numpy().tolist() == [[2, 2, 0], [1, 1, 0]]


def test_a_hidden_cell_is_undetermined_and_a_zero_has_no_star():
    hidden, zero = (cells(("A", cell, None), ("B", 5, 2.0)) for cell in ("c", 0))
    found = cluster_strength(hidden, scheme(SIZE, LQ))
    assert found.loc[0, ["judged_size", "judged_specialisation"]].tolist() == ["undetermined"] * 2
    assert found.loc[0, ["stars_min", "stars_max"]].tolist() == [0, 2]
    of_zero = cluster_strength(zero.assign(location_quotient=[0.0, 2.0]), scheme(SIZE, LQ))
    assert of_zero.loc[0, ["stars_min", "stars_max"]].tolist() == [0, 0]


def test_a_missing_cell_is_not_judged_at_all():
    found = cluster_strength(cells(("A", None, None), ("B", 5, 2.0)), scheme(SIZE, LQ))
    assert found.loc[0].drop(["region_code", "activity_code", "year"]).isna().all()


def test_a_grade_counts_only_in_a_node_and_says_what_may_be_met():
    grades = (
        StarCriterion("specialisation", "threshold", 1.5, role="node"),
        StarCriterion("size", "threshold", 10, role="grade"),
        UNPUBLISHED,
    )
    table = cells(("A", 20, 2.0), ("B", 20, 1.0), ("C", 5, 3.0), ("D", "c", None))
    found = cluster_strength(table, scheme(*grades)).set_index("region_code")
    assert found["is_node"].to_dict() == {"A": "yes", "B": "no", "C": "yes", "D": "undetermined"}
    assert found["node_specialisation"].tolist() == found["is_node"].tolist()
    # One indicator of two is not judged, it may be met.
    assert found[["grade_min", "grade_max"]].to_numpy().tolist() == [[1, 2], [0, 0], [0, 1], [0, 2]]
    assert set(found["unjudged"]) == {1}


def test_a_node_that_cannot_be_judged_leaves_everything_undetermined():
    node = StarCriterion("dynamism", "quantile", 0.2, statistic="gazelles", role="node")
    found = cluster_strength(cells(("A", 9, 2.0)), scheme(node, LQ)).iloc[0]
    assert (found["is_node"], found["stars_min"], found["stars_max"]) == ("undetermined", 0, 1)


def test_the_same_criterion_may_make_a_node_and_a_step_of_the_grade():
    both = scheme(
        StarCriterion("specialisation", "threshold", 1.5, role="node"),
        StarCriterion("specialisation", "quantile", 0.5, role="grade"),
    )
    found = cluster_strength(cells(("A", 9, 2.0), ("B", 9, 1.6)), both)
    assert found["node_specialisation"].tolist() == ["yes", "yes"]
    assert found["grade_max"].tolist() == [1, 0]


def test_each_activity_and_year_has_its_own_universe():
    one, two = cells(("A", 9, 2.0), ("B", 5, 1.0)), cells(("A", 1, 2.0), ("B", 5, 1.0))
    found = cluster_strength(
        pd.concat([one, two.assign(year=2015)]).sample(frac=1, random_state=4), scheme(SIZE)
    )
    assert found["judged_size"].tolist() == ["yes", "no", "no", "yes"]  # A 2014, A 2015, B 2014, B 2015


def test_the_average_rank_counts_only_units_with_all_statistics():
    persons = pd.Series([90.0, 50.0, None, 10.0, 7.0])
    units = pd.Series([3.0, 8.0, 9.0, 1.0, 2.0])
    found = average_rank([persons, units], pd.Series(["x", "x", "x", "x", "y"]))
    assert found.tolist()[:2] == [-1.5, -1.5]
    assert pd.isna(found[2])
    assert found.tolist()[3:] == [-3.0, -1.0]


def test_thirds_are_counted_in_whole_numbers_and_ties_share_the_best_place():
    nine = point_scale(pd.Series([9.0, 8, 7, 6, 5, 4, 3, 2, 1]))
    assert nine["scale"].tolist() == ["high"] * 3 + ["medium"] * 3 + ["low"] * 3
    # Of seven, the places up to 7/3 are the top, up to 14/3 the middle.
    seven = point_scale(pd.Series([7.0, 6, 5, 4, 3, 2, 1]))
    assert seven["scale"].tolist() == ["high"] * 2 + ["medium"] * 2 + ["low"] * 3
    ties = point_scale(pd.Series([5.0, 5, 5]))
    assert ties["scale"].tolist() == ["high"] * 3


def test_a_missing_value_is_inherited_and_marked_and_without_a_parent_stays_missing():
    found = point_scale(
        pd.Series({"ITC4": 0.5, "ITH1": None, "XX": None}),
        parents={"ITH1": "ITH", "ITC4": "ITC"},
        parent_values=pd.Series({"ITH": 0.9, "ITC": 0.1}),
    )
    assert found["value"].tolist()[:2] == [0.5, 0.9]
    assert found["is_inherited"].tolist() == [False, True, False]
    assert pd.isna(found.loc["XX", "scale"])


def test_what_needs_more_than_employment_is_not_judged_by_employment():
    table = cells(("A", 9, 2.0))
    totals = pd.DataFrame(
        {
            "region_code": ["A"],
            "year": 2014,
            "region_total": 10.0,
            "region_total_state": "reported",
            "region_hidden_cells": 0,
        }
    )
    reference = pd.DataFrame(
        {
            "activity_code": ["I55"],
            "year": 2014,
            "reference_activity_total": 9.0,
            "reference_hidden_cells": 0,
            "reference_total": 10.0,
            "reference_total_hidden_cells": 0,
        }
    )
    with pytest.raises(BenchmarkInputError, match="productivity is not judged by employment alone"):
        specialisation(table, totals, reference, scheme=scheme(SIZE, WAGES))


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({"criterion": "dynamism", "rule": "threshold", "value": 1}, "does not say what is judged"),
        ({"criterion": "size", "rule": "unpublished", "value": 2}, "the value is 2"),
        ({"criterion": "size", "rule": "parts", "value": 1}, "the value is 1"),
        ({"criterion": "size", "rule": "threshold", "value": 1, "role": "prize"}, "role is 'prize'"),
    ],
)
def test_a_wrong_row_is_refused_by_name(row, message):
    with pytest.raises(BenchmarkInputError, match=message):
        StarScheme.from_rows([{"scheme_id": "s", "version": "1", **row}])


def test_a_cell_twice_is_refused():
    with pytest.raises(BenchmarkInputError, match="A × I55 × 2014 appears more than once"):
        cluster_strength(cells(("A", 9, 2.0), ("A", 5, 1.0)), scheme(SIZE))
