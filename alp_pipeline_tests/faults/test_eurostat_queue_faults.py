"""Fault matrix of Eurostat's queue: whatever it answers, the end is the whole table or a named error."""

from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alp_pipeline.sources.errors import (
    AnswerTruncated,
    NotData,
    QueueUnfinished,
    SourceError,
)
from alp_pipeline.sources.eurostat.replies import NothingMatches
from alp_pipeline.sources.family import Fetched, Upstream
from alp_pipeline_tests.faults.eurostat_answers import (
    DATA,
    FIRST,
    PACKED,
    POLLS,
    RESULT,
    STATUS,
    SUBMISSIONS,
    TOO_BIG,
    Elsewhere,
    asked,
    fault,
    fetch,
    together,
    xml,
)
from alp_pipeline_tests.servers import eurostat_messages as messages
from alp_pipeline_tests.servers.base import Reply
from alp_pipeline_tests.servers.eurostat import EurostatServer
from alp_pipeline_tests.sources.eurostat.asking import connected, entry, left_in, tsv


def test_a_ticket_in_the_place_of_a_prepared_file_is_followed_to_the_end(tmp_path: Path) -> None:
    with EurostatServer({"TGS00001": tsv()}) as server, connected(server, tmp_path) as source:
        server.hold("tgs00001")
        assert fetch(source) == PACKED
        assert asked(server) == [DATA, STATUS, STATUS, STATUS, RESULT]
        assert left_in(tmp_path) == ["tgs00001.tsv"]


def test_an_expired_extraction_is_submitted_again(tmp_path: Path) -> None:
    with EurostatServer({"TGS00001": tsv()}) as server, connected(server, tmp_path) as source:
        server.queue_states = ["SUBMITTED", "EXPIRED"]
        server.hold("tgs00001")
        assert fetch(source) == PACKED
        assert asked(server) == [DATA, STATUS, STATUS, DATA]


def test_what_expires_every_time_is_given_up(tmp_path: Path) -> None:
    with EurostatServer({"TGS00001": tsv()}) as server, connected(server, tmp_path) as source:
        server.queue_states = ["EXPIRED"]
        server.hold("tgs00001", times=99)
        with pytest.raises(QueueUnfinished, match="expired 3 times") as found:
            fetch(source)
        assert len(server.asked(DATA)) == SUBMISSIONS
        assert found.value.transient
        assert left_in(tmp_path) == []


@pytest.mark.parametrize("state", ["ERROR", "UNKNOWN_REQUEST"])
def test_an_extraction_that_failed_or_was_forgotten_is_not_polled_on(state: str, tmp_path: Path) -> None:
    with EurostatServer({"TGS00001": tsv()}) as server, connected(server, tmp_path) as source:
        server.queue_states = ["PROCESSING", state]
        server.hold("tgs00001")
        with pytest.raises(QueueUnfinished, match=f"ended as {state}"):
            fetch(source)
        assert asked(server) == [DATA, STATUS, STATUS]
        assert left_in(tmp_path) == []


def test_an_id_that_the_queue_answers_with_a_fault_is_forgotten(tmp_path: Path) -> None:
    with EurostatServer({"TGS00001": tsv()}) as server, connected(server, tmp_path) as source:
        server.fault(xml(messages.ticket("98de05ea-540a")))
        with pytest.raises(QueueUnfinished, match="ended as UNKNOWN_REQUEST"):
            fetch(source)
        assert asked(server) == [DATA, "/1.0/async/status/98de05ea-540a"]


def test_what_is_never_ready_is_given_up_after_the_polls(tmp_path: Path) -> None:
    with EurostatServer({"TGS00001": tsv()}) as server, connected(server, tmp_path, polls=POLLS) as source:
        server.queue_states = ["PROCESSING"]
        server.hold("tgs00001")
        with pytest.raises(QueueUnfinished, match="not ready after 6 polls"):
            fetch(source)
        assert asked(server) == [DATA] + [STATUS] * POLLS


def test_available_and_yet_not_available_is_polled_on(tmp_path: Path) -> None:
    with EurostatServer({"TGS00001": tsv()}) as server, connected(server, tmp_path) as source:
        server.queue_states = ["AVAILABLE"]
        server.hold("tgs00001")
        server.fault(fault(100, messages.NOT_YET, 404), match="/async/data/", times=2)
        assert fetch(source) == PACKED
        assert asked(server) == [DATA, STATUS, RESULT, STATUS, RESULT, STATUS, RESULT]


@pytest.mark.parametrize(
    "answer",
    [fault(100, messages.NOT_YET), fault(100, messages.NOT_YET, 404), Reply(200, messages.json_warning())],
)
def test_a_request_to_wait_without_a_ticket_is_asked_again(answer: Reply, tmp_path: Path) -> None:
    with EurostatServer({"TGS00001": tsv()}) as server, connected(server, tmp_path, polls=POLLS) as source:
        server.fault(answer, times=2)
        assert fetch(source) == PACKED
        assert asked(server) == [DATA] * 3
        (tmp_path / "downloads/tgs00001.tsv").unlink()
        server.fault(answer, times=99)
        with pytest.raises(QueueUnfinished, match="not ready after 6 polls"):
            fetch(source)
        assert left_in(tmp_path) == []


