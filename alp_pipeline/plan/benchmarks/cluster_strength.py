"""`bench_cluster_strength`: every scheme of the catalogue on regional activities of the perimeters' units.

Belongs here: the statistics that schemes name, as far as the warehouse has them; laying verdicts out. Does
not: judging (benchmark.strength), the schemes (catalogue), quotients (plan.benchmarks.specialisation).

A criterion whose statistic is not in the warehouse is not evaluated, and says so in every row: the scheme's
result is then a range. Judged are NACE divisions, among all regions with data; no scheme was made for these.
"""

from collections.abc import Collection
from typing import TYPE_CHECKING, Any

from alp_pipeline.build.stage import Stage, StageContext
from alp_pipeline.catalog.models import Catalog, PerimeterEntry, SchemeRow
from alp_pipeline.catalog.schemes import column_of, star_scheme
from alp_pipeline.plan.benchmarks import concentration
from alp_pipeline.plan.benchmarks.frames import (
    ACTIVITY_READS,
    EUROPE,
    activity_cells,
    as_of,
    benchmark_stage,
    documents_of,
    perimeters_of_regions,
    write_nothing,
    write_rows,
)
from alp_pipeline.plan.benchmarks.registry import Benchmark, PublicDates
from alp_pipeline.plan.benchmarks.specialisation import (
    METHOD_CODE,
    METHOD_VERSION,
    REFERENCES,
    SCHEME,
    against_each,
    facts_of,
    units_of,
)

if TYPE_CHECKING:
    import pandas as pd

NAME = "benchmark/cluster_strength"
TABLE = "bench_cluster_strength"
_KEY = ["region_code", "activity_code", "year"]
_LISTS = {
    "yes": "criteria_met",
    "no": "criteria_not_met",
    "undetermined": "criteria_undetermined",
    "not_available": "criteria_not_evaluated",
}
_GATE_FACTS = {
    "nothing_is_certain_of_a_confidential_cell": (
        TABLE,
        """SELECT count(*), count(*) FILTER (WHERE strength_state = 'reported' OR criteria_met <> ''),
                  min(region_code || ' ' || activity_code || ' ' || year)
           FROM bench_cluster_strength WHERE cell_state = 'confidential'""",
    ),
    "a_criterion_without_input_leaves_a_range": (
        TABLE,
        """SELECT count(*), count(*) FILTER (WHERE lacking_inputs = '' OR stars_min = stars_max),
                  min(scheme_id || ' ' || region_code || ' ' || activity_code)
           FROM bench_cluster_strength WHERE criteria_not_evaluated <> '' AND cell_state = 'reported'""",
    ),
}


