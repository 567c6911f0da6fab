"""One small question to each real service, for the day when there is internet: `make test-live`.

Outside the gate. A failure here means that a service changed, moved or is down, and that its entry in the
catalogue is to be looked at: `alp sources verify`.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from alp_pipeline.archive.store import Archive
from alp_pipeline.catalog.loader import load_catalog
from alp_pipeline.catalog.models import DatasetEntry
from alp_pipeline.settings import load_settings
from alp_pipeline.sources.pull import Sources, open_sources

pytestmark = pytest.mark.live

CATALOG = load_catalog()
FIRST = {
    source: next(d for d in CATALOG.datasets.values() if d.source == source)
    for source in sorted({d.source for d in CATALOG.datasets.values() if d.access.family != "import"})
}


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sources]:
    folder: Path = tmp_path_factory.mktemp("live")
    settings = load_settings(data_dir=folder, allowed_hosts=(), source_urls={})
    with open_sources(settings, CATALOG, Archive(settings.archive_dir)) as opened:
        yield opened


@pytest.mark.parametrize("dataset", FIRST.values(), ids=FIRST.keys())
def test_the_service_tells_what_a_table_looks_like(sources: Sources, dataset: DatasetEntry) -> None:
    needs_account = CATALOG.sources[dataset.source].needs_account
    if needs_account and dataset.source not in load_settings().source_credentials:
        pytest.skip(f"{dataset.source} needs an account: set ALP_SOURCE_CREDENTIALS")
    assert sources.describe(dataset).columns


def test_eurostat_tells_the_age_of_a_table(sources: Sources) -> None:
    poll = sources.current(CATALOG.datasets["eurostat.nama_10r_2gdp"])
    assert poll.outcome == "asked"
    assert poll.upstream is not None
    assert poll.upstream.changed_at is not None
