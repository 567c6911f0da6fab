"""What a run really varied, as a table: no alternative, spread or cell is left unsaid.

Belongs here: one row per alternative and per kind of data, with where a spread comes from and how many cells
it moves. Does not: drawing, what it did to the ranks.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import astuple, dataclass, fields
from typing import Any, Final

import numpy as np
import pandas as pd

from alp_pipeline.benchmark.cells import FloatArray
from alp_pipeline.benchmark.composite.uncertainty.data_draws import CellSpread
from alp_pipeline.benchmark.composite.uncertainty.spec import (
    DataSpread,
    EstimatedSpread,
    InclusionFactor,
    UncertaintySpec,
    WeightsFactor,
)
from alp_pipeline.benchmark.composite.units import UnitTable

CHOICE, FIXED = "choice", "fixed"
DECLARED, REVISIONS, LEAVE_ONE_OUT, BOUNDS = (
    "declared",
    "estimated from revisions",
    "estimated by leave-one-out",
    "known bounds, drawn evenly",
)
NOT_ESTIMATED: Final = (DECLARED, BOUNDS)
NOTHING_TO_MOVE: Final = {
    "data_flags": (
        "no number carries one of its letters, or revisions take their place",
        "Pass flags with the table (UnitTable.of, flags=)",
    ),
    "data_imputed": ("the recipe fills no cell of this table", "Pass the table with its gaps"),
    "data_intervals": (
        "no cell without a number has bounds",
        "Pass bounds with the table (UnitTable.of, lower=, upper=)",
    ),
    "data_revisions": ("its indicators have no number but zero", "Name indicators with numbers"),
    "data_concordance": ("no number was converted", "Say which numbers were (converted=)"),
}
"""By factor over data: why it may have no cell to move, and what can be done."""


@dataclass(frozen=True)
class Varied:
    """A row of the table.

    Attributes:
        factor: its name; "" for what is not varied. over: method or data.
        what: the stage of the recipe, or the flag, indicator or level that the row is about.
        value: parameters in force (JSON), or the standard deviation, with its evidence where it was.
        basis: choice (one of several ways), declared, estimated from revisions, estimated by leave-one-out,
            known bounds drawn evenly, fixed.
        cells: how many cells it moves; None where the question makes no sense.
    """

    factor: str
    over: str
    what: str
    value: str
    basis: str
    cells: int | None = None


def configuration_table(rows: Iterable[Varied]) -> pd.DataFrame:
    """factor, over, what, value, basis, cells and is_assumption (declared, or drawn evenly between bounds).

    >>> table = configuration_table([Varied("data_flags", "data", "e", "0.05", "declared", 3)])
    >>> table.iloc[0].astype("str").tolist()
    ['data_flags', 'data', 'e', '0.05', 'declared', '3', 'True']
    """
    names = [field.name for field in fields(Varied)]
    table = pd.DataFrame([astuple(row) for row in rows], columns=names)
    table = table.astype(dict.fromkeys(names[:-1], "str") | {"cells": "Int64"})
    table["is_assumption"] = table["basis"].isin(NOT_ESTIMATED)
    return table


def idle_factors(configuration: pd.DataFrame, data: DataSpread) -> tuple[str, ...]:
    """The factors over data that were asked to move cells and have none to move.

    >>> table = configuration_table([Varied("data_flags", "data", "e", "0.05", "declared", 0)])
    >>> idle_factors(table, DataSpread(flags={"e": 0.05}))
    ('data_flags',)
    """
    cells = configuration.groupby("factor")["cells"].sum()
    asked = [f"data_{kind}" for kind in data.moving]
    return tuple(factor for factor in asked if not cells.get(factor, 0))


def step_rows(factor: str, stage: str, alternatives: Sequence[Mapping[str, Any]]) -> list[Varied]:
    """Every alternative of a step with all its parameters.

    >>> rows = step_rows("scale", "1_normalise", [{"method": "minmax"}, {"method": "rank"}])
    >>> [(row.value, row.basis) for row in rows]
    [('{"method": "minmax"}', 'choice'), ('{"method": "rank"}', 'choice')]
    """
    return [Varied(factor, "method", stage, as_json(one), CHOICE) for one in alternatives]


def weight_rows(spec: UncertaintySpec) -> list[Varied]:
    """Weights that are drawn, indicators that are left out.

    >>> spec = UncertaintySpec(method=({"distribution": "simplex"}, {"leave_out": 1}))
    >>> [(row.what, row.value) for row in weight_rows(spec)]
    [('weights', '{"distribution": "simplex"}'), ('indicators', '{"leave_out": 1, "or_none": false}')]
    """
    rows = []
    for factor in spec.method:
        if isinstance(factor, WeightsFactor | InclusionFactor):
            given = factor.model_dump(mode="json", exclude={"factor"}, exclude_none=True)
            what = "weights" if isinstance(factor, WeightsFactor) else "indicators"
            rows.append(Varied(factor.factor, "method", what, as_json(given), CHOICE))
    return rows


def data_rows(
    units: UnitTable, data: DataSpread, spreads: Sequence[CellSpread], *, knows_converted: bool
) -> list[Varied]:
    """Spreads of raw cells: a row per flag, per indicator with revisions, and for each other kind.

    Args:
        units: raw. data: what is declared or estimated. spreads: its cells, see `data_draws.cell_spreads`.
        knows_converted: whether somebody said which numbers were converted.

    >>> from alp_pipeline.benchmark.composite.framework import Framework
    >>> from alp_pipeline.benchmark.composite.uncertainty.data_draws import cell_spreads
    >>> framework = Framework.of(pd.DataFrame({"code": ["LPI"], "level": 1, "parent": None, "direction": 1,
    ...                                        "type": "Indicator"}))
    >>> flags = pd.DataFrame({"LPI": ["e", "", "e"]}, index=["AT", "CH", "SI"])
    >>> units = UnitTable.of(pd.DataFrame({"unit": ["AT", "CH", "SI"], "LPI": [4, 2, None]}), framework,
    ...                      flags=flags)
    >>> data = DataSpread(flags={"e": 0.05})  # an e without a number moves nothing
    >>> [row] = data_rows(units, data, cell_spreads(units, data), knows_converted=False)
    >>> row.what, row.value, row.basis, row.cells
    ('e', '0.05', 'declared', 1)
    """
    by_factor = {spread.factor: spread for spread in spreads}
    rows = []
    for letter, sd in sorted(data.flags.items()):
        cells = _flagged(units, data, letter)
        rows.append(Varied("data_flags", "data", letter, repr(sd), DECLARED, cells))
    for code, given in sorted(data.revisions.items()):
        numbers = units.values[code]
        there = int((numbers.notna() & (numbers != 0)).sum()) if data.revision_sd[code] else 0
        is_estimated = isinstance(given, EstimatedSpread)
        value = as_json(given.model_dump()) if isinstance(given, EstimatedSpread) else repr(given)
        basis = REVISIONS if is_estimated else DECLARED
        rows.append(Varied("data_revisions", "data", code, value, basis, there))
    if "data_intervals" in by_factor:
        cells = by_factor["data_intervals"].cells
        rows.append(Varied("data_intervals", "data", "cells with bounds", "uniform", BOUNDS, cells))
    if "data_concordance" in by_factor:
        cells = by_factor["data_concordance"].cells
        value = as_json(data.concordance)
        what = "converted cells" if knows_converted else "every number: nobody said which were converted"
        rows.append(Varied("data_concordance", "data", what, value, DECLARED, cells))
    return rows


def imputed_rows(
    stage: str, codes: Sequence[str], relative: float | None, absolute: FloatArray, cells: Sequence[int]
) -> list[Varied]:
    """Spreads of imputed cells: one declared for all, or an estimated one for each indicator with gaps.

    Args:
        stage: of the recipe. codes: the indicators. relative: the declared standard deviation, None where
            it is estimated. absolute: (indicators,) the estimated ones, NaN where there is none. cells: by
            indicator, how many are filled; one without a gap has no row.

    >>> rows = imputed_rows("1_impute", ["jobs", "wages"], None, np.array([1.5, np.nan]), [2, 0])
    >>> [(row.what, row.value, row.cells) for row in rows]
    [('1_impute, jobs', '1.5', 2)]
    """
    if relative is not None:
        return [Varied("data_imputed", "data", stage, repr(relative), DECLARED, int(sum(cells)))]
    return [
        Varied("data_imputed", "data", f"{stage}, {code}", repr(float(sd)), LEAVE_ONE_OUT, int(several))
        for code, sd, several in zip(codes, absolute, cells, strict=True)
        if several and not np.isnan(sd)
    ]


def as_json(value: object) -> str:
    """Parameters as text, the same for the same parameters.

    >>> as_json({"b": (1, 2), "a": "Zürich"})
    '{"a": "Zürich", "b": [1, 2]}'
    """
    return json.dumps(value, sort_keys=True, ensure_ascii=False, default=list)


def _flagged(units: UnitTable, data: DataSpread, letter: str) -> int:
    """Cells whose spread is that of the letter: the largest of theirs, e and p not where revised."""
    texts = units.flags.to_numpy(dtype=object).astype(str)
    texts = np.where(np.isnan(units.array) | (units.array == 0), "", texts)
    revised = np.array([code in data.revisions for code in units.codes], dtype=np.bool_)
    count = 0
    for text in np.unique(texts):
        there = texts == text
        for places, passed_over in ((there & ~revised, set()), (there & revised, {"e", "p"})):
            usable = {one for one in str(text).lower() if one in data.flags} - passed_over
            largest = max(usable, key=lambda one: (data.flags[one], one), default="")
            count += int(places.sum()) * (letter == largest and data.flags[letter] > 0)
    return count
