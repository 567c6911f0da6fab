"""What a published cell says: number, state, flags, confidentiality. The only place that decides it.

Belongs here: the grammar of a cell and the meaning of flags. Does not: tearing documents into cells (the
format modules), rules that need other cells (ragged_edge).

A cell is ``value flags@confidentiality`` (Eurostat's TSV since 2025); the parts may be missing and the blank
may be: ``708``, ``35 p``, ``0n``, ``1.2E-5``, ``:``, ``: c``, ``:bc``, ``: @C``, ``35 p@C``, or nothing. The
other formats hold the parts in columns; their readers put them together into this form first.

Decisions
- *A number that carries a confidentiality mark is withheld.* The office published it by mistake or meant the
  mark for another purpose; either way invariant 8 allows no point estimate for the cell. Its state is
  confidential, its value null, and ``published`` shows ``#`` in the place of the number, so that it cannot
  leak through the text. The bytes stay in the archive.
- *A letter or code that nobody has explained* leaves the state null and says so in ``problem``: the cell goes
  to quarantine. So does a number that is marked as one that cannot exist (``35 z``), one written with a
  decimal comma, a hexadecimal one, ``nan``, ``inf``, and one too large or too small for a float.
- *`:` with other flags* (``: u``, ``: b``) is not available; the flags are kept. An empty cell is not
  available.
"""

import re
import string
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from alp_pipeline.observations.schema import CONFIDENTIALITY_CODES, FLAG_ORDER, CellState

_NUMBER: Final = r"-?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?"
_NUMBER_CHARACTERS: Final = "0123456789.-"  # of a number without exponent
_FLAG_CHARACTERS: Final = string.ascii_letters
_MARKED: Final = rf"^(?P<number>{_NUMBER}|:) *(?P<flags>[A-Za-z]*)(?: *@(?P<conf>[A-Za-z]*))?$"
# A number that is followed by a confidentiality mark, in whatever else surrounds it.
_GUARDED_NUMBER: Final = r"[-+]?[0-9][0-9.,]*(?:[eE][-+]?[0-9]+)?(\s*[A-Za-z]*(?:[cC]|@))"

# SDMX code list OBS_STATUS, where Eurostat has the same status under a small letter; `A` is a normal value.
_SDMX_STATUS: Final = {"A": "", "a": ""} | {letter.upper(): letter for letter in "bdefimnpu"}
_SDMX_FREE: Final = "F"
_CANNOT_EXIST: Final = "mz"

_NOT_UNDERSTOOD: Final = "not a number, ':' or a known form of flags"
_OUT_OF_RANGE: Final = "a number too large or too small to hold"
Codes = npt.NDArray[np.int32]


@dataclass(frozen=True)
class Cells:
    """Cells in the columns of the observation table: all of one length; text as dictionaries."""

    value: pa.DoubleArray
    cell_state: pa.DictionaryArray
    obs_status: pa.DictionaryArray
    conf_status: pa.DictionaryArray
    published: pa.DictionaryArray
    problem: pa.DictionaryArray


@dataclass(frozen=True)
class Mark:
    """What a combination of flags and confidentiality codes says."""

    obs_status: str
    conf_status: str | None
    problem: str | None

    def state(self, *, has_number: bool) -> tuple[str | None, str | None]:
        """The state of a cell that carries this mark, and the problem where there is no state."""
        if self.problem:
            return None, self.problem
        if self.conf_status:
            return CellState.CONFIDENTIAL, None
        impossible = [letter for letter in self.obs_status if letter in _CANNOT_EXIST]
        if impossible and has_number:
            return None, f"a number with flag '{impossible[0]}', which says that none can exist"
        if impossible:
            return CellState.NOT_APPLICABLE, None
        return (CellState.REPORTED if has_number else CellState.NOT_AVAILABLE), None


