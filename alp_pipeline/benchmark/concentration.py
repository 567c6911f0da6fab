"""How specialised or diverse a region is: Herfindahl, entropy, Theil, Krugman, Hachman.

Belongs here: measures of a region's shares of activities, alone or against a reference, with bounds where
cells are hidden. Does not: where an activity is (localisation), variety within and between groups (variety).

Each is a sum over activities of a convex function of the share (entropy: concave). Hidden cells that share
out a known remainder h therefore give its least value when they are spread as evenly as the function asks
for, and its greatest when one of them has it all: both in closed form, no search. A row's total counts as
published. What hidden and missing cells do to a figure: see `shares`.
"""

import math
from collections.abc import Callable

import numpy as np
import pandas as pd

from alp_pipeline.benchmark.activity_table import ActivityTable, exact_sums
from alp_pipeline.benchmark.cells import BenchmarkInputError, FloatArray
from alp_pipeline.benchmark.disclosure import Published
from alp_pipeline.benchmark.inputs import checked
from alp_pipeline.benchmark.shares import Remainder, Shares, figure_frame, reference_shares, shares_of

Reference = pd.Series | pd.DataFrame | None
Bounds = tuple[FloatArray, FloatArray]


@checked
def herfindahl(table: ActivityTable | pd.DataFrame, *, published: Published | None = None) -> pd.DataFrame:
    """Herfindahl index of each row: HHI_r = Σ_c p_rc², from 1/n (even) to 1 (one activity).

    Args:
        table: regions (or region × year) × activities; a bare frame as in `ActivityTable.of`.
        published: totals of groups of activities, for bounds where cells are hidden.

    Returns:
        Indexed as the table: herfindahl (dimensionless), lower, upper, state, note; see `shares`.

    Raises:
        BenchmarkInputError: see `ActivityTable.of` and `hidden_remainders`.

    Source: Hirschman (1964), American Economic Review 54(5).

    >>> found = herfindahl(pd.DataFrame({"C28": [3, 5], "I55": [1, None]}, index=["A", "B"]))
    >>> found[["herfindahl", "state"]].values.tolist()
    [[0.625, 'reported'], [nan, 'not_available']]
    """
    shares = shares_of(as_table(table), published)
    bounds = _bounds(shares, exact_sums(shares.p**2), _square_bounds)
    return figure_frame("herfindahl", shares, exact_sums(shares.p**2), *bounds)


@checked
def entropy(
    table: ActivityTable | pd.DataFrame, *, base: float = 2.0, published: Published | None = None
) -> pd.DataFrame:
    """Shannon entropy of each row: H_r = -Σ_c p_rc log p_rc, from 0 (one activity) to log n (even).

    Args:
        table, published: see `herfindahl`.
        base: of the logarithm; 2 gives bits, as related variety is usually given in.

    Returns:
        Indexed as the table: entropy, lower, upper, state, note.

    Raises:
        BenchmarkInputError: a base that is not finite and above 1; see `herfindahl`.

    Source: Shannon (1948), Bell System Technical Journal 27(3).

    >>> entropy(pd.DataFrame({"C28": [1, 4], "I55": [1, 0]}, index=["A", "B"]))["entropy"].tolist()
    [1.0, 0.0]
    """
    shares, unit = shares_of(as_table(table), published), log_unit(base)
    value = exact_sums(entropy_terms(shares.p, unit))
    bounds = _bounds(shares, value, lambda remainder: _entropy_bounds(remainder, unit))
    return figure_frame("entropy", shares, value, *bounds)


