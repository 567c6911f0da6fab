import gzip
import pickle
import threading
from pathlib import Path

import pytest

from alp_pipeline.sources.errors import (
    AddressRefused,
    AnswerTooLarge,
    AnswerTruncated,
    HttpRefused,
    NotData,
    PermanentSourceError,
    ServiceUnavailable,
)
from alp_pipeline.sources.http import Policy, PoliteSession
from alp_pipeline_tests.servers.base import LoopbackServer, Reply, Request, polite


class Echo(LoopbackServer):
    """Says what it was asked; a few paths have answers of their own."""

    def answer(self, request: Request) -> Reply:
        if request.path == "/gzip":
            return Reply(200, gzip.compress(b"a" * 1000), {"Content-Encoding": "gzip"})
        if request.path == "/brotli":
            return Reply(200, b"...", {"Content-Encoding": "br"})
        if request.path == "/nothing":
            return Reply(204)
        if request.path == "/part":
            return Reply(206, b"abc", {"Content-Range": "bytes 0-2/9"})
        if request.path.startswith("/status/"):
            return Reply.json({"error": "said"}, int(request.path.removeprefix("/status/")))
        return Reply.json(
            {"method": request.method, "query": request.raw_query, "body": request.body.decode()},
            Set_Cookie="session=secret",
        )


def test_who_we_are_stands_in_every_request_and_cannot_be_overridden(tmp_path: Path) -> None:
    with Echo() as server, polite(tmp_path, server, user_agent="alp (https://x.eu)") as session:
        session.ask(server.url)
        session.ask(server.url, headers={"user-agent": "Mozilla", "Accept": "text/csv"})
        assert [one.headers["user-agent"] for one in server.requests] == ["alp (https://x.eu)"] * 2
        assert server.requests[1].headers["accept"] == "text/csv"


def test_an_answer_carries_status_lower_case_headers_content_and_time(tmp_path: Path) -> None:
    with Echo() as server, polite(tmp_path, server) as session:
        answer = session.ask(f"{server.url}/a b", params={"geo": ["AT", "IT"], "token": "t"})
        assert answer.url == f"{server.url}/a%20b?geo=AT&geo=IT&token=***"
        assert answer.status == 200
        assert answer.headers["content-type"] == "application/json"
        assert answer.json()["query"] == "geo=AT&geo=IT&token=t"
        assert len(answer.seen_at) == 20


def test_no_cookie_is_kept_nor_shown(tmp_path: Path) -> None:
    with Echo() as server, polite(tmp_path, server) as session:
        assert "set-cookie" not in session.ask(server.url).headers
        session.ask(server.url)
        assert "cookie" not in server.requests[1].headers


def test_queries_are_posted_as_json_or_as_a_form(tmp_path: Path) -> None:
    with Echo() as server, polite(tmp_path, server) as session:
        assert session.ask(server.url, method="POST", json={"a": 1}).json()["body"] == '{"a": 1}'
        assert session.ask(server.url, method="POST", data={"a": "1"}).json()["body"] == "a=1"
        assert [one.headers["content-type"] for one in server.requests] == [
            "application/json",
            "application/x-www-form-urlencoded",
        ]


def test_a_connection_is_used_again(tmp_path: Path) -> None:
    ports = set()

    class Counting(Echo):
        def reply_to(self, request: Request) -> Reply:
            ports.add(threading.get_ident())  # the server has a thread for each connection
            return super().reply_to(request)

    with Counting() as server, polite(tmp_path, server) as session:
        for _ in range(5):
            session.ask(server.url)
    assert len(ports) == 1


def test_gzip_as_transport_is_undone(tmp_path: Path) -> None:
    with Echo() as server, polite(tmp_path, server) as session:
        assert session.ask(f"{server.url}/gzip").content == b"a" * 1000
        assert server.requests[0].headers["accept-encoding"] == "gzip"


def test_the_limit_holds_for_what_gzip_becomes(tmp_path: Path) -> None:
    with Echo() as server, polite(tmp_path, server) as session, pytest.raises(AnswerTooLarge):
        session.ask(f"{server.url}/gzip", most_bytes=999)


def test_an_encoding_that_nobody_asked_for_is_no_data(tmp_path: Path) -> None:
    with Echo() as server, polite(tmp_path, server) as session, pytest.raises(NotData, match="'br'"):
        session.ask(f"{server.url}/brotli")


def test_an_empty_success_is_an_answer(tmp_path: Path) -> None:
    with Echo() as server, polite(tmp_path, server) as session:
        answer = session.ask(f"{server.url}/nothing")
        assert (answer.status, answer.content) == (204, b"")


@pytest.mark.parametrize("status", [202, 404, 413, 500, 503])
def test_a_status_that_is_accepted_is_returned_at_once(tmp_path: Path, status: int) -> None:
    with Echo() as server, polite(tmp_path, server) as session:
        answer = session.ask(f"{server.url}/status/{status}", accept={status})
        assert (answer.status, answer.json()) == (status, {"error": "said"})
        assert len(server.requests) == 1


