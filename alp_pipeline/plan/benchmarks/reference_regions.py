"""`bench_reference_*`, `bench_performance_gap`: each region's structural peers, and how it does among them.

Belongs here: parameters of the method, the indicators that are performance, laying results out per
perimeter. Does not: reading structure (plan.benchmarks.structure), the methods (benchmark).

Computed over all regions of the universe, once among all and once among those of other countries; reported
for the units of every NUTS-2 perimeter. A dimension that nothing feeds is a row with the reason.
"""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from alp_pipeline.build.stage import Stage, StageContext
from alp_pipeline.catalog.benchmarks import StructuralDimensionEntry
from alp_pipeline.catalog.models import Catalog, IndicatorEntry, PerimeterEntry
from alp_pipeline.plan import indicators
from alp_pipeline.plan.benchmarks.frames import (
    INDICATOR_READS,
    UNIVERSE,
    as_of,
    benchmark_stage,
    documents_of,
    indicator_cells,
    of_perimeters,
    perimeters_of_regions,
    write_nothing,
    write_rows,
)
from alp_pipeline.plan.benchmarks.registry import Benchmark, PublicDates
from alp_pipeline.plan.benchmarks.structure import (
    CARRY_YEARS,
    OUTLIER_SD,
    VARIABLE_COVERAGE_MIN,
    Structure,
    read_structure,
)

if TYPE_CHECKING:
    import pandas as pd

    from alp_pipeline.benchmark.reference_regions import ReferenceRegions
    from alp_pipeline.benchmark.structural_distance import StructuralProfile

NAME = "benchmark/reference_regions"
TABLES = (
    "bench_reference_dimension",
    "bench_reference_variable",
    "bench_reference_region",
    "bench_reference_contribution",
    "bench_performance_gap",
)
PEERS = 20
"""As many as the method's published tool shows."""
COVERAGE_MIN = 0.7
"""Of the weight, what a pair must share. On the real files 0.6 let Trier, whose industry is hidden, come
nearest to Burgenland for lack of anything that differs; with 0.75 the Swiss regions, without business
statistics at Eurostat, would have no peers. Between them and Germany there is too little in common."""
PEERS_MIN = 5
METHOD_CODE = tuple(
    f"benchmark.{name}"
    for name in (
        "activity_table",
        "cells",
        "composite.moments",
        "performance_gap",
        "reference_regions",
        "reference_year",
        "structural_distance",
    )
)
_GATE_FACTS = {
    "contributions_add_up_to_the_distance": (
        "bench_reference_contribution",
        """WITH added AS (
               SELECT perimeter_id, candidates, region_code, peer_code, sum(contribution) AS whole
               FROM bench_reference_contribution GROUP BY ALL)
           SELECT count(*), count(*) FILTER (WHERE whole IS NULL OR abs(whole - distance) > 1e-12),
                  min(region_code || ' ' || peer_code)
                      FILTER (WHERE whole IS NULL OR abs(whole - distance) > 1e-12)
           FROM bench_reference_region
           LEFT JOIN added USING (perimeter_id, candidates, region_code, peer_code)
           WHERE distance_state = 'reported'""",
    ),
    "peers_are_others_and_elsewhere": (
        "bench_reference_region",
        """SELECT count(*), count(*) FILTER (WHERE wrong), min(region_code) FILTER (WHERE wrong)
           FROM (SELECT region_code, (region_code = peer_code) = (distance_state = 'reported')
                        OR (candidates = 'other_countries' AND is_own_country) IS TRUE AS wrong
                 FROM bench_reference_region)""",
    ),
    "every_unit_has_peers_or_a_reason": (
        "bench_reference_region",
        """WITH listed AS (SELECT perimeter_id, candidates, count(DISTINCT region_code) AS units
                           FROM bench_reference_region GROUP BY ALL)
           SELECT count(*), count(*) FILTER (WHERE units <> member_count),
                  min(perimeter_id || ' ' || candidates) FILTER (WHERE units <> member_count)
           FROM listed JOIN dim_perimeter USING (perimeter_id)""",
    ),
    "no_gap_from_a_confidential_value": (
        "bench_performance_gap",
        """SELECT count(*), count(*) FILTER (WHERE value IS NOT NULL OR gap_to_median IS NOT NULL),
                  min(region_code || ' ' || indicator_id)
           FROM bench_performance_gap WHERE value_state = 'confidential'""",
    ),
}


