"""Declared tables and SDMX-ML as offices publish them; numbers were counted apart from the readers."""

import base64
import csv
import io
import json
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from alp_pipeline.observations.errors import HeaderMismatch, NotADataDocument
from alp_pipeline.observations.schema import DatasetShape, TableLayout
from alp_pipeline_tests.observations.documents import by_cell, reading_of, rows_of

SEX = {"GESM": "M", "GESW": "F", "": "T"}
POPULATION = TableLayout(
    {"1_variable_attribute_code": "geo", "2_variable_attribute_code": "sex"},
    time="time",
    value="value",
    ignore=("*",),
    constants={"unit": "NR"},
    codes={"sex": SEX},
    markers={"-": "not_available", ".": "not_available"},
    period="%Y-%m-%d",
    delimiter=";",
    decimal=",",
)
EMPLOYEES = replace(
    POPULATION,
    columns={
        "1_variable_attribute_code": "geo",
        "2_variable_attribute_code": "citizen",
        "3_variable_attribute_code": "sex",
    },
    codes={"sex": SEX, "citizen": {"NATA": "FOR", "": "TOTAL"}},
    markers={"-": "zero", ".": "confidential"},
)
POPULATION_SHAPE = DatasetShape(
    "regionalstatistik.12411-01-01-4", ("freq", "unit", "sex", "geo"), layout=POPULATION
)
EMPLOYEES_SHAPE = DatasetShape(
    "regionalstatistik.13111-01-03-4", ("freq", "unit", "citizen", "sex", "geo"), layout=EMPLOYEES
)


def genesis_rows(path: Path) -> list[dict[str, str]]:
    """A flat file read in the plainest way."""
    with path.open(encoding="utf-8-sig", newline="") as stream:
        return list(csv.DictReader(stream, delimiter=";"))


@pytest.mark.parametrize("language", ["de", "en"])
def test_a_genesis_flat_file_is_read_cell_by_cell(realdata: Path, language: str) -> None:
    path = realdata / "portals" / "genesis" / f"12411-01-01-4_{language}.csv"
    rows, reading = reading_of(path.read_bytes(), format="csv", dataset=POPULATION_SHAPE)
    expected = {}
    for row in genesis_rows(path):
        key = f"A.NR.{SEX[row['2_variable_attribute_code']]}.{row['1_variable_attribute_code']}"
        is_number = row["value"] != "-"
        state = "reported" if is_number else "not_available"
        expected[key, "2024"] = (float(row["value"]) if is_number else None, state, row["value"])
    assert by_cell(rows, "value", "cell_state", "published") == expected
    assert (reading.cells, reading.series_count, reading.periods) == (1_467, 1_467, ("2024",))
    assert sum(row["cell_state"] == "not_available" for row in rows) == 222


def test_signs_of_a_genesis_flat_file_mean_what_the_layout_says(realdata: Path) -> None:
    path = realdata / "portals" / "genesis" / "13111-01-03-4_de.csv"
    rows, reading = reading_of(path.read_bytes(), format="csv", dataset=EMPLOYEES_SHAPE)
    states = [(row["cell_state"], row["published"], row["value"]) for row in rows]
    assert (len(states), reading.cells) == (3_300, 3_300)
    assert states.count(("confidential", ".", None)) == 72
    assert states.count(("reported", "-", 0.0)) == 2_898
    assert sum(state == "reported" and shown != "-" for state, shown, _ in states) == 330
    found = by_cell(rows, "value")
    assert found["A.NR.FOR.T.DG", "2025"] == (5_837_916.0,)
    undeclared = replace(EMPLOYEES_SHAPE, layout=replace(EMPLOYEES, markers={"-": "zero"}))
    rows = rows_of(path.read_bytes(), format="csv", dataset=undeclared)
    assert sum(row["cell_state"] is None for row in rows) == 72


def test_rows_of_other_regions_are_set_aside_and_counted(realdata: Path) -> None:
    path = realdata / "portals" / "genesis" / "12411-01-01-4_de.csv"
    codes = {"08236": "DE12B", "09275": "DE228"}
    layout = replace(POPULATION, codes={"sex": SEX, "geo": codes}, drop_unmapped=("geo",))
    dataset = replace(POPULATION_SHAPE, layout=layout)
    rows, reading = reading_of(path.read_bytes(), format="csv", dataset=dataset)
    assert {row["geo"] for row in rows} == {"DE12B", "DE228"}
    assert (reading.cells, reading.set_aside) == (6, 1_461)


