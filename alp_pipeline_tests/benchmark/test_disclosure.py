"""The disclosure guard, and the bounds that it lets through."""

from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from alp_pipeline.benchmark.activity_table import ActivityTable
from alp_pipeline.benchmark.cells import BenchmarkInputError
from alp_pipeline.benchmark.disclosure import (
    PublishedTotals,
    cell_bounds,
    computable_cells,
    hidden_remainders,
    row_sums,
)
from alp_pipeline_tests.benchmark.activity_tables import frame, table

C = {"C0": "C", "C1": "C", "C2": "C"}


def totals(*numbers: float, **other: object) -> PublishedTotals:
    return PublishedTotals(C, frame([[n] for n in numbers]).set_axis(["C"], axis=1), **other)


def test_a_hidden_cell_lies_between_nothing_and_what_the_section_leaves():
    bounds = cell_bounds(table([[70, "c", "c"]]), totals(100))
    # three divisions: a tolerance of 3/2 + 1
    assert bounds.lower.loc["R0"].tolist() == [70, 0, 0]
    assert bounds.upper.loc["R0"].tolist() == [70, 32.5, 32.5]


def test_the_only_hidden_cell_of_a_published_section_gets_no_bounds():
    bounds = cell_bounds(table([[70, 20, "c"]]), totals(100))
    assert np.isnan(bounds.upper.loc["R0", "C2"])
    assert bounds.notes.loc["R0", "C2"] == "computable_cell"


def test_without_a_published_section_there_are_no_bounds_and_a_reason():
    bounds = cell_bounds(table([[70, "c", "c"]]), totals(np.nan))
    assert bounds.notes.loc["R0"].tolist() == ["", "no_published_total", "no_published_total"]


def test_a_section_smaller_than_its_divisions_bounds_nothing():
    bounds = cell_bounds(table([[70, "c", "c"]]), totals(60))
    assert bounds.notes.loc["R0", "C1"] == "total_below_its_parts"
    # but rounding alone may make it a little smaller
    assert cell_bounds(table([[70, "c", "c"]]), totals(69)).upper.loc["R0", "C1"] == 1.5


def test_exact_counts_that_leave_nothing_give_the_zeros_away():
    bounds = cell_bounds(table([[100, "c", "c"]]), totals(100, rounding=0))
    assert bounds.notes.loc["R0"].tolist() == ["", "computable_cell", "computable_cell"]


def test_a_cell_that_was_open_in_another_vintage_counts_as_known():
    known = frame([[False, True, False]])
    bounds = cell_bounds(table([[70, "c", "c"]]), totals(100, known=known))
    # Whoever knows C1 computes C2; and neither is given bounds.
    assert bounds.notes.loc["R0"].tolist() == ["", "computable_cell", "computable_cell"]


def test_the_countrys_total_minus_the_other_regions_counts_as_known():
    regions = table([[70, "c", "c"], [50, 30, "c"], [10, "c", "c"]])
    countries = {"R0": "AT", "R1": "AT", "R2": "DE"}
    published = totals(
        100, np.nan, 50, countries=countries, country_totals=pd.DataFrame({"C1": [60.0]}, index=["AT"])
    )
    notes = cell_bounds(regions, published).notes
    assert notes.loc["R0"].tolist() == ["", "computable_cell", "computable_cell"]
    assert notes.loc["R2"].tolist() == ["", "", ""]  # no total of its country is published


def test_a_country_total_is_one_of_its_year():
    index = pd.MultiIndex.from_tuples([("R0", 2013), ("R0", 2014)], names=["region", "year"])
    values = pd.DataFrame([[70, np.nan, np.nan]] * 2, index=index, columns=["C0", "C1", "C2"])
    states = values.isna().replace({True: "confidential", False: "reported"})
    country = pd.DataFrame({"C1": [60.0]}, index=pd.MultiIndex.from_tuples([("AT", 2014)]))
    published = PublishedTotals(
        C, pd.DataFrame({"C": [100, 100]}, index=index), countries={"R0": "AT"}, country_totals=country
    )
    notes = cell_bounds(ActivityTable.of(values, states=states), published).notes
    assert notes["C1"].tolist() == ["", "computable_cell"]


def test_a_missing_cell_may_hold_all_that_is_left():
    found = hidden_remainders(table([[70, "c", None]]), totals(100))
    assert (found.low[0, 0], found.high[0, 0]) == (0.0, 32.5)
    # The guard takes it that somebody knows the missing one.
    assert found.computable.tolist() == [[False, True, False]]


def test_a_row_total_is_made_of_cells_and_of_totals_of_groups_that_have_gaps():
    rows = table([[70, "c", "c"], [1, 2, 3], ["c", 2, 3]])
    sums, complete = row_sums(rows, hidden_remainders(rows, totals(100, 7, np.nan)))
    assert sums.tolist() == [100, 6, 5]
    assert complete.tolist() == [True, True, False]


