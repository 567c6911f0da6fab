"""Which territories the sample tells of, under which codes, and how large they are.

Belongs here: regions and countries with invented sizes and tendencies, old and new codes, who adds up to
whom. Does not: anything counted in them but residents' total (residents), economic activities.

Codes are real. Sizes are hand-written round figures of a plausible order, then scattered by a draw.
A region is named by its code of NUTS 2021; `codes` says what a document of another time calls it.
"""

from dataclasses import dataclass
from functools import cache

from generator.draws import around, draw, share_out


@dataclass(frozen=True)
class Country:
    """Tendencies of a country. `rest`: residents outside the regions shown, in ten thousand."""

    code: str
    rest: int
    jobs: float  # persons employed in the business economy per resident
    pay: float  # wage level, 1 = that of Austria
    output: float  # GDP per head, thousand EUR
    prices: float  # price level, 1 = the Union's mean
    unemployed_pct: float
    learning_pct: float
    neet_pct: float


@dataclass(frozen=True)
class Region:
    """A NUTS-2 region. `size`: residents in ten thousand; `profile`: a column of activities.LEANINGS."""

    code: str
    size: int
    profile: str

    @property
    def country(self) -> str:
        return self.code[:2]


_COUNTRIES = """
AT    0 .34 1.00 42 1.08  5.5 14  8
BE  780 .27 1.05 38 1.09  7.5  8 12
BG  430 .27  .20  7  .50  9.5  2 21
CH    0 .39 1.70 66 1.45  4.0 30  8
CY    0 .27  .60 23  .90 11.5  7 17
CZ  600 .35  .38 17  .68  5.5  9 12
DE 3300 .34  .98 38 1.03  4.8  8  9
DK  270 .31 1.20 47 1.36  6.5 30  8
EE    0 .31  .37 16  .77  7.5 13 12
EL  670 .20  .52 17  .84 21.0  3 22
ES 1500 .25  .72 23  .92 21.5 10 18
FI  290 .28 1.06 38 1.20  8.5 25 11
FR 3900 .25 1.08 33 1.07  9.8 15 14
HR  280 .25  .35 11  .66 14.5  3 20
HU  760 .26  .31 11  .58  7.5  5 14
IE  460 .29 1.10 45 1.10 10.5  7 15
IT 1700 .26  .80 27  .99 10.8  8 23
LI    0 .80 1.75 90 1.45  2.5 25  6
LT  295 .31  .28 13  .62 10.0  5 12
LU    0 .43 1.35 85 1.20  5.8 15  7
LV    0 .31  .30 12  .69 10.5  6 13
MT    0 .33  .48 19  .80  5.8  8 11
NL  950 .33 1.04 40 1.10  6.2 18  7
PL 2300 .25  .31 11  .56  8.8  4 14
PT  400 .28  .45 18  .82 12.5 10 14
RO 1600 .21  .19  8  .50  6.6  1 20
SE  540 .31 1.12 44 1.25  7.6 28  8
SI    0 .30  .58 19  .81  8.8 13 11
SK  350 .29  .34 14  .67 12.5  3 16
UK 5500 .30  .96 34 1.15  6.2 15 13
"""

_REGIONS = """
AT11 29 rural      AT12 160 rural     AT13 175 metropolis AT21 56 mountain   AT22 122 industrial
AT31 143 industrial AT32 54 mountain  AT33 73 mountain    AT34 38 industrial
CH01 150 metropolis CH02 181 mixed    CH03 112 industrial CH04 146 metropolis CH05 110 industrial
CH06 79 mountain   CH07 34 mountain   LI00 4 industrial
DE11 400 industrial DE12 270 mixed    DE13 225 rural      DE14 185 industrial
DE21 440 metropolis DE22 120 rural    DE23 110 industrial DE24 105 industrial DE25 175 industrial
DE26 130 industrial DE27 180 mixed
FRC1 165 rural     FRC2 115 industrial FRK1 135 mountain  FRK2 640 mixed      FRL0 490 coast
ITC1 430 industrial ITC2 13 mountain  ITC3 155 coast      ITC4 990 mixed
ITH1 51 mountain   ITH2 53 mountain   ITH3 480 industrial ITH4 120 industrial
SI03 110 industrial SI04 97 mixed
BE10 115 metropolis BE21 180 mixed    BE32 130 industrial
BG34 110 coast     BG41 210 metropolis
CY00 85 coast
CZ01 125 metropolis CZ05 150 industrial CZ06 170 industrial CZ08 120 industrial
DE30 340 metropolis DE60 175 metropolis DE71 385 metropolis DEA1 515 mixed    DEA5 360 industrial
DED2 160 industrial DEG0 215 industrial
DK01 175 metropolis DK04 128 mixed
EE00 130 mixed
EL30 390 metropolis EL43 62 coast
ES11 275 coast     ES21 215 industrial ES30 640 metropolis ES51 740 mixed     ES53 110 coast ES61 840 coast
FI19 138 industrial FI1B 160 metropolis
FR10 1200 metropolis FRE1 405 industrial FRF1 185 mixed
HR03 140 coast
HU22 99 industrial HU33 127 rural
ITF3 580 coast     ITG1 505 coast     ITH5 440 industrial ITI1 370 mixed      ITI4 580 metropolis
LU00 56 metropolis
LV00 200 mixed
MT00 43 coast
NL32 280 metropolis NL41 250 industrial
PL21 337 mixed     PL22 460 industrial PL41 347 industrial
PT11 365 industrial PT15 45 coast
RO11 260 rural     RO32 228 metropolis
SE11 220 metropolis SE23 193 industrial
SK02 184 industrial SK03 134 mountain
UKD3 270 industrial UKG3 280 industrial UKH1 240 rural     UKJ1 235 metropolis
"""


