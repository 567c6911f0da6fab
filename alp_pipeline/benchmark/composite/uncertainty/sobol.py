"""Variance-based sensitivity: first-order and total Sobol indices of any function, with bootstrap intervals.

Belongs here: the Saltelli design on the unit cube, the two estimators, their intervals.
Does not: what a factor is in a composite index and how a recipe is run (sensitivity), SALib (tests).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from alp_pipeline.benchmark.cells import BenchmarkInputError, FloatArray
from alp_pipeline.benchmark.inputs import checked

SAMPLINGS = ("quasi_random", "random")
Function = Callable[[FloatArray], FloatArray]


@dataclass(frozen=True, eq=False)
class SobolIndices:
    """Sobol indices of one output.

    Attributes:
        table: one row per factor, in their order: first_order, first_order_low, first_order_high, total,
            total_low, total_high; shares of the variance, dimensionless. An estimate may lie slightly
            outside [0, 1]; it is not clipped.
        mean, variance: of the output over A and B, in its unit and its square.
        n: rows of A; runs: n (d + 2); bootstrap: resamples; confidence: of the intervals.
    """

    table: pd.DataFrame
    mean: float
    variance: float
    n: int
    runs: int
    bootstrap: int
    confidence: float


@checked
def sobol_indices(
    function: Function,
    d: int,
    n: int,
    seed: int,
    *,
    names: Sequence[str] | None = None,
    sampling: str = "quasi_random",
    bootstrap: int = 1000,
    confidence: float = 0.95,
) -> SobolIndices:
    """First-order and total Sobol indices of a function on the unit cube.

    Saltelli design: A and B are n × d samples, A_B^(i) is A with column i from B; n (d + 2) runs.

        S_i  = mean((y_B - c) · (y_ABi - y_A)) / Var([y_A; y_B]),    c = (mean(y_A) + mean(y_B)) / 2
        S_Ti = Σ (y_A - y_ABi)² / (2 n · Var([y_A; y_B]))

    Var is the sample variance (divisor 2n - 1). Without the centre c, S_i would have the same expectation and
    an error that grows with the output's mean: the same function plus 100 would have other indices. Where the
    output does not vary at all, nothing can depend on a factor and every index is 0.

    Args:
        function: takes m × d numbers in [0, 1) and gives m finite numbers; map the columns to whatever
            distribution is meant (x = -π + 2π u). Called d + 2 times with m = n, in a fixed order.
        d: number of factors, at least 1. n: rows of A and B, at least 2. seed: of the sample and bootstrap.
        names: of the factors; x1, x2, … when omitted.
        sampling: `quasi_random` (scrambled Sobol sequence in 2d dimensions; errors fall almost as 1/n) or
            `random` (independent; as COINr does).
        bootstrap: resamples of rows for the intervals (percentiles); 0: none, the bounds are NaN.
        confidence: of the intervals.

    Raises:
        BenchmarkInputError: d, n, names, sampling, bootstrap or confidence make no sense; the function gives
            another shape, or a number that is not finite.

    Source: Saltelli et al. (2010), Computer Physics Communications 181(2); estimators as in COINr.

    >>> found = sobol_indices(lambda u: u[:, 0] + 2 * u[:, 1], 2, 256, seed=1, bootstrap=0)
    >>> found.table[["first_order", "total"]].round(1).to_numpy().tolist()
    [[0.2, 0.2], [0.8, 0.8]]
    """
    _require(d >= 1, f"d is {d}", "Pass one factor or more.")
    _require(n >= 2, f"n is {n}", "Pass at least two rows.")
    a, b = saltelli_sample(d, n, seed, sampling=sampling)
    y_a, y_b = _outputs(function, a), _outputs(function, b)
    y_ab = np.empty((d, n))
    for factor in range(d):
        mixed = a.copy()
        mixed[:, factor] = b[:, factor]
        y_ab[factor] = _outputs(function, mixed)
    names = [f"x{k + 1}" for k in range(d)] if names is None else names
    return indices_of_runs(y_a, y_b, y_ab, names, seed=seed, bootstrap=bootstrap, confidence=confidence)


def saltelli_sample(
    d: int, n: int, seed: int, *, sampling: str = "quasi_random"
) -> tuple[FloatArray, FloatArray]:
    """The matrices A and B, each n × d in [0, 1); see `sobol_indices`.

    >>> a, b = saltelli_sample(3, 5, seed=1, sampling="random")
    >>> a.shape, b.shape
    ((5, 3), (5, 3))
    """
    _require(sampling in SAMPLINGS, f"{sampling!r} is no sampling", f"Use one of {', '.join(SAMPLINGS)}.")
    _require(seed >= 0, f"{seed} is no seed", "Pass a whole number, zero or more.")
    rng = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(0,)))
    if sampling == "random":
        points = rng.random((n, 2 * d))
    else:
        from scipy.stats import qmc

        _require(2 * d <= qmc.Sobol.MAXDIM, f"{d} factors are too many", "Use sampling='random'.")
        # Generated to the next power of two, as the sequence's balance asks, and cut.
        points = qmc.Sobol(2 * d, scramble=True, rng=rng).random_base2(int(n - 1).bit_length())[:n]
    return points[:, :d], points[:, d:]


@checked
def indices_of_runs(
    y_a: FloatArray,
    y_b: FloatArray,
    y_ab: FloatArray,
    names: Sequence[str],
    *,
    seed: int,
    bootstrap: int = 1000,
    confidence: float = 0.95,
) -> SobolIndices:
    """Sobol indices from the outputs of a Saltelli design that was run elsewhere.

    Args:
        y_a, y_b: outputs of A and B, (n,). y_ab: outputs of A_B^(i), (d, n). names: of the d factors.
        seed, bootstrap, confidence: see `sobol_indices`.

    Raises:
        BenchmarkInputError: shapes differ, a number is not finite, a name is absent or twice.

    >>> y = np.array([0.0, 1.0])
    >>> indices_of_runs(y, y, np.array([y, y]), ["a", "b"], seed=1, bootstrap=0).table["total"].tolist()
    [0.0, 0.0]
    """
    n = y_a.size
    _require(y_a.shape == y_b.shape == (n,) and n >= 2, "y_a and y_b differ in shape", "Pass n runs of each.")
    _require(y_ab.shape == (len(names), n), f"y_ab is {y_ab.shape}", f"Pass {len(names)} factors × {n} runs.")
    _require(len(set(names)) == len(names), "a factor's name appears twice", "Name each factor once.")
    _require(bootstrap >= 0, f"bootstrap is {bootstrap}", "Pass a number of resamples, 0 for none.")
    _require(0 < confidence < 1, f"confidence is {confidence}", "Pass a share between 0 and 1.")
    _require(
        all(bool(np.isfinite(y).all()) for y in (y_a, y_b, y_ab)),
        "an output is not finite",
        "Give a number for every run.",
    )
    both = np.concatenate([y_a, y_b])
    terms = _terms(y_a, y_b, y_ab)
    first, total = _estimates(terms, np.ones(n))
    low, high = _intervals(terms, seed, bootstrap, confidence)
    table = pd.DataFrame(
        {
            "first_order": first,
            "first_order_low": low[0],
            "first_order_high": high[0],
            "total": total,
            "total_low": low[1],
            "total_high": high[1],
        },
        index=pd.Index(list(names), name="factor"),
    )
    variance = float(np.var(both, ddof=1)) if np.ptp(both) > 0 else 0.0
    runs = n * (len(names) + 2)
    return SobolIndices(table, float(both.mean()), variance, n, runs, bootstrap, confidence)


def _terms(y_a: FloatArray, y_b: FloatArray, y_ab: FloatArray) -> FloatArray:
    """Row by row what the estimators sum: n × (d first-order, d total, Σ y, Σ y² around the mean)."""
    centre = 0.5 * (y_a.mean() + y_b.mean())
    a, b = y_a - centre, y_b - centre
    flat = np.ptp(np.concatenate([y_a, y_b])) == 0
    spread = np.zeros_like(a) if flat else a**2 + b**2
    return np.column_stack([(b * (y_ab - y_a)).T, ((y_a - y_ab) ** 2).T, a + b, spread])


def _estimates(terms: FloatArray, counts: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Both estimators, (d,) each, for a sample in which each run occurs `counts` times."""
    n = terms.shape[0]
    # Not a matrix product: BLAS may split it over threads, and the last bit with it.
    sums = (counts[:, None] * terms).sum(axis=0)
    d = (terms.shape[1] - 2) // 2
    variance = (sums[-1] - sums[-2] ** 2 / (2 * n)) / (2 * n - 1)
    if variance <= 0:
        return np.zeros(d), np.zeros(d)
    return sums[:d] / n / variance, sums[d : 2 * d] / (2 * n) / variance


def _intervals(
    terms: FloatArray, seed: int, bootstrap: int, confidence: float
) -> tuple[FloatArray, FloatArray]:
    """Lower and upper bounds, (2, d) each: first order, total."""
    n, d = terms.shape[0], (terms.shape[1] - 2) // 2
    if not bootstrap:
        nothing = np.full((2, d), np.nan)
        return nothing, nothing
    rng = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(1,)))
    found = np.empty((2, bootstrap, d))
    for resample in range(bootstrap):
        counts = np.bincount(rng.integers(n, size=n), minlength=n).astype(np.float64)
        found[0, resample], found[1, resample] = _estimates(terms, counts)
    tail = (1 - confidence) / 2
    low, high = np.quantile(found, [tail, 1 - tail], axis=1)
    return low, high


def _outputs(function: Function, sample: FloatArray) -> FloatArray:
    found = np.asarray(function(sample), dtype=np.float64)
    _require(
        found.shape == sample.shape[:1],
        f"the function gave the shape {found.shape} for {sample.shape[0]} rows",
        "Give one number per row.",
    )
    return found


def _require(holds: bool, what: str, todo: str) -> None:
    if not holds:
        raise BenchmarkInputError(what, where="sobol", todo=todo)
