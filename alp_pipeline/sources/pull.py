"""Bringing the archive up to date with the sources: ask, fetch what is new, archive it, say what came of it.

Belongs here: what is asked when, what counts as new, one dataset's failure kept to that dataset. Does not:
protocols (the families), retry and rate policy (http), judging content (the intake gate), anything Dagster.

A source with an inventory (Eurostat) is asked once per refresh for all its datasets; the others when their
own pace (`politeness.poll_hours`) says so, dataset by dataset. What is fetched carries the source's signal in
its retrieval record, so that the archive itself knows what was seen; losing the memory of polls costs a
question.
"""

import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from alp_pipeline.archive.retrieval import Retrieval
from alp_pipeline.archive.store import Archive, DocumentWithdrawn
from alp_pipeline.build.fingerprint import digest
from alp_pipeline.catalog.models import Catalog, DatasetEntry, SourceEntry
from alp_pipeline.settings import Settings
from alp_pipeline.sources.connect import connector, policy, why_not_asked
from alp_pipeline.sources.errors import AnswerIncomplete, SourceError
from alp_pipeline.sources.family import Connector, Fetched, Upstream
from alp_pipeline.sources.http import PoliteSession
from alp_pipeline.sources.memory import Poll, PollMemory, utc_now

OFFERED = ("offered", "unknown")


