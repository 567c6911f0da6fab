"""A matrix is read the same whatever its layout and format, and no cell changes its meaning on the way."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from alp_pipeline.benchmark.cells import BenchmarkInputError
from alp_pipeline.benchmark.on_files.matrix_file import parse_cells, read_matrix

WIDE = "geo,C28,I55\nAT33,:c,120\nITH1,35.5 b,\n"
LONG = (
    "geo;nace_r2;TIME_PERIOD;OBS_VALUE\n"
    "AT33;C28;2014;:c\nAT33;I55;2014;120\nITH1;C28;2014;35.5 b\nITH1;I55;2014;:\n"
)


def written(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_wide_and_long_files_give_the_same_table(tmp_path):
    wide = read_matrix(written(tmp_path, "wide.csv", WIDE))
    long = read_matrix(written(tmp_path, "long.csv", LONG))
    assert wide.region_heading == long.region_heading == "geo"
    for name in ("values", "states", "flags"):
        pd.testing.assert_frame_equal(getattr(wide.table, name), getattr(long.table, name))
    assert wide.table.states.to_numpy().tolist() == [
        ["confidential", "reported"],
        ["reported", "not_available"],
    ]
    assert wide.table.flags.loc["ITH1", "C28"] == "b"
    assert wide.table.values.loc["ITH1", "C28"] == 35.5


@pytest.mark.parametrize("suffix", ["csv", "tsv", "parquet", "xlsx"])
def test_every_format_gives_the_same_numbers_to_the_last_bit(tmp_path, suffix):
    frame = pd.DataFrame(
        {"C28": [1 / 3, 2e-7], "I55": [1e16, np.nan]}, index=pd.Index(["AT33", "ITH1"], name=None)
    )
    path = tmp_path / f"jobs.{suffix}"
    if suffix == "csv":
        frame.to_csv(path)
    elif suffix == "tsv":
        frame.to_csv(path, sep="\t")
    elif suffix == "parquet":
        frame.to_parquet(path)
    else:
        frame.to_excel(path, engine="xlsxwriter")
    found = read_matrix(path)
    assert found.region_heading == "region"  # nobody wrote a heading
    expected = frame.to_numpy()
    if suffix == "xlsx":  # a workbook keeps sixteen digits
        np.testing.assert_allclose(found.table.x, expected, rtol=1e-15)
    else:
        np.testing.assert_array_equal(found.table.x, expected)
    assert found.table.states.loc["ITH1", "I55"] == "not_available"


def test_codes_stay_text(tmp_path):
    path = written(tmp_path, "codes.csv", "geo,01,NA\nNA,1,2\n007,3,4\n")
    table = read_matrix(path).table
    assert table.values.index.tolist() == ["NA", "007"]
    assert table.values.columns.tolist() == ["01", "NA"]
    assert table.values.to_numpy().tolist() == [[1, 2], [3, 4]]


@pytest.mark.parametrize(
    ("text", "value", "state", "flags"),
    [
        ("708", 708.0, "reported", ""),
        ("0", 0.0, "reported", ""),
        ("35 p", 35.0, "reported", "p"),
        ("0n", 0.0, "reported", "n"),
        (":", None, "not_available", ""),
        ("", None, "not_available", ""),
        ("NA", None, "not_available", ""),
        (None, None, "not_available", ""),
        (float("nan"), None, "not_available", ""),
        (": u", None, "not_available", "u"),
        (":c", None, "confidential", ""),
        (": c", None, "confidential", ""),
        (":bc", None, "confidential", "b"),
        ("c", None, "confidential", ""),
        ("Confidential", None, "confidential", ""),
        ("12 c", None, "confidential", ""),  # published by mistake: withheld
        (":m", None, "not_applicable", "m"),
        (7, 7.0, "reported", ""),
        (7.25, 7.25, "reported", ""),
    ],
)
def test_what_a_cell_means(text, value, state, flags):
    found = parse_cells([text], "jobs.csv").iloc[0]
    assert (found["cell_state"], found["flags"]) == (state, flags)
    assert (None if pd.isna(found["value"]) else found["value"]) == value


def test_columns_of_a_long_file_may_say_state_flags_and_secrecy(tmp_path):
    path = written(
        tmp_path,
        "long.csv",
        "region,activity,value,cell_state,obs_status,conf_status\n"
        "A,C28,5,,b,\nA,I55,7,confidential,,\nB,C28,9,,,C\nB,I55,,not_applicable,,\n",
    )
    table = read_matrix(path).table
    assert table.states.to_numpy().tolist() == [
        ["reported", "confidential"],
        ["confidential", "not_applicable"],
    ]
    assert table.flags.loc["A", "C28"] == "b"
    assert table.values.loc["A", "C28"] == 5.0
    assert table.values.isna().to_numpy().tolist() == [[False, True], [True, True]]


@pytest.mark.parametrize(
    ("heading", "mark"),
    [
        ("conf_status", "C"),
        ("CONF_STATUS", "N"),
        ("Confidentiality", "c"),
        ("conf", "A"),
        ("OBS_CONF", "C"),
        ("OBS_CONF_STATUS", "D"),
        ("confidential", "true"),
        ("Geheimhaltung", "x"),
        ("statistical secrecy", "1"),
        ("Conf_Flag", "D"),
        ("obs_flag", "c"),
        ("OBS_FLAG", "C"),
        ("obs_status", "bC"),
    ],
)
@pytest.mark.parametrize("state", ["reported", "not_available", ""])
def test_whatever_says_that_a_cell_is_confidential_wins(tmp_path, heading, mark, state):
    text = f"geo,nace_r2,value,cell_state,{heading}\nA,C10,500,{state},{mark}\nA,C11,5,,\n"
    table = read_matrix(written(tmp_path, "long.csv", text)).table
    assert table.states.loc["A"].tolist() == ["confidential", "reported"]
    assert np.isnan(table.values.loc["A", "C10"])


def test_no_state_and_no_second_column_brings_a_confidential_cell_back(tmp_path):
    text = "geo,nace_r2,value,cell_state,obs_status,obs_flag,conf_status,conf\nA,C10,{},reported,,{},F,{}\n"
    for cell, flag, secrecy in ((":c", "", ""), ("5 c", "", "F"), ("5", "c", "F"), ("5", "", "C")):
        table = read_matrix(written(tmp_path, "long.csv", text.format(cell, flag, secrecy))).table
        assert table.states.loc["A", "C10"] == "confidential"
    free = read_matrix(written(tmp_path, "long.csv", text.format("5", "p", "F"))).table
    assert (free.values.loc["A", "C10"], free.flags.loc["A", "C10"]) == (5.0, "p")


def test_a_file_of_several_years_has_rows_of_region_and_year_or_the_year_asked_for(tmp_path):
    path = written(
        tmp_path, "years.csv", "region,activity,year,value\nA,C28,2013,1\nA,C28,2014,2\nB,C28,2014,3\n"
    )
    rows = read_matrix(path).table.values
    assert rows.index.tolist() == [("A", 2013), ("A", 2014), ("B", 2013), ("B", 2014)]
    assert rows.index.names == ["region", "year"]
    assert np.isnan(rows.loc[("B", 2013), "C28"])  # no row is no region less, but a cell that is missing
    assert read_matrix(path, year=2014).table.values.index.tolist() == ["A", "B"]
    assert read_matrix(path, year=2013).absent == ("B",)
    wide = written(tmp_path, "wide.csv", "geo,year,C28\nA,2013,1\nA,2014,2\n")
    assert read_matrix(wide).table.values.index.tolist() == [("A", 2013), ("A", 2014)]
    with pytest.raises(BenchmarkInputError, match=r"no cell of 2019.*It has 2013, 2014"):
        read_matrix(path, year=2019)


def test_a_sheet_is_chosen_by_name(tmp_path):
    path = tmp_path / "book.xlsx"
    with pd.ExcelWriter(path, engine="xlsxwriter") as writer:
        pd.DataFrame({"geo": ["A"], "C28": [1]}).to_excel(writer, sheet_name="one", index=False)
        pd.DataFrame({"geo": ["A"], "C28": [2]}).to_excel(writer, sheet_name="two", index=False)
    assert read_matrix(path).table.values.loc["A", "C28"] == 1.0
    assert read_matrix(path, sheet="two").table.values.loc["A", "C28"] == 2.0


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("geo,C28\nA,many\n", "A × C28 holds 'many'"),
        ("geo,C28\nA,-3\n", "A × C28 holds -3"),
        ('geo,C28\nA,"1,5,0"\n', r"A × C28 holds '1,5,0'"),
        ('geo,C28\nA,"1,234"\n', r"'1,234' may be 1.234 or 1234"),
        ("geo;C28;C29\nA;1.234;708\n", r"'1.234' may be 1.234 or 1234"),
        ("geo;C28;C29\nA;1,5;1.5\n", r"'1,5' has a decimal comma and '1.5' a decimal point"),
        ("geo,C28,conf_status\nA,1,C\n", "which of a row's cells conf_status is about"),
        ("geo,nace,value,hidden\nA,I55,1,C\n", "the column hidden seems to say what is confidential"),
        ("geo,nace,value,k\nA,C28,1,C\nA,I55,1,F\n", "the column k seems to say what is confidential"),
        ("geo,C28\nA,1\nA,2\n", "the cell A × C28 appears more than once"),
        ("geo,C28\n,1\n", "row 1 has no geo"),
        ("geo,C28,C28\nA,1,2\n", "column 3"),
        ("geo\nA\n", "no activity"),
        ("geo,year,C28\nA,2014Q1,3\n", "'2014Q1' is not a year"),
        ("region,activity,value,state\nA,C28,1,secret\n", "'secret' is not a cell state"),
        ("region,activity,value\nA,C28,1\nA,C28,2\n", "A × C28 appears more than once"),
    ],
)
def test_what_is_wrong_with_a_file_is_said_by_name(tmp_path, text, message):
    path = written(tmp_path, "jobs.csv", text)
    with pytest.raises(BenchmarkInputError, match=message):
        read_matrix(path)


def test_a_file_that_is_not_there_or_no_table_is_refused(tmp_path):
    with pytest.raises(BenchmarkInputError, match="no such file"):
        read_matrix(tmp_path / "absent.csv")
    with pytest.raises(BenchmarkInputError, match="is not a table"):
        read_matrix(written(tmp_path, "jobs.pdf", "x"))


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("geo;C28;C29\nA;1.234,5 p;708\n", 1234.5),  # de, it, sl
        ("geo;C28;C29\nA;1\u202f234,5;708\n", 1234.5),  # fr
        ("geo;C28;C29\nA;0,125;708\n", 0.125),
        ("geo;C28;C29\nA;1.234;0,5\n", 1234.0),
        ("geo;C28;C29\nA;1\u2019234.5;708\n", 1234.5),  # de-CH
        ('geo,C28,C29\nA,"1,234","1,234,567"\n', 1234.0),
        ("geo;C28;C29\nA;1.234;0.5\n", 1.234),  # another cell tells
        ("geo;C28;C29\nA;1234.567;708\n", 1234.567),
        ("geo,C28,C29\nA,1.234,708\n", 1.234),  # between commas no number has one
    ],
)
def test_numbers_of_a_spreadsheet_are_read_where_the_file_leaves_no_doubt(tmp_path, text, number):
    assert read_matrix(written(tmp_path, "jobs.csv", text)).table.values.loc["A", "C28"] == number


def test_a_number_of_a_workbook_is_no_text_whose_point_could_part_thousands(tmp_path):
    path = tmp_path / "jobs.xlsx"
    pd.DataFrame({"geo": ["A"], "C28": [1.234], "C29": ["2,5"]}).to_excel(
        path, engine="xlsxwriter", index=False
    )
    assert read_matrix(path).table.values.loc["A"].tolist() == [1.234, 2.5]


def test_a_column_of_section_letters_is_no_mark_of_secrecy(tmp_path):
    text = "geo,nace_r2,section,value\nA,C28,C,1\nA,F41,F,2\n"
    assert read_matrix(written(tmp_path, "jobs.csv", text)).table.values.loc["A"].tolist() == [1.0, 2.0]
