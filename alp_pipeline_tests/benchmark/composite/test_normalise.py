"""The step `normalise`: COINr's ASEM, single indicators, states, bounds, panels."""

import numpy as np
import pandas as pd
import pytest

from alp_pipeline.benchmark.cells import BenchmarkInputError
from alp_pipeline.benchmark.composite.framework import Framework
from alp_pipeline.benchmark.composite.normalise import normalise
from alp_pipeline.benchmark.composite.units import UnitTable

FRAMEWORK = Framework.of(
    pd.DataFrame(
        {
            "code": ["jobs", "co2", "index"],
            "level": [1, 1, 2],
            "parent": ["index", "index", None],
            "direction": [1, -1, 1],
            "target": [40, 2, None],
            "type": ["Indicator", "Indicator", "Aggregate"],
        }
    )
)


def units(jobs: list[object], co2: list[object], **others: object) -> UnitTable:
    data = pd.DataFrame({"unit": [f"u{n}" for n in range(len(jobs))], "jobs": jobs, "co2": co2})
    return UnitTable.of(data, FRAMEWORK, **others)


def panel() -> UnitTable:
    data = pd.DataFrame(
        {
            "unit": ["A", "B", "C"] * 2,
            "time": [2013] * 3 + [2014] * 3,
            "jobs": [1, 2, 3, 2, 4, 8],
            "co2": [9, 6, 3, 3, 2, 1],
        }
    )
    return UnitTable.of(data, FRAMEWORK)


def test_asem_is_normalised_as_by_coinr(asem_units, asem_framework, asem_stage):
    treated = asem_units.with_values(asem_stage("5_Treated").reindex(columns=asem_units.codes).astype(float))
    expected = asem_stage("6_Normalised")
    found = normalise(treated, asem_framework).units.values.loc[expected.index, expected.columns]
    pd.testing.assert_frame_equal(found, expected.astype(float), check_names=False, rtol=1e-9, atol=1e-11)


def test_targets_come_from_the_framework_and_turn_with_the_direction():
    table = units([10, 40, 20], [10, 2, 6])
    found = normalise(table, FRAMEWORK, method="distance_to_target").units.values
    assert found["jobs"].tolist() == pytest.approx([0, 1, 1 / 3])
    assert found["co2"].tolist() == pytest.approx([0, 1, 0.5])
    own = normalise(table, FRAMEWORK, method="distance_to_target", by_indicator={"jobs": {"target": 25}})
    assert own.units.values["jobs"].tolist() == pytest.approx([0, 2, 2 / 3])


def test_the_asem_targets_give_what_the_definition_gives(asem_units, asem_framework):
    found = normalise(asem_units, asem_framework, method="distance_to_target").units.values
    targets = asem_framework.table.set_index("code")["target"]
    raw = asem_units.values
    lpi, co2 = raw["LPI"], raw["CO2"]
    expected = (lpi - lpi.min()) / (targets["LPI"] - lpi.min())
    np.testing.assert_allclose(found["LPI"], expected, rtol=1e-12)
    expected = (co2.max() - co2) / (co2.max() - targets["CO2"])
    np.testing.assert_allclose(found["CO2"], expected, rtol=1e-12)


def test_an_indicator_without_a_target_is_refused_by_name():
    framework = Framework.of(FRAMEWORK.table.assign(target=[None, 2, None]))
    with pytest.raises(BenchmarkInputError, match="jobs has no target"):
        normalise(units([1, 2], [1, 3]), framework, method="distance_to_target")


def test_single_indicators_may_go_their_own_way():
    result = normalise(
        units([1, 5, 3], [10, 0, 30]),
        FRAMEWORK,
        low=1,
        high=2,
        by_indicator={"co2": {"method": "goalposts", "low": 0, "high": 20, "scale": 10}, "jobs": {"high": 5}},
    )
    assert result.units.values["jobs"].tolist() == [1.0, 5.0, 3.0]
    assert result.units.values["co2"].tolist() == [5.0, 10.0, 0.0]
    assert result.details["parameters"]["method"].tolist() == ["minmax", "goalposts"]
    plain = normalise(units([1, 5, 3], [7, 0, 9]), FRAMEWORK, by_indicator={"co2": {"method": "none"}})
    assert plain.units.values["co2"].tolist() == [-7.0, 0.0, -9.0]


