import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from alp_pipeline.observations.cells import read_cells, read_mark, refused
from alp_pipeline.observations.schema import CELL_STATES, FLAG_ORDER


def read(*texts: str, sdmx: bool = False) -> list[tuple[object, ...]]:
    cells = read_cells(pa.array(texts, pa.string()), np.arange(len(texts), dtype=np.int32), sdmx=sdmx)
    columns = (cells.value, cells.cell_state, cells.obs_status, cells.conf_status, cells.published)
    return list(zip(*(column.to_pylist() for column in columns), strict=True))


def problem(text: str, *, sdmx: bool = False) -> str | None:
    cells = read_cells(pa.array([text]), np.zeros(1, dtype=np.int32), sdmx=sdmx)
    return cells.problem.to_pylist()[0]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # text: value, state, flags, confidentiality, published
        ("708 ", (708.0, "reported", "", None, "708")),
        ("0 ", (0.0, "reported", "", None, "0")),
        ("0n", (0.0, "reported", "n", None, "0n")),
        ("0 n", (0.0, "reported", "n", None, "0 n")),
        ("-12.5", (-12.5, "reported", "", None, "-12.5")),
        ("24500.00 ", (24500.0, "reported", "", None, "24500.00")),
        ("1.2E-5 ", (1.2e-5, "reported", "", None, "1.2E-5")),
        ("1.2E-5 b", (1.2e-5, "reported", "b", None, "1.2E-5 b")),
        ("5e", (5.0, "reported", "e", None, "5e")),
        ("35 p", (35.0, "reported", "p", None, "35 p")),
        ("241.6 bu", (241.6, "reported", "bu", None, "241.6 bu")),
        ("241.6 ub", (241.6, "reported", "bu", None, "241.6 ub")),
        ("7 bep", (7.0, "reported", "bep", None, "7 bep")),
        ("7 s", (7.0, "reported", "s", None, "7 s")),
        (": ", (None, "not_available", "", None, ":")),
        (":", (None, "not_available", "", None, ":")),
        ("", (None, "not_available", "", None, "")),
        (" ", (None, "not_available", "", None, "")),
        (": u", (None, "not_available", "u", None, ": u")),
        (": bu", (None, "not_available", "bu", None, ": bu")),
        (": n", (None, "not_available", "n", None, ": n")),
        (": c", (None, "confidential", "", "C", ": c")),
        (":c", (None, "confidential", "", "C", ":c")),
        (":bc", (None, "confidential", "b", "C", ":bc")),
        (": cd", (None, "confidential", "d", "C", ": cd")),
        (": @C", (None, "confidential", "", "C", ": @C")),
        (": p@C", (None, "confidential", "p", "C", ": p@C")),
        (": @N", (None, "confidential", "", "N", ": @N")),
        (": @P", (None, "confidential", "", "P", ": @P")),
        (": m", (None, "not_applicable", "m", None, ": m")),
        (": z", (None, "not_applicable", "z", None, ": z")),
        (":z", (None, "not_applicable", "z", None, ":z")),
    ],
)
def test_a_published_cell_says_value_state_flags_and_confidentiality(
    text: str, expected: tuple[object, ...]
) -> None:
    assert read(text) == [expected]
    assert problem(text) is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("35 c", "# c"),
        ("35c", "#c"),
        ("-1.5E+3 bc", "# bc"),
        ("35 p@C", "# p@C"),
        ("35 @N", "# @N"),
        ("1234567.8 @P", "# @P"),
    ],
)
def test_a_number_with_a_confidentiality_mark_is_withheld_in_every_column(text: str, expected: str) -> None:
    [(value, state, _, conf, published)] = read(text)
    assert (value, state, published) == (None, "confidential", expected)
    assert conf in ("C", "N", "P")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("35 q", "unknown flag letter 'q'"),
        ("35 bq", "unknown flag letter 'q'"),
        (": q", "unknown flag letter 'q'"),
        ("35 B", "unknown flag letter 'B'"),
        (": @X", "unknown confidentiality code 'X'"),
        (": @c", "unknown confidentiality code 'c'"),
        ("35 z", "a number with flag 'z', which says that none can exist"),
        ("35 m", "a number with flag 'm', which says that none can exist"),
        ("1e400", "a number too large or too small to hold"),
        ("-1e400 b", "a number too large or too small to hold"),
        ("1e-400", "a number too large or too small to hold"),
        *[
            (text, "not a number, ':' or a known form of flags")
            for text in (
                *("nan", "inf", "-inf", "NaN", "Infinity", "0x1F", "1_000", "1,5", "1 234", "1.2.3", "1-2"),
                *("-", ".", "--5", "+5", "٣", "5\u00a0", "c", "bc", "@C", "n/a", "35 b u", "::", "5 :", "e5"),
            )
        ],
    ],
)
def test_what_is_not_understood_has_no_state_and_says_why(text: str, reason: str) -> None:
    [(value, state, *_)] = read(text)
    assert (value, state, problem(text)) == (None, None, reason)


