"""Documents that others kept → the archive, with the times they themselves tell.

Belongs here: a folder with a manifest taken in, document by document, and the report on it. Does not: the
manifest's own checks (manifest), where a format keeps its time (document_times), unpacking an exported
archive (transfer). The time of the import appears nowhere.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from alp_pipeline.archive.decisions import Decision, DecisionInvalid
from alp_pipeline.archive.document_times import document_times
from alp_pipeline.archive.manifest import Entry, ManifestInvalid, locate, read_manifest
from alp_pipeline.archive.objects import ArchiveNotWritable
from alp_pipeline.archive.retrieval import Kind, Retrieval
from alp_pipeline.archive.store import Archive
from alp_pipeline.archive.tombstone import Tombstone
from alp_pipeline.archive.utc import end_of_day, is_date_only, utc_time
from alp_pipeline.errors import AlpError

Progress = Callable[[int, int, str], None]
"""Called with how many are done, how many there are, and which is next."""


class WithdrawnElsewhere(AlpError):
    """A document that this archive holds was withdrawn where the folder comes from."""


@dataclass
class ImportReport:
    """What became of each listed document. Counts: `len` of each list."""

    folder: Path
    added: list[Retrieval] = field(default_factory=list)
    already_there: list[Retrieval] = field(default_factory=list)
    failed: list[AlpError] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    decided: list[Decision] = field(default_factory=list)
    """Decisions that are new here; they travel with an export."""

    def summary(self) -> str:
        """One line.

        >>> ImportReport(Path("documents")).summary()
        'documents: 0 added, 0 already there, 0 failed'
        """
        counts = (
            f"{len(self.added)} added, {len(self.already_there)} already there, {len(self.failed)} failed"
        )
        return f"{self.folder}: {counts}" + (f", {len(self.decided)} decisions" if self.decided else "")


def import_folder(archive: Archive, folder: Path, *, progress: Progress | None = None) -> ImportReport:
    """Take in every document that `folder`'s manifest lists; importing again adds nothing.

    A document that is missing, is not what the manifest says (size, hash), was withdrawn, or has an
    unusable line becomes a named failure and the rest goes on.

    Times, each UTC with its origin: published_at as the document tells; seen_at as the document tells
    (`Prepared`), else the manifest's date, a day alone being its midnight. One correction: published later
    on the very day of a manifest that names the day alone, seen_at is the publisher's time, because
    nobody saw it before, and a query as of that noon must not. Any other document that was published
    after it was seen keeps both times and gets a note: no as-of query before the later of the two finds it.

    Raises:
        ManifestInvalid, MixedKinds: nothing was added.
        ArchiveNotWritable: the disk refuses; what was added so far stays, the next import goes on.
    """
    manifest = read_manifest(folder)
    archive.refuse_other_kind(manifest.kind)
    report = ImportReport(folder, failed=list(manifest.refused))
    _import_tombstones(archive, folder, report)
    _import_decisions(archive, folder, report)
    for done, entry in enumerate(manifest.entries):
        if progress:
            progress(done, len(manifest.entries), entry.path)
        try:
            file = locate(folder, entry)
            retrieval = entry.record or _retrieval(entry, file, manifest.kind, report.notes)
            if retrieval.kind != manifest.kind:
                raise ManifestInvalid(
                    f"is {retrieval.kind}, the folder {manifest.kind}",
                    where=entry.where,
                    todo="Export the archive again; an exported folder is not to be edited.",
                )
            is_new = archive.put(file, retrieval)
            (report.added if is_new else report.already_there).append(retrieval)
        except ArchiveNotWritable:
            raise
        except AlpError as error:
            report.failed.append(error)
    if progress:
        progress(len(manifest.entries), len(manifest.entries), "")
    return report


def _retrieval(entry: Entry, file: Path, kind: Kind, notes: list[str]) -> Retrieval:
    times = document_times(file, entry.format)
    seen_at, seen_at_origin = times.seen_at, times.seen_at_origin
    if seen_at is None and entry.date:
        seen_at, seen_at_origin = utc_time(entry.date), "manifest"
        if seen_at is None:
            raise ManifestInvalid(
                f"the date {entry.date!r} cannot be understood",
                where=entry.where,
                todo="Write it as 2017-08-01 or 2017-08-01T14:35:14Z, or leave it empty.",
            )
        published_at = times.published_at
        if published_at and is_date_only(entry.date) and seen_at < published_at < end_of_day(seen_at):
            seen_at = published_at
            notes.append(
                f"{entry.where}: published later on the day it was seen; counts as seen at {seen_at}"
            )
    if seen_at and times.published_at and times.published_at > seen_at:
        notes.append(f"{entry.where}: published at {times.published_at}, after it was seen ({seen_at})")
    return Retrieval(
        source_id=entry.source_id,
        dataset_code=entry.dataset_code,
        format=entry.format,
        content_sha256=entry.content_sha256,
        size_bytes=entry.size_bytes,
        licence=entry.licence,
        is_synthetic=kind == "synthetic",
        extent=entry.extent,
        published_at=times.published_at,
        published_at_origin=times.published_at_origin,
        seen_at=seen_at,
        seen_at_origin=seen_at_origin,
        url=entry.url,
        citation=entry.citation,
    )


def _import_tombstones(archive: Archive, folder: Path, report: ImportReport) -> None:
    """Withdrawals travel with an export; they erase nothing here, where the document is still held."""
    for path in sorted((folder / "erasures").glob("*.json")):
        try:
            stone = Tombstone.from_json(path.read_text(encoding="utf-8"), where=str(path))
            held = archive.objects.path(stone.content_sha256).exists()
            if held and archive.tombstone(stone.content_sha256) is None:
                raise WithdrawnElsewhere(
                    f"was withdrawn on {stone.withdrawn_at} ({stone.reason}), this archive still holds it",
                    where=stone.content_sha256,
                    todo=f"To follow: alp archive withdraw {stone.content_sha256} --reason …",
                )
            archive.bury(stone)
        except ArchiveNotWritable:
            raise
        except AlpError as error:
            report.failed.append(error)


def _import_decisions(archive: Archive, folder: Path, report: ImportReport) -> None:
    """Decisions travel with an export; one whose document is not here yet waits for it."""
    for path in sorted((folder / "decisions").glob("*.json")):
        try:
            decision = Decision.from_json(path.read_text(encoding="utf-8"), where=str(path))
            if decision.decision_id != path.stem:
                raise DecisionInvalid(
                    "is another decision than its name says",
                    where=str(path),
                    todo="Export the archive again; an exported folder is not to be edited.",
                )
            if archive.keep_decision(decision):
                report.decided.append(decision)
        except ArchiveNotWritable:
            raise
        except AlpError as error:
            report.failed.append(error)
