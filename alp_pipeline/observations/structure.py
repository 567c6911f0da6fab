"""SDMX structure messages: which dimensions a table has, in which order, and which codes.

Belongs here: reading an archived data structure, code list or content constraint. Does not: fetching one
(sources), judging observations by it (quality).

Two kinds of message speak of codes: a *structure* lists every code that a dimension may hold (its code list),
a *constraint* those that the table really holds. Both come out of the same reader. XML is read as a stream by
expat; a document type declaration is refused, so that no entity is ever expanded.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final
from xml.parsers import expat

from alp_pipeline.observations.documents import Document, Source, damage_named
from alp_pipeline.observations.errors import EmptyDocument, MalformedDocument, NotADataDocument

_MOST_BYTES: Final = 256 << 20
_MOST_TEXT: Final = 1 << 16
_BLOCK: Final = 1 << 18
_TIME: Final = ("TIME_PERIOD", "TIME", "time", "time_period")
_CODELIST_URN: Final = re.compile(r"Codelist=(?P<agency>[^:]+):(?P<id>[^(]+)\((?P<version>[^)]+)\)")
_TODO: Final = "Fetch it again; what was archived stays as evidence."

_Reference = tuple[str, str]
"""A code list's id and version."""


@dataclass(frozen=True)
class Structure:
    """What a structure message says, whichever kind it is.

    Args:
        dimensions: in the order of the series key, the time dimension left out; () where the message holds
            no data structure and no constraint.
        codes: dimension → the codes of its code list; a dimension whose list is not in the message is absent.
        present: dimension → the codes that a constraint says the table really holds.
        periods: the periods that a constraint lists, sorted as text; () where it lists none.
        annotations: type → text, of the whole message; the first of each type.
        title: the English name of the dataflow, where there is one.
        codelists: code list → its codes, all versions together.
    """

    dimensions: tuple[str, ...] = ()
    codes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    present: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    periods: tuple[str, ...] = ()
    annotations: Mapping[str, str] = field(default_factory=dict)
    title: str | None = None
    codelists: Mapping[str, frozenset[str]] = field(default_factory=dict)

    @property
    def latest_period(self) -> str | None:
        """The newest period: as annotated, else the last that the constraint lists."""
        return self.annotations.get("OBS_PERIOD_OVERALL_LATEST") or (
            self.periods[-1] if self.periods else None
        )

    @property
    def observations(self) -> int | None:
        """How many values the table announces."""
        count = self.annotations.get("OBS_COUNT", "")
        return int(count) if count.isdecimal() else None


def codes_of(source: Source, *, where: str = "structure") -> dict[str, frozenset[str]]:
    """The codes that a structure or constraint allows, by dimension (time left out).

    Where a message holds both, the code list decides: what may occur, not only what does today.

    Args:
        source: a path, or a seekable binary stream; gzip or not.
        where: how errors call it.

    Raises:
        as `read_structure`.

    >>> import io
    >>> constraint = b'''<Structure><ContentConstraint><CubeRegion include="true"><KeyValue id="geo">
    ... <Value>AT</Value><Value>IT</Value></KeyValue></CubeRegion></ContentConstraint></Structure>'''
    >>> sorted(codes_of(io.BytesIO(constraint))["geo"])
    ['AT', 'IT']
    """
    found = read_structure(source, where=where)
    return {name: frozenset(codes) for name, codes in {**found.present, **found.codes}.items()}


def read_structure(source: Source, *, where: str = "structure") -> Structure:
    """Read an SDMX-ML structure message (2.0 to 3.0: only local names count).

    Raises:
        EmptyDocument: nothing there.
        NotADataDocument: XML, but no structure message (a fault, a web page, a queue ticket).
        MalformedDocument: not well-formed, with a document type declaration, or larger than 256 MiB.
        DamagedDocument: its compression ends early.
    """
    document = Document(source, where=where)
    reader = _Reader(where)
    with damage_named(where), document.open() as stream:
        size = 0
        while block := stream.read(_BLOCK):
            if size == 0:
                document.refuse_unless_text(block)
            size += len(block)
            if size > _MOST_BYTES:
                raise MalformedDocument(
                    f"it holds more than {_MOST_BYTES >> 20} MiB",
                    where=where,
                    todo="Check what was archived.",
                )
            reader.feed(bytes(block))
        if size == 0:
            raise EmptyDocument("it is empty", where=where, todo=_TODO)
    return reader.finished()


