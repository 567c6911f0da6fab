"""From archived documents to the accepted, current observations of one dataset.

Belongs here: one stage per document (parse, validate, quarantine) and one per dataset (which accepted
documents are in use). Does not: parsing and rules themselves, other tables.

A document that cannot be read, or that fails a critical rule, is kept out and its stage still succeeds:
the dataset goes on with what was accepted before, and the outcome says so.
"""

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from alp_pipeline.archive.retrieval import Retrieval
from alp_pipeline.archive.store import Archive
from alp_pipeline.build.outcome import RuleOutcome
from alp_pipeline.build.sql import parquet
from alp_pipeline.build.stage import Stage, StageContext, StageRecord
from alp_pipeline.catalog.models import DatasetEntry
from alp_pipeline.errors import AlpError

if TYPE_CHECKING:
    import pyarrow as pa

DOCUMENT_CODE = ("archive", "catalog", "observations", "quality", "plan.intake")
PARTS = ("observation", "quarantine")


def observations_asset(dataset: DatasetEntry) -> str:
    """The name of the asset, and of the stage, that holds a dataset's current observations."""
    return f"observations/{dataset.code.lower()}"


def document_stage(archive: Archive, dataset: DatasetEntry, document: Retrieval) -> Stage:
    """Parse and validate one document. Its verdict is in the record's facts: `accepted`, counts."""

    def run(context: StageContext) -> None:
        _read_document(context, archive, dataset, document)

    return Stage(
        name=f"{observations_asset(dataset)}#{document.retrieval_id}",
        tables=PARTS,
        run=run,
        code=DOCUMENT_CODE,
        parameters={"document": document.as_json(), "dataset": dataset.model_dump(mode="json")},
    )


def dataset_stage(
    dataset: DatasetEntry,
    dated: Sequence[tuple[Retrieval, Stage]],
    undated: Sequence[tuple[Retrieval, Stage]],
    withdrawn: Mapping[str, str],
) -> Stage:
    """Choose what is current among a dataset's documents, which come oldest first.

    Undated documents are read and accounted for, but enter no history (invariant 5). `withdrawn` are the
    lawfully erased ones, id → reason: what is built says what it lacks.
    """

    def run(context: StageContext) -> None:
        _choose_current(context, dataset, dated)
        context.facts["withdrawn"] = dict(withdrawn)

    return Stage(
        name=observations_asset(dataset),
        tables=("current",),
        run=run,
        code=DOCUMENT_CODE,
        inputs=tuple(stage.name for _, stage in (*dated, *undated)),
        parameters={
            "order": [document.retrieval_id for document, _ in dated],
            "dataset": dataset.id,
            "withdrawn": dict(withdrawn),
        },
    )


def _read_document(
    context: StageContext, archive: Archive, dataset: DatasetEntry, document: Retrieval
) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    from alp_pipeline.observations.ragged_edge import with_ragged_edge
    from alp_pipeline.observations.reader import read_observations
    from alp_pipeline.observations.schema import OBSERVATION_SCHEMA
    from alp_pipeline.quality.intake import accepted_rows_query, validate_document

    with context.scratch() as folder:
        parsed = folder / "parsed.parquet"
        try:
            with (
                archive.open_verified(document) as stream,
                pq.ParquetWriter(parsed, OBSERVATION_SCHEMA, compression="lz4") as writer,
            ):
                reading = read_observations(
                    stream,
                    format=document.format,
                    dataset=dataset.shape(),
                    document_id=document.retrieval_id,
                )
                for batch in reading.batches():
                    writer.write_table(pa.Table.from_batches([batch]).cast(OBSERVATION_SCHEMA))
        except AlpError as error:
            _keep_out_unreadable(context, dataset, document, error)
            return
        with context.connect() as connection:
            verdict = validate_document(
                connection,
                parsed,
                dataset,
                document_id=document.retrieval_id,
                declared_cells=reading.cells,
            )
            context.outcomes.extend(verdict.outcomes)
            accepted = with_ragged_edge(connection, accepted_rows_query(parsed, verdict))
            context.write_query(
                connection,
                "observation",
                f"SELECT * EXCLUDE (problem) FROM ({accepted}) ORDER BY series_key, time_period",
            )
            context.write_arrow("quarantine", verdict.quarantine)
            states = dict(
                connection.execute(
                    f"SELECT cell_state, count(*) FROM {parquet(context.output_file('observation'))} "
                    "GROUP BY 1 ORDER BY 1"
                ).fetchall()
            )
    context.facts.update(
        accepted=verdict.accepted,
        error="",
        series=reading.series_count,
        periods=reading.period_count,
        cells=reading.cells,
        quarantined=verdict.quarantine.num_rows,
        states=states,
    )


