"""One extraction asked for until its table is on disk: at once, or through Eurostat's queue.

Belongs here: the dialogue (submit, poll, fetch, submit again after expiry), its waits and bounds. Does not:
what a message means (replies), what is asked for (connector, slices).

An address inside a message is never followed: the queue's addresses are rebuilt from the id alone.
"""

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from alp_pipeline.sources.errors import HttpRefused, QueueUnfinished
from alp_pipeline.sources.eurostat.replies import HEAD_BYTES, Reply, failure, read_reply
from alp_pipeline.sources.http import Download, PoliteSession


@dataclass(frozen=True)
class Patience:
    """How long a queued extraction is waited for: 30 polls within some 50 minutes, submitted 3 times at most.

    >>> list(Patience(first_wait_seconds=4, longest_wait_seconds=10, polls=4).waits())
    [0.0, 4.0, 6.0, 9.0, 10.0]
    """

    first_wait_seconds: float = 5
    longest_wait_seconds: float = 120
    polls: int = 30
    submissions: int = 3

    def waits(self) -> Iterator[float]:
        """Seconds to wait before each request of one submission: none before the first."""
        yield 0.0
        wait = float(self.first_wait_seconds)
        for _ in range(self.polls):
            yield min(wait, float(self.longest_wait_seconds))
            wait *= 1.5


class Dialogue:
    """Asks for extractions.

    Args:
        base_url: of the dissemination API, without a slash at the end.
    """

    def __init__(self, http: PoliteSession, base_url: str, patience: Patience) -> None:
        self._http = http
        self._base_url = base_url
        self._patience = patience

    def table(self, url: str, *, params: Mapping[str, str] | None, to: Path, where: str) -> Download:
        """The answer to one request for data, on disk. It is no message, but not yet looked at otherwise.

        Args:
            params: added to the address; None leaves a prepared address exactly as it is.
            to: the file; absent afterwards when an error is raised.

        Raises:
            QueueUnfinished: expired on every submission, failed, forgotten, or not ready within the polls.
            QueryRefused, ExtractionTooBig, NotData, ServiceUnavailable, HttpRefused: as replied.
        """
        for _ in range(self._patience.submissions):
            found = self._submitted(url, params, to, where)
            if found is not None:
                return found
        raise self._unfinished(
            f"the queued extraction expired {self._patience.submissions} times before it was ready", where
        )

    def _submitted(self, url: str, params: Mapping[str, str] | None, to: Path, where: str) -> Download | None:
        """One submission followed to its end; None when it expired."""
        ticket: str | None = None
        for wait in self._patience.waits():
            time.sleep(wait)
            if ticket is not None:
                state = self._state(ticket, where)
                if state in ("SUBMITTED", "PROCESSING"):
                    continue
                if state == "EXPIRED":
                    return None
                if state != "AVAILABLE":
                    raise self._unfinished(f"the queued extraction ended as {state}", where)
                url, params = f"{self._base_url}/1.0/async/data/{ticket}", None
            found, reply = self._ask(url, params, to, where)
            if found is not None:
                return found
            if reply.state == "EXPIRED":
                return None
            if reply.kind == "unknown_request" or reply.state in ("UNKNOWN_REQUEST", "ERROR"):
                raise self._unfinished(
                    f"the queued extraction ended as {reply.state or 'UNKNOWN_REQUEST'}", where
                )
            if reply.kind == "ticket":
                ticket = ticket or reply.ticket
            elif reply.kind != "waiting":
                raise failure(reply, where=where)
        raise self._unfinished(
            f"the queued extraction was not ready after {self._patience.polls} polls", where
        )

    def _ask(
        self, url: str, params: Mapping[str, str] | None, to: Path, where: str
    ) -> tuple[Download | None, Reply]:
        """One request: the data on disk, or None and the message that came in its place."""
        try:
            # `compressed=true` answers gzip bytes whatever Content-Encoding says: they are the document.
            found = self._http.download(url, to=to, params=params, accept=(202,), as_received=True)
        except HttpRefused as refused:
            reply = read_reply(refused.body)
            if reply.kind in ("data", "not_data"):
                if refused.status != 413:
                    raise
                # We send no body: whoever says so, Eurostat or a proxy, means the answer.
                reply = Reply("too_big", f"413 with {reply.said or 'a text'}")
            return None, reply
        with to.open("rb") as file:
            reply = read_reply(file.read(HEAD_BYTES))
        if reply.kind == "data":
            return found, reply
        to.unlink()
        return None, reply

    def _state(self, ticket: str, where: str) -> str:
        """The queue's word for an extraction."""
        try:
            content = self._http.ask(f"{self._base_url}/1.0/async/status/{ticket}", accept=(202,)).content
        except HttpRefused as refused:
            content = refused.body
        reply = read_reply(content)
        if reply.state:
            return reply.state
        if reply.kind == "unknown_request":
            return "UNKNOWN_REQUEST"
        if reply.kind == "waiting":
            return "PROCESSING"
        if reply.kind == "data":
            reply = Reply("not_data", "a text that names no state of the queue")
        raise failure(reply, where=where)

    def _unfinished(self, what: str, where: str) -> QueueUnfinished:
        return QueueUnfinished(
            what,
            where=where,
            todo="Nothing was archived; the last vintage stays in use and the next refresh asks again.",
        )
