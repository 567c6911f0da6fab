"""All structure measures of all regions and years in one long table.

Belongs here: which measures there are, one row per row of the table and measure. Does not: any formula
(concentration, variety).
"""

from collections.abc import Hashable, Mapping

import pandas as pd

from alp_pipeline.benchmark.activity_table import ActivityTable
from alp_pipeline.benchmark.concentration import (
    Reference,
    as_table,
    entropy,
    hachman,
    herfindahl,
    krugman,
    theil,
)
from alp_pipeline.benchmark.disclosure import Published, hidden_remainders
from alp_pipeline.benchmark.inputs import checked
from alp_pipeline.benchmark.variety import variety

MEASURES = (
    "entropy",
    "hachman",
    "herfindahl",
    "krugman",
    "related_variety",
    "specialisation_coefficient",
    "theil",
    "unrelated_variety",
)


@checked
def structure(
    table: ActivityTable | pd.DataFrame,
    groups: Mapping[Hashable, Hashable],
    *,
    reference: Reference = None,
    published: Published | None = None,
) -> pd.DataFrame:
    """Every measure of MEASURES for every row: concentration, diversity, distance from the reference.

    Entropy and varieties in bits, Theil in nats against the reference, Hachman and Krugman against it too.

    Args:
        table: regions (or region × year) × activities.
        groups: the group (NACE section) of every activity, for the varieties.
        reference, published: see `concentration.krugman`.

    Returns:
        One row per row of the table and measure, sorted by measure within the row's place: the row's labels,
        measure, value, lower, upper, state, note (see `shares`). Bounds beside a state other than `reported`
        are internal.

    Raises:
        BenchmarkInputError: see `concentration.krugman` and `variety.variety`.

    >>> table = pd.DataFrame({"C10": [1, 4], "C28": [1, 0], "I55": [2, 0]}, index=["A", "B"])
    >>> found = structure(table, {"C10": "C", "C28": "C", "I55": "I"})
    >>> found.loc[found["measure"] == "entropy", ["region", "value", "state"]].values.tolist()
    [['A', 1.5, 'reported'], ['B', 0.0, 'reported']]
    """
    known = as_table(table)
    if published is not None:
        published = hidden_remainders(known, published)  # once for all measures
    of_reference = krugman(known, reference=reference, published=published)
    split = variety(known, groups, published=published)
    figures = {
        "entropy": entropy(known, published=published),
        "hachman": hachman(known, reference=reference, published=published),
        "herfindahl": herfindahl(known, published=published),
        "krugman": of_reference,
        "related_variety": split.rename(columns={"related_lower": "lower", "related_upper": "upper"}),
        "specialisation_coefficient": of_reference.assign(
            lower=of_reference["lower"] / 2, upper=of_reference["upper"] / 2
        ),
        "theil": theil(known, reference=reference, published=published),
        "unrelated_variety": split.assign(
            lower=split["unrelated_variety"],
            upper=split["unrelated_variety"],
            state=split["unrelated_state"],
            note=split["note"].where(split["unrelated_state"] != "reported", ""),
        ),
    }
    frames = [
        figure.rename(columns={name: "value"})[["value", "lower", "upper", "state", "note"]].assign(
            measure=name
        )
        for name, figure in figures.items()
    ]
    index = known.values.index
    names = list(index.names) if isinstance(index, pd.MultiIndex) else ["region"]
    place = pd.concat([frame.assign(_place=range(len(frame))) for frame in frames])
    ordered = place.reset_index(names=names).sort_values(
        ["_place", "measure"], kind="stable", ignore_index=True
    )
    return ordered[[*names, "measure", "value", "lower", "upper", "state", "note"]]
