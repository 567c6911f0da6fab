"""What an SDMX service sent: data, an error in the place of data, or data with a remark at their end.

Belongs here: telling these apart in XML and CSV, how many observations came, what a service's error codes
mean. Does not: any request (sdmx), reading observations or structures (observations).

XML is read as a stream; a document type declaration is refused, so that no entity is ever expanded.
"""

import csv
import io
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from xml.parsers import expat

from alp_pipeline.sources.errors import (
    AnswerIncomplete,
    AnswerTruncated,
    CredentialsMissing,
    NotData,
    QueryRefused,
    ServiceUnavailable,
    SourceError,
)

AGAIN: Final = "The next refresh asks again; the last vintage stays in use."
_DATA: Final = frozenset(
    {"GenericData", "GenericTimeSeriesData", "StructureSpecificData", "StructureSpecificTimeSeriesData"}
)
_BLOCK: Final = 1 << 18
_MOST_TEXT: Final = 1 << 12
_NOTHING: Final = ("norecordsfound", "noresultsfound", "no results found", "no records found")
# Codes of SDMX 2.1 (section 7, appendix of the web services guideline), and the HTTP status that footers use.
_NO_RESULTS, _NO_ACCOUNT = 100, 110
_TOO_LARGE: Final = frozenset({130, 413, 510})
_LATER: Final = frozenset({500, 503})


@dataclass
class Message:
    """An SDMX-ML message, walked through to its end.

    Args:
        kind: the local name of its root, e.g. `GenericData`, `Error`.
        flow: the dataflow that its header names, "" where it names none.
        observations: how many it holds.
        remarks: (code, severity, text) of an error or of the footer.
    """

    kind: str = ""
    flow: str = ""
    observations: int = 0
    remarks: list[tuple[int, str, str]] = field(default_factory=list)


def read_message(path: Path, *, where: str) -> Message:
    """Walk through an SDMX-ML message.

    Raises:
        AnswerTruncated: it ends early or is damaged.
        NotData: it is no XML, or declares a document type.
    """
    walker = _Walker(where)
    with path.open("rb") as stream:
        while block := stream.read(_BLOCK):
            walker.feed(block)
    walker.feed(b"", is_last=True)
    return walker.message


class _Walker:
    def __init__(self, where: str) -> None:
        self.message = Message()
        self._where = where
        self._path: list[str] = []
        self._text = ""
        self._open: tuple[int, str] = (0, "")
        self._texts: list[str] = []
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
            if self.message.kind:
                raise AnswerTruncated(
                    f"the XML ends early or is damaged ({error})", where=self._where, todo=AGAIN
                ) from None
            raise NotData(f"the answer is no XML ({error})", where=self._where, todo=AGAIN) from None

    def _refuse_doctype(self, *_: object) -> None:
        raise NotData("the answer declares a document type, as web pages do", where=self._where, todo=AGAIN)

    def _start(self, name: str, given: dict[str, str]) -> None:
        local, message = name.rpartition(" ")[2], self.message
        if not self._path:
            message.kind = local
        if local == "Obs":
            message.observations += 1
        elif local == "Ref" and self._path[-1] == "StructureUsage":
            message.flow = message.flow or given.get("id", "")
        elif local in ("ErrorMessage", "Message") and self._path:
            code = given.get("code", "")
            self._open = (int(code) if code.isdecimal() else 0, given.get("severity", "Error"))
            self._texts = []
        self._path.append(local)
        self._text = ""

    def _end(self, name: str) -> None:
        local = self._path.pop()
        if local == "Text" and self._text.strip():
            self._texts.append(" ".join(self._text.split()))
        elif local in ("ErrorMessage", "Message") and self._path:
            self.message.remarks.append((*self._open, "; ".join(self._texts)))

    def _characters(self, text: str) -> None:
        if len(self._text) < _MOST_TEXT:
            self._text += text


