"""Location quotients with the state of every cell, and their relatives: symmetric, standardised, excess.

Belongs here: which quotients of a table are known, forms of the quotient that compare regions or count jobs.
Does not: the quotient of bare numbers (location_quotient), bounds and intervals (quotient_interval).
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from alp_pipeline.benchmark.activity_table import (
    YEAR,
    ActivityTable,
    exact_sums,
    first_state,
    framed,
    reference_of,
)
from alp_pipeline.benchmark.cells import (
    CELL_STATES,
    NOT_APPLICABLE,
    NOT_AVAILABLE,
    REPORTED,
    BenchmarkInputError,
    FloatArray,
    IntArray,
)
from alp_pipeline.benchmark.concentration import Reference, as_table
from alp_pipeline.benchmark.inputs import checked
from alp_pipeline.benchmark.labels import counts_by
from alp_pipeline.benchmark.location_quotient import quotient_of_products

WEIGHTINGS = ("log_standardised", "standardised", "employment", "excess")


@checked
def quotients(
    table: ActivityTable | pd.DataFrame,
    *,
    reference: Reference = None,
    reference_total: float | pd.Series | None = None,
    region_totals: pd.Series | None = None,
) -> ActivityTable:
    """Location quotients LQ_rc = (x_rc / x_r) / (x_c / x) and, where one is not known, why.

    A quotient is known where its cell, its region's total and its activity's total are. Without totals of
    their own, those are sums of the table's cells, and not known where one of the cells is not: instead of
    counting as zero, a hidden cell takes with it the quotients of its row, of its column and, through the
    grand total x, of the whole table (of a year). Pass the reference's totals, or `published_sums` of the
    table and their sum if the published cells are meant.

    Args:
        table: regions (or region × year) × activities; a bare frame as in `ActivityTable.of`.
        reference: activity totals x_c of the reference (of each year); the table's own when omitted.
        reference_total: x; the sum of `reference` (of the table) when omitted, not known where one of those
            is not or where `reference` lacks an activity of the table; a series by year where the table has
            years.
        region_totals: x_r by row, as published; the row sums when omitted.

    Returns:
        The quotients as values, dimensionless, and their states: `reported`; else the state of the cell, the
        region's, the activity's or the grand total, the first that is not; `not_applicable` where a total
        is zero.

    Raises:
        BenchmarkInputError: see `ActivityTable.of` and `reference_of`.

    Source: Isserman (1977), Journal of the American Institute of Planners 43(1).

    >>> x = pd.DataFrame({"C28": [10, None, 5], "I55": [30, 50, 5]}, index=["A", "B", "C"])
    >>> set(quotients(x).states.to_numpy().ravel())
    {'not_available'}
    >>> activities, regions = pd.Series({"C28": 20, "I55": 80}), pd.Series({"A": 40})
    >>> quotients(x, reference=activities, region_totals=regions).values.loc["A"].tolist()
    [1.25, 0.9375]
    """
    known = as_table(table)
    totals = totals_of(known, reference, reference_total, region_totals)
    value = quotient_of_products(known.x, totals.region, totals.activity, totals.whole)
    state = np.where((totals.state == REPORTED) & np.isnan(value), NOT_APPLICABLE, totals.state)
    return _quotient_table(np.where(state == REPORTED, value, np.nan), state, known)


@checked
def symmetric_quotients(found: ActivityTable) -> pd.DataFrame:
    """Symmetric location quotient (LQ - 1) / (LQ + 1) of each quotient, from -1 to 1, 0 where LQ is 1.

    Args:
        found: the result of `quotients`; its states hold for the result too.

    Returns:
        Same labels, NaN where there is no quotient.

    Source: Dalum, Laursen & Villumsen (1998), International Review of Applied Economics 12(3).

    >>> x = pd.DataFrame({"C28": [3, 1], "I55": [1, 3]}, index=["A", "B"])
    >>> symmetric_quotients(quotients(x)).loc["A"].tolist()
    [0.2, -0.3333333333333333]
    """
    return (found.values - 1.0) / (found.values + 1.0)


@checked
def weighted_quotients(
    table: ActivityTable | pd.DataFrame,
    *,
    weighting: str = "log_standardised",
    among_published: bool = False,
    reference: Reference = None,
    reference_total: float | pd.Series | None = None,
    region_totals: pd.Series | None = None,
) -> ActivityTable:
    """Quotients weighed against their spread over regions, or by the jobs behind them.

    - `log_standardised`: (ln LQ - mean) / SD over the regions of the activity (Tian 2013); LQ = 0 has none.
    - `standardised`: (LQ - mean) / SD (O'Donoghue & Gleave 2004). SD with n - 1 in both.
    - `employment`: (LQ - 1) / sqrt(Σ_r t_r (LQ - 1)²), with t_r = x_r / Σ x_r: the same with every region
      weighed by its size, for which the mean is 1 (design of this project).
    - `excess`: x_rc (1 - 1 / LQ) = x_rc - x_r x_c / x, the jobs above those expected (Fingleton, Igliori &
      Moore 2004); in the unit of the table.

    The first three need the whole distribution: a region without a quotient leaves the activity without a
    result, in the state of that quotient; `not_applicable` ones take no part.

    Args:
        table, reference, reference_total, region_totals: see `quotients`.
        among_published: standardise among the regions that have a quotient, whatever the others are.

    Returns:
        Values (any sign) and states, same labels.

    Raises:
        BenchmarkInputError: an unknown weighting.

    Sources: Tian (2013), Journal of Regional Analysis and Policy 43(2); O'Donoghue & Gleave (2004), Regional
    Studies 38(4); Fingleton, Igliori & Moore (2004), Urban Studies 41(4).

    >>> x = pd.DataFrame({"C28": [3, 1], "I55": [1, 3]}, index=["A", "B"])
    >>> weighted_quotients(x, weighting="excess").values.loc["A"].tolist()
    [1.0, -1.0]
    """
    if weighting not in WEIGHTINGS:
        raise BenchmarkInputError(
            f"the weighting is {weighting!r}",
            where="weighted_quotients",
            todo=f"Use one of {', '.join(WEIGHTINGS)}.",
        )
    known = as_table(table)
    totals = totals_of(known, reference, reference_total, region_totals)
    if weighting == "excess":
        with np.errstate(divide="ignore", invalid="ignore"):
            value = known.x - totals.region * totals.activity / totals.whole
        state = np.where((totals.state == REPORTED) & np.isnan(value), NOT_APPLICABLE, totals.state)
        return _quotient_table(np.where(state == REPORTED, value, np.nan), state, known)
    found = quotients(
        known, reference=reference, reference_total=reference_total, region_totals=region_totals
    )
    lq, state = found.x, found.state
    measured = lq
    if weighting == "log_standardised":
        zero = lq == 0
        state = np.where(zero, NOT_APPLICABLE, state)
        measured = np.log(np.where(zero, np.nan, lq))
    years, period = known.periods
    value, states = np.full(lq.shape, np.nan), state.copy()
    for place in range(len(years)):
        inside = period == place
        hindered = first_state(state[inside].T)
        if weighting == "employment":
            value[inside] = _against_one(measured[inside], totals.region[inside])
        else:
            value[inside] = _z_scores(measured[inside])
        if not among_published:
            states[inside] = np.where(states[inside] == REPORTED, hindered, states[inside])
    states = np.where((states == REPORTED) & ~np.isfinite(value), NOT_APPLICABLE, states)
    return _quotient_table(np.where(states == REPORTED, value, np.nan), states, known)


def region_totals_of(table: ActivityTable, given: pd.Series | None) -> tuple[FloatArray, IntArray]:
    """Each row's total and its state: as given, else the sum of its cells where all are published.

    >>> region_totals_of(as_table(pd.DataFrame({"C28": [3, None]}, index=["A", "B"])), None)[0].tolist()
    [3.0, nan]
    """
    if given is None:
        state = first_state(table.state)
        return np.where(state == REPORTED, exact_sums(table.x), np.nan), state
    totals = counts_by(given, table.values.index, "region_totals")
    return totals, np.where(np.isnan(totals), NOT_AVAILABLE, REPORTED)


@dataclass(frozen=True)
class QuotientTotals:
    """What a quotient divides by: rows × 1, rows × activities, rows × 1; and each cell's first hindrance."""

    region: FloatArray
    activity: FloatArray
    whole: FloatArray
    state: IntArray


def totals_of(
    table: ActivityTable,
    reference: Reference,
    reference_total: float | pd.Series | None,
    region_totals: pd.Series | None,
) -> QuotientTotals:
    """The totals that `quotients` divides by, given or summed.

    >>> known = as_table(pd.DataFrame({"C28": [10, 5], "I55": [30, 5]}, index=["A", "B"]))
    >>> totals = totals_of(known, None, None, None)
    >>> totals.region.tolist(), totals.activity.tolist(), totals.whole.tolist()
    ([[40.0], [10.0]], [[15.0, 35.0], [15.0, 35.0]], [[50.0], [50.0]])
    """
    _, period = table.periods
    x_r, region_state = region_totals_of(table, region_totals)
    x_c, activity_state = reference_of(table, reference)
    whole, whole_state = grand_total(table, reference, reference_total)
    state = table.state
    for total_state in (region_state[:, None], activity_state[period], whole_state[period][:, None]):
        state = np.where(state == REPORTED, total_state, state)
    return QuotientTotals(x_r[:, None], x_c[period], whole[period][:, None], state)


def grand_total(
    table: ActivityTable, reference: Reference, given: float | pd.Series | None
) -> tuple[FloatArray, IntArray]:
    """The reference's grand total x in every period and its state: as given, else a sum of all that is known.

    >>> grand_total(as_table(pd.DataFrame({"C28": [3, None]}, index=["A", "B"])), None, None)[0].tolist()
    [nan]
    """
    years, period = table.periods
    if given is not None:
        totals: FloatArray = np.full(len(years), np.nan)
        totals[:] = given.reindex(years) if isinstance(given, pd.Series) else float(given)
        if (np.isinf(totals) | (totals < 0)).any():
            raise BenchmarkInputError(
                "it is negative or infinite", where="reference_total", todo="Pass a count, zero or more."
            )
        return totals, np.where(np.isnan(totals), NOT_AVAILABLE, REPORTED)
    if reference is None:
        cells = [np.flatnonzero(period == place) for place in range(len(years))]
        state = np.array([first_state(table.state[rows].reshape(1, -1))[0] for rows in cells])
        sums = np.array([exact_sums(table.x[rows].reshape(1, -1))[0] for rows in cells])
    else:
        if isinstance(reference, pd.Series):  # the same one in every year
            frame = pd.DataFrame([reference] * len(years))
        else:
            frame = reference.loc[years] if years.name == YEAR else reference
        # An activity that the reference lacks is as unknown as one of which it has no number.
        frame = frame.reindex(columns=frame.columns.union(table.values.columns, sort=False))
        parts = frame.to_numpy(dtype=np.float64, na_value=np.nan)
        state = np.where(np.isnan(parts).any(axis=1), NOT_AVAILABLE, REPORTED)
        sums = exact_sums(parts)
    sums[state != REPORTED] = np.nan
    return sums, state


def _z_scores(measured: FloatArray) -> FloatArray:
    """(value - mean) / SD of each column, NaN for a column of fewer than two values or of equal ones."""
    counts = np.sum(~np.isnan(measured), axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        centred = measured - exact_sums(measured.T) / counts
        spread = np.sqrt(exact_sums((centred**2).T) / (counts - 1))
        constant = np.nanmax(measured, axis=0, initial=-np.inf) == np.nanmin(measured, axis=0, initial=np.inf)
        return np.where(constant, np.nan, centred / spread)


def _against_one(lq: FloatArray, sizes: FloatArray) -> FloatArray:
    with np.errstate(divide="ignore", invalid="ignore"):
        share = sizes / exact_sums(sizes.T)[0]
        return (lq - 1.0) / np.sqrt(exact_sums((share * (lq - 1.0) ** 2).T))


def _quotient_table(value: FloatArray, state: IntArray, like: ActivityTable) -> ActivityTable:
    return ActivityTable(
        framed(value, like.values), framed(pd.Index(CELL_STATES).to_numpy()[state], like.values), like.flags
    )
