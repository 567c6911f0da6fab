"""`alp refresh` and `alp ui`."""

import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from alp_pipeline.cli.output import (
    EXIT_INTERNAL,
    EXIT_NAMED_FAILURES,
    EXIT_NOTHING_PUBLISHED,
    as_json_option,
    progress,
    say,
)
from alp_pipeline.durable import is_disk_full
from alp_pipeline.errors import AlpError
from alp_pipeline.settings import load_settings

if TYPE_CHECKING:
    import dagster as dg

    from alp_pipeline.settings import Settings
    from alp_pipeline.workspace import Workspace


@click.command()
@click.option(
    "--offline",
    is_flag=True,
    help="Ask no source: use the archive alone.",
)
@click.option("--only", multiple=True, metavar="PATTERN", help="Only these assets and what depends on them.")
@as_json_option
def refresh(offline: bool, only: Sequence[str], as_json: bool) -> None:
    """Bring archive, release and reports up to date with sources, catalogue and code."""
    from alp_pipeline.lock import RefreshUnderWay, refresh_lock
    from alp_pipeline.warehouse.retention import NotEnoughSpace
    from alp_pipeline.workspace import Workspace

    settings = load_settings()
    try:
        with (
            refresh_lock(settings.data_dir, purpose="alp refresh"),
            Workspace(settings, offline=offline) as workspace,
        ):
            workspace.clear_leftovers()
            sys.exit(_refresh(workspace, only, as_json))
    except (RefreshUnderWay, NotEnoughSpace) as error:
        say({"outcome": "refused", "detail": str(error)}, str(error), as_json=as_json)
        sys.exit(EXIT_NOTHING_PUBLISHED)
    except Exception as error:
        if not is_disk_full(error, settings.data_dir):
            raise
        text = str(_disk_full(settings))
        say({"outcome": "refused", "detail": text}, text, as_json=as_json)
        sys.exit(EXIT_NOTHING_PUBLISHED)


def _disk_full(settings: "Settings") -> AlpError:
    from alp_pipeline.warehouse.retention import NotEnoughSpace

    return NotEnoughSpace(
        "the disk became full. What was being written is gone, what was whole stays; readers keep the "
        "release they have",
        where=str(settings.data_dir),
        todo="Make room, then run alp refresh again: it goes on with what is archived and built already.",
    )


def _refresh(workspace: "Workspace", only: Sequence[str], as_json: bool) -> int:
    from alp_pipeline.publish import current_build

    if not workspace.offline and workspace.is_synthetic and not as_json:
        click.echo("This data folder is synthetic: no source is asked.", err=True)
    if only:
        from alp_pipeline.plan.assemble import asset_names, selected

        selected(only, asset_names(workspace.catalog))
    wanted = []
    if workspace.is_online:
        with progress("asking", None, quiet=as_json) as step:
            wanted = workspace.ask_sources(step)
    newest = None if wanted else current_build(workspace)
    if newest is not None:
        text = f"no change: release {newest.release_id} has every fingerprint; no run was launched"
        if newest.pinned_id:
            text += f"\nreaders see {newest.pinned_id} until: alp release unpin"
        failures = _of_sources(workspace)
        gone = _gone(workspace)
        answer = {
            "outcome": "no change",
            "release": newest.release_id,
            "failures": failures,
            "discontinued": sorted(gone),
        }
        say(answer, text + _listed(failures) + "".join(gone.values()), as_json=as_json)
        return EXIT_NAMED_FAILURES if failures else 0
    workspace.require_space()
    from alp_pipeline.orchestration.launch import run_refresh
    from alp_pipeline.plan.assemble import lineage

    total = len(lineage(workspace.catalog)) + 2
    with progress("refresh", total, quiet=as_json) as step:
        result = run_refresh(workspace.settings, only, step, offline=workspace.offline)
    with type(workspace)(workspace.settings, offline=workspace.offline) as after:
        return _report(after, result, as_json)


