"""Reads the catalogue: the package's entries, then a site's own, through the same models.

Belongs here: files, duplicates, rules between entries, one error that lists every problem of a file.
Does not: what a single entry must look like (catalog.models). Imports neither pandas, DuckDB nor Dagster.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from alp_pipeline.catalog.models import (
    PACKAGE_ORIGIN,
    Activity,
    Catalog,
    DatasetEntry,
    Entry,
    IndicatorEntry,
    PerimeterEntry,
    PillarEntry,
    RecipeEntry,
    SchemeRow,
    SectorGroupEntry,
    ShockEntry,
    SourceEntry,
    StructuralDimensionEntry,
)
from alp_pipeline.catalog.reference import read_reference, reference_digest
from alp_pipeline.catalog.references import Problem, cross_problems
from alp_pipeline.errors import AlpError

ENTRIES_DIR = Path(__file__).parent / "entries"
FILES: Mapping[str, type[Entry]] = {
    "sources": SourceEntry,
    "datasets": DatasetEntry,
    "pillars": PillarEntry,
    "indicators": IndicatorEntry,
    "perimeters": PerimeterEntry,
    "schemes": SchemeRow,
    "sector_groups": SectorGroupEntry,
    "recipes": RecipeEntry,
    "structural_dimensions": StructuralDimensionEntry,
    "shocks": ShockEntry,
}
REFERENCE_FILES = ("nace_rev2.csv", "nuts_codes.csv")
_cache: dict[str, Catalog] = {}


class CatalogError(AlpError):
    """The catalogue holds entries that cannot be used; the message lists file, entry and field of each."""


@dataclass(frozen=True)
class _File:
    kind: str
    origin: str
    shown: str
    content: bytes


def load_catalog(site_dir: Path | None = None) -> Catalog:
    """The catalogue of the package, and of a site when it has one; cached by content.

    Args:
        site_dir: a folder with any of the files of `alp_pipeline/catalog/entries` (`<kind>.yaml`, or
            `<kind>/*.yaml`), holding the site's own entries; their `origin` is the file's path relative to
            it. An entry with the id of a package's that is marked `verified: false` takes its place. A
            folder that does not exist yet is a site without entries.

    Raises:
        CatalogError: naming file, entry and field of everything that is wrong.

    >>> catalog = load_catalog()
    >>> catalog.datasets["eurostat.sbs_r_nuts06_r2"].dimensions
    ('freq', 'nace_r2', 'indic_sb', 'geo')
    >>> catalog.default_perimeter.id, len(catalog.default_perimeter.members)
    ('eusalp_2016plus', 43)
    """
    files = _package_files() + (_site_files(site_dir) if site_dir is not None else [])
    content_hash = _hash(files)
    if content_hash not in _cache:
        _cache[content_hash] = _build(files, content_hash)
    return _cache[content_hash]


def _package_files() -> list[_File]:
    return [
        _File(kind, PACKAGE_ORIGIN, f"entries/{name}", (ENTRIES_DIR / name).read_bytes())
        for kind, name in _entry_files(ENTRIES_DIR)
    ]


def _site_files(folder: Path) -> list[_File]:
    if folder.exists() and not folder.is_dir():
        raise CatalogError(
            "is a file, not a folder", where=str(folder), todo="Put the site's entries into a folder there."
        )
    found = _entry_files(folder)
    strange = sorted(_yaml_files(folder) - {name for _, name in found})
    if strange:
        raise CatalogError(
            f"holds {', '.join(strange)}, which no part of the catalogue reads",
            where=str(folder),
            todo=f"Name a file one of: {', '.join(f'{kind}.yaml' for kind in FILES)}; or put several of one "
            "kind into a folder of its name, like datasets/mine.yaml.",
        )
    return [_File(kind, name, str(folder / name), (folder / name).read_bytes()) for kind, name in found]


def _entry_files(folder: Path) -> list[tuple[str, str]]:
    """Kind and name of `<kind>.yaml`, and where a kind has many entries, of the files of `<kind>/`."""
    return [
        (kind, path.relative_to(folder).as_posix())
        for kind in FILES
        for path in sorted([*folder.glob(f"{kind}.yaml"), *folder.glob(f"{kind}/[!.]*.yaml")])
    ]


def _yaml_files(folder: Path) -> set[str]:
    """Everything below that a person may take for entries; what an editor or git hides is not."""
    names = (
        path.relative_to(folder) for path in folder.rglob("*") if path.suffix.lower() in {".yaml", ".yml"}
    )
    return {name.as_posix() for name in names if not any(part.startswith(".") for part in name.parts)}


def _hash(files: Iterable[_File]) -> str:
    digest = hashlib.sha256()
    for file in files:
        digest.update(f"{file.kind}\0{file.origin}\0{len(file.content)}\0".encode() + file.content)
    digest.update(reference_digest(*REFERENCE_FILES).encode())
    return digest.hexdigest()


def _build(files: list[_File], content_hash: str) -> Catalog:
    problems: list[Problem] = []
    entries: dict[str, dict[str, Any]] = {kind: {} for kind in FILES}
    places: dict[tuple[str, str], str] = {}
    for file in files:
        for entry in _read(file, problems):
            taken = _taken(entries[file.kind].get(entry.id), entry)
            if taken is None:
                entries[file.kind][entry.id] = entry
                places[(file.kind, entry.id)] = file.shown
            else:
                place = places[(file.kind, entry.id)]
                problems.append(Problem(file.shown, entry.id, "id", f"is already an entry of {place}{taken}"))
    _refuse(problems)
    activities = {row["code"]: _activity(row) for row in read_reference("nace_rev2.csv")}
    catalog = Catalog.model_validate({**entries, "activities": activities, "content_hash": content_hash})
    levels = {row["code"]: int(row["level"]) for row in read_reference("nuts_codes.csv") if row["level"]}
    _refuse(cross_problems(catalog, levels, lambda kind: lambda entry: places[(kind, entry.id)]))
    return catalog


def _taken(present: Any | None, entry: Any) -> str | None:
    """Why an entry cannot have its id, None where it can: a site's goes before an unverified package's."""
    if present is None:
        return None
    if present.origin != PACKAGE_ORIGIN or entry.origin == PACKAGE_ORIGIN:
        return ""
    # A kind without the mark (a pillar) is as fixed as what is verified.
    if getattr(present, "verified", True):
        return (
            ", and that one is verified: a site's entry takes the place of one marked verified: false only. "
            "Remove this entry, or give it an id of its own"
        )
    return None


def _read(file: _File, problems: list[Problem]) -> list[Any]:
    try:
        document = yaml.load(file.content, Loader=_Loader)  # noqa: S506 - a subclass of the safe loader
    except (yaml.YAMLError, ValueError) as error:
        problems.append(
            Problem(file.shown, "-", "-", f"is not readable YAML: {' '.join(str(error).split())}")
        )
        return []
    rows = document if document is not None else []
    if not isinstance(rows, list):
        problems.append(
            Problem(file.shown, "-", "-", "must be a list of entries, each beginning with '- id:'")
        )
        return []
    model = FILES[file.kind]
    read = []
    for number, row in enumerate(rows, start=1):
        name = str(row.get("id", f"entry {number}")) if isinstance(row, dict) else f"entry {number}"
        if isinstance(row, dict) and "origin" in row:
            problems.append(Problem(file.shown, name, "origin", "is set by the loader, not by the entry"))
            continue
        try:
            given = {**row, "origin": file.origin} if isinstance(row, dict) else row
            read.append(model.model_validate(given))
        except ValidationError as error:
            problems.extend(_problems(file, name, error))
    return read


def _problems(file: _File, entry: str, error: ValidationError) -> list[Problem]:
    found = []
    for detail in error.errors(include_url=False, include_context=False):
        field = ".".join(str(part) for part in detail["loc"]) or "-"
        what = detail["msg"].removeprefix("Value error, ")
        given = detail["input"]
        if detail["type"] == "string_type" and isinstance(given, bool | int | float):
            what += f", not {given!r} (put quotes around it)"
        elif isinstance(given, str | int | float):
            what += f" (given: {given!r})"
        found.append(Problem(file.shown, entry, field, what))
    return found


def _refuse(problems: list[Problem]) -> None:
    if not problems:
        return
    files = list(dict.fromkeys(problem.file for problem in problems))
    lines = "".join(f"\n  {problem}" for problem in problems)
    count = "1 problem" if len(problems) == 1 else f"{len(problems)} problems"
    raise CatalogError(
        f"{count} in the catalogue:{lines}", where=", ".join(files), todo="Correct the entries."
    )


def _activity(row: Mapping[str, str]) -> Activity:
    labels = {language: row[f"label_{language}"] for language in ("en", "it", "de", "fr", "sl")}
    return Activity.model_validate(
        {
            "code": row["code"],
            "level": row["level"],
            "parent": row["parent"] or None,
            "label": labels,
            "verified": row["mark"] == "verified",
        }
    )


class _Loader(yaml.CSafeLoader):
    """The safe loader, refusing a key that stands twice in one mapping (YAML would keep the last)."""


def _unique_mapping(loader: _Loader, node: yaml.MappingNode) -> dict[Any, Any]:
    # Before the mapping is built: merging (<<) puts the same key there twice rightfully.
    keys = [key.value for key, _ in node.value]
    twice = sorted({str(key) for key in keys if keys.count(key) > 1})
    if twice:
        message = f"the key {', '.join(twice)} stands twice"
        raise yaml.constructor.ConstructorError(None, None, message, node.start_mark)
    return loader.construct_mapping(node, deep=True)


_construct: Callable[..., Any] = _unique_mapping
_Loader.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _construct)
