"""Shift-share: what of a change in employment the reference, the activity and the region account for.

Belongs here: the variants, exact closure, what entry, breaks and hidden cells do. Does not: growth rates
(growth), linking across breaks, choosing the reference (the caller: it is part of the result).

Closure is exact, to the last bit: the terms of a cell add up to its change in any order of adding. They are
rounded to a power of two so fine (a relative step of 2^-52 of the largest) that all of them, and every sum of
some of them, are whole multiples of it; the last term is what the others leave of the change. For counts the
change itself stays as it is; for other numbers it is E1 - E0 rounded to the same step.
"""

import math

import numpy as np
import pandas as pd

from alp_pipeline.benchmark.activity_table import UNDETERMINED, ActivityTable, exact_sums, figure_states
from alp_pipeline.benchmark.cells import (
    CELL_STATES,
    NOT_APPLICABLE,
    REPORTED,
    BoolArray,
    FloatArray,
    IntArray,
    numbers_in,
    require_columns,
)
from alp_pipeline.benchmark.inputs import checked
from alp_pipeline.benchmark.year_cube import (
    ReferenceYears,
    RegionYears,
    YearCube,
    reference_years,
    refuse,
    region_years,
    year_cube,
)

VARIANTS = ("classic", "esteban_marquillas", "dynamic", "dynamic_esteban_marquillas")
SHIFT_NOTES = (
    "",
    "year_not_reported",
    "break_in_series",
    "reference_not_known",
    "region_total_not_known",
    "absent_from_reference",
)
NOTHING, UNREPORTED, BREAK, NO_REFERENCE, NO_REGION_TOTAL, ABSENT = range(len(SHIFT_NOTES))
_CLASSIC = ("national_share", "industry_mix", "regional_shift")
_SPLIT = ("national_share", "industry_mix", "competitive_effect", "allocation_effect")
_STATES = (UNDETERMINED, *(state for state in CELL_STATES if state not in ("reported", "confidential")))


