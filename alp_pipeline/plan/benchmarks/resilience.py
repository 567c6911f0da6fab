"""`bench_resilience`: diversity, volatility, downturns and exposure of every unit of every NUTS-2 perimeter.

Belongs here: the series, downturns and reference areas, laying results out in one long table. Does not: the
methods (benchmark), exposure's bounds (plan.benchmarks.exposure), which activities a shock hits (catalogue).

GDP of regions is published at current prices alone: inflation makes its falls smaller and its returns earlier
than those of output. Its basis and its method say so; employment, a volume, stands beside it.
Where an entry of a dataset names a break, its year counts as one, flag or no flag.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from alp_pipeline.build.sql import literal, parquet
from alp_pipeline.build.stage import Stage, StageContext
from alp_pipeline.catalog.benchmarks import ShockEntry
from alp_pipeline.catalog.models import Catalog, KnownBreak, PerimeterEntry
from alp_pipeline.plan import indicators
from alp_pipeline.plan.benchmarks.exposure import exposures
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
from alp_pipeline.plan.benchmarks.registry import Benchmark, PublicDates

if TYPE_CHECKING:
    import pandas as pd

NAME = "benchmark/resilience"
TABLE = "bench_resilience"
SERIES = {"employed_residents": "employed_residents", "gdp": "gdp_current_prices"}
"""Indicator → the basis that it is called: what is at current prices says so."""
NOMINAL = "nominal, at current prices (inflation is in it: no fall or recovery of output): "
BRANCHES = tuple(
    f"{name}_employment_share"
    for name in (
        "agriculture",
        "industry",
        "construction",
        "trade_transport_tourism",
        "information",
        "finance",
        "business_services",
        "public_services",
        "other_services",
    )
)
BRANCH_BASIS = "employment_by_branch"
DOWNTURNS = {
    "crisis_2008": ((2007, 2008), (2009, 2010), 2015),
    "pandemic_2020": ((2018, 2019), (2020, 2021), 2022),
}
"""Event → peak years, fall years, the year until which recoverability is measured."""
REFERENCE_AREAS = ("EU27_2020", "EU28")
"""The first of them whose own course is known is compared with."""
METHOD_CODE = tuple(
    f"benchmark.{name}"
    for name in (
        "activity_table",
        "cells",
        "concentration",
        "disclosure",
        "exposure",
        "recovery",
        "reference_year",
        "resilience",
        "shares",
        "totals",
    )
)
READS = tuple(dict.fromkeys([*ACTIVITY_READS, *INDICATOR_READS]))
_KEY = ["measure_id", "basis_id", "event_id"]
_GATE_FACTS = {
    "every_unit_has_every_measure": (
        TABLE,
        f"""WITH listed AS (
               SELECT perimeter_id, {", ".join(_KEY)}, count(DISTINCT region_code) AS units
               FROM bench_resilience GROUP BY ALL)
           SELECT count(*), count(*) FILTER (WHERE units <> member_count),
                  min(perimeter_id || ' ' || measure_id) FILTER (WHERE units <> member_count)
           FROM listed JOIN dim_perimeter USING (perimeter_id)""",
    ),
    "a_value_lies_between_its_bounds": (
        TABLE,
        """SELECT count(*), count(*) FILTER (WHERE wrong), min(region_code || ' ' || measure_id)
                  FILTER (WHERE wrong)
           FROM (SELECT region_code, measure_id, coalesce(value < value_low, FALSE)
                        OR coalesce(value > value_high, FALSE) OR coalesce(value_low > value_high, FALSE)
                        AS wrong
                 FROM bench_resilience)""",
    ),
}


def datasets_of(catalog: Catalog) -> set[str]:
    """The datasets behind the measures."""
    named = {dataset for name in (*SERIES, *BRANCHES) for dataset in catalog.indicators[name].datasets}
    return named | set(employment_datasets(catalog))


def resilience_stage(catalog: Catalog, public_dates: PublicDates) -> Stage:
    """The stage that fills `bench_resilience`."""
    perimeters = perimeters_of_regions(catalog)
    shocks = [catalog.shocks[name] for name in sorted(catalog.shocks)]
    breaks = {
        name: tuple(
            one
            for dataset in catalog.indicators[name].datasets
            for one in catalog.datasets[dataset].known_breaks
        )
        for name in SERIES
    }

    def fill(context: StageContext) -> None:
        _compute(context, perimeters, shocks, breaks)

    return benchmark_stage(
        NAME,
        (TABLE,),
        fill,
        code=(
            *METHOD_CODE,
            "plan.benchmarks.exposure",
            "plan.benchmarks.resilience",
            "plan.benchmarks.specialisation",
        ),
        inputs=READS,
        parameters={
            "perimeters": perimeters,
            "shocks": shocks,
            "breaks": breaks,
        },
        public_dates=public_dates,
    )


def _compute(
    context: StageContext,
    perimeters: Sequence[PerimeterEntry],
    shocks: Sequence[ShockEntry],
    breaks: Mapping[str, Iterable[KnownBreak]],
) -> None:
    import pandas as pd

    values = indicator_cells(context, [*SERIES, *BRANCHES])
    values = values[values["in_universe"]]
    parts = [_diversity(values[values["indicator_id"].isin(BRANCHES)])]
    for name in SERIES:
        cells = _levels(values[values["indicator_id"] == name], breaks[name])
        areas = _levels(_areas(context, name), breaks[name])
        parts += [_volatility(cells, name), *_downturns(cells, areas, name)]
    parts.append(_exposure(activity_cells(context), shocks))
    known = [part for part in parts if not part.empty]
    if not known:
        write_nothing(context, (TABLE,))
        return
    rows = pd.concat(known, ignore_index=True)
    units = sorted({code for entry in perimeters for code, _ in entry.members})
    rows = _every_unit(rows, units)
    rows["as_of_date"] = rows["document_ids"].map(lambda text: as_of(context, text))
    write_rows(context, TABLE, of_perimeters(rows, perimeters))


def _levels(cells: "pd.DataFrame", breaks: Iterable[KnownBreak]) -> "pd.DataFrame":
    """A series' cells as long cells, with the breaks that the dataset's entry names among the flags."""
    import numpy as np

    named = np.zeros(len(cells), dtype=bool)
    for one in breaks:
        inside = cells["region_code"].str.startswith("" if one.where == "all" else one.where)
        named |= (inside & (cells["year"].astype(str) == one.period)).to_numpy()
    return cells.assign(
        activity_code=indicators.TOTAL_ACTIVITY,
        obs_status=cells["obs_status"].where(~named, cells["obs_status"] + "b"),
    )


def _areas(context: StageContext, indicator: str) -> "pd.DataFrame":
    """The published levels of the reference areas."""
    with context.connect() as connection:
        return connection.execute(
            f"""SELECT region_code, CAST(time_period AS SMALLINT) AS year, value, cell_state, obs_status,
                       document_ids
                FROM {parquet(context.input(indicators.NAME, "fct_indicator"))}
                WHERE indicator_id = {literal(indicator)} AND activity_code = '{indicators.TOTAL_ACTIVITY}'
                  AND region_code IN ({", ".join(map(literal, REFERENCE_AREAS))})
                  AND regexp_full_match(time_period, '[0-9]{{4}}')
                ORDER BY region_code, year"""
        ).df()


def _diversity(cells: "pd.DataFrame") -> "pd.DataFrame":
    """Diversity over the branches, in the newest year in which enough regions publish all of them."""
    import pandas as pd

    from alp_pipeline.benchmark.activity_table import ActivityTable
    from alp_pipeline.benchmark.reference_year import reference_year_values
    from alp_pipeline.benchmark.resilience import diversity

    key = ["region_code", "year"]
    reported = cells[cells["cell_state"] == "reported"].groupby(key).size()
    complete = reported[reported == len(BRANCHES)].reset_index(name="value")
    if complete.empty:
        return pd.DataFrame()
    chosen = reference_year_values(
        complete.assign(variable=BRANCH_BASIS, cell_state="reported"), carry_years=0
    )
    year = int(chosen["reference_year"].iloc[0])
    now = cells[cells["year"] == year]
    shown = {
        column: now.pivot(index="region_code", columns="indicator_id", values=column).reindex(
            columns=BRANCHES
        )
        for column in ("value", "cell_state")
    }
    table = ActivityTable.of(shown["value"], states=shown["cell_state"].fillna("not_available"))
    found = diversity(table).reset_index()
    units = {"evenness": "1", "effective_activities": "branches", "herfindahl": "1"}
    parts = [
        _rows(
            found,
            value=found[column],
            state=found["state"],
            note=found["note"],
            measure_id=column.replace("activities", "branches"),
            basis_id=BRANCH_BASIS,
            unit=unit,
            first_year=year,
            last_year=year,
            document_ids=documents_of(now["document_ids"]),
            method="entropy and Herfindahl index over nine branches",
        )
        for column, unit in units.items()
    ]
    return pd.concat(parts, ignore_index=True)


def _volatility(cells: "pd.DataFrame", basis: str) -> "pd.DataFrame":
    import pandas as pd

    from alp_pipeline.benchmark.resilience import volatility

    parts, about = [], _of_basis(basis)
    for measure, method in (("volatility_growth", "growth_rates"), ("volatility_trend", "log_trend")):
        found = volatility(cells, method=method)
        parts.append(
            _rows(
                found,
                value=found["volatility_pct"],
                state=found["volatility_state"],
                note=found["volatility_note"],
                measure_id=measure,
                basis_id=about["basis_id"],
                unit="%",
                first_year=found["first_year"],
                last_year=found["last_year"],
                document_ids=documents_of(cells["document_ids"]),
                method=f"{about['method']}volatility: {method.replace('_', ' ')}",
            )
        )
    return pd.concat(parts, ignore_index=True)


def _of_basis(indicator: str) -> dict[str, str]:
    """The basis of a series, and how the text of its methods begins."""
    return {"basis_id": SERIES[indicator], "method": NOMINAL if indicator == "gdp" else ""}


def _downturns(cells: "pd.DataFrame", areas: "pd.DataFrame", basis: str) -> list["pd.DataFrame"]:
    from alp_pipeline.benchmark.recovery import Downturn, recovery

    parts = []
    for event, (peak, fall, until) in DOWNTURNS.items():
        downturn = Downturn(event, peak, fall, until)
        known = areas[areas["region_code"].isin(REFERENCE_AREAS)]
        if known.empty or cells.empty:
            continue
        courses = {
            code: recovery(one, downturn, reference=one)["recovery_state"].iloc[0]
            for code in REFERENCE_AREAS
            if not (one := known[known["region_code"] == code]).empty
        }
        area = next((code for code, state in courses.items() if state != "undetermined"), next(iter(courses)))
        chosen = known[known["region_code"] == area]
        found = recovery(cells, downturn, reference=chosen)
        documents = documents_of([*cells["document_ids"], *chosen["document_ids"]])
        parts.append(_downturn_rows(found, basis, event, area, documents))
    return parts


def _downturn_rows(
    found: "pd.DataFrame", basis: str, event: str, area: str, documents: str
) -> "pd.DataFrame":
    import pandas as pd

    named = _of_basis(basis)
    about = {
        **named,
        "event_id": event,
        "first_year": found["peak_year"],
        "document_ids": documents,
        "method": named["method"]
        + "peak, trough and return; resistance and recoverability after Martin (2012)",
    }
    course = found["recovery_state"]
    state = found["recovery_cell_state"].mask(course == "no_fall", "no_fall")
    censored = state.mask(course == "not_yet_recovered", "censored")
    censored = censored.mask((course == "recovered") & found["recovery_years"].isna(), "undetermined")
    years = {name: found[f"recovery_years{name}"].astype("float64") for name in ("", "_low", "_high")}
    parts = [
        _rows(found, value=found["fall_pct"], state=state, note=found["recovery_note"], measure_id="fall",
              unit="%", last_year=found["trough_year"], **about),
        _rows(found, value=years[""], state=censored, note=found["recovery_note"], measure_id="recovery",
              unit="years", last_year=found["recovery_year"].fillna(found["last_year"]),
              low=years["_low"], high=years["_high"], **about),
    ]  # fmt: skip
    for measure in ("resistance", "recoverability"):
        note = found[f"{measure}_note"]
        unclear = note.map({"": "reported", "break_in_series": "not_applicable"}).fillna("undetermined")
        parts.append(
            _rows(found, value=found[measure], state=unclear, note=note, measure_id=measure, unit="1",
                  last_year=pd.NA, reference_area=area, **{**about, "first_year": pd.NA})
        )  # fmt: skip
    return pd.concat(parts, ignore_index=True)


def _exposure(cells: "pd.DataFrame", shocks: Sequence[ShockEntry]) -> "pd.DataFrame":
    import pandas as pd

    if cells.empty:
        return pd.DataFrame()
    found = exposures(cells[cells["in_universe"] | (cells["nuts_level"] == 0)], shocks)
    if found.empty:
        return found
    digests = {shock.id: shock.digest()[:12] for shock in shocks}
    return _rows(
        found,
        value=found["exposure_pct"],
        state=found["exposure_state"],
        note=found["exposure_note"],
        low=found["exposure_low_pct"],
        high=found["exposure_high_pct"],
        measure_id="exposure",
        basis_id="persons_employed",
        event_id=found["shock_id"],
        unit="%",
        first_year=found["year"],
        last_year=found["year"],
        document_ids=documents_of(cells.loc[cells["year"].isin(found["year"]), "document_id"]),
        method="weighted share of persons employed; a hidden cell between none and its published totals",
        method_version=found["shock_id"].map(lambda name: f"2, {name} {digests[name]}"),
    )


def _rows(found: "pd.DataFrame", *, value: Any, state: Any, low: Any = None, high: Any = None,
          **columns: Any) -> "pd.DataFrame":  # fmt: skip
    """Rows of the long table; a value without an interval is its own bounds."""
    import pandas as pd

    fixed = {"event_id": "", "reference_area": "", "method_version": "2", "universe": UNIVERSE}
    return pd.DataFrame({"region_code": found["region_code"], "value": value, "measure_state": state}).assign(
        value_low=value if low is None else low, value_high=value if high is None else high, **fixed | columns
    )


def _every_unit(rows: "pd.DataFrame", units: list[str]) -> "pd.DataFrame":
    """One row per unit for every measure that anybody has: a unit without data is not available."""
    import pandas as pd

    same = ["unit", "reference_area", "method", "method_version", "universe", "document_ids"]
    measures = rows[[*_KEY, *same]].drop_duplicates(_KEY)
    grid = measures.merge(pd.DataFrame({"region_code": units}), how="cross")
    own = rows.drop(columns=same)
    full = grid.merge(own, on=["region_code", *_KEY], how="left")
    full["measure_state"] = full["measure_state"].fillna("not_available")
    return full.assign(note=full["note"].fillna("no_row"))


BENCHMARK = Benchmark(
    name=NAME,
    tables=(TABLE,),
    reads=READS,
    description="Resilience of every unit of every perimeter: diversity, volatility, what downturns took and "
    "when it came back, exposure to named shocks.",
    datasets=datasets_of,
    make=resilience_stage,
    gate_facts=_GATE_FACTS,
)
