"""The first three parts of an audit: what the index is made of, what there is of it, what was done to it.

Belongs here: framework, availability, treatment. Does not: anything about how indicators go together
(structure), how firm the result is (robustness).
"""

from collections.abc import Mapping, Sequence

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
from alp_pipeline.benchmark.composite.correlation import denominator_correlations
from alp_pipeline.benchmark.composite.framework import Framework
from alp_pipeline.benchmark.composite.importance import group_shares
from alp_pipeline.benchmark.composite.statistics import (
    availability_by_aggregate,
    indicator_statistics,
    outlying_cells,
    unit_availability,
)
from alp_pipeline.benchmark.composite.units import UnitTable


def framework_section(framework: Framework, units: UnitTable) -> Section:
    """Indicators, aggregates, directions and weights as the index uses them.

    Returns:
        Section `framework`, its table with each element's share of its group's weights (group_share). A
        warning for a group of one element, a note of elements without weight.

    >>> framework = Framework.of(pd.DataFrame({"code": ["jobs", "index"], "level": [1, 2],
    ...     "parent": ["index", None], "direction": 1, "type": ["Indicator", "Aggregate"]}))
    >>> units = UnitTable.of(pd.DataFrame({"unit": ["AT", "CH"], "jobs": [10, 30]}), framework)
    >>> for one in framework_section(framework, units).findings:
    ...     print(one.severity, "·", one.text)
    note · Indicators: 1; aggregates: 1; levels: 2; units: 2.
    warning · index rests on jobs alone: it repeats it and gives it the weight of a group.
    """
    elements = (*framework.indicators, *framework.aggregates)
    table = framework.table
    table = table[table["code"].isin(elements)].reset_index(drop=True)
    table["group_share"] = table["code"].map(group_shares(framework))
    found = [
        finding(
            "framework_size",
            indicators=len(framework.indicators),
            aggregates=len(framework.aggregates),
            levels=framework.depth,
            units=len(units.index.get_level_values(0).unique()),
        )
    ]
    for group in framework.aggregates:
        children = framework.children(group)
        if len(children) == 1:
            found.append(
                finding(
                    "single_child",
                    [group, *children],
                    group=framework.label(group),
                    child=framework.label(children[0]),
                )
            )
    weightless = table.loc[table["weight"] == 0, "code"].tolist()
    if weightless:
        found.append(finding("weightless", weightless, names=_labels(weightless, framework)))
    return Section("framework", {"framework": table}, tuple(found))


def availability_section(
    raw: UnitTable, framework: Framework, used: UnitTable, scores: UnitTable, limits: Thresholds
) -> Section:
    """What there was to begin with, and what stands where there was nothing.

    Args:
        raw: the units before any step.
        framework: the framework before any step.
        used: the units that the index rests on (screened, imputed), for flags of imputed cells.
        scores: the aggregated scores, for what is undetermined.
        limits: thresholds.

    Returns:
        Section `availability` with the tables indicators, units and groups.

    >>> framework = Framework.of(pd.DataFrame({"code": ["jobs", "index"], "level": [1, 2],
    ...     "parent": ["index", None], "direction": 1, "type": ["Indicator", "Aggregate"]}))
    >>> units = UnitTable.of(pd.DataFrame({"unit": ["AT", "CH"], "jobs": [10, ":c"]}), framework)
    >>> section = availability_section(units, framework, units, units, Thresholds())
    >>> for one in section.findings[:2]:
    ...     print(one.severity, "·", one.text)
    note · Of 2 cells 1 hold a number (50 %), 1 are confidential and 0 lack one for another reason.
    warning · Indicators with a number for fewer than 65 % of the units: jobs (50 %).
    """
    indicators = indicator_statistics(
        raw.values,
        states=raw.states,
        availability_min=limits.availability_min,
        zero_share_max=limits.zero_share_max,
        unique_share_min=limits.unique_share_min,
        skew_max=limits.skew_max,
        kurtosis_max=limits.kurtosis_max,
    )
    units = unit_availability(raw.values, states=raw.states)
    tables = {
        "indicators": indicators.reset_index(),
        "units": units.reset_index(),
        "groups": availability_by_aggregate(raw.values, framework).reset_index(),
    }
    found = [
        _cells(indicators),
        *_indicator_findings(indicators, framework, limits),
        *_unit_findings(units, raw, used, limits),
        *_left_out(framework, used),
        *_imputed(used, limits),
        *_undetermined(scores, framework),
    ]
    return Section("availability", tables, tuple(found))


