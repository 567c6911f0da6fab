import gzip
import hashlib
import os
import resource
from pathlib import Path

import pytest

from alp_pipeline.sources.errors import AnswerTooLarge, AnswerTruncated, DiskRefused, NotData
from alp_pipeline_tests.servers.base import LoopbackServer, Reply, Request, polite

CONTENT = bytes(range(256)) * 2000
HALF = len(CONTENT) // 2


class Files(LoopbackServer):
    """One file, in the ways that servers offer ranges: well, badly, not at all."""

    def __init__(self) -> None:
        super().__init__()
        self.content = CONTENT
        self.etag = '"v1"'
        self.offers = "bytes"
        self.part_headers: dict[str, str] = {}
        self.ignores_ranges = False

    def answer(self, request: Request) -> Reply:
        headers = {"ETag": self.etag, "Accept-Ranges": self.offers}
        asked = request.headers.get("range")
        if asked is None or self.ignores_ranges or request.headers.get("if-range") != self.etag:
            return Reply(200, self.content, headers)
        start = int(asked.removeprefix("bytes=").removesuffix("-"))
        if start >= len(self.content):
            return Reply(416, b"", {"Content-Range": f"bytes */{len(self.content)}"})
        said = f"bytes {start}-{len(self.content) - 1}/{len(self.content)}"
        return Reply(206, self.content[start:], {**headers, "Content-Range": said, **self.part_headers})

    def ranges(self) -> list[str | None]:
        return [request.headers.get("range") for request in self.requests]


def test_a_download_is_the_bytes_with_their_hash(tmp_path: Path) -> None:
    with Files() as server, polite(tmp_path, server) as session:
        to = tmp_path / "new" / "folder" / "file"
        download = session.download(f"{server.url}/f?apikey=hush", to=to)
        assert (download.path, to.read_bytes()) == (to, CONTENT)
        assert (download.size_bytes, download.sha256) == (len(CONTENT), hashlib.sha256(CONTENT).hexdigest())
        assert download.url == f"{server.url}/f?apikey=***"
        assert server.requests[0].headers["accept-encoding"] == "identity"
        assert [path.name for path in to.parent.iterdir()] == ["file"]


def test_a_broken_download_goes_on_where_it_broke(tmp_path: Path) -> None:
    with Files() as server, polite(tmp_path, server) as session:
        server.script("half a body")
        download = session.download(server.url, to=tmp_path / "file")
        assert server.ranges() == [None, f"bytes={HALF}-"]
        assert server.requests[1].headers["if-range"] == '"v1"'
        assert (tmp_path / "file").read_bytes() == CONTENT
        assert download.sha256 == hashlib.sha256(CONTENT).hexdigest()


def test_a_file_that_changed_meanwhile_is_fetched_anew(tmp_path: Path) -> None:
    with Files() as server, polite(tmp_path, server) as session:

        def change(_: Request, good: Reply) -> Reply:
            server.content, server.etag = CONTENT[::-1], '"v2"'
            return Reply(200, CONTENT, good.headers, cut_after=HALF)

        server.fault(change)
        download = session.download(server.url, to=tmp_path / "file")
        assert server.ranges() == [None, f"bytes={HALF}-"]
        assert (tmp_path / "file").read_bytes() == CONTENT[::-1]
        assert download.sha256 == hashlib.sha256(CONTENT[::-1]).hexdigest()


@pytest.mark.parametrize(
    ("offers", "etag"), [("none", '"v1"'), ("", '"v1"'), ("bytes", ""), ("bytes", 'W/"v1"')]
)
def test_without_ranges_and_a_strong_etag_it_starts_over(tmp_path: Path, offers: str, etag: str) -> None:
    with Files() as server, polite(tmp_path, server) as session:
        server.offers, server.etag = offers, etag
        server.script("half a body")
        session.download(server.url, to=tmp_path / "file")
        assert server.ranges() == [None, None]
        assert (tmp_path / "file").read_bytes() == CONTENT


