"""SDMX 2.1 services other than Eurostat's: ISTAT, Swiss Stats Explorer and their like.

Belongs here: addresses, the form that is asked for, the extent of a key, where such a service tells its age.
Does not: recognising errors in answers (sdmx_message), reading structures and observations (observations),
retry and rate policy (http). Eurostat has a module of its own: queues and pre-packed files are not SDMX.

ISTAT bans who asks more than about five times in a minute: the catalogue's politeness says so, and no
question is asked here that another one has answered.
"""

import io
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar, Final
from urllib.parse import quote

from alp_pipeline.archive.retrieval import Extent
from alp_pipeline.archive.utc import utc_time
from alp_pipeline.catalog.access import SdmxAccess
from alp_pipeline.catalog.models import DatasetEntry
from alp_pipeline.sources.claims import claim
from alp_pipeline.sources.discarding import kept_if_sound
from alp_pipeline.sources.errors import HttpRefused, NotData, QueryRefused, SourceError, StructureChanged
from alp_pipeline.sources.family import Connector, Description, Fetched, Upstream
from alp_pipeline.sources.inspection import refuse_unless_data
from alp_pipeline.sources.one_by_one import one_by_one
from alp_pipeline.sources.sdmx_message import (
    AGAIN,
    refusal,
    refuse_unless_sdmx_csv,
    refuse_unless_sdmx_ml,
    says_nothing_found,
)

if TYPE_CHECKING:
    from alp_pipeline.observations.structure import Structure

_ACCEPT: Final[Mapping[str, str]] = {
    "sdmx-csv-1": "application/vnd.sdmx.data+csv;version=1.0.0",
    "sdmx-ml-2.1": "application/vnd.sdmx.structurespecificdata+xml;version=2.1",
}
_SUFFIX: Final[Mapping[str, str]] = {"sdmx-csv-1": "csv", "sdmx-ml-2.1": "xml"}
_KEPT_HEADERS: Final = ("content-type", "last-modified", "etag")
_RANGE_END: Final = re.compile(rb"EndPeriod[^>]*>\s*(\d{4}[^<\s]*)")


