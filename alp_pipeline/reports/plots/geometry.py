"""Axes, room for words and marks that several plots share.

Belongs here: from values to places in a picture. Does not: elements and colours (svg), single plots.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from alp_pipeline.reports.svg import INK, LINE, MUTED, OWN, PAPER, element, label

WORD_WIDTH = 0.56
"""Mean width of a character of the page's fonts, in ems; wide enough that a cut word never overflows."""
BAND = "#cfe0e7"
"""An interval: light enough for a mark on it, dark enough beside paper."""


@dataclass(frozen=True)
class Axis:
    """A linear axis: values from `low` to `high` on places from `start` to `end`."""

    low: float
    high: float
    start: float
    end: float

    def __call__(self, value: float) -> float:
        return self.start + (value - self.low) / ((self.high - self.low) or 1.0) * (self.end - self.start)

    def ticks(self, about: int = 4) -> tuple[float, ...]:
        """Round values within the axis.

        >>> Axis(-12, 31, 0, 1).ticks()
        (-10.0, 0.0, 10.0, 20.0, 30.0)
        >>> Axis(5, 5, 0, 1).ticks()
        (5,)
        """
        if self.high <= self.low:
            return (self.low,)
        step = _round_step((self.high - self.low) / about)
        first, last = math.ceil(self.low / step - 1e-9), math.floor(self.high / step + 1e-9)
        return tuple(round(i * step, 12) for i in range(first, last + 1))


def _round_step(least: float) -> float:
    magnitude = 10.0 ** math.floor(math.log10(least))
    return next(m * magnitude for m in (1, 2, 2.5, 5, 10) if m * magnitude >= least * 0.85)


def rank_ticks(last: int) -> tuple[int, ...]:
    """1, round ranks between, and none so near the last that their words would touch.

    >>> rank_ticks(48), rank_ticks(3), rank_ticks(1)
    ((1, 10, 20, 30, 40, 48), (1, 2, 3), (1,))
    """
    if last <= 5:
        return tuple(range(1, max(last, 1) + 1))
    step = max(1, round(_round_step(last / 5)))
    between = [rank for rank in range(step, last, step) if rank > 1 and last - rank > step / 2]
    return (1, *between, last)


def padded(values: Sequence[float], share: float = 0.06) -> tuple[float, float]:
    """Ends of an axis that leaves room around the values.

    >>> padded([]), padded([2.0])
    ((0.0, 1.0), (1.5, 2.5))
    """
    if not values:
        return 0.0, 1.0
    low, high = min(values), max(values)
    room = (high - low) * share if high > low else 0.5
    return low - room, high + room


def shortened(words: str, width: float, font_size: float) -> str:
    """Words cut to a width, with an ellipsis.

    >>> shortened("Provincia Autonoma di Bolzano", 80, 10)
    'Provincia Aut…'
    """
    fits = int(width / (font_size * WORD_WIDTH))
    return words if len(words) <= fits else words[: max(fits - 1, 1)].rstrip(" ,/-") + "…"


def told_apart(names: Mapping[str, str], beginning: int = 14) -> dict[str, str]:
    """Names by code; those that begin alike lose the words that they share, so that a cut one still differs.

    >>> told_apart({"ITH1": "Provincia Autonoma di Bolzano/Bozen", "ITH2": "Provincia Autonoma di Trento",
    ...     "ITH3": "Veneto"})
    {'ITH1': '…Bolzano/Bozen', 'ITH2': '…Trento', 'ITH3': 'Veneto'}
    """
    alike: dict[str, list[list[str]]] = {}
    for name in names.values():
        alike.setdefault(name[:beginning], []).append(name.split())

    def short(name: str) -> str:
        group = alike[name[:beginning]]
        shared = 0
        while len(group) > 1 and all(len(words) > shared + 1 for words in group):
            if len({words[shared] for words in group}) > 1:
                break
            shared += 1
        return "…" + " ".join(name.split()[shared:]) if shared else name

    return {code: short(name) for code, name in names.items()}


