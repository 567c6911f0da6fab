"""One hop over the wire: to an address that was judged, through the proxy if there is one, TLS verified.

Belongs here: connecting, proxies, the CA bundle, the library's exceptions in our words. Does not: redirects,
retries, statuses (http), whom we may ask (address).

Of `requests` only the preparing of requests and the adapter are used: its session would follow redirects,
keep cookies and send passwords from a .netrc behind our back.
"""

import contextlib
import logging
import os
import re
import socket
import ssl
import threading
from collections.abc import Iterator
from http.client import IncompleteRead
from pathlib import Path
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from requests.utils import get_environ_proxies
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import HTTPError

from alp_pipeline.errors import AlpError
from alp_pipeline.sources.address import AddressRule, is_loopback, shown
from alp_pipeline.sources.errors import (
    AnswerTruncated,
    CertificateRefused,
    HttpRefused,
    PermanentSourceError,
    ServiceUnavailable,
    SourceError,
)
from alp_pipeline.sources.watchdog import Watchdog

BLOCK_BYTES = 1 << 16
_BUNDLE_VARIABLES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE")
_BAD_BUNDLE = ("NO_CERTIFICATE_OR_CRL_FOUND", "NO_START_LINE", "PEM_LIB", "BAD_BASE64_DECODE")
_UNUSABLE = (
    requests.exceptions.InvalidProxyURL,
    requests.exceptions.InvalidURL,
    requests.exceptions.InvalidSchema,
)
_AGAIN = "The next refresh asks again."


class Reading:
    """An answer whose body has not been read.

    Args:
        response: of the adapter; closed by whoever made this.
        watchdog: told of every piece.
    """

    def __init__(self, response: requests.Response, watchdog: Watchdog) -> None:
        self.status = response.status_code
        self.headers = {name.lower(): value for name, value in response.headers.items()}
        self._response, self._watchdog = response, watchdog

    def pieces(self) -> Iterator[bytes]:
        """The body as it comes, still in its Content-Encoding."""
        while piece := self._response.raw.read1(BLOCK_BYTES, decode_content=False):
            self._watchdog.arrived(len(piece))
            yield piece
        if self._watchdog.has_barked:
            # A body without a declared length ends with its connection; this one we ended.
            raise HTTPError("too slow")


class Wire:
    """Sends prepared requests, one hop each. A connection is used again for the same host.

    Args:
        rule: judges the addresses that direct connections go to. Behind a proxy the name is resolved there
            and not here: what is judged then is the name (`AddressRule.target`), and an address written out.
        connect_seconds, read_seconds: until a connection stands; until the next bytes come.
        slowest_bytes_per_second: an answer that comes more slowly over `read_seconds` is ended.
    """

    def __init__(
        self,
        rule: AddressRule,
        *,
        connect_seconds: float,
        read_seconds: float,
        slowest_bytes_per_second: int,
    ) -> None:
        # These log whole URLs, secrets included, from DEBUG and WARNING on.
        logging.getLogger("urllib3.connectionpool").setLevel(logging.INFO)
        logging.getLogger("urllib3.connection").setLevel(logging.ERROR)
        self._timeouts = (connect_seconds, read_seconds)
        self._portion_bytes = max(1, int(slowest_bytes_per_second * read_seconds))
        self._adapter = _JudgingAdapter(rule)

    @contextlib.contextmanager
    def sent(self, request: requests.PreparedRequest) -> Iterator[Reading]:
        """Send, and give the answer with its body unread. Closing is ours.

        Raises:
            SourceError: a failure of the network, inside the block too, in our words.
        """
        connect_seconds, read_seconds = self._timeouts
        watchdog = Watchdog(
            first_seconds=connect_seconds + read_seconds,
            portion_seconds=read_seconds,
            portion_bytes=self._portion_bytes,
        )
        failure: SourceError
        try:
            with watchdog:
                self._adapter.local.watchdog = watchdog
                response = self._adapter.send(
                    request,
                    stream=True,
                    timeout=self._timeouts,
                    verify=_trusted_bundle(),
                    proxies=_proxies(request.url or ""),
                )
                watchdog.body_begins()
                with contextlib.closing(response):
                    yield Reading(response, watchdog)
                return
        except (requests.RequestException, HTTPError, ssl.SSLError, _BundleMissing) as error:
            failure = in_our_words(error, request, watchdog, self._timeouts)
        # Outside the except block, so that no traceback shows the library's texts: they hold whole URLs.
        raise failure

    def close(self) -> None:
        """Close all connections."""
        self._adapter.close()


class _BundleMissing(Exception):
    """The CA bundle that the environment names is not there."""


class _JudgingAdapter(HTTPAdapter):
    """Connections that go to judged addresses, and that the watchdog of this thread can break."""

    def __init__(self, rule: AddressRule) -> None:
        self.local = threading.local()
        self._pools = _judging_pools(rule, self.local)
        super().__init__()

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = self._pools

    def proxy_manager_for(self, proxy: str, **kwargs: Any) -> Any:
        manager = super().proxy_manager_for(proxy, **kwargs)
        manager.pool_classes_by_scheme = self._pools
        return manager

    def cert_verify(self, conn: Any, url: str, verify: Any, cert: Any) -> None:
        # The base class would not verify an https proxy that is asked for an http target.
        super().cert_verify(conn, "https:" if conn.scheme == "https" else url, verify, cert)  # type: ignore[no-untyped-call]


