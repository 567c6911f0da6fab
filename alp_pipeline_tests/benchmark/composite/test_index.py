"""An index is what its recipe says: COINr's published stages, naive re-derivations, invariances, the log."""

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from alp_pipeline.benchmark.cells import BenchmarkInputError
from alp_pipeline.benchmark.composite.framework import Framework
from alp_pipeline.benchmark.composite.index import (
    RAW,
    IndexNotReproduced,
    IndexResult,
    compute_index,
    rebuild,
    recompute,
)
from alp_pipeline.benchmark.composite.log import IndexLog, framework_hash, read_log, units_hash
from alp_pipeline.benchmark.composite.recipe import Recipe, RecipeError
from alp_pipeline.benchmark.composite.units import UnitTable

Stage = Callable[[str], pd.DataFrame]

ASEM_DEFAULT: list[dict[str, Any]] = [
    {"step": "denominate"},
    {"step": "impute", "method": "group_mean", "group": "EurAsia_group"},
    {"step": "screen", "availability_min": 0.9},
    {
        "step": "treat",
        "method": "winsorise",
        "max_points": 5,
        "skew_max": 2,
        "kurtosis_max": 3.5,
        "then": "log_ct",
    },
    {"step": "normalise", "method": "minmax", "low": 0, "high": 100},
    {"step": "weight", "method": "given"},
    {"step": "aggregate", "method": "arithmetic"},
]


def recipe(*steps: dict[str, Any], **more: Any) -> Recipe:
    return Recipe.of({"id": "test", "version": "1", "label": "Test", "steps": list(steps), **more})


@pytest.fixture(scope="session")
def asem(asem_units: UnitTable, asem_framework: Framework) -> IndexResult:
    return compute_index(asem_units, asem_framework, recipe(*ASEM_DEFAULT))


@pytest.fixture
def units(two_pillars: Framework) -> UnitTable:
    rng = np.random.default_rng(1)
    data = pd.DataFrame(rng.uniform(1, 9, (6, 4)), columns=list("abcd")).assign(unit=list("UVWXYZ"))
    return UnitTable.of(data, two_pillars)


MEAN = (
    {"step": "normalise", "method": "minmax", "low": 1, "high": 100},
    {"step": "aggregate", "method": "arithmetic"},
)


def test_asem_is_coinrs_stage_by_stage(asem: IndexResult, asem_stage: Stage) -> None:
    published = {
        RAW: "1_Raw",
        "1_denominate": "2_Denominated",
        "2_impute": "3_Imputed",
        "3_screen": "4_Screened",
        "4_treat": "5_Treated",
        "5_normalise": "6_Normalised",
        "6_weight": "6_Normalised",
        "7_aggregate": "7_Aggregated",
    }
    assert tuple(asem.stages) == tuple(published)
    for stage, name in published.items():
        expected = asem_stage(name).astype("float64")
        ours = asem.stages[stage].values
        assert set(ours.columns) == set(expected.columns)
        pd.testing.assert_frame_equal(
            ours.loc[expected.index, expected.columns], expected, rtol=1e-9, atol=0, check_names=False
        )


def test_asem_scores_and_ranks_are_coinrs_results(asem: IndexResult, asem_stage: Stage) -> None:
    expected = asem_stage("results")
    names = [name for name in expected.columns if name != "Rank"]
    # The file is rounded to ten decimals.
    pd.testing.assert_frame_equal(
        asem.scores.loc[expected.index, names], expected[names], rtol=0, atol=6e-11, check_names=False
    )
    assert asem.ranks.loc[expected.index, "Index"].tolist() == expected["Rank"].tolist()
    assert (asem.states == "reported").all(axis=None)
    assert asem.lower is None


def test_group_ranks_rank_within_the_group_alone(asem: IndexResult) -> None:
    group, score = asem.units.groups["EurAsia_group"], asem.scores["Index"]
    expected = score.groupby(group).rank(method="min", ascending=False)
    assert asem.group_ranks["EurAsia_group"]["Index"].tolist() == expected.tolist()


