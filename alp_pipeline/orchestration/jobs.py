"""The jobs and their schedules.

Belongs here: what is selected and when. Does not: how steps run (definitions), asking the sources
(sources.pull), the no-change comparison itself (publish.current_build).
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import dagster as dg

from alp_pipeline.catalog.models import Catalog
from alp_pipeline.orchestration.declaring import asset_key
from alp_pipeline.orchestration.freshness import freshness_checks
from alp_pipeline.plan.assemble import raw_asset
from alp_pipeline.settings import Settings, load_settings

if TYPE_CHECKING:
    # Not among Dagster's public names, though its public function returns it.
    from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition

REFRESH = "refresh"
FRESHNESS = "freshness"


def refresh_job(catalog: Catalog) -> "UnresolvedAssetJobDefinition":
    """The main job: everything, from the sources to reports."""
    return dg.define_asset_job(
        REFRESH,
        selection=dg.AssetSelection.all() - freshness_checks(catalog),
        description="From the sources and the archive to the published release and its reports. Steps whose "
        "fingerprint exists are reused.",
        tags={"alp/kind": "refresh"},
    )


def refresh_schedule(settings: Settings, overrides: Mapping[str, Any]) -> dg.ScheduleDefinition:
    """The scheduled refresh: it reads the inventory and requests what changed and what depends on it."""

    def evaluate(context: dg.ScheduleEvaluationContext) -> dg.RunRequest | dg.SkipReason:
        from alp_pipeline.publish import current_build
        from alp_pipeline.workspace import Workspace

        with Workspace(load_settings(**overrides)) as workspace:
            wanted = workspace.ask_sources() if workspace.is_online else []
            is_current = current_build(workspace) is not None
        if not wanted and is_current:
            return dg.SkipReason("no change: nothing new upstream, the current release has every fingerprint")
        if not is_current:
            return dg.RunRequest()
        raw = dg.AssetSelection.assets(*(asset_key(raw_asset(dataset)) for dataset in wanted))
        graph = context.repository_def.asset_graph
        return dg.RunRequest(asset_selection=sorted(raw.downstream().resolve(graph)))

    return dg.ScheduleDefinition(
        name="scheduled_refresh",
        job_name=REFRESH,
        cron_schedule=settings.schedule_cron,
        execution_timezone=settings.schedule_timezone,
        execution_fn=evaluate,
        default_status=dg.DefaultScheduleStatus.RUNNING,
        description="After Eurostat's two daily updates; cron and time zone come from the settings.",
    )


def freshness_job(catalog: Catalog) -> "UnresolvedAssetJobDefinition":
    """Judges every dataset's age against its cadence; reads nothing but the archive and the release."""
    return dg.define_asset_job(
        FRESHNESS,
        selection=freshness_checks(catalog),
        description="Is what we have as new as its cadence lets one expect? On the data's own dates.",
    )


def freshness_schedule(settings: Settings) -> dg.ScheduleDefinition:
    """Daily, an hour after midnight in the schedule's time zone."""
    return dg.ScheduleDefinition(
        name="daily_freshness",
        job_name=FRESHNESS,
        cron_schedule="0 1 * * *",
        execution_timezone=settings.schedule_timezone,
        default_status=dg.DefaultScheduleStatus.RUNNING,
        description="Age of every dataset against its cadence.",
    )
