"""The benchmarks of the small release, made of literal rows.

Regions AT33, FRK1, ITC4 and ITH3 have a rank interval in `conditions`; CH04 is undetermined (a confidential
cell is part of it), LI00 has nothing. `refusals` is a refused recipe.
"""

from datetime import date
from typing import Any

from alp_pipeline.catalog.models import RecipeEntry
from alp_pipeline.reports.index.read import INDEX_TABLES
from alp_pipeline_tests.reports.change_rows import add_change, add_gaps
from alp_pipeline_tests.reports.releases import REGIONS, Rows, small_release

RECIPE, REFUSED, YEAR = "conditions", "refusals", 2015
WITHIN_BOUNDS = 41.7319
"""Stands in columns of hidden cells, where no page may show it."""
COMMON = {
    "method": "composite index: normalise, weight, aggregate",
    "method_version": "1",
    "universe": "6 regions of the test",
    "as_of_date": date(2017, 7, 31),
    "document_ids": "doc-lfs",
}
# region → score, rank, low, high, median, assumed share
SCORES: dict[str, tuple[float, int, int, int, float, float]] = {
    "AT33": (81.26, 1, 1, 2, 1.0, 12.5),
    "ITH3": (60.0, 2, 1, 4, 2.5, 0.0),
    "ITC4": (55.55, 3, 2, 4, 3.0, 40.0),
    "FRK1": (20.0, 4, 3, 4, 4.0, 0.0),
}


def recipes(version: str = "1") -> dict[str, RecipeEntry]:
    """The catalogue's entry of the computed recipe; there is none of the refused one."""
    label = dict.fromkeys(("en", "it", "de", "fr", "sl"), "Conditions <of> the test")
    entry = {
        "id": RECIPE,
        "label": label,
        "description": {"en": "What the test measures."},
        "version": version,
        "pillars": [
            {
                "id": "labour",
                "label": label | {"en": "Labour & co"},
                "indicators": [{"id": "unemployment_rate"}],
            },
            {"id": "wealth", "label": label | {"en": "Wealth"}, "indicators": [{"id": "household_income"}]},
        ],
        "years": {"coverage_min": 0.66, "oldest": 3},
        "indicators_min": 0.66,
        "pillar_indicators_min": 1,
        "steps": [{"step": "normalise", "method": "minmax"}, {"step": "aggregate", "method": "arithmetic"}],
        "uncertainty": {"draws": 2000, "seed": 4711},
        "verified": False,
        "notes": ["A note of the recipe."],
    }
    return {RECIPE: RecipeEntry.model_validate(entry)}


def benchmark_release(*, is_synthetic: bool = False) -> Rows:
    """The small release with benchmarks."""
    rows = small_release(is_synthetic=is_synthetic)
    for table in (
        *INDEX_TABLES,
        "bench_reference_region",
        "bench_opportunity",
        "bench_complexity_activity",
        "bench_relatedness",
        "bench_reference_variable",
        "bench_performance_gap",
        "bench_shift_share",
        "bench_resilience",
    ):
        rows[table] = []
    _index(rows)
    _refused(rows)
    _audit(rows)
    _peers(rows)
    _opportunities(rows)
    add_gaps(rows, COMMON, WITHIN_BOUNDS)
    add_change(rows, COMMON, WITHIN_BOUNDS)
    return rows


def _row(**columns: Any) -> dict[str, Any]:
    return {"perimeter_id": "alps", "recipe_id": RECIPE, "year": YEAR, **COMMON, **columns}


