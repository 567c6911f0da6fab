"""The asset of structure measures: definitions written out, and what hidden cells leave of them."""

import math

import pytest

from alp_pipeline.plan.benchmarks.structure_measures import structure_stage
from alp_pipeline_tests.plan.benchmark_inputs import DOCUMENT, region, run
from alp_pipeline_tests.plan.benchmarks.regional_jobs import (
    AUSTRIA,
    CATALOG,
    DIVISIONS,
    PERSONS,
    hidden,
    jobs,
    tables,
)

PERIMETER = "eusalp_2016plus"


def computed(folder, cells, catalog=AUSTRIA):
    return run(folder, structure_stage(catalog, {}), tables(cells))


def one(found, code: str, year: int = 2014, reference: str = "eu28") -> dict:
    [row] = [
        row
        for row in found[1]["bench_structure"]
        if (row["perimeter_id"], row["reference_territory_id"], row["region_code"], row["year"])
        == (PERIMETER, reference, code, year)
    ]
    return row


def shares(cells) -> list[float]:
    return [value / sum(cells.values()) for value in cells.values()]


def bits(parts) -> float:
    return -sum(p * math.log2(p) for p in parts)


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    return computed(tmp_path_factory.mktemp("data"), jobs({2014: PERSONS}))


@pytest.fixture(scope="module")
def with_hidden(tmp_path_factory):
    """AT33 hides two divisions of manufacturing, AT31 too: sections and the country give none away."""
    cells = hidden(hidden(jobs({2014: PERSONS}), "AT33", ("C10", "C11"), 2014), "AT31", ("C10", "C11"), 2014)
    return computed(tmp_path_factory.mktemp("data"), cells)


def test_measures_are_those_of_their_definitions(whole) -> None:
    row = one(whole, "AT33")
    p = shares(PERSONS["AT33"])
    q = shares({name: sum(cells[name] for cells in PERSONS.values()) for name in DIVISIONS})
    assert row["herfindahl"] == pytest.approx(sum(x * x for x in p), rel=1e-12)
    assert row["entropy"] == pytest.approx(bits(p), rel=1e-12)
    assert row["theil"] == pytest.approx(sum(x * math.log(x / y) for x, y in zip(p, q, strict=True)))
    assert row["krugman"] == pytest.approx(sum(abs(x - y) for x, y in zip(p, q, strict=True)))
    assert row["hachman"] == pytest.approx(1 / sum(x * x / y for x, y in zip(p, q, strict=True)))
    assert row["unrelated_variety"] == pytest.approx(bits([60 / 200, 140 / 200]))
    assert row["unrelated_variety"] + row["related_variety"] == pytest.approx(row["entropy"], rel=1e-12)
    assert (row["krugman_low"], row["krugman_high"]) == (row["krugman"], row["krugman"])
    assert (row["reported_cells"], row["hidden_cells"], row["missing_cells"], row["note"]) == (5, 0, 0, "")
    assert (row["document_ids"], row["as_of_date"]) == (DOCUMENT, None)


def test_a_hidden_cell_leaves_bounds_around_the_truth_and_no_value(whole, with_hidden) -> None:
    row, truth = one(with_hidden, "AT33"), one(whole, "AT33")
    for name in ("herfindahl", "entropy", "theil", "krugman", "hachman", "related_variety"):
        assert (row[name], row[f"{name}_state"]) == (None, "undetermined")
        assert row[f"{name}_low"] < truth[name] < row[f"{name}_high"]
    assert (row["hidden_cells"], row["note"]) == (2, "hidden_cells")


def test_between_sections_nothing_is_hidden(whole, with_hidden) -> None:
    assert one(with_hidden, "AT33")["unrelated_variety"] == one(whole, "AT33")["unrelated_variety"]


def test_bounds_that_would_give_a_cell_away_are_not_given(tmp_path) -> None:
    alone = one(computed(tmp_path, hidden(jobs({2014: PERSONS}), "AT33", ("C10",), 2014)), "AT33")
    assert (alone["krugman"], alone["krugman_low"], alone["krugman_high"]) == (None, None, None)
    assert alone["note"] == "computable_cell"


def test_a_countrys_total_gives_cells_away_that_sections_do_not(tmp_path) -> None:
    row = one(computed(tmp_path, hidden(jobs({2014: PERSONS}), "AT33", ("C10", "C11"), 2014)), "AT33")
    assert (row["krugman_low"], row["note"]) == (None, "computable_cell")


def test_a_reference_that_lacks_too_much_takes_only_what_compares_with_it(tmp_path) -> None:
    cells = jobs({2013: PERSONS, 2014: PERSONS})
    pending = {"employment_persons": None, "employment_state": "not_yet_published"}
    cells = [row | pending if (row["region_code"], row["year"]) == ("AT", 2014) else row for row in cells]
    found = computed(tmp_path, cells)
    assert one(found, "AT33", 2013)["krugman_state"] == "reported"
    row = one(found, "AT33", 2014)
    assert (row["krugman_state"], row["note"]) == ("not_yet_published", "reference_not_known")
    assert (row["entropy_state"], row["entropy"]) == ("reported", one(found, "AT33", 2013)["entropy"])


def test_every_unit_is_listed_and_the_table_passes_its_declaration(whole) -> None:
    record, found = whole
    assert [o for o in record.outcomes if o.outcome != "passed"] == []
    rows = [row for row in found["bench_structure"] if row["perimeter_id"] == PERIMETER]
    assert len(rows) == 2 * len(CATALOG.perimeters[PERIMETER].members)
    absent = one(whole, "CH07")
    assert (absent["entropy_state"], absent["note"], absent["missing_cells"]) == (
        "not_available",
        "no_row",
        5,
    )


def test_the_order_of_rows_changes_nothing(tmp_path, with_hidden) -> None:
    cells = hidden(hidden(jobs({2014: PERSONS}), "AT33", ("C10", "C11"), 2014), "AT31", ("C10", "C11"), 2014)
    assert computed(tmp_path, cells[::-1])[1] == with_hidden[1]


def test_without_data_the_table_is_empty_and_says_so_as_a_warning(tmp_path) -> None:
    record, found = run(tmp_path, structure_stage(CATALOG, {}), {"dim_region": [region("AT33")]})
    assert found["bench_structure"] == []
    assert {(o.rule_id, o.severity) for o in record.outcomes if o.outcome == "failed"} == {
        ("row_count", "warning")
    }


def test_a_reference_without_any_row_is_not_available(tmp_path) -> None:
    cells = [row for row in jobs({2014: PERSONS}) if row["region_code"] != "AT"]
    row = one(computed(tmp_path, cells, CATALOG), "AT33")
    assert (row["krugman_state"], row["note"], row["entropy_state"]) == (
        "not_available",
        "reference_not_known",
        "reported",
    )
