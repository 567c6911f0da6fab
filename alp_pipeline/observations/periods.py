"""Time periods in one spelling.

Belongs here: recognising a period and writing it as the observation table does. Does not: calendars,
ranges, comparing frequencies.
"""

import re
from collections.abc import Sequence
from datetime import date, datetime

from alp_pipeline.observations.errors import DuplicatePeriod, UnknownPeriod

_YEAR = r"(?P<year>[12][0-9]{3})"
_FORMS: tuple[tuple[re.Pattern[str], str, int], ...] = (
    # pattern, spelling, greatest number of the part
    (re.compile(rf"{_YEAR}(?:-A1)?"), "{year}", 0),
    (re.compile(rf"{_YEAR}-?[SH](?P<part>[0-9])"), "{year}-S{part}", 2),
    (re.compile(rf"{_YEAR}-?Q(?P<part>[0-9])"), "{year}-Q{part}", 4),
    (re.compile(rf"{_YEAR}(?:-|M|-M)(?P<part>[0-9]{{2}})"), "{year}-{part}", 12),
    (re.compile(rf"{_YEAR}-?W(?P<part>[0-9]{{2}})"), "{year}-W{part}", 53),
)
_DAY = re.compile(rf"{_YEAR}(?:-|M)(?P<month>[0-9]{{2}})(?:-|D)(?P<day>[0-9]{{2}})")


def normalised_period(text: str) -> str | None:
    """A period as the observation table spells it, or None when it is not a period.

    Years, half-years, quarters, months, weeks and days, in the spellings of Eurostat before and after
    2022 and of SDMX. Blanks around it do not matter.

    >>> [normalised_period(t) for t in ("2014 ", "2014Q1", "2014M01", "2014-S2", "2014W05", "2014M02D28")]
    ['2014', '2014-Q1', '2014-01', '2014-S2', '2014-W05', '2014-02-28']
    >>> [normalised_period(t) for t in ("2014M13", "2014-Q5", "2014-02-30", "Sep 1999", "")]
    [None, None, None, None, None]
    """
    text = text.strip()
    for pattern, spelling, greatest in _FORMS:
        found = pattern.fullmatch(text)
        if found:
            parts = found.groupdict()
            if "part" in parts and not 1 <= int(parts["part"]) <= greatest:
                return None
            return spelling.format(**parts)
    found = _DAY.fullmatch(text)
    if found is None:
        return None
    try:
        return date(int(found["year"]), int(found["month"]), int(found["day"])).isoformat()
    except ValueError:
        return None


def period_in_form(text: str, form: str, freq: str) -> str | None:
    """A period written in a form of its own, as the observation table spells it for a frequency.

    Args:
        text: blanks around it do not matter.
        form: of `datetime.strptime`, other text included: ``%d.%m.%Y``, ``employees_%Y``.
        freq: A, S, Q, M, W or D; the day on which something was counted belongs to the period it lies in.

    >>> [period_in_form("31.12.2022", "%d.%m.%Y", freq) for freq in "ASQMWD"]
    ['2022', '2022-S2', '2022-Q4', '2022-12', '2022-W52', '2022-12-31']
    >>> period_in_form("2022", "%d.%m.%Y", "A") is None
    True
    """
    try:
        day = datetime.strptime(text.strip(), form)
    except ValueError:
        return None
    week = day.isocalendar()
    spelled = {
        "A": f"{day.year:04}",
        "S": f"{day.year:04}-S{(day.month + 5) // 6}",
        "Q": f"{day.year:04}-Q{(day.month + 2) // 3}",
        "M": f"{day.year:04}-{day.month:02}",
        "W": f"{week.year:04}-W{week.week:02}",
        "D": day.date().isoformat(),
    }
    return normalised_period(spelled.get(freq, ""))


def time_headings(codes: Sequence[str], labels: Sequence[str]) -> tuple[str, ...]:
    """What names the periods of a time dimension: its codes, or its labels where the codes only number them.

    Labels speak when not every code is a period, every label is, no two are the same, and no code that is a
    period says another one than its label. Else the codes do, whatever they are.

    Args:
        labels: of the codes, in their order; another number of them counts as none.

    >>> time_headings(["0", "1"], ["2022", "2023"]), time_headings(["2022"], ["Year 2022"])
    (('2022', '2023'), ('2022',))
    >>> time_headings(["0", "1"], ["2022", "all years"]), time_headings(["2021", "x"], ["2022", "2023"])
    (('0', '1'), ('2021', 'x'))
    """
    own, told = map(normalised_period, codes), tuple(map(normalised_period, labels))
    if len(told) != len(codes) or None in told or len(set(told)) != len(told):
        return tuple(codes)
    pairs = list(zip(own, told, strict=True))
    are_numbers = any(code is None for code, _ in pairs) and all(code in (None, said) for code, said in pairs)
    return tuple(labels if are_numbers else codes)


def normalised_headings(headings: Sequence[str], *, where: str) -> tuple[str, ...]:
    """The periods that a document's columns or time dimension name, each once.

    Raises:
        UnknownPeriod, DuplicatePeriod: naming the heading.

    >>> normalised_headings(["2015 ", "2014 "], where="a.tsv")
    ('2015', '2014')
    """
    seen: dict[str, str] = {}
    for heading in headings:
        period = normalised_period(heading)
        if period is None:
            raise UnknownPeriod(
                f"'{heading.strip()[:60]}' is not a time period",
                where=where,
                todo="If the publisher uses a new spelling, add it to observations.periods; "
                "if the columns are not time, this layout is not read.",
            )
        if period in seen:
            raise DuplicatePeriod(
                f"the period {period} stands twice (as '{seen[period]}' and '{heading.strip()}')",
                where=where,
                todo="Ask the publisher which column holds, or fetch the document again.",
            )
        seen[period] = heading.strip()
    return tuple(seen)
