"""What a Monte Carlo run says: tables by unit, and everything that it was made from.

Belongs here: intervals, acceptability of ranks, who is above whom, classes, the assumed share, as labelled
tables in the order of the user's units; the manifest.
Does not: drawing (monte_carlo), counting (rank_shares), plots.
"""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from alp_pipeline.benchmark.cells import BenchmarkInputError, BoolArray, FloatArray, IntArray
from alp_pipeline.benchmark.composite.uncertainty.blocks import in_blocks
from alp_pipeline.benchmark.composite.uncertainty.configuration import idle_factors
from alp_pipeline.benchmark.composite.uncertainty.rank_shares import (
    UNRANKED,
    PlaceArray,
    above_counts,
    class_counts,
    class_numbers,
    place_counts,
    places_of,
    quantiles_over_draws,
    rank_statistics,
    together_counts,
)
from alp_pipeline.benchmark.composite.uncertainty.spec import UncertaintySpec

DETERMINED, INTERVAL, UNDETERMINED, NO_SCORE = "determined", "interval", "undetermined", "no_score"


@dataclass(frozen=True, eq=False)
class UncertaintyResult:
    """A Monte Carlo run of an index, see `monte_carlo`.

    Rows are the units in the order in which they were given, whether or not they have a score.

    Attributes:
        summary: one row per unit:
            state: determined; interval (its score rests on cells of which only bounds are known: bounds, and
                whatever comes from them, are internal unless their owner says otherwise); undetermined (a
                confidential cell without bounds: no score in any draw, no rank, takes no place from anyone);
                no_score (screened out or without data).
            score_nominal: of the recipe as it is; null where it gives no point.
            rank_nominal: its rank, null where intervals of others leave it open.
            rank_nominal_best, rank_nominal_worst: the ranks that the nominal scores leave possible; they
                differ only where units in state interval could be above or below.
            rank_low, rank_median, rank_high: quantiles over the draws (`quantiles` of the spec, and 0.5),
                interpolated; rank_mean; rank_best, rank_worst: over all draws and the nominal run.
            score_low, score_mean, score_high: likewise, over the draws whose scores are on the scale of the
                nominal one (`scales`); null where none is. Factors are drawn independently, so these are all
                the others' draws at the recipe's own normalisation.
            is_nominal_outside: no possible nominal rank lies within [rank_low, rank_high].
            is_score_outside: the nominal score is not within [score_low, score_high].
            rank_assumed_share, score_assumed_share: the part of the interval's width that is owed to
                declared assumptions on data: 1 - width without / width with them, at least 0, both from the
                same random numbers; 0 for an interval of no width; null where it was not asked for.
            class_nominal: 1 = the highest.
            draws_ranked: draws in which it has a rank. draws_scored: those of them on the nominal scale.
        rank_acceptability: units × ranks 1 … units, share of the draws with that rank.
        above: units × units, share of the draws in which the unit of the row has the better rank, of those in
            which both are ranked; ties count for neither. The diagonal is null.
        classes: units × class_1 …, share of the draws.
        configuration: one row per factor and alternative or kind of data: what was really varied.
        manifest: recipe, seed, draws, factors, versions: with the same inputs it gives the same bytes.
        scores: draws × units, each draw on its own scale. ranks: draws × units, int16, 0
            where a unit has no rank.
        drawn, spec: what all of it was made from, for `among`.
    """

    summary: pd.DataFrame
    rank_acceptability: pd.DataFrame
    above: pd.DataFrame
    classes: pd.DataFrame
    configuration: pd.DataFrame
    manifest: Mapping[str, Any]
    scores: pd.DataFrame
    ranks: pd.DataFrame
    drawn: "DrawnScores | None" = None
    spec: UncertaintySpec | None = None

    @property
    def idle(self) -> tuple[str, ...]:
        """Factors over data that were asked for and had no cell to move; see `monte_carlo`, refuse_idle."""
        return () if self.spec is None else idle_factors(self.configuration, self.spec.data)

    def among(self, units: Sequence[Hashable]) -> "UncertaintyResult":
        """The same draws, ranked among some of the units only: a perimeter within the universe.

        Scores stay as they are; ranks, acceptability, who is above whom, classes and the assumed share are of
        these units alone. The rows are in the order given.

        Raises:
            BenchmarkInputError: a unit is not in the result, or twice; the result does not hold its draws.
        """
        if self.drawn is None or self.spec is None:
            raise BenchmarkInputError(
                "the result does not hold its draws", where="among", todo="Take that of monte_carlo."
            )
        order = pd.Index(list(units), dtype="object").infer_objects()
        known = self.drawn.units
        if order.has_duplicates or not order.isin(known).all():
            wrong = order[order.duplicated() | ~order.isin(known)][0]
            raise BenchmarkInputError(
                f"the unit {wrong} is twice or not in the result", where="among", todo="Name each unit once."
            )
        kept = np.flatnonzero(known.isin(order))
        scores = self.drawn.scores[:, kept]
        places = places_of(scores)
        point, low, high = (one[kept] for one in self.drawn.nominal)
        pair = self.drawn.paired
        drawn = DrawnScores(
            units=known[kept],
            states=self.drawn.states[kept],
            nominal=(point, low, high),
            scores=scores,
            places=places,
            on_scale=self.drawn.on_scale,
            above=above_counts(places),
            paired=None if pair is None else (pair[0][:, kept], pair[1][:, kept]),
        )
        return uncertainty_result(drawn, self.spec, order, self.configuration, self.manifest, None)

    def tables(self) -> dict[str, pd.DataFrame]:
        """The tables worth keeping, by name; without the single draws, which the manifest gives again."""
        return {
            "summary": self.summary,
            "rank_acceptability": self.rank_acceptability,
            "above": self.above,
            "classes": self.classes,
            "configuration": self.configuration,
        }


