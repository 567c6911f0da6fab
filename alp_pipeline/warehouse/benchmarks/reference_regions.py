"""Declarations of the reference regions: dimensions, variables, peers, contributions, performance gaps."""

from typing import Any

from sqlalchemy import Boolean, Column, Float, Integer, SmallInteger, Text

from alp_pipeline.observations.schema import CELL_STATES
from alp_pipeline.warehouse.benchmarks.common import bench_table
from alp_pipeline.warehouse.columns import column, state_column

GAP_STATES = (*CELL_STATES, "undetermined")
CANDIDATES = ("all", "other_countries")
_PCT = (0, 100.000001)
"""A share may come out a last bit above the whole."""


def _region() -> "Column[Any]":
    return column("region_code", Text, "The region.", key=True, references="dim_region.region_code")


def _candidates() -> "Column[Any]":
    return column(
        "candidates",
        Text,
        "Who may be a peer: all regions, or those of other countries only.",
        key=True,
        one_of=CANDIDATES,
    )


def _peer() -> "Column[Any]":
    return column(
        "peer_code",
        Text,
        "A reference region; the region itself where it has none.",
        key=True,
        references="dim_region.region_code",
    )


def _distance_state() -> "Column[Any]":
    return column(
        "distance_state",
        Text,
        "Why there is a peer or not: undetermined where hidden values leave too little to compare.",
        required=True,
        one_of=GAP_STATES,
    )


bench_reference_dimension = bench_table(
    "bench_reference_dimension",
    column("dimension_id", Text, "The dimension of structure.", key=True),
    column("is_used", Boolean, "Whether the distance holds it.", required=True),
    column("weight_pct", Float, "Its weight in the distance.", unit="%", between=_PCT),
    column("weighting", Text, "How its variables are weighed.", required=True, one_of=("equal", "pca")),
    column("variables", SmallInteger, "Variables of the dimension.", unit="variables", required=True),
    column("variables_used", SmallInteger, "Those with enough data.", unit="variables", required=True),
    column("reason", Text, "Why it, or some variable, is not used; empty text if all are.", required=True),
    column("is_to_verify", Boolean, "Whether weight or variables are still to verify.", required=True),
    comment="What the structural distance is made of and what it lacks. One row per perimeter and dimension.",
)

bench_reference_variable = bench_table(
    "bench_reference_variable",
    _region(),
    column("variable_id", Text, "The variable.", key=True),
    column("dimension_id", Text, "Its dimension.", required=True),
    column(
        "indicator_id",
        Text,
        "The indicator that it is.",
        required=True,
        references="dim_indicator.indicator_id",
    ),
    column(
        "activity_code",
        Text,
        "The activity of the indicator; TOTAL where it is not broken down.",
        required=True,
        references="dim_activity.activity_code",
    ),
    column(
        "share_of_code",
        Text,
        "The activity that it is a share of, in %; empty where it is no share.",
        references="dim_activity.activity_code",
    ),
    column("value", Float, "The value that is compared.", unit="see dim_indicator.unit", states="cell_state"),
    state_column("cell_state", "the value"),
    column("year", SmallInteger, "The year of the value.", unit="year"),
    column("reference_year", SmallInteger, "The year meant for all regions.", unit="year"),
    column("is_carried", Boolean, "Whether the value is of another year than the one meant.", required=True),
    column("scaled_value", Float, "Between the lowest (0) and highest (1) region.", unit="1", between=(0, 1)),
    column("transformation", Text, "Applied before scaling.", required=True, one_of=("none", "log", "sqrt")),
    column("weight_pct", Float, "In the distance; empty where it is not used.", unit="%", between=_PCT),
    comment="The structure of each region, variable by variable. One row per perimeter, region and variable.",
)

