"""Eurostat as a source: freshness from the inventory, prepared files or slices, structures as documents.

Belongs here: addresses, and which of the package's parts does what. Does not: the inventory's form
(inventory), messages (replies), the queue (queue), dividing large parts (slices), looking at files (tables).
"""

import io
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import ClassVar, Final, TypeVar
from urllib.parse import quote

from alp_pipeline.archive.retrieval import Extent
from alp_pipeline.catalog.access import EurostatAccess
from alp_pipeline.catalog.models import DatasetEntry, SourceEntry
from alp_pipeline.observations.errors import DocumentError
from alp_pipeline.observations.structure import Structure, read_structure
from alp_pipeline.sources.errors import HttpRefused, NotData, QueryRefused, SourceError
from alp_pipeline.sources.eurostat.inventory import read_inventory, refuse_implausible
from alp_pipeline.sources.eurostat.queue import Dialogue, Patience
from alp_pipeline.sources.eurostat.replies import HEAD_BYTES, ExtractionTooBig, failure, read_reply
from alp_pipeline.sources.eurostat.slices import Limits, Slice, Slices, wanted
from alp_pipeline.sources.eurostat.tables import refuse_unless_table
from alp_pipeline.sources.family import Connector, Description, Fetched, Upstream
from alp_pipeline.sources.http import Download, PoliteSession

_KEPT_HEADERS: Final = ("content-type", "content-encoding", "last-modified", "etag")
_STRUCTURE: Final = "datastructure"
_CONSTRAINT: Final = "contentconstraint"
_T = TypeVar("_T")


