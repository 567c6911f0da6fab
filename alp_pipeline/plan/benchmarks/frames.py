"""What benchmark assets read and write: frames of the build's tables, and rows in a declared table.

Belongs here: selections that several benchmarks share, the columns that all benchmark tables have. Does
not: what one benchmark makes of them.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from pydantic_core import to_jsonable_python

from alp_pipeline.build.sql import literal, parquet
from alp_pipeline.build.stage import Stage, StageContext
from alp_pipeline.catalog.models import Catalog, PerimeterEntry
from alp_pipeline.plan import indicators, regional_activity
from alp_pipeline.plan.benchmarks.registry import PublicDates
from alp_pipeline.plan.dimensions import asset_of
from alp_pipeline.plan.table_stage import table_stage
from alp_pipeline.warehouse.columns import declared_select
from alp_pipeline.warehouse.tables import TABLES

if TYPE_CHECKING:
    from collections.abc import Callable

    import pandas as pd

ACTIVITY_READS = (regional_activity.NAME, asset_of("dim_region"), asset_of("dim_activity"))
"""What `activity_cells` reads."""
INDICATOR_READS = (indicators.NAME, asset_of("dim_region"))
"""What `indicator_cells` reads."""
EUROPE = "NUTS 2 regions and statistical regions of all countries with data"
"""The universe of a quantile over all regions that a dataset has."""
UNIVERSE_VERSION = 2021
UNIVERSE = f"NUTS 2 units and statistical regions of NUTS {UNIVERSE_VERSION} with data"
"""The universe of a method that compares regions with one another: one version, so that no land counts
twice. The perimeters' codes are those of this version."""
_IN_UNIVERSE = f"{UNIVERSE_VERSION} BETWEEN nuts_version_first AND nuts_version_last AS in_universe"


def benchmark_stage(
    name: str,
    tables: tuple[str, ...],
    fill: "Callable[[StageContext], None]",
    *,
    code: Sequence[str],
    inputs: Sequence[str],
    parameters: Mapping[str, Any],
    public_dates: PublicDates,
) -> Stage:
    """A stage that fills benchmark tables; tables without a row are a warning.

    Args:
        parameters: what the fingerprint rests on beside code and inputs; may hold entries of the catalogue.
    """
    return table_stage(
        name,
        tables,
        fill,
        code=("plan.benchmarks.frames", *code),
        inputs=inputs,
        parameters=to_jsonable_python({**parameters, "public_dates": dict(public_dates)}),
        when_empty="warning",
    )


def employment_datasets(catalog: Catalog) -> tuple[str, ...]:
    """The datasets behind `activity_cells`."""
    return catalog.indicators[regional_activity.MEASURES["employment"]].datasets


def perimeters_of_regions(catalog: Catalog) -> list[PerimeterEntry]:
    """The perimeters that are made of NUTS 2 units alone."""
    return [entry for entry in catalog.perimeters.values() if {level for _, level in entry.members} == {2}]


def activity_cells(
    context: StageContext, *, levels: tuple[int, ...] = (0, 2), measure: str = "employment"
) -> "pd.DataFrame":
    """Cells of one of `regional_activity.MEASURES`, of territories of one kind per level, in key order.

    Returns:
        region_code, activity_code, year, value (persons, or the measure's unit), cell_state, obs_status,
        nuts_level, country_code, in_universe (the code is one of UNIVERSE_VERSION), activity_level
        (`section`, `division`, …), section_code, statistical_unit, classification_version, document_id.
    """
    activity_file = context.input(regional_activity.NAME, "fct_regional_activity")
    region_file = context.input(asset_of("dim_region"), "dim_region")
    division_file = context.input(asset_of("dim_activity"), "dim_activity")
    with context.connect() as connection:
        return connection.execute(
            f"""SELECT region_code, activity_code, year, {regional_activity.VALUES[measure]} AS value,
                       {measure}_state AS cell_state, {measure}_status AS obs_status,
                       nuts_level, country_code, {_IN_UNIVERSE}, activity_level, section_code,
                       statistical_unit, cell.classification_version, document_id
                FROM {parquet(activity_file)} AS cell
                JOIN {parquet(region_file)} AS region USING (region_code)
                JOIN {parquet(division_file)} AS activity USING (activity_code)
                WHERE region_kind IN ('nuts', 'statistical_region', 'country')
                  AND nuts_level IN ({", ".join(map(str, levels))})
                ORDER BY region_code, activity_code, year"""
        ).df()


def indicator_cells(
    context: StageContext, wanted: Iterable[str], *, levels: tuple[int, ...] = (2,)
) -> "pd.DataFrame":
    """Annual values of indicators that belong to a region (not to an activity), in key order.

    Returns:
        indicator_id, region_code, year, value, cell_state, obs_status, nuts_level, country_code,
        in_universe, document_ids.
    """
    named = ", ".join(literal(name) for name in sorted(set(wanted))) or "NULL"
    with context.connect() as connection:
        return connection.execute(
            f"""SELECT indicator_id, region_code, CAST(time_period AS SMALLINT) AS year, value, cell_state,
                       obs_status, nuts_level, country_code, {_IN_UNIVERSE}, document_ids
                FROM {parquet(context.input(indicators.NAME, "fct_indicator"))} AS cell
                JOIN {parquet(context.input(asset_of("dim_region"), "dim_region"))} AS region
                USING (region_code)
                WHERE indicator_id IN ({named}) AND activity_code = '{indicators.TOTAL_ACTIVITY}'
                  AND regexp_full_match(time_period, '[0-9]{{4}}')
                  AND region_kind IN ('nuts', 'statistical_region', 'country')
                  AND nuts_level IN ({", ".join(map(str, levels))})
                ORDER BY indicator_id, region_code, year"""
        ).df()


def documents_of(columns: Iterable[str]) -> str:
    """The distinct documents of a column of ids (several separated by blanks), in one text.

    >>> documents_of(["b a", "a", "c"])
    'a b c'
    """
    return " ".join(sorted({one for text in set(columns) for one in text.split()}))


def as_of(context: StageContext, document_ids: str) -> str | None:
    """The day on which the newest of some documents was public (or seen); None without any time."""
    dates = context.parameters["public_dates"]
    return max((dates[one] for one in document_ids.split() if one in dates), default=None)


def of_perimeters(frame: "pd.DataFrame", perimeters: Iterable[PerimeterEntry]) -> "pd.DataFrame":
    """The rows of each perimeter's regions, once per perimeter, with the column perimeter_id."""
    import pandas as pd

    parts = [
        frame[frame["region_code"].isin([code for code, _ in perimeter.members])].assign(
            perimeter_id=perimeter.id
        )
        for perimeter in perimeters
    ]
    return pd.concat(parts, ignore_index=True)


def write_rows(context: StageContext, table: str, rows: "pd.DataFrame") -> None:
    """Write rows in the declared columns, types and key order; a column that is lacking is an error."""
    with context.connect() as connection:
        connection.register("benchmark_rows", rows)
        context.write_query(connection, table, declared_select(TABLES[table], "SELECT * FROM benchmark_rows"))


def write_nothing(context: StageContext, tables: Iterable[str]) -> None:
    """Write tables without a row: there is nothing to compute from."""
    from alp_pipeline.warehouse.columns import arrow_schema

    for table in tables:
        context.write_arrow(table, arrow_schema(TABLES[table]).empty_table())
