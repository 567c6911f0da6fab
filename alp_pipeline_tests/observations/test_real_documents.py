"""The readers on documents as offices publish them. Expected numbers were counted apart from the readers."""

import csv
import gzip
import json
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from alp_pipeline.observations.accounting import Account
from alp_pipeline.observations.errors import (
    AmbiguousBundle,
    DocumentError,
    HeaderMismatch,
    MalformedDocument,
    NotADataDocument,
    UnknownPeriod,
)
from alp_pipeline.observations.ragged_edge import RaggedEdge
from alp_pipeline.observations.reader import read_observations
from alp_pipeline.observations.reading import Reading
from alp_pipeline.observations.schema import OBSERVATION_SCHEMA, DatasetShape
from alp_pipeline_tests.observations.documents import by_cell, reading_of

SBS = "bulk2017/sbs_r_nuts06_r2.tsv.gz"
DIMENSIONS = {
    "sbs_r_nuts06_r2": ("nace_r2", "indic_sb", "geo"),
    "lfst_r_lfe2en2": ("unit", "nace_r2", "age", "geo"),
    "lfst_r_lfe2emp": ("unit", "sex", "age", "geo"),
    "lfst_r_lfu3pers": ("unit", "age", "sex", "geo"),
    "nama_10r_2gdp": ("unit", "geo"),
    "nama_10r_2hhinc": ("unit", "na_item", "geo"),
    "trng_lfse_04": ("unit", "sex", "age", "geo"),
    "nama_10r_3gdp": ("unit", "geo"),
    "bd_size_r3": ("indic_sb", "sizeclas", "nace_r2", "geo"),
    "demo_r_pjangrp3": ("sex", "unit", "age", "geo"),
    "edat_lfse_22": ("sex", "age", "training", "wstatus", "unit", "geo"),
    "nama_10_gdp": ("unit", "na_item", "geo"),
    "nama_10r_3empers": ("unit", "wstatus", "nace_r2", "geo"),
    "prc_hicp_manr": ("unit", "coicop", "geo"),
}


def shape(code: str, dimensions: tuple[str, ...] = ()) -> DatasetShape:
    return DatasetShape(f"eurostat.{code.lower()}", ("freq", *(dimensions or DIMENSIONS[code])))


def table_of(path: Path, *, dataset: DatasetShape, format: str = "tsv") -> tuple[pa.Table, Reading]:  # noqa: A002
    reading = read_observations(path, format=format, dataset=dataset, document_id="d1")
    account = Account()
    batches = []
    for batch in reading.batches():
        account.add(batch)
        batches.append(batch)
    account.close(reading)
    return pa.Table.from_batches(batches).cast(OBSERVATION_SCHEMA), reading


@pytest.fixture(scope="module")
def sbs(realdata: Path) -> pa.Table:
    table, reading = table_of(
        realdata / "eurostat" / SBS, dataset=shape("sbs_r_nuts06_r2"), format="tsv-2017"
    )
    assert (reading.series_count, reading.period_count, reading.cells) == (195_227, 8, 195_227 * 8)
    return table


@pytest.mark.parametrize(
    ("path", "series", "periods", "reported", "confidential", "not_available"),
    [
        ("bulk2017/sbs_r_nuts06_r2", 195_227, 8, 1_100_929, 102_543, 358_344),
        ("bulk2017/lfst_r_lfe2en2", 28_065, 8, 161_235, 9_333, 53_952),
        ("bulk2017/lfst_r_lfe2emp", 16_203, 17, 239_820, 519, 35_112),
        ("bulk2017/lfst_r_lfu3pers", 5_892, 17, 83_821, 204, 16_139),
        ("bulk2017/nama_10r_2gdp", 2_564, 15, 37_274, 0, 1_186),
        ("bulk2017/nama_10r_2hhinc", 5_531, 15, 53_963, 0, 29_002),
        ("bulk2017/trng_lfse_04", 1_455, 16, 20_125, 0, 3_155),
        ("bulk2024/nama_10r_3gdp", 12_453, 23, 268_494, 0, 17_925),
        ("bulk2024/bd_size_r3", 130_305, 13, 980_005, 24_471, 689_489),
        ("bulk2024/demo_r_pjangrp3", 136_584, 9, 1_125_895, 0, 103_361),
        ("bulk2024/edat_lfse_22", 4_527, 23, 84_326, 0, 19_795),
    ],
)
def test_the_account_of_every_bulk_file_closes(
    realdata: Path,
    path: str,
    series: int,
    periods: int,
    reported: int,
    confidential: int,
    not_available: int,
) -> None:
    code = Path(path).name
    reading = read_observations(
        realdata / "eurostat" / f"{path}.tsv.gz", format="tsv", dataset=shape(code), document_id="d1"
    )
    account = Account()
    for batch in reading.batches():
        account.add(batch)
    account.close(reading)
    assert (reading.series_count, reading.period_count) == (series, periods)
    expected = {"reported": reported, "confidential": confidential, "not_available": not_available}
    assert dict(account.states) == {state: count for state, count in expected.items() if count}
    assert account.not_understood == 0
    assert account.cells == series * periods