def treatment_section(
    raw: UnitTable,
    before: UnitTable,
    after: UnitTable,
    details: Mapping[str, pd.DataFrame],
    framework: Framework,
    limits: Thresholds,
) -> Section:
    """Outliers before and after treatment, and indicators that only follow the size of a unit.

    Args:
        raw: the units before any step, for the denominators.
        before, after: the units before and after the treatment; the same where there was none.
        details: the tables of the treatment itself.
        framework: the framework of these units.
        limits: thresholds.

    Returns:
        Section `treatment` with the tables of the treatment, statistics and outliers before and after, and
        the correlations with denominators.

    >>> framework = Framework.of(pd.DataFrame({"code": ["jobs", "index"], "level": [1, 2],
    ...     "parent": ["index", None], "direction": 1, "type": ["Indicator", "Aggregate"]}))
    >>> data = pd.DataFrame({"unit": list("ABCDEF"), "jobs": [1, 2, 3, 4, 5, 100]})
    >>> before, after = (UnitTable.of(data.replace(100, top), framework) for top in (100, 5))
    >>> for one in treatment_section(before, before, after, {}, framework, Thresholds()).findings:
    ...     print(one.severity, "·", one.text)
    note · Indicators with |skewness| above 2 and kurtosis above 3.5, no longer so after treatment: jobs.
    """
    tables = {**details}
    shapes = {}
    for name, units in (("before", before), ("after", after)):
        values = units.values[[code for code in framework.indicators if code in units.values]]
        shapes[name] = indicator_statistics(
            values, states=units.states, skew_max=limits.skew_max, kurtosis_max=limits.kurtosis_max
        )
        tables[f"statistics_{name}"] = shapes[name].reset_index()
        tables[f"outliers_{name}"] = outlying_cells(values)
    skewed = {name: [str(code) for code in table.index[table["is_skewed"]]] for name, table in shapes.items()}
    measures = {"skew": f"{limits.skew_max:g}", "kurtosis": f"{limits.kurtosis_max:g}"}
    healed = [code for code in skewed["before"] if code not in skewed["after"]]
    found = []
    if not skewed["before"] and not skewed["after"]:
        found.append(finding("no_outliers", **measures))
    if healed:
        found.append(finding("treated", healed, names=_labels(healed, framework), **measures))
    if skewed["after"]:
        found.append(
            finding("still_skewed", skewed["after"], names=_labels(skewed["after"], framework), **measures)
        )
    sizes = denominator_correlations(raw, framework, threshold=limits.size_correlation_max)
    tables["denominators"] = sizes
    return Section("treatment", tables, (*found, *_size_findings(sizes, framework)))


def _cells(indicators: pd.DataFrame) -> Finding:
    total = indicators[["units", "available", "confidential", "missing"]].sum()
    return finding(
        "cells",
        cells=int(total["units"]),
        reported=int(total["available"]),
        share=percent(total["available"] / total["units"]) if total["units"] else "0 %",
        confidential=int(total["confidential"]),
        missing=int(total["missing"]),
    )


def _indicator_findings(indicators: pd.DataFrame, framework: Framework, limits: Thresholds) -> list[Finding]:
    found = []
    for rule, flag, share, limit in (
        ("scarce", "is_scarce", "availability", limits.availability_min),
        ("mostly_zero", "is_mostly_zero", "zero_share", limits.zero_share_max),
        ("repetitive", "is_repetitive", "unique_share", limits.unique_share_min),
    ):
        shares = indicators.loc[indicators[flag], share]
        if len(shares):
            found.append(
                finding(
                    rule,
                    list(shares.index),
                    limit=percent(limit),
                    names=_labels(shares.map(percent).to_dict(), framework),
                )
            )
    if not indicators["is_scarce"].any():
        found.insert(0, finding("enough", limit=percent(limits.availability_min)))
    return found


def _unit_findings(units: pd.DataFrame, raw: UnitTable, used: UnitTable, limits: Thresholds) -> list[Finding]:
    found = []
    thin = units.loc[units["availability"] < limits.unit_availability_min, "availability"]
    if len(thin):
        found.append(
            finding(
                "thin_units",
                list(thin.index),
                limit=percent(limits.unit_availability_min),
                names=_unit_names(thin.map(percent).to_dict(), raw),
            )
        )
    out = [unit for unit in units.index if unit not in used.index]
    if out:
        found.append(finding("screened_out", out, names=_unit_names(out, raw)))
    return found


def _left_out(framework: Framework, used: UnitTable) -> list[Finding]:
    out = [code for code in framework.indicators if code not in used.codes]
    return [finding("left_out", out, names=_labels(out, framework))] if out else []


def _imputed(used: UnitTable, limits: Thresholds) -> list[Finding]:
    marked = used.flags.apply(lambda flags: flags.str.contains("i"))
    count, cells = int(marked.to_numpy().sum()), marked.size
    if not count:
        return []
    much = count / cells > limits.imputed_share_max
    values = {"count": count, "cells": cells, "share": percent(count / cells)}
    if much:
        values["limit"] = percent(limits.imputed_share_max)
    about = [code for code in marked.columns if marked[code].any()]
    return [finding("much_imputed" if much else "imputed", about, **values)]


def _undetermined(scores: UnitTable, framework: Framework) -> list[Finding]:
    found = []
    for code in scores.codes:
        hidden = scores.index[(scores.states[code] == "undetermined").to_numpy()]
        if len(hidden):
            found.append(
                finding(
                    "undetermined",
                    [code, *hidden],
                    code=framework.label(code),
                    names=_unit_names(list(hidden), scores),
                )
            )
    return found


def _size_findings(sizes: pd.DataFrame, framework: Framework) -> list[Finding]:
    divided = framework.denominator_of
    # An indicator that is divided by one size is expected to follow another one before it is divided.
    suspects = sizes[sizes["is_size_related"] & ~sizes["code"].isin(list(divided))]
    return [
        finding(
            "follows_size",
            [code, other],
            code=framework.label(code),
            other=framework.label(other),
            r=number(r),
        )
        for code, other, r in suspects[["code", "other_code", "correlation"]].itertuples(index=False)
    ]


def _labels(codes: Mapping[str, str] | Sequence[str], framework: Framework) -> str:
    """An enumeration of codes by their labels; a mapping gives a number to each."""
    if isinstance(codes, Mapping):
        return names({framework.label(code): value for code, value in codes.items()})
    return names([framework.label(code) for code in codes])


def _unit_names(labels: Mapping[object, str] | Sequence[object], units: UnitTable) -> str:
    """An enumeration of units by their names; with its year where the unit is one of a panel."""

    def name(row: object) -> object:
        code, *time = row if isinstance(row, tuple) else (row,)
        known = units.names.get(code)
        return (code if pd.isna(known) else known, *time)

    if isinstance(labels, Mapping):
        return names({name(row): value for row, value in labels.items()})
    return names([name(row) for row in labels])
