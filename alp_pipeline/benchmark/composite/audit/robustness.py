"""How firm an index is, and how it goes with what others have measured.

Belongs here: uncertainty and sensitivity, links to outside indicators, with their findings.
Does not: drawing (uncertainty), what the index is made of (data, structure).
"""

import math
from collections.abc import Hashable, Mapping
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
from alp_pipeline.benchmark.composite.uncertainty.results import INTERVAL, UncertaintyResult
from alp_pipeline.benchmark.composite.uncertainty.sobol import SobolIndices


def uncertainty_section(
    uncertainty: UncertaintyResult | None,
    sensitivity: SobolIndices | None,
    limits: Thresholds,
    *,
    bounds: bool = False,
) -> Section:
    """How much ranks move when choices and data do, and which of them move them.

    Args:
        uncertainty: a Monte Carlo run of the index; None where there was none.
        sensitivity: Sobol indices of the index's factors; None where there are none.
        limits: thresholds.
        bounds: also give the intervals of units whose score rests on bounds of hidden cells. They are
            internal unless you know that they may be shown; without them such a unit has only its state.

    Returns:
        Section `uncertainty` with the tables ranks, configuration and sensitivity of what was given; of the
        others a finding `not_evaluated`.

    >>> [(one.rule, one.severity) for one in uncertainty_section(None, None, Thresholds()).findings]
    [('no_uncertainty', 'not_evaluated'), ('no_sensitivity', 'not_evaluated')]
    """
    tables: dict[str, pd.DataFrame] = {}
    found: list[Finding] = []
    if uncertainty is None:
        found.append(finding("no_uncertainty"))
    else:
        summary = uncertainty.summary
        if not bounds:
            shown = summary.where(summary["state"] != INTERVAL)
            summary = shown.assign(state=summary["state"])
        tables |= {"ranks": summary.reset_index(), "configuration": uncertainty.configuration}
        found += _rank_findings(summary, len(uncertainty.scores), limits)
    if sensitivity is None:
        found.append(finding("no_sensitivity"))
    else:
        tables["sensitivity"] = sensitivity.table.rename_axis("factor").reset_index()
        found += _factor_findings(sensitivity, limits)
    return Section("uncertainty", tables, tuple(found))


def links_section(links: pd.DataFrame | None, limits: Thresholds) -> Section:
    """What the index says beside what others say; sentences rest on Pearson's r, the table has all.

    Only where a sign was expected does a correlation confirm or contradict anything; without one it is told.

    Args:
        links: as `links.links` gives it; None where there is nothing to hold the index against. Optional
            columns: expected (1, -1; null where no sign is), other_year (of the outside numbers). A row of
            0 units is an indicator that was to be held against and is not there.
        limits: thresholds.

    Returns:
        Section `links` with the table as given.

    >>> from alp_pipeline.benchmark.composite.links import links
    >>> scores = pd.DataFrame({"index": [50, 60, 80, 70]}, index=["AT", "CH", "IT", "SI"])
    >>> wealth = pd.DataFrame({"gdp": [80, 70, 50, 60]}, index=["AT", "CH", "IT", "SI"])
    >>> found = links(scores, wealth).assign(expected=1)
    >>> for one in links_section(found, Thresholds()).findings:
    ...     print(one.severity, "·", one.text)  # doctest: +ELLIPSIS
    warning · index and gdp go against what was expected (a positive link): r = -1.00 ... 4 of 4 units...
    """
    if links is None or links.empty:
        return Section("links", {}, (finding("no_links"),))
    method = "pearson" if (links["method"] == "pearson").any() else str(links["method"].iloc[0])
    chosen = links[(links["method"] == method) & links["correlation"].notna()]
    lacking = links[~links["other_code"].isin(chosen["other_code"])]
    if "expected" in lacking:
        lacking = lacking.sort_values("expected", na_position="last", kind="stable")
    lacking = lacking.drop_duplicates("other_code")
    found = [_link_finding(row, limits) for row in chosen.to_dict("records")]
    found += [
        finding("no_outside_data", [row["other_code"]], other=row["other_code"], sign=_sign(row))
        for row in lacking.to_dict("records")
    ]
    return Section("links", {"links": links}, tuple(found))


