"""Gaps to the peers, shift-share and resilience of the small release, made of literal rows."""

from typing import Any

from alp_pipeline_tests.reports.releases import Rows


def add_gaps(rows: Rows, common: dict[str, Any], within_bounds: float) -> None:
    """One indicator with a gap, one that is confidential; a dimension with and one without a number."""
    base = {"perimeter_id": "alps", **common, "region_code": "ITC4"}
    for dimension, value in (("firm_size", 4.2), ("sectoral_structure_industry", None)):
        rows["bench_reference_variable"].append(
            {
                **base,
                "variable_id": f"{dimension}_variable",
                "dimension_id": dimension,
                "indicator_id": "unemployment_rate",
                "activity_code": "TOTAL",
                "value": value,
                "cell_state": "reported" if value else "not_available",
                "is_carried": False,
                "transformation": "none",
                "weight_pct": 50.0,
            }
        )
    for indicator, value, state, gap_state in (
        ("unemployment_rate", 7.9, "reported", "reported"),
        ("household_income", None, "confidential", "undetermined"),
    ):
        is_known = gap_state == "reported"
        rows["bench_performance_gap"].append(
            {
                **base,
                "candidates": "all",
                "indicator_id": indicator,
                "year": 2015,
                "direction": -1,
                "value": value,
                "value_state": state,
                "peers": 2,
                "peers_reported": 2 if is_known else 1,
                "peers_confidential": 0,
                # What stands beside another state is not to be shown.
                "group_median": 5.47 if is_known else within_bounds,
                "better_than_pct": 0.0 if is_known else within_bounds,
                "gap_state": gap_state,
                "standing": "behind" if is_known else "undetermined",
            }
        )


def add_change(rows: Rows, common: dict[str, Any], within_bounds: float) -> None:
    """Two windows of shift-share; a censored recovery, no fall, and what hidden cells leave open."""
    base = {"perimeter_id": "alps", **common}
    for region, kind, code, first, terms, note in (
        ("ITC4", "sum_of_sections", "TOTAL", 2011, (-30.0, 5.0, -25.0), ""),
        ("ITC4", "activity", "C", 2011, (-20.0, 4.0, -4.0), ""),
        ("ITC4", "activity", "I", 2011, None, "year_not_reported"),
        ("ITC4", "sum_of_sections", "TOTAL", 2008, (1.0, 1.0, 1.0), ""),
        ("CH04", "sum_of_sections", "TOTAL", 2011, None, "no_row"),
    ):
        names = ("national_share", "industry_mix", "regional_shift")
        figures = {"change": sum(terms), **dict(zip(names, terms, strict=True))} if terms else {}
        rows["bench_shift_share"].append(
            {
                **base,
                "reference_territory_id": "eu28",
                "region_code": region,
                "activity_code": code,
                "row_kind": kind,
                "first_year": first,
                "last_year": first + 2,
                "variant": "classic",
                "change_state": "reported" if terms else "undetermined",
                "note": note,
                "reference_covered_pct": 96.9,
                "statistical_unit": "local_unit",
                "classification_version": "NACE Rev. 2",
                **figures,
            }
        )
    crisis = "crisis_2008"
    for measure, basis, event, value, low, unit, state in (
        ("fall", "employed_residents", crisis, -2.46, -2.46, "%", "reported"),
        ("recovery", "employed_residents", crisis, None, 8.0, "years", "censored"),
        ("resistance", "employed_residents", crisis, 0.63, 0.63, "1", "reported"),
        ("fall", "gdp_current_prices", crisis, None, None, "%", "no_fall"),
        ("recovery", "gdp_current_prices", crisis, None, None, "years", "no_fall"),
        ("resistance", "gdp_current_prices", crisis, None, within_bounds, "1", "undetermined"),
        ("exposure", "persons_employed", "energy_price", None, within_bounds, "%", "undetermined"),
    ):
        rows["bench_resilience"].append(
            {
                **base,
                "region_code": "ITC4",
                "measure_id": measure,
                "basis_id": basis,
                "event_id": event,
                "value": value,
                "value_low": low,
                "unit": unit,
                "measure_state": state,
                "note": "",
                "reference_area": "EU28" if measure == "resistance" else "",
            }
        )
