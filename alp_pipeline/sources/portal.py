"""What the connectors of open-data portals share: one question per dataset, named refusals, files looked at.

Belongs here: freshness dataset by dataset, wording of what a portal says, a file downloaded and looked at,
columns against the layout. Does not: any family's paths, paging or error shapes.
"""

import json
from abc import abstractmethod
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

from alp_pipeline.archive.retrieval import Extent
from alp_pipeline.catalog.access import Layout
from alp_pipeline.catalog.models import DatasetEntry
from alp_pipeline.sources.address import shown
from alp_pipeline.sources.errors import (
    CredentialsMissing,
    HttpRefused,
    NotData,
    QueryRefused,
    SourceError,
    StructureChanged,
)
from alp_pipeline.sources.family import Connector, Description, Fetched, Upstream
from alp_pipeline.sources.glance import describe_table
from alp_pipeline.sources.http import Answer, Download
from alp_pipeline.sources.inspection import refuse_unless_data, refuse_unless_json
from alp_pipeline.sources.one_by_one import one_by_one

KEPT_HEADERS = (
    "content-type",
    "etag",
    "last-modified",
    "x-soda2-fields",
    "x-soda2-types",
    "x-soda2-truth-last-modified",
    "x-soda2-data-out-of-date",
)
"""What a retrieval record keeps of an answer's headers: what speaks of the document."""

_FORMS: Mapping[str, Literal["text", "xlsx", "zip"]] = {"csv": "text", "xlsx": "xlsx", "zip": "zip"}
_LONGEST_MESSAGE = 300


class PortalConnector(Connector):
    """A portal without an inventory: each dataset is asked for by itself."""

    def freshness(self, datasets: Sequence[DatasetEntry]) -> dict[str, Upstream]:
        """What the portal says of each dataset, by one metadata request each; see `one_by_one`."""
        return one_by_one(datasets, self.upstream)

    @abstractmethod
    def upstream(self, dataset: DatasetEntry) -> Upstream:
        """What the portal says of one dataset."""

    @abstractmethod
    def _credential_headers(self) -> dict[str, str]:
        """The credential as this family sends it; only ever sent to the portal itself."""

    @abstractmethod
    def _said(self, answer: Any) -> str | None:
        """The message in an error of this family (decoded JSON), None when it is no such error."""

    def _ask(
        self,
        path: str,
        dataset: DatasetEntry,
        *,
        params: Mapping[str, Any] | None = None,
        accept: Collection[int] = (),
    ) -> Answer:
        """A small answer of the portal's API; `path` follows its base URL.

        Raises: SourceError, with what the portal itself says where it refuses.
        """
        url = self.base_url + path
        try:
            return self.http.ask(url, params=params, headers=self._credential_headers(), accept=tuple(accept))
        except HttpRefused as refused:
            raise self._named(refused, where(dataset, url)) from refused

    def _ask_json(
        self, path: str, dataset: DatasetEntry, *, params: Mapping[str, Any] | None = None
    ) -> tuple[Answer, Any]:
        answer = self._ask(path, dataset, params=params)
        return answer, refuse_unless_json(answer, where(dataset, self.base_url + path))

    def _named(self, refused: HttpRefused, place: str) -> SourceError:
        """A refusal by status, in the portal's words."""
        try:
            said = self._said(json.loads(refused.body))
        except ValueError:
            said = None
        said = self._quoted(said or f"the service answers with status {refused.status}")
        if refused.status in (401, 403):
            return self._credentials_wanted(said, place)
        todo = "Compare the entry with the portal's page of the dataset: alp sources verify."
        return QueryRefused(said, where=place, todo=todo)

    def _credentials_wanted(self, said: str, place: str) -> CredentialsMissing:
        todo = f"Name an account or token for {self.source.id} in ALP_SOURCE_CREDENTIALS."
        if self.credential:
            todo = (
                f"The one that ALP_SOURCE_CREDENTIALS names for {self.source.id} is not accepted; renew it."
            )
        return CredentialsMissing(said, where=place, todo=todo)

    def _quoted(self, said: str) -> str:
        """A message of the portal on one line, short, and without our credential should it repeat it."""
        text = " ".join(said.split())
        if self.credential:
            text = text.replace(self.credential, "…")
        return text[:_LONGEST_MESSAGE]

    def _downloaded(
        self,
        url: str,
        dataset: DatasetEntry,
        *,
        file_format: str,
        params: Mapping[str, Any] | None = None,
    ) -> Download:
        """A file in the connector's folder that was looked at; nothing stays there when it is no data.

        The credential goes with it only when `url` is the portal's own. Portals still list files of their
        hosts under http; those are asked for over TLS, the only way in which the catalogue's hosts are.
        """
        plain = urlsplit(url)
        if plain.scheme == "http" and plain.hostname in self.source.all_hosts:
            url = plain._replace(scheme="https").geturl()
        place = where(dataset, url)
        own = url.startswith(f"{self.base_url}/")
        path = self.folder / f"{dataset.code.lower()}.{file_format}"
        headers = self._credential_headers() if own else {}
        try:
            download = self.http.download(url, to=path, params=params, headers=headers)
            refuse_unless_data(path, place, form=_FORMS[file_format])
        except HttpRefused as refused:
            raise self._named(refused, place) from refused
        except SourceError:
            path.unlink(missing_ok=True)
            raise
        return download

    def _table_in(
        self, url: str, dataset: DatasetEntry, file_format: Literal["csv", "xlsx", "zip"]
    ) -> Description:
        """A look into the file behind `url`, which is downloaded for it and not kept."""
        download = self._downloaded(url, dataset, file_format=file_format)
        try:
            return describe_table(
                download.path, file_format=file_format, layout=dataset.layout, where=where(dataset, url)
            )
        finally:
            download.path.unlink()

    def _document(
        self,
        dataset: DatasetEntry,
        upstream: Upstream,
        path: Path,
        *,
        file_format: str,
        url: str,
        answer: Answer | Download,
        parameters: Mapping[str, Any],
    ) -> Fetched:
        """The record of what was fetched. The publisher's time is what its metadata said."""
        return Fetched(
            path=path,
            dataset_code=dataset.code.lower(),
            format=file_format,
            extent=Extent(dict(dataset.filters)),
            url=shown(url),
            seen_at=answer.seen_at,
            published_at=upstream.changed_at,
            published_at_origin="inventory" if upstream.changed_at else "unknown",
            parameters={name: value for name, value in parameters.items() if value is not None},
            headers={name: answer.headers[name] for name in KEPT_HEADERS if name in answer.headers},
        )


