"""The asset of composite indices: refused by name without enough data, else with what ranks rest on."""

from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from alp_pipeline.catalog.loader import load_catalog
from alp_pipeline.plan.benchmarks.frames import perimeters_of_regions
from alp_pipeline.plan.benchmarks.index import index_stage
from alp_pipeline.plan.benchmarks.index_rows import ComputedIndex, recipe_of, score_rows
from alp_pipeline_tests.plan.benchmark_inputs import DOCUMENT, indicator, region, run

RECIPE = "framework_conditions"
YEAR = 2014
LINKED, LINK_DOCUMENT = "regional_competitiveness_index", "b" * 64
NOT_THERE = "life_expectancy"
HIDDEN, ABSENT = "AT33", "LI00"
Tables = dict[str, list[dict[str, Any]]]


def members() -> list[str]:
    return sorted({code for entry in perimeters_of_regions(load_catalog()) for code, _ in entry.members})


def computed(
    folder: Any,
    *,
    without: tuple[str, ...] = (),
    flags: str = "p",
    blind: tuple[str, str] = ("", "none"),
) -> Tables:
    """Every indicator of the recipe but those in `without`; one cell is confidential, one region absent.

    `blind`: an indicator, and the country of which no region has a number of it.

    Of the indicators that it is held against one is there, in an earlier year and from another document.
    """
    rng = np.random.default_rng(11)
    catalog = load_catalog()
    rows = []
    for name in sorted(set(catalog.recipes[RECIPE].indicator_ids) - set(without)):
        rows += [
            indicator(name, code, YEAR, float(rng.normal(50, 10)), flags=flags if code < "C" else "")
            for code in members()
            if code != ABSENT
            and (name, code) != ("neet_rate", HIDDEN)
            and not (name == blind[0] and code.startswith(blind[1]))
        ]
    rows.append(indicator("neet_rate", HIDDEN, YEAR, "confidential"))
    rows += [
        indicator(LINKED, code, YEAR - 1, float(rng.normal(20, 3))) | {"document_ids": LINK_DOCUMENT}
        for code in members()
        if code != ABSENT
    ]
    stage = index_stage(catalog, {DOCUMENT: "2017-07-31", LINK_DOCUMENT: "2018-05-01"})
    record, tables = run(
        folder, stage, {"fct_indicator": rows, "dim_region": [region(code) for code in [*members(), "BE10"]]}
    )
    failed = [o for o in record.outcomes if o.is_failure and o.severity == "critical"]
    assert not failed, failed
    return tables


@pytest.fixture(scope="module")
def tables(tmp_path_factory: pytest.TempPathFactory) -> Tables:
    return computed(tmp_path_factory.mktemp("index"))


def of_index(tables: Tables, region_code: str) -> dict[str, Any]:
    (row,) = (
        row
        for row in tables["bench_index"]
        if (row["perimeter_id"], row["element_id"], row["region_code"])
        == ("eusalp_2016plus", RECIPE, region_code)
    )
    return row


@pytest.mark.parametrize("name", sorted(load_catalog().recipes))
def test_every_recipe_of_the_catalogue_can_be_followed(name: str) -> None:
    recipe = recipe_of(load_catalog().recipes[name])
    assert recipe.id == name
    assert recipe.uncertainty is not None


def test_a_recipe_without_enough_data_is_refused_with_the_indicators_that_are_missing(tables: Tables) -> None:
    status = {
        row["recipe_id"]: row
        for row in tables["bench_index_status"]
        if row["perimeter_id"] == "eusalp_2016plus"
    }
    assert status[RECIPE]["outcome"] == "computed"
    refused = status["regional_innovation_capacity"]
    assert refused["outcome"] == "refused"
    assert "research_expenditure" in refused["missing_indicators"].split()
    assert "2 of 11 indicators have enough data, below 65%" in refused["detail"]
    assert {row["recipe_id"] for row in tables["bench_index"]} == {RECIPE}


def test_a_pillar_without_any_indicator_refuses_the_index_though_enough_others_are_there(
    tmp_path: Any,
) -> None:
    found = computed(tmp_path, without=("unemployment_rate", "employment_rate"))
    status = next(row for row in found["bench_index_status"] if row["recipe_id"] == RECIPE)
    assert status["outcome"] == "refused"
    assert "the pillar work has fewer than 1 indicators" in status["detail"]
    assert found["bench_index"] == []


def test_every_unit_of_the_perimeter_is_listed_with_the_reason_where_it_has_no_score(tables: Tables) -> None:
    listed = [
        row
        for row in tables["bench_index"]
        if (row["perimeter_id"], row["element"]) == ("eusalp_2016plus", "index")
    ]
    assert len(listed) == 43
    assert sorted(row["rank"] for row in listed if row["rank"]) == list(range(1, 42))
    assert of_index(tables, ABSENT)["score_state"] == "not_available"
    assert of_index(tables, HIDDEN)["score_state"] == "undetermined"


