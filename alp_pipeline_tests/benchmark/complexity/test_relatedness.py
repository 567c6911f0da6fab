"""Relatedness of activities: each measure against its formula in exact fractions, and py-ecomplexity."""

# ruff: noqa: N803, N806 (M is the literature's name)

import contextlib
import io
import warnings
from fractions import Fraction
from math import sqrt
from typing import get_args

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from alp_pipeline.benchmark.cells import BenchmarkInputError
from alp_pipeline.benchmark.complexity.relatedness import Measure, co_occurrences, relatedness
from alp_pipeline_tests.benchmark.complexity.matrices import (
    frame,
    ones_and_zeros,
    random_presence,
    shuffled,
)

MEASURES = get_args(Measure)


def by_formula(M: pd.DataFrame, measure: str, i: str, j: str) -> float:
    """One pair, written down from the formulas with whole numbers and fractions."""
    sets = {c: frozenset(M.index[M[c] == 1]) for c in M.columns}
    if not sets[i] or not sets[j]:
        return float("nan")

    def together(a: str, b: str) -> int:
        return len(sets[a] & sets[b]) if a != b else 0

    c_ij = Fraction(together(i, j))
    s_i, s_j = (Fraction(sum(together(a, b) for b in M.columns)) for a in (i, j))
    total = Fraction(sum(together(a, b) for a in M.columns for b in M.columns))
    try:
        if measure == "co_occurrence":
            return float(c_ij)
        if measure == "proximity":
            return float(min(c_ij / len(sets[i]), c_ij / len(sets[j])))
        if measure == "cosine":
            return float(c_ij) / sqrt(s_i * s_j)
        if measure == "jaccard":
            return float(c_ij / (s_i + s_j - c_ij))
        if measure == "association_strength":
            return float((c_ij / total) / ((s_i / total) * (s_j / total)))
        p_i, p_j = s_i / total, s_j / total
        return float(c_ij / ((p_i * s_j / (total - s_i) + p_j * s_i / (total - s_j)) * total / 2))
    except ZeroDivisionError:
        return float("nan")


@pytest.mark.parametrize("measure", MEASURES)
@given(M=ones_and_zeros)
def test_every_pair_is_what_the_formula_gives_in_exact_fractions(measure, M):
    found = relatedness(M, measure)
    for i in M.columns:
        for j in M.columns:
            if i != j:
                np.testing.assert_allclose(found.loc[i, j], by_formula(M, measure, i, j), rtol=1e-14)


@given(ones_and_zeros, st.sampled_from(MEASURES), st.integers(0, 2**32 - 1))
def test_relatedness_is_symmetric_and_the_order_of_lines_changes_no_bit(M, measure, seed):
    found = relatedness(M, measure)
    pd.testing.assert_frame_equal(found, found.T, check_exact=True)
    again = relatedness(shuffled(M, seed), measure).loc[M.columns, M.columns]
    pd.testing.assert_frame_equal(found, again, check_exact=True)


@given(ones_and_zeros, st.sampled_from(["proximity", "cosine", "jaccard"]))
def test_proximity_cosine_and_jaccard_lie_between_0_and_1(M, measure):
    value = relatedness(M, measure, diagonal=1.0).to_numpy()
    value = value[~np.isnan(value)]
    assert ((value >= 0) & (value <= 1)).all()


def test_proximity_is_py_ecomplexitys_with_ones_on_the_diagonal():
    from ecomplexity import proximity

    M = random_presence(30, 20)
    long = M.stack().rename("val").reset_index().set_axis(["loc", "prod", "val"], axis=1).assign(time=2014)
    columns = {"time": "time", "loc": "loc", "prod": "prod", "val": "val"}
    with contextlib.redirect_stdout(io.StringIO()), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = proximity(long, columns, presence_test="manual")
    theirs = theirs.pivot(index="prod_1", columns="prod_2", values="proximity")
    np.testing.assert_allclose(relatedness(M, diagonal=1.0), theirs.loc[M.columns, M.columns], rtol=1e-15)


def test_the_diagonal_is_what_was_asked_for():
    M = random_presence(6, 4)
    assert np.diagonal(relatedness(M)).tolist() == [0, 0, 0, 0]
    assert np.diagonal(relatedness(M, "cosine", diagonal=1)).tolist() == [1, 1, 1, 1]


def test_an_activity_that_no_region_has_is_related_to_nothing_that_one_could_know():
    found = relatedness(frame([[1, 1, 0], [1, 0, 0]]), diagonal=1.0)
    np.testing.assert_equal(found.to_numpy(), [[1, 0.5, np.nan], [0.5, 1, np.nan], [np.nan] * 3])


def test_pairs_that_occur_as_often_as_chance_would_have_it_are_at_one():
    # Every pair of three activities once: each S is 2, T is 6, expected is 1 by Steijn's formula.
    found = relatedness(frame([[1, 1, 0], [0, 1, 1], [1, 0, 1]]), "probability")
    np.testing.assert_allclose(found.to_numpy(), 1 - np.eye(3), rtol=1e-15)


def test_counts_are_exact_beyond_what_a_test_matrix_usually_holds():
    draw = np.random.default_rng(1)
    present = (draw.random((3000, 7)) < 0.9).astype(np.float64)
    whole = present.astype(np.int64)
    assert (co_occurrences(present) == whole.T @ whole).all()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"measure": "similarity"}, "'similarity' is no measure"),
        ({"diagonal": -1.0}, "-1.0 on the diagonal"),
        ({"diagonal": float("nan")}, "nan on the diagonal"),
    ],
)
def test_unknown_options_are_refused(arguments, message):
    with pytest.raises(BenchmarkInputError, match=message):
        relatedness(frame([[1, 1]]), **arguments)
