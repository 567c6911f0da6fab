"""What one archive exports, another imports: the same records, or nothing."""

import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

from alp_pipeline.archive.erasure import withdraw
from alp_pipeline.archive.fixity import verify
from alp_pipeline.archive.importer import WithdrawnElsewhere
from alp_pipeline.archive.kind import MixedKinds
from alp_pipeline.archive.objects import ArchiveCorrupt
from alp_pipeline.archive.retrieval import Extent
from alp_pipeline.archive.store import Archive
from alp_pipeline.archive.transfer import ExportRefused, export, import_path
from alp_pipeline_tests.archive.conftest import TSV


@pytest.fixture
def filled(archive: Archive) -> Archive:
    facts = {"source_id": "eurostat", "dataset_code": "tgs00001", "format": "tsv", "licence": "a, b; «c»"}
    archive.add(TSV, **facts)
    archive.add(TSV, seen_at="2017-08-01T10:20:30Z", seen_at_origin="document", **facts)
    archive.add(
        b"slice",
        published_at="2017-07-31T14:35:14Z",
        published_at_origin="inventory",
        extent=Extent({"geo": ["ITC4"]}, ("2014", None)),
        url="https://a.eu/x?a=1,2",
        parameters={"geo": "ITC4"},
        headers={"etag": '"x"'},
        citation="doi:10.2908/TGS00001",
        **facts,
    )
    archive.add(b"", source_id="json-stat.org", dataset_code="empty", format="json-stat-2", licence="")
    return archive


@pytest.mark.parametrize("name", ["out", "out.tar"])
def test_export_and_import_give_identical_records(filled: Archive, tmp_path: Path, name: str) -> None:
    assert export(filled, tmp_path / name) == 4
    other = Archive(tmp_path / "other")
    report = import_path(other, tmp_path / name)
    assert report.summary() == f"{tmp_path / name}: 4 added, 0 already there, 0 failed"
    assert other.retrievals() == filled.retrievals()
    assert [r.retrieval_id for r in other.retrievals()] == [r.retrieval_id for r in filled.retrievals()]
    assert other.fingerprint("eurostat.tgs00001") == filled.fingerprint("eurostat.tgs00001")
    assert verify(other) == []
    assert len(import_path(filled, tmp_path / name).already_there) == 4


def test_the_same_archive_gives_the_same_tar(filled: Archive, tmp_path: Path) -> None:
    export(filled, tmp_path / "a.tar")
    export(filled, tmp_path / "b.tar")
    assert (tmp_path / "a.tar").read_bytes() == (tmp_path / "b.tar").read_bytes()


@pytest.mark.parametrize("name", ["out", "out.tar"])
def test_withdrawals_travel_and_erase_nothing_by_themselves(
    filled: Archive, tmp_path: Path, name: str
) -> None:
    keeper = Archive(tmp_path / "keeper")
    export(filled, tmp_path / "before")
    import_path(keeper, tmp_path / "before")
    gone = filled.vintages("eurostat.tgs00001")[0]
    withdraw(filled, gone.content_sha256, "consent revoked", "A. Bianchi")
    export(filled, tmp_path / name)
    fresh = Archive(tmp_path / "fresh")
    import_path(fresh, tmp_path / name)
    assert fresh.tombstones() == filled.tombstones()
    # The old export cannot bring the document back, the new one cannot take it away.
    assert [type(e).__name__ for e in import_path(fresh, tmp_path / "before").failed] == ["DocumentWithdrawn"]
    (refused,) = import_path(keeper, tmp_path / name).failed
    assert isinstance(refused, WithdrawnElsewhere)
    assert keeper.open(gone).read() == b"slice"


@pytest.mark.parametrize("name", ["out", "out.tar"])
@pytest.mark.parametrize("harm", [lambda content: content[::-1], lambda content: content[:-1]])
def test_a_damaged_document_is_not_passed_on(
    filled: Archive, tmp_path: Path, name: str, harm: Callable[[bytes], bytes]
) -> None:
    path = filled.path(filled.vintages("eurostat.tgs00001")[0])
    path.write_bytes(harm(path.read_bytes()))
    with pytest.raises(ArchiveCorrupt):
        export(filled, tmp_path / name)
    assert not (tmp_path / "out.tar").exists()
    assert not (tmp_path / "out" / "manifest.csv").exists()


def test_an_export_writes_over_nothing_and_has_something_to_write(filled: Archive, tmp_path: Path) -> None:
    (tmp_path / "taken.tar").write_text("mine")
    with pytest.raises(ExportRefused, match="exists already"):
        export(filled, tmp_path / "taken.tar")
    with pytest.raises(ExportRefused, match="empty"):
        export(Archive(tmp_path / "none"), tmp_path / "out")


def test_an_edited_export_is_refused_line_by_line(filled: Archive, tmp_path: Path) -> None:
    export(filled, tmp_path / "out")
    manifest = tmp_path / "out" / "manifest.csv"
    manifest.write_text(manifest.read_text().replace(",json-stat.org,", ",istat,"))
    report = import_path(Archive(tmp_path / "other"), tmp_path / "out")
    assert len(report.added) == 3
    assert "says 'istat' where its record says 'json-stat.org'" in str(report.failed[0])


def test_a_real_export_relabelled_synthetic_brings_nothing(filled: Archive, tmp_path: Path) -> None:
    export(filled, tmp_path / "out")
    (tmp_path / "out" / "archive_kind.json").write_text('{"kind": "synthetic"}')
    other = Archive(tmp_path / "other")
    assert len(import_path(other, tmp_path / "out").failed) == 4
    assert other.kind() is None
    with pytest.raises(MixedKinds):
        import_path(filled, tmp_path / "out")


def test_a_tar_cannot_write_outside_and_a_broken_one_is_named(archive: Archive, tmp_path: Path) -> None:
    (tmp_path / "evil.txt").write_text("evil")
    with tarfile.open(tmp_path / "evil.tar", "w") as tar:
        for name in ("../escaped.txt", "/tmp/escaped-absolute.txt"):  # noqa: S108 - must not be written
            tar.add(tmp_path / "evil.txt", name)
    with pytest.raises(Exception, match="there is no manifest"):
        import_path(archive, tmp_path / "evil.tar")
    assert not list(tmp_path.parent.rglob("escaped*"))
    (tmp_path / "broken.tar").write_bytes(b"no tar" * 1000)
    with pytest.raises(ArchiveCorrupt, match=r"broken\.tar: is no whole tar"):
        import_path(archive, tmp_path / "broken.tar")
