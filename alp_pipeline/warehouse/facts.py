"""Declarations of the fact and benchmark tables."""

from sqlalchemy import Float, Integer, SmallInteger, Table, Text

from alp_pipeline.warehouse.columns import column, metadata, state_column

_OBSERVATION_DIMENSIONS = (
    ("freq", "Frequency (SDMX FREQ)."),
    ("geo", "Territorial unit as published."),
    ("unit", "Unit of measure as published; empty where the dataset has no such dimension."),
    ("nace_r2", "Activity, NACE Rev. 2."),
    ("indic_sb", "Indicator of structural business statistics, e.g. V16110 persons employed."),
    ("na_item", "National accounts item."),
    ("sizeclas", "Size class of the enterprise."),
    ("sex", "Sex."),
    ("age", "Age class."),
    ("isced11", "Level of education."),
    ("training", "Participation in training."),
    ("wstatus", "Working status."),
)
_OBSERVATION_REFERENCES = {"geo": "dim_region.region_code", "nace_r2": "dim_activity.activity_code"}

fct_observation = Table(
    "fct_observation",
    metadata,
    column("dataset_id", Text, "The dataset.", key=True, references="dim_dataset.dataset_id"),
    column("series_key", Text, "Dimension codes in the dataset's order, joined by points.", key=True),
    column("time_period", Text, "The period.", key=True, references="dim_time.time_period"),
    *(
        column(
            name,
            Text,
            comment,
            references=_OBSERVATION_REFERENCES.get(name),
            required=name in ("freq", "geo"),
        )
        for name, comment in _OBSERVATION_DIMENSIONS
    ),
    column("other_dimensions", Text, "Dimensions without a column here, as dim=code joined by semicolons."),
    column(
        "value",
        Float,
        "The published number; present exactly where the state is reported.",
        unit="see unit",
        states="cell_state",
    ),
    state_column("cell_state", "value"),
    column(
        "obs_status", Text, "Flag letters as published, in fixed order; empty text where none.", required=True
    ),
    column(
        "conf_status", Text, "Confidentiality: C confidential, N not for publication, P; empty where free."
    ),
    column("published", Text, "The cell as published.", required=True),
    column(
        "document_id",
        Text,
        "The document that the cell was read from.",
        required=True,
        references="dim_document.document_id",
    ),
    comment="Current observations, as published. One row per dataset, series and period.",
)

fct_indicator = Table(
    "fct_indicator",
    metadata,
    column("indicator_id", Text, "The indicator.", key=True, references="dim_indicator.indicator_id"),
    column(
        "region_code",
        Text,
        "The unit as coded today where a pure recode leads there.",
        key=True,
        references="dim_region.region_code",
    ),
    column(
        "activity_code",
        Text,
        "Activity; TOTAL where the indicator is not broken down.",
        key=True,
        references="dim_activity.activity_code",
    ),
    column("time_period", Text, "The period.", key=True, references="dim_time.time_period"),
    column(
        "value",
        Float,
        "The indicator's value; present exactly where the state is reported.",
        unit="see dim_indicator.unit",
        states="cell_state",
    ),
    state_column("cell_state", "value"),
    column("obs_status", Text, "Flag letters of all terms; empty text where none.", required=True),
    column(
        "geo_method",
        Text,
        "reported under this code, or recoded from an earlier one.",
        required=True,
        one_of=("reported", "recoded"),
    ),
    column(
        "source_region_code",
        Text,
        "The code that the source used.",
        required=True,
        references="dim_region.region_code",
    ),
    column(
        "document_ids",
        Text,
        "The documents that the terms were read from, separated by blanks.",
        required=True,
    ),
    comment="Indicator values. One row per indicator, region, activity and period.",
)


def _measure(name: str, what: str, unit: str) -> list:  # type: ignore[type-arg]
    stem = name.rsplit("_", 1)[0] if name != "local_units" else name
    return [
        column(
            name,
            Float,
            f"{what}; present exactly where its state is reported.",
            unit=unit,
            states=f"{stem}_state",
        ),
        state_column(f"{stem}_state", what.lower()),
        column(
            f"{stem}_status", Text, f"Flag letters of {what.lower()}; empty text where none.", required=True
        ),
    ]


fct_regional_activity = Table(
    "fct_regional_activity",
    metadata,
    column(
        "region_code",
        Text,
        "The unit as coded today where a pure recode leads there.",
        key=True,
        references="dim_region.region_code",
    ),
    column("activity_code", Text, "The activity.", key=True, references="dim_activity.activity_code"),
    column("year", SmallInteger, "Reference year.", key=True, unit="year"),
    *_measure("employment_persons", "Persons employed in local units", "persons"),
    *_measure("local_units", "Local units", "local units"),
    *_measure("wages_meur", "Wages and salaries", "million EUR"),
    *_measure("employment_growth_pct", "Change of persons employed against the year before", "%"),
    column("statistical_unit", Text, "What is counted.", required=True),
    column("classification_version", Text, "Version of the activity classification.", required=True),
    column(
        "geo_method",
        Text,
        "reported under this code, or recoded from an earlier one.",
        required=True,
        one_of=("reported", "recoded"),
    ),
    column(
        "source_region_code",
        Text,
        "The code that the source used.",
        required=True,
        references="dim_region.region_code",
    ),
    column("dataset_id", Text, "The dataset.", required=True, references="dim_dataset.dataset_id"),
    column(
        "document_id",
        Text,
        "The document of the employment cell.",
        required=True,
        references="dim_document.document_id",
    ),
    comment="Employment, local units and wages by region × activity. One row per region, activity and year.",
)

_STAR = ("yes", "no", "undetermined")

bench_specialisation = Table(
    "bench_specialisation",
    metadata,
    column(
        "perimeter_id",
        Text,
        "The perimeter whose units are listed.",
        key=True,
        references="dim_perimeter.perimeter_id",
    ),
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
    column(
        "document_ids",
        Text,
        "The documents behind region and reference rows, separated by blanks.",
        required=True,
    ),
    comment="Specialisation by region × division. One row per perimeter, reference, variable and cell.",
)
