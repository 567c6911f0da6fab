"""What must hold of any run, seen from outside: sums of shares, laws of weights, replay by the manifest."""

import itertools
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alp_pipeline.benchmark.composite.decomposition import decompose_difference
from alp_pipeline.benchmark.composite.families import Families
from alp_pipeline.benchmark.composite.index import compute_index
from alp_pipeline.benchmark.composite.recipe import Recipe
from alp_pipeline.benchmark.composite.uncertainty.compile import compiled
from alp_pipeline.benchmark.composite.uncertainty.data_draws import perturbed
from alp_pipeline.benchmark.composite.uncertainty.draws import (
    EXPONENTIAL,
    UNIFORM,
    DrawnFactor,
    block_draws,
    drawn_weights,
)
from alp_pipeline.benchmark.composite.uncertainty.monte_carlo import monte_carlo
from alp_pipeline.benchmark.composite.uncertainty.results import UncertaintyResult
from alp_pipeline.benchmark.composite.uncertainty.sensitivity import sensitivity
from alp_pipeline.benchmark.composite.uncertainty.spec import UncertaintySpec, WeightsFactor
from alp_pipeline_tests.benchmark.composite.uncertainty import small_index as small

FLAGS = pd.DataFrame("e", index=small.UNITS, columns=small.CODES)
SPEC: dict[str, Any] = {
    "draws": 300,
    "seed": 5,
    "method": [
        {"factor": "way", "step": "normalise", "alternatives": [{"method": "minmax"}, {"method": "zscore"}]},
        {"distribution": "simplex"},
    ],
    "data": {"flags": {"e": 0.1}, "imputed": "residual"},
}


def run(frame: pd.DataFrame | None = None, **change: Any) -> UncertaintyResult:
    return monte_carlo(
        small.units(frame, flags=FLAGS), small.framework(), small.recipe(SPEC | change), workers=1
    )


def test_each_unit_has_some_rank_and_each_rank_some_unit_in_every_draw() -> None:
    shares = run().rank_acceptability
    np.testing.assert_allclose(shares.sum(axis=1), 1.0, atol=1e-12)
    np.testing.assert_allclose(shares.sum(axis=0), 1.0, atol=1e-12)  # drawn scores are continuous: no ties


@pytest.mark.parametrize("by", ["continuous", "with ties"])
def test_above_below_and_tied_are_all_there_is(by: str) -> None:
    change: dict[str, Any] = {}
    if by == "with ties":  # ranks of few indicators, data as they are
        ranks = [{"method": "rank"}]
        change = {"data": {}, "method": [{"factor": "way", "step": "normalise", "alternatives": ranks}]}
        change["method"] += [{"leave_out": 4}]
    result = run(**change)
    tied = 0.0
    for one, other in itertools.combinations(small.UNITS, 2):
        ties = float((result.scores[one] == result.scores[other]).mean())
        total = result.above.loc[one, other] + result.above.loc[other, one] + ties
        assert total == pytest.approx(1.0, abs=1e-12)
        tied += ties
    assert (tied > 0) == (by == "with ties")


