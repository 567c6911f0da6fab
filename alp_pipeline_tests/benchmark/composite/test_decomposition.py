"""A difference of two scores is the sum of what its indicators add."""

from itertools import permutations
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from alp_pipeline.benchmark.cells import BenchmarkInputError
from alp_pipeline.benchmark.composite.aggregation import aggregated
from alp_pipeline.benchmark.composite.contribution import EXACT_CHILDREN, Side, parts_of
from alp_pipeline.benchmark.composite.decomposition import (
    Decomposition,
    decompose_change,
    decompose_difference,
)
from alp_pipeline.benchmark.composite.framework import Framework
from alp_pipeline.benchmark.composite.index import IndexResult, compute_index, recompute
from alp_pipeline.benchmark.composite.recipe import Recipe
from alp_pipeline.benchmark.composite.units import UnitTable

NORMALISE = {"step": "normalise", "method": "minmax", "low": 1, "high": 100}
METHODS: dict[str, dict[str, Any]] = {
    "arithmetic": {},
    "geometric": {},
    "harmonic": {},
    "generalised": {"power": 0.3},
    "copeland": {},
    "mpi": {},
    "ampi": {"reference": "U"},
    "p2_distance": {},
    "benefit_of_the_doubt": {},
}
BY_UNIT = ("copeland", "mpi", "ampi", "p2_distance", "benefit_of_the_doubt")


def index_of(data: pd.DataFrame, framework: Framework, **aggregate: Any) -> IndexResult:
    steps = [NORMALISE, {"step": "aggregate", **aggregate}]
    recipe = Recipe.of({"id": "test", "version": "1", "label": "Test", "steps": steps})
    return compute_index(UnitTable.of(data, framework), framework, recipe)


def table(seed: int, units: str = "UVWXYZ") -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    return pd.DataFrame(rng.uniform(1, 9, (len(units), 4)), columns=list("abcd")).assign(unit=list(units))


def total(found: Decomposition) -> float:
    indicators = found.table["level"] == 1
    return float(
        found.table.loc[indicators, "contribution"].sum()
        + found.table.loc[~indicators, "unequal"].sum()
        + found.remainder
    )


def test_arithmetic_contributions_are_weights_on_the_path_times_differences(two_pillars: Framework) -> None:
    framework = two_pillars.with_weights({"a": 3, "P": 2})
    index = index_of(table(1), framework)
    found = decompose_difference(index, "V", "Y")
    x = index.scores
    weights = {"a": 2 / 3 * 3 / 4, "c": 2 / 3 * 1 / 4, "b": 1 / 3 * 1 / 2, "d": 1 / 3 * 1 / 2}
    for code, weight in weights.items():
        assert found.table.loc[code, "slope"] == pytest.approx(weight, rel=1e-14)
        expected = weight * (x.loc["V", code] - x.loc["Y", code])
        assert found.table.loc[code, "contribution"] == pytest.approx(expected, rel=1e-13)
    assert found.remainder == 0
    assert found.difference == x.loc["V", "I"] - x.loc["Y", "I"]
    assert total(found) == pytest.approx(found.difference, rel=1e-13)


@pytest.mark.parametrize("method", METHODS)
def test_contributions_add_up_under_every_method(method: str, two_pillars: Framework) -> None:
    for seed in range(4):
        index = index_of(table(seed), two_pillars, method=method, **METHODS[method])
        found = decompose_difference(index, "W", "X")
        assert found.remainder == pytest.approx(0, abs=1e-9)
        assert total(found) == pytest.approx(found.difference, abs=1e-9)
        for parent in "PQ":
            children = found.table[found.table["parent"] == parent]
            assert children["contribution"].sum() == pytest.approx(found.table.loc[parent, "contribution"])


@pytest.mark.parametrize("method", METHODS)
def test_contributions_turn_round_with_the_units(method: str, two_pillars: Framework) -> None:
    index = index_of(table(2), two_pillars, method=method, **METHODS[method])
    forth, back = decompose_difference(index, "V", "Z"), decompose_difference(index, "Z", "V")
    np.testing.assert_allclose(forth.table["contribution"], -back.table["contribution"], atol=1e-9)
    assert forth.difference == -back.difference


@pytest.mark.parametrize("method", METHODS)
def test_a_unit_differs_from_itself_in_nothing(method: str, two_pillars: Framework) -> None:
    index = index_of(table(3), two_pillars, method=method, **METHODS[method])
    found = decompose_difference(index, "V", "V")
    assert found.difference == 0
    np.testing.assert_allclose(found.table["contribution"], 0, atol=1e-9)


