from pathlib import Path

import pytest

from alp_pipeline.sources.errors import AddressRefused, HttpRefused
from alp_pipeline_tests.servers.base import LoopbackServer, Reply, Request, polite

SECRETS = {
    "Authorization": "Bearer hush",
    "X-App-Token": "hush",
    "Cookie": "a=hush",
    "X-Anything": "hush",
    "Accept": "text/csv",
}


class Sending(LoopbackServer):
    """Redirects `/to` to where it was told, answers everything else."""

    location = "/here"
    status = 302

    def answer(self, request: Request) -> Reply:
        if request.path == "/to":
            return Reply.redirect(self.location, self.status)
        return Reply.text(f"{request.method} {request.place} {request.body.decode()}")


@pytest.mark.parametrize(
    ("location", "arrives"),
    [
        ("/here?a=1", "GET /here?a=1 "),
        ("here", "GET /here "),
        ("?a=1", None),
        ("/with blank", "GET /with%20blank? "),
        ("/gr\u00fcn", "GET /gr%C3%BCn? "),
    ],
)
def test_a_redirect_within_the_host_is_followed(tmp_path: Path, location: str, arrives: str | None) -> None:
    with Sending() as server, polite(tmp_path, server) as session:
        server.location = location
        if arrives is None:
            with pytest.raises(HttpRefused, match="redirects more than 5 times"):
                session.ask(f"{server.url}/to")
        else:
            said = session.ask(f"{server.url}/to", headers=SECRETS).content.decode()
            assert said.replace("? ", " ") == arrives.replace("? ", " ")
            assert server.requests[1].headers["authorization"] == "Bearer hush"


@pytest.mark.parametrize(
    "location",
    [
        "https://elsewhere.invalid/",
        "//elsewhere.invalid/",
        "http://169.254.169.254/latest/meta-data",
        "http://127.0.0.1:1/",
        "http://localhost/",
        "http://[::1]/",
        "http://2130706433/",
        "file:///etc/passwd",
        "https://ec.europa.eu\\@elsewhere.invalid/",
        "https://user:hush@ec.europa.eu/",
        "http://ec.europa.eu/",
    ],
)
def test_a_redirect_outside_is_refused_and_never_asked(tmp_path: Path, location: str) -> None:
    with (
        Sending() as server,
        polite(tmp_path, server, hosts=frozenset({"ec.europa.eu"})) as session,
    ):
        server.location = location
        with pytest.raises(AddressRefused) as refused:
            session.download(f"{server.url}/to", to=tmp_path / "file")
        assert "hush" not in str(refused.value)
        assert len(server.requests) == 1
    assert not (tmp_path / "file").exists()


def test_another_host_sees_no_header_that_may_be_a_secret(tmp_path: Path) -> None:
    with Sending() as server, Sending() as other, polite(tmp_path, server, other) as session:
        server.location = f"{other.url}/here"
        session.ask(f"{server.url}/to", headers=SECRETS)
        came = other.requests[0].headers
        assert set(came) <= {"host", "accept", "accept-encoding", "user-agent"}
        assert came["accept"] == "text/csv"
        assert came["user-agent"] == "alp-tests (https://example.org)"


def test_every_hop_is_judged(tmp_path: Path) -> None:
    with Sending() as server, Sending() as other, polite(tmp_path, server, other) as session:
        server.location = f"{other.url}/to"
        other.location = "https://elsewhere.invalid/"
        with pytest.raises(AddressRefused, match=r"elsewhere\.invalid is no host of the catalogue"):
            session.ask(f"{server.url}/to")
        assert (len(server.requests), len(other.requests)) == (1, 1)


@pytest.mark.parametrize(
    ("status", "method"), [(301, "GET"), (302, "GET"), (303, "GET"), (307, "POST"), (308, "POST")]
)
def test_a_posted_query_keeps_or_loses_its_body_as_the_status_says(
    tmp_path: Path, status: int, method: str
) -> None:
    with Sending() as server, polite(tmp_path, server) as session:
        server.status = status
        said = session.ask(f"{server.url}/to", method="POST", json={"a": 1}).content.decode()
        assert said == f"{method} /here? " + ('{"a": 1}' if method == "POST" else "")
        assert ("content-type" in server.requests[1].headers) is (method == "POST")


def test_a_body_goes_to_no_other_host(tmp_path: Path) -> None:
    with Sending() as server, Sending() as other, polite(tmp_path, server, other) as session:
        server.location, server.status = f"{other.url}/here", 307
        with pytest.raises(HttpRefused, match="the body of a POST to another host"):
            session.ask(f"{server.url}/to", method="POST", data={"password": "hush"})
        assert other.requests == []


@pytest.mark.parametrize("reply", [Reply(302), Reply.redirect("http://[")])
def test_a_redirect_to_nowhere_is_a_refusal(tmp_path: Path, reply: Reply) -> None:
    with Sending() as server, polite(tmp_path, server) as session:
        server.fault(reply)
        with pytest.raises(HttpRefused, match=r"it redirects \(302\) to no"):
            session.ask(server.url)


def test_a_redirect_that_is_accepted_is_an_answer(tmp_path: Path) -> None:
    with Sending() as server, polite(tmp_path, server) as session:
        answer = session.ask(f"{server.url}/to", accept={302})
        assert (answer.status, answer.headers["location"]) == (302, "/here")
