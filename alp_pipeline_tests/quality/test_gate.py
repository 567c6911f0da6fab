"""What a gate refuses."""

import pickle

from alp_pipeline.build.outcome import RuleOutcome
from alp_pipeline.errors import AlpError
from alp_pipeline.quality.gate import GateRefused, critical_failures, summarise


def outcome(rule, severity, verdict, failed=0):
    return RuleOutcome(rule, "fct_observation", "", severity, verdict, 9, failed, "why")


PASSED = outcome("a", "critical", "passed")
FAILED = outcome("b", "critical", "failed", 4)
UNKNOWN = outcome("c", "critical", "not_evaluated")
WARNED = outcome("d", "warning", "failed", 2)


def test_a_gate_refuses_critical_failures_and_what_was_not_evaluated_but_no_warning():
    assert critical_failures([PASSED, FAILED, UNKNOWN, WARNED]) == [FAILED, UNKNOWN]


def test_a_refusal_says_what_failed_and_survives_a_process_border():
    refused = GateRefused([FAILED, UNKNOWN], all_outcomes=[PASSED, FAILED, UNKNOWN])
    assert isinstance(refused, AlpError)
    assert str(refused) == (
        "GateRefused: release gate: 2 critical rules failed: fct_observation b (failed: why); "
        "fct_observation c (not evaluated: why). The last release stays in use. "
        "Mend the inputs or rules named here, then run alp refresh."
    )
    copy = pickle.loads(pickle.dumps(refused))  # noqa: S301 - our own bytes
    assert (str(copy), copy.failures, copy.all_outcomes) == (
        str(refused),
        (FAILED, UNKNOWN),
        (PASSED, FAILED, UNKNOWN),
    )


def test_a_long_refusal_names_twelve_and_says_how_many_more():
    assert "; and 8 more." in str(GateRefused([FAILED] * 20))


def test_outcomes_are_counted_by_severity():
    assert summarise([PASSED, FAILED, UNKNOWN, WARNED]) == {
        "critical": {"rules": 3, "passed": 1, "failed": 1, "not_evaluated": 1, "rows_failed": 4},
        "warning": {"rules": 1, "passed": 0, "failed": 1, "not_evaluated": 0, "rows_failed": 2},
    }
