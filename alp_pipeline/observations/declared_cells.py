"""What a cell of a declared table says: its numbers and signs turned into those that `cells` understands.

Belongs here: decimal comma, thousands, signs in the place of a number. Does not: states and flags (cells).

Decisions
- *A sign is read as the flag it stands for*: not applicable as `z`, confidential as `c`; `published` keeps
  the sign itself. An empty cell and `:` are not available without being declared; any other sign that nobody
  has declared is not understood.
- *Only the declared form is a number.* Where the decimal sign is a comma, ``1.5`` is neither 1.5 nor 15 but
  goes to quarantine. Thousands must be groups of three. A blank between them may be a non-breaking or a thin
  one.
- *A text that is not understood and is marked confidential* is published without its digits.
"""

import re
from dataclasses import replace
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from alp_pipeline.observations.cells import Cells, Codes, composed, read_cells, refused
from alp_pipeline.observations.schema import TableLayout

_SIGNS: Final = {
    "not_available": (":", ""),
    "not_applicable": (":", "z"),
    "confidential": (":", "c"),
    "zero": ("0", ""),
}
_BLANKS: Final = r"[ \x{00A0}\x{202F}\x{2009}]"
_THOUSANDS: Final = {" ": _BLANKS, "'": "['’]"}
_LETTERS: Final = rf"{_BLANKS}*(?P<flags>[A-Za-z]*)(?:{_BLANKS}*@(?P<conf>[A-Za-z]*))?"
_HIDDEN: Final = r"[0-9].*(?:[cC]|@)"
_NOT_UNDERSTOOD: Final = "neither a number in the declared form nor a declared sign"


class DeclaredCells:
    """The cells of tables with one layout.

    >>> layout = TableLayout({}, decimal=",", thousands=".", markers={"-": "zero", "x": "not_applicable"})
    >>> texts = pa.array(["1.234,5", "-", "x", "1.5", ""]).dictionary_encode()
    >>> cells = DeclaredCells(layout).read(texts)
    >>> cells.value.to_pylist(), cells.cell_state.to_pylist()
    ([1234.5, 0.0, None, None, None], ['reported', 'reported', 'not_applicable', None, 'not_available'])
    >>> cells.published.to_pylist()
    ['1.234,5', '-', 'x', '1.5', '']
    """

    def __init__(self, layout: TableLayout) -> None:
        group = _THOUSANDS.get(layout.thousands, re.escape(layout.thousands))
        decimal = re.escape(layout.decimal)
        whole = rf"(?:[0-9]{{1,3}}(?:{group}[0-9]{{3}})+|[0-9]+)" if group else "[0-9]+"
        number = rf"[-+]?(?:{whole}(?:{decimal}[0-9]*)?|{decimal}[0-9]+)(?:[eE][-+]?[0-9]+)?"
        self._form = rf"^(?P<number>{number}|:){_LETTERS}$"
        self._decimal, self._between = layout.decimal, rf"\+|{group}" if group else r"\+"
        signs = {sign: _SIGNS[meaning] for sign, meaning in layout.markers.items()}
        self._signs = pa.array(list(signs), pa.string())
        self._numbers_of_signs = pa.array([number for number, _ in signs.values()], pa.string())
        self._flags_of_signs = pa.array([flag for _, flag in signs.values()], pa.string())

    def read(self, values: pa.DictionaryArray, flags: pa.DictionaryArray | None = None) -> Cells:
        """Cells from texts without blanks around them; only the distinct ones are looked at.

        Args:
            values: published numbers and signs.
            flags: letters from a column of their own.
        """
        texts, codes = values.dictionary, values.indices.to_numpy()
        if flags is None:
            return self._read_distinct(texts, _empty(len(texts)), codes)
        kinds = max(1, len(flags.dictionary))
        pairs = codes.astype(np.int64) * kinds + flags.indices.to_numpy()
        distinct, codes = np.unique(pairs, return_inverse=True)
        return self._read_distinct(
            texts.take(pa.array(distinct // kinds)),
            flags.dictionary.take(pa.array(distinct % kinds)),
            codes.astype(np.int32),
        )

    def _read_distinct(self, texts: pa.StringArray, flags: pa.StringArray, codes: Codes) -> Cells:
        numbers, own_flags, conf, is_understood = self._parts(texts)
        ours = composed(numbers, pc.binary_join_element_wise(flags, own_flags, ""), conf)
        cells = read_cells(ours, codes, sdmx=True)
        # What `read_cells` has left as it was holds no secret, and is shown as the publisher wrote it.
        shown = cells.published.dictionary
        theirs = composed(texts, flags, _empty(len(texts)))
        shown = pc.if_else(pc.equal(shown, pc.ascii_trim_whitespace(ours)), theirs, shown)
        if pc.all(is_understood).as_py():
            return replace(cells, published=_with_texts(cells.published, shown))
        is_hidden = pc.and_(pc.invert(is_understood), pc.match_substring_regex(theirs, _HIDDEN))
        shown = pc.if_else(is_hidden, pc.replace_substring_regex(theirs, "[0-9]+", "#"), shown)
        cells = replace(cells, published=_with_texts(cells.published, shown))
        return refused(cells, _NOT_UNDERSTOOD, pc.invert(is_understood).take(pa.array(codes)))

    def _parts(
        self, texts: pa.StringArray
    ) -> tuple[pa.StringArray, pa.StringArray, pa.StringArray, pa.BooleanArray]:
        """For every distinct text its number as `cells` writes it, flags, confidentiality, and whether it has
        the declared form."""
        sign = pc.index_in(texts, value_set=self._signs)
        is_sign = pc.is_valid(sign)
        strange = pc.ascii_trim(texts, characters="0123456789-" + self._decimal)
        numbers = pc.replace_substring(texts, self._decimal, ".") if self._decimal != "." else texts
        numbers = pc.if_else(is_sign, self._numbers_of_signs.take(sign), numbers)
        flags = pc.fill_null(self._flags_of_signs.take(sign), "")
        conf, is_understood = _empty(len(texts)), pa.array(np.ones(len(texts), np.bool_))
        is_other = pc.and_(pc.invert(is_sign), pc.not_equal(strange, ""))
        if not pc.any(is_other).as_py():
            return numbers, flags, conf, is_understood
        others = texts.filter(is_other)
        parts = pc.extract_regex(others, self._form)
        has_form = pc.is_valid(parts)
        number = pc.replace_substring_regex(parts.field(0), self._between, "")
        number = pc.replace_substring(number, self._decimal, ".")
        return (
            pc.replace_with_mask(numbers, is_other, pc.if_else(has_form, number, others)),
            pc.replace_with_mask(flags, is_other, pc.if_else(has_form, parts.field(1), "")),
            pc.replace_with_mask(conf, is_other, pc.if_else(has_form, parts.field(2), "")),
            pc.replace_with_mask(is_understood, is_other, has_form),
        )


def _with_texts(column: pa.DictionaryArray, texts: pa.StringArray) -> pa.DictionaryArray:
    return pa.DictionaryArray.from_arrays(column.indices, texts, safe=False)


def _empty(count: int) -> pa.StringArray:
    return pa.array([""]).take(pa.array(np.zeros(count, np.int32)))
