"""Stars: the rules of a row, and verdicts that hold whatever the hidden cells are."""

from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from alp_pipeline.benchmark.cells import CONFIDENTIAL, NOT_AVAILABLE, REPORTED, BenchmarkInputError
from alp_pipeline.benchmark.stars import (
    AFTER_OBSERVATORY_2007_12,
    VERDICTS,
    StarCriterion,
    StarScheme,
    verdicts,
)

TOP_TENTH = StarCriterion("size", "quantile", 0.1)


def judge(criterion, *values, floor_of=None):
    """The verdicts on one universe; None is a confidential cell, "missing" one that is not available."""
    state = [{None: CONFIDENTIAL, "missing": NOT_AVAILABLE}.get(value, REPORTED) for value in values]
    statistic = np.array(
        [np.nan if s else value for s, value in zip(state, values, strict=True)], dtype=float
    )
    size = statistic if floor_of is None else np.array(floor_of, dtype=float)
    group = np.zeros(len(values), dtype=np.int64)
    return [VERDICTS[v] for v in verdicts(criterion, statistic, size, np.array(state), group)]


def test_the_top_tenth_of_ten_is_one_and_of_nine_is_nobody():
    assert judge(TOP_TENTH, *range(10, 0, -1)) == ["yes"] + ["no"] * 9
    assert judge(TOP_TENTH, *range(9, 0, -1)) == ["no"] * 9


def test_the_count_is_exact_where_floating_point_is_not():
    # 0.07 · 100 is 7.000000000000001 and 0.29 · 100 is 28.999999999999996 in floating point.
    for share, stars in ((0.07, 7), (0.29, 29)):
        found = judge(replace(TOP_TENTH, value=share), *range(100, 0, -1))
        assert found.count("yes") == stars


def test_ties_at_the_cut_are_all_in_or_all_out():
    values = (9, 9, *range(8, 0, -1))
    assert judge(TOP_TENTH, *values)[:3] == ["yes", "yes", "no"]
    assert judge(replace(TOP_TENTH, ties="exclude"), *values)[:3] == ["no", "no", "no"]


def test_whether_zeros_count_changes_who_is_in_the_top_tenth():
    values = (5, *[1] * 4, *[0] * 5)
    assert judge(replace(TOP_TENTH, zero_regions="count"), *values)[0] == "yes"
    assert judge(replace(TOP_TENTH, zero_regions="drop"), *values)[0] == "no"


def test_a_confidential_cell_is_undetermined_whatever_the_rule():
    for criterion in (TOP_TENTH, StarCriterion("specialisation", "threshold", 2, minimum_size=1000)):
        assert judge(criterion, *range(19, 0, -1), None)[-1] == "undetermined"


def test_a_published_cell_is_yes_or_no_only_if_that_holds_whatever_is_hidden():
    assert judge(TOP_TENTH, *range(19, 0, -1), None)[:3] == ["yes", "undetermined", "no"]
    # As many hidden cells as places: nobody can be certain of one.
    assert judge(TOP_TENTH, *range(18, 0, -1), None, None)[:3] == ["undetermined", "undetermined", "no"]


def test_hidden_rivals_left_out_give_verdicts_of_the_published_universe():
    published = replace(TOP_TENTH, hidden_rivals="left_out")
    assert judge(published, *range(10, 0, -1), None)[:2] == ["yes", "no"]
    assert judge(published, *range(10, 0, -1), None)[-1] == "undetermined"


def test_a_missing_cell_takes_no_part_in_the_universe():
    values = (*range(10, 0, -1), *["missing"] * 10)
    assert judge(TOP_TENTH, *values)[:2] == ["yes", "no"]


def test_below_the_floor_there_is_no_star_even_where_the_statistic_is_unknown():
    criterion = StarCriterion("specialisation", "threshold", 2, minimum_size=1000)
    assert judge(criterion, 2.0, 1.999, 5.0, floor_of=[1000, 1000, 999]) == ["yes", "no", "no"]
    unknown = verdicts(criterion, np.array([np.nan]), np.array([999.0]), np.array([0]), np.array([0]))
    assert VERDICTS[unknown[0]] == "no"


def test_a_threshold_is_reached_at_its_value_or_above_it():
    assert judge(StarCriterion("specialisation", "threshold", 2), 2.0) == ["yes"]
    assert judge(StarCriterion("specialisation", "threshold", 2, comparison=">"), 2.0) == ["no"]


@given(
    st.lists(st.integers(0, 4), min_size=1, max_size=6),
    st.integers(0, 3),
    st.sampled_from([0.2, 0.34, 0.5]),
    st.sampled_from(["include", "exclude"]),
    st.sampled_from(["count", "drop"]),
)
def test_verdicts_agree_with_trying_every_value_of_the_hidden_cells(known, hidden, share, ties, zeros):
    criterion = StarCriterion("size", "quantile", share, ties=ties, zero_regions=zeros)
    found = judge(criterion, *known, *[None] * hidden)
    outcomes = [
        judge(criterion, *known, *guess)[: len(known)] for guess in product([0, 0.5, 2, 99], repeat=hidden)
    ]
    for cell, value in enumerate(known):
        possible = {outcome[cell] for outcome in outcomes}
        if found[cell] != "undetermined":
            assert possible == {found[cell]}
        elif value > 0:  # nothing can lie below a zero, which the verdict does not know
            assert possible == {"yes", "no"}


def test_the_shipped_scheme_says_what_is_still_to_verify():
    scheme = AFTER_OBSERVATORY_2007_12
    rules = [(c.criterion, c.rule, c.value, c.minimum_size, c.to_verify) for c in scheme.criteria]
    assert rules == [
        ("size", "quantile", 0.1, 1000, ("minimum_size",)),
        ("specialisation", "threshold", 2.0, 1000, ("value", "minimum_size")),
        ("focus", "quantile", 0.1, 1000, ("value", "minimum_size")),
    ]


def test_a_scheme_is_built_from_table_rows():
    rows = [
        {
            "scheme_id": "eocic",
            "version": "1",
            "criterion": "specialisation",
            "rule": "threshold",
            "value": 1.5,
        },
        {"scheme_id": "eocic", "version": "1", "criterion": "size", "rule": "quantile", "value": "0.2"},
    ]
    scheme = StarScheme.from_rows(rows)
    assert (scheme.scheme_id, scheme.version) == ("eocic", "1")
    assert scheme.criterion("size") == StarCriterion("size", "quantile", 0.2)
    assert scheme.criterion("focus") is None


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"criterion": "shine"}, "criterion is 'shine'"),
        ({"ties": "some"}, "ties is 'some'"),
        ({"rule": "quantile", "value": 1.0}, "the value is 1.0"),
        ({"scheme_id": "other"}, "other"),
        ({"colour": "red"}, "colour"),
        ({"criterion": "size"}, "one row for a criterion"),
    ],
)
def test_a_wrong_row_is_refused_by_name(change, message):
    row = {"scheme_id": "s", "version": "1", "criterion": "size", "rule": "threshold", "value": 2}
    with pytest.raises(BenchmarkInputError, match=message):
        StarScheme.from_rows([row, {**row, "criterion": "focus", **change}])
