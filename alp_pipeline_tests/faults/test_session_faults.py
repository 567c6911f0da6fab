"""The shared session against everything that a server can do to it: one row for each fault.

A fault that passes ends in exactly the right bytes; one that stays ends in its typed error, after the tries
of the policy if it is transient and after one if it is permanent, and leaves nothing on the disk.
"""

import gzip
import tempfile
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from alp_pipeline.sources.errors import (
    AddressRefused,
    AnswerIncomplete,
    AnswerTooLarge,
    AnswerTruncated,
    HttpRefused,
    NotData,
    ServiceUnavailable,
    SourceError,
)
from alp_pipeline.sources.http import PoliteSession
from alp_pipeline.sources.inspection import refuse_unless_data
from alp_pipeline_tests.servers.base import FAULTS, LoopbackServer, Reply, Request, polite

CONTENT = b"geo\tvalue\n" + b"AT31\t1\n" * 2000
TRIES = 3
_BROKEN_STREAM = Reply(200, CONTENT + b"Streaming interrupted due to the following error: shard 3 is gone\n")


class Table(LoopbackServer):
    """One table, with ranges where it is told to offer them."""

    offers_ranges = False

    def answer(self, request: Request) -> Reply:
        if not self.offers_ranges:
            return Reply(200, CONTENT)
        headers = {"ETag": '"1"', "Accept-Ranges": "bytes"}
        asked = request.headers.get("range")
        if asked is None:
            return Reply(200, CONTENT, headers)
        start = int(asked.removeprefix("bytes=").removesuffix("-"))
        said = f"bytes {start}-{len(CONTENT) - 1}/{len(CONTENT)}"
        return Reply(206, CONTENT[start:], {**headers, "Content-Range": said})


@dataclass(frozen=True)
class Row:
    """A fault: what it ends in when it stays, and after how many requests."""

    fault: str | Reply
    error: type[SourceError]
    requests: int = TRIES


TRANSIENT = {
    "status 408": Row("408", ServiceUnavailable),
    "status 429": Row("429", ServiceUnavailable),
    "status 429 until a date": Row("429 until a date", ServiceUnavailable),
    "status 500": Row("500", ServiceUnavailable),
    "status 502 with a web page": Row("502", ServiceUnavailable),
    "status 503": Row("503", ServiceUnavailable),
    "connection dropped": Row("drop", ServiceUnavailable),
    "half a body": Row("half a body", AnswerTruncated),
    "chunks cut": Row("chunks cut", AnswerTruncated),
    "no byte of the body": Row(Reply(200, CONTENT, cut_after=0), AnswerTruncated),
    "body dripping": Row("slow body", ServiceUnavailable),
    "headers dripping": Row("slow head", ServiceUnavailable),
    "transport gzip cut": Row(
        Reply(200, gzip.compress(CONTENT)[:-40], {"Content-Encoding": "gzip"}), AnswerTruncated
    ),
    "a part unasked": Row(Reply(206, CONTENT[:10]), AnswerTruncated),
}
PERMANENT = {
    "status 403": Row("403", HttpRefused, 1),
    "status 404": Row("404", HttpRefused, 1),
    "status 503 for a day": Row("503 for long", ServiceUnavailable, 1),
    "status 202": Row(Reply(202, b"queued"), NotData, 1),
    "redirect to another host": Row("other host", AddressRefused, 1),
    "redirect loop": Row("redirect loop", HttpRefused, 6),
    "declared too large": Row("too large", AnswerTooLarge, 1),
    "endless": Row("endless", AnswerTooLarge, 1),
    "unknown encoding": Row(Reply(200, b"x", {"Content-Encoding": "br"}), NotData, 1),
}
# A success by status, refused by looking at the bytes.
LOOKED_AT = {
    "empty 200": Row("empty 200", NotData, 1),
    "web page 200": Row("html 200", NotData, 1),
    "JSON error 200": Row("json error 200", NotData, 1),
    "gzip cut 200": Row("truncated gzip", AnswerTruncated, 1),
    "error text in the stream": Row(_BROKEN_STREAM, AnswerIncomplete, 1),
    "nothing": Row(Reply(204), NotData, 1),
}


def _session(folder: Path, server: LoopbackServer, name: str = "", patience: float = 0.2) -> PoliteSession:
    # Little patience only where a server drips; elsewhere a busy machine must not look like one.
    seconds = patience if "dripping" in name else 5
    return polite(
        folder,
        server,
        attempts=TRIES,
        connect_seconds=seconds,
        read_seconds=seconds,
        most_bytes=1 << 20,
    )


def _downloaded(session: PoliteSession, server: LoopbackServer, out: Path) -> bytes:
    session.download(f"{server.url}/table?token=hush", to=out / "table")
    return (out / "table").read_bytes()


