"""How much a total lacks that is missing, not hidden: what weighs too much makes it another territory's.

Belongs here: the weight of missing cells, withholding totals. Does not: the totals (totals), how much may be
missing (whoever publishes).

Whoever divides by a total that lacks a country takes the gap for specialisation: without Italy, 12 % of the
EU's trade, Lombardia's quotient of wholesale would be 1.37 instead of 1.11.

A missing cell weighs the mean of its member's numbers of that activity over the years that it publishes. A
member that never does weighs as if the activity had the part of its whole that it has of the others', and one
without any number weighs nothing. Hidden cells are counted elsewhere: they are no gap of the source's making.
"""

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
import pandas as pd

from alp_pipeline.benchmark.cells import (
    NOT_APPLICABLE,
    NOT_AVAILABLE,
    BoolArray,
    Cells,
    FloatArray,
    IntArray,
)
from alp_pipeline.benchmark.inputs import checked

Missing = tuple[FloatArray, IntArray]
"""Per cent of the weight that is missing, and the state (position in CELL_STATES) of the most of it."""
_STATES = {
    "region_total": ("region", "region_total_state"),
    "reference_activity_total": ("reference", "reference_state"),
    "reference_total": ("reference_total", "reference_total_state"),
}


@checked
def withheld(totals: pd.DataFrame, *, most_missing_pct: float) -> pd.DataFrame:
    """Totals without those that lack too much; these take the reason as their state.

    Args:
        totals: of `totals.reference_totals` or `totals.region_totals`.
        most_missing_pct: how much of a total may be missing, in per cent of the weight.

    Returns:
        The same rows and columns.

    >>> from alp_pipeline.benchmark.totals import reference_totals
    >>> cells = pd.DataFrame({"region_code": ["AT", "IE", "AT"], "activity_code": "C",
    ...                       "year": [2013, 2013, 2014], "value": [90, 10, 90], "cell_state": "reported"})
    >>> totals = reference_totals(cells, members=["AT", "IE"], parts={"C": []})
    >>> columns = ["reference_activity_total", "reference_state", "reference_missing_pct"]
    >>> withheld(totals, most_missing_pct=5)[columns].values.tolist()
    [[100.0, 'reported', 0.0], [nan, 'not_available', 10.0]]
    """
    changed = {}
    for total, (of, state) in _STATES.items():
        if total in totals:
            lacks = totals[f"{of}_missing_pct"] > most_missing_pct
            changed[total] = totals[total].mask(lacks)
            changed[state] = totals[state].mask(lacks, totals[f"{of}_missing_state"])
    return totals.assign(**changed)


@dataclass(frozen=True)
class Gaps:
    """What members (of a territory: countries, regions) lack of each activity in each year.

    Attributes:
        weight: members × activities.
        missing: members × activities × years, the state where it is missing, 0 elsewhere.
        parts: which activities add up to all.
    """

    weight: FloatArray
    missing: IntArray
    parts: BoolArray

    @classmethod
    def of(cls, known: Cells, years: int, year: IntArray, parts: Collection[str]) -> "Gaps":
        """From ordered cells; a cell without a row is not available.

        Args:
            years: how many there are.
            year: each cell's place among them.
            parts: the activities that add up to all.
        """
        shape = (len(known.region_codes), len(known.activity_codes), years)
        value, state = np.full(shape, np.nan), np.full(shape, NOT_AVAILABLE, dtype=np.int64)
        at = known.region, known.activity, year
        value[at], state[at] = known.value, known.state
        is_part = known.activity_codes.isin(list(parts))
        with np.errstate(invalid="ignore", divide="ignore"):
            weight = np.nansum(value, axis=2) / (~np.isnan(value)).sum(axis=2)
            whole = np.nansum(weight[:, is_part], axis=1)[:, None]
            of_others = np.nansum(weight, axis=0) / np.where(np.isnan(weight), 0.0, whole).sum(axis=0)
            weight = np.nan_to_num(np.where(np.isnan(weight), whole * of_others, weight), posinf=0.0)
        return cls(weight, np.where(state > NOT_APPLICABLE, state, 0), np.asarray(is_part))

    def of_activities(self) -> Missing:
        """Of each activity × year, over the members."""
        return _missing(self.weight, self.missing)

    def of_members(self) -> Missing:
        """Of each member × year, over the parts."""
        return _missing(self.weight[:, self.parts].T, self.missing[:, self.parts].swapaxes(0, 1))

    def of_all(self, year: IntArray) -> Missing:
        """Of all members and parts together, at the places of some years."""
        members, activities, years = self.missing[:, self.parts].shape
        cells = members * activities
        share, reason = _missing(
            self.weight[:, self.parts].reshape(cells, 1),
            self.missing[:, self.parts].reshape(cells, 1, years),
        )
        return share[year], reason[year]


def _missing(weight: FloatArray, missing: IntArray) -> Missing:
    """Of what is summed (first axis) into totals (second axis) of years (third), by total and year."""
    lacking = np.where(missing > 0, weight[:, :, None], 0.0)
    whole = weight.sum(axis=0)[:, None]
    share = np.divide(100 * lacking.sum(axis=0), whole, out=np.zeros(missing.shape[1:]), where=whole > 0)
    if not len(weight):
        return share.ravel(), np.zeros(share.size, dtype=np.int64)
    reason = np.take_along_axis(missing, lacking.argmax(axis=0)[None], axis=0)
    return share.ravel(), reason.ravel()