def dimensions_of(catalog: Catalog) -> list[StructuralDimensionEntry]:
    """The dimensions of structure, in the order of their ids."""
    return [catalog.structural_dimensions[name] for name in sorted(catalog.structural_dimensions)]


def performance_of(catalog: Catalog) -> dict[str, IndicatorEntry]:
    """The indicators that say how well a region does: with a direction, per head or in per cent, of the
    region as a whole, and no part of its structure."""
    structural = {one.indicator for entry in dimensions_of(catalog) for one in entry.variables}
    return {
        name: entry
        for name, entry in sorted(catalog.indicators.items())
        if entry.direction and entry.kind == "intensive" and not entry.by_activity and name not in structural
    }


def datasets_of(catalog: Catalog) -> set[str]:
    """The datasets behind structure and performance."""
    structural = (one.indicator for entry in dimensions_of(catalog) for one in entry.variables)
    names = {*structural, *performance_of(catalog)}
    return {dataset for name in names for dataset in catalog.indicators[name].datasets}


def reference_region_stage(catalog: Catalog, public_dates: PublicDates) -> Stage:
    """The stage that fills the tables of reference regions."""
    perimeters = perimeters_of_regions(catalog)
    dimensions = dimensions_of(catalog)
    performance = {name: entry.direction for name, entry in performance_of(catalog).items()}

    def fill(context: StageContext) -> None:
        _compute(context, perimeters, dimensions, performance)

    return benchmark_stage(
        NAME,
        TABLES,
        fill,
        code=(*METHOD_CODE, "plan.benchmarks.reference_regions", "plan.benchmarks.structure"),
        inputs=INDICATOR_READS,
        parameters={
            "perimeters": perimeters,
            "dimensions": dimensions,
            "performance": performance,
        },
        public_dates=public_dates,
    )


def _compute(
    context: StageContext,
    perimeters: list[PerimeterEntry],
    dimensions: list[StructuralDimensionEntry],
    performance: Mapping[str, int],
) -> None:
    import pandas as pd

    structure = read_structure(context, dimensions)
    profile = structure.profile(dimensions)
    if profile is None:
        write_nothing(context, TABLES)
        return
    found = _references(structure, profile)
    values = indicator_cells(context, performance)
    gaps = _gaps(values, found, performance, perimeters)
    about = _about(context, dimensions, structure.document_ids)
    documents = documents_of([structure.document_ids, *values["document_ids"]])
    without = {name: _without_peers(one, structure, perimeters) for name, one in found.items()}
    peers = {
        name: _with_reasons(peer_rows(one, structure.countries), without[name]) for name, one in found.items()
    }
    used = pd.DataFrame({"dimension_id": sorted(set(profile.dimension_of))})
    contributions = {
        name: _with_reasons(one.contributions, without[name].merge(used, how="cross"))
        for name, one in found.items()
    }
    listed = {
        "bench_reference_dimension": _everywhere(_dimension_rows(dimensions, structure, profile), perimeters),
        "bench_reference_variable": of_perimeters(
            _variable_rows(dimensions, structure, profile, perimeters), perimeters
        ),
        "bench_reference_region": of_perimeters(_stacked(peers), perimeters),
        "bench_reference_contribution": of_perimeters(_stacked(contributions), perimeters),
        "bench_performance_gap": of_perimeters(gaps, perimeters).assign(
            document_ids=documents, as_of_date=as_of(context, documents)
        ),
    }
    for table, rows in listed.items():
        write_rows(context, table, rows.assign(**{k: v for k, v in about.items() if k not in rows}))


