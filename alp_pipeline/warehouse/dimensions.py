"""Declarations of the dimension tables: datasets, documents, regions, activities, indicators, time."""

from sqlalchemy import BigInteger, Boolean, Date, DateTime, Float, Integer, SmallInteger, Table, Text

from alp_pipeline.warehouse.columns import column, metadata

LANGUAGES = ("en", "it", "de", "fr", "sl")


def _labels(what: str) -> list:  # type: ignore[type-arg]
    return [column(f"label_{code}", Text, f"Label of the {what} ({code}).") for code in LANGUAGES]


dim_dataset = Table(
    "dim_dataset",
    metadata,
    column("dataset_id", Text, "Source and code of the dataset, e.g. eurostat.sbs_r_nuts06_r2.", key=True),
    column("source_id", Text, "The publisher's short name.", required=True),
    column("dataset_code", Text, "The publisher's code of the dataset (SDMX dataflow).", required=True),
    column("title", Text, "The dataset's title in English.", required=True),
    column("licence", Text, "Terms under which the data may be reused.", required=True),
    column("licence_url", Text, "Where the terms stand.", required=True),
    column("citation", Text, "How the dataset is to be cited.", required=True),
    column("acknowledgement", Text, "The words with which the publisher wants to be named.", required=True),
    column("disclaimer", Text, "What must be said where the data were modified.", required=True),
    column("doi", Text, "The publisher's persistent identifier, pointing to the newest version."),
    column("cadence", Text, "How often the publisher updates the dataset.", required=True),
    column(
        "statistical_unit",
        Text,
        "What is counted: local unit, enterprise, workplace, resident …",
        required=True,
    ),
    column("classification_version", Text, "Version of the activity classification, e.g. NACE Rev. 2."),
    column("nuts_version_rule", Text, "How the NUTS version of the dataset's codes is known."),
    column("discontinued", Text, "The last period of a table that its publisher ended."),
    column("successor_id", Text, "The dataset that follows an ended one; never joined to it without a word."),
    column("notes", Text, "Pitfalls, and what is to verify, one a line.", required=True),
    column(
        "catalogue_origin",
        Text,
        "Where the entry comes from: the package, or the site's own file.",
        required=True,
    ),
    column(
        "is_verified",
        Boolean,
        "Whether identifier and dimensions were read in a source or measured on a document.",
        required=True,
    ),
    column(
        "is_synthetic",
        Boolean,
        "True where the data are generated for demonstration, not real.",
        required=True,
    ),
    comment="The datasets that the catalogue reads. One row per dataset.",
)

dim_document = Table(
    "dim_document",
    metadata,
    column("document_id", Text, "Identifier of the retrieval record in the archive.", key=True),
    column("source_id", Text, "The publisher's short name.", required=True),
    column("dataset_code", Text, "The publisher's code of the dataset.", required=True),
    column(
        "dataset_id", Text, "The dataset, where the catalogue reads it.", references="dim_dataset.dataset_id"
    ),
    column("document_format", Text, "Format of the document, e.g. tsv, json-stat-2.", required=True),
    column("content_sha256", Text, "SHA-256 of the document's bytes as received.", required=True),
    column("size_bytes", BigInteger, "Size of the document as received.", unit="bytes", between=(0, None)),
    column(
        "published_at", DateTime, "When the publisher made this version; empty where nothing tells (UTC)."
    ),
    column("published_at_origin", Text, "Where the publisher's time comes from.", required=True),
    column("seen_at", DateTime, "When the document was accessed; empty where nothing tells (UTC)."),
    column("seen_at_origin", Text, "Where the access time comes from.", required=True),
    column("url", Text, "Address that the document was fetched from."),
    column("licence", Text, "Licence stated with the document.", required=True),
    column("citation", Text, "How the document is to be cited, as stated when it was retrieved."),
    column(
        "extent", Text, "What the document claims to cover: whole table, or its slice as JSON.", required=True
    ),
    column(
        "standing",
        Text,
        "What became of the document.",
        required=True,
        one_of=(
            "in use",
            "superseded",
            "kept out by the intake gate",
            "suspect, held back until accepted",
            "refused by decision",
            "archived, no date known",
            "seen again, unchanged",
            "archived, not catalogued",
            "format not yet read",
            "metadata of its dataset",
        ),
    ),
    column(
        "series_count",
        BigInteger,
        "Series that the document holds; empty when it was not read.",
        unit="series",
    ),
    column("period_count", Integer, "Periods that the document's series span.", unit="periods"),
    column("cell_count", BigInteger, "Cells that the document holds: series × periods.", unit="cells"),
    column("quarantined_count", BigInteger, "Cells of the document in quarantine.", unit="cells"),
    column(
        "is_synthetic", Boolean, "True where the document was generated for demonstration.", required=True
    ),
    comment="The documents in the archive, read or not. One row per retrieval.",
)

