"""A Socrata portal of one table, over real sockets.

Belongs here: metadata, a small SoQL, limits that clamp, both error shapes. Does not: what the tests expect.
"""

import re
from typing import Any

from alp_pipeline_tests.servers.base import LoopbackServer, Reply, Request

TABLE = "ab12-cd34"
_MAXIMUM = re.compile(r"max\(`(\w+)`\) as (\w+)")
_SUM = re.compile(r"sum\((\w+)\) as (\w+)")
_YEAR = re.compile(r"date_extract_y\(anno\) as (\w+)")
_EQUAL = re.compile(r"(\w+) ?= ?'([^']*)'")


class SocrataServer(LoopbackServer):
    """Serves `rows` as the table `ab12-cd34`.

    Attributes, to be changed by tests:
        rows: column → value; a null is left out of an answer, every number is sent as a text.
        view: what the metadata say besides columns.
        most_rows: clamps `$limit`, silently.
        row_headers: sent with every answer of rows.
        token: asked for in X-App-Token when set.
        speaks_old: errors in the shape before 2.1.
        grows_after: so many answers of rows, then a row is added at the front of the table.
    """

    def __init__(self, rows: list[dict[str, Any]]) -> None:
        super().__init__()
        self.rows = list(rows)
        self.columns = list(rows[0]) if rows else []
        self.view: dict[str, Any] = {"name": "Addetti per comune e attività", "rowsUpdatedAt": 1780000000}
        self.most_rows = 50_000
        self.row_headers: dict[str, str] = {}
        self.token: str | None = None
        self.speaks_old = False
        self.grows_after: int | None = None
        self._shuffles = 0
        self._pages = 0

    def answer(self, request: Request) -> Reply:
        if self.token and request.headers.get("x-app-token") not in (None, self.token):
            return self._error(403, "permission_denied", "Invalid app_token specified")
        if request.path == f"/api/views/{TABLE}.json":
            columns = [{"fieldName": name, "name": name.title()} for name in (":id", *self.columns)]
            return Reply.json({"id": TABLE, "columns": columns, **self.view})
        if request.path == f"/resource/{TABLE}.json":
            return self._rows_answer(request.query)
        return self._error(404, "dataset.missing", "Cannot find view with id")

    def _rows_answer(self, query: dict[str, str]) -> Reply:
        known = {"$select", "$where", "$group", "$order", "$limit", "$offset"}
        if set(query) - known:
            return self._error(400, "query.soql.invalid", f"unknown {sorted(set(query) - known)}")
        used = set(re.findall(r"`(\w+)`", " ".join(query.values())))
        # A group may name what `$select` makes, and only when the same query holds it.
        used |= set(re.findall(r"\w+", query.get("$group", ""))) - set(
            _YEAR.findall(query.get("$select", ""))
        )
        used |= {name for name, _ in _EQUAL.findall(query.get("$where", ""))}
        if unknown := used - set(self.columns):
            return self._error(400, "query.soql.no-such-column", f"No such column: {sorted(unknown)[0]}")
        rows = self._selected(query)
        limit = min(int(query.get("$limit", 1000)), self.most_rows)
        offset = int(query.get("$offset", 0))
        self._count_page(query)
        return Reply.json([_sent(row) for row in rows[offset : offset + limit]], **self.row_headers)

    def _selected(self, query: dict[str, str]) -> list[dict[str, Any]]:
        rows = [row for row in self.rows if _matches(row, query.get("$where"))]
        select, group = query.get("$select"), query.get("$group", "").replace("`", "")
        if group:
            years = dict.fromkeys(_YEAR.findall(select or ""))
            rows = [{**row, **dict.fromkeys(years, row["anno"])} for row in rows]
            rows = _grouped(rows, [name.strip() for name in group.split(",")], select or group)
            column, _, falling = query.get("$order", "").partition(" ")
            return sorted(rows, key=lambda row: row[column], reverse=True) if falling == "DESC" else rows
        if select == "count(*)":
            return [{"count": len(rows)}]
        if select and (maximum := _MAXIMUM.fullmatch(select)):
            return [{maximum[2]: max(row[maximum[1]] for row in rows if row[maximum[1]] is not None)}]
        if query.get("$order") != ":id":
            # A table has no order of its own: each answer has another.
            self._shuffles += 1
            turn = self._shuffles % max(1, len(rows))
            rows = rows[turn:] + rows[:turn]
        names = [name.strip() for name in select.split(",")] if select else self.columns
        return [{name: row[name] for name in names} for row in rows]

    def _count_page(self, query: dict[str, str]) -> None:
        if "$offset" in query:
            self._pages += 1
            if self.grows_after is not None and self._pages == self.grows_after:
                self.rows.insert(0, {**self.rows[0], "comune": "Nuovo"})

    def _error(self, status: int, code: str, message: str) -> Reply:
        if self.speaks_old:
            return Reply.json({"code": code, "error": True, "message": message}, status)
        return Reply.json({"errorCode": code, "message": message, "data": {}}, status)


def _matches(row: dict[str, Any], where: str | None) -> bool:
    equal = _EQUAL.findall(where or "")
    return all(str(row[name]) == value for name, value in equal)


def _grouped(rows: list[dict[str, Any]], names: list[str], select: str) -> list[dict[str, Any]]:
    groups: dict[tuple[Any, ...], list[dict[str, Any]]] = {}
    for row in rows:
        groups.setdefault(tuple(row[name] for name in names), []).append(row)
    answered = []
    for key in sorted(groups):
        row = dict(zip(names, key, strict=True))
        for column, alias in _SUM.findall(select):
            row[alias] = sum(member[column] or 0 for member in groups[key])
        answered.append(row)
    return answered


def _sent(row: dict[str, Any]) -> dict[str, str]:
    return {name: str(value) for name, value in row.items() if value is not None}
