"""Launching the refresh from the command line, on the instance that the UI shows.

Belongs here: the Dagster home, the run itself. Does not: whether there is anything to do
(publish.current_build, asked before Dagster is imported), telling people what came of it (cli).
"""

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import dagster as dg

from alp_pipeline.definitions import reconstructable_refresh
from alp_pipeline.durable import write_text
from alp_pipeline.orchestration.declaring import RESOURCE
from alp_pipeline.orchestration.resource import MADE_UNDER_LOCK, clear_dead, on_step
from alp_pipeline.plan.assemble import selected
from alp_pipeline.settings import Settings

_OURS = "# Installed by alp "
_PACKAGE = Path(__file__).resolve().parent.parent
# The run's events are in the instance; a person at the command line sees progress and errors.
_QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}


def committed_file(name: str) -> Path:
    """`dagster.yaml` or `workspace.yaml` as committed: beside the package, or inside an installed one."""
    installed = _PACKAGE / "_install" / name
    return installed if installed.is_file() else _PACKAGE.parent / name


def prepare_home(settings: Settings) -> Path:
    """Make DAGSTER_HOME below the data folder and install the committed instance file there.

    A file there that lacks the mark of ours stays: a site wrote its own (PostgreSQL storage, say).
    """
    home = settings.dagster_home
    home.mkdir(parents=True, exist_ok=True)
    installed = home / "dagster.yaml"
    committed = committed_file("dagster.yaml").read_text(encoding="utf-8")
    present = installed.read_text(encoding="utf-8") if installed.is_file() else _OURS
    if present.startswith(_OURS) and present != committed:
        write_text(installed, committed)
    return home


@contextmanager
def instance(settings: Settings) -> Iterator[dg.DagsterInstance]:
    """The Dagster instance of this data folder, the one that `make ui` serves."""
    home = prepare_home(settings)
    # Executors build the job again from nothing and find data folder and instance in the environment.
    os.environ["DAGSTER_HOME"] = str(home)
    os.environ["ALP_DATA_DIR"] = str(settings.data_dir)
    with dg.DagsterInstance.from_config(str(home)) as opened:
        yield opened


def run_refresh(
    settings: Settings, only: Sequence[str], step: Callable[[str], None], *, offline: bool = False
) -> dg.JobExecutionResult:
    """Run the refresh job in this process; the caller holds the refresh lock.

    Args:
        only: asset names or patterns: `benchmark/*`, `sbs_r_nuts06_r2` (a dataset's code). Each selects its
            assets and what depends on them. Empty for everything.
        step: told the name of every asset as it begins.
        offline: leave the sources alone.

    Raises:
        SelectionEmpty: no asset matches.
    """
    with instance(settings) as opened, on_step(step):
        clear_dead(opened, settings.data_dir)
        job = dg.reconstructable(reconstructable_refresh)
        selection = _selected(only) if only else None
        config = _QUIET | {"resources": {RESOURCE: {"config": {"offline": offline}}}}
        with dg.execute_job(
            job,
            instance=opened,
            asset_selection=selection,
            run_config=config,
            tags=MADE_UNDER_LOCK,
            raise_on_error=False,
        ) as result:
            return result


def _selected(only: Sequence[str]) -> list[dg.AssetKey]:
    graph = reconstructable_refresh().asset_layer.asset_graph
    keys = {"/".join(key.path): key for key in graph.executable_asset_keys}
    chosen = dg.AssetSelection.assets(*(keys[name] for name in selected(only, keys)))
    return sorted(chosen.downstream().resolve(graph))
