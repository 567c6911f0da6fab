"""`bench_shift_share`: what the reference, the activity and the region account for in a change of employment.

Belongs here: windows, references, laying the terms out for every unit. Does not: the terms
(benchmark.shift_share), the reference like with like (reference_growth).

Windows, for each reference territory: the longest that its published countries cover without a break, and the
newest of at most five years of change. TOTAL sums the sections: hardly any region publishes all divisions.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from alp_pipeline.build.stage import Stage, StageContext
from alp_pipeline.catalog.models import Catalog, PerimeterEntry
from alp_pipeline.plan import indicators
from alp_pipeline.plan.benchmarks.frames import (
    ACTIVITY_READS,
    UNIVERSE_VERSION,
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
from alp_pipeline.plan.benchmarks.reference_growth import ReferenceGrowth
from alp_pipeline.plan.benchmarks.registry import Benchmark, PublicDates
from alp_pipeline.plan.benchmarks.specialisation import REFERENCES, facts_of
from alp_pipeline.warehouse.benchmarks.shift_share import TERMS, VARIANTS

if TYPE_CHECKING:
    import pandas as pd

NAME = "benchmark/shift_share"
TABLE = "bench_shift_share"
METHOD = (
    "shift-share of persons employed; growth of the reference and its activities from countries that "
    "published every year of the window without a break; a region's total is the sum of its sections"
)
_GATE_FACTS = {
    "terms_add_up_to_the_change": (
        TABLE,
        f"""SELECT count(*), count(*) FILTER (WHERE change <> terms),
                  min(region_code || ' ' || activity_code) FILTER (WHERE change <> terms)
           FROM (SELECT *, {" + ".join(f"coalesce({name}, 0)" for name in TERMS)} AS terms
                 FROM bench_shift_share WHERE change IS NOT NULL)""",
    ),
    "every_unit_of_the_perimeter_is_listed": (
        TABLE,
        """WITH listed AS (SELECT perimeter_id, reference_territory_id, activity_code, first_year, last_year,
                                  variant, count(DISTINCT region_code) AS units
                           FROM bench_shift_share GROUP BY ALL)
           SELECT count(*), count(*) FILTER (WHERE units <> member_count),
                  min(perimeter_id || ' ' || activity_code) FILTER (WHERE units <> member_count)
           FROM listed JOIN dim_perimeter USING (perimeter_id)""",
    ),
}


def shift_share_stage(catalog: Catalog, public_dates: PublicDates) -> Stage:
    """The stage that fills `bench_shift_share`."""
    perimeters = perimeters_of_regions(catalog)
    references = [catalog.perimeters[name] for name in REFERENCES]
    most_missing = missing_max_pct(catalog)

    def fill(context: StageContext) -> None:
        _compute(context, perimeters, references, most_missing)

    return benchmark_stage(
        NAME,
        (TABLE,),
        fill,
        code=(
            "benchmark.activity_table",
            "benchmark.cells",
            "benchmark.shift_share",
            "benchmark.year_cube",
            "plan.benchmarks.published_table",
            "plan.benchmarks.reference_growth",
            "plan.benchmarks.shift_share",
            "plan.benchmarks.specialisation",
        ),
        inputs=ACTIVITY_READS,
        parameters={
            "perimeters": [entry.model_dump(mode="json") for entry in perimeters],
            "references": [entry.model_dump(mode="json") for entry in references],
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

    cells = activity_cells(context)
    units = sorted({code for entry in perimeters for code, _ in entry.members})
    inside = cells[cells["region_code"].isin(units)]
    parts = [
        _every_unit(rows, units).assign(reference_territory_id=entry.id)
        for entry in references
        for rows in _of_reference(cells, inside, entry, 100 - most_missing)
    ]
    if not parts:
        write_nothing(context, (TABLE,))
        return
    facts = facts_of(cells)
    constants: dict[str, Any] = {
        **facts,
        "method": METHOD,
        "method_version": "1",
        "universe": f"the perimeters' units, codes of NUTS {UNIVERSE_VERSION}",
        "as_of_date": as_of(context, facts["document_ids"]),
    }
    rows = of_perimeters(pd.concat(parts, ignore_index=True), perimeters)
    write_rows(context, TABLE, rows.assign(**constants))


def _of_reference(
    cells: "pd.DataFrame", inside: "pd.DataFrame", reference: PerimeterEntry, least_pct: float
) -> "Iterator[pd.DataFrame]":
    """Rows of each window and variant against one reference; nothing where no window is allowed."""
    growth = ReferenceGrowth.of(cells, [code for code, _ in reference.members])
    for first, last in growth.windows(least_pct):
        known = inside[inside["year"].between(first, last)]
        if set(known["year"]) < set(range(first, last + 1)):
            continue
        for variant in VARIANTS:
            rows = _rows(known, growth, first, last, variant)
            yield rows.assign(reference_covered_pct=growth.covered_pct(first, last))


def _rows(
    known: "pd.DataFrame", growth: ReferenceGrowth, first: int, last: int, variant: str
) -> "pd.DataFrame":
    """Divisions, sections, and the sum of the sections."""
    import numpy as np
    import pandas as pd

    from alp_pipeline.benchmark.activity_table import ActivityTable, exact_sums
    from alp_pipeline.benchmark.shift_share import shift_share, sum_by_region

    activities, totals = growth.within(first, last)
    tables = {
        level: ActivityTable.from_cells(rows)
        for level, rows in known[known["activity_level"].isin(["division", "section"])].groupby(
            "activity_level"
        )
    }
    sections = tables["section"]
    complete = ~sections.gaps.any(axis=1)
    whole = pd.Series(np.where(complete, exact_sums(sections.x), np.nan), index=sections.values.index)
    found = {
        level: shift_share(
            table,
            first_year=first,
            last_year=last,
            variant=variant,
            reference=activities,
            reference_totals=totals,
            region_totals=whole,
        )
        for level, table in tables.items()
    }
    summed = sum_by_region(found["section"]).assign(
        activity=indicators.TOTAL_ACTIVITY, first_year=first, last_year=last, variant=variant
    )
    summed["note"] = summed["state"].ne("reported").map({True: "sections_without_terms", False: ""})
    rows = pd.concat([*found.values(), summed], ignore_index=True)
    names = {"region": "region_code", "activity": "activity_code", "state": "change_state"}
    return rows.rename(columns=names).reindex(columns=[*names.values(), *_OTHER])


_OTHER = (
    "first_year",
    "last_year",
    "variant",
    "first_value",
    "last_value",
    "change",
    *TERMS,
    "note",
    "cells_without",
)


def _every_unit(rows: "pd.DataFrame", units: list[str]) -> "pd.DataFrame":
    """Every unit for every activity; one without a row is not available."""
    same = ["activity_code", "first_year", "last_year", "variant", "reference_covered_pct"]
    import pandas as pd

    grid = rows[same].drop_duplicates().merge(pd.DataFrame({"region_code": units}), how="cross")
    full = grid.merge(rows.drop(columns=same[1:]), on=["region_code", "activity_code"], how="left")
    full["change_state"] = full["change_state"].fillna("not_available")
    return full.assign(
        note=full["note"].fillna("no_row"), cells_without=full["cells_without"].astype("Int64")
    )


BENCHMARK = Benchmark(
    name=NAME,
    tables=(TABLE,),
    reads=ACTIVITY_READS,
    description="Shift-share of every region × activity of every perimeter against two reference "
    "territories, in windows without a break.",
    datasets=employment_datasets,
    make=shift_share_stage,
    gate_facts=_GATE_FACTS,
)
