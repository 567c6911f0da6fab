"""The code location: what `workspace.yaml`, the schedule and the executors load.

Belongs here: assembling the definitions. Does not: anything that computes. Loading needs neither Great
Expectations nor a plotting or scientific library.
"""

from collections.abc import Mapping
from typing import Any

import dagster as dg

from alp_pipeline.catalog.loader import load_catalog
from alp_pipeline.orchestration.assets import build_assets
from alp_pipeline.orchestration.deciding import decide_job
from alp_pipeline.orchestration.declaring import RESOURCE
from alp_pipeline.orchestration.freshness import freshness_check
from alp_pipeline.orchestration.jobs import (
    REFRESH,
    freshness_job,
    freshness_schedule,
    refresh_job,
    refresh_schedule,
)
from alp_pipeline.orchestration.resource import WorkspaceResource
from alp_pipeline.settings import load_settings


def build_definitions(overrides: Mapping[str, Any] | None = None) -> dg.Definitions:
    """All definitions for the settings in force.

    Args:
        overrides: settings that win over environment and file, for tests and other entry points.
    """
    settings = load_settings(**(overrides or {}))
    data_dir = str(settings.data_dir) if overrides else ""
    catalog = load_catalog(settings.site_catalog_dir)
    return dg.Definitions(
        assets=build_assets(catalog, settings),
        asset_checks=[freshness_check(catalog)],
        jobs=[refresh_job(catalog), freshness_job(catalog), decide_job(overrides or {})],
        schedules=[refresh_schedule(settings, overrides or {}), freshness_schedule(settings)],
        resources={RESOURCE: WorkspaceResource(data_dir=data_dir)},
        # One process: the default executor pays seconds per step to import everything again.
        executor=dg.in_process_executor,
    )


@dg.definitions
def defs() -> dg.Definitions:
    """Loaded by workspace.yaml, without arguments."""
    return build_definitions()


def reconstructable_refresh() -> dg.JobDefinition:
    """The refresh job for `dg.reconstructable`: executors call it to build the job again."""
    return build_definitions().resolve_job_def(REFRESH)
