"""Observations in the order of their key, which is series key, then period.

Belongs here: laying the rows of one batch in that order, seeing whether batches after each other are in it.
Does not: sorting whole tables (DuckDB does), choosing rows.

Publishers write their tables by series key, and a reader gives them block by block, one period after the
other within a block. So a block needs to be laid anew, which costs next to nothing, and the table none: to
sort 150 million rows of 20 columns would take most of the time and memory of an intake.
"""

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc


class KeyOrder:
    """Whether batches come in key order: every key of a batch after every key of the batches before it.

    >>> def cells(*keys):
    ...     names = ("series_key", "time_period")
    ...     columns = [pa.array(column).dictionary_encode() for column in zip(*keys)]
    ...     return pa.RecordBatch.from_arrays(columns, names)
    >>> order = KeyOrder()
    >>> order.see(cells(("B", "2021"), ("A", "2022"), ("A", "2021")))
    >>> order.see(cells(("C", "2021")))
    >>> order.holds
    True
    >>> order.see(cells(("C", "2021")))
    >>> order.holds
    False
    """

    def __init__(self) -> None:
        self.holds = True
        """Then no key stands twice either, within a batch or in two."""
        self._last: tuple[str, str] = ("", "")

    def see(self, batch: pa.RecordBatch) -> None:
        """Look at the next batch; its rows may stand in any order, its text is dictionaries."""
        if not self.holds or not batch.num_rows:
            return
        places = _places(batch)
        if places is None:
            self.holds = False
            return
        ascending = np.sort(places, kind="stable")
        first, last = (_key_at(batch, int(np.flatnonzero(places == end)[0])) for end in ascending[[0, -1]])
        self.holds = bool((ascending[1:] > ascending[:-1]).all()) and first > self._last
        self._last = last


def laid_in_key_order(batch: pa.RecordBatch) -> pa.RecordBatch:
    """The rows of a batch by key; rows of one key stay as they stood.

    Args:
        batch: with the columns series_key and time_period; all text is dictionaries. One in which a key is
            not there stays as it is.
    """
    places = _places(batch)
    if places is None or (places[1:] >= places[:-1]).all():
        return batch
    return batch.take(pa.array(np.argsort(places, kind="stable")))


def _places(batch: pa.RecordBatch) -> npt.NDArray[np.int64] | None:
    """A number per row that orders the rows as their keys do; None where a key is not there."""
    series, periods = batch.column("series_key"), batch.column("time_period")
    if series.null_count or periods.null_count:
        return None
    return _ranks(series) * (len(periods.dictionary) + 1) + _ranks(periods)


def _ranks(column: pa.DictionaryArray) -> npt.NDArray[np.int64]:
    # Dense, because a dictionary may hold a text twice.
    ranks = pc.rank(column.dictionary, sort_keys="ascending", tiebreaker="dense").to_numpy()
    found: npt.NDArray[np.int64] = ranks.astype(np.int64)[column.indices.to_numpy()]
    return found


def _key_at(batch: pa.RecordBatch, row: int) -> tuple[str, str]:
    # Python compares text by code points, which is the order of UTF-8 bytes: DuckDB's and pyarrow's.
    return (batch.column("series_key")[row].as_py(), batch.column("time_period")[row].as_py())
