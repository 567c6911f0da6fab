"""A reference of which too much is missing: of one activity, in the assets that compare with it."""

import itertools

import pandas as pd
import pytest

from alp_pipeline.plan.benchmarks.published_table import reference_of
from alp_pipeline.plan.benchmarks.specialisation import specialisation_stage
from alp_pipeline.plan.benchmarks.structure_measures import structure_stage
from alp_pipeline_tests.plan.benchmark_inputs import run
from alp_pipeline_tests.plan.benchmarks.regional_jobs import AUSTRIA, CATALOG, PERSONS, jobs, tables

TABLE = "bench_specialisation"


def without(code: str, name: str, year: int) -> dict[str, list[dict]]:
    """Two years, one cell of which has no row, as after quarantine."""
    cells = jobs({2013: PERSONS, 2014: PERSONS})
    return tables(
        [r for r in cells if (r["region_code"], r["activity_code"], r["year"]) != (code, name, year)]
    )


def one(found, table: str, **wanted) -> dict:
    wanted |= {"perimeter_id": "eusalp_2016plus", "reference_territory_id": "eu28"}
    [row] = [row for row in found[1][table] if {name: row[name] for name in wanted} == wanted]
    return row


@pytest.fixture(scope="module")
def quotients(tmp_path_factory):
    folder = tmp_path_factory.mktemp("data")
    return run(folder, specialisation_stage(AUSTRIA, {}), without("AT", "C28", 2014))


def test_the_quotient_of_that_activity_and_year_takes_the_reason(quotients) -> None:
    row = one(quotients, TABLE, region_code="AT33", activity_code="C28", year=2014)
    assert (row["location_quotient"], row["location_quotient_state"]) == (None, "not_available")
    assert (row["size_share_pct"], row["size_share_state"]) == (None, "not_available")
    assert (row["focus_pct"], row["focus_state"]) == (10, "reported")
    assert row["star_specialisation"] != "yes"


def test_other_years_and_activities_keep_theirs(quotients) -> None:
    for activity, year in (("C28", 2013), ("C10", 2014), ("I55", 2014)):
        row = one(quotients, TABLE, region_code="AT33", activity_code=activity, year=year)
        assert row["location_quotient_state"] == "reported"


def test_a_region_without_one_of_its_sections_has_no_shares(tmp_path) -> None:
    cells = without("AT33", "I", 2014)
    cells["fct_regional_activity"] = [
        row
        for row in cells["fct_regional_activity"]
        if not (row["region_code"] == "AT33" and row["year"] == 2014 and row["activity_code"][0] == "I")
    ]
    found = run(tmp_path, specialisation_stage(AUSTRIA, {}), cells)
    row = one(found, TABLE, region_code="AT33", activity_code="C28", year=2014)
    assert (row["location_quotient"], row["location_quotient_state"]) == (None, "not_available")
    assert (row["focus_pct"], row["focus_state"]) == (None, "not_available")
    assert row["size_share_state"] == "reported"


def test_distances_have_no_reference_without_a_large_activity(tmp_path) -> None:
    found = run(tmp_path, structure_stage(AUSTRIA, {}), without("AT", "C28", 2014))
    row = one(found, "bench_structure", region_code="AT33", year=2014)
    assert (row["krugman"], row["krugman_state"], row["note"]) == (
        None,
        "not_available",
        "reference_not_known",
    )
    assert one(found, "bench_structure", region_code="AT33", year=2013)["krugman_state"] == "reported"


def test_distances_stand_a_gap_in_a_small_activity() -> None:
    """Of C11 one of two countries is missing, and it is a fiftieth of all."""
    names, years = ["C11", "C28"], [2013, 2014]
    cells = pd.DataFrame(
        [
            (country, name, year, 1.0 if name == "C11" else 49.0, "reported", 0, "division")
            for country, name, year in itertools.product(("AT", "SI"), names, years)
        ],
        columns=[
            "region_code",
            "activity_code",
            "year",
            "value",
            "cell_state",
            "nuts_level",
            "activity_level",
        ],
    )
    kept = cells[cells[["region_code", "activity_code", "year"]].ne(["SI", "C11", 2014]).any(axis=1)]
    reference = CATALOG.perimeters["eu28"]
    wide, lacking = reference_of(kept, reference, 5.0, years)
    assert (wide.loc[2014].tolist(), lacking) == ([1.0, 98.0], {})
    assert reference_of(kept, reference, 1.0, years)[1] == {2014: "not_available"}
