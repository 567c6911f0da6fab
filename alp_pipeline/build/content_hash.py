"""The content hash of a table: the same rows give the same hash, whatever wrote the file.

Belongs here: one canonical encoding of typed rows. Does not: choosing key order (the caller passes rows
in the order of the table's key) or file bytes, which depend on writer versions and threads.
"""

import hashlib
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

_ROWS = 65_536


def content_hash(batches: Iterable[pa.RecordBatch], schema: pa.Schema) -> str:
    """SHA-256 over the logical rows, in the order given, independent of how they are cut into batches.

    Encoding: the column names and logical types once; then for every 65,536 rows and column in order a
    validity byte per row, and the values (fixed width little-endian with nulls as zero and -0.0 as 0.0;
    text as 32-bit lengths followed by UTF-8). A dictionary-encoded text column counts as text.

    >>> table = pa.table({"a": ["x", None], "b": [1.0, -0.0]})
    >>> whole = content_hash(table.to_batches(), table.schema)
    >>> whole == content_hash(table.to_batches(max_chunksize=1), table.schema)
    True
    >>> whole == content_hash(pa.table({"a": ["x", ""], "b": [1.0, 0.0]}).to_batches(), table.schema)
    False
    """
    plain = pa.schema([pa.field(f.name, _plain_type(f.type)) for f in schema])
    digest = hashlib.sha256(repr([(f.name, str(f.type)) for f in plain]).encode())
    for block in _rechunked(batches, plain):
        for column in block.columns:
            _feed(digest, column)
    return digest.hexdigest()


def content_hash_of_parquet(path: Path) -> str:
    """The content hash of a Parquet file whose rows stand in key order."""
    file = pq.ParquetFile(path)
    return content_hash(file.iter_batches(batch_size=_ROWS), file.schema_arrow)


def _plain_type(kind: pa.DataType) -> pa.DataType:
    if pa.types.is_dictionary(kind):
        return _plain_type(kind.value_type)
    if pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind):
        return pa.string()
    return kind


def _rechunked(batches: Iterable[pa.RecordBatch], schema: pa.Schema) -> Iterable[pa.Table]:
    pending: list[pa.RecordBatch] = []
    held = 0
    for batch in batches:
        pending.append(batch)
        held += batch.num_rows
        if held >= _ROWS:
            table = pa.Table.from_batches(pending).cast(schema)
            start = 0
            while held - start >= _ROWS:
                yield table.slice(start, _ROWS).combine_chunks()
                start += _ROWS
            pending = table.slice(start).to_batches()
            held -= start
    if held:
        yield pa.Table.from_batches(pending).cast(schema).combine_chunks()


def _feed(digest: "hashlib._Hash", column: pa.ChunkedArray) -> None:
    # A table of one chunk may still hold none (an empty slice) or several (text over 2 GB).
    for array in column.chunks:
        digest.update(np.asarray(array.is_valid()).astype(np.uint8).tobytes())
        kind = array.type
        if pa.types.is_string(kind):
            text = array.fill_null("")
            digest.update(pc.binary_length(text).to_numpy(zero_copy_only=False).astype("<i4").tobytes())
            digest.update(_text_bytes(text))
        elif pa.types.is_floating(kind):
            values = array.fill_null(0.0).to_numpy(zero_copy_only=False).astype("<f8")
            values = np.where(np.isnan(values), np.nan, values + 0.0)
            digest.update(values.tobytes())
        elif pa.types.is_boolean(kind):
            digest.update(np.asarray(array.fill_null(False)).astype(np.uint8).tobytes())
        elif pa.types.is_timestamp(kind) or pa.types.is_date(kind) or pa.types.is_integer(kind):
            wide = array.cast(pa.timestamp("us")) if not pa.types.is_integer(kind) else array
            digest.update(
                wide.cast(pa.int64()).fill_null(0).to_numpy(zero_copy_only=False).astype("<i8").tobytes()
            )
        else:
            raise TypeError(f"no canonical encoding for {kind}; add one before storing this type")


def _text_bytes(text: pa.Array) -> bytes:
    _, offsets, data = text.buffers()
    if data is None or len(text) == 0:
        return b""
    bounds = np.frombuffer(offsets, dtype=np.int32)
    return memoryview(data)[bounds[text.offset] : bounds[text.offset + len(text)]].tobytes()