def _index(rows: Rows) -> None:
    rows["bench_index_status"].append(
        _row(
            outcome="computed",
            indicators=2,
            indicators_used=2,
            indicators_min=0.66,
            missing_indicators="",
            detail="2 of 2 indicators have enough data",
        )
    )
    for indicator, pillar, direction in (
        ("unemployment_rate", "labour", -1),
        ("household_income", "wealth", 1),
    ):
        rows["bench_index_indicator"].append(
            _row(
                indicator_id=indicator,
                pillar_id=pillar,
                direction=direction,
                weight=1.0,
                is_used=True,
                source_year=2015 if direction < 0 else 2013,
                coverage_pct=83.3,
                effective_weight_pct=50.0,
                reason="",
            )
        )
    for code in REGIONS:
        for element in (RECIPE, "labour", "wealth"):
            rows["bench_index"].append(_score_row(code, element))
        for indicator in ("unemployment_rate", "household_income"):
            rows["bench_index_value"].append(_value_row(code, indicator))
    for factor, assumed, first, total in (("weights", False, 0.45, 0.76), ("data_flags", True, -0.01, 0.02)):
        rows["bench_index_sensitivity"].append(
            _row(
                factor=factor,
                is_assumption=assumed,
                first_order=first,
                first_order_low=first - 0.05,
                first_order_high=first + 0.05,
                total_order=total,
                total_order_low=total - 0.01,
                total_order_high=total + 0.01,
                output="mean change of rank",
            )
        )


def _score_row(code: str, element: str) -> dict[str, Any]:
    is_index = element == RECIPE
    row = _row(
        region_code=code,
        element_id=element,
        element="index" if is_index else "pillar",
        ranked_count=len(SCORES),
    )
    if code not in SCORES:
        # What a hidden cell leaves possible may stand in a table; it is not to be shown.
        hidden = {"CH04": {"rank_low": 1, "rank_high": 4, "rank_median": 2.0, "score": WITHIN_BOUNDS}}
        state = "undetermined" if code == "CH04" else "not_available"
        return row | {"score_state": state, **hidden.get(code, {})}
    score, rank, low, high, middle, assumed = SCORES[code]
    interval = {
        "rank_low": low,
        "rank_high": high,
        "rank_median": middle,
        "assumed_share_pct": assumed,
        "class_id": "class_1" if rank < 3 else "class_2",
        "class_probability_pct": 64.0,
        "draws": 2000,
    }
    return row | {"score": score, "score_state": "reported", "rank": rank} | (interval if is_index else {})


def _value_row(code: str, indicator: str) -> dict[str, Any]:
    if code in SCORES:
        values = {
            "value": 7.0,
            "treated_value": 7.0,
            "normalised_value": SCORES[code][0],
            "rank": SCORES[code][1],
        }
        return _row(region_code=code, indicator_id=indicator, cell_state="reported", obs_status="", **values)
    state = "confidential" if code == "CH04" else "not_available"
    hidden = {"normalised_value": WITHIN_BOUNDS} if code == "CH04" else {}
    return _row(region_code=code, indicator_id=indicator, cell_state=state, obs_status="", **hidden)


def _refused(rows: Rows) -> None:
    refused = {"recipe_id": REFUSED, "document_ids": "doc-lfs"}
    rows["bench_index_status"].append(
        _row(
            outcome="refused",
            indicators=3,
            indicators_used=1,
            indicators_min=0.66,
            missing_indicators="household_income patents",
            detail="1 of 3 indicators have enough data, below 66%; missing: household_income, patents",
        )
        | refused
    )
    for indicator, is_used in (("unemployment_rate", True), ("household_income", False)):
        rows["bench_index_indicator"].append(
            _row(
                indicator_id=indicator,
                pillar_id="all_of_it",
                direction=1,
                weight=1.0,
                is_used=is_used,
                source_year=2015 if is_used else None,
                coverage_pct=83.3 if is_used else 40.0,
                effective_weight_pct=None,
                reason="" if is_used else "at most 40 % of the regions have a number",
            )
            | refused
        )


