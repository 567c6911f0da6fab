"""From archived documents to the accepted, current observations of one dataset.

Belongs here: one stage per document (parse, validate, quarantine) and one per dataset (which accepted
documents are in use). Does not: parsing and rules themselves, the verdict over a dataset's documents
(plan.admission), other tables.

A document that cannot be read, or that fails a critical rule, is kept out and its stage still succeeds:
the dataset goes on with what was accepted before, and the outcome says so. Decisions are parameters of the
stages, so the archive alone gives the same again: an acceptance or refusal of the dataset's stage, a waiver
of the document's. A refusal is one of both: it answers for the document's failed rules, which no later
refresh needs to report.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, BinaryIO

from alp_pipeline.archive.decisions import Decision, holding
from alp_pipeline.archive.retrieval import Retrieval
from alp_pipeline.archive.store import Archive
from alp_pipeline.build.outcome import RuleOutcome
from alp_pipeline.build.sql import parquet
from alp_pipeline.build.stage import Stage, StageContext
from alp_pipeline.catalog.models import DatasetEntry
from alp_pipeline.catalog.reference import reference_digest
from alp_pipeline.errors import AlpError
from alp_pipeline.plan.admission import IN_USE, SUPERSEDED, admissions
from alp_pipeline.plan.structures import CodeLists, archived_structures, in_force, judge_codes

if TYPE_CHECKING:
    import pyarrow as pa

DOCUMENT_CODE = (
    "archive",
    "catalog",
    "geography",
    "observations",
    "quality",
    "plan.admission",
    "plan.intake",
    "plan.observation_file",
    "plan.structures",
)
PARTS = ("observation", "quarantine")
_MAGIC = {b"\x1f\x8b": "gzip", b"PK": "zip"}


def observations_asset(dataset: DatasetEntry) -> str:
    """The name of the asset, and of the stage, that holds a dataset's current observations."""
    return f"observations/{dataset.code.lower()}"


@dataclass(frozen=True)
class Intake:
    """One dataset's documents with the stages that read them, and the stage that chooses among them."""

    dataset: DatasetEntry
    dated: tuple[tuple[Retrieval, Stage], ...]
    """Vintages in a format that is read, oldest first."""
    undated: tuple[tuple[Retrieval, Stage], ...]
    """Read and accounted for, but part of no history (invariant 5)."""
    decided: Mapping[str, Decision]
    """Retrieval id → the acceptance or refusal that holds."""
    chosen: Stage

    @property
    def readers(self) -> dict[str, str]:
        """Retrieval id → name of the stage that reads it."""
        return {document.retrieval_id: stage.name for document, stage in (*self.dated, *self.undated)}

    @property
    def stages(self) -> list[Stage]:
        return [*(stage for _, stage in (*self.dated, *self.undated)), self.chosen]


def intake_of(archive: Archive, dataset: DatasetEntry) -> Intake:
    """The intake of a dataset for what the archive holds now: documents, structures, decisions."""
    taken = archive.decisions(dataset.id)
    groups = _readable(archive.vintage_groups(dataset.id))
    alone = _readable([(document,) for document in archive.undated(dataset.id)])
    held = {
        group[0].retrieval_id: holding(taken, {d.retrieval_id for d in group}) for group in (*groups, *alone)
    }
    structures = archived_structures(archive, dataset)
    dated, undated = (
        tuple(
            (document, document_stage(archive, dataset, document, in_force(structures, document), decided))
            for document, decided in ((group[0], held[group[0].retrieval_id]) for group in part)
        )
        for part in (groups, alone)
    )
    decided = {name: found[None] for name, found in held.items() if None in found}
    withdrawn = {
        document.retrieval_id: f"withdrawn on {stone.withdrawn_at}: {stone.reason}"
        for stone in archive.tombstones(dataset.id)
        for document in stone.documents
    }
    return Intake(
        dataset, dated, undated, decided, dataset_stage(dataset, dated, undated, withdrawn, decided)
    )


def _readable(groups: Iterable[tuple[Retrieval, ...]]) -> list[tuple[Retrieval, ...]]:
    from alp_pipeline.observations.reader import READABLE_FORMATS

    return [group for group in groups if group[0].format in READABLE_FORMATS]


