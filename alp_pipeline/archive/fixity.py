"""Whether the archive still holds what was put into it.

Belongs here: reading every byte again and naming what is wrong. Does not: mending, which a person does
after looking.
"""

from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from alp_pipeline.archive.decisions import Decision, DecisionInvalid
from alp_pipeline.archive.importer import Progress
from alp_pipeline.archive.objects import DocumentUnreadable, measure
from alp_pipeline.archive.retrieval import Retrieval, RetrievalInvalid
from alp_pipeline.archive.store import Archive, record_text
from alp_pipeline.archive.tombstone import Tombstone
from alp_pipeline.durable import TEMPORARY_MARK
from alp_pipeline.errors import AlpError

Problem = Literal[
    "bytes changed",
    "bytes truncated",
    "bytes missing",
    "bytes unreadable",
    "record altered",
    "tombstone altered",
    "decision altered",
    "kind altered",
    "mixed kinds",
    "erasure unfinished",
    "object without record",
    "decision without document",
    "stray partial",
    "foreign file",
]

_TODO: dict[Problem, str] = {
    "bytes changed": "Move the file out of the archive, then import the document again or restore it.",
    "bytes truncated": "Move the file out of the archive, then import the document again or restore it.",
    "bytes missing": "Import the document again, or restore the file from a backup.",
    "bytes unreadable": "Check the disk and the file's permissions.",
    "record altered": "Move the file out of the archive, then import the document again or restore it.",
    "tombstone altered": "Restore it from a backup; without it the withdrawn document could return.",
    "decision altered": "Restore it from a backup or an export; without it the rules decide alone.",
    "kind altered": 'Write {"kind": "synthetic"} or {"kind": "real"} into it, as the documents are.',
    "mixed kinds": "Move the record out of the archive; its document belongs to another data folder.",
    "erasure unfinished": "Finish it: alp archive withdraw, with the same hash.",
    "object without record": "No document: a write died, or a record was lost. Import it again or remove it.",
    "decision without document": "It says nothing here: its document was never imported.",
    "stray partial": "No document: a write died. A refresh removes it an hour after its last byte.",
    "foreign file": "Not put there by the archive. Move it out.",
}
_HARMLESS: frozenset[Problem] = frozenset(
    {"object without record", "decision without document", "stray partial", "foreign file"}
)


@dataclass(frozen=True)
class Finding:
    """Something that is not as it was put there.

    `path` is relative to the archive; source, dataset and retrieval id name the document, and are None
    where a file belongs to none.
    """

    problem: Problem
    path: str
    detail: str = ""
    source_id: str | None = None
    dataset_code: str | None = None
    retrieval_id: str | None = None

    @property
    def is_damage(self) -> bool:
        """Whether a document is lost, altered or mislaid; else it is litter."""
        return self.problem not in _HARMLESS

    @property
    def todo(self) -> str:
        return _TODO[self.problem]

    def __str__(self) -> str:
        """One line.

        >>> print(Finding("bytes missing", "objects/ab/abc", "", "eurostat", "tgs00001", "0123"))
        bytes missing: document 0123 of eurostat.tgs00001: objects/ab/abc. Import the document again, or \
restore the file from a backup.
        """
        owner = f"document {self.retrieval_id} of {self.source_id}.{self.dataset_code}: "
        detail = f" ({self.detail})" if self.detail else ""
        return f"{self.problem}: {owner if self.retrieval_id else ''}{self.path}{detail}. {self.todo}"


def verify(archive: Archive, progress: Progress | None = None) -> list[Finding]:
    """Read everything again: every record against its name, all bytes against their hash.

    Returns: what is wrong, ordered by path; an empty list is a sound archive.
    """
    findings: list[Finding] = []
    withdrawn = _check_tombstones(archive, findings)
    owners = _check_records(archive, withdrawn, findings)
    files = sorted(path for path in archive.objects.folder.rglob("*") if path.is_file())
    for done, path in enumerate(files):
        if progress:
            progress(done, len(files), path.name)
        findings.extend(_check_object(archive, path, owners, withdrawn))
    for content_sha256, retrievals in owners.items():
        path = archive.objects.path(content_sha256)
        if content_sha256 not in withdrawn and not path.is_file():
            findings.extend(_of("bytes missing", archive, path, retrieval) for retrieval in retrievals)
    findings.extend(_check_decisions(archive, {r.retrieval_id for group in owners.values() for r in group}))
    findings.extend(_check_rest(archive, has_records=bool(owners)))
    if progress:
        progress(len(files), len(files), "")
    return sorted(findings, key=lambda finding: (finding.path, finding.retrieval_id or ""))


def _check_tombstones(archive: Archive, findings: list[Finding]) -> set[str]:
    withdrawn = set()
    for path in sorted(archive.erasures.rglob("*")):
        if not path.is_file():
            continue
        if path.suffix != ".json":
            findings.append(_litter(archive, path))
            continue
        withdrawn.add(path.stem)
        try:
            stone = Tombstone.from_json(path.read_text(encoding="utf-8"), where=str(path))
        except (RetrievalInvalid, UnicodeDecodeError, OSError) as error:
            findings.append(Finding("tombstone altered", _name(archive, path), _reason(error)))
            continue
        if stone.content_sha256 != path.stem:
            findings.append(Finding("tombstone altered", _name(archive, path), "is another document's"))
    return withdrawn


