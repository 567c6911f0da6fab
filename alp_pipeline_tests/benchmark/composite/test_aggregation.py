"""Aggregation kernels: means against formulas in plain Python, weights, gaps, stacks of draws, levels."""

import itertools
import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.stats import gmean, hmean, pmean

from alp_pipeline.benchmark.cells import BenchmarkInputError
from alp_pipeline.benchmark.composite.aggregation import METHODS, aggregated
from alp_pipeline.benchmark.composite.families import Families

POSITIVE = arrays(np.float64, (8, 5), elements=st.floats(1, 100).map(lambda x: round(x, 3)))
WEIGHTS = arrays(np.float64, 5, elements=st.integers(1, 9).map(float))
MEMBERS = [1, 0, 1, 0, 1]
SPECS = [
    ("arithmetic", {}),
    ("geometric", {}),
    ("harmonic", {}),
    ("generalised", {"power": 2.5}),
    ("generalised", {"power": -3}),
    ("copeland", {}),
    ("copeland", {"score": "wins"}),
    ("mpi", {}),
    ("mpi", {"penalty": "plus"}),
    ("ampi", {}),
    ("p2_distance", {}),
    ("benefit_of_the_doubt", {}),
    ("benefit_of_the_doubt", {"share_min": 0.1, "share_max": 0.8}),
]
# Spread out, so that no method meets a constant or repeated column.
SPREAD = np.random.default_rng(4).uniform(1, 100, (12, 5)).round(2)


@given(x=POSITIVE, w=WEIGHTS)
def test_the_means_are_scipy_s(x, w):
    one = np.zeros(5, dtype=int)
    for method, expected in (
        ("arithmetic", np.average(x, axis=1, weights=w)),
        ("geometric", gmean(x, axis=1, weights=w)),
        ("harmonic", hmean(x, axis=1, weights=w)),
    ):
        np.testing.assert_allclose(aggregated(x, w, one, method)[:, 0], expected, rtol=1e-12)
    for power in (-7.5, -0.5, 0.3, 2, 9):
        expected = pmean(x, power, axis=1, weights=w)
        found = aggregated(x, w, one, "generalised", power=power)[:, 0]
        np.testing.assert_allclose(found, expected, rtol=1e-11)


def test_each_parent_gets_its_own_children_whatever_their_order():
    x = np.array([[1.0, 10.0, 2.0, 20.0, 6.0]])
    assert aggregated(x, [1, 1, 1, 3, 2], MEMBERS).tolist() == [[17.5, 3.75]]


def test_the_arithmetic_mean_is_the_fraction():
    x, w = [3, 7, 11], [1, 2, 4]
    exact = Fraction(sum(a * b for a, b in zip(x, w, strict=True)), sum(w))
    assert aggregated(np.array([x], dtype=float), w, [0, 0, 0])[0, 0] == float(exact)


@given(x=POSITIVE, w=WEIGHTS)
def test_the_generalised_mean_contains_the_other_three(x, w):
    for power, method in ((1, "arithmetic"), (0, "geometric"), (-1, "harmonic")):
        expected = aggregated(x, w, MEMBERS, method)
        np.testing.assert_array_equal(aggregated(x, w, MEMBERS, "generalised", power=power), expected)
        near = aggregated(x, w, MEMBERS, "generalised", power=power + 1e-9)
        np.testing.assert_allclose(near, expected, rtol=1e-6)


@given(x=POSITIVE, w=WEIGHTS)
def test_means_are_ordered_by_their_power_and_lie_within_the_numbers(x, w):
    found = [
        aggregated(x, w, MEMBERS, "generalised", power=power) for power in (-400, -2, -1, 0, 0.5, 1, 3, 400)
    ]
    for lower, higher in itertools.pairwise(found):
        assert (lower <= higher * (1 + 1e-12)).all()
    families = Families.of(MEMBERS)
    assert (found[0] >= families.smallest(x) * (1 - 1e-12)).all()
    assert (found[-1] <= families.largest(x) * (1 + 1e-12)).all()


