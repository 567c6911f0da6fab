"""Sobol indices against functions whose indices are known, and against SALib."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alp_pipeline.benchmark.cells import BenchmarkInputError
from alp_pipeline.benchmark.composite.uncertainty.sobol import (
    indices_of_runs,
    saltelli_sample,
    sobol_indices,
)

ISHIGAMI_FIRST, ISHIGAMI_TOTAL = [0.3139, 0.4424, 0.0], [0.5576, 0.4424, 0.2437]


def ishigami(u: np.ndarray) -> np.ndarray:
    x = -np.pi + 2 * np.pi * u
    return np.sin(x[:, 0]) + 7 * np.sin(x[:, 1]) ** 2 + 0.1 * x[:, 2] ** 4 * np.sin(x[:, 0])


def test_ishigami_has_its_analytic_indices() -> None:
    table = sobol_indices(ishigami, 3, 1 << 14, seed=1, bootstrap=0).table
    np.testing.assert_allclose(table["first_order"], ISHIGAMI_FIRST, atol=0.01)
    np.testing.assert_allclose(table["total"], ISHIGAMI_TOTAL, atol=0.01)


def test_errors_shrink_as_the_sample_grows() -> None:
    def error(n: int) -> float:
        tables = [sobol_indices(ishigami, 3, n, seed=seed, bootstrap=0).table for seed in range(8)]
        apart = [
            np.abs(t[["first_order", "total"]].to_numpy().T - [ISHIGAMI_FIRST, ISHIGAMI_TOTAL])
            for t in tables
        ]
        return float(np.mean(apart))

    small, medium, large = (error(n) for n in (64, 512, 4096))
    assert small > 2 * medium > 4 * large


def test_bootstrap_intervals_hold_the_truth_and_shrink() -> None:
    wide = sobol_indices(ishigami, 3, 1000, seed=2, sampling="random").table
    narrow = sobol_indices(ishigami, 3, 8000, seed=2, sampling="random").table
    for kind, truth in (("first_order", ISHIGAMI_FIRST), ("total", ISHIGAMI_TOTAL)):
        for table in (wide, narrow):
            assert (table[f"{kind}_low"] - 0.03 <= truth).all()
            assert (table[f"{kind}_high"] + 0.03 >= truth).all()
        assert (
            (narrow[f"{kind}_high"] - narrow[f"{kind}_low"]) < (wide[f"{kind}_high"] - wide[f"{kind}_low"])
        ).all()


def test_95_percent_intervals_hold_the_truth_about_as_often() -> None:
    # y = u1 + u2: both S and S_T are one half.
    held = 0
    for seed in range(100):
        table = sobol_indices(lambda u: u.sum(axis=1), 2, 400, seed, sampling="random", bootstrap=300).table
        held += int(table.loc["x1", "total_low"] <= 0.5 <= table.loc["x1", "total_high"])
    assert 85 <= held <= 100


@given(st.lists(st.floats(0.1, 5), min_size=2, max_size=5))
@settings(max_examples=25, deadline=None)
def test_an_additive_function_has_the_variance_shares_of_its_terms(slopes: list[float]) -> None:
    # y = Σ a_i u_i: S_i = S_Ti = a_i² / Σ a².
    a = np.array(slopes)
    table = sobol_indices(lambda u: u @ a, a.size, 2048, seed=4, bootstrap=0).table
    np.testing.assert_allclose(table["first_order"], a**2 / (a**2).sum(), atol=0.03)
    np.testing.assert_allclose(table["total"], a**2 / (a**2).sum(), atol=0.03)


def test_a_product_has_its_closed_form() -> None:
    # y = (1 + u1)(1 + u2), each of mean 3/2 and variance 1/12: S_i = (9/4)/(9/2 + 1/12), S_Ti adds 1/12.
    table = sobol_indices(lambda u: (1 + u).prod(axis=1), 2, 1 << 14, seed=5, bootstrap=0).table
    whole = 9 / 2 + 1 / 12
    np.testing.assert_allclose(table["first_order"], 9 / 4 / whole, atol=0.01)
    np.testing.assert_allclose(table["total"], (9 / 4 + 1 / 12) / whole, atol=0.01)


def test_a_factor_without_effect_has_exactly_zero() -> None:
    table = sobol_indices(lambda u: np.floor(3 * u[:, 0]), 2, 256, seed=6).table
    assert table.loc["x2"].tolist() == [0.0] * 6
    constant = sobol_indices(lambda u: np.full(len(u), 7.0), 2, 64, seed=6)
    assert (constant.table == 0).all(axis=None)
    assert constant.variance == 0


def test_total_is_not_below_first_order_beyond_sampling_error() -> None:
    for seed in range(5):
        table = sobol_indices(ishigami, 3, 4096, seed=seed, bootstrap=0).table
        assert (table["total"] >= table["first_order"] - 0.02).all()


def test_estimators_are_those_written_down() -> None:
    rng = np.random.default_rng(8)
    y_a, y_b, y_ab = rng.normal(3, 1, 40), rng.normal(3, 1, 40), rng.normal(3, 1, (3, 40))
    table = indices_of_runs(y_a, y_b, y_ab, ["a", "b", "c"], seed=1, bootstrap=0).table
    both = np.concatenate([y_a, y_b])
    variance = np.var(both, ddof=1)
    for place in range(3):
        first = np.mean((y_b - both.mean()) * (y_ab[place] - y_a)) / variance
        total = np.sum((y_a - y_ab[place]) ** 2) / (2 * 40 * variance)
        np.testing.assert_allclose(table.iloc[place][["first_order", "total"]].tolist(), [first, total])


def test_an_output_on_a_higher_level_has_the_same_indices_and_intervals() -> None:
    def higher(sample: np.ndarray) -> np.ndarray:
        return ishigami(sample) + 1e3

    low, high = (sobol_indices(f, 3, 256, seed=5, bootstrap=50).table for f in (ishigami, higher))
    np.testing.assert_allclose(low, high, atol=1e-9)


def test_salib_finds_the_same_from_the_same_runs() -> None:
    # SALib centres on the mean of all runs and takes the divisor 2n: the same up to sampling error.
    from SALib.analyze import sobol as salib

    n, d = 1024, 3
    a, b = saltelli_sample(d, n, seed=3)
    runs = [ishigami(a)]
    mixed = [np.where(np.arange(d) == place, b, a) for place in range(d)]
    runs += [ishigami(m) for m in mixed] + [ishigami(b)]
    problem = {"num_vars": d, "names": ["x1", "x2", "x3"], "bounds": [[0, 1]] * d}
    theirs = salib.analyze(problem, np.array(runs).T.ravel(), calc_second_order=False, num_resamples=2)
    ours = indices_of_runs(runs[0], runs[-1], np.array(runs[1:-1]), problem["names"], seed=1, bootstrap=0)
    np.testing.assert_allclose(ours.table["total"], theirs["ST"], rtol=2e-3)
    np.testing.assert_allclose(ours.table["first_order"], theirs["S1"], atol=0.02)


def test_the_same_seed_gives_the_same_bytes_and_another_does_not() -> None:
    one, again, other = (sobol_indices(ishigami, 3, 200, seed=seed).table for seed in (1, 1, 2))
    assert one.to_numpy().tobytes() == again.to_numpy().tobytes() != other.to_numpy().tobytes()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"d": 0}, "d is 0"),
        ({"n": 1}, "n is 1"),
        ({"names": ["a"]}, "y_ab is"),
        ({"names": ["a", "a", "a"]}, "twice"),
        ({"sampling": "grid"}, "no sampling"),
        ({"confidence": 1.0}, "confidence"),
        ({"bootstrap": -1}, "bootstrap"),
        ({"function": lambda u: u}, "shape"),
        ({"function": lambda u: np.full(len(u), np.nan)}, "not finite"),
    ],
)
def test_what_makes_no_sense_is_refused_by_name(arguments: dict[str, object], message: str) -> None:
    given_arguments = {"function": ishigami, "d": 3, "n": 8, "seed": 1} | arguments
    with pytest.raises(BenchmarkInputError, match=message):
        sobol_indices(**given_arguments)  # type: ignore[arg-type]
