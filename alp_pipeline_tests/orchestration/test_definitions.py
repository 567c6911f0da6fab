"""The definitions: what the lineage is, that every asset is described, that loading them is light."""

import json
import subprocess
import sys
from pathlib import Path

import dagster as dg
import pytest

from alp_pipeline.catalog.loader import load_catalog
from alp_pipeline.definitions import build_definitions
from alp_pipeline.plan.assemble import lineage
from alp_pipeline.warehouse.tables import OPERATIONAL, TABLES

SNAPSHOT = Path(__file__).with_name("lineage.json")


@pytest.fixture(scope="module")
def definitions(tmp_path_factory: pytest.TempPathFactory) -> dg.Definitions:
    return build_definitions({"data_dir": str(tmp_path_factory.mktemp("data"))})


def test_the_lineage_is_the_one_that_was_reviewed(definitions: dg.Definitions) -> None:
    """An accidental change shows here. For a wanted one: delete the snapshot, run, review the diff."""
    found = {
        "/".join(spec.key.path): {
            "deps": sorted("/".join(dep.asset_key.path) for dep in spec.deps),
            "group": spec.group_name,
            "owners": list(spec.owners),
            "kinds": sorted(spec.kinds),
        }
        for spec in definitions.resolve_all_asset_specs()
    }
    if not SNAPSHOT.exists():
        SNAPSHOT.write_text(json.dumps(found, indent=1, sort_keys=True) + "\n", encoding="utf-8")
        pytest.fail("the snapshot was absent and is written now; review it")
    assert found == json.loads(SNAPSHOT.read_text(encoding="utf-8"))


def test_every_asset_says_what_it_is_and_whose(definitions: dg.Definitions) -> None:
    for spec in definitions.resolve_all_asset_specs():
        assert spec.description, spec.key
        assert spec.owners, spec.key
        assert spec.kinds, spec.key
        assert spec.tags["stage"] == spec.group_name, spec.key


def test_every_table_shows_its_declared_columns(definitions: dg.Definitions) -> None:
    tables = {node.name: node.tables for node in lineage(load_catalog()) if node.tables}
    shown = {"/".join(spec.key.path): spec.metadata for spec in definitions.resolve_all_asset_specs()}
    assert {table for filled in tables.values() for table in filled} == set(TABLES) - OPERATIONAL
    for name, (first, *others) in tables.items():
        schemas = [shown[name]["dagster/column_schema"]]
        schemas += [shown[name][f"columns of {other}"].value for other in others]
        for table, schema in zip((first, *others), schemas, strict=True):
            assert [column.name for column in schema.columns] == list(TABLES[table].columns.keys())
            assert all(column.description for column in schema.columns), name


def test_no_check_blocks_and_each_asset_has_one_a_severity(definitions: dg.Definitions) -> None:
    graph = definitions.resolve_asset_graph()
    checks = [graph.get_check_spec(key) for key in graph.asset_check_keys]
    assert not any(check.blocking for check in checks)
    names = {"/".join(check.asset_key.path): set() for check in checks}
    for check in checks:
        names["/".join(check.asset_key.path)].add(check.name)
    for node in lineage(load_catalog()):
        if node.name.startswith("raw/"):
            assert {"source"} <= names[node.name] <= {"source", "freshness"}, node.name
        else:
            assert names[node.name] == {"critical", "warning"}, node.name


def test_loading_the_definitions_imports_nothing_heavy() -> None:
    program = (
        "import sys, alp_pipeline.definitions as d; d.build_definitions({'data_dir': '/nonexistent'});"
        "print([m for m in ('great_expectations', 'scipy', 'matplotlib', 'playwright', 'pandas') "
        "if m in sys.modules and m != 'pandas'])"
    )
    shown = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert shown.stdout.strip() == "[]"


def test_a_refresh_with_nothing_to_do_does_not_even_import_dagster() -> None:
    program = "import sys, alp_pipeline.publish, alp_pipeline.cli; print('dagster' in sys.modules)"
    shown = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert shown.stdout.strip() == "False"


def test_the_schedule_is_on_and_takes_its_time_from_the_settings(tmp_path: Path) -> None:
    definitions = build_definitions(
        {"data_dir": str(tmp_path), "schedule_cron": "5 4 * * 1", "schedule_timezone": "Europe/Ljubljana"}
    )
    schedule = definitions.resolve_schedule_def("scheduled_refresh")
    assert (schedule.cron_schedule, schedule.execution_timezone) == ("5 4 * * 1", "Europe/Ljubljana")
    assert schedule.default_status == dg.DefaultScheduleStatus.RUNNING
