"""Complexity outlook against py-ecomplexity and the sums written out."""

# ruff: noqa: N803, N806 (M is the literature's name)

import numpy as np
import pandas as pd
import pytest
from hypothesis import given

from alp_pipeline.benchmark.cells import BenchmarkInputError
from alp_pipeline.benchmark.complexity.eci import complexity
from alp_pipeline.benchmark.complexity.outlook import outlook
from alp_pipeline.benchmark.complexity.relatedness import relatedness
from alp_pipeline_tests.benchmark.complexity.matrices import (
    ecomplexity_of,
    frame,
    ones_and_zeros,
    random_presence,
    shuffled,
)


@pytest.mark.parametrize("shape", [(40, 25), (25, 40)])
def test_outlook_is_py_ecomplexitys(shape):
    M = random_presence(*shape)
    theirs = ecomplexity_of(M)
    found = outlook(M, relatedness(M, diagonal=1.0), complexity(M).pci)
    np.testing.assert_allclose(found.coi, theirs["coi"].iloc[:, 0], atol=1e-9)
    np.testing.assert_allclose(found.cog, theirs["cog"], atol=1e-9)


@given(ones_and_zeros)
def test_outlook_is_the_sums_written_out(M):
    phi = relatedness(M)
    pci = pd.Series(np.arange(len(M.columns)) - 1.5, index=M.columns)
    found = outlook(M, phi, pci, origin="given")
    w = phi.fillna(0.0)
    for r in M.index:
        lacking = [c for c in M.columns if M.loc[r, c] == 0 and w[c].sum() > 0]
        index = sum((w[c] * M.loc[r]).sum() / w[c].sum() * pci[c] for c in lacking)
        assert found.coi_unscaled[r] == pytest.approx(index, abs=1e-12)
        for c in M.columns:
            gain = sum(w.loc[j, c] * pci[j] / w[j].sum() for j in lacking) * (1 - M.loc[r, c])
            expected = gain if w[c].sum() > 0 else np.nan
            np.testing.assert_allclose(found.cog.loc[r, c], expected, atol=1e-12)


def test_the_zero_of_complexity_is_the_eigenvectors_whatever_it_was_normalised_to():
    M = random_presence(20, 12)
    phi, pci = relatedness(M), complexity(M).pci
    found, shifted = outlook(M, phi, pci), outlook(M, phi, pci + 100)
    np.testing.assert_allclose(found.cog, shifted.cog, atol=1e-9)
    given_zero = outlook(M, phi, pci, origin="given")
    assert not np.allclose(found.cog, given_zero.cog)


def test_the_index_is_scaled_over_all_regions_and_reported_for_some():
    M = random_presence(20, 12)
    phi, pci = relatedness(M), complexity(M).pci
    whole, some = outlook(M, phi, pci), outlook(M, phi, pci, report=["R09", "R01"])
    assert whole.coi.mean() == pytest.approx(0, abs=1e-12)
    assert whole.coi.std(ddof=0) == pytest.approx(1)
    assert some.coi.tolist() == whole.coi[["R09", "R01"]].tolist()
    pd.testing.assert_frame_equal(some.cog, whole.cog.loc[["R09", "R01"]])


def test_the_order_of_lines_changes_no_bit():
    M = random_presence(20, 12)
    phi, pci = relatedness(M), complexity(M).pci
    found, again = outlook(M, phi, pci), outlook(shuffled(M, 1), shuffled(phi, 2), pci.iloc[::-1])
    pd.testing.assert_series_equal(found.coi, again.coi[M.index], check_exact=True)
    pd.testing.assert_frame_equal(found.cog, again.cog.loc[M.index, M.columns], check_exact=True)


def test_nothing_is_gained_by_what_is_there_and_nothing_known_of_what_is_related_to_none():
    M = frame([[1, 1, 0, 0], [1, 1, 1, 0], [0, 1, 1, 0]])
    found = outlook(M, relatedness(M), pd.Series([1.0, 2, 3, np.nan], index=M.columns))
    assert found.cog.loc["R01", ["C00", "C01", "C02"]].tolist() == [0, 0, 0]
    assert found.cog["C03"].isna().all()
    assert found.coi_unscaled["R01"] == 0


def test_where_all_regions_lack_nothing_there_is_no_scale():
    M = frame([[1, 1], [1, 1]])
    found = outlook(M, relatedness(M), pd.Series([1.0, 2.0], index=M.columns))
    assert found.coi.isna().all()
    assert found.coi_unscaled.tolist() == [0, 0]


@pytest.mark.parametrize(
    ("pci", "options", "message"),
    [
        ([1.0], {}, "C01 is not once in it"),
        ([1.0, np.inf], {}, "no finite number"),
        ([np.nan, np.nan], {}, "no finite number"),
        ([1.0, 2.0], {"origin": "zero"}, "'zero' is no origin"),
    ],
)
def test_what_is_not_a_complexity_is_refused(pci, options, message):
    M = frame([[1, 1], [1, 0]])
    with pytest.raises(BenchmarkInputError, match=message):
        outlook(M, relatedness(M), pd.Series(pci, index=M.columns[: len(pci)]), **options)
