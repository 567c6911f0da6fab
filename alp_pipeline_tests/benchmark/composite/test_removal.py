"""An index without one element is the index of the others."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from alp_pipeline.benchmark.cells import BenchmarkInputError
from alp_pipeline.benchmark.composite.framework import Framework
from alp_pipeline.benchmark.composite.index import IndexResult, compute_index
from alp_pipeline.benchmark.composite.recipe import Recipe
from alp_pipeline.benchmark.composite.removal import remove_elements, without_codes
from alp_pipeline.benchmark.composite.units import UnitTable


def recipe(*steps: dict[str, Any]) -> Recipe:
    return Recipe.of({"id": "test", "version": "1", "label": "Test", "steps": list(steps)})


MEAN = ({"step": "normalise", "method": "minmax"}, {"step": "aggregate", "method": "arithmetic"})


@pytest.fixture
def data() -> pd.DataFrame:
    rng = np.random.default_rng(3)
    return pd.DataFrame(rng.uniform(1, 9, (7, 4)), columns=list("abcd")).assign(unit=list("TUVWXYZ"))


@pytest.fixture
def index(data: pd.DataFrame, two_pillars: Framework) -> IndexResult:
    return compute_index(UnitTable.of(data, two_pillars), two_pillars, recipe(*MEAN))


def test_without_an_indicator_the_others_of_its_pillar_count_for_more(index: IndexResult) -> None:
    removal = remove_elements(index, 1)
    x = index.scores
    assert list(removal.scores.columns) == ["nominal", "a", "b", "c", "d"]
    np.testing.assert_allclose(removal.scores["a"], (x["c"] + (x["b"] + x["d"]) / 2) / 2)
    np.testing.assert_allclose(removal.scores["d"], ((x["a"] + x["c"]) / 2 + x["b"]) / 2)
    assert removal.ranks["nominal"].tolist() == index.ranks["I"].tolist()


def test_shifts_are_means_of_absolute_differences_of_ranks(index: IndexResult) -> None:
    removal = remove_elements(index, 2)
    for element, other in (("P", "Q"), ("Q", "P")):
        ranks = index.scores[other].rank(method="min", ascending=False)
        shift = (ranks - index.ranks["I"].astype(float)).abs()
        assert removal.ranks[element].tolist() == ranks.tolist()
        assert removal.elements.loc[element].tolist() == [shift.mean(), shift.max(), 7]


def test_it_is_the_same_as_weight_zero_where_weights_are_given_and_nothing_is_missing(
    data: pd.DataFrame, two_pillars: Framework, index: IndexResult
) -> None:
    """What COINr's remove_elements does."""
    removal = remove_elements(index, 1)
    for code in "abcd":
        weightless = two_pillars.with_weights({code: 0.0})
        expected = compute_index(UnitTable.of(data, two_pillars), weightless, index.recipe)
        np.testing.assert_allclose(removal.scores[code], expected.scores["I"], rtol=1e-14)


def test_an_element_of_weight_zero_shifts_nobody(data: pd.DataFrame, two_pillars: Framework) -> None:
    weightless = two_pillars.with_weights({"b": 0.0})
    index = compute_index(UnitTable.of(data, weightless), weightless, recipe(*MEAN))
    removal = remove_elements(index, 1)
    assert removal.elements.loc["b", "mean_absolute_rank_shift"] == 0
    assert removal.scores["b"].tolist() == removal.scores["nominal"].tolist()
    # Without d nothing in its pillar counts any more: the other pillar is the index.
    assert removal.scores["d"].tolist() == index.scores["P"].tolist()


def test_only_what_the_target_is_made_of_matters_to_it(index: IndexResult) -> None:
    removal = remove_elements(index, 1, code="P")
    assert removal.elements.loc[["b", "d"], "mean_absolute_rank_shift"].tolist() == [0, 0]