@dataclass(frozen=True, eq=False)
class DrawnScores:
    """What the draws left behind, units in one fixed order.

    Attributes:
        units: their labels. states: of `UncertaintyResult.summary`.
        nominal: (units,) each: score, NaN where there is no point; its lower and its upper bound.
        scores: (draws, units). places: (draws, units). on_scale: (draws,), whose scores are on the nominal
            scale. above: (units, units) counts.
        paired: scores of some draws with and without declared assumptions; None where they were not run.
    """

    units: pd.Index
    states: npt.NDArray[Any]
    nominal: tuple[FloatArray, FloatArray, FloatArray]
    scores: FloatArray
    places: PlaceArray
    on_scale: BoolArray
    above: IntArray
    paired: tuple[FloatArray, FloatArray] | None


def uncertainty_result(
    drawn: DrawnScores,
    spec: UncertaintySpec,
    order: pd.Index,
    configuration: pd.DataFrame,
    manifest: Mapping[str, Any],
    workers: int | None,
) -> UncertaintyResult:
    """The labelled result; `order` are the units as the user gave them.

    Args:
        drawn: what the draws left behind. spec: quantiles and classes. order: labels. configuration,
            manifest: as they are. workers: threads, one per core when None; the result does not depend on it.

    >>> scores = np.array([[60.0, 50.0], [60.0, 70.0], [60.0, 40.0], [60.0, 30.0]])
    >>> places = places_of(scores)
    >>> drawn = DrawnScores(
    ...     units=pd.Index(["AT", "CH"]), states=np.array([DETERMINED] * 2, dtype=object),
    ...     nominal=(scores[0], scores[0], scores[0]), scores=scores, places=places,
    ...     on_scale=np.full(4, True), above=above_counts(places), paired=None)
    >>> result = uncertainty_result(drawn, UncertaintySpec(draws=4), drawn.units, pd.DataFrame(), {}, 1)
    >>> result.rank_acceptability.to_numpy().tolist(), result.above.loc["AT", "CH"].item()
    ([[0.75, 0.25], [0.25, 0.75]], 0.75)
    """
    place_names = pd.RangeIndex(1, len(drawn.units) + 1, name="rank")
    counts = place_counts(drawn.places)
    draws = counts.sum(axis=1)[:, None]

    def share(part: IntArray) -> FloatArray:
        return np.where(draws > 0, part / np.maximum(draws, 1), np.nan)

    together = together_counts(drawn.places)
    above = np.where(together > 0, drawn.above / np.maximum(together, 1), np.nan)
    np.fill_diagonal(above, np.nan)
    members = class_counts(drawn.scores, drawn.places, spec.classes)
    names = [f"class_{number + 1}" for number in range(members.shape[1])]
    units = drawn.units
    acceptability = pd.DataFrame(share(counts), index=units, columns=place_names)
    number = pd.RangeIndex(len(drawn.scores), name="draw")
    return UncertaintyResult(
        summary=_summary(drawn, counts, spec, workers).loc[order],
        rank_acceptability=acceptability.loc[order],
        above=pd.DataFrame(above, index=units, columns=units).loc[order, order],
        classes=pd.DataFrame(share(members), index=units, columns=names).loc[order],
        configuration=configuration,
        manifest=manifest,
        scores=pd.DataFrame(drawn.scores, index=number, columns=units, copy=False)[order],
        ranks=pd.DataFrame(drawn.places, index=number, columns=units, copy=False)[order],
        drawn=drawn,
        spec=spec,
    )


