"""Eurostat's TSV: one series per line, one period per column, a cell's value and flags in one text.

Belongs here: both headings (`geo\\time` of the bulk files before 2022, `freq,…,geo\\TIME_PERIOD` since),
lines, series keys. Does not: what a cell says (cells), opening and decompressing (documents).

How it is fast: pyarrow tears the text into columns while it decompresses; a block's cells are encoded as
numbers into their distinct texts, only those are parsed, and everything else is gathered by number.

What is not understood stays accounted for. A line with too few or too many cells, or a key with too few, too
many or empty codes, becomes one cell without a state per period, with the text and the reason.
"""

from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from alp_pipeline.observations.batches import (
    TIME_NAMES,
    SeriesTable,
    assembled,
    checked_dimensions,
    laid_out,
)
from alp_pipeline.observations.cells import Cells, read_cells, refused
from alp_pipeline.observations.delimited import RaggedLine, Table
from alp_pipeline.observations.errors import HeaderMismatch
from alp_pipeline.observations.periods import normalised_headings
from alp_pipeline.observations.reading import Reading, in_order

_KEY_SHOWN: Final = 200
_RAGGED_CELLS_AT_A_TIME: Final = 1 << 20
_COMMA_TO_POINT: Final = bytes.maketrans(b",", b".")


