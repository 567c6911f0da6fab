"""Localisation over regions with data: points as of complete tables, ranges that hold the truth."""

import itertools

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alp_pipeline.benchmark.activity_table import ActivityTable
from alp_pipeline.benchmark.cells import BenchmarkInputError
from alp_pipeline.benchmark.localisation import hoover, locational_gini
from alp_pipeline.benchmark.localisation_interval import localisation

REGIONS = [f"R{n}" for n in range(6)]
counts = st.lists(st.integers(0, 50), min_size=6, max_size=6)
weights = st.lists(st.integers(60, 400), min_size=6, max_size=6)


def one_activity(x: list[float], hidden: set[int] = frozenset(), word: str = "confidential") -> ActivityTable:
    states = pd.DataFrame(
        {"C28": [word if n in hidden else "reported" for n in range(len(x))]}, REGIONS[: len(x)]
    )
    return ActivityTable.of(pd.DataFrame({"C28": x}, REGIONS[: len(x)], dtype=float), states=states)


def bounded(table: ActivityTable, upper: float) -> dict[str, pd.DataFrame]:
    return {"lower": table.values * 0 + 0.0, "upper": table.values} | {
        "lower": table.values.fillna(0.0),
        "upper": table.values.fillna(upper),
    }


def naive(x: np.ndarray, t: np.ndarray) -> tuple[float, float]:
    """Gini by all pairs, Hoover by its definition."""
    s, t = x / x.sum(), t / t.sum()
    pairs = sum(abs(s[i] * t[j] - s[j] * t[i]) for i, j in itertools.combinations(range(len(x)), 2))
    return pairs, 50 * np.abs(s - t).sum()


@settings(max_examples=60)
@given(x=counts, t=weights)
def test_points_are_those_of_the_definitions_and_of_complete_tables(x, t) -> None:
    totals = pd.Series(t, REGIONS, dtype=float)
    table = one_activity(x)
    [row] = localisation(table, region_totals=totals).to_dict("records")
    if not sum(x):
        assert (row["state"], row["note"]) == ("not_applicable", "nothing_counted")
        return
    gini, of_hoover = naive(np.array(x, float), np.array(t, float))
    assert row["locational_gini"] == pytest.approx(gini, abs=1e-12)
    assert row["hoover"] == pytest.approx(of_hoover, abs=1e-10)
    assert row["locational_gini"] == pytest.approx(
        locational_gini(table, region_totals=totals)["locational_gini"].iloc[0], abs=1e-12
    )
    assert row["hoover"] == pytest.approx(hoover(table, population=totals)["hoover"].iloc[0], abs=1e-10)
    assert (row["gini_lower"], row["gini_upper"]) == (row["locational_gini"], row["locational_gini"])


@settings(max_examples=80)
@given(x=counts, t=weights, hidden=st.sets(st.integers(0, 5), min_size=1, max_size=3), cap=st.integers(1, 40))
def test_whatever_hidden_cells_hold_lies_between_the_bounds_and_the_least_is_reached(
    x, t, hidden, cap
) -> None:
    totals = pd.Series(t, REGIONS, dtype=float)
    table = one_activity(x, hidden)
    [row] = localisation(table, region_totals=totals, **bounded(table, cap)).to_dict("records")
    assert (row["state"], row["hidden_units"], row["units"]) == ("undetermined", len(hidden), 6)
    assert np.isnan([row["locational_gini"], row["hoover"]]).all()
    steps = np.linspace(0, cap, 9)
    possible = []
    for guess in itertools.product(steps, repeat=len(hidden)):
        filled = np.array(x, float)
        filled[sorted(hidden)] = guess
        if filled.sum():
            possible.append(naive(filled, np.array(t, float)))
    ginis, hoovers = zip(*possible, strict=True)
    assert row["gini_lower"] <= min(ginis) + 1e-12
    assert row["gini_upper"] >= max(ginis) - 1e-12
    assert row["hoover_lower"] <= min(hoovers) + 1e-10
    assert row["hoover_upper"] >= max(hoovers) - 1e-10


