"""The invented SBS table keeps the rules that real ones keep: sums, secrecy, vintages, codes of the time."""

from collections import defaultdict
from collections.abc import Iterator

import pytest

from alp_pipeline_tests.sample.published import cells, is_hidden, number, series

FIRST = "sbs_r_nuts06_r2.2016-10-14.tsv.gz"
FINAL = "sbs_r_nuts06_r2.2017-07-20.tsv.gz"
PERSONS, UNITS, WAGES, GROWTH, SHARE = "V16110", "V11210", "V13320", "V91290", "V94310"
FAULTS = {
    (("C17", PERSONS, "DE27"), 2012): "12x",
    (("F42", PERSONS, "ES51"), 2013): "28470 q",
    (("G46", UNITS, "AT22"), 2014): "-35",
    (("C25", GROWTH, "ITC1"), 2013): "-140.0",
}
SECTIONS = "BCDEFGHIJLMN"
GROUPS = ("G451", "G452", "G453", "G454")
AUSTRIA = {
    "AT": ("AT1", "AT2", "AT3"),
    "AT1": ("AT11", "AT12", "AT13"),
    "AT2": ("AT21", "AT22"),
    "AT3": ("AT31", "AT32", "AT33", "AT34"),
}
OLD_CODES = ("ITD1", "ITD2", "ITD3", "ITD4", "ITD5", "ITE1", "ITE4")

both_vintages = pytest.mark.parametrize("name", [FIRST, FINAL])


def activities(name: str) -> list[str]:
    return sorted({key[0] for key in series(name)})


def inside_activities(name: str) -> dict[str, list[str]]:
    """Section → its divisions, and G45 → its groups."""
    divisions = [code for code in activities(name) if len(code) == 3 and code != "S95"]
    found = {section: [code for code in divisions if code[0] == section] for section in SECTIONS}
    return {**found, "G45": list(GROUPS)}


def sums(name: str, indicator: str) -> Iterator[tuple[tuple[str, str], list[str], int]]:
    """(parent's activity and territory), texts of parent and children, year: of every published sum."""
    table = series(name)
    years = list(next(iter(table.values())))
    for geo in sorted({key[2] for key in table if key[1] == indicator}):
        for parent, children in inside_activities(name).items():
            keys = [(activity, indicator, geo) for activity in (parent, *children)]
            for year in years:
                yield (parent, geo), [table[key][year] for key in keys], year
    for activity in activities(name):
        for country, regions in (*AUSTRIA.items(), ("SI", ("SI01", "SI02")), ("SI", ("SI03", "SI04"))):
            for year in years:
                if country != "SI" or (year < 2013) == (regions[0] == "SI01"):
                    keys = [(activity, indicator, geo) for geo in (country, *regions)]
                    yield (activity, country), [table[key][year] for key in keys], year


@both_vintages
@pytest.mark.parametrize("indicator", [PERSONS, UNITS, WAGES])
def test_sections_groups_and_whole_countries_are_exact_sums(name: str, indicator: str) -> None:
    checked = 0
    for parent, texts, year in sums(name, indicator):
        numbers = [number(text) for text in texts]
        if None not in numbers and not set(texts) & {"-35", "28470 q"}:
            first, *children = [number for number in numbers if number is not None]
            assert first == pytest.approx(sum(children), abs=1e-6), (parent, year)
            checked += 1
    assert checked > 2_000


@both_vintages
def test_a_country_has_at_least_what_its_regions_show(name: str) -> None:
    table = series(name)
    shown: dict[tuple[str, str, int], float] = defaultdict(float)
    for (activity, indicator, geo), year, text in cells(name):
        if indicator == PERSONS and len(geo) == 4:
            shown[activity, geo[:2], year] += number(text) or 0.0
    for (activity, country, year), total in shown.items():
        published = number(table[activity, PERSONS, country][year])
        assert published is None or published >= total, (activity, country, year)


@both_vintages
@pytest.mark.parametrize("indicator", [PERSONS, WAGES])
def test_no_published_sum_has_exactly_one_hidden_member(name: str, indicator: str) -> None:
    hidden = [(parent, year, sum(map(is_hidden, texts))) for parent, texts, year in sums(name, indicator)]
    assert [(parent, year) for parent, year, members in hidden if members == 1] == []
    assert {members for _, _, members in hidden} >= {0, 2, 3, 4}


@both_vintages
def test_what_is_derived_from_a_hidden_cell_is_hidden_too(name: str) -> None:
    table = series(name)
    for (activity, indicator, geo), year, text in cells(name):
        persons = table[activity, PERSONS, geo]
        hidden = is_hidden(persons[year])
        if indicator in (WAGES, SHARE):
            assert is_hidden(text) == hidden or number(text) is None, (activity, indicator, geo, year)
        if indicator == GROWTH:
            hidden = hidden or is_hidden(persons.get(year - 1, ""))
            assert not hidden or number(text) is None, (activity, geo, year)


