"""A folder comes in document by document, with the times that documents and manifest tell."""

import gzip
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from alp_pipeline.archive.fixity import verify
from alp_pipeline.archive.importer import ImportReport, import_folder
from alp_pipeline.archive.kind import MixedKinds
from alp_pipeline.archive.manifest import ManifestInvalid
from alp_pipeline.archive.retrieval import Extent
from alp_pipeline.archive.store import Archive
from alp_pipeline_tests.archive.conftest import TSV

Folder = Callable[..., Path]


def counts(report: ImportReport) -> tuple[int, int, int]:
    return len(report.added), len(report.already_there), len(report.failed)


def test_importing_twice_adds_nothing_and_says_so(archive: Archive, folder: Folder) -> None:
    documents = folder({"a.tsv": TSV, "b.tsv": b"other"})
    assert import_folder(archive, documents).summary() == f"{documents}: 2 added, 0 already there, 0 failed"
    assert import_folder(archive, documents).summary() == f"{documents}: 0 added, 2 already there, 0 failed"
    assert verify(archive) == []


def test_what_the_manifest_says_is_in_the_record(archive: Archive, folder: Folder) -> None:
    facts = {"dataset": "TGS00001", "url": "https://a.eu/x", "extent": '{"dims": {"geo": ["ITC4"]}}'}
    (kept,) = import_folder(archive, folder({"a.tsv": TSV}, {"a.tsv": facts})).added
    assert kept.dataset_id == "eurostat.tgs00001"
    assert (kept.format, kept.licence, kept.url) == ("tsv", "Eurostat reuse", "https://a.eu/x")
    assert kept.extent == Extent({"geo": ["ITC4"]})
    assert archive.open(kept).read() == TSV


def test_times_come_from_document_and_manifest_and_an_unknown_time_stays_unknown(
    archive: Archive, folder: Folder
) -> None:
    documents = folder(
        {
            "packed.tsv.gz": gzip.compress(TSV, mtime=1501511714),
            "plain.tsv": TSV,
            "undated.tsv": TSV,
            "timed.tsv": TSV,
            "answer.xml": b"<Prepared>2022-11-11T12:30:30.333Z</Prepared>",
        },
        {
            "undated.tsv": {"accessed_on_or_commit_date": ""},
            "timed.tsv": {"accessed_on_or_commit_date": "2017-08-01T10:00:00+02:00"},
            "answer.xml": {"format": "sdmx-ml-2.1", "accessed_on_or_commit_date": "2022-11-11"},
        },
    )
    report = import_folder(archive, documents)
    assert report.notes == []
    times = {
        r.dataset_code: (r.published_at, r.published_at_origin, r.seen_at, r.seen_at_origin)
        for r in archive.retrievals()
    }
    assert times == {
        "packed": ("2017-07-31T14:35:14Z", "gzip header", "2017-08-01T00:00:00Z", "manifest"),
        "plain": (None, "unknown", "2017-08-01T00:00:00Z", "manifest"),
        "undated": (None, "unknown", None, "unknown"),
        "timed": (None, "unknown", "2017-08-01T08:00:00Z", "manifest"),
        "answer": (None, "unknown", "2022-11-11T12:30:30Z", "document"),
    }


@pytest.mark.parametrize(
    ("date", "seen_at", "note"),
    [
        ("2017-07-31", "2017-07-31T14:35:14Z", "published later on the day it was seen"),
        ("2017-07-30", "2017-07-30T00:00:00Z", "published at 2017-07-31T14:35:14Z, after it was seen"),
        ("2017-07-31T12:00:00Z", "2017-07-31T12:00:00Z", "after it was seen"),
    ],
)
def test_published_after_it_was_seen_is_said_and_mended_only_where_a_day_was_rounded(
    archive: Archive, folder: Folder, date: str, seen_at: str, note: str
) -> None:
    packed = gzip.compress(TSV, mtime=1501511714)
    documents = folder({"a.tsv.gz": packed}, accessed_on_or_commit_date=date)
    report = import_folder(archive, documents)
    (kept,) = report.added
    assert (kept.published_at, kept.seen_at) == ("2017-07-31T14:35:14Z", seen_at)
    assert note in report.notes[0]
    assert len(report.notes) == 1


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"sha256": "0" * 64}, "was announced"),
        ({"sha256": "no hash"}, "malformed"),
        ({"bytes": "5"}, f"holds {len(TSV)} bytes, 5 were announced"),
        ({"bytes": "-5"}, "bytes is '-5'"),
        ({"bytes": "many"}, "bytes is 'many'"),
        ({"path": "absent.tsv"}, "no such file"),
        ({"path": "../outside.tsv"}, "not a path inside the folder"),
        ({"path": "/etc/hostname"}, "not a path inside the folder"),
        ({"path": "link.tsv"}, "lies outside the folder"),
        ({"path": "."}, "no such file"),
        ({"path": ""}, "not a path inside the folder"),
        ({"path": "good.tsv"}, "repeats line 2"),
        ({"accessed_on_or_commit_date": "last May"}, "'last May' cannot be understood"),
        ({"accessed_on_or_commit_date": "03/04/2017"}, "cannot be understood"),
        ({"dataset": "a b"}, "cannot name a source or dataset"),
        ({"source": "../eurostat"}, "cannot name a source or dataset"),
        ({"format": ""}, "malformed"),
        ({"extent": "ITC4"}, "the extent 'ITC4' cannot be understood"),
        ({"extent": '{"dims": {"geo": []}}'}, "no list of codes for 'geo'"),
        ({"record": "{}"}, "not a retrieval record"),
    ],
)
def test_a_document_that_cannot_come_in_is_named_and_the_rest_goes_on(
    archive: Archive, folder: Folder, tmp_path: Path, change: dict[str, str], said: str
) -> None:
    (tmp_path / "outside.tsv").write_bytes(TSV)
    documents = folder({"good.tsv": b"good", "bad.tsv": TSV, "fine.tsv": b"fine"}, {"bad.tsv": change})
    (documents / "link.tsv").symlink_to(tmp_path / "outside.tsv")
    report = import_folder(archive, documents)
    assert counts(report) == (2, 0, 1)
    assert said in str(report.failed[0])
    assert [r.dataset_code for r in archive.retrievals()] == ["fine", "good"]
    assert verify(archive) == []