def _asked(session: PoliteSession, server: LoopbackServer, _: Path) -> bytes:
    return session.ask(f"{server.url}/table?token=hush", most_bytes=1 << 20).content


Way = Callable[[PoliteSession, LoopbackServer, Path], bytes]
WAYS = pytest.mark.parametrize("way", [_downloaded, _asked], ids=["download", "ask"])


@WAYS
@pytest.mark.parametrize("name", TRANSIENT)
def test_a_fault_that_passes_ends_in_the_right_bytes(tmp_path: Path, name: str, way: Way) -> None:
    with Table() as server, _session(tmp_path, server, name, patience=0.5) as session:
        server.fault(TRANSIENT[name].fault, times=1)
        assert way(session, server, tmp_path / "out") == CONTENT
        assert len(server.requests) == 2


@WAYS
@pytest.mark.parametrize("name", TRANSIENT | PERMANENT)
def test_a_fault_that_stays_ends_in_its_error_and_leaves_nothing(tmp_path: Path, name: str, way: Way) -> None:
    row = (TRANSIENT | PERMANENT)[name]
    out = tmp_path / "out"
    out.mkdir()
    with Table() as server, _session(tmp_path, server, name) as session:
        server.fault(row.fault, times=20)
        with pytest.raises(row.error) as failed:
            way(session, server, out)
        assert type(failed.value) is row.error
        assert "hush" not in str(failed.value)
        assert len(server.requests) == row.requests
    assert list(out.iterdir()) == []


@pytest.mark.parametrize("name", LOOKED_AT)
def test_a_success_by_status_alone_is_refused_by_the_look_at_it(tmp_path: Path, name: str) -> None:
    row = LOOKED_AT[name]
    with Table() as server, _session(tmp_path, server) as session:
        server.fault(row.fault)
        download = session.download(server.url, to=tmp_path / "table")
        with pytest.raises(row.error):
            refuse_unless_data(download.path, "eurostat.x", form="text")
        assert len(server.requests) == row.requests


def test_the_session_works_on_after_every_fault(tmp_path: Path) -> None:
    with Table() as server, _session(tmp_path, server, "dripping", patience=0.5) as session:
        for fault in FAULTS:
            server.fault(fault)
            with suppress(SourceError):
                session.ask(server.url)
            assert session.ask(server.url).content == CONTENT


GOOD = {
    "plain": Reply(200, CONTENT),
    "chunked": Reply(200, CONTENT, chunked=True),
    "gzip": Reply(200, gzip.compress(CONTENT), {"Content-Encoding": "gzip"}),
    "ranges": lambda _, good: good,
}
BAD = {
    "500": Reply(500),
    "429": Reply(429, b"", {"Retry-After": "0"}),
    "404": Reply(404),
    "drop": Reply(drop=True),
    "half": lambda _, good: FAULTS["half a body"](_, good),
    "chunks cut": lambda _, good: FAULTS["chunks cut"](_, good),
    "gzip cut": Reply(200, gzip.compress(CONTENT)[:-9], {"Content-Encoding": "gzip"}),
    "wrong part": Reply(206, b"wrong", {"Content-Range": "bytes 3-7/99", "ETag": '"1"'}),
    "part of another": Reply(206, b"wrong", {"Content-Range": "bytes 3-7/99", "ETag": '"2"'}),
    "no range": Reply(416),
    "too large": FAULTS["too large"],
    "other host": Reply.redirect("https://elsewhere.invalid/"),
    "here": Reply.redirect("/table"),
    "loop": FAULTS["redirect loop"],
}


@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(
    answers=st.lists(st.sampled_from(sorted(GOOD | BAD)), max_size=8),
    offers_ranges=st.booleans(),
    stood_before=st.booleans(),
)
def test_whatever_comes_the_file_is_whole_or_as_it_was(
    answers: list[str], offers_ranges: bool, stood_before: bool
) -> None:
    with (
        tempfile.TemporaryDirectory() as folder,
        Table() as server,
        _session(Path(folder), server) as session,
    ):
        server.offers_ranges = offers_ranges
        server.script(*((GOOD | BAD)[answer] for answer in answers))
        to = Path(folder) / "out" / "table"
        to.parent.mkdir()
        if stood_before:
            to.write_bytes(b"yesterday's")
        try:
            session.download(server.url, to=to)
        except SourceError:
            left = {"table": b"yesterday's"} if stood_before else {}
        else:
            left = {"table": CONTENT}
        assert {path.name: path.read_bytes() for path in to.parent.iterdir()} == left
        # Each try follows five redirects at most.
        assert len(server.requests) <= TRIES * 6