class EurostatConnector(Connector):
    """Eurostat's dissemination API, and services that speak its dialect.

    Args:
        patience: how long a queued extraction is waited for.
        limits: what one request of a slice may cost.
    """

    family: ClassVar[str] = "eurostat"
    has_inventory: ClassVar[bool] = True

    def __init__(
        self,
        source: SourceEntry,
        *,
        base_url: str,
        http: PoliteSession,
        folder: Path,
        credential: str | None = None,
        patience: Patience = Patience(),  # noqa: B008 - frozen
        limits: Limits = Limits(),  # noqa: B008 - frozen
    ) -> None:
        super().__init__(source, base_url=base_url, http=http, folder=folder, credential=credential)
        self._limits = limits
        self._dialogue = Dialogue(http, self.base_url, patience)

    # -- what is new --------------------------------------------------------------------------------

    def freshness(self, datasets: Sequence[DatasetEntry]) -> dict[str, Upstream]:
        """What the inventory says of each dataset, in one request.

        A dataset that a whole inventory does not list is `gone`. A time that is missing or cannot be read
        makes the signal None.

        Raises: SourceError, when the inventory cannot be had or cannot be whole.
        """
        where = f"{self.source.id} (inventory)"
        try:
            answer = self.http.ask(f"{self.base_url}/files/inventory", params={"type": "data", "lang": "en"})
        except HttpRefused as refused:
            raise _translated(refused, where) from refused
        inventory = read_inventory(answer.content, where=where)
        refuse_implausible(inventory, [dataset.code for dataset in datasets], where=where)
        told: dict[str, Upstream] = {}
        for dataset in datasets:
            row = inventory.rows.get(dataset.code.lower())
            if row is None:
                told[dataset.id] = Upstream("gone")
                continue
            facts = {"tsv_url": row.tsv_url, "structure_url": row.structure_url}
            told[dataset.id] = Upstream(
                "offered",
                signal=row.data_change,
                changed_at=row.data_change,
                structure_signal=row.structure_change,
                facts={name: url for name, url in facts.items() if url is not None},
            )
        return told

    # -- data ---------------------------------------------------------------------------------------

    def fetch(self, dataset: DatasetEntry, upstream: Upstream) -> Iterator[Fetched]:
        """The prepared file of the whole table, or slices: where the entry wants them, and where Eurostat
        refuses the prepared file for its size (413).

        Slices in the place of a file hold what the entry filters, since they are costed; each says so in its
        note and its parameters.

        Raises: SourceError; no file is left in the folder by the request that failed.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        access = dataset.access if isinstance(dataset.access, EurostatAccess) else EurostatAccess()
        if access.want == "slices":
            yield from self._slices(dataset, access, upstream)
            return
        try:
            whole = self._bulk(dataset, upstream)
        except ExtractionTooBig as refused:
            yield from self._instead(dataset, access, upstream, refused)
        else:
            yield whole

    def _bulk(self, dataset: DatasetEntry, upstream: Upstream) -> Fetched:
        # Any parameter added to a prepared address turns it into a costed extraction.
        prepared = upstream.facts.get("tsv_url")
        url = prepared or self._data_url(dataset)
        asked = {} if prepared else {"format": "TSV", "compressed": "true"}
        path = self.folder / f"{dataset.code.lower()}.tsv"
        answer = self._dialogue.table(url, params=asked or None, to=path, where=dataset.id)
        _checked(path, lambda: refuse_unless_table(path, where=dataset.id))
        return _fetched(
            dataset, answer, url, "tsv", Extent.whole(), {"want": "bulk", **asked}, upstream.changed_at
        )

    def _instead(
        self, dataset: DatasetEntry, access: EurostatAccess, upstream: Upstream, refused: ExtractionTooBig
    ) -> Iterator[Fetched]:
        """The slices in the place of a prepared file that was refused for its size."""
        try:
            found = list(self._slices(dataset, access, upstream, refused=refused))
        except QueryRefused as also:
            raise type(also)(
                f"{refused.what}; in slices: {also.what}",
                where=dataset.id,
                todo="Narrow the entry's filters.",
            ) from refused
        plural = "s" if len(found) > 1 else ""
        note = f"the prepared file is refused for its size, so it came in {len(found)} slice{plural}"
        for one in found:
            yield replace(one, note=note)

    def _slices(
        self,
        dataset: DatasetEntry,
        access: EurostatAccess,
        upstream: Upstream,
        *,
        refused: ExtractionTooBig | None = None,
    ) -> Iterator[Fetched]:
        order = self._described_by(_STRUCTURE, dataset).dimensions
        present = self._described_by(_CONSTRAINT, dataset)
        part = wanted(dataset, order, present, where=dataset.id)
        ours = dict(zip(order, dataset.shape().renamed(order), strict=True))
        slices = Slices(
            self._dialogue,
            self._limits,
            address=lambda key: self._data_url(dataset, key),
            place=lambda number: self.folder / f"{dataset.code.lower()}.{number:04}.tsv",
            split_by=next((theirs for theirs, own in ours.items() if own == access.split_by), None),
            since=access.since,
            where=dataset.id,
        )
        asked: dict[str, object] = {"want": "slices", "format": "TSV", "compressed": "true"}
        if access.since is not None:
            asked["startPeriod"] = access.since
        if part.absent:
            asked["absent"] = {ours[name]: list(codes) for name, codes in part.absent.items()}
        if refused is not None:
            asked["in_place_of"] = f"the prepared file: {refused.what}"
        was_refused = refused is not None and not part.box.named and access.since is None
        for one in slices.of(part, was_refused=was_refused):
            yield _fetched(
                dataset,
                one.answer,
                self._data_url(dataset, one.key),
                "tsv",
                _extent(one, ours, access.since),
                {**asked, "key": one.key},
                upstream.changed_at,
            )

    # -- metadata -----------------------------------------------------------------------------------

    def fetch_metadata(
        self, dataset: DatasetEntry, upstream: Upstream, *, structure: bool
    ) -> Iterator[Fetched]:
        """The structure with its code lists where it is wanted, and the constraint: the codes that are there.

        What Eurostat does not have (404) is left out.

        Raises: SourceError.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        if structure:
            listed = upstream.facts.get("structure_url")
            yield from self._metadata(
                dataset,
                "structure",
                listed or self._metadata_url(_STRUCTURE, dataset),
                {} if listed else {"references": "descendants"},
                upstream.structure_signal,
            )
        yield from self._metadata(
            dataset, "constraint", self._metadata_url(_CONSTRAINT, dataset), {}, upstream.changed_at
        )

    def _metadata(
        self, dataset: DatasetEntry, kind: str, url: str, asked: dict[str, str], changed_at: str | None
    ) -> Iterator[Fetched]:
        path = self.folder / f"{dataset.code.lower()}.{kind}.xml"
        where = f"{dataset.id} ({kind})"
        try:
            answer = self.http.download(url, to=path, params=asked or None)
        except HttpRefused as refused:
            if refused.status == 404:
                return
            raise _translated(refused, where) from refused
        with path.open("rb") as file:
            head = file.read(HEAD_BYTES)
        found = _checked(path, lambda: _structure(path, head, where))
        if not (found.dimensions or found.codes or found.present):
            path.unlink()
            raise _not_data("a structure message that names no dimension", where)
        yield _fetched(
            dataset,
            answer,
            url,
            f"sdmx-{kind}-2.1",
            Extent.whole(),
            asked,
            changed_at,
            code=f"{dataset.code.lower()}${kind}",
        )

    def describe(self, dataset: DatasetEntry) -> Description:
        """The live table's dimensions with the codes that are there, its title and its newest period.

        Raises: SourceError; QueryRefused when the inventory does not list it.
        """
        upstream = self.freshness([dataset])[dataset.id]
        if upstream.status == "gone":
            raise QueryRefused(
                f"Eurostat's inventory lists no {dataset.code}",
                where=dataset.id,
                todo="Look for its new code: a rename shows as delete and create.",
            )
        structure = self._described_by(_STRUCTURE, dataset, url=upstream.facts.get("structure_url"))
        present = self._described_by(_CONSTRAINT, dataset)
        return Description(
            columns={name: present.present.get(name, ()) for name in structure.dimensions},
            latest_period=structure.latest_period or present.latest_period,
            rows=structure.observations,
            title=structure.title,
            changed_at=upstream.changed_at,
        )

    def _described_by(self, kind: str, dataset: DatasetEntry, *, url: str | None = None) -> Structure:
        """A structure or constraint, for use now."""
        where = f"{dataset.id} ({kind})"
        try:
            answer = self.http.ask(url or self._metadata_url(kind, dataset))
        except HttpRefused as refused:
            raise _translated(refused, where) from refused
        found = _structure(io.BytesIO(answer.content), answer.content[:HEAD_BYTES], where)
        if not found.dimensions:
            raise _not_data("a structure message that names no dimension", where)
        return found

    def _data_url(self, dataset: DatasetEntry, key: str = "") -> str:
        # A key of nothing but points asks for everything, and `/..` would be taken for the folder above.
        place = f"/{quote(key, safe='+')}" if key.strip(".") else ""
        return f"{self.base_url}/sdmx/2.1/data/{dataset.code.upper()}{place}"

    def _metadata_url(self, kind: str, dataset: DatasetEntry) -> str:
        return f"{self.base_url}/sdmx/2.1/{kind}/ESTAT/{dataset.code.upper()}"


