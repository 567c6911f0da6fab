"""What the portal connectors bring is read as the entry's layout says: the same cells from each family."""

from pathlib import Path
from typing import Any

import pytest

from alp_pipeline.observations.reader import read_observations
from alp_pipeline.sources.ckan import CkanConnector
from alp_pipeline.sources.family import Connector
from alp_pipeline.sources.opendatasoft import OpendatasoftConnector
from alp_pipeline.sources.socrata import SocrataConnector
from alp_pipeline_tests.servers import ckan, opendatasoft, socrata
from alp_pipeline_tests.servers.base import LoopbackServer
from alp_pipeline_tests.servers.portal_rows import PLACES, employment
from alp_pipeline_tests.sources.portals import LAYOUT, connected, entry, fetched

ROWS = employment(30)
CODES = {place: f"XX{number}" for number, place in enumerate(PLACES)}
PAGED: dict[str, Any] = {"page_rows": 8}
FAMILIES: dict[str, tuple[type[Connector], type[LoopbackServer], dict[str, Any]]] = {
    "socrata": (SocrataConnector, socrata.SocrataServer, {"resource": socrata.TABLE, **PAGED}),
    "ckan": (
        CkanConnector,
        ckan.CkanServer,
        {"package": ckan.PACKAGE, "resource": ckan.DATASTORE, "via": "datastore", **PAGED},
    ),
    "opendatasoft": (
        OpendatasoftConnector,
        opendatasoft.OpendatasoftServer,
        {"dataset": opendatasoft.DATASET},
    ),
}


@pytest.mark.parametrize("family", FAMILIES)
def test_every_family_gives_the_same_cells(family: str, tmp_path: Path) -> None:
    kind, server_of, access = FAMILIES[family]
    dataset = entry(
        {"family": family, **access},
        layout=LAYOUT | {"constants": {"freq": "A"}, "ignore": ["_id"], "codes": {"geo": CODES}},
    )
    with server_of(ROWS) as server, connected(kind, server, tmp_path) as portal:
        document = fetched(portal, dataset)
        reading = read_observations(
            document.path, format=document.format, dataset=dataset.shape(), document_id="x"
        )
        cells = [
            (cell["geo"], cell["nace_r2"], cell["time_period"], cell["value"], cell["cell_state"])
            for batch in reading.batches()
            for cell in batch.to_pylist()
        ]
    expected = [
        (
            CODES[row["comune"]],
            row["ateco"],
            str(row["anno"]),
            row["addetti"],
            "not_available" if row["addetti"] is None else "reported",
        )
        for row in ROWS
    ]
    assert sorted(cells, key=str) == sorted(expected, key=str)
