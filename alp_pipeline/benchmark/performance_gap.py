"""Performance gap: how far a region is from its reference group, indicator by indicator.

Belongs here: difference to the group's median and mean, place within the group, the year that is compared.
Does not: who belongs to the group (reference_regions), which indicators are performance (catalogue).
"""

import math
from collections.abc import Collection, Mapping

import numpy as np
import pandas as pd

from alp_pipeline.benchmark.activity_table import UNDETERMINED
from alp_pipeline.benchmark.cells import (
    CELL_STATES,
    CONFIDENTIAL,
    REPORTED,
    BenchmarkInputError,
    FloatArray,
    IntArray,
    numbers_in,
    require_columns,
    state_numbers,
    whole_years,
)
from alp_pipeline.benchmark.inputs import checked

GAP_STATES = (*CELL_STATES, UNDETERMINED)
STANDINGS = ("ahead", "level", "behind", "no_direction", UNDETERMINED)
"""Better than the group's median, equal to it, worse; the indicator has no direction; no gap."""


@checked
def performance_gap(
    values: pd.DataFrame,
    groups: pd.DataFrame,
    directions: Mapping[str, int],
    *,
    regions: Collection[str],
    peers_min: int = 5,
) -> pd.DataFrame:
    """Each region's difference to its reference group, for each indicator.

    Compared is the newest year in which the region and at least `peers_min` of its peers have a number: the
    peers are always taken in the region's year, so that a ragged edge never compares two years. A hidden or
    missing value of a peer is left out of median and mean and counted.

    Args:
        values: long: indicator_id, region_code, year, value, cell_state; one row per key, any order.
        groups: region_code, peer_code: the reference group of each region (`reference_regions`); a region
            never is its own peer.
        directions: indicator → 1 (more is better), -1 (less is better), 0 (neither). Only these are compared.
        regions: the regions to report; one without a group or a value is in the result with its state.
        peers_min: how many peers must have a number.

    Returns:
        One row per region × indicator, sorted: region_code, indicator_id, year (the one compared; else the
        newest year in which the region has a number, or a row; null without any), value and value_state of
        the region in that year, peers (in the group), peers_reported, peers_confidential (in that year),
        group_median, group_mean, gap_to_median and gap_to_mean (value minus group, in the indicator's unit),
        better_than_pct (share of the group's numbers that are worse, a tie counting half; without direction:
        that are smaller), standing (one of STANDINGS, by the median), gap_state: `reported`; else the
        region's own state, or `undetermined` where it has a number and too few peers have one in its year.

    Raises:
        BenchmarkInputError: a column is absent, a key stands twice, a state or a direction is unknown, a
            reported value is not a finite number.

    Source: Navarro et al. (2014), JRC89819, for the comparison with reference regions.

    >>> values = pd.DataFrame({"indicator_id": "unemployment_rate", "region_code": ["AT33", "ITH1", "CH05"],
    ...                        "year": 2015, "value": [3.0, 4.0, 6.0], "cell_state": "reported"})
    >>> groups = pd.DataFrame({"region_code": "AT33", "peer_code": ["ITH1", "CH05"]})
    >>> gap = performance_gap(values, groups, {"unemployment_rate": -1}, regions=["AT33"], peers_min=2)
    >>> gap[["group_median", "gap_to_median", "better_than_pct", "standing"]].values.tolist()
    [[5.0, -2.0, 100.0, 'ahead']]
    """
    tables = _tables(values, directions)
    members = _groups(groups)
    rows = [
        {
            "region_code": region,
            "indicator_id": indicator,
            **_gap(table, region, members, direction, peers_min),
        }
        for region in sorted(set(regions), key=str)
        for indicator, direction, table in tables
    ]
    frame = pd.DataFrame(rows, columns=_COLUMNS)
    whole = ("year", "peers", "peers_reported", "peers_confidential")
    return frame.astype(dict.fromkeys(whole, "Int32") | dict.fromkeys(_NUMBERS, "float64"))


_NUMBERS = ("value", "group_median", "group_mean", "gap_to_median", "gap_to_mean", "better_than_pct")
_COLUMNS = [
    "region_code", "indicator_id", "year", "value", "value_state", "peers", "peers_reported",
    "peers_confidential", "group_median", "group_mean", "gap_to_median", "gap_to_mean", "better_than_pct",
    "standing", "gap_state",
]  # fmt: skip


