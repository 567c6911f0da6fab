"""What sources said and what came of asking, one small file per dataset: the memory between two polls.

Belongs here: the record of the last poll. Does not: documents (archive). Losing these files costs one more
question to each source and nothing else; no table is computed from them but the outcome of the last poll.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Literal

from alp_pipeline.archive.utc import utc_time
from alp_pipeline.durable import write_text
from alp_pipeline.sources.family import Upstream

Outcome = Literal["asked", "unchanged", "fetched", "same content", "gone", "failed"]
"""`asked`: the source told what is new, nothing was fetched yet. `gone`: no longer offered. `same content`:
the source announced a change, and the observations turned out to be the same."""


@dataclass(frozen=True)
class Poll:
    """The last poll of one dataset.

    Args:
        asked_at: UTC.
        upstream: what the source said; None when it could not be asked.
        outcome, detail: what came of it, in words that are equal for equal outcomes.
        transient: of a failure, whether asking again may help.
        stage: of a failure, whether asking or fetching failed.
        failure: why the last fetch failed; it stands until one succeeds, whatever was asked in between.
    """

    dataset_id: str
    asked_at: str
    upstream: Upstream | None
    outcome: Outcome
    detail: str = ""
    transient: bool = False
    stage: Literal["freshness", "fetch"] = "freshness"
    documents: tuple[str, ...] = field(default=())
    failure: str = ""

    @property
    def is_failure(self) -> bool:
        return self.outcome == "failed"

    @property
    def to_tell(self) -> str:
        """What stands against it: the failure that has not been healed, or that the table is gone."""
        return self.detail if self.outcome in ("failed", "gone") else self.failure

    def age(self, now: datetime) -> timedelta:
        """How long ago it was."""
        return now - datetime.fromisoformat(self.asked_at)

    def becoming(self, outcome: Outcome, detail: str = "", **changes: Any) -> "Poll":
        """The same poll, with what came of it."""
        return replace(self, outcome=outcome, detail=detail, **changes)


def utc_now() -> str:
    """Our clock, to the microsecond: two polls within a second have an order."""
    return datetime.now(UTC).isoformat()


class PollMemory:
    """Polls below `folder`, one JSON file per dataset.

    >>> import tempfile
    >>> memory = PollMemory(Path(tempfile.mkdtemp()))
    >>> memory.keep(Poll("s.d", "2026-01-02T00:00:00Z", Upstream("offered", "a"), "asked"))
    >>> memory.last("s.d").upstream.signal, memory.last("s.other")
    ('a', None)
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def last(self, dataset_id: str) -> Poll | None:
        """The last poll, or None; a damaged file counts as none, because asking again repairs it."""
        try:
            body = json.loads(self._path(dataset_id).read_text(encoding="utf-8"))
            return _poll(body)
        except (OSError, ValueError, TypeError, KeyError):
            return None

    def keep(self, poll: Poll) -> None:
        """Remember a poll in the place of the one before."""
        write_text(self._path(poll.dataset_id), json.dumps(asdict(poll), indent=1, ensure_ascii=False))

    def _path(self, dataset_id: str) -> Path:
        return self.folder / f"{dataset_id}.json"


def _poll(body: Mapping[str, Any]) -> Poll:
    upstream = Upstream(**body["upstream"]) if body["upstream"] is not None else None
    if utc_time(body["asked_at"]) is None:
        raise ValueError("no time")
    return Poll(**{**body, "upstream": upstream, "documents": tuple(body["documents"])})
