"""The build's tables as a benchmark asset reads them, from a few literal rows."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from alp_pipeline.build.stage import BuildStore, Plan, Stage, StageContext, StageRecord
from alp_pipeline.plan import indicators, regional_activity
from alp_pipeline.plan.dimensions import asset_of
from alp_pipeline.warehouse.columns import arrow_schema
from alp_pipeline.warehouse.tables import TABLES

DOCUMENT = "a" * 64
SOURCES = {
    "fct_indicator": indicators.NAME,
    "fct_regional_activity": regional_activity.NAME,
    "dim_region": asset_of("dim_region"),
    "dim_activity": asset_of("dim_activity"),
}
_FILLED: Mapping[pa.DataType, Any] = {pa.string(): "", pa.bool_(): False}

Row = dict[str, Any]


def indicator(
    name: str, region: str, year: int, value: float | str, activity: str = "TOTAL", flags: str = ""
) -> Row:
    """A row of fct_indicator; a word instead of a number is a state."""
    hidden = isinstance(value, str)
    return {
        "indicator_id": name,
        "region_code": region,
        "activity_code": activity,
        "time_period": str(year),
        "value": None if hidden else float(value),
        "cell_state": value if hidden else "reported",
        "obs_status": flags,
        "geo_method": "reported",
        "source_region_code": region,
        "document_ids": DOCUMENT,
    }


def employment(region: str, activity: str, year: int, value: float | str) -> Row:
    """A row of fct_regional_activity; a word instead of a number is a state."""
    hidden = isinstance(value, str)
    return {
        "region_code": region,
        "activity_code": activity,
        "year": year,
        "employment_persons": None if hidden else float(value),
        "employment_state": value if hidden else "reported",
        "local_units_state": "not_available",
        "document_id": DOCUMENT,
    }


def region(code: str, level: int = 2, kind: str = "nuts") -> Row:
    """A row of dim_region, of a code that all NUTS versions have."""
    return {
        "region_code": code,
        "region_kind": kind if level else "country",
        "nuts_level": level,
        "country_code": code[:2],
        "nuts_version_first": 2006,
        "nuts_version_last": 2024,
    }


def activity(code: str) -> Row:
    """A row of dim_activity: one letter is a section, more a division of it."""
    level = "section" if len(code) == 1 else "division"
    return {"activity_code": code, "activity_level": level, "section_code": code[0]}


def run(
    folder: Path, stage: Stage, rows: Mapping[str, Iterable[Row]]
) -> tuple[StageRecord, dict[str, list[Row]]]:
    """The record of a stage and the rows of its tables, given those of its input tables."""
    given = {source: table for table, source in SOURCES.items() if source in stage.inputs}
    plan = Plan(
        [*(_input(source, table, list(rows.get(table, []))) for source, table in given.items()), stage]
    )
    store = BuildStore(folder / "build")
    for name in plan.stages:
        record = store.run(plan, name)
    return record, {
        table: pq.read_table(store.file(table, record.fingerprint)).to_pylist() for table in stage.tables
    }


def _input(name: str, table: str, rows: list[Row]) -> Stage:
    schema = arrow_schema(TABLES[table])
    complete = [
        {field.name: row.get(field.name, _FILLED.get(field.type)) for field in schema} for row in rows
    ]
    loose = pa.schema([field.with_nullable(True) for field in schema])

    def write(context: StageContext) -> None:
        context.write_arrow(table, pa.Table.from_pylist(complete, schema=loose))

    return Stage(name, (table,), write, code=("build",), parameters={"rows": rows})
