"""Runs rules on pandas frames with Great Expectations and says what became of each.

Belongs here: the one place that touches Great Expectations' machinery: context, batches, result format,
reading a verdict from a result. Does not: what the rules are, where frames come from, what a failure
means for a gate.

Great Expectations is used so because (measured, version 1.24 on pandas): `COMPLETE` lists every failing
row, but as index *labels*, so the index is reset first; naming index columns costs 25 times as much; a
missing column raises nothing, so a result with `exception_info` is `not_evaluated`; column rules pass on
an empty frame, so every run has a row-count rule; one rule takes 5 to 10 ms on a small frame and 0.1 s on a
million rows, the import 4 s. Hence equal rows are handed over once.
"""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from alp_pipeline.build.outcome import RuleOutcome, Severity, Verdict
from alp_pipeline.quality.expectations import ColumnRule, suite

if TYPE_CHECKING:
    Positions = npt.NDArray[np.int64]

BATCH_ROWS = 500_000
"""Rows that are validated at once; above it a frame is cut. Of ten columns they take about 0.1 GB; four times
as many are no faster."""

_RESULT_FORMAT = {
    "result_format": "COMPLETE",
    "partial_unexpected_count": 0,
    "return_unexpected_index_query": False,
}


def run_rules(
    frames: Iterable[pd.DataFrame] | pd.DataFrame,
    rules: Sequence[ColumnRule],
    *,
    scope: str,
    subject: str = "",
    when_empty: Severity | None = "critical",
) -> tuple[list[RuleOutcome], dict[str, Positions]]:
    """Evaluate row rules over one frame, or over frames that are consecutive parts of one.

    Args:
        frames: the rows, with any index; only the columns that rules name are looked at.
        rules: with distinct ids.
        scope, subject: what the outcomes are about.
        when_empty: severity of the rule `row_count`, that there is at least one row; None where a
            table is declared as possibly empty.

    Returns:
        One outcome per rule, in order, `row_count` last; and for every rule with failing rows their
        positions over all frames, complete and ascending.

    >>> frame = pd.DataFrame({"share_pct": [10.0, 120.0]}, index=["same", "same"])
    >>> outcomes, failing = run_rules(
    ...     frame, [ColumnRule("in_range", "share_pct", "range", (0, 100))], scope="t")
    >>> outcomes[0].outcome, outcomes[0].failed, failing["in_range"].tolist()
    ('failed', 1, [1])
    """
    tallies = {rule.rule_id: _Tally() for rule in rules}
    if len(tallies) != len(rules):
        raise ValueError(f"{scope}: two rules share an id: {[rule.rule_id for rule in rules]}")
    rows = 0
    for frame in _pieces(frames):
        for rule_id, found in _evaluate(frame, rules).items():
            tallies[rule_id].add(found, offset=rows)
        rows += len(frame)
    outcomes = [_outcome(rule, tallies[rule.rule_id], scope, subject) for rule in rules]
    failing = {name: np.concatenate(t.positions) for name, t in tallies.items() if t.failed}
    return [*outcomes, *_row_count(rows, scope, subject, when_empty)], failing


def judge_counts(
    counted: Iterable[tuple[str, str, int, int | None, str]],
    *,
    subject: str = "",
    severity: Severity = "critical",
) -> list[RuleOutcome]:
    """The verdict on facts that a query counted: a fact holds when its count of failures is 0.

    Args:
        counted: (rule id, scope, checked, failed, detail) per fact; `failed` is None where the count could
            not be made.

    >>> facts = [("keys", "t", 9, 0, ""), ("references", "t", 9, 2, "A, B"), ("totals", "t", 0, None, "")]
    >>> [outcome.outcome for outcome in judge_counts(facts)]
    ['passed', 'failed', 'not_evaluated']
    """
    facts = list(counted)
    if not facts:
        return []
    # One row per fact and one expectation for all of them: an expectation per fact costs 8 ms each.
    frame = pd.DataFrame({"failed": pd.Series([fact[3] for fact in facts], dtype="float64")})
    found = _evaluate(frame, [ColumnRule("fact_holds", "failed", "one_of", (0,))])["fact_holds"]
    broken = set(found.positions.tolist())
    outcomes = []
    for row, (rule_id, scope, checked, failed, detail) in enumerate(facts):
        unjudged = failed is None or bool(found.problem)
        verdict: Verdict = "not_evaluated" if unjudged else "failed" if row in broken else "passed"
        told = "; ".join(filter(None, (detail, found.problem)))
        outcomes.append(RuleOutcome(rule_id, scope, subject, severity, verdict, checked, failed or 0, told))
    return outcomes