def test_the_least_is_reached_where_the_hidden_region_is_as_the_others() -> None:
    table = one_activity([10, 20, 0], {2})
    [row] = localisation(
        table, region_totals=pd.Series([100.0, 200, 50], REGIONS[:3]), **bounded(table, 8)
    ).to_dict("records")
    assert (row["gini_lower"], row["hoover_lower"]) == pytest.approx((0, 0), abs=1e-12)
    assert row["gini_upper"] >= naive(np.array([10.0, 20, 0]), np.array([100.0, 200, 50]))[0]


def test_a_small_hidden_region_leaves_a_narrow_range() -> None:
    """One of 200 regions hides at most as much as its neighbours have."""
    rng = np.random.default_rng(7)
    names = [f"R{n}" for n in range(200)]
    values = pd.DataFrame({"C28": rng.integers(50, 500, 200).astype(float)}, names)
    states = pd.DataFrame("reported", names, ["C28"])
    states.iloc[:3] = "confidential"
    table = ActivityTable.of(values, states=states)
    totals = pd.Series(rng.integers(5000, 9000, 200).astype(float), names)
    [row] = localisation(
        table, region_totals=totals, lower=table.values.fillna(0.0), upper=table.values.fillna(300.0)
    ).to_dict("records")
    assert 0 < row["gini_upper"] - row["gini_lower"] < 0.02
    assert 0 < row["hoover_upper"] - row["hoover_lower"] < 2


def test_a_missing_region_is_left_out_and_counted_and_a_hidden_one_without_bounds_leaves_none() -> None:
    totals = pd.Series([100.0, 200, 50], REGIONS[:3])
    [missing] = localisation(one_activity([10, 20, 0], {2}, "not_available"), region_totals=totals).to_dict(
        "records"
    )
    assert (missing["units"], missing["missing_units"], missing["state"]) == (2, 1, "reported")
    assert missing["locational_gini"] == 0
    [hidden] = localisation(one_activity([10, 20, 0], {2}), region_totals=totals).to_dict("records")
    assert (hidden["note"], hidden["state"], hidden["hidden_units"]) == ("unbounded_cell", "undetermined", 1)
    assert np.isnan([hidden["gini_lower"], hidden["hoover_upper"]]).all()
    [few] = localisation(one_activity([10, 20, 0]), region_totals=totals, units_min=4).to_dict("records")
    assert (few["note"], few["state"]) == ("too_few_units", "not_available")


def test_a_hidden_cell_is_neither_zero_nor_missing() -> None:
    totals = pd.Series([100.0, 200, 50], REGIONS[:3])
    zero = localisation(one_activity([10, 20, 0]), region_totals=totals)
    for word in ("confidential", "not_available"):
        table = one_activity([10, 20, 0], {2}, word)
        other = localisation(table, region_totals=totals, **bounded(table, 5))
        assert not other[["locational_gini", "state"]].equals(zero[["locational_gini", "state"]])


def test_the_order_of_regions_and_a_scale_change_nothing() -> None:
    table, totals = (
        one_activity([10, 20, 0, 7, 9, 40], {1, 3}),
        pd.Series([90.0, 80, 70, 60, 55, 99], REGIONS),
    )
    how = bounded(table, 16)
    found = localisation(table, region_totals=totals, **how)
    turned = ActivityTable(*(frame.iloc[::-1] for frame in (table.values, table.states, table.flags)))
    pd.testing.assert_frame_equal(localisation(turned, region_totals=totals, **how), found)
    pd.testing.assert_frame_equal(localisation(table, region_totals=totals * 4, **how), found)


@pytest.mark.parametrize(
    ("totals", "upper", "message"),
    [
        ([-1.0, 2, 3], 5.0, "region_totals holds -1.0"),
        ([0.0, 2, 3], 5.0, "total 0"),
        ([9.0, 9, 9], -5.0, "lower bound"),
    ],
)
def test_what_cannot_be_is_refused_by_name(totals, upper, message) -> None:
    table = one_activity([10, 20, 0], {2})
    with pytest.raises(BenchmarkInputError, match=message):
        localisation(table, region_totals=pd.Series(totals, REGIONS[:3]), **bounded(table, upper))
