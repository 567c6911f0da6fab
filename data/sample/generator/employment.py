"""Persons employed, local units and wages by territory and activity.

Belongs here: the invented economy in whole numbers, adding up exactly over activities and territories, and
the cells that are secret. Does not: how the table of the source looks (sbs).

Two editions: `final`, and `first`, in which the year 2014 is provisional and the Dutch year 2013 is not yet
revised.
"""

from dataclasses import dataclass
from functools import cache
from typing import Literal

from generator.activities import DIVISIONS, SECTIONS, TRADE_GROUPS, divisions_of, inclination
from generator.draws import around, draw, share_out, uneven
from generator.secrecy import protect
from generator.territory import (
    COUNTRIES,
    EU28,
    GROUPS,
    NUTS_2006,
    NUTS_2013,
    REGIONS,
    SLOVENIA_BEFORE_2013,
    country_of,
    parts_of,
    profile_of,
    residents,
)

Edition = Literal["first", "final"]
YEARS = (2010, 2011, 2012, 2013, 2014, 2015)
ACTIVITIES = (*SECTIONS, *DIVISIONS, *TRADE_GROUPS)
AUSTRIAN_GROUPS = ("AT1", "AT2", "AT3")
_JOBS_OF_PROFILE = {"metropolis": 1.22, "industrial": 1.04, "rural": 0.86, "coast": 0.92}
_SMALLEST_UNITS = 3
"""With up to three local units a cell is secret everywhere."""


@dataclass(frozen=True)
class Count:
    """Of one territory, activity and year. `wages`: tenths of a million EUR."""

    persons: int
    units: int
    wages: int

    def __add__(self, other: "Count") -> "Count":
        return Count(self.persons + other.persons, self.units + other.units, self.wages + other.wages)

    def __sub__(self, other: "Count") -> "Count":
        return Count(self.persons - other.persons, self.units - other.units, self.wages - other.wages)


NOTHING = Count(0, 0, 0)
Cell = tuple[str, str]  # territory's code in the table of that year, activity


def code_in(part: str, year: int) -> str:
    """What the table calls a region of NUTS 2021 in a year: it follows NUTS 2013, before 2011 NUTS 2006."""
    if year <= 2010 and part in NUTS_2006:
        return NUTS_2006[part]
    return NUTS_2013.get(part, part)


@cache
def counts(edition: Edition, year: int) -> dict[Cell, Count]:
    """All territories that the table knows in `year`, all activities."""
    by_part: dict[str, dict[str, Count]] = {}
    for country in EU28:
        for part in parts_of(country):
            by_part[part] = _of_part(edition, part, year)
    found: dict[Cell, Count] = {}
    for part, by_activity in by_part.items():
        if part in REGIONS and not (part[:2] == "SI" and year < 2013):
            found |= {(code_in(part, year), activity): count for activity, count in by_activity.items()}
    if year < 2013:
        found |= _slovenia_before_2013(by_part["SI03"], by_part["SI04"])
    for activity in ACTIVITIES:
        for code in AUSTRIAN_GROUPS:
            found[code, activity] = sum((by_part[part][activity] for part in GROUPS[code]), NOTHING)
        for country in EU28:
            found[country, activity] = sum((by_part[part][activity] for part in parts_of(country)), NOTHING)
    return found


def _of_part(edition: Edition, part: str, year: int) -> dict[str, Count]:
    found = {code: _of_division(edition, part, code, year) for code in DIVISIONS}
    for section in SECTIONS:
        found[section] = sum((found[code] for code in divisions_of(section)), NOTHING)
    trade = found["G45"]
    weights = [share * around(0.2, part, group) for group, share in TRADE_GROUPS.items()]
    shared = (share_out(number, weights) for number in (trade.persons, trade.units, trade.wages))
    for group, numbers in zip(TRADE_GROUPS, zip(*shared, strict=True), strict=True):
        found[group] = Count(*numbers)
    return found


@cache
def _weights(part: str) -> dict[str, float]:
    """Shares of the divisions in a part's employment of 2012; they add up to one."""
    scatter = 0.9 if part in REGIONS else 0.3
    weights = {}
    for code, division in DIVISIONS.items():
        present = part not in REGIONS or draw(part, code, "present") >= division.absent
        leaning = inclination(part, profile_of(part), division) * uneven(scatter, part, code, "location")
        weights[code] = division.share * leaning if present or leaning > 4 else 0.0
    whole = sum(weights.values())
    return {code: weight / whole for code, weight in weights.items()}


