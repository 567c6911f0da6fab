"""The one lawful way out of the archive.

Belongs here: withdrawing a document. Does not: deciding that it has to go, or removing what was built
from it: the dataset's fingerprint changes, so the next refresh builds without it and says what it lacks.
Copies that people made (exports, backups, earlier releases) are theirs to remove.

The tombstone is written first. From then on the document is listed no more and its bytes are refused, so
an erasure that dies half-way hides the document at once, and doing it again finishes it.
"""

from datetime import UTC, datetime
from pathlib import Path

from alp_pipeline.archive.objects import writing
from alp_pipeline.archive.retrieval import Retrieval
from alp_pipeline.archive.store import Archive
from alp_pipeline.archive.tombstone import Tombstone, WithdrawnRetrieval
from alp_pipeline.archive.utc import canonical
from alp_pipeline.durable import flush
from alp_pipeline.errors import AlpError


class ErasureRefused(AlpError):
    """A withdrawal that names no document, or nobody who answers for it."""


def withdraw(
    archive: Archive, content_sha256: str, reason: str, by: str, *, at: datetime | None = None
) -> Tombstone:
    """Erase the bytes with this hash and every record of them; a tombstone stays.

    Args:
        content_sha256: in full.
        reason, by: why, and who decided; kept in the tombstone, so without personal data of others.
        at: the moment of the decision; now, when omitted.

    Returns: the tombstone; of a document withdrawn before, the one it has.

    Raises:
        ErasureRefused: no document has this hash, or reason or person is blank.
        ArchiveNotWritable: a file cannot be removed. Do it again when it can.
    """
    if not reason.strip() or not by.strip():
        todo = "Say why, and who decided: alp archive withdraw HASH --reason … --by …"
        raise ErasureRefused("has no reason or nobody who decided", where=content_sha256, todo=todo)
    records = [r for r in archive.retrievals() if r.content_sha256 == content_sha256]
    stone = archive.tombstone(content_sha256)
    if stone is None:
        if not records:
            todo = "alp archive list shows the hashes in full."
            raise ErasureRefused("no document has this hash", where=content_sha256, todo=todo)
        stone = _tombstone(records, reason.strip(), by.strip(), at or datetime.now(UTC))
        archive.bury(stone)
    records_of = [
        *((d.source_id, d.dataset_code, d.retrieval_id) for d in stone.documents),
        *((r.source_id, r.dataset_code, r.retrieval_id) for r in records),
    ]
    for source_id, code, retrieval_id in records_of:
        _remove(archive.records / source_id / code / f"{retrieval_id}.json")
    _remove(archive.objects.path(content_sha256))
    return stone


def _remove(path: Path) -> None:
    with writing(path):
        path.unlink(missing_ok=True)
        if path.parent.is_dir():
            flush(path.parent)


def _tombstone(records: list[Retrieval], reason: str, by: str, at: datetime) -> Tombstone:
    return Tombstone(
        content_sha256=records[0].content_sha256,
        size_bytes=records[0].size_bytes,
        reason=reason,
        by=by,
        withdrawn_at=canonical(at),
        documents=tuple(WithdrawnRetrieval.of(record) for record in records),
    )
