"""The intake gate's verdict on a dataset's documents: which come into use, and what people decided of them.

Belongs here: rules' outcomes, the comparison with what was accepted before, and decisions, put together.
Does not: evaluating rules on a document's rows (quality.intake), taking decisions (archive.decisions,
plan.deciding), the stages (plan.intake).

A pure function of the documents' records and the decisions that hold, in the order of history: each document
is compared with the last accepted one, so accepting a suspect changes what later ones are compared with.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from alp_pipeline.archive.decisions import Decision
from alp_pipeline.archive.retrieval import Retrieval
from alp_pipeline.build.outcome import RuleOutcome
from alp_pipeline.build.stage import StageRecord

IN_USE = "in use"
SUPERSEDED = "superseded"
KEPT_OUT = "kept out by the intake gate"
SUSPECT = "suspect, held back until accepted"
REFUSED = "refused by decision"

Judged = tuple[Retrieval, StageRecord]
"""A document and the record of the stage that read and validated it."""


@dataclass(frozen=True)
class Admission:
    """What the gate says of one document.

    `detail` gives the reason, and the command where a person may decide otherwise. `rules` are the outcomes
    of the comparison with the document accepted before.
    """

    document: Retrieval
    outcome: Literal["accepted", "kept out", "suspect", "refused"]
    standing: str
    detail: str
    rules: tuple[RuleOutcome, ...] = ()

    @property
    def is_accepted(self) -> bool:
        return self.outcome == "accepted"

    def as_json(self) -> dict[str, str]:
        return {"outcome": self.outcome, "standing": self.standing, "detail": self.detail}


def admissions(scope: str, judged: Sequence[Judged], decided: Mapping[str, Decision]) -> list[Admission]:
    """The verdict on each document.

    Args:
        scope: the dataset's id.
        judged: oldest first.
        decided: retrieval id → the acceptance or refusal that holds.
    """
    accepted: list[Judged] = []
    found = []
    for document, record in judged:
        admission = _admit(scope, document, record, accepted, decided.get(document.retrieval_id))
        if admission.is_accepted:
            accepted.append((document, record))
        found.append(admission)
    return found


def kept_out_reason(record: StageRecord) -> str:
    """The critical rules that keep a document out, in words; empty when none does."""
    failed = [o for o in record.outcomes if o.is_failure and o.severity == "critical"]
    return "; ".join(f"{o.rule_id}: {o.detail}" for o in failed)


def _admit(
    scope: str,
    document: Retrieval,
    record: StageRecord,
    accepted_before: Sequence[Judged],
    decision: Decision | None,
) -> Admission:
    if decision is not None and decision.action == "refuse":
        return Admission(document, "refused", REFUSED, decision.said)
    if not record.facts["accepted"]:
        return Admission(document, "kept out", KEPT_OUT, _why_kept_out(document, record, decision))
    bands = _bands(scope, document, record, accepted_before)
    outside = [band for band in bands if band.is_failure]
    if not outside or decision is not None:
        answered = [band.waived(decision.said) if decision and band.is_failure else band for band in bands]
        return Admission(document, "accepted", IN_USE, json.dumps(record.facts["states"]), tuple(answered))
    said = "; ".join(f"{band.rule_id}: {band.detail}" for band in outside)
    todo = f"held back until accepted: alp decide accept {document.retrieval_id} --why …"
    told = [_with_todo(band, todo) for band in bands]
    return Admission(document, "suspect", SUSPECT, f"{said}; {todo}", tuple(told))


def _with_todo(band: RuleOutcome, todo: str) -> RuleOutcome:
    return replace(band, detail=f"{band.detail}; {todo}") if band.is_failure else band


def _why_kept_out(document: Retrieval, record: StageRecord, decision: Decision | None) -> str:
    said = kept_out_reason(record)
    if record.facts["error"]:
        return f"{said}; {decision.said}, but what cannot be read cannot be used" if decision else said
    todo = f"to waive a rule: alp decide waive {document.retrieval_id} RULE --why …"
    lifted = f"; {decision.said}, which lifts no failed rule" if decision else ""
    return f"{said}{lifted}; {todo}"


def _bands(
    scope: str, document: Retrieval, record: StageRecord, accepted_before: Sequence[Judged]
) -> list[RuleOutcome]:
    """The document against the last accepted one of the same extent; nothing where there is none."""
    from alp_pipeline.quality.bands import bytes_band, size_band

    same = [judged for judged in accepted_before if judged[0].extent == document.extent]
    if not same:
        return []
    before, its_record = same[-1]
    subject = document.retrieval_id
    bands = [size_band(its_record.facts["cells"], record.facts["cells"], scope=scope, subject=subject)]
    if _form(before, its_record) == _form(document, record):
        bands.append(bytes_band(before.size_bytes, document.size_bytes, scope=scope, subject=subject))
    return bands


def _form(document: Retrieval, record: StageRecord) -> tuple[str, str]:
    """What bytes must have in common to be compared: the family of formats, and the packing."""
    return re.sub(r"-[0-9.]+$", "", document.format), record.facts["packing"]
