"""Relatedness density and opportunities."""

# ruff: noqa: N803, N806 (M is the literature's name)

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from alp_pipeline.benchmark.cells import BenchmarkInputError
from alp_pipeline.benchmark.complexity.density import diversification_opportunities, relatedness_density
from alp_pipeline.benchmark.complexity.relatedness import relatedness
from alp_pipeline_tests.benchmark.complexity.matrices import (
    ecomplexity_of,
    frame,
    ones_and_zeros,
    random_presence,
    shuffled,
)


def naive_density(M, phi, nearest=None):
    """Sums written out; `nearest` by sorting, ties with the last one included."""
    result = pd.DataFrame(np.nan, index=M.index, columns=M.columns)
    for i in M.columns:
        weight = {j: phi.loc[j, i] for j in M.columns if not np.isnan(phi.loc[j, i])}
        if nearest is not None:
            others = sorted((w for j, w in weight.items() if j != i), reverse=True)
            least = others[min(nearest, len(others)) - 1] if others else np.inf
            weight = {j: w for j, w in weight.items() if j != i and w >= least}
        if sum(weight.values()) > 0:
            for r in M.index:
                near = sum(w * M.loc[r, j] for j, w in weight.items())
                result.loc[r, i] = 100 * near / sum(weight.values())
    return result


@given(ones_and_zeros, st.sampled_from([None, 1, 2, 3]), st.sampled_from([0.0, 1.0]))
def test_density_is_the_sum_written_out_and_stays_within_0_and_100(M, nearest, diagonal):
    phi = relatedness(M, diagonal=diagonal)
    found = relatedness_density(M, phi, nearest=nearest)
    np.testing.assert_allclose(found, naive_density(M, phi, nearest), rtol=1e-13)
    known = found.to_numpy()[~np.isnan(found.to_numpy())]
    assert ((known >= 0) & (known <= 100)).all()


def test_density_is_py_ecomplexitys_where_that_is_right():
    M = random_presence(40, 25)
    found = relatedness_density(M, relatedness(M, diagonal=1.0))
    np.testing.assert_allclose(found, 100 * ecomplexity_of(M)["density"], rtol=1e-13)


def test_a_region_with_everything_is_at_100_and_one_with_nothing_at_0():
    M = frame([[1, 1, 1], [0, 0, 0], [1, 1, 0]])
    found = relatedness_density(M, relatedness(M))
    assert found.loc["R00"].tolist() == [100, 100, 100]
    assert found.loc["R01"].tolist() == [0, 0, 0]


def test_an_activity_related_to_none_has_no_density():
    M = frame([[1, 1, 0, 0], [1, 1, 0, 0], [0, 0, 1, 0]])
    found = relatedness_density(M, relatedness(M))
    assert found[["C02", "C03"]].isna().all(axis=None)
    assert found["C00"].tolist() == [100, 100, 0]


def test_density_does_not_depend_on_the_order_of_lines_nor_on_what_is_reported():
    M = random_presence(30, 20)
    phi = relatedness(M, "cosine")
    whole = relatedness_density(M, phi)
    again = relatedness_density(shuffled(M, 3), shuffled(phi, 4)).loc[M.index, M.columns]
    pd.testing.assert_frame_equal(whole, again, check_exact=True)
    some = relatedness_density(M, phi, report=["R07", "R02"])
    pd.testing.assert_frame_equal(some, whole.loc[["R07", "R02"]], check_exact=True)


def test_two_identical_regions_have_the_same_density():
    M = random_presence(20, 15)
    M.loc["R11"] = M.loc["R05"]
    found = relatedness_density(M, relatedness(M))
    np.testing.assert_allclose(found.loc["R11"], found.loc["R05"], rtol=1e-15)


def test_opportunities_are_the_absent_activities_by_density_with_ties_sharing_the_best_rank():
    M = frame([[1, 0, 0, 0, 0], [1, 1, 0, 1, 1]])
    density = frame([[99, 20, 60, 60, np.nan], [99, 99, 7, 99, 99]])
    pci = pd.Series([0.0, 1.0, 2.0, 3.0, 4.0], index=M.columns)
    gain = density * 2
    table = diversification_opportunities(M, density, pci=pci, gain=gain)
    assert table["region_code"].tolist() == ["R00"] * 4 + ["R01"]
    assert table["activity_code"].tolist() == ["C02", "C03", "C01", "C04", "C02"]
    assert table["rank"].tolist() == [1, 1, 3, pd.NA, 1]
    assert table["pci"].tolist() == [2, 3, 1, 4, 2]
    np.testing.assert_equal(table["gain"].to_numpy(), [120, 120, 40, np.nan, 14])


def test_densities_that_differ_by_the_noise_of_summation_share_a_rank():
    M = frame([[1, 0, 0]])
    table = diversification_opportunities(M, frame([[0, 50, np.nextafter(50, 51)]]))
    assert table["rank"].tolist() == [1, 1]
    assert table["activity_code"].tolist() == ["C01", "C02"]


def test_opportunities_are_reported_for_the_regions_asked_for_in_their_order():
    M = random_presence(10, 8)
    density = relatedness_density(M, relatedness(M))
    whole = diversification_opportunities(M, density)
    some = diversification_opportunities(M, density, report=["R05", "R02"])
    assert some["region_code"].unique().tolist() == ["R05", "R02"]
    expected = whole[whole["region_code"] == "R02"].reset_index(drop=True)
    pd.testing.assert_frame_equal(some[some["region_code"] == "R02"].reset_index(drop=True), expected)
    assert (whole.groupby("region_code").size() == (M == 0).sum(axis=1)[lambda n: n > 0]).all()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda M, phi: relatedness_density(M, phi.iloc[1:, 1:]), "C00 is not an activity of both"),
        (lambda M, phi: relatedness_density(M, -phi), "holds -"),
        (lambda M, phi: relatedness_density(M, phi / 0), "holds inf"),
        (lambda M, phi: relatedness_density(M, phi, nearest=0), "0 neighbours"),
        (lambda M, phi: relatedness_density(M, phi, report=["XX"]), "'XX' is not among the 6 regions"),
        (lambda M, phi: relatedness_density(M, phi, report=["R00", "R00"]), "'R00' appears more than once"),
        (lambda M, phi: diversification_opportunities(M, M.iloc[:2]), "density: R02 is absent"),
    ],
)
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_what_does_not_fit_is_refused(call, message):
    M = random_presence(6, 4)
    with pytest.raises(BenchmarkInputError, match=message):
        call(M, relatedness(M))
