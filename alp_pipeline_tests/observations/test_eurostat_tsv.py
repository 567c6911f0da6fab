import io

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given
from hypothesis import strategies as st

from alp_pipeline.observations.errors import (
    DuplicatePeriod,
    HeaderMismatch,
    MalformedDocument,
    UnknownPeriod,
)
from alp_pipeline.observations.eurostat_tsv import cut_at_commas
from alp_pipeline.observations.reader import read_observations
from alp_pipeline.observations.schema import DatasetShape
from alp_pipeline_tests.observations.documents import SHAPE, by_cell, reading_of, rows_of

OLD = "unit,geo\\time\t2015 \t2014 \nNR,AT\t: c\t708 b\nNR,FR\t: \t0 \n"
MODERN = "freq,unit,geo\\TIME_PERIOD\t2014 \t2015 \r\nA,NR,AT\t708 b\t: c\r\nA,NR,FR\t0 \t: \r\n"


def test_old_and_modern_headings_say_the_same_of_the_same_cells() -> None:
    expected = {
        ("A.NR.AT", "2014"): ("A", "NR", "AT", 708.0, "reported", "b", None),
        ("A.NR.AT", "2015"): ("A", "NR", "AT", None, "confidential", "", "C"),
        ("A.NR.FR", "2014"): ("A", "NR", "FR", 0.0, "reported", "", None),
        ("A.NR.FR", "2015"): ("A", "NR", "FR", None, "not_available", "", None),
    }
    columns = ("freq", "unit", "geo", "value", "cell_state", "obs_status", "conf_status")
    for document in (OLD, MODERN, OLD.replace("\n", "\r\n"), OLD.replace(" \t", "\t"), MODERN[:-2]):
        assert by_cell(rows_of(document), *columns) == expected


def test_rows_carry_dataset_document_and_the_published_text() -> None:
    [first, *_] = rows_of(OLD)
    assert (first["dataset_id"], first["document_id"], first["published"]) == ("eurostat.x", "d1", ": c")
    assert first["problem"] is None


def test_counts_and_heading_are_there_after_reading() -> None:
    _, reading = reading_of(OLD)
    assert (reading.series_count, reading.period_count, reading.cells) == (2, 2, 4)
    assert reading.periods == ("2015", "2014")
    assert reading.header_dimensions == ("unit", "geo")


def test_the_series_key_is_in_the_catalogues_order_whatever_the_documents() -> None:
    shape = DatasetShape("eurostat.x", ("freq", "nace_r2", "indic_sb", "geo"))
    rows = rows_of("geo,indic_sb,nace_r2\\time\t2014\nAT,V16110,C28\t5\n", dataset=shape)
    assert rows[0]["series_key"] == "A.C28.V16110.AT"
    assert (rows[0]["nace_r2"], rows[0]["indic_sb"], rows[0]["geo"]) == ("C28", "V16110", "AT")


def test_a_renamed_dimension_is_read_under_the_catalogues_name() -> None:
    shape = DatasetShape(
        "eurostat.x", ("freq", "indic_sb", "geo"), dimension_aliases={"indic_sbs": "indic_sb"}
    )
    rows = rows_of("freq,indic_sbs,geo\\TIME_PERIOD\t2014\nA,V11210,AT\t5\n", dataset=shape)
    assert (rows[0]["indic_sb"], rows[0]["series_key"]) == ("V11210", "A.V11210.AT")


def test_dimensions_without_a_column_are_kept_by_name() -> None:
    shape = DatasetShape("eurostat.x", ("freq", "tenure", "airpol", "geo"))
    [row] = rows_of("tenure,airpol,geo\\time\t2014\nOWN,CO2,AT\t5\n", dataset=shape)
    assert row["other_dimensions"] == "airpol=CO2;tenure=OWN"
    assert row["unit"] is None


def test_default_frequency_fills_documents_without_freq_only() -> None:
    shape = DatasetShape("eurostat.x", ("freq", "geo"), default_codes={"freq": "Q"})
    assert rows_of("geo\\time\t2014Q1\nAT\t5\n", dataset=shape)[0]["freq"] == "Q"
    assert rows_of("freq,geo\\TIME_PERIOD\t2014-Q1\nM,AT\t5\n", dataset=shape)[0]["freq"] == "M"


