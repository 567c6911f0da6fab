"""Fault matrix of Eurostat: what a bad answer becomes, what was asked, and that no half of a file is left."""

import gzip
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from alp_pipeline.archive.retrieval import Extent
from alp_pipeline.sources.errors import (
    AddressRefused,
    AnswerIncomplete,
    AnswerTruncated,
    NotData,
    QueryRefused,
    ServiceUnavailable,
    SourceError,
    StructureChanged,
)
from alp_pipeline.sources.eurostat.replies import NothingMatches
from alp_pipeline.sources.eurostat.slices import Limits
from alp_pipeline.sources.family import Upstream
from alp_pipeline_tests.faults.eurostat_answers import (
    DATA,
    NOT_THERE,
    PACKED,
    TOO_BIG,
    Elsewhere,
    a_zip,
    asked,
    fault,
    fetch,
    together,
    xml,
)
from alp_pipeline_tests.servers import eurostat_messages as messages
from alp_pipeline_tests.servers.base import Reply, Request
from alp_pipeline_tests.servers.eurostat import EurostatServer
from alp_pipeline_tests.sources.eurostat.asking import REGIONS, connected, entry, left_in, sliced, tsv

# -- in the place of a table --------------------------------------------------------------------------


@dataclass(frozen=True)
class Refusal:
    """One answer that ends the attempt."""

    answer: Reply | str | Callable[[Request, Reply], Reply]
    error: type[SourceError]
    says: str
    requests: int = 1