def _link_finding(row: Mapping[Hashable, Any], limits: Thresholds) -> Finding:
    year = row.get("other_year")
    values = {
        "code": row["code"],
        "other": row["other_code"],
        "year": "" if year is None or pd.isna(year) else f" of {int(year)}",
        "r": number(row["correlation"]),
        "units": row["units"],
        "scored": row["units"] + row["score_only"],
        "sign": _sign(row),
    }
    about = [row["code"], row["other_code"]]
    if not row["p_value"] <= limits.significance:
        return finding("uncertain_link", about, p=number(row["p_value"]), **values)
    values |= {"lower": number(row["lower"]), "upper": number(row["upper"])}
    expected = _expected(row)
    if expected is None:
        return finding("link", about, **values)
    if row["correlation"] * expected < 0:
        return finding("unexpected_link", about, **values)
    if row["correlation"] * expected < limits.link_min:
        return finding("weak_link", about, limit=f"{limits.link_min:g}", **values)
    return finding("link_as_expected", about, **values)


def _expected(row: Mapping[Hashable, Any]) -> int | None:
    given = row.get("expected")
    return None if given is None or pd.isna(given) else int(given)


def _sign(row: Mapping[Hashable, Any]) -> str:
    return {1: "a positive link", -1: "a negative link", None: "nothing"}[_expected(row)]


def _rank_findings(summary: pd.DataFrame, draws: int, limits: Thresholds) -> list[Finding]:
    ranked = summary[summary["rank_nominal"].notna() & summary["rank_low"].notna()]
    if ranked.empty:
        return [finding("no_uncertainty")]
    width = ranked["rank_high"] - ranked["rank_low"]
    found = [
        finding(
            "spread",
            draws=draws,
            units=len(ranked),
            median=f"{width.median():.1f}",
        )
    ]
    limit = limits.rank_width_max * len(ranked)
    wide = width[width > limit].sort_values(ascending=False, kind="stable")
    if len(wide):
        listed = names(wide.map("{:.1f}".format).to_dict())
        share = percent(limits.rank_width_max)
        found.append(finding("wide_ranks", list(wide.index), limit=f"{limit:g}", share=share, names=listed))
    outside = ranked.index[ranked["is_nominal_outside"].fillna(False).astype("bool")]
    if len(outside):
        found.append(finding("nominal_outside", list(outside), names=names(list(outside))))
    assumed = ranked["rank_assumed_share"].astype("float64").mean()
    if math.isnan(assumed):
        return [*found, finding("assumed_unknown")]
    return [*found, finding("assumed", share=percent(assumed))]


def _factor_findings(sensitivity: SobolIndices, limits: Thresholds) -> list[Finding]:
    """What the indices say beyond their sampling error: a claim needs intervals that do not overlap."""
    table = sensitivity.table
    if sensitivity.variance == 0 or table.empty:
        return [finding("no_variance")]

    rows = table.to_dict("index")

    def shares(factor: Hashable) -> dict[str, object]:
        first, total = (_interval(rows[factor], name) for name in ("first_order", "total"))
        return {"factor": factor, "first": first, "total": total}

    most = str(table["total"].idxmax())
    rivals = table.index[table["total_high"] >= rows[most]["total_low"]]
    if len(rivals) > 1:
        ordered = table.loc[rivals, "total"].sort_values(ascending=False, kind="stable").index
        listed = names({factor: _interval(rows[factor], "total") for factor in ordered})
        found = [finding("decisive_together", list(ordered), names=listed)]
    else:
        found = [finding("decisive", [most], **shares(most))]
    apart = table["total_low"] > table["first_order_high"]
    acting = table.index[apart & (table["total"] - table["first_order"] > limits.interaction_max)]
    if len(acting):
        both = {factor: "{first}, {total}".format(**shares(factor)) for factor in acting}
        found.append(finding("interactions", list(acting), names=names(both)))
    idle = table.index[table["total_high"] < limits.indifference_max]
    if len(idle):
        listed = names([str(factor) for factor in idle])
        limit = percent(limits.indifference_max)
        found.append(finding("indifferent", list(idle), limit=limit, names=listed))
    return found


def _interval(row: Mapping[Hashable, Any], name: str) -> str:
    """A share of the variance with its interval; as estimated, so that it may lie below zero or above one."""
    low, high = row[f"{name}_low"], row[f"{name}_high"]
    between = "" if pd.isna(low) or pd.isna(high) else f" [{number(low)}, {number(high)}]"
    return number(row[name]) + between