class _Table:
    """One indicator: region × year, value (NaN unless reported) and state (-1 without a row)."""

    def __init__(self, rows: pd.DataFrame) -> None:
        self.regions = {code: at for at, code in enumerate(sorted(set(rows["region_code"])))}
        self.years = np.unique(rows["year"].to_numpy())
        shape = (len(self.regions), self.years.size)
        self.value: FloatArray = np.full(shape, np.nan)
        self.state: IntArray = np.full(shape, -1, dtype=np.int64)
        row = np.array([self.regions[code] for code in rows["region_code"]], dtype=np.int64)
        at = row, np.searchsorted(self.years, rows["year"])
        self.value[at], self.state[at] = rows["value"], rows["state"]

    def rows_of(self, codes: Collection[str]) -> list[int]:
        return sorted(self.regions[code] for code in codes if code in self.regions)


def _gap(
    table: _Table, region: str, members: Mapping[str, set[str]], direction: int, peers_min: int
) -> dict[str, object]:
    group = members.get(region, set()) - {region}
    peers = table.rows_of(group)
    own = table.regions.get(region)
    nothing = {"peers": len(group), "standing": UNDETERMINED, "peers_reported": 0, "peers_confidential": 0}
    if own is None:
        return {**nothing, "value_state": "not_available", "gap_state": "not_available"}
    has_number = ~np.isnan(table.value[own])
    enough = (~np.isnan(table.value[peers])).sum(axis=0) >= peers_min
    at = _newest(has_number & enough, has_number, table.state[own] >= 0)
    others = table.value[peers, at]
    others = others[~np.isnan(others)]
    state = CELL_STATES[table.state[own, at]]
    found = nothing | {
        "year": table.years[at],
        "value": table.value[own, at],
        "value_state": state,
        "peers_reported": others.size,
        "peers_confidential": int((table.state[peers, at] == CONFIDENTIAL).sum()),
        "gap_state": state,
    }
    if not has_number[at]:
        return found
    if others.size < max(peers_min, 1):
        return found | {"gap_state": UNDETERMINED}
    return found | _comparison(float(table.value[own, at]), others, direction)


def _comparison(value: float, others: FloatArray, direction: int) -> dict[str, object]:
    median, mean = float(np.median(others)), math.fsum(others) / others.size
    sign = -1 if direction < 0 else 1
    behind = int((sign * others < sign * value).sum())
    level = int((others == value).sum())
    ahead = sign * (value - median)
    return {
        "group_median": median,
        "group_mean": mean,
        "gap_to_median": value - median,
        "gap_to_mean": value - mean,
        "better_than_pct": 100 * (behind + level / 2) / others.size,
        "standing": _standing(ahead) if direction else "no_direction",
    }


def _standing(ahead: float) -> str:
    if ahead == 0:
        return "level"
    return "ahead" if ahead > 0 else "behind"


def _newest(*choices: np.ndarray) -> int:
    """The last true place of the first choice that has any."""
    return next(int(np.flatnonzero(choice)[-1]) for choice in choices if choice.any())


def _tables(values: pd.DataFrame, directions: Mapping[str, int]) -> list[tuple[str, int, _Table]]:
    require_columns(values, ("indicator_id", "region_code", "year", "value", "cell_state"), "values")
    for indicator, direction in directions.items():
        if direction not in (-1, 0, 1):
            raise BenchmarkInputError(
                f"gives {indicator} the direction {direction!r}",
                where="directions",
                todo="Use 1 (more is better), -1 (less is better) or 0 (neither).",
            )
    rows = values[values["indicator_id"].isin(set(directions))]
    key = ["indicator_id", "region_code", "year"]
    state = state_numbers(rows["cell_state"], "values")
    number = numbers_in(rows["value"], "values")
    rows = rows[key].assign(
        year=whole_years(rows["year"], "values"),
        state=state,
        value=np.where(state == REPORTED, number, np.nan),
    )
    wrong = rows[key].duplicated().to_numpy() | ((state == REPORTED) & ~np.isfinite(number))
    if wrong.any():
        first = rows.iloc[int(np.argmax(wrong))]
        raise BenchmarkInputError(
            f"the cell {first['indicator_id']} × {first['region_code']} × {first['year']} stands twice, or "
            "is reported without a finite number",
            where="values",
            todo="Pass one row per indicator, region and year; give a cell without a number its state.",
        )
    return [
        (name, directions[name], _Table(rows[rows["indicator_id"] == name])) for name in sorted(directions)
    ]


def _groups(groups: pd.DataFrame) -> dict[str, set[str]]:
    require_columns(groups, ("region_code", "peer_code"), "groups")
    found: dict[str, set[str]] = {}
    for region, peer in groups[["region_code", "peer_code"]].itertuples(index=False, name=None):
        found.setdefault(region, set()).add(peer)
    return found