def slow_cells(text: str, *, has_freq: bool) -> dict[tuple[str, str], tuple[Any, ...]]:
    """The same document read in the plainest way: one cell after the other."""
    heading, *lines = text.splitlines()
    periods = [period.strip() for period in heading.split("\t")[1:]]
    cells = {}
    for line in lines:
        key, *texts = line.split("\t")
        series = ".".join(key.split(",") if has_freq else ["A", *key.split(",")])
        for period, cell in zip(periods, texts, strict=True):
            number, _, flags = cell.strip().partition(" ")
            value = None if number == ":" else float(number)
            state = "confidential" if "c" in flags else "not_available" if value is None else "reported"
            status = "".join(sorted(flags.replace("c", "")))
            cells[series, period] = (value, state, status, "C" if "c" in flags else None, cell.strip())
    return cells


@pytest.mark.parametrize(
    ("path", "every"),
    [
        ("bulk2017/trng_lfse_04", 1),
        ("bulk2017/lfst_r_lfe2en2", 40),
        ("bulk2017/sbs_r_nuts06_r2", 300),
        ("bulk2024/edat_lfse_22", 20),
        ("bulk2024/bd_size_r3", 300),
    ],
)
def test_a_slow_reading_of_the_same_document_agrees_cell_by_cell(
    realdata: Path, path: str, every: int
) -> None:
    with gzip.open(realdata / "eurostat" / f"{path}.tsv.gz", "rt", newline="") as stream:
        heading = stream.readline()
        text = heading + "".join(line for at, line in enumerate(stream) if at % every == 0)
    rows, _ = reading_of(text, dataset=shape(Path(path).name))
    found = by_cell(rows, "value", "cell_state", "obs_status", "conf_status", "published")
    assert found == slow_cells(text, has_freq=heading.startswith("freq"))


def test_the_json_form_of_a_table_agrees_with_its_tsv_cell_by_cell(realdata: Path) -> None:
    dataset = shape("nama_10r_3gdp")
    cube, reading = table_of(
        realdata / "jsonstat" / "derived_nama_10r_3gdp_alpine.json", dataset=dataset, format="json-stat-2"
    )
    tsv, _ = table_of(realdata / "eurostat" / "bulk2024" / "nama_10r_3gdp.tsv.gz", dataset=dataset)
    columns = ("value", "cell_state", "obs_status", "conf_status")
    of_cube = by_cell(cube.to_pylist(), *columns)
    shared = tsv.filter(pc.is_in(tsv["series_key"], cube["series_key"].unique()))
    assert len(of_cube) == reading.cells == 670 * 23
    of_tsv = by_cell(shared.to_pylist(), *columns)
    # A cube has a place for every combination; TSV leaves out a series of which nothing is available.
    left_out = {cell: said for cell, said in of_cube.items() if cell not in of_tsv}
    assert {series for series, _ in left_out} == {"A.EUR_HAB.ATZ", "A.EUR_HAB.ATZZ", "A.EUR_HAB.ATZZZ"}
    assert set(left_out.values()) == {(None, "not_available", "", None)}
    assert {cell: said for cell, said in of_cube.items() if cell in of_tsv} == of_tsv


