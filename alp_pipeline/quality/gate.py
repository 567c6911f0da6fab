"""What a gate refuses, and outcomes in numbers.

Belongs here: which outcomes count against a gate, the error that stops a release. Does not: evaluating
rules, deciding what happens to a document that was kept out.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from alp_pipeline.build.outcome import RuleOutcome
from alp_pipeline.errors import AlpError

_NAMED = 12


class GateRefused(AlpError):
    """Critical rules failed at the release gate; nothing is published.

    Args:
        failures: the critical failures.
        all_outcomes: everything that the gate evaluated, for whoever reports it.

    >>> twice = RuleOutcome("key_unique", "dim_time", "", "critical", "failed", 9, 2, "2 keys twice")
    >>> GateRefused([twice]).what
    '1 critical rule failed: dim_time key_unique (failed: 2 keys twice)'
    """

    def __init__(self, failures: Sequence[RuleOutcome], *, all_outcomes: Sequence[RuleOutcome] = ()) -> None:
        self.failures = tuple(failures)
        self.all_outcomes = tuple(all_outcomes) or self.failures
        count = len(self.failures)
        named = "; ".join(_said(outcome) for outcome in self.failures[:_NAMED])
        more = f"; and {count - _NAMED} more" if count > _NAMED else ""
        super().__init__(
            f"{count} critical {'rule' if count == 1 else 'rules'} failed: {named}{more}",
            where="release gate",
            todo="The last release stays in use. Mend the inputs or rules named here, then run alp refresh.",
        )

    def __reduce__(self) -> tuple[object, ...]:
        return (_rebuild, (self.failures, self.all_outcomes))


def _rebuild(failures: Sequence[RuleOutcome], all_outcomes: Sequence[RuleOutcome]) -> GateRefused:
    return GateRefused(failures, all_outcomes=all_outcomes)


def _said(outcome: RuleOutcome) -> str:
    about = f"{outcome.scope} {outcome.subject}".strip()
    return f"{about} {outcome.rule_id} ({outcome.outcome.replace('_', ' ')}: {outcome.detail})"


def critical_failures(outcomes: Iterable[RuleOutcome]) -> list[RuleOutcome]:
    """The outcomes that a gate refuses: critical, and failed or not evaluated."""
    return [outcome for outcome in outcomes if outcome.severity == "critical" and outcome.is_failure]


def summarise(outcomes: Iterable[RuleOutcome]) -> dict[str, dict[str, int]]:
    """Rules by severity and outcome, and the rows or facts that failed; both severities always there.

    >>> summarise([RuleOutcome("r", "t", "", "warning", "failed", 9, 2)])["warning"]
    {'rules': 1, 'passed': 0, 'failed': 1, 'not_evaluated': 0, 'waived': 0, 'rows_failed': 2}
    """
    empty = {"rules": 0, "passed": 0, "failed": 0, "not_evaluated": 0, "waived": 0, "rows_failed": 0}
    summary: dict[str, dict[str, int]] = {"critical": dict(empty), "warning": dict(empty)}
    for outcome in outcomes:
        counts = summary[outcome.severity]
        counts["rules"] += 1
        counts[outcome.outcome] += 1
        counts["rows_failed"] += outcome.failed
    return summary