class _Reader:
    """Gathers what `Structure` holds while expat walks through the message."""

    def __init__(self, where: str) -> None:
        self.where = where
        self._path: list[str] = []
        self._text: list[str] = []
        self._text_size = 0
        self._codelist: _Reference | None = None
        self._codelists: dict[_Reference, dict[str, None]] = {}
        self._dimension: str | None = None
        self._position: dict[str, tuple[int, int]] = {}
        self._list_of: dict[str, _Reference] = {}
        self._key_value: str | None = None
        self._included = True
        self._values: dict[str, dict[str, None]] = {}
        self._annotation: dict[str, str] = {}
        self._annotations: dict[str, str] = {}
        self._title: str | None = None
        self._language: str | None = None
        self._parser = expat.ParserCreate(namespace_separator=" ")
        self._parser.buffer_text = True
        self._parser.StartDoctypeDeclHandler = self._refuse_doctype
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self._characters

    def feed(self, block: bytes, *, is_last: bool = False) -> None:
        try:
            self._parser.Parse(block, is_last)
        except expat.ExpatError as error:
            raise MalformedDocument(
                f"it is no well-formed XML ({error})", where=self.where, todo=_TODO
            ) from error

    def finished(self) -> Structure:
        self.feed(b"", is_last=True)
        ordered = sorted(self._position, key=lambda name: self._position[name])
        present = {name: tuple(values) for name, values in self._values.items() if name not in _TIME}
        periods = {period for name in _TIME for period in self._values.get(name, ())}
        merged: dict[str, frozenset[str]] = {}
        for (name, _), found in self._codelists.items():
            merged[name] = merged.get(name, frozenset()) | frozenset(found)
        return Structure(
            dimensions=tuple(ordered) or tuple(present),
            # A list of another version than the one referred to is another list.
            codes={
                name: tuple(self._codelists[reference])
                for name, reference in self._list_of.items()
                if reference in self._codelists
            },
            present=present,
            periods=tuple(sorted(periods)),
            annotations=self._annotations,
            title=self._title,
            codelists=merged,
        )

    # -- what expat calls ---------------------------------------------------------------------------

    def _refuse_doctype(self, *_: object) -> None:
        raise MalformedDocument(
            "it carries a document type declaration, which no structure message needs",
            where=self.where,
            todo="Check where it came from; nothing of it was read.",
        )

    def _start(self, name: str, given: dict[str, str]) -> None:
        local = name.rpartition(" ")[2]
        if not self._path and local != "Structure":
            raise NotADataDocument(
                f"it is an XML message of the kind '{local[:80]}', not a structure",
                where=self.where,
                todo=_TODO,
            )
        self._path.append(local)
        self._text, self._text_size = [], 0
        if local == "Codelist" and "id" in given:
            self._codelist = (given["id"], given.get("version", ""))
            self._codelists.setdefault(self._codelist, {})
        elif local == "Code" and self._codelist is not None:
            code = given.get("id") or given.get("value")
            if code:
                self._codelists[self._codelist][code] = None
        elif local == "Dimension" and "DimensionList" in self._path and "id" in given:
            self._dimension = given["id"]
            position = given.get("position", "")
            place = int(position) if position.isdecimal() else 1 << 30
            self._position[given["id"]] = (place, len(self._position))
        elif local == "Ref" and self._path[-2] == "Enumeration" and self._dimension is not None:
            self._list_of[self._dimension] = (given.get("id", ""), given.get("version", ""))
        elif local == "CubeRegion":
            self._included = given.get("include", "true") != "false"
        elif local == "KeyValue" and self._included and "id" in given:
            self._key_value = given["id"]
            self._values.setdefault(given["id"], {})
        elif local == "Annotation":
            self._annotation = {}
        elif local == "Name":
            self._language = next((v for k, v in given.items() if k.endswith(" lang")), "en")

    def _end(self, name: str) -> None:
        local = self._path.pop()
        text = "".join(self._text).strip()
        parent = self._path[-1] if self._path else ""
        if local == "Value" and parent == "KeyValue" and self._key_value is not None and text:
            self._values[self._key_value][text] = None
        elif local == "KeyValue":
            self._key_value = None
        elif local == "Codelist":
            self._codelist = None
        elif local == "Dimension":
            self._dimension = None
        elif local == "Enumeration" and self._dimension is not None and text:
            urn = _CODELIST_URN.search(text)  # SDMX 3.0 writes the reference as text
            if urn:
                self._list_of[self._dimension] = (urn["id"], urn["version"])
        elif parent == "Annotation":
            self._annotation.setdefault(local, text)
        elif local == "Annotation":
            said = self._annotation
            told = said.get("AnnotationTitle") or said.get("AnnotationText") or said.get("AnnotationURL", "")
            if said.get("AnnotationType") and told:
                self._annotations.setdefault(said["AnnotationType"], told)
        elif local == "Name" and parent == "Dataflow" and self._language == "en" and text:
            self._title = self._title or text
        self._text, self._text_size = [], 0

    def _characters(self, text: str) -> None:
        self._text_size += len(text)
        if self._text_size <= _MOST_TEXT:
            self._text.append(text)
