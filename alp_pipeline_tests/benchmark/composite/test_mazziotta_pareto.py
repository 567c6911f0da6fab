"""MPI and AMPI by hand, their penalty, and where bounds of numbers are bounds of the index."""

import statistics

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from alp_pipeline.benchmark.cells import BenchmarkInputError
from alp_pipeline.benchmark.composite.aggregation import aggregated
from alp_pipeline.benchmark.composite.families import Families
from alp_pipeline.benchmark.composite.mazziotta_pareto import ampi, mazziotta_pareto_bounds, mpi

X = arrays(np.float64, (6, 3), elements=st.integers(0, 40).map(float)).filter(
    lambda x: (np.ptp(x, axis=0) > 0).all()
)
ONE = Families.of([0, 0, 0])
EVEN = np.ones(3)


def penalised(profile: list[float], sign: int) -> float:
    mean, sd = statistics.fmean(profile), statistics.pstdev(profile)
    return mean + sign * sd * (sd / mean)


@given(x=X, sign=st.sampled_from([-1, 1]))
def test_the_mpi_is_mean_and_penalty_of_scores_with_mean_100_and_sd_10(x, sign):
    columns = [[100 + 10 * (v - statistics.fmean(c)) / statistics.pstdev(c) for v in c] for c in x.T.tolist()]
    expected = [penalised(list(profile), sign) for profile in zip(*columns, strict=True)]
    found = mpi(x, EVEN, ONE, penalty="minus" if sign < 0 else "plus")
    np.testing.assert_allclose(found[:, 0], expected, rtol=1e-10)


@given(x=X, sign=st.sampled_from([-1, 1]))
def test_the_ampi_is_mean_and_penalty_between_goalposts_around_the_mean(x, sign):
    columns = []
    for c in x.T.tolist():
        half = (max(c) - min(c)) / 2
        low, high = statistics.fmean(c) - half, statistics.fmean(c) + half
        columns.append([(v - low) / (high - low) * 60 + 70 for v in c])
    expected = [penalised(list(profile), sign) for profile in zip(*columns, strict=True)]
    found = ampi(x, EVEN, ONE, penalty="minus" if sign < 0 else "plus")
    np.testing.assert_allclose(found[:, 0], expected, rtol=1e-10)


def test_the_mpi_by_hand():
    # z of the first unit: 100 - 12.247 and 100 + 12.247; M = 100, S² = 150, S²/M = 1.5
    x = np.array([[1.0, 3.0], [3.0, 1.0], [2.0, 2.0]])
    assert mpi(x, np.ones(2), Families.of([0, 0])).ravel() == pytest.approx([98.5, 98.5, 100])
    assert mpi(x, np.ones(2), Families.of([0, 0]), penalty="plus").ravel() == pytest.approx(
        [101.5, 101.5, 100]
    )


@given(x=X)
def test_the_reference_unit_scores_100_on_the_ampi(x):
    for unit in range(len(x)):
        assert ampi(x, EVEN, ONE, reference=unit)[unit, 0] == pytest.approx(100)


@given(x=X, scale=st.sampled_from([0.01, 3.0, 500.0]), shift=st.integers(-9, 9))
def test_both_take_any_unit_of_the_indicators(x, scale, shift):
    for index in (mpi, ampi):
        np.testing.assert_allclose(index(scale * x + shift, EVEN, ONE), index(x, EVEN, ONE), rtol=1e-9)


@given(x=X)
def test_a_balanced_profile_has_no_penalty_and_any_other_loses(x):
    same = np.repeat(x[:, :1], 3, axis=1)
    z = mpi(x, EVEN, ONE)
    np.testing.assert_allclose(mpi(same, EVEN, ONE), mpi(same, EVEN, ONE, penalty="plus"), rtol=1e-12)
    assert (z <= mpi(x, EVEN, ONE, penalty="plus") + 1e-12).all()


@given(x=X)
def test_an_indicator_counted_twice_is_an_indicator_of_weight_two(x):
    twice = np.column_stack([x, x[:, 0]])
    for index in (mpi, ampi):
        found = index(x, np.array([2.0, 1, 1]), ONE)
        np.testing.assert_allclose(found, index(twice, np.ones(4), Families.of([0] * 4)), rtol=1e-10)


def test_with_goalposts_of_a_base_year_the_past_stays_as_it_is():
    past = np.array([[1.0, 5.0], [3.0, 9.0], [2.0, 8.0]])
    now = np.vstack([past, [[10.0, 50.0]]])
    found = aggregated(now, [1, 1], [0, 0], "ampi", learn=past)
    np.testing.assert_allclose(found[:3], aggregated(past, [1, 1], [0, 0], "ampi"), rtol=1e-12)
    assert found[3, 0] > 130


@pytest.mark.parametrize("index", [mpi, ampi])
def test_a_constant_indicator_is_refused_by_name(index):
    with pytest.raises(BenchmarkInputError, match="flat is constant"):
        index(np.array([[1.0, 5.0], [2.0, 5.0]]), np.ones(2), Families.of([0, 0]), labels=["a", "flat"])


def test_a_reference_without_a_number_is_refused():
    x = np.array([[np.nan, 5.0], [2.0, 6.0], [3.0, 9.0]])
    with pytest.raises(BenchmarkInputError, match="number 1 has no number for the reference unit"):
        ampi(x, np.ones(2), Families.of([0, 0]), reference=0)


def test_a_unit_far_below_everyone_has_no_penalty_that_makes_sense():
    learn = np.array([[10.0, 10.0], [10.1, 10.1]])
    with pytest.raises(BenchmarkInputError, match="not positive"):
        mpi(np.array([[0.0, 0.0]]), np.ones(2), Families.of([0, 0]), learn=learn)


def test_a_missing_number_leaves_mean_and_penalty_to_the_rest():
    x = np.array([[1.0, np.nan, 3.0], [3.0, 4.0, 1.0], [2.0, 9.0, 2.0]])
    found = mpi(x, EVEN, ONE)
    assert found[0, 0] == pytest.approx(98.5)


@pytest.mark.parametrize("adjusted", [False, True])
@pytest.mark.parametrize("penalty", ["minus", "plus"])
@given(x=X, width=arrays(np.float64, 3, elements=st.integers(0, 30).map(float)), data=st.data())
def test_no_number_between_the_bounds_leads_outside_the_bounds_of_the_index(
    adjusted, penalty, x, width, data
):
    low, high = x.copy(), x.copy()
    high[0] += width
    ends = mazziotta_pareto_bounds(low, high, EVEN, ONE, learn=x, adjusted=adjusted, penalty=penalty)
    between = x.copy()
    between[0] += width * data.draw(arrays(np.float64, 3, elements=st.floats(0, 1)))
    found = (ampi if adjusted else mpi)(between, EVEN, ONE, learn=x, penalty=penalty)[0, 0]
    lowest, highest = ends[0][0, 0], ends[1][0, 0]
    assert np.isnan(lowest) or lowest - 1e-9 <= found <= highest + 1e-9


def test_there_are_no_bounds_where_more_of_one_number_could_cost_more_than_it_brings():
    x = np.array([[1.0, 1.0, 1.0], [2.0, 2.0, 3.0], [3.0, 3.0, 2.0]])
    high = x.copy()
    high[0, 0] += 1000
    lowest, highest = mazziotta_pareto_bounds(x, high, EVEN, ONE, learn=x, adjusted=False)
    assert np.isnan([lowest[0, 0], highest[0, 0]]).all()
    assert lowest[1, 0] == highest[1, 0]
