"""Complexity of one presence matrix three times over: hidden cells left out, all absent, all present.

Belongs here: what is run on which matrix, the anchor of the sign, what the three say together. Does not: the
methods (benchmark.complexity), data and tables (plan.benchmarks.complexity).

Points come from the matrix without unknown cells. The two assumptions are no bounds: their spread says how
much the hidden cells decide.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

    from alp_pipeline.benchmark.complexity.eci import ComplexityResult
    from alp_pipeline.benchmark.complexity.fitness import FitnessResult
    from alp_pipeline.benchmark.complexity.outlook import OutlookResult

THRESHOLD = 1.0
MINIMUM_SIZE = 50.0
"""Persons; a quotient from fewer is noise."""
ANCHORED_MIN = 3
"""Regions with an anchor below which a correlation with it says nothing."""


@dataclass(frozen=True)
class Run:
    """Everything of one matrix of ones and zeros."""

    matrix: "pd.DataFrame"
    complexity: "ComplexityResult"
    proximity: "pd.DataFrame"
    density: "pd.DataFrame"
    outlook: "OutlookResult"


@dataclass(frozen=True)
class Figure:
    """A figure in three runs, labelled by all regions or activities that there are."""

    point: "pd.DataFrame"
    state: "pd.DataFrame"
    low: "pd.DataFrame"
    high: "pd.DataFrame"


@dataclass(frozen=True)
class StructureRuns:
    """The three runs, and what is known of presence.

    Attributes:
        presence: regions × activities, 1 present, 0 absent, NaN unknown.
        point: the run without unknown cells, on fewer regions and activities.
        if_absent, if_present: the runs under the two assumptions.
        fitness: of the point run's matrix.
        anchor_correlation: of the point run's ECI over regions with an anchor; NaN without one.
        diversity_correlation: of the same ECI with the diversity in the same matrix.
    """

    presence: "pd.DataFrame"
    point: Run
    if_absent: Run
    if_present: Run
    fitness: "FitnessResult"
    anchor_correlation: float
    diversity_correlation: float

    def figure(self, of: Callable[[Run], "pd.DataFrame"]) -> Figure:
        """Point, state, smallest and largest of a figure.

        A point that is not there is `undetermined`; where no run has a number, `not_applicable`.
        """
        import numpy as np
        import pandas as pd

        whole = of(self.if_absent)
        runs = [of(run).reindex(index=whole.index, columns=whole.columns) for run in self._runs]
        arrays = [run.to_numpy(dtype=np.float64) for run in runs]
        low, high = np.fmin.reduce(arrays), np.fmax.reduce(arrays)
        state = np.where(np.isnan(low), "not_applicable", "undetermined")
        state = np.where(np.isnan(arrays[0]), state, "reported")
        return Figure(
            *(
                pd.DataFrame(array, index=whole.index, columns=whole.columns)
                for array in (arrays[0], state, low, high)
            )
        )

    @property
    def _runs(self) -> tuple[Run, Run, Run]:
        return self.point, self.if_absent, self.if_present


def structure_runs(
    quotients: "pd.DataFrame",
    sizes: "pd.DataFrame",
    states: "pd.DataFrame",
    anchor: "pd.Series[float]",
) -> StructureRuns:
    """Compute the three runs.

    Args:
        quotients, sizes, states: regions × activities.
        anchor: by region, what complexity should rise with. Regions without one have no say in the sign; with
            fewer than three regions that have one, it is diversity's.

    Raises:
        BenchmarkInputError: (or a kind of it) a matrix has no structure of its own: nothing is left without
            unknown cells, its graph falls apart, it ranks nothing; the message names the run.
    """
    from alp_pipeline.benchmark.complexity.fitness import fitness_complexity
    from alp_pipeline.benchmark.complexity.presence import presence, without_unknown

    found = presence(
        quotients, threshold=THRESHOLD, sizes=sizes, minimum_size=MINIMUM_SIZE, states=states
    ).matrix
    known = without_unknown(found).matrix
    point = _run(known, anchor, "hidden cells left out")
    eci, diversity = point.complexity.eci, point.complexity.diversity
    return StructureRuns(
        presence=found,
        point=point,
        if_absent=_run(found.fillna(0.0), anchor, "hidden cells absent"),
        if_present=_run(found.fillna(1.0), anchor, "hidden cells present"),
        fitness=fitness_complexity(known),
        anchor_correlation=correlation(eci, anchor.reindex(eci.index)),
        diversity_correlation=correlation(eci, diversity.astype("float64")),
    )


def _run(matrix: "pd.DataFrame", anchor: "pd.Series[float]", named: str) -> Run:
    from alp_pipeline.benchmark.cells import BenchmarkInputError
    from alp_pipeline.benchmark.complexity.density import relatedness_density
    from alp_pipeline.benchmark.complexity.eci import complexity
    from alp_pipeline.benchmark.complexity.outlook import outlook
    from alp_pipeline.benchmark.complexity.relatedness import relatedness

    try:
        found = complexity(matrix, anchor=neutral_anchor(anchor, matrix))
    except BenchmarkInputError as error:
        error.add_note(named)
        raise
    phi = relatedness(matrix)
    return Run(
        matrix=matrix,
        complexity=found,
        proximity=phi,
        density=relatedness_density(matrix, phi),
        outlook=outlook(matrix, phi, found.pci, origin="given"),
    )


def neutral_anchor(anchor: "pd.Series[float]", matrix: "pd.DataFrame") -> "pd.Series[float] | None":
    """The anchor for the regions of a matrix that have an activity; None where too few have one.

    A region without one takes the mean of the others. That adds nothing to the covariance with any index, so
    that the sign is the one of the regions that have an anchor.
    """
    known = anchor.reindex(matrix.index[matrix.sum(axis=1) > 0])
    if known.count() < ANCHORED_MIN or known.nunique() < 2:
        return None
    return known.fillna(known.mean())


def correlation(one: "pd.Series[float]", other: "pd.Series[float]") -> float:
    """Pearson's correlation over labels that both have; NaN with fewer than three or without variance."""
    import numpy as np

    both = one.notna() & other.notna()
    a, b = one[both].to_numpy(dtype=np.float64), other[both].to_numpy(dtype=np.float64)
    if a.size < ANCHORED_MIN or a.std() == 0 or b.std() == 0:
        return float("nan")
    return float(np.clip(np.corrcoef(a, b)[0, 1], -1.0, 1.0))
