"""Imputation: COINr's estimates; numbers and confidential cells stay, every estimate is marked."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alp_pipeline.benchmark.cells import BenchmarkInputError
from alp_pipeline.benchmark.composite.framework import Framework
from alp_pipeline.benchmark.composite.imputation import METHODS, Imputation, Layout, imputed
from alp_pipeline.benchmark.composite.impute import imputations_of, impute
from alp_pipeline.benchmark.composite.units import UnitTable

CODES = ["a", "b", "c"]
FRAMEWORK = Framework.of(
    pd.DataFrame(
        {
            "code": [*CODES, "side"],
            "level": [1, 1, 1, None],
            "parent": None,
            "direction": [1, 1, 1, None],
            "type": ["Indicator"] * 3 + ["Group"],
        }
    )
)


def units(data: pd.DataFrame, **given) -> UnitTable:
    for code in CODES:
        data = data if code in data else data.assign(**{code: 1.0})
    return UnitTable.of(data if "side" in data else data.assign(side="s"), FRAMEWORK, **given)


def of_a(*cells: object, **columns: object) -> UnitTable:
    return units(pd.DataFrame({"unit": [f"u{n}" for n in range(len(cells))], "a": list(cells), **columns}))


def panel(*rows: tuple[str, int, object]) -> UnitTable:
    return units(pd.DataFrame(rows, columns=["unit", "time", "a"]))


def a_of(table: UnitTable, **parameters) -> list[float]:
    return impute(table, FRAMEWORK, **parameters).units.values["a"].fillna(-1).tolist()


def test_group_means_are_coinr_s_on_asem(asem_units, asem_framework, asem_stage):
    denominated = asem_units.with_values(
        asem_stage("2_Denominated").reindex(columns=asem_units.codes).astype(float)
    )
    expected = asem_stage("3_Imputed")
    result = impute(denominated, asem_framework, method="group_mean", group="EurAsia_group")
    found = result.units.values.loc[expected.index, expected.columns]
    pd.testing.assert_frame_equal(found, expected.astype(float), check_names=False, rtol=1e-12, atol=0)
    assert len(result.details["imputed"]) == 65  # 63 missing, 2 quotients without a denominator
    assert result.details["not_imputed"].empty


def test_means_and_medians():
    assert a_of(of_a(1, 2, 9, None), method="mean") == [1, 2, 9, 4]
    assert a_of(of_a(1, 2, 9, None), method="median") == [1, 2, 9, 2]
    assert a_of(of_a(1, 2, 4, 9, None), method="median") == [1, 2, 4, 9, 3]
    sides = ["n", "n", "n", "s", "s", ""]
    table = of_a(1, 5, None, 7, None, None, side=sides)
    assert a_of(table, method="group_mean", group="side") == [1, 5, 3, 7, 7, -1]
    assert a_of(table, method="group_median", group="side") == [1, 5, 3, 7, 7, -1]


def test_what_could_not_be_estimated_is_listed_with_its_reason():
    data = pd.DataFrame(
        {
            "unit": list("ABCDE"),
            "side": ["n", "n", "s", "", "n"],
            "a": [1, None, None, None, ":c"],
            "b": [1, ":z", 2, 3, 4],
            "c": [None, 1, 2, 3, 4],
        }
    )
    own = {"method": "group_mean", "group": "side", "by_indicator": {"c": {"method": "none"}}}
    result = impute(units(data), FRAMEWORK, **own)
    assert result.details["imputed"].to_numpy().tolist() == [["B", "a", "group_mean", 1.0]]
    assert result.details["not_imputed"].to_numpy().tolist() == [
        ["A", "c", "not_available", "method none"],
        ["B", "b", "not_applicable", "not_applicable"],
        ["C", "a", "not_available", "nothing to estimate from"],
        ["D", "a", "not_available", "nothing to estimate from"],
        ["E", "a", "confidential", "confidential"],
    ]
    assert result.units.states["a"].tolist() == [
        "reported",
        "reported",
        "not_available",
        "not_available",
        "confidential",
    ]


def test_an_estimate_carries_a_mark_beside_the_publisher_s_flags():
    flags = pd.DataFrame({"a": ["p", "u", "i"]}, index=["u0", "u1", "u2"])
    data = pd.DataFrame({"unit": ["u0", "u1", "u2"], "a": [1, None, None]})
    result = impute(units(data, flags=flags), FRAMEWORK)
    assert result.units.flags["a"].tolist() == ["p", "ui", "i"]


def test_a_cell_with_bounds_is_not_estimated():
    data = pd.DataFrame({"unit": ["u0", "u1", "u2"], "a": [1, None, ":c"]})
    bounds = pd.DataFrame({"a": [4.0, 5.0]}, index=["u1", "u2"])
    result = impute(units(data, lower=bounds, upper=bounds + 1), FRAMEWORK)
    assert result.details["imputed"].empty
    assert result.details["not_imputed"]["reason"].tolist() == ["bounds", "confidential"]
    assert result.units.lower["a"].fillna(-1).tolist() == [-1, 4, 5]


def test_the_latest_earlier_number_is_carried_on_and_never_a_later_one():
    table = panel(("A", 2014, None), ("A", 2015, 5), ("A", 2018, None), ("B", 2014, 1), ("B", 2015, None))
    assert a_of(table, method="panel_latest") == [-1, 5, 5, 1, 1]
    assert a_of(table, method="panel_latest", or_next=True) == [5, 5, 5, 1, 1]


def test_the_gap_is_counted_in_times_of_the_panel():
    rows = [("A", 2010, 5), ("A", 2014, None), ("A", 2018, None), ("A", 2019, None)]
    assert a_of(panel(*rows), method="panel_latest", max_gap=1) == [5, 5, -1, -1]
    assert a_of(panel(*rows), method="panel_latest", max_gap=2) == [5, 5, 5, -1]
    missing_row = [("A", 2010, 5), ("A", 2018, None), ("B", 2010, 1), ("B", 2014, 1), ("B", 2018, 1)]
    assert a_of(panel(*missing_row), method="panel_latest", max_gap=1)[1] == -1


def test_linear_goes_by_years_and_stays_level_outside():
    rows = [("A", 2013, None), ("A", 2014, 10), ("A", 2015, None), ("A", 2018, 18), ("A", 2019, None)]
    assert a_of(panel(*rows), method="panel_linear") == [10, 10, 12, 18, 18]


def test_one_number_is_enough_for_a_line():
    # COINr's issue 63: its impute_panel fails here.
    assert a_of(panel(("A", 2014, None), ("A", 2015, 7), ("A", 2016, None)), method="panel_linear") == [
        7,
        7,
        7,
    ]
    assert a_of(panel(("A", 2014, None), ("A", 2015, None)), method="panel_linear") == [-1, -1]


def test_a_line_passes_by_a_confidential_year_without_filling_it():
    rows = [("A", 2014, 10), ("A", 2015, ":c"), ("A", 2016, None), ("A", 2017, 16)]
    assert a_of(panel(*rows), method="panel_linear") == [10, -1, 14, 16]
    assert a_of(panel(*rows), method="panel_latest") == [10, -1, 10, 16]


def test_means_of_a_panel_are_those_of_the_same_year():
    rows = [("A", 2014, 1), ("B", 2014, None), ("A", 2015, 9), ("B", 2015, None), ("A", 2016, None)]
    assert a_of(panel(*rows), method="mean") == [1, 1, 9, 9, -1]
    assert a_of(panel(*rows), method="group_median", group="side") == [1, 1, 9, 9, -1]


def test_regression_on_the_most_correlated_complete_indicator_is_a_straight_line():
    table = of_a(2, 4, 6, None, b=[1, 2, 3, 4], c=[5.0, 1, 2, 0])
    assert a_of(table, method="regression") == pytest.approx([2, 4, 6, 8])
    upside_down = of_a(2, 4, 6, None, b=[4, 4, 1, 2], c=[-1, -2, -3, -4])
    assert a_of(upside_down, method="regression") == pytest.approx([2, 4, 6, 8])


def test_regression_is_numpy_s_least_squares():
    rng = np.random.default_rng(4)
    x = rng.normal(size=(30, 2))
    y = 3 + x @ [2, -1] + rng.normal(size=30)
    y[[3, 17]] = np.nan
    table = units(pd.DataFrame({"unit": [f"u{n:02}" for n in range(30)], "a": y, "b": x[:, 0], "c": x[:, 1]}))
    known = ~np.isnan(y)
    design = np.column_stack([np.ones(30), x])
    expected = design @ np.linalg.lstsq(design[known], y[known], rcond=None)[0]
    for own in ({"predictor": ["b", "c"]}, {"predictors": 2}, {"predictors": 5}):
        found = np.array(a_of(table, method="regression", **own))
        np.testing.assert_allclose(found[~known], expected[~known], rtol=1e-10)
    one = np.polyfit(x[known, 1], y[known], 1)
    found = np.array(a_of(table, method="regression", predictor="c"))
    np.testing.assert_allclose(found[~known], np.polyval(one, x[~known, 1]), rtol=1e-10)


def test_a_predictor_with_gaps_or_without_variation_predicts_nothing_there():
    table = of_a(2, 4, 6, None, None, b=[1, 2, 3, 4, None], c=[1, 1, 1, 1, 1])
    assert a_of(table, method="regression", predictor="b") == pytest.approx([2, 4, 6, 8, -1])
    assert a_of(table, method="regression", predictor="c") == [2, 4, 6, -1, -1]
    assert a_of(table, method="regression") == [2, 4, 6, -1, -1]  # b is incomplete, c constant
    assert a_of(of_a(2, 4, None, b=[1, 2, 3]), method="regression", predictor="b") == [2, 4, -1]


def test_no_estimate_is_made_from_an_estimate():
    table = of_a(2, 4, 6, None, b=[1, 2, 3, None], c=[1, 2, 3, 4])
    own = {"a": {"method": "regression", "predictor": "b"}, "b": {"method": "mean"}}
    assert a_of(table, by_indicator=own) == [2, 4, 6, -1]


OWN = st.sampled_from(
    [
        {"method": "mean"},
        {"method": "group_median", "group": "side"},
        {"method": "group_mean", "group": "side"},
        {"method": "panel_latest", "or_next": True},
        {"method": "panel_linear"},
        {"method": "regression"},
        {"method": "regression", "predictor": ["b", "c"]},
        {"method": "none"},
    ]
)
CELL = st.integers(-9, 9).map(float) | st.sampled_from([None, ":c", ":z", "lost_in_concordance"])


@settings(max_examples=30)
@given(
    st.lists(st.tuples(CELL, CELL, CELL, st.sampled_from(["n", "s", ""])), min_size=8, max_size=8),
    OWN,
    st.randoms(),
)
def test_numbers_and_hidden_cells_are_never_touched_in_any_order(cells, own, random):
    data = pd.DataFrame(cells, columns=[*CODES, "side"], dtype=object)
    data = data.assign(unit=list("AABBCCDD"), time=[2014, 2015] * 4)
    table = units(data)
    values, states = table.values.copy(), table.states.copy()
    result = impute(table, FRAMEWORK, **own).units
    pd.testing.assert_frame_equal(table.values, values)
    pd.testing.assert_frame_equal(table.states, states)
    assert (result.values.where(values.notna()).fillna(0) == values.fillna(0)).all(axis=None)
    barred = states.isin(["confidential", "not_applicable"])
    pd.testing.assert_frame_equal(result.states.where(barred), states.where(barred))
    assert result.values.where(barred).isna().all(axis=None)
    rows = random.sample(range(8), 8)
    shuffled = impute(units(data.iloc[rows]), FRAMEWORK, **own).units
    pd.testing.assert_frame_equal(shuffled.values.loc[result.index], result.values, check_exact=True)
    if own["method"] in ("mean", "group_median", "panel_latest", "none"):
        again = impute(result, FRAMEWORK, **own).units
        pd.testing.assert_frame_equal(again.values, result.values)


@settings(max_examples=30)
@given(st.lists(st.tuples(CELL, CELL, CELL), min_size=5, max_size=5), OWN)
def test_the_number_behind_a_confidential_cell_cannot_matter(cells, own):
    own = {"method": "mean"} if own["method"].startswith("panel") else own
    data = pd.DataFrame(cells, columns=CODES, dtype=object).assign(unit=list("VWXYZ"), side="s")
    hidden = pd.DataFrame({"a": ["confidential"]}, index=["W"])
    with_number = units(data.assign(a=data["a"].where(data["unit"] != "W", 1e9)), states=hidden)
    without = units(data, states=hidden)
    left, right = (impute(each, FRAMEWORK, **own).units.values for each in (with_number, without))
    pd.testing.assert_frame_equal(left, right, check_exact=True)


@pytest.mark.parametrize("method", METHODS)
def test_a_stack_of_draws_is_filled_as_each_draw_alone(method):
    rng = np.random.default_rng(2)
    stack = rng.normal(size=(3, 2, 12, 3))
    gaps = rng.random((12, 3)) < 0.3
    gaps[:, 2] = False
    stack[..., gaps] = np.nan
    layout = Layout(
        np.repeat(np.arange(4), 3),
        np.tile([2013, 2014, 2016], 4),
        {"side": np.arange(12) % 2},
        ("a", "b", "c"),
    )
    own = [Imputation(method=method, group="side")] * 3
    found = imputed(stack, gaps, own, layout)
    alone = np.stack([[imputed(draw, gaps, own, layout) for draw in half] for half in stack])
    np.testing.assert_allclose(found, alone, rtol=1e-12)
    assert (found[..., ~gaps] == stack[..., ~gaps]).all()
    assert np.isnan(stack[..., gaps]).all()


def test_an_empty_indicator_a_single_unit_and_no_gap_at_all():
    for method in ("mean", "median", "regression"):
        assert a_of(of_a(None, None), method=method) == [-1, -1]
        assert a_of(of_a(None), method=method) == [-1]
        assert a_of(of_a(1, 2), method=method) == [1, 2]


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"method": "mode"}, "'mode' is not a method"),
        ({"method": "group_mean"}, "group_mean has no group"),
        ({"method": "group_mean", "group": "land"}, "'land', by which a is to be imputed"),
        ({"method": "panel_linear"}, "panel_linear needs more than one time"),
        ({"method": "regression", "predictor": "z"}, "the predictor 'z' of a is no indicator"),
        ({"predictors": 0}, "predictors is 0"),
        ({"max_gap": 1.5}, r"max_gap: a float was given"),
        ({"by_indicator": {"z": {"method": "mean"}}}, "by_indicator names 'z'"),
        ({"by_indicator": {"a": {"methd": "mean"}}}, "'methd' is not a parameter"),
    ],
)
def test_what_does_not_exist_is_refused_by_name(parameters, message):
    with pytest.raises(BenchmarkInputError, match=message):
        impute(of_a(1, 2, None), FRAMEWORK, **parameters)


def test_parameters_that_a_method_does_not_use_are_allowed_because_alternatives_are_drawn():
    assert a_of(of_a(1, 3, None), method="mean", group="side", max_gap=2) == [1, 3, 2]
    assert imputations_of({"method": "mean", "group": "side"}, None, ["a"])[0].group == "side"