def read_mark(flags: str, conf: str = "", *, sdmx: bool = False) -> Mark:
    """Split flag letters from confidentiality.

    Args:
        flags: letters in any order; `c` among them means confidential (before 27 January 2025).
        conf: the confidentiality code, "" where none.
        sdmx: also understand SDMX's capital letters, `A` (normal) and `F` (free).

    >>> read_mark("cb")
    Mark(obs_status='b', conf_status='C', problem=None)
    >>> read_mark("peb").obs_status, read_mark("", "N").conf_status
    ('bep', 'N')
    >>> read_mark("q").problem
    "unknown flag letter 'q'"
    """
    letters = [_SDMX_STATUS.get(letter, letter) for letter in flags] if sdmx else list(flags)
    kept = "".join(letter for letter in FLAG_ORDER if letter in letters)
    code = "" if sdmx and conf == _SDMX_FREE else conf
    confidential = code or ("C" if "c" in letters else None)
    unknown = sorted({letter for letter in letters if letter and letter not in FLAG_ORDER + "c"})
    problem = None
    if unknown:
        problem = f"unknown flag letter '{unknown[0]}'"
    elif code and code not in CONFIDENTIALITY_CODES:
        problem, confidential = f"unknown confidentiality code '{code}'", None
    return Mark(kept, confidential, problem)


def read_cells(texts: pa.StringArray, codes: Codes, *, sdmx: bool = False) -> Cells:
    """Cells from the distinct texts of a document and each cell's place among them.

    Only the distinct texts are looked at; the cells are gathered by number.

    Args:
        texts: distinct published texts, blanks around them allowed.
        codes: for every cell the position of its text.
        sdmx: as in `read_mark`.

    >>> cells = read_cells(pa.array(["708 ", ": c", "0n"]), np.array([1, 0, 2, 0], dtype=np.int32))
    >>> cells.cell_state.to_pylist(), cells.value.to_pylist()
    (['confidential', 'reported', 'reported', 'reported'], [None, 708.0, 0.0, 708.0])
    """
    trimmed = pc.ascii_trim_whitespace(texts)
    is_bare = pc.or_(pc.equal(trimmed, ":"), pc.equal(trimmed, ""))
    is_plain, numbers = _plain_numbers(trimmed)
    marked_at = np.flatnonzero(~(_bools(is_bare) | is_plain))
    marked = _Marked.of(trimmed.take(pa.array(marked_at)), sdmx=sdmx)
    numbers[marked_at] = marked.numbers
    kinds = np.zeros(len(texts), dtype=np.int64)
    kinds[marked_at] = marked.kind

    lookup = _States.of(marked.marks)
    states = lookup.place(kinds, ~np.isnan(numbers), _out_of_range(numbers, trimmed))
    published = trimmed
    if len(marked.secret_at):
        is_secret = np.zeros(len(texts), dtype=np.bool_)
        is_secret[marked_at[marked.secret_at]] = True
        published = pc.replace_with_mask(trimmed, pa.array(is_secret), marked.withheld)

    where = pa.array(codes)
    occurring = np.flatnonzero(np.bincount(states))
    place = np.zeros(len(lookup.cell_state), dtype=np.int32)
    place[occurring] = np.arange(len(occurring))
    of_cells = _taken(place[states], where)
    numbers[~lookup.is_reported[states]] = np.nan
    value = _taken(numbers, where)
    return Cells(
        value=_nullable(value, ~np.isnan(value), pa.float64()),
        cell_state=_worded(lookup.cell_state, occurring, of_cells),
        obs_status=_worded(lookup.obs_status, occurring, of_cells),
        conf_status=_worded(lookup.conf_status, occurring, of_cells),
        published=pa.DictionaryArray.from_arrays(where, published, safe=False),
        problem=_worded(lookup.problem, occurring, of_cells),
    )


def composed(values: pa.StringArray, flags: pa.StringArray, conf: pa.StringArray) -> pa.StringArray:
    """Cells of formats that keep the parts in columns, in the form that `read_cells` takes.

    >>> composed(pa.array(["35", "", ""]), pa.array(["p", "", ""]), pa.array(["", "C", ""])).to_pylist()
    ['35 p', ': @C', '']
    """
    marks = pc.if_else(pc.equal(conf, ""), flags, pc.binary_join_element_wise(flags, conf, "@"))
    marked = pc.binary_join_element_wise(pc.if_else(pc.equal(values, ""), ":", values), marks, " ")
    return pc.if_else(pc.equal(marks, ""), values, marked)


