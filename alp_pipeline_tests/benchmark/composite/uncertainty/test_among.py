"""Ranks among a perimeter's units come from the same draws as those over the universe."""

import numpy as np
import pandas as pd
import pytest

from alp_pipeline.benchmark.cells import BenchmarkInputError
from alp_pipeline.benchmark.composite.framework import Framework
from alp_pipeline.benchmark.composite.recipe import Recipe
from alp_pipeline.benchmark.composite.uncertainty.monte_carlo import monte_carlo
from alp_pipeline.benchmark.composite.uncertainty.results import UncertaintyResult
from alp_pipeline.benchmark.composite.units import UnitTable

UNITS = ["AT33", "CH05", "DE21", "FRK2", "ITC4", "SI03"]


@pytest.fixture(scope="module")
def result() -> UncertaintyResult:
    framework = Framework.of(
        pd.DataFrame(
            {
                "code": ["a", "b", "c", "index"],
                "level": [1, 1, 1, 2],
                "parent": ["index", "index", "index", None],
                "direction": 1,
                "type": ["Indicator"] * 3 + ["Aggregate"],
            }
        )
    )
    numbers = np.random.default_rng(3).normal(50, 10, (len(UNITS), 3))
    data = pd.DataFrame(numbers, columns=["a", "b", "c"]).assign(unit=UNITS)
    flags = pd.DataFrame("e", index=UNITS, columns=["a", "b", "c"])
    steps = [{"step": "normalise", "method": "minmax"}, {"step": "aggregate"}]
    uncertain = {
        "draws": 300,
        "seed": 1,
        "method": [{"distribution": "simplex"}],
        "data": {"flags": {"e": 0.1}},
    }
    recipe = Recipe.of({"id": "r", "version": "1", "label": "R", "steps": steps, "uncertainty": uncertain})
    return monte_carlo(UnitTable.of(data, framework, flags=flags), framework, recipe)


def test_all_units_among_themselves_are_the_result_itself(result: UncertaintyResult) -> None:
    again = result.among(UNITS)
    pd.testing.assert_frame_equal(again.summary, result.summary)
    pd.testing.assert_frame_equal(again.above, result.above)
    pd.testing.assert_frame_equal(again.classes, result.classes)


def test_ranks_among_some_are_counted_in_every_draw_among_these_alone(result: UncertaintyResult) -> None:
    some = ["SI03", "AT33", "ITC4"]
    found = result.among(some)
    naive = result.scores[some].rank(axis=1, ascending=False, method="min")
    assert found.summary.index.tolist() == some
    np.testing.assert_array_equal(found.ranks.to_numpy(), naive.to_numpy())
    assert found.summary["rank_median"].tolist() == naive.quantile(0.5).tolist()
    assert found.rank_acceptability.sum(axis=1).round(12).tolist() == [1.0, 1.0, 1.0]
    pd.testing.assert_frame_equal(found.above, result.above.loc[some, some])


def test_what_an_interval_owes_to_assumptions_is_asked_of_the_perimeters_ranks(
    result: UncertaintyResult,
) -> None:
    pair = result.among(["DE21", "FRK2"]).summary["rank_assumed_share"]
    assert pair.between(0, 1).all()
    assert result.among(["DE21"]).summary["rank_assumed_share"].tolist() == [0.0]


def test_a_unit_that_was_not_drawn_is_refused_by_name(result: UncertaintyResult) -> None:
    with pytest.raises(BenchmarkInputError, match="LI00"):
        result.among(["AT33", "LI00"])
    with pytest.raises(BenchmarkInputError, match="AT33"):
        result.among(["AT33", "AT33"])
