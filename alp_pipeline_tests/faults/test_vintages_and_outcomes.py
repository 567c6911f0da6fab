"""What every fault of a server comes to in the archive: the vintage in use, the outcome told, nothing halved.

The families' own matrices say which error a fault is; here the same faults go through asking, fetching and
archiving, and afterwards the source is well again.
"""

import gzip
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from alp_pipeline.archive.fixity import verify
from alp_pipeline.archive.store import Archive
from alp_pipeline.catalog.loader import load_catalog
from alp_pipeline.settings import Settings
from alp_pipeline.sources.memory import Poll, PollMemory
from alp_pipeline.sources.pull import Sources
from alp_pipeline.workspace import Workspace
from alp_pipeline_tests.faults.eurostat_answers import TOO_BIG, fault
from alp_pipeline_tests.servers.base import FAULTS, Reply, polite
from alp_pipeline_tests.servers.eurostat import EurostatServer

DATASET = "eurostat.nama_10r_2gdp"
DATA, INVENTORY = "/sdmx/2.1/data/", "/files/inventory"
# Half a body that says so is told from the whole; these two are only slow, and end well.
ENDS_WELL = {"slow body", "slow head"}
ENDLESS = {"endless", "redirect loop", "503 for long", "429 until a date"}


def table(value: int) -> bytes:
    rows = "".join(f"A,MIO_EUR,AT{n}\t{value + n} \t{n} p\n" for n in range(11, 36))
    return gzip.compress(f"freq,unit,geo\\TIME_PERIOD\t2023 \t2024 \n{rows}".encode(), mtime=0)


class Site:
    """A data folder with one dataset, asking one server."""

    def __init__(self, folder: Path, server: EurostatServer) -> None:
        self.folder, self.server = folder, server
        self.settings = Settings(
            data_dir=folder,
            allowed_hosts=(server.host,),
            source_urls={"eurostat": server.url},
            sources=("eurostat",),
            poll_minutes=0,
        )
        whole = load_catalog()
        self.catalog = whole.model_copy(update={"datasets": {DATASET: whole.datasets[DATASET]}})
        self.archive = Archive(self.settings.archive_dir)

    def pulled(self) -> Poll:
        """One refresh's asking and fetching."""
        downloads = self.folder / "downloads"
        downloads.mkdir(exist_ok=True)
        quick = {"attempts": 2, "first_wait_seconds": 0.001, "longest_wait_seconds": 1.0, "read_seconds": 5.0}
        with polite(self.folder / "hosts", self.server, most_bytes=4 << 20, **quick) as session:
            memory = PollMemory(self.settings.polls_dir)
            sources = Sources(
                self.settings, self.catalog, self.archive, memory, session, downloads, datetime.now(UTC)
            )
            sources.ask()
            poll = sources.pull(self.catalog.datasets[DATASET])
        assert list(downloads.iterdir()) == []
        assert [f for f in verify(self.archive) if f.is_damage] == []
        assert list(self.folder.rglob("*.partial-*")) == []
        return poll

    def told(self) -> dict[str, dict[str, str]]:
        workspace = Workspace(self.settings)
        return workspace.polls()

    @property
    def vintages(self) -> list[str]:
        return [vintage.retrieval_id for vintage in self.archive.vintages(DATASET)]


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    with EurostatServer({"nama_10r_2gdp": table(100)}) as server:
        site = Site(tmp_path, server)
        assert site.pulled().outcome == "fetched"
        yield site


@pytest.mark.parametrize("fault", sorted(set(FAULTS) - ENDS_WELL))
def test_a_fault_in_the_place_of_a_table_keeps_the_last_vintage_and_is_told(site: Site, fault: str) -> None:
    before = site.vintages
    site.server.replace("nama_10r_2gdp", table(200))
    site.server.fault(fault, times=40, match=DATA)
    poll = site.pulled()
    assert (poll.outcome, poll.stage) == ("failed", "fetch"), poll.detail
    assert f"Nothing was archived; the last vintage ({before[0]}, 2026-05-13) stays." in poll.detail
    assert site.vintages == before
    assert site.told() == {DATASET: {"outcome": "failed", "detail": poll.detail}}
    assert site.pulled().detail == poll.detail, "an equal failure has an equal text"
    site.server.mend()
    assert site.pulled().outcome == "fetched"
    assert len(site.vintages) == 2
    assert site.told() == {}


