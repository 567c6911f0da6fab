"""Declarations of regions with their neighbours across borders, and of spatial association."""

from sqlalchemy import Float, Integer, SmallInteger, Text

from alp_pipeline.warehouse.benchmarks.common import bench_table
from alp_pipeline.warehouse.benchmarks.complexity import figure_state
from alp_pipeline.warehouse.columns import column, state_column

bench_neighbourhood = bench_table(
    "bench_neighbourhood",
    column("year", SmallInteger, "Reference year.", key=True, unit="year"),
    column("region_code", Text, "The region.", key=True, references="dim_region.region_code"),
    column("activity_code", Text, "The NACE division.", key=True, references="dim_activity.activity_code"),
    column(
        "location_quotient",
        Float,
        "Quotient of the region together with all its neighbours, across borders.",
        unit="1",
        states="location_quotient_state",
        between=(0, None),
    ),
    figure_state("location_quotient_state", "the quotient"),
    column(
        "published_quotient",
        Float,
        "The same over those of them that publish the activity, the region's own cell being among them.",
        unit="1",
        between=(0, None),
    ),
    column(
        "pooled_regions",
        Integer,
        "How many of them publish it; 0 without a published quotient.",
        unit="regions",
        required=True,
        between=(0, None),
    ),
    column(
        "surroundings",
        Integer,
        "The region and its neighbours; empty where not all neighbours are listed.",
        unit="regions",
        between=(1, None),
    ),
    comment="Specialisation of regions with their neighbours. One row per perimeter, year, region and "
    "activity.",
)

bench_spatial_association = bench_table(
    "bench_spatial_association",
    column("year", SmallInteger, "Reference year.", key=True, unit="year"),
    column("activity_code", Text, "The NACE division.", key=True, references="dim_activity.activity_code"),
    column(
        "morans_i",
        Float,
        "Moran's I of the location quotients of the perimeter's regions that publish one.",
        unit="1",
        states="morans_i_state",
    ),
    state_column("morans_i_state", "Moran's I"),
    column("expected", Float, "Its value where neighbours are alike by chance alone.", unit="1"),
    column(
        "p_value",
        Float,
        "Share of random orders as extreme, two-sided; one test of many.",
        unit="1",
        between=(0, 1),
    ),
    column("permutations", Integer, "Random orders drawn.", unit="orders", required=True),
    column("seed", Integer, "Seed of the draw.", unit="seed", required=True),
    column("units", Integer, "Regions that took part.", unit="regions", required=True, between=(0, None)),
    column(
        "unknown_cells",
        Integer,
        "Regions of the perimeter without a quotient: hidden or missing; left out.",
        unit="regions",
        required=True,
        between=(0, None),
    ),
    comment="Whether neighbours are specialised alike. One row per perimeter, year and activity.",
)
