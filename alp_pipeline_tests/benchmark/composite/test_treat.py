"""The treatment step: COINr's ASEM to the digit, a record of every cell moved, bounds treated alongside."""

import inspect

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alp_pipeline.benchmark.cells import BenchmarkInputError
from alp_pipeline.benchmark.composite.framework import Framework
from alp_pipeline.benchmark.composite.treat import treat
from alp_pipeline.benchmark.composite.treatment import Treatment
from alp_pipeline.benchmark.composite.units import UnitTable

FRAMEWORK = Framework.of(
    pd.DataFrame({"code": ["a", "b"], "level": 1, "parent": None, "direction": 1, "type": "Indicator"})
)
TAIL = [1, 2, 3, 4, 5, 100]


def units(a: list[object], b: list[object] | None = None, **given) -> UnitTable:
    data = pd.DataFrame(
        {"unit": [f"u{n}" for n in range(len(a))], "a": a, "b": range(len(a)) if b is None else b}
    )
    return UnitTable.of(data, FRAMEWORK, **given)


def test_treated_values_and_their_record_are_coinr_s_on_asem(
    asem_units, asem_framework, asem_stage, realdata
):
    screened = asem_units.with_values(
        asem_stage("4_Screened").reindex(columns=asem_units.codes).astype(float)
    )
    result = treat(screened, asem_framework, then="log_ct")
    expected = asem_stage("5_Treated")
    found = result.units.values.loc[expected.index, expected.columns]
    pd.testing.assert_frame_equal(found, expected.astype(float), check_names=False, rtol=1e-12, atol=0)
    record = result.details["treatment"].set_index("indicator")
    coinr = pd.read_csv(realdata / "composite" / "expected_default_treat_details.csv", index_col="iCode")
    coinr = coinr.loc[record.index]
    moved = coinr["winsorise.nwin"].notna()
    assert (record["passes_before"].astype(bool) == coinr["check_SkewKurt0.Pass"]).all()
    assert record["points"].tolist() == coinr["winsorise.nwin"].fillna(0).tolist()
    assert (record["method"] == np.where(moved, "winsorise", "none")).all()
    assert (record["then"] == "none").all()
    assert record["passes_after"].all()
    for ours, theirs in (
        ("skew_before", "check_SkewKurt0.Skew"),
        ("kurtosis_before", "check_SkewKurt0.Kurt"),
        ("skew_after", "check_SkewKurt1.Skew"),
        ("kurtosis_after", "check_SkewKurt1.Kurt"),
    ):
        known = coinr[theirs].notna()
        np.testing.assert_allclose(record[ours][known], coinr[theirs][known], rtol=1e-9)
    assert len(result.details["points"]) == coinr["winsorise.nwin"].sum()


def test_each_number_that_was_moved_is_listed_with_what_it_was():
    result = treat(units(TAIL), FRAMEWORK)
    assert result.details["points"].to_numpy().tolist() == [["u5", "a", 100, 5]]
    assert result.units.states["a"].tolist() == ["reported"] * 6


def test_the_record_tells_the_method_from_what_came_after_it():
    tail = [*range(1, 20), 5000, 6000]
    result = treat(units(tail), FRAMEWORK, max_points=1, then="log_ct")
    row = result.details["treatment"].iloc[0]
    assert (row["method"], row["points"], row["then"]) == ("winsorise", 1, "log_ct")
    assert (row["passes_before"], row["passes_after_method"]) == (False, False)
    x = np.array(tail, dtype=float)
    np.testing.assert_allclose(result.units.values["a"], np.log(x - 1 + 0.01 * 5999), rtol=1e-13)
    assert result.details["points"].empty  # the logarithm is of the numbers before winsorising


def test_a_column_that_cannot_be_judged_stays_and_says_so():
    result = treat(units([1, 2, 50, None], [7, 7, 7, 7]), FRAMEWORK, then="log_ct")
    table = result.details["treatment"]
    assert table["passes_before"].isna().all()
    assert table["method"].tolist() == ["none", "none"]
    assert result.units.values["a"].fillna(-1).tolist() == [1, 2, 50, -1]


def test_an_excluded_outlier_is_no_longer_a_number():
    result = treat(units(TAIL), FRAMEWORK, method="outliers_sd", replace="exclude")
    assert result.units.states["a"].tolist() == ["reported"] * 5 + ["not_available"]
    assert result.details["points"].fillna(-1).to_numpy().tolist() == [["u5", "a", 100, -1]]
    root = treat(
        units(TAIL),
        FRAMEWORK,
        method="outliers_sd",
        replace="exclude",
        then="sqrt",
        combine=True,
        only_if_skew_above=-1,
    )
    np.testing.assert_allclose(root.units.values["a"].dropna(), np.sqrt([1, 2, 3, 4, 5]))


def test_bounds_go_through_the_same_limits_and_functions():
    bounds = pd.DataFrame({"a": [3.0]}, index=["u6"])
    table = units([*TAIL, ":c"], lower=bounds, upper=bounds + 80)
    winsorised = treat(table, FRAMEWORK).units
    assert (winsorised.lower.loc["u6", "a"], winsorised.upper.loc["u6", "a"]) == (3, 5)
    assert winsorised.states.loc["u6", "a"] == "confidential"
    root = treat(table, FRAMEWORK, method="sqrt").units
    assert root.upper.loc["u6", "a"] == np.sqrt(83)
    excluded = treat(table, FRAMEWORK, method="outliers_sd", replace="exclude").units
    assert excluded.upper.loc["u6", "a"] == 83
    below_zero = units([*TAIL, ":c"], lower=-bounds, upper=bounds)
    assert treat(below_zero, FRAMEWORK, method="log").units.lower is None  # half an interval says nothing


