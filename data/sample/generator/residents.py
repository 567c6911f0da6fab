"""People where they live: population, employment, unemployment, learning, young people without either.

Belongs here: demo_r_pjangrp3, lfst_r_lfe2emp, lfst_r_lfe2en2, lfst_r_lfu3pers, trng_lfse_04, edat_lfse_22.
Does not: jobs at the workplace (employment), file formats.

Survey results below a threshold are marked `u`, below another one they are not published. The survey
breaks in 2021; the United Kingdom ends with 2020.
"""

from collections.abc import Callable, Iterable
from functools import cache

from generator.draws import around, share_out
from generator.secrecy import protect
from generator.tables import MISSING, Table, cell, tenths
from generator.territory import (
    COUNTRIES,
    GROUPS,
    REGIONS,
    UNIONS,
    country_of,
    districts,
    parts_of,
    profile_of,
    residents,
)

SURVEY_YEARS = tuple(range(2010, 2022))
RATE_YEARS = tuple(range(2010, 2023))
POPULATION_YEARS = tuple(range(2014, 2023))
_BREAK_YEAR = 2021
_UNRELIABLE, _UNPUBLISHED = 50, 15  # tenths of a thousand persons
_OUTPUT_PROFILE = {"metropolis": 0.9, "industrial": 0.85, "mountain": 0.7, "rural": 0.9, "coast": 1.25}
_AGES = {
    "Y_LT5": 50, "Y5-9": 51, "Y10-14": 52, "Y15-19": 54, "Y20-24": 58, "Y25-29": 62, "Y30-34": 65,
    "Y35-39": 66, "Y40-44": 70, "Y45-49": 76, "Y50-54": 75, "Y55-59": 67, "Y60-64": 60, "Y65-69": 55,
    "Y70-74": 48, "Y75-79": 41, "Y80-84": 29, "Y_GE85": 26,
}  # fmt: skip
"""Age group → weight; Y_GE85 closes the list."""

_SECTORS = {
    "A": 42, "B-E": 175, "F": 70, "G-I": 245, "J": 28, "K": 29, "L": 8, "M_N": 92, "O-Q": 240, "R-U": 58,
    "NRP": 3,
}  # fmt: skip
"""Groups of NACE sections → weight in employment; NRP: no answer."""

_SECTORS_OF_PROFILE = {
    "industrial": {"B-E": 1.4, "K": 0.8},
    "metropolis": {"A": 0.1, "B-E": 0.6, "J": 2.2, "K": 1.8, "M_N": 1.4},
    "mountain": {"A": 1.5, "G-I": 1.25, "F": 1.2},
    "rural": {"A": 2.6, "B-E": 1.1, "J": 0.5},
    "coast": {"B-E": 0.6, "G-I": 1.2},
    "mixed": {},
}  # fmt: skip


def territories(*, without: Iterable[str] = ("LI",), aggregates: Iterable[str] = ("EU28",)) -> list[str]:
    """Regions, NUTS-1 units of which every region is shown, countries, unions; sorted by code."""
    kept = (code for code in (*REGIONS, *GROUPS, *COUNTRIES) if code[:2] not in tuple(without))
    return sorted({*kept, *aggregates})


def add_up(of_part: Callable[..., int], code: str, *which: object) -> int:
    """The sum of `of_part(part, *which)` over the parts of a territory."""
    if code in UNIONS:
        return sum(add_up(of_part, country, *which) for country in UNIONS[code])
    parts = parts_of(code) if code in COUNTRIES else GROUPS.get(code, (code,))
    return sum(of_part(part, *which) for part in parts)


def is_delivered(code: str, year: int) -> bool:
    """The United Kingdom, and with it the Union of 28, ends with 2020."""
    return year <= 2020 or not code.startswith(("UK", "EU28"))


# -- population ---------------------------------------------------------------------------------------


def population() -> Table:
    """demo_r_pjangrp3: age groups for both sexes together, the total for each sex; totals for NUTS 3."""
    table = Table("demo_r_pjangrp3", ("sex", "unit", "age", "geo"), tuple(map(str, POPULATION_YEARS)))
    codes = territories(without=(), aggregates=("EU27_2020",))
    for code in sorted({*codes, *(unit for region in REGIONS for unit in districts(region))}):
        for sex in "FMT":
            _add_population(
                table, code, sex, "TOTAL", [_by_sex(code, year)[sex] for year in POPULATION_YEARS]
            )
        if code in codes:
            ages = [_by_age(code, year) for year in POPULATION_YEARS]
            for age in _AGES:
                _add_population(table, code, "T", age, [found[age] for found in ages])
            _add_population(table, code, "T", "UNK", [0] * len(ages))
    return table


