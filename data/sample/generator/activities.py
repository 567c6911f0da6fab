"""Economic activities of the sample and which regions lean towards them.

Belongs here: NACE divisions with invented shares, wages, unit sizes, trends; leanings by profile; named
specialities. Does not: persons or cells (employment).

The leanings follow common sense (beds where mountains and coasts are, software where the large cities
are); the specialities of single regions are made up for the demonstration and say nothing of them.
"""

from dataclasses import dataclass
from functools import cache

SECTIONS = "BCDEFGHIJLMN"


@dataclass(frozen=True)
class Division:
    """A NACE Rev. 2 division. `share`: per mille of all persons employed; `wage`: thousand EUR a year."""

    code: str
    share: float
    wage: float
    unit_size: float  # persons per local unit
    absent: float  # chance that a region has none of it
    trend_pct: float  # a year
    leaning: str

    @property
    def section(self) -> str | None:
        return None if self.code == "S95" else self.code[0]


_DIVISIONS = """
B05 1.2 38 60 .75 -5.0 mining     B06 .4 55 25 .80 -2.0 mining      B07 .4 40 30 .80 -1.0 mining
B08 1.9 33 9 .05 -1.0 quarry      B09 .5 46 12 .60 .5 mining        C10 30 24 13 .00 .4 food
C11 3.6 34 15 .02 .2 drink        C12 .5 48 110 .82 -3.0 tobacco    C13 5 24 10 .04 -2.0 textile
C14 7 17 8 .04 -3.0 textile       C15 3.5 20 9 .12 -1.5 leather     C16 7.5 25 7 .00 -.6 wood
C17 5.2 36 34 .02 -.7 paper       C18 6 29 7 .00 -2.4 media         C19 1.2 61 70 .55 -1.0 chemical
C20 9.4 50 35 .02 .3 chemical     C21 4.6 57 90 .25 1.6 pharma      C22 13 32 25 .00 .9 plastics
C23 10.5 32 12 .00 -1.2 mineral   C24 8.2 42 55 .08 -.8 steel       C25 28 31 9 .00 .6 metal
C26 8.8 46 25 .01 -.4 electronics C27 11 41 32 .01 .1 electronics   C28 23 44 28 .00 1.1 machine
C29 18 45 95 .04 1.8 vehicle      C30 5.6 47 60 .10 1.0 transport   C31 8 24 7 .00 -1.3 furniture
C32 6.2 29 6 .00 .5 instruments   C33 9.5 37 6 .00 .9 machine       D35 9 52 24 .00 -.3 energy
E36 3.2 34 18 .01 .2 water        E37 1.4 33 9 .02 .5 water         E38 7.4 28 13 .00 1.3 water
E39 .3 32 8 .30 .4 water          F41 27 29 5 .00 -1.6 build        F42 12 34 17 .00 -1.3 build
F43 58 27 4 .00 -.2 build         G45 29 27 5 .00 .2 trade          G46 73 36 6 .00 .3 trade
G47 138 19 5 .00 .4 trade         H49 43 29 6 .00 .6 road           H50 1.8 43 12 .50 -.5 sea
H51 2.8 56 60 .35 .3 air          H52 21 38 20 .00 1.5 road         H53 14 25 16 .00 -1.0 road
I55 20 21 9 .00 1.1 hotel         I56 55 15 6 .00 1.6 gastro        J58 6.4 45 9 .01 -1.2 media
J59 2.7 38 5 .03 .4 media         J60 1.8 52 28 .20 -.8 media       J61 7.8 52 15 .02 -1.9 digital
J62 22 52 5 .00 4.2 digital       J63 3.6 38 6 .01 3.5 digital      L68 19 32 2.5 .00 1.0 property
M69 27 38 4 .00 1.6 advice        M70 17 54 5 .00 3.0 advice        M71 22 43 4 .00 1.5 research
M72 4.4 52 12 .03 1.7 research    M73 7.6 37 4 .00 1.0 media        M74 5 30 2.4 .00 2.0 media
M75 2 24 3 .00 1.9 care           N77 4.8 32 5 .00 .7 advice        N78 34 24 55 .00 2.5 advice
N79 4.2 28 6 .00 .3 travel        N80 9.2 22 28 .01 1.2 advice      N81 31 18 14 .00 1.7 care
N82 13 26 8 .00 2.0 advice        S95 3.1 23 3 .00 -1.0 care
"""

TRADE_GROUPS = {"G451": 0.48, "G452": 0.33, "G453": 0.13, "G454": 0.06}
"""Groups of division G45 with their shares in it: the table holds some groups, and only of trade."""

