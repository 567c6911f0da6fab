"""CKAN's Action API: what is new, rows of a datastore page by page, the file behind a resource.

Belongs here: the envelope and its error types, choosing a resource, signals that are often empty, paging
under a silently clamped limit. Does not: reading rows (observations), retries (http).
"""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from alp_pipeline.archive.utc import utc_time
from alp_pipeline.catalog.access import CkanAccess
from alp_pipeline.catalog.models import DatasetEntry
from alp_pipeline.sources.errors import NotData, QueryRefused, SourceError
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

_ACTION = "/api/3/action/"
_NEXT_PAGE = "include_next_page"
_LANGUAGES = ("en", "de", "it", "fr", "sl")
_ROWS_FOR_LATEST = 100
_AGAIN = "The next refresh asks again."


class CkanConnector(PortalConnector):
    """A CKAN portal. The credential is an API token; it never goes to the hosts of resources."""

    family = "ckan"
    _next_page_known = True
    """False once the portal refused the parameter: versions before 2.12 do not know it."""

    def upstream(self, dataset: DatasetEntry) -> Upstream:
        """What the package says of the resource: `gone` when it lists its resources without ours.

        The signal holds every stamp that is there, `null` for those that are not; None when all are missing.
        """
        package = self._package(dataset)
        resource = self._resource(dataset, package)
        if resource is None:
            return Upstream("gone")
        stamps = {
            "metadata_modified": package.get("metadata_modified") or None,
            "last_modified": resource.get("last_modified") or None,
            "hash": resource.get("hash") or None,
        }
        facts = {"resource": resource.get("id"), "url": resource.get("url")}
        if not any(stamps.values()):
            return Upstream("unknown", facts=facts)
        stamp = stamps["last_modified"] or stamps["metadata_modified"]
        changed_at = utc_time(str(stamp)) if stamp else None
        return Upstream("offered", json.dumps(stamps), changed_at, facts=facts)

    def fetch(self, dataset: DatasetEntry, upstream: Upstream) -> Iterator[Fetched]:
        """All rows of the datastore as one ZIP of answers, or the file.

        Raises: AnswerIncomplete (fewer rows than `total`; TableMoved when it changed twice meanwhile),
            StructureChanged, QueryRefused, NotData, AnswerTruncated, CredentialsMissing; and those of http.
        """
        facts = upstream.facts if upstream.facts.get("resource") else self._current_facts(dataset)
        if _access(dataset).via == "file":
            yield self._file(dataset, upstream, facts)
            return
        path = self.folder / f"{dataset.code.lower()}.zip"
        resource = str(facts.get("resource"))
        rows, last = start_over_once(lambda: self._read(dataset, resource, path))
        yield self._document(
            dataset,
            upstream,
            path,
            file_format="zip",
            url=self.base_url + _ACTION + "datastore_search",
            answer=last,
            parameters={"resource_id": resource, "sort": "_id", "rows": rows},
        )

    def describe(self, dataset: DatasetEntry) -> Description:
        """Columns and newest period of the datastore, or of the file, which is downloaded for it."""
        package = self._package(dataset)
        resource = self._resource(dataset, package)
        if resource is None:
            raise self._not_listed(dataset)
        stamp = resource.get("last_modified") or package.get("metadata_modified")
        about = {
            "title": _in_one_language(package.get("title")),
            "changed_at": utc_time(str(stamp)) if stamp else None,
        }
        if _access(dataset).via == "datastore":
            return self._described_rows(dataset, str(resource.get("id")), about)
        found = self._table_in(_url(resource), dataset, _access(dataset).file_format)
        return Description(found.columns, found.latest_period, found.rows, **about)

    # -- packages and resources -----------------------------------------------------------------------

    def _package(self, dataset: DatasetEntry) -> Mapping[str, Any]:
        _, package = self._call("package_show", dataset, {"id": _access(dataset).package})
        return package

    def _resource(self, dataset: DatasetEntry, package: Mapping[str, Any]) -> Mapping[str, Any] | None:
        """The entry's resource; by its id (None when it is gone), else the only one that fits."""
        access = _access(dataset)
        resources = [r for r in package.get("resources") or () if isinstance(r, dict)]
        if access.resource is not None:
            return next((r for r in resources if r.get("id") == access.resource), None)
        if access.via == "datastore":
            fitting = [r for r in resources if r.get("datastore_active") is True]
            kind = "with a datastore"
        else:
            fitting = [r for r in resources if _is_of_format(r, access.file_format)]
            kind = f"of the format {access.file_format}"
        if len(fitting) == 1:
            return fitting[0]
        raise QueryRefused(
            f"the package has {len(fitting)} resources {kind}, and the entry names none",
            where=self._place(dataset, "package_show"),
            todo=f"Name one of {_listed(package)} as `resource`.",
        )

    def _current_facts(self, dataset: DatasetEntry) -> Mapping[str, Any]:
        upstream = self.upstream(dataset)
        if upstream.status == "gone":
            raise self._not_listed(dataset)
        return upstream.facts

    def _not_listed(self, dataset: DatasetEntry) -> QueryRefused:
        return QueryRefused(
            f"the package no longer lists the resource {_access(dataset).resource}",
            where=self._place(dataset, "package_show"),
            todo="Look at the package's page, and name the resource that took its place.",
        )

    def _file(self, dataset: DatasetEntry, upstream: Upstream, facts: Mapping[str, Any]) -> Fetched:
        url, file_format = _url(facts), _access(dataset).file_format
        download = self._downloaded(url, dataset, file_format=file_format)
        return self._document(
            dataset,
            upstream,
            download.path,
            file_format=file_format,
            url=url,
            answer=download,
            parameters={"resource_id": facts.get("resource")},
        )

    # -- rows of a datastore --------------------------------------------------------------------------

    def _read(self, dataset: DatasetEntry, resource: str, path: Path) -> tuple[int, Answer]:
        """Every page into `path`. An estimated total is no promise: then only an empty page is the end."""
        place = self._place(dataset, "datastore_search")
        with PageFile(path) as pages:
            announced: int | None = None
            found, newest_id, follow = 0, None, None
            while announced is None or found < announced:
                answer, result = self._page(dataset, resource, found, follow)
                records = _records(result, place)
                if not pages.count:
                    announced = _total(result)
                    _refuse_other_fields(dataset, result, place)
                if not records:
                    break
                newest_id = _refuse_out_of_order(records, newest_id, place)
                pages.add(answer.content, "json")
                found += len(records)
                follow = _following(result)
            after = self._total_now(dataset, resource)
            if announced is not None and after is not None and announced != after:
                raise _moved(f"{announced} rows were announced before, {after} after", place)
            if announced is not None:
                refuse_short(found, announced, place)
            refuse_empty(found, place)
        return found, answer

    def _page(
        self, dataset: DatasetEntry, resource: str, offset: int, follow: object | None
    ) -> tuple[Answer, Mapping[str, Any]]:
        """One page: after the filter that the last answer gave, else by offset in the order of `_id`.

        The limit is always named (the default is 100), and the answer may hold fewer: servers clamp it.
        """
        asked: dict[str, Any] = {
            "resource_id": resource,
            "limit": _access(dataset).page_rows,
            "sort": "_id",
        }
        if follow is not None:
            asked["filters"] = json.dumps(follow)
        elif offset:
            asked["offset"] = offset
        if self._next_page_known:
            try:
                return self._call("datastore_search", dataset, asked | {_NEXT_PAGE: "true"})
            except QueryRefused as refused:
                if _NEXT_PAGE not in refused.what:
                    raise
                self._next_page_known = False
        return self._call("datastore_search", dataset, asked)

    def _total_now(self, dataset: DatasetEntry, resource: str) -> int | None:
        _, result = self._call("datastore_search", dataset, {"resource_id": resource, "limit": 0})
        return _total(result)

    def _described_rows(self, dataset: DatasetEntry, resource: str, about: Mapping[str, Any]) -> Description:
        _, result = self._call("datastore_search", dataset, {"resource_id": resource, "limit": 0})
        names = _field_names(result)
        layout = dataset.layout
        latest = None
        if layout and layout.time in names:
            # Nulls come first in a falling order, so the newest period is not always in the first row.
            asked = {"resource_id": resource, "limit": _ROWS_FOR_LATEST, "sort": f'"{layout.time}" desc'}
            _, newest = self._call("datastore_search", dataset, asked)
            for record in _records(newest, self._place(dataset, "datastore_search")):
                value = record.get(layout.time)
                latest = later_period(latest, None if value is None else str(value), layout.period)
        return Description(dict.fromkeys(names, ()), latest, _total(result), **about)

    # -- the words of the family ----------------------------------------------------------------------

    def _call(
        self, action: str, dataset: DatasetEntry, params: Mapping[str, Any]
    ) -> tuple[Answer, Mapping[str, Any]]:
        """The `result` of an action; success is in the envelope, not in the status."""
        place = self._place(dataset, action)
        answer = self._ask(_ACTION + action, dataset, params=params)
        envelope = mapping_or_refused(refuse_unless_json(answer, place), place, "CKAN's envelope")
        if envelope.get("success") is not True:
            raise self._unsuccessful(envelope, place)
        return answer, mapping_or_refused(envelope.get("result"), place, f"the result of {action}")

    def _unsuccessful(self, envelope: Mapping[str, Any], place: str) -> SourceError:
        said = self._said(envelope)
        if said is None:
            return NotData("the answer is no envelope of CKAN", where=place, todo=_AGAIN)
        if said.startswith("Authorization Error"):
            return self._credentials_wanted(self._quoted(said), place)
        if said.startswith(_PERMANENT):
            todo = "Compare the entry with the portal: not every resource has a datastore (`via: file`)."
            return QueryRefused(self._quoted(said), where=place, todo=todo)
        return NotData(f"the portal failed: {self._quoted(said)}", where=place, todo=_AGAIN)

    def _said(self, answer: Any) -> str | None:
        """`__type` and what the error tells: a message, or the fields that it complains of."""
        error: Any = answer.get("error") if isinstance(answer, dict) else None
        if not isinstance(error, dict):
            return str(error) if error else None
        kind = error.get("__type", "Error")
        fields = {name: text for name, text in error.items() if name not in ("__type", "message")}
        told = error.get("message") or json.dumps(fields, ensure_ascii=False)
        return f"{kind}: {told}"

    def _credential_headers(self) -> dict[str, str]:
        return {"Authorization": self.credential} if self.credential else {}

    def _place(self, dataset: DatasetEntry, action: str) -> str:
        return where(dataset, self.base_url + _ACTION + action)