def _keep_out_unreadable(
    context: StageContext, dataset: DatasetEntry, document: Retrieval, error: AlpError
) -> None:
    context.outcomes.append(
        RuleOutcome(
            "document_readable", dataset.id, document.retrieval_id, "critical", "failed", 1, 1, str(error)
        )
    )
    context.write_arrow("observation", _empty_observations())
    context.write_arrow("quarantine", _quarantined_document(error))
    context.facts.update(
        accepted=False, error=str(error), series=None, periods=None, cells=None, quarantined=None, states={}
    )


def _empty_observations() -> "pa.Table":
    from alp_pipeline.observations.schema import OBSERVATION_SCHEMA

    return OBSERVATION_SCHEMA.remove(OBSERVATION_SCHEMA.get_field_index("problem")).empty_table()


def _quarantined_document(error: AlpError) -> "pa.Table":
    """A document of which no cell could be read stands in quarantine as a whole, as one row."""
    import pyarrow as pa

    from alp_pipeline.quality.intake import QUARANTINE_SCHEMA

    row = {"row_number": 0, "rule_ids": "document_readable", "reasons": str(error)}
    return pa.Table.from_pylist([row], schema=QUARANTINE_SCHEMA)


def _choose_current(
    context: StageContext, dataset: DatasetEntry, dated: Sequence[tuple[Retrieval, Stage]]
) -> None:
    from alp_pipeline.observations.vintages import current_query

    in_use: list[tuple[Retrieval, StageRecord]] = []
    standing: dict[str, dict[str, str]] = {}
    for document, stage in dated:
        record = context.record(stage.name)
        verdict = _admit(context, dataset, document, record, in_use)
        standing[document.retrieval_id] = verdict
        if verdict["outcome"] == "accepted":
            in_use.append((document, record))
    if not in_use:
        context.write_arrow("current", _empty_observations())
    else:
        sources = [
            (context.input(record.stage, "observation"), document.extent.as_json())
            for document, record in in_use
        ]
        with context.connect() as connection:
            query = current_query(sources)
            context.write_query(
                connection, "current", f"SELECT * FROM ({query}) ORDER BY series_key, time_period"
            )
            used = {
                row[0]
                for row in connection.execute(
                    f"SELECT DISTINCT document_id FROM {parquet(context.output_file('current'))}"
                ).fetchall()
            }
        # A valid empty document that supersedes all before it is in use, though no row names it.
        used.add(in_use[-1][0].retrieval_id)
        for document, _ in in_use:
            standing[document.retrieval_id]["standing"] = (
                "in use" if document.retrieval_id in used else "superseded"
            )
    context.facts.update(standing=standing, in_use=[document.retrieval_id for document, _ in in_use])


def _admit(
    context: StageContext,
    dataset: DatasetEntry,
    document: Retrieval,
    record: StageRecord,
    accepted_before: Sequence[tuple[Retrieval, StageRecord]],
) -> dict[str, str]:
    """The intake gate's verdict on one document, with the reason in words."""
    from alp_pipeline.quality.intake import size_band

    refused = {"outcome": "kept out", "standing": "kept out by the intake gate"}
    if not record.facts["accepted"]:
        failed = [
            f"{o.rule_id}: {o.detail}" for o in record.outcomes if o.is_failure and o.severity == "critical"
        ]
        return refused | {"detail": "; ".join(failed)}
    same_extent = [r for d, r in accepted_before if d.extent == document.extent]
    if same_extent:
        outcome = size_band(
            same_extent[-1].facts["cells"],
            record.facts["cells"],
            scope=dataset.id,
            subject=document.retrieval_id,
        )
        context.outcomes.append(outcome)
        if outcome.is_failure:
            return refused | {"detail": f"{outcome.rule_id}: {outcome.detail}"}
    return {"outcome": "accepted", "standing": "in use", "detail": json.dumps(record.facts["states"])}
