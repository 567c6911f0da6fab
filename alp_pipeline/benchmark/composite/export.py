"""An index as a folder of CSV files and its log, there whole or not at all.

Belongs here: which file holds what, writing the folder, what may be replaced. Does not: computing (index).
"""

import ctypes
import glob
import os
import secrets
import shutil
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

import pandas as pd

from alp_pipeline.benchmark.cells import BenchmarkInputError
from alp_pipeline.benchmark.composite.index import IndexResult
from alp_pipeline.benchmark.composite.log import read_log
from alp_pipeline.benchmark.composite.unit_cells import REPORTED
from alp_pipeline.benchmark.composite.units import UnitTable
from alp_pipeline.durable import TEMPORARY_MARK, flush

LOG = "log.yaml"
_EARLIER = "-earlier"
_HERE, _EXCHANGE = -100, 2  # AT_FDCWD and RENAME_EXCHANGE of Linux


class ExportRefused(BenchmarkInputError):
    """A folder that results cannot be written to; what is there stays as it is."""


def export_index(
    result: IndexResult,
    folder: Path | str,
    *,
    labels: tuple[str, ...] = ("unit", "time"),
    bounds: bool = False,
    more: Mapping[str, pd.DataFrame] | None = None,
    remarks: tuple[str, ...] = (),
) -> tuple[str, ...]:
    """Write an index as a folder.

    scores.csv         a row per unit, a column per normalised indicator and aggregate; empty = no score
    scores_states.csv  the states of the scores, where not all are reported
    ranks.csv          a column per aggregate, 1 = best
    group_ranks.csv    the same within each group, a block of rows per group column; where there are groups
    step_N_NAME.csv    the table after each step, step_0_raw.csv before the first; …_states.csv beside it
                       where not all cells are reported
    details_N_NAME_TABLE.csv  what the step did to which cell; where it did anything
    log.yaml           from which `rebuild` computes it again

    Numbers are written with all their digits, so that reading them gives the same ones. Nothing of it depends
    on when or where it was written. The folder appears whole or not at all; what a killed writer left beside
    it is cleared by the next (`clear_after_the_dead`). One that exists is replaced only
    if it is empty or holds an earlier result and nothing else.

    Args:
        result: an index.
        folder: where; its parent is made if absent.
        labels: what the first column (and, for a panel, the second) is called.
        bounds: also write scores_lower.csv and scores_upper.csv where scores are undetermined. Bounds can
            give hidden values away: they are internal unless you know that they may be shown.
        more: other tables by file name.
        remarks: on the files that were read; they stand in log.yaml before those on the result.

    Returns:
        The names of the files, sorted.

    Raises:
        ExportRefused: the folder holds something else, or cannot be written.

    >>> import tempfile
    >>> from alp_pipeline.benchmark.composite.framework import Framework
    >>> from alp_pipeline.benchmark.composite.index import compute_index
    >>> from alp_pipeline.benchmark.composite.recipe import Recipe
    >>> framework = Framework.of(pd.DataFrame({
    ...     "code": ["jobs", "index"], "level": [1, 2], "parent": ["index", None],
    ...     "direction": [1, 1], "type": ["Indicator", "Aggregate"]}))
    >>> units = UnitTable.of(pd.DataFrame({"unit": ["AT", "CH"], "jobs": [10, 30]}), framework)
    >>> recipe = Recipe.of({"id": "jobs", "version": "1", "label": "Jobs", "steps": [{"step": "normalise"},
    ...                                                                          {"step": "aggregate"}]})
    >>> with tempfile.TemporaryDirectory() as parent:
    ...     names = export_index(compute_index(units, framework, recipe), Path(parent) / "jobs")
    ...     print((Path(parent) / "jobs" / "scores.csv").read_text(), end="")
    unit,jobs,index
    AT,0.0,0.0
    CH,100.0,100.0
    """
    folder = Path(folder).resolve()
    clear_after_the_dead(folder)
    require_replaceable(folder)
    tables = _tables(result, labels, bounds=bounds) | dict(more or {})
    names = tuple(sorted([*tables, LOG]))
    temporary = folder.with_name(f"{folder.name}{TEMPORARY_MARK}{os.getpid()}-{secrets.token_hex(4)}")
    try:
        temporary.mkdir(parents=True)
        for name, table in tables.items():
            table.to_csv(temporary / name, index=False, lineterminator="\n", encoding="utf-8")
        log = result.log.model_copy(
            update={"files": names, "remarks": (*remarks, *result.log.remarks)},
        )
        (temporary / LOG).write_text(log.text, encoding="utf-8")
        for name in names:
            flush(temporary / name)
        _put_in_place(temporary, folder)
    except OSError as error:
        raise ExportRefused(
            f"it cannot be written ({error.strerror or error})",
            where=str(folder),
            todo="Name a folder that you may write, on a disk with free space.",
        ) from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    return names


def labelled(frame: pd.DataFrame, labels: tuple[str, ...]) -> pd.DataFrame:
    """A frame of units with its labels as first columns, called as asked.

    >>> scores = pd.DataFrame({"index": [70.0, 80.0]}, index=["AT", "CH"])
    >>> labelled(scores, ("uCode", "Time")).to_dict("list")
    {'uCode': ['AT', 'CH'], 'index': [70.0, 80.0]}
    """
    levels = frame.index.nlevels
    index = frame.index.set_names(list(labels[:levels]))
    return frame.set_axis(index, axis=0).reset_index()