def test_nothing_of_a_confidential_cell_is_in_any_table(tables: Tables) -> None:
    hidden = of_index(tables, HIDDEN)
    assert all(hidden[name] is None for name in ("score", "rank", "rank_low", "rank_high", "class_id"))
    cells = [
        row
        for row in tables["bench_index_value"]
        if (row["region_code"], row["indicator_id"]) == (HIDDEN, "neet_rate")
    ]
    assert cells
    for row in cells:
        assert row["cell_state"] == "confidential"
        assert all(row[name] is None for name in ("value", "treated_value", "normalised_value", "rank"))


def test_a_rank_has_an_interval_a_class_and_the_share_that_is_assumed(tables: Tables) -> None:
    row = of_index(tables, "AT21")
    assert 1 <= row["rank_low"] <= row["rank_median"] <= row["rank_high"] <= 41
    assert row["class_id"] in {"class_1", "class_2", "class_3", "class_4"}
    assert 25 <= row["class_probability_pct"] <= 100
    assert 0 <= row["assumed_share_pct"] <= 100
    assert row["draws"] == 2000
    assert 500 < row["score_draws"] < 850  # one normalisation of three has the scale of the score
    assert 1 < row["score_low"] < row["score_high"] < 100
    assert row["is_score_outside"] == (not row["score_low"] <= row["score"] <= row["score_high"])
    assert 0 <= row["score_assumed_share_pct"] <= 100
    assert (row["method_version"], str(row["as_of_date"])) == ("2", "2017-07-31")


def test_sensitivity_says_which_factors_are_declared_assumptions(tables: Tables) -> None:
    found = {row["factor"]: row for row in tables["bench_index_sensitivity"]}
    entry = load_catalog().recipes[RECIPE]
    assert set(found) == {
        *(one["factor"] for one in entry.uncertainty["method"]),
        "data_flags",
        "data_imputed",
    }
    assert [name for name, row in found.items() if row["is_assumption"]] == ["data_flags"]
    assert found["weights"]["total_order"] > 0.1


def test_the_audit_is_in_the_handbooks_order_with_findings_in_every_section(tables: Tables) -> None:
    rows = tables["bench_index_audit"]
    sections = {row["section_number"]: row["section"] for row in rows}
    assert [sections[number] for number in sorted(sections)] == [
        "framework", "availability", "treatment", "coherence", "weights", "uncertainty", "links",
    ]  # fmt: skip
    assert {row["section"] for row in rows if row["table_id"] == "finding"} == set(sections.values())
    assert not any(HIDDEN in row["row_label"].split() and row["column_id"].startswith("rank") and row["value"]
                   for row in rows if row["section"] == "uncertainty")  # fmt: skip


def status_of(tables: Tables) -> dict[str, Any]:
    return next(
        row
        for row in tables["bench_index_status"]
        if (row["perimeter_id"], row["recipe_id"]) == ("eusalp_2016plus", RECIPE)
    )


def test_label_version_draws_and_seed_are_in_the_tables(tables: Tables) -> None:
    entry = load_catalog().recipes[RECIPE]
    row = status_of(tables)
    assert (row["recipe_label"], row["method_version"]) == (entry.label.en, entry.version)
    assert (row["draws"], row["seed"]) == (2000, entry.uncertainty["seed"])


def test_a_declared_spread_that_finds_no_cell_is_said_loudly_and_refuses_no_index(
    tables: Tables, tmp_path: Any
) -> None:
    assert status_of(tables)["idle_factors"] == ""
    unflagged = status_of(computed(tmp_path, flags=""))
    assert unflagged["outcome"] == "computed"
    assert unflagged["idle_factors"] == "data_flags"
    assert "data_flags: no cell of these data to move" in unflagged["detail"]


def test_year_and_documents_of_linked_indicators_are_found_with_one_query(tables: Tables) -> None:
    found = {
        (row["row_label"], row["row_number"], row["column_id"]): row["value"] or row["text"]
        for row in tables["bench_index_audit"]
        if (row["section"], row["table_id"]) == ("links", "links")
    }
    others = {number: value for (_, number, column), value in found.items() if column == "other_code"}
    assert set(others.values()) == {LINKED, NOT_THERE}
    for (_, number, column), value in found.items():
        is_there = others[number] == LINKED
        assert (column != "other_year") or (value == YEAR - 1 if is_there else not value)
        assert (column != "other_document_ids") or value == (LINK_DOCUMENT if is_there else "")
    assert {column for _, _, column in found} >= {"other_year", "other_document_ids"}
    sources = {
        row["section"]: (row["document_ids"], str(row["as_of_date"])) for row in tables["bench_index_audit"]
    }
    assert sources["links"] == (f"{DOCUMENT} {LINK_DOCUMENT}", "2018-05-01")
    assert sources["framework"] == (DOCUMENT, "2017-07-31")


