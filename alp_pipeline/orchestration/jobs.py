"""The refresh job and its schedule.

Belongs here: what is selected and when. Does not: how steps run (definitions), the no-change comparison
itself (publish.current_build).
"""

from typing import TYPE_CHECKING

import dagster as dg

from alp_pipeline.settings import Settings, load_settings

if TYPE_CHECKING:
    # Not among Dagster's public names, though its public function returns it.
    from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition

REFRESH = "refresh"


def refresh_job() -> "UnresolvedAssetJobDefinition":
    """The main job: everything, from archived documents to reports."""
    return dg.define_asset_job(
        REFRESH,
        selection=dg.AssetSelection.all(),
        description="From the archive to the published release and its reports. Steps whose fingerprint "
        "exists are reused.",
        tags={"alp/kind": "refresh"},
    )


def refresh_schedule(settings: Settings) -> dg.ScheduleDefinition:
    """The scheduled refresh; it launches nothing when nothing is new."""

    def evaluate(_: dg.ScheduleEvaluationContext) -> dg.RunRequest | dg.SkipReason:
        from alp_pipeline.publish import current_build
        from alp_pipeline.workspace import Workspace

        if current_build(Workspace(load_settings())) is not None:
            return dg.SkipReason("no change: the current release has every fingerprint")
        return dg.RunRequest()

    return dg.ScheduleDefinition(
        name="scheduled_refresh",
        job_name=REFRESH,
        cron_schedule=settings.schedule_cron,
        execution_timezone=settings.schedule_timezone,
        execution_fn=evaluate,
        default_status=dg.DefaultScheduleStatus.RUNNING,
        description="After Eurostat's two daily updates; cron and time zone come from the settings.",
    )
