"""Declared tables as CSV: columns, codes, periods, accounting. Other files of rows: test_declared_files."""

import io
import re
from dataclasses import replace
from pathlib import Path

import pytest

from alp_pipeline.catalog.reference import ReferenceMissing
from alp_pipeline.observations.code_maps import UnusableCodeTable, code_maps
from alp_pipeline.observations.errors import (
    DuplicatePeriod,
    HeaderMismatch,
    MalformedDocument,
    NotADataDocument,
    WrongEncoding,
)
from alp_pipeline.observations.reader import read_observations
from alp_pipeline.observations.schema import DatasetShape, TableLayout
from alp_pipeline_tests.observations.documents import by_cell, reading_of, rows_of

LONG = TableLayout({"region": "geo", "sex": "sex"}, time="year", value="persons")
WIDE = TableLayout({"region": "geo", "sex": "sex"})
DOCUMENT = "region,sex,year,persons\nAT,M,2022,708\nAT,F,2022,0\nIT,M,2021,\n"


def shape(layout: TableLayout, *dimensions: str) -> DatasetShape:
    return DatasetShape("portal.x", ("freq", *(dimensions or ("geo", "sex"))), layout=layout)


def test_a_row_of_a_long_table_is_one_cell() -> None:
    rows, reading = reading_of(DOCUMENT, format="csv", dataset=shape(LONG))
    assert by_cell(rows, "value", "cell_state", "geo", "sex", "freq") == {
        ("A.AT.M", "2022"): (708.0, "reported", "AT", "M", "A"),
        ("A.AT.F", "2022"): (0.0, "reported", "AT", "F", "A"),
        ("A.IT.M", "2021"): (None, "not_available", "IT", "M", "A"),
    }
    assert (reading.cells, reading.series_count, reading.periods) == (3, 3, ("2021", "2022"))
    assert (reading.header_dimensions, reading.set_aside) == (("geo", "sex"), 0)


def test_a_row_of_a_wide_table_is_one_cell_per_heading_that_is_a_period() -> None:
    document = "sex,2022,region,2021\nM,708,AT,35 p\nF,0,AT,\n"
    rows, reading = reading_of(document, format="csv", dataset=shape(WIDE))
    assert by_cell(rows, "value", "cell_state", "obs_status") == {
        ("A.AT.M", "2022"): (708.0, "reported", ""),
        ("A.AT.F", "2022"): (0.0, "reported", ""),
        ("A.AT.M", "2021"): (35.0, "reported", "p"),
        ("A.AT.F", "2021"): (None, "not_available", ""),
    }
    assert (reading.cells, reading.series_count, reading.periods) == (4, 2, ("2022", "2021"))


def test_periods_in_a_form_of_their_own_become_those_of_the_frequency() -> None:
    day = replace(LONG, period="%d.%m.%Y")
    document = DOCUMENT.replace("2022", "31.12.2022").replace("2021", "30.06.2021")
    assert {row["time_period"] for row in rows_of(document, format="csv", dataset=shape(day))} == {
        *("2022", "2021")
    }
    quarterly = shape(replace(day, constants={"freq": "Q"}))
    found = {
        row["series_key"]: row["time_period"] for row in rows_of(document, format="csv", dataset=quarterly)
    }
    assert found == {"Q.AT.M": "2022-Q4", "Q.AT.F": "2022-Q4", "Q.IT.M": "2021-Q2"}
    headed = replace(WIDE, period="effectifs_salaries_%Y", ignore=("*",))
    document = "region,sex,effectifs_salaries_2022,etablissements_2022\nAT,M,5,6\n"
    assert by_cell(rows_of(document, format="csv", dataset=shape(headed)), "value") == {
        ("A.AT.M", "2022"): (5.0,)
    }


