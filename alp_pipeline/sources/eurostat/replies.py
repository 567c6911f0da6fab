"""What an answer of Eurostat is: a table, or one of the many things that come in its place.

Belongs here: every shape of message, read from the first bytes, and the error that it means. Does not: asking
(dialogue), what to do about a queue ticket (queue).

The status of HTTP does not decide: a ticket of the queue, a fault and a web page all come under a 200 too.
"""

import json
import re
import zlib
from dataclasses import dataclass
from typing import Any, Final, Literal
from xml.parsers import expat

from alp_pipeline.sources.errors import (
    NotData,
    QueryRefused,
    ServiceUnavailable,
    SourceError,
)

Kind = Literal[
    "data",
    "structure",
    "ticket",
    "waiting",
    "empty",
    "too_big",
    "refused",
    "unavailable",
    "unknown_request",
    "not_data",
]
"""`data`: no message. `structure`: a message of that kind. `ticket`: queued, under an id. `waiting`: not yet,
ask again. `empty`: understood, and nothing matches. `too_big`: over the limit. `unknown_request`: the
queue does not know the id."""

HEAD_BYTES: Final = 1 << 16
_GZIP: Final = b"\x1f\x8b"
_STATES: Final = ("SUBMITTED", "PROCESSING", "AVAILABLE", "EXPIRED", "UNKNOWN_REQUEST", "ERROR")
_HTML: Final = re.compile(r"<!doctype\s+html|<html[\s>]", re.IGNORECASE)
_ID: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{3,79}")
_LEGACY_URL: Final = re.compile(r"/file/([A-Za-z0-9_-]+)\s*$")
_LONGEST_QUOTE: Final = 300


@dataclass(frozen=True)
class Reply:
    """What the first bytes of an answer are.

    Args:
        said: the service's own words, one line, at most 300 characters.
        ticket: the id under which the extraction is queued.
        state: of the queue, where the answer tells one.
    """

    kind: Kind
    said: str = ""
    ticket: str | None = None
    state: str | None = None


class ExtractionTooBig(QueryRefused):
    """The extraction costs more cells than the service allows, or than it computes at once."""


class NothingMatches(QueryRefused):
    """The request was understood, and the table holds nothing that matches it."""


def read_reply(head: bytes) -> Reply:
    """Tell data from messages.

    Args:
        head: the first bytes of the answer as received (64 KiB are enough), gzip or not.

    >>> read_reply(b"freq,geo\\\\TIME_PERIOD\\t2023 \\nA,AT\\t1 \\n").kind
    'data'
    >>> read_reply(b"<e><queued><id>98de05ea-540a</id><status>SUBMITTED</status></queued></e>")
    Reply(kind='ticket', said='SUBMITTED', ticket='98de05ea-540a', state='SUBMITTED')
    >>> read_reply(b'{"error":[{"status":413,"id":413,"label":"EXTRACTION_TOO_BIG: 9 rows"}]}').kind
    'too_big'
    """
    text = _opened(head).decode("utf-8", errors="replace").removeprefix("\ufeff").strip()
    if not text:
        return Reply("not_data", "nothing at all")
    if text.startswith("<"):
        return _of_markup(text)
    if text[0] in "{[":
        return _of_json(text)
    return Reply("data")


def failure(reply: Reply, *, where: str) -> SourceError:
    """The error that a reply without data means when nothing else can be done about it.

    >>> print(failure(Reply("refused", "150 INVALID_QUERY_DIMENSION"), where="eurostat.x"))
    QueryRefused: eurostat.x: Eurostat refuses the request: 150 INVALID_QUERY_DIMENSION. Compare ...
    """
    if reply.kind == "too_big":
        return ExtractionTooBig(
            f"Eurostat refuses the extraction for its size: {reply.said}",
            where=where,
            todo="Narrow the entry's filters, or want its bulk file.",
        )
    if reply.kind == "empty":
        return NothingMatches(
            f"Eurostat finds nothing that matches: {reply.said}",
            where=where,
            todo="Compare the entry's filters with the table: alp sources verify.",
        )
    if reply.kind == "refused":
        return QueryRefused(
            f"Eurostat refuses the request: {reply.said}",
            where=where,
            todo="Compare the entry's code, dimensions and filters with the table: alp sources verify.",
        )
    if reply.kind in ("not_data", "structure", "data"):
        return NotData(
            f"the answer is {reply.said or 'a text'} in the place of what was asked for",
            where=where,
            todo="Nothing was archived; the last vintage stays in use and the next refresh asks again.",
        )
    return ServiceUnavailable(
        f"Eurostat could not answer: {reply.said or reply.kind}",
        where=where,
        todo="The last vintage stays in use; the next refresh asks again.",
    )


