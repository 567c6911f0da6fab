from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from alp_pipeline.observations.vintages import MalformedExtent, current_query

Rows = dict[tuple[str, str, str], float]  # (geo, tenure, period) → value


def written(folder: Path, name: str, rows: Rows) -> Path:
    path = folder / f"{name}.parquet"
    columns = {
        "geo": [geo for geo, _, _ in rows],
        "other_dimensions": [f"airpol=X;tenure={tenure}" for _, tenure, _ in rows],
        "time_period": [period for _, _, period in rows],
        "value": list(rows.values()),
    }
    types = [("geo", pa.string()), ("other_dimensions", pa.string()), ("time_period", pa.string())]
    pq.write_table(pa.table(columns, pa.schema([*types, ("value", pa.float64())])), path)
    return path


def current(folder: Path, *vintages: tuple[Rows, dict[str, Any]]) -> Rows:
    sources = [(written(folder, str(at), rows), extent) for at, (rows, extent) in enumerate(vintages)]
    found = duckdb.connect().execute(f"SELECT * FROM ({current_query(sources)})").fetchall()
    result = {(geo, other.split("tenure=")[1], period): value for geo, other, period, value in found}
    assert len(result) == len(found)
    return result


OLD = {("AT", "OWN", "2013"): 1.0, ("AT", "OWN", "2014"): 2.0, ("FR", "OWN", "2014"): 3.0}


def test_a_newer_whole_table_supersedes_everything_also_what_it_no_longer_holds(tmp_path: Path) -> None:
    new = {("AT", "OWN", "2014"): 20.0}
    assert current(tmp_path, (OLD, {}), (new, {})) == new


def test_an_older_row_stays_only_where_no_newer_extent_covers_its_cell(tmp_path: Path) -> None:
    slice_of_at = ({("AT", "OWN", "2014"): 20.0}, {"dims": {"geo": ["AT"]}})
    assert current(tmp_path, (OLD, {}), slice_of_at) == {
        ("AT", "OWN", "2014"): 20.0,  # AT 2013 is withdrawn: the slice covers it and has no row
        ("FR", "OWN", "2014"): 3.0,
    }


def test_dimensions_and_periods_of_an_extent_must_all_hold(tmp_path: Path) -> None:
    extent = {"dims": {"geo": ["AT", "FR"]}, "periods": ["2014", "2014"]}
    assert current(tmp_path, (OLD, {}), ({}, extent)) == {("AT", "OWN", "2013"): 1.0}


def test_a_period_bound_covers_the_parts_of_its_year_and_may_be_open(tmp_path: Path) -> None:
    rows = {
        ("AT", "OWN", period): 1.0 for period in ("2013", "2013-Q4", "2014-Q1", "2014", "2015-Q1", "2015")
    }
    left = {period for _, _, period in current(tmp_path, (rows, {}), ({}, {"periods": ["2014", "2014"]}))}
    assert left == {"2013", "2013-Q4", "2015-Q1", "2015"}
    left = {period for _, _, period in current(tmp_path, (rows, {}), ({}, {"periods": [None, "2014"]}))}
    assert left == {"2015-Q1", "2015"}
    left = {period for _, _, period in current(tmp_path, (rows, {}), ({}, {"periods": ["2014", None]}))}
    assert left == {"2013", "2013-Q4"}


def test_a_dimension_without_a_column_is_found_among_the_others(tmp_path: Path) -> None:
    rows = {("AT", "OWN", "2014"): 1.0, ("AT", "RENT", "2014"): 2.0}
    extent = {"dims": {"tenure": ["RENT", "FREE"]}}
    assert current(tmp_path, (rows, {}), ({}, extent)) == {("AT", "OWN", "2014"): 1.0}


def test_a_newest_vintage_without_rows_leaves_nothing_of_what_it_covers(tmp_path: Path) -> None:
    assert current(tmp_path, (OLD, {}), ({}, {})) == {}


def test_names_with_quotes_are_names(tmp_path: Path) -> None:
    folder = tmp_path / "it's"
    folder.mkdir()
    extent = {"dims": {"geo": ["A'T"]}}
    assert current(folder, (OLD, {}), ({("A'T", "OWN", "2014"): 5.0}, extent)) == OLD | {
        ("A'T", "OWN", "2014"): 5.0
    }


@pytest.mark.parametrize(
    ("extent", "named"),
    [
        ({"dims": {"geo": []}}, "names geo without a list of codes"),
        ({"dims": {"geo": "AT"}}, "names geo without a list of codes"),
        ({"periods": ["2014"]}, r"periods of its extent are not \[from, to\]"),
        ({"regions": ["AT"]}, "a part 'regions'"),
    ],
)
def test_an_extent_that_says_nothing_clear_is_refused_by_name(extent: dict[str, Any], named: str) -> None:
    with pytest.raises(MalformedExtent, match=f"a.parquet: .*{named}"):
        current_query([("a.parquet", extent)])


CELLS = [
    (geo, tenure, period) for geo in ("AT", "FR") for tenure in ("OWN", "RENT") for period in ("2013", "2014")
]
EXTENTS = st.fixed_dictionaries(
    {},
    optional={
        "dims": st.fixed_dictionaries(
            {},
            optional={
                "geo": st.lists(st.sampled_from(["AT", "FR"]), min_size=1, unique=True),
                "tenure": st.lists(st.sampled_from(["OWN", "RENT"]), min_size=1, unique=True),
            },
        ),
        "periods": st.sampled_from([["2013", "2013"], ["2014", "2014"], ["2013", None], [None, "2013"]]),
    },
)


def covers(extent: dict[str, Any], cell: tuple[str, str, str]) -> bool:
    geo, tenure, period = cell
    dims = extent.get("dims", {})
    start, end = extent.get("periods", [None, None])
    return (
        geo in dims.get("geo", [geo])
        and tenure in dims.get("tenure", [tenure])
        and (start or period) <= period <= (end or period)
    )


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.sets(st.sampled_from(CELLS)), EXTENTS), min_size=1, max_size=4))
def test_each_cell_comes_from_the_newest_vintage_that_covers_it(
    tmp_path: Path, vintages: list[tuple[set[tuple[str, str, str]], dict[str, Any]]]
) -> None:
    tables = [
        ({cell: float(at) for cell in cells if covers(extent, cell)}, extent)
        for at, (cells, extent) in enumerate(vintages)
    ]
    expected: Rows = {}
    for cell in CELLS:
        speaking = [rows for rows, extent in tables if covers(extent, cell)]
        if speaking and cell in speaking[-1]:
            expected[cell] = speaking[-1][cell]
    assert current(tmp_path, *tables) == expected
