"""The sample is an archive folder like any other, and marked as synthetic for good."""

import json
from pathlib import Path

import pytest

from alp_pipeline.archive.importer import import_folder
from alp_pipeline.archive.kind import MixedKinds
from alp_pipeline.archive.store import Archive
from alp_pipeline.catalog.loader import load_catalog
from alp_pipeline_tests.sample.published import SAMPLE, manifest

TIMES = {
    ("bd_size_r3", "2023-10-12T09:00:00Z", "gzip header", "2023-10-16T00:00:00Z"),
    ("demo_r_pjangrp3", "2023-07-03T09:00:00Z", "gzip header", "2023-07-05T00:00:00Z"),
    ("edat_lfse_22", "2025-04-24T09:00:00Z", "document", "2025-04-25T00:00:00Z"),
    ("lfst_r_lfe2emp", "2022-05-05T09:00:00Z", "gzip header", "2022-05-09T00:00:00Z"),
    ("lfst_r_lfe2en2", "2022-05-05T09:00:00Z", "gzip header", "2022-05-09T00:00:00Z"),
    ("lfst_r_lfu3pers", "2022-05-05T09:00:00Z", "gzip header", "2022-05-09T00:00:00Z"),
    ("nama_10r_2gdp", "2017-03-06T10:00:00Z", "gzip header", "2017-03-08T00:00:00Z"),
    ("nama_10r_2gdp", "2018-03-05T10:00:00Z", "gzip header", "2018-03-07T00:00:00Z"),
    ("nama_10r_2hhinc", "2017-03-06T10:00:00Z", "gzip header", "2017-03-08T00:00:00Z"),
    ("nama_10r_3gdp", "2024-02-20T10:00:00Z", "gzip header", "2024-02-22T00:00:00Z"),
    ("nama_10r_3gdp", None, "unknown", "2024-02-21T08:15:00Z"),
    ("sbs_r_nuts06_r2", "2016-10-14T09:30:00Z", "gzip header", "2016-10-17T00:00:00Z"),
    ("sbs_r_nuts06_r2", "2017-07-20T09:30:00Z", "gzip header", "2017-07-24T00:00:00Z"),
    ("tgs00003", "2024-02-20T10:00:00Z", "gzip header", "2024-02-22T00:00:00Z"),
    ("trng_lfse_04", "2025-03-13T10:00:00Z", "document", "2025-03-14T00:00:00Z"),
}


@pytest.fixture
def archive(tmp_path: Path) -> Archive:
    archive = Archive(tmp_path / "archive")
    report = import_folder(archive, SAMPLE)
    assert (len(report.added), report.failed, report.notes) == (15, [], [])
    return archive


def test_every_document_comes_in_with_the_times_it_tells(archive: Archive) -> None:
    found = {(r.dataset_code, r.published_at, r.published_at_origin, r.seen_at) for r in archive.retrievals()}
    assert found == TIMES


def test_everything_in_it_is_marked_as_synthetic(archive: Archive) -> None:
    assert archive.kind() == "synthetic"
    assert {r.is_synthetic for r in archive.retrievals()} == {True}
    assert {r.licence for r in archive.retrievals()} == {"CC0-1.0 (invented numbers)"}


def test_importing_again_adds_nothing(archive: Archive) -> None:
    report = import_folder(archive, SAMPLE)
    assert (len(report.added), len(report.already_there)) == (0, 15)


def test_a_real_document_is_refused_by_name_afterwards(archive: Archive, tmp_path: Path) -> None:
    real = tmp_path / "real"
    real.mkdir()
    (real / "manifest.csv").write_text(
        "path,source,dataset,format,accessed_on_or_commit_date,licence,sha256,bytes\n"
    )
    with pytest.raises(MixedKinds, match="this archive is synthetic, the documents to add are real"):
        import_folder(archive, real)
    with pytest.raises(MixedKinds, match="synthetic"):
        archive.add(b"x", source_id="eurostat", dataset_code="tgs00001", format="tsv", licence="any")
    assert len(archive.retrievals()) == 15


def test_a_real_archive_refuses_the_sample(tmp_path: Path) -> None:
    archive = Archive(tmp_path / "archive")
    archive.add(b"x", source_id="eurostat", dataset_code="tgs00001", format="tsv", licence="any")
    with pytest.raises(MixedKinds, match="this archive is real, the documents to add are synthetic"):
        import_folder(archive, SAMPLE)


def test_without_its_sidecar_the_folder_would_count_as_real() -> None:
    assert json.loads((SAMPLE / "archive_kind.json").read_text()) == {"kind": "synthetic"}


def test_two_datasets_have_two_vintages_oldest_first(archive: Archive) -> None:
    vintages = {dataset: archive.vintages(dataset) for dataset in archive.datasets()}
    several = {
        dataset: [r.published_at for r in found if r.published_at]
        for dataset, found in vintages.items()
        if len(found) > 1
    }
    assert several == {
        "eurostat.nama_10r_2gdp": ["2017-03-06T10:00:00Z", "2018-03-05T10:00:00Z"],
        "eurostat.nama_10r_3gdp": ["2024-02-20T10:00:00Z"],
        "eurostat.sbs_r_nuts06_r2": ["2016-10-14T09:30:00Z", "2017-07-20T09:30:00Z"],
    }


def test_every_document_is_of_a_dataset_that_an_indicator_reads_but_one_that_has_no_entry() -> None:
    catalog = load_catalog(None)
    wanted = {name for entry in catalog.indicators.values() for name in entry.datasets}
    held = {f"{row['source']}.{row['dataset']}" for row in manifest()}
    assert held - wanted == held - set(catalog.datasets) == {"eurostat.tgs00003"}
