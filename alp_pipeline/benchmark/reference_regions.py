"""Reference regions: who is structurally nearest, why, and whether one dimension alone decides it.

Belongs here: the nearest peers of each region, what each dimension adds to their distance, leave-one-
dimension-out. Does not: the distance (structural_distance), performance (performance_gap).
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from alp_pipeline.benchmark.cells import BenchmarkInputError, BoolArray, FloatArray, IntArray
from alp_pipeline.benchmark.inputs import checked
from alp_pipeline.benchmark.structural_distance import StructuralDistance


@dataclass(frozen=True)
class ReferenceRegions:
    """The reference regions of every region.

    Attributes:
        peers: one row per region × peer, by region and rank: region_code, peer_code, rank, distance,
            weight_covered_pct (of all weight, what both have), weight_imputed_pct (of all weight, where a
            side is imputed), runs (with one dimension left out that the region has a number in, and in which
            it has any distance), runs_kept (in which the peer stays among the k nearest), rank_best and
            rank_worst over those runs in which the pair has a distance.
        contributions: one row per region × peer × dimension: region_code, peer_code, dimension_id,
            contribution (their `math.fsum` is the distance exactly), contribution_pct of the distance (NaN
            where that is zero), weight_covered_pct (of the dimension's weight), rank_without (the peer's rank
            when the dimension is left out; null without a distance then, or where the region has no number in
            it).
        stability: one row per region × dimension left out: region_code, dimension_id, peers, peers_kept,
            kept_pct (share of the region's peers that stay among the k nearest; null, as peers_kept, where
            the region is left with too little weight for any distance, or has no number in the dimension).
    """

    peers: pd.DataFrame
    contributions: pd.DataFrame
    stability: pd.DataFrame


@checked
def reference_regions(
    distance: StructuralDistance,
    *,
    k: int = 20,
    countries: Mapping[str, str] | None = None,
    exclude_own_country: bool = False,
    candidates: Collection[str] | None = None,
) -> ReferenceRegions:
    """The k structurally nearest regions of each region.

    The rank of a peer is 1 + the number of candidates that are strictly nearer; the peers are the candidates
    of rank k or better, so that regions that tie for the last place are all in and no order of codes
    decides. A region never is its own peer. A region without any distance (too little of its weight is
    covered) has no peers and no rows.

    Stability: the same is done with each dimension left out in turn and the others rescaled to its weight.
    For a region without a number in a dimension there is nothing to leave out: that is no run of its. With a
    single dimension there is nothing to leave out: runs is 0 and `stability` is empty.

    Args:
        distance: see `structural_distance`.
        k: how many peers.
        countries: region → country; needed to exclude a region's own.
        exclude_own_country: whether only regions of other countries are candidates.
        candidates: regions that may be peers; all when omitted.

    Raises:
        BenchmarkInputError: k is no positive whole number, a region's country is not given, no candidate was
            compared.

    Source: Navarro et al. (2014), S3 Working Paper 03/2014, JRC89819; the published tool has the option to
    exclude the own country. Stability is this project's addition.

    >>> from alp_pipeline.benchmark.structural_distance import *
    >>> table = pd.DataFrame({"density": [10.0, 20, 40], "old": [20.0, 30, 25]}, index=["A", "B", "C"])
    >>> dimensions = [StructuralDimension("land", 1, {"density": "none"}),
    ...               StructuralDimension("people", 1, {"old": "none"})]
    >>> found = reference_regions(structural_distance(structural_profile(table, dimensions)), k=1)
    >>> found.peers[["region_code", "peer_code", "distance", "runs_kept"]].round(3).values.tolist()
    [['A', 'B', 0.556, 1], ['B', 'C', 0.347, 1], ['C', 'B', 0.347, 2]]
    """
    if not (isinstance(k, int) and k > 0):
        raise BenchmarkInputError(f"is {k!r}", where="k", todo="Give a whole number of peers, 1 or more.")
    if candidates is not None and set(distance.regions).isdisjoint(candidates):
        raise BenchmarkInputError(
            "none of them has a distance", where="candidates", todo="Name regions that were compared."
        )
    allowed = _allowed(distance, countries, exclude_own_country, candidates)
    ranks = _ranks(distance.distance, allowed)
    region, peer = np.nonzero((ranks > 0) & (ranks <= k))
    order = np.lexsort((peer, ranks[region, peer], region))  # codes are sorted, so ties stand by code
    region, peer = region[order], peer[order]
    left_out = distance.dimensions if len(distance.dimensions) > 1 else ()
    everywhere = [
        _ranks(distance.without(name), allowed & (distance.covered[at].diagonal() > 0)[:, None])
        for at, name in enumerate(left_out)
    ]
    runs = np.array([run[region, peer] for run in everywhere], dtype=np.int64).reshape(-1, region.size)
    judged = np.array([(run > 0).any(axis=1) for run in everywhere], dtype=np.bool_)
    judged = judged.reshape(-1, len(distance.regions))
    return ReferenceRegions(
        _peers(distance, ranks, region, peer, runs, judged, k),
        _contributions(distance, region, peer, runs),
        _stability(distance, region, runs, judged, k),
    )


def _allowed(
    distance: StructuralDistance,
    countries: Mapping[str, str] | None,
    exclude_own_country: bool,
    candidates: Collection[str] | None,
) -> BoolArray:
    """region × peer: who may be whose peer."""
    regions = distance.regions
    allowed = ~np.eye(len(regions), dtype=np.bool_)
    if candidates is not None:
        allowed &= np.isin(np.array(regions), list(candidates))[None, :]
    if exclude_own_country:
        known = countries or {}
        absent = [code for code in regions if not isinstance(known.get(code), str)]
        if absent:
            raise BenchmarkInputError(
                f"does not say where {absent[0]} lies",
                where="countries",
                todo="Pass every region's country, or do not exclude own countries.",
            )
        country = np.array([known[code] for code in regions])
        allowed &= country[:, None] != country[None, :]
    return allowed


def _ranks(distance: FloatArray, allowed: BoolArray) -> IntArray:
    """Row by row 1 + the number of allowed columns strictly nearer; 0 where not allowed or no distance."""
    ranks = np.zeros(distance.shape, dtype=np.int64)
    for row, (values, may) in enumerate(zip(distance, allowed, strict=True)):
        taking_part = may & ~np.isnan(values)
        nearer = np.searchsorted(np.sort(values[taking_part]), values[taking_part], side="left")
        ranks[row, taking_part] = nearer + 1
    return ranks


def _peers(
    distance: StructuralDistance,
    ranks: IntArray,
    region: IntArray,
    peer: IntArray,
    runs: IntArray,
    judged: BoolArray,
    k: int,
) -> pd.DataFrame:
    codes = np.array(distance.regions, dtype=object)
    given = np.where(runs > 0, runs, np.iinfo(np.int64).max).min(axis=0, initial=np.iinfo(np.int64).max)
    worst = runs.max(axis=0, initial=0)
    return pd.DataFrame(
        {
            "region_code": codes[region],
            "peer_code": codes[peer],
            "rank": ranks[region, peer],
            "distance": distance.distance[region, peer],
            "weight_covered_pct": 100 * distance.coverage[region, peer],
            "weight_imputed_pct": 100 * distance.imputed[region, peer],
            "runs": judged.sum(axis=0)[region],
            "runs_kept": ((runs > 0) & (runs <= k)).sum(axis=0),
            "rank_best": _nullable(np.where(worst > 0, given, 0), worst > 0),
            "rank_worst": _nullable(worst, worst > 0),
        }
    )


def _contributions(
    distance: StructuralDistance, region: IntArray, peer: IntArray, runs: IntArray
) -> pd.DataFrame:
    codes, pairs, dimensions = np.array(distance.regions, dtype=object), region.size, distance.dimensions
    parts = distance.contributions[:, region, peer].T.ravel()
    whole = np.repeat(distance.distance[region, peer], len(dimensions))
    covered = distance.covered[:, region, peer].T / distance.dimension_weights
    without = runs.T.ravel() if runs.shape[0] else np.zeros(pairs * len(dimensions), dtype=np.int64)
    with np.errstate(divide="ignore", invalid="ignore"):
        share = np.where(whole > 0, 100 * parts / whole, np.nan)
    return pd.DataFrame(
        {
            "region_code": codes[np.repeat(region, len(dimensions))],
            "peer_code": codes[np.repeat(peer, len(dimensions))],
            "dimension_id": np.tile(np.array(dimensions, dtype=object), pairs),
            "contribution": parts,
            "contribution_pct": share,
            "weight_covered_pct": 100 * covered.ravel(),
            "rank_without": _nullable(without, without > 0),
        }
    )


def _stability(
    distance: StructuralDistance, region: IntArray, runs: IntArray, judged: BoolArray, k: int
) -> pd.DataFrame:
    codes = np.array(distance.regions, dtype=object)
    some, peers = np.unique(region, return_counts=True)
    kept = np.array([np.bincount(region[(run > 0) & (run <= k)], minlength=codes.size)[some] for run in runs])
    kept = kept.astype(np.int64).reshape(runs.shape[0], some.size).T
    known = judged[:, some].T
    names = np.array(distance.dimensions[: runs.shape[0]], dtype=object)
    return pd.DataFrame(
        {
            "region_code": codes[np.repeat(some, names.size)],
            "dimension_id": np.tile(names, some.size),
            "peers": np.repeat(peers, names.size),
            "peers_kept": _nullable(kept.ravel(), known.ravel()),
            "kept_pct": np.where(known, 100 * kept / peers[:, None], np.nan).ravel(),
        }
    )


def _nullable(numbers: IntArray, valid: BoolArray) -> pd.Series:
    return pd.Series(pd.arrays.IntegerArray(numbers.astype(np.int32, copy=True), ~valid))
