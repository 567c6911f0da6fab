"""Ranks: 1 is best, ties share it, within years and groups, and what hidden scores leave open."""

import itertools

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.stats import rankdata

from alp_pipeline.benchmark.cells import BenchmarkInputError
from alp_pipeline.benchmark.composite.framework import Framework
from alp_pipeline.benchmark.composite.ranking import ascending_ranks, rank_intervals, rank_table, ranks
from alp_pipeline.benchmark.composite.units import UnitTable

FRAMEWORK = Framework.of(
    pd.DataFrame(
        {
            "code": ["Index", "country"],
            "level": [1, None],
            "parent": None,
            "direction": [1, None],
            "type": ["Indicator", "Group"],
        }
    )
)
SCORES = arrays(np.float64, (4, 6), elements=st.sampled_from([1.0, 2.0, 2.5, 3.0, np.nan]))


def table(scores: dict[str, object], **others: object) -> UnitTable:
    data = {"unit": list(scores), "Index": list(scores.values()), "country": "AT"} | others
    return UnitTable.of(pd.DataFrame(data), FRAMEWORK)


@pytest.mark.parametrize("ties", ["min", "average", "max"])
@given(x=SCORES)
def test_ranks_are_scipy_s_row_by_row(ties, x):
    expected = rankdata(x, method=ties, axis=-1, nan_policy="omit")
    np.testing.assert_array_equal(ascending_ranks(x, ties), expected)


@given(x=SCORES)
def test_the_highest_score_is_first_and_a_missing_one_takes_no_place(x):
    np.testing.assert_array_equal(ranks(x), rankdata(-x, method="min", axis=-1, nan_policy="omit"))


def test_ranks_are_taken_before_any_rounding():
    found = rank_table(table({"A": 50.0000001, "B": 50.0000002}))
    assert found["Index"].to_dict() == {"A": 2, "B": 1}


def test_ranks_in_a_group_count_that_group_only():
    units = table({"A": 1, "B": 2, "C": 3, "D": 4}, country=["AT", "AT", "CH", None])
    assert rank_table(units, group="country")["Index"].tolist() == [2, 1, 1, pd.NA]
    with pytest.raises(BenchmarkInputError, match="'land' is not a group"):
        rank_table(units, group="land")


def test_a_panel_is_ranked_within_each_year():
    data = pd.DataFrame(
        {
            "unit": ["A", "B", "A", "B"],
            "time": [2013, 2013, 2014, 2014],
            "Index": [1, 2, 9, 3],
            "country": "AT",
        }
    )
    found = rank_table(UnitTable.of(data, FRAMEWORK))["Index"]
    assert found.loc[("A", 2014)] == 1
    assert found.tolist() == [2, 1, 1, 2]


def test_an_unknown_code_is_refused():
    with pytest.raises(BenchmarkInputError, match="the column X is absent"):
        rank_table(table({"A": 1}), ["X"])


def test_a_score_that_could_be_anything_could_have_any_rank():
    found = rank_intervals(table({"A": 3, "B": 2, "C": ":c", "D": None}), "Index")
    assert found.loc["A"].tolist() == [1, 2]
    assert found.loc["B"].tolist() == [2, 3]
    assert found.loc["C"].tolist() == [1, 3]
    assert found.loc["D"].isna().all()


bounds = st.tuples(st.integers(0, 4), st.integers(0, 3)).map(lambda b: (float(b[0]), float(b[0] + b[1])))


@given(st.lists(bounds, min_size=2, max_size=4))
def test_rank_intervals_are_what_trying_everything_gives(ends):
    names = [f"u{n}" for n in range(len(ends))]
    low = pd.DataFrame({"Index": [low for low, _ in ends]}, index=names)
    high = pd.DataFrame({"Index": [high for _, high in ends]}, index=names)
    data = pd.DataFrame({"unit": names, "Index": ":c", "country": "AT"})
    found = rank_intervals(UnitTable.of(data, FRAMEWORK, lower=low, upper=high), "Index")
    grids = [np.linspace(low, high, int(high - low) * 2 + 1) for low, high in ends]
    tried = np.array([ranks(np.array(scores)) for scores in itertools.product(*grids)])
    assert found["rank_best"].tolist() == tried.min(axis=0).tolist()
    assert found["rank_worst"].tolist() == tried.max(axis=0).tolist()
