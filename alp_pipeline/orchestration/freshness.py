"""The daily freshness check: one result per dataset, judged on the data's own dates.

Belongs here: the check's declaration and its results. Does not: the judgement (sources.age). Dagster's own
FreshnessPolicy judges the last materialisation: refreshes that change nothing would turn every annual
dataset red.
"""

from collections.abc import Iterator
from datetime import UTC, datetime

import dagster as dg

from alp_pipeline.catalog.models import Catalog, DatasetEntry
from alp_pipeline.orchestration.declaring import RESOURCE, asset_key, workspace_of
from alp_pipeline.plan.assemble import raw_asset
from alp_pipeline.sources.age import Age

CHECK = "freshness"
NAME = "freshness_by_cadence"


def judged_datasets(catalog: Catalog) -> list[DatasetEntry]:
    """The datasets whose age is judged: verified ones that can be fetched, and imported ones."""
    return [d for d in catalog.datasets.values() if d.is_scheduled or d.access.family == "import"]


def freshness_checks(catalog: Catalog) -> dg.AssetSelection:
    """The checks, for jobs."""
    keys = (asset_key(raw_asset(dataset)) for dataset in judged_datasets(catalog))
    return dg.AssetSelection.checks(*(dg.AssetCheckKey(key, CHECK) for key in keys))


def freshness_check(catalog: Catalog) -> dg.AssetChecksDefinition:
    """One check over all these datasets."""
    judged = judged_datasets(catalog)
    specs = [
        dg.AssetCheckSpec(
            CHECK,
            asset=asset_key(raw_asset(dataset)),
            description="The newest vintage and its newest period are as new as the cadence lets one expect.",
        )
        for dataset in judged
    ]

    @dg.multi_asset_check(name=NAME, specs=specs, required_resource_keys={RESOURCE}, can_subset=True)
    def freshness_by_cadence(context: dg.AssetCheckExecutionContext) -> Iterator[dg.AssetCheckResult]:
        ages = workspace_of(context).ages(datetime.now(UTC))
        wanted = {key.asset_key for key in context.selected_asset_check_keys}
        for dataset in judged:
            if asset_key(raw_asset(dataset)) in wanted:
                yield _result(dataset, ages[dataset.id])

    return freshness_by_cadence


def _result(dataset: DatasetEntry, age: Age) -> dg.AssetCheckResult:
    return dg.AssetCheckResult(
        asset_key=asset_key(raw_asset(dataset)),
        check_name=CHECK,
        passed=age.state in ("fresh", "ended", "unknown"),
        severity=dg.AssetCheckSeverity.WARN,
        description=f"{age.state}: {age.detail}",
        metadata={
            "state": age.state,
            "cadence": str(dataset.cadence),
            "days since the publisher's time": "unknown" if age.days is None else age.days,
        },
    )
