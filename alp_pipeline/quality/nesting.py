"""Wholes that their own parts exceed: a country's or region's figure below the sum of its regions.

Belongs here: evaluating a dataset's nesting rules on one document. Does not: which figures add up (catalog),
what a unit is made of (geography.partitions), quarantine (`quarantine`).

Confidential and missing parts only make the sum smaller, so parts need not be complete. Tables keep the codes
of several NUTS versions in one period, and revise those of one alone: in bd_size_r3 of 2014 the old codes of
two provinces make FI1D 12 % too small, the new ones add up. So a figure is held against one version for each
level, that of which the largest share of codes answers, the newest on a tie: the rule of geography.versions.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from alp_pipeline.build.outcome import RuleOutcome, Severity
from alp_pipeline.observations.selection import code_of, has_code
from alp_pipeline.quality.frames import rows_of
from alp_pipeline.quality.runner import judge_counts

if TYPE_CHECKING:
    import duckdb

    from alp_pipeline.catalog.models import DatasetEntry, NestingRule
    from alp_pipeline.quality.runner import Positions


@dataclass(frozen=True)
class Contradiction:
    """A cell that its own parts exceed."""

    row_number: int
    rule_id: str
    reason: str


@dataclass(frozen=True)
class Nesting:
    """What a dataset's nesting rules say of one document."""

    outcomes: tuple[RuleOutcome, ...] = ()
    contradicted: tuple[Contradiction, ...] = ()
    """Of critical rules, by row number; a row once."""


def judge_nesting(
    connection: duckdb.DuckDBPyConnection,
    parsed: Path,
    dataset: DatasetEntry,
    *,
    subject: str,
    without: Positions,
) -> Nesting:
    """Hold every figure that a nesting rule selects against the sum of its published parts.

    Args:
        parsed: Parquet file of canonical observations.
        dataset: its nesting rules apply; a cell that two of them select is the first one's.
        without: rows that are in quarantine already; a broken part must not accuse its whole.
    """
    rules = dataset.nesting_rules
    if not rules:
        return Nesting()
    import pyarrow as pa

    from alp_pipeline.geography.partitions import partitions

    connection.register("nesting_partitions", partitions())
    connection.register("nesting_without", pa.table({"row_number": without}))
    try:
        connection.execute(f"CREATE OR REPLACE TEMP TABLE nesting_cells AS {_cells(parsed, dataset)}")
        connection.execute(f"CREATE OR REPLACE TEMP TABLE nesting_found AS {_FOUND}")
        checked = dict(
            connection.execute(
                "SELECT rule, count(DISTINCT row_number) FROM nesting_found GROUP BY 1"
            ).fetchall()
        )
        exceeded = connection.execute(_exceeded(rules)).fetchall()
    finally:
        connection.execute("DROP TABLE IF EXISTS nesting_cells; DROP TABLE IF EXISTS nesting_found")
        connection.unregister("nesting_partitions")
        connection.unregister("nesting_without")
    outcomes: list[RuleOutcome] = []
    contradicted = []
    for number, rule in enumerate(rules):
        found = [
            Contradiction(row[0], rule.id, _reason(rule, *row[2:])) for row in exceeded if row[1] == number
        ]
        severity: Severity = "critical" if rule.severity == "critical" else "warning"
        detail = f"{len(found):,} of {checked.get(number, 0):,} rows: {rule.what}" if found else ""
        fact = (rule.id, dataset.id, checked.get(number, 0), len(found), detail)
        outcomes += judge_counts([fact], subject=subject, severity=severity)
        contradicted += found if severity == "critical" else []
    return Nesting(tuple(outcomes), tuple(sorted(contradicted, key=lambda one: one.row_number)))


def _cells(parsed: Path, dataset: DatasetEntry) -> str:
    """Answers that rules select: the rule's number, and the family of figures that differ by region alone."""
    cases = " ".join(
        f"WHEN {' AND '.join(has_code(name, codes) for name, codes in rule.select.items()) or 'true'} "
        f"THEN {number}"
        for number, rule in enumerate(dataset.nesting_rules)
    )
    family = ", ".join(code_of(name) for name in dataset.dimensions if name != "geo")
    # As decimals, because sums of floating-point numbers depend on how threads are scheduled.
    return f"""
        SELECT file_row_number AS row_number, CASE {cases} END AS rule, geo, time_period,
               concat_ws(' ', {family}) AS family,
               if(cell_state = 'reported', TRY_CAST(value AS DECIMAL(28, 6)), NULL) AS value
        FROM {rows_of(parsed)}
        WHERE rule IS NOT NULL AND cell_state IN ('reported', 'confidential')
          AND file_row_number NOT IN (SELECT row_number FROM nesting_without)"""


_FOUND = """
    WITH sums AS (
        SELECT unit_code, part_level, newest_version, rule, family, time_period, sum(value) AS total,
               count(value) AS published, count(*) / any_value(part_count) AS answered_share
        FROM nesting_cells JOIN nesting_partitions ON geo = part_code
        GROUP BY ALL)
    SELECT row_number, rule, geo, time_period, value, total, published, part_level, newest_version
    FROM nesting_cells JOIN sums USING (rule, family, time_period)
    WHERE geo = unit_code AND value IS NOT NULL
    QUALIFY row_number() OVER (PARTITION BY row_number, part_level
                               ORDER BY answered_share DESC, newest_version DESC) = 1"""


def _exceeded(rules: Sequence[NestingRule]) -> str:
    """The contradicted cells, each with the level whose sum is the largest."""
    bounds = " ".join(
        f"WHEN {number} THEN value * {1 + rule.tolerance:.6f} + {rule.rounding / 2:.6f} * (published + 1)"
        for number, rule in enumerate(rules)
    )
    return f"""
        SELECT row_number, rule, geo, time_period, CAST(value AS DOUBLE), CAST(total AS DOUBLE), published,
               part_level, newest_version
        FROM nesting_found WHERE total > CASE rule {bounds} END
        QUALIFY row_number() OVER (PARTITION BY row_number ORDER BY total DESC, part_level) = 1
        ORDER BY row_number"""


def _reason(
    rule: NestingRule,
    geo: str,
    period: str,
    value: float,
    total: float,
    published: int,
    level: int,
    version: int,
) -> str:
    return (
        f"{geo} {period}: {published} published NUTS {level} units (NUTS {version}) add up to {total:,.12g}, "
        f"more than {100 * rule.tolerance:g} % above the published {value:,.12g}: unit or parts are wrong"
    )
