"""Asking, fetching and archiving, against a loopback Eurostat of small tables."""

import gzip
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from alp_pipeline.archive.store import Archive
from alp_pipeline.catalog.loader import load_catalog
from alp_pipeline.catalog.models import Catalog, DatasetEntry
from alp_pipeline.settings import Settings
from alp_pipeline.sources.memory import Poll
from alp_pipeline.sources.pull import Sources, clear_downloads, open_sources
from alp_pipeline_tests.servers.base import Reply
from alp_pipeline_tests.servers.eurostat import EurostatServer

GDP, LEARNING = "nama_10r_2gdp", "trng_lfse_04"
DATA = "/sdmx/2.1/data/"


def table(value: str = "100", *, packed_at: int = 0) -> bytes:
    """A GDP table of two regions and two years."""
    text = (
        f"freq,unit,geo\\TIME_PERIOD\t2023 \t2024 \nA,MIO_EUR,AT33\t{value} \t: \nA,MIO_EUR,ITH1\t7 p\t8 \n"
    )
    return gzip.compress(text.encode(), mtime=packed_at)


LEARNERS = b"freq,unit,sex,age,geo\\TIME_PERIOD\t2023 \t2024 \nA,PC,T,Y25-64,AT33\t17.1 \t16 b\n"


@pytest.fixture
def server() -> Iterator[EurostatServer]:
    with EurostatServer({GDP: table(), LEARNING: LEARNERS}) as server:
        yield server


Open = Callable[..., "Iterator[Sources]"]


@pytest.fixture
def opened(server: EurostatServer, tmp_path: Path) -> Callable[..., Sources]:
    """Sources that ask the loopback server about its two tables; each call is another refresh."""

    @contextmanager
    def make(catalog: Catalog | None = None, **settings: object) -> Iterator[Sources]:
        chosen = Settings(
            data_dir=tmp_path,
            allowed_hosts=(server.host,),
            source_urls={"eurostat": server.url},
            sources=("eurostat",),
            **{"poll_minutes": 0, **settings},
        )
        whole = load_catalog()
        entries = {f"eurostat.{code}": whole.datasets[f"eurostat.{code}"] for code in (GDP, LEARNING)}
        narrowed = catalog or whole.model_copy(update={"datasets": entries})
        with open_sources(chosen, narrowed, Archive(chosen.archive_dir)) as sources:
            yield sources

    return make


def a_second_later() -> None:
    """Times of the archive are whole seconds: two fetches within one have no order."""
    time.sleep(1.05)


def entry(sources: Sources, code: str = GDP) -> DatasetEntry:
    return sources.catalog.datasets[f"eurostat.{code}"]


def pulled(sources: Sources, code: str = GDP) -> Poll:
    """What a raw asset does after the sources were asked."""
    asked = {poll.dataset_id: poll for poll in sources.ask()}
    poll = asked[f"eurostat.{code}"]
    return sources.pull(entry(sources, code)) if poll.outcome == "asked" else poll


def test_what_is_new_is_archived_with_the_sources_own_time_and_signal(opened, server) -> None:
    with opened() as sources:
        poll = pulled(sources)
        (vintage,) = sources.archive.vintages(f"eurostat.{GDP}")
    assert (poll.outcome, poll.documents) == ("fetched", (vintage.retrieval_id,))
    assert (vintage.published_at, vintage.published_at_origin) == ("2026-05-13T09:00:00Z", "inventory")
    assert vintage.seen_at_origin == "request"
    assert vintage.parameters["signal"] == "2026-05-13T09:00:00Z"
    assert vintage.observations_digest is not None


def test_nothing_new_is_one_inventory_request(opened, server) -> None:
    with opened() as sources:
        for code in (GDP, LEARNING):
            pulled(sources, code)
    before = len(server.requests)
    with opened() as sources:
        assert [poll.outcome for poll in sources.ask()] == ["unchanged", "unchanged"]
    assert [request.path for request in server.requests[before:]] == ["/files/inventory"]


