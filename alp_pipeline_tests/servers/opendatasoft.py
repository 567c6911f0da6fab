"""An Opendatasoft portal of one dataset, over real sockets.

Belongs here: metadata, records with their limits, exports that break inside a stream, a quota. Does not: what
the tests expect.
"""

import csv
import io
import re
from typing import Any

from alp_pipeline_tests.servers.base import LoopbackServer, Reply, Request

DATASET = "effectifs-salaries-par-commune"
_BASE = f"/api/explore/v2.1/catalog/datasets/{DATASET}"
_EQUAL = re.compile(r"(\w+) ?= ?'([^']*)'")


class OpendatasoftServer(LoopbackServer):
    """Serves `rows` as one dataset.

    Attributes, to be changed by tests:
        metas: what `metas.default` says.
        quota: requests that are left; None without a quota.
        reset: what X-RateLimit-Reset says.
        breaks_after: so many rows of an export, then the error text inside the stream.
        loses: so many rows at the end of an export are left out.
        counts_groups: whether a grouped answer tells `total_count`.
        grows_with_exports: so many exports are each followed by a new row.
    """

    def __init__(self, rows: list[dict[str, Any]]) -> None:
        super().__init__()
        self.rows = list(rows)
        self.fields = list(rows[0]) if rows else []
        self.metas: dict[str, Any] = {
            "title": "Effectifs salariés par commune",
            "data_processed": "2026-05-13T09:00:00.000Z",
        }
        self.quota: int | None = None
        self.reset = "2099-01-01T00:00:00Z"
        self.breaks_after: int | None = None
        self.loses = 0
        self.counts_groups = True
        self.grows_with_exports = 0

    def answer(self, request: Request) -> Reply:
        headers = {}
        if self.quota is not None:
            if self.quota == 0:
                said = {"errorcode": 10002, "error": "Too many requests", "reset_time": self.reset}
                headers = {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": self.reset}
                return Reply.json(said, 429, **headers)
            self.quota -= 1
            headers = {"X-RateLimit-Remaining": str(self.quota), "X-RateLimit-Reset": self.reset}
        if not request.path.startswith(_BASE):
            return Reply.json(
                {"error_code": "UnknownDatasetError", "message": "no such dataset"}, 404, **headers
            )
        path = request.path.removeprefix(_BASE)
        if path == "":
            fields = [{"name": name, "label": name.title()} for name in self.fields]
            about = {"dataset_id": DATASET, "metas": {"default": self.metas}, "fields": fields}
            return Reply.json(about, **headers)
        unknown = [
            name for name, _ in _EQUAL.findall(request.query.get("where", "")) if name not in self.fields
        ]
        if unknown:
            said = f"Unknown field: {unknown[0]}"
            return Reply.json({"error_code": "ODSQLError", "message": said}, 400, **headers)
        rows = self._selected(request.query)
        return (
            self._records(request.query, rows, headers) if path == "/records" else self._export(request, rows)
        )

    def _selected(self, query: dict[str, str]) -> list[dict[str, Any]]:
        equal = _EQUAL.findall(query.get("where", ""))
        rows = [row for row in self.rows if all(str(row[name]) == value for name, value in equal)]
        if "group_by" in query:
            column = query["group_by"]
            keys = sorted({row[column] for row in rows})
            totals = {key: sum(row["addetti"] or 0 for row in rows if row[column] == key) for key in keys}
            rows = [{column: key, "addetti": total} for key, total in totals.items()]
        if "order_by" in query:
            column = query["order_by"].split()[0].strip("`")
            rows = sorted(rows, key=lambda row: row[column], reverse=query["order_by"].endswith("desc"))
        return rows

    def _records(self, query: dict[str, str], rows: list[dict[str, Any]], headers: dict[str, str]) -> Reply:
        limit = int(query.get("limit", 10))
        if "group_by" not in query and limit > 100:
            said = f"Invalid value for limit API parameter: {limit} was found but <= 100 is expected."
            return Reply.json({"error_code": "InvalidRESTParameterError", "message": said}, 400, **headers)
        answer: dict[str, Any] = {"results": rows[:limit]}
        if "group_by" not in query or self.counts_groups:
            answer["total_count"] = len(rows)
        return Reply.json(answer, **headers)

    def _export(self, request: Request, rows: list[dict[str, Any]]) -> Reply:
        query = request.query
        table = io.StringIO()
        writer = csv.writer(table, delimiter=query.get("delimiter", ";"), lineterminator="\r\n")
        writer.writerow(list(rows[0]) if rows else self.fields)
        rows = rows[: len(rows) - self.loses]
        for row in rows if self.breaks_after is None else rows[: self.breaks_after]:
            writer.writerow(["" if value is None else value for value in row.values()])
        if self.breaks_after is not None:
            table.write("Streaming interrupted due to the following error: offset is not supported")
        if self.grows_with_exports:
            self.rows.append(dict(self.rows[0]))
            self.grows_with_exports -= 1
        mark = "" if query.get("with_bom") == "false" else "\ufeff"
        return Reply(200, (mark + table.getvalue()).encode(), {"Content-Type": "text/csv; charset=utf-8"})
