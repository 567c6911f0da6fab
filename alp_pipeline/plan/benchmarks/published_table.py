"""Regions × divisions of all years with what is published around them: sections, countries, the reference.

Belongs here: the table that measures of structure and change start from. Does not: those measures
(benchmark), their rows (structure_measures, shift_share, concentration).

Regions are those of one NUTS version: the guard of hidden cells counts a country's regions once.
"""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from alp_pipeline.catalog.models import Catalog, PerimeterEntry
from alp_pipeline.plan.benchmarks.specialisation import SCHEME

if TYPE_CHECKING:
    import pandas as pd

    from alp_pipeline.benchmark.activity_table import ActivityTable
    from alp_pipeline.benchmark.disclosure import PublishedTotals

CODE = (
    "benchmark.activity_table",
    "benchmark.cells",
    "benchmark.country_caps",
    "benchmark.disclosure",
    "benchmark.missing_weight",
    "benchmark.shares",
    "benchmark.totals",
    "plan.benchmarks.published_table",
    "plan.benchmarks.specialisation",
)


@dataclass(frozen=True)
class PublishedTable:
    """What is published of the universe's regions.

    Attributes:
        table: rows (region_code, year), columns divisions.
        totals: the published sections of the rows, and countries' divisions.
        sections: division → section; one whose section is not published stands for itself.
    """

    table: "ActivityTable"
    totals: "PublishedTotals"
    sections: dict[Hashable, Hashable]


def missing_max_pct(catalog: Catalog) -> float:
    """How much of a reference territory may be missing: the choice of the scheme's entry."""
    return next(row.reference_missing_max_pct for row in catalog.schemes.values() if row.scheme == SCHEME)


def published_table(cells: "pd.DataFrame") -> PublishedTable:
    """The table of the divisions and its published totals.

    Args:
        cells: `frames.activity_cells` of countries and NUTS 2, with a division of a region.
    """
    from alp_pipeline.benchmark.activity_table import ActivityTable
    from alp_pipeline.benchmark.disclosure import PublishedTotals

    inside = cells[(cells["nuts_level"] == 2) & cells["in_universe"]]
    divisions = inside[inside["activity_level"] == "division"]
    table = ActivityTable.from_cells(divisions)
    of_division = divisions.drop_duplicates("activity_code").set_index("activity_code")["section_code"]
    published = set(cells.loc[cells["activity_level"] == "section", "activity_code"].unique())
    sections: dict[Hashable, Hashable] = {
        code: of_division[code] if of_division[code] in published else code for code in table.values.columns
    }
    known = cells[cells["cell_state"] == "reported"]
    by_section = known[
        (known["activity_level"] == "section") & (known["nuts_level"] == 2) & known["in_universe"]
    ]
    by_country = known[(known["activity_level"] == "division") & (known["nuts_level"] == 0)]
    return PublishedTable(
        table,
        PublishedTotals(
            groups=sections,
            totals=_wide(by_section).reindex(table.values.index),
            countries=dict(inside.drop_duplicates("region_code").set_index("region_code")["country_code"]),
            country_totals=_wide(by_country),
        ),
        sections,
    )


def reference_of(
    cells: "pd.DataFrame", reference: PerimeterEntry, most_missing_pct: float, years: Sequence[int]
) -> "tuple[pd.DataFrame, dict[int, str]]":
    """A reference territory's published divisions by year, and why a year has none.

    A measure over all divisions stands a gap in a small one: a year has no numbers if the divisions of which
    too much is missing (`totals.reference_totals`) make up more of the territory than may be missing.
    """
    import pandas as pd

    from alp_pipeline.benchmark.totals import reference_totals

    members = [code for code, _ in reference.members]
    divisions = cells[cells["activity_level"] == "division"]
    codes = sorted(divisions["activity_code"].unique())
    countries = divisions[(divisions["nuts_level"] == 0) & divisions["region_code"].isin(members)]
    if countries.empty:
        nothing = pd.DataFrame(float("nan"), index=list(years), columns=codes)
        return nothing, dict.fromkeys(years, "not_available")
    found = reference_totals(countries, members=members, parts={code: [] for code in codes})
    wide = found.pivot(index="year", columns="activity_code", values="reference_activity_total")
    wide = wide.reindex(index=list(years), columns=codes).astype("float64")
    lacking = _withheld_years(found, most_missing_pct)
    wide.loc[wide.index.isin(list(lacking))] = float("nan")
    return wide, lacking


def _withheld_years(found: "pd.DataFrame", most_missing_pct: float) -> dict[int, str]:
    """Year → why its reference is none: the reason of the largest gap.

    A division weighs the mean of its totals over the years in which not too much of it is missing.
    """
    open_share = found["reference_missing_pct"] > most_missing_pct
    usual = found["reference_activity_total"].mask(open_share).groupby(found["activity_code"]).mean()
    weight = found["activity_code"].map(usual).fillna(0.0)
    lacking = found.assign(weight=weight, lack=weight.where(open_share, 0.0))
    sums = lacking.groupby("year")[["lack", "weight"]].sum()
    years = sums.index[100 * sums["lack"] > most_missing_pct * sums["weight"]]
    worst = lacking[lacking["year"].isin(years)].sort_values(["year", "lack"], ascending=[True, False])
    first = worst.drop_duplicates("year")
    return {
        int(year): str(why) for year, why in zip(first["year"], first["reference_missing_state"], strict=True)
    }


def _wide(cells: "pd.DataFrame") -> "pd.DataFrame":
    wide = cells.pivot(index=["region_code", "year"], columns="activity_code", values="value")
    return wide.astype("float64")
