"""The data folder as a Dagster resource: one lock and one plan per run.

Belongs here: opening the workspace for a run, and clearing what dead runs left, which only the holder of
the lock may do. Does not: the lock itself (alp_pipeline.lock).
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime

import dagster as dg
from pydantic import PrivateAttr

from alp_pipeline.durable import clear_partials
from alp_pipeline.lock import refresh_lock
from alp_pipeline.settings import load_settings
from alp_pipeline.workspace import Workspace

_listener: ContextVar[Callable[[str], None] | None] = ContextVar("step_listener", default=None)
_Status = dg.DagsterRunStatus
_UNDER_WAY = (_Status.STARTED, _Status.CANCELING)
_BEFORE = (_Status.NOT_STARTED, _Status.STARTING, _Status.QUEUED)
_QUEUE_DAEMON = "QUEUED_RUN_COORDINATOR"
MADE_UNDER_LOCK = {"alp/made_under_lock": "yes"}
"""The tag of a run that is made by a process which holds the refresh lock already, from before it starts."""


@contextmanager
def on_step(listener: Callable[[str], None]) -> Iterator[None]:
    """Tell `listener` the name of every asset that this process begins meanwhile."""
    token = _listener.set(listener)
    try:
        yield
    finally:
        _listener.reset(token)


def announce(asset: str) -> None:
    """Say that an asset is begun, to whoever listens in this process."""
    listener = _listener.get()
    if listener is not None:
        listener(asset)


class WorkspaceResource(dg.ConfigurableResource):  # type: ignore[type-arg]
    """The data folder. `data_dir` overrides the settings; empty means as set.

    `offline` leaves the sources alone: the run uses what the archive holds.
    """

    data_dir: str = ""
    offline: bool = False
    _workspace: Workspace | None = PrivateAttr(default=None)

    @contextmanager
    def yield_for_execution(self, context: dg.InitResourceContext) -> Iterator["WorkspaceResource"]:
        settings = load_settings(**({"data_dir": self.data_dir} if self.data_dir else {}))
        run = context.run.run_id if context.run else "no run"
        with (
            refresh_lock(settings.data_dir, purpose=f"Dagster run {run}") as taken,
            Workspace(settings, offline=self.offline) as workspace,
        ):
            if taken and context.instance is not None:
                clear_dead(context.instance, settings.data_dir, besides=run)
                clear_partials(settings.build_dir)
                workspace.clear_leftovers()
            workspace.require_space()
            self._workspace = workspace
            yield self

    @property
    def workspace(self) -> Workspace:
        if self._workspace is None:
            raise RuntimeError("the workspace is open only while a run executes")
        return self._workspace


def clear_dead(instance: dg.DagsterInstance, data_dir: object, *, besides: str | None = None) -> list[str]:
    """End runs whose process is dead and free their pool slots; the caller holds the refresh lock.

    A run that executes holds the lock, so with the lock in our hands no other run can be executing:
    whatever is recorded as started is dead, and so is a run that its maker made under the lock. Any other
    run that has not started is dead when it has not for longer than the instance's start timeout
    (`run_monitoring`): whoever makes a run starts or queues it at once. A queued run waits for the daemon,
    however long; it is dead only when that has given no sign of life for half an hour, or never.

    Returns: the ids of the runs that were ended.
    """
    ended = []
    for record in instance.get_run_records(dg.RunsFilter(statuses=[*_UNDER_WAY, *_BEFORE])):
        run = record.dagster_run
        why = _why_dead(instance, record, data_dir)
        if run.run_id == besides or why is None:
            continue
        instance.report_run_failed(run, f"The process of this run is dead: {why}.")
        instance.event_log_storage.free_concurrency_slots_for_run(run.run_id)
        ended.append(run.run_id)
    return ended


def _why_dead(instance: dg.DagsterInstance, record: dg.RunRecord, data_dir: object) -> str | None:
    """What shows that a run's process is dead; None where it may live."""
    run = record.dagster_run
    if run.status in _UNDER_WAY or MADE_UNDER_LOCK.items() <= run.tags.items():
        return f"the refresh lock of {data_dir} was free"
    waited = (datetime.now(UTC) - record.update_timestamp).total_seconds()
    if waited <= instance.run_monitoring_start_timeout_seconds:
        return None
    if run.status is not _Status.QUEUED:
        return f"it has not started for {waited:.0f} s"
    if instance.get_daemon_statuses([_QUEUE_DAEMON])[_QUEUE_DAEMON].healthy:
        return None
    return "it is queued, and no daemon serves the queue"
