"""The other tables of the sample fit together, use codes that exist, and cover the Alpine regions."""

import csv
import json
from collections import defaultdict
from functools import cache

import pytest

from alp_pipeline.catalog.loader import load_catalog
from alp_pipeline_tests.sample.published import SAMPLE, cells, manifest, number, series

POPULATION = "demo_r_pjangrp3.2023-07-03.tsv.gz"
EMPLOYED = "lfst_r_lfe2emp.2022-05-05.tsv.gz"
UNEMPLOYED = "lfst_r_lfu3pers.2022-05-05.tsv.gz"
SECTORS = "lfst_r_lfe2en2.2022-05-05.tsv.gz"
OUTPUT = "nama_10r_3gdp.2024-02-20.tsv.gz"
OLD_OUTPUT = "nama_10r_2gdp.2017-03-06.tsv.gz"
ENTERPRISES = "bd_size_r3.2023-10-12.tsv.gz"
INCOME = "nama_10r_2hhinc.2017-03-06.tsv.gz"
WHOLE = [POPULATION, EMPLOYED, UNEMPLOYED, SECTORS, OUTPUT, OLD_OUTPUT, ENTERPRISES, INCOME]
SBS = ["sbs_r_nuts06_r2.2016-10-14.tsv.gz", "sbs_r_nuts06_r2.2017-07-20.tsv.gz"]
OF_2013 = {"FRC1": "FR26", "FRC2": "FR43", "FRK1": "FR72", "FRK2": "FR71", "FRL0": "FR82"}


@cache
def known_codes() -> dict[str, str]:
    reference = SAMPLE.parent / "reference" / "nuts_codes.csv"
    with reference.open(encoding="utf-8", newline="") as stream:
        return {row["code"]: row["kind"] for row in csv.DictReader(stream)}


def geos(name: str) -> set[str]:
    return {key[-1] for key in series(name)}


def alpine_regions(name: str) -> set[str]:
    members = {code for code, _ in load_catalog(None).default_perimeter.members}
    old = any(code.startswith("FR7") for code in geos(name))
    return {OF_2013.get(code, code) if old else code for code in members}


@pytest.mark.parametrize("name", [*WHOLE, *SBS])
def test_every_territory_is_one_that_the_reference_table_knows(name: str) -> None:
    assert geos(name) - set(known_codes()) == set()


@pytest.mark.parametrize(
    ("name", "without"),
    [
        (POPULATION, set()),
        (EMPLOYED, {"LI"}),
        (UNEMPLOYED, {"LI"}),
        (SECTORS, {"LI"}),
        (OUTPUT, {"LI"}),
        (ENTERPRISES, {"LI"}),
        (INCOME, {"LI"}),
        (OLD_OUTPUT, {"CH", "LI"}),
        (SBS[1], {"CH", "LI"}),
    ],
)
def test_every_alpine_region_of_the_source_s_countries_is_there(name: str, without: set[str]) -> None:
    missing = alpine_regions(name) - geos(name)
    assert {code[:2] for code in missing} == without
    assert len(missing) == {"CH": 7, "LI": 1}.get("CH" if "CH" in without else "", 0) + len(without & {"LI"})


def test_enough_other_regions_and_all_countries_of_the_union_are_there_for_comparison() -> None:
    regions = {code for code in geos(SBS[1]) if len(code) == 4 and known_codes()[code] == "nuts"}
    alpine = alpine_regions(SBS[1]) | {"ITD1", "ITD2", "ITD3", "ITD4", "SI01", "SI02"}
    assert len(regions - alpine) >= 60
    members = {code for code, _ in load_catalog(None).perimeters["eu28"].members}
    assert members <= geos(SBS[1])


def test_the_age_groups_add_up_to_the_population_and_so_do_the_sexes() -> None:
    by_age: dict[tuple[str, int], float] = defaultdict(float)
    by_sex: dict[tuple[str, int], float] = defaultdict(float)
    total: dict[tuple[str, int], float] = {}
    for (sex, _, age, geo), year, text in cells(POPULATION):
        if age == "TOTAL" and sex == "T":
            total[geo, year] = number(text) or 0.0
        elif age == "TOTAL":
            by_sex[geo, year] += number(text) or 0.0
        else:
            by_age[geo, year] += number(text) or 0.0
    assert by_sex == total
    assert {key: total[key] for key in by_age} == by_age