@dataclass
class _Found:
    """What one evaluation of one rule gave."""

    checked: int = 0
    positions: Positions = field(default_factory=lambda: np.empty(0, dtype=np.int64))
    problem: str = ""
    """Why the rule could not be evaluated."""


@dataclass
class _Tally:
    """One rule over all parts."""

    checked: int = 0
    failed: int = 0
    positions: list[Positions] = field(default_factory=list)
    problem: str = ""

    def add(self, found: _Found, *, offset: int) -> None:
        self.checked += found.checked
        self.failed += len(found.positions)
        self.positions.append(found.positions + offset)
        self.problem = self.problem or found.problem


def _pieces(frames: Iterable[pd.DataFrame] | pd.DataFrame) -> Iterator[pd.DataFrame]:
    parts = [frames] if isinstance(frames, pd.DataFrame) else frames
    for part in parts:
        for start in range(0, max(len(part), 1), BATCH_ROWS):
            yield part.iloc[start : start + BATCH_ROWS]


def _outcome(rule: ColumnRule, tally: _Tally, scope: str, subject: str) -> RuleOutcome:
    verdict: Verdict = "passed"
    detail = ""
    if tally.failed:
        verdict, detail = "failed", f"{tally.failed:,} of {tally.checked:,} rows: {rule.reason}"
    if tally.problem:
        verdict, detail = "not_evaluated", f"could not be evaluated: {tally.problem}"
    return RuleOutcome(
        rule.rule_id, scope, subject, rule.severity, verdict, tally.checked, tally.failed, detail
    )


def _row_count(rows: int, scope: str, subject: str, when_empty: Severity | None) -> list[RuleOutcome]:
    if when_empty is None:
        return []
    detail = f"{rows:,} rows" if rows else "there is no row"
    fact = ("row_count", scope, rows, 0 if rows else 1, detail)
    return judge_counts([fact], subject=subject, severity=when_empty)


def _evaluate(frame: pd.DataFrame, rules: Sequence[ColumnRule]) -> dict[str, _Found]:
    """Every rule on one frame; positions count from the frame's first row.

    A rule looks at one column, so rows that are equal in all columns but the numbers are judged once.
    """
    numbers = {rule.column for rule in rules if rule.kind == "range"}
    of_words = [rule for rule in rules if rule.column in frame.columns and rule.column not in numbers]
    found = _validated(frame, [rule for rule in rules if rule not in of_words])
    if of_words:
        kind_of_row, kinds = _kinds(frame[list(dict.fromkeys(rule.column for rule in of_words))])
        of_kinds = _validated(kinds, of_words)
        for rule in of_words:
            found[rule.rule_id] = _of_rows(of_kinds[rule.rule_id], kind_of_row, kinds, frame[rule.column])
    return found


def _of_rows(of_kinds: _Found, kind_of_row: Positions, kinds: pd.DataFrame, column: pd.Series[Any]) -> _Found:
    """What was found on one row of each kind, said of all rows."""
    if of_kinds.problem:
        return of_kinds
    is_bad = np.zeros(len(kinds), np.bool_)
    is_bad[of_kinds.positions] = True
    # Most rules leave nulls out of what they checked.
    checked = len(column) if of_kinds.checked == len(kinds) else int(column.notna().sum())
    return _Found(checked, np.flatnonzero(is_bad[kind_of_row]))


