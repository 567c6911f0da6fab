"""Eurostat asked over real sockets: what it offers, what comes, and how few requests that takes."""

import gzip
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest

from alp_pipeline.archive.retrieval import Extent
from alp_pipeline.observations.reader import read_observations
from alp_pipeline.observations.structure import codes_of, read_structure
from alp_pipeline.sources.errors import QueryRefused
from alp_pipeline.sources.family import Upstream
from alp_pipeline_tests.servers.base import Reply
from alp_pipeline_tests.servers.eurostat import EurostatServer
from alp_pipeline_tests.sources.eurostat.asking import connected, entry, fetched, left_in, tsv

CHANGED = "2026-05-13T09:00:00Z"


def test_one_request_tells_the_freshness_of_every_dataset(tmp_path: Path) -> None:
    with (
        EurostatServer({"TGS00001": tsv(), "TGS00002": tsv()}) as server,
        connected(server, tmp_path) as source,
    ):
        told = source.freshness([entry(), entry("tgs00002"), entry("tgs00003")])
        assert [(one.path, one.raw_query) for one in server.requests] == [
            ("/files/inventory", "type=data&lang=en")
        ]
    assert told["eurostat.tgs00001"] == Upstream(
        "offered",
        signal=CHANGED,
        changed_at=CHANGED,
        structure_signal=CHANGED,
        facts={
            "tsv_url": f"{server.url}/sdmx/2.1/data/TGS00001/?format=TSV&compressed=true",
            "structure_url": f"{server.url}/sdmx/2.1/dataflow/ESTAT/TGS00001/"
            "?references=descendants&format=sdmx_2.1_generic",
        },
    )
    assert told["eurostat.tgs00003"] == Upstream("gone")


def test_a_new_time_is_a_new_signal_and_the_structure_has_its_own(tmp_path: Path) -> None:
    with EurostatServer({"TGS00001": tsv()}) as server, connected(server, tmp_path) as source:
        server.touch("tgs00001")
        (data,) = source.freshness([entry()]).values()
        server.touch("tgs00001", structure=True)
        (both,) = source.freshness([entry()]).values()
    assert (data.signal, data.structure_signal) == ("2026-05-13T21:00:00Z", CHANGED)
    assert (both.signal, both.structure_signal) == ("2026-05-14T09:00:00Z", "2026-05-13T21:00:00Z")


def test_a_rename_shows_as_gone_and_new(tmp_path: Path) -> None:
    with EurostatServer({"TGS00001": tsv()}) as server, connected(server, tmp_path) as source:
        server.rename("tgs00001", "tgs00009")
        told = source.freshness([entry(), entry("tgs00009")])
    assert (told["eurostat.tgs00001"].status, told["eurostat.tgs00009"].status) == ("gone", "offered")


def test_winter_and_summer_time_come_out_in_utc(tmp_path: Path) -> None:
    with EurostatServer() as server, connected(server, tmp_path) as source:
        server.offer("tgs00001", tsv(), at=datetime.fromisoformat("2026-01-13T11:00:00+01:00"))
        (told,) = source.freshness([entry()]).values()
    assert told.signal == "2026-01-13T10:00:00Z"


def test_the_prepared_address_is_asked_exactly_and_its_bytes_are_kept(tmp_path: Path) -> None:
    packed = gzip.compress(tsv(), mtime=0)
    with EurostatServer({"TGS00001": packed}) as server, connected(server, tmp_path) as source:
        (document,) = fetched(source, entry())
        (asked,) = server.asked("/sdmx/2.1/data/")
    assert (asked.path, asked.raw_query) == ("/sdmx/2.1/data/TGS00001/", "format=TSV&compressed=true")
    assert document.path.read_bytes() == packed
    assert (document.dataset_code, document.format, document.extent) == ("tgs00001", "tsv", Extent.whole())
    assert (document.published_at, document.published_at_origin) == (CHANGED, "inventory")
    assert document.url == f"{server.url}/sdmx/2.1/data/TGS00001/?format=TSV&compressed=true"
    assert document.parameters == {"want": "bulk"}


def test_without_a_prepared_address_one_is_built(tmp_path: Path) -> None:
    with EurostatServer({"TGS00001": tsv()}) as server, connected(server, tmp_path) as source:
        (document,) = source.fetch(entry(), Upstream("offered"))
        assert [(one.path, one.raw_query) for one in server.requests] == [
            ("/sdmx/2.1/data/TGS00001", "format=TSV&compressed=true")
        ]
    assert (document.published_at, document.published_at_origin) == (None, "unknown")
    assert gzip.decompress(document.path.read_bytes()) == tsv()


