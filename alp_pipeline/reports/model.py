"""What a region report holds, before any wording: plain frozen values.

Belongs here: the shapes that `region` fills and `page` lays out. Does not: SQL, text, colours.
"""

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from alp_pipeline.errors import AlpError

if TYPE_CHECKING:
    from alp_pipeline.reports.benchmarks.model import Benchmarks

REPORTED = "reported"
# A period counts as comparable when it covers this share of what the best-covered period does.
WIDE_COVERAGE = 0.9


class ReleaseInconsistent(AlpError):
    """The release contradicts itself: a state and its value, or a figure and its documents."""


@dataclass(frozen=True)
class Cell:
    """A number or the reason why there is none, with its flags and its address in the warehouse."""

    value: float | None
    state: str
    flags: str = ""
    address: str = ""

    def __post_init__(self) -> None:
        # What is not reported has no point estimate, whatever a table holds beside the state.
        if self.state != REPORTED and self.value is not None:
            object.__setattr__(self, "value", None)
        if self.state == REPORTED and (self.value is None or not math.isfinite(self.value)):
            raise ReleaseInconsistent(
                f"the state is reported and the value is {self.value}",
                where=self.address or "a cell",
                todo="Rebuild the release; its release gate should have refused this.",
            )

    @property
    def is_reported(self) -> bool:
        return self.state == REPORTED


@dataclass(frozen=True)
class Region:
    """A territorial unit."""

    code: str
    label: str
    country_code: str | None


@dataclass(frozen=True)
class Perimeter:
    """The units that the region is compared with; `members` in the order of their codes."""

    perimeter_id: str
    label: str
    source: str
    mark: str
    members: tuple[Region, ...]

    def region(self, code: str) -> Region:
        return next(member for member in self.members if member.code == code)


@dataclass(frozen=True)
class Scope:
    """What a location quotient of this report means."""

    reference_territory_id: str
    reference_label: str
    variable: str
    statistical_unit: str
    activity_scope: str
    classification_version: str
    scheme_id: str


@dataclass(frozen=True)
class Activity:
    """A NACE division."""

    code: str
    label: str


@dataclass(frozen=True)
class Stars:
    """The verdict of each criterion (`yes`, `no`, `undetermined`, None where the scheme lacks it)."""

    size: str | None
    specialisation: str | None
    focus: str | None
    certain: int
    possible: int


@dataclass(frozen=True)
class Standing:
    """One regional activity in one year, as the benchmark sees it. `rank` is None where unranked."""

    region_code: str
    activity: Activity
    year: int
    size: Cell
    location_quotient: Cell
    size_share: Cell
    focus: Cell
    growth: Cell
    stars: Stars | None
    rank: int | None
    ranked_count: int
    region_hidden_cells: int
    reference_hidden_cells: int
    reference_missing_cells: int
    document_ids: tuple[str, ...]


@dataclass(frozen=True)
class Comparison:
    """One activity in every unit of the perimeter, in one year."""

    activity: Activity
    year: int
    standings: Mapping[str, Standing]
    """Region code → standing; a unit without a row is absent."""


@dataclass(frozen=True)
class Development:
    """Persons employed in one activity of the region, one cell per year; recoded years named."""

    activity: Activity
    cells: Mapping[int, Cell]
    recoded_from: Mapping[int, str]
    document_ids: tuple[str, ...]


@dataclass(frozen=True)
class Indicator:
    """A framework indicator's meaning."""

    indicator_id: str
    label: str
    description: str
    unit: str
    direction: int
    pillar: str
    is_extensive: bool
    """A total that grows with the region: its rank says little more than size."""
    statistical_unit: str
    usage_warnings: tuple[str, ...]
    is_verified: bool
    """Whether its codes and formula were read in a source or measured."""


@dataclass(frozen=True)
class Reading:
    """An indicator in one period: the region's cell and every unit of the perimeter that has one."""

    indicator: Indicator
    period: str | None
    own: Cell
    cells: Mapping[str, Cell]
    document_ids: tuple[str, ...]

    @property
    def values(self) -> dict[str, float]:
        """Reported values of that very period, by region code."""
        return {code: cell.value for code, cell in self.cells.items() if cell.value is not None}

    @property
    def rank(self) -> int | None:
        """Place of the region, the highest value first; equals share the best place."""
        if self.own.value is None:
            return None
        return 1 + sum(value > self.own.value for value in self.values.values())


@dataclass(frozen=True)
class Document:
    """An archived document behind the report's figures."""

    document_id: str
    dataset_id: str
    document_format: str
    content_sha256: str
    published_at: datetime | None
    published_at_origin: str
    seen_at: datetime | None
    seen_at_origin: str
    licence: str
    is_synthetic: bool


@dataclass(frozen=True)
class Source:
    """A dataset behind the report's figures, with the documents used."""

    dataset_id: str
    dataset_code: str
    source_id: str
    title: str
    licence: str
    licence_url: str
    citation: str
    acknowledgement: str
    doi: str | None
    statistical_unit: str
    classification_version: str | None
    nuts_version_rule: str | None
    discontinued: str | None
    successor_id: str | None
    is_verified: bool
    is_synthetic: bool
    documents: tuple[Document, ...]


@dataclass(frozen=True)
class RegionReport:
    """Everything that the report of one region says."""

    release_id: str
    is_synthetic: bool
    region: Region
    country_label: str
    perimeter: Perimeter
    scope: Scope | None
    year: int | None
    """The year compared; None where the release benchmarks nothing in the perimeter."""
    newest_own_year: int | None
    """The last year with a published division of the region, compared or not."""
    newest_covered_regions: int
    """Units with at least one published division in `newest_own_year`."""
    years: tuple[int, ...]
    standings: tuple[Standing, ...]
    """The region's divisions in `year`, ranked ones first by location quotient, unrounded."""
    developments: tuple[Development, ...]
    comparisons: tuple[Comparison, ...]
    readings: tuple[Reading, ...]
    state_counts: Mapping[int, Mapping[str, int]]
    """Year → state → number of the region's division cells."""
    coverage: Mapping[str, Mapping[str, int]]
    """Region code → state → number of division cells, in `year`."""
    benchmarks: "Benchmarks"
    sources: tuple[Source, ...]
    benchmark_datasets: tuple[str, ...]

    @property
    def ranked(self) -> tuple[Standing, ...]:
        return tuple(standing for standing in self.standings if standing.rank is not None)

    @property
    def has_activity_data(self) -> bool:
        return any(standing.size.is_reported for standing in self.standings)


def comparison_period(coverage: Mapping[str, int], own: Collection[str]) -> str | None:
    """The period that a region is compared in.

    The latest one that the region has and that covers nearly as many units as the best one; else the
    latest that the region has; else the latest with wide coverage, where the others are shown without it.
    A last year that only some countries have delivered would rank a region among few.

    Args:
        coverage: period → units of the perimeter with a value.
        own: periods in which the region has a value.

    >>> comparison_period({"2013": 35, "2014": 35, "2015": 22}, {"2013", "2014", "2015"})
    '2014'
    >>> comparison_period({"2013": 35, "2014": 35, "2015": 22}, {"2015"})
    '2015'
    >>> comparison_period({"2013": 35, "2014": 34}, set())
    '2014'
    """
    widest = max(coverage.values(), default=0)
    wide = {period for period, units in coverage.items() if units and units >= WIDE_COVERAGE * widest}
    for choice in (wide & set(own), set(own), wide):
        if choice:
            return max(choice)
    return None
