"""Shift-share of what a region does not show: its activities without a published figure, as one block.

Belongs here: which activities make up a group's block, its figures from the group's published total, the
guard. Does not: the terms (shift_share), what can be computed from totals (disclosure).

With the blocks a region's decomposition by activity closes although cells are hidden: shown activities and
blocks add up to its groups' published totals. A block tells nothing that the totals do not tell.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from alp_pipeline.benchmark.activity_table import (
    ActivityTable,
    exact_sums,
    figure_states,
    first_state,
    framed,
)
from alp_pipeline.benchmark.cells import (
    CELL_STATES,
    NOT_APPLICABLE,
    REPORTED,
    BoolArray,
    FloatArray,
    IntArray,
)
from alp_pipeline.benchmark.disclosure import Published, Remainders, hidden_remainders, row_sums
from alp_pipeline.benchmark.inputs import checked
from alp_pipeline.benchmark.labels import counts
from alp_pipeline.benchmark.shift_share import shift_share
from alp_pipeline.benchmark.year_cube import YearCube, year_cube

COMPUTABLE_CELL = "computable_cell"
TOTAL_NOT_KNOWN = "region_total_not_known"


@dataclass(frozen=True)
class _Block:
    """One region's block in one group: its members, its figure in each year, why it has none."""

    region: int
    group: int
    members: BoolArray
    figures: FloatArray
    broken: bool
    hindrance: int
    note: str


@checked
def shift_share_not_shown(
    table: ActivityTable,
    published: Published,
    *,
    first_year: int,
    last_year: int,
    reference: pd.DataFrame,
    reference_totals: pd.Series | None = None,
    region_totals: pd.Series | None = None,
    variant: str = "classic",
    regions: pd.Index | None = None,
) -> pd.DataFrame:
    """Shift-share of each region's activities without a figure, taken together within each group.

    The block of region r in group g is made of the activities that lack a figure in **any** year that the
    variant looks at (the first and the last, or every year of a dynamic one), so that it is the same in all
    of them. Its figure in a year is the group's published total minus the published cells outside the block,
    and not less than zero (rounded totals may fall short of rounded parts); that of the reference is the sum
    over the same activities. Terms are then those of `shift_share`, as if the block were one activity.

    Guard: where a hidden cell of the block could be computed from what is published (`disclosure`), above all
    where it is the only one of a year, the block has no terms: `undetermined`, note `computable_cell`. Nor
    has a block of one activity that is missing for another reason: its figure would be that of the cell.

    Args:
        table: rows (region, year) × activities. The guard sees what is passed: pass all regions of a country.
        published: the groups' totals (or `hidden_remainders` of this very table).
        first_year, last_year, variant, region_totals: as in `shift_share`; the regions' totals are those of
            `disclosure.row_sums` when omitted.
        reference: years × activities. NaN where not known: a block with such an activity has no terms.
        reference_totals: by year; the sum over all activities of the reference when omitted.
        regions: whose blocks are wanted; all when omitted.

    Returns:
        One row per region and group with a block, sorted, with the columns of `shift_share` (activity is the
        group's label) and `activities`, how many are in the block. Without the group's total in every year
        the note is `region_total_not_known` and the state that of the cells. To sum a region over activities
        put these rows in the place of those whose note is `year_not_reported` (`shift_share.sum_by_region`).

    Raises:
        BenchmarkInputError: as `shift_share` and `hidden_remainders`.

    Source: the project's own (*design*), after the additive closure of shift-share (Dunn 1960).

    >>> from alp_pipeline.benchmark.disclosure import PublishedTotals
    >>> rows = pd.MultiIndex.from_product([["AT33"], [2013, 2014]], names=["region", "year"])
    >>> jobs = pd.DataFrame({"C10": [50, 60], "C11": [None, 30], "C28": [None, None]}, index=rows)
    >>> table = ActivityTable.of(jobs, states=jobs.isna().replace({True: "confidential", False: "reported"}))
    >>> section = PublishedTotals({name: "C" for name in jobs}, pd.DataFrame({"C": [100, 130]}, index=rows))
    >>> eu = pd.DataFrame({"C10": [500, 500], "C11": [300, 330], "C28": [200, 220]}, index=[2013, 2014])
    >>> window = {"first_year": 2013, "last_year": 2014}
    >>> found = shift_share_not_shown(table, section, reference=eu, **window)
    >>> found[["activity", "activities", "state", "note"]].values.tolist()
    [['C', 2, 'undetermined', 'computable_cell']]

    In 2014 C28 alone was hidden. Had C11 been hidden too, the two would have gone from 50 to 70:

    >>> jobs.loc[("AT33", 2014), "C11"] = None
    >>> table = ActivityTable.of(jobs, states=jobs.isna().replace({True: "confidential", False: "reported"}))
    >>> found = shift_share_not_shown(table, section, reference=eu, **window)
    >>> found[["change", "national_share", "industry_mix", "regional_shift"]].values.tolist()
    [[20.0, 2.5, 2.5, 15.0]]
    """
    cube = year_cube(table, first_year, last_year, every_year=variant.startswith("dynamic"))
    remainders = hidden_remainders(table, published)
    counts(reference, "reference")
    wanted = np.ones(len(cube.regions), dtype=np.bool_) if regions is None else cube.regions.isin(regions)
    blocks = _blocks(table, cube, remainders, wanted)
    if region_totals is None:
        sums, complete = row_sums(table, remainders)
        region_totals = pd.Series(np.where(complete, sums, np.nan), index=table.values.index)
    columns = [block.members for block in blocks]
    known = table if not blocks else _as_table(cube, blocks)
    given = reference.reindex(columns=table.values.columns).to_numpy(dtype=np.float64, na_value=np.nan)
    if reference_totals is None:
        whole = reference.to_numpy(dtype=np.float64, na_value=np.nan)
        gaps = np.isnan(whole).any(axis=1)
        reference_totals = pd.Series(np.where(gaps, np.nan, exact_sums(whole)), index=reference.index)
    sums_of = [
        np.where(np.isnan(given[:, members]).any(axis=1), np.nan, exact_sums(given[:, members]))
        for members in columns
    ]
    against = pd.DataFrame(dict(enumerate(sums_of)), index=reference.index) if blocks else reference
    found = shift_share(
        known,
        first_year=first_year,
        last_year=last_year,
        variant=variant,
        reference=against,
        reference_totals=reference_totals,
        region_totals=region_totals,
    )
    return _laid_out(found, cube, remainders.groups, blocks)


