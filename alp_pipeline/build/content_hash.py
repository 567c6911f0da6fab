"""The content hash of a table: the same rows give the same hash, whatever wrote the file.

Belongs here: one canonical encoding of typed rows. Does not: choosing key order (the caller passes rows
in the order of the table's key) or file bytes, which depend on writer versions and threads.
"""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
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
    for pieces in _blocks(batches):
        for place, field in enumerate(plain):
            _feed(digest, [piece.column(place).cast(field.type) for piece in pieces])
    return digest.hexdigest()


def content_hash_of_parquet(path: Path) -> str:
    """The content hash of a Parquet file whose rows stand in key order."""
    texts = [field.name for field in pq.read_schema(path) if pa.types.is_string(field.type)]
    # Text as dictionaries: few texts are repeated many times, and a third of the time is saved.
    # Not buffered ahead: pyarrow would keep all that it has read, of a file of 1 GB all of it.
    file = pq.ParquetFile(path, read_dictionary=texts, pre_buffer=False)
    return content_hash(file.iter_batches(batch_size=_ROWS), file.schema_arrow)


def _plain_type(kind: pa.DataType) -> pa.DataType:
    if pa.types.is_dictionary(kind):
        return _plain_type(kind.value_type)
    if pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind):
        return pa.string()
    return kind


def _blocks(batches: Iterable[pa.RecordBatch]) -> Iterator[list[pa.RecordBatch]]:
    """Slices of the batches that make `_ROWS` rows together, fewer at the end; nothing is copied."""
    pieces: list[pa.RecordBatch] = []
    held = 0
    for batch in batches:
        start = 0
        while start < batch.num_rows:
            piece = batch.slice(start, _ROWS - held)
            pieces.append(piece)
            start += piece.num_rows
            held += piece.num_rows
            if held == _ROWS:
                yield pieces
                pieces, held = [], 0
    if pieces:
        yield pieces


def _feed(digest: "hashlib._Hash", pieces: Sequence[pa.Array]) -> None:
    """One column of one block: the validity of all its rows, then their values."""
    for piece in pieces:
        digest.update(np.asarray(piece.is_valid()).astype(np.uint8).data)
    kind = pieces[0].type
    if pa.types.is_string(kind):
        texts = [piece.fill_null("") for piece in pieces]
        for text in texts:
            digest.update(pc.binary_length(text).to_numpy(zero_copy_only=False).astype("<i4").data)
        for text in texts:
            digest.update(_text_bytes(text))
        return
    for piece in pieces:
        digest.update(_fixed_width(piece).data)


def _fixed_width(array: pa.Array) -> npt.NDArray[Any]:
    kind = array.type
    if pa.types.is_floating(kind):
        values = array.fill_null(0.0).to_numpy(zero_copy_only=False).astype("<f8")
        return np.where(np.isnan(values), np.nan, values + 0.0)
    if pa.types.is_boolean(kind):
        return np.asarray(array.fill_null(False)).astype(np.uint8)
    if pa.types.is_timestamp(kind) or pa.types.is_date(kind):
        array = array.cast(pa.timestamp("us"))
    elif not pa.types.is_integer(kind):
        raise TypeError(f"no canonical encoding for {kind}; add one before storing this type")
    numbers = array.cast(pa.int64()).fill_null(0).to_numpy(zero_copy_only=False)
    return np.asarray(numbers, dtype="<i8")


def _text_bytes(text: pa.Array) -> memoryview:
    _, offsets, data = text.buffers()
    if data is None or len(text) == 0:
        return memoryview(b"")
    bounds = np.frombuffer(offsets, dtype=np.int32)
    return memoryview(data)[bounds[text.offset] : bounds[text.offset + len(text)]]