def test_a_dimension_that_a_table_gained_keeps_its_series_together() -> None:
    shape = DatasetShape(
        "eurostat.x", ("freq", "unit", "sex", "geo"), default_codes={"freq": "A", "sex": "T"}
    )
    [old] = rows_of("unit,geo\\time\t2014\nTHS,AT\t5\n", dataset=shape)
    new = rows_of("freq,unit,sex,geo\\TIME_PERIOD\t2014\nA,THS,F,AT\t2\nA,THS,T,AT\t5\n", dataset=shape)
    assert (old["sex"], old["series_key"]) == ("T", "A.THS.T.AT")
    assert [row["series_key"] for row in new] == ["A.THS.F.AT", "A.THS.T.AT"]


def test_mixed_frequencies_stand_in_one_dataset() -> None:
    rows = rows_of("freq,unit,geo\\TIME_PERIOD\t2014\t2014-01\t2014Q1\nA,NR,AT\t9\t:\t:\nM,NR,AT\t:\t1\t:\n")
    reported = {key: cell for key, cell in by_cell(rows, "value").items() if cell != (None,)}
    assert reported == {("A.NR.AT", "2014"): (9.0,), ("M.NR.AT", "2014-01"): (1.0,)}


def test_a_heading_without_lines_is_a_valid_empty_dataset() -> None:
    for document in (
        "unit,geo\\time\t2015 \t2014 \n",
        "unit,geo\\time\t2015",
        "unit,geo\\time\t2015\r\n\r\n",
    ):
        rows, reading = reading_of(document)
        assert (rows, reading.series_count, reading.cells) == ([], 0, 0)


def test_a_table_without_periods_has_series_and_no_cells() -> None:
    rows, reading = reading_of("unit,geo\\time\nNR,AT\nNR,FR\n")
    assert (rows, reading.series_count, reading.cells) == ([], 2, 0)


def test_blank_lines_are_no_series() -> None:
    assert reading_of(OLD + "\n\n")[1].series_count == 2


def test_a_line_with_too_few_or_too_many_cells_goes_to_quarantine_cell_by_cell() -> None:
    rows, reading = reading_of(OLD + "NR,IT\t5\nNR,SI\t1\t2\t3\nNR,DE\t1\t2\n")
    assert (reading.series_count, reading.cells, len(rows)) == (5, 10, 10)
    by_problem = {(r["series_key"], r["time_period"], r["published"], r["problem"]) for r in rows}
    assert {row for row in by_problem if row[3]} == {
        ("NR,IT", "2015", "NR,IT\t5", "line 4 has 1 cells for 2 periods"),
        ("NR,IT", "2014", "NR,IT\t5", "line 4 has 1 cells for 2 periods"),
        ("NR,SI", "2015", "NR,SI\t1\t2\t3", "line 5 has 3 cells for 2 periods"),
        ("NR,SI", "2014", "NR,SI\t1\t2\t3", "line 5 has 3 cells for 2 periods"),
    }
    assert {r["cell_state"] for r in rows if r["problem"]} == {None}
    assert by_cell([r for r in rows if not r["problem"]], "value")[("A.NR.DE", "2014")] == (2.0,)


def test_many_ragged_lines_come_in_several_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("alp_pipeline.observations.eurostat_tsv._RAGGED_CELLS_AT_A_TIME", 4)
    rows, reading = reading_of("unit,geo\\time\t2015\t2014\n" + "".join(f"NR,R{n}\t1\n" for n in range(5)))
    assert [row["series_key"] for row in rows if row["time_period"] == "2014"] == [
        f"NR,R{n}" for n in range(5)
    ]
    assert reading.cells == 10


def test_a_ragged_line_does_not_show_a_number_under_secrecy() -> None:
    [row] = rows_of("unit,geo\\time\t2015\nNR,IT\t35 c\t" + "9" * 300 + " @C\n")
    assert row["published"] == "NR,IT\t# c\t# @C"


@pytest.mark.parametrize("key", ["NR", "NR,AT,X", "NR,", ",AT", "", "NR,A T", ",", "NR,,AT"])
def test_a_key_that_is_not_one_code_per_dimension_goes_to_quarantine(key: str) -> None:
    rows, reading = reading_of(f"{OLD}{key}\t1\t: c\n")
    assert (reading.series_count, reading.cells) == (3, 6)
    bad = [row for row in rows if row["cell_state"] is None]
    assert [(row["series_key"], row["time_period"], row["published"], row["value"]) for row in bad] == [
        (key, "2015", "1", None),
        (key, "2014", ": c", None),
    ]
    assert {row["problem"] for row in bad} == {"the key does not hold one code for each of unit, geo"}
    assert {row["geo"] for row in bad} == {None}


def test_only_bad_keys_are_still_accounted_for() -> None:
    rows, reading = reading_of("unit,geo\\time\t2015\nX\t1\nY\t2\n")
    assert (len(rows), reading.cells) == (2, 2)


