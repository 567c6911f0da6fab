"""A document's observations are the same whatever order its lines have, in bounded memory."""

import gzip
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from alp_pipeline.build.stage import BuildStore, Plan, Stage
from alp_pipeline.catalog.models import Catalog
from alp_pipeline.observations.schema import BATCH_SCHEMA
from alp_pipeline.plan import observation_file
from alp_pipeline.plan.intake import intake_of
from alp_pipeline.quality.quarantine import QUARANTINE_SCHEMA
from alp_pipeline.warehouse.tables import TABLES
from alp_pipeline_tests.benchmarks.intake_memory import LIMIT_MIB, measured
from alp_pipeline_tests.plan.one_dataset import DATASET, Folder

YEARS = range(1992, 2017)
HEADING = "freq,unit,sex,age,geo\\TIME_PERIOD\t" + "\t".join(f"{year} " for year in YEARS)


@pytest.fixture(scope="module")
def lines() -> list[str]:
    """In key order, of three of the reader's blocks; France lacks 2016, every thousandth line a number."""
    found = []
    for number in range(17_576):
        cells = [f"{number % 100}.{year % 100:02} p" for year in YEARS]
        country = "FR" if number < 5_000 else "IT"
        cells[-1] = ": " if country == "FR" else cells[-1]
        cells[3] = "x9" if number % 1_000 == 0 else ": c"
        found.append(f"A,PC,T,Y25-64,{country}{number:05}\t" + "\t".join(cells))
    return found


def taken_in(tmp_path: Path, catalog: Catalog, body: list[str], *, threads: int = 1) -> tuple[pa.Table, Plan]:
    """The dataset's observations without the document's id, and the plan that gave them."""
    folder = Folder(tmp_path, catalog)
    folder.add(gzip.compress("\n".join([HEADING, *body, ""]).encode(), mtime=0), format="tsv")
    plan = Plan(intake_of(folder.archive, catalog.datasets[DATASET]).stages)
    store = BuildStore(tmp_path / "build", threads=threads)
    record = [store.run(plan, name) for name in plan.stages][-1]
    assert list(record.facts["in_use"]), "the document was kept out"
    return pq.read_table(store.file("current", record.fingerprint)).drop_columns("document_id"), plan


def test_blocks_in_any_order_give_the_rows_in_key_order(
    tmp_path: Path, one_dataset: Catalog, lines: list[str]
) -> None:
    expected, _ = taken_in(tmp_path / "ordered", one_dataset, lines)
    keys = [expected[name].to_pylist() for name in ("series_key", "time_period")]
    assert len(keys[0]) == 17_576 * len(YEARS) - 18
    assert list(zip(*keys, strict=True)) == sorted(zip(*keys, strict=True))
    shuffled = np.random.default_rng(1).permutation(lines).tolist()
    for name, body in {"reversed": lines[::-1], "shuffled": shuffled}.items():
        assert taken_in(tmp_path / name, one_dataset, body, threads=2)[0].equals(expected)


def test_only_what_a_country_has_not_delivered_is_not_yet_published_in_every_block(
    tmp_path: Path, one_dataset: Catalog, lines: list[str]
) -> None:
    current, _ = taken_in(tmp_path, one_dataset, lines)
    with duckdb.connect() as connection:
        connection.register("current_rows", current)
        states = connection.execute(
            "SELECT left(geo, 2), time_period, count(*) FROM current_rows "
            "WHERE cell_state = 'not_yet_published' GROUP BY ALL"
        ).fetchall()
    assert states == [("FR", "2016", 5_000)]


def test_what_is_null_in_a_dictionary_is_null_in_the_file() -> None:
    words = pa.DictionaryArray.from_arrays(pa.array([0, 1, None], pa.int32()), pa.array(["C", None]))
    batch = pa.RecordBatch.from_arrays([words], names=["conf_status"])
    plain = observation_file._without_null_words(batch).column(0)
    assert plain.to_pylist() == ["C", None, None]
    assert plain.dictionary.to_pylist() == ["C"]


def test_a_row_is_left_out_by_its_position_in_the_whole_file(tmp_path: Path) -> None:
    rows = {name: ["x"] * 5 for name in BATCH_SCHEMA.names} | {"published": list("abcde")}
    rows = {name: pa.array(column) for name, column in rows.items()} | {"value": pa.array([1.0] * 5)}
    pq.write_table(pa.table(rows), tmp_path / "parsed.parquet", row_group_size=2)
    quarantined = pa.array([1, 2, 4], QUARANTINE_SCHEMA.field("row_number").type).to_numpy()
    kept = observation_file._without(tmp_path / "parsed.parquet", quarantined)
    assert [text for batch in kept for text in batch.column("published").to_pylist()] == ["a", "d"]


def test_the_table_of_observations_has_the_columns_of_a_datasets_observations() -> None:
    assert [column.name for column in TABLES["fct_observation"].columns] == observation_file.KEPT


def test_files_after_each_other_are_all_their_rows_in_that_order(tmp_path: Path) -> None:
    files = []
    for number, keys in enumerate((["B", "C"], [], ["A"])):
        rows = {name: keys if name == "series_key" else [None] * len(keys) for name in observation_file.KEPT}
        types = {name: pa.float64() if name == "value" else pa.string() for name in rows}
        files.append(tmp_path / f"{number}.parquet")
        pq.write_table(pa.table({name: pa.array(rows[name], types[name]) for name in rows}), files[-1])
    stage = Stage(
        "s", ("t",), lambda c: observation_file.write_after_each_other(c, "t", files), code=("build",)
    )
    store, plan = BuildStore(tmp_path / "build"), Plan([stage])
    written = pq.read_table(store.file("t", store.run(plan, "s").fingerprint))
    assert written["series_key"].to_pylist() == ["B", "C", "A"]
    assert written.column_names == observation_file.KEPT


@pytest.mark.slow
def test_three_times_the_document_takes_no_more_memory() -> None:
    one, three = measured(0.02), measured(0.06)
    assert three.pop("cells") > 2.9 * one.pop("cells")
    assert max(three.values()) - max(one.values()) < 100
    assert max(three.values()) < LIMIT_MIB
