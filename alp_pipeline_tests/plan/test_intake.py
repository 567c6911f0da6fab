"""Suspects are held back, decisions honoured, and the archive alone gives the same again."""

import gzip
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from alp_pipeline.archive.decisions import DecisionRefused
from alp_pipeline.archive.retrieval import Extent
from alp_pipeline.archive.store import Archive
from alp_pipeline_tests.plan.one_dataset import DATASET, Folder


@pytest.fixture(scope="session")
def real(realdata: Path) -> Callable[[float], bytes]:
    """The real table, with the given share of its series."""

    def cut(share: float) -> bytes:
        lines = gzip.decompress((realdata / "eurostat/bulk2017/trng_lfse_04.tsv.gz").read_bytes()).splitlines(
            True
        )
        return gzip.compress(b"".join(lines[: 1 + int(share * (len(lines) - 1))]), mtime=0)

    return cut


def emptied(content: bytes) -> bytes:
    """The same frame of cells, all of them not available."""
    head, *lines = gzip.decompress(content).splitlines()
    columns = head.count(b"\t")
    rows = [line.split(b"\t")[0] + b"\t: " * columns for line in lines]
    return gzip.compress(b"\n".join([head, *rows]) + b"\n", mtime=0)


def test_a_suspect_is_held_back_accepted_and_refused_and_a_replay_says_the_same(
    folder: Folder, real: Callable[[float], bytes]
) -> None:
    whole, cut = folder.add(real(1)), folder.add(real(0.4))
    before = folder.built()
    assert before.facts["in_use"] == [whole.retrieval_id]
    assert folder.standings() == ["in use", "suspect, held back until accepted"]
    said = before.facts["standing"][cut.retrieval_id]
    assert said["outcome"] == "suspect"
    assert f"alp decide accept {cut.retrieval_id} --why" in said["detail"]
    assert [o.rule_id for o in before.outcomes if o.is_failure] == ["size_band", "bytes_band"]

    folder.decide("accept", cut, why="the office dropped the old regions")
    accepted = folder.built()
    assert accepted.facts["in_use"] == [whole.retrieval_id, cut.retrieval_id]
    assert folder.standings() == ["superseded", "in use"]
    assert accepted.rows["current"] < before.rows["current"]
    outcome = folder.outcomes()[cut.retrieval_id, "size_band"]
    assert (outcome.outcome, outcome.is_failure) == ("waived", False)
    assert "accepted by A. Rossi on 2026-01-02T00:00:00Z: the office dropped" in outcome.detail

    shutil.rmtree(folder.store.root)
    assert folder.built().content == accepted.content

    folder.decide("refuse", cut)
    assert folder.standings() == ["in use", "refused by decision"]
    assert folder.built().content == before.content
    assert not [o for o in folder.outcomes().values() if o.is_failure]

    folder.decide("withdraw", cut)
    assert folder.standings() == ["in use", "suspect, held back until accepted"]
    assert folder.built().unchanged


def test_later_documents_are_compared_with_the_last_accepted_one(
    folder: Folder, real: Callable[[float], bytes]
) -> None:
    folder.add(real(1))
    cut = folder.add(real(0.4))
    folder.add(real(0.42))
    held = "suspect, held back until accepted"
    assert folder.standings() == ["in use", held, held]
    folder.decide("accept", cut)
    assert folder.standings() == ["superseded", "superseded", "in use"]
    folder.add(real(1))
    assert folder.standings()[-1] == held


def test_a_table_that_keeps_its_frame_and_loses_its_content_is_suspect_by_its_bytes(
    folder: Folder, real: Callable[[float], bytes]
) -> None:
    whole = real(1)
    folder.add(whole)
    hollow = folder.add(emptied(whole))
    assert folder.standings() == ["in use", "suspect, held back until accepted"]
    outcomes = folder.outcomes()
    assert outcomes[hollow.retrieval_id, "size_band"].outcome == "passed"
    assert outcomes[hollow.retrieval_id, "bytes_band"].outcome == "failed"


def test_bytes_are_compared_between_equal_packing_and_equal_extents_alone(
    folder: Folder, real: Callable[[float], bytes]
) -> None:
    packed = real(1)
    folder.add(packed)
    plain = folder.add(gzip.decompress(packed))
    part = folder.add(real(0.2), extent=Extent({"geo": ["AT", "BE"]}))
    rules = {subject: {r for s, r in folder.outcomes() if s == subject} for subject, _ in folder.outcomes()}
    assert "size_band" in rules[plain.retrieval_id]
    assert "bytes_band" not in rules[plain.retrieval_id]
    assert not rules[part.retrieval_id] & {"size_band", "bytes_band"}


