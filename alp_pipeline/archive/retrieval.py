"""The record of one retrieval: which bytes, of which dataset, claiming to cover what, from when.

Belongs here: the record and its identity, the extent, the order of vintages. Does not: files (store),
where the times come from (document_times), what a cell was at a moment (observations.history).
"""

import hashlib
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal, Self, get_args

from alp_pipeline.archive.utc import is_canonical
from alp_pipeline.errors import AlpError

Kind = Literal["synthetic", "real"]
TimeOrigin = Literal["gzip header", "document", "manifest", "inventory", "request", "unknown"]

# A name becomes a folder. Eurostat's own extraction codes hold a `$`.
_NAME = re.compile(r"[a-z0-9_][a-z0-9_.$-]{0,199}")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_METADATA = ("$structure", "$constraint")


class RetrievalInvalid(AlpError):
    """A retrieval record says something that no record may say."""


@dataclass(frozen=True)
class Extent:
    """What a document claims to cover: the whole table, or a slice of it.

    Args:
        dims: dimension → the codes asked for; a dimension that is not named is claimed whole.
        periods: first and last period asked for, either open (None); None claims every period.

    >>> Extent.whole().as_json()
    {}
    >>> Extent({"geo": ["ITC4", "AT33"]}, ("2014", None)).as_json()
    {'dims': {'geo': ['AT33', 'ITC4']}, 'periods': ['2014', None]}
    """

    dims: Mapping[str, Sequence[str]] = field(default_factory=dict, hash=False)
    periods: tuple[str | None, str | None] | None = None

    def __post_init__(self) -> None:
        for dimension, codes in self.dims.items():
            if isinstance(codes, str) or not codes:
                raise RetrievalInvalid(
                    f"the extent names no list of codes for {dimension!r}",
                    where="extent",
                    todo="Name the codes, or leave the dimension out to claim it whole.",
                )
        ordered = {name: tuple(sorted(set(codes))) for name, codes in sorted(self.dims.items())}
        object.__setattr__(self, "dims", ordered)
        if self.periods is not None:
            first, last = self.periods
            object.__setattr__(self, "periods", None if first is last is None else (first, last))

    @classmethod
    def whole(cls) -> Self:
        """The claim of a bulk file: everything the table holds."""
        return cls()

    @property
    def is_whole(self) -> bool:
        return not self.dims and self.periods is None

    def overlaps(self, other: "Extent") -> bool:
        """Whether a cell can lie in both claims.

        They are apart only if a dimension that both name shares no code, or one's periods end before the
        other's begin. Periods compare as text, as where vintages are laid over each other: an end "2015"
        holds "2015-Q3".

        >>> first = Extent({"geo": ["AT33", "ITC4"]}, (None, "2015"))
        >>> first.overlaps(Extent({"geo": ["ITC4"], "sex": ["T"]})), first.overlaps(Extent({"geo": ["SI03"]}))
        (True, False)
        >>> first.overlaps(Extent({}, ("2015-Q3", None))), first.overlaps(Extent({}, ("2016", None)))
        (True, False)
        """
        if any(
            not set(codes) & set(other.dims[name]) for name, codes in self.dims.items() if name in other.dims
        ):
            return False
        mine, theirs = self.periods or (None, None), other.periods or (None, None)
        return _may_meet(mine[0], theirs[1]) and _may_meet(theirs[0], mine[1])

    def as_json(self) -> dict[str, Any]:
        """`{}` for the whole table, else `dims` and `periods`, each only where it limits the claim."""
        claim: dict[str, Any] = {}
        if self.dims:
            claim["dims"] = {name: list(codes) for name, codes in self.dims.items()}
        if self.periods is not None:
            claim["periods"] = list(self.periods)
        return claim

    @classmethod
    def from_json(cls, claim: Mapping[str, Any]) -> Self:
        """The inverse of `as_json`.

        >>> Extent.from_json({"periods": ["2014", "2015"]}).periods
        ('2014', '2015')
        """
        unknown = set(claim) - {"dims", "periods"}
        if unknown:
            raise RetrievalInvalid(
                f"the extent has unknown parts {sorted(unknown)}",
                where="extent",
                todo="An extent has `dims` and `periods` only.",
            )
        periods = claim.get("periods")
        return cls(claim.get("dims", {}), None if periods is None else (periods[0], periods[1]))


