"""Publishers and their datasets, as entries: where a table is, what it must look like, what it means.

Belongs here: fields of sources and datasets, and rules that one of them can be checked against alone.
Does not: how a family is reached and a plain table read (catalog.access), what is computed from a dataset
(catalog.models).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field, StringConstraints, model_validator

from alp_pipeline.catalog.access import Access, Family, Layout, PxWebAccess
from alp_pipeline.catalog.entry import Code, DatasetId, Dimension, Entry, Identifier, Model, Text, Title
from alp_pipeline.catalog.vocabulary import Cadence, NutsVersionRule, Severity, StatisticalUnit

if TYPE_CHECKING:
    from alp_pipeline.observations.schema import DatasetShape


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
    """Bounds, both inclusive, on the reported values of the cells that `select` names (all when empty).

    Cells beyond them go to quarantine, and more of them than the dataset's `max_quarantine_share` keep the
    document out. Of a rule that `gates`, one cell is enough: for cells of known magnitude, where a change of
    unit shows.
    """

    id: Identifier
    what: Text
    severity: Severity
    select: dict[Dimension, tuple[Code, ...]] = Field(default_factory=dict)
    min: float | None = None
    max: float | None = None
    gates: bool = Field(default=False, description="a single cell beyond the bounds keeps the document out")

    @model_validator(mode="after")
    def _bounds(self) -> ValueRule:
        if self.min is None and self.max is None:
            raise ValueError("a value rule needs min, max or both")
        if self.gates and self.severity != "critical":
            raise ValueError("a value rule that gates is critical")
        if self.min is not None and self.max is not None and self.min > self.max:
            raise ValueError(f"min {self.min} is above max {self.max}")
        return self


class NestingRule(Model):
    """A NUTS unit's figure is at least the sum of its published parts of one lower level.

    For figures that add up and are never negative: what is hidden or missing only makes the sum smaller, so
    the parts need not be complete. They are those of the NUTS version that the document has most of. The
    unit's cell goes to quarantine; where its parts are wrong and not the unit, that still fails closed.
    """

    id: Identifier
    what: Text
    severity: Severity
    select: dict[Dimension, tuple[Code, ...]]
    tolerance: float = Field(gt=0, lt=1, description="by which share the sum may exceed the unit")
    rounding: float = Field(ge=0, description="the step to which the unit and each of its parts are rounded")


class DatasetEntry(Entry):
    """A dataset as one source publishes it: what a document of it must look like, and what it means."""

    id: DatasetId
    source: str
    code: Text = Field(description="the publisher's own code, in its own spelling")
    title: Title
    dimensions: tuple[Dimension, ...] = Field(description="order of the series key, with freq")
    default_codes: dict[Dimension, Code] = Field(
        default_factory=dict,
        description="dimension → its one code in documents that lack it; freq: A if unsaid",
    )
    dimension_aliases: dict[Text, Dimension] = Field(
        default_factory=dict,
        description="a document's name of a dimension, in its own spelling → the name here, or time",
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
    nesting_rules: tuple[NestingRule, ...] = ()
    max_quarantine_share: float = Field(default=0.001, ge=0, le=1)
    latest_expected_period: Text | None = None
    discontinued: Text | None = Field(default=None, description="the last period, of a table that ended")
    successor: DatasetId | None = None
    verified: bool
    notes: tuple[Text, ...] = ()

    @model_validator(mode="before")
    @classmethod
    def _usual(cls, given: Any) -> Any:
        if not isinstance(given, dict):
            return given
        family = "eurostat" if given.get("source") == "eurostat" else "import"
        given = {"access": {"family": family}, **given}
        codes = given.get("default_codes", {})
        return given | {"default_codes": {"freq": "A", **codes}} if isinstance(codes, dict) else given

    @property
    def activity_dimension(self) -> str | None:
        """The dimension that holds economic activities, when there is one."""
        return next((name for name in self.dimensions if name.startswith("nace_r")), None)

    @property
    def is_scheduled(self) -> bool:
        """Whether a refresh fetches it: reachable, and its identifier was seen in a source."""
        return self.verified and self.access.family != "import"

    @property
    def _own_aliases(self) -> dict[str, str]:
        """What the access says already: PxWeb's documents name their dimensions as the table's variables."""
        return dict(self.access.variables) if isinstance(self.access, PxWebAccess) else {}

    def shape(self) -> DatasetShape:
        """What the readers need to know to parse a document of this dataset."""
        from alp_pipeline.observations.schema import DatasetShape

        return DatasetShape(
            dataset_id=self.id,
            dimensions=self.dimensions,
            default_codes=dict(self.default_codes),
            dimension_aliases={**self._own_aliases, **self.dimension_aliases},
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
        if "geo" in self.default_codes:
            problems.append("geo has no default: every document says where")
        if {"time", "time_period"} & set(self.dimensions):
            problems.append("dimensions must not hold the time dimension")
        if (self.activity_dimension is None) != (self.classification is None):
            problems.append("classification must be given exactly when a nace_r* dimension is there")
        if (self.classification is None) != (self.classification_version is None):
            problems.append("classification and classification_version go together")
        if not self.value_rules:
            problems.append("value_rules needs at least one rule")
        rules: tuple[ValueRule | NestingRule, ...] = (*self.value_rules, *self.nesting_rules)
        if len({rule.id for rule in rules}) != len(rules):
            problems.append("value_rules and nesting_rules use a rule id twice")
        if self.nesting_rules and self.nuts_version_rule is NutsVersionRule.NONE:
            problems.append("nesting_rules are for NUTS codes, and nuts_version_rule says none")
        unknown = {name for rule in rules for name in rule.select} | set(self.filters)
        unknown |= {*self._own_aliases.values(), *self.dimension_aliases.values()} - {"time"}
        unknown |= set(self.default_codes)
        if self.layout is not None:
            unknown |= {*self.layout.columns.values(), *self.layout.constants, *self.layout.codes}
        if unknown - set(self.dimensions):
            names = ", ".join(sorted(unknown - set(self.dimensions)))
            problems.append(
                f"rules, filters, defaults, aliases, access or layout name no dimension of this: {names}"
            )
        if problems:
            raise ValueError("; ".join(problems))
        return self