def test_a_flat_file_is_read_in_the_archive_in_which_the_service_sends_it(realdata: Path) -> None:
    path = realdata / "portals" / "genesis" / "12411-01-01-4_de.csv"
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as made:
        made.write(path, "12411-01-01-4_flat.csv")
    whole = rows_of(path.read_bytes(), format="csv", dataset=POPULATION_SHAPE)
    assert rows_of(content.getvalue(), format="zip", dataset=POPULATION_SHAPE) == whole


def test_a_new_column_of_a_real_file_is_noticed(realdata: Path) -> None:
    path = realdata / "portals" / "genesis" / "12411-01-01-4_de.csv"
    named = ("statistics_code", "statistics_label", "time_code", "time_label")
    dataset = replace(POPULATION_SHAPE, layout=replace(POPULATION, ignore=named))
    with pytest.raises(HeaderMismatch, match="does not say what is in 1_variable_code, 1_variable_label"):
        rows_of(path.read_bytes(), format="csv", dataset=dataset)


@pytest.mark.parametrize(
    ("name", "columns", "expected"),
    [
        (
            "validEmploymentDemographic.csv",
            {"ITTER107": "geo", "ATECO_2007": "nace_r2", "TIPO_DATO_CIS": "indic", "CLLVT": "sizeclas"},
            {
                ("A.IT.B.POPU.W_GE10", "2012"): (544.4, "544.4"),
                ("A.IT.B.POPU.W_GE10", "2014"): (481.0, "481"),
            },
        ),
        (
            "validInnovation.csv",
            {"ITTER107": "geo", "ATECO_2007": "nace_r2", "VARICT": "indic", "CLLVT": "sizeclas"},
            {
                ("A.IT.C.E_CUSE_PERC.W10_49", "2012"): (98.27, "98.27"),
                ("A.IT.C.E_CUSE_PERC.W10_49", "2013"): (98.82, "98.82"),
            },
        ),
        (
            "validResearchAndDevelopment2.csv",
            {"ITTER107": "geo", "ATECO_2007": "nace_r2", "TIPO_DATO_CIS": "indic", "ATTIVEC_CSC": "sizeclas"},
            {
                ("A.IT.0010.DRDEIM.310", "2012"): (5196231.0, "5196231"),
                ("A.IT.0010.GDERDIM.ALL", "2012"): (1.27, "1.27"),
            },
        ),
    ],
)
def test_a_file_as_a_partner_drops_it(
    realdata: Path, name: str, columns: dict[str, str], expected: dict[tuple[str, str], Any]
) -> None:
    layout = TableLayout(
        columns, time="TIME", value="Value", flags="Flag Codes", ignore=("*",), delimiter="|"
    )
    dataset = DatasetShape("noi.x", ("freq", "geo", "nace_r2", "indic", "sizeclas"), layout=layout)
    content = (realdata / "uploads" / name).read_bytes()
    assert by_cell(rows_of(content, format="csv", dataset=dataset), "value", "published") == expected


INSEE = {"REF_AREA": "geo", "UNIT_MEASURE": "unit", "SECT-INST": "sect_inst"}
REMARKS = TableLayout(ignore=("IDBANK", "BASE_PER"))
ML = [
    (
        "portals/istat/22_289_data.xml",
        DatasetShape(
            "istat.22_289",
            ("freq", "geo", "data_type", "sex", "age", "marital_status"),
            dimension_aliases={"REF_AREA": "geo"},
        ),
        (8, 2, 4),
        ("A.IT.JAN.1.TOTAL.99", "2022", 28747417.0, "e"),
    ),
    (
        "portals/insee/ipi_2010_a21_data.xml",
        DatasetShape(
            "insee.ipi-2010-a21",
            ("freq", "geo", "produit", "nature", "unit", "unit_mult"),
            dimension_aliases=INSEE,
            layout=REMARKS,
        ),
        (3_230, 20, 335),
        ("M.FM.B.BRUT.SO.0", "2015-10", 105.61, ""),
    ),
    (
        "portals/insee/cna_2010_conso_data.xml",
        DatasetShape(
            "insee.cna-2010-conso-si-a17",
            ("freq", "geo", "sect_inst", "operation", "produit", "prix", "unit"),
            dimension_aliases=INSEE,
            layout=REMARKS,
        ),
        (2, 1, 2),
        ("A.FE.S13.P3.A10-BE.IPCH.SO", "2014", 89.9, "p"),
    ),
    (
        "portals/insee/series_freq_data.xml",
        DatasetShape(
            "insee.series_bdm", ("freq", "geo", "idbank", "unit", "unit_mult"), dimension_aliases=INSEE
        ),
        (756, 3, 252),
        ("M.FM.001572432.IND.3", "2016-11", 3548.5, ""),
    ),
    (
        "eurostat/sdmx/nama_10_gdp_data.xml",
        DatasetShape("eurostat.nama_10_gdp", ("freq", "unit", "na_item", "geo")),
        (4, 1, 4),
        ("A.CP_MEUR.B1GQ.LU", "2015", 54142.3, ""),
    ),
]


