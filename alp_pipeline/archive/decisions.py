"""What people decided about documents: an immutable record of each decision, and which one holds.

Belongs here: the record and its identity, the order of decisions, taking one. Does not: what the intake gate
makes of it (plan.admission), which rules a dataset has (the caller says), files (store).

    accept      a document that is suspect only for its size comes into use
    refuse      a document stays out, whatever the rules say
    waive       one failed rule does not keep a document out
    withdraw    takes back the decision on a document, or the waiver of a rule: the rules decide again

Of several decisions on the same document, or on the same rule of it, the latest holds. A decision on a
sighting is one on its vintage. Nothing is deleted: who decided what, when and why stays readable.
"""

import hashlib
import json
import re
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from difflib import get_close_matches
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal, Self, get_args

from alp_pipeline.archive.retrieval import Retrieval
from alp_pipeline.archive.utc import canonical, is_canonical
from alp_pipeline.errors import AlpError

if TYPE_CHECKING:
    from alp_pipeline.archive.store import Archive

Action = Literal["accept", "refuse", "waive", "withdraw"]

SHORTEST_ID = 6
_ID = re.compile(r"[0-9a-f]{32}")
_PREFIX = re.compile(rf"[0-9a-f]{{{SHORTEST_ID},32}}")
_DONE: dict[Action, str] = {
    "accept": "accepted",
    "refuse": "refused",
    "waive": "waived",
    "withdraw": "withdrawn",
}


class DecisionInvalid(AlpError):
    """A text that is no record of a decision."""


class DecisionRefused(AlpError):
    """A decision that cannot be taken: no such document or rule, or nothing to decide."""


@dataclass(frozen=True)
class Decision:
    """One decision on one document.

    `when` is UTC, `2026-01-02T03:04:05Z`; `rule_id` names the rule of a waiver, or of one that is withdrawn.

    Raises:
        DecisionInvalid: a blank person or reason, a malformed id or time, a rule where none belongs.

    >>> decision = Decision("accept", "eurostat.tgs00001", "ab" * 16, "A. Rossi", "2026-01-02T03:04:05Z",
    ...                     "the office confirmed the smaller table")
    >>> decision.said
    'accepted by A. Rossi on 2026-01-02T03:04:05Z: the office confirmed the smaller table'
    >>> Decision.from_json(decision.canonical_json(), where="a.json") == decision
    True
    """

    action: Action
    dataset_id: str
    retrieval_id: str
    who: str
    when: str
    why: str
    rule_id: str | None = None

    def __post_init__(self) -> None:
        wrong = [
            name
            for name, is_wrong in {
                "action": self.action not in get_args(Action),
                "retrieval_id": not _ID.fullmatch(self.retrieval_id),
                "who": not self.who.strip(),
                "when": not is_canonical(self.when),
                "why": not self.why.strip(),
                "rule_id": not _rule_fits(self.action, self.rule_id),
            }.items()
            if is_wrong
        ]
        if wrong:
            raise DecisionInvalid(
                f"{', '.join(wrong)} cannot be so",
                where=f"{self.dataset_id} {self.retrieval_id}",
                todo="Say who decides and why; a waiver names its rule, acceptance and refusal name none.",
            )

    @cached_property
    def decision_id(self) -> str:
        """The record's identity: the first 32 hex digits of the SHA-256 of its canonical JSON."""
        return hashlib.sha256(self.canonical_json().encode()).hexdigest()[:32]

    @property
    def said(self) -> str:
        """What was decided, as it goes into outcomes."""
        return f"{_DONE[self.action]} by {self.who} on {self.when}: {self.why}"

    def as_json(self) -> dict[str, Any]:
        """The record without what it does not say."""
        values = {name: getattr(self, name) for name in self.__dataclass_fields__}
        return {name: value for name, value in values.items() if value is not None}

    def canonical_json(self) -> str:
        """The one text of this record: keys sorted, no blanks, UTF-8 as it is."""
        return json.dumps(self.as_json(), sort_keys=True, separators=(",", ":"), ensure_ascii=False)

    def text(self) -> str:
        """The record as it stands on disk: the same content, laid out for people."""
        return json.dumps(self.as_json(), indent=1, sort_keys=True, ensure_ascii=False) + "\n"

    @classmethod
    def from_json(cls, text: str, *, where: str) -> Self:
        """The inverse of `text` and `canonical_json`.

        Raises:
            DecisionInvalid: the text is no decision.
        """
        try:
            return cls(**json.loads(text))
        except (ValueError, TypeError, AttributeError) as error:
            raise DecisionInvalid(
                f"this is not the record of a decision ({error})",
                where=where,
                todo="Restore it from a backup or an export; without it the rules decide alone.",
            ) from error


def _rule_fits(action: str, rule_id: str | None) -> bool:
    if action == "withdraw":
        return rule_id is None or bool(rule_id.strip())
    return bool(rule_id and rule_id.strip()) if action == "waive" else rule_id is None


def decision_order(decision: Decision) -> tuple[str, str]:
    """The key that puts decisions in order: time, then identity, so that the order of import never shows."""
    return decision.when, decision.decision_id