_PERMANENT = ("Not Found Error", "Validation Error", "Search Query Error", "Search Error", "SQL Error")


def _access(dataset: DatasetEntry) -> CkanAccess:
    assert isinstance(dataset.access, CkanAccess)  # noqa: S101 - the catalogue pairs source and family
    return dataset.access


def _url(resource: Mapping[str, Any]) -> str:
    return str(resource.get("url") or "").strip()


def _listed(package: Mapping[str, Any]) -> str:
    """The resources of a package, for people: id, format, name."""
    resources = [r for r in package.get("resources") or () if isinstance(r, dict)]
    told = [(r.get("id"), r.get("format") or "?", _in_one_language(r.get("name")) or "?") for r in resources]
    return ", ".join(f"{own_id} ({form}, {name})" for own_id, form, name in told)


def _is_of_format(resource: Mapping[str, Any], file_format: str) -> bool:
    """Portals write CSV, csv, .csv and text/csv.

    >>> _is_of_format({"format": "text/CSV"}, "csv"), _is_of_format({"format": "CSV (zipped)"}, "csv")
    (True, False)
    """
    return str(resource.get("format") or "").strip().lower().rpartition("/")[2].lstrip(".") == file_format


def _in_one_language(value: Any) -> str | None:
    """A title that is a text, an object by language, or such an object serialised as a text.

    >>> _in_one_language('{"de": "Beschäftigte", "fr": "Emplois", "en": ""}'), _in_one_language("Addetti")
    ('Beschäftigte', 'Addetti')
    """
    if isinstance(value, str) and value.lstrip().startswith("{"):
        value = _decoded(value)
    if isinstance(value, dict):
        texts = [value.get(language) for language in _LANGUAGES]
        return next((str(text) for text in (*texts, *value.values()) if text), None)
    return str(value) if value else None


