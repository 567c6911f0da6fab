"""The file of pages: equal pages are equal bytes, and a broken reading leaves nothing."""

import zipfile
from pathlib import Path

import pytest

from alp_pipeline.sources.errors import AnswerIncomplete
from alp_pipeline.sources.pages import PageFile, TableMoved, start_over_once

PAGES = (b'[{"comune": "Cant\xc3\xb9"}]', b"[]", b'[{"comune": "Sal\xc3\xb2"}]')


def _written(path: Path) -> bytes:
    with PageFile(path) as pages:
        for page in PAGES:
            pages.add(page, "json")
    return path.read_bytes()


def _broken_off(path: Path) -> None:
    with PageFile(path) as pages:
        pages.add(b"{}", "json")
        raise KeyError


def test_equal_pages_give_equal_bytes(tmp_path: Path) -> None:
    assert _written(tmp_path / "one.zip") == _written(tmp_path / "other.zip")
    with zipfile.ZipFile(tmp_path / "one.zip") as archive:
        assert {member.date_time for member in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}


def test_pages_are_kept_as_received_in_the_order_of_their_coming(tmp_path: Path) -> None:
    _written(tmp_path / "pages.zip")
    with zipfile.ZipFile(tmp_path / "pages.zip") as archive:
        assert archive.namelist() == ["0001.json", "0002.json", "0003.json"]
        assert tuple(archive.read(name) for name in archive.namelist()) == PAGES
        assert {member.compress_type for member in archive.infolist()} == {zipfile.ZIP_STORED}


def test_a_reading_that_breaks_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(KeyError):
        _broken_off(tmp_path / "pages.zip")
    assert list(tmp_path.iterdir()) == []


def test_a_reading_that_breaks_leaves_the_former_file(tmp_path: Path) -> None:
    former = _written(tmp_path / "pages.zip")
    with pytest.raises(KeyError):
        _broken_off(tmp_path / "pages.zip")
    assert (tmp_path / "pages.zip").read_bytes() == former
    assert [path.name for path in tmp_path.iterdir()] == ["pages.zip"]


def test_a_table_that_moves_is_read_once_more_and_not_again() -> None:
    readings = []

    def moving() -> int:
        readings.append(len(readings))
        raise TableMoved("it moved", where="x", todo="Again.")

    with pytest.raises(AnswerIncomplete):
        start_over_once(moving)
    assert readings == [0, 1]
    assert start_over_once(lambda: 7) == 7
