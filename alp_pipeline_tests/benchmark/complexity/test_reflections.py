"""The method of reflections, as itself and as a check."""

# ruff: noqa: N803, N806 (M is the literature's name)

from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
from hypothesis import given

from alp_pipeline.benchmark.cells import BenchmarkInputError
from alp_pipeline.benchmark.complexity.eci import complexity
from alp_pipeline.benchmark.complexity.reflections import reflections, reflections_agreement
from alp_pipeline_tests.benchmark.complexity.matrices import (
    frame,
    nested,
    ones_and_zeros,
    random_presence,
    shuffled,
)


@given(ones_and_zeros)
def test_each_round_is_the_mean_of_the_other_sides_last_round_in_exact_fractions(M):
    found = reflections(M, rounds=4)
    x = M.to_numpy().tolist()
    kr = [Fraction(sum(row)) for row in x]
    kc = [Fraction(sum(column)) for column in zip(*x, strict=True)]
    for n in range(5):
        if n:
            kr, kc = (
                [_mean(row, kc) for row in x],
                [_mean(column, kr) for column in zip(*x, strict=True)],
            )
        np.testing.assert_allclose(found.regions[n], [float(k) for k in kr], rtol=1e-12)
        np.testing.assert_allclose(found.activities[n], [float(k) for k in kc], rtol=1e-12)


def _mean(line, values):
    chosen = [value for one, value in zip(line, values, strict=True) if one]
    return sum(chosen) / len(chosen) if chosen else float("nan")


def test_the_first_rounds_are_diversity_ubiquity_and_their_means():
    found = reflections(frame([[1, 1, 1], [1, 1, 0], [1, 0, 0]]), rounds=1)
    assert found.regions[0].tolist() == [3, 2, 1]
    assert found.regions[1].tolist() == [2, 2.5, 3]
    assert found.activities[1].tolist() == [2, 2.5, 3]


def test_many_rounds_agree_with_the_eigenvector_the_sooner_the_larger_the_eigengap():
    M = random_presence(60, 25, seed=2)
    found = complexity(M)
    agreement = reflections_agreement(M, found.eci, rounds=200)
    assert agreement["round"].tolist() == list(range(0, 201, 2))
    assert agreement["correlation"].iloc[-1] == pytest.approx(1, abs=1e-12)
    # What is left of the third eigenvector shrinks by λ3 / λ2 in two rounds, 1 - correlation by its square;
    # what is left of the others by more.
    left = 1 - agreement.set_index("round")["correlation"]
    slowest = (found.eigenvalues[2] / found.eigenvalues[1]) ** 2
    assert 0.9 * slowest < left[140] / left[138] < 1.001 * slowest


def test_on_a_nested_matrix_diversity_is_the_index_from_the_start():
    M = nested(9)
    assert reflections_agreement(M, complexity(M).eci)["correlation"].tolist() == pytest.approx([1] * 11)


def test_the_order_of_lines_changes_no_bit():
    M = random_presence(15, 10)
    found, again = reflections(M, rounds=6), reflections(shuffled(M, 8), rounds=6)
    pd.testing.assert_frame_equal(found.regions, again.regions.loc[M.index], check_exact=True)
    pd.testing.assert_frame_equal(found.activities, again.activities.loc[M.columns], check_exact=True)


def test_regions_of_equal_diversity_give_an_iteration_nothing_to_go_on():
    M = frame([[1, 1, 0], [0, 1, 1], [1, 0, 1]])
    assert reflections_agreement(M, pd.Series([1.0, 0, -1], index=M.index))["correlation"].isna().all()


def test_what_cannot_be_compared_is_refused():
    M = nested(3)
    with pytest.raises(BenchmarkInputError, match="-1 rounds"):
        reflections(M, rounds=-1)
    with pytest.raises(BenchmarkInputError, match="-1 rounds"):
        reflections_agreement(M, complexity(M).eci, rounds=-1)
    with pytest.raises(BenchmarkInputError, match="R01 has no ECI"):
        reflections_agreement(M, complexity(M, report=["R00", "R02"]).eci)
