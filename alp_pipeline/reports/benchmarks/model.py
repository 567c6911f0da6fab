"""What the section on benchmarks holds, before any wording: plain frozen values.

Belongs here: the shapes that `read` fills and `section` lays out. Does not: SQL, text, colours.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from alp_pipeline.reports.index.model import Score
from alp_pipeline.reports.model import Activity, Cell, Region


@dataclass(frozen=True)
class IndexStanding:
    """A recipe as one region sees it: computed with everyone's scores, or refused.

    `scores` holds element (the index first, then its pillars) → region code → score.
    """

    recipe_id: str
    version: str
    is_computed: bool
    year: int | None
    indicators: int
    indicators_used: int
    scores: Mapping[str, Mapping[str, Score]]
    names: Mapping[str, str]
    document_ids: tuple[str, ...]


@dataclass(frozen=True)
class Peer:
    """A structurally near region, with how its rank moves when one dimension is left out."""

    region: Region
    rank: int
    rank_best: int | None
    rank_worst: int | None
    distance: Cell
    runs: int
    runs_kept: int


@dataclass(frozen=True)
class PeerGroup:
    """The nearest regions among some candidates."""

    candidates: str
    peers: tuple[Peer, ...]
    decisive_dimension: str
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
    unknown: int
    """Activities of which nobody knows whether the region has them."""
    document_ids: tuple[str, ...]

    @property
    def placed(self) -> tuple[Opportunity, ...]:
        """Those with both values."""
        return tuple(o for o in self.absent if o.density[0].is_reported and o.complexity[0].is_reported)


@dataclass(frozen=True)
class Benchmarks:
    """The section's content; empty parts where the release has nothing of them."""

    indices: tuple[IndexStanding, ...] = ()
    peer_groups: tuple[PeerGroup, ...] = ()
    opportunities: Opportunities | None = None
    relatedness: Relatedness | None = None
    """Only where the region's activities of that year are known."""

    @property
    def document_ids(self) -> set[str]:
        """Of everything that the section shows."""
        parts: list[IndexStanding | PeerGroup | Opportunities | Relatedness] = [
            *self.indices,
            *self.peer_groups,
        ]
        if self.opportunities is not None:
            parts.append(self.opportunities)
        if self.relatedness is not None:
            parts.append(self.relatedness)
        return {document for part in parts for document in part.document_ids}
