"""What a recipe may say, and how it is told what it may not."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alp_pipeline.benchmark.cells import BenchmarkInputError
from alp_pipeline.benchmark.composite.recipe import Recipe, RecipeError, load_recipe
from alp_pipeline.benchmark.composite.recipe_document import read_mapping, written
from alp_pipeline.benchmark.composite.steps import (
    STEPS,
    ParameterRefused,
    checked_parameters,
    defaults_of,
    effective_parameters,
    methods_of,
)

HEAD: dict[str, Any] = {"id": "mean", "version": "1", "label": "Mean"}
NORMALISE: dict[str, Any] = {"step": "normalise", "method": "minmax"}
AGGREGATE: dict[str, Any] = {"step": "aggregate", "method": "arithmetic"}


def recipe(*steps: dict[str, Any], **more: Any) -> Recipe:
    return Recipe.of({**HEAD, "steps": list(steps), **more}, where="mean.yaml")


def refusal(*steps: dict[str, Any], **more: Any) -> str:
    with pytest.raises(RecipeError) as refused:
        recipe(*steps, **more)
    return str(refused.value)


def test_a_recipe_is_a_mapping_that_is_read_as_it_stands() -> None:
    found = recipe(NORMALISE, AGGREGATE)
    assert [step.step for step in found.steps] == ["normalise", "aggregate"]
    assert found.stage_names == ("1_normalise", "2_aggregate")
    assert found.steps[0].parameters == {"method": "minmax"}


def test_the_same_step_may_come_twice_and_any_before_the_last() -> None:
    found = recipe({"step": "treat"}, NORMALISE, {"step": "treat"}, {"step": "screen"}, AGGREGATE)
    assert found.stage_names[0::2] == ("1_treat", "3_treat", "5_aggregate")


@pytest.mark.parametrize(
    ("steps", "message"),
    [
        ([NORMALISE], "mean.yaml: steps: have no aggregate. End with one, it makes the scores."),
        (
            [AGGREGATE, NORMALISE],
            "steps: have 1_aggregate before 2_normalise. Nothing can follow the scores.",
        ),
        ([AGGREGATE, AGGREGATE], "steps: have 1_aggregate before 2_aggregate"),
        (
            [{"step": "normalize"}, AGGREGATE],
            "steps.0.step: 'normalize' does not exist. Use one of denominate,",
        ),
        ([{"method": "minmax"}, AGGREGATE], "steps.0.step: is absent"),
        ([NORMALISE | {"lo": 0}, AGGREGATE], "steps.0.lo: is no parameter of normalise, minmax. Use one of"),
        ([NORMALISE | {"mean": 0}, AGGREGATE], "steps.0.mean: is no parameter of normalise, minmax"),
        (
            [{"step": "normalise", "method": "zscor"}, AGGREGATE],
            "steps.0.method: 'zscor' does not exist. Use",
        ),
        (
            [{"step": "treat", "then": "log_ct", "points": 5}, AGGREGATE],
            "steps.0.points: is no parameter of treat",
        ),
        (
            [{"step": "treat", "max_points": "five"}, AGGREGATE],
            "steps.0.max_points: is 'five'. Input should be",
        ),
        ([{"step": "screen", "include": "AUT"}, AGGREGATE], "steps.0.include: is 'AUT'"),
        ([{"step": "aggregate", "methods": ["geometric", "mean"]}], "steps.0.methods: 'mean' does not exist"),
        (
            [NORMALISE | {"by_indicator": {"LPI": {"method": "zscore", "low": 1}}}, AGGREGATE],
            "steps.0.by_indicator.LPI.low: is no parameter of normalise, zscore",
        ),
        (
            [{"step": "aggregate", "by_level": {2: {"method": "geometrical"}}}],
            "steps.0.by_level.2.method: 'geometrical' does not exist",
        ),
        ([NORMALISE | {"by_indicator": {"LPI": "none"}}, AGGREGATE], "steps.0.by_indicator.LPI: is 'none'"),
    ],
)
def test_what_cannot_work_is_refused_by_field_with_what_is_allowed(
    steps: list[dict[str, Any]], message: str
) -> None:
    assert message in refusal(*steps)


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"step": []}, "step: is unknown. Use one of id, version, label, framework, steps, uncertainty."),
        ({"version": 1.1}, "version: input should be a valid string. Put it in quotes."),
        ({"id": "My Index"}, "id: string should match pattern"),
        ({"uncertainty": {"draw": 10}}, "uncertainty.draw: is unknown. Use one of draws, seed,"),
        ({"uncertainty": {"draws": 0}}, "uncertainty.draws: input should be greater than or equal to 1"),
    ],
)
def test_a_field_that_is_unknown_or_wrong_is_named(more: dict[str, Any], message: str) -> None:
    assert message in refusal(NORMALISE, AGGREGATE, **more)


def test_a_recipe_without_steps_is_refused() -> None:
    assert "steps: tuple should have at least 1 item" in refusal()
    with pytest.raises(RecipeError, match="steps: field required"):
        Recipe.of(HEAD)


@pytest.mark.parametrize(
    ("factor", "message"),
    [
        ({"step": "treat", "alternatives": [{"method": "none"}]}, "method.0.step: 'treat' is not among"),
        ({"step": "normalise", "alternatives": [{}]}, "method.0.occurrence: is absent; the recipe has 2"),
        ({"step": "normalise", "occurrence": 3, "alternatives": [{}]}, "method.0.occurrence: is 3"),
        (
            {"step": "normalise", "occurrence": 1, "alternatives": [{"method": "rank"}, {"method": "ranks"}]},
            "uncertainty.method.0.alternatives.1.method: 'ranks' does not exist",
        ),
        (
            {"step": "normalise", "occurrence": 1, "alternatives": [{"mean": 1}]},
            "uncertainty.method.0.alternatives.0.mean: is no parameter of normalise, minmax",
        ),
    ],
)
def test_what_is_uncertain_must_be_a_step_of_the_recipe_and_each_alternative_possible(
    factor: dict[str, Any], message: str
) -> None:
    uncertainty = {"method": [{"factor": "f", **factor}]}
    found = refusal(NORMALISE, NORMALISE, AGGREGATE, uncertainty=uncertainty)
    assert message.replace("; the", ". The") in found


def test_an_alternative_with_a_method_forgets_the_parameters_of_the_other_one() -> None:
    uncertainty = {
        "method": [{"factor": "f", "step": "normalise", "alternatives": [{"method": "zscore"}, {"low": 1}]}]
    }
    assert recipe(NORMALISE | {"low": 0}, AGGREGATE, uncertainty=uncertainty).uncertainty is not None


def test_no_mapping_and_no_recipe_are_told_apart_from_a_recipe() -> None:
    with pytest.raises(RecipeError, match=r"mean\.yaml: it is no mapping"):
        Recipe.of(["steps"], where="mean.yaml")  # type: ignore[arg-type]


def test_a_file_is_named_in_every_refusal(tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    with pytest.raises(BenchmarkInputError, match=r"mine\.yaml: there is no such file"):
        load_recipe(file)
    file.write_text("id: [", encoding="utf-8")
    with pytest.raises(BenchmarkInputError, match=r"mine\.yaml: it is not readable YAML"):
        load_recipe(file)
    file.write_text("id: a\nid: b\n", encoding="utf-8")
    with pytest.raises(BenchmarkInputError, match="the key id stands twice"):
        load_recipe(file)
    file.write_text("- id", encoding="utf-8")
    with pytest.raises(BenchmarkInputError, match=r"mine\.yaml: it holds no mapping"):
        load_recipe(file)
    file.write_bytes(b"id: \xff")
    with pytest.raises(BenchmarkInputError, match=r"mine\.yaml: it is not readable YAML"):
        load_recipe(file)
    file.write_text("{id: a, version: '1', label: A, steps: [{step: denominat}]}", encoding="utf-8")
    with pytest.raises(RecipeError, match=r"mine\.yaml: steps\.0\.step: 'denominat' does not exist"):
        load_recipe(file)


def test_words_of_yaml_1_1_are_words(tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text(
        "{id: a, version: '1', label: {no: Indeks, en: Index}, steps: [{step: normalise, by_indicator: "
        "{NO: {low: 1e-3}}}, {step: aggregate}]}",
        encoding="utf-8",
    )
    found = load_recipe(file)
    assert found.steps[0].parameters == {"by_indicator": {"NO": {"low": 0.001}}}
    assert (found.text("no"), found.text("de")) == ("Indeks", "Indeks")


@pytest.mark.parametrize("step", STEPS)
def test_every_default_written_out_is_a_recipe_that_says_the_same(step: str) -> None:
    for method in methods_of(step) or (None,):
        given = {} if method is None else {"method": method}
        effective = effective_parameters(step, given)
        assert effective == effective_parameters(step, effective)
        assert checked_parameters(step, effective) == effective
        assert set(effective) == set(defaults_of(step, *([] if method is None else [method])))


def test_overrides_are_written_out_with_what_is_in_force() -> None:
    normalise = effective_parameters(
        "normalise",
        {"low": 1, "by_indicator": {"a": {"method": "minmax"}, "b": {"method": "scaled"}, "c": {"high": 9}}},
    )
    # Under the step's own method an indicator has the step's parameters, under another that one's defaults.
    assert normalise["by_indicator"] == {
        "a": {"method": "minmax", "low": 1, "high": 100.0},
        "b": {"method": "scaled", "low": 0.0, "high": 100.0},
        "c": {"high": 9},
    }
    aggregate = effective_parameters(
        "aggregate", {"method": "mpi", "penalty": "plus", "by_level": {2: {"method": "ampi"}}}
    )
    assert aggregate["by_level"] == {2: {"method": "ampi", "penalty": "plus", "reference": "mean"}}


def test_a_step_without_methods_takes_its_own_parameters_alone() -> None:
    with pytest.raises(ParameterRefused, match="method is no parameter of denominate"):
        checked_parameters("denominate", {"method": "none"})


def test_a_change_that_names_a_method_states_the_step_anew() -> None:
    found = recipe(NORMALISE | {"low": 1, "by_indicator": {"a": {"low": 5}}}, AGGREGATE)
    assert found.changed({"normalise": {"high": 10}}).steps[0].parameters == {
        "method": "minmax",
        "low": 1,
        "by_indicator": {"a": {"low": 5}},
        "high": 10,
    }
    anew = found.changed({"1_normalise": {"method": "minmax", "high": 10}})
    assert anew.steps[0].parameters == {
        "by_indicator": {"a": {"low": 5}},
        "method": "minmax",
        "high": 10,
    }
    assert found.changed({"normalise": None}).stage_names == ("1_aggregate",)


def test_a_change_of_a_step_that_is_not_there_is_refused() -> None:
    found = recipe({"step": "treat"}, {"step": "treat"}, AGGREGATE)
    with pytest.raises(RecipeError, match="no step 'impute'"):
        found.changed({"impute": {"method": "mean"}})
    with pytest.raises(RecipeError, match=r"2 steps 'treat'.*Name one of 1_treat, 2_treat, 3_aggregate"):
        found.changed({"treat": {"method": "none"}})
    with pytest.raises(RecipeError, match="have no aggregate"):
        found.changed({"aggregate": None})


def test_draws_and_seed_act_on_uncertainty_alone() -> None:
    drawn = recipe(NORMALISE, AGGREGATE, uncertainty={"draws": 5, "seed": 1}).drawn(draws=7)
    assert drawn.uncertainty is not None
    assert (drawn.uncertainty.draws, drawn.uncertainty.seed) == (7, 1)
    with pytest.raises(RecipeError, match="no uncertainty, seed has nothing to act on"):
        recipe(NORMALISE, AGGREGATE).drawn(seed=3)


# PyYAML folds control characters and line separators; no label holds any.
texts = st.text(st.characters(exclude_categories=("Cc", "Cs", "Zl", "Zp")), max_size=8)
plain_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=8,
)


@given(mapping=st.dictionaries(texts, plain_values, max_size=4))
def test_what_is_written_is_read_back_as_it_was(
    mapping: dict[str, Any], tmp_path_factory: pytest.TempPathFactory
) -> None:
    file = tmp_path_factory.mktemp("yaml") / "any.yaml"
    file.write_text(written(mapping), encoding="utf-8", newline="")
    assert read_mapping(file) == mapping
