"""Sample skewness and kurtosis: SciPy's, COINr's, and the same whatever stands beside a column."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import stats

from alp_pipeline.benchmark.composite.moments import kurtosis, skewness

COLUMNS = arrays(np.float64, (9, 3), elements=st.integers(-50, 50).map(float) | st.just(np.nan))


def test_both_are_coinr_s_on_asem(asem_stage, realdata):
    screened = asem_stage("4_Screened")
    details = pd.read_csv(realdata / "composite" / "expected_default_treat_details.csv", index_col="iCode")
    details = details.loc[screened.columns]
    assert np.abs(skewness(screened.to_numpy()) - details["check_SkewKurt0.Skew"]).max() < 1e-12
    assert np.abs(kurtosis(screened.to_numpy()) - details["check_SkewKurt0.Kurt"]).max() < 1e-12


@given(COLUMNS)
def test_both_are_scipy_s_where_scipy_has_an_answer(values):
    for place, column in enumerate(values.T):
        known = column[~np.isnan(column)]
        if known.size >= 4 and np.ptp(known) > 0:
            assert skewness(values)[place] == pytest.approx(stats.skew(known, bias=False), abs=1e-9)
            assert kurtosis(values)[place] == pytest.approx(stats.kurtosis(known, bias=False), abs=1e-9)


def test_closed_forms():
    # One 1 among n zeros: G1 = √n, G2 = n.
    for n in (4, 10, 51):
        one = np.eye(n)[:, :1]
        assert skewness(one)[0] == pytest.approx(np.sqrt(n), rel=1e-12)
        assert kurtosis(one)[0] == pytest.approx(n, rel=1e-12)
    assert kurtosis(np.arange(1.0, 11.0)[:, None])[0] == pytest.approx(-1.2, rel=1e-12)  # equal steps


@given(COLUMNS, st.floats(0.001, 1000), st.integers(-1000, 1000))
def test_shape_does_not_depend_on_unit_or_origin(values, factor, origin):
    np.testing.assert_allclose(skewness(values * factor + origin), skewness(values), rtol=1e-6, atol=1e-6)
    np.testing.assert_allclose(skewness(-values), -skewness(values), rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(kurtosis(-values), kurtosis(values), rtol=1e-9, atol=1e-9)


def test_a_column_is_the_same_to_the_last_bit_alone_and_in_a_stack():
    values = np.random.default_rng(3).lognormal(size=(5, 334, 7))
    alone = np.array([[skewness(draw[:, [place]])[0] for place in range(7)] for draw in values])
    assert (skewness(values) == alone).all()
    assert (skewness(values[..., ::-1]) == alone[:, ::-1]).all()


@pytest.mark.parametrize(
    ("column", "has_skewness", "has_kurtosis"),
    [
        ([np.nan] * 5, False, False),
        ([1.0, 2.0, np.nan, np.nan, np.nan], False, False),
        ([1.0, 2.0, 4.0, np.nan, np.nan], True, False),
        ([1.0, 2.0, 4.0, 5.0, np.nan], True, True),
        ([0.1] * 5, False, False),  # their mean is not 0.1 in floating point
        ([1e9 + 0.1] * 5, False, False),
    ],
)
def test_too_few_or_equal_numbers_have_no_shape(column, has_skewness, has_kurtosis):
    values = np.array(column)[:, None]
    assert np.isnan(skewness(values)[0]) != has_skewness
    assert np.isnan(kurtosis(values)[0]) != has_kurtosis


def test_nothing_is_changed_in_place():
    values = np.array([[1.0], [np.nan], [2.0], [9.0], [3.0]])
    before = values.copy()
    skewness(values), kurtosis(values)
    np.testing.assert_array_equal(values, before)