def holding(decisions: Iterable[Decision], retrieval_ids: Collection[str]) -> dict[str | None, Decision]:
    """What holds for one document: rule id → waiver, and None → acceptance or refusal.

    Args:
        retrieval_ids: the document's own id and those of its sightings.
    """
    found: dict[str | None, Decision] = {}
    for decision in sorted(decisions, key=decision_order):
        if decision.retrieval_id in retrieval_ids:
            found[decision.rule_id] = decision
    return {target: decision for target, decision in found.items() if decision.action != "withdraw"}


def in_force(archive: "Archive") -> frozenset[str]:
    """Ids of the decisions that hold for a document that the archive has."""
    taken = archive.decisions()
    found: set[str] = set()
    for dataset_id in sorted({decision.dataset_id for decision in taken}):
        alone = [(document,) for document in archive.undated(dataset_id)]
        for group in (*archive.vintage_groups(dataset_id), *alone):
            held = holding(taken, {retrieval.retrieval_id for retrieval in group})
            found |= {decision.decision_id for decision in held.values()}
    return frozenset(found)


def decide(
    archive: "Archive",
    action: Action,
    retrieval_id: str,
    *,
    why: str,
    who: str,
    rule_id: str | None = None,
    waivable: Callable[[str], Collection[str]] = lambda _: (),
    at: datetime | None = None,
) -> Decision:
    """Take a decision and keep it. The same decision by the same person for the same reason is kept once.

    Args:
        retrieval_id: the document's id, or at least its first six digits.
        why, who: kept for ever, so without personal data of others.
        rule_id: of a waiver, or of the waiver to withdraw.
        waivable: dataset id → the rules that may be waived for its documents.
        at: the moment of the decision; now, when omitted. A decision later than all before it on the same
            target is what a person means by it, so an earlier clock is put right by a second.

    Raises:
        DecisionRefused: no such document, or several; no such rule; nothing to withdraw; a document without
            any time, which enters no history. Nothing was kept.
        DecisionInvalid: person or reason is blank.
        ArchiveNotWritable: the disk refuses.
    """
    document = find_document(archive, retrieval_id)
    _refuse_pointless(action, document)
    known = waivable(document.dataset_id)
    if action == "waive" and rule_id not in known:
        raise DecisionRefused(
            f"there is no rule {rule_id!r} that could be waived",
            where=f"{document.dataset_id} {document.retrieval_id}",
            todo=f"Its rules are {', '.join(sorted(known)) or 'none'}.",
        )
    before = [d for d in archive.decisions(document.dataset_id) if d.rule_id == rule_id]
    ids = _same_vintage(archive, document)
    standing = holding(before, ids).get(rule_id)
    if standing is not None and (standing.action, standing.who, standing.why) == (action, who, why):
        return standing
    if action == "withdraw" and standing is None:
        raise DecisionRefused(
            "there is no decision to withdraw",
            where=f"{document.dataset_id} {document.retrieval_id}",
            todo="alp decide list shows the decisions; a waiver is withdrawn by naming its rule.",
        )
    when = canonical(at or datetime.now(UTC))
    last = max((d.when for d in before if d.retrieval_id in ids), default="")
    if when <= last:
        when = canonical(datetime.fromisoformat(last) + timedelta(seconds=1))
    decision = Decision(action, document.dataset_id, document.retrieval_id, who, when, why, rule_id)
    archive.keep_decision(decision)
    return decision


def find_document(archive: "Archive", retrieval_id: str) -> Retrieval:
    """The retrieval with this id, or the only one whose id begins so.

    Raises:
        DecisionRefused: none, several, or too few digits; names the nearest, or those that it could be.
    """
    wanted = retrieval_id.strip().lower()
    known = {r.retrieval_id: r for r in archive.retrievals()}
    found = [known[name] for name in sorted(known) if name.startswith(wanted)]
    if _PREFIX.fullmatch(wanted) and len(found) == 1:
        return found[0]
    if not _PREFIX.fullmatch(wanted):
        what, near = f"is no id of a document, nor {SHORTEST_ID} digits or more of one", []
    elif found:
        what, near = f"could be {len(found)} documents", [r.retrieval_id for r in found]
    elif any(d.retrieval_id.startswith(wanted) for stone in archive.tombstones() for d in stone.documents):
        what, near = "was withdrawn from the archive", []
    else:
        closest = get_close_matches(wanted, [name[: len(wanted)] for name in known], n=5, cutoff=0.5)
        what = "no document has this id"
        near = [name for name in sorted(known) if name[: len(wanted)] in closest]
    listed = "; ".join(f"{name} ({known[name].dataset_id})" for name in near[:5])
    todo = f"Did you mean {listed}?" if listed else "alp decide pending and dim_document show the ids."
    raise DecisionRefused(what, where=retrieval_id, todo=todo)


def _refuse_pointless(action: Action, document: Retrieval) -> None:
    where = f"{document.dataset_id} {document.retrieval_id}"
    if document.metadata_of is not None:
        raise DecisionRefused(
            "describes its dataset and holds no observations", where=where, todo="Decide on a data document."
        )
    if action == "accept" and document.is_undated:
        raise DecisionRefused(
            "has neither publisher's time nor ours, so it enters no history, accepted or not",
            where=where,
            todo="Import it again with the date on which it was seen.",
        )


def _same_vintage(archive: "Archive", document: Retrieval) -> frozenset[str]:
    for group in archive.vintage_groups(document.dataset_id):
        if document in group:
            return frozenset(retrieval.retrieval_id for retrieval in group)
    return frozenset({document.retrieval_id})
