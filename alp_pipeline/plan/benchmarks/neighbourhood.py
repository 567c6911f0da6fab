"""`bench_neighbourhood` and `bench_spatial_association`: regions with their neighbours across borders.

Belongs here: which regions, neighbours and year the methods are given, and why a quotient is not there. Does
not: the methods (benchmark.spatial, benchmark.moran), the matrices (universe_year).
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from alp_pipeline.build.stage import Stage, StageContext
from alp_pipeline.catalog.models import Catalog, PerimeterEntry
from alp_pipeline.catalog.reference import read_reference, reference_digest
from alp_pipeline.plan.benchmarks import universe_year
from alp_pipeline.plan.benchmarks.frames import (
    ACTIVITY_READS,
    UNIVERSE,
    activity_cells,
    as_of,
    benchmark_stage,
    employment_datasets,
    of_perimeters,
    perimeters_of_regions,
    write_nothing,
    write_rows,
)
from alp_pipeline.plan.benchmarks.published_table import missing_max_pct
from alp_pipeline.plan.benchmarks.registry import Benchmark, PublicDates
from alp_pipeline.plan.benchmarks.universe_year import UniverseYear

if TYPE_CHECKING:
    import pandas as pd

    from alp_pipeline.benchmark.spatial import SpatialWeights

NAME = "benchmark/neighbourhood"
QUOTIENTS, ASSOCIATION = "bench_neighbourhood", "bench_spatial_association"
TABLES = (QUOTIENTS, ASSOCIATION)
NEIGHBOURS = "nuts2_neighbours.csv"
COMPLETE_FOR = "eusalp_2016plus"
"""The perimeter for whose units the table lists every neighbour. Of two units outside it lists none, so that
the surroundings of a unit outside are not known."""
PERMUTATIONS = 999
SEED = 20140101
METHOD_VERSION = "2"
_METHODS = {
    QUOTIENTS: "location quotient of a region pooled with its neighbours by land border, each counted whole",
    ASSOCIATION: "Moran's I of location quotients, row-standardised neighbours, permutation test",
}
_GATE_FACTS = {
    "no_quotient_of_a_hidden_cell": (
        QUOTIENTS,
        """WITH hidden AS (
               SELECT q.*, location_quotient IS NOT NULL OR published_quotient IS NOT NULL AS is_shown
               FROM bench_neighbourhood q JOIN fct_regional_activity USING (region_code, activity_code, year)
               WHERE employment_state = 'confidential')
           SELECT count(*), count(*) FILTER (WHERE is_shown),
                  min(region_code || ' ' || activity_code) FILTER (WHERE is_shown) FROM hidden""",
    ),
}


def neighbourhood_stage(catalog: Catalog, public_dates: PublicDates) -> Stage:
    """The stage that fills the two tables."""
    perimeters = perimeters_of_regions(catalog)
    complete = [code for code, _ in catalog.perimeters[COMPLETE_FOR].members]

    def fill(context: StageContext) -> None:
        _compute(context, perimeters, complete)

    return benchmark_stage(
        NAME,
        TABLES,
        fill,
        code=(
            *universe_year.CODE,
            "benchmark.labels",
            "benchmark.moran",
            "benchmark.spatial",
            "catalog.reference",
            "plan.benchmarks.neighbourhood",
        ),
        inputs=ACTIVITY_READS,
        parameters={
            "perimeters": perimeters,
            "reference_missing_max_pct": missing_max_pct(catalog),
            "complete_for": complete,
            "neighbours": reference_digest(NEIGHBOURS),
        },
        public_dates=public_dates,
    )


def _compute(context: StageContext, perimeters: Sequence[PerimeterEntry], complete: Sequence[str]) -> None:
    import pandas as pd

    found = universe_year.universe_year(
        activity_cells(context), context.parameters["reference_missing_max_pct"]
    )
    if found is None:
        write_nothing(context, TABLES)
        return
    pairs = pd.DataFrame(read_reference(NEIGHBOURS))
    tables = {
        QUOTIENTS: quotient_rows(found, pairs, perimeters, complete),
        ASSOCIATION: association_rows(found, pairs, perimeters),
    }
    for name, rows in tables.items():
        constants: dict[str, Any] = {
            "year": found.year,
            "method": _METHODS[name],
            "method_version": METHOD_VERSION,
            "universe": f"{len(found.sizes)} {UNIVERSE}",
            "document_ids": found.document_ids,
            "as_of_date": as_of(context, found.document_ids),
        }
        write_rows(context, name, rows.assign(**constants))


def quotient_rows(
    found: UniverseYear,
    pairs: "pd.DataFrame",
    perimeters: Sequence[PerimeterEntry],
    complete: Sequence[str],
) -> "pd.DataFrame":
    """Every unit of each perimeter × every activity, with its surroundings' quotient or why there is none."""
    import pandas as pd

    from alp_pipeline.benchmark.spatial import neighbour_weights, spatial_location_quotient

    units = sorted({code for entry in perimeters for code, _ in entry.members})
    regions = sorted({*found.sizes.index, *units, *pairs["region_code"], *pairs["neighbour_code"]})
    weights = neighbour_weights(pairs, regions, style="binary")
    states = _states(found, regions)
    published: dict[str, Any] = {
        "reference": found.reference,
        "reference_total": found.reference_total,
        "region_totals": found.region_totals,
        "report": units,
    }
    persons = found.sizes.reindex(regions)
    whole = spatial_location_quotient(persons, weights, missing="propagate", **published)
    some = spatial_location_quotient(persons, weights, missing="leave_out", **published)
    unlisted = [code for code in units if code not in complete]
    reason = _reasons(states, weights, units)
    for frame, unknown in ((whole.quotients, None), (some.quotients, None), (some.pooled_regions, 0)):
        frame.loc[unlisted] = unknown
    reason.loc[unlisted] = "not_available"
    stacked = {
        "location_quotient": whole.quotients,
        "location_quotient_state": reason.mask(whole.quotients.notna(), "reported"),
        "published_quotient": some.quotients,
        "pooled_regions": some.pooled_regions,
    }
    grid = pd.MultiIndex.from_product([units, persons.columns], names=["region_code", "activity_code"])
    rows = pd.DataFrame({name: frame.stack().reindex(grid) for name, frame in stacked.items()}).reset_index()
    surroundings = whole.surroundings.drop(unlisted)
    rows = rows.assign(surroundings=rows["region_code"].map(surroundings).astype("Int64"))
    return of_perimeters(rows, perimeters)


