"""Opendatasoft's Explore API 2.1: what is new, and a dataset exported whole as CSV.

Belongs here: metadata, ODSQL clauses, counting an export against `total_count`, the portal's own quota. Does
not: reading rows (observations), retries and rates of ours (http).

Exports are never paged: with an offset they break inside a stream of status 200, and records end at 10,000.
"""

import csv
from collections.abc import Collection, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from alp_pipeline.archive.utc import canonical, utc_time
from alp_pipeline.catalog.access import OpendatasoftAccess
from alp_pipeline.catalog.models import DatasetEntry
from alp_pipeline.sources.errors import AnswerIncomplete, NotData, QueryRefused, ServiceUnavailable
from alp_pipeline.sources.family import Description, Fetched, Upstream
from alp_pipeline.sources.http import Answer, Download
from alp_pipeline.sources.inspection import refuse_short, refuse_unless_json
from alp_pipeline.sources.pages import TableMoved, start_over_once
from alp_pipeline.sources.portal import (
    PortalConnector,
    mapping_or_refused,
    refuse_empty,
    refuse_missing_columns,
    where,
)

_CATALOG = "/api/explore/v2.1/catalog/datasets/"
_TOO_MANY_REQUESTS = 429
_MOST_GROUPS = 20_000
_AGAIN = "The next refresh asks again."


class OpendatasoftConnector(PortalConnector):
    """An Opendatasoft portal. The credential is an API key."""

    family = "opendatasoft"
    _quota_ends: str | None = None
    """Set while the portal says that no request is left: when there will be some, or `later`."""

    def upstream(self, dataset: DatasetEntry) -> Upstream:
        """`data_processed`: the dataset was processed then, though perhaps without new data."""
        metas, columns = self._metadata(dataset)
        processed = metas.get("data_processed")
        facts = {"columns": columns}
        if not processed:
            return Upstream("unknown", facts=facts)
        return Upstream("offered", str(processed), utc_time(str(processed)), facts=facts)

    def fetch(self, dataset: DatasetEntry, upstream: Upstream) -> Iterator[Fetched]:
        """The whole export, counted.

        Raises: AnswerIncomplete (fewer rows than `total_count`, an error text inside the stream; TableMoved
            when the count changed twice meanwhile), StructureChanged, QueryRefused, NotData,
            ServiceUnavailable (the portal's quota is used up); and those of http.
        """
        download, rows = start_over_once(lambda: self._export(dataset))
        clauses = _clauses(dataset)
        yield self._document(
            dataset,
            upstream,
            download.path,
            file_format="csv",
            url=self.base_url + _path(dataset) + "/exports/csv",
            answer=download,
            parameters={**clauses, "delimiter": _delimiter(dataset), "rows": rows},
        )

    def describe(self, dataset: DatasetEntry) -> Description:
        """Columns of the query, rows, and the newest period by the order of the portal."""
        metas, columns = self._metadata(dataset)
        layout, clauses = dataset.layout, _clauses(dataset)
        if "select" in clauses or "group_by" in clauses:
            _, first = self._records(dataset, clauses | {"limit": 1})
            columns = list(dict.fromkeys(name for row in first for name in row))
        latest = None
        if layout and layout.time in columns:
            falling = {"order_by": f"`{layout.time}` desc", "limit": 1}
            _, newest = self._records(dataset, clauses | falling)
            value = newest[0].get(layout.time) if newest else None
            latest = None if value is None else str(value)
        return Description(
            columns=dict.fromkeys(columns, ()),
            latest_period=latest,
            rows=self._announced(dataset),
            title=str(metas["title"]) if metas.get("title") else None,
            changed_at=utc_time(str(metas.get("data_processed") or "")),
        )

    # -- the dataset ----------------------------------------------------------------------------------

    def _metadata(self, dataset: DatasetEntry) -> tuple[Mapping[str, Any], list[str]]:
        path = _path(dataset)
        place = where(dataset, self.base_url + path)
        _, answer = self._ask_json(path, dataset)
        about = mapping_or_refused(answer, place, "the dataset's metadata")
        metas = mapping_or_refused(about.get("metas"), place, "the dataset's metas")
        fields = [f for f in about.get("fields") or () if isinstance(f, dict) and "name" in f]
        return metas.get("default") or {}, [str(field["name"]) for field in fields]

    def _announced(self, dataset: DatasetEntry) -> int:
        """How many rows the same query has. Where a grouped answer tells no total, its groups are counted."""
        clauses = _clauses(dataset)
        place = where(dataset, self.base_url + _path(dataset) + "/records")
        total, _ = self._records(dataset, clauses | {"limit": 0})
        if total is not None:
            return total
        if "group_by" in clauses:
            _, groups = self._records(dataset, clauses | {"limit": _MOST_GROUPS})
            if len(groups) < _MOST_GROUPS:
                return len(groups)
        raise NotData("the answer tells no total_count", where=place, todo=_AGAIN)

    def _records(
        self, dataset: DatasetEntry, params: Mapping[str, Any]
    ) -> tuple[int | None, list[dict[str, Any]]]:
        path = f"{_path(dataset)}/records"
        place = where(dataset, self.base_url + path)
        answer = self._ask(path, dataset, params=params)
        found = mapping_or_refused(refuse_unless_json(answer, place), place, "records")
        if said := self._said(found):
            raise QueryRefused(self._quoted(said), where=place, todo="Correct the entry's ODSQL clauses.")
        total, results = found.get("total_count"), found.get("results")
        rows = [row for row in results if isinstance(row, dict)] if isinstance(results, list) else []
        return (total if isinstance(total, int) else None), rows

    # -- the export -----------------------------------------------------------------------------------

    def _export(self, dataset: DatasetEntry) -> tuple[Download, int]:
        path = f"{_path(dataset)}/exports/csv"
        place = where(dataset, self.base_url + path)
        announced = self._announced(dataset)
        refuse_empty(announced, place)
        self._refuse_over_quota(dataset)
        download = self._downloaded(
            self.base_url + path, dataset, file_format="csv", params=_export_parameters(dataset)
        )
        try:
            self._note_quota(download.headers)
            rows = self._counted(dataset, download, announced, place)
        except BaseException:
            download.path.unlink(missing_ok=True)
            raise
        return download, rows

    def _counted(self, dataset: DatasetEntry, download: Download, announced: int, place: str) -> int:
        heading, rows = _heading_and_rows(download.path, _delimiter(dataset), place)
        refuse_missing_columns(dataset, heading, place)
        if rows != announced:
            counted = self._announced(dataset)
            if counted != announced:
                raise TableMoved(
                    f"the table changed while it was read: {announced} rows were announced before, "
                    f"{counted} after",
                    where=place,
                    todo=_AGAIN,
                )
            refuse_short(rows, announced, place)
        return rows

    # -- the portal's quota ---------------------------------------------------------------------------

    def _ask(
        self,
        path: str,
        dataset: DatasetEntry,
        *,
        params: Mapping[str, Any] | None = None,
        accept: Collection[int] = (),
    ) -> Answer:
        """As in every portal, and no request more once the portal says that none is left.

        A 429 that names no end of the quota is one of too many at once: that, http waits out.
        """
        self._refuse_over_quota(dataset)
        answer = super()._ask(path, dataset, params=params, accept=(*accept, _TOO_MANY_REQUESTS))
        self._note_quota(answer.headers)
        if answer.status != _TOO_MANY_REQUESTS:
            return answer
        self._refuse_over_quota(dataset)
        return super()._ask(path, dataset, params=params, accept=accept)

    def _note_quota(self, headers: Mapping[str, str]) -> None:
        left = headers.get("x-ratelimit-remaining", "").strip()
        if left == "0":
            self._quota_ends = _reset_time(headers.get("x-ratelimit-reset", "")) or "later"
        elif left:
            self._quota_ends = None

    def _refuse_over_quota(self, dataset: DatasetEntry) -> None:
        ends = self._quota_ends
        if ends is None or (ends != "later" and ends <= canonical(datetime.now(UTC))):
            return
        raise ServiceUnavailable(
            f"the portal's quota of requests is used up; it is renewed {ends}",
            where=where(dataset, self.base_url),
            todo="A refresh after that asks again; an API key in ALP_SOURCE_CREDENTIALS has a larger quota.",
        )

    # -- the words of the family ----------------------------------------------------------------------

    def _credential_headers(self) -> dict[str, str]:
        return {"Authorization": f"Apikey {self.credential}"} if self.credential else {}

    def _said(self, answer: Any) -> str | None:
        if isinstance(answer, dict) and "error_code" in answer:
            return f"{answer['error_code']}: {answer.get('message', '')}"
        if isinstance(answer, dict) and "errorcode" in answer:
            return f"{answer['errorcode']}: {answer.get('error', '')}"
        return None


