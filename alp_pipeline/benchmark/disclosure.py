"""What published totals say about hidden cells, and the guard that keeps them from saying too much.

Belongs here: which hidden cells could be computed from what is published, the remainder that several hidden
cells share, bounds of a hidden cell. Does not: quotients or indices with bounds (quotient_interval,
concentration), who may see bounds (whoever publishes: they are internal by default).
"""

from collections.abc import Hashable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from alp_pipeline.benchmark.activity_table import YEAR, ActivityTable, exact_sums, framed
from alp_pipeline.benchmark.cells import (
    CONFIDENTIAL,
    NOT_APPLICABLE,
    BenchmarkInputError,
    BoolArray,
    FloatArray,
    IntArray,
)
from alp_pipeline.benchmark.country_caps import country_caps
from alp_pipeline.benchmark.inputs import checked
from alp_pipeline.benchmark.labels import require_unique

BOUND_NOTES = ("", "computable_cell", "no_published_total", "total_below_its_parts")
NOTHING, COMPUTABLE, NO_TOTAL, CONTRADICTED = range(len(BOUND_NOTES))
Labels = npt.NDArray[np.object_]


@dataclass(frozen=True)
class PublishedTotals:
    """Totals that are published beside a table's cells.

    Attributes:
        groups: the group (section) of each activity (division); an activity may be without.
        totals: rows as in the table (any order), a column per group; NaN where the total is not published.
        rounding: the unit to which cells and totals were rounded when published, 0 for exact counts. A total
            of n activities may differ from their sum by (n/2 + 1) of it.
        countries: the territory (country) of each region, where its totals are published too.
        country_totals: territories (or (territory, year)) × activities and groups; NaN where not published.
        row_totals: all activities of each row together; NaN where not published.
        known: rows × activities, True where somebody can know the cell from elsewhere: an earlier vintage in
            which it was open, a partner's table, a second source. The guard counts such a cell as known.
    """

    groups: Mapping[Hashable, Hashable]
    totals: pd.DataFrame
    rounding: float = 1.0
    countries: Mapping[Hashable, Hashable] | None = None
    country_totals: pd.DataFrame | None = None
    row_totals: pd.Series | None = None
    known: pd.DataFrame | None = None


@dataclass(frozen=True)
class Remainders:
    """What the hidden cells of each row and group hold together.

    Attributes:
        member: each activity's place in `groups`, -1 without one.
        groups: the groups, sorted as text.
        total: rows × groups, as published; NaN where it is not, or is contradicted by its parts.
        hidden: rows × groups, how many cells are confidential.
        low, high: rows × groups, between which the hidden cells' sum lies; NaN without a total or a hidden
            cell.
        computable: rows × activities, hidden cells that could be computed from what is published.
        contradicted: rows × groups, a published total smaller than its published parts.
        caps: rows × activities, what the country's total leaves at most to a hidden cell; NaN without one.
    """

    member: IntArray
    groups: pd.Index
    total: FloatArray
    hidden: IntArray
    low: FloatArray
    high: FloatArray
    computable: BoolArray
    contradicted: BoolArray
    caps: FloatArray


@dataclass(frozen=True)
class CellBounds:
    """Bounds of cells. **Internal**: nobody outside the project sees them before that is settled.

    Attributes:
        lower, upper: rows × activities; a reported cell's own value, NaN where there is no bound.
        notes: why a confidential cell has no bounds, one of BOUND_NOTES.
    """

    lower: pd.DataFrame
    upper: pd.DataFrame
    notes: pd.DataFrame


