"""A lawful erasure: the bytes go for good, a tombstone stays, half an erasure hides already."""

import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from alp_pipeline.archive.erasure import ErasureRefused, withdraw
from alp_pipeline.archive.fixity import verify
from alp_pipeline.archive.inventory import inventory
from alp_pipeline.archive.objects import ArchiveNotWritable
from alp_pipeline.archive.retrieval import Retrieval
from alp_pipeline.archive.store import Archive, DocumentWithdrawn

WHEN = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


@pytest.fixture
def kept(archive: Archive) -> Retrieval:
    facts = {"format": "xlsx", "licence": "partner", "seen_at_origin": "manifest"}
    archive.add(b"others", source_id="noi", dataset_code="members", seen_at="2025-01-01T00:00:00Z", **facts)
    archive.add(b"secret", source_id="noi", dataset_code="copy", seen_at="2025-01-01T00:00:00Z", **facts)
    return archive.add(
        b"secret",
        source_id="noi",
        dataset_code="members",
        seen_at="2025-02-01T00:00:00Z",
        url="https://noi.example/?person=rossi",
        **facts,
    )


def everything(root: Path) -> bytes:
    return b"".join(path.read_bytes() for path in sorted(root.rglob("*")) if path.is_file())


def test_bytes_and_records_go_and_hash_and_reason_stay(archive: Archive, kept: Retrieval) -> None:
    stone = withdraw(archive, kept.content_sha256, "consent revoked", "A. Bianchi", at=WHEN)
    assert archive.tombstones() == [stone]
    assert (stone.reason, stone.by, stone.withdrawn_at) == (
        "consent revoked",
        "A. Bianchi",
        "2026-01-02T03:04:05Z",
    )
    assert {(d.dataset_id, d.seen_at) for d in stone.documents} == {
        ("noi.copy", "2025-01-01T00:00:00Z"),
        ("noi.members", "2025-02-01T00:00:00Z"),
    }
    assert b"secret" not in everything(archive.root)
    assert b"rossi" not in everything(archive.root)
    assert [r.dataset_id for r in archive.retrievals()] == ["noi.members"]
    assert archive.datasets() == ["noi.members"]
    assert verify(archive) == []


def test_what_is_rebuilt_can_see_what_it_lacks(archive: Archive, kept: Retrieval) -> None:
    other = archive.vintages("noi.members")[0]
    alone = Archive(archive.root / "alone")
    alone.put(b"others", other)
    before = archive.fingerprint("noi.members")
    withdraw(archive, kept.content_sha256, "consent revoked", "A. Bianchi")
    assert archive.vintages("noi.members") == [other]
    assert archive.fingerprint("noi.members") != before
    # Nor does it pass for the archive that never had the document.
    assert archive.fingerprint("noi.members") != alone.fingerprint("noi.members")
    assert len(archive.tombstones("noi.members")) == 1
    assert archive.tombstones("noi.others") == []
    rows = inventory(archive, catalogued={"noi.members"}, readable_formats={"xlsx"})
    assert [(row.dataset_id, row.standing) for row in rows] == [
        ("noi.copy", "withdrawn"),
        ("noi.members", "readable"),
        ("noi.members", "withdrawn"),
    ]


def test_withdrawn_bytes_never_come_back(archive: Archive, kept: Retrieval) -> None:
    withdraw(archive, kept.content_sha256, "consent revoked", "A. Bianchi")
    with pytest.raises(DocumentWithdrawn, match="consent revoked"):
        archive.put(b"secret", kept)
    with pytest.raises(DocumentWithdrawn):
        archive.add(b"secret", source_id="other", dataset_code="name", format="csv", licence="x")
    assert b"secret" not in everything(archive.root)


def test_withdrawing_again_changes_nothing(archive: Archive, kept: Retrieval) -> None:
    stone = withdraw(archive, kept.content_sha256, "consent revoked", "A. Bianchi", at=WHEN)
    before = everything(archive.root)
    assert withdraw(archive, kept.content_sha256, "another reason", "B") == stone
    assert everything(archive.root) == before


def test_an_erasure_that_dies_half_way_hides_at_once_and_is_finished_by_repeating(
    archive: Archive, kept: Retrieval, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    with monkeypatch.context() as patch:
        patch.setattr(os, "unlink", refuse)
        patch.setattr(Path, "unlink", lambda path, missing_ok=False: path.exists() and refuse())
        with pytest.raises(ArchiveNotWritable):
            withdraw(archive, kept.content_sha256, "consent revoked", "A. Bianchi")
    assert archive.path(kept).exists()
    assert [r.dataset_id for r in archive.retrievals()] == ["noi.members"]
    half = archive.fingerprint("noi.members")
    assert {finding.problem for finding in verify(archive)} == {"erasure unfinished"}
    withdraw(archive, kept.content_sha256, "consent revoked", "A. Bianchi")
    assert verify(archive) == []
    assert archive.fingerprint("noi.members") == half


def test_a_withdrawal_names_a_document_a_reason_and_a_person(archive: Archive, kept: Retrieval) -> None:
    for content_sha256, reason, by in [
        ("0" * 64, "consent revoked", "A. Bianchi"),
        (kept.content_sha256, " ", "A. Bianchi"),
        (kept.content_sha256, "consent revoked", ""),
    ]:
        with pytest.raises(ErasureRefused):
            withdraw(archive, content_sha256, reason, by)
    assert archive.tombstones() == []


def test_an_altered_tombstone_is_found(archive: Archive, kept: Retrieval) -> None:
    withdraw(archive, kept.content_sha256, "consent revoked", "A. Bianchi")
    path = archive.tombstone_path(kept.content_sha256)
    path.write_text(path.read_text()[:-20])
    assert [finding.problem for finding in verify(archive)] == ["tombstone altered"]
