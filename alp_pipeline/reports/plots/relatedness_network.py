"""Activities and the strongest links between them: a maximum spanning tree and what lies above a threshold.

Belongs here: choosing links, computing places, drawing. Does not: measuring relatedness
(benchmark.complexity).

Places come from the links alone and from no random start: components are laid out by stress (Kamada and Kawai
1989) and pushed apart where nodes would overlap, so the same matrix gives the same picture.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from alp_pipeline.reports.plots.geometry import key_line
from alp_pipeline.reports.plots.inputs import PlotInputError, labels_once, number, required, state_of
from alp_pipeline.reports.svg import (
    INK,
    LINE,
    MUTED,
    OWN,
    PAPER,
    RULE,
    SEQUENTIAL,
    STATE_CODES,
    element,
    label,
    picture,
    state_fill,
    state_patterns,
    text,
    text_on,
)

if TYPE_CHECKING:
    import pandas as pd

WIDTH, SMALLEST, LARGEST, MARGIN = 400.0, 10.5, 18.0, 22.0
ROOM_PER_NODE = 1500.0
"""Square units of the picture that a node and its links want."""
PRESENT = OWN
"""What the region has; the shades are for what it lacks."""


@dataclass(frozen=True)
class NetworkWords:
    """The picture's words.

    Attributes:
        present, lowest, highest: what the colours are: an activity that is there; one that is not, by its
            opportunity from low to high.
        size: what a node's size is.
        tree, strong: what the lines are.
        said: what is said of a node, with {label}, {size}, {opportunity}.
        linked: what is said of a link, with {one}, {other}, {value}.
        unknown: said where a number is absent.
    """

    present: str
    lowest: str
    highest: str
    size: str
    tree: str
    strong: str
    said: str
    linked: str
    unknown: str


@dataclass(frozen=True)
class Link:
    """Two activities, their relatedness, and whether the tree needs it."""

    one: str
    other: str
    value: float
    is_tree: bool


def strongest_links(relatedness: "pd.DataFrame", threshold: float) -> list[Link]:
    """The maximum spanning forest of the positive links, and every link above the threshold.

    Args:
        relatedness: activities × activities, symmetric; NaN and values ≤ 0 are no link; the diagonal is
            not looked at.

    Returns: links by their two labels. Equal links are taken in the order of their labels, so that the tree
        does not depend on the order of rows.

    Raises:
        PlotInputError: not square, not symmetric, a label twice, an infinite number.

    >>> import pandas as pd
    >>> names = ["a", "b", "c"]
    >>> r = pd.DataFrame([[1, .5, .2], [.5, 1, .4], [.2, .4, 1]], index=names, columns=names)
    >>> [(k.one, k.other, k.is_tree) for k in strongest_links(r, 0.1)]
    [('a', 'b', True), ('a', 'c', False), ('b', 'c', True)]
    """
    labels_once(relatedness.index, "relatedness network")
    names = sorted(map(str, relatedness.index))
    if sorted(map(str, relatedness.columns)) != names:
        raise PlotInputError(
            "rows and columns are not the same activities",
            where="relatedness network",
            todo="Pass a square table.",
        )
    wide = relatedness.set_axis([str(c) for c in relatedness.columns], axis=1)
    wide = wide.set_axis([str(r) for r in relatedness.index], axis=0).loc[names, names]
    pairs = []
    for i, one in enumerate(names):
        for j in range(i + 1, len(names)):
            value = number(wide.iat[i, j], f"{one}/{names[j]}")
            if value != number(wide.iat[j, i], f"{names[j]}/{one}"):
                raise PlotInputError(
                    f"{one} × {names[j]} differs from {names[j]} × {one}",
                    where="relatedness network",
                    todo="Pass a symmetric table.",
                )
            if value is not None and value > 0:
                pairs.append((value, one, names[j]))
    group = {name: name for name in names}

    def root(name: str) -> str:
        while group[name] != name:
            name = group[name]
        return name

    links = []
    for value, one, other in sorted(pairs, key=lambda pair: (-pair[0], pair[1], pair[2])):
        ends = root(one), root(other)
        is_tree = ends[0] != ends[1]
        if is_tree:
            group[max(ends)] = min(ends)
        if is_tree or value > threshold:
            links.append(Link(one, other, value, is_tree))
    return sorted(links, key=lambda link: (link.one, link.other))


def relatedness_network(
    relatedness: "pd.DataFrame",
    nodes: "pd.DataFrame",
    *,
    threshold: float,
    ident: str,
    title: str,
    description: str,
    words: NetworkWords,
) -> str:
    """Activities as nodes, near one another where they are related.

    Args:
        relatedness: activities × activities, as `strongest_links` takes it.
        nodes: a row per activity (index: its code, which is written on it) with label, size (employment or
            ubiquity, ≥ 0), state (present, absent, or a cell state: hatched), opportunity (0 to 1, e.g.
            relatedness density; only of what is absent).
        threshold: a link above it is drawn beside the tree.

    Returns: the SVG; the same for any order of rows and columns.

    Raises:
        PlotInputError: as `strongest_links`; an activity without a row, a negative size.
    """
    table = required(nodes, ("label", "size", "state", "opportunity"), "relatedness network")
    links = strongest_links(relatedness, threshold)
    codes = sorted(map(str, relatedness.index))
    unknown = [code for code in codes if code not in set(map(str, table.index))]
    if unknown:
        raise PlotInputError(
            f"{unknown[0]} has no row", where="relatedness network", todo="Give every activity a row."
        )
    described: dict[str, Mapping[str, object]] = {
        str(code): {str(name): value for name, value in row.items()}
        for code, row in zip(table.index, table.to_dict("records"), strict=True)
    }
    sizes = {code: number(described[code]["size"], f"{code}/size") for code in codes}
    radii = _radii(sizes)
    key = [
        (PRESENT, words.present),
        (SEQUENTIAL[0], words.lowest),
        (SEQUENTIAL[3], words.highest),
        ("thin", words.tree if not any(not k.is_tree for k in links) else f"{words.tree}; {words.strong}"),
    ]
    body, height = key_line(key, WIDTH, 8.0)
    body.insert(0, state_patterns(ident))
    body.append(label(words.size, 0, height + 14, fill=MUTED))
    placed, bottom = _places(tuple(codes), tuple(links), tuple(sorted(radii.items())), height + 24)
    places = dict(placed)
    strongest = max((link.value for link in links), default=1.0)
    # Weak links first, so that strong ones lie above them.
    for link in sorted(links, key=lambda k: (k.value, k.one, k.other)):
        body.append(_link(link, places, strongest, words))
    for code in sorted(codes, key=lambda c: (-radii[c], c)):
        body.append(_node(code, described[code], sizes[code], radii[code], places[code], words, ident))
    return picture(ident, WIDTH, bottom, title, description, body, "plot network")


def _radii(sizes: Mapping[str, float | None]) -> dict[str, float]:
    """Areas follow sizes; what has no size is as small as the smallest."""
    for code, size in sizes.items():
        if size is not None and size < 0:
            raise PlotInputError(
                f"{code} has the size {size:g}", where="relatedness network", todo="Give ≥ 0."
            )
    largest = max((size or 0.0 for size in sizes.values()), default=0.0) or 1.0
    return {
        code: SMALLEST + (LARGEST - SMALLEST) * math.sqrt((size or 0.0) / largest)
        for code, size in sizes.items()
    }


@lru_cache(maxsize=8)
def _places(
    codes: tuple[str, ...], links: tuple[Link, ...], sizes: tuple[tuple[str, float], ...], top: float
) -> tuple[tuple[tuple[str, tuple[float, float]], ...], float]:
    """Every node's place, and the height that is needed: components one below the other, singles in rows.

    Remembered, because a report of every region draws the same network in other colours.
    """
    radii = dict(sizes)
    components = _components(codes, links)
    places: dict[str, tuple[float, float]] = {}
    y = top
    for component in components:
        if len(component) > 1:
            inside = [link for link in links if link.one in component]
            found = _spread(sorted(component), _layout(sorted(component), inside), radii)
            places |= {code: (x, y + at) for code, (x, at) in found.items()}
            y += max(at for _, at in found.values()) + MARGIN
    singles = [code for component in components if len(component) == 1 for code in component]
    per_row = int((WIDTH - MARGIN) // (2.4 * LARGEST))
    for i, code in enumerate(singles):
        column, row = i % per_row, i // per_row
        places[code] = (MARGIN + column * 2.4 * LARGEST, y + LARGEST + row * 2.4 * LARGEST)
    rows = -(-len(singles) // per_row)
    return tuple(places.items()), y + rows * 2.4 * LARGEST + (8 if singles else 0)


def _components(codes: Sequence[str], links: Sequence[Link]) -> list[set[str]]:
    """Sets of linked activities, the largest first."""
    import networkx as nx

    graph = nx.Graph()
    graph.add_nodes_from(codes)
    graph.add_edges_from((link.one, link.other) for link in links)
    return sorted(nx.connected_components(graph), key=lambda found: (-len(found), min(found)))


def _layout(codes: Sequence[str], links: Sequence[Link]) -> Mapping[str, Sequence[float]]:
    """Places by stress, in arbitrary units: what is more related is nearer."""
    import networkx as nx

    graph = nx.Graph()
    graph.add_nodes_from(codes)
    graph.add_edges_from((link.one, link.other, {"length": 1.0 / (0.2 + link.value)}) for link in links)
    places: Mapping[str, Sequence[float]] = nx.kamada_kawai_layout(graph, weight="length")
    return places


def _spread(
    codes: Sequence[str], layout: Mapping[str, Sequence[float]], radii: Mapping[str, float]
) -> dict[str, tuple[float, float]]:
    """A component's layout, as wide as the picture, nodes pushed apart until none touches another."""
    xs, ys = ([float(layout[code][axis]) for code in codes] for axis in (0, 1))
    wide, high = (max(xs) - min(xs)) or 1.0, (max(ys) - min(ys)) or 1.0
    if high > wide:
        xs, ys, wide, high = ys, xs, high, wide
    room = WIDTH - 2 * MARGIN
    tall = max(room * high / wide, len(codes) * ROOM_PER_NODE / room)
    if len(codes) == 2:
        tall = 0.0
        room = min(room, 140.0)
    at = {
        code: [MARGIN + (x - min(xs)) / wide * room, MARGIN + (y - min(ys)) / high * tall]
        for code, x, y in zip(codes, xs, ys, strict=True)
    }
    for _ in range(200):
        moved = False
        for i, one in enumerate(codes):
            for other in codes[i + 1 :]:
                moved |= _push(at[one], at[other], radii[one] + radii[other] + 5)
        for place in at.values():
            place[0] = min(max(place[0], MARGIN), WIDTH - MARGIN)
            place[1] = max(place[1], MARGIN)
        if not moved:
            break
    return {code: (round(place[0], 1), round(place[1], 1)) for code, place in at.items()}