def refused(cells: Cells, problem: str | pa.StringArray, mask: pa.BooleanArray | None = None) -> Cells:
    """The cells, or those under `mask`, taken back: no value, no state, and the problem as the reason.

    Args:
        problem: one reason for all, or one for each cell.
    """
    chosen = pa.array(np.ones(len(cells.value), np.bool_)) if mask is None else mask
    reason = pa.scalar(problem) if isinstance(problem, str) else problem

    def rewritten(column: pa.DictionaryArray, text: pa.Array | pa.Scalar) -> pa.DictionaryArray:
        return pc.if_else(chosen, text, column.cast(pa.string())).dictionary_encode()

    return Cells(
        value=pc.if_else(chosen, pa.scalar(None, pa.float64()), cells.value),
        cell_state=rewritten(cells.cell_state, pa.scalar(None, pa.string())),
        obs_status=cells.obs_status,
        conf_status=cells.conf_status,
        published=cells.published,
        problem=rewritten(cells.problem, reason),
    )


def withheld(text: str) -> str:
    """A text of any kind with `#` for every number that a confidentiality mark follows.

    >>> [withheld(text) for text in ("35 p@C", "1,5 c", "708 b", "NR,AT 35 c 7 b")]
    ['# p@C', '# c', '708 b', 'NR,AT # c 7 b']
    """
    return re.sub(_GUARDED_NUMBER, r"#\1", text)


@dataclass(frozen=True)
class _Marked:
    """The distinct texts that are more than a number: their parts, and the mark each one carries."""

    numbers: npt.NDArray[np.float64]  # NaN where there is none
    secret_at: npt.NDArray[np.int64]  # positions of texts that show a number they must not
    withheld: pa.StringArray  # those texts without it
    kind: npt.NDArray[np.int64]  # position in `marks`
    marks: Sequence[Mark]  # the first is that of an unmarked cell

    @classmethod
    def of(cls, texts: pa.StringArray, *, sdmx: bool) -> "_Marked":
        numbers, pair = _parts(texts)
        marks = [Mark("", None, None)]
        marks += [read_mark(*text.split("@"), sdmx=sdmx) for text in pair.dictionary.to_pylist()]
        marks.append(Mark("", None, _NOT_UNDERSTOOD))
        kind = pc.fill_null(pc.add(pair.indices, 1), len(marks) - 1).to_numpy().astype(np.int64)
        # `35 A@F` is free by its own words and keeps its number; what is not understood may hold a secret.
        is_guarded = np.array([mark.conf_status is not None or mark.problem is not None for mark in marks])
        secret_at = np.flatnonzero(is_guarded[kind] & (~np.isnan(numbers) | (kind == len(marks) - 1)))
        return cls(
            numbers,
            secret_at,
            pc.replace_substring_regex(texts.take(pa.array(secret_at)), _GUARDED_NUMBER, r"#\1"),
            kind,
            marks,
        )


