"""The shape of a catalogue entry: one frozen model per kind, no unknown field.

Belongs here: fields, and rules that one entry can be checked against alone. Does not: closed vocabularies
(catalog.vocabulary), reading files (catalog.loader), rules between entries (catalog.references), the
meaning of a formula (catalog.formula).

The mark of an entry is `verified` (read in a source or measured on real files) or not; what is not
verified says why in `notes`.
"""

from __future__ import annotations

import hashlib
import json
from functools import cached_property
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, model_validator

from alp_pipeline.catalog.access import Access, Family, Layout
from alp_pipeline.catalog.formula import Formula, parse_formula
from alp_pipeline.catalog.vocabulary import (
    Cadence,
    NutsVersionRule,
    Severity,
    StatisticalUnit,
    UsageWarning,
)

if TYPE_CHECKING:
    from alp_pipeline.observations.schema import DatasetShape

LANGUAGES = ("en", "it", "de", "fr", "sl")
PACKAGE_ORIGIN = "package"


def _one_line(text: str) -> str:
    return " ".join(text.split())


Text = Annotated[str, StringConstraints(min_length=1, strip_whitespace=True), AfterValidator(_one_line)]
Identifier = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$", max_length=60)]
DatasetId = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_-]*\.[a-z0-9_$.-]+$")]
Dimension = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$")]
Code = Annotated[str, StringConstraints(min_length=1, pattern=r"^[^\s.,;=]+$")]
RegionCode = Annotated[str, StringConstraints(pattern=r"^[A-Z][A-Z0-9_]*$")]


class Model(BaseModel):
    """A part of an entry: frozen, and a field nobody declared is refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Entry(Model):
    """An entry of its own, with an id and the place it came from."""

    id: str
    origin: str = Field(
        default=PACKAGE_ORIGIN,
        description="'package', or the file's path relative to the site's folder; set by the loader",
    )

    def digest(self) -> str:
        """SHA-256 of the entry's canonical JSON: equal entries, equal digests, on every machine."""
        document = json.dumps(self.model_dump(mode="json"), sort_keys=True, ensure_ascii=False)
        return hashlib.sha256(document.encode()).hexdigest()


class Labels(Model):
    """A name in all five languages of the project."""

    en: Text
    it: Text
    de: Text
    fr: Text
    sl: Text


class Title(Model):
    """A name in English, and in the other languages where there is one."""

    en: Text
    it: Text | None = None
    de: Text | None = None
    fr: Text | None = None
    sl: Text | None = None

    def best(self, language: str) -> str:
        """The name in `language`, or in English where there is none."""
        return getattr(self, language) or self.en


class Politeness(Model):
    """How often a source may be asked. Its own word where it says one, else a careful guess."""

    requests: int = Field(default=1, ge=1, description="so many requests …")
    per_seconds: float = Field(default=1.0, gt=0, description="… in so many seconds")
    poll_hours: float = Field(default=24, gt=0, description="asked for news no more often than this")
    verified: bool = False


class SourceEntry(Entry):
    """A publisher of data, how it is reached, and the terms under which its data may be reused.

    `base_url` is what the family's paths follow; `hosts` are further hosts from which its files come. No
    other host is ever asked, redirects included.
    """

    id: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_-]*$")]
    title: Title
    url: Text
    family: Family = "import"
    base_url: Annotated[str, StringConstraints(pattern=r"^https://[^/\s]+(/\S*)?$")] | None = None
    hosts: tuple[Annotated[str, StringConstraints(pattern=r"^[a-z0-9.-]+$")], ...] = ()
    politeness: Politeness = Politeness()
    needs_account: bool = False
    licence: Text
    licence_url: Text
    acknowledgement: Text
    disclaimer: Text
    verified: bool
    notes: tuple[Text, ...] = ()

    @property
    def all_hosts(self) -> frozenset[str]:
        """The hosts that may be asked for this source."""
        own = {self.base_url.split("/")[2].partition(":")[0]} if self.base_url else set()
        return frozenset(own | set(self.hosts))

    @model_validator(mode="after")
    def _reachable(self) -> SourceEntry:
        if (self.family == "import") != (self.base_url is None):
            raise ValueError("base_url is needed, but for the family 'import'")
        return self


class KnownBreak(Model):
    """A break that the source documents or that was measured; `where` is a country, a region or 'all'."""

    where: Text
    period: Text
    what: Text


class ValueRule(Model):
    """Bounds, both inclusive, on the reported values of the cells that `select` names (all when empty)."""

    id: Identifier
    what: Text
    severity: Severity
    select: dict[Dimension, tuple[Code, ...]] = Field(default_factory=dict)
    min: float | None = None
    max: float | None = None

    @model_validator(mode="after")
    def _bounds(self) -> ValueRule:
        if self.min is None and self.max is None:
            raise ValueError("a value rule needs min, max or both")
        if self.min is not None and self.max is not None and self.min > self.max:
            raise ValueError(f"min {self.min} is above max {self.max}")
        return self


