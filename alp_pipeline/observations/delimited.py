"""Text tables torn into columns, block by block, with the lines that do not fit set aside.

Belongs here: pyarrow's CSV reader set up so that nothing is converted, guessed or lost. Does not: what the
columns mean (the format modules).
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final, NamedTuple

import pyarrow as pa
import pyarrow.csv as csv

from alp_pipeline.observations.cells import withheld
from alp_pipeline.observations.documents import Document, damage_named, refuse_nul_bytes
from alp_pipeline.observations.errors import MalformedDocument

# What pyarrow reads at once: at most half a million cells (`:` and a tab each); some four batches are in
# memory. Smaller blocks repeat more distinct texts; larger ones leave a core idle at the end of a file.
_BLOCK: Final = 1 << 20
_MOST_RAGGED_LINES: Final = 100_000
_TEXT_SHOWN: Final = 200


class RaggedLine(NamedTuple):
    """A line with another number of columns than the heading; secrets are taken out of its text."""

    number: int
    columns: int
    first: str
    text: str


@dataclass
class Table:
    """The lines below a heading.

    Args:
        document: where the text comes from.
        columns: how many the heading has.
        heading_bytes: its length, from which the size of blocks follows.
        delimiter: one character.
        is_quoted: whether `"` encloses texts, which may then hold delimiters and line ends.
        skip: lines above the heading.
    """

    document: Document
    columns: int
    heading_bytes: int
    delimiter: str
    is_quoted: bool
    skip: int = 0
    ragged: list[RaggedLine] = field(default_factory=list)

    def blocks(self) -> Iterator[pa.RecordBatch]:
        """Blocks of lines as columns of bytes; when they are through, `ragged` is complete.

        Raises:
            DamagedDocument, WrongEncoding, MalformedDocument.
        """
        names = [str(number) for number in range(self.columns)]
        with damage_named(self.document.where), self.document.open() as stream:
            try:
                yield from csv.open_csv(
                    stream,
                    read_options=csv.ReadOptions(
                        block_size=self._block_size(),
                        column_names=names,
                        skip_rows=self.skip + 1,
                        use_threads=False,  # otherwise ragged lines come without their numbers
                    ),
                    parse_options=csv.ParseOptions(
                        delimiter=self.delimiter,
                        quote_char='"' if self.is_quoted else False,
                        newlines_in_values=self.is_quoted,
                        invalid_row_handler=self._set_aside,
                    ),
                    # Bytes, because only distinct texts need to be checked for being text.
                    convert_options=csv.ConvertOptions(column_types=dict.fromkeys(names, pa.binary())),
                )
            except pa.ArrowInvalid as error:
                if "straddling" in str(error):
                    raise MalformedDocument(
                        f"a line is longer than {self._block_size() >> 20} MiB, or a quote does not end",
                        where=self.document.where,
                        todo="Check what was archived: a table has no such line. If it comes the same, tell "
                        "the publisher.",
                    ) from error
                if len(self.ragged) < _MOST_RAGGED_LINES:
                    raise
                raise MalformedDocument(
                    f"over {_MOST_RAGGED_LINES:,} lines have another number of columns than the heading",
                    where=self.document.where,
                    todo="Fetch it again; if it comes the same, it is not the format it claims to be.",
                ) from error

    def _block_size(self) -> int:
        return max(_BLOCK, 4 * self.heading_bytes)

    def text(self, column: pa.BinaryArray) -> pa.StringArray:
        """Bytes of a column as text, or `WrongEncoding`."""
        refuse_nul_bytes(column, where=self.document.where)
        with damage_named(self.document.where):
            return column.cast(pa.string())

    def _set_aside(self, row: csv.InvalidRow) -> str:
        if len(self.ragged) == _MOST_RAGGED_LINES:
            return "error"
        text = withheld(row.text)
        first = text.partition(self.delimiter)[0]
        self.ragged.append(
            RaggedLine(row.number, row.actual_columns, first[:_TEXT_SHOWN], text[:_TEXT_SHOWN])
        )
        return "skip"
