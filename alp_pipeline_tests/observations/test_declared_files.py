"""Declared tables as XLSX, JSON rows and ZIP archives. Columns and accounting: test_declared_table."""

import io
import json
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
import xlsxwriter

from alp_pipeline.observations import workbook, zipped
from alp_pipeline.observations.errors import (
    DamagedDocument,
    DocumentError,
    EmptyDocument,
    HeaderMismatch,
    MalformedDocument,
    NotADataDocument,
)
from alp_pipeline.observations.schema import DatasetShape, TableLayout
from alp_pipeline_tests.observations.documents import by_cell, reading_of, rows_of

LAYOUT = TableLayout({"region": "geo"}, time="year", value="persons")
HEADING = ("region", "year", "persons")


def shape(layout: TableLayout = LAYOUT) -> DatasetShape:
    return DatasetShape("portal.x", ("freq", "geo"), layout=layout)


def xlsx(*rows: Sequence[Any], sheets: tuple[str, ...] = ("Data",)) -> bytes:
    """A workbook with the same rows in every sheet; a text from `=` on is a formula of that value."""
    content = io.BytesIO()
    book = xlsxwriter.Workbook(content, {"default_date_format": "dd.mm.yyyy"})
    for name in sheets:
        sheet = book.add_worksheet(name)
        for at, row in enumerate(rows):
            for column, value in enumerate(row):
                if isinstance(value, date):
                    sheet.write_datetime(at, column, value)
                elif isinstance(value, str) and value.startswith("="):
                    sheet.write_formula(at, column, "=NA()", None, value[1:])
                else:
                    sheet.write(at, column, value)
    book.close()
    return content.getvalue()


def archive(files: Mapping[str, str | bytes]) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as made:
        for name, text in files.items():
            made.writestr(name, text)
    return content.getvalue()


def test_cells_of_a_sheet_are_text_numbers_and_dates() -> None:
    content = xlsx(
        HEADING, ("AT", 2022, 708), ("IT", "2022", 1234.5), ("FR", 2022.0, None), ("DE", 2021, "1e-3")
    )
    rows, reading = reading_of(content, format="xlsx", dataset=shape())
    assert by_cell(rows, "value", "cell_state", "published") == {
        ("A.AT", "2022"): (708.0, "reported", "708"),
        ("A.IT", "2022"): (1234.5, "reported", "1234.5"),
        ("A.FR", "2022"): (None, "not_available", ""),
        ("A.DE", "2021"): (0.001, "reported", "1e-3"),
    }
    assert reading.cells == 4
    dated = shape(replace(LAYOUT, period="%d.%m.%Y"))
    content = xlsx(HEADING, ("AT", date(2022, 12, 31), 1), ("IT", "31.12.2021", 2))
    assert {row["time_period"] for row in rows_of(content, format="xlsx", dataset=dated)} == {"2022", "2021"}


def test_numbers_of_a_sheet_are_numbers_whatever_the_decimal_sign_of_its_texts() -> None:
    german = shape(replace(LAYOUT, decimal=",", thousands="."))
    content = xlsx(HEADING, ("AT", 2022, 1234.5), ("IT", 2022, "1.234,5"), ("FR", 2022, "1234.5"))
    assert [row["value"] for row in rows_of(content, format="xlsx", dataset=german)] == [1234.5, 1234.5, None]


def test_a_wide_sheet_below_a_title_with_empty_rows_and_columns() -> None:
    rows = [("Table 1",), (), ("", "region", 2021, 2022), (), ("", "AT", 1, "-"), ("", "IT", "", 0)]
    layout = TableLayout({"region": "geo"}, heading_row=3, sheet="two", markers={"-": "zero"}, ignore=("*",))
    found, reading = reading_of(xlsx(*rows, sheets=("one", "two")), format="xlsx", dataset=shape(layout))
    assert by_cell(found, "value", "cell_state") == {
        ("A.AT", "2021"): (1.0, "reported"),
        ("A.AT", "2022"): (0.0, "reported"),
        ("A.IT", "2021"): (None, "not_available"),
        ("A.IT", "2022"): (0.0, "reported"),
    }
    assert reading.periods == ("2021", "2022")


def test_an_error_value_is_not_an_empty_cell() -> None:
    content = xlsx(HEADING, ("AT", 2022, "=#N/A"), ("IT", 2022, "=#DIV/0!"), ("FR", 2022, ""))
    rows = rows_of(content, format="xlsx", dataset=shape())
    assert [(row["published"], row["cell_state"]) for row in rows] == [
        *(("#N/A", None), ("#DIV/0!", None), ("", "not_available"))
    ]
    declared = shape(replace(LAYOUT, markers={"#N/A": "not_available"}))
    assert rows_of(content, format="xlsx", dataset=declared)[0]["cell_state"] == "not_available"


