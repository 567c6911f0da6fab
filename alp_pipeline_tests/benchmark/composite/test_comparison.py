"""Two indices side by side: shifts among the units that both have."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from alp_pipeline.benchmark.cells import BenchmarkInputError
from alp_pipeline.benchmark.composite.comparison import compare, compare_many
from alp_pipeline.benchmark.composite.framework import Framework
from alp_pipeline.benchmark.composite.index import compute_index, recompute
from alp_pipeline.benchmark.composite.recipe import Recipe
from alp_pipeline.benchmark.composite.units import UnitTable

MEAN = Recipe.of(
    {"id": "m", "version": "1", "label": "M", "steps": [{"step": "normalise"}, {"step": "aggregate"}]}
)
scores = st.lists(st.integers(-5, 5), min_size=2, max_size=8)


def series(*values: float) -> pd.Series:
    return pd.Series(values, index=list("ABCDEFGH")[: len(values)], dtype="float64")


def test_shifts_are_rank_before_less_rank_after() -> None:
    found = compare(series(9, 7, 5), series(1, 3, 2))
    assert found.table["rank_shift"].to_dict() == {"A": -2, "B": 1, "C": 1}
    assert found.mean_absolute_rank_shift == pytest.approx(4 / 3)
    assert found.largest_movers(2).index.tolist() == ["A", "B"]


def test_equal_scores_share_the_best_rank() -> None:
    assert compare(series(5, 5, 1), series(3, 2, 1)).table["rank_a"].tolist() == [1, 1, 3]


def test_a_unit_that_one_of_them_lacks_shifts_nobody() -> None:
    found = compare(series(9, 7, 5, np.nan), series(9, np.nan, 5, 1))
    assert found.table.index.tolist() == ["A", "C"]
    assert found.table["rank_shift"].tolist() == [0, 0]
    assert (found.only_a, found.only_b) == (("B",), ("D",))


@given(a=scores, b=scores)
def test_shifts_turn_round_with_the_order_and_vanish_with_itself(a: list[int], b: list[int]) -> None:
    n = min(len(a), len(b))
    one, other = series(*a[:n]), series(*b[:n])
    forth, back = compare(one, other), compare(other, one)
    assert forth.table["rank_shift"].tolist() == (-back.table["rank_shift"]).tolist()
    assert compare(one, one).mean_absolute_rank_shift == 0


def test_correlations_are_scipys() -> None:
    rng = np.random.default_rng(4)
    a, b = series(*rng.normal(size=8)), series(*rng.normal(size=8))
    found = compare(a, b).correlation
    assert found["pearson"] == pytest.approx(stats.pearsonr(a, b).statistic)
    assert found["spearman"] == pytest.approx(stats.spearmanr(a, b).statistic)
    assert found["kendall"] == pytest.approx(stats.kendalltau(a, b).statistic)


def test_two_recipes_of_one_index_are_compared_by_their_tops(two_pillars: Framework) -> None:
    rng = np.random.default_rng(5)
    data = pd.DataFrame(rng.uniform(size=(6, 4)), columns=list("abcd")).assign(unit=list("UVWXYZ"))
    index = compute_index(UnitTable.of(data, two_pillars), two_pillars, MEAN)
    other = recompute(index, {"normalise": {"method": "rank"}})
    found = compare(index, other)
    expected = index.ranks["I"] - other.ranks["I"]
    assert found.table["rank_shift"].to_dict() == expected.to_dict()
    pillar = compare(index, other, code="P").table
    assert pillar["score_b"].to_dict() == other.scores["P"].to_dict()


def test_a_panel_is_ranked_within_each_year() -> None:
    labels = pd.MultiIndex.from_product([list("AB"), [2013, 2014]])
    a, b = pd.Series([1.0, 9.0, 2.0, 8.0], index=labels), pd.Series([2.0, 9.0, 1.0, 8.0], index=labels)
    assert compare(a, b).table["rank_shift"].tolist() == [1, 0, -1, 0]


def test_many_are_held_against_the_first() -> None:
    found = compare_many({"x": series(3, 2, 1), "y": series(1, 2, 3), "z": series(3, 1, 2)})
    assert found.shifts.to_numpy().tolist() == [[0, -2, 0], [0, 0, -1], [0, 2, 1]]
    assert found.correlation.loc["x", "y"] == pytest.approx(-1)
    assert found.mean_absolute_rank_shift.loc["x"].tolist() == pytest.approx([0, 4 / 3, 2 / 3])
    np.testing.assert_array_equal(found.mean_absolute_rank_shift, found.mean_absolute_rank_shift.T)


@pytest.mark.parametrize(
    ("other", "message"),
    [
        (pd.Series({"X": 1.0, "Y": 2.0}), "0 units have a score in each of a, b"),
        (pd.Series({"A": 1.0}), "1 units have a score"),
        (pd.Series([1.0, 2.0], index=["A", "A"]), "b: the unit A appears more than once"),
        (pd.Series({"A": 1.0, "B": np.inf}), "b: the score of B is inf"),
        (pd.Series({"A": "1", "B": "much"}), "b: the score of B is 'much'"),
    ],
)
def test_what_cannot_be_compared_is_refused_by_name(other: pd.Series, message: str) -> None:
    with pytest.raises(BenchmarkInputError, match=message):
        compare(series(1, 2), other)


def test_one_index_alone_is_not_compared() -> None:
    with pytest.raises(BenchmarkInputError, match="one index alone"):
        compare_many({"x": series(1, 2)})
