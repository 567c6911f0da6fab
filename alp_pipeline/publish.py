"""From a finished build to what readers see: the release, PostgreSQL, the reports.

Belongs here: gathering the build's files into a release; telling when nothing of it needs doing. Does
not: how a release is made (warehouse.publishing) and found (warehouse.release), how a page looks (reports,
quality.report, warehouse.dictionary), the gate (plan.gate).
"""

import json
from dataclasses import dataclass
from pathlib import Path

from alp_pipeline import __version__
from alp_pipeline.build.fingerprint import code_hash, digest
from alp_pipeline.durable import point_to, write_text
from alp_pipeline.errors import AlpError
from alp_pipeline.plan import gate
from alp_pipeline.plan.assemble import table_files
from alp_pipeline.settings import Settings
from alp_pipeline.warehouse import publishing
from alp_pipeline.warehouse import release as releases
from alp_pipeline.warehouse.query import open_read_only
from alp_pipeline.warehouse.retention import collect
from alp_pipeline.workspace import Workspace

REPORT_CODE = ("catalog", "quality", "reports", "warehouse")
_MADE_BY = "made_by.json"


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


def current_build(workspace: Workspace) -> releases.Release | None:
    """The newest release, if it and its reports have every fingerprint of today's plan; None otherwise."""
    newest = _newest(workspace)
    done = (
        newest is not None
        and _holds_plan(workspace, newest)
        and _in_postgres(workspace, newest)
        and _reports(workspace, newest).unchanged
    )
    return newest if done else None


def _holds_plan(workspace: Workspace, release: releases.Release) -> bool:
    """Whether a release is today's plan, and readers see it (or a pin says that they shall not)."""
    shown = release.is_current or release.pinned_id is not None
    return shown and release.manifest["plan_fingerprint"] == workspace.plan.fingerprint


def publish_release(workspace: Workspace) -> Published:
    """Publish the build that the gate let pass; nothing when the newest release is that build.

    Raises:
        BuildUnfinished: the release gate has not passed under this plan.
    """
    settings, plan = workspace.settings, workspace.plan
    passed = workspace.store.record(plan, gate.NAME)
    if passed is None:
        raise BuildUnfinished(
            "the release gate has not let this build pass", where="release", todo="Run the refresh job."
        )
    newest = _newest(workspace)
    unchanged = newest is not None and _holds_plan(workspace, newest)
    if newest is None or not unchanged:
        files, manifest = _contents(workspace)
        newest = publishing.publish(
            settings.warehouse_dir,
            files,
            manifest=manifest,
            is_synthetic=workspace.is_synthetic,
            threads=settings.threads,
        )
    postgres = _publish_to_postgres(workspace, newest)
    collect(
        settings.warehouse_dir,
        settings.build_dir,
        keep=settings.keep_releases,
        fingerprints=set(plan.fingerprints.values()),
    )
    return Published(
        release_id=newest.release_id,
        database=settings.warehouse_file,
        content_fingerprint=newest.content_fingerprint,
        rows={name: entry["rows"] for name, entry in newest.manifest["tables"].items()},
        postgres=postgres,
        unchanged=unchanged,
    )


def _newest(workspace: Workspace) -> releases.Release | None:
    """The newest release, which a rollback's pin does not hide."""
    standing = releases.releases(workspace.settings.warehouse_dir)
    return standing[-1] if standing else None


def _contents(workspace: Workspace) -> tuple[dict[str, Path], dict[str, object]]:
    """The build's files and what the manifest says of them."""
    plan, store = workspace.plan, workspace.store
    stages = table_files(plan)
    records = workspace.records()
    files = {table: store.file(table, plan.fingerprints[stage]) for table, stage in stages.items()}
    manifest: dict[str, object] = {
        "plan_fingerprint": plan.fingerprint,
        "code_version": __version__,
        "code_hash": code_hash(("",)),
        "catalogue_version": workspace.catalog.content_hash,
        "document_ids": sorted(d.retrieval_id for d in workspace.archive.retrievals()),
        "content": {table: records[stage].content[table] for table, stage in stages.items()},
    }
    return files, manifest


def _postgres_url(workspace: Workspace) -> str | None:
    secret = workspace.settings.warehouse_url
    return secret.get_secret_value() if secret else None


