import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from alp_pipeline.observations.cells import Cells
from alp_pipeline.observations.declared_cells import DeclaredCells
from alp_pipeline.observations.schema import TableLayout

PLAIN = TableLayout()
GERMAN = TableLayout(decimal=",", thousands=".")
SIGNS = TableLayout(
    markers={
        "-": "zero",
        ".": "not_available",
        "x": "not_applicable",
        "/": "confidential",
        "…": "not_available",
    }
)


def read(layout: TableLayout, values: list[str], flags: list[str] | None = None) -> Cells:
    columns = [
        pa.array(texts, pa.string()).dictionary_encode() for texts in (values, flags) if texts is not None
    ]
    return DeclaredCells(layout).read(*columns)


def one(layout: TableLayout, value: str, flags: str | None = None) -> tuple[object, ...]:
    """Value, state, published."""
    cells = read(layout, [value], None if flags is None else [flags])
    return cells.value[0].as_py(), cells.cell_state[0].as_py(), cells.published[0].as_py()


@pytest.mark.parametrize(
    ("layout", "text", "value"),
    [
        (PLAIN, "708", 708.0),
        (PLAIN, "-1.50", -1.5),
        (PLAIN, "+3", 3.0),
        (PLAIN, "1.2E-5", 1.2e-5),
        (GERMAN, "1.234.567,5", 1234567.5),
        (GERMAN, "1234,5", 1234.5),
        (GERMAN, "-0,5", -0.5),
        (GERMAN, ",5", 0.5),
        (TableLayout(thousands=","), "12,345.6", 12345.6),
        (TableLayout(thousands=" ", decimal=","), "1\u00a0234,5", 1234.5),
        (TableLayout(thousands=" "), "1\u202f234", 1234.0),
        (TableLayout(thousands=" "), "12 345 678", 12345678.0),
        (TableLayout(thousands="'"), "1'234.5", 1234.5),
        (TableLayout(thousands="'"), "1’234", 1234.0),
    ],
)
def test_a_number_is_read_in_the_declared_form_and_shown_as_published(
    layout: TableLayout, text: str, value: float
) -> None:
    assert one(layout, text) == (value, "reported", text)


@pytest.mark.parametrize(
    ("layout", "text"),
    [
        (GERMAN, "1.5"),
        (GERMAN, "1.23.456"),
        (PLAIN, "1,5"),
        (PLAIN, "1 234"),
        (TableLayout(thousands=","), "1,23"),
        (PLAIN, "n/a"),
        (PLAIN, "-"),
        (PLAIN, "NaN"),
        (PLAIN, "1e999"),
        (PLAIN, "c"),
        (PLAIN, '{"a": 1}'),
        (PLAIN, "#N/A"),
    ],
)
def test_what_has_not_the_declared_form_is_neither_a_number_nor_lost(layout: TableLayout, text: str) -> None:
    assert one(layout, text) == (None, None, text)


def test_signs_say_what_the_layout_declares_and_stay_as_published() -> None:
    cells = read(SIGNS, ["-", ".", "x", "/", "…", "0", "", ":", "-1"])
    assert cells.value.to_pylist() == [0.0, None, None, None, None, 0.0, None, None, -1.0]
    assert cells.cell_state.to_pylist() == [
        *("reported", "not_available", "not_applicable", "confidential", "not_available"),
        *("reported", "not_available", "not_available", "reported"),
    ]
    assert cells.published.to_pylist() == ["-", ".", "x", "/", "…", "0", "", ":", "-1"]
    assert cells.conf_status.to_pylist()[3] == "C"


def test_flags_come_from_the_cell_or_from_their_own_column() -> None:
    cells = read(SIGNS, ["35 p", "35", "-", "", ".", "35 b"], ["", "p", "e", "u", "", "e"])
    assert cells.obs_status.to_pylist() == ["p", "p", "e", "u", "", "be"]
    assert cells.value.to_pylist() == [35.0, 35.0, 0.0, None, None, 35.0]
    assert cells.published.to_pylist() == ["35 p", "35 p", "- e", ": u", ".", "35 b e"]


@pytest.mark.parametrize(
    ("layout", "value", "flags"),
    [
        (PLAIN, "35", "c"),
        (PLAIN, "35 c", None),
        (GERMAN, "1.234,5", "c"),
        (GERMAN, "1.234,5 c", None),
        (GERMAN, "35 @C", None),
        (GERMAN, "12.34 c", None),
        (GERMAN, "12.34", "c"),
        (PLAIN, "1 234", "c"),
        (PLAIN, "1 234 @N", None),
        (SIGNS, "-", "c"),
    ],
)
def test_a_number_marked_confidential_shows_in_no_column(
    layout: TableLayout, value: str, flags: str | None
) -> None:
    number, state, published = one(layout, value, flags)
    assert number is None
    assert state in (None, "confidential")
    assert isinstance(published, str)
    assert not any(digit in published for digit in "0123456789-")


@given(st.lists(st.one_of(st.text(max_size=8), st.decimals(-1e6, 1e6, places=3).map(str)), max_size=40))
def test_every_cell_has_a_number_exactly_when_it_is_reported(texts: list[str]) -> None:
    texts = [text.strip() for text in texts if "\0" not in text and text.isprintable()]
    for layout in (PLAIN, GERMAN, SIGNS):
        cells = read(layout, texts)
        assert len(cells.value) == len(texts)
        for value, state, problem in zip(
            cells.value.to_pylist(), cells.cell_state.to_pylist(), cells.problem.to_pylist(), strict=True
        ):
            assert (value is not None) == (state == "reported")
            assert (state is None) == (problem is not None)


@given(st.decimals(-1e9, 1e9, places=2))
def test_a_number_means_the_same_in_every_national_form(number: object) -> None:
    english = f"{number:,}"
    german = english.translate(str.maketrans(",.", ".,"))
    french = german.replace(".", "\u202f")
    for layout, text in (
        (TableLayout(thousands=","), english),
        (GERMAN, german),
        (TableLayout(thousands=" ", decimal=","), french),
    ):
        assert one(layout, text) == (float(str(number)), "reported", text)
