"""Exposure of regions to the catalogue's shocks, with bounds of hidden cells that anyone may see.

Belongs here: the year, totals between two values, which published total a hidden cell is bounded by. Does
not: the measure (benchmark.exposure), laying it out (plan.benchmarks.resilience).

A hidden cell is at most its region's section (of three divisions or more) and at most its country's cell
(of three regions or more); a total that lacks a hidden section is at most that much greater. These are
published numbers that the cell is one of several parts of, so nobody learns from them what was hidden. The
section less its published divisions would be tighter, and internal (benchmark.disclosure).
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from alp_pipeline.catalog.benchmarks import ShockEntry

if TYPE_CHECKING:
    import pandas as pd

PARTS_MIN = 3
"""Of how many parts a published total must be made before it bounds a hidden one."""
YEAR_COVERAGE_MIN = 0.75
"""Of the regions of the best year, how many the year that is used must have."""


def exposures(cells: "pd.DataFrame", shocks: Iterable[ShockEntry]) -> "pd.DataFrame":
    """Exposure of every region of level 2 to every shock, in the newest year with enough regions.

    Args:
        cells: as of `frames.activity_cells`, regions and countries.

    Returns:
        region_code, shock_id, year and the columns of `benchmark.exposure.exposure`; no row for a region
        without any cell of the year.
    """
    import pandas as pd

    from alp_pipeline.benchmark.activity_table import ActivityTable
    from alp_pipeline.benchmark.exposure import exposure
    from alp_pipeline.benchmark.totals import region_totals
    from alp_pipeline.plan.benchmarks.specialisation import parts_of

    parts = parts_of(cells)
    regions = cells[cells["nuts_level"] == 2]
    totals = region_totals(regions, parts=parts)
    year = _year(totals)
    now = cells[cells["year"] == year]
    regions = now[now["nuts_level"] == 2]
    low = totals[totals["year"] == year].set_index(["region_code", "year"])["region_total"]
    high = low + _hidden_parts(regions, _country_bounds(now), list(parts), low.index)
    table = ActivityTable.from_cells(regions)
    upper = _upper(now, regions, table.values.index)
    found = [
        exposure(table, shock.weights, low, totals_high=high, upper=upper)
        .reset_index()
        .assign(shock_id=shock.id)
        for shock in shocks
    ]
    return pd.concat(found, ignore_index=True) if found else pd.DataFrame()


def _year(totals: "pd.DataFrame") -> int:
    counts = totals[totals["region_total"].notna()].groupby("year").size()
    return int(counts[counts >= YEAR_COVERAGE_MIN * counts.max()].index.max())


def _country_bounds(now: "pd.DataFrame") -> "pd.Series":
    """(country, activity) → the published cell of a country with enough regions."""
    regions = now[now["nuts_level"] == 2].groupby("country_code")["region_code"].nunique()
    large = set(regions[regions >= PARTS_MIN].index)
    known = now[
        (now["nuts_level"] == 0) & (now["cell_state"] == "reported") & now["country_code"].isin(large)
    ]
    return known.set_index(["country_code", "activity_code"])["value"]


def _hidden_parts(
    regions: "pd.DataFrame", country: "pd.Series", parts: list[str], rows: "pd.Index[Any]"
) -> "pd.Series":
    """How much the parts that a region's total lacks can add to it at most; NaN where nobody says."""
    import pandas as pd

    states = regions[regions["activity_code"].isin(parts)].set_index(["region_code", "activity_code"])
    grid = pd.MultiIndex.from_product([rows.get_level_values(0), parts], names=states.index.names)
    state = states["cell_state"].reindex(grid).fillna("not_available")
    lacking = state[~state.isin(["reported", "not_applicable"])]
    of_country = regions.drop_duplicates("region_code").set_index("region_code")["country_code"]
    keys = [(of_country[region], part) for region, part in lacking.index]
    bound = pd.Series(country.reindex(keys).to_numpy(), index=lacking.index)
    bound = bound.where(lacking == "confidential")  # what is missing for another reason has no bound
    added = bound.groupby(level="region_code").sum(min_count=1)
    added[bound.isna().groupby(level="region_code").any()] = float("nan")
    whole = added.reindex(rows.get_level_values(0))
    complete = ~rows.get_level_values(0).isin(lacking.index.get_level_values(0))
    return pd.Series(whole.mask(complete, 0.0).to_numpy(), index=rows)


def _upper(now: "pd.DataFrame", cells: "pd.DataFrame", rows: "pd.Index[Any]") -> "pd.DataFrame":
    """The most that each cell can be: its section in the region, its own in the country."""
    inside = now[now["activity_level"] == "division"].groupby("section_code")["activity_code"].nunique()
    many = set(inside[inside >= PARTS_MIN].index)
    known = now[(now["activity_level"] == "section") & (now["cell_state"] == "reported")]
    section = known[known["activity_code"].isin(many)].set_index(["region_code", "activity_code"])["value"]
    country = _country_bounds(now)
    bounded = cells.assign(
        own_section=section.reindex(
            list(zip(cells["region_code"], cells["section_code"], strict=True))
        ).to_numpy(),
        of_country=country.reindex(
            list(zip(cells["country_code"], cells["activity_code"], strict=True))
        ).to_numpy(),
    )
    bounded["upper"] = bounded[["own_section", "of_country"]].min(axis=1)
    return bounded.pivot(index=["region_code", "year"], columns="activity_code", values="upper").reindex(rows)
