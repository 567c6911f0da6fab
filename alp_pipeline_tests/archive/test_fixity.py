"""Whatever happens to a file in the archive is found, and the document named."""

from collections.abc import Callable
from pathlib import Path

import pytest

from alp_pipeline.archive.fixity import Finding, verify
from alp_pipeline.archive.retrieval import Retrieval
from alp_pipeline.archive.store import Archive
from alp_pipeline_tests.archive.conftest import TSV


@pytest.fixture
def kept(archive: Archive) -> Retrieval:
    facts = {"source_id": "eurostat", "format": "tsv", "licence": "Eurostat reuse"}
    archive.add(b"neighbour", dataset_code="tgs00002", **facts)
    return archive.add(TSV, dataset_code="tgs00001", **facts)


def flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def the_only(findings: list[Finding], kept: Retrieval) -> Finding:
    (finding,) = findings
    assert (finding.source_id, finding.dataset_code, finding.retrieval_id) == (
        "eurostat",
        "tgs00001",
        kept.retrieval_id,
    )
    assert f"document {kept.retrieval_id} of eurostat.tgs00001" in str(finding)
    assert str(finding).endswith(finding.todo)
    assert finding.is_damage
    return finding


def test_a_sound_archive_has_no_findings(archive: Archive, kept: Retrieval) -> None:
    told: list[tuple[int, int]] = []
    assert verify(archive, lambda done, total, _: told.append((done, total))) == []
    assert told == [(0, 2), (1, 2), (2, 2)]
    assert verify(Archive(archive.root / "none")) == []


@pytest.mark.parametrize(
    ("harm", "problem"),
    [
        (flip, "bytes changed"),
        (lambda path: path.write_bytes(TSV + b"more"), "bytes changed"),
        (lambda path: path.write_bytes(TSV[:-1]), "bytes truncated"),
        (lambda path: path.write_bytes(b""), "bytes truncated"),
        (lambda path: path.unlink(), "bytes missing"),
    ],
)
def test_harm_to_the_bytes_names_the_document(
    archive: Archive, kept: Retrieval, harm: Callable[[Path], object], problem: str
) -> None:
    harm(archive.path(kept))
    finding = the_only(verify(archive), kept)
    assert finding.problem == problem
    assert finding.path == f"objects/{kept.content_sha256[:2]}/{kept.content_sha256}"


def test_harm_to_shared_bytes_names_every_document(archive: Archive, kept: Retrieval) -> None:
    other = archive.add(TSV, source_id="derived", dataset_code="d", format="tsv", licence="x")
    flip(archive.path(kept))
    assert {f.retrieval_id for f in verify(archive)} == {kept.retrieval_id, other.retrieval_id}


@pytest.mark.parametrize(
    "harm",
    [
        flip,
        lambda path: path.write_bytes(path.read_bytes()[:-20]),
        lambda path: path.write_text(path.read_text().replace("Eurostat reuse", "public domain")),
        lambda path: path.write_text(path.read_text().replace("\n", "")),
    ],
)
def test_harm_to_a_record_names_the_document(
    archive: Archive, kept: Retrieval, harm: Callable[[Path], object]
) -> None:
    harm(archive.record_path(kept))
    findings = verify(archive)
    finding = the_only([f for f in findings if f.is_damage], kept)
    assert finding.problem == "record altered"
    # The bytes lost their record, and nobody is told that they may simply be thrown away.
    assert [f.problem for f in findings if not f.is_damage] == ["object without record"]
    assert "a record was lost" in findings[0].todo


def test_a_record_in_another_place_than_its_own_is_altered(archive: Archive, kept: Retrieval) -> None:
    path = archive.record_path(kept)
    path.rename(path.with_name("0" * 32 + ".json"))
    assert [f.problem for f in verify(archive) if f.is_damage] == ["record altered"]


def test_litter_is_told_from_damage(archive: Archive, kept: Retrieval) -> None:
    orphan = archive.objects.receive(b"orphan", admit=lambda _: None)[0]
    (archive.objects.folder / "incoming.partial-1-abcd").write_bytes(b"x")
    (archive.record_path(kept).parent / "x.json.partial-1-abcd").write_bytes(b"x")
    (archive.root / "kind.json.partial-1-abcd").write_bytes(b"x")
    (archive.objects.folder / "notes.txt").write_bytes(b"x")
    (archive.root / "retrievals" / "notes.json").write_bytes(b"x")
    findings = verify(archive)
    assert not any(finding.is_damage for finding in findings)
    assert {(finding.path, finding.problem) for finding in findings} == {
        ("kind.json.partial-1-abcd", "stray partial"),
        (f"objects/{orphan[:2]}/{orphan}", "object without record"),
        ("objects/incoming.partial-1-abcd", "stray partial"),
        ("objects/notes.txt", "foreign file"),
        ("retrievals/notes.json", "foreign file"),
        (
            f"retrievals/eurostat/tgs00001/{archive.record_path(kept).with_name('x.json').name}"
            ".partial-1-abcd",
            "stray partial",
        ),
    }


def test_a_lost_or_changed_kind_is_damage(archive: Archive, kept: Retrieval) -> None:
    kind = archive.root / "kind.json"
    kind.write_text('{"kind": "synthetic"}')
    assert {f.problem for f in verify(archive)} == {"mixed kinds"}
    for harm in (lambda: kind.write_text("{"), kind.unlink):
        harm()
        assert [f.problem for f in verify(archive)] == ["kind altered"]
