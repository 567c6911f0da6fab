"""From a Parquet file to compact pandas frames of bounded size, in the file's row order.

Belongs here: quoting, what columns a file has, streaming expressions over it. Does not: which expressions
a rule needs (`intake`, `tables`), evaluating rules (`runner`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from alp_pipeline.build.sql import identifier, parquet
from alp_pipeline.quality.runner import BATCH_ROWS

if TYPE_CHECKING:
    import duckdb
    import pandas as pd
    import pyarrow as pa

_POSITION = "file_row_number"


def rows_of(path: Path) -> str:
    """The FROM item that reads a Parquet file with each row's position, `file_row_number`, from 0 on."""
    return f"{parquet(path)[:-1]}, file_row_number = true)"


def file_columns(connection: duckdb.DuckDBPyConnection, path: Path) -> dict[str, str]:
    """Column name → DuckDB type, as the file has them."""
    described = connection.execute(f"DESCRIBE SELECT * FROM {parquet(path)}").fetchall()
    return {row[0]: row[1] for row in described}


def parquet_frames(
    connection: duckdb.DuckDBPyConnection, path: Path, columns: Mapping[str, str]
) -> Iterator[pd.DataFrame]:
    """Frames of consecutive rows, at most `BATCH_ROWS` each, at least one even when the file is empty.

    Args:
        columns: name in the frame → SQL expression over the file's columns. Give numbers as DOUBLE, and
            truths without NULL: other types would take objects in pandas. Text comes as categories.
    """
    import pyarrow.parquet as pq

    wanted = "".join(f", {sql} AS {identifier(name)}" for name, sql in columns.items())
    rows = pq.read_metadata(path).num_rows
    for first in range(0, max(rows, 1), BATCH_ROWS):
        # Asked for, not presumed: an expression with a long IN list becomes a join, which keeps no order
        # whatever preserve_insertion_order says (seen with the 12 codes of a bd_size_r3 rule).
        found = connection.execute(
            f"SELECT {_POSITION}{wanted} FROM {rows_of(path)} "
            f"WHERE {_POSITION} >= {first} AND {_POSITION} < {first + BATCH_ROWS} "
            f"ORDER BY {_POSITION}"
        )
        yield _frame(found.to_arrow_table(), first)


def _frame(table: pa.Table, first: int) -> pd.DataFrame:
    import pyarrow as pa

    positions = table.column(0).to_numpy()
    # Failing rows are told by position: one row out of order would accuse innocent ones.
    if not np.array_equal(positions, np.arange(first, first + table.num_rows)):
        raise RuntimeError(f"rows are missing or out of order from position {first} on")
    table = table.remove_column(0)
    for place, column in enumerate(table.schema):
        if pa.types.is_string(column.type):
            coded = table.column(place).combine_chunks().dictionary_encode()
            table = table.set_column(place, column.name, coded)
    frame: pd.DataFrame = table.to_pandas()
    return frame
