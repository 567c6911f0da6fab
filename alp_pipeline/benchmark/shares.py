"""Shares of activities in each region, of which some may be hidden: the ground of structure measures.

Belongs here: a region's shares p_rc = x_rc / X_r, the reference's shares, what the hidden cells of a group
share out between them, the frame in which a figure, its bounds, its state and the reason are given.
Does not: any measure (concentration, variety, localisation).

The policy of all measures built on it
- A row whose cells are all published (or cannot exist) has a figure.
- A row with a confidential cell has none: its state is `undetermined`. Where every hidden cell lies in a
  group with a published total, and none could be computed from it (`disclosure`), bounds stand beside; the
  row's total is then the sum of its groups' published totals. Bounds beside such a state are internal.
- A row with a cell missing for another reason takes that reason as its state, without bounds.
- A hidden cell is never taken for zero, and shares are never rescaled to what happens to be published.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from alp_pipeline.benchmark.activity_table import (
    ActivityTable,
    exact_sums,
    figure_states,
    first_state,
    reference_of,
)
from alp_pipeline.benchmark.cells import (
    CONFIDENTIAL,
    NOT_APPLICABLE,
    REPORTED,
    BoolArray,
    FloatArray,
    IntArray,
)
from alp_pipeline.benchmark.disclosure import (
    Published,
    beside_activities,
    hidden_remainders,
    row_sums,
)

FIGURE_NOTES = (
    "",
    "hidden_cells",
    "missing_cells",
    "computable_cell",
    "reference_not_known",
    "nothing_counted",
    "absent_from_reference",
)
NOTHING, HIDDEN, MISSING, COMPUTABLE, NO_REFERENCE, EMPTY, ABSENT = range(len(FIGURE_NOTES))


@dataclass(frozen=True)
class Remainder:
    """What hidden cells share out in each row and group, as shares of the row.

    Attributes:
        cells: rows × groups, how many are hidden.
        low, high: rows × groups, bounds of their sum; 0 where none is hidden.
        hidden: groups → rows × activities, True at the hidden cells of that group.
    """

    cells: IntArray
    low: FloatArray
    high: FloatArray
    hidden: tuple[BoolArray, ...]

    def over_hidden(self, q: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Sum and least of a number per cell over the hidden cells, rows × groups; 0 and inf if none."""
        sums = [exact_sums(np.where(mask, q, np.nan)) for mask in self.hidden]
        least = [np.where(mask, q, np.inf).min(axis=1) for mask in self.hidden]
        return np.stack(sums, axis=1), np.stack(least, axis=1)


@dataclass(frozen=True)
class Shares:
    """Each row's shares.

    Attributes:
        index: the rows' labels.
        p: rows × activities; 0 for cells that cannot exist, NaN for hidden and missing ones, and in rows that
            have neither a figure nor bounds.
        hindrance: per row, REPORTED or what keeps it from having a figure (position in CELL_STATES).
        note: per row, position in FIGURE_NOTES.
        bounded: per row, whether bounds can be given instead.
        remainder: what the hidden cells of bounded rows share out; None where no totals were given.
    """

    index: pd.Index
    p: FloatArray
    hindrance: IntArray
    note: IntArray
    bounded: BoolArray
    remainder: Remainder | None


def shares_of(table: ActivityTable, published: Published | None = None) -> Shares:
    """The shares of a table's rows, see the module for what hidden and missing cells do.

    >>> table = ActivityTable.of(pd.DataFrame({"C28": [30, 1], "I55": [10, None]}, index=["A", "B"]))
    >>> found = shares_of(table)
    >>> found.p[0].tolist(), [FIGURE_NOTES[note] for note in found.note]
    ([0.75, 0.25], ['', 'missing_cells'])
    """
    state = table.state
    hindrance = first_state(state)
    note = np.select([hindrance == REPORTED, hindrance == CONFIDENTIAL], [NOTHING, HIDDEN], MISSING)
    total = np.where(hindrance == REPORTED, exact_sums(table.x), np.nan)
    bounded = np.zeros(len(note), dtype=np.bool_)
    remainder = None
    if published is not None:
        found = hidden_remainders(table, published)
        with_bounds = (hindrance == CONFIDENTIAL) & ~(state > NOT_APPLICABLE).any(axis=1)
        covered = ~np.isnan(beside_activities(found.high, found.member))
        open_cells = (state == CONFIDENTIAL) & ~covered
        computable = found.computable.any(axis=1)
        bounded = with_bounds & ~open_cells.any(axis=1) & ~computable
        note = np.where(with_bounds & computable, COMPUTABLE, note)
        total = np.where(bounded, row_sums(table, found)[0], total)
        bounded &= total > 0
        remainder = _remainder(found.hidden, found.low, found.high, found.member, state, total, bounded)
    empty = (hindrance == REPORTED) & (total == 0)
    note, hindrance = np.where(empty, EMPTY, note), np.where(empty, NOT_APPLICABLE, hindrance)
    counted = np.where(state == NOT_APPLICABLE, 0.0, table.x)
    with np.errstate(divide="ignore", invalid="ignore"):
        p = np.where(total[:, None] > 0, counted / total[:, None], np.nan)
    return Shares(table.values.index, p, hindrance, note, bounded, remainder)


