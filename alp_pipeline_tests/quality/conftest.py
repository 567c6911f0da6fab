"""Small documents as parsers hand them on, and a dataset to judge them by."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from alp_pipeline.catalog.models import DatasetEntry
from alp_pipeline.observations.schema import OBSERVATION_SCHEMA

Cell = dict[str, Any]


@pytest.fixture
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as opened:
        yield opened


def cell(geo: str = "ITC4", period: str = "2014", **given: Any) -> Cell:
    """A reported cell of 5 persons, unless told otherwise."""
    value = given.get("value", 5.0)
    return {
        "dataset_id": "test.sbs",
        "series_key": f"A.C13.V16110.{geo}",
        "time_period": period,
        "freq": "A",
        "geo": geo,
        "nace_r2": "C13",
        "indic_sb": "V16110",
        "value": value,
        "cell_state": "reported",
        "obs_status": "",
        "published": "" if value is None else f"{value:g}",
        "document_id": "d1",
    } | given


def hidden(**given: Any) -> Cell:
    """A confidential cell."""
    secret = {"value": None, "cell_state": "confidential", "conf_status": "C", "published": ": c"}
    return cell(**(secret | given))


@pytest.fixture
def parsed(tmp_path: Path) -> Callable[[list[Cell]], Path]:
    def write(cells: list[Cell]) -> Path:
        # A broken parser may leave out what the schema promises, so nothing is refused here.
        schema = pa.schema([field.with_nullable(True) for field in OBSERVATION_SCHEMA])
        path = tmp_path / f"parsed-{len(list(tmp_path.iterdir()))}.parquet"
        pq.write_table(pa.Table.from_pylist(cells, schema=schema), path)
        return path

    return write


def dataset(**given: Any) -> DatasetEntry:
    """An entry with two value rules; quarantine up to a half of the cells unless told otherwise."""
    entry = {
        "id": "test.sbs",
        "source": "test",
        "code": "sbs",
        "title": {"en": "Structural business statistics"},
        "dimensions": ["freq", "nace_r2", "indic_sb", "geo"],
        "licence": "none",
        "licence_url": "https://example.org",
        "citation": "Test",
        "cadence": "annual",
        "statistical_unit": "local_unit",
        "classification": "NACE Rev. 2",
        "classification_version": "2",
        "nuts_version_rule": "detect",
        "value_rules": [
            {
                "id": "counts_non_negative",
                "what": "persons are a count",
                "severity": "critical",
                "select": {"indic_sb": ["V16110"]},
                "min": 0,
            },
            {
                "id": "share_between_0_and_100",
                "what": "a share is a percentage",
                "severity": "critical",
                "select": {"indic_sb": ["V94310"]},
                "min": 0,
                "max": 100,
            },
        ],
        "max_quarantine_share": 0.5,
        "verified": False,
    }
    return DatasetEntry.model_validate(entry | given)
