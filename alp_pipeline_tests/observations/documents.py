"""Tiny documents and the rows that are read from them.

Belongs here: calling a reader on literal text. Does not: expectations, which stand in the tests.
"""

import io
from typing import Any

from alp_pipeline.observations.accounting import Account
from alp_pipeline.observations.reader import read_observations
from alp_pipeline.observations.reading import Reading
from alp_pipeline.observations.schema import DatasetShape

SHAPE = DatasetShape("eurostat.x", ("freq", "unit", "geo"))


def reading_of(
    document: str | bytes,
    *,
    format: str = "tsv",  # noqa: A002 - the readers' word for it
    dataset: DatasetShape = SHAPE,
) -> tuple[list[dict[str, Any]], Reading]:
    """All rows of a document, and its reading, whose account closes."""
    content = document.encode() if isinstance(document, str) else document
    reading = read_observations(io.BytesIO(content), format=format, dataset=dataset, document_id="d1")
    account = Account()
    rows: list[dict[str, Any]] = []
    for batch in reading.batches():
        account.add(batch)
        rows += batch.to_pylist()
    account.close(reading)
    return rows, reading


def rows_of(
    document: str | bytes,
    *,
    format: str = "tsv",  # noqa: A002 - the readers' word for it
    dataset: DatasetShape = SHAPE,
) -> list[dict[str, Any]]:
    """All rows of a document."""
    return reading_of(document, format=format, dataset=dataset)[0]


def by_cell(rows: list[dict[str, Any]], *columns: str) -> dict[tuple[str, str], tuple[Any, ...]]:
    """Chosen columns of every row, by series and period; each must be there once."""
    cells = {(row["series_key"], row["time_period"]): tuple(row[name] for name in columns) for row in rows}
    assert len(cells) == len(rows)
    return cells
