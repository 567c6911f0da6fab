"""Normalisation kernels against definitions written out naively, column by column, in plain Python."""

import math
import statistics

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.stats import rankdata

from alp_pipeline.benchmark.cells import BenchmarkInputError
from alp_pipeline.benchmark.composite.normalisation import METHODS, applied, fitted, normalised

X = np.array([[1.0, 40.0], [3.0, 20.0], [2.0, 10.0], [np.nan, 20.0]])
TABLES = arrays(np.float64, (7, 3), elements=st.integers(-50, 50).map(float)).filter(
    lambda x: (np.ptp(x, axis=0) > 0).all()
)
# Every method with parameters that suit any table of integers from -50 to 50.
SPECS = [
    ("minmax", {}),
    ("minmax", {"low": 1, "high": 10}),
    ("zscore", {"mean": 100, "sd": 10}),
    ("scaled", {"low": -10, "high": 30}),
    ("rank", {}),
    ("rank", {"ties": "average"}),
    ("rank", {"ties": "max"}),
    ("percentile_rank", {}),
    ("borda", {}),
    ("goalposts", {"low": -20, "high": 20, "scale": 10}),
    ("goalposts", {"low": -20, "high": 20, "truncate": False}),
    ("distance_to_maximum", {}),
    ("none", {}),
]


def naive(column: list[float], method: str, direction: int, **p: float) -> list[float]:
    """The definition as COINr documents it, for one indicator without missing numbers."""
    x = [direction * value for value in column]
    low, high, n = min(x), max(x), len(x)
    rank = {
        "min": lambda v: 1 + sum(other < v for other in x),
        "max": lambda v: sum(other <= v for other in x),
        "average": lambda v: (1 + sum(o < v for o in x) + sum(o <= v for o in x)) / 2,
    }[p.get("ties", "min")]
    if method == "minmax":
        l_u = p.get("low", 0), p.get("high", 100)
        return [(v - low) / (high - low) * (l_u[1] - l_u[0]) + l_u[0] for v in x]
    if method == "zscore":
        mean, sd = statistics.fmean(x), statistics.stdev(x)
        return [(v - mean) / sd * p.get("sd", 1) + p.get("mean", 0) for v in x]
    if method == "scaled":
        return [(v - p["low"]) / (p["high"] - p["low"]) * 100 for v in x]
    if method == "rank":
        return [rank(v) for v in x]
    if method == "borda":
        return [rank(v) - 1 for v in x]
    if method == "percentile_rank":
        return [(rank(v) - 1) / (n - 1) for v in x]
    if method == "distance_to_maximum":
        return [1 - (high - v) / (high - low) for v in x]
    if method == "goalposts":
        span = p["high"] - p["low"]
        share = [(v - p["low"]) / span if direction > 0 else (p["high"] - v) / span for v in column]
        if p.get("truncate", True):
            share = [min(max(s, 0.0), 1.0) for s in share]
        return [s * p.get("scale", 100) for s in share]
    return x


@pytest.mark.parametrize(("method", "parameters"), SPECS)
@settings(max_examples=25)
@given(x=TABLES, directions=st.tuples(*[st.sampled_from([-1, 1])] * 3))
def test_every_method_is_its_definition_written_out(method, parameters, x, directions):
    found = normalised(x, method, directions=directions, **parameters)
    for column, direction in enumerate(directions):
        expected = naive(x[:, column].tolist(), method, direction, **parameters)
        np.testing.assert_allclose(found[:, column], expected, rtol=1e-12, atol=1e-11)


def test_minmax_hits_both_ends_exactly():
    found = normalised(np.array([[0.1], [0.7], [0.3]]), "minmax", low=1, high=100)
    assert (found.min(), found.max()) == (1.0, 100.0)


def test_zscore_has_the_mean_and_the_sample_sd_asked_for():
    found = normalised(X[:3], "zscore", mean=5, sd=2)
    np.testing.assert_allclose(found.mean(axis=0), 5)
    np.testing.assert_allclose(found.std(axis=0, ddof=1), 2)


def test_a_missing_number_is_neither_zero_nor_seen_by_the_others():
    with_gap = normalised(X, "zscore")
    assert np.isnan(with_gap[3, 0])
    assert with_gap[:3, 0].tolist() == [-1.0, 1.0, 0.0]
    ranks = normalised(X, "rank")
    assert np.isnan(ranks[3, 0])
    assert ranks[:3, 0].tolist() == [1.0, 3.0, 2.0]
    shares = normalised(X, "percentile_rank")
    assert shares[:3, 0].tolist() == [0.0, 1.0, 0.5]


