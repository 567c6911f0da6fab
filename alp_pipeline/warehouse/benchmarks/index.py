"""Declarations of the composite indices: status, indicators, values, scores, sensitivity and audit."""

from sqlalchemy import BigInteger, Boolean, Float, Integer, SmallInteger, Text

from alp_pipeline.observations.schema import CELL_STATES
from alp_pipeline.warehouse.benchmarks.common import bench_table
from alp_pipeline.warehouse.columns import column, state_column

SCORE_STATES = (*CELL_STATES, "undetermined")


def _recipe() -> list:  # type: ignore[type-arg]
    return [column("recipe_id", Text, "The recipe of the index; its version is method_version.", key=True)]


def _year() -> list:  # type: ignore[type-arg]
    return [
        *_recipe(),
        column("year", SmallInteger, "Reference year of the index.", key=True, unit="year"),
    ]


bench_index_status = bench_table(
    "bench_index_status",
    *_recipe(),
    column(
        "outcome",
        Text,
        "Whether there is an index: refused where too few of its indicators have data.",
        required=True,
        one_of=("computed", "refused"),
    ),
    column("year", SmallInteger, "Reference year; empty where no year has enough indicators.", unit="year"),
    column("indicators", Integer, "Indicators of the recipe.", unit="indicators", required=True),
    column("indicators_used", Integer, "Those with enough data.", unit="indicators", required=True),
    column("indicators_min", Float, "Share below which the index is refused.", unit="1", required=True),
    column("missing_indicators", Text, "Those without, separated by blanks.", required=True),
    column("detail", Text, "What was decided and why, and what would change it.", required=True),
    column("recipe_label", Text, "What the recipe is called (English)."),
    column("draws", Integer, "Draws behind the intervals; empty where refused.", unit="draws"),
    column(
        "seed",
        BigInteger,
        "Of the draws and of the sensitivity analysis: the same seed, the same numbers.",
        unit="1",
    ),
    column(
        "idle_factors",
        Text,
        "Spreads of the data that the recipe declares and that found no cell to move, separated by blanks.",
    ),
    comment="Which composite indices there are, and why one is not. One row per perimeter and recipe.",
)

bench_index_indicator = bench_table(
    "bench_index_indicator",
    *_year(),
    column("indicator_id", Text, "The indicator.", key=True, references="dim_indicator.indicator_id"),
    column("pillar_id", Text, "Its pillar in the recipe.", required=True),
    column("direction", SmallInteger, "1: more is better; -1: less is better.", unit="1", required=True),
    column("weight", Float, "Within its pillar, as the recipe says.", unit="1", required=True),
    column("is_used", Boolean, "Whether it is in the index.", required=True),
    column("source_year", SmallInteger, "The year that it was read in, for every unit.", unit="year"),
    column("coverage_pct", Float, "Share of the universe with a number in that year.", unit="%"),
    column("effective_weight_pct", Float, "Its share in the index through all levels.", unit="%"),
    column("reason", Text, "Why it is not used; empty text where it is.", required=True),
    comment="The indicators of each composite index. One row per perimeter, recipe, year and indicator.",
)

bench_index_value = bench_table(
    "bench_index_value",
    *_year(),
    column("region_code", Text, "The region.", key=True, references="dim_region.region_code"),
    column("indicator_id", Text, "The indicator.", key=True, references="dim_indicator.indicator_id"),
    column("value", Float, "As published.", unit="see dim_indicator.unit", states="cell_state"),
    state_column("cell_state", "the value"),
    column("obs_status", Text, "Flag letters of the value; empty text where none.", required=True),
    column("treated_value", Float, "After treatment of outliers.", unit="see dim_indicator.unit"),
    column("normalised_value", Float, "After normalisation; more is better.", unit="points"),
    column("rank", Integer, "Within the perimeter, 1 is best.", unit="rank", between=(1, None)),
    comment="What each index is made of. One row per perimeter, recipe, year, region and indicator.",
)

