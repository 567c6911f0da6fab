"""A file behind a URL: CSV, XLSX, ZIP, JSON-stat or SDMX-CSV.

Belongs here: its address, the signal that its server gives, a look at whether it is of the declared form.
Does not: parsing observations (observations), retry and rate policy (http).

The signal is the ETag, else Last-Modified, of a HEAD request; a server that gives neither, or takes no HEAD,
tells nothing of a file's age.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from email.utils import parsedate_to_datetime
from typing import Any, ClassVar, Final, Literal

from alp_pipeline.archive.retrieval import Extent
from alp_pipeline.archive.utc import canonical
from alp_pipeline.catalog.access import Layout, PlainAccess
from alp_pipeline.catalog.models import DatasetEntry
from alp_pipeline.sources.discarding import kept_if_sound
from alp_pipeline.sources.errors import CredentialsMissing, HttpRefused, NotData, QueryRefused, SourceError
from alp_pipeline.sources.family import Connector, Description, Fetched, Upstream
from alp_pipeline.sources.glance import describe_table, later_period
from alp_pipeline.sources.http import Download
from alp_pipeline.sources.inspection import refuse_unless_data
from alp_pipeline.sources.one_by_one import one_by_one
from alp_pipeline.sources.sdmx_message import refuse_unless_sdmx_csv

_AGAIN: Final = "The next refresh asks again; the last vintage stays in use."
_KEPT_HEADERS: Final = ("content-type", "last-modified", "etag")
_FORMS: Final[Mapping[str, Literal["text", "xlsx", "zip", "json"]]] = {
    "csv": "text",
    "xlsx": "xlsx",
    "zip": "zip",
    "json-stat-2": "json",
    "sdmx-csv-1": "text",
}
_SDMX_CSV: Final = Layout(columns={"REF_AREA": "geo"}, time="TIME_PERIOD", value="OBS_VALUE")
# What a server answers that knows the file and not the method.
_NO_HEAD: Final = frozenset({400, 403, 405})


class PlainConnector(Connector):
    """Files of one publisher's web server."""

    family: ClassVar[str] = "plain"

    def freshness(self, datasets: Sequence[DatasetEntry]) -> dict[str, Upstream]:
        """ETag or Last-Modified of each file, `unknown` where the server gives neither."""
        return one_by_one(datasets, self._upstream)

    def _upstream(self, dataset: DatasetEntry) -> Upstream:
        try:
            answer = self.http.ask(self._url(dataset), method="HEAD", accept=(501,))
        except HttpRefused as error:
            if error.status in _NO_HEAD:
                return Upstream("unknown")
            raise self._translated(error, dataset) from error
        if answer.status == 501:
            return Upstream("unknown")
        modified = answer.headers.get("last-modified")
        signal = answer.headers.get("etag") or modified
        return Upstream(
            status="offered" if signal else "unknown", signal=signal, changed_at=_moment(modified)
        )

    def fetch(self, dataset: DatasetEntry, upstream: Upstream) -> Iterator[Fetched]:
        """The file, whole.

        Raises:
            QueryRefused: there is no such file.
            NotData, AnswerTruncated: it is not of the declared form, or ends early.
        """
        download = self._downloaded(dataset)
        published_at = _moment(download.headers.get("last-modified"))
        yield Fetched(
            path=download.path,
            dataset_code=dataset.code.lower(),
            format=_access(dataset).file_format,
            extent=Extent.whole(),
            url=download.url,
            seen_at=download.seen_at,
            published_at=published_at,
            published_at_origin="inventory" if published_at else "unknown",
            headers={name: download.headers[name] for name in _KEPT_HEADERS if name in download.headers},
        )

    def describe(self, dataset: DatasetEntry) -> Description:
        """Columns or dimensions of the file, which is downloaded for it."""
        download = self._downloaded(dataset)
        where, form = self._where(dataset), _access(dataset).file_format
        changed_at = _moment(download.headers.get("last-modified"))
        try:
            if form == "json-stat-2":
                return _cube_described(json.loads(download.path.read_bytes()), dataset, changed_at)
            if form == "sdmx-csv-1":
                found = describe_table(download.path, file_format="csv", layout=_SDMX_CSV, where=where)
            else:
                found = describe_table(download.path, file_format=form, layout=dataset.layout, where=where)
        finally:
            download.path.unlink()
        return Description(
            columns=found.columns,
            latest_period=found.latest_period,
            rows=found.rows,
            title=found.title,
            changed_at=changed_at,
        )

    def _downloaded(self, dataset: DatasetEntry) -> Download:
        """The file on disk, of its declared form."""
        form, where = _access(dataset).file_format, self._where(dataset)
        path = self.folder / f"{dataset.code.lower()}.{form}"
        try:
            download = self.http.download(self._url(dataset), to=path)
        except HttpRefused as error:
            raise self._translated(error, dataset) from error
        with kept_if_sound(path):
            refuse_unless_data(path, where, form=_FORMS[form])
            if form == "json-stat-2":
                _refuse_unless_cube(path.read_bytes(), where)
            elif form == "sdmx-csv-1":
                refuse_unless_sdmx_csv(path, flow="", where=where)
        return download

    def _url(self, dataset: DatasetEntry) -> str:
        path = _access(dataset).path
        return path if path.startswith(("https://", "http://")) else f"{self.base_url}/{path.lstrip('/')}"

    def _where(self, dataset: DatasetEntry) -> str:
        return f"{dataset.id} ({self._url(dataset).partition('?')[0]})"

    def _translated(self, error: HttpRefused, dataset: DatasetEntry) -> SourceError:
        where = self._where(dataset)
        if error.status == 401:
            return CredentialsMissing(
                "the server wants an account",
                where=where,
                todo="Files are fetched without one: ask the publisher for a public address.",
            )
        if error.status in (404, 410):
            return QueryRefused(
                "the server has no such file",
                where=where,
                todo="Look for its new place on the publisher's page and correct the entry's access.path.",
            )
        return QueryRefused(
            f"the server refuses the file with status {error.status}",
            where=where,
            todo="Open the address in a browser and correct the entry's access.path.",
        )


