"""Declarations of the fact tables."""

from sqlalchemy import Float, SmallInteger, Table, Text

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
