"""`fct_observation`: the current observations of all datasets in one table.

Belongs here: putting the datasets' files one after the other in key order. Does not: choosing what is
current (plan.intake).
"""

from alp_pipeline.build.stage import Stage, StageContext
from alp_pipeline.catalog.models import Catalog
from alp_pipeline.plan.intake import observations_asset
from alp_pipeline.plan.table_stage import table_stage

NAME = "warehouse/fct_observation"


def observation_stage(catalog: Catalog) -> Stage:
    """The stage that fills `fct_observation`."""
    in_key_order = [observations_asset(catalog.datasets[name]) for name in sorted(catalog.datasets)]

    def fill(context: StageContext) -> None:
        from alp_pipeline.plan.observation_file import write_after_each_other

        # Each file is in the order of series and period and holds one dataset: nothing needs to be sorted.
        files = [context.input(name, "current") for name in in_key_order]
        write_after_each_other(context, "fct_observation", files)

    return table_stage(
        NAME,
        "fct_observation",
        fill,
        code=("observations", "plan.observation", "plan.observation_file"),
        inputs=in_key_order,
        parameters={"datasets": sorted(catalog.datasets)},
    )