def _references(structure: Structure, profile: "StructuralProfile") -> dict[str, "ReferenceRegions"]:
    from alp_pipeline.benchmark.reference_regions import reference_regions
    from alp_pipeline.benchmark.structural_distance import structural_distance

    distance = structural_distance(profile, coverage_min=COVERAGE_MIN)
    return {
        candidates: reference_regions(
            distance, k=PEERS, countries=structure.countries, exclude_own_country=abroad
        )
        for candidates, abroad in (("all", False), ("other_countries", True))
    }


def _gaps(
    values: "pd.DataFrame",
    found: Mapping[str, "ReferenceRegions"],
    performance: Mapping[str, int],
    perimeters: Iterable[PerimeterEntry],
) -> "pd.DataFrame":
    from alp_pipeline.benchmark.performance_gap import performance_gap

    units = {code for perimeter in perimeters for code, _ in perimeter.members}
    collected = {name: performance[name] for name in values["indicator_id"].unique()}
    gaps = {
        name: performance_gap(values, one.peers, collected, regions=units, peers_min=PEERS_MIN)
        for name, one in found.items()
    }
    return _stacked(gaps).assign(direction=lambda rows: rows["indicator_id"].map(performance))


def peer_rows(found: "ReferenceRegions", countries: Mapping[str, str]) -> "pd.DataFrame":
    """Peers with what concerns the region's whole group beside them."""
    rows = found.peers.rename(columns={"weight_imputed_pct": "weight_carried_pct"})
    stability = found.stability.dropna().sort_values(["region_code", "kept_pct", "dimension_id"])
    # Of one run alone nobody can say that it decides more than another.
    several = stability[stability.duplicated("region_code", keep=False)]
    first = several.drop_duplicates("region_code").set_index("region_code")["dimension_id"]
    mean = stability.groupby("region_code")["kept_pct"].mean()
    return rows.assign(
        is_own_country=rows["region_code"].map(countries) == rows["peer_code"].map(countries),
        group_kept_pct=rows["region_code"].map(mean),
        decisive_dimension_id=rows["region_code"].map(first),
    )


def _without_peers(
    found: "ReferenceRegions", structure: Structure, perimeters: Iterable[PerimeterEntry]
) -> "pd.DataFrame":
    """The perimeters' units that have no peer: each its own peer, with the state that says why."""
    import pandas as pd

    units = {code for perimeter in perimeters for code, _ in perimeter.members}
    alone = sorted(units - set(found.peers["region_code"]))
    values = structure.values
    hidden = set(values.loc[values["cell_state"] == "confidential", "region_code"])
    states = ["undetermined" if code in hidden else "not_available" for code in alone]
    return pd.DataFrame({"region_code": alone, "peer_code": alone, "distance_state": states}, dtype="str")


def _with_reasons(rows: "pd.DataFrame", reasons: "pd.DataFrame") -> "pd.DataFrame":
    """The rows of regions that have peers, and one for each reason why a region has none."""
    import pandas as pd

    missing = reasons.reindex(columns=[*rows.columns, "distance_state"])
    typed = missing.astype({name: _nullable(rows[name]) for name in rows.columns})
    known = rows.astype({name: _nullable(rows[name]) for name in rows.columns})
    return pd.concat([known.assign(distance_state="reported"), typed], ignore_index=True)


def _nullable(column: "pd.Series[Any]") -> Any:
    """The type that holds the column's values and none."""
    return {"b": "boolean", "i": "Int64"}.get(column.dtype.kind, column.dtype)


def _stacked(frames: Mapping[str, "pd.DataFrame"]) -> "pd.DataFrame":
    import pandas as pd

    return pd.concat([frame.assign(candidates=name) for name, frame in frames.items()], ignore_index=True)


