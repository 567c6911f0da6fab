"""Bytes once, records for ever, one kind, any order."""

import io
import os
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alp_pipeline.archive.fixity import verify
from alp_pipeline.archive.kind import MixedKinds
from alp_pipeline.archive.objects import ArchiveCorrupt, ContentMismatch
from alp_pipeline.archive.retrieval import Extent, Retrieval, RetrievalInvalid
from alp_pipeline.archive.store import Archive, DatasetAmbiguous
from alp_pipeline_tests.archive.conftest import TSV


def add(archive: Archive, content: Any = TSV, seen: str | None = "2017-08-01", **more: Any) -> Retrieval:
    facts: dict[str, Any] = {
        "source_id": "eurostat",
        "dataset_code": "tgs00001",
        "format": "tsv",
        "licence": "Eurostat reuse",
        "seen_at": seen and f"{seen}T00:00:00Z",
        "seen_at_origin": "manifest" if seen else "unknown",
    }
    return archive.add(content, **(facts | more))


def files(root: Path) -> dict[str, bytes]:
    return {p.relative_to(root).as_posix(): p.read_bytes() for p in root.rglob("*") if p.is_file()}


def test_bytes_come_back_as_they_were_received(archive: Archive, tmp_path: Path) -> None:
    (tmp_path / "a.tsv").write_bytes(TSV)
    for content in (TSV, tmp_path / "a.tsv", io.BytesIO(TSV)):
        assert archive.open(add(archive, content)).read() == TSV
    assert len(archive.retrievals()) == 1
    assert archive.open(add(archive, b"")).read() == b""


def test_adding_twice_adds_nothing(archive: Archive) -> None:
    first = add(archive)
    before = files(archive.root)
    assert add(archive) == first
    assert not archive.put(TSV, first)
    assert files(archive.root) == before


def test_the_same_bytes_are_stored_once_and_recorded_for_each_retrieval(archive: Archive) -> None:
    add(archive, seen="2017-08-01")
    add(archive, seen="2017-09-01")
    add(archive, dataset_code="tgs00002")
    names = list(files(archive.root))
    assert len([name for name in names if name.startswith("objects/")]) == 1
    assert len([name for name in names if name.startswith("retrievals/eurostat/tgs00001/")]) == 2
    assert [len(group) for group in archive.vintage_groups("eurostat.tgs00001")] == [2]
    assert len(archive.vintages("eurostat.tgs00001")) == 1


def test_a_record_is_read_back_whole(archive: Archive) -> None:
    kept = add(
        archive,
        extent=Extent({"geo": ["ITC4"]}, ("2014", None)),
        published_at="2017-07-31T14:35:14Z",
        published_at_origin="inventory",
        url="https://ec.europa.eu/eurostat/x",
        parameters={"geo": "ITC4"},
        headers={"content-type": "text/tab-separated-values; charset=utf-8"},
        citation="doi:10.2908/TGS00001 – «tabella»",
        dataset_code="TGS00001",
    )
    assert archive.retrievals() == [kept]
    assert archive.retrievals("eurostat", "tgs00001") == [kept]
    assert archive.retrievals("istat") == []
    assert kept.dataset_id == "eurostat.tgs00001"


def test_nothing_is_overwritten_not_even_what_is_damaged(archive: Archive) -> None:
    kept = add(archive)
    archive.path(kept).write_bytes(b"short")
    for attempt in (lambda: add(archive), lambda: archive.put(TSV, kept), lambda: archive.open(kept)):
        with pytest.raises(ArchiveCorrupt, match=kept.content_sha256):
            attempt()
    assert archive.path(kept).read_bytes() == b"short"
    archive.path(kept).unlink()
    with pytest.raises(ArchiveCorrupt, match="missing"):
        archive.open(kept)
    add(archive)
    assert archive.open(kept).read() == TSV


def test_bytes_that_are_not_the_announced_ones_are_not_kept(archive: Archive) -> None:
    announced = add(Archive(archive.root / "elsewhere"))
    for other in (TSV[:-1], TSV[:-1] + b"x"):
        with pytest.raises(ContentMismatch):
            archive.put(other, announced)
    assert archive.retrievals() == []
    assert archive.kind() is None
    assert not [name for name in files(archive.root) if name.startswith("objects/")]


def test_synthetic_and_real_never_meet(archive: Archive) -> None:
    add(archive)
    assert archive.kind() == "real"
    before = files(archive.root)
    with pytest.raises(MixedKinds, match="this archive is real, the documents to add are synthetic"):
        add(archive, b"other", is_synthetic=True)
    with pytest.raises(MixedKinds):
        archive.claim_kind("synthetic")
    assert files(archive.root) == before


def test_a_claimed_kind_holds_before_the_first_document(archive: Archive) -> None:
    archive.claim_kind("synthetic")
    with pytest.raises(MixedKinds):
        add(archive)
    assert add(archive, is_synthetic=True).kind == "synthetic"


def test_a_kind_that_is_neither_is_an_error_not_a_guess(archive: Archive) -> None:
    archive.root.mkdir()
    for text in ('{"kind": "mixed"}', "{", "[]", '{"sort": "real"}'):
        (archive.root / "kind.json").write_text(text)
        with pytest.raises(ArchiveCorrupt, match=r"kind\.json"):
            add(archive)


def test_an_impossible_record_is_refused_before_a_byte_is_written(archive: Archive) -> None:
    with pytest.raises(RetrievalInvalid):
        add(archive, source_id="../../etc")
    assert not archive.root.exists()


