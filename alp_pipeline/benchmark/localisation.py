"""Where an activity is: locational Gini and Hoover index, each over the regions of a table.

Belongs here: how unevenly one activity lies over regions compared with all activities or with people.
Does not: how specialised a region is (concentration), neighbourhood (spatial).
"""

import numpy as np
import pandas as pd

from alp_pipeline.benchmark.activity_table import (
    YEAR,
    ActivityTable,
    exact_sums,
    figure_states,
    first_state,
)
from alp_pipeline.benchmark.cells import (
    NOT_APPLICABLE,
    REPORTED,
    BenchmarkInputError,
    FloatArray,
)
from alp_pipeline.benchmark.concentration import as_table, krugman
from alp_pipeline.benchmark.disclosure import PublishedTotals
from alp_pipeline.benchmark.inputs import checked
from alp_pipeline.benchmark.quotients import region_totals_of


@checked
def locational_gini(
    table: ActivityTable | pd.DataFrame, *, region_totals: pd.Series | None = None
) -> pd.DataFrame:
    """Locational Gini of each activity: 0 where it is spread as everything is, towards 1 where it is in one.

    The regions are ordered by location quotient; with s_r their shares of the activity and t_r of all
    activities, the Lorenz curve joins the cumulated (t, s), and G = 1 - Σ_r t_r (S_r + S_(r-1)).

    Args:
        table: regions (or region × year) × activities; a bare frame as in `ActivityTable.of`.
        region_totals: all activities of each row, as published; the row sums when omitted, which are not
            known where a cell of the row is not.

    Returns:
        Indexed by activity (or activity × year): locational_gini, state. An activity with a hidden cell
        is `undetermined`, with a missing one it takes that state; so does every activity if a region's total
        is not known. No bounds are given. A region whose total is zero takes no part.

    Raises:
        BenchmarkInputError: an activity is found where the region's total is zero; see `ActivityTable.of`.

    Source: Krugman (1991), Geography and Trade; as in Audretsch & Feldman (1996), American Economic Review
    86(3).

    >>> table = pd.DataFrame({"C28": [8, 0], "I55": [2, 10]}, index=["A", "B"])
    >>> locational_gini(table)["locational_gini"].round(4).tolist()
    [0.5, 0.3333]
    """
    known = as_table(table)
    totals, total_state = region_totals_of(known, region_totals)
    years, period = known.periods
    found = []
    for place, year in enumerate(years):
        inside = period == place
        x, weights = known.x[inside].T, totals[inside]
        # An activity needs its own cells and every region's total.
        regions = np.broadcast_to(total_state[inside], x.shape)
        state = first_state(np.hstack([known.state[inside].T, regions]))
        nothing = (state == REPORTED) & (exact_sums(x) == 0)
        state = np.where(nothing, NOT_APPLICABLE, state)
        value = np.full(len(x), np.nan)
        for activity in np.flatnonzero(state == REPORTED):
            value[activity] = _gini(np.nan_to_num(x[activity]), weights)
        frame = pd.DataFrame(
            {"locational_gini": value, "state": figure_states(state)}, index=known.values.columns
        )
        found.append(frame if years.name != YEAR else frame.assign(year=year).set_index(YEAR, append=True))
    return pd.concat(found)


@checked
def hoover(
    table: ActivityTable | pd.DataFrame,
    *,
    population: pd.Series | None = None,
    published: PublishedTotals | None = None,
) -> pd.DataFrame:
    """Hoover index of each activity: 50 · Σ_r |x_rc / x_c - pop_r / pop|, per cent that would have to move.

    Args:
        table: regions × activities, one year; a bare frame as in `ActivityTable.of`.
        population: what the regions' shares are compared with; their totals over the table's activities when
            omitted.
        published: totals of groups of **regions** (say, countries) by activity, for bounds where cells are
            hidden: `groups` maps regions to countries, `totals` is activities × countries.

    Returns:
        Indexed by activity: hoover (0 to 100, per cent), lower, upper, state, note; policy as in `shares`.

    Raises:
        BenchmarkInputError: a table of several years; see `ActivityTable.of` and `hidden_remainders`.

    Source: Hoover (1936), Review of Economics and Statistics 18(4).

    >>> hoover(pd.DataFrame({"C28": [8, 0], "I55": [2, 10]}, index=["A", "B"]))["hoover"].round(2).tolist()
    [50.0, 33.33]
    """
    known = as_table(table)
    turned = known.transposed()
    totals, state = region_totals_of(known, population)
    reference = pd.Series(totals, index=turned.values.columns)
    found = krugman(turned, reference=reference, published=published)
    # Where the regions' totals are not known, the reason is theirs.
    why = figure_states(first_state(state[None, :]))[0]
    states = found["state"].mask(found["note"] == "reference_not_known", why)
    percent = {"hoover": 50 * found["krugman"], "lower": 50 * found["lower"], "upper": 50 * found["upper"]}
    return pd.DataFrame({**percent, "state": states, "note": found["note"]})


def _gini(x: FloatArray, totals: FloatArray) -> float:
    """The Gini of one activity; equal quotients may come in any order, they share one slope."""
    if (x[totals == 0] > 0).any():
        raise BenchmarkInputError(
            f"a region of total 0 holds {x[(totals == 0) & (x > 0)][0]:g} of an activity",
            where="region_totals",
            todo="Pass totals that include the activities of the table.",
        )
    x, totals = x[totals > 0], totals[totals > 0]
    # Ties by the numbers themselves, so that the order of the regions cannot show in the last bit.
    order = np.lexsort((totals, x, x / totals))
    s, t = x[order] / exact_sums(x[None, :])[0], totals[order] / exact_sums(totals[None, :])[0]
    below = np.cumsum(s) - s
    return max(float(1.0 - exact_sums((t * (2 * below + s))[None, :])[0]), 0.0)