def _decoded(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def _records(result: Mapping[str, Any], place: str) -> list[dict[str, Any]]:
    records = result.get("records")
    if isinstance(records, list) and all(isinstance(record, dict) for record in records):
        return records
    raise NotData("the answer holds no records", where=place, todo=_AGAIN)


def _total(result: Mapping[str, Any]) -> int | None:
    """How many rows the datastore announces; None where it tells none or only estimates."""
    total = result.get("total")
    return total if isinstance(total, int) and not result.get("total_was_estimated") else None


def _field_names(result: Mapping[str, Any]) -> list[str]:
    return [str(f["id"]) for f in result.get("fields") or () if isinstance(f, dict) and f.get("id") != "_id"]


def _refuse_other_fields(dataset: DatasetEntry, result: Mapping[str, Any], place: str) -> None:
    names = _field_names(result)
    if names:
        refuse_missing_columns(dataset, names, place)


def _refuse_out_of_order(records: list[dict[str, Any]], newest_id: int | None, place: str) -> int | None:
    """The greatest `_id` so far. Pages in the order of `_id` never go back: else rows come twice."""
    for record in records:
        current = record.get("_id")
        if not isinstance(current, int):
            return newest_id
        if newest_id is not None and current <= newest_id:
            raise _moved(f"the row {current} came after the row {newest_id}", place)
        newest_id = current
    return newest_id


def _following(result: Mapping[str, Any]) -> object | None:
    """The filter of the next page, where the server offers one (CKAN 2.12)."""
    offered = result.get("next_page")
    if isinstance(offered, dict):
        return offered.get("filters", offered) or None
    return None


def _moved(what: str, place: str) -> TableMoved:
    return TableMoved(f"the table changed while it was read: {what}", where=place, todo=_AGAIN)
