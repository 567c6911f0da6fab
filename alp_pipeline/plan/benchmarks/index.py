"""The composite indices of the catalogue's recipes, with what their ranks rest on.

Belongs here: running each recipe over the universe, ranks and intervals within each perimeter, laying it all
out as `bench_index…`. Does not: choosing years and indicators (index_input), the steps, the draws and the
audit (benchmark.composite).

A recipe without enough data has a row in `bench_index_status` that says so and what is missing; it has no
score anywhere.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from alp_pipeline.build.stage import Stage, StageContext
from alp_pipeline.catalog.models import Catalog, PerimeterEntry, RecipeEntry
from alp_pipeline.plan.benchmarks.frames import (
    INDICATOR_READS,
    UNIVERSE,
    as_of,
    benchmark_stage,
    documents_of,
    indicator_cells,
    perimeters_of_regions,
    write_nothing,
    write_rows,
)
from alp_pipeline.plan.benchmarks.index_input import IndexInput, index_input
from alp_pipeline.plan.benchmarks.index_rows import (
    MORE_DOCUMENTS,
    SENSITIVITY_SAMPLES,
    ComputedIndex,
    audit_rows,
    computed_index,
    score_rows,
    value_rows,
)
from alp_pipeline.plan.benchmarks.registry import Benchmark, PublicDates

if TYPE_CHECKING:
    import pandas as pd

NAME = "benchmark/index"
PARTS = ("index", "index_input", "index_rows")
TABLES = (
    "bench_index",
    "bench_index_audit",
    "bench_index_indicator",
    "bench_index_sensitivity",
    "bench_index_status",
    "bench_index_value",
)


def index_stage(catalog: Catalog, public_dates: PublicDates) -> Stage:
    """The stage that fills the index tables."""
    recipes = [catalog.recipes[name] for name in sorted(catalog.recipes)]
    perimeters = perimeters_of_regions(catalog)
    default = catalog.default_perimeter.id

    def fill(context: StageContext) -> None:
        _compute(context, catalog, recipes, perimeters, default)

    return benchmark_stage(
        NAME,
        TABLES,
        fill,
        code=("benchmark.cells", "benchmark.composite", *(f"plan.benchmarks.{name}" for name in PARTS)),
        inputs=INDICATOR_READS,
        parameters={
            "recipes": recipes,
            "directions": {name: catalog.indicators[name].direction for name in _wanted(recipes)},
            "perimeters": perimeters,
            "default": default,
            "sensitivity_samples": SENSITIVITY_SAMPLES,
        },
        public_dates=public_dates,
    )


def _wanted(recipes: Iterable[RecipeEntry]) -> list[str]:
    return sorted({name for entry in recipes for name in (*entry.indicator_ids, *entry.link_ids)})


def _datasets(catalog: Catalog) -> set[str]:
    return {
        dataset for name in _wanted(catalog.recipes.values()) for dataset in catalog.indicators[name].datasets
    }


def _compute(
    context: StageContext,
    catalog: Catalog,
    recipes: Sequence[RecipeEntry],
    perimeters: Sequence[PerimeterEntry],
    default: str,
) -> None:
    import pandas as pd

    cells = indicator_cells(context, _wanted(recipes))
    members = sorted({code for entry in perimeters for code, _ in entry.members})
    tables: dict[str, list[pd.DataFrame]] = {name: [] for name in TABLES}
    for entry in recipes:
        chosen = index_input(entry, cells, catalog.indicators, members)
        documents = documents_of(chosen.cells["document_ids"])
        common = {
            "recipe_id": entry.id,
            "method": "composite index: " + ", ".join(str(step["step"]) for step in entry.steps),
            "method_version": entry.version,
            "universe": f"{chosen.units} {UNIVERSE}",
        }
        for name, frame in _of_recipe(chosen, cells, perimeters, default).items():
            more = frame[MORE_DOCUMENTS] if MORE_DOCUMENTS in frame else pd.Series("", index=frame.index)
            behind = {text: documents_of([documents, text]) for text in more.unique()}
            newest = {text: as_of(context, all_of_them) for text, all_of_them in behind.items()}
            told = frame.drop(columns=MORE_DOCUMENTS, errors="ignore").assign(**common)
            tables[name].append(told.assign(document_ids=more.map(behind), as_of_date=more.map(newest)))
    for name, frames in tables.items():
        rows = [frame for frame in frames if len(frame)]
        if rows:
            write_rows(context, name, pd.concat(rows, ignore_index=True))
        else:
            write_nothing(context, (name,))


def _of_recipe(
    chosen: IndexInput, cells: "pd.DataFrame", perimeters: Sequence[PerimeterEntry], default: str
) -> dict[str, "pd.DataFrame"]:
    """Each table's rows of one recipe, without the columns that all have."""
    if chosen.refused or chosen.year is None:
        return {
            "bench_index_status": _each(perimeters, [_status(chosen, None)]),
            "bench_index_indicator": _each(perimeters, _indicator_rows(chosen, {})),
        }
    computed = computed_index(chosen)
    audited = audit_rows(chosen, computed, cells, default)
    return {
        "bench_index_status": _each(perimeters, [_status(chosen, computed)]),
        "bench_index_indicator": _each(perimeters, _indicator_rows(chosen, computed.effective_weights)),
        "bench_index_value": value_rows(chosen, computed, perimeters),
        "bench_index": score_rows(chosen, computed, perimeters),
        **audited,
    }


def _each(perimeters: Sequence[PerimeterEntry], rows: Sequence[Mapping[str, Any]]) -> "pd.DataFrame":
    """The same rows for every perimeter: what they say is of the whole universe."""
    import pandas as pd

    return pd.DataFrame([{**row, "perimeter_id": entry.id} for entry in perimeters for row in rows])


def _status(chosen: IndexInput, computed: "ComputedIndex | None") -> dict[str, Any]:
    used, missing = len(chosen.used), chosen.missing
    idle = () if computed is None else computed.uncertainty.idle
    spec = None if computed is None else computed.uncertainty.spec
    enough = f"{used} of {len(chosen.indicators)} indicators have enough data"
    if idle:
        enough += f"; {', '.join(idle)}: no cell of these data to move, so no uncertainty from it"
    return {
        "recipe_label": chosen.recipe.label.en,
        "draws": None if spec is None else spec.draws,
        "seed": None if spec is None else spec.seed,
        "idle_factors": " ".join(idle),
        "outcome": "refused" if chosen.refused else "computed",
        "year": chosen.year,
        "indicators": len(chosen.indicators),
        "indicators_used": used,
        "indicators_min": chosen.recipe.indicators_min,
        "missing_indicators": " ".join(missing),
        "detail": chosen.refused or enough,
    }


def _indicator_rows(chosen: IndexInput, effective: Mapping[str, float]) -> list[dict[str, Any]]:
    if chosen.year is None:
        return []
    return [
        {
            "indicator_id": name,
            "year": chosen.year,
            **{key: row[key] for key in chosen.indicators.columns},
            "effective_weight_pct": effective.get(str(name)),
        }
        for name, row in chosen.indicators.iterrows()
    ]


BENCHMARK = Benchmark(
    name=NAME,
    tables=TABLES,
    reads=INDICATOR_READS,
    description="Composite indices of the catalogue's recipes over all regions with data: scores, ranks "
    "within each perimeter, rank intervals, what they depend on, and an audit; or why there is none.",
    datasets=_datasets,
    make=index_stage,
)
