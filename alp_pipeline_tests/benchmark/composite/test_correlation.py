"""A correlation rests on the units that have both numbers, and says how many those are."""

from itertools import combinations

import numpy as np
import pandas as pd
import pytest
import scipy.stats
from hypothesis import given
from hypothesis import strategies as st

from alp_pipeline.benchmark.cells import BenchmarkInputError
from alp_pipeline.benchmark.composite.correlation import (
    correlation_matrix,
    correlations,
    correlations_with_ancestors,
    correlations_within,
    denominator_correlations,
    flagged,
)
from alp_pipeline.benchmark.composite.framework import Framework

ORACLES = {
    "pearson": scipy.stats.pearsonr,
    "spearman": scipy.stats.spearmanr,
    "kendall": scipy.stats.kendalltau,
}


def holed(units: int = 30, codes: int = 5) -> pd.DataFrame:
    """Numbers with ties and holes."""
    draw = np.random.default_rng(7)
    numbers = np.round(draw.normal(size=(units, codes)) + draw.normal(size=(units, 1)), 1)
    numbers[draw.random(numbers.shape) < 0.15] = np.nan
    return pd.DataFrame(numbers, columns=list("abcdefgh")[:codes], index=[f"u{i:02d}" for i in range(units)])


@pytest.mark.parametrize("method", ORACLES)
def test_every_pair_is_scipys_on_the_units_that_have_both(method):
    frame = holed()
    table = correlations(frame, method=method).set_index(["code", "other_code"])
    assert list(table.index) == list(combinations(frame.columns, 2))
    for a, b in table.index:
        both = frame[[a, b]].dropna()
        r, p = ORACLES[method](both[a], both[b])
        row = table.loc[(a, b)]
        assert row["units"] == len(both)
        assert row["correlation"] == pytest.approx(r, abs=1e-13)
        assert row["p_value"] == pytest.approx(p, rel=1e-9)


def test_without_holes_the_matrix_is_numpys():
    frame = holed().fillna(0.0)
    np.testing.assert_allclose(correlation_matrix(frame), np.corrcoef(frame.T), atol=1e-14)


def test_a_rank_correlation_ranks_only_the_units_that_have_both():
    # Ranks over all units would give a: 1 2 3 4, and the gap at u2 would count.
    frame = pd.DataFrame({"a": [1.0, 2.0, 3.0, 4.0, 5.0], "b": [1.0, np.nan, 9.0, 4.0, 16.0]})
    row = correlations(frame, method="spearman").iloc[0]
    assert (row["units"], row["correlation"]) == (4, pytest.approx(0.8))


@pytest.mark.parametrize("method", ORACLES)
def test_a_constant_or_too_few_units_have_no_correlation_and_no_warning(method):
    frame = pd.DataFrame({"a": [0.1, 0.1, 0.1, 0.1], "b": [1.0, 2, 3, 5], "c": [np.nan, np.nan, 1, 2]})
    table = correlations(frame, method=method)
    assert table["units"].tolist() == [4, 2, 2]
    assert table[["correlation", "p_value"]].isna().all(axis=None)
    assert not flagged(table).filter(like="is_").any(axis=None)
    # constant among the units that both have, though not altogether
    partly = pd.DataFrame({"a": [5.0, 5.0, 5.0, 9.0], "b": [1.0, 2.0, 4.0, np.nan]})
    assert np.isnan(correlations(partly, method=method)["correlation"]).all()


def test_perfect_lines_are_exactly_one_and_certain():
    frame = pd.DataFrame({"a": [1, 2, 3, 4], "b": [10, 20, 30, 40], "c": [-1, -2, -3, -4]})
    table = correlations(frame)
    assert table["correlation"].tolist() == pytest.approx([1, -1, -1], abs=1e-15)
    assert table["correlation"].abs().max() <= 1
    assert table["p_value"].max() < 1e-12


