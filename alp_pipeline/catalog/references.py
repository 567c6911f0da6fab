"""The rules between entries: what one entry says about another must be true.

Belongs here: cross references. Does not: rules about one entry alone (catalog.models), reading (loader).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TypeVar

from alp_pipeline.catalog.formula import FormulaError
from alp_pipeline.catalog.models import (
    Catalog,
    DatasetEntry,
    Entry,
    IndicatorEntry,
    PerimeterEntry,
    RecipeEntry,
    SchemeRow,
    SectorGroupEntry,
    ShockEntry,
    StructuralDimensionEntry,
    Term,
)
from alp_pipeline.catalog.reference import reference_dir
from alp_pipeline.catalog.vocabulary import UsageWarning

Place = Callable[[str], Callable[[Entry], str]]
Found = Iterator[tuple[str, str]]
AnEntry = TypeVar("AnEntry", bound=Entry)


@dataclass(frozen=True)
class Problem:
    """What is wrong, and where.

    >>> str(Problem("datasets.yaml", "eurostat.x", "doi", "is empty"))
    'datasets.yaml: eurostat.x: doi: is empty'
    """

    file: str
    entry: str
    field: str
    what: str

    def __str__(self) -> str:
        return f"{self.file}: {self.entry}: {self.field}: {self.what}"


def cross_problems(catalog: Catalog, region_levels: Mapping[str, int], place: Place) -> list[Problem]:
    """Every reference of the catalogue that leads nowhere.

    Args:
        catalog: entries that are each valid alone.
        region_levels: region code → NUTS level, of every region code that has a level.
        place: kind → entry → the file to name.
    """
    found = [
        *_collect(catalog.datasets, place("datasets"), lambda entry: _dataset(entry, catalog)),
        *_collect(catalog.indicators, place("indicators"), lambda entry: _indicator(entry, catalog)),
        *_collect(catalog.perimeters, place("perimeters"), lambda entry: _perimeter(entry, region_levels)),
        *_collect(catalog.schemes, place("schemes"), lambda entry: _scheme(entry, catalog)),
        *_collect(catalog.sector_groups, place("sector_groups"), lambda entry: _sector_group(entry, catalog)),
        *_collect(catalog.recipes, place("recipes"), lambda entry: _recipe(entry, catalog)),
        *_collect(
            catalog.structural_dimensions,
            place("structural_dimensions"),
            lambda entry: _structural_dimension(entry, catalog),
        ),
        *_collect(catalog.shocks, place("shocks"), lambda entry: _shock(entry, catalog)),
    ]
    defaults = [entry.id for entry in catalog.perimeters.values() if entry.is_default]
    if len(defaults) != 1:
        given = ", ".join(defaults) or "none"
        found.append(
            Problem("perimeters.yaml", given, "is_default", "exactly one perimeter must be the default")
        )
    return found


def _collect(
    entries: Mapping[str, AnEntry], place: Callable[[Entry], str], check: Callable[[AnEntry], Found]
) -> Iterator[Problem]:
    for entry in entries.values():
        for field, what in check(entry):
            yield Problem(place(entry), entry.id, field, what)


def _dataset(entry: DatasetEntry, catalog: Catalog) -> Found:
    if entry.source not in catalog.sources:
        yield "source", f"no source {entry.source!r}; there are {_names(catalog.sources)}"
    else:
        family = catalog.sources[entry.source].family
        if entry.access.family not in (family, "import"):
            yield "access.family", f"{entry.access.family!r}, but {entry.source} is of the family {family!r}"
    same_code = [
        other.id
        for other in catalog.datasets.values()
        if other.id < entry.id and other.code.lower() == entry.code.lower()
    ]
    if same_code:
        yield "code", f"is that of {same_code[0]} too: assets are named after the code alone"
    for dimension, name in sorted(entry.layout.code_table.items()) if entry.layout else ():
        if not (reference_dir() / "codes" / f"{name}.csv").is_file():
            yield f"layout.code_table.{dimension}", f"no table {name}.csv in data/reference/codes"


def _indicator(entry: IndicatorEntry, catalog: Catalog) -> Found:
    if entry.pillar not in catalog.pillars:
        yield "pillar", f"no pillar {entry.pillar!r}; there are {_names(catalog.pillars)}"
    try:
        used = set(entry.expression.names)
    except FormulaError as error:
        yield "formula", error.what
        used = set(entry.terms)
    if used != set(entry.terms):
        lacking, unused = sorted(used - set(entry.terms)), sorted(set(entry.terms) - used)
        yield "formula", f"and terms differ: without a term: {lacking}, not in the formula: {unused}"
    if entry.valid_range[0] >= entry.valid_range[1]:
        yield "valid_range", "must go from the smaller to the larger value"
    for name, term in entry.terms.items():
        dataset = catalog.datasets.get(term.dataset)
        if dataset is None:
            yield f"terms.{name}.dataset", f"no dataset {term.dataset!r}"
            continue
        yield from _term(f"terms.{name}", term, dataset)
        mixed = UsageWarning.MIXED_STATISTICAL_UNITS in entry.usage_warnings
        if dataset.statistical_unit is not entry.statistical_unit and not mixed:
            yield (
                f"terms.{name}.dataset",
                f"counts {dataset.statistical_unit.value}, the indicator {entry.statistical_unit.value}: "
                "use one unit, or add the usage warning mixed_statistical_units",
            )


def _term(field: str, term: Term, dataset: DatasetEntry) -> Found:
    activity = dataset.activity_dimension
    if term.by_activity and activity is None:
        yield f"{field}.by_activity", f"{dataset.id} has no activity dimension"
    for name in sorted(set(term.select) - set(dataset.dimensions)):
        yield f"{field}.select", f"{name!r} is no dimension of {dataset.id}: {', '.join(dataset.dimensions)}"
    if "geo" in term.select or (term.by_activity and activity in term.select):
        yield f"{field}.select", "must leave geo, and the activity of a term by activity, open"
    needed = set(dataset.dimensions) - {"geo", "freq"} - ({activity} if term.by_activity else set())
    if needed - set(term.select):
        yield f"{field}.select", f"must fix {', '.join(sorted(needed - set(term.select)))}"
    for name, code in term.select.items():
        if name in dataset.filters and code not in dataset.filters[name]:
            yield f"{field}.select.{name}", f"{code!r} is not among the codes that {dataset.id} fetches"


def _perimeter(entry: PerimeterEntry, region_levels: Mapping[str, int]) -> Found:
    members = entry.members
    if len({code for code, _ in members}) != len(members):
        yield "members_by_level", "names a region twice"
    for code, level in members:
        if code not in region_levels:
            yield f"members_by_level.{level}", f"{code!r} is no region of nuts_codes.csv"
        elif region_levels[code] != level:
            yield f"members_by_level.{level}", f"{code!r} is a region of level {region_levels[code]}"


def _scheme(entry: SchemeRow, catalog: Catalog) -> Found:
    if entry.universe != "europe" and entry.universe not in catalog.perimeters:
        yield (
            "universe",
            f"{entry.universe!r} is neither 'europe' nor a perimeter: {_names(catalog.perimeters)}",
        )

    for other in catalog.schemes.values():
        if other.scheme == entry.scheme and other.id < entry.id:
            for field in ("ranking_floor_persons", "reference_missing_max_pct", "version"):
                if getattr(other, field) != getattr(entry, field):
                    yield field, f"differs from that of {other.id}, a row of the same scheme"


def _sector_group(entry: SectorGroupEntry, catalog: Catalog) -> Found:
    for code in entry.divisions:
        activity = catalog.activities.get(code)
        if activity is None or activity.level != "division":
            yield "divisions", f"{code!r} is no division of nace_rev2.csv"


def _recipe(entry: RecipeEntry, catalog: Catalog) -> Found:
    for pillar in entry.pillars:
        for member in pillar.indicators:
            field = f"pillars.{pillar.id}.indicators.{member.id}"
            indicator = catalog.indicators.get(member.id)
            if indicator is None:
                yield field, "is no indicator of the catalogue"
            elif indicator.by_activity or indicator.kind == "extensive":
                yield field, "is no property of a region alone: use an intensive indicator without activity"
            elif not (member.direction or indicator.direction):
                yield field, "needs a direction: the indicator itself has none"
    for name in entry.link_ids:
        if name not in catalog.indicators:
            yield "links", f"{name!r} is no indicator of the catalogue"


def _structural_dimension(entry: StructuralDimensionEntry, catalog: Catalog) -> Found:
    others = [other for other in catalog.structural_dimensions.values() if other.id != entry.id]
    taken = {variable.id: other.id for other in others for variable in other.variables}
    for variable in entry.variables:
        field = f"variables.{variable.id}"
        if variable.id in taken or [one.id for one in entry.variables].count(variable.id) > 1:
            yield field, f"is a variable of {taken.get(variable.id, entry.id)} already"
        indicator = catalog.indicators.get(variable.indicator)
        if indicator is None:
            yield f"{field}.indicator", f"{variable.indicator!r} is no indicator of the catalogue"
        elif indicator.by_activity != (variable.activity is not None):
            needs = "needs an activity" if indicator.by_activity else "is not broken down by activity"
            yield f"{field}.activity", f"{variable.indicator} {needs}"
        for name in ("activity", "share_of"):
            code = getattr(variable, name)
            if code is not None and code not in catalog.activities:
                yield f"{field}.{name}", f"{code!r} is no activity of nace_rev2.csv"


def _shock(entry: ShockEntry, catalog: Catalog) -> Found:
    codes = [hit.activity for hit in entry.activities]
    for code in sorted(set(codes)):
        activity = catalog.activities.get(code)
        if activity is None:
            yield "activities", f"{code!r} is no activity of nace_rev2.csv"
        elif codes.count(code) > 1:
            yield "activities", f"names {code} twice"
        else:
            for whole in sorted(set(codes) & set(_wholes(code, catalog))):
                yield "activities", f"counts {code} twice: alone and within {whole}"


def _wholes(code: str, catalog: Catalog) -> Iterator[str]:
    """The activities that contain this one, the nearest first."""
    parent = catalog.activities[code].parent
    while parent is not None and parent in catalog.activities:
        yield parent
        parent = catalog.activities[parent].parent


def _names(entries: Mapping[str, object]) -> str:
    return ", ".join(sorted(entries)) or "none"