@pytest.mark.parametrize(
    "wrong",
    [
        {"Content-Range": f"bytes 0-{len(CONTENT) - 1}/{len(CONTENT)}"},
        {"Content-Range": f"bytes {HALF}-{len(CONTENT) - 2}/{len(CONTENT)}"},
        {"Content-Range": f"bytes {HALF + 1}-{len(CONTENT) - 1}/{len(CONTENT)}"},
        {"Content-Range": f"bytes {HALF}-{len(CONTENT) - 1}/*"},
        {"Content-Range": "nonsense"},
        {"Content-Type": "multipart/byteranges; boundary=x", "Content-Range": ""},
        {"ETag": '"other"'},
        {"Content-Encoding": "gzip"},
    ],
)
def test_wrong_parts_are_never_glued(tmp_path: Path, wrong: dict[str, str]) -> None:
    with Files() as server, polite(tmp_path, server) as session:
        server.part_headers = wrong
        server.script("half a body")
        session.download(server.url, to=tmp_path / "file")
        assert server.ranges() == [None, f"bytes={HALF}-", None]
        assert (tmp_path / "file").read_bytes() == CONTENT


def test_a_server_that_forgets_its_promise_of_ranges_sends_it_all_again(tmp_path: Path) -> None:
    with Files() as server, polite(tmp_path, server) as session:
        server.ignores_ranges = True
        server.script("half a body")
        session.download(server.url, to=tmp_path / "file")
        assert (tmp_path / "file").read_bytes() == CONTENT


def test_a_rest_that_is_not_there_any_more_starts_over(tmp_path: Path) -> None:
    with Files() as server, polite(tmp_path, server) as session:

        def shrink(_: Request, good: Reply) -> Reply:
            server.content = CONTENT[:1000]
            return Reply(200, CONTENT, good.headers, cut_after=HALF)

        server.fault(shrink)
        session.download(server.url, to=tmp_path / "file")
        assert server.ranges() == [None, f"bytes={HALF}-", None]
        assert (tmp_path / "file").read_bytes() == CONTENT[:1000]


def test_a_body_that_stays_short_is_truncated_and_leaves_no_file(tmp_path: Path) -> None:
    with Files() as server, polite(tmp_path, server) as session:
        server.offers = "none"
        for fault in ("half a body", "chunks cut"):
            server.fault(fault, times=3)
            with pytest.raises(AnswerTruncated, match=r"ended before its length \(3 tries\)"):
                session.download(server.url, to=tmp_path / "out" / "file")
        assert list((tmp_path / "out").iterdir()) == []


def test_what_stood_there_stays_when_a_download_fails(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"yesterday's")
    with Files() as server, polite(tmp_path, server) as session:
        server.fault("too large")
        with pytest.raises(AnswerTooLarge):
            session.download(server.url, to=tmp_path / "file")
    assert (tmp_path / "file").read_bytes() == b"yesterday's"


@pytest.mark.parametrize("chunked", [False, True])
def test_the_size_limit_holds_declared_or_not(tmp_path: Path, chunked: bool) -> None:
    with Files() as server, polite(tmp_path, server) as session:
        server.fault(Reply(200, CONTENT, chunked=chunked), times=2)
        assert session.download(server.url, to=tmp_path / "a", most_bytes=len(CONTENT)).size_bytes
        with pytest.raises(AnswerTooLarge, match=f"larger than {len(CONTENT) - 1} bytes"):
            session.download(server.url, to=tmp_path / "b", most_bytes=len(CONTENT) - 1)
        assert not (tmp_path / "b").exists()


def test_the_size_limit_holds_over_the_parts_of_a_download(tmp_path: Path) -> None:
    with Files() as server, polite(tmp_path, server) as session:
        server.script(
            Reply(200, CONTENT, {"ETag": '"v1"', "Accept-Ranges": "bytes"}, chunked=True, cut_after=HALF)
        )
        with pytest.raises(AnswerTooLarge):
            session.download(server.url, to=tmp_path / "file", most_bytes=len(CONTENT) - 1)


