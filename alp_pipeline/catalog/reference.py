"""Where the project's own code tables are, and how a row of one is read.

Belongs here: the folder, plain CSV reading, a digest of tables. Does not: what the rows mean
(catalog.models, geography).
"""

from __future__ import annotations

import csv
import hashlib
from pathlib import Path

from alp_pipeline.errors import AlpError


class ReferenceMissing(AlpError):
    """A reference table is not where the installation should have put it."""


def reference_dir() -> Path:
    """The folder of the reference tables: inside an installed package, or `data/reference` of a checkout.

    >>> (reference_dir() / "nuts_codes.csv").name
    'nuts_codes.csv'
    """
    package = Path(__file__).resolve().parents[1]
    installed = package / "_reference"
    return installed if installed.is_dir() else package.parent / "data" / "reference"


def read_reference(name: str, folder: Path | None = None) -> list[dict[str, str]]:
    """The rows of a reference table, as text; an empty cell is ''.

    Raises:
        ReferenceMissing: no such file.

    >>> read_reference("nace_rev2.csv")[0]["code"]
    'A'
    """
    text = _text((folder or reference_dir()) / name)
    return list(csv.DictReader(text.splitlines()))


def reference_digest(*names: str, folder: Path | None = None) -> str:
    """SHA-256 over reference tables, for the fingerprint of a step that reads them.

    Raises:
        ReferenceMissing: no such file.

    >>> len(reference_digest("nuts_codes.csv", "nuts_recodes.csv"))
    64
    """
    digest = hashlib.sha256()
    for name in names:
        text = _text((folder or reference_dir()) / name)
        digest.update(f"{name}\0{len(text)}\0{text}".encode())
    return digest.hexdigest()


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise ReferenceMissing(
            "the reference table is absent",
            where=str(path),
            todo="Reinstall alp_pipeline, or run from a complete checkout.",
        ) from error
