"""What part of a table one request asks for, and how a part that costs too much is divided.

Belongs here: arithmetic on codes; no request. Does not: asking (slices), where codes come from (structure).

A box names codes for every dimension. Dividing keeps two promises: the parts together are the whole, and no
two of them overlap. A part that turned out to be empty is claimed by its neighbour, so that the documents
that do come claim the whole: a cell that was withdrawn upstream is then seen to be gone.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import ceil, prod

Claim = dict[str, frozenset[str]]
"""Dimension → the codes that a document speaks for; a dimension that is not named is claimed whole."""


@dataclass(frozen=True)
class Box:
    """A part of a table.

    Args:
        codes: every dimension, in the order of the key → the codes meant, each present in the table.
        named: the dimensions that the request names; the others are asked for whole.
        periods: how many periods the request covers.

    >>> box = Box({"freq": ("A",), "geo": ("AT", "IT", "SI")}, frozenset({"geo"}), periods=10)
    >>> box.key, box.cells
    ('.AT+IT+SI', 30)
    """

    codes: Mapping[str, Sequence[str]]
    named: frozenset[str]
    periods: int

    @property
    def key(self) -> str:
        """The key of SDMX 2.1: codes by position, nothing for a dimension that is asked for whole."""
        return ".".join("+".join(codes) if name in self.named else "" for name, codes in self.codes.items())

    @property
    def cells(self) -> int:
        """Eurostat's own estimate of the cost: positions per dimension, multiplied."""
        return prod(len(codes) for codes in self.codes.values()) * max(1, self.periods)

    @property
    def claim(self) -> Claim:
        """What an answer to this request speaks for."""
        return {name: frozenset(codes) for name, codes in self.codes.items() if name in self.named}

    def widest(self, first: str | None = None) -> str | None:
        """The dimension to divide along: `first` while it can be, else the one with most codes, those that
        are named before the others; None when every dimension is down to one code."""
        divisible = [name for name, codes in self.codes.items() if len(codes) > 1]
        if first in divisible:
            return first
        return max(divisible, key=lambda n: (n in self.named, len(self.codes[n])), default=None)

    def divided(self, along: str, pieces: int) -> list["Box"]:
        """Consecutive groups of the codes of one dimension, as equal as they can be.

        >>> box = Box({"geo": ("AT", "IT", "SI")}, frozenset(), 1)
        >>> [part.key for part in box.divided("geo", 2)]
        ['AT', 'IT+SI']
        """
        codes = self.codes[along]
        pieces = max(1, min(pieces, len(codes)))
        cuts = [len(codes) * piece // pieces for piece in range(pieces + 1)]
        return [
            Box({**self.codes, along: codes[start:end]}, self.named | {along}, self.periods)
            for start, end in pairwise(cuts)
        ]

    def pieces(self, *, most_cells: int, longest_key: int) -> int:
        """Into how many parts it is to be divided: 1 when it fits."""
        return max(ceil(self.cells / most_cells), ceil(len(self.key) / longest_key))


def widened(claims: Sequence[Claim], along: str, own: Iterable[str], by: Iterable[str]) -> list[Claim]:
    """Claims that divide one box among them, after that box took further codes of one dimension.

    The claims that hold the first of the box's own codes cover all the rest exactly once; they take the new
    codes, the others stay.

    >>> halves = [{"geo": frozenset({"AT"})}, {"geo": frozenset({"IT"})}]
    >>> [sorted(claim["geo"]) for claim in widened(halves, "geo", ["AT", "IT"], ["SI"])]
    [['AT', 'SI'], ['IT']]
    """
    new, first = frozenset(by), next(iter(own))
    if not new:
        return list(claims)
    return [
        {**claim, along: claim[along] | new} if first in claim.get(along, frozenset()) else claim
        for claim in claims
    ]