@dataclass
class Sources:
    """The sources as one refresh sees them. Use `open_sources`."""

    settings: Settings
    catalog: Catalog
    archive: Archive
    memory: PollMemory
    session: PoliteSession
    folder: Path
    opened_at: datetime
    """Answers since then, or `poll_minutes` before it, are good for as long as this is open."""
    _connectors: dict[str, Connector] = field(default_factory=dict)

    # -- asking -------------------------------------------------------------------------------------

    def ask(self, step: Callable[[str], None] = lambda _: None) -> list[Poll]:
        """Ask every source whose turn it is about its datasets.

        Returns: the polls of all datasets that are asked for; those to fetch have the outcome `asked`.
        """
        for source in self.catalog.sources.values():
            datasets = self._asked_of(source)
            if not datasets:
                continue
            if self._connector(source).has_inventory:
                if not all(self._is_recent(self.memory.last(d.id)) for d in datasets):
                    step(source.id)
                    self._ask(source, datasets)
                continue
            for dataset in datasets:
                if self._is_due(source, self.memory.last(dataset.id)):
                    step(dataset.id)
                    self._ask(source, [dataset])
        asked = [d for d in self.catalog.datasets.values() if self._is_asked(d)]
        return [poll for d in asked if (poll := self.memory.last(d.id)) is not None]

    def current(self, dataset: DatasetEntry) -> Poll:
        """The poll of one dataset: the last one where it is recent, else a new one."""
        last = self.memory.last(dataset.id)
        if last is not None and self._is_recent(last):
            return last
        source = self.catalog.sources[dataset.source]
        together = self._connector(source).has_inventory and self._is_asked(dataset)
        self._ask(source, self._asked_of(source) if together else [dataset])
        poll = self.memory.last(dataset.id)
        assert poll is not None  # noqa: S101 - _ask keeps one for every dataset it is given
        return poll

    def _ask(self, source: SourceEntry, datasets: Sequence[DatasetEntry]) -> None:
        asked_at = utc_now()
        before = {dataset.id: self.memory.last(dataset.id) for dataset in datasets}
        try:
            told = self._connector(source).freshness(datasets)
            _refuse_vanishing(source, before, told)
        except SourceError as error:
            for dataset in datasets:
                poll = Poll(dataset.id, asked_at, None, "failed", str(error), error.transient)
                self.memory.keep(poll)
            return
        for dataset in datasets:
            last = before[dataset.id]
            poll = self._judged(dataset, told[dataset.id], asked_at)
            if poll.outcome == "asked" and last is not None:
                poll = poll.becoming("asked", failure=last.failure)
            self.memory.keep(poll)

    def _judged(self, dataset: DatasetEntry, upstream: Upstream, asked_at: str) -> Poll:
        poll = Poll(dataset.id, asked_at, upstream, "asked")
        if upstream.status not in OFFERED:
            return poll.becoming("gone", self._gone(dataset))
        return poll if self._is_new(dataset, upstream) else poll.becoming("unchanged")

    def _gone(self, dataset: DatasetEntry) -> str:
        after = (
            f"its successor is {dataset.successor}"
            if dataset.successor
            else "a rename shows as delete and create: look for its new code, and name it as successor"
        )
        return f"{dataset.source} does not offer it; {self._kept(dataset)}; {after}"

    def _kept(self, dataset: DatasetEntry) -> str:
        vintages = self.archive.vintages(dataset.id)
        if not vintages:
            return "there is no vintage yet"
        newest = vintages[-1]
        return f"the last vintage ({newest.retrieval_id}, {(newest.published_at or 'undated')[:10]}) stays"

    def _is_new(self, dataset: DatasetEntry, upstream: Upstream) -> bool:
        own = self.archive.retrievals(dataset.source, dataset.code.lower())
        fetched = [r for r in own if "asked" in r.parameters]
        newest = _newest(fetched)
        if newest is not None:
            same = [r for r in fetched if _batch(r) == _batch(newest)]
            whole = len({r.parameters["part"] for r in same}) == newest.parameters["parts"]
            known = upstream.signal is not None and newest.parameters.get("signal") == upstream.signal
            return not (known and whole and newest.parameters["asked"] == _asked(dataset))
        imported = max((r.published_at for r in own if r.extent.is_whole and r.published_at), default=None)
        return upstream.changed_at is None or imported is None or upstream.changed_at > imported

    def _is_recent(self, poll: Poll | None) -> bool:
        since = self.opened_at - timedelta(minutes=self.settings.poll_minutes)
        return poll is not None and datetime.fromisoformat(poll.asked_at) >= since

    def _is_due(self, source: SourceEntry, poll: Poll | None) -> bool:
        pause = timedelta(hours=source.politeness.poll_hours)
        return poll is None or poll.outcome in ("asked", "failed") or poll.age(datetime.now(UTC)) >= pause

    def _asked_of(self, source: SourceEntry) -> list[DatasetEntry]:
        return [d for d in self.catalog.datasets.values() if d.source == source.id and self._is_asked(d)]

    def _is_asked(self, dataset: DatasetEntry) -> bool:
        return why_not_asked(dataset, self.catalog, self.settings) is None

    # -- fetching -----------------------------------------------------------------------------------

    def pull(self, dataset: DatasetEntry, *, again: bool = False) -> Poll:
        """Fetch a dataset if it is new, and archive what came. A failure stays in the poll.

        Args:
            again: after a transient failure to fetch: try once more on the same answer of the source.

        Raises: ArchiveNotWritable and its like: our own resources failed, not the source.
        """
        poll = self.current(dataset)
        if again and poll.is_failure and poll.stage == "fetch":
            poll = poll.becoming("asked")
        if poll.outcome != "asked" or poll.upstream is None:
            return poll
        done = self._fetched(dataset, poll, poll.upstream)
        self.memory.keep(done)
        return done

    def _fetched(self, dataset: DatasetEntry, poll: Poll, upstream: Upstream) -> Poll:
        source = self.catalog.sources[dataset.source]
        known = {vintage.retrieval_id for vintage in self.archive.vintages(dataset.id)}
        family = self._connector(source)
        try:
            documents = list(family.fetch(dataset, upstream))
            added = [
                self._archived(dataset, upstream, document, number, len(documents))
                for number, document in enumerate(documents, start=1)
            ]
        except (SourceError, DocumentWithdrawn) as error:
            transient = isinstance(error, SourceError) and error.transient
            said = f"{error} Nothing was archived; {self._kept(dataset)}."
            return poll.becoming("failed", said, transient=transient, stage="fetch", failure=said)
        finally:
            _empty(self.folder)
        notes = dict.fromkeys(document.note for document in documents)
        said = "; ".join(filter(None, (*notes, self._metadata(dataset, upstream, family))))
        now = {vintage.retrieval_id for vintage in self.archive.vintages(dataset.id)}
        ids = tuple(retrieval.retrieval_id for retrieval in added)
        if not now - known:
            said = "; ".join(filter(None, (_LIED, said)))
            return poll.becoming("same content", said, documents=ids, failure="")
        return poll.becoming("fetched", said, documents=ids, failure="")

    def _archived(
        self, dataset: DatasetEntry, upstream: Upstream, document: Fetched, part: int, parts: int
    ) -> Retrieval:
        state = {"asked": _asked(dataset), "part": part, "parts": parts}
        if upstream.signal is not None:
            state["signal"] = upstream.signal
        return self._add(
            dataset, document, {**document.parameters, **state}, _content_digest(dataset, document)
        )

    def _add(
        self, dataset: DatasetEntry, document: Fetched, parameters: dict[str, Any], content: str | None
    ) -> Retrieval:
        return self.archive.add(
            document.path,
            source_id=dataset.source,
            dataset_code=document.dataset_code,
            format=document.format,
            licence=dataset.licence,
            extent=document.extent,
            published_at=document.published_at,
            published_at_origin=document.published_at_origin,
            seen_at=document.seen_at,
            seen_at_origin="request",
            url=document.url,
            parameters=parameters,
            headers=document.headers,
            citation=dataset.citation,
            observations_digest=content,
        )

    def _metadata(self, dataset: DatasetEntry, upstream: Upstream, family: Connector) -> str:
        """Archive what describes the table as it is now. Its failure is told and stops nothing."""
        code = f"{dataset.code.lower()}$structure"
        newest = _newest(self.archive.retrievals(dataset.source, code))
        known = newest is not None and newest.parameters.get("signal") == upstream.structure_signal
        try:
            for document in family.fetch_metadata(dataset, upstream, structure=not known):
                self._add(
                    dataset, document, {**document.parameters, "signal": upstream.structure_signal}, None
                )
        except (SourceError, DocumentWithdrawn) as error:
            return f"its structure could not be fetched ({error})"
        finally:
            _empty(self.folder)
        return ""

    def _connector(self, source: SourceEntry) -> Connector:
        if source.id not in self._connectors:
            self._connectors[source.id] = connector(source, self.settings, self.session, self.folder)
        return self._connectors[source.id]

    def describe(self, dataset: DatasetEntry) -> Any:
        """The live table behind an entry, verified or not. Raises: SourceError."""
        return self._connector(self.catalog.sources[dataset.source]).describe(dataset)


