"""Step: estimate missing cells, each with a mark.

Belongs here: which cells may be filled, labels, marks, the list of what was filled and what was not.
Does not: the estimates (imputation, regression).
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
import pandas as pd

from alp_pipeline.benchmark.cells import BenchmarkInputError, BoolArray
from alp_pipeline.benchmark.composite.framework import Framework
from alp_pipeline.benchmark.composite.imputation import METHODS, Imputation, Layout, imputed
from alp_pipeline.benchmark.composite.parameters import per_indicator
from alp_pipeline.benchmark.composite.units import StepResult, UnitTable
from alp_pipeline.benchmark.inputs import checked

IMPUTED_FLAG: Final = "i"

__all__ = ["IMPUTED_FLAG", "METHODS", "imputations_of", "impute"]


@checked
def impute(
    units: UnitTable,
    framework: Framework,
    *,
    method: str = "mean",
    group: str | None = None,
    max_gap: int | None = None,
    or_next: bool = False,
    predictor: str | Sequence[str] | None = None,
    predictors: int = 1,
    by_indicator: Mapping[str, Mapping[str, Any]] | None = None,
) -> StepResult:
    """Fill missing cells with estimates (Handbook, Nardo et al. 2008, step 3), and say which.

    A number is never touched. A confidential cell is never filled, one that does not apply neither, and none
    with bounds: the bounds say more than an estimate. Estimates are made from the numbers given, never from
    other estimates. A filled cell is `reported` to the steps after it, with the flag `i` (OBS_STATUS:
    imputed) beside it; `details` tells it from what the publisher had imputed.

    Methods:
        mean, median: over all units (in a panel: of the same time).
        group_mean, group_median: over the units of the same group (and time). A unit without a group, or in
            one without a number, is not filled.
        panel_latest: the unit's latest earlier number, at most `max_gap` of the panel's times before;
            with `or_next` else its next later one (the EIS's way).
        panel_linear: on the straight line between the unit's numbers before and after in time; before
            its first number that one, after its last that one. One number is enough.
        regression: ordinary least squares on `predictor`, or on the `predictors` complete indicators with
            the strongest correlations (see `regression.most_correlated`), over all rows.
        none: nothing is filled.

    Args:
        method: see above.
        group: the column of groups, for the group methods.
        max_gap: for panel_latest; None for no limit.
        or_next: for panel_latest.
        predictor: one or more indicators for regression; chosen when omitted.
        predictors: how many are chosen.
        by_indicator: parameters of single indicators. A parameter that the method does not use is allowed, so
            that alternatives of a method can be drawn.

    Returns:
        Units with estimates; the framework as it was. details:
        `imputed`: one row per filled cell: unit, [time,] indicator, method, value.
        `not_imputed`: one row per cell still without a number: unit, [time,] indicator, state, reason
        (`confidential`, `not_applicable`, `bounds`, `method none`, `nothing to estimate from`).

    Raises:
        BenchmarkInputError: a method, group, predictor or indicator does not exist; a group method has no
            group; a panel method is asked of a cross-section.

    >>> table = pd.DataFrame({"code": ["LPI", "side"], "level": [1, None], "parent": None,
    ...                       "direction": [1, None], "type": ["Indicator", "Group"]})
    >>> framework = Framework.of(table)
    >>> data = pd.DataFrame({"unit": list("ABCD"), "side": list("nnns"), "LPI": [1, 3, None, ":c"]})
    >>> result = impute(UnitTable.of(data, framework), framework, method="group_mean", group="side")
    >>> result.details["imputed"].values.tolist(), result.units.flags["LPI"].tolist()
    ([['C', 'LPI', 'group_mean', 2.0]], ['', '', 'i', ''])
    >>> result.details["not_imputed"].values.tolist()
    [['D', 'LPI', 'confidential', 'confidential']]
    """
    own = {
        "method": method,
        "group": group,
        "max_gap": max_gap,
        "or_next": or_next,
        "predictor": predictor,
        "predictors": predictors,
    }
    imputations = imputations_of(own, by_indicator, units.codes)
    fillable = _open_cells(units)
    values = _estimated(units, fillable, imputations)
    filled = np.isnan(units.array) & values.notna().to_numpy()
    methods = np.array([imputation.method for imputation in imputations], dtype=object)
    letters = units.flags.to_numpy(dtype=object, copy=True)
    letters[filled] = [own if IMPUTED_FLAG in own else own + IMPUTED_FLAG for own in letters[filled]]
    flags = pd.DataFrame(letters, index=units.index, columns=units.values.columns, dtype="str")
    cells = units.cells(filled)
    cells["method"] = pd.Series(methods[np.nonzero(filled)[1]], dtype="str")
    cells["value"] = values.to_numpy()[filled]
    return StepResult(
        units.with_values(values, flags=flags, lower=units.lower, upper=units.upper),
        framework,
        {"imputed": cells, "not_imputed": _not_imputed(units, values, fillable, methods)},
    )


def imputations_of(
    parameters: Mapping[str, Any],
    by_indicator: Mapping[str, Mapping[str, Any]] | None,
    codes: Sequence[str],
) -> list[Imputation]:
    """The imputation of each indicator, as the kernel takes them; parameters as those of `impute`.

    >>> [each.method for each in imputations_of({"method": "mean"}, {"b": {"method": "none"}}, ["a", "b"])]
    ['mean', 'none']
    """
    result = []
    for own in per_indicator(parameters, by_indicator, codes, where="impute").values():
        if own.get("predictor") is not None and not isinstance(own["predictor"], str):
            own["predictor"] = tuple(own["predictor"])
        result.append(Imputation(**own))
    return result


def _open_cells(units: UnitTable) -> BoolArray:
    if units.lower is None:
        return units.fillable
    unbounded: BoolArray = units.lower.isna().to_numpy()
    return units.fillable & unbounded


def _estimated(units: UnitTable, fillable: BoolArray, imputations: Sequence[Imputation]) -> pd.DataFrame:
    for code, imputation in zip(units.codes, imputations, strict=True):
        _require_columns(units, code, imputation)
    # Sums and ties go by the order of rows and columns: that of their labels, whatever it was.
    rows = units.label_order
    columns = np.argsort(units.values.columns, kind="stable")
    layout = Layout.of(units.only([units.codes[place] for place in columns]), rows)
    ordered = imputed(
        units.array[np.ix_(rows, columns)],
        fillable[np.ix_(rows, columns)],
        [imputations[place] for place in columns],
        layout,
    )
    values = np.empty_like(ordered)
    values[np.ix_(rows, columns)] = ordered
    return pd.DataFrame(values, index=units.index, columns=units.values.columns)


def _require_columns(units: UnitTable, code: str, imputation: Imputation) -> None:
    """Refuse a group or predictor that does not exist even where there is no gap to fill with it."""
    if imputation.method.startswith("group_") and imputation.group not in units.groups.columns:
        _refuse(
            f"{imputation.group!r}, by which {code} is to be imputed, is no column of groups",
            ", ".join(units.groups.columns),
        )
    for name in imputation.named_predictors if imputation.method == "regression" else ():
        if name not in units.codes:
            _refuse(f"the predictor {name!r} of {code} is no indicator of the table", ", ".join(units.codes))


def _refuse(what: str, known: str) -> None:
    raise BenchmarkInputError(
        what, where="impute", todo=f"Use one of {known or 'the framework (it has none)'}."
    )


def _not_imputed(
    units: UnitTable, values: pd.DataFrame, fillable: BoolArray, methods: np.ndarray[Any, Any]
) -> pd.DataFrame:
    empty = values.isna().to_numpy()
    cells = units.cells(empty)
    state = units.states.to_numpy()[empty].astype("str")
    bounded = (units.fillable & ~fillable)[empty]
    unasked = (methods == "none")[np.nonzero(empty)[1]]
    barred = np.isin(state, ["confidential", "not_applicable"])
    reason = np.select(
        [barred, bounded, unasked], [state, "bounds", "method none"], default="nothing to estimate from"
    )
    return cells.assign(state=pd.Series(state, dtype="str"), reason=pd.Series(reason, dtype="str"))
