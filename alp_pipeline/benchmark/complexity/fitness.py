"""Fitness of regions and complexity of activities by the non-linear iteration.

Belongs here: the iteration, when it is over, and the matrices on which it never is.
Does not: the linear index (eci).
"""

from collections.abc import Collection, Hashable
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from alp_pipeline.benchmark.cells import BenchmarkInputError, FloatArray, IntArray
from alp_pipeline.benchmark.complexity.matrix import presence_matrix
from alp_pipeline.benchmark.inputs import checked

VANISHED = 1e-100
"""A fitness below this (the mean is 1) falls exponentially; going on would end in a division by zero."""

FALLING = -0.1
"""d ln F / d ln n below this at the last round: F goes on falling like a power of the round (often 1/n)."""

JUDGED_FROM = 50
"""Rounds before which a falling fitness may be no more than the way to its limit."""

Status = Literal["converged", "vanishing", "unsettled"]


@dataclass(frozen=True)
class FitnessResult:
    """Fitness, complexity, and how the iteration ended.

    Attributes:
        fitness: F by region to report; mean 1 over all regions with an activity; NaN for one without.
        complexity: Q by activity; mean 1; NaN for an activity that no region has.
        status: `converged`: no ln F moved by more than the tolerance in the last round. `vanishing`: it does
            not converge, because the fitness of some regions falls for ever; the order may be settled, the
            values depend on the number of rounds. `unsettled`: neither; more rounds may help.
        rounds: rounds made.
        last_change: the largest |Δ ln F| of the last round.
        order_settled_at: the last round that changed the order of the regions' fitness.
        vanishing_regions: regions whose fitness falls without end, as far as 50 rounds or more can tell.
        dropped_regions: regions without an activity.
        dropped_activities: activities without a region.
    """

    fitness: pd.Series
    complexity: pd.Series
    status: Status
    rounds: int
    last_change: float
    order_settled_at: int
    vanishing_regions: tuple[Hashable, ...]
    dropped_regions: tuple[Hashable, ...]
    dropped_activities: tuple[Hashable, ...]


@checked
def fitness_complexity(
    M: pd.DataFrame,  # noqa: N803
    *,
    tolerance: float = 1e-10,
    most_rounds: int = 1000,
    report: Collection[Hashable] | None = None,
) -> FitnessResult:
    """Fitness F̃_r = Σ_c M_rc Q_c and complexity Q̃_c = 1 / Σ_r (M_rc / F_r), each divided by its mean, from 1.
    A round computes both from those of the round before.

    Over when max_r |ln F_r - ln F_r of the round before| <= tolerance. The map does not converge to positive
    numbers on every matrix: when the ones leave the "belly" of the nested matrix hollow, and on any nested
    matrix with a corner of its own, the fitness of some regions falls to zero, like 1/n or exponentially (so
    it does in all parts but one of a disconnected matrix), and the complexity of what they do with it. This
    is reported (`status`, `vanishing_regions`), not hidden behind a number of rounds.

    Args:
        M: all regions × activities of ones and zeros.
        tolerance: above 0.
        most_rounds: 2 or more.
        report: the regions to return fitness of; all when omitted. The iteration runs over all.

    Raises:
        BenchmarkInputError: no region has an activity, a parameter out of range, an unknown region to report;
            see `presence_matrix`.

    Source: Tacchella, Cristelli, Caldarelli, Gabrielli, Pietronero (2012), Scientific Reports 2:723;
    convergence: Pugliese, Zaccaria, Pietronero (2016), European Physical Journal Special Topics 225.

    >>> M = pd.DataFrame([[1, 1], [1, 0]], index=["A", "B"], columns=["C28", "I55"])
    >>> result = fitness_complexity(M, most_rounds=100)  # B's fitness by A's after n rounds is 1 / (1 + n)
    >>> result.status, result.vanishing_regions, round(result.fitness["A"] / result.fitness["B"])
    ('vanishing', ('B',), 101)
    """
    if not (0 < tolerance < np.inf and most_rounds >= 2):
        raise BenchmarkInputError(
            f"tolerance {tolerance} and {most_rounds} rounds",
            where="tolerance",
            todo="Pass a finite tolerance above 0 and two rounds or more.",
        )
    matrix = presence_matrix(M)
    rows, columns = np.asarray(matrix.present.any(axis=1)), np.asarray(matrix.present.any(axis=0))
    if not rows.any():
        raise BenchmarkInputError(
            "no region has an activity", where="M", todo="Lower the threshold or the floor of `presence`."
        )
    # Lines that are the same are computed once, with their number as weight: they tie exactly.
    distinct, of_region, regions = _distinct(matrix.present[rows][:, columns])
    turned, of_activity, activities = _distinct(distinct.T)
    run = _iterate(np.ascontiguousarray(turned.T), regions, activities, tolerance, most_rounds)
    falling = matrix.regions[rows][run.vanishing[of_region]]
    return FitnessResult(
        fitness=matrix.by_region(_spread(run.fitness[of_region], rows), "fitness", report),
        complexity=matrix.by_activity(_spread(run.complexity[of_activity], columns), "complexity"),
        status="converged" if run.change <= tolerance else "vanishing" if len(falling) else "unsettled",
        rounds=run.rounds,
        last_change=run.change,
        order_settled_at=run.settled,
        vanishing_regions=tuple(falling) if run.change > tolerance else (),
        dropped_regions=tuple(matrix.regions[~rows]),
        dropped_activities=tuple(matrix.activities[~columns]),
    )


@dataclass(frozen=True)
class _Run:
    fitness: FloatArray
    complexity: FloatArray
    vanishing: np.ndarray[tuple[int, ...], np.dtype[np.bool_]]
    change: float
    rounds: int
    settled: int


def _iterate(
    present: FloatArray, regions: FloatArray, activities: FloatArray, tolerance: float, most: int
) -> _Run:
    """The iteration over distinct lines; `regions` and `activities` say how many each stands for."""
    across = np.ascontiguousarray(present.T)
    fitness, quality = np.ones(len(regions)), np.ones(len(activities))
    logs = [np.zeros(len(regions))]
    order, settled, change = np.argsort(fitness, kind="stable"), 0, np.inf
    while len(logs) <= most and change > tolerance and fitness.min() > VANISHED:
        new_fitness = present @ (quality * activities)
        quality = 1 / (across @ (regions / fitness))
        fitness = new_fitness / np.average(new_fitness, weights=regions)
        quality = quality / np.average(quality, weights=activities)
        logs.append(np.log(fitness))
        change = float(np.abs(logs[-1] - logs[-2]).max())
        now = np.argsort(fitness, kind="stable")
        if not np.array_equal(now, order):
            order, settled = now, len(logs) - 1
    rounds = len(logs) - 1
    half = max(rounds // 2, 1)
    falling = (logs[-1] - logs[half]) / np.log(max(rounds / half, 2)) < FALLING
    vanishing = (fitness <= VANISHED) | (falling & (rounds >= JUDGED_FROM))
    return _Run(fitness, quality, vanishing, change, rounds, settled)


def _distinct(lines: FloatArray) -> tuple[FloatArray, IntArray, FloatArray]:
    """Distinct rows, the one each row is, and how often each occurs."""
    rows, which, times = np.unique(lines > 0, axis=0, return_inverse=True, return_counts=True)
    return rows.astype(np.float64), which.ravel().astype(np.int64), times.astype(np.float64)


def _spread(values: FloatArray, where: np.ndarray[tuple[int, ...], np.dtype[np.bool_]]) -> FloatArray:
    whole = np.full(where.shape, np.nan)
    whole[where] = values
    return whole