@pytest.mark.parametrize(
    ("heading", "layout", "said"),
    [
        ("region,sex,year,persons,source", LONG, "the layout does not say what is in source"),
        ("region,sex,year,persons,", LONG, "the layout does not say what is in column 5"),
        ("region,year,persons", LONG, "it lacks sex"),
        ("region,sex,persons", LONG, "it lacks year"),
        ("region,sex,year,persons", replace(LONG, flags="flag"), "it lacks flag"),
        ("region,sex,sex,year,persons", LONG, "it names twice sex"),
        ("region,sex,2021,source", WIDE, "the layout does not say what is in source"),
        ("region,sex", WIDE, "it lacks any column that is a period"),
    ],
)
def test_a_column_that_is_missing_double_or_unknown_is_named(
    heading: str, layout: TableLayout, said: str
) -> None:
    with pytest.raises(HeaderMismatch, match=said):
        rows_of(f"{heading}\n", format="csv", dataset=shape(layout))


def test_two_headings_for_one_period_are_refused() -> None:
    with pytest.raises(DuplicatePeriod, match="2021 stands twice"):
        rows_of("region,sex,2021,2021-A1\nAT,M,1,2\n", format="csv", dataset=shape(WIDE))


def test_a_dimension_that_the_layout_forgets_is_named() -> None:
    with pytest.raises(HeaderMismatch, match="it lacks unit"):
        rows_of(DOCUMENT, format="csv", dataset=shape(LONG, "geo", "sex", "unit"))
    rows = rows_of(
        DOCUMENT, format="csv", dataset=shape(replace(LONG, constants={"unit": "NR"}), "geo", "sex", "unit")
    )
    assert {row["unit"] for row in rows} == {"NR"}


def test_ignored_columns_may_be_absent_and_repeated_and_a_star_ignores_all_others() -> None:
    document = "note,region,sex,year,persons,note\nx,AT,M,2022,708,y\n"
    for ignore in (("note", "absent"), ("*",)):
        rows = rows_of(document, format="csv", dataset=shape(replace(LONG, ignore=ignore)))
        assert by_cell(rows, "value") == {("A.AT.M", "2022"): (708.0,)}


@pytest.mark.parametrize("heading", ["2O21", "2022p", "2022 (e)", "l999", "Q1 2021", "2021\u00b2", "20211)"])
def test_a_star_ignores_no_heading_of_a_wide_table_that_looks_like_a_period(heading: str) -> None:
    document = f"region,sex,2020,{heading},ISO 3166,B05\nAT,M,1,2,x,y\n"
    starred = replace(WIDE, ignore=("*",))
    with pytest.raises(HeaderMismatch, match=f"not read as one: {re.escape(heading)}. If"):
        rows_of(document, format="csv", dataset=shape(starred))
    named = replace(WIDE, ignore=("*", heading))
    assert by_cell(rows_of(document, format="csv", dataset=shape(named)), "value") == {
        ("A.AT.M", "2020"): (1.0,)
    }


@pytest.mark.parametrize("heading", ["effectifs_salaries_2023p", "Effectifs_salaries_2O23", "2023"])
def test_nor_one_that_looks_like_a_period_in_the_form_of_the_layout(heading: str) -> None:
    headed = replace(WIDE, period="effectifs_salaries_%Y", ignore=("*",))
    document = f"region,sex,effectifs_salaries_2022,{heading},etablissements_2022\nAT,M,5,6,7\n"
    with pytest.raises(HeaderMismatch, match=f"not read as one: {heading}. If"):
        rows_of(document, format="csv", dataset=shape(headed))


def test_a_line_without_an_end_is_told_as_such() -> None:
    for line in ("AT,M,2022," + "1" * 5_000_000, 'AT,"M,2022,1\n' + "AT,M,2022,1\n" * 200_000):
        with pytest.raises(MalformedDocument, match="a line is longer than 1 MiB, or a quote does not end"):
            rows_of(f"region,sex,year,persons\n{line}\n", format="csv", dataset=shape(LONG))


def test_headings_are_compared_without_the_blanks_of_their_layout() -> None:
    document = '\ufeff"region ",\u00a0sex,year,persons\u00a0 employed\nAT,M,2022,708\n'
    layout = replace(LONG, value="persons employed")
    assert by_cell(rows_of(document, format="csv", dataset=shape(layout)), "value") == {
        ("A.AT.M", "2022"): (708.0,)
    }


