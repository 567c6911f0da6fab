"""Statistics describe the cells that are there; a flag is raised by a number, never by its absence."""

import numpy as np
import pandas as pd
import pytest
import scipy.stats
from hypothesis import given
from hypothesis import strategies as st

from alp_pipeline.benchmark.cells import BenchmarkInputError
from alp_pipeline.benchmark.composite.framework import Framework
from alp_pipeline.benchmark.composite.statistics import (
    availability_by_aggregate,
    indicator_statistics,
    outlying_cells,
    unit_availability,
)

FLAGS = ["is_scarce", "is_mostly_zero", "is_repetitive", "is_skewed"]


def column(*numbers: float | None) -> pd.DataFrame:
    labels = [f"u{place:03d}" for place in range(len(numbers))]
    return pd.DataFrame({"x": pd.array(numbers, dtype="Float64").to_numpy(na_value=np.nan)}, index=labels)


def test_each_statistic_of_a_small_column_by_hand():
    row = indicator_statistics(column(0, 2, 2, 4, None), quantiles=(0.25, 0.975)).loc["x"]
    expected = {"units": 5, "available": 4, "missing": 1, "availability": 0.8, "zeros": 1, "zero_share": 0.25}
    expected |= {"unique": 3, "unique_share": 0.75, "most_frequent": 2, "most_frequent_count": 2}
    expected |= {"min": 0, "max": 4, "mean": 2, "median": 2, "p25": 1.5, "p97.5": 3.85, "skewness": 0}
    expected |= {"standard_deviation": np.sqrt(8 / 3), "most_frequent_share": 0.5, "confidential": 0}
    assert row[list(expected)].astype(float).to_dict() == pytest.approx(expected)


def test_skewness_kurtosis_and_quantiles_are_those_of_scipy_and_numpy():
    numbers = np.random.default_rng(4).lognormal(size=(40, 3))
    table = indicator_statistics(pd.DataFrame(numbers, columns=list("abc")))
    np.testing.assert_allclose(table["skewness"], scipy.stats.skew(numbers, bias=False), rtol=1e-12)
    np.testing.assert_allclose(table["kurtosis"], scipy.stats.kurtosis(numbers, bias=False), rtol=1e-12)
    np.testing.assert_allclose(table["p95"], np.quantile(numbers, 0.95, axis=0), rtol=1e-12)


def test_a_confidential_cell_is_counted_apart_and_is_no_number():
    states = pd.DataFrame(
        {"x": ["reported", "confidential", "not_available"]}, index=["u000", "u001", "u002"]
    )
    row = indicator_statistics(column(3, None, None), states=states).loc["x"]
    assert (row["available"], row["confidential"], row["missing"], row["min"]) == (1, 1, 1, 3)
    zero = indicator_statistics(column(3, 0, None), states=states.replace("confidential", "reported")).loc[
        "x"
    ]
    assert (zero["available"], zero["zeros"], zero["min"]) == (2, 1, 0)


@pytest.mark.parametrize(
    ("numbers", "flag"),
    [
        ([1, 2, None, None], "is_scarce"),
        ([0, 0, 0, 5, 6], "is_mostly_zero"),
        ([1, 1, 1, 2, 2, 2], "is_repetitive"),
        ([*range(20), 500], "is_skewed"),
    ],
)
def test_each_flag_is_raised_by_its_own_fault_alone(numbers, flag):
    raised = indicator_statistics(column(*numbers), unique_share_min=0.4).loc["x", FLAGS]
    assert raised[raised].index.tolist() == [flag]


def test_limits_themselves_raise_no_flag():
    table = indicator_statistics(column(0, 0, 1, 1), availability_min=1.0)
    assert not table.loc["x", FLAGS].any()


def test_a_column_without_numbers_or_without_spread_has_no_shape_and_no_flag_of_shape():
    empty = indicator_statistics(column(None, None)).loc["x"]
    assert (empty["available"], empty["availability"], bool(empty["is_scarce"])) == (0, 0.0, True)
    assert empty[["min", "mean", "skewness", "kurtosis", "zero_share", "most_frequent"]].isna().all()
    constant = indicator_statistics(column(0.1, 0.1, 0.1, 0.1)).loc["x"]
    assert np.isnan([constant["skewness"], constant["kurtosis"]]).all()
    assert (constant["standard_deviation"], bool(constant["is_skewed"])) == (0.0, False)
    assert np.isnan(indicator_statistics(column(3)).loc["x", "standard_deviation"])


def test_an_outlier_lies_beyond_the_fences_and_a_column_without_spread_has_none():
    # quartiles 10.5 and 13.5, so the fences are 6 and 18; what lies on a fence is inside
    found = outlying_cells(column(10, 11, 12, 13, 14, 18, 2))
    assert found.values.tolist() == [["u006", "x", 2.0, "low", 6.0, 18.0]]
    assert outlying_cells(column(10, 11, 12, 13, 14, 18.5, 2))["side"].tolist() == ["high", "low"]
    assert outlying_cells(column(5, 5, 5, 5, 900)).empty
    assert outlying_cells(column(None, None)).empty