def _push(one: list[float], other: list[float], least: float) -> bool:
    dx, dy = other[0] - one[0], other[1] - one[1]
    apart = math.hypot(dx, dy)
    if apart >= least:
        return False
    # Two nodes in one place part sidewise.
    dx, dy, apart = (dx, dy, apart) if apart > 1e-9 else (1.0, 0.0, 1.0)
    step = (least - (apart if apart > 1e-9 else 0.0)) / 2 + 0.01
    one[0], one[1] = one[0] - dx / apart * step, one[1] - dy / apart * step
    other[0], other[1] = other[0] + dx / apart * step, other[1] + dy / apart * step
    return True


def _link(
    link: Link, places: Mapping[str, tuple[float, float]], strongest: float, words: NetworkWords
) -> str:
    (x1, y1), (x2, y2) = places[link.one], places[link.other]
    said = words.linked.format(one=link.one, other=link.other, value=f"{link.value:.2f}")
    style = {"stroke": MUTED if link.is_tree else RULE, "stroke_width": 0.8 + 2.6 * link.value / strongest}
    kind = "tree" if link.is_tree else "strong"
    d = f"M{x1:.1f} {y1:.1f}L{x2:.1f} {y2:.1f}"
    return element("path", element("title", text(said)), d=d, class_=kind, **style)


