"""Declarations of the operational tables: outside the content hash, they tell how the build went."""

from sqlalchemy import BigInteger, Table, Text

from alp_pipeline.warehouse.columns import column, metadata

ops_validation = Table(
    "ops_validation",
    metadata,
    column("scope", Text, "The dataset or table that was validated.", key=True),
    column("subject", Text, "The document within it; empty text when the rule concerns the whole.", key=True),
    column("rule_id", Text, "The rule.", key=True),
    column(
        "severity", Text, "critical gates, warning informs.", required=True, one_of=("critical", "warning")
    ),
    column(
        "outcome",
        Text,
        "not_evaluated counts as a failure; waived is a failure that a person's decision answers for.",
        required=True,
        one_of=("passed", "failed", "not_evaluated", "waived"),
    ),
    column("checked_count", BigInteger, "Rows or facts that were checked.", unit="rows", between=(0, None)),
    column("failed_count", BigInteger, "Rows or facts that failed.", unit="rows", between=(0, None)),
    column("detail", Text, "What was found.", required=True),
    comment="Outcomes of all validation rules of this release. One row per scope, subject and rule.",
)

ops_quarantine = Table(
    "ops_quarantine",
    metadata,
    column("dataset_id", Text, "The dataset.", key=True),
    column("document_id", Text, "The document.", key=True),
    column(
        "row_number",
        BigInteger,
        "Position among the document's cells as read, from 0 on.",
        key=True,
        unit="row",
    ),
    column("series_key", Text, "The series, as far as it was understood."),
    column("time_period", Text, "The period, as far as it was understood."),
    column("published", Text, "The cell as published."),
    column("rule_ids", Text, "The rules that it broke, separated by blanks.", required=True),
    column("reasons", Text, "Why, in words.", required=True),
    comment="Cells that could not be used. One row per cell.",
)

ops_outcome = Table(
    "ops_outcome",
    metadata,
    column("dataset_id", Text, "The dataset.", key=True),
    column("document_id", Text, "The document; empty text for the dataset as a whole.", key=True),
    column("step", Text, "The step of the pipeline.", key=True),
    column("outcome", Text, "accepted, kept out, suspect, refused, in use, absent …", required=True),
    column("detail", Text, "What happened and what to do.", required=True),
    comment="What became of every dataset and document. One row per dataset, document and step.",
)
