"""How `alp` speaks: exit codes, JSON for programs, text and progress for people.

Belongs here: printing. Does not: deciding what to say.
"""

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import click

EXIT_NAMED_FAILURES = 1
EXIT_USAGE = 2
EXIT_NOTHING_PUBLISHED = 3
EXIT_INTERNAL = 70

as_json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON, nothing else.")


def say(value: Any, text: str, *, as_json: bool) -> None:
    """Print one answer: `value` as JSON for a program, `text` for a person."""
    click.echo(json.dumps(value, ensure_ascii=False, indent=1, default=str) if as_json else text)


@contextmanager
def progress(title: str, total: int | None, *, quiet: bool) -> Iterator[Callable[[str], None]]:
    """A progress bar on standard error where a person watches; otherwise one line a step, or nothing."""
    if quiet:
        yield lambda _: None
    elif not sys.stderr.isatty():
        yield lambda step: click.echo(f"{title}: {step}", err=True)
    else:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
            task = bar.add_task(title, total=total)

            def step(what: str) -> None:
                bar.update(task, advance=1, description=f"{title}: {what}")

            yield step
