"""One unit against the others, element by element.

Belongs here: the strips with range, quartiles and median, the own mark. Does not: normalising (benchmark).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from alp_pipeline.reports.plots.geometry import (
    BAND,
    Axis,
    diamond,
    key_line,
    padded,
    shortened,
    upright,
)
from alp_pipeline.reports.plots.inputs import labels_once, number, state_of
from alp_pipeline.reports.svg import (
    MUTED,
    RULE,
    STATE_CODES,
    element,
    label,
    on_pattern,
    picture,
    state_fill,
    state_patterns,
    text,
)

if TYPE_CHECKING:
    import pandas as pd

WIDTH, ROW, HEAD = 390.0, 38.0, 26.0


@dataclass(frozen=True)
class ProfileWords:
    """The picture's words.

    Attributes:
        own: the unit's name.
        quartiles, median, range: what the marks are.
        said: what is said of an element, with {label}, {value}, {low}, {median}, {high}, {count}.
        states: state → its word.
        empty: said of an element that no unit has.
    """

    own: str
    quartiles: str
    median: str
    range: str
    said: str
    states: Mapping[str, str]
    empty: str


@dataclass(frozen=True)
class _Strip:
    label: str
    value: float | None
    state: str
    others: Sequence[float]


def profile(
    values: "pd.DataFrame",
    own: str,
    *,
    ident: str,
    title: str,
    description: str,
    words: ProfileWords,
    labels: Mapping[str, str],
    format_value: Callable[[float], str],
    states: "pd.DataFrame | None" = None,
    groups: Mapping[str, str] | None = None,
) -> str:
    """A strip per element: the range, the quartiles and the median of all units, and the own unit on it.

    Quartiles are by linear interpolation over the units that have a number, the own one included. All strips
    share one axis: give elements in one unit of measure, e.g. normalised scores.

    Args:
        values: units × elements, NaN = no number; strips stand in the order of the columns.
        own: a unit; it may have no number, or be absent.
        labels: element → its name.
        states: same shape, why a number is absent; `not_available` where nothing is said.
        groups: element → heading that stands before its first element.

    Returns: the SVG; the same for any order of the units.

    Raises:
        PlotInputError: a label twice, an infinite number.

    >>> import pandas as pd
    >>> scores = pd.DataFrame({"work": [10.0, 20.0, 60.0]}, index=["AT33", "ITC4", "ITH3"])
    >>> words = ProfileWords("Tirol", "quartiles", "median", "range",
    ...     "{label}: {value}; median {median} of {count}", {}, "no unit has a value")
    >>> svg = profile(scores, "AT33", ident="p", title="Profile", description="", words=words,
    ...     labels={"work": "Work"}, format_value="{:.0f}".format)
    >>> "Work: 10; median 20 of 3" in svg
    True
    """
    labels_once(values.index, "profile")
    labels_once(values.columns, "profile")
    strips = {str(name): _strip(values, states, str(name), own, labels) for name in values.columns}
    every = [value for strip in strips.values() for value in strip.others]
    axis = Axis(*padded(every, 0.02), 6.0, WIDTH - 6)
    key = [("diamond", words.own), ("bar", words.quartiles), ("median", words.median), ("thin", words.range)]
    body, height = key_line([(mark, said) for mark, said in key if said], WIDTH, 8.0)
    body.insert(0, state_patterns(ident))
    y, heading = height + 10, ""
    for name, strip in strips.items():
        group = (groups or {}).get(name, "")
        if group and group != heading:
            body.append(label(shortened(group, WIDTH, 12), 0, y + 16, font_weight="bold", font_size=12))
            y, heading = y + HEAD, group
        body.append(_drawn(name, strip, axis, y, words, format_value, ident))
        y += ROW
    if every:
        for tick in axis.ticks():
            words_at = min(max(axis(tick), 10), WIDTH - 12)
            body.append(label(format_value(tick), words_at, y + 12, text_anchor="middle", fill=MUTED))
            body.append(upright(axis(tick), y - 2, y + 2, stroke=MUTED))
        y += 16
    return picture(ident, WIDTH, y + 4, title, description, body, "plot profile")


def _strip(
    values: "pd.DataFrame",
    states: "pd.DataFrame | None",
    name: str,
    own: str,
    labels: Mapping[str, str],
) -> _Strip:
    found: dict[str, float] = {}
    given = {str(code): value for code, value in values[name].items()}
    said = {} if states is None else {str(code): value for code, value in states[name].items()}
    for code, one in given.items():
        value = number(one, f"{code}/{name}")
        # What is not reported has no number here, whatever stands beside its state.
        if value is not None and state_of(said.get(code), "reported") == "reported":
            found[code] = value
    own_state = state_of(said.get(own), "not_available")
    if own not in found and own_state == "reported":
        own_state = "not_available"
    return _Strip(labels.get(name, name), found.get(own), own_state, sorted(found.values()))


def quartiles(values: Sequence[float]) -> tuple[float, float, float]:
    """Lower quartile, median, upper quartile by linear interpolation.

    >>> quartiles([1.0, 2.0, 3.0, 4.0]), quartiles([7.0])
    ((1.75, 2.5, 3.25), (7.0, 7.0, 7.0))
    """

    def at(share: float) -> float:
        place = share * (len(ordered) - 1)
        below = int(place)
        above = min(below + 1, len(ordered) - 1)
        return ordered[below] + (place - below) * (ordered[above] - ordered[below])

    ordered = sorted(values)
    return at(0.25), at(0.5), at(0.75)


def _drawn(
    name: str,
    strip: _Strip,
    axis: Axis,
    y: float,
    words: ProfileWords,
    format_value: Callable[[float], str],
    ident: str,
) -> str:
    line = y + 25
    shown = (
        format_value(strip.value) if strip.value is not None else words.states.get(strip.state, strip.state)
    )
    parts = [label(shortened(strip.label, WIDTH - 90, 11.5), 0, y + 13, font_size=11.5)]
    if strip.value is None:
        box = {"x": WIDTH - 24, "y": y + 1, "width": 24, "height": 15}
        parts.append(element("rect", fill=state_fill(ident, strip.state), stroke=RULE, **box))
        parts.append(on_pattern(STATE_CODES.get(strip.state, "?"), WIDTH - 12, y + 13, 12))
        parts.append(label(shown, WIDTH - 29, y + 13, text_anchor="end", fill=MUTED))
    else:
        strong = {"text_anchor": "end", "font_weight": "bold", "font_size": 12}
        parts.append(label(shown, WIDTH, y + 13, **strong))
    if strip.others:
        lower, middle, upper = quartiles(strip.others)
        low, high = strip.others[0], strip.others[-1]
        said = words.said.format(
            label=strip.label,
            value=shown,
            low=format_value(low),
            median=format_value(middle),
            high=format_value(high),
            count=len(strip.others),
        )
        span = f"M{axis(low):.1f} {line:.1f}H{axis(high):.1f}"
        box = {"x": axis(lower), "width": max(axis(upper) - axis(lower), 1.0), "y": line - 5, "height": 10}
        parts += [
            element("path", d=span, stroke=MUTED, stroke_width=1),
            element("rect", rx=2, fill=BAND, class_="quartiles", **box),
            upright(axis(middle), line - 7, line + 7, stroke_width=2.2, class_="median"),
        ]
    else:
        said = f"{strip.label}: {words.empty}"
        parts.append(label(words.empty, 0, line + 4, fill=MUTED))
    if strip.value is not None:
        parts.append(diamond(axis(strip.value), line, 8.5, stroke_width=1.6, class_="own"))
    state = None if strip.value is not None else strip.state
    return element(
        "g", element("title", text(said)) + "".join(parts), data_element=name, data_state=state or "reported"
    )
