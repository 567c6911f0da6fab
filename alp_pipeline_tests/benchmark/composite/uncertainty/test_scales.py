"""Scores of several scales make no interval: it is over the draws on the recipe's own scale."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from alp_pipeline.benchmark.cells import BenchmarkInputError
from alp_pipeline.benchmark.composite.recipe import RecipeStep
from alp_pipeline.benchmark.composite.uncertainty.monte_carlo import monte_carlo
from alp_pipeline.benchmark.composite.uncertainty.results import UncertaintyResult
from alp_pipeline.benchmark.composite.uncertainty.scales import on_nominal_scale
from alp_pipeline_tests.benchmark.composite.uncertainty import small_index as small

NORMALISE, AGGREGATE = 2, 4
FLAGS = pd.DataFrame("e", index=small.UNITS, columns=small.CODES)


def same_scale(number: int, *changes: dict[str, Any], normalisation: str = "minmax") -> list[bool]:
    steps = list(small.recipe().changed({"normalise": {"method": normalisation}}).steps)
    ways = [steps[number].changed(change) for change in changes]
    return [bool(one) for one in on_nominal_scale(number, ways, steps, small.framework())]


def run(alternatives: list[dict[str, Any]], **more: Any) -> UncertaintyResult:
    factor = {"factor": "way", "step": "normalise", "alternatives": alternatives}
    spec = {"draws": 200, "seed": 2, "method": [factor], "data": {"flags": {"e": 0.1}}} | more
    return monte_carlo(small.units(flags=FLAGS), small.framework(), small.recipe(spec), workers=1)


def test_a_normalisation_is_on_the_scale_of_the_recipe_if_it_runs_between_the_same_ends() -> None:
    assert same_scale(
        NORMALISE,
        {"low": 0, "high": 100},
        {"low": 1},
        {"high": 1},
        {"method": "zscore"},
        {"method": "rank"},
        {"by_indicator": {"jobs": {"method": "rank"}}},
    ) == [True, False, False, False, False, False]
    unit = [{"method": "minmax", "low": 0, "high": 1}, {"method": "distance_to_maximum"}, {"method": "borda"}]
    assert same_scale(NORMALISE, *unit, normalisation="percentile_rank") == [True, True, False]
    assert same_scale(NORMALISE, {"ties": "max"}, {"method": "borda"}, normalisation="rank") == [True, False]


def test_means_keep_the_scale_and_comparisons_of_units_have_their_own() -> None:
    assert same_scale(
        AGGREGATE,
        {"method": "geometric"},
        {"by_level": {2: {"method": "generalised", "power": 2}}},
        {"method": "copeland"},
        {"by_level": {1: {"method": "mpi"}}},
    ) == [True, True, False, False]


def test_a_treatment_changes_the_scale_only_where_numbers_keep_their_units() -> None:
    log = {"method": "log", "apply": "always"}
    assert same_scale(1, log) == [True]
    assert same_scale(1, log, normalisation="none") == [False]
    steps = [RecipeStep.model_validate(one) for one in ({"step": "treat"}, {"step": "aggregate"})]
    assert not on_nominal_scale(0, [steps[0].changed(log)], steps, small.framework())[0]


def test_score_intervals_are_those_of_the_draws_on_the_nominal_scale_and_ranks_of_all() -> None:
    result = run([{"low": 1, "high": 100}, {"method": "zscore"}, {"method": "percentile_rank"}])
    summary, ranks = result.summary, result.ranks
    same = result.scores.max(axis=1) > 10  # minimum-maximum scores; the others are below
    assert 40 < same.sum() < 100
    assert (summary["draws_scored"] == same.sum()).all()
    assert (summary["draws_ranked"] == 200).all()
    for column, share in (("score_low", 0.05), ("score_high", 0.95)):
        np.testing.assert_allclose(summary[column], result.scores[same].quantile(share))
    np.testing.assert_allclose(summary["score_mean"], result.scores[same].mean())
    np.testing.assert_allclose(summary["rank_high"], ranks.quantile(0.95))
    np.testing.assert_allclose(summary["score_assumed_share"], 1.0)  # at one scale only the data vary


def test_a_nominal_score_outside_its_interval_is_marked() -> None:
    factor = {"factor": "left_out", "leave_out": 1, "candidates": ["noise"]}
    spec = {"draws": 50, "method": [factor], "data": {"flags": {"e": 0.001}}}
    summary = monte_carlo(small.units(flags=FLAGS), small.framework(), small.recipe(spec)).summary
    nominal = summary["score_nominal"]
    away = (nominal < summary["score_low"]) | (nominal > summary["score_high"])
    assert away.sum() >= 3
    assert (summary["is_score_outside"] == away).all()


def test_without_a_draw_on_the_nominal_scale_there_is_no_score_interval_but_there_are_ranks() -> None:
    summary = run([{"method": "zscore"}, {"method": "rank"}]).summary
    gone = ["score_low", "score_mean", "score_high", "is_score_outside", "score_assumed_share"]
    assert summary[gone].isna().all(axis=None)
    assert summary["score_nominal"].notna().all()
    assert summary[["rank_low", "rank_high", "rank_assumed_share"]].notna().all(axis=None)


def test_thresholds_on_scores_of_several_scales_are_refused() -> None:
    classes = {"by": "threshold", "limits": [50]}
    with pytest.raises(BenchmarkInputError, match="another scale"):
        run([{"low": 1, "high": 100}, {"method": "zscore", "mean": 50}], classes=classes)
    run([{"low": 1, "high": 100}], classes=classes)


def test_a_perimeter_has_the_score_intervals_of_the_universe() -> None:
    result = run([{"low": 1, "high": 100}, {"method": "zscore"}])
    some = ["CH", "SI"]
    columns = ["score_low", "score_high", "draws_scored", "score_assumed_share"]
    pd.testing.assert_frame_equal(result.among(some).summary[columns], result.summary.loc[some, columns])
