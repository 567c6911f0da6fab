"""The intake gate: what is quarantined, what is refused, and that every cell is accounted for."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from alp_pipeline.quality import frames, intake, runner
from alp_pipeline.quality.intake import accepted_rows_query, validate_document
from alp_pipeline.quality.quarantine import QUARANTINE_SCHEMA
from alp_pipeline_tests.quality.conftest import cell, dataset, hidden


def judge(connection, path, cells, entry=None, **given):
    return validate_document(
        connection, path, entry or dataset(**given), document_id="d1", declared_cells=cells
    )


def failures(verdict):
    return [(o.rule_id, o.severity) for o in verdict.outcomes if o.is_failure]


def outcome(verdict, rule_id):
    return next(o for o in verdict.outcomes if o.rule_id == rule_id)


def broken_rules(verdict):
    return {row["row_number"]: row["rule_ids"] for row in verdict.quarantine.to_pylist()}


def accepted_geos(connection, path, verdict):
    query = f"SELECT geo FROM ({accepted_rows_query(path, verdict)}) ORDER BY geo"
    return [row[0] for row in connection.execute(query).fetchall()]


def test_a_clean_document_passes_every_rule(connection, parsed):
    empty = cell("AT33", value=None, cell_state="not_available", published=":")
    path = parsed([cell(), cell("ITH1", obs_status="bu"), hidden(geo="AT32"), empty])
    verdict = judge(connection, path, 4)
    assert verdict.accepted
    assert failures(verdict) == []
    assert verdict.quarantine.num_rows == 0
    assert verdict.quarantine.schema == QUARANTINE_SCHEMA
    assert outcome(verdict, "accounting_closes").detail == (
        "2 reported + 1 confidential + 1 not available = 4 of 4 cells"
    )
    assert {(o.scope, o.subject) for o in verdict.outcomes} == {("test.sbs", "d1")}
    assert accepted_geos(connection, path, verdict) == ["AT32", "AT33", "ITC4", "ITH1"]


def test_a_confidential_cell_with_a_value_is_quarantined_and_its_value_withheld(connection, parsed):
    path = parsed(
        [
            cell(),
            hidden(geo="ITH1", value=7.0, cell_state="reported", published="7 c"),
            hidden(geo="ITH2", value=1234.5, published="1234.5 cd"),
        ]
    )
    verdict = judge(connection, path, 3, max_quarantine_share=0.7)
    assert broken_rules(verdict) == {
        1: "confidential_without_value",
        2: "value_exactly_where_reported confidential_without_value",
    }
    assert verdict.quarantine["published"].to_pylist() == ["(withheld) c", "(withheld) cd"]
    assert accepted_geos(connection, path, verdict) == ["ITC4"]


def test_a_cell_that_was_not_understood_is_quarantined_with_the_parsers_reason(connection, parsed):
    strange = cell("ITH1", value=None, cell_state=None, published="7 §", problem="unknown flag '§'")
    secret = cell("ITH2", value=None, cell_state=None, published="708 cq", problem="cannot read '708 cq'")
    verdict = judge(connection, parsed([cell(), strange, secret]), 3, max_quarantine_share=0.7)
    assert verdict.quarantine.to_pylist() == [
        {
            "row_number": 1,
            "series_key": "A.C13.V16110.ITH1",
            "time_period": "2014",
            "published": "7 §",
            "rule_ids": "cell_understood",
            "reasons": "unknown flag '§'",
        },
        {
            "row_number": 2,
            "series_key": "A.C13.V16110.ITH2",
            "time_period": "2014",
            "published": "(withheld) cq",
            "rule_ids": "cell_understood",
            "reasons": "cannot read '(withheld) cq'",
        },
    ]
    assert verdict.accepted
    assert outcome(verdict, "cell_understood").outcome == "passed"
    assert outcome(verdict, "cell_understood").failed == 2


def test_a_row_that_breaks_several_rules_names_them_all_in_order(connection, parsed):
    cells = [
        cell("AT31", value=-1.0, obs_status="q"),
        cell("AT32", value=None, cell_state=None, series_key=None, problem="no number in '§'"),
        cell("AT33", obs_status="q"),
        cell("AT34", value=None, cell_state=None),
    ]
    verdict = judge(connection, parsed(cells), 4, max_quarantine_share=1)
    told = [(row["rule_ids"], row["reasons"]) for row in verdict.quarantine.to_pylist()]
    assert told == [
        ("obs_status_known counts_non_negative", "unknown flag letter; persons are a count"),
        ("cell_understood series_key_present", "no number in '§'; the series has no key"),
        ("obs_status_known", "unknown flag letter"),
        ("cell_understood", "the cell was not understood"),
    ]
    assert verdict.accepted


@pytest.mark.parametrize(
    ("given", "rules"),
    [
        ({"series_key": None}, "series_key_present"),
        ({"geo": None}, "dimensions_present"),
        ({"time_period": "2014-13"}, "time_period_form"),
        ({"time_period": None}, "time_period_form"),
        ({"value": None}, "value_exactly_where_reported"),
        ({"value": float("nan")}, "value_exactly_where_reported"),
        ({"value": float("inf"), "indic_sb": "V1"}, "value_exactly_where_reported"),
        ({"cell_state": "not_available"}, "value_exactly_where_reported"),
        ({"value": None, "cell_state": "secret"}, "cell_state_in_vocabulary"),
        ({"obs_status": "bq"}, "obs_status_known"),
        ({"obs_status": None}, "obs_status_known"),
        ({"value": None, "cell_state": "confidential", "conf_status": "X"}, "conf_status_known"),
        ({"published": None}, "published_present"),
        ({"value": -1.0}, "counts_non_negative"),
        ({"value": 101.0, "indic_sb": "V94310"}, "share_between_0_and_100"),
    ],
)
def test_each_row_rule_quarantines_its_row_and_no_other(connection, parsed, given, rules):
    verdict = judge(connection, parsed([cell("AT31"), cell("ITH1") | given, cell("AT33")]), 3)
    assert broken_rules(verdict) == {1: rules}
    assert verdict.accepted


@pytest.mark.parametrize("period", ["2014", "2014-S2", "2014-Q4", "2014-12", "2014-W53", "2014-02-28"])
def test_every_form_of_a_period_is_known(connection, parsed, period):
    assert judge(connection, parsed([cell(period=period)]), 1).quarantine.num_rows == 0


def test_a_value_rule_selects_by_a_dimension_without_a_column_of_its_own(connection, parsed):
    select = {"deso": ["RT", "PC"]}
    entry = dataset(
        dimensions=["freq", "geo", "deso"],
        classification=None,
        classification_version=None,
        value_rules=[{"id": "rate", "what": "a rate", "severity": "critical", "max": 100, "select": select}],
    )
    path = parsed(
        [
            cell("AT31", value=500.0, other_dimensions="deso=NR;unit2=X"),
            cell("AT32", value=500.0, other_dimensions="ageing=1;deso=PC"),
            cell("AT33", value=5.0, other_dimensions="ageing=1"),
        ]
    )
    assert broken_rules(judge(connection, path, 3, entry)) == {1: "rate", 2: "dimensions_present"}


def test_a_warning_rule_counts_but_neither_quarantines_nor_gates(connection, parsed):
    rule = {"id": "unusual", "what": "more than ten", "severity": "warning", "max": 10}
    path = parsed([cell(value=11.0), cell("ITH1")])
    verdict = judge(connection, path, 2, value_rules=[rule], max_quarantine_share=0)
    assert failures(verdict) == [("unusual", "warning")]
    assert verdict.accepted
    assert verdict.quarantine.num_rows == 0


def test_a_quarantine_share_above_the_bound_keeps_the_document_out(connection, parsed):
    path = parsed([cell(), cell("AT33", value=-1.0), cell("ITH1"), cell("ITH2")])
    assert judge(connection, path, 4, max_quarantine_share=0.25).accepted
    refused = judge(connection, path, 4, max_quarantine_share=0.2)
    assert failures(refused) == [("counts_non_negative", "critical"), ("quarantine_share", "critical")]
    assert not refused.accepted
    assert broken_rules(refused) == {1: "counts_non_negative"}
    assert outcome(refused, "quarantine_share").detail == (
        "1 of 4 cells (25 %) in quarantine; at most 20 % allowed"
    )


@pytest.mark.parametrize(("gates", "failed"), [(False, []), (True, [("magnitude", "critical")])])
def test_one_cell_of_known_magnitude_keeps_a_document_out_when_its_rule_gates(
    connection, parsed, gates, failed
):
    rule = {"id": "magnitude", "what": "known", "severity": "critical", "min": 1, "gates": gates}
    rules = [rule | {"select": {"geo": ["DE"]}}]
    path = parsed([cell("DE", value=0.005), cell("ITC4", value=0.005), cell("ITH1"), cell("AT33")])
    verdict = judge(connection, path, 4, value_rules=rules)
    assert failures(verdict) == failed
    assert verdict.accepted is not gates
    assert broken_rules(verdict) == {0: "magnitude"}
    assert ("keeps the document out" in outcome(verdict, "magnitude").detail) is gates


def test_rules_that_are_each_within_the_share_fail_together_above_it(connection, parsed):
    path = parsed([cell(), cell("AT33", value=-1.0), cell("ITH1", obs_status="q"), cell("ITH2")])
    verdict = judge(connection, path, 4, max_quarantine_share=0.25)
    assert failures(verdict) == [("quarantine_share", "critical")]


@pytest.mark.parametrize("declared", [2, 4])
def test_accounting_that_does_not_close_keeps_the_document_out(connection, parsed, declared):
    verdict = judge(connection, parsed([cell(), hidden(geo="AT33"), cell("ITH1", value=-1.0)]), declared)
    assert failures(verdict) == [("accounting_closes", "critical")]
    assert outcome(verdict, "accounting_closes").detail == (
        f"1 reported + 1 confidential + 1 quarantined = 3 of {declared} cells; 1 cells are not accounted for"
    )


def test_a_repeated_key_keeps_the_document_out_and_is_named(connection, parsed):
    path = parsed([cell(), cell(), cell(period="2015"), cell(value=None, cell_state=None)])
    verdict = judge(connection, path, 4)
    assert failures(verdict) == [("key_unique", "critical")]
    found = outcome(verdict, "key_unique")
    assert (found.checked, found.failed) == (3, 1)
    assert found.detail == "1 rows repeat a series and period: A.C13.V16110.ITC4 2014"


def test_keys_are_counted_in_parts_as_at_once(connection, parsed, monkeypatch):
    cells = [cell(period=str(2000 + n % 9), geo=f"ITC{n % 7}") for n in range(80)]
    path = parsed(cells)
    whole = judge(connection, path, 80)
    assert outcome(whole, "key_unique").failed == 80 - 63
    monkeypatch.setattr(intake, "_KEYS_AT_ONCE", 9)
    assert judge(connection, path, 80) == whole


def test_a_document_without_cells_is_valid_and_warned_of(connection, parsed):
    verdict = judge(connection, parsed([]), 0)
    assert verdict.accepted
    assert failures(verdict) == [("row_count", "warning")]


def test_a_document_whose_cells_were_all_lost_is_kept_out(connection, parsed):
    verdict = judge(connection, parsed([]), 8)
    assert failures(verdict) == [("row_count", "critical"), ("accounting_closes", "critical")]


def test_a_document_in_batches_is_judged_as_in_one(connection, parsed, monkeypatch):
    cells = [cell(period=str(2000 + n), value=-1.0 if n % 3 == 0 else 1.0) for n in range(20)]
    path = parsed(cells)
    whole = judge(connection, path, 20)
    for module in (runner, frames):
        monkeypatch.setattr(module, "BATCH_ROWS", 7)
    parts = judge(connection, path, 20)
    assert list(broken_rules(parts)) == [0, 3, 6, 9, 12, 15, 18]
    assert parts == whole


def test_a_rule_over_many_codes_accuses_no_other_row(connection, tmp_path):
    # DuckDB turns a long IN list into a join, and a join gives many rows in any order.
    codes = [f"V{number}" for number in range(40)]
    rule = {"id": "rate", "what": "a rate", "severity": "critical", "max": 100, "select": {"indic_sb": codes}}
    path = tmp_path / "many.parquet"
    connection.execute(
        f"""COPY (SELECT 'A.C13.V' || i % 50 || '.' || i AS series_key, '2014' AS time_period, 'A' AS freq,
                         'ITC4' AS geo, 'C13' AS nace_r2, 'V' || i % 50 AS indic_sb, NULL AS other_dimensions,
                         CASE WHEN i % 997 = 0 THEN 101.0 ELSE 1.0 END::DOUBLE AS value,
                         'reported' AS cell_state, '' AS obs_status, NULL::VARCHAR AS conf_status,
                         '1' AS published, NULL::VARCHAR AS problem
                  FROM range(300_000) AS r(i) ORDER BY i)
            TO '{path}' (FORMAT parquet, ROW_GROUP_SIZE 20_000)"""
    )
    verdict = judge(connection, path, 300_000, value_rules=[rule])
    expected = [number for number in range(0, 300_000, 997) if number % 50 < 40]
    assert verdict.quarantine["row_number"].to_pylist() == expected


def test_an_engine_that_reorders_rows_is_refused(connection, parsed):
    path = parsed([cell(), cell("ITH1")])
    table = pa.table({"file_row_number": [1, 0], "value": [1.0, 2.0]})
    with pytest.raises(RuntimeError, match="out of order"):
        frames._frame(table, 0)
    assert list(next(frames.parquet_frames(connection, path, {"v": "value"}))["v"]) == [5.0, 5.0]


def test_the_real_structural_business_statistics_pass_with_what_cannot_be_true_in_quarantine(
    connection, realdata: Path, tmp_path
):
    from alp_pipeline.catalog.loader import load_catalog
    from alp_pipeline.observations.reader import read_observations
    from alp_pipeline.observations.schema import OBSERVATION_SCHEMA

    entry = load_catalog().datasets["eurostat.sbs_r_nuts06_r2"]
    path = tmp_path / "parsed.parquet"
    reading = read_observations(
        realdata / "eurostat/bulk2017/sbs_r_nuts06_r2.tsv.gz",
        format="tsv-2017",
        dataset=entry.shape(),
        document_id="sbs",
    )
    with pq.ParquetWriter(path, OBSERVATION_SCHEMA, compression="lz4") as writer:
        for batch in reading.batches():
            writer.write_table(pa.Table.from_batches([batch]).cast(OBSERVATION_SCHEMA))
    verdict = validate_document(connection, path, entry, document_id="sbs", declared_cells=reading.cells)
    assert reading.cells == 195_227 * 8
    assert failures(verdict) == []
    rows = verdict.quarantine.to_pylist()
    negative = [row["series_key"] for row in rows if row["rule_ids"] == "wages_non_negative"]
    assert negative == ["A.B06.V13320.NO06"]
    exceeded = [row for row in rows if row["rule_ids"] != "wages_non_negative"]
    assert {row["rule_ids"] for row in exceeded} == {"counts_cover_regions", "wages_cover_regions"}
    # Italy's construction and trade as a country: about a tenth of the sum of its own regions.
    italy = [row for row in exceeded if row["series_key"].endswith(".IT")]
    assert {(row["series_key"][2], row["time_period"]) for row in italy} == {
        ("F", "2009"),
        ("F", "2010"),
        ("G", "2010"),
    }
    assert (len(italy), len(exceeded)) == (99, 104)
    assert outcome(verdict, "accounting_closes").checked == 1_561_816