def _access(dataset: DatasetEntry) -> PlainAccess:
    assert isinstance(dataset.access, PlainAccess)  # noqa: S101 - an entry's family is its source's
    return dataset.access


def _moment(modified: str | None) -> str | None:
    """An HTTP date as UTC, None for none.

    >>> _moment("Wed, 13 May 2026 09:00:00 GMT"), _moment("yesterday")
    ('2026-05-13T09:00:00Z', None)
    """
    try:
        return canonical(parsedate_to_datetime(modified)) if modified else None
    except (ValueError, TypeError):
        return None


def _refuse_unless_cube(content: bytes, where: str) -> None:
    """Raise unless it is a JSON-stat dataset with values."""
    from alp_pipeline.observations.documents import api_message

    found = json.loads(content)
    said = api_message(found)
    if said:
        raise NotData(f"it is {said}", where=where, todo=_AGAIN)
    if not isinstance(found, dict) or not found.get("value") or "dimension" not in found:
        raise NotData("it is no JSON-stat dataset with values", where=where, todo=_AGAIN)


def _cube_described(found: Mapping[str, Any], dataset: DatasetEntry, changed_at: str | None) -> Description:
    columns = {name: _codes(found["dimension"], name) for name in found.get("id", ())}
    times = (found.get("role") or {}).get("time") or [
        name for name in columns if dataset.shape().dimension_aliases.get(name, name).lower() == "time"
    ]
    latest: str | None = None
    for period in (period for name in times for period in columns.get(name, ())):
        latest = later_period(latest, period, None)
    return Description(
        columns=columns,
        latest_period=latest,
        rows=len(found["value"]),
        title=found.get("label"),
        changed_at=changed_at,
    )


def _codes(dimensions: Mapping[str, Any], name: str) -> tuple[str, ...]:
    category = dimensions.get(name, {}).get("category", {})
    return tuple(category.get("index") or category.get("label") or ())
