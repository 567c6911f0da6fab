"""The asset of concentration: definitions written out, whom the data leave out, what hidden cells leave."""

import itertools

import pytest

from alp_pipeline.plan.benchmarks.concentration import concentration_stage
from alp_pipeline_tests.plan.benchmark_inputs import region, run
from alp_pipeline_tests.plan.benchmarks.regional_jobs import (
    CATALOG,
    DIVISIONS,
    PERSONS,
    hidden,
    jobs,
    tables,
)

PERIMETER = "eusalp_2016plus"


def computed(folder, cells, **others):
    given = tables(cells)
    given["dim_region"] = [*given["dim_region"], region("CH07"), region("LI00")]
    return run(folder, concentration_stage(CATALOG, {}), given | others)


def one(
    found, name: str, universe: str = "europe", indicator: str = "persons_employed", year: int = 2014
) -> dict:
    [row] = [
        row
        for row in found[1]["bench_concentration"]
        if (row["universe_id"], row["indicator_id"], row["activity_code"], row["year"])
        == (universe, indicator, name, year)
    ]
    return row


def gini_and_hoover(name: str) -> tuple[float, float]:
    """By all pairs of regions, and by the definition."""
    x = {code: cells[name] for code, cells in PERSONS.items()}
    totals = {code: sum(cells.values()) for code, cells in PERSONS.items()}
    s = {code: x[code] / sum(x.values()) for code in x}
    t = {code: totals[code] / sum(totals.values()) for code in x}
    pairs = sum(abs(s[a] * t[b] - s[b] * t[a]) for a, b in itertools.combinations(x, 2))
    return pairs, 50 * sum(abs(s[code] - t[code]) for code in x)


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    return computed(tmp_path_factory.mktemp("data"), jobs({2014: PERSONS}))


@pytest.mark.parametrize("name", DIVISIONS)
def test_indices_are_those_of_their_definitions(whole, name) -> None:
    row = one(whole, name)
    assert (row["locational_gini"], row["hoover"]) == pytest.approx(gini_and_hoover(name), rel=1e-12)
    assert (row["locational_gini_low"], row["hoover_high"]) == (row["locational_gini"], row["hoover"])


def test_regions_and_countries_without_data_are_counted(whole) -> None:
    row = one(whole, "C28")
    assert (row["units_total"], row["units"], row["missing_units"]) == (6, 4, 2)
    assert (row["countries_without_data"], row["state"]) == ("CH LI", "reported")
    inside = one(whole, "C28", PERIMETER)
    members = len(CATALOG.perimeters[PERIMETER].members)
    assert (inside["units_total"], inside["units"], inside["missing_units"]) == (members, 4, members - 4)
    assert {"CH", "DE", "LI"} <= set(inside["countries_without_data"].split())
    assert inside["locational_gini"] == row["locational_gini"]


def test_hidden_cells_leave_a_range_around_the_truth_and_no_value(tmp_path, whole) -> None:
    cells = jobs({2014: PERSONS})
    for code in ("AT33", "AT31"):
        cells = hidden(cells, code, ("C10", "C11"), 2014)
    row = one(computed(tmp_path, cells), "C10")
    truth = one(whole, "C10")
    assert (row["state"], row["note"], row["hidden_units"]) == ("undetermined", "hidden_cells", 2)
    assert (row["locational_gini"], row["hoover"]) == (None, None)
    assert row["locational_gini_low"] < truth["locational_gini"] < row["locational_gini_high"]
    assert row["hoover_low"] < truth["hoover"] < row["hoover_high"]


def test_what_a_section_or_a_country_gives_away_has_no_range(tmp_path) -> None:
    for names in (("C10",), ("C10", "C11")):
        row = one(
            computed(tmp_path / "".join(names), hidden(jobs({2014: PERSONS}), "AT33", names, 2014)), "C10"
        )
        assert (row["note"], row["locational_gini_low"]) == ("computable_cell", None)


def test_a_total_that_lacks_a_hidden_section_is_counted(tmp_path) -> None:
    cells = hidden(jobs({2014: PERSONS}), "AT33", ("I", "I55", "I56"), 2014)
    row = one(computed(tmp_path, hidden(cells, "AT31", ("I", "I55", "I56"), 2014)), "C28")
    assert (row["partial_totals"], row["state"]) == (2, "reported")


def test_a_year_of_few_regions_has_no_figure(tmp_path) -> None:
    later = jobs({2015: {"AT33": PERSONS["AT33"], "AT34": PERSONS["AT34"]}})
    row = one(computed(tmp_path, jobs({2014: PERSONS}) + later), "C28", year=2015)
    assert (row["units"], row["state"], row["note"]) == (2, "reported", "")
    alone = [cell for cell in later if cell["region_code"] != "AT34"]
    row = one(computed(tmp_path / "alone", jobs({2014: PERSONS}) + alone), "C28", year=2015)
    assert (row["units"], row["missing_units"], row["note"]) == (1, 5, "too_few_units")


def test_local_units_are_a_second_indicator(tmp_path) -> None:
    cells = [
        cell | {"local_units": cell["employment_persons"], "local_units_state": "reported"}
        for cell in jobs({2014: PERSONS})
    ]
    found = computed(tmp_path, hidden(cells, "AT33", ("C10",), 2014))
    assert one(found, "C10", indicator="local_units")["locational_gini"] == pytest.approx(
        gini_and_hoover("C10")[0], rel=1e-12
    )
    assert one(found, "C10")["state"] == "undetermined"


def test_the_table_passes_its_declaration_in_any_order_of_rows(tmp_path, whole) -> None:
    record, found = whole
    assert [o for o in record.outcomes if o.outcome != "passed"] == []
    assert computed(tmp_path, jobs({2014: PERSONS})[::-1])[1] == found


def test_without_data_the_table_is_empty_and_says_so_as_a_warning(tmp_path) -> None:
    record, found = run(tmp_path, concentration_stage(CATALOG, {}), {"dim_region": [region("AT33")]})
    assert found["bench_concentration"] == []
    assert {(o.rule_id, o.severity) for o in record.outcomes if o.outcome == "failed"} == {
        ("row_count", "warning")
    }