def _audit(rows: Rows) -> None:
    def put(section: int, name: str, table: str, number: int, label: str, column: str, value: Any) -> None:
        is_number = isinstance(value, float)
        rows["bench_index_audit"].append(
            _row(
                section_number=section,
                section=name,
                table_id=table,
                row_number=number,
                row_label=label,
                column_id=column,
                value=value if is_number else None,
                text="" if is_number else str(value),
            )
        )

    put(1, "framework", "finding", 1, "", "note", "Indicators: 2; aggregates: 3; levels: 3; units: 6.")
    about = "CH04 unemployment_rate"
    put(2, "availability", "finding", 1, about, "warning", "unemployment_rate is thin where <b> CH04 stands.")
    for column, value in (("units", 6.0), ("available", 4.0), ("confidential", 1.0), ("availability", 2 / 3)):
        put(2, "availability", "indicators", 1, "unemployment_rate", column, value)
    # Bounds of hidden cells may be in an audit; a page shows only what is listed.
    put(2, "availability", "4_aggregate_intervals", 1, "CH04", "lower", WITHIN_BOUNDS)
    put(6, "uncertainty", "ranks", 5, "CH04", "score_low", WITHIN_BOUNDS)
    put(4, "coherence", "finding", 1, RECIPE, "warning", f"{RECIPE}: alpha 0.31 below 0.7.")
    for column, value in (("alpha", 0.3149), ("items", 2.0), ("units", 4.0), ("is_incoherent", "True")):
        put(4, "coherence", "alpha", 1, RECIPE, column, value)
    for column, value in (("code", "labour"), ("other_code", "wealth"), ("correlation", -0.456)):
        put(4, "coherence", "correlations_within", 1, RECIPE, column, value)
    for number, (one, other, r) in enumerate(
        (("unemployment_rate", "labour", 1.0), ("unemployment_rate", RECIPE, 0.7), ("labour", RECIPE, 0.7),
         ("household_income", "wealth", 1.0), ("household_income", RECIPE, 0.6), ("wealth", RECIPE, 0.6)),
        start=1,
    ):  # fmt: skip
        for column, value in (("code", one), ("other_code", other), ("correlation", r)):
            put(4, "coherence", "correlations_above", number, "1", column, value)
    put(6, "uncertainty", "finding", 1, "weights", "note", "weights decides most.")
    put(7, "links", "finding", 1, "", "not_evaluated", "No outside indicator was given.")


def _peers(rows: Rows) -> None:
    for candidates, rank, peer in (("all", 1, "ITH3"), ("all", 2, "AT33"), ("other_countries", 1, "AT33")):
        rows["bench_reference_region"].append(
            {
                "perimeter_id": "alps",
                **COMMON,
                "candidates": candidates,
                "region_code": "ITC4",
                "peer_code": peer,
                "distance_state": "reported",
                "rank": rank,
                "distance": 0.0123 * rank,
                "weight_covered_pct": 95.0,
                "weight_carried_pct": 0.0,
                "is_own_country": peer.startswith("IT"),
                "runs": 5,
                "runs_kept": 4,
                "rank_best": rank,
                "rank_worst": rank + 3,
                "group_kept_pct": 80.0,
                "decisive_dimension_id": "firm_size",
            }
        )


def _opportunities(rows: Rows) -> None:
    basis = {"basis_regions": 5, "basis_activities": 4, "year": 2014}
    for code, presence, density, state, rank in (
        ("C13", "present", 60.0, "reported", None),
        ("C15", "absent", 44.4, "reported", 1),
        ("I55", "absent", WITHIN_BOUNDS, "undetermined", None),
        ("C12", "unknown", None, "undetermined", None),
    ):
        rows["bench_opportunity"].append(
            {
                "perimeter_id": "alps",
                **COMMON,
                **basis,
                "region_code": "ITC4",
                "activity_code": code,
                "presence": presence,
                "relatedness_density_pct": density,
                "density_state": state,
                "density_low_pct": 40.0,
                "density_high_pct": 50.0,
                "rank": rank,
            }
        )
        rows["bench_complexity_activity"].append(
            {
                **COMMON,
                **basis,
                "activity_code": code,
                "pci": 1.234,
                "pci_state": "reported",
                "pci_low": 1.0,
                "pci_high": 1.5,
                "ubiquity": 3,
                "unknown_cells": 0,
            }
        )
    for one, other, proximity in (("C13", "C15", 0.6), ("C13", "I55", 0.2), ("C15", "I55", None)):
        rows["bench_relatedness"].append(
            {
                **COMMON,
                **basis,
                "activity_code": one,
                "other_activity_code": other,
                "co_occurrences": 3,
                "proximity": proximity,
                "proximity_state": "undetermined" if proximity is None else "reported",
            }
        )