def _add_population(table: Table, code: str, sex: str, age: str, numbers: list[int]) -> None:
    def flags(year: int) -> str:
        late = "p" if code.startswith("FR") and year >= 2021 else ""
        estimated = "e" if code.startswith(("FR", "EU")) and year == 2022 else ""
        return late + estimated + ("b" if code.startswith("DE") and year == 2014 else "")

    cells = [
        cell(str(number), flags(year)) if is_delivered(code, year) else MISSING
        for year, number in zip(POPULATION_YEARS, numbers, strict=True)
    ]
    table.add((sex, "NR", age, code), cells)


def _by_sex(code: str, year: int) -> dict[str, int]:
    total = residents(code, year)
    women = add_up(_women, code, year)
    return {"T": total, "F": women, "M": total - women}


def _women(part: str, year: int) -> int:
    return round(residents(part, year) * 0.507 * around(0.008, part, "women"))


@cache
def _ages_of_part(part: str, year: int) -> tuple[int, ...]:
    aging = 0.06 * (year - 2014) / 8 + around(0.08, part, "age") - 1.0
    weights = [weight * (1.0 + aging * (at - 8.5) / 8.5) for at, weight in enumerate(_AGES.values())]
    return tuple(share_out(residents(part, year), weights))


def _by_age(code: str, year: int) -> dict[str, int]:
    return {age: add_up(_of_age, code, year, at) for at, age in enumerate(_AGES)}


def _of_age(part: str, year: int, at: int) -> int:
    return _ages_of_part(part, year)[at]


# -- labour force survey: thousand persons with one digit ---------------------------------------------


def employed() -> Table:
    """lfst_r_lfe2emp: employed residents by sex, from 15 years and from 15 to 24."""
    return _persons("lfst_r_lfe2emp", ("unit", "sex", "age", "geo"), _employed, (0.455, 0.47))


def unemployed() -> Table:
    """lfst_r_lfu3pers: unemployed residents by sex, from 15 years and from 15 to 24."""
    return _persons("lfst_r_lfu3pers", ("unit", "age", "sex", "geo"), _unemployed, (0.47, 0.45))


def _persons(
    name: str, order: tuple[str, ...], of_part: Callable[[str, int, str], int], women: tuple[float, float]
) -> Table:
    table = Table(name, order, tuple(map(str, SURVEY_YEARS)))
    for code in territories():
        for age, share in zip(("Y_GE15", "Y15-24"), women, strict=True):
            by_sex: dict[str, list[int]] = {"T": [], "F": [], "M": []}
            for year in SURVEY_YEARS:
                total = add_up(of_part, code, year, age)
                female = round(total * share * around(0.04, code, name, age, year, "women"))
                for sex, number in (("T", total), ("F", female), ("M", total - female)):
                    by_sex[sex].append(number)
            for sex, numbers in by_sex.items():
                codes = {"unit": "THS", "sex": sex, "age": age, "geo": code}
                table.add(tuple(codes[dimension] for dimension in order), _survey_cells(code, numbers))
    return table


def _survey_cells(code: str, numbers: Iterable[int]) -> list[str]:
    return [_survey_cell(code, year, number) for year, number in zip(SURVEY_YEARS, numbers, strict=True)]


def _survey_cell(code: str, year: int, number: int) -> str:
    if not is_delivered(code, year):
        return MISSING
    flags = "b" if year == _BREAK_YEAR and code not in UNIONS else ""
    if code in COUNTRIES or number >= _UNRELIABLE:
        return cell(tenths(number), flags)
    return cell(tenths(number) if number >= _UNPUBLISHED else None, flags + "u")


@cache
def _employed(part: str, year: int, age: str) -> int:
    rate = 0.44 if country_of(part).unemployed_pct < 10 else 0.39
    share = 0.093 * around(0.2, part, "young employed") if age == "Y15-24" else 1.0
    cycle = 1.0 + 0.004 * (year - 2014) - (0.015 if year == 2020 else 0.0)
    place = around(0.05, part, "employed")
    return round(
        residents(part, year) / 100 * rate * place * cycle * around(0.006, part, year, "employed") * share
    )


@cache
def _unemployed(part: str, year: int, age: str) -> int:
    country = country_of(part)
    rate = (
        country.unemployed_pct
        / 100
        * _OUTPUT_PROFILE.get(profile_of(part), 1.0)
        * around(0.2, part, "unemployed")
    )
    cycle = 1.15 - 0.035 * abs(year - 2013) + (0.12 if year == 2020 else 0.0)
    yearly = around(0.05, part, year, "unemployed")
    share = 0.24 * around(0.15, part, "young unemployed") if age == "Y15-24" else 1.0
    odds = rate * cycle * yearly / (1.0 - rate)
    return round(_employed(part, year, "Y_GE15") * odds * share)


