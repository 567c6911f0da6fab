import io

import pytest

from alp_pipeline.observations.errors import HeaderMismatch
from alp_pipeline.observations.reader import read_observations
from alp_pipeline_tests.observations.documents import SHAPE, by_cell, reading_of, rows_of

HEADING_1 = "DATAFLOW,LAST UPDATE,freq,unit,geo,TIME_PERIOD,OBS_VALUE,OBS_FLAG,CONF_STATUS\n"
HEADING_2 = "STRUCTURE,STRUCTURE_ID,freq,unit,geo,TIME_PERIOD,OBS_VALUE,OBS_FLAG,CONF_STATUS\n"


def lines(*observations: str, prefix: str = "ESTAT:X(1.0),10/02/26 11:00:00") -> str:
    return "".join(f"{prefix},{observation}\n" for observation in observations)


def test_one_line_is_one_cell_in_both_versions() -> None:
    observations = ("A,NR,AT,2014,708,b,", "A,NR,AT,2015,,,C", "A,NR,FR,2014,0,n,", "A,NR,FR,2015,,,")
    expected = {
        ("A.NR.AT", "2014"): (708.0, "reported", "b", None, "708 b"),
        ("A.NR.AT", "2015"): (None, "confidential", "", "C", ": @C"),
        ("A.NR.FR", "2014"): (0.0, "reported", "n", None, "0 n"),
        ("A.NR.FR", "2015"): (None, "not_available", "", None, ""),
    }
    columns = ("value", "cell_state", "obs_status", "conf_status", "published")
    assert by_cell(rows_of(HEADING_1 + lines(*observations), format="sdmx-csv-1"), *columns) == expected
    second = HEADING_2 + lines(*observations, prefix="dataflow,ESTAT:X(1.0)")
    assert by_cell(rows_of(second, format="sdmx-csv-2"), *columns) == expected
    assert by_cell(rows_of(second.replace("\n", "\r\n"), format="sdmx-csv-2"), *columns) == expected


def test_counts_are_series_periods_and_lines() -> None:
    text = HEADING_1 + lines("A,NR,AT,2014,1,,", "A,NR,FR,2015,2,,", "A,NR,AT,2013,3,,")
    rows, reading = reading_of(text, format="sdmx-csv-1")
    assert (reading.series_count, reading.periods, reading.cells) == (2, ("2013", "2014", "2015"), 3)
    assert reading.header_dimensions == ("freq", "unit", "geo")
    assert len(rows) == 3


def test_series_are_counted_over_batches() -> None:
    text = HEADING_1 + lines(*(f"A,NR,R{n % 50_000},{2000 + n // 50_000},{n},," for n in range(100_000)))
    reading = read_observations(
        io.BytesIO(text.encode()), format="sdmx-csv-1", dataset=SHAPE, document_id="d1"
    )
    batches = [batch.num_rows for batch in reading.batches()]
    assert len(batches) > 1
    assert (sum(batches), reading.cells, reading.series_count) == (100_000, 100_000, 50_000)


def test_a_number_with_a_confidentiality_code_is_withheld() -> None:
    [row] = rows_of(HEADING_1 + lines("A,NR,AT,2014,35,p,C"), format="sdmx-csv-1")
    assert (row["value"], row["cell_state"], row["obs_status"]) == (None, "confidential", "p")
    assert row["published"] == "# p@C"


def test_columns_may_stand_in_any_order_and_be_separated_by_semicolons() -> None:
    text = "STRUCTURE;STRUCTURE_ID;geo;TIME_PERIOD;unit;freq;OBS_VALUE;CONF_STATUS\n"
    [row] = rows_of(text + 'dataflow;"X(1.0)";AT;2014;"NR";A;1.2E-5;\n', format="sdmx-csv-2")
    assert (row["series_key"], row["value"]) == ("A.NR.AT", 1.2e-05)


def test_quoted_texts_may_hold_delimiters_and_line_ends() -> None:
    heading = HEADING_1.replace("CONF_STATUS", "CONF_STATUS,OBS_COMMENT")
    rows = rows_of(heading + lines('A,NR,AT,2014,5,,,"one,\ntwo"', "A,NR,FR,2014,6,,,"), format="sdmx-csv-1")
    assert by_cell(rows, "value") == {("A.NR.AT", "2014"): (5.0,), ("A.NR.FR", "2014"): (6.0,)}


