"""An archive as a folder or tar that another archive can import, record for record.

Belongs here: writing the layout that importer reads, and unpacking its tar. Does not: what an import
checks (importer, manifest).

    manifest.csv            one line for each retrieval, its whole record in the last column; written last,
                            so a broken-off export cannot be imported
    archive_kind.json       synthetic or real
    objects/…, erasures/…, decisions/…   as in the archive
"""

import csv
import hashlib
import io
import json
import shutil
import tarfile
import tempfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from alp_pipeline.archive.importer import ImportReport, Progress, import_folder
from alp_pipeline.archive.manifest import COLUMNS, KIND_FILE, MANIFEST
from alp_pipeline.archive.objects import ArchiveCorrupt, writing
from alp_pipeline.archive.retrieval import Retrieval
from alp_pipeline.archive.store import Archive
from alp_pipeline.durable import replacing
from alp_pipeline.errors import AlpError


class ExportRefused(AlpError):
    """There is something where the export should go, or nothing to export."""


def export(archive: Archive, target: Path) -> int:
    """Write the whole archive to a folder, or to a tar when `target` ends in `.tar`.

    The bytes are hashed on their way, so a damaged document is not passed on. The same archive gives the
    same tar, byte for byte.

    Returns: how many retrievals went.

    Raises:
        ExportRefused: the target exists, or the archive is empty.
        ArchiveCorrupt: a document's bytes are not what they were.
        ArchiveNotWritable: the disk refuses.
    """
    kind = archive.kind()
    if kind is None:
        raise ExportRefused("the archive is empty", where=str(archive.root), todo="Import documents first.")
    if target.exists():
        raise ExportRefused("exists already", where=str(target), todo="Name a new folder or .tar.")
    retrievals = archive.retrievals()
    with writing(target):
        if target.suffix == ".tar":
            with (
                replacing(target) as temporary,
                tarfile.open(temporary, "w", format=tarfile.PAX_FORMAT) as tar,
            ):
                for name, size, stream in _members(archive, kind, retrievals):
                    with stream:
                        _add(tar, name, size, stream)
        else:
            for name, _, stream in _members(archive, kind, retrievals):
                path = target / name
                path.parent.mkdir(parents=True, exist_ok=True)
                with stream, replacing(path) as temporary, temporary.open("wb") as out:
                    shutil.copyfileobj(stream, out)
    return len(retrievals)


def import_path(archive: Archive, path: Path, *, progress: Progress | None = None) -> ImportReport:
    """Import a folder with a manifest, or a tar that `export` wrote (unpacked under TMPDIR meanwhile)."""
    if not path.is_file():
        return import_folder(archive, path, progress=progress)
    with tempfile.TemporaryDirectory(prefix="alp-import-") as folder:
        try:
            with writing(Path(folder)), tarfile.open(path) as tar:
                _unpack(tar, Path(folder))
        except tarfile.TarError as error:
            todo = "Give a folder with a manifest.csv, or a .tar that alp archive export wrote."
            raise ArchiveCorrupt(f"is no whole tar ({error})", where=str(path), todo=todo) from error
        report = import_folder(archive, Path(folder), progress=progress)
    report.folder = path
    return report


class _Checked(io.RawIOBase):
    """A document's bytes, compared with their hash when the last one has been read."""

    def __init__(self, archive: Archive, retrieval: Retrieval) -> None:
        self._stream, self._retrieval = archive.open(retrieval), retrieval
        self._path, self._digest = archive.path(retrieval), hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        piece = self._stream.read(size)
        self._digest.update(piece)
        # tarfile stops at the announced size and never asks for the empty piece after it.
        is_last = self._stream.tell() == self._retrieval.size_bytes
        if is_last and self._digest.hexdigest() != self._retrieval.content_sha256:
            raise ArchiveCorrupt(
                f"the bytes of {self._retrieval.dataset_id} have changed",
                where=str(self._path),
                todo="Run alp archive verify and mend what it names, then export again.",
            )
        return piece

    def close(self) -> None:
        self._stream.close()
        super().close()


def _members(
    archive: Archive, kind: str, retrievals: list[Retrieval]
) -> Iterator[tuple[str, int, BinaryIO | _Checked]]:
    yield _text(KIND_FILE, json.dumps({"kind": kind}) + "\n")
    for stone in archive.tombstones():
        yield _text(f"erasures/{stone.content_sha256}.json", stone.to_json())
    for decision in archive.decisions():
        yield _text(f"decisions/{decision.decision_id}.json", decision.text())
    for content_sha256, retrieval in sorted({r.content_sha256: r for r in retrievals}.items()):
        yield _object_name(content_sha256), retrieval.size_bytes, _Checked(archive, retrieval)
    yield _text(MANIFEST, _manifest(retrievals))


def _text(name: str, text: str) -> tuple[str, int, BinaryIO]:
    content = text.encode()
    return name, len(content), io.BytesIO(content)


def _object_name(content_sha256: str) -> str:
    return f"objects/{content_sha256[:2]}/{content_sha256}"


def _manifest(retrievals: list[Retrieval]) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([*COLUMNS, "record"])
    for r in retrievals:
        writer.writerow(
            [
                _object_name(r.content_sha256),
                r.source_id,
                r.dataset_code,
                r.format,
                r.seen_at or "",
                r.licence,
                r.content_sha256,
                r.size_bytes,
                r.canonical_json(),
            ]
        )
    return out.getvalue()


def _add(tar: tarfile.TarFile, name: str, size: int, stream: BinaryIO | _Checked) -> None:
    member = tarfile.TarInfo(name)  # time, owner and mode at their defaults: nothing of this machine
    member.size = size
    tar.addfile(member, stream)


def _unpack(tar: tarfile.TarFile, folder: Path) -> None:
    """Regular files below `folder` and nothing else; whatever is left out, the manifest will miss."""
    for member in tar:
        name = PurePosixPath(member.name)
        content = tar.extractfile(member) if member.isreg() else None
        if content is None or name.is_absolute() or ".." in name.parts:
            continue
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        with content, path.open("wb") as out:
            shutil.copyfileobj(content, out)
