"""Intervals of location quotients: what hidden cells allow, what rounding allows, what small counts allow.

Belongs here: bounds of quotients from bounds of cells, sampling intervals of quotients of few jobs.
Does not: bounds of the cells (disclosure), the quotients themselves (quotients), who may see bounds.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from alp_pipeline.benchmark.activity_table import (
    ActivityTable,
    exact_sums,
    figure_states,
    first_state,
    reference_of,
)
from alp_pipeline.benchmark.cells import (
    CELL_STATES,
    NOT_APPLICABLE,
    REPORTED,
    BenchmarkInputError,
    BoolArray,
    FloatArray,
    IntArray,
)
from alp_pipeline.benchmark.concentration import Reference, as_table
from alp_pipeline.benchmark.disclosure import (
    CellBounds,
    PublishedTotals,
    cell_bounds,
    hidden_remainders,
    row_sums,
)
from alp_pipeline.benchmark.inputs import checked
from alp_pipeline.benchmark.labels import label_of
from alp_pipeline.benchmark.quotients import grand_total, quotients, region_totals_of, totals_of


@checked
def quotient_intervals(
    table: ActivityTable | pd.DataFrame,
    *,
    published: PublishedTotals | None = None,
    reference: Reference = None,
    reference_total: float | pd.Series | None = None,
    region_totals: pd.Series | None = None,
    rounding: float = 0.0,
) -> pd.DataFrame:
    """Bounds of every location quotient, from bounds of cells and of the totals they lack.

    A confidential cell lies in [0, S - P] (`disclosure.cell_bounds`: widened by the rounding, refused where
    it could be computed). Totals that are sums of cells lie between what is published and that plus what is
    hidden, without an upper bound where a cell has none. LQ ∈ [x⁻ e⁻ / (e_r⁺ e_c⁺), x⁺ e⁺ / (e_r⁻ e_c⁻)];
    as if the four moved apart, so the true quotient is inside and the interval may be wider than need be.
    **Internal**: bounds beside a state other than `reported` are not for the public.

    Args:
        table: regions (or region × year) × activities; a bare frame as in `ActivityTable.of`.
        published: totals of groups of activities in each row; without them hidden cells have no bounds.
        reference, reference_total, region_totals: as in `quotients`; taken as exact.
        rounding: the unit to which published cells were rounded; they are widened by half of it.

    Returns:
        One row per cell, in the order of the table: the row's labels, activity, location_quotient (NaN unless
        exactly known), lower, upper (NaN where there is none; upper inf where nothing bounds it), state
        (`reported`, `undetermined` for a published cell whose totals are bounded only, else the cell's),
        note (one of disclosure.BOUND_NOTES).

    Raises:
        BenchmarkInputError: a rounding that is negative or infinite; see `ActivityTable.of` and
            `hidden_remainders`.

    >>> table = ActivityTable.of(
    ...     pd.DataFrame({"C10": [70.0], "C11": [None], "C12": [None]}, index=["AT33"]),
    ...     states=pd.DataFrame([["reported", "confidential", "confidential"]], index=["AT33"],
    ...                         columns=["C10", "C11", "C12"]))
    >>> sections = pd.DataFrame({"C": [100]}, index=["AT33"])
    >>> found = quotient_intervals(
    ...     table, published=PublishedTotals(dict.fromkeys(["C10", "C11", "C12"], "C"), sections),
    ...     reference=pd.Series({"C10": 600, "C11": 200, "C12": 200}))
    >>> found[["lower", "upper", "state"]].values.tolist()[:2]
    [[1.1666666666666667, 1.1666666666666667, 'reported'], [0.0, 1.625, 'confidential']]
    """
    if not (np.isfinite(rounding) and rounding >= 0):
        raise BenchmarkInputError(
            f"a rounding of {rounding}", where="quotient_intervals", todo="Pass 0 or more, e.g. 1."
        )
    known = as_table(table)
    without = PublishedTotals({}, pd.DataFrame(index=known.values.index))
    cells = cell_bounds(known, published or without)
    rows = _row_bounds(known, published)
    e_r = _region_bounds(known, region_totals, rows)
    e_c, whole = _reference_bounds(known, reference, reference_total, cells, rows)
    reported = known.state == REPORTED
    x = _Bounds(
        np.where(reported, np.maximum(cells.lower.to_numpy() - rounding / 2, 0.0), cells.lower.to_numpy()),
        np.where(reported, cells.upper.to_numpy() + rounding / 2, cells.upper.to_numpy()),
        known.state,
    )
    exact = reported & e_r.exact & e_c.exact & whole.exact
    point = np.where(exact, _quotient(known.x, whole.low, e_r.low, e_c.low), np.nan)
    labels = known.values.index
    found = pd.DataFrame(
        {
            "activity": np.tile(known.values.columns, len(labels)),
            "location_quotient": point.ravel(),
            "lower": _quotient(x.low, whole.low, e_r.high, e_c.high).ravel(),
            "upper": _quotient(x.high, whole.high, e_r.low, e_c.low).ravel(),
            "state": _states(known.state, point, (e_r, e_c, whole)).ravel(),
            "note": cells.notes.to_numpy().ravel(),
        },
        index=labels.repeat(known.values.shape[1]),
    )
    return found.reset_index(names=list(labels.names) if isinstance(labels, pd.MultiIndex) else ["region"])


@dataclass(frozen=True)
class _Bounds:
    """Bounds of numbers that broadcast to rows × activities, and what keeps them from being exact."""

    low: FloatArray
    high: FloatArray
    state: IntArray

    @property
    def exact(self) -> BoolArray:
        return np.equal(self.low, self.high)


def _row_bounds(table: ActivityTable, published: PublishedTotals | None) -> _Bounds:
    """Totals of rows from the table's cells and the groups' published totals."""
    remainders = None if published is None else hidden_remainders(table, published)
    sums, complete = row_sums(table, remainders)
    return _Bounds(sums, np.where(complete, sums, np.inf), first_state(table.state))


def _region_bounds(table: ActivityTable, given: pd.Series | None, rows: _Bounds) -> _Bounds:
    low, high = rows.low, rows.high
    if given is not None:
        totals, _ = region_totals_of(table, given)
        low, high = np.where(np.isnan(totals), low, totals), np.where(np.isnan(totals), high, totals)
    return _Bounds(low[:, None], high[:, None], rows.state[:, None])


def _reference_bounds(
    table: ActivityTable,
    reference: Reference,
    reference_total: float | pd.Series | None,
    cells: CellBounds,
    rows: _Bounds,
) -> tuple[_Bounds, _Bounds]:
    """Bounds of each activity's total and of the grand total, beside every row."""
    years, period = table.periods
    totals, states = reference_of(table, reference)
    most = np.where(table.gaps & np.isnan(cells.upper.to_numpy()), np.inf, cells.upper.to_numpy())
    low, high = np.where(np.isnan(totals), 0.0, totals), np.where(np.isnan(totals), np.inf, totals)
    whole, whole_state = grand_total(table, reference, reference_total)
    whole_low, whole_high = np.where(np.isnan(whole), 0.0, whole), np.where(np.isnan(whole), np.inf, whole)
    for place in range(len(years)):
        inside = period == place
        if reference is None:
            low[place], high[place] = exact_sums(table.x[inside].T), exact_sums(most[inside].T)
        if reference is None and reference_total is None:
            whole_low[place] = exact_sums(rows.low[inside][None, :])[0]
            whole_high[place] = exact_sums(rows.high[inside][None, :])[0]
            whole_state[place] = first_state(rows.state[inside][None, :])[0]
    activity = _Bounds(low[period], high[period], states[period])
    beside = period[:, None]
    return activity, _Bounds(whole_low[beside], whole_high[beside], whole_state[beside])


def _quotient(x: FloatArray, whole: FloatArray, e_r: FloatArray, e_c: FloatArray) -> FloatArray:
    with np.errstate(divide="ignore", invalid="ignore"):
        return (x * whole) / (e_r * e_c)


def _states(cell: IntArray, point: FloatArray, totals: tuple[_Bounds, ...]) -> npt.NDArray[np.object_]:
    """Of the cell where that is not reported, else of the first total that is not exact."""
    words = np.array(CELL_STATES, dtype=object)[cell]
    exact = np.ones(cell.shape, dtype=np.bool_)
    for total in reversed(totals):
        inexact = np.broadcast_to(~total.exact & (cell == REPORTED), cell.shape)
        words = np.where(
            inexact, figure_states(total.state.ravel()).to_numpy().reshape(total.state.shape), words
        )
        exact &= ~inexact
    nothing = (cell == REPORTED) & exact & np.isnan(point)
    return np.where(nothing, CELL_STATES[NOT_APPLICABLE], words)


@checked
def sampling_intervals(
    table: ActivityTable | pd.DataFrame,
    *,
    confidence: float = 0.95,
    persons_per_draw: float = 1.0,
    reference: Reference = None,
    reference_total: float | pd.Series | None = None,
    region_totals: pd.Series | None = None,
) -> pd.DataFrame:
    """Interval of each known quotient as if the activity's jobs had fallen on regions by chance.

    The model: of the x_c jobs of the activity each falls on region r with probability π_rc, independently,
    so x_rc is binomial(x_c, π_rc), and LQ_rc = π_rc / (x_r / x) with x_r / x as it is. The interval is that
    of Clopper and Pearson, exact for π_rc. Jobs come in firms, not one by one, so these intervals are too
    narrow: with `persons_per_draw` (say, the mean size of a local unit) x_rc / that are the draws.

    Args:
        table, reference, reference_total, region_totals: as in `quotients`.
        confidence: in (0, 1), at least so often the interval covers the true quotient under the model.
        persons_per_draw: persons that fall together, 1 or more.

    Returns:
        As `quotient_intervals`, without note: bounds for every known quotient (for one of zero too: lower 0),
        NaN elsewhere. Nothing here says anything of hidden cells.

    Raises:
        BenchmarkInputError: confidence or persons_per_draw out of range; a cell greater than its total.

    Sources: Clopper & Pearson (1934), Biometrika 26(4); for the model Guimarães, Figueiredo & Woodward
    (2009), Regional Science and Urban Economics 39(3), and Moineddin, Beyene & Boyle (2003), Geographical
    Analysis 35(3).

    >>> x = pd.DataFrame({"C28": [3, 0], "I55": [97, 100]}, index=["A", "B"])
    >>> sampling_intervals(x).loc[0, ["location_quotient", "lower", "upper"]].astype(float).round(2).tolist()
    [2.0, 0.58, 2.0]
    """
    from scipy.special import betaincinv

    if not 0 < confidence < 1 or not (np.isfinite(persons_per_draw) and persons_per_draw >= 1):
        raise BenchmarkInputError(
            f"confidence {confidence}, {persons_per_draw} persons per draw",
            where="sampling_intervals",
            todo="Pass a confidence between 0 and 1 and 1 person or more.",
        )
    known = as_table(table)
    totals = totals_of(known, reference, reference_total, region_totals)
    found = quotients(
        known, reference=reference, reference_total=reference_total, region_totals=region_totals
    )
    x, draws = known.x / persons_per_draw, totals.activity / persons_per_draw
    if (x > draws).any():
        row, column = (int(place) for place in np.argwhere(x > draws)[0])
        cell = f"{label_of(known.values.index[row])} × {known.values.columns[column]}"
        raise BenchmarkInputError(
            f"{cell} is more than the reference has",
            where="sampling_intervals",
            todo="Pass a reference that the region belongs to.",
        )
    tail = (1 - confidence) / 2
    with np.errstate(divide="ignore", invalid="ignore"):
        low = np.where(x == 0, 0.0, betaincinv(x, draws - x + 1, tail))
        high = np.where(x == draws, 1.0, betaincinv(x + 1, draws - x, 1 - tail))
        share = totals.region / totals.whole
        bounds = [np.where(np.isnan(found.x), np.nan, end / share) for end in (low, high)]
    labels = known.values.index
    frame = pd.DataFrame(
        {
            "activity": np.tile(known.values.columns, len(labels)),
            "location_quotient": found.x.ravel(),
            "lower": bounds[0].ravel(),
            "upper": bounds[1].ravel(),
            "state": found.states.to_numpy().ravel(),
        },
        index=labels.repeat(known.values.shape[1]),
    )
    return frame.reset_index(names=list(labels.names) if isinstance(labels, pd.MultiIndex) else ["region"])
