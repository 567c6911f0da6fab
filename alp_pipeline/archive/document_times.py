"""What a document itself says about when it was published, and when it was made for us.

Belongs here: where each format keeps its time. Does not: understanding the time (utc), any other content
of a document (observations).

    TSV                 gzip header (the packing of the bulk file)         → published
    JSON-stat           `updated` of the dataset, or of the bundle's       → published
    SDMX-CSV            `LAST UPDATE` of the first row                     → published
    SDMX-ML             `Prepared`, the moment the answer was made         → seen
    anything else       gzip header                                        → published

An answer that is packed on its way out carries the packing's time in its gzip header: for SDMX-ML, which
is always an answer, that says nothing about publishing and is not used. What cannot be understood stays
unknown; it is never replaced by a guess.
"""

import csv
import gzip
import io
import re
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, cast

from alp_pipeline.archive.objects import DocumentUnreadable
from alp_pipeline.archive.retrieval import TimeOrigin
from alp_pipeline.archive.utc import brussels_last_update, canonical, utc_time

_HEAD_BYTES = 1 << 16
# A JSON-stat answer holds at most five million cells, some 100 MB. A larger document is searched this far.
_JSON_BYTES = 1 << 28
_PREPARED = re.compile(rb"<(?:[\w.-]+:)?Prepared>\s*([^<\s]+)\s*</")
# The value after a key is matched with it, so that a title that reads "updated" is not taken for the key.
_STRING = rb'"([^"\\]*(?:\\.[^"\\]*)*)"'
_JSON_TOKEN = re.compile(_STRING + rb"(?:\s*(:)\s*(?:" + _STRING + rb")?)?|[{}\[\]]")
_DATASET_KEYS = frozenset({b"version", b"class", b"value", b"dimension"})


@dataclass(frozen=True)
class DocumentTimes:
    """Times with their origins, UTC; None and "unknown" where the document does not tell."""

    published_at: str | None = None
    published_at_origin: TimeOrigin = "unknown"
    seen_at: str | None = None
    seen_at_origin: TimeOrigin = "unknown"


def document_times(path: Path, document_format: str) -> DocumentTimes:
    """The times in a document of a named format (`tsv-2017`, `json-stat-2`, `sdmx-ml-2.1` …).

    Raises:
        DocumentUnreadable: the file cannot be opened. A file that opens and is broken inside tells nothing.
    """
    if document_format.startswith("sdmx-ml"):
        made = _PREPARED.search(_read(path, _HEAD_BYTES))
        seen = utc_time(made[1].decode("ascii", "replace")) if made else None
        return DocumentTimes(seen_at=seen, seen_at_origin="document" if seen else "unknown")
    published = None
    if document_format.startswith("json-stat"):
        published = json_stat_updated(_read(path, _JSON_BYTES))
    elif document_format.startswith("sdmx-csv"):
        published = sdmx_csv_last_update(_read(path, _HEAD_BYTES))
    if published:
        return DocumentTimes(published_at=published, published_at_origin="document")
    packed = gzip_time(_raw(path, 10))
    return DocumentTimes(published_at=packed, published_at_origin="gzip header" if packed else "unknown")


def gzip_time(head: bytes) -> str | None:
    """The modification time in a gzip header (bytes 4 to 7); None when it is zero or this is no gzip.

    Source: RFC 1952, section 2.3.1.

    >>> gzip_time(bytes.fromhex("1f8b080822407f590003")), gzip_time(bytes.fromhex("1f8b0800000000000003"))
    ('2017-07-31T14:35:14Z', None)
    """
    if len(head) < 8 or head[:2] != b"\x1f\x8b":
        return None
    (seconds,) = cast(tuple[int], struct.unpack("<I", head[4:8]))
    return canonical(datetime.fromtimestamp(seconds, UTC)) if seconds else None


def json_stat_updated(document: bytes) -> str | None:
    """`updated` of a JSON-stat dataset, or of the datasets of a 1.x bundle: the newest of them.

    A bundle is public when its last part is. One `updated` that cannot be understood leaves the whole
    unknown. The text is scanned, not parsed: five million cells would cost a gigabyte as objects.

    >>> json_stat_updated(b'{"updated":"2012-12-27T12:25:09Z","note":{"updated":"2020-01-01"},"value":[1]}')
    '2012-12-27T12:25:09Z'
    >>> json_stat_updated(b'{"a":{"updated":"2012-11-27"},"b":{"updated":"2012-09-27"}}')
    '2012-11-27T00:00:00Z'
    """
    times = [utc_time(text) for text in _stated_updates(document)]
    known = [time for time in times if time is not None]
    return max(known) if known and len(known) == len(times) else None


def _stated_updates(document: bytes) -> list[str]:
    if b'"updated"' not in document:
        return []
    found: dict[int, list[str]] = {1: [], 2: []}
    depth, is_bundle = 0, True
    for token in _JSON_TOKEN.finditer(document):
        text, key, colon, value = token[0], token[1], token[2], token[3]
        if text in b"{[":
            depth += 1
        elif text in b"}]":
            depth -= 1
        elif colon and depth == 1 and key in _DATASET_KEYS:
            is_bundle = False
        elif colon and depth in found and key == b"updated" and value is not None:
            found[depth].append(value.decode("utf-8", "replace"))
    return found[1] or (found[2] if is_bundle else [])


def sdmx_csv_last_update(head: bytes) -> str | None:
    """`LAST UPDATE` of the first row of an SDMX-CSV message, comma or semicolon.

    >>> sdmx_csv_last_update(b"DATAFLOW,LAST UPDATE,freq\\r\\nESTAT:TGS00001(1.0),10/02/26 11:00:00,A\\r\\n")
    '2026-02-10T10:00:00Z'
    """
    lines = head.decode("utf-8-sig", "replace").splitlines()[:2]
    if len(lines) < 2:
        return None
    delimiter = ";" if lines[0].count(";") > lines[0].count(",") else ","
    header, row = csv.reader(lines, delimiter=delimiter)
    fields = {name.strip().upper().replace("_", " "): text for name, text in zip(header, row, strict=False)}
    return brussels_last_update(fields.get("LAST UPDATE", ""))


def _read(path: Path, limit: int) -> bytes:
    """The document's first bytes, unpacked where it is gzip or a ZIP archive of one file; what is unpacked
    of a broken one."""
    magic = _raw(path, 4)
    if magic[:2] != b"\x1f\x8b" and magic != b"PK\x03\x04":
        return _raw(path, limit)
    unpacked = io.BytesIO()
    try:
        with gzip.open(path) if magic[:2] == b"\x1f\x8b" else _only_file(path) as stream:
            while unpacked.tell() < limit and (piece := stream.read(min(_HEAD_BYTES, limit))):
                unpacked.write(piece)
    except (OSError, EOFError, zlib.error, zipfile.BadZipFile, ValueError, RuntimeError):
        pass  # broken inside: the readers will say so; here it only means that less is known
    return unpacked.getvalue()


@contextmanager
def _only_file(path: Path) -> Iterator[IO[bytes]]:
    with zipfile.ZipFile(path) as archive:
        (name,) = archive.namelist()
        with archive.open(name) as stream:
            yield stream


def _raw(path: Path, size: int) -> bytes:
    try:
        with path.open("rb") as stream:
            return stream.read(size)
    except OSError as error:
        raise DocumentUnreadable(
            f"the document cannot be read ({error.strerror or error})",
            where=str(path),
            todo="Check that it exists and can be read, then add it again.",
        ) from error
