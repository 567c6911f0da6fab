"""Treatment kernels: COINr's procedure re-derived naively, SciPy's Box-Cox, and the same in any stack."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import stats

from alp_pipeline.benchmark.cells import BenchmarkInputError
from alp_pipeline.benchmark.composite import treatment as module
from alp_pipeline.benchmark.composite.moments import kurtosis, skewness
from alp_pipeline.benchmark.composite.transforms import boxcox_power
from alp_pipeline.benchmark.composite.treatment import Treatment, treated, treated_by_indicator

TAILED = arrays(
    np.float64,
    (14, 2),
    elements=st.sampled_from([0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 30.0, 100.0, -80.0, np.nan]),
)


def naive_winsorise(column, *, skew_max=2.0, kurtosis_max=3.5, max_points=5):
    """COINr's winsorise, word for word from its documentation: one vector, positions of what was moved."""
    x = [float(cell) for cell in column if not np.isnan(cell)]
    where = [place for place, cell in enumerate(column) if not np.isnan(cell)]

    def passes():
        if len(x) < 4 or len(set(x)) == 1:
            return True
        skew, peak = stats.skew(x, bias=False), stats.kurtosis(x, bias=False)
        return abs(skew) < skew_max or peak < kurtosis_max

    high, low = set(), set()
    while not passes() and len(high) + len(low) < max_points and len(set(x)) > 2:
        upper = stats.skew(x, bias=False) >= 0
        end = max(x) if upper else min(x)
        others = [cell for cell in x if cell != end]
        (high if upper else low).update(place for place, cell in enumerate(x) if cell == end)
        x = [(max(others) if upper else min(others)) if cell == end else cell for cell in x]
    result = np.array(column, dtype=float)
    result[where] = x
    return result, passes()


def column(*cells: float) -> np.ndarray:
    return np.array(cells, dtype=float)[:, None]


@given(TAILED, st.sampled_from([(2.0, 3.5), (1.0, 1.0), (0.5, 0.0)]), st.integers(1, 6))
def test_winsorising_is_coinr_s_procedure(values, limits, most):
    own = Treatment(skew_max=limits[0], kurtosis_max=limits[1], max_points=most)
    result = treated(values, own)
    for place in range(values.shape[1]):
        expected, _ = naive_winsorise(
            values[:, place], skew_max=limits[0], kurtosis_max=limits[1], max_points=most
        )
        np.testing.assert_array_equal(result[:, place], expected)


@given(TAILED)
def test_what_still_fails_is_transformed_from_the_numbers_before(values):
    result = treated(values, Treatment(max_points=1, then="log_ct"))
    for place in range(values.shape[1]):
        x = values[:, place]
        winsorised, passed = naive_winsorise(x, max_points=1)
        low, high = (np.nanmin(x), np.nanmax(x)) if not np.isnan(x).all() else (0, 1)
        expected = winsorised if passed else np.log(x - low + 0.01 * (high - low))
        np.testing.assert_allclose(result[:, place], expected, rtol=1e-12)


def test_tied_extremes_move_together_even_beyond_the_limit():
    values = column(*range(20), 500, 500, 500)
    result = treated(values, Treatment(max_points=1, skew_max=0.1, kurtosis_max=-2))
    assert result[-3:, 0].tolist() == [19, 19, 19]


def test_a_low_tail_is_drawn_in_from_below():
    result = treated(-column(1, 2, 3, 4, 5, 100), Treatment())
    assert result[:, 0].tolist() == [-1, -2, -3, -4, -5, -5]


def test_a_column_is_never_winsorised_into_a_constant():
    values = np.eye(51)[:, :1]
    np.testing.assert_array_equal(treated(values, Treatment()), values)
    assert np.isfinite(treated(values, Treatment(then="log_ct"))).all()


def test_forced_winsorising_moves_as_many_points_as_it_may():
    values = column(*range(10))
    assert treated(values, Treatment(apply="always", max_points=2)).max() == 8  # ends alternate with the skew
    assert (treated(values, Treatment(max_points=2)) == values).all()


