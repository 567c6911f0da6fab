"""`bench_concentration`: how unevenly every activity lies over Europe's regions, and over a perimeter's.

Belongs here: universes, the bounds of hidden cells, counting whom the data leave out. Does not: the indices
(benchmark.localisation_interval), how concentrated a region is (structure_measures).

A region without data (Switzerland and Liechtenstein are not in the source) takes no part and is counted. What
is compared with is a region's total over its published parts, as in `bench_specialisation`: a region of which
too much is missing has none.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from alp_pipeline.build.sql import parquet
from alp_pipeline.build.stage import Stage, StageContext
from alp_pipeline.catalog.models import Catalog, PerimeterEntry
from alp_pipeline.plan import regional_activity
from alp_pipeline.plan.benchmarks import published_table
from alp_pipeline.plan.benchmarks.frames import (
    ACTIVITY_READS,
    UNIVERSE_VERSION,
    activity_cells,
    as_of,
    benchmark_stage,
    documents_of,
    perimeters_of_regions,
    write_nothing,
    write_rows,
)
from alp_pipeline.plan.benchmarks.registry import Benchmark, PublicDates
from alp_pipeline.plan.benchmarks.specialisation import facts_of, parts_of
from alp_pipeline.plan.dimensions import asset_of

if TYPE_CHECKING:
    import pandas as pd

    from alp_pipeline.benchmark.activity_table import ActivityTable

NAME = "benchmark/concentration"
TABLE = "bench_concentration"
MEASURES = ("employment", "local_units")
COVERAGE_MIN = 0.6
"""Of the most regions that any activity and year of a universe has, how many a figure needs."""
METHOD = (
    "locational Gini and Hoover index of NACE divisions over regions with data, against their totals over "
    f"published parts; a figure needs {COVERAGE_MIN:.0%} of the most regions that any has; hidden cells "
    "between zero and what their section and country leave"
)
_GATE_FACTS = {
    "every_region_is_counted": (
        TABLE,
        """SELECT count(*), count(*) FILTER (WHERE units + missing_units <> units_total
                                                OR hidden_units > units),
                  min(universe_id || ' ' || activity_code)
                      FILTER (WHERE units + missing_units <> units_total OR hidden_units > units)
           FROM bench_concentration""",
    ),
    "no_value_over_hidden_cells": (
        TABLE,
        """SELECT count(*), count(*) FILTER (WHERE coalesce(locational_gini, hoover) IS NOT NULL),
                  min(universe_id || ' ' || activity_code)
           FROM bench_concentration WHERE hidden_units > 0""",
    ),
}


@dataclass(frozen=True)
class _Measured:
    """One measure of all regions, with the bounds of hidden cells that passed the guard.

    Attributes:
        table: (region, year) × divisions.
        totals, partial: by (region, year), the published sections' sum and whether one is hidden.
        lower, upper: bounds of hidden cells.
        given_away: hidden cells that could be computed.
        facts: what the cells have in common.
    """

    table: "ActivityTable"
    totals: "pd.Series[float]"
    partial: "pd.Series[bool]"
    lower: "pd.DataFrame"
    upper: "pd.DataFrame"
    given_away: "pd.DataFrame"
    facts: dict[str, str]


def concentration_stage(catalog: Catalog, public_dates: PublicDates) -> Stage:
    """The stage that fills `bench_concentration`."""
    perimeters = perimeters_of_regions(catalog)

    def fill(context: StageContext) -> None:
        _compute(context, perimeters)

    return benchmark_stage(
        NAME,
        (TABLE,),
        fill,
        code=(*published_table.CODE, "benchmark.localisation_interval", "plan.benchmarks.concentration"),
        inputs=ACTIVITY_READS,
        parameters={
            "perimeters": perimeters,
            "reference_missing_max_pct": published_table.missing_max_pct(catalog),
        },
        public_dates=public_dates,
    )


def datasets(catalog: Catalog) -> tuple[str, ...]:
    """The datasets behind the measures."""
    used = [catalog.indicators[regional_activity.MEASURES[name]].datasets for name in MEASURES]
    return tuple(sorted({dataset for names in used for dataset in names}))


def _compute(context: StageContext, perimeters: list[PerimeterEntry]) -> None:
    import pandas as pd

    everywhere = _regions(context)
    universes = {"europe": everywhere["region_code"].tolist()} | {
        entry.id: [code for code, _ in entry.members] for entry in perimeters
    }
    parts = []
    for measure in MEASURES:
        known = _measured(
            activity_cells(context, measure=measure), context.parameters["reference_missing_max_pct"]
        )
        if known is None:
            continue
        indicator = regional_activity.MEASURES[measure]
        as_of_date = as_of(context, known.facts["document_ids"])
        for name, units in universes.items():
            rows = _of_universe(known, units).assign(universe_id=name, indicator_id=indicator)
            parts.append(rows.assign(**known.facts, as_of_date=as_of_date, universe=_described(name)))
    if not parts:
        write_nothing(context, (TABLE,))
        return
    rows = pd.concat(parts, ignore_index=True)
    write_rows(context, TABLE, rows.assign(method=METHOD, method_version="2"))


def _described(universe: str) -> str:
    named = "all" if universe == "europe" else f"the perimeter {universe}'s"
    return f"{named} NUTS 2 units and statistical regions, codes of NUTS {UNIVERSE_VERSION}"


def _regions(context: StageContext) -> "pd.DataFrame":
    """Every NUTS 2 region of the version, with data or not."""
    file = context.input(asset_of("dim_region"), "dim_region")
    with context.connect() as connection:
        return connection.execute(
            f"""SELECT region_code FROM {parquet(file)}
                WHERE nuts_level = 2 AND region_kind IN ('nuts', 'statistical_region')
                  AND {UNIVERSE_VERSION} BETWEEN nuts_version_first AND nuts_version_last
                ORDER BY region_code"""
        ).df()


def _measured(cells: "pd.DataFrame", most_missing_pct: float) -> _Measured | None:
    """What is published of a measure; None where no division of a region is."""
    from alp_pipeline.benchmark.disclosure import cell_bounds
    from alp_pipeline.benchmark.missing_weight import withheld
    from alp_pipeline.benchmark.totals import region_totals

    inside = cells[cells["in_universe"] & (cells["nuts_level"] == 2)]
    divisions = inside[inside["activity_level"] == "division"]
    if not (divisions["cell_state"] == "reported").any():
        return None
    found = published_table.published_table(cells)
    bounds = cell_bounds(found.table, found.totals)
    totals = withheld(region_totals(inside, parts=parts_of(cells)), most_missing_pct=most_missing_pct)
    totals = totals.set_index(["region_code", "year"]).reindex(found.table.values.index)
    hidden = found.table.states == "confidential"
    given_away = bounds.notes == "computable_cell"
    upper = bounds.upper.where(hidden)
    return _Measured(
        found.table,
        totals["region_total"],
        totals["region_hidden_cells"].fillna(0) > 0,
        upper * 0.0,
        upper,
        given_away,
        facts_of(cells) | {"document_ids": documents_of(divisions["document_id"].unique())},
    )


def _of_universe(known: _Measured, units: list[str]) -> "pd.DataFrame":
    """The indices of every activity and year over some regions, with who took part."""
    from alp_pipeline.benchmark.activity_table import ActivityTable
    from alp_pipeline.benchmark.localisation_interval import localisation

    codes = known.table.values.index.get_level_values(0)
    chosen = codes.isin(units)
    if not chosen.any():
        chosen = ~chosen  # nobody has data: years and activities are those of the others, without a unit
    parts = (known.table.values, known.table.states, known.table.flags)
    table = ActivityTable(*(frame[chosen] for frame in parts))
    totals = known.totals.where(codes.isin(units))
    how: dict[str, Any] = {"region_totals": totals, "lower": known.lower, "upper": known.upper}
    of_region = table.states.isin(["reported", "confidential", "not_applicable"])
    taken = of_region & totals[chosen].notna().to_numpy()[:, None]
    most = int(taken.groupby(level=1).sum().to_numpy().max())
    rows = localisation(table, units_min=max(2, round(COVERAGE_MIN * most)), **how)
    keys = list(zip(rows["activity"], rows["year"], strict=True))
    away = known.given_away[chosen].groupby(level=1).any().stack().swaplevel()
    partial = taken[known.partial[chosen].to_numpy()].groupby(level=1).sum().stack().swaplevel()
    return rows.assign(
        note=rows["note"].mask(
            (rows["note"] == "unbounded_cell") & away.reindex(keys).to_numpy(dtype=bool), "computable_cell"
        ),
        units_total=len(units),
        missing_units=len(units) - rows["units"],
        countries_without_data=_without_data(taken, units, keys),
        partial_totals=partial.reindex(keys).fillna(0).to_numpy(dtype="int64"),
    ).rename(
        columns={
            "activity": "activity_code",
            "gini_lower": "locational_gini_low",
            "gini_upper": "locational_gini_high",
            "hoover_lower": "hoover_low",
            "hoover_upper": "hoover_high",
        }
    )


def _without_data(taken: "pd.DataFrame", units: list[str], keys: list[tuple[str, int]]) -> list[str]:
    """For each activity and year the countries of which no region took part."""
    import pandas as pd

    everyone = sorted({unit[:2] for unit in units})
    country = taken.index.get_level_values(0).str[:2].rename("country")
    there = taken.groupby([country, taken.index.get_level_values(1)]).any().stack()
    wide = pd.DataFrame(there.unstack(0, fill_value=False)).reindex(columns=everyone, fill_value=False)
    names = {
        key: " ".join(code for code, some in zip(everyone, row, strict=True) if not some)
        for key, row in zip(wide.index, wide.to_numpy(), strict=True)
    }
    return [names[year, activity] for activity, year in keys]


BENCHMARK = Benchmark(
    name=NAME,
    tables=(TABLE,),
    reads=ACTIVITY_READS,
    description="How unevenly persons employed and local units of every activity lie over Europe's regions "
    "and over every perimeter's: locational Gini and Hoover index, with what hidden cells leave open.",
    datasets=datasets,
    make=concentration_stage,
    gate_facts=_GATE_FACTS,
)
