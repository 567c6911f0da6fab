"""The release gate's rules on warehouse tables: generated from declarations, complete, fail-closed."""

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from sqlalchemy import Float, Integer, MetaData, Text

from alp_pipeline.quality.tables import validate_references, validate_table
from alp_pipeline.warehouse.columns import arrow_schema, column, state_column
from alp_pipeline.warehouse.tables import TABLES


@pytest.fixture(scope="module")
def tables():
    """A fact and the dimension it refers to, declared as the warehouse declares its own."""
    from sqlalchemy import Table

    place = MetaData()
    region = Table("region", place, column("code", Text, "Code.", key=True))
    fact = Table(
        "fact",
        place,
        column("region_code", Text, "Region.", key=True, references="region.code"),
        column("year", Integer, "Year.", key=True),
        column("kind", Text, "Kind.", one_of=("a", "b")),
        column("share_pct", Float, "Share.", unit="%", states="share_state", between=(0, 100)),
        state_column("share_state", "share"),
    )
    return {"region": region, "fact": fact}


def row(region="ITC4", year=2014, **given):
    return {
        "region_code": region,
        "year": year,
        "kind": "a",
        "share_pct": 50.0,
        "share_state": "reported",
    } | given


@pytest.fixture
def write(tmp_path, tables):
    def written(name, rows, schema=None):
        declared = pa.schema([field.with_nullable(True) for field in arrow_schema(tables[name])])
        path = tmp_path / f"{name}.parquet"
        pq.write_table(pa.Table.from_pylist(rows, schema=schema or declared), path)
        return path

    return written


def failed(outcomes):
    return {o.rule_id: (o.outcome, o.failed, o.detail) for o in outcomes if o.is_failure}


def test_a_table_that_keeps_its_declaration_passes(connection, tables, write):
    hidden = row(year=2015, share_pct=None, share_state="confidential")
    outcomes = validate_table(connection, write("fact", [row(), hidden]), tables["fact"])
    assert failed(outcomes) == {}
    assert [o.rule_id for o in outcomes] == [
        "region_code_present",
        "year_present",
        "kind_in_vocabulary",
        "share_pct_in_range",
        "share_state_present",
        "share_state_in_vocabulary",
        "share_pct_exactly_where_reported",
        "row_count",
        "columns_as_declared",
        "key_unique",
    ]
    assert {(o.scope, o.subject) for o in outcomes} == {("fact", "")}


def test_each_broken_rule_is_counted_and_names_rows_by_key(connection, tables, write):
    rows = [
        row(),
        row(year=2015, kind="c"),
        row(year=2016, share_pct=120.0),
        row(year=2017, share_state="confidential"),
        row(year=2018, share_pct=None),
        row(year=2019, share_pct=float("nan")),
        row(region=None, year=2020),
    ]
    said = "share_pct is there although share_state is not reported, or is not there although it is"
    assert failed(validate_table(connection, write("fact", rows), tables["fact"])) == {
        "region_code_present": ("failed", 1, "1 of 7 rows: region_code is empty, e.g. - 2020"),
        "kind_in_vocabulary": ("failed", 1, "1 of 7 rows: kind is not one of a, b, e.g. ITC4 2015 c"),
        "share_pct_in_range": (
            "failed",
            1,
            "1 of 5 rows: share_pct is outside [0 to 100], e.g. ITC4 2016 120.0",
        ),
        # Keys only: the number beside a confidential state must not come to light here.
        "share_pct_exactly_where_reported": (
            "failed",
            3,
            f"3 of 7 rows: {said}, e.g. ITC4 2017; ITC4 2018; ITC4 2019",
        ),
    }


def test_a_detail_names_five_rows_and_counts_all(connection, tables, write):
    path = write("fact", [row(year=year, kind="c") for year in range(2000, 2010)])
    verdict, count, detail = failed(validate_table(connection, path, tables["fact"]))["kind_in_vocabulary"]
    assert (verdict, count) == ("failed", 10)
    assert detail.endswith("e.g. ITC4 2000 c; ITC4 2001 c; ITC4 2002 c; ITC4 2003 c; ITC4 2004 c")


