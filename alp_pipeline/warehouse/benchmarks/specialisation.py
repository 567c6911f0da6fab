"""Declaration of `bench_specialisation`."""

from sqlalchemy import Float, Integer, SmallInteger, Text

from alp_pipeline.warehouse.benchmarks.common import bench_table
from alp_pipeline.warehouse.columns import column, state_column

_STAR = ("yes", "no", "undetermined")

bench_specialisation = bench_table(
    "bench_specialisation",
    column(
        "reference_territory_id",
        Text,
        "The territory that shares are compared with.",
        key=True,
        references="dim_perimeter.perimeter_id",
    ),
    column("variable", Text, "What is compared, e.g. persons employed.", key=True),
    column("region_code", Text, "The region.", key=True, references="dim_region.region_code"),
    column("activity_code", Text, "The NACE division.", key=True, references="dim_activity.activity_code"),
    column("year", SmallInteger, "Reference year.", key=True, unit="year"),
    column("statistical_unit", Text, "What is counted.", required=True),
    column("activity_scope", Text, "The activities that totals span.", required=True),
    column("classification_version", Text, "Version of the activity classification.", required=True),
    column("scheme_id", Text, "The star scheme and its version.", required=True),
    column(
        "ranking_floor_persons",
        Integer,
        "Cells below are not ranked (a choice of the scheme's entry).",
        unit="persons",
        required=True,
        between=(0, None),
    ),
    column(
        "reference_missing_max_pct",
        Float,
        "Share of the reference territory that may be missing before a quotient is withheld (likewise).",
        unit="%",
        required=True,
        between=(0, 100),
    ),
    column("value", Float, "The variable in the region and activity.", unit="persons", states="cell_state"),
    state_column("cell_state", "value"),
    column("obs_status", Text, "Flag letters of the value; empty text where none.", required=True),
    column(
        "location_quotient",
        Float,
        "(region's share of the activity) / (reference territory's share).",
        unit="1",
        states="location_quotient_state",
        between=(0, None),
    ),
    state_column("location_quotient_state", "the location quotient"),
    column(
        "size_share_pct",
        Float,
        "Share of the reference territory's total of the activity.",
        unit="%",
        states="size_share_state",
        between=(0, None),
    ),
    state_column("size_share_state", "the size share"),
    column(
        "focus_pct",
        Float,
        "Share of the activity in the region's total.",
        unit="%",
        states="focus_state",
        between=(0, None),
    ),
    state_column("focus_state", "the focus"),
    column(
        "growth_pct",
        Float,
        "Change against the year before; not across a break in series.",
        unit="%",
        states="growth_state",
    ),
    state_column("growth_state", "the growth"),
    column(
        "region_total",
        Float,
        "The region's total over the activity scope, published parts only.",
        unit="persons",
    ),
    column("region_hidden_cells", Integer, "Confidential sections within the region's total.", unit="cells"),
    column(
        "reference_activity_total",
        Float,
        "The activity in the reference territory, published country rows.",
        unit="persons",
    ),
    column("reference_hidden_cells", Integer, "Confidential country rows within that total.", unit="cells"),
    column(
        "reference_missing_cells",
        Integer,
        "Country rows absent from that total for another reason.",
        unit="cells",
    ),
    column(
        "reference_total",
        Float,
        "All activities in the reference territory, published country rows.",
        unit="persons",
    ),
    column(
        "reference_total_hidden_cells",
        Integer,
        "Confidential country × section rows within that total.",
        unit="cells",
    ),
    column(
        "star_size",
        Text,
        "Size criterion met; undetermined where hidden cells could decide; empty without data.",
        one_of=_STAR,
    ),
    column("star_specialisation", Text, "Specialisation criterion met.", one_of=_STAR),
    column("star_focus", Text, "Focus criterion met.", one_of=_STAR),
    column(
        "stars_min", SmallInteger, "Stars that are certain; empty without data.", unit="stars", between=(0, 3)
    ),
    column(
        "stars_max",
        SmallInteger,
        "Stars that are possible; empty without data.",
        unit="stars",
        between=(0, 3),
    ),
    column(
        "rank_location_quotient",
        Integer,
        "Rank by location quotient in the perimeter, among cells above the size floor; empty when unranked.",
        unit="rank",
        between=(1, None),
    ),
    column("ranked_count", Integer, "How many regions were ranked.", unit="regions", between=(0, None)),
    comment="Specialisation by region × division. One row per perimeter, reference, variable and cell.",
)
