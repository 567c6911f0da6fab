"""Which rows of a document stand in quarantine, with the rules that they break and the reasons.

Belongs here: putting rows aside, their texts, withholding what may be hidden. Does not: which rows break a
rule (quality.intake, quality.nesting).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from alp_pipeline.build.sql import identifier
from alp_pipeline.quality.expectations import ColumnRule
from alp_pipeline.quality.frames import rows_of

if TYPE_CHECKING:
    import duckdb

    from alp_pipeline.quality.nesting import Contradiction
    from alp_pipeline.quality.runner import Positions

QUARANTINE_SCHEMA = pa.schema(
    [
        pa.field("row_number", pa.int64(), nullable=False),
        pa.field("series_key", pa.string()),
        pa.field("time_period", pa.string()),
        pa.field("published", pa.string()),
        pa.field("rule_ids", pa.string(), nullable=False),
        pa.field("reasons", pa.string(), nullable=False),
    ]
)
"""`row_number`: position in the parsed file, from 0; `rule_ids`: separated by blanks."""

_WITHHELD = "(withheld)"
# A number that should be hidden must not come to light through the quarantine. The last condition is for a
# cell that was not understood: a letter c after a number may have meant confidential.
_HIDDEN = (
    "p.conf_status IS NOT NULL OR coalesce(p.cell_state = 'confidential', false) "
    "OR (p.cell_state IS NULL AND regexp_matches(coalesce(p.published, ''), '[0-9].*[cC]'))"
)


def quarantine(
    connection: duckdb.DuckDBPyConnection,
    parsed: Path,
    rules: Sequence[ColumnRule],
    failing: Mapping[str, Positions],
    contradicted: Sequence[Contradiction],
    document_id: str,
) -> pa.Table:
    """Put the rows that break a critical rule aside, with every rule they break.

    Args:
        connection: keeps them as the temporary table `aside(document_id)`.
        rules, failing: row rules and the positions that break them.
        contradicted: rows beyond those, each with a reason of its own.

    Returns: rows of QUARANTINE_SCHEMA, by `row_number`.

    Few combinations of rules occur however many rows there are, so their texts are made once per
    combination. For 1.4 M rows that takes 2 s; putting the texts together row by row in SQL took 7 s.
    """
    broken = _broken(rules, failing)
    rows = rows_that_break(rules, failing)
    combination = np.zeros(len(rows), np.int64)
    combinations: list[tuple[ColumnRule, ...]] = [()]
    for rule in broken:
        hit = np.isin(rows, failing[rule.rule_id], assume_unique=True)
        codes, combination = np.unique(2 * combination + hit, return_inverse=True)
        combinations = [combinations[code // 2] + (rule,) * int(code % 2) for code in codes]
    own = np.arange(len(combinations), len(combinations) + len(contradicted))
    numbers = np.array([one.row_number for one in contradicted], np.int64)
    found = pa.table(
        {
            "row_number": np.concatenate([rows, numbers]),
            "combination": np.concatenate([combination, own]),
        }
    )
    texts = pa.concat_tables([_texts(combinations), _own_texts(contradicted, first=len(combinations))])
    connection.register("quarantine_found", found)
    connection.register("quarantine_texts", texts)
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE {aside(document_id)} AS SELECT row_number FROM quarantine_found"
    )
    quarantined = connection.execute(_QUARANTINE.format(rows=rows_of(parsed))).to_arrow_table()
    connection.unregister("quarantine_found")
    connection.unregister("quarantine_texts")
    return quarantined.cast(QUARANTINE_SCHEMA)


_TEXTS = pa.schema(
    [
        ("combination", pa.int64()),
        ("rule_ids", pa.string()),
        ("is_understood", pa.bool_()),
        ("reasons", pa.string()),
        ("other_reasons", pa.string()),
    ]
)


def _broken(rules: Sequence[ColumnRule], failing: Mapping[str, Positions]) -> list[ColumnRule]:
    return [rule for rule in rules if rule.rule_id in failing and rule.severity == "critical"]


def rows_that_break(rules: Sequence[ColumnRule], failing: Mapping[str, Positions]) -> Positions:
    """The positions that break any critical row rule, ascending."""
    positions = (failing[rule.rule_id] for rule in _broken(rules, failing))
    return np.unique(np.concatenate([np.empty(0, np.int64), *positions]))


def _texts(combinations: Sequence[tuple[ColumnRule, ...]]) -> pa.Table:
    """One row per combination; `other_reasons` leaves out what the parser says better."""
    others = [[rule for rule in rules if rule.rule_id != "cell_understood"] for rules in combinations]
    columns: tuple[list[object], ...] = (
        list(range(len(combinations))),
        [" ".join(rule.rule_id for rule in rules) for rules in combinations],
        [len(rest) == len(rules) for rest, rules in zip(others, combinations, strict=True)],
        ["; ".join(rule.reason for rule in rules) for rules in combinations],
        ["; ".join(rule.reason for rule in rest) or None for rest in others],
    )
    return pa.table([pa.array(column) for column in columns], schema=_TEXTS)


def _own_texts(contradicted: Sequence[Contradiction], *, first: int) -> pa.Table:
    rows = [
        {
            "combination": first + place,
            "rule_ids": one.rule_id,
            "is_understood": True,
            "reasons": one.reason,
            "other_reasons": one.reason,
        }
        for place, one in enumerate(contradicted)
    ]
    return pa.Table.from_pylist(rows, schema=_TEXTS)


_NUMBER = "[-+]?[0-9][0-9.,]*([eE][-+]?[0-9]+)?"
_QUARANTINE = f"""
    WITH found AS (
        SELECT f.row_number, p.series_key, p.time_period, p.published, p.problem, {_HIDDEN} AS is_hidden, t.*
        FROM quarantine_found f
        JOIN quarantine_texts t USING (combination)
        JOIN {{rows}} p ON p.file_row_number = f.row_number),
    shown AS (
        SELECT * REPLACE (
            CASE WHEN is_hidden THEN regexp_replace(published, '{_NUMBER}', '{_WITHHELD}', 'g')
                 ELSE published END AS published,
            CASE WHEN is_hidden THEN regexp_replace(problem, '{_NUMBER}', '{_WITHHELD}', 'g')
                 ELSE problem END AS problem)
        FROM found)
    SELECT row_number, series_key, time_period, published, rule_ids,
           CASE WHEN is_understood OR problem IS NULL THEN reasons
                ELSE concat_ws('; ', problem, other_reasons) END AS reasons
    FROM shown ORDER BY row_number"""


def aside(document_id: str) -> str:
    return identifier(f"quarantined {document_id}")