def lines_of(words: str, width: float, font_size: float, most: int = 2) -> list[str]:
    """Words over at most so many lines, the last cut.

    >>> lines_of("Employment in high technology", 100, 10)
    ['Employment in', 'high technology']
    """
    fits = int(width / (font_size * WORD_WIDTH))
    lines: list[str] = []
    for word in words.split():
        if lines and len(lines[-1]) + 1 + len(word) <= fits:
            lines[-1] += f" {word}"
        elif len(lines) < most:
            lines.append(word)
        else:
            lines[-1] += f" {word}"
    return [shortened(line, width, font_size) for line in lines]


def diamond(x: float, y: float, size: float, **attributes: object) -> str:
    """The mark of the own region, and of a nominal rank."""
    shape = f"M{x:.1f} {y - size:.1f}l{size * 0.8:.1f} {size:.1f}l{-size * 0.8:.1f} {size:.1f}"
    style = {"fill": OWN, "stroke": PAPER, "stroke_width": 1.2} | attributes
    return element("path", d=f"{shape}l{-size * 0.8:.1f} {-size:.1f}z", **style)


def upright(x: float, top: float, bottom: float, **attributes: object) -> str:
    """A vertical stroke."""
    return element(
        "path", d=f"M{x:.1f} {top:.1f}V{bottom:.1f}", **({"stroke": INK, "stroke_width": 1} | attributes)
    )


def whisker(low: float, high: float, y: float, **attributes: object) -> str:
    """A horizontal interval with feet."""
    feet = f"M{low:.1f} {y - 3:.1f}v6M{high:.1f} {y - 3:.1f}v6"
    style = {"stroke": INK, "stroke_width": 1.1, "fill": "none"} | attributes
    return element("path", d=f"M{low:.1f} {y:.1f}H{high:.1f}{feet}", **style)


def key_line(entries: Sequence[tuple[str, str]], width: float, y: float) -> tuple[list[str], float]:
    """The key of a picture inside it: (`bar`, `median`, `diamond`, `nominal`, `whisker`, `thin`, `dashed`,
    `point` or a colour; words) in as many lines as needed.

    Returns: the elements, and the height that they take.
    """
    body: list[str] = []
    x, line = 0.0, 0
    for mark, words in entries:
        room = 25 + len(words) * 11 * WORD_WIDTH + 12
        if x and x + room > width:
            x, line = 0.0, line + 1
        at = y + line * 17
        body.append(_key_mark(mark, x, at))
        body.append(label(words, x + 24, at + 4, fill=MUTED))
        x += room
    return body, (line + 1) * 17.0 if entries else 0.0


def _key_mark(mark: str, x: float, y: float) -> str:
    if mark == "bar":
        return element("rect", x=x, y=y - 4, width=20, height=8, rx=2, fill=BAND)
    if mark == "median":
        return upright(x + 10, y - 6, y + 6, stroke_width=2.2)
    if mark == "diamond":
        return diamond(x + 10, y, 6)
    if mark == "nominal":
        return diamond(x + 10, y, 4.6, fill=PAPER, stroke=LINE, stroke_width=1.5)
    if mark == "whisker":
        return whisker(x + 1, x + 19, y)
    if mark == "thin":
        return element("path", d=f"M{x:.1f} {y:.1f}h20", stroke=MUTED, stroke_width=1)
    if mark == "dashed":
        return element("path", d=f"M{x:.1f} {y:.1f}h20", stroke=MUTED, stroke_dasharray="4 3")
    if mark == "point":
        return element("circle", cx=x + 10, cy=y, r=4.4, fill=LINE, stroke=PAPER)
    # A colour is itself the mark: a swatch of it.
    return element("rect", x=x, y=y - 5, width=20, height=10, fill=mark, stroke=MUTED, stroke_width=0.6)