def test_a_waived_rule_keeps_nothing_out_and_is_no_failure(
    folder: Folder, real: Callable[[float], bytes]
) -> None:
    content = gzip.decompress(real(1)).splitlines(True)
    doubled = folder.add(gzip.compress(b"".join([*content, content[1]]), mtime=0))
    assert folder.standings() == ["kept out by the intake gate"]
    (waits,) = folder.waiting()
    assert waits.commands[0] == f"alp decide waive {doubled.retrieval_id} key_unique --why …"
    assert "key_unique" in waits.reason
    with pytest.raises(DecisionRefused, match="kept out by rules, which acceptance does not lift"):
        folder.decide("accept", doubled)
    folder.decide("waive", doubled, "key_unique", why="the office repeats its first row")
    assert folder.standings() == ["in use"]
    outcome = folder.outcomes()[doubled.retrieval_id, "key_unique"]
    assert (outcome.outcome, outcome.is_failure) == ("waived", False)
    assert "waived by A. Rossi on 2026-01-02T00:00:00Z: the office repeats its first row" in outcome.detail
    folder.decide("withdraw", doubled, "key_unique")
    assert folder.standings() == ["kept out by the intake gate"]


def test_what_cannot_be_read_can_be_refused_and_nothing_else(
    folder: Folder, real: Callable[[float], bytes]
) -> None:
    whole, broken = folder.add(real(1)), folder.add(real(1)[:-100])
    assert folder.standings() == ["in use", "kept out by the intake gate"]
    (waits,) = folder.waiting()
    assert waits.commands == (f"alp decide refuse {broken.retrieval_id} --why …",)
    for action, rule in (("accept", None), ("waive", "key_unique")):
        with pytest.raises(DecisionRefused, match="cannot be read, so it cannot be used"):
            folder.decide(action, broken, rule)  # type: ignore[arg-type]
    folder.decide("refuse", broken, why="cut off on its way")
    assert folder.waiting() == []
    assert folder.built().facts["in_use"] == [whole.retrieval_id]
    assert folder.standings() == ["in use", "refused by decision"]
    assert not [o for o in folder.outcomes().values() if o.is_failure]
    assert folder.waiting() == []


def test_an_acceptance_said_too_early_lifts_no_failed_rule(
    folder: Folder, real: Callable[[float], bytes]
) -> None:
    broken = folder.add(real(1)[:-100])
    folder.decide("accept", broken)  # nobody has read it yet
    standing = folder.built().facts["standing"][broken.retrieval_id]
    assert standing["outcome"] == "kept out"
    assert "accepted by A. Rossi" in standing["detail"]
    assert "what cannot be read cannot be used" in standing["detail"]


def test_what_waits_shows_a_decision_before_the_next_refresh(
    folder: Folder, real: Callable[[float], bytes]
) -> None:
    folder.add(real(1))
    cut = folder.add(real(0.4))
    assert [w.standing for w in folder.waiting()] == ["not judged yet"]
    folder.built()
    (waits,) = folder.waiting()
    assert (waits.retrieval_id, waits.standing) == (cut.retrieval_id, "suspect, held back until accepted")
    assert waits.commands == tuple(f"alp decide {a} {cut.retrieval_id} --why …" for a in ("accept", "refuse"))
    folder.decide("accept", cut)
    assert folder.waiting() == []


def test_a_decision_on_a_sighting_counts_for_its_vintage(
    folder: Folder, real: Callable[[float], bytes]
) -> None:
    folder.add(real(1))
    folder.add(real(0.4))
    sighting = folder.add(real(0.4))
    assert len(folder.archive.vintages(DATASET)) == 2
    folder.decide("accept", sighting)
    assert folder.standings() == ["superseded", "in use"]


def test_a_decision_on_what_nothing_reads_is_refused(folder: Folder) -> None:
    document = folder.add(b"x", dataset_code="unheard_of")
    with pytest.raises(DecisionRefused, match="of no catalogued dataset"):
        folder.decide("refuse", document)


def test_an_edited_code_table_reads_its_documents_again(monkeypatch: pytest.MonkeyPatch) -> None:
    from alp_pipeline.archive.retrieval import Retrieval
    from alp_pipeline.build.stage import Plan
    from alp_pipeline.catalog.loader import load_catalog
    from alp_pipeline.plan import intake

    dataset = load_catalog().datasets["bfs.px-x-0602010000_101"]
    document = Retrieval("bfs", dataset.code, "json-stat-2", "0" * 64, 1, "x", False)

    def fingerprint() -> str:
        stage = intake.document_stage(Archive(Path("nowhere")), dataset, document)
        return Plan([stage]).fingerprints[stage.name]

    before = fingerprint()
    assert fingerprint() == before
    monkeypatch.setattr(intake, "_code_tables", lambda _: "another digest")
    assert fingerprint() != before