@pytest.mark.parametrize("scale", [1e-200, 1e200])
def test_very_small_and_very_large_numbers_neither_vanish_nor_overflow(scale):
    frame = pd.DataFrame({"a": [1.0, 2, 4, 7], "b": [2.0, 1, 5, 6]})
    r = correlations(frame * scale)["correlation"].iloc[0]
    assert r == pytest.approx(correlations(frame)["correlation"].iloc[0], rel=1e-12)


@given(st.permutations(range(30)), st.permutations(list("abcde")), st.sampled_from(sorted(ORACLES)))
def test_the_order_of_units_and_codes_shows_in_no_bit(rows, codes, method):
    expected = correlation_matrix(holed(), method=method)
    found = correlation_matrix(holed().iloc[rows][codes], method=method)
    pd.testing.assert_frame_equal(found.loc[list("abcde"), list("abcde")], expected, check_exact=True)


@given(st.floats(0.001, 1000), st.floats(-1000, 1000), st.sampled_from(sorted(ORACLES)))
def test_a_change_of_unit_changes_no_correlation_and_a_reversal_its_sign(scale, shift, method):
    frame = pd.DataFrame({"a": [1, 2, 3, 5, 8, 13], "b": [3, 1, 4, 1, 5, 9]})
    r = correlations(frame, method=method)["correlation"].iloc[0]
    changed = frame.assign(a=frame["a"] * -scale + shift)
    assert correlations(changed, method=method)["correlation"].iloc[0] == pytest.approx(-r, abs=1e-9)


def test_two_tables_are_matched_by_unit():
    left = pd.DataFrame({"a": [1, 2, 3, 9]}, index=list("ABCD"))
    right = pd.DataFrame({"x": [30, 20, 10, 7]}, index=list("CBAZ"))
    row = correlations(left, right).iloc[0]
    assert (row["units"], row["correlation"]) == (3, pytest.approx(1.0))


FRAMEWORK = Framework.of(
    pd.DataFrame(
        {
            "code": ["a", "b", "c", "d", "P", "Q", "I"],
            "level": [1, 1, 1, 1, 2, 2, 3],
            "parent": ["P", "Q", "P", "Q", "I", "I", None],
            "direction": 1,
            "type": ["Indicator"] * 4 + ["Aggregate"] * 3,
        }
    )
)


def test_within_a_level_only_members_of_the_same_aggregate_are_paired():
    pairs = correlations_within(holed(), FRAMEWORK)[["group", "code", "other_code"]].values.tolist()
    assert pairs == [["P", "a", "c"], ["Q", "b", "d"]]
    assert len(correlations_within(holed(), FRAMEWORK, above=3)) == 6


def test_across_levels_each_code_meets_all_its_ancestors_and_no_others():
    scores = holed().assign(P=lambda f: f["a"], Q=lambda f: -f["b"], I=lambda f: f["a"] + f["c"])
    table = correlations_with_ancestors(scores, FRAMEWORK)
    assert table[["code", "other_code"]].values.tolist() == [
        ["a", "P"], ["a", "I"], ["b", "Q"], ["b", "I"], ["c", "P"], ["c", "I"], ["d", "Q"], ["d", "I"],
        ["P", "I"], ["Q", "I"],
    ]  # fmt: skip
    assert table["level"].tolist() == [1] * 8 + [2] * 2
    assert table["other_level"].tolist() == [2, 3] * 4 + [3, 3]
    assert table["correlation"].iloc[[0, 2]].tolist() == pytest.approx([1, -1])


def test_flags_follow_their_thresholds_and_a_threshold_itself_raises_none():
    table = pd.DataFrame({"correlation": [0.91, 0.9, 0.29, 0.3, -0.4, -0.41, -0.95], "p_value": 0.01})
    found = flagged(table)
    assert found["is_collinear"].tolist() == [True, False, False, False, False, False, True]
    assert found["is_weak"].tolist() == [False, False, True, False, False, False, False]
    assert found["is_negative"].tolist() == [False] * 5 + [True] * 2
    assert found["is_significant"].all()
    assert not flagged(table, significance=0.001)["is_significant"].any()