@checked
def theil(
    table: ActivityTable | pd.DataFrame,
    *,
    reference: Reference = None,
    against: str = "reference",
    base: float = math.e,
    published: Published | None = None,
) -> pd.DataFrame:
    """Theil index of each row: T_r = Σ_c p_rc log(p_rc / q_c), 0 where the shares are those of q.

    Args:
        table, published: see `herfindahl`.
        reference: the reference's totals by activity (of each year); the table itself when omitted, see
            `activity_table.reference_of`.
        against: `reference` takes q from the reference (relative specialisation), `uniform` takes q = 1/n of
            the n activities (absolute specialisation: log n minus the entropy).
        base: of the logarithm; natural by default.

    Returns:
        Indexed as the table: theil, lower, upper, state, note. A row with an activity that the reference
        lacks is `not_applicable`.

    Raises:
        BenchmarkInputError: an unknown word for `against`; a base not above 1; see `herfindahl`.

    Source: Theil (1967), Economics and Information Theory; relative form as in Brülhart & Traeger (2005),
    Regional Science and Urban Economics 35(6).

    >>> table = pd.DataFrame({"C28": [4, 1], "I55": [0, 1]}, index=["A", "B"])
    >>> theil(table, against="uniform", base=2)["theil"].tolist()
    [1.0, 0.0]
    """
    if against not in ("reference", "uniform"):
        raise BenchmarkInputError(
            f"against is {against!r}", where="theil", todo="Use one of reference, uniform."
        )
    known = as_table(table)
    shares, unit = shares_of(known, published), log_unit(base)
    if against == "uniform":
        q = np.full(shares.p.shape, 1.0 / shares.p.shape[1])
    else:
        q, shares = reference_shares(known, shares, reference)
    value = exact_sums(_divergence_terms(shares.p, q) / unit)
    bounds = _bounds(shares, value, lambda remainder: _divergence_bounds(remainder, q, unit))
    # Below zero by rounding only; what is known of a row with hidden cells may lie below, so not earlier.
    return figure_frame("theil", shares, *(np.maximum(part, 0.0) for part in (value, *bounds)))


@checked
def krugman(
    table: ActivityTable | pd.DataFrame,
    *,
    reference: Reference = None,
    published: Published | None = None,
) -> pd.DataFrame:
    """Krugman index of each row, K_r = Σ_c |p_rc - q_c|, from 0 to 2, and half of it, the coefficient.

    Args:
        table, published: see `herfindahl`; reference: see `theil`. The reference includes the region itself
            where the table is its own reference.

    Returns:
        Indexed as the table: krugman, lower, upper, state, note, specialisation_coefficient (its half).

    Source: Krugman (1991), Geography and Trade; Hoover & Giarratani (1984), An Introduction to Regional
    Economics, for the coefficient.

    >>> found = krugman(pd.DataFrame({"C28": [4, 0], "I55": [0, 4]}, index=["A", "B"]))
    >>> found[["krugman", "specialisation_coefficient"]].values.tolist()
    [[1.0, 0.5], [1.0, 0.5]]
    """
    known = as_table(table)
    q, shares = reference_shares(known, shares_of(known, published), reference)
    value = exact_sums(np.abs(shares.p - q))
    found = figure_frame("krugman", shares, value, *_bounds(shares, value, lambda r: _distance_bounds(r, q)))
    return found.assign(specialisation_coefficient=found["krugman"] / 2)


@checked
def hachman(
    table: ActivityTable | pd.DataFrame,
    *,
    reference: Reference = None,
    published: Published | None = None,
) -> pd.DataFrame:
    """Hachman index of each row: 1 / Σ_c (LQ_rc · p_rc) = 1 / Σ_c (p_rc² / q_c), in (0, 1].

    1 where the row's shares are those of the reference; the smaller, the more specialised.

    Args:
        table, published: see `herfindahl`; reference: see `theil`.

    Returns:
        Indexed as the table: hachman, lower, upper, state, note. A row with an activity that the reference
        lacks is `not_applicable`.

    Source: Hachman (1994), after Bureau of Economic and Business Research, University of Utah.

    >>> hachman(pd.DataFrame({"C28": [4, 0], "I55": [0, 4]}, index=["A", "B"]))["hachman"].tolist()
    [0.5, 0.5]
    """
    known = as_table(table)
    q, shares = reference_shares(known, shares_of(known, published), reference)
    with np.errstate(divide="ignore", invalid="ignore"):
        terms = np.where(shares.p == 0, 0.0, shares.p**2 / q)
        value = exact_sums(terms)
        low, high = _bounds(shares, value, lambda remainder: _ratio_bounds(remainder, q))
        # Never above 1 but for rounding; an infinite sum stays infinite, it is no index of zero.
        index = np.where(np.isinf(value), np.inf, np.minimum(1.0 / value, 1.0))
        lower, upper = 1.0 / high, np.minimum(1.0 / low, 1.0)
    return figure_frame("hachman", shares, index, np.where(np.isinf(high), np.nan, lower), upper)