def test_availability_of_units_counts_hidden_missing_and_zero_cells():
    values = pd.DataFrame({"a": [0, None], "b": [1, None], "c": [None, None]}, index=["B", "A"])
    states = pd.DataFrame("reported", index=["A", "B"], columns=list("abc"))
    states.loc["A"] = ["confidential", "not_available", "not_applicable"]
    states.loc["B", "c"] = "not_available"
    table = unit_availability(values, states=states)
    assert table.index.tolist() == ["B", "A"]
    assert table.loc["B"].tolist() == pytest.approx([3, 2, 0, 1, 2 / 3, 1, 0.5])
    assert table.loc["A"].fillna(-1).tolist() == [3, 0, 1, 2, 0, 0, -1]


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (pd.DataFrame({"x": [1, 2]}, index=["A", "A"]), "the unit A appears more than once"),
        (pd.DataFrame([[1, 2]], columns=["x", "x"]), "'x' appears more than once"),
        (pd.DataFrame({"x": [1, np.inf]}, index=["A", "B"]), "B × x is infinite"),
        (pd.DataFrame({"x": ["much", "more"]}), "the column x holds text"),
    ],
)
def test_a_table_that_is_none_is_refused_by_name(values, message):
    with pytest.raises(BenchmarkInputError, match=message):
        indicator_statistics(values)


def test_states_of_other_units_and_quantiles_that_are_none_are_refused():
    with pytest.raises(BenchmarkInputError, match="differ in labels"):
        indicator_statistics(column(1, 2), states=pd.DataFrame({"x": ["reported"]}, index=["u000"]))
    with pytest.raises(BenchmarkInputError, match="95 is not a quantile"):
        indicator_statistics(column(1, 2), quantiles=[95])


@given(st.permutations(range(9)), st.permutations(["a", "b", "c"]))
def test_the_order_of_units_and_indicators_shows_in_no_bit(rows, codes):
    numbers = np.random.default_rng(1).lognormal(size=(9, 3))
    numbers[2, 1] = np.nan
    table = pd.DataFrame(numbers, columns=list("abc"), index=[f"u{i}" for i in range(9)])
    expected = indicator_statistics(table)
    pd.testing.assert_frame_equal(
        indicator_statistics(table.iloc[rows][codes]).loc[list("abc")], expected, check_exact=True
    )


@given(st.floats(0.01, 1000), st.floats(-1000, 1000))
def test_shape_does_not_depend_on_the_unit_of_measure(scale, shift):
    numbers = column(1, 2, 4, 8, 16, 32)
    before, after = (indicator_statistics(frame).loc["x"] for frame in (numbers, numbers * scale + shift))
    assert after["skewness"] == pytest.approx(before["skewness"], rel=1e-6)
    assert after["kurtosis"] == pytest.approx(before["kurtosis"], rel=1e-6)
    assert after["mean"] == pytest.approx(before["mean"] * scale + shift, abs=1e-9 * (abs(shift) + scale))


def test_asem_raw_statistics_as_coinr_prints_them(asem_units):
    table = indicator_statistics(asem_units.values, states=asem_units.states)
    # COINr's vignette "Analysis", get_stats(coin, dset = "Raw"), three significant figures.
    printed = {
        "LPI": (2.07, 4.23, 3.41, 3.42, 0.538, -0.304, -0.657, 51, 51, 51, False),
        "Flights": (0.99, 211.0, 38.6, 25.6, 46.7, 2.1, 4.51, 51, 51, 51, True),
        "Ship": (0.0, 21.2, 12.0, 12.7, 6.84, -0.576, -0.681, 51, 42, 43, False),
        "Bord": (0.0, 122.0, 23.6, 18.0, 24.8, 2.15, 5.79, 51, 45, 30, True),
        "Elec": (0.0, 110.0, 16.2, 6.91, 22.7, 2.23, 5.79, 51, 47, 46, True),
    }
    names = ["min", "max", "mean", "median", "standard_deviation", "skewness", "kurtosis"]
    for code, (*numbers, available, nonzero, unique, skewed) in printed.items():
        row = table.loc[code]
        assert [float(f"{row[name]:.3g}") for name in names] == numbers
        counts = (row["available"], row["available"] - row["zeros"], row["unique"], bool(row["is_skewed"]))
        assert counts == (available, nonzero, unique, skewed)


def test_asem_availability_as_coinr_prints_it(asem_units, asem_framework):
    units = unit_availability(asem_units.values, states=asem_units.states)
    # get_data_avail: N_missing, N_zero, Dat_Avail, Non_Zero
    printed = {"AUS": (0, 3, 1.0, 0.9387755), "BGD": (6, 1, 0.877551, 0.9767442), "BGR": (0, 0, 1.0, 1.0)}
    for unit, expected in printed.items():
        row = units.loc[unit]
        assert (row["missing"], row["zeros"], row["availability"], 1 - row["zero_share"]) == pytest.approx(
            expected, abs=5e-8
        )
    groups = availability_by_aggregate(asem_units.values, asem_framework)
    assert groups.loc["BGD", ["ConEcFin", "Instit", "P2P", "Physical"]].tolist() == pytest.approx(
        [1, 0.8333333, 0.75, 0.875], abs=5e-8
    )
    assert groups.loc["BGD", "Index"] == units.loc["BGD", "availability"]


def test_availability_needs_every_indicator_of_the_framework():
    framework = Framework.of(
        pd.DataFrame(
            {
                "code": ["a", "I"],
                "level": [1, 2],
                "parent": ["I", None],
                "direction": 1,
                "type": ["Indicator", "Aggregate"],
            }
        )
    )
    with pytest.raises(BenchmarkInputError, match="the column a is absent"):
        availability_by_aggregate(pd.DataFrame({"b": [1]}), framework)


def test_asem_treated_columns_are_those_coinr_treated(asem_stage, realdata):
    table = indicator_statistics(asem_stage("4_Screened"))
    details = pd.read_csv(realdata / "composite" / "expected_default_treat_details.csv", index_col="iCode")
    assert table["is_skewed"].to_dict() == (~details["check_SkewKurt0.Pass"].astype(bool)).to_dict()
    np.testing.assert_allclose(table["skewness"], details["check_SkewKurt0.Skew"], rtol=1e-9)
    np.testing.assert_allclose(table["kurtosis"], details["check_SkewKurt0.Kurt"], rtol=1e-9)