def _of_sources(workspace: "Workspace") -> list[dict[str, str]]:
    """What the sources failed to give, in the form of a failed rule; it stands until a fetch succeeds."""
    if workspace.is_synthetic:
        return []
    return [
        {"scope": dataset, "subject": "", "rule": "source", "outcome": "failed", "detail": poll["detail"]}
        for dataset, poll in workspace.polls().items()
        if poll["outcome"] == "failed"
    ]


def _gone(workspace: "Workspace") -> dict[str, str]:
    """Tables that we have and that their source offers no more: dataset → a line to print."""
    if workspace.is_synthetic:
        return {}
    return {
        dataset: f"\n{dataset}: {poll['detail']}"
        for dataset, poll in workspace.polls().items()
        if poll["outcome"] == "discontinued"
    }


def _listed(failures: Sequence[dict[str, str]]) -> str:
    """Failures for a person, those with one reason together."""
    if not failures:
        return ""
    reasons: dict[tuple[str, str], list[str]] = {}
    for f in failures:
        who = f"{f['scope']} {f['subject']}".strip()
        reasons.setdefault((f["rule"], f["detail"] or f["outcome"]), []).append(who)
    lines = [f"- {', '.join(who)}: {rule}: {detail}" for (rule, detail), who in reasons.items()]
    return f"\ndone with {len(failures)} named failure{'s' * (len(failures) != 1)}:\n" + "\n".join(lines)


def _report(workspace: "Workspace", result: "dg.JobExecutionResult", as_json: bool) -> int:
    from alp_pipeline.warehouse import release as releases

    failures = _of_sources(workspace) + [
        {"scope": o.scope, "subject": o.subject, "rule": o.rule_id, "outcome": o.outcome, "detail": o.detail}
        for record in workspace.records().values()
        for o in record.outcomes
        if o.is_failure and o.severity == "critical"
    ]
    current = releases.current(workspace.settings.warehouse_dir)
    answer: dict[str, Any] = {
        "outcome": "published",
        "run": result.run_id,
        "release": current.release_id if current else None,
        "failures": failures,
        "discontinued": sorted(_gone(workspace)),
    }
    if result.success:
        paths = workspace.settings
        text = (
            f"published {answer['release']}: {paths.warehouse_file}\nreports: {paths.reports_dir / 'current'}"
        )
        text += _listed(failures) + "".join(_gone(workspace).values())
        say(answer, text, as_json=as_json)
        return EXIT_NAMED_FAILURES if failures else 0
    failed = result.get_step_failure_events()
    errors = [event.step_failure_data.error_display_string for event in failed]
    if any(is_disk_full(text, workspace.settings.data_dir) for text in errors):
        text = str(_disk_full(workspace.settings))
        say(answer | {"outcome": "failed", "errors": [text]}, text, as_json=as_json)
        return EXIT_NOTHING_PUBLISHED
    refused = any("GateRefused" in text for text in errors)
    if refused:
        # The refusal says what, where and what to do; the way through Dagster's code adds nothing.
        errors = [text.partition("\n\nStack Trace")[0].partition("GateRefused: ")[2] for text in errors]
    answer |= {"outcome": "refused by the release gate" if refused else "failed", "errors": errors}
    kept = f"release {answer['release']} stays in use" if current else "nothing is published yet"
    say(answer, f"{answer['outcome']}; {kept}\n" + "\n".join(errors), as_json=as_json)
    return EXIT_NOTHING_PUBLISHED if refused else EXIT_INTERNAL


@click.command()
@click.option("--port", type=int, default=None, help="Port on 127.0.0.1; the setting ui_port when left out.")
def ui(port: int | None) -> None:
    """Serve Dagster (webserver and daemon) on this data folder, on 127.0.0.1."""
    from alp_pipeline.orchestration.launch import committed_file, prepare_home

    settings = load_settings()
    home = prepare_home(settings)
    environment = os.environ | {"DAGSTER_HOME": str(home), "ALP_DATA_DIR": str(settings.data_dir)}
    command = [
        sys.executable,
        "-m",
        "dagster",
        "dev",
        "-w",
        str(committed_file("workspace.yaml")),
        "-h",
        "127.0.0.1",
    ]
    command += ["-p", str(port or settings.ui_port)]
    os.execve(sys.executable, command, environment)  # noqa: S606 - our own interpreter, no shell
