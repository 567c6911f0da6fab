"""Whether an archive is synthetic or real: one file that says so, written once.

Belongs here: reading and claiming the kind, refusing the other one. Does not: when that is due (store,
importer).
"""

import json
import os
import secrets
from pathlib import Path
from typing import cast, get_args

from alp_pipeline.archive.objects import ArchiveCorrupt, ensure_folder, writing
from alp_pipeline.archive.retrieval import Kind
from alp_pipeline.durable import TEMPORARY_MARK, flush
from alp_pipeline.errors import AlpError

KIND_FILE = "kind.json"


class MixedKinds(AlpError):
    """Synthetic and real documents may not meet in one data folder."""


def read_kind(path: Path) -> Kind | None:
    """The kind that a `{"kind": …}` file states, None without the file.

    Raises:
        ArchiveCorrupt: it states neither synthetic nor real.
    """
    if not path.exists():
        return None
    try:
        stated = json.loads(path.read_text(encoding="utf-8"))["kind"]
    except (ValueError, TypeError, KeyError):
        stated = None
    for kind in get_args(Kind):
        if stated == kind:
            return cast(Kind, kind)
    raise ArchiveCorrupt(
        "does not say whether its documents are synthetic or real",
        where=str(path),
        todo='Write {"kind": "synthetic"} or {"kind": "real"} into it.',
    )


def refuse_other_kind(root: Path, kind: Kind) -> None:
    """Raise MixedKinds when the archive below `root` holds documents of another kind; write nothing."""
    held = read_kind(root / KIND_FILE)
    if held not in (None, kind):
        raise MixedKinds(
            f"this archive is {held}, the documents to add are {kind}",
            where=str(root),
            todo="Use another data folder for them (ALP_DATA_DIR).",
        )


def claim_kind(root: Path, kind: Kind) -> None:
    """Say what the archive holds; free before the first document, final after it.

    Raises:
        MixedKinds: it holds the other kind.
    """
    if read_kind(root / KIND_FILE) is None:
        _write_first(root / KIND_FILE, kind)
    refuse_other_kind(root, kind)


def _write_first(target: Path, kind: Kind) -> None:
    # Of two first writers of different kinds, link() lets the first win, a rename would the last.
    with writing(target.parent):
        ensure_folder(target.parent)
        staging = target.with_name(f"{target.name}{TEMPORARY_MARK}{os.getpid()}-{secrets.token_hex(4)}")
        try:
            staging.write_text(json.dumps({"kind": kind}) + "\n", encoding="utf-8")
            flush(staging)
            os.link(staging, target)
            flush(target.parent)
        except FileExistsError:
            return
        finally:
            staging.unlink(missing_ok=True)
