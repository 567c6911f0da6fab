"""Chains of codes: pure ones pass, redrawn territory is refused, and going back undoes going forth."""

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from alp_pipeline.geography.codes import VERSIONS, load_regions
from alp_pipeline.geography.recoding import (
    UnknownRegion,
    UnknownVersion,
    current_code,
    recode,
    recoding_table,
    redrawn_steps,
    region_sources,
)

REGIONS = load_regions()
versions = st.sampled_from(VERSIONS)
units = sorted(code for code, region in REGIONS.items() if region.kind in ("nuts", "statistical_region"))


@given(versions, versions, st.sampled_from(units))
def test_recoding_there_and_back_is_the_identity(start, end, code):
    if REGIONS[code].is_in(start):
        there = recode([code], from_version=start, to_version=end)[code].code
        if there is not None:
            assert recode([there], from_version=end, to_version=start)[there].code == code


@pytest.mark.parametrize("version", VERSIONS)
def test_two_codes_of_one_version_never_become_the_same(version):
    codes = [code for code in units if REGIONS[code].is_in(version)]
    found = [item.code for item in recode(codes, from_version=version, to_version=2024).values() if item.code]
    assert len(found) == len(set(found))


def test_si01_to_si03_is_never_a_recode_although_all_its_people_go_there():
    assert [step.share_pop_pct for step in redrawn_steps("SI01")] == [100]
    assert recode(["SI01"], from_version=2010, to_version=2013)["SI01"].code is None
    assert recode(["SI03"], from_version=2024, to_version=2006)["SI03"].code is None
    assert [(s.code, s.passes) for s in region_sources(["SI03"])["SI03"] if s.code == "SI01"] == [
        ("SI01", False)
    ]
    assert current_code("SI01") is None


def test_the_codes_of_the_projects_years_lead_to_todays():
    old = ["FR43", "FR71", "FR82", "ITH3", "AT31", "CH02", "FR91", "EL11"]
    found = {code: current_code(code) for code in old}
    assert found == {
        "FR43": "FRC2",
        "FR71": "FRK2",
        "FR82": "FRL0",
        "ITH3": "ITH3",
        "AT31": "AT31",
        "CH02": "CH02",
        "FR91": "FRY1",
        "EL11": "EL51",
    }


def test_a_chain_passes_through_several_recodes():
    sources = {source.code: source for source in region_sources(["FRY1"])["FRY1"]}
    assert list(sources) == ["FRY1", "FRA1", "FR91"]
    assert all(source.passes for source in sources.values())
    assert (sources["FR91"].from_version, sources["FR91"].to_version) == (2006, 2010)


def test_a_unit_that_gave_away_land_under_its_own_code_goes_on():
    # Sappada went from ITH3 to ITH4 in 2016, 0.03 % of Veneto; both codes stayed.
    sources = region_sources(["ITH3", "ITH4"])
    assert [source.code for source in sources["ITH4"]] == ["ITH4", "ITD4"]
    assert recode(["ITH3"], from_version=2010, to_version=2024)["ITH3"].relation == "identical"
    assert redrawn_steps("ITH3") == ()


def test_splits_and_merges_are_refused():
    assert recode(["FR8"], from_version=2013, to_version=2016)["FR8"].code is None
    assert recode(["DE41"], from_version=2006, to_version=2010)["DE41"].relation == "merge"
    assert recode(["DE40"], from_version=2010, to_version=2006)["DE40"].code is None
    assert recode(["ITC45"], from_version=2006, to_version=2024)["ITC45"].relation == "split"


def test_a_unit_without_a_known_flow_is_discontinued_or_new():
    assert recode(["UKC1"], from_version=2021, to_version=2024)["UKC1"].relation == "discontinued"
    assert recode(["FRA5"], from_version=2013, to_version=2010)["FRA5"].relation == "new"


def test_what_nobody_knows_is_refused_by_name():
    with pytest.raises(UnknownRegion, match="'XX11' is not a code of NUTS 2016"):
        recode(["XX11"], from_version=2016, to_version=2021)
    with pytest.raises(UnknownRegion, match="'FRC2' is not a code of NUTS 2013"):
        recode(["FRC2"], from_version=2013, to_version=2016)
    with pytest.raises(UnknownVersion, match="2015: is no NUTS version"):
        recode(["FRC2"], from_version=2015, to_version=2016)
    with pytest.raises(UnknownRegion):
        region_sources(["XX11"])


def test_the_table_places_each_code_once_by_right_and_elsewhere_only_as_redrawn():
    with duckdb.connect() as connection:
        connection.register("recoding", recoding_table())
        rightful = connection.execute(
            "SELECT source_code, count(*) FROM recoding WHERE relation <> 'boundary_shift' GROUP BY ALL"
        ).fetchall()
        assert {count for _, count in rightful} == {1}
        kinds = connection.execute("SELECT DISTINCT relation, kind FROM recoding ORDER BY ALL").fetchall()
        assert kinds == [
            ("boundary_shift", "boundary_shift"),
            ("boundary_shift", "merge"),
            ("boundary_shift", "split"),
            ("identical", "identical"),
            ("recoded", "recoded"),
        ]
        lost = connection.execute(
            "SELECT source_code FROM recoding WHERE target_code = 'SI04' AND relation = 'boundary_shift'"
        ).fetchall()
        assert lost == [("SI02",)]


def test_a_code_of_today_is_not_in_the_table():
    sources = set(recoding_table().column("source_code").to_pylist())
    assert not sources & {code for code, region in REGIONS.items() if region.last_version == 2024}
    assert {"ITD1", "FR43", "SI01", "FR8"} <= sources


def test_the_table_agrees_with_the_sources_of_each_target():
    rows = recoding_table().to_pylist()
    for target in ("ITH1", "FRC2", "SI03", "FRY1", "NL36", "DE40"):
        listed = {
            (row["source_code"], row["relation"] == "recoded") for row in rows if row["target_code"] == target
        }
        assert listed == {(source.code, source.passes) for source in region_sources([target])[target][1:]}