bench_reference_region = bench_table(
    "bench_reference_region",
    _candidates(),
    _region(),
    _peer(),
    _distance_state(),
    column(
        "rank", Integer, "1 is structurally nearest.", unit="rank", between=(1, None), states="distance_state"
    ),
    column(
        "distance",
        Float,
        "Structural distance.",
        unit="1",
        between=(0, 1.000001),
        states="distance_state",
    ),
    column(
        "weight_covered_pct",
        Float,
        "Share of all weight that both have.",
        unit="%",
        between=_PCT,
        states="distance_state",
    ),
    column(
        "weight_carried_pct",
        Float,
        "Share of all weight where one side's value is of another year.",
        unit="%",
        between=_PCT,
        states="distance_state",
    ),
    column("is_own_country", Boolean, "Whether both lie in one country."),
    column(
        "runs",
        SmallInteger,
        "Runs with one dimension left out that the region has a number in, and in which it has enough weight "
        "for a distance; few runs, little is known of stability.",
        unit="runs",
        states="distance_state",
    ),
    column(
        "runs_kept",
        SmallInteger,
        "Runs in which it stays among the nearest.",
        unit="runs",
        states="distance_state",
    ),
    column("rank_best", Integer, "Best rank over the runs.", unit="rank", between=(1, None)),
    column("rank_worst", Integer, "Worst rank over the runs.", unit="rank", between=(1, None)),
    column(
        "group_kept_pct",
        Float,
        "Share of the region's peers that stay among the nearest, mean over the runs.",
        unit="%",
        between=_PCT,
    ),
    column(
        "decisive_dimension_id",
        Text,
        "The dimension without which fewest peers stay, of two or more runs; empty where there are fewer.",
    ),
    comment="The structurally nearest regions. One row per perimeter, candidates, region and peer; "
    "a region without a peer has one row that says why.",
)

bench_reference_contribution = bench_table(
    "bench_reference_contribution",
    _candidates(),
    _region(),
    _peer(),
    _distance_state(),
    column("dimension_id", Text, "The dimension.", key=True),
    column(
        "contribution",
        Float,
        "What it adds to the distance.",
        unit="1",
        between=(0, 1.000001),
        states="distance_state",
    ),
    column("contribution_pct", Float, "Of the distance; empty where that is zero.", unit="%", between=_PCT),
    column(
        "weight_covered_pct",
        Float,
        "Share of the dimension's weight that both have.",
        unit="%",
        between=_PCT,
        states="distance_state",
    ),
    column(
        "rank_without",
        Integer,
        "The peer's rank when the dimension is left out; empty without a distance then.",
        unit="rank",
        between=(1, None),
    ),
    comment="Why a region is near. One row per perimeter, candidates, region, peer and dimension; "
    "a region without a peer has one per dimension that says why.",
)

bench_performance_gap = bench_table(
    "bench_performance_gap",
    _candidates(),
    _region(),
    column("indicator_id", Text, "The indicator.", key=True, references="dim_indicator.indicator_id"),
    column("year", SmallInteger, "The year compared, of region and peers alike.", unit="year"),
    column("direction", SmallInteger, "1: more is better; -1: less is better.", unit="1", required=True),
    column("value", Float, "The region's value.", unit="see dim_indicator.unit", states="value_state"),
    state_column("value_state", "the value"),
    column("peers", SmallInteger, "Peers in the reference group.", unit="regions", required=True),
    column("peers_reported", SmallInteger, "Peers with a number in the year.", unit="regions", required=True),
    column("peers_confidential", SmallInteger, "Peers that are hidden.", unit="regions", required=True),
    *(
        column(name, Float, what, unit=unit, states="gap_state")
        for name, what, unit in (
            ("group_median", "Median of the peers' numbers.", "see dim_indicator.unit"),
            ("group_mean", "Mean of the peers' numbers.", "see dim_indicator.unit"),
            ("gap_to_median", "Value minus the median.", "see dim_indicator.unit"),
            ("gap_to_mean", "Value minus the mean.", "see dim_indicator.unit"),
            ("better_than_pct", "Share of the peers' numbers that are worse; a tie counts half.", "%"),
        )
    ),
    column(
        "gap_state",
        Text,
        "Why there is a gap or not; undetermined where too few peers have a number.",
        required=True,
        one_of=GAP_STATES,
    ),
    column(
        "standing",
        Text,
        "Against the group's median.",
        required=True,
        one_of=("ahead", "level", "behind", "no_direction", "undetermined"),
    ),
    comment="Gaps to the reference group. One row per perimeter, candidates, region and indicator.",
)