def _may_meet(first: str | None, last: str | None) -> bool:
    # "~" sorts after everything that can follow a year: "2015-Q3" is not after "2015".
    return first is None or last is None or first <= last + "~"


@dataclass(frozen=True)
class Retrieval:
    """One retrieval of one document. Immutable, and free of our import clock.

    Times are UTC, `2017-07-31T14:35:14Z`, whole seconds, None where unknown. `published_at` is the
    publisher's time, `seen_at` when we (or whoever kept the document for us) had it. `observations_digest` is
    the SHA-256 over the document's observations in canonical form, None where nobody computed it.

    Raises:
        RetrievalInvalid: a name that cannot be a folder, a malformed hash or time, an unknown time that
            claims an origin or a known one that claims none.

    >>> retrieval = Retrieval("eurostat", "tgs00001", "tsv", "0" * 64, 12, "Eurostat reuse", False)
    >>> retrieval.dataset_id, retrieval.retrieval_id
    ('eurostat.tgs00001', 'd242e382323e79aecab08a44eb9db042')
    """

    source_id: str
    dataset_code: str
    format: str
    content_sha256: str
    size_bytes: int
    licence: str
    is_synthetic: bool
    extent: Extent = field(default_factory=Extent)
    published_at: str | None = None
    published_at_origin: TimeOrigin = "unknown"
    seen_at: str | None = None
    seen_at_origin: TimeOrigin = "unknown"
    url: str | None = None
    parameters: Mapping[str, Any] = field(default_factory=dict, hash=False)
    headers: Mapping[str, str] = field(default_factory=dict, hash=False)
    citation: str | None = None
    observations_digest: str | None = None

    def __post_init__(self) -> None:
        for name in (self.source_id, self.dataset_code):
            if not _NAME.fullmatch(name):
                raise self._invalid(f"{name!r} cannot name a source or dataset", "Use a-z 0-9 _ . $ - only.")
        if not _SHA256.fullmatch(self.content_sha256) or self.size_bytes < 0 or not self.format:
            raise self._invalid("hash, size or format is malformed", "Give SHA-256 in hex, bytes and format.")
        if self.observations_digest is not None and not _SHA256.fullmatch(self.observations_digest):
            raise self._invalid(
                "the digest of the observations is malformed", "Give SHA-256 in hex, or none."
            )
        for label, time, origin in (
            ("published_at", self.published_at, self.published_at_origin),
            ("seen_at", self.seen_at, self.seen_at_origin),
        ):
            if time is not None and not is_canonical(time):
                raise self._invalid(f"{label} {time!r} is no UTC time", "Write it as 2017-07-31T14:35:14Z.")
            if origin not in get_args(TimeOrigin) or (time is None) != (origin == "unknown"):
                raise self._invalid(
                    f"{label} is {time} but its origin is {origin!r}",
                    f"Name the origin, one of {', '.join(get_args(TimeOrigin))}; only no time is unknown.",
                )

    def _invalid(self, what: str, todo: str) -> RetrievalInvalid:
        return RetrievalInvalid(what, where=f"{self.source_id}.{self.dataset_code}", todo=todo)

    @property
    def dataset_id(self) -> str:
        return f"{self.source_id}.{self.dataset_code}"

    @property
    def metadata_of(self) -> str | None:
        """The dataset that this document describes (its structure or constraint); None for one of data."""
        return metadata_of(self.dataset_id)

    @property
    def kind(self) -> Kind:
        return "synthetic" if self.is_synthetic else "real"

    @property
    def is_undated(self) -> bool:
        """Neither time is known: parsed and accounted for, but part of no history."""
        return self.published_at is None and self.seen_at is None

    @cached_property
    def retrieval_id(self) -> str:
        """The record's identity: the first 32 hex digits of the SHA-256 of its canonical JSON."""
        return hashlib.sha256(self.canonical_json().encode()).hexdigest()[:32]

    def as_json(self) -> dict[str, Any]:
        """The record without what it does not say (None, `{}`).

        So a field added one day does not change the identity of the records written before.
        """
        values = {name: getattr(self, name) for name in self.__dataclass_fields__}
        values["extent"] = self.extent.as_json()
        values["parameters"], values["headers"] = dict(self.parameters), dict(self.headers)
        return {name: value for name, value in values.items() if value not in (None, {})}

    def canonical_json(self) -> str:
        """The one text of this record: keys sorted, no blanks, UTF-8 as it is."""
        return json.dumps(self.as_json(), sort_keys=True, separators=(",", ":"), ensure_ascii=False)

    @classmethod
    def from_json(cls, text: str, *, where: str) -> Self:
        """The record in a text that `as_json` made.

        Raises:
            RetrievalInvalid: not JSON, not a record, or a field that is missing, unknown or impossible.
        """
        try:
            values = json.loads(text)
            values["extent"] = Extent.from_json(values.get("extent", {}))
            return cls(**values)
        except (ValueError, TypeError, KeyError, AttributeError, IndexError) as error:
            raise RetrievalInvalid(
                f"this is not a retrieval record ({error})",
                where=where,
                todo="Restore the record from a backup or an export, or import the document again.",
            ) from error