def _check_records(
    archive: Archive, withdrawn: set[str], findings: list[Finding]
) -> dict[str, list[Retrieval]]:
    """The retrievals by the hash of their bytes, of the records that are what they were."""
    owners: dict[str, list[Retrieval]] = defaultdict(list)
    kind = _kind(archive)
    for path in sorted(archive.records.rglob("*")):
        if not path.is_file():
            continue
        source_id, dataset_code = path.parent.parent.name, path.parent.name
        if path.suffix != ".json" or path.parent.parent.parent != archive.records:
            findings.append(_litter(archive, path))
            continue
        try:
            text = path.read_text(encoding="utf-8")
            retrieval = Retrieval.from_json(text, where=str(path))
            altered = "" if record_text(retrieval) == text else "not written by the archive"
            altered = altered if archive.record_path(retrieval) == path else "content and name disagree"
        except (RetrievalInvalid, UnicodeDecodeError, OSError) as error:
            altered = _reason(error)
        if altered:
            name = _name(archive, path)
            findings.append(Finding("record altered", name, altered, source_id, dataset_code, path.stem))
            continue
        owners[retrieval.content_sha256].append(retrieval)
        if retrieval.content_sha256 in withdrawn:
            findings.append(_of("erasure unfinished", archive, path, retrieval))
        if kind is not None and retrieval.kind != kind:
            findings.append(_of("mixed kinds", archive, path, retrieval))
    return owners


def _check_object(
    archive: Archive, path: Path, owners: dict[str, list[Retrieval]], withdrawn: set[str]
) -> list[Finding]:
    if path != archive.objects.path(path.name):
        return [_litter(archive, path)]
    if path.name in withdrawn:
        return [Finding("erasure unfinished", _name(archive, path))]
    retrievals = owners.get(path.name)
    if not retrievals:
        return [Finding("object without record", _name(archive, path))]
    try:
        found, size = measure(path)
    except DocumentUnreadable as error:
        return [_of("bytes unreadable", archive, path, retrieval, error.what) for retrieval in retrievals]
    if found == path.name:
        return []
    problem: Problem = "bytes truncated" if size < retrievals[0].size_bytes else "bytes changed"
    detail = f"{size} bytes of {retrievals[0].size_bytes}, SHA-256 now {found}"
    return [_of(problem, archive, path, retrieval, detail) for retrieval in retrievals]


def _check_decisions(archive: Archive, held: set[str]) -> list[Finding]:
    findings = []
    for path in sorted(archive.decided.rglob("*")):
        if not path.is_file():
            continue
        if path.suffix != ".json":
            findings.append(_litter(archive, path))
            continue
        try:
            text = path.read_text(encoding="utf-8")
            decision = Decision.from_json(text, where=str(path))
            altered = "" if decision.text() == text else "not written by the archive"
            altered = altered if archive.decision_path(decision) == path else "content and name disagree"
        except (DecisionInvalid, UnicodeDecodeError, OSError) as error:
            altered = _reason(error)
        if altered:
            findings.append(Finding("decision altered", _name(archive, path), altered))
        elif decision.retrieval_id not in held | _withdrawn_ids(archive):
            findings.append(Finding("decision without document", _name(archive, path)))
    return findings


def _withdrawn_ids(archive: Archive) -> set[str]:
    try:
        return {d.retrieval_id for stone in archive.tombstones() for d in stone.documents}
    except AlpError:
        return set()  # an altered tombstone has a finding of its own


def _check_rest(archive: Archive, *, has_records: bool) -> list[Finding]:
    """The archive's own folder: its kind, and what does not belong there."""
    if not archive.root.is_dir():
        return []
    findings = []
    if has_records and _kind(archive) is None:
        findings.append(Finding("kind altered", "kind.json"))
    for path in archive.root.iterdir():
        if path.is_file() and path.name != "kind.json":
            findings.append(_litter(archive, path))
    return findings


def _kind(archive: Archive) -> str | None:
    try:
        return archive.kind()
    except AlpError:
        return None


def _litter(archive: Archive, path: Path) -> Finding:
    return Finding("stray partial" if TEMPORARY_MARK in path.name else "foreign file", _name(archive, path))


def _of(problem: Problem, archive: Archive, path: Path, retrieval: Retrieval, detail: str = "") -> Finding:
    ids = (retrieval.source_id, retrieval.dataset_code, retrieval.retrieval_id)
    return Finding(problem, _name(archive, path), detail, *ids)


def _name(archive: Archive, path: Path) -> str:
    return path.relative_to(archive.root).as_posix()


def _reason(error: Exception) -> str:
    return error.what if isinstance(error, AlpError) else str(error)