def test_zero_is_a_number_for_a_positive_power_and_refused_otherwise():
    x = np.array([[0.0, 4.0], [0.0, 0.0]])
    assert aggregated(x, [1, 1], [0, 0], "generalised", power=0.5).tolist() == [[1.0], [0.0]]
    for method, parameters in (("geometric", {}), ("harmonic", {}), ("generalised", {"power": -2})):
        with pytest.raises(BenchmarkInputError, match=r"AT × jobs is 0.*minmax from 1 to 100"):
            aggregated(x, [1, 1], [0, 0], method, labels=(["AT", "CH"], ["jobs", "wages"]), **parameters)
    with pytest.raises(BenchmarkInputError, match="zero or more"):
        aggregated(-x, [1, 1], [0, 0], "generalised", power=0.5)


def test_a_missing_number_is_left_out_and_the_others_count_for_more():
    x = np.array([[np.nan, 2.0, 8.0], [np.nan] * 3])
    assert aggregated(x, [5, 3, 1], [0, 0, 0])[0, 0] == 3.5
    assert aggregated(x, [5, 1, 1], [0, 0, 0], "geometric")[0, 0] == pytest.approx(4)
    assert aggregated(x, [5, 1, 1], [0, 0, 0], "harmonic")[0, 0] == pytest.approx(3.2)
    for method in ("arithmetic", "geometric", "harmonic", "copeland"):
        assert np.isnan(aggregated(x, [5, 1, 1], [0, 0, 0], method)[1, 0])


def test_below_the_least_availability_there_is_no_number():
    x = np.array([[np.nan, 2.0, 8.0], [np.nan, np.nan, 8.0]])
    for method in ("arithmetic", "geometric", "copeland"):
        enough = aggregated(x, [1, 1, 1], [0, 0, 0], method, availability_min=2 / 3)
        assert np.isnan(enough).ravel().tolist() == [False, True]


def test_an_indicator_without_weight_is_no_gap_either():
    x = np.array([[np.nan, 2.0], [1.0, 4.0]])
    assert aggregated(x, [0, 1], [0, 0], availability_min=1.0).tolist() == [[2.0], [4.0]]


@pytest.mark.parametrize(("method", "parameters"), SPECS)
@settings(max_examples=10)
@given(noise=arrays(np.float64, 12, elements=st.sampled_from([-5.0, 0.0, 3.0, 1e6, math.nan])))
def test_an_indicator_of_weight_zero_has_no_effect_whatever_it_holds(method, parameters, noise):
    weights, members = [2.0, 1, 3, 1, 2], [0, 0, 0, 1, 1]
    expected = aggregated(SPREAD, weights, members, method, **parameters)
    found = aggregated(np.column_stack([SPREAD, noise]), [*weights, 0], [*members, 1], method, **parameters)
    np.testing.assert_allclose(found, expected, rtol=1e-12)


@pytest.mark.parametrize(("method", "parameters"), SPECS)
def test_another_order_of_units_or_children_changes_nothing(method, parameters):
    weights, members = np.array([2.0, 1, 3, 1, 2]), np.array([0, 0, 0, 1, 1])
    expected = aggregated(SPREAD, weights, members, method, **parameters)
    rng = np.random.default_rng(9)
    for _ in range(5):
        rows, columns = rng.permutation(12), rng.permutation(5)
        if method == "p2_distance":
            columns = np.arange(5)  # two indicators are always tied, and the first one goes first
        found = aggregated(SPREAD[rows][:, columns], weights[columns], members[columns], method, **parameters)
        np.testing.assert_allclose(found, expected[rows], rtol=1e-9)


@pytest.mark.parametrize(("method", "parameters"), SPECS)
def test_identical_units_get_identical_scores_to_the_last_bit(method, parameters):
    x = np.vstack([SPREAD, SPREAD[[3, 3, 0]]])
    found = aggregated(x, [2.0, 1, 3, 1, 2], [0, 0, 0, 1, 1], method, **parameters)
    for copy, original in ((12, 3), (13, 3), (14, 0)):
        assert found[copy].tolist() == found[original].tolist()