def test_what_cannot_be_correlated_is_refused_by_name():
    with pytest.raises(BenchmarkInputError, match="'cosine' is not a correlation"):
        correlations(holed(), method="cosine")
    with pytest.raises(BenchmarkInputError, match="level 1 does not lie above level 1"):
        correlations_within(holed(), FRAMEWORK, above=1)
    with pytest.raises(BenchmarkInputError, match="the column P is absent"):
        correlations_with_ancestors(holed(), FRAMEWORK)
    with pytest.raises(BenchmarkInputError, match="the column d is absent"):
        correlations_within(holed(codes=3), FRAMEWORK)


def test_asem_correlations_as_coinr_prints_them(asem_units, asem_framework, asem_stage):
    # Vignette "Analysis": get_corr(coin, dset = "Raw", iCodes = list("Environ")), p > 0.05 left out there.
    within = correlations_within(asem_units.values, asem_framework)
    environ = within[within["group"] == "Environ"].set_index(["code", "other_code"])
    assert environ.loc[("CO2", "MatCon"), "correlation"] == pytest.approx(0.7222051, abs=5e-8)
    assert environ.loc[("PrimEner", "CO2"), "correlation"] == pytest.approx(0.3268484, abs=5e-8)
    assert environ.loc[("Renew", "CO2"), "correlation"] == pytest.approx(-0.5986338, abs=5e-8)
    significant = flagged(environ)["is_significant"]
    assert significant[~significant].index.tolist() == [
        ("Renew", "PrimEner"),
        ("PrimEner", "Forest"),
        ("CO2", "Forest"),
        ("MatCon", "Forest"),
    ]
    # get_corr_flags(coin, dset = "Normalised", cor_thresh = 0.75) and (… = -0.5, "low")
    normalised = correlations_within(asem_stage("6_Normalised"), asem_framework)
    high = normalised[normalised["correlation"] > 0.75]
    assert sorted(zip(high["code"], high["other_code"], high["correlation"].round(3), strict=True)) == [
        ("FreePress", "CPI", 0.761),
        ("NGOs", "CPI", 0.768),
    ]
    low = normalised[normalised["correlation"] < -0.5]
    assert sorted(zip(low["code"], low["other_code"], low["correlation"].round(3), strict=True)) == [
        ("CostImpEx", "TBTs", -0.697),
        ("TBTs", "RTAs", -0.752),
        ("TBTs", "TIRcon", -0.623),
    ]
    # Vignette "Weights": get_corr(coin, dset = "Aggregated", Levels = c(3, 4))
    above = correlations_with_ancestors(asem_stage("7_Aggregated"), asem_framework).set_index("code")
    assert above.loc[["Conn", "Sust"], "correlation"].tolist() == pytest.approx(
        [0.9397805, 0.8382873], abs=5e-8
    )


def test_asem_indicators_that_follow_size_are_those_coinr_prints(asem_units, asem_framework):
    table = denominator_correlations(asem_units, asem_framework, threshold=0.7)
    found = table[table["is_size_related"]]
    printed = {
        ("CultGood", "Energy"): 0.71,
        ("CultGood", "GDP"): 0.85,
        ("FDI", "Energy"): 0.74,
        ("FDI", "GDP"): 0.85,
        ("Goods", "GDP"): 0.80,
        ("PRemit", "GDP"): 0.71,
        ("Research", "GDP"): 0.78,
        ("Services", "GDP"): 0.77,
        ("StMob", "Energy"): 0.73,
        ("StMob", "GDP"): 0.84,
    }
    pairs = zip(found["code"], found["other_code"], strict=True)
    assert dict(zip(pairs, found["correlation"].round(2), strict=True)) == printed
    divided = table[table["is_divided_by"]]
    assert dict(zip(divided["code"], divided["other_code"], strict=True)) == dict(
        asem_framework.denominator_of
    )