@pytest.mark.parametrize(("path", "dataset", "counts", "cell"), ML, ids=[Path(row[0]).stem for row in ML])
def test_every_observation_of_a_real_sdmx_message_is_read(
    realdata: Path, path: str, dataset: DatasetShape, counts: tuple[int, ...], cell: tuple[Any, ...]
) -> None:
    rows, reading = reading_of((realdata / path).read_bytes(), format="sdmx-ml-2.1", dataset=dataset)
    assert (reading.cells, reading.series_count, reading.period_count) == counts
    key, period, value, status = cell
    assert by_cell(rows, "value", "obs_status")[key, period] == (value, status)
    strange = [row["problem"] for row in rows if row["cell_state"] is None]
    # INSEE's status SD (semi-definitive) is in no list that we have.
    assert strange == (["unknown flag letter 'S'"] if "cna_" in path else [])


def test_units_of_a_thousand_are_not_taken_for_ones(realdata: Path) -> None:
    content = (realdata / "portals/insee/series_freq_data.xml").read_bytes()
    dataset = DatasetShape("insee.series_bdm", ("freq", "geo", "idbank", "unit"), dimension_aliases=INSEE)
    with pytest.raises(HeaderMismatch, match=r"in units of 10\^3"):
        rows_of(content, format="sdmx-ml-2.1", dataset=dataset)


def test_generic_messages_of_istat_and_of_eurostats_queue(realdata: Path) -> None:
    recorded = json.loads((realdata / "portals/istat/recorded_47_850_data.json").read_text())
    dataset = DatasetShape(
        "istat.47_850",
        ("freq", "geo", "data_type", "type_socio_educ_service", "type_management", "holder_sector_pubpriv"),
        dimension_aliases={"REF_AREA": "geo"},
    )
    rows = rows_of(base64.b64decode(recorded["_content"]), format="sdmx-ml-2.1", dataset=dataset)
    assert len(rows) == 22
    assert (rows[0]["time_period"], rows[0]["value"], rows[0]["cell_state"]) == ("2013", 0.0, "reported")
    packed = realdata / "eurostat/sdmx/footer_413_b_result.zip"
    with zipfile.ZipFile(packed) as archive:
        (name,) = archive.namelist()
        content = archive.read(name)
    gdp = DatasetShape("eurostat.nama_10_gdp", ("freq", "unit", "na_item", "geo"))
    rows = rows_of(packed.read_bytes(), format="sdmx-ml-2.1", dataset=gdp)
    assert rows == rows_of(content, format="sdmx-ml-2.1", dataset=gdp)
    assert [row["cell_state"] for row in rows].count("not_available") == content.count(b'value="NaN"') == 22
    assert len(rows) == content.count(b"<generic:Obs>") == 43


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("sdmx/footer_413.xml", "footer says 413: Due to the large query"),
        ("sdmx/footer_413_b.xml", "footer says 413: Due to the large query"),
        ("sdmx/cl_freq.xml", "an XML message, not a table"),
        ("sdmx/gov_10q_ggnfa_structure.xml", "an XML message, not a table"),
        ("payloads/fault_413_extraction_too_big.xml", "fault message of the API: 413 EXTRACTION_TOO_BIG"),
        ("payloads/error_413_extraction_too_big.json", "error message of the API: 413"),
    ],
)
def test_a_real_message_without_data_is_named(realdata: Path, name: str, said: str) -> None:
    dataset = DatasetShape("eurostat.x", ("freq", "geo"))
    with pytest.raises(NotADataDocument, match=said):
        rows_of((realdata / "eurostat" / name).read_bytes(), format="sdmx-ml-2.1", dataset=dataset)
