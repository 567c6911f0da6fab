"""The release gate: the only thing that can stop a release.

Belongs here: which facts of the whole build must hold (keys, references, cell accounting, perimeters,
conservation, no confidential value), and the operational tables that tell how the build went. Does not:
evaluating a rule (quality), publishing (warehouse.publishing), the verdict on single documents (plan.intake).
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from alp_pipeline.build.outcome import RuleOutcome
from alp_pipeline.build.sql import parquet
from alp_pipeline.build.stage import Stage, StageContext
from alp_pipeline.catalog.models import Catalog, Term
from alp_pipeline.observations.selection import has_code
from alp_pipeline.plan.intake import observations_asset
from alp_pipeline.plan.regional_activity import MEASURES
from alp_pipeline.plan.table_stage import DECLARATIONS
from alp_pipeline.warehouse.columns import arrow_schema, declared_select, key_of
from alp_pipeline.warehouse.tables import OPERATIONAL, TABLES

if TYPE_CHECKING:
    import duckdb

Fact = tuple[str, str, int, int | None, str]
"""Rule id, table, checked, failed (None where it could not be counted), detail."""

Polls = Mapping[str, Mapping[str, str]]
"""Dataset id → outcome and detail of its last poll, where there is something to tell."""

Questions = Mapping[str, tuple[str, str]]
"""Rule → (table, SQL giving checked, failed, an example)."""

NAME = "release_gate"


def gate_stage(catalog: Catalog, inputs: Sequence[str], polls: Polls, more: Questions) -> Stage:
    """The gate over all stages of the build; it writes the operational tables or raises `GateRefused`.

    `more` is what the benchmarks ask of their tables. `polls` is what `ops_outcome` has to tell of the
    sources: failures, and tables that are gone.
    """
    datasets = {observations_asset(entry): entry.id for entry in catalog.datasets.values()}
    (employment,) = catalog.indicators[MEASURES["employment"]].terms.values()
    questions = {**_FACTS, **more}

    def run(context: StageContext) -> None:
        _judge(context, datasets, employment, polls, questions)

    return Stage(
        name=NAME,
        tables=tuple(sorted(OPERATIONAL)),
        run=run,
        code=(*DECLARATIONS, "plan.gate", "quality"),
        inputs=tuple(sorted(inputs)),
        parameters={
            "datasets": datasets,
            "employment": employment.model_dump(mode="json"),
            "questions": {rule: list(asked) for rule, asked in questions.items()},
            "polls": {dataset: dict(poll) for dataset, poll in polls.items()},
        },
    )


def _judge(
    context: StageContext,
    datasets: Mapping[str, str],
    employment: Term,
    polls: Polls,
    questions: Questions,
) -> None:
    from alp_pipeline.quality.gate import GateRefused, critical_failures
    from alp_pipeline.quality.runner import judge_counts
    from alp_pipeline.quality.tables import validate_references

    of_documents, of_tables = _collected(context, datasets)
    files = {
        table: paths[0] for table in TABLES if table not in OPERATIONAL and (paths := context.inputs(table))
    }
    with context.connect() as connection:
        for name, path in files.items():
            connection.execute(f"CREATE VIEW {name} AS SELECT * FROM {parquet(path)}")
        facts = [_accounting(context, datasets), *_counted(connection, employment, questions)]
        context.outcomes += validate_references(connection, files, [TABLES[name] for name in files])
        context.outcomes += judge_counts(facts)
        refused = critical_failures([*of_tables, *context.outcomes])
        if refused:
            raise GateRefused(refused, all_outcomes=[*of_tables, *context.outcomes])
        _write_validation(context, [*of_documents, *of_tables, *context.outcomes])
        _write_quarantine(context, connection, datasets)
    _write_outcomes(context, datasets, polls)


def _collected(
    context: StageContext, datasets: Mapping[str, str]
) -> tuple[list[RuleOutcome], list[RuleOutcome]]:
    """What the stages before found: of documents, which was the intake gate's to judge, and of tables."""
    of_documents: list[RuleOutcome] = []
    of_tables: list[RuleOutcome] = []
    for name in context.stage.inputs:
        found = of_documents if name.partition("#")[0] in datasets else of_tables
        found += context.record(name).outcomes
    return of_documents, of_tables


def _accounting(context: StageContext, datasets: Mapping[str, str]) -> Fact:
    """Every cell of every document that was read is in a state or in quarantine."""
    documents = [name for name in context.stage.inputs if "#" in name and name.partition("#")[0] in datasets]
    facts = {name: context.record(name).facts for name in documents}
    read = {name: fact for name, fact in facts.items() if fact["cells"] is not None}
    lost = [
        name
        for name, fact in read.items()
        if fact["accepted"] and sum(fact["states"].values()) + fact["quarantined"] != fact["cells"]
    ]
    return ("cell_accounting_closes", "dim_document", len(read), len(lost), ", ".join(lost[:3]))


