"""SDMX-CSV 1.0 and 2.0: one observation per line, its dimensions, value and status in columns.

Belongs here: which column is what, one line as one cell. Does not: what a cell says (cells).

Columns before OBS_VALUE that are not about the message are dimensions and must be the catalogue's. Columns
after it are attributes: status and confidentiality are read, remarks are passed over, and any other is
refused by name, because an attribute such as UNIT_MULT changes what the number means. OBS_VALUE may hold
whatever a TSV cell may.
"""

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from alp_pipeline.observations.batches import TIME_NAMES, checked_dimensions
from alp_pipeline.observations.cells import Cells, composed, read_cells
from alp_pipeline.observations.delimited import Table
from alp_pipeline.observations.errors import HeaderMismatch, MalformedDocument
from alp_pipeline.observations.reading import in_order
from alp_pipeline.observations.rows import Problem, RowBatch, RowReading, no_text

_MESSAGE: Final = ("DATAFLOW", "LAST UPDATE", "STRUCTURE", "STRUCTURE_ID", "STRUCTURE_NAME", "ACTION")
_STATUS: Final = ("OBS_FLAG", "OBS_STATUS")
_REMARKS: Final = ("OBS_COMMENT", "COMMENT_OBS", "DECIMALS")
# Information, append, replace, merge; `D` deletes and is no observation.
_ACTIONS: Final = r"^[IARM]?$"


@dataclass(frozen=True)
class _Layout:
    """Positions of the columns."""

    dimensions: Mapping[str, int]  # the catalogue's names, in the document's order
    time: int
    value: int
    status: int | None
    confidentiality: int | None
    action: int | None


class SdmxCsv(RowReading):
    """A reading of one SDMX-CSV document of either version."""

    def _read(self) -> Iterator[pa.RecordBatch]:
        line, has_more = self.document.first_line()
        delimiter = ";" if line.count(";") > line.count(",") else ","
        heading = self._heading(line, delimiter)
        self._layout = self._columns(heading)
        self._header_dimensions = tuple(self._layout.dimensions)
        if not has_more:
            return
        self._table = Table(self.document, len(heading), len(line.encode()), delimiter, is_quoted=True)
        for found in in_order(self._observations, self._table.blocks()):
            yield from self._taken(found)
        yield from self._ragged(self._table.ragged, self._table.columns)
        self._finish()

    def _heading(self, line: str, delimiter: str) -> list[str]:
        try:
            return [name.strip() for name in next(csv.reader([line], delimiter=delimiter, strict=True))]
        except csv.Error as error:
            raise MalformedDocument(
                f"its first line is not CSV ({error})", where=self.where, todo="Check what was archived."
            ) from error

    def _columns(self, heading: list[str]) -> _Layout:
        place: dict[str, int] = {}
        dimensions: list[tuple[str, int]] = []
        unknown: list[str] = []
        for position, name in enumerate(heading):
            role = self.dataset.renamed((name,))[0]
            role = "TIME_PERIOD" if role.lower() in TIME_NAMES else role
            if role in ("TIME_PERIOD", "OBS_VALUE", "CONF_STATUS", *_STATUS, *_MESSAGE):
                role = "OBS_STATUS" if role in _STATUS else role
                if role in place:
                    unknown.append(f"{name} (a second time)")
                place[role] = position
            elif "OBS_VALUE" not in place:
                dimensions.append((name, position))
            elif role not in _REMARKS:
                unknown.append(name)
        missing = [name for name in ("TIME_PERIOD", "OBS_VALUE") if name not in place]
        if missing or unknown:
            lacks = [f"it lacks {', '.join(missing)}"] if missing else []
            extra = [f"nobody has said what {', '.join(unknown)} means"] if unknown else []
            raise HeaderMismatch(
                f"its columns are not those of SDMX-CSV as it is read here: {'; '.join([*lacks, *extra])}",
                where=self.where,
                todo="Ask the publisher for codes without labels (labels=id) and without further attributes.",
            )
        names = checked_dimensions(self.dataset, [name for name, _ in dimensions], where=self.where)
        return _Layout(
            dimensions=dict(zip(names, (position for _, position in dimensions), strict=True)),
            time=place["TIME_PERIOD"],
            value=place["OBS_VALUE"],
            status=place.get("OBS_STATUS"),
            confidentiality=place.get("CONF_STATUS"),
            action=place.get("ACTION"),
        )

    def _observations(self, lines: pa.RecordBatch) -> RowBatch:
        layout = self._layout
        problems: list[Problem] = []
        if layout.action is not None:
            allowed = pc.match_substring_regex(self._column(lines, layout.action), _ACTIONS)
            problems.append((pc.invert(allowed), "ACTION says that this is no observation"))
        return self._row_batch(
            {name: self._encoded(lines, at) for name, at in layout.dimensions.items()},
            self._encoded(lines, layout.time),
            self._cells_of(lines),
            problems,
        )

    def _cells_of(self, lines: pa.RecordBatch) -> Cells:
        layout = self._layout
        texts = composed(
            self._column(lines, layout.value),
            self._column(lines, layout.status),
            self._column(lines, layout.confidentiality),
        ).dictionary_encode()
        return read_cells(texts.dictionary, texts.indices.to_numpy(), sdmx=True)

    def _column(self, lines: pa.RecordBatch, at: int | None) -> pa.StringArray:
        if at is None:
            return no_text(lines.num_rows).cast(pa.string())
        return pc.ascii_trim_whitespace(self._table.text(lines.column(at)))

    def _encoded(self, lines: pa.RecordBatch, at: int) -> pa.DictionaryArray:
        return self._column(lines, at).dictionary_encode()
