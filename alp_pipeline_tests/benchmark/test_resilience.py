"""Resilience: closed forms, what breaks and hidden cells forbid, and censoring said rather than hidden."""

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from alp_pipeline.benchmark.activity_table import ActivityTable
from alp_pipeline.benchmark.cells import BenchmarkInputError
from alp_pipeline.benchmark.exposure import exposure
from alp_pipeline.benchmark.recovery import Downturn, recovery
from alp_pipeline.benchmark.resilience import diversity, volatility

CRISIS = Downturn("crisis_2008", (2007, 2008), (2009, 2010), 2013)


def series(
    first: int, *levels: float | str, region: str = "HOME", breaks: tuple[int, ...] = ()
) -> pd.DataFrame:
    """Levels from a first year on; a word is a state, None a year without a row."""
    rows = [
        (first + at, math.nan, level, "") if isinstance(level, str)
        else (first + at, level, "reported", "b" if first + at in breaks else "")
        for at, level in enumerate(levels)
        if level is not None
    ]  # fmt: skip
    frame = pd.DataFrame(rows, columns=["year", "value", "cell_state", "obs_status"])
    return frame.assign(region_code=region, activity_code="TOTAL")


EUROPE = series(2006, 98, 99, 100, 95, 90, 92, 96, 99, region="EU28")


def course(*levels, first=2006, breaks=(), downturn=CRISIS, reference=EUROPE):
    return recovery(series(first, *levels, breaks=breaks), downturn, reference=reference).iloc[0]


# --- diversity ------------------------------------------------------------------------------------------


@given(st.lists(st.integers(0, 10_000), min_size=3, max_size=8).filter(lambda row: sum(row) > 0))
def test_diversity_is_scipys_entropy_and_the_effective_number_its_power(row):
    found = diversity(pd.DataFrame([row], index=["A"])).loc["A"]
    bits = stats.entropy(row, base=2)
    assert found["entropy_bits"] == pytest.approx(bits, abs=1e-12)
    assert found["evenness"] == pytest.approx(bits / math.log2(len(row)), abs=1e-12)
    assert found["effective_activities"] == pytest.approx(2**bits)
    assert found["herfindahl"] == pytest.approx(sum((x / sum(row)) ** 2 for x in row))


def test_equal_activities_are_as_diverse_as_their_number_and_a_hidden_one_leaves_it_undetermined():
    table = ActivityTable.of(
        pd.DataFrame({"C": [5.0, 5.0], "F": [5.0, 5.0], "G": [5.0, None], "I": [5.0, 5.0]}, index=["A", "B"]),
        states=pd.DataFrame(
            [["reported"] * 4, ["reported", "reported", "confidential", "reported"]],
            index=["A", "B"],
            columns=list("CFGI"),
        ),
    )
    found = diversity(table)
    assert found.loc["A", ["evenness", "effective_activities", "herfindahl"]].tolist() == [1, 4, 0.25]
    assert found["state"].tolist() == ["reported", "undetermined"]
    assert found.loc["B", ["entropy_bits", "herfindahl"]].isna().all()
    with pytest.raises(BenchmarkInputError, match="has 1 activity"):
        diversity(pd.DataFrame({"C": [1.0]}))


# --- volatility -----------------------------------------------------------------------------------------


@given(st.lists(st.floats(0.5, 2.0), min_size=6, max_size=10))
def test_volatility_of_growth_is_the_sample_deviation_of_the_rates(factors):
    levels = 100 * np.cumprod([1.0, *factors])
    found = volatility(series(2000, *levels)).iloc[0]
    assert found["volatility_pct"] == pytest.approx(np.std(100 * (np.array(factors) - 1), ddof=1), abs=1e-8)
    assert found[["years", "first_year", "last_year"]].tolist() == [len(factors), 2000, 2000 + len(factors)]


def test_steady_growth_is_not_volatile_by_either_method():
    boom = series(2000, *(100 * 1.05**n for n in range(10)))
    for method in ("growth_rates", "log_trend"):
        assert volatility(boom, method=method)["volatility_pct"][0] == pytest.approx(0, abs=1e-9)


def test_volatility_around_a_trend_is_the_residual_error_of_a_regression_with_a_level_per_break():
    levels = [100, 104, 103, 110, 160, 161, 170, 168, 180]
    found = volatility(series(2000, *levels, breaks=(2004,)), method="log_trend", years_min=3).iloc[0]
    years = np.arange(9.0)
    design = np.column_stack([years, years < 4, years >= 4])
    residual = np.log(levels) - design @ np.linalg.lstsq(design, np.log(levels), rcond=None)[0]
    assert found["volatility_pct"] == pytest.approx(100 * math.sqrt((residual**2).sum() / (9 - 3)))
    assert found["years"] == 6