class SdmxConnector(Connector):
    """One SDMX 2.1 service."""

    family: ClassVar[str] = "sdmx"

    def freshness(self, datasets: Sequence[DatasetEntry]) -> dict[str, Upstream]:
        """The annotation LAST_UPDATE of the dataflow; `unknown` where a service writes none.

        The order of the dimensions comes with it, and goes to `fetch` as a fact.
        """
        return one_by_one(datasets, self._upstream)

    def _upstream(self, dataset: DatasetEntry) -> Upstream:
        structure = self._structure(dataset)
        updated = structure.annotations.get("LAST_UPDATE")
        return Upstream(
            status="offered" if updated else "unknown",
            signal=updated,
            changed_at=utc_time(updated) if updated else None,
            structure_signal=".".join(structure.dimensions),
            facts={"dimensions": list(structure.dimensions)},
        )

    def fetch(self, dataset: DatasetEntry, upstream: Upstream) -> Iterator[Fetched]:
        """The flow, or the part of it that key and period name, as one document.

        Raises:
            QueryRefused: no record for this key, too large, unknown flow or code.
            StructureChanged: the key has another number of positions than the flow has dimensions.
        """
        access, where = _access(dataset), self._where(dataset)
        extent = self._extent(dataset, upstream)
        path = self.folder / f"{dataset.code.lower()}.{_SUFFIX[access.answer]}"
        try:
            download = self.http.download(
                f"{self.base_url}/data/{_flow_reference(access)}/{quote(access.key, safe='.+') or 'ALL'}/ALL",
                to=path,
                params={"startPeriod": access.since} if access.since else None,
                headers={"Accept": _ACCEPT[access.answer]},
            )
        except HttpRefused as error:
            raise _translated(error, where) from error
        with kept_if_sound(path):
            if access.answer == "sdmx-csv-1":
                refuse_unless_sdmx_csv(path, flow=access.flow, where=where)
                refuse_unless_data(path, where, form="text")
            else:
                refuse_unless_sdmx_ml(path, flow=access.flow, where=where)
        yield Fetched(
            path=path,
            dataset_code=dataset.code.lower(),
            format=access.answer,
            extent=extent,
            url=download.url,
            seen_at=download.seen_at,
            published_at=upstream.changed_at,
            published_at_origin="inventory" if upstream.changed_at else "unknown",
            parameters={
                "key": access.key or "ALL",
                "startPeriod": access.since,
                "accept": _ACCEPT[access.answer],
            },
            headers={name: download.headers[name] for name in _KEPT_HEADERS if name in download.headers},
        )

    def describe(self, dataset: DatasetEntry) -> Description:
        """Dimensions in the order of the key, each with the codes that the flow really holds.

        A service without available constraints (INSEE) leaves the codes ().
        """
        structure = self._structure(dataset)
        content = self._constraint(dataset)
        held = self._read(content, self._where(dataset)) if content else None
        present = held.present if held else {}
        updated = structure.annotations.get("LAST_UPDATE")
        return Description(
            columns={name: present.get(name, ()) for name in structure.dimensions},
            latest_period=_latest_period(content, held.periods if held else (), present),
            title=structure.title,
            changed_at=utc_time(updated) if updated else None,
        )

    # -- metadata -----------------------------------------------------------------------------------

    def _structure(self, dataset: DatasetEntry) -> "Structure":
        """Dataflow and data structure: dimensions, title, annotations."""
        access, where = _access(dataset), self._where(dataset)
        path = "/".join(quote(part) for part in (access.agency, access.flow, access.version))
        try:
            answer = self.http.ask(f"{self.base_url}/dataflow/{path}", params={"references": "datastructure"})
        except HttpRefused as error:
            raise _translated(error, where) from error
        structure = self._read(answer.content, where)
        if not structure.dimensions:
            raise NotData("the dataflow came without its data structure", where=where, todo=AGAIN)
        return structure

    def _constraint(self, dataset: DatasetEntry) -> bytes | None:
        """What the flow really holds, None where the service does not tell."""
        url = f"{self.base_url}/availableconstraint/{_flow_reference(_access(dataset))}"
        try:
            answer = self.http.ask(url, accept=(501,))
        except HttpRefused:
            return None
        return None if answer.status == 501 else answer.content

    def _read(self, content: bytes, where: str) -> "Structure":
        from alp_pipeline.observations.errors import DocumentError
        from alp_pipeline.observations.structure import read_structure

        try:
            return read_structure(io.BytesIO(content), where=where)
        except DocumentError as error:
            raise NotData(f"the structure cannot be read: {error.what}", where=where, todo=AGAIN) from error

    def _extent(self, dataset: DatasetEntry, upstream: Upstream) -> Extent:
        """What the key claims, in the catalogue's names of dimensions."""
        access = _access(dataset)
        periods = (access.since, None) if access.since else None
        if not access.key.strip("."):
            return Extent(periods=periods)
        names = upstream.facts.get("dimensions") or self._structure(dataset).dimensions
        places = access.key.split(".")
        if len(places) != len(names):
            raise StructureChanged(
                f"the key {access.key} has {len(places)} positions, the flow has {len(names)} dimensions: "
                f"{', '.join(names)}",
                where=self._where(dataset),
                todo="Look at the flow with `alp sources verify` and correct the entry's access.key.",
            )
        named = zip(names, places, strict=True)
        aliases = dataset.shape().dimension_aliases
        asked = {aliases.get(name, name.lower()): codes.split("+") for name, codes in named if codes}
        return claim(dataset, asked, periods)

    def _where(self, dataset: DatasetEntry) -> str:
        return f"{dataset.id} ({self.base_url}/data/{_flow_reference(_access(dataset))})"


def _access(dataset: DatasetEntry) -> SdmxAccess:
    assert isinstance(dataset.access, SdmxAccess)  # noqa: S101 - an entry's family is its source's
    return dataset.access


def _flow_reference(access: SdmxAccess) -> str:
    parts = (access.agency, access.flow, *(() if access.version == "latest" else (access.version,)))
    return ",".join(quote(part) for part in parts)


def _translated(error: HttpRefused, where: str) -> SourceError:
    said = error.body.decode("utf-8", "replace")
    words = " ".join(re.sub(r"<[^>]*>", " ", said).split())
    if error.status == 413 or says_nothing_found(said):
        return refusal(100 if says_nothing_found(said) else 413, words, where=where)
    if error.status == 401:
        return refusal(110, words, where=where)
    if error.status == 406:
        return QueryRefused(
            "the service does not offer this form of answer",
            where=where,
            todo="Try the other access.answer: sdmx-csv-1 or sdmx-ml-2.1.",
        )
    if error.status == 404:
        return QueryRefused(
            f"the service knows no such flow or code: {words[:200]}",
            where=where,
            todo="Look for its new name and correct the entry's access: `alp sources verify`.",
        )
    return refusal(error.status, words, where=where)


def _latest_period(
    content: bytes | None, periods: Sequence[str], codes: Mapping[str, Sequence[str]]
) -> str | None:
    """The end of the constraint's time range, or the last period that it lists; years for annual flows."""
    ends: list[str] = [end.decode() for end in _RANGE_END.findall(content or b"")]
    if not ends:
        return max(periods, default=None)
    is_annual = tuple(codes.get("FREQ", ())) == ("A",)
    return max(ends)[:4] if is_annual else max(ends)[:10]
