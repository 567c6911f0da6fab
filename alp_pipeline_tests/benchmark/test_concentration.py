"""Measures of a region's structure: closed forms, naive oracles, and what hidden cells do to them."""

import math
from itertools import product

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from alp_pipeline.benchmark.activity_table import ActivityTable, published_sums
from alp_pipeline.benchmark.cells import BenchmarkInputError
from alp_pipeline.benchmark.concentration import entropy, hachman, herfindahl, krugman, theil
from alp_pipeline.benchmark.disclosure import PublishedTotals
from alp_pipeline.benchmark.location_quotient import location_quotient
from alp_pipeline_tests.benchmark.activity_tables import counts, frame, table

MEASURES = {
    "herfindahl": herfindahl,
    "entropy": entropy,
    "theil": theil,
    "krugman": krugman,
    "hachman": hachman,
}
OWN = ("herfindahl", "entropy")  # of the row alone, no reference


def naive(name: str, row: list[float], q: list[float]) -> float:
    p = [value / sum(row) for value in row]
    pairs = [(a, b) for a, b in zip(p, q, strict=True) if a > 0]
    return {
        "herfindahl": lambda: sum(a * a for a in p),
        "entropy": lambda: -sum(a * math.log2(a) for a, _ in pairs),
        "theil": lambda: sum(a * math.log(a / b) for a, b in pairs),
        "krugman": lambda: sum(abs(a - b) for a, b in zip(p, q, strict=True)),
        "hachman": lambda: 1 / sum(a * a / b for a, b in pairs),
    }[name]()


def compute(name: str, cells: ActivityTable | pd.DataFrame, q: list[float], **other: object) -> pd.DataFrame:
    if name in OWN:
        return MEASURES[name](cells, **other)
    columns = cells.values.columns if isinstance(cells, ActivityTable) else cells.columns
    return MEASURES[name](cells, reference=pd.Series(q, index=columns), **other)


@pytest.mark.parametrize("name", MEASURES)
@given(x=counts)
def test_every_measure_agrees_with_its_definition_written_out(name, x):
    cells = frame(x)
    q = (cells.sum() / max(cells.to_numpy().sum(), 1)).tolist()
    found = MEASURES[name](cells)
    for region in cells.index:
        if cells.loc[region].sum() == 0:
            assert found.loc[region, "state"] == "not_applicable"
            assert found.loc[region, "note"] == "nothing_counted"
        else:
            expected = naive(name, cells.loc[region].tolist(), q)
            assert math.isclose(found.loc[region, name], expected, rel_tol=1e-9, abs_tol=1e-12)
            assert found.loc[region, "lower"] == found.loc[region, "upper"] == found.loc[region, name]


def test_a_region_of_one_activity_and_a_region_like_the_reference():
    like, one = [10, 30, 60], [0, 5, 0]
    cells, reference = frame([like, one]), pd.Series({"C0": 1.0, "C1": 3.0, "C2": 6.0})
    assert herfindahl(cells).loc["R1", "herfindahl"] == 1.0
    assert entropy(cells).loc["R1", "entropy"] == 0.0
    assert theil(cells, reference=reference)["theil"].round(12).tolist() == [0.0, round(-math.log(0.3), 12)]
    assert krugman(cells, reference=reference)["krugman"].round(12).tolist() == [0.0, 1.4]
    assert krugman(cells, reference=reference)["specialisation_coefficient"].round(12).tolist() == [0.0, 0.7]
    assert hachman(cells, reference=reference)["hachman"].round(12).tolist() == [1.0, 0.3]


def test_an_even_region_has_the_greatest_entropy_and_no_absolute_specialisation():
    cells = frame([[7, 7, 7, 7]])
    assert entropy(cells).loc["R0", "entropy"] == 2.0
    assert entropy(cells, base=4).loc["R0", "entropy"] == 1.0
    assert herfindahl(cells).loc["R0", "herfindahl"] == 0.25
    assert theil(cells, against="uniform").loc["R0", "theil"] == 0.0


@given(counts)
def test_absolute_theil_is_what_entropy_lacks_to_its_greatest(x):
    cells = frame(x)
    lacks = math.log2(x.shape[1]) - entropy(cells)["entropy"]
    np.testing.assert_allclose(theil(cells, against="uniform", base=2)["theil"], lacks, atol=1e-12)


