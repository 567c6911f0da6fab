"""Reads a region's reference regions, and its gaps to them, from an open release.

Belongs here: the queries on `bench_reference_…` and `bench_performance_gap`. Does not: other benchmarks
(read), wording, layout (peers).
"""

from collections.abc import Mapping
from typing import Any

from alp_pipeline.reports.benchmarks.model import Gap, Peer, PeerGroup
from alp_pipeline.reports.index.model import with_state
from alp_pipeline.reports.model import Perimeter, Region
from alp_pipeline.reports.release_file import ReleaseFile
from alp_pipeline.reports.standings import LANGUAGE_LABEL

SHOWN_PEERS = 8
PEER_TABLE = "bench_reference_region"
VARIABLE_TABLE = "bench_reference_variable"
GAP_TABLE = "bench_performance_gap"


def read_peer_groups(release: ReleaseFile, perimeter: Perimeter, region_code: str) -> tuple[PeerGroup, ...]:
    """The nearest regions of a region, for each kind of candidates; none where the release has none."""
    if not release.holds(PEER_TABLE):
        return ()
    rows = release.rows(
        f"""SELECT b.*, r.label, r.country_code FROM {PEER_TABLE} AS b
           LEFT JOIN dim_region AS r ON r.region_code = b.peer_code
           WHERE b.perimeter_id = ? AND b.region_code = ? AND b.rank <= ?
           ORDER BY b.candidates, b.rank, b.peer_code""",
        [perimeter.perimeter_id, region_code, SHOWN_PEERS],
    )
    without_data = _without_data(release, perimeter, region_code)
    groups = []
    for candidates in sorted({row["candidates"] for row in rows}):
        mine = [row for row in rows if row["candidates"] == candidates]
        decisive = mine[0]["decisive_dimension_id"] or ""
        gaps, gap_documents = _gaps(release, perimeter, region_code, candidates)
        documents = {document for row in mine for document in row["document_ids"].split()}
        groups.append(
            PeerGroup(
                candidates,
                tuple(_peer(row) for row in mine),
                # What has no data cannot decide, whichever run a release counted.
                "" if decisive in without_data else decisive,
                without_data,
                gaps,
                tuple(sorted(documents | gap_documents)),
            )
        )
    return tuple(groups)


def _peer(row: Mapping[str, Any]) -> Peer:
    base = f"{PEER_TABLE}/{row['candidates']}/{row['region_code']}/{row['peer_code']}"
    return Peer(
        Region(row["peer_code"], row["label"] or row["peer_code"], row["country_code"]),
        row["rank"],
        row["rank_best"],
        row["rank_worst"],
        with_state(row["distance"], "reported", f"{base}/distance"),
        with_state(row["weight_covered_pct"], "reported", f"{base}/weight_covered_pct"),
        row["runs"],
        row["runs_kept"],
    )


def _without_data(release: ReleaseFile, perimeter: Perimeter, region_code: str) -> tuple[str, ...]:
    """Dimensions that count in the distance and of which the region has no number."""
    if not release.holds(VARIABLE_TABLE):
        return ()
    rows = release.rows(
        f"""SELECT dimension_id FROM {VARIABLE_TABLE}
           WHERE perimeter_id = ? AND region_code = ? AND weight_pct > 0
           GROUP BY dimension_id HAVING count(value) = 0 ORDER BY dimension_id""",
        [perimeter.perimeter_id, region_code],
    )
    return tuple(row["dimension_id"] for row in rows)


def _gaps(
    release: ReleaseFile, perimeter: Perimeter, region_code: str, candidates: str
) -> tuple[tuple[Gap, ...], set[str]]:
    """The gaps to one group, by indicator, with the documents behind them."""
    if not release.holds(GAP_TABLE):
        return (), set()
    rows = release.rows(
        f"""SELECT g.*, i.{LANGUAGE_LABEL} AS label, i.unit FROM {GAP_TABLE} AS g
           LEFT JOIN dim_indicator AS i USING (indicator_id)
           WHERE g.perimeter_id = ? AND g.region_code = ? AND g.candidates = ? ORDER BY g.indicator_id""",
        [perimeter.perimeter_id, region_code, candidates],
    )
    return tuple(_gap(row) for row in rows), {d for row in rows for d in row["document_ids"].split()}


def _gap(row: Mapping[str, Any]) -> Gap:
    base = f"{GAP_TABLE}/{row['candidates']}/{row['region_code']}/{row['indicator_id']}"
    return Gap(
        indicator_id=row["indicator_id"],
        label=row["label"] or row["indicator_id"],
        unit=row["unit"] or "",
        year=row["year"],
        direction=row["direction"],
        value=with_state(row["value"], row["value_state"], f"{base}/value"),
        median=with_state(row["group_median"], row["gap_state"], f"{base}/group_median"),
        better_than=with_state(row["better_than_pct"], row["gap_state"], f"{base}/better_than_pct"),
        peers=row["peers"],
        peers_reported=row["peers_reported"],
        standing=row["standing"],
    )
