"""A finished build of a few literal rows: one file per declared table, references kept.

Belongs here: the rows that the warehouse's tests speak of. Does not: anything a test asserts.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from sqlalchemy import BigInteger, Boolean, Column, Date, DateTime, Float, Integer, SmallInteger, Text

from alp_pipeline.build.fingerprint import digest
from alp_pipeline.warehouse.columns import arrow_schema, key_of
from alp_pipeline.warehouse.publishing import publish
from alp_pipeline.warehouse.release import Release
from alp_pipeline.warehouse.tables import TABLES

Rows = Sequence[Mapping[str, Any]]

DATASET = "eurostat.sbs_r_nuts06_r2"
DOCUMENT = "d" * 32

ROWS: dict[str, Rows] = {
    "dim_dataset": [{"dataset_id": DATASET, "title": "Local units by NACE", "doi": None}],
    "dim_document": [
        {
            "document_id": DOCUMENT,
            "dataset_id": DATASET,
            "standing": "in use",
            "published_at": datetime(2017, 3, 1, 23, 59, 58, 123456),
            "seen_at": None,
            "size_bytes": 3_050_000_000,
        }
    ],
    "dim_region": [
        {"region_code": "AT33", "label": "Tirol", "nuts_level": 2, "country_code": "AT"},
        {"region_code": "ITC4", "label": "Lombardia", "nuts_level": 2, "country_code": "IT"},
        {"region_code": "ITC4X", "label": "", "nuts_level": None, "country_code": None},
    ],
    "dim_activity": [
        {"activity_code": "C13", "label_en": "Textiles", "label_sl": "Tekstilije", "section_code": "C"},
        {"activity_code": "I55", "label_en": "Accommodation", "label_de": "Beherbergung – Gästehäuser"},
        {"activity_code": "TOTAL", "label_en": "All activities", "section_code": None},
    ],
    "dim_time": [
        {"time_period": "2014", "year": 2014, "starts_on": date(2014, 1, 1), "ends_on": date(2014, 12, 31)}
    ],
    "dim_perimeter": [{"perimeter_id": "eusalp", "member_count": 2, "is_default": True, "mark": "verified"}],
    "bridge_perimeter_region": [
        {"perimeter_id": "eusalp", "region_code": "AT33"},
        {"perimeter_id": "eusalp", "region_code": "ITC4"},
    ],
    "fct_observation": [
        {
            "dataset_id": DATASET,
            "series_key": f"A.{geo}.{nace}.V16110",
            "time_period": "2014",
            "geo": geo,
            "nace_r2": nace,
            "value": value,
            "cell_state": state,
            "obs_status": flags,
            "conf_status": conf,
            "published": published,
            "document_id": DOCUMENT,
        }
        for geo, nace, value, state, flags, conf, published in (
            ("AT33", "C13", 0.1, "reported", "", None, "0.1"),
            ("AT33", "I55", None, "confidential", "b", "C", ": bc"),
            ("ITC4", "C13", 0.0, "reported", "n", None, "0 n"),
            ("ITC4", "I55", 1e300, "reported", "", None, "1e300"),
        )
    ],
}


def write_files(folder: Path, changes: Mapping[str, Rows] | None = None) -> dict[str, Path]:
    """One Parquet file per declared table, named by a fingerprint of its rows, in key order."""
    wanted = {**ROWS, **(changes or {})}
    files = {}
    for name, table in TABLES.items():
        rows = [_complete(name, row) for row in wanted.get(name, ())]
        rows.sort(key=lambda row: [row[column] for column in key_of(TABLES[name])])
        files[name] = folder / name / f"{digest(repr(rows))}.parquet"
        files[name].parent.mkdir(parents=True, exist_ok=True)
        if not files[name].exists():
            pq.write_table(pa.Table.from_pylist(rows, schema=arrow_schema(table)), files[name])
    return files


def with_values(values: Mapping[str, float | None]) -> dict[str, Rows]:
    """The tiny build's observations with some values replaced, by series key; None removes the row."""
    kept = [row for row in ROWS["fct_observation"] if values.get(row["series_key"], 0) is not None]
    replaced = [{**row, "value": values.get(row["series_key"], row["value"])} for row in kept]
    return {"fct_observation": replaced}


def manifest(plan: str = "plan-1", **more: Any) -> dict[str, Any]:
    facts = {"code_version": "0.1.0", "catalogue_version": "c" * 64, "document_ids": [DOCUMENT]}
    return {"plan_fingerprint": plan, **facts, **more}


def publish_tiny(
    folder: Path,
    changes: Mapping[str, Rows] | None = None,
    *,
    plan: str = "plan-1",
    is_synthetic: bool = False,
    now: datetime | None = None,
) -> Release:
    """Publish the tiny build to `folder/warehouse`, its files in `folder/build`."""
    return publish(
        folder / "warehouse",
        write_files(folder / "build", changes),
        manifest=manifest(plan),
        is_synthetic=is_synthetic,
        threads=1,
        now=now,
    )


def _complete(table: str, row: Mapping[str, Any]) -> dict[str, Any]:
    return {c.name: row.get(c.name, _filler(c)) for c in TABLES[table].columns}


def _filler(column: "Column[Any]") -> Any:
    if column.nullable:
        return None
    vocabulary = [rule.value for rule in column.info["rules"] if rule.kind == "one_of"]
    if vocabulary:
        return vocabulary[0][0]
    kinds: dict[type, Any] = {Text: "x", Float: 0.0, Boolean: False, Date: date(2000, 1, 1)}
    kinds |= dict.fromkeys((BigInteger, Integer, SmallInteger), 0) | {DateTime: datetime(2000, 1, 1)}
    return kinds[type(column.type)]