def test_a_repeated_key_fails(connection, tables, write):
    path = write("fact", [row(), row(), row(), row(year=2015)])
    assert failed(validate_table(connection, path, tables["fact"])) == {
        "key_unique": ("failed", 2, "2 rows repeat a key, e.g. ITC4 2014")
    }


def test_an_empty_table_fails_unless_it_may_be_empty(connection, tables, write):
    path = write("fact", [])
    assert set(failed(validate_table(connection, path, tables["fact"]))) == {"row_count"}
    assert failed(validate_table(connection, path, tables["fact"], when_empty=None)) == {}


def test_a_missing_column_is_named_and_its_rules_are_not_evaluated(connection, tables, write):
    schema = pa.schema([("region_code", pa.string()), ("share_pct", pa.float64()), ("extra", pa.int32())])
    path = write("fact", [{"region_code": "ITC4", "share_pct": 1.0, "extra": 1}], schema)
    outcomes = failed(validate_table(connection, path, tables["fact"]))
    assert {rule: verdict for rule, (verdict, _, _) in outcomes.items()} == {
        "year_present": "not_evaluated",
        "kind_in_vocabulary": "not_evaluated",
        "share_state_present": "not_evaluated",
        "share_state_in_vocabulary": "not_evaluated",
        "share_pct_exactly_where_reported": "not_evaluated",
        "columns_as_declared": "failed",
        "key_unique": "not_evaluated",
    }
    assert outcomes["columns_as_declared"][1:] == (
        4,
        "year is missing; kind is missing; share_state is missing; extra is not declared",
    )


def test_a_column_of_another_type_is_named(connection, tables, write):
    schema = arrow_schema(tables["fact"]).set(1, pa.field("year", pa.string()))
    path = write("fact", [row(year="2014")], schema)
    assert failed(validate_table(connection, path, tables["fact"])) == {
        "columns_as_declared": ("failed", 1, "year is VARCHAR, not INTEGER")
    }


def test_a_reference_that_leads_nowhere_fails_and_empty_refers_to_nothing(connection, tables, write):
    rows = [row(), row("XX", 2014), row("XX", 2015), row("YY"), row(None, 2016)]
    files = {"fact": write("fact", rows), "region": write("region", [{"code": "ITC4"}, {"code": "AT33"}])}
    (outcome,) = validate_references(connection, files, tables.values())
    assert (outcome.scope, outcome.rule_id, outcome.outcome) == ("fact", "region_code_in_region", "failed")
    assert (outcome.checked, outcome.failed) == (4, 3)
    assert outcome.detail == "2 values of 3 rows are not in region, e.g. XX, YY"
    files["region"] = write("region", [{"code": code} for code in ("ITC4", "XX", "YY")])
    assert [o.outcome for o in validate_references(connection, files, tables.values())] == ["passed"]


def test_a_reference_to_an_absent_table_or_column_is_not_evaluated(connection, tables, write):
    path = write("fact", [row()])
    (absent,) = validate_references(connection, {"fact": path}, tables.values())
    assert (absent.outcome, absent.detail) == ("not_evaluated", "no file of region")
    other = write("region", [{"id": "ITC4"}], pa.schema([("id", pa.string())]))
    (lacking,) = validate_references(connection, {"fact": path, "region": other}, tables.values())
    assert (lacking.outcome, lacking.detail) == ("not_evaluated", "region has no column code")


@pytest.mark.parametrize("name", sorted(TABLES))
def test_every_declared_table_can_be_judged(connection, tmp_path, name):
    path = tmp_path / "empty.parquet"
    pq.write_table(arrow_schema(TABLES[name]).empty_table(), path)
    outcomes = validate_table(connection, path, TABLES[name], when_empty=None)
    assert failed(outcomes) == {}
    assert len({o.rule_id for o in outcomes}) == len(outcomes) >= 3
