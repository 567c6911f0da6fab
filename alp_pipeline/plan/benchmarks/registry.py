"""What a benchmark asset is, and the list of them.

Belongs here: the type that lineage and plan read, and the list. Does not: what any of them computes.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from importlib import import_module

from alp_pipeline.build.stage import Stage
from alp_pipeline.catalog.models import Catalog

PublicDates = Mapping[str, str]
"""Document id → the day from which it was public, `2017-07-31`; the day it was seen where that is unknown."""


@dataclass(frozen=True)
class Benchmark:
    """One asset that fills benchmark tables."""

    name: str
    """The asset, `benchmark/<method>`."""
    tables: tuple[str, ...]
    reads: tuple[str, ...]
    """Assets whose tables it is computed from."""
    description: str
    datasets: Callable[[Catalog], Collection[str]]
    """The datasets whose documents are behind it."""
    make: Callable[[Catalog, PublicDates], Stage]
    """Its stage, given the public dates of the documents of those datasets."""
    gate_facts: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    """Rule → (table, SQL giving checked, failed, an example): what the release gate asks beside the
    declarations."""


MODULES = (
    "specialisation",
    "cluster_strength",
    "structure_measures",
    "concentration",
    "shift_share",
    "reference_regions",
    "resilience",
    "complexity",
    "neighbourhood",
    "index",
)


def all_benchmarks() -> list[Benchmark]:
    """Every benchmark asset, in an order in which what one reads stands before it."""
    return [import_module(f"alp_pipeline.plan.benchmarks.{name}").BENCHMARK for name in MODULES]