@dataclass(frozen=True)
class _Answers:
    """What decisions say of one document's failed rules."""

    waived: Mapping[str, str] = field(default_factory=dict)
    """Rule id → who waived it, when and why."""
    refused: str = ""
    """Who refused the document; then no failed rule needs to be reported any more."""

    def applied(self, outcomes: Iterable[RuleOutcome]) -> list[RuleOutcome]:
        return [
            o.waived(self.waived[o.rule_id]) if o.is_failure and o.rule_id in self.waived else o
            for o in outcomes
        ]

    def settled(self, outcomes: Iterable[RuleOutcome]) -> list[RuleOutcome]:
        return [
            o.waived(f"the document was {self.refused}") if o.is_failure and self.refused else o
            for o in outcomes
        ]


def document_stage(
    archive: Archive,
    dataset: DatasetEntry,
    document: Retrieval,
    code_lists: Sequence[CodeLists] = (),
    decided: Mapping[str | None, Decision] | None = None,
) -> Stage:
    """Parse and validate one document. Its verdict is in the record's facts: `accepted`, counts.

    Args:
        code_lists: the structures to hold its codes against; without any that rule is not declared.
        decided: what holds for it: rule id → waiver, None → acceptance or refusal.
    """
    held = decided or {}
    refusal = held.get(None)
    answers = _Answers(
        {rule: decision.said for rule, decision in held.items() if rule is not None},
        refusal.said if refusal is not None and refusal.action == "refuse" else "",
    )
    # What does not apply is no parameter, so that a document of before keeps its fingerprint.
    optional = {
        "codes": [lists.as_json() for lists in code_lists],
        "waived": dict(answers.waived),
        "refused": answers.refused,
        "code_tables": _code_tables(dataset),
        "regions": reference_digest("nuts_codes.csv") if dataset.nesting_rules else "",
    }
    parameters = {"document": document.as_json(), "dataset": dataset.model_dump(mode="json")}
    return Stage(
        name=f"{observations_asset(dataset)}#{document.retrieval_id}",
        tables=PARTS,
        run=partial(
            _read_document,
            archive=archive,
            dataset=dataset,
            document=document,
            code_lists=code_lists,
            answers=answers,
        ),
        code=DOCUMENT_CODE,
        parameters=parameters | {name: value for name, value in optional.items() if value},
    )


def _code_tables(dataset: DatasetEntry) -> str:
    """Changes with the tables that turn a source's codes into ours; empty where the layout names none."""
    from alp_pipeline.observations.code_maps import code_table_files

    files = code_table_files(dataset.shape().layout)
    return reference_digest(*files) if files else ""


def dataset_stage(
    dataset: DatasetEntry,
    dated: Sequence[tuple[Retrieval, Stage]],
    undated: Sequence[tuple[Retrieval, Stage]],
    withdrawn: Mapping[str, str],
    decided: Mapping[str, Decision],
) -> Stage:
    """Choose what is current among a dataset's documents, which come oldest first.

    `withdrawn` are the lawfully erased ones, id → reason: what is built says what it lacks. `decided` are
    acceptances and refusals, by retrieval id.
    """

    def run(context: StageContext) -> None:
        _choose_current(context, dataset, dated, decided)
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
            "decided": {name: decision.as_json() for name, decision in decided.items()},
        },
    )


def _read_document(
    context: StageContext,
    *,
    archive: Archive,
    dataset: DatasetEntry,
    document: Retrieval,
    code_lists: Sequence[CodeLists],
    answers: _Answers,
) -> None:
    from alp_pipeline.observations.ragged_edge import RaggedEdge
    from alp_pipeline.observations.reader import read_observations
    from alp_pipeline.plan.observation_file import MEMORY_MB, write_as_read, write_observations
    from alp_pipeline.quality.gate import critical_failures
    from alp_pipeline.quality.intake import accepted_rows_query, validate_document

    with context.scratch() as folder:
        parsed = folder / "parsed.parquet"
        try:
            with archive.open_verified(document) as stream:
                packing = _packing(stream)
                reading = read_observations(
                    stream,
                    format=document.format,
                    dataset=dataset.shape(),
                    document_id=document.retrieval_id,
                )
                order = write_as_read(reading, parsed)
        except AlpError as error:
            _keep_out_unreadable(context, dataset, document, error, answers)
            return
        with context.connect(at_most_mb=MEMORY_MB) as connection:
            verdict = validate_document(
                connection,
                parsed,
                dataset,
                document_id=document.retrieval_id,
                declared_cells=reading.cells,
                keys_differ=order.holds,
            )
            rows = accepted_rows_query(parsed, verdict)
            of_codes = [
                judge_codes(connection, rows, archive, dataset, lists, subject=document.retrieval_id)
                for lists in code_lists
            ]
            outcomes = answers.applied([*verdict.outcomes, *of_codes])
            context.outcomes.extend(answers.settled(outcomes))
            write_observations(
                context,
                connection,
                parsed,
                quarantined=verdict.quarantine,
                edge=RaggedEdge.of(connection, rows),
                order=order,
            )
            context.write_arrow("quarantine", verdict.quarantine)
            states = dict(
                connection.execute(
                    f"SELECT cell_state, count(*) FROM {parquet(context.output_file('observation'))} "
                    "GROUP BY 1 ORDER BY 1"
                ).fetchall()
            )
    context.facts.update(
        accepted=not critical_failures(outcomes),
        error="",
        packing=packing,
        series=reading.series_count,
        periods=reading.period_count,
        cells=reading.cells,
        quarantined=verdict.quarantine.num_rows,
        states=states,
    )


