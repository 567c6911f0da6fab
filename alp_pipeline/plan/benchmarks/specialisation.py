"""`bench_specialisation`: the specialisation of every unit of every NUTS-2 perimeter.

Belongs here: choosing regions, divisions, reference countries and scheme for the method. Does not: the
method (benchmark.specialisation), the cells (plan.regional_activity).

A reference territory's total, of an activity or of all, is the sum of its published country rows, a region's
that of its sections. Where more of it is missing than the scheme allows (`reference_missing_max_pct`), the
sum would speak of another territory under its name: the quotient then takes the reason as its state
(`missing_weight`). Hidden cells do not make it so: they are counted beside.
"""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from alp_pipeline.build.stage import Stage, StageContext
from alp_pipeline.catalog.models import Catalog, PerimeterEntry, SchemeRow
from alp_pipeline.catalog.schemes import star_scheme
from alp_pipeline.plan.benchmarks.frames import (
    ACTIVITY_READS,
    EUROPE,
    activity_cells,
    as_of,
    benchmark_stage,
    documents_of,
    employment_datasets,
    perimeters_of_regions,
    write_nothing,
    write_rows,
)
from alp_pipeline.plan.benchmarks.registry import Benchmark, PublicDates

if TYPE_CHECKING:
    import pandas as pd

NAME = "benchmark/specialisation"
TABLE = "bench_specialisation"
SCHEME = "observatory_2007_2012"
REFERENCES = ("eu28", "eu27_2020")
VARIABLE = "persons_employed"
METHOD_VERSION = "2"
"""Beside the scheme's: 2 since totals of which too much is missing are withheld."""
METHOD_CODE = tuple(
    f"benchmark.{name}"
    for name in (
        "cells",
        "growth",
        "location_quotient",
        "missing_weight",
        "ranks",
        "specialisation",
        "stars",
        "totals",
    )
)
_POINTS = ("value", "location_quotient", "size_share_pct", "focus_pct", "growth_pct")
_GATE_FACTS = {
    "every_unit_of_the_perimeter_is_listed": (
        TABLE,
        """WITH listed AS (
               SELECT perimeter_id, reference_territory_id, variable, activity_code, year,
                      count(DISTINCT region_code) AS units
               FROM bench_specialisation GROUP BY ALL)
           SELECT count(*), count(*) FILTER (WHERE units <> member_count),
                  min(perimeter_id || ' ' || activity_code) FILTER (WHERE units <> member_count)
           FROM listed JOIN dim_perimeter USING (perimeter_id)""",
    ),
    "no_confidential_point_value": (
        TABLE,
        f"""SELECT count(*), count(*) FILTER (WHERE {" OR ".join(f"{c} IS NOT NULL" for c in _POINTS)}),
                  min(region_code || ' ' || activity_code || ' ' || year)
           FROM bench_specialisation WHERE cell_state = 'confidential'""",
    ),
}


def specialisation_stage(catalog: Catalog, public_dates: PublicDates) -> Stage:
    """The stage that fills `bench_specialisation`."""
    perimeters = perimeters_of_regions(catalog)
    references = [catalog.perimeters[name] for name in REFERENCES]
    rows = [row for row in catalog.schemes.values() if row.scheme == SCHEME]

    def fill(context: StageContext) -> None:
        _compute(context, perimeters, references, rows)

    return benchmark_stage(
        NAME,
        (TABLE,),
        fill,
        code=(*METHOD_CODE, "catalog.schemes", "plan.benchmarks.specialisation"),
        inputs=ACTIVITY_READS,
        parameters={
            "perimeters": perimeters,
            "references": references,
            "scheme": rows,
        },
        public_dates=public_dates,
    )


def _compute(
    context: StageContext,
    perimeters: list[PerimeterEntry],
    references: list[PerimeterEntry],
    rows: list[SchemeRow],
) -> None:
    import pandas as pd

    cells = activity_cells(context)
    if cells.empty:
        write_nothing(context, (TABLE,))
        return
    floor = float(rows[0].ranking_floor_persons)
    results = [
        _of_perimeter(judged, reference, perimeter, floor)
        for reference, judged in against_each(cells, units_of(perimeters), references, rows)
        for perimeter in perimeters
    ]
    facts = facts_of(cells)
    constants = _constants(facts, parts_of(cells), rows) | {
        "as_of_date": as_of(context, facts["document_ids"])
    }
    frame = pd.concat(results, ignore_index=True).assign(variable=VARIABLE, **constants)
    write_rows(context, TABLE, frame)


def units_of(perimeters: list[PerimeterEntry]) -> list[str]:
    """The codes of all units of some perimeters."""
    return sorted({code for entry in perimeters for code, _ in entry.members})


