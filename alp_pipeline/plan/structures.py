"""Which archived structure was valid for a document, and the document's codes held against it.

Belongs here: the choice among a dataset's `$structure` and `$constraint` documents. Does not: reading one
(observations.structure), comparing codes (quality.codes), fetching them (sources).

A *structure* lists every code that may occur: one that it does not know is an error of the document, or the
document belongs to another structure, so the rule is critical. A *constraint* lists the codes that the table
held when it was written; a new region legitimately comes before the next constraint, so that is a warning.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from alp_pipeline.archive.retrieval import Retrieval
from alp_pipeline.archive.store import Archive
from alp_pipeline.build.outcome import RuleOutcome, Severity
from alp_pipeline.catalog.models import DatasetEntry
from alp_pipeline.errors import AlpError

if TYPE_CHECKING:
    import duckdb

Structures = Mapping[str, Sequence[Retrieval]]
"""`structure` and `constraint` → the archived vintages, oldest first."""

_SEVERITIES: dict[str, Severity] = {"structure": "critical", "constraint": "warning"}


@dataclass(frozen=True)
class CodeLists:
    """Documents that say which codes a data document may hold; one of them having a code is enough."""

    kind: str
    severity: Severity
    documents: tuple[Retrieval, ...]

    @property
    def rule_id(self) -> str:
        return f"codes_in_{self.kind}"

    def as_json(self) -> dict[str, Any]:
        """For the parameters of the stage that compares."""
        return {
            "rule": self.rule_id,
            "severity": self.severity,
            "documents": [d.as_json() for d in self.documents],
        }


def archived_structures(archive: Archive, dataset: DatasetEntry) -> Structures:
    """What the archive holds of a dataset's structure."""
    return {
        kind: [d for d in archive.vintages(f"{dataset.id}${kind}") if d.format.startswith(f"sdmx-{kind}")]
        for kind in _SEVERITIES
    }


def in_force(structures: Structures, document: Retrieval) -> tuple[CodeLists, ...]:
    """What to hold a document's codes against; nothing where no structure is archived.

    A structure is in force from its publisher's time on, or from when we first saw it; the document's moment
    is when we had it. The newest structure at that moment counts, and with it the next one when that has no
    publisher's time: it was changed at some moment between two looks, perhaps before the document. Where only
    a later one is known (documents older than the first structure), an unknown code is a warning: it may have
    been known then.
    """
    moment = document.seen_at or document.published_at
    if moment is None:
        return ()
    found = []
    for kind, known in structures.items():
        before = [s for s in known if _begins(s) <= moment][-1:]
        after = [s for s in known if _begins(s) > moment][:1]
        if after and before and after[0].published_at is not None:
            after = []
        if before or after:
            severity: Severity = _SEVERITIES[kind] if before else "warning"
            found.append(CodeLists(kind, severity, (*before, *after)))
    return tuple(found)


def _begins(structure: Retrieval) -> str:
    return structure.published_at or structure.seen_at or ""


def judge_codes(
    connection: "duckdb.DuckDBPyConnection",
    rows: str,
    archive: Archive,
    dataset: DatasetEntry,
    lists: CodeLists,
    *,
    subject: str,
) -> RuleOutcome:
    """The rule's outcome on one document. A structure that cannot be read is told and keeps nothing out."""
    from alp_pipeline.quality.codes import codes_known

    try:
        allowed = _allowed(archive, dataset, lists)
    except AlpError as error:
        return RuleOutcome(lists.rule_id, dataset.id, subject, "warning", "not_evaluated", 0, 0, str(error))
    return codes_known(
        connection,
        rows,
        dataset.dimensions,
        allowed,
        rule_id=lists.rule_id,
        severity=lists.severity,
        scope=dataset.id,
        subject=subject,
    )


def _allowed(archive: Archive, dataset: DatasetEntry, lists: CodeLists) -> dict[str, frozenset[str]]:
    """Dimension, in the catalogue's words → the codes that any of the documents knows."""
    from alp_pipeline.observations.structure import codes_of

    shape = dataset.shape()
    allowed: dict[str, frozenset[str]] = {}
    for document in lists.documents:
        with archive.open_verified(document) as stream:
            listed = codes_of(stream, where=f"{document.dataset_id}, document {document.retrieval_id}")
        for name, codes in zip(shape.renamed(tuple(listed)), listed.values(), strict=True):
            known = name if name in dataset.dimensions else name.lower()
            allowed[known] = allowed.get(known, frozenset()) | codes
    return allowed
