"""Verifying: an entry agrees only when every column, code and period that it names was found in the table."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from alp_pipeline.catalog.models import DatasetEntry, IndicatorEntry
from alp_pipeline.sources.family import Description
from alp_pipeline.sources.verifying import Verification, as_text, verify
from alp_pipeline_tests.sources.portals import LAYOUT, entry
from alp_pipeline_tests.sources.services import MEASURE, REGION, YEAR, pxweb_entry, sdmx_entry

ROWS = {"comune": ("ITH10",), "anno": (), "ateco": ("C25", "C28"), "addetti": ()}
CUBE = {v.code: v.values for v in (REGION, MEASURE, YEAR)}
FLOW = {"FREQ": ("A",), "REF_AREA": ("ITC1", "ITC2"), "ECON_ACTIVITY_NACE_2007": ("C", "TOTAL")}


def rows_entry(**more: Any) -> DatasetEntry:
    layout = LAYOUT | more.pop("layout", {})
    given = {"access": {"family": "plain", "path": "a.csv", "file_format": "csv"}, "layout": layout}
    access = more.pop("access", given["access"])
    return entry(access, **({"layout": layout, "verified": False} | more))


def held(
    dataset: DatasetEntry, columns: Any = None, *indicators: IndicatorEntry, **more: Any
) -> Verification:
    live = Description(columns or ROWS, **({"latest_period": "2023"} | more))
    return verify(dataset, live, indicators)


def printed(found: Verification) -> dict[str, Any]:
    (body,) = yaml.safe_load(found.entry)
    return body


def indicator(dataset: DatasetEntry, select: dict[str, str], **term: Any) -> IndicatorEntry:
    labels = dict.fromkeys(("en", "it", "de", "fr", "sl"), "Jobs")
    return IndicatorEntry.model_validate(
        {
            "id": "jobs_in_metal",
            "label": labels,
            "description": {"en": "Jobs"},
            "unit": {"code": "NR", "label": {"en": "jobs"}},
            "direction": 1,
            "pillar": "economy",
            "kind": "extensive",
            "formula": "jobs",
            "terms": {"jobs": {"dataset": dataset.id, "select": select, **term}},
            "valid_range": [0, 10],
            "statistical_unit": "local_unit",
            "verified": False,
        }
    )


def test_a_table_as_the_entry_says_agrees_and_the_entry_is_marked():
    found = held(rows_entry())
    assert (found.agrees, found.differences, found.unchecked) == (True, (), ())
    assert (printed(found)["verified"], printed(found)["latest_expected_period"]) == (True, "2023")


# -- codes ------------------------------------------------------------------------------------------------


def test_a_value_that_pxweb_does_not_list_is_a_difference():
    dataset = pxweb_entry(select={"MERITVE": ["Delež", "Plače"], "LETO": ["2019"]}, verified=False)
    assert held(dataset, CUBE).differences == (
        "MERITVE: the table has no code Plače, named by access.select",
        "LETO: the table has no code 2019, named by access.select",
    )


def test_the_positions_of_an_sdmx_key_are_the_tables_dimensions_in_order():
    assert held(sdmx_entry(key="A.ITC1+ITC2.TOTAL"), FLOW).agrees
    assert held(sdmx_entry(key="A.ITC1+ITD9.TOTAL"), FLOW).differences == (
        "REF_AREA: the table has no code ITD9, named by access.key",
    )
    assert held(sdmx_entry(key="A..."), FLOW).differences == (
        "access.key has 4 positions, the table 3 dimensions: FREQ, REF_AREA, ECON_ACTIVITY_NACE_2007",
    )


def test_codes_that_no_map_knows_differ_and_those_that_the_table_lacks_do_not():
    mapped = pxweb_entry(layout={"code_table": {"geo": "si_statistical_regions"}})
    regions = {**CUBE, REGION.code: ("0", "1", "13")}
    assert held(mapped, regions).differences == (
        "KOHEZIJSKA REGIJA: the layout does not say what the table's codes 13 are: "
        "add them to its codes or code table, or name geo in drop_unmapped",
    )
    assert held(mapped, {**CUBE, REGION.code: ("0", "1")}).agrees
    aside = {"code_table": {"geo": "si_statistical_regions"}, "drop_unmapped": ["geo"]}
    assert held(pxweb_entry(layout=aside), regions).agrees
    assert held(pxweb_entry(layout=aside), {**CUBE, REGION.code: ("13",)}).differences == (
        "KOHEZIJSKA REGIJA: the table has none of the codes that the entry keeps",
    )


def test_only_codes_that_are_asked_for_must_be_known():
    layout = {"codes": {"indic_sb": {"Delež": "SHARE"}}}
    assert held(pxweb_entry(select={"MERITVE": ["Delež"]}, layout=layout), CUBE).agrees
    assert not held(pxweb_entry(layout=layout), CUBE).agrees


def test_the_left_side_of_the_layouts_codes_must_be_there():
    dataset = rows_entry(layout={"codes": {"nace_r2": {"C25": "C25", "C28": "C28", "Z": "TOTAL", "": "X"}}})
    assert held(dataset).differences == ("ateco: the table has no code Z, named by layout.codes",)


def test_filters_and_defaults_name_codes_of_the_table():
    dataset = rows_entry(filters={"nace_r2": ["C99"]}, default_codes={"nace_r2": "TOTAL"})
    assert [text for text in held(dataset).differences if "no code" in text] == [
        "ateco: the table has no code C99, named by filters",
        "ateco: the table has no code TOTAL, named by default_codes",
    ]


def test_what_an_indicator_selects_must_be_there_in_the_catalogues_words():
    dataset = rows_entry(layout={"codes": {"nace_r2": {"C25": "METAL", "C28": "MACHINES"}}})
    assert held(dataset, ROWS, indicator(dataset, {"nace_r2": "METAL"})).agrees
    assert held(dataset, ROWS, indicator(dataset, {"nace_r2": "C25"})).differences == (
        "ateco: the table has no code C25, named by the indicator jobs_in_metal",
    )
    constant = rows_entry(layout={"columns": {"comune": "geo"}, "constants": {"nace_r2": "TOTAL"}})
    columns = {"comune": ("ITH10",), "anno": (), "addetti": ()}
    assert held(constant, columns, indicator(constant, {"nace_r2": "C"})).differences == (
        "nace_r2: the table has no code C, named by the indicator jobs_in_metal",
    )


def test_a_value_rule_may_name_more_codes_than_there_are_but_not_only_others():
    rule = {"id": "counts", "what": "x", "severity": "critical", "min": 0}
    some = held(rows_entry(value_rules=[{**rule, "select": {"nace_r2": ["C25", "C29"]}}]))
    assert (some.agrees, some.remarks) == (
        True,
        ("ateco: the rule counts names C29 too, which the table has not",),
    )
    assert held(rows_entry(value_rules=[{**rule, "select": {"nace_r2": ["C29"]}}])).differences == (
        "ateco: the table has none of the codes of the rule counts: C29",
    )


def test_codes_that_the_service_does_not_list_keep_the_entry_unverified_with_its_notes():
    notes = ["Assumed: the codes.", "To verify: the licence."]
    dataset = rows_entry(layout={"codes": {"nace_r2": {"C25": "C25"}}}, notes=notes)
    found = held(dataset, dict.fromkeys(ROWS, ()))
    assert (found.agrees, found.differences) == (False, ())
    assert found.unchecked == ("codes of ateco could not be checked: the service lists none",)
    assert (printed(found)["verified"], printed(found)["notes"]) == (False, notes)
    assert "could not be checked in full against the live table" in as_text([found], _site())


def test_only_what_was_assumed_is_taken_off_an_entry_that_agrees():
    notes = ["Assumed: the codes.", "To verify: the terms of the licence.", "Counts jobs."]
    assert printed(held(rows_entry(notes=notes)))["notes"] == notes[1:]
    assert printed(held(rows_entry(notes=notes), {"comune": ()}))["notes"] == notes


@pytest.mark.parametrize(
    ("codes", "facts"),
    [
        (("CH01", "AT33"), "Swiss regions: yes, Liechtenstein: no"),
        (("LI00", "CH0", "CH08"), "Swiss regions: no, Liechtenstein: yes"),
        ((), "Swiss regions: unknown, Liechtenstein: unknown"),
    ],
)
def test_whether_switzerland_and_liechtenstein_are_there_is_told(codes, facts):
    assert facts in as_text([held(rows_entry(), {**ROWS, "comune": codes})], _site())


# -- periods ----------------------------------------------------------------------------------------------


def test_half_years_of_an_annual_entry_are_a_difference_and_no_expected_period():
    found = held(rows_entry(latest_expected_period="2022"), latest_period="2023H2")
    assert found.differences == ("its periods are half-years (2023-S2), the entry is annual",)
    assert printed(found)["latest_expected_period"] == "2022"


def test_the_expected_period_is_written_as_the_observation_table_spells_it():
    dated = rows_entry(layout={"period": "%d.%m.%Y"})
    assert printed(held(dated, latest_period="31.12.2023"))["latest_expected_period"] == "2023"
    quarters = rows_entry(cadence="quarterly", default_codes={"freq": "Q"})
    assert printed(held(quarters, latest_period="2024Q3"))["latest_expected_period"] == "2024-Q3"
    odd = held(rows_entry(), latest_period="Sep 1999")
    assert odd.differences == ("its latest period is 'Sep 1999', which the readers do not take for a period",)
    assert "latest_expected_period" not in printed(odd)


def test_the_end_of_an_sdmx_time_range_is_a_day_in_the_last_period():
    assert held(sdmx_entry(), FLOW, latest_period="2023-12-31").latest_period == "2023"


def test_a_series_that_ended_is_a_difference_and_one_that_tells_nothing_unchecked():
    dataset = rows_entry(latest_expected_period="2024")
    assert held(dataset).differences == ("its latest period is 2023, the entry expects 2024: a dead series?",)
    assert held(dataset, latest_period=None).unchecked == (
        "the latest period could not be checked: the service tells none",
    )


def test_the_frequency_must_be_the_cadences():
    assert held(sdmx_entry(), {**FLOW, "FREQ": ("Q",)}).differences == (
        "FREQ: the entry is annual, the table has Q",
    )
    assert (
        "freq: the entry is monthly, and its default or constant A"
        in held(rows_entry(cadence="monthly"), latest_period="2024-05").differences
    )


# -- columns ----------------------------------------------------------------------------------------------

WIDE = {
    "columns": {"dep": "geo"},
    "time": None,
    "value": None,
    "constants": {"nace_r2": "TOTAL"},
    "period": "effectifs_%Y",
}


def test_columns_that_are_periods_by_the_layouts_rule_are_expected():
    columns = {"dep": ("FRK21",), "effectifs_2022": (), "effectifs_2023": ()}
    found = held(rows_entry(layout=WIDE), columns, latest_period=None)
    assert (found.agrees, found.latest_period) == (True, "2023")
    other = held(rows_entry(layout=WIDE), {**columns, "salaires_2023": ()}, latest_period=None)
    assert other.differences[0].endswith("the layout does not say what is in salaires_2023")
    none = held(rows_entry(layout=WIDE), {"dep": ("FRK21",)}, latest_period=None)
    assert none.differences[0].endswith("it lacks any column that is a period")


def test_columns_are_judged_by_the_readers_own_rule():
    columns = {"Comune": ("ITH10",), "anno": (), "ateco": ("C25",), "addetti": (), "sesso": ()}
    (difference,) = held(rows_entry(), columns).differences
    assert difference.endswith("it lacks comune; the layout does not say what is in Comune, sesso")
    assert held(rows_entry(layout={"ignore": ["*"]}), {**ROWS, "sesso": ()}).agrees


def test_a_variable_more_or_less_is_a_difference():
    assert held(pxweb_entry(), {**CUBE, "SPOL": ("1",)}).differences == (
        "the entry does not know the table's column SPOL",
    )
    assert (
        "the table has no column MERITVE"
        in held(pxweb_entry(), {REGION.code: ("0",), "LETO": ()}).differences
    )


def eurostat_entry(dimensions: list[str], **more: Any) -> DatasetEntry:
    given = {"source": "eurostat", "id": "eurostat.addetti", "dimensions": dimensions, "layout": None}
    return entry({"family": "eurostat"}, **given, **more)


def test_a_dimension_may_have_its_old_name_in_old_documents_only():
    unclassified = {"classification": None, "classification_version": None}
    gdp = eurostat_entry(["freq", "unit", "geo"], dimension_aliases={"currency": "unit"}, **unclassified)
    for name in ("unit", "currency", "UNIT"):
        found = held(gdp, {"freq": ("A",), name: ("MIO_EUR",), "geo": ("AT33",), "TIME_PERIOD": ()})
        assert (found.differences, printed(found)["dimensions"]) == ((), ["freq", "unit", "geo"])


def test_a_verified_entry_of_the_package_has_no_place_in_a_site():
    found = held(sdmx_entry(), FLOW)
    assert found.file(_site()) is None
    assert "nothing to commit: the package's entry is verified" in as_text([found], _site())
    differing = as_text([held(sdmx_entry(key="A.ITD9."), FLOW)], _site())
    assert "a verified entry of the package, to be corrected there:\n- id: lombardia.addetti" in differing


def test_eurostats_dimensions_are_taken_over_only_where_the_catalogue_stays_readable():
    own = ["freq", "unit", "nace_r2", "geo"]
    dataset = eurostat_entry(own)
    turned = {"freq": ("A",), "nace_r2": ("TOTAL",), "unit": ("EUR",), "geo": ("AT33",)}
    assert printed(held(dataset, turned))["dimensions"] == list(turned)
    # The entry has a classification of activities.
    without = {name: turned[name] for name in ("freq", "unit", "geo")}
    assert held(dataset, without).differences == ("the table has no column nace_r2",)
    assert printed(held(dataset, without))["dimensions"] == own
    # An indicator must fix what is added.
    more = {**turned, "sex": ("T",)}
    jobs = indicator(dataset, {"unit": "EUR", "nace_r2": "TOTAL"})
    assert printed(held(dataset, more))["dimensions"] == list(more)
    assert printed(held(dataset, more, jobs))["dimensions"] == own


def _site() -> Path:
    return Path("site")
