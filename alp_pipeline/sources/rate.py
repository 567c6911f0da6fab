"""One request at a time to each host of the world from this machine, and no more than its rate.

Belongs here: taking a turn, remembering when a host was last asked and until when it wants to be left alone,
what Retry-After says. Does not: how often to try again (http).
"""

import json
import re
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from email.utils import parsedate_to_datetime
from pathlib import Path

from filelock import FileLock, Timeout

from alp_pipeline.sources.errors import DiskRefused, ServiceUnavailable

Rate = tuple[int, float]
"""So many requests in so many seconds."""

_LONGEST_TURN_SECONDS = 6 * 3600


class HostTurns:
    """Turns at hosts, shared by all threads and processes that use the same folder.

    A lock file per host is held from before a request until its answer is read; it dies with its holder.
    Beside it stands when the host was asked.

    Args:
        folder: where the lock files are; made when it is not there.
        rates: `host` or `host:port` → rate; without one only the one-at-a-time rule holds.

    >>> import tempfile
    >>> with HostTurns(Path(tempfile.mkdtemp()), {"ec.europa.eu": (10, 1.0)}).turn("ec.europa.eu"):
    ...     pass
    """

    def __init__(self, folder: Path, rates: Mapping[str, Rate]) -> None:
        self._folder = folder
        self._rates = dict(rates)

    @contextmanager
    def turn(self, host: str) -> Iterator[None]:
        """Wait until it is our turn, and hold it.

        Raises:
            ServiceUnavailable: another process has held this host for six hours.
            DiskRefused: the folder may not be written.
        """
        lock = FileLock(self._file(host, "lock"), thread_local=False)
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            lock.acquire(timeout=_LONGEST_TURN_SECONDS)
        except Timeout:
            raise ServiceUnavailable(
                "another process of this machine has been asking it for six hours",
                where=host,
                todo="Look whether that process hangs, and end it.",
                come_back_seconds=_LONGEST_TURN_SECONDS,
            ) from None
        except OSError as error:
            raise DiskRefused(
                f"the lock of {host} cannot be taken ({error.strerror or 'the disk refuses'})",
                where=str(self._folder),
                todo="Make the folder writable, or free space on its disk.",
            ) from error
        try:
            self._await_rate(host)
            yield
        finally:
            lock.release()

    def leave_alone(self, host: str, seconds: float) -> None:
        """Nobody of this machine asks the host for so long (a Retry-After). Said while holding the turn."""
        asked, _ = self._remembered(host)
        self._remember(host, asked, time.time() + seconds)

    def _await_rate(self, host: str) -> None:
        rate = self._rates.get(host) or self._rates.get(host.rpartition(":")[0])
        asked, not_before = self._remembered(host)
        now = time.time()
        free_at = max(now, not_before)
        if rate is not None and len(asked) >= rate[0]:
            free_at = max(free_at, asked[-rate[0]] + rate[1])
        if free_at > now:
            time.sleep(free_at - now)
        if rate is not None:
            self._remember(host, [*asked, time.time()][-rate[0] :], not_before)

    def _remembered(self, host: str) -> tuple[list[float], float]:
        """When the host was asked, oldest first, and when it may be asked again.

        What lies further ahead than any wait we would have noted comes from a clock that was set back.
        """
        try:
            said = json.loads(self._file(host, "json").read_text(encoding="utf-8"))
            asked, not_before = [float(at) for at in said["asked"]], float(said["not_before"])
        except (OSError, ValueError, KeyError, TypeError):
            return [], 0.0
        now = time.time()
        return sorted(at for at in asked if at <= now), not_before if not_before - now < 86400 else 0.0

    def _remember(self, host: str, asked: list[float], not_before: float) -> None:
        path = self._file(host, "json")
        # The holder of the lock alone writes here, so the temporary name needs nothing of its own.
        temporary = path.with_suffix(".new")
        temporary.write_text(json.dumps({"asked": asked, "not_before": not_before}), encoding="utf-8")
        temporary.replace(path)

    def _file(self, host: str, suffix: str) -> Path:
        return self._folder / f"{re.sub(r'[^a-z0-9.-]', '_', host.lower())}.{suffix}"


def retry_after(headers: Mapping[str, str]) -> float | None:
    """How many seconds an answer's Retry-After says to wait; None without one, or when it cannot be read.

    A date counts from the answer's own Date, so that a wrong clock here or there changes nothing.

    >>> retry_after({"retry-after": "120"})
    120.0
    >>> retry_after({"retry-after": "Wed, 21 Oct 2026 07:28:30 GMT", "date": "Wed, 21 Oct 2026 07:28:00 GMT"})
    30.0
    """
    said = headers.get("retry-after", "").strip()
    if said.isascii() and said.isdecimal():
        return float(said)
    until, since = _moment(said), _moment(headers.get("date", ""))
    return None if until is None else max(0.0, until - (time.time() if since is None else since))


def _moment(text: str) -> float | None:
    try:
        return parsedate_to_datetime(text).timestamp()
    except (ValueError, OverflowError):
        return None
