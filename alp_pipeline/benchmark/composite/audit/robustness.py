"""How firm an index is, and how it goes with what others have measured.

Belongs here: uncertainty and sensitivity, links to outside indicators, with their findings.
Does not: drawing (uncertainty), what the index is made of (data, structure).
"""

import pandas as pd

from alp_pipeline.benchmark.composite.audit.findings import (
    Finding,
    Section,
    Thresholds,
    finding,
    number,
)


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
