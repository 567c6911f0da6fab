"""Step: outliers and skewed indicators.

Belongs here: labels, bounds and the record of what was done to which indicator and cell.
Does not: the treatments themselves (treatment, outliers, transforms).
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
import pandas as pd

from alp_pipeline.benchmark.cells import BenchmarkInputError, BoolArray, FloatArray, IntArray
from alp_pipeline.benchmark.composite.framework import Framework
from alp_pipeline.benchmark.composite.moments import columns_of
from alp_pipeline.benchmark.composite.outliers import Limits
from alp_pipeline.benchmark.composite.parameters import per_indicator
from alp_pipeline.benchmark.composite.transforms import POWERS, Transform
from alp_pipeline.benchmark.composite.treatment import METHODS, Diagnosis, Treatment, treated_columns
from alp_pipeline.benchmark.composite.unit_cells import label_of
from alp_pipeline.benchmark.composite.units import StepResult, UnitTable
from alp_pipeline.benchmark.inputs import checked

__all__ = ["METHODS", "treat", "treatments_of"]

_SHAPES: Final = ("before", "after_method", "after")


@checked
def treat(
    units: UnitTable,
    framework: Framework,
    *,
    method: str = "winsorise",
    then: str | None = None,
    skew_max: float | None = 2.0,
    kurtosis_max: float | None = 3.5,
    only_if_skew_above: float | None = None,
    apply: str | None = None,
    combine: bool = False,
    max_points: int | None = 5,
    k: float = 2.0,
    replace: str = "next",
    boxcox_lambda: float | None = None,
    boxcox_shift: bool = True,
    reflect: bool = False,
    within_time: bool = False,
    by_indicator: Mapping[str, Mapping[str, Any]] | None = None,
) -> StepResult:
    """Draw in outliers and long tails, indicator by indicator, as COINr's Treat does.

    An indicator passes if |skewness| < skew_max or excess kurtosis < kurtosis_max (G1 and G2, see
    `moments`). If it does not, `method` is applied; if it still does not, `then` is applied to the numbers as
    they were before `method`. An indicator without skewness or kurtosis (fewer than 4 numbers, all equal)
    cannot be judged, stays as it is, and says so (`passes` missing).

    Methods:
        winsorise: see `outliers.winsorised`. A low tail is drawn in from below.
        outliers_sd: numbers beyond mean ± k standard deviations take the next extreme value within, or are
            excluded (then `not_available`); see `outliers.deviation_limits`.
        log_ct, log, log_gii, boxcox, sqrt: see `transforms.Transform`. Each shortens an upper tail and
            lengthens a lower one, and is applied to either, as in COINr; `reflect` mirrors an indicator
            with negative skewness first, so that its lower tail is the one shortened, and mirrors it back:
            the order of the units stays.
        none: the indicator is left as it is, whatever `then` says.

    Args:
        method, then: see above; `then` is a function or none.
        skew_max, kurtosis_max: the rule; None: the other one decides alone.
        only_if_skew_above: replaces the rule: fails where skewness (with its sign) is greater. The
            European Innovation Scoreboard takes the square root above 1.
        apply: `failing` or `always`, for `method`; when omitted `always` for outliers_sd, which has a rule of
            its own for what an outlier is, else `failing`. Winsorising always moves `max_points`.
        combine: `then` is applied to what `method` made, not to the numbers before it.
        max_points: numbers winsorised at most, more only where the last ones are tied; None for no limit.
        k: for outliers_sd, at least 1.
        replace: for outliers_sd, `next` or `exclude`.
        boxcox_lambda: the power; estimated by maximum likelihood, between -5 and 5, when omitted. Where the
            likelihood has no maximum inside, the bound is taken and `boxcox_at_bound` says so.
        boxcox_shift: shift the numbers first so that the least is 1 (COINr); else they must be positive.
        reflect: see above.
        within_time: in a panel treat each time by itself (COINr's purse); else all times together, so
            that a unit's number is treated alike in every year.
        by_indicator: parameters of single indicators, `within_time` excepted.

    Returns:
        Units with treated numbers, bounds treated by the same limits and functions (dropped where a
        function does not exist for them). The framework as it was: a target is in the unit from before.
        details:
        `treatment`: one row per indicator (and time): [time,] indicator, method (`none` where not applied),
        points (numbers that `method` winsorised or found beyond the limits, also where `then` started again
        from the numbers before), then, boxcox_lambda, boxcox_at_bound (the estimate is a bound of the
        search), and skew, kurtosis and passes before, after the method, and after all.
        `points`: one row per number that limits moved: unit, [time,] indicator, value_before, value_after.

    Raises:
        BenchmarkInputError: a parameter or indicator does not exist or cannot have its value; a number is
            outside the domain of a function (log of zero), naming it.

    >>> framework = Framework.of(pd.DataFrame({"code": ["GDP"], "level": 1, "parent": None,
    ...                                        "direction": 1, "type": "Indicator"}))
    >>> data = pd.DataFrame({"unit": list("ABCDEF"), "GDP": [1, 2, 3, 4, 5, 100]})
    >>> units = UnitTable.of(data, framework)
    >>> result = treat(units, framework)
    >>> result.units.values["GDP"].tolist()
    [1.0, 2.0, 3.0, 4.0, 5.0, 5.0]
    >>> result.details["treatment"][["method", "points", "passes_before", "passes_after"]].values.tolist()
    [['winsorise', 1, False, True]]
    """
    own = {
        "method": method,
        "then": then,
        "skew_max": skew_max,
        "kurtosis_max": kurtosis_max,
        "only_if_skew_above": only_if_skew_above,
        "apply": apply,
        "combine": combine,
        "max_points": max_points,
        "k": k,
        "replace": replace,
        "boxcox_lambda": boxcox_lambda,
        "boxcox_shift": boxcox_shift,
        "reflect": reflect,
    }
    treatments = treatments_of(own, by_indicator, units.codes)
    work = _Work(units)
    for rows in _periods(units) if within_time else [np.arange(len(units.index))]:
        for treatment in dict.fromkeys(treatments):
            places = [place for place, each in enumerate(treatments) if each == treatment]
            work.treat(rows[np.argsort(units.index.take(rows), kind="stable")], places, treatment)
    return StepResult(work.units(), framework, work.details(by_time=within_time and units.is_panel))


def treatments_of(
    parameters: Mapping[str, Any],
    by_indicator: Mapping[str, Mapping[str, Any]] | None,
    codes: Sequence[str],
) -> list[Treatment]:
    """The treatment of each indicator, as the kernel takes them; parameters as those of `treat`.

    >>> [each.method for each in treatments_of({"method": "sqrt"}, {"b": {"method": "none"}}, ["a", "b"])]
    ['sqrt', 'none']
    """
    own = {name: value for name, value in parameters.items() if name != "within_time"}
    return [Treatment(**each) for each in per_indicator(own, by_indicator, codes, where="treat").values()]


def _periods(units: UnitTable) -> list[IntArray]:
    """The rows of each time, by position; of a cross-section all rows."""
    if not units.is_panel:
        return [np.arange(len(units.index), dtype=np.int64)]
    time = units.index.get_level_values(1).to_numpy()
    return [np.flatnonzero(time == each).astype(np.int64) for each in np.unique(time)]


class _Work:
    """A table while its columns are being treated, and the record of it."""

    def __init__(self, units: UnitTable) -> None:
        self.before = units
        self.values = units.array.copy()
        self.bounds = [] if units.lower is None or units.upper is None else [units.lower, units.upper]
        self.ends = [frame.to_numpy(dtype=np.float64, copy=True) for frame in self.bounds]
        self.moved = np.zeros(self.values.shape, dtype=np.bool_)
        self.rows: list[pd.DataFrame] = []

    def treat(self, rows: IntArray, places: list[int], treatment: Treatment) -> None:
        cut = np.ix_(rows, np.array(places))
        columns = columns_of(self.values[cut])
        _, diagnosis = treated_columns(columns, treatment)
        after, moved = columns.copy(), np.zeros(columns.shape, dtype=np.bool_)
        for which, stage in diagnosis.stages:
            given = after[which]
            after[which] = stage(given)
            if isinstance(stage, Limits):
                moved[which] = stage.outside(given)
            else:
                lost = ~np.isnan(given) & np.isnan(after[which])
                _refuse_lost(lost, given, stage.name, self.before, rows, np.array(places)[which])
        self.values[cut], self.moved[cut] = after.T, moved.T
        for end in self.ends:
            end[cut] = _through(diagnosis, columns_of(end[cut])).T
        self.rows.append(self._record(columns, rows, places, treatment, diagnosis))

    def units(self) -> UnitTable:
        """The treated table."""
        units = self.before
        frames = [pd.DataFrame(end, index=units.index, columns=units.values.columns) for end in self.ends]
        if frames:
            # A function may exist for one end of an interval only: half an interval says nothing.
            whole = frames[0].notna() & frames[1].notna() & units.values.isna()
            frames = [frame.where(whole) for frame in frames]
        values = pd.DataFrame(self.values, index=units.index, columns=units.values.columns)
        return units.with_values(
            values, lower=frames[0] if frames else None, upper=frames[1] if frames else None
        )

    def details(self, *, by_time: bool) -> dict[str, pd.DataFrame]:
        """The tables that `treat` promises, in the order of the table's columns."""
        table = pd.concat(self.rows, ignore_index=True)
        place = {code: number for number, code in enumerate(self.before.codes)}
        table["place"] = table["indicator"].map(place)
        table = table.sort_values(["time", "place"], kind="stable", ignore_index=True)
        points = self.before.cells(self.moved)
        points["value_before"] = self.before.array[self.moved]
        points["value_after"] = self.values[self.moved]
        return {
            "treatment": table.drop(columns=["place"] if by_time else ["place", "time"]),
            "points": points,
        }

    def _record(
        self,
        columns: FloatArray,
        rows: IntArray,
        places: list[int],
        treatment: Treatment,
        diagnosis: Diagnosis,
    ) -> pd.DataFrame:
        many = len(places)
        methods, functions = np.full(many, "none", dtype=object), np.full(many, "none", dtype=object)
        points, powers = np.zeros(many, dtype=np.int64), np.full(many, np.nan)
        methods[diagnosis.chosen] = treatment.method
        functions[diagnosis.again] = treatment.then
        if isinstance(diagnosis.first, Limits):
            points[diagnosis.chosen] = diagnosis.first.points(columns[diagnosis.chosen])
        for which, stage in diagnosis.stages:
            if isinstance(stage, Transform):
                powers[which] = stage.power
        labels = self.before.index.take(rows)
        table: dict[str, Any] = {
            "time": labels.get_level_values(1)[0] if isinstance(labels, pd.MultiIndex) else 0,
            "indicator": [self.before.codes[place] for place in places],
            "method": methods,
            "points": points,
            "then": functions,
            "boxcox_lambda": powers,
            "boxcox_at_bound": np.isin(powers, POWERS) & (treatment.boxcox_lambda is None),
        }
        for name in _SHAPES:
            skew, kurtosis = getattr(diagnosis, name)
            table |= {f"skew_{name}": skew, f"kurtosis_{name}": kurtosis}
            passes = pd.array(~treatment.fails(skew, kurtosis), dtype="boolean")
            passes[np.isnan(skew) | np.isnan(kurtosis)] = pd.NA
            table[f"passes_{name}"] = passes
        return pd.DataFrame(table).astype({"indicator": "str", "method": "str", "then": "str"})


def _refuse_lost(
    lost: BoolArray, before: FloatArray, name: str, units: UnitTable, rows: IntArray, places: IntArray
) -> None:
    if lost.any():
        column, row = (int(number) for number in np.argwhere(lost)[0])
        raise BenchmarkInputError(
            f"{name} does not exist for {label_of(units.index[rows[row]])} × {units.codes[places[column]]}, "
            f"which is {float(before[column, row])}",
            where="treat",
            todo="Use log_ct, which takes any numbers, or leave the indicator as it is (by_indicator).",
        )


def _through(diagnosis: Diagnosis, ends: FloatArray) -> FloatArray:
    """Bounds through the limits and functions that the numbers went through."""
    for which, stage in diagnosis.stages:
        # Excluding outliers moves no number that stays, so it moves no bound either.
        if not (isinstance(stage, Limits) and stage.exclude):
            ends[which] = stage(ends[which])
    return ends
