"""Neighbours across borders: weights, pooled quotients, and the table of pairs against a real map."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from alp_pipeline.benchmark.cells import BenchmarkInputError
from alp_pipeline.benchmark.location_quotient import location_quotient
from alp_pipeline.benchmark.spatial import neighbour_weights, spatial_location_quotient
from alp_pipeline.catalog.loader import load_catalog
from alp_pipeline.catalog.reference import read_reference

NAN = float("nan")


def pairs(*names: str) -> pd.DataFrame:
    """ "AB" is the pair of A and B."""
    return pd.DataFrame([tuple(name) for name in names], columns=["region_code", "neighbour_code"])


def test_a_pair_counts_in_both_directions_however_often_it_is_named():
    once = neighbour_weights(pairs("AB", "BC"), list("ABC"))
    often = neighbour_weights(pairs("CB", "BA", "AB", "BC"), list("CBA"))
    pd.testing.assert_frame_equal(once.pairs, often.pairs)
    assert once.pairs["weight"].tolist() == [1, 0.5, 0.5, 1]
    assert (
        neighbour_weights(pairs("AB", "BC"), list("ABC"), style="binary").pairs["weight"].tolist() == [1] * 4
    )


def test_islands_and_pairs_that_reach_outside_are_told():
    found = neighbour_weights(pairs("AB", "BX", "YZ"), list("ABCD"))
    assert found.islands == ("C", "D")
    assert found.pairs_outside == 2
    assert found.regions.tolist() == ["A", "B", "C", "D"]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: neighbour_weights(pairs("AA"), list("AB")), "row 0 pairs 'A' with 'A'"),
        (lambda: neighbour_weights(pairs("AB").replace("B", None), list("AB")), "row 0 pairs 'A' with"),
        (lambda: neighbour_weights(pairs("AB"), list("ABA")), "'A' appears more than once"),
        (lambda: neighbour_weights(pairs("AB"), list("")), "there are no regions"),
        (lambda: neighbour_weights(pairs("AB"), list("AB"), style="inverse"), "'inverse' is not known"),
        (lambda: neighbour_weights(pd.DataFrame({"a": [1]}), list("AB")), "the column region_code is absent"),
    ],
)
def test_pairs_that_say_nothing_are_refused(call, message):
    with pytest.raises(BenchmarkInputError, match=message):
        call()


JOBS = pd.DataFrame({"x": [10.0, 30, 0, 5], "y": [10.0, 10, 40, 5]}, index=list("ABCD"))


def test_a_region_is_pooled_with_its_neighbours_each_counted_whole():
    found = spatial_location_quotient(JOBS, neighbour_weights(pairs("AB", "BC"), list("ABCD")))
    share = 45 / 110
    expected = [40 / 60 / share, 40 / 100 / share, 30 / 80 / share, 5 / 10 / share]
    assert found.quotients["x"].tolist() == pytest.approx(expected)
    assert found.surroundings.tolist() == [2, 3, 2, 1]
    assert found.islands == ("D",)
    assert found.pooled_regions["x"].tolist() == [2, 3, 2, 1]


@given(
    arrays(np.int64, st.tuples(st.integers(1, 5), st.integers(1, 5)), elements=st.integers(0, 10**6)),
    st.integers(0, 3),
)
def test_without_neighbours_it_is_the_ordinary_quotient_to_the_last_bit(x, hidden):
    jobs = pd.DataFrame(x.astype(float)).rename(index="R{}".format, columns="C{}".format)
    if hidden < jobs.shape[0]:
        jobs.iloc[hidden, 0] = NAN
    found = spatial_location_quotient(jobs, neighbour_weights(pairs(), jobs.index))
    pd.testing.assert_frame_equal(found.quotients, location_quotient(jobs), check_exact=True)


def test_a_hidden_cell_leaves_its_surroundings_undetermined_unless_it_is_left_out():
    jobs = JOBS.copy()
    jobs.loc["B", "x"] = NAN
    weights = neighbour_weights(pairs("AB", "BC"), list("ABCD"))
    totals = {
        "reference": pd.Series({"x": 45, "y": 65}),
        "region_totals": pd.Series({"A": 20, "B": 40, "C": 40, "D": 10}),
    }
    strict = spatial_location_quotient(jobs, weights, **totals)
    assert strict.quotients["x"].isna().tolist() == [True, True, True, False]
    assert strict.pooled_regions["x"].tolist() == [0, 0, 0, 1]
    loose = spatial_location_quotient(jobs, weights, missing="leave_out", **totals)
    # A without B: 10 of 20; B's own cell is hidden; C without B: 0 of 40.
    np.testing.assert_allclose(loose.quotients["x"], [0.5 / (45 / 110), NAN, 0, 0.5 / (45 / 110)])
    assert loose.pooled_regions["x"].tolist() == [1, 0, 1, 1]
    np.testing.assert_allclose(loose.quotients["y"], strict.quotients["y"])


def test_a_neighbour_without_any_data_is_missing_and_not_empty():
    weights = neighbour_weights(pairs("AB", "BC", "DE"), list("ABCDE"))
    strict = spatial_location_quotient(JOBS, weights)
    assert strict.quotients.loc["D"].isna().all()
    assert strict.surroundings["D"] == 2
    loose = spatial_location_quotient(JOBS, weights, missing="leave_out")
    assert loose.pooled_regions.loc["D"].tolist() == [1, 1]


def test_order_and_what_is_reported_change_no_bit():
    draw = np.random.default_rng(0)
    jobs = pd.DataFrame(draw.lognormal(3, 2, (6, 4)), index=list("ABCDEF"), columns=list("wxyz"))
    weights = neighbour_weights(pairs("AB", "BC", "CD", "DE", "EA"), list("ABCDEF"))
    whole = spatial_location_quotient(jobs, weights).quotients
    some = spatial_location_quotient(jobs.iloc[::-1, ::-1], weights, report=["E", "B"]).quotients
    pd.testing.assert_frame_equal(some[list("wxyz")], whole.loc[["E", "B"]], check_exact=True)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"employment": JOBS.rename(index={"A": "Q"})}, "Q is not among the regions of the weights"),
        ({"employment": -JOBS}, "A × x holds -10.0"),
        ({"missing": "zero"}, "'zero' is not known"),
        ({"report": ["Q"]}, "'Q' is not among"),
        ({"reference": pd.Series({"x": -1.0, "y": 2})}, "reference: x × "),
    ],
)
def test_what_cannot_be_pooled_is_refused(change, message):
    arguments = {"employment": JOBS, "weights": neighbour_weights(pairs("AB"), list("ABCD")), **change}
    with pytest.raises(BenchmarkInputError, match=message):
        spatial_location_quotient(**arguments)


# What the generalised boundaries show and the table does not have. The three touch in Lake Constance, where
# the states never agreed on a border: Vorarlberg (AT34) and the Thurgau (CH05) lie across the water from the
# Bodenseekreis (DE14), Switzerland from Lindau (DE27).
ACROSS_LAKE_CONSTANCE = {("AT34", "DE14"), ("CH05", "DE14"), ("CH05", "DE27")}


@pytest.fixture(scope="module")
def table() -> set[tuple[str, str]]:
    return {(row["region_code"], row["neighbour_code"]) for row in read_reference("nuts2_neighbours.csv")}


@pytest.fixture(scope="module")
def perimeter() -> set[str]:
    return set(load_catalog().perimeters["eusalp_2016plus"].members_by_level[2])


def test_each_pair_stands_once_in_order_with_a_mark_and_one_end_in_the_perimeter(table, perimeter):
    rows = read_reference("nuts2_neighbours.csv")
    assert len(rows) == len(table) == 143
    assert [(row["region_code"], row["neighbour_code"]) for row in rows] == sorted(table)
    assert all(one < other and {one, other} & perimeter for one, other in table)
    assert {row["mark"] for row in rows} == {"verified", "to verify"}
    known = {row["code"] for row in read_reference("nuts_codes.csv") if row["level"] == "2"}
    assert {code for pair in table for code in pair} <= known


def test_every_unit_of_the_perimeter_has_a_neighbour_and_all_hang_together(table, perimeter):
    weights = neighbour_weights(pd.DataFrame(table, columns=["region_code", "neighbour_code"]), perimeter)
    assert weights.islands == ()
    assert len(perimeter) == 43
    reached, frontier = set(), {"ITH1"}
    while frontier:
        reached |= frontier
        near = weights.pairs[weights.pairs["region_code"].isin(frontier)]["neighbour_code"]
        frontier = set(near) - reached
    assert reached == perimeter


def test_the_pairs_are_those_that_share_points_in_the_real_boundaries(table, perimeter, realdata: Path):
    shared = json.loads((realdata / "nuts/geometry/nuts2_2021_60m.geojson").read_text(encoding="utf-8"))
    points = {
        feature["properties"]["NUTS_ID"]: set(_points(feature["geometry"]["coordinates"]))
        for feature in shared["features"]
    }
    touching = {
        (min(one, other), max(one, other))
        for one in perimeter
        for other in points
        if one != other and points[one] & points[other]
    }
    assert table - touching == set()
    assert touching - table == ACROSS_LAKE_CONSTANCE


def _points(coordinates):
    if isinstance(coordinates[0], int | float):
        yield tuple(coordinates[:2])
        return
    for part in coordinates:
        yield from _points(part)
