"""The asset of shift-share: terms written out, exact closure, windows, and a reference like with like."""

import pytest

from alp_pipeline.plan.benchmarks.shift_share import shift_share_stage
from alp_pipeline_tests.plan.benchmark_inputs import region, run
from alp_pipeline_tests.plan.benchmarks.regional_jobs import (
    AUSTRIA,
    CATALOG,
    PERSONS,
    changed,
    hidden,
    jobs,
    tables,
)

PERIMETER = "eusalp_2016plus"
TERMS = (
    "national_share",
    "industry_mix",
    "regional_shift",
    "competitive_effect",
    "allocation_effect",
    "entry",
)
MIDDLE = {code: {**cells, "I55": cells["I55"] + 7} for code, cells in PERSONS.items()}
LATER = {code: {**cells, "C28": cells["C28"] + 30} for code, cells in PERSONS.items()} | {
    "AT33": {**PERSONS["AT33"], "C28": 80, "I55": 130}
}
YEARS = {2012: PERSONS, 2013: MIDDLE, 2014: LATER}


def computed(folder, cells, catalog=AUSTRIA):
    return run(folder, shift_share_stage(catalog, {}), tables(cells))


def rows_of(found, **wanted) -> list[dict]:
    chosen = {"perimeter_id": PERIMETER, "reference_territory_id": "eu28", **wanted}
    return [row for row in found[1]["bench_shift_share"] if {k: row[k] for k in chosen} == chosen]


def one(found, code: str, name: str, variant: str = "classic", kind: str = "") -> dict:
    kind = kind or ("sum_of_sections" if name == "TOTAL" else "activity")
    [row] = rows_of(found, region_code=code, activity_code=name, variant=variant, row_kind=kind)
    return row


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    return computed(tmp_path_factory.mktemp("data"), jobs(YEARS))


def test_terms_are_those_of_the_definition(whole) -> None:
    row = one(whole, "AT33", "C28")
    total = sum(sum(cells.values()) for cells in PERSONS.values())
    later = sum(sum(cells.values()) for cells in LATER.values())
    activity = sum(cells["C28"] for cells in PERSONS.values())
    activity_later = sum(cells["C28"] for cells in LATER.values())
    national = 20 * (later / total - 1)
    mix = 20 * (activity_later / activity - 1) - national
    assert (row["first_year"], row["last_year"], row["change"]) == (2012, 2014, 60)
    assert row["national_share"] == pytest.approx(national, rel=1e-12)
    assert row["industry_mix"] == pytest.approx(mix, rel=1e-12)
    assert row["regional_shift"] == pytest.approx(60 - national - mix, rel=1e-12)
    assert (row["competitive_effect"], row["entry"], row["note"]) == (None, 0, "")


def test_terms_of_every_row_add_up_to_the_change_exactly(whole) -> None:
    known = [row for row in whole[1]["bench_shift_share"] if row["change"] is not None]
    assert {row["variant"] for row in known} == {"classic", "esteban_marquillas", "dynamic"}
    assert all(sum(row[name] or 0.0 for name in TERMS) == row["change"] for row in known)


def test_the_total_is_the_sum_of_the_sections(whole) -> None:
    for variant in ("classic", "esteban_marquillas", "dynamic"):
        total = one(whole, "AT33", "TOTAL", variant)
        assert total["change"] == sum(LATER["AT33"].values()) - sum(PERSONS["AT33"].values())
        assert total["industry_mix"] == pytest.approx(
            sum(one(whole, "AT33", section, variant)["industry_mix"] for section in ("C", "I"))
        )
        assert total["cells_without"] == 0


def test_a_hidden_cell_has_no_terms_and_its_section_has(tmp_path) -> None:
    found = computed(tmp_path, hidden(jobs(YEARS), "AT33", ("C10", "C11"), 2014))
    row = one(found, "AT33", "C10")
    assert (row["change"], row["change_state"], row["note"]) == (None, "undetermined", "year_not_reported")
    assert [row[name] for name in TERMS] == [None] * 6
    assert one(found, "AT33", "C")["change_state"] == "reported"
    assert one(found, "AT33", "TOTAL")["change_state"] == "reported"


def test_a_hidden_section_leaves_no_total(tmp_path) -> None:
    row = one(computed(tmp_path, hidden(jobs(YEARS), "AT33", ("I",), 2014)), "AT33", "TOTAL")
    assert (row["change"], row["change_state"], row["cells_without"]) == (None, "undetermined", 1)
    assert row["note"] == "parts_without_terms"


