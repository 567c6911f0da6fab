"""The shape of a catalogue entry: one frozen model per kind, no unknown field; and the whole catalogue.

Belongs here: fields, and rules that one entry can be checked against alone. Does not: sources and datasets
(catalog.datasets, named here too, so that every model has one address), closed vocabularies
(catalog.vocabulary), reading files (catalog.loader), rules between entries (catalog.references), the
meaning of a formula (catalog.formula).

The mark of an entry is `verified` (read in a source or measured on real files) or not; what is not
verified says why in `notes`.
"""

from __future__ import annotations

from functools import cached_property
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from alp_pipeline.catalog.benchmarks import ShockEntry, StructuralDimensionEntry
from alp_pipeline.catalog.datasets import (
    DatasetEntry,
    KnownBreak,
    NestingRule,
    Politeness,
    SourceEntry,
    ValueRule,
)
from alp_pipeline.catalog.entry import (
    LANGUAGES,
    PACKAGE_ORIGIN,
    Code,
    DatasetId,
    Dimension,
    Entry,
    Identifier,
    Labels,
    Model,
    RegionCode,
    Text,
    Title,
)
from alp_pipeline.catalog.formula import Formula, parse_formula
from alp_pipeline.catalog.recipes import RecipeEntry
from alp_pipeline.catalog.vocabulary import StatisticalUnit, UsageWarning

__all__ = [
    "LANGUAGES",
    "PACKAGE_ORIGIN",
    "Activity",
    "Catalog",
    "CutRule",
    "DatasetEntry",
    "Entry",
    "IndicatorEntry",
    "KnownBreak",
    "Labels",
    "NestingRule",
    "PerimeterEntry",
    "PillarEntry",
    "Politeness",
    "RecipeEntry",
    "SchemeRow",
    "SectorGroupEntry",
    "ShockEntry",
    "SourceEntry",
    "StructuralDimensionEntry",
    "Term",
    "Title",
    "Unit",
    "ValueRule",
]


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
    """Where a criterion is met: among the top `value` (a share) of the universe, or from `value` on.

    `parts` cuts the universe into `value` equal parts, low to high; `unpublished` says that the scheme's
    documents do not give the figure.
    """

    type: Literal["quantile", "threshold", "parts", "unpublished"]
    value: float = Field(default=0, ge=0)
    comparison: Literal[">=", ">"] = ">="
    ties: Literal["include", "exclude"] = Field(description="units that tie with the last one inside")

    @model_validator(mode="after")
    def _share(self) -> CutRule:
        if self.type == "quantile" and not 0 < self.value < 1:
            raise ValueError("the value of a quantile rule is a share between 0 and 1")
        if self.type == "threshold" and self.value == 0:
            raise ValueError("a threshold is greater than 0")
        if self.type == "parts" and (self.value < 2 or self.value != int(self.value)):
            raise ValueError("the value of a parts rule is a whole number, 2 or more")
        if self.type == "unpublished" and self.value:
            raise ValueError("an unpublished rule has no value")
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
    criterion: Literal[
        "size",
        "specialisation",
        "focus",
        "productivity",
        "dynamism",
        "sme_performance",
        "frontier_firms",
        "innovation",
        "exports",
    ]
    role: Literal["star", "node", "grade", "companion"] = Field(
        default="star",
        description="what meeting it means: a star; being a regional cluster at all; a step of a grade; "
        "or an indicator beside the stars",
    )
    statistic: Literal[
        "persons",
        "location_quotient",
        "share_of_region",
        "average_rank_of_persons_and_establishments",
        "wage_and_labour_productivity",
        "average_rank_of_growth_gazelles_and_new_firms",
        "labour_productivity",
        "sme_performance",
        "share_of_frontier_firms",
        "innovation_index",
        "exports",
    ]
    needs: tuple[Text, ...] = Field(
        default=(), description="what open NUTS 2 data lack to judge it: never a star, but not available"
    )
    universe: Text = Field(description="the regions that feed a quantile: 'europe', or a perimeter's id")
    universe_level: Literal[0, 1, 2, 3]
    among: Literal["regions", "regional_activities"] = Field(description="what a quantile ranks")
    zero_regions: Literal["count", "drop"] = Field(description="cells of zero within the universe")
    hidden_rivals: Literal["anywhere", "left_out"]
    rule: CutRule
    min_size_persons: int = Field(ge=0)
    ranking_floor_persons: int = Field(
        ge=0, description="smaller cells are not ranked: a quotient of a handful of jobs is noise"
    )
    reference_missing_max_pct: float = Field(
        ge=0, le=100, description="share of a reference territory that may be missing from its total"
    )
    to_verify: tuple[
        Literal["rule", "value", "min_size_persons", "ranking_floor_persons", "reference_missing_max_pct"],
        ...,
    ] = Field(default=(), description="fields whose figures were not read in the scheme's own documents")
    source: Text
    verified: bool
    notes: tuple[Text, ...] = ()

    @model_validator(mode="after")
    def _unpublished_needs(self) -> SchemeRow:
        if self.rule.type == "unpublished" and not self.needs:
            raise ValueError("a row whose figure is unpublished says so in `needs`")
        return self


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
    recipes: dict[str, RecipeEntry]
    structural_dimensions: dict[str, StructuralDimensionEntry]
    shocks: dict[str, ShockEntry]
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