def test_no_limit_goes_on_until_it_passes():
    values = column(*np.linspace(0, 1, 60), 50, 60, 70, 80, 90, 100, 110)
    result = treated(values, Treatment(max_points=None))
    assert skewness(result)[0] < 2 or kurtosis(result)[0] < 3.5
    assert not (skewness(treated(values, Treatment(max_points=5)))[0] < 2)


def test_either_half_of_the_rule_may_decide_alone():
    values = column(*[0] * 30, *[1] * 9)  # skewed, hardly peaked
    peaked = kurtosis(values)[0]
    assert skewness(values)[0] > 1
    assert peaked < 3.5
    assert (treated(values, Treatment(method="sqrt", skew_max=1)) == values).all()
    both = column(*[4.0] * 30, *[9.0] * 9)
    assert treated(both, Treatment(method="sqrt", skew_max=1, kurtosis_max=None)).max() == 3
    assert treated(both, Treatment(method="sqrt", skew_max=None, kurtosis_max=-2)).max() == 3


def test_the_square_root_is_taken_above_a_skewness_with_its_sign():
    values = column(0, 1, 1, 4, 9, 100)
    root = Treatment(method="sqrt", only_if_skew_above=1)
    assert treated(values, root)[:, 0].tolist() == [0, 1, 1, 2, 3, 10]
    mirrored = 100 - values
    assert (treated(mirrored, root) == mirrored).all()


@pytest.mark.parametrize(
    ("method", "expected"),
    [
        ("log", lambda x: np.log(x)),
        ("sqrt", lambda x: np.sqrt(x)),
        ("log_ct", lambda x: np.log(x - 1 + 0.01 * 99)),
        ("log_gii", lambda x: np.log(99 * (x - 1) / 99 + 1)),
    ],
)
def test_the_functions_are_what_their_names_say(method, expected):
    x = column(1, 2, 3, 4, 5, 100)
    np.testing.assert_allclose(treated(x, Treatment(method=method)), expected(x), rtol=1e-14)
    passing = column(1, 2, 3, 4, 5, 6)
    assert (treated(passing, Treatment(method=method)) == passing).all()
    assert (treated(passing, Treatment(method=method, apply="always")) != passing).any()


def test_log_gii_is_the_formula_and_not_the_untransformed_x_that_coinr_returns():
    x = column(3, 3, 3, 3, 5, 11)
    result = treated(x, Treatment(method="log_gii", apply="always"))[:, 0]
    np.testing.assert_allclose(result, [0, 0, 0, 0, np.log(3.5), np.log(11)], rtol=1e-14)


def test_log_gii_does_not_exist_below_a_maximum_of_one():
    assert np.isnan(treated(column(0, 0.1, 0.1, 0.1, 0.9), Treatment(method="log_gii", apply="always"))).all()


@pytest.mark.parametrize("power", [-1.0, 0.0, 0.5, 2.0])
def test_box_cox_with_a_given_power_is_scipy_s(power):
    x = column(1, 2, 3, 4, 5, 100)
    own = Treatment(method="boxcox", boxcox_lambda=power, boxcox_shift=False)
    np.testing.assert_allclose(treated(x, own)[:, 0], stats.boxcox(x[:, 0], power), rtol=1e-13)
    shifted = Treatment(method="boxcox", boxcox_lambda=power)
    np.testing.assert_allclose(treated(x + 50, shifted)[:, 0], stats.boxcox(x[:, 0], power), rtol=1e-12)


def test_the_estimated_power_of_box_cox_is_scipy_s():
    rng = np.random.default_rng(5)
    columns = np.concatenate([np.exp(rng.normal(0, scale, (4, 60))) for scale in (0.2, 1, 3)])
    columns = np.concatenate([columns, rng.gamma(2, 3, (4, 60)), rng.lognormal(0, 1, (2, 60)) ** 3])
    expected = [stats.boxcox(x)[1] for x in columns]
    np.testing.assert_allclose(boxcox_power(columns), expected, atol=1e-6)
    likelihood = [stats.boxcox_llf(power, x) for power, x in zip(boxcox_power(columns), columns, strict=True)]
    best = [stats.boxcox_llf(power, x) for power, x in zip(expected, columns, strict=True)]
    assert (np.array(likelihood) >= np.array(best) - 1e-9).all()


