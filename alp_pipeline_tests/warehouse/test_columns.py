"""One declaration gives the same types, order and words to Arrow, DuckDB and the dictionary."""

import duckdb
import pyarrow as pa
import pytest
from sqlalchemy import Float, MetaData, SmallInteger, Table, Text

from alp_pipeline.warehouse.columns import (
    CELL_STATES,
    Rule,
    arrow_schema,
    declared_select,
    duckdb_type,
    key_of,
    references_of,
    rules_of,
)
from alp_pipeline.warehouse.columns import column as declare
from alp_pipeline.warehouse.dictionary import CELL_STATE_MEANINGS
from alp_pipeline.warehouse.postgres_layout import partition_name
from alp_pipeline.warehouse.tables import OPERATIONAL, TABLES, VIEWS


@pytest.fixture
def table() -> Table:
    return Table(
        "fct_tiny",
        MetaData(),
        declare("geo", Text, "Unit.", key=True, references="dim_region.region_code"),
        declare("year", SmallInteger, "Year.", key=True, unit="year"),
        declare("value", Float, "Number.", unit="persons", states="cell_state", between=(0, None)),
        declare("cell_state", Text, "State.", required=True, one_of=CELL_STATES),
        comment="Tiny.",
    )


def test_key_columns_are_required_and_keep_their_order(table: Table) -> None:
    assert key_of(table) == ["geo", "year"]
    assert [c.nullable for c in table.columns] == [False, False, True, False]


def test_a_declaration_gives_its_rules(table: Table) -> None:
    rules = rules_of(table)
    assert ("value", Rule("value_in_range", "range", (0, None))) in rules
    assert ("geo", Rule("geo_present", "present")) in rules
    assert ("cell_state", Rule("cell_state_in_vocabulary", "one_of", CELL_STATES)) in rules


def test_a_reference_names_table_and_column(table: Table) -> None:
    assert references_of(table) == [("geo", "dim_region", "region_code")]


def test_the_declared_select_casts_and_orders_by_the_key(table: Table) -> None:
    rows = "VALUES ('B', '2014', '1', 'reported'), ('A', '2014', NULL, 'confidential')"
    query = declared_select(table, f"SELECT * FROM ({rows}) t(geo, year, value, cell_state)")
    found = duckdb.sql(query).to_arrow_table()
    assert found.to_pydict() == {
        "geo": ["A", "B"],
        "year": [2014, 2014],
        "value": [None, 1.0],
        "cell_state": ["confidential", "reported"],
    }
    assert (
        found.schema.types
        == arrow_schema(table).types
        == [pa.string(), pa.int16(), pa.float64(), pa.string()]
    )


def test_a_query_that_lacks_a_declared_column_is_an_error(table: Table) -> None:
    with pytest.raises(duckdb.BinderException, match="cell_state"):
        duckdb.sql(declared_select(table, "SELECT 'A' AS geo, 2014 AS year, 1 AS value"))


@pytest.mark.parametrize("name", list(TABLES))
def test_every_declared_table_can_be_stored_and_explained(name: str) -> None:
    declared = TABLES[name]
    assert key_of(declared), "a table without a key has no order, so no content hash"
    assert declared.comment
    assert "One row per " in declared.comment
    for c in declared.columns:
        assert c.comment, c.name
        assert duckdb_type(c), c.name
        if c.info["states"]:
            assert c.info["states"] in declared.columns
    for _, target, target_column in references_of(declared):
        assert key_of(TABLES[target]) == [target_column]
    assert partition_name(name, "synthetic-20991231-9999")


def test_numbers_carry_a_unit() -> None:
    without = [
        f"{name}.{c.name}"
        for name, declared in TABLES.items()
        for c in declared.columns
        if duckdb_type(c) in ("DOUBLE", "BIGINT", "INTEGER", "SMALLINT") and not c.info["unit"]
    ]
    assert without == []


def test_the_six_cell_states_are_explained() -> None:
    assert tuple(CELL_STATE_MEANINGS) == CELL_STATES
    assert len(CELL_STATES) == 6


def test_names_that_others_rely_on_are_there() -> None:
    assert {"dataset_id", "dataset_code"} <= set(TABLES["dim_dataset"].columns.keys())
    observed = set(TABLES["fct_observation"].columns.keys())
    assert {"dataset_id", "value", "cell_state", "obs_status", "conf_status"} <= observed
    assert "obs_current" in VIEWS
    assert {"ops_validation", "ops_quarantine", "ops_outcome"} <= OPERATIONAL
