"""Screening: COINr's two thresholds; a confidential cell is no gap, who is left out is listed with why."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from alp_pipeline.benchmark.cells import BenchmarkInputError
from alp_pipeline.benchmark.composite.framework import Framework
from alp_pipeline.benchmark.composite.screen import screen
from alp_pipeline.benchmark.composite.units import UnitTable

CODES = list("abcd")
FRAMEWORK = Framework.of(
    pd.DataFrame({"code": CODES, "level": 1, "parent": None, "direction": 1, "type": "Indicator"})
)


def units(**rows: list[object]) -> UnitTable:
    data = pd.DataFrame(rows, index=CODES, dtype=object).T.rename_axis("unit").reset_index()
    return UnitTable.of(data, FRAMEWORK)


TABLE = units(
    full=[1, 2, 3, 4],
    half=[1, 2, None, None],
    zeros=[0, 0, 0, 4],
    hidden=[1, ":c", ":c", ":c"],
    other=[1, ":z", ":z", ":z"],
    empty=[None] * 4,
)


def why(**parameters) -> dict[str, str]:
    table = screen(TABLE, FRAMEWORK, **parameters).details["screened"]
    return dict(zip(table["unit"], table["why"], strict=True))


def test_screening_after_imputation_drops_no_one_in_asem(asem_stage, asem_framework, asem_units):
    imputed = asem_units.with_values(asem_stage("3_Imputed").reindex(columns=asem_units.codes).astype(float))
    result = screen(imputed, asem_framework, availability_min=0.9)
    assert result.units.index.tolist() == asem_stage("4_Screened").index.tolist()


def test_screening_asem_s_raw_data_at_nine_tenths_is_a_plain_count(asem_units, asem_framework):
    result = screen(asem_units, asem_framework, availability_min=0.9)
    poor = asem_units.values.isna().sum(axis=1) > 4  # 45 of 49 are 91.8 %, 44 are 89.8 %
    assert poor.any()
    assert result.units.index.tolist() == poor.index[~poor].tolist()


def test_both_rules_are_applied_with_coinr_s_defaults():
    assert why() == {
        "full": "enough",
        "half": "availability",
        "zeros": "enough",
        "hidden": "enough",
        "other": "availability",
        "empty": "availability, nonzero",
    }
    assert why(nonzero_min=0.5)["zeros"] == "nonzero"


def test_a_rule_is_switched_off_by_none():
    assert why(availability_min=None)["half"] == "enough"
    assert why(availability_min=None)["empty"] == "nonzero"
    assert set(why(availability_min=None, nonzero_min=None).values()) == {"enough"}


def test_a_confidential_cell_is_no_gap_and_one_that_does_not_apply_is():
    table = screen(TABLE, FRAMEWORK).details["screened"].set_index("unit")
    assert table.loc["hidden", ["availability", "availability_numbers"]].tolist() == [1.0, 0.25]
    assert table.loc["hidden", ["numbers", "confidential"]].tolist() == [1, 3]
    assert table.loc["other", "availability"] == 0.25
    assert np.isnan(table.loc["empty", "nonzero"])


def test_a_threshold_is_reached_at_its_value():
    assert why(availability_min=0.5)["half"] == "enough"
    assert why(nonzero_min=0.25)["zeros"] == "enough"


def test_forced_units_stay_or_go():
    found = why(include=["half"], exclude=["full"])
    assert (found["half"], found["full"]) == ("included", "excluded")
    kept = screen(TABLE, FRAMEWORK, include=["half"], exclude=["full"]).units
    assert kept.index.tolist() == ["half", "zeros", "hidden"]
    assert kept.states.loc["hidden"].tolist() == ["reported", "confidential", "confidential", "confidential"]


def test_in_a_panel_a_unit_is_judged_at_each_time():
    data = pd.DataFrame(
        {"unit": ["A", "A"], "time": [2014, 2015], "a": 1, "b": [1, None], "c": 1, "d": [1, None]}
    )
    result = screen(UnitTable.of(data, FRAMEWORK), FRAMEWORK)
    assert result.units.index.tolist() == [("A", 2014)]
    assert result.details["screened"][["unit", "time", "why"]].to_numpy().tolist() == [
        ["A", 2014, "enough"],
        ["A", 2015, "availability"],
    ]


@settings(max_examples=30)
@given(
    arrays(np.float64, (5, 4), elements=st.sampled_from([0.0, 1.0, np.nan])), st.floats(0, 1), st.randoms()
)
def test_order_changes_nothing_and_screening_twice_is_screening_once(cells, threshold, random):
    data = pd.DataFrame(cells, columns=CODES).assign(unit=list("VWXYZ"))
    table = UnitTable.of(data, FRAMEWORK)
    own = {"availability_min": threshold, "nonzero_min": threshold, "include": ["V"]}
    once = screen(table, FRAMEWORK, **own)
    assert screen(once.units, FRAMEWORK, **own).units.index.tolist() == once.units.index.tolist()
    rows = list(range(5))
    random.shuffle(rows)
    shuffled = screen(UnitTable.of(data.iloc[rows], FRAMEWORK), FRAMEWORK, **own)
    assert set(shuffled.units.index) == set(once.units.index)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"availability_min": 90}, "availability_min is 90"),
        ({"nonzero_min": -0.1}, r"nonzero_min is -0\.1"),
        ({"include": ["nobody"]}, "include names 'nobody'"),
        ({"exclude": "full"}, "exclude: text was given"),
        ({"include": ["full"], "exclude": ["full"]}, "full is both included and excluded"),
        ({"exclude": ["full", "half", "zeros", "hidden", "other", "empty"]}, "no unit is left"),
    ],
)
def test_what_cannot_be_is_refused_by_name(parameters, message):
    with pytest.raises(BenchmarkInputError, match=message):
        screen(TABLE, FRAMEWORK, **parameters)
