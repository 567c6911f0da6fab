"""The method of reflections: the iterative form of complexity, kept as a check on the eigenvector.

Belongs here: averages of averages, round by round. Does not: the index itself (eci).
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from alp_pipeline.benchmark.cells import BenchmarkInputError, FloatArray
from alp_pipeline.benchmark.complexity.matrix import presence_matrix, sums_by_activity, sums_by_region
from alp_pipeline.benchmark.inputs import checked
from alp_pipeline.benchmark.labels import numbers_by


@dataclass(frozen=True)
class Reflections:
    """Reflections by round.

    Attributes:
        regions: regions × rounds 0, 1, …: diversity, mean ubiquity of its activities, …
        activities: activities × rounds: ubiquity, mean diversity of its regions, …
    """

    regions: pd.DataFrame
    activities: pd.DataFrame


@checked
def reflections(M: pd.DataFrame, *, rounds: int = 2) -> Reflections:  # noqa: N803
    """k_{r,N} = (1/k_{r,0}) Σ_c M_rc k_{c,N-1} and k_{c,N} = (1/k_{c,0}) Σ_r M_rc k_{r,N-1}.

    Every round averages, so the numbers of later rounds differ less and less, by a factor of about the second
    eigenvalue every two rounds: few rounds can be read, and many only after standardising, which is what
    `reflections_agreement` does.

    Args:
        M: regions × activities of ones and zeros.
        rounds: 0 or more; round 0 is diversity and ubiquity.

    Returns:
        A region without activities, or an activity without regions, has 0 in round 0 and NaN after it.

    Raises:
        BenchmarkInputError: a negative number of rounds; see `presence_matrix`.

    Source: Hidalgo and Hausmann (2009), PNAS 106(26).

    >>> M = pd.DataFrame([[1, 1], [1, 0]], index=["A", "B"], columns=["C28", "I55"])
    >>> reflections(M).regions.to_numpy().tolist()
    [[2.0, 1.5, 1.75], [1.0, 2.0, 1.5]]
    """
    if rounds < 0:
        raise BenchmarkInputError(f"{rounds} rounds", where="rounds", todo="Ask for 0 or more.")
    matrix = presence_matrix(M)
    present = matrix.present
    of_regions, of_activities = [present.sum(axis=1)], [present.sum(axis=0)]
    for _ in range(rounds):
        k_r, k_c = of_regions[-1], of_activities[-1]
        of_regions.append(_means_by_region(present, k_c))
        of_activities.append(_means_by_activity(present, k_r))
    return Reflections(
        pd.DataFrame({n: matrix.by_region(k, "k") for n, k in enumerate(of_regions)}),
        pd.DataFrame({n: matrix.by_activity(k, "k") for n, k in enumerate(of_activities)}),
    )


@checked
def reflections_agreement(M: pd.DataFrame, eci: pd.Series, *, rounds: int = 20) -> pd.DataFrame:  # noqa: N803
    """How close the even reflections of the regions come to ECI.

    Averages with weights that sum to 1 commute with shifting and scaling, so each even round is standardised
    before the next without changing what is compared. The correlation goes to 1 (or -1: the iteration takes
    its sign from diversity weighted by itself) the faster, the larger the eigengap; where it does not get
    there, the second eigenvector is a matter of few cells.

    Args:
        M: regions × activities of ones and zeros.
        eci: `complexity(M).eci` for all regions.
        rounds: the last even round.

    Returns:
        One row per even round from 0: round, correlation (with ECI over the regions that have activities; NaN
        where a round no longer tells regions apart).

    Raises:
        BenchmarkInputError: a negative number of rounds, a region without ECI; see `presence_matrix`.

    >>> from alp_pipeline.benchmark.complexity.eci import complexity
    >>> M = pd.DataFrame([[1, 1, 1], [1, 1, 0], [1, 0, 0]], index=["A", "B", "C"], columns=["x", "y", "z"])
    >>> reflections_agreement(M, complexity(M).eci, rounds=4).round(6).values.tolist()
    [[0.0, 1.0], [2.0, 1.0], [4.0, 1.0]]
    """
    if rounds < 0:
        raise BenchmarkInputError(f"{rounds} rounds", where="rounds", todo="Ask for 0 or more.")
    matrix = presence_matrix(M)
    rows = np.asarray(matrix.present.any(axis=1))
    present = matrix.present[rows]
    index = numbers_by(eci, matrix.regions[rows], "eci")
    lacking = ~np.isfinite(index)
    if lacking.any():
        raise BenchmarkInputError(
            f"{matrix.regions[rows][int(np.argmax(lacking))]} has no ECI",
            where="eci",
            todo="Pass the ECI of all regions, not only of those reported.",
        )
    k = _standardised(present.sum(axis=1))
    table = []
    for n in range(0, rounds + 1, 2):
        table.append((n, float(np.mean(k * _standardised(index)))))
        k = _standardised(_means_by_region(present, _means_by_activity(present, k)))
    return pd.DataFrame(table, columns=["round", "correlation"])


def _means_by_region(present: FloatArray, values: FloatArray) -> FloatArray:
    """Mean of `values` over the activities of each region; NaN for a region without any."""
    with np.errstate(invalid="ignore"):
        return np.asarray(sums_by_region(present, _without_gaps(values)) / present.sum(axis=1))


def _means_by_activity(present: FloatArray, values: FloatArray) -> FloatArray:
    """Mean of `values` over the regions of each activity; NaN for an activity without any."""
    with np.errstate(invalid="ignore"):
        return np.asarray(sums_by_activity(present, _without_gaps(values)) / present.sum(axis=0))


def _without_gaps(values: FloatArray) -> FloatArray:
    # An empty line of the other side is in no sum; NaN times zero would put it into all of them.
    return np.where(np.isnan(values), 0.0, values)


def _standardised(values: FloatArray) -> FloatArray:
    deviation = values.std()
    if deviation <= 1e-12 * np.abs(values).max():
        return np.full(values.shape, np.nan)
    return np.asarray((values - values.mean()) / deviation)