def _in_postgres(workspace: Workspace, release: releases.Release) -> bool:
    url = _postgres_url(workspace)
    if url is None:
        return True
    from alp_pipeline.warehouse import postgres

    return postgres.is_published(url, release)


def _publish_to_postgres(workspace: Workspace, release: releases.Release) -> str:
    url = _postgres_url(workspace)
    if url is None:
        return "not configured"
    from alp_pipeline.warehouse import postgres

    issued = [r.release_id for r in releases.releases(workspace.settings.warehouse_dir) if r.is_issued]
    postgres.publish(url, release, keep=workspace.settings.keep_releases, issued=issued)
    return "published"


def publish_reports(workspace: Workspace) -> Reports:
    """Make the pages of the newest release; nothing when they are there, made by this code.

    Raises:
        BuildUnfinished: there is no release.
    """
    newest = _newest(workspace)
    if newest is None:
        raise BuildUnfinished("there is no release to report on", where="reports", todo="Run alp refresh.")
    wanted = _reports(workspace, newest)
    if wanted.unchanged:
        return wanted
    from alp_pipeline.quality.report import write_validation_report
    from alp_pipeline.reports.build import build_index_reports, build_region_reports
    from alp_pipeline.warehouse import dictionary

    wanted.folder.mkdir(parents=True, exist_ok=True)
    recipes = workspace.catalog.recipes
    build_region_reports(newest.database, wanted.folder / "regions", recipes=recipes)
    build_index_reports(newest.database, wanted.folder / "indices", recipes=recipes)
    with open_read_only(newest.database) as connection:
        write_validation_report(connection, wanted.folder / "validation.html", release_id=newest.release_id)
    dictionary.write(wanted.folder / "dictionary.html", newest)
    # Written last: the folder's pages are complete exactly when this says which code made them.
    made = _pages(wanted.folder, wanted.fingerprint, unchanged=False)
    pages = [page.relative_to(wanted.folder).as_posix() for page in made.pages]
    write_text(wanted.folder / _MADE_BY, json.dumps({"fingerprint": wanted.fingerprint, "pages": pages}))
    _point_reports(workspace.settings)
    return made


def _point_reports(settings: Settings) -> None:
    """Let `reports/current` be the pages of the release that readers see, once they are made."""
    shown = releases.current(settings.warehouse_dir)
    if shown is not None and (settings.reports_dir / shown.release_id / _MADE_BY).is_file():
        point_to(settings.reports_dir / "current", shown.release_id)


def _reports(workspace: Workspace, release: releases.Release) -> Reports:
    """The reports that this code makes of a release: where, and whether they are there."""
    folder = workspace.settings.reports_dir / release.release_id
    fingerprint = digest([release.release_id, release.content_fingerprint, code_hash(REPORT_CODE)])
    try:
        made_by = json.loads((folder / _MADE_BY).read_text(encoding="utf-8"))
        whole = all((folder / page).is_file() for page in made_by["pages"])
        done = whole and made_by["fingerprint"] == fingerprint
    except (OSError, ValueError, KeyError):
        done = False
    return _pages(folder, fingerprint, unchanged=done)


def _pages(folder: Path, fingerprint: str, *, unchanged: bool) -> Reports:
    return Reports(folder, tuple(sorted(folder.rglob("*.html"))), fingerprint, unchanged)


def roll_back(settings: Settings, release_id: str) -> releases.Release:
    """Show readers an earlier release, on both engines, until `unpin`.

    PostgreSQL first: it may have dropped the release, and then nothing is to change here either.
    """
    _point_postgres(settings, releases.find(settings.warehouse_dir, release_id))
    shown = releases.rollback(settings.warehouse_dir, release_id)
    _point_reports(settings)
    return shown


def unpin(settings: Settings) -> releases.Release | None:
    """Show readers the newest release again, on both engines."""
    shown = releases.unpin(settings.warehouse_dir)
    if shown is not None:
        _point_postgres(settings, shown)
        _point_reports(settings)
    return shown


def _point_postgres(settings: Settings, release: releases.Release) -> None:
    if settings.warehouse_url is not None:
        from alp_pipeline.warehouse import postgres

        postgres.point_to(settings.warehouse_url.get_secret_value(), release.release_id)
