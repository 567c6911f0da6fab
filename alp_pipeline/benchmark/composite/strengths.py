"""What a unit does best and worst, and its scores and ranks at a glance.

Belongs here: strengths and weaknesses by rank, the summary of one unit.
Does not: ranks themselves (ranking), why two units differ (decomposition).
"""

from collections.abc import Collection, Iterator

import numpy as np
import pandas as pd

from alp_pipeline.benchmark.cells import BenchmarkInputError, BoolArray, FloatArray
from alp_pipeline.benchmark.composite.correlation import ancestor
from alp_pipeline.benchmark.composite.framework import Framework
from alp_pipeline.benchmark.composite.labelled import require_codes
from alp_pipeline.benchmark.composite.ranking import rank_table
from alp_pipeline.benchmark.composite.units import UnitTable
from alp_pipeline.benchmark.inputs import checked

STRENGTH, WEAKNESS = "strength", "weakness"


@checked
def strengths_and_weaknesses(
    units: UnitTable,
    framework: Framework,
    *,
    of: Collection[object] | None = None,
    top: int = 5,
    bottom: int = 5,
    directed: bool = False,
    group: str | None = None,
    report_level: int = 2,
    unique_share_min: float = 0.0,
) -> pd.DataFrame:
    """The indicators in which each unit ranks best and worst.

    Rank 1 is the best number after the indicator's direction. Indicators are put in the order of their
    ranks, equal ranks in the order of the framework; strengths are the beginning, weaknesses the end. An
    indicator in which the unit shares the last rank is no strength, one in which it shares the
    first is no weakness (half of the units may share a zero), and none is both. A cell without a number and
    an imputed one (flag `i`) are neither: an estimate is not an achievement. COINr also drops last ranks
    from the weaknesses; here the worst there is remains one.

    Args:
        units: raw values or normalised scores; ranks are within each year of a panel.
        of: the units wanted (labels of the table); all when omitted.
        top, bottom: how many strengths and weaknesses at most.
        directed: whether the values already point one way (normalised); raw values do not.
        group: a group column; ranks are then among the units of the same group.
        report_level: the level of the aggregate named as `group`.
        unique_share_min: indicators with a smaller share of distinct numbers are left out (yes/no).

    Returns:
        Strengths best first, then weaknesses worst first, unit by unit in the order of the table: unit (and
        time for a panel), kind, place (1, 2, …), code, label, group, rank, ranked_units (how many have a
        number; a hidden one could rank anywhere), value (as in `units`), unit_of_measure.

    Raises:
        BenchmarkInputError: a unit, indicator, group or level is not there; top or bottom is negative.

    Source: COINr get_str_weak.

    >>> framework = Framework.of(pd.DataFrame({
    ...     "code": ["jobs", "tax", "I"], "level": [1, 1, 2], "parent": ["I", "I", None],
    ...     "direction": [1, -1, 1], "type": ["Indicator", "Indicator", "Aggregate"]}))
    >>> data = pd.DataFrame({"unit": ["A", "B", "C"], "jobs": [9, 5, 1], "tax": [30, 20, 10]})
    >>> found = strengths_and_weaknesses(UnitTable.of(data, framework), framework, of=["A"])
    >>> found[["kind", "code", "rank"]].values.tolist()
    [['strength', 'jobs', 1], ['weakness', 'tax', 3]]
    """
    require_codes(units.values, framework.indicators, "units")
    for name, number in (("top", top), ("bottom", bottom)):
        if not isinstance(number, int) or number < 0:
            raise BenchmarkInputError(
                f"{name} is {number!r}", where="strengths", todo="Pass a whole number, zero or more."
            )
    if not 2 <= report_level <= framework.depth:
        raise BenchmarkInputError(
            f"there is no level {report_level} of aggregates",
            where="report_level",
            todo=f"Pass a level from 2 to {framework.depth}.",
        )
    chosen = units.only(framework.indicators)
    points = chosen if directed else chosen.with_values(chosen.values * framework.directions)
    ranks = rank_table(points, group=group).astype("float64").to_numpy()
    lots = _lots(chosen, group)
    by_lot = pd.DataFrame(ranks).groupby(lots)
    worst, ranked = by_lot.transform("max").to_numpy(), by_lot.transform("count").to_numpy()
    imputed = chosen.flags.apply(lambda flag: flag.str.contains("i")).to_numpy()
    eligible = ~np.isnan(ranks) & ~imputed & _distinct(chosen, unique_share_min)
    wanted = chosen.index if of is None else chosen.take(of).index
    found = [
        (unit, kind, place, code)
        for unit in chosen.index.get_indexer(wanted)
        for kind, place, code in _best_and_worst(ranks[unit], worst[unit], eligible[unit], top, bottom)
    ]
    table = pd.DataFrame(found, columns=["row", "kind", "place", "column"])
    row, column = (table[name].to_numpy(dtype=np.int64) for name in ("row", "column"))
    codes = [chosen.codes[place] for place in column]
    unit_of = dict(zip(framework.table["code"], framework.table["unit"], strict=True))
    described = table[["kind", "place"]].assign(
        code=codes,
        label=[framework.label(code) for code in codes],
        group=[ancestor(framework, code, report_level) for code in codes],
        rank=ranks[row, column].astype("int64"),
        ranked_units=ranked[row, column].astype("int64"),
        value=chosen.array[row, column],
        unit_of_measure=[unit_of[code] for code in codes],
    )
    keys = pd.DataFrame(chosen.index[row].to_list(), columns=["unit", "time"] if units.is_panel else ["unit"])
    return pd.concat([keys, described], axis=1)