def _dimension_rows(
    dimensions: Iterable[StructuralDimensionEntry], structure: Structure, profile: "StructuralProfile"
) -> "pd.DataFrame":
    import pandas as pd

    weight = profile.weights.groupby(profile.dimension_of).sum()
    rows = []
    for entry in dimensions:
        dropped = [one.id for one in entry.variables if one.id in structure.dropped]
        why = "; ".join(f"{name}: {structure.dropped[name]}" for name in dropped)
        rows.append(
            {
                "dimension_id": entry.id,
                "is_used": entry.id in weight.index,
                "weight_pct": 100 * weight.get(entry.id, 0.0),
                "weighting": entry.weighting,
                "variables": len(entry.variables),
                "variables_used": len(entry.variables) - len(dropped),
                "reason": entry.missing or why,
                "is_to_verify": bool(entry.to_verify) or not entry.verified,
            }
        )
    return pd.DataFrame(rows)


def _variable_rows(
    dimensions: Iterable[StructuralDimensionEntry],
    structure: Structure,
    profile: "StructuralProfile",
    perimeters: Iterable[PerimeterEntry],
) -> "pd.DataFrame":
    """Every unit of the perimeters × variable; one that no document has a row of is not available."""
    import pandas as pd

    units = sorted({code for perimeter in perimeters for code, _ in perimeter.members})
    facts = pd.DataFrame(
        {
            "variable": one.id,
            "dimension_id": entry.id,
            "indicator_id": one.indicator,
            "activity_code": one.activity or indicators.TOTAL_ACTIVITY,
            "share_of_code": one.share_of,
            "transformation": one.transformation,
        }
        for entry in dimensions
        for one in entry.variables
    )
    scaled = profile.scaled.reset_index(names="region_code").melt(
        id_vars="region_code", var_name="variable", value_name="scaled_value"
    )
    key = ["variable", "region_code"]
    rows = facts.merge(pd.DataFrame({"region_code": units}), how="cross")
    rows = rows.merge(structure.values, on=key, how="left").merge(scaled, on=key, how="left")
    return rows.assign(
        variable_id=rows["variable"],
        cell_state=rows["cell_state"].fillna("not_available"),
        is_carried=rows["is_carried"].eq(True),
        weight_pct=100 * rows["variable"].map(profile.weights),
    )


def _everywhere(rows: "pd.DataFrame", perimeters: Iterable[PerimeterEntry]) -> "pd.DataFrame":
    import pandas as pd

    return pd.concat([rows.assign(perimeter_id=one.id) for one in perimeters], ignore_index=True)


def _about(
    context: StageContext, dimensions: Iterable[StructuralDimensionEntry], documents: str
) -> dict[str, Any]:
    import hashlib

    digests = "".join(entry.digest() for entry in dimensions)
    return {
        "method": "structural distance after Navarro et al. (2014): sum of w (x_i - x_j)^2 over dimensions; "
        f"outliers beyond {OUTLIER_SD:g} SD, min-max, values carried at most {CARRY_YEARS} years, variables "
        f"of {VARIABLE_COVERAGE_MIN:.0%} of the regions, pairs with {COVERAGE_MIN:.0%} of the weight; the "
        f"{PEERS} nearest; gaps with {PEERS_MIN} peers or more",
        "method_version": f"1, dimensions {hashlib.sha256(digests.encode()).hexdigest()[:12]}",
        "universe": UNIVERSE,
        "as_of_date": as_of(context, documents),
        "document_ids": documents,
    }


BENCHMARK = Benchmark(
    name=NAME,
    tables=TABLES,
    reads=INDICATOR_READS,
    description="The structurally nearest regions of every unit of every perimeter, why they are near, "
    "whether one dimension decides it, and how the unit does among them, indicator by indicator.",
    datasets=datasets_of,
    make=reference_region_stage,
    gate_facts=_GATE_FACTS,
)