def _blocks(table: ActivityTable, cube: YearCube, found: Remainders, wanted: BoolArray) -> list[_Block]:
    """The blocks of the wanted regions, by region and group."""
    rows = pd.MultiIndex.from_product([cube.regions, cube.years])
    place = table.values.index.get_indexer(rows).reshape(len(cube.regions), len(cube.years))
    gaps = (cube.state != REPORTED) & (cube.state != NOT_APPLICABLE)
    without = gaps.any(axis=0)
    blocks = []
    for region in np.flatnonzero(wanted):
        at = place[region]
        there = at >= 0
        for group in range(len(found.groups)):
            inside = found.member == group
            members = inside & without[region]
            if not members.any():
                continue
            total = np.where(there, found.total[at, group], np.nan)
            shown = exact_sums(cube.x[:, region][:, inside & ~members])
            given_away = (found.computable[at][:, members] & there[:, None]).any()
            states = cube.state[:, region][:, members].reshape(1, -1)
            hindrance, note = int(first_state(states)[0]), ""
            if np.isnan(total).any():
                note = TOTAL_NOT_KNOWN
            elif given_away or members.sum() == 1:
                note = COMPUTABLE_CELL
            hindrance = hindrance if note else REPORTED
            broken = bool(cube.broken[region][members].any())
            figures = np.maximum(total - shown, 0.0)
            blocks.append(_Block(int(region), group, members, figures, broken, hindrance, note))
    return blocks


def _as_table(cube: YearCube, blocks: list[_Block]) -> ActivityTable:
    """Every block as an activity of its own, which only its region has; regions with a block alone."""
    regions = cube.regions.take(_with_block(blocks))
    index = pd.MultiIndex.from_product([regions, cube.years], names=["region", "year"])
    shape = (len(regions), len(cube.years), len(blocks))
    x, state = np.full(shape, np.nan), np.full(shape, NOT_APPLICABLE)
    letters = np.full(shape, "", dtype=object)
    rows = np.searchsorted(_with_block(blocks), [block.region for block in blocks])
    for number, (row, block) in enumerate(zip(rows, blocks, strict=True)):
        x[row, :, number] = block.figures
        state[row, :, number] = block.hindrance
        letters[row, -1, number] = "b" if block.broken else ""
    flat = (len(index), len(blocks))
    values = pd.DataFrame(x.reshape(flat), index=index)
    words = pd.Index(CELL_STATES).to_numpy()[state.reshape(flat)]
    return ActivityTable.of(values, states=framed(words, values), flags=framed(letters.reshape(flat), values))


def _with_block(blocks: list[_Block]) -> IntArray:
    return np.unique(np.array([block.region for block in blocks], dtype=np.int64))


def _laid_out(found: pd.DataFrame, cube: YearCube, groups: pd.Index, blocks: list[_Block]) -> pd.DataFrame:
    """The rows of the blocks, each of its own region, under their groups' labels."""
    of_region = np.searchsorted(_with_block(blocks), [block.region for block in blocks])
    rows = found.iloc[of_region * len(blocks) + np.arange(len(blocks))].reset_index(drop=True)
    notes = pd.Series([block.note for block in blocks], index=rows.index, dtype="object")
    hindrances = np.array([block.hindrance for block in blocks], dtype=np.int64)
    refused = notes.ne("")
    return rows.assign(
        region=cube.regions.take([block.region for block in blocks]),
        activity=groups.take([block.group for block in blocks]),
        state=rows["state"].mask(refused, pd.Series(figure_states(hindrances), index=rows.index)),
        note=rows["note"].mask(refused, notes),
        activities=[int(block.members.sum()) for block in blocks],
    )
