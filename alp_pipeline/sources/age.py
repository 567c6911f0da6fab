"""Is what we have as new as its cadence lets one expect? Judged on the data's own dates.

Belongs here: the limits per cadence, the verdict with its reason. Does not: asking a source (pull).

Two ages count: the publisher's time of the newest vintage (nobody has published since), and the newest
reported period (it was published again, without a new period). When we fetched is no sign of freshness.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal, NamedTuple

from alp_pipeline.catalog.models import DatasetEntry
from alp_pipeline.catalog.vocabulary import Cadence

State = Literal["fresh", "late", "ended", "unknown", "absent"]


class Limit(NamedTuple):
    """Days since the publisher's last change, and months since the end of the newest period."""

    days: int
    months: int


LIMITS: Final[dict[Cadence, Limit]] = {
    # Regional annual tables come once a year, 8 to 30 months after the year's end.
    Cadence.ANNUAL: Limit(days=400, months=36),
    Cadence.QUARTERLY: Limit(days=130, months=9),
    Cadence.MONTHLY: Limit(days=62, months=5),
}


@dataclass(frozen=True)
class Age:
    """The verdict on one dataset.

    Args:
        state: `fresh`; `late`; `ended` (the catalogue says the table is discontinued); `unknown` (irregular,
            or without any date); `absent` (nothing archived).
        days: since the publisher's time of the newest vintage, None where unknown.
    """

    state: State
    days: int | None
    detail: str


def judge_age(
    dataset: DatasetEntry, *, published_at: str | None, latest_period: str | None, held: bool, now: datetime
) -> Age:
    """The age of a dataset's newest vintage against its cadence.

    Args:
        published_at: the publisher's time of the newest vintage, UTC, None where unknown.
        latest_period: the newest period with a reported value in the current release, None without any.
        held: whether the archive holds a document at all.

    >>> from datetime import UTC
    >>> from alp_pipeline.catalog.loader import load_catalog
    >>> gdp = load_catalog().datasets["eurostat.nama_10r_2gdp"]
    >>> now = datetime(2026, 11, 1, tzinfo=UTC)
    >>> judge_age(gdp, published_at="2026-02-20T10:00:00Z", latest_period="2024", held=True, now=now).state
    'fresh'
    >>> judge_age(gdp, published_at="2016-02-26T00:00:00Z", latest_period="2014", held=True, now=now).detail
    'published 3901 days ago, the limit is 400; the newest period is 2014, 143 months ago, the limit is 36'
    """
    if not held:
        return Age("absent", None, "nothing is archived")
    days = (now - datetime.fromisoformat(published_at)).days if published_at else None
    if dataset.discontinued:
        return Age("ended", days, f"the table ended with {dataset.discontinued}")
    limit = LIMITS.get(dataset.cadence)
    if limit is None or (days is None and latest_period is None):
        why = (
            "irregular: no age is too great" if limit is None else "neither document nor release tells a date"
        )
        return Age("unknown", days, why)
    late = []
    if days is not None and days > limit.days:
        late.append(f"published {days} days ago, the limit is {limit.days}")
    months = _months_since(latest_period, now) if latest_period else 0
    if months > limit.months:
        late.append(f"the newest period is {latest_period}, {months} months ago, the limit is {limit.months}")
    if late:
        return Age("late", days, "; ".join(late))
    return Age("fresh", days, f"newest period {latest_period or 'unknown'}")


def _months_since(period: str, now: datetime) -> int:
    """Full months from the end of a period to now."""
    year, part = int(period[:4]), period[5:]
    if part.startswith("Q"):
        month = 3 * int(part[1:])
    elif part.startswith("S"):
        month = 6 * int(part[1:])
    elif part[:2].isdigit():
        month = int(part[:2])
    else:
        month = 12
    return (now.year - year) * 12 + now.month - month
