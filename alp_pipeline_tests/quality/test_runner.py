"""Rules on frames: every failing row is found, and what could not be evaluated is a failure."""

import logging
import socket

import numpy as np
import pandas as pd
import pytest

from alp_pipeline.quality import runner
from alp_pipeline.quality.expectations import ColumnRule, expectation, suite
from alp_pipeline.quality.runner import judge_counts, run_rules

PRESENT = ColumnRule("geo_present", "geo", "present")
KNOWN = ColumnRule("sex_known", "sex", "one_of", ("F", "M"))
SHARE = ColumnRule("share_in_range", "share_pct", "range", (0, 100))
YEAR = ColumnRule("year_form", "year", "matches", "[12][0-9]{3}")
TRUE = ColumnRule("state_fits", "fits", "holds")


def verdicts(outcomes):
    return {outcome.rule_id: outcome.outcome for outcome in outcomes}


def positions(failing):
    return {rule: found.tolist() for rule, found in failing.items()}


def test_each_kind_of_rule_finds_exactly_the_rows_that_break_it():
    frame = pd.DataFrame(
        {
            "geo": ["ITC4", None, "AT33"],
            "sex": ["F", "X", None],
            "share_pct": [100.0, -0.1, float("nan")],
            "year": ["2014", "2014 ", "214"],
            "fits": [True, True, False],
        }
    )
    outcomes, failing = run_rules(frame, [PRESENT, KNOWN, SHARE, YEAR, TRUE], scope="t", subject="d")
    assert positions(failing) == {
        "geo_present": [1],
        "sex_known": [1],
        "share_in_range": [1],
        "year_form": [1, 2],
        "state_fits": [2],
    }
    assert [(o.rule_id, o.checked, o.failed) for o in outcomes] == [
        ("geo_present", 3, 1),
        ("sex_known", 2, 1),  # an empty cell is the business of `present` alone
        ("share_in_range", 2, 1),
        ("year_form", 3, 2),
        ("state_fits", 3, 1),
        ("row_count", 3, 0),
    ]
    assert {(o.scope, o.subject) for o in outcomes} == {("t", "d")}
    assert outcomes[1].detail == "1 of 2 rows: sex is not one of F, M"


def test_a_rule_on_a_missing_column_is_not_evaluated_and_leaves_the_others_alone():
    outcomes, failing = run_rules(pd.DataFrame({"sex": ["F", "X"]}), [SHARE, KNOWN], scope="t")
    assert verdicts(outcomes) == {
        "share_in_range": "not_evaluated",
        "sex_known": "failed",
        "row_count": "passed",
    }
    assert outcomes[0].is_failure
    assert 'column "share_pct" in BatchData does not exist' in outcomes[0].detail
    assert positions(failing) == {"sex_known": [1]}


def test_a_rule_that_raises_is_not_evaluated():
    outcomes, _ = run_rules(pd.DataFrame({"share_pct": ["ten", "eleven"]}), [SHARE], scope="t")
    assert verdicts(outcomes) == {"share_in_range": "not_evaluated", "row_count": "passed"}


def test_a_rule_that_the_answer_leaves_out_is_not_evaluated(monkeypatch):
    monkeypatch.setattr(runner, "suite", lambda rules: suite(rules[:1]))
    found = runner._evaluate(pd.DataFrame({"geo": ["A"], "sex": ["F"]}), [PRESENT, KNOWN])
    assert found["sex_known"].problem == "Great Expectations gave no result"


def test_an_empty_frame_fails_unless_it_may_be_empty():
    empty = pd.DataFrame({"sex": pd.Series([], dtype="str")})
    assert verdicts(run_rules(empty, [KNOWN], scope="t")[0]) == {"sex_known": "passed", "row_count": "failed"}
    assert verdicts(run_rules([], [KNOWN], scope="t")[0])["row_count"] == "failed"
    warned = run_rules(empty, [KNOWN], scope="t", when_empty="warning")[0][-1]
    assert (warned.rule_id, warned.severity, warned.outcome) == ("row_count", "warning", "failed")
    assert verdicts(run_rules(empty, [KNOWN], scope="t", when_empty=None)[0]) == {"sex_known": "passed"}


def test_duplicate_index_labels_accuse_only_the_row_that_fails():
    frame = pd.DataFrame({"sex": ["F", "X", "F"]}, index=["same", "same", "same"])
    assert positions(run_rules(frame, [KNOWN], scope="t")[1]) == {"sex_known": [1]}


