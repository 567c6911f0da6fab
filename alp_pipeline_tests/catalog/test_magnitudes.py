"""A change of unit does not pass the intake of a real document, and what is true does."""

from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from alp_pipeline.catalog.loader import load_catalog
from alp_pipeline.observations.reader import read_observations
from alp_pipeline.observations.schema import OBSERVATION_SCHEMA
from alp_pipeline.quality.intake import validate_document

CATALOG = load_catalog()
LARGE = ["AT", "CH", "DE", "FR", "IT", "DE21", "ITC4"]
"""Where magnitudes are known. Every other region is left out here: the whole files take a minute each."""
WRONG_AT_SOURCE = {"sbs_r_nuts06_r2": ["IT"]}
"""Left out of what is true: Italy's construction and trade of 2009-10 are a tenth of its regions' sum."""
DOCUMENTS = {
    "bd_size_r3": "bulk2024",
    "demo_r_pjangrp3": "bulk2024",
    "edat_lfse_22": "bulk2024",
    "lfst_r_lfe2emp": "bulk2017",
    "lfst_r_lfe2en2": "bulk2017",
    "lfst_r_lfu3pers": "bulk2017",
    "nama_10r_2gdp": "bulk2017",
    "nama_10r_2hhinc": "bulk2017",
    "nama_10r_3gdp": "bulk2024",
    "sbs_r_nuts06_r2": "bulk2017",
    "trng_lfse_04": "bulk2017",
}


@pytest.fixture(scope="module", params=DOCUMENTS)
def document(request, realdata, tmp_path_factory):
    """A dataset, and the rows of a real document of it where magnitudes are known."""
    entry = CATALOG.datasets[f"eurostat.{request.param}"]
    path = realdata / "eurostat" / DOCUMENTS[request.param] / f"{request.param}.tsv.gz"
    reading = read_observations(path, format="tsv", dataset=entry.shape(), document_id="d")
    known = pa.array([geo for geo in LARGE if geo not in WRONG_AT_SOURCE.get(request.param, [])])
    rows = pa.Table.from_batches([batch.filter(pc.is_in(batch["geo"], known)) for batch in reading.batches()])
    parsed = tmp_path_factory.mktemp(request.param) / "parsed.parquet"
    pq.write_table(rows.cast(OBSERVATION_SCHEMA), parsed)
    return entry, parsed


def verdict(entry, parsed: Path):
    with duckdb.connect() as connection:
        cells = pq.read_metadata(parsed).num_rows
        return validate_document(connection, parsed, entry, document_id="d", declared_cells=cells)


def test_nothing_true_is_refused(document):
    entry, parsed = document
    found = verdict(entry, parsed)
    assert [o.rule_id for o in found.outcomes if o.is_failure and o.severity == "critical"] == []
    gating = {rule.id for rule in entry.value_rules if rule.gates}
    checked = {o.rule_id: o.checked for o in found.outcomes if o.rule_id in gating}
    assert set(checked) == gating
    assert min(checked.values()) >= 10


@pytest.mark.parametrize("factor", [1000, 0.001])
def test_a_factor_of_a_thousand_keeps_the_document_out_by_every_gate(document, factor, tmp_path):
    entry, parsed = document
    rows = pq.read_table(parsed)
    value = pc.multiply(rows["value"], float(factor))
    scaled = tmp_path / "scaled.parquet"
    pq.write_table(rows.set_column(rows.schema.get_field_index("value"), "value", value), scaled)
    found = verdict(entry, scaled)
    gating = {rule.id for rule in entry.value_rules if rule.gates}
    assert not found.accepted
    assert gating <= {o.rule_id for o in found.outcomes if o.is_failure}
    assert all(o.failed == o.checked for o in found.outcomes if o.rule_id in gating)


def test_every_magnitude_is_narrower_than_a_factor_of_a_thousand():
    for entry in CATALOG.datasets.values():
        for rule in entry.value_rules:
            if rule.gates:
                assert 0 < (rule.max or 0) < 1000 * (rule.min or 0), (entry.id, rule.id)
