"""Files of users: text stays text, and a file that is no table says so."""

import pytest

from alp_pipeline.benchmark.cells import BenchmarkInputError
from alp_pipeline.benchmark.composite.files import read_table


def test_text_stays_text(tmp_path):
    path = tmp_path / "units.csv"
    path.write_text('uCode,name\nNA,"Namibia, Republic"\n01,\n,\n', encoding="utf-8")
    assert read_table(path).values.tolist() == [["NA", "Namibia, Republic"], ["01", ""]]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "the table is empty"),
        (b"a,b\n", "the table has no rows"),
        (b"a,a\n1,2\n", "column 2 has the heading 'a' of another one"),
        (b"a,,b\n1,2,3\n", "column 2 has no heading"),
        (b"a,b\n1,2,3\n", "row 2 has a cell right of the last heading"),
        (b'a,b\n"1,2\n', "cannot be read as CSV"),
        (b"a,b\n\xff,2\n", "cannot be read as CSV in UTF-8"),
    ],
)
def test_a_csv_that_is_no_table_says_why(tmp_path, content, message):
    path = tmp_path / "units.csv"
    path.write_bytes(content)
    with pytest.raises(BenchmarkInputError, match=message):
        read_table(path)


def test_another_kind_an_absent_file_and_a_broken_one_are_named(tmp_path):
    with pytest.raises(BenchmarkInputError, match=r"'\.docx' is not a table"):
        read_table(tmp_path / "a.docx")
    with pytest.raises(BenchmarkInputError, match="there is no such file"):
        read_table(tmp_path / "a.csv")
    for name, message in (("a.xlsx", "workbook cannot be read"), ("a.parquet", "cannot be read as Parquet")):
        (tmp_path / name).write_bytes(b"PK no")
        with pytest.raises(BenchmarkInputError, match=message):
            read_table(tmp_path / name)


def test_a_sheet_is_named_or_the_first(tmp_path):
    import pandas as pd

    path = tmp_path / "book.xlsx"
    with pd.ExcelWriter(path, engine="xlsxwriter") as book:
        pd.DataFrame({"a": [1]}).to_excel(book, sheet_name="one", index=False)
        pd.DataFrame({"b": [2]}).to_excel(book, sheet_name="two", index=False)
    assert read_table(path).columns.tolist() == ["a"]
    assert read_table(path, sheet="two")["b"].tolist() == [2]
    with pytest.raises(BenchmarkInputError, match="no sheet 'three'"):
        read_table(path, sheet="three")
