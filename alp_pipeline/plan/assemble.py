"""The whole plan, and the lineage that the UI shows.

Belongs here: the list of assets with what they depend on (from the catalogue alone, so that it is known
without an archive) and the plan of stages for one archive. A test holds the two against each other.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from types import MappingProxyType

from alp_pipeline.archive.store import Archive
from alp_pipeline.build.stage import Plan, Stage
from alp_pipeline.catalog.models import Catalog, DatasetEntry
from alp_pipeline.errors import AlpError
from alp_pipeline.plan import gate, indicators, regional_activity
from alp_pipeline.plan.benchmarks.registry import Benchmark, all_benchmarks
from alp_pipeline.plan.dimensions import asset_of, dimension_stages
from alp_pipeline.plan.intake import intake_of, observations_asset
from alp_pipeline.plan.observation import NAME as FCT_OBSERVATION
from alp_pipeline.plan.observation import observation_stage
from alp_pipeline.warehouse.tables import OPERATIONAL, TABLES

RELEASE = "release"
REPORTS = "reports/regions"
NO_POLLS: gate.Polls = MappingProxyType({})
CATALOGUE_TABLES = ("dim_dataset", "dim_perimeter", "bridge_perimeter_region", "dim_indicator")
OBSERVED_TABLES = ("dim_region", "dim_activity", "dim_time", "dim_document")


@dataclass(frozen=True)
class AssetNode:
    """An asset as the lineage shows it."""

    name: str
    group: str
    description: str
    depends_on: tuple[str, ...]
    tables: tuple[str, ...]
    """The warehouse tables that it fills."""
    kinds: tuple[str, ...]


class SelectionEmpty(AlpError):
    """`--only` names no asset."""


def asset_names(catalog: Catalog) -> list[str]:
    """Every asset of a refresh, release and reports included."""
    return [*(node.name for node in lineage(catalog)), RELEASE, REPORTS]


def selected(only: Iterable[str], names: Iterable[str]) -> list[str]:
    """The assets that patterns name: `benchmark/*`, or the last part of a name (`sbs_r_nuts06_r2`).

    Raises:
        SelectionEmpty: a pattern names none.

    >>> selected(["benchmark/*", "release"], ["benchmark/index", "raw/x/y", "release"])
    ['benchmark/index', 'release']
    """
    known = list(names)
    chosen: set[str] = set()
    for pattern in only:
        named = [name for name in known if fnmatchcase(name, pattern) or name.rpartition("/")[2] == pattern]
        if not named:
            raise SelectionEmpty(
                "no asset matches",
                where=f"--only {pattern}",
                todo="Name an asset as the UI shows it (warehouse/dim_region), a pattern or a dataset code.",
            )
        chosen.update(named)
    return sorted(chosen)


def raw_asset(dataset: DatasetEntry) -> str:
    """The asset that fetches a dataset and stands for its archived documents."""
    return f"raw/{dataset.source}/{dataset.code.lower()}"


def lineage(catalog: Catalog) -> list[AssetNode]:
    """Every asset of the build up to the release gate, in an order that respects dependencies."""
    datasets = list(catalog.datasets.values())
    nodes = [*(_raw(entry) for entry in datasets), *(_observations(entry) for entry in datasets)]
    observed = tuple(observations_asset(entry) for entry in datasets)
    read = tuple(observations_asset(catalog.datasets[name]) for name in _indicator_datasets(catalog))
    wanted = {
        **dict.fromkeys(map(asset_of, CATALOGUE_TABLES), ()),
        **dict.fromkeys(map(asset_of, OBSERVED_TABLES), observed),
        FCT_OBSERVATION: observed,
        indicators.NAME: read,
        regional_activity.NAME: (indicators.NAME,),
    }
    nodes += [_table(name, depends_on) for name, depends_on in wanted.items()]
    benchmarks = all_benchmarks()
    nodes += map(_benchmark, benchmarks)
    nodes.append(
        AssetNode(
            gate.NAME,
            "release",
            "Checks the whole build: keys, references, cell accounting, perimeters, conservation, "
            "confidentiality. The only thing that can stop a release.",
            (*wanted, *(benchmark.name for benchmark in benchmarks)),
            (),
            ("greatexpectations", "duckdb"),
        )
    )
    return nodes


def _raw(entry: DatasetEntry) -> AssetNode:
    text = f"Fetched and archived documents of {entry.code} ({entry.source}): {entry.title.en}."
    if not entry.is_scheduled:
        why = "documents are imported" if entry.access.family == "import" else "the entry is to verify"
        text += f" Not fetched by a refresh: {why}."
    return AssetNode(raw_asset(entry), "raw", text, (), (), (entry.source, "archive"))


def _observations(entry: DatasetEntry) -> AssetNode:
    text = (
        f"Current observations of {entry.code}: {entry.title.en}. Every cell with its state and flags; "
        f"documents that fail the intake gate are kept out, rows that break a rule are in quarantine."
    )
    kinds = ("parquet", "greatexpectations")
    return AssetNode(observations_asset(entry), "observations", text, (raw_asset(entry),), (), kinds)


def _table(name: str, depends_on: Iterable[str]) -> AssetNode:
    table = TABLES[name.split("/", 1)[1]]
    kinds = ("duckdb", "parquet")
    return AssetNode(name, "warehouse", str(table.comment), tuple(depends_on), (table.name,), kinds)


def _benchmark(entry: Benchmark) -> AssetNode:
    kinds = ("pandas", "parquet")
    return AssetNode(entry.name, "benchmark", entry.description, entry.reads, entry.tables, kinds)


def _indicator_datasets(catalog: Catalog) -> list[str]:
    return sorted({name for entry in catalog.indicators.values() for name in entry.datasets})


def build_plan(catalog: Catalog, archive: Archive, polls: gate.Polls = NO_POLLS) -> Plan:
    """All stages of the build for what the archive holds now, the release gate included.

    `polls` goes into `ops_outcome` alone: what the sources did not give last time.
    """
    stages: list[Stage] = []
    readers: dict[str, str] = {}
    for dataset in catalog.datasets.values():
        intake = intake_of(archive, dataset)
        stages += intake.stages
        readers |= intake.readers
    documents = [(d, readers.get(d.retrieval_id)) for d in archive.retrievals()]
    stages += dimension_stages(catalog, archive, documents)
    stages.append(observation_stage(catalog))
    stages.append(indicators.indicator_stage(catalog))
    stages.append(regional_activity.regional_activity_stage(catalog))
    benchmarks = all_benchmarks()
    stages += [entry.make(catalog, _public_dates(archive, entry.datasets(catalog))) for entry in benchmarks]
    asked = {rule: question for entry in benchmarks for rule, question in entry.gate_facts.items()}
    stages.append(gate.gate_stage(catalog, [stage.name for stage in stages], polls, asked))
    return Plan(stages)


def _public_dates(archive: Archive, datasets: Collection[str]) -> dict[str, str]:
    """The day from which each document was public; an unknown publisher's time counts as its seen time."""
    times = {
        document.retrieval_id: document.published_at or document.seen_at
        for document in archive.retrievals()
        if document.dataset_id in datasets
    }
    return {document: time[:10] for document, time in times.items() if time}


def table_files(plan: Plan) -> dict[str, str]:
    """Warehouse table → name of the stage that fills it."""
    found = {table: name for name, stage in plan.stages.items() for table in stage.tables if table in TABLES}
    assert set(found) == set(TABLES), set(TABLES) ^ set(found)  # noqa: S101
    return found


__all__ = [
    "OPERATIONAL",
    "RELEASE",
    "REPORTS",
    "AssetNode",
    "build_plan",
    "lineage",
    "raw_asset",
    "table_files",
]