def cluster_strength_stage(catalog: Catalog, public_dates: PublicDates) -> Stage:
    """The stage that fills `bench_cluster_strength`."""
    perimeters = perimeters_of_regions(catalog)
    references = [catalog.perimeters[name] for name in REFERENCES]
    rows = list(catalog.schemes.values())

    def fill(context: StageContext) -> None:
        _compute(context, perimeters, references, rows)

    return benchmark_stage(
        NAME,
        (TABLE,),
        fill,
        code=(*METHOD_CODE, "benchmark.strength", "catalog.schemes", "plan.benchmarks.cluster_strength"),
        inputs=ACTIVITY_READS,
        parameters={
            "perimeters": perimeters,
            "references": references,
            "schemes": rows,
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
    establishments = activity_cells(context, levels=(2,), measure="local_units")
    schemes = {name: [row for row in rows if row.scheme == name] for name in sorted({r.scheme for r in rows})}
    units = units_of(perimeters)
    parts = [
        _of_scheme(known, of_scheme, units).assign(reference_territory_id=reference, scheme_id=name)
        for reference, judged in against_each(cells, units, references, schemes[SCHEME])
        for known in [_with_statistics(judged, establishments)]
        for name, of_scheme in schemes.items()
    ]
    facts = facts_of(cells)
    documents = documents_of([facts["document_ids"], *establishments["document_id"].unique()])
    constants: dict[str, Any] = {
        **facts,
        "document_ids": documents,
        "universe": EUROPE,
        "as_of_date": as_of(context, documents),
    }
    write_rows(context, TABLE, pd.concat(parts, ignore_index=True).assign(**constants))


def _with_statistics(judged: "pd.DataFrame", establishments: "pd.DataFrame") -> "pd.DataFrame":
    """The statistics of every cell; one that the warehouse does not have has no column."""
    from alp_pipeline.benchmark.strength import average_rank

    known = judged[[*_KEY, "value", "cell_state", "location_quotient", "focus_pct"]]
    published = establishments[establishments["cell_state"] == "reported"]
    if published.empty:
        return known
    units = known[_KEY].merge(published[[*_KEY, "value"]], on=_KEY, how="left")["value"].set_axis(known.index)
    within = known["activity_code"] + " " + known["year"].astype("str")
    return known.assign(
        average_rank_of_persons_and_establishments=average_rank([known["value"], units], within)
    )


def _of_scheme(known: "pd.DataFrame", rows: list[SchemeRow], units: Collection[str]) -> "pd.DataFrame":
    """One scheme's verdicts on the units' cells, judged among all regions."""
    import numpy as np
    import pandas as pd

    from alp_pipeline.benchmark.strength import cluster_strength

    found = cluster_strength(known, star_scheme(rows))
    states = known[[*_KEY, "cell_state"]]
    found = found[found["region_code"].isin(units)].merge(states, on=_KEY, how="left")
    roles: set[str] = {row.role for row in rows}
    unheard = found["cell_state"].isin(["reported", "confidential"])
    lists = dict.fromkeys(_LISTS.values(), pd.Series("", index=found.index))
    for row in rows:
        name = row.criterion if row.role in ("star", "grade") else f"{row.role}_{row.criterion}"
        column = f"{'node' if row.role == 'node' else 'judged'}_{row.criterion}"
        verdict = found[column] if row.role != "companion" else pd.Series("not_available", index=found.index)
        for word, target in _LISTS.items():
            lists[target] = lists[target] + np.where(
                unheard & (verdict == word).fillna(False), f"{name} ", ""
            )
    lists = {name: text.str.strip() for name, text in lists.items()}
    # A scheme without stars, grades or nodes says nothing of them, not none.
    for role, columns in {"star": "stars", "grade": "grade"}.items():
        if role not in roles:
            found[f"{columns}_min"] = found[f"{columns}_max"] = pd.NA
    if "node" not in roles:
        found["is_node"] = None
    return found.assign(
        **lists,
        strength_state=_states(found, roles),
        lacking_inputs=np.where(lists["criteria_not_evaluated"] != "", _lacking(known, rows), ""),
        method=f"{len(rows)} criteria of {rows[0].scheme}, on NACE divisions and persons employed",
        method_version=f"{METHOD_VERSION}, scheme {rows[0].version}",
    )


def _states(found: "pd.DataFrame", roles: set[str]) -> "pd.Series[str]":
    """What is certain of each cell under the scheme."""
    certain = found["cell_state"] == "reported"
    for role, name in {"star": "stars", "grade": "grade"}.items():
        if role in roles:
            certain &= (found[f"{name}_min"] == found[f"{name}_max"]).fillna(False)
    if "node" in roles:
        certain &= found["is_node"] != "undetermined"
    judged = found["cell_state"].isin(["reported", "confidential"])
    open_word = "not_available" if roles == {"companion"} else "undetermined"
    if roles == {"companion"}:
        certain &= False
    return found["cell_state"].mask(judged & ~certain, open_word)


def _lacking(known: "pd.DataFrame", rows: list[SchemeRow]) -> str:
    """What the criteria that could not be evaluated would need, each thing once."""
    named = {
        need: None
        for row in rows
        if row.rule.type in ("unpublished", "parts") or column_of(row) not in known
        for need in row.needs or (f"{row.statistic.replace('_', ' ')}: not in the warehouse",)
    }
    return " ".join(need if need.endswith(".") else f"{need}." for need in named)


BENCHMARK = Benchmark(
    name=NAME,
    tables=(TABLE,),
    reads=ACTIVITY_READS,
    description="Cluster strength of every division in the perimeters' units by every scheme: stars, nodes "
    "and grades as ranges, criteria met, not met, undetermined and not evaluated.",
    datasets=concentration.datasets,
    make=cluster_strength_stage,
    gate_facts=_GATE_FACTS,
)