dim_region = Table(
    "dim_region",
    metadata,
    column(
        "region_code", Text, "Code as the sources use it (NUTS, statistical region, aggregate).", key=True
    ),
    column("label", Text, "Official name in the region's own language.", required=True),
    column(
        "region_kind",
        Text,
        "NUTS unit, statistical region (CH, LI …), country, aggregate of countries, extra-regio, other.",
        required=True,
    ),
    column("nuts_level", SmallInteger, "0 country … 3; empty for aggregates.", unit="level", between=(0, 3)),
    column("nuts_version_first", SmallInteger, "First NUTS version that has the code.", unit="year"),
    column("nuts_version_last", SmallInteger, "Last NUTS version that has the code.", unit="year"),
    column("parent_code", Text, "The unit one level up."),
    column("country_code", Text, "Country in Eurostat's codes (EL, UK); empty for aggregates."),
    column(
        "current_code",
        Text,
        "The code of the same territory today, where a chain of pure recodes leads there.",
    ),
    comment="Territorial units of all NUTS versions in use. One row per code.",
)

dim_perimeter = Table(
    "dim_perimeter",
    metadata,
    column("perimeter_id", Text, "Identifier; every aggregate names one.", key=True),
    *_labels("perimeter"),
    column("nuts_level", SmallInteger, "Level of the member units.", unit="level", required=True),
    column("member_count", Integer, "How many units belong to it.", unit="units", required=True),
    column(
        "is_default", Boolean, "True for the perimeter that reports use unless told otherwise.", required=True
    ),
    column("source", Text, "Where the definition comes from.", required=True),
    column("mark", Text, "verified, or to verify.", required=True, one_of=("verified", "to verify")),
    comment="Territories that aggregates and rankings speak of. One row per perimeter.",
)

bridge_perimeter_region = Table(
    "bridge_perimeter_region",
    metadata,
    column("perimeter_id", Text, "The perimeter.", key=True, references="dim_perimeter.perimeter_id"),
    column("region_code", Text, "A member unit.", key=True, references="dim_region.region_code"),
    comment="Which units belong to which perimeter. One row per membership.",
)

dim_activity = Table(
    "dim_activity",
    metadata,
    column("activity_code", Text, "NACE code or aggregate as the sources write it.", key=True),
    *_labels("activity"),
    column("classification_version", Text, "Version of the classification.", required=True),
    column("activity_level", Text, "section, division, group, aggregate or total.", required=True),
    column("section_code", Text, "The section it belongs to; empty for aggregates of sections."),
    column("parent_code", Text, "The activity one level up."),
    column("sector_group", Text, "The project's sector group (to verify); empty where none."),
    column(
        "label_mark",
        Text,
        "How far the labels can be relied on: verified, or to verify against the official lists.",
        required=True,
        one_of=("verified", "to verify"),
    ),
    comment="Economic activities. One row per code.",
)

dim_indicator = Table(
    "dim_indicator",
    metadata,
    column("indicator_id", Text, "Identifier.", key=True),
    *_labels("indicator"),
    column("description", Text, "What it measures and how, in English.", required=True),
    column("unit", Text, "Unit of the value.", required=True),
    column(
        "direction",
        SmallInteger,
        "1 more is better, -1 less is better, 0 neither.",
        unit="1",
        between=(-1, 1),
    ),
    column("pillar", Text, "The pillar it belongs to.", required=True),
    column(
        "indicator_kind", Text, "extensive or intensive.", required=True, one_of=("extensive", "intensive")
    ),
    column("formula", Text, "Formula over its terms.", required=True),
    column("terms", Text, "The terms: dataset and dimension codes, as JSON.", required=True),
    column("statistical_unit", Text, "What is counted.", required=True),
    column("valid_min", Float, "Lowest possible value, in the unit of the indicator.", unit="as indicator"),
    column("valid_max", Float, "Highest possible value, in the unit of the indicator.", unit="as indicator"),
    column(
        "usage_warnings", Text, "Warnings from the closed vocabulary, separated by blanks.", required=True
    ),
    column("catalogue_origin", Text, "The package, or the site's own file.", required=True),
    column(
        "mark",
        Text,
        "Whether codes and formula were read in a source or measured.",
        required=True,
        one_of=("verified", "to verify"),
    ),
    comment="Indicators that the catalogue computes. One row per indicator.",
)

dim_time = Table(
    "dim_time",
    metadata,
    column("time_period", Text, "SDMX time period, e.g. 2014, 2014-Q1.", key=True),
    column(
        "freq", Text, "A annual, S half-yearly, Q quarterly, M monthly, W weekly, D daily.", required=True
    ),
    column("year", SmallInteger, "Calendar year of the start.", unit="year", required=True),
    column("starts_on", Date, "First day.", required=True),
    column("ends_on", Date, "Last day.", required=True),
    comment="Time periods that occur. One row per period.",
)