def test_bom_line_ends_spaces_and_blank_lines_do_not_matter(archive: Archive, folder: Folder) -> None:
    documents = folder({"a.tsv": TSV, "b.tsv": b"b"})
    manifest = documents / "manifest.csv"
    text = manifest.read_text().replace("path,source", "path, source").replace("\n", "\n\n")
    manifest.write_bytes(b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode())
    assert counts(import_folder(archive, documents)) == (2, 0, 0)


def test_a_line_of_another_length_than_the_header_is_named(archive: Archive, folder: Folder) -> None:
    documents = folder({"a.tsv": TSV, "b.tsv": b"b"})
    with (documents / "manifest.csv").open("a") as stream:
        stream.write("c.tsv,eurostat\n")
        stream.write("d.tsv,eurostat,d,tsv,,Licence, with a comma," + "0" * 64 + ",1\n")
    report = import_folder(archive, documents)
    assert counts(report) == (2, 0, 2)
    assert ["line 4: c.tsv" in str(report.failed[0]), "line 5: d.tsv" in str(report.failed[1])] == [
        True,
        True,
    ]


@pytest.mark.parametrize(
    ("manifest", "said"),
    [
        (None, "there is no manifest"),
        (b"", "lacks the column path, source"),
        (b"path,source,dataset,format,licence,sha256,bytes\n", "lacks the column accessed_on_or_commit_date"),
        (
            b"path,path,source,dataset,format,accessed_on_or_commit_date,licence,sha256,bytes\n",
            "has the column path twice",
        ),
        (b"path,s\xe9\n", "is not CSV in UTF-8"),
        (b'path,"source\n', "is not CSV in UTF-8"),
    ],
)
def test_an_unusable_manifest_adds_nothing(
    archive: Archive, tmp_path: Path, manifest: bytes | None, said: str
) -> None:
    if manifest is not None:
        (tmp_path / "manifest.csv").write_bytes(manifest)
    with pytest.raises(ManifestInvalid, match=said):
        import_folder(archive, tmp_path)
    assert not archive.root.exists()


def test_a_folder_without_documents_is_no_error(archive: Archive, folder: Folder) -> None:
    assert counts(import_folder(archive, folder({}))) == (0, 0, 0)


def test_a_synthetic_folder_says_so_and_never_meets_real_documents(archive: Archive, folder: Folder) -> None:
    documents = folder({"a.tsv": TSV})
    (documents / "archive_kind.json").write_text(json.dumps({"kind": "synthetic"}))
    assert import_folder(archive, documents).added[0].is_synthetic
    assert archive.kind() == "synthetic"
    (documents / "archive_kind.json").unlink()
    with pytest.raises(MixedKinds, match="this archive is synthetic, the documents to add are real"):
        import_folder(archive, documents)
    assert len(archive.retrievals()) == 1


def test_a_column_may_say_synthetic_and_no_two_statements_may_differ(
    archive: Archive, folder: Folder
) -> None:
    documents = folder({"a.tsv": TSV, "b.tsv": b"b"}, is_synthetic="TRUE")
    (documents / "archive_kind.json").write_text(json.dumps({"kind": "real"}))
    with pytest.raises(MixedKinds, match="synthetic and real documents together"):
        import_folder(archive, documents)
    (documents / "archive_kind.json").unlink()
    assert {r.kind for r in import_folder(archive, documents).added} == {"synthetic"}
    mixed = folder({"c.tsv": b"c", "d.tsv": b"d"}, {"d.tsv": {"is_synthetic": "false"}}, is_synthetic="true")
    with pytest.raises(MixedKinds):
        import_folder(archive, mixed)


def test_progress_names_each_document(archive: Archive, folder: Folder) -> None:
    told: list[tuple[int, int, str]] = []
    import_folder(archive, folder({"a.tsv": TSV, "b.tsv": b"b"}), progress=lambda *at: told.append(at))
    assert told == [(0, 2, "a.tsv"), (1, 2, "b.tsv"), (2, 2, "")]


def test_the_order_of_import_never_shows(tmp_path: Path, folder: Folder) -> None:
    documents = {"a.tsv": b"a", "b.tsv": b"b", "c.tsv": b"c"}
    one, other = Archive(tmp_path / "one"), Archive(tmp_path / "other")
    import_folder(one, folder(documents, dataset="same"))
    import_folder(other, folder(dict(reversed(documents.items())), dataset="same"))
    assert one.vintages("eurostat.same") == other.vintages("eurostat.same")
    assert len(one.vintages("eurostat.same")) == 3