@checked
def unit_summary(
    units: UnitTable,
    framework: Framework,
    unit: object,
    *,
    levels: Collection[int] | None = None,
    group: str | None = None,
    bounds: bool = False,
) -> pd.DataFrame:
    """Scores and ranks of one unit, the highest level first.

    Args:
        units: the aggregated scores, with every code of the levels wanted; NaN = no score.
        unit: a label of the table; (unit, time) for a panel.
        levels: the levels wanted; all when omitted.
        group: a group column; adds the rank within the unit's group.
        bounds: adds lower and upper of undetermined scores. They can give hidden values away: internal
            unless you know that they may be shown.

    Returns:
        One row per code, level by level from the top, within a level in the order of the framework: code,
        label, level, score, state, rank, ranked_units; with `group` group_rank, with `bounds` lower, upper.

    Raises:
        BenchmarkInputError: the unit, a code, a level or the group is not there.

    Source: COINr get_unit_summary.

    >>> from alp_pipeline.benchmark.composite.aggregate import aggregate
    >>> framework = Framework.of(pd.DataFrame({
    ...     "code": ["jobs", "wages", "I"], "level": [1, 1, 2], "parent": ["I", "I", None],
    ...     "direction": 1, "type": ["Indicator", "Indicator", "Aggregate"]}))
    >>> data = pd.DataFrame({"unit": ["A", "B", "C"], "jobs": [9, 5, 1], "wages": [10, 20, 30]})
    >>> scores = aggregate(UnitTable.of(data, framework), framework).units
    >>> unit_summary(scores, framework, "B")[["code", "score", "rank"]].values.tolist()
    [['I', 12.5, 2], ['jobs', 5.0, 2], ['wages', 20.0, 2]]
    """
    row = int(units.index.get_indexer(units.take([unit]).index)[0])
    asked = range(1, framework.depth + 1) if levels is None else set(levels)
    codes = [code for level in sorted(asked, reverse=True) for code in framework.codes(level)]
    chosen = units.only(codes)
    lots = _lots(chosen, None)
    ranks = rank_table(chosen)
    table = pd.DataFrame(
        {
            "code": codes,
            "label": [framework.label(code) for code in codes],
            "level": [framework.level(code) for code in codes],
            "score": chosen.values.iloc[row].to_numpy(),
            "state": chosen.states.iloc[row].to_numpy(),
            "rank": ranks.iloc[row].to_numpy(),
            "ranked_units": chosen.values[lots == lots[row]].notna().sum().to_numpy(),
        }
    )
    table["rank"] = table["rank"].astype("Int32")
    if group is not None:
        table["group_rank"] = rank_table(chosen, group=group).iloc[row].astype("Int32").to_numpy()
    if bounds:
        for name, frame in (("lower", chosen.lower), ("upper", chosen.upper)):
            table[name] = np.nan if frame is None else frame.iloc[row].to_numpy()
    return table


def _lots(units: UnitTable, group: str | None) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """The number of the set that each row is ranked in: its year and, if asked, its group."""
    keys = pd.DataFrame({"time": 0, "group": ""}, index=range(len(units.index)))
    if units.is_panel:
        keys["time"] = np.asarray(units.index.get_level_values(1))
    if group is not None:
        keys["group"] = units.groups[group].to_numpy()
    return keys.groupby(["time", "group"], dropna=False).ngroup().to_numpy().astype(np.int64)


def _distinct(units: UnitTable, unique_share_min: float) -> BoolArray:
    """The indicators with enough distinct numbers."""
    if unique_share_min <= 0:
        return np.ones(len(units.codes), dtype=np.bool_)
    share = units.values.nunique() / units.values.notna().sum()
    return (share >= unique_share_min).to_numpy()


def _best_and_worst(
    ranks: FloatArray, worst: FloatArray, eligible: BoolArray, top: int, bottom: int
) -> Iterator[tuple[str, int, int]]:
    """(kind, place, column) of one unit's strengths, then of its weaknesses."""
    order = [column for column in np.argsort(ranks, kind="stable") if eligible[column]]
    best = [column for column in order if ranks[column] < worst[column]][:top]
    weak = [column for column in order[::-1] if ranks[column] > 1 and column not in best][:bottom]
    for kind, found in ((STRENGTH, best), (WEAKNESS, weak)):
        for place, column in enumerate(found, start=1):
            yield kind, place, int(column)
