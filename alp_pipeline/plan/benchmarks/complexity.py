"""Complexity of regions and activities, relatedness, opportunities: the structure of all regions.

Belongs here: the anchor of the sign, laying the runs out for the units of every perimeter. Does not: the runs
(complexity_runs), the year and its matrices (universe_year), the methods (benchmark.complexity).

A structure that the method refuses (it falls into parts, it ranks nothing) leaves the tables without rows and
a warning with the reason.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from alp_pipeline.build.outcome import RuleOutcome, Verdict
from alp_pipeline.build.stage import Stage, StageContext
from alp_pipeline.catalog.models import Catalog, PerimeterEntry
from alp_pipeline.plan.benchmarks import complexity_runs, universe_year
from alp_pipeline.plan.benchmarks.complexity_runs import Figure, StructureRuns
from alp_pipeline.plan.benchmarks.frames import (
    ACTIVITY_READS,
    INDICATOR_READS,
    UNIVERSE,
    activity_cells,
    as_of,
    benchmark_stage,
    documents_of,
    employment_datasets,
    indicator_cells,
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

NAME = "benchmark/complexity"
REGION, ACTIVITY = "bench_complexity_region", "bench_complexity_activity"
RELATEDNESS, OPPORTUNITY = "bench_relatedness", "bench_opportunity"
TABLES = (ACTIVITY, REGION, OPPORTUNITY, RELATEDNESS)
READS = tuple(dict.fromkeys((*ACTIVITY_READS, *INDICATOR_READS)))
ANCHOR = "gdp_per_head_pps"
METHOD_VERSION = "2"
_WORDS = {1.0: "present", 0.0: "absent"}
_GATE_FACTS = {
    "every_unit_has_an_outlook_on_every_activity": (
        OPPORTUNITY,
        """WITH listed AS (SELECT perimeter_id, activity_code, count(DISTINCT region_code) AS units
                           FROM bench_opportunity GROUP BY ALL)
           SELECT count(*), count(*) FILTER (WHERE units <> member_count),
                  min(perimeter_id || ' ' || activity_code) FILTER (WHERE units <> member_count)
           FROM listed JOIN dim_perimeter USING (perimeter_id)""",
    ),
    "no_presence_of_a_hidden_cell": (
        OPPORTUNITY,
        """SELECT count(*), count(*) FILTER (WHERE presence <> 'unknown'),
                  min(region_code || ' ' || activity_code) FILTER (WHERE presence <> 'unknown')
           FROM bench_opportunity JOIN fct_regional_activity USING (region_code, activity_code, year)
           WHERE employment_state = 'confidential'""",
    ),
}


def complexity_stage(catalog: Catalog, public_dates: PublicDates) -> Stage:
    """The stage that fills the four tables."""
    perimeters = perimeters_of_regions(catalog)

    def fill(context: StageContext) -> None:
        _compute(context, perimeters)

    return benchmark_stage(
        NAME,
        TABLES,
        fill,
        code=(
            *universe_year.CODE,
            "benchmark.complexity",
            "benchmark.labels",
            "plan.benchmarks.complexity",
            "plan.benchmarks.complexity_runs",
        ),
        inputs=READS,
        parameters={
            "perimeters": perimeters,
            "reference_missing_max_pct": missing_max_pct(catalog),
        },
        public_dates=public_dates,
    )


def _compute(context: StageContext, perimeters: Sequence[PerimeterEntry]) -> None:
    from alp_pipeline.benchmark.cells import BenchmarkInputError

    found = universe_year.universe_year(
        activity_cells(context), context.parameters["reference_missing_max_pct"]
    )
    if found is None:
        write_nothing(context, TABLES)
        return
    anchor, anchor_year, anchor_documents = _anchor(context, found)
    try:
        runs = complexity_runs.structure_runs(found.quotients, found.sizes, found.states, anchor)
    except BenchmarkInputError as error:
        _report(context, found, "; ".join([str(error), *getattr(error, "__notes__", ())]))
        write_nothing(context, TABLES)
        return
    _report(context, found, "")
    documents = documents_of((found.document_ids, anchor_documents))
    constants: dict[str, Any] = {
        "year": found.year,
        "basis_regions": len(runs.point.matrix.index),
        "basis_activities": len(runs.point.matrix.columns),
        "method": _method(anchor_year),
        "method_version": METHOD_VERSION,
        "universe": f"{len(found.sizes)} {UNIVERSE}",
        "document_ids": documents,
        "as_of_date": as_of(context, documents),
    }
    tables = {
        REGION: region_rows(runs, found, perimeters),
        ACTIVITY: activity_rows(runs),
        RELATEDNESS: relatedness_rows(runs),
        OPPORTUNITY: opportunity_rows(runs, found, perimeters),
    }
    for name, rows in tables.items():
        write_rows(context, name, rows.assign(**constants))


def _anchor(context: StageContext, found: UniverseYear) -> "tuple[pd.Series[float], int | None, str]":
    """The anchor by region, its year (None where no year has enough regions) and its documents."""
    cells = indicator_cells(context, [ANCHOR])
    known = cells[
        (cells["cell_state"] == "reported")
        & cells["region_code"].isin(found.sizes.index)
        & (cells["year"] <= found.year)
    ]
    counts = known.groupby("year")["region_code"].nunique()
    enough = counts.index[counts >= universe_year.COVERAGE_MIN * len(found.sizes)]
    year = int(enough.max()) if len(enough) else None
    used = known[known["year"] == year] if year is not None else known.iloc[:0]
    anchor = used.set_index("region_code")["value"].astype("float64")
    return anchor, year, documents_of(used["document_ids"])


def _method(anchor_year: int | None) -> str:
    sign = f"{ANCHOR} of {anchor_year}" if anchor_year else "diversity"
    return (
        f"presence: location quotient >= {complexity_runs.THRESHOLD:g} and >= "
        f"{complexity_runs.MINIMUM_SIZE:g} persons; proximity, density, ECI, PCI, outlook; sign by {sign}; "
        "points without unknown cells, intervals over three treatments of them"
    )


def _report(context: StageContext, found: UniverseYear, refused: str) -> None:
    """Say whether there is a structure; a refusal is a warning that names why."""
    verdict: Verdict = "failed" if refused else "passed"
    context.outcomes.append(
        RuleOutcome(
            "structure_is_determined",
            REGION,
            str(found.year),
            "warning",
            verdict,
            1,
            int(bool(refused)),
            refused,
        )
    )
    context.facts["refused"] = refused


def region_rows(
    runs: StructureRuns, found: UniverseYear, perimeters: Sequence[PerimeterEntry]
) -> "pd.DataFrame":
    """The regions of each perimeter; one without data has no figure and says why."""
    import pandas as pd

    eci = runs.figure(lambda run: run.complexity.eci.to_frame("figure"))
    outlook = runs.figure(lambda run: run.outlook.coi.to_frame("figure"))
    wide = pd.DataFrame(
        {
            **_columns(eci, "eci", "eci_low", "eci_high", state="eci_state"),
            **_columns(outlook, "outlook", "outlook_low", "outlook_high"),
            "diversity": runs.presence.sum(axis=1),
            "unknown_cells": runs.presence.isna().sum(axis=1),
            "fitness": runs.fitness.fitness.reindex(runs.presence.index),
        }
    )
    rows = of_perimeters(_with_absent(wide, found, perimeters, "eci_state"), perimeters)
    points = rows.groupby("perimeter_id")["eci"]
    return rows.assign(
        rank=points.rank(method="min", ascending=False).astype("Int64"),
        ranked_count=points.transform("count"),
        diversity=rows["diversity"].astype("Int64"),
        unknown_cells=rows["unknown_cells"].astype("Int64"),
        fitness_status=runs.fitness.status,
        anchor_correlation=runs.anchor_correlation,
        diversity_correlation=runs.diversity_correlation,
        relative_eigengap=runs.point.complexity.relative_eigengap,
    )


def activity_rows(runs: StructureRuns) -> "pd.DataFrame":
    """Every activity of the universe."""
    import pandas as pd

    pci = runs.figure(lambda run: run.complexity.pci.to_frame("figure"))
    wide = pd.DataFrame(
        {
            **_columns(pci, "pci", "pci_low", "pci_high", state="pci_state"),
            "ubiquity": runs.presence.sum(axis=0).astype("int64"),
            "unknown_cells": runs.presence.isna().sum(axis=0),
        }
    )
    return wide.rename_axis("activity_code").reset_index()


def relatedness_rows(runs: StructureRuns) -> "pd.DataFrame":
    """Every pair of activities once."""
    import numpy as np
    import pandas as pd

    from alp_pipeline.benchmark.complexity.relatedness import relatedness

    figure = runs.figure(lambda run: run.proximity)
    together = relatedness(runs.presence.fillna(0.0), "co_occurrence").fillna(0.0)
    first, second = np.triu_indices(len(together), k=1)

    def pairs(frame: "pd.DataFrame") -> Any:
        return frame.to_numpy()[first, second]

    return pd.DataFrame(
        {
            "activity_code": together.index.take(first),
            "other_activity_code": together.index.take(second),
            "co_occurrences": pairs(together).astype("int64"),
            "proximity": pairs(figure.point),
            "proximity_state": pairs(figure.state),
            "proximity_low": pairs(figure.low),
            "proximity_high": pairs(figure.high),
        }
    )


def opportunity_rows(
    runs: StructureRuns, found: UniverseYear, perimeters: Sequence[PerimeterEntry]
) -> "pd.DataFrame":
    """Every unit of each perimeter × every activity."""
    import pandas as pd

    from alp_pipeline.benchmark.complexity.density import diversification_opportunities

    units = sorted({code for entry in perimeters for code, _ in entry.members})
    density = runs.figure(lambda run: run.density)
    stacked = {
        "presence": runs.presence.replace(_WORDS).astype(object).fillna("unknown"),
        "relatedness_density_pct": density.point,
        "density_state": density.state,
        "density_low_pct": density.low,
        "density_high_pct": density.high,
    }
    keys = ["region_code", "activity_code"]
    grid = pd.MultiIndex.from_product([units, runs.presence.columns], names=keys)
    rows = pd.DataFrame({name: frame.stack().reindex(grid) for name, frame in stacked.items()}).reset_index()
    rows["presence"] = rows["presence"].fillna("unknown")
    rows["density_state"] = rows["density_state"].fillna(rows["region_code"].map(found.state_of))
    lacking = diversification_opportunities(
        runs.point.matrix,
        runs.point.density,
        gain=runs.point.outlook.cog,
        report=[code for code in units if code in runs.point.matrix.index],
    )
    rows = rows.merge(lacking[[*keys, "rank", "gain"]], on=keys, how="left", validate="one_to_one")
    return of_perimeters(rows.assign(pci=rows["activity_code"].map(runs.point.complexity.pci)), perimeters)


def _columns(figure: Figure, point: str, low: str, high: str, *, state: str = "") -> dict[str, Any]:
    frames: Mapping[str, pd.DataFrame] = {point: figure.point, low: figure.low, high: figure.high}
    if state:
        frames = {**frames, state: figure.state}
    return {name: frame["figure"] for name, frame in frames.items()}


def _with_absent(
    wide: "pd.DataFrame", found: UniverseYear, perimeters: Sequence[PerimeterEntry], state: str
) -> "pd.DataFrame":
    """Add the perimeters' units without data, with the state that says why."""
    units = sorted({code for entry in perimeters for code, _ in entry.members} | set(wide.index))
    rows = wide.reindex(units).rename_axis("region_code").reset_index()
    return rows.assign(**{state: rows[state].fillna(rows["region_code"].map(found.state_of))})


def _datasets(catalog: Catalog) -> set[str]:
    return {*employment_datasets(catalog), *catalog.indicators[ANCHOR].datasets}


BENCHMARK = Benchmark(
    name=NAME,
    tables=TABLES,
    reads=READS,
    description="Complexity of regions and activities, relatedness of activities, and which activities are "
    "near to each region, over all regions with data; with what hidden cells leave undetermined.",
    datasets=_datasets,
    make=complexity_stage,
    gate_facts=_GATE_FACTS,
)
