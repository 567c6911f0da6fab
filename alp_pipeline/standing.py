"""Every dataset's standing between source and archive, for `alp sources` and whoever watches.

Belongs here: putting together poll, archive and age; when the next poll is due. Does not: asking (pull).
"""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from alp_pipeline.archive.utc import canonical
from alp_pipeline.catalog.models import DatasetEntry, SourceEntry
from alp_pipeline.settings import Settings
from alp_pipeline.sources.age import Age
from alp_pipeline.sources.connect import why_not_asked
from alp_pipeline.sources.memory import Poll
from alp_pipeline.workspace import Workspace


@dataclass(frozen=True)
class Standing:
    """One dataset. Times are UTC, None where unknown; `why_not` says why a refresh does not fetch it."""

    dataset_id: str
    family: str
    why_not: str | None
    upstream_changed_at: str | None
    archived_published_at: str | None
    archived_seen_at: str | None
    age_days: int | None
    age_state: str
    age_detail: str
    cadence: str
    last_outcome: str
    last_detail: str
    last_asked_at: str | None
    next_poll_at: str | None

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def standings(workspace: Workspace, now: datetime) -> list[Standing]:
    """The standing of every dataset of the catalogue, in its order."""
    from alp_pipeline.plan.deciding import pending

    ages = workspace.ages(now)
    waiting = pending(workspace.catalog, workspace.archive, workspace.store)
    held_back = {one.dataset_id for one in waiting if one.standing.startswith("suspect")}
    return [
        _standing(workspace, dataset, ages[dataset.id], now, is_held_back=dataset.id in held_back)
        for dataset in workspace.catalog.datasets.values()
    ]


def _standing(
    workspace: Workspace, dataset: DatasetEntry, age: Age, now: datetime, *, is_held_back: bool
) -> Standing:
    poll = workspace.last_poll(dataset)
    vintages = workspace.archive.vintages(dataset.id)
    newest = vintages[-1] if vintages else None
    why_not = (
        "this data folder is synthetic"
        if workspace.is_synthetic
        else why_not_asked(dataset, workspace.catalog, workspace.settings)
    )
    source = workspace.catalog.sources[dataset.source]
    return Standing(
        dataset_id=dataset.id,
        family=dataset.access.family,
        why_not=why_not,
        upstream_changed_at=poll.upstream.changed_at if poll and poll.upstream else None,
        archived_published_at=newest.published_at if newest else None,
        archived_seen_at=newest.seen_at if newest else None,
        age_days=age.days,
        age_state=age.state,
        age_detail=age.detail,
        cadence=str(dataset.cadence),
        last_outcome=_outcome(poll, held=bool(vintages)) + (", held back" if is_held_back else ""),
        last_detail=(poll.detail or poll.failure) if poll else "",
        last_asked_at=poll.asked_at if poll else None,
        next_poll_at=None if why_not else canonical(next_poll(workspace.settings, source, poll, now)),
    )


def _outcome(poll: Poll | None, *, held: bool) -> str:
    """The last poll's outcome in words for people."""
    if poll is None:
        return "never asked"
    if poll.outcome == "gone":
        return "discontinued" if held else "not offered"
    if poll.failure:
        return "failed"
    return "new upstream" if poll.outcome == "asked" else poll.outcome


def next_poll(settings: Settings, source: SourceEntry, poll: Poll | None, now: datetime) -> datetime:
    """The first scheduled refresh at which the source may be asked again."""
    from cronsim import CronSim

    zone = ZoneInfo(settings.schedule_timezone)
    earliest = now
    if poll is not None and poll.outcome not in ("asked", "failed") and source.family != "eurostat":
        pause = timedelta(hours=source.politeness.poll_hours)
        earliest = max(now, datetime.fromisoformat(poll.asked_at) + pause)
    return next(CronSim(settings.schedule_cron.strip(), earliest.astimezone(zone))).astimezone(UTC)


def as_table(rows: Iterable[Standing]) -> str:
    """The standings for a person: what is late or failed first to be seen by its word."""
    from rich import box
    from rich.console import Console
    from rich.table import Table

    table = Table(box=box.SIMPLE, pad_edge=False)
    for name in ("dataset", "upstream", "archived", "age", "last outcome", "next poll"):
        table.add_column(name, overflow="fold")
    for row in rows:
        days = "" if row.age_days is None else f"{row.age_days} d, "
        outcome = row.why_not or row.last_outcome
        table.add_row(
            row.dataset_id,
            _day(row.upstream_changed_at),
            _day(row.archived_published_at or row.archived_seen_at),
            f"{days}{row.age_state} ({row.cadence})" if row.age_state != "absent" else "–",
            outcome,
            _minute(row.next_poll_at),
        )
    console = Console(width=140)
    with console.capture() as captured:
        console.print(table)
    return captured.get().rstrip()


def _day(time: str | None) -> str:
    return time[:10] if time else "–"


def _minute(time: str | None) -> str:
    return time[:16].replace("T", " ") if time else "–"