def test_what_was_learnt_can_be_read_and_used():
    result = normalise(units([1, 5, 3], [10, 0, 30]), FRAMEWORK, low=1, high=100)
    learnt = result.details["parameters"].set_index("code")
    assert learnt[["learnt_from", "direction", "units", "centre", "span"]].values.tolist() == [
        ["all", 1, 3, 1.0, 4.0],
        ["all", -1, 3, 30.0, -30.0],
    ]
    again = (10 - learnt.loc["co2", "centre"]) / learnt.loc["co2", "span"] * 99 + 1
    assert result.units.values["co2"].iloc[0] == pytest.approx(again)


def test_states_and_flags_stay_and_hidden_cells_are_not_looked_at():
    flags = pd.DataFrame({"jobs": ["e"]}, index=["u0"])
    table = units([1, ":c", 3, None], [1, 2, 3, 4], flags=flags)
    found = normalise(table, FRAMEWORK).units
    assert found.values["jobs"].tolist()[::2] == [0.0, 100.0]
    assert found.states["jobs"].tolist() == ["reported", "confidential", "reported", "not_available"]
    assert found.flags["jobs"].tolist() == ["e", "", "", ""]


def test_zero_in_place_of_a_hidden_cell_changes_state_and_scores():
    hidden = normalise(units([1, ":c", 3], [1, 2, 3]), FRAMEWORK).units
    zero = normalise(units([1, 0, 3], [1, 2, 3]), FRAMEWORK).units
    assert hidden.states.loc["u1", "jobs"] != zero.states.loc["u1", "jobs"]
    assert hidden.values.loc["u0", "jobs"] == 0
    assert zero.values.loc["u0", "jobs"] == pytest.approx(100 / 3)


def test_bounds_go_the_same_way_and_change_ends_with_the_direction():
    lower = pd.DataFrame({"jobs": [2.0], "co2": [1.0]}, index=["u1"])
    upper = pd.DataFrame({"jobs": [5.0], "co2": [3.0]}, index=["u1"])
    table = units([1, ":c", 3], [4, ":c", 2], lower=lower, upper=upper)
    found = normalise(table, FRAMEWORK).units
    assert (found.lower.loc["u1"].tolist(), found.upper.loc["u1"].tolist()) == ([50.0, 50.0], [200.0, 150.0])
    assert found.values.loc["u1"].isna().all()
    ranks = normalise(table, FRAMEWORK, method="rank").units
    assert (ranks.lower.loc["u1"].tolist(), ranks.upper.loc["u1"].tolist()) == ([2.0, 2.0], [3.0, 3.0])


def test_equal_bounds_of_a_confidential_cell_are_refused_for_they_are_its_value():
    ends = pd.DataFrame({"jobs": [2.0]}, index=["u1"])
    table = units([1, ":c", 3], [1, 2, 3], lower=ends, upper=ends)
    with pytest.raises(BenchmarkInputError, match="u1 × jobs are equal"):
        normalise(table, FRAMEWORK)


def test_rows_and_columns_in_another_order_give_the_same_numbers_to_the_last_bit():
    rng = np.random.default_rng(3)
    values = rng.normal(size=(40, 2))
    names = [f"u{n:02}" for n in range(40)]
    data = pd.DataFrame({"unit": names, "jobs": values[:, 0], "co2": values[:, 1]})
    order = rng.permutation(40)
    turned = Framework.of(FRAMEWORK.table.iloc[::-1])
    for method in ("minmax", "zscore", "rank"):
        found = normalise(UnitTable.of(data, FRAMEWORK), FRAMEWORK, method=method).units.values
        shuffled = normalise(UnitTable.of(data.iloc[order], turned), turned, method=method).units.values
        assert shuffled.loc[names, ["jobs", "co2"]].equals(found)