@checked
def computable_cells(
    hidden: pd.DataFrame, *, within: pd.DataFrame, across: pd.DataFrame | None = None
) -> pd.DataFrame:
    """Hidden cells whose value follows from published totals by addition and subtraction.

    Every published total and "no total" is a vertex, every hidden cell an edge between the total of its row
    (its section) and that of its column (its country's); a cell can be computed exactly if and only if its
    edge is a bridge, one whose removal cuts the graph. A single hidden division of a published section is
    the simplest bridge. What inequalities or several vintages would reveal is not found this way.

    Args:
        hidden: rows × activities, True where a cell is hidden and known from nowhere else.
        within: same labels: the name of the published total that the cell is part of in its row; None or NaN
            where there is none.
        across: the same for totals over rows; none when omitted.

    Returns:
        Same labels, True where the cell can be computed.

    Source: Gusfield (1988), A graph theoretic approach to statistical data security, SIAM Journal on
    Computing 17(3).

    >>> hidden = pd.DataFrame({"C10": [True, True], "C11": [True, False]}, index=["A", "B"])
    >>> section = pd.DataFrame([["A C", "A C"], ["B C", "B C"]], index=["A", "B"], columns=["C10", "C11"])
    >>> computable_cells(hidden, within=section).to_numpy().tolist()
    [[False, False], [True, False]]

    With the country's total of C10 the one in B gives away the one in A, and that the last:

    >>> country = pd.DataFrame([["C10", None], ["C10", None]], index=["A", "B"], columns=["C10", "C11"])
    >>> computable_cells(hidden, within=section, across=country).to_numpy().tolist()
    [[True, True], [True, False]]
    """
    import networkx as nx

    places = np.argwhere(hidden.to_numpy(dtype=bool))
    rows = _names(within, hidden)
    columns = np.full(hidden.shape, None, dtype=object) if across is None else _names(across, hidden)
    graph = nx.MultiGraph()
    ends = {}
    for row, column in places:
        left, right = rows[row, column], columns[row, column]
        edge = (
            ("none", "") if left is None else ("row", left),
            ("none", "") if right is None else ("column", right),
        )
        ends[int(row), int(column)] = edge
        if edge[0] != edge[1]:
            graph.add_edge(*edge)
    bridges = {frozenset(edge) for edge in nx.bridges(graph)} if graph.number_of_edges() else set()
    found = np.zeros(hidden.shape, dtype=np.bool_)
    for place, edge in ends.items():
        found[place] = frozenset(edge) in bridges
    return framed(found, hidden)


Published = PublishedTotals | Remainders
"""Published totals, or what they leave to the hidden cells of the very table: several measures share it."""


def hidden_remainders(table: ActivityTable, published: Published) -> Remainders:
    """What the confidential cells of each row and group hold together: the total minus the published cells.

    Widened by the rounding tolerance ±(n/2 + 1) for n activities, and not below zero. Where cells are
    missing for another reason, they may hold all of it.

    Raises:
        BenchmarkInputError: a row of the table has no row of totals, a total is negative or infinite, the
            rounding negative.

    >>> jobs = pd.DataFrame({"C10": [50], "C11": [None], "C12": [None]}, index=["AT33"])
    >>> table = ActivityTable.of(jobs, states=jobs.isna().replace({True: "confidential", False: "reported"}))
    >>> section = pd.DataFrame({"C": [90]}, index=["AT33"])
    >>> found = hidden_remainders(table, PublishedTotals(dict.fromkeys(jobs, "C"), section, rounding=0))
    >>> found.low.tolist(), found.high.tolist(), found.hidden.tolist()
    ([[40.0]], [[40.0]], [[2]])
    """
    if isinstance(published, Remainders):
        return published
    if not (np.isfinite(published.rounding) and published.rounding >= 0):
        raise BenchmarkInputError(
            f"a rounding of {published.rounding}", where="published totals", todo="Pass 0 or more, e.g. 1."
        )
    groups, member = _members(table, published)
    total = _totals(table, published, groups)
    x, state = table.x, table.state
    shape = (len(table.values), len(groups))
    parts, hidden = np.zeros(shape), np.zeros(shape, dtype=np.int64)
    gap, tolerance = np.zeros(shape, dtype=np.bool_), np.zeros(len(groups))
    for group in range(len(groups)):
        inside = member == group
        parts[:, group] = exact_sums(x[:, inside])
        hidden[:, group] = (state[:, inside] == CONFIDENTIAL).sum(axis=1)
        gap[:, group] = (state[:, inside] > NOT_APPLICABLE).any(axis=1)
        tolerance[group] = (inside.sum() / 2 + 1) * published.rounding
    contradicted = total - parts < -tolerance
    total = np.where(contradicted, np.nan, total)
    counted = (hidden > 0) & ~np.isnan(total)
    high = np.where(counted, np.maximum(total - parts + tolerance, 0.0), np.nan)
    low = np.where(counted, np.where(gap, 0.0, np.maximum(total - parts - tolerance, 0.0)), np.nan)
    # Nothing is left for them: all are zero, which is as much a value as any.
    caps = country_caps(table, published.countries, published.country_totals, published.rounding)
    nothing_left = (beside_activities(high, member) == 0) | (caps == 0)
    computable = _computable(table, published, groups, member, total, nothing_left)
    return Remainders(member, groups, total, hidden, low, high, computable, contradicted, caps)


