"""The same cells in several years, as one array: years × regions × activities.

Belongs here: lining up the years of a table, its reference and its regions' totals, breaks between the years.
Does not: what is computed from them (shift_share).
"""

from dataclasses import dataclass
from typing import NoReturn

import numpy as np
import pandas as pd

from alp_pipeline.benchmark.activity_table import YEAR, ActivityTable, exact_sums, first_state, framed
from alp_pipeline.benchmark.cells import (
    NOT_APPLICABLE,
    NOT_AVAILABLE,
    REPORTED,
    BenchmarkInputError,
    BoolArray,
    FloatArray,
    IntArray,
)
from alp_pipeline.benchmark.labels import counts, counts_by


@dataclass(frozen=True)
class YearCube:
    """Cells at each of the years.

    Attributes:
        years, regions, activities: the labels, the latter two in the order of the table.
        x, state: years × regions × activities; a row that the table lacks is not available.
        hindrance: regions × activities, the first state over the years that hinders, REPORTED where none.
        broken: regions × activities, a break flag `b` after the first year, up to the last (in any year that
            the table has, also one that is not among `years`).
    """

    years: list[int]
    regions: pd.Index
    activities: pd.Index
    x: FloatArray
    state: IntArray
    hindrance: IntArray
    broken: BoolArray


@dataclass(frozen=True)
class ReferenceYears:
    """The reference at each year: activity (years × activities), total (years), hindrance (per activity)."""

    activity: FloatArray
    total: FloatArray
    hindrance: IntArray


@dataclass(frozen=True)
class RegionYears:
    """The regions' totals: total (years × regions, but for the last year) and hindrance (per region)."""

    total: FloatArray
    hindrance: IntArray


def year_cube(table: ActivityTable, first_year: int, last_year: int, *, every_year: bool) -> YearCube:
    """A table's cells in the first and the last year, or in every year from the one to the other.

    Raises:
        BenchmarkInputError: rows without years, an empty window, a year of which the table has no row.

    >>> rows = pd.MultiIndex.from_product([["A"], [2013, 2015]], names=["region", "year"])
    >>> table = ActivityTable.of(pd.DataFrame({"C28": [5, 7]}, index=rows))
    >>> year_cube(table, 2013, 2015, every_year=False).x.ravel().tolist()
    [5.0, 7.0]
    """
    years, _ = table.periods
    index = table.values.index
    if years.name != YEAR or not isinstance(index, pd.MultiIndex):
        refuse("the table's rows have no years", "Pass rows (region, year), the second level named year.")
    if first_year >= last_year:
        refuse(f"the window {first_year}-{last_year} is empty", "The first year comes first.")
    window = list(range(first_year, last_year + 1)) if every_year else [first_year, last_year]
    absent = [year for year in window if year not in years]
    if absent:
        refuse(f"the year {absent[0]} is absent", "Pass a table with the years of the window.")
    regions = index.get_level_values(0).unique()
    rows = pd.MultiIndex.from_product([window, regions])
    place = index.swaplevel().get_indexer(rows)
    shape = (len(window), len(regions), table.values.shape[1])
    there = (place >= 0)[:, None]
    x = np.where(there, table.x[place], np.nan).reshape(shape)
    state = np.where(there, table.state[place], NOT_AVAILABLE).reshape(shape)
    year = index.get_level_values(YEAR)
    inside = table.flags[(year > first_year) & (year <= last_year)]
    numbers, words = pd.factorize(inside.to_numpy(dtype=object).ravel())
    with_break = np.array(["b" in letters for letters in words], dtype=np.bool_)
    flagged = framed(with_break[numbers].reshape(inside.shape), inside)
    broken = flagged.groupby(level=0).any().reindex(regions, fill_value=False).to_numpy(dtype=np.bool_)
    return YearCube(window, regions, table.values.columns, x, state, _over_years(state), broken)


