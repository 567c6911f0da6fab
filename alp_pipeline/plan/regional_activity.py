"""`fct_regional_activity`: employment, local units, wages and growth of each region × activity × year.

Belongs here: laying the three by-activity indicators side by side. Does not: computing the indicators
(plan.indicators), what growth is and when there is none (benchmark.growth).
"""

from pathlib import Path
from typing import TYPE_CHECKING

from alp_pipeline.build.sql import parquet
from alp_pipeline.build.stage import Stage, StageContext
from alp_pipeline.catalog.models import Catalog
from alp_pipeline.plan import indicators
from alp_pipeline.plan.table_stage import table_stage
from alp_pipeline.warehouse.columns import declared_select
from alp_pipeline.warehouse.tables import TABLES

if TYPE_CHECKING:
    import pandas as pd

NAME = "warehouse/fct_regional_activity"
MEASURES = {
    "employment": "persons_employed",
    "local_units": "local_units",
    "wages": "wages_and_salaries",
}
"""Measure → the indicator that it is."""
VALUES = {"employment": "employment_persons", "local_units": "local_units", "wages": "wages_meur"}
"""Measure → the column of its value; those of state and flags are named after the measure."""


def regional_activity_stage(catalog: Catalog) -> Stage:
    """The stage that fills `fct_regional_activity` from `fct_indicator`."""
    dataset = catalog.datasets[catalog.indicators[MEASURES["employment"]].datasets[0]]
    facts = {
        "statistical_unit": str(dataset.statistical_unit),
        "classification_version": dataset.classification or "",
        "dataset_id": dataset.id,
    }

    def fill(context: StageContext) -> None:
        with context.connect() as connection:
            indicators_file = context.input(indicators.NAME, "fct_indicator")
            connection.execute(f"CREATE TABLE wide AS {_side_by_side(indicators_file)}")
            growth = _growth(connection.execute("SELECT * FROM wide").df())
            connection.register("growth", growth)
            context.write_query(
                connection,
                "fct_regional_activity",
                declared_select(TABLES["fct_regional_activity"], _with_growth(facts)),
            )

    return table_stage(
        NAME,
        "fct_regional_activity",
        fill,
        code=("benchmark.cells", "benchmark.growth", "plan.regional_activity"),
        inputs=(indicators.NAME,),
        parameters={"measures": MEASURES, "facts": facts},
        when_empty="warning",
    )


def _side_by_side(file: Path) -> str:
    def measure(stem: str, value: str, indicator: str) -> str:
        chosen = f"FILTER (WHERE indicator_id = '{indicator}')"
        return f"""any_value(value) {chosen} AS {value},
            coalesce(any_value(cell_state) {chosen}, 'not_available') AS {stem}_state,
            coalesce(any_value(obs_status) {chosen}, '') AS {stem}_status"""

    measures = ", ".join(measure(stem, VALUES[stem], indicator) for stem, indicator in MEASURES.items())
    chosen = ", ".join(f"'{indicator}'" for indicator in MEASURES.values())
    return f"""
        SELECT region_code, activity_code, CAST(time_period AS SMALLINT) AS year, {measures},
               min(geo_method) AS geo_method, min(source_region_code) AS source_region_code,
               min(document_ids) AS document_id
        FROM {parquet(file)}
        WHERE indicator_id IN ({chosen}) AND regexp_full_match(time_period, '[0-9]{{4}}')
        GROUP BY region_code, activity_code, time_period
    """


def _growth(wide: "pd.DataFrame") -> "pd.DataFrame":
    """Growth of employment for every key of `wide`."""
    import pandas as pd

    from alp_pipeline.benchmark.cells import ordered_cells
    from alp_pipeline.benchmark.growth import annual_growth

    employment = {
        "employment_persons": "value",
        "employment_state": "cell_state",
        "employment_status": "obs_status",
    }
    keys = ["region_code", "activity_code", "year"]
    cells = ordered_cells(wide[[*keys, *employment]].rename(columns=employment))
    return pd.concat([cells.keys(), annual_growth(cells)], axis=1)


def _with_growth(facts: dict[str, str]) -> str:
    constants = ", ".join(f"'{value}' AS {name}" for name, value in facts.items())
    return f"""
        SELECT wide.*, {constants}, growth_pct AS employment_growth_pct,
               growth_state AS employment_growth_state,
               if(growth_note = 'break_in_series', 'b', '') AS employment_growth_status
        FROM wide JOIN growth USING (region_code, activity_code, year)
    """
