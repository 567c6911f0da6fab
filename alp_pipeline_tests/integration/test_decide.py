"""`alp decide` in a process of its own: what waits, what is refused, what a refresh makes of it."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from alp_pipeline_tests.integration.conftest import DataFolder

Published = tuple[DataFolder, int, dict[str, Any]]


def answer(folder: DataFolder, *arguments: str) -> Any:
    done = folder.alp("decide", *arguments, "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_a_decision_is_taken_by_the_beginning_of_an_id_and_listed(
    with_sample: Callable[[Path], DataFolder], tmp_path: Path
) -> None:
    folder = with_sample(tmp_path / "data")
    assert {waiting["standing"] for waiting in answer(folder, "pending")} == {"not judged yet"}
    listed = json.loads(folder.alp("archive", "list", "--json").stdout)
    document = next(d for d in listed if d["dataset_id"] == "eurostat.sbs_r_nuts06_r2")["retrieval_id"]
    taken = answer(folder, "accept", document[:8], "--why", "confirmed", "--who", "A. Rossi")
    assert (taken["action"], taken["retrieval_id"], taken["who"]) == ("accept", document, "A. Rossi")
    by_the_system = answer(folder, "refuse", document, "--why", "wrong after all")
    assert by_the_system["who"]
    assert [(d["action"], d["holds"]) for d in answer(folder, "list")] == [
        ("accept", False),
        ("refuse", True),
    ]
    text = folder.alp("decide", "list").stdout
    assert text.count("\n") == 2
    assert "accepted by A. Rossi on " in text


def test_what_cannot_be_decided_ends_with_the_exit_code_of_usage(
    with_sample: Callable[[Path], DataFolder], tmp_path: Path
) -> None:
    folder = with_sample(tmp_path / "data")
    document = json.loads(folder.alp("archive", "list", "--json").stdout)[0]["retrieval_id"]
    for arguments, said in (
        (("accept", "0" * 32, "--why", "x"), "DecisionRefused"),
        (("accept", document), "Missing option '--why'"),
        (("accept", document, "--why", " "), "DecisionInvalid"),
        (("waive", document, "no_such_rule", "--why", "x"), "DecisionRefused"),
        (("withdraw", document, "--why", "x"), "there is no decision to withdraw"),
    ):
        done = folder.alp("decide", *arguments)
        assert done.returncode == 2, arguments
        assert said in done.stderr
        assert "Traceback" not in done.stderr
    assert answer(folder, "list") == []


@pytest.mark.slow
def test_refusing_what_is_kept_out_settles_its_failures(published: Published, tmp_path: Path) -> None:
    source, code, first = published
    assert (code, bool(first["failures"])) == (1, True)
    folder = DataFolder(tmp_path / "data")
    shutil.copytree(
        source.path, folder.path, symlinks=True, ignore=shutil.ignore_patterns("dagster", "catalog")
    )
    waiting = answer(folder, "pending")
    assert {w["retrieval_id"] for w in waiting} == {f["subject"] for f in first["failures"]}
    unread = next(w for w in waiting if w["dataset_id"] == "eurostat.nama_10r_2gdp")
    assert unread["commands"] == [f"alp decide refuse {unread['retrieval_id']} --why …"]
    done = folder.alp("decide", "accept", unread["retrieval_id"], "--why", "x")
    assert done.returncode == 2
    assert "cannot be read" in done.stderr
    for document in waiting:
        answer(folder, "refuse", document["retrieval_id"], "--why", "cut off by the sender")
    assert answer(folder, "pending") == []
    code, again = folder.refresh()
    assert (code, again["outcome"], again["failures"]) == (0, "published", [])
    rows = folder.query(
        f"""SELECT standing, outcome, detail FROM dim_document d
            JOIN ops_outcome o ON o.document_id = d.document_id AND step = 'intake'
            WHERE d.document_id = '{unread["retrieval_id"]}'"""
    )
    assert [(row["standing"], row["outcome"]) for row in rows] == [("refused by decision", "refused")]
    assert "cut off by the sender" in rows[0]["detail"]
    page = (folder.path / "reports" / "current" / "validation.html").read_text(encoding="utf-8")
    assert "waived" in page
    assert "cut off by the sender" in page