def employed_by_sector() -> Table:
    """lfst_r_lfe2en2: employed residents by groups of NACE sections, which add up to the total."""
    table = Table("lfst_r_lfe2en2", ("unit", "nace_r2", "age", "geo"), tuple(map(str, SURVEY_YEARS)))
    for code in territories():
        numbers = {
            sector: [add_up(_of_sector, code, year, at) for year in SURVEY_YEARS]
            for at, sector in enumerate(_SECTORS)
        }
        numbers["TOTAL"] = [sum(column) for column in zip(*numbers.values(), strict=True)]
        cells = {sector: _survey_cells(code, found) for sector, found in numbers.items()}
        if code.startswith("DE") and code not in COUNTRIES:
            _hide_small(cells, numbers)
        for sector, found in cells.items():
            table.add(("THS", sector, "Y_GE15", code), found)
    return table


def _of_sector(part: str, year: int, at: int) -> int:
    return _sectors_of_part(part, year)[at]


@cache
def _sectors_of_part(part: str, year: int) -> tuple[int, ...]:
    leaning = _SECTORS_OF_PROFILE[profile_of(part)]
    weights = [
        weight
        * leaning.get(sector, 1.0)
        * around(0.15, part, sector, "sector")
        * around(0.03, part, sector, year)
        for sector, weight in _SECTORS.items()
    ]
    return tuple(share_out(_employed(part, year, "Y_GE15"), weights))


def _hide_small(cells: dict[str, list[str]], numbers: dict[str, list[int]]) -> None:
    """German regions hide what is too small to publish, and a second sector where only one is hidden."""
    for at in range(len(SURVEY_YEARS)):
        values = {sector: found[at] for sector, found in numbers.items()}
        first = [sector for sector, value in values.items() if 0 < value < _UNPUBLISHED]
        for sector in protect(values, [("TOTAL", tuple(_SECTORS))], first):
            cells[sector][at] = cell(None, "bc" if SURVEY_YEARS[at] == _BREAK_YEAR else "c")


# -- rates --------------------------------------------------------------------------------------------


def learning() -> Table:
    """trng_lfse_04: share of those from 25 to 64 who took part in education or training in four weeks."""
    table = Table("trng_lfse_04", ("unit", "sex", "age", "geo"), tuple(map(str, RATE_YEARS)))
    for code in territories():
        for sex, factor in (("F", 1.06), ("M", 0.94), ("T", 1.0)):
            rates = [_mean(_learning_rate, code, year) * factor for year in RATE_YEARS]
            table.add(("PC", sex, "Y25-64", code), _rate_cells(code, rates, breaks=_learning_breaks(code)))
    return table


def _learning_breaks(code: str) -> tuple[int, ...]:
    return (2013, _BREAK_YEAR) if code.startswith("FR") else (_BREAK_YEAR,)


def _learning_rate(part: str, year: int) -> float:
    before_break = 0.4 if part.startswith("FR") and year < 2013 else 1.0  # the French question changed
    place = 1.15 if profile_of(part) == "metropolis" else 1.0
    rate = country_of(part).learning_pct * before_break * place * around(0.15, part, "learning")
    return rate * (1.0 + 0.008 * (year - 2014)) * around(0.04, part, year, "learning")


def without_work_or_learning() -> Table:
    """edat_lfse_22: share of those from 15 to 29 in neither employment, education nor training."""
    dimensions = ("sex", "age", "training", "wstatus", "unit", "geo")
    table = Table("edat_lfse_22", dimensions, tuple(map(str, RATE_YEARS)))
    for code in territories(aggregates=("EU27_2020",)):
        for sex, factor in (("F", 1.07), ("M", 0.93), ("T", 1.0)):
            rates = [_mean(_neet_rate, code, year) * factor for year in RATE_YEARS]
            cells = _rate_cells(code, rates, breaks=(_BREAK_YEAR,))
            if code == "ITC2" and sex != "T":
                cells = [cell(None, "c") for _ in cells]  # both sexes, or one would follow from the other
            table.add((sex, "Y15-29", "NO_FE_NO_NFE", "NEMP", "PC", code), cells)
    return table


def _neet_rate(part: str, year: int) -> float:
    country = country_of(part)
    place = _OUTPUT_PROFILE.get(profile_of(part), 1.0) * around(0.12, part, "neet")
    return country.neet_pct * place * (1.1 - 0.03 * abs(year - 2013)) * around(0.05, part, year, "neet")


def _mean(of_part: Callable[[str, int], float], code: str, year: int) -> float:
    """The rate of a territory: that of its parts, weighted by residents."""

    def weighted(part: str) -> int:
        return round(of_part(part, year) * residents(part, year))

    return add_up(weighted, code) / residents(code, year)


def _rate_cells(code: str, rates: Iterable[float], *, breaks: tuple[int, ...]) -> list[str]:
    cells = []
    for year, rate in zip(RATE_YEARS, rates, strict=True):
        flags = "b" if year in breaks and code not in UNIONS else ""
        people = residents(code, year) if is_delivered(code, year) else None
        if people is None:
            cells.append(MISSING)
        elif people < 150_000:
            cells.append(cell(None if year < 2012 else f"{rate:.1f}", flags + "u"))
        else:
            cells.append(cell(f"{rate:.1f}", flags + ("u" if people < 400_000 else "")))
    return cells
