"""The one polite HTTP session: who we are, whom we may ask, how often, how long, how much.

Belongs here: the policy, asking and downloading, trying again. Does not: one try with its redirects and
statuses (exchange), judging addresses (address), turns and rates (rate), the wire (connection), files
(bodies), whether an answer is data (inspection), what it means (the families).

Every request here only reads, POST too (queries of PxWeb and others), so all of them are tried again.
"""

import random
import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from json import loads
from pathlib import Path
from typing import Any, Self

import requests

from alp_pipeline.archive.utc import canonical
from alp_pipeline.sources.address import AddressRule, shown
from alp_pipeline.sources.bodies import InMemory, Sink, on_disk
from alp_pipeline.sources.connection import Wire
from alp_pipeline.sources.errors import (
    AddressRefused,
    AnswerTruncated,
    NotData,
    PermanentSourceError,
    ServiceUnavailable,
)
from alp_pipeline.sources.exchange import Asked, Came, Exchange
from alp_pipeline.sources.rate import HostTurns, Rate


@dataclass(frozen=True)
class Policy:
    """What the session keeps to.

    Args:
        user_agent: who we are, and how to reach us.
        hosts: `host` or `host:port` of the catalogue: https only, public addresses only.
        allowed_hosts: `host` or `host:port` of the settings: http too, any address.
        rates: `host` → so many requests in so many seconds.
        connect_seconds: until a connection stands.
        read_seconds: until the next bytes come.
        slowest_bytes_per_second: an answer that comes more slowly than this, over `read_seconds`, is ended.
        attempts: tries of one request, the first one included.
        first_wait_seconds: wait before the second try; it doubles from try to try, with jitter.
        longest_wait_seconds: the most we wait before a try. A server that wants a longer wait gets none.
        most_bytes: the largest download.
        most_redirects: hops of one request.
    """

    user_agent: str
    hosts: frozenset[str]
    allowed_hosts: frozenset[str] = frozenset()
    rates: Mapping[str, Rate] = field(default_factory=dict)
    connect_seconds: float = 10
    read_seconds: float = 60
    slowest_bytes_per_second: int = 1024
    attempts: int = 4
    first_wait_seconds: float = 1
    longest_wait_seconds: float = 120
    most_bytes: int = 4 << 30
    most_redirects: int = 5


@dataclass(frozen=True)
class Answer:
    """A small answer, held in memory.

    Args:
        url: where it came from in the end, secrets as `***`.
        headers: names in lower case; cookies are left out.
        content: without its Content-Encoding.
        seen_at: UTC, `2026-05-13T09:00:00Z`.
    """

    url: str
    status: int
    headers: Mapping[str, str]
    content: bytes
    seen_at: str

    def json(self) -> Any:
        """The content as JSON.

        Raises:
            NotData: it is none. What came instead is named by `inspection.refuse_unless_json`.
        """
        try:
            return loads(self.content)
        except ValueError:
            raise NotData(
                "the answer is no JSON", where=self.url, todo="The next refresh asks again."
            ) from None


@dataclass(frozen=True)
class Download:
    """An answer on disk; fields as of `Answer`, `sha256` and `size_bytes` of the file at `path`."""

    url: str
    status: int
    headers: Mapping[str, str]
    path: Path
    sha256: str
    size_bytes: int
    seen_at: str


