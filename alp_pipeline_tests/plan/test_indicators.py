"""Indicators of a site: any dimension, any name of a term, any activity classification."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from alp_pipeline.build.stage import BuildStore, Plan, Stage, StageContext, StageRecord
from alp_pipeline.catalog.loader import load_catalog
from alp_pipeline.observations.schema import OBSERVATION_SCHEMA
from alp_pipeline.plan import indicators
from alp_pipeline.plan.intake import observations_asset

DATASET = """
- id: eurostat.own_table
  source: eurostat
  code: own_table
  title: {en: "A site's own table"}
  dimensions: [freq, nace_r21, citizen, geo]
  licence: "Own"
  licence_url: "about:blank"
  citation: "Own"
  cadence: annual
  statistical_unit: resident
  classification: "NACE Rev. 2.1"
  classification_version: "2.1"
  nuts_version_rule: detect
  value_rules: [{id: counts, what: "counts", severity: critical, min: 0}]
  verified: false
"""
INDICATOR = """
- id: {id}
  label: {{en: x, it: x, de: x, fr: x, sl: x}}
  description: {{en: "A share."}}
  unit: {{code: PC, label: {{en: "%"}}}}
  direction: 0
  pillar: economy
  kind: intensive
  formula: "{formula}"
  terms: {{{terms}}}
  valid_range: [0, 100]
  statistical_unit: resident
  verified: false
"""


def term(name: str, citizen: str) -> str:
    return f"{name}: {{dataset: eurostat.own_table, select: {{citizen: {citizen}}}, by_activity: true}}"


def observation(geo: str, activity: str, citizen: str, value: float | None, state: str) -> dict[str, object]:
    return {
        "dataset_id": "eurostat.own_table",
        "series_key": f"A.{activity}.{citizen}.{geo}",
        "time_period": "2026",
        "freq": "A",
        "geo": geo,
        "other_dimensions": f"citizen={citizen};nace_r21={activity}",
        "value": value,
        "cell_state": state,
        "obs_status": "p" if value else "",
        "published": str(value),
        "document_id": "d",
    }


@pytest.fixture
def computed(tmp_path: Path) -> tuple[StageRecord, list[dict[str, object]]]:
    site = tmp_path / "site"
    site.mkdir()
    (site / "datasets.yaml").write_text(DATASET, encoding="utf-8")
    entries = [
        INDICATOR.format(
            id="own",
            formula="100 * select / group",
            terms=f"{term('select', 'NAT')}, {term('group', 'TOTAL')}",
        ),
        # Two entries whose ids and terms run together to the same text.
        INDICATOR.format(id="own_a", formula="b_c", terms=term("b_c", "NAT")),
        INDICATOR.format(id="own_a_b", formula="c", terms=term("c", "NAT")),
        INDICATOR.format(id="own_nothing", formula="x", terms=term("x", "NOBODY")),
        # One term has observations; the other's dataset has none at all.
        INDICATOR.format(
            id="own_against_absent",
            formula="100 * a / b",
            terms=f"{term('a', 'NAT')}, b: {{dataset: eurostat.demo_r_pjangrp3, "
            "select: {sex: T, unit: NR, age: TOTAL}}",
        ),
    ]
    (site / "indicators.yaml").write_text("".join(entries), encoding="utf-8")
    catalog = load_catalog(site)
    schema = OBSERVATION_SCHEMA.remove(OBSERVATION_SCHEMA.get_field_index("problem"))
    own = [
        observation("ITC4", "C10", "NAT", 5.0, "reported"),
        observation("ITC4", "C10", "TOTAL", 20.0, "reported"),
        observation("AT33", "C10", "NAT", None, "confidential"),
        observation("AT33", "C10", "TOTAL", 20.0, "reported"),
        observation("AT34", "C10", "NAT", 5.0, "reported"),
    ]

    def current(name: str) -> Stage:
        rows = own if name == "observations/own_table" else []

        def run(context: StageContext) -> None:
            context.write_arrow("current", pa.Table.from_pylist(rows, schema=schema))

        return Stage(name, ("current",), run, code=("build",))

    stages = [current(observations_asset(dataset)) for dataset in catalog.datasets.values()]
    plan = Plan([*stages, indicators.indicator_stage(catalog)])
    store = BuildStore(tmp_path / "build")
    for name in plan.stages:
        record = store.run(plan, name)
    return record, pq.read_table(store.file("fct_indicator", record.fingerprint)).to_pylist()


def test_a_site_may_use_any_dimension_and_a_term_any_name(
    computed: tuple[StageRecord, list[dict[str, object]]],
) -> None:
    _, rows = computed
    shown = {
        (row["indicator_id"], row["region_code"]): (row["activity_code"], row["value"], row["cell_state"])
        for row in rows
    }
    assert shown[("own", "ITC4")] == ("C10", 25.0, "reported")
    assert shown[("own", "AT33")] == ("C10", None, "confidential")
    assert shown[("own", "AT34")] == ("C10", None, "not_available")
    assert shown[("own_a", "ITC4")] == shown[("own_a_b", "ITC4")] == ("C10", 5.0, "reported")


def test_an_indicator_without_a_row_says_so(
    computed: tuple[StageRecord, list[dict[str, object]]],
) -> None:
    record, _ = computed
    found = {o.subject: o.outcome for o in record.outcomes if o.rule_id == "indicator_has_rows"}
    assert (found["own_nothing"], found["own"]) == ("failed", "passed")


def test_an_indicator_of_a_dataset_never_fetched_has_no_row_and_no_warning(
    computed: tuple[StageRecord, list[dict[str, object]]],
) -> None:
    record, rows = computed
    assert "own_against_absent" not in {row["indicator_id"] for row in rows}
    [said] = [
        o for o in record.outcomes if o.rule_id == "indicator_has_rows" and o.subject == "own_against_absent"
    ]
    assert (said.outcome, said.checked) == ("passed", 0)
    assert said.detail == "not computed: no accepted observation of eurostat.demo_r_pjangrp3"
