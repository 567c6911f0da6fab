"""What waits for a person, and taking the decision: the functions behind `alp decide` and the UI's job.

Belongs here: documents that are held back or kept out with the reason and the commands, what may be decided
on a catalogued document. Does not: the record of a decision (archive.decisions), the verdict (admission).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from alp_pipeline.archive.decisions import Action, Decision, DecisionRefused, decide, find_document
from alp_pipeline.archive.retrieval import Retrieval
from alp_pipeline.archive.store import Archive
from alp_pipeline.build.stage import BuildStore, Plan, Stage, StageRecord
from alp_pipeline.catalog.models import Catalog, DatasetEntry
from alp_pipeline.plan.admission import KEPT_OUT, Judged, admissions, kept_out_reason
from alp_pipeline.plan.intake import Intake, intake_of

NOT_JUDGED = "not judged yet"


@dataclass(frozen=True)
class Waiting:
    """A document that is not in use and that a person may decide on."""

    dataset_id: str
    retrieval_id: str
    standing: str
    reason: str
    commands: tuple[str, ...]
    """To be typed, each with a reason in the place of the dots."""


def pending(catalog: Catalog, archive: Archive, store: BuildStore) -> list[Waiting]:
    """Documents that are suspect or kept out and on which nobody decided, by dataset, oldest first.

    From the stages' records and the decisions that hold now, so a decision shows before the next refresh.
    Documents that no refresh has read as they would be read now are `not judged yet`, and so are those after
    them: one line per dataset, without a retrieval id.
    """
    found: list[Waiting] = []
    for dataset in catalog.datasets.values():
        intake = intake_of(archive, dataset)
        records = _records(store, intake)
        judged: list[Judged] = []
        # A refusal needs no reading: it decides alone, and nothing is compared with a refused document.
        left = [pair for pair in intake.dated if not _is_refused(intake, pair[0])]
        while left and (record := records.get(left[0][1].name)) is not None:
            judged.append((left.pop(0)[0], record))
        for admission in admissions(dataset.id, judged, intake.decided):
            if admission.outcome in ("suspect", "kept out"):
                record = records[_stage(intake, admission.document).name]
                commands = _commands(admission.outcome == "suspect", dataset, admission.document, record)
                found.append(
                    _waiting(dataset, admission.document, admission.standing, admission.detail, commands)
                )
        found += _undated(dataset, intake, records)
        unread = len(left) + sum(
            stage.name not in records and not _is_refused(intake, document)
            for document, stage in intake.undated
        )
        if unread:
            found.append(_unjudged(dataset, unread))
    return found


def take_decision(
    catalog: Catalog,
    archive: Archive,
    store: BuildStore,
    action: Action,
    retrieval_id: str,
    *,
    why: str,
    who: str,
    rule_id: str | None = None,
    at: datetime | None = None,
) -> Decision:
    """Take a decision on a catalogued document, if it can change anything; the next refresh goes by it.

    Args: as `archive.decisions.decide`; the rules that can be waived are those of the document's dataset.

    Raises:
        DecisionRefused: also when nothing reads the document; when it is known that it cannot be read, which
            neither acceptance nor waiver lifts; when it is to be accepted and fails a rule.
    """
    document = find_document(archive, retrieval_id)
    dataset = catalog.datasets.get(document.dataset_id)
    if dataset is None and document.metadata_of is None:
        raise _refused(
            document, "is of no catalogued dataset, nothing reads it", "Catalogue its dataset first."
        )
    if dataset is not None and action in ("accept", "waive"):
        _refuse_hopeless(archive, store, dataset, document, action)
    return decide(
        archive,
        action,
        document.retrieval_id,
        why=why,
        who=who,
        rule_id=rule_id,
        waivable=lambda dataset_id: _waivable(catalog, dataset_id),
        at=at,
    )


def _waivable(catalog: Catalog, dataset_id: str) -> Sequence[str]:
    from alp_pipeline.quality.intake import waivable_rules

    return waivable_rules(catalog.datasets[dataset_id]) if dataset_id in catalog.datasets else ()


def _refuse_hopeless(
    archive: Archive, store: BuildStore, dataset: DatasetEntry, document: Retrieval, action: Action
) -> None:
    """Say at once what the next refresh would say: as far as the document was read before."""
    intake = intake_of(archive, dataset)
    groups = archive.vintage_groups(dataset.id)
    vintage = next((group[0] for group in groups if document in group), document)
    stage = next((s for d, s in (*intake.dated, *intake.undated) if d == vintage), None)
    record = None if stage is None else _records(store, intake).get(stage.name)
    if record is None:
        return
    if record.facts["error"]:
        raise _refused(
            document,
            f"cannot be read, so it cannot be used ({kept_out_reason(record)})",
            f"To stop hearing of it: alp decide refuse {document.retrieval_id} --why …",
        )
    if action == "accept" and not record.facts["accepted"]:
        raise _refused(
            document,
            f"is kept out by rules, which acceptance does not lift ({kept_out_reason(record)})",
            f"Waive them one by one: alp decide waive {document.retrieval_id} RULE --why …",
        )


def _records(store: BuildStore, intake: Intake) -> dict[str, StageRecord]:
    stages = [stage for _, stage in (*intake.dated, *intake.undated)]
    plan = Plan(stages)
    found = {stage.name: store.record(plan, stage.name) for stage in stages}
    return {name: record for name, record in found.items() if record is not None}


def _is_refused(intake: Intake, document: Retrieval) -> bool:
    decision = intake.decided.get(document.retrieval_id)
    return decision is not None and decision.action == "refuse"


def _stage(intake: Intake, document: Retrieval) -> Stage:
    return next(stage for dated, stage in intake.dated if dated == document)


def _undated(dataset: DatasetEntry, intake: Intake, records: dict[str, StageRecord]) -> list[Waiting]:
    """Documents outside history that fail a rule: they are reported, so there is something to settle."""
    found = []
    for document, stage in intake.undated:
        record = records.get(stage.name)
        if record is None or document.retrieval_id in intake.decided:
            continue
        if not record.facts["accepted"]:
            commands = _commands(False, dataset, document, record)
            found.append(_waiting(dataset, document, KEPT_OUT, kept_out_reason(record), commands))
    return found


def _commands(is_suspect: bool, dataset: DatasetEntry, document: Retrieval, record: StageRecord) -> list[str]:
    from alp_pipeline.quality.intake import waivable_rules

    name = document.retrieval_id
    refuse = f"alp decide refuse {name} --why …"
    if is_suspect:
        return [f"alp decide accept {name} --why …", refuse]
    failed = {o.rule_id for o in record.outcomes if o.is_failure and o.severity == "critical"}
    waivable = [rule for rule in waivable_rules(dataset) if rule in failed]
    return [*(f"alp decide waive {name} {rule} --why …" for rule in waivable), refuse]


def _waiting(
    dataset: DatasetEntry, document: Retrieval, standing: str, reason: str, commands: Sequence[str]
) -> Waiting:
    return Waiting(dataset.id, document.retrieval_id, standing, reason, tuple(commands))


def _unjudged(dataset: DatasetEntry, count: int) -> Waiting:
    documents = "a document" if count == 1 else f"{count} documents"
    reason = f"{documents} that no refresh has read yet, or not since what they are read with changed"
    return Waiting(dataset.id, "", NOT_JUDGED, reason, ("alp refresh --offline",))


def _refused(document: Retrieval, what: str, todo: str) -> DecisionRefused:
    return DecisionRefused(what, where=f"{document.dataset_id} {document.retrieval_id}", todo=todo)
