"""The step `normalise`: every indicator onto one scale, higher is better.

Belongs here: which method and which rows for which indicator, what becomes of states and bounds.
Does not: the formulas (normalisation), the rows of a panel (panel).
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from alp_pipeline.benchmark.cells import BenchmarkInputError, FloatArray, IntArray
from alp_pipeline.benchmark.composite.affine_normalisation import Affine
from alp_pipeline.benchmark.composite.framework import Framework
from alp_pipeline.benchmark.composite.normalisation import METHODS, Parameters, applied, fitted
from alp_pipeline.benchmark.composite.panel import Lot, lots, row_of
from alp_pipeline.benchmark.composite.parameters import require_choice, require_known, require_number
from alp_pipeline.benchmark.composite.unit_cells import label_of
from alp_pipeline.benchmark.composite.units import StepResult, UnitTable
from alp_pipeline.benchmark.inputs import checked

WHERE = "normalise"
_SHARED = ("ties", "reference")  # one value for all indicators that are normalised together
_SWITCHES = ("truncate", "cap", "reversed_where_negative")


@checked
def normalise(
    units: UnitTable,
    framework: Framework,
    *,
    method: str = "minmax",
    by_indicator: Mapping[str, Mapping[str, Any]] | None = None,
    reference_time: str | int = "all",
    **parameters: Any,
) -> StepResult:
    """Bring every indicator onto a common scale on which more is better.

    For methods, their formulas, parameters and defaults see `normalisation.normalised`. What a method learns
    (minimum, mean, ranks …) it learns from the numbers there are; a cell without a number stays without.
    Bounds of such a cell go through the same formula with what was learnt from the numbers, so they can lie
    beyond the ends of the scale.

    Args:
        units: treated indicators.
        framework: gives directions and, for distance_to_target, targets.
        method: one of normalisation.METHODS.
        by_indicator: other parameters for single indicators, e.g. {"LPI": {"method": "goalposts", "low": 1,
            "high": 5}}. One that names another method starts from that method's defaults.
        reference_time: for a panel, the rows a method learns from: all, each, or a base year (panel.lots).
        parameters: of the method. `reference` is a unit's code. `target` overrides the framework's.

    Returns:
        The units on the new scale, states and flags as before; details: `parameters`, a row per indicator
        (and year, if each is treated on its own): code, learnt_from (rows: all, or a year), method,
        direction, units (numbers learnt from), and for the affine methods centre and span (in the unit of
        the indicator: centre gives the score `base`, centre + span gives `base + scale`), scale and base.

    Raises:
        BenchmarkInputError: an unknown method or parameter; an indicator that is constant or without any
            number (for the ranks: without any number); a reference unit or time that does not exist; a
            confidential cell whose two bounds are equal, for that is its value.

    Source: OECD/JRC Handbook (Nardo et al. 2008), ch. 1.5.

    >>> framework = Framework.of(pd.DataFrame({"code": ["jobs", "co2", "index"], "level": [1, 1, 2],
    ...     "parent": ["index", "index", None], "direction": [1, -1, 1],
    ...     "type": ["Indicator", "Indicator", "Aggregate"]}))
    >>> data = pd.DataFrame({"unit": ["AT", "CH", "SI"], "jobs": [10, 30, 20], "co2": [5, 4, 9]})
    >>> normalise(UnitTable.of(data, framework), framework).units.values.loc["AT"].to_dict()
    {'jobs': 0.0, 'co2': 80.0}
    """
    table = units.only(framework.indicators)
    plan = indicator_settings(framework, method, parameters, by_indicator)
    _refuse_points(table)
    values = np.full(table.array.shape, np.nan)
    bounds = [np.full(values.shape, np.nan) for _ in range(2)]
    rows: list[pd.DataFrame] = []
    for lot in lots(table.index, reference_time, where=WHERE):
        for codes in _together(plan):
            columns = np.array([framework.indicators.index(code) for code in codes], dtype=np.int64)
            learnt = _learnt(table, framework, plan, codes, columns, lot)
            cells = np.ix_(lot.apply, columns)
            values[cells] = applied(table.array[cells], learnt)
            for bound, at_end in zip(bounds, _ends(table, cells, learnt), strict=True):
                bound[cells] = at_end
            rows.append(_described(table, framework, plan, codes, columns, lot, learnt))
    frames = [
        pd.DataFrame(array, index=table.index, columns=table.values.columns) for array in (values, *bounds)
    ]
    result = table.with_values(frames[0], lower=frames[1], upper=frames[2])
    described = pd.concat(rows, ignore_index=True)
    place = described["code"].map({code: place for place, code in enumerate(framework.indicators)})
    order = np.lexsort((place, described["learnt_from"]))
    return StepResult(result, framework, {"parameters": described.iloc[order].reset_index(drop=True)})


def indicator_settings(
    framework: Framework,
    method: str,
    parameters: Mapping[str, Any],
    by_indicator: Mapping[str, Mapping[str, Any]] | None,
) -> dict[str, dict[str, Any]]:
    """Method and parameters of each indicator with defaults and targets; arguments as for `normalise`.

    >>> framework = Framework.of(pd.DataFrame({"code": ["LPI"], "level": 1, "parent": None, "direction": 1,
    ...                                        "type": "Indicator"}))
    >>> indicator_settings(framework, "minmax", {"low": 1}, None)
    {'LPI': {'low': 1.0, 'high': 100.0, 'method': 'minmax'}}
    """
    overrides = by_indicator or {}
    require_known(overrides, framework.indicators, where=f"{WHERE}, by_indicator")
    plan = {}
    for place, code in enumerate(framework.indicators):
        own = overrides.get(code, {})
        if not isinstance(own, Mapping):
            raise BenchmarkInputError(
                f"by_indicator gives {code} {own!r}", where=WHERE, todo="Pass parameters by name."
            )
        chosen = require_choice(own.get("method", method), tuple(METHODS), name="method", where=WHERE)
        given = {**(parameters if chosen == method else {}), **own, "method": chosen}
        require_known(given, ("method", *METHODS[chosen]), where=f"{WHERE}, {chosen}")
        plan[code] = _checked({**METHODS[chosen], **given}, code, float(framework.targets[place]))
    require_choice(method, tuple(METHODS), name="method", where=WHERE)
    # Also where by_indicator leaves no indicator to the step's own method.
    require_known(parameters, tuple(METHODS[method]), where=f"{WHERE}, {method}")
    return plan


def _checked(settings: dict[str, Any], code: str, target: float) -> dict[str, Any]:
    """Each parameter as what the kernel takes; the kernel names an indicator whose number is NaN."""
    for name, value in settings.items():
        if name in _SWITCHES and not isinstance(value, bool):
            raise BenchmarkInputError(
                f"{name} is {value!r} for {code}", where=WHERE, todo="Pass true or false."
            )
        if name == "target" and value is None:
            settings[name] = target
        elif name not in ("method", *_SHARED, *_SWITCHES) and value is not None:
            settings[name] = require_number(value, name=f"{name} of {code}", where=WHERE)
    return settings


def _together(plan: Mapping[str, Mapping[str, Any]]) -> list[list[str]]:
    """Indicators that one call of the kernel can take: same method, same unshareable parameters."""
    found: dict[tuple[object, ...], list[str]] = {}
    for code in sorted(plan):
        key = (plan[code]["method"], *(plan[code].get(name) for name in _SHARED))
        found.setdefault(key, []).append(code)
    return list(found.values())


def _learnt(
    table: UnitTable,
    framework: Framework,
    plan: Mapping[str, Mapping[str, Any]],
    codes: Sequence[str],
    columns: IntArray,
    lot: Lot,
) -> Parameters:
    method = plan[codes[0]]["method"]
    settings: dict[str, Any] = {}
    for name in METHODS[method]:
        each = [plan[code][name] for code in codes]
        if name == "reference":
            settings[name] = row_of(table.index, each[0], lot, where=WHERE)
        elif name in _SHARED:
            settings[name] = each[0]
        else:
            settings[name] = np.array([np.nan if one is None else one for one in each])
    return fitted(
        table.array[np.ix_(lot.learn, columns)],
        method,
        directions=framework.directions[columns],
        labels=codes,
        **settings,
    )


def _ends(table: UnitTable, cells: tuple[Any, ...], learnt: Parameters) -> tuple[FloatArray, FloatArray]:
    """Both bounds on the new scale; a direction of -1 makes the upper one the lower."""
    if table.lower is None or table.upper is None:
        empty = np.full(table.array[cells].shape, np.nan)
        return empty, empty
    one, other = (applied(frame.to_numpy()[cells], learnt) for frame in (table.lower, table.upper))
    return np.minimum(one, other), np.maximum(one, other)


def _refuse_points(table: UnitTable) -> None:
    if table.lower is None or table.upper is None:
        return
    hidden = (table.states == "confidential").to_numpy()
    points = np.argwhere(hidden & (table.lower == table.upper).to_numpy())
    if points.size:
        row, column = (int(place) for place in points[0])
        raise BenchmarkInputError(
            f"the two bounds of the confidential cell {label_of(table.index[row])} × {table.codes[column]} "
            "are equal, which is its value",
            where=WHERE,
            todo="Drop the bounds: nothing that gives a hidden value away may enter an index.",
        )


def _described(
    table: UnitTable,
    framework: Framework,
    plan: Mapping[str, Mapping[str, Any]],
    codes: Sequence[str],
    columns: IntArray,
    lot: Lot,
    learnt: Parameters,
) -> pd.DataFrame:
    numbers = (~np.isnan(table.array[np.ix_(lot.learn, columns)])).sum(axis=0)
    described = pd.DataFrame(
        {
            "code": list(codes),
            "learnt_from": lot.name,
            "method": plan[codes[0]]["method"],
            "direction": framework.directions[columns].astype(np.int64),
            "units": numbers,
        }
    )
    for name in ("centre", "span", "scale", "base"):
        number = np.ravel(getattr(learnt, name)) if isinstance(learnt, Affine) else np.array([np.nan])
        described[name] = np.broadcast_to(number, (len(codes),)).astype(np.float64)
    return described