def _tables(result: IndexResult, labels: tuple[str, ...], *, bounds: bool) -> dict[str, pd.DataFrame]:
    tables = {
        "scores.csv": labelled(result.scores, labels),
        "ranks.csv": labelled(result.ranks, labels),
    }
    if (result.states != REPORTED).to_numpy().any():
        tables["scores_states.csv"] = labelled(result.states, labels)
    if result.group_ranks:
        tables["group_ranks.csv"] = pd.concat(
            [_group_block(result.units, group, ranks, labels) for group, ranks in result.group_ranks.items()],
            ignore_index=True,
        )
    if bounds and result.lower is not None and result.upper is not None:
        tables["scores_lower.csv"] = labelled(result.lower, labels)
        tables["scores_upper.csv"] = labelled(result.upper, labels)
    for stage, units in result.stages.items():
        tables[f"step_{stage}.csv"] = labelled(units.values, labels)
        if (units.states != REPORTED).to_numpy().any():
            tables[f"step_{stage}_states.csv"] = labelled(units.states, labels)
    for stage, details in result.details.items():
        for name, table in details.items():
            if len(table):
                tables[f"details_{stage}_{name}.csv"] = _flat(table, labels)
    return tables


def _group_block(units: UnitTable, group: str, ranks: pd.DataFrame, labels: tuple[str, ...]) -> pd.DataFrame:
    block = labelled(ranks, labels)
    place = ranks.index.nlevels
    block.insert(place, "group_column", group)
    block.insert(place + 1, "group_value", units.groups[group].to_numpy())
    return block


def _flat(table: pd.DataFrame, labels: tuple[str, ...]) -> pd.DataFrame:
    """A table of details; where it has units or codes for an index, with these as columns."""
    named = table.reset_index() if table.index.names != [None] else table
    return named.rename(columns=dict(zip(("unit", "time"), labels, strict=False)))


def require_replaceable(folder: Path) -> None:
    """Refuse a folder that holds anything but an earlier result: before an index is computed, and after.

    Raises:
        ExportRefused: it is a file, or holds something that the log of an earlier result does not list.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     require_replaceable(Path(folder))  # empty
    ...     _ = (Path(folder) / "thesis.docx").write_text("…", encoding="utf-8")
    ...     require_replaceable(Path(folder))
    Traceback (most recent call last):
    alp_pipeline.benchmark.composite.export.ExportRefused: ...the folder holds thesis.docx, which is not...
    """
    if not folder.exists():
        return
    if not folder.is_dir():
        raise ExportRefused("there is a file of that name", where=str(folder), todo="Name a folder.")
    there = sorted(path.name for path in folder.iterdir())
    ours: tuple[str, ...] = ()
    with suppress(BenchmarkInputError):
        ours = read_log(folder / LOG).files
    foreign = [name for name in there if name not in ours]
    if foreign:
        raise ExportRefused(
            f"the folder holds {foreign[0]}, which is not of an earlier result",
            where=str(folder),
            todo="Name another folder, or move what is in it.",
        )


def clear_after_the_dead(folder: Path) -> tuple[str, ...]:
    """Remove what killed writers left beside the folder; an earlier result that had made way comes back.

    Returns:
        A sentence for each thing done; none where nothing was left.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as parent:
    ...     left = Path(parent) / f"jobs{TEMPORARY_MARK}2000000000-ab"  # no process has so high a number
    ...     left.mkdir()
    ...     clear_after_the_dead(Path(parent) / "jobs"), left.exists()
    (('jobs.partial-2000000000-ab, left by a run that was killed, was removed',), False)
    """
    folder, done = folder.resolve(), []
    if not folder.parent.is_dir():
        return ()
    for left in sorted(folder.parent.glob(f"{glob.escape(folder.name + TEMPORARY_MARK)}*")):
        writer = left.name.removeprefix(folder.name + TEMPORARY_MARK).split("-")[0]
        if not writer.isdigit() or _is_alive(int(writer)):
            continue
        if left.name.endswith(_EARLIER) and not folder.exists():
            left.rename(folder)
            done.append(f"the earlier result in {folder.name} was brought back after a run that was killed")
        else:
            shutil.rmtree(left, ignore_errors=True)
            done.append(f"{left.name}, left by a run that was killed, was removed")
    return tuple(done)


def _is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # somebody else's
        return True
    return True


def _put_in_place(temporary: Path, folder: Path) -> None:
    """Give the new folder its name; where there is an earlier one, both change places at once if they can.

    Where the system cannot (other than Linux, some file systems), the earlier one makes way for an instant,
    and comes back if the new one cannot take its place, or at the next run if this one is killed between.
    """
    if not folder.exists():
        temporary.rename(folder)
    elif not _exchanged(temporary, folder):
        earlier = temporary.with_name(f"{temporary.name}{_EARLIER}")
        folder.rename(earlier)
        try:
            temporary.rename(folder)
        except OSError:
            earlier.rename(folder)
            raise
        shutil.rmtree(earlier)
    flush(folder.parent)


def _exchanged(one: Path, other: Path) -> bool:
    """Whether two folders have changed places, in one step that no reader and no kill can fall into."""
    rename = getattr(ctypes.CDLL(None), "renameat2", None)
    return rename is not None and rename(_HERE, os.fsencode(one), _HERE, os.fsencode(other), _EXCHANGE) == 0
