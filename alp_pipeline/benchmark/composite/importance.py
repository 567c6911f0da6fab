"""What the weights of an index amount to at the top, and what its elements amount to in the result.

Belongs here: effective weights through the levels, importance read from correlations, the gap between both.
Does not: choosing weights (weights), correlations as a warning (correlation).
"""

import pandas as pd

from alp_pipeline.benchmark.composite.correlation import ancestors, correlation_with
from alp_pipeline.benchmark.composite.framework import Framework
from alp_pipeline.benchmark.composite.labelled import labelled_numbers, require_codes
from alp_pipeline.benchmark.composite.parameters import require_choice
from alp_pipeline.benchmark.inputs import checked

TARGETS = ("top", "parent")


@checked
def effective_weights(framework: Framework) -> pd.DataFrame:
    """The share of each element in the index at the top: the product of its shares on the way up.

    The share of an element in its group is weight / Σ weights of the group. At every level the effective
    weights under one top add up to 1. They are the nominal ones: a unit that lacks a number, or an
    aggregation other than the arithmetic mean, weighs differently.

    Args:
        framework: with the weights that the index used.

    Returns:
        One row per indicator and aggregate, level by level from the bottom: code, level, parent (None at
        the top), top (the index that it counts in), weight, group_share, effective_weight (both in [0, 1]).

    Source: COINr get_eff_weights.

    >>> framework = Framework.of(pd.DataFrame({
    ...     "code": ["a", "b", "c", "P", "Q", "I"], "level": [1, 1, 1, 2, 2, 3],
    ...     "parent": ["P", "P", "Q", "I", "I", None], "direction": 1, "weight": [3, 1, 1, 1, 1, 1],
    ...     "type": ["Indicator"] * 3 + ["Aggregate"] * 3}))
    >>> effective_weights(framework)["effective_weight"].tolist()
    [0.375, 0.125, 0.5, 0.5, 0.5, 1.0]
    """
    shares = group_shares(framework)
    rows = []
    for code in (*framework.indicators, *framework.aggregates):
        above = ancestors(framework, code)
        effective = shares[code]
        for found in above:
            effective *= shares[found]
        top = above[-1] if above else code
        rows.append((code, framework.level(code), framework.parent(code), top, shares[code], effective))
    columns = ["code", "level", "parent", "top", "group_share", "effective_weight"]
    table = pd.DataFrame(rows, columns=columns)
    weight = {
        code: float(weight)
        for level in range(1, framework.depth + 1)
        for code, weight in zip(framework.codes(level), framework.weights(level), strict=True)
    }
    table.insert(4, "weight", table["code"].map(weight))
    return table


def group_shares(framework: Framework) -> dict[str, float]:
    """The weight of each element as a share of its group's weights; 1 for each top.

    >>> framework = Framework.of(pd.DataFrame({"code": ["a", "b", "I"], "level": [1, 1, 2],
    ...     "parent": ["I", "I", None], "direction": 1, "weight": [3, 1, 1],
    ...     "type": ["Indicator", "Indicator", "Aggregate"]}))
    >>> group_shares(framework)
    {'a': 0.75, 'b': 0.25, 'I': 1.0}
    """
    shares = {}
    for level in range(1, framework.depth + 1):
        weight = dict(zip(framework.codes(level), framework.weights(level).tolist(), strict=True))
        for code in framework.codes(level):
            parent = framework.parent(code)
            # sorted: the order of the rows of a framework cannot show in the sum.
            group = [1.0] if parent is None else sorted(weight[c] for c in framework.children(parent))
            shares[code] = (1.0 if parent is None else weight[code]) / sum(group)
    return shares


@checked
def importance(scores: pd.DataFrame, framework: Framework, *, target: str = "top") -> pd.DataFrame:
    """What each element counts for in the result, beside what it was meant to count for.

    correlation r with the target over the units that have both; main_effect = r², the share of the target's
    variance that a straight line in the element alone accounts for (the linear form of the first-order
    sensitivity index); importance_share = r² / Σ r² over the elements of the same level and target. A weight
    is no importance: with correlated or unequally spread elements the two differ, and a negative r means
    that a better element goes with a worse result.

    Args:
        scores: units × codes, directed scores with every indicator and aggregate of the framework.
        framework: with the weights that the index used.
        target: `top` compares with the index, `parent` with the aggregate one level up.

    Returns:
        One row per code below the top, level by level from the bottom: code, level, target, weight_share
        (nominal share in the target), units, correlation, main_effect, importance_share, importance_ratio
        (importance_share / weight_share; NaN for weight 0). NaN with fewer than three units or a constant.

    Raises:
        BenchmarkInputError: an unknown target, a code absent, a label twice, a cell infinite or no number.

    Source: Paruolo, Saisana and Saltelli (2013), Journal of the Royal Statistical Society A 176(3); Becker,
        Saisana, Paruolo and Vandecasteele (2017), Ecological Indicators 80.

    >>> framework = Framework.of(pd.DataFrame({
    ...     "code": ["a", "b", "I"], "level": [1, 1, 2], "parent": ["I", "I", None], "direction": 1,
    ...     "type": ["Indicator", "Indicator", "Aggregate"]}))
    >>> scores = pd.DataFrame({"a": [0, 50, 100], "b": [4, 6, 5], "I": [2, 28, 52.5]})
    >>> importance(scores, framework)[["code", "weight_share", "importance_share"]].round(2).values.tolist()
    [['a', 0.5, 0.79], ['b', 0.5, 0.21]]
    """
    require_choice(target, TARGETS, name="target", where="importance")
    require_codes(scores, (*framework.indicators, *framework.aggregates), "scores")
    numbers = labelled_numbers(scores[[*framework.indicators, *framework.aggregates]], "scores")
    shares = effective_weights(framework).set_index("code")
    rows = []
    for code in (*framework.indicators, *framework.aggregates):
        above = ancestors(framework, code)
        if not above:
            continue
        found = above[-1] if target == "top" else above[0]
        weight = shares.loc[code, "effective_weight" if target == "top" else "group_share"]
        r, n, _ = correlation_with(numbers[[code]].to_numpy(), numbers[found].to_numpy(), "pearson")
        rows.append((code, framework.level(code), found, weight, int(n[0]), float(r[0])))
    columns = ["code", "level", "target", "weight_share", "units", "correlation"]
    table = pd.DataFrame(rows, columns=columns)
    effect = table["correlation"] ** 2
    total = effect.groupby([table["level"], table["target"]]).transform("sum")
    table["main_effect"] = effect
    table["importance_share"] = (effect / total).where(total > 0)
    table["importance_ratio"] = (table["importance_share"] / table["weight_share"]).where(
        table["weight_share"] > 0
    )
    return table
