"""The intake gate of one document: rows that break a row rule go to quarantine, table rules gate.

Belongs here: the rules that hold for every document, those of its catalogue entry, the verdict. Does not:
parsing, choosing among accepted documents (plan.intake), putting rows aside (`quarantine`), the release gate
(`tables`).

A critical row rule sends a row to quarantine and fails only when its rows are more than the entry's
`max_quarantine_share` of the document, or when the entry says that it gates (then one row is enough); a row
rule of severity `warning` only counts. The table rules
are `row_count`, `key_unique`, `accounting_closes` and `quarantine_share`. A document with a header and no
cell is a valid empty dataset: accepted, with a warning (whether it may replace a full one is the question of
`quality.bands`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from alp_pipeline.build.outcome import RuleOutcome, Severity
from alp_pipeline.build.sql import identifier, literal
from alp_pipeline.observations.schema import CELL_STATES, CONFIDENTIALITY_CODES, DIMENSION_COLUMNS, FLAG_ORDER
from alp_pipeline.observations.selection import has_code
from alp_pipeline.quality.expectations import ColumnRule
from alp_pipeline.quality.frames import parquet_frames, rows_of
from alp_pipeline.quality.gate import critical_failures
from alp_pipeline.quality.nesting import judge_nesting
from alp_pipeline.quality.quarantine import aside, quarantine, rows_that_break
from alp_pipeline.quality.runner import judge_counts, run_rules

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

    from alp_pipeline.catalog.models import DatasetEntry, ValueRule

TIME_PERIOD = (
    "[12][0-9]{3}(?:-(?:S[12]|Q[1-4]|W(?:0[1-9]|[1-4][0-9]|5[0-3])"
    "|(?:0[1-9]|1[0-2])(?:-(?:0[1-9]|[12][0-9]|3[01]))?))?"
)

# name in the frame → SQL over the canonical columns. What a cell that was not understood lacks is not held
# against it a second time, hence `cell_state IS NULL OR …`.
_COLUMNS = {
    "cell_state": "cell_state",
    "series_key": "CASE WHEN series_key IS NULL THEN NULL ELSE 1.0::DOUBLE END",
    "time_period": "coalesce(time_period, '')",
    "published": "CASE WHEN published IS NULL THEN NULL ELSE 1.0::DOUBLE END",
    "obs_status": "coalesce(obs_status, '?')",
    "conf_status": "conf_status",
    "value_fits_state": "cell_state IS NULL OR coalesce(isfinite(value), false) = (cell_state = 'reported')",
    "hidden": "value IS NULL OR (conf_status IS NULL AND coalesce(cell_state <> 'confidential', true))",
}

ROW_RULES = (
    ColumnRule("cell_understood", "cell_state", "present", text="the cell was not understood"),
    ColumnRule("series_key_present", "series_key", "present", text="the series has no key"),
    ColumnRule("dimensions_present", "dimensions", "holds", text="a dimension of the dataset has no code"),
    ColumnRule(
        "time_period_form", "time_period", "matches", TIME_PERIOD, text="the period has no known form"
    ),
    ColumnRule(
        "value_exactly_where_reported",
        "value_fits_state",
        "holds",
        text="there is a number without the state reported, or that state without a finite number",
    ),
    ColumnRule("cell_state_in_vocabulary", "cell_state", "one_of", CELL_STATES, text="the state is unknown"),
    ColumnRule("obs_status_known", "obs_status", "matches", f"[{FLAG_ORDER}]*", text="unknown flag letter"),
    ColumnRule(
        "conf_status_known",
        "conf_status",
        "one_of",
        CONFIDENTIALITY_CODES,
        text="the confidentiality code is unknown",
    ),
    ColumnRule("confidential_without_value", "hidden", "holds", text="a confidential cell carries a number"),
    ColumnRule("published_present", "published", "present", text="the cell as published was not kept"),
)
"""The rules that every canonical row must keep, whatever the dataset."""


TABLE_RULES = ("row_count", "key_unique", "accounting_closes", "quarantine_share", "codes_in_structure")
"""The rules on a document as a whole (the last one: `quality.codes`)."""


@dataclass(frozen=True)
class IntakeVerdict:
    """What the intake gate says of one document."""

    document_id: str
    outcomes: tuple[RuleOutcome, ...]
    accepted: bool
    """Whether no critical rule failed."""
    quarantine: pa.Table
    """Rows of `quarantine.QUARANTINE_SCHEMA`, by `row_number`; all of them, accepted document or not."""


def validate_document(
    connection: duckdb.DuckDBPyConnection,
    parsed: Path,
    dataset: DatasetEntry,
    *,
    document_id: str,
    declared_cells: int,
    keys_differ: bool = False,
) -> IntakeVerdict:
    """Judge one parsed document, row by row and as a whole.

    Args:
        connection: keeps the quarantined rows as a temporary table, for `accepted_rows_query`.
        parsed: Parquet file of canonical observations in document order (OBSERVATION_SCHEMA).
        dataset: its value rules and `max_quarantine_share` apply.
        declared_cells: how many cells the document holds by its own layout: series × periods.
        keys_differ: whether it is known that no two rows have one key; otherwise they are counted.

    Returns:
        Outcomes with the dataset as scope and the document as subject: row rules, then table rules.
    """
    rules = [*ROW_RULES, *(_value_rule(rule) for rule in dataset.value_rules)]
    columns = _COLUMNS | {"dimensions": _dimensions_sql(dataset.dimensions)}
    columns |= {_value_column(rule): _value_sql(rule) for rule in dataset.value_rules}
    judged, failing = run_rules(
        parquet_frames(connection, parsed, columns),
        rules,
        scope=dataset.id,
        subject=document_id,
        when_empty="critical" if declared_cells else "warning",
    )
    *row_outcomes, row_count = judged
    nested = judge_nesting(
        connection, parsed, dataset, subject=document_id, without=rows_that_break(rules, failing)
    )
    set_aside = quarantine(connection, parsed, rules, failing, nested.contradicted, document_id)
    most = dataset.max_quarantine_share * declared_cells
    gating = {rule.id for rule in dataset.value_rules if rule.gates}
    outcomes = [
        *(
            _gated(outcome)
            if outcome.rule_id in gating
            else _within_share(outcome, most, dataset.max_quarantine_share)
            for outcome in (*row_outcomes, *nested.outcomes)
        ),
        row_count,
        *judge_counts(
            [
                _key_fact(connection, parsed, dataset.id, document_id, keys_differ=keys_differ),
                _accounting_fact(connection, parsed, dataset.id, document_id, declared_cells),
                _share_fact(dataset, set_aside.num_rows, declared_cells, most),
            ],
            subject=document_id,
        ),
    ]
    accepted = not critical_failures(outcomes)
    return IntakeVerdict(document_id, tuple(outcomes), accepted, set_aside)


def accepted_rows_query(parsed: Path, verdict: IntakeVerdict) -> str:
    """SQL that gives a document's rows without the quarantined ones: canonical columns, in no order.

    It holds on the connection that `validate_document` was given.
    """
    return _accepted(parsed, verdict.document_id, "* EXCLUDE (file_row_number)")


def waivable_rules(dataset: DatasetEntry) -> tuple[str, ...]:
    """Rules that may keep a document of this dataset out and that a person may waive.

    A document that cannot be read is none of them: there is nothing to take in.
    """
    own = (rule.id for rule in dataset.value_rules if rule.severity == "critical")
    nesting = (rule.id for rule in dataset.nesting_rules if rule.severity == "critical")
    return (*(rule.rule_id for rule in ROW_RULES), *own, *nesting, *TABLE_RULES)


def _value_column(rule: ValueRule) -> str:
    return f"value of {rule.id}"


def _value_rule(rule: ValueRule) -> ColumnRule:
    severity: Severity = "critical" if rule.severity == "critical" else "warning"
    return ColumnRule(rule.id, _value_column(rule), "range", (rule.min, rule.max), severity, rule.what)


def _value_sql(rule: ValueRule) -> str:
    """The value where the rule applies, otherwise NULL, which no range rule looks at."""
    conditions = [has_code(name, codes) for name, codes in rule.select.items()]
    return f"CASE WHEN {' AND '.join(conditions)} THEN value END" if conditions else "value"


def _dimensions_sql(dimensions: Sequence[str]) -> str:
    own = [f"{identifier(name)} IS NOT NULL" for name in dimensions if name in DIMENSION_COLUMNS]
    other = [
        f"contains(';' || coalesce(other_dimensions, ''), {literal(f';{name}=')})"
        for name in dimensions
        if name not in DIMENSION_COLUMNS
    ]
    return " AND ".join([*own, *other])


def _gated(outcome: RuleOutcome) -> RuleOutcome:
    """A rule on cells of known magnitude: quarantine is no answer to a change of unit."""
    if outcome.outcome != "failed":
        return outcome
    return replace(outcome, detail=f"{outcome.detail}; one such cell keeps the document out")


def _within_share(outcome: RuleOutcome, most: float, share: float) -> RuleOutcome:
    """A row rule whose rows are few enough has done its work by putting them in quarantine."""
    if outcome.severity != "critical" or outcome.outcome != "failed":
        return outcome
    bound = f"at most {100 * share:g} % of the document's cells"
    if outcome.failed > most:
        return replace(outcome, detail=f"{outcome.detail}; more than {bound} are in quarantine for it")
    return replace(outcome, outcome="passed", detail=f"{outcome.detail}; in quarantine, {bound}")


def _accepted(parsed: Path, document_id: str, columns: str) -> str:
    return (
        f"SELECT {columns} FROM {rows_of(parsed)} AS p "
        f"ANTI JOIN {aside(document_id)} AS q ON p.file_row_number = q.row_number"
    )


# --- facts about the document as a whole --------------------------------------------------------------------

_Fact = tuple[str, str, int, int | None, str]
_KEYS_AT_ONCE = 3_000_000
_EXAMPLES = 5


def _key_fact(
    connection: duckdb.DuckDBPyConnection,
    parsed: Path,
    scope: str,
    document_id: str,
    *,
    keys_differ: bool,
) -> _Fact:
    """Rows beyond the first of a (series, period); which of them is right nobody can tell."""
    rows = _accepted(parsed, document_id, "series_key, time_period")
    [(checked,)] = connection.execute(f"SELECT count(*) FROM ({rows})").fetchall()
    parts = 0 if keys_differ else 1 + checked // _KEYS_AT_ONCE
    repeated = 0
    examples: list[tuple[str, str]] = []
    # Part by part, because DuckDB gives up where the keys of a grouping do not fit into its memory.
    for part in range(parts):
        found = connection.execute(
            f"""SELECT series_key, time_period, sum(n - 1) OVER () FROM (
                    SELECT series_key, time_period, count(*) AS n FROM ({rows})
                    WHERE hash(series_key) % {parts} = {part} GROUP BY ALL HAVING n > 1)
                ORDER BY series_key, time_period LIMIT {_EXAMPLES}"""
        ).fetchall()
        repeated += int(found[0][2]) if found else 0
        examples += [(series, period) for series, period, _ in found]
    told = ", ".join(f"{series} {period}" for series, period in sorted(examples)[:_EXAMPLES])
    detail = f"{repeated:,} rows repeat a series and period: {told}" if repeated else ""
    return ("key_unique", scope, int(checked), repeated, detail)


def _accounting_fact(
    connection: duckdb.DuckDBPyConnection, parsed: Path, scope: str, document_id: str, declared: int
) -> _Fact:
    """Cells by state plus quarantined cells must be the cells that the document holds by its layout."""
    counted = connection.execute(
        f"""SELECT cell_state, count(*) FROM ({_accepted(parsed, document_id, "cell_state")})
            WHERE cell_state IS NOT NULL GROUP BY 1
            UNION ALL SELECT 'quarantined', count(*) FROM {aside(document_id)}"""
    ).fetchall()
    numbers = {str(state): int(cells) for state, cells in counted}
    total = sum(numbers.values())
    order = (*CELL_STATES, "quarantined")
    terms = [f"{numbers[name]:,} {name.replace('_', ' ')}" for name in order if numbers.get(name)]
    missing = abs(declared - total)
    says = f"{' + '.join(terms) or '0'} = {total:,} of {declared:,} cells"
    told = f"{says}; {missing:,} cells are not accounted for" if missing else says
    return ("accounting_closes", scope, declared, missing, told)


def _share_fact(dataset: DatasetEntry, quarantined: int, declared: int, most: float) -> _Fact:
    share = f" ({100 * quarantined / declared:.3g} %)" if declared else ""
    detail = (
        f"{quarantined:,} of {declared:,} cells{share} in quarantine; at most "
        f"{100 * dataset.max_quarantine_share:g} % allowed"
    )
    return ("quarantine_share", dataset.id, declared, quarantined if quarantined > most else 0, detail)
