"""What became of one rule on one subject: the row that every check, gate and report speaks of.

Belongs here: the vocabulary of outcomes. Does not: evaluating rules (`quality`), showing them.
"""

from dataclasses import asdict, dataclass, replace
from typing import Any, Literal, Self

Severity = Literal["critical", "warning"]
Verdict = Literal["passed", "failed", "not_evaluated", "waived"]


@dataclass(frozen=True)
class RuleOutcome:
    """One rule, evaluated once.

    A rule that could not be evaluated is `not_evaluated`, which counts as a failure. A failure that a person
    answered for is `waived`, which does not; `detail` says who, when and why.

    >>> RuleOutcome("row_count", "eurostat.x", "", "critical", "not_evaluated", 0, 0, "no column").is_failure
    True
    """

    rule_id: str
    scope: str
    """The dataset or the table."""
    subject: str
    """The document or the file within the scope; empty when the rule concerns the whole scope."""
    severity: Severity
    outcome: Verdict
    checked: int
    failed: int
    detail: str = ""

    @property
    def is_failure(self) -> bool:
        return self.outcome in ("failed", "not_evaluated")

    def waived(self, said: str) -> Self:
        """The same failure, answered for by a decision.

        >>> failed = RuleOutcome("size_band", "eurostat.x", "ab", "critical", "failed", 1, 1, "too few")
        >>> failed.waived("accepted by A. Rossi on 2026-01-02T03:04:05Z: so published").detail
        'too few; accepted by A. Rossi on 2026-01-02T03:04:05Z: so published'
        """
        told = filter(None, (self.detail.rstrip("."), said))
        return replace(self, outcome="waived", detail="; ".join(told))

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)
