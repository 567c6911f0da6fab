"""The `raw/…` assets: one per dataset, fetched politely, with one pool per host.

Belongs here: pool, retry policy, what a fetch shows. Does not: asking and fetching (sources.pull).

A fetch that fails does not fail its step: what was archived stays in use and the refresh goes on (intake
gate); the check `source` is red. Only while tries are left does a passing failure fail the step, so that
Dagster's retry policy runs it again. The HTTP session's own retries bridge seconds, these minutes.
"""

import re

import dagster as dg

from alp_pipeline.build.fingerprint import digest
from alp_pipeline.catalog.models import Catalog, DatasetEntry
from alp_pipeline.orchestration.declaring import asset_key, declared_asset, workspace_of
from alp_pipeline.plan.assemble import AssetNode
from alp_pipeline.settings import Settings
from alp_pipeline.sources.connect import host_of
from alp_pipeline.sources.memory import Poll
from alp_pipeline.workspace import Workspace

CHECK = "source"
# The in-process executor takes ready steps by priority: the plan of a run is made after its last fetch.
_FIRST = {"dagster/priority": "10"}


class FetchFailed(Exception):
    """A fetch failed for a passing reason and is to be tried again."""


def pool_of(host: str) -> str:
    """The concurrency pool of a host; Dagster allows letters, digits, `_` and `/` only.

    >>> pool_of("ec.europa.eu")
    'host/ec_europa_eu'
    """
    return "host/" + re.sub(r"[^A-Za-z0-9]", "_", host)


def fetch_asset(
    node: AssetNode, dataset: DatasetEntry, catalog: Catalog, settings: Settings
) -> dg.AssetsDefinition:
    """The asset that brings the archive up to date with one dataset."""
    key = asset_key(node.name)
    retries = settings.fetch_retries

    def fetch(context: dg.AssetExecutionContext) -> dg.MaterializeResult:  # type: ignore[type-arg]
        workspace = workspace_of(context)
        poll: Poll | None = None
        if workspace.why_not_asked(dataset) is None:
            poll = workspace.sources.pull(dataset, again=context.retry_number > 0)
            _say(context, poll)
            if (
                poll.is_failure
                and poll.transient
                and poll.stage == "fetch"
                and context.retry_number < retries
            ):
                raise FetchFailed(poll.detail)
        return dg.MaterializeResult(
            metadata=_metadata(workspace, dataset, poll),
            check_results=[_check(key, workspace, dataset, poll)],
            data_version=dg.DataVersion(_documents(workspace, dataset)),
        )

    return declared_asset(
        fetch,
        node,
        [dg.AssetCheckSpec(CHECK, asset=key, description="The source was asked, and gave what is new.")],
        pool=pool_of(host_of(catalog.sources[dataset.source], settings)),
        retry_policy=dg.RetryPolicy(
            max_retries=retries,
            delay=settings.fetch_retry_seconds,
            backoff=dg.Backoff.EXPONENTIAL,
            jitter=dg.Jitter.PLUS_MINUS,
        ),
        op_tags=_FIRST,
    )


def _say(context: dg.AssetExecutionContext, poll: Poll) -> None:
    text = f"{poll.dataset_id}: {poll.outcome}" + (f": {poll.detail}" if poll.detail else "")
    (context.log.warning if poll.outcome in ("failed", "gone") else context.log.info)(text)


def _metadata(workspace: Workspace, dataset: DatasetEntry, poll: Poll | None) -> dict[str, str | int]:
    archive = workspace.archive
    vintages, undated = archive.vintages(dataset.id), archive.undated(dataset.id)
    newest = vintages[-1] if vintages else None
    upstream = poll.upstream if poll else None
    return {
        "outcome": poll.outcome if poll else f"not asked: {workspace.why_not_asked(dataset)}",
        "detail": poll.detail if poll else "",
        "newest upstream": (upstream.changed_at if upstream else None) or "unknown",
        "vintages": len(vintages),
        "undated documents": len(undated),
        "newest published_at": (newest.published_at if newest else None) or "unknown",
        "newest seen_at": (newest.seen_at if newest else None) or "unknown",
        "newest bytes": newest.size_bytes if newest else 0,
        "licence": dataset.licence,
        "citation": dataset.citation,
    }


def _check(
    key: dg.AssetKey, workspace: Workspace, dataset: DatasetEntry, poll: Poll | None
) -> dg.AssetCheckResult:
    failed = poll is not None and poll.outcome in ("failed", "gone")
    return dg.AssetCheckResult(
        asset_key=key,
        check_name=CHECK,
        passed=not failed,
        severity=dg.AssetCheckSeverity.WARN
        if poll is not None and poll.outcome == "gone"
        else dg.AssetCheckSeverity.ERROR,
        description=f"{poll.outcome}: {poll.detail}".rstrip(": ")
        if poll
        else f"not asked: {workspace.why_not_asked(dataset)}",
        metadata={"asked": poll is not None, "asked_at": poll.asked_at if poll else "never in this run"},
    )


def _documents(workspace: Workspace, dataset: DatasetEntry) -> str:
    documents = (*workspace.archive.vintages(dataset.id), *workspace.archive.undated(dataset.id))
    return digest("\n".join(document.retrieval_id for document in documents))[:32]
