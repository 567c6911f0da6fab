"""Correlations within a level, with the levels above and with denominators, and what they warn of.

Belongs here: coefficients over the units that both columns have, their p values, their flags.
Does not: coherence of a whole group (coherence), weights read from correlations (importance).
"""

from collections.abc import Iterable
from itertools import combinations

import numpy as np
import pandas as pd

from alp_pipeline.benchmark.cells import BenchmarkInputError, BoolArray, FloatArray, IntArray, numbers_in
from alp_pipeline.benchmark.composite.framework import Framework
from alp_pipeline.benchmark.composite.labelled import labelled_numbers, require_codes
from alp_pipeline.benchmark.composite.moments import columns_of
from alp_pipeline.benchmark.composite.parameters import require_choice
from alp_pipeline.benchmark.composite.ranking import ascending_ranks
from alp_pipeline.benchmark.composite.units import UnitTable
from alp_pipeline.benchmark.inputs import checked

METHODS = ("pearson", "spearman", "kendall")
SMALLEST = 3  # two points lie on a line whatever they are
_COLUMNS = ["code", "other_code", "units", "correlation", "p_value"]


@checked
def correlations(
    left: pd.DataFrame, right: pd.DataFrame | None = None, *, method: str = "pearson"
) -> pd.DataFrame:
    """Correlation of every pair of columns over the units that have both (pairwise complete).

    pearson: r; spearman: r of the average ranks among the units that have both; kendall: tau-b. p values
    are two-sided: by Student's t with n - 2 degrees of freedom for pearson and spearman, for kendall exact
    in small samples without ties and else by the normal approximation. NaN with fewer than three units or
    where one of the two is constant.

    Args:
        left: units × codes, NaN = no number.
        right: units × codes; units that only one of the two has count as missing. When omitted, every pair
            of columns of `left`, each once.
        method: one of METHODS.

    Returns:
        One row per pair, in the order of the columns: code, other_code, units (how many have both),
        correlation in [-1, 1], p_value.

    Raises:
        BenchmarkInputError: an unknown method, a label twice, a cell infinite or no number.

    Source: Kendall (1945), Biometrika 33(3) for tau-b; COINr get_corr.

    >>> frame = pd.DataFrame({"a": [1, 2, 3, 4], "b": [2, 4, 6, 9], "c": [4, 3, 2, None]})
    >>> correlations(frame, method="spearman")[["code", "other_code", "units", "correlation"]].values.tolist()
    [['a', 'b', 4, 1.0], ['a', 'c', 3, -1.0], ['b', 'c', 3, -1.0]]
    """
    if right is None:
        pairs: Iterable[tuple[object, object]] = combinations(left.columns, 2)
        one = other = labelled_numbers(left, "left")
    else:
        pairs = ((a, b) for a in left.columns for b in right.columns)
        one = labelled_numbers(left, "left")
        other = labelled_numbers(right, "right").reindex(one.index)
    return _table(one, other, list(pairs), method)


@checked
def correlation_matrix(values: pd.DataFrame, *, method: str = "pearson") -> pd.DataFrame:
    """`correlations` as a symmetric matrix; 1 on the diagonal, NaN there for a constant column.

    Args and errors: see `correlations`.

    >>> correlation_matrix(pd.DataFrame({"a": [1, 2, 3], "b": [3, 2, 1]})).round(6).values.tolist()
    [[1.0, -1.0], [-1.0, 1.0]]
    """
    pairs = correlations(values, method=method)
    spread = [1.0 if column.nunique() > 1 else np.nan for _, column in values.items()]
    matrix = pd.DataFrame(np.diag(spread), index=values.columns, columns=values.columns)
    for code, other, r in pairs[["code", "other_code", "correlation"]].itertuples(index=False):
        matrix.loc[code, other] = matrix.loc[other, code] = r
    return matrix


