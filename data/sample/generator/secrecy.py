"""Statistical secrecy: what is hidden first, and what must be hidden with it.

Belongs here: the two steps an office takes. Does not: values (employment), how a hidden cell is written.

The rule kept: no published sum has exactly one hidden member. A sum is a parent with the children that
add up to it; both count as members, since either follows from the others.
"""

from collections import defaultdict
from collections.abc import Hashable, Iterable, Mapping
from typing import TypeVar

Cell = TypeVar("Cell", bound=Hashable)


def protect(
    values: Mapping[Cell, int], sums: Iterable[tuple[Cell, tuple[Cell, ...]]], first: Iterable[Cell]
) -> set[Cell]:
    """The cells to hide so that none of `first` follows from a single sum.

    Secondary cells are the smallest open child that is not zero, or the parent where there is none.

    >>> sorted(protect({"C": 9, "C10": 2, "C11": 3, "C12": 4}, [("C", ("C10", "C11", "C12"))], ["C10"]))
    ['C10', 'C11']
    """
    hidden = set(first)
    listed = list(sums)
    of_cell: dict[Cell, list[int]] = defaultdict(list)
    for at, (parent, children) in enumerate(listed):
        for member in (parent, *children):
            of_cell[member].append(at)
    waiting = sorted({at for member in hidden for at in of_cell[member]}, reverse=True)
    while waiting:
        parent, children = listed[waiting.pop()]
        if sum(member in hidden for member in (parent, *children)) != 1:
            continue
        open_children = [child for child in children if child not in hidden and values[child] > 0]
        chosen = min(open_children, key=lambda child: (values[child], str(child)), default=parent)
        hidden.add(chosen)
        waiting += of_cell[chosen]
    return hidden