def test_growth_across_a_break_or_a_hole_is_left_out():
    levels = [100, 110, 100, 500, 550, "confidential", 500, 550, 500, 550]
    found = volatility(series(2000, *levels, breaks=(2003,)), years_min=2).iloc[0]
    rates = [10, -100 / 11, 10, 10, -100 / 11, 10]
    assert found["volatility_pct"] == pytest.approx(np.std(rates, ddof=1))
    assert found["years"] == 6


def test_too_few_years_give_no_volatility_and_say_why():
    found = volatility(series(2010, 100, "confidential", 105, 107)).iloc[0]
    assert found[["volatility_state", "volatility_note", "years"]].tolist() == [
        "confidential",
        "too_few_years",
        1,
    ]
    assert math.isnan(found["volatility_pct"])
    assert volatility(series(2010, 100, 101))["volatility_state"].tolist() == ["not_available"]
    assert volatility(series(2010, "not_available"), method="log_trend")["years"].tolist() == [0]
    assert volatility(series(2010)).empty
    with pytest.raises(BenchmarkInputError, match="method: is 'guess'"):
        volatility(series(2010, 1), method="guess")
    with pytest.raises(BenchmarkInputError, match="years_min: is 1"):
        volatility(series(2010, 1), years_min=1)


@given(st.floats(0.001, 1e6), st.randoms())
def test_the_unit_and_the_order_of_rows_do_not_matter(scale, random):
    table = series(2006, 98, 100, 103, 97, 99, 104, 107, 108)
    other = table.assign(value=scale * table["value"]).sample(frac=1, random_state=random.randrange(99))
    for method in ("growth_rates", "log_trend"):
        first, second = volatility(table, method=method), volatility(other, method=method)
        assert second["volatility_pct"][0] == pytest.approx(first["volatility_pct"][0])
    first, second = (recovery(cells, CRISIS, reference=EUROPE).iloc[0] for cells in (table, other))
    for name in ("fall_pct", "resistance", "recoverability"):
        assert second[name] == pytest.approx(first[name])
    assert second["recovery_years"] == first["recovery_years"]


# --- recovery -------------------------------------------------------------------------------------------


def test_peak_trough_return_and_the_years_between():
    found = course(97, 99, 100, 96, 94, 98, 101, 102)
    assert found[["peak_year", "trough_year", "fall_pct", "recovery_year", "recovery_years"]].tolist() == [
        2008, 2010, -6, 2012, 4,
    ]  # fmt: skip
    assert found[["recovery_state", "recovery_years_low", "recovery_years_high"]].tolist() == [
        "recovered",
        4,
        4,
    ]


def test_a_return_to_exactly_the_peak_is_a_return_and_a_later_fall_another_story():
    found = course(97, 99, 100, 96, 100, 80, 70, 120)
    assert found[["trough_year", "recovery_years"]].tolist() == [2009, 2]


def test_the_peak_is_sought_within_its_years_and_the_latest_of_equals():
    assert course(110, 100, 100, 95, 96, 97, 98, 101)["peak_year"] == 2008
    assert course(110, 104, 100, 95, 96, 97, 98, 105)[["peak_year", "recovery_years"]].tolist() == [2007, 6]


def test_a_region_that_never_fell_is_neither_recovered_nor_censored():
    found = course(97, 99, 100, 101, 100, 103, 104, 105)
    assert found["recovery_state"] == "no_fall"
    assert found[["trough_year", "fall_pct", "recovery_years", "recovery_years_low"]].isna().all()


def test_who_has_not_come_back_by_the_own_last_year_is_censored():
    found = course(97, 99, 100, 96, 94, 95)
    assert found[["recovery_state", "recovery_years_low", "last_year"]].tolist() == [
        "not_yet_recovered",
        4,
        2011,
    ]
    assert found[["recovery_years", "recovery_years_high", "recovery_year"]].isna().all()
    assert found["fall_pct"] == -6


def test_a_hole_before_the_return_leaves_an_interval():
    found = course(97, 99, 100, 96, 94, "not_available", 101)
    assert found[["recovery_years_low", "recovery_years_high", "recovery_note"]].tolist() == [
        3, 4, "gap_before_return",
    ]  # fmt: skip
    assert found[["recovery_years", "recovery_year"]].isna().all()
    absent = course(97, 99, 100, 96, 94, None, 95)
    assert absent[["recovery_state", "recovery_years_low"]].tolist() == ["not_yet_recovered", 3]


