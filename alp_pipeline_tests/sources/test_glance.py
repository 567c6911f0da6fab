"""A first look at a downloaded table: what its heading, codes and newest period are."""

import zipfile
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter

from alp_pipeline.catalog.access import Layout
from alp_pipeline.sources.errors import StructureChanged
from alp_pipeline.sources.family import Description
from alp_pipeline.sources.glance import MOST_CODES, describe_table

LONG: dict[str, Any] = {"columns": {"région": "geo"}, "time": "année", "value": "effectifs"}


def _described(path: Path, kind: Any, **layout: Any) -> Description:
    return describe_table(path, file_format=kind, layout=Layout(**layout), where="insee.x")


def test_encoding_delimiter_and_heading_row_are_the_layouts(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(
        "Effectifs salariés\r\n\r\nrégion;année;effectifs\r\nÎle;2020;1\r\n\r\n".encode("cp1252")
    )
    found = _described(path, "csv", **LONG, delimiter=";", encoding="cp1252", heading_row=3)
    assert found == Description({"région": ("Île",), "année": (), "effectifs": ()}, "2020", 1)


def test_a_byte_order_mark_is_no_part_of_a_heading(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("\ufeffrégion,année,effectifs\nÎle,2020,1\n", encoding="utf-8")
    assert list(_described(path, "csv", **LONG).columns) == ["région", "année", "effectifs"]


def test_the_newest_period_is_that_of_the_calendar_not_of_the_alphabet(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("région,année,effectifs\nA,31.12.2019,1\nA,01.01.2021,2\nA,totale,3\n", encoding="utf-8")
    assert _described(path, "csv", **LONG, period="%d.%m.%Y").latest_period == "01.01.2021"


def test_a_column_of_very_many_values_holds_no_codes(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    rows = "".join(f"R{number},2020,1\n" for number in range(MOST_CODES + 1))
    path.write_text(f"région,année,effectifs\n{rows}", encoding="utf-8")
    found = _described(path, "csv", **LONG)
    assert (found.columns["région"], found.rows) == ((), MOST_CODES + 1)


def test_a_file_without_a_heading_is_named(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("région,année\n", encoding="utf-8")
    with pytest.raises(StructureChanged, match="a heading in line 5"):
        _described(path, "csv", **LONG, heading_row=5)


def test_the_member_of_an_archive_is_the_layouts_or_the_only_one(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("données.csv", "région,année,effectifs\nA,2020,1\n")
    assert _described(path, "zip", **LONG).rows == 1
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("lisez-moi.csv", "rien\n")
    assert _described(path, "zip", **LONG, member="données.csv").rows == 1
    with pytest.raises(StructureChanged, match=r"it has données\.csv, lisez-moi\.csv"):
        _described(path, "zip", **LONG)


def test_a_sheet_that_is_not_there_is_named(tmp_path: Path) -> None:
    with xlsxwriter.Workbook(tmp_path / "a.xlsx") as workbook:
        workbook.add_worksheet("Données").write_row(0, 0, ["région", "2019", 2020.0])
    wide = {"columns": {"région": "geo"}}
    found = _described(tmp_path / "a.xlsx", "xlsx", **wide)
    assert (list(found.columns), found.latest_period) == (["région", "2019", "2020"], "2020")
    with pytest.raises(StructureChanged, match="the sheet Feuille; it has Données"):
        _described(tmp_path / "a.xlsx", "xlsx", **wide, sheet="Feuille")