@pytest.mark.parametrize("text", ["35 cq", "35 @X", "1,5 c", "1 234 @C", "35 C", "35 bc d"])
def test_a_number_does_not_leak_through_a_cell_that_is_not_understood(text: str) -> None:
    [(value, state, _, _, published)] = read(text)
    assert (value, state) == (None, None)
    assert not set("235") & set(str(published).replace("1 ", ""))


def test_a_published_zero_with_an_exponent_is_a_zero() -> None:
    assert [row[0] for row in read("0e5", "0.000", "-0", "0E-400")] == [0.0, 0.0, 0.0, 0.0]


def test_sdmx_capitals_normal_and_free_are_understood_only_where_sdmx_is_spoken() -> None:
    assert read("35 A", sdmx=True) == [(35.0, "reported", "", None, "35 A")]
    assert read("35 P@F", sdmx=True) == [(35.0, "reported", "p", None, "35 P@F")]
    assert read(": M", sdmx=True) == [(None, "not_applicable", "m", None, ": M")]
    assert read(": @C", sdmx=True)[0][1] == "confidential"
    assert problem("35 A") == "unknown flag letter 'A'"
    assert problem("35 @F") == "unknown confidentiality code 'F'"


def test_one_bad_cell_does_not_touch_its_neighbours() -> None:
    assert [row[:2] for row in read("1.2.3", "708", "1-2", ":", "35 p", "7")] == [
        (None, None),
        (708.0, "reported"),
        (None, None),
        (None, "not_available"),
        (35.0, "reported"),
        (7.0, "reported"),
    ]


def test_old_i_stays_i_and_is_not_renamed() -> None:
    assert read_mark("i").obs_status == "i"
    assert read_mark("s").obs_status == "s"


def test_refusing_takes_value_and_state_back_and_keeps_the_text() -> None:
    cells = read_cells(pa.array(["708 b", ": c"]), np.array([0, 1, 0], dtype=np.int32))
    taken_back = refused(cells, "no", pa.array([True, False, False]))
    assert taken_back.value.to_pylist() == [None, None, 708.0]
    assert taken_back.cell_state.to_pylist() == [None, "confidential", "reported"]
    assert taken_back.problem.to_pylist() == ["no", None, None]
    assert taken_back.published.to_pylist() == ["708 b", ": c", "708 b"]


NUMBERS = st.one_of(
    st.integers(-(10**15), 10**15).map(str),
    st.floats(allow_nan=False, allow_infinity=False).map(repr),
    st.decimals(-(10**9), 10**9, places=2).map(str),
)
FLAGS = st.text(alphabet=FLAG_ORDER.replace("m", "").replace("z", ""), max_size=3)


@given(NUMBERS, FLAGS, st.sampled_from(["", " "]), st.sampled_from(["", " ", "  "]))
def test_every_number_with_open_flags_is_reported_as_python_reads_it(
    number: str, flags: str, blank: str, padding: str
) -> None:
    blank = " " if flags.startswith("e") else blank  # "5e" is a flag, but 5e-1 … "5" + "e" + more is not
    [(value, state, obs_status, conf, _)] = read(f"{number}{blank}{flags}{padding}")
    assert (value, state, conf) == (float(number), "reported", None)
    assert obs_status == "".join(sorted(set(flags)))


@given(st.text(alphabet="0123456789.-+eE: bcdnpuzmqC@NP,_x", max_size=8))
def test_a_cell_has_a_state_or_a_problem_and_a_value_exactly_when_it_is_reported(text: str) -> None:
    [(value, state, _, conf, _)] = read(text)
    reason = problem(text)
    assert (state is None) == (reason is not None)
    assert state is None or state in CELL_STATES
    assert (value is not None) == (state == "reported")
    assert state != "reported" or conf is None
    if value == 0:
        assert not set(text.upper().split("E")[0]) & set("123456789")


@given(st.text(alphabet="0123456789.-", min_size=1, max_size=6))
def test_of_digits_points_and_signs_those_are_numbers_that_python_calls_so(text: str) -> None:
    try:
        expected: float | None = float(text)
    except ValueError:
        expected = None
    [(value, *_)] = read(text, "1.2.3")[:1]
    assert value == expected
