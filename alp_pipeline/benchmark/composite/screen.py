"""Step: leave out units of which too little is known.

Belongs here: shares of available and of non-zero indicators, who is kept and why.
Does not: indicators with few numbers (framework.without), filling gaps (impute).
"""

from collections.abc import Collection

import numpy as np
import pandas as pd

from alp_pipeline.benchmark.cells import BenchmarkInputError, BoolArray
from alp_pipeline.benchmark.composite.framework import Framework
from alp_pipeline.benchmark.composite.parameters import require_number
from alp_pipeline.benchmark.composite.unit_cells import CONFIDENTIAL
from alp_pipeline.benchmark.composite.units import StepResult, UnitTable
from alp_pipeline.benchmark.inputs import checked

_WHERE = "screen"


@checked
def screen(
    units: UnitTable,
    framework: Framework,
    *,
    availability_min: float | None = 2 / 3,
    nonzero_min: float | None = 0.05,
    include: Collection[str] = (),
    exclude: Collection[str] = (),
) -> StepResult:
    """Keep the units of which enough is known (Handbook, Nardo et al. 2008, step 2; defaults of COINr).

    availability = (cells with a number + confidential cells) / indicators;
    non-zero share = numbers other than zero / numbers.
    A unit is kept if both reach their thresholds. In a panel each unit is judged anew at each time.

    A confidential cell is no gap: the publisher knows it, and it is not the unit that lacks it. It counts as
    available, so that the unit stays in sight and is called undetermined (or gets an interval) where it
    matters, and is not passed over; `availability_numbers` is the share without confidential cells. A
    cell that does not apply counts as a gap, since an index of the few that do apply is another index. A unit
    without any number has no non-zero share and does not reach that threshold.

    Args:
        availability_min: least share of available indicators, 0 to 1; None switches the rule off.
        nonzero_min: least share of non-zero numbers, 0 to 1; None switches the rule off.
        include: codes of units that are kept whatever is known of them.
        exclude: codes of units that are left out whatever is known of them.

    Returns:
        The units kept; the framework as it was. details:
        `screened`: one row per unit (and time), in the order of the table: unit, [time,] numbers,
        confidential, availability, availability_numbers, nonzero (NaN without a number), kept, why
        (`enough`, `availability`, `nonzero`, `availability, nonzero`, `included`, `excluded`).

    Raises:
        BenchmarkInputError: a threshold is outside 0 to 1, a forced unit is not in the table or is both
            included and excluded, no unit would be left.

    >>> table = pd.DataFrame({"code": list("abc"), "level": 1, "parent": None, "direction": 1,
    ...                       "type": "Indicator"})
    >>> framework = Framework.of(table)
    >>> data = pd.DataFrame({"unit": ["AT", "CH"], "a": [1, 2], "b": [3, None], "c": [":c", None]})
    >>> screen(UnitTable.of(data, framework), framework).details["screened"][["availability", "why"]].round(2)
       availability           why
    0          1.00        enough
    1          0.33  availability
    """
    named = _forced(units, include, exclude)
    for name, value in (("availability_min", availability_min), ("nonzero_min", nonzero_min)):
        if value is not None:
            require_number(value, name=name, where=_WHERE, low=0.0, high=1.0)
    table = _shares(units)
    poor = _below(table["availability"], availability_min)
    zero = _below(table["nonzero"], nonzero_min)
    why = np.select(
        [named["excluded"], named["included"], poor & zero, poor, zero],
        ["excluded", "included", "availability, nonzero", "availability", "nonzero"],
        default="enough",
    )
    kept = np.isin(why, ["enough", "included"])
    if not kept.any():
        raise BenchmarkInputError(
            "no unit is left",
            where=_WHERE,
            todo="Lower the thresholds, or leave out indicators with few numbers.",
        )
    table["kept"], table["why"] = kept, pd.Series(why, dtype="str")
    return StepResult(units.take(units.index[kept]), framework, {"screened": table})


def _shares(units: UnitTable) -> pd.DataFrame:
    indicators = len(units.codes)
    numbers = units.values.notna().sum(axis=1).to_numpy()
    confidential = (units.states == CONFIDENTIAL).sum(axis=1).to_numpy()
    nonzero = (units.values.notna() & (units.values != 0)).sum(axis=1).to_numpy()
    table = units.index.to_frame(index=False)
    table["numbers"], table["confidential"] = numbers, confidential
    table["availability"] = (numbers + confidential) / indicators
    table["availability_numbers"] = numbers / indicators
    table["nonzero"] = np.where(numbers > 0, nonzero / np.maximum(numbers, 1), np.nan)
    return table


def _below(share: pd.Series, threshold: float | None) -> BoolArray:
    if threshold is None:
        return np.zeros(len(share), dtype=np.bool_)
    return ~(share.to_numpy() >= threshold)


def _forced(units: UnitTable, include: Collection[str], exclude: Collection[str]) -> dict[str, BoolArray]:
    codes = units.index.get_level_values(0)
    for name, forced in (("include", include), ("exclude", exclude)):
        if isinstance(forced, str):
            raise BenchmarkInputError(f"{name} is {forced!r}", where=_WHERE, todo="Pass a list of units.")
        stranger = [unit for unit in forced if unit not in codes]
        if stranger:
            raise BenchmarkInputError(
                f"{name} names {stranger[0]!r}, which is no unit of the table",
                where=_WHERE,
                todo="Name units of the table.",
            )
    both = sorted(set(include) & set(exclude))
    if both:
        raise BenchmarkInputError(
            f"{both[0]} is both included and excluded", where=_WHERE, todo="Decide for one."
        )
    return {"included": codes.isin(list(include)), "excluded": codes.isin(list(exclude))}
