"""XML as a stream of elements, in bounded memory, with nothing expanded or fetched.

Belongs here: expat set up so that a document cannot do harm. Does not: what elements mean (sdmx_ml,
workbook).

A document type declaration is refused: statistical messages have none, and without it there are no entities.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Final, NoReturn, Protocol
from xml.parsers import expat

from alp_pipeline.observations.errors import MalformedDocument

_LONGEST_TAG: Final = 1 << 24


class ElementReader(Protocol):
    """What takes the elements: names without namespace, attributes that have one as `uri name`."""

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        """An element begins."""

    def end(self, name: str) -> None:
        """An element ends."""

    def text(self, text: str) -> None:
        """Some of the text between tags."""


def walked(blocks: Iterable[bytes], reader: ElementReader, *, where: str) -> Iterator[None]:
    """Hand the elements over; one step for each block of bytes.

    Raises:
        MalformedDocument: not well-formed, cut off, a document type declaration, a tag without end.

    >>> class Names:
    ...     def start(self, name, attributes): print(name, dict(attributes))
    ...     def end(self, name): pass
    ...     def text(self, text): pass
    >>> list(walked([b'<s:Obs xmlns:s="urn:x" s:y="1" ', b'TIME="2022"/>'], Names(), where="x"))
    Obs {'urn:x y': '1', 'TIME': '2022'}
    [None, None]
    """
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.buffer_text = True
    names: dict[str, str] = {}

    def local(name: str) -> str:
        found = names.get(name)
        if found is None:
            found = names[name] = name.rpartition(" ")[2]
        return found

    def refuse(*_declaration: object) -> NoReturn:
        raise _malformed("it has a document type declaration, which no message of data needs", where)

    parser.StartDoctypeDeclHandler = refuse
    parser.StartElementHandler = lambda name, attributes: reader.start(local(name), attributes)
    parser.EndElementHandler = lambda name: reader.end(local(name))
    parser.CharacterDataHandler = reader.text
    fed = 0
    try:
        for block in blocks:
            parser.Parse(block, False)
            fed += len(block)
            if fed - parser.CurrentByteIndex > _LONGEST_TAG:
                raise _malformed(f"a tag has no end within {_LONGEST_TAG >> 20} MiB", where)
            yield
        parser.Parse(b"", True)
    except expat.ExpatError as error:
        raise _malformed(f"it is not well-formed XML ({error})", where) from error


def _malformed(what: str, where: str) -> MalformedDocument:
    return MalformedDocument(
        what, where=where, todo="Fetch it again; if it comes the same, tell the publisher."
    )
