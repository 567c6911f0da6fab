"""Specialisation of regional activities in the warehouse's long form: quotient, shares, growth, stars.

Belongs here: joining cells with published totals, the statistics, what is said where there is none.
Does not: where the totals come from (totals), star rules (stars), ranks within a perimeter (ranks).
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from alp_pipeline.benchmark.cells import (
    CELL_STATES,
    CONFIDENTIAL,
    NOT_APPLICABLE,
    NOT_AVAILABLE,
    REPORTED,
    BenchmarkInputError,
    BoolArray,
    Cells,
    FloatArray,
    IntArray,
    numbers_in,
    ordered_cells,
    positions,
    require_columns,
    state_numbers,
    whole_years,
)
from alp_pipeline.benchmark.growth import annual_growth
from alp_pipeline.benchmark.inputs import checked
from alp_pipeline.benchmark.location_quotient import quotient_of_products
from alp_pipeline.benchmark.stars import (
    AFTER_OBSERVATORY_2007_12,
    CRITERIA,
    UNDETERMINED,
    VERDICTS,
    YES,
    StarScheme,
    verdicts,
)

_REGION_TOTALS = ("region_code", "year", "region_total", "region_total_state", "region_hidden_cells")
_REFERENCE = (
    "activity_code",
    "year",
    "reference_activity_total",
    "reference_hidden_cells",
    "reference_total",
    "reference_total_hidden_cells",
)


@dataclass(frozen=True)
class _Total:
    """A total beside each cell: its value (NaN unless reported), its state, the cells that it lacks."""

    value: FloatArray
    state: IntArray
    lacks: dict[str, pd.Series]


@checked
def specialisation(
    cells: pd.DataFrame,
    region_totals: pd.DataFrame,
    reference: pd.DataFrame,
    *,
    scheme: StarScheme = AFTER_OBSERVATORY_2007_12,
) -> pd.DataFrame:
    """Specialisation of every region × activity × year that is passed in.

    Totals are taken as published. What they lack is counted beside the quotient and not guessed: where the
    region's or the activity's total lacks cells, the true quotient is at most the one given; where the
    reference's total lacks some, it is at least that.

    Args:
        cells: region_code, activity_code, year, value (persons, or another unit of count), cell_state and
            obs_status: one row per cell of **all** regions of one level that stars are judged among, leaving
            out codes that are not regions (extra-regio `…ZZ`, codes of another NUTS version).
        region_totals: region_code, year, region_total, region_total_state, region_hidden_cells
            (`totals.region_totals`).
        reference: activity_code, year, reference_activity_total, reference_hidden_cells, reference_total,
            reference_total_hidden_cells; from published country rows (`totals.reference_totals`). With
            reference_state and reference_total_state a total that is not reported says why.
        scheme: the star rules; `StarCriterion` says how universe, zeros, ties and hidden rivals are meant.

    Returns:
        One row per cell in the order of (region_code, activity_code, year):

        - value, cell_state, obs_status: as passed in; value only where reported.
        - location_quotient (dimensionless) and location_quotient_state: `reported`, else the state of the
          first of cell, region total and reference that is not; `not_applicable` where a total is zero.
        - size_share_pct: per cent of the reference's activity; focus_pct: per cent of the region's total;
          size_share_state and focus_state: as of the quotient, from the cell and that total.
        - growth_pct, growth_state, growth_note: see `growth.annual_growth`.
        - star_size, star_specialisation, star_focus: yes, no or undetermined; stars_min, stars_max (Int8):
          stars certain, stars possible. All null where the cell is neither reported nor confidential; a star
          also for a criterion that the scheme lacks.
        - regions_reported, regions_confidential: of the activity and year, among the regions passed in.
        - region_total, reference_activity_total and reference_total as used (null where there is none), each
          followed by its two counts: region_hidden_cells and region_missing_cells, reference_… and
          reference_total_… (the counts of missing cells are null where the input has no such column).

    Raises:
        BenchmarkInputError: a column is absent, a key twice, a state unknown, a reported cell no number; a
            criterion of the scheme needs more than employment (`strength.cluster_strength` takes such).

    Source: location quotient: Isserman (1977); stars: after the European Cluster Observatory, 2007-12.

    >>> cells = pd.DataFrame({"region_code": ["AT33", "AT34"], "activity_code": "I55", "year": 2014,
    ...     "value": [30_000, None], "cell_state": ["reported", "confidential"], "obs_status": ""})
    >>> totals = pd.DataFrame({"region_code": ["AT33", "AT34"], "year": 2014, "region_total": [200e3, 100e3],
    ...     "region_total_state": "reported", "region_hidden_cells": 0})
    >>> reference = pd.DataFrame({"activity_code": ["I55"], "year": 2014, "reference_activity_total": [2.5e6],
    ...     "reference_hidden_cells": 0, "reference_total": [125e6], "reference_total_hidden_cells": 1})
    >>> table = specialisation(cells, totals, reference)
    >>> table[["location_quotient", "location_quotient_state", "focus_pct"]].values.tolist()
    [[7.5, 'reported', 15.0], [nan, 'confidential', nan]]
    >>> table[["star_specialisation", "stars_min", "stars_max"]].values.tolist()
    [['yes', 1, 1], ['undetermined', 0, 3]]
    """
    _require_computable(scheme)
    known = ordered_cells(cells)
    region, activity, whole = _totals(known, region_totals, reference)
    quotient, quotient_state = _quotient(known, region, activity, whole)
    focus = _percent(known.value, region.value)
    group = _activity_years(known)
    frame = known.keys()
    frame["value"] = known.value
    frame["cell_state"] = _states(known.state)
    frame["obs_status"] = known.obs_status
    frame["location_quotient"] = quotient
    frame["location_quotient_state"] = _states(quotient_state)
    for name, share, total in (
        ("size_share", _percent(known.value, activity.value), activity),
        ("focus", focus, region),
    ):
        frame[f"{name}_pct"] = share
        frame[f"{name}_state"] = _states(_first_state(known, (total,), share))
    statistics = {"size": known.value, "specialisation": quotient, "focus": focus}
    counts = {
        "regions_reported": _count(group, known.state == REPORTED),
        "regions_confidential": _count(group, known.state == CONFIDENTIAL),
        "region_total": region.value,
        **region.lacks,
        "reference_activity_total": activity.value,
        **activity.lacks,
        "reference_total": whole.value,
        **whole.lacks,
    }
    return pd.concat(
        [frame, annual_growth(known), _stars(known, statistics, group, scheme), pd.DataFrame(counts)], axis=1
    )


def _require_computable(scheme: StarScheme) -> None:
    for criterion in scheme.criteria:
        other = criterion.statistic or criterion.role != "star" or criterion.criterion not in CRITERIA
        if other or criterion.rule not in ("quantile", "threshold"):
            raise BenchmarkInputError(
                f"the criterion {criterion.criterion} is not judged by employment alone",
                where=f"star scheme {scheme.scheme_id}",
                todo="Use strength.cluster_strength, which takes any statistic.",
            )


def _totals(
    known: Cells, region_totals: pd.DataFrame, reference: pd.DataFrame
) -> tuple[_Total, _Total, _Total]:
    """The region's, the activity's and the whole reference's total beside every cell."""
    require_columns(region_totals, _REGION_TOTALS, "region_totals")
    require_columns(reference, _REFERENCE, "reference")
    at_region = _rows(known.region, known.region_codes, known.year, region_totals, "region_totals")
    at_reference = _rows(known.activity, known.activity_codes, known.year, reference, "reference")
    given = _numbers(region_totals["region_total"])
    state = state_numbers(region_totals["region_total_state"], "region_totals")
    state = np.where((state == REPORTED) & np.isnan(given), NOT_AVAILABLE, state)
    region = _beside(at_region, given, state, region_totals, "region")
    activity, whole = (
        _beside(
            at_reference, _numbers(reference[total]), _reference_state(reference, total, of), reference, of
        )
        for total, of in (
            ("reference_activity_total", "reference"),
            ("reference_total", "reference_total"),
        )
    )
    return region, activity, whole