def test_a_region_hides_about_as_many_divisions_as_real_ones_do() -> None:
    divisions = [(key, year, text) for key, year, text in cells(FINAL) if len(key[0]) == 3 and year == 2014]
    alpine = [
        (geo, is_hidden(text))
        for (_, indicator, geo), _, text in divisions
        if indicator == PERSONS and len(geo) == 4 and geo[:3] in ("AT1", "AT2", "AT3", "DE1", "DE2", "ITC")
    ]
    share = sum(hidden for _, hidden in alpine) / len(alpine)
    assert 0.05 < share < 0.12
    assert {geo for geo, hidden in alpine if not hidden} >= {"ITC4", "AT33", "DE21"}


def test_the_faulty_cells_are_those_of_the_readme_and_no_others() -> None:
    known = {*"bcdefimnprsuz "}
    found = {
        (key, year): text
        for name in (FIRST, FINAL)
        for key, year, text in cells(name)
        if (set(text.lstrip("-0123456789.:")) - known)
        or (number(text) or 0) < (-100 if key[1] == GROWTH else 0)
    }
    assert found == FAULTS


def test_the_second_vintage_adds_a_year_and_one_suppression_and_ends_the_provisional_year() -> None:
    before, after = series(FIRST), series(FINAL)
    assert set(before) == set(after)
    assert {year for by_year in after.values() for year in by_year} == set(range(2010, 2016))
    newly_hidden = [
        (key, year) for key, year, text in cells(FIRST) if is_hidden(after[key][year]) and not is_hidden(text)
    ]
    late = [(key, year) for key, year in newly_hidden if before[key][year] == ":"]
    assert {(key[2][:2], year) for key, year in late} == {("FR", 2014), ("IT", 2014)}
    assert sorted(set(newly_hidden) - set(late)) == [
        (("C30", WAGES, "ITH1"), 2013),
        (("C30", PERSONS, "ITH1"), 2013),
        (("C30", SHARE, "ITH1"), 2013),
    ]
    assert number(before["C30", PERSONS, "ITH1"][2013]) is not None
    changed = {
        (key[2][:2], year)
        for key, year, text in cells(FIRST)
        if (key, year) not in FAULTS
        and None not in (number(text), number(after[key][year]))
        and number(text) != number(after[key][year])
    }
    assert {year for country, year in changed if country != "NL"} == {2014}
    assert ("NL", 2013) in changed
    assert before["C28", PERSONS, "AT31"][2014].endswith(" p")
    assert after["C28", PERSONS, "AT31"][2014].isdigit()
    assert after["C28", PERSONS, "AT31"][2015].endswith(" p")
    assert after["C28", PERSONS, "NL41"][2013].endswith(" r")


@pytest.mark.parametrize(("name", "last"), [(FIRST, 2014), (FINAL, 2015)])
def test_france_and_italy_are_a_year_late(name: str, last: int) -> None:
    delivered: dict[str, set[int]] = defaultdict(set)
    for (_, _, geo), year, text in cells(name):
        if text not in (":", ""):
            delivered[geo[:2]].add(year)
    late = {country for country, years in delivered.items() if max(years) < last}
    assert late == {"FR", "IT"}
    assert min(max(years) for years in delivered.values()) == last - 1


@both_vintages
def test_a_territory_stands_under_the_code_of_the_year(name: str) -> None:
    answered: dict[str, set[int]] = defaultdict(set)
    for (_, _, geo), year, text in cells(name):
        if text not in (":", ""):
            answered[geo].add(year)
    last = max(answered["AT"])
    assert {code: answered[code] for code in OLD_CODES} == {code: {2010} for code in OLD_CODES}
    assert answered["ITH1"] == set(range(2011, last))
    assert answered["SI01"] == answered["SI02"] == {2010, 2011, 2012}
    assert answered["SI03"] == answered["SI04"] == set(range(2013, last + 1))
    assert answered["FR43"] == set(range(2010, last))
    assert not {geo for geo in answered if geo.startswith(("FRC", "FRK", "FRL", "CH", "LI"))}


def test_every_french_cell_of_2014_carries_a_break() -> None:
    french = [text for (_, _, geo), year, text in cells(FINAL) if geo.startswith("FR") and year == 2014]
    shown = [text for text in french if text != ":"]
    assert [text for text in shown if "b" not in text] == []
    assert ":bc" in shown


def test_beds_are_where_the_mountains_are() -> None:
    table = series(FINAL)

    def share(activity: str, geo: str) -> float:
        everything = sum(number(table[section, PERSONS, geo][2014]) or 0.0 for section in SECTIONS)
        return (number(table[activity, PERSONS, geo][2014]) or 0.0) / everything

    def specialisation(activity: str, geo: str) -> float:
        return share(activity, geo) / share(activity, "DE")

    assert specialisation("I55", "AT33") > 2
    assert specialisation("I55", "ITH1") > 2
    assert specialisation("I55", "DE11") < 1
    assert specialisation("C13", "ITC4") > 2
