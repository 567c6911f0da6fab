"""One year of all regions with data, as region × division matrices: sizes, states, location quotients.

Belongs here: choosing the year, the universe and the reference of methods that compare all regions with one
another. Does not: those methods (benchmark.complexity, benchmark.spatial), their tables.

The reference territory of the quotients is the universe itself, from its countries' published rows: visible
regions alone would be a quarter of an activity that most regions hide. So a quotient here differs a little
from that of `bench_specialisation`, whose reference is a named territory.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from alp_pipeline.plan.benchmarks.specialisation import facts_of, parts_of

if TYPE_CHECKING:
    import pandas as pd

COVERAGE_MIN = 0.6
"""Of the most regions that any year has, how many the year must have."""
CODE = (
    "benchmark.cells",
    "benchmark.location_quotient",
    "benchmark.missing_weight",
    "benchmark.totals",
    "plan.benchmarks.specialisation",
    "plan.benchmarks.universe_year",
)


@dataclass(frozen=True)
class UniverseYear:
    """Regions × divisions of one year.

    Attributes:
        year: the newest that enough regions have.
        sizes: persons employed, NaN where not reported; sorted labels.
        states: cell states, same labels; of a published cell whose region's or activity's total is withheld
            the reason.
        quotients: location quotients against the universe, same labels.
        region_totals: persons by region, published parts.
        reference: persons by division, published country rows.
        reference_total: the same over all activities.
        states_elsewhere: region without a reported division that year → why.
        statistical_unit, classification_version: of the cells.
        document_ids: the documents behind them.
    """

    year: int
    sizes: "pd.DataFrame"
    states: "pd.DataFrame"
    quotients: "pd.DataFrame"
    region_totals: "pd.Series[float]"
    reference: "pd.Series[float]"
    reference_total: float
    states_elsewhere: Mapping[str, str]
    statistical_unit: str
    classification_version: str
    document_ids: str

    def state_of(self, region: str) -> str:
        """Why a region has no data that year."""
        return self.states_elsewhere.get(region, "not_available")


def universe_year(cells: "pd.DataFrame", most_missing_pct: float) -> UniverseYear | None:
    """The matrices of the newest year that enough regions have; None where no division is reported.

    Args:
        cells: `frames.activity_cells` of countries and NUTS 2.
        most_missing_pct: how much of a total may be missing (`missing_weight`); beyond it is no quotient.
    """
    from alp_pipeline.benchmark.location_quotient import location_quotient
    from alp_pipeline.benchmark.missing_weight import withheld
    from alp_pipeline.benchmark.totals import reference_totals, region_totals

    inside = cells[(cells["nuts_level"] == 2) & cells["in_universe"]]
    divisions = inside[inside["activity_level"] == "division"]
    year = _year(divisions)
    if year is None:
        return None
    parts = parts_of(cells)
    that_year = divisions[divisions["year"] == year]
    with_data = set(that_year.loc[that_year["cell_state"] == "reported", "region_code"])
    chosen = that_year[that_year["region_code"].isin(with_data)]
    sizes = chosen.pivot(index="region_code", columns="activity_code", values="value").astype("float64")
    states = chosen.pivot(index="region_code", columns="activity_code", values="cell_state")
    regions = inside[inside["region_code"].isin(with_data)]
    members = sorted(set(chosen["country_code"]))
    countries = cells[(cells["nuts_level"] == 0) & cells["region_code"].isin(members)]
    # Weights of what is missing need the other years.
    of_regions, published = (
        withheld(found[found["year"] == year], most_missing_pct=most_missing_pct)
        for found in (
            region_totals(regions, parts=parts),
            reference_totals(countries, members=members, parts=parts),
        )
    )
    totals = of_regions.set_index("region_code")["region_total"]
    published = published.set_index("activity_code").reindex(sizes.columns)
    reference = published["reference_activity_total"]
    whole = float(published["reference_total"].max()) if len(published) else float("nan")
    elsewhere = that_year[~that_year["region_code"].isin(with_data)].groupby("region_code")["cell_state"]
    import pandas as pd

    return UniverseYear(
        year=year,
        sizes=sizes,
        states=_with_reasons(states.fillna("not_available"), of_regions, published, most_missing_pct),
        quotients=location_quotient(
            sizes, reference=reference, reference_total=whole, region_totals=totals.reindex(sizes.index)
        ),
        region_totals=totals.reindex(sizes.index),
        reference=reference,
        reference_total=whole,
        states_elsewhere={
            str(region): str(states.iloc[0]) if states.nunique() == 1 else "not_available"
            for region, states in elsewhere
        },
        **facts_of(pd.concat([rows[rows["year"] == year] for rows in (regions, countries)])),
    )


def _with_reasons(
    states: "pd.DataFrame", regions: "pd.DataFrame", reference: "pd.DataFrame", most_missing_pct: float
) -> "pd.DataFrame":
    """States where a published cell without a total to hold it against says why it has no quotient."""
    known, states = states == "reported", states.copy()
    for name in reference.index[reference["reference_missing_pct"] > most_missing_pct]:
        states.loc[known[name], name] = str(reference.at[name, "reference_state"])
    lost = regions[regions["region_missing_pct"] > most_missing_pct]
    for region, why in zip(lost["region_code"], lost["region_total_state"], strict=True):
        states.loc[region, known.loc[region]] = why
    return states


def _year(divisions: "pd.DataFrame") -> int | None:
    reported = divisions[divisions["cell_state"] == "reported"]
    counts = reported.groupby("year")["region_code"].nunique()
    if counts.empty:
        return None
    return int(counts.index[counts >= COVERAGE_MIN * counts.max()].max())
