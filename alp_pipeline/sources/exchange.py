"""One try at one request: hop by hop through redirects to an answer, and its body to where it goes.

Belongs here: redirects, what a status means. Does not: trying again (http), the wire (connection).
"""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import NoReturn
from urllib.parse import urljoin

import requests
from requests.utils import requote_uri

from alp_pipeline.sources.address import AddressRule, shown
from alp_pipeline.sources.bodies import Sink, beginning
from alp_pipeline.sources.connection import Reading, Wire
from alp_pipeline.sources.errors import (
    AnswerTruncated,
    HttpRefused,
    NotData,
    ServiceUnavailable,
)
from alp_pipeline.sources.rate import HostTurns, retry_after

_GOOD = frozenset({200, 203, 204})
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_AGAIN = "The next refresh asks again."
# What goes along to another host; a token can stand under any name, so the list says what may, not what not.
_HEADERS_FOR_ANYONE = frozenset(
    {"accept", "accept-encoding", "accept-language", "user-agent", "range", "if-range"}
)


@dataclass(frozen=True)
class Asked:
    """One request on its way: what changes from hop to hop."""

    method: str
    url: str
    headers: dict[str, str]
    body: bytes | str | None

    @property
    def where(self) -> str:
        """How errors call it."""
        return f"{self.method} {shown(self.url)}"


@dataclass(frozen=True)
class Came:
    """What is known of an answer besides its body; `url` is the last hop's, whole."""

    url: str
    status: int
    headers: dict[str, str]


class Exchange:
    """Tries requests, each once.

    Args:
        rule, turns, wire: whom, when and how.
        most_redirects: hops of one request.
        longest_wait_seconds: a Retry-After up to this keeps the whole machine away from the host.
    """

    def __init__(
        self,
        rule: AddressRule,
        turns: HostTurns,
        wire: Wire,
        *,
        most_redirects: int,
        longest_wait_seconds: float,
    ) -> None:
        self._rule, self._turns, self._wire = rule, turns, wire
        self._most_redirects = most_redirects
        self._longest_wait_seconds = longest_wait_seconds

    def attempt(self, asked: Asked, sink: Sink, accept: Collection[int]) -> Came:
        """Ask, follow redirects, put the body of the answer into the sink.

        Raises:
            SourceError: whatever stands in the way; `ServiceUnavailable` and `AnswerTruncated` may be tried
                again.
        """
        asked = replace(asked, headers={**asked.headers, **sink.request_headers()})
        status = 0
        for _ in range(self._most_redirects + 1):
            with self._hop(asked) as reading:
                status = reading.status
                if status in _REDIRECTS and status not in accept:
                    asked = _redirected(asked, reading)
                    continue
                continues = "Range" in asked.headers and status in (206, 416)
                if status in _GOOD or status in accept or continues:
                    sink.receive(status, reading.headers, reading.pieces(), asked.where)
                    return Came(asked.url, status, _kept(reading.headers))
                self._refuse(asked, reading)
        raise HttpRefused(
            f"it redirects more than {self._most_redirects} times",
            where=asked.where,
            todo="Look at the URL in the catalogue; it may lead to a page that asks for a login.",
            status=status,
        )

    @contextmanager
    def _hop(self, asked: Asked) -> Iterator[Reading]:
        """One request and its unread answer, in our turn at the host."""
        target = self._rule.target(asked.url)
        request = requests.PreparedRequest()
        request.method, request.url, request.body = asked.method, asked.url, asked.body
        request.headers = requests.structures.CaseInsensitiveDict(asked.headers)
        with self._turns.turn(target.key), self._wire.sent(request) as reading:
            if reading.status in (429, 503):
                wanted = retry_after(reading.headers)
                if wanted is not None and wanted <= self._longest_wait_seconds:
                    self._turns.leave_alone(target.key, wanted)
            yield reading

    def _refuse(self, asked: Asked, reading: Reading) -> NoReturn:
        """Raise what a status of no success means."""
        status, where = reading.status, asked.where
        answered = f"it answered {status}{_phrase(status)}"
        if status in (408, 429) or status >= 500:
            wanted = retry_after(reading.headers)
            come_back = "" if wanted is None else f" and wants to be left alone for {wanted:.0f} s"
            raise ServiceUnavailable(answered + come_back, where=where, todo=_AGAIN, come_back_seconds=wanted)
        if status == 206:
            raise AnswerTruncated("a part came that was not asked for", where=where, todo=_AGAIN)
        if status < 300:
            raise NotData(f"{answered}, which is no data", where=where, todo=_AGAIN)
        todo = "Look at the dataset's entry in the catalogue, and at whether the service changed."
        if status in (401, 403):
            todo = "Look at the source's credentials (ALP_SOURCE_CREDENTIALS) and at the address."
        if status == 407:
            answered, todo = "the proxy refused with 407", "Look at user and password in HTTP_PROXY."
        raise HttpRefused(
            answered,
            where=where,
            todo=todo,
            status=status,
            body=beginning(reading.pieces(), reading.headers, where),
            headers=_kept(reading.headers),
        )


def _redirected(asked: Asked, reading: Reading) -> Asked:
    """The next hop. Its address is judged when it is asked; what another host may not see stays here."""
    status, location = reading.status, reading.headers.get("location")
    if not location:
        raise HttpRefused(
            f"it redirects ({status}) to nowhere", where=asked.where, todo=_AGAIN, status=status
        )
    # http.client reads headers as Latin-1; what was UTF-8 becomes so again, then percent-encoded.
    try:
        url = requote_uri(urljoin(asked.url, location.encode("latin-1").decode("utf-8", errors="replace")))
    except ValueError:
        raise HttpRefused(
            f"it redirects ({status}) to no URL", where=asked.where, todo=_AGAIN, status=status
        ) from None
    headers, method, body = asked.headers, asked.method, asked.body
    if status == 303 or (status in (301, 302) and method == "POST"):
        method, body = "GET", None
        headers = {k: v for k, v in headers.items() if k.lower() not in ("content-length", "content-type")}
    if _origin(url) != _origin(asked.url):
        if body is not None:
            raise HttpRefused(
                f"it redirects ({status}) the body of a {method} to another host",
                where=asked.where,
                todo="Correct the URL in the catalogue if the service has moved.",
                status=status,
            )
        headers = {k: v for k, v in headers.items() if k.lower() in _HEADERS_FOR_ANYONE}
    return Asked(method, url, headers, body)


def _origin(url: str) -> tuple[str, str]:
    scheme, _, rest = url.partition("://")
    return scheme.lower(), rest.partition("/")[0].partition("?")[0].lower()


def _kept(headers: dict[str, str]) -> dict[str, str]:
    return {name: value for name, value in headers.items() if name not in ("set-cookie", "set-cookie2")}


def _phrase(status: int) -> str:
    try:
        return f" ({HTTPStatus(status).phrase})"
    except ValueError:
        return ""
