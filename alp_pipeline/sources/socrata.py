"""Socrata (SODA 2.x): what is new, and a table's rows page by page.

Belongs here: metadata and its vanishing keys, SoQL clauses, paging in a fixed order, counting before and
after, "retry your request", both error shapes. Does not: reading rows (observations), retries (http).

Rows are asked for as JSON: a truncated page cannot be parsed, and rows are counted beyond doubt. Null fields
are left out of a row, so what columns there are is read from the metadata, never from rows. Without
`$order` a table has no order at all, and pages overlap.
"""

import json
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from alp_pipeline.archive.utc import canonical
from alp_pipeline.catalog.access import Layout, SocrataAccess
from alp_pipeline.catalog.models import DatasetEntry
from alp_pipeline.sources.errors import NotData, QueryRefused, QueueUnfinished
from alp_pipeline.sources.family import Description, Fetched, Upstream
from alp_pipeline.sources.glance import later_period
from alp_pipeline.sources.http import Answer
from alp_pipeline.sources.inspection import refuse_short, refuse_unless_json
from alp_pipeline.sources.pages import PageFile, TableMoved, start_over_once
from alp_pipeline.sources.portal import (
    PortalConnector,
    mapping_or_refused,
    refuse_empty,
    refuse_missing_columns,
    where,
)

_NOT_READY = 202
_TRUTH = "x-soda2-truth-last-modified"
_MOST_CODES = 1000
_ENOUGH_ROWS = 100  # in which every column has a value once, and the newest period is not null


@dataclass(frozen=True)
class _Read:
    last: Answer
    rows: int