_LIED = "the source announced a change, and the observations are the same: no new vintage"


@contextmanager
def open_sources(settings: Settings, catalog: Catalog, archive: Archive) -> Iterator[Sources]:
    """The sources of a data folder. Nothing is asked yet."""
    _downloads(settings).mkdir(parents=True, exist_ok=True)
    with (
        PoliteSession(policy(catalog, settings), folder=settings.sources_dir / "hosts") as session,
        TemporaryDirectory(dir=_downloads(settings)) as folder,
    ):
        opened_at = datetime.now(UTC)
        memory = PollMemory(settings.polls_dir)
        yield Sources(settings, catalog, archive, memory, session, Path(folder), opened_at)


def _refuse_vanishing(
    source: SourceEntry, before: Mapping[str, Poll | None], told: Mapping[str, Upstream]
) -> None:
    """Many tables do not vanish at once: such a list was shortened. Said twice in a row, it is believed."""
    offered = [
        name for name, poll in before.items() if poll and poll.upstream and poll.upstream.status in OFFERED
    ]
    vanished = [name for name in offered if told[name].status == "gone"]
    if len(vanished) > max(2, len(offered) // 4):
        raise AnswerIncomplete(
            f"{len(vanished)} of {len(offered)} tables that were offered vanished at once",
            where=f"{source.id} (inventory)",
            todo="Nothing was taken from it; when the next read says the same, it is believed.",
        )


def clear_downloads(settings: Settings) -> None:
    """Remove what dead fetches left; the caller holds the refresh lock."""
    shutil.rmtree(_downloads(settings), ignore_errors=True)


def _downloads(settings: Settings) -> Path:
    return settings.sources_dir / "downloads"


def _newest(retrievals: Sequence[Retrieval]) -> Retrieval | None:
    return max(retrievals, key=lambda r: (r.seen_at or "", r.published_at or ""), default=None)


def _batch(retrieval: Retrieval) -> tuple[object, ...]:
    parameters = retrieval.parameters
    return parameters.get("signal"), parameters["asked"], parameters["parts"]


def _asked(dataset: DatasetEntry) -> str:
    """Changes when the entry asks for something else: then the table is fetched again."""
    filters = {name: list(codes) for name, codes in dataset.filters.items()}
    return digest([dataset.access.model_dump(mode="json"), filters])[:16]


def _content_digest(dataset: DatasetEntry, document: Fetched) -> str | None:
    """The digest of what the document says; None where its bytes decide what is new.

    They do when its observations are not all that it says, and when it cannot be read, which the intake gate
    will tell.
    """
    from alp_pipeline.observations.digest import content_digest
    from alp_pipeline.observations.errors import DocumentError
    from alp_pipeline.observations.reader import read_observations

    try:
        reading = read_observations(
            document.path, format=document.format, dataset=dataset.shape(), document_id=""
        )
        return content_digest(reading)
    except DocumentError:
        return None


def _empty(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True, exist_ok=True)
