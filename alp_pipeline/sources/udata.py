"""udata portals (data.gouv.fr): what is new, and the file of a resource, held against its checksum.

Belongs here: the dataset's list of resources, permanent links, checksum and size. Does not: reading rows
(observations), retries (http).
"""

import hashlib
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from alp_pipeline.archive.utc import utc_time
from alp_pipeline.catalog.access import UdataAccess
from alp_pipeline.catalog.models import DatasetEntry
from alp_pipeline.sources.errors import AnswerIncomplete, HttpRefused, QueryRefused
from alp_pipeline.sources.family import Description, Fetched, Upstream
from alp_pipeline.sources.http import Download
from alp_pipeline.sources.inspection import refuse_unless_json
from alp_pipeline.sources.portal import PortalConnector, mapping_or_refused, where

_GONE = 410
_ALGORITHMS = ("sha256", "sha1", "md5")
_BLOCK = 1 << 20


class UdataConnector(PortalConnector):
    """A udata portal. The credential is an API key; it never goes to the hosts of files."""

    family = "udata"

    def upstream(self, dataset: DatasetEntry) -> Upstream:
        """What the dataset says of the resource: `gone` when it was deleted, or lists its resources without
        ours."""
        about = self._about(dataset)
        resource = None if about is None else _resource(dataset, about)
        if resource is None:
            return Upstream("gone")
        checksum = resource.get("checksum") or {}
        stamps = {
            "last_modified": resource.get("last_modified") or None,
            "checksum": checksum.get("value") or None,
        }
        facts = {name: resource.get(name) for name in ("url", "latest", "checksum", "filesize", "filetype")}
        if not any(stamps.values()):
            return Upstream("unknown", facts=facts)
        changed_at = utc_time(str(stamps["last_modified"] or ""))
        return Upstream("offered", json.dumps(stamps), changed_at, facts=facts)

    def fetch(self, dataset: DatasetEntry, upstream: Upstream) -> Iterator[Fetched]:
        """The file, whose size and checksum are those of the portal's record.

        A file that lives elsewhere (`filetype` remote) may change behind an unchanged record: there the
        record's word on size and checksum is no promise, and a difference is only kept in the parameters.

        Raises: AnswerIncomplete (another checksum or size than recorded), NotData, AnswerTruncated,
            QueryRefused; and those of http.
        """
        facts = upstream.facts if "url" in upstream.facts else self._current_facts(dataset)
        download = self._downloaded(_link(facts), dataset, file_format=_access(dataset).file_format)
        try:
            difference = _difference(download, facts)
            if difference and facts.get("filetype") != "remote":
                raise AnswerIncomplete(
                    f"the file is not the one that the portal recorded: {difference}",
                    where=where(dataset, _link(facts)),
                    todo="The next refresh asks again; if it stays so, tell the publisher.",
                )
        except BaseException:
            download.path.unlink(missing_ok=True)
            raise
        yield self._document(
            dataset,
            upstream,
            download.path,
            file_format=_access(dataset).file_format,
            url=_link(facts),
            answer=download,
            parameters={"resource": _access(dataset).resource, "differs": difference},
        )

    def describe(self, dataset: DatasetEntry) -> Description:
        """Columns and newest period of the file, which is downloaded for it."""
        about = self._about(dataset)
        resource = None if about is None else _resource(dataset, about)
        if about is None or resource is None:
            raise self._not_listed(dataset)
        found = self._table_in(_link(resource), dataset, _access(dataset).file_format)
        return Description(
            found.columns,
            found.latest_period,
            found.rows,
            title=str(about["title"]) if about.get("title") else None,
            changed_at=utc_time(str(resource.get("last_modified") or "")),
        )

    def _about(self, dataset: DatasetEntry) -> Mapping[str, Any] | None:
        """The dataset's record; None when the portal says that it was deleted."""
        path = f"/api/1/datasets/{_access(dataset).dataset}/"
        place = where(dataset, self.base_url + path)
        try:
            answer = self._ask(path, dataset)
        except QueryRefused as refused:
            if isinstance(refused.__cause__, HttpRefused) and refused.__cause__.status == _GONE:
                return None
            raise
        about = mapping_or_refused(refuse_unless_json(answer, place), place, "the dataset's record")
        return None if about.get("deleted") else about

    def _current_facts(self, dataset: DatasetEntry) -> Mapping[str, Any]:
        upstream = self.upstream(dataset)
        if upstream.status == "gone":
            raise self._not_listed(dataset)
        return upstream.facts

    def _not_listed(self, dataset: DatasetEntry) -> QueryRefused:
        access = _access(dataset)
        return QueryRefused(
            f"the dataset {access.dataset} no longer lists the resource {access.resource}",
            where=where(dataset, self.base_url),
            todo="Look at the dataset's page, and name the resource that took its place.",
        )

    def _credential_headers(self) -> dict[str, str]:
        return {"X-API-KEY": self.credential} if self.credential else {}

    def _said(self, answer: Any) -> str | None:
        return str(answer["message"]) if isinstance(answer, dict) and answer.get("message") else None


def _access(dataset: DatasetEntry) -> UdataAccess:
    assert isinstance(dataset.access, UdataAccess)  # noqa: S101 - the catalogue pairs source and family
    return dataset.access


def _resource(dataset: DatasetEntry, about: Mapping[str, Any]) -> Mapping[str, Any] | None:
    resources = [r for r in about.get("resources") or () if isinstance(r, dict)]
    return next((r for r in resources if r.get("id") == _access(dataset).resource), None)


def _link(facts: Mapping[str, Any]) -> str:
    """`latest` stays when the publisher replaces the file, `url` does not."""
    return str(facts.get("latest") or facts.get("url") or "")


def _difference(download: Download, facts: Mapping[str, Any]) -> str | None:
    """What of the portal's record the file does not keep to; None when it keeps to all that is there."""
    size = facts.get("filesize")
    if isinstance(size, int) and size > 0 and size != download.size_bytes:
        return f"{download.size_bytes} bytes, and {size} are recorded"
    checksum = facts.get("checksum") or {}
    kind, value = str(checksum.get("type") or "").lower(), str(checksum.get("value") or "").lower()
    if kind not in _ALGORITHMS or not value:
        return None
    found = download.sha256 if kind == "sha256" else _digest(download.path, kind)
    return None if found == value else f"its {kind} is {found}, and {value} is recorded"


def _digest(path: Path, kind: str) -> str:
    # No protection: it is what the portal publishes.
    digest = hashlib.new(kind, usedforsecurity=False)
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest()
