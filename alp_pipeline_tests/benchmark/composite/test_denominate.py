"""Denominating: COINr's quotients; a quotient that cannot be has a state and a reason, never infinity."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alp_pipeline.benchmark.cells import BenchmarkInputError
from alp_pipeline.benchmark.composite.denominate import denominate
from alp_pipeline.benchmark.composite.framework import Framework
from alp_pipeline.benchmark.composite.units import UnitTable

FRAMEWORK = Framework.of(
    pd.DataFrame(
        {
            "code": ["jobs", "wage", "people", "area"],
            "level": [1, 1, None, None],
            "parent": None,
            "direction": [1, 1, None, None],
            "denominator": ["people", None, None, None],
            "type": ["Indicator", "Indicator", "Denominator", "Denominator"],
        }
    )
)
DATA = pd.DataFrame(
    {
        "unit": list("ABCDE"),
        "jobs": [4, 6, 8, ":c", 10],
        "wage": [1, 2, 3, 4, 5],
        "people": [8, 0, ":c", 2, None],
        "area": [2, 2, -2, 2, 2],
    }
)


def units(data: pd.DataFrame = DATA, **given) -> UnitTable:
    return UnitTable.of(data, FRAMEWORK, **given)


def test_quotients_are_coinr_s_on_asem(asem_units, asem_framework, asem_stage):
    expected = asem_stage("2_Denominated")
    result = denominate(asem_units, asem_framework)
    found = result.units.values.loc[expected.index, expected.columns]
    pd.testing.assert_frame_equal(found, expected.astype(float), check_names=False, rtol=1e-12, atol=0)
    assert len(result.details["denominated"]) == 17
    assert result.details["undefined"].to_numpy().tolist() == [  # no energy consumption of Laos is known
        ["LAO", "Elec", "Energy", "not_available"],
        ["LAO", "Gas", "Energy", "not_available"],
    ]


def test_a_quotient_that_cannot_be_has_a_state_and_a_reason():
    result = denominate(units(), FRAMEWORK)
    assert result.units.values["jobs"].fillna(-1).tolist() == [0.5, -1, -1, -1, -1]
    assert result.units.states["jobs"].tolist() == [
        "reported",
        "not_applicable",  # no quotient by zero exists, so none can be estimated later
        "confidential",  # the denominator's
        "confidential",  # its own
        "not_available",
    ]
    assert result.details["undefined"].to_numpy().tolist() == [
        ["B", "jobs", "people", "zero"],
        ["C", "jobs", "people", "confidential"],
        ["E", "jobs", "people", "not_available"],
    ]
    assert result.details["denominated"].to_numpy().tolist() == [["jobs", "people", 1.0]]


def test_an_indicator_without_a_denominator_stays_to_the_last_bit():
    assert (denominate(units(), FRAMEWORK, scale=1000).units.values["wage"] == DATA["wage"].to_numpy()).all()


def test_single_indicators_have_their_own_denominator_and_scale():
    own = {"wage": {"denominator": "area", "scale": 10}, "jobs": {"denominator": "none"}}
    result = denominate(units(), FRAMEWORK, by_indicator=own)
    assert result.units.values["wage"].tolist() == [5, 10, -15, 20, 25]
    assert result.units.values["jobs"].fillna(-1).tolist() == [4, 6, 8, -1, 10]
    everything = denominate(units(), FRAMEWORK, denominator="area")
    assert everything.details["denominated"]["denominator"].tolist() == ["area", "area"]


def test_bounds_are_divided_and_turned_by_a_negative_denominator():
    data = DATA.assign(jobs=[4, ":c", ":c", ":c", ":c"], people=[8, 0, -2, 2, None])
    bounds = pd.DataFrame({"jobs": [2.0] * 5}, index=list("ABCDE"))
    result = denominate(units(data, lower=bounds, upper=bounds * 3), FRAMEWORK).units
    assert result.lower["jobs"].fillna(-9).tolist() == [-9, -9, -3, 1, -9]
    assert result.upper["jobs"].fillna(-9).tolist() == [-9, -9, -1, 3, -9]


def test_in_a_panel_each_year_has_its_own_denominator():
    data = DATA.assign(unit="A", time=range(2014, 2019), people=[1, 2, 4, 2, 5])
    result = denominate(units(data), FRAMEWORK)
    assert result.units.values["jobs"].fillna(-1).tolist() == [4, 3, 2, -1, 2]


@settings(max_examples=30)
@given(
    st.lists(st.tuples(st.floats(-1e6, 1e6), st.floats(0.01, 1e6)), min_size=1, max_size=6),
    st.integers(1, 99),
)
def test_the_unit_of_both_cancels(pairs, factor):
    data = pd.DataFrame({"unit": [f"u{n}" for n in range(len(pairs))], "wage": 1.0, "area": 1.0})
    data["jobs"], data["people"] = zip(*pairs, strict=True)
    plain = denominate(units(data), FRAMEWORK).units.values["jobs"]
    other = data.assign(jobs=data["jobs"] * factor, people=data["people"] * factor)
    np.testing.assert_allclose(denominate(units(other), FRAMEWORK).units.values["jobs"], plain, rtol=1e-12)
    reverse = denominate(units(data.iloc[::-1]), FRAMEWORK).units.values["jobs"]
    assert (reverse.loc[plain.index] == plain).all()


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"denominator": "GDP"}, "'GDP', by which jobs is to be divided"),
        ({"by_indicator": {"wage": {"denominator": "jobs"}}}, "'jobs', by which wage is to be divided"),
        ({"by_indicator": {"wages": {"denominator": "area"}}}, "by_indicator names 'wages'"),
        ({"by_indicator": {"wage": {"by": "area"}}}, "'by' is not a parameter"),
        ({"by_indicator": {"wage": "area"}}, "by_indicator gives wage 'area'"),
        ({"scale": 0}, "scale is 0"),
        ({"scale": float("nan")}, "scale is nan"),
    ],
)
def test_what_does_not_exist_is_refused_by_name(parameters, message):
    with pytest.raises(BenchmarkInputError, match=message):
        denominate(units(), FRAMEWORK, **parameters)


def test_the_input_is_not_changed():
    table = units()
    before = table.values.copy(), table.states.copy()
    denominate(table, FRAMEWORK)
    pd.testing.assert_frame_equal(table.values, before[0])
    pd.testing.assert_frame_equal(table.states, before[1])
