"""The one polite HTTP session: who we are, whom we may ask, how often, how long, how much.

Belongs here: identification, the address rule, TLS, proxies, timeouts, retries, rates, streaming to disk.
Does not: what an answer means (the families).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

Rate = tuple[int, float]
"""So many requests in so many seconds."""


@dataclass(frozen=True)
class Policy:
    """What the session keeps to."""

    user_agent: str
    hosts: frozenset[str]
    allowed_hosts: frozenset[str] = frozenset()
    rates: Mapping[str, Rate] = field(default_factory=dict)
    connect_seconds: float = 10
    read_seconds: float = 60
    attempts: int = 4
    first_wait_seconds: float = 1
    longest_wait_seconds: float = 120
    most_bytes: int = 4 << 30


@dataclass(frozen=True)
class Answer:
    """A small answer, held in memory."""

    url: str
    status: int
    headers: Mapping[str, str]
    content: bytes
    seen_at: str

    def json(self) -> Any: ...


@dataclass(frozen=True)
class Download:
    """An answer on disk."""

    url: str
    status: int
    headers: Mapping[str, str]
    path: Path
    sha256: str
    size_bytes: int
    seen_at: str


class PoliteSession: ...
