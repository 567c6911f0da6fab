"""Groups, totals and numbers beside a matrix."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from alp_pipeline.benchmark.cells import BenchmarkInputError
from alp_pipeline.benchmark.on_files.methods import compute
from alp_pipeline.benchmark.on_files.side_files import (
    by_row,
    read_groups,
    read_neighbours,
    read_numbers,
    read_reference,
    split_groups,
    take_total_column,
    take_total_row,
)
from alp_pipeline_tests.benchmark.activity_tables import table


def written(folder: Path, text: str) -> Path:
    path = folder / "side.csv"
    path.write_text(text, encoding="utf-8")
    return path


def named(rows, columns):
    made = table(rows)
    return type(made)(*(frame.set_axis(columns, axis=1) for frame in (made.values, made.states, made.flags)))


def test_columns_that_are_groups_are_these_groups_totals():
    cells = named([[1, "c", 7, 9]], ["C10", "C28", "C", "I55"])
    kept, published = split_groups(cells, read_groups("nace", cells.values.columns), 1.0)
    assert kept.values.columns.tolist() == ["C10", "C28", "I55"]
    assert published.totals.columns.tolist() == ["C"]
    assert published.groups == {"C10": "C", "C28": "C", "I55": "I"}
    without, none = split_groups(kept, read_groups("nace", kept.values.columns), 1.0)
    assert none is None
    assert without is kept


def test_groups_of_a_file_need_not_be_sections(tmp_path):
    groups = read_groups(str(written(tmp_path, "activity,group\nC28,machines\nI55,hosts\n")), pd.Index([]))
    assert groups == {"C28": "machines", "I55": "hosts"}
    with pytest.raises(BenchmarkInputError, match="C28 has two groups"):
        read_groups(str(written(tmp_path, "activity,group\nC28,a\nC28,b\n")), pd.Index([]))
    with pytest.raises(BenchmarkInputError, match="machines is no NACE division"):
        read_groups("nace", pd.Index(["machines"]))


def test_a_total_column_and_a_total_row_are_no_cells():
    cells = named([[1, 2, 9], [3, 4, 8]], ["C10", "C28", "all"])
    without, totals = take_total_column(cells, "all")
    assert (without.values.columns.tolist(), totals.tolist()) == (["C10", "C28"], [9, 8])
    rows, reference = take_total_row(cells, "R1")
    assert rows.values.index.tolist() == ["R0"]
    whole = reference.with_total("all")
    assert (whole.by_activity.to_dict(), whole.total) == ({"C10": 3.0, "C28": 4.0}, 8.0)
    with pytest.raises(BenchmarkInputError, match="no column 'sum'"):
        take_total_column(cells, "sum")
    with pytest.raises(BenchmarkInputError, match="no row 'EU'"):
        take_total_row(cells, "EU")


def test_a_reference_may_name_its_total_and_have_years(tmp_path):
    once = read_reference(written(tmp_path, "activity,value\nC28,5\nTOTAL,50\n"))
    assert (once.by_activity.to_dict(), once.total) == ({"C28": 5.0}, 50.0)
    years = read_reference(
        written(tmp_path, "activity,year,value\nC28,2013,5\nC28,2014,6\n_T,2014,60\n_T,2013,50\n")
    )
    assert years.by_activity.to_dict() == {"C28": {2013: 5.0, 2014: 6.0}}
    assert years.total.to_dict() == {2013: 50.0, 2014: 60.0}


def test_numbers_come_under_the_rows_of_the_table(tmp_path):
    index = pd.MultiIndex.from_tuples([("B", 2014), ("A", 2013), ("A", 2015)], names=["region", "year"])
    cells = table([[1], [2], [3]])
    years = type(cells)(*(frame.set_axis(index) for frame in (cells.values, cells.states, cells.flags)))
    numbers = read_numbers(written(tmp_path, "region,year,value\nA,2013,5\nB,2014,6\nB,2013,7\n"), "totals")
    assert by_row(numbers, years).tolist()[:2] == [6.0, 5.0]
    assert by_row(numbers, years).isna().tolist() == [False, False, True]
    plain = read_numbers(written(tmp_path, "region,value\nA,5\nB,6\n"), "totals")
    assert by_row(plain, years).tolist() == [6.0, 5.0, 5.0]
    with pytest.raises(BenchmarkInputError, match="A appears more than once"):
        read_numbers(written(tmp_path, "region,value\nA,5\nA,6\n"), "totals")
    with pytest.raises(BenchmarkInputError, match="it has years and the matrix has none"):
        by_row(numbers, cells)


def test_neighbours_are_the_first_two_columns(tmp_path):
    pairs = read_neighbours(written(tmp_path, "a,b,km\nAT33,ITH1,12\n"))
    assert pairs.to_dict("list") == {"region_code": ["AT33"], "neighbour_code": ["ITH1"]}
    with pytest.raises(BenchmarkInputError, match="one column"):
        read_neighbours(written(tmp_path, "a\nAT33\n"))


def test_a_confidential_total_of_a_side_file_is_no_number(tmp_path):
    path = tmp_path / "eu.csv"
    path.write_text("activity;value;CONF_STATUS\nC10;1.300,5;C\nC28;50,25;F\n", encoding="utf-8")
    found = read_numbers(path, "the reference")
    assert np.isnan(found["C10"])
    assert found["C28"] == 50.25


def test_a_reference_of_sections_and_their_divisions_is_not_summed_twice(tmp_path):
    matrix, europe = tmp_path / "jobs.csv", tmp_path / "eu.csv"
    matrix.write_text("geo,C10,C28\nA,1,3\n", encoding="utf-8")
    europe.write_text("activity,value\nC,10\nC10,5\nC28,5\n", encoding="utf-8")
    with pytest.raises(BenchmarkInputError, match=r"reference: the section C stands beside C10.*TOTAL"):
        compute("lq", (matrix,), {"reference": europe})
    europe.write_text("activity,value\nC,10\nC10,5\nC28,5\nTOTAL,10\n", encoding="utf-8")
    assert compute("lq", (matrix,), {"reference": europe}).table.loc[0, "C28"] == 1.5
