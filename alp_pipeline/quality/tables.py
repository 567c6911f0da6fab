"""The release gate's rules on warehouse tables, generated from their declarations.

Belongs here: column rules, values beside their states, keys and references of Parquet files that hold one
declared table each. Does not: facts about what the numbers mean (plan.gate), refusing (`gate`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from alp_pipeline.build.outcome import RuleOutcome, Severity
from alp_pipeline.build.sql import identifier, parquet
from alp_pipeline.quality.expectations import ColumnRule, declared_rules, stated_values
from alp_pipeline.quality.frames import file_columns, parquet_frames, rows_of
from alp_pipeline.quality.runner import judge_counts, run_rules
from alp_pipeline.warehouse.columns import duckdb_type, key_of, references_of

if TYPE_CHECKING:
    import duckdb
    from sqlalchemy import Table

    from alp_pipeline.quality.runner import Positions

    Fact = tuple[str, str, int, int | None, str]

EXAMPLES = 5
"""How many failing rows an outcome's detail names; its count is complete."""


def validate_table(
    connection: duckdb.DuckDBPyConnection,
    path: Path,
    table: Table,
    *,
    when_empty: Severity | None = "critical",
) -> list[RuleOutcome]:
    """Hold one table's file against its declaration.

    Rules: `columns_as_declared` (names and types), the declared column rules, for every value with a
    state `<value>_exactly_where_reported`, `row_count` with the severity `when_empty` (None: a table without
    a row is as good as any), and `key_unique`.
    A rule whose column the file lacks is `not_evaluated`.

    Returns:
        Outcomes with the table as scope; a failed one names up to 5 rows by their key.
    """
    columns = file_columns(connection, path)
    rules = [*declared_rules(table), *_stated_rules(table)]
    outcomes, failing = run_rules(
        parquet_frames(connection, path, _expressions(table, rules, columns)),
        rules,
        scope=table.name,
        when_empty=when_empty,
    )
    shown = {rule.rule_id: rule for rule in rules}
    told = [
        _with_examples(connection, path, table, columns, shown[outcome.rule_id], outcome, failing)
        if outcome.rule_id in failing
        else outcome
        for outcome in outcomes
    ]
    facts = [_columns_fact(table, columns), _key_fact(connection, path, table, columns)]
    return [*told, *judge_counts(facts)]


def validate_references(
    connection: duckdb.DuckDBPyConnection, files: Mapping[str, Path], tables: Iterable[Table]
) -> list[RuleOutcome]:
    """Every declared reference of some tables leads to a row; NULL refers to nothing.

    Args:
        files: table name → Parquet file, of the tables and of all that they refer to.

    Returns:
        One outcome per reference, rule id `<column>_in_<referred table>`, with the referring table as scope
        and the rows that refer to nothing as failures; `not_evaluated` where a file or column is absent.
    """
    return judge_counts(
        [
            _reference_fact(connection, files, table.name, column, referred, referred_column)
            for table in tables
            for column, referred, referred_column in references_of(table)
        ]
    )


def _stated_rules(table: Table) -> list[ColumnRule]:
    return [
        ColumnRule(
            f"{value}_exactly_where_reported",
            _fits(value, state),
            "holds",
            text=f"{value} is there although {state} is not reported, or is not there although it is",
        )
        for value, state in stated_values(table)
    ]


def _fits(value: str, state: str) -> str:
    return f"{value} fits {state}"


def _expressions(table: Table, rules: Sequence[ColumnRule], columns: Mapping[str, str]) -> dict[str, str]:
    """Frame column → SQL, for what the rules need and the file has."""
    kinds: dict[str, set[str]] = {}
    for rule in rules:
        kinds.setdefault(rule.column, set()).add(rule.kind)
    expressions: dict[str, str] = {}
    for name, wanted in kinds.items():
        if name not in columns:
            continue
        column = identifier(name)
        if wanted == {"present"}:
            # A number in its place: texts that only have to be there are the widest columns of all.
            expressions[name] = f"CASE WHEN {column} IS NULL THEN NULL ELSE 1.0::DOUBLE END"
        else:
            expressions[name] = f"CAST({column} AS {'DOUBLE' if 'range' in wanted else 'VARCHAR'})"
    for value, state in stated_values(table):
        if {value, state} <= set(columns):
            there = f"coalesce(isfinite(CAST({identifier(value)} AS DOUBLE)), false)"
            reported = f"coalesce({identifier(state)} = 'reported', false)"
            expressions[_fits(value, state)] = f"{there} = {reported}"
    return expressions


