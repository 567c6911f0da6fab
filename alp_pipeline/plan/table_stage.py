"""A stage that fills one warehouse table: every such stage validates what it wrote before it passes it on.

Belongs here: the frame around filling a table. Does not: how a table is filled, references between tables
and the verdict (plan.gate).
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from alp_pipeline.build.stage import Stage, StageContext
from alp_pipeline.warehouse.tables import TABLES

DECLARATIONS = tuple(
    f"warehouse.{name}" for name in ("columns", "dimensions", "facts", "operations", "tables")
)
"""What of the warehouse decides a table's content; how a release is laid out does not."""


def table_stage(
    name: str,
    table: str,
    fill: Callable[[StageContext], None],
    *,
    code: Sequence[str],
    inputs: Sequence[str] = (),
    parameters: Mapping[str, Any] | None = None,
) -> Stage:
    """The stage `name`: `fill` writes `table`, then the suite of its declaration is run on the file.

    A rule that fails is in the record's outcomes; the release gate refuses for the critical ones.
    """

    def run(context: StageContext) -> None:
        from alp_pipeline.quality.tables import validate_table

        fill(context)
        with context.connect() as connection:
            context.outcomes += validate_table(connection, context.output_file(table), TABLES[table])

    return Stage(
        name=name,
        tables=(table,),
        run=run,
        code=(*DECLARATIONS, "plan.table_stage", "quality", *code),
        inputs=tuple(inputs),
        parameters=dict(parameters or {}),
    )
