"""`alp sources`: what is new upstream, how old what we have is, and looking at tables not yet verified."""

import sys
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime

import click

from alp_pipeline.cli.output import EXIT_NAMED_FAILURES, as_json_option, progress, say
from alp_pipeline.errors import AlpError
from alp_pipeline.settings import load_settings


class UnknownDataset(AlpError):
    """A dataset id that no entry has."""


@click.group(invoke_without_command=True)
@click.option("--offline", is_flag=True, help="Ask nobody; show what the last polls said.")
@as_json_option
@click.pass_context
def sources(context: click.Context, offline: bool, as_json: bool) -> None:
    """Each dataset: newest upstream, newest archived, age against its cadence, last outcome, next poll."""
    if context.invoked_subcommand is not None:
        return
    from alp_pipeline.lock import RefreshUnderWay, refresh_lock
    from alp_pipeline.standing import as_table, standings
    from alp_pipeline.workspace import Workspace

    settings = load_settings()
    with Workspace(settings, offline=offline) as workspace:
        try:
            if workspace.is_online:
                with (
                    refresh_lock(settings.data_dir, purpose="alp sources"),
                    progress("asking", None, quiet=as_json) as step,
                ):
                    workspace.ask_sources(step)
        except RefreshUnderWay as error:
            click.echo(f"{error} Shown is what the last polls said.", err=True)
        found = standings(workspace, datetime.now(UTC))
    failed = [row for row in found if row.last_outcome.startswith("failed")]
    text = as_table(found)
    for detail in dict.fromkeys(row.last_detail for row in failed):
        text += f"\nfailed: {detail}"
    say([row.as_json() for row in found], text, as_json=as_json)
    sys.exit(EXIT_NAMED_FAILURES if failed and not offline else 0)


@sources.command()
@click.argument("dataset", nargs=-1)
@as_json_option
def verify(dataset: Sequence[str], as_json: bool) -> None:
    """Hold entries against the live service: structure, codes, latest period. Unverified ones, or DATASET.

    Prints the entry and the file to put it into. Exit code 0 only where all of them agree.
    """
    from alp_pipeline.sources.verifying import as_text
    from alp_pipeline.sources.verifying import verify as compare
    from alp_pipeline.workspace import Workspace

    with Workspace(load_settings()) as workspace:
        catalog, site = workspace.catalog, workspace.settings.site_catalog_dir
        entries = catalog.datasets
        unknown = [name for name in dataset if name not in entries]
        if unknown:
            raise UnknownDataset(
                "no entry has this id", where=", ".join(unknown), todo="alp sources lists them."
            )
        asked = [entries[name] for name in dataset] or [e for e in entries.values() if not e.verified]
        found, failures = [], []
        with progress("looking at", len(asked), quiet=as_json) as step:
            for entry in asked:
                step(entry.id)
                try:
                    live = workspace.sources.describe(entry)
                    found.append(compare(entry, live, catalog.indicators_of(entry.id)))
                except AlpError as error:
                    failures.append({"dataset": entry.id, "detail": str(error)})
    text = "\n\n".join(
        filter(None, (as_text(found, site), "\n".join(f"{f['dataset']}: {f['detail']}" for f in failures)))
    )
    tables = [asdict(v) | {"file": v.file(site)} for v in found]
    say({"tables": tables, "failures": failures}, text, as_json=as_json)
    sys.exit(EXIT_NAMED_FAILURES if failures or not all(v.agrees for v in found) else 0)