@dataclass(frozen=True)
class _States:
    """Every (mark, number or not, in range or not) that can occur, with what the cell then is."""

    cell_state: list[str | None]
    obs_status: list[str]
    conf_status: list[str | None]
    problem: list[str | None]
    is_reported: npt.NDArray[np.bool_]

    @classmethod
    def of(cls, marks: Sequence[Mark]) -> "_States":
        rows = [(*mark.state(has_number=has_number), mark) for mark in marks for has_number in (False, True)]
        rows += [(None, _OUT_OF_RANGE, mark) for mark in marks]
        states = [state for state, _, _ in rows]
        return cls(
            cell_state=states,
            obs_status=[mark.obs_status for _, _, mark in rows],
            conf_status=[mark.conf_status for _, _, mark in rows],
            problem=[problem for _, problem, _ in rows],
            is_reported=np.array([state == CellState.REPORTED for state in states]),
        )

    def place(
        self,
        kinds: npt.NDArray[np.int64],
        has_number: npt.NDArray[np.bool_],
        out_of_range: npt.NDArray[np.bool_],
    ) -> npt.NDArray[np.int64]:
        in_range = 2 * kinds + has_number
        return np.where(out_of_range, 2 * (len(self.cell_state) // 3) + kinds, in_range)


def _parts(texts: pa.StringArray) -> tuple[npt.NDArray[np.float64], pa.DictionaryArray]:
    """The number of every marked text, NaN for none, and its `flags@conf`, null where not understood.

    Nearly all are a plain number or `:`, blanks and letters: those are cut by trimming either end, in a
    tenth of the time that the expression for all forms takes.
    """
    left = pc.ascii_rtrim(texts, characters=_FLAG_CHARACTERS + " ")
    right = pc.ascii_ltrim(texts, characters=_NUMBER_CHARACTERS + ": ").dictionary_encode()
    is_number, numbers = _plain_numbers(left)
    is_letters = _bools(pc.match_substring_regex(right.dictionary, "^[A-Za-z]*$"))
    is_simple = (is_number | _bools(pc.equal(left, ":"))) & is_letters[right.indices.to_numpy()]
    pair = pc.binary_join_element_wise(right.dictionary, "", "@").take(right.indices)
    if not is_simple.all():
        other_at = np.flatnonzero(~is_simple)
        parts = pc.extract_regex(texts.take(pa.array(other_at)), _MARKED)
        number, flags, conf = (pc.if_else(pc.is_valid(parts), parts.field(i), None) for i in range(3))
        found = pc.cast(pc.if_else(pc.equal(number, ":"), None, number), pa.float64())
        numbers[other_at] = found.to_numpy(zero_copy_only=False)
        pair = pc.replace_with_mask(pair, pa.array(~is_simple), pc.binary_join_element_wise(flags, conf, "@"))
    return numbers, pair.dictionary_encode()


def _plain_numbers(texts: pa.StringArray) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.float64]]:
    """Which texts are a number and nothing else, without exponent; and all numbers, NaN for the rest."""
    strange = pc.binary_length(pc.ascii_trim(texts, characters=_NUMBER_CHARACTERS))
    is_number = pc.and_(pc.equal(strange, 0), pc.not_equal(texts, ""))
    try:
        numbers = pc.cast(pc.if_else(is_number, texts, None), pa.float64())
    except pa.ArrowInvalid:  # "1-2", "1.2.3", "-": the right characters in the wrong order
        is_number = pc.and_(is_number, pc.match_substring_regex(texts, rf"^{_NUMBER}$"))
        numbers = pc.cast(pc.if_else(is_number, texts, None), pa.float64())
    return _bools(is_number), numbers.to_numpy(zero_copy_only=False).copy()


def _out_of_range(numbers: npt.NDArray[np.float64], texts: pa.StringArray) -> npt.NDArray[np.bool_]:
    outside = np.isinf(numbers)
    zeros = np.flatnonzero(numbers == 0)
    if not len(zeros):
        return outside
    # 1e-400 reads as 0, and a zero must be one that was published.
    vanished = pc.match_substring_regex(texts.take(pa.array(zeros)), r"^[^eE]*[1-9]")
    outside[zeros[_bools(vanished)]] = True
    return outside


def _taken(values: npt.NDArray[Any], where: pa.Int32Array) -> npt.NDArray[Any]:
    # Not numpy's take: it would copy the positions to 64 bits each time.
    result: npt.NDArray[Any] = pc.take(pa.array(values), where, boundscheck=False).to_numpy()
    return result


def _worded(
    meaning: Sequence[str | None], occurring: npt.NDArray[np.int64], states: Codes
) -> pa.DictionaryArray:
    """The word of every cell's state. The columns share `states` where no word is missing."""
    words = [meaning[state] for state in occurring]
    rows = len(states)
    if None not in words:
        return pa.DictionaryArray.from_arrays(pa.array(states), pa.array(words, pa.string()), safe=False)
    if not any(words):
        return pa.nulls(rows, pa.dictionary(pa.int32(), pa.string()))
    has_word = np.array([word is not None for word in words]).take(states)
    dictionary = pa.array([word or "" for word in words], pa.string())
    return pa.DictionaryArray.from_arrays(_nullable(states, has_word, pa.int32()), dictionary, safe=False)


def _nullable(values: npt.NDArray[Any], is_valid: npt.NDArray[np.bool_], kind: pa.DataType) -> pa.Array:
    """An Arrow array over numpy's memory. `pa.array(values, mask=…)` does the same in ten times the time."""
    bits = pa.py_buffer(np.packbits(is_valid, bitorder="little"))
    return pa.Array.from_buffers(kind, len(values), [bits, pa.py_buffer(values)])


def _bools(array: pa.BooleanArray) -> npt.NDArray[np.bool_]:
    result: npt.NDArray[np.bool_] = array.to_numpy(zero_copy_only=False)
    return result
