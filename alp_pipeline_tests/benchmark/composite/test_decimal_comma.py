"""Decimal commas are read where they can be nothing else, and refused where they can."""

import pandas as pd
import pytest

from alp_pipeline.benchmark.cells import BenchmarkInputError
from alp_pipeline.benchmark.composite.decimal_comma import with_decimal_points
from alp_pipeline.benchmark.composite.files import read_table, read_table_file


def read(*columns: list[str]) -> list[list[str]]:
    table = pd.DataFrame({f"c{number}": column for number, column in enumerate(columns)})
    before = table.copy()
    found, _ = with_decimal_points(table, where="a.csv")
    pd.testing.assert_frame_equal(table, before)
    return [found[name].tolist() for name in found]


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        (["4,097985", "3"], ["4.097985", "3"]),
        (["-0,5", "+1,25", "1,5E+03"], ["-0.5", "+1.25", "1.5E+03"]),
        (["1.234,5", "2.345.678,25", "12"], ["1234.5", "2345678.25", "12"]),
        (["1.234,5", "2.345"], ["1234.5", "2345"]),
        (["1\u202f234,5", "1\u00a0234"], ["1234.5", "1234"]),
        (["1'234,5"], ["1234.5"]),
        (["0,123", ":c", "", "NA", "2,5 p"], ["0.123", ":c", "", "NA", "2.5 p"]),
        (["1,234", "5,67"], ["1.234", "5.67"]),
    ],
)
def test_a_column_of_numbers_with_commas_is_read(written: list[str], meant: list[str]) -> None:
    assert read(written) == [meant]


def test_every_other_column_stays_as_it_is() -> None:
    columns = [["1,5", "2"], ["Nord, 2", "Süd"], ["35", "4"], ["01", "NA"], ["4,5", "B7"]]
    assert read(*columns) == [["1.5", "2"], *columns[1:]]


def test_three_digits_are_decimals_where_another_number_of_the_file_says_so() -> None:
    assert read(["1,234", "2,345"], ["0,5", "1"]) == [["1.234", "2.345"], ["0.5", "1"]]
    assert read(["1.234", "2"], ["0,5", "1"]) == [["1234", "2"], ["0.5", "1"]]


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ([["1,234", "1.234"]], r"a\.csv: '1,234' of c0 may be a decimal or a thousand"),
        ([["1,234", "12,345"]], r"'1,234' of c0 may be a decimal or a thousand"),
        ([["4,5", "4.5"]], r"'4,5' has a decimal comma and '4\.5' a decimal point"),
        ([["4,5", "1"], ["4.5", "2"]], r"'4,5' has a decimal comma and '4\.5' a decimal point"),
    ],
)
def test_what_has_two_readings_is_refused(columns: list[list[str]], message: str) -> None:
    with pytest.raises(BenchmarkInputError, match=message):
        read(*columns)


def test_only_where_the_comma_separates_nothing(tmp_path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("unit;x\nA;1,5\n", encoding="utf-8")
    assert read_table(path).values.tolist() == [["A", "1.5"]]
    path.write_text("unit\tx\nA\t1,5\n", encoding="utf-8")
    assert read_table_file(path).remarks == ("a.csv: decimal commas in x read as points",)
    path.write_text('unit,x\nA,"1,5"\n', encoding="utf-8")
    assert read_table(path).values.tolist() == [["A", "1,5"]]


def test_a_number_with_a_point_between_semicolons_needs_another_that_tells(tmp_path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("unit;x;y\nA;1.234;2\n", encoding="utf-8")
    with pytest.raises(BenchmarkInputError, match=r"'1\.234' of x may be a decimal or a thousand"):
        read_table_file(path).numbers_in(["x", "y"], path)
    assert read_table_file(path).numbers_in(["y"], path).table["x"].tolist() == ["1.234"]
    path.write_text("unit;x;y\nA;1.234;2.5\n", encoding="utf-8")
    assert read_table_file(path).numbers_in(["x", "y"], path).table["x"].tolist() == ["1.234"]
    path.write_text("unit,x,y\nA,1.234,2\n", encoding="utf-8")
    assert read_table_file(path).numbers_in(["x", "y"], path).table["x"].tolist() == ["1.234"]
