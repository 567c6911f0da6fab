"""How an index goes with indicators from outside it.

Belongs here: correlations of scores with outside variables, their intervals, the units that both have.
Does not: correlations inside the index (correlation), fetching the other indicators, any claim of cause.
"""

from collections.abc import Sequence
from statistics import NormalDist

import numpy as np
import pandas as pd

from alp_pipeline.benchmark.cells import BenchmarkInputError, FloatArray
from alp_pipeline.benchmark.composite.correlation import correlations
from alp_pipeline.benchmark.composite.labelled import labelled_numbers, require_codes
from alp_pipeline.benchmark.composite.parameters import require_number
from alp_pipeline.benchmark.inputs import checked


@checked
def links(
    scores: pd.DataFrame,
    others: pd.DataFrame,
    *,
    codes: Sequence[str] | None = None,
    methods: Sequence[str] = ("pearson", "spearman"),
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Correlations of an index and its parts with variables from outside, over the units that both have.

    Units are matched by their labels alone, so both must use one version of the codes. Intervals are by
    Fisher's z: standard error 1/√(n - 3) for pearson, √((1 + r²/2)/(n - 3)) for spearman; none for
    kendall, nor below four units. A strong link to a variable that shares data with the index proves
    nothing, and a link is no cause.

    Args:
        scores: units × codes, NaN = no score.
        others: units × outside variables (GDP per head, another index), NaN = no number; any units.
        codes: the columns of `scores` wanted, usually the index and its pillars; all when omitted.
        methods: of `correlation.METHODS`.
        confidence: of the intervals.

    Returns:
        One row per code × variable × method: code, other_code, method, units, correlation, p_value, lower,
        upper, score_only (units with a score and no number of the variable), other_only (the reverse),
        units_used (their labels, sorted, separated by blanks).

    Raises:
        BenchmarkInputError: no unit is in both; a code or method does not exist; a label twice, a cell
            infinite or no number.

    Source: Nardo et al. (2008), step 9; Fisher (1921), Metron 1; Bonett and Wright (2000), Psychometrika
        65(1).

    >>> scores = pd.DataFrame({"index": [50, 60, 80, 70]}, index=["AT", "CH", "IT", "SI"])
    >>> wealth = pd.DataFrame({"gdp": [41, 55, 60, 50]}, index=["AT", "CH", "IT", "FR"])
    >>> links(scores, wealth, methods=["spearman"])[["units", "correlation", "units_used"]].values.tolist()
    [[3, 1.0, 'AT CH IT']]
    """
    require_number(confidence, name="confidence", where="links", low=0.0, high=1.0)
    names = list(scores.columns) if codes is None else list(codes)
    if not (names and methods and len(others.columns)):
        raise BenchmarkInputError(
            "there is nothing to correlate", where="links", todo="Pass scores, others and a method."
        )
    require_codes(scores, tuple(names), "scores")
    score, other = labelled_numbers(scores[names], "scores"), labelled_numbers(others, "others")
    if not score.index.isin(other.index).any():
        first = [str(frame.index[0]) if len(frame) else "nothing" for frame in (score, other)]
        raise BenchmarkInputError(
            f"no unit is in both: the scores begin with {first[0]}, the others with {first[1]}",
            where="links",
            todo="Label both with the same codes, of one version.",
        )
    tables = [correlations(score, other, method=method).assign(method=method) for method in methods]
    table = pd.concat(tables, ignore_index=True)
    lower, upper = _interval(table, confidence)
    table = table.assign(lower=lower, upper=upper)
    counts = [_matches(score[a], other[b]) for a, b in zip(table["code"], table["other_code"], strict=True)]
    table[["score_only", "other_only", "units_used"]] = pd.DataFrame(counts, index=table.index)
    order = ["code", "other_code", "method", "units", "correlation", "p_value", "lower", "upper"]
    return table[[*order, "score_only", "other_only", "units_used"]]


def _interval(table: pd.DataFrame, confidence: float) -> tuple[FloatArray, FloatArray]:
    r, n = table["correlation"].to_numpy(), table["units"].to_numpy(dtype=np.float64)
    factor = table["method"].map({"pearson": 0.0, "spearman": 0.5}).to_numpy(dtype=np.float64)  # kendall: NaN
    with np.errstate(divide="ignore", invalid="ignore"):
        error = np.where(n > 3, np.sqrt((1 + factor * r**2) / (n - 3)), np.nan)
        half = NormalDist().inv_cdf((1 + confidence) / 2) * error
        return np.tanh(np.arctanh(r) - half), np.tanh(np.arctanh(r) + half)


def _matches(score: pd.Series, other: pd.Series) -> tuple[int, int, str]:
    scored, known = score.dropna().index, other.dropna().index
    both = scored[scored.isin(known)]
    return len(scored) - len(both), len(known) - len(both), " ".join(_text(label) for label in both)


def _text(label: object) -> str:
    return "/".join(str(part) for part in label) if isinstance(label, tuple) else str(label)
