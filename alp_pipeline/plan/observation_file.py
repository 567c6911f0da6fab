"""The files between one document and its observations: as it was read, and as it is kept.

Belongs here: writing both in bounded memory, the second in key order. Does not: reading formats, judging rows
(quality), deciding what happens with the document (plan.intake).

A document goes through twice, because rows can be judged and the ragged edge is known only when all of it was
read. Both times it goes block by block, with text as dictionaries, so that memory does not grow with it.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from alp_pipeline.build.sql import parquet
from alp_pipeline.build.stage import StageContext
from alp_pipeline.observations.key_order import KeyOrder, laid_in_key_order
from alp_pipeline.observations.ragged_edge import RaggedEdge
from alp_pipeline.observations.reading import Reading, in_order
from alp_pipeline.observations.schema import BATCH_SCHEMA

if TYPE_CHECKING:
    import duckdb

MEMORY_MB = 320
"""What DuckDB may take in an intake, so that the whole process stays below 1 GiB: libraries and Great
Expectations take 450 MB, DuckDB 150 MB more than its limit when it sorts."""

KEPT = [name for name in BATCH_SCHEMA.names if name != "problem"]
"""The columns that observations keep."""

_TEXTS = [name for name in BATCH_SCHEMA.names if pa.types.is_dictionary(BATCH_SCHEMA.field(name).type)]
_ROWS = 1 << 17


def write_as_read(reading: Reading, path: Path) -> KeyOrder:
    """Write all rows of a document, in its own order, one row group for each batch.

    Returns: whether block after block is in key order.
    """
    order = KeyOrder()
    # Nobody looks for single rows in it, so it needs no statistics, which take as long as all the rest.
    with _writer(path, BATCH_SCHEMA, compression="lz4", write_statistics=False) as writer:
        for batch in map(_without_null_words, reading.batches()):
            order.see(batch)
            writer.write_batch(batch)
    _give_back()
    return order


def write_observations(
    context: StageContext,
    connection: "duckdb.DuckDBPyConnection",
    parsed: Path,
    *,
    quarantined: pa.Table,
    edge: RaggedEdge,
    order: KeyOrder,
) -> None:
    """Write the stage's table `observation` from what `write_as_read` wrote.

    Args:
        quarantined: its column row_number says which rows of `parsed` are left out, ascending.
        edge: is applied to the others.
        order: of the rows of `parsed`; where it does not hold, DuckDB sorts.
    """
    left_out = quarantined.column("row_number").to_numpy()

    def kept(batch: pa.RecordBatch) -> pa.RecordBatch:
        return laid_in_key_order(edge.applied(batch))

    with context.scratch() as folder:
        laid = folder / "laid.parquet"
        _write_blocks(laid, in_order(kept, _without(parsed, left_out)))
        _give_back()
        if order.holds:
            context.adopt("observation", laid)
        else:
            write_sorted(context, connection, "observation", f"SELECT * FROM {parquet(laid)}")


def write_sorted(
    context: StageContext, connection: "duckdb.DuckDBPyConnection", table: str, query: str
) -> None:
    """Write a table of observations in key order, whatever order the query's rows have.

    Above the connection's memory DuckDB sorts on disk. Its own Parquet writer is left out, because what that
    holds grows with the table: 45 M rows under a limit of 320 MB took 600 MB with it, 480 MB without.
    """
    found = connection.execute(f"SELECT * FROM ({query}) ORDER BY series_key, time_period")
    rows = found.to_arrow_reader(_ROWS)
    with (
        context.output(table) as path,
        pq.ParquetWriter(path, rows.schema, compression="zstd", store_schema=False) as writer,
    ):
        for batch in rows:
            writer.write_table(pa.Table.from_batches([batch]))


def write_after_each_other(context: StageContext, table: str, files: Sequence[Path]) -> None:
    """Write a table of the rows of files of observations, all of the first, then all of the second …"""
    with context.output(table) as path:
        _write_blocks(path, chain.from_iterable(map(_groups, files)))


def _give_back() -> None:
    """Give the memory of the blocks back: Arrow's allocator keeps it, and what follows has its own."""
    pa.default_memory_pool().release_unused()


def _without_null_words(batch: pa.RecordBatch) -> pa.RecordBatch:
    """The same rows; what is null is null in its place and not in a dictionary, as Parquet wants it."""
    for place, column in enumerate(batch.columns):
        if pa.types.is_dictionary(column.type) and column.dictionary.null_count:
            plain = column.cast(pa.string()).dictionary_encode()
            batch = batch.set_column(place, batch.schema.field(place), plain)
    return batch


def _writer(path: Path, schema: pa.Schema, **options: Any) -> pq.ParquetWriter:
    # Without our schema in it, the file says `text` and not `dictionary` to whoever reads it. Numbers seldom
    # repeat, and text comes as dictionaries: it is written as it is.
    return pq.ParquetWriter(path, schema, store_schema=False, use_dictionary=_TEXTS, **options)


def _write_blocks(path: Path, blocks: Iterable[pa.RecordBatch]) -> None:
    # All may be null, as in what DuckDB writes: equal rows are equal tables, however they came about.
    schema = pa.schema([(name, BATCH_SCHEMA.field(name).type) for name in KEPT])
    with _writer(path, schema, compression="zstd") as writer:
        for block in blocks:
            writer.write_batch(pa.RecordBatch.from_arrays(block.columns, schema=schema))


def _without(
    parsed: Path, left_out: "np.ndarray[tuple[int], np.dtype[np.int64]]"
) -> Iterator[pa.RecordBatch]:
    """The row groups of a file as batches, without the rows of these positions."""
    start = 0
    for group in _groups(parsed):
        end = start + group.num_rows
        first, beyond = np.searchsorted(left_out, [start, end])
        if first < beyond:
            is_kept = np.ones(group.num_rows, np.bool_)
            is_kept[left_out[first:beyond] - start] = False
            group = group.filter(pa.array(is_kept))
        yield group
        start = end


def _groups(path: Path) -> Iterator[pa.RecordBatch]:
    """The row groups of a file, one after the other."""
    # Not buffered ahead: pyarrow would keep all that it has read.
    texts = [name for name in _TEXTS if name in KEPT]
    file = pq.ParquetFile(path, read_dictionary=texts, pre_buffer=False)
    for number in range(file.num_row_groups):
        group = file.read_row_group(number, columns=KEPT).select(KEPT)
        yield from group.unify_dictionaries().combine_chunks().to_batches()
