"""What is asked for and what stands in the files must agree; where they do not, the file is named."""

from pathlib import Path

import pandas as pd
import pytest

from alp_pipeline.benchmark.cells import BenchmarkInputError
from alp_pipeline.benchmark.on_files.methods import apply_to_files, compute

TWO = "geo,year,C10,I55\nA,{0},10,20\nB,{0},30,40\n"
PLAIN = "geo,C10,I55\nA,10,20\nB,30,40\n"


def written(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_two_matrices_are_of_the_years_that_stand_in_them(tmp_path):
    y10, y12 = (written(tmp_path, f"y{year}.csv", TWO.format(2000 + year)) for year in (10, 12))
    summary = compute("shift-share", (y10, y12), {}).summary
    assert (summary["first_year"], summary["last_year"]) == (2010, 2012)
    again = written(tmp_path, "again.csv", TWO.format(2010))
    for files, given, message in (
        ((y12, y10), {}, "first matrix is of 2012, the last of 2010"),
        ((y10, again), {}, "first matrix is of 2010, the last of 2010"),
        ((y10, y10), {}, "the same file"),
        ((y12, y10), {"first_year": 2010, "last_year": 2012}, "y12.csv: its year is 2012.*--first-year"),
        ((y10, y12), {"first_year": 2010, "last_year": 2001}, "y12.csv: its year is 2012.*--last-year"),
    ):
        with pytest.raises(BenchmarkInputError, match=message):
            compute("shift-share", files, given)


def test_matrices_without_years_take_those_of_the_options(tmp_path):
    one, two = (written(tmp_path, f"{name}.csv", PLAIN) for name in ("one", "two"))
    assert compute("shift-share", (one, two), {}).summary["last_year"] == 2
    with pytest.raises(BenchmarkInputError, match=r"two.csv: nobody says which year.*--last-year"):
        compute("shift-share", (one, two), {"first_year": 2010})
    with pytest.raises(BenchmarkInputError, match="first matrix is of 2012, the last of 2010"):
        compute("shift-share", (one, two), {"first_year": 2012, "last_year": 2010})


@pytest.mark.parametrize("option", [None, "reference", "region_totals"])
def test_no_input_is_overwritten_by_the_result(tmp_path, option):
    matrix = written(tmp_path, "jobs.csv", PLAIN)
    side = written(tmp_path, "side.csv", "code,value\nA,30\nB,70\n")
    given = {} if option is None else {option: side}
    out = matrix if option is None else tmp_path / "." / "side.csv"
    before = out.read_bytes()
    with pytest.raises(BenchmarkInputError, match="--out is a file that is read"):
        apply_to_files("lq", (matrix,), out, given)
    assert out.read_bytes() == before


def test_numeric_codes_of_a_workbook_join_those_of_a_csv(tmp_path):
    path = tmp_path / "jobs.xlsx"
    pd.DataFrame({"geo": [101, 102], 10: [1, 3], 11: [4, 2]}).to_excel(path, engine="xlsxwriter", index=False)
    totals = written(tmp_path, "totals.csv", "region,value\n101,10\n102,10\n")
    found = compute("lq", (path,), {"region_totals": totals})
    assert found.table["geo"].tolist() == ["101", "102"]
    assert found.table.columns.tolist() == ["geo", "10", "11"]
    assert found.summary["states"] == {"reported": 4}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("geo,C10,TOTAL\nA,1,2\n", "column TOTAL stands among.*--total-column TOTAL"),
        ("geo,C10,I55\nA,1,2\nTotal,1,2\n", "row Total stands among.*--total-row Total"),
        ("geo,C,C10,C11\nA,3,1,2\n", "section C stands beside C10.*--groups nace"),
    ],
)
def test_a_total_is_not_counted_beside_its_parts(tmp_path, text, message):
    with pytest.raises(BenchmarkInputError, match=message):
        compute("entropy", (written(tmp_path, "jobs.csv", text),), {})