def test_a_row_that_holds_only_an_error_value_is_a_row() -> None:
    rows, reading = reading_of(xlsx(HEADING, ("=#REF!", "", "")), format="xlsx", dataset=shape())
    assert (reading.cells, rows[0]["cell_state"]) == (1, None)


def test_a_sheet_must_be_named_when_there_are_several() -> None:
    content = xlsx(HEADING, ("AT", 2022, 1), sheets=("a", "b"))
    with pytest.raises(MalformedDocument, match="the sheets a, b, and the layout names none"):
        rows_of(content, format="xlsx", dataset=shape())
    with pytest.raises(MalformedDocument, match="and the layout wants 'c'"):
        rows_of(content, format="xlsx", dataset=shape(replace(LAYOUT, sheet="c")))
    assert len(rows_of(content, format="xlsx", dataset=shape(replace(LAYOUT, sheet="b")))) == 1


def test_a_workbook_that_would_fill_the_memory_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    content = io.BytesIO()
    book = xlsxwriter.Workbook(content)
    sheet = book.add_worksheet()
    sheet.write_row(0, 0, HEADING)
    sheet.write(1_048_575, 16_383, 1)
    book.close()
    with pytest.raises(MalformedDocument, match="it spans 1,048,576 × 16,384 cells"):
        rows_of(content.getvalue(), format="xlsx", dataset=shape())
    monkeypatch.setattr(workbook, "MOST_UNPACKED_BYTES", 1 << 10)
    with pytest.raises(MalformedDocument, match="unpacked it is larger"):
        rows_of(xlsx(HEADING), format="xlsx", dataset=shape())


def test_what_is_no_workbook_is_named() -> None:
    with pytest.raises(NotADataDocument, match="web page"):
        rows_of("<!doctype html><title>Login</title>", format="xlsx", dataset=shape())
    with pytest.raises(MalformedDocument, match=r"a ZIP archive, but no workbook \(.*xl/workbook.xml"):
        rows_of(archive({"a.csv": "x"}), format="xlsx", dataset=shape())
    with pytest.raises(DamagedDocument):
        rows_of(xlsx(HEADING)[:-100], format="xlsx", dataset=shape())
    with pytest.raises(EmptyDocument):
        rows_of(b"", format="xlsx", dataset=shape())
    with pytest.raises(EmptyDocument, match="ends before row 3"):
        rows_of(xlsx(HEADING), format="xlsx", dataset=shape(replace(LAYOUT, heading_row=3)))


ROWS: list[dict[str, Any]] = [
    {"region": "AT", "year": "2022", "persons": "708"},
    {"region": "IT", "year": 2022, "persons": 0},
    {"region": "FR", "year": 2022},
    {"region": "DE", "year": 2022, "persons": 1.50},
    {"region": "SI", "year": 2022, "persons": None},
]
READ = {
    ("A.AT", "2022"): (708.0, "reported", "708"),
    ("A.IT", "2022"): (0.0, "reported", "0"),
    ("A.FR", "2022"): (None, "not_available", ""),
    ("A.DE", "2022"): (1.5, "reported", "1.5"),
    ("A.SI", "2022"): (None, "not_available", ""),
}


@pytest.mark.parametrize(
    "answer",
    [
        ROWS,
        {"result": {"records": ROWS, "total": 5}, "success": True},
        {"results": ROWS, "total_count": 5},
        {"data": ROWS, "links": {"next": None}, "meta": {"total": 5}},
    ],
)
def test_rows_of_json_may_hold_numbers_as_texts_and_omit_empty_fields(answer: object) -> None:
    rows, reading = reading_of(json.dumps(answer), format="json-rows", dataset=shape())
    assert by_cell(rows, "value", "cell_state", "published") == READ
    assert (reading.cells, reading.series_count, reading.periods) == (5, 5, ("2022",))


def test_a_field_of_json_that_the_layout_does_not_know_is_named() -> None:
    with pytest.raises(HeaderMismatch, match="does not say what is in _id"):
        rows_of(json.dumps([{**ROWS[0], "_id": 1}]), format="json-rows", dataset=shape())
    with pytest.raises(HeaderMismatch, match="no row has persons, year"):
        rows_of(json.dumps([{"region": "AT"}]), format="json-rows", dataset=shape())
    with pytest.raises(HeaderMismatch, match="no row has persons, region, year"):
        rows_of("[]", format="json-rows", dataset=shape())