def test_distance_to_target_measures_from_the_worst_number_and_may_pass_one():
    x = np.array([[0.0], [5.0], [11.0]])
    assert normalised(x, "distance_to_target", target=10).ravel().tolist() == [0.0, 0.5, 1.1]
    assert normalised(x, "distance_to_target", target=10, cap=True).ravel().tolist() == [0.0, 0.5, 1.0]
    less = np.array([[-1.0], [1.0], [10.0]])
    found = normalised(less, "distance_to_target", directions=[-1], target=0)
    assert found.ravel().tolist() == [1.1, 0.9, 0.0]


def test_distance_to_reference_is_one_for_the_reference():
    x = np.array([[4.0], [2.0], [6.0]])
    assert normalised(x, "distance_to_reference", reference=0).ravel().tolist() == [1.0, 0.0, 2.0]
    assert normalised(x, "distance_to_reference", reference=0, cap=True).ravel().tolist() == [1.0, 0.0, 1.0]
    found = normalised(x, "distance_to_reference", reference=0, directions=[-1])
    assert found.ravel().tolist() == [1.0, 2.0, 0.0]


def test_fraction_of_maximum_is_refused_where_it_would_turn_the_order_round():
    x = np.array([[1.0], [2.0], [4.0]])
    assert normalised(x, "fraction_of_maximum").ravel().tolist() == [0.25, 0.5, 1.0]
    with pytest.raises(BenchmarkInputError, match="the order would turn round"):
        normalised(x, "fraction_of_maximum", directions=[-1])
    # COINr's n_fracmax(-x): the worst unit, 4, gets the highest number.
    plain = normalised(x, "fraction_of_maximum", directions=[-1], reversed_where_negative=True)
    assert plain.ravel().tolist() == [1.0, 2.0, 4.0]
    with pytest.raises(BenchmarkInputError, match="maximum 0"):
        normalised(np.array([[0.0], [-1.0]]), "fraction_of_maximum", reversed_where_negative=True)


@pytest.mark.parametrize("method", ["minmax", "zscore", "distance_to_maximum"])
def test_a_constant_indicator_is_refused_by_name(method):
    x = np.array([[1.0, 0.1], [2.0, 0.1], [3.0, 0.1]])
    with pytest.raises(BenchmarkInputError, match="the indicator flat is constant"):
        normalised(x, method, labels=["fine", "flat"])


def test_ranks_of_a_constant_indicator_are_all_the_same():
    assert normalised(np.full((3, 1), 7.0), "rank").ravel().tolist() == [1.0, 1.0, 1.0]
    assert normalised(np.full((3, 1), 7.0), "percentile_rank").ravel().tolist() == [0.0, 0.0, 0.0]


@pytest.mark.parametrize("method", ["minmax", "zscore", "rank", "borda", "fraction_of_maximum"])
def test_an_indicator_without_any_number_is_refused_by_name(method):
    x = np.array([[1.0, np.nan], [2.0, np.nan]])
    with pytest.raises(BenchmarkInputError, match=r"the indicator empty has (no number|fewer than)"):
        normalised(x, method, labels=["fine", "empty"])


def test_one_unit_has_no_spread_and_no_percentile():
    for method in ("minmax", "zscore", "percentile_rank"):
        with pytest.raises(BenchmarkInputError):
            normalised(np.array([[5.0]]), method)
    assert normalised(np.array([[5.0]]), "rank").tolist() == [[1.0]]


def test_no_units_are_refused():
    with pytest.raises(BenchmarkInputError, match="no units"):
        normalised(np.empty((0, 2)), "minmax")


def test_an_infinite_number_is_refused():
    with pytest.raises(BenchmarkInputError, match="infinite"):
        normalised(np.array([[1.0], [np.inf]]), "minmax")


@pytest.mark.parametrize(
    ("method", "parameters", "message"),
    [
        ("minimax", {}, "is not a method"),
        ("minmax", {"lo": 1}, "is not a parameter"),
        ("minmax", {"low": 5, "high": 5}, "low >= high"),
        ("zscore", {"sd": 0}, "sd <= 0"),
        ("scaled", {"low": 3, "high": 1}, "low >= high"),
        ("goalposts", {"low": 0}, "lacks high"),
        ("goalposts", {"low": 3, "high": 1}, "low < high"),
        ("goalposts", {"low": 0, "high": 1, "scale": 0}, "scale <= 0"),
        ("distance_to_target", {"target": 1.0}, "not better than its worst"),
        ("distance_to_reference", {"reference": 0}, "not better than its worst"),
        ("rank", {"ties": "first"}, "is not a rule for ties"),
    ],
)
def test_what_makes_no_sense_is_refused(method, parameters, message):
    with pytest.raises(BenchmarkInputError, match=message):
        normalised(X[:3, :1], method, **parameters)


