"""What the section on benchmarks holds, before any wording: plain frozen values.

Belongs here: the shapes that `read` fills and `section` lays out. Does not: SQL, text, colours.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from alp_pipeline.reports.index.model import Score
from alp_pipeline.reports.model import Activity, Cell, Region


@dataclass(frozen=True)
class Trait:
    """An indicator of an index in which a region ranks best or worst; rank 1 is the best number."""

    kind: str
    """strength or weakness."""
    indicator_id: str
    label: str
    unit: str
    year: int | None
    value: Cell
    rank: int
    ranked_count: int


@dataclass(frozen=True)
class IndexStanding:
    """A recipe as one region sees it: computed with everyone's scores, or refused.

    `scores` holds element (the index first, then its pillars) → region code → score; `traits` region code →
    strengths, best first, then weaknesses, worst first.
    """

    recipe_id: str
    version: str
    is_computed: bool
    year: int | None
    indicators: int
    indicators_used: int
    scores: Mapping[str, Mapping[str, Score]]
    names: Mapping[str, str]
    traits: Mapping[str, tuple[Trait, ...]]
    document_ids: tuple[str, ...]


@dataclass(frozen=True)
class Peer:
    """A structurally near region, with how its rank moves when one dimension is left out."""

    region: Region
    rank: int
    rank_best: int | None
    rank_worst: int | None
    distance: Cell
    covered: Cell
    """Share of all weight on which both have data: what the distance rests on."""
    runs: int
    runs_kept: int


@dataclass(frozen=True)
class Gap:
    """A region beside the median of its reference regions in one indicator and one year."""

    indicator_id: str
    label: str
    unit: str
    year: int | None
    direction: int
    value: Cell
    median: Cell
    better_than: Cell
    peers: int
    peers_reported: int
    standing: str


@dataclass(frozen=True)
class PeerGroup:
    """The nearest regions among some candidates, and how the region does beside all of them.

    `without_data` are the dimensions of the distance in which the region has no number at all: they say
    nothing here, whatever is left out.
    """

    candidates: str
    peers: tuple[Peer, ...]
    decisive_dimension: str
    without_data: tuple[str, ...]
    gaps: tuple[Gap, ...]
    document_ids: tuple[str, ...]


@dataclass(frozen=True)
class Opportunity:
    """An activity that the region lacks: (value, low, high) of density and complexity each."""

    activity: Activity
    density: tuple[Cell, Cell, Cell]
    complexity: tuple[Cell, Cell, Cell]
    rank: int | None


@dataclass(frozen=True)
class NetworkNode:
    """An activity in the network: present, absent, or the state for which nobody knows."""

    activity: Activity
    state: str
    density: Cell
    ubiquity: int | None


@dataclass(frozen=True)
class Relatedness:
    """How related activities are, over all regions with data: the same for every region.

    `proximity` has a row per pair with a figure: (activity, other activity, proximity).
    """

    year: int
    proximity: tuple[tuple[str, str, float], ...]
    document_ids: tuple[str, ...]


@dataclass(frozen=True)
class Opportunities:
    """Absent activities of one year, nearest first; those whose density hidden cells decide come last."""

    year: int
    nodes: tuple[NetworkNode, ...]
    """All activities of the year, by code."""
    absent: tuple[Opportunity, ...]
    axis: tuple[tuple[Activity, Cell], ...]
    """The activities at the low and at the high end of the complexity axis; empty without a figure."""
    unknown: int
    """Activities of which nobody knows whether the region has them."""
    is_in_source: bool
    """Whether the source has any of the region's activities."""
    document_ids: tuple[str, ...]

    @property
    def placed(self) -> tuple[Opportunity, ...]:
        """Those with both values."""
        return tuple(o for o in self.absent if o.density[0].is_reported and o.complexity[0].is_reported)


@dataclass(frozen=True)
class Shift:
    """What a change in employment is made of: of a section, or of the region's total (no activity)."""

    activity: Activity | None
    change: Cell
    national_share: Cell
    industry_mix: Cell
    regional_shift: Cell
    note: str


@dataclass(frozen=True)
class ShiftShare:
    """The newest window of the region's shift-share, the total first."""

    reference_label: str
    first_year: int
    last_year: int
    covered_pct: float
    shifts: tuple[Shift, ...]
    document_ids: tuple[str, ...]


@dataclass(frozen=True)
class Measure:
    """A measure of resilience; `at_least` is there where it is censored."""

    measure_id: str
    basis_id: str
    event_id: str
    value: Cell
    at_least: Cell
    unit: str
    note: str
    first_year: int | None
    last_year: int | None
    reference_area: str


@dataclass(frozen=True)
class Resilience:
    """All measures of a region by (measure, basis, event)."""

    measures: tuple[Measure, ...]
    document_ids: tuple[str, ...]


@dataclass(frozen=True)
class Benchmarks:
    """The section's content; empty parts where the release has nothing of them."""

    indices: tuple[IndexStanding, ...] = ()
    peer_groups: tuple[PeerGroup, ...] = ()
    opportunities: Opportunities | None = None
    relatedness: Relatedness | None = None
    """Only where the region's activities of that year are known."""
    shift_share: ShiftShare | None = None
    resilience: Resilience | None = None

    @property
    def document_ids(self) -> set[str]:
        """Of everything that the section shows."""
        single = (self.opportunities, self.relatedness, self.shift_share, self.resilience)
        parts = [*self.indices, *self.peer_groups, *(part for part in single if part is not None)]
        return {document for part in parts for document in part.document_ids}
