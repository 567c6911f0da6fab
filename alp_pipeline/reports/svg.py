"""SVG as text: elements, escaped; the patterns of cell states; colours with known contrast.

Belongs here: what every chart is drawn with. Does not: charts (charts, tile_grid), numbers' formats.

A state never shows by colour alone: each has a pattern of its own and a short code that charts write on
it. The sequential palette is one hue from light to dark, so it stands for any colour vision and in print.
"""

from collections.abc import Sequence
from functools import lru_cache
from html import escape

from markupsafe import Markup

INK = "#17242f"
MUTED = "#4d5b66"
RULE = "#c6d0d6"
PAPER = "#ffffff"
OWN = "#a63c06"
"""The region of the report: outlines and marks. Never a value's colour."""
SEQUENTIAL = ("#eff4f6", "#c3dae2", "#86b6c6", "#2b738e", "#0b3f57")
LINE = "#1d6581"

STATES = ("confidential", "not_available", "not_yet_published", "not_applicable", "lost_in_concordance")
SCORE_STATES = (*STATES, "undetermined")
"""A score may also rest on what is hidden: then it is undetermined."""
STATE_CODES = {
    "confidential": "c",
    "not_available": ":",
    "not_yet_published": "…",
    "not_applicable": "–",
    "lost_in_concordance": "≠",
    "undetermined": "?",
}
_PATTERNS = {
    "confidential": '<path d="M-1,1 l2,-2 M0,6 l6,-6 M5,7 l2,-2" stroke="#8593a0" stroke-width="1.2"/>',
    "not_available": '<circle cx="3" cy="3" r="0.9" fill="#8c99a3"/>',
    "not_yet_published": '<path d="M0,3 h6" stroke="#8d99a2" stroke-width="1"/>',
    "not_applicable": '<path d="M3,0 v6" stroke="#aab4bb" stroke-width="1"/>',
    "lost_in_concordance": '<path d="M0,0 l6,6 M6,0 l-6,6" stroke="#6d7b85" stroke-width="0.9"/>',
    "undetermined": '<path d="M-1,5 l2,2 M0,0 l6,6 M5,-1 l2,2" stroke="#6d7b85" stroke-width="0.9"/>'
    '<circle cx="4.6" cy="1.4" r="0.8" fill="#6d7b85"/>',
}


def element(name: str, content: str = "", /, **attributes: object) -> str:
    """An element; attribute names take `_` for `-`, None leaves one out, `content` is markup.

    >>> element("text", text("a < b"), text_anchor="end", x=1.50, fill=None)
    '<text text-anchor="end" x="1.5">a &lt; b</text>'
    """
    written = "".join(
        f' {_name(key)}="{_attribute(value)}"' for key, value in attributes.items() if value is not None
    )
    return f"<{name}{written}>{content}</{name}>" if content else f"<{name}{written}/>"


def text(words: str) -> str:
    """Words made safe as content."""
    return escape(words, quote=False)


def label(words: str, x: float, y: float, /, **attributes: object) -> str:
    """A text at a point."""
    return element("text", text(words), **({"x": x, "y": y, "font_size": 11, "fill": INK} | attributes))


def picture(
    ident: str,
    width: float,
    height: float,
    title: str,
    description: str,
    body: Sequence[str],
    css: str,
    *,
    is_fixed: bool = False,
) -> Markup:
    """A whole picture that a screen reader announces by title and description.

    Args:
        ident: unique in the page; ids inside begin with it.
        css: the class that gives the picture its size in the page.
        is_fixed: it has its own size instead.
    """
    head = element("title", text(title), id=f"{ident}-t") + element(
        "desc", text(description), id=f"{ident}-d"
    )
    svg = element(
        "svg",
        head + "".join(body),
        class_=css,
        role="img",
        aria_labelledby=f"{ident}-t {ident}-d",
        viewBox=f"0 0 {_attribute(width)} {_attribute(height)}",
        **({"width": width, "height": height} if is_fixed else {}),
    )
    return Markup(svg)  # noqa: S704 - every word in it went through `text` or `element`


def swatch(fill: str, definitions: str = "", code: str = "") -> Markup:
    """A legend's little square, silent to screen readers: the words stand beside it."""
    body = definitions + element("rect", x=1, y=1, width=24, height=18, fill=fill, stroke=MUTED)
    if code:
        body += on_pattern(code, 13, 14.5, 13)
    size = {"viewBox": "0 0 26 20", "width": 26, "height": 20}
    return Markup(element("svg", body, class_="swatch", aria_hidden="true", **size))  # noqa: S704 - no words


def on_pattern(words: str, x: float, y: float, font_size: float) -> str:
    """Bold words with a halo, legible on a pattern or across a line."""
    halo = {"stroke": PAPER, "stroke_width": 3.5, "paint_order": "stroke", "stroke_linejoin": "round"}
    middle = {"text_anchor": "middle", "font_weight": "bold", "font_size": font_size}
    return label(words, x, y, **middle, **halo)


def state_patterns(ident: str, states: Sequence[str] = SCORE_STATES) -> str:
    """Definitions of the states' patterns, to be filled with `state_fill`."""
    return element(
        "defs",
        "".join(
            element(
                "pattern",
                element("rect", width=6, height=6, fill="#f7f8f8") + _PATTERNS[state],
                id=f"{ident}-{state}",
                width=6,
                height=6,
                patternUnits="userSpaceOnUse",
            )
            for state in states
        ),
    )


def state_fill(ident: str, state: str) -> str:
    return f"url(#{ident}-{state})"


def contrast(first: str, second: str) -> float:
    """WCAG contrast ratio of two `#rrggbb` colours.

    >>> round(contrast("#ffffff", "#000000"), 1)
    21.0
    """
    light, dark = sorted((_luminance(first), _luminance(second)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def text_on(background: str) -> str:
    """Ink or paper, whichever reads better on the background.

    >>> text_on("#eff4f6") == INK, text_on("#0b3f57") == PAPER
    (True, True)
    """
    return max((INK, PAPER), key=lambda colour: contrast(colour, background))


def _luminance(colour: str) -> float:
    channels = (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
    red, green, blue = (c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@lru_cache(maxsize=256)
def _name(key: str) -> str:
    return key.rstrip("_").replace("_", "-")


def _attribute(value: object) -> str:
    # Fixed decimals: the same picture has the same bytes on every machine.
    if isinstance(value, float):
        return f"{value:.2f}".rstrip("0").rstrip(".")
    return str(value) if isinstance(value, int) else escape(str(value))
