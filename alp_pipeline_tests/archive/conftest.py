"""A tiny archive, tiny documents, tiny folders to import."""

import csv
import hashlib
from collections.abc import Callable
from pathlib import Path

import pytest

from alp_pipeline.archive.manifest import COLUMNS
from alp_pipeline.archive.store import Archive

TSV = b"geo\\time\t2014\nITC4\t708 \n"


@pytest.fixture
def archive(tmp_path: Path) -> Archive:
    return Archive(tmp_path / "archive")


@pytest.fixture
def folder(tmp_path: Path) -> Callable[..., Path]:
    """Make a folder with documents and their manifest; `changes` by path override what the line says."""

    def make(
        documents: dict[str, bytes], changes: dict[str, dict[str, str]] | None = None, **same: str
    ) -> Path:
        target = tmp_path / "documents"
        target.mkdir(exist_ok=True)
        rows = []
        for path, content in documents.items():
            (target / path).write_bytes(content)
            row = {
                "path": path,
                "source": "eurostat",
                "dataset": path.split(".")[0],
                "format": "tsv",
                "accessed_on_or_commit_date": "2017-08-01",
                "licence": "Eurostat reuse",
                "sha256": hashlib.sha256(content).hexdigest(),
                "bytes": str(len(content)),
            }
            rows.append(row | same | (changes or {}).get(path, {}))
        with (target / "manifest.csv").open("w", newline="", encoding="utf-8") as stream:
            columns = list(dict.fromkeys([*COLUMNS, *(name for row in rows for name in row)]))
            writer = csv.DictWriter(stream, columns, restval="")
            writer.writeheader()
            writer.writerows(rows)
        return target

    return make