@pytest.mark.parametrize("fault", sorted(set(FAULTS) - ENDS_WELL))
def test_a_fault_in_the_place_of_the_inventory_declares_nothing_gone(site: Site, fault: str) -> None:
    before = site.vintages
    site.server.fault(fault, times=40, match=INVENTORY)
    poll = site.pulled()
    assert (poll.outcome, poll.stage) == ("failed", "freshness"), poll.detail
    assert site.vintages == before
    assert set(site.told()) == {DATASET}
    site.server.mend()
    assert site.pulled().outcome == "unchanged"
    assert site.told() == {}


@pytest.mark.parametrize("fault", ["500", "503", "429", "408", "drop", "half a body", "chunks cut"])
def test_a_fault_that_passes_costs_one_more_request_and_nothing_else(site: Site, fault: str) -> None:
    site.server.replace("nama_10r_2gdp", table(200))
    before = len(site.server.asked(DATA))
    site.server.fault(fault, match=DATA)
    assert site.pulled().outcome == "fetched"
    assert len(site.server.asked(DATA)) == before + 2
    assert len(site.vintages) == 2


def test_a_table_of_half_its_rows_is_archived_for_the_intake_gate_to_hold_back(site: Site) -> None:
    lines = gzip.decompress(table(200)).splitlines(keepends=True)
    site.server.fault(
        lambda _, good: replace(good, body=gzip.compress(b"".join(lines[:8]), mtime=0)), match=DATA
    )
    site.server.replace("nama_10r_2gdp", table(200))
    assert site.pulled().outcome == "fetched"
    assert len(site.vintages) == 2


def test_a_file_refused_for_its_size_is_fetched_in_slices_once_and_the_outcome_says_so(site: Site) -> None:
    site.server.replace("nama_10r_2gdp", table(200))
    site.server.fault(fault(413, TOO_BIG, 413), times=40, match="/?format=TSV")
    poll = site.pulled()
    assert (poll.outcome, poll.detail) == (
        "fetched",
        "the prepared file is refused for its size, so it came in 2 slices",
    )
    assert site.told() == {}, "nothing stands against it"
    assert len(poll.documents) == 2
    assert len(site.vintages) == 3
    asked = len(site.server.asked(DATA))
    assert site.pulled().outcome == "unchanged"
    assert len(site.server.asked(DATA)) == asked
    site.server.mend()
    site.server.replace("nama_10r_2gdp", table(300))
    assert (site.pulled().detail, len(site.vintages)) == ("", 4)


ANSWERS = st.lists(
    st.sampled_from([*sorted(set(FAULTS) - ENDS_WELL - ENDLESS), "new", "same", "moved stamp"]),
    min_size=1,
    max_size=6,
)


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(answers=ANSWERS)
def test_whatever_a_source_answers_in_a_row_the_archive_holds_whole_tables_only(
    tmp_path_factory: pytest.TempPathFactory, answers: list[str]
) -> None:
    with EurostatServer({"nama_10r_2gdp": table(0)}) as server:
        site = Site(tmp_path_factory.mktemp("row"), server)
        assert site.pulled().outcome == "fetched"
        published, fetched = {table(0)}, 1
        for number, answer in enumerate(answers, start=1):
            if answer == "new":
                server.replace("nama_10r_2gdp", table(1000 * number))
                published.add(table(1000 * number))
            elif answer == "moved stamp":
                server.touch("nama_10r_2gdp")
            elif answer != "same":
                server.fault(answer, times=40, match=DATA)
            fetched += site.pulled().outcome == "fetched"
            server.mend()
        site.pulled()
        held = {site.archive.open(v).read() for v in site.archive.vintages(DATASET)}
        assert held <= published
        assert len(site.vintages) >= fetched


def test_what_is_declared_too_large_is_not_read(site: Site) -> None:
    site.server.replace("nama_10r_2gdp", table(200))
    site.server.fault(Reply(200, b"x", declared=1 << 40, cut_after=1), times=40, match=DATA)
    poll = site.pulled()
    assert not poll.transient
    assert "MiB" in poll.detail or "limit" in poll.detail
