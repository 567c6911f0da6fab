"""What a history of revisions says of how uncertain first numbers are: a spread with its evidence.

Belongs here: the root mean square revision of each indicator, and the evidence that a recipe asks for.
Does not: what a spread does to the cells of a draw (data_draws).
"""

from typing import NoReturn

import numpy as np
import pandas as pd

from alp_pipeline.benchmark.cells import BenchmarkInputError, numbers_in
from alp_pipeline.benchmark.composite.uncertainty.spec import EstimatedSpread
from alp_pipeline.benchmark.inputs import checked


@checked
def estimated_spreads(
    vintages: pd.DataFrame, *, keys: tuple[str, ...] = ("unit", "time")
) -> dict[str, EstimatedSpread]:
    """The spread of every indicator that was revised, with its evidence, as `revisions` of a recipe takes it.

    Arguments and errors as of `revision_spread`. An indicator without a usable cell is not in the answer:
    nothing can be said of it.

    >>> frame = pd.DataFrame({"indicator": "LPI", "unit": ["AT", "AT", "CH", "CH"], "time": 2018,
    ...                       "vintage": [1, 2, 1, 2], "value": [9.0, 10.0, 22.0, 20.0]})
    >>> estimated_spreads(frame)["LPI"].model_dump()
    {'relative_sd': 0.1, 'revisions': 2, 'vintages': ('1', '2')}
    """
    table = revision_spread(vintages, keys=keys)
    return {
        str(row.Index): EstimatedSpread(
            relative_sd=row.relative_sd, revisions=row.cells, vintages=row.vintages
        )
        for row in table[table["cells"] > 0].itertuples()
    }


@checked
def revision_spread(vintages: pd.DataFrame, *, keys: tuple[str, ...] = ("unit", "time")) -> pd.DataFrame:
    """How far an indicator's first published numbers lay from its latest ones.

    r = (first - latest) / latest for each cell with two vintages or more; relative_sd = √mean(r²), around
    zero and not around the mean: a systematic revision is an error of the first number too. A cell whose
    latest number is zero has no relative revision and is counted apart.

    Args:
        vintages: columns indicator, vintage (sortable: the later the newer), value (NaN = no number, is
            ignored) and the key columns; one row per cell and vintage.
        keys: the columns that say which cell of an indicator a row is.

    Returns:
        One row per indicator, sorted: relative_sd (NaN without a usable cell), mean_revision (relative, its
        bias), cells, zero_cells, vintages (a tuple of their names, oldest first, of all numbers compared).

    Raises:
        BenchmarkInputError: a column is absent, a cell has two rows of one vintage, a value is infinite.

    Source: root mean square revision, McKenzie & Gamba (2008), Interpreting the Results of Revision Analyses
    (OECD), here relative to the latest number.

    >>> frame = pd.DataFrame({"indicator": "LPI", "unit": ["AT", "AT", "CH", "CH"], "time": 2018,
    ...                       "vintage": [1, 2, 1, 2], "value": [9.0, 10.0, 22.0, 20.0]})
    >>> revision_spread(frame)["relative_sd"].round(3).to_dict()
    {'LPI': 0.1}
    """
    wanted = ["indicator", *keys, "vintage", "value"]
    absent = [name for name in wanted if name not in vintages.columns]
    if absent:
        _refuse(f"the column {absent[0]} is absent", "vintages", f"Pass {', '.join(wanted)}.")
    cell = ["indicator", *keys]
    known = vintages[vintages["value"].notna()].sort_values([*cell, "vintage"], kind="stable")
    twice = known.duplicated([*cell, "vintage"])
    if twice.any():
        row = known[twice].iloc[0]
        name = " × ".join(str(row[part]) for part in cell)
        _refuse(f"{name} has two rows of {row['vintage']}", "vintages", "Pass one.")
    value = numbers_in(known["value"], "vintages")
    if np.isinf(value).any():
        _refuse("a value is infinite", "vintages", "Pass finite numbers.")
    known = known.assign(value=value)
    known = known[known.groupby(cell)["value"].transform("size") > 1]
    cells = known.groupby(cell, sort=True)["value"].agg(["first", "last"])
    usable = cells[cells["last"] != 0]
    revision = (usable["first"] - usable["last"]) / usable["last"].abs()
    by_indicator = revision.groupby(level="indicator")
    compared = known.groupby("indicator")["vintage"].unique()
    table = pd.DataFrame(
        {
            "relative_sd": np.sqrt((revision**2).groupby(level="indicator").mean()),
            "mean_revision": by_indicator.mean(),
            "cells": by_indicator.size(),
            "zero_cells": (cells["last"] == 0).groupby(level="indicator").sum(),
            "vintages": compared.map(lambda several: tuple(str(one) for one in sorted(several))),
        },
        index=pd.Index(sorted(vintages["indicator"].unique()), name="indicator"),
    )
    table["vintages"] = [one if isinstance(one, tuple) else () for one in table["vintages"]]
    return table.fillna({"cells": 0, "zero_cells": 0}).astype({"cells": "int64", "zero_cells": "int64"})


def _refuse(what: str, where: str, todo: str) -> NoReturn:
    raise BenchmarkInputError(what, where=where, todo=todo)