class SocrataConnector(PortalConnector):
    """A Socrata portal. The credential is an app token: without one, all of an address share a pool."""

    family = "socrata"
    most_polls = 6
    """So often is the same answer asked for while the service says 202."""
    first_pause_seconds = 1.0
    """Before the second of them; it doubles from one to the next."""

    def upstream(self, dataset: DatasetEntry) -> Upstream:
        """The table's time of change: of its rows, else of its view, else of what a row says in its header.

        Each is named in the signal: when a portal drops a key, the signal changes rather than freezes.
        """
        view = self._view(dataset)
        facts = {"columns": _columns(view)}
        for key in ("rowsUpdatedAt", "viewLastModified"):
            changed_at = _utc_of_epoch(view.get(key))
            if changed_at is not None:
                return Upstream("offered", f"{key} {view[key]}", changed_at, facts=facts)
        answer, _ = self._rows(dataset, {"$limit": 1})
        told = answer.headers.get(_TRUTH)
        if told is None:
            return Upstream("unknown", facts=facts)
        return Upstream("offered", f"{_TRUTH} {told}", _utc_of_http(told), facts=facts)

    def fetch(self, dataset: DatasetEntry, upstream: Upstream) -> Iterator[Fetched]:
        """All rows, as one ZIP of JSON pages.

        Raises: AnswerIncomplete (fewer rows than counted; TableMoved when it changed twice meanwhile),
            StructureChanged, QueryRefused, QueueUnfinished, NotData, CredentialsMissing; and those of http.
        """
        access = _access(dataset)
        path = self.folder / f"{dataset.code.lower()}.zip"
        read = start_over_once(lambda: self._read(dataset, upstream, path))
        asked = {"$select": access.select, "$where": access.where, "$group": access.group}
        yield self._document(
            dataset,
            upstream,
            path,
            file_format="zip",
            url=self.base_url + _rows_path(access),
            answer=read.last,
            parameters={**asked, "$order": _order(access), "rows": read.rows},
        )

    def describe(self, dataset: DatasetEntry) -> Description:
        """Columns of the query, with the codes of those that the layout calls dimensions."""
        access, layout = _access(dataset), dataset.layout
        view = self._view(dataset)
        stored = _columns(view)
        columns: dict[str, tuple[str, ...]] = dict.fromkeys(self._offered(dataset, stored), ())
        for name in layout.columns if layout else ():
            if name in stored:
                columns[name] = self._codes(dataset, name)
        grouped = access.group is not None
        return Description(
            columns=columns,
            latest_period=self._latest(dataset, layout, stored) if layout else None,
            rows=sum(rows for _, rows in self._pages(dataset, None)) if grouped else self._stored(dataset),
            title=view.get("name"),
            changed_at=_utc_of_epoch(view.get("rowsUpdatedAt"))
            or _utc_of_epoch(view.get("viewLastModified")),
        )

    # -- the table ------------------------------------------------------------------------------------

    def _view(self, dataset: DatasetEntry) -> Mapping[str, Any]:
        path = f"/api/views/{_access(dataset).resource}.json"
        _, view = self._ask_json(path, dataset)
        place = where(dataset, self.base_url + path)
        if said := self._said(view):
            raise QueryRefused(self._quoted(said), where=place, todo="Compare the entry with the portal.")
        return mapping_or_refused(view, place, "the table's metadata")

    def _offered(self, dataset: DatasetEntry, stored: list[str]) -> list[str]:
        """The columns that the entry's query gives."""
        access = _access(dataset)
        if access.select is None and access.group is None:
            return stored
        answer, rows = self._rows(dataset, _clauses(access) | {"$limit": _ENOUGH_ROWS})
        return _answered_columns(answer) or [name for row in rows for name in row]

    def _latest(self, dataset: DatasetEntry, layout: Layout, stored: list[str]) -> str | None:
        """The newest period; of a column that only the entry's query makes, among the last by its order."""
        access, latest = _access(dataset), None
        if layout.time in stored:
            clauses = {"$select": f"max(`{layout.time}`) as latest", "$where": access.where}
            _, rows = self._rows(dataset, clauses)
            return rows[0].get("latest") if rows else None
        if layout.time is None:
            return None
        falling = _clauses(access) | {"$order": f"{layout.time} DESC", "$limit": _ENOUGH_ROWS}
        for row in self._rows(dataset, falling)[1]:
            latest = later_period(latest, row.get(layout.time), layout.period)
        return latest

    def _codes(self, dataset: DatasetEntry, column: str) -> tuple[str, ...]:
        """The distinct values of a column; none when they are too many to be codes."""
        asked = {"$select": f"`{column}`", "$group": f"`{column}`", "$order": f"`{column}`"}
        clauses = {**asked, "$where": _access(dataset).where, "$limit": _MOST_CODES + 1}
        _, rows = self._rows(dataset, clauses)
        return tuple(str(row[column]) for row in rows if column in row) if len(rows) <= _MOST_CODES else ()

    # -- its rows -------------------------------------------------------------------------------------

    def _read(self, dataset: DatasetEntry, upstream: Upstream, path: Path) -> _Read:
        """Every page into `path`, between two counts that must agree."""
        access = _access(dataset)
        place = where(dataset, self.base_url + _rows_path(access))
        announced = self._stored(dataset)
        refuse_empty(announced, place)
        most = announced if access.group is None else None
        answers: list[Answer] = []
        found = 0
        with PageFile(path) as pages:
            for answer, rows in self._pages(dataset, most):
                pages.add(answer.content, "json")
                found += rows
                # Of the pages before, only the first one's headers count from here on.
                answers = [*answers[:1], answer]
                if answers[0].headers.get(_TRUTH) != answer.headers.get(_TRUTH):
                    raise _moved("the rows were replaced", place)
            stored = self._stored(dataset)
            if stored != announced:
                raise _moved(f"{announced} rows were announced before, {stored} after", place)
            if most is not None and found > most:
                raise _moved(f"{found} rows came and {most} are announced", place)
            refuse_short(found, most, place)
            refuse_empty(found, place)
            self._refuse_other_columns(dataset, upstream, answers[0], place)
        return _Read(answers[-1], found)

    def _pages(self, dataset: DatasetEntry, most: int | None) -> Iterator[tuple[Answer, int]]:
        """The pages of the entry's query with their numbers of rows, until `most` rows came.

        A page shorter than asked for is a clamped limit; only an empty one is the end. How many groups a
        query has nobody tells (None): there the empty page is asked for twice.
        """
        access = _access(dataset)
        found, empty = 0, 0
        while empty < (2 if most is None else 1) and (most is None or found < most):
            paging = {"$limit": access.page_rows, "$offset": found}
            answer, rows = self._rows(dataset, _clauses(access) | paging)
            empty = 0 if rows else empty + 1
            found += len(rows)
            if rows:
                yield answer, len(rows)

    def _refuse_other_columns(
        self, dataset: DatasetEntry, upstream: Upstream, answer: Answer, place: str
    ) -> None:
        access = _access(dataset)
        offered = _answered_columns(answer)
        if not offered and access.select is None and access.group is None:
            offered = list(upstream.facts.get("columns", ()))
        if offered:
            refuse_missing_columns(dataset, offered, place)

    def _stored(self, dataset: DatasetEntry) -> int:
        """How many rows of the table the query draws on: without a group, its own number of rows."""
        _, rows = self._rows(dataset, {"$select": "count(*)", "$where": _access(dataset).where})
        try:
            (number,) = rows[0].values()
            return int(number)
        except (IndexError, ValueError, TypeError) as error:
            raise NotData(
                f"the answer to count(*) is no count: {json.dumps(rows)[:100]}",
                where=where(dataset, self.base_url + _rows_path(_access(dataset))),
                todo="The next refresh asks again.",
            ) from error

    def _rows(self, dataset: DatasetEntry, clauses: Mapping[str, Any]) -> tuple[Answer, list[dict[str, Any]]]:
        """One answer of rows, asked for again while the service says 202: that is not data yet."""
        path = _rows_path(_access(dataset))
        place = where(dataset, self.base_url + path)
        params = {name: value for name, value in clauses.items() if value is not None}
        for attempt in range(self.most_polls):
            answer = self._ask(path, dataset, params=params, accept=(_NOT_READY,))
            if answer.status != _NOT_READY:
                break
            time.sleep(self.first_pause_seconds * 2**attempt)
        else:
            raise QueueUnfinished(
                f"the service still prepares the answer after {self.most_polls} requests",
                where=place,
                todo="The next refresh asks again.",
            )
        rows = refuse_unless_json(answer, place)
        if said := self._said(rows):
            raise QueryRefused(self._quoted(said), where=place, todo="Correct the entry's SoQL clauses.")
        if isinstance(rows, list) and all(isinstance(row, dict) for row in rows):
            return answer, rows
        raise NotData("the answer is no list of rows", where=place, todo="The next refresh asks again.")

    # -- the words of the family ----------------------------------------------------------------------

    def _credential_headers(self) -> dict[str, str]:
        return {"X-App-Token": self.credential} if self.credential else {}

    def _said(self, answer: Any) -> str | None:
        """2.1 says errorCode and message, older versions code, error and message.

        The key `message` alone could be a column of a table's only row, so it is not enough.
        """
        if not isinstance(answer, dict) or not ("errorCode" in answer or answer.get("error") is True):
            return None
        code = answer.get("errorCode") or answer.get("code")
        return ": ".join(str(part) for part in (code, answer.get("message")) if part)