def test_single_indicators_have_their_own_treatment():
    table = units(TAIL, TAIL)
    result = treat(table, FRAMEWORK, by_indicator={"b": {"method": "none"}})
    assert result.units.values.loc["u5"].tolist() == [5, 100]
    other = treat(table, FRAMEWORK, method="none", by_indicator={"b": {"method": "sqrt"}})
    assert other.units.values.loc["u5"].tolist() == [100, 10]
    assert other.details["treatment"]["indicator"].tolist() == ["a", "b"]


def test_a_panel_is_treated_as_one_or_year_by_year():
    data = pd.DataFrame({"unit": [f"u{n}" for n in range(6)] * 2, "time": [2014] * 6 + [2015] * 6, "b": 1.0})
    data["a"] = [*TAIL, 1, 2, 3, 4, 5, 90]
    table = UnitTable.of(data, FRAMEWORK)
    apart = treat(table, FRAMEWORK, within_time=True)
    assert apart.units.values["a"].tolist() == [1, 2, 3, 4, 5, 5] * 2
    assert apart.details["treatment"][["time", "indicator", "points"]].to_numpy().tolist() == [
        [2014, "a", 1],
        [2014, "b", 0],
        [2015, "a", 1],
        [2015, "b", 0],
    ]
    together = treat(table, FRAMEWORK, skew_max=1, kurtosis_max=0)
    assert "time" not in together.details["treatment"]
    assert together.units.values["a"].max() == 5
    assert together.details["points"].columns.tolist() == [
        "unit",
        "time",
        "indicator",
        "value_before",
        "value_after",
    ]


def test_a_number_outside_a_function_s_domain_is_named():
    with pytest.raises(BenchmarkInputError, match=r"log does not exist for u2 × a, which is 0\.0"):
        treat(units([1, 2, 0, 4, 5, 100]), FRAMEWORK, method="log")
    with pytest.raises(BenchmarkInputError, match=r"log_gii does not exist for u0 × b"):
        treat(units(TAIL, [0, 0, 0, 0, 0, 0.5]), FRAMEWORK, method="log_gii", apply="always")


@pytest.mark.parametrize(("power", "said"), [(None, [True, False]), (-5.0, [False, False])])
def test_a_power_at_the_bound_of_its_search_says_so(power, said):
    """Shifted to begin at 1, a column of small numbers hardly varies: no power between -5 and 5 suits it."""
    ladder = np.exp(np.linspace(0, 3, 20))
    result = treat(
        units(list(ladder / 1e4), list(ladder)),
        FRAMEWORK,
        method="boxcox",
        apply="always",
        boxcox_lambda=power,
    )
    found = result.details["treatment"].set_index("indicator")
    assert found.loc[["a", "b"], "boxcox_at_bound"].tolist() == said
    assert found.loc["a", "boxcox_lambda"] == -5


def test_the_defaults_of_step_and_kernel_are_the_same():
    step = {name: each.default for name, each in inspect.signature(treat).parameters.items()}
    kernel = {name: each.default for name, each in inspect.signature(Treatment).parameters.items()}
    assert kernel == {name: step[name] for name in kernel}
    assert set(step) - set(kernel) == {"units", "framework", "within_time", "by_indicator"}


def test_an_unknown_parameter_of_an_indicator_is_refused():
    with pytest.raises(BenchmarkInputError, match="'winmax' is not a parameter"):
        treat(units(TAIL), FRAMEWORK, by_indicator={"a": {"winmax": 3}})
    with pytest.raises(BenchmarkInputError, match="'squash' is not a method"):
        treat(units(TAIL), FRAMEWORK, by_indicator={"a": {"method": "squash"}})


CELL = st.sampled_from([0.5, 1.0, 2.0, 3.1, 4.0, 70.3, 100.0, None, ":c"])


@settings(max_examples=30)
@given(
    st.lists(st.tuples(CELL, CELL), min_size=12, max_size=12),
    st.sampled_from(
        [
            {"then": "log_ct", "max_points": 2, "skew_max": 1, "kurtosis_max": 1},
            {"method": "boxcox", "skew_max": 0.5, "kurtosis_max": None},
            {"method": "outliers_sd", "k": 1.5, "then": "sqrt", "combine": True, "only_if_skew_above": 1},
        ]
    ),
    st.randoms(),
)
def test_another_order_gives_the_same_to_the_last_bit_and_the_input_stays(cells, own, random):
    a, b = (list(column) for column in zip(*cells, strict=True))
    table = units(a, b)
    values = table.values.copy()
    result = treat(table, FRAMEWORK, **own)
    pd.testing.assert_frame_equal(table.values, values)
    pd.testing.assert_frame_equal(result.units.states, table.states)
    data = pd.DataFrame({"b": b, "unit": [f"u{n}" for n in range(12)], "a": a})
    rows = random.sample(range(12), 12)
    shuffled = treat(UnitTable.of(data.iloc[rows], FRAMEWORK), FRAMEWORK, **own)
    pd.testing.assert_frame_equal(
        shuffled.units.values.loc[result.units.index], result.units.values, check_exact=True
    )
    pd.testing.assert_frame_equal(
        shuffled.details["treatment"], result.details["treatment"], check_exact=True
    )
