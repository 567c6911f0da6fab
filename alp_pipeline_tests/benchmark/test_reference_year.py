"""One value per region: of the reference year, or of a near year with a mark, or none with a reason."""

import math

import pandas as pd
import pytest

from alp_pipeline.benchmark.cells import BenchmarkInputError
from alp_pipeline.benchmark.reference_year import reference_year_values


def cells(**series: dict[int, float | str]) -> pd.DataFrame:
    """region → {year: value, or a state}."""
    rows = [
        (region, year, math.nan, cell) if isinstance(cell, str) else (region, year, cell, "reported")
        for region, years in series.items()
        for year, cell in years.items()
    ]
    frame = pd.DataFrame(rows, columns=["region_code", "year", "value", "cell_state"])
    return frame.assign(variable="x")


def chosen(table: pd.DataFrame, **parameters) -> dict[str, tuple]:
    found = reference_year_values(table, **parameters)
    columns = ["value", "year", "cell_state", "is_carried"]
    return {row["region_code"]: tuple(row[columns]) for _, row in found.iterrows()}


def test_the_reference_year_is_the_newest_that_covers_three_quarters_of_the_best_year():
    table = cells(
        A={2018: 1.0, 2019: 2.0, 2020: 3.0},
        B={2018: 1.0, 2019: 2.0, 2020: "not_yet_published"},
        C={2018: 1.0, 2019: 2.0},
        D={2018: 1.0},
    )
    assert reference_year_values(table)["reference_year"].unique().tolist() == [2019]
    assert reference_year_values(table, availability_min=1.0)["reference_year"].unique().tolist() == [2018]
    assert reference_year_values(table, availability_min=0.25)["reference_year"].unique().tolist() == [2020]


def test_a_hole_takes_the_nearest_earlier_year_before_any_later_one_and_is_marked():
    table = cells(
        A={2019: 2.0}, B={2019: 2.0}, C={2019: 2.0},
        EARLIER={2016: 7.0, 2017: 8.0, 2020: 9.0},
        LATER={2020: 9.0, 2021: 10.0},
    )  # fmt: skip
    found = chosen(table, availability_min=1.0)
    assert found["A"] == (2.0, 2019, "reported", False)
    assert found["EARLIER"] == (8.0, 2017, "reported", True)
    assert found["LATER"] == (9.0, 2020, "reported", True)
    near = chosen(table, availability_min=1.0, carry_years=1)
    assert near["EARLIER"] == (9.0, 2020, "reported", True)
    none = chosen(table, availability_min=1.0, carry_years=0)
    assert none["EARLIER"][2:] == ("not_available", False)
    assert math.isnan(none["EARLIER"][0])
    assert none["EARLIER"][1] is pd.NA


def test_a_confidential_cell_is_never_filled_and_keeps_its_state():
    table = cells(A={2019: 2.0}, B={2019: 2.0}, C={2018: 5.0, 2019: "confidential"})
    found = chosen(table)["C"]
    assert found[2:] == ("confidential", False)
    assert math.isnan(found[0])


def test_a_variable_without_a_number_has_no_reference_year_and_the_newest_state():
    table = cells(A={2018: "not_available", 2019: "not_yet_published"}, B={2019: "confidential"})
    found = reference_year_values(table)
    assert found["reference_year"].isna().all()
    assert found["cell_state"].tolist() == ["not_yet_published", "confidential"]
    assert found["value"].isna().all()


def test_each_variable_has_a_year_of_its_own_and_row_order_changes_nothing():
    one = cells(A={2018: 1.0, 2019: 2.0}, B={2018: 1.0, 2019: 3.0})
    two = cells(A={2012: 1.0}, B={2012: 4.0}).assign(variable="y")
    table = pd.concat([one, two])
    found = reference_year_values(table)
    assert found[["variable", "reference_year"]].drop_duplicates().values.tolist() == [
        ["x", 2019],
        ["y", 2012],
    ]
    pd.testing.assert_frame_equal(reference_year_values(table.iloc[::-1]), found)


def test_an_empty_table_gives_an_empty_result():
    assert reference_year_values(cells(A={2018: 1.0}).iloc[:0]).empty


@pytest.mark.parametrize(
    ("table", "parameters", "message"),
    [
        (cells(A={2018: 1.0}).drop(columns="value"), {}, "the column value is absent"),
        (pd.concat([cells(A={2018: 1.0})] * 2), {}, "x × A × 2018 stands twice"),
        (cells(A={2018: math.inf}), {}, "x × A × 2018 stands twice, or is reported without"),
        (cells(A={2018: 1.0}), {"availability_min": 0}, "availability_min: is 0"),
        (cells(A={2018: 1.0}), {"carry_years": -1}, "carry_years: is -1"),
    ],
)
def test_what_cannot_be_understood_is_refused(table, parameters, message):
    with pytest.raises(BenchmarkInputError, match=message):
        reference_year_values(table, **parameters)
