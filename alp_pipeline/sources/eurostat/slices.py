"""A part of a table, asked for in requests that cost little enough to be answered at once.

Belongs here: what the entry wants against what the table holds, the requests, and what their answers claim.
Does not: the arithmetic (boxes), the dialogue with the queue (queue).

SDMX 2.1 is asked, with TSV: its messages and its queue are the documented ones, and its answers are read by
the reader of bulk files, missing cells included. Its one trap, that a single absent code refuses the whole
query, is avoided by asking only for codes that the content constraint lists.

A dimension that the entry does not filter and that must be divided is claimed by the codes that the table
holds today: a code that vanishes from it later is claimed by no document. Where that matters, divide along a
filtered dimension (`access.split_by`).
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from alp_pipeline.catalog.models import DatasetEntry
from alp_pipeline.observations.structure import Structure
from alp_pipeline.sources.errors import QueryRefused, SourceError, StructureChanged
from alp_pipeline.sources.eurostat.boxes import Box, Claim, widened
from alp_pipeline.sources.eurostat.queue import Dialogue
from alp_pipeline.sources.eurostat.replies import ExtractionTooBig, NothingMatches
from alp_pipeline.sources.eurostat.tables import is_before, refuse_unasked, refuse_unless_table
from alp_pipeline.sources.http import Download

_TODO: Final = "Compare the entry's filters with the table: alp sources verify."


@dataclass(frozen=True)
class Limits:
    """What one request may cost. Eurostat's thresholds drift: to verify against the live service.

    Args:
        most_cells: estimated cells below which an extraction is answered at once.
        longest_key: characters of a key; servers refuse addresses beyond some 8,000.
        most_requests: of one dataset; more means that the entry should want the bulk file.
    """

    most_cells: int = 500_000
    longest_key: int = 3_000
    most_requests: int = 200


@dataclass(frozen=True)
class Slice:
    """One answer. `claim` is in the document's names of dimensions."""

    claim: Claim
    answer: Download
    key: str


@dataclass(frozen=True)
class Wanted:
    """What an entry wants of a table.

    Args:
        box: the codes that are there.
        absent: dimension → codes of the filters that the table does not hold: claimed, but not asked for.
    """

    box: Box
    absent: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


def wanted(dataset: DatasetEntry, order: tuple[str, ...], present: Structure, *, where: str) -> Wanted:
    """An entry's filters against the codes that its table holds.

    Args:
        order: the table's dimensions in the order of the key, in its own names.
        present: the content constraint.

    Raises:
        StructureChanged: the dimensions are not the entry's.
        QueryRefused: none of the codes of a filter is there.
    """
    ours = dict(zip(order, dataset.shape().renamed(order), strict=True))
    missing = set(dataset.dimensions) - set(ours.values()) - set(dataset.default_codes)
    if extra := (set(ours.values()) - set(dataset.dimensions)) | missing:
        raise StructureChanged(
            f"its dimensions are {', '.join(order)}: the entry differs in {', '.join(sorted(extra))}",
            where=where,
            todo="Look at the table, then correct the entry: alp sources verify prints it.",
        )
    if lacking := [name for name in order if not present.present.get(name)]:
        raise QueryRefused(
            f"its content constraint lists no codes of {', '.join(lacking)}", where=where, todo=_TODO
        )
    codes: dict[str, tuple[str, ...]] = {}
    absent: dict[str, tuple[str, ...]] = {}
    for name, own in ours.items():
        held = present.present[name]
        asked = dataset.filters.get(own)
        if asked is None:
            codes[name] = tuple(held)
            continue
        codes[name] = tuple(code for code in dict.fromkeys(asked) if code in held)
        if lost := tuple(sorted(set(asked) - set(held))):
            absent[name] = lost
        if not codes[name]:
            raise QueryRefused(
                f"it holds none of the codes that the entry filters {own} by: {', '.join(absent[name][:10])}",
                where=where,
                todo=_TODO,
            )
    named = frozenset(name for name, own in ours.items() if own in dataset.filters)
    since = getattr(dataset.access, "since", None)
    periods = sum(not is_before(period, since) for period in present.periods)
    return Wanted(Box(codes, named, periods), absent)


class Slices:
    """The requests for one part of one table.

    Args:
        address: the key of a request → its address.
        place: the number of a request → the file of its answer.
    """

    def __init__(
        self,
        dialogue: Dialogue,
        limits: Limits,
        *,
        address: Callable[[str], str],
        place: Callable[[int], Path],
        split_by: str | None,
        since: str | None,
        where: str,
    ) -> None:
        self._dialogue, self._limits, self._where = dialogue, limits, where
        self._address, self._place, self._split_by, self._since = address, place, split_by, since
        self._requests = 0

    def of(self, part: Wanted, *, was_refused: bool = False) -> list[Slice]:
        """The answers that together hold what is wanted; no cell stands in two of them.

        Args:
            was_refused: for its size, all of it in one request: it is divided whatever the estimate says.

        Raises:
            QueryRefused: it would take too many requests, or nothing of it is there.
            SourceError: as the dialogue; no file is left.
        """
        try:
            found = self._within(part.box, least=2 if was_refused else 1)
        except SourceError:
            for number in range(self._requests + 1):
                self._place(number).unlink(missing_ok=True)
            raise
        if not found:
            raise QueryRefused("nothing of what the entry wants is there", where=self._where, todo=_TODO)
        for name, codes in part.absent.items():
            found = _taking(found, name, part.box.codes[name], codes)
        return found

    def _within(self, box: Box, *, least: int = 1) -> list[Slice]:
        pieces = box.pieces(most_cells=self._limits.most_cells, longest_key=self._limits.longest_key)
        pieces = max(pieces, least)
        along = box.widest(self._split_by)
        if self._requests + pieces > self._limits.most_requests:
            raise QueryRefused(
                f"it would take more than {self._limits.most_requests} requests "
                f"(estimated {box.cells} cells, {self._limits.most_cells} at once)",
                where=self._where,
                todo="Narrow the entry's filters, or want its bulk file.",
            )
        if pieces == 1 or along is None:
            try:
                return list(self._asked(box))
            except ExtractionTooBig:
                if along is None:
                    raise
                pieces = 2
        parts = box.divided(along, pieces)
        found: list[Slice] = []
        owner: Box | None = None
        empty: list[str] = []
        for one in parts:
            here = self._within(one)
            if not here:
                empty.extend(one.codes[along])
                continue
            found.extend(here)
            owner = owner or one
        return _taking(found, along, owner.codes[along], empty) if owner else []

    def _asked(self, box: Box) -> Iterator[Slice]:
        """The answer for one box; nothing where Eurostat finds nothing that matches."""
        self._requests += 1
        path = self._place(self._requests)
        params = {"format": "TSV", "compressed": "true"}
        if self._since is not None:
            params["startPeriod"] = self._since
        try:
            answer = self._dialogue.table(self._address(box.key), params=params, to=path, where=self._where)
        except NothingMatches:
            return
        heading = refuse_unless_table(path, where=self._where)
        refuse_unasked(path, heading, box.claim, self._since, where=self._where)
        yield Slice(box.claim, answer, box.key)


def _taking(found: Sequence[Slice], along: str, own: Sequence[str], codes: Sequence[str]) -> list[Slice]:
    """The same answers, claiming further codes of one dimension, of which nothing is there."""
    claims = widened([one.claim for one in found], along, own, codes)
    return [replace(one, claim=claim) for one, claim in zip(found, claims, strict=True)]
