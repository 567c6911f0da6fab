"""How firm an index is, and how it goes with what others have measured.

Belongs here: uncertainty and sensitivity, links to outside indicators, with their findings.
Does not: drawing (uncertainty), what the index is made of (data, structure).
"""

import math

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

    Args:
        links: as `links.links` gives it; None where there is nothing to hold the index against.
        limits: thresholds.
    """
    if links is None or links.empty:
        return Section("links", {}, (finding("no_links"),))
    method = "pearson" if (links["method"] == "pearson").any() else str(links["method"].iloc[0])
    chosen = links[(links["method"] == method) & links["correlation"].notna()]
    found = tuple(_link_finding(row, limits) for _, row in chosen.iterrows())
    return Section("links", {"links": links}, found or (finding("no_links"),))


def _link_finding(row: pd.Series, limits: Thresholds) -> Finding:
    values = {
        "code": row["code"],
        "other": row["other_code"],
        "r": number(row["correlation"]),
        "units": row["units"],
    }
    about = [row["code"], row["other_code"]]
    if not row["p_value"] <= limits.significance:
        return finding("uncertain_link", about, p=number(row["p_value"]), **values)
    values |= {"lower": number(row["lower"]), "upper": number(row["upper"])}
    if row["correlation"] < 0:
        return finding("opposite_link", about, **values)
    if row["correlation"] < limits.link_min:
        return finding("weak_link", about, limit=f"{limits.link_min:g}", **values)
    return finding("link", about, **values)


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
    table = sensitivity.table
    if sensitivity.variance == 0 or table.empty:
        return [finding("no_variance")]

    rows = table.to_dict("index")

    def shares(factor: object) -> dict[str, object]:
        first, total = (max(rows[factor][name], 0.0) for name in ("first_order", "total"))
        return {"factor": factor, "first": percent(first), "total": percent(total)}

    most = table["total"].idxmax()
    found = [finding("decisive", [most], **shares(most))]
    acting = table.index[table["total"] - table["first_order"] > limits.interaction_max]
    found += [finding("interactions", [factor], **shares(factor)) for factor in acting]
    idle = table.loc[table["total"] < limits.indifference_max, "total"]
    if len(idle):
        listed = names([str(factor) for factor in idle.index])
        limit = percent(limits.indifference_max)
        found.append(finding("indifferent", list(idle.index), limit=limit, names=listed))
    return found
