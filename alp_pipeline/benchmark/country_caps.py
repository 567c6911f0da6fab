"""What a country's published total leaves at most to a hidden cell of one of its regions.

Belongs here: the total minus the published regions. Does not: who may see it (disclosure, which guards it).
"""

from collections.abc import Hashable, Mapping

import numpy as np
import pandas as pd

from alp_pipeline.benchmark.activity_table import YEAR, ActivityTable, exact_sums
from alp_pipeline.benchmark.cells import CONFIDENTIAL, FloatArray


def country_caps(
    table: ActivityTable,
    countries: Mapping[Hashable, Hashable] | None,
    country_totals: pd.DataFrame | None,
    rounding: float,
) -> FloatArray:
    """The total minus published regions, widened by the rounding tolerance ±(n/2 + 1) for n regions.

    Args:
        countries, country_totals, rounding: as in `disclosure.PublishedTotals`.

    Returns:
        Rows × activities, numbers at hidden cells alone; NaN where no total is published, or it falls short
        of its published regions by more than the tolerance.

    >>> table = ActivityTable.of(pd.DataFrame({"C28": [8.0, None]}, index=["A", "B"]),
    ...                          states=pd.DataFrame({"C28": ["reported", "confidential"]}, index=["A", "B"]))
    >>> total = pd.DataFrame({"C28": [11.0]}, index=["XX"])
    >>> country_caps(table, {"A": "XX", "B": "XX"}, total, 1.0)[:, 0].tolist()
    [nan, 5.0]
    """
    index = table.values.index
    caps: FloatArray = np.full(table.values.shape, np.nan)
    if countries is None or country_totals is None:
        return caps
    country = index.get_level_values(0).map(countries)
    dated = YEAR in index.names
    keys = pd.MultiIndex.from_arrays([country, index.get_level_values(YEAR)]) if dated else country
    order = np.argsort(index)  # sums in the order of the labels
    x, hidden = table.x, table.state == CONFIDENTIAL
    totals = country_totals.reindex(columns=table.values.columns)
    groups = pd.Series(np.arange(len(index))[order]).groupby(keys[order])
    for key, places in groups:
        if key not in totals.index:
            continue
        at = places.to_numpy()
        left = totals.loc[key].to_numpy(dtype=np.float64, na_value=np.nan) - exact_sums(x[at].T)
        tolerance = (len(at) / 2 + 1) * rounding
        left = np.where(left < -tolerance, np.nan, np.maximum(left + tolerance, 0.0))
        caps[at] = np.where(hidden[at], left, np.nan)
    return caps
