"""What people decide is a document: validated when taken, kept for ever, the latest holds."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alp_pipeline.archive.decisions import (
    Decision,
    DecisionInvalid,
    DecisionRefused,
    decide,
    find_document,
    holding,
)
from alp_pipeline.archive.erasure import withdraw
from alp_pipeline.archive.fixity import verify
from alp_pipeline.archive.objects import ArchiveCorrupt
from alp_pipeline.archive.retrieval import Retrieval
from alp_pipeline.archive.store import Archive
from alp_pipeline.archive.transfer import export, import_path
from alp_pipeline_tests.archive.conftest import TSV

NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)
ID = "ab" * 16


def rules(_: str) -> tuple[str, ...]:
    return ("key_unique", "size_band")


def add(archive: Archive, content: bytes = TSV, day: str | None = "2017-08-01", **more: Any) -> Retrieval:
    facts: dict[str, Any] = {
        "source_id": "eurostat",
        "dataset_code": "tgs00001",
        "format": "tsv",
        "licence": "x",
    }
    if day:
        facts |= {"seen_at": f"{day}T00:00:00Z", "seen_at_origin": "manifest"}
    return archive.add(content, **(facts | more))


def accept(archive: Archive, document: Retrieval, **more: Any) -> Decision:
    given: dict[str, Any] = {"why": "confirmed", "who": "A. Rossi", "at": NOON}
    return decide(archive, "accept", document.retrieval_id, **(given | more))


def test_a_decision_says_who_when_why_and_survives_the_disk(archive: Archive) -> None:
    document = add(archive)
    taken = accept(archive, document)
    assert taken.as_json() == {
        "action": "accept",
        "dataset_id": "eurostat.tgs00001",
        "retrieval_id": document.retrieval_id,
        "when": "2026-01-02T12:00:00Z",
        "who": "A. Rossi",
        "why": "confirmed",
    }
    assert archive.decisions() == archive.decisions("eurostat.tgs00001") == [taken]
    assert archive.decisions("eurostat.other") == []
    assert archive.decision_path(taken).name == f"{taken.decision_id}.json"
    assert verify(archive) == []


def test_the_latest_decision_holds_even_when_the_clock_stood_still(archive: Archive) -> None:
    document = add(archive)
    accept(archive, document)
    refused = decide(archive, "refuse", document.retrieval_id, why="wrong unit", who="B", at=NOON)
    assert refused.when == "2026-01-02T12:00:01Z"
    assert holding(archive.decisions(), {document.retrieval_id}) == {None: refused}
    again = accept(archive, document, at=datetime(2025, 1, 1, tzinfo=UTC))
    assert holding(archive.decisions(), {document.retrieval_id}) == {None: again}
    assert len(archive.decisions()) == 3


def test_a_withdrawn_decision_leaves_the_rules_to_decide(archive: Archive) -> None:
    document = add(archive)
    short = document.retrieval_id[:8]
    accept(archive, document)
    waived = decide(
        archive, "waive", short, why="known", who="B", rule_id="key_unique", waivable=rules, at=NOON
    )
    decide(archive, "withdraw", short, why="I was wrong", who="A. Rossi", at=NOON)
    assert holding(archive.decisions(), {document.retrieval_id}) == {"key_unique": waived}
    decide(archive, "withdraw", short, why="mended", who="B", rule_id="key_unique", at=NOON)
    assert holding(archive.decisions(), {document.retrieval_id}) == {}
    with pytest.raises(DecisionRefused, match="no decision to withdraw"):
        decide(archive, "withdraw", short, why="again", who="B", at=NOON)


def test_the_same_decision_again_is_kept_once(archive: Archive) -> None:
    document = add(archive)
    assert accept(archive, document) == accept(archive, document, at=datetime(2026, 5, 5, tzinfo=UTC))
    assert accept(archive, document, why="and confirmed in writing") != archive.decisions()[0]
    assert len(archive.decisions()) == 2


def test_a_decision_on_a_sighting_is_one_on_its_vintage(archive: Archive) -> None:
    first, sighting = add(archive, day="2017-08-01"), add(archive, day="2017-09-01")
    accept(archive, sighting)
    refused = decide(archive, "refuse", first.retrieval_id, why="no", who="B", at=NOON)
    (vintage,) = archive.vintage_groups("eurostat.tgs00001")
    ids = [retrieval.retrieval_id for retrieval in vintage]
    assert holding(archive.decisions(), ids) == {None: refused}


def test_an_unknown_document_is_refused_with_the_nearest_ids(archive: Archive) -> None:
    document = add(archive)
    typo = ("0" if document.retrieval_id[0] != "0" else "1") + document.retrieval_id[1:10]
    with pytest.raises(DecisionRefused, match=f"Did you mean {document.retrieval_id}"):
        accept(archive, document, at=NOON) and decide(archive, "accept", typo, why="w", who="A")
    for wrong in (document.retrieval_id[:5], "xyz123", document.retrieval_id + "0", ""):
        with pytest.raises(DecisionRefused, match="no id of a document"):
            find_document(archive, wrong)
    assert find_document(archive, document.retrieval_id[:6].upper()) == document


def test_an_ambiguous_id_is_refused_and_both_are_named(archive: Archive) -> None:
    by_prefix: dict[str, Retrieval] = {}
    for n in range(20_000):  # two records that begin alike, found without writing any
        made = Retrieval("eurostat", "tgs00001", "tsv", f"{n:064x}", 1, "x", False)
        twin = by_prefix.setdefault(made.retrieval_id[:6], made)
        if twin is not made:
            break
    for record in (twin, made):
        archive._write_record(record)
    with pytest.raises(DecisionRefused, match="could be 2 documents") as refused:
        find_document(archive, made.retrieval_id[:6])
    assert twin.retrieval_id in refused.value.todo
    assert made.retrieval_id in refused.value.todo


@pytest.mark.parametrize(
    ("action", "given", "said"),
    [
        ("waive", {"rule_id": "no_such_rule"}, "no rule 'no_such_rule'.*key_unique, size_band"),
        ("waive", {"rule_id": None}, "no rule None"),
        ("accept", {"why": "  "}, "why cannot be so"),
        ("accept", {"who": ""}, "who cannot be so"),
        ("accept", {"rule_id": "key_unique"}, "rule_id cannot be so"),
        ("free", {}, "action cannot be so"),
    ],
)
def test_what_cannot_be_decided_is_refused_and_nothing_is_kept(
    archive: Archive, action: Any, given: dict[str, Any], said: str
) -> None:
    document = add(archive)
    facts: dict[str, Any] = {"why": "w", "who": "A", "waivable": rules}
    with pytest.raises((DecisionRefused, DecisionInvalid), match=said):
        decide(archive, action, document.retrieval_id, **(facts | given))
    assert archive.decisions() == []


def test_there_is_nothing_to_accept_without_a_date_or_of_a_structure(archive: Archive) -> None:
    with pytest.raises(DecisionRefused, match="enters no history"):
        accept(archive, add(archive, day=None))
    with pytest.raises(DecisionRefused, match="describes its dataset"):
        accept(archive, add(archive, b"<x/>", dataset_code="tgs00001$structure"))


def test_a_decision_outlives_its_document_and_a_withdrawn_one_takes_no_more(archive: Archive) -> None:
    document = add(archive)
    taken = accept(archive, document)
    withdraw(archive, document.content_sha256, "consent revoked", "A. Bianchi")
    assert archive.decisions() == [taken]
    assert verify(archive) == []
    with pytest.raises(DecisionRefused, match="was withdrawn from the archive"):
        decide(archive, "refuse", document.retrieval_id, why="w", who="A")


@pytest.mark.parametrize("name", ["out", "out.tar"])
def test_decisions_travel_with_the_documents(archive: Archive, tmp_path: Path, name: str) -> None:
    taken = accept(archive, add(archive))
    export(archive, tmp_path / name)
    other = Archive(tmp_path / "other")
    report = import_path(other, tmp_path / name)
    assert report.decided == other.decisions() == [taken]
    assert report.summary().endswith("1 added, 0 already there, 0 failed, 1 decisions")
    assert other.fingerprint("eurostat.tgs00001") == archive.fingerprint("eurostat.tgs00001")
    assert import_path(other, tmp_path / name).decided == []


def test_an_edited_decision_does_not_come_in(archive: Archive, tmp_path: Path) -> None:
    taken = accept(archive, add(archive))
    export(archive, tmp_path / "out")
    file = tmp_path / "out" / "decisions" / f"{taken.decision_id}.json"
    file.write_text(file.read_text().replace("A. Rossi", "B. Verdi"))
    other = Archive(tmp_path / "other")
    (failed,) = import_path(other, tmp_path / "out").failed
    assert "another decision than its name says" in str(failed)
    assert other.decisions() == []


@pytest.mark.parametrize(
    "harm",
    [
        lambda path: path.write_bytes(path.read_bytes()[:-20]),
        lambda path: path.write_text(path.read_text().replace("A. Rossi", "B. Verdi")),
        lambda path: path.write_text(path.read_text().replace("\n", "")),
        lambda path: path.rename(path.with_name("0" * 32 + ".json")),
    ],
)
def test_harm_to_a_decision_is_found(archive: Archive, harm: Callable[[Path], object]) -> None:
    harm(archive.decision_path(accept(archive, add(archive))))
    (finding,) = verify(archive)
    assert (finding.problem, finding.is_damage) == ("decision altered", True)


def test_an_altered_decision_stops_by_name_instead_of_holding(archive: Archive) -> None:
    path = archive.decision_path(accept(archive, add(archive)))
    path.write_text(path.read_text().replace("A. Rossi", "B. Verdi"))
    with pytest.raises(ArchiveCorrupt, match=path.name):
        archive.decisions()


def test_litter_among_the_decisions_is_told_from_damage(archive: Archive) -> None:
    document = add(archive)
    accept(archive, document)
    (archive.decided / "x.json.partial-1-abcd").write_text("{")
    other = Decision("refuse", "eurostat.x", ID, "A", "2026-01-02T12:00:00Z", "w")
    archive.keep_decision(other)
    assert {(f.problem, f.is_damage) for f in verify(archive)} == {
        ("stray partial", False),
        ("decision without document", False),
    }
    assert len(archive.decisions("eurostat.tgs00001")) == 1


def decision(action: Any, rule_id: str, second: int, who: str) -> Decision:
    when = f"2026-01-02T12:00:0{second}Z"
    return Decision(action, "eurostat.x", ID, who, when, "w", rule_id if action == "waive" else None)


some_decisions = st.lists(
    st.builds(
        decision,
        st.sampled_from(["accept", "refuse", "waive", "withdraw"]),
        st.sampled_from(["key_unique", "size_band"]),
        st.integers(0, 3),
        st.sampled_from("AB"),
    ),
    max_size=6,
)


@given(some_decisions, st.randoms())
def test_which_decision_holds_never_depends_on_the_order_of_import(
    taken: list[Decision], random: Any
) -> None:
    held = holding(taken, {ID})
    random.shuffle(taken)
    assert holding(taken, {ID}) == held
    assert all(d.when == max(o.when for o in taken if o.rule_id == d.rule_id) for d in held.values())
    assert holding(taken, {"cd" * 16}) == {}