class EurostatTsv(Reading):
    """A reading of one TSV document, with either heading."""

    def _read(self) -> Iterator[pa.RecordBatch]:
        line, has_more = self.document.first_line()
        heading = line.split("\t")
        self._header_dimensions = self._dimensions(heading[0])
        self._periods = normalised_headings(heading[1:], where=self.where)
        if has_more:
            self._table = Table(
                self.document, len(heading), len(line.encode()), delimiter="\t", is_quoted=False
            )
            for batches in in_order(self._batches, self._counted()):
                yield from batches
            if self._periods:
                at_a_time = max(1, _RAGGED_CELLS_AT_A_TIME // len(self._periods))
                for start in range(0, len(self._table.ragged), at_a_time):
                    yield self._ragged_batch(self._table.ragged[start : start + at_a_time])
        self._cells = self._series_count * len(self._periods)

    def _dimensions(self, corner: str) -> tuple[str, ...]:
        names, separator, time = corner.rpartition("\\")
        if not separator:
            raise HeaderMismatch(
                f"the first column is headed '{corner[:80]}', not 'dimension,dimension\\TIME_PERIOD'",
                where=self.where,
                todo="Check what was archived: this is not Eurostat's TSV.",
            )
        if self.dataset.renamed((time.strip(),))[0].lower() not in TIME_NAMES:
            raise HeaderMismatch(
                f"its columns are '{time.strip()}', not time",
                where=self.where,
                todo="Ask for the dataset with time in the columns.",
            )
        return checked_dimensions(self.dataset, names.split(","), where=self.where)

    def _counted(self) -> Iterator[pa.RecordBatch]:
        for block in self._table.blocks():
            self._series_count += block.num_rows
            yield block
        self._series_count += len(self._table.ragged)

    def _batches(self, lines: pa.RecordBatch) -> list[pa.RecordBatch]:
        if not lines.num_rows or not self._periods:
            return []
        keys = pc.ascii_trim_whitespace(self._table.text(lines.column(0)))
        parts = cut_at_commas(keys, len(self._header_dimensions))
        if parts is not None:
            return [self._batch(lines, self._series(keys, parts))]
        fits = pc.match_substring_regex(keys, _key_pattern(len(self._header_dimensions)))
        misfits = pc.invert(fits)
        unknown = SeriesTable.unknown(pc.utf8_slice_codeunits(keys.filter(misfits), 0, _KEY_SHOWN))
        problem = f"the key does not hold one code for each of {', '.join(self._header_dimensions)}"
        return [*self._batches(lines.filter(fits)), self._batch(lines.filter(misfits), unknown, problem)]

    def _series(self, keys: pa.StringArray, parts: pa.DictionaryArray) -> SeriesTable:
        of_dimension = parts.indices.to_numpy().reshape(len(keys), -1).T.copy()
        codes = {
            name: pa.DictionaryArray.from_arrays(pa.array(indices), parts.dictionary, safe=False)
            for name, indices in zip(self._header_dimensions, of_dimension, strict=True)
        }
        return SeriesTable.of(self.dataset, codes, len(keys), key=self._series_key(keys))

    def _series_key(self, keys: pa.StringArray) -> pa.StringArray | None:
        """The published keys with points for commas, when they are in the catalogue's order."""
        if self._header_dimensions == self.dataset.dimensions:
            return pointed(keys)
        if ("freq", *self._header_dimensions) == self.dataset.dimensions:
            return pc.binary_join_element_wise(self.dataset.default_codes["freq"], pointed(keys), ".")
        return None

    def _batch(
        self, lines: pa.RecordBatch, series: SeriesTable, problem: str | None = None
    ) -> pa.RecordBatch:
        encoded = pa.chunked_array(lines.columns[1:], pa.binary()).dictionary_encode()
        texts = self._table.text(encoded.chunk(encoded.num_chunks - 1).dictionary)
        cells = read_cells(texts, np.concatenate([chunk.indices.to_numpy() for chunk in encoded.chunks]))
        return self._by_period(series, lines.num_rows, cells if problem is None else refused(cells, problem))

    def _by_period(self, series: SeriesTable, rows: int, cells: Cells) -> pa.RecordBatch:
        """All cells of some lines: the first period of every line, then the second …"""
        count = len(self._periods)
        period = laid_out(np.arange(count)[:, np.newaxis], (count, rows))
        return assembled(
            self.dataset,
            self.document_id,
            series,
            lambda codes: laid_out(codes.to_numpy(), (count, rows)),
            pa.DictionaryArray.from_arrays(period, pa.array(self._periods), safe=False),
            cells,
        )

    def _ragged_batch(self, ragged: Sequence[RaggedLine]) -> pa.RecordBatch:
        count = len(self._periods)
        problems = pa.array(
            [f"line {line.number} has {line.columns - 1} cells for {count} periods" for line in ragged]
        )
        line_of_cell = np.tile(np.arange(len(ragged), dtype=np.int32), count)
        cells = read_cells(pa.array([line.text for line in ragged]), line_of_cell)
        return self._by_period(
            SeriesTable.unknown(pa.array([line.first for line in ragged])),
            len(ragged),
            refused(cells, problems.take(pa.array(line_of_cell))),
        )


def cut_at_commas(keys: pa.StringArray, count: int) -> pa.DictionaryArray | None:
    """The codes of series keys, `count` for every key, one key after the other.

    The codes are cut in place, in the keys' own bytes; splitting by pyarrow would copy every one of them.

    Returns:
        `count` × len(keys) codes, or None when some key has another number of codes, an empty one or one with
        a blank.

    >>> cut_at_commas(pa.array(["B,AT", "C,AT"]), 2).to_pylist()
    ['B', 'AT', 'C', 'AT']
    >>> cut_at_commas(pa.array(["B,AT", "C", "D,E,AT"]), 2) is None
    True
    """
    rows = len(keys)
    _, offsets, data = keys.buffers()
    ends = np.frombuffer(offsets, np.int32)[keys.offset : keys.offset + rows + 1]
    commas = np.flatnonzero(np.frombuffer(data, np.uint8)[ends[0] : ends[-1]] == ord(",")) + ends[0]
    if len(commas) != rows * (count - 1):
        return None
    bounds = np.empty(rows * count + 1, np.int32)
    bounds[0] = ends[0]
    of_key = bounds[1:].reshape(rows, count)
    of_key[:, :-1] = commas.reshape(rows, count - 1) + 1
    of_key[:, -1] = ends[1:]
    if (np.diff(bounds) <= 0).any():  # a comma belongs to another key, or nothing follows the last one
        return None
    parts = pa.StringArray.from_buffers(rows * count, pa.py_buffer(bounds), data).dictionary_encode()
    codes = pc.ascii_rtrim(parts.dictionary, characters=",")
    if not pc.all(pc.match_substring_regex(codes, _key_pattern(1))).as_py():
        return None
    return pa.DictionaryArray.from_arrays(parts.indices, codes, safe=False)


def pointed(keys: pa.StringArray) -> pa.StringArray:
    """Keys with points for commas, exchanged in the bytes of all at once.

    >>> pointed(pa.array(["B,AT", "C,FR"])).to_pylist()
    ['B.AT', 'C.FR']
    """
    _, offsets, data = keys.buffers()
    exchanged = pa.py_buffer(data.to_pybytes().translate(_COMMA_TO_POINT))
    return pa.StringArray.from_buffers(len(keys), offsets, exchanged, offset=keys.offset)


def _key_pattern(count: int) -> str:
    return rf"^[^\s,]+(?:,[^\s,]+){{{count - 1}}}$"
