"""A data folder, opened: settings, catalogue, archive, build store and the plan that they make.

Belongs here: putting the parts together for one run. Does not: running stages in order (orchestration),
publishing (publish).
"""

from dataclasses import dataclass
from functools import cached_property

from alp_pipeline.archive.store import Archive
from alp_pipeline.build.stage import BuildStore, Plan, StageRecord
from alp_pipeline.catalog.loader import load_catalog
from alp_pipeline.catalog.models import Catalog
from alp_pipeline.plan.assemble import build_plan
from alp_pipeline.settings import Settings

SPACE_PER_ARCHIVED_BYTE = 25
"""What a cold build, its release and its reports took of the disk, per byte of (compressed) documents."""


@dataclass(frozen=True)
class Workspace:
    """One data folder as a run sees it: the plan is made once and does not change under the run."""

    settings: Settings

    @cached_property
    def catalog(self) -> Catalog:
        return load_catalog(self.settings.site_catalog_dir)

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
        return build_plan(self.catalog, self.archive)

    @property
    def is_synthetic(self) -> bool:
        return self.archive.kind() == "synthetic"

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
