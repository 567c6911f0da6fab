"""A result becomes a file whole, with its numbers as they are."""

import numpy as np
import pandas as pd
import pytest

from alp_pipeline.benchmark.cells import BenchmarkInputError
from alp_pipeline.benchmark.on_files.outcome import Outcome, write_outcome

TABLE = pd.DataFrame({"geo": ["A", "B"], "C28": [1 / 3, np.nan], "I55": [np.nan, 2e-17]})
WORDS = pd.DataFrame({"geo": ["", ""], "C28": ["", ":c"], "I55": ["undetermined", ""]})


def test_csv_keeps_every_bit_and_says_why_a_number_is_not_there(tmp_path):
    write_outcome(Outcome(TABLE, words=WORDS), tmp_path / "a.csv")
    text = (tmp_path / "a.csv").read_text(encoding="utf-8")
    assert text == "geo,C28,I55\nA,0.3333333333333333,undetermined\nB,:c,2e-17\n"


def test_parquet_keeps_columns_numeric(tmp_path):
    write_outcome(Outcome(TABLE, words=WORDS), tmp_path / "a.parquet")
    pd.testing.assert_frame_equal(pd.read_parquet(tmp_path / "a.parquet"), TABLE)


def test_a_workbook_holds_numbers_as_numbers_and_is_the_same_each_time(tmp_path):
    from python_calamine import CalamineWorkbook

    for name in ("a.xlsx", "b.xlsx"):
        write_outcome(Outcome(TABLE, words=WORDS), tmp_path / name)
    rows = CalamineWorkbook.from_path(tmp_path / "a.xlsx").get_sheet_by_index(0).to_python()
    assert rows == [["geo", "C28", "I55"], ["A", 0.3333333333333333, "undetermined"], ["B", ":c", 2e-17]]
    assert (tmp_path / "a.xlsx").read_bytes() == (tmp_path / "b.xlsx").read_bytes()


def test_an_unbounded_upper_end_survives_every_format(tmp_path):
    table = pd.DataFrame({"upper": [np.inf, 1.0]})
    for suffix in ("csv", "parquet", "xlsx"):
        write_outcome(Outcome(table), tmp_path / f"a.{suffix}")
    assert pd.read_csv(tmp_path / "a.csv")["upper"].tolist() == [np.inf, 1.0]
    assert pd.read_parquet(tmp_path / "a.parquet")["upper"].tolist() == [np.inf, 1.0]
    assert (tmp_path / "a.xlsx").stat().st_size > 0


def test_a_failed_writing_leaves_the_file_of_before(tmp_path):
    path = tmp_path / "a.parquet"
    path.write_bytes(b"before")
    with pytest.raises(Exception, match=r"mixed|bytes|type|convert"):
        write_outcome(Outcome(pd.DataFrame({"x": [1, "two", object()]})), path)
    assert path.read_bytes() == b"before"
    assert list(tmp_path.iterdir()) == [path]


def test_another_suffix_is_refused_by_name(tmp_path):
    with pytest.raises(BenchmarkInputError, match=r"'\.pdf' is not written"):
        write_outcome(Outcome(TABLE), tmp_path / "a.pdf")