@checked
def shift_share(
    table: ActivityTable,
    *,
    first_year: int,
    last_year: int,
    variant: str = "classic",
    reference: pd.DataFrame | None = None,
    reference_totals: pd.Series | None = None,
    region_totals: pd.Series | None = None,
) -> pd.DataFrame:
    """Shift-share of the change of every region × activity from first_year to last_year.

    With E0, E1 a cell's numbers, g the growth of the reference's total and g_c of its activity, g_rc that of
    the cell:

    - classic: E1 - E0 = E0·g (national share) + E0·(g_c - g) (industry mix) + E0·(g_rc - g_c) (regional
      shift).
    - esteban_marquillas: the regional shift splits into HE·(g_rc - g_c) (competitive effect) and
      (E0 - HE)·(g_rc - g_c) (allocation effect), with homothetic employment HE = E_r·E_c / E of the first
      year.
    - dynamic, dynamic_esteban_marquillas: the same from each year to the next, terms summed over the years.

    Where E0 = 0 no growth rate exists: the whole change (of that year) is the term `entry`.

    Args:
        table: rows (region, year), columns activities; persons or another count.
        first_year, last_year: first before last; dynamic variants need every year between.
        reference: years × activities, the reference's totals; the table's own sums when omitted, which are
            not known where a cell is not, and not comparable where one carries a break.
        reference_totals: by year, the reference's total; the sum of all that `reference` has when omitted.
        region_totals: by row of the table, E_r as published; the row sums when omitted (they are needed for
            the Esteban-Marquillas split alone).

    Returns:
        One row per region × activity, in the order of the table: region, activity, first_year, last_year,
        variant, first_value, last_value, change, the variant's terms, entry (all in the unit of the table),
        state, note. Terms add up to change exactly. Without a number in a year, or with a break flag `b`
        after the first year, there are no terms: the state says why (`undetermined` where a cell is
        confidential, `not_applicable` for a break); the change is not given either.

    Raises:
        BenchmarkInputError: rows without years, an empty window, a year that is not there, an unknown
            variant, a reference without one of the years.

    Sources: Dunn (1960), Papers of the Regional Science Association 6; Esteban-Marquillas (1972), Regional
    and Urban Economics 2(3); Barff & Knight (1988), Growth and Change 19(2) for the dynamic form.

    >>> rows = pd.MultiIndex.from_product([["A", "B"], [2013, 2014]], names=["region", "year"])
    >>> jobs = pd.DataFrame({"C28": [100, 130, 100, 90], "I55": [100, 100, 100, 120]}, index=rows)
    >>> table = ActivityTable.of(jobs)
    >>> found = shift_share(table, first_year=2013, last_year=2014)
    >>> found[["change", "national_share", "industry_mix", "regional_shift", "entry"]].values[0].tolist()
    [30.0, 10.0, 0.0, 20.0, 0.0]
    """
    if variant not in VARIANTS:
        refuse(f"the variant is {variant!r}", f"Use one of {', '.join(VARIANTS)}.")
    dynamic, split = variant.startswith("dynamic"), variant.endswith("esteban_marquillas")
    cube = year_cube(table, first_year, last_year, every_year=dynamic)
    against = reference_years(table, cube, reference, reference_totals)
    totals = region_years(cube, region_totals) if split else None
    terms, note, hindrance = _terms(cube, against, totals)
    given = note == NOTHING
    change = np.where(given, cube.x[-1] - cube.x[0], np.nan)
    change, (entry, *parts) = closing(change, [np.where(given, term, np.nan) for term in terms])
    names = _SPLIT if split else _CLASSIC
    return pd.DataFrame(
        {
            "region": cube.regions.repeat(len(cube.activities)),
            "activity": np.tile(cube.activities, len(cube.regions)),
            "first_year": first_year,
            "last_year": last_year,
            "variant": variant,
            "first_value": cube.x[0].ravel(),
            "last_value": cube.x[-1].ravel(),
            "change": change.ravel(),
            **{name: part.ravel() for name, part in zip(names, parts, strict=True)},
            "entry": entry.ravel(),
            "state": figure_states(hindrance.ravel()),
            "note": pd.Index(SHIFT_NOTES).take(note.ravel()),
        }
    )


@checked
def sum_by_region(found: pd.DataFrame) -> pd.DataFrame:
    """A region's shift-share: the sums of its cells' terms, closing exactly.

    Args:
        found: the result of `shift_share`.

    Returns:
        One row per region, sorted: region, the summed columns, cells_without, state. With a cell without
        terms the region has none either (`undetermined` if one is confidential, else its state): a sum
        without it would take it for unchanged.

    Raises:
        BenchmarkInputError: a column is absent or holds text.

    >>> rows = pd.MultiIndex.from_product([["A", "B"], [2013, 2014]], names=["region", "year"])
    >>> jobs = pd.DataFrame({"C28": [100, 130, 100, 90], "I55": [100, 100, 100, 120]}, index=rows)
    >>> table = ActivityTable.of(jobs)
    >>> by_region = sum_by_region(shift_share(table, first_year=2013, last_year=2014))
    >>> by_region[["region", "change", "national_share", "regional_shift"]].values.tolist()
    [['A', 30.0, 20.0, 10.0], ['B', 10.0, 20.0, -10.0]]
    """
    require_columns(found, ("region", "state", "first_value", "last_value", "change", "entry"), "found")
    terms = [name for name in (*_CLASSIC, *_SPLIT[2:]) if name in found]
    region, regions = pd.factorize(found["region"], sort=True)
    order = np.argsort(region, kind="stable")
    ends = np.cumsum(np.bincount(region, minlength=len(regions)))[:-1]
    states = pd.Index(("reported", *_STATES)).get_indexer(pd.Index(found["state"]))
    # The first of _STATES that one of the region's cells has.
    firsts = [part[part > 0].min(initial=len(_STATES) + 1) for part in np.split(states[order], ends)]
    first = np.array(firsts, dtype=np.int64)
    lacking = first <= len(_STATES)
    sums = {}
    for name in ("first_value", "last_value", "change", "entry", *terms):
        column = np.where(lacking[region], np.nan, numbers_in(found[name], "found"))
        sums[name] = np.array([math.fsum(part.tolist()) for part in np.split(column[order], ends)])
    change, closed = closing(sums["change"], [sums[name] for name in ("entry", *terms)])
    return pd.DataFrame(
        {
            "region": regions,
            "first_value": sums["first_value"],
            "last_value": sums["last_value"],
            "change": change,
            **dict(zip(terms, closed[1:], strict=True)),
            "entry": closed[0],
            "cells_without": np.bincount(region[states != 0], minlength=len(regions)),
            "state": pd.Index(("reported", *_STATES)).take(np.where(lacking, first, 0)),
        }
    )


