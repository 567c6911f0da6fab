"""A loopback HTTP/1.1 server to build a family's server on, and every way in which it can misbehave.

    class TinyServer(LoopbackServer):
        def answer(self, request: Request) -> Reply:
            return Reply.json({"rows": 3}) if request.path == "/rows" else Reply(404)

    with TinyServer() as server, polite(tmp_path, server) as session:
        server.fault("503", times=2)                    # the next two requests
        server.fault("truncated gzip", match="/file")   # the next request whose path?query holds this
        server.fault(Reply.json({"error": "no"}))       # a reply of one's own
        session.ask(server.url + "/rows")
        assert [request.path for request in server.requests] == ["/rows", "/rows", "/rows"]

Ready-made faults (`FAULTS`) are functions of the request and the good reply, so that "half a body" is half of
the real one. `server.script(...)` gives the next answers one after the other. Faults are used up in the order
in which they were said; a request takes the first that matches it.
"""

import gzip
import json
import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

from alp_pipeline.sources.http import Policy, PoliteSession

A_WEB_PAGE = b"<!DOCTYPE html><html><head><title>Maintenance</title></head><body>Back soon</body></html>"
_DRIP_SECONDS = 0.05


@dataclass(frozen=True)
class Request:
    """What came: `path` without the query, `query` with each name's first value, `headers` in lower case."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes
    raw_query: str = ""

    @property
    def place(self) -> str:
        """What faults are matched with."""
        return f"{self.path}?{self.raw_query}"

    def values(self, name: str) -> list[str]:
        """Every value of a name that is given several times."""
        return parse_qs(self.raw_query, keep_blank_values=True).get(name, [])

    def json(self) -> Any:
        return json.loads(self.body)

    def form(self) -> dict[str, str]:
        return _first_values(self.body.decode())


@dataclass(frozen=True)
class Reply:
    """What goes back. Everything after `chunked` is misbehaviour.

    Args:
        headers: a text stands for the Content-Type.
        chunked: Transfer-Encoding instead of a Content-Length.
        cut_after: close the connection after so many bytes of the body, whatever was declared.
        declared: a Content-Length that is not the body's.
        drop: close the connection before answering.
        drip: send one byte at a time, slowly: "body", or "head" from the status line on.
    """

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] | str = field(default_factory=dict)
    chunked: bool = False
    cut_after: int | None = None
    declared: int | None = None
    drop: bool = False
    drip: str = ""

    @classmethod
    def json(cls, content: Any, status: int = 200, **headers: str) -> "Reply":
        sent = {"Content-Type": "application/json", **{k.replace("_", "-"): v for k, v in headers.items()}}
        return cls(status, json.dumps(content, ensure_ascii=False).encode(), sent)

    @classmethod
    def text(cls, content: str, status: int = 200, kind: str = "text/plain; charset=utf-8") -> "Reply":
        return cls(status, content.encode(), {"Content-Type": kind})

    @classmethod
    def file(cls, path: Path, kind: str = "application/octet-stream") -> "Reply":
        return cls(200, path.read_bytes(), {"Content-Type": kind})

    @classmethod
    def redirect(cls, location: str, status: int = 302) -> "Reply":
        return cls(status, b"", {"Location": location})


def _first_values(query: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(query, keep_blank_values=True).items()}


Fault = Callable[[Request, Reply], Reply]

FAULTS: dict[str, Fault] = {
    "500": lambda _, good: Reply(500, b"Internal Server Error"),
    "502": lambda _, good: Reply(502, A_WEB_PAGE),
    "503": lambda _, good: Reply(503, b"", {"Retry-After": "0"}),
    "503 for long": lambda _, good: Reply(503, b"", {"Retry-After": "86400"}),
    "429": lambda _, good: Reply(429, b"", {"Retry-After": "0"}),
    "429 until a date": lambda _, good: Reply(
        429,
        b"",
        {"Retry-After": "Wed, 21 Oct 2026 07:28:00 GMT", "Date": "Wed, 21 Oct 2026 07:28:00 GMT"},
    ),
    "408": lambda _, good: Reply(408),
    "404": lambda _, good: Reply(404, b"not here"),
    "403": lambda _, good: Reply(403, b"not you"),
    "drop": lambda _, good: Reply(drop=True),
    "half a body": lambda _, good: replace(good, cut_after=len(good.body) // 2),
    "chunks cut": lambda _, good: replace(good, chunked=True, cut_after=len(good.body) // 2),
    "slow body": lambda _, good: replace(good, drip="body"),
    "slow head": lambda _, good: replace(good, drip="head"),
    "empty 200": lambda _, good: Reply(200),
    "html 200": lambda _, good: Reply(200, A_WEB_PAGE, {"Content-Type": "text/html"}),
    "json error 200": lambda _, good: Reply.json({"error": [{"status": 404, "label": "ERR_NOT_FOUND"}]}),
    "truncated gzip": lambda _, good: replace(good, body=_half(_gzipped(good.body))),
    "other host": lambda _, good: Reply.redirect("https://elsewhere.invalid/data"),
    # Told for a few times only, it leads back to the good answer.
    "redirect loop": lambda request, good: Reply.redirect(request.place),
    "too large": lambda _, good: Reply(200, b"x", declared=1 << 50, cut_after=1),
    "endless": lambda _, good: Reply(200, b"x" * (8 << 20), chunked=True),
}


def _half(body: bytes) -> bytes:
    return body[: len(body) // 2]


def _gzipped(body: bytes) -> bytes:
    return body if body.startswith(b"\x1f\x8b") else gzip.compress(body, mtime=0)


class LoopbackServer:
    """A threading server on 127.0.0.1 and a port of its own; a context manager.

    `url` has no slash at the end, `host` is `127.0.0.1:port`. `requests` is the log, in the order
    in which they came. A subclass says the good answer.
    """

    def __init__(self, *, tls: ssl.SSLContext | None = None) -> None:
        self._tls = tls
        self.requests: list[Request] = []
        self._faults: list[tuple[str, Fault]] = []
        self._lock = threading.Lock()
        self._server = _Server(("127.0.0.1", 0), _handler_of(self))
        if tls is not None:
            # The handshake is left to the first read, in the connection's own thread.
            self._server.socket = tls.wrap_socket(
                self._server.socket, server_side=True, do_handshake_on_connect=False
            )
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)

    def answer(self, request: Request) -> Reply:
        """The good answer to a request."""
        raise NotImplementedError

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self._server.server_address[1]}"

    @property
    def url(self) -> str:
        return f"{'https' if self._tls else 'http'}://{self.host}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def fault(self, fault: str | Reply | Fault, *, times: int = 1, match: str = "") -> None:
        """Misbehave at the next `times` requests whose `path?query` holds `match`."""
        with self._lock:
            self._faults += [(match, _as_fault(fault))] * times

    def mend(self) -> None:
        """Forget the faults that are not used up."""
        with self._lock:
            self._faults.clear()

    def script(self, *replies: Reply | str | Fault) -> None:
        """The next answers, one request each; then the good ones again."""
        for reply in replies:
            self.fault(reply)

    def asked(self, text: str = "") -> list[Request]:
        """The requests whose `path?query` holds this."""
        return [one for one in self.requests if text in one.place]

    def reply_to(self, request: Request) -> Reply:
        """The answer with any fault worked into it; notes the request."""
        with self._lock:
            self.requests.append(request)
            place = request.place
            for index, (match, _) in enumerate(self._faults):
                if match in place:
                    _, fault = self._faults.pop(index)
                    break
            else:
                return self.answer(request)
            # A fault that needs no good answer works for servers that have none for this request.
            return fault(request, self.answer(request))


def _as_fault(fault: str | Reply | Fault) -> Fault:
    if isinstance(fault, str):
        return FAULTS[fault]
    return (lambda _, __: fault) if isinstance(fault, Reply) else fault


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def handle_error(self, *_: Any) -> None:
        """A client that hangs up is part of the tests."""


def _handler_of(server: LoopbackServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def log_message(self, *_: Any) -> None:
            pass

        def _any(self) -> None:
            parts = urlsplit(self.path)
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            headers = {name.lower(): value for name, value in self.headers.items()}
            query = _first_values(parts.query)
            self._send(server.reply_to(Request(self.command, parts.path, query, headers, body, parts.query)))

        do_GET = do_POST = do_HEAD = _any  # noqa: N815 - the names that http.server asks for

        def _send(self, reply: Reply) -> None:
            if reply.drop:
                self._hang_up(reset=True)
                return
            given = reply.headers
            headers = {"Content-Type": given} if isinstance(given, str) else dict(given)
            if reply.chunked:
                headers["Transfer-Encoding"] = "chunked"
            elif reply.status != 204:
                headers["Content-Length"] = str(len(reply.body) if reply.declared is None else reply.declared)
            lines = [f"HTTP/1.1 {reply.status} {self.responses.get(reply.status, ('Other',))[0]}"]
            lines += [f"{name}: {value}" for name, value in headers.items()]
            self._write("\r\n".join([*lines, "", ""]).encode("utf-8"), slowly=reply.drip == "head")
            body = reply.body if reply.cut_after is None else reply.body[: reply.cut_after]
            if reply.chunked:
                self._write_chunks(body, whole=reply.cut_after is None)
            else:
                self._write(body, slowly=bool(reply.drip))
            if reply.cut_after is not None or reply.declared is not None:
                self._hang_up(reset=False)

        def _write_chunks(self, body: bytes, *, whole: bool) -> None:
            for start in range(0, len(body), 1 << 14):
                chunk = body[start : start + (1 << 14)]
                self._write(b"%x\r\n%b\r\n" % (len(chunk), chunk), slowly=False)
            if whole:
                self._write(b"0\r\n\r\n", slowly=False)

        def _write(self, content: bytes, *, slowly: bool) -> None:
            for start in range(0, len(content), 1) if slowly else ():
                self.wfile.write(content[start : start + 1])
                time.sleep(_DRIP_SECONDS)
            if not slowly:
                self.wfile.write(content)

        def _hang_up(self, *, reset: bool) -> None:
            self.close_connection = True
            if reset:
                # Lingering for no time makes the kernel send a reset instead of a polite end.
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.connection.close()

    return Handler


def polite(tmp_path: Path, *servers: LoopbackServer, **policy: Any) -> PoliteSession:
    """A session that may ask these servers, with waits of milliseconds; `policy` overrides.

    Three tries, 2 seconds of patience. Its folder is below `tmp_path`.
    """
    values: dict[str, Any] = {
        "user_agent": "alp-tests (https://example.org)",
        "hosts": frozenset(),
        "allowed_hosts": frozenset(server.host for server in servers),
        "connect_seconds": 2,
        "read_seconds": 2,
        "attempts": 3,
        "first_wait_seconds": 0.01,
        "longest_wait_seconds": 0.1,
        **policy,
    }
    return PoliteSession(Policy(**values), folder=tmp_path / "hosts")