REFUSALS = {
    "web page under 200": Refusal(Reply(200, messages.MAINTENANCE_PAGE), NotData, "web page .'Maintenance'."),
    "web page, packed": Refusal(
        Reply(200, gzip.compress(messages.MAINTENANCE_PAGE)), NotData, "a web page .'Maintenance'."
    ),
    "nothing under 200": Refusal("empty 200", NotData, "nothing at all"),
    "blanks under 200": Refusal(Reply(200, b" \r\n\t\n"), NotData, "nothing at all"),
    "another text": Refusal(Reply(200, b"geo,time,value\nAT,2021,3\n"), NotData, "no TSV of Eurostat"),
    "a ZIP archive": Refusal(Reply(200, a_zip()), NotData, "it is a ZIP archive"),
    "another XML message": Refusal(xml(b"<m:GenericData xmlns:m='m'/>"), NotData, "message .GenericData."),
    "JSON-stat without values": Refusal(Reply.json({"value": {}}), NotData, "a JSON document"),
    "JSON error under 200": Refusal("json error 200", QueryRefused, "404 ERR_NOT_FOUND"),
    "no results, 400": Refusal(fault(100, messages.NO_RESULTS, 400), NothingMatches, "NO_RESULTS"),
    "no results, 200": Refusal(fault(100, messages.NO_RESULTS), NothingMatches, "NO_RESULTS"),
    "not available, fault": Refusal(fault(100, NOT_THERE, 404), QueryRefused, "not available for"),
    "not available, JSON": Refusal(
        Reply(404, messages.json_error(404, NOT_THERE)), QueryRefused, "ERR_NOT_FOUND_4: TGS00001"
    ),
    "syntax": Refusal(fault(140, "Syntax error", 400), QueryRefused, "140 Syntax error"),
    "semantics": Refusal(fault(150, "INVALID_QUERY_DIMENSION", 400), QueryRefused, "INVALID_QUERY_DIMENSION"),
    "unauthorised": Refusal(fault(110, "Unauthorized", 401), QueryRefused, "110 Unauthorized"),
    "not implemented": Refusal(fault(501, "Not implemented"), QueryRefused, "501 Not implemented"),
    "internal fault under 200": Refusal(fault(500, "Internal"), ServiceUnavailable, "500 Internal"),
    "maintenance fault under 200": Refusal(fault(503, "Down"), ServiceUnavailable, "503 Down"),
    "truncated gzip": Refusal("truncated gzip", AnswerTruncated, "gzip file ends early"),
    "damaged gzip": Refusal(
        lambda _, good: replace(good, body=good.body[:-8] + bytes(8)), AnswerTruncated, "gzip file is damaged"
    ),
    "error text at the end": Refusal(
        Reply(200, gzip.compress(tsv() + b"org.sdmx.ExtractionException: out of memory\n")),
        AnswerIncomplete,
        "ExtractionException",
    ),
    "redirect elsewhere": Refusal("other host", AddressRefused, "elsewhere.invalid"),
    "ticket with an address for an id": Refusal(
        xml(messages.ticket("../../../latest/meta-data")), ServiceUnavailable, "id cannot be one"
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSALS)
def test_what_comes_in_the_place_of_a_table_ends_in_its_own_error(name: str, tmp_path: Path) -> None:
    case = REFUSALS[name]
    with EurostatServer({"TGS00001": tsv()}) as server, connected(server, tmp_path) as source:
        server.fault(case.answer)
        with pytest.raises(case.error, match=case.says) as found:
            fetch(source)
        assert type(found.value) is case.error
        assert asked(server) == [DATA] * case.requests
        assert left_in(tmp_path) == []
        assert fetch(source) == PACKED, "the next refresh gets it"


REFUSED_FOR_SIZE = {
    "fault": (fault(413, TOO_BIG, 413), "estimated 17348292 rows"),
    "fault under 200": (fault(130, "Response too large"), "130 Response"),
    "service limit": (fault(510, "Size", 413), "510 Size"),
    "JSON": (Reply(413, messages.json_error(413, TOO_BIG)), "max authorised is 5000000"),
    "web page of a proxy": (Reply(413, messages.MAINTENANCE_PAGE), "413 with a web page"),
    "footer without a place": (xml(messages.legacy_footer("nowhere")), "does not name"),
}
PREPARED = "TGS00001/?format=TSV"


@pytest.mark.parametrize("name", REFUSED_FOR_SIZE)
def test_a_prepared_file_refused_for_its_size_comes_in_slices_that_say_so(name: str, tmp_path: Path) -> None:
    answer, says = REFUSED_FOR_SIZE[name]
    limits = Limits(most_cells=12)
    with EurostatServer({"TGS00001": tsv()}) as server, connected(server, tmp_path, limits=limits) as source:
        (told,) = source.freshness([entry()]).values()
        server.fault(answer, times=99, match=PREPARED)
        documents = list(source.fetch(entry(), told))
        keys = [one.path.removeprefix(DATA) for one in server.asked("/data/")]
    assert keys == ["/", "/..AT+AT33", "/..ITC4+SI03"]
    assert together(documents) == sorted(tsv().splitlines())
    assert [one.extent for one in documents] == [Extent({"geo": REGIONS[:2]}), Extent({"geo": REGIONS[2:]})]
    for one in documents:
        assert one.note == "the prepared file is refused for its size, so it came in 2 slices"
        assert says in one.parameters["in_place_of"]


def test_what_was_refused_whole_is_divided_although_its_estimate_fits(tmp_path: Path) -> None:
    with EurostatServer({"TGS00001": tsv()}) as server, connected(server, tmp_path) as source:
        server.fault(fault(413, TOO_BIG, 413), match=DATA)
        assert together(list(source.fetch(entry(), Upstream("offered")))) == sorted(tsv().splitlines())
        assert len(server.asked("/data/")) == 3


def test_slices_in_the_place_of_a_file_hold_what_the_entry_filters(tmp_path: Path) -> None:
    dataset = entry(filters={"geo": ["AT", "ITC4"]})
    with EurostatServer({"TGS00001": tsv()}) as server, connected(server, tmp_path) as source:
        server.fault(fault(413, TOO_BIG, 413), match=DATA)
        (document,) = source.fetch(dataset, Upstream("offered"))
        assert asked(server)[-1] == f"{DATA}/..AT+ITC4"
    assert dict(document.extent.dims) == {"geo": ("AT", "ITC4")}
    _, *rows = gzip.decompress(document.path.read_bytes()).splitlines()
    assert {row.partition(b"\t")[0].rpartition(b",")[2] for row in rows} == {b"AT", b"ITC4"}


@pytest.mark.parametrize(
    ("limits", "says"),
    [
        (Limits(most_cells=1, most_requests=5), "in slices: it would take more than 5 requests"),
        (Limits(), "in slices: Eurostat refuses the extraction for its size"),
    ],
)
def test_what_does_not_come_in_slices_either_says_both_reasons(
    limits: Limits, says: str, tmp_path: Path
) -> None:
    with EurostatServer({"TGS00001": tsv()}) as server, connected(server, tmp_path, limits=limits) as source:
        server.fault(fault(413, TOO_BIG, 413), times=99, match="/data/")
        with pytest.raises(QueryRefused, match=says) as found:
            fetch(source)
        assert "estimated 17348292 rows" in str(found.value)
        assert "bulk" not in str(found.value)
        assert len(server.asked("/data/")) <= 6
        assert left_in(tmp_path) == []


@pytest.mark.parametrize(
    ("name", "error"),
    [("503", ServiceUnavailable), ("half a body", AnswerTruncated), ("drop", ServiceUnavailable)],
)
def test_what_may_pass_is_tried_again_and_then_told(
    name: str, error: type[SourceError], tmp_path: Path
) -> None:
    with EurostatServer({"TGS00001": tsv()}) as server, connected(server, tmp_path) as source:
        server.fault(name, times=1)
        assert fetch(source) == PACKED
        assert asked(server) == [DATA, DATA]
        (tmp_path / "downloads/tgs00001.tsv").unlink()
        server.fault(name, times=2)
        with pytest.raises(error):
            fetch(source)
        assert len(server.requests) == 4
        assert left_in(tmp_path) == []


def test_a_heading_alone_is_data(tmp_path: Path) -> None:
    heading = tsv(units=())
    with EurostatServer({"TGS00001": heading}) as server, connected(server, tmp_path) as source:
        assert gzip.decompress(fetch(source)) == heading


# -- the inventory ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answer", "error", "says"),
    [
        ("html 200", NotData, "a web page"),
        ("empty 200", NotData, "nothing at all"),
        (Reply(200, messages.json_error(500, "Internal")), ServiceUnavailable, "500 Internal"),
        (fault(100, "ERR_NOT_FOUND", 404), QueryRefused, "ERR_NOT_FOUND"),
        ("404", QueryRefused, "status 404"),
        ("half a body", AnswerTruncated, "2 tries"),
        (lambda _, good: replace(good, body=good.body[:-99]), AnswerTruncated, "ends within a line"),
        (lambda _, good: replace(good, body=good.body.split(b"\n")[0] + b"\n"), AnswerIncomplete, "lists 0"),
        (lambda _, good: replace(good, body=good.body.replace(b"TGS", b"X.")), AnswerIncomplete, "lists 0"),
        (lambda _, good: replace(good, body=good.body.replace(b"Last data change", b"Changed")),
         StructureChanged, "lacks the column last data change"),
        (lambda _, good: replace(good, body=good.body.replace(b"Code\t", b"\xff\t")), NotData, "no UTF-8"),
    ],
    ids=["web page", "empty", "JSON error", "fault", "404", "connection broke", "cut in a line",
         "cut after the heading", "other codes", "without a column", "other encoding"],
)  # fmt: skip
def test_a_bad_inventory_is_an_error_and_never_the_end_of_all_tables(
    answer: Reply | str | Callable[[Request, Reply], Reply],
    error: type[SourceError],
    says: str,
    tmp_path: Path,
) -> None:
    both = [entry("tgs00001"), entry("tgs00002")]
    with (
        EurostatServer({"TGS00001": tsv(), "TGS00002": tsv()}) as server,
        connected(server, tmp_path) as source,
    ):
        server.fault(answer, times=2)
        with pytest.raises(error, match=says):
            source.freshness(both)
        assert set(asked(server)) == {"/files/inventory"}