def test_a_window_year_without_a_number_leaves_all_undetermined_with_the_cells_state():
    hidden = course(97, 99, 100, "not_available", "confidential", 101)
    assert hidden[["recovery_state", "recovery_cell_state", "recovery_note"]].tolist() == [
        "undetermined", "confidential", "year_not_reported",
    ]  # fmt: skip
    assert course(97, 99, 100, 98)["recovery_cell_state"] == "not_available"
    assert hidden[["peak_value", "fall_pct"]].isna().all()


def test_breaks_part_the_series():
    early = course(97, 150, 100, 96, 94, 101, breaks=(2008,))
    assert early[["peak_year", "recovery_years"]].tolist() == [2008, 3]
    inside = course(97, 99, 100, 96, 94, 101, breaks=(2010,))
    assert inside[["recovery_state", "recovery_note"]].tolist() == ["undetermined", "break_in_series"]
    assert inside["recovery_cell_state"] == "not_applicable"
    late = course(97, 99, 100, 96, 94, 95, 130, 131, breaks=(2012,))
    assert late[["recovery_state", "recovery_years_low", "last_year", "recovery_note"]].tolist() == [
        "not_yet_recovered", 4, 2011, "series_ends_at_break",
    ]  # fmt: skip


def test_resistance_and_recoverability_are_growth_against_the_references_own():
    found = course(97, 99, 100, 96, 95, 98, 100, 104.5)
    assert found["resistance"] == pytest.approx((-0.05 - -0.10) / 0.10)
    assert found["recoverability"] == pytest.approx((0.10 - 0.10) / 0.10, abs=1e-12)
    beta = -0.05 / -0.10
    assert found["resistance"] == pytest.approx(1 - beta)


def test_the_reference_is_as_resistant_as_itself():
    own = recovery(EUROPE, CRISIS, reference=EUROPE).iloc[0]
    assert own[["resistance", "recoverability"]].tolist() == [0, 0]


def test_where_the_reference_or_the_region_cannot_be_compared_the_note_says_so():
    steady = series(2006, *range(100, 108), region="EU28")
    assert (
        course(97, 99, 100, 96, 95, 98, 100, 101, reference=steady)["resistance_note"]
        == "reference_did_not_fall"
    )
    short = series(2006, 98, 99, 100, 95, region="EU28")
    assert course(97, 99, 100, 96, 95, reference=short)["resistance_note"] == "reference_undetermined"
    ragged = course(97, 99, 100, 96, 95, 98)
    assert (ragged["resistance_note"], ragged["recoverability_note"]) == ("", "year_not_reported")
    broken = course(97, 99, 100, 96, 95, 98, 99, 100, breaks=(2012,))
    assert broken["recoverability_note"] == "break_in_series"
    assert math.isnan(broken["recoverability"])


def test_each_region_has_its_own_row_and_no_cells_no_rows():
    home = series(2006, 97, 99, 100, 96, 94, 98, 101)
    both = pd.concat([home, series(2006, 1, 2, 3, 4, 5, 6, 7, region="AWAY")])
    found = recovery(both, CRISIS, reference=EUROPE)
    assert found[["region_code", "recovery_state"]].values.tolist() == [
        ["AWAY", "no_fall"],
        ["HOME", "recovered"],
    ]
    assert recovery(both.iloc[:0], CRISIS, reference=EUROPE).empty
    with pytest.raises(BenchmarkInputError, match="reference: holds 2 series"):
        recovery(both, CRISIS, reference=both)
    with pytest.raises(BenchmarkInputError, match="downturn odd: has the years"):
        Downturn("odd", (2007, 2009), (2009, 2010), 2013)


# --- exposure -------------------------------------------------------------------------------------------

SHOCK = {"C29": 1.0, "C25": 0.5}


def cells(c29, c25, c10=40.0) -> ActivityTable:
    row = {"C29": c29, "C25": c25, "C10": c10}
    states = {k: v if isinstance(v, str) else "reported" for k, v in row.items()}
    values = {k: math.nan if isinstance(v, str) else v for k, v in row.items()}
    return ActivityTable.of(pd.DataFrame([values], index=["A"]), states=pd.DataFrame([states], index=["A"]))


def exposed(table, total=200.0, weights=SHOCK, **parameters):
    return exposure(table, weights, pd.Series({"A": total}), **parameters).loc["A"]


