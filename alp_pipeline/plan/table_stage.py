"""A stage that fills warehouse tables: every such stage validates what it wrote before it passes it on.

Belongs here: the frame around filling a table. Does not: how a table is filled, references between tables
and the verdict (plan.gate).
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from alp_pipeline.build.outcome import Severity
from alp_pipeline.build.stage import Stage, StageContext
from alp_pipeline.warehouse.tables import TABLES

DECLARATIONS = tuple(
    f"warehouse.{name}" for name in ("benchmarks", "columns", "dimensions", "facts", "operations", "tables")
)
"""What of the warehouse decides a table's content; how a release is laid out does not."""


def table_stage(
    name: str,
    tables: str | tuple[str, ...],
    fill: Callable[[StageContext], None],
    *,
    code: Sequence[str],
    inputs: Sequence[str] = (),
    parameters: Mapping[str, Any] | None = None,
    when_empty: Severity = "critical",
) -> Stage:
    """The stage `name`: `fill` writes the tables, then the suite of each declaration is run on its file.

    A rule that fails is in the record's outcomes; the release gate refuses for the critical ones.
    `when_empty` is the severity of a table without a row.
    """
    written = (tables,) if isinstance(tables, str) else tables

    def run(context: StageContext) -> None:
        from alp_pipeline.quality.tables import validate_table

        fill(context)
        with context.connect() as connection:
            for table in written:
                context.outcomes += validate_table(
                    connection, context.output_file(table), TABLES[table], when_empty=when_empty
                )

    return Stage(
        name=name,
        tables=written,
        run=run,
        code=(*DECLARATIONS, "plan.table_stage", "quality", *code),
        inputs=tuple(inputs),
        parameters=dict(parameters or {}),
    )
