"""The plan and the lineage say the same, and the plan depends on what it must depend on."""

from pathlib import Path

import pytest

from alp_pipeline.archive.importer import import_folder
from alp_pipeline.archive.store import Archive
from alp_pipeline.build.stage import Plan
from alp_pipeline.catalog.loader import load_catalog
from alp_pipeline.plan import gate
from alp_pipeline.plan.assemble import SelectionEmpty, asset_names, build_plan, lineage, selected, table_files
from alp_pipeline.warehouse.tables import TABLES

SAMPLE = Path(__file__).resolve().parents[2] / "data" / "sample"


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Archive:
    archive = Archive(tmp_path_factory.mktemp("archive"))
    import_folder(archive, SAMPLE)
    return archive


@pytest.fixture(scope="module")
def plan(archive: Archive) -> Plan:
    return build_plan(load_catalog(), archive)


def test_every_stage_belongs_to_an_asset_and_every_asset_but_the_raw_ones_has_stages(plan: Plan) -> None:
    assets = {node.name for node in lineage(load_catalog()) if not node.name.startswith("raw/")}
    assert {stage.asset for stage in plan.stages.values()} == assets


def test_the_lineage_shows_every_input_that_a_stage_reads(plan: Plan) -> None:
    shown = {node.name: set(node.depends_on) for node in lineage(load_catalog())}

    def upstream(asset: str) -> set[str]:
        return shown[asset] | {name for dep in shown[asset] for name in upstream(dep)}

    for stage in plan.stages.values():
        read = {plan.stages[name].asset for name in stage.inputs} - {stage.asset}
        assert read <= upstream(stage.asset), stage.name


def test_every_declared_table_is_filled_by_exactly_one_stage(plan: Plan) -> None:
    assert set(table_files(plan)) == set(TABLES)


def test_the_gate_sees_every_stage(plan: Plan) -> None:
    assert set(plan.stages[gate.NAME].inputs) == set(plan.stages) - {gate.NAME}


def test_the_order_of_import_does_not_change_the_plan(archive: Archive, plan: Plan, tmp_path: Path) -> None:
    other = Archive(tmp_path)
    for document in reversed(archive.retrievals()):
        with archive.open(document) as content:
            other.put(content, document)
    assert build_plan(load_catalog(), other).fingerprint == plan.fingerprint


def test_one_new_document_makes_its_dataset_new_and_no_other(
    archive: Archive, plan: Plan, tmp_path: Path
) -> None:
    fewer = Archive(tmp_path)
    for document in archive.retrievals():
        if not (document.dataset_code == "sbs_r_nuts06_r2" and document.published_at > "2017"):
            with archive.open(document) as content:
                fewer.put(content, document)
    before = build_plan(load_catalog(), fewer).fingerprints
    changed = {
        name.partition("#")[0] for name, value in plan.fingerprints.items() if before.get(name) != value
    }
    assert {name for name in changed if name.startswith("observations/")} == {"observations/sbs_r_nuts06_r2"}
    assert "warehouse/dim_indicator" not in changed
    assert "benchmark/specialisation" in changed


def test_a_pattern_that_names_no_asset_is_refused_whether_or_not_there_is_work() -> None:
    names = asset_names(load_catalog())
    assert selected(["reports/*", "dim_region"], names) == ["reports/regions", "warehouse/dim_region"]
    with pytest.raises(SelectionEmpty, match="--only nonsense: no asset matches"):
        selected(["release", "nonsense"], names)