def test_a_region_is_not_smaller_than_its_published_cells(tmp_path):
    matrix = written(tmp_path, "jobs.csv", "geo,C10,C11,I55\nA,1,1,1\nB,4,4,4\n")
    low = written(tmp_path, "low.csv", "region,value\nA,1\nB,12\n")
    with pytest.raises(BenchmarkInputError, match="region totals: A has 1, its published cells 3"):
        compute("lq", (matrix,), {"region_totals": low})
    rounded = written(tmp_path, "rounded.csv", "region,value\nA,2\nB,11\n")
    assert compute("lq", (matrix,), {"region_totals": rounded}).summary["states"] == {"reported": 6}


@pytest.mark.parametrize("method", ["entropy", "theil", "variety"])
def test_logarithms_to_the_base_of_zero_are_refused(tmp_path, method):
    with pytest.raises(BenchmarkInputError, match="base"):
        compute(method, (written(tmp_path, "jobs.csv", PLAIN),), {"base": 0.0})


def test_a_sheet_of_a_file_without_sheets_is_refused(tmp_path):
    with pytest.raises(BenchmarkInputError, match=r"jobs.csv: it has no sheets.*--sheet"):
        compute("lq", (written(tmp_path, "jobs.csv", PLAIN),), {"sheet": "x"})


GUARDED = "geo,C,C10,C11,C12,I,I55,I56\nA,100,:c,:c,20,35,30,5\nB,60,10,:c,:c,20,6,14\n"


@pytest.mark.parametrize(
    ("row", "notes"),
    [
        ("TOT,160,55,60,45,55,36,19\n", ["computable_cell"] * 4),
        # A wider territory: I55 and I56 have no gap and do not add up to it.
        ("EU,960,555,600,450,550,360,190\n", [""] * 4),
    ],
)
def test_a_total_row_of_the_tables_own_regions_is_known_to_the_guard(tmp_path, row, notes):
    matrix = written(tmp_path, "jobs.csv", GUARDED + row)
    given = {"groups": "nace", "total_row": row.split(",")[0], "rounding": 0.0}
    found = compute("lq-interval", (matrix,), given).table
    assert found.loc[found["state"] == "confidential", "note"].tolist() == notes
    codes, totals = GUARDED.split("\n")[0].split(",")[1:], row.strip().split(",")[1:]
    side = "activity,value\n" + "".join(f"{c},{t}\n" for c, t in zip(codes, totals, strict=True))
    given = {"groups": "nace", "reference": written(tmp_path, "side.csv", side), "rounding": 0.0}
    beside = compute("lq-interval", (written(tmp_path, "alone.csv", GUARDED),), given).table
    assert beside.loc[beside["state"] == "confidential", "note"].tolist() == notes


def test_a_region_total_gives_a_hidden_section_away_to_the_guard(tmp_path):
    text = "geo,C,C10,C11,I,I55,I56,TOTAL\nA,:c,3,:c,35,30,5,45\nB,9,4,5,20,6,14,29\n"
    matrix = written(tmp_path, "jobs.csv", text)
    given = {"groups": "nace", "total_column": "TOTAL", "rounding": 0.0}
    found = compute("lq-interval", (matrix,), given).table
    assert found.loc[found["activity"] == "C11", "note"].tolist() == ["computable_cell", ""]


def test_a_region_that_lacks_a_year_is_in_no_total_of_it_and_is_named(tmp_path):
    years = written(tmp_path, "jobs.csv", "geo,year,C10,C11\nA,2010,1,2\nB,2012,3,4\n")
    assert compute("lq", (years,), {}).summary["states"] == {"not_available": 8}
    one = compute("lq", (years,), {"year": 2010}).summary
    assert one["regions_without_this_year"] == ["B"]


def test_the_suffix_is_looked_at_before_anything_is_computed(tmp_path):
    with pytest.raises(BenchmarkInputError, match="is not written"):
        apply_to_files("lq", (tmp_path / "absent.csv",), tmp_path / "o.txt", {})