@checked
def correlations_within(
    scores: pd.DataFrame, framework: Framework, *, level: int = 1, above: int = 2, method: str = "pearson"
) -> pd.DataFrame:
    """Correlations of the codes of a level that belong to the same aggregate.

    Args:
        scores: units × codes with every code of `level`. Use directed scores (after normalisation) if the
            sign matters.
        level: the level whose codes are correlated.
        above: the level of the aggregates that group them; above `level`.
        method: see `correlations`.

    Returns:
        `correlations`, each pair once, with the aggregate in front as `group`.

    Raises:
        BenchmarkInputError: a code is absent, `above` is not above `level`; see `correlations`.

    Source: COINr get_corr with grouplev.

    >>> framework = Framework.of(pd.DataFrame({
    ...     "code": ["a", "b", "c", "P", "Q", "I"], "level": [1, 1, 1, 2, 2, 3],
    ...     "parent": ["P", "P", "Q", "I", "I", None], "direction": 1,
    ...     "type": ["Indicator"] * 3 + ["Aggregate"] * 3}))
    >>> scores = pd.DataFrame({"a": [1, 2, 3.0], "b": [1, 3, 2.0], "c": [3, 1, 2.0]})
    >>> found = correlations_within(scores, framework)
    >>> found[["group", "code", "other_code", "correlation"]].round(2).values.tolist()
    [['P', 'a', 'b', 0.5]]
    """
    _require_above(level, above, framework)
    codes = framework.codes(level)
    require_codes(scores, codes, "scores")
    group = {code: ancestor(framework, code, above) for code in codes}
    pairs: list[tuple[object, object]] = [(a, b) for a, b in combinations(codes, 2) if group[a] == group[b]]
    numbers = labelled_numbers(scores[list(codes)], "scores")
    table = _table(numbers, numbers, pairs, method)
    table.insert(0, "group", table["code"].map(group).astype("str"))
    place = framework.codes(above).index
    return table.sort_values("group", key=lambda g: g.map(place), kind="stable").reset_index(drop=True)


@checked
def correlations_with_ancestors(
    scores: pd.DataFrame, framework: Framework, *, method: str = "pearson"
) -> pd.DataFrame:
    """Correlation of every code with its parent, its grandparent and so on to the top.

    Args:
        scores: units × codes with every indicator and aggregate of the framework.
        method: see `correlations`.

    Returns:
        One row per code and ancestor, level by level from the bottom: level, code, other_level, other_code
        (the ancestor), units, correlation, p_value.

    Raises:
        BenchmarkInputError: a code is absent; see `correlations`.

    Source: COINr get_corr with withparent = "family".

    >>> framework = Framework.of(pd.DataFrame({"code": ["a", "b", "I"], "level": [1, 1, 2], "direction": 1,
    ...     "parent": ["I", "I", None], "type": ["Indicator"] * 2 + ["Aggregate"]}))
    >>> scores = pd.DataFrame({"a": [1, 2, 3.0], "b": [3, 2, 1.0], "I": [1, 2, 3.0]})
    >>> found = correlations_with_ancestors(scores, framework)
    >>> found[["code", "other_code", "correlation"]].round(2).values.tolist()
    [['a', 'I', 1.0], ['b', 'I', -1.0]]
    """
    require_codes(scores, (*framework.indicators, *framework.aggregates), "scores")
    pairs: list[tuple[object, object]] = [
        (code, found)
        for level in range(1, framework.depth)
        for code in framework.codes(level)
        for found in ancestors(framework, code)
    ]
    numbers = labelled_numbers(scores[[*framework.indicators, *framework.aggregates]], "scores")
    table = _table(numbers, numbers, pairs, method)
    table.insert(0, "level", [framework.level(str(code)) for code in table["code"]])
    table.insert(2, "other_level", [framework.level(str(code)) for code in table["other_code"]])
    return table


@checked
def correlations_across(
    scores: pd.DataFrame, framework: Framework, *, method: str = "pearson"
) -> pd.DataFrame:
    """Correlation of every code with the groups of its parent's level that it is no part of.

    What goes more with another group than with its own stands in the wrong one, or the two groups are one. A
    group contains its own elements, which raises their correlation with it: the comparison favours it.

    Args:
        scores: units × codes with every indicator and aggregate of the framework.
        method: see `correlations`.

    Returns:
        One row per code and other group: level, code, group (its own), other_code, units, correlation,
        p_value, own_correlation (with its own group), is_nearer (correlation > own_correlation). Empty where
        no level has two groups.

    Raises:
        BenchmarkInputError: a code is absent; see `correlations`.

    Source: JRC, coherence of composite indicators: an indicator correlates most with its own pillar.

    >>> framework = Framework.of(pd.DataFrame({
    ...     "code": ["a", "b", "P", "Q", "I"], "level": [1, 1, 2, 2, 3], "parent": ["P", "Q", "I", "I", None],
    ...     "direction": 1, "type": ["Indicator"] * 2 + ["Aggregate"] * 3}))
    >>> scores = pd.DataFrame({"a": [1, 2, 3.0], "b": [1, 3, 2.0]})
    >>> scores = scores.assign(P=scores["a"], Q=scores["b"], I=scores["a"] + scores["b"])
    >>> correlations_across(scores, framework)[["code", "other_code", "correlation"]].round(2).values.tolist()
    [['a', 'Q', 0.5], ['b', 'P', 0.5]]
    """
    require_codes(scores, (*framework.indicators, *framework.aggregates), "scores")
    pairs: list[tuple[object, object]] = [
        (code, other)
        for level in range(1, framework.depth)
        for code in framework.codes(level)
        for other in framework.codes(level + 1)
        if framework.parent(code) not in (None, other)
    ]
    numbers = labelled_numbers(scores[[*framework.indicators, *framework.aggregates]], "scores")
    table = _table(numbers, numbers, pairs, method)
    groups = [framework.parent(str(code)) for code in table["code"]]
    table.insert(0, "level", [framework.level(str(code)) for code in table["code"]])
    table.insert(2, "group", groups)
    own: list[tuple[object, object]] = list(zip(table["code"], groups, strict=True))
    table["own_correlation"] = _table(numbers, numbers, own, method)["correlation"]
    return table.assign(is_nearer=table["correlation"] > table["own_correlation"])


