"""What a result depends on: first-order and total Sobol indices with their intervals.

Belongs here: the bars. Does not: estimating the indices (benchmark.composite.uncertainty.sobol).
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from alp_pipeline.reports.plots.geometry import Axis, key_line, shortened, upright, whisker
from alp_pipeline.reports.plots.inputs import number, required
from alp_pipeline.reports.svg import (
    INK,
    LINE,
    MUTED,
    PAPER,
    RULE,
    element,
    label,
    picture,
    text,
)

if TYPE_CHECKING:
    import pandas as pd

FIRST = ("first_order", "first_order_low", "first_order_high")
TOTAL = ("total_order", "total_order_low", "total_order_high")
TOTAL_FILL = "#a9c9d6"
WIDTH, ROW, BAR = 390.0, 48.0, 11.0


@dataclass(frozen=True)
class SensitivityWords:
    """The picture's words.

    Attributes:
        first, total, interval: what the marks are.
        assumption: said beside a factor whose spread is declared, not estimated.
        unknown: said where an index has no number.
        said: what is said of a factor, with {label}, {first}, {total} (numbers with their intervals).
    """

    first: str
    total: str
    interval: str
    assumption: str
    unknown: str
    said: str


def sensitivity_bars(
    table: "pd.DataFrame",
    *,
    ident: str,
    title: str,
    description: str,
    words: SensitivityWords,
    format_value: Callable[[float], str],
) -> str:
    """Two bars per factor, the largest total first, each with its bootstrap interval.

    An estimate may lie a little below zero; its interval is then drawn there too.

    Args:
        table: a row per factor (index: its name) with label, is_assumption, first_order, first_order_low,
            first_order_high, total_order, total_order_low, total_order_high; NaN where there is none.

    Returns: the SVG; the same for any order of the rows.

    Raises:
        PlotInputError: a column is absent, a factor appears twice, a number is infinite.

    >>> import pandas as pd
    >>> table = pd.DataFrame({"label": ["weights"], "is_assumption": [False],
    ...     "first_order": [0.5], "first_order_low": [0.4], "first_order_high": [0.6],
    ...     "total_order": [0.7], "total_order_low": [0.6], "total_order_high": [0.8]}, index=["w"])
    >>> words = SensitivityWords("alone", "in all", "95 %", "assumed", "unknown", "{label}: {first}; {total}")
    >>> "weights: 0.50 [0.40, 0.60]; 0.70 [0.60, 0.80]" in sensitivity_bars(table, ident="s", title="",
    ...     description="", words=words, format_value="{:.2f}".format)
    True
    """
    rows = _rows(required(table, ("label", "is_assumption", *FIRST, *TOTAL), "sensitivity bars"))
    ends = [value for row in rows for name in (*FIRST, *TOTAL) if (value := row[name]) is not None]
    axis = Axis(min(0.0, *ends, 0.0), max(1.0, *ends, 1.0), 6.0, WIDTH - 54)
    key = [(LINE, words.first), (TOTAL_FILL, words.total), ("whisker", words.interval)]
    body, height = key_line(key, WIDTH, 8.0)
    top = height + 10
    bottom = top + len(rows) * ROW
    if rows:
        for tick in axis.ticks():
            body.append(upright(axis(tick), top + 6, bottom, stroke=INK if tick == 0 else RULE))
            body.append(label(format_value(tick), axis(tick), bottom + 14, text_anchor="middle", fill=MUTED))
    for i, row in enumerate(rows):
        body.append(_row(row, axis, top + i * ROW, words, format_value))
    return picture(ident, WIDTH, bottom + 20, title, description, body, "plot sensitivity")


def _rows(table: "pd.DataFrame") -> list[dict[str, Any]]:
    rows = []
    for factor, given in zip(table.index, table.to_dict("records"), strict=True):
        figures = {name: number(given[name], f"{factor}/{name}") for name in (*FIRST, *TOTAL)}
        is_assumption = given["is_assumption"] is True or str(given["is_assumption"]) == "True"
        rows.append(
            {"factor": str(factor), "label": str(given["label"]), "is_assumption": is_assumption} | figures
        )
    return sorted(rows, key=lambda row: (-(row["total_order"] or 0.0), row["factor"]))


def _row(
    row: dict[str, Any],
    axis: Axis,
    y: float,
    words: SensitivityWords,
    format_value: Callable[[float], str],
) -> str:
    name = f"{row['label']} ({words.assumption})" if row["is_assumption"] else row["label"]
    first, total = (_written(row, names, words, format_value) for names in (FIRST, TOTAL))
    parts = [
        element("title", text(words.said.format(label=row["label"], first=first, total=total))),
        # A halo keeps the name apart from the grid behind it.
        label(
            shortened(name, WIDTH - 60, 11.5),
            6,
            y + 16,
            font_size=11.5,
            stroke=PAPER,
            stroke_width=3,
            paint_order="stroke",
        ),
    ]
    for names, fill, top in ((FIRST, LINE, y + 21), (TOTAL, TOTAL_FILL, y + 21 + BAR + 1)):
        parts.append(_bar(row, names, fill, axis, top, words, format_value))
    return element("g", "".join(parts), data_factor=row["factor"])


def _bar(
    row: dict[str, Any],
    names: tuple[str, str, str],
    fill: str,
    axis: Axis,
    y: float,
    words: SensitivityWords,
    format_value: Callable[[float], str],
) -> str:
    value, low, high = (row[name] for name in names)
    if value is None:
        return label(words.unknown, axis(0) + 4, y + 9, fill=MUTED)
    start, end = sorted((axis(0), axis(value)))
    shape = {"x": start, "y": y, "width": max(end - start, 0.8), "height": BAR, "fill": fill}
    drawn = element("rect", stroke=LINE, stroke_width=0.7, data_value=f"{value:g}", **shape)
    if low is not None and high is not None:
        drawn += whisker(axis(low), axis(high), y + BAR / 2, stroke=PAPER, stroke_width=3)
        drawn += whisker(axis(low), axis(high), y + BAR / 2)
    return drawn + label(format_value(value), WIDTH - 2, y + 9.5, text_anchor="end", font_size=11)


def _written(
    row: dict[str, Any],
    names: tuple[str, str, str],
    words: SensitivityWords,
    format_value: Callable[[float], str],
) -> str:
    value, low, high = (row[name] for name in names)
    if value is None:
        return words.unknown
    if low is None or high is None:
        return format_value(value)
    return f"{format_value(value)} [{format_value(low)}, {format_value(high)}]"
