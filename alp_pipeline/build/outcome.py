"""What became of one rule on one subject: the row that every check, gate and report speaks of.

Belongs here: the vocabulary of outcomes. Does not: evaluating rules (`quality`), showing them.
"""

from dataclasses import asdict, dataclass
from typing import Any, Literal

Severity = Literal["critical", "warning"]
Verdict = Literal["passed", "failed", "not_evaluated"]


@dataclass(frozen=True)
class RuleOutcome:
    """One rule, evaluated once.

    A rule that could not be evaluated is `not_evaluated`, which counts as a failure.

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
        return self.outcome != "passed"

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)
