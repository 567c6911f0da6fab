"""A data folder, opened: settings, catalogue, archive, build store and the plan that they make.

Belongs here: putting the parts together for one run. Does not: running stages in order (orchestration),
publishing (publish).
"""

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, Self

from alp_pipeline.archive.store import Archive
from alp_pipeline.build.stage import BuildStore, Plan, StageRecord
from alp_pipeline.catalog.loader import load_catalog
from alp_pipeline.catalog.models import Catalog, DatasetEntry
from alp_pipeline.durable import clear_partials
from alp_pipeline.plan.assemble import NO_POLLS, build_plan
from alp_pipeline.settings import Settings
from alp_pipeline.sources.age import Age, judge_age
from alp_pipeline.sources.connect import refuse_unknown_sources, why_not_asked
from alp_pipeline.sources.memory import Poll, PollMemory

if TYPE_CHECKING:
    from alp_pipeline.sources.pull import Sources

SPACE_PER_ARCHIVED_BYTE = 25
"""What a cold build, its release and its reports took of the disk, per byte of (compressed) documents."""


@dataclass(frozen=True)
class Workspace:
    """One data folder as a run sees it.

    The plan is made once, when it is first needed, and does not change under the run: whatever fetches does
    so before. A synthetic data folder never asks a source.
    """

    settings: Settings
    offline: bool = False
    _open: ExitStack = field(default_factory=ExitStack, repr=False, compare=False)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()

    @cached_property
    def catalog(self) -> Catalog:
        catalog = load_catalog(self.settings.site_catalog_dir)
        refuse_unknown_sources(catalog, self.settings)
        return catalog

    @cached_property
    def archive(self) -> Archive:
        return Archive(self.settings.archive_dir)

    @cached_property
    def store(self) -> BuildStore:
        return BuildStore(
            self.settings.build_dir,
            threads=self.settings.threads,
            memory_limit_mb=self.settings.memory_limit_mb,
        )

    @cached_property
    def plan(self) -> Plan:
        return build_plan(self.catalog, self.archive, NO_POLLS if self.is_synthetic else self.polls())

    @property
    def is_synthetic(self) -> bool:
        return self.archive.kind() == "synthetic"

    @property
    def is_online(self) -> bool:
        """Whether sources are asked."""
        return not self.offline and not self.is_synthetic

    @cached_property
    def sources(self) -> "Sources":
        """The sources, open until the workspace is left. Only where `is_online`."""
        from alp_pipeline.sources.pull import open_sources

        return self._open.enter_context(open_sources(self.settings, self.catalog, self.archive))

    def ask_sources(self, step: Callable[[str], None] = lambda _: None) -> list[DatasetEntry]:
        """Ask the sources whose turn it is; the datasets that are to be fetched. Before the plan is made."""
        wanted = [poll.dataset_id for poll in self.sources.ask(step) if poll.outcome == "asked"]
        return [self.catalog.datasets[dataset_id] for dataset_id in wanted]

    def why_not_asked(self, dataset: DatasetEntry) -> str | None:
        """Why this run does not fetch a dataset, or None where it does."""
        if self.is_synthetic:
            return "this data folder is synthetic"
        return "offline" if self.offline else why_not_asked(dataset, self.catalog, self.settings)

    def last_poll(self, dataset: DatasetEntry) -> Poll | None:
        """What came of asking for this dataset last."""
        return PollMemory(self.settings.polls_dir).last(dataset.id)

    def polls(self) -> dict[str, dict[str, str]]:
        """What a release must say about its sources: failures and tables that are gone, by dataset."""
        told = {}
        for dataset in self.catalog.datasets.values():
            poll = self.last_poll(dataset)
            if poll is None or not poll.to_tell or why_not_asked(dataset, self.catalog, self.settings):
                continue
            gone = "discontinued" if self.archive.vintages(dataset.id) else "not offered"
            outcome = gone if poll.outcome == "gone" else "failed"
            told[dataset.id] = {"outcome": outcome, "detail": poll.to_tell}
        return told

    def ages(self, now: datetime) -> dict[str, Age]:
        """How old every dataset's newest vintage is, against its cadence; by dataset id."""
        latest = self._latest_periods()
        found = {}
        for dataset in self.catalog.datasets.values():
            vintages = self.archive.vintages(dataset.id)
            found[dataset.id] = judge_age(
                dataset,
                published_at=vintages[-1].published_at if vintages else None,
                latest_period=latest.get(dataset.id),
                held=bool(vintages or self.archive.undated(dataset.id)),
                now=now,
            )
        return found

    def _latest_periods(self) -> dict[str, str]:
        """The newest period with a reported value in the release that readers see, by dataset."""
        from alp_pipeline.warehouse.query import NoRelease, open_read_only

        try:
            with open_read_only(self.settings.warehouse_file) as connection:
                found = connection.execute(
                    "SELECT dataset_id, max(time_period) FROM obs_current "
                    "WHERE cell_state = 'reported' GROUP BY 1"
                )
                return dict(found.fetchall())
        except NoRelease:
            return {}

    def clear_leftovers(self) -> None:
        """Remove what dead writers left; the caller holds the refresh lock."""
        from alp_pipeline.sources.pull import clear_downloads

        self.archive.clear_partials()
        clear_partials(self.settings.sources_dir)
        clear_downloads(self.settings)

    def require_space(self) -> None:
        """Refuse to begin a build for which the disk is too full.

        Raises: NotEnoughSpace.
        """
        from alp_pipeline.warehouse.retention import require_free_space

        archived = sum(document.size_bytes for document in self.archive.retrievals())
        require_free_space(self.settings.data_dir, SPACE_PER_ARCHIVED_BYTE * archived)

    def run_asset(self, asset: str) -> list[StageRecord]:
        """Run the stages of one asset in order; a stage whose fingerprint exists is reused.

        An input that another asset should have made is made first, so that an asset can be run alone.
        """
        return [self._run(stage.name) for stage in self.plan.of_asset(asset)]

    def _run(self, name: str) -> StageRecord:
        for needed in self.plan.stages[name].inputs:
            if self.store.record(self.plan, needed) is None:
                self._run(needed)
        return self.store.run(self.plan, name)

    def records(self) -> dict[str, StageRecord]:
        """The records of all finished stages of the plan."""
        found = {name: self.store.record(self.plan, name) for name in self.plan.stages}
        return {name: record for name, record in found.items() if record is not None}