def reference_shares(
    table: ActivityTable, shares: Shares, reference: pd.Series | pd.DataFrame | None
) -> tuple[FloatArray, Shares]:
    """The reference's shares of activities beside each row, and the rows with what hinders the reference.

    They are shares of the activities in the table: a reference with more of them is cut to these.

    Returns:
        rows × activities (NaN in rows whose reference is not known), and `shares` with the state of the
        first total that is not known in the rows that had none of their own.

    Raises:
        BenchmarkInputError: see `activity_table.reference_of`.

    >>> table = ActivityTable.of(pd.DataFrame({"C28": [3], "I55": [1]}, index=["A"]))
    >>> q, _ = reference_shares(table, shares_of(table), pd.Series({"C28": 6, "I55": 2, "J62": 92}))
    >>> q.tolist()  # of 8, not of 100
    [[0.75, 0.25]]
    >>> _, changed = reference_shares(table, shares_of(table), pd.Series({"C28": 6.0, "I55": np.nan}))
    >>> FIGURE_NOTES[changed.note[0]]
    'reference_not_known'
    """
    totals, states = reference_of(table, reference)
    _, period = table.periods
    lacking = first_state(states)
    whole = np.where(lacking == REPORTED, exact_sums(totals), np.nan)
    with np.errstate(divide="ignore", invalid="ignore"):
        q = np.where(whole[:, None] > 0, totals / whole[:, None], np.nan)
    lacking = np.where((lacking == REPORTED) & ~(whole > 0), NOT_APPLICABLE, lacking)[period]
    newly = (shares.hindrance == REPORTED) & (lacking != REPORTED)
    changed = Shares(
        shares.index,
        shares.p,
        np.where(newly, lacking, shares.hindrance),
        np.where(newly, NO_REFERENCE, shares.note),
        shares.bounded & (lacking == REPORTED),
        shares.remainder,
    )
    return q[period], changed


def figure_frame(
    name: str, shares: Shares, value: FloatArray, lower: FloatArray, upper: FloatArray
) -> pd.DataFrame:
    """One figure per row: the figure, its bounds, its state and the reason where there is none.

    A bounded row gets `lower` and `upper` and no figure; a row with a figure has it as both bounds. A figure
    that came out infinite compares with a reference that lacks what the row has: `not_applicable`.

    Args:
        name: of the figure's column.
        shares: of the rows, with what hinders each.
        value, lower, upper: per row, in the figure's own unit; NaN in rows that have none.

    >>> table = ActivityTable.of(pd.DataFrame({"C28": [3, 1], "I55": [1, None]}, index=["A", "B"]))
    >>> none = np.full(2, np.nan)
    >>> largest = figure_frame("largest", shares_of(table), np.array([0.75, np.nan]), none, none)
    >>> largest[["largest", "state", "note"]].values.tolist()
    [[0.75, 'reported', ''], [nan, 'not_available', 'missing_cells']]
    """
    given = shares.hindrance == REPORTED
    absent = given & ~np.isfinite(value)
    bounds = shares.bounded & np.isfinite(lower) & np.isfinite(upper)
    hindrance = np.where(absent, NOT_APPLICABLE, shares.hindrance)
    note = np.where(absent, ABSENT, shares.note)
    figure = np.where(given & ~absent, value + 0.0, np.nan)  # + 0.0: never minus zero
    return pd.DataFrame(
        {
            name: figure,
            "lower": np.where(bounds, lower + 0.0, figure),
            "upper": np.where(bounds, upper + 0.0, figure),
            "state": figure_states(hindrance),
            "note": pd.Index(FIGURE_NOTES).take(note),
        },
        index=shares.index,
    )


def _remainder(
    cells: IntArray,
    low: FloatArray,
    high: FloatArray,
    member: IntArray,
    state: IntArray,
    total: FloatArray,
    bounded: BoolArray,
) -> Remainder:
    used = bounded[:, None] & (cells > 0)
    with np.errstate(divide="ignore", invalid="ignore"):
        low, high = (np.where(used, bound / total[:, None], 0.0) for bound in (low, high))
    hidden = (state == CONFIDENTIAL) & bounded[:, None]
    masks = tuple(hidden & (member == group) for group in range(cells.shape[1]))
    # A share above one would come from the rounding tolerance alone.
    return Remainder(np.where(used, cells, 0), np.minimum(low, 1.0), np.minimum(high, 1.0), masks)
