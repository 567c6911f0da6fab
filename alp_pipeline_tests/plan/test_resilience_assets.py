"""The asset of resilience: every unit and measure has a row, and shown bounds say nothing new."""

import pytest

from alp_pipeline.catalog.loader import load_catalog
from alp_pipeline.plan.benchmarks import resilience as asset
from alp_pipeline.plan.benchmarks.exposure import exposures
from alp_pipeline_tests.plan.benchmark_inputs import DOCUMENT, activity, employment, indicator, region, run

WHOLE = load_catalog()
MINE = WHOLE.shocks["automotive_transition"].model_copy(
    update={"id": "mine", "activities": WHOLE.shocks["automotive_transition"].activities[:1]}
)
CATALOG = WHOLE.model_copy(update={"shocks": {**WHOLE.shocks, "mine": MINE}})
"""With a shock of motor vehicles (C29) alone."""
UNITS = ["AT31", "AT32", "AT33", "AT34"]
DIVISIONS = ["I55", "I56", "N79", "N77", "N78", "H51", "H49", "H50", "C28", "C29", "C10"]
LEVELS = dict(zip(range(2006, 2016), [98, 99, 100, 96, 95, 97, 101, 102, 103, 104], strict=True))


def facts() -> list[dict]:
    rows = [indicator("gdp", code, year, x) for code in (*UNITS, "EU27_2020") for year, x in LEVELS.items()]
    rows += [
        indicator(name, code, 2014, 10.0 + at)
        for code in UNITS
        for at, name in enumerate(asset.BRANCHES)
        if (code, name) != ("AT34", asset.BRANCHES[4])
    ]
    return [
        row | {"obs_status": "b"} if (row["region_code"], row["time_period"]) == ("AT32", "2010") else row
        for row in rows
    ]


def jobs() -> list[dict]:
    """Divisions of ten persons in each region, sections and the country as they add up; AT34 hides I55."""
    rows = []
    sections = {code[0] for code in DIVISIONS}
    for code in UNITS:
        rows += [employment(code, division, 2014, 10) for division in DIVISIONS]
        rows += [employment(code, s, 2014, 10 * sum(d[0] == s for d in DIVISIONS)) for s in sorted(sections)]
    rows += [employment("AT", division, 2014, 40) for division in DIVISIONS]
    rows += [employment("AT", s, 2014, 40 * sum(d[0] == s for d in DIVISIONS)) for s in sorted(sections)]
    hidden = {("AT34", "I55"), ("AT34", "I56"), ("AT33", "H")}
    return [
        row | {"employment_persons": None, "employment_state": "confidential"}
        if (row["region_code"], row["activity_code"]) in hidden
        else row
        for row in rows
    ]


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    stage = asset.resilience_stage(CATALOG, {})
    areas = [region("EU27_2020", kind="aggregate")]
    return run(
        tmp_path_factory.mktemp("data"),
        stage,
        {
            "fct_indicator": facts(),
            "fct_regional_activity": jobs(),
            "dim_region": [*(region(code) for code in UNITS), region("AT", 0), *areas],
            "dim_activity": [activity(code) for code in sorted({*DIVISIONS, *(d[0] for d in DIVISIONS)})],
        },
    )


def one(whole, code: str, measure: str, event: str = "", basis: str | None = None) -> dict:
    found = [
        row
        for row in whole[1]["bench_resilience"]
        if row["perimeter_id"] == "eusalp_2016plus"
        and (row["region_code"], row["measure_id"], row["event_id"]) == (code, measure, event)
        and basis in (None, row["basis_id"])
    ]
    assert len(found) == 1
    return found[0]


def test_the_table_passes_its_declaration_and_every_unit_has_every_measure(whole):
    record, tables = whole
    assert [o for o in record.outcomes if o.outcome != "passed"] == []
    rows = [row for row in tables["bench_resilience"] if row["perimeter_id"] == "eusalp_2016plus"]
    kinds = {(row["measure_id"], row["basis_id"], row["event_id"]) for row in rows}
    members = CATALOG.perimeters["eusalp_2016plus"].members
    assert len(rows) == len(kinds) * len(members)
    assert one(whole, "LI00", "evenness")["measure_state"] == "not_available"


def test_a_downturn_has_peak_trough_return_and_its_reference(whole):
    fall = one(whole, "AT31", "fall", "crisis_2008")
    assert (fall["value"], fall["first_year"], fall["last_year"]) == (-5.0, 2008, 2010)
    back = one(whole, "AT31", "recovery", "crisis_2008")
    assert (back["value"], back["value_low"], back["value_high"], back["last_year"]) == (4, 4, 4, 2012)
    resistance = one(whole, "AT31", "resistance", "crisis_2008")
    assert (resistance["value"], resistance["reference_area"]) == (0, "EU27_2020")


