"""Rows of the region dimension, perimeters by country, and the map of tiles."""

import pytest

from alp_pipeline.catalog.loader import load_catalog
from alp_pipeline.catalog.reference import read_reference
from alp_pipeline.geography.regions import perimeter_members, region_frame, region_rows

CATALOG = load_catalog()
COUNTRIES = ["AT", "CH", "DE", "FR", "IT", "LI", "SI"]


@pytest.mark.parametrize(
    ("perimeter", "total", "by_country"),
    [
        ("eusalp_2016plus", 43, [9, 7, 11, 5, 8, 1, 2]),
        ("eusalp_2015", 41, [9, 7, 11, 3, 8, 1, 2]),
        ("alpine_space_2014_2020", 35, [9, 7, 4, 4, 8, 1, 2]),
        ("alpine_space_2021_2027", 42, [9, 7, 11, 4, 8, 1, 2]),
        ("s3_4alpclusters_partner", 21, [2, 1, 11, 1, 4, 0, 2]),
    ],
)
def test_a_perimeter_has_its_units_in_each_country(perimeter, total, by_country):
    members = perimeter_members(CATALOG)
    mine = members[members["perimeter_id"] == perimeter]
    counts = mine["country_code"].value_counts()
    assert [int(counts.get(country, 0)) for country in COUNTRIES] == by_country
    assert len(mine) == total == sum(by_country)
    assert set(mine["nuts_level"]) == {2}


def test_the_european_union_is_its_countries_with_and_without_the_united_kingdom():
    members = perimeter_members(CATALOG).groupby("perimeter_id")["region_code"].agg(set)
    assert (len(members["eu27_2020"]), len(members["eu28"])) == (27, 28)
    assert members["eu28"] - members["eu27_2020"] == {"UK"}


def test_the_default_perimeter_is_the_macro_region_with_the_merged_french_regions():
    assert CATALOG.default_perimeter.id == "eusalp_2016plus"
    codes = {code for code, _ in CATALOG.default_perimeter.members}
    assert codes - {code for code, _ in CATALOG.perimeters["eusalp_2015"].members} == {"FRC1", "FRK1"}
    assert "FRF1" not in codes


def test_the_perimeters_agree_with_the_projects_list(realdata):
    path = realdata.parent / "domain" / "nuts2_perimeters.csv"
    if not path.is_file():
        pytest.skip(f"needs the list of perimeters ({path} is absent)")
    header, *lines = path.read_text(encoding="utf-8").splitlines()
    names = header.split(",")
    rows = [dict(zip(names, line.split(","), strict=False)) for line in lines]
    columns = {
        "eusalp_2016plus": "eusalp",
        "alpine_space_2014_2020": "alpine_space_2014_2020",
        "alpine_space_2021_2027": "alpine_space_2021_2027",
    }
    for perimeter, column in columns.items():
        listed = {row["nuts2_2024"] for row in rows if row[column] == "1"}
        assert {code for code, _ in CATALOG.perimeters[perimeter].members} == listed
    partners = {row["nuts2_2024"] for row in rows if row["s3_4alpclusters_partner"]}
    assert partners <= {code for code, _ in CATALOG.perimeters["s3_4alpclusters_partner"].members}


def test_every_code_is_one_row_with_its_code_of_today():
    rows = {row["region_code"]: row for row in region_rows()}
    assert rows["FR43"]["current_code"] == "FRC2"
    assert rows["SI01"]["current_code"] is None
    assert rows["EU28"]["nuts_level"] is None
    assert all(row["current_code"] is None or row["current_code"] in rows for row in rows.values())
    frame = region_frame()
    assert frame["region_code"].is_monotonic_increasing
    assert len(frame) == len(rows)


def test_each_macro_region_unit_and_alsace_has_a_tile_of_its_own():
    tiles = {
        row["region_code"]: (int(row["column"]), int(row["row"])) for row in read_reference("tile_grid.csv")
    }
    wanted = {code for code, _ in CATALOG.default_perimeter.members} | {"FRF1"}
    assert set(tiles) == wanted
    assert len(set(tiles.values())) == len(tiles)


def test_the_tiles_lie_as_the_countries_do():
    tiles = {
        row["region_code"]: (int(row["column"]), int(row["row"])) for row in read_reference("tile_grid.csv")
    }

    def centre(prefix):
        places = [place for code, place in tiles.items() if code.startswith(prefix)]
        return tuple(sum(axis) / len(places) for axis in zip(*places, strict=True))

    west_to_east = [centre(prefix)[0] for prefix in ("FR", "CH", "IT", "AT", "SI")]
    assert west_to_east == sorted(west_to_east)
    north_to_south = [centre(prefix)[1] for prefix in ("DE", "AT", "CH", "IT")]
    assert north_to_south == sorted(north_to_south)
    for one, other in [
        ("AT33", "ITH1"),
        ("ITH1", "ITH2"),
        ("ITC4", "CH07"),
        ("AT34", "LI00"),
        ("AT32", "AT33"),
    ]:
        distance = [abs(a - b) for a, b in zip(tiles[one], tiles[other], strict=True)]
        assert sum(distance) == 1, (one, other)
