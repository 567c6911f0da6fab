"""Activities that a region lacks: how related they are to what it has, against how complex they are.

Belongs here: the points with their uncertainty, the lines through the middle. Does not: density and
complexity (benchmark.complexity), any judgement of a quadrant: what is near and complex is a place to look,
not advice.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from alp_pipeline.reports.plots.geometry import Axis, key_line, padded, upright, whisker
from alp_pipeline.reports.plots.inputs import number, required, state_of
from alp_pipeline.reports.svg import (
    INK,
    LINE,
    MUTED,
    PAPER,
    RULE,
    element,
    label,
    picture,
    state_patterns,
    text,
)

if TYPE_CHECKING:
    import pandas as pd

X = ("density", "density_low", "density_high")
Y = ("complexity", "complexity_low", "complexity_high")
WIDTH, HEIGHT, LEFT, RIGHT, BOTTOM, TOP = 400.0, 350.0, 44.0, 12.0, 46.0, 12.0


@dataclass(frozen=True)
class OpportunityWords:
    """The picture's words.

    Attributes:
        x, y: what the axes are.
        point, interval, middle: what the marks are.
        said: what is said of a point, with {label}, {x}, {y} (numbers with their intervals).
        apart: heading above the activities that cannot be placed.
        empty: said where there is no point.
    """

    x: str
    y: str
    point: str
    interval: str
    middle: str
    said: str
    apart: str
    empty: str


def opportunity_map(
    table: "pd.DataFrame",
    *,
    ident: str,
    title: str,
    description: str,
    words: OpportunityWords,
    format_x: Callable[[float], str],
    format_y: Callable[[float], str],
    named: int = 12,
) -> str:
    """Absent activities by relatedness density and complexity; dashed lines at the two medians.

    Args:
        table: a row per activity (index: its code) with label, state (reported, or why there is no point),
            density, density_low, density_high, complexity, complexity_low, complexity_high; NaN where there
            is no number. An activity without both values is listed below the picture.
        named: how many points have their code beside them, those of highest density first.

    Returns: the SVG; the same for any order of the rows.

    Raises:
        PlotInputError: a column is absent, a code appears twice, a number is infinite.

    >>> import pandas as pd
    >>> table = pd.DataFrame({"label": ["Chemicals"], "state": ["reported"], "density": [0.4],
    ...     "density_low": [0.3], "density_high": [0.5], "complexity": [1.2], "complexity_low": [None],
    ...     "complexity_high": [None]}, index=["C20"])
    >>> words = OpportunityWords("density", "complexity", "activity", "interval", "median",
    ...     "{label}: {x}; {y}", "Not placed", "nothing to show")
    >>> "Chemicals: 0.4 [0.3, 0.5]; 1.2" in opportunity_map(table, ident="o", title="", description="",
    ...     words=words, format_x="{:.1f}".format, format_y="{:.1f}".format)
    True
    """
    points, apart = _split(required(table, ("label", "state", *X, *Y), "opportunity map"))
    key = [("point", words.point), ("whisker", words.interval), ("dashed", words.middle)]
    body, height = key_line(key, WIDTH, 8.0)
    body.insert(0, state_patterns(ident))
    top = height + TOP
    floor = top + HEIGHT
    if points:
        body += _field(points, top, floor, words, format_x, format_y, named)
        bottom = floor + BOTTOM
    else:
        body.append(label(words.empty, 0, top + 14, fill=MUTED))
        bottom = top + 26
    if apart:
        body.append(label(words.apart, 0, bottom + 10, font_weight="bold"))
        for i, row in enumerate(apart):
            y = bottom + 28 + i * 17
            written = label(f"{row['code']}  {row['label']}", 0, y, fill=INK)
            body.append(element("g", written, data_activity=row["code"], data_state=row["state"]))
        bottom += 28 + len(apart) * 17
    return picture(ident, WIDTH, bottom, title, description, body, "plot opportunity")


def _split(table: "pd.DataFrame") -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    points, apart = [], []
    for code, given in zip(table.index, table.to_dict("records"), strict=True):
        row: dict[str, Any] = {"code": str(code), "label": str(given["label"])}
        row["state"] = state_of(given["state"], "not_available")
        figures = {name: number(given[name], f"{code}/{name}") for name in (*X, *Y)}
        if row["state"] == "reported" and None not in (figures["density"], figures["complexity"]):
            points.append(row | figures)
        else:
            apart.append(row)
    points.sort(key=lambda row: (-row["density"], -row["complexity"], row["code"]))
    return points, apart


def _field(
    points: Sequence[dict[str, Any]],
    top: float,
    floor: float,
    words: OpportunityWords,
    format_x: Callable[[float], str],
    format_y: Callable[[float], str],
    named: int,
) -> list[str]:
    from statistics import median

    across = [row[name] for row in points for name in X if row[name] is not None]
    along = [row[name] for row in points for name in Y if row[name] is not None]
    x, y = Axis(*padded(across), LEFT, WIDTH - RIGHT), Axis(*padded(along), floor, top)
    body = [
        element(
            "rect", x=LEFT, y=top, width=WIDTH - RIGHT - LEFT, height=floor - top, fill="none", stroke=RULE
        )
    ]
    for tick in x.ticks():
        body.append(upright(x(tick), floor, floor + 4, stroke=MUTED))
        body.append(label(format_x(tick), x(tick), floor + 17, text_anchor="middle", fill=MUTED))
    for tick in y.ticks():
        body.append(element("path", d=f"M{LEFT - 4} {y(tick):.1f}H{LEFT}", stroke=MUTED))
        body.append(label(format_y(tick), LEFT - 7, y(tick) + 4, text_anchor="end", fill=MUTED))
    middle = {"stroke": MUTED, "stroke_dasharray": "4 4", "class_": "middle"}
    at_x, at_y = x(median(row["density"] for row in points)), y(median(row["complexity"] for row in points))
    body.append(upright(at_x, top, floor, **middle))
    body.append(element("path", d=f"M{LEFT} {at_y:.1f}H{WIDTH - RIGHT}", **middle))
    body.append(label(words.x, (LEFT + WIDTH - RIGHT) / 2, floor + 36, text_anchor="middle"))
    turned = f"translate(11 {(top + floor) / 2:.1f}) rotate(-90)"
    body.append(label(words.y, 0, 0, transform=turned, text_anchor="middle"))
    body += [_point(row, x, y, words, format_x, format_y) for row in reversed(points)]
    return body + _names(points[:named], points, x, y)


def _point(
    row: dict[str, Any],
    x: Axis,
    y: Axis,
    words: OpportunityWords,
    format_x: Callable[[float], str],
    format_y: Callable[[float], str],
) -> str:
    at_x, at_y = x(row["density"]), y(row["complexity"])
    said = words.said.format(label=row["label"], x=_written(row, X, format_x), y=_written(row, Y, format_y))
    parts = [element("title", text(f"{row['code']}: {said}"))]
    faint = {"stroke": "#86a9b7", "stroke_width": 1}
    if row[X[1]] is not None and row[X[2]] is not None:
        parts.append(whisker(x(row[X[1]]), x(row[X[2]]), at_y, **faint))
    if row[Y[1]] is not None and row[Y[2]] is not None:
        low, high = y(row[Y[1]]), y(row[Y[2]])
        feet = f"M{at_x - 3:.1f} {low:.1f}h6M{at_x - 3:.1f} {high:.1f}h6"
        parts.append(element("path", d=f"M{at_x:.1f} {low:.1f}V{high:.1f}{feet}", fill="none", **faint))
    parts.append(element("circle", cx=at_x, cy=at_y, r=4.4, fill=LINE, stroke=PAPER, stroke_width=1))
    figures = {"data_density": f"{row['density']:g}", "data_complexity": f"{row['complexity']:g}"}
    return element("g", "".join(parts), data_activity=row["code"], **figures)


def _written(row: dict[str, Any], names: tuple[str, str, str], write: Callable[[float], str]) -> str:
    value, low, high = (row[name] for name in names)
    shown = write(value)
    return shown if low is None or high is None else f"{shown} [{write(low)}, {write(high)}]"


def _names(named: Sequence[dict[str, Any]], points: Sequence[dict[str, Any]], x: Axis, y: Axis) -> list[str]:
    """Codes beside their points, each in the first place that covers no point and no other code."""
    taken = [(x(p["density"]) - 5, y(p["complexity"]) - 5, 10.0, 10.0) for p in points]
    body = []
    for row in named:
        at_x, at_y = x(row["density"]), y(row["complexity"])
        wide = len(row["code"]) * 7.0
        choices = [
            (at_x + 7, at_y - 13),
            (at_x + 7, at_y + 2),
            (at_x - 7 - wide, at_y - 13),
            (at_x - 7 - wide, at_y + 2),
            (at_x - wide / 2, at_y - 19),
            (at_x - wide / 2, at_y + 7),
        ]
        inside = [(a, b) for a, b in choices if a >= LEFT and a + wide <= WIDTH - RIGHT + 8]
        free = [c for c in inside if not any(_overlap((*c, wide, 12.0), box) for box in taken)]
        left, top = (free or inside or choices)[0]
        taken.append((left, top, wide, 12.0))
        halo = {"stroke": PAPER, "stroke_width": 3, "paint_order": "stroke", "font_weight": "bold"}
        body.append(label(row["code"], left, top + 10.5, class_="name", **halo))
    return body


def _overlap(one: tuple[float, float, float, float], other: tuple[float, float, float, float]) -> bool:
    return (
        one[0] < other[0] + other[2]
        and other[0] < one[0] + one[2]
        and one[1] < other[1] + other[3]
        and other[1] < one[1] + one[3]
    )
