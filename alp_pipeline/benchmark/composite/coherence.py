"""Whether the elements of a group measure one thing: Cronbach's alpha and principal components.

Belongs here: reliability of a group, its items one by one, eigenvalues, loadings, Kaiser's count.
Does not: weights derived from components (weights), pairs of indicators (correlation).
"""

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd

from alp_pipeline.benchmark.cells import BenchmarkInputError, FloatArray
from alp_pipeline.benchmark.composite.correlation import correlation_matrix, correlation_with
from alp_pipeline.benchmark.composite.framework import Framework
from alp_pipeline.benchmark.composite.labelled import labelled_numbers, require_codes
from alp_pipeline.benchmark.composite.parameters import require_choice
from alp_pipeline.benchmark.inputs import checked

MISSING_RULES = ("complete", "pairwise")
FEWEST_UNITS = 3
_SLACK = 1e-9  # eigenvalues and sums of unit vectors are sums of a few numbers of size 1


@dataclass(frozen=True)
class Alpha:
    """Cronbach's alpha of a group of items.

    Attributes:
        items: number of items k.
        units: units that entered: those with every item (`complete`), or with any two of them (`pairwise`).
        alpha: from the covariances; at most 1, negative where items contradict each other; NaN where
            undefined.
        standardised: from the correlations, as if every item had the same variance.
        mean_correlation: mean correlation of two items.
    """

    items: int
    units: int
    alpha: float
    standardised: float
    mean_correlation: float


@dataclass(frozen=True, eq=False)
class GroupComponents:
    """Principal components of every aggregate's children.

    Attributes:
        components: one row per aggregate and component: group, level, units, component, eigenvalue,
            explained_share, cumulative_share, is_kept.
        loadings: one row per aggregate, child and component: group, code, component, loading.
        undefined: one row per aggregate without components: group, level, reason.
    """

    components: pd.DataFrame
    loadings: pd.DataFrame
    undefined: pd.DataFrame


@dataclass(frozen=True, eq=False)
class PrincipalComponents:
    """Principal components of the correlation matrix of a group.

    Attributes:
        units: units with every item, on which it rests.
        components: index PC1, PC2, …; eigenvalue (they add up to the number of items), explained_share,
            cumulative_share, is_kept (eigenvalue > 1, Kaiser).
        vectors: items × components, unit vectors.
        loadings: items × components, correlation of the item with the component: vector · √eigenvalue.
    """

    units: int
    components: pd.DataFrame
    vectors: pd.DataFrame
    loadings: pd.DataFrame

    @property
    def kept(self) -> int:
        """How many components have an eigenvalue above 1."""
        return int(self.components["is_kept"].sum())


@checked
def cronbach_alpha(items: pd.DataFrame, *, missing: str = "complete") -> Alpha:
    """Cronbach's alpha: k / (k - 1) · (1 - Σ var(x_i) / var(Σ x_i)), standardised: k·r̄ / (1 + (k - 1)·r̄).

    Items must point the same way: pass directed scores.

    Args:
        items: units × items, NaN = no number.
        missing: `complete` uses the units with every item; `pairwise` each covariance over the units with
            both (COINr's default; the matrix then belongs to no one set of units and alpha may exceed 1).

    Returns:
        Alpha, NaN with fewer than two items, fewer than two units, or a total that does not vary; the
        standardised one also where an item is constant.

    Raises:
        BenchmarkInputError: an unknown rule, a label twice, a cell infinite or no number.

    Source: Cronbach (1951), Psychometrika 16(3); Nardo et al. (2008), step 4.

    >>> round(cronbach_alpha(pd.DataFrame({"a": [1, 2, 3], "b": [1, 3, 2]})).alpha, 12)
    0.666666666667
    """
    numbers = _items(items, missing)
    correlation = correlation_matrix(numbers).to_numpy()
    k = numbers.shape[1]
    # fsum, because the order in which items come must not show.
    r = math.fsum(correlation[np.triu_indices(k, 1)]) / (k * (k - 1) / 2) if k > 1 else math.nan
    divisor = 1 + (k - 1) * r
    return Alpha(
        items=k,
        units=int((numbers.notna().sum(axis=1) >= min(2, k)).sum()),
        alpha=_alpha(_covariance(numbers.to_numpy())),
        standardised=k * r / divisor if divisor > _SLACK else math.nan,
        mean_correlation=r,
    )


