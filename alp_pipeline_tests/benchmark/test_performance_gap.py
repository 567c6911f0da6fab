"""A gap compares one year, leaves hidden peers out and says so, and knows which way is better."""

import math
import statistics

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from alp_pipeline.benchmark.cells import BenchmarkInputError
from alp_pipeline.benchmark.performance_gap import performance_gap

PEERS = ["P1", "P2", "P3", "P4"]
GROUPS = pd.DataFrame({"region_code": "HOME", "peer_code": PEERS})


def cells(year: int, home, *peers) -> pd.DataFrame:
    """One year's values; a word is a state."""
    rows = zip(["HOME", *PEERS], [home, *peers], strict=True)
    return pd.DataFrame(
        [
            ("rate", code, year, math.nan, cell) if isinstance(cell, str)
            else ("rate", code, year, cell, "reported")
            for code, cell in rows
        ],
        columns=["indicator_id", "region_code", "year", "value", "cell_state"],
    )  # fmt: skip


def gap(values, direction=1, peers_min=3, groups=GROUPS, regions=("HOME",)):
    found = performance_gap(values, groups, {"rate": direction}, regions=regions, peers_min=peers_min)
    return found.iloc[0]


def test_the_gap_is_to_median_and_mean_of_the_group_and_the_place_is_among_its_numbers():
    found = gap(cells(2020, 6.0, 1.0, 2.0, 6.0, 9.0))
    assert found[["group_median", "group_mean", "gap_to_median", "gap_to_mean"]].tolist() == [4, 4.5, 2, 1.5]
    assert found["better_than_pct"] == 62.5  # two of four below, one level with it
    assert found[["standing", "gap_state", "peers", "peers_reported"]].tolist() == ["ahead", "reported", 4, 4]


@given(st.lists(st.floats(-1e6, 1e6), min_size=4, max_size=4), st.floats(-1e6, 1e6))
def test_reversing_the_direction_mirrors_the_place_and_keeps_the_difference(peers, home):
    values = cells(2020, home, *peers)
    more, less = gap(values, 1), gap(values, -1)
    assert more["better_than_pct"] + less["better_than_pct"] == pytest.approx(100)
    assert more["gap_to_median"] == less["gap_to_median"]
    assert more["gap_to_median"] == home - statistics.median(peers)
    mirror = {"ahead": "behind", "behind": "ahead", "level": "level"}
    assert less["standing"] == mirror[more["standing"]]


def test_an_indicator_without_direction_has_a_place_and_no_standing():
    found = gap(cells(2020, 6.0, 1.0, 2.0, 3.0, 9.0), direction=0)
    assert (found["standing"], found["better_than_pct"]) == ("no_direction", 75)


def test_the_year_is_the_newest_in_which_the_region_and_enough_peers_have_a_number():
    values = pd.concat(
        [
            cells(2018, 5.0, 4.0, 4.0, 4.0, 4.0),
            cells(2019, 6.0, 1.0, 2.0, 3.0, "not_available"),
            cells(2020, 7.0, 1.0, 2.0, "not_yet_published", "not_yet_published"),
            cells(2021, "not_yet_published", 1.0, 2.0, 3.0, 4.0),
        ]
    )
    found = gap(values)
    assert found[["year", "value", "group_median", "peers_reported"]].tolist() == [2019, 6, 2, 3]


def test_hidden_and_missing_peers_are_left_out_and_counted_never_zero():
    found = gap(cells(2020, 6.0, 1.0, 2.0, 3.0, "confidential"))
    assert found[["peers", "peers_reported", "peers_confidential", "group_mean"]].tolist() == [4, 3, 1, 2]


def test_too_few_peers_leave_the_gap_undetermined_with_the_regions_own_number():
    found = gap(cells(2020, 6.0, 1.0, 2.0, "not_available", "confidential"))
    assert found[["value", "gap_state", "standing", "peers_reported"]].tolist() == [
        6.0, "undetermined", "undetermined", 2,
    ]  # fmt: skip
    assert math.isnan(found["gap_to_median"])
    assert math.isnan(found["group_mean"])


def test_a_confidential_region_has_no_gap_and_says_confidential():
    values = cells(2020, "confidential", 1.0, 2.0, 3.0, 4.0).assign(value=5.0)
    found = gap(values)
    assert found[["value_state", "gap_state", "standing"]].tolist() == [
        "confidential", "confidential", "undetermined",
    ]  # fmt: skip
    assert found[["value", "group_median", "gap_to_median", "better_than_pct"]].isna().all()


def test_a_region_without_a_row_or_a_group_is_in_the_result_with_its_state():
    values = cells(2020, 6.0, 1.0, 2.0, 3.0, 4.0)
    found = performance_gap(values, GROUPS, {"rate": 1}, regions=["NOWHERE", "P1"], peers_min=3)
    assert found[["region_code", "peers", "gap_state"]].values.tolist() == [
        ["NOWHERE", 0, "not_available"],
        ["P1", 0, "undetermined"],
    ]
    assert found["year"].tolist() == [pd.NA, 2020]


def test_a_region_is_not_compared_with_itself():
    own = pd.concat([GROUPS, pd.DataFrame({"region_code": ["HOME"], "peer_code": ["HOME"]})])
    values = cells(2020, 60.0, 1.0, 2.0, 3.0, 4.0)
    pd.testing.assert_series_equal(gap(values, groups=own), gap(values))


@given(st.randoms())
def test_the_order_of_rows_changes_nothing(random):
    values = pd.concat([cells(2019, 6.1, 0.1, 0.2, 0.3, 0.7), cells(2020, 7.0, 1.1, 2.2, 3.3, 4.4)])
    shuffled = values.sample(frac=1, random_state=random.randrange(1000))
    groups = GROUPS.sample(frac=1, random_state=random.randrange(1000))
    pd.testing.assert_series_equal(gap(shuffled, groups=groups), gap(values), check_exact=True)


@pytest.mark.parametrize(
    ("values", "direction", "message"),
    [
        (cells(2020, 6.0, 1, 2, 3, 4).drop(columns="year"), 1, "the column year is absent"),
        (pd.concat([cells(2020, 6.0, 1, 2, 3, 4)] * 2), 1, "rate × HOME × 2020 stands twice"),
        (cells(2020, math.inf, 1, 2, 3, 4), 1, "rate × HOME × 2020 stands twice, or is reported without"),
        (cells(2020, "secret", 1, 2, 3, 4), 1, "'secret' is not a cell state"),
        (cells(2020, 6.0, 1, 2, 3, 4), 2, "gives rate the direction 2"),
    ],
)
def test_values_that_cannot_be_compared_are_refused(values, direction, message):
    with pytest.raises(BenchmarkInputError, match=message):
        gap(values, direction)


def test_no_value_at_all_gives_a_row_that_says_so():
    found = gap(cells(2020, 6.0, 1, 2, 3, 4).iloc[:0])
    assert found[["value_state", "gap_state", "peers"]].tolist() == ["not_available", "not_available", 4]
