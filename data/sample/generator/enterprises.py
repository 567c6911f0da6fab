"""Enterprises: how many are active, born, closed, and alive after three years.

Belongs here: bd_size_r3. Does not: local units (employment), file formats.
"""

from functools import cache

from generator.draws import around, share_out
from generator.residents import add_up, territories
from generator.tables import MISSING, Table, cell
from generator.territory import country_of, profile_of, residents

YEARS = tuple(range(2012, 2021))
SIZES = ("0", "1-9", "GE10")
ACTIVE, BORN, CLOSED, SURVIVED = "V11910", "V11920", "V11930", "V11943"
BIRTH_RATE, DEATH_RATE, SURVIVAL = "V97020", "V97030", "V97043"
_SECTOR = "B-S_X_K642"
_HIDDEN = {"HR03": (2014,), "ITC2": (2016, 2017, 2018)}
"""Region → years in which the two size classes with employees are secret."""


@cache
def _by_size(part: str, year: int) -> tuple[int, ...]:
    density = (
        0.052
        + 0.016 * (profile_of(part) == "metropolis")
        + (0.008 if part[:2] in ("IT", "CZ", "PT") else 0.0)
    )
    total = residents(part, 2014) * density * around(0.12, part, "enterprises") * 1.008 ** (year - 2014)
    weights = [54 * around(0.12, part, "alone"), 39.0, 6.5 * around(0.2, part, "larger")]
    return tuple(share_out(round(total * around(0.006, part, year, "enterprises")), weights))


@cache
def _events(part: str, year: int) -> tuple[int, int, int]:
    """Born, closed, and those born three years before that are still active."""
    churn = 1.15 if country_of(part).output < 15 else 0.9

    def born(in_year: int) -> int:
        rate = 0.088 * churn * around(0.15, part, "births") * around(0.05, part, in_year, "births")
        return round(sum(_by_size(part, in_year)) * rate)

    closed = 0.081 * churn * around(0.15, part, "closures") * around(0.06, part, year, "closures")
    survived = 0.59 * around(0.12, part, "survival") * around(0.03, part, year, "survival")
    return born(year), round(sum(_by_size(part, year)) * closed), round(born(year - 3) * survived)


def _of_size(part: str, year: int, at: int) -> int:
    return _by_size(part, year)[at]


def _of_event(part: str, year: int, at: int) -> int:
    return _events(part, year)[at]


def demography() -> Table:
    """bd_size_r3: counts, rates; Swiss codes are there without values, survival begins three years in."""
    table = Table("bd_size_r3", ("indic_sb", "sizeclas", "nace_r2", "geo"), tuple(map(str, YEARS)))
    for code in territories(aggregates=()):
        rows = _rows(code)
        for (indicator, size), cells in rows.items():
            texts = cells if code[:2] != "CH" else [MISSING] * len(YEARS)
            table.add((indicator, size, _SECTOR, code), texts)
    return table


def _rows(code: str) -> dict[tuple[str, str], list[str]]:
    rows: dict[tuple[str, str], list[str]] = {}
    for year in YEARS:
        by_size = {size: add_up(_of_size, code, year, at) for at, size in enumerate(SIZES)}
        active = sum(by_size.values())
        born, closed, survived = (add_up(_of_event, code, year, at) for at in range(3))
        flags = "p" if year == 2020 else "e" if code.startswith("FR") and year == 2019 else ""
        flags += "e" if code.startswith("FR") and year == 2020 else ""
        for size, number in by_size.items():
            is_hidden = year in _HIDDEN.get(code, ()) and size != "0"
            rows.setdefault((ACTIVE, size), []).append(
                cell(None, "c") if is_hidden else cell(str(number), flags)
            )
        counts = {ACTIVE: active, BORN: born, CLOSED: closed}
        for indicator, number in counts.items():
            rows.setdefault((indicator, "TOTAL"), []).append(cell(str(number), flags))
        rates = {BIRTH_RATE: born / active, DEATH_RATE: closed / active}
        for indicator, rate in rates.items():
            rows.setdefault((indicator, "TOTAL"), []).append(cell(f"{100 * rate:.2f}", flags))
        # Who was born before the table begins was never counted: no data can exist.
        known = year - 3 >= YEARS[0]
        survival = f"{100 * survived / add_up(_of_event, code, year - 3, 0):.2f}"
        rows.setdefault((SURVIVED, "TOTAL"), []).append(
            cell(str(survived), flags) if known else cell(None, "m")
        )
        rows.setdefault((SURVIVAL, "TOTAL"), []).append(cell(survival, flags) if known else cell(None, "m"))
    return rows