@pytest.mark.parametrize("number", [2, 3, 4])
def test_class_probabilities_add_up_by_unit_and_to_the_size_of_each_class(number: int) -> None:
    classes = run(classes={"number": number}).classes
    np.testing.assert_allclose(classes.sum(axis=1), 1.0, atol=1e-12)
    sizes = [len([rank for rank in range(8) if rank * number // 8 == one]) for one in range(number)]
    np.testing.assert_allclose(classes.sum(axis=0), sizes, atol=1e-9)


def test_a_class_is_as_likely_as_its_ranks() -> None:
    result = run(classes={"number": 2})
    upper = result.rank_acceptability[[1, 2, 3, 4]].sum(axis=1)
    np.testing.assert_allclose(result.classes["class_1"], upper, atol=1e-12)


@given(st.integers(2, 9), st.integers(0, 10_000))
@settings(max_examples=8, deadline=None)
def test_simplex_weights_are_dirichlet_of_ones_whatever_the_number_of_children(k: int, seed: int) -> None:
    # E w = 1/k, E w² = 2/(k(k+1)), E w_i w_j = 1/(k(k+1)), P(w > t) = (1 - t)^(k-1).
    draws = 20_000
    factor = DrawnFactor("weights", EXPONENTIAL, k)
    numbers = block_draws([factor], seed=seed, purpose="test", block=0, draws=draws)["weights"]
    simplex = WeightsFactor(distribution="simplex")
    w = drawn_weights(simplex, numbers, [np.full(k, 7.0)], [Families.of([0] * k)])[0]
    np.testing.assert_allclose(w.sum(axis=1), 1.0, atol=1e-12)
    assert (w > 0).all()
    error = 6 / np.sqrt(draws)  # six standard errors of a mean of numbers between 0 and 1, at most
    moments = w.T @ w / draws
    np.testing.assert_allclose(w.mean(axis=0), 1 / k, atol=error * 0.5)
    np.testing.assert_allclose(moments, (1 + np.eye(k)) / (k * (k + 1)), atol=error * 0.5)
    for t in (0.1, 0.5):
        np.testing.assert_allclose((w > t).mean(axis=0), (1 - t) ** (k - 1), atol=error * 0.5)


def test_noise_is_uniform_around_the_given_weights() -> None:
    given_weights = np.array([1.0, 4.0, 0.5])
    numbers = block_draws(
        [DrawnFactor("weights", UNIFORM, 3)], seed=2, purpose="test", block=0, draws=40_000
    )["weights"]
    noise = WeightsFactor(distribution="noise", size=0.3)
    w = drawn_weights(noise, numbers, [given_weights], [Families.of([0, 0, 0])])[0]
    np.testing.assert_allclose(w.mean(axis=0), given_weights, rtol=0.005)
    np.testing.assert_allclose(w.std(axis=0), given_weights * 0.3 / np.sqrt(3), rtol=0.02)
    assert np.abs(np.corrcoef(w, rowvar=False) - np.eye(3)).max() < 0.03


@pytest.mark.parametrize(
    "imputation",
    [
        {"method": "regression", "predictor": "jobs"},
        {"method": "regression", "predictors": 2},
        {"method": "group_median", "group": "side"},
        {"method": "group_mean", "group": "side"},
    ],
    ids=["one predictor", "chosen predictors", "medians", "means"],
)
def test_gaps_are_imputed_anew_from_the_numbers_of_each_draw(imputation: dict[str, Any]) -> None:
    steps = [{"step": "impute", **imputation}, *small.STEPS[1:]]
    units, recipe, draws = small.units(flags=FLAGS), small.recipe(steps=steps), 12
    spec = UncertaintySpec.model_validate({"data": {"flags": {"e": 0.2}}})
    made = compiled(units, small.framework(), recipe, spec)
    numbers = block_draws(made.factors, seed=1, purpose="test", block=0, draws=draws)
    scores = pd.DataFrame(made.scores(numbers, draws), columns=made.units)
    stack = perturbed(made.raw, made.spreads, numbers, np.arange(draws))
    columns = ["jobs", "wages", "degrees", "patents", "co2", "noise"]  # the order of the tree
    for place in range(draws):
        table = pd.DataFrame(stack[place], index=made.units, columns=columns)
        drawn = units.with_values(table.loc[units.index, list(units.codes)])
        expected = compute_index(drawn, small.framework(), recipe).scores["index"]
        np.testing.assert_allclose(scores.loc[place, expected.index], expected, rtol=1e-10)


@pytest.mark.parametrize("method", ["arithmetic", "geometric"])
def test_the_difference_of_two_units_is_that_of_its_indicators_in_a_draw_too(method: str) -> None:
    factor = {"factor": "mean", "step": "aggregate", "alternatives": [{"method": method}]}
    recipe = small.recipe({"draws": 3, "method": [factor, {"distribution": "simplex"}]})
    spec = recipe.uncertainty
    assert spec is not None
    made = compiled(small.units(), small.framework(), recipe, spec)
    numbers = block_draws(made.factors, seed=1, purpose="test", block=0, draws=3)
    scores = pd.DataFrame(made.scores(numbers, 3), columns=made.units)
    families = [Families.of([0, 0, 1, 1, 2, 2]), Families.of([0, 0, 0])]
    simplex = WeightsFactor(distribution="simplex")
    drawn = drawn_weights(simplex, numbers["weights"], [np.ones(6), np.ones(3)], families)
    names = ["jobs", "wages", "degrees", "patents", "co2", "noise", "economy", "knowledge", "nature"]
    for place in range(3):
        weights = dict(zip(names, [*drawn[0][place], *drawn[1][place]], strict=True))
        framework = small.framework().with_weights(weights)
        index = compute_index(small.units(), framework, recipe.changed({"aggregate": {"method": method}}))
        why = decompose_difference(index, "AT", "SI")
        assert why.difference == pytest.approx(scores.loc[place, "AT"] - scores.loc[place, "SI"], rel=1e-9)
        assert why.indicators["contribution"].sum() == pytest.approx(why.difference - why.remainder, rel=1e-9)


def test_a_run_is_replayed_from_its_manifest_to_the_last_byte_with_any_workers() -> None:
    units, framework, recipe = small.units(flags=FLAGS), small.framework(), small.recipe(SPEC)
    first = monte_carlo(units, framework, recipe, workers=1)
    sobol = sensitivity(units, framework, recipe, n=40, bootstrap=50, workers=1)
    for workers in (2, 5):
        told = Recipe.of(first.manifest["recipe"])
        again = monte_carlo(units, framework, told, workers=workers)
        for name, table in first.tables().items():
            pd.testing.assert_frame_equal(again.tables()[name], table, check_exact=True)
        assert again.scores.to_numpy().tobytes() == first.scores.to_numpy().tobytes()
        assert again.manifest == first.manifest
        told = Recipe.of(sobol.manifest["recipe"])
        repeated = sensitivity(units, framework, told, n=40, bootstrap=50, workers=workers)
        pd.testing.assert_frame_equal(repeated.table, sobol.table, check_exact=True)