def _states(found: UniverseYear, regions: list[str]) -> "pd.DataFrame":
    """The cells' states, also of regions without data."""
    states = found.states.reindex(regions)
    for region in states.index[states.isna().all(axis=1)]:
        states.loc[region] = found.state_of(region)
    return states


def _reasons(states: "pd.DataFrame", weights: "SpatialWeights", units: Sequence[str]) -> "pd.DataFrame":
    """Why a pooled quotient is not there: the own cell's state; else a neighbour that has no number; else
    `undetermined`, because a neighbour hides its own; `not_applicable` where all publish and a total is 0."""
    import numpy as np
    import pandas as pd

    neighbours = weights.pairs.groupby("region_code")["neighbour_code"].agg(list)
    rows = []
    for unit in units:
        own, around = states.loc[unit].to_numpy(), states.loc[neighbours.get(unit, [])].to_numpy()
        hidden, known = around == "confidential", around == "reported"
        reason = np.where(hidden.any(axis=0), "undetermined", "not_applicable")
        reason = np.where((~hidden & ~known).any(axis=0), "not_available", reason)
        rows.append(np.where(own == "reported", reason, own))
    return pd.DataFrame(np.array(rows, dtype=object), index=list(units), columns=states.columns)


def association_rows(
    found: UniverseYear, pairs: "pd.DataFrame", perimeters: Sequence[PerimeterEntry]
) -> "pd.DataFrame":
    """Moran's I of each activity's quotients within each perimeter."""
    import pandas as pd

    from alp_pipeline.benchmark.spatial import neighbour_weights

    rows = []
    for entry in perimeters:
        members = [code for code, _ in entry.members]
        weights = neighbour_weights(pairs, members)
        quotients = found.quotients.reindex(members)
        rows += [
            {"perimeter_id": entry.id, "activity_code": name, **_association(quotients[name], weights)}
            for name in quotients
        ]
    return pd.DataFrame(rows)


def _association(quotients: "pd.Series[float]", weights: "SpatialWeights") -> dict[str, Any]:
    from alp_pipeline.benchmark.cells import BenchmarkInputError
    from alp_pipeline.benchmark.moran import morans_i

    known = quotients.dropna()
    row: dict[str, Any] = {
        "morans_i": None,
        "expected": None,
        "p_value": None,
        "permutations": PERMUTATIONS,
        "seed": SEED,
        "units": len(known),
        "unknown_cells": len(quotients) - len(known),
    }
    try:
        found = morans_i(known, weights, permutations=PERMUTATIONS, seed=SEED)
    except BenchmarkInputError:
        # Refused: too few regions publish it, or all that do are specialised alike.
        alike = len(known) >= 4 and known.nunique() == 1
        return {**row, "morans_i_state": "not_applicable" if alike else "not_available"}
    return {
        **row,
        "morans_i": found.statistic,
        "morans_i_state": "reported",
        "expected": found.expected,
        "p_value": found.p_permutation,
        "units": found.units,
    }


BENCHMARK = Benchmark(
    name=NAME,
    tables=TABLES,
    reads=ACTIVITY_READS,
    description="Specialisation of regions together with their neighbours across borders, and whether "
    "neighbours are specialised alike.",
    datasets=employment_datasets,
    make=neighbourhood_stage,
    gate_facts=_GATE_FACTS,
)
