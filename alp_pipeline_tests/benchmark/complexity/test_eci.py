"""The complexity index: closed forms, py-ecomplexity, identities, and matrices that rank nothing."""

# ruff: noqa: N803, N806 (M is the literature's name)

from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from alp_pipeline.benchmark.cells import BenchmarkInputError
from alp_pipeline.benchmark.complexity.components import StructureDisconnected, components
from alp_pipeline.benchmark.complexity.eci import OrderUndetermined, SignUndetermined, complexity
from alp_pipeline_tests.benchmark.complexity.matrices import (
    ecomplexity_of,
    frame,
    nested,
    ones_and_zeros,
    random_presence,
    shuffled,
)

REFUSED = (StructureDisconnected, OrderUndetermined, SignUndetermined)


def standardised(values: np.ndarray) -> np.ndarray:
    return (values - values.mean()) / values.std()


@pytest.mark.parametrize("size", [3, 4, 7, 20, 60])
def test_on_a_nested_matrix_complexity_falls_in_equal_steps_and_the_eigenvalues_are_1_over_k_squared(size):
    # Averaging over the first k lines maps a polynomial of degree d in k to one of degree d, so the
    # eigenvectors are polynomials: the second is linear. ECI_k = mean of PCI_1 … PCI_k gives PCI in steps
    # twice as large.
    found = complexity(nested(size))
    k = np.arange(size, 0, -1)
    np.testing.assert_allclose(found.eci, standardised(k), atol=1e-9)
    step = 1 / k.std()
    np.testing.assert_allclose(np.diff(found.pci), np.full(size - 1, 2 * step), rtol=1e-8)
    np.testing.assert_allclose(found.eigenvalues, [1, 1 / 4, 1 / 9], rtol=1e-12)
    assert found.eigengap == pytest.approx(5 / 36)
    assert found.relative_eigengap == pytest.approx(5 / 9)
    assert not found.is_near_degenerate


def test_the_scores_solve_the_eigenproblem_in_exact_fractions():
    # ECI up to shift and scale is an eigenvector of K = D⁻¹ M U⁻¹ Mᵀ. On the nested matrix it is linear:
    # with x = (1, 0, -1) + c, K x = x / 4 exactly.
    M = nested(3).to_numpy().astype(int)
    d, u = M.sum(axis=1), M.sum(axis=0)
    K = [
        [sum(Fraction(int(M[r, c] * M[s, c]), int(d[r] * u[c])) for c in range(3)) for s in range(3)]
        for r in range(3)
    ]
    # The zero of an eigenvector of K: its mean weighted by diversity is 0.
    shift = Fraction(int(-(d[0] - d[2])), int(d.sum()))
    x = [value + shift for value in (1, 0, -1)]
    assert [sum(K[r][s] * x[s] for s in range(3)) for r in range(3)] == [value / 4 for value in x]


@pytest.mark.parametrize("shape", [(40, 25), (25, 40), (30, 30), (200, 60)])
def test_scores_are_py_ecomplexitys(shape):
    M = random_presence(*shape, seed=shape[0])
    found, theirs = complexity(M), ecomplexity_of(M)
    np.testing.assert_allclose(found.eci, theirs["eci"].iloc[:, 0], atol=1e-9)
    np.testing.assert_allclose(found.pci, theirs["pci"].iloc[0], atol=1e-8)


@given(ones_and_zeros)
def test_the_index_of_a_region_is_the_mean_of_its_activities(M):
    try:
        found = complexity(M)
    except REFUSED:
        return
    mean = pd.Series({r: found.pci[M.columns[M.loc[r] == 1]].mean() for r in M.index})
    np.testing.assert_allclose(found.eci, mean, atol=1e-7)
    known = found.eci.dropna()
    assert known.mean() == pytest.approx(0, abs=1e-9)
    assert known.std(ddof=0) == pytest.approx(1)
    assert np.corrcoef(known, found.diversity[known.index])[0, 1] > 0


@given(ones_and_zeros, st.integers(0, 2**32 - 1))
def test_the_order_of_regions_and_activities_changes_no_bit(M, seed):
    try:
        found = complexity(M)
    except REFUSED as refusal:
        with pytest.raises(type(refusal)):
            complexity(shuffled(M, seed))
        return
    again = complexity(shuffled(M, seed))
    pd.testing.assert_series_equal(found.eci, again.eci[M.index], check_exact=True)
    pd.testing.assert_series_equal(found.pci, again.pci[M.columns], check_exact=True)
    assert found.eigenvalues == again.eigenvalues


@pytest.mark.parametrize("shape", [(60, 20), (20, 60)])
def test_identical_regions_and_identical_activities_tie_to_the_last_bit(shape):
    M = random_presence(*shape, seed=5)
    M.loc["R13"] = M.loc["R02"]
    M["C17"] = M["C04"]
    found = complexity(M)
    assert found.eci["R13"] == found.eci["R02"]
    assert found.pci["C17"] == found.pci["C04"]


def test_a_matrix_of_two_regions_has_an_order_too():
    found = complexity(frame([[1, 1], [1, 0]]))
    assert found.eci.tolist() == pytest.approx([1, -1])
    assert found.eigenvalues[2] == 0


