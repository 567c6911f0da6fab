"""The structure of regions: the catalogue's structural variables, one value per region of the universe.

Belongs here: reading the variables of the dimensions, taking shares, choosing the year, dropping a variable
with too little data and saying so. Does not: the distance (benchmark.structural_distance), laying results
out (plan.benchmarks.reference_regions).
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from alp_pipeline.build.sql import literal, parquet
from alp_pipeline.build.stage import StageContext
from alp_pipeline.catalog.benchmarks import StructuralDimensionEntry, StructuralVariable
from alp_pipeline.plan import indicators
from alp_pipeline.plan.benchmarks.frames import UNIVERSE_VERSION, documents_of
from alp_pipeline.plan.dimensions import asset_of

if TYPE_CHECKING:
    import pandas as pd

    from alp_pipeline.benchmark.structural_distance import StructuralProfile

AVAILABILITY_MIN = 0.75
"""Of the regions of a variable's best year, how many its reference year must have."""
CARRY_YEARS = 5
VARIABLE_COVERAGE_MIN = 0.5
"""Of the universe's regions, how many a variable must have a number for: one that only a few countries
publish would be scaled by these few."""
OUTLIER_SD = 3.0


@dataclass(frozen=True)
class Structure:
    """What is known of the regions' structure.

    Attributes:
        values: one row per variable and region, as of `reference_year.reference_year_values`.
        countries: region → country, of all regions with a row.
        dropped: variable → why it is not used.
        document_ids: the documents behind the values.
    """

    values: "pd.DataFrame"
    countries: Mapping[str, str]
    dropped: Mapping[str, str]
    document_ids: str

    def profile(self, dimensions: Iterable[StructuralDimensionEntry]) -> "StructuralProfile | None":
        """The comparable variables of every region; None where no variable has enough data."""
        from alp_pipeline.benchmark.structural_distance import StructuralDimension, structural_profile

        parts = []
        for entry in dimensions:
            used = {v.id: v.transformation for v in entry.variables if v.id not in self.dropped}
            if used and entry.weight:
                parts.append(StructuralDimension(entry.id, entry.weight, used, entry.weighting))
        if not parts:
            return None
        wide = self.values.pivot(index="region_code", columns="variable", values="value")
        carried = self.values.pivot(index="region_code", columns="variable", values="is_carried")
        return structural_profile(wide, parts, outlier_sd=OUTLIER_SD, imputed=carried)


def read_structure(context: StageContext, dimensions: Collection[StructuralDimensionEntry]) -> Structure:
    """The variables of some dimensions, of every region of the universe that has a row of any."""
    from alp_pipeline.benchmark.reference_year import reference_year_values

    variables = [variable for entry in dimensions for variable in entry.variables]
    cells = _without_undefined(_cells(context, variables), variables)
    values = reference_year_values(cells, availability_min=AVAILABILITY_MIN, carry_years=CARRY_YEARS)
    used = cells.merge(values[["variable", "region_code", "year"]], on=["variable", "region_code", "year"])
    countries = dict(zip(cells["region_code"], cells["country_code"], strict=True))
    dropped = _dropped(values, [variable.id for variable in variables], len(countries))
    return Structure(values, countries, dropped, documents_of(used["document_ids"]))


def _without_undefined(cells: "pd.DataFrame", variables: Iterable[StructuralVariable]) -> "pd.DataFrame":
    """Cells whose number has no logarithm or root are not applicable: nobody lives on Jan Mayen."""
    how = cells["variable"].map({one.id: one.transformation for one in variables})
    value = cells["value"]
    undefined = ((how == "log") & (value <= 0)) | ((how == "sqrt") & (value < 0))
    return cells.assign(
        value=value.mask(undefined), cell_state=cells["cell_state"].mask(undefined, "not_applicable")
    )


def _dropped(values: "pd.DataFrame", wanted: Iterable[str], regions: int) -> dict[str, str]:
    known = values[values["cell_state"] == "reported"].groupby("variable")["value"]
    counts, kinds = known.size(), known.nunique()
    found = {}
    for name in wanted:
        count = int(counts.get(name, 0))
        if not count:
            found[name] = "no document has a number for it"
        elif count < VARIABLE_COVERAGE_MIN * regions:
            found[name] = f"only {count} of {regions} regions have a number"
        elif kinds[name] < 2:
            found[name] = "it is the same in all regions"
    return found


def _cells(context: StageContext, variables: Iterable[StructuralVariable]) -> "pd.DataFrame":
    """variable, region_code, year, value, cell_state, country_code, document_ids, in key order."""
    file = context.input(indicators.NAME, "fct_indicator")
    regions = context.input(asset_of("dim_region"), "dim_region")
    parts = [_query(variable, file) for variable in variables]
    with context.connect() as connection:
        return connection.execute(
            f"""SELECT variable, region_code, CAST(time_period AS SMALLINT) AS year, value, cell_state,
                       country_code, document_ids
                FROM ({" UNION ALL ".join(parts)})
                JOIN {parquet(regions)} AS region USING (region_code)
                WHERE regexp_full_match(time_period, '[0-9]{{4}}') AND nuts_level = 2
                  AND region_kind IN ('nuts', 'statistical_region')
                  AND {UNIVERSE_VERSION} BETWEEN nuts_version_first AND nuts_version_last
                ORDER BY variable, region_code, year"""
        ).df()


def _query(variable: StructuralVariable, file: Path) -> str:
    """One variable's cells: the indicator's own, or its share of another activity's in per cent."""
    chosen = f"indicator_id = {literal(variable.indicator)} AND activity_code ="
    part = f"{chosen} {literal(variable.activity or indicators.TOTAL_ACTIVITY)}"
    if variable.share_of is None:
        return f"""SELECT {literal(variable.id)} AS variable, region_code, time_period, value, cell_state,
                          document_ids
                   FROM {parquet(file)} WHERE {part}"""
    whole = f"{chosen} {literal(variable.share_of)}"
    return f"""SELECT {literal(variable.id)} AS variable, region_code, time_period,
                      100 * part.value / nullif(whole.value, 0) AS value,
                      CASE WHEN part.cell_state <> 'reported' THEN part.cell_state
                           WHEN whole.cell_state IS DISTINCT FROM 'reported'
                           THEN coalesce(whole.cell_state, 'not_available')
                           WHEN whole.value = 0 THEN 'not_applicable' ELSE 'reported' END AS cell_state,
                      concat_ws(' ', part.document_ids, whole.document_ids) AS document_ids
               FROM (SELECT * FROM {parquet(file)} WHERE {part}) AS part
               LEFT JOIN (SELECT region_code, time_period, value, cell_state, document_ids
                          FROM {parquet(file)} WHERE {whole}) AS whole
               USING (region_code, time_period)"""
