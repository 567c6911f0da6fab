"""The steps of a recipe as functions of a stack of draws, each made of the very kernels that the step calls.

Belongs here: what a step needs besides numbers (divisors, layouts, parameters by indicator), worked out once,
and handed to its kernel draw after draw.
Does not: any formula (the kernels), weights and aggregation (aggregation_kernels), which draw takes which
alternative (evaluate).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from alp_pipeline.benchmark.cells import BenchmarkInputError, BoolArray, FloatArray, IntArray
from alp_pipeline.benchmark.composite.denominate import denominate, denominated
from alp_pipeline.benchmark.composite.framework import Framework
from alp_pipeline.benchmark.composite.imputation import Imputation, Layout, imputed
from alp_pipeline.benchmark.composite.impute import imputations_of
from alp_pipeline.benchmark.composite.normalisation import METHODS, RANK_METHODS, normalised
from alp_pipeline.benchmark.composite.normalise import indicator_settings
from alp_pipeline.benchmark.composite.screen import screen
from alp_pipeline.benchmark.composite.treat import treatments_of
from alp_pipeline.benchmark.composite.treatment import treated_by_indicator
from alp_pipeline.benchmark.composite.uncertainty.draws import Drawn
from alp_pipeline.benchmark.composite.uncertainty.imputed_spread import ImputedErrors
from alp_pipeline.benchmark.composite.uncertainty.packed_ranks import packed_ranks
from alp_pipeline.benchmark.composite.uncertainty.pattern_means import MEANS, PatternMeans
from alp_pipeline.benchmark.composite.units import UnitTable


@dataclass(frozen=True, eq=False)
class Stack:
    """Draws on their way through the recipe.

    Attributes:
        values: (draws, units, indicators).
        rows: which of the recipe's units they are; a screen leaves some out.
        weights: by level from the bottom (codes,); what the aggregation goes by.
    """

    values: FloatArray
    rows: IntArray
    weights: tuple[FloatArray, ...]


Kernel = Callable[[Stack, Drawn], Stack]

_NORMALISE_OWN = ("method", "by_indicator", "reference_time")
_SHARED = ("ties", "reference")  # one value for all indicators that are normalised together


@dataclass(frozen=True, eq=False)
class Stage:
    """What a step finds in the nominal run: the table and the framework before it."""

    units: UnitTable
    framework: Framework
    hidden: BoolArray
    """Of the raw table: cells that are drawn between bounds; without a number in the nominal run."""
    is_fixed: bool
    """Whether the same cells have a number in every draw: no treatment before has excluded outliers."""


def denominate_kernel(parameters: Mapping[str, Any], stage: Stage) -> Kernel:
    """Divide by what the step divides by; see `denominate`.

    Args:
        parameters: of the step. stage: the nominal run before it, with the denominators.

    Returns:
        A kernel, (draws, units, indicators) to the same shape; NaN where a denominator is zero or has no
        number.

    >>> import pandas as pd
    >>> framework = Framework.of(pd.DataFrame({
    ...     "code": ["jobs", "people"], "level": [1, None], "parent": None, "direction": [1, None],
    ...     "denominator": ["people", None], "type": ["Indicator", "Denominator"]}))
    >>> data = pd.DataFrame({"unit": ["AT", "CH"], "jobs": [4, 6], "people": [8, 0]})
    >>> units = UnitTable.of(data, framework)
    >>> kernel = denominate_kernel({"scale": 100}, Stage(units, framework, np.isnan(units.array), True))
    >>> kernel(Stack(units.array[None], np.arange(2), ()), {}).values.tolist()
    [[[50.0], [nan]]]
    """
    units = stage.units
    done = denominate(units, stage.framework, **parameters).details["denominated"]
    by, scale = np.ones(units.array.shape), np.ones(len(units.codes))
    for code, name, factor in done.itertuples(index=False):
        place = units.codes.index(code)
        by[:, place] = units.denominators[name].to_numpy(dtype=np.float64)
        scale[place] = factor
    return lambda stack, drawn: replace(stack, values=denominated(stack.values, by[stack.rows], scale))


def screen_kernel(parameters: Mapping[str, Any], stage: Stage) -> Kernel:
    """Leave out the units that the step leaves out.

    Who is kept depends on which cells have a number and which are zero, the same in every draw, and cells
    drawn between bounds count as in the nominal run. So the step itself is asked, once for each alternative
    of the steps before.

    >>> import pandas as pd
    >>> framework = Framework.of(pd.DataFrame({"code": ["a", "b"], "level": 1, "parent": None, "direction": 1,
    ...                                        "type": "Indicator"}))
    >>> units = UnitTable.of(pd.DataFrame({"unit": ["AT", "CH"], "a": [1, 2], "b": [3, None]}), framework)
    >>> stage = Stage(units, framework, np.full((2, 2), False), True)
    >>> kept = screen_kernel({"availability_min": 0.9}, stage)(Stack(units.array[None], np.arange(2), ()), {})
    >>> kept.rows.tolist(), kept.values.tolist()
    ([0], [[[1.0, 3.0]]])
    """
    kept: dict[bytes, BoolArray] = {}

    def apply(stack: Stack, drawn: Drawn) -> Stack:
        first = np.where(stage.hidden[stack.rows], np.nan, stack.values[0])
        key = np.isnan(first).tobytes() + (first == 0).tobytes() + stack.rows.tobytes()
        if key not in kept:
            kept[key] = _screened(first, stack.rows, parameters, stage)
        if kept[key].all():
            return stack
        chosen = np.flatnonzero(kept[key])
        return replace(stack, values=np.take(stack.values, chosen, axis=1), rows=stack.rows[chosen])

    return apply


def impute_kernel(parameters: Mapping[str, Any], stage: Stage, errors: ImputedErrors | None) -> Kernel:
    """Fill gaps as the step does; where asked, with the error of an estimate.

    Args:
        parameters: of the step. stage: the nominal run before it; its barred cells are never filled.
        errors: what a filled cell is moved by in each draw; None for the estimate itself.

    >>> import pandas as pd
    >>> framework = Framework.of(pd.DataFrame({"code": ["LPI"], "level": 1, "parent": None, "direction": 1,
    ...                                        "type": "Indicator"}))
    >>> data = pd.DataFrame({"unit": ["AT", "CH", "LI", "SI"], "LPI": [4, 2, ":c", None]})
    >>> units = UnitTable.of(data, framework)
    >>> stage = Stage(units, framework, np.full((4, 1), False), True)
    >>> kernel = impute_kernel({"method": "mean"}, stage, None)
    >>> kernel(Stack(units.array[None], np.arange(4), ()), {}).values.ravel().tolist()
    [4.0, 2.0, nan, 3.0]
    """
    units = stage.units
    imputations = imputations_in(parameters, units)
    fillable = ~barred(stage)
    layouts: dict[bytes, Layout] = {}
    patterns: dict[bytes, PatternMeans] = {}
    only_means = all(one.method in MEANS for one in imputations)

    def fill(stack: Stack) -> FloatArray:
        rows = stack.rows.tobytes()
        if rows not in layouts:
            layouts[rows] = Layout.of(units, stack.rows)
        if not only_means or not stage.is_fixed:
            return imputed(stack.values, fillable[stack.rows], imputations, layouts[rows])
        known = ~np.isnan(stack.values[0])
        key = rows + known.tobytes()
        if key not in patterns:
            patterns[key] = PatternMeans.of(known, fillable[stack.rows], imputations, layouts[rows])
        return patterns[key].filled(stack.values)

    def apply(stack: Stack, drawn: Drawn) -> Stack:
        filled = fill(stack)
        if errors is not None:
            filled = errors.added(stack.values, filled, stack.rows, drawn)
        return replace(stack, values=filled)

    return apply


def imputations_in(parameters: Mapping[str, Any], units: UnitTable) -> list[Imputation]:
    """The imputation of each indicator of the table.

    Args:
        parameters: of the step impute, by_indicator among them.

    Raises:
        BenchmarkInputError: by_indicator names no indicator of the table.

    >>> import pandas as pd
    >>> framework = Framework.of(pd.DataFrame({"code": ["a", "b"], "level": 1, "parent": None, "direction": 1,
    ...                                        "type": "Indicator"}))
    >>> units = UnitTable.of(pd.DataFrame({"unit": ["AT"], "a": [1], "b": [2]}), framework)
    >>> given = {"method": "mean", "by_indicator": {"b": {"method": "none"}}}
    >>> [one.method for one in imputations_in(given, units)]
    ['mean', 'none']
    """
    own = {name: value for name, value in parameters.items() if name != "by_indicator"}
    return imputations_of(own, parameters.get("by_indicator"), units.codes)


def barred(stage: Stage) -> BoolArray:
    """Cells that no estimate may fill: confidential, not applicable, or known to lie between bounds.

    Returns:
        (units, indicators); a merely missing cell is False, and so is a number.

    >>> import pandas as pd
    >>> framework = Framework.of(pd.DataFrame({"code": ["LPI"], "level": 1, "parent": None, "direction": 1,
    ...                                        "type": "Indicator"}))
    >>> units = UnitTable.of(pd.DataFrame({"unit": ["AT", "CH", "SI"], "LPI": [4, ":c", None]}), framework)
    >>> barred(Stage(units, framework, np.full((3, 1), False), True)).ravel().tolist()
    [False, True, False]
    """
    units = stage.units
    bounded = stage.hidden if units.lower is None else stage.hidden | units.lower.notna().to_numpy()
    return ~(units.fillable | ~np.isnan(units.array)) | bounded


def treat_kernel(parameters: Mapping[str, Any], stage: Stage) -> Kernel:
    """Treat each indicator as the step does; refuse a function that does not exist for a drawn number.

    Args:
        parameters: of the step. stage: the nominal run before it.

    Raises:
        BenchmarkInputError: from the kernel, where a drawn number has no treated one (a logarithm of -1).

    >>> import pandas as pd
    >>> framework = Framework.of(pd.DataFrame({"code": ["GDP"], "level": 1, "parent": None, "direction": 1,
    ...                                        "type": "Indicator"}))
    >>> units = UnitTable.of(pd.DataFrame({"unit": list("ABCDEF"), "GDP": [1, 2, 3, 4, 5, 100]}), framework)
    >>> kernel = treat_kernel({"method": "winsorise"}, Stage(units, framework, np.full((6, 1), False), True))
    >>> kernel(Stack(units.array[None], np.arange(6), ()), {}).values.ravel().tolist()
    [1.0, 2.0, 3.0, 4.0, 5.0, 5.0]
    """
    own = {name: value for name, value in parameters.items() if name != "by_indicator"}
    treatments = treatments_of(own, parameters.get("by_indicator"), stage.units.codes)
    if all(one.method == "none" for one in treatments):
        return lambda stack, drawn: stack
    may_lose = np.array([one.method == "outliers_sd" and one.replace == "exclude" for one in treatments])

    def apply(stack: Stack, drawn: Drawn) -> Stack:
        result = treated_by_indicator(stack.values, treatments)
        lost = np.isnan(result) & ~np.isnan(stack.values) & ~may_lose
        if lost.any():
            draw, unit, place = (int(number) for number in np.argwhere(lost)[0])
            raise BenchmarkInputError(
                f"the treatment of {stage.units.codes[place]} does not exist for "
                f"{float(stack.values[draw, unit, place]):g}, which was drawn for "
                f"{stage.units.index[stack.rows[unit]]}",
                where="uncertainty, treat",
                todo="Use log_ct, which takes any numbers, or a smaller spread.",
            )
        return replace(stack, values=result)

    return apply


def normalise_kernel(parameters: Mapping[str, Any], stage: Stage) -> Kernel:
    """Normalise each indicator as the step does, those with the same method together.

    Args:
        parameters: of the step. stage: the nominal run before it, with the indicators' directions.

    >>> import pandas as pd
    >>> framework = Framework.of(pd.DataFrame({"code": ["jobs", "co2"], "level": 1, "parent": None,
    ...                                        "direction": [1, -1], "type": "Indicator"}))
    >>> data = pd.DataFrame({"unit": ["AT", "CH", "SI"], "jobs": [10, 30, 20], "co2": [5, 4, 9]})
    >>> units = UnitTable.of(data, framework)
    >>> kernel = normalise_kernel({"method": "minmax"}, Stage(units, framework, np.full((3, 2), False), True))
    >>> kernel(Stack(units.array[None], np.arange(3), ()), {}).values.tolist()
    [[[0.0, 80.0], [100.0, 100.0], [50.0, 0.0]]]
    """
    codes, framework = stage.units.codes, stage.framework
    own = {name: value for name, value in parameters.items() if name not in _NORMALISE_OWN}
    plan = indicator_settings(framework, parameters["method"], own, parameters.get("by_indicator"))
    lots: dict[tuple[object, ...], list[str]] = {}
    for code in codes:
        settings = plan[code]
        lots.setdefault((settings["method"], *(settings.get(name) for name in _SHARED)), []).append(code)
    turn = dict(zip(framework.indicators, framework.directions, strict=True))

    def part(values: FloatArray, rows: IntArray, names: list[str]) -> FloatArray:
        method = plan[names[0]]["method"]
        given: dict[str, Any] = {
            name: np.array([np.nan if (one := plan[code][name]) is None else one for code in names])
            for name in METHODS[method]
            if name not in _SHARED
        }
        for name in set(METHODS[method]) & set(_SHARED):
            given[name] = plan[names[0]][name]
        if "reference" in given:
            given["reference"] = row_of(given["reference"], rows, stage.units)
        turns = np.array([turn[code] for code in names])
        if method in RANK_METHODS and len(rows) > 1 and np.isfinite(values).all():
            return _ranked(values * turns, method, given["ties"])
        return normalised(values, method, directions=turns, labels=names, **given)

    def apply(stack: Stack, drawn: Drawn) -> Stack:
        if len(lots) == 1:
            return replace(stack, values=part(stack.values, stack.rows, list(codes)))
        result = np.empty_like(stack.values)
        for names in lots.values():
            places = [codes.index(code) for code in names]
            result[..., places] = part(stack.values[..., places], stack.rows, names)
        return replace(stack, values=result)

    return apply


def _ranked(turned: FloatArray, method: str, ties: str) -> FloatArray:
    """`normalised` by a rank method, for numbers times direction without gaps."""
    places = packed_ranks(np.ascontiguousarray(np.swapaxes(turned, -1, -2)), ties)
    if method != "rank":
        places -= 1
    if method == "percentile_rank":
        places /= turned.shape[-2] - 1
    return np.ascontiguousarray(np.swapaxes(places, -1, -2))


def row_of(unit: object, rows: IntArray, units: UnitTable) -> int:
    """Where among some rows a reference unit stands.

    Args:
        rows: positions in `units` of the units that are left.

    Raises:
        BenchmarkInputError: the unit is not among them.

    >>> import pandas as pd
    >>> framework = Framework.of(pd.DataFrame({"code": ["LPI"], "level": 1, "parent": None, "direction": 1,
    ...                                        "type": "Indicator"}))
    >>> units = UnitTable.of(pd.DataFrame({"unit": ["AT", "CH", "SI"], "LPI": [4, 2, 3]}), framework)
    >>> row_of("SI", np.array([0, 2]), units)
    1
    """
    found = np.flatnonzero(units.index.take(rows) == unit)
    if not found.size:
        raise BenchmarkInputError(
            f"the reference unit {unit!r} is not in the table, or screened out in an alternative",
            where="uncertainty",
            todo="Take another reference, or include the unit in every alternative of the screen.",
        )
    return int(found[0])


def _screened(values: FloatArray, rows: IntArray, parameters: Mapping[str, Any], stage: Stage) -> BoolArray:
    units = stage.units.take(stage.units.index[rows])
    table = units.values.copy()
    table[:] = values
    found = screen(units.with_values(table), stage.framework, **parameters).units.index
    return np.asarray(units.index.isin(found))