def _rows(code: IntArray, codes: pd.Index, years: IntArray, table: pd.DataFrame, where: str) -> IntArray:
    """The row of `table` (first key column: a code; second: year) for each cell, -1 for none."""
    column = "region_code" if where == "region_totals" else "activity_code"
    table_codes = pd.Index(table[column], dtype="str")
    table_years = whole_years(table["year"], where)
    # Rows of codes and years that no cell has are numbered after those: checked, never looked up.
    every_code = codes.append(table_codes.unique().difference(codes))
    every_year = np.union1d(years, table_years)
    table_key = every_code.get_indexer(table_codes) * every_year.size + np.searchsorted(
        every_year, table_years
    )
    return positions(code * every_year.size + np.searchsorted(every_year, years), table_key, where)


def _beside(at: IntArray, value: FloatArray, state: IntArray, table: pd.DataFrame, of: str) -> _Total:
    """A table's total, its state and its counts of what it lacks, at each cell's row of it."""
    # A last row without a total, which -1 points at.
    state_there = np.append(state, NOT_AVAILABLE)[at]
    there = np.where(state_there == REPORTED, np.append(value, np.nan)[at], np.nan)
    lacks = {}
    for name in (f"{of}_hidden_cells", f"{of}_missing_cells"):
        counts = _numbers(table[name]) if name in table else np.full(len(table), np.nan)
        lacks[name] = pd.Series(np.append(counts, np.nan)[at]).astype("Int64")
    return _Total(there, state_there, lacks)