@checked
def item_analysis(items: pd.DataFrame, *, missing: str = "complete") -> pd.DataFrame:
    """What each item does to its group: alpha without it, and its correlation with the sum of the others.

    Args:
        items: units × items, directed scores, NaN = no number.
        missing: as in `cronbach_alpha`; the correlation always rests on the units with every item.

    Returns:
        One row per item, in the order of the columns: alpha_without (NaN below three items),
        rest_correlation (NaN with fewer than three units, or where one side is constant).

    Raises:
        BenchmarkInputError: see `cronbach_alpha`.

    >>> frame = pd.DataFrame({"a": [1, 2, 3, 4], "b": [1, 2, 3, 5], "c": [4, 1, 3, 2]})
    >>> item_analysis(frame).round(3).loc["c"].tolist()
    [0.972, -0.389]
    """
    numbers = _items(items, missing)
    complete = numbers.dropna().to_numpy()
    rows = {}
    for place, code in enumerate(numbers.columns):
        rest = np.delete(complete, place, axis=1)
        r, _, _ = correlation_with(complete[:, [place]], rest.sum(axis=1), "pearson")
        rows[code] = (_alpha(_covariance(numbers.drop(columns=code).to_numpy())), float(r[0]))
    table = pd.DataFrame.from_dict(rows, orient="index", columns=["alpha_without", "rest_correlation"])
    return table.reindex(items.columns).rename_axis("code")


@checked
def alpha_by_group(
    scores: pd.DataFrame, framework: Framework, *, missing: str = "complete", alpha_min: float = 0.7
) -> pd.DataFrame:
    """Cronbach's alpha of the children of every aggregate.

    Args:
        scores: units × codes, directed scores with every code of the framework below the top.
        missing: as in `cronbach_alpha`.
        alpha_min: alpha below which `is_incoherent` is set (Nunnally 1978: 0.7).

    Returns:
        One row per aggregate, level by level from the bottom: group, level, items, units, alpha,
        standardised, mean_correlation, is_incoherent (never where alpha is undefined).

    Raises:
        BenchmarkInputError: a code is absent; see `cronbach_alpha`.

    Source: Cronbach (1951), Psychometrika 16(3); COINr get_cronbach.

    Variances 1, 1, 4 and of the sum 16: alpha = 3/2 · (1 - 6/16).

    >>> framework = Framework.of(pd.DataFrame({
    ...     "code": ["a", "b", "c", "P"], "level": [1, 1, 1, 2], "parent": ["P", "P", "P", None],
    ...     "direction": 1, "type": ["Indicator"] * 3 + ["Aggregate"]}))
    >>> scores = pd.DataFrame({"a": [1.0, 2, 3], "b": [1.0, 2, 3], "c": [2.0, 4, 6]})
    >>> alpha_by_group(scores, framework)[["group", "items", "alpha", "is_incoherent"]].values.tolist()
    [['P', 3, 0.9375, False]]
    """
    rows = []
    for group in framework.aggregates:
        require_codes(scores, framework.children(group), "scores")
        found = cronbach_alpha(scores[list(framework.children(group))], missing=missing)
        rows.append({"group": group, "level": framework.level(group)} | vars(found))
    table = pd.DataFrame(rows)
    return table.assign(is_incoherent=table["alpha"] < alpha_min)


@checked
def principal_components(items: pd.DataFrame) -> PrincipalComponents:
    """Principal components of the correlation matrix, over the units with every item.

    A component's sign is free; here the entries of its vector add up to more than zero, and where they add
    up to zero the first entry in the order of the item codes that is not zero is positive. Components with
    equal eigenvalues share a plane and have no direction of their own in it.

    Args:
        items: units × items, NaN = no number.

    Raises:
        BenchmarkInputError: fewer than two items, fewer than three complete units, a constant item; a label
            twice, a cell infinite or no number.

    Source: Hotelling (1933), Journal of Educational Psychology 24; Kaiser (1960), Educational and
        Psychological Measurement 20(1).

    >>> found = principal_components(pd.DataFrame({"a": [1, 2, 3, 4], "b": [1, 3, 2, 4]}))
    >>> found.components["eigenvalue"].round(6).tolist(), found.loadings["PC1"].round(6).tolist(), found.kept
    ([1.8, 0.2], [0.948683, 0.948683], 1)
    """
    numbers = _items(items, "complete")
    for problem, todo in _undefined(numbers):
        raise BenchmarkInputError(problem, where="items", todo=todo)
    eigenvalues, vectors = np.linalg.eigh(correlation_matrix(numbers).to_numpy())
    # Rounding may leave an eigenvalue of 0 a little below it.
    eigenvalues, vectors = np.maximum(eigenvalues[::-1], 0.0), vectors[:, ::-1]
    vectors = vectors * _signs(vectors)
    k = numbers.shape[1]
    names = pd.Index([f"PC{place + 1}" for place in range(k)])
    share = eigenvalues / k
    components = pd.DataFrame(
        {
            "eigenvalue": eigenvalues,
            "explained_share": share,
            "cumulative_share": np.cumsum(share),
            "is_kept": eigenvalues > 1 + _SLACK,
        },
        index=names,
    )
    unit_vectors = pd.DataFrame(vectors, index=numbers.columns, columns=names).loc[items.columns]
    return PrincipalComponents(len(numbers), components, unit_vectors, unit_vectors * np.sqrt(eigenvalues))


