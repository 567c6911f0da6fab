"""Declaration of `bench_resilience`."""

from sqlalchemy import Float, SmallInteger, Text

from alp_pipeline.observations.schema import CELL_STATES
from alp_pipeline.warehouse.benchmarks.common import bench_table
from alp_pipeline.warehouse.columns import column

MEASURE_STATES = (*CELL_STATES, "undetermined", "censored", "no_fall")
MEASURES = {
    "evenness": "Entropy of employment by branch over its greatest value: 1 is even, 0 one branch alone.",
    "effective_branches": "Of how many equal branches a region would be as diverse.",
    "herfindahl": "Concentration of employment by branch: from 1/n (even) to 1 (one branch).",
    "volatility_growth": "Standard deviation of annual growth rates.",
    "volatility_trend": "Standard deviation around a linear trend of the logarithm.",
    "fall": "Trough against the peak before the downturn, on the basis: nominal for gdp_current_prices.",
    "recovery": "Years from the peak until the level was back, likewise nominal for gdp_current_prices.",
    "resistance": "Growth from the reference area's peak to its trough, against the reference's own.",
    "recoverability": "Growth from the reference area's trough on, against the reference's own.",
    "exposure": "Weighted share of employment in the activities that a shock hits.",
}

bench_resilience = bench_table(
    "bench_resilience",
    column("region_code", Text, "The region.", key=True, references="dim_region.region_code"),
    column(
        "measure_id",
        Text,
        "The measure: " + " ".join(f"{name}: {what}" for name, what in MEASURES.items()),
        key=True,
        one_of=tuple(MEASURES),
    ),
    column(
        "basis_id",
        Text,
        "What it is measured on: employed_residents (a volume), gdp_current_prices (nominal: inflation makes "
        "falls smaller and returns earlier, so it says nothing of output), persons_employed, or "
        "employment_by_branch (residents employed, by branch of the labour force survey).",
        key=True,
    ),
    column("event_id", Text, "The downturn or the shock; empty text for a measure without one.", key=True),
    column("value", Float, "The measure.", unit="see unit", states="measure_state"),
    column(
        "value_low", Float, "Least possible value; equal to the value where it is known.", unit="see unit"
    ),
    column("value_high", Float, "Greatest possible value; empty where it is open.", unit="see unit"),
    column("unit", Text, "Unit of the measure.", required=True, one_of=("1", "%", "branches", "years")),
    column(
        "measure_state",
        Text,
        "Why the value is there or not; undetermined where hidden cells or gaps leave it open; censored "
        "where the level was not back by the last year; no_fall where there was nothing to recover from.",
        required=True,
        one_of=MEASURE_STATES,
    ),
    column("note", Text, "The reason in a word; empty text where there is none.", required=True),
    column("first_year", SmallInteger, "First year that it rests on; of a downturn the peak.", unit="year"),
    column("last_year", SmallInteger, "Last year that it rests on.", unit="year"),
    column(
        "reference_area", Text, "The area that it is compared with; empty text without one.", required=True
    ),
    comment="Resilience of regions. One row per perimeter, region, measure, basis and event.",
)