def test_an_inventory_cut_at_the_end_of_a_line_declares_nothing_gone(tmp_path: Path) -> None:
    def without_end(_: Request, good: Reply) -> Reply:
        lines = [line for line in good.body.split(b"\n") if not line.startswith(b"TGS00002")]
        return replace(good, body=b"\n".join(lines).rstrip(b"\n"))

    with (
        EurostatServer({"TGS00001": tsv(), "TGS00002": tsv()}) as server,
        connected(server, tmp_path) as source,
    ):
        server.fault(without_end)
        with pytest.raises(AnswerTruncated, match="last line has no end"):
            source.freshness([entry("tgs00001"), entry("tgs00002")])


@pytest.mark.parametrize(
    "text", [b"", b"-", b"13.05.2026", b"2026-05-13T11:00:00", b"2026-13-45T11:00:00+0200"]
)
def test_a_time_that_cannot_be_read_is_unknown_and_not_unchanged(text: bytes, tmp_path: Path) -> None:
    with EurostatServer({"TGS00001": tsv()}) as server, connected(server, tmp_path) as source:
        server.fault(lambda _, good: replace(good, body=good.body.replace(b"2026-05-13T11:00:00+0200", text)))
        (told,) = source.freshness([entry()]).values()
    assert (told.status, told.signal, told.changed_at, told.structure_signal) == ("offered", None, None, None)