def _judging_pools(rule: AddressRule, local: threading.local) -> dict[str, type[HTTPConnectionPool]]:
    class Judged(HTTPConnection):
        """To the judged address itself: no second look-up can lead elsewhere."""

        line: socket.socket | None = None

        def _new_conn(self) -> socket.socket:
            sock = super()._new_conn() if self.proxy else _connect(self, rule)
            self._drop_line()
            self.line = sock.dup()
            local.watchdog.guard(self.line)
            return sock

        def request(self, *args: Any, **kwargs: Any) -> None:
            if self.line is not None:  # a connection that is used again
                local.watchdog.guard(self.line)
            super().request(*args, **kwargs)

        def close(self) -> None:
            try:
                super().close()
            finally:
                self._drop_line()

        def _drop_line(self) -> None:
            if self.line is not None:
                self.line.close()
                self.line = None

    class JudgedTls(Judged, HTTPSConnection):
        pass

    class JudgedPool(HTTPConnectionPool):
        ConnectionCls = Judged

    class JudgedTlsPool(HTTPSConnectionPool):
        ConnectionCls = JudgedTls

    return {"http": JudgedPool, "https": JudgedTlsPool}


def _connect(connection: HTTPConnection, rule: AddressRule) -> socket.socket:
    failure: OSError = OSError("the name has no address")
    for family, address in rule.addresses(connection.host, connection.port):
        sock = socket.socket(family, socket.SOCK_STREAM)
        try:
            for option in connection.socket_options or ():
                sock.setsockopt(*option)
            sock.settimeout(connection.timeout)
            sock.connect(address)
            return sock
        except OSError as error:
            sock.close()
            failure = error
    raise failure


def _trusted_bundle() -> str | bool:
    """The CA bundle that the environment names, else the one that comes with requests."""
    for variable in _BUNDLE_VARIABLES:
        named = os.environ.get(variable)
        if named:
            if not Path(named).exists():
                raise _BundleMissing(f"the CA bundle that {variable} names is not there ({named})")
            return named
    return True


def _proxies(url: str) -> dict[str, str]:
    """The environment's proxies for a URL. This machine itself is never asked through one."""
    host = requests.compat.urlparse(url).hostname or ""
    return {} if is_loopback(host) else get_environ_proxies(url, no_proxy=None)


def in_our_words(
    error: Exception,
    request: requests.PreparedRequest,
    watchdog: Watchdog,
    timeouts: tuple[float, float],
) -> SourceError:
    """A failure of the network as one of our errors; equal failures give equal texts."""
    where = f"{request.method} {shown(request.url or '')}"
    causes = list(_causes(error))
    if isinstance(error, _BundleMissing):
        return CertificateRefused(str(error), where=where, todo="Correct the variable.")
    if isinstance(error, _UNUSABLE):
        return PermanentSourceError(
            "the proxy that the environment names cannot be used",
            where=where,
            todo="Write HTTPS_PROXY and HTTP_PROXY as http://host:port.",
        )
    for cause in causes:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return CertificateRefused(
                f"its certificate cannot be verified ({cause.verify_message})",
                where=where,
                todo="Behind a proxy that opens TLS, name its CA bundle by REQUESTS_CA_BUNDLE.",
            )
        if isinstance(cause, ssl.SSLError) and cause.reason in _BAD_BUNDLE:
            return CertificateRefused(
                "the CA bundle that the environment names holds no certificate",
                where=where,
                todo=f"Correct {', '.join(_BUNDLE_VARIABLES)}.",
            )
    if watchdog.has_barked:
        return ServiceUnavailable("the answer comes too slowly or not at all", where=where, todo=_AGAIN)
    for cause in causes:
        refused = re.match(r"Tunnel connection failed: (\d{3})", str(cause))
        if refused:
            return _proxy_refused(int(refused[1]), where)
    for cause in causes:
        if isinstance(cause, IncompleteRead):
            return AnswerTruncated("the answer ended before its length", where=where, todo=_AGAIN)
    return ServiceUnavailable(_network_failure(causes, timeouts), where=where, todo=_AGAIN)


def _network_failure(causes: list[BaseException], timeouts: tuple[float, float]) -> str:
    through = "the proxy: " if any("Proxy" in type(cause).__name__ for cause in causes) else ""
    for cause in causes:
        if isinstance(cause, socket.gaierror):
            return f"{through}its name is not known to the name server"
        if isinstance(cause, TimeoutError):
            return f"{through}no answer in time ({timeouts[0]:g} s to connect, {timeouts[1]:g} s to answer)"
        if isinstance(cause, ssl.SSLError):
            return f"{through}TLS failed ({cause.reason or 'the connection ended'})"
        if isinstance(cause, OSError) and cause.errno is not None and cause.strerror:
            return f"{through}no connection ({cause.strerror})"
    return f"{through}the connection broke"


def _proxy_refused(status: int, where: str) -> SourceError:
    todo = "Look at HTTPS_PROXY (user and password in it too) and NO_PROXY, or ask who runs the proxy."
    if status >= 500 or status in (408, 429):
        return ServiceUnavailable(f"the proxy answered {status}", where=where, todo=_AGAIN)
    return HttpRefused(f"the proxy refused with {status}", where=where, todo=todo, status=status)


def _causes(error: BaseException) -> Iterator[BaseException]:
    """An exception and all that it wraps, in causes, arguments and reasons."""
    waiting: list[Any] = [error]
    seen: set[int] = set()
    while waiting:
        one = waiting.pop(0)
        if not isinstance(one, BaseException) or id(one) in seen or isinstance(one, AlpError):
            continue
        seen.add(id(one))
        yield one
        waiting += [*one.args, getattr(one, "reason", None), one.__cause__, one.__context__]