@checked
def denominator_correlations(
    units: UnitTable, framework: Framework, *, threshold: float = 0.6, method: str = "pearson"
) -> pd.DataFrame:
    """Correlation of each indicator with each denominator, before anything is divided.

    An indicator that follows the size of a unit may have to be divided by it.

    Args:
        units: the raw units.
        threshold: |correlation| above which `is_size_related` is set.
        method: see `correlations`.

    Returns:
        `correlations` of indicators × denominators with `is_size_related` and `is_divided_by` (the framework
        divides this indicator by this denominator). Empty without denominators.

    Raises:
        BenchmarkInputError: see `correlations`.

    Source: COINr get_denom_corr.

    >>> framework = Framework.of(pd.DataFrame({
    ...     "code": ["patents", "I", "people"], "level": [1, 2, None], "parent": ["I", None, None],
    ...     "direction": [1, 1, None], "type": ["Indicator", "Aggregate", "Denominator"]}))
    >>> data = pd.DataFrame({"unit": ["A", "B", "C"], "patents": [1, 2, 3], "people": [10, 20, 30]})
    >>> found = denominator_correlations(UnitTable.of(data, framework), framework)
    >>> found[["code", "other_code", "correlation", "is_size_related"]].round(2).values.tolist()
    [['patents', 'people', 1.0, True]]
    """
    table = correlations(units.values[list(framework.indicators)], units.denominators, method=method)
    table["is_size_related"] = table["correlation"].abs() > threshold
    chosen = framework.denominator_of
    table["is_divided_by"] = [
        chosen.get(str(code)) == other for code, other in zip(table["code"], table["other_code"], strict=True)
    ]
    return table


@checked
def flagged(
    table: pd.DataFrame,
    *,
    collinear_above: float = 0.9,
    weak_below: float = 0.3,
    negative_below: float = -0.4,
    significance: float = 0.05,
) -> pd.DataFrame:
    """A table of correlations with what each warns of; an undefined correlation warns of nothing.

    Args:
        table: with the columns correlation and p_value.
        collinear_above: |r| above which two columns say the same (counted twice, or redundant).
        weak_below: |r| below which they have little to do with each other.
        negative_below: r below which they contradict each other, so that averaging hides both.
        significance: p above which the sign of a correlation is not known.

    Returns:
        The table with is_collinear, is_weak, is_negative and is_significant (p_value <= significance).

    Source: COINr plot_corr for 0.9, 0.3 and -0.4.

    >>> table = pd.DataFrame({"correlation": [0.95, -0.5], "p_value": [0.0, 0.2]})
    >>> flagged(table).iloc[:, 2:].values.tolist()
    [[True, False, False, True], [False, False, True, False]]
    """
    require_codes(table, ("correlation", "p_value"), "table")
    table = table.assign(**{name: numbers_in(table[name], "table") for name in ("correlation", "p_value")})
    r = table["correlation"]
    return table.assign(
        is_collinear=r.abs() > collinear_above,
        is_weak=r.abs() < weak_below,
        is_negative=r < negative_below,
        is_significant=table["p_value"] <= significance,
    )


def ancestors(framework: Framework, code: str) -> tuple[str, ...]:
    """The aggregates above a code, its parent first.

    >>> ancestors(Framework.of(pd.DataFrame({"code": ["a", "I"], "level": [1, 2], "parent": ["I", None],
    ...     "direction": 1, "type": ["Indicator", "Aggregate"]})), "a")
    ('I',)
    """
    parent = framework.parent(code)
    return () if parent is None else (parent, *ancestors(framework, parent))


def ancestor(framework: Framework, code: str, level: int) -> str:
    """The aggregate of a level that a code below that level belongs to, see `ancestors`.

    >>> ancestor(Framework.of(pd.DataFrame({"code": ["a", "I"], "level": [1, 2], "parent": ["I", None],
    ...     "direction": 1, "type": ["Indicator", "Aggregate"]})), "a", 2)
    'I'
    """
    return next(found for found in ancestors(framework, code) if framework.level(found) == level)


