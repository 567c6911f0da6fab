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
    answered = FAILED.waived("waived by A. Rossi")
    found = summarise([PASSED, FAILED, UNKNOWN, WARNED, answered])
    assert (found["critical"]["rules"], found["critical"]["rows_failed"]) == (4, 8)
    by_outcome = {name: found["critical"][name] for name in ("passed", "failed", "not_evaluated", "waived")}
    assert set(by_outcome.values()) == {1}
    assert found["warning"]["rules"] == found["warning"]["failed"] == 1


def test_a_failure_that_a_person_answers_for_does_not_gate():
    assert critical_failures([FAILED]) == [FAILED]
    assert critical_failures([FAILED.waived("waived by A. Rossi")]) == []