def _node(
    code: str,
    row: Mapping[str, object],
    size: float | None,
    radius: float,
    place: tuple[float, float],
    words: NetworkWords,
    ident: str,
) -> str:
    state = state_of(row["state"], "not_available")
    opportunity = number(row["opportunity"], f"{code}/opportunity") if state == "absent" else None
    said = words.said.format(
        label=row["label"],
        size=words.unknown if size is None else f"{size:g}",
        opportunity=words.unknown if opportunity is None else f"{opportunity:.2f}",
    )
    if state == "present":
        fill = PRESENT
    elif opportunity is not None:
        # The darkest shade stays free: it is too near the colour of what is there.
        fill = SEQUENTIAL[min(max(int(opportunity * 4), 0), 3)]
    else:
        fill = state_fill(ident, state if state in STATE_CODES else "not_available")
    ink = text_on(fill) if fill.startswith("#") else INK
    halo = {} if fill.startswith("#") else {"stroke": PAPER, "stroke_width": 3, "paint_order": "stroke"}
    x, y = place
    # A code too long for its node shrinks, and from there on hangs over with a halo.
    font = min(11.0, max(9.0, 2 * radius / (len(code) * 0.64)))
    parts = [
        element("title", text(f"{code}: {said}")),
        element("circle", cx=x, cy=y, r=radius, fill=fill, stroke=LINE, stroke_width=1),
        label(
            code,
            x,
            y + font * 0.36,
            font_size=font,
            fill=ink,
            text_anchor="middle",
            font_weight="bold",
            **halo,
        ),
    ]
    return element("g", "".join(parts), data_activity=code, data_state=state)
