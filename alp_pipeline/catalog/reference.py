"""Where the project's own code tables are, and how a row of one is read.

Belongs here: the folder, plain CSV reading. Does not: what the rows mean (catalog.models, geography).
"""

from __future__ import annotations

import csv
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
    path = (folder or reference_dir()) / name
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise ReferenceMissing(
            "the reference table is absent",
            where=str(path),
            todo="Reinstall alp_pipeline, or run from a complete checkout.",
        ) from error
    return list(csv.DictReader(text.splitlines()))