def test_a_panel_is_normalised_over_all_years_by_a_base_year_or_year_by_year():
    over_all = normalise(panel(), FRAMEWORK).units.values["jobs"]
    assert over_all.tolist() == pytest.approx([0, 100 / 7, 200 / 7, 100 / 7, 300 / 7, 100])
    base = normalise(panel(), FRAMEWORK, reference_time=2013)
    assert base.units.values["jobs"].tolist() == [0, 50, 100, 50, 150, 350]
    assert base.units.values["co2"].tolist() == pytest.approx([0, 50, 100, 100, 700 / 6, 800 / 6])
    assert base.details["parameters"]["learnt_from"].tolist() == ["2013", "2013"]
    each = normalise(panel(), FRAMEWORK, reference_time="each")
    assert each.units.values["jobs"].tolist() == pytest.approx([0, 50, 100, 0, 100 / 3, 100])
    learnt = each.details["parameters"]
    assert list(zip(learnt["learnt_from"], learnt["code"], strict=True)) == [
        ("2013", "jobs"),
        ("2013", "co2"),
        ("2014", "jobs"),
        ("2014", "co2"),
    ]


def test_a_year_added_later_leaves_scores_by_a_base_year_as_they_were():
    whole = panel()
    past = whole.take([label for label in whole.index if label[1] == 2013])
    # One single year is no panel any more; its numbers are what the base year's were.
    alone = UnitTable.of(past.values.reset_index(), FRAMEWORK)
    for method in ("minmax", "zscore", "rank", "percentile_rank"):
        base = normalise(whole, FRAMEWORK, method=method, reference_time=2013).units.values
        expected = normalise(alone, FRAMEWORK, method=method).units.values
        np.testing.assert_array_equal(base.xs(2013, level="time").to_numpy(), expected.to_numpy())


def test_the_reference_unit_of_a_panel_is_that_of_one_year():
    found = normalise(
        panel(), FRAMEWORK, method="distance_to_reference", reference="B", reference_time=2013
    ).units.values["jobs"]
    assert found.tolist() == [0.0, 1.0, 2.0, 1.0, 3.0, 7.0]
    with pytest.raises(BenchmarkInputError, match="B has 2 years"):
        normalise(panel(), FRAMEWORK, method="distance_to_reference", reference="B")
    with pytest.raises(BenchmarkInputError, match="'X' is not in the table"):
        normalise(panel(), FRAMEWORK, method="distance_to_reference", reference="X", reference_time="each")


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"method": "minimax"}, "'minimax' is not a method"),
        ({"method": "zscore", "low": 1}, "'low' is not a parameter"),
        ({"low": "1"}, "low of jobs is '1'"),
        ({"low": float("nan")}, "low of jobs is nan"),
        ({"by_indicator": {"gdp": {}}}, "'gdp' is not a parameter"),
        ({"by_indicator": {"co2": {"lw": 3}}}, "'lw' is not a parameter"),
        ({"by_indicator": {"co2": "none"}}, "by_indicator gives co2 'none'"),
        ({"method": "goalposts"}, "the indicator co2 lacks goalposts"),
        ({"method": "goalposts", "low": 0, "high": 1, "truncate": "no"}, "truncate is 'no'"),
        ({"method": "distance_to_reference"}, "the reference unit None"),
        ({"reference_time": 2014}, "the table has one time"),
        ({"method": "minmax", "by_indicator": {"co2": {"method": "rank", "low": 1}}}, "'low' is not"),
    ],
)
def test_what_makes_no_sense_is_refused(parameters, message):
    with pytest.raises(BenchmarkInputError, match=message):
        normalise(units([1, 2, 3], [3, 2, 5]), FRAMEWORK, **parameters)


def test_a_year_that_the_panel_lacks_is_refused():
    with pytest.raises(BenchmarkInputError, match=r"no time 2010.*2013, 2014"):
        normalise(panel(), FRAMEWORK, reference_time=2010)


def test_a_constant_indicator_is_refused_by_name_unless_it_is_left_as_it_is():
    table = units([7, 7, 7], [3, 2, 5])
    with pytest.raises(BenchmarkInputError, match="jobs is constant"):
        normalise(table, FRAMEWORK)
    found = normalise(table, FRAMEWORK, by_indicator={"jobs": {"method": "none"}})
    assert found.units.values["jobs"].tolist() == [7.0, 7.0, 7.0]
