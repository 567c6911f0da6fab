"""Declaration of `bench_concentration`."""

from typing import Any

from sqlalchemy import Column, Float, Integer, SmallInteger, Text

from alp_pipeline.observations.schema import CELL_STATES
from alp_pipeline.warehouse.benchmarks.common import bench_table
from alp_pipeline.warehouse.columns import column

_INTERNAL = (
    "Internal, not for publication: {} possible value, over all that hidden cells may hold, where each has "
    "bounds and none could be computed; else the value."
)


def _measure(name: str, unit: str, what: str, greatest: float) -> "list[Column[Any]]":
    return [
        column(name, Float, what, unit=unit, states="state", between=(0, greatest)),
        column(f"{name}_low", Float, _INTERNAL.format("least"), unit=unit, between=(0, greatest)),
        column(f"{name}_high", Float, _INTERNAL.format("greatest"), unit=unit, between=(0, greatest)),
    ]


def _count(name: str, what: str) -> "Column[Any]":
    return column(name, Integer, what, unit="regions", required=True, between=(0, None))


bench_concentration = bench_table(
    "bench_concentration",
    column(
        "universe_id",
        Text,
        "Where the activity's regions are compared: europe (every NUTS 2 region of one version), or the "
        "identifier of a perimeter (its units alone).",
        key=True,
    ),
    column(
        "indicator_id",
        Text,
        "What is located: persons employed, or local units.",
        key=True,
        references="dim_indicator.indicator_id",
    ),
    column("activity_code", Text, "The NACE division.", key=True, references="dim_activity.activity_code"),
    column("year", SmallInteger, "Reference year.", key=True, unit="year"),
    *_measure(
        "locational_gini",
        "1",
        "Gini of the Lorenz curve over regions ordered by location quotient: 0 where the activity lies as "
        "all activities do, towards 1 where it is in one place.",
        1.0,
    ),
    *_measure(
        "hoover",
        "%",
        "Share of the activity that would have to move to lie as all activities do.",
        100.0,
    ),
    column(
        "state",
        Text,
        "Why there are figures or not; undetermined where a region's cell is hidden.",
        required=True,
        one_of=(*CELL_STATES, "undetermined"),
    ),
    column(
        "note",
        Text,
        "Why there is no figure, in a word: hidden_cells, computable_cell (bounds would give a hidden cell "
        "away), unbounded_cell (a hidden cell has no bounds), too_few_units, nothing_counted; else "
        "empty text.",
        required=True,
    ),
    _count("units_total", "Regions of the universe."),
    _count("units", "Regions that took part: their cell is published or hidden, and they have a total."),
    _count("hidden_units", "Regions among them whose cell is confidential."),
    _count("missing_units", "Regions without data for the activity and year: they take no part."),
    column(
        "countries_without_data",
        Text,
        "Countries of the universe of which no region took part, separated by blanks; else empty text.",
        required=True,
    ),
    _count("partial_totals", "Regions that took part with a total that lacks a hidden section."),
    column("statistical_unit", Text, "What is counted.", required=True),
    column("classification_version", Text, "Version of the activity classification.", required=True),
    comment="How unevenly an activity lies over regions. One row per universe, indicator, activity and year.",
    per_perimeter=False,
)