@pytest.mark.parametrize("offset", [b"+02:00", b".000+0200", b".123+02:00"])
def test_every_form_of_an_offset_is_the_same_moment(offset: bytes, tmp_path: Path) -> None:
    with EurostatServer({"TGS00001": tsv()}) as server, connected(server, tmp_path) as source:
        server.fault(lambda _, good: replace(good, body=good.body.replace(b"+0200", offset)))
        (told,) = source.freshness([entry()]).values()
    assert told.signal == "2026-05-13T09:00:00Z"


def test_a_prepared_address_on_a_foreign_host_is_not_asked(tmp_path: Path) -> None:
    with (
        Elsewhere() as other,
        EurostatServer({"TGS00001": tsv()}) as server,
        connected(server, tmp_path) as source,
    ):
        swap = (server.url.encode() + b"/sdmx", other.url.encode() + b"/sdmx")
        server.fault(lambda _, good: replace(good, body=good.body.replace(*swap)))
        (told,) = source.freshness([entry()]).values()
        with pytest.raises(AddressRefused):
            list(source.fetch(entry(), told))
        with pytest.raises(AddressRefused):
            list(source.fetch_metadata(entry(), told, structure=True))
        assert other.requests == []
        assert left_in(tmp_path) == []


# -- slices and metadata ------------------------------------------------------------------------------


def test_a_code_that_the_constraint_lists_and_the_service_refuses_is_named(tmp_path: Path) -> None:
    stale = messages.constraint("TGS00001", {"freq": ["A"], "unit": ["NR"], "geo": ["AT", "AT99"]}, ["2023"])
    with EurostatServer({"TGS00001": tsv()}) as server, connected(server, tmp_path) as source:
        server.fault(xml(stale), match="contentconstraint")
        with pytest.raises(QueryRefused, match="INVALID_QUERY_DIMENSION_VALUE: geo AT99"):
            list(source.fetch(sliced({"geo": ["AT", "AT99"]}), Upstream("offered")))
        assert asked(server)[-1] == f"{DATA}/..AT+AT99"
        assert left_in(tmp_path) == []


@pytest.mark.parametrize(
    ("answer", "error", "says"),
    [
        ("html 200", NotData, "a web page"),
        ("empty 200", NotData, "nothing at all"),
        (fault(100, messages.NO_RESULTS), NothingMatches, "NO_RESULTS"),
        (xml(b"<Structure/>"), NotData, "names no dimension"),
        (
            xml(b'<!DOCTYPE x [<!ENTITY a "b">]><Structure>&a;</Structure>'),
            NotData,
            "with a document type",
        ),
        (lambda _, good: replace(good, body=good.body[:-30]), NotData, "well-formed"),
        (fault(500, "Internal", 400), ServiceUnavailable, "500 Internal"),
    ],
    ids=["web page", "empty", "fault", "no structure", "entities", "cut", "internal"],
)
@pytest.mark.parametrize("kind", ["dataflow", "contentconstraint"])
def test_what_is_no_structure_is_not_kept(
    kind: str,
    answer: Reply | str | Callable[[Request, Reply], Reply],
    error: type[SourceError],
    says: str,
    tmp_path: Path,
) -> None:
    with EurostatServer({"TGS00001": tsv()}) as server, connected(server, tmp_path) as source:
        (told,) = source.freshness([entry()]).values()
        server.fault(answer, match=kind, times=2)
        with pytest.raises(error, match=says):
            list(source.fetch_metadata(entry(), told, structure=True))
        assert [name for name in left_in(tmp_path) if "structure" not in name] == []


@pytest.mark.parametrize("kind", ["datastructure", "contentconstraint"])
def test_slices_need_structure_and_constraint(kind: str, tmp_path: Path) -> None:
    with EurostatServer({"TGS00001": tsv()}) as server, connected(server, tmp_path) as source:
        server.fault(fault(100, NOT_THERE, 404), match=kind)
        with pytest.raises(QueryRefused, match="not available for dissemination"):
            list(source.fetch(sliced({"geo": ["AT"]}), Upstream("offered")))
        assert server.asked("/data/") == []
