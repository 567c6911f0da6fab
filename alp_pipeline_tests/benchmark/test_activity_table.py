"""The wide form: states beside numbers, totals that are not known where a cell is not."""

import numpy as np
import pandas as pd
import pytest

from alp_pipeline.benchmark.activity_table import (
    ActivityTable,
    exact_sums,
    figure_states,
    first_state,
    published_sums,
    reference_of,
)
from alp_pipeline.benchmark.cells import BenchmarkInputError
from alp_pipeline_tests.benchmark.activity_tables import frame, table


def test_a_number_in_a_cell_that_is_not_reported_is_dropped():
    values, states = frame([[7.0, 3.0]]), frame([["confidential", "reported"]])
    kept = ActivityTable.of(values, states=states)
    assert np.isnan(kept.values.iat[0, 0])
    assert values.iat[0, 0] == 7.0  # and the input stays as it was


def test_states_and_flags_are_matched_by_label_and_not_by_place():
    values = frame([[1.0, np.nan], [3.0, 4.0]])
    states = frame([["reported", "confidential"], ["reported", "reported"]]).iloc[::-1, ::-1]
    flags = frame([["b", ""], ["", "p"]]).iloc[::-1, ::-1]
    made = ActivityTable.of(values, states=states, flags=flags)
    assert made.states.loc["R0"].tolist() == ["reported", "confidential"]
    assert made.flags.loc["R0", "C0"] == "b"


def test_long_cells_become_rows_of_region_and_year_and_an_absent_row_is_not_a_zero():
    cells = pd.DataFrame(
        {
            "region_code": ["B", "A", "A"],
            "activity_code": ["C28", "I55", "C28"],
            "year": [2014, 2013, 2014],
            "value": [5.0, np.nan, 0.0],
            "cell_state": ["reported", "confidential", "reported"],
            "obs_status": ["b", "", ""],
        }
    )
    made = ActivityTable.from_cells(cells)
    assert made.values.index.tolist() == [("A", 2013), ("A", 2014), ("B", 2014)]
    assert made.states["I55"].tolist() == ["confidential", "not_available", "not_available"]
    assert made.values.loc[("A", 2014), "C28"] == 0.0
    assert made.flags.loc[("B", 2014), "C28"] == "b"


@pytest.mark.parametrize(
    ("values", "states", "message"),
    [
        (frame([[-1.0]]), None, "R0 × C0 holds -1.0"),
        (frame([[np.inf]]), None, "R0 × C0 holds inf"),
        (frame([["many"]]), None, "not a number"),
        (pd.DataFrame(), None, "0 × 0 holds nothing"),
        (pd.DataFrame([[1], [2]], index=["A", "A"]), None, "'A' appears more than once"),
        (frame([[np.nan]]), frame([["reported"]]), "reported without a number"),
        (frame([[1.0]]), frame([["secret"]]), "'secret' is not a cell state"),
        (frame([[1.0]]), frame([["reported", "reported"]]), "C1 is not once in both"),
    ],
)
def test_what_is_no_table_is_refused_by_name(values, states, message):
    with pytest.raises(BenchmarkInputError, match=message):
        ActivityTable.of(values, states=states)


def test_a_total_with_a_hidden_cell_is_not_known_and_says_why():
    totals, states = reference_of(table([[1, "c", None, "z"], [2, 3, 4, 5]]), None)
    assert totals[0].tolist()[0] == 3.0
    assert totals[0].tolist()[3] == 5.0  # a cell that cannot exist is no gap
    assert figure_states(states[0]).tolist() == ["reported", "undetermined", "not_available", "reported"]


def test_each_year_has_its_own_reference():
    index = pd.MultiIndex.from_tuples([("A", 2013), ("B", 2013), ("A", 2014)], names=["region", "year"])
    made = ActivityTable.of(pd.DataFrame({"C28": [1, 2, 4]}, index=index))
    assert reference_of(made, None)[0].tolist() == [[3.0], [4.0]]
    given = pd.DataFrame({"C28": [30, 40, 50]}, index=[2014, 2013, 2012])
    assert reference_of(made, given)[0].tolist() == [[40.0], [30.0]]
    with pytest.raises(BenchmarkInputError, match="lack the year 2013"):
        reference_of(made, given.loc[[2014]])


def test_sums_of_published_cells_are_said_to_be_such_by_whoever_passes_them():
    sums = published_sums(table([[1, "c", "c"], [2, 3, "c"]]))
    assert sums.iloc[:2].tolist() == [3.0, 3.0]
    assert np.isnan(sums.iloc[2])


def test_the_first_hindrance_is_in_the_order_of_the_states():
    assert first_state(np.array([[3, 1], [0, 2], [5, 4]])).tolist() == [1, 0, 4]


def test_a_sum_does_not_depend_on_the_order():
    row = np.array([1e16, 1.0, -1e16, 1e-3, np.nan])
    assert exact_sums(np.stack([row, row[::-1]])).tolist() == [1.001, 1.001]


@pytest.mark.parametrize("number", [1e300, 1e-300])
def test_a_number_whose_products_overflow_or_vanish_is_refused_instead_of_giving_no_quotient(number):
    with pytest.raises(BenchmarkInputError, match=r"A × C28 holds 1e.*a count in no unit.*another unit"):
        ActivityTable.of(pd.DataFrame({"C28": [number, 2.0]}, index=["A", "B"]))
