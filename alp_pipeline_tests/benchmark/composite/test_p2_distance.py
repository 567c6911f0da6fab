"""P2 distance against a re-derivation by ordinary regressions, and what ends its search for an order."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from alp_pipeline.benchmark.cells import BenchmarkInputError
from alp_pipeline.benchmark.composite.aggregation import aggregated
from alp_pipeline.benchmark.composite.p2_distance import p2_applied, p2_fitted

X = arrays(np.float64, (9, 4), elements=st.integers(0, 30).map(float)).filter(
    lambda x: (np.ptp(x, axis=0) > 0).all()
)


def regression_factor(x: np.ndarray, target: int, before: list[int]) -> float:
    """1 - R² of an ordinary regression with intercept, by least squares."""
    y = x[:, target]
    if not before:
        return 1.0
    design = np.column_stack([np.ones(len(y)), x[:, before]])
    fitted = design @ np.linalg.lstsq(design, y, rcond=None)[0]
    return float(((y - fitted) ** 2).sum() / ((y - y.mean()) ** 2).sum())


def naive_factors(x: np.ndarray, order: list[int]) -> np.ndarray:
    factor = np.empty(len(order))
    for place, target in enumerate(order):
        factor[target] = regression_factor(x, target, order[:place])
    return factor


@given(x=X)
def test_factors_are_one_less_r_squared_of_the_regression_on_those_before(x):
    learnt = p2_fitted(x)
    order = np.argsort(learnt.place).tolist()
    assert sorted(order) == [0, 1, 2, 3]
    np.testing.assert_allclose(learnt.factor, naive_factors(x, order), atol=1e-9)


@given(x=X)
def test_the_distance_is_the_sum_of_corrected_distances_to_the_worst(x):
    learnt = p2_fitted(x)
    expected = ((x - x.min(axis=0)) / x.std(axis=0, ddof=1) * learnt.factor).sum(axis=1)
    np.testing.assert_allclose(p2_applied(x, learnt), expected, rtol=1e-12)


@given(x=X)
def test_a_settled_order_is_the_order_of_correlations_with_the_distance_itself(x):
    learnt = p2_fitted(x)
    index = p2_applied(x, learnt)
    if not learnt.settled or np.ptp(index) == 0:
        return
    strength = np.abs(np.corrcoef(np.column_stack([x, index]).T)[-1, :-1])
    in_order = strength[np.argsort(learnt.place)]
    assert (np.diff(in_order) <= 1e-9).all()


def test_by_hand_with_two_uncorrelated_indicators_nothing_is_taken_away():
    x = np.array([[0.0, 0.0], [2.0, 0.0], [0.0, 4.0], [2.0, 4.0]])
    sd = np.sqrt(4 / 3)
    found = aggregated(x, [1, 1], [0, 0], "p2_distance")[:, 0]
    assert found == pytest.approx([0, 2 / sd, 4 / (2 * sd), 4 / sd])


def test_an_indicator_that_repeats_another_adds_nothing():
    x = np.random.default_rng(1).uniform(size=(12, 3))
    twice = np.column_stack([x, 5 + 3 * x[:, 0]])
    np.testing.assert_allclose(
        aggregated(twice, np.ones(4), [0] * 4, "p2_distance"),
        aggregated(x, np.ones(3), [0] * 3, "p2_distance"),
        rtol=1e-9,
    )


@settings(max_examples=30)
@given(x=X, scale=st.sampled_from([0.01, 12.0]), shift=st.integers(-5, 5))
def test_the_unit_of_an_indicator_does_not_matter(x, scale, shift):
    np.testing.assert_allclose(
        p2_applied(scale * x + shift, p2_fitted(scale * x + shift)), p2_applied(x, p2_fitted(x)), rtol=1e-6
    )


def test_a_unit_that_is_worst_on_everything_is_at_distance_zero():
    x = np.random.default_rng(5).uniform(1, 2, (10, 3))
    x[4] = 0.5
    assert p2_applied(x, p2_fitted(x))[4] == 0


def test_a_missing_number_is_made_up_for_by_the_others_and_not_by_zero():
    x = np.random.default_rng(6).uniform(size=(10, 3))
    learnt = p2_fitted(x)
    gap = x.copy()
    gap[2, 1] = np.nan
    parts = (x[2] - learnt.worst) / learnt.sd * learnt.factor
    expected = parts[[0, 2]].sum() * learnt.factor.sum() / learnt.factor[[0, 2]].sum()
    assert p2_applied(gap, learnt)[2] == pytest.approx(expected)
    assert np.isnan(p2_applied(np.full((1, 3), np.nan), learnt)[0])
    np.testing.assert_array_equal(p2_fitted(np.vstack([x, gap[2:3]])).factor, learnt.factor)


def test_a_number_worse_than_the_worst_learnt_is_worse_still():
    x = np.random.default_rng(7).uniform(size=(10, 2))
    learnt = p2_fitted(x)
    assert p2_applied(learnt.worst[None] - 1, learnt)[0] < 0


def test_an_order_that_comes_back_is_settled_by_position_and_says_so():
    rng = np.random.default_rng(0)
    cycles = 0
    for _ in range(3000):
        x = rng.integers(0, 4, (7, 5)).astype(float)
        if (np.ptp(x, axis=0) == 0).any():
            continue
        learnt = p2_fitted(x)
        if learnt.settled:
            continue
        cycles += 1
        order = np.argsort(learnt.place).tolist()
        np.testing.assert_allclose(learnt.factor, naive_factors(x, order), atol=1e-9)
    assert cycles > 0


@pytest.mark.parametrize(
    ("x", "message"),
    [
        (np.random.default_rng(0).uniform(size=(3, 3)), "3 units have all of 3 indicators"),
        (np.column_stack([np.arange(5.0), np.full(5, 2.0)]), "number 2 is constant"),
        (np.full((5, 2), np.nan), "0 units have all"),
    ],
)
def test_too_few_units_and_constant_indicators_are_refused(x, message):
    with pytest.raises(BenchmarkInputError, match=message):
        p2_fitted(x)


def test_a_search_that_may_not_go_on_is_refused():
    x = np.random.default_rng(3).uniform(size=(10, 3))
    with pytest.raises(BenchmarkInputError, match="did not settle in 0 rounds"):
        p2_fitted(x, rounds=0)
