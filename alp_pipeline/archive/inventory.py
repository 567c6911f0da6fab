"""What the archive holds, and what becomes of each document.

Belongs here: one row for each retrieval and each withdrawn one, with its standing. Does not: what is
catalogued and which formats have a reader: the caller says.
"""

from collections.abc import Collection
from dataclasses import dataclass
from itertools import groupby
from typing import Literal

from alp_pipeline.archive.retrieval import Retrieval, group_vintages
from alp_pipeline.archive.store import Archive

NOT_CATALOGUED = "archived, not catalogued"
NOT_READ = "format not yet read"
READABLE = "readable"
METADATA = "metadata of its dataset"
WITHDRAWN = "withdrawn"


@dataclass(frozen=True)
class InventoryRow:
    """One retrieval. `history` says what it is in its dataset's history, `standing` what reads it."""

    dataset_id: str
    retrieval_id: str
    format: str
    content_sha256: str
    size_bytes: int
    published_at: str | None
    seen_at: str | None
    licence: str
    history: Literal["vintage", "sighting", "undated", "withdrawn"]
    standing: str


def inventory(
    archive: Archive, *, catalogued: Collection[str], readable_formats: Collection[str]
) -> list[InventoryRow]:
    """Every retrieval with its standing, by dataset and in the order of history.

    Args:
        catalogued: ids of the datasets that a catalogue entry reads.
        readable_formats: formats for which there is a reader.

    Returns: rows whose standing is `readable`, `withdrawn`, or what stands in the way: `archived, not
        catalogued`, `format not yet read`, or both, parted by a semicolon. A structure or constraint of a
        catalogued dataset is `metadata of its dataset`.
    """
    retrievals = archive.retrievals()
    vintages = {
        group[0].retrieval_id
        for _, of_dataset in groupby(retrievals, key=lambda r: r.dataset_id)
        for group in group_vintages(of_dataset)
    }
    rows = [
        InventoryRow(
            r.dataset_id,
            r.retrieval_id,
            r.format,
            r.content_sha256,
            r.size_bytes,
            r.published_at,
            r.seen_at,
            r.licence,
            "undated" if r.is_undated else "vintage" if r.retrieval_id in vintages else "sighting",
            _standing(r, catalogued, readable_formats),
        )
        for r in retrievals
    ]
    gone = [
        InventoryRow(
            d.dataset_id,
            d.retrieval_id,
            d.format,
            stone.content_sha256,
            stone.size_bytes,
            d.published_at,
            d.seen_at,
            "",
            "withdrawn",
            WITHDRAWN,
        )
        for stone in archive.tombstones()
        for d in stone.documents
    ]
    return sorted([*rows, *gone], key=lambda row: row.dataset_id)


def _standing(retrieval: Retrieval, catalogued: Collection[str], formats: Collection[str]) -> str:
    if retrieval.metadata_of in catalogued:
        return METADATA
    return standing(retrieval.dataset_id in catalogued, retrieval.format in formats)


def standing(is_catalogued: bool, is_readable: bool) -> str:
    """The words for it.

    >>> standing(False, False)
    'archived, not catalogued; format not yet read'
    """
    obstacles = [*([] if is_catalogued else [NOT_CATALOGUED]), *([] if is_readable else [NOT_READ])]
    return "; ".join(obstacles) or READABLE
