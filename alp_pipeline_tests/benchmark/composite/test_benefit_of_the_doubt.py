"""Benefit of the doubt against the dual programme, a closed form, and its own definition."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.optimize import linprog

from alp_pipeline.benchmark.cells import BenchmarkInputError
from alp_pipeline.benchmark.composite.benefit_of_the_doubt import benefit_of_the_doubt, shares

X = arrays(np.float64, (7, 3), elements=st.integers(1, 20).map(float))


def dual_score(x: np.ndarray, unit: int) -> float:
    """The smallest total of rivals that together match the unit on everything (strong duality)."""
    solved = linprog(np.ones(len(x)), A_ub=-x.T, b_ub=-x[unit], method="highs")
    return float(solved.fun)


@settings(max_examples=30)
@given(x=X)
def test_scores_are_those_of_the_dual_programme(x):
    scores, _ = benefit_of_the_doubt(x)
    np.testing.assert_allclose(scores, [dual_score(x, unit) for unit in range(len(x))], rtol=1e-8)


@settings(max_examples=30)
@given(x=X)
def test_no_unit_passes_one_under_anyone_s_weights_and_someone_reaches_it(x):
    scores, weights = benefit_of_the_doubt(x)
    assert (scores <= 1).all()
    assert (scores == 1).any()
    assert (weights >= 0).all()
    assert (x @ weights.T <= 1 + 1e-8).all()
    np.testing.assert_allclose((x * weights).sum(axis=1), scores, rtol=1e-8)


def test_with_one_indicator_it_is_the_fraction_of_the_maximum():
    scores, weights = benefit_of_the_doubt(np.array([[2.0], [8.0], [4.0]]))
    assert scores == pytest.approx([0.25, 1, 0.5])
    assert weights.ravel() == pytest.approx([0.125] * 3)


def test_with_two_indicators_it_is_the_distance_along_the_ray_to_the_frontier():
    # The frontier between (4, 1) and (1, 4) is x + y = 5, so (2, 2) reaches 4/5 of it; (3, 0) reaches 3/4.
    scores, _ = benefit_of_the_doubt(np.array([[4.0, 1.0], [1.0, 4.0], [2.0, 2.0], [3.0, 0.0]]))
    assert scores == pytest.approx([1, 1, 0.8, 0.75])


@settings(max_examples=30)
@given(x=X, scale=arrays(np.float64, 3, elements=st.sampled_from([0.01, 1.0, 50.0])))
def test_the_scale_of_an_indicator_does_not_matter(x, scale):
    np.testing.assert_allclose(benefit_of_the_doubt(x * scale)[0], benefit_of_the_doubt(x)[0], rtol=1e-7)


@settings(max_examples=20)
@given(x=X, low=st.sampled_from([0.0, 0.1, 0.25]), high=st.sampled_from([0.4, 0.6, 1.0]))
def test_shares_stay_within_their_limits_and_cost_score(x, low, high):
    scores, weights = benefit_of_the_doubt(x, share_min=low, share_max=high)
    parts = shares(x, weights)
    assert ((parts >= low - 1e-7) & (parts <= high + 1e-7)).all()
    np.testing.assert_allclose(parts.sum(axis=1), 1)
    assert (scores <= benefit_of_the_doubt(x)[0] + 1e-8).all()
    assert (x @ weights.T <= 1 + 1e-7).all()


def test_equal_shares_leave_no_choice():
    # w_i x_i is the same for both, so the score is the least of the harmonic-like ratios to the rivals.
    x = np.array([[4.0, 1.0], [2.0, 2.0]])
    scores, weights = benefit_of_the_doubt(x, share_min=0.5, share_max=0.5)
    # Unit 2: w = (c, c); 4c + c <= 1 and 2c + 2c <= 1, so c = 1/5 and the score 4/5.
    assert weights[1] == pytest.approx([0.2, 0.2])
    assert scores == pytest.approx([2 * min(1 / 2, 1 / (2 / 4 + 2 / 1)), 0.8])


def test_a_missing_number_is_no_zero_that_others_would_gain_from():
    x = np.array([[10.0, np.nan], [5.0, 5.0], [2.0, 4.0], [np.nan, np.nan]])
    scores, weights = benefit_of_the_doubt(x)
    # The first unit is scored on its one number against all that have it; it constrains nobody on the
    # second, and it does not count among those who are compared on both.
    assert scores[:3] == pytest.approx([1, 1, 0.8])
    assert np.isnan(scores[3])
    assert np.isnan(weights).tolist() == [[False, True], [False, False], [False, False], [True, True]]


def test_limits_that_so_few_numbers_cannot_keep_give_way_for_that_unit_only():
    x = np.array([[10.0, np.nan], [5.0, 5.0], [2.0, 4.0]])
    scores, weights = benefit_of_the_doubt(x, share_min=0.2, share_max=0.8)
    assert scores[0] == 1
    parts = shares(x, weights)
    assert parts[0, 0] == 1
    assert (parts[1:] <= 0.8 + 1e-9).all()


def test_a_unit_with_nothing_scores_nothing():
    scores, weights = benefit_of_the_doubt(np.array([[0.0, 0.0], [2.0, 1.0]]))
    assert scores.tolist() == [0.0, 1.0]
    assert weights[0].tolist() == [0.0, 0.0]
    assert np.isnan(shares(np.zeros((1, 2)), weights[:1])).all()


def test_others_may_be_the_standard():
    learn = np.array([[10.0, 10.0]])
    assert benefit_of_the_doubt(np.array([[5.0, 2.0]]), learn=learn)[0] == pytest.approx([0.5])
    # A unit better than all of them is compared with itself.
    assert benefit_of_the_doubt(np.array([[50.0, 2.0]]), learn=learn)[0].tolist() == [1.0]


def test_a_unit_scores_no_less_when_one_of_its_numbers_rises():
    rng = np.random.default_rng(8)
    for _ in range(10):
        x = rng.uniform(1, 9, (6, 3))
        better = x[:1] + rng.uniform(0, 4, 3)
        for limits in ({}, {"share_min": 0.2, "share_max": 0.6}):
            before = benefit_of_the_doubt(x[:1], learn=x[1:], **limits)[0]
            assert benefit_of_the_doubt(better, learn=x[1:], **limits)[0] >= before - 1e-9


@pytest.mark.parametrize(
    ("x", "limits", "message"),
    [
        ([[1.0, -2.0]], {}, "unit 1 × number 2 is -2"),
        ([[1.0, 0.0]], {"share_min": 0.1}, "greater than zero where share_min"),
        ([[1.0, 1.0]], {"share_min": 0.6}, "cannot add up to 1 over 2"),
        ([[1.0, 1.0]], {"share_max": 0.4}, "cannot add up to 1 over 2"),
        ([[1.0, 1.0]], {"share_min": 0.5, "share_max": 0.2}, "shares go from"),
    ],
)
def test_what_has_no_solution_is_refused_by_name(x, limits, message):
    with pytest.raises(BenchmarkInputError, match=message):
        benefit_of_the_doubt(np.array(x), **limits)


def test_messages_name_units_and_indicators():
    with pytest.raises(BenchmarkInputError, match="AT × jobs is -1"):
        benefit_of_the_doubt(np.array([[-1.0]]), labels=(["AT"], ["jobs"]))