class DatasetEntry(Entry):
    """A dataset as one source publishes it: what a document of it must look like, and what it means."""

    id: DatasetId
    source: str
    code: Text = Field(description="the publisher's own code, in its own spelling")
    title: Title
    dimensions: tuple[Dimension, ...] = Field(description="order of the series key, with freq")
    default_freq: Annotated[str, StringConstraints(pattern=r"^[A-Z]$")] = "A"
    dimension_aliases: dict[Dimension, Dimension] = Field(
        default_factory=dict, description="a document's name of a dimension → the name here"
    )
    access: Access = Field(description="Eurostat's bulk file for its datasets, else import, when left out")
    layout: Layout | None = Field(
        default=None, description="of a table of rows; SDMX and JSON-stat need none"
    )
    filters: dict[Dimension, tuple[Code, ...]] = Field(
        default_factory=dict, description="what is fetched where the whole table is too large"
    )
    licence: Text
    licence_url: Text
    citation: Text
    doi: Annotated[str, StringConstraints(pattern=r"^10\.\d{4,9}/\S+$")] | None = None
    cadence: Cadence
    statistical_unit: StatisticalUnit
    classification: Literal["NACE Rev. 2", "NACE Rev. 2.1"] | None = None
    classification_version: Literal["2", "2.1"] | None = None
    nuts_version_rule: NutsVersionRule
    known_breaks: tuple[KnownBreak, ...] = ()
    value_rules: tuple[ValueRule, ...]
    max_quarantine_share: float = Field(default=0.001, ge=0, le=1)
    latest_expected_period: Text | None = None
    discontinued: Text | None = Field(default=None, description="the last period, of a table that ended")
    successor: DatasetId | None = None
    verified: bool
    notes: tuple[Text, ...] = ()

    @model_validator(mode="before")
    @classmethod
    def _usual_access(cls, given: Any) -> Any:
        if isinstance(given, dict) and "access" not in given:
            return given | {
                "access": {"family": "eurostat" if given.get("source") == "eurostat" else "import"}
            }
        return given

    @property
    def activity_dimension(self) -> str | None:
        """The dimension that holds economic activities, when there is one."""
        return next((name for name in self.dimensions if name.startswith("nace_r")), None)

    @property
    def is_scheduled(self) -> bool:
        """Whether a refresh fetches it: reachable, and its identifier was seen in a source."""
        return self.verified and self.access.family != "import"

    def shape(self) -> DatasetShape:
        """What the readers need to know to parse a document of this dataset."""
        from alp_pipeline.observations.schema import DatasetShape

        return DatasetShape(
            dataset_id=self.id,
            dimensions=self.dimensions,
            default_freq=self.default_freq,
            dimension_aliases=dict(self.dimension_aliases),
            layout=self.layout.for_readers() if self.layout else None,
        )

    @model_validator(mode="after")
    def _consistent(self) -> DatasetEntry:
        problems = []
        if self.id != f"{self.source}.{self.code.lower()}":
            problems.append(f"id must be <source>.<code in lower case>: {self.source}.{self.code.lower()}")
        if len(set(self.dimensions)) != len(self.dimensions):
            problems.append("dimensions names a dimension twice")
        if "freq" not in self.dimensions or "geo" not in self.dimensions:
            problems.append("dimensions must hold freq and geo")
        if {"time", "time_period"} & set(self.dimensions):
            problems.append("dimensions must not hold the time dimension")
        if (self.activity_dimension is None) != (self.classification is None):
            problems.append("classification must be given exactly when a nace_r* dimension is there")
        if (self.classification is None) != (self.classification_version is None):
            problems.append("classification and classification_version go together")
        if not self.value_rules:
            problems.append("value_rules needs at least one rule")
        if len({rule.id for rule in self.value_rules}) != len(self.value_rules):
            problems.append("value_rules uses a rule id twice")
        unknown = {name for rule in self.value_rules for name in rule.select} | set(self.filters)
        unknown |= set(self.dimension_aliases.values())
        if self.layout is not None:
            unknown |= {*self.layout.columns.values(), *self.layout.constants, *self.layout.codes}
        if unknown - set(self.dimensions):
            names = ", ".join(sorted(unknown - set(self.dimensions)))
            problems.append(
                f"value_rules, filters or dimension_aliases name no dimension of this dataset: {names}"
            )
        if problems:
            raise ValueError("; ".join(problems))
        return self


class Unit(Model):
    """The unit of an indicator."""

    code: Code
    label: Title


class Term(Model):
    """One operand of a formula: a series of a dataset per region and year (and activity).

    Every dimension but geo and time is fixed: by `select`, by the dataset's default frequency, or left
    open when it is the activity and `by_activity` is true.
    """

    dataset: DatasetId
    select: dict[Dimension, Code]
    by_activity: bool = False


