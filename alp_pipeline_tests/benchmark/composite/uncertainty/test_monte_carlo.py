"""Monte Carlo over method and data: known truths, honesty, the same bytes again."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from alp_pipeline.benchmark.cells import BenchmarkInputError
from alp_pipeline.benchmark.composite.framework import Framework
from alp_pipeline.benchmark.composite.index import compute_index
from alp_pipeline.benchmark.composite.uncertainty.monte_carlo import monte_carlo
from alp_pipeline.benchmark.composite.uncertainty.results import UncertaintyResult
from alp_pipeline.benchmark.composite.units import UnitTable
from alp_pipeline_tests.benchmark.composite.uncertainty import small_index as small

NORMALISATION = {
    "factor": "normalisation",
    "step": "normalise",
    "alternatives": [{"method": "minmax"}, {"method": "zscore"}, {"method": "rank"}],
}
REVISED = {"relative_sd": 0.1, "revisions": 40, "vintages": ["2022", "2023"]}
EVERYTHING: dict[str, Any] = {
    "draws": 300,
    "seed": 11,
    "method": [NORMALISATION, {"distribution": "simplex"}, {"leave_out": 1, "or_none": True}],
    "data": {"flags": {"e": 0.1}, "imputed": "residual", "revisions": {"jobs": 0.05}},
}


def flags() -> pd.DataFrame:
    return pd.DataFrame("e", index=small.UNITS, columns=small.CODES)


def run(spec: dict[str, Any], *, workers: int | None = 1, **given: Any) -> UncertaintyResult:
    table = given.pop("units", None)
    table = small.units(flags=flags()) if table is None else table
    tree = given.pop("framework", None)
    recipe = small.recipe(spec, given.pop("steps", None))
    return monte_carlo(table, small.framework() if tree is None else tree, recipe, workers=workers, **given)


@pytest.fixture(scope="module")
def everything() -> UncertaintyResult:
    return run(EVERYTHING)


def bytes_of(result: UncertaintyResult) -> list[bytes]:
    frames = [result.scores, result.ranks, result.above, result.classes, result.rank_acceptability]
    texts = [result.summary.to_csv(), result.configuration.to_csv(), str(result.manifest)]
    return [*(frame.to_numpy().tobytes() for frame in frames), *(text.encode() for text in texts)]


def test_the_range_of_ranks_contains_the_nominal_rank(everything: UncertaintyResult) -> None:
    summary = everything.summary
    expected = compute_index(small.units(flags=flags()), small.framework(), small.recipe()).ranks["index"]
    assert summary["rank_nominal"].tolist() == expected.tolist()
    assert (summary["rank_best"] <= summary["rank_nominal"]).all()
    assert (summary["rank_worst"] >= summary["rank_nominal"]).all()


def test_an_interval_that_leaves_the_nominal_rank_out_says_so() -> None:
    # Whatever the weights, "noise" is not in the draws: its nominal weight of 3 moves ranks that no draw has.
    spec = EVERYTHING | {"draws": 100, "data": {}, "method": [{"leave_out": 1, "candidates": ["noise"]}]}
    summary = run(spec).summary
    away = (summary["rank_nominal"] < summary["rank_low"]) | (summary["rank_nominal"] > summary["rank_high"])
    assert away.any()
    assert (summary["is_nominal_outside"] == away).all()
    assert (summary["rank_best"] <= summary["rank_nominal"]).all()


def two_units(spread: float) -> UncertaintyResult:
    table = {"code": ["x", "I"], "level": [1, 2], "parent": ["I", None], "direction": 1}
    tree = Framework.of(pd.DataFrame(table | {"type": ["Indicator", "Aggregate"]}))
    frame = pd.DataFrame({"unit": ["A", "B"], "x": [110.0, 100.0]})
    marks = pd.DataFrame({"x": ["e", "e"]}, index=["A", "B"])
    steps = [{"step": "normalise", "method": "none"}, {"step": "aggregate"}]
    spec = {"draws": 20_000, "seed": 1, "data": {"flags": {"e": spread}}, "assumed_draws": 500}
    return run(spec, steps=steps, framework=tree, units=UnitTable.of(frame, tree, flags=marks))


@pytest.mark.parametrize("spread", [0.02, 0.05, 0.2])
def test_a_is_above_b_as_often_as_two_normal_errors_say(spread: float) -> None:
    result = two_units(spread)
    expected = stats.norm.cdf(10 / (spread * np.hypot(110, 100)))
    error = 4 * np.sqrt(expected * (1 - expected) / 20_000)
    assert abs(result.above.loc["A", "B"] - expected) < error
    assert result.above.loc["A", "B"] + result.above.loc["B", "A"] == pytest.approx(1)
    assert result.rank_acceptability.loc["A", 1] == result.above.loc["A", "B"]
    low, high = result.summary.loc["A", ["score_low", "score_high"]]
    quantiles = stats.norm.ppf([0.05, 0.95], 110, 110 * spread)
    np.testing.assert_allclose([low, high], quantiles, atol=110 * spread * 0.05)


def test_the_same_seed_gives_the_same_bytes_and_another_does_not(everything: UncertaintyResult) -> None:
    assert bytes_of(run(EVERYTHING)) == bytes_of(everything)
    other = run(EVERYTHING | {"seed": 12})
    assert (other.scores.to_numpy() != everything.scores.to_numpy()).mean() > 0.99


def test_the_number_of_workers_does_not_show(everything: UncertaintyResult) -> None:
    for workers in (2, 3):
        assert bytes_of(run(EVERYTHING, workers=workers)) == bytes_of(everything)
    with pytest.raises(BenchmarkInputError, match="workers is 0"):
        run(EVERYTHING, workers=0)


def test_the_order_of_units_indicators_and_framework_does_not_show(everything: UncertaintyResult) -> None:
    frame = small.data().iloc[::-1][[*reversed(small.CODES), "side", "unit"]]
    tree = Framework.of(small.framework().table.iloc[::-1])
    other = run(EVERYTHING, units=UnitTable.of(frame, tree, flags=flags()), framework=tree)
    assert other.summary.index.tolist() == small.UNITS[::-1]
    pd.testing.assert_frame_equal(other.summary.loc[small.UNITS], everything.summary, check_exact=True)
    pd.testing.assert_frame_equal(other.scores[small.UNITS], everything.scores, check_exact=True)
    pd.testing.assert_frame_equal(other.configuration, everything.configuration)


def test_shares_are_those_counted_draw_by_draw(everything: UncertaintyResult) -> None:
    scores = everything.scores
    ranks = scores.rank(axis=1, ascending=False, method="min")
    np.testing.assert_array_equal(everything.ranks, ranks)
    for rank in (1, 4, 8):
        np.testing.assert_allclose(everything.rank_acceptability[rank], (ranks == rank).mean())
    for unit in ("AT", "SI"):
        others = [other for other in small.UNITS if other != unit]
        naive = [(scores[unit] > scores[other]).mean() for other in others]
        np.testing.assert_allclose(everything.above.loc[unit, others], naive)
    np.testing.assert_allclose(everything.summary["rank_low"], ranks.quantile(0.05))
    np.testing.assert_allclose(everything.summary["rank_high"], ranks.quantile(0.95))
    np.testing.assert_allclose(everything.summary["rank_mean"], ranks.mean())
    same_scale = scores.loc[everything.drawn.on_scale]
    np.testing.assert_allclose(everything.summary["score_high"], same_scale.quantile(0.95))
    np.testing.assert_allclose(everything.classes["class_1"], (ranks <= 2).mean())
    np.testing.assert_allclose(everything.classes.sum(axis=1), 1)
    assert np.isnan(np.diag(everything.above)).all()


def test_without_any_spread_every_draw_is_the_nominal_index() -> None:
    same = [{"method": "minmax", "low": 1, "high": 100}] * 2
    spec = {"draws": 30, "method": [NORMALISATION | {"alternatives": same}], "data": {"flags": {"e": 0.0}}}
    summary = run(spec).summary
    for column in ("rank_low", "rank_median", "rank_high", "rank_best", "rank_worst"):
        assert (summary[column] == summary["rank_nominal"]).all()
    assert (summary["rank_assumed_share"] == 0).all()


def test_identical_units_tie_in_every_draw_of_method() -> None:
    frame = small.data()
    frame.loc[1, small.CODES] = frame.loc[0, small.CODES]
    result = run(EVERYTHING | {"data": {}}, units=small.units(frame))
    assert result.above.loc["AT", "CH"] == result.above.loc["CH", "AT"] == 0
    assert (result.scores["AT"] == result.scores["CH"]).all()


def confidential(*, bounds: tuple[float, float] | None = None) -> UnitTable:
    frame = small.data()
    frame.loc[0, "jobs"] = ":c"
    if bounds is None:
        return small.units(frame, flags=flags())
    low, high = (pd.DataFrame({"jobs": {"AT": bound}}) for bound in bounds)
    return small.units(frame, flags=flags(), lower=low, upper=high)


def test_a_confidential_cell_without_bounds_leaves_its_unit_undetermined_in_every_draw() -> None:
    result = run(EVERYTHING, units=confidential())
    assert result.summary.loc["AT", "state"] == "undetermined"
    assert result.scores["AT"].isna().all()
    assert (result.ranks["AT"] == 0).all()
    assert result.ranks.drop(columns="AT").max(axis=None) == 7  # and takes no place from anyone
    assert result.summary.loc["AT"].drop(["state", "draws_ranked", "draws_scored"]).isna().all()
    assert result.above.loc["AT"].isna().all()
    assert result.above["AT"].isna().all()
    zero = small.data()
    zero.loc[0, "jobs"] = 0.0
    assert run(EVERYTHING, units=small.units(zero, flags=flags())).scores["AT"].notna().all()


def test_bounds_that_are_not_drawn_leave_the_unit_undetermined() -> None:
    result = run(EVERYTHING, units=confidential(bounds=(10.0, 40.0)))
    assert result.summary.loc["AT", "state"] == "undetermined"
    assert result.scores["AT"].isna().all()


def test_a_cell_known_between_bounds_gives_ranks_but_never_a_point() -> None:
    spec = {"draws": 400, "seed": 1, "data": {"intervals": "uniform"}}
    result = run(spec, units=confidential(bounds=(10.0, 40.0)))
    unit = result.summary.loc["AT"]
    assert unit["state"] == "interval"
    assert pd.isna(unit["score_nominal"])
    assert pd.isna(unit["rank_nominal"])
    assert unit["rank_nominal_best"] <= unit["rank_low"] <= unit["rank_high"] <= unit["rank_nominal_worst"]
    ends = [
        compute_index(small.units(frame), small.framework(), small.recipe()).scores.loc["AT", "index"]
        for frame in (small.data().replace({"jobs": {small.values().loc["AT", "jobs"]: v}}) for v in (10, 40))
    ]
    inside = result.scores["AT"].between(min(ends) - 1e-9, max(ends) + 1e-9)
    assert inside.all()
    assert set(result.configuration["basis"]) == {"known bounds, drawn evenly"}
    assert result.configuration["is_assumption"].all()


def test_an_interval_says_how_much_of_it_is_assumed() -> None:
    declared = run({"draws": 500, "data": {"flags": {"e": 0.1}}}).summary["score_assumed_share"]
    np.testing.assert_allclose(declared, 1.0)
    estimated = run({"draws": 500, "data": {"revisions": dict.fromkeys(small.CODES, REVISED)}}).summary
    assert (estimated["score_assumed_share"] == 0).all()
    typed = run({"draws": 500, "data": {"revisions": dict.fromkeys(small.CODES, 0.1)}})
    np.testing.assert_allclose(typed.summary["score_assumed_share"], 1.0)
    assert typed.configuration["basis"].unique().tolist() == ["declared"]
    assert typed.configuration["is_assumption"].all()
    # Of two independent normal errors of equal size one is assumed: 1 - 1/√2 of the width.
    steps = [small.STEPS[0], {"step": "normalise", "method": "none"}, {"step": "aggregate"}]
    both = {"flags": {"u": 0.1}, "revisions": dict.fromkeys(small.CODES, REVISED)}
    marks = flags().replace("e", "u")
    spec = {"draws": 4000, "assumed_draws": 4000, "data": both}
    mixed = run(spec, steps=steps, units=small.units(flags=marks)).summary["score_assumed_share"]
    np.testing.assert_allclose(mixed.median(), 1 - 1 / np.sqrt(2), atol=0.04)
    unasked = run({"draws": 100, "assumed_draws": 0, "data": {"flags": {"e": 0.1}}}).summary
    assert unasked["score_assumed_share"].isna().all()


def test_a_declared_error_of_imputed_cells_is_assumed_and_a_residual_is_not() -> None:
    gap = ["CH", "IT", "SI"]
    steps = [small.STEPS[0], {"step": "normalise", "method": "none"}, {"step": "aggregate"}]
    declared = run({"draws": 200, "data": {"imputed": 0.1}}, steps=steps).summary["score_assumed_share"]
    assert (declared[gap] == 1).all()
    residual = run({"draws": 200, "data": {"imputed": "residual"}}, steps=steps).summary
    assert (residual["score_assumed_share"] == 0).all()
    assert (residual.loc[gap, "score_high"] > residual.loc[gap, "score_low"]).all()


def test_the_configuration_names_every_alternative_and_counts_every_cell(
    everything: UncertaintyResult,
) -> None:
    table = everything.configuration
    assert (table["factor"] == "normalisation").sum() == 3
    assert table.loc[table["factor"] == "normalisation", "value"].str.contains("by_indicator").all()
    by_factor = table.groupby("factor")["cells"].sum()
    assert by_factor["data_flags"] == 48 - 3 - 8  # not the gaps, nor jobs, whose revisions are known
    assert by_factor["data_revisions"] == 8
    assert by_factor["data_imputed"] == 3
    assumed = table[table["is_assumption"]]["factor"].unique().tolist()
    assert assumed == ["data_flags", "data_revisions"]  # a typed number is declared, whatever it is called
    assert everything.manifest["recipe"]["uncertainty"]["seed"] == 11


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"method": [NORMALISATION | {"step": "screen"}]}, "screen"),
        ({"method": [NORMALISATION | {"occurrence": 2}]}, "occurrence|2 times"),
        ({"method": [NORMALISATION, NORMALISATION | {"factor": "again"}]}, "normalisation and again"),
        ({"method": [{"distribution": "simplex", "levels": [3]}]}, "level 3"),
        ({"method": [{"leave_out": 1, "candidates": ["gdp"]}]}, "gdp"),
        ({"method": [{"leave_out": 6}]}, "6 indicators"),
        ({"data": {"revisions": {"gdp": 0.1}}}, "gdp"),
        ({"target": "gdp", "data": {"flags": {"e": 0.1}}}, "gdp"),
        ({}, "nothing is said to be uncertain"),
    ],
)
def test_what_cannot_be_drawn_is_refused_by_name(change: dict[str, Any], message: str) -> None:
    with pytest.raises(BenchmarkInputError, match=message):
        run({"draws": 10} | change)


def test_a_step_missing_from_the_recipe_fails_and_is_not_skipped() -> None:
    with pytest.raises(BenchmarkInputError, match="does not impute"):
        run({"data": {"imputed": 0.1}}, steps=small.STEPS[1:], units=small.units(small.data(gaps=False)))
    nominal = small.recipe()
    without = nominal.model_copy(update={"steps": (*nominal.steps[:1], *nominal.steps[2:])})
    spec = small.recipe({"method": [NORMALISATION | {"step": "treat", "alternatives": [{"method": "none"}]}]})
    with pytest.raises(BenchmarkInputError, match="varies the step treat, which the recipe does not have"):
        monte_carlo(small.units(), small.framework(), without, spec.uncertainty)


def test_a_panel_is_refused_by_name() -> None:
    frame = pd.concat([small.data().assign(time=year) for year in (2020, 2021)])
    with pytest.raises(BenchmarkInputError, match="panel"):
        run(EVERYTHING, units=UnitTable.of(frame, small.framework()))


def test_a_number_that_a_step_cannot_take_stops_the_run_by_name() -> None:
    geometric = {"factor": "mean", "step": "aggregate", "alternatives": [{"method": "geometric"}]}
    zero = NORMALISATION | {"alternatives": [{"method": "zscore"}]}
    with pytest.raises(BenchmarkInputError, match="geometric"):
        run({"draws": 20, "method": [zero, geometric]})
    log = {"factor": "t", "step": "treat", "alternatives": [{"method": "log", "apply": "always"}]}
    with pytest.raises(BenchmarkInputError, match="which was drawn for"):
        run({"draws": 200, "method": [log], "data": {"flags": {"e": 2.0}}})


def test_screening_after_excluding_outliers_is_refused_because_draws_would_differ() -> None:
    exclude = {"step": "treat", "method": "outliers_sd", "k": 1, "replace": "exclude"}
    steps = [small.STEPS[0], exclude, {"step": "screen"}, *small.STEPS[2:]]
    with pytest.raises(BenchmarkInputError, match="screen"):
        run({"draws": 10, "data": {"flags": {"e": 0.1}}}, steps=steps)


def test_weights_learnt_from_data_are_said_to_be_learnt_once() -> None:
    steps = [*small.STEPS[:3], {"step": "weight", "method": "pca", "against": "zero"}, small.STEPS[4]]
    table = run({"draws": 10, "data": {"flags": {"e": 0.1}}}, steps=steps).configuration
    told = table[table["basis"] == "fixed"]
    assert told["what"].tolist() == ["4_weight"]
    assert "the nominal data" in told["value"].item()


def test_thresholds_in_percent_of_the_mean_follow_each_draws_mean() -> None:
    classes = {"by": "threshold", "limits": [90, 110], "percent_of_mean": True}
    result = run({"draws": 50, "data": {"flags": {"e": 0.1}}, "classes": classes})
    relative = result.scores.div(result.scores.mean(axis=1), axis=0) * 100
    np.testing.assert_allclose(result.classes["class_1"], (relative >= 110).mean())
    np.testing.assert_allclose(result.classes["class_3"], (relative < 90).mean())
    centred = [{"method": "zscore"}]
    with pytest.raises(BenchmarkInputError, match="mean score of a draw is not positive"):
        run({"draws": 50, "method": [NORMALISATION | {"alternatives": centred}], "classes": classes})


def test_another_target_is_ranked_by_its_own_scores() -> None:
    result = run({"draws": 20, "target": "economy", "data": {"flags": {"e": 0.0}}})
    index = compute_index(small.units(flags=flags()), small.framework(), small.recipe())
    np.testing.assert_allclose(result.scores.iloc[0], index.scores["economy"])
