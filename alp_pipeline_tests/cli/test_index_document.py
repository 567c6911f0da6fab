"""docs/index.md says what is so: every example runs, every parameter stands there with its default."""

import importlib
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml
from click.testing import CliRunner
from pydantic import BaseModel

from alp_pipeline.benchmark.composite.framework import Framework, read_framework
from alp_pipeline.benchmark.composite.index import compute_index
from alp_pipeline.benchmark.composite.recipe import Recipe
from alp_pipeline.benchmark.composite.recipe_document import plain
from alp_pipeline.benchmark.composite.steps import OVERRIDES, STEPS, defaults_of, methods_of
from alp_pipeline.benchmark.composite.uncertainty.spec import (
    Classes,
    DataSpread,
    InclusionFactor,
    StepFactor,
    UncertaintySpec,
    WeightsFactor,
)
from alp_pipeline.benchmark.composite.units import UnitTable, read_units
from alp_pipeline.cli import alp
from alp_pipeline_tests.cli.index_document import blocks, quoted, recipe_named, section, tables


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    data, framework, over_time = blocks("csv")
    (tmp_path / "panel.csv").write_text(over_time, encoding="utf-8")
    (tmp_path / "regions.csv").write_text(data, encoding="utf-8")
    (tmp_path / "framework.csv").write_text(framework, encoding="utf-8")
    (tmp_path / "recipe.yaml").write_text(recipe_named("conditions"), encoding="utf-8")
    return tmp_path


@pytest.fixture
def framework(folder: Path) -> Framework:
    return read_framework(folder / "framework.csv")


@pytest.fixture
def units(folder: Path, framework: Framework) -> UnitTable:
    return read_units(folder / "regions.csv", framework)


def panel(folder: Path, framework: Framework) -> UnitTable:
    """The example twice, the second time a little better."""
    data = pd.read_csv(folder / "regions.csv")
    later = data.assign(tertiary=data["tertiary"] + 1)
    return UnitTable.of(pd.concat([data.assign(time=2013), later.assign(time=2014)]), framework)


