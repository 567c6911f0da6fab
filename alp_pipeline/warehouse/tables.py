"""The warehouse's tables, declared once.

From a declaration come the DDL of both engines, the Arrow schema, the validation suite, Dagster's column
schema and the data dictionary. Belongs here: the list of tables and views. Does not: the declarations'
text (`dimensions`, `facts`, `benchmarks`, `operations`), how a table is filled.
"""

from sqlalchemy import Table

# Importing the modules is what registers their tables.
from alp_pipeline.warehouse import dimensions, facts, operations
from alp_pipeline.warehouse.benchmarks import (
    cluster_strength,
    complexity,
    concentration,
    index,
    neighbourhood,
    reference_regions,
    resilience,
    shift_share,
    specialisation,
    structure,
)
from alp_pipeline.warehouse.columns import metadata

__all__ = [
    "OPERATIONAL",
    "TABLES",
    "VIEWS",
    "cluster_strength",
    "complexity",
    "concentration",
    "dimensions",
    "facts",
    "index",
    "neighbourhood",
    "operations",
    "reference_regions",
    "resilience",
    "shift_share",
    "specialisation",
    "structure",
]

TABLES: dict[str, Table] = {table.name: table for table in metadata.sorted_tables}
OPERATIONAL = frozenset(name for name in TABLES if name.startswith("ops_"))

VIEWS = {
    "obs_current": (
        "SELECT * FROM fct_observation",
        "The current value of every observation. Query this view: history may come to stand below it.",
    ),
}