def test_levels_of_different_methods_are_taken_apart_each_by_its_own(two_pillars: Framework) -> None:
    index = index_of(table(4), two_pillars, methods=["geometric", "mpi"])
    found = decompose_difference(index, "V", "Y")
    p = index.scores["P"]
    # Within the pillar the logarithmic mean shares its difference out by logarithms.
    logs = np.log(index.scores.loc["V", ["a", "c"]].to_numpy() / index.scores.loc["Y", ["a", "c"]].to_numpy())
    share = logs / logs.sum()
    contributions = found.table.loc[["a", "c"], "contribution"].to_numpy()
    np.testing.assert_allclose(contributions, share * found.table.loc["P", "contribution"], rtol=1e-10)
    assert found.table.loc["P", "score_a"] == p["V"]
    assert total(found) == pytest.approx(found.difference, abs=1e-10)


def test_one_level_alone_can_have_a_method_of_its_own(two_pillars: Framework) -> None:
    index = index_of(table(4), two_pillars, by_level={2: {"method": "generalised", "power": 3}})
    other = index_of(table(4), two_pillars, methods=["arithmetic", "generalised"], power=3)
    found, expected = (decompose_difference(one, "V", "Y") for one in (index, other))
    assert found.table["contribution"].tolist() == expected.table["contribution"].tolist()
    assert total(found) == pytest.approx(found.difference, abs=1e-10)


@pytest.mark.parametrize("method", METHODS)
def test_what_a_missing_number_does_is_stated_beside_the_contributions(
    method: str, two_pillars: Framework
) -> None:
    data = table(5)
    data.loc[data["unit"] == "V", "c"] = np.nan
    index = index_of(data, two_pillars, method=method, **METHODS[method])
    found = decompose_difference(index, "V", "Y")
    assert total(found) == pytest.approx(found.difference, abs=1e-9)
    row = found.table.loc["c"]
    assert row["contribution"] == row["unequal"]
    assert row["slope"] == 0


def test_what_a_missing_number_does_does_not_depend_on_where_the_scale_begins(two_pillars: Framework) -> None:
    data = table(6)
    data.loc[data["unit"] == "V", "a"] = np.nan
    index = index_of(data, two_pillars)
    moved = recompute(index, {"normalise": {"low": 1001, "high": 1100}})
    found, other = (decompose_difference(one, "V", "Y") for one in (index, moved))
    np.testing.assert_allclose(found.table["contribution"], other.table["contribution"], rtol=1e-9)


def test_a_pillar_that_one_unit_lacks_is_not_gone_into(two_pillars: Framework) -> None:
    data = table(7)
    data.loc[data["unit"] == "V", ["a", "c"]] = np.nan
    found = decompose_difference(index_of(data, two_pillars), "V", "Y")
    assert found.table.index.tolist() == ["P", "Q", "b", "d"]
    assert total(found) == pytest.approx(found.difference, rel=1e-12)


def test_a_year_on_year_change_is_split_by_weights_and_values(two_pillars: Framework) -> None:
    before = index_of(table(8), two_pillars)
    after = index_of(table(9), two_pillars.with_weights({"a": 5}))
    found = decompose_change(before, after, "W")
    assert found.difference == after.scores.loc["W", "I"] - before.scores.loc["W", "I"]
    assert total(found) == pytest.approx(found.difference, rel=1e-12)
    assert found.table.loc["a", "unequal"] != 0
    assert found.table.loc["b", "unequal"] == 0


def test_a_change_of_those_compared_with_is_the_remainder(two_pillars: Framework) -> None:
    """Copeland by one pillar: the unit stays as it is, a competitor falls behind it."""
    framework = two_pillars.without(["Q", "c"])
    data = pd.DataFrame({"unit": list("UVW"), "a": [1.0, 2.0, 9.0]})
    before = index_of(data, framework, method="copeland")
    after = index_of(data.assign(a=[1.0, 0.5, 9.0]), framework, method="copeland")
    found = decompose_change(before, after, "U")
    assert found.difference == 1
    # Its normalised number moved with the minimum, so something is the indicator's; in all it adds up.
    assert total(found) == pytest.approx(found.difference)
    assert found.remainder == pytest.approx(1 - found.table.loc["a", "contribution"])


def test_years_of_a_panel_are_units_like_others(two_pillars: Framework) -> None:
    data = pd.concat([table(10).assign(time=2013), table(11).assign(time=2014)])
    for method in ("arithmetic", "mpi"):
        index = index_of(data, two_pillars, method=method)
        found = decompose_difference(index, ("W", 2014), ("W", 2013))
        assert found.remainder == pytest.approx(0, abs=1e-10)
        assert total(found) == pytest.approx(found.difference, abs=1e-10)
    each = index_of(data, two_pillars, method="mpi", reference_time="each")
    found = decompose_difference(each, ("W", 2014), ("W", 2013))
    assert total(found) == pytest.approx(found.difference, abs=1e-10)


