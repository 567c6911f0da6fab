"""Every shape in which Eurostat answers without data is told from data, and means one error."""

import gzip
from pathlib import Path

import pytest

from alp_pipeline.sources.errors import NotData, QueryRefused, ServiceUnavailable
from alp_pipeline.sources.eurostat.replies import (
    HEAD_BYTES,
    ExtractionTooBig,
    Kind,
    NothingMatches,
    Reply,
    failure,
    read_reply,
)
from alp_pipeline_tests.servers import eurostat_messages as messages

TSV = b"freq,geo\\TIME_PERIOD\t2023 \nA,AT\t1 \n"


@pytest.mark.parametrize(
    ("head", "kind"),
    [
        (TSV, "data"),
        (gzip.compress(TSV), "data"),
        (b"freq,geo\\TIME_PERIOD\n", "data"),
        (b"", "not_data"),
        (b"\xef\xbb\xbf  \n", "not_data"),
        (messages.MAINTENANCE_PAGE, "not_data"),
        (gzip.compress(messages.MAINTENANCE_PAGE), "not_data"),
        (b"<html><head><title>x</title></head><body/></html>", "not_data"),
        (b"<Unknown/>", "not_data"),
        (b'{"value": {}}', "not_data"),
        (b"{broken", "not_data"),
        (messages.ticket("98de05ea-540a"), "ticket"),
        (gzip.compress(messages.ticket("98de05ea-540a")), "ticket"),
        (
            messages.legacy_footer("http://ec.europa.eu/eurostat/SDMX/diss-web/file/wHsvjs7hQCy7Dqf4"),
            "ticket",
        ),
        (messages.fault(100, messages.NO_RESULTS), "empty"),
        (messages.fault(100, "No results found"), "empty"),
        (messages.fault(100, messages.NOT_YET), "waiting"),
        (messages.fault(100, messages.UNKNOWN_REQUEST), "unknown_request"),
        (messages.fault(100, messages.NOT_AVAILABLE), "refused"),
        (messages.fault(110, "Unauthorized"), "refused"),
        (messages.fault(130, "Response too large due to client request"), "too_big"),
        (messages.fault(140, "Syntax error"), "refused"),
        (messages.fault(150, "INVALID_QUERY_DIMENSION"), "refused"),
        (messages.fault(413, messages.TOO_BIG), "too_big"),
        (messages.fault(500, "Internal server error"), "unavailable"),
        (messages.fault(501, "Not implemented"), "refused"),
        (messages.fault(503, "Service unavailable"), "unavailable"),
        (messages.fault(510, "Response size exceeds service limit"), "too_big"),
        (messages.json_error(413, messages.TOO_BIG), "too_big"),
        (messages.json_error(404, messages.NOT_AVAILABLE), "refused"),
        (messages.json_warning(), "waiting"),
    ],
)
def test_each_answer_is_what_it_is_whatever_its_status(head: bytes, kind: Kind) -> None:
    assert read_reply(head).kind == kind


@pytest.mark.parametrize(
    "state", ["SUBMITTED", "PROCESSING", "AVAILABLE", "EXPIRED", "UNKNOWN_REQUEST", "ERROR"]
)
def test_a_ticket_tells_its_id_and_the_state_of_the_queue(state: str) -> None:
    reply = read_reply(messages.ticket("98de05ea-540a-43d3", state))
    assert (reply.ticket, reply.state) == ("98de05ea-540a-43d3", state)


def test_a_state_without_an_id_is_read_too() -> None:
    reply = read_reply(b"<e><status>PROCESSING</status></e>")
    assert (reply.kind, reply.ticket, reply.state) == ("ticket", None, "PROCESSING")


@pytest.mark.parametrize("number", ["../../admin", "http://evil.example/x", "a b", "x" * 200, ""])
def test_an_id_that_would_change_the_address_is_no_id(number: str) -> None:
    assert read_reply(messages.ticket(number)).kind == "unavailable"


def test_of_a_legacy_footer_only_the_last_part_of_the_address_is_kept() -> None:
    assert read_reply(messages.legacy_footer("http://evil.example/file/AbC123xyz")).ticket == "AbC123xyz"
    assert read_reply(messages.legacy_footer("http://evil.example/file/a?b=/file/../x")).kind == "too_big"


def test_a_document_type_in_a_message_is_not_expanded() -> None:
    bomb = b'<!DOCTYPE x [<!ENTITY a "queued">]><x><queued><id>&a;&a;</id></queued></x>'
    assert read_reply(bomb).kind == "not_data"


def test_a_bomb_of_compressed_blanks_costs_no_memory() -> None:
    assert read_reply(gzip.compress(b" " * 50_000_000)[:HEAD_BYTES]).kind == "not_data"


@pytest.mark.parametrize(
    ("kind", "error", "transient"),
    [
        ("too_big", ExtractionTooBig, False),
        ("empty", NothingMatches, False),
        ("refused", QueryRefused, False),
        ("not_data", NotData, True),
        ("unavailable", ServiceUnavailable, True),
        ("waiting", ServiceUnavailable, True),
    ],
)
def test_each_message_means_one_error_that_quotes_it(kind: Kind, error: type, transient: bool) -> None:
    found = failure(Reply(kind, "what it said"), where="eurostat.x")
    assert type(found) is error
    assert found.transient is transient
    assert "eurostat.x" in str(found)
    assert "what it said" in str(found)


def test_the_real_messages_are_told_apart(realdata: Path) -> None:
    kinds = {
        path.name: read_reply(path.read_bytes()[:HEAD_BYTES]).kind
        for folder in ("payloads", "sdmx")
        for path in sorted((realdata / "eurostat" / folder).iterdir())
    }
    assert {
        name: kind
        for name, kind in kinds.items()
        if name.startswith(("error", "fault", "footer", "nama_10r"))
    } == {
        "error_404_not_a_dataset.json": "refused",
        "error_404_not_available.json": "refused",
        "error_413_extraction_too_big.json": "too_big",
        "fault_100_dataset_not_available.xml": "refused",
        "fault_413_extraction_too_big.xml": "too_big",
        "footer_413.xml": "ticket",
        "footer_413_b.xml": "ticket",
        "footer_413_b_result.zip": "data",
        "nama_10r_3empers_sample.tsv": "data",
    }
    assert read_reply((realdata / "eurostat/sdmx/footer_413.xml").read_bytes()).ticket == "wHsvjs7hQCy7Dqf4"
