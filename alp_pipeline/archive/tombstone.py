"""What stays of a withdrawn document: its hash, why, by whom, and which retrievals it was.

Belongs here: the record of an erasure. Does not: carrying one out (erasure).
"""

import json
from dataclasses import asdict, dataclass
from typing import Any, Self

from alp_pipeline.archive.retrieval import Retrieval, RetrievalInvalid


@dataclass(frozen=True)
class WithdrawnRetrieval:
    """As much of a retrieval as may stay: which it was and when, never its url, parameters or headers."""

    retrieval_id: str
    source_id: str
    dataset_code: str
    format: str
    published_at: str | None
    seen_at: str | None

    @property
    def dataset_id(self) -> str:
        return f"{self.source_id}.{self.dataset_code}"

    @classmethod
    def of(cls, retrieval: Retrieval) -> Self:
        return cls(
            retrieval.retrieval_id,
            retrieval.source_id,
            retrieval.dataset_code,
            retrieval.format,
            retrieval.published_at,
            retrieval.seen_at,
        )


@dataclass(frozen=True)
class Tombstone:
    """A lawful erasure: the bytes are gone and may not come back.

    >>> stone = Tombstone("0" * 64, 12, "consent revoked", "A. Rossi", "2026-01-02T03:04:05Z", ())
    >>> Tombstone.from_json(stone.to_json(), where="a.json") == stone
    True
    """

    content_sha256: str
    size_bytes: int
    reason: str
    by: str
    withdrawn_at: str
    documents: tuple[WithdrawnRetrieval, ...]

    def to_json(self) -> str:
        return json.dumps(asdict(self), indent=1, ensure_ascii=False, sort_keys=True) + "\n"

    @classmethod
    def from_json(cls, text: str, *, where: str) -> Self:
        """The inverse of `to_json`.

        Raises:
            RetrievalInvalid: the text is no tombstone.
        """
        try:
            values: dict[str, Any] = json.loads(text)
            values["documents"] = tuple(WithdrawnRetrieval(**document) for document in values["documents"])
            return cls(**values)
        except (ValueError, TypeError, KeyError) as error:
            raise RetrievalInvalid(
                f"this is not the record of an erasure ({error})",
                where=where,
                todo="Restore it from a backup or an export; without it the withdrawn document could return.",
            ) from error
