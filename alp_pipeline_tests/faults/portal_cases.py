"""One cell of the portals' fault matrix, and how it is shown.

Belongs here: misbehaving, fetching, comparing. Does not: which faults there are (test_portal_faults and
test_portal_file_faults).
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from alp_pipeline.catalog.models import DatasetEntry
from alp_pipeline.sources.errors import SourceError
from alp_pipeline.sources.family import Connector, Fetched
from alp_pipeline.sources.socrata import SocrataConnector
from alp_pipeline_tests.servers.base import Fault, LoopbackServer, Reply, Request
from alp_pipeline_tests.sources.portals import connected, fetched, left_in

SECRET = "s3cret"  # noqa: S105 - of the loopback servers


@dataclass(frozen=True)
class Case:
    """How the server misbehaves, and what comes of it.

    Args:
        arrange: makes the server misbehave.
        error: the type of the error; None where everything must come nevertheless.
        requests: how many the whole takes, the one about freshness included.
        says: a part of the error's text.
        dataset: in the place of the family's usual one.
    """

    arrange: Callable[[Any], object]
    error: type[SourceError] | None
    requests: int
    says: str = ""
    dataset: DatasetEntry | None = None


def shown(
    case: Case, kind: type[Connector], server: LoopbackServer, usual: DatasetEntry, folder: Path
) -> Fetched | None:
    """Fetch under the fault, with a credential; compare with the cell. Returns: what came, if it should.

    After an error the folder is empty, and the error's text names the dataset and holds no credential.
    """
    case.arrange(server)
    dataset = case.dataset or usual
    with connected(kind, server, folder, credential=SECRET) as portal:
        if isinstance(portal, SocrataConnector):
            portal.first_pause_seconds = 0.001
        if case.error is None:
            document = fetched(portal, dataset)
            assert left_in(portal) == [document.path.name]
            _compare_requests(server, case)
            return document
        with pytest.raises(case.error) as raised:
            fetched(portal, dataset)
        assert left_in(portal) == []
    _compare_requests(server, case)
    assert case.says in str(raised.value), str(raised.value)
    assert SECRET not in str(raised.value)
    return None


def _compare_requests(server: LoopbackServer, case: Case) -> None:
    places = [request.place for request in server.requests]
    assert len(places) == case.requests, places


def changed(change: Callable[[Any], Any]) -> Fault:
    """The good answer with its JSON changed."""

    def fault(_: Request, good: Reply) -> Reply:
        assert not isinstance(good.headers, str)
        return Reply.json(change(json.loads(good.body)), good.status, **good.headers)

    return fault
