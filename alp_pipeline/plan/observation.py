"""`fct_observation`: the current observations of all datasets in one table.

Belongs here: putting the datasets' files one after the other in key order. Does not: choosing what is
current (plan.intake).
"""

from alp_pipeline.build.sql import parquet
from alp_pipeline.build.stage import Stage, StageContext
from alp_pipeline.catalog.models import Catalog
from alp_pipeline.plan.intake import observations_asset
from alp_pipeline.plan.table_stage import table_stage
from alp_pipeline.warehouse.columns import duckdb_type
from alp_pipeline.warehouse.tables import TABLES

NAME = "warehouse/fct_observation"


def observation_stage(catalog: Catalog) -> Stage:
    """The stage that fills `fct_observation`."""
    in_key_order = [observations_asset(catalog.datasets[name]) for name in sorted(catalog.datasets)]

    def fill(context: StageContext) -> None:
        table = TABLES["fct_observation"]
        columns = ", ".join(f"CAST({c.name} AS {duckdb_type(c)}) AS {c.name}" for c in table.columns)
        files = parquet(*(context.input(name, "current") for name in in_key_order))
        with context.connect() as connection:
            # Each file is sorted by series and period and holds one dataset: no sort over millions of rows.
            context.write_query(connection, "fct_observation", f"SELECT {columns} FROM {files}")

    return table_stage(
        NAME,
        "fct_observation",
        fill,
        code=("plan.observation",),
        inputs=in_key_order,
        parameters={"datasets": sorted(catalog.datasets)},
    )
