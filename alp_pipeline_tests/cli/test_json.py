"""Every command answers a program in JSON, and says the same as to a person."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner

from alp_pipeline.archive.store import Archive
from alp_pipeline.cli import alp
from alp_pipeline_tests.reports.releases import small_release, write_release
from alp_pipeline_tests.warehouse.tiny_build import publish_tiny, with_values

SERVERS = {"alp ui"}
"""They answer in a browser."""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data folder of its own."""
    monkeypatch.setenv("ALP_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("ALP_CONFIG", str(tmp_path / "none.toml"))
    monkeypatch.delenv("ALP_WAREHOUSE_URL", raising=False)
    return tmp_path / "data"


def answer(*arguments: object) -> Any:
    """What a command prints with --json, which is JSON and nothing else."""
    done = CliRunner().invoke(alp, [*map(str, arguments), "--json"], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


def text(*arguments: object) -> str:
    done = CliRunner().invoke(alp, [*map(str, arguments)], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.stdout.strip()


def commands(group: click.Command, name: str) -> Iterator[tuple[str, click.Command]]:
    """Everything that can be run."""
    if not isinstance(group, click.Group) or group.invoke_without_command:
        yield name, group
    if isinstance(group, click.Group):
        for own, command in group.commands.items():
            yield from commands(command, f"{name} {own}")


def test_every_command_takes_json() -> None:
    without = {
        name
        for name, command in commands(alp, "alp")
        if not any("--json" in option.opts for option in command.params)
    }
    assert without == SERVERS


@pytest.fixture
def releases(folder: Path) -> list[str]:
    """Two releases."""
    changed = with_values({"A.ITC4.C13.V16110": 42.0})
    day = datetime(2026, 5, 13, 10, tzinfo=UTC)
    return [
        publish_tiny(folder, changes, now=day, plan=plan).release_id
        for plan, changes in (("1", None), ("2", changed))
    ]


def test_rollback_and_unpin_say_which_release_readers_see(releases: list[str]) -> None:
    first, second = releases
    assert answer("release", "rollback", first) == {"release": first, "pinned": True}
    assert answer("release", "unpin") == {"release": second, "pinned": False}
    assert text("release", "rollback", first) == f"readers see {first} until: alp release unpin"
    assert text("release", "unpin") == f"readers see {second}"


def test_unpin_without_a_release_says_that_there_is_none(folder: Path) -> None:
    assert answer("release", "unpin") == {"release": None, "pinned": False}
    assert text("release", "unpin") == "there is no release"


def test_report_says_region_release_and_file(folder: Path, tmp_path: Path) -> None:
    file = write_release(folder / "warehouse/releases/20260513-001/alp.duckdb", small_release())
    (folder / "warehouse/alp.duckdb").symlink_to(file)
    page = tmp_path / "page.html"
    assert answer("report", "ITC4", "-o", page) == {
        "region": "ITC4",
        "release": "20260513-001",
        "file": str(page),
    }
    assert "Lombardia" in page.read_text(encoding="utf-8")
    assert text("report", "ITC4", "-o", page) == str(page)


def archived(folder: Path, content: str) -> str:
    """The hash of a document in the archive."""
    path = folder / "document.tsv"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content, encoding="utf-8")
    kept = Archive(folder / "archive").add(
        path, source_id="eurostat", dataset_code="tgs00001", format="tsv", licence="Eurostat reuse"
    )
    return kept.content_sha256


def test_export_says_how_many_documents_went_where(folder: Path, tmp_path: Path) -> None:
    archived(folder, "geo\\time\t2020\nAT\t1\n")
    assert answer("archive", "export", tmp_path / "a") == {"documents": 1, "folder": str(tmp_path / "a")}
    assert (tmp_path / "a/manifest.csv").is_file()
    assert text("archive", "export", tmp_path / "b") == f"1 documents exported to {tmp_path / 'b'}"


def test_withdraw_says_what_the_tombstone_says(folder: Path) -> None:
    first, second = archived(folder, "geo\\time\t2020\nAT\t1\n"), archived(folder, "geo\\time\t2020\nAT\t2\n")
    given = ("--reason", "consent revoked", "--by", "A. Rossi")
    stone = answer("archive", "withdraw", first, *given)
    assert (stone["content_sha256"], stone["reason"], stone["by"]) == (first, "consent revoked", "A. Rossi")
    assert [one["dataset_code"] for one in stone["documents"]] == ["tgs00001"]
    assert text("archive", "withdraw", second, *given).startswith(f"withdrawn: {second} (consent revoked).")
