"""Tables that are no SDMX: CSV, XLSX, JSON rows and archives of them, read as the catalogue's layout says.

Belongs here: a page's blocks as rows of observations, in long form (a column of periods, one of values) and
in wide form (periods are headings). Does not: tearing documents apart (pages, workbook, zipped), finding
columns (placement), what a cell or a code says (declared_cells, code_maps), accounting (rows).

In wide form a row is as many cells as it has periods.
"""

from abc import abstractmethod
from collections.abc import Iterator
from functools import partial

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from alp_pipeline.observations.batches import constant, laid_out
from alp_pipeline.observations.code_maps import CodeMap
from alp_pipeline.observations.declared_cells import DeclaredCells
from alp_pipeline.observations.documents import Source
from alp_pipeline.observations.errors import HeaderMismatch, LayoutMissing
from alp_pipeline.observations.pages import Block, Page, csv_page, json_page
from alp_pipeline.observations.placement import Placement, placed, single_blanks, spelling
from alp_pipeline.observations.reading import in_order
from alp_pipeline.observations.rows import RowBatch, RowReading
from alp_pipeline.observations.schema import DatasetShape
from alp_pipeline.observations.workbook import xlsx_page
from alp_pipeline.observations.zipped import zipped_pages


class DeclaredTable(RowReading):
    """A reading of one document with the layout of its dataset."""

    def __init__(self, source: Source, dataset: DatasetShape, document_id: str) -> None:
        super().__init__(source, dataset, document_id)
        if dataset.layout is None or not dataset.layout.columns:
            raise LayoutMissing(
                "it is a table of rows, and the catalogue does not say which column is what",
                where=self.where,
                todo="Give the catalogue entry a layout.",
            )
        self._layout = dataset.layout
        self._cell_reader = DeclaredCells(dataset.layout)

    @abstractmethod
    def _pages(self) -> Iterator[Page]:
        """The pages; each is read before the next one is taken."""

    def _read(self) -> Iterator[pa.RecordBatch]:
        # Codes that stay as they are must still be codes.
        self._maps = {name: CodeMap(name) for name in self._layout.columns.values()} | dict(self._maps)
        lacking: frozenset[str] | None = None
        periods: dict[str, None] = {}
        for page in self._pages():
            lacking = page.lacking if lacking is None else lacking & page.lacking
            if not page.headings:
                continue
            place = placed(self.dataset, self._layout, page.headings, where=page.where)
            self._header_dimensions = (*place.dimensions, *self._layout.constants)
            periods.update(dict.fromkeys(place.periods))
            for found in in_order(partial(self._observations, place), page.blocks):
                yield from self._taken(found)
            yield from self._ragged(page.ragged, len(page.headings), place.periods)
        self._refuse_lacking(lacking or frozenset())
        self._finish(tuple(periods))

    def _observations(self, place: Placement, block: Block) -> RowBatch:
        """All rows of the first column of values, then all of the second …"""
        wide, rows = len(place.values), block.rows
        of_row = laid_out(np.arange(rows), (wide, rows))
        codes = {
            name: _encoded(block, at, of_row if wide > 1 else None) for name, at in place.dimensions.items()
        }
        codes |= {name: constant(code, rows * wide) for name, code in self._layout.constants.items()}
        values = pa.chunked_array([_column(block, at) for at in place.values], pa.string())
        flags = None if place.flags is None else _encoded(block, place.flags)
        cells = self._cell_reader.read(values.combine_chunks().dictionary_encode(), flags)
        if place.time is not None:
            times, spelled = _encoded(block, place.time), spelling(self.dataset, self._layout)
            return self._row_batch(codes, times, cells, spelled=spelled)
        of_column = laid_out(np.arange(wide)[:, np.newaxis], (wide, rows))
        periods = pa.DictionaryArray.from_arrays(of_column, pa.array(place.periods, pa.string()), safe=False)
        return self._row_batch(codes, periods, cells)

    def _refuse_lacking(self, lacking: frozenset[str]) -> None:
        """Raise when no row of any page had a column that the layout names; flags may be absent."""
        lacking -= {single_blanks(self._layout.flags or "")}
        if lacking:
            raise HeaderMismatch(
                f"no row has {', '.join(sorted(lacking))}",
                where=self.where,
                todo="Check what was archived, and the columns of the catalogue entry's layout.",
            )


def _column(block: Block, at: int) -> pa.StringArray:
    return pc.utf8_trim_whitespace(block.text(at))


def _encoded(block: Block, at: int, of_row: pa.Int32Array | None = None) -> pa.DictionaryArray:
    column = _column(block, at).dictionary_encode()
    return column if of_row is None else column.take(of_row)


class DeclaredCsv(DeclaredTable):
    """A reading of a CSV document."""

    def _pages(self) -> Iterator[Page]:
        yield csv_page(self.document.decoded(self._layout.encoding), self._layout)


class DeclaredJsonRows(DeclaredTable):
    """A reading of an array of JSON objects."""

    def _pages(self) -> Iterator[Page]:
        yield json_page(self.document, self._layout)


class DeclaredXlsx(DeclaredTable):
    """A reading of one sheet of a workbook."""

    def _pages(self) -> Iterator[Page]:
        yield xlsx_page(self.document, self._layout)


class DeclaredZip(DeclaredTable):
    """A reading of the files of a ZIP archive."""

    def _pages(self) -> Iterator[Page]:
        yield from zipped_pages(self.document, self._layout)
