"""Lists of observations, one per row: from columns of codes, periods and cells to a batch, and its counts.

Belongs here: what lists of observations have in common: codes and periods in our words, rows taken back or
set aside, counting. Does not: columns of a format (sdmx_csv, sdmx_ml, declared_table), what a cell says
(cells).

Accounting: `cells` are the rows kept. A row is set aside, and counted as such, when the layout's
`drop_unmapped` names a dimension whose codes do not know its code. A document of which every row would be set
aside is refused: its codes are not those that the layout was written for. Rows with a code that is unknown
elsewhere, or without a code or a period, are cells without a state.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import fields
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from alp_pipeline.observations.batches import SeriesTable, assembled, constant
from alp_pipeline.observations.cells import Cells, read_cells, refused
from alp_pipeline.observations.code_maps import CodeMap, code_maps
from alp_pipeline.observations.delimited import RaggedLine
from alp_pipeline.observations.documents import Source
from alp_pipeline.observations.errors import HeaderMismatch
from alp_pipeline.observations.periods import normalised_period
from alp_pipeline.observations.reading import Reading
from alp_pipeline.observations.schema import DatasetShape

Problem = tuple[pa.BooleanArray, str | pa.StringArray]
"""Which rows are not understood, and why: one reason for all of them, or one for each row."""


class RowBatch(NamedTuple):
    """A batch, with what it adds to the counts."""

    batch: pa.RecordBatch
    series: npt.NDArray[np.uint64]  # hashes of its keys, each once
    periods: frozenset[str]
    set_aside: int


class RowReading(Reading):
    """A reading of a list. Series are counted by 64-bit hashes: the keys would fill the memory."""

    def __init__(self, source: Source, dataset: DatasetShape, document_id: str) -> None:
        super().__init__(source, dataset, document_id)
        self._maps: Mapping[str, CodeMap] = {}
        self._series: list[npt.NDArray[np.uint64]] = []
        self._found_periods: set[str] = set()

    def batches(self) -> Iterator[pa.RecordBatch]:
        """As `Reading.batches`.

        Raises:
            HeaderMismatch: the layout would set all rows aside; and what the format raises.
        """
        self._maps = code_maps(self.dataset.layout)
        self._series, self._found_periods = [], set()
        yield from super().batches()

    def _row_batch(
        self,
        codes: Mapping[str, pa.DictionaryArray],
        times: pa.DictionaryArray,
        cells: Cells,
        problems: Sequence[Problem] = (),
        *,
        spelled: Callable[[str], str | None] = normalised_period,
    ) -> RowBatch:
        """Rows as a batch. Counts nothing, so that two can be made at a time.

        Args:
            codes: for every dimension of the document (catalogue's names) the published codes of all rows.
            times: the published periods.
            cells: what the rows say.
            problems: rows that are taken back for other reasons.
            spelled: a published period as the observation table spells it, None for what is none.
        """
        rows, found = len(times), list(problems)
        is_kept = np.ones(rows, np.bool_)
        ours = {}
        for name, column in codes.items():
            ours[name], kept, reasons = _coded(column, self._maps.get(name))
            is_kept &= kept
            if reasons is not None:
                found.append((pc.is_valid(reasons), reasons))
            found.append((pc.equal(ours[name].cast(pa.string()), ""), f"no code for the dimension {name}"))
        time_period, is_period = _normalised(times, spelled)
        found.append((pc.invert(is_period), "TIME_PERIOD is not a time period"))
        for mask, problem in found:
            if pc.any(mask).as_py():
                cells = refused(cells, problem, mask)
        if not is_kept.all():
            mask = pa.array(is_kept)
            ours = {name: column.filter(mask) for name, column in ours.items()}
            time_period, is_period = time_period.filter(mask), is_period.filter(mask)
            cells = Cells(**{one.name: getattr(cells, one.name).filter(mask) for one in fields(Cells)})
        series = SeriesTable.of(self.dataset, ours, len(time_period))
        batch = assembled(self.dataset, self.document_id, series, lambda own: own, time_period, cells)
        periods = frozenset(time_period.filter(is_period).unique().to_pylist())
        return RowBatch(batch, _hashed(series.key), periods, rows - len(time_period))

    def _taken(self, found: RowBatch) -> Iterator[pa.RecordBatch]:
        """Count a batch and hand it on, if anything of it is kept."""
        self._set_aside += found.set_aside
        self._cells += found.batch.num_rows
        self._series.append(found.series)
        self._found_periods |= found.periods
        if found.batch.num_rows:
            yield found.batch

    def _ragged(
        self, lines: Sequence[RaggedLine], columns: int, periods: Sequence[str] = ()
    ) -> Iterator[pa.RecordBatch]:
        """Lines with another number of columns than their heading: one cell without a state per period.

        Args:
            lines: what the table set aside.
            columns: how many the heading has.
            periods: where periods are headings; else the line is one cell.
        """
        if not lines:
            return
        count, wide = len(lines), max(1, len(periods))
        line = np.tile(np.arange(count, dtype=np.int32), wide)
        problems = [f"line {one.number} has {one.columns} columns, the heading {columns}" for one in lines]
        cells = refused(
            read_cells(pa.array([one.text for one in lines], pa.string()), line),
            pa.array(problems, pa.string()).take(pa.array(line)),
        )
        time_period = pa.DictionaryArray.from_arrays(
            pa.array(np.repeat(np.arange(wide, dtype=np.int32), count)),
            pa.array(periods or [""], pa.string()),
        )
        series = SeriesTable.unknown(pa.array([one.first for one in lines], pa.string()))
        self._cells += len(line)
        yield assembled(
            self.dataset,
            self.document_id,
            series,
            lambda own: own.take(pa.array(line)),
            time_period,
            cells,
        )

    def _finish(self, periods: Sequence[str] = ()) -> None:
        """Fill in the counts, once all rows were taken.

        Args:
            periods: in the document's order, where its headings name them; else those of the rows, in order.
        """
        if self._set_aside and not self._cells:
            names = sorted(name for name, known in self._maps.items() if known.sets_aside)
            raise HeaderMismatch(
                f"the layout's codes of {', '.join(names)} know none of its rows: "
                f"all {self._set_aside:,} cells would be set aside",
                where=self.where,
                todo="Correct codes or code_table in the catalogue entry's layout.",
            )
        self._series_count = len(np.unique(np.concatenate(self._series))) if self._series else 0
        self._periods = tuple(periods) or tuple(sorted(self._found_periods))


def no_text(rows: int) -> pa.DictionaryArray:
    """An empty text for every row: a column that a document does not have."""
    return constant("", rows)


def _coded(
    column: pa.DictionaryArray, known: CodeMap | None
) -> tuple[pa.DictionaryArray, npt.NDArray[np.bool_], pa.StringArray | None]:
    """Codes in our words, which rows are kept, and why a row is not understood (None where all are)."""
    if known is None:
        return column, np.ones(len(column), np.bool_), None
    read = [known.read(text) for text in column.dictionary.to_pylist()]
    codes = pa.array([one.code for one in read], pa.string()).take(column.indices).dictionary_encode()
    kept = np.array([one.is_kept for one in read], np.bool_)[column.indices.to_numpy()]
    if not any(one.problem for one in read):
        return codes, kept, None
    return codes, kept, pa.array([one.problem for one in read], pa.string()).take(column.indices)


def _normalised(
    texts: pa.DictionaryArray, spelled: Callable[[str], str | None]
) -> tuple[pa.DictionaryArray, pa.BooleanArray]:
    """Periods in our spelling, those that are none as they stand; and which are periods."""
    published = texts.dictionary.to_pylist()
    ours = [spelled(text) for text in published]
    words = [period or text for period, text in zip(ours, published, strict=True)]
    is_period = pa.array([period is not None for period in ours], pa.bool_()).take(texts.indices)
    periods = pa.array(words, pa.string()).take(texts.indices).dictionary_encode()
    return periods, is_period


def _hashed(keys: pa.StringArray) -> npt.NDArray[np.uint64]:
    from pandas.util import hash_array

    hashes: npt.NDArray[Any] = hash_array(keys.unique().to_numpy(zero_copy_only=False), categorize=False)
    return hashes
