"""From a finished build to what readers see: the release, PostgreSQL, the reports.

Belongs here: gathering the build's files into a release; telling when nothing of it needs doing. Does
not: how a release is laid out (warehouse.release), how a page looks (reports, quality.report,
warehouse.dictionary), the gate (plan.gate).
"""

import json
from dataclasses import dataclass
from pathlib import Path

from alp_pipeline import __version__
from alp_pipeline.build.fingerprint import code_hash, digest
from alp_pipeline.build.stage import Plan, StageRecord
from alp_pipeline.durable import write_text
from alp_pipeline.errors import AlpError
from alp_pipeline.plan import gate
from alp_pipeline.plan.assemble import table_files
from alp_pipeline.warehouse import release as releases
from alp_pipeline.warehouse.retention import collect
from alp_pipeline.workspace import Workspace

REPORT_CODE = ("catalog", "quality", "reports", "warehouse")


class BuildUnfinished(AlpError):
    """A release was asked for before the release gate let the build pass."""


@dataclass(frozen=True)
class Published:
    """A release as published, or found unchanged."""

    release_id: str
    database: Path
    content_fingerprint: str
    rows: dict[str, int]
    postgres: str
    unchanged: bool


@dataclass(frozen=True)
class Reports:
    """The pages made from a release."""

    folder: Path
    pages: tuple[Path, ...]
    fingerprint: str
    unchanged: bool


def is_current(workspace: Workspace) -> bool:
    """Whether the current release and its reports have every fingerprint of today's plan."""
    current = releases.current(workspace.settings.warehouse_dir)
    return (
        current is not None
        and current.manifest["plan_fingerprint"] == workspace.plan.fingerprint
        and _postgres_is_current(workspace, current.release_id)
        and _reports_are_current(workspace, current)
    )


def publish_release(workspace: Workspace) -> Published:
    """Publish the build that the gate let pass; nothing when the current release is that build.

    Raises:
        BuildUnfinished: the release gate has not passed under this plan.
    """
    settings, plan = workspace.settings, workspace.plan
    passed = workspace.store.record(plan, gate.NAME)
    if passed is None:
        raise BuildUnfinished(
            "the release gate has not let this build pass", where="release", todo="Run the refresh job."
        )
    current = releases.current(settings.warehouse_dir)
    unchanged = current is not None and current.manifest["plan_fingerprint"] == plan.fingerprint
    if current is None or not unchanged:
        files, manifest = _contents(workspace, plan, passed)
        current = releases.publish(
            settings.warehouse_dir,
            files,
            manifest=manifest,
            is_synthetic=workspace.is_synthetic,
            threads=settings.threads,
        )
    postgres = _publish_to_postgres(workspace, current)
    collect(settings, keep=settings.keep_releases, fingerprints=set(plan.fingerprints.values()))
    return Published(
        release_id=current.release_id,
        database=settings.warehouse_file,
        content_fingerprint=current.manifest["content_fingerprint"],
        rows={name: entry["rows"] for name, entry in current.manifest["tables"].items()},
        postgres=postgres,
        unchanged=unchanged,
    )