@given(st.lists(st.lists(st.integers(0, 9), min_size=4, max_size=4), min_size=1, max_size=3), st.data())
def test_published_cells_and_bounds_bracket_the_section(rows, data):
    x = np.array(rows)
    hidden = np.array(
        data.draw(st.lists(st.lists(st.booleans(), min_size=4, max_size=4), min_size=len(x), max_size=len(x)))
    )
    cells = table(
        [["c" if h else int(v) for v, h in zip(*row, strict=True)] for row in zip(x, hidden, strict=True)]
    )
    groups = {f"C{n}": "ABBB"[n] for n in range(4)}
    sections = frame(np.column_stack([x[:, 0], x[:, 1:].sum(axis=1)])).set_axis(["A", "B"], axis=1)
    bounds = cell_bounds(cells, PublishedTotals(groups, sections, rounding=0))
    lower, upper = bounds.lower.to_numpy(), bounds.upper.to_numpy()
    bounded = ~np.isnan(lower)
    assert (lower[bounded] <= x[bounded]).all()
    assert (x[bounded] <= upper[bounded]).all()
    # Nothing that is hidden is pinned down.
    assert (upper > lower)[bounded & hidden].all()


def naively_computable(hidden: np.ndarray, within: np.ndarray, across: np.ndarray) -> set[tuple[int, int]]:
    """A cell is determined by the totals if its unit vector lies in the row space of the sums."""
    places = [tuple(place) for place in np.argwhere(hidden)]
    sums = {}
    for kind, labels in (("row", within), ("column", across)):
        for number, place in enumerate(places):
            if labels[place] is not None:
                sums.setdefault((kind, labels[place]), np.zeros(len(places)))[number] = 1
    matrix = np.array(list(sums.values())).reshape(len(sums), len(places))
    found = set()
    for number, place in enumerate(places):
        unit = np.zeros((1, len(places)))
        unit[0, number] = 1
        if np.linalg.matrix_rank(np.vstack([matrix, unit])) == np.linalg.matrix_rank(matrix):
            found.add(place)
    return found


@given(st.integers(1, 4), st.integers(1, 4), st.data())
def test_bridges_are_the_cells_that_linear_algebra_determines(n_rows, n_columns, data):
    def grid(cell):
        return st.lists(
            st.lists(cell, min_size=n_columns, max_size=n_columns), min_size=n_rows, max_size=n_rows
        )

    hidden = np.array(data.draw(grid(st.booleans())))
    label = st.sampled_from([None, "x", "y"])
    # A row total belongs to one row, a column total to one column.
    within = np.array(
        [[cell and f"{row}{cell}" for cell in line] for row, line in enumerate(data.draw(grid(label)))],
        dtype=object,
    )
    across = np.array(
        [[cell and f"{column}{cell}" for column, cell in enumerate(line)] for line in data.draw(grid(label))],
        dtype=object,
    )
    found = computable_cells(frame(hidden), within=frame(within), across=frame(across)).to_numpy()
    assert {tuple(place) for place in np.argwhere(found)} == naively_computable(hidden, within, across)


def test_any_two_hidden_cells_of_a_section_protect_each_other():
    for first, second in combinations(range(3), 2):
        row: list[object] = [10, 20, 30]
        row[first] = row[second] = "c"
        assert (cell_bounds(table([row]), totals(60)).notes == "").all(axis=None)


@pytest.mark.parametrize(
    ("published", "message"),
    [
        (PublishedTotals(C, pd.DataFrame({"C": [1]}, index=["R9"])), "the row R0 has no totals"),
        (totals(-1.0), "negative or infinite"),
        (totals(1.0, rounding=-1), "a rounding of -1"),
    ],
)
def test_totals_that_do_not_fit_are_refused(published, message):
    with pytest.raises(BenchmarkInputError, match=message):
        hidden_remainders(table([[1, 2, 3]]), published)


def test_rows_and_columns_give_each_other_away_until_nothing_more_follows():
    """C10 of A = 55 - 10; then C11 of A, from its section; then C11 of B, from either of its totals."""
    regions = table([["c", "c", 20], [10, "c", "c"]])
    sections = frame([[100], [60]]).set_axis(["C"], axis=1)
    country = pd.DataFrame([[55, 60, 45]], index=["AT"], columns=["C0", "C1", "C2"])
    given = {"rounding": 0, "countries": dict.fromkeys(["R0", "R1"], "AT"), "country_totals": country}
    notes = cell_bounds(regions, PublishedTotals(C, sections, **given)).notes
    assert (notes == "computable_cell").sum(axis=None) == 4
    assert (cell_bounds(regions, PublishedTotals(C, sections)).notes == "").all(axis=None)


def test_a_hidden_section_follows_from_the_rows_total_and_gives_its_only_hidden_division_away():
    groups = {"C0": "A", "C1": "A", "C2": "B", "C3": "B"}
    regions = table([[5, "c", 7, 8]])
    sections = frame([[np.nan, 15]]).set_axis(["A", "B"], axis=1)
    assert cell_bounds(regions, PublishedTotals(groups, sections)).notes.loc["R0", "C1"] == (
        "no_published_total"
    )
    whole = PublishedTotals(groups, sections, row_totals=pd.Series({"R0": 30.0}))
    assert cell_bounds(regions, whole).notes.loc["R0", "C1"] == "computable_cell"


