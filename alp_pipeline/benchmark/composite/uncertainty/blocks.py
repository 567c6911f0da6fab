"""Blocks of draws on several threads, with the same answer on any number of them.

Belongs here: how many workers, handing out blocks, giving results back in the order of the blocks.
Does not: what a block is.
"""

import os
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Final, TypeVar

from alp_pipeline.benchmark.cells import BenchmarkInputError

DRAWS: Final = 128
"""Draws of a block: fixed, for each block has its own random numbers."""

Result = TypeVar("Result")


def in_blocks(
    block: Callable[[int, int, int], Result], draws: int, workers: int | None, *, size: int = DRAWS
) -> list[Result]:
    """Call `block(number, first draw, draws)` for every block of a run; results in the order of the blocks.

    Threads, not processes: numpy lets go of the interpreter's lock while it works on a stack, so threads
    keep the cores as busy as processes do (measured: 10,000 draws of 60 indicators × 334 regions on two
    cores), share the data, and need no start.

    Args:
        workers: threads; as many as there are cores to run on when omitted.

    >>> in_blocks(lambda number, first, draws: (number, first, draws), 300, 2)
    [(0, 0, 128), (1, 128, 128), (2, 256, 44)]
    """
    if workers is not None and workers < 1:
        raise BenchmarkInputError(f"workers is {workers}", where="uncertainty", todo="Pass 1 or more.")
    several = len(os.sched_getaffinity(0)) if workers is None else workers
    parts = [(number, first, min(size, draws - first)) for number, first in _starts(draws, size)]
    if several == 1:
        return [block(*part) for part in parts]
    with ThreadPoolExecutor(several) as pool:
        waiting = [pool.submit(block, *part) for part in parts]
        try:
            return [one.result() for one in waiting]
        except BaseException:
            pool.shutdown(cancel_futures=True)  # the others would run to their end before anyone hears of it
            raise


def _starts(draws: int, size: int) -> Iterable[tuple[int, int]]:
    return enumerate(range(0, draws, size))
