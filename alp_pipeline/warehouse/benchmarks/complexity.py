"""Declarations of complexity, relatedness and opportunities: regions, activities, pairs of activities."""

from typing import Any

from sqlalchemy import Column, Float, Integer, SmallInteger, Text

from alp_pipeline.observations.schema import CELL_STATES
from alp_pipeline.warehouse.benchmarks.common import bench_table
from alp_pipeline.warehouse.columns import column

PRESENCE = ("present", "absent", "unknown")
FIGURE_STATES = (*CELL_STATES, "undetermined")
"""`undetermined`: hidden cells decide the figure; its interval says how much."""
_ACTIVITY = "dim_activity.activity_code"


def figure_state(name: str, of: str) -> "Column[Any]":
    """The state of a figure that hidden cells may leave undetermined."""
    return column(
        name,
        Text,
        f"Why {of} is there or not; undetermined where hidden cells decide it.",
        required=True,
        one_of=FIGURE_STATES,
    )


def _year() -> "Column[Any]":
    return column("year", SmallInteger, "Reference year.", key=True, unit="year")


def _span(
    of: str, unit: str, *, low: str, high: str, between: tuple[float | None, float | None] | None = None
) -> "list[Column[Any]]":
    runs = "of the three runs (hidden cells left out, absent, present); not a bound"
    return [
        column(low, Float, f"Smallest {of} {runs}.", unit=unit, between=between),
        column(high, Float, f"Largest {of} {runs}.", unit=unit, between=between),
    ]


def _basis() -> "list[Column[Any]]":
    return [
        column(
            "basis_regions",
            Integer,
            "Regions without an unknown cell that points rest on.",
            unit="regions",
            required=True,
            between=(2, None),
        ),
        column(
            "basis_activities",
            Integer,
            "Activities without an unknown cell that points rest on.",
            unit="activities",
            required=True,
            between=(2, None),
        ),
    ]


bench_complexity_region = bench_table(
    "bench_complexity_region",
    _year(),
    column("region_code", Text, "The region.", key=True, references="dim_region.region_code"),
    column(
        "eci",
        Float,
        "Economic complexity index: 0 is the mean and 1 the standard deviation of the basis.",
        unit="SD",
        states="eci_state",
    ),
    figure_state("eci_state", "the index"),
    *_span("ECI", "SD", low="eci_low", high="eci_high"),
    column("rank", Integer, "Rank by ECI among the perimeter's points.", unit="rank", between=(1, None)),
    column("ranked_count", Integer, "How many regions have a point.", unit="regions", between=(0, None)),
    column(
        "diversity",
        Integer,
        "Activities known to be present; empty for a region without data.",
        unit="activities",
        between=(0, None),
    ),
    column(
        "unknown_cells",
        Integer,
        "Activities of which nobody knows whether they are present.",
        unit="activities",
        between=(0, None),
    ),
    column(
        "outlook",
        Float,
        "Complexity outlook index: the complexity near the region that it has not; scaled as ECI.",
        unit="SD",
    ),
    *_span("outlook", "SD", low="outlook_low", high="outlook_high"),
    column("fitness", Float, "Fitness, mean 1 over the basis.", unit="1", between=(0, None)),
    column(
        "fitness_status",
        Text,
        "How its iteration ended: converged, vanishing (values depend on the number of rounds), unsettled.",
        required=True,
        one_of=("converged", "vanishing", "unsettled"),
    ),
    column(
        "anchor_correlation",
        Float,
        "Correlation of ECI with GDP per head, which decides the sign; empty where there is no GDP.",
        unit="1",
        between=(-1, 1),
    ),
    column(
        "diversity_correlation",
        Float,
        "Correlation of ECI with diversity; empty where all regions are as diverse.",
        unit="1",
        between=(-1, 1),
    ),
    column(
        "relative_eigengap",
        Float,
        "(Second less third eigenvalue) / second; near 0 a few cells decide the order.",
        unit="1",
        required=True,
        between=(0, 1),
    ),
    *_basis(),
    comment="Complexity, outlook and fitness of regions. One row per perimeter, year and region.",
)

bench_complexity_activity = bench_table(
    "bench_complexity_activity",
    _year(),
    column("activity_code", Text, "The NACE division.", key=True, references=_ACTIVITY),
    column("pci", Float, "Complexity of the activity, on the scale of ECI.", unit="SD", states="pci_state"),
    figure_state("pci_state", "the complexity"),
    *_span("complexity", "SD", low="pci_low", high="pci_high"),
    column(
        "ubiquity",
        Integer,
        "Regions known to have the activity.",
        unit="regions",
        required=True,
        between=(0, None),
    ),
    column(
        "unknown_cells",
        Integer,
        "Regions of which nobody knows whether they have it.",
        unit="regions",
        required=True,
        between=(0, None),
    ),
    *_basis(),
    comment="Complexity of activities over all regions with data. One row per year and activity.",
    per_perimeter=False,
)

bench_relatedness = bench_table(
    "bench_relatedness",
    _year(),
    column("activity_code", Text, "The activity whose code comes first.", key=True, references=_ACTIVITY),
    column("other_activity_code", Text, "The other activity.", key=True, references=_ACTIVITY),
    column(
        "co_occurrences",
        Integer,
        "Regions known to have both, hidden cells aside.",
        unit="regions",
        required=True,
        between=(0, None),
    ),
    column(
        "proximity",
        Float,
        "Of the regions that have one, the share that have the other: the smaller of the two shares.",
        unit="1",
        states="proximity_state",
        between=(0, 1),
    ),
    figure_state("proximity_state", "the proximity"),
    *_span("proximity", "1", low="proximity_low", high="proximity_high", between=(0, 1)),
    *_basis(),
    comment="Relatedness over all regions with data. One row per year and pair of activities.",
    per_perimeter=False,
)

bench_opportunity = bench_table(
    "bench_opportunity",
    _year(),
    column("region_code", Text, "The region.", key=True, references="dim_region.region_code"),
    column("activity_code", Text, "The NACE division.", key=True, references=_ACTIVITY),
    column(
        "presence",
        Text,
        "Whether the activity is present by quotient and size; unknown where the cell is hidden or missing.",
        required=True,
        one_of=PRESENCE,
    ),
    column(
        "relatedness_density_pct",
        Float,
        "Share of the activity's relatedness that the region has.",
        unit="%",
        states="density_state",
        between=(0, 100),
    ),
    figure_state("density_state", "the density"),
    *_span("density", "%", low="density_low_pct", high="density_high_pct", between=(0, 100)),
    column("gain", Float, "Complexity outlook gain of an absent activity.", unit="SD"),
    column("pci", Float, "Complexity of the activity.", unit="SD"),
    column(
        "rank",
        Integer,
        "Rank by density among the activities that the region lacks; empty for others.",
        unit="rank",
        between=(1, None),
    ),
    *_basis(),
    comment="How near each activity is to each region. One row per perimeter, year, region and activity.",
)