def as_table(table: ActivityTable | pd.DataFrame) -> ActivityTable:
    """A bare frame of numbers as a table without other states than reported and not available.

    Raises:
        BenchmarkInputError: see `ActivityTable.of`.

    >>> as_table(pd.DataFrame({"C28": [5, None]}, index=["A", "B"])).states["C28"].tolist()
    ['reported', 'not_available']
    """
    return table if isinstance(table, ActivityTable) else ActivityTable.of(table)


def log_unit(base: float) -> float:
    """The natural logarithm of a base.

    >>> log_unit(math.e)
    1.0
    """
    if not (math.isfinite(base) and base > 1):
        raise BenchmarkInputError(
            f"the logarithm has the base {base}", where="base", todo="Pass a finite base above 1, e.g. 2."
        )
    return math.log(base)


def entropy_terms(p: FloatArray, unit: float) -> FloatArray:
    """-p log p of every share, 0 at 0; unit is the natural logarithm of the base.

    A share that is NaN gives NaN. Shannon (1948).

    >>> entropy_terms(np.array([0.5, 0.25, 0.0]), log_unit(2)).tolist()  # in bits
    [0.5, 0.5, 0.0]
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(p == 0, 0.0, -p * (np.log(p) / unit))


def _bounds(shares: Shares, known: FloatArray, of_remainder: Callable[[Remainder], Bounds]) -> Bounds:
    """The known part of a sum plus the least and the greatest of what hidden cells may add."""
    if shares.remainder is None:
        return np.full(known.shape, np.nan), np.full(known.shape, np.nan)
    low, high = of_remainder(shares.remainder)
    return exact_sums(np.column_stack([known, low])), exact_sums(np.column_stack([known, high]))


def _square_bounds(remainder: Remainder) -> Bounds:
    cells = np.maximum(remainder.cells, 1)
    return remainder.low**2 / cells, remainder.high**2


def _entropy_bounds(remainder: Remainder, unit: float) -> Bounds:
    """All in one cell at the least, evenly at the most; of h in between, -h log(h/k) peaks at h = k/e."""
    cells = np.maximum(remainder.cells, 1)
    peak = np.clip(cells / math.e, remainder.low, remainder.high)
    with np.errstate(divide="ignore", invalid="ignore"):
        most = np.where(peak == 0, 0.0, -peak * np.log(peak / cells) / unit)
    ends = entropy_terms(np.stack([remainder.low, remainder.high]), unit)
    return ends.min(axis=0), most


def _divergence_terms(p: FloatArray, q: FloatArray) -> FloatArray:
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(p == 0, 0.0, p * np.log(p / q))


def _divergence_bounds(remainder: Remainder, q: FloatArray, unit: float) -> Bounds:
    """Spread as the reference is at the least (h log(h/Q), lowest at Q/e), all in its rarest at the most."""
    total, least = remainder.over_hidden(q)
    lowest = np.clip(total / math.e, remainder.low, remainder.high)
    ends = _divergence_terms(np.stack([remainder.low, remainder.high]), least)
    return _divergence_terms(lowest, total) / unit, ends.max(axis=0) / unit


def _distance_bounds(remainder: Remainder, q: FloatArray) -> Bounds:
    """|h - Q| at the least; at the most one cell, that of the least q, has all and the others lack theirs."""
    total, least = remainder.over_hidden(q)
    none = remainder.cells == 0
    low = np.maximum(np.maximum(total - remainder.high, remainder.low - total), 0.0)
    least = np.where(none, 0.0, least)
    ends = [np.abs(end - least) - least + total for end in (remainder.low, remainder.high)]
    return np.where(none, 0.0, low), np.where(none, 0.0, np.maximum(*ends))


def _ratio_bounds(remainder: Remainder, q: FloatArray) -> Bounds:
    """Spread as the reference is at the least: h²/Q; all in its rarest at the most."""
    total, least = remainder.over_hidden(q)
    low, high = remainder.low, remainder.high
    return np.where(low == 0, 0.0, low**2 / total), np.where(high == 0, 0.0, high**2 / least)
