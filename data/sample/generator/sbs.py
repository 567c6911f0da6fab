"""`sbs_r_nuts06_r2`: structural business statistics, two vintages of one table.

Belongs here: which cells the table holds, their flags, how the vintages differ, the faulty cells. Does
not: the counts (employment), secrecy's rules (secrecy).

The first vintage ends with 2014, which is provisional. The second adds 2015, makes 2014 final, revises the
Dutch year 2013 and hides one more cell, which had been open by mistake. France and Italy are a year late
in both.
"""

from functools import cache

from generator.activities import divisions_of
from generator.employment import (
    ACTIVITIES,
    AUSTRIAN_GROUPS,
    YEARS,
    Cell,
    Count,
    Edition,
    code_in,
    counts,
    secret,
    sums,
)
from generator.tables import MISSING, Table, cell, tenths
from generator.territory import EU28, EUSALP_EU, NOT_EU, REGIONS, SLOVENIA_BEFORE_2013

CODE = "sbs_r_nuts06_r2"
PERSONS, UNITS, WAGES, GROWTH, SHARE = "V16110", "V11210", "V13320", "V91290", "V94310"
INDICATORS = (UNITS, WAGES, PERSONS, GROWTH, SHARE)
LAST_YEAR: dict[Edition, int] = {"first": 2014, "final": 2015}
LATE = ("FR", "IT")
"""Countries that deliver a year after the others."""

FAULTS = {
    ("C17", PERSONS, "DE27", "2012"): ("12x", "cell_understood", "a letter got into the number"),
    ("F42", PERSONS, "ES51", "2013"): ("28470 q", "cell_understood", "no list of flags holds the letter q"),
    ("G46", UNITS, "AT22", "2014"): ("-35", "counts_non_negative", "a negative count"),
    ("C25", GROWTH, "ITC1", "2013"): (
        "-140.0",
        "growth_rate_above_minus_hundred",
        "shrinks by more than all",
    ),
}
"""Cell of the second vintage → what stands there, the rule it breaks, why."""


@cache
def opened_by_mistake() -> tuple[Cell, int]:
    """The cell that the first vintage shows and the second hides, and its year.

    It lies where its section has at least two other hidden divisions, so that nothing else must be hidden.
    """
    year, hidden = 2013, secret(2013)
    for region in ("ITC3", "ITH4", "ITH1", "ITH2", "ITC2", "FR43"):
        divisions = [code for code in divisions_of("C") if (region, code) in hidden]
        if len(divisions) >= 3:
            return (region, divisions[-1]), year
    raise AssertionError("no section with three hidden divisions")


@cache
def hidden_cells(edition: Edition, year: int) -> frozenset[Cell]:
    """The cells without published persons and wages."""
    opened, opened_year = opened_by_mistake()
    return secret(year) - {opened} if (edition, year) == ("first", opened_year) else secret(year)


def broken_sums(edition: Edition, year: int) -> list[Cell]:
    """Parents of sums with exactly one hidden member: none, or the sample would give a secret away."""
    hidden = hidden_cells(edition, year)
    return [
        parent
        for parent, children in sums(year)
        if sum(member in hidden for member in (parent, *children)) == 1
    ]


def table(edition: Edition) -> Table:
    """The whole table of one vintage; the second one with the faults."""
    years = [year for year in YEARS if year <= LAST_YEAR[edition]]
    found = Table(CODE, ("nace_r2", "indic_sb", "geo"), tuple(map(str, years)))
    manufacturing = {"C", *divisions_of("C")}
    wide, deep = _territories()
    for code in sorted({*wide, *deep}):
        for activity in ACTIVITIES:
            cells = [_Cell(edition, code, activity, year) for year in years]
            for indicator in INDICATORS if code in deep else (PERSONS,):
                if indicator not in (GROWTH, SHARE) or (activity in manufacturing and code not in EU28):
                    found.add((activity, indicator, code), [one.text(indicator) for one in cells])
    if edition == "final":
        for (activity, indicator, code, period), (text, _, _) in FAULTS.items():
            found.replace((activity, indicator, code), period, text)
    return found


def _territories() -> tuple[set[str], set[str]]:
    """All codes in the table, those of earlier years included, and those with more than persons employed."""
    regions = [code for code in REGIONS if code[:2] not in NOT_EU]
    wide = {code_in(region, year) for region in regions for year in YEARS}
    alpine = {code_in(region, year) for region in EUSALP_EU for year in YEARS}
    deep = {*EU28, *AUSTRIAN_GROUPS, *alpine, *SLOVENIA_BEFORE_2013}
    return wide, deep


class _Cell:
    """One territory, activity and year as the table shows it."""

    def __init__(self, edition: Edition, code: str, activity: str, year: int) -> None:
        self.edition, self.code, self.activity, self.year = edition, code, activity, year
        self.country = code[:2]

    def text(self, indicator: str) -> str:
        absent = self._absent(indicator)
        if absent is not None:
            return absent
        if self._is_hidden(indicator):
            return self._written_hidden()
        now = counts(self.edition, self.year)[self.code, self.activity]
        number = self._number(indicator, now)
        if number is None:
            return MISSING
        text = cell(number, self._flags())
        return f"{text:>8}" if self.country == "LU" else text  # Luxembourg pads its numbers to one width

    def _absent(self, indicator: str) -> str | None:
        """Why there is nothing at all: another code held that year, not delivered, not collected."""
        if (self.code, self.activity) not in counts(self.edition, self.year):
            return MISSING
        if self.country in LATE and self.year == LAST_YEAR[self.edition]:
            return MISSING
        if self.country == "MT" and self.year == 2010:
            return cell(None, "u")
        if indicator == WAGES and self.country == "EL" and self.year == 2010:
            return MISSING
        if indicator == WAGES and self.country == "CY" and self.year <= 2011:
            return ""
        return None

    def _is_hidden(self, indicator: str) -> bool:
        if indicator == UNITS:
            return False
        hidden = hidden_cells(self.edition, self.year)
        if indicator == GROWTH and self.year > YEARS[0]:
            before = hidden_cells(self.edition, self.year - 1)
            return any((self.code, self.activity) in cells for cells in (hidden, before))
        if indicator == SHARE and (self.code, "C") in hidden:
            return True
        return (self.code, self.activity) in hidden

    def _written_hidden(self) -> str:
        flags = self._flags().replace("p", "")
        if self.country == "FR":
            return f":{'b' if 'b' in flags else ''}c"  # some files leave the blank out
        return cell(None, flags.replace("r", "") + "c")

    def _number(self, indicator: str, now: Count) -> str | None:
        if indicator == PERSONS:
            return str(now.persons)
        if indicator == UNITS:
            return str(now.units)
        if indicator == WAGES:
            return tenths(now.wages)
        if indicator == SHARE:
            return f"{100 * now.persons / counts(self.edition, self.year)[self.code, 'C'].persons:.1f}"
        if self.year == YEARS[0]:
            return None
        before = counts(self.edition, self.year - 1).get((self.code, self.activity))
        if before is None or not before.persons:
            return None
        return f"{100 * (now.persons - before.persons) / before.persons:.1f}"

    def _flags(self) -> str:
        flags = ""
        if self.country == "FR" and self.year == 2014:
            flags += "b"
        if self.country == "DK":
            flags += "d"
        if self.country == "IE" and self.year == 2012:
            flags += "i"
        if self.year == LAST_YEAR[self.edition]:
            flags += "p"
        if self.country == "NL" and self.year == 2013 and self.edition == "final":
            flags += "r"
        if self.country == "RO" and self.year == 2010:
            flags += "u"
        return flags
