"""Does a matrix hang together? Regions and activities that reach each other through what they share.

Belongs here: the connected parts of the region–activity graph, and the refusal that names them.
Does not: what is computed within one part.
"""

from collections.abc import Hashable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from alp_pipeline.benchmark.cells import BenchmarkInputError, FloatArray, IntArray
from alp_pipeline.benchmark.complexity.matrix import PresenceMatrix, presence_matrix
from alp_pipeline.benchmark.labels import listed


class StructureDisconnected(BenchmarkInputError):
    """The regions fall into parts that share no activity: no scale is common to them."""


@dataclass(frozen=True)
class Component:
    """Regions and activities that hang together; a region without any activity is in none.

    Attributes:
        regions: labels, sorted.
        activities: labels, sorted.
    """

    regions: tuple[Hashable, ...]
    activities: tuple[Hashable, ...]


def components(M: pd.DataFrame) -> tuple[Component, ...]:  # noqa: N803
    """The connected parts of the graph whose edges are the ones of M, the most regions first.

    Args:
        M: regions × activities of ones and zeros.

    Raises:
        BenchmarkInputError: see `presence_matrix`.

    >>> M = pd.DataFrame([[1, 0], [1, 0], [0, 1]], index=["A", "B", "C"], columns=["C28", "I55"])
    >>> [(part.regions, part.activities) for part in components(M)]
    [(('A', 'B'), ('C28',)), (('C',), ('I55',))]
    """
    return _components(presence_matrix(M))


def require_connected(matrix: PresenceMatrix, linked: FloatArray) -> None:
    """Refuse a matrix whose graph has several parts, and list them.

    Args:
        matrix: M.
        linked: activities × activities or regions × regions, above zero where two share something; every
            line of it non-empty.

    Raises:
        StructureDisconnected: there is more than one part.

    >>> M = pd.DataFrame([[1, 0], [1, 0], [0, 1]], index=["A", "B", "C"], columns=["C28", "I55"])
    >>> matrix = presence_matrix(M)
    >>> require_connected(matrix, matrix.present @ matrix.present.T)  # activities that two regions share
    Traceback (most recent call last):
    alp_pipeline.benchmark.complexity.components.StructureDisconnected: ...2 × 1 (A, B: C28); 1 × 1 (C: ...
    """
    if int(labels_of_parts(linked).max()) == 0:
        return
    parts = _components(matrix)
    shown = "; ".join(
        f"{len(part.regions)} × {len(part.activities)} ({listed(part.regions)}: {listed(part.activities)})"
        for part in parts[:5]
    )
    more = f"; and {len(parts) - 5} more" if len(parts) > 5 else ""
    raise StructureDisconnected(
        f"{len(parts)} parts share no activity with each other (regions × activities): {shown}{more}",
        where="M",
        todo="Rank within one part at a time (`components` lists them), or use broader activities.",
    )


def labels_of_parts(linked: FloatArray) -> IntArray:
    """The number of the part that each line of a symmetric matrix belongs to, from 0.

    >>> labels_of_parts(np.array([[1.0, 0.0], [0.0, 1.0]])).tolist()
    [0, 1]
    """
    touches = linked > 0
    labels = np.full(len(touches), -1, dtype=np.int64)
    part = 0
    for start in range(len(touches)):
        if labels[start] >= 0:
            continue
        frontier = np.arange(len(touches)) == start
        while frontier.any():
            labels[frontier] = part
            frontier = touches[frontier].any(axis=0) & (labels < 0)
        part += 1
    return labels


def _components(matrix: PresenceMatrix) -> tuple[Component, ...]:
    present = matrix.present
    labels = labels_of_parts(present.T @ present)
    # A region belongs where any one of its activities does: the first one will do.
    first = present.argmax(axis=1)
    of_region = np.where(present.any(axis=1), labels[first], -1)
    of_activity = np.where(present.any(axis=0), labels, -1)
    parts = [
        Component(tuple(matrix.regions[of_region == part]), tuple(matrix.activities[of_activity == part]))
        for part in np.unique(of_activity[of_activity >= 0])
    ]
    return tuple(sorted(parts, key=lambda part: (-len(part.regions), str(part.regions[0]))))
