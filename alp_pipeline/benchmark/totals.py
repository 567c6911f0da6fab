"""Totals from published cells, with what they lack counted beside them.

Belongs here: the reference territory's totals from its countries' rows, a region's total from its sections.
Does not: which countries or sections (catalogue), filling what is hidden, remainders of any kind.
"""

import math
from collections.abc import Collection, Mapping
from typing import Any

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
    ordered_cells,
    require_columns,
)
from alp_pipeline.benchmark.inputs import checked
from alp_pipeline.benchmark.missing_weight import Gaps

Parts = Mapping[str, Collection[str]]
"""The activities that add up to all activities, each with the activities that it is made of (may be none)."""


@checked
def reference_totals(cells: pd.DataFrame, *, members: Collection[str], parts: Parts) -> pd.DataFrame:
    """Totals of a reference territory from its members' published rows (countries, not visible regions).

    Regions are hidden far more often than countries: in Eurostat's regional SBS of 2014 the visible NUTS-2
    regions hold 25 % of C12 and 87 % of C21. What no member publishes is not guessed: a total is the sum of
    the reported cells, and the cells it lacks are counted.

    Args:
        cells: long cells (region_code = the member's code, activity_code, year, value, cell_state).
        members: the members' codes; rows of others are ignored, a member without a row counts as missing.
        parts: what the total of all activities is made of, see `region_totals`.

    Returns:
        One row per activity × year, sorted: activity_code, year, reference_activity_total (NaN where no
        member reports), reference_state (`reported`, else `confidential` or `not_available`),
        reference_missing_pct and reference_missing_state (how much members weigh whose cell is missing for
        another reason than confidentiality, and why: see `missing_weight`), reference_hidden_cells (members
        confidential), reference_missing_cells (members missing, `not_applicable` excepted); reference_total
        and the same five of it, reference_total_…, over members × parts.

    Raises:
        BenchmarkInputError: see `ordered_cells`.

    >>> cells = pd.DataFrame({"region_code": ["AT", "MT"], "activity_code": ["C", "C"], "year": 2014,
    ...                       "value": [90, None], "cell_state": ["reported", "confidential"]})
    >>> found = reference_totals(cells, members=["AT", "MT", "CY"], parts={"C": []})
    >>> columns = ["reference_state", "reference_hidden_cells", "reference_missing_cells"]
    >>> found[columns].values.tolist()
    [['reported', 1, 1]]
    """
    require_columns(cells, ("region_code",), "cells")
    known = ordered_cells(cells[cells["region_code"].isin(set(members))])
    years, year = np.unique(known.year, return_inverse=True)
    everything = np.ones(year.size, dtype=np.bool_)
    groups = known.activity * len(years) + year
    table = _table(known, groups, len(known.activity_codes) * len(years), everything, everything)
    whole = _table(known, year, len(years), *_parts(known, parts))
    at = np.arange(len(table)) % len(years)
    expected = len(set(members))
    gaps = Gaps.of(known, len(years), year, list(parts))
    columns: dict[str, Any] = {
        "activity_code": known.activity_codes.take(np.arange(len(table)) // len(years)),
        "year": years[at],
    }
    for of, total, sums, (share, reason), most_cells in (
        ("reference", "reference_activity_total", table, gaps.of_activities(), expected),
        ("reference_total", "reference_total", whole.iloc[at], gaps.of_all(at), expected * len(parts)),
    ):
        number, hidden = sums["total"].to_numpy(), sums["hidden"].to_numpy()
        nothing = np.isnan(number) | ((number == 0) & (hidden > 0))
        state = np.where(nothing, np.where(hidden > 0, CONFIDENTIAL, NOT_AVAILABLE), REPORTED)
        columns |= {
            total: number,
            f"{of}_state": pd.Index(CELL_STATES).take(state),
            f"{of}_missing_pct": share,
            f"{of}_missing_state": pd.Index(CELL_STATES).take(reason),
            f"{of}_hidden_cells": hidden,
            f"{of}_missing_cells": most_cells - sums["accounted"].to_numpy(),
        }
    frame = pd.DataFrame(columns)
    return frame[(table["rows"] > 0).to_numpy()].reset_index(drop=True)


@checked
def region_totals(cells: pd.DataFrame, *, parts: Parts) -> pd.DataFrame:
    """Each region's total from the published cells that add up to it.

    The total is the sum of the parts (sections, say). Where a part is not reported, those activities that it
    is made of (its divisions) and that are published stand in for it, so that the total is never smaller
    than what the region publishes: in 2014 Berlin's manufacturing is hidden as a section and a tenth of its
    employment is published by division.

    Args:
        cells: long cells (region_code, activity_code, year, value, cell_state).
        parts: the activities that add up to all activities, each with those that it is made of.

    Returns:
        One row per region × year, sorted: region_code, year, region_total (NaN where nothing is reported),
        region_total_state (`reported` where a number is in it; else the first state, in the order of
        CELL_STATES, that one of its parts has; `not_available` without any), region_missing_pct and
        region_missing_state (how much the parts weigh that are missing for another reason than
        confidentiality, and why: see `missing_weight`), region_hidden_cells (parts
        confidential, of which the total holds no more than what stands in), region_missing_cells (parts
        lacking for another reason, `not_applicable` excepted).

    Raises:
        BenchmarkInputError: see `ordered_cells`; or an activity belongs to two parts.

    >>> cells = pd.DataFrame({"region_code": "DE30", "activity_code": ["C", "C10", "I"], "year": 2014,
    ...     "value": [None, 20, 70], "cell_state": ["confidential", "reported", "reported"]})
    >>> found = region_totals(cells, parts={"C": ["C10", "C28"], "I": []})
    >>> found.drop(columns="region_missing_state").values.tolist()
    [['DE30', 2014, 90.0, 'reported', 0.0, 1, 0]]
    """
    known = ordered_cells(cells)
    years, year = np.unique(known.year, return_inverse=True)
    group = known.region * len(years) + year
    is_part, used = _parts(known, parts)
    table = _table(known, group, len(known.region_codes) * len(years), is_part, used)
    state = np.full(len(table), len(CELL_STATES), dtype=np.int64)
    np.minimum.at(state, group[is_part], known.state[is_part])
    state[state == len(CELL_STATES)] = NOT_AVAILABLE  # no part has a row
    state[table["total"].notna()] = REPORTED
    missing, reason = Gaps.of(known, len(years), year, list(parts)).of_members()
    frame = pd.DataFrame(
        {
            "region_code": known.region_codes.take(np.arange(len(table)) // len(years)),
            "year": years[np.arange(len(table)) % len(years)],
            "region_total": table["total"],
            "region_total_state": pd.Index(CELL_STATES).take(state),
            "region_missing_pct": missing,
            "region_missing_state": pd.Index(CELL_STATES).take(reason),
            "region_hidden_cells": table["hidden"],
            "region_missing_cells": len(parts) - table["accounted"],
        }
    )
    return frame[(table["rows"] > 0).to_numpy()].reset_index(drop=True)


def _parts(known: Cells, parts: Parts) -> tuple[BoolArray, BoolArray]:
    """Which cells are parts, and which make up the total: parts, or what stands in for them."""
    for name, inside in parts.items():
        if isinstance(inside, str) or not isinstance(inside, Collection):
            raise BenchmarkInputError(
                f"{name} has {inside!r}, no list", where="parts", todo="Pass the activities inside each part."
            )
    names = [name for part, inside in parts.items() for name in (part, *inside)]
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise BenchmarkInputError(
            f"{twice} is counted twice", where="parts", todo="Let every activity belong to one part."
        )
    numbers = {name: n for n, (part, inside) in enumerate(parts.items()) for name in (part, *inside)}
    part_of = np.array([numbers.get(code, -1) for code in known.activity_codes], dtype=np.int64)
    part = part_of[known.activity]
    is_part = known.activity_codes.isin(list(parts))[known.activity]
    years, year = np.unique(known.year, return_inverse=True)
    place = (known.region * len(years) + year) * len(parts) + part
    covered = np.zeros(len(known.region_codes) * len(years) * len(parts), dtype=np.bool_)
    covered[place[is_part & (known.state == REPORTED)]] = True
    used = is_part.copy()
    stands_in = (part >= 0) & ~is_part
    used[stands_in] = ~covered[place[stands_in]]
    return is_part, used


def _table(known: Cells, group: IntArray, groups: int, counted: BoolArray, summed: BoolArray) -> pd.DataFrame:
    """Per group: the sum over `summed`; hidden and accounted-for cells among `counted`; rows at all."""

    def count(mask: BoolArray) -> IntArray:
        return np.bincount(group[mask], minlength=groups)

    hidden = counted & (known.state == CONFIDENTIAL)
    settled = counted & ((known.state == REPORTED) | (known.state == NOT_APPLICABLE))
    return pd.DataFrame(
        {
            "total": _group_sums(known.value, group, groups, summed & (known.state == REPORTED)),
            "hidden": count(hidden),
            "accounted": count(hidden | settled),
            "rows": count(np.ones(group.size, dtype=np.bool_)),
        }
    )


def _group_sums(value: FloatArray, group: IntArray, groups: int, summed: BoolArray) -> FloatArray:
    """Exactly rounded sum of the chosen numbers of each group; NaN for a group without one."""
    chosen = np.flatnonzero(summed)
    order = chosen[np.argsort(group[chosen], kind="stable")]
    ends = np.cumsum(np.bincount(group[order], minlength=groups))
    sums = [math.fsum(part) if part.size else math.nan for part in np.split(value[order], ends[:-1])]
    return np.array(sums[:groups], dtype=np.float64)
