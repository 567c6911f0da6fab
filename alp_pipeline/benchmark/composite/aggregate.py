"""The step `aggregate`: indicators into scores, level by level from the bottom.

Belongs here: which method at which level, what becomes of states, intervals where cells are hidden, the
account of what a score rests on. Does not: the formulas (aggregation), the bounds of one level (intervals),
weights (weights), ranks (ranking).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from alp_pipeline.benchmark.cells import BenchmarkInputError, BoolArray, FloatArray
from alp_pipeline.benchmark.composite.aggregation import METHODS, aggregated
from alp_pipeline.benchmark.composite.families import Families
from alp_pipeline.benchmark.composite.framework import Framework
from alp_pipeline.benchmark.composite.intervals import interval
from alp_pipeline.benchmark.composite.p2_distance import p2_fitted
from alp_pipeline.benchmark.composite.panel import Lot, lots, row_of
from alp_pipeline.benchmark.composite.parameters import require_choice, require_known, require_number
from alp_pipeline.benchmark.composite.score_table import UNDETERMINED, ScoreTable
from alp_pipeline.benchmark.composite.unit_cells import CONFIDENTIAL, NOT_AVAILABLE, REPORTED, label_of
from alp_pipeline.benchmark.composite.units import StepResult, UnitTable
from alp_pipeline.benchmark.inputs import checked

WHERE = "aggregate"


@checked
def aggregate(
    units: UnitTable,
    framework: Framework,
    *,
    method: str = "arithmetic",
    methods: Sequence[str] | None = None,
    availability_min: float = 0.0,
    by_level: Mapping[int, Mapping[str, Any]] | None = None,
    reference_time: str | int = "all",
    **parameters: Any,
) -> StepResult:
    """Aggregate normalised indicators level by level, with the framework's weights.

    For methods, their formulas and parameters see `aggregation.aggregated`. A missing number is left out and
    the weights of the others count for more, down to `availability_min`. A *confidential* number is not: each
    aggregate above it (unless its weight is 0) is undetermined, without a number. Where the cell has bounds,
    the aggregate has bounds too, the scores that the bounds give with everything else as it is; bounds of
    cells that are missing for another reason are not used.

    Args:
        units: normalised indicators, higher is better.
        framework: what adds up to what, with weights.
        method: one of aggregation.METHODS, for every level.
        methods: instead, one for each level from the bottom (indicators into the first aggregates first).
        availability_min: share of the children (those of weight above 0) that must have a number, 0 to 1.
        by_level: other parameters for single levels, by number from the bottom (1 = indicators into the first
            aggregates): {2: {"method": "generalised", "power": 2}, 3: {"availability_min": 0.5}}.
        reference_time: for a panel, the rows that methods which compare units compare with or learn from:
            all, each, or a base year (panel.lots). copeland takes all or each.
        parameters: of the method; under `methods` of those methods that have them. The `reference` of ampi
            is "mean" or a unit's code.

    Returns:
        Indicators and, after them, every aggregate from the bottom up as columns (a ScoreTable). States of
        aggregates: reported, undetermined, not_available; `lower` and `upper` hold bounds of undetermined
        ones. details:
        `availability`: units × aggregates, the share of children (of weight above 0) with a number;
        `imputed`: units × aggregates, the share of weight that rests on imputed numbers (flag i);
        `p2_distance`, where that method was used: level, learnt_from, parent, code, place in the order,
        factor 1 - R², rounds, settled.

    Raises:
        BenchmarkInputError: an unknown method, parameter or level; an indicator is not in the table; what a
            method refuses, naming unit and indicator.

    Source: OECD/JRC Handbook (Nardo et al. 2008), ch. 1.6; COINr Aggregate.

    >>> framework = Framework.of(pd.DataFrame({"code": ["jobs", "wages", "index"], "level": [1, 1, 2],
    ...     "parent": ["index", "index", None], "direction": 1, "weight": [1, 3, 1],
    ...     "type": ["Indicator", "Indicator", "Aggregate"]}))
    >>> data = pd.DataFrame({"unit": ["AT", "CH", "SI"], "jobs": [10, 30, 20], "wages": [50, None, ":c"]})
    >>> scores = aggregate(UnitTable.of(data, framework), framework).units
    >>> scores.values["index"].tolist(), scores.states["index"].tolist()
    ([40.0, 30.0, nan], ['reported', 'reported', 'undetermined'])
    """
    table = units.only(framework.indicators)
    plan = level_settings(
        framework,
        method=method,
        methods=methods,
        availability_min=availability_min,
        by_level=by_level,
        **parameters,
    )
    groups = lots(table.index, reference_time, where=WHERE)
    level = _indicators(table)
    levels, p2_tables = [], []
    for number, own in enumerate(plan, start=1):
        _require_lots(own["method"], reference_time)
        families, weights = families_of(framework, number)
        for lot in groups if own["method"] == "p2_distance" else ():
            p2_tables.append(_p2_table(framework, number, level, weights, families, lot, own))
        level = _one_up(level, framework, number, own, groups, table.index)
        levels.append(level)
    details = {name: _frame(levels, name, table, framework) for name in ("availability", "imputed")}
    if p2_tables:
        details["p2_distance"] = pd.concat(p2_tables, ignore_index=True)
    return StepResult(_scores(table, framework, levels), framework, details)


@dataclass(frozen=True, eq=False)
class _Level:
    """The numbers of one level, columns in the order of their sorted codes.

    `low` and `high` are the number itself where it is known, its bounds where it is hidden and has any.
    """

    codes: list[str]
    values: FloatArray
    hidden: BoolArray
    low: FloatArray
    high: FloatArray
    availability: FloatArray
    imputed: FloatArray


def _indicators(table: UnitTable) -> _Level:
    codes = sorted(table.codes)
    values = table.values[codes].to_numpy(dtype=np.float64, copy=True)
    hidden = (table.states[codes] == CONFIDENTIAL).to_numpy()
    low, high = (_ends(frame, codes, values, hidden) for frame in (table.lower, table.upper))
    imputed = table.flags[codes].apply(lambda flags: flags.str.contains("i", regex=False)).to_numpy()
    there = (~np.isnan(values)).astype(np.float64)
    return _Level(codes, values, hidden, low, high, there, imputed.astype(np.float64))


def _ends(bounds: pd.DataFrame | None, codes: list[str], values: FloatArray, hidden: BoolArray) -> FloatArray:
    if bounds is None:
        return np.where(hidden, np.nan, values)
    return np.where(hidden, bounds[codes].to_numpy(dtype=np.float64), values)


def families_of(framework: Framework, level: int) -> tuple[Families, FloatArray]:
    """Children and parents of a level, both in the order of their codes, and the children's weights.

    >>> framework = Framework.of(pd.DataFrame({"code": ["wages", "jobs", "index"], "level": [1, 1, 2],
    ...     "parent": ["index", "index", None], "direction": 1, "weight": [3, 1, 1],
    ...     "type": ["Indicator", "Indicator", "Aggregate"]}))
    >>> families, weights = families_of(framework, 1)  # jobs, wages
    >>> families.membership.tolist(), weights.tolist()
    ([0, 0], [1.0, 3.0])
    """
    children, parents = sorted(framework.codes(level)), sorted(framework.codes(level + 1))
    weight = dict(zip(framework.codes(level), framework.weights(level), strict=True))
    membership = [parents.index(str(framework.parent(child))) for child in children]
    return Families.of(membership), np.array([weight[child] for child in children])


def one_level(
    values: FloatArray,
    weights: FloatArray,
    families: Families,
    settings: Mapping[str, Any],
    lot: Lot,
    index: pd.Index,
    codes: Sequence[str],
) -> tuple[FloatArray, dict[str, Any]]:
    """The rows of a lot one level up, and the settings as the kernel takes them (a reference by position).

    Args:
        values: units × children of the level, NaN = no number.
        weights, families: of these children, see `families_of`.
        settings: method and parameters of `aggregation.aggregated`; a `reference` by its code.
        lot: which rows are learnt from and which aggregated.
        index, codes: the labels of rows and children.

    Raises:
        BenchmarkInputError: the reference is not among the rows; what the method refuses.

    >>> index = pd.Index(["AT", "CH"])
    >>> lot, values = lots(index, "all", where=WHERE)[0], np.array([[10.0, 50.0], [30.0, np.nan]])
    >>> mean = {"method": "arithmetic"}
    >>> one_level(values, np.array([1.0, 3.0]), Families.of([0, 0]), mean, lot, index, ["jobs", "wages"])
    (array([[40.],
           [30.]]), {'method': 'arithmetic'})
    """
    own = dict(settings)
    if own.get("reference", "mean") != "mean":
        own["reference"] = row_of(index, own["reference"], lot, where=WHERE)
    labels = ([label_of(index[row]) for row in lot.apply], codes)
    rows, learn = values[lot.apply], values[lot.learn]
    return aggregated(rows, weights, families.membership, learn=learn, labels=labels, **own), own


def _one_up(
    below: _Level,
    framework: Framework,
    number: int,
    own: Mapping[str, Any],
    groups: Sequence[Lot],
    index: pd.Index,
) -> _Level:
    families, weights = families_of(framework, number)
    shape = (len(index), families.parents)
    values, low, high = (np.full(shape, np.nan) for _ in range(3))
    counted = (weights > 0).astype(np.float64)
    hidden = families.sums(below.hidden * counted) > 0
    for lot in groups:
        rows, learn = lot.apply, below.values[lot.learn]
        values[rows], settings = one_level(below.values, weights, families, own, lot, index, below.codes)
        # Under copeland the known numbers of the others count for the bounds of one.
        who = rows if settings["method"] == "copeland" else rows[hidden[rows].any(axis=1)]
        if hidden[rows].any():
            low[who], high[who] = interval(
                below.low[who], below.high[who], below.hidden[who], weights, families, learn, settings
            )
    there = ~np.isnan(below.values)
    rests_on = families.sums(there * weights)
    with np.errstate(divide="ignore", invalid="ignore"):
        imputed = families.sums(np.where(there, below.imputed, 0.0) * weights) / rests_on
    values[hidden] = np.nan
    return _Level(
        sorted(framework.codes(number + 1)),
        values,
        hidden,
        np.where(hidden, low, values),
        np.where(hidden, high, values),
        families.sums(there * counted) / families.sums(counted),
        np.where(rests_on > 0, imputed, np.nan),
    )


def _scores(table: UnitTable, framework: Framework, levels: Sequence[_Level]) -> UnitTable:
    values, low, high, hidden = (
        _frame(levels, name, table, framework) for name in ("values", "low", "high", "hidden")
    )
    columns = [*table.values.columns, *framework.aggregates]
    states = pd.DataFrame(REPORTED, index=table.index, columns=values.columns, dtype="str")
    states = states.mask(values.isna(), NOT_AVAILABLE).mask(hidden, UNDETERMINED)
    nowhere = table.values * np.nan
    lower, upper = (nowhere if frame is None else frame for frame in (table.lower, table.upper))
    return ScoreTable.like(table).with_values(
        pd.concat([table.values, values], axis=1)[columns],
        pd.concat([table.states, states], axis=1)[columns],
        lower=pd.concat([lower, low.where(hidden)], axis=1)[columns],
        upper=pd.concat([upper, high.where(hidden)], axis=1)[columns],
    )


def _frame(levels: Sequence[_Level], name: str, table: UnitTable, framework: Framework) -> pd.DataFrame:
    """One attribute of every level as units × aggregates."""
    frames = [pd.DataFrame(getattr(one, name), index=table.index, columns=one.codes) for one in levels]
    if not frames:
        return pd.DataFrame(index=table.index)
    whole = pd.concat(frames, axis=1)[list(framework.aggregates)]
    return whole.set_axis(pd.Index(framework.aggregates, dtype="str"), axis=1)


def _p2_table(
    framework: Framework,
    number: int,
    below: _Level,
    weights: FloatArray,
    families: Families,
    lot: Lot,
    own: Mapping[str, Any],
) -> pd.DataFrame:
    """What the P2 distance learnt for each parent of a level."""
    parents = sorted(framework.codes(number + 1))
    tables = []
    for parent, children in zip(parents, families, strict=True):
        counted = children[weights[children] > 0]
        codes = [below.codes[child] for child in counted]
        learnt = p2_fitted(below.values[np.ix_(lot.learn, counted)], rounds=own["rounds"], labels=codes)
        table = pd.DataFrame({"code": codes, "place": learnt.place + 1, "factor": learnt.factor})
        table.insert(0, "parent", parent)
        table.insert(0, "learnt_from", lot.name)
        table.insert(0, "level", number)
        tables.append(table.assign(rounds=learnt.rounds, settled=learnt.settled))
    return pd.concat(tables, ignore_index=True)


def level_settings(
    framework: Framework,
    *,
    method: str = "arithmetic",
    methods: Sequence[str] | None = None,
    availability_min: float = 0.0,
    by_level: Mapping[int, Mapping[str, Any]] | None = None,
    **parameters: Any,
) -> list[dict[str, Any]]:
    """Method and parameters of each level from the bottom, with defaults; arguments as for `aggregate`.

    >>> framework = Framework.of(pd.DataFrame({"code": ["a", "I"], "level": [1, 2], "parent": ["I", None],
    ...                                        "direction": 1, "type": ["Indicator", "Aggregate"]}))
    >>> level_settings(framework, method="generalised", power=2)
    [{'power': 2, 'availability_min': 0.0, 'method': 'generalised'}]
    """
    steps = framework.depth - 1
    chosen = [method] * steps if methods is None else list(methods)
    if len(chosen) != steps:
        raise BenchmarkInputError(
            f"{len(chosen)} methods are given for {steps} levels of aggregates",
            where=WHERE,
            todo="Give one per level from the bottom, or one `method` for all.",
        )
    overrides = {int(level): own for level, own in (by_level or {}).items()}
    for level in overrides:
        if not 1 <= level <= steps:
            raise BenchmarkInputError(
                f"by_level names level {level}", where=WHERE, todo=f"Use 1 to {steps}, 1 = the indicators'."
            )
    plan = []
    for level, name in enumerate(chosen, start=1):
        own = overrides.get(level, {})
        used = require_choice(own.get("method", name), tuple(METHODS), name="method", where=WHERE)
        require_known(own, ("method", "availability_min", *METHODS[used]), where=f"{WHERE}, level {level}")
        given = {key: value for key, value in parameters.items() if key in METHODS[used]}
        settings = {**METHODS[used], "availability_min": availability_min, **given, **own, "method": used}
        require_number(settings["availability_min"], name="availability_min", where=WHERE, low=0, high=1)
        plan.append(settings)
    allowed = {key for name in (method, *chosen) if name in METHODS for key in METHODS[name]}
    require_known(parameters, sorted(allowed), where=WHERE)
    return plan


def _require_lots(method: str, reference_time: str | int) -> None:
    if method == "copeland" and reference_time not in ("all", "each"):
        raise BenchmarkInputError(
            f"reference_time is {reference_time!r} for copeland, which compares all rows with each other",
            where=WHERE,
            todo="Pass all or each.",
        )
