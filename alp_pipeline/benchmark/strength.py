"""Cluster strength by any scheme: stars, nodes, grades, and what a scheme leaves unjudged for want of data.

Belongs here: judging all criteria of a scheme on regional activities, combined ranks, three-point scales.
Does not: the rules of one criterion (stars), the statistics from employment (specialisation), the schemes
themselves (rows of the catalogue).
"""

from collections.abc import Hashable, Mapping, Sequence

import numpy as np
import pandas as pd

from alp_pipeline.benchmark.cells import (
    CONFIDENTIAL,
    REPORTED,
    BenchmarkInputError,
    BoolArray,
    FloatArray,
    IntArray,
    numbers_in,
    require_columns,
    state_numbers,
)
from alp_pipeline.benchmark.inputs import checked
from alp_pipeline.benchmark.ranks import places
from alp_pipeline.benchmark.stars import UNDETERMINED, VERDICTS, YES, StarCriterion, StarScheme, verdicts

UNJUDGED = "not_available"
OWN_STATISTICS = {"size": "value", "specialisation": "location_quotient", "focus": "focus_pct"}
_KEYS = ["region_code", "activity_code", "year"]


@checked
def cluster_strength(cells: pd.DataFrame, scheme: StarScheme) -> pd.DataFrame:
    """Every criterion of a scheme on every regional activity, and what they add up to.

    Args:
        cells: region_code, activity_code, year, value (persons), cell_state, one row per cell of **all**
            regions that are judged among, and a column per statistic that the scheme names (for the three
            criteria that follow from employment `value`, `location_quotient` and `focus_pct`, as of
            `specialisation`). NaN where a statistic is unknown.
        scheme: the criteria. One whose statistic has no column, or whose figure is unpublished, is not
            judged: it gives no star for certain, may give one, and counts as unjudged.

    Returns:
        One row per cell, in the order of (region_code, activity_code, year):

        - judged_<criterion> for stars and grades, node_<criterion> for nodes: yes, no, undetermined or
          not_available; null where the cell is neither reported nor confidential, as is all that follows.
        - stars_min, stars_max: stars certain, stars possible; an unjudged criterion may be met, so it counts
          in the maximum. In a scheme with nodes both are 0 for a cell that is certainly none, and the least
          is for one that may be none.
        - grade_min, grade_max: the same count for criteria of role `grade`.
        - is_node: the verdicts of role `node` together; yes where the scheme has none.
        - unjudged: how many criteria were not.

    Raises:
        BenchmarkInputError: a column is absent, a key twice, a state unknown.

    >>> cells = pd.DataFrame({"region_code": ["AT33", "ITC4"], "activity_code": "I55", "year": 2014,
    ...     "value": [30e3, 20e3], "cell_state": "reported", "location_quotient": [5.1, 0.4]})
    >>> scheme = StarScheme("panorama", "2014", (
    ...     StarCriterion("specialisation", "threshold", 1.5),
    ...     StarCriterion("productivity", "quantile", 0.2, statistic="wage_eur", needs=("wages",))))
    >>> found = cluster_strength(cells, scheme)
    >>> found[["judged_specialisation", "judged_productivity", "stars_max"]].values.tolist()
    [['yes', 'not_available', 2], ['no', 'not_available', 1]]
    """
    require_columns(cells, (*_KEYS, "value", "cell_state"), "cells")
    known = cells.sort_values(_KEYS, kind="stable", ignore_index=True)
    if known.duplicated(_KEYS).any():
        twice = known.loc[known.duplicated(_KEYS), _KEYS].iloc[0].tolist()
        raise BenchmarkInputError(
            f"the cell {' × '.join(map(str, twice))} appears more than once",
            where="cells",
            todo="Pass it once.",
        )
    state = state_numbers(known["cell_state"], "cells")
    unjudged_cell = (state != REPORTED) & (state != CONFIDENTIAL)
    criteria = [criterion for criterion in scheme.criteria if criterion.role != "companion"]
    judged = {criterion: _judged(criterion, known, state) for criterion in criteria}
    found = known[_KEYS].copy()
    for criterion, verdict in judged.items():
        words = UNJUDGED if verdict is None else pd.Index(VERDICTS).take(verdict)
        name = f"{'node' if criterion.role == 'node' else 'judged'}_{criterion.criterion}"
        found[name] = pd.Series(words, index=found.index, dtype="str").mask(unjudged_cell)
    node = _node(judged, len(found))
    stars, grades = (_counts(judged, role, len(found)) for role in ("star", "grade"))
    lacking = sum(verdict is None for verdict in judged.values())
    for name, (least, most) in (("stars", stars), ("grade", grades)):
        found[f"{name}_min"] = _masked(np.where(node == YES, least, 0), unjudged_cell)
        found[f"{name}_max"] = _masked(np.where(node >= UNDETERMINED, most, 0), unjudged_cell)
    found["is_node"] = pd.Series(pd.Index(VERDICTS).take(node), index=found.index, dtype="str").mask(
        unjudged_cell
    )
    found["unjudged"] = _masked(np.full(len(found), lacking), unjudged_cell)
    return found


