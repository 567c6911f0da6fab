"""Location quotients of a matrix: what is defined, what is missing, which identities hold."""

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from alp_pipeline.benchmark.cells import BenchmarkInputError
from alp_pipeline.benchmark.location_quotient import location_quotient

counts = arrays(np.int64, st.tuples(st.integers(1, 6), st.integers(1, 6)), elements=st.integers(0, 10**6))


def frame(x: object) -> pd.DataFrame:
    table = pd.DataFrame(x)
    table.index = pd.Index([f"R{n}" for n in range(table.shape[0])])
    table.columns = pd.Index([f"C{n}" for n in range(table.shape[1])])
    return table


def test_the_quotient_compares_the_share_in_the_region_with_the_share_in_the_reference():
    table = frame([[10, 30], [30, 10]])
    assert location_quotient(table).to_numpy().tolist() == [[0.5, 1.5], [1.5, 0.5]]


def test_a_missing_cell_stays_missing_and_published_totals_stay_as_they_are():
    table = frame([[np.nan, 30], [30, 10]])
    found = location_quotient(
        table,
        reference=pd.Series({"C0": 40, "C1": 40}),
        reference_total=80,
        region_totals=pd.Series({"R0": 40, "R1": 40}),
    )
    assert math.isnan(found.loc["R0", "C0"])
    assert found.loc["R0", "C1"] == 1.5  # the total of 40 includes what is hidden in C0


def test_a_zero_is_a_number_and_not_a_gap():
    assert location_quotient(frame([[0, 30], [30, 10]])).loc["R0", "C0"] == 0.0


def test_a_zero_or_missing_total_gives_missing_and_not_infinity():
    table = frame([[0, 0, 0], [5, 0, 5]])
    assert np.isnan(location_quotient(table).loc["R0"]).all()
    assert np.isnan(location_quotient(table)["C1"]).all()
    absent = location_quotient(table, reference=pd.Series({"C0": 5.0, "C1": 1.0}), reference_total=10)
    assert np.isnan(absent["C2"]).all()
    assert absent.loc["R1", "C0"] == 1.0


@pytest.mark.parametrize("known", [{"C0": 5.0, "C1": 1.0}, {"C0": 5.0, "C1": 1.0, "C2": None}])
def test_a_reference_that_lacks_an_activity_gives_no_grand_total(known):
    with pytest.raises(BenchmarkInputError, match="no total of C2, so its sum is not the total"):
        location_quotient(frame([[0, 0, 0], [5, 0, 5]]), reference=pd.Series(known))


def test_a_quotient_of_exactly_one_and_a_half_is_not_rounded_below_it():
    x = np.arange(1.0, 1000.0)  # every activity has 1.5 times its share of the reference
    table = frame(x[None, :])
    found = location_quotient(
        table,
        reference=pd.Series(2000 * x, index=table.columns),
        reference_total=3_000_000,
        region_totals=pd.Series({"R0": 1000}),
    )
    assert (found == 1.5).to_numpy().all()
    three_divisions = (x / 1000) / (2000 * x / 3_000_000)
    assert (three_divisions < 1.5).any()  # which is why there is one


@pytest.mark.parametrize(
    ("table", "offender"),
    [
        (frame([[1, 2], [3, -4]]), "R1 × C1 holds -4"),
        (frame([[1.0, np.inf]]), "R0 × C1 holds inf"),
        (pd.DataFrame([[1, 2]], index=["R0"], columns=["C0", "C0"]), "'C0' appears more than once"),
    ],
)
def test_the_first_offender_is_named(table, offender):
    with pytest.raises(ValueError, match=offender):
        location_quotient(table)


@given(counts)
def test_the_mean_weighted_by_the_reference_shares_is_one(x):
    table = frame(x)
    found = location_quotient(table)
    shares = table.sum() / max(table.to_numpy().sum(), 1)
    for region in table.index[table.sum(axis=1) > 0]:
        assert math.isclose(np.nansum(found.loc[region] * shares), 1.0, rel_tol=1e-12)


@given(counts, st.randoms(use_true_random=False))
def test_the_order_of_regions_and_activities_does_not_change_a_bit(x, random):
    table = frame(x) / 7
    rows, columns = list(table.index), list(table.columns)
    random.shuffle(rows)
    random.shuffle(columns)
    again = location_quotient(table.loc[rows, columns]).loc[table.index, table.columns]
    pd.testing.assert_frame_equal(again, location_quotient(table), check_exact=True)


@given(counts, st.integers(1, 1000))
def test_counting_in_another_unit_changes_nothing(x, unit):
    once, scaled = location_quotient(frame(x)), location_quotient(frame(x) * unit)
    np.testing.assert_allclose(scaled, once, rtol=1e-14)
