"""A folder of documents with a `manifest.csv`: what it lists, checked line by line.

Belongs here: columns, paths, numbers, duplicates, the folder's kind. Does not: opening the documents
(importer), writing such a folder (transfer).

Columns: path, source, dataset, format, accessed_on_or_commit_date, licence, sha256, bytes; optionally url,
citation, extent (JSON; empty claims the whole table), is_synthetic (true or false), and record (the whole
retrieval record, as an export writes it; it stands for the others). A file `archive_kind.json` beside it may
say {"kind": "synthetic"}; without either statement the documents are real.
"""

import csv
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from alp_pipeline.archive.kind import MixedKinds, read_kind
from alp_pipeline.archive.retrieval import Extent, Kind, Retrieval, RetrievalInvalid
from alp_pipeline.errors import AlpError

MANIFEST = "manifest.csv"
KIND_FILE = "archive_kind.json"
COLUMNS = ("path", "source", "dataset", "format", "accessed_on_or_commit_date", "licence", "sha256", "bytes")


class ManifestInvalid(AlpError):
    """The manifest as a whole, or one of its lines, cannot be used."""


@dataclass(frozen=True)
class Entry:
    """One document that a manifest lists.

    `date` is as written, empty where nothing tells; `record` is set in what an archive exported.
    """

    line: int
    path: str
    source_id: str
    dataset_code: str
    format: str
    date: str
    licence: str
    content_sha256: str
    size_bytes: int
    url: str | None
    citation: str | None
    extent: Extent
    record: Retrieval | None

    @property
    def where(self) -> str:
        return f"{MANIFEST} line {self.line}: {self.path}"


@dataclass(frozen=True)
class Manifest:
    """The entries that can be used, and an error for each line that cannot."""

    folder: Path
    kind: Kind
    entries: tuple[Entry, ...]
    refused: tuple[AlpError, ...]


def read_manifest(folder: Path) -> Manifest:
    """Read and check `folder`'s manifest.

    UTF-8 with or without BOM, any line ends. A line that cannot be used is refused by name and the
    others stand.

    Raises:
        ManifestInvalid: no manifest, not UTF-8, not CSV, or columns missing or doubled.
        MixedKinds: the folder holds synthetic and real documents, or its two statements disagree.
    """
    rows = list(_rows(folder / MANIFEST))
    entries: list[Entry] = []
    refused: list[AlpError] = []
    seen: dict[str, int] = {}
    for line, row in rows:
        try:
            entry = _entry(line, row)
            # One file may be listed once; an export lists a file for each retrieval of it.
            key = entry.record.retrieval_id if entry.record else entry.path
            if key in seen:
                raise _invalid(entry.where, f"repeats line {seen[key]}", "Remove one of the two lines.")
            seen[key] = line
            entries.append(entry)
        except (ManifestInvalid, RetrievalInvalid) as error:
            refused.append(error)
    kind = _kind(folder, [row for _, row in rows])
    return Manifest(folder, kind, tuple(entries), tuple(refused))


def locate(folder: Path, entry: Entry) -> Path:
    """The entry's file, which has to lie in the folder, links followed.

    Raises:
        ManifestInvalid: it is absent, not a file, or outside.
    """
    file = folder / entry.path
    if not file.resolve().is_relative_to(folder.resolve()):
        raise _invalid(entry.where, "lies outside the folder", "List files of this folder only.")
    if not file.is_file():
        raise _invalid(entry.where, "there is no such file", "Add the file, or remove its line.")
    return file


def _rows(path: Path) -> Iterator[tuple[int, dict[str, str]]]:
    if not path.is_file():
        raise _invalid(str(path), "there is no manifest", f"Give a folder with a {MANIFEST}.")
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            reader = csv.reader(stream, strict=True)
            header = [name.strip() for name in next(reader, [])]
            _check_header(path, header)
            for fields in reader:
                if fields:
                    # A line of the wrong length is told from its lacking or surplus field later.
                    row = dict(zip(header, fields, strict=False))
                    yield reader.line_num, row if len(fields) == len(header) else {"path": row["path"]}
    except (UnicodeDecodeError, csv.Error) as error:
        raise _invalid(str(path), f"is not CSV in UTF-8 ({error})", "Save it as CSV, UTF-8.") from error


def _check_header(path: Path, header: list[str]) -> None:
    missing = [column for column in COLUMNS if column not in header]
    if missing:
        todo = f"A manifest has the columns {', '.join(COLUMNS)}."
        raise _invalid(str(path), f"lacks the column {', '.join(missing)}", todo)
    doubled = sorted({column for column in header if header.count(column) > 1})
    if doubled:
        raise _invalid(str(path), f"has the column {', '.join(doubled)} twice", "Remove one of them.")


def _entry(line: int, row: dict[str, str]) -> Entry:
    path = row["path"].strip()
    where = f"{MANIFEST} line {line}: {path}"
    if any(column not in row for column in COLUMNS):
        raise _invalid(where, "has not as many fields as the header", "Quote fields that hold a comma.")
    if not path or Path(path).is_absolute() or ".." in Path(path).parts:
        raise _invalid(where, "is not a path inside the folder", "Write it relative to the manifest.")
    size = row["bytes"].strip()
    if not (size.isascii() and size.isdigit()):
        raise _invalid(where, f"bytes is {row['bytes']!r}", "Write the file's size as a whole number.")
    record = Retrieval.from_json(row["record"], where=where) if row.get("record") else None
    entry = Entry(
        line=line,
        path=path,
        source_id=row["source"].strip().lower(),
        dataset_code=row["dataset"].strip().lower(),
        format=row["format"].strip(),
        date=row["accessed_on_or_commit_date"].strip(),
        licence=row["licence"].strip(),
        content_sha256=row["sha256"].strip().lower(),
        size_bytes=int(size),
        url=row.get("url", "").strip() or None,
        citation=row.get("citation", "").strip() or None,
        extent=_extent(row.get("extent", "").strip() or "{}", where),
        record=record,
    )
    if record is not None:
        _check_record(entry, record)
    return entry


def _extent(text: str, where: str) -> Extent:
    try:
        return Extent.from_json(json.loads(text))
    except (ValueError, TypeError, AttributeError, IndexError) as error:
        todo = 'Write {"dims": {"geo": ["ITC4"]}, "periods": ["2014", null]}, or leave it empty.'
        raise _invalid(where, f"the extent {text!r} cannot be understood", todo) from error


def _check_record(entry: Entry, record: Retrieval) -> None:
    for name in ("source_id", "dataset_code", "format", "licence", "content_sha256", "size_bytes"):
        if getattr(entry, name) != getattr(record, name):
            raise _invalid(
                entry.where,
                f"says {getattr(entry, name)!r} where its record says {getattr(record, name)!r} ({name})",
                "Export the archive again; an exported manifest is not to be edited.",
            )


def _kind(folder: Path, rows: list[dict[str, str]]) -> Kind:
    stated: set[Kind] = {
        "synthetic" if row["is_synthetic"].strip().lower() in ("true", "1", "yes") else "real"
        for row in rows
        if row.get("is_synthetic", "").strip()
    }
    sidecar = read_kind(folder / KIND_FILE)
    if sidecar is not None:
        stated.add(sidecar)
    if len(stated) > 1:
        raise MixedKinds(
            "lists synthetic and real documents together",
            where=str(folder),
            todo=f"Part them into two folders, each with its {KIND_FILE}.",
        )
    return next(iter(stated), "real")


def _invalid(where: str, what: str, todo: str) -> ManifestInvalid:
    return ManifestInvalid(what, where=where, todo=todo)
