"""A CKAN portal of one package with a datastore and files, over real sockets.

Belongs here: the envelope, the error types, a clamped datastore_search with and without `next_page`. Does
not: what the tests expect.
"""

import json
from typing import Any

from alp_pipeline_tests.servers.base import LoopbackServer, Reply, Request

PACKAGE = "beschaeftigte-nach-gemeinde"
DATASTORE, FILE = "11111111-aaaa", "22222222-bbbb"
_STATUS = {
    "Not Found Error": 404,
    "Validation Error": 409,
    "Search Query Error": 400,
    "Authorization Error": 403,
    "Internal Server Error": 500,
}


class CkanServer(LoopbackServer):
    """Serves `rows` as the datastore of one resource and `files` below /download/.

    Attributes, to be changed by tests:
        package: what package_show answers; its resources are `datastore` and `file`.
        most_rows: clamps `limit`, silently; the answer echoes the limit used.
        offers_next_page: as CKAN 2.12; older ones ignore the parameter, unless `refuses_next_page`.
        estimates: `total_was_estimated`, with a total that is wrong.
        total: announced in the place of the real one.
        errors_as_200: errors come with status 200.
        token: what Authorization must hold, when set.
        shrinks_after: so many pages of rows, then the first row is taken away.
    """

    def __init__(self, rows: list[dict[str, Any]], files: dict[str, bytes] | None = None) -> None:
        super().__init__()
        self.rows = [{"_id": number, **row} for number, row in enumerate(rows, start=1)]
        self.fields = list(rows[0]) if rows else []
        self.files = files or {}
        self.datastore: dict[str, Any] = {
            "id": DATASTORE,
            "format": "CSV",
            "name": "Datastore",
            "datastore_active": True,
            "last_modified": "2026-05-13T09:00:00.123456",
            "hash": "",
        }
        self.file: dict[str, Any] = {"id": FILE, "format": "text/csv", "name": '{"de": "Datei"}', "hash": ""}
        self.package: dict[str, Any] = {
            "title": json.dumps({"de": "Beschäftigte nach Gemeinde", "fr": "Emplois par commune", "en": ""}),
            "metadata_modified": "2026-05-14T10:00:00",
        }
        self.most_rows = 32_000
        self.offers_next_page = False
        self.refuses_next_page = False
        self.estimates = False
        self.total: int | None = None
        self.errors_as_200 = False
        self.token: str | None = None
        self.shrinks_after: int | None = None
        self._pages = 0

    def answer(self, request: Request) -> Reply:
        if request.path.startswith("/download/"):
            content = self.files.get(request.path.removeprefix("/download/"))
            return Reply(404, b"not here") if content is None else Reply(200, content)
        if self.token and request.headers.get("authorization") != self.token:
            return self._error("Authorization Error", "Access denied")
        if request.path == "/api/3/action/package_show":
            return self._package_show(request.query)
        if request.path == "/api/3/action/datastore_search":
            return self._datastore_search(request.query)
        return Reply(404, b"<html><title>404</title></html>", {"Content-Type": "text/html"})

    def _package_show(self, query: dict[str, str]) -> Reply:
        if query.get("id") != PACKAGE:
            return self._error("Not Found Error", "Not found")
        resources = {"resources": [self.datastore, self.file]}
        return self._success({"id": PACKAGE, **resources, **self.package})

    def _datastore_search(self, query: dict[str, str]) -> Reply:
        if query.get("resource_id") != DATASTORE:
            return self._error("Not Found Error", "Resource not found")
        if self.refuses_next_page and "include_next_page" in query:
            return self._error("Validation Error", None, {"include_next_page": ["unexpected property"]})
        limit = min(int(query.get("limit", 100)), self.most_rows)
        column, _, falling = query.get("sort", "_id").replace('"', "").partition(" ")
        if column not in ("_id", *self.fields):
            return self._error("Validation Error", None, {"sort": [f'field "{column}" not in table']})
        # PostgreSQL puts nulls last, and so first in a falling order.
        rows = sorted(
            self.rows, key=lambda row: (row[column] is None, row[column] or 0), reverse=falling == "desc"
        )
        after = json.loads(query.get("filters", "{}")).get("_id", {}).get("gt", 0)
        rows = [row for row in rows if row["_id"] > after]
        offset = int(query.get("offset", 0))
        page = rows[offset : offset + limit]
        result: dict[str, Any] = {
            "resource_id": DATASTORE,
            "fields": [{"id": name, "type": "text"} for name in ("_id", *self.fields)],
            "records": page,
            "limit": limit,
            "total": (self.total if self.total is not None else len(rows)) + (7 if self.estimates else 0),
            "total_was_estimated": self.estimates,
        }
        if self.offers_next_page and "include_next_page" in query and 0 < limit == len(page):
            result["next_page"] = {"filters": {"_id": {"gt": page[-1]["_id"]}}}
        self._count_page(limit)
        return self._success(result)

    def _count_page(self, limit: int) -> None:
        if limit:
            self._pages += 1
            if self._pages == self.shrinks_after:
                self.rows.pop(0)

    def _success(self, result: Any) -> Reply:
        return Reply.json({"help": f"{self.url}/api/3/action/help_show", "success": True, "result": result})

    def _error(self, kind: str, message: str | None, fields: dict[str, Any] | None = None) -> Reply:
        error = {"__type": kind, **({"message": message} if message else {}), **(fields or {})}
        status = 200 if self.errors_as_200 else _STATUS[kind]
        return Reply.json({"help": "", "success": False, "error": error}, status)
