"""The step `weight`: what each method sets, what it reports, what it refuses."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alp_pipeline.benchmark.cells import BenchmarkInputError
from alp_pipeline.benchmark.composite.aggregate import aggregate
from alp_pipeline.benchmark.composite.benefit_of_the_doubt import benefit_of_the_doubt
from alp_pipeline.benchmark.composite.framework import Framework
from alp_pipeline.benchmark.composite.normalise import normalise
from alp_pipeline.benchmark.composite.pca_weights import pca_weights
from alp_pipeline.benchmark.composite.units import UnitTable
from alp_pipeline.benchmark.composite.weights import weigh

FLAT = Framework.of(
    pd.DataFrame(
        {
            "code": ["a", "b", "c", "I"],
            "level": [1, 1, 1, 2],
            "parent": ["I", "I", "I", None],
            "direction": 1,
            "type": ["Indicator"] * 3 + ["Aggregate"],
        }
    )
)


def units(framework: Framework, values: np.ndarray) -> UnitTable:
    data = pd.DataFrame(values, columns=list(framework.indicators))
    data.insert(0, "unit", [f"u{n:02}" for n in range(len(values))])
    return UnitTable.of(data, framework)


def related(rows: int = 40, columns: int = 4, seed: int = 0) -> np.ndarray:
    """Columns that share something, each with noise of its own size."""
    rng = np.random.default_rng(seed)
    noise = rng.normal(size=(rows, columns)) * np.linspace(0.5, 1.5, columns)
    return 50 + 10 * (rng.normal(size=(rows, 1)) + noise)


def weight_of(framework: Framework) -> dict[str, float]:
    levels = range(1, framework.depth)
    return {
        code: float(weight)
        for level in levels
        for code, weight in zip(framework.codes(level), framework.weights(level), strict=True)
    }


def test_given_weights_stay_and_single_ones_may_be_replaced(two_pillars):
    table = units(two_pillars, related())
    assert weight_of(weigh(table, two_pillars).framework) == weight_of(two_pillars)
    result = weigh(table, two_pillars, weights={"a": 3, "P": 0.5})
    assert weight_of(result.framework) == {"a": 3.0, "b": 1, "c": 1, "d": 1, "P": 0.5, "Q": 1}
    told = result.details["weights"].set_index("code")
    assert told.loc["a", ["share", "share_before"]].tolist() == [0.75, 0.5]
    assert told.groupby("parent")["share"].sum().tolist() == pytest.approx([1, 1, 1])
    assert result.units is table


def test_equal_weights_are_equal_within_each_parent_of_the_levels_named(two_pillars):
    uneven = two_pillars.with_weights({"a": 3, "P": 9})
    table = units(uneven, related())
    assert set(weight_of(weigh(table, uneven, method="equal").framework).values()) == {1.0}
    above = weight_of(weigh(table, uneven, method="equal", levels=[2]).framework)
    assert (above["a"], above["P"]) == (3.0, 1.0)


def test_pca_weights_are_the_squared_entries_of_the_first_eigenvector(two_pillars):
    values = related()
    result = weigh(units(two_pillars, values), two_pillars, method="pca")
    weight = weight_of(result.framework)
    for children in (("a", "c"), ("b", "d")):
        columns = [two_pillars.indicators.index(code) for code in children]
        # Singular vectors of the standardised columns: the same component by another road.
        z = (values - values.mean(axis=0)) / values.std(axis=0, ddof=1)
        _, singular, right = np.linalg.svd(z[:, columns], full_matrices=False)
        assert [weight[code] for code in children] == pytest.approx(right[0] ** 2)
        told = result.details["pca"].set_index("code").loc[list(children)]
        assert told["explained"].tolist() == pytest.approx([singular[0] ** 2 / (singular**2).sum()] * 2)
        component = z[:, columns] @ right[0]
        loading = [abs(np.corrcoef(z[:, c], component)[0, 1]) for c in columns]
        assert told["loading"].tolist() == pytest.approx(loading)
    assert weight["P"] == 1.0


def test_pca_of_three_indicators_by_hand():
    # Correlations r(a, b) = 0.6 and 0 with c: the first component is (1, 1, 0) / √2 with eigenvalue 1.6.
    pair = [[1, 1]] * 4 + [[-1, -1]] * 4 + [[1, -1], [-1, 1]]
    x = np.array([[*both, c] for both in pair for c in (-1, 1)], dtype=float)
    weights, table = pca_weights(pd.DataFrame(x, columns=list("abc")))
    assert weights == pytest.approx({"a": 0.5, "b": 0.5, "c": 0})
    assert table["explained"].tolist() == pytest.approx([1.6 / 3] * 3)
    assert table["loading"].tolist() == pytest.approx([0.8**0.5, 0.8**0.5, 0])


def test_plain_loadings_are_coinrs_weights():
    rng = np.random.default_rng(8)
    frame = pd.DataFrame(rng.normal(size=(30, 1)) + rng.normal(size=(30, 3)), columns=list("abc"))
    plain, table = pca_weights(frame, loadings="plain")
    # COINr takes prcomp's rotation, whose entries are in the ratios of the loadings.
    _, _, rotation = np.linalg.svd((frame - frame.mean()) / frame.std())
    np.testing.assert_allclose(list(plain.values()), rotation[0] / rotation[0].sum(), rtol=1e-12)
    np.testing.assert_allclose(table["weight"], table["loading"] / table["loading"].sum(), rtol=1e-12)


def test_an_indicator_that_loads_against_its_parent_is_refused_or_counts_nothing():
    values = related(columns=3)
    values[:, 2] = 200 - values[:, 0]
    table = units(FLAT, values)
    with pytest.raises(BenchmarkInputError, match=r"c loads against I.*Check its direction"):
        weigh(table, FLAT, method="pca")
    result = weigh(table, FLAT, method="pca", against="zero")
    weight = weight_of(result.framework)
    assert weight["c"] == 0
    assert weight["a"] + weight["b"] == pytest.approx(1)
    assert result.details["pca"].set_index("code").loc["c", "loading"] < 0


def test_a_component_that_is_not_the_first_of_several_equal_ones_is_refused():
    square = np.array([[1.0, 1.0], [1.0, -1.0], [-1.0, 1.0], [-1.0, -1.0]])
    with pytest.raises(BenchmarkInputError, match="no one first component"):
        pca_weights(pd.DataFrame(square, columns=list("ab")), parent="P")


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ([[1.0, 2.0], [2.0, 1.0]], "2 units have all children of P"),
        ([[1.0, 2.0], [2.0, np.nan], [3.0, 4.0], [4.0, np.nan]], "2 units have all"),
        ([[1.0, 5.0], [2.0, 5.0], [3.0, 5.0]], "b is constant"),
    ],
)
def test_pca_needs_three_units_and_columns_that_vary(values, message):
    with pytest.raises(BenchmarkInputError, match=message):
        pca_weights(pd.DataFrame(values, columns=list("ab")), parent="P")


def test_a_single_child_has_all_the_weight():
    weights, _ = pca_weights(pd.DataFrame({"a": [1.0, 2.0, 4.0]}))
    assert weights == {"a": pytest.approx(1)}


def test_optimised_weights_of_uncorrelated_indicators_are_known_in_closed_form():
    # corr(x_i, Σ w x) is proportional to w_i sd_i, so shares s want weights s_i / sd_i.
    signs = np.array(np.meshgrid([-1, 1], [-1, 1], [-1, 1])).reshape(3, -1).T
    sd = np.array([1.0, 2.0, 5.0])
    wanted = np.array([0.2, 0.5, 0.3])
    result = weigh(
        units(FLAT, signs * sd), FLAT, method="optimised", importance=dict(zip("abc", wanted, strict=True))
    )
    expected = wanted / sd / (wanted / sd).sum()
    assert list(weight_of(result.framework).values()) == pytest.approx(expected.tolist(), abs=1e-6)
    told = result.details["optimised"]
    assert told["achieved"].tolist() == pytest.approx(wanted.tolist(), abs=1e-6)
    assert told["difference"].max() < 1e-6


def importance_share(scores: pd.DataFrame, codes: list[str], top: str) -> np.ndarray:
    correlation = np.array([np.corrcoef(scores[code], scores[top])[0, 1] for code in codes])
    return correlation / correlation.sum()


@settings(max_examples=10)
@given(seed=st.integers(0, 50))
def test_what_optimised_weights_are_said_to_achieve_is_what_the_index_shows(seed):
    table = units(FLAT, related(columns=3, seed=seed))
    result = weigh(table, FLAT, method="optimised")
    scores = aggregate(table, result.framework).units.values
    told = result.details["optimised"]
    shown = importance_share(scores, told["code"].tolist(), "I")
    np.testing.assert_allclose(told["achieved"], shown, atol=1e-9)
    before = importance_share(aggregate(table, FLAT).units.values, told["code"].tolist(), "I")
    assert ((shown - 1 / 3) ** 2).sum() <= ((before - 1 / 3) ** 2).sum() + 1e-12


def test_pillars_can_be_weighed_to_an_importance_too(two_pillars):
    table = units(two_pillars, related(seed=3))
    result = weigh(table, two_pillars, method="optimised", levels=[2], importance={"P": 2, "Q": 1})
    scores = aggregate(table, result.framework).units.values
    told = result.details["optimised"]
    np.testing.assert_allclose(importance_share(scores, ["P", "Q"], "I"), told["achieved"], atol=1e-9)
    assert told["wanted"].tolist() == pytest.approx([2 / 3, 1 / 3])


def test_optimised_weights_are_no_worse_than_any_on_a_grid():
    table = units(FLAT, related(columns=3, seed=5))
    result = weigh(table, FLAT, method="optimised", importance={"a": 1, "b": 1, "c": 2})
    reached = result.details["optimised"]["difference"].iloc[0]
    wanted = np.array([0.25, 0.25, 0.5])
    for a in np.linspace(0.05, 0.9, 12):
        for b in np.linspace(0.05, 0.95 - a, 12):
            frame = table.values.assign(I=table.values @ np.array([a, b, 1 - a - b]))
            apart = importance_share(frame, ["a", "b", "c"], "I") - wanted
            assert reached <= np.sqrt((apart**2).mean()) + 1e-6


@pytest.mark.parametrize(
    ("importance", "message"),
    [
        ("same", "importance is 'same'"),
        ({"a": 1, "b": 1}, "c is given no importance"),
        ({"a": 1, "b": 1, "c": 0}, "importance of c is not above 0"),
        ({"a": 1, "b": 1, "c": 1, "x": 1}, "'x' is not a parameter"),
    ],
)
def test_an_importance_that_makes_no_sense_is_refused(importance, message):
    with pytest.raises(BenchmarkInputError, match=message):
        weigh(units(FLAT, related(columns=3)), FLAT, method="optimised", importance=importance)


def test_importance_needs_scores_that_vary():
    values = related(columns=3)
    values[:, 1] = 4.0
    with pytest.raises(BenchmarkInputError, match="b or its top does not vary"):
        weigh(units(FLAT, values), FLAT, method="optimised")


def test_benefit_of_the_doubt_gives_every_unit_its_own_weights_and_the_framework_their_mean(two_pillars):
    table = units(two_pillars, related())
    result = weigh(table, two_pillars, method="benefit_of_the_doubt", share_min=0.1)
    own = result.details["unit_weights"]
    scores = aggregate(table, two_pillars, method="benefit_of_the_doubt", share_min=0.1).units.values
    numbers = table.values.stack()
    long = own.assign(
        part=own["weight"] * numbers.loc[list(zip(own["unit"], own["code"], strict=True))].values
    )
    for parent in ("P", "Q"):
        sums = long[long["parent"] == parent].groupby("unit")["part"].sum()
        np.testing.assert_allclose(sums, scores[parent].loc[sums.index], rtol=1e-7)
    mean = own.groupby("code")["share"].mean()
    weight = weight_of(result.framework)
    for code in "abcd":
        assert weight[code] == pytest.approx(mean[code])
    assert weight["a"] + weight["c"] == pytest.approx(1)


def test_benefit_of_the_doubt_of_pillars_looks_at_pillars(two_pillars):
    table = units(two_pillars, related())
    result = weigh(
        table, two_pillars, method="benefit_of_the_doubt", levels=[2], aggregation={"method": "geometric"}
    )
    pillars = aggregate(table, two_pillars, method="geometric").units.values[["P", "Q"]]
    _, weights = benefit_of_the_doubt(pillars.to_numpy())
    own = result.details["unit_weights"]
    assert own["parent"].unique().tolist() == ["I"]
    np.testing.assert_allclose(own["weight"], weights.ravel(), rtol=1e-9)


EXPERTS = {
    "A": {"a": 20, "b": 30, "c": 50},
    "B": {"a": 40, "b": 20, "c": 40},
}


def test_a_budget_is_the_mean_share_and_shows_where_experts_disagree():
    result = weigh(units(FLAT, related(columns=3)), FLAT, method="budget", points=EXPERTS)
    assert weight_of(result.framework) == pytest.approx({"a": 0.3, "b": 0.25, "c": 0.45})
    told = result.details["budget"].set_index("code")
    assert told.loc["a", ["experts", "min", "max"]].tolist() == [2, 0.2, 0.4]
    assert told.loc["a", "sd"] == pytest.approx(np.std([0.2, 0.4], ddof=1))


def test_experts_may_be_asked_about_several_parents_each_with_its_own_points(two_pillars):
    points = {"A": {"a": 4, "c": 6, "b": 1, "d": 9}}
    result = weigh(units(two_pillars, related()), two_pillars, method="budget", points=points, total=10)
    weight = weight_of(result.framework)
    assert [weight[code] for code in "acbd"] == pytest.approx([0.4, 0.6, 0.1, 0.9])
    assert result.details["budget"]["sd"].isna().all()


@pytest.mark.parametrize(
    ("points", "message"),
    [
        (None, "points: nothing .None. was given"),
        ({}, "not given by expert and code"),
        ({"A": {"a": 20, "b": 30, "c": 49}}, "the points of A for I add up to 99"),
        ({**EXPERTS, "C": {"a": 100, "b": 0}}, "C gives no points to c"),
        ({"A": {"a": 50, "b": 50}}, "nobody gives points to c of I"),
        ({"A": {"a": 120, "b": -20, "c": 0}}, "what A gives to b is -20"),
        ({"A": {"a": 50, "b": None, "c": 50}}, "what A gives to b is None"),
        ({"A": {"x": 100}}, "'x' is not in the framework"),
        ({"A": {"I": 100}}, "I has no parent"),
    ],
)
def test_points_that_do_not_add_up_are_refused_by_the_expert_s_name(points, message):
    with pytest.raises(BenchmarkInputError, match=message):
        weigh(units(FLAT, related(columns=3)), FLAT, method="budget", points=points)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"method": "entropy"}, "'entropy' is not a method"),
        ({"method": "equal", "weights": {}}, "'weights' is not a parameter"),
        ({"weights": {"x": 1}}, "'x' is not a parameter"),
        ({"weights": {"a": -1}}, "the weight of a is -1"),
        ({"weights": [1, 2]}, "weights are"),
        ({"weights": {"a": 0, "b": 0, "c": 0}}, "all children of I have weight 0"),
        ({"levels": [1]}, "levels are given to given"),
        ({"method": "equal", "levels": [2]}, "no level 2 below the top"),
        ({"method": "equal", "levels": []}, "no level is named"),
        ({"method": "pca", "against": "ignore"}, "is not a choice for against"),
        ({"method": "benefit_of_the_doubt", "share_min": 2}, "share_min is 2"),
    ],
)
def test_what_makes_no_sense_is_refused(parameters, message):
    with pytest.raises(BenchmarkInputError, match=message):
        weigh(units(FLAT, related(columns=3)), FLAT, **parameters)


def test_optimised_weights_are_sought_one_level_at_a_time(two_pillars):
    with pytest.raises(BenchmarkInputError, match="one level at a time"):
        weigh(units(two_pillars, related()), two_pillars, method="optimised", levels=[1, 2])


@pytest.mark.parametrize("method", ["pca", "optimised", "benefit_of_the_doubt"])
def test_another_order_of_rows_and_columns_gives_the_same_weights_to_the_last_bit(two_pillars, method):
    table = units(two_pillars, related())
    order = np.random.default_rng(2).permutation(40)
    turned = Framework.of(two_pillars.table.iloc[::-1])
    shuffled = UnitTable.of(table.values.iloc[order, ::-1].reset_index(), turned)
    assert weight_of(weigh(shuffled, turned, method=method).framework) == weight_of(
        weigh(table, two_pillars, method=method).framework
    )


def test_a_hidden_cell_has_no_part_in_any_weight(two_pillars):
    values = related()
    data = units(two_pillars, values).values.astype(object)
    data.loc["u05", "a"] = ":c"
    hidden = UnitTable.of(data.reset_index(), two_pillars)
    without = units(two_pillars, values).take([f"u{n:02}" for n in range(40) if n != 5])
    for method in ("pca", "optimised"):
        ours = weight_of(weigh(hidden, two_pillars, method=method).framework)
        if method == "optimised":
            assert ours == pytest.approx(weight_of(weigh(without, two_pillars, method=method).framework))
        else:
            expected, _ = pca_weights(without.values[["a", "c"]])
            assert (ours["a"], ours["c"]) == pytest.approx((expected["a"], expected["c"]))


def test_asem_pillars_can_be_weighed_by_every_method(asem_units, asem_framework, asem_stage):
    stage = asem_stage("6_Normalised").reindex(columns=asem_units.codes).astype(float)
    table = asem_units.with_values(stage)
    for parameters in (
        {"method": "equal"},
        {"method": "pca", "against": "zero"},
        {"method": "optimised", "levels": [2]},
        {"method": "benefit_of_the_doubt"},
    ):
        weighted = weigh(table, asem_framework, **parameters).framework
        index = aggregate(table, weighted).units.values["Index"]
        assert index.rank().corr(aggregate(table, asem_framework).units.values["Index"].rank()) > 0.8
        assert normalise(table, weighted).framework is weighted