def test_the_example_gives_the_scores_that_stand_there(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    command = next(block for block in blocks("") if block.startswith("alp index")).split()
    result = CliRunner().invoke(alp, command[1:])
    assert result.exit_code == 0, result.exception
    written = pd.read_csv("conditions/scores.csv", index_col="unit")
    lines = [line.split(",") for line in blocks("text")[0].splitlines()]
    shown = pd.DataFrame(lines[1:], columns=lines[0]).set_index("unit").apply(pd.to_numeric)
    pd.testing.assert_frame_equal(written.loc[shown.index], shown, check_dtype=False, rtol=1e-12)
    named = [name for row in tables(section("What is in the folder"))[0][1:] for name in quoted(row[0])]
    missing = [name for name in named if name[0].isalpha() and not (folder / "conditions" / name).is_file()]
    assert missing == ["intervals.csv"]  # nothing is uncertain there


def test_the_panel_example_gives_ranks_and_group_ranks_of_every_year(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder)
    (folder / "recipe.yaml").write_text(recipe_named("conditions_over_time"), encoding="utf-8")
    files = ["panel.csv", "--framework", "framework.csv", "--recipe", "recipe.yaml", "--out", "out"]
    result = CliRunner().invoke(alp, ["index", *files])
    assert result.exit_code == 0, result.exception
    assert (folder / "out" / "ranks.csv").read_text(encoding="utf-8") == blocks("text", section("A panel"))[0]
    panel = pd.read_csv(folder / "panel.csv")[["unit", "time", "country"]]
    scores = pd.read_csv(folder / "out" / "scores.csv")
    assert scores[["unit", "time"]].equals(panel[["unit", "time"]])
    ranks = pd.read_csv(folder / "out" / "ranks.csv")
    by_year = scores.groupby("time")["conditions"].rank(ascending=False)
    assert ranks["conditions"].tolist() == by_year.tolist()
    in_group = scores.groupby([panel["country"], "time"])["conditions"].rank(ascending=False)
    groups = pd.read_csv(folder / "out" / "group_ranks.csv")
    assert groups["conditions"].tolist() == in_group.tolist()
    assert groups["group_value"].tolist() == panel["country"].tolist()
    stages = [path.name for path in (folder / "out").glob("step_*.csv") if "states" not in path.name]
    assert len(stages) == 8


COMPOSITE = "alp_pipeline.benchmark.composite"


def test_every_name_in_the_table_of_coinrs_functions_exists() -> None:
    found = next(table for table in tables(section("COINr's default")) if table[0][0] == "COINr")
    words = {word for step in STEPS for word in (step, *methods_of(step))}
    words |= {name for step in STEPS for method in methods_of(step) for name in defaults_of(step, method)}
    words |= {name for step in STEPS for name in defaults_of(step)}
    for _, ours, _ in found[1:]:
        module = ""
        for name in quoted(ours):
            head, dot, tail = name.partition(".")
            if dot and tail.isidentifier() and head.islower() and tail != "csv":
                module = head
                assert hasattr(importlib.import_module(f"{COMPOSITE}.{head}"), tail), name
            elif name.split(":")[0] in words or name in ("uncertainty", "all", "each"):
                continue
            elif not name.endswith(".csv"):
                places = [module] if module else ["framework", "units", "index"]
                names = name.split(".")[0]
                assert any(hasattr(importlib.import_module(f"{COMPOSITE}.{m}"), names) for m in places), name


def test_the_uncertain_example_runs_and_writes_what_is_said(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder)
    example = next(block for block in blocks("yaml") if block.startswith("uncertainty:\n"))
    with (folder / "recipe.yaml").open("a", encoding="utf-8") as file:
        file.write(example)
    files = ["regions.csv", "--framework", "framework.csv", "--recipe", "recipe.yaml", "--out", "out"]
    result = CliRunner().invoke(alp, ["index", *files, "--draws", "50"])
    assert result.exit_code == 0, result.exception
    table = next(table for table in tables(section("Uncertainty")) if table[0][0] == "file")
    assert all((folder / "out" / quoted(row[0])[0]).is_file() for row in table[1:])


def test_every_field_of_uncertainty_stands_there_with_its_default() -> None:
    shown = [
        {quoted(field)[0]: yaml.safe_load(quoted(default)[0]) for field, default, _ in table[1:]}
        for table in tables(section("Uncertainty"))
        if table[0][:2] == ["field", "default"]
    ]
    assert shown == [defaults_of_model(model) for model in (UncertaintySpec, DataSpread, Classes)]
    factors = next(table for table in tables(section("Uncertainty")) if table[0] == ["factor", "fields"])
    for row, model in zip(factors[1:], (StepFactor, WeightsFactor, InclusionFactor), strict=True):
        assert set(model.model_fields) <= set(quoted(row[1]))


def defaults_of_model(model: type[BaseModel]) -> dict[str, Any]:
    """Defaults of the fields, {} for a part that has defaults of its own."""
    defaults = {
        name: field.get_default(call_default_factory=True) for name, field in model.model_fields.items()
    }
    return {name: {} if isinstance(value, BaseModel) else plain(value) for name, value in defaults.items()}


def test_the_python_examples_run(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    names: dict[str, Any] = {}
    for block in blocks("python"):
        exec(compile(block, "docs/index.md", "exec"), names)  # noqa: S102 - our own document
    assert names["index"].states.loc["R8", "conditions"] == "undetermined"
    assert names["why"].remainder == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize("step", STEPS)
def test_every_parameter_of_a_step_stands_there_with_its_default(step: str) -> None:
    table = next(table for table in tables(section(step)) if table[0][0] == "parameter")
    shown = {quoted(name)[0]: yaml.safe_load(quoted(default)[0]) for name, default, _ in table[1:]}
    named = set(defaults_of(step)) - {
        name for method in methods_of(step) for name in own_parameters(step, method)
    }
    assert shown == {name: plain(defaults_of(step)[name]) for name in named}


@pytest.mark.parametrize("step", [step for step in STEPS if methods_of(step)])
def test_every_method_of_a_step_stands_there_with_its_parameters(step: str) -> None:
    table = next(table for table in tables(section(step)) if table[0][0] == "method")
    shown: dict[str, dict[str, Any]] = {}
    for row in table[1:]:
        for method in quoted(row[0]):
            pairs = (
                [entry.partition(":") for entry in quoted(row[1])] if table[0][1] == "own parameters" else []
            )
            shown[method] = {name: yaml.safe_load(value.strip() or "null") for name, _, value in pairs}
    assert shown == {method: own_parameters(step, method) for method in methods_of(step)}


def own_parameters(step: str, method: str) -> dict[str, Any]:
    """What this method takes and another does not, or all take that have methods of equal standing."""
    common = set.intersection(*(set(defaults_of(step, each)) for each in methods_of(step)))
    return {name: plain(default) for name, default in defaults_of(step, method).items() if name not in common}


EXAMPLES = [
    pytest.param(step, block.startswith("# panel"), id=f"{name} {number}")
    for name in STEPS
    for number, (block, step) in enumerate(
        (block, step) for block in blocks("yaml", section(name)) for step in yaml.safe_load(block)
    )
]


@pytest.mark.parametrize(("step", "is_panel"), EXAMPLES)
def test_every_example_of_a_step_runs(
    step: dict[str, Any], is_panel: bool, folder: Path, units: UnitTable, framework: Framework
) -> None:
    """Between the steps that it needs: numbers that are normalised before weights and scores, scores last."""
    before = [{"step": "normalise", "low": 1}] if step["step"] in ("weight", "aggregate") else []
    after = [] if step["step"] == "aggregate" else [{"step": "aggregate"}]
    recipe = Recipe.of(
        {"id": "example", "version": "1", "label": "Example", "steps": [*before, step, *after]}
    )
    index = compute_index(panel(folder, framework) if is_panel else units, framework, recipe)
    assert index.ranks["conditions"].notna().sum() >= 6


def test_every_override_is_named_in_the_text() -> None:
    assert all(f"`{name}`" in section("aggregate") + section("normalise") for name in OVERRIDES)
