"""Which codes of earlier NUTS versions mean the same territory as a code of today, and which do not.

Belongs here: chains of steps between codes, as records and as a table to join with. Does not: values, their
states, weights (nothing is shared out or estimated here).

Two verdicts only. A chain made entirely of pure steps (identical, recoded, relabelled) leads to the same
territory: values pass. Any other step (boundary shift, split, merge) redraws it: values of the earlier code
are lost in concordance, however small the shift, unless the code itself stayed the same. SI01 -> SI03
carries all of SI01's people and is still no recode, because SI03 received land from SI02 too.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from alp_pipeline.errors import AlpError
from alp_pipeline.geography.codes import PURE, VERSIONS, Relation, Step, load_regions, load_steps

if TYPE_CHECKING:
    import pyarrow as pa


class UnknownRegion(AlpError):
    """A code that is in no reference table."""


class UnknownVersion(AlpError):
    """A year that is no NUTS version."""


@dataclass(frozen=True, slots=True)
class Source:
    """A code under which data of a territory may stand.

    `relation` is `identical` for the target itself, `recoded` for a chain of pure steps, otherwise the first
    step that redraws, going back from the target. The versions are those that have the source code.
    """

    code: str
    relation: Relation
    from_version: int
    to_version: int

    @property
    def passes(self) -> bool:
        """Whether values under this code are values of the target."""
        return self.relation in PURE


@dataclass(frozen=True, slots=True)
class Recoding:
    """What becomes of a code in another version: `code` is None where the territory was redrawn."""

    code: str | None
    relation: Relation


def region_sources(target_codes: Iterable[str]) -> dict[str, tuple[Source, ...]]:
    """For each target, the codes under which its data may stand, itself first, then going back in time.

    Raises:
        UnknownRegion: a target is in no reference table.

    >>> [(source.code, source.relation) for source in region_sources(["ITH1"])["ITH1"]]
    [('ITH1', 'identical'), ('ITD1', 'recoded')]
    >>> [(source.code, source.passes) for source in region_sources(["SI03"])["SI03"]]
    [('SI03', True), ('SI01', False), ('SI02', False)]
    """
    return {code: _sources(code) for code in target_codes}


def current_code(code: str) -> str | None:
    """The code of the same territory today; None where it was redrawn on the way, or is no NUTS unit.

    >>> current_code("FR91"), current_code("ITH1"), current_code("SI01"), current_code("EU28")
    ('FRY1', 'ITH1', None, None)
    """
    region = load_regions().get(code)
    if region is None or region.last_version is None:
        return None
    while steps := _outgoing().get(code):
        if not _is_pure(steps):
            return None
        code = steps[0].to_code
    return code


def recode(codes: Iterable[str], *, from_version: int, to_version: int) -> dict[str, Recoding]:
    """Translate codes of one NUTS version into those of another, forward or back, by pure steps only.

    Raises:
        UnknownVersion: a year that is no NUTS version.
        UnknownRegion: a code that is not in `from_version`.

    >>> recode(["FR43", "SI01", "AT33"], from_version=2010, to_version=2024)  # doctest: +NORMALIZE_WHITESPACE
    {'FR43': Recoding(code='FRC2', relation='recoded'),
     'SI01': Recoding(code=None, relation='boundary_shift'),
     'AT33': Recoding(code='AT33', relation='identical')}
    """
    for version in (from_version, to_version):
        if version not in VERSIONS:
            raise UnknownVersion(
                "is no NUTS version", where=str(version), todo=f"Use one of {', '.join(map(str, VERSIONS))}."
            )
    return {code: _recode(code, from_version, to_version) for code in codes}


def recoding_table() -> pa.Table:
    """All codes whose data belong (or would belong) under another code today, to join observations with.

    A code that is not in the table stands for itself. A redrawn code has a row for itself, because its
    values stay true under its own name, and one for each territory of today that took part of it.

    Returns:
        Arrow table, sorted by (source_code, target_code): `source_code`, `target_code`; `relation` one of
        identical, recoded, boundary_shift, where boundary_shift stands for every redrawing; `kind` the exact
        relation (boundary_shift, split, merge …); `source_last_version`.

    >>> rows = recoding_table().to_pylist()
    >>> [(r["source_code"], r["target_code"], r["relation"]) for r in rows if r["source_code"] == "SI01"]
    [('SI01', 'SI01', 'identical'), ('SI01', 'SI03', 'boundary_shift')]
    """
    import pyarrow as pa

    rows = sorted(row for code in _outgoing() for row in _placements(code))
    names = ("source_code", "target_code", "relation", "kind", "source_last_version")
    types = (pa.string(), pa.string(), pa.string(), pa.string(), pa.int16())
    columns = list(zip(*rows, strict=True))
    return pa.table(
        [pa.array(values, type_) for values, type_ in zip(columns, types, strict=True)], names=list(names)
    )


def redrawn_steps(code: str) -> tuple[Step, ...]:
    """The steps that redraw a code's territory when the code ends; empty for a pure recode or a living code.

    >>> [(step.to_code, step.share_pop_pct) for step in redrawn_steps("SI02")]
    [('SI03', 1.546), ('SI04', 98.454)]
    """
    steps = _outgoing().get(code, ())
    return () if _is_pure(steps) else steps


@lru_cache(maxsize=1)
def _outgoing() -> Mapping[str, tuple[Step, ...]]:
    """Steps by their source, of sources that end with the step.

    A unit that gave away land and kept its code (ITH3 in 2016) is not among them: its series goes on.
    """
    regions = load_regions()
    found: defaultdict[str, list[Step]] = defaultdict(list)
    for step in load_steps():
        region = regions[step.from_code]
        if step.from_code != step.to_code and region.last_version == step.from_version:
            found[step.from_code].append(step)
    return {code: tuple(steps) for code, steps in found.items()}


@lru_cache(maxsize=1)
def _incoming() -> Mapping[str, tuple[Step, ...]]:
    found: defaultdict[str, list[Step]] = defaultdict(list)
    for steps in _outgoing().values():
        for step in steps:
            found[step.to_code].append(step)
    return {code: tuple(sorted(steps, key=lambda step: step.from_code)) for code, steps in found.items()}


def _is_pure(steps: tuple[Step, ...]) -> bool:
    return len(steps) == 1 and steps[0].relation in PURE


def _sources(target: str) -> tuple[Source, ...]:
    regions = load_regions()
    found: dict[str, Relation] = {target: "identical"}
    queue = [target]
    while queue:
        code = queue.pop(0)
        for step in _incoming().get(code, ()):
            if step.from_code in found:
                continue
            if found[code] in PURE:
                pure = _is_pure(_outgoing()[step.from_code])
                found[step.from_code] = "recoded" if pure else step.relation
            else:
                found[step.from_code] = found[code]
            queue.append(step.from_code)
    sources = []
    for code, relation in found.items():
        region = regions.get(code)
        if region is None:
            raise _unknown(code, "the reference tables")
        sources.append(Source(code, relation, region.first_version or 0, region.last_version or 0))
    return tuple(sources)


def _recode(code: str, from_version: int, to_version: int) -> Recoding:
    regions = load_regions()
    if code not in regions or not regions[code].is_in(from_version):
        raise _unknown(code, f"NUTS {from_version}")
    start = code
    while not regions[code].is_in(to_version):
        steps = _forward(code) if to_version > from_version else _incoming().get(code, ())
        if not steps:
            return Recoding(None, "discontinued" if to_version > from_version else "new")
        if not _is_pure(steps) or not _is_pure(_outgoing()[steps[0].from_code]):
            return Recoding(None, steps[0].relation)
        code = steps[0].to_code if to_version > from_version else steps[0].from_code
    return Recoding(code, "identical" if code == start else "recoded")


def _forward(code: str) -> tuple[Step, ...]:
    return _outgoing().get(code, ())


def _placements(code: str) -> Iterable[tuple[str, str, str, str, int]]:
    """Rows of the recoding table for a code that ended."""
    last = load_regions()[code].last_version or 0
    place = code
    while _is_pure(_forward(place)):
        place = _forward(place)[0].to_code
    own = "identical" if place == code else "recoded"
    yield (code, place, own, own, last)
    reached: dict[str, Relation] = {}
    queue: list[tuple[str, Relation]] = [(step.to_code, step.relation) for step in _forward(place)]
    while queue:
        here, relation = queue.pop(0)
        if here in reached:
            continue
        reached[here] = relation
        queue += [(step.to_code, relation) for step in _forward(here)]
    for here, relation in reached.items():
        if here not in _outgoing():
            yield (code, here, "boundary_shift", relation, last)


def _unknown(code: str, where: str) -> UnknownRegion:
    return UnknownRegion(
        f"{code!r} is not a code of {where}",
        where="nuts_codes.csv",
        todo="Correct the code, or add it to data/reference/nuts_codes.csv with its source.",
    )
