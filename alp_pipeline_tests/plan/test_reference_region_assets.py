"""The assets of reference regions: what they read, what they leave out and say, what every unit gets."""

import math
from pathlib import Path

import numpy as np
import pytest

from alp_pipeline.catalog.loader import load_catalog
from alp_pipeline.plan.benchmarks import reference_regions as asset
from alp_pipeline_tests.plan.benchmark_inputs import DOCUMENT, indicator, region, run

CATALOG = load_catalog()
UNITS = [f"{country}{n:02d}" for country in ("AT", "IT", "DE") for n in (11, 12, 13, 21, 22, 31, 32, 33, 34)]
VARIABLES = [v for entry in CATALOG.structural_dimensions.values() for v in entry.variables]
UNMEASURED = ("population_density", "tertiary_attainment")


def structure(codes: list[str]) -> list[dict]:
    """Every structural variable but two, in 2014; shares have their whole beside them."""
    draw = np.random.default_rng(4)
    rows = {}
    for code in codes:
        for variable in VARIABLES:
            if variable.id in UNMEASURED:
                continue
            rows[variable.indicator, variable.activity, code] = indicator(
                variable.indicator, code, 2014, draw.uniform(1, 50), variable.activity or "TOTAL"
            )
            if variable.share_of:
                rows[variable.indicator, variable.share_of, code] = indicator(
                    variable.indicator, code, 2014, 1000.0, variable.share_of
                )
    return list(rows.values())


def computed(folder: Path, facts: list[dict], codes: list[str] = UNITS):
    stage = asset.reference_region_stage(CATALOG, {DOCUMENT: "2017-07-31"})
    return run(folder, stage, {"fct_indicator": facts, "dim_region": [region(code) for code in codes]})


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    facts = structure(UNITS)
    facts += [indicator("unemployment_rate", code, 2015, 1.0 + at) for at, code in enumerate(UNITS)]
    facts += [indicator("neet_rate", code, 2015, "confidential" if code == "AT33" else 9.0) for code in UNITS]
    return computed(tmp_path_factory.mktemp("data"), facts)


def of(rows: list[dict], perimeter: str = "eusalp_2016plus", **chosen) -> list[dict]:
    wanted = {"perimeter_id": perimeter, **chosen}
    return [row for row in rows if all(row[name] == value for name, value in wanted.items())]


def test_every_table_passes_its_declaration(whole):
    record, _ = whole
    assert [o for o in record.outcomes if o.outcome != "passed"] == []


def test_what_the_distance_lacks_is_a_row_with_the_reason(whole):
    rows = {row["dimension_id"]: row for row in of(whole[1]["bench_reference_dimension"])}
    assert not rows["openness"]["is_used"]
    assert "exports and imports" in rows["openness"]["reason"]
    assert rows["human_resources"]["reason"] == "tertiary_attainment: no document has a number for it"
    assert (rows["human_resources"]["variables"], rows["human_resources"]["variables_used"]) == (2, 1)
    assert sum(row["weight_pct"] for row in rows.values()) == pytest.approx(100)
    assert all(row["is_to_verify"] for row in rows.values())


def test_each_unit_has_its_nearest_among_all_and_among_other_countries(whole):
    rows = whole[1]["bench_reference_region"]
    mine = of(rows, region_code="AT33", candidates="all")
    assert len(mine) == asset.PEERS
    assert {row["rank"] for row in mine} == set(range(1, asset.PEERS + 1))
    abroad = of(rows, region_code="AT33", candidates="other_countries")
    assert {row["peer_code"][:2] for row in abroad} == {"IT", "DE"}
    assert not any(row["is_own_country"] for row in abroad)
    assert {row["runs"] for row in mine} == {5}


def test_contributions_add_up_to_the_distance_in_the_table_too(whole):
    tables = whole[1]
    for row in of(tables["bench_reference_region"], region_code="AT12"):
        key = {name: row[name] for name in ("region_code", "peer_code", "candidates")}
        parts = [part["contribution"] for part in of(tables["bench_reference_contribution"], **key)]
        assert len(parts) == 5
        assert math.fsum(parts) == row["distance"]


def test_a_gap_is_there_where_the_value_is_and_its_state_where_it_is_not(whole):
    rows = of(whole[1]["bench_performance_gap"], region_code="AT33", candidates="all")
    found = {row["indicator_id"]: row for row in rows}
    rate = found["unemployment_rate"]
    assert (rate["year"], rate["peers_reported"], rate["direction"]) == (2015, asset.PEERS, -1)
    assert rate["gap_to_median"] == pytest.approx(rate["value"] - rate["group_median"])
    hidden = found["neet_rate"]
    assert (hidden["value"], hidden["value_state"], hidden["gap_to_mean"]) == (None, "confidential", None)