def _table(
    left: pd.DataFrame, right: pd.DataFrame, pairs: list[tuple[object, object]], method: str
) -> pd.DataFrame:
    """Rows of the given pairs; each column of `right` is correlated with all its partners at once."""
    require_choice(method, METHODS, name="correlation", where="method")
    result: dict[tuple[object, object], tuple[int, float, float]] = {}
    for other in dict.fromkeys(b for _, b in pairs):
        partners = [a for a, b in pairs if b == other]
        y = right[other].to_numpy()
        r, n, p = correlation_with(left[partners].to_numpy(), y, method)
        result |= {(a, other): (int(n[i]), float(r[i]), float(p[i])) for i, a in enumerate(partners)}
    rows = [(a, b, *result[a, b]) for a, b in pairs]
    return pd.DataFrame(rows, columns=_COLUMNS).astype(
        {"units": "int64", "correlation": "float64", "p_value": "float64"}
    )


def correlation_with(x: FloatArray, y: FloatArray, method: str) -> tuple[FloatArray, IntArray, FloatArray]:
    """Correlation of each column of x (units, codes) with y (units,), how many units have both, p values.

    >>> r, n, p = correlation_with(np.array([[1.0], [2.0], [3.0], [np.nan]]), np.array([1.0, 2.0, 4.0, 8.0]),
    ...                            "pearson")
    >>> r.round(4).tolist(), n.tolist(), p.round(4).tolist()
    ([0.982], [3], [0.121])
    """
    # One code a row: each sum then runs over one piece of memory, and comes out the same whatever other
    # codes are beside it.
    columns = columns_of(x)
    both = ~np.isnan(columns) & ~np.isnan(y)
    n = both.sum(axis=-1)
    xs, ys = np.where(both, columns, np.nan), np.where(both, y, np.nan)
    if method == "kendall":
        return _kendall(xs, ys, n)
    if method == "spearman":
        xs, ys = ascending_ranks(xs, "average"), ascending_ranks(ys, "average")
    r = _pearson(xs, ys, n)
    return r, n, _student_p(r, n)


def _pearson(x: FloatArray, y: FloatArray, n: IntArray) -> FloatArray:
    """r of each row of x with the same row of y, both NaN in the same places."""
    with np.errstate(divide="ignore", invalid="ignore"):
        # Scaled to a spread of 1, so that no square over- or underflows.
        dx, dy = (
            np.nan_to_num((z - (np.nansum(z, axis=-1) / n)[:, None]) / _spread(z)[:, None]) for z in (x, y)
        )
        r = (dx * dy).sum(axis=-1) / np.sqrt((dx * dx).sum(axis=-1) * (dy * dy).sum(axis=-1))
    return np.where(_defined(x, y, n), np.clip(r, -1.0, 1.0), np.nan)


def _student_p(r: FloatArray, n: IntArray) -> FloatArray:
    from scipy.special import stdtr

    with np.errstate(divide="ignore", invalid="ignore"):
        t = np.abs(r) * np.sqrt((n - 2) / ((1.0 - r) * (1.0 + r)))
    return np.where(np.isnan(r), np.nan, 2.0 * stdtr(np.maximum(n - 2, 1), -t))


def _kendall(x: FloatArray, y: FloatArray, n: IntArray) -> tuple[FloatArray, IntArray, FloatArray]:
    from scipy.stats import kendalltau

    r, p = np.full(n.size, np.nan), np.full(n.size, np.nan)
    for row in np.flatnonzero(_defined(x, y, n)):
        there = ~np.isnan(x[row])
        # scipy's last bit depends on which of the two comes first; tau does not.
        pair = sorted((x[row, there], y[row, there]), key=lambda column: column.tobytes())
        r[row], p[row] = kendalltau(*pair)
    return r, n, p


def _defined(x: FloatArray, y: FloatArray, n: IntArray) -> BoolArray:
    # Compared, not computed: a constant column has a variance of 1e-33 as often as one of 0.
    return (n >= SMALLEST) & (_spread(x) > 0) & (_spread(y) > 0)


def _spread(x: FloatArray) -> FloatArray:
    low, high = np.where(np.isnan(x), np.inf, x), np.where(np.isnan(x), -np.inf, x)
    return np.asarray(high.max(axis=-1, initial=-np.inf) - low.min(axis=-1, initial=np.inf), dtype=np.float64)


def _require_above(level: int, above: int, framework: Framework) -> None:
    if not 1 <= level < above <= framework.depth:
        raise BenchmarkInputError(
            f"level {above} does not lie above level {level}",
            where="above",
            todo=f"Pass a level from {level + 1} to {framework.depth}.",
        )