def _access(dataset: DatasetEntry) -> SocrataAccess:
    assert isinstance(dataset.access, SocrataAccess)  # noqa: S101 - the catalogue pairs source and family
    return dataset.access


def _rows_path(access: SocrataAccess) -> str:
    return f"/resource/{access.resource}.json"


def _order(access: SocrataAccess) -> str:
    """`:id` is unique and indexed; a grouped query has no `:id`, but its grouped columns are unique."""
    return access.group or ":id"


def _clauses(access: SocrataAccess) -> dict[str, Any]:
    clauses = {"$select": access.select, "$where": access.where, "$group": access.group}
    return clauses | {"$order": _order(access)}


def _columns(view: Mapping[str, Any]) -> list[str]:
    columns = view.get("columns")
    named = [c for c in columns if isinstance(c, dict) and "fieldName" in c] if columns else []
    # `:id` and its like are there in every table, and no answer holds them unless they are asked for.
    return [str(c["fieldName"]) for c in named if not str(c["fieldName"]).startswith(":")]


def _answered_columns(answer: Answer) -> list[str]:
    """The columns that the answer itself declares in its header, [] where it does not."""
    try:
        fields = json.loads(answer.headers.get("x-soda2-fields", "[]"))
    except ValueError:
        return []
    return [str(name) for name in fields] if isinstance(fields, list) else []


def _utc_of_epoch(value: object) -> str | None:
    """Seconds since 1970 as UTC text; None for what is no such number, a missing key above all.

    >>> _utc_of_epoch(1780000000), _utc_of_epoch(None), _utc_of_epoch("soon"), _utc_of_epoch(True)
    ('2026-05-28T20:26:40Z', None, None, None)
    """
    if isinstance(value, bool) or not isinstance(value, int | float) or value <= 0:
        return None
    try:
        return canonical(datetime.fromtimestamp(value, UTC))
    except (OverflowError, ValueError, OSError):
        return None


def _utc_of_http(text: str) -> str | None:
    from email.utils import parsedate_to_datetime

    try:
        return canonical(parsedate_to_datetime(text))
    except ValueError:
        return None


def _moved(what: str, place: str) -> TableMoved:
    return TableMoved(
        f"the table changed while it was read: {what}", where=place, todo="The next refresh reads it again."
    )
