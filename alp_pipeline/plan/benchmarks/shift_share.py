"""`bench_shift_share`: what the reference, the activity and the region account for in a change of employment.

Belongs here: windows, references, laying the terms out for every unit. Does not: the terms
(benchmark.shift_share), blocks of hidden cells (benchmark.not_shown), the reference like with like
(reference_growth).

Windows, for each reference territory: the longest that its published countries cover without a break, and
the newest of at most five years of change. Hardly any region publishes all divisions: what a section does not
show stands beside as one block. TOTAL sums the sections, and once more divisions and blocks. No region's
total over all activities is published, so a region that hides a section has neither.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from alp_pipeline.build.stage import Stage, StageContext
from alp_pipeline.catalog.models import Catalog, PerimeterEntry
from alp_pipeline.plan import indicators
from alp_pipeline.plan.benchmarks import published_table
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
from alp_pipeline.plan.benchmarks.reference_growth import ReferenceGrowth
from alp_pipeline.plan.benchmarks.registry import Benchmark, PublicDates
from alp_pipeline.plan.benchmarks.specialisation import REFERENCES, facts_of
from alp_pipeline.warehouse.benchmarks.shift_share import TERMS, VARIANTS

if TYPE_CHECKING:
    import pandas as pd

    from alp_pipeline.benchmark.activity_table import ActivityTable
    from alp_pipeline.benchmark.disclosure import Remainders

NAME = "benchmark/shift_share"
TABLE = "bench_shift_share"
METHOD = (
    "shift-share of persons employed; growth of the reference and its activities from countries that "
    "published every year of the window without a break; a region's total is the sum of its sections; "
    "a section's divisions without a figure in a year of the window are one block"
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
        """WITH listed AS (SELECT perimeter_id, reference_territory_id, activity_code, row_kind,
                                  first_year, last_year, variant, count(DISTINCT region_code) AS units
                           FROM bench_shift_share WHERE row_kind <> 'not_shown' GROUP BY ALL)
           SELECT count(*), count(*) FILTER (WHERE units <> member_count),
                  min(perimeter_id || ' ' || activity_code) FILTER (WHERE units <> member_count)
           FROM listed JOIN dim_perimeter USING (perimeter_id)""",
    ),
    "no_block_of_one_activity": (
        TABLE,
        """SELECT count(*), count(*) FILTER (WHERE coalesce(first_value, last_value, change) IS NOT NULL),
                  min(region_code || ' ' || activity_code)
           FROM bench_shift_share
           WHERE row_kind = 'not_shown' AND (block_activities = 1 OR note = 'computable_cell')""",
    ),
}


def shift_share_stage(catalog: Catalog, public_dates: PublicDates) -> Stage:
    """The stage that fills `bench_shift_share`."""
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
            "benchmark.not_shown",
            "benchmark.shift_share",
            "benchmark.year_cube",
            "plan.benchmarks.reference_growth",
            "plan.benchmarks.shift_share",
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

    cells = activity_cells(context)
    units = sorted({code for entry in perimeters for code, _ in entry.members})
    inside = _Inside.of(cells, units)
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
        "method_version": "2",
        "universe": f"the perimeters' units, codes of NUTS {UNIVERSE_VERSION}",
        "as_of_date": as_of(context, facts["document_ids"]),
    }
    rows = of_perimeters(pd.concat(parts, ignore_index=True), perimeters)
    write_rows(context, TABLE, rows.assign(**constants))


@dataclass(frozen=True)
class _Inside:
    """The perimeters' units, and the table of all regions that hidden cells are guarded in.

    Attributes:
        cells: of the units.
        regions: the units that the table has.
        table: all regions × divisions of published sections; None where there is none.
        remainders: what the sections leave to the hidden cells of that table.
    """

    cells: "pd.DataFrame"
    regions: "pd.Index"
    table: "ActivityTable | None" = None
    remainders: "Remainders | None" = None

    @classmethod
    def of(cls, cells: "pd.DataFrame", units: list[str]) -> "_Inside":
        """The same for every reference and window: the guard looks at all years at once."""
        import pandas as pd

        from alp_pipeline.benchmark.disclosure import hidden_remainders

        known = cls(cells[cells["region_code"].isin(units)], pd.Index(units))
        sections = cells.loc[cells["activity_level"] == "section", "activity_code"].unique()
        with_section = cells["section_code"].isin(sections)
        of_regions = (
            cells["in_universe"] & (cells["nuts_level"] == 2) & (cells["activity_level"] == "division")
        )
        if not (with_section & of_regions).any():
            return known
        found = published_table.published_table(cells[with_section])
        return replace(known, table=found.table, remainders=hidden_remainders(found.table, found.totals))


def _of_reference(
    cells: "pd.DataFrame", inside: _Inside, reference: PerimeterEntry, least_pct: float
) -> "Iterator[pd.DataFrame]":
    """Rows of each window and variant against one reference; nothing where no window is allowed."""
    growth = ReferenceGrowth.of(cells, [code for code, _ in reference.members])
    for first, last in growth.windows(least_pct):
        if set(inside.cells["year"]) < set(range(first, last + 1)):
            continue
        for variant in VARIANTS:
            rows = _rows(inside, growth, first, last, variant)
            yield rows.assign(reference_covered_pct=growth.covered_pct(first, last))


def _rows(inside: _Inside, growth: ReferenceGrowth, first: int, last: int, variant: str) -> "pd.DataFrame":
    """Divisions, what their sections do not show, sections; the sums of the former two and of sections."""
    import numpy as np
    import pandas as pd

    from alp_pipeline.benchmark.activity_table import ActivityTable, exact_sums
    from alp_pipeline.benchmark.not_shown import shift_share_not_shown
    from alp_pipeline.benchmark.shift_share import shift_share, sum_by_region

    activities, totals = growth.within(first, last)
    known = inside.cells[inside.cells["year"].between(first, last)]
    tables = {
        level: ActivityTable.from_cells(rows)
        for level, rows in known[known["activity_level"].isin(["division", "section"])].groupby(
            "activity_level"
        )
    }
    sections = tables["section"]
    complete = ~sections.gaps.any(axis=1)
    whole = pd.Series(np.where(complete, exact_sums(sections.x), np.nan), index=sections.values.index)
    how: dict[str, Any] = {
        "first_year": first,
        "last_year": last,
        "variant": variant,
        "reference": activities,
        "reference_totals": totals,
        "region_totals": whole,
    }
    found = {level: shift_share(table, **how).assign(row_kind="activity") for level, table in tables.items()}
    sums = {"sum_of_sections": sum_by_region(found["section"])}
    if inside.table is not None and inside.remainders is not None:
        blocks = shift_share_not_shown(inside.table, inside.remainders, regions=inside.regions, **how)
        found["not_shown"] = blocks.assign(row_kind="not_shown")
        shown = found["division"][found["division"]["activity"].isin(inside.table.values.columns)]
        parts = pd.concat([shown[shown["note"] != "year_not_reported"], blocks], ignore_index=True)
        together = blocks.groupby("region")["activities"].sum()
        sums["sum_of_divisions"] = sum_by_region(parts).assign(
            activities=lambda rows: rows["region"].map(together).fillna(0)
        )
    totalled = [
        rows.assign(
            row_kind=kind,
            activity=indicators.TOTAL_ACTIVITY,
            note=rows["state"].ne("reported").map({True: "parts_without_terms", False: ""}),
            first_year=first,
            last_year=last,
            variant=variant,
        )
        for kind, rows in sums.items()
    ]
    rows = pd.concat([*found.values(), *totalled], ignore_index=True)
    names = {
        "region": "region_code",
        "activity": "activity_code",
        "state": "change_state",
        "activities": "block_activities",
    }
    return rows.rename(columns=names).reindex(columns=[*names.values(), *_OTHER])


_OTHER = (
    "row_kind",
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
    """Every unit for every activity and sum; one without a row is not available. Blocks as they are."""
    import pandas as pd

    same = ["activity_code", "row_kind", "first_year", "last_year", "variant", "reference_covered_pct"]
    blocks = rows["row_kind"] == "not_shown"
    grid = rows.loc[~blocks, same].drop_duplicates().merge(pd.DataFrame({"region_code": units}), how="cross")
    listed = rows[~blocks].drop(columns=same[2:])
    full = grid.merge(listed, on=["region_code", *same[:2]], how="left")
    full["change_state"] = full["change_state"].fillna("not_available")
    full = pd.concat([full.assign(note=full["note"].fillna("no_row")), rows[blocks]], ignore_index=True)
    counts = {name: full[name].astype("Int64") for name in ("cells_without", "block_activities")}
    return full.assign(**counts)


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
