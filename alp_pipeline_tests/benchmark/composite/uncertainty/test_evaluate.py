"""A draw is the recipe on that draw's data with that draw's choices: held against compute_index."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from alp_pipeline.benchmark.composite.families import Families
from alp_pipeline.benchmark.composite.imputation import Imputation, Layout, imputed
from alp_pipeline.benchmark.composite.index import compute_index
from alp_pipeline.benchmark.composite.ranking import ascending_ranks
from alp_pipeline.benchmark.composite.uncertainty.compile import compiled
from alp_pipeline.benchmark.composite.uncertainty.data_draws import perturbed
from alp_pipeline.benchmark.composite.uncertainty.draws import Draws, block_draws, drawn_weights
from alp_pipeline.benchmark.composite.uncertainty.evaluate import CompiledRecipe
from alp_pipeline.benchmark.composite.uncertainty.imputed_spread import leave_one_out_errors
from alp_pipeline.benchmark.composite.uncertainty.packed_ranks import packed_ranks
from alp_pipeline.benchmark.composite.uncertainty.pattern_means import PatternMeans
from alp_pipeline.benchmark.composite.uncertainty.spec import UncertaintySpec, WeightsFactor
from alp_pipeline_tests.benchmark.composite.uncertainty import small_index as small

DRAWS = 40
ALTERNATIVES: dict[str, list[dict[str, Any]]] = {
    "impute": [
        {"method": "mean"},
        {"method": "group_median", "group": "side"},
        {"method": "regression", "predictor": "jobs"},
        {"method": "none"},
    ],
    "treat": [
        {"method": "winsorise", "skew_max": 0.5, "kurtosis_max": 0.2, "max_points": 2, "then": "log_ct"},
        {"method": "outliers_sd", "k": 1.5},
        {"method": "outliers_sd", "k": 1.5, "replace": "exclude"},
        {"method": "boxcox", "skew_max": 0.5, "kurtosis_max": None},
    ],
    "normalise": [
        {"method": "zscore"},
        {"method": "rank"},
        {"method": "percentile_rank", "ties": "average"},
        {"method": "borda"},
        {"method": "goalposts", "low": 0, "high": 60},
        {"method": "distance_to_reference", "reference": "FR"},
        {"method": "minmax", "by_indicator": {"jobs": {"method": "rank"}, "co2": {"low": 5}}},
        {"low": 10},
    ],
    "aggregate": [
        {"method": "geometric"},
        {"method": "harmonic"},
        {"method": "generalised", "power": 0.5},
        {"method": "copeland"},
        {"method": "mpi"},
        {"method": "ampi", "reference": "FR"},
        {"methods": ["geometric", "arithmetic"], "availability_min": 0.9},
    ],
}


def drawn_from(spec: dict[str, Any], **given: Any) -> tuple[CompiledRecipe, Draws, pd.DataFrame]:
    recipe = small.recipe(steps=given.pop("steps", None))
    made = compiled(
        given.pop("units", small.units()), small.framework(), recipe, UncertaintySpec.model_validate(spec)
    )
    numbers = block_draws(made.factors, seed=1, purpose="test", block=0, draws=DRAWS)
    return made, numbers, pd.DataFrame(made.scores(numbers, DRAWS), columns=made.units)


@pytest.mark.parametrize("step", ALTERNATIVES)
def test_each_alternative_gives_the_scores_of_the_recipe_with_that_step_changed(step: str) -> None:
    factor = {"factor": "way", "step": step, "alternatives": ALTERNATIVES[step]}
    _, numbers, scores = drawn_from({"method": [factor]})
    assert set(numbers["way"]) == set(range(len(ALTERNATIVES[step])))
    for number, alternative in enumerate(ALTERNATIVES[step]):
        changed = small.recipe().changed({step: alternative})
        expected = compute_index(small.units(), small.framework(), changed).scores["index"]
        for _, draw in scores[numbers["way"] == number].iterrows():
            pd.testing.assert_series_equal(draw[expected.index], expected, check_names=False, rtol=1e-10)


def test_alternatives_of_one_level_leave_the_others_as_they_are() -> None:
    low = {"factor": "low", "step": "aggregate", "level": 1}
    low |= {"alternatives": [{"method": "arithmetic"}, {"method": "geometric"}]}
    high = {"factor": "high", "step": "aggregate", "level": 2}
    high |= {"alternatives": [{"method": "harmonic"}, {"method": "generalised", "power": 2}]}
    _, numbers, scores = drawn_from({"method": [low, high]})
    for place in range(6):
        by_level = {
            1: low["alternatives"][numbers["low"][place]],
            2: high["alternatives"][numbers["high"][place]],
        }
        changed = small.recipe().changed({"aggregate": {"by_level": by_level}})
        expected = compute_index(small.units(), small.framework(), changed).scores["index"]
        np.testing.assert_allclose(scores.loc[place, expected.index], expected, rtol=1e-10)


def test_a_unit_that_an_alternative_screens_out_has_no_score_in_its_draws() -> None:
    screen = {"step": "screen", "availability_min": 0.5}
    steps = [screen, *small.STEPS]
    factor = {"factor": "screening", "step": "screen", "alternatives": [screen, {"availability_min": 1}]}
    factor["alternatives"][0] = {"availability_min": 0.5}
    _, numbers, scores = drawn_from({"method": [factor]}, steps=steps)
    strict = numbers["screening"] == 1
    assert scores.loc[strict, ["CH", "IT", "SI"]].isna().all(axis=None)
    assert scores.loc[~strict].notna().all(axis=None)
    changed = small.recipe(steps=steps).changed({"screen": {"availability_min": 1}})
    expected = compute_index(small.units(), small.framework(), changed).scores["index"]
    np.testing.assert_allclose(scores.loc[strict].iloc[0][expected.index], expected, rtol=1e-10)


def test_a_draw_of_data_is_the_index_of_the_drawn_data() -> None:
    flags = pd.DataFrame("e", index=small.UNITS, columns=small.CODES)
    spec = {"data": {"flags": {"e": 0.2}, "revisions": {"jobs": 0.3}}}
    table = small.units(flags=flags)
    made, numbers, scores = drawn_from(spec, units=table)
    stack = perturbed(made.raw, made.spreads, numbers, np.arange(DRAWS))
    columns = compiled_codes()
    for place in range(3):
        frame = pd.DataFrame(stack[place], index=made.units, columns=columns)
        perturbed_units = table.with_values(frame.loc[table.index, list(table.codes)])
        expected = compute_index(perturbed_units, small.framework(), small.recipe()).scores["index"]
        np.testing.assert_allclose(scores.loc[place, expected.index], expected, rtol=1e-10)


def compiled_codes() -> list[str]:
    """The order of the tree: by pillar, then by code."""
    return ["jobs", "wages", "degrees", "patents", "co2", "noise"]


def test_drawn_weights_are_the_frameworks_weights_of_that_draw() -> None:
    _, numbers, scores = drawn_from({"method": [{"distribution": "simplex"}]})
    low, high = compiled_codes(), ["economy", "knowledge", "nature"]
    drawn = drawn_weights(
        WeightsFactor(distribution="simplex"),
        numbers["weights"],
        [np.ones(6), np.ones(3)],
        [Families.of([0, 0, 1, 1, 2, 2]), Families.of([0, 0, 0])],
    )
    for place in range(3):
        weights = dict(zip(low, drawn[0][place], strict=True)) | dict(zip(high, drawn[1][place], strict=True))
        framework = small.framework().with_weights(weights)
        expected = compute_index(small.units(), framework, small.recipe()).scores["index"]
        np.testing.assert_allclose(scores.loc[place, expected.index], expected, rtol=1e-10)


@pytest.mark.parametrize("leave_out", [1, 2, 4])
def test_leaving_indicators_out_is_the_framework_without_them(leave_out: int) -> None:
    _, numbers, scores = drawn_from({"method": [{"leave_out": leave_out}]})
    for place in range(6):
        gone = np.array(sorted(small.CODES))[numbers["inclusion"][place]]
        framework = small.framework().without(gone)
        expected = compute_index(small.units(), framework, small.recipe()).scores["index"]
        np.testing.assert_allclose(scores.loc[place, expected.index], expected, rtol=1e-10)


def test_candidates_alone_are_left_out() -> None:
    _, numbers, scores = drawn_from({"method": [{"leave_out": 1, "candidates": ["noise", "co2"]}]})
    for place in range(3):
        gone = ["co2", "noise"][int(np.argmax(numbers["inclusion"][place]))]
        expected = compute_index(small.units(), small.framework().without([gone]), small.recipe()).scores[
            "index"
        ]
        np.testing.assert_allclose(scores.loc[place, expected.index], expected, rtol=1e-10)


def test_an_imputed_cell_gets_the_declared_error_and_no_other_cell_does() -> None:
    steps = [small.STEPS[0], {"step": "normalise", "method": "none"}, {"step": "aggregate"}]
    made, numbers, scores = drawn_from({"data": {"imputed": 0.1}}, steps=steps)
    base = compute_index(small.units(), small.framework(), small.recipe(steps=steps))
    filled = base.stages["1_impute"].values
    places = {"CH": ("wages", 1 / 3 / 4), "IT": ("co2", -1 / 4 / 4), "SI": ("degrees", 1 / 2 * 2 / 4)}
    order = [("CH", "wages"), ("IT", "co2"), ("SI", "degrees")]  # by unit: one normal number each
    for number, (unit, code) in enumerate(order):
        share = places[unit][1]
        error = 0.1 * filled.loc[unit, code] * numbers["data_imputed"][:, number]
        np.testing.assert_allclose(scores[unit], base.scores.loc[unit, "index"] + share * error, rtol=1e-10)
    others = [unit for unit in made.units if unit not in places]
    np.testing.assert_allclose(scores[others].std(), 0, atol=1e-9)


@pytest.mark.parametrize("method", ["mean", "median"])
def test_imputed_cells_have_errors_also_after_a_screen_that_leaves_units_out(method: str) -> None:
    frame = small.data()
    frame.loc[0, ["jobs", "wages", "patents", "degrees", "co2"]] = None
    steps = [{"step": "screen"}, {"step": "impute", "method": method}, {"step": "aggregate"}]
    _, _, scores = drawn_from({"data": {"imputed": 0.1}}, units=small.units(frame), steps=steps)
    assert scores["AT"].isna().all()
    assert (scores[["CH", "IT", "SI"]].std() > 0.1).all()
    assert (scores[["DE", "FR", "LI", "MC"]].std() < 1e-9).all()


def test_the_error_of_an_imputation_is_that_of_leaving_each_known_cell_out() -> None:
    column = np.array([1.0, 2.0, 6.0, 10.0, np.nan])
    table = np.column_stack([column, [1.0, 2.0, 3.0, 4.0, 5.0]])
    layout = Layout(np.arange(5), np.zeros(5, dtype=np.int64), {"g": np.array([0, 0, 1, 1, 1])}, ("a", "b"))
    means = [(2 + 6 + 10) / 3 - 1, (1 + 6 + 10) / 3 - 2, (1 + 2 + 10) / 3 - 6, (1 + 2 + 6) / 3 - 10]
    wanted = np.array([True, False])
    found = leave_one_out_errors(table, [Imputation("mean")] * 2, layout, wanted)
    np.testing.assert_allclose(found, [np.sqrt(np.mean(np.square(means))), np.nan])
    grouped = leave_one_out_errors(table, [Imputation("group_mean", group="g")] * 2, layout, wanted)
    np.testing.assert_allclose(grouped[0], np.sqrt(np.mean(np.square([1, -1, 4, -4]))))
    fitted = leave_one_out_errors(table, [Imputation("regression", predictor="b")] * 2, layout, wanted)
    naive = []
    for out in range(4):
        rest = [row for row in range(4) if row != out]
        slope, intercept = np.polyfit(table[rest, 1], column[rest], 1)
        naive.append(intercept + slope * table[out, 1] - column[out])
    np.testing.assert_allclose(fitted[0], np.sqrt(np.mean(np.square(naive))))


@given(
    arrays.arrays(np.float64, (3, 12, 4), elements=st.floats(-50, 50)),
    arrays.arrays(np.bool_, (12, 4)),
    arrays.arrays(np.int64, 12, elements=st.integers(-1, 3)),
    st.sampled_from(["mean", "group_mean", "none"]),
)
@settings(max_examples=60, deadline=None)
def test_means_by_pattern_are_those_of_the_imputation(
    values: np.ndarray, gaps: np.ndarray, groups: np.ndarray, method: str
) -> None:
    values[:, gaps] = np.nan
    layout = Layout(np.arange(12), np.zeros(12, dtype=np.int64), {"g": groups}, tuple("abcd"))
    fillable = np.ones(gaps.shape, dtype=np.bool_)
    fillable[:2] = False
    each = [Imputation(method, group="g" if method == "group_mean" else None)] * 4
    ours = PatternMeans.of(~gaps, fillable, each, layout).filled(values)
    np.testing.assert_allclose(ours, imputed(values, fillable, each, layout), atol=1e-12)


@given(
    arrays.arrays(
        np.float64,
        st.tuples(st.integers(1, 3), st.integers(1, 40)),
        elements=st.one_of(
            st.floats(allow_nan=False, allow_infinity=False),
            st.sampled_from([0.0, -0.0, 1.0, 1.0 + 2e-16, -1.0, 5e-324]),
        ),
    ),
    st.sampled_from(["min", "max", "average"]),
)
@settings(max_examples=200, deadline=None)
def test_packed_ranks_are_the_ranks_to_the_last_bit(values: np.ndarray, ties: str) -> None:
    np.testing.assert_array_equal(packed_ranks(values, ties), ascending_ranks(values, ties))
