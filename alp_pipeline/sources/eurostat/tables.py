"""A TSV on disk, looked at before it counts: whole, a table of Eurostat's, and only what was asked for.

Belongs here: the look at bytes, heading and keys of one file. Does not: reading cells (observations), bands
of size (the intake gate).
"""

import gzip
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from alp_pipeline.observations.documents import Document
from alp_pipeline.observations.errors import DocumentError
from alp_pipeline.sources.errors import NotData
from alp_pipeline.sources.eurostat.boxes import Claim
from alp_pipeline.sources.inspection import refuse_unless_data

_GZIP = b"\x1f\x8b"
_AGAIN = "Nothing was archived; the last vintage stays in use and the next refresh asks again."


@dataclass(frozen=True)
class Heading:
    """Dimensions (time left out) and periods, as the first line of a TSV names them."""

    dimensions: tuple[str, ...]
    periods: tuple[str, ...]


def refuse_unless_table(path: Path, *, where: str) -> Heading:
    """The heading of a TSV whose bytes were read to their end. A heading without rows is a valid empty table.

    Raises:
        AnswerTruncated: its compression ends early.
        NotData: it is something else.
    """
    with path.open("rb") as file:
        is_gzip = file.read(2) == _GZIP
    refuse_unless_data(path, where, form="gzip" if is_gzip else "text")
    try:
        line, _ = Document(path, where=where).first_line()
    except DocumentError as error:
        raise NotData(error.what, where=where, todo=_AGAIN) from error
    first, *periods = line.split("\t")
    keys, slash, time = first.partition("\\")
    if not slash or not time.strip().lower().startswith("time"):
        raise NotData(
            f"the answer is no TSV of Eurostat: its first line begins with '{first[:60]}'",
            where=where,
            todo=_AGAIN,
        )
    return Heading(
        tuple(name.strip() for name in keys.split(",")), tuple(p.strip() for p in periods if p.strip())
    )


def refuse_unasked(path: Path, heading: Heading, claim: Claim, since: str | None, *, where: str) -> None:
    """Refuse a slice that holds what was not asked for: a filter or a cache on the way was not honoured.

    Raises:
        NotData: naming the first code or period.
    """
    early = [period for period in heading.periods if is_before(period, since)]
    if early:
        raise _unasked(f"the period {early[0]}", where)
    asked = {position: claim[name] for position, name in enumerate(heading.dimensions) if name in claim}
    if missing := sorted(set(claim) - set(heading.dimensions)):
        raise NotData(f"the answer has no dimension {', '.join(missing)}", where=where, todo=_AGAIN)
    with path.open("rb") as file:
        is_gzip = file.read(2) == _GZIP
    with gzip.open(path, "rb") if is_gzip else path.open("rb") as lines:
        next(lines)
        for line in lines:
            _refuse_line(line, asked, where)


def is_before(period: str, since: str | None) -> bool:
    """Whether a period lies in a year before that of `since`. Years decide, since frequencies may be mixed.

    >>> is_before("2014-Q4", "2015"), is_before("2015", "2015-Q3"), is_before("1999", None)
    (True, False, False)
    """
    return since is not None and period[:4] < since[:4]


def _refuse_line(line: bytes, asked: Mapping[int, frozenset[str]], where: str) -> None:
    codes = line.partition(b"\t")[0].decode("utf-8", errors="replace").strip().split(",")
    for position, allowed in asked.items():
        if position < len(codes) and codes[position] not in allowed:
            raise _unasked(f"the code {codes[position][:40]}", where)


def _unasked(what: str, where: str) -> NotData:
    return NotData(f"the answer holds {what}, which was not asked for", where=where, todo=_AGAIN)
