"""Codes that the publisher's own structure does not know are told, dimension by dimension."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb

from alp_pipeline.build.outcome import RuleOutcome
from alp_pipeline.build.sql import parquet
from alp_pipeline.quality.codes import codes_known
from alp_pipeline_tests.quality.conftest import Cell, cell

DIMENSIONS = ("freq", "nace_r2", "indic_sb", "geo")
ALLOWED = {
    "freq": frozenset("A"),
    "nace_r2": frozenset({"C13"}),
    "indic_sb": frozenset({"V16110"}),
    "geo": frozenset({"ITC4", "ITH1"}),
}


def judge(
    connection: duckdb.DuckDBPyConnection, path: Path, allowed: dict[str, frozenset[str]], *dimensions: str
) -> RuleOutcome:
    given: dict[str, Any] = {"rule_id": "codes_in_structure", "severity": "critical"}
    rows = f"FROM {parquet(path)}"
    return codes_known(
        connection, rows, dimensions or DIMENSIONS, allowed, scope="test.sbs", subject="d1", **given
    )


def test_known_codes_pass_and_are_counted(
    connection: duckdb.DuckDBPyConnection, parsed: Callable[[list[Cell]], Path]
) -> None:
    found = judge(connection, parsed([cell(), cell("ITH1"), cell("ITH1", "2015")]), ALLOWED)
    assert (found.outcome, found.checked, found.failed, found.detail) == ("passed", 5, 0, "")


def test_unknown_codes_are_named_with_their_dimension(
    connection: duckdb.DuckDBPyConnection, parsed: Callable[[list[Cell]], Path]
) -> None:
    path = parsed([cell(), cell("XX9"), cell("XX8", nace_r2="Q99")])
    found = judge(connection, path, ALLOWED)
    assert (found.outcome, found.failed) == ("failed", 3)
    assert found.detail == "unknown to the publisher's structure: nace_r2: Q99; geo: XX8, XX9"


def test_a_long_list_is_cut_and_says_so(
    connection: duckdb.DuckDBPyConnection, parsed: Callable[[list[Cell]], Path]
) -> None:
    found = judge(connection, parsed([cell(f"XX{n}") for n in range(10)]), ALLOWED)
    assert found.failed == 10
    assert found.detail.endswith("XX6, XX7 and 2 more")


def test_a_dimension_outside_the_structure_is_told_and_none_at_all_is_no_verdict(
    connection: duckdb.DuckDBPyConnection, parsed: Callable[[list[Cell]], Path]
) -> None:
    path = parsed([cell(other_dimensions="ownership=PRIV;wstatus2=EMP")])
    without = {name: codes for name, codes in ALLOWED.items() if name != "geo"}
    found = judge(connection, path, without)
    assert found.outcome == "passed"
    assert found.detail == "not compared, for the structure does not list it: geo"
    assert judge(connection, path, {"other": frozenset("A")}).outcome == "not_evaluated"
    extra = judge(connection, path, {"ownership": frozenset({"PUB"})}, "ownership")
    assert extra.detail == "unknown to the publisher's structure: ownership: PRIV"