def _packing(stream: BinaryIO) -> str:
    """How the bytes are packed; the stream is where it was."""
    head = stream.read(2)
    stream.seek(0)
    return _MAGIC.get(head, "none")


def _keep_out_unreadable(
    context: StageContext, dataset: DatasetEntry, document: Retrieval, error: AlpError, answers: _Answers
) -> None:
    unread = RuleOutcome(
        "document_readable", dataset.id, document.retrieval_id, "critical", "failed", 1, 1, str(error)
    )
    context.outcomes.extend(answers.settled([unread]))
    context.write_arrow("observation", _empty_observations())
    context.write_arrow("quarantine", _quarantined_document(error))
    counts = dict.fromkeys(("series", "periods", "cells", "quarantined", "packing"))
    context.facts.update(accepted=False, error=str(error), states={}, **counts)


def _empty_observations() -> "pa.Table":
    from alp_pipeline.observations.schema import OBSERVATION_SCHEMA

    return OBSERVATION_SCHEMA.remove(OBSERVATION_SCHEMA.get_field_index("problem")).empty_table()


def _quarantined_document(error: AlpError) -> "pa.Table":
    """A document of which no cell could be read stands in quarantine as a whole, as one row."""
    import pyarrow as pa

    from alp_pipeline.quality.quarantine import QUARANTINE_SCHEMA

    row = {"row_number": 0, "rule_ids": "document_readable", "reasons": str(error)}
    return pa.Table.from_pylist([row], schema=QUARANTINE_SCHEMA)


def _choose_current(
    context: StageContext,
    dataset: DatasetEntry,
    dated: Sequence[tuple[Retrieval, Stage]],
    decided: Mapping[str, Decision],
) -> None:
    records = {document.retrieval_id: context.record(stage.name) for document, stage in dated}
    judged = [(document, records[document.retrieval_id]) for document, _ in dated]
    found = admissions(dataset.id, judged, decided)
    context.outcomes.extend(outcome for admission in found for outcome in admission.rules)
    standing = {admission.document.retrieval_id: admission.as_json() for admission in found}
    in_use = [admission.document for admission in found if admission.is_accepted]
    if not in_use:
        context.write_arrow("current", _empty_observations())
    else:
        used = _write_current(context, [(d, records[d.retrieval_id].stage) for d in in_use])
        # A valid empty document that supersedes all before it is in use, though no row names it.
        used.add(in_use[-1].retrieval_id)
        for document in in_use:
            name = document.retrieval_id
            standing[name]["standing"] = IN_USE if name in used else SUPERSEDED
    context.facts.update(standing=standing, in_use=[document.retrieval_id for document in in_use])


def _write_current(context: StageContext, in_use: Sequence[tuple[Retrieval, str]]) -> set[str]:
    """Write what holds now of the documents in use, oldest first; the ids of those that have a row in it."""
    from alp_pipeline.observations.vintages import current_query, newest_says_all
    from alp_pipeline.plan.observation_file import MEMORY_MB, write_sorted

    sources = [(context.input(stage, "observation"), document.extent.as_json()) for document, stage in in_use]
    if newest_says_all(sources):  # the usual case, and nothing to sort
        document, stage = in_use[-1]
        context.same_as("current", stage, "observation")
        return {document.retrieval_id}
    with context.connect(at_most_mb=MEMORY_MB) as connection:
        write_sorted(context, connection, "current", current_query(sources))
        found = connection.execute(
            f"SELECT DISTINCT document_id FROM {parquet(context.output_file('current'))}"
        )
        return {row[0] for row in found.fetchall()}
