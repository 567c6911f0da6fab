"""The folder of real documents comes in whole, with the times that its README names."""

from pathlib import Path

import pytest

from alp_pipeline.archive.fixity import verify
from alp_pipeline.archive.importer import ImportReport, import_folder
from alp_pipeline.archive.inventory import inventory
from alp_pipeline.archive.store import Archive


@pytest.fixture(scope="module")
def imported(realdata: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Archive, ImportReport]:
    archive = Archive(tmp_path_factory.mktemp("real") / "archive")
    return archive, import_folder(archive, realdata)


def test_every_document_of_the_manifest_comes_in_once(
    imported: tuple[Archive, ImportReport], realdata: Path
) -> None:
    archive, first = imported
    listed = len((realdata / "manifest.csv").read_text().splitlines()) - 1
    assert (len(first.added), len(first.already_there), first.failed) == (listed, 0, [])
    again = import_folder(archive, realdata)
    assert (len(again.added), len(again.already_there), again.failed) == (0, listed, [])
    assert len(archive.retrievals()) == listed
    assert verify(archive) == []
    assert archive.kind() == "real"


def test_bulk_files_were_published_when_their_gzip_header_says(
    imported: tuple[Archive, ImportReport],
) -> None:
    archive, _ = imported
    bulk = {r.dataset_code: r for r in archive.retrievals("eurostat") if r.format == "tsv-2017"}
    assert {code: (r.published_at or "")[:16] for code, r in bulk.items()} == {
        "sbs_r_nuts06_r2": "2017-07-31T14:35",
        "lfst_r_lfe2en2": "2017-02-23T12:08",
        "lfst_r_lfe2emp": "2017-02-23T12:08",
        "lfst_r_lfu3pers": "2017-02-23T12:08",
        "nama_10r_2gdp": "2016-02-26T09:10",
        "nama_10r_2hhinc": "2016-03-21T08:09",
        "trng_lfse_04": "2017-02-28T07:03",
    }
    assert {r.published_at_origin for r in bulk.values()} == {"gzip header"}
    assert bulk["sbs_r_nuts06_r2"].seen_at == "2017-08-01T00:00:00Z"


def test_the_undated_stays_undated_and_the_repacked_has_no_publishers_time(
    imported: tuple[Archive, ImportReport],
) -> None:
    archive, _ = imported
    undated = [r.dataset_id for r in archive.retrievals() if r.is_undated]
    assert undated == ["eurostat.nama_10r_3empers"]
    assert archive.vintages("eurostat.nama_10r_3empers") == []
    (repacked,) = archive.vintages("eurostat.nama_10r_3gdp")
    assert (repacked.published_at, repacked.seen_at) == (None, "2024-05-24T00:00:00Z")


def test_answers_tell_their_times_in_every_form_met(imported: tuple[Archive, ImportReport]) -> None:
    archive, report = imported
    published = {r.dataset_id: r.published_at for r in archive.retrievals("json-stat.org")}
    assert published["json-stat.org.galicia"] == "2012-12-27T12:25:09Z"
    assert published["json-stat.org.oecd-canada"] == "2012-11-27T00:00:00Z"
    assert published["json-stat.org.a02level"] == "2016-09-14T09:42:12Z"
    assert published["json-stat.org.order"] is None
    (prices,) = archive.vintages("eurostat.prc_hicp_manr")
    assert prices.published_at == prices.seen_at == "2026-02-06T22:00:00Z"
    assert len(report.notes) == 1
    assert "jsonstat_prc_hicp_manr_ea.json" in report.notes[0]
    (istat,) = archive.vintages("istat.22_289")
    assert (istat.seen_at, istat.seen_at_origin) == ("2022-11-07T12:07:26Z", "document")


def test_what_nothing_reads_is_listed_as_such(imported: tuple[Archive, ImportReport]) -> None:
    archive, _ = imported
    rows = inventory(archive, catalogued={"eurostat.nama_10_gdp"}, readable_formats={"tsv"})
    standings = {(row.dataset_id, row.format): row.standing for row in rows}
    assert standings["eurostat.nama_10_gdp", "tsv"] == "readable"
    assert standings["eurostat.nama_10_gdp", "sdmx-ml-2.1"] == "format not yet read"
    assert standings["eurostat.bd_size_r3", "tsv"] == "archived, not catalogued"
    assert standings["insee.series_bdm", "sdmx-ml-2.1"] == "archived, not catalogued; format not yet read"
    assert {row.history for row in rows} == {"vintage", "undated"}
