"""What people who know the Alpine regions expect of 2014, on Eurostat's regional business statistics.

The parse here is deliberately a second one, independent of the project's readers.
"""

from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
import pytest

from alp_pipeline.benchmark.ranks import rank_within
from alp_pipeline.benchmark.specialisation import specialisation
from alp_pipeline.benchmark.totals import reference_totals, region_totals

# fmt: off
EU28 = [
    "AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "EL", "ES", "FI", "FR", "HR", "HU", "IE", "IT", "LT",
    "LU", "LV", "MT", "NL", "PL", "PT", "RO", "SE", "SI", "SK", "UK",
]
EUSALP = [
    "AT11", "AT12", "AT13", "AT21", "AT22", "AT31", "AT32", "AT33", "AT34", "DE11", "DE12", "DE13", "DE14",
    "DE21", "DE22", "DE23", "DE24", "DE25", "DE26", "DE27", "FR26", "FR43", "FR71", "FR72", "FR82", "ITC1",
    "ITC2", "ITC3", "ITC4", "ITH1", "ITH2", "ITH3", "ITH4", "SI03", "SI04",
]
# fmt: on
SECTIONS = "BCDEFGHIJLMN"
# Auvergne is FR72 in the file of 2017 and FRK1 today.
STRENGTHS = {"AT33": "I55", "ITH1": "I55", "ITH4": "C31", "FR72": "C22", "AT34": "C13", "ITH3": "C15"}


class Business(NamedTuple):
    """Persons employed in local units, 2014: cells as read, the visible regions' table, the reference."""

    cells: pd.DataFrame
    regions: pd.DataFrame
    reference: pd.DataFrame


@pytest.fixture(scope="module")
def business(realdata: Path) -> Business:
    cells = _persons_employed(realdata / "eurostat/bulk2017/sbs_r_nuts06_r2.tsv.gz", year=2014)
    divisions = sorted(code for code in cells["activity_code"].unique() if len(code) == 3)
    parts = {section: [code for code in divisions if code[0] == section] for section in SECTIONS}
    reference = reference_totals(cells, members=EU28, parts=parts)
    geo = cells["region_code"]
    regions = cells[geo.str.fullmatch("[A-Z]{2}..") & ~geo.str.endswith("ZZ") & geo.str[:2].isin(EU28)]
    # Codes of another NUTS version stand in the file without a single value.
    alive = regions.loc[regions["cell_state"] != "not_available", "region_code"].unique()
    regions = regions[regions["region_code"].isin(alive)]
    is_division = regions["activity_code"].isin(divisions)
    table = specialisation(regions[is_division], region_totals(regions, parts=parts), reference)
    return Business(cells, table, reference)


def _persons_employed(path: Path, *, year: int) -> pd.DataFrame:
    raw = pd.read_csv(path, sep="\t", dtype=str)
    keys = raw.iloc[:, 0].str.split(",", expand=True)
    keys.columns = ["activity_code", "indicator", "region_code"]
    cell = raw[f"{year} "].str.strip().str.extract(r"^(?P<number>[0-9.]+|:) ?(?P<flags>[a-z]*)$")
    value = pd.to_numeric(cell["number"], errors="coerce")
    hidden = cell["flags"].str.contains("c")
    state = np.where(value.notna(), "reported", np.where(hidden, "confidential", "not_available"))
    table = keys.assign(
        year=year, value=value, cell_state=state, obs_status=cell["flags"].str.replace("c", "")
    )
    return table[table["indicator"] == "V16110"]


def test_the_file_holds_what_was_measured_in_it(business: Business):
    eusalp = business.regions[business.regions["region_code"].isin(EUSALP)]
    assert len(eusalp) == 35 * 68
    assert (eusalp["cell_state"] == "confidential").sum() == 231
    assert business.regions["region_code"].nunique() == 275


def test_the_visible_regions_are_no_substitute_for_the_countries(business: Business):
    visible = business.regions.groupby("activity_code")["value"].sum()
    published = business.reference.set_index("activity_code")["reference_activity_total"]
    share = (100 * visible / published).round(1)
    assert share[["C12", "C21"]].to_dict() == {"C12": 25.5, "C21": 86.5}
    # And where a country is hidden while its regions are not, they hold more than all countries.
    assert share["C17"] == 107.1


@pytest.mark.parametrize("minimum_size", [0, 500, 1000])
def test_each_region_leads_in_what_it_is_known_for(business: Business, minimum_size: int):
    ranks = rank_within(
        business.regions,
        list(STRENGTHS),
        "location_quotient",
        minimum_size,
        within=("region_code", "year"),
    )
    first = business.regions[(ranks["rank"] == 1).fillna(False)]
    assert dict(zip(first["region_code"], first["activity_code"], strict=True)) == STRENGTHS


def test_their_quotients_and_what_is_known_of_each(business: Business):
    table = business.regions.set_index(["region_code", "activity_code"]).loc[list(STRENGTHS.items())]
    assert table["value"].tolist() == [32_624, 22_383, 13_613, 26_145, 3_378, 27_016]
    assert table["location_quotient"].round(2).tolist() == [6.95, 7.27, 6.42, 9.53, 5.88, 5.67]
    assert table["star_specialisation"].tolist() == ["yes"] * 6
    # 73 of 274 regions hide leather: even Veneto cannot be certain of its place.
    assert table["star_size"].tolist() == ["yes", "yes", "yes", "yes", "no", "undetermined"]


def test_they_lead_the_eusalp_regions_too_with_tirol_second_to_south_tyrol(business: Business):
    ranks = rank_within(business.regions, EUSALP, "location_quotient", 1000)
    table = pd.concat([business.regions, ranks], axis=1).set_index(["region_code", "activity_code"])
    found = table.loc[list(STRENGTHS.items())]
    assert found["rank"].tolist() == [2, 1, 1, 1, 1, 1]
    # Leather is confidential in six German regions and one French: Veneto is first of nine published.
    assert found["confidential_cells"].tolist() == [0, 0, 0, 0, 0, 7]


def test_a_total_of_sections_alone_would_have_lost_a_quarter_of_koblenz_and_a_tenth_of_berlin(
    business: Business,
):
    cells = business.cells
    sections_only = region_totals(cells, parts={section: [] for section in SECTIONS})
    lost = sections_only.set_index("region_code")["region_total"]
    kept = business.regions.groupby("region_code")["region_total"].first()
    assert (lost / kept).loc[["DEB1", "DE30", "ITC4"]].round(2).tolist() == [0.73, 0.9, 1.0]
    # No region's published divisions exceed its total by more than rounding (S95 belongs to no section).
    inside = business.regions[business.regions["activity_code"] != "S95"]
    excess = inside.groupby("region_code")["value"].sum() - kept
    assert excess.max() <= 3


def test_no_confidential_cell_of_the_file_gives_a_number(business: Business):
    hidden = business.regions[business.regions["cell_state"] == "confidential"]
    assert len(hidden) == 2206
    numbers = ["value", "location_quotient", "size_share_pct", "focus_pct", "growth_pct"]
    assert hidden[numbers].isna().all(axis=None)
    assert (hidden["location_quotient_state"] == "confidential").all()
    assert set(hidden["star_size"]) == {"undetermined"}