@given(counts)
def test_hachman_is_one_over_the_mean_quotient_weighted_by_the_regions_shares(x):
    cells = frame(x)
    mean = (location_quotient(cells) * cells.div(cells.sum(axis=1), axis=0)).sum(axis=1, min_count=1)
    np.testing.assert_allclose(hachman(cells)["hachman"], 1 / mean, rtol=1e-12)


def test_entropy_agrees_with_scipys():
    from scipy.stats import entropy as oracle

    x = np.array([[3, 9, 0, 4], [1, 1, 50, 2]])
    np.testing.assert_allclose(entropy(frame(x))["entropy"], oracle(x, base=2, axis=1), rtol=1e-14)
    q = x.sum(axis=0)
    relative = [oracle(row, q) for row in x]
    np.testing.assert_allclose(theil(frame(x))["theil"], relative, rtol=1e-13)


@pytest.mark.parametrize("name", MEASURES)
@given(x=counts, random=st.randoms(use_true_random=False), unit=st.integers(1, 1000))
def test_order_does_not_change_a_bit_and_the_unit_nothing(name, x, random, unit):
    cells = frame(x)
    rows, columns = list(cells.index), list(cells.columns)
    random.shuffle(rows)
    random.shuffle(columns)
    once = MEASURES[name](cells)
    pd.testing.assert_frame_equal(
        MEASURES[name](cells.loc[rows, columns]).loc[cells.index], once, check_exact=True
    )
    np.testing.assert_allclose(MEASURES[name](cells * unit)[name], once[name], rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("name", MEASURES)
def test_a_hidden_cell_is_no_zero(name):
    q = [0.2, 0.3, 0.5]
    hidden = compute(name, table([[5, "c", 3], [1, 2, 3]]), q)
    zero = compute(name, table([[5, 0, 3], [1, 2, 3]]), q)
    assert hidden["state"].tolist() == ["undetermined", "reported"]
    assert hidden["note"].tolist() == ["hidden_cells", ""]
    assert hidden[[name, "lower", "upper"]].loc["R0"].isna().all()
    assert zero["state"].tolist() == ["reported", "reported"]
    assert hidden.loc["R1", name] == zero.loc["R1", name]  # the reference is published


@pytest.mark.parametrize("name", ["theil", "krugman", "hachman"])
def test_a_table_with_a_hidden_cell_is_no_reference_unless_its_published_cells_are_meant(name):
    cells = table([[5, "c", 3], [1, 2, 3]])
    found = MEASURES[name](cells)
    assert found["state"].tolist() == ["undetermined", "undetermined"]
    assert found["note"].tolist() == ["hidden_cells", "reference_not_known"]
    meant = MEASURES[name](cells, reference=published_sums(cells))
    assert meant["state"].tolist() == ["undetermined", "reported"]


@pytest.mark.parametrize("name", MEASURES)
def test_a_missing_cell_leaves_its_own_state_and_one_that_cannot_exist_is_no_gap(name):
    q = [0.2, 0.3, 0.5]
    found = compute(name, table([[5, None, 3], [5, "z", 3], [5, 0, 3], [None, "c", 3]]), q)
    assert found["state"].tolist() == ["not_available", "reported", "reported", "undetermined"]
    assert found.loc["R1", name] == found.loc["R2", name]


@pytest.mark.parametrize("name", MEASURES)
@given(
    shown=st.lists(st.integers(0, 20), min_size=1, max_size=2),
    hidden=st.lists(st.integers(0, 6), min_size=2, max_size=3),
    other=st.lists(st.integers(0, 6), min_size=2, max_size=2),
    weights=st.lists(st.integers(1, 9), min_size=7, max_size=7),
)
def test_bounds_hold_for_every_way_to_fill_the_hidden_cells_and_are_reached(
    name, shown, hidden, other, weights
):
    remainder, rest = sum(hidden), sum(other)
    assume(remainder > 0 and rest > 0)
    n = len(shown) + len(hidden) + len(other)
    q = [weight / sum(weights[:n]) for weight in weights[:n]]
    cells = table([[*shown, *["c"] * (len(hidden) + len(other))]])
    groups = {f"C{place}": "A" if place < len(shown) + len(hidden) else "B" for place in range(n)}
    sections = pd.DataFrame({"A": [sum(shown) + remainder], "B": [rest]}, index=["R0"])
    found = compute(name, cells, q, published=PublishedTotals(groups, sections, rounding=0)).loc["R0"]
    assert (found["state"], found["note"]) == ("undetermined", "hidden_cells")
    assert math.isnan(found[name])
    values = [
        naive(name, [*shown, *first, *second], q)
        for first in product(range(remainder + 1), repeat=len(hidden))
        if sum(first) == remainder
        for second in product(range(rest + 1), repeat=len(other))
        if sum(second) == rest
    ]
    slack = 1e-9 * max(map(abs, values)) + 1e-12
    assert found["lower"] - slack <= min(values)
    assert max(values) <= found["upper"] + slack
    # The extreme where one cell has all of it is among the whole numbers tried.
    extreme = min(values) if name in ("entropy", "hachman") else max(values)
    bound = found["lower"] if name in ("entropy", "hachman") else found["upper"]
    assert math.isclose(extreme, bound, rel_tol=1e-9, abs_tol=1e-12)


@pytest.mark.parametrize("name", MEASURES)
def test_the_tolerance_of_rounding_only_widens_the_bounds(name):
    q, groups = [0.2, 0.3, 0.5], dict.fromkeys(["C0", "C1", "C2"], "A")
    sections = pd.DataFrame({"A": [100]}, index=["R0"])
    exact, rounded = (
        compute(name, table([[60, "c", "c"]]), q, published=PublishedTotals(groups, sections, rounding=unit))
        for unit in (0, 1)
    )
    assert rounded.loc["R0", "lower"] < exact.loc["R0", "lower"]
    assert rounded.loc["R0", "upper"] > exact.loc["R0", "upper"]


@pytest.mark.parametrize("name", MEASURES)
def test_a_row_with_a_cell_that_could_be_computed_gets_no_bounds_at_all(name):
    groups = {"C0": "A", "C1": "A", "C2": "B", "C3": "B"}
    sections = pd.DataFrame({"A": [100], "B": [50]}, index=["R0"])
    published = PublishedTotals(groups, sections)
    q = [0.25] * 4
    single = compute(name, table([[60, "c", "c", "c"]]), q, published=published).loc["R0"]
    assert single["note"] == "computable_cell"
    assert np.isnan([single["lower"], single["upper"], single[name]]).all()
    two = compute(name, table([[60, 40, "c", "c"]]), q, published=published).loc["R0"]
    assert np.isfinite([two["lower"], two["upper"]]).all()


@pytest.mark.parametrize("name", ["theil", "hachman"])
def test_what_the_reference_lacks_has_no_ratio_to_it(name):
    found = MEASURES[name](frame([[1, 1]]), reference=pd.Series({"C0": 5.0, "C1": 0.0})).loc["R0"]
    assert (found["state"], found["note"]) == ("not_applicable", "absent_from_reference")
    assert math.isnan(found[name])


@pytest.mark.parametrize("name", MEASURES)
def test_rows_of_many_years_are_those_of_each_year(name):
    x = np.arange(1, 13).reshape(4, 3) ** 2
    index = pd.MultiIndex.from_product([["A", "B"], [2013, 2014]], names=["region", "year"])
    together = MEASURES[name](pd.DataFrame(x, index=index, columns=["C0", "C1", "C2"]))
    for year in (2013, 2014):
        rows = pd.DataFrame(x, index=index, columns=["C0", "C1", "C2"]).xs(year, level="year")
        pd.testing.assert_frame_equal(together.xs(year, level="year"), MEASURES[name](rows))


def test_choices_that_do_not_exist_are_refused():
    with pytest.raises(BenchmarkInputError, match="against is 'all'"):
        theil(frame([[1]]), against="all")
    for base in (1.0, 0.0, math.inf):
        with pytest.raises(BenchmarkInputError, match="base"):
            entropy(frame([[1]]), base=base)
