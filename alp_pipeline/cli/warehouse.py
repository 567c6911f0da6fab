"""`alp query`, `alp release …`, `alp report`: reading what is published."""

import sys
from dataclasses import asdict
from pathlib import Path
from typing import Literal

import click

from alp_pipeline.cli.output import as_json_option, say
from alp_pipeline.settings import load_settings


# A statement may begin with a comment, which looks like an option.
@click.command(context_settings={"ignore_unknown_options": True})
@click.argument("sql")
@click.option("--csv", "as_csv", is_flag=True, help="Print CSV, nothing else.")
@click.option("--limit", type=click.IntRange(min=1), default=None, help="At most so many rows.")
@as_json_option
def query(sql: str, as_csv: bool, limit: int | None, as_json: bool) -> None:
    """Ask the current release: one read-only statement, e.g. "SELECT * FROM obs_current LIMIT 5"."""
    from alp_pipeline.warehouse.query import render, run_query

    style: Literal["table", "json", "csv"] = "json" if as_json else "csv" if as_csv else "table"
    render(run_query(load_settings().warehouse_file, sql, limit=limit), style, sys.stdout)


@click.group()
def release() -> None:
    """Releases: what readers see, now and before."""


@release.command("list")
@as_json_option
def list_(as_json: bool) -> None:
    """All releases on disk, oldest first."""
    from alp_pipeline.warehouse.release import releases

    found = releases(load_settings().warehouse_dir)
    rows = [
        {
            "release": r.release_id,
            "published_at": r.manifest["published_at"],
            "content": r.content_fingerprint,
            "current": r.is_current,
            "pinned": r.pinned_id == r.release_id,
            "synthetic": r.is_synthetic,
        }
        for r in found
    ]
    lines = [
        f"{'*' if row['current'] else ' '} {row['release']:24} {row['published_at']} "
        f"{str(row['content'])[:12]}{'  pinned' if row['pinned'] else ''}"
        for row in rows
    ]
    say(rows, "\n".join(lines) or "no release yet: alp refresh", as_json=as_json)


@release.command("diff")
@click.argument("before")
@click.argument("after")
@as_json_option
def diff_(before: str, after: str, as_json: bool) -> None:
    """What changed from release BEFORE to release AFTER, table by table."""
    from alp_pipeline.warehouse.release import find
    from alp_pipeline.warehouse.release_diff import diff

    folder = load_settings().warehouse_dir
    rows = [asdict(table) for table in diff(find(folder, before), find(folder, after))]
    lines = [
        f"{row['table']:26} "
        + ("equal" if row["is_equal"] else f"+{row['added']} -{row['removed']} ~{row['changed']}")
        for row in rows
    ]
    say(rows, "\n".join(lines), as_json=as_json)


@release.command("rollback")
@click.argument("release_id")
@as_json_option
def rollback_(release_id: str, as_json: bool) -> None:
    """Show readers RELEASE_ID again, until `alp release unpin`."""
    from alp_pipeline.publish import roll_back

    shown = roll_back(load_settings(), release_id).release_id
    answer = {"release": shown, "pinned": True}
    say(answer, f"readers see {shown} until: alp release unpin", as_json=as_json)


@release.command("unpin")
@as_json_option
def unpin_(as_json: bool) -> None:
    """Let readers see the newest release again."""
    from alp_pipeline.publish import unpin

    shown = unpin(load_settings())
    answer = {"release": shown.release_id if shown else None, "pinned": False}
    say(answer, f"readers see {shown.release_id}" if shown else "there is no release", as_json=as_json)


class _RegionByDefault(click.Group):
    """A group in which what names no command is a region: `alp report ITC4` is `alp report region ITC4`."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and self.get_command(ctx, args[0]) is None:
            args = ["region", *args]
        return super().resolve_command(ctx, args)


_release_option = click.option(
    "--release", "release_id", default=None, help="Of this release; the current one when left out."
)
_output_option = click.option(
    "-o", "--output", type=click.Path(path_type=Path), default=None, help="The HTML file to write."
)


# Options of the default command may come first: they are its own, not the group's.
@click.group(cls=_RegionByDefault, context_settings={"ignore_unknown_options": True})
def report() -> None:
    """Write one report: of a region (alp report ITC4) or an index (alp report index cluster_conditions)."""


@report.command("region")
@click.argument("region")
@_release_option
@_output_option
@as_json_option
def region_(region: str, release_id: str | None, output: Path | None, as_json: bool) -> None:
    """Write the report of REGION, e.g. ITC4."""
    from alp_pipeline.catalog.loader import load_catalog
    from alp_pipeline.reports.build import build_region_report

    source = _database(release_id)
    recipes = load_catalog(load_settings().site_catalog_dir).recipes
    page = build_region_report(source, region, output or Path(f"{region}.html"), recipes=recipes)
    answer = {"region": region, "release": source.resolve().parent.name, "file": str(page)}
    say(answer, str(page), as_json=as_json)


@report.command("index")
@click.argument("recipe")
@_release_option
@_output_option
@as_json_option
def index_(recipe: str, release_id: str | None, output: Path | None, as_json: bool) -> None:
    """Write the audit report of the index RECIPE, computed or refused, e.g. cluster_conditions."""
    from alp_pipeline.catalog.loader import load_catalog
    from alp_pipeline.reports.build import build_index_report

    source = _database(release_id)
    recipes = load_catalog(load_settings().site_catalog_dir).recipes
    page = build_index_report(source, recipe, output or Path(f"{recipe}.html"), recipes=recipes)
    answer = {"index": recipe, "release": source.resolve().parent.name, "file": str(page)}
    say(answer, str(page), as_json=as_json)


def _database(release_id: str | None) -> Path:
    """The DuckDB file of a release, of the current one when None."""
    from alp_pipeline.warehouse.release import find

    settings = load_settings()
    return find(settings.warehouse_dir, release_id).database if release_id else settings.warehouse_file