def findings(tables: Tables, section: str) -> list[tuple[str, str]]:
    return [
        (row["column_id"], row["text"])
        for row in tables["bench_index_audit"]
        if (row["section"], row["table_id"]) == (section, "finding")
    ]


def test_a_linked_indicator_without_a_document_is_said_to_be_not_available(tables: Tables) -> None:
    said = [text for severity, text in findings(tables, "links") if severity == "not_evaluated"]
    assert len(said) == 1
    assert said[0].startswith(f"{NOT_THERE}: not available.")
    assert "expected: a positive link" in said[0]


def test_a_link_says_year_universe_and_the_sign_expected(tables: Tables) -> None:
    of_index = [text for _, text in findings(tables, "links") if text.startswith(f"{RECIPE} and {LINKED}")]
    assert len(of_index) == 1  # noise beside noise: nothing is certain, and nothing is called another story
    assert f"{LINKED} of {YEAR - 1}: r = " in of_index[0]
    assert "over 42 of 42 units with a score" in of_index[0]  # of the universe: all perimeters' regions
    assert "expected: a positive link" in of_index[0]


def test_a_country_that_lacks_an_indicator_is_named_with_its_regions(tmp_path: Any) -> None:
    found = computed(tmp_path, blind=("household_income_per_head_eur", "CH"))
    said = " ".join(text for _, text in findings(found, "availability"))
    assert "household_income_per_head_eur has no number for any unit of CH: CH01, CH02, CH03" in said
    effect = " ".join(text for _, text in findings(found, "uncertainty"))
    assert "Without household_income_per_head_eur, which CH lacks, ranks shift by" in effect


@pytest.mark.parametrize("name", sorted(load_catalog().recipes))
def test_every_recipe_varies_what_it_could_have_done_otherwise(name: str) -> None:
    """Compensability (aggregation) and what stands in for missing cells among it, on scales above zero."""
    entry = load_catalog().recipes[name]
    steps = {one["step"]: one["alternatives"] for one in entry.uncertainty["method"] if "step" in one}
    assert {one["method"] for one in steps["aggregate"]} == {"arithmetic", "geometric"}
    assert {one["method"] for one in steps["impute"]} >= {"none", "group_mean"}
    for one in steps["normalise"]:
        assert one["method"] == "rank" or one.get("low", 0) > 0 or one.get("mean", 0) > 5 * one.get("sd", 1)


def test_ends_of_a_rank_interval_are_rounded_outwards() -> None:
    """Quantiles of ranks fall between two ranks: the interval told must contain them."""
    perimeter = load_catalog().default_perimeter
    codes = [code for code, _ in perimeter.members]
    ends = {"rank_low": 2.4, "rank_median": 3.5, "rank_high": 4.6, "rank_assumed_share": 0.0}
    scores = {"score_low": 1.0, "score_high": 9.0, "score_assumed_share": 0.0, "is_score_outside": False}
    summary = pd.DataFrame({**ends, **scores, "draws_scored": 9, "draws_ranked": 9}, index=codes)
    classes = pd.DataFrame({"class_1": 1.0}, index=codes)
    found = SimpleNamespace(summary=summary, classes=classes)
    scored = pd.DataFrame({RECIPE: np.arange(43.0)}, index=codes)
    result = SimpleNamespace(
        scores=scored,
        states=scored.astype("object").mask(scored.notna(), "reported"),
        framework=SimpleNamespace(aggregates=(RECIPE,)),
    )
    uncertainty = SimpleNamespace(summary=summary, among=lambda known: found)
    chosen = SimpleNamespace(recipe=load_catalog().recipes[RECIPE], year=YEAR)
    rows = score_rows(chosen, ComputedIndex(result, uncertainty, None), [perimeter])  # type: ignore[arg-type]
    assert rows["rank_low"].unique().tolist() == [2.0]
    assert rows["rank_high"].unique().tolist() == [5.0]


def test_first_and_total_shares_of_the_variance_are_known_to_a_tenth_or_so(tables: Tables) -> None:
    """With a few hundred runs an interval is as wide as the share itself, and says nothing."""
    for row in tables["bench_index_sensitivity"]:
        assert row["total_order_high"] - row["total_order_low"] < 0.25, row["factor"]
        assert row["first_order_high"] - row["first_order_low"] < 0.25, row["factor"]