def _of_division(edition: Edition, part: str, code: str, year: int) -> Count:
    division, country = DIVISIONS[code], country_of(part)
    jobs = residents(part, 2014) * country.jobs * _JOBS_OF_PROFILE.get(profile_of(part), 1.0)
    trend = 1.0 + division.trend_pct / 100 + 0.018 * (2 * draw(part, code, "trend") - 1)
    size = jobs * _weights(part)[code] * trend ** (year - 2012) * around(0.022, part, code, year)
    persons = round(size * _revision(edition, part, code, year))
    if persons <= 0:
        return NOTHING
    units = max(1, round(persons / division.unit_size / uneven(0.4, part, code, "size of units")))
    pay = division.wage * country.pay * around(0.14, part, code, "pay") * 1.021 ** (year - 2014)
    return Count(persons, min(units, persons), round(persons * pay / 100))


def _revision(edition: Edition, part: str, code: str, year: int) -> float:
    if edition == "first" and (year == 2014 or (year == 2013 and part.startswith("NL"))):
        return around(0.013, part, code, year, "revision")
    return 1.0


def _slovenia_before_2013(east: dict[str, Count], west: dict[str, Count]) -> dict[Cell, Count]:
    """The older cut: the western region reached a little further east."""
    found: dict[Cell, Count] = {}
    old_east, old_west = SLOVENIA_BEFORE_2013
    for code in DIVISIONS:
        moved = Count(
            *(number * 3 // 100 for number in (east[code].persons, east[code].units, east[code].wages))
        )
        found[old_east, code], found[old_west, code] = east[code] - moved, west[code] + moved
    for group in TRADE_GROUPS:
        found[old_east, group], found[old_west, group] = east[group], west[group]
    moved = sum((found[old_west, group] for group in TRADE_GROUPS), NOTHING)
    # The groups have to add up to G45 here as well: the largest takes the difference.
    largest = "G451"
    difference = found[old_west, "G45"] - moved
    found[old_west, largest], found[old_east, largest] = (
        found[old_west, largest] + difference,
        found[old_east, largest] - difference,
    )
    for territory in SLOVENIA_BEFORE_2013:
        for section in SECTIONS:
            found[territory, section] = sum(
                (found[territory, code] for code in divisions_of(section)), NOTHING
            )
    return found


def sums(year: int) -> list[tuple[Cell, tuple[Cell, ...]]]:
    """Everything in the table of `year` that adds up: (parent, children)."""
    territories = sorted({code for code, _ in counts("final", year)})
    found: list[tuple[Cell, tuple[Cell, ...]]] = []
    for code in territories:
        for section in SECTIONS:
            found.append(((code, section), tuple((code, division) for division in divisions_of(section))))
        found.append(((code, "G45"), tuple((code, group) for group in TRADE_GROUPS)))
    for activity in ACTIVITIES:
        for parent, children in _wholly_shown(year).items():
            found.append(((parent, activity), tuple((child, activity) for child in children)))
    return found


def _wholly_shown(year: int) -> dict[str, tuple[str, ...]]:
    """Territories of which every part stands in the table too."""
    found = {code: GROUPS[code] for code in AUSTRIAN_GROUPS}
    for country in EU28:
        if COUNTRIES[country].rest == 0 and country not in ("AT", "SI"):
            found[country] = tuple(parts_of(country))
    slovenia = SLOVENIA_BEFORE_2013 if year < 2013 else GROUPS["SI0"]
    return found | {"AT": AUSTRIAN_GROUPS, "SI": slovenia}


@cache
def secret(year: int) -> frozenset[Cell]:
    """Cells whose persons and wages the offices hide, in both editions but for `opened_by_mistake`."""
    known = counts("final", year)
    values = {cell: count.persons for cell, count in known.items()}
    first = sorted(cell for cell, count in known.items() if _is_sensitive(cell, count))
    return frozenset(protect(values, sums(year), first))


def _is_sensitive(cell: Cell, count: Count) -> bool:
    code, activity = cell
    if count.persons == 0 or activity == "S95":
        return False
    if count.units <= _SMALLEST_UNITS:
        return True
    # A few large employers: more likely where units are few, and lasting over the years.
    chance = (0.3 if code.startswith("AT") else 0.9) * min(1.0, 8.0 / count.units) ** 2
    return activity in DIVISIONS and draw(code, activity, "dominance") < chance