def _access(dataset: DatasetEntry) -> OpendatasoftAccess:
    assert isinstance(dataset.access, OpendatasoftAccess)  # noqa: S101 - the catalogue pairs source and family
    return dataset.access


def _path(dataset: DatasetEntry) -> str:
    return _CATALOG + _access(dataset).dataset


def _delimiter(dataset: DatasetEntry) -> str:
    return dataset.layout.delimiter if dataset.layout else ","


def _clauses(dataset: DatasetEntry) -> dict[str, Any]:
    access = _access(dataset)
    clauses = {"select": access.select, "where": access.where, "group_by": access.group_by}
    return {name: clause for name, clause in clauses.items() if clause is not None}


def _export_parameters(dataset: DatasetEntry) -> dict[str, Any]:
    """Everything named that has a default of the portal's: `;`, a byte order mark, its time zone."""
    form = {"delimiter": _delimiter(dataset), "list_separator": "|", "with_bom": "false"}
    return {**_clauses(dataset), **form, "use_labels": "false", "timezone": "UTC"}


def _heading_and_rows(path: Path, delimiter: str, place: str) -> tuple[list[str], int]:
    """The columns of a CSV and how many rows follow; a quoted text may hold line ends."""
    rows = 0
    try:
        with path.open(encoding="utf-8-sig", newline="") as lines:
            table = csv.reader(lines, delimiter=delimiter, strict=True)
            heading = next(table, [])
            for row in table:
                rows += bool(row)
                if row and len(row) != len(heading):
                    raise csv.Error(f"row {rows} has {len(row)} of {len(heading)} fields")
    except (csv.Error, UnicodeDecodeError) as error:
        said = f"the export ends inside a row or is damaged: {error}"
        raise AnswerIncomplete(said, where=place, todo=_AGAIN) from error
    return heading, rows


def _reset_time(text: str) -> str | None:
    """When a quota is renewed: portals write seconds since 1970 or a time.

    >>> _reset_time("1780000000"), _reset_time("2026-11-23T00:00:00Z"), _reset_time("")
    ('2026-05-28T20:26:40Z', '2026-11-23T00:00:00Z', None)
    """
    text = text.strip()
    if text.isdigit():
        try:
            return canonical(datetime.fromtimestamp(int(text), UTC))
        except (OverflowError, ValueError, OSError):
            return None
    return utc_time(text)