def closing(change: FloatArray, parts: list[FloatArray]) -> tuple[FloatArray, list[FloatArray]]:
    """Round change and parts so that the parts add up to the change exactly, in any order.

    The last part is what the others leave.

    >>> change, parts = closing(np.array([1.0]), [np.array([1 / 3]), np.array([0.1]), np.array([0.0])])
    >>> parts[0] + parts[1] + parts[2] == change == 1.0
    array([ True])
    """
    first = parts[:-1]
    last = change - sum(first)
    scale = np.abs(change) + np.abs(last) + sum(np.abs(part) for part in first)
    _, exponent = np.frexp(np.where(np.isfinite(scale), scale, 0.0))
    step = np.ldexp(1.0, np.maximum(exponent - 52, -1022))
    change = np.round(change / step) * step
    rounded = [np.round(part / step) * step for part in first]
    return change, [*rounded, change - sum(rounded)]


def _terms(
    cube: YearCube, against: ReferenceYears, totals: RegionYears | None
) -> tuple[list[FloatArray], IntArray, IntArray]:
    """Entry and the variant's terms of every cell; why there are none, and the state that this gives."""
    steps = [_step(cube, against, totals, step) for step in range(len(cube.x) - 1)]
    shape = cube.x.shape[1:]
    terms = [
        exact_sums(np.stack([part.ravel() for part in parts], axis=1)).reshape(shape)
        for parts in zip(*steps, strict=True)
    ]
    every_part = np.isfinite(np.stack([part for step in steps for part in step]))
    absent: BoolArray = np.logical_not(every_part.all(axis=0))
    of_region = np.full((shape[0], 1), REPORTED) if totals is None else totals.hindrance[:, None]
    checks: list[tuple[BoolArray, int, IntArray]] = [
        (cube.hindrance != REPORTED, UNREPORTED, cube.hindrance),
        (cube.broken, BREAK, np.full(shape, NOT_APPLICABLE)),
        (against.hindrance != REPORTED, NO_REFERENCE, against.hindrance),
        (of_region != REPORTED, NO_REGION_TOTAL, of_region),
        (absent, ABSENT, np.full(shape, NOT_APPLICABLE)),
    ]
    note = np.select(
        [np.broadcast_to(met, shape) for met, _, _ in checks], [n for _, n, _ in checks], NOTHING
    )
    hindrance = np.select(
        [note == n for _, n, _ in checks], [np.broadcast_to(state, shape) for _, _, state in checks], REPORTED
    )
    return terms, note, hindrance


def _step(cube: YearCube, against: ReferenceYears, totals: RegionYears | None, step: int) -> list[FloatArray]:
    """Entry and the terms from one year of the cube to the next."""
    before, after = cube.x[step], cube.x[step + 1]
    base, later = against.activity[step], against.activity[step + 1]
    whole, whole_later = against.total[step], against.total[step + 1]
    with np.errstate(divide="ignore", invalid="ignore"):
        national = before * (whole_later - whole) / whole
        mix = before * (later - base) / base - national
        shift = (after - before) - national - mix
        parts = [national, mix, shift]
        if totals is not None:
            homothetic = totals.total[step][:, None] * base / whole
            competitive = homothetic * shift / before
            parts = [national, mix, competitive, shift - competitive]
    new = before == 0
    return [np.where(new, after, 0.0), *(np.where(new, 0.0, part) for part in parts)]
