"""Nesting rules: which wholes their parts contradict, and which the mixture of NUTS versions must not hit."""

import numpy as np
import pytest
from pydantic import ValidationError

from alp_pipeline.quality.intake import accepted_rows_query, validate_document
from alp_pipeline.quality.nesting import judge_nesting
from alp_pipeline_tests.quality.conftest import cell, dataset, hidden

RULE = {
    "id": "regions_fit",
    "what": "a unit has less than its regions",
    "severity": "critical",
    "select": {"indic_sb": ["V16110"]},
    "tolerance": 0.1,
    "rounding": 1,
}
SLOVENIA = ("SI03", "SI04")  # as NUTS 2013 and later cut it; SI01 and SI02 before


def values(**by_region):
    return [cell(geo, value=float(value)) for geo, value in by_region.items()]


def judge(connection, path, *, without=(), **rule):
    entry = dataset(nesting_rules=[RULE | rule])
    return judge_nesting(connection, path, entry, subject="d1", without=np.array(without, dtype=np.int64))


def contradicted(connection, path, **given):
    return [one.row_number for one in judge(connection, path, **given).contradicted]


def test_a_country_below_its_published_regions_is_contradicted_with_its_reason(connection, parsed):
    found = judge(connection, parsed(values(IT=49593, ITC4=300000, ITH1=272116)))
    (one,) = found.contradicted
    assert (one.row_number, one.rule_id) == (0, "regions_fit")
    for said in ("IT 2014", "2 published NUTS 2 units", "572,116", "10 %", "49,593"):
        assert said in one.reason
    (outcome,) = found.outcomes
    assert (outcome.outcome, outcome.checked, outcome.failed) == ("failed", 1, 1)


def test_what_is_hidden_or_missing_accuses_nobody(connection, parsed):
    path = parsed([*values(IT=1000, ITC4=900), hidden(geo="ITH1"), hidden(geo="FR"), cell("FR10", value=5.0)])
    found = judge(connection, path)
    assert found.contradicted == ()
    assert found.outcomes[0].checked == 1  # a confidential whole is nothing to compare with


@pytest.mark.parametrize(("whole", "is_wrong"), [(1000, False), (999, False), (980, True)])
def test_the_bound_is_the_tolerance_and_half_a_rounding_step_per_figure(connection, parsed, whole, is_wrong):
    # 1.1 x 999 + 3 x 0.5 = 1100.4; 1.1 x 980 + 1.5 = 1079.5
    path = parsed(values(SI=whole, SI03=600, SI04=500))
    assert bool(contradicted(connection, path)) is is_wrong


def test_small_rounded_figures_are_no_contradiction(connection, parsed):
    path = parsed(values(SI=0.1, SI03=0.1, SI04=0.1))
    assert contradicted(connection, path, rounding=0.1) == []
    assert contradicted(connection, path, rounding=0) == [0]


def test_codes_of_two_versions_are_not_added_up(connection, parsed):
    """Every territory stands twice: both cuts of Slovenia add up to the country."""
    assert contradicted(connection, parsed(values(SI=1000, SI01=450, SI02=550, SI03=480, SI04=520))) == []


def test_unrevised_codes_of_an_old_version_do_not_accuse_a_revised_country(connection, parsed):
    assert contradicted(connection, parsed(values(SI=1000, SI01=700, SI02=800, SI03=480, SI04=520))) == []


def test_the_version_with_more_answers_is_the_documents_own(connection, parsed):
    assert contradicted(connection, parsed(values(SI=1000, SI01=700, SI02=800, SI03=480))) == [0]


def test_every_level_counts_and_a_cell_stands_once(connection, parsed):
    path = parsed(values(IT=100, ITC=300, ITC4=400))
    found = judge(connection, path).contradicted
    assert [one.row_number for one in found] == [0, 1]
    assert "400" in found[0].reason  # the largest of its sums


def test_only_figures_that_differ_by_region_alone_are_added(connection, parsed):
    other = [
        cell("SI03", value=900.0, nace_r2="C14"),
        cell("SI03", period="2013", value=900.0),
        cell("SI03", value=900.0, indic_sb="V94310"),
    ]
    assert contradicted(connection, parsed([*values(SI=1000, SI04=900), *other])) == []


def test_extra_regio_units_are_no_parts(connection, parsed):
    assert contradicted(connection, parsed(values(FR=100, FRZZ=900))) == []


def test_a_part_in_quarantine_does_not_accuse_its_whole(connection, parsed):
    path = parsed(values(SI=1000, SI03=400000))
    assert contradicted(connection, path, without=[1]) == []
    assert contradicted(connection, path) == [0]


def test_order_of_rows_changes_nothing(connection, parsed):
    rows = values(IT=100, ITC=300, ITC4=0.1, ITC1=0.2, ITC2=0.3, SI=1, SI03=0.7, SI04=9.9)
    forward = judge(connection, parsed(rows)).contradicted
    backward = judge(connection, parsed(rows[::-1])).contradicted
    assert {one.reason for one in forward} == {one.reason for one in backward} != set()


def test_a_warning_counts_and_keeps_the_cell(connection, parsed):
    found = judge(connection, parsed(values(SI=100, SI03=900)), severity="warning")
    assert found.contradicted == ()
    assert [(o.severity, o.outcome, o.failed) for o in found.outcomes] == [("warning", "failed", 1)]


def test_the_gate_puts_the_contradicted_cell_aside_and_takes_the_rest(connection, parsed):
    path = parsed(values(SI=100, SI03=900, SI04=300))
    entry = dataset(nesting_rules=[RULE])
    verdict = validate_document(connection, path, entry, document_id="d1", declared_cells=3)
    assert verdict.accepted
    (row,) = verdict.quarantine.to_pylist()
    assert (row["row_number"], row["rule_ids"], row["published"]) == (0, "regions_fit", "100")
    assert "1,200" in row["reasons"]
    query = f"SELECT geo FROM ({accepted_rows_query(path, verdict)}) ORDER BY geo"
    assert [geo for (geo,) in connection.execute(query).fetchall()] == list(SLOVENIA)
    told = {o.rule_id: o for o in verdict.outcomes}
    assert (told["regions_fit"].outcome, told["regions_fit"].failed) == ("passed", 1)
    assert told["accounting_closes"].outcome == "passed"


def test_more_contradictions_than_the_declared_share_keep_the_document_out(connection, parsed):
    entry = dataset(nesting_rules=[RULE], max_quarantine_share=0.1)
    path = parsed(values(SI=100, SI03=900, SI04=300))
    assert not validate_document(connection, path, entry, document_id="d1", declared_cells=3).accepted


def test_rules_share_no_id_and_need_nuts_codes():
    with pytest.raises(ValidationError, match="a rule id twice"):
        dataset(nesting_rules=[RULE | {"id": "counts_non_negative"}])
    with pytest.raises(ValidationError, match="nuts_version_rule says none"):
        dataset(nesting_rules=[RULE], nuts_version_rule="none")
