"""Which quotients of a table are known, and the quotient's relatives."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from alp_pipeline.benchmark.activity_table import ActivityTable, published_sums
from alp_pipeline.benchmark.cells import BenchmarkInputError
from alp_pipeline.benchmark.location_quotient import location_quotient
from alp_pipeline.benchmark.quotients import (
    WEIGHTINGS,
    quotients,
    region_totals_of,
    symmetric_quotients,
    weighted_quotients,
)
from alp_pipeline_tests.benchmark.activity_tables import counts, frame, table


@given(counts)
def test_of_a_table_without_gaps_they_are_the_plain_quotients(x):
    cells = frame(x)
    found = quotients(cells)
    pd.testing.assert_frame_equal(found.values, location_quotient(cells), check_exact=True)
    assert ((found.states == "reported") == found.values.notna()).all(axis=None)


@pytest.mark.parametrize("name", ["toy4", "toy5"])
def test_econgeos_toy_matrices_are_reproduced(realdata: Path, name: str):
    folder = realdata / "specialisation"
    found = quotients(pd.read_csv(folder / f"{name}_input.csv", index_col="geo")).values
    theirs = pd.read_csv(folder / f"{name}_LQ.csv", index_col="geo")
    np.testing.assert_allclose(found, theirs, rtol=0, atol=1e-12)


def test_a_hidden_cell_takes_the_grand_total_along_instead_of_counting_as_zero():
    cells = [[8, "c", 2], [4, 16, 1], [6, 6, 3]]
    hidden = quotients(table(cells))
    assert (hidden.states == "confidential").all(axis=None)
    assert hidden.values.isna().all(axis=None)
    zero = quotients(table([[8, 0, 2], *cells[1:]]))
    assert (zero.states == "reported").all(axis=None)
    for weighting in WEIGHTINGS:
        assert weighted_quotients(table(cells), weighting=weighting).values.isna().all(axis=None)


def test_whoever_passes_the_published_sums_gets_the_quotients_among_published_cells():
    meant = table([[8, "c", 2], [4, 16, 1], [6, 6, 3]])
    sums = published_sums(meant)
    found = quotients(meant, reference=sums, reference_total=float(sums.sum()))
    assert found.states.loc["R0"].tolist() == ["confidential"] * 3  # its own total is still not known
    assert found.values.loc["R1"].tolist() == [4 * 46 / (21 * 18), 16 * 46 / (21 * 22), 46 / (21 * 6)]


def test_the_grand_total_is_known_where_it_is_given_or_complete_in_its_year():
    index = pd.MultiIndex.from_product([["A", "B"], [2013, 2014]], names=["region", "year"])
    cells = pd.DataFrame({"C0": [1, 5, 2, 5], "C1": [4, 5, 2, np.nan]}, index=index)
    found = quotients(cells).states
    assert (found.xs(2013, level="year") == "reported").all(axis=None)
    assert (found.xs(2014, level="year") == "not_available").all(axis=None)
    once = cells.xs(2014, level="year")
    assert quotients(once, reference_total=15).states.loc["A"].tolist() == ["reported", "not_available"]
    with_gap = pd.Series({"C0": 10, "C1": 20, "C9": np.nan})
    assert (quotients(once, reference=with_gap).states == "not_available").all(axis=None)
    assert quotients(once, reference=with_gap, reference_total=40).values.loc["A", "C0"] == 2.0
    years = quotients(cells, reference_total=pd.Series({2013: 9.0})).states.xs(2014, level="year")
    assert (years == "not_available").all(axis=None)


def test_published_totals_leave_only_the_hidden_cell_without_a_quotient():
    found = quotients(
        table([[8, "c"], [4, 16]]),
        reference=pd.Series({"C0": 120, "C1": 360, "C9": 720}),
        region_totals=pd.Series({"R1": 20, "R0": 10}),
    )
    assert found.states.to_numpy().tolist() == [["reported", "confidential"], ["reported", "reported"]]
    assert found.values.loc["R0", "C0"] == 8.0  # 0.8 against 120 of 1200
    assert found.values.loc["R1"].tolist() == [2.0, 16 * 1200 / (20 * 360)]
    given_total = quotients(table([[8, 2]]), reference=pd.Series({"C0": 12, "C1": 36}), reference_total=96)
    assert given_total.values.loc["R0"].tolist() == [6.4, 0.2 / 0.375]


def test_a_missing_cell_and_one_that_cannot_exist_say_so():
    found = quotients(table([[8, None, 1], [4, 16, "z"], [0, 0, 0]]))
    assert found.states.to_numpy().tolist() == [
        ["not_available"] * 3,
        ["not_available", "not_available", "not_applicable"],
        ["not_available"] * 3,
    ]
    given = quotients(table([[8, 2, 1], [4, 16, "z"], [0, 0, 0]])).states.to_numpy().tolist()
    assert given[1:] == [["reported", "reported", "not_applicable"], ["not_applicable"] * 3]


def test_each_year_is_compared_with_its_own_reference():
    index = pd.MultiIndex.from_product([["A", "B"], [2013, 2014]], names=["region", "year"])
    cells = pd.DataFrame({"C0": [1, 5, 2, 5], "C1": [4, 5, 2, 0]}, index=index)
    found = quotients(cells).values
    for year in (2013, 2014):
        once = location_quotient(cells.xs(year, level="year"))
        pd.testing.assert_frame_equal(found.xs(year, level="year"), once, check_exact=True)
    reference = pd.DataFrame({"C0": [30, 40], "C1": [70, 60]}, index=[2013, 2014])
    against = quotients(cells, reference=reference, reference_total=pd.Series({2013: 200, 2014: 100}))
    assert against.values.loc[("A", 2013), "C0"] == pytest.approx((1 / 5) / (30 / 200), rel=1e-15)
    assert against.values.loc[("A", 2014), "C0"] == pytest.approx((5 / 10) / (40 / 100), rel=1e-15)


@given(counts)
def test_symmetric_quotients_lie_between_minus_one_and_one_in_the_same_order(x):
    found = quotients(frame(x))
    symmetric = symmetric_quotients(found)
    lq, known = found.values.to_numpy(), symmetric.to_numpy()
    assert (np.isnan(known) == np.isnan(lq)).all()
    assert ((known >= -1) & (known <= 1) | np.isnan(lq)).all()
    assert (np.sign(known) == np.sign(lq - 1))[~np.isnan(lq)].all()
    np.testing.assert_allclose((1 + known) / (1 - known), lq, rtol=1e-6)


def test_standardised_quotients_are_the_z_scores_of_scipy():
    from scipy.stats import zscore

    x = frame([[3, 9, 1], [1, 1, 50], [8, 2, 2], [4, 4, 4]])
    lq = location_quotient(x)
    plain = weighted_quotients(x, weighting="standardised").values
    np.testing.assert_allclose(plain, zscore(lq, ddof=1), rtol=1e-12)
    logs = weighted_quotients(x).values
    np.testing.assert_allclose(logs, zscore(np.log(lq), ddof=1), rtol=1e-12)


def test_weighed_by_employment_the_mean_is_zero_and_the_spread_one():
    x = frame([[3, 9, 1], [1, 1, 50], [8, 2, 2], [4, 4, 4]])
    found = weighted_quotients(x, weighting="employment").values
    share = x.sum(axis=1) / x.to_numpy().sum()
    np.testing.assert_allclose(found.mul(share, axis=0).sum(), 0, atol=1e-14)
    np.testing.assert_allclose((found**2).mul(share, axis=0).sum(), 1, rtol=1e-14)


@given(counts)
def test_excess_jobs_add_up_to_nothing_over_regions_and_over_activities(x):
    found = weighted_quotients(frame(x), weighting="excess").values.fillna(0)
    np.testing.assert_allclose(found.sum(), 0, atol=1e-6)
    np.testing.assert_allclose(found.sum(axis=1), 0, atol=1e-6)


def test_no_jobs_where_some_were_expected_are_an_excess_below_zero_and_no_logarithm():
    x = frame([[0, 4], [4, 0]])
    assert weighted_quotients(x, weighting="excess").values.to_numpy().tolist() == [[-2.0, 2.0], [2.0, -2.0]]
    assert weighted_quotients(x).states.loc["R0", "C0"] == "not_applicable"


@pytest.mark.parametrize("weighting", WEIGHTINGS)
def test_a_hidden_region_leaves_the_spread_unknown_unless_the_published_are_meant(weighting):
    cells = table([[8, "c"], [4, 16], [6, 6]])
    totals = {
        "reference": pd.Series({"C0": 100, "C1": 300}),
        "region_totals": pd.Series({"R0": 10, "R1": 20, "R2": 12}),
    }
    found = weighted_quotients(cells, weighting=weighting, **totals)
    assert found.states["C0"].tolist() == ["reported"] * 3
    expected = "reported" if weighting == "excess" else "confidential"
    assert found.states["C1"].tolist() == ["confidential", expected, expected]
    meant = weighted_quotients(cells, weighting=weighting, among_published=True, **totals)
    assert meant.states["C1"].tolist() == ["confidential", "reported", "reported"]


def test_equal_quotients_have_no_spread_to_measure_by():
    found = weighted_quotients(frame([[1, 1], [2, 2]]), weighting="standardised")
    assert (found.states == "not_applicable").all(axis=None)


@given(counts, st.randoms(use_true_random=False), st.sampled_from(WEIGHTINGS))
def test_the_order_of_regions_and_activities_does_not_change_a_bit(x, random, weighting):
    cells = frame(x)
    rows, columns = list(cells.index), list(cells.columns)
    random.shuffle(rows)
    random.shuffle(columns)
    again = weighted_quotients(cells.loc[rows, columns], weighting=weighting).values
    once = weighted_quotients(cells, weighting=weighting).values
    pd.testing.assert_frame_equal(again.loc[cells.index, cells.columns], once, check_exact=True)


def test_wrong_choices_and_totals_are_refused_by_name():
    with pytest.raises(BenchmarkInputError, match="the weighting is 'jobs'"):
        weighted_quotients(frame([[1]]), weighting="jobs")
    with pytest.raises(BenchmarkInputError, match="region_totals: the label 'R0' appears more than once"):
        quotients(frame([[1]]), region_totals=pd.Series([1, 2], index=["R0", "R0"]))
    with pytest.raises(BenchmarkInputError, match="region_totals: R0 × region_totals holds inf"):
        region_totals_of(ActivityTable.of(frame([[1]])), pd.Series({"R0": np.inf}))
