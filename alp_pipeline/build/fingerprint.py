"""Fingerprints: what a step's output depends on, as one hash.

Belongs here: hashing parameters, source code and library versions. Does not: deciding what a stage
depends on (the stage says so), hashing output rows (`content_hash`).
"""

import hashlib
import json
import sys
from collections.abc import Iterable, Mapping
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

_PACKAGE = Path(__file__).resolve().parent.parent
NUMERICAL_LIBRARIES = ("duckdb", "great-expectations", "numpy", "pandas", "pyarrow", "scipy")


def canonical_json(value: Any) -> str:
    """One text per value, whatever the order of a mapping's keys.

    >>> canonical_json({"b": 1, "a": [True, None]})
    '{"a":[true,null],"b":1}'
    """
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def digest(value: Any) -> str:
    """SHA-256 of a JSON-able value, as 64 hexadecimal digits."""
    return hashlib.sha256(canonical_json(value).encode()).hexdigest()


@cache
def code_hash(names: tuple[str, ...]) -> str:
    """Hash of the source files of packages or modules below `alp_pipeline`, e.g. ("observations",).

    >>> code_hash(("build",)) == code_hash(("build",)) != code_hash(("build.outcome",))
    True
    """
    hashed = hashlib.sha256()
    for path in _sources(names):
        hashed.update(path.relative_to(_PACKAGE).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return hashed.hexdigest()


def _sources(names: Iterable[str]) -> list[Path]:
    found: set[Path] = set()
    for name in names:
        place = _PACKAGE.joinpath(*name.split("."))
        # Templates and entries decide what comes out as much as code does.
        files = place.rglob("*") if place.is_dir() else [place.with_suffix(".py")]
        found.update(path for path in files if path.is_file() and "__pycache__" not in path.parts)
        if not found:
            raise FileNotFoundError(f"no source of alp_pipeline.{name}")
    return sorted(found)


@cache
def library_versions() -> Mapping[str, str]:
    """Versions of whatever computes numbers, Python's own minor version included."""
    versions = {name: version(name) for name in NUMERICAL_LIBRARIES}
    return versions | {"python": f"{sys.version_info.major}.{sys.version_info.minor}"}
