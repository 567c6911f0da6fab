"""`alp archive …`: what is kept, taking documents in and out, checking that the bytes are still those."""

import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from alp_pipeline.cli.output import EXIT_NAMED_FAILURES, as_json_option, progress, say
from alp_pipeline.settings import load_settings

if TYPE_CHECKING:
    from alp_pipeline.archive.store import Archive

DOCUMENTS = click.Path(exists=True, path_type=Path)


@click.group()
def archive() -> None:
    """The archive: raw documents, kept for ever."""


def _open() -> "Archive":
    from alp_pipeline.archive.store import Archive

    return Archive(load_settings().archive_dir)


@archive.command("import")
@click.argument("path", type=DOCUMENTS)
@as_json_option
def import_(path: Path, as_json: bool) -> None:
    """Take in the documents that PATH/manifest.csv lists (PATH: a folder, or an exported .tar)."""
    from alp_pipeline.archive.transfer import import_path

    with progress("import", None, quiet=as_json or not sys.stderr.isatty()) as step:
        report = import_path(_open(), path, progress=lambda _done, _total, name: step(name))
    failures = [str(error) for error in report.failed]
    answer = {
        "added": [d.retrieval_id for d in report.added],
        "already_there": len(report.already_there),
        "decisions": [d.decision_id for d in report.decided],
        "failures": failures,
        "notes": report.notes,
    }
    say(answer, "\n".join([report.summary(), *failures, *report.notes]), as_json=as_json)
    sys.exit(EXIT_NAMED_FAILURES if failures else 0)


@archive.command("list")
@as_json_option
def list_(as_json: bool) -> None:
    """Every document with its times and its standing."""
    from alp_pipeline.archive.inventory import inventory
    from alp_pipeline.catalog.loader import load_catalog
    from alp_pipeline.observations.reader import READABLE_FORMATS

    catalogued = set(load_catalog(load_settings().site_catalog_dir).datasets)
    rows = inventory(_open(), catalogued=catalogued, readable_formats=READABLE_FORMATS)
    lines = [
        f"{row.dataset_id:34} {row.format:14} published {row.published_at or 'unknown':20} "
        f"seen {row.seen_at or 'unknown':20} {row.standing}"
        for row in rows
    ]
    say([asdict(row) for row in rows], "\n".join(lines) or "the archive is empty", as_json=as_json)


@archive.command("verify")
@as_json_option
def verify_(as_json: bool) -> None:
    """Read all bytes again and name every document that is no longer what was archived."""
    from alp_pipeline.archive.fixity import verify

    with progress("verify", None, quiet=as_json or not sys.stderr.isatty()) as step:
        findings = verify(_open(), progress=lambda _done, _total, name: step(name))
    text = "\n".join(str(finding) for finding in findings) or "every document is what was archived"
    say([str(finding) for finding in findings], text, as_json=as_json)
    sys.exit(EXIT_NAMED_FAILURES if findings else 0)


@archive.command("export")
@click.argument("target", type=click.Path(exists=False, path_type=Path))
@as_json_option
def export_(target: Path, as_json: bool) -> None:
    """Write all documents with their records to a new folder TARGET, which `import` reads."""
    from alp_pipeline.archive.transfer import export

    documents = export(_open(), target)
    answer = {"documents": documents, "folder": str(target)}
    say(answer, f"{documents} documents exported to {target}", as_json=as_json)


@archive.command("withdraw")
@click.argument("content_sha256")
@click.option("--reason", required=True, help="Why the law or its owner wants it gone.")
@click.option("--by", required=True, help="Who decided.")
@as_json_option
def withdraw_(content_sha256: str, reason: str, by: str, as_json: bool) -> None:
    """Erase a document lawfully: the bytes go, a tombstone with hash and reason stays."""
    from alp_pipeline.archive.erasure import withdraw

    stone = withdraw(_open(), content_sha256, reason=reason, by=by)
    text = (
        f"withdrawn: {stone.content_sha256} ({stone.reason}). The next refresh builds without it and says so "
        f"in ops_outcome; releases, build files and exports made before still hold what was read from it: "
        f"remove them by hand where the law asks for it."
    )
    say(asdict(stone), text, as_json=as_json)
