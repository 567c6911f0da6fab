"""SDMX-ML 2.1: generic and structure-specific messages of data, by series or flat.

Belongs here: which element and attribute is what, messages that hold no data. Does not: XML (markup), what a
cell says (cells).

A field of a series or an observation (a value of its key, or an attribute) is a dimension when the catalogue
has one of that name, by alias or in small letters: `FREQ` is `freq`, and an attribute such as INSEE's
`UNIT_MULT` may be declared as a dimension. Other attributes must be status, confidentiality, remarks, a
`UNIT_MULT` of 0, or listed in `ignore` of the dataset's layout; any other is refused by name, because it may
change what the number means. No `ignore`, `*` included, covers a dimension, the period, the value, its status
and confidentiality, or its multiplier. What an element says holds for those inside it unless they say
otherwise.

An observation without value, and one with `NaN`, SDMX-ML's word for none, are not available. A footer message
with a code from 400 on, or with no data beside it, means that the document is not (all) the data. A message
may come as the only file of a ZIP archive, as Eurostat's queue delivered them.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from alp_pipeline.observations.batches import TIME_NAMES, checked_dimensions
from alp_pipeline.observations.cells import composed, read_cells
from alp_pipeline.observations.documents import Document, damage_named, not_data
from alp_pipeline.observations.errors import HeaderMismatch, NotADataDocument
from alp_pipeline.observations.markup import walked
from alp_pipeline.observations.rows import RowBatch, RowReading
from alp_pipeline.observations.schema import DatasetShape
from alp_pipeline.observations.zipped import unpacked_message

_BLOCK: Final = 1 << 18
_ROWS_AT_A_TIME: Final = 1 << 16
_MESSAGES: Final = (b"GenericData", b"StructureSpecificData", b"TimeSeriesData")
_VERSION: Final = b"/sdmxml/schemas/v2_1/message"
# What a field is when it is no dimension; no dimension can have such a name.
_TIME, _VALUE, _STATUS, _CONF, _MULTIPLIER, _PASSED = (
    "@time",
    "@value",
    "@status",
    "@conf",
    "@mult",
    "@passed",
)
_OF_OBSERVATION: Final = frozenset({_TIME, _VALUE, _STATUS, _CONF})
_ROLES: Final = {
    "OBS_VALUE": _VALUE,
    "OBS_STATUS": _STATUS,
    "OBS_FLAG": _STATUS,
    "CONF_STATUS": _CONF,
    "OBS_CONF": _CONF,
    "UNIT_MULT": _MULTIPLIER,
}
# Words about the series or its publication; none changes what the number means.
_REMARKS: Final = frozenset(
    {
        *("OBS_COMMENT", "COMMENT_OBS", "COMMENT_TS", "DECIMALS", "TITLE", "TITLE_COMPL", "LAST_UPDATE"),
        *("TIME_FORMAT", "TIME_PER_COLLECT", "COLLECTION", "EMBARGO_TIME", "PRE_BREAK_VALUE"),
    }
)
_OF_DATA_SET: Final = frozenset(
    {
        *("action", "structureRef", "setID", "validFromDate", "validToDate", "publicationYear"),
        *("publicationPeriod", "reportingBeginDate", "reportingEndDate", "REPORTING_YEAR_START_DAY"),
    }
)
_INSIDE_DATA: Final = frozenset(
    {
        *(
            "SeriesKey",
            "Attributes",
            "ObsKey",
            "GroupKey",
            "DataProvider",
            "Ref",
            "Annotations",
            "Annotation",
        ),
        *("AnnotationTitle", "AnnotationType", "AnnotationURL", "AnnotationText"),
    }
)
_ERROR: Final = 400
_FOOTER_SHOWN: Final = 400
Observation = tuple[int, str, str, str, str]
"""Position of the series; period, value, status, confidentiality as published."""


class SdmxMl(RowReading):
    """A reading of one SDMX-ML 2.1 message of data."""

    def _read(self) -> Iterator[pa.RecordBatch]:
        message = _Message(self.dataset, self.where)
        with unpacked_message(self.document) as document:
            for _ in walked(_blocks(document), message, where=document.where):
                if len(message.observations) >= _ROWS_AT_A_TIME:
                    yield from self._counted(message)
        message.refuse_unless_data()
        if message.observations:
            yield from self._counted(message)
        self._header_dimensions = message.dimensions
        self._finish()

    def _counted(self, message: "_Message") -> Iterator[pa.RecordBatch]:
        found = self._batch(message.series, message.observations)
        message.start_anew()
        yield from self._taken(found)

    def _batch(self, series: Sequence[Sequence[str]], observations: Sequence[Observation]) -> RowBatch:
        place, *columns = zip(*observations, strict=True)
        times, values, flags, conf = (pa.array(column, pa.string()) for column in columns)
        values = pc.if_else(pc.equal(values, "NaN"), "", values)
        texts = composed(values, flags, conf).dictionary_encode()
        of_series = pa.array(np.array(place, dtype=np.int32))
        codes = {
            name: pa.array(column, pa.string()).dictionary_encode().take(of_series)
            for name, column in zip(self.dataset.dimensions, zip(*series, strict=True), strict=True)
        }
        return self._row_batch(
            codes,
            times.dictionary_encode(),
            read_cells(texts.dictionary, texts.indices.to_numpy(), sdmx=True),
        )


def _blocks(document: Document) -> Iterator[bytes]:
    with damage_named(document.where), document.open() as stream:
        block = stream.read(_BLOCK)
        document.refuse_unless_text(block)
        if not any(name in block for name in _MESSAGES):
            raise not_data(block, where=document.where)
        if _VERSION not in block:
            raise NotADataDocument(
                "it is a message of another version than SDMX-ML 2.1",
                where=document.where,
                todo="Ask for version 2.1, or for SDMX-CSV.",
            )
        while block:
            yield block
            block = stream.read(_BLOCK)


class _Message:
    """Gathers series and observations while the message goes by."""

    def __init__(self, dataset: DatasetShape, where: str) -> None:
        self.where = where
        self.dimensions: tuple[str, ...] = ()  # as the first series names them
        self.series: list[tuple[str, ...]] = []  # codes in the catalogue's order
        self.observations: list[Observation] = []
        self._dataset = dataset
        self._roles: dict[str, str] = {}
        self._checked: set[tuple[str, ...]] = set()
        self._obs_dimension = "TIME_PERIOD"
        self._levels: list[dict[str, str]] = []  # what the data set, the series, the observation say
        self._outer: dict[str, str] = {}  # the first two together, once an observation needed it
        self._series_at: int | None = None
        self._data_sets = self._taken = 0
        self._footer: str | None = None
        self._footer_text: list[str] = []

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        """One element, of either kind of message."""
        if name in ("Obs", "Series", "Group"):
            self._series_at = self._series_at if name == "Obs" else None
            self._levels.append(self._fields(attributes))
        elif name in ("Value", "ObsDimension", "ObsValue"):
            if self._levels:
                usual = {"ObsDimension": self._obs_dimension, "ObsValue": "OBS_VALUE"}.get(name, "")
                field = {attributes.get("id", usual): attributes.get("value", "")}
                self._levels[-1].update(self._fields(field))
        elif name == "DataSet":
            self._start_data(attributes)
        elif self._levels:
            if name not in _INSIDE_DATA:
                raise self._mismatch(f"it holds the element {name} among the data")
        elif name == "Structure":
            self._obs_dimension = attributes.get("dimensionAtObservation", self._obs_dimension)
        elif name == "Message":
            self._footer = attributes.get("code", "")

    def end(self, name: str) -> None:
        """An element is complete."""
        if name == "Obs":
            self._observed(self._levels.pop())
        elif name in ("Series", "DataSet"):
            self._levels.pop()
            self._series_at = None
        elif name == "Group" and not self._levels.pop().keys().isdisjoint((_VALUE, _STATUS, _CONF)):
            raise self._mismatch("a group of series carries a status")

    def text(self, text: str) -> None:
        """Words of a footer message; no other text matters."""
        if self._footer is not None and sum(map(len, self._footer_text)) < _FOOTER_SHOWN:
            self._footer_text.append(text)

    def start_anew(self) -> None:
        """Forget what was taken."""
        self._taken += len(self.observations)
        self.series, self.observations, self._series_at = [], [], None

    def refuse_unless_data(self) -> None:
        """Raise what a footer says of the data, or that there are none."""
        has_rows = bool(self._taken or self.observations)
        code = self._footer or ""
        if self._footer is not None and (not has_rows or (code.isdecimal() and int(code) >= _ERROR)):
            said = " ".join("".join(self._footer_text).split()).rstrip(".")[:_FOOTER_SHOWN]
            raise NotADataDocument(
                f"its footer says {code}: {said}", where=self.where, todo="Fetch it again, in smaller parts."
            )
        if not self._data_sets:
            raise NotADataDocument("it holds no data set", where=self.where, todo="Fetch it again.")

    def _start_data(self, attributes: Mapping[str, str]) -> None:
        if attributes.get("action", "").lower() == "delete":
            raise NotADataDocument(
                "it says which observations are deleted", where=self.where, todo="Ask for the whole table."
            )
        self._data_sets += 1
        own = {name: text for name, text in attributes.items() if name not in _OF_DATA_SET}
        self._levels.append(self._fields(own))

    def _fields(self, attributes: Mapping[str, str]) -> dict[str, str]:
        """What attributes say, by role: a dimension's name, or one of the others."""
        fields = {}
        for name, text in attributes.items():
            role = self._roles.get(name)
            if role is None:
                role = self._roles[name] = self._role(name)
            if role == _MULTIPLIER:
                if text.strip() not in ("", "0"):
                    raise self._mismatch(f"its numbers are in units of 10^{text} ({name})")
            elif role != _PASSED:
                fields[role] = text.strip()
        return fields

    def _role(self, name: str) -> str:
        if " " in name:  # of another namespace: the type in the schema, the position of the data set
            return _PASSED
        for ours in self._dataset.renamed((name, name.lower())):
            if ours.lower() in TIME_NAMES:
                return _TIME
            if ours in self._dataset.dimensions:
                return ours
        if name.upper() in _ROLES:
            return _ROLES[name.upper()]
        layout = self._dataset.layout
        ignored = layout.ignore if layout else ()
        if name in _REMARKS or name in ignored or "*" in ignored:
            return _PASSED
        raise self._mismatch(f"nobody has said what {name} means")

    def _observed(self, own: Mapping[str, str]) -> None:
        if self._series_at is None:
            self._outer = {}
            for level in self._levels:
                self._outer.update(level)
        if not own.keys() <= _OF_OBSERVATION:  # flat, or not by time: the observation has a key of its own
            at = self._new_series({**self._outer, **own})
        elif self._series_at is None:
            at = self._series_at = self._new_series(self._outer)
        else:
            at = self._series_at
        outer = self._outer
        self.observations.append(
            (
                at,
                own.get(_TIME) or outer.get(_TIME, ""),
                own.get(_VALUE, ""),
                own.get(_STATUS) or outer.get(_STATUS, ""),
                own.get(_CONF) or outer.get(_CONF, ""),
            )
        )

    def _new_series(self, fields: Mapping[str, str]) -> int:
        names = tuple(name for name in fields if name in self._dataset.dimensions)
        if names not in self._checked:
            checked_dimensions(self._dataset, names, where=self.where)
            self._checked.add(names)
            self.dimensions = self.dimensions or names
        default = self._dataset.default_codes
        self.series.append(
            tuple(fields.get(name, default.get(name, "")) for name in self._dataset.dimensions)
        )
        return len(self.series) - 1

    def _mismatch(self, what: str) -> HeaderMismatch:
        return HeaderMismatch(
            what,
            where=self.where,
            todo="Declare it in the catalogue entry: as a dimension (or its alias) when it tells series "
            "apart, or in `ignore` of a layout when it changes nothing.",
        )