def test_what_is_at_current_prices_says_so_in_basis_and_method(whole):
    """No reader may take a nominal recovery for one of output."""
    rows = whole[1]["bench_resilience"]
    measured = {(row["measure_id"], row["basis_id"]): row["method"] for row in rows}
    nominal = {measure for (measure, basis), method in measured.items() if basis == "gdp_current_prices"}
    assert nominal >= {"fall", "recovery", "resistance", "recoverability", "volatility_growth"}
    assert not any(basis == "gdp" for _, basis in measured)
    for (_, basis), method in measured.items():
        assert method.startswith("nominal, at current prices") == (basis == "gdp_current_prices")


def test_a_break_in_the_fall_and_a_series_that_ends_leave_no_figure(whole):
    broken = one(whole, "AT32", "fall", "crisis_2008")
    assert (broken["value"], broken["measure_state"], broken["note"]) == (
        None,
        "not_applicable",
        "break_in_series",
    )
    later = one(whole, "AT31", "recovery", "pandemic_2020")
    assert (later["measure_state"], later["note"]) == ("not_available", "year_not_reported")


def test_diversity_needs_every_branch(whole):
    assert 0.9 < one(whole, "AT31", "evenness")["value"] < 1
    lacking = one(whole, "AT34", "evenness")
    assert (lacking["value"], lacking["measure_state"]) == (None, "not_available")


def test_exposure_is_a_weighted_share_and_an_interval_where_cells_are_hidden(whole):
    shown = one(whole, "AT31", "exposure", "tourism_stop")
    assert shown["value"] == pytest.approx(100 * (10 + 5 + 10 + 10) / 110)
    hidden = one(whole, "AT34", "exposure", "tourism_stop")
    assert (hidden["value"], hidden["measure_state"], hidden["note"]) == (
        None,
        "undetermined",
        "hidden_cells",
    )
    # Section I has two divisions only, so the country's cells of 40 are the bounds, not the section's 20.
    assert hidden["value_low"] == pytest.approx(100 * 20 / 110)
    assert hidden["value_high"] == pytest.approx(100 * (20 + 40 + 20) / 110)
    assert hidden["value_low"] < shown["value"] < hidden["value_high"]


def test_a_hidden_section_puts_the_total_between_two_values(whole):
    # AT33's divisions of H stand in for its hidden section; the rest of H is at most the country's 120.
    open_total = one(whole, "AT33", "exposure", "mine")
    assert (open_total["measure_state"], open_total["note"]) == ("undetermined", "total_not_known")
    assert open_total["value_low"] == pytest.approx(100 * 10 / (110 + 120))
    assert open_total["value_high"] == pytest.approx(100 * 10 / 110)


def test_a_shock_that_the_data_lack_an_activity_of_is_listed_without_a_figure(whole):
    row = one(whole, "AT31", "exposure", "energy_price")
    assert (row["value"], row["measure_state"], row["note"]) == (None, "not_available", "missing_cells")


def test_a_published_total_of_one_or_two_parts_bounds_nothing():
    import pandas as pd

    cells = pd.DataFrame(jobs()).rename(
        columns={"employment_persons": "value", "employment_state": "cell_state"}
    )
    cells = cells.assign(
        obs_status="", nuts_level=cells["region_code"].str.len().map({2: 0, 4: 2}),
        country_code=cells["region_code"].str[:2], section_code=cells["activity_code"].str[0],
        activity_level=cells["activity_code"].str.len().map({1: "section", 3: "division"}),
    )  # fmt: skip
    two = cells[~cells["region_code"].isin(["AT31", "AT32"])]
    found = exposures(two, [CATALOG.shocks["tourism_stop"]]).set_index("region_code")
    assert found.loc["AT34", "exposure_state"] == "undetermined"
    assert found.loc["AT34", ["exposure_low_pct", "exposure_high_pct"]].isna().all()


def test_a_break_that_the_datasets_entry_names_counts_without_a_flag():
    import pandas as pd

    cells = pd.DataFrame(
        {"region_code": ["FRK2", "AT33"], "year": 2013, "obs_status": ["p", ""], "value": 1.0}
    )
    breaks = CATALOG.datasets["eurostat.trng_lfse_04"].known_breaks
    assert asset._levels(cells, breaks)["obs_status"].tolist() == ["pb", ""]


def test_rows_say_their_documents_and_the_shock_its_version(whole):
    row = one(whole, "AT31", "exposure", "energy_price")
    assert row["document_ids"] == DOCUMENT
    assert row["as_of_date"] is None
    assert row["method_version"] == f"2, energy_price {CATALOG.shocks['energy_price'].digest()[:12]}"


def test_without_data_the_table_is_empty_and_says_so_as_a_warning(tmp_path):
    record, tables = run(tmp_path, asset.resilience_stage(CATALOG, {}), {"dim_region": [region("AT33")]})
    assert tables["bench_resilience"] == []
    assert {(o.rule_id, o.severity) for o in record.outcomes if o.outcome == "failed"} == {
        ("row_count", "warning")
    }
