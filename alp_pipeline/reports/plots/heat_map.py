"""A table of numbers as shades, each number still written where it fits.

Belongs here: sequential and diverging shades, states hatched, headings of columns. Does not: the numbers.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from alp_pipeline.reports.plots.geometry import WORD_WIDTH, shortened
from alp_pipeline.reports.plots.inputs import PlotInputError, labels_once, number, state_of
from alp_pipeline.reports.svg import (
    INK,
    LINE,
    MUTED,
    OWN,
    RULE,
    SEQUENTIAL,
    STATE_CODES,
    element,
    label,
    on_pattern,
    picture,
    state_fill,
    state_patterns,
    text,
    text_on,
)

if TYPE_CHECKING:
    import pandas as pd

DIVERGING = ("#8a3b12", "#c9824f", "#eccdb4", "#f4f5f5", "#bcd5df", "#5f9db4", "#0f4d68")
"""Against, nothing, with: two hues of equal darkness, apart for every colour vision; the sign is written."""
WIDTH, ROW, NOTHING = 390.0, 20.0, ""


@dataclass(frozen=True)
class Shades:
    """Colours by value, in classes of equal width from `low` to `high`; what lies outside takes the end's."""

    low: float
    high: float
    colours: tuple[str, ...] = SEQUENTIAL

    def colour(self, value: float) -> str:
        """The colour of a value.

        >>> Shades(0, 100).colour(100) == SEQUENTIAL[-1], Shades(0, 0).colour(0) == SEQUENTIAL[2]
        (True, True)
        """
        if self.high <= self.low:
            return self.colours[len(self.colours) // 2]
        place = int((value - self.low) / (self.high - self.low) * len(self.colours))
        return self.colours[min(max(place, 0), len(self.colours) - 1)]

    def bounds(self) -> list[tuple[float, float]]:
        """The ends of each class."""
        step = (self.high - self.low) / len(self.colours)
        return [(self.low + i * step, self.low + (i + 1) * step) for i in range(len(self.colours))]


CORRELATION = Shades(-1.0, 1.0, DIVERGING)


def heat_map(
    values: "pd.DataFrame",
    *,
    ident: str,
    title: str,
    description: str,
    shades: Shades,
    format_value: Callable[[float], str],
    states: "pd.DataFrame | None" = None,
    state_words: Mapping[str, str],
    row_labels: Mapping[str, str] | None = None,
    column_labels: Mapping[str, str] | None = None,
    headings: Literal["slanted", "numbered"] = "slanted",
    own: str | None = None,
) -> str:
    """Rows × columns as shades, in the order given; what has no number is hatched by its state.

    Args:
        values: rows × columns, NaN = no number.
        shades: from values to colours.
        format_value: writes a number; it is left to the tooltip where a column is too narrow for it.
        states: same shape; `not_available` where nothing is said, "" for a pair that does not exist (the
            cell stays empty). A state other than reported hides the number beside it.
        row_labels, column_labels: names; the label itself where there is none.
        headings: names aslant above the columns, or the numbers of the rows of the same label (for a table
            of rows against themselves; columns without such a row keep their name).
        own: a row to be picked out.

    Raises:
        PlotInputError: states of another shape, a label twice, an infinite number.

    >>> import pandas as pd
    >>> r = pd.DataFrame([[1.0, -0.5], [-0.5, 1.0]], index=["a", "b"], columns=["a", "b"])
    >>> svg = heat_map(r, ident="h", title="Correlations", description="", shades=CORRELATION,
    ...     format_value="{:.2f}".format, state_words={}, headings="numbered")
    >>> "a × b: -0.50" in svg
    True
    """
    labels_once(values.index, "heat map")
    labels_once(values.columns, "heat map")
    if states is not None and not (
        states.index.equals(values.index) and states.columns.equals(values.columns)
    ):
        raise PlotInputError(
            "values and states differ in rows or columns", where="heat map", todo="Reindex one to the other."
        )
    rows, columns = [str(r) for r in values.index], [str(c) for c in values.columns]
    row_names = {name: (row_labels or {}).get(name, name) for name in rows}
    column_names = {name: (column_labels or {}).get(name, name) for name in columns}
    room = 4 if headings == "numbered" else 0
    left = min(max([40.0, *((len(row_names[r]) + room) * 11 * WORD_WIDTH + 12 for r in rows)]), 168.0)
    side = min((WIDTH - left) / max(len(columns), 1), 60.0)
    heads = {c: str(rows.index(c) + 1) for c in columns if headings == "numbered" and c in rows}
    slanted = [column_names[c] for c in columns if c not in heads]
    top = (
        22.0 if not slanted else min(max(len(name) for name in slanted) * 11 * WORD_WIDTH * 0.72 + 16, 120.0)
    )
    body = [state_patterns(ident)]
    for j, name in enumerate(columns):
        body.append(_heading(heads.get(name), column_names[name], left + (j + 0.5) * side, top))
    for i, row in enumerate(rows):
        shown = f"{i + 1}  {row_names[row]}" if headings == "numbered" else row_names[row]
        y = top + i * ROW
        body.append(
            label(
                shortened(shown, left - 6, 11),
                0,
                y + 14,
                font_weight="bold" if row == own else None,
                fill=OWN if row == own else INK,
            )
        )
        for j, column in enumerate(columns):
            state = state_of(states.iat[i, j], "not_available") if states is not None else None
            if states is not None and states.iat[i, j] == NOTHING:
                continue
            value = number(values.iat[i, j], f"{row}/{column}")
            about = f"{row_names[row]} × {column_names[column]}"
            box = {"x": left + j * side, "y": y, "width": side - 1.5, "height": ROW - 1.5}
            cell = _cell(value, state, about, box, shades, format_value, state_words, ident)
            body.append(element("g", cell, data_row=row, data_column=column))
    return picture(ident, WIDTH, top + len(rows) * ROW + 4, title, description, body, "plot heat-map")


def _heading(number_: str | None, name: str, x: float, top: float) -> str:
    if number_ is not None:
        return label(number_, x, top - 7, text_anchor="middle", fill=LINE, font_weight="bold")
    # Aslant to the left, where the rows' names leave room, so that the last heading is whole too.
    turned = f"translate({x + 3:.1f} {top - 6:.1f}) rotate(48)"
    return label(shortened(name, 150, 11), 0, 0, transform=turned, text_anchor="end", fill=MUTED)


def _cell(
    value: float | None,
    state: str | None,
    about: str,
    box: Mapping[str, float],
    shades: Shades,
    format_value: Callable[[float], str],
    state_words: Mapping[str, str],
    ident: str,
) -> str:
    x, y = box["x"] + box["width"] / 2, box["y"] + 13.5
    if value is not None and state in (None, "reported"):
        fill, written = shades.colour(value), format_value(value)
        size = min(11.0, box["width"] / (len(written) * WORD_WIDTH))
        said = element("title", text(f"{about}: {written}"))
        drawn = said + element("rect", fill=fill, stroke=RULE, stroke_width=0.5, **box)
        if size < 8.5:
            return drawn
        return drawn + label(written, x, y, text_anchor="middle", fill=text_on(fill), font_size=size)
    why = "not_available" if state is None or state == "reported" else state
    said = element("title", text(f"{about}: {state_words.get(why, why)}"))
    hatched = element("rect", fill=state_fill(ident, why), data_state=why, stroke=RULE, **box)
    return said + hatched + on_pattern(STATE_CODES.get(why, "?"), x, y + 0.5, 12)