def _opened(head: bytes) -> bytes:
    """The first bytes, decompressed where they are gzip; damage shows later, when all is read."""
    if not head.startswith(_GZIP):
        return head[:HEAD_BYTES]
    try:
        return zlib.decompressobj(wbits=31).decompress(head, HEAD_BYTES)
    except zlib.error:
        return b"?"


def _of_json(text: str) -> Reply:
    try:
        answer = json.loads(text)
    except ValueError:
        return Reply("not_data", "a JSON document")
    found = answer.get("error", answer.get("warning")) if isinstance(answer, dict) else None
    first = found[0] if isinstance(found, list) and found else found
    if not isinstance(first, dict):
        return Reply("not_data", f"an API message ({_quoted(str(first))})" if first else "a JSON document")
    label = str(first.get("label", ""))
    if "ASYNCHRONOUS_RESPONSE" in label:
        return Reply("waiting", _quoted(label))
    return _of_fault(str(first.get("status") or first.get("id") or ""), label)


def _of_fault(code: str, said: str) -> Reply:
    """A fault by its text and SDMX code; 100 is shared by three of them, so the text goes first."""
    words = _quoted(f"{code} {said}")
    if "DATA_NOT_YET_AVAILABLE" in said:
        return Reply("waiting", words)
    if "UNKNOWN_REQUEST" in said:
        return Reply("unknown_request", words)
    if "NO_RESULTS" in said or (code == "100" and "no results" in said.lower()):
        return Reply("empty", words)
    if "EXTRACTION_TOO_BIG" in said or code in ("130", "413", "510"):
        return Reply("too_big", words)
    if code in ("500", "503", "429"):
        return Reply("unavailable", words)
    return Reply("refused", words)


def _of_markup(text: str) -> Reply:
    found, is_whole = _elements(text)
    root = next(iter(found), "")
    if root == "Structure":
        return Reply("structure", "a structure message")
    if root.lower() == "html" or _HTML.search(text):
        return _web_page(text)
    if not is_whole:
        return Reply("not_data", f"a damaged XML message ({_quoted(root) or 'with a document type'})")
    if "queued" in found and "id" in found:
        state = found.get("status", "")
        if not _ID.fullmatch(found["id"]):
            return Reply("unavailable", "a ticket of the queue whose id cannot be one")
        return Reply("ticket", state, found["id"], state)
    if "faultstring" in found or "faultcode" in found:
        return _of_fault(found.get("faultcode", ""), found.get("faultstring", ""))
    if found.get("footer") == "413":
        legacy = _LEGACY_URL.search(found.get("address", ""))
        if legacy is None or not _ID.fullmatch(legacy[1]):
            return Reply("too_big", "413 the answer is written to a file whose place it does not name")
        return Reply("ticket", "SUBMITTED", legacy[1], "SUBMITTED")
    if found.get("status") in _STATES:
        return Reply("ticket", found["status"], found.get("id") or found.get("key"), found["status"])
    return Reply("not_data", f"an XML message ({_quoted(root)})")


def _web_page(text: str) -> Reply:
    title = re.search(r"<title[^>]*>(.*?)</title>", text, re.DOTALL | re.IGNORECASE)
    return Reply("not_data", f"a web page ('{_quoted(title[1])[:80] if title else 'untitled'}')")


def _elements(text: str) -> tuple[dict[str, str], bool]:
    """The texts of a small message by local name (the first of each, the root before all), and whether it is
    well-formed to its end. A document type ends the reading.

    The address of the legacy footer stands in its texts: it is kept to take the id out of it, never followed.
    """
    found: dict[str, str] = {}
    open_now: list[str] = []

    def start(name: str, given: dict[str, Any]) -> None:
        local = name.rpartition(" ")[2]
        open_now.append(local)
        found.setdefault(local, "")
        if local == "Message" and "Footer" in open_now:
            found["footer"] = given.get("code", "")

    def text_of(words: str) -> None:
        if not open_now or not words.strip():
            return
        if found[open_now[-1]] == "":
            found[open_now[-1]] = words.strip()
        if open_now[-1] == "Text" and "/file/" in words:
            found["address"] = words.strip()

    def refuse(*_: object) -> None:
        raise ValueError("a document type")

    parser = expat.ParserCreate(namespace_separator=" ")
    parser.buffer_text = True
    parser.StartDoctypeDeclHandler = refuse
    parser.StartElementHandler = start
    parser.EndElementHandler = lambda _: open_now.pop()
    parser.CharacterDataHandler = text_of
    try:
        parser.Parse(text.encode(), True)
    except (expat.ExpatError, ValueError):
        return found, False
    return found, True


def _quoted(said: str) -> str:
    return " ".join(said.split())[:_LONGEST_QUOTE].rstrip(". ")
