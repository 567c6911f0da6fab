"""Stages: computed once per fingerprint, visible whole or not at all."""

import os
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from alp_pipeline.build.outcome import RuleOutcome
from alp_pipeline.build.stage import BuildStore, Plan, Stage, StageContext

RUNS: list[str] = []


def stage(name: str, inputs: tuple[str, ...] = (), **parameters: object) -> Stage:
    def run(context: StageContext) -> None:
        RUNS.append(name)
        below = sum(pq.read_metadata(path).num_rows for path in context.inputs("t"))
        context.write_arrow("t", pa.table({"n": list(range(below + 1))}))
        context.outcomes.append(RuleOutcome("r", "t", "", "warning", "passed", 1, 0))
        context.facts["below"] = below

    return Stage(name, ("t",), run, code=("build",), inputs=inputs, parameters=parameters)


@pytest.fixture
def store(tmp_path: Path) -> BuildStore:
    RUNS.clear()
    return BuildStore(tmp_path / "build", threads=1)


def test_a_fingerprint_that_exists_is_not_computed_again(store: BuildStore) -> None:
    plan = Plan([stage("a")])
    first, second = store.run(plan, "a"), store.run(plan, "a")
    assert RUNS == ["a"]
    assert (first.unchanged, second.unchanged) == (False, True)
    assert (first.rows, first.content, first.outcomes) == (second.rows, second.content, second.outcomes)


def test_a_changed_parameter_makes_everything_downstream_new_and_nothing_else() -> None:
    before = Plan([stage("a", year=1), stage("b", ("a",)), stage("c")]).fingerprints
    after = Plan([stage("a", year=2), stage("b", ("a",)), stage("c")]).fingerprints
    assert [name for name in "abc" if before[name] != after[name]] == ["a", "b"]


def test_the_order_in_which_stages_are_listed_does_not_matter() -> None:
    one = Plan([stage("a"), stage("b", ("a",))])
    other = Plan([stage("b", ("a",)), stage("a")])
    assert one.fingerprint == other.fingerprint


def test_a_stage_that_fails_leaves_nothing_visible(store: BuildStore) -> None:
    def fail(context: StageContext) -> None:
        context.write_arrow("t", pa.table({"n": [1]}))
        raise RuntimeError("half-way")

    plan = Plan([Stage("a", ("t",), fail, code=("build",))])
    with pytest.raises(RuntimeError, match="half-way"):
        store.run(plan, "a")
    assert store.record(plan, "a") is None


def test_a_stage_must_write_every_table_that_it_declares(store: BuildStore) -> None:
    plan = Plan([Stage("a", ("t", "u"), lambda c: c.write_arrow("t", pa.table({"n": [1]})), code=("build",))])
    with pytest.raises(RuntimeError, match="did not write u"):
        store.run(plan, "a")


def test_a_stage_sees_only_the_inputs_that_it_declares(store: BuildStore) -> None:
    plan = Plan([stage("a"), Stage("b", (), lambda c: c.input("a", "t") and None, code=("build",))])
    store.run(plan, "a")
    with pytest.raises(KeyError, match="does not declare a"):
        store.run(plan, "b")


def test_a_process_killed_while_writing_leaves_no_record(tmp_path: Path) -> None:
    program = f"""
import os, signal
import pyarrow as pa
from pathlib import Path
from alp_pipeline.build.stage import BuildStore, Plan, Stage
def run(context):
    with context.output("t") as temporary:
        temporary.write_bytes(b"half")
        os.kill(os.getpid(), signal.SIGKILL)
BuildStore(Path({str(tmp_path)!r})).run(Plan([Stage("a", ("t",), run, code=("build",))]), "a")
"""
    died = subprocess.run([sys.executable, "-c", program], env=os.environ, check=False)
    assert died.returncode == -9
    assert not list(tmp_path.glob("stages/*.json"))
    assert not list(tmp_path.glob("t/*.parquet"))
    assert len(list(tmp_path.glob("t/*.partial-*"))) == 1


def test_threads_do_not_change_what_a_query_writes(tmp_path: Path) -> None:
    def run(context: StageContext) -> None:
        with context.connect() as connection:
            query = "SELECT i % 999 AS k, sum(i::DECIMAL) AS s FROM range(300000) t(i) GROUP BY 1 ORDER BY 1"
            context.write_query(connection, "t", f"SELECT k, CAST(s AS DOUBLE) AS s FROM ({query})")

    plan = Plan([Stage("a", ("t",), run, code=("build",))])
    hashes = {
        threads: BuildStore(tmp_path / str(threads), threads=threads).run(plan, "a").content["t"]
        for threads in (1, 2)
    }
    assert hashes[1] == hashes[2]


def test_a_damaged_file_or_record_is_made_again(store: BuildStore) -> None:
    plan = Plan([stage("a")])
    first = store.run(plan, "a")
    store.file("t", first.fingerprint).write_bytes(b"cut")
    assert store.run(plan, "a").content == first.content
    store.record_file(first.fingerprint).write_text("{", encoding="utf-8")
    assert store.run(plan, "a").content == first.content
    store.file("t", first.fingerprint).unlink()
    assert store.run(plan, "a").content == first.content
    assert RUNS == ["a"] * 4


@pytest.mark.parametrize("links", [True, False])
def test_a_table_that_is_another_stages_table_is_not_written_anew(
    store: BuildStore, monkeypatch: pytest.MonkeyPatch, links: bool
) -> None:
    if not links:

        def refuse(*_: object) -> None:
            raise OSError("this file system has no links")

        monkeypatch.setattr(Path, "hardlink_to", refuse)
    same = Stage("b", ("u",), lambda c: c.same_as("u", "a", "t"), code=("build",), inputs=("a",))
    plan = Plan([stage("a"), same])
    one, other = store.run(plan, "a"), store.run(plan, "b")
    assert (other.rows, other.content) == ({"u": one.rows["t"]}, {"u": one.content["t"]})
    files = store.file("t", one.fingerprint), store.file("u", other.fingerprint)
    assert files[0].read_bytes() == files[1].read_bytes()
    assert files[0].samefile(files[1]) == links
    files[0].unlink()
    assert store.record(plan, "b") == store.run(plan, "b")


def test_an_adopted_file_is_the_table_and_leaves_the_scratch_folder(store: BuildStore) -> None:
    def run(context: StageContext) -> None:
        with context.scratch() as folder:
            pq.write_table(pa.table({"n": [1, 2]}), folder / "made.parquet")
            context.adopt("t", folder / "made.parquet")
            assert not list(folder.iterdir())

    plan = Plan([Stage("a", ("t",), run, code=("build",))])
    record = store.run(plan, "a")
    assert record.rows == {"t": 2}
    assert pq.read_table(store.file("t", record.fingerprint)).to_pydict() == {"n": [1, 2]}
