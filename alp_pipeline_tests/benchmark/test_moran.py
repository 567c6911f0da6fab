"""Moran's I against esda, the definition written out, and maps whose pattern is known."""

import itertools
import warnings
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from alp_pipeline.benchmark.cells import BenchmarkInputError
from alp_pipeline.benchmark.moran import local_morans_i, morans_i
from alp_pipeline.benchmark.spatial import SpatialWeights, neighbour_weights

NAN = float("nan")


def labels(n: int) -> list[str]:
    return [f"R{k:02}" for k in range(n)]


def ring(n: int, style: str = "row") -> SpatialWeights:
    table = pd.DataFrame({"region_code": labels(n), "neighbour_code": np.roll(labels(n), -1)})
    return neighbour_weights(table, labels(n), style=style)


def random_map(n: int, seed: int, style: str = "row", islands: int = 0) -> SpatialWeights:
    draw = np.random.default_rng(seed)
    names = labels(n)[: n - islands]
    table = [pair for pair in itertools.combinations(names, 2) if draw.random() < 0.25]
    table += list(itertools.pairwise(names))
    return neighbour_weights(
        pd.DataFrame(table, columns=["region_code", "neighbour_code"]), labels(n), style=style
    )


def random_values(n: int, seed: int) -> pd.Series:
    return pd.Series(np.random.default_rng(seed).gamma(2, 3, n), index=labels(n))


def pysal_weights(weights: SpatialWeights):
    from libpysal.weights import W

    near = weights.pairs.groupby("region_code")["neighbour_code"].apply(list)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return W({region: near.get(region, []) for region in weights.regions}, silence_warnings=True)


@pytest.mark.parametrize("style", ["row", "binary"])
@pytest.mark.parametrize("islands", [0, 3])
def test_statistic_expectation_variances_and_p_values_are_esdas(style, islands):
    from esda.moran import Moran

    weights, values = random_map(30, 1, style, islands), random_values(30, 2)
    found = morans_i(values, weights, permutations=0, islands="keep")
    transformation = "r" if style == "row" else "b"
    theirs = Moran(values.to_numpy(), pysal_weights(weights), transformation, permutations=0)
    assert found.statistic == pytest.approx(theirs.I, rel=1e-12)
    assert found.expected == pytest.approx(theirs.EI, rel=1e-12)
    assert found.variance_normality == pytest.approx(theirs.VI_norm, rel=1e-10)
    assert found.variance_randomisation == pytest.approx(theirs.VI_rand, rel=1e-10)
    assert found.p_normality == pytest.approx(theirs.p_norm, rel=1e-9)
    assert found.p_randomisation == pytest.approx(theirs.p_rand, rel=1e-9)
    assert np.isnan(found.p_permutation)
    assert len(found.islands) == islands


def test_the_randomisation_moments_and_the_permutation_test_are_those_of_all_orders():
    weights = neighbour_weights(
        pd.DataFrame({"region_code": list("ABCDE"), "neighbour_code": list("BCDEC")}), list("ABCDE")
    )
    values = pd.Series([3.0, 9, 1, 4, 7], index=list("ABCDE"))
    every = np.array(
        [
            morans_i(pd.Series(order, index=list("ABCDE")), weights, permutations=0).statistic
            for order in itertools.permutations(values)
        ]
    )
    found = morans_i(values, weights, permutations=20_000, seed=1, alternative="greater")
    assert every.mean() == pytest.approx(found.expected)
    assert every.var() == pytest.approx(found.variance_randomisation)
    assert found.p_permutation == pytest.approx((every >= found.statistic - 1e-12).mean(), abs=0.02)


def test_neighbours_that_are_opposites_give_minus_one_and_alternating_is_the_extreme():
    values = pd.Series([1.0, -1] * 4, index=labels(8))
    found = morans_i(values, ring(8), alternative="less")
    assert found.statistic == pytest.approx(-1)
    assert found.p_permutation < 0.1
    assert morans_i(values, ring(8), alternative="greater").p_permutation > 0.9


def test_where_every_order_gives_the_same_statistic_nothing_is_unusual():
    found = morans_i(pd.Series([1.0, 0, 0, 0, 0, 0], index=labels(6)), ring(6), permutations=99)
    assert found.statistic == pytest.approx(found.expected)
    assert found.variance_randomisation == pytest.approx(0, abs=1e-15)
    assert np.isnan(found.p_randomisation)
    assert found.p_permutation == 1


@given(st.lists(st.integers(0, 50), min_size=6, max_size=6), st.integers(0, 2**31), st.integers(1, 1000))
def test_scale_shift_and_order_change_nothing(numbers, seed, scale):
    assume(len(set(numbers)) > 1)
    values = pd.Series(numbers, index=labels(6), dtype=float)
    found = morans_i(values, ring(6), permutations=99, seed=seed)
    again = morans_i(values.sample(frac=1, random_state=seed), ring(6), permutations=99, seed=seed)
    assert replace(found, p_randomisation=0) == replace(again, p_randomisation=0)  # NaN equals nothing
    moved = morans_i(scale * values - 17, ring(6), permutations=99, seed=seed)
    assert moved.statistic == pytest.approx(found.statistic, abs=1e-12)
    assert moved.p_permutation == found.p_permutation