bench_index = bench_table(
    "bench_index",
    *_year(),
    column("region_code", Text, "The region.", key=True, references="dim_region.region_code"),
    column("element_id", Text, "The index (the recipe's id) or one of its pillars.", key=True),
    column("element", Text, "Which of the two.", required=True, one_of=("index", "pillar")),
    column("score", Float, "The score.", unit="points", states="score_state"),
    column(
        "score_state",
        Text,
        "Why the score is there or not; undetermined where a confidential value is part of it.",
        required=True,
        one_of=SCORE_STATES,
    ),
    column("rank", Integer, "Within the perimeter, 1 is best.", unit="rank", between=(1, None)),
    column("rank_low", Integer, "5 % quantile of the rank.", unit="rank", between=(1, None)),
    column("rank_high", Integer, "95 % quantile of the rank.", unit="rank", between=(1, None)),
    column("rank_median", Float, "Median of the rank.", unit="rank", between=(1, None)),
    column("ranked_count", Integer, "How many regions were ranked.", unit="regions", between=(0, None)),
    column(
        "assumed_share_pct",
        Float,
        "Share of the rank interval's width that rests on declared assumptions about the data.",
        unit="%",
        between=(0, 100),
    ),
    column("score_low", Float, "5 % quantile of the score.", unit="points"),
    column("score_high", Float, "95 % quantile of the score.", unit="points"),
    column("is_score_outside", Boolean, "True where the score is not between score_low and score_high."),
    column(
        "score_assumed_share_pct",
        Float,
        "Share of the score interval's width that rests on declared assumptions about the data.",
        unit="%",
        between=(0, 100),
    ),
    column(
        "score_draws",
        Integer,
        "Draws behind the score interval: those that normalise and aggregate onto the scale of the score.",
        unit="draws",
        between=(0, None),
    ),
    column(
        "class_id", Text, "Likeliest class within the perimeter: class_1 is the highest; no official group."
    ),
    column("class_probability_pct", Float, "Share of the draws in that class.", unit="%", between=(0, 100)),
    column("draws", Integer, "Draws behind the intervals.", unit="draws", between=(1, None)),
    comment="Composite indices and pillars with intervals. One row per perimeter, recipe, year, region and "
    "element.",
)

bench_index_sensitivity = bench_table(
    "bench_index_sensitivity",
    *_year(),
    column("factor", Text, "What was varied.", key=True),
    column("is_assumption", Boolean, "True where its spread is declared, not estimated.", required=True),
    column("first_order", Float, "Share of the variance that it explains alone (S_i).", unit="1"),
    column("first_order_low", Float, "Bootstrap, lower end.", unit="1"),
    column("first_order_high", Float, "Bootstrap, upper end.", unit="1"),
    column("total_order", Float, "Share of the variance that it takes part in (S_Ti).", unit="1"),
    column("total_order_low", Float, "Bootstrap, lower end.", unit="1"),
    column("total_order_high", Float, "Bootstrap, upper end.", unit="1"),
    column("output", Text, "What varies.", required=True),
    comment="What the ranks of an index depend on. One row per perimeter, recipe, year and factor.",
)

bench_index_audit = bench_table(
    "bench_index_audit",
    *_year(),
    column("section_number", SmallInteger, "In the Handbook's order.", key=True, unit="section"),
    column("table_id", Text, "The table within the section; `finding` for a sentence.", key=True),
    column("row_number", Integer, "Position of the row.", key=True, unit="row"),
    column("column_id", Text, "The column.", key=True),
    column("section", Text, "The section.", required=True),
    column("row_label", Text, "What the row is about.", required=True),
    column("value", Float, "The number; empty for a text.", unit="see column_id"),
    column("text", Text, "The text; empty text for a number.", required=True),
    comment="The audit of each index. One row per perimeter, recipe, year and cell of an audit table. Of the "
    "linked indicators table_id `links` has the sign expected of the index (column_id `expected`), the "
    "`reason`, the year (`other_year`) and the documents (`other_document_ids`), which document_ids of the "
    "section links names too; `units` is 0 where there is no data of the indicator.",
)