def test_codes_are_translated_and_an_empty_cell_may_be_one() -> None:
    layout = replace(LONG, codes={"sex": {"M": "M", "F": "F", "": "T"}, "geo": {"40": "AT31", "AT": "AT"}})
    document = "region,sex,year,persons\n40,,2022,1\n AT ,F,2022,2\n"
    assert by_cell(rows_of(document, format="csv", dataset=shape(layout)), "value") == {
        ("A.AT31.T", "2022"): (1.0,),
        ("A.AT.F", "2022"): (2.0,),
    }


def test_a_code_that_the_map_does_not_know_goes_to_quarantine() -> None:
    layout = replace(LONG, codes={"geo": {"AT": "AT"}})
    rows, reading = reading_of(DOCUMENT, format="csv", dataset=shape(layout))
    found = by_cell(rows, "value", "cell_state", "problem", "published")
    assert found["A.IT.M", "2021"] == (None, None, "the codes of geo do not know 'IT'", "")
    assert found["A.AT.M", "2022"] == (708.0, "reported", None, "708")
    assert (reading.cells, reading.set_aside) == (3, 0)


def test_rows_set_aside_are_counted_and_are_no_cells() -> None:
    layout = replace(LONG, codes={"geo": {"AT": "AT"}}, drop_unmapped=("geo",))
    rows, reading = reading_of(DOCUMENT, format="csv", dataset=shape(layout))
    assert set(by_cell(rows)) == {("A.AT.M", "2022"), ("A.AT.F", "2022")}
    assert (reading.cells, reading.set_aside, reading.series_count, reading.periods) == (2, 1, 2, ("2022",))
    wide = replace(WIDE, codes={"geo": {"AT": "AT"}}, drop_unmapped=("geo",))
    document = "region,sex,2021,2022\nIT,M,1,2\nAT,M,3,4\n"
    rows, reading = reading_of(document, format="csv", dataset=shape(wide))
    assert [row["value"] for row in rows] == [3.0, 4.0]
    assert (reading.cells, reading.set_aside) == (2, 2)


def test_a_table_of_which_nothing_would_be_kept_is_refused() -> None:
    layout = replace(LONG, codes={"geo": {"040": "AT31"}}, drop_unmapped=("geo",))
    with pytest.raises(HeaderMismatch, match="codes of geo know none of its rows: all 3 cells"):
        rows_of(DOCUMENT, format="csv", dataset=shape(layout))


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        (",M,2022,1", "no code for the dimension geo"),
        ("Val d'Aosta,M,2022,1", "'Val d'Aosta' is no code of geo"),
        ("C10.1,M,2022,1", "'C10.1' is no code of geo"),
        ("AT,M,second half,1", "TIME_PERIOD is not a time period"),
        ("AT,M,2022,1,5", "line 3 has 5 columns, the heading 4"),
        ("AT,M,2022", "line 3 has 3 columns, the heading 4"),
    ],
)
def test_a_row_that_is_not_understood_keeps_its_place_in_the_account(row: str, problem: str) -> None:
    document = f"region,sex,year,persons\nIT,F,2022,7\n{row}\n"
    rows, reading = reading_of(document, format="csv", dataset=shape(LONG))
    assert reading.cells == 2
    bad = next(row for row in rows if row["cell_state"] is None)
    assert (bad["value"], bad["problem"].startswith(problem)) == (None, True)


def test_a_ragged_line_of_a_wide_table_is_a_cell_for_each_period() -> None:
    rows, reading = reading_of("region,sex,2021,2022\nAT,M,1\nIT,M,1,2\n", format="csv", dataset=shape(WIDE))
    bad = [row for row in rows if row["cell_state"] is None]
    assert [(row["time_period"], row["series_key"]) for row in bad] == [("2021", "AT"), ("2022", "AT")]
    assert reading.cells == 4