@pytest.mark.parametrize("status", [400, 401, 403, 404, 405, 410, 413, 414, 416, 451])
def test_a_refusal_is_permanent_and_brings_what_the_service_said(tmp_path: Path, status: int) -> None:
    with Echo() as server, polite(tmp_path, server) as session:
        with pytest.raises(HttpRefused, match=f"it answered {status}") as refused:
            session.ask(f"{server.url}/status/{status}?api_key=hush")
        assert refused.value.status == status
        assert refused.value.body == b'{"error": "said"}'
        assert refused.value.headers["content-type"] == "application/json"
        assert "hush" not in str(refused.value)
        assert len(server.requests) == 1


def test_a_refusal_survives_the_border_of_processes() -> None:
    refused = HttpRefused("no", where="x", todo="Do.", status=404, body=b"b", headers={"a": "b"})
    again = pickle.loads(pickle.dumps(refused))  # noqa: S301 - our own bytes
    assert (str(again), again.status, again.body, again.headers) == (str(refused), 404, b"b", {"a": "b"})


@pytest.mark.parametrize("status", [408, 429, 500, 501, 502, 503, 504, 520])
def test_a_passing_failure_is_tried_again_and_then_told(tmp_path: Path, status: int) -> None:
    with Echo() as server, polite(tmp_path, server) as session:
        with pytest.raises(ServiceUnavailable, match=rf"it answered {status}.*\(3 tries\)"):
            session.ask(f"{server.url}/status/{status}")
        assert len(server.requests) == 3


def test_accepted_but_not_done_is_no_data_unless_the_family_accepts_it(tmp_path: Path) -> None:
    with Echo() as server, polite(tmp_path, server) as session, pytest.raises(NotData, match="202"):
        session.ask(f"{server.url}/status/202")


def test_a_part_that_nobody_asked_for_never_counts_as_the_whole(tmp_path: Path) -> None:
    with Echo() as server, polite(tmp_path, server) as session:
        with pytest.raises(AnswerTruncated, match="a part came"):
            session.ask(f"{server.url}/part")
        with pytest.raises(AnswerTruncated, match="a part came"):
            session.download(f"{server.url}/part", to=tmp_path / "file")
        assert not (tmp_path / "file").exists()


def test_a_wait_longer_than_ours_is_told_and_not_waited_for(tmp_path: Path) -> None:
    with Echo() as server, polite(tmp_path, server) as session:
        server.fault("503 for long")
        with pytest.raises(ServiceUnavailable, match="left alone for 86400 s") as told:
            session.ask(server.url)
        assert told.value.come_back_seconds == 86400
        assert len(server.requests) == 1
        assert session.ask(server.url).status == 200


def test_equal_failures_have_equal_texts(tmp_path: Path) -> None:
    with Echo() as server, polite(tmp_path, server, connect_seconds=0.1, read_seconds=0.1) as session:
        texts = set()
        for _ in range(2):
            for fault in ("drop", "slow head"):
                server.fault(fault, times=3)
                with pytest.raises(ServiceUnavailable) as failed:
                    session.ask(server.url)
                texts.add(str(failed.value))
    assert len(texts) == 2


def test_a_port_where_nobody_listens_is_told(tmp_path: Path) -> None:
    with Echo() as server:
        host = server.host
    policy = Policy("alp", frozenset(), frozenset({host}), attempts=2, first_wait_seconds=0.01)
    with (
        PoliteSession(policy, folder=tmp_path) as session,
        pytest.raises(ServiceUnavailable, match=r"no connection \(Connection refused\) \(2 tries\)"),
    ):
        session.ask(f"http://{host}/")


def test_a_name_that_does_not_exist_is_told(tmp_path: Path) -> None:
    policy = Policy("alp", frozenset({"nowhere.invalid"}), attempts=1)
    with (
        PoliteSession(policy, folder=tmp_path) as session,
        pytest.raises(ServiceUnavailable, match=r"name is not known.*\(1 try\)"),
    ):
        session.ask("https://nowhere.invalid/")


def test_a_header_that_no_header_can_be_is_refused_without_showing_it(tmp_path: Path) -> None:
    with Echo() as server, polite(tmp_path, server) as session:
        with pytest.raises(PermanentSourceError, match="the header X-App-Token") as refused:
            session.ask(server.url, headers={"X-App-Token": "hush\r\nHost: evil"})
        assert "hush" not in str(refused.value)
        assert server.requests == []


@pytest.mark.parametrize(
    "url", ["", "x", "http:///a", "http://[", "http://a b/", "http://\u0000/", "file:///x"]
)
def test_what_is_no_url_is_refused(tmp_path: Path, url: str) -> None:
    with Echo() as server, polite(tmp_path, server) as session, pytest.raises(AddressRefused):
        session.ask(url)


def test_json_that_is_none_is_no_data(tmp_path: Path) -> None:
    with Echo() as server, polite(tmp_path, server) as session:
        server.fault("html 200")
        answer = session.ask(f"{server.url}/?token=hush")
        with pytest.raises(NotData, match=r"token=\*\*\*: the answer is no JSON"):
            answer.json()


def test_a_netrc_gives_no_password_away(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login me password hush\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    with Echo() as server, polite(tmp_path, server) as session:
        session.ask(server.url)
        assert "authorization" not in server.requests[0].headers
