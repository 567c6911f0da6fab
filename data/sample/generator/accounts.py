"""Regional accounts: gross domestic product and income of households.

Belongs here: nama_10r_3gdp, nama_10r_2gdp, nama_10r_2hhinc. Does not: employment, file formats.
"""

from functools import cache

from generator.draws import around, draw
from generator.residents import add_up, is_delivered, territories
from generator.tables import MISSING, Table, cell, tenths
from generator.territory import (
    COUNTRIES,
    GROUPS,
    NUTS_2013,
    REGIONS,
    UNIONS,
    country_of,
    districts,
    profile_of,
    residents,
    split_by_district,
)

NEW_YEARS = tuple(range(2010, 2023))
OLD_YEARS = tuple(range(2005, 2016))
INCOME_YEARS = tuple(range(2006, 2016))
_OUTPUT_OF_PROFILE = {"metropolis": 1.45, "industrial": 1.02, "mountain": 1.0, "rural": 0.74, "coast": 0.88}
_CYCLE = {2009: 0.955, 2020: 0.945}
EXTRA_REGIO = {"ATZZ": 0, "FRZZ": 9_100, "ITZZ": 14_700}
"""Output outside every region, tenths of a million EUR. The Austrian one is less than half a tenth."""


@cache
def _output(part: str, year: int) -> int:
    """GDP of a region or rest, tenths of a million EUR."""
    country = country_of(part)
    growth = (1.024 + 0.01 * (draw(country.code, "growth") - 0.5)) ** (year - 2014)
    place = _OUTPUT_OF_PROFILE.get(profile_of(part), 0.95) * around(0.1, part, "output")
    per_head = country.output * place * growth * _CYCLE.get(year, 1.0) * around(0.008, part, year, "output")
    return round(residents(part, year) * per_head / 100)


def _output_of(code: str, year: int) -> int:
    if code in EXTRA_REGIO:
        return EXTRA_REGIO[code]
    if len(code) == 5:
        return split_by_district(code[:4], _output(code[:4], year))[code]
    members = UNIONS.get(code, (code,))
    outside = sum(value for extra, value in EXTRA_REGIO.items() if extra[:2] in members)
    return add_up(_output, code, year) + outside


def _price_level(code: str) -> float:
    return 1.0 if code in UNIONS else country_of(code).prices


def _hundreds(millions_in_tenths: float, people: int) -> str:
    return str(round(millions_in_tenths * 1_000 / people) * 100)


def output_by_small_region() -> Table:
    """nama_10r_3gdp: GDP down to NUTS 3, 2010 to 2022. Switzerland from 2014 to 2021, no Liechtenstein."""
    table = Table("nama_10r_3gdp", ("unit", "geo"), tuple(map(str, NEW_YEARS)))
    small = {unit for region in REGIONS for unit in districts(region)}
    for code in sorted({*territories(aggregates=("EU27_2020",)), *small, *EXTRA_REGIO}):
        rows: dict[str, list[str]] = {}
        for year in NEW_YEARS:
            flags = "p" if year == 2022 else "e" if code.startswith("PL") and year == 2021 else ""
            units = ("MIO_EUR", "MIO_PPS_EU27_2020", "EUR_HAB", "PPS_EU27_2020_HAB")
            for unit, text in zip(units, _output_cells(code, year, flags, revision=1.0), strict=True):
                rows.setdefault(unit, []).append(text)
        for unit, cells in rows.items():
            table.add((unit, code), cells)
    return table


def output_by_region(last_year: int = OLD_YEARS[-1]) -> Table:
    """nama_10r_2gdp: an older table under the codes of NUTS 2013, before the accounts were revised."""
    years = tuple(range(OLD_YEARS[0], last_year + 1))
    table = Table("nama_10r_2gdp", ("unit", "geo"), tuple(map(str, years)))
    codes = [
        code for code in territories(without=("CH", "LI")) if not code.startswith("FR") or code not in GROUPS
    ]
    for code in sorted({*codes, *EXTRA_REGIO}):
        revision = around(0.004, code, "revision of accounts")
        columns = [
            _output_cells(
                code, year, "e" if code.startswith("BG") and year == years[-1] else "", revision=revision
            )
            for year in years
        ]
        rows = zip(("MIO_EUR", "MIO_PPS", "EUR_HAB", "PPS_HAB"), zip(*columns, strict=True), strict=True)
        for unit, cells in rows:
            table.add((unit, NUTS_2013.get(code, code)), cells)
    return table


def _output_cells(code: str, year: int, flags: str, *, revision: float) -> tuple[str, str, str, str]:
    """Millions and per head, in EUR and in purchasing power."""
    outside_switzerland = code[:2] != "CH"
    if not is_delivered(code, year) or not (outside_switzerland or 2014 <= year <= 2021):
        return (MISSING,) * 4
    euros = round(_output_of(code, year) * revision)
    power = round(euros / _price_level(code))
    if code in EXTRA_REGIO:  # nobody lives there
        amounts = [cell(tenths(number), flags) if number else "0n" for number in (euros, power)]
        return amounts[0], amounts[1], cell(None, "z"), cell(None, "z")
    people = residents(code, year)
    return (
        cell(tenths(euros), flags),
        cell(tenths(power), flags),
        cell(_hundreds(euros, people), flags),
        cell(_hundreds(power, people), flags),
    )


def household_income() -> Table:
    """nama_10r_2hhinc: primary (B5N) and disposable (B6N) income; Swiss codes are there without values."""
    table = Table("nama_10r_2hhinc", ("unit", "na_item", "geo"), tuple(map(str, INCOME_YEARS)))
    codes = [code for code in territories(without=("LI",)) if not code.startswith("FR") or code not in GROUPS]
    for code in codes:
        for item, share in (("B5N", 0.63), ("B6N", 0.56)):
            for unit in ("MIO_EUR", "EUR_HAB", "PPCS_HAB"):
                cells = [_income_cell(code, year, item, unit, share) for year in INCOME_YEARS]
                table.add((unit, item, NUTS_2013.get(code, code)), cells)
    return table


def _income_cell(code: str, year: int, item: str, unit: str, share: float) -> str:
    if code[:2] == "CH":
        return MISSING
    if code[:2] in ("BG", "HR", "MT"):
        return cell(None, "e")
    if year == INCOME_YEARS[-1] and code not in COUNTRIES and code[:2] != "AT":
        return MISSING
    income = _output_of(code, year) * share * (1.0 - 0.1 * (profile_of(code) == "metropolis"))
    income *= around(0.05, code, item)
    flags = "e" if code[:2] in ("DE", "LU") and year >= 2014 else ""
    if unit == "MIO_EUR":
        return cell(f"{income / 10:.2f}", flags)
    per_head = income / (_price_level(code) if unit == "PPCS_HAB" else 1.0)
    return cell(f"{int(_hundreds(per_head, residents(code, year)))}.00", flags)