def test_no_results_of_the_queue_is_the_same_refusal(tmp_path: Path) -> None:
    with EurostatServer({"TGS00001": tsv()}) as server, connected(server, tmp_path) as source:
        server.queue_states = ["AVAILABLE"]
        server.hold("tgs00001")
        server.fault(fault(100, messages.NO_RESULTS, 404), match="/async/data/")
        with pytest.raises(NothingMatches):
            fetch(source)
        assert left_in(tmp_path) == []


def test_a_web_page_in_the_place_of_a_state_is_named(tmp_path: Path) -> None:
    with EurostatServer({"TGS00001": tsv()}) as server, connected(server, tmp_path) as source:
        server.hold("tgs00001")
        server.fault("html 200", match="/async/status/")
        with pytest.raises(NotData, match="a web page"):
            fetch(source)


def test_a_truncated_result_of_the_queue_does_not_count(tmp_path: Path) -> None:
    with EurostatServer({"TGS00001": tsv()}) as server, connected(server, tmp_path) as source:
        server.hold("tgs00001")
        server.fault("truncated gzip", match="/async/data/")
        with pytest.raises(AnswerTruncated):
            fetch(source)
        assert left_in(tmp_path) == []


def test_an_address_inside_a_message_is_never_followed(tmp_path: Path) -> None:
    with (
        Elsewhere() as other,
        EurostatServer({"TGS00001": tsv()}) as server,
        connected(server, tmp_path) as source,
    ):
        server.hold("tgs00001")
        extra = f"<url>{other.url}/result</url><location>{other.url}/result</location>"
        server.fault(xml(messages.ticket(FIRST, extra=extra)), match=DATA)
        server.fault(xml(messages.ticket(FIRST, "AVAILABLE", extra=extra)), match="/async/status/")
        assert fetch(source) == PACKED
        (tmp_path / "downloads/tgs00001.tsv").unlink()
        server.fault(xml(messages.legacy_footer(f"{other.url}/file/wHsvjs7hQCy7Dqf4")), match=DATA)
        with pytest.raises(QueueUnfinished, match="ended as UNKNOWN_REQUEST"):
            fetch(source)
        assert asked(server)[-1] == "/1.0/async/status/wHsvjs7hQCy7Dqf4"
        assert other.requests == []
        assert left_in(tmp_path) == []


# -- any order of everything --------------------------------------------------------------------------

ANSWERS: dict[str, Reply | str] = {
    **{state: xml(messages.ticket(FIRST, state)) for state in
       ("SUBMITTED", "PROCESSING", "AVAILABLE", "EXPIRED", "ERROR", "UNKNOWN_REQUEST")},
    "not yet": fault(100, messages.NOT_YET, 404),
    "no results": fault(100, messages.NO_RESULTS, 400),
    "unknown": fault(100, messages.UNKNOWN_REQUEST, 404),
    "too big": fault(413, TOO_BIG, 413),
    "down": fault(503, "Down"),
    "warning": Reply(200, messages.json_warning()),
    "page": "html 200",
    "503": "503",
    "half": "half a body",
    "data": Reply(200, PACKED),
    "cut data": Reply(200, PACKED[:-9]),
    "legacy": xml(messages.legacy_footer("http://elsewhere.invalid/file/wHsvjs7hQCy7Dqf4")),
}  # fmt: skip


HALVES = ("..AT+AT33", "..ITC4+SI03")
METADATA = {f"/sdmx/2.1/{kind}/ESTAT/TGS00001" for kind in ("datastructure", "contentconstraint")}


def test_whatever_the_queue_answers_the_end_is_the_whole_table_or_a_named_error(tmp_path: Path) -> None:
    with (
        EurostatServer({"TGS00001": tsv()}, others=0) as server,
        connected(server, tmp_path, polls=4, submissions=2) as source,
    ):

        @settings(max_examples=80)
        @given(st.lists(st.sampled_from(sorted(ANSWERS)), max_size=14))
        def drive(names: list[str]) -> None:
            server.forget()
            for path in (tmp_path / "downloads").rglob("*"):
                path.unlink()
            server.script(*(ANSWERS[name] for name in names))
            documents: list[Fetched] = []
            with suppress(SourceError):
                documents = list(source.fetch(entry(), Upstream("offered", "2026")))
            if documents:
                assert together(documents) == sorted(tsv().splitlines())
            assert left_in(tmp_path) == sorted(one.path.name for one in documents)
            # Two submissions of five rounds, a question and an answer in each, two tries of each; as much
            # again for each half, where the whole is refused for its size.
            assert len(server.requests) <= 2 * 5 * 2 * 2 * (3 if "too big" in names else 1)
            ids = {FIRST, "wHsvjs7hQCy7Dqf4"}
            places = {DATA, *(f"/1.0/async/{kind}/{one}" for kind in ("status", "data") for one in ids)}
            if "too big" in names:
                places |= {f"{DATA}/{key}" for key in HALVES} | METADATA
            assert set(asked(server)) <= places

        drive()
