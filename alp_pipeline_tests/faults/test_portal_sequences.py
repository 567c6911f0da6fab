"""Any sequence of good and bad pages ends in exactly all rows, or in a typed error and an empty folder."""

import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from alp_pipeline.catalog.models import DatasetEntry
from alp_pipeline.sources.ckan import CkanConnector
from alp_pipeline.sources.errors import SourceError
from alp_pipeline.sources.family import Connector
from alp_pipeline.sources.socrata import SocrataConnector
from alp_pipeline_tests.servers import ckan, socrata
from alp_pipeline_tests.servers.base import Fault, LoopbackServer, Reply, Request
from alp_pipeline_tests.servers.portal_rows import employment
from alp_pipeline_tests.sources.portals import connected, entry, fetched, left_in, rows_in

SOCRATA = entry({"family": "socrata", "resource": socrata.TABLE, "page_rows": 4})
CKAN = entry(
    {
        "family": "ckan",
        "package": ckan.PACKAGE,
        "resource": ckan.DATASTORE,
        "via": "datastore",
        "page_rows": 4,
    }
)
ANY_SERVER = ("good", "429", "503", "500", "drop", "half a body", "html 200", "empty 200", "404")


def _good(_: Request, good: Reply) -> Reply:
    return good


def _retry_later(_: Request, __: Reply) -> Reply:
    return Reply(202)


def _empty_page(_: Request, __: Reply) -> Reply:
    return Reply.json([])


def _outcome(
    kind: type[Connector],
    server: LoopbackServer,
    dataset: DatasetEntry,
    steps: Sequence[str | Fault],
    at: str,
) -> list[dict[str, object]] | SourceError:
    """What a fetch ends in when the requests whose address holds `at` are answered by these steps first."""
    for step in steps:
        server.fault(_good if step == "good" else step, match=at)
    folder = Path(tempfile.mkdtemp())
    try:
        with connected(kind, server, folder) as portal:
            if isinstance(portal, SocrataConnector):
                portal.first_pause_seconds = 0.001
            try:
                return rows_in(fetched(portal, dataset))
            except SourceError as error:
                assert left_in(portal) == []
                return error
    finally:
        shutil.rmtree(folder)


@settings(max_examples=30)
@given(
    count=st.integers(1, 12),
    most_rows=st.integers(2, 5),
    steps=st.lists(st.sampled_from([*ANY_SERVER, _retry_later, _empty_page]), max_size=6),
)
def test_socrata_gives_all_rows_or_a_typed_error(
    count: int, most_rows: int, steps: list[str | Fault]
) -> None:
    with socrata.SocrataServer(employment(count)) as server:
        server.most_rows = most_rows
        outcome = _outcome(SocrataConnector, server, SOCRATA, steps, "offset=")
        expected = [{k: str(v) for k, v in row.items() if v is not None} for row in server.rows]
    assert isinstance(outcome, SourceError) or outcome == expected


@settings(max_examples=30)
@given(
    count=st.integers(1, 12),
    most_rows=st.integers(2, 5),
    pages=st.booleans(),
    estimates=st.booleans(),
    steps=st.lists(st.sampled_from([*ANY_SERVER, "page before"]), max_size=6),
)
def test_ckan_gives_all_rows_or_a_typed_error(
    count: int, most_rows: int, pages: bool, estimates: bool, steps: list[str]
) -> None:
    with ckan.CkanServer(employment(count)) as server:
        server.most_rows, server.offers_next_page, server.estimates = most_rows, pages, estimates

        def page_before(request: Request, _: Reply) -> Reply:
            earlier = max(0, int(request.query.get("offset", 0)) - most_rows)
            query = {**request.query, "offset": str(earlier), "filters": "{}"}
            return server.answer(Request("GET", request.path, query, request.headers, b""))

        told = [page_before if step == "page before" else step for step in steps]
        outcome = _outcome(CkanConnector, server, CKAN, told, "sort=")
        expected = server.rows
    assert isinstance(outcome, SourceError) or outcome == expected
