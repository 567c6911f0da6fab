"""Random numbers: uniform where they must be, and unmoved by what else is drawn."""

import numpy as np
import pytest
from scipy import stats

from alp_pipeline.benchmark.composite.families import Families
from alp_pipeline.benchmark.composite.uncertainty.draws import (
    CHOICE,
    EXPONENTIAL,
    NORMAL,
    UNIFORM,
    DrawnFactor,
    block_draws,
    drawn_weights,
    inclusion_draw,
)
from alp_pipeline.benchmark.composite.uncertainty.spec import InclusionFactor, WeightsFactor


def drawn(factor: DrawnFactor, draws: int = 20_000) -> np.ndarray:
    return block_draws([factor], seed=3, purpose="test", block=0, draws=draws)[factor.name]


def test_all_alternatives_are_equally_likely() -> None:
    choices = drawn(DrawnFactor("method", CHOICE, 7))
    assert set(np.unique(choices)) == set(range(7))
    assert stats.chisquare(np.bincount(choices)).pvalue > 0.001


def test_simplex_weights_have_the_moments_of_dirichlet_1_1() -> None:
    # Dirichlet(1, …, 1) of k: mean 1/k, variance (k-1)/(k²(k+1)), covariance -1/(k²(k+1)).
    simplex = WeightsFactor(distribution="simplex")
    numbers = drawn(DrawnFactor("weights", EXPONENTIAL, 6))
    weights = drawn_weights(simplex, numbers, [np.ones(6)], [Families.of([0, 0, 0, 0, 1, 1])])[0]
    np.testing.assert_allclose(weights[:, :4].sum(axis=1), 1.0, atol=1e-12)
    np.testing.assert_allclose(weights[:, 4:].sum(axis=1), 1.0, atol=1e-12)
    np.testing.assert_allclose(weights.mean(axis=0), [0.25] * 4 + [0.5] * 2, atol=0.01)
    covariance = np.cov(weights[:, :4], rowvar=False)
    np.testing.assert_allclose(covariance, np.eye(4) / 20 - 1 / 80, atol=0.002)
    assert stats.kstest(weights[:, 4], "uniform").pvalue > 0.001  # of two children each is uniform
    assert stats.kstest(weights[:, 0], stats.beta(1, 3).cdf).pvalue > 0.001  # of four: Beta(1, 3)


def test_levels_that_are_not_drawn_keep_the_recipes_weights() -> None:
    upper_only = WeightsFactor(distribution="simplex", levels=(2,))
    given = [np.array([1.0, 2.0, 3.0]), np.array([5.0, 1.0])]
    members = [Families.of([0, 0, 1]), Families.of([0, 0])]
    weights = drawn_weights(upper_only, np.array([[3.0, 1.0]]), given, members)
    assert [level.tolist() for level in weights] == [[[1.0, 2.0, 3.0]], [[0.75, 0.25]]]


def test_noise_stays_within_its_size_by_level_and_leaves_a_zero_weight_alone() -> None:
    noise = WeightsFactor(distribution="noise", size={1: 0.5, 2: 0.1})
    numbers = drawn(DrawnFactor("weights", UNIFORM, 5))
    given = [np.array([1.0, 2.0, 0.0]), np.array([5.0, 1.0])]
    first, second = drawn_weights(noise, numbers, given, [Families.of([0, 0, 1]), Families.of([0, 0])])
    assert stats.kstest(first[:, 0], stats.uniform(0.5, 1).cdf).pvalue > 0.001
    assert (first[:, 2] == 0).all()
    assert (np.abs(second / given[1] - 1) <= 0.1).all()


def test_each_indicator_is_left_out_as_often_as_the_others() -> None:
    subsets = drawn(inclusion_draw(InclusionFactor(leave_out=2), 5))
    assert (subsets.sum(axis=1) == 2).all()
    assert stats.chisquare(subsets.sum(axis=0)).pvalue > 0.001
    either = drawn(inclusion_draw(InclusionFactor(leave_out=1, or_none=True), 3))
    assert stats.chisquare([*either.sum(axis=0), (~either.any(axis=1)).sum()]).pvalue > 0.001


def test_a_factor_keeps_its_numbers_whatever_else_is_drawn() -> None:
    normal, choice = DrawnFactor("data_flags", NORMAL, 4), DrawnFactor("method", CHOICE, 3)
    together = block_draws([choice, normal], seed=9, purpose="monte_carlo", block=2, draws=50)
    alone = block_draws([normal], seed=9, purpose="monte_carlo", block=2, draws=50)
    np.testing.assert_array_equal(together["data_flags"], alone["data_flags"])


@pytest.mark.parametrize("change", [{"seed": 10}, {"block": 3}, {"purpose": "saltelli_a"}])
def test_another_seed_block_or_purpose_has_other_numbers(change: dict[str, object]) -> None:
    normal = DrawnFactor("data_flags", NORMAL, 4)
    given = {"seed": 9, "purpose": "monte_carlo", "block": 2}
    one = block_draws([normal], draws=50, **given)
    other = block_draws([normal], draws=50, **(given | change))
    assert not np.isin(one["data_flags"], other["data_flags"]).any()
