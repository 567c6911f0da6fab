"""One case of a fault matrix: how a server misbehaves, and what must come of it.

Belongs here: the case, ways to misbehave that need the good answer, playing a case. Does not: any family.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from alp_pipeline.catalog.models import DatasetEntry
from alp_pipeline.sources.errors import SourceError
from alp_pipeline.sources.family import Connector
from alp_pipeline_tests.servers.base import Fault, LoopbackServer, Reply
from alp_pipeline_tests.sources.portals import connected, left_in

Misbehave = Callable[[Any], object]


@dataclass(frozen=True)
class Case:
    """A fault and what comes of it.

    Args:
        outcome: the error's type, None where the data must come all the same.
        requests: how many the whole took, freshness included.
        words: of the message.
        dataset: another one than the family's usual.
        left: files in the folder after an error: whole documents that came before it.
    """

    name: str
    misbehave: Misbehave
    outcome: type[SourceError] | None
    requests: int
    words: str = ""
    dataset: DatasetEntry | None = None
    left: int = 0


def always(fault: str | Reply | Fault, match: str = "") -> Misbehave:
    return lambda server: server.fault(fault, times=20, match=match)


def once(fault: str | Reply | Fault, match: str = "") -> Misbehave:
    return lambda server: server.fault(fault, match=match)


def after(good: int, fault: str | Reply | Fault, match: str) -> Misbehave:
    """Well for so many requests, then never again."""

    def misbehave(server: LoopbackServer) -> None:
        server.fault(lambda _, reply: reply, times=good, match=match)
        server.fault(fault, times=20, match=match)

    return misbehave


def edited(change: Callable[[Any], object]) -> Fault:
    """The good JSON, changed."""

    def fault(_: object, good: Reply) -> Reply:
        content = json.loads(good.body)
        change(content)
        return replace(good, body=json.dumps(content).encode())

    return fault


def cut(part: float) -> Fault:
    """The beginning of the good body, as if it were all of it."""
    return lambda _, good: replace(good, body=good.body[: int(len(good.body) * part)])


def text(content: str, code: int = 200) -> Reply:
    return Reply.text(content, code)


def play(
    kind: type[Connector],
    server: LoopbackServer,
    case: Case,
    dataset: DatasetEntry,
    folder: Path,
    *,
    credential: str | None = None,
) -> None:
    """Run a case twice on one server: the same outcome, the same words, nothing left over."""
    told = set()
    for number in (1, 2):
        server._faults.clear()
        server.requests.clear()
        own = folder / str(number)
        own.mkdir()
        case.misbehave(server)
        with connected(kind, server, own, credential=credential) as connector:
            told.add(_outcome(connector, case, case.dataset or dataset))
        assert len(server.requests) == case.requests
    assert len(told) == 1


def _outcome(connector: Connector, case: Case, dataset: DatasetEntry) -> str:
    """Ask and fetch once; the words of the error."""
    if case.outcome is None:
        documents = list(connector.fetch(dataset, connector.freshness([dataset])[dataset.id]))
        assert documents
        assert len(left_in(connector)) == len(documents)
        return ""
    with pytest.raises(case.outcome) as caught:
        list(connector.fetch(dataset, connector.freshness([dataset])[dataset.id]))
    assert type(caught.value) is case.outcome
    assert case.words in str(caught.value)
    assert len(left_in(connector)) == case.left
    return str(caught.value)


def named(cases: list[Case]) -> Any:
    return pytest.mark.parametrize("case", cases, ids=[case.name for case in cases])