class PoliteSession:
    """Asks sources. A context manager; safe to share between threads.

    Args:
        policy: what it keeps to.
        folder: where locks and times of the hosts are kept; whoever uses the same folder takes turns.
    """

    def __init__(self, policy: Policy, *, folder: Path) -> None:
        self._policy = policy
        self._rule = AddressRule(policy.hosts, policy.allowed_hosts)
        self._wire = Wire(
            self._rule,
            connect_seconds=policy.connect_seconds,
            read_seconds=policy.read_seconds,
            slowest_bytes_per_second=policy.slowest_bytes_per_second,
        )
        self._exchange = Exchange(
            self._rule,
            HostTurns(folder, policy.rates),
            self._wire,
            most_redirects=policy.most_redirects,
            longest_wait_seconds=policy.longest_wait_seconds,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close all connections."""
        self._wire.close()

    def ask(
        self,
        url: str,
        *,
        method: str = "GET",
        params: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        json: Any = None,
        data: Mapping[str, str] | bytes | None = None,
        accept: Collection[int] = (),
        most_bytes: int = 64 << 20,
    ) -> Answer:
        """A small answer.

        Args:
            params, headers, json, data: as of `requests`; a JSON body, or a form or bytes.
            accept: statuses to return besides 200, 203 and 204, e.g. 202, 404, 413.
            most_bytes: of the content without its Content-Encoding.

        Raises:
            SourceError: `AddressRefused`, `CertificateRefused`, `HttpRefused`, `AnswerTooLarge`: at once;
                `ServiceUnavailable`, `AnswerTruncated`: after the tries of the policy.
        """
        sink = InMemory(most_bytes=most_bytes)
        asked = self._prepared(method, url, params, headers, json, data)
        came, seen_at = self._until_received(asked, sink, accept)
        return Answer(shown(came.url), came.status, came.headers, sink.content, seen_at)

    def download(
        self,
        url: str,
        *,
        to: Path,
        method: str = "GET",
        params: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        json: Any = None,
        data: Mapping[str, str] | bytes | None = None,
        accept: Collection[int] = (),
        most_bytes: int | None = None,
        as_received: bool = False,
    ) -> Download:
        """An answer streamed to a file, which is there whole or not at all.

        A broken download goes on where it broke if the server offers ranges and a strong ETag and then sends
        exactly the rest; else it starts over.

        Args:
            to: the file; what stood there is replaced when all went well.
            as_received: keep the bytes whatever Content-Encoding says. Else gzip encoding is undone.
            most_bytes: of the file; the policy's when None. The others as of `ask`.

        Raises:
            SourceError: as `ask`, and `DiskRefused`. No file is left then, temporary ones neither.
        """
        asked = self._prepared(method, url, params, headers, json, data)
        limit = self._policy.most_bytes if most_bytes is None else most_bytes
        with on_disk(to, most_bytes=limit, as_received=as_received) as sink:
            came, seen_at = self._until_received(asked, sink, accept)
        return Download(shown(came.url), came.status, came.headers, to, sink.sha256, sink.size_bytes, seen_at)

    def _prepared(
        self,
        method: str,
        url: str,
        params: Mapping[str, Any] | None,
        headers: Mapping[str, str] | None,
        json: Any,
        data: Mapping[str, str] | bytes | None,
    ) -> Asked:
        own = {name: value for name, value in (headers or {}).items() if name.lower() != "user-agent"}
        own["User-Agent"] = self._policy.user_agent
        for name, value in own.items():
            if not (value.isascii() and value.isprintable()):
                raise PermanentSourceError(
                    f"the header {name} holds characters that no header can",
                    where=f"{method} {shown(url)}",
                    todo="Correct its value; a token comes by ALP_SOURCE_CREDENTIALS.",
                )
        try:
            request = requests.Request(
                method, url, params=params, headers=own, json=json, data=data
            ).prepare()
        except (requests.RequestException, UnicodeError):
            request = None
        if request is None or request.url is None:
            raise AddressRefused(
                "the request cannot be written", where=f"{method} {shown(url)}", todo="Correct the URL."
            )
        self._rule.target(request.url)
        return Asked(method, request.url, dict(request.headers), request.body)

    def _until_received(self, asked: Asked, sink: Sink, accept: Collection[int]) -> tuple[Came, str]:
        """Try until an answer is received whole."""
        policy = self._policy
        for attempt in range(1, policy.attempts + 1):
            try:
                came = self._exchange.attempt(asked, sink, accept)
                return came, canonical(datetime.now(UTC))
            except (ServiceUnavailable, AnswerTruncated) as failure:
                wanted = failure.come_back_seconds if isinstance(failure, ServiceUnavailable) else None
                if wanted is not None and wanted > policy.longest_wait_seconds:
                    raise
                if attempt == policy.attempts:
                    tries = "1 try" if attempt == 1 else f"{attempt} tries"
                    raise type(failure)(
                        f"{failure.what} ({tries})", where=failure.where, todo=failure.todo
                    ) from None
            doubled = policy.first_wait_seconds * 2 ** (attempt - 1)
            jitter = random.uniform(0.5, 1)  # noqa: S311 - it spreads clients, it hides nothing
            time.sleep(max(min(doubled, policy.longest_wait_seconds) * jitter, wanted or 0.0))
        raise AssertionError("a policy has at least one attempt")