class IndicatorEntry(Entry):
    """An indicator: a formula over terms, per region and year, or per region, activity and year."""

    id: Identifier
    label: Labels
    description: Title
    unit: Unit
    direction: Literal[-1, 0, 1] = Field(description="1: more is better; -1: less is better; 0: neither")
    pillar: Identifier
    kind: Literal["extensive", "intensive"]
    formula: Text
    terms: dict[Identifier, Term] = Field(min_length=1)
    valid_range: tuple[float, float]
    usage_warnings: tuple[UsageWarning, ...] = ()
    statistical_unit: StatisticalUnit
    verified: bool
    notes: tuple[Text, ...] = ()

    @cached_property
    def expression(self) -> Formula:
        """The formula, parsed."""
        return parse_formula(self.formula, where=self.id)

    @property
    def by_activity(self) -> bool:
        """Whether a value belongs to a regional activity rather than to a region."""
        return any(term.by_activity for term in self.terms.values())

    @property
    def datasets(self) -> tuple[str, ...]:
        """The datasets it is computed from, sorted."""
        return tuple(sorted({term.dataset for term in self.terms.values()}))


class PillarEntry(Entry):
    """A theme that groups indicators."""

    id: Identifier
    label: Labels


class PerimeterEntry(Entry):
    """A named set of regions. Every aggregate carries the id of one."""

    id: Identifier
    label: Labels
    description: Title
    members_by_level: dict[Literal[0, 1, 2, 3], Annotated[tuple[RegionCode, ...], Field(min_length=1)]] = (
        Field(min_length=1)
    )
    is_default: bool = False
    source: Text
    verified: bool
    notes: tuple[Text, ...] = ()

    @property
    def members(self) -> tuple[tuple[str, int], ...]:
        """(code, NUTS level) of every member, in the order of level and entry."""
        return tuple(
            (code, level) for level in sorted(self.members_by_level) for code in self.members_by_level[level]
        )


class CutRule(Model):
    """Where a criterion is met: among the top `value` (a share) of the universe, or from `value` on."""

    type: Literal["quantile", "threshold"]
    value: float = Field(gt=0)
    comparison: Literal[">=", ">"] = ">="
    ties: Literal["include", "exclude"] = Field(description="units that tie with the last one inside")

    @model_validator(mode="after")
    def _share(self) -> CutRule:
        if self.type == "quantile" and self.value >= 1:
            raise ValueError("the value of a quantile rule is a share below 1")
        return self


class SchemeRow(Entry):
    """One criterion of a cluster-strength scheme: schemes are rows, not code.

    A confidential or missing cell is `undetermined`, never "no star"; `hidden_rivals` says what is supposed
    of confidential cells when others are ranked. The words are those of `benchmark.stars.StarCriterion`.
    """

    id: Identifier
    scheme: Identifier
    scheme_label: Title
    version: Text
    criterion: Literal["size", "specialisation", "focus"]
    statistic: Literal["persons", "location_quotient", "share_of_region"]
    universe: Text = Field(description="the regions that feed a quantile: 'europe', or a perimeter's id")
    universe_level: Literal[0, 1, 2, 3]
    among: Literal["regions", "regional_activities"] = Field(description="what a quantile ranks")
    zero_regions: Literal["count", "drop"] = Field(description="cells of zero within the universe")
    hidden_rivals: Literal["anywhere", "left_out"]
    rule: CutRule
    min_size_persons: int = Field(ge=0)
    to_verify: tuple[Literal["rule", "value", "min_size_persons"], ...] = Field(
        default=(), description="fields whose figures were not read in the scheme's own documents"
    )
    source: Text
    verified: bool
    notes: tuple[Text, ...] = ()


class SectorGroupEntry(Entry):
    """A hand-made group of NACE divisions."""

    id: Identifier
    label: Labels
    divisions: tuple[Annotated[str, StringConstraints(pattern=r"^[A-U]\d\d$")], ...] = Field(min_length=1)
    verified: bool
    notes: tuple[Text, ...] = ()


class Activity(Model):
    """A code of an activity classification, from the reference table nace_rev2.csv."""

    code: Code
    level: Literal["section", "division", "group", "aggregate"]
    parent: Code | None
    label: Labels
    verified: bool


class Catalog(BaseModel):
    """Everything the catalogue holds, by id; immutable, checked, and the same for the same content."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    sources: dict[str, SourceEntry]
    datasets: dict[str, DatasetEntry]
    pillars: dict[str, PillarEntry]
    indicators: dict[str, IndicatorEntry]
    perimeters: dict[str, PerimeterEntry]
    schemes: dict[str, SchemeRow]
    sector_groups: dict[str, SectorGroupEntry]
    activities: dict[str, Activity]
    content_hash: str = Field(description="SHA-256 over the files it was read from")

    @property
    def default_perimeter(self) -> PerimeterEntry:
        """The perimeter that is meant when nobody names one."""
        return next(entry for entry in self.perimeters.values() if entry.is_default)

    def indicators_of(self, dataset_id: str) -> tuple[IndicatorEntry, ...]:
        """The indicators that read a dataset, in the order of their ids."""
        found = (entry for entry in self.indicators.values() if dataset_id in entry.datasets)
        return tuple(sorted(found, key=lambda entry: entry.id))
