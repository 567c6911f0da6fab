"""TLS and proxies: a real proxy, a real TLS server with a CA of its own, names that only the proxy knows."""

import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import trustme

from alp_pipeline.sources.errors import (
    AddressRefused,
    CertificateRefused,
    HttpRefused,
    PermanentSourceError,
    ServiceUnavailable,
)
from alp_pipeline.sources.http import PoliteSession
from alp_pipeline_tests.servers.base import LoopbackServer, Reply, Request, polite
from alp_pipeline_tests.servers.proxy import RealProxy
from alp_pipeline_tests.servers.proxy_plugin import BROKEN, FORBIDDEN

NAME = "statistics.example"
CONTENT = b"geo,value\n" + b"AT31,1\n" * 50_000
_VARIABLES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY")
_BUNDLES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE")


class Statistics(LoopbackServer):
    def answer(self, request: Request) -> Reply:
        return Reply(200, CONTENT)

    @property
    def port(self) -> int:
        return int(self.host.rpartition(":")[2])


@dataclass
class House:
    """What every test here has: a proxy, a TLS server, its CA in a file."""

    proxy: RealProxy
    server: Statistics
    bundle: Path

    @property
    def url(self) -> str:
        return f"https://{NAME}:{self.server.port}"

    def session(self, folder: Path, *hosts: str, **policy: object) -> PoliteSession:
        listed = hosts or (f"{NAME}:{self.server.port}",)
        return polite(folder, hosts=frozenset(listed), **policy)


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    folder = tmp_path_factory.mktemp("house")
    authority = trustme.CA()
    bundle = folder / "ca.pem"
    authority.cert_pem.write_to_path(str(bundle))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(NAME, "127.0.0.1", "localhost").configure_cert(context)
    with RealProxy(folder) as proxy, Statistics(tls=context) as server:
        yield House(proxy, server, bundle)


@pytest.fixture(autouse=True)
def environment(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """A clean one, with the house's proxy and CA."""
    for variable in (*_VARIABLES, *_BUNDLES):
        monkeypatch.delenv(variable, raising=False)
        monkeypatch.delenv(variable.lower(), raising=False)
    monkeypatch.setenv("HTTPS_PROXY", house.proxy.url)
    monkeypatch.setenv("HTTP_PROXY", house.proxy.url)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(house.bundle))
    house.server.requests.clear()


def test_a_download_comes_through_the_proxy_and_tls(house: House, tmp_path: Path) -> None:
    with house.session(tmp_path) as session:
        download = session.download(f"{house.url}/f?token=hush", to=tmp_path / "file")
    assert (tmp_path / "file").read_bytes() == CONTENT
    assert download.url == f"{house.url}/f?token=***"
    # The name is known to the proxy alone, so the proxy was asked.
    assert house.server.requests[0].headers["host"] == f"{NAME}:{house.server.port}"
    assert "hush" not in house.proxy.log


@pytest.mark.parametrize("variable", _BUNDLES)
def test_a_ca_bundle_of_ones_own_is_honoured(
    house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    monkeypatch.delenv("REQUESTS_CA_BUNDLE")
    monkeypatch.setenv(variable, str(house.bundle))
    with house.session(tmp_path) as session:
        assert session.ask(house.url).content == CONTENT


@pytest.mark.parametrize("through_proxy", [True, False])
def test_a_certificate_of_an_unknown_authority_is_refused_at_once(
    house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, through_proxy: bool
) -> None:
    trustme.CA().cert_pem.write_to_path(str(tmp_path / "other.pem"))
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "other.pem"))
    url = house.url if through_proxy else house.server.url
    with (
        house.session(tmp_path, f"{NAME}:{house.server.port}", allowed_hosts={house.server.host}) as session,
        pytest.raises(CertificateRefused, match="cannot be verified") as refused,
    ):
        session.download(f"{url}/?token=hush", to=tmp_path / "file")
    assert "hush" not in str(refused.value)
    assert "tries" not in str(refused.value)
    assert house.server.requests == []
    assert not (tmp_path / "file").exists()


def test_a_certificate_for_another_name_is_refused(house: House, tmp_path: Path) -> None:
    other = f"other.example:{house.server.port}"
    with house.session(tmp_path, other) as session, pytest.raises(CertificateRefused, match="mismatch"):
        session.ask(f"https://{other}/")


@pytest.mark.parametrize(("content", "why"), [(None, "is not there"), ("no certificate", "no certificate")])
def test_a_ca_bundle_that_is_none_is_named(
    house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: str | None, why: str
) -> None:
    path = tmp_path / "bundle.pem"
    if content is not None:
        path.write_text(content)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(path))
    with house.session(tmp_path) as session, pytest.raises(CertificateRefused, match=why):
        session.ask(house.url)