def test_zscores_and_geometric_means_by_level_equal_plain_numpy(
    asem: IndexResult, asem_framework: Framework
) -> None:
    """zscore around 100 so that all is positive; geometric, then arithmetic, then harmonic."""
    found = recompute(
        asem,
        {
            "normalise": {"method": "zscore", "mean": 100, "sd": 10},
            "aggregate": {"methods": ["geometric", "arithmetic", "harmonic"]},
        },
    )
    treated = asem.stages["4_treat"].values
    table = asem_framework.table.set_index("code")
    scores: dict[str, np.ndarray] = {}
    for code in treated.columns:
        x = treated[code].to_numpy() * table.loc[code, "direction"]
        scores[code] = 100 + 10 * (x - x.mean()) / x.std(ddof=1)
    means = {
        2: lambda x, w: np.exp((w * np.log(x)).sum(axis=1) / w.sum()),
        3: lambda x, w: (w * x).sum(axis=1) / w.sum(),
        4: lambda x, w: w.sum() / (w / x).sum(axis=1),
    }
    for level, mean in means.items():
        for parent in table.index[table["level"] == level]:
            children = table.index[table["parent"] == parent]
            x = np.column_stack([scores[child] for child in children])
            scores[parent] = mean(x, table.loc[children, "weight"].to_numpy(dtype=float))
    for code, expected in scores.items():
        np.testing.assert_allclose(found.scores[code], expected, rtol=1e-12)


def test_ranks_and_copeland_equal_counting_pair_by_pair(units: UnitTable, two_pillars: Framework) -> None:
    found = compute_index(
        units,
        two_pillars,
        recipe({"step": "normalise", "method": "rank"}, {"step": "aggregate", "method": "copeland"}),
    )
    x = units.values
    wins = {}
    for parent, children in (("P", "ac"), ("Q", "bd")):
        wins[parent] = [
            sum(0.5 * (x.loc[u, c] > x.loc[v, c]) for c in children for v in x.index if v != u)
            for u in x.index
        ]
    top = [
        sum(0.5 * (w[u] > w[v]) + 0.25 * (w[u] == w[v]) for w in wins.values() for v in range(6) if v != u)
        for u in range(6)
    ]
    np.testing.assert_allclose(found.scores["P"], wins["P"])
    np.testing.assert_allclose(found.scores["I"], top)
    assert found.scores["a"].tolist() == x["a"].rank().tolist()


def test_treating_after_normalising_is_done_in_that_order(units: UnitTable, two_pillars: Framework) -> None:
    steps = (MEAN[0], {"step": "treat", "method": "sqrt", "apply": "always"}, MEAN[1])
    found = compute_index(units, two_pillars, recipe(*steps))
    expected = np.sqrt(found.stages["1_normalise"].values)
    np.testing.assert_allclose(found.stages["2_treat"].values, expected, rtol=1e-15)
    np.testing.assert_allclose(found.scores["P"], expected[["a", "c"]].mean(axis=1))


def test_rows_and_columns_in_another_order_give_the_same_scores_to_the_last_bit(
    asem: IndexResult, asem_units: UnitTable, asem_framework: Framework
) -> None:
    order = np.random.default_rng(2).permutation(51)
    shuffled_units = UnitTable(
        **{
            name: getattr(asem_units, name).iloc[order]
            for name in ("values", "states", "flags", "groups", "denominators", "denominator_states")
        },
        names=asem_units.names,
    )
    shuffled = Framework.of(asem_framework.table.iloc[::-1])
    found = compute_index(shuffled_units, shuffled, asem.recipe)
    for code in asem.scores:
        assert found.scores[code].loc[asem.scores.index].tolist() == asem.scores[code].tolist()
    assert found.log == asem.log


def test_columns_that_the_framework_does_not_know_are_left_aside(
    units: UnitTable, two_pillars: Framework
) -> None:
    found = compute_index(units, two_pillars.without(["Q"]), recipe(*MEAN))
    assert list(found.scores.columns) == ["a", "c", "P", "I"]
    with pytest.raises(BenchmarkInputError, match="the column b is absent"):
        compute_index(units.only(["a", "c"]), two_pillars, recipe(*MEAN))