@given(st.data())
def test_the_guard_finds_what_linear_algebra_finds_with_sections_of_which_some_are_hidden(data):
    """All totals of cells are there or not; those of sections over regions would need more than a graph."""
    rows, member = data.draw(st.integers(1, 3)), np.array([0, 0, 1, 1, -1])

    def grid(*shape):
        marks = data.draw(st.lists(st.booleans(), min_size=int(np.prod(shape)), max_size=int(np.prod(shape))))
        return np.array(marks).reshape(shape)

    hidden, no_section, has_row, has_column = grid(rows, 5), grid(rows, 2), grid(rows), grid(5)
    x = np.arange(1.0, 5 * rows + 1).reshape(rows, 5)
    sections = np.stack([x[:, member == g].sum(axis=1) for g in (0, 1)], axis=1)
    unknown = [("cell", r, c) for r, c in np.argwhere(hidden)]
    unknown += [("section", r, g) for r, g in np.argwhere(no_section)]
    sums = []
    for r in range(rows):
        for g in (0, 1):
            sums.append({("cell", r, c): 1 for c in np.flatnonzero(member == g)} | {("section", r, g): -1})
        if has_row[r]:
            sums.append({("section", r, 0): 1, ("section", r, 1): 1, ("cell", r, 4): 1})
    sums += [{("cell", r, c): 1 for r in range(rows)} for c in np.flatnonzero(has_column)]
    matrix = np.array([[terms.get(one, 0) for one in unknown] for terms in sums]).reshape(
        len(sums), len(unknown)
    )
    labels = frame(x)
    published = PublishedTotals(
        dict(zip(labels.columns[:4], "AABB", strict=True)),
        frame(np.where(no_section, np.nan, sections)).set_axis(["A", "B"], axis=1),
        rounding=0,
        countries=dict.fromkeys(labels.index, "AT"),
        country_totals=pd.DataFrame(
            np.where(has_column, x.sum(axis=0), np.nan)[None], index=["AT"], columns=labels.columns
        ),
        row_totals=pd.Series(np.where(has_row, x.sum(axis=1), np.nan), index=labels.index),
    )
    cells = table(
        [["c" if h else v for v, h in zip(*line, strict=True)] for line in zip(x, hidden, strict=True)]
    )
    found = hidden_remainders(cells, published).computable
    rank = np.linalg.matrix_rank(matrix) if unknown else 0
    for place, (kind, r, c) in enumerate(unknown):
        if kind == "cell":
            unit = np.eye(len(unknown))[[place]]
            assert found[r, c] == (np.linalg.matrix_rank(np.vstack([matrix, unit])) == rank)


def test_the_cap_of_a_country_is_what_its_published_regions_leave() -> None:
    index = pd.MultiIndex.from_product([["R0", "R1", "R2"], [2013, 2014]], names=["region", "year"])
    values = pd.DataFrame({"C28": [10, 11, 20, 21, 30, 31], "I55": [1, 2, 3, 4, 5, 6]}, index, dtype=float)
    states = pd.DataFrame("reported", index, values.columns)
    states.loc[("R1", 2014), "C28"] = "confidential"
    states.loc[[("R1", 2013), ("R2", 2013)], "I55"] = "confidential"
    country = pd.DataFrame(
        {"C28": [60.0, 70.0], "I55": [2.0, 12.0]}, pd.MultiIndex.from_product([["XX"], [2013, 2014]])
    )
    bounds = cell_bounds(
        ActivityTable.of(values, states=states),
        PublishedTotals(
            {},
            pd.DataFrame(index=index),
            countries=dict.fromkeys(["R0", "R1", "R2"], "XX"),
            country_totals=country,
        ),
    )
    # The only hidden cell of a country follows from it, and what does not follow is capped by it.
    assert bounds.notes.loc[("R1", 2014), "C28"] == "computable_cell"
    assert bounds.upper.loc[("R1", 2013), "I55"] == bounds.upper.loc[("R2", 2013), "I55"] == 2 - 1 + 2.5
    assert bounds.upper.isna().sum().sum() == 1


def test_a_country_that_leaves_nothing_gives_its_hidden_cells_away() -> None:
    index = ["R0", "R1", "R2"]
    states = pd.DataFrame({"C1": ["reported", "confidential", "confidential"]}, index)
    regions = ActivityTable.of(pd.DataFrame({"C1": [60.0, None, None]}, index), states=states)
    country = pd.DataFrame({"C1": [60.0]}, index=["AT"])
    given = {"rounding": 0.0, "countries": dict.fromkeys(index, "AT"), "country_totals": country}
    bounds = cell_bounds(regions, PublishedTotals({}, pd.DataFrame(index=index), **given))
    assert bounds.notes["C1"].tolist() == ["", "computable_cell", "computable_cell"]
    assert bounds.upper["C1"].isna().tolist() == [False, True, True]