def _with_examples(
    connection: duckdb.DuckDBPyConnection,
    path: Path,
    table: Table,
    columns: Mapping[str, str],
    rule: ColumnRule,
    outcome: RuleOutcome,
    failing: Mapping[str, Positions],
) -> RuleOutcome:
    """Name some failing rows: by their key, and by the value where it is a code or a number out of range."""
    rows = ", ".join(str(position) for position in failing[rule.rule_id][:EXAMPLES])
    shown = [name for name in key_of(table) if name in columns]
    # A value that should not be there may be a confidential one: its rule shows keys only.
    if rule.kind in ("one_of", "range") and rule.column in columns and rule.column not in shown:
        shown.append(rule.column)
    named = ", ".join(f"coalesce(CAST({identifier(name)} AS VARCHAR), '-')" for name in shown) or "'-'"
    found = connection.execute(
        f"SELECT concat_ws(' ', {named}) FROM {rows_of(path)} "
        f"WHERE file_row_number IN ({rows}) ORDER BY file_row_number"
    ).fetchall()
    return replace(outcome, detail=f"{outcome.detail}, e.g. {'; '.join(row[0] for row in found)}")


def _columns_fact(table: Table, columns: Mapping[str, str]) -> Fact:
    declared = {column.name: duckdb_type(column) for column in table.columns}
    wrong = [f"{name} is missing" for name in declared if name not in columns]
    wrong += [f"{name} is not declared" for name in columns if name not in declared]
    wrong += [
        f"{name} is {columns[name]}, not {kind}"
        for name, kind in declared.items()
        if columns.get(name, kind) != kind
    ]
    return ("columns_as_declared", table.name, len(declared), len(wrong), "; ".join(wrong))


def _key_fact(
    connection: duckdb.DuckDBPyConnection, path: Path, table: Table, columns: Mapping[str, str]
) -> Fact:
    """Rows beyond the first of a key."""
    key = key_of(table)
    missing = [name for name in key if name not in columns]
    if missing or not key:
        return ("key_unique", table.name, 0, None, f"no key column {', '.join(missing)}")
    names = ", ".join(map(identifier, key))
    told = ", ".join(f"coalesce(CAST({identifier(name)} AS VARCHAR), '-')" for name in key)
    answer = connection.execute(
        f"""WITH counted AS (SELECT {names}, count(*) AS n FROM {rows_of(path)} GROUP BY ALL),
                 twice AS (SELECT * FROM counted WHERE n > 1)
            SELECT (SELECT coalesce(sum(n), 0) FROM counted), (SELECT coalesce(sum(n - 1), 0) FROM twice),
                   (SELECT string_agg(concat_ws(' ', {told}), '; ' ORDER BY {names}) FROM
                       (FROM twice ORDER BY {names} LIMIT {EXAMPLES}))"""
    ).fetchone()
    checked, repeated, examples = answer if answer else (0, None, "")
    detail = f"{repeated:,} rows repeat a key, e.g. {examples}" if repeated else ""
    return ("key_unique", table.name, int(checked), None if repeated is None else int(repeated), detail)


def _reference_fact(
    connection: duckdb.DuckDBPyConnection,
    files: Mapping[str, Path],
    table: str,
    column: str,
    referred: str,
    referred_column: str,
) -> Fact:
    rule_id = f"{column}_in_{referred}"
    absent = [name for name in (table, referred) if name not in files]
    if absent:
        return (rule_id, table, 0, None, f"no file of {', '.join(absent)}")
    for name, needed in ((table, column), (referred, referred_column)):
        if needed not in file_columns(connection, files[name]):
            return (rule_id, table, 0, None, f"{name} has no column {needed}")
    answer = connection.execute(
        f"""WITH used AS (SELECT {identifier(column)} AS code, count(*) AS n FROM {_file(files[table])}
                          WHERE code IS NOT NULL GROUP BY 1),
                 known AS (SELECT {identifier(referred_column)} AS code FROM {_file(files[referred])}),
                 lost AS (SELECT used.* FROM used ANTI JOIN known USING (code))
            SELECT (SELECT coalesce(sum(n), 0) FROM used), (SELECT coalesce(sum(n), 0) FROM lost),
                   (SELECT count(*) FROM lost),
                   (SELECT string_agg(CAST(code AS VARCHAR), ', ' ORDER BY code)
                    FROM (FROM lost ORDER BY code LIMIT {EXAMPLES}))"""
    ).fetchone()
    assert answer is not None  # noqa: S101 - an aggregate has a row
    checked, lost, codes, examples = int(answer[0]), int(answer[1]), int(answer[2]), answer[3]
    detail = f"{codes:,} values of {lost:,} rows are not in {referred}, e.g. {examples}" if lost else ""
    return (rule_id, table, checked, lost, detail)


def _file(path: Path) -> str:
    return parquet(path)