def side(values: np.ndarray, known: np.ndarray, method: str, **settings: Any) -> Side:
    one_parent = np.zeros(known.shape[1], dtype=np.int64)
    weights = np.arange(1.0, known.shape[1] + 1)
    row = int(np.flatnonzero((known == values).all(axis=1))[0])
    score = float(aggregated(known, weights, one_parent, method, **settings)[row, 0])
    return Side(values, weights, score, known, settings)


@pytest.mark.parametrize("method", BY_UNIT)
def test_shapley_values_equal_the_mean_over_all_orders(method: str) -> None:
    known = np.random.default_rng(12).uniform(1, 9, (6, 3))
    a, b = (side(known[row], known, method) for row in (0, 1))

    def worth(taken: tuple[int, ...]) -> float:
        mixed = known.copy()
        own = known[1].copy()
        own[list(taken)] = known[0][list(taken)]
        if method == "copeland":
            rivals = np.vstack([known, own])
            return float(aggregated(rivals, a.weights, [0, 0, 0], method)[-1, 0])
        return float(aggregated(own[None], a.weights, [0, 0, 0], method, learn=mixed)[0, 0])

    expected = np.zeros(3)
    for order in permutations(range(3)):
        for place, child in enumerate(order):
            expected[child] += (worth(order[: place + 1]) - worth(order[:place])) / 6
    parts = parts_of(a, b, method)
    np.testing.assert_allclose(parts.slopes * (known[0] - known[1]), expected, atol=1e-9)


@pytest.mark.parametrize("method", ["copeland", "mpi", "p2_distance"])
def test_beyond_all_orders_the_rotations_add_up(method: str) -> None:
    known = np.random.default_rng(13).uniform(1, 9, (30, EXACT_CHILDREN + 2))
    a, b = (side(known[row], known, method) for row in (0, 1))
    parts = parts_of(a, b, method)
    assert parts.remainder == pytest.approx(0, abs=1e-9)
    assert (parts.slopes * (a.values - b.values)).sum() == pytest.approx(a.score - b.score)


@given(
    a=st.lists(st.floats(0.1, 100), min_size=1, max_size=5),
    b=st.lists(st.floats(0.1, 100), min_size=5, max_size=5),
    power=st.sampled_from([-2.0, -1.0, -0.5, 0.0, 0.5, 1.0, 2.0]),
)
def test_means_have_no_remainder_whatever_the_numbers(a: list[float], b: list[float], power: float) -> None:
    known = np.array([a, b[: len(a)]])
    if (known[0] == known[1]).all():
        known = known[:1]
    one, other = (side(row, known, "generalised", power=power) for row in (known[0], known[-1]))
    parts = parts_of(one, other, "generalised")
    sum_of_parts = (parts.slopes * (one.values - other.values)).sum() + parts.unequal.sum()
    assert sum_of_parts == pytest.approx(one.score - other.score, rel=1e-6, abs=1e-8)


def test_who_has_no_score_is_told_why(two_pillars: Framework) -> None:
    data = table(14).astype({"a": object})
    data.loc[0, "a"] = ":c"
    index = index_of(data, two_pillars)
    with pytest.raises(BenchmarkInputError, match=r"U has no score of I \(undetermined\)"):
        decompose_difference(index, "U", "V")
    assert decompose_difference(index, "U", "V", code="Q").target == "Q"
    with pytest.raises(BenchmarkInputError, match="nobody is not in the index"):
        decompose_difference(index, "V", "nobody")


def test_indices_of_another_tree_or_method_are_not_a_change(two_pillars: Framework) -> None:
    index = index_of(table(15), two_pillars)
    with pytest.raises(BenchmarkInputError, match="other frameworks"):
        decompose_change(index, index_of(table(15), two_pillars.without(["a"])), "U")
    with pytest.raises(BenchmarkInputError, match="other methods of aggregation"):
        decompose_change(index, index_of(table(15), two_pillars, method="geometric"), "U")


def test_asem_switzerland_and_the_netherlands(asem_units: UnitTable, asem_framework: Framework) -> None:
    """COINr's published scores: 68.38 and 64.82; the sum over 49 indicators is their difference."""
    steps = [
        {"step": "denominate"},
        {"step": "impute", "method": "group_mean", "group": "EurAsia_group"},
        {"step": "treat", "then": "log_ct"},
        {"step": "normalise"},
        {"step": "aggregate"},
    ]
    recipe = Recipe.of({"id": "asem", "version": "1", "label": "ASEM", "steps": steps})
    found = decompose_difference(compute_index(asem_units, asem_framework, recipe), "CHE", "NLD")
    assert found.difference == pytest.approx(68.3837242383 - 64.8195161698, abs=1e-9)
    assert found.indicators["contribution"].sum() == pytest.approx(found.difference, abs=1e-12)
    assert len(found.indicators) == 49
