"""Where an activity is: locational Gini and Hoover against naive forms."""

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from alp_pipeline.benchmark.cells import BenchmarkInputError
from alp_pipeline.benchmark.disclosure import PublishedTotals
from alp_pipeline.benchmark.localisation import hoover, locational_gini
from alp_pipeline_tests.benchmark.activity_tables import counts, frame, table


def naive_gini(x: list[float], totals: list[float]) -> float:
    """Half the mean difference of quotients, each region weighed by its total."""
    s, t = ([value / sum(values) for value in values] for values in (x, totals))
    pairs = [(i, j) for i in range(len(s)) for j in range(len(s))]
    return sum(abs(s[i] * t[j] - s[j] * t[i]) for i, j in pairs) / 2


@given(counts)
def test_gini_is_half_the_weighted_mean_difference_of_quotients(x):
    cells = frame(x)
    found = locational_gini(cells)
    for activity in cells.columns:
        if cells[activity].sum() == 0:
            assert found.loc[activity, "state"] == "not_applicable"
        else:
            expected = naive_gini(cells[activity].tolist(), cells.sum(axis=1).tolist())
            assert math.isclose(found.loc[activity, "locational_gini"], expected, abs_tol=1e-9)


def test_an_activity_spread_as_everything_has_no_gini_and_one_in_a_single_region_nearly_one():
    cells = frame([[10, 0, 90], [20, 0, 180], [1, 8, 1]])
    spread = locational_gini(cells.iloc[:2, [0, 2]])
    assert spread["locational_gini"].abs().max() < 1e-15
    totals = pd.Series({"R0": 500, "R1": 490, "R2": 10})
    assert locational_gini(cells, region_totals=totals).loc["C1", "locational_gini"] == 0.99


@given(counts, st.randoms(use_true_random=False))
def test_the_order_of_regions_does_not_change_a_bit(x, random):
    cells = frame(x % 7)  # many ties
    rows = list(cells.index)
    random.shuffle(rows)
    for measure in (locational_gini, hoover):
        pd.testing.assert_frame_equal(measure(cells.loc[rows]), measure(cells), check_exact=True)


def test_a_region_counted_twice_as_its_halves_changes_no_gini():
    cells = frame([[8, 2], [4, 16], [6, 6]])
    halves = pd.concat([cells.iloc[[0]] / 2, (cells.iloc[[0]] / 2).rename({"R0": "R9"}), cells.iloc[1:]])
    np.testing.assert_allclose(
        locational_gini(halves)["locational_gini"], locational_gini(cells)["locational_gini"], rtol=1e-12
    )


def test_a_hidden_cell_is_no_zero_and_takes_the_regions_total_with_it():
    hidden, zero = (table([[8, cell], [4, 16]]) for cell in ("c", 0))
    assert locational_gini(hidden)["state"].tolist() == ["undetermined", "undetermined"]
    assert locational_gini(zero)["state"].tolist() == ["reported", "reported"]
    totals = pd.Series({"R0": 20, "R1": 20})
    published = locational_gini(hidden, region_totals=totals)
    assert published["state"].tolist() == ["reported", "undetermined"]
    assert hoover(hidden)["state"].tolist() == ["undetermined", "undetermined"]
    assert hoover(hidden, population=totals)["state"].tolist() == ["reported", "undetermined"]
    assert hoover(zero)["state"].tolist() == ["reported", "reported"]


@given(counts, st.lists(st.integers(1, 1000), min_size=5, max_size=5))
def test_hoover_is_half_the_distance_to_the_population_in_per_cent(x, people):
    assume((x.sum(axis=0) > 0).all())
    cells = frame(x)
    population = pd.Series(people[: len(cells)], index=cells.index)
    expected = [
        50 * sum(abs(cells[c][r] / cells[c].sum() - population[r] / population.sum()) for r in cells.index)
        for c in cells.columns
    ]
    found = hoover(cells, population=population)["hoover"]
    np.testing.assert_allclose(found, expected, atol=1e-9)
    assert ((found >= 0) & (found <= 100)).all()


def test_national_totals_bound_the_hoover_index_where_two_regions_are_hidden():
    cells = table([[10], ["c"], ["c"], [20]])
    published = PublishedTotals(
        {"R0": "AT", "R1": "AT", "R2": "AT", "R3": "DE"},
        pd.DataFrame({"AT": [30], "DE": [20]}, index=["C0"]),
        rounding=0,
    )
    found = hoover(cells, population=pd.Series([1, 1, 1, 1], index=cells.values.index), published=published)
    # 20 of 50 lie in R1 and R2: evenly shared out, 5 % move; all in one, 25 % too many there.
    assert found.loc["C0", ["lower", "upper"]].round(9).tolist() == [15.0, 30.0]
    assert found.loc["C0", "state"] == "undetermined"


def test_years_are_computed_apart():
    index = pd.MultiIndex.from_product([["A", "B"], [2013, 2014]], names=["region", "year"])
    cells = pd.DataFrame({"C0": [1, 5, 2, 5], "C1": [4, 5, 2, 0]}, index=index)
    found = locational_gini(cells)
    for year in (2013, 2014):
        once = locational_gini(cells.xs(year, level="year"))
        assert found.xs(year, level="year")["locational_gini"].tolist() == once["locational_gini"].tolist()


def test_totals_that_cannot_be_are_refused():
    with pytest.raises(BenchmarkInputError, match="total 0 holds 3"):
        locational_gini(frame([[3], [4]]), region_totals=pd.Series({"R0": 0, "R1": 9}))
    with pytest.raises(BenchmarkInputError, match=r"holds -1\.0"):
        locational_gini(frame([[3], [4]]), region_totals=pd.Series({"R0": -1, "R1": 9}))
