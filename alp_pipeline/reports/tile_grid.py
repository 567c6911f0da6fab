"""A map in which every unit is a tile of the same size: no geometry of anyone's, no small unit unseen.

Belongs here: the grid's places, drawing a map on it. Does not: what is mapped, classes' wording.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from alp_pipeline.catalog.reference import read_reference
from alp_pipeline.errors import AlpError
from alp_pipeline.reports.model import Cell
from alp_pipeline.reports.svg import (
    INK,
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

TILE = 50.0
GAP = 4.0
QUOTIENT_CLASSES = (0.5, 1.0, 1.5, 2.0)
"""Lower bounds of the second to the last class of location quotients."""


class TileGridUnusable(AlpError):
    """The table of tiles cannot be read, or puts two units on one place."""


ABSENT = Cell(None, "not_available")
"""What is said of a unit that the release has no row for."""


@dataclass(frozen=True)
class Tile:
    """The place of a unit, counted from the upper left."""

    region_code: str
    column: int
    row: int
    short_label: str


@dataclass(frozen=True)
class TileValue:
    """What a tile shows: the cell, its number as written, and a sentence for whoever points at it."""

    cell: Cell
    written: str
    said: str
    is_ranked: bool = True


def read_tiles() -> dict[str, Tile]:
    """The project's grid, by region code.

    Raises:
        TileGridUnusable: a column is absent, a place is no number, or two units share one.
    """
    tiles: dict[str, Tile] = {}
    places: dict[tuple[int, int], str] = {}
    for row in read_reference("tile_grid.csv"):
        try:
            tile = Tile(row["region_code"], int(row["column"]), int(row["row"]), row["short_label"])
        except (KeyError, ValueError) as error:
            raise TileGridUnusable(
                f"a row cannot be read: {error!r}",
                where="tile_grid.csv",
                todo="Give region_code, column, row (whole numbers) and short_label in each row.",
            ) from error
        taken = places.setdefault((tile.column, tile.row), tile.region_code)
        if taken != tile.region_code:
            raise TileGridUnusable(
                f"{taken} and {tile.region_code} share column {tile.column}, row {tile.row}",
                where="tile_grid.csv",
                todo="Give every unit a place of its own.",
            )
        tiles[tile.region_code] = tile
    return tiles


def placed(codes: Sequence[str], tiles: Mapping[str, Tile]) -> list[Tile]:
    """Tiles of the given units; those without a place stand in rows of ten below the map.

    >>> grid = {"A": Tile("A", 2, 1, "A"), "B": Tile("B", 3, 1, "B")}
    >>> [(t.region_code, t.column, t.row) for t in placed(["A", "C"], grid)]
    [('A', 0, 0), ('C', 0, 2)]
    """
    known = [tiles[code] for code in codes if code in tiles]
    left = min((tile.column for tile in known), default=0)
    top = min((tile.row for tile in known), default=0)
    moved = [Tile(t.region_code, t.column - left, t.row - top, t.short_label) for t in known]
    below = max((tile.row for tile in moved), default=-2) + 2
    strangers = [code for code in codes if code not in tiles]
    added = [Tile(code, i % 10, below + i // 10, code) for i, code in enumerate(strangers)]
    return moved + added


def quotient_class(value: float) -> int:
    """The class of a location quotient, 0 the lowest.

    >>> [quotient_class(v) for v in (0.0, 0.5, 1.99, 2.0, 9.0)]
    [0, 1, 3, 4, 4]
    """
    return sum(value >= bound for bound in QUOTIENT_CLASSES)


def tile_map(
    tiles: Sequence[Tile],
    values: Mapping[str, TileValue],
    own: str,
    *,
    ident: str,
    title: str,
    description: str,
    classes: Mapping[str, int],
) -> str:
    """The map: a reported value by shade and number, a state by pattern and code, the own tile outlined.

    Args:
        tiles: as `placed` gives them.
        values: region code → value; every tile needs one.
        classes: region code → class of the palette, for reported values.
    """
    width = (max((t.column for t in tiles), default=0) + 1) * (TILE + GAP) + GAP
    height = (max((t.row for t in tiles), default=0) + 1) * (TILE + GAP) + GAP
    # The own tile comes last so that no neighbour lies over its outline.
    ordered = sorted(tiles, key=lambda t: (t.region_code == own, t.row, t.column))
    body = [state_patterns(ident)]
    body += [_tile(t, values[t.region_code], classes.get(t.region_code), own, ident) for t in ordered]
    return picture(ident, width, height, title, description, body, "tile-map")


def _tile(tile: Tile, value: TileValue, class_: int | None, own: str, ident: str) -> str:
    x, y = GAP + tile.column * (TILE + GAP), GAP + tile.row * (TILE + GAP)
    is_own = tile.region_code == own
    reported = value.cell.is_reported and class_ is not None
    fill = SEQUENTIAL[class_] if reported and class_ is not None else state_fill(ident, value.cell.state)
    ink = text_on(fill) if reported else INK
    halo = {} if reported else {"stroke": PAPER, "stroke_width": 3, "paint_order": "stroke"}
    outline = {"stroke": OWN, "stroke_width": 4} if is_own else {"stroke": RULE, "stroke_width": 1}
    middle = {"text_anchor": "middle", "fill": ink, **halo}
    written = value.written if reported else STATE_CODES[value.cell.state]
    small = min(12.0, 12.0 * 6.4 / max(len(tile.short_label), 1))
    parts = [
        element("title", text(value.said)),
        element("rect", x=x, y=y, width=TILE, height=TILE, rx=4, fill=fill, **outline),
        label(tile.short_label, x + TILE / 2, y + 19, font_size=small, class_="short", **middle),
        # Where the map is drawn small the page shows the code instead, and larger.
        label(tile.region_code, x + TILE / 2, y + 20, font_size=15, class_="code", display="none", **middle),
        label(
            written,
            x + TILE / 2,
            y + 38,
            font_size=15,
            class_="figure",
            font_weight="bold" if value.is_ranked or not reported else None,
            font_style=None if value.is_ranked or not reported else "italic",
            **middle,
        ),
    ]
    return element("g", "".join(parts), data_region=tile.region_code, data_state=value.cell.state)