def test_the_power_is_estimated_without_missing_cells_and_only_from_positive_numbers():
    x = np.random.default_rng(6).lognormal(size=40)
    with_gap = np.insert(x, 7, np.nan)
    assert boxcox_power(with_gap[None])[0] == pytest.approx(boxcox_power(x[None])[0], abs=1e-10)
    odd = np.array([[1.0, 0.0, 2.0], [1.0, -1.0, 2.0], [3.0, 3.0, 3.0], [np.nan, np.nan, np.nan]])
    assert np.isnan(boxcox_power(odd)).all()


@pytest.mark.parametrize("method", ["log_ct", "log", "log_gii", "boxcox", "sqrt"])
def test_a_reflected_low_tail_is_the_mirror_image_of_the_high_tail(method):
    high = column(1, 2, 3, 4, 5, 100)
    low = 101 - high
    own = Treatment(method=method, reflect=True)
    # Where the function asks for positive numbers the mirror image begins at a hundredth of the range.
    image = high - 1 + 0.99 if method in ("log", "sqrt") else high
    np.testing.assert_allclose(treated(low, own), -treated(image, own), rtol=1e-9)
    order = np.argsort(low[:, 0])
    assert (np.diff(treated(low, own)[order, 0]) > 0).all()
    assert (np.diff(treated(low, Treatment(method=method))[order, 0]) > 0).all()  # plain keeps order, too


@pytest.mark.parametrize("method", ["log", "sqrt", "boxcox"])
def test_any_column_can_be_reflected_whatever_its_zero_and_its_unit(method):
    low = column(-104, 73.8, 74, 75, 97, 98, 99, 99.5, 100)
    own = Treatment(method=method, reflect=True, boxcox_shift=False, boxcox_lambda=0.3)
    gap = 2.04
    mirrored = 100 + gap - low
    plain = {"log": np.log(mirrored), "sqrt": np.sqrt(mirrored), "boxcox": (mirrored**0.3 - 1) / 0.3}[method]
    np.testing.assert_allclose(treated(low, own), -plain, rtol=1e-12)
    assert (np.diff(treated(low, own)[:, 0]) > 0).all()
    elsewhere = treated(low + 1e4, own)
    np.testing.assert_allclose(elsewhere, treated(low, own), rtol=1e-9)


def test_the_log_of_the_mirror_image_is_log_ct_s():
    low = column(-104, 73.8, 74, 75, 97, 98, 99, 99.5, 100)
    log, log_ct = (treated(low, Treatment(method=method, reflect=True)) for method in ("log", "log_ct"))
    np.testing.assert_allclose(log, log_ct, rtol=1e-12)


def test_outliers_beyond_k_standard_deviations_take_the_next_value_or_go():
    x = column(1, 2, 3, 4, 5, 100)
    assert treated(x, Treatment(method="outliers_sd", k=2))[:, 0].tolist() == [1, 2, 3, 4, 5, 5]
    gone = treated(x, Treatment(method="outliers_sd", k=2, replace="exclude"))[:, 0]
    assert np.isnan(gone).tolist() == [False] * 5 + [True]
    assert (treated(x, Treatment(method="outliers_sd", k=3)) == x).all()
    # Mean 19.17, sample SD 39.62: 100 lies 2.04 SD above; with the SD over n (36.2) k = 2.1 would catch it.
    assert (treated(x, Treatment(method="outliers_sd", k=2.1)) == x).all()


def test_a_second_function_may_act_on_what_the_first_made():
    x = column(*range(1, 20), 5000, 6000)
    eis = Treatment(method="outliers_sd", k=2, then="sqrt", combine=True, only_if_skew_above=-9)
    first = treated(x, Treatment(method="outliers_sd", k=2))
    np.testing.assert_allclose(treated(x, eis), np.sqrt(first), rtol=1e-14)


def test_each_indicator_may_have_its_own_treatment():
    tail = column(1, 2, 3, 4, 5, 100)
    values = np.repeat(tail, 3, axis=1)
    own = [Treatment(), Treatment(method="none"), Treatment(method="log")]
    result = treated_by_indicator(values, own)
    np.testing.assert_array_equal(result[:, 0], treated(tail, own[0])[:, 0])
    np.testing.assert_array_equal(result[:, 1], tail[:, 0])
    np.testing.assert_array_equal(result[:, 2], np.log(tail[:, 0]))


