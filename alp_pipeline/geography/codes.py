"""The reference tables of regions as records: codes of all NUTS versions, and the steps between versions.

Belongs here: reading `nuts_codes.csv` and `nuts_recodes.csv`. Does not: chains of steps
(geography.recoding), detection (geography.versions), tables for the warehouse (geography.regions).

The length of a code says nothing about its kind (`EA19`, `EU28`, `FRZZ` have four characters like a NUTS 2
unit), so level and kind are always looked up.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType
from typing import Literal

from alp_pipeline.catalog.reference import read_reference

VERSIONS = (2006, 2010, 2013, 2016, 2021, 2024)
"""NUTS versions, by the year in their names."""

Kind = Literal["nuts", "statistical_region", "country", "extra_regio", "aggregate"]
Relation = Literal[
    "identical", "recoded", "relabelled", "boundary_shift", "split", "merge", "discontinued", "new"
]
PURE: frozenset[Relation] = frozenset({"identical", "recoded", "relabelled"})
"""Relations under which a value keeps its meaning; under all others it is lost."""


@dataclass(frozen=True, slots=True)
class Region:
    """One code. Versions are None for codes outside NUTS (aggregates, extra-regio)."""

    code: str
    level: int | None
    first_version: int | None
    last_version: int | None
    parent: str | None
    country: str | None
    label: str
    kind: Kind
    is_verified: bool

    def is_in(self, version: int) -> bool:
        """Whether a NUTS version has the code."""
        if self.first_version is None or self.last_version is None:
            return False
        return self.first_version <= version <= self.last_version


@dataclass(frozen=True, slots=True)
class Step:
    """A flow between two codes from one NUTS version to a later one.

    `share_pop_pct` is the share of the source's population that flows, None where unknown.
    """

    from_code: str
    to_code: str
    from_version: int
    to_version: int
    relation: Relation
    share_pop_pct: float | None
    is_verified: bool


@lru_cache(maxsize=1)
def load_regions() -> Mapping[str, Region]:
    """Every known code, in the order of the codes.

    >>> region = load_regions()["FR43"]
    >>> region.label, region.level, region.first_version, region.last_version, region.kind
    ('Franche-Comté', 2, 2006, 2013, 'nuts')
    >>> load_regions()["EA19"].kind
    'aggregate'
    """
    rows = read_reference("nuts_codes.csv")
    return MappingProxyType({row["code"]: _region(row) for row in rows})


@lru_cache(maxsize=1)
def load_steps() -> tuple[Step, ...]:
    """Every known flow between codes, in the order of version and code."""
    return tuple(_step(row) for row in read_reference("nuts_recodes.csv"))


def _region(row: Mapping[str, str]) -> Region:
    return Region(
        code=row["code"],
        level=_number(row["level"]),
        first_version=_number(row["first_version"]),
        last_version=_number(row["last_version"]),
        parent=row["parent"] or None,
        country=row["country"] or None,
        label=row["label"],
        kind=row["kind"],  # type: ignore[arg-type]  # a test holds the table to the vocabulary
        is_verified=row["mark"] == "verified",
    )


def _step(row: Mapping[str, str]) -> Step:
    return Step(
        from_code=row["from_code"],
        to_code=row["to_code"],
        from_version=int(row["from_version"]),
        to_version=int(row["to_version"]),
        relation=row["relation"],  # type: ignore[arg-type]  # a test holds the table to the vocabulary
        share_pop_pct=float(row["share_pop_pct"]) if row["share_pop_pct"] else None,
        is_verified=row["mark"] == "verified",
    )


def _number(text: str) -> int | None:
    return int(text) if text else None
