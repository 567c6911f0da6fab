"""A user's matrix among neighbours: quotients of pooled regions, Moran's I.

Belongs here: weights from a file of neighbours, calling `benchmark.spatial` and `moran`, columns of the
result. Does not: any formula, files, presence (complexity_methods).
"""

from typing import Any, cast

import numpy as np
import pandas as pd

from alp_pipeline.benchmark.activity_table import YEAR, exact_sums, reference_of
from alp_pipeline.benchmark.cells import BenchmarkInputError
from alp_pipeline.benchmark.moran import Alternative, morans_i
from alp_pipeline.benchmark.on_files.outcome import Outcome
from alp_pipeline.benchmark.on_files.request import Request
from alp_pipeline.benchmark.on_files.side_files import read_neighbours
from alp_pipeline.benchmark.on_files.structure_methods import grand_total_note, states_of
from alp_pipeline.benchmark.quotients import grand_total, quotients, region_totals_of
from alp_pipeline.benchmark.spatial import (
    Missing,
    SpatialWeights,
    neighbour_weights,
    spatial_location_quotient,
)


def spatial_quotient(request: Request) -> Outcome:
    """spatial-lq: quotients of regions pooled with their neighbours.

    >>> import tempfile
    >>> from pathlib import Path
    >>> from alp_pipeline.benchmark.on_files.request import ActivityTable, Choices
    >>> jobs = ActivityTable.of(pd.DataFrame({"C10": [30, 10, 20], "I55": [10, 30, 20]}, list("ABC")))
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     near = Path(folder) / "near.csv"
    ...     _ = near.write_text("region_code,neighbour_code\\nA,B\\nB,C\\n", encoding="utf-8")
    ...     found = spatial_quotient(Request(jobs, "geo", *[None] * 5, Choices(neighbours=near)))
    >>> found.table["C10"].tolist()
    [1.0, 1.0, 0.75]
    """
    weights = _weights(request)
    if isinstance(request.reference, pd.DataFrame):
        raise BenchmarkInputError("it has years", where="reference", todo="Pass one year's totals.")
    values = request.table.values
    # Totals that lack a hidden cell are passed on as not known: by itself the method would sum what is there.
    totals, _ = region_totals_of(request.table, request.region_totals)
    activities, _ = reference_of(request.table, request.reference)
    whole, _ = grand_total(request.table, request.reference, request.reference_total)
    found = spatial_location_quotient(
        values,
        weights,
        reference=pd.Series(activities[0], index=values.columns),
        reference_total=float(whole[0]),
        region_totals=pd.Series(totals, index=values.index),
        missing=cast(Missing, request.choices.missing),
        report=request.choices.report or None,
    )
    summary = {"missing": request.choices.missing, **_weights_summary(weights), **grand_total_note(request)}
    return Outcome(found.quotients.reset_index(names=request.region_heading), summary)


def moran(request: Request) -> Outcome:
    """moran: Moran's I of each activity's location quotients.

    >>> import tempfile
    >>> from pathlib import Path
    >>> from alp_pipeline.benchmark.on_files.request import ActivityTable, Choices
    >>> jobs = ActivityTable.of(pd.DataFrame({"C10": [4, 3, 2, 1], "I55": [1, 2, 3, 4]}, list("ABCD")))
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     near = Path(folder) / "near.csv"
    ...     _ = near.write_text("region_code,neighbour_code\\nA,B\\nB,C\\nC,D\\n", encoding="utf-8")
    ...     found = moran(Request(jobs, "geo", *[None] * 5, Choices(neighbours=near, permutations=9)))
    >>> found.table[["activity", "morans_i"]].round(6).values.tolist()
    [['C10', 0.4], ['I55', 0.4]]
    """
    choices, weights = request.choices, _weights(request)
    total = request.reference_total
    if total is None and request.reference is None:
        # One factor of all quotients, on which Moran's I does not depend: what it is need not be known.
        total = float(exact_sums(request.table.x.reshape(1, -1))[0])
    found = quotients(
        request.table,
        reference=request.reference,
        reference_total=total,
        region_totals=request.region_totals,
    )
    rows = []
    for activity in found.values.columns:
        row: dict[str, Any] = {"activity": activity, "morans_i": np.nan, "note": ""}
        try:
            result = morans_i(
                found.values[activity],
                weights,
                permutations=choices.permutations,
                seed=choices.seed,
                alternative=cast(Alternative, choices.alternative),
            )
        except BenchmarkInputError as error:
            # One activity that is the same everywhere must not keep the others from an answer.
            rows.append(row | {"note": error.what, "state": "not_applicable"})
            continue
        row |= {"morans_i": result.statistic, "expected": result.expected, "units": result.units}
        row |= {"p_permutation": result.p_permutation, "p_randomisation": result.p_randomisation}
        rows.append(row | {"missing": len(result.missing), "state": "reported"})
    table = pd.DataFrame(rows)
    summary = {"permutations": choices.permutations, "seed": choices.seed, "alternative": choices.alternative}
    return Outcome(table, {**summary, **_weights_summary(weights), **states_of(table["state"])})


def _weights(request: Request) -> SpatialWeights:
    path = request.choices.neighbours
    if path is None:
        raise BenchmarkInputError(
            "nobody says who is whose neighbour",
            where="neighbours",
            todo="Pass --neighbours FILE with columns region_code, neighbour_code.",
        )
    if YEAR in request.table.values.index.names:
        raise BenchmarkInputError("the matrix has several years", where="matrix", todo="Choose one: --year.")
    return neighbour_weights(read_neighbours(path), list(request.table.values.index))


def _weights_summary(weights: SpatialWeights) -> dict[str, Any]:
    return {
        "islands": [str(region) for region in weights.islands],
        "pairs_outside": int(weights.pairs_outside),
    }
