"""A table as a source publishes it: series by their codes, a published text for every period.

Belongs here: the shape, and how a cell is written. Does not: file formats (formats), any number.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

_LETTERS = "bcdefimnprsuz"
MISSING = ":"


@dataclass
class Table:
    """One dataset's cells. `rows`: codes in the order of `dimensions` → a text for each of `periods`.

    A text is written as in Eurostat's TSV without padding: `708`, `35 p`, `0n`, `: c`, `:bc`, `:`, nothing.
    """

    code: str
    dimensions: tuple[str, ...]
    periods: tuple[str, ...]
    rows: dict[tuple[str, ...], list[str]] = field(default_factory=dict)

    def add(self, key: tuple[str, ...], cells: Sequence[str]) -> None:
        assert len(key) == len(self.dimensions), key  # noqa: S101
        assert len(cells) == len(self.periods), key  # noqa: S101
        assert key not in self.rows, key  # noqa: S101
        self.rows[key] = list(cells)

    def replace(self, key: tuple[str, ...], period: str, text: str) -> None:
        self.rows[key][self.periods.index(period)] = text

    @property
    def cell_count(self) -> int:
        return len(self.rows) * len(self.periods)


def cell(number: str | None, flags: str = "") -> str:
    """A number or its absence with flags, in the order in which the source writes them.

    >>> cell("708"), cell("35", "p"), cell(None), cell(None, "cb")
    ('708', '35 p', ':', ': bc')
    """
    letters = "".join(sorted(flags, key=_LETTERS.index))
    return f"{MISSING if number is None else number} {letters}".rstrip()


def tenths(number: int) -> str:
    """A whole number of tenths as the source writes it.

    >>> tenths(1234), tenths(-7)
    ('123.4', '-0.7')
    """
    return f"{number / 10:.1f}"


def parts_of_cell(text: str) -> tuple[str, str, str]:
    """Number, flag letters and confidentiality code of a well-formed cell, each possibly empty.

    >>> parts_of_cell("35 bp"), parts_of_cell(": bc"), parts_of_cell(":")
    (('35', 'bp', ''), ('', 'b', 'C'), ('', '', ''))
    """
    number = text.rstrip("abcdefghijklmnopqrstuvwxyz ")
    letters = text[len(number) :].strip()
    hidden = "C" if "c" in letters else ""
    return number.removeprefix(MISSING), letters.replace("c", ""), hidden