def test_a_direction_is_one_or_minus_one():
    with pytest.raises(BenchmarkInputError, match="direction"):
        fitted(X, "minmax", directions=[1, 0])


@pytest.mark.parametrize(("method", "parameters"), SPECS)
@settings(max_examples=25)
@given(x=TABLES)
def test_reversing_the_direction_twice_is_the_identity(method, parameters, x):
    turned = normalised(-x, method, directions=-1.0, **parameters)
    if method == "goalposts":  # stated in the indicator's unit, so they turn with it
        mirrored = {**parameters, "low": -parameters["high"], "high": -parameters["low"]}
        turned = normalised(-x, method, directions=-1.0, **mirrored)
    np.testing.assert_array_equal(turned, normalised(x, method, **parameters))


@pytest.mark.parametrize(("method", "parameters"), SPECS)
@settings(max_examples=25)
@given(x=TABLES, seed=st.integers(0, 99))
def test_units_in_another_order_and_a_duplicated_unit_keep_their_numbers(method, parameters, x, seed):
    order = np.random.default_rng(seed).permutation(len(x))
    found = normalised(x, method, **parameters)
    np.testing.assert_allclose(normalised(x[order], method, **parameters), found[order], rtol=1e-12)
    twice = normalised(np.vstack([x, x[:1]]), method, **parameters)
    np.testing.assert_array_equal(twice[-1], twice[0])


@pytest.mark.parametrize(
    ("method", "parameters"), [s for s in SPECS if s[0] not in ("scaled", "goalposts", "none")]
)
@settings(max_examples=25)
@given(x=TABLES, factor=st.sampled_from([0.001, 7.0, 1e6]), shift=st.integers(-100, 100))
def test_the_unit_of_an_indicator_does_not_matter(method, parameters, x, factor, shift):
    found = normalised(factor * (x + shift), method, **parameters)
    np.testing.assert_allclose(found, normalised(x, method, **parameters), rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize(("method", "parameters"), [*SPECS, ("distance_to_target", {"target": 51})])
@settings(max_examples=25)
@given(x=TABLES, holes=arrays(np.bool_, (7, 3)))
def test_a_stack_of_draws_is_each_draw_by_itself_and_what_was_fitted_applies_to_itself(
    method, parameters, x, holes
):
    holes[:2] = False
    x[1] = x[0] + 1  # two numbers that differ are left whatever the holes
    with_holes = np.where(holes, np.nan, x)
    stack = np.stack([x, with_holes])
    found = normalised(stack, method, **parameters)
    for draw in range(2):
        np.testing.assert_allclose(found[draw], normalised(stack[draw], method, **parameters), rtol=1e-12)
        learnt = fitted(stack[draw], method, **parameters)
        np.testing.assert_allclose(applied(stack[draw], learnt), found[draw], rtol=1e-12)


@pytest.mark.parametrize("ties", ["min", "average", "max"])
@settings(max_examples=25)
@given(base=TABLES, other=TABLES)
def test_a_number_that_was_not_fitted_takes_the_rank_that_it_would_have_had(ties, base, other):
    found = applied(other, fitted(base, "rank", ties=ties))
    for column in range(3):
        for row in range(7):
            value, known = other[row, column], base[:, column]
            # Ranked together with the fitted numbers alone, where it is not one of them already.
            together = known if value in known else np.append(known, value)
            expected = rankdata(together, method=ties)[np.flatnonzero(together == value)[0]]
            assert found[row, column] == expected


def test_bounds_beyond_the_fitted_numbers_lie_beyond_the_scale_but_no_percentile_passes_one():
    base = np.array([[1.0], [2.0], [3.0]])
    beyond = np.array([[0.0], [9.0]])
    assert applied(beyond, fitted(base, "minmax")).ravel().tolist() == [-50.0, 400.0]
    assert applied(beyond, fitted(base, "rank")).ravel().tolist() == [1.0, 4.0]
    assert applied(beyond, fitted(base, "percentile_rank")).ravel().tolist() == [0.0, 1.0]


def test_parameters_may_differ_by_indicator():
    found = normalised(
        np.array([[0.0, 0.0], [5.0, 5.0]]), "goalposts", low=[0, 0], high=[10, 20], scale=[1, 100]
    )
    assert found.tolist() == [[0.0, 0.0], [0.5, 25.0]]


def test_no_input_is_changed_in_place():
    for method, parameters in SPECS:
        x = X.copy()
        normalised(x, method, **parameters)
        np.testing.assert_array_equal(x, X)


def test_every_method_is_held_to_its_definition():
    tried = {method for method, _ in SPECS}
    special = {"distance_to_target", "distance_to_reference", "fraction_of_maximum"}
    assert tried | special == set(METHODS)
    assert math.isclose(normalised(X[:3], "zscore")[0, 0], -1.0)
