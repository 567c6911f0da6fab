"""The archive itself: adding documents, listing retrievals, vintages, opening bytes.

Belongs here: the layout on disk, the order of writes, the kind of an archive. Does not: folders of
documents (importer, transfer), checking fixity (fixity), erasing (erasure), what the catalogue makes of
it (inventory).

The object is written first and its record last, each under a temporary name, flushed and renamed: a
writer that dies leaves at most an object without a record, which is not a document. Nothing takes a lock,
because two writers of the same document write the same bytes under the same name.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO

from alp_pipeline.archive import kind as kinds
from alp_pipeline.archive.decisions import Decision, DecisionInvalid, decision_order
from alp_pipeline.archive.objects import (
    ArchiveCorrupt,
    ObjectStore,
    ensure_folder,
    writing,
)
from alp_pipeline.archive.retrieval import (
    Extent,
    Kind,
    Retrieval,
    RetrievalInvalid,
    TimeOrigin,
    group_vintages,
    vintage_order,
)
from alp_pipeline.archive.tombstone import Tombstone
from alp_pipeline.durable import clear_partials, write_text
from alp_pipeline.errors import AlpError

IDLE_SECONDS = 3600.0
"""A temporary file that was not written to for so long has no living writer."""


class DocumentWithdrawn(AlpError):
    """These bytes were lawfully erased and may not come back."""


class DatasetAmbiguous(AlpError):
    """A dataset id that two sources could own."""


class Archive:
    """Raw documents below `root`. Making the object touches nothing; the first document makes the folder.

    >>> import tempfile
    >>> archive = Archive(Path(tempfile.mkdtemp()))
    >>> kept = archive.add(b"geo\\t2014\\n", source_id="eurostat", dataset_code="tgs00001", format="tsv",
    ...                    licence="Eurostat reuse", published_at="2026-01-02T00:00:00Z",
    ...                    published_at_origin="inventory")
    >>> archive.open(kept).read(), archive.kind(), archive.datasets()
    (b'geo\\t2014\\n', 'real', ['eurostat.tgs00001'])
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self.objects = ObjectStore(root / "objects")
        self.records = root / "retrievals"
        self.erasures = root / "erasures"
        self.decided = root / "decisions"

    # -- kind ---------------------------------------------------------------------------------------

    def kind(self) -> Kind | None:
        """What the archive holds, or None before its first document.

        Raises:
            ArchiveCorrupt: `kind.json` says neither synthetic nor real.
        """
        return kinds.read_kind(self.root / kinds.KIND_FILE)

    def claim_kind(self, kind: Kind) -> None:
        """Say what the archive holds; free before the first document, final after it.

        Raises:
            MixedKinds: it holds the other kind.
        """
        kinds.claim_kind(self.root, kind)

    def refuse_other_kind(self, kind: Kind) -> None:
        """Raise MixedKinds when the archive holds documents of another kind than `kind`; write nothing."""
        kinds.refuse_other_kind(self.root, kind)

    # -- adding -------------------------------------------------------------------------------------

    def add(
        self,
        content: bytes | Path | BinaryIO,
        *,
        source_id: str,
        dataset_code: str,
        format: str,  # noqa: A002 - the word of the record and of the manifest
        licence: str,
        is_synthetic: bool = False,
        extent: Extent | None = None,
        published_at: str | None = None,
        published_at_origin: TimeOrigin = "unknown",
        seen_at: str | None = None,
        seen_at_origin: TimeOrigin = "unknown",
        url: str | None = None,
        parameters: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        citation: str | None = None,
        observations_digest: str | None = None,
    ) -> Retrieval:
        """Archive one document as received. Adding the same retrieval again adds nothing.

        Args:
            content: bytes, a file, or a binary stream, read once.
            source_id, dataset_code: lower-cased; together the dataset's id.
            published_at, seen_at: UTC as `2017-07-31T14:35:14Z`, None where unknown, with where they come
                from. They are never taken from the clock of whoever calls.
            observations_digest: SHA-256 over what the document says, where it could be read.

        Returns: the record, new or already there.

        Raises:
            RetrievalInvalid, MixedKinds, DocumentWithdrawn, DocumentUnreadable, ArchiveNotWritable,
            ArchiveCorrupt: nothing was added.
        """

        def record(content_sha256: str, size_bytes: int) -> Retrieval:
            return Retrieval(
                source_id=source_id.lower(),
                dataset_code=dataset_code.lower(),
                format=format,
                content_sha256=content_sha256,
                size_bytes=size_bytes,
                licence=licence,
                is_synthetic=is_synthetic,
                extent=extent or Extent.whole(),
                published_at=published_at,
                published_at_origin=published_at_origin,
                seen_at=seen_at,
                seen_at_origin=seen_at_origin,
                url=url,
                parameters=parameters or {},
                headers=headers or {},
                citation=citation,
                observations_digest=observations_digest,
            )

        draft = record("0" * 64, 0)  # refuses an impossible record before any byte is written
        self.refuse_other_kind(draft.kind)
        retrieval = record(*self.objects.receive(content, admit=self._refuse_withdrawn))
        self._write_record(retrieval)
        return retrieval

    def put(self, content: bytes | Path | BinaryIO, retrieval: Retrieval) -> bool:
        """Archive a document whose record is known beforehand; the bytes are held against it.

        Returns: True when it was added, False when it was there.

        Raises:
            ContentMismatch: the bytes are not those of the record; and what `add` raises.
        """
        self.refuse_other_kind(retrieval.kind)
        expected = (retrieval.content_sha256, retrieval.size_bytes)
        self.objects.receive(content, expected=expected, admit=self._refuse_withdrawn)
        return self._write_record(retrieval)

    def _write_record(self, retrieval: Retrieval) -> bool:
        path = self.record_path(retrieval)
        self.claim_kind(retrieval.kind)
        if path.exists():
            return False
        with writing(path):
            ensure_folder(path.parent)
            write_text(path, record_text(retrieval))
        return True

    def _refuse_withdrawn(self, content_sha256: str) -> None:
        stone = self.tombstone(content_sha256)
        if stone is not None:
            raise DocumentWithdrawn(
                f"a document with these bytes was withdrawn on {stone.withdrawn_at} ({stone.reason})",
                where=content_sha256,
                todo="Leave it out of what you add; a withdrawal is not taken back.",
            )

    def bury(self, stone: Tombstone) -> bool:
        """Keep a tombstone; from then on its documents are listed no more and its bytes are refused.

        Returns: False when these bytes had one already, which stays as it is.
        """
        path = self.tombstone_path(stone.content_sha256)
        if path.exists():
            return False
        with writing(path):
            ensure_folder(path.parent)
            write_text(path, stone.to_json())
        return True

    def keep_decision(self, decision: Decision) -> bool:
        """Keep a person's decision on a document. Returns: False when it was there."""
        path = self.decision_path(decision)
        if path.exists():
            return False
        with writing(path):
            ensure_folder(path.parent)
            write_text(path, decision.text())
        return True

    # -- reading ------------------------------------------------------------------------------------

    def datasets(self) -> list[str]:
        """Ids of the datasets with at least one document, sorted."""
        withdrawn = self._withdrawn_ids()
        return sorted(
            f"{source}.{code}"
            for source, code in self._pairs()
            if any(retrieval_id not in withdrawn for retrieval_id in self._ids(source, code))
        )

    def retrievals(self, source_id: str | None = None, dataset_code: str | None = None) -> list[Retrieval]:
        """Every retrieval, or those of a source, or of one dataset; by dataset, then in vintage order.

        Raises:
            ArchiveCorrupt: a record cannot be read or is not what its name says.
        """
        withdrawn = self._withdrawn_ids()
        found = [
            self._read_record(source, code, retrieval_id)
            for source, code in self._pairs()
            if source_id in (None, source) and dataset_code in (None, code)
            for retrieval_id in self._ids(source, code)
            if retrieval_id not in withdrawn
        ]
        return sorted(found, key=lambda r: (r.dataset_id, r.is_undated, vintage_order(r)))

    def vintages(self, dataset_id: str) -> list[Retrieval]:
        """The dataset's vintages, oldest first: dated retrievals without mere sightings."""
        return [group[0] for group in self.vintage_groups(dataset_id)]

    def vintage_groups(self, dataset_id: str) -> list[tuple[Retrieval, ...]]:
        """The same, each vintage followed by its sightings."""
        return group_vintages(self._of_dataset(dataset_id))

    def undated(self, dataset_id: str) -> list[Retrieval]:
        """Retrievals of the dataset of which no time is known: in no history."""
        return [retrieval for retrieval in self._of_dataset(dataset_id) if retrieval.is_undated]

    def tombstones(self, dataset_id: str | None = None) -> list[Tombstone]:
        """What was withdrawn, of one dataset or at all; in the order of hashes."""
        stones = [self._read_tombstone(path) for path in sorted(self.erasures.glob("*.json"))]
        if dataset_id is None:
            return stones
        return [stone for stone in stones if any(d.dataset_id == dataset_id for d in stone.documents)]

    def tombstone(self, content_sha256: str) -> Tombstone | None:
        """The tombstone of these bytes, if they were withdrawn."""
        path = self.tombstone_path(content_sha256)
        return self._read_tombstone(path) if path.exists() else None

    def decisions(self, dataset_id: str | None = None) -> list[Decision]:
        """What people decided, on one dataset's documents or at all, oldest first.

        Raises:
            ArchiveCorrupt: a record cannot be read or is not what its name says.
        """
        found = [self._read_decision(path) for path in self.decided.glob("*.json")]
        return sorted((d for d in found if dataset_id in (None, d.dataset_id)), key=decision_order)

    def fingerprint(self, dataset_id: str) -> str:
        """A hash that changes with every retrieval of the dataset added or withdrawn, and every decision.

        Read from file names, tombstones and decisions: asking costs nothing even for large documents.
        """
        withdrawn = self._withdrawn_ids()
        pair = self._pair(dataset_id)
        held = set(self._ids(*pair)) - set(withdrawn) if pair else set()
        gone = {retrieval_id for retrieval_id, owner in withdrawn.items() if owner == dataset_id}
        lines = [*sorted(held), *(f"withdrawn {retrieval_id}" for retrieval_id in sorted(gone))]
        lines += [f"decided {decision.decision_id}" for decision in self.decisions(dataset_id)]
        return hashlib.sha256("\n".join(lines).encode()).hexdigest()

    def path(self, retrieval: Retrieval) -> Path:
        """Where the bytes are. Readers never write there."""
        return self.objects.path(retrieval.content_sha256)

    def open(self, retrieval: Retrieval) -> BinaryIO:
        """The bytes as a stream, their size verified.

        Raises:
            ArchiveCorrupt: they are missing or of another size.
        """
        return self.objects.open(retrieval.content_sha256, retrieval.size_bytes)

    def open_verified(self, retrieval: Retrieval) -> BinaryIO:
        """The bytes as a stream, their hash verified: what is read into observations is what was archived.

        Raises:
            ArchiveCorrupt: they are missing, or other bytes.
        """
        return self.objects.open_verified(retrieval.content_sha256, retrieval.size_bytes)

    def clear_partials(self, *, idle_seconds: float = IDLE_SECONDS) -> int:
        """Remove what dead writers left: temporary files that nobody has written to for so long.

        Safe beside an `alp archive import`, which takes no lock: a writer that lives has just written.
        """
        return clear_partials(self.root, idle_seconds=idle_seconds)

    # -- layout -------------------------------------------------------------------------------------

    def record_path(self, retrieval: Retrieval) -> Path:
        folder = self.records / retrieval.source_id / retrieval.dataset_code
        return folder / f"{retrieval.retrieval_id}.json"

    def tombstone_path(self, content_sha256: str) -> Path:
        return self.erasures / f"{content_sha256}.json"

    def decision_path(self, decision: Decision) -> Path:
        return self.decided / f"{decision.decision_id}.json"

    def _pairs(self) -> list[tuple[str, str]]:
        return [(folder.parent.name, folder.name) for folder in self.records.glob("*/*") if folder.is_dir()]

    def _ids(self, source_id: str, dataset_code: str) -> Iterator[str]:
        # A record being written ends in its temporary mark, not in .json.
        for path in (self.records / source_id / dataset_code).iterdir():
            if path.suffix == ".json":
                yield path.stem

    def _pair(self, dataset_id: str) -> tuple[str, str] | None:
        """Source and code of a dataset id; a source may hold a dot itself (json-stat.org)."""
        parts = dataset_id.split(".")
        splits = [(".".join(parts[:at]), ".".join(parts[at:])) for at in range(1, len(parts))]
        found = [pair for pair in splits if (self.records / pair[0] / pair[1]).is_dir()]
        if len(found) > 1:
            raise DatasetAmbiguous(
                f"could be {' or '.join(' / '.join(pair) for pair in found)}",
                where=dataset_id,
                todo="Rename one of the two sources in the catalogue and import its documents anew.",
            )
        return found[0] if found else None

    def _of_dataset(self, dataset_id: str) -> list[Retrieval]:
        pair = self._pair(dataset_id)
        return self.retrievals(*pair) if pair else []

    def _withdrawn_ids(self) -> dict[str, str]:
        return {d.retrieval_id: d.dataset_id for stone in self.tombstones() for d in stone.documents}

    def _read_record(self, source_id: str, dataset_code: str, retrieval_id: str) -> Retrieval:
        path = self.records / source_id / dataset_code / f"{retrieval_id}.json"
        try:
            retrieval = Retrieval.from_json(path.read_text(encoding="utf-8"), where=str(path))
        except (RetrievalInvalid, UnicodeDecodeError) as error:
            raise _altered(path, "of a retrieval cannot be read") from error
        if self.record_path(retrieval) != path:
            raise _altered(
                path, f"of a retrieval has the content of {retrieval.dataset_id} {retrieval.retrieval_id}"
            )
        return retrieval

    def _read_tombstone(self, path: Path) -> Tombstone:
        return Tombstone.from_json(path.read_text(encoding="utf-8"), where=str(path))

    def _read_decision(self, path: Path) -> Decision:
        try:
            decision = Decision.from_json(path.read_text(encoding="utf-8"), where=str(path))
        except (DecisionInvalid, UnicodeDecodeError) as error:
            raise _altered(path, "of a decision cannot be read") from error
        if self.decision_path(decision) != path:
            raise _altered(path, "of a decision has another one's content")
        return decision


def record_text(retrieval: Retrieval) -> str:
    """A record as it stands on disk: the canonical content, laid out for people."""
    return json.dumps(retrieval.as_json(), indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def _altered(path: Path, what: str) -> ArchiveCorrupt:
    return ArchiveCorrupt(
        f"the record {what}",
        where=str(path),
        todo="Run alp archive verify; restore the record from a backup or an export.",
    )
