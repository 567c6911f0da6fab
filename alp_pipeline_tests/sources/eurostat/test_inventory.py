"""The inventory is read by the names of its columns; what it lacks is gone only when it is whole."""

import gzip

import pytest

from alp_pipeline.sources.errors import (
    AnswerIncomplete,
    AnswerTruncated,
    NotData,
    QueryRefused,
    SourceError,
    StructureChanged,
)
from alp_pipeline.sources.eurostat.inventory import Inventory, Row, read_inventory, refuse_implausible
from alp_pipeline_tests.servers import eurostat_messages as messages

COLUMNS = (
    "Code", "Type", "Source dataset", "Last data change", "Last structural change", "Data download url (tsv)",
    "Data download url (csv)", "Data download url (sdmx)", "Data structure download url",
    "Open in Data Browser url",
)  # fmt: skip
GDP = (
    "NAMA_10R_3GDP", "DATASET", "-", "2026-05-13T11:00:00+0200", "2026-03-24T11:00:00+0100",
    "https://e/tsv", "https://e/csv", "https://e/sdmx", "https://e/structure", "https://e/browse",
)  # fmt: skip


def inventory(*rows: tuple[str, ...], columns: tuple[str, ...] = COLUMNS, end: str = "\n") -> bytes:
    return ("\n".join("\t".join(line) for line in (columns, *rows)) + end).encode()


def changed(text: str) -> str | None:
    row = (*GDP[:3], text, *GDP[4:])
    return read_inventory(inventory(row), where="e").rows["nama_10r_3gdp"].data_change


def test_a_row_gives_times_in_utc_and_both_addresses() -> None:
    assert read_inventory(inventory(GDP), where="e").rows == {
        "nama_10r_3gdp": Row(
            "NAMA_10R_3GDP",
            "2026-05-13T09:00:00Z",
            "2026-03-24T10:00:00Z",
            "https://e/tsv",
            "https://e/structure",
        )
    }


def test_columns_count_by_name_in_any_order_with_new_ones_between() -> None:
    columns = ("Comment", *reversed(COLUMNS))
    found = read_inventory(inventory(("?", *reversed(GDP)), columns=columns), where="e")
    assert found.rows == read_inventory(inventory(GDP), where="e").rows


@pytest.mark.parametrize(
    ("text", "utc"),
    [
        ("2026-05-13T11:00:00+0200", "2026-05-13T09:00:00Z"),
        ("2026-05-13T11:00:00+02:00", "2026-05-13T09:00:00Z"),
        ("2026-05-13T11:00:00.123+02:00", "2026-05-13T09:00:00Z"),
        ("2026-05-13T09:00:00Z", "2026-05-13T09:00:00Z"),
        ("2026-05-13T11:00:00", None),
        ("2026-05-13", None),
        ("13/05/2026 11:00:00", None),
        ("-", None),
        ("", None),
    ],
)
def test_only_a_time_with_an_offset_is_a_time(text: str, utc: str | None) -> None:
    assert changed(text) == utc


def test_extracts_are_left_out() -> None:
    extract = ("NAMA_10R_3GDP$DV_343", "EXTRACTION", "NAMA_10R_3GDP", *GDP[3:])
    unmarked = ("BD_9AC", "EXTRACTION", "X", *GDP[3:])
    assert set(read_inventory(inventory(extract, GDP, unmarked), where="e").rows) == {"nama_10r_3gdp"}


def test_a_code_that_stands_there_twice_counts_with_its_newest_time() -> None:
    newer = (*GDP[:3], "2026-06-01T11:00:00+0200", GDP[4], "https://e/newer", *GDP[6:])
    for rows in ((GDP, newer), (newer, GDP)):
        row = read_inventory(inventory(*rows), where="e").rows["nama_10r_3gdp"]
        assert (row.data_change, row.tsv_url) == ("2026-06-01T09:00:00Z", "https://e/newer")


def test_a_code_that_stands_there_twice_with_one_unreadable_time_has_none() -> None:
    unreadable = (*GDP[:3], "soon", *GDP[4:])
    for rows in ((GDP, unreadable), (unreadable, GDP)):
        assert read_inventory(inventory(*rows), where="e").rows["nama_10r_3gdp"].data_change is None


def test_a_row_without_its_last_columns_has_no_addresses() -> None:
    row = read_inventory(inventory(GDP[:5], GDP), where="e").rows["nama_10r_3gdp"]
    short = read_inventory(inventory(("X_1", *GDP[1:5]), GDP), where="e").rows["x_1"]
    assert (row.data_change, row.tsv_url) == ("2026-05-13T09:00:00Z", "https://e/tsv")
    assert (short.data_change, short.tsv_url, short.structure_url) == ("2026-05-13T09:00:00Z", None, None)


@pytest.mark.parametrize("column", ["Code", "Last data change", "Last structural change"])
def test_a_missing_column_is_named(column: str) -> None:
    with pytest.raises(StructureChanged, match=column.lower()):
        read_inventory(inventory(columns=tuple(c for c in COLUMNS if c != column)), where="e")


@pytest.mark.parametrize(
    ("content", "error"),
    [
        (messages.MAINTENANCE_PAGE, NotData),
        (b"", NotData),
        (messages.json_error(404, "ERR"), QueryRefused),
        (gzip.compress(inventory(GDP)), SourceError),
        (inventory(GDP)[:-60], AnswerTruncated),
        ("Code\tLast data change\nX\u00e9".encode("latin-1"), NotData),
    ],
)
def test_what_is_no_whole_inventory_is_refused(content: bytes, error: type[Exception]) -> None:
    with pytest.raises(error):
        read_inventory(content, where="e")


def listed(count: int, *, is_ended: bool = True) -> Inventory:
    return Inventory({f"x_{n}": Row(f"X_{n}", None, None) for n in range(count)}, is_ended)


def test_a_dataset_that_a_whole_inventory_lacks_may_be_called_gone() -> None:
    refuse_implausible(listed(20), ["x_1", "x_2", "gone"], where="e")
    refuse_implausible(listed(20), ["gone"], where="e")
    refuse_implausible(listed(0), [], where="e")


@pytest.mark.parametrize(
    ("rows", "asked"), [(0, ["a"]), (9, ["a"]), (8000, ["a", "b"]), (1, ["x_0", *map(str, range(20))])]
)
def test_an_inventory_with_hardly_anything_of_ours_declares_nothing_gone(rows: int, asked: list[str]) -> None:
    with pytest.raises(AnswerIncomplete, match="cannot be whole"):
        refuse_implausible(listed(rows), asked, where="e")


def test_an_inventory_whose_last_line_has_no_end_declares_nothing_gone() -> None:
    cut = read_inventory(inventory(GDP, end=""), where="e")
    refuse_implausible(cut, ["nama_10r_3gdp"], where="e")
    with pytest.raises(AnswerTruncated):
        refuse_implausible(cut, ["nama_10r_3gdp", "zzz"], where="e")
