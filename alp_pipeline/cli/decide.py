"""`alp decide …`: what a person says of a document, kept in the archive with who, when and why."""

import getpass
from collections.abc import Callable
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from alp_pipeline.cli.output import as_json_option, say
from alp_pipeline.settings import load_settings

if TYPE_CHECKING:
    from alp_pipeline.archive.decisions import Action
    from alp_pipeline.workspace import Workspace

Command = Callable[..., None]


@click.group()
def decide() -> None:
    """Decide on documents: accept a suspect one, refuse one, waive a rule. The next refresh goes by it."""


def _workspace() -> "Workspace":
    from alp_pipeline.workspace import Workspace

    return Workspace(load_settings())


def _user(_context: click.Context, _parameter: click.Parameter, given: str | None) -> str:
    if given is not None:
        return given
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError) as error:
        raise click.UsageError("the system has no name for this user: say --who") from error


def _reasoned(command: Command) -> Command:
    """The options that every decision has."""
    for option in (
        as_json_option,
        click.option(
            "--who", default=None, callback=_user, help="Who decides; the system's user by default."
        ),
        click.option("--why", required=True, help="Kept for ever: no personal data of others."),
    ):
        command = option(command)
    return command


def _take(action: "Action", retrieval: str, rule: str | None, why: str, who: str, as_json: bool) -> None:
    from alp_pipeline.plan.deciding import take_decision

    here = _workspace()
    taken = take_decision(
        here.catalog, here.archive, here.store, action, retrieval, why=why, who=who, rule_id=rule
    )
    about = f"{taken.dataset_id}: document {taken.retrieval_id}{f': {rule}' if rule else ''}"
    told = f"{about} {taken.said}\nIt counts from the next refresh on: alp refresh --offline"
    say({"decision_id": taken.decision_id, **taken.as_json()}, told, as_json=as_json)


@decide.command("accept")
@click.argument("retrieval")
@_reasoned
def accept_(retrieval: str, why: str, who: str, as_json: bool) -> None:
    """Let RETRIEVAL, held back only for its size, come into use (id, or its first six digits or more)."""
    _take("accept", retrieval, None, why, who, as_json)


@decide.command("refuse")
@click.argument("retrieval")
@_reasoned
def refuse_(retrieval: str, why: str, who: str, as_json: bool) -> None:
    """Keep RETRIEVAL out, whatever the rules say; its failed rules are reported no more."""
    _take("refuse", retrieval, None, why, who, as_json)


@decide.command("waive")
@click.argument("retrieval")
@click.argument("rule")
@_reasoned
def waive_(retrieval: str, rule: str, why: str, who: str, as_json: bool) -> None:
    """Let RETRIEVAL in although it fails RULE."""
    _take("waive", retrieval, rule, why, who, as_json)


@decide.command("withdraw")
@click.argument("retrieval")
@click.argument("rule", required=False)
@_reasoned
def withdraw_(retrieval: str, rule: str | None, why: str, who: str, as_json: bool) -> None:
    """Take back the decision on RETRIEVAL, or the waiver of its RULE: the rules decide again."""
    _take("withdraw", retrieval, rule, why, who, as_json)


@decide.command("list")
@as_json_option
def list_(as_json: bool) -> None:
    """Every decision, oldest first, and whether it holds."""
    from alp_pipeline.archive.decisions import in_force

    archive = _workspace().archive
    taken, holding = archive.decisions(), in_force(archive)
    rows: list[dict[str, Any]] = [
        {"decision_id": d.decision_id, **d.as_json(), "holds": d.decision_id in holding} for d in taken
    ]
    lines = [
        f"{'*' if row['holds'] else ' '} {d.dataset_id} {d.retrieval_id}"
        f"{f' {d.rule_id}' if d.rule_id else ''}: {d.said}"
        for row, d in zip(rows, taken, strict=True)
    ]
    say(rows, "\n".join(lines) or "nobody has decided anything yet", as_json=as_json)


@decide.command("pending")
@as_json_option
def pending_(as_json: bool) -> None:
    """Documents that are held back or kept out, each with the reason and the commands to type."""
    from alp_pipeline.plan.deciding import pending

    here = _workspace()
    waiting = pending(here.catalog, here.archive, here.store)
    lines = [
        line
        for w in waiting
        for line in (
            f"{' '.join(filter(None, (w.dataset_id, w.retrieval_id)))}: {w.standing}",
            f"    {w.reason}",
            *(f"    $ {command}" for command in w.commands),
        )
    ]
    text = "\n".join(lines) or "no document waits for a decision"
    say([asdict(w) for w in waiting], text, as_json=as_json)
