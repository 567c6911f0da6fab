"""Fitness and complexity: rounds in exact fractions, closed forms, and matrices without a limit."""

# ruff: noqa: N803, N806 (M is the literature's name)

from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from alp_pipeline.benchmark.cells import BenchmarkInputError
from alp_pipeline.benchmark.complexity.fitness import fitness_complexity
from alp_pipeline_tests.benchmark.complexity.matrices import (
    frame,
    nested,
    ones_and_zeros,
    random_presence,
    shuffled,
)


def rounds_written_out(M, rounds):
    """The iteration of Tacchella et al. in fractions, both sides from the round before."""
    x = [[int(one) for one in row] for row in M.to_numpy()]
    fitness, quality = [Fraction(1)] * len(x), [Fraction(1)] * len(x[0])
    for _ in range(rounds):
        new = [sum(q for one, q in zip(row, quality, strict=True) if one) for row in x]
        quality = [
            1 / sum(1 / f for one, f in zip(column, fitness, strict=True) if one)
            for column in zip(*x, strict=True)
        ]
        fitness = [f * len(new) / sum(new) for f in new]
        quality = [q * len(quality) / sum(quality) for q in quality]
    return fitness, quality


@given(ones_and_zeros, st.integers(2, 6))
def test_the_first_rounds_are_the_published_iteration_in_exact_fractions(M, rounds):
    assume(M.any(axis=1).all() and M.any(axis=0).all())
    found = fitness_complexity(M, most_rounds=rounds, tolerance=1e-300)
    fitness, quality = rounds_written_out(M, found.rounds)
    np.testing.assert_allclose(found.fitness, [float(f) for f in fitness], rtol=1e-12)
    np.testing.assert_allclose(found.complexity, [float(q) for q in quality], rtol=1e-12)


def test_the_smallest_nested_matrix_falls_like_1_over_n_and_never_converges():
    # x = F_B / F_A obeys x → x / (1 + 2x) every second round, so x = 1 / (1 + n).
    for rounds in (50, 101, 1000):
        found = fitness_complexity(nested(2), most_rounds=rounds)
        assert found.fitness["R01"] / found.fitness["R00"] == pytest.approx(1 / (1 + rounds), rel=1e-9)
        assert (found.status, found.vanishing_regions) == ("vanishing", ("R01",))
        assert found.rounds == rounds


def test_a_nested_matrix_ranks_by_nesting_at_once_though_it_has_no_limit():
    found = fitness_complexity(nested(12))
    assert found.fitness.is_monotonic_decreasing
    assert found.complexity.is_monotonic_increasing
    assert found.status == "vanishing"
    assert found.order_settled_at <= 2


def test_where_all_regions_are_alike_so_is_their_fitness():
    found = fitness_complexity(frame(np.ones((4, 3))))
    assert found.fitness.tolist() == [1, 1, 1, 1]
    assert found.complexity.tolist() == [1, 1, 1]
    assert (found.status, found.last_change) == ("converged", 0)


def test_a_full_matrix_converges_to_a_fixed_point_with_means_of_one():
    M = random_presence(50, 30)
    found = fitness_complexity(M)
    assert found.status == "converged"
    assert found.vanishing_regions == ()
    assert found.fitness.mean() == pytest.approx(1)
    assert found.complexity.mean() == pytest.approx(1)
    fitness = M @ found.complexity
    quality = 1 / (M.T @ (1 / found.fitness))
    np.testing.assert_allclose(fitness / fitness.mean(), found.fitness, rtol=1e-8)
    np.testing.assert_allclose(quality / quality.mean(), found.complexity, rtol=1e-8)


def test_of_parts_that_share_nothing_all_but_one_vanish():
    # Full blocks of m regions × n activities grow by n / m in two rounds: the second block wins.
    M = frame(np.zeros((5, 5)))
    M.iloc[:3, :2] = 1
    M.iloc[3:, 2:] = 1
    found = fitness_complexity(M)
    assert (found.status, found.vanishing_regions) == ("vanishing", ("R00", "R01", "R02"))
    ratio = found.fitness["R00"] / found.fitness["R03"]
    assert np.log(ratio) / found.rounds == pytest.approx(np.log(4 / 9) / 2, rel=1e-2)
    assert found.rounds < 1000


@given(ones_and_zeros, st.integers(0, 2**32 - 1))
def test_the_order_of_lines_changes_no_bit(M, seed):
    assume(M.any(axis=None))
    found, again = (fitness_complexity(m, most_rounds=50) for m in (M, shuffled(M, seed)))
    pd.testing.assert_series_equal(found.fitness, again.fitness[M.index], check_exact=True)
    pd.testing.assert_series_equal(found.complexity, again.complexity[M.columns], check_exact=True)
    assert found.status == again.status


def test_identical_regions_tie_to_the_last_bit():
    M = random_presence(40, 20)
    M.loc["R30"] = M.loc["R04"]
    M["C11"] = M["C02"]
    found = fitness_complexity(M)
    assert found.fitness["R30"] == found.fitness["R04"]
    assert found.complexity["C11"] == found.complexity["C02"]


def test_a_duplicated_region_counts_as_two():
    M = random_presence(12, 7)
    twice = pd.concat([M, M.loc[["R05"]].rename(index={"R05": "R99"})])
    found = fitness_complexity(twice, most_rounds=5, tolerance=1e-300)
    fitness, _ = rounds_written_out(twice, found.rounds)
    np.testing.assert_allclose(found.fitness, [float(f) for f in fitness], rtol=1e-12)


def test_empty_lines_are_left_out_by_name():
    M = random_presence(10, 6)
    padded = M.copy()
    padded.loc["R99"] = 0.0
    padded["C99"] = 0.0
    found = fitness_complexity(padded, report=["R99", "R03"])
    assert (found.dropped_regions, found.dropped_activities) == (("R99",), ("C99",))
    assert np.isnan(found.fitness["R99"])
    assert np.isnan(found.complexity["C99"])
    assert found.fitness["R03"] == fitness_complexity(M).fitness["R03"]


def test_too_few_rounds_are_said_to_be_too_few():
    found = fitness_complexity(random_presence(50, 30), most_rounds=3)
    assert (found.status, found.rounds) == ("unsettled", 3)
    assert found.last_change > 1e-10


@pytest.mark.parametrize(
    ("M", "options", "message"),
    [
        (frame([[0, 0]]), {}, "no region has an activity"),
        (frame([[1, 0]]), {"tolerance": 0.0}, "tolerance 0.0 and 1000 rounds"),
        (frame([[1, 0]]), {"most_rounds": 1}, "tolerance 1e-10 and 1 rounds"),
        (frame([[1, 0]]), {"report": ["XX"]}, "'XX' is not among"),
    ],
)
def test_what_cannot_be_iterated_is_refused(M, options, message):
    with pytest.raises(BenchmarkInputError, match=message):
        fitness_complexity(M, **options)
