"""Hidden cells of Eurostat's regional business statistics, 2014: what was measured of them, found again.

The parse here is deliberately a second one, independent of the project's readers.
"""

from collections import Counter
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
import pytest

from alp_pipeline.benchmark.activity_table import ActivityTable
from alp_pipeline.benchmark.disclosure import PublishedTotals, Remainders, hidden_remainders
from alp_pipeline.benchmark.quotient_interval import quotient_intervals
from alp_pipeline.benchmark.structure import structure
from alp_pipeline_tests.parity.test_known_strengths import EU28, EUSALP, SECTIONS


class Business(NamedTuple):
    """Persons employed by division in the 35 regions, the sections' published totals, the countries' sums."""

    table: ActivityTable
    published: PublishedTotals
    found: Remainders
    reference: pd.DataFrame


@pytest.fixture(scope="module")
def business(realdata: Path) -> Business:
    raw = pd.read_csv(realdata / "eurostat/bulk2017/sbs_r_nuts06_r2.tsv.gz", sep="\t", dtype=str)
    keys = raw.iloc[:, 0].str.split(",", expand=True)
    chosen = (keys[1] == "V16110") & keys[2].isin([*EUSALP, *EU28])
    cell = raw.loc[chosen, "2014 "].str.strip()
    value = pd.to_numeric(cell.str.extract(r"^([0-9.]+)")[0])
    hidden = cell.str.fullmatch(r":.*c.*")
    cells = pd.DataFrame(
        {
            "region_code": keys.loc[chosen, 2],
            "activity_code": keys.loc[chosen, 0],
            "year": 2014,
            "value": value,
            "cell_state": np.where(
                value.notna(), "reported", np.where(hidden, "confidential", "not_available")
            ),
        }
    )
    divisions = cells["activity_code"].str.fullmatch("[A-Z][0-9]{2}")
    regions = cells["region_code"].isin(EUSALP)
    table = ActivityTable.from_cells(cells[regions & divisions])
    sections = ActivityTable.from_cells(cells[regions & cells["activity_code"].isin(list(SECTIONS))])
    groups = {code: code[0] for code in table.values.columns if code[0] in SECTIONS}
    published = PublishedTotals(groups, sections.values)
    countries = cells[~regions & divisions].groupby("activity_code")["value"].sum()
    reference = pd.DataFrame([countries], index=[2014])
    return Business(table, published, hidden_remainders(table, published), reference)


def test_the_published_facts_of_suppression_are_found_again(business):
    found, states = business.found, business.table.states
    assert states.shape == (35, 68)
    assert (states == "confidential").sum().sum() == 231
    has_total = ~np.isnan(found.total)
    hidden = found.hidden
    assert Counter(hidden[(hidden > 0) & has_total].tolist()) == {2: 46, 3: 10, 4: 5, 5: 2, 6: 1}
    whole = (hidden > 0) & ~has_total
    assert (int(whole.sum()), int(hidden[whole].sum())) == (32, 73)


def test_secondary_suppression_leaves_the_guard_nothing_to_refuse(business):
    assert not business.found.computable.any()
    assert not business.found.contradicted.any()


def test_half_a_per_cent_of_employment_is_hidden_where_sections_are_published(business):
    found = business.found
    parts = np.stack(
        [np.nansum(business.table.x[:, found.member == g], axis=1) for g in range(len(found.groups))], axis=1
    )
    remainder = np.where(found.hidden > 0, found.total - parts, 0.0)
    assert 100 * np.nansum(remainder) / np.nansum(found.total) == pytest.approx(0.50, abs=0.005)


def test_uncovering_one_of_two_hidden_divisions_makes_the_other_computable(business):
    twos = np.argwhere((business.found.hidden == 2) & ~np.isnan(business.found.total))
    row, group = twos[0]
    hidden = (business.table.states == "confidential").to_numpy()[row] & (business.found.member == group)
    first, second = np.flatnonzero(hidden)
    known = business.table.states == "nothing"
    known.iat[row, first] = True
    published = PublishedTotals(business.published.groups, business.published.totals, known=known)
    computable = hidden_remainders(business.table, published).computable
    assert np.argwhere(computable).tolist() == [[row, first], [row, second]]


def test_bounds_are_tight_and_no_region_with_hidden_cells_has_a_figure(business):
    groups = {code: code[0] for code in business.table.values.columns}
    found = structure(business.table, groups, reference=business.reference, published=business.published)
    assert found.loc[found["measure"] != "unrelated_variety", "value"].isna().all()
    assert (found.loc[found["measure"] == "krugman", "state"] == "undetermined").all()
    wide = found.set_index(["region_code", "measure"])
    # Whole sections are hidden in 18 regions; the other 17 have narrow bounds, and exact unrelated variety.
    krugman = found[found["measure"] == "krugman"].dropna(subset="lower")
    assert len(krugman) == 17
    assert (krugman["upper"] - krugman["lower"]).max() < 0.03
    between = found[(found["measure"] == "unrelated_variety") & (found["state"] == "reported")]
    assert between["region_code"].tolist() == krugman["region_code"].tolist()
    # Lombardy is the most diversified of them, Tyrol lives on fewer things and differs more from Europe.
    assert wide.loc[("ITC4", "entropy"), "lower"] > wide.loc[("AT33", "entropy"), "upper"]
    assert wide.loc[("ITC4", "krugman"), "upper"] < wide.loc[("AT33", "krugman"), "lower"]


def test_every_quotient_has_an_interval_or_a_reason_and_hidden_ones_no_point(business):
    found = quotient_intervals(business.table, published=business.published, reference=business.reference)
    hidden = found["state"] == "confidential"
    assert found.loc[hidden, "location_quotient"].isna().all()
    bounded = hidden & found["upper"].notna()
    assert (int(hidden.sum()), int(bounded.sum())) == (231, 158)
    assert set(found.loc[hidden & ~bounded, "note"]) == {"no_published_total"}
    assert (found.loc[bounded, "upper"] > found.loc[bounded, "lower"]).all()
    hotels = found[(found["region_code"] == "AT33") & (found["activity"] == "I55")]
    assert hotels["location_quotient"].item() == pytest.approx(6.9, abs=0.2)