def beside_activities(of_groups: FloatArray, member: IntArray) -> FloatArray:
    """Rows × groups → rows × activities: each activity's group's number, NaN for one without a group.

    >>> beside_activities(np.array([[7.0]]), np.array([0, -1])).tolist()
    [[7.0, nan]]
    """
    without = np.full((len(of_groups), 1), np.nan)
    return np.hstack([of_groups, without])[:, member]


def row_sums(table: ActivityTable, found: Remainders | None) -> tuple[FloatArray, BoolArray]:
    """Each row's total: published cells, and the published total of a group that has hidden or missing ones.

    Returns:
        Totals, and whether nothing is left that neither a cell nor a group's total says.

    >>> sections = pd.DataFrame({"C": [100.0]}, index=["AT33"])
    >>> table = ActivityTable.of(pd.DataFrame({"C10": [70], "C11": [None], "I55": [5]}, index=["AT33"]))
    >>> groups = PublishedTotals({"C10": "C", "C11": "C", "I55": "I"}, sections)
    >>> [part.tolist() for part in row_sums(table, hidden_remainders(table, groups))]
    [[105.0], [True]]
    """
    gap = table.gaps
    if found is None:
        return exact_sums(table.x), np.logical_not(gap.any(axis=1))
    counted, used = table.x.copy(), np.full(found.total.shape, np.nan)
    for group in range(len(found.groups)):
        inside = found.member == group
        instead = gap[:, inside].any(axis=1) & ~np.isnan(found.total[:, group])
        counted[np.ix_(instead, inside)] = np.nan
        gap[np.ix_(instead, inside)] = False
        used[instead, group] = found.total[instead, group]
    return exact_sums(np.hstack([counted, used])), np.logical_not(gap.any(axis=1))


@checked
def cell_bounds(table: ActivityTable, published: PublishedTotals) -> CellBounds:
    """Bounds of every cell: x ∈ [0, S - P] for a hidden one in a group with total S and published sum P.

    S - P is widened by the rounding tolerance, and capped by what the country's total leaves to the cell,
    which alone bounds one without a group's total. The guard comes first: a hidden cell that could be
    computed (see `computable_cells`), above all the only hidden one of its group, gets no bounds.

    Source: Hundepool et al. (2012), Statistical Disclosure Control, chapter 4 (primary and secondary
    suppression).

    >>> table = ActivityTable.of(
    ...     pd.DataFrame({"C10": [70.0], "C11": [None], "C12": [None], "I55": [None]}, index=["AT33"]),
    ...     states=pd.DataFrame([["reported", *["confidential"] * 3]], index=["AT33"],
    ...                         columns=["C10", "C11", "C12", "I55"]))
    >>> sections = pd.DataFrame({"C": [100.0], "I": [500.0]}, index=["AT33"])
    >>> groups = {"C10": "C", "C11": "C", "C12": "C", "I55": "I"}
    >>> bounds = cell_bounds(table, PublishedTotals(groups, sections))
    >>> bounds.upper.loc["AT33"].tolist(), bounds.notes.loc["AT33", "I55"]
    ([70.0, 32.5, 32.5, nan], 'computable_cell')
    """
    found = hidden_remainders(table, published)
    x, confidential = table.x, table.state == CONFIDENTIAL
    contradicted = beside_activities(found.contradicted.astype(np.float64), found.member) == 1
    high = np.fmin(beside_activities(found.high, found.member), found.caps)
    note = np.select(
        [~confidential, found.computable, contradicted & np.isnan(high), np.isnan(high)],
        [NOTHING, COMPUTABLE, CONTRADICTED, NO_TOTAL],
    )
    bounded = confidential & (note == NOTHING)
    return CellBounds(
        framed(np.where(bounded, 0.0, x), table.values),
        framed(np.where(bounded, high, x), table.values),
        framed(np.array(BOUND_NOTES, dtype=object)[note], table.values),
    )


def _computable(
    table: ActivityTable,
    published: PublishedTotals,
    groups: pd.Index,
    member: IntArray,
    total: FloatArray,
    zero: BoolArray,
) -> BoolArray:
    """The guard: confidential cells that follow from totals, or are known from elsewhere already.

    Cells give away totals of groups, and these give away further cells, until nothing more follows.
    """
    confidential = table.state == CONFIDENTIAL
    found: BoolArray = zero & confidential
    if published.known is not None:
        aligned = published.known.reindex(index=table.values.index, columns=table.values.columns)
        found |= aligned.eq(True).to_numpy() & confidential
    has_total = ~np.isnan(total)
    whole = np.zeros((len(total), 1), dtype=np.bool_)
    if published.row_totals is not None:
        whole[:, 0] = published.row_totals.reindex(table.values.index).notna()
    across = _country_labels(table, published, table.values.columns)
    while True:
        within = _row_labels(has_total, whole, member)
        found = found | _bridges(confidential & ~found, within, across)
        followed = _following_totals(
            table, published, groups, member, has_total, whole, confidential & ~found
        )
        if not (followed & ~has_total).any() or not (whole.any() or across is not None):
            return found
        has_total = has_total | followed