def refuse_unless_sdmx_ml(path: Path, *, flow: str, where: str) -> None:
    """Pass an SDMX-ML data message of this flow with observations, and no remark that takes something back.

    Raises:
        SourceError: what `refusal` makes of an error or a footer; NotData for another kind of message,
            another flow or no observations; AnswerIncomplete for a warning at its end; AnswerTruncated.
    """
    _refuse_words(path, where)
    message = read_message(path, where=where)
    for code, severity, text in message.remarks:
        if message.kind == "Error" or code in _TOO_LARGE or severity.lower() == "error":
            raise refusal(code, text, where=where)
        if severity.lower() == "warning":
            raise AnswerIncomplete(f"the answer ends with a warning: {code} {text}", where=where, todo=AGAIN)
    if message.kind not in _DATA:
        raise NotData(f"the answer is an XML message of the kind '{message.kind}'", where=where, todo=AGAIN)
    if not message.observations:
        raise NotData("the message holds no observation", where=where, todo=AGAIN)
    _refuse_other_flow(message.flow, flow, where)


def refuse_unless_sdmx_csv(path: Path, *, flow: str, where: str) -> None:
    """Pass SDMX-CSV of this flow ("" for any) with at least one observation.

    Raises:
        SourceError: what `refusal` makes of an error message; NotData otherwise.
    """
    head = _refuse_words(path, where)
    if head.lstrip().startswith("<"):
        refuse_unless_sdmx_ml(path, flow=flow, where=where)
        raise NotData("the answer is SDMX-ML, and CSV was asked for", where=where, todo=AGAIN)
    first = head.partition("\n")[0]
    rows = csv.reader(io.StringIO(head), delimiter=";" if first.count(";") > first.count(",") else ",")
    heading, row = next(rows, []), next(rows, None)
    if not {"TIME_PERIOD", "OBS_VALUE"} <= set(heading):
        raise NotData(f"the answer is no SDMX-CSV; it begins: {first[:120]!r}", where=where, todo=AGAIN)
    if not row:
        raise NotData("the answer has a heading and no observation", where=where, todo=AGAIN)
    told = dict(zip(heading, row, strict=False)).get("DATAFLOW", "")
    _refuse_other_flow(told.rpartition(":")[2].partition("(")[0], flow, where)


def _refuse_words(path: Path, where: str) -> str:
    """The head of the answer, once it does not say in bare words that nothing was found."""
    with path.open("rb") as stream:
        head = stream.read(_BLOCK).decode("utf-8-sig", "replace")
    if not head.lstrip().startswith("<") and says_nothing_found(head[:_MOST_TEXT]):
        raise refusal(_NO_RESULTS, "", where=where)
    return head


def says_nothing_found(text: str) -> bool:
    """Whether an error body says that a query finds nothing.

    >>> says_nothing_found("NoRecordsFound"), says_nothing_found("A,2024,5")
    (True, False)
    """
    return any(words in text.lower() for words in _NOTHING)


def refusal(code: int, text: str, *, where: str) -> SourceError:
    """A service's error, by its code (SDMX 2.1) and words.

    >>> refusal(510, "more than 100,000 rows", where="x").todo
    "Narrow the entry's access.key, or begin later with access.since."
    """
    said = f": {text[:300]}" if text else ""
    if code == _NO_RESULTS or says_nothing_found(text):
        return QueryRefused(
            "the service finds no record for this key and period",
            where=where,
            todo="Compare the entry's access.key and access.since with the table: `alp sources verify`.",
        )
    if code == _NO_ACCOUNT:
        return CredentialsMissing(
            f"the service wants an account{said}",
            where=where,
            todo="Ask the publisher; SDMX sources are read without an account here.",
        )
    if code in _TOO_LARGE:
        return QueryRefused(
            f"the service finds the query too large{said}",
            where=where,
            todo="Narrow the entry's access.key, or begin later with access.since.",
        )
    if code in _LATER:
        return ServiceUnavailable(
            f"the service reports an error of its own ({code}){said}", where=where, todo=AGAIN
        )
    return QueryRefused(
        f"the service refuses the query ({code or 'no code'}){said}",
        where=where,
        todo="Check the entry's access with `alp sources verify`.",
    )


def _refuse_other_flow(found: str, flow: str, where: str) -> None:
    if found and flow and found != flow:
        raise NotData(f"the answer is of {found}, not of {flow}", where=where, todo=AGAIN)
