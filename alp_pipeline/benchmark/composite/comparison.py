"""Two or more indices side by side.

Belongs here: rank shifts, agreement, who moves most. Does not: why a score differs (decomposition), links to
single indicators (links).
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from alp_pipeline.benchmark.cells import BenchmarkInputError
from alp_pipeline.benchmark.composite.correlation import METHODS, correlation_matrix
from alp_pipeline.benchmark.composite.index import IndexResult
from alp_pipeline.benchmark.inputs import checked

Scores = IndexResult | pd.Series
"""An index of ours, or scores by unit from anywhere: an official index, an earlier edition."""


@dataclass(frozen=True, eq=False)
class Comparison:
    """Two indices over the units that have a score in both.

    Attributes:
        table: by unit: score_a, score_b, rank_a, rank_b (ranks among these units), rank_shift = rank_a -
            rank_b (positive: better placed in b), absolute_rank_shift.
        correlation: pearson, spearman, kendall of the scores.
        only_a, only_b: units with a score in one of them alone.
    """

    table: pd.DataFrame
    correlation: Mapping[str, float]
    only_a: tuple[object, ...]
    only_b: tuple[object, ...]

    @property
    def mean_absolute_rank_shift(self) -> float:
        """Mean over the units, places."""
        return float(self.table["absolute_rank_shift"].mean())

    def largest_movers(self, number: int = 10) -> pd.DataFrame:
        """The units that shift most, in the order of their labels where they shift alike."""
        order = np.argsort(-self.table["absolute_rank_shift"].to_numpy(), kind="stable")
        return self.table.iloc[order[:number]]


@dataclass(frozen=True, eq=False)
class ManyComparison:
    """Several indices over the units that have a score in all of them.

    Attributes:
        scores, ranks: units × indices; ranks among these units.
        shifts: units × indices, rank in the first index minus rank in each.
        correlation: indices × indices.
        mean_absolute_rank_shift: indices × indices, places.
    """

    scores: pd.DataFrame
    ranks: pd.DataFrame
    shifts: pd.DataFrame
    correlation: pd.DataFrame
    mean_absolute_rank_shift: pd.DataFrame


@checked
def compare(a: Scores, b: Scores, *, code: str | None = None) -> Comparison:
    """Hold two indices side by side.

    Units are compared where both have a score, and ranked anew among these, so that a unit which one of them
    lacks shifts nobody. Rank 1 is the highest score, equal scores share the best place; of unrounded scores,
    within each year of a panel.

    Args:
        a, b: indices, or scores by unit (higher is better).
        code: the aggregate compared; the top one of each when omitted.

    Raises:
        BenchmarkInputError: fewer than two units in common; a unit twice; a score that is no finite number;
            see `IndexResult.target`.

    Source: COINr compare_coins.

    >>> one = pd.Series({"AT": 50.0, "CH": 70.0, "SI": 60.0, "LI": 90.0})
    >>> other = pd.Series({"AT": 3.0, "CH": 1.0, "SI": 2.0})
    >>> found = compare(one, other)
    >>> found.table["rank_shift"].to_dict(), round(found.correlation["spearman"], 6), found.only_a
    ({'AT': 2, 'CH': -2, 'SI': 0}, -1.0, ('LI',))
    """
    left, right = _scores(a, code, "a"), _scores(b, code, "b")
    common = _common({"a": left, "b": right})
    ranks = _ranks(common)
    table = pd.DataFrame(
        {
            "score_a": common["a"],
            "score_b": common["b"],
            "rank_a": ranks["a"],
            "rank_b": ranks["b"],
            "rank_shift": ranks["a"] - ranks["b"],
            "absolute_rank_shift": (ranks["a"] - ranks["b"]).abs(),
        }
    )
    correlation = {
        method: float(correlation_matrix(common, method=method).to_numpy()[0, 1]) for method in METHODS
    }
    return Comparison(
        table,
        correlation,
        tuple(left.index.difference(right.index)),
        tuple(right.index.difference(left.index)),
    )


@checked
def compare_many(
    indices: Mapping[str, Scores], *, code: str | None = None, method: str = "spearman"
) -> ManyComparison:
    """Hold several indices side by side; shifts are those from the first one.

    Args:
        indices: by name; see `compare`.
        code: the aggregate compared; the top one of each when omitted.
        method: of the correlations: pearson, spearman or kendall.

    Raises:
        BenchmarkInputError: fewer than two indices, or than two units in common; see `compare`.

    Source: COINr compare_coins_multi, compare_coins_corr.

    >>> editions = {"2013": pd.Series({"AT": 5.0, "CH": 7.0}), "2014": pd.Series({"AT": 8.0, "CH": 7.0})}
    >>> compare_many(editions).shifts["2014"].to_dict()
    {'AT': 1, 'CH': -1}
    """
    if len(indices) < 2:
        raise BenchmarkInputError("one index alone", where="compare_many", todo="Pass two or more.")
    scores = _common({name: _scores(index, code, name) for name, index in indices.items()})
    ranks = _ranks(scores)
    names = list(scores.columns)
    shift = np.abs(ranks.to_numpy()[:, :, None] - ranks.to_numpy()[:, None, :]).mean(axis=0)
    return ManyComparison(
        scores,
        ranks,
        ranks.rsub(ranks.iloc[:, 0], axis=0),
        correlation_matrix(scores, method=method),
        pd.DataFrame(shift, index=names, columns=names),
    )


def _scores(index: Scores, code: str | None, name: str) -> pd.Series:
    column = index.scores[index.target(code)] if isinstance(index, IndexResult) else index
    numbers = pd.to_numeric(column, errors="coerce").astype("float64")
    wrong = (numbers.isna() & column.notna()) | np.isinf(numbers)
    if column.index.has_duplicates or wrong.any():
        twice = column.index[column.index.duplicated()]
        what = (
            f"the unit {twice[0]} appears more than once"
            if len(twice)
            else (f"the score of {column.index[wrong][0]} is {column[wrong].tolist()[0]!r}")
        )
        raise BenchmarkInputError(what, where=name, todo="Pass one finite score per unit, NaN for none.")
    return numbers.dropna()


def _common(scores: Mapping[str, pd.Series]) -> pd.DataFrame:
    """Units that have every score, in the order of their labels."""
    table = pd.concat(list(scores.values()), axis=1, join="inner", keys=list(scores)).sort_index()
    if len(table) < 2:
        raise BenchmarkInputError(
            f"{len(table)} units have a score in each of {', '.join(scores)}",
            where="comparison",
            todo="Compare indices over the same units, labelled alike.",
        )
    return table


def _ranks(scores: pd.DataFrame) -> pd.DataFrame:
    within = scores.groupby(level=1) if isinstance(scores.index, pd.MultiIndex) else scores
    return within.rank(method="min", ascending=False).astype("int64")
