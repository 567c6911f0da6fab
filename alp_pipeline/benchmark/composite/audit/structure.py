"""How the elements of an index go together, and what their weights amount to.

Belongs here: coherence (correlations, alpha, components) and effective weights with their findings.
Does not: the data themselves (data), how firm the result is (robustness). Coherence comes before robustness:
a firm average of things that have nothing in common is no better for being firm.
"""

import math
from typing import Any

import pandas as pd

from alp_pipeline.benchmark.composite.audit.findings import (
    Finding,
    Section,
    Thresholds,
    finding,
    names,
    number,
    percent,
)
from alp_pipeline.benchmark.composite.coherence import (
    GroupComponents,
    alpha_by_group,
    components_by_group,
    item_analysis,
)
from alp_pipeline.benchmark.composite.correlation import (
    correlations_across,
    correlations_with_ancestors,
    correlations_within,
    flagged,
)
from alp_pipeline.benchmark.composite.framework import Framework
from alp_pipeline.benchmark.composite.importance import effective_weights, importance


def coherence_section(scores: pd.DataFrame, framework: Framework, limits: Thresholds) -> Section:
    """Whether the elements of each group measure one thing.

    Args:
        scores: units × codes, directed scores of every indicator and aggregate.
        framework: the framework of these scores.
        limits: thresholds.

    Returns:
        Section `coherence` with the tables alpha, items, components, loadings, components_undefined and
        correlations_within, _above and _across.

    Raises:
        BenchmarkInputError: a code of the framework is not in the scores; see `correlation`, `coherence`.

    Source: OECD/JRC Handbook (Nardo et al. 2008), step 4; for the limits see `Thresholds`.

    >>> framework = Framework.of(pd.DataFrame({"code": ["jobs", "wages", "index"], "level": [1, 1, 2],
    ...     "parent": ["index", "index", None], "direction": 1, "type": ["Indicator"] * 2 + ["Aggregate"]}))
    >>> scores = pd.DataFrame({"jobs": [1.0, 2, 3, 4], "wages": [4.0, 3, 2, 1]}, index=list("ABCD"))
    >>> section = coherence_section(scores.assign(index=2.5), framework, Thresholds())
    >>> [one.rule for one in section.findings if one.severity == "warning"]
    ['contradiction']
    """
    within = pd.concat(
        [
            correlations_within(scores, framework, level=level, above=level + 1)
            for level in range(1, framework.depth)
        ],
        ignore_index=True,
    )
    above = correlations_with_ancestors(scores, framework)
    flags = {
        "collinear_above": limits.collinear_above,
        "weak_below": limits.weak_below,
        "negative_below": limits.negative_below,
        "significance": limits.significance,
    }
    within, above = flagged(within, **flags), flagged(above, **flags)
    across = correlations_across(scores, framework)
    alpha = alpha_by_group(scores, framework, alpha_min=limits.alpha_min)
    components = components_by_group(scores, framework)
    items = [
        item_analysis(scores[list(framework.children(group))]).reset_index().assign(group=group)
        for group in framework.aggregates
    ]
    tables = {
        "alpha": alpha,
        "items": pd.concat(items, ignore_index=True)[["group", "code", "alpha_without", "rest_correlation"]],
        "components": components.components,
        "loadings": components.loadings,
        "components_undefined": components.undefined,
        "correlations_within": within,
        "correlations_above": above,
        "correlations_across": across,
    }
    found = [
        *_alpha_findings(alpha, framework, limits),
        *_component_findings(components, framework, limits),
        *_correlation_findings(within, above, framework, limits),
        *_misplaced_findings(across, above, framework),
    ]
    return Section("coherence", tables, tuple(found))


def weights_section(scores: pd.DataFrame, framework: Framework, limits: Thresholds) -> Section:
    """What the weights amount to at the top, and what the elements amount to in the result.

    Args: as in `coherence_section`.

    Returns:
        Section `weights` with the tables effective_weights, importance_in_top and importance_in_parent.

    >>> framework = Framework.of(pd.DataFrame({"code": ["jobs", "wages", "index"], "level": [1, 1, 2],
    ...     "parent": ["index", "index", None], "direction": 1, "weight": [3, 1, 1],
    ...     "type": ["Indicator", "Indicator", "Aggregate"]}))
    >>> scores = pd.DataFrame({"jobs": [1.0, 2, 3, 4], "wages": [2.0, 1, 4, 3]}, index=list("ABCD"))
    >>> scores["index"] = 0.75 * scores["jobs"] + 0.25 * scores["wages"]
    >>> section = weights_section(scores, framework, Thresholds())
    >>> section.tables["effective_weights"]["effective_weight"].tolist()
    [0.75, 0.25, 1.0]
    >>> section.findings[0].text
    'Effective weights of indicators in index: from 25 % (wages) to 75 % (jobs).'
    """
    weights = effective_weights(framework)
    parts = importance(scores, framework, target="parent")
    tables = {
        "effective_weights": weights,
        "importance_in_top": importance(scores, framework, target="top"),
        "importance_in_parent": parts,
    }
    found = []
    for top, group in weights[weights["level"] == 1].groupby("top", sort=False):
        found.append(_weight_finding(str(top), group, framework))
    return Section("weights", tables, (*found, *_importance_findings(parts, framework, limits)))