def test_what_a_section_does_not_show_is_a_block_and_with_it_the_total_closes(tmp_path) -> None:
    """AT31 hides as many, so that Austria's divisions give none away."""
    cells = hidden(hidden(jobs(YEARS), "AT33", ("C10", "C11"), 2014), "AT31", ("C10", "C11"), 2014)
    record, _ = found = computed(tmp_path, cells)
    assert [o for o in record.outcomes if o.outcome != "passed"] == []
    block = one(found, "AT33", "C", kind="not_shown")
    assert (block["first_value"], block["last_value"], block["block_activities"]) == (40, 40, 2)
    before, after = (
        sum(cells[name] for cells in year.values() for name in ("C10", "C11")) for year in (PERSONS, LATER)
    )
    whole, later = (sum(sum(cells.values()) for cells in year.values()) for year in (PERSONS, LATER))
    assert block["national_share"] == pytest.approx(40 * (later / whole - 1), rel=1e-12)
    assert block["regional_shift"] == pytest.approx(-40 * (after / before - 1), abs=1e-9)
    for variant in ("classic", "esteban_marquillas", "dynamic"):
        total = one(found, "AT33", "TOTAL", variant, "sum_of_divisions")
        assert total["change"] == one(found, "AT33", "TOTAL", variant)["change"]
        assert total["change"] == sum(total[name] or 0.0 for name in TERMS)
        assert (total["block_activities"], total["cells_without"]) == (2, 0)
    assert not rows_of(found, region_code="AT32", row_kind="not_shown")


@pytest.mark.parametrize("names", [("C10",), ("C10", "C11")])
def test_a_block_that_a_total_gives_away_has_no_figure(tmp_path, names) -> None:
    """One hidden division follows from its section, two from Austria's divisions."""
    found = computed(tmp_path, hidden(jobs(YEARS), "AT33", names, 2014))
    block = one(found, "AT33", "C", kind="not_shown")
    assert (block["change_state"], block["note"]) == ("undetermined", "computable_cell")
    assert [block[name] for name in ("first_value", "last_value", "change", *TERMS)] == [None] * 9
    total = one(found, "AT33", "TOTAL", kind="sum_of_divisions")
    assert (total["change"], total["change_state"], total["cells_without"]) == (None, "undetermined", 1)
    assert one(found, "AT33", "TOTAL")["change_state"] == "reported"


def test_a_regions_break_in_series_is_not_a_change(tmp_path) -> None:
    found = computed(tmp_path, changed(jobs(YEARS), "AT33", ("C28",), 2013, employment_status="b"))
    row = one(found, "AT33", "C28")
    assert (row["change"], row["change_state"], row["note"]) == (None, "not_applicable", "break_in_series")


def test_a_window_ends_where_the_reference_breaks_or_is_missing(tmp_path) -> None:
    cells = jobs({2011: PERSONS, **YEARS})
    everything = (*PERSONS["AT33"], "C", "I")
    broken = changed(cells, "AT", everything, 2014, employment_status="b")
    found = computed(tmp_path, hidden(broken, "AT", everything, 2011))
    assert {(row["first_year"], row["last_year"]) for row in rows_of(found)} == {(2012, 2013)}


def test_a_country_without_a_row_takes_no_part_in_windows_with_that_year(tmp_path) -> None:
    """So it is with what the nesting rule put into quarantine."""
    cells = [
        row
        for row in jobs({2011: PERSONS, **YEARS})
        if (row["region_code"], row["activity_code"], row["year"]) != ("AT", "C", 2011)
    ]
    found = computed(tmp_path, cells)
    assert {(row["first_year"], row["last_year"]) for row in rows_of(found)} == {(2012, 2014)}


def test_longest_and_newest_window(tmp_path) -> None:
    found = computed(tmp_path, jobs(dict.fromkeys(range(2008, 2016), PERSONS)))
    assert {(row["first_year"], row["last_year"]) for row in rows_of(found)} == {(2008, 2015), (2010, 2015)}


def test_an_activity_that_a_country_hides_in_a_year_takes_no_part_in_the_references_growth(tmp_path) -> None:
    found = computed(tmp_path, hidden(jobs(YEARS), "AT", ("C10",), 2013))
    row = one(found, "AT33", "C10")
    assert (row["change"], row["note"], row["reference_covered_pct"]) == (None, "reference_not_known", 100)


def test_every_unit_is_listed_and_the_table_passes_its_declaration(whole) -> None:
    record, _ = whole
    assert [o for o in record.outcomes if o.outcome != "passed"] == []
    assert len(rows_of(whole)) == len(CATALOG.perimeters[PERIMETER].members) * 9 * 3
    absent = one(whole, "CH07", "TOTAL")
    assert (absent["change_state"], absent["note"]) == ("not_available", "no_row")


def test_the_order_of_rows_changes_nothing(tmp_path, whole) -> None:
    assert computed(tmp_path, jobs(YEARS)[::-1])[1] == whole[1]


def test_without_a_window_the_table_is_empty_and_says_so_as_a_warning(tmp_path) -> None:
    record, found = run(tmp_path, shift_share_stage(CATALOG, {}), {"dim_region": [region("AT33")]})
    assert found["bench_shift_share"] == []
    assert {(o.rule_id, o.severity) for o in record.outcomes if o.outcome == "failed"} == {
        ("row_count", "warning")
    }
