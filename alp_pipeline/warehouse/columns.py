"""How a warehouse column is declared: one call that says type, meaning, unit, states and rules.

Belongs here: the vocabulary of declarations and what is derived from one (DDL types, Arrow types, the
casting SELECT). Does not: the tables themselves (`tables`), the engines (`release`, `postgres`).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    DateTime,
    Float,
    ForeignKey,
    Integer,
    MetaData,
    SmallInteger,
    Table,
    Text,
)

from alp_pipeline.observations.schema import CELL_STATES

metadata = MetaData()
"""Every declared table registers here."""

_ARROW: dict[type, pa.DataType] = {
    Text: pa.string(),
    Float: pa.float64(),
    BigInteger: pa.int64(),
    Integer: pa.int32(),
    SmallInteger: pa.int16(),
    Boolean: pa.bool_(),
    Date: pa.date32(),
    DateTime: pa.timestamp("us"),
}
_DUCKDB: dict[type, str] = {
    Text: "VARCHAR",
    Float: "DOUBLE",
    BigInteger: "BIGINT",
    Integer: "INTEGER",
    SmallInteger: "SMALLINT",
    Boolean: "BOOLEAN",
    Date: "DATE",
    # UTC by convention: DuckDB casts zoned timestamps only with an extension that must be downloaded.
    DateTime: "TIMESTAMP",
}


@dataclass(frozen=True)
class Rule:
    """A rule that the column's values must keep; `quality` turns it into an expectation."""

    rule_id: str
    kind: str
    """`one_of`, `range`, `matches` or `present`."""
    value: Any = None
    severity: str = "critical"


def column(
    name: str,
    kind: type,
    comment: str,
    *,
    key: bool = False,
    required: bool = False,
    references: str | None = None,
    unit: str | None = None,
    states: str | None = None,
    one_of: Iterable[str] | None = None,
    between: tuple[float | None, float | None] | None = None,
) -> "Column[Any]":
    """Declare a column.

    Args:
        comment: what a value means, one sentence for the data dictionary.
        key: part of the table's key, so also required.
        references: `table.column` that holds every value.
        unit: of a number, e.g. `persons`, `million EUR`, `%`; `1` when dimensionless.
        states: the column that says why a number is absent.
        one_of: the closed vocabulary of a code.
        between: lowest and highest possible value; a violation is critical.
    """
    rules: list[Rule] = []
    if key or required:
        rules.append(Rule(f"{name}_present", "present"))
    if one_of is not None:
        rules.append(Rule(f"{name}_in_vocabulary", "one_of", tuple(one_of)))
    if between is not None:
        rules.append(Rule(f"{name}_in_range", "range", between))
    foreign = [ForeignKey(references)] if references else []
    return Column(
        name,
        kind(),
        *foreign,
        primary_key=key,
        nullable=not (key or required),
        autoincrement=False,
        comment=comment,
        info={"unit": unit, "states": states, "rules": tuple(rules)},
    )


def state_column(name: str, of: str) -> "Column[Any]":
    """Declare the state beside a value column: why the number is there or not."""
    return column(
        name, Text, f"State of {of}: why the value is there or not.", required=True, one_of=CELL_STATES
    )


def rules_of(table: Table) -> list[tuple[str, Rule]]:
    """All column rules of a table, as (column name, rule)."""
    return [(c.name, rule) for c in table.columns for rule in c.info["rules"]]


def key_of(table: Table) -> list[str]:
    """The names of the key columns, in order."""
    return [c.name for c in table.primary_key.columns]


def references_of(table: Table) -> list[tuple[str, str, str]]:
    """The references of a table, as (column, referenced table, referenced column)."""
    return [
        (c.name, *str(foreign.target_fullname).rsplit(".", 1))  # type: ignore[misc]
        for c in table.columns
        for foreign in sorted(c.foreign_keys, key=lambda f: f.target_fullname)
    ]


def arrow_schema(table: Table) -> pa.Schema:
    """The Arrow schema of a table, columns in declared order."""
    return pa.schema([pa.field(c.name, _ARROW[type(c.type)], nullable=c.nullable) for c in table.columns])


def duckdb_type(col: "Column[Any]") -> str:
    return _DUCKDB[type(col.type)]


def declared_select(table: Table, query: str, order_by: Sequence[str] | None = None) -> str:
    """SQL that gives `query`'s rows in the declared columns, types and key order.

    A column that `query` lacks is an error of the query, not a NULL.
    """
    columns = ", ".join(f'CAST("{c.name}" AS {duckdb_type(c)}) AS "{c.name}"' for c in table.columns)
    order = ", ".join(f'"{name}"' for name in (order_by or key_of(table)))
    return f"SELECT {columns} FROM ({query}) ORDER BY {order}"