def _countries() -> dict[str, Country]:
    rows = (line.split() for line in _COUNTRIES.split("\n") if line)
    return {code: Country(code, int(rest), *map(float, rates)) for code, rest, *rates in rows}


def _regions() -> dict[str, Region]:
    words = _REGIONS.split()
    triples = zip(words[::3], words[1::3], words[2::3], strict=True)
    return {code: Region(code, int(size), profile) for code, size, profile in sorted(triples)}


COUNTRIES = _countries()
REGIONS = _regions()
NOT_EU = ("CH", "LI")
EU28 = tuple(sorted(set(COUNTRIES) - set(NOT_EU)))
UNIONS = {"EU28": EU28, "EU27_2020": tuple(code for code in EU28 if code != "UK")}
EUSALP_EU = tuple(
    code
    for code in REGIONS
    if code[:3] in ("AT1", "AT2", "AT3", "DE1", "DE2", "FRC", "FRK", "FRL", "ITC", "SI0")
    or code in ("ITH1", "ITH2", "ITH3", "ITH4")
)
SWISS = tuple(code for code in REGIONS if code.startswith("CH"))

NUTS_2013 = {
    "FRC1": "FR26", "FRC2": "FR43", "FRE1": "FR30", "FRF1": "FR42",
    "FRK1": "FR72", "FRK2": "FR71", "FRL0": "FR82",
}  # fmt: skip
"""Code of NUTS 2021 → the code of the same territory until 2015."""

NUTS_2006 = {
    "ITH1": "ITD1", "ITH2": "ITD2", "ITH3": "ITD3", "ITH4": "ITD4",
    "ITH5": "ITD5", "ITI1": "ITE1", "ITI4": "ITE4",
}  # fmt: skip
"""Code of NUTS 2021 → the code of 2010 and before (of ITH5: nearly the same territory)."""

SLOVENIA_BEFORE_2013 = ("SI01", "SI02")
"""Another cut through the country than SI03 and SI04."""

GROUPS = {
    "AT1": ("AT11", "AT12", "AT13"), "AT2": ("AT21", "AT22"), "AT3": ("AT31", "AT32", "AT33", "AT34"),
    "CH0": SWISS, "DE1": ("DE11", "DE12", "DE13", "DE14"),
    "DE2": ("DE21", "DE22", "DE23", "DE24", "DE25", "DE26", "DE27"),
    "FRC": ("FRC1", "FRC2"), "FRK": ("FRK1", "FRK2"), "FRL": ("FRL0",),
    "ITC": ("ITC1", "ITC2", "ITC3", "ITC4"), "ITH": ("ITH1", "ITH2", "ITH3", "ITH4", "ITH5"),
    "LI0": ("LI00",), "SI0": ("SI03", "SI04"),
}  # fmt: skip
"""NUTS-1 units of which every NUTS-2 region is shown."""

_DISTRICTS = {
    "AT11": "123", "AT12": "1234567", "AT13": "0", "AT21": "123", "AT22": "123456", "AT31": "12345",
    "AT32": "123", "AT33": "12345", "AT34": "12", "ITC4": "12346789ABCD", "ITH1": "0", "ITH2": "0",
    "SI03": "12345678", "SI04": "1234",
}  # fmt: skip


def districts(region: str) -> list[str]:
    """The NUTS-3 units shown of a region, all or none."""
    return [region + last for last in _DISTRICTS.get(region, "")]


def rest_of(country: str) -> str:
    """The name, here only, of what of a country lies outside the regions shown."""
    return f"{country} rest"


def parts_of(country: str) -> list[str]:
    """Regions shown and the rest: the parts that add up to a country."""
    shown = [code for code in REGIONS if code.startswith(country)]
    return [*shown, rest_of(country)] if COUNTRIES[country].rest else shown


def profile_of(part: str) -> str:
    return REGIONS[part].profile if part in REGIONS else "mixed"


def country_of(part: str) -> Country:
    return COUNTRIES[part[:2]]


@cache
def residents(code: str, year: int) -> int:
    """Residents on 1 January of a region, rest, district, NUTS-1 unit, country or the Union."""
    if code in UNIONS:
        return sum(residents(member, year) for member in UNIONS[code])
    if code in COUNTRIES:
        return sum(residents(part, year) for part in parts_of(code))
    if code in GROUPS:
        return sum(residents(part, year) for part in GROUPS[code])
    if len(code) == 5 and code[:4] in REGIONS:
        return split_by_district(code[:4], residents(code[:4], year))[code]
    size = REGIONS[code].size if code in REGIONS else country_of(code).rest
    growth = (1.0 + 0.012 * (draw(code, "growth of residents") - 0.4)) ** (year - 2014)
    return round(
        10_000 * size * around(0.06, code, "residents") * growth * around(0.001, code, year, "residents")
    )


def split_by_district(region: str, total: int) -> dict[str, int]:
    """A region's total by its NUTS-3 units, which add up to it."""
    units = districts(region)
    return dict(zip(units, share_out(total, [around(0.7, unit) for unit in units]), strict=True))