@given(st.lists(st.tuples(st.integers(0, 10_000), st.floats(0, 1)), min_size=1, max_size=8))
def test_exposure_is_the_weighted_share_a_naive_loop_gives(pairs):
    weights = {f"C{n:02d}": weight for n, (_, weight) in enumerate(pairs)}
    if not any(weights.values()):
        weights["C00"] = 1.0
    row = {name: float(pair[0]) for name, pair in zip(weights, pairs, strict=True)}
    total = sum(row.values()) + 1
    found = exposed(ActivityTable.of(pd.DataFrame([row], index=["A"])), total, weights)
    expected = 100 * sum(weights[name] * row[name] for name in row) / total
    assert found["exposure_pct"] == pytest.approx(expected)
    assert found["exposure_low_pct"] == found["exposure_pct"] == found["exposure_high_pct"]


def test_a_hidden_cell_is_not_zero_and_gives_an_interval_of_what_it_can_be():
    upper = pd.DataFrame({"C29": [60.0], "C25": [60.0]}, index=["A"])
    found = exposed(cells("confidential", 20.0), upper=upper)
    assert found[["exposure_state", "exposure_note", "hidden_cells"]].tolist() == [
        "undetermined",
        "hidden_cells",
        1,
    ]
    assert math.isnan(found["exposure_pct"])
    assert found[["exposure_low_pct", "exposure_high_pct"]].tolist() == [5.0, 35.0]
    for truth in (0.0, 17.0, 60.0):
        assert 5.0 <= exposed(cells(truth, 20.0))["exposure_pct"] <= 35.0
    unbounded = exposed(cells("confidential", 20.0))
    assert unbounded[["exposure_low_pct", "exposure_high_pct"]].isna().all()


def test_hidden_cells_that_the_shock_does_not_hit_do_not_matter():
    assert exposed(cells(20.0, 20.0, "confidential"))["exposure_pct"] == 15.0
    assert exposed(cells(20.0, "confidential"), weights={"C29": 1.0, "C25": 0.0})["exposure_pct"] == 10.0


def test_a_missing_cell_leaves_no_interval_and_keeps_its_state():
    found = exposed(cells("not_yet_published", "confidential"))
    assert found[["exposure_state", "exposure_note"]].tolist() == ["not_yet_published", "missing_cells"]
    assert found[["exposure_pct", "exposure_low_pct", "exposure_high_pct"]].isna().all()
    assert exposed(cells(1.0, 1.0), weights={"Z99": 1.0})["exposure_state"] == "not_available"
    assert exposed(cells("not_applicable", 20.0))["exposure_pct"] == 5.0


def test_a_total_between_two_values_gives_an_interval():
    found = exposed(cells(20.0, 20.0), totals_high=pd.Series({"A": 300.0}))
    assert found[["exposure_low_pct", "exposure_high_pct"]].tolist() == [10.0, 15.0]
    assert found[["exposure_state", "exposure_note"]].tolist() == ["undetermined", "total_not_known"]
    unknown = exposed(cells(20.0, 20.0), math.nan)
    assert unknown[["exposure_state", "exposure_note"]].tolist() == ["undetermined", "total_not_known"]
    assert exposed(cells(0.0, 0.0), 0.0)["exposure_state"] == "not_applicable"


def test_what_the_shock_takes_at_most_is_its_heaviest_weight():
    upper = pd.DataFrame({"C29": [1e9], "C25": [1e9]}, index=["A"])
    assert exposed(cells("confidential", "confidential"), upper=upper)["exposure_high_pct"] == 100


def test_shocks_and_totals_that_mean_nothing_are_refused():
    table = cells(1.0, 1.0)
    for wrong, message in (
        (lambda: exposed(table, weights={"C29": 1.5}), "weights: gives C29 1.5"),
        (lambda: exposed(table, weights={"C29": 0.0}), "holds no activity with a weight"),
        (lambda: exposed(table, -1.0), "totals: gives A between -1.0"),
        (lambda: exposed(table, totals_high=pd.Series({"A": 1.0})), "gives A between 200.0 and 1.0"),
        (lambda: exposure(table, SHOCK, pd.Series(dtype=float)), "totals: has no row for A"),
        (lambda: exposed(table, upper=pd.DataFrame({"C29": [-1.0]}, index=["A"])), "A × C29 holds -1.0"),
    ):
        with pytest.raises(BenchmarkInputError, match=message):
            wrong()