def test_a_target_of_which_nothing_is_left_has_no_scores() -> None:
    table = pd.DataFrame(
        {
            "code": ["a", "b", "P", "Q", "I"],
            "level": [1, 1, 2, 2, 3],
            "parent": ["P", "Q", "I", "I", None],
            "direction": 1,
            "type": ["Indicator"] * 2 + ["Aggregate"] * 3,
        }
    )
    framework = Framework.of(table)
    data = UnitTable.of(pd.DataFrame({"unit": ["U", "V"], "a": [1, 2], "b": [4, 3]}), framework)
    removal = remove_elements(compute_index(data, framework, recipe(*MEAN)), 1, code="P")
    assert removal.scores["a"].isna().all()
    assert removal.ranks["a"].isna().all()
    assert removal.elements.loc["a", "units"] == 0
    assert np.isnan(removal.elements.loc["a", "mean_absolute_rank_shift"])


def test_units_are_screened_anew_on_what_is_left(data: pd.DataFrame, two_pillars: Framework) -> None:
    data.loc[data["unit"] == "T", ["a", "b"]] = np.nan
    steps = ({"step": "screen", "availability_min": 0.6}, *MEAN)
    index = compute_index(UnitTable.of(data, two_pillars), two_pillars, recipe(*steps))
    removal = remove_elements(index, 1)
    assert removal.ranks.loc["T"].isna().tolist() == [True, False, False, True, True]
    assert removal.elements["units"].tolist() == [6, 6, 6, 6]


def test_what_the_recipe_says_of_an_element_goes_with_it(data: pd.DataFrame, two_pillars: Framework) -> None:
    steps = (
        {"step": "treat", "by_indicator": {"a": {"method": "none"}}},
        MEAN[0] | {"by_indicator": {"a": {"low": 5}, "b": {"method": "rank"}}},
        {"step": "weight", "method": "given", "weights": {"a": 2, "P": 3}},
        MEAN[1],
    )
    index = compute_index(UnitTable.of(data, two_pillars), two_pillars, recipe(*steps))
    assert remove_elements(index, 1).elements["units"].tolist() == [7] * 4
    assert remove_elements(index, 2).elements["units"].tolist() == [7] * 2
    pruned = without_codes(index.recipe, two_pillars, {"a", "P"})
    assert pruned.steps[1].parameters["by_indicator"] == {"b": {"method": "rank"}}
    assert pruned.steps[2].parameters["weights"] == {}


def test_of_a_budget_each_experts_points_for_what_is_left_keep_their_proportions(
    data: pd.DataFrame, two_pillars: Framework
) -> None:
    points = {
        "Ada": {"a": 80, "c": 20, "b": 30, "d": 70, "P": 60, "Q": 40},
        "Ben": {"a": 40, "c": 60, "b": 50, "d": 50, "P": 50, "Q": 50},
    }
    units = UnitTable.of(data, two_pillars)
    index = compute_index(
        units, two_pillars, recipe(MEAN[0], {"step": "weight", "method": "budget", "points": points}, MEAN[1])
    )
    removal = remove_elements(index, 1)
    assert removal.elements["units"].tolist() == [7] * 4
    # Without a, all of P is c; the experts' means for Q and the pillars stay.
    scores = index.scores
    pillar_q = 0.4 * scores["b"] + 0.6 * scores["d"]
    np.testing.assert_allclose(removal.scores["a"], 0.55 * scores["c"] + 0.45 * pillar_q, rtol=1e-12)
    assert remove_elements(index, 2).elements["units"].tolist() == [7] * 2
    nothing = {"Ada": {"a": 100, "c": 0}}
    alone = {"step": "weight", "method": "budget", "points": nothing}
    index = compute_index(units, two_pillars, recipe(MEAN[0], alone, MEAN[1]))
    with pytest.raises(BenchmarkInputError, match=r"Ada gives nothing to what is left of P"):
        remove_elements(index, 1)


def test_a_level_that_is_not_below_the_target_is_refused(index: IndexResult) -> None:
    with pytest.raises(BenchmarkInputError, match=r"level 3 is not below I\. Pass 1 to 2"):
        remove_elements(index, 3)
    with pytest.raises(BenchmarkInputError, match=r"level 2 is not below P\. Pass 1 to 1"):
        remove_elements(index, 2, code="P")