@checked
def components_by_group(scores: pd.DataFrame, framework: Framework) -> GroupComponents:
    """`principal_components` of the children of every aggregate; where undefined, the reason.

    Args:
        scores: units × codes with every code of the framework below the top.

    Raises:
        BenchmarkInputError: a code is absent, a label twice, a cell infinite or no number.

    Source: COINr get_PCA, by groups.

    Three items that are one and the same have one component:

    >>> framework = Framework.of(pd.DataFrame({
    ...     "code": ["a", "b", "c", "P"], "level": [1, 1, 1, 2], "parent": ["P", "P", "P", None],
    ...     "direction": 1, "type": ["Indicator"] * 3 + ["Aggregate"]}))
    >>> scores = pd.DataFrame({"a": [1.0, 2, 3], "b": [1.0, 2, 3], "c": [2.0, 4, 6]})
    >>> found = components_by_group(scores, framework).components
    >>> found["component"][0], float(found["eigenvalue"].round(6)[0])
    ('PC1', 3.0)
    """
    components, loadings, undefined = [], [], []
    for group in framework.aggregates:
        require_codes(scores, framework.children(group), "scores")
        children = scores[list(framework.children(group))]
        level = framework.level(group)
        problems = _undefined(_items(children, "complete"))
        if problems:
            undefined.append((group, level, problems[0][0]))
            continue
        found = principal_components(children)
        rows = found.components.rename_axis("component").reset_index()
        components.append(rows.assign(group=group, level=level, units=found.units))
        long = found.loadings.rename_axis("code").reset_index()
        long = long.melt("code", var_name="component", value_name="loading")
        loadings.append(long.assign(group=group))
    return GroupComponents(
        components=_stacked(
            components,
            [
                "group",
                "level",
                "units",
                "component",
                "eigenvalue",
                "explained_share",
                "cumulative_share",
                "is_kept",
            ],
        ),
        loadings=_stacked(loadings, ["group", "code", "component", "loading"]),
        undefined=pd.DataFrame(undefined, columns=["group", "level", "reason"]),
    )


def _items(items: pd.DataFrame, missing: str) -> pd.DataFrame:
    """Items and units in the order of their labels, without what the rule leaves out."""
    require_choice(missing, MISSING_RULES, name="rule for missing cells", where="missing")
    numbers = labelled_numbers(items, "items")
    numbers = numbers[sorted(numbers.columns, key=str)]
    return numbers.dropna() if missing == "complete" else numbers


def _covariance(x: FloatArray) -> FloatArray:
    """Covariances (n - 1), each over the units with both; NaN with fewer than two."""
    k = x.shape[1]
    result = np.full((k, k), np.nan)
    for j in range(k):
        both = ~np.isnan(x) & ~np.isnan(x[:, [j]])
        n = both.sum(axis=0)
        with np.errstate(divide="ignore", invalid="ignore"):
            dx = np.where(both, x - np.where(both, x, 0.0).sum(axis=0) / n, 0.0)
            y = np.where(both, x[:, [j]], 0.0)
            dy = np.where(both, y - y.sum(axis=0) / n, 0.0)
            result[:, j] = np.where(n > 1, (dx * dy).sum(axis=0) / (n - 1), np.nan)
    return result


def _alpha(covariance: FloatArray) -> float:
    k = covariance.shape[0]
    if k < 2 or np.isnan(covariance).any():
        return math.nan
    own = math.fsum(np.diag(covariance))
    total = math.fsum(covariance.ravel())
    # Items that cancel each other leave a total that is zero but for rounding.
    return k / (k - 1) * (1 - own / total) if total > _SLACK * own else math.nan


def _undefined(numbers: pd.DataFrame) -> list[tuple[str, str]]:
    """Why these complete items have no components, with what to do; empty where they have."""
    problems = []
    if numbers.shape[1] < 2:
        problems.append(("one item alone has no components", "Pass two items or more."))
    if len(numbers) < FEWEST_UNITS:
        problems.append((f"only {len(numbers)} units have every item", "Impute first, or pass fewer items."))
    constant = [str(code) for code in numbers if numbers[code].nunique() < 2]
    if constant:
        problems.append((f"{constant[0]} is constant", "Leave it out."))
    return problems


def _signs(vectors: FloatArray) -> FloatArray:
    total = vectors.sum(axis=0)
    first = vectors[np.argmax(np.abs(vectors) > _SLACK, axis=0), np.arange(vectors.shape[1])]
    return np.where(np.where(np.abs(total) > _SLACK, total, first) < 0, -1.0, 1.0)


def _stacked(frames: list[pd.DataFrame], columns: list[str]) -> pd.DataFrame:
    if not frames:
        return pd.DataFrame(columns=columns)
    return pd.concat(frames, ignore_index=True)[columns]