def test_gzip_bytes_stay_gzip_though_a_header_calls_them_an_encoding(tmp_path: Path) -> None:
    packed = gzip.compress(tsv(), mtime=0)
    with EurostatServer({"TGS00001": packed}) as server, connected(server, tmp_path) as source:
        server.fault(lambda _, good: replace(good, headers={"Content-Encoding": "gzip"}), match="/data/")
        (document,) = source.fetch(entry(), Upstream("offered"))
    assert document.path.read_bytes() == packed


def test_a_plain_tsv_is_taken_as_it_is(tmp_path: Path) -> None:
    with EurostatServer({"TGS00001": tsv()}) as server, connected(server, tmp_path) as source:
        server.fault(Reply(200, tsv()), match="/data/")
        (document,) = source.fetch(entry(), Upstream("offered"))
    assert document.path.read_bytes() == tsv()


def test_a_heading_without_rows_is_a_valid_empty_table(tmp_path: Path) -> None:
    empty = tsv(units=())
    with EurostatServer({"TGS00001": empty}) as server, connected(server, tmp_path) as source:
        (document,) = fetched(source, entry())
        reading = read_observations(document.path, format="tsv", dataset=entry().shape(), document_id="")
        assert list(reading.batches()) == []


def test_structure_and_constraint_come_as_documents_with_their_own_codes(tmp_path: Path) -> None:
    with EurostatServer({"TGS00001": tsv()}) as server, connected(server, tmp_path) as source:
        server.touch("tgs00001")
        (told,) = source.freshness([entry()]).values()
        structure, constraint = source.fetch_metadata(entry(), told, structure=True)
        found = read_structure(structure.path)
        present = read_structure(constraint.path)
    assert (structure.dataset_code, structure.format) == ("tgs00001$structure", "sdmx-structure-2.1")
    assert (constraint.dataset_code, constraint.format) == ("tgs00001$constraint", "sdmx-constraint-2.1")
    assert (structure.published_at, constraint.published_at) == (CHANGED, "2026-05-13T21:00:00Z")
    assert found.dimensions == ("freq", "unit", "geo")
    assert found.codes["geo"] == present.present["geo"] == ("AT", "AT33", "ITC4", "SI03")


def test_metadata_without_an_address_in_the_inventory_is_asked_for_with_its_code_lists(
    tmp_path: Path,
) -> None:
    with EurostatServer({"TGS00001": tsv()}) as server, connected(server, tmp_path) as source:
        structure, _ = source.fetch_metadata(entry(), Upstream("offered"), structure=True)
        assert codes_of(structure.path)["unit"] == {"NR", "PC"}
    assert (server.requests[0].path, server.requests[0].raw_query) == (
        "/sdmx/2.1/datastructure/ESTAT/TGS00001",
        "references=descendants",
    )


def test_missing_metadata_is_left_out_and_does_not_stop_the_data(tmp_path: Path) -> None:
    with EurostatServer({"TGS00001": tsv()}) as server, connected(server, tmp_path) as source:
        server.without_metadata.add("TGS00001")
        (told,) = source.freshness([entry()]).values()
        assert list(source.fetch_metadata(entry(), told, structure=True)) == []
        assert left_in(tmp_path) == []
        assert len(list(source.fetch(entry(), told))) == 1


def test_a_description_tells_codes_title_and_the_newest_period(tmp_path: Path) -> None:
    with EurostatServer({"TGS00001": tsv()}) as server, connected(server, tmp_path) as source:
        found = source.describe(entry())
    assert found.columns == {
        "freq": ("A",),
        "unit": ("NR", "PC"),
        "geo": ("AT", "AT33", "ITC4", "SI03"),
    }
    assert (found.title, found.latest_period, found.rows, found.changed_at) == (
        "Table TGS00001",
        "2023",
        24,
        CHANGED,
    )


def test_a_table_that_the_inventory_lacks_cannot_be_described(tmp_path: Path) -> None:
    with (
        EurostatServer() as server,
        connected(server, tmp_path) as source,
        pytest.raises(QueryRefused, match="inventory lists no tgs00001"),
    ):
        source.describe(entry())


def test_every_real_file_comes_byte_for_byte(realdata: Path, tmp_path: Path) -> None:
    files = {path.name.partition(".")[0]: path for path in (realdata / "eurostat").glob("bulk*/*.tsv.gz")}
    assert len(files) == 11
    with EurostatServer.of_realdata(realdata) as server, connected(server, tmp_path) as source:
        datasets = [entry(code) for code in files]
        told = source.freshness(datasets)
        for dataset in datasets:
            (document,) = source.fetch(dataset, told[dataset.id])
            assert document.path.read_bytes() == files[dataset.code].read_bytes()
        assert len(server.requests) == 12