def test_a_confidential_cell_leaves_no_score_above_it_and_a_missing_one_does(two_pillars: Framework) -> None:
    data = pd.DataFrame(
        {"unit": list("UVW"), "a": [1, 5, 9], "b": [2, 3, 4], "c": [":c", 2, 9], "d": [None, 5, 7]}
    )
    found = compute_index(UnitTable.of(data, two_pillars), two_pillars, recipe({"step": "impute"}, *MEAN))
    assert found.states.loc["U"].tolist() == [
        "reported", "reported", "confidential", "reported", "undetermined", "reported", "undetermined",
    ]  # fmt: skip
    assert found.scores.loc["U"].isna().tolist() == [False, False, True, False, True, False, True]
    assert found.ranks["I"].tolist() == [pd.NA, 2, 1]


def test_bounds_of_a_hidden_cell_become_bounds_of_the_score_and_no_point(two_pillars: Framework) -> None:
    data = pd.DataFrame(
        {"unit": list("UVW"), "a": [1, 5, 9], "b": [1, 5, 9], "c": [":c", 1, 9], "d": [1, 5, 9]}
    )
    ends = pd.DataFrame({"c": [1.0, 9.0]}, index=["U", "U"])
    table = UnitTable.of(data, two_pillars, lower=ends.iloc[:1], upper=ends.iloc[1:])
    found = compute_index(table, two_pillars, recipe({"step": "normalise", "low": 0}, MEAN[1]))
    assert found.lower is not None
    assert found.upper is not None
    assert np.isnan(found.scores.loc["U", "I"])
    assert (found.lower.loc["U", "I"], found.upper.loc["U", "I"]) == (0.0, 25.0)


def test_a_panel_is_ranked_within_each_year(two_pillars: Framework) -> None:
    years = pd.DataFrame({"unit": list("UVUV"), "time": [2013, 2013, 2014, 2014]})
    data = years.assign(a=[1, 2, 5, 3], b=[1, 2, 5, 3], c=[1, 2, 5, 3], d=[1, 2, 5, 3])
    found = compute_index(UnitTable.of(data, two_pillars), two_pillars, recipe(*MEAN))
    assert found.ranks["I"].to_dict() == {
        ("U", 2013): 2, ("V", 2013): 1, ("U", 2014): 1, ("V", 2014): 2,
    }  # fmt: skip


def test_the_target_is_the_top_unless_there_are_several() -> None:
    table = pd.DataFrame(
        {
            "code": ["a", "b", "P", "Q"],
            "level": [1, 1, 2, 2],
            "parent": ["P", "Q", None, None],
            "direction": 1,
            "type": ["Indicator", "Indicator", "Aggregate", "Aggregate"],
        }
    )
    framework = Framework.of(table)
    data = UnitTable.of(pd.DataFrame({"unit": ["U", "V"], "a": [1, 2], "b": [4, 3]}), framework)
    found = compute_index(data, framework, recipe(*MEAN))
    assert found.target("Q") == "Q"
    with pytest.raises(BenchmarkInputError, match=r"several indices at the top.*Name one of P, Q"):
        found.target()
    with pytest.raises(BenchmarkInputError, match="'a' is no aggregate"):
        found.target("a")


def test_recompute_changes_what_it_is_told_and_nothing_else(asem: IndexResult) -> None:
    found = recompute(asem, {"5_normalise": {"high": 10}})
    np.testing.assert_allclose(found.scores["Index"], asem.scores["Index"] / 10, rtol=1e-13)
    again = recompute(found, {"normalise": {"high": 100}})
    assert again.log == asem.log
    without = recompute(asem, {"treat": None})
    assert "4_treat" not in without.stages
    assert without.stages["3_screen"].values.equals(asem.stages["3_screen"].values)
    with pytest.raises(RecipeError, match="no step 'smooth'"):
        recompute(asem, {"smooth": {}})


def test_recompute_takes_another_framework(asem: IndexResult, asem_framework: Framework) -> None:
    weights = {"Conn": 0.0, "Sust": 1.0}
    found = recompute(asem, framework=asem_framework.with_weights(weights))
    assert found.scores["Index"].tolist() == asem.scores["Sust"].tolist()
    assert asem.framework.weights(3).tolist() == [1.0, 1.0]


