"""Declaration of `bench_cluster_strength`."""

from typing import Any

from sqlalchemy import Column, SmallInteger, Text

from alp_pipeline.observations.schema import CELL_STATES
from alp_pipeline.warehouse.benchmarks.common import bench_table
from alp_pipeline.warehouse.columns import column, state_column


def _count(name: str, what: str, unit: str) -> "Column[Any]":
    return column(name, SmallInteger, what, unit=unit, between=(0, None))


def _criteria(name: str, what: str) -> "Column[Any]":
    listed = "Criteria {}, separated by blanks (those of nodes and companions by their role first)."
    return column(name, Text, listed.format(what), required=True)


bench_cluster_strength = bench_table(
    "bench_cluster_strength",
    column(
        "reference_territory_id",
        Text,
        "The territory that location quotients compare with.",
        key=True,
        references="dim_perimeter.perimeter_id",
    ),
    column("scheme_id", Text, "The scheme; `method_version` has its version.", key=True),
    column("region_code", Text, "The region.", key=True, references="dim_region.region_code"),
    column("activity_code", Text, "The NACE division.", key=True, references="dim_activity.activity_code"),
    column("year", SmallInteger, "Reference year.", key=True, unit="year"),
    state_column("cell_state", "the persons employed"),
    column(
        "strength_state",
        Text,
        "reported where what the scheme gives is certain; undetermined where a hidden cell or a criterion "
        "that could not be evaluated decides it; not_available where the scheme could judge nothing; else "
        "the cell's state.",
        required=True,
        one_of=(*CELL_STATES, "undetermined"),
    ),
    _count("stars_min", "Stars that are certain; empty without data or in a scheme without stars.", "stars"),
    _count(
        "stars_max", "Stars that are possible: criteria undetermined or not evaluated may be met.", "stars"
    ),
    column(
        "is_node",
        Text,
        "Whether it is a regional cluster at all; empty without data or in a scheme without nodes.",
        one_of=("yes", "no", "undetermined"),
    ),
    _count("grade_min", "Grading criteria certainly met; empty likewise; 0 for what is no node.", "criteria"),
    _count("grade_max", "Grading criteria possibly met.", "criteria"),
    _criteria("criteria_met", "met"),
    _criteria("criteria_not_met", "not met"),
    _criteria("criteria_undetermined", "that a hidden or unknown figure leaves open"),
    _criteria("criteria_not_evaluated", "that could not be evaluated"),
    column(
        "lacking_inputs",
        Text,
        "What the criteria that were not evaluated would need; empty text where all were.",
        required=True,
    ),
    column("statistical_unit", Text, "What is counted.", required=True),
    column("classification_version", Text, "Version of the activity classification.", required=True),
    comment="Cluster strength of the perimeters' units by every scheme of the catalogue. One row per "
    "reference, scheme, region, division and year.",
    per_perimeter=False,
)
