"""The package reads the whole sample, and what it refuses is what the README says, nothing else."""

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from alp_pipeline.catalog.loader import load_catalog
from alp_pipeline.observations.errors import DamagedDocument, FormatNotRead
from alp_pipeline.observations.reader import READABLE_FORMATS, read_observations
from alp_pipeline.observations.schema import OBSERVATION_SCHEMA
from alp_pipeline.quality.intake import accepted_rows_query, validate_document
from alp_pipeline_tests.sample.published import SAMPLE, manifest

CATALOG = load_catalog(None)
TRUNCATED = "eurostat/nama_10r_2gdp.2018-03-05.tsv.gz"
READABLE = [
    row
    for row in manifest()
    if f"{row['source']}.{row['dataset']}" in CATALOG.datasets
    and row["format"] in READABLE_FORMATS
    and row["path"] != TRUNCATED
]
QUARANTINED = [
    ("A.C17.V16110.DE27", "2012", "12x", "cell_understood"),
    ("A.C25.V91290.ITC1", "2013", "-140.0", "growth_rate_above_minus_hundred"),
    ("A.F42.V16110.ES51", "2013", "28470 q", "cell_understood"),
    ("A.G46.V11210.AT22", "2014", "-35", "counts_non_negative"),
]


@dataclass(frozen=True)
class Taken:
    """A document after the intake gate."""

    accepted: bool
    cells: int
    layout: int  # series × periods
    states: Counter[str]
    quarantined: list[tuple[str, str, str, str]]
    failed: list[str]


def take_in(row: dict[str, str], folder: Path) -> Taken:
    entry = CATALOG.datasets[f"{row['source']}.{row['dataset']}"]
    parsed = folder / "parsed.parquet"
    reading = read_observations(
        SAMPLE / row["path"], format=row["format"], dataset=entry.shape(), document_id="d"
    )
    with pq.ParquetWriter(parsed, OBSERVATION_SCHEMA) as writer:
        for batch in reading.batches():
            writer.write_table(pa.Table.from_batches([batch]).cast(OBSERVATION_SCHEMA))
    with duckdb.connect() as connection:
        verdict = validate_document(connection, parsed, entry, document_id="d", declared_cells=reading.cells)
        query = f"SELECT cell_state, count(*) FROM ({accepted_rows_query(parsed, verdict)}) GROUP BY 1"
        states = Counter(dict(connection.execute(query).fetchall()))
    columns = ("series_key", "time_period", "published", "rule_ids")
    quarantined = sorted(tuple(found[name] for name in columns) for found in verdict.quarantine.to_pylist())
    failed = [outcome.rule_id for outcome in verdict.outcomes if outcome.is_failure]
    layout = reading.series_count * reading.period_count
    return Taken(verdict.accepted, reading.cells, layout, states, quarantined, failed)


@pytest.fixture(scope="module")
def taken(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Taken]:
    folder = tmp_path_factory.mktemp("parsed")
    return {row["path"].removeprefix("eurostat/"): take_in(row, folder) for row in READABLE}


def test_every_document_passes_the_intake_gate_without_a_failed_rule(taken: dict[str, Taken]) -> None:
    assert {name: found.failed for name, found in taken.items() if found.failed or not found.accepted} == {}
    assert len(taken) == 12


def test_exactly_the_documented_cells_are_in_quarantine(taken: dict[str, Taken]) -> None:
    found = {name: taken.quarantined for name, taken in taken.items() if taken.quarantined}
    assert found == {"sbs_r_nuts06_r2.2017-07-20.tsv.gz": QUARANTINED}


def test_every_cell_is_accounted_for(taken: dict[str, Taken]) -> None:
    for name, found in taken.items():
        assert found.states.total() + len(found.quarantined) == found.cells == found.layout, name
    assert 380_000 < sum(found.cells for found in taken.values()) < 410_000


def test_the_cell_counts_are_those_of_the_readme(taken: dict[str, Taken]) -> None:
    rows = [line.split("|") for line in (SAMPLE / "README.md").read_text(encoding="utf-8").splitlines()]
    told = {row[1].strip(" `"): row[3].strip() for row in rows if len(row) == 8}
    assert {name: str(found.cells) for name, found in taken.items()}.items() <= told.items()


def test_all_states_that_a_document_can_hold_occur(taken: dict[str, Taken]) -> None:
    states = sum((found.states for found in taken.values()), Counter())
    assert set(states) == {"reported", "confidential", "not_applicable", "not_available"}
    assert states["confidential"] > 5_000


def test_the_broken_vintage_is_refused_as_damaged(tmp_path: Path) -> None:
    row = next(row for row in manifest() if row["path"] == TRUNCATED)
    with pytest.raises(DamagedDocument, match="end early"):
        take_in(row, tmp_path)


def test_one_format_has_no_reader() -> None:
    row = next(row for row in manifest() if row["format"] not in READABLE_FORMATS)
    entry = CATALOG.datasets[f"{row['source']}.{row['dataset']}"]
    assert row["format"] == "sdmx-ml-3.0"
    with pytest.raises(FormatNotRead, match=r"sdmx-ml-3\.0"):
        read_observations(SAMPLE / row["path"], format=row["format"], dataset=entry.shape(), document_id="d")
