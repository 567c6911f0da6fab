"""The data folder as a Dagster resource: one lock and one plan per run.

Belongs here: opening the workspace for a run, and clearing what dead runs left, which only the holder of
the lock may do. Does not: the lock itself (alp_pipeline.lock).
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

import dagster as dg
from pydantic import PrivateAttr

from alp_pipeline.durable import clear_partials
from alp_pipeline.lock import refresh_lock
from alp_pipeline.settings import load_settings
from alp_pipeline.workspace import Workspace

_listener: ContextVar[Callable[[str], None] | None] = ContextVar("step_listener", default=None)
_UNDER_WAY = [dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.CANCELING]


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
    whatever is recorded as started is dead. Runs that wait to start are left alone.

    Returns: the ids of the runs that were ended.
    """
    ended = []
    for run in instance.get_runs(dg.RunsFilter(statuses=_UNDER_WAY)):
        if run.run_id == besides:
            continue
        instance.report_run_failed(
            run, f"The process of this run is dead: the refresh lock of {data_dir} was free."
        )
        instance.event_log_storage.free_concurrency_slots_for_run(run.run_id)
        ended.append(run.run_id)
    return ended