def _reference_state(reference: pd.DataFrame, total: str, of: str) -> IntArray:
    """A published total is reported; without one, or with nothing but hidden cells, it says why.

    What the table itself says of a total goes first.
    """
    value = _numbers(reference[total])
    hidden = _numbers(reference[f"{of}_hidden_cells"]) > 0
    empty = np.isnan(value) | ((value == 0) & hidden)
    state = np.where(empty, np.where(hidden, CONFIDENTIAL, NOT_AVAILABLE), REPORTED)
    if f"{of}_state" not in reference:
        return state
    given = state_numbers(reference[f"{of}_state"], "reference")
    return np.where(given == REPORTED, state, given)


def _quotient(known: Cells, region: _Total, activity: _Total, whole: _Total) -> tuple[FloatArray, IntArray]:
    quotient = quotient_of_products(known.value, region.value, activity.value, whole.value)
    return quotient, _first_state(known, (region, activity, whole), quotient)


def _first_state(known: Cells, totals: Iterable[_Total], figure: FloatArray) -> IntArray:
    """The first state of cell and totals that is not reported; not applicable where a total is zero."""
    state = known.state
    for total in totals:
        state = np.where(state == REPORTED, total.state, state)
    return np.where((state == REPORTED) & np.isnan(figure), NOT_APPLICABLE, state)


def _stars(
    known: Cells, statistics: dict[str, FloatArray], activity_year: IntArray, scheme: StarScheme
) -> pd.DataFrame:
    _, year = np.unique(known.year, return_inverse=True)
    judged = {}
    for name in CRITERIA:
        if criterion := scheme.criterion(name):
            group = activity_year if criterion.among == "regions" else year
            judged[name] = verdicts(criterion, statistics[name], known.value, known.state, group)
    unjudged = (known.state != REPORTED) & (known.state != CONFIDENTIAL)
    stars = pd.DataFrame(index=range(known.year.size))
    for name in CRITERIA:
        words = pd.Index(VERDICTS).take(judged[name]) if name in judged else None
        stars[f"star_{name}"] = pd.Series(words, index=stars.index, dtype="str").mask(unjudged)
    found = np.stack(list(judged.values()))
    for name, least in (("stars_min", YES), ("stars_max", UNDETERMINED)):
        count = (found >= least).sum(axis=0).astype(np.int8)
        stars[name] = pd.arrays.IntegerArray(count, unjudged)
    return stars


def _activity_years(known: Cells) -> IntArray:
    years, year = np.unique(known.year, return_inverse=True)
    return known.activity * len(years) + year


def _count(group: IntArray, mask: BoolArray) -> IntArray:
    return np.bincount(group[mask], minlength=int(group.max(initial=0)) + 1)[group]


def _percent(part: FloatArray, total: FloatArray) -> FloatArray:
    share = np.full(part.shape, np.nan)
    np.divide(100.0 * part, total, out=share, where=total > 0)
    return share


def _states(numbers: IntArray) -> pd.Index:
    return pd.Index(CELL_STATES).take(numbers)


def _numbers(column: pd.Series) -> FloatArray:
    value = numbers_in(column, "totals")
    if np.isinf(value).any():
        raise BenchmarkInputError(
            f"the column {column.name} holds an infinite number",
            where="totals",
            todo="Pass finite counts, and nothing where there is none.",
        )
    return value