@checked
def average_rank(values: Sequence[pd.Series], group: pd.Series) -> pd.Series:
    """Minus the mean of the places that each unit has by several statistics within its group.

    As a statistic of a criterion it is greater for the stronger. A unit has places only where all of its
    statistics are known, and it is placed among such units: hidden ones may stand anywhere, so use it with
    criteria whose `hidden_rivals` are `left_out`.

    Args:
        values: the statistics, greatest first, indexed alike; NaN where unknown.
        group: what a place is within (one activity and year).

    Returns:
        Indexed as the first, NaN where a statistic is.

    Source: Ketels & Protsiv (2014), Methodology and Findings Report for a Cluster Mapping of Related Sectors
    (`to verify`: the report was not read).

    >>> persons, units = pd.Series([90.0, 50.0, None]), pd.Series([3.0, 8.0, 9.0])
    >>> average_rank([persons, units], pd.Series([0, 0, 0])).tolist()
    [-1.5, -1.5, nan]
    """
    if not values or not all(isinstance(one, pd.Series) and len(one) == len(group) for one in values):
        raise BenchmarkInputError(
            "they are not series as long as the group", where="values", todo="Pass a Series per statistic."
        )
    numbers = np.stack([numbers_in(series, "values") for series in values])
    known: BoolArray = np.logical_not(np.isnan(numbers).any(axis=0))
    codes = pd.factorize(group)[0].astype(np.int64)
    sums = sum(places(row, codes, known)[0] for row in numbers)
    return pd.Series(np.where(known, -sums / len(numbers), np.nan), index=values[0].index)


@checked
def point_scale(
    values: pd.Series,
    *,
    words: Sequence[str] = ("low", "medium", "high"),
    parents: Mapping[Hashable, Hashable] | None = None,
    parent_values: pd.Series | None = None,
) -> pd.DataFrame:
    """A scale of equal parts, the bottom third low and the top third high; a parent's value where none is.

    A unit at place p of n (the greatest first; equals share the best place) is in the top part when p <= n/3,
    in the next when p <= 2n/3, and so on, in whole numbers.

    Args:
        values: by unit, NaN where missing.
        words: the parts, from the bottom.
        parents: the superordinate unit (NUTS 1) of each unit; its value stands in for a missing one.
        parent_values: by superordinate unit.

    Returns:
        Indexed as `values`: value, is_inherited, scale (null where there is no value).

    Source: European Cluster Observatory, methodology page, companion indicators.

    >>> scale = point_scale(pd.Series({"ITC4": 0.5, "ITH1": None, "AT33": 0.6, "SI03": 0.2}),
    ...                     parents={"ITH1": "ITH"}, parent_values=pd.Series({"ITH": 0.4}))
    >>> scale["scale"].to_dict(), scale["is_inherited"].tolist()
    ({'ITC4': 'medium', 'ITH1': 'low', 'AT33': 'high', 'SI03': 'low'}, [False, True, False, False])
    """
    if not words:
        raise BenchmarkInputError("there are no parts", where="words", todo="Name the parts.")
    own = numbers_in(values, "values")
    if parent_values is not None:
        numbers_in(parent_values, "parent_values")
    given = {} if parent_values is None else parent_values.dropna().to_dict()
    of_parent = [given.get((parents or {}).get(unit), np.nan) for unit in values.index]
    inherited = np.isnan(own) & ~np.isnan(np.array(of_parent, dtype=np.float64))
    value = np.where(inherited, of_parent, own)
    known = ~np.isnan(value)
    best, _ = places(value, np.zeros(len(value), dtype=np.int64), known)
    parts, count = len(words), int(known.sum())
    # The top part is that of places up to n / parts: the smallest k with p <= k n / parts.
    part = -(-best * parts // max(count, 1))
    scale = [words[parts - int(k)] if there else None for k, there in zip(part, known, strict=True)]
    return pd.DataFrame(
        {
            "value": value,
            "is_inherited": inherited,
            "scale": pd.Series(scale, index=values.index, dtype="str"),
        },
        index=values.index,
    )


def _judged(criterion: StarCriterion, cells: pd.DataFrame, state: IntArray) -> IntArray | None:
    """The verdicts of a criterion, None where it cannot be judged."""
    column = criterion.statistic or OWN_STATISTICS[criterion.criterion]
    if criterion.rule in ("unpublished", "parts") or column not in cells:
        return None
    statistic, size = numbers_in(cells[column], "cells"), numbers_in(cells["value"], "cells")
    statistic, size = (np.where(state == REPORTED, numbers, np.nan) for numbers in (statistic, size))
    within = ["activity_code", "year"] if criterion.among == "regions" else ["year"]
    group = cells.groupby(within, sort=True).ngroup().to_numpy().astype(np.int64)
    return verdicts(criterion, statistic, size, state, group)


def _node(judged: Mapping[StarCriterion, IntArray | None], rows: int) -> IntArray:
    """The weakest verdict of the node's criteria; an unjudged one leaves it undetermined."""
    node = np.full(rows, YES)
    for criterion, verdict in judged.items():
        if criterion.role == "node":
            node = np.minimum(node, UNDETERMINED if verdict is None else verdict)
    return node


def _counts(
    judged: Mapping[StarCriterion, IntArray | None], role: str, rows: int
) -> tuple[FloatArray, FloatArray]:
    """How many criteria of a role are met for certain, and how many possibly: an unjudged one may be."""
    of_role = [verdict for c, verdict in judged.items() if c.role == role]
    given = [np.full(rows, UNDETERMINED) if verdict is None else verdict for verdict in of_role]
    least = sum(((verdict == YES).astype(np.float64) for verdict in given), np.zeros(rows))
    most = sum(((verdict >= UNDETERMINED).astype(np.float64) for verdict in given), np.zeros(rows))
    return least, most


def _masked(numbers: IntArray | FloatArray, empty: BoolArray) -> pd.Series:
    return pd.Series(pd.arrays.IntegerArray(numbers.astype(np.int8), empty))