@pytest.mark.parametrize(
    ("document", "error", "said"),
    [
        ('{"success": false, "error": {"status": 404, "label": "no"}}', NotADataDocument, "404 no"),
        ("<html><title>x</title>", NotADataDocument, "web page"),
        ('[{"region": "AT"', MalformedDocument, "it is not JSON"),
        ('{"rows": []}', MalformedDocument, "no array of rows"),
        ('[{"region": "AT"}, 7]', MalformedDocument, "row 2 is not an object"),
        ('{"data": {"region": "AT"}}', MalformedDocument, "no array of rows"),
        ("", EmptyDocument, "empty"),
    ],
)
def test_json_that_holds_no_rows_is_named(document: str, error: type[DocumentError], said: str) -> None:
    with pytest.raises(error, match=said):
        rows_of(document, format="json-rows", dataset=shape())


def test_values_of_json_that_are_no_numbers_go_to_quarantine_as_they_stand() -> None:
    document = '[{"region":"AT","year":2022,"persons":{"de":1}},{"region":"IT","year":2022,"persons":NaN},'
    document += '{"region":"FR","year":2022,"persons":true}]'
    rows = rows_of(document, format="json-rows", dataset=shape())
    assert [(row["cell_state"], row["published"]) for row in rows] == [
        *((None, '{"de": "1"}'), (None, "NaN"), (None, "true"))
    ]


def test_the_pages_of_an_archive_are_one_table_in_the_order_of_their_names() -> None:
    pages = {
        "0002.json": json.dumps({"result": {"records": ROWS[2:]}}),
        "0001.json": json.dumps({"result": {"records": ROWS[:2]}}),
        "0003.json": json.dumps({"result": {"records": []}}),
    }
    rows, reading = reading_of(archive(pages), format="zip", dataset=shape())
    assert by_cell(rows, "value", "cell_state", "published") == READ
    assert [row["geo"] for row in rows] == ["AT", "IT", "FR", "DE", "SI"]
    assert reading.cells == 5


def test_csv_files_of_an_archive_have_their_own_headings() -> None:
    files = {"b.csv": "persons,region,year\n2,IT,2022\n", "a.csv": "region,year,persons\nAT,2022,1\nx\n"}
    rows, reading = reading_of(archive(files), format="zip", dataset=shape())
    assert [(row["geo"], row["value"]) for row in rows] == [("AT", 1.0), (None, None), ("IT", 2.0)]
    assert reading.cells == 3
    with pytest.raises(HeaderMismatch, match=r"file b\.csv: .* it lacks persons"):
        rows_of(archive({**files, "b.csv": "region,year\n"}), format="zip", dataset=shape())


def test_the_layout_names_the_file_where_an_archive_holds_others() -> None:
    files: dict[str, str | bytes] = {
        "header.csv": "code,label\n",
        "d/data.txt": "region,year,persons\nAT,2022,1\n",
    }
    with pytest.raises(MalformedDocument, match=r"\(d/data.txt, header.csv\) are not all CSV"):
        rows_of(archive(files), format="zip", dataset=shape())
    chosen = shape(replace(LAYOUT, member="d/data.txt"))
    assert by_cell(rows_of(archive(files), format="zip", dataset=chosen), "value") == {
        ("A.AT", "2022"): (1.0,)
    }
    with pytest.raises(MalformedDocument, match=r"0 files 'x\.csv' among"):
        rows_of(archive(files), format="zip", dataset=shape(replace(LAYOUT, member="x.csv")))
    book = {"t.xlsx": xlsx(HEADING, ("AT", 2022, 1))}
    assert len(rows_of(archive(book), format="zip", dataset=shape())) == 1


def test_an_archive_is_never_unpacked_beyond_its_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    bomb = archive({"a.csv": b"0" * (1 << 22)})
    assert len(bomb) < 1 << 14
    monkeypatch.setattr(zipped, "MOST_UNPACKED_BYTES", 1 << 20)
    with pytest.raises(MalformedDocument, match="1 files of 4 MiB, which is too much"):
        rows_of(bomb, format="zip", dataset=shape())


def test_an_archive_that_is_none_damaged_or_empty_is_named() -> None:
    whole = archive({"a.csv": "region,year,persons\n" + "AT,2022,1\n" * 500})
    with pytest.raises(DamagedDocument, match="damaged or ends early"):
        rows_of(whole[:-30], format="zip", dataset=shape())
    at = whole.index(b"a.csv") + 20
    with pytest.raises(DamagedDocument, match=r"file a\.csv: the bytes of this part"):
        rows_of(whole[:at] + b"\xff\x00\xff" + whole[at + 3 :], format="zip", dataset=shape())
    with pytest.raises(NotADataDocument, match="web page"):
        rows_of("<html>", format="zip", dataset=shape())
    with pytest.raises(MalformedDocument, match="holds no files"):
        rows_of(archive({}), format="zip", dataset=shape())
    with pytest.raises(EmptyDocument):
        rows_of("", format="zip", dataset=shape())
