"""One document being read: batches first, then what was counted on the way.

Belongs here: the contract between readers and their callers, working on two batches at a time. Does not: any
format.
"""

import os
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from functools import cache
from itertools import chain, islice
from typing import TypeVar

import pyarrow as pa

from alp_pipeline.observations.documents import Document, Source
from alp_pipeline.observations.schema import DatasetShape

Item = TypeVar("Item")
Result = TypeVar("Result")

_AT_A_TIME = 2


class Reading(ABC):
    """A document of one dataset; `batches` reads it once, and then the counts are there.

    Errors of the document (`observations.errors`) come out of `batches`. A document whose batches all came
    is accounted for: the rows of all batches are `cells`, and together with `set_aside` all that it holds.
    """

    def __init__(self, source: Source, dataset: DatasetShape, document_id: str) -> None:
        self.dataset = dataset
        self.document_id = document_id
        self.where = f"{dataset.dataset_id}, document {document_id}"
        self.document = Document(source, where=self.where)
        self._is_read = False
        self._header_dimensions: tuple[str, ...] = ()
        self._periods: tuple[str, ...] = ()
        self._series_count = 0
        self._cells = 0
        self._set_aside = 0

    def batches(self) -> Iterator[pa.RecordBatch]:
        """Batches in `schema.BATCH_SCHEMA`. What could not be read at all may come last."""
        self._is_read = False
        self._series_count = self._cells = self._set_aside = 0
        yield from self._read()
        self._is_read = True

    @abstractmethod
    def _read(self) -> Iterator[pa.RecordBatch]:
        """Yield the batches and fill in the counts."""

    @property
    def header_dimensions(self) -> tuple[str, ...]:
        """The document's dimensions in its own order and the catalogue's words, without time."""
        return self._once_read(self._header_dimensions)

    @property
    def periods(self) -> tuple[str, ...]:
        """The periods that the document names, in its own order."""
        return self._once_read(self._periods)

    @property
    def period_count(self) -> int:
        """How many periods the document names."""
        return len(self.periods)

    @property
    def series_count(self) -> int:
        """How many series the document holds, unreadable ones included."""
        return self._once_read(self._series_count)

    @property
    def cells(self) -> int:
        """How many cells the document holds: series × periods of a table, rows of a list."""
        return self._once_read(self._cells)

    @property
    def set_aside(self) -> int:
        """How many further cells stand under codes that the layout sets aside (`drop_unmapped`)."""
        return self._once_read(self._set_aside)

    def _once_read(self, count: Item) -> Item:
        if not self._is_read:
            raise RuntimeError(f"{self.where}: counts are there once all batches have been taken")
        return count


def in_order(work: Callable[[Item], Result], items: Iterable[Item]) -> Iterator[Result]:
    """Results in the order of the items, two in work at a time, never more than three waiting.

    Worth it where `work` spends its time in pyarrow or numpy, which give up Python's lock.

    >>> list(in_order(lambda x: x * x, [1, 2, 3, 4]))
    [1, 4, 9, 16]
    """
    items = iter(items)
    first = list(islice(items, 2))
    if len(first) < 2:  # a small document: starting threads would cost more than they bring
        yield from map(work, first)
        return
    pool = _pool()
    waiting: deque[Future[Result]] = deque()
    try:
        for item in chain(first, items):
            waiting.append(pool.submit(work, item))
            if len(waiting) > _AT_A_TIME:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        wait(waiting)


@cache
def _pool() -> ThreadPoolExecutor:
    # One for the process: a new thread begins with an allocator of its own, and pays for its memory's pages.
    return ThreadPoolExecutor(min(_AT_A_TIME, os.cpu_count() or 1), thread_name_prefix="observations")


os.register_at_fork(after_in_child=_pool.cache_clear)