@pytest.mark.parametrize("name", ["gzip", "x-gzip", "GZIP"])
def test_transport_gzip_is_undone_and_a_document_is_kept_as_received(tmp_path: Path, name: str) -> None:
    zipped = gzip.compress(CONTENT, mtime=0)
    with Files() as server, polite(tmp_path, server) as session:
        server.fault(Reply(200, zipped, {"Content-Encoding": name}), times=2)
        session.download(server.url, to=tmp_path / "plain")
        assert (tmp_path / "plain").read_bytes() == CONTENT
        kept = session.download(server.url, to=tmp_path / "kept", as_received=True)
        assert (tmp_path / "kept").read_bytes() == zipped
        assert kept.sha256 == hashlib.sha256(zipped).hexdigest()


def test_several_gzip_members_are_one_body(tmp_path: Path) -> None:
    body = gzip.compress(b"one", mtime=0) + gzip.compress(b"two", mtime=0)
    with Files() as server, polite(tmp_path, server) as session:
        server.fault(Reply(200, body, {"Content-Encoding": "gzip"}))
        session.download(server.url, to=tmp_path / "file")
    assert (tmp_path / "file").read_bytes() == b"onetwo"


def test_a_heading_that_lies_about_gzip_changes_nothing(tmp_path: Path) -> None:
    with Files() as server, polite(tmp_path, server) as session:
        for content in (b"geo,value\nAT,1\n", b"g", b""):
            server.fault(Reply(200, content, {"Content-Encoding": "gzip"}))
            session.download(server.url, to=tmp_path / "file")
            assert (tmp_path / "file").read_bytes() == content


@pytest.mark.parametrize("damage", ["cut", "checksum"])
def test_damaged_transport_gzip_is_truncated(tmp_path: Path, damage: str) -> None:
    zipped = gzip.compress(CONTENT, mtime=0)
    body = zipped[:-100] if damage == "cut" else zipped[:-8] + b"\0" * 8
    with Files() as server, polite(tmp_path, server) as session:
        server.fault(Reply(200, body, {"Content-Encoding": "gzip"}), times=3)
        with pytest.raises(AnswerTruncated, match="its gzip encoding"):
            session.download(server.url, to=tmp_path / "file")
        assert len(server.requests) == 3
    assert not (tmp_path / "file").exists()


def test_an_encoding_that_was_not_asked_for_is_no_data(tmp_path: Path) -> None:
    with Files() as server, polite(tmp_path, server) as session:
        server.fault(Reply(200, b"x", {"Content-Encoding": "zstd"}))
        with pytest.raises(NotData, match="compressed as 'zstd'"):
            session.download(server.url, to=tmp_path / "file")


def test_a_full_disk_is_named_and_left_as_it_was(tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    with Files() as server, polite(tmp_path, server) as session:
        session.ask(server.url)  # what the session writes for itself is there
        before = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (HALF, before[1]))
        try:
            with pytest.raises(DiskRefused, match=f"{out}: the disk did not take the download"):
                session.download(server.url, to=out / "file")
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, before)
        assert list(out.iterdir()) == []
        assert len(server.requests) == 2


def test_a_folder_that_cannot_be_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with Files() as server, polite(tmp_path, server) as session, pytest.raises(DiskRefused):
        session.download(server.url, to=tmp_path / "file" / "x")


def test_memory_stays_bounded_while_a_large_file_comes(tmp_path: Path) -> None:
    import tracemalloc

    size = 64 << 20
    with Files() as server, polite(tmp_path, server) as session:
        server.content = os.urandom(1 << 16) * (size >> 16)
        tracemalloc.start()
        session.download(server.url, to=tmp_path / "file")
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert (tmp_path / "file").stat().st_size == size
    assert peak < 8 << 20