def _row_labels(has_total: BoolArray, whole: BoolArray, member: IntArray) -> Labels:
    """For each cell the published total of its row that it is in: its group's, or what those leave of all."""
    rest = has_total.shape[1]
    of_group = np.hstack([has_total, np.zeros_like(whole)])[:, member]
    place = np.where(of_group, member, rest)
    labels: Labels = (np.arange(len(place))[:, None] * (rest + 1) + place).astype(object)
    labels[~of_group & ~whole] = None
    return labels


def _following_totals(
    table: ActivityTable,
    published: PublishedTotals,
    groups: pd.Index,
    member: IntArray,
    has_total: BoolArray,
    whole: BoolArray,
    unknown: BoolArray,
) -> BoolArray:
    """Totals of groups that nobody published and that follow: from their cells, or as cells themselves."""
    open_cells = [unknown[:, member == group].any(axis=1) for group in [*range(len(groups)), -1]]
    settled = ~np.stack(open_cells, axis=1)
    summed = has_total | settled[:, :-1]
    # A row's total says something of its groups only where all of its cells without a group are known.
    within = np.tile(np.arange(len(whole), dtype=np.int64)[:, None], len(groups)).astype(object)
    within[~(whole & settled[:, -1:])[:, 0]] = None
    followed: BoolArray = summed | _bridges(~summed, within, _country_labels(table, published, groups))
    return followed


def _bridges(hidden: BoolArray, within: Labels, across: Labels | None) -> BoolArray:
    columns = None if across is None else pd.DataFrame(across)
    found = computable_cells(pd.DataFrame(hidden), within=pd.DataFrame(within), across=columns)
    return found.to_numpy(dtype=np.bool_)


def _country_labels(table: ActivityTable, published: PublishedTotals, columns: pd.Index) -> Labels | None:
    """For each row and column (territory, year, column) where that total is published, None elsewhere."""
    if published.countries is None or published.country_totals is None:
        return None
    index = table.values.index
    totals = published.country_totals.reindex(columns=columns)
    given = dict(zip(totals.index, totals.notna().to_numpy(), strict=True))
    labels = np.full((len(index), len(columns)), None, dtype=object)
    for place, row in enumerate(index):
        region, *year = row if isinstance(row, tuple) else (row,)
        territory = published.countries.get(region)
        key = (territory, *year) if YEAR in index.names else territory
        for column in np.flatnonzero(given.get(key, False)):
            labels[place, column] = (str(key), int(column))
    return labels


def _members(table: ActivityTable, published: PublishedTotals) -> tuple[pd.Index, IntArray]:
    of = [published.groups.get(activity) for activity in table.values.columns]
    names = sorted({group for group in of if group is not None}, key=str)
    place = {name: number for number, name in enumerate(names)}
    return pd.Index(names), np.array([-1 if group is None else place[group] for group in of], dtype=np.int64)


def _totals(table: ActivityTable, published: PublishedTotals, groups: pd.Index) -> FloatArray:
    totals = published.totals
    absent = table.values.index.difference(totals.index)
    if len(absent) or totals.index.has_duplicates or totals.columns.has_duplicates:
        raise BenchmarkInputError(
            f"the row {absent[0]} has no totals" if len(absent) else "a label appears more than once",
            where="published totals",
            todo="Pass one row of totals per row of the table, NaN where none is published.",
        )
    found = totals.reindex(index=table.values.index, columns=groups).to_numpy(
        dtype=np.float64, na_value=np.nan
    )
    if ((found < 0) | np.isinf(found)).any():
        raise BenchmarkInputError(
            "a total is negative or infinite", where="published totals", todo="Pass counts, zero or more."
        )
    return found


def _names(labels: pd.DataFrame, like: pd.DataFrame) -> Labels:
    require_unique(labels.index, "within")
    aligned = labels.reindex(index=like.index, columns=like.columns).astype(object)
    return aligned.where(aligned.notna(), None).to_numpy(dtype=object)
