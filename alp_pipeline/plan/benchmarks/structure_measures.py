"""`bench_structure`: how concentrated, diverse and unlike its reference every unit's employment is.

Belongs here: choosing regions, divisions, references; laying the measures out. Does not: the measures
(benchmark.structure), the structural variables of reference regions (plan.benchmarks.structure).

A region with a hidden division has no value, and bounds where published sections and countries leave them
without giving any hidden cell away. A reference territory is the sum of its published country rows; a year in
which too much of it is missing has none, by the rule of `bench_specialisation`.
"""

from typing import TYPE_CHECKING, Any

from alp_pipeline.build.stage import Stage, StageContext
from alp_pipeline.catalog.models import Catalog, PerimeterEntry
from alp_pipeline.plan.benchmarks import published_table
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
from alp_pipeline.plan.benchmarks.registry import Benchmark, PublicDates
from alp_pipeline.plan.benchmarks.specialisation import REFERENCES, facts_of
from alp_pipeline.warehouse.benchmarks.structure import MEASURES

if TYPE_CHECKING:
    import pandas as pd

    from alp_pipeline.benchmark.activity_table import ActivityTable

NAME = "benchmark/structure"
TABLE = "bench_structure"
METHOD = (
    "shares of NACE divisions in persons employed; Herfindahl, entropy and varieties (base 2), Theil (nats), "
    "Krugman and Hachman against published country rows; varieties by NACE section"
)
_KEY = ["region_code", "year"]
_COUNTS = {"reported_cells": ["reported"], "hidden_cells": ["confidential"]}
_GATE_FACTS = {
    "every_unit_of_the_perimeter_is_listed": (
        TABLE,
        """WITH listed AS (SELECT perimeter_id, reference_territory_id, year,
                                  count(DISTINCT region_code) AS units
                           FROM bench_structure GROUP BY ALL)
           SELECT count(*), count(*) FILTER (WHERE units <> member_count),
                  min(perimeter_id || ' ' || year) FILTER (WHERE units <> member_count)
           FROM listed JOIN dim_perimeter USING (perimeter_id)""",
    ),
    "no_value_over_hidden_cells": (
        TABLE,
        f"""SELECT count(*), count(*) FILTER (WHERE {" OR ".join(
            f"{name} IS NOT NULL" for name in MEASURES if name != "unrelated_variety")}),
                  min(region_code || ' ' || year)
           FROM bench_structure WHERE hidden_cells > 0""",
    ),
}  # fmt: skip


def structure_stage(catalog: Catalog, public_dates: PublicDates) -> Stage:
    """The stage that fills `bench_structure`."""
    perimeters = perimeters_of_regions(catalog)
    references = [catalog.perimeters[name] for name in REFERENCES]
    most_missing = published_table.missing_max_pct(catalog)

    def fill(context: StageContext) -> None:
        _compute(context, perimeters, references, most_missing)

    return benchmark_stage(
        NAME,
        (TABLE,),
        fill,
        code=(
            *published_table.CODE,
            "benchmark.concentration",
            "benchmark.structure",
            "benchmark.variety",
            "plan.benchmarks.structure_measures",
        ),
        inputs=ACTIVITY_READS,
        parameters={
            "perimeters": perimeters,
            "references": references,
            "reference_missing_max_pct": most_missing,
        },
        public_dates=public_dates,
    )


def _compute(
    context: StageContext,
    perimeters: list[PerimeterEntry],
    references: list[PerimeterEntry],
    most_missing: float,
) -> None:
    import pandas as pd

    from alp_pipeline.benchmark.disclosure import hidden_remainders
    from alp_pipeline.benchmark.structure import structure

    cells = activity_cells(context)
    if not (
        cells["in_universe"] & (cells["nuts_level"] == 2) & (cells["activity_level"] == "division")
    ).any():
        write_nothing(context, (TABLE,))
        return
    found = published_table.published_table(cells)
    years = [int(year) for year in found.table.periods[0]]
    units = sorted({code for entry in perimeters for code, _ in entry.members})
    remainders = hidden_remainders(found.table, found.totals)  # once for all references
    parts = []
    for entry in references:
        reference, lacking = published_table.reference_of(cells, entry, most_missing, years)
        long = structure(found.table, found.sections, reference=reference, published=remainders)
        unknown = (long["note"] == "reference_not_known") & long["year"].isin(list(lacking))
        long.loc[unknown, "state"] = long.loc[unknown, "year"].map(lacking)
        rows = _every_unit(_wide(long).join(_counts(found.table)), units, years, found.table)
        parts.append(of_perimeters(rows, perimeters).assign(reference_territory_id=entry.id))
    facts = facts_of(cells)
    constants: dict[str, Any] = {
        **facts,
        "method": METHOD,
        "method_version": "2",
        "universe": UNIVERSE,
        "as_of_date": as_of(context, facts["document_ids"]),
    }
    write_rows(context, TABLE, pd.concat(parts, ignore_index=True).assign(**constants))


def _wide(long: "pd.DataFrame") -> "pd.DataFrame":
    """One row per region and year: each measure's value, bounds and state; the reason where there is none."""
    import pandas as pd

    by_measure = {name: rows.set_index(_KEY) for name, rows in long.groupby("measure")}
    columns = {
        f"{name}{ending}": by_measure[name][of]
        for name in MEASURES
        for ending, of in {"": "value", "_state": "state", "_low": "lower", "_high": "upper"}.items()
    }
    # The reason of a measure against the reference is the region's own, and else the reference's.
    return pd.DataFrame({**columns, "note": by_measure["krugman"]["note"]})


def _counts(table: "ActivityTable") -> "pd.DataFrame":
    import pandas as pd

    given = {name: table.states.isin(words).sum(axis=1) for name, words in _COUNTS.items()}
    missing = ~table.states.isin(["reported", "confidential", "not_applicable"])
    return pd.DataFrame({**given, "missing_cells": missing.sum(axis=1)})


def _every_unit(
    wide: "pd.DataFrame", units: list[str], years: list[int], table: "ActivityTable"
) -> "pd.DataFrame":
    """Every unit in every year; one without a row is not available."""
    import pandas as pd

    rows = wide.reindex(pd.MultiIndex.from_product([units, years], names=_KEY))
    filled = {
        **{f"{name}_state": "not_available" for name in MEASURES},
        "note": "no_row",
        "missing_cells": table.values.shape[1],
        **dict.fromkeys(_COUNTS, 0),
    }
    counts = dict.fromkeys([*_COUNTS, "missing_cells"], "int64")
    return rows.fillna(filled).astype(counts).reset_index()


BENCHMARK = Benchmark(
    name=NAME,
    tables=(TABLE,),
    reads=ACTIVITY_READS,
    description="Concentration, diversity and distance from two reference territories of every region of "
    "every perimeter, with what hidden cells leave undetermined.",
    datasets=employment_datasets,
    make=structure_stage,
    gate_facts=_GATE_FACTS,
)
