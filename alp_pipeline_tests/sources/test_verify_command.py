"""`alp sources verify`: what it prints can be put where it says, loads, and agrees from then on."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner, Result

from alp_pipeline.catalog.access import PxWebAccess
from alp_pipeline.catalog.loader import load_catalog
from alp_pipeline.catalog.models import DatasetEntry
from alp_pipeline.cli.sources import sources
from alp_pipeline.observations.code_maps import code_maps
from alp_pipeline_tests.servers.base import LoopbackServer
from alp_pipeline_tests.servers.opendatasoft import DATASET, OpendatasoftServer
from alp_pipeline_tests.servers.portal_rows import employment
from alp_pipeline_tests.servers.pxweb import PxWebServer
from alp_pipeline_tests.servers.pxweb_cube import PxTable, PxVariable
from alp_pipeline_tests.servers.socrata import TABLE, SocrataServer
from alp_pipeline_tests.sources.portals import entry

COUNT = {"id": "counts", "what": "persons are a count", "severity": "critical", "min": 0}
YEARS = ("2022", "2023")


@pytest.fixture
def site(tmp_path: Path) -> Path:
    folder = tmp_path / "data" / "catalog"
    folder.mkdir(parents=True)
    return folder


def verified(site: Path, source: str, server: LoopbackServer, *arguments: str) -> Result:
    """The command on the data folder of `site`, `source` being the loopback server."""
    environment = {
        "ALP_DATA_DIR": str(site.parent),
        "ALP_CATALOG_DIR": str(site),
        "ALP_SOURCE_URLS": json.dumps({source: server.url}),
        "ALP_ALLOWED_HOSTS": json.dumps([server.host]),
    }
    return CliRunner().invoke(sources, ["verify", *arguments], env=environment)


def printed_to(result: Result) -> Path:
    """Put the printed entry into the file that the text names."""
    file = re.search(r"to commit, into (.*?); it takes the place", result.stdout)
    assert file, result.output
    path = Path(file[1])
    path.write_text(result.stdout[result.stdout.index("- id:") :], encoding="utf-8")
    return path


def written(site: Path, name: str, source: str, access: dict[str, Any], **more: Any) -> str:
    """A site's unverified entry in a file; its id."""
    given = entry(
        access,
        source=source,
        id=f"{source}.own",
        code="own",
        verified=False,
        notes=["Assumed: the columns."],
        value_rules=[COUNT],
        **more,
    )
    document = [given.model_dump(mode="json", exclude_defaults=True, exclude={"origin"})]
    document[0]["access"]["family"] = access["family"]
    (site / name).parent.mkdir(exist_ok=True)
    (site / name).write_text(yaml.safe_dump(document, sort_keys=False), encoding="utf-8")
    return given.id


def unverified_pxweb() -> DatasetEntry:
    catalog = load_catalog()
    return next(
        dataset
        for dataset in catalog.datasets.values()
        if not dataset.verified and isinstance(dataset.access, PxWebAccess) and dataset.cadence == "annual"
        if not catalog.indicators_of(dataset.id)
    )


def as_assumed(dataset: DatasetEntry) -> PxTable:
    """A table that is all that an entry assumes."""
    access, variables = dataset.access, []
    assert isinstance(access, PxWebAccess)
    maps = code_maps(dataset.layout.for_readers() if dataset.layout else None)
    ruled = {name: codes for rule in dataset.value_rules for name, codes in rule.select.items()}
    for name, dimension in access.variables.items():
        known = maps[dimension].known if dimension in maps else None
        codes = tuple(code for code in known if code) if known else ruled.get(dimension, ("1", "2"))
        chosen = access.select[name] if access.select[name] != ("*",) else codes
        is_time = dimension == "time"
        variables.append(PxVariable(name, YEARS if is_time else chosen, time=is_time))
    return PxTable(tuple(variables))


def test_a_package_entry_that_was_held_against_its_table_is_put_into_the_site_and_agrees(site):
    dataset = unverified_pxweb()
    assert isinstance(dataset.access, PxWebAccess)
    with PxWebServer({dataset.access.table: as_assumed(dataset)}) as server:
        first = verified(site, dataset.source, server, dataset.id)
        assert f"{dataset.id}: agrees with the live table" in first.stdout
        assert first.exit_code == 0
        assert printed_to(first) == site / "datasets.yaml"
        mine = load_catalog(site).datasets[dataset.id]
        assert (mine.origin, mine.verified, mine.is_scheduled) == ("datasets.yaml", True, True)
        assert mine.latest_expected_period == "2023"
        second = verified(site, dataset.source, server, dataset.id)
    assert f"{dataset.id}: agrees with the live table" in second.stdout
    assert second.exit_code == 0
    assert second.stdout[second.stdout.index("- id:") :] == first.stdout[first.stdout.index("- id:") :]


def test_an_entry_in_a_folder_of_the_site_is_replaced_there(site):
    rows = employment(40)
    places = {row["comune"]: f"P{at}" for at, row in enumerate(rows[:8])}
    dataset_id = written(
        site,
        "datasets/mine.yaml",
        "lombardia",
        {"family": "socrata", "resource": TABLE},
        layout={
            "columns": {"comune": "geo", "ateco": "nace_r2"},
            "time": "anno",
            "value": "addetti",
            "codes": {"geo": places},
        },
    )
    with SocrataServer(rows) as server:
        first = verified(site, "lombardia", server, dataset_id)
        assert (first.exit_code, printed_to(first)) == (0, site / "datasets" / "mine.yaml")
        mine = load_catalog(site).datasets[dataset_id]
        assert (mine.origin, mine.verified, mine.notes) == ("datasets/mine.yaml", True, ())
        assert verified(site, "lombardia", server, dataset_id).exit_code == 0
        server.rows.append({**rows[0], "comune": "Livigno"})
        grown = verified(site, "lombardia", server, "--json", dataset_id)
    (table,) = json.loads(grown.stdout)["tables"]
    assert (grown.exit_code, table["agrees"], table["file"]) == (1, False, str(site / "datasets/mine.yaml"))
    (difference,) = table["differences"]
    assert difference.startswith("comune: the layout does not say what the table's codes Livigno are: ")


def test_a_wide_table_of_a_service_without_code_lists_is_not_called_agreeing(site):
    rows = [{"dep": "01", "effectifs_2022": 5, "effectifs_2023": 6}]
    dataset_id = written(
        site,
        "datasets.yaml",
        "urssaf",
        {"family": "opendatasoft", "dataset": DATASET},
        layout={
            "columns": {"dep": "geo"},
            "constants": {"nace_r2": "TOTAL"},
            "period": "effectifs_%Y",
            "code_table": {"geo": "fr_departements_alps"},
        },
    )
    with OpendatasoftServer(rows) as server:
        result = verified(site, "urssaf", server, dataset_id)
    assert f"{dataset_id}: could not be checked in full against the live table" in result.stdout
    assert "codes of dep could not be checked" in result.stdout
    assert "latest period 2023\n  Swiss regions: unknown, Liechtenstein: unknown" in result.stdout
    assert result.exit_code == 1
    printed_to(result)
    mine = load_catalog(site).datasets[dataset_id]
    assert (mine.verified, mine.notes) == (False, ("Assumed: the columns.",))
    assert mine.latest_expected_period == "2023"
