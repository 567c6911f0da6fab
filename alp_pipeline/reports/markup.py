"""Figures as markup: a number with its full value, flags and warehouse address; a state as a word; anchors.

Belongs here: what every printed figure looks like. Does not: which figures are printed (sections, page).
"""

from collections.abc import Callable, Iterable, Sequence

from markupsafe import Markup

from alp_pipeline.reports.model import Cell, Source
from alp_pipeline.reports.wording import Wording


class Marker:
    """Writes the figures of one report and remembers which flags it has printed."""

    def __init__(self, sources: Sequence[Source], words: Wording) -> None:
        self.words = words
        self._numbers = {source.dataset_id: i for i, source in enumerate(sources, start=1)}
        self._dataset_of = {
            document.document_id: source.dataset_id for source in sources for document in source.documents
        }
        self._flags: set[str] = set()

    def figure(self, cell: Cell, write: Callable[[float], str]) -> Markup:
        """A cell: its number, or the word for why there is none; never a blank, never a zero for a gap."""
        flags = self._letters(cell.flags)
        if cell.value is None:
            word = self.words.state(cell.state)
            return Markup('<span class="state" data-state="{}" data-cell="{}">{}</span>{}').format(
                cell.state, cell.address, word, flags
            )
        # `value` keeps every digit of the warehouse; what is shown is rounded after ranking.
        return Markup('<data value="{!r}" data-cell="{}">{}</data>{}').format(
            cell.value, cell.address, write(cell.value), flags
        )

    def growth(self, cell: Cell) -> Markup:
        """A change: flags belong to the value it is a change of, save the break that forbids it."""
        if cell.state == "not_applicable" and "b" in cell.flags:
            return Markup('<span class="state" data-state="not_applicable" data-cell="{}">{}</span>').format(
                cell.address, self.words("growth_break")
            )
        bare = Cell(cell.value, cell.state, "", cell.address)
        return self.figure(bare, lambda value: self.words.percent(value, signed=True))

    def plain(self, cell: Cell, write: Callable[[float], str]) -> str:
        """A cell as bare text, for pictures and their descriptions."""
        return self.words.state(cell.state) if cell.value is None else write(cell.value)

    def anchors(self, dataset_ids: Iterable[str]) -> Markup:
        """Bracketed numbers that lead to the sources table."""
        numbers = sorted({self._numbers[each] for each in dataset_ids})
        links = Markup("").join(
            Markup('{}<a href="#source-{}" aria-label="{}">[{}]</a>').format(
                joint, n, self.words("sources.anchor", n=n), n
            )
            for joint, n in _spans(numbers)
        )
        # The word joiner keeps the number on the line of the word that it belongs to.
        return Markup('<sup class="source">\u2060{}</sup>').format(links) if numbers else links

    def document_anchors(self, document_ids: Iterable[str]) -> Markup:
        """Anchors of the datasets that documents belong to."""
        return self.anchors({self._dataset_of[each] for each in document_ids})

    def _letters(self, flags: str) -> Markup:
        self._flags |= set(flags)
        return Markup("").join(
            Markup('<abbr class="flag" title="{}">{}</abbr>').format(self.flag(letter), letter)
            for letter in flags
        )

    def flag(self, letter: str) -> str:
        """What a flag letter means; the letter itself where the report's language has no word."""
        return str(self.words.entry("flags").get(letter, letter))

    @property
    def flags_used(self) -> list[tuple[str, str]]:
        """Letters printed so far, with their meaning."""
        return [(letter, self.flag(letter)) for letter in sorted(self._flags)]


def sentence_list(parts: Sequence[str]) -> str:
    """Parts of a description, read one after the other."""
    return "; ".join(parts)


def _spans(numbers: Sequence[int]) -> list[tuple[str, int]]:
    """Numbers to print, a run of three or more as its ends; each with what stands before it.

    >>> _spans([1, 3, 4, 5, 8])
    [('', 1), ('', 3), ('–', 5), ('', 8)]
    """
    shown: list[tuple[str, int]] = []
    for n in numbers:
        if {n - 1, n + 1} <= set(numbers):
            continue
        inside = n - 1 in numbers and n - 2 in numbers
        shown.append(("–" if inside else "", n))
    return shown
