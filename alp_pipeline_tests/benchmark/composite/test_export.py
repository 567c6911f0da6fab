"""An index as a folder: every digit, every table, whole or not at all."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from alp_pipeline.benchmark.composite import export
from alp_pipeline.benchmark.composite.export import ExportRefused, export_index
from alp_pipeline.benchmark.composite.framework import Framework
from alp_pipeline.benchmark.composite.index import IndexResult, compute_index, rebuild
from alp_pipeline.benchmark.composite.log import read_log
from alp_pipeline.benchmark.composite.recipe import Recipe
from alp_pipeline.benchmark.composite.units import UnitTable

RECIPE = Recipe.of(
    {
        "id": "test",
        "version": "1",
        "label": "Test",
        "steps": [{"step": "impute", "method": "none"}, {"step": "normalise"}, {"step": "aggregate"}],
    }
)


def data() -> pd.DataFrame:
    rng = np.random.default_rng(1)
    return pd.DataFrame(rng.uniform(1, 9, (5, 4)), columns=list("abcd")).assign(unit=list("VWXYZ"))


def index_of(table: pd.DataFrame, framework: Framework, **more: Any) -> IndexResult:
    return compute_index(UnitTable.of(table, framework, **more), framework, RECIPE)


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_numbers_are_read_back_as_they_were(tmp_path: Path, two_pillars: Framework) -> None:
    index = index_of(data(), two_pillars)
    export_index(index, tmp_path / "out", labels=("uCode", "Time"))
    read = pd.read_csv(tmp_path / "out" / "scores.csv", index_col="uCode")
    assert read.to_numpy().tolist() == index.scores.to_numpy().tolist()
    assert read.columns.tolist() == ["a", "b", "c", "d", "P", "Q", "I"]
    ranks = pd.read_csv(tmp_path / "out" / "ranks.csv")
    assert ranks.columns.tolist() == ["uCode", "P", "Q", "I"]
    assert ranks["I"].tolist() == index.ranks["I"].tolist()


def test_every_step_has_its_table_and_its_account(tmp_path: Path, two_pillars: Framework) -> None:
    table = data()
    table.loc[0, "a"] = np.nan
    names = export_index(index_of(table, two_pillars), tmp_path / "out")
    assert names == (
        "details_1_impute_not_imputed.csv",
        "details_2_normalise_parameters.csv",
        "details_3_aggregate_availability.csv",
        "details_3_aggregate_imputed.csv",
        "log.yaml",
        "ranks.csv",
        "scores.csv",
        "scores_states.csv",
        "step_0_raw.csv",
        "step_0_raw_states.csv",
        "step_1_impute.csv",
        "step_1_impute_states.csv",
        "step_2_normalise.csv",
        "step_2_normalise_states.csv",
        "step_3_aggregate.csv",
        "step_3_aggregate_states.csv",
    )
    assert set(contents(tmp_path / "out")) == set(names)
    assert read_log(tmp_path / "out" / "log.yaml").files == names


def test_states_are_written_where_not_all_are_reported_and_a_hidden_cell_is_empty_everywhere(
    tmp_path: Path, two_pillars: Framework
) -> None:
    table = data().astype({"a": object})
    table.loc[0, "a"] = ":c"
    index = index_of(table, two_pillars, lower=bound(3.25), upper=bound(4.75))
    export_index(index, tmp_path / "out")
    states = pd.read_csv(tmp_path / "out" / "scores_states.csv", index_col="unit")
    assert states.loc["V", ["a", "c", "P", "I"]].tolist() == [
        "confidential",
        "reported",
        "undetermined",
        "undetermined",
    ]
    for name, content in contents(tmp_path / "out").items():
        assert "lower" not in name
        assert b"3.25" not in content, name
        assert b"4.75" not in content, name
    assert pd.read_csv(tmp_path / "out" / "ranks.csv")["I"].isna().tolist() == [True] + [False] * 4


def bound(value: float) -> pd.DataFrame:
    return pd.DataFrame({"a": [value]}, index=["V"])


def test_bounds_are_written_when_asked_for(tmp_path: Path, two_pillars: Framework) -> None:
    table = data().astype({"a": object})
    table.loc[0, "a"] = ":c"
    index = index_of(table, two_pillars, lower=bound(3.25), upper=bound(4.75))
    export_index(index, tmp_path / "out", bounds=True)
    ends = [
        pd.read_csv(tmp_path / "out" / f"scores_{end}.csv", index_col="unit") for end in ("lower", "upper")
    ]
    assert ends[0].loc["V", "I"] < ends[1].loc["V", "I"]


def test_a_panel_has_two_columns_of_labels(tmp_path: Path, two_pillars: Framework) -> None:
    table = pd.concat([data().assign(time=2013), data().assign(time=2014)])
    export_index(index_of(table, two_pillars), tmp_path / "out", labels=("uCode", "Time"))
    for name in ("scores.csv", "ranks.csv", "step_2_normalise.csv"):
        assert pd.read_csv(tmp_path / "out" / name).columns[:2].tolist() == ["uCode", "Time"]


def test_group_ranks_are_one_block_per_group(tmp_path: Path, two_pillars: Framework) -> None:
    tree = pd.concat([two_pillars.table, pd.DataFrame({"code": ["side"], "type": ["group"]})])
    index = index_of(data().assign(side=list("nnsss")), Framework.of(tree))
    export_index(index, tmp_path / "out")
    blocks = pd.read_csv(tmp_path / "out" / "group_ranks.csv")
    assert blocks.columns.tolist() == ["unit", "group_column", "group_value", "P", "Q", "I"]
    assert blocks["group_value"].tolist() == list("nnsss")
    assert sorted(blocks["I"]) == [1, 1, 2, 2, 3]


def test_the_same_index_gives_the_same_bytes_and_takes_the_place_of_the_earlier(
    tmp_path: Path, two_pillars: Framework
) -> None:
    folder = tmp_path / "out"
    table = data()
    table.loc[0, "a"] = np.nan
    export_index(index_of(table, two_pillars), folder)
    first = contents(folder)
    export_index(index_of(table, two_pillars), folder)
    assert contents(folder) == first
    names = export_index(index_of(data(), two_pillars), folder)
    assert set(contents(folder)) == set(names)
    assert "scores_states.csv" not in names
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_a_folder_with_anything_else_in_it_is_left_alone(tmp_path: Path, two_pillars: Framework) -> None:
    index = index_of(data(), two_pillars)
    folder = tmp_path / "out"
    export_index(index, folder)
    (folder / "notes.txt").write_text("mine", encoding="utf-8")
    before = contents(folder)
    with pytest.raises(ExportRefused, match=r"holds notes\.txt, which is not of an earlier result"):
        export_index(index, folder)
    assert contents(folder) == before
    (tmp_path / "file").write_text("mine", encoding="utf-8")
    with pytest.raises(ExportRefused, match="there is a file of that name"):
        export_index(index, tmp_path / "file")
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "log.yaml").write_text("made_by: someone else", encoding="utf-8")
    with pytest.raises(ExportRefused, match=r"holds log\.yaml"):
        export_index(index, tmp_path / "other")


def test_an_empty_folder_is_taken(tmp_path: Path, two_pillars: Framework) -> None:
    export_index(index_of(data(), two_pillars), tmp_path)
    assert (tmp_path / "scores.csv").is_file()


def test_a_write_that_fails_leaves_the_earlier_result_and_nothing_else(
    tmp_path: Path, two_pillars: Framework, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "out"
    export_index(index_of(data(), two_pillars), folder)
    before = contents(folder)

    def full(path: Path) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(export, "flush", full)
    other = data().assign(a=1.0 + np.arange(5))
    with pytest.raises(ExportRefused, match=r"it cannot be written.*No space left on device"):
        export_index(index_of(other, two_pillars), folder)
    assert contents(folder) == before
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_what_a_killed_writer_left_is_cleared_and_an_earlier_result_comes_back(
    tmp_path: Path, two_pillars: Framework
) -> None:
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    result = index_of(data(), two_pillars)
    export_index(result, tmp_path / "out")
    kept = (tmp_path / "out" / "scores.csv").read_bytes()
    (tmp_path / "out").rename(tmp_path / f"out.partial-{dead.pid}-ab12-earlier")  # killed between two renames
    (tmp_path / f"out.partial-{dead.pid}-ab12").mkdir()
    living = tmp_path / f"out.partial-{os.getpid()}-cd34"
    living.mkdir()
    (tmp_path / "out.partial-notes").mkdir()
    export_index(result, tmp_path / "out")
    assert (tmp_path / "out" / "scores.csv").read_bytes() == kept
    assert {path.name for path in tmp_path.iterdir()} == {"out", "out.partial-notes", living.name}


@pytest.mark.parametrize("can_exchange", [True, False])
def test_a_result_takes_the_place_of_an_earlier_one_with_and_without_an_exchange(
    tmp_path: Path, two_pillars: Framework, monkeypatch: pytest.MonkeyPatch, can_exchange: bool
) -> None:
    if not can_exchange:
        monkeypatch.setattr(export, "_exchanged", lambda one, other: False)
    folder = tmp_path / "out"
    export_index(index_of(data(), two_pillars), folder)
    before = folder.stat().st_ino
    export_index(index_of(data(), two_pillars), folder)
    assert folder.stat().st_ino != before
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_an_index_is_rebuilt_from_the_folder(tmp_path: Path, two_pillars: Framework) -> None:
    index = index_of(data(), two_pillars)
    export_index(index, tmp_path / "out")
    log = read_log(tmp_path / "out" / "log.yaml")
    again = rebuild(log, UnitTable.of(data(), two_pillars), two_pillars)
    export_index(again, tmp_path / "again")
    assert contents(tmp_path / "again") == contents(tmp_path / "out")
