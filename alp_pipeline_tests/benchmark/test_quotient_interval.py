"""Intervals of quotients hold the truth, and never pin a hidden cell down."""

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from alp_pipeline.benchmark.cells import BenchmarkInputError
from alp_pipeline.benchmark.disclosure import PublishedTotals
from alp_pipeline.benchmark.location_quotient import location_quotient
from alp_pipeline.benchmark.quotient_interval import quotient_intervals, sampling_intervals
from alp_pipeline_tests.benchmark.activity_tables import counts, frame, table

GROUPS = {"C0": "A", "C1": "A", "C2": "A", "C3": "B"}


def sections(*rows: list[float], rounding: float = 0) -> PublishedTotals:
    return PublishedTotals(GROUPS, frame(list(rows)).set_axis(["A", "B"], axis=1), rounding=rounding)


def test_the_formula_of_the_domain_holds_for_a_hidden_division():
    found = quotient_intervals(
        table([[60, "c", "c", 40]]),
        published=sections([80, 40]),
        reference=pd.Series({"C0": 300, "C1": 50, "C2": 150, "C3": 500}),
        region_totals=pd.Series({"R0": 120}),
    ).set_index("activity")
    # [0, ((S - P) / e_r) / (e_c / e)]
    assert found.loc["C1", ["lower", "upper"]].tolist() == [0.0, pytest.approx((20 / 120) / (50 / 1000))]
    assert found.loc["C1", "state"] == "confidential"
    assert math.isnan(found.loc["C1", "location_quotient"])
    assert found.loc["C0", "location_quotient"] == pytest.approx((60 / 120) / (300 / 1000))
    assert found.loc["C0", "lower"] == found.loc["C0", "upper"] == found.loc["C0", "location_quotient"]


def test_the_only_hidden_division_of_a_section_has_no_interval():
    found = quotient_intervals(table([[60, 20, "c", 40]]), published=sections([90, 40])).set_index("activity")
    assert found.loc["C2", "note"] == "computable_cell"
    assert found.loc["C2", ["location_quotient", "lower", "upper"]].isna().all()


@given(counts, st.data())
def test_the_true_quotient_lies_in_every_interval(x, data):
    hidden = np.array([[data.draw(st.booleans()) for _ in row] for row in x])
    cells = table(
        [["c" if h else int(v) for v, h in zip(*row, strict=True)] for row in zip(x, hidden, strict=True)]
    )
    truth = location_quotient(frame(x))
    groups = {activity: "AB"[place % 2] for place, activity in enumerate(truth.columns)}
    totals = frame(x).T.groupby(groups).sum().T
    found = quotient_intervals(cells, published=PublishedTotals(groups, totals, rounding=0))
    true = truth.to_numpy().ravel()
    known = ~np.isnan(true) & found[["lower", "upper"]].notna().all(axis=1).to_numpy()
    assert (found["lower"][known] <= true[known] * (1 + 1e-12)).all()
    assert (true[known] <= found["upper"][known] * (1 + 1e-12)).all()
    point = found["location_quotient"].notna().to_numpy()
    np.testing.assert_allclose(found["location_quotient"][point], true[point], rtol=1e-12)
    # A hidden cell has no point value, nor an interval without width.
    secret = hidden.ravel()
    assert not point[secret].any()
    assert (found["upper"][secret & known] > found["lower"][secret & known]).all()


def test_without_published_sections_a_hidden_cell_bounds_nothing_and_nobody():
    found = quotient_intervals(table([[60, "c"], [20, 20]])).set_index(["region", "activity"])
    assert found.loc[("R0", "C1"), "note"] == "no_published_total"
    assert found.loc[("R0", "C1"), ["lower", "upper"]].isna().all()
    other = found.loc[("R1", "C0")]
    assert (other["state"], other["upper"]) == ("undetermined", math.inf)
    assert other["lower"] == pytest.approx((20 / 40) / (80 / 100))
    assert math.isnan(other["location_quotient"])


def test_rounded_cells_are_wider_by_half_a_unit():
    plain = quotient_intervals(frame([[3, 7], [7, 3]]))
    rounded = quotient_intervals(frame([[3, 7], [7, 3]]), rounding=1)
    assert plain["lower"].tolist() == plain["upper"].tolist() == [0.6, 1.4, 1.4, 0.6]
    assert rounded["lower"].tolist() == pytest.approx([0.5, 1.3, 1.3, 0.5])
    assert rounded["upper"].tolist() == pytest.approx([0.7, 1.5, 1.5, 0.7])
    assert rounded["location_quotient"].tolist() == plain["location_quotient"].tolist()


def test_a_missing_cell_says_why_and_a_zero_total_is_not_applicable():
    found = quotient_intervals(table([[1, None], [0, 0]])).set_index(["region", "activity"])
    assert found.loc[("R0", "C1"), "state"] == "not_available"
    assert found.loc[("R0", "C0"), "state"] == "not_available"
    nothing = quotient_intervals(table([[1, 2], [0, 0]])).set_index(["region", "activity"])
    assert nothing.loc[("R1", "C0"), "state"] == "not_applicable"


def test_rows_of_years_keep_both_labels():
    index = pd.MultiIndex.from_product([["A"], [2013, 2014]], names=["region_code", "year"])
    found = quotient_intervals(pd.DataFrame({"C0": [1, 2], "C1": [3, 4]}, index=index))
    assert found.columns[:3].tolist() == ["region_code", "year", "activity"]
    assert found["location_quotient"].tolist() == [1.0] * 4


@pytest.mark.parametrize(("jobs", "total"), [(3, 40), (0, 12), (12, 12), (700, 9000)])
def test_the_sampling_interval_is_scipys_exact_one(jobs, total):
    from scipy.stats import binomtest

    x = frame([[jobs, 1000 - jobs], [total - jobs, 3000]])
    share = 1000 / (4000 + total - jobs)
    oracle = binomtest(jobs, total).proportion_ci(0.9, method="exact")
    found = sampling_intervals(x, confidence=0.9).iloc[0]
    assert found["lower"] == pytest.approx(oracle.low / share, rel=1e-9, abs=1e-15)
    assert found["upper"] == pytest.approx(oracle.high / share, rel=1e-9)
    assert found["lower"] <= found["location_quotient"] <= found["upper"]


def test_jobs_that_come_in_firms_make_the_interval_wider():
    x = frame([[40, 960], [160, 3000]])
    single, firms = (sampling_intervals(x, persons_per_draw=n).iloc[0] for n in (1, 20))
    assert firms["lower"] < single["lower"]
    assert firms["upper"] > single["upper"]
    assert firms["location_quotient"] == single["location_quotient"]


def test_a_hidden_cell_has_no_sampling_interval():
    found = sampling_intervals(table([[60, "c"], [20, 20]]), reference=pd.Series({"C0": 80, "C1": 90}))
    assert found["state"].tolist()[:2] == ["confidential", "confidential"]
    assert found[["location_quotient", "lower", "upper"]].iloc[:2].isna().all(axis=None)


def test_what_makes_no_sense_is_refused():
    with pytest.raises(BenchmarkInputError, match="R0 × C0 is more than the reference has"):
        sampling_intervals(frame([[5]]), reference=pd.Series({"C0": 4}))
    with pytest.raises(BenchmarkInputError, match=r"confidence 1\.5"):
        sampling_intervals(frame([[5]]), confidence=1.5)
    with pytest.raises(BenchmarkInputError, match="a rounding of -1"):
        quotient_intervals(frame([[5]]), rounding=-1)
