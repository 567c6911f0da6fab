"""The asset of cluster strength: every scheme judges, and says what it could not judge."""

import pytest

from alp_pipeline.plan.benchmarks.cluster_strength import cluster_strength_stage
from alp_pipeline.plan.benchmarks.specialisation import specialisation_stage
from alp_pipeline_tests.plan.benchmark_inputs import region, run
from alp_pipeline_tests.plan.benchmarks.regional_jobs import AUSTRIA, PERSONS, hidden, jobs, tables

THOUSANDS = {code: {name: 1000 * n for name, n in cells.items()} for code, cells in PERSONS.items()}
SCHEMES = {"observatory_2007_2012", "observatory_2007_2012_companion", "panorama_2014", "eocic_2019"}


def with_units(cells: list[dict]) -> list[dict]:
    """The same cells with a local unit for every ten persons."""
    return [
        cell
        if cell["employment_persons"] is None
        else cell | {"local_units": cell["employment_persons"] / 10, "local_units_state": "reported"}
        for cell in cells
    ]


def computed(folder, cells):
    return run(folder, cluster_strength_stage(AUSTRIA, {}), tables(cells))


def one(found, scheme: str, code: str = "AT33", name: str = "I55", reference: str = "eu28") -> dict:
    [row] = [
        row
        for row in found[1]["bench_cluster_strength"]
        if (row["reference_territory_id"], row["scheme_id"], row["region_code"], row["activity_code"])
        == (reference, scheme, code, name)
    ]
    return row


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    return computed(tmp_path_factory.mktemp("data"), with_units(jobs({2014: THOUSANDS})))


@pytest.fixture(scope="module")
def with_hidden(tmp_path_factory):
    cells = with_units(hidden(jobs({2014: THOUSANDS}), "AT33", ("C10", "C11"), 2014))
    return computed(tmp_path_factory.mktemp("data"), cells)


def test_the_panorama_gives_a_range_and_names_what_it_could_not_judge(whole) -> None:
    """Nobody is in the top fifth of four regions: what is judged is not met, the rest may be."""
    row = one(whole, "panorama_2014")
    assert (row["stars_min"], row["stars_max"], row["strength_state"]) == (0, 2, "undetermined")
    assert (row["criteria_not_met"], row["criteria_met"]) == ("specialisation size", "")
    assert row["criteria_not_evaluated"] == "productivity dynamism"
    assert "Price levels" in row["lacking_inputs"]
    assert "High-growth" in row["lacking_inputs"]


def test_five_regions_have_a_top_fifth(tmp_path) -> None:
    more = {**THOUSANDS, "AT11": dict.fromkeys(THOUSANDS["AT33"], 5000)}
    given = tables(with_units(jobs({2014: more}))) | {
        "dim_region": [*(region(code) for code in more), region("AT", 0)]
    }
    found = run(tmp_path, cluster_strength_stage(AUSTRIA, {}), given)
    row = one(found, "panorama_2014")
    assert (row["criteria_met"], row["stars_min"], row["stars_max"]) == ("specialisation size", 2, 4)


def test_without_local_units_the_size_is_not_judged_by_persons_alone(tmp_path) -> None:
    row = one(computed(tmp_path, jobs({2014: THOUSANDS})), "panorama_2014")
    assert row["criteria_not_evaluated"] == "size productivity dynamism"
    assert "average rank of persons and establishments: not in the warehouse." in row["lacking_inputs"]
    assert (row["stars_min"], row["stars_max"]) == (0, 3)


def test_a_node_of_the_eocic_is_graded_by_a_range(whole) -> None:
    row = one(whole, "eocic_2019")  # (100/200) / (200/660) = 1.65
    assert (row["is_node"], row["grade_min"], row["grade_max"], row["strength_state"]) == (
        "yes",
        0,
        5,
        "undetermined",
    )
    assert (row["criteria_met"], row["stars_min"]) == ("node_specialisation", None)
    assert row["criteria_not_evaluated"].split() == [
        "size",
        "specialisation",
        "productivity",
        "sme_performance",
        "frontier_firms",
    ]
    assert "methodology report" in row["lacking_inputs"]


def test_what_is_no_node_is_certain(whole) -> None:
    row = one(whole, "eocic_2019", "AT34")
    assert (row["is_node"], row["grade_max"], row["strength_state"]) == ("no", 0, "reported")


def test_the_observatorys_stars_are_those_of_the_specialisation_asset(tmp_path, with_hidden) -> None:
    cells = hidden(jobs({2014: THOUSANDS}), "AT33", ("C10", "C11"), 2014)
    _, other = run(tmp_path, specialisation_stage(AUSTRIA, {}), tables(cells))
    key = ("reference_territory_id", "region_code", "activity_code", "year")
    expected = {
        tuple(row[k] for k in key): (row["stars_min"], row["stars_max"])
        for row in other["bench_specialisation"]
    }
    found = [r for r in with_hidden[1]["bench_cluster_strength"] if r["scheme_id"] == "observatory_2007_2012"]
    assert {tuple(r[k] for k in key): (r["stars_min"], r["stars_max"]) for r in found} == expected


def test_a_hidden_cell_is_undetermined_in_every_scheme_and_met_by_none(with_hidden) -> None:
    for scheme, most in {"observatory_2007_2012": 3, "panorama_2014": 4, "eocic_2019": None}.items():
        row = one(with_hidden, scheme, name="C10")
        assert (row["strength_state"], row["criteria_met"], row["stars_max"]) == ("undetermined", "", most)
        assert row["criteria_undetermined"]


def test_companions_have_no_stars_and_say_what_they_need(whole) -> None:
    row = one(whole, "observatory_2007_2012_companion")
    assert (row["stars_min"], row["grade_max"], row["is_node"]) == (None, None, None)
    assert row["criteria_not_evaluated"] == "companion_innovation companion_exports"
    assert (row["strength_state"], "2006" in row["lacking_inputs"]) == ("not_available", True)


def test_every_scheme_is_applied_and_a_unit_without_data_is_there_without_verdicts(whole) -> None:
    record, found = whole
    assert [o for o in record.outcomes if o.outcome != "passed"] == []
    assert {row["scheme_id"] for row in found["bench_cluster_strength"]} == SCHEMES
    for scheme in SCHEMES:
        row = one(whole, scheme, "CH07")
        assert (row["strength_state"], row["cell_state"]) == ("not_available", "not_available")
        assert (row["stars_max"], row["criteria_not_evaluated"], row["lacking_inputs"]) == (None, "", "")


def test_the_order_of_rows_changes_nothing(tmp_path, whole) -> None:
    assert computed(tmp_path, with_units(jobs({2014: THOUSANDS}))[::-1])[1] == whole[1]


def test_without_data_the_table_is_empty_and_says_so_as_a_warning(tmp_path) -> None:
    record, found = run(tmp_path, cluster_strength_stage(AUSTRIA, {}), {"dim_region": [region("AT33")]})
    assert found["bench_cluster_strength"] == []
    assert {(o.rule_id, o.severity) for o in record.outcomes if o.outcome == "failed"} == {
        ("row_count", "warning")
    }
