"""Effective weights are the product of shares on the way up; importance is what the result shows of them."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from alp_pipeline.benchmark.cells import BenchmarkInputError
from alp_pipeline.benchmark.composite.framework import Framework
from alp_pipeline.benchmark.composite.importance import effective_weights, importance


def framework(weights: list[float]) -> Framework:
    """a, c below P; b, d, e below Q; P, Q below I."""
    return Framework.of(
        pd.DataFrame(
            {
                "code": ["a", "b", "c", "d", "e", "P", "Q", "I"],
                "level": [1] * 5 + [2, 2, 3],
                "parent": ["P", "Q", "P", "Q", "Q", "I", "I", None],
                "direction": 1,
                "weight": [*weights, 1.0],
                "type": ["Indicator"] * 5 + ["Aggregate"] * 3,
            }
        )
    )


weights = st.lists(st.floats(0.01, 100), min_size=7, max_size=7)


@given(weights)
def test_effective_weights_are_the_coefficients_of_the_index(given_weights):
    """Written naively: the index of unit vectors under a two-step weighted mean."""
    table = effective_weights(framework(given_weights)).set_index("code")
    w = dict(zip("abcdePQ", given_weights, strict=True))
    pillar = {"P": w["P"] / (w["P"] + w["Q"]), "Q": w["Q"] / (w["P"] + w["Q"])}
    below = {"P": "ac", "Q": "bde"}
    for parent, members in below.items():
        assert table.loc[parent, "effective_weight"] == pytest.approx(pillar[parent])
        for code in members:
            share = w[code] / sum(w[m] for m in members)
            assert table.loc[code, "group_share"] == pytest.approx(share)
            assert table.loc[code, "effective_weight"] == pytest.approx(share * pillar[parent])


@given(weights)
def test_effective_weights_of_every_level_add_up_to_one(given_weights):
    table = effective_weights(framework(given_weights))
    assert table.groupby("level")["effective_weight"].sum().tolist() == pytest.approx([1, 1, 1])


@given(weights, st.floats(0.01, 100))
def test_only_relative_weights_count(given_weights, factor):
    before = effective_weights(framework(given_weights))["effective_weight"]
    after = effective_weights(framework([w * factor for w in given_weights]))["effective_weight"]
    assert after.tolist() == pytest.approx(before.tolist())


def test_each_of_several_tops_is_an_index_of_its_own():
    table = framework([1, 1, 1, 1, 1, 1, 1]).table
    two = Framework.of(table[table["code"] != "I"].assign(parent=lambda f: f["parent"].replace("I", None)))
    found = effective_weights(two)
    assert found.groupby(["top", "level"])["effective_weight"].sum().tolist() == pytest.approx([1, 1, 1, 1])
    assert found.set_index("code").loc[["a", "b"], "top"].tolist() == ["P", "Q"]


def test_the_order_of_the_framework_shows_in_no_bit():
    given_weights = [0.1, 0.2, 0.3, 0.7, 0.9, 0.123, 0.456]
    whole = framework(given_weights)
    before = effective_weights(whole).set_index("code")["effective_weight"]
    reversed_ = Framework.of(whole.table.iloc[::-1])
    after = effective_weights(reversed_).set_index("code")["effective_weight"]
    assert after.to_dict() == before.to_dict()


def scores(weighted: Framework, units: int = 50) -> pd.DataFrame:
    draw = np.random.default_rng(5)
    frame = pd.DataFrame(draw.normal(size=(units, 5)) * [1, 1, 1, 1, 10], columns=list("abcde"))
    share = effective_weights(weighted).set_index("code")["group_share"]
    for code in ("P", "Q", "I"):
        frame[code] = sum(frame[child] * share[child] for child in weighted.children(code))
    return frame


def test_importance_is_the_share_in_squared_correlations():
    weighted = framework([1, 1, 1, 1, 1, 1, 1])
    frame = scores(weighted)
    table = importance(frame, weighted).set_index("code")
    r = {code: np.corrcoef(frame[code], frame["I"])[0, 1] for code in "abcdePQ"}
    for level in ("abcde", "PQ"):
        total = sum(r[code] ** 2 for code in level)
        for code in level:
            row = table.loc[code]
            assert (row["correlation"], row["main_effect"]) == pytest.approx((r[code], r[code] ** 2))
            assert row["importance_share"] == pytest.approx(r[code] ** 2 / total)
            assert row["importance_ratio"] == pytest.approx(r[code] ** 2 / total / row["weight_share"])
    # e varies ten times as much as the others: equal weights, unequal importance
    assert table.loc["e", "importance_share"] > 0.8 > 5 * table.loc["e", "weight_share"] * 0.9


def test_the_parent_as_target_compares_within_the_group():
    weighted = framework([3, 1, 1, 1, 1, 2, 1])
    frame = scores(weighted)
    table = importance(frame, weighted, target="parent").set_index("code")
    assert table["target"].to_dict() == dict(zip("abcdePQ", "PQPQQII", strict=True))
    assert table.loc["a", "weight_share"] == 0.75
    assert table.groupby("target")["importance_share"].sum().tolist() == pytest.approx([1, 1, 1])
    assert table.loc["d", "correlation"] == pytest.approx(np.corrcoef(frame["d"], frame["Q"])[0, 1])


def test_a_constant_element_and_a_weightless_one_have_no_ratio():
    weighted = framework([1, 0, 1, 1, 1, 1, 1])
    table = importance(scores(weighted).assign(a=3.0), weighted).set_index("code")
    assert table.loc["a", ["correlation", "importance_share"]].isna().all()
    assert table.loc["b", "weight_share"] == 0
    assert np.isnan(table.loc["b", "importance_ratio"])


def test_what_has_no_importance_is_refused_by_name():
    with pytest.raises(BenchmarkInputError, match="'index' is not a target"):
        importance(scores(framework([1] * 7)), framework([1] * 7), target="index")
    with pytest.raises(BenchmarkInputError, match="the column I is absent"):
        importance(scores(framework([1] * 7)).drop(columns="I"), framework([1] * 7))


def test_asem_effective_weights_as_coinr_prints_them(asem_framework, asem_stage):
    table = effective_weights(asem_framework).set_index("code")["effective_weight"]
    # Vignette "Weights": get_eff_weights
    for code in ("Goods", "Services", "FDI", "PRemit", "ForPort"):
        assert table[code] == pytest.approx(0.02, abs=1e-15)
    assert table["Renew"] == pytest.approx(1 / 30, abs=1e-15)
    # and they are the index: an arithmetic mean without missing cells is linear in its indicators
    stage = asem_stage("7_Aggregated")
    indicators = list(asem_framework.indicators)
    np.testing.assert_allclose(stage[indicators] @ table[indicators], stage["Index"], rtol=1e-12)