def _summary(
    drawn: DrawnScores, counts: IntArray, spec: UncertaintySpec, workers: int | None
) -> pd.DataFrame:
    ends = (spec.quantiles[0], 0.5, spec.quantiles[1])
    ranks = rank_statistics(counts, ends)
    on_scale = drawn.on_scale
    comparable = drawn.scores if on_scale.all() else drawn.scores[on_scale]
    scores = _score_statistics(comparable, ends, workers)
    score = drawn.nominal[0]
    nominal_class = class_numbers(score[None], places_of(score[None]), spec.classes)[0]
    best, worst = nominal_ranks(*drawn.nominal, drawn.states == INTERVAL)
    outside = (worst < ranks[0]) | (best > ranks[2])
    known = ~np.isnan(best) & ~np.isnan(ranks[0])
    table = pd.DataFrame(
        {
            "state": drawn.states,
            "score_nominal": score,
            "rank_nominal": _whole(np.where((best == worst) & ~np.isnan(score), best, np.nan)),
            "rank_nominal_best": _whole(best),
            "rank_nominal_worst": _whole(worst),
            "rank_low": ranks[0],
            "rank_median": ranks[1],
            "rank_high": ranks[2],
            "rank_mean": ranks[3],
            "rank_best": _whole(np.fmin(ranks[4], best)),
            "rank_worst": _whole(np.fmax(ranks[5], worst)),
            "score_low": scores[0],
            "score_mean": scores[3],
            "score_high": scores[2],
            "is_nominal_outside": pd.array(outside, dtype="boolean"),
            "is_score_outside": pd.array((score < scores[0]) | (score > scores[2]), dtype="boolean"),
            "rank_assumed_share": np.nan,
            "score_assumed_share": np.nan,
            "class_nominal": _whole(np.where(nominal_class > 0, nominal_class, np.nan)),
            "draws_ranked": counts.sum(axis=1),
            "draws_scored": np.count_nonzero(~np.isnan(comparable), axis=0),
        },
        index=drawn.units,
    )
    table.loc[~known, "is_nominal_outside"] = pd.NA
    table.loc[np.isnan(score) | np.isnan(scores[0]), "is_score_outside"] = pd.NA
    if drawn.paired is not None:
        whole, bare = drawn.paired
        same = on_scale[: len(whole)]
        table["score_assumed_share"] = assumed_share(whole[same], bare[same], spec.quantiles)
        placed = [places_of(scores) for scores in drawn.paired]
        ranks_of = [np.where(places == UNRANKED, np.nan, places) for places in placed]
        table["rank_assumed_share"] = assumed_share(ranks_of[0], ranks_of[1], spec.quantiles)
    return table


def nominal_ranks(
    score: FloatArray, low: FloatArray, high: FloatArray, interval: npt.NDArray[np.bool_]
) -> tuple[FloatArray, FloatArray]:
    """Best and worst rank that nominal scores leave possible; equal where no score is an interval.

    A unit whose score is an interval may be anywhere between its bounds, or anywhere where it has none; one
    that has no score and no interval takes no place.

    >>> score = np.array([50.0, np.nan, 70.0])
    >>> low, high = np.array([50.0, 60.0, 70.0]), np.array([50.0, 80.0, 70.0])
    >>> [ranks.tolist() for ranks in nominal_ranks(score, low, high, np.array([False, True, False]))]
    [[3.0, 1.0, 1.0], [3.0, 2.0, 2.0]]
    """
    takes_part = interval | ~np.isnan(score)
    low = np.where(interval, np.nan_to_num(low, nan=-np.inf), score)
    high = np.where(interval, np.nan_to_num(high, nan=np.inf), score)
    certainly = low[None, :] > high[:, None]
    possibly = high[None, :] > low[:, None]
    np.fill_diagonal(possibly, False)
    found = [np.where(takes_part, 1.0 + above.sum(axis=1), np.nan) for above in (certainly, possibly)]
    return found[0], found[1]


def assumed_share(
    with_assumed: FloatArray, without_assumed: FloatArray, quantiles: tuple[float, float]
) -> FloatArray:
    """The part of an interval's width that vanishes without the declared assumptions, by unit.

    1 - width without / width with, cut to [0, 1]; 0 where the interval has no width, NaN where a unit has no
    number. Widths of the same draws: both stacks (draws, units) come from the same random numbers.

    >>> assumed_share(np.array([[0.0], [4.0]]), np.array([[1.0], [2.0]]), (0.0, 1.0)).tolist()
    [0.75]
    """
    whole, bare = (
        np.diff(quantiles_over_draws(stack, quantiles), axis=0)[0]
        for stack in (with_assumed, without_assumed)
    )
    safe = np.where(whole > 0, whole, 1.0)
    share = np.where(whole > 0, np.clip(1 - np.nan_to_num(bare) / safe, 0.0, 1.0), 0.0)
    return np.where(np.isnan(whole), np.nan, share)


def _score_statistics(scores: FloatArray, ends: tuple[float, ...], workers: int | None) -> FloatArray:
    """Quantiles and mean of each unit over the draws in which it has a score, (ends + 1, units)."""

    def block(number: int, first: int, units: int) -> FloatArray:
        own = scores[:, first : first + units]
        there = ~np.isnan(own)
        total = np.where(there, own, 0.0).sum(axis=0)
        count = there.sum(axis=0)
        mean = np.where(count > 0, total / np.maximum(count, 1), np.nan)
        return np.vstack([quantiles_over_draws(own, ends), mean])

    return np.concatenate(in_blocks(block, scores.shape[1], workers, size=64), axis=1)


def _whole(numbers: FloatArray) -> pd.Series:
    return pd.Series(numbers).astype("Int64").array  # type: ignore[return-value]
