"""A trend rests on two observed years of one series; where it does not, the reason is there."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from alp_pipeline.benchmark.cells import BenchmarkInputError
from alp_pipeline.benchmark.composite.framework import Framework
from alp_pipeline.benchmark.composite.trends import trends
from alp_pipeline.benchmark.composite.units import UnitTable

FRAMEWORK = Framework.of(
    pd.DataFrame({"code": ["x"], "level": 1, "parent": None, "direction": 1, "type": "Indicator"})
)


def panel(*cells: object, flags: str = "", first_year: int = 2010) -> UnitTable:
    """One unit, one cell a year; `flags` one letter a year, "." for none."""
    years = range(first_year, first_year + len(cells))
    data = pd.DataFrame({"unit": "A", "time": years, "x": pd.Series(cells, dtype="object")})
    letters = ["" if letter == "." else letter for letter in flags.ljust(len(cells), ".")]
    index = pd.MultiIndex.from_arrays([["A"] * len(cells), list(years)], names=["unit", "time"])
    return UnitTable.of(data, FRAMEWORK, flags=pd.DataFrame({"x": letters}, index=index, dtype="str"))


def only(units: UnitTable, **parameters) -> pd.Series:
    table = trends(units, **parameters)
    assert len(table) == 1
    return table.iloc[0]


def test_growth_is_compound_and_change_is_by_year():
    row = only(panel(100, 50, 121))
    assert (row["growth_pct"], row["change_per_year"]) == pytest.approx((10, 10.5))
    assert (row["first_value"], row["last_value"], row["state"], row["note"]) == (100, 121, "reported", "")


@given(st.floats(0.1, 1e6), st.floats(-50, 100), st.integers(1, 30))
def test_a_series_that_grows_by_a_rate_has_that_rate(base, rate, years):
    cells = [base * (1 + rate / 100) ** year for year in range(years + 1)]
    assert only(panel(*cells))["growth_pct"] == pytest.approx(rate, rel=1e-9, abs=1e-9)


@given(st.floats(0.001, 1000))
def test_a_change_of_unit_changes_no_growth(factor):
    assert only(panel(3 * factor, 5 * factor))["growth_pct"] == pytest.approx(only(panel(3, 5))["growth_pct"])


def test_missing_years_are_bridged_and_counted():
    row = only(panel(None, 100, None, 121, None))
    assert (row["first_year"], row["last_year"], row["years_observed"]) == (2011, 2013, 2)
    assert (row["growth_pct"], row["share_observed"]) == pytest.approx((10, 0.4))


@pytest.mark.parametrize(
    ("cells", "flags", "state", "note"),
    [
        ((100, 121), ".b", "not_applicable", "break_in_series"),
        ((100, None, 121), ".b.", "not_applicable", "break_in_series"),
        ((100, 121), "b.", "reported", ""),
        ((100, 121, None), "..b", "reported", ""),
        ((None, 121), "", "not_available", "fewer_than_two_years"),
        ((":c", 121), "", "confidential", "fewer_than_two_years"),
        ((":c", ":c"), "", "confidential", "fewer_than_two_years"),
        ((100, 110, 121), "..i", "reported", ""),
        ((100, 121), ".i", "not_available", "fewer_than_two_years"),
        ((0, 5), "", "reported", "not_positive"),
        ((0, 0), "", "reported", "not_positive"),
        ((-4, -8), "", "reported", "not_positive"),
    ],
)
def test_where_there_is_no_growth_the_note_says_why(cells, flags, state, note):
    row = only(panel(*cells, flags=flags))
    assert (row["state"], row["note"]) == (state, note)
    assert np.isnan(row["growth_pct"]) == (note != "")
    # a change, unlike a rate, exists wherever two comparable numbers do
    assert np.isnan(row["change_per_year"]) == (note in ("fewer_than_two_years", "break_in_series"))


def test_an_imputed_end_is_no_observation():
    row = only(panel(100, 110, 500, flags="..i"))
    assert (row["last_year"], row["growth_pct"]) == (2011, pytest.approx(10))


def test_the_window_bounds_the_years():
    row = only(panel(1, 100, 110, 7), first=2011, last=2012)
    assert (row["first_year"], row["last_year"], row["growth_pct"]) == (2011, 2012, pytest.approx(10))


def test_an_improvement_follows_the_direction():
    row = only(panel(100, 90), directions={"x": -1})
    assert (row["change_per_year"], row["improvement_per_year"]) == (-10, 10)


def test_units_and_years_in_any_order_and_a_row_that_is_absent():
    data = pd.DataFrame(
        {"unit": ["B", "A", "B", "A"], "time": [2012, 2011, 2010, 2010], "x": [121.0, 7, 100, 7]}
    )
    table = trends(UnitTable.of(data, FRAMEWORK))
    assert table["unit"].tolist() == ["A", "B"]
    assert table["growth_pct"].tolist() == pytest.approx([0, 10])
    assert table["share_observed"].tolist() == pytest.approx([2 / 3, 2 / 3])
    shuffled = trends(UnitTable.of(data.iloc[[2, 0, 3, 1]], FRAMEWORK))
    pd.testing.assert_frame_equal(table, shuffled, check_exact=True)


def test_what_has_no_years_is_refused_by_name():
    cross_section = UnitTable.of(pd.DataFrame({"unit": ["A"], "x": [1.0]}), FRAMEWORK)
    with pytest.raises(BenchmarkInputError, match="have no years"):
        trends(cross_section)
    with pytest.raises(BenchmarkInputError, match="the window holds 1 of the panel's years 2010 to 2012"):
        trends(panel(1, 2, 3), first=2012)
    with pytest.raises(BenchmarkInputError, match="the direction of x is 2"):
        trends(panel(1, 2), directions={"x": 2})