_FACTS: Questions = {
    "perimeter_members_are_regions": (
        "bridge_perimeter_region",
        """SELECT count(*), count(*) FILTER (WHERE r.region_code IS NULL OR r.region_kind = 'unknown'),
                  min(b.region_code) FILTER (WHERE r.region_code IS NULL OR r.region_kind = 'unknown')
           FROM bridge_perimeter_region b LEFT JOIN dim_region r USING (region_code)""",
    ),
    "perimeter_member_counts_hold": (
        "dim_perimeter",
        """SELECT count(*), count(*) FILTER (WHERE p.member_count <> coalesce(n.members, 0)),
                  min(p.perimeter_id) FILTER (WHERE p.member_count <> coalesce(n.members, 0))
           FROM dim_perimeter p LEFT JOIN (
               SELECT perimeter_id, count(*) AS members FROM bridge_perimeter_region GROUP BY 1) n
           USING (perimeter_id)""",
    ),
    "indicator_values_in_valid_range": (
        "fct_indicator",
        """SELECT count(*), count(*) FILTER (WHERE value < valid_min OR value > valid_max),
                  min(indicator_id || ' ' || region_code || ' ' || time_period || ' = ' || value)
                      FILTER (WHERE value < valid_min OR value > valid_max)
           FROM fct_indicator JOIN dim_indicator USING (indicator_id) WHERE value IS NOT NULL""",
    ),
    "recoding_conserves_totals": (
        "fct_regional_activity",
        # Recoding moves values from code to code: the sum over today's codes is the published sum exactly
        # when every published cell stands once and unchanged.
        """WITH used AS (
               SELECT source_region_code, activity_code, year, count(*) AS times,
                      min(employment_persons) AS persons
               FROM fct_regional_activity WHERE employment_state = 'reported' GROUP BY ALL),
           published AS (
               SELECT geo, nace_r2, CAST(time_period AS SMALLINT) AS year, value FROM fct_observation
               WHERE dataset_id = '{dataset}' AND {selection})
           SELECT count(*), count(*) FILTER (WHERE times > 1 OR value IS DISTINCT FROM persons),
                  min(source_region_code || ' ' || activity_code || ' ' || used.year)
                      FILTER (WHERE times > 1 OR value IS DISTINCT FROM persons)
           FROM used LEFT JOIN published
             ON geo = source_region_code AND nace_r2 = activity_code AND published.year = used.year""",
    ),
}


def _counted(connection: "duckdb.DuckDBPyConnection", employment: Term, questions: Questions) -> list[Fact]:
    """Count the build's own facts; one whose query fails is not evaluated, which is a failure."""
    import duckdb

    selection = " AND ".join(has_code(name, [code]) for name, code in sorted(employment.select.items()))
    counted: list[Fact] = []
    for rule_id, (table, query) in questions.items():
        asked = query.replace("{dataset}", employment.dataset).replace("{selection}", selection)
        try:
            row = connection.execute(asked).fetchone()
        except duckdb.Error as error:
            counted.append((rule_id, table, 0, None, str(error).split("\n")[0]))
            continue
        checked, failed, example = row if row else (0, None, None)
        counted.append((rule_id, table, checked, failed, f"e.g. {example}" if failed else ""))
    return counted


def _write_validation(context: StageContext, outcomes: Sequence[RuleOutcome]) -> None:
    rows = [
        {
            "scope": o.scope,
            "subject": o.subject,
            "rule_id": o.rule_id,
            "severity": o.severity,
            "outcome": o.outcome,
            "checked_count": o.checked,
            "failed_count": o.failed,
            "detail": o.detail,
        }
        for o in outcomes
    ]
    _write_rows(context, "ops_validation", rows)


def _write_quarantine(
    context: StageContext, connection: "duckdb.DuckDBPyConnection", datasets: Mapping[str, str]
) -> None:
    parts: list[str] = []
    for name in context.stage.inputs:
        asset, _, document = name.partition("#")
        if asset in datasets and document:
            path: Path = context.input(name, "quarantine")
            parts.append(
                f"SELECT '{datasets[asset]}' AS dataset_id, '{document}' AS document_id, * "
                f"FROM {parquet(path)}"
            )
    if not parts:
        _write_rows(context, "ops_quarantine", [])
        return
    query = declared_select(TABLES["ops_quarantine"], " UNION ALL ".join(parts))
    context.write_query(connection, "ops_quarantine", query)


def _write_outcomes(context: StageContext, datasets: Mapping[str, str], polls: Polls) -> None:
    rows: list[dict[str, object]] = [
        {
            "dataset_id": dataset_id,
            "document_id": "",
            "step": "source",
            "outcome": poll["outcome"],
            "detail": poll["detail"],
        }
        for dataset_id, poll in polls.items()
    ]
    for asset, dataset_id in datasets.items():
        facts = context.record(asset).facts
        for document_id, verdict in facts["standing"].items():
            rows.append(
                {
                    "dataset_id": dataset_id,
                    "document_id": document_id,
                    "step": "intake",
                    "outcome": verdict["outcome"],
                    "detail": verdict["detail"],
                }
            )
        rows += [
            {
                "dataset_id": dataset_id,
                "document_id": document_id,
                "step": "archive",
                "outcome": "withdrawn",
                "detail": reason,
            }
            for document_id, reason in facts["withdrawn"].items()
        ]
        in_use = facts["in_use"]
        rows.append(
            {
                "dataset_id": dataset_id,
                "document_id": "",
                "step": "observations",
                "outcome": "in use" if in_use else "absent",
                "detail": f"newest accepted document: {in_use[-1]}" if in_use else "no accepted document",
            }
        )
    _write_rows(context, "ops_outcome", rows)


def _write_rows(context: StageContext, table: str, rows: list[dict[str, object]]) -> None:
    import pyarrow as pa

    declared = TABLES[table]
    built = pa.Table.from_pylist(rows, schema=arrow_schema(declared))
    context.write_arrow(table, built.sort_by([(name, "ascending") for name in key_of(declared)]))