def test_a_cell_that_is_not_understood_keeps_its_place() -> None:
    rows = rows_of("unit,geo\\time\t2015\t2014\nNR,AT\t1,5\t7\n")
    assert by_cell(rows, "cell_state", "published") == {
        ("A.NR.AT", "2015"): (None, "1,5"),
        ("A.NR.AT", "2014"): ("reported", "7"),
    }


def test_a_series_that_stands_twice_is_left_to_the_table_rules() -> None:
    rows, reading = reading_of("unit,geo\\time\t2015\nNR,AT\t1\nNR,AT\t2\n")
    assert [(row["series_key"], row["value"]) for row in rows] == [("A.NR.AT", 1.0), ("A.NR.AT", 2.0)]
    assert reading.series_count == 2


def test_dimensions_that_differ_from_the_catalogues_are_named() -> None:
    with pytest.raises(HeaderMismatch, match="does not know sizeclas; it lacks unit"):
        rows_of("sizeclas,geo\\time\t2015\nX,AT\t1\n")
    with pytest.raises(HeaderMismatch, match="it names twice geo"):
        rows_of("unit,geo,geo\\time\t2015\nX,AT,AT\t1\n")


def test_a_table_with_regions_in_the_columns_is_refused_by_name() -> None:
    with pytest.raises(HeaderMismatch, match="its columns are 'geo', not time"):
        rows_of("unit,time\\geo\tAT\tFR\nNR,2014\t1\t2\n")


def test_a_first_line_of_another_format_is_refused() -> None:
    with pytest.raises(HeaderMismatch, match="the first column is headed 'DATAFLOW,freq,unit,geo'"):
        rows_of("DATAFLOW,freq,unit,geo\nx,A,NR,AT\n")


def test_headings_must_be_periods_each_once() -> None:
    with pytest.raises(DuplicatePeriod, match="2015 stands twice"):
        rows_of("unit,geo\\time\t2015\t2015 \nNR,AT\t1\t2\n")
    with pytest.raises(UnknownPeriod, match="'' is not a time period"):
        rows_of("unit,geo\\time\t2015\t\nNR,AT\t1\t2\n")


def test_a_document_of_ragged_lines_alone_is_not_a_table() -> None:
    document = "unit,geo\\time\t2015\n" + "NR,AT\t1\t2\n" * 100_001
    with pytest.raises(MalformedDocument, match="over 100,000 lines have another number of columns"):
        rows_of(document)


def test_a_line_longer_than_a_block_is_refused_by_name() -> None:
    with pytest.raises(MalformedDocument, match="a line is longer than 1 MiB"):
        rows_of("unit,geo\\time\t2015\nNR,AT\t" + "1" * 6_000_000 + "\nNR,FR\t1\n")


def test_blocks_join_without_a_seam() -> None:
    """Two megabytes and more: several batches, worked on two at a time, in the document's order."""
    lines = [f"NR,R{number}\t{number} \t: c\n" for number in range(120_000)]
    document = io.BytesIO(("unit,geo\\time\t2015 \t2014 \n" + "".join(lines)).encode())
    reading = read_observations(document, format="tsv-2017", dataset=SHAPE, document_id="d1")
    batches = [batch.select(["geo", "time_period", "value"]) for batch in reading.batches()]
    table = pa.Table.from_batches(batches)
    assert len(batches) > 1
    values = table.filter(pc.equal(table["time_period"], "2015"))["value"]
    assert values.to_pylist() == [float(number) for number in range(120_000)]
    regions = table.filter(pc.equal(table["time_period"], "2014"))["geo"]
    assert regions.to_pylist() == [f"R{number}" for number in range(120_000)]
    assert reading.cells == 240_000


KEYS = st.lists(st.text(alphabet="AB1, ", max_size=6), min_size=1, max_size=6)


@given(KEYS, st.integers(1, 3))
def test_keys_are_cut_in_place_exactly_where_splitting_would(keys: list[str], count: int) -> None:
    split = [key.split(",") for key in keys]
    is_clean = all(len(codes) == count and all(c and " " not in c for c in codes) for codes in split)
    cut = cut_at_commas(pa.array(keys), count)
    assert (cut is not None) == is_clean
    if cut is not None:
        assert cut.to_pylist() == [code for codes in split for code in codes]


@given(KEYS)
def test_keys_are_cut_in_a_slice_too(keys: list[str]) -> None:
    whole = pa.array(["X,Y", *keys, "Z"])
    cut, direct = cut_at_commas(whole.slice(1, len(keys)), 2), cut_at_commas(pa.array(keys), 2)
    assert (cut and cut.to_pylist()) == (direct and direct.to_pylist())