def test_without_a_bundle_of_ones_own_the_public_authorities_hold(
    house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("REQUESTS_CA_BUNDLE")
    with house.session(tmp_path) as session, pytest.raises(CertificateRefused):
        session.ask(house.url)


@pytest.mark.parametrize(
    "url", ["https://elsewhere.example/", "http://statistics.example/", "https://10.0.0.1/"]
)
def test_the_rule_judges_the_target_and_not_the_proxy(house: House, tmp_path: Path, url: str) -> None:
    with house.session(tmp_path, NAME, "10.0.0.1") as session, pytest.raises(AddressRefused):
        session.ask(url)
    assert "elsewhere" not in house.proxy.log


def test_a_redirect_is_judged_behind_the_proxy_too(house: House, tmp_path: Path) -> None:
    house.server.fault(Reply.redirect("https://elsewhere.example/"))
    with house.session(tmp_path) as session, pytest.raises(AddressRefused, match=r"elsewhere\.example is no"):
        session.ask(house.url)


def test_plain_http_goes_through_the_proxy_where_the_settings_allow_it(house: House, tmp_path: Path) -> None:
    with Statistics() as plain:
        target = f"mirror.example:{plain.port}"
        with polite(tmp_path, allowed_hosts=frozenset({target})) as session:
            assert session.ask(f"http://{target}/x").content == CONTENT
        assert plain.requests[0].headers["host"] == target


def test_this_machine_is_never_asked_through_a_proxy(
    house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    with polite(tmp_path, house.server) as session:
        assert session.ask(house.server.url).content == CONTENT


def test_no_proxy_is_honoured(house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", ".example")
    with house.session(tmp_path) as session, pytest.raises(ServiceUnavailable, match="name is not known"):
        session.ask(house.url)


def test_a_catalogue_host_at_this_machine_is_refused_before_a_byte_is_sent(
    house: House, tmp_path: Path
) -> None:
    local = f"localhost:{house.server.port}"
    with house.session(tmp_path, local) as session, pytest.raises(AddressRefused, match="is not public"):
        session.ask(f"https://{local}/")
    assert house.server.requests == []


@pytest.mark.parametrize("scheme", ["https", "http"])
def test_a_proxy_that_wants_a_login_says_so(
    house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, scheme: str
) -> None:
    with RealProxy(tmp_path, login="me:hush") as proxy, Statistics() as plain:
        hosts = {"hosts": frozenset({f"{NAME}:{house.server.port}"})}
        target = f"mirror.example:{plain.port}"
        url = house.url if scheme == "https" else f"http://{target}"
        monkeypatch.setenv(f"{scheme.upper()}_PROXY", proxy.url.replace("me:hush@", ""))
        with polite(tmp_path, allowed_hosts=frozenset({target}), **hosts) as session:
            with pytest.raises(HttpRefused, match="the proxy refused with 407") as refused:
                session.ask(url)
            assert refused.value.status == 407
        monkeypatch.setenv(f"{scheme.upper()}_PROXY", proxy.url)
        with polite(tmp_path, allowed_hosts=frozenset({target}), **hosts) as session:
            assert session.ask(url).content == CONTENT


def test_a_proxy_that_forbids_a_host_says_so(house: House, tmp_path: Path) -> None:
    with (
        house.session(tmp_path, FORBIDDEN) as session,
        pytest.raises(HttpRefused, match="the proxy refused with 403") as refused,
    ):
        session.ask(f"https://{FORBIDDEN}/")
    assert refused.value.status == 403


def test_a_proxy_that_reaches_nothing_is_tried_again(house: House, tmp_path: Path) -> None:
    with (
        house.session(tmp_path, BROKEN) as session,
        pytest.raises(ServiceUnavailable, match=r"the proxy answered 502 \(3 tries\)"),
    ):
        session.ask(f"https://{BROKEN}/")


def test_a_proxy_that_is_not_there_is_named_without_its_password(
    house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://me:hush@127.0.0.1:9")
    with (
        house.session(tmp_path) as session,
        pytest.raises(ServiceUnavailable, match="the proxy: no connection") as failed,
    ):
        session.ask(house.url)
    assert "hush" not in str(failed.value)


def test_a_proxy_setting_that_is_none_is_named(
    house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://")
    with house.session(tmp_path) as session, pytest.raises(PermanentSourceError, match="the proxy that"):
        session.ask(house.url)
