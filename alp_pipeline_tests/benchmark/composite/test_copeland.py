"""Copeland scores against the outranking matrix written out pair by pair."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from alp_pipeline.benchmark.composite.copeland import copeland, copeland_bounds, outranking
from alp_pipeline.benchmark.composite.families import Families

X = arrays(np.float64, (6, 4), elements=st.integers(0, 5).map(float))
GAPS = arrays(np.float64, (6, 4), elements=st.sampled_from([0.0, 1.0, 2.0, np.nan]))
WEIGHTS = arrays(np.float64, 4, elements=st.integers(1, 6).map(float))
ONE = Families.of([0, 0, 0, 0])


def naive_matrix(x: np.ndarray, w: np.ndarray) -> np.ndarray:
    matrix = np.zeros((len(x), len(x)))
    for u, v in itertools.permutations(range(len(x)), 2):
        both = [i for i in range(x.shape[1]) if not np.isnan(x[u, i]) and not np.isnan(x[v, i])]
        won = sum(w[i] for i in both if x[u, i] > x[v, i])
        even = sum(w[i] for i in both if x[u, i] == x[v, i])
        matrix[u, v] = (won + even / 2) / sum(w[i] for i in both) if both else 0.5
    return matrix


@given(x=GAPS, w=WEIGHTS)
def test_the_outranking_matrix_is_its_definition_and_antisymmetric(x, w):
    found = outranking(x, w)
    np.testing.assert_allclose(found, naive_matrix(x, w), atol=1e-12)
    off_diagonal = ~np.eye(len(x), dtype=bool)
    np.testing.assert_allclose((found + found.T)[off_diagonal], 1, atol=1e-12)
    assert (np.diag(found) == 0).all()


@given(x=GAPS, w=WEIGHTS)
def test_scores_are_the_row_sums_with_and_without_gaps(x, w):
    expected = naive_matrix(x, w).sum(axis=1)
    expected[np.isnan(x).all(axis=1)] = np.nan
    np.testing.assert_allclose(copeland(x, w, ONE)[:, 0], expected, atol=1e-12)


@given(x=X, w=WEIGHTS)
def test_the_short_way_by_ranks_gives_the_row_sums_of_the_matrix(x, w):
    np.testing.assert_allclose(copeland(x, w, ONE)[:, 0], outranking(x, w).sum(axis=1), atol=1e-12)


@given(x=X, w=WEIGHTS)
def test_majority_wins_are_counted_for_and_against(x, w):
    matrix = np.round(naive_matrix(x, w), 12)
    expected = (matrix > 0.5).sum(axis=1) - (matrix < 0.5).sum(axis=1) + 1  # the diagonal is 0 < 0.5
    found = copeland(x, w, ONE, score="wins")[:, 0]
    assert found.tolist() == expected.tolist()
    assert found.sum() == 0


def test_majorities_of_weights_that_cancel_are_even():
    x = np.array([[1.0, 1.0, 0.0], [0.0, 0.0, 1.0]])
    found = copeland(x, np.array([0.1, 0.2, 0.3]), Families.of([0, 0, 0]), score="wins")
    assert found.ravel().tolist() == [0.0, 0.0]


@given(x=X, w=WEIGHTS)
def test_only_the_order_of_numbers_matters(x, w):
    np.testing.assert_array_equal(copeland(np.exp(x), w, ONE), copeland(x, w, ONE))


@given(x=X, w=WEIGHTS)
def test_a_unit_that_is_best_on_everything_outranks_all(x, w):
    best = np.vstack([x, np.full(4, 9.0)])
    assert copeland(best, w, ONE)[-1, 0] == pytest.approx(len(x))
    assert copeland(best, w, ONE, score="wins")[-1, 0] == len(x)


cells = st.tuples(st.integers(0, 3), st.integers(0, 2))


@pytest.mark.parametrize("score", ["sum", "wins"])
@settings(max_examples=25)
@given(ends=st.lists(st.tuples(cells, cells), min_size=2, max_size=3), data=st.data())
def test_bounds_are_reached_and_never_passed(score, ends, data):
    low = np.array([[float(low) for low, _ in unit] for unit in ends])
    width = np.array([[width for _, width in unit] for unit in ends])
    w, families = np.array([2.0, 1.0]), Families.of([0, 0])
    lowest, highest = (end[:, 0] for end in copeland_bounds(low, low + width, w, families, score=score))
    corners = np.array(list(itertools.product((0.0, 1.0), repeat=low.size))).reshape(-1, *low.shape)
    tried = copeland(low + width * corners, w, families, score=score)[..., 0]
    np.testing.assert_allclose(tried.min(axis=0), lowest, atol=1e-12)
    np.testing.assert_allclose(tried.max(axis=0), highest, atol=1e-12)
    between = data.draw(arrays(np.float64, low.shape, elements=st.floats(0, 1)))
    inside = copeland(low + width * between, w, families, score=score)[:, 0]
    assert (lowest - 1e-12 <= inside).all()
    assert (inside <= highest + 1e-12).all()