def _weight_finding(top: str, indicators: pd.DataFrame, framework: Framework) -> Finding:
    # By code as well, so that equal weights are named in one order.
    ordered = indicators.sort_values(["effective_weight", "code"])
    light, heavy = ordered.iloc[0], ordered.iloc[-1]
    low, high = light["effective_weight"], heavy["effective_weight"]
    if math.isclose(low, high):
        return finding("equal_weights", [top], top=framework.label(top), weight=percent(low))
    return finding(
        "weights",
        [light["code"], heavy["code"]],
        top=framework.label(top),
        low=percent(low),
        lightest=framework.label(light["code"]),
        high=percent(high),
        heaviest=framework.label(heavy["code"]),
    )


def _alpha_findings(alpha: pd.DataFrame, framework: Framework, limits: Thresholds) -> list[Finding]:
    found = []
    for row in alpha.to_dict("records"):
        group, value = row["group"], row["alpha"]
        values = {"group": framework.label(group), "items": row["items"]}
        if math.isnan(value):
            found.append(finding("alpha_undefined", [group], units=row["units"], **values))
        elif row["is_incoherent"]:
            limit = f"{limits.alpha_min:g}"
            mean = number(row["mean_correlation"])
            found.append(finding("alpha_low", [group], alpha=number(value), limit=limit, mean=mean, **values))
        else:
            found.append(finding("alpha_fine", [group], alpha=number(value), **values))
    return found


def _component_findings(found_in: GroupComponents, framework: Framework, limits: Thresholds) -> list[Finding]:
    found = []
    for name, group in found_in.components.groupby("group", sort=False):
        kept, first = int(group["is_kept"].sum()), float(group["explained_share"].iloc[0])
        values = {"group": framework.label(str(name)), "share": percent(first)}
        if kept > 1:
            found.append(finding("several_dimensions", [name], kept=kept, **values))
        elif first < limits.first_share_min:
            limit = percent(limits.first_share_min)
            found.append(finding("little_shared", [name], limit=limit, **values))
    return found


def _correlation_findings(
    within: pd.DataFrame, above: pd.DataFrame, framework: Framework, limits: Thresholds
) -> list[Finding]:
    found = []
    for rule, flag in (("contradiction", "is_negative"), ("counted_twice", "is_collinear")):
        pairs = within[within[flag] & ((within["correlation"] > 0) | (rule == "contradiction"))]
        for row in pairs.to_dict("records"):
            found.append(_pair_finding(rule, row, framework, group=framework.label(row["group"])))
    for row in above[above["is_negative"]].to_dict("records"):
        found.append(_pair_finding("against_its_group", row, framework))
    if not found:
        found.append(finding("correlations_sound"))
    parents = above[above["other_level"] == above["level"] + 1]
    apart = parents[parents["is_weak"]].set_index("code")["correlation"]
    if len(apart):
        listed = names({framework.label(str(code)): number(r) for code, r in apart.items()})
        found.append(
            finding("apart_from_its_group", list(apart.index), limit=f"{limits.weak_below:g}", names=listed)
        )
    return found


def _misplaced_findings(across: pd.DataFrame, above: pd.DataFrame, framework: Framework) -> list[Finding]:
    """Elements that go more with another group, or with the whole, than with their own group."""
    found = [
        _pair_finding(
            "nearer_to_another",
            row,
            framework,
            group=framework.label(row["group"]),
            own=number(row["own_correlation"]),
        )
        for row in across[across["is_nearer"]].to_dict("records")
    ]
    parent = above[above["other_level"] == above["level"] + 1].set_index("code")
    whole = above[above["other_level"] > above["level"] + 1]
    nearer = whole[whole["correlation"] > whole["code"].map(parent["correlation"]).astype("float64")]
    for row in nearer.to_dict("records"):
        group, own = (parent.loc[row["code"], name] for name in ("other_code", "correlation"))
        names = {"group": framework.label(str(group)), "own": number(own)}
        found.append(_pair_finding("nearer_to_the_whole", row, framework, **names))
    return found


def _pair_finding(rule: str, row: dict[Any, Any], framework: Framework, **values: object) -> Finding:
    pair = [row["code"], row["other_code"]]
    code, other = (framework.label(one) for one in pair)
    return finding(rule, pair, code=code, other=other, r=number(row["correlation"]), **values)


def _importance_findings(parts: pd.DataFrame, framework: Framework, limits: Thresholds) -> list[Finding]:
    found = []
    ratio = parts["importance_ratio"]
    for rule, wrong in (
        ("counts_more", ratio > limits.ratio_high),
        ("counts_less", ratio < limits.ratio_low),
    ):
        for row in parts[wrong].to_dict("records"):
            found.append(
                finding(
                    rule,
                    [row["code"], row["target"]],
                    code=framework.label(row["code"]),
                    target=framework.label(row["target"]),
                    weight=percent(row["weight_share"]),
                    importance=percent(row["importance_share"]),
                )
            )
    if not found and ratio.notna().any():
        found.append(finding("counts_as_meant", low=number(ratio.min()), high=number(ratio.max())))
    return found