# The 35 units of EUSALP in the EU, NUTS 2013.
EUSALP = (
    [f"AT{n}" for n in (11, 12, 13, 21, 22, 31, 32, 33, 34)]
    + [f"DE{n}" for n in (11, 12, 13, 14, 21, 22, 23, 24, 25, 26, 27)]
    + ["FR26", "FR43", "FR71", "FR72", "FR82", "SI03", "SI04"]
    + ["ITC1", "ITC2", "ITC3", "ITC4", "ITH1", "ITH2", "ITH3", "ITH4"]
)


def test_the_cell_forms_of_the_alpine_regions_are_those_that_were_counted_by_hand(sbs: pa.Table) -> None:
    chosen = sbs.filter(
        pc.and_(
            pc.and_(pc.equal(sbs["time_period"], "2014"), pc.equal(sbs["indic_sb"], "V16110")),
            pc.is_in(sbs["geo"], pa.array(EUSALP)),
        )
    )
    forms = chosen.group_by(["cell_state", "obs_status"]).aggregate([([], "count_all")])
    assert {(row["cell_state"], row["obs_status"]): row["count_all"] for row in forms.to_pylist()} == {
        ("reported", ""): 2_811,
        ("reported", "b"): 453,
        ("confidential", ""): 219,
        ("confidential", "b"): 52,
    }
    is_division = pc.match_substring_regex(chosen["nace_r2"], "^[A-Z][0-9]{2}$")
    hidden = chosen.filter(pc.and_(is_division, pc.equal(chosen["cell_state"], "confidential")))
    assert hidden.num_rows == 231


def test_france_and_italy_had_not_yet_published_2015(sbs: pa.Table, tmp_path: Path) -> None:
    pq.write_table(sbs, tmp_path / "sbs.parquet")
    connection = duckdb.connect()
    edge_of_sbs = RaggedEdge.of(connection, f"SELECT * FROM read_parquet('{tmp_path}/sbs.parquet')")
    coded = [sbs[name].combine_chunks().dictionary_encode() for name in ("geo", "time_period", "cell_state")]
    batch = pa.RecordBatch.from_arrays(coded, ["geo", "time_period", "cell_state"])
    edged = edge_of_sbs.applied(batch)
    connection.register("edged", pa.Table.from_batches([edged]))
    found = connection.execute(
        """SELECT left(geo, 2), time_period, cell_state, count(*) FROM edged
            WHERE left(geo, 2) IN ('AT', 'DE', 'FR', 'IT', 'SI') GROUP BY ALL"""
    ).fetchall()
    edge = {(country, period) for country, period, state, _ in found if state == "not_yet_published"}
    assert edge == {("FR", "2015"), ("IT", "2015")}
    states_of_2015 = {country: set[str]() for country, *_ in found}
    for country, period, state, _ in found:
        if period == "2015":
            states_of_2015[country].add(state)
    assert states_of_2015["FR"] == states_of_2015["IT"] == {"not_yet_published"}
    assert all("reported" in states_of_2015[country] for country in ("AT", "DE", "SI"))
    before = sbs.filter(pc.is_in(pc.utf8_slice_codeunits(sbs["geo"], 0, 2), pa.array(list(states_of_2015))))
    assert sum(count for *_, count in found) == before.num_rows


@pytest.mark.parametrize(
    ("path", "code", "cells", "reported"),
    [
        ("payloads/nama_10_gdp_slice.tsv", "nama_10_gdp", 6, 6),
        ("payloads/nama_10r_3empers_sample.tsv", "nama_10r_3empers", 168, 138),
    ],
)
def test_slices_of_the_api_are_read(realdata: Path, path: str, code: str, cells: int, reported: int) -> None:
    table, reading = table_of(realdata / "eurostat" / path, dataset=shape(code))
    assert reading.cells == cells
    assert pc.sum(pc.equal(table["cell_state"], "reported")).as_py() == reported