def test_identical_units_stay_identical_in_tables_of_any_shape():
    rng = np.random.default_rng(0)
    for _ in range(50):
        units, children = rng.integers(2, 300), rng.integers(2, 70)
        x, w = rng.uniform(1, 100, (units, children)), rng.uniform(size=children)
        copies = rng.integers(0, units, 20)
        x[copies] = x[copies[0]]
        members = np.append([0, 1], rng.integers(0, 2, children - 2))
        for method in ("arithmetic", "geometric", "harmonic"):
            found = aggregated(x, w, members, method)[copies]
            assert (found == found[0]).all()


@pytest.mark.parametrize(("method", "parameters"), SPECS)
def test_only_the_proportions_of_weights_matter(method, parameters):
    weights, members = np.array([2.0, 1, 3, 1, 2]), [0, 0, 0, 1, 1]
    expected = aggregated(SPREAD, weights, members, method, **parameters)
    found = aggregated(SPREAD, weights * [7, 7, 7, 0.1, 0.1], members, method, **parameters)
    np.testing.assert_allclose(found, expected, rtol=1e-12)


@pytest.mark.parametrize(("method", "parameters"), SPECS)
def test_a_stack_of_draws_with_weights_of_their_own_is_each_draw_by_itself(method, parameters):
    rng = np.random.default_rng(2)
    members = [1, 0, 1, 0, 1]
    values = SPREAD + rng.uniform(0, 5, (2, 3, 12, 5))
    weights = rng.uniform(0.5, 2, (2, 3, 5))
    weights[0, 1, 2] = 0
    stack = aggregated(values, weights, members, method, **parameters)
    shared = aggregated(values, weights[0, 0], members, method, **parameters)
    only_weights = aggregated(SPREAD, weights, members, method, **parameters)
    assert stack.shape == shared.shape == only_weights.shape == (2, 3, 12, 2)
    for draw in np.ndindex(2, 3):
        for found, x, w in (
            (stack, values[draw], weights[draw]),
            (shared, values[draw], weights[0, 0]),
            (only_weights, SPREAD, weights[draw]),
        ):
            expected = aggregated(x, w, members, method, **parameters)
            np.testing.assert_allclose(found[draw], expected, rtol=1e-12)


@pytest.mark.parametrize(
    ("weights", "members", "method", "parameters", "message"),
    [
        ([1, 1], [0, 0], "median", {}, "is not a method"),
        ([1, 1], [0, 0], "arithmetic", {"power": 2}, "is not a parameter"),
        ([1, 1], [0, 0], "generalised", {}, "power is None"),
        ([1, 1], [0, 0], "copeland", {"score": "borda"}, "is not a score"),
        ([1, 1], [0, 0], "mpi", {"penalty": "none"}, "is not a penalty"),
        ([1, -1], [0, 0], "arithmetic", {}, "zero or more"),
        ([1], [0, 0], "arithmetic", {}, "per child"),
        ([1, 1], [0, 2], "arithmetic", {}, "parent number 2 has no children"),
        ([1, 1], [], "arithmetic", {}, "not a list of positions"),
    ],
)
def test_what_makes_no_sense_is_refused(weights, members, method, parameters, message):
    with pytest.raises(BenchmarkInputError, match=message):
        aggregated(np.ones((3, 2)), weights, members, method, **parameters)


def test_no_input_is_changed_in_place_and_every_method_is_tried():
    assert {method for method, _ in SPECS} == set(METHODS)
    for method, parameters in SPECS:
        x, w = SPREAD.copy(), np.array([1.0, 1, 0, 2, 1])
        x[3, 2] = np.nan
        before = x.copy()
        aggregated(x, w, MEMBERS, method, **parameters)
        np.testing.assert_array_equal(x, before)
        assert w.tolist() == [1.0, 1, 0, 2, 1]
