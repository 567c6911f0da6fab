"""Reference regions of a region, what they rest on, and how the region does beside them.

Belongs here: finished tables of peers and gaps. Does not: SQL (read_peers), layout (the template).
"""

from typing import Any

from alp_pipeline.reports.benchmarks.model import Gap, Peer, PeerGroup
from alp_pipeline.reports.markup import Marker
from alp_pipeline.reports.model import RegionReport
from alp_pipeline.reports.wording import Wording

FIRM_COVERAGE_PCT = 80.0
"""Distances that rest on less of the weight are called so: a fifth of what should be compared is not."""


def peers(report: RegionReport, group: PeerGroup, words: Wording, mark: Marker) -> dict[str, Any]:
    """One group: its nearest regions, the sentences on what they rest on, the gaps."""
    key = "benchmarks.peers"
    notes = []
    thin = [peer for peer in group.peers if (peer.covered.value or 0.0) < FIRM_COVERAGE_PCT]
    if thin:
        covered = [peer.covered.value or 0.0 for peer in thin]
        notes.append(
            words(
                f"{key}.thin",
                n=len(thin),
                total=len(group.peers),
                least=words.percent(min(covered)),
                firm=words.percent(FIRM_COVERAGE_PCT),
            )
        )
    if group.without_data:
        names = words.join([_dimension(each, words) for each in group.without_data])
        notes.append(
            words.counted(
                f"{key}.without", len(group.without_data), dimensions=names, region=report.region.label
            )
        )
    if group.decisive_dimension:
        notes.append(words(f"{key}.decisive", dimension=_dimension(group.decisive_dimension, words)))
    return {
        "title": words(f"{key}.{group.candidates}", region=report.region.label),
        "source": mark.document_anchors(group.document_ids),
        "notes": notes,
        "rows": [_peer(peer, words, mark) for peer in group.peers],
        "gaps_title": words(f"benchmarks.gap.{group.candidates}", region=report.region.label),
        "gaps": [_gap(gap, words, mark) for gap in group.gaps],
    }


def _dimension(dimension: str, words: Wording) -> str:
    return str(words.entry("benchmarks.peers.dimensions").get(dimension, dimension.replace("_", " ")))


def _peer(peer: Peer, words: Wording, mark: Marker) -> dict[str, Any]:
    key = "benchmarks.peers"
    return {
        "rank": peer.rank,
        "code": peer.region.code,
        "label": peer.region.label,
        "distance": mark.figure(peer.distance, lambda value: words.number(value, 3)),
        "covered": mark.figure(peer.covered, lambda value: words.number(value)),
        "is_thin": (peer.covered.value or 0.0) < FIRM_COVERAGE_PCT,
        "range": _ranks(peer, words),
        "kept": words(f"{key}.kept_value", kept=peer.runs_kept, runs=peer.runs),
    }


def _ranks(peer: Peer, words: Wording) -> str:
    if not (peer.rank_best and peer.rank_worst):
        return words("plots.unknown")
    if peer.rank_best == peer.rank_worst:
        return str(peer.rank_best)
    return words("benchmarks.peers.range", best=peer.rank_best, worst=peer.rank_worst)


def _gap(gap: Gap, words: Wording, mark: Marker) -> dict[str, Any]:
    key = "benchmarks.gap"
    known = [cell.value for cell in (gap.value, gap.median) if cell.value is not None]
    write = words.alike(known)
    direction = {1: "up", -1: "down"}.get(gap.direction, "neither")
    unit = words.unit(gap.unit)
    about = [
        str(gap.year or ""),
        unit,
        words(f"framework.direction.{direction}"),
        words(f"{key}.known", n=gap.peers_reported, total=gap.peers),
    ]
    return {
        "indicator": gap.indicator_id,
        "label": gap.label,
        "about": " · ".join(part for part in about if part),
        "value": mark.figure(gap.value, write),
        "median": mark.figure(gap.median, write),
        "better": mark.figure(gap.better_than, lambda value: words.number(value)),
        "standing": words(f"{key}.standing.{gap.standing}"),
    }
