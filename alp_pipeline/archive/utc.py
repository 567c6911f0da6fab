"""Times as sources write them → one canonical UTC text that sorts as it should.

Belongs here: recognising a time, and refusing one that can be read in two ways. Does not: where in a
document a time stands (document_times), and our own clock, which no retrieval record ever sees.
"""

import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

_CANONICAL = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
_ISO_START = re.compile(r"\d{4}-\d\d-\d\d(?:$|[T ])")
_DATE_ONLY = re.compile(r"\d{4}-\d\d-\d\d")
_SLASHED = re.compile(r"(\d\d)/(\d\d)/(\d{4}|\d\d)(?: (\d\d):(\d\d)(?::(\d\d))?)?")
# Eurostat writes its two daily updates as 11:00 and 23:00 with the Brussels offset where it writes one
# (inventory, JSON-stat) and as 11:00 and 23:00 without where it does not (LAST UPDATE of SDMX-CSV).
_BRUSSELS = "Europe/Brussels"


def canonical(moment: datetime) -> str:
    """One width for every time, whole seconds: texts compare as moments do.

    >>> canonical(datetime(2022, 11, 11, 12, 30, 30, 333000, tzinfo=UTC))
    '2022-11-11T12:30:30Z'
    """
    return moment.astimezone(UTC).replace(microsecond=0, tzinfo=None).isoformat() + "Z"


def is_canonical(text: str) -> bool:
    """Whether `text` is a real moment in the canonical form.

    >>> is_canonical("2022-02-28T00:00:00Z"), is_canonical("2022-02-30T00:00:00Z"), is_canonical("2022-02-28")
    (True, False, False)
    """
    return _CANONICAL.fullmatch(text) is not None and utc_time(text) == text


def is_date_only(text: str) -> bool:
    """Whether `text` names a day and no time of day.

    >>> is_date_only("2026-02-06"), is_date_only("2026-02-06T00:00:00Z")
    (True, False)
    """
    return _DATE_ONLY.fullmatch(text.strip()) is not None


def utc_time(text: str) -> str | None:
    """The moment that a source's text names, or None where it names none beyond doubt.

    ISO 8601 with any offset (a colon in it or not); a day alone is its midnight; without an offset it
    counts as UTC. The day-first form `14/09/2016 09:42:12` counts only where the month cannot be the day.

    >>> utc_time("2026-02-06T23:00:00+0100"), utc_time("2012-11-27"), utc_time("14/09/2016 09:42:12")
    ('2026-02-06T22:00:00Z', '2012-11-27T00:00:00Z', '2016-09-14T09:42:12Z')
    >>> utc_time("03/04/2016"), utc_time("last week"), utc_time("2016-02-30")
    (None, None, None)
    """
    text = text.strip()
    if _ISO_START.match(text):
        try:
            moment = datetime.fromisoformat(text)
            return canonical(moment if moment.tzinfo else moment.replace(tzinfo=UTC))
        except (ValueError, OverflowError):
            return None
    slashed = _SLASHED.fullmatch(text)
    if slashed is None or len(slashed[3]) != 4:
        return None
    is_ambiguous = int(slashed[2]) <= 12 and int(slashed[1]) <= 12 and slashed[1] != slashed[2]
    return None if is_ambiguous else _day_first(slashed, zone="UTC")


def brussels_last_update(text: str) -> str | None:
    """The moment that Eurostat's `LAST UPDATE` names: day first, Brussels time.

    >>> brussels_last_update("10/02/26 11:00:00"), brussels_last_update("10/07/26 23:00:00")
    ('2026-02-10T10:00:00Z', '2026-07-10T21:00:00Z')
    >>> brussels_last_update("2026-02-10T11:00:00+0100")
    '2026-02-10T10:00:00Z'
    """
    slashed = _SLASHED.fullmatch(text.strip())
    return utc_time(text) if slashed is None else _day_first(slashed, zone=_BRUSSELS)


def end_of_day(midnight: str) -> str:
    """The first moment after the day that begins at `midnight`.

    >>> end_of_day("2026-02-28T00:00:00Z")
    '2026-03-01T00:00:00Z'
    """
    return canonical(datetime.fromisoformat(midnight) + timedelta(days=1))


def _day_first(slashed: re.Match[str], *, zone: str) -> str | None:
    day, month, year, hour, minute, second = (int(part or 0) for part in slashed.groups())
    try:
        local = datetime(year if year > 99 else 2000 + year, month, day, hour, minute, second)
    except ValueError:
        return None
    return canonical(local.replace(tzinfo=UTC if zone == "UTC" else ZoneInfo(zone)))