def test_losing_the_memory_of_polls_costs_a_question_and_no_download(opened, server, tmp_path) -> None:
    with opened() as sources:
        pulled(sources)
    for path in (tmp_path / "sources" / "polls").iterdir():
        path.write_text("{damaged")
    with opened() as sources:
        assert pulled(sources).outcome == "unchanged"


def test_a_signal_that_lies_is_a_sighting_and_no_vintage(opened, server) -> None:
    with opened() as sources:
        pulled(sources)
    server.replace(GDP, table(packed_at=7))  # other bytes, the same observations
    with opened() as sources:
        poll = pulled(sources)
        assert poll.outcome == "same content"
        (group,) = sources.archive.vintage_groups(f"eurostat.{GDP}")
    assert len(group) == 2
    with opened() as sources:
        assert pulled(sources).outcome == "unchanged"


def test_a_revision_is_a_new_vintage_and_one_taken_back_another(opened, server) -> None:
    for value in ("100", "101", "100"):
        server.replace(GDP, table(value))
        with opened() as sources:
            assert pulled(sources).outcome == "fetched"
    with opened() as sources:
        assert len(sources.archive.vintages(f"eurostat.{GDP}")) == 3


def test_a_failure_is_told_and_keeps_the_last_vintage(opened, server) -> None:
    with opened() as sources:
        pulled(sources)
    server.replace(GDP, table("5"))
    server.fault(Reply.text("<html><title>Maintenance</title></html>"), times=20, match=DATA)
    with opened() as sources:
        poll = pulled(sources)
        assert (poll.outcome, poll.stage) == ("failed", "fetch")
        assert "Maintenance" in poll.detail
        assert len(sources.archive.vintages(f"eurostat.{GDP}")) == 1
        assert list(sources.folder.iterdir()) == []


def test_an_inventory_that_is_no_inventory_declares_nothing_gone(opened, server) -> None:
    with opened() as sources:
        pulled(sources)
    server.fault(Reply.text("<html><title>Maintenance</title></html>"), times=20, match="inventory")
    with opened() as sources:
        assert {poll.outcome for poll in sources.ask()} == {"failed"}
        assert len(sources.archive.vintages(f"eurostat.{GDP}")) == 1


def test_a_table_gone_from_the_inventory_keeps_its_last_vintage_and_names_the_way_on(opened, server) -> None:
    with opened() as sources:
        pulled(sources)
    server.remove(GDP)
    with opened() as sources:
        poll = pulled(sources)
        (vintage,) = sources.archive.vintages(f"eurostat.{GDP}")
    assert poll.outcome == "gone"
    assert f"the last vintage ({vintage.retrieval_id}, 2026-05-13) stays" in poll.detail
    assert "delete and create" in poll.detail


def test_half_of_a_batch_is_fetched_again(opened, server) -> None:
    """A process that died between two documents of one fetch left a batch without its end."""
    with opened() as sources:
        pulled(sources)
        (vintage,) = sources.archive.vintages(f"eurostat.{GDP}")
        record = sources.archive.record_path(vintage)
        changed = vintage.as_json() | {"parameters": dict(vintage.parameters) | {"parts": 2}}
        record.unlink()
        sources.archive.add(
            table(),
            **{
                name: value
                for name, value in changed.items()
                if name not in ("content_sha256", "size_bytes", "extent")
            },
        )
    a_second_later()
    with opened() as sources:
        assert pulled(sources).outcome == "same content"


def test_an_entry_that_asks_for_something_else_is_fetched_again(opened, server) -> None:
    with opened() as sources:
        pulled(sources)
        before = entry(sources)
        other = before.model_copy(
            update={
                "access": before.access.model_copy(update={"want": "slices"}),
                "filters": {"geo": ("AT33",)},
            }
        )
        catalog = sources.catalog.model_copy(update={"datasets": {before.id: other}})
    a_second_later()
    with opened(catalog) as sources:
        assert pulled(sources).outcome == "fetched"
        newest = sources.archive.vintages(f"eurostat.{GDP}")[-1]
    assert newest.extent.as_json()["dims"]["geo"] == ["AT33"]