def against_each(
    cells: "pd.DataFrame", units: list[str], references: list[PerimeterEntry], rows: list[SchemeRow]
) -> "Iterator[tuple[str, pd.DataFrame]]":
    """Each reference territory and the method's result against it, of all regions and of absent units."""
    from alp_pipeline.benchmark.missing_weight import withheld
    from alp_pipeline.benchmark.totals import region_totals

    parts = parts_of(cells)
    regions = cells[cells["nuts_level"] == 2]
    universe = _with_absent_units(regions[regions["activity_level"] == "division"], units)
    totals = withheld(region_totals(regions, parts=parts), most_missing_pct=rows[0].reference_missing_max_pct)
    for reference in references:
        members = [code for code, _ in reference.members]
        yield reference.id, _against(universe, totals, cells, members, parts, rows)


def facts_of(cells: "pd.DataFrame") -> dict[str, str]:
    """What the cells have in common, for the columns of that name."""
    return {
        "statistical_unit": str(cells["statistical_unit"].min()),
        "classification_version": str(cells["classification_version"].min()),
        "document_ids": documents_of(cells["document_id"].unique()),
    }


def parts_of(cells: "pd.DataFrame") -> dict[str, list[str]]:
    """The activities that add up to the scope: published sections, and divisions whose section is not."""
    sections = sorted(cells.loc[cells["activity_level"] == "section", "activity_code"].unique())
    divisions = cells.loc[cells["activity_level"] == "division", ["activity_code", "section_code"]]
    divisions = divisions.drop_duplicates()
    inside: dict[str, list[str]] = {section: [] for section in sections}
    for code, section in sorted(divisions.itertuples(index=False, name=None)):
        if section in inside:
            inside[section].append(code)
        else:
            inside[code] = []
    return inside


def _with_absent_units(universe: "pd.DataFrame", units: list[str]) -> "pd.DataFrame":
    """Add the perimeters' units of which the dataset has no row: they are not available, not left out."""
    import pandas as pd

    absent = pd.DataFrame({"region_code": sorted(set(units) - set(universe["region_code"].unique()))})
    grid = universe[["activity_code", "year"]].drop_duplicates()
    filled = absent.merge(grid, how="cross").assign(cell_state="not_available", obs_status="")
    columns = ["region_code", "activity_code", "year", "value", "cell_state", "obs_status"]
    complete = pd.concat([universe[columns], filled], ignore_index=True)
    return complete.assign(value=complete["value"].astype("float64"))


def _against(
    universe: "pd.DataFrame",
    totals: "pd.DataFrame",
    cells: "pd.DataFrame",
    members: list[str],
    parts: Mapping[str, list[str]],
    rows: list[SchemeRow],
) -> "pd.DataFrame":
    """The method's result against one reference territory."""
    from alp_pipeline.benchmark.missing_weight import withheld
    from alp_pipeline.benchmark.specialisation import specialisation
    from alp_pipeline.benchmark.totals import reference_totals

    countries = cells[(cells["nuts_level"] == 0) & cells["region_code"].isin(members)]
    reference = withheld(
        reference_totals(countries, members=members, parts=parts),
        most_missing_pct=rows[0].reference_missing_max_pct,
    )
    return specialisation(universe, totals, reference, scheme=star_scheme(rows))


def _of_perimeter(
    judged: "pd.DataFrame", reference: str, perimeter: PerimeterEntry, floor: float
) -> "pd.DataFrame":
    from alp_pipeline.benchmark.ranks import rank_within

    members = [code for code, _ in perimeter.members]
    inside = judged[judged["region_code"].isin(members)]
    ranks = rank_within(inside, members, minimum_size=floor)
    return inside.assign(
        perimeter_id=perimeter.id,
        reference_territory_id=reference,
        rank_location_quotient=ranks["rank"],
        ranked_count=ranks["ranked_cells"],
    )


def _constants(
    facts: Mapping[str, str], parts: Mapping[str, list[str]], rows: list[SchemeRow]
) -> dict[str, Any]:
    scheme = f"{rows[0].scheme} ({rows[0].version})"
    return {
        **facts,
        "activity_scope": " + ".join(parts),
        "scheme_id": scheme,
        "ranking_floor_persons": rows[0].ranking_floor_persons,
        "reference_missing_max_pct": rows[0].reference_missing_max_pct,
        "method": f"location quotient, shares, growth; {len(rows)} criteria of {rows[0].scheme}",
        "method_version": f"{METHOD_VERSION}, scheme {rows[0].version}",
        "universe": EUROPE,
    }


BENCHMARK = Benchmark(
    name=NAME,
    tables=(TABLE,),
    reads=ACTIVITY_READS,
    description="Specialisation of every region × division of every perimeter: location quotient, shares, "
    "growth, stars and ranks against two reference territories.",
    datasets=employment_datasets,
    make=specialisation_stage,
    gate_facts=_GATE_FACTS,
)