LEANINGS: dict[str, dict[str, float]] = {
    "mountain": {
        "hotel": 5.0, "gastro": 1.9, "travel": 3.2, "wood": 2.6, "furniture": 1.5, "quarry": 1.7,
        "energy": 1.6, "build": 1.3, "drink": 1.4, "vehicle": 0.3, "digital": 0.5, "steel": 0.6,
        "sea": 0.1, "air": 0.3, "pharma": 0.6,
    },
    "coast": {
        "hotel": 2.7, "gastro": 1.6, "travel": 2.0, "sea": 6.0, "food": 1.2, "machine": 0.5, "vehicle": 0.4,
        "transport": 1.6, "electronics": 0.6, "steel": 0.7, "textile": 0.7,
    },
    "metropolis": {
        "digital": 2.2, "media": 2.0, "advice": 1.7, "research": 1.5, "property": 1.4, "air": 2.5,
        "travel": 1.3, "hotel": 1.1, "wood": 0.3, "mineral": 0.4, "quarry": 0.2, "steel": 0.3, "metal": 0.4,
        "machine": 0.6, "furniture": 0.4, "textile": 0.4, "plastics": 0.5, "food": 0.7, "mining": 0.2,
    },
    "industrial": {
        "machine": 1.8, "metal": 1.7, "vehicle": 1.9, "plastics": 1.6, "electronics": 1.5, "steel": 1.7,
        "paper": 1.3, "textile": 1.3, "chemical": 1.2, "furniture": 1.4, "instruments": 1.2, "wood": 1.1,
        "digital": 0.7, "hotel": 0.6, "sea": 0.2, "media": 0.8, "advice": 0.85,
    },
    "rural": {
        "food": 1.9, "drink": 1.8, "wood": 2.0, "mineral": 1.6, "quarry": 1.7, "build": 1.2, "energy": 1.2,
        "digital": 0.4, "media": 0.6, "advice": 0.6, "sea": 0.2, "air": 0.2, "pharma": 0.7,
    },
    "mixed": {},
}  # fmt: skip
"""Profile of a region → leaning of a division → factor on its share."""

SPECIALITIES = {
    ("AT22", "C24"): 2.1, ("AT31", "C28"): 1.5, ("AT32", "J60"): 2.0, ("AT33", "C21"): 5.0,
    ("AT34", "C13"): 6.0, ("AT34", "C27"): 1.9, ("AT13", "N79"): 1.6, ("DE11", "C29"): 2.4,
    ("DE14", "C32"): 3.0, ("DE21", "C26"): 2.2, ("DE24", "C23"): 2.6, ("DE25", "C27"): 2.0,
    ("DE27", "C30"): 3.4, ("DE13", "C26"): 2.1, ("FRC1", "C11"): 3.2, ("FRC2", "C32"): 4.2,
    ("FRK1", "C22"): 4.0, ("FRK2", "C20"): 1.8, ("FRK2", "C13"): 2.0, ("FRL0", "M72"): 2.4,
    ("ITC1", "C11"): 2.2, ("ITC1", "C29"): 1.6, ("ITC3", "C30"): 2.6, ("ITC4", "C13"): 2.8,
    ("ITC4", "C20"): 2.9, ("ITC4", "C21"): 3.0, ("ITC4", "C25"): 2.3, ("ITC4", "C28"): 2.8,
    ("ITC4", "C31"): 2.6, ("ITC4", "J62"): 1.3, ("ITC4", "M73"): 1.5, ("ITH1", "D35"): 1.8,
    ("ITH2", "C17"): 2.6, ("ITH3", "C15"): 5.5, ("ITH3", "C31"): 2.3, ("ITH4", "C31"): 4.2,
    ("SI03", "C27"): 1.9, ("SI03", "C29"): 1.4, ("SI04", "C21"): 3.4, ("SI04", "C31"): 1.6,
    ("BE21", "C19"): 6.0, ("DK04", "C28"): 2.2, ("ES11", "C14"): 3.2, ("ES53", "I55"): 2.6,
    ("FI19", "C17"): 3.6, ("NL41", "C26"): 3.0, ("PL22", "B05"): 20.0, ("PT11", "C15"): 7.0,
    ("RO11", "C15"): 4.0, ("SE23", "C29"): 2.2, ("UKJ1", "J62"): 2.0, ("DE60", "H50"): 3.0,
}  # fmt: skip
"""(region, division) → further factor. Invented."""


def _division(code: str, *words: str) -> Division:
    share, wage, unit_size, absent, trend_pct = map(float, words[:5])
    return Division(code, share, wage, unit_size, absent, trend_pct, leaning=words[5])


def _divisions() -> dict[str, Division]:
    words = _DIVISIONS.split()
    return {code: _division(code, *words[at + 1 : at + 7]) for at, code in enumerate(words) if at % 7 == 0}


DIVISIONS = _divisions()


@cache
def divisions_of(section: str) -> tuple[str, ...]:
    return tuple(code for code, division in DIVISIONS.items() if division.section == section)


def inclination(part: str, profile: str, division: Division) -> float:
    """How much more of a division than elsewhere a region has, before chance."""
    return LEANINGS[profile].get(division.leaning, 1.0) * SPECIALITIES.get((part, division.code), 1.0)