def test_a_unit_that_nobody_publishes_is_listed_with_its_state(whole):
    tables = whole[1]
    gaps = of(tables["bench_performance_gap"], region_code="LI00")
    assert {row["gap_state"] for row in gaps} == {"not_available"}
    variables = of(tables["bench_reference_variable"], region_code="LI00")
    assert {row["cell_state"] for row in variables} == {"not_available"}
    assert len(variables) == len(VARIABLES)
    peers = of(tables["bench_reference_region"], region_code="LI00")
    assert {row["candidates"] for row in peers} == {"all", "other_countries"}
    for row in peers:
        assert (row["peer_code"], row["distance_state"]) == ("LI00", "not_available")
        assert (row["rank"], row["distance"], row["is_own_country"], row["runs"]) == (None,) * 4
    parts = of(tables["bench_reference_contribution"], region_code="LI00", candidates="all")
    assert len(parts) == 5
    assert {(row["contribution"], row["distance_state"]) for row in parts} == {(None, "not_available")}


def test_rows_say_their_method_universe_documents_and_day(whole):
    for table in asset.TABLES:
        row = whole[1][table][0]
        assert row["document_ids"] == DOCUMENT
        assert str(row["as_of_date"]) == "2017-07-31"
        assert row["universe"]
        assert row["method"].startswith("structural distance after Navarro")


def test_shares_carry_their_whole_and_a_hidden_whole_hides_them(tmp_path):
    facts = structure(UNITS)
    for row in facts:
        if (row["region_code"], row["indicator_id"], row["activity_code"]) == (
            "AT12",
            "persons_employed",
            "C",
        ):
            row |= {"value": None, "cell_state": "confidential"}
        if (row["region_code"], row["activity_code"]) == ("AT13", "C28"):
            row |= {"value": 250.0}
    rows = of(computed(tmp_path, facts)[1]["bench_reference_variable"], variable_id="machinery")
    shown = {row["region_code"]: (row["value"], row["cell_state"]) for row in rows}
    assert shown["AT13"] == (25.0, "reported")
    assert shown["AT12"] == (None, "confidential")


def test_a_variable_of_few_regions_is_left_out_and_a_region_without_people_too(tmp_path):
    facts = [
        row for row in structure(UNITS)
        if row["indicator_id"] != "employer_enterprise_share" or row["region_code"][:2] == "AT"
    ]  # fmt: skip
    for row in facts:
        if (row["region_code"], row["indicator_id"]) == ("AT12", "population"):
            row["value"] = 0.0
    tables = computed(tmp_path, facts)[1]
    firms = of(tables["bench_reference_dimension"], dimension_id="firm_size")[0]
    assert firms["reason"] == "employer_enterprise_share: only 9 of 27 regions have a number"
    empty = of(tables["bench_reference_variable"], region_code="AT12", variable_id="population")[0]
    assert (empty["value"], empty["cell_state"]) == (None, "not_applicable")


def test_without_structural_data_the_tables_are_empty_and_say_so_as_a_warning(tmp_path):
    record, tables = computed(tmp_path, [])
    assert all(rows == [] for rows in tables.values())
    failed = {(o.rule_id, o.severity) for o in record.outcomes if o.outcome == "failed"}
    assert failed == {("row_count", "warning")}


def test_performance_has_a_direction_and_no_part_in_structure():
    names = asset.performance_of(CATALOG)
    assert {"unemployment_rate", "gdp_per_head_pps", "neet_rate"} <= set(names)
    assert not {"population", "lifelong_learning", "persons_employed", "gdp"} & set(names)


def test_of_a_single_run_no_dimension_is_called_decisive():
    import pandas as pd

    from alp_pipeline.benchmark.reference_regions import ReferenceRegions

    peers = pd.DataFrame(
        {"region_code": ["AT33", "CH02"], "peer_code": ["ITH1", "CH05"], "weight_imputed_pct": 0.0}
    )
    stability = pd.DataFrame(
        {
            "region_code": ["AT33", "AT33", "CH02", "CH02"],
            "dimension_id": ["firm_size", "sectors", "firm_size", "sectors"],
            "kept_pct": [80.0, 40.0, 60.0, None],
        }
    )
    rows = asset.peer_rows(
        ReferenceRegions(peers, pd.DataFrame(), stability), {"AT33": "AT", "ITH1": "IT", "CH02": "CH"}
    )
    decisive = rows.set_index("region_code")["decisive_dimension_id"]
    assert decisive["AT33"] == "sectors"
    assert pd.isna(decisive["CH02"])
