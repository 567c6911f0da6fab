"""The map has a place for every unit."""

from pathlib import Path

import pytest

from alp_pipeline.catalog import reference
from alp_pipeline.reports import tile_grid
from alp_pipeline.reports.model import Cell
from alp_pipeline.reports.svg import OWN, SEQUENTIAL
from alp_pipeline_tests.reports.reading import read_page

TILES = [tile_grid.Tile("ITC4", 0, 0, "Lombard."), tile_grid.Tile("CH07", 1, 0, "Ticino")]
VALUES = {
    "ITC4": tile_grid.TileValue(Cell(2.0, "reported"), "2.0", "Lombardia: 2.00, rank 1 of 1"),
    "CH07": tile_grid.TileValue(Cell(None, "confidential"), "", "Ticino: confidential, unranked"),
}


def draw(values: dict[str, tile_grid.TileValue]) -> str:
    return tile_grid.tile_map(
        TILES, values, "ITC4", ident="m", title="T", description="D", classes={"ITC4": 4}
    )


def test_a_value_shows_by_shade_and_number_a_state_by_pattern_and_code() -> None:
    ticino, lombardia = read_page(draw(VALUES)).all("g")
    assert ticino.one("rect").attributes["fill"] == "url(#m-confidential)"
    assert [word.text for word in ticino.all("text")] == ["Ticino", "CH07", "c"]
    assert lombardia.one("rect").attributes["fill"] == SEQUENTIAL[4]
    assert [word.text for word in lombardia.all("text")] == ["Lombard.", "ITC4", "2.0"]
    assert lombardia.one("title").text == "Lombardia: 2.00, rank 1 of 1"


def test_only_the_own_tile_is_outlined() -> None:
    ticino, lombardia = read_page(draw(VALUES)).all("g")
    assert lombardia.one("rect").attributes["stroke"] == OWN
    assert ticino.one("rect").attributes["stroke"] != OWN


def test_an_unranked_value_is_told_apart_by_its_letters() -> None:
    small = VALUES | {"ITC4": tile_grid.TileValue(Cell(2.0, "reported"), "2.0", "", is_ranked=False)}
    number = read_page(draw(small)).all("g")[1].one("text", class_="figure")
    assert number.attributes["font-style"] == "italic"


def test_a_unit_without_a_place_is_shown_below_not_dropped() -> None:
    grid = {tile.region_code: tile for tile in TILES}
    shown = tile_grid.placed(["CH07", "FRF1", "ITC4"], grid)
    assert {tile.region_code for tile in shown} == {"CH07", "FRF1", "ITC4"}
    assert next(tile for tile in shown if tile.region_code == "FRF1").row == 2
    many = tile_grid.placed([f"X{i}" for i in range(25)], {})
    assert len({(tile.column, tile.row) for tile in many}) == 25


def test_the_projects_own_grid_can_be_read() -> None:
    tiles = tile_grid.read_tiles()
    assert len({(tile.column, tile.row) for tile in tiles.values()}) == len(tiles) >= 43
    assert {"ITC4", "AT33", "CH04", "LI00"} <= set(tiles)


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ("A,1,1,A\nB,1,1,B", "A and B share column 1, row 1"),
        ("A,one,1,A", "a row cannot be read"),
    ],
)
def test_a_grid_that_cannot_be_used_is_refused(
    rows: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "tile_grid.csv").write_text(f"region_code,column,row,short_label\n{rows}\n")
    monkeypatch.setattr(reference, "reference_dir", lambda: tmp_path)
    with pytest.raises(tile_grid.TileGridUnusable, match=said):
        tile_grid.read_tiles()