def test_a_structure_is_archived_beside_its_table_and_again_only_when_it_changed(opened, server) -> None:
    with opened() as sources:
        pulled(sources)
        assert len(sources.archive.retrievals("eurostat", f"{GDP}$structure")) == 1
    server.replace(GDP, table("9"))
    with opened() as sources:
        pulled(sources)
        assert len(sources.archive.retrievals("eurostat", f"{GDP}$structure")) == 1
        assert len(sources.archive.retrievals("eurostat", f"{GDP}$constraint")) == 2
    server.replace(GDP, table("8"), structure=True)
    with opened() as sources:
        pulled(sources)
        assert len(sources.archive.retrievals("eurostat", f"{GDP}$structure")) == 2


def test_a_structure_that_cannot_be_had_stops_no_data(opened, server) -> None:
    server.without_metadata.add(GDP)
    with opened() as sources:
        poll = pulled(sources)
    assert poll.outcome == "fetched"


def test_an_answer_is_good_for_some_minutes(opened, server) -> None:
    with opened(poll_minutes=10) as sources:
        sources.ask()
    with opened(poll_minutes=10) as sources:
        sources.ask()
        sources.pull(entry(sources))
    assert [r.path for r in server.requests].count("/files/inventory") == 1


def test_dead_downloads_are_cleared(opened, tmp_path) -> None:
    with opened() as sources:
        (sources.folder / "half.tsv.gz").write_bytes(b"x")
        settings = sources.settings
        clear_downloads(settings)
    assert not (tmp_path / "sources" / "downloads").exists()


def test_a_failure_stands_until_a_fetch_succeeds_whoever_asks_in_between(opened, server) -> None:
    server.fault(Reply(404, b"{}"), times=1, match=DATA)
    with opened() as sources:
        failed = pulled(sources)
        assert failed.outcome == "failed"
    with opened() as sources:
        sources.ask()
        again = sources.memory.last(f"eurostat.{GDP}")
    assert again is not None
    assert (again.outcome, again.to_tell) == ("asked", failed.detail)
    with opened() as sources:
        healed = pulled(sources)
    assert (healed.outcome, healed.to_tell) == ("fetched", "")


def test_one_answer_is_good_for_a_whole_refresh_however_long_it_takes(opened, server) -> None:
    with opened(poll_minutes=0) as sources:
        sources.ask()
        a_second_later()
        for code in (GDP, LEARNING):
            sources.pull(entry(sources, code))
    assert len(server.asked("inventory")) == 1


def test_many_tables_do_not_vanish_at_once_unless_it_is_said_twice(tmp_path: Path) -> None:
    whole = load_catalog()
    codes = [d.code.lower() for d in whole.datasets.values() if d.source == "eurostat" and d.verified][:8]
    with EurostatServer(dict.fromkeys(codes, table())) as server:
        chosen = Settings(
            data_dir=tmp_path,
            allowed_hosts=(server.host,),
            source_urls={"eurostat": server.url},
            sources=("eurostat",),
            poll_minutes=0,
        )
        entries = {f"eurostat.{code}": whole.datasets[f"eurostat.{code}"] for code in codes}
        catalog = whole.model_copy(update={"datasets": entries})

        def outcomes() -> set[str]:
            a_second_later()
            with open_sources(chosen, catalog, Archive(chosen.archive_dir)) as sources:
                return {poll.outcome for poll in sources.ask()}

        assert outcomes() == {"asked"}
        for code in codes[:6]:
            server.remove(code)
        assert outcomes() == {"failed"}
        assert outcomes() == {"asked", "gone"}