def test_a_slice_in_json_is_read_number_by_number(realdata: Path) -> None:
    path = realdata / "eurostat" / "payloads" / "jsonstat_prc_hicp_manr_ea.json"
    table, reading = table_of(path, dataset=shape("prc_hicp_manr"), format="json-stat-2")
    assert table["value"].to_pylist() == [2.1, 2.1, 2.0]
    assert table["other_dimensions"].unique().to_pylist() == ["coicop=CP00"]
    assert [len(period) for period in reading.periods] == [7, 7, 7]


@pytest.mark.parametrize("format", ["tsv", "sdmx-csv-2", "json-stat-2"])
@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("payloads/error_404_not_a_dataset.json", "404 ERR_NOT_FOUND_4"),
        ("payloads/error_404_not_available.json", "404 ERR_NOT_FOUND_4"),
        ("payloads/error_413_extraction_too_big.json", "413 EXTRACTION_TOO_BIG"),
        ("payloads/fault_100_dataset_not_available.xml", "100 ERR_NOT_FOUND_2"),
        ("payloads/fault_413_extraction_too_big.xml", "413 EXTRACTION_TOO_BIG"),
        ("sdmx/footer_413.xml", "an XML message, not a table"),
        ("sdmx/footer_413_b_result.zip", "a ZIP archive"),
        ("sdmx/nama_10_gdp_data.xml", "an XML message, not a table"),
    ],
)
def test_what_the_api_says_instead_of_data_is_refused_by_name(
    realdata: Path,
    name: str,
    said: str,
    format: str,  # noqa: A002
) -> None:
    content = (realdata / "eurostat" / name).read_bytes()
    with pytest.raises(NotADataDocument, match=said):
        reading_of(content, format=format)


REFUSED: dict[str, tuple[type[DocumentError], str]] = {
    "A02Level": (UnknownPeriod, "'CI_0019149' is not a time period"),
    "CPI15": (UnknownPeriod, "'CI_0004215' is not a time period"),
    "QS104EW": (MalformedDocument, "names 4 dimensions and 3 sizes"),
    "cantabria": (UnknownPeriod, "'2005 - 1' is not a time period"),
    "oecd-canada": (AmbiguousBundle, r"holds 2 datasets \(oecd, canada\)"),
    "hierarchy": (HeaderMismatch, "0 of its dimensions"),
    "order": (HeaderMismatch, "0 of its dimensions"),
}
READ = {
    # dataset: series, periods, reported
    "galicia-2.0": (1980, 2, 3956),
    "galicia-ds": (1980, 2, 3956),
    "galicia": (1980, 2, 3956),
    "galicia-jsonstatpy": (1980, 2, 3956),
    "ons": (261, 1, 261),
    "statswe": (40, 28, 1120),
    "us-labor-ds": (12_880, 1, 12_880),
    "us-labor": (12_880, 1, 12_880),
    "canada": (120, 1, 120),
    "oecd": (36, 12, 432),
    "us-gsp": (204, 1, 204),
    "us-unr": (3220, 1, 3220),
}


def other_dimensions_than_time(path: Path) -> tuple[str, ...]:
    """What a catalogue entry for the sample would name."""
    document = json.loads(path.read_text())
    dataset = document if "value" in document else next(iter(document.values()))
    dimension = dataset["dimension"]
    role = dataset.get("role", dimension.get("role", {}))
    return tuple(name for name in dataset.get("id", dimension.get("id")) if name not in role.get("time", []))


def test_every_json_stat_sample_is_read_or_refused_by_name(realdata: Path) -> None:
    with (realdata / "manifest.csv").open(newline="") as stream:
        samples = [row for row in csv.DictReader(stream) if row["source"] == "json-stat.org"]
    assert {row["dataset"] for row in samples} == REFUSED.keys() | READ.keys()
    for row in samples:
        name = row["dataset"]
        dimensions = other_dimensions_than_time(realdata / row["path"])
        arguments = {"dataset": shape(name, dimensions), "format": row["format"]}
        if name in REFUSED:
            error, said = REFUSED[name]
            with pytest.raises(error, match=said):
                table_of(realdata / row["path"], **arguments)
        else:
            table, reading = table_of(realdata / row["path"], **arguments)
            reported = pc.sum(pc.equal(table["cell_state"], "reported")).as_py()
            assert (reading.series_count, reading.period_count, reported) == READ[name]
