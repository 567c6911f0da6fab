"""Entries of regional tables read what their publishers really sent."""

import pyarrow as pa
import pytest

from alp_pipeline.catalog.loader import load_catalog
from alp_pipeline.observations.reader import read_observations
from alp_pipeline.observations.schema import OBSERVATION_SCHEMA

CATALOG = load_catalog()


@pytest.fixture
def genesis(realdata):
    """The observations of a GENESIS table, as rows by (series key, period)."""

    def read(code):
        dataset = CATALOG.datasets[f"regionalstatistik.{code}"]
        with (realdata / "portals" / "genesis" / f"{code}_de.csv").open("rb") as document:
            reading = read_observations(document, format="csv", dataset=dataset.shape(), document_id="d")
            table = pa.Table.from_batches(list(reading.batches())).cast(OBSERVATION_SCHEMA)
        rows = table.to_pylist()
        return {(row["series_key"], row["time_period"]): row for row in rows}, rows

    return read


def test_the_population_of_all_140_southern_districts_is_read_under_nuts_codes(genesis):
    found, rows = genesis("12411-01-01-4")
    assert len(found) == len(rows) == 140 * 3
    assert found[("A.NR.T.DE111", "2024")]["value"] == 612663
    assert {row["cell_state"] for row in rows} == {"reported"}
    parts = sum(found[(f"A.NR.{sex}.DE212", "2024")]["value"] for sex in ("F", "M"))
    assert found[("A.NR.T.DE212", "2024")]["value"] == parts


def test_a_dash_where_a_district_cannot_be_empty_is_not_zero(genesis):
    found, rows = genesis("13111-01-03-4")
    stuttgart = found[("A.NR.T.TOTAL.DE111", "2025")]
    assert (stuttgart["published"], stuttgart["cell_state"], stuttgart["value"]) == (
        "-",
        "not_available",
        None,
    )
    assert found[("A.NR.T.TOTAL.DE", "2025")]["value"] > 30_000_000
    assert 0 not in {row["value"] for row in rows}


def test_the_competitiveness_index_is_read_as_published_merged_capitals_under_their_own_code(realdata):
    dataset = CATALOG.datasets["european_commission.rci_2010_2019"]
    with (realdata / "composite" / "rci_2010_2019.csv").open("rb") as document:
        reading = read_observations(document, format="csv", dataset=dataset.shape(), document_id="d")
        table = pa.Table.from_batches(list(reading.batches())).cast(OBSERVATION_SCHEMA)
    found = {(row["series_key"], row["time_period"]): row for row in table.to_pylist()}
    assert len(found) == table.num_rows == 1_133
    assert found[("A.ZSCORE.AT00", "2019")]["value"] == 0.61
    assert ("A.ZSCORE.AT13", "2019") not in found
    assert found[("A.ZSCORE.ITH1", "2019")]["value"] == -0.35
    states = [row["cell_state"] for row in found.values()]
    assert (states.count("reported"), states.count("not_available")) == (1_129, 4)
    (rule,) = dataset.value_rules
    assert all(rule.min <= row["value"] <= rule.max for row in found.values() if row["value"] is not None)