def test_regions_and_activities_with_nothing_are_left_out_by_name_and_change_nothing():
    M = random_presence(12, 9)
    whole = complexity(M)
    padded = M.copy()
    padded.loc["R99"] = 0.0
    padded["C99"] = 0.0
    found = complexity(padded)
    assert (found.dropped_regions, found.dropped_activities) == (("R99",), ("C99",))
    assert np.isnan(found.eci["R99"])
    assert np.isnan(found.pci["C99"])
    pd.testing.assert_series_equal(found.eci.drop("R99"), whole.eci, check_exact=True)
    assert found.diversity["R99"] == 0
    assert (whole.dropped_regions, whole.dropped_activities) == ((), ())


def test_a_perimeter_is_reported_from_scores_of_all_regions():
    M = random_presence(30, 12)
    whole = complexity(M)
    some = complexity(M, report=["R20", "R03"])
    assert some.eci.index.tolist() == ["R20", "R03"]
    assert some.eci.tolist() == whole.eci[["R20", "R03"]].tolist()
    pd.testing.assert_series_equal(some.pci, whole.pci)
    with pytest.raises(BenchmarkInputError, match="'XX' is not among the 30 regions computed"):
        complexity(M, report=["XX"])


def test_a_disconnected_graph_is_refused_and_its_parts_are_listed():
    M = frame(np.kron(np.eye(2), nested(3).to_numpy()))
    with pytest.raises(StructureDisconnected) as refusal:
        complexity(M)
    assert "2 parts share no activity" in str(refusal.value)
    assert "3 × 3 (R00, R01, R02: C00, C01, C02); 3 × 3 (R03, R04, R05: C03, C04, C05)" in str(refusal.value)


def test_one_common_activity_connects_and_the_second_eigenvalue_tells_how_weakly():
    halves = np.kron(np.eye(2), np.triu(np.ones((6, 6))) + np.tril(np.ones((6, 6)), -2))
    halves[5, 6] = 1
    found = complexity(frame(halves))
    assert 0.9 < found.eigenvalues[1] < 1
    assert found.eci[:5].max() < found.eci[6:].min() or found.eci[:5].min() > found.eci[6:].max()


def test_parts_are_listed_the_largest_first_without_empty_lines():
    M = frame([[0, 1, 0, 0], [1, 0, 0, 0], [1, 0, 1, 0], [0, 0, 0, 0]])
    parts = components(shuffled(M, 1))
    assert [(part.regions, part.activities) for part in parts] == [
        (("R01", "R02"), ("C00", "C02")),
        (("R00",), ("C01",)),
    ]
    assert components(frame([[0, 0]])) == ()


@pytest.mark.parametrize(
    ("M", "message"),
    [
        (frame(np.ones((4, 3))), "all regions have the same activities"),
        (frame([[1, 1, 1]]), "1 regions × 3 activities are not empty"),
        (frame([[1], [1]]), "2 regions × 1 activities are not empty"),
        (frame(np.zeros((2, 2))), "0 regions × 0 activities are not empty"),
        # Every line a shift of the one before: the second eigenvalue of a ring is double.
        (frame(np.eye(7) + np.roll(np.eye(7), 1, axis=1)), "is double: several orders fit equally well"),
    ],
)
def test_a_matrix_without_an_order_of_its_own_is_refused(M, message):
    with pytest.raises(OrderUndetermined, match=message):
        complexity(M)


def test_without_correlation_with_diversity_only_an_anchor_gives_a_sign():
    # Two halves, mirror images of each other, joined by one region: each diversity occurs on both sides.
    M = frame([[1, 1, 0, 0, 0], [1, 1, 1, 0, 0], [0, 1, 1, 1, 0], [0, 0, 1, 1, 1], [0, 0, 0, 1, 1]])
    with pytest.raises(SignUndetermined, match="is not correlated with diversity"):
        complexity(M)
    rising = pd.Series([5.0, 4, 3, 2, 1], index=M.index)
    one, other = complexity(M, anchor=rising), complexity(M, anchor=-rising)
    assert one.eci.iloc[0] > 0 > one.eci.iloc[-1]
    np.testing.assert_allclose(one.eci, -other.eci, atol=1e-12)
    assert one.sign_correlation > 0.9
    assert not one.is_sign_weak


def test_a_sign_that_hangs_on_little_is_flagged():
    M = random_presence(40, 25)
    score = complexity(M).eci
    noise = pd.Series(np.random.default_rng(0).normal(size=40), index=M.index)
    noise -= score * (noise @ score) / (score @ score)
    found = complexity(M, anchor=noise + 0.1 * score)
    assert 0 < found.sign_correlation < 0.3
    assert found.is_sign_weak
    pd.testing.assert_series_equal(found.eci, score)


def test_an_anchor_must_know_every_region():
    M = nested(3)
    with pytest.raises(BenchmarkInputError, match="anchor: R02 has no finite number"):
        complexity(M, anchor=pd.Series({"R00": 1.0, "R01": 2.0}))


def test_a_small_eigengap_is_flagged():
    M = random_presence(40, 25)
    gap = complexity(M).relative_eigengap
    assert not complexity(M, near_degenerate_below=gap * 0.99).is_near_degenerate
    assert complexity(M, near_degenerate_below=gap * 1.01).is_near_degenerate


@given(ones_and_zeros)
def test_the_larger_eigenvalues_are_those_of_the_matrix_written_out(M):
    assume(M.any(axis=1).all() and M.any(axis=0).all())
    try:
        found = complexity(M)
    except REFUSED:
        return
    x = M.to_numpy(dtype=float)
    K = (x / x.sum(axis=1, keepdims=True)) @ (x / x.sum(axis=0)).T
    theirs = np.sort(np.linalg.eigvals(K).real)[::-1]
    np.testing.assert_allclose(found.eigenvalues[:2], theirs[:2], atol=1e-9)
