"""Regions × divisions of all years with what is published around them: sections, countries, the reference.

Belongs here: the table that measures of structure and change start from. Does not: those measures
(benchmark), their rows (structure_measures, shift_share, concentration).

Regions are those of one NUTS version: the guard of hidden cells counts a country's regions once.
"""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from alp_pipeline.catalog.models import Catalog, PerimeterEntry
from alp_pipeline.plan.benchmarks.specialisation import SCHEME, incomplete_years, parts_of

if TYPE_CHECKING:
    import pandas as pd

    from alp_pipeline.benchmark.activity_table import ActivityTable
    from alp_pipeline.benchmark.disclosure import PublishedTotals

CODE = (
    "benchmark.activity_table",
    "benchmark.cells",
    "benchmark.disclosure",
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
    published = set(cells.loc[cells["activity_level"] == "section", "activity_code"])
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

    A year in which too much of the territory is missing has no numbers (`specialisation.incomplete_years`).
    """
    import pandas as pd

    from alp_pipeline.benchmark.totals import reference_totals

    members, parts = [code for code, _ in reference.members], parts_of(cells)
    divisions = sorted(set(cells.loc[cells["activity_level"] == "division", "activity_code"]))
    countries = cells[(cells["nuts_level"] == 0) & cells["region_code"].isin(members)]
    if countries.empty:
        nothing = pd.DataFrame(float("nan"), index=list(years), columns=divisions)
        return nothing, dict.fromkeys(years, "not_available")
    found = reference_totals(countries, members=members, parts=parts)
    wide = found.pivot(index="year", columns="activity_code", values="reference_activity_total")
    lacking = incomplete_years(countries, members, parts, most_missing_pct)
    wide = wide.reindex(index=list(years), columns=divisions).astype("float64")
    wide.loc[wide.index.isin(list(lacking))] = float("nan")
    return wide, lacking


def _wide(cells: "pd.DataFrame") -> "pd.DataFrame":
    wide = cells.pivot(index=["region_code", "year"], columns="activity_code", values="value")
    return wide.astype("float64")