def test_quotes_line_ends_inside_them_and_other_delimiters() -> None:
    layout = replace(LONG, delimiter="|", ignore=("note",))
    document = '"region"|"sex"|"year"|"persons"|"note"\r\n"AT"|"M"|"2022"|7|"two\nlines | and a bar"\r\n'
    assert by_cell(rows_of(document, format="csv", dataset=shape(layout)), "value") == {
        ("A.AT.M", "2022"): (7.0,)
    }


def test_lines_above_the_heading_are_passed_over() -> None:
    layout = replace(LONG, heading_row=4)
    document = f'Table 5;"of 7\n\n(persons)\n{DOCUMENT}'
    assert len(rows_of(document, format="csv", dataset=shape(layout))) == 3
    with pytest.raises(MalformedDocument, match="2 lines, and its heading should be in line 4"):
        rows_of("a\nb", format="csv", dataset=shape(layout))
    with pytest.raises(MalformedDocument, match="line 4, which should hold the headings, is empty"):
        rows_of("a\nb\nc\n\nd\n", format="csv", dataset=shape(layout))


def test_old_encodings_are_read_when_they_are_declared() -> None:
    layout = replace(LONG, columns={"Größe": "geo", "sex": "sex"}, codes={"geo": {"groß": "AT"}})
    document = "Größe,sex,year,persons\ngroß,M,2022,1\n"
    for encoding in ("cp1252", "latin-1", "utf-8", "utf-8-sig"):
        declared = replace(layout, encoding=encoding.removesuffix("-sig"))
        rows = rows_of(document.encode(encoding), format="csv", dataset=shape(declared))
        assert rows[0]["geo"] == "AT"
    with pytest.raises(WrongEncoding, match="not UTF-8"):
        rows_of(document.encode("cp1252"), format="csv", dataset=shape(layout))
    with pytest.raises(WrongEncoding, match="0x81 stands for nothing in charmap"):
        rows_of(b"a\x81b,c\n", format="csv", dataset=shape(replace(layout, encoding="cp1252")))


def test_what_came_instead_of_a_table_is_named() -> None:
    with pytest.raises(NotADataDocument, match="web page"):
        rows_of("<html><title>Wartung</title>", format="csv", dataset=shape(LONG))
    with pytest.raises(NotADataDocument, match="error message of the API: 404 gone"):
        rows_of('{"error": {"status": 404, "label": "gone"}}', format="csv", dataset=shape(LONG))


def test_many_blocks_are_accounted_for_and_read_in_order() -> None:
    lines = [f"R{number:06},M,2022,{number % 7 or ''}" for number in range(150_000)]
    content = "\n".join(["region,sex,year,persons", *lines]).encode()
    assert len(content) > 2 << 20
    reading = read_observations(io.BytesIO(content), format="csv", dataset=shape(LONG), document_id="d1")
    batches = list(reading.batches())
    assert len(batches) > 2
    keys = [key for batch in batches for key in batch.column("series_key").to_pylist()]
    assert keys == [f"A.R{number:06}.M" for number in range(150_000)]
    assert (reading.cells, reading.series_count) == (150_000, 150_000)


def test_code_tables_are_files_and_must_say_what_they_should(tmp_path: Path) -> None:
    folder = tmp_path / "codes"
    folder.mkdir()
    layout = TableLayout({"AGS": "geo"}, code_table={"geo": "ags"}, codes={"geo": {"09": "own"}})
    table = folder / "ags.csv"
    table.write_text("published,code\n08,DE1\n09,DE2\n,DE\n", encoding="utf-8")
    assert code_maps(layout, tmp_path)["geo"].known == {"08": "DE1", "09": "own", "": "DE"}
    for content, said in (
        ("published,to\n1,2\n", "its columns are published, to"),
        ("published,code\n1,a b\n", "line 2 has 'a b' for a code"),
        ("published,code\n1,a\n1,b\n", "line 3 has '1' a second time"),
        ("published,code\n", "it has no rows"),
    ):
        table.write_text(content, encoding="utf-8")
        with pytest.raises(UnusableCodeTable, match=said):
            code_maps(layout, tmp_path)
    table.unlink()
    with pytest.raises(ReferenceMissing, match=r"ags\.csv"):
        code_maps(layout, tmp_path)