def test_parts_are_treated_by_themselves():
    tail = column(1, 2, 3, 4, 5, 100)
    values = np.concatenate([tail, tail * 1000])
    result = treated_by_indicator(values, [Treatment()], [np.arange(6), np.arange(6, 12)])
    assert result[:, 0].tolist() == [1, 2, 3, 4, 5, 5, 1000, 2000, 3000, 4000, 5000, 5000]


OWN = st.sampled_from(
    [
        Treatment(max_points=2, then="log_ct", skew_max=1, kurtosis_max=1),
        Treatment(method="outliers_sd", k=1.5),
        Treatment(method="boxcox", skew_max=0.5, kurtosis_max=None),
        Treatment(method="log_ct", apply="always", reflect=True),
    ]
)


@given(TAILED, OWN, st.randoms())
def test_the_order_of_units_and_indicators_changes_nothing(values, own, random):
    rows = list(range(len(values)))
    random.shuffle(rows)
    expected = treated(values, own)
    np.testing.assert_allclose(treated(values[rows], own), expected[rows], rtol=1e-6, atol=1e-9)
    np.testing.assert_array_equal(treated(values[:, ::-1], own), expected[:, ::-1])


@given(TAILED, OWN)
def test_order_among_units_survives_and_missing_cells_stay_missing(values, own):
    result = treated(values, own)
    np.testing.assert_array_equal(np.isnan(result), np.isnan(values))
    for place in range(values.shape[1]):
        order = np.argsort(values[:, place], kind="stable")
        ordered = result[order, place]
        assert (np.diff(ordered[~np.isnan(ordered)]) >= -1e-9).all()


@given(TAILED)
def test_winsorising_what_passes_changes_nothing_more(values):
    own = Treatment(max_points=None)
    once = treated(values, own)
    np.testing.assert_array_equal(treated(once, own), once)


def test_a_draw_gives_the_same_alone_and_in_a_stack_of_any_block_size(monkeypatch):
    stack = np.random.default_rng(1).lognormal(0, 1.3, (2, 3, 40, 6))
    stack[1, 2, 3, 4] = np.nan
    for own in (Treatment(then="log_ct", max_points=2), Treatment(method="boxcox")):
        alone = np.stack([[treated(draw, own) for draw in half] for half in stack])
        np.testing.assert_array_equal(treated(stack, own), alone)
        with monkeypatch.context() as patch:
            patch.setattr(module, "_BLOCK_CELLS", 500)
            np.testing.assert_array_equal(treated(stack, own), alone)


def test_the_input_is_not_changed():
    values = column(1, 2, 3, 4, 5, 100)
    before = values.copy()
    for own in (Treatment(), Treatment(method="boxcox"), Treatment(method="outliers_sd")):
        treated(values, own)
        treated_by_indicator(values, [own])
    np.testing.assert_array_equal(values, before)


@pytest.mark.parametrize(
    "values", [np.empty((0, 3)), np.empty((3, 0)), np.full((5, 2), np.nan), np.ones((1, 2))]
)
def test_degenerate_tables_come_back_as_they_are(values):
    for method in module.METHODS:
        np.testing.assert_array_equal(treated(values, Treatment(method=method, then="log_ct")), values)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"method": "winsorize"}, "'winsorize' is not a method"),
        ({"then": "winsorise"}, "'winsorise' is not a method for `then`"),
        ({"apply": "sometimes"}, "'sometimes' is not a value of `apply`"),
        ({"replace": "mean"}, "'mean' is not a value of `replace`"),
        ({"max_points": 0}, "max_points is 0"),
        ({"max_points": 2.5}, r"max_points is 2\.5"),
        ({"k": 0.5}, r"k is 0\.5"),
        ({"skew_max": -1}, "skew_max is -1"),
        ({"kurtosis_max": "high"}, "kurtosis_max is 'high'"),
        ({"boxcox_lambda": float("inf")}, "boxcox_lambda is inf"),
    ],
)
def test_a_parameter_that_cannot_be_is_named(parameters, message):
    with pytest.raises(BenchmarkInputError, match=message):
        Treatment(**parameters)