def test_an_index_is_rebuilt_from_its_log_to_the_last_bit(
    asem: IndexResult, asem_units: UnitTable, asem_framework: Framework, tmp_path: Path
) -> None:
    file = tmp_path / "log.yaml"
    file.write_text(asem.log.text, encoding="utf-8")
    found = rebuild(read_log(file), asem_units, asem_framework)
    assert found.scores.equals(asem.scores)
    assert found.log == asem.log
    assert found.log.text == asem.log.text


def test_the_log_holds_every_parameter_of_every_step(asem: IndexResult) -> None:
    steps = asem.log.recipe["steps"]
    assert [step["step"] for step in steps] == [step["step"] for step in ASEM_DEFAULT]
    assert steps[0] == {"step": "denominate", "denominator": "framework", "scale": 1.0, "by_indicator": None}
    assert steps[2]["nonzero_min"] == 0.05
    assert asem.log.seed is None
    assert set(asem.log.libraries) == {"python", "numpy", "pandas", "scipy"}


def test_other_data_are_refused_by_their_hash(units: UnitTable, two_pillars: Framework) -> None:
    log = compute_index(units, two_pillars, recipe(*MEAN)).log
    values = units.values.copy()
    values.loc["U", "a"] = np.nextafter(values.loc["U", "a"], 9)
    with pytest.raises(IndexNotReproduced, match="the units given are not those of the log"):
        rebuild(log, units.with_values(values), two_pillars)
    with pytest.raises(IndexNotReproduced, match="the framework given are not those"):
        rebuild(log, units, two_pillars.with_weights({"a": 2}))


def test_a_step_that_comes_out_differently_is_named_with_the_libraries(
    units: UnitTable, two_pillars: Framework
) -> None:
    log = compute_index(units, two_pillars, recipe(*MEAN)).log
    stages = {**log.stages, "2_aggregate": "0" * 64}
    other = log.model_copy(update={"stages": stages, "libraries": {**log.libraries, "numpy": "1.0"}})
    with pytest.raises(
        IndexNotReproduced, match=r"the table after 2_aggregate is not .* \(numpy 1\.0 then, "
    ):
        rebuild(other, units, two_pillars)


def test_what_is_no_log_is_refused_by_field(units: UnitTable, two_pillars: Framework) -> None:
    log = compute_index(units, two_pillars, recipe(*MEAN)).log.model_dump()
    with pytest.raises(BenchmarkInputError, match="stages is absent"):
        rebuild({name: log[name] for name in log if name != "stages"}, units, two_pillars)
    with pytest.raises(BenchmarkInputError, match="made_by is absent"):
        IndexLog.of({**log, "made_by": "someone"})


def test_a_hash_sees_every_cell_state_flag_group_bound_and_weight(two_pillars: Framework) -> None:
    data = pd.DataFrame({"unit": list("UV"), "a": [1.0, 2], "b": [1.0, None], "c": [1.0, 2], "d": [0.0, 2]})

    def table(**more: Any) -> UnitTable:
        return UnitTable.of(data, two_pillars, **more)

    def cell(value: Any, code: str = "b", unit: str = "V") -> pd.DataFrame:
        return pd.DataFrame({code: [value]}, index=[unit])

    hashes = [
        units_hash(found)
        for found in (
            table(),
            table(states=cell("confidential")),
            table(flags=cell("e", "a")),
            table(lower=cell(1.0), upper=cell(2.0)),
            table(lower=cell(1.0), upper=cell(3.0)),
            UnitTable.of(data.replace({"unit": {"V": "W"}}), two_pillars),
            UnitTable.of(data.assign(name=["Uri", "Valais"]), two_pillars),
        )
    ]
    assert len(set(hashes)) == len(hashes)
    assert units_hash(UnitTable.of(data.replace({"d": {0.0: -0.0}}), two_pillars)) == hashes[0]
    trees = [two_pillars, two_pillars.with_weights({"a": 2}), two_pillars.without(["a"])]
    assert all(framework_hash(one) != framework_hash(other) for one, other in pairwise(trees))


def test_nothing_given_is_changed(units: UnitTable, two_pillars: Framework) -> None:
    before, tree = units.values.copy(), two_pillars.table
    compute_index(units, two_pillars, recipe({"step": "treat"}, *MEAN))
    pd.testing.assert_frame_equal(units.values, before)
    pd.testing.assert_frame_equal(two_pillars.table, tree)