def _fetched(
    dataset: DatasetEntry,
    answer: Download,
    url: str,
    form: str,
    extent: Extent,
    asked: dict[str, object] | dict[str, str],
    changed_at: str | None,
    *,
    code: str | None = None,
) -> Fetched:
    """The record of an answer, under the address that was asked: the queue's holds an id of the day."""
    return Fetched(
        path=answer.path,
        dataset_code=code or dataset.code.lower(),
        format=form,
        extent=extent,
        url=url,
        seen_at=answer.seen_at,
        published_at=changed_at,
        published_at_origin="inventory" if changed_at else "unknown",
        parameters=dict(asked),
        headers={name: answer.headers[name] for name in _KEPT_HEADERS if name in answer.headers},
    )


def _extent(one: Slice, ours: dict[str, str], since: str | None) -> Extent:
    dims = {ours[name]: sorted(codes) for name, codes in one.claim.items()}
    return Extent(dims, (since, None) if since is not None else None)


def _structure(source: Path | io.BytesIO, head: bytes, where: str) -> Structure:
    """A message read as a structure; another one in its place is named for what it is."""
    reply = read_reply(head)
    if reply.kind != "structure":
        raise failure(reply, where=where)
    try:
        return read_structure(source, where=where)
    except DocumentError as error:
        raise _not_data(error.what, where) from error


def _checked(path: Path, look: Callable[[], _T]) -> _T:
    """What a look at a file tells; the file goes when it is refused."""
    try:
        return look()
    except SourceError:
        path.unlink(missing_ok=True)
        raise


def _not_data(what: str, where: str) -> NotData:
    return NotData(
        f"the answer should be a structure message: {what}",
        where=where,
        todo="Nothing was archived; the next refresh asks again.",
    )


def _translated(refused: HttpRefused, where: str) -> SourceError:
    """A refusal in Eurostat's own words, where its body holds some."""
    reply = read_reply(refused.body)
    if reply.kind in ("data", "not_data"):
        return QueryRefused(
            f"Eurostat answers with status {refused.status}",
            where=where,
            todo="Compare the entry's code with the data browser: alp sources verify.",
        )
    return failure(reply, where=where)
