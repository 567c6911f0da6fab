"""The `alp` command in a process of its own, on a data folder of its own."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

ALP = str(Path(sys.executable).with_name("alp"))
SAMPLE = Path(__file__).resolve().parents[2] / "data" / "sample"


@dataclass(frozen=True)
class DataFolder:
    """A data folder and the command on it."""

    path: Path

    @property
    def environment(self) -> dict[str, str]:
        return os.environ | {"ALP_DATA_DIR": str(self.path), "ALP_CONFIG": str(self.path / "none.toml")}

    def alp(self, *arguments: str, **environment: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [ALP, *arguments], env=self.environment | environment, capture_output=True, text=True, check=False
        )

    def refresh(self, **environment: str) -> tuple[int, dict[str, Any]]:
        """Exit code and answer of `alp refresh --offline --json`."""
        done = self.alp("refresh", "--offline", "--json", **environment)
        assert done.stdout, done.stderr[-3000:]
        return done.returncode, json.loads(done.stdout)

    def query(self, sql: str) -> list[dict[str, Any]]:
        done = self.alp("query", "--json", sql)
        assert done.returncode == 0, done.stderr
        rows: list[dict[str, Any]] = json.loads(done.stdout)
        return rows

    def manifest(self) -> dict[str, Any]:
        """The current release's manifest."""
        link = (self.path / "warehouse" / "alp.duckdb").resolve()
        found: dict[str, Any] = json.loads((link.parent / "manifest.json").read_text(encoding="utf-8"))
        return found


@pytest.fixture(scope="session")
def with_sample() -> Callable[[Path], DataFolder]:
    """Make a data folder that holds the sample's documents and nothing made from them."""

    def make(path: Path) -> DataFolder:
        folder = DataFolder(path)
        done = folder.alp("archive", "import", str(SAMPLE))
        assert done.returncode == 0, done.stderr
        return folder

    return make


@pytest.fixture(scope="session")
def published(
    with_sample: Callable[[Path], DataFolder], tmp_path_factory: pytest.TempPathFactory
) -> tuple[DataFolder, int, dict[str, Any]]:
    """The sample, refreshed once: the folder, the exit code, the answer."""
    folder = with_sample(tmp_path_factory.mktemp("published"))
    return (folder, *folder.refresh())
