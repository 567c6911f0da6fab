"""What the catalogue covers, that it is honest about assumptions, and that code tables are complete."""

import re

import pytest

from alp_pipeline.catalog.loader import load_catalog
from alp_pipeline.catalog.reference import read_reference, reference_dir

CATALOG = load_catalog()
EUROSTAT = [entry for entry in CATALOG.datasets.values() if entry.source == "eurostat"]
REGIONAL = [entry for entry in CATALOG.datasets.values() if entry.source != "eurostat"]
NUTS = {row["code"]: row for row in read_reference("nuts_codes.csv")}
THEMES = {
    "economy": "economy",
    "clusters": "activity",
    "business demography": "enterprise",
    "labour": "labour",
    "skills": "skills",
    "research": "research",
    "digital": "digital",
    "population": "demography",
    "quality of life": "living",
}
TERRITORIES = {
    "Lombardia": "lombardia",
    "Trento": "trento",
    "Bolzano": "bolzano",
    "Veneto": "veneto",
    "Piemonte": "piemonte",
    "Italy": "istat",
    "Austria": "statistik_austria",
    "Bavaria and Baden-Württemberg": "regionalstatistik",
    "Bavaria": "bayern",
    "Baden-Württemberg": "statistik_bw",
    "French regions, employers": "urssaf",
    "France": "data_gouv_fr",
    "French statistics": "insee",
    "Switzerland": "bfs",
    "Swiss Stats Explorer": "stats_swiss",
    "Slovenia": "surs",
    "Liechtenstein": "as_liechtenstein",
}


def _tables(dimension):
    """Code table → the datasets that use it for a dimension."""
    found = {}
    for entry in REGIONAL:
        name = entry.layout and entry.layout.code_table.get(dimension)
        if name:
            found.setdefault(name, []).append(entry.id)
    return found


def _codes(name):
    return {row["published"]: row["code"] for row in read_reference(f"codes/{name}.csv")}


def test_there_are_at_least_thirty_eurostat_datasets_each_with_its_doi():
    assert len(EUROSTAT) >= 30
    assert all(entry.doi == f"10.2908/{entry.code.upper()}" for entry in EUROSTAT)


@pytest.mark.parametrize("pillar", THEMES.values(), ids=THEMES)
def test_each_theme_has_an_indicator(pillar):
    assert [entry for entry in CATALOG.indicators.values() if entry.pillar == pillar]


@pytest.mark.parametrize("source", TERRITORIES.values(), ids=TERRITORIES)
def test_each_territory_has_a_source_and_a_table(source):
    assert [entry for entry in REGIONAL if entry.source == source]


def test_every_dataset_states_licence_and_citation_and_is_of_its_sources_family():
    for entry in CATALOG.datasets.values():
        assert entry.licence, entry.id
        assert entry.licence_url.startswith("https://"), entry.id
        assert entry.citation, entry.id
        assert entry.access.family == CATALOG.sources[entry.source].family, entry.id


def test_what_is_not_verified_says_what_is_assumed_and_stays_out_of_the_schedule():
    kinds = (CATALOG.datasets, CATALOG.indicators, CATALOG.sources)
    for entry in (entry for kind in kinds for entry in kind.values() if not entry.verified):
        assert any(re.match(r"(Assumed|To verify):", note) for note in entry.notes), entry.id
    assert [e.id for e in CATALOG.datasets.values() if not e.verified and e.is_scheduled] == []


def test_what_is_verified_assumes_nothing():
    kinds = (CATALOG.datasets, CATALOG.indicators)
    for entry in (entry for kind in kinds for entry in kind.values() if entry.verified):
        assert not [note for note in entry.notes if note.startswith("Assumed")], entry.id


def test_a_discontinued_table_warns_every_reader():
    for entry in CATALOG.indicators.values():
        ended = [name for name in entry.datasets if CATALOG.datasets[name].discontinued]
        assert not ended or "discontinued_series" in entry.usage_warnings, entry.id


def test_the_successor_of_an_ended_table_is_catalogued():
    named = {entry.successor for entry in CATALOG.datasets.values() if entry.successor}
    assert named == {"eurostat.sbs_r_nuts2021"}
    assert named <= set(CATALOG.datasets)


@pytest.mark.parametrize("name", sorted(_tables("geo")))
def test_each_region_of_a_code_table_exists_today(name):
    for published, code in _codes(name).items():
        assert NUTS[code]["last_version"] == "2024", (published, code)


@pytest.mark.parametrize("name", sorted(_tables("nace_r2")))
def test_each_activity_of_a_code_table_exists_and_all_88_divisions_are_there(name):
    codes = set(_codes(name).values())
    assert codes - {"TOTAL"} <= set(CATALOG.activities)
    assert len(codes - {"TOTAL"}) == 88


def _units(prefixes, level="3"):
    return {
        code
        for code, row in NUTS.items()
        if row["level"] == level and row["last_version"] == "2024" and code.startswith(prefixes)
    }


@pytest.mark.parametrize(
    ("name", "prefixes", "level", "count"),
    [
        ("ch_cantons", ("CH",), "3", 26),
        ("si_statistical_regions", ("SI",), "3", 12),
        ("de_districts_south", ("DE1",), "3", 44),
        ("de_districts_south", ("DE2",), "3", 96),
        ("de_regions_south", ("DE1", "DE2"), "2", 11),
        ("fr_departements_alps", ("FRC1", "FRC2", "FRK1", "FRK2", "FRL0"), "3", 26),
        ("it_provinces_alps", ("ITC", "ITH1", "ITH2", "ITH3", "ITH4"), "3", 38),
        ("it_itter107_alps", ("ITC", "ITH1", "ITH2", "ITH3", "ITH4"), "3", 38),
        ("it_lombardia_names", ("ITC4",), "3", 12),
        ("at_laender", ("AT",), "2", 9),
    ],
)
def test_a_code_table_names_every_unit_of_its_territory_once(name, prefixes, level, count):
    found = [code for code in _codes(name).values() if code in _units(prefixes, level)]
    assert len(found) == len(set(found)) == count == len(_units(prefixes, level))


def test_german_districts_lie_in_the_region_that_their_number_says():
    regions = _codes("de_regions_south")
    for district, code in _codes("de_districts_south").items():
        assert code[:4] == regions[district[:3]], district


def test_each_code_table_is_used():
    kept = {path.stem for path in (reference_dir() / "codes").glob("*.csv")}
    assert kept == {*_tables("geo"), *_tables("nace_r2")}
