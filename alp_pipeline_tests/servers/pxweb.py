"""A PxWeb service over real sockets: metadata, `?config`, queries, its limits on cells and calls.

Belongs here: statuses and limits. Does not: what a table answers (servers.pxweb_cube), what the tests expect.
"""

import json
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from urllib.parse import unquote

from alp_pipeline_tests.servers.base import LoopbackServer, Reply, Request
from alp_pipeline_tests.servers.pxweb_cube import BadQuery, PxTable


class PxWebServer(LoopbackServer):
    """Serves tables as `/{language}/{path}`.

    Attributes, to be changed by tests:
        tables: path → table.
        config: what `?config` answers.
        most_cells: what is really allowed in one answer; what `config` says when None.
        window: (calls, seconds) that are allowed, above which it answers 429; not watched when None.
        refused_calls: how many calls got 429.
        together: the most calls that were under way at the same time.
    """

    def __init__(self, tables: Mapping[str, PxTable], *, most_cells: int = 1000) -> None:
        super().__init__()
        self.tables = dict(tables)
        self.config: dict[str, Any] = {
            "maxValues": most_cells,
            "maxCalls": 1000,
            "timeWindow": 1,
            "CORS": True,
        }
        self.most_cells: int | None = None
        self.window: tuple[int, float] | None = None
        self.refused_calls = 0
        self.together = 0
        self._calls: list[float] = []
        self._under_way = 0
        self._guard = threading.Lock()

    def answer(self, request: Request) -> Reply:
        with self._counted() as is_allowed:
            if not is_allowed:
                return Reply(429, b"Too many requests", {"Content-Type": "text/plain", "Retry-After": "1"})
            return self._answered(request)

    @contextmanager
    def _counted(self) -> Iterator[bool]:
        now = time.monotonic()
        with self._guard:
            self._under_way += 1
            self.together = max(self.together, self._under_way)
            self._calls.append(now)
            calls, seconds = self.window or (1 << 30, 0.0)
            is_allowed = sum(now - call < seconds for call in self._calls) <= calls
            self.refused_calls += not is_allowed
        try:
            yield is_allowed
        finally:
            with self._guard:
                self._under_way -= 1

    def _answered(self, request: Request) -> Reply:
        if "config" in request.query:
            return as_json(self.config)
        _, _, path = unquote(request.path).strip("/").partition("/")
        if path in self.tables:
            table = self.tables[path]
            return as_json(table.metadata()) if request.method == "GET" else self._data(table, request)
        if any(name.startswith(f"{path}/") for name in self.tables) or not path:
            return as_json([{"id": name, "type": "t", "text": name} for name in self.tables])
        return Reply(404, b"Parameter error", {"Content-Type": "text/plain"})

    def _data(self, table: PxTable, request: Request) -> Reply:
        query = json.loads(request.body)
        try:
            asked = table.cells_asked(query)
            if query["response"]["format"] != "json-stat2":
                raise BadQuery("format")
        except (BadQuery, KeyError) as error:
            return as_json({"error": f"Parameter error: {error}"}, status=400)
        if asked > (self.most_cells or self.config.get("maxCells") or self.config["maxValues"]):
            return as_json({"error": "Too many values selected"}, status=403)
        return as_json(table.json_stat(query))

    @property
    def queries(self) -> list[dict[str, Any]]:
        """The bodies of all data calls, in order."""
        return [json.loads(request.body) for request in self.requests if request.method == "POST"]


def as_json(content: Any, *, status: int = 200) -> Reply:
    body = json.dumps(content, ensure_ascii=False).encode()
    return Reply(status, body, {"Content-Type": "application/json; charset=utf-8"})
