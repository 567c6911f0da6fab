"""Lists of observations, one per row: from columns of codes, periods and cells to a batch, and its counts.

Belongs here: what lists of observations have in common: periods in one spelling, rows without a code or a
period taken back, counting series without keeping their keys. Does not: columns of a format (sdmx_csv,
sdmx_ml, declared_table), what a cell says (cells).
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from alp_pipeline.observations.batches import SeriesTable, assembled, constant
from alp_pipeline.observations.cells import Cells, read_cells, refused
from alp_pipeline.observations.delimited import RaggedLine
from alp_pipeline.observations.periods import normalised_period
from alp_pipeline.observations.schema import DatasetShape

Problem = tuple[pa.BooleanArray, str | pa.StringArray]
"""Which rows are not understood, and why: one reason for all of them, or one for each row."""


class RowBatch(NamedTuple):
    """A batch, with what it adds to the counts."""

    batch: pa.RecordBatch
    series: npt.NDArray[np.uint64]  # hashes of its keys, each once
    periods: frozenset[str]


def row_batch(
    dataset: DatasetShape,
    document_id: str,
    codes: Mapping[str, pa.DictionaryArray],
    times: pa.DictionaryArray,
    cells: Cells,
    problems: Sequence[Problem] = (),
    *,
    spelled: Callable[[str], str | None] = normalised_period,
) -> RowBatch:
    """Rows as a batch in `schema.BATCH_SCHEMA`.

    Args:
        codes: for every dimension of the document (catalogue's names) the codes of all rows.
        times: the published periods.
        cells: what the rows say.
        problems: rows that are taken back, beside those without a period or a code.
        spelled: a published period as the observation table spells it, None for what is none.
    """
    series = SeriesTable.of(dataset, codes, len(times))
    time_period, is_period = _normalised(times, spelled)
    found: list[Problem] = [(pc.invert(is_period), "TIME_PERIOD is not a time period")]
    found += [
        (pc.equal(column.cast(pa.string()), ""), f"no code for the dimension {name}")
        for name, column in codes.items()
    ]
    for mask, problem in (*found, *problems):
        if pc.any(mask).as_py():
            cells = refused(cells, problem, mask)
    batch = assembled(dataset, document_id, series, lambda own: own, time_period, cells)
    return RowBatch(batch, _hashed(series.key), frozenset(time_period.filter(is_period).unique().to_pylist()))


def ragged_batch(
    dataset: DatasetShape,
    document_id: str,
    lines: Sequence[RaggedLine],
    columns: int,
    periods: Sequence[str] = ("",),
) -> pa.RecordBatch:
    """Lines with another number of columns than their heading: one cell without a state per period.

    Args:
        lines: what the table set aside.
        columns: how many the heading has.
        periods: of a table whose headings are periods; "" where the line itself would have said it.
    """
    count, wide = len(lines), len(periods)
    line = np.tile(np.arange(count, dtype=np.int32), wide)
    problems = [f"line {one.number} has {one.columns} columns, the heading {columns}" for one in lines]
    time_period = pa.DictionaryArray.from_arrays(
        pa.array(np.repeat(np.arange(wide, dtype=np.int32), count)), pa.array(list(periods), pa.string())
    )
    return assembled(
        dataset,
        document_id,
        SeriesTable.unknown(pa.array([one.first for one in lines], pa.string())),
        lambda own: own.take(pa.array(line)),
        time_period,
        refused(
            read_cells(pa.array([one.text for one in lines], pa.string()), line),
            pa.array(problems, pa.string()).take(pa.array(line)),
        ),
    )


class Tally:
    """Series and periods of a list, counted batch by batch.

    Series are counted by 64-bit hashes of their keys: the keys themselves would fill the memory.
    """

    def __init__(self) -> None:
        self._series: list[npt.NDArray[np.uint64]] = []
        self._periods: set[str] = set()

    def add(self, found: RowBatch) -> None:
        """Count a batch."""
        self._series.append(found.series)
        self._periods.update(found.periods)

    @property
    def series_count(self) -> int:
        """How many different series there were."""
        return len(np.unique(np.concatenate(self._series))) if self._series else 0

    @property
    def periods(self) -> tuple[str, ...]:
        """The periods that occurred, in order."""
        return tuple(sorted(self._periods))


def no_text(rows: int) -> pa.DictionaryArray:
    """An empty text for every row: a column that a document does not have."""
    return constant("", rows)


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
