"""Charts as SVG text, pure functions of their data: a line with gaps, stacked bars, a dot strip, stars.

Belongs here: geometry. Does not: the tile-grid map (tile_grid), wording and number formats (the caller
passes finished labels), which data are shown.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from alp_pipeline.reports.model import REPORTED, Cell
from alp_pipeline.reports.svg import (
    INK,
    LINE,
    MUTED,
    OWN,
    PAPER,
    RULE,
    STATE_CODES,
    STATES,
    element,
    label,
    on_pattern,
    picture,
    state_fill,
    state_patterns,
    text,
)

Format = Callable[[float], str]


def nice_ticks(highest: float, about: int = 3) -> tuple[float, ...]:
    """Round numbers from zero to at least `highest`.

    >>> nice_ticks(41_250)
    (0.0, 20000.0, 40000.0, 60000.0)
    >>> nice_ticks(0)
    (0.0, 1.0)
    """
    if highest <= 0:
        return (0.0, 1.0)
    magnitude = 10.0 ** math.floor(math.log10(highest / about))
    step = next(m * magnitude for m in (1, 2, 2.5, 5, 10) if m * magnitude * about >= highest * 0.8)
    return tuple(step * i for i in range(math.ceil(round(highest / step, 9)) + 1))


def line_chart(cells: Mapping[int, Cell], *, ident: str, title: str, description: str, number: Format) -> str:
    """A line over years, from zero.

    Reported years are joined only with reported neighbours, and never into a year flagged `b`: a dashed
    upright marks the break. A year without a number shows its state's pattern and code instead.

    Args:
        cells: year → cell.
        number: writes a value.
    """
    width, height, left, right, top, bottom = 344.0, 190.0, 50.0, 14.0, 22.0, 24.0
    years = sorted(cells)
    values = {year: cell.value for year in years if (cell := cells[year]).value is not None}
    # Room above the highest point for its number.
    ticks = nice_ticks(1.08 * max(values.values(), default=0))
    step = (width - left - right) / max(len(years), 1)
    floor = height - bottom

    def x(year: int) -> float:
        return left + (years.index(year) + 0.5) * step

    def y(value: float) -> float:
        return floor - value / ticks[-1] * (floor - top)

    body = [state_patterns(ident)]
    for tick in ticks:
        body.append(element("path", d=f"M{left} {y(tick):.1f}H{width - right}", stroke=RULE, stroke_width=1))
        body.append(label(number(tick), left - 6, y(tick) + 4, text_anchor="end", fill=MUTED))
    for year in years:
        cell = cells[year]
        if len(years) <= 9 or (years[-1] - year) % 2 == 0:
            body.append(label(str(year), x(year), height - 7, text_anchor="middle", fill=MUTED))
        if not cell.is_reported:
            band = {"x": x(year) - step * 0.36, "y": top, "width": step * 0.72, "height": floor - top}
            body.append(element("rect", fill=state_fill(ident, cell.state), data_state=cell.state, **band))
            body.append(on_pattern(STATE_CODES[cell.state], x(year), (top + floor) / 2 + 5, 15))
        if "b" in cell.flags:
            at = x(year) - step / 2
            body.append(element("path", d=f"M{at:.1f} {top - 4}V{floor}", stroke=INK, stroke_dasharray="3 3"))
            body.append(label("b", at, top - 8, text_anchor="middle", font_weight="bold"))
    for run in runs(cells):
        if len(run) > 1:
            path = " ".join(
                f"{'M' if i == 0 else 'L'}{x(t):.1f} {y(values[t]):.1f}" for i, t in enumerate(run)
            )
            body.append(element("path", d=path, class_="run", fill="none", stroke=LINE, stroke_width=2.4))
    for year, value in values.items():
        ends = year in (min(values), max(values))
        body.append(
            element("circle", cx=x(year), cy=y(value), r=3.6 if ends else 2.6, fill=LINE, stroke=PAPER)
        )
        if ends:
            body.append(on_pattern(number(value), x(year), y(value) - 8, 11.5))
    return picture(ident, width, height, title, description, body, "line-chart")


def runs(cells: Mapping[int, Cell]) -> list[list[int]]:
    """The stretches of years that a line may join: a gap ends one, so does a break in series.

    >>> runs({2010: Cell(1, "reported"), 2011: Cell(2, "reported"), 2012: Cell(None, "confidential"),
    ...       2013: Cell(3, "reported"), 2014: Cell(4, "reported", "b")})
    [[2010, 2011], [2013], [2014]]
    """
    found: list[list[int]] = []
    for year in sorted(cells):
        if not cells[year].is_reported:
            continue
        joined = found and found[-1][-1] == year - 1 and "b" not in cells[year].flags
        if joined:
            found[-1].append(year)
        else:
            found.append([year])
    return found


@dataclass(frozen=True)
class Bar:
    """A stacked bar: its label and how many cells stand in each state."""

    label: str
    counts: Mapping[str, int]


def state_bars(bars: Sequence[Bar], *, ident: str, title: str, description: str, total_label: str) -> str:
    """One bar per year, its length the number of cells, its parts the states, each with its count."""
    width, left, right, row = 520.0, 46.0, 40.0, 30.0
    longest = max((sum(bar.counts.values()) for bar in bars), default=0) or 1
    scale = (width - left - right) / longest
    body = [state_patterns(ident), label(total_label, width - right + 6, 12, fill=MUTED)]
    for i, bar in enumerate(bars):
        y, x = 20 + i * row, left
        body.append(label(bar.label, left - 8, y + 16, font_size=12.5, text_anchor="end"))
        # Narrow parts have their counts written in the table below the chart.
        for state in (REPORTED, *STATES):
            count = bar.counts.get(state, 0)
            if not count:
                continue
            part = count * scale
            fill = LINE if state == REPORTED else state_fill(ident, state)
            outline = {"stroke": INK, "stroke_width": 0.6, "data_state": state, "data_count": count}
            body.append(element("rect", x=x, y=y, width=part, height=22, fill=fill, **outline))
            if part >= 9 * len(str(count)) + 4:
                middle = x + part / 2
                if state == REPORTED:
                    shown = {"text_anchor": "middle", "fill": PAPER, "font_weight": "bold"}
                    body.append(label(str(count), middle, y + 16, font_size=12.5, **shown))
                else:
                    body.append(on_pattern(str(count), middle, y + 16, 12.5))
            x += part
        body.append(label(str(sum(bar.counts.values())), width - right + 6, y + 16, font_size=12.5))
    return picture(ident, width, 24 + len(bars) * row, title, description, body, "state-bars")


def dot_strip(
    values: Mapping[str, float],
    own: str,
    *,
    ident: str,
    title: str,
    description: str,
    names: Mapping[str, str],
) -> str:
    """Every unit as a dot on one axis from the lowest to the highest value; the own one as a diamond.

    Args:
        values: region code → value, one period.
        own: the report's region; it may have no value.
        names: region code → what is said of its dot.
    """
    width, height, margin, radius = 360.0, 46.0, 12.0, 4.2
    body = [element("path", d=f"M{margin} 23H{width - margin}", stroke=RULE, stroke_width=1)]
    low, high = min(values.values(), default=0.0), max(values.values(), default=0.0)
    span = (high - low) or 1.0
    places = {code: margin + (value - low) / span * (width - 2 * margin) for code, value in values.items()}
    # Dots that would touch move to the next lane; the middle one is kept free around the diamond.
    lanes: dict[int, float] = {}
    drawn: list[tuple[str, float, float]] = []
    for code, x in sorted(places.items(), key=lambda item: (item[1], item[0])):
        beside_own = code != own and abs(x - places.get(own, -99.0)) < 12
        order = (-1, 1, -2, 2, 0) if beside_own else (0, -1, 1, -2, 2)
        free = (lane for lane in order if x - lanes.get(lane, -99.0) >= 2 * radius)
        lane = 0 if code == own else next(free, 0)
        lanes[lane] = x
        drawn.append((code, x, 23 + lane * 7.4))
    if drawn:
        x = margin + (median(values.values()) - low) / span * (width - 2 * margin)
        body.append(element("path", d=f"M{x:.1f} 2V44", stroke=INK, stroke_width=1.2, stroke_dasharray="2 2"))
    for code, x, y in drawn:
        if code != own:
            said = element("title", text(names[code]))
            dot = {"fill": "#86b6c6", "stroke": "#1d4f64", "stroke_width": 0.8}
            body.append(element("circle", said, cx=x, cy=y, r=radius, **dot))
    for code, x, y in drawn:
        if code == own:
            said = element("title", text(names[code]))
            shape = f"M{x:.1f} {y - 10:.1f}l8 10l-8 10l-8 -10z"
            body.append(
                element("path", said, d=shape, fill=OWN, stroke=PAPER, stroke_width=1.6, class_="own")
            )
    return picture(ident, width, height, title, description, body, "dot-strip")


def star_row(verdicts: Sequence[tuple[str, str | None]], *, ident: str, title: str) -> str:
    """One star per criterion, in the given order: full = met, dashed with `?` = undetermined, thin = not met.

    Args:
        verdicts: (the criterion's letter, `yes` | `no` | `undetermined` | None for a criterion unused).
    """
    body = []
    used = [(letter, verdict) for letter, verdict in verdicts if verdict is not None]
    for i, (letter, verdict) in enumerate(used):
        x = 13.0 + i * 26
        path = _star(x, 13, 12.0)
        if verdict == "yes":
            body.append(element("path", d=path, fill=INK, class_="star-yes"))
        elif verdict == "undetermined":
            dashed = {"stroke_dasharray": "1.6 1.6", "stroke_width": 1.1, "class_": "star-undetermined"}
            body.append(element("path", d=path, fill=PAPER, stroke=INK, **dashed))
            body.append(on_pattern("?", x, 18, 13))
        else:
            thin = {"stroke_width": 0.9, "class_": "star-no"}
            body.append(element("path", d=path, fill="none", stroke=MUTED, **thin))
        if letter:
            body.append(label(letter, x, 37, font_size=10.5, text_anchor="middle", fill=MUTED))
    height = 40 if any(letter for letter, _ in used) else 26
    width = 26 * max(len(used), 1)
    return picture(ident, width, height, title, title, body, "stars", is_fixed=True)


def _star(x: float, y: float, radius: float) -> str:
    corners = []
    for i in range(10):
        reach = radius if i % 2 == 0 else radius * 0.42
        angle = math.pi * (i / 5 - 0.5)
        corners.append(f"{x + reach * math.cos(angle):.2f} {y + reach * math.sin(angle):.2f}")
    return f"M{'L'.join(corners)}Z"


def quotient_bar(value: float, highest: float, *, ident: str, title: str) -> str:
    """A location quotient as a bar beside its number; an upright stands at 1, the reference's own share."""
    width = 92.0
    scale = (width - 4) / max(highest, 1.0)
    body = [
        element("rect", x=0, y=4, width=value * scale, height=10, fill=LINE),
        element("path", d=f"M{scale:.1f} 0V18", stroke=INK, stroke_width=1.2),
    ]
    return picture(ident, width, 18, title, title, body, "quotient-bar", is_fixed=True)