def _kinds(frame: pd.DataFrame) -> tuple[Positions, pd.DataFrame]:
    """For every row the number of its kind, and one row of each kind, in the order of their numbers."""
    kind_of_row = np.zeros(len(frame), np.int64)
    for name in frame.columns:
        column = frame[name]
        is_coded = isinstance(column.dtype, pd.CategoricalDtype)
        codes = column.cat.codes.to_numpy() if is_coded else pd.factorize(column)[0]
        # Numbered anew after each column: the product of all their counts might not fit into 64 bits.
        told_apart = kind_of_row * (int(codes.max(initial=0)) + 2) + codes + 1
        kind_of_row = pd.factorize(told_apart)[0].astype(np.int64)
    first = np.empty(int(kind_of_row.max(initial=-1)) + 1, np.int64)
    first[kind_of_row[::-1]] = np.arange(len(frame))[::-1]
    return kind_of_row, frame.iloc[first]


def _validated(frame: pd.DataFrame, rules: Sequence[ColumnRule]) -> dict[str, _Found]:
    """Great Expectations' verdict of every rule on one frame."""
    if not rules:
        return {}
    handed = _handed(frame, rules)
    batch = _batch_definition().get_batch(batch_parameters={"dataframe": handed})
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        validated = batch.validate(suite(rules), result_format=_RESULT_FORMAT)
    # Fail closed: a rule that the answer does not mention was not evaluated.
    found = {rule.rule_id: _Found(problem="Great Expectations gave no result") for rule in rules}
    for result in validated.results:
        found[result.expectation_config.meta["rule"]] = _found(result)
    return found


def _handed(frame: pd.DataFrame, rules: Sequence[ColumnRule]) -> pd.DataFrame:
    """The needed columns on a fresh index: results name labels, and duplicates would accuse other rows."""
    names = [name for name in dict.fromkeys(rule.column for rule in rules) if name in frame.columns]
    handed = frame[names].reset_index(drop=True)
    for rule in rules:
        if rule.kind == "range" and rule.column in names:
            column = handed[rule.column]
            # Great Expectations compares any other numeric type than these two value by value in Python.
            if pd.api.types.is_numeric_dtype(column) and column.dtype not in (np.int64, np.float64):
                handed[rule.column] = column.astype("float64")
    return handed


def _found(result: Any) -> _Found:
    answer: Mapping[str, Any] = result.result or {}
    problem = _exception(result.exception_info or {})
    if problem or "element_count" not in answer:
        return _Found(problem=problem or "Great Expectations gave no counts")
    positions = np.asarray(answer.get("unexpected_index_list") or [], dtype=np.int64)
    if len(positions) != answer["unexpected_count"] or bool(result.success) != (len(positions) == 0):
        counted = answer["unexpected_count"]
        return _Found(problem=f"{counted} failing rows counted, {len(positions)} listed")
    return _Found(answer["element_count"] - answer.get("missing_count", 0), np.sort(positions))


def _exception(info: Mapping[str, Any]) -> str:
    """The message of an exception: the info is flat, or has one entry per metric that failed."""
    entries = [info] if "raised_exception" in info else list(info.values())
    messages = [
        str(e.get("exception_message") or "an exception") for e in entries if e.get("raised_exception")
    ]
    return messages[0].split("\n")[0] if messages else ""


@cache
def _batch_definition() -> Any:
    """One context per process: in memory, without progress bars, analytics, or a folder for pages."""
    # Its import log is hundreds of lines long at level INFO.
    logging.getLogger("great_expectations").setLevel(logging.WARNING)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import great_expectations as gx
        from great_expectations.data_context.types.base import (
            DataContextConfig,
            InMemoryStoreBackendDefaults,
            ProgressBarsConfig,
        )

        # The default store makes a temporary folder for HTML pages that nobody asked for. Version 1.24 has
        # no analytics client left; the setting stays for a later version that might.
        config = DataContextConfig(
            store_backend_defaults=InMemoryStoreBackendDefaults(init_temp_docs_sites=False),
            analytics_enabled=False,
            progress_bars=ProgressBarsConfig(globally=False, metric_calculations=False),
        )
        context = gx.get_context(mode="ephemeral", project_config=config)
        source = context.data_sources.add_pandas("frames")
    return source.add_dataframe_asset("frame").add_batch_definition_whole_dataframe("whole")
