"""An archive and a build of one dataset, without anything around them."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from alp_pipeline.archive.decisions import Action
from alp_pipeline.archive.retrieval import Retrieval
from alp_pipeline.archive.store import Archive
from alp_pipeline.build.outcome import RuleOutcome
from alp_pipeline.build.stage import BuildStore, Plan, StageRecord
from alp_pipeline.catalog.models import Catalog
from alp_pipeline.plan.deciding import Waiting, pending, take_decision
from alp_pipeline.plan.intake import intake_of, observations_asset

DATASET = "eurostat.trng_lfse_04"


@dataclass
class Folder:
    """An archive and a build of one dataset, without anything around them."""

    root: Path
    catalog: Catalog
    archive: Archive = field(init=False)
    day: int = 0

    def __post_init__(self) -> None:
        self.archive = Archive(self.root / "archive")

    @property
    def store(self) -> BuildStore:
        return BuildStore(self.root / "build", threads=1, memory_limit_mb=512)

    def add(self, content: bytes, *, day: int | None = None, **more: Any) -> Retrieval:
        """One document a month, as the source's file packed anew."""
        self.day = day or self.day + 1
        moment = f"2017-{self.day:02}-01T00:00:00Z"
        facts: dict[str, Any] = {
            "source_id": "eurostat",
            "dataset_code": "trng_lfse_04",
            "format": "tsv-2017",
            "licence": "x",
            "published_at": moment,
            "published_at_origin": "inventory",
            "seen_at": moment,
            "seen_at_origin": "request",
        }
        return self.archive.add(content, **(facts | more))

    def built(self) -> StageRecord:
        """The dataset's record after running its stages as they are now."""
        plan = Plan(intake_of(self.archive, self.catalog.datasets[DATASET]).stages)
        records = [self.store.run(plan, name) for name in plan.stages]
        return next(r for r in records if r.stage == observations_asset(self.catalog.datasets[DATASET]))

    def outcomes(self) -> dict[tuple[str, str], RuleOutcome]:
        """(document, rule) → outcome, over all stages."""
        plan = Plan(intake_of(self.archive, self.catalog.datasets[DATASET]).stages)
        records = [self.store.run(plan, name) for name in plan.stages]
        return {(o.subject, o.rule_id): o for record in records for o in record.outcomes}

    def standings(self) -> list[str]:
        found = self.built().facts["standing"]
        return [found[d.retrieval_id]["standing"] for d in self.archive.vintages(DATASET)]

    def decide(
        self, action: Action, document: Retrieval, rule_id: str | None = None, why: str = "asked"
    ) -> None:
        take_decision(
            self.catalog,
            self.archive,
            self.store,
            action,
            document.retrieval_id[:10],
            why=why,
            who="A. Rossi",
            rule_id=rule_id,
            at=datetime(2026, 1, 2, tzinfo=UTC),
        )

    def waiting(self) -> list[Waiting]:
        return pending(self.catalog, self.archive, self.store)
