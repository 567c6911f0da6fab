"""What the tests of the Eurostat connector share: an entry, a connector at the loopback server, small tables.

Belongs here: building. Does not: any assertion.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from alp_pipeline.catalog.models import DatasetEntry, SourceEntry
from alp_pipeline.sources.eurostat.connector import EurostatConnector
from alp_pipeline.sources.eurostat.queue import Patience
from alp_pipeline.sources.eurostat.slices import Limits
from alp_pipeline.sources.family import Fetched
from alp_pipeline.sources.http import Policy, PoliteSession
from alp_pipeline_tests.servers.eurostat import EurostatServer

UNITS, REGIONS, PERIODS = ("NR", "PC"), ("AT", "AT33", "ITC4", "SI03"), ("2021", "2022", "2023")


def tsv(
    units: tuple[str, ...] = UNITS, regions: tuple[str, ...] = REGIONS, periods: tuple[str, ...] = PERIODS
) -> bytes:
    """A table of three dimensions; each value tells its series and period."""
    lines = ["freq,unit,geo\\TIME_PERIOD\t" + "\t".join(f"{period} " for period in periods)]
    for one, unit in enumerate(units):
        for other, region in enumerate(regions):
            cells = "\t".join(f"{one}{other}{period} " for period in periods)
            lines.append(f"A,{unit},{region}\t{cells}")
    return ("\n".join(lines) + "\n").encode()


def entry(code: str = "tgs00001", **more: Any) -> DatasetEntry:
    """A catalogue entry of Eurostat's."""
    given: dict[str, Any] = {
        "id": f"eurostat.{code}",
        "source": "eurostat",
        "code": code,
        "title": {"en": "A table"},
        "dimensions": ["freq", "unit", "geo"],
        "licence": "Eurostat reuse",
        "licence_url": "https://ec.europa.eu/eurostat/help/copyright-notice",
        "citation": "Eurostat",
        "cadence": "annual",
        "statistical_unit": "resident",
        "nuts_version_rule": "detect",
        "value_rules": [{"id": "not_negative", "what": "counts", "severity": "critical", "min": 0}],
        "verified": True,
    }
    return DatasetEntry.model_validate(given | more)


def sliced(filters: dict[str, list[str]] | None = None, **access: Any) -> DatasetEntry:
    """An entry that wants a part of the table."""
    return entry(filters=filters or {}, access={"family": "eurostat", "want": "slices", **access})


SOURCE = SourceEntry.model_validate(
    {
        "id": "eurostat",
        "title": {"en": "Eurostat"},
        "url": "https://ec.europa.eu/eurostat",
        "family": "eurostat",
        "base_url": "https://ec.europa.eu/eurostat/api/dissemination",
        "licence": "Eurostat reuse",
        "licence_url": "https://ec.europa.eu/eurostat/help/copyright-notice",
        "acknowledgement": "Source: Eurostat",
        "disclaimer": "none",
        "verified": True,
    }
)


@contextmanager
def connected(
    server: EurostatServer,
    folder: Path,
    *,
    limits: Limits = Limits(),  # noqa: B008 - frozen
    polls: int = 6,
    submissions: int = 3,
) -> Iterator[EurostatConnector]:
    """A connector that may ask `server` only, with waits of milliseconds; it downloads below `folder`."""
    policy = Policy(
        user_agent="alp_pipeline/test (+https://example.org)",
        hosts=frozenset(),
        allowed_hosts=frozenset({urlsplit(server.url).netloc}),
        attempts=2,
        first_wait_seconds=0.001,
        longest_wait_seconds=0.01,
        connect_seconds=5,
        read_seconds=5,
    )
    with PoliteSession(policy, folder=folder / "hosts") as session:
        yield EurostatConnector(
            SOURCE,
            base_url=server.url,
            http=session,
            folder=folder / "downloads",
            patience=Patience(0.001, 0.002, polls=polls, submissions=submissions),
            limits=limits,
        )


def fetched(connector: EurostatConnector, dataset: DatasetEntry) -> list[Fetched]:
    """The documents of a dataset, after asking for its freshness."""
    return list(connector.fetch(dataset, connector.freshness([dataset])[dataset.id]))


def left_in(folder: Path) -> list[str]:
    """What lies in the folder of downloads, temporary files too."""
    return sorted(path.name for path in (folder / "downloads").rglob("*"))
