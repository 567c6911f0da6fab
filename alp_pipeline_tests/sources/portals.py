"""What the tests of the portal families share: an entry, a connector at a loopback server, what it brought.

Belongs here: building and reading. Does not: any family, any assertion.
"""

import csv
import json
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from alp_pipeline.catalog.models import DatasetEntry, SourceEntry
from alp_pipeline.sources.family import Connector, Fetched
from alp_pipeline_tests.servers.base import LoopbackServer, polite

Kind = TypeVar("Kind", bound=Connector)
LAYOUT = {"columns": {"comune": "geo", "ateco": "nace_r2"}, "time": "anno", "value": "addetti"}


def entry(access: dict[str, Any], **more: Any) -> DatasetEntry:
    """A catalogue entry of the portal `lombardia` with the usual layout."""
    given: dict[str, Any] = {
        "id": f"lombardia.{more.get('code', 'addetti')}",
        "source": "lombardia",
        "code": "addetti",
        "title": {"en": "Persons employed by commune"},
        "dimensions": ["freq", "nace_r2", "geo"],
        "access": access,
        "layout": LAYOUT,
        "licence": "CC BY 4.0",
        "licence_url": "https://creativecommons.org/licenses/by/4.0/",
        "citation": "Regione Lombardia",
        "cadence": "annual",
        "statistical_unit": "local_unit",
        "classification": "NACE Rev. 2",
        "classification_version": "2",
        "nuts_version_rule": "none",
        "value_rules": [{"id": "not_negative", "what": "persons", "severity": "critical", "min": 0}],
        "verified": True,
    }
    return DatasetEntry.model_validate(given | more)


def source(family: str) -> SourceEntry:
    """A catalogue entry of a portal; its address is another than the loopback server's."""
    return SourceEntry.model_validate(
        {
            "id": "lombardia",
            "title": {"en": "Open data of Lombardia"},
            "url": "https://portal.example",
            "family": family,
            "base_url": "https://portal.example",
            "licence": "CC BY 4.0",
            "licence_url": "https://creativecommons.org/licenses/by/4.0/",
            "acknowledgement": "Regione Lombardia",
            "disclaimer": "none",
            "verified": True,
        }
    )


@contextmanager
def connected(
    kind: type[Kind],
    server: LoopbackServer,
    folder: Path,
    *,
    credential: str | None = None,
    also: tuple[LoopbackServer, ...] = (),
) -> Iterator[Kind]:
    """A connector that may ask `server` and `also`; it downloads below `folder`."""
    downloads = folder / "downloads"
    downloads.mkdir(exist_ok=True)
    with polite(folder, server, *also) as session:
        yield kind(
            source(kind.family), base_url=server.url, http=session, folder=downloads, credential=credential
        )


def fetched(connector: Connector, dataset: DatasetEntry) -> Fetched:
    """The only document of a dataset, after asking for its freshness."""
    (document,) = connector.fetch(dataset, connector.freshness([dataset])[dataset.id])
    return document


def rows_in(document: Fetched, *, delimiter: str = ",") -> list[dict[str, Any]]:
    """All rows of a document: a ZIP of JSON pages (plain lists, or CKAN's envelopes), or a CSV."""
    if document.format == "csv":
        with document.path.open(encoding="utf-8", newline="") as lines:
            return list(csv.DictReader(lines, delimiter=delimiter))
    rows: list[dict[str, Any]] = []
    with zipfile.ZipFile(document.path) as archive:
        for name in archive.namelist():
            page = json.loads(archive.read(name))
            rows += page["result"]["records"] if isinstance(page, dict) else page
    return rows


def left_in(connector: Connector) -> list[str]:
    """The files in the connector's folder, temporary ones too."""
    return sorted(path.name for path in connector.folder.rglob("*"))