def test_the_seed_decides_the_permutations_and_is_part_of_the_result():
    weights, values = random_map(30, 1), random_values(30, 2)
    found = morans_i(values, weights, permutations=1200, seed=7)
    assert found == morans_i(values, weights, permutations=1200, seed=7)
    assert found.p_permutation != morans_i(values, weights, permutations=1200, seed=8).p_permutation
    assert (found.seed, found.permutations) == (7, 1200)


def test_p_values_of_the_two_sides_and_of_both_fit_together():
    weights, values = random_map(25, 3), random_values(25, 4)
    greater, less, both = (
        morans_i(values, weights, seed=1, alternative=side) for side in ("greater", "less", "two_sided")
    )
    assert greater.p_randomisation + less.p_randomisation == pytest.approx(1)
    for name in ("p_normality", "p_randomisation", "p_permutation"):
        least = min(getattr(greater, name), getattr(less, name))
        assert getattr(both, name) == pytest.approx(min(1, 2 * least))


def test_islands_and_regions_without_a_value_are_named_and_take_no_part():
    weights = random_map(20, 5)
    values = random_values(20, 6)
    values["R07"] = NAN
    found = morans_i(values.drop("R11"), weights, permutations=9)
    assert found.missing == ("R07", "R11")
    kept = [region for region in weights.regions if region not in found.missing]
    alone = neighbour_weights(weights.pairs, kept)  # standardised over the neighbours that are left
    expected = morans_i(values[kept], alone, permutations=9)
    assert found.statistic == pytest.approx(expected.statistic, rel=1e-14)
    assert found.units == 18


def test_an_island_left_out_is_as_if_it_were_not_there():
    with_islands, without = random_map(15, 8, islands=2), random_values(15, 9)
    found = morans_i(without, with_islands)
    assert (found.islands, found.islands_kept, found.units) == (("R13", "R14"), False, 13)
    core = neighbour_weights(with_islands.pairs, labels(13))
    assert found.statistic == morans_i(without[labels(13)], core).statistic
    assert morans_i(without, with_islands, islands="keep").units == 15


def test_local_statistics_add_up_to_the_global_one_and_are_esdas():
    from esda.moran import Moran_Local

    weights, values = random_map(30, 1), random_values(30, 2)
    found = local_morans_i(values, weights, permutations=999, seed=3)
    whole = morans_i(values, weights, permutations=0)
    assert found["local_i"].sum() == pytest.approx(30 * whole.statistic)  # S0 = n when rows sum to 1
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        theirs = Moran_Local(values.to_numpy(), pysal_weights(weights), permutations=999, seed=5)
    np.testing.assert_allclose(found["local_i"] * 29 / 30, theirs.Is, rtol=1e-10)
    names = {1: "high_high", 2: "low_high", 3: "low_low", 4: "high_low"}
    assert found["quadrant"].tolist() == [names[q] for q in theirs.q]
    # Theirs is the smaller side, folded; two different random draws.
    np.testing.assert_allclose(found["p_permutation"], np.minimum(1, 2 * theirs.p_sim), atol=0.12)


def test_local_permutations_deal_the_other_values_to_the_neighbours():
    weights = neighbour_weights(
        pd.DataFrame({"region_code": list("ABCD"), "neighbour_code": list("BCDE")}), list("ABCDE")
    )
    values = pd.Series([5.0, 4, 0, 1, 2], index=list("ABCDE"))
    found = local_morans_i(values, weights, permutations=20_000, seed=1, alternative="greater")
    # A (highest) has one neighbour; of the four others only B's 4 is as high: 1 in 4.
    assert found.loc["A", "p_permutation"] == pytest.approx(0.25, abs=0.02)
    # C (lowest) lies between 4 and 1: of the six pairs of others sums up to 5 are 4+1, 1+2: 2 in 6.
    assert found.loc["C", "p_permutation"] == pytest.approx(2 / 6, abs=0.02)


def test_a_region_that_took_no_part_has_no_local_statistic():
    values = random_values(12, 1)
    values["R03"] = NAN
    found = local_morans_i(values, random_map(12, 2, islands=1), permutations=9)
    assert found.index.tolist() == labels(12)
    assert found.loc[["R03", "R11"]].isna().all(axis=None)
    assert found.drop(["R03", "R11"]).notna().all(axis=None)


@pytest.mark.parametrize(
    ("values", "options", "message"),
    [
        (pd.Series(3.0, index=labels(6)), {}, "all regions have the same value"),
        (pd.Series([1.0, 2, 3], index=labels(3)), {}, "3 regions with values"),
        (
            pd.Series([1.0, 2, 4, 9], index=["R00", "R02", "R04", "R06"]),
            {},
            "0 pairs of neighbours among them",
        ),
        (pd.Series([1.0, np.inf], index=labels(2)), {}, "R01 holds an infinite value"),
        (pd.Series([1.0, 2], index=["R00", "R00"]), {}, "'R00' appears more than once"),
        (pd.Series([1.0], index=["XX"]), {}, "XX is not among the regions of the weights"),
        (pd.Series(range(8), index=labels(8)), {"permutations": -1}, "permutations: it is -1"),
        (pd.Series(range(8), index=labels(8)), {"alternative": "both"}, "'both' is not known"),
        (pd.Series(range(8), index=labels(8)), {"islands": "join"}, "'join' is not known"),
        (pd.Series(dtype=float), {}, "holds nothing"),
    ],
)
def test_what_has_no_pattern_to_measure_is_refused(values, options, message):
    with pytest.raises(BenchmarkInputError, match=message):
        morans_i(values, ring(8), **options)