def test_sdmx_statuses_in_capitals_are_read() -> None:
    heading = "DATAFLOW,freq,unit,geo,TIME_PERIOD,OBS_VALUE,OBS_STATUS,CONF_STATUS\n"
    rows = rows_of(
        heading + lines("A,NR,AT,2014,5,A,F", "A,NR,FR,2014,,M,F", prefix="X"), format="sdmx-csv-1"
    )
    assert by_cell(rows, "value", "cell_state", "obs_status", "conf_status") == {
        ("A.NR.AT", "2014"): (5.0, "reported", "", None),
        ("A.NR.FR", "2014"): (None, "not_applicable", "m", None),
    }


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("A,NR,AT,total,5,,", "TIME_PERIOD is not a time period"),
        ("A,NR,AT,,5,,", "TIME_PERIOD is not a time period"),
        ("A,,AT,2014,5,,", "no code for the dimension unit"),
        ("A,NR,AT,2014,NaN,,", "not a number, ':' or a known form of flags"),
        ("A,NR,AT,2014,5,q,", "unknown flag letter 'q'"),
        ("A,NR,AT,2014,5,,X", "unknown confidentiality code 'X'"),
        ("A,NR,AT,2014,5", "line 3 has 7 columns, the heading 9"),
        ("A,NR,AT,2014,5,,,,", "line 3 has 11 columns, the heading 9"),
    ],
)
def test_a_line_that_is_not_understood_keeps_its_row_and_its_neighbour(line: str, problem: str) -> None:
    rows, reading = reading_of(HEADING_1 + lines("A,NR,FR,2014,7,,", line), format="sdmx-csv-1")
    assert reading.cells == 2
    assert [(row["value"], row["problem"]) for row in rows] == [(7.0, None), (None, problem)]
    assert rows[1]["cell_state"] is None


def test_a_line_that_deletes_is_no_observation() -> None:
    heading = HEADING_2.replace("STRUCTURE_ID,", "STRUCTURE_ID,ACTION,")
    text = heading + lines("I,A,NR,AT,2014,5,,", "D,A,NR,FR,2014,6,,", prefix="dataflow,X")
    rows = rows_of(text, format="sdmx-csv-2")
    assert by_cell(rows, "value", "problem") == {
        ("A.NR.AT", "2014"): (5.0, None),
        ("A.NR.FR", "2014"): (None, "ACTION says that this is no observation"),
    }


def test_an_attribute_that_would_change_the_numbers_is_refused_by_name() -> None:
    with pytest.raises(HeaderMismatch, match="nobody has said what UNIT_MULT means"):
        rows_of(HEADING_1.replace("CONF_STATUS", "CONF_STATUS,UNIT_MULT"), format="sdmx-csv-1")


def test_columns_that_must_be_there_are_named() -> None:
    with pytest.raises(HeaderMismatch, match="it lacks TIME_PERIOD, OBS_VALUE"):
        rows_of("DATAFLOW,freq,unit,geo\n", format="sdmx-csv-1")
    with pytest.raises(HeaderMismatch, match=r"does not know sizeclas; it lacks unit"):
        rows_of(HEADING_1.replace("unit", "sizeclas"), format="sdmx-csv-1")
    with pytest.raises(HeaderMismatch, match=r"OBS_VALUE \(a second time\)"):
        rows_of(HEADING_1.replace("OBS_FLAG", "OBS_VALUE"), format="sdmx-csv-1")


def test_labels_between_the_codes_are_refused() -> None:
    with pytest.raises(HeaderMismatch, match="does not know Time frequency"):
        rows_of(HEADING_1.replace("freq,", "freq,Time frequency,"), format="sdmx-csv-1")


def test_a_heading_alone_is_an_empty_dataset() -> None:
    rows, reading = reading_of(HEADING_1, format="sdmx-csv-1")
    assert (rows, reading.cells, reading.series_count, reading.periods) == ([], 0, 0, ())