def test_districts_add_up_to_their_regions_and_groups_of_regions_to_theirs() -> None:
    table = series(POPULATION)

    def people(geo: str) -> float:
        return number(table["T", "NR", "TOTAL", geo][2020]) or 0.0

    for parent, length in (
        ("ITC4", 5),
        ("AT33", 5),
        ("SI03", 5),
        ("ITC", 4),
        ("DE2", 4),
        ("CH0", 4),
        ("LI0", 4),
    ):
        children = [geo for geo in geos(POPULATION) if geo.startswith(parent) and len(geo) == length]
        assert people(parent) == sum(map(people, children)) > 0, parent


def test_groups_of_sections_add_up_to_the_employed_where_nothing_is_withheld() -> None:
    table = series(SECTORS)
    sectors = sorted({key[1] for key in table} - {"TOTAL"})
    checked = 0
    for geo in geos(SECTORS):
        for year, text in table["THS", "TOTAL", "Y_GE15", geo].items():
            parts = [number(table["THS", sector, "Y_GE15", geo][year]) for sector in sectors]
            if None not in parts:
                assert number(text) == pytest.approx(sum(part or 0.0 for part in parts), abs=1e-6)
                assert text == series(EMPLOYED)["THS", "T", "Y_GE15", geo][year]
                checked += 1
    assert checked > 1_000


def test_rates_that_follow_are_in_a_believable_range() -> None:
    for geo in geos(EMPLOYED):
        for year, text in series(EMPLOYED)["THS", "T", "Y_GE15", geo].items():
            employed, unemployed = number(text), number(series(UNEMPLOYED)["THS", "Y_GE15", "T", geo][year])
            if employed is not None and unemployed is not None:
                assert 1.5 < 100 * unemployed / (employed + unemployed) < 35, (geo, year)
    for (unit, geo), year, text in cells(OUTPUT):
        if unit == "EUR_HAB" and number(text) is not None:
            assert 4_000 < (number(text) or 0.0) < 150_000, (geo, year)


def test_rates_of_enterprises_follow_from_their_counts() -> None:
    table = series(ENTERPRISES)
    sector = "B-S_X_K642"

    def count(indicator: str, geo: str, year: int, size: str = "TOTAL") -> float:
        return number(table[indicator, size, sector, geo][year]) or 0.0

    for geo in ("AT33", "ITC4", "SI", "DE21"):
        assert count("V11910", geo, 2018) == sum(
            count("V11910", geo, 2018, size) for size in ("0", "1-9", "GE10")
        )
        births = 100 * count("V11920", geo, 2018) / count("V11910", geo, 2018)
        survival = 100 * count("V11943", geo, 2018) / count("V11920", geo, 2015)
        assert count("V97020", geo, 2018) == pytest.approx(births, abs=0.005)
        assert count("V97043", geo, 2018) == pytest.approx(survival, abs=0.005)
        assert table["V97043", "TOTAL", sector, geo][2014] == ": m"
    hidden = {(key[1], key[-1], year) for key, year, text in cells(ENTERPRISES) if text == ": c"}
    assert hidden == {
        (size, geo, year)
        for size in ("1-9", "GE10")
        for geo, years in (("ITC2", (2016, 2017, 2018)), ("HR03", (2014,)))
        for year in years
    }


def test_extra_regio_has_output_and_no_people() -> None:
    table = series(OUTPUT)
    assert table["MIO_EUR", "ATZZ"][2020] == "0n"
    assert (number(table["MIO_EUR", "ITZZ"][2020]) or 0) > 0
    assert table["EUR_HAB", "ITZZ"][2020] == ": z"


def test_the_json_answer_is_sparse_and_hides_both_sexes_or_none() -> None:
    document = json.loads((SAMPLE / "eurostat" / "edat_lfse_22.2025-04-24.json").read_text())
    cells_in_all = 1
    for size in document["size"]:
        cells_in_all *= size
    assert len(document["value"]) < cells_in_all == 5_655
    geo = document["dimension"]["geo"]["category"]["index"]
    years, places = len(document["dimension"]["time"]["category"]["index"]), len(geo)
    hidden = {divmod(int(at) // years, places) for at, status in document["status"].items() if status == "|C"}
    sexes = document["dimension"]["sex"]["category"]["index"]
    assert hidden == {(sexes["F"], geo["ITC2"]), (sexes["M"], geo["ITC2"])}


def test_the_documents_differ_in_format_as_sources_do() -> None:
    formats = sorted(row["format"] for row in manifest())
    assert {name: formats.count(name) for name in set(formats)} == {
        "json-stat-2": 1,
        "sdmx-csv-1": 1,
        "sdmx-ml-3.0": 1,
        "tsv": 4,
        "tsv-2017": 8,
    }