def metadata_of(dataset_id: str) -> str | None:
    """The dataset whose structure or constraint is archived under this id; None for a dataset itself.

    >>> metadata_of("eurostat.tgs00001$structure"), metadata_of("eurostat.tgs00001$dv_12")
    ('eurostat.tgs00001', None)
    """
    return next((dataset_id.removesuffix(end) for end in _METADATA if dataset_id.endswith(end)), None)


def vintage_order(retrieval: Retrieval) -> tuple[str, str, str, str]:
    """The key that puts retrievals into history: publisher's time, our time, hash.

    An unknown publisher's time counts as the seen time; an unknown seen time counts as the publisher's,
    the earliest moment at which anyone can have had the document. The record's id breaks the last tie,
    so that the order of import never shows.

    >>> early = Retrieval("s", "d", "tsv", "0" * 64, 1, "", False, seen_at="2016-01-01T00:00:00Z",
    ...                   seen_at_origin="manifest")
    >>> vintage_order(early)[:2]
    ('2016-01-01T00:00:00Z', '2016-01-01T00:00:00Z')
    """
    published, seen = retrieval.published_at, retrieval.seen_at
    return (
        published or seen or "",
        seen or published or "",
        retrieval.content_sha256,
        retrieval.retrieval_id,
    )


def group_vintages(retrievals: Iterable[Retrieval]) -> list[tuple[Retrieval, ...]]:
    """Dated retrievals of one dataset, in order, each vintage together with its later sightings.

    A retrieval is held against the newest vintage before it whose extent overlaps its own: slices of one
    table come in turn, and what lies between two retrievals of a slice says nothing about it. The same claim
    again is a sighting, anything else a new vintage; so a revision that is taken back is a new vintage. The
    same claim is: the same bytes, format and extent, or the same observations and extent (a publisher repacks
    a file, writes the hour into it, or announces a change that is none). The same bytes under another format
    or extent are another claim: a document imported under a wrong format is put right by importing it again.

    Returns: one tuple for each vintage, in order of the retrieval that brought it first.
    """
    groups: list[list[Retrieval]] = []
    for retrieval in sorted((r for r in retrievals if not r.is_undated), key=vintage_order):
        before = next((g for g in reversed(groups) if g[0].extent.overlaps(retrieval.extent)), None)
        if before is not None and any(_is_same_claim(seen, retrieval) for seen in before):
            before.append(retrieval)
        else:
            groups.append([retrieval])
    return [tuple(group) for group in groups]


def _is_same_claim(one: Retrieval, other: Retrieval) -> bool:
    if one.extent != other.extent:
        return False
    if one.observations_digest is not None and one.observations_digest == other.observations_digest:
        return True
    return (one.content_sha256, one.format) == (other.content_sha256, other.format)