def where(dataset: DatasetEntry, url: str) -> str:
    """How errors call a dataset at its address, which is shown without secrets."""
    return f"{dataset.id} ({shown(url)})"


def mapping_or_refused(answer: object, place: str, what: str) -> Mapping[str, Any]:
    """`answer`, which should be a JSON object holding `what`.

    Raises: NotData.
    """
    if isinstance(answer, dict):
        return answer
    raise NotData(
        f"the answer should be {what} and is {type(answer).__name__}",
        where=place,
        todo="The next refresh asks again; if it stays so, the service changed: alp sources verify.",
    )


def named_columns(layout: Layout) -> tuple[str, ...]:
    """The columns that a layout reads.

    >>> named_columns(Layout(columns={"Regione": "geo"}, time="Anno", value="Addetti"))
    ('Regione', 'Anno', 'Addetti')
    """
    others = (layout.time, layout.value, layout.flags)
    return (*layout.columns, *(name for name in others if name is not None))


def refuse_missing_columns(dataset: DatasetEntry, offered: Collection[str], place: str) -> None:
    """Raise `StructureChanged` when a column that the layout reads is not offered.

    Rows of JSON leave out what is null: a column that is gone and one that is empty look the same in them.
    """
    if dataset.layout is None:
        return
    missing = [name for name in named_columns(dataset.layout) if name not in offered]
    if missing:
        raise StructureChanged(
            f"it no longer has the columns {', '.join(missing)}; it has {', '.join(offered)}",
            where=place,
            todo="Look at the table, then correct the entry's layout: alp sources verify prints it.",
        )


def refuse_empty(rows: int, place: str) -> None:
    """Raise `NotData` when a table holds no rows: it is being replaced, or the entry asks for nothing."""
    if not rows:
        raise NotData(
            "the table holds no rows",
            where=place,
            todo="The next refresh asks again; if it stays so, compare the entry's clauses with the table.",
        )
