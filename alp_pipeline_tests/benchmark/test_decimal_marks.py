"""Decimal commas and parted thousands are read where a file leaves no doubt, and refused where it does."""

import pytest

from alp_pipeline.benchmark.cells import BenchmarkInputError
from alp_pipeline.benchmark.composite.files import read_table, read_table_file
from alp_pipeline.benchmark.decimal_marks import with_points


def read(*words: str, separator: str = ";") -> list[str]:
    points = with_points(words, "a.csv", separator=separator)
    return [points.get(word, word) for word in words]


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        (["4,097985", "3"], ["4.097985", "3"]),
        (["-0,5", "+1,25", "1,5E+03"], ["-0.5", "+1.25", "1.5E+03"]),
        (["1.234,5", "2.345.678,25", "12"], ["1234.5", "2345678.25", "12"]),
        (["1,234.5", "2,345,678.25"], ["1234.5", "2345678.25"]),
        (["1.234,5", "2.345"], ["1234.5", "2345"]),
        (["1\u202f234,5", "1\u00a0234"], ["1234.5", "1234"]),
        (["1'234,5"], ["1234.5"]),
        (["0,123", ":c", "", "NA", "2,5 p"], ["0.123", ":c", "", "NA", "2.5 p"]),
        (["1,234", "5,67"], ["1.234", "5.67"]),
        (["1.234", "0,5"], ["1234", "0.5"]),
        (["1.234", "0.5"], ["1.234", "0.5"]),
        (["Nord, 2", "B7,5", "01"], ["Nord, 2", "B7,5", "01"]),
    ],
)
def test_one_clear_number_tells_how_all_are_written(written: list[str], meant: list[str]) -> None:
    assert read(*written) == meant


@pytest.mark.parametrize(
    ("words", "separator", "message"),
    [
        (["1,234", "12,345"], ",", r"a\.csv: '1,234' may be 1\.234 or 1234"),
        (["1,234", "1.234"], ";", r"'1,234' may be 1\.234 or 1234"),
        (["1.234", "2"], ";", r"'1\.234' may be 1\.234 or 1234"),
        (["4,5", "4.5"], ";", r"'4,5' has a decimal comma and '4\.5' a decimal point"),
    ],
)
def test_what_has_two_readings_is_refused(words: list[str], separator: str, message: str) -> None:
    with pytest.raises(BenchmarkInputError, match=message):
        read(*words, separator=separator)


def test_between_commas_a_point_is_a_decimal_point() -> None:
    assert read("1.234", "2", separator=",") == ["1.234", "2"]


def test_only_columns_of_numbers_are_read_so_and_the_table_of_before_stays(tmp_path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("unit;x;code\nA;1,5;1,5\nB;:c;2,5\n", encoding="utf-8")
    raw = read_table_file(path)
    found = raw.numbers_in(["x", "y"], path)
    assert found.table.values.tolist() == [["A", "1.5", "1,5"], ["B", ":c", "2,5"]]
    assert found.remarks == ("a.csv: numbers of x have no plain decimal point: 1,5 was read as 1.5",)
    assert raw.table.equals(read_table(path))


def test_a_quoted_comma_between_commas_is_a_decimal_comma_too(tmp_path) -> None:
    path = tmp_path / "a.csv"
    path.write_text('unit,x\nA,"1,5"\n', encoding="utf-8")
    assert read_table_file(path).numbers_in(["x"], path).table["x"].tolist() == ["1.5"]