def reference_years(
    table: ActivityTable, cube: YearCube, given: pd.DataFrame | None, given_totals: pd.Series | None
) -> ReferenceYears:
    """The reference at the years of a cube.

    As given (years × activities, and totals by year), else the table's own sums: these are not known where a
    cell of any of the years is not, and not applicable where one carries a break. The total is the sum of all
    that the reference has, known where all of it is.

    Raises:
        BenchmarkInputError: `given` lacks a year of the cube; a total is negative or infinite.

    >>> rows = pd.MultiIndex.from_product([["A", "B"], [2013, 2015]], names=["region", "year"])
    >>> table = ActivityTable.of(pd.DataFrame({"C28": [5, 7, 1, 3], "I55": [4, 4, 2, 2]}, index=rows))
    >>> cube = year_cube(table, 2013, 2015, every_year=False)
    >>> found = reference_years(table, cube, None, None)
    >>> found.activity.tolist(), found.total.tolist()
    ([[6.0, 6.0], [10.0, 6.0]], [12.0, 16.0])
    """
    if given is None:
        activity = np.stack([exact_sums(x.T) for x in cube.x])
        hindrance = first_state(cube.hindrance.T)
        broken = cube.broken.any(axis=0) & (hindrance == REPORTED)
        hindrance = np.where(broken, NOT_APPLICABLE, hindrance)
        total = exact_sums(activity)
        gaps = hindrance[hindrance != REPORTED]
        of_total = int(gaps.min()) if gaps.size else REPORTED
    else:
        absent = [year for year in cube.years if year not in given.index]
        if absent:
            refuse(f"the year {absent[0]} is absent", "Pass the years of the window as rows.", "reference")
        counts(given, "reference")
        every = given.loc[cube.years].to_numpy(dtype=np.float64, na_value=np.nan)
        at = given.columns.get_indexer(table.values.columns)
        activity = np.where(at >= 0, every[:, at], np.nan)
        hindrance = np.where(np.isnan(activity).any(axis=0), NOT_AVAILABLE, REPORTED)
        total = exact_sums(every)
        of_total = NOT_AVAILABLE if np.isnan(every).any() or (at < 0).any() else REPORTED
    if given_totals is not None:
        total = counts_by(given_totals, pd.Index(cube.years), "reference_totals")
        of_total = NOT_AVAILABLE if np.isnan(total).any() else REPORTED
    return ReferenceYears(activity, total, np.where(hindrance == REPORTED, of_total, hindrance))


def region_years(cube: YearCube, given: pd.Series | None) -> RegionYears:
    """The regions' totals in every year of a cube but the last, as given by (region, year) or summed.

    A region of which a cell or total is not known in one of these years has that state as its hindrance; what
    stands as its total then counts published cells only and is not to be used.

    Raises:
        BenchmarkInputError: a total is negative or infinite.

    >>> rows = pd.MultiIndex.from_product([["A", "B"], [2013, 2015]], names=["region", "year"])
    >>> table = ActivityTable.of(pd.DataFrame({"C28": [5, 7, 1, 3], "I55": [4, 4, None, 2]}, index=rows))
    >>> found = region_years(year_cube(table, 2013, 2015, every_year=False), None)
    >>> found.hindrance.tolist(), found.total[:, :1].tolist()  # 3 is not_available
    ([0, 3], [[9.0]])
    """
    x, state = cube.x[:-1], cube.state[:-1]
    if given is None:
        flat = state.reshape(-1, state.shape[2])
        found = first_state(flat).reshape(state.shape[:2])
        total = exact_sums(x.reshape(flat.shape)).reshape(state.shape[:2])
    else:
        rows = pd.MultiIndex.from_product([cube.years[:-1], cube.regions])
        totals = counts_by(given.swaplevel(), rows, "region_totals")
        total = totals.reshape(state.shape[:2])
        found = np.where(np.isnan(total), NOT_AVAILABLE, REPORTED)
    return RegionYears(total, first_state(found.T))


def refuse(what: str, todo: str, where: str = "table") -> NoReturn:
    """Say what cannot be lined up.

    Raises:
        BenchmarkInputError: always.

    >>> refuse("the year 2014 is absent", "Pass all years.", "reference")
    Traceback (most recent call last):
    alp_pipeline.benchmark.cells.BenchmarkInputError: ...reference: the year 2014 is absent. Pass all years.
    """
    raise BenchmarkInputError(what, where=where, todo=todo)


def _over_years(state: IntArray) -> IntArray:
    by_cell = np.moveaxis(state, 0, -1)
    return first_state(by_cell.reshape(-1, by_cell.shape[2])).reshape(by_cell.shape[:2])
