"""Declaration of `bench_shift_share`."""

from typing import Any

from sqlalchemy import Column, Float, Integer, SmallInteger, Text

from alp_pipeline.observations.schema import CELL_STATES
from alp_pipeline.warehouse.benchmarks.common import bench_table
from alp_pipeline.warehouse.columns import column

ROW_KINDS = ("activity", "not_shown", "sum_of_sections", "sum_of_divisions")
VARIANTS = ("classic", "esteban_marquillas", "dynamic")
TERMS = {
    "national_share": "What the reference's growth accounts for.",
    "industry_mix": "What the activity's growth in the reference accounts for, beyond the reference's.",
    "regional_shift": "What is left: the region's own growth; not in esteban_marquillas.",
    "competitive_effect": "Shift of the employment it would have with the reference's structure; "
    "esteban_marquillas alone.",
    "allocation_effect": "Shift of what it has beyond that; esteban_marquillas alone.",
    "entry": "Change of an activity that began from nothing.",
}


def _persons(name: str, what: str, **rules: Any) -> "Column[Any]":
    return column(name, Float, what, unit="persons", **rules)


bench_shift_share = bench_table(
    "bench_shift_share",
    column(
        "reference_territory_id",
        Text,
        "The territory whose growth is compared with.",
        key=True,
        references="dim_perimeter.perimeter_id",
    ),
    column("region_code", Text, "The region.", key=True, references="dim_region.region_code"),
    column(
        "activity_code",
        Text,
        "NACE division or section; the section of a block; TOTAL for a sum.",
        key=True,
        references="dim_activity.activity_code",
    ),
    column(
        "row_kind",
        Text,
        "activity: itself; not_shown: the divisions of the section that lack a figure in a year of the "
        "window, as one; sum_of_sections; sum_of_divisions: divisions and blocks (they differ by rounding).",
        key=True,
        one_of=ROW_KINDS,
    ),
    column("first_year", SmallInteger, "First year of the window.", key=True, unit="year"),
    column("last_year", SmallInteger, "Last year of the window.", key=True, unit="year"),
    column(
        "variant",
        Text,
        "classic; esteban_marquillas: the shift split in two; dynamic: classic from year to year, summed.",
        key=True,
        one_of=VARIANTS,
    ),
    _persons("first_value", "Persons employed in the first year.", between=(0, None)),
    _persons("last_value", "Persons employed in the last year.", between=(0, None)),
    _persons("change", "Change over the window: the sum of the terms, exactly.", states="change_state"),
    column(
        "change_state",
        Text,
        "Why there is a change with its terms or not; undetermined where a cell is hidden, not_applicable "
        "for a break in series.",
        required=True,
        one_of=(*CELL_STATES, "undetermined"),
    ),
    *(_persons(name, what) for name, what in TERMS.items()),
    column(
        "note",
        Text,
        "Why there are no terms, in a word: year_not_reported, break_in_series, reference_not_known, "
        "region_total_not_known (of a block: its section's total), absent_from_reference, computable_cell (a "
        "block would give a hidden cell away), parts_without_terms, no_row; else empty text.",
        required=True,
    ),
    column(
        "cells_without",
        Integer,
        "Of a sum: parts without terms; empty for others.",
        unit="activities",
        between=(0, None),
    ),
    column(
        "block_activities",
        Integer,
        "Divisions in the block; of sum_of_divisions, in all of the region's blocks; empty for others.",
        unit="activities",
        between=(0, None),
    ),
    column(
        "reference_covered_pct",
        Float,
        "Share of the reference territory whose countries published every year of the window without a "
        "break: its growth is theirs.",
        unit="%",
        required=True,
        between=(0, 100),
    ),
    column("statistical_unit", Text, "What is counted.", required=True),
    column("classification_version", Text, "Version of the activity classification.", required=True),
    comment="Shift-share of the change in employment. One row per perimeter, reference, region, activity, "
    "kind of row, window and variant.",
)