def test_an_altered_record_stops_its_dataset_by_name(archive: Archive) -> None:
    path = archive.record_path(add(archive))
    add(archive, dataset_code="tgs00002")
    path.write_text(path.read_text().replace("Eurostat reuse", "public domain"))
    with pytest.raises(ArchiveCorrupt, match=path.name):
        archive.vintages("eurostat.tgs00001")
    assert len(archive.vintages("eurostat.tgs00002")) == 1


def test_the_undated_stand_apart(archive: Archive) -> None:
    undated = add(archive, seen=None)
    dated = add(archive, b"other")
    assert archive.vintages("eurostat.tgs00001") == [dated]
    assert archive.undated("eurostat.tgs00001") == [undated]


def test_an_unknown_dataset_is_empty_and_an_ambiguous_one_an_error(archive: Archive) -> None:
    assert archive.vintages("eurostat.none") == []
    assert archive.vintages("nodot") == []
    add(archive, source_id="json-stat.org", dataset_code="galicia-2.0")
    assert len(archive.vintages("json-stat.org.galicia-2.0")) == 1
    add(archive, source_id="json-stat", dataset_code="org.galicia-2.0")
    with pytest.raises(DatasetAmbiguous, match=r"json-stat\.org"):
        archive.vintages("json-stat.org.galicia-2.0")


def test_the_fingerprint_follows_the_retrievals_of_its_dataset_alone(archive: Archive) -> None:
    empty = archive.fingerprint("eurostat.tgs00001")
    add(archive)
    one = archive.fingerprint("eurostat.tgs00001")
    add(archive, dataset_code="tgs00002")
    assert archive.fingerprint("eurostat.tgs00001") == one != empty
    add(archive, seen="2018-01-01")
    assert archive.fingerprint("eurostat.tgs00001") != one


def test_a_file_being_written_is_not_listed(archive: Archive) -> None:
    kept = add(archive)
    path = archive.record_path(kept)
    path.with_name(path.name + ".partial-1-abcd").write_text("{")
    assert archive.retrievals() == [kept]


def test_clearing_up_leaves_a_living_writer_its_file(archive: Archive) -> None:
    """A refresh clears up while an import may be writing: that takes no lock."""
    folder = archive.record_path(add(archive)).parent
    (folder / "living.json.partial-1-abcd").write_text("{")
    dead = folder / "dead.json.partial-1-abcd"
    dead.write_text("{")
    os.utime(dead, (0, 0))
    assert archive.clear_partials() == 1
    assert [path.name for path in folder.glob("*.partial-*")] == ["living.json.partial-1-abcd"]
    assert archive.clear_partials(idle_seconds=0) == 1


def test_writers_at_the_same_time_leave_each_document_once(archive: Archive) -> None:
    def write(_: int) -> list[str]:
        return [add(archive, b"%d" % n).retrieval_id for n in range(20)]

    with ThreadPoolExecutor(4) as writers:
        written = list(writers.map(write, range(4)))
    assert len(archive.retrievals()) == 20
    assert all(ids == written[0] for ids in written)
    assert verify(archive) == []


def test_of_two_first_writers_of_different_kinds_one_wins(tmp_path: Path) -> None:
    def write(archive: Archive, is_synthetic: bool) -> bool:
        try:
            return add(archive, b"%d" % is_synthetic, is_synthetic=is_synthetic).is_synthetic == is_synthetic
        except MixedKinds:
            return False

    with ThreadPoolExecutor(2) as writers:
        for n in range(10):
            archive = Archive(tmp_path / str(n))
            won = list(writers.map(write, [archive, archive], [True, False]))
            assert sorted(won) == [False, True]
            assert {r.kind for r in archive.retrievals()} == {archive.kind()}
            assert not any(finding.is_damage for finding in verify(archive))


DAYS = st.sampled_from([None, "2017-01-01", "2017-02-01", "2017-03-01"])
RETRIEVALS = st.lists(
    st.tuples(st.sampled_from([b"a", b"b", b"c"]), DAYS, DAYS), min_size=1, max_size=6
).flatmap(lambda facts: st.tuples(st.just(facts), st.permutations(facts)))


Facts = tuple[bytes, str | None, str | None]


def _filled(facts: list[Facts]) -> tuple[list[Retrieval], list[Retrieval], str]:
    with tempfile.TemporaryDirectory() as root:
        archive = Archive(Path(root) / "archive")
        for content, published, seen in [*facts, *facts[:2]]:  # the first two come twice
            add(
                archive,
                content,
                seen,
                published_at=published and f"{published}T00:00:00Z",
                published_at_origin="document" if published else "unknown",
            )
        assert verify(archive) == []
        assert len(archive.retrievals()) == len(set(facts))
        name = "eurostat.tgs00001"
        return archive.vintages(name), archive.undated(name), archive.fingerprint(name)


@settings(max_examples=15, deadline=None)
@given(RETRIEVALS)
def test_the_order_of_adding_never_shows_and_adding_again_changes_nothing(
    orders: tuple[list[Facts], list[Facts]],
) -> None:
    one_order, another = orders
    assert _filled(one_order) == _filled(another)


def test_bytes_that_changed_in_place_are_never_read_as_what_was_archived(tmp_path: Path) -> None:
    archive = Archive(tmp_path)
    kept = archive.add(b"7.2", source_id="s", dataset_code="d", format="tsv", licence="x")
    path = archive.path(kept)
    path.chmod(0o644)
    path.write_bytes(b"6.2")
    with pytest.raises(ArchiveCorrupt, match="not what was archived"):
        archive.open_verified(kept)
