"""The log of an index: all that is needed to compute it again and to know that it is the same.

Belongs here: hashes of labelled tables, versions of the numerical libraries, the log as a document.
Does not: computing (index), files of results (export).
"""

import hashlib
import json
import platform
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from alp_pipeline.benchmark.cells import BenchmarkInputError
from alp_pipeline.benchmark.composite.framework import Framework
from alp_pipeline.benchmark.composite.recipe_document import read_mapping, written
from alp_pipeline.benchmark.composite.units import UnitTable

MADE_BY = "alp index"
LIBRARIES = ("numpy", "pandas", "scipy")
_FRAMES = ("values", "states", "flags", "groups", "denominators", "denominator_states", "lower", "upper")


class IndexLog(BaseModel):
    """What an index was computed from and with.

    Attributes:
        recipe: with every default of every step written out; `Recipe.of` reads it.
        inputs: SHA-256 of the content of `units` and `framework`, whatever the order of their rows.
        stages: SHA-256 of the table after each step, so that a difference is found where it begins.
        libraries: versions of Python and of the numerical libraries, null where one is absent.
        seed: of everything random; null where nothing is.
        remarks: what was read or came out otherwise than one would expect, a sentence each.
        files: the files of the results written beside it; none while nothing was written.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    made_by: Literal["alp index"] = "alp index"
    recipe: dict[str, Any]
    inputs: dict[str, str]
    stages: dict[str, str]
    libraries: dict[str, str | None]
    seed: int | None = None
    remarks: tuple[str, ...] = Field(default=())
    files: tuple[str, ...] = Field(default=())

    @classmethod
    def of(cls, mapping: Mapping[str, Any], *, where: str = "log") -> "IndexLog":
        """Check a log given as a mapping.

        Raises:
            BenchmarkInputError: it is no log of an index, naming the field.
        """
        try:
            return cls.model_validate(dict(mapping))
        except ValidationError as error:
            field = ".".join(str(part) for part in error.errors()[0]["loc"])
            raise BenchmarkInputError(
                f"{field} is absent, unknown or of the wrong kind",
                where=where,
                todo="Pass the log.yaml of an index as it was written.",
            ) from None

    @property
    def text(self) -> str:
        """The log as YAML."""
        return written(self.model_dump(mode="json"))


def read_log(path: Path | str) -> IndexLog:
    """The log in a file that `alp index` or `export_index` wrote.

    Raises:
        BenchmarkInputError: the file is absent, no YAML or no log of an index.

    >>> import tempfile
    >>> log = IndexLog(recipe={"id": "jobs"}, inputs={}, stages={}, libraries={}, seed=7)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     _ = (Path(folder) / "log.yaml").write_text(log.text, encoding="utf-8")
    ...     read_log(Path(folder) / "log.yaml") == log
    True
    """
    path = Path(path)
    return IndexLog.of(read_mapping(path), where=path.name)


def library_versions() -> dict[str, str | None]:
    """Versions of Python and of the numerical libraries.

    >>> sorted(library_versions())
    ['numpy', 'pandas', 'python', 'scipy']
    """
    found: dict[str, str | None] = {"python": platform.python_version()}
    for name in LIBRARIES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = None
    return found


def units_hash(units: UnitTable) -> str:
    """SHA-256 of all that a table of units holds, the same for its rows and columns in any order.

    >>> framework = Framework.of(pd.DataFrame({"code": ["LPI"], "level": 1, "parent": None, "direction": 1,
    ...                                        "type": "Indicator"}))
    >>> data = pd.DataFrame({"unit": ["AT", "CH"], "LPI": [4.1, None]})
    >>> one, other = UnitTable.of(data, framework), UnitTable.of(data.iloc[::-1], framework)
    >>> units_hash(one) == units_hash(other), len(units_hash(one))
    (True, 64)
    """
    digest = hashlib.sha256()
    for name in _FRAMES:
        _add(digest, name, getattr(units, name))
    _add(digest, "names", units.names.to_frame())
    return digest.hexdigest()


def framework_hash(framework: Framework) -> str:
    """SHA-256 of a framework, the same for its rows in any order.

    >>> table = pd.DataFrame({"code": ["jobs", "index"], "level": [1, 2], "parent": ["index", None],
    ...                       "direction": [1, 1], "type": ["Indicator", "Aggregate"]})
    >>> one, other = Framework.of(table), Framework.of(table.iloc[::-1])
    >>> turned = Framework.of(table.assign(direction=[-1, 1]))
    >>> framework_hash(one) == framework_hash(other), framework_hash(one) == framework_hash(turned)
    (True, False)
    """
    digest = hashlib.sha256()
    _add(digest, "framework", framework.table.set_index("code"))
    return digest.hexdigest()


def _add(digest: "hashlib._Hash", name: str, frame: pd.DataFrame | None) -> None:
    """One frame in its one encoding: labels in order, numbers as IEEE 754 big-endian, texts as JSON."""
    if frame is None:
        digest.update(_json([name, None]))
        return
    labels = [list(label) if isinstance(label, tuple) else [label] for label in frame.index.tolist()]
    rows = sorted(range(len(labels)), key=lambda row: [str(part) for part in labels[row]])
    columns = sorted(frame.columns, key=str)
    digest.update(_json([name, [labels[row] for row in rows], [str(column) for column in columns]]))
    for column in columns:
        cells = frame[column].iloc[rows]
        if pd.api.types.is_numeric_dtype(cells):
            numbers = cells.to_numpy(dtype=np.float64, na_value=np.nan) + 0.0  # -0.0 is 0.0
            numbers[np.isnan(numbers)] = np.nan  # of all NaN the one
            digest.update(b"f" + numbers.astype(">f8").tobytes())
        else:
            digest.update(_json([None if pd.isna(cell) else str(cell) for cell in cells]))


def _json(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"