def test_the_list_of_failing_rows_is_complete_however_long():
    share = np.where(np.arange(400_000) % 4 == 0, 50.0, 150.0)
    outcomes, failing = run_rules(pd.DataFrame({"share_pct": share}), [SHARE], scope="t")
    assert (outcomes[0].checked, outcomes[0].failed) == (400_000, 300_000)
    assert np.array_equal(failing["share_in_range"], np.flatnonzero(share > 100))


def test_parts_give_the_same_result_as_one_frame(monkeypatch):
    frame = pd.DataFrame({"sex": ["F", "X", None, "M", "Y"], "share_pct": [1, 2, 300, 4, 500]})
    whole = run_rules(frame, [KNOWN, SHARE], scope="t")
    for parts in ([frame.iloc[:2], frame.iloc[2:4], frame.iloc[4:]], [frame.iloc[:0], frame]):
        assert run_rules(parts, [KNOWN, SHARE], scope="t")[0] == whole[0]
        assert positions(run_rules(parts, [KNOWN, SHARE], scope="t")[1]) == positions(whole[1])
    monkeypatch.setattr(runner, "BATCH_ROWS", 2)
    assert run_rules(frame, [KNOWN, SHARE], scope="t")[0] == whole[0]
    assert positions(run_rules(frame, [KNOWN, SHARE], scope="t")[1]) == {
        "sex_known": [1, 4],
        "share_in_range": [2, 4],
    }


def test_a_rule_that_one_part_cannot_evaluate_is_not_evaluated_as_a_whole():
    parts = [pd.DataFrame({"sex": ["F"]}), pd.DataFrame({"age": ["Y15"]})]
    assert verdicts(run_rules(parts, [KNOWN], scope="t")[0]) == {
        "sex_known": "not_evaluated",
        "row_count": "passed",
    }


@pytest.mark.parametrize("dtype", ["int8", "int32", "float32", "Int64"])
def test_ranges_hold_for_every_numeric_type(dtype):
    frame = pd.DataFrame({"share_pct": pd.Series([0, 100, 101], dtype=dtype)})
    assert positions(run_rules(frame, [SHARE], scope="t")[1]) == {"share_in_range": [2]}


def test_two_rules_of_one_id_are_refused():
    with pytest.raises(ValueError, match="two rules share an id"):
        run_rules(pd.DataFrame({"sex": []}), [KNOWN, KNOWN], scope="t")


def test_rules_that_say_the_same_under_two_ids_are_both_judged():
    twin = ColumnRule("sex_known_again", "sex", "one_of", ("F", "M"), severity="warning")
    outcomes, failing = run_rules(pd.DataFrame({"sex": ["X"]}), [KNOWN, twin], scope="t")
    assert [(o.rule_id, o.severity, o.outcome) for o in outcomes[:2]] == [
        ("sex_known", "critical", "failed"),
        ("sex_known_again", "warning", "failed"),
    ]
    assert positions(failing) == {"sex_known": [0], "sex_known_again": [0]}


def test_every_expectation_carries_its_rule_and_severity():
    made = expectation(ColumnRule("sex_known", "sex", "one_of", ("F", "M"), severity="warning"))
    assert made.expectation_type == "expect_column_values_to_be_in_set"
    assert (made.meta, made.severity.value) == ({"rule": "sex_known"}, "warning")


def test_a_count_of_zero_passes_and_an_unknown_count_is_not_evaluated():
    outcomes = judge_counts(
        [("keys", "t", 9, 0, ""), ("references", "u", 9, 2, "A, B"), ("totals", "t", 0, None, "no file")],
        subject="d",
        severity="warning",
    )
    assert [(o.rule_id, o.scope, o.outcome, o.failed, o.detail) for o in outcomes] == [
        ("keys", "t", "passed", 0, ""),
        ("references", "u", "failed", 2, "A, B"),
        ("totals", "t", "not_evaluated", 0, "no file"),
    ]
    assert {(o.subject, o.severity) for o in outcomes} == {("d", "warning")}
    assert judge_counts([]) == []


def test_validating_writes_no_file_prints_nothing_and_asks_no_network(tmp_path, monkeypatch, capfd):
    def refuse(*_args, **_kwargs):
        raise AssertionError("the network was asked")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    runner._batch_definition.cache_clear()
    run_rules(pd.DataFrame({"sex": ["X"]}), [KNOWN], scope="t")
    runner._batch_definition.cache_clear()
    assert list(tmp_path.iterdir()) == []
    printed = capfd.readouterr()
    assert printed.out + printed.err == ""
    assert logging.getLogger("great_expectations").getEffectiveLevel() >= logging.WARNING
