"""The datasets and documents behind a report's figures.

Belongs here: from document ids to the rows of the sources table, in the order of first use. Does not:
which figures a report shows (region), the text of licences (the release's own).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from alp_pipeline.reports.model import Document, ReleaseInconsistent, Scope, Source
from alp_pipeline.reports.release_file import ReleaseFile

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class SourceList:
    """All sources, and the ids of those behind the benchmark."""

    all: tuple[Source, ...]
    benchmark: tuple[str, ...]


def read_sources(
    release: ReleaseFile, documents: tuple[tuple[str, ...], tuple[str, ...]], scope: Scope | None
) -> SourceList:
    """The sources of the benchmark's documents first, then those of the indicators'.

    Where the benchmark has no document for the region, the dataset that feeds regional activities is named
    all the same: that it says nothing is what the page reports.

    Raises:
        ReleaseInconsistent: a figure names a document that `dim_document` lacks or that has no dataset.
    """
    activity, framework = documents
    known = {document.document_id: document for document in _documents(release, {*activity, *framework})}
    for document_id in (*activity, *framework):
        if document_id not in known:
            raise ReleaseInconsistent(
                "a figure names this document, which no dataset of the release owns",
                where=f"dim_document/{document_id}",
                todo="Rebuild the release; a figure without a source is not printed.",
            )
    benchmark = _ordered(known[each].dataset_id for each in activity)
    if scope is not None and not benchmark:
        benchmark = _ordered(
            row["dataset_id"]
            for row in release.rows("SELECT DISTINCT dataset_id FROM fct_regional_activity ORDER BY 1")
        )
    order = _ordered((*benchmark, *_ordered(known[each].dataset_id for each in framework)))
    used = [known[each] for each in sorted(known)]
    return SourceList(tuple(_source(release, each, used) for each in order), benchmark)


def _ordered(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(names))


def _documents(release: ReleaseFile, ids: set[str]) -> list[Document]:
    # Times are read as microseconds: a zoned timestamp would need DuckDB's time-zone extension.
    rows = release.rows(
        """SELECT document_id, dataset_id, document_format, content_sha256,
                  epoch_us(published_at) AS published_at, published_at_origin,
                  epoch_us(seen_at) AS seen_at, seen_at_origin, licence, is_synthetic
           FROM dim_document WHERE dataset_id IS NOT NULL AND list_contains(?, document_id)
           ORDER BY document_id""",
        [sorted(ids)],
    )
    return [
        Document(**row | {"published_at": _moment(row["published_at"]), "seen_at": _moment(row["seen_at"])})
        for row in rows
    ]


def _moment(microseconds: int | None) -> datetime | None:
    return None if microseconds is None else _EPOCH + timedelta(microseconds=microseconds)


def _source(release: ReleaseFile, dataset_id: str, used: Iterable[Document]) -> Source:
    rows = release.rows(
        """SELECT dataset_id, dataset_code, source_id, title, licence, licence_url, citation, acknowledgement,
                  doi, statistical_unit, classification_version, nuts_version_rule, discontinued,
                  successor_id, is_verified, is_synthetic
           FROM dim_dataset WHERE dataset_id = ?""",
        [dataset_id],
    )
    if not rows:
        raise ReleaseInconsistent(
            "documents name this dataset, which the release does not describe",
            where=f"dim_dataset/{dataset_id}",
            todo="Rebuild the release.",
        )
    documents = sorted(
        (document for document in used if document.dataset_id == dataset_id),
        key=lambda d: (d.published_at or d.seen_at or _EPOCH, d.document_id),
    )
    return Source(**rows[0], documents=tuple(documents))
