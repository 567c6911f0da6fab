"""What a region does not show goes into one block: it closes exactly, and gives no hidden cell away."""

import math
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alp_pipeline.benchmark.activity_table import ActivityTable
from alp_pipeline.benchmark.cells import BenchmarkInputError
from alp_pipeline.benchmark.disclosure import PublishedTotals
from alp_pipeline.benchmark.not_shown import shift_share_not_shown
from alp_pipeline.benchmark.shift_share import VARIANTS, shift_share, sum_by_region

NAMES = ("C10", "C11", "C28", "C29", "I55", "I56")
GROUPS = {name: name[0] for name in NAMES}
YEARS = (2012, 2013, 2014)
TRUTH = {2012: (40, 20, 60, 80, 30, 10), 2013: (44, 18, 66, 85, 30, 12), 2014: (50, 25, 60, 95, 33, 9)}
REFERENCE = pd.DataFrame(
    {
        2012: (400, 300, 500, 900, 200, 100),
        2013: (410, 290, 520, 930, 210, 110),
        2014: (420, 330, 510, 990, 205, 90),
    }
).T.set_axis(list(NAMES), axis=1)
WINDOW = {"first_year": 2012, "last_year": 2014}


def rows(region: str = "AT33") -> pd.MultiIndex:
    return pd.MultiIndex.from_product([[region], YEARS], names=["region", "year"])


def known(hidden: dict[int, tuple[str, ...]], word: str = "confidential", flags=None) -> ActivityTable:
    values = pd.DataFrame(TRUTH, index=list(NAMES), dtype=float).T.set_axis(rows())
    states = values.map(lambda _: "reported")
    for year, names in hidden.items():
        states.loc[("AT33", year), list(names)] = word
    return ActivityTable.of(values, states=states, flags=flags)


def sections(rounded: float = 0.0) -> PublishedTotals:
    totals = pd.DataFrame(
        [[sum(TRUTH[year][:4]) - rounded, sum(TRUTH[year][4:])] for year in YEARS], rows(), ["C", "I"]
    )
    return PublishedTotals(GROUPS, totals, rounding=1.0 if rounded else 0.0)


def blocks(table: ActivityTable, **other) -> pd.DataFrame:
    return shift_share_not_shown(table, sections(), reference=REFERENCE, **WINDOW, **other)


def test_a_block_is_the_union_of_what_either_year_hides_and_its_figures_are_the_totals_rest() -> None:
    [row] = blocks(known({2012: ("C10", "C11"), 2014: ("C10", "C28")})).to_dict("records")
    assert (row["region"], row["activity"], row["activities"]) == ("AT33", "C", 3)
    assert (row["first_value"], row["last_value"], row["change"]) == (120, 135, 15)
    before, after = (sum(REFERENCE.loc[year, ["C10", "C11", "C28"]]) for year in (2012, 2014))
    growth = Fraction(int(REFERENCE.loc[2014].sum()), int(REFERENCE.loc[2012].sum())) - 1
    own = Fraction(int(after), int(before)) - 1
    assert row["national_share"] == pytest.approx(float(120 * growth), rel=1e-12)
    assert row["industry_mix"] == pytest.approx(float(120 * (own - growth)), rel=1e-12)
    assert row["regional_shift"] == pytest.approx(float(15 - 120 * own), rel=1e-12)


def test_only_a_dynamic_variant_looks_at_the_years_between() -> None:
    table = known({2012: ("C10", "C11"), 2013: ("C28", "C29"), 2014: ("C10", "C11")})
    assert blocks(table)["activities"].tolist() == [2]
    assert blocks(table, variant="dynamic")["activities"].tolist() == [4]


@pytest.mark.parametrize("variant", VARIANTS)
def test_shown_activities_and_blocks_add_up_to_the_total_exactly(variant) -> None:
    table = known({2012: ("C10", "C11"), 2013: ("C10", "C28"), 2014: ("C10", "C11")})
    totals = sections().totals.sum(axis=1)
    how = {"reference": REFERENCE, "region_totals": totals, "variant": variant, **WINDOW}
    shown = shift_share(table, **how)
    together = pd.concat(
        [shown[shown["note"] != "year_not_reported"], shift_share_not_shown(table, sections(), **how)]
    )
    [row] = sum_by_region(together).to_dict("records")
    assert (row["state"], row["first_value"], row["last_value"]) == ("reported", 240, 272)
    terms = [
        row[name]
        for name in ("national_share", "industry_mix", "regional_shift", "competitive_effect", "entry")
        if name in row
    ] + ([row["allocation_effect"]] if "allocation_effect" in row else [])
    assert math.fsum(terms) == row["change"] == 32


@settings(max_examples=60)
@given(
    hidden=st.dictionaries(
        st.sampled_from(YEARS), st.sets(st.sampled_from(NAMES), max_size=6).map(tuple), max_size=3
    ),
    variant=st.sampled_from(VARIANTS),
)
def test_no_block_with_a_year_of_one_hidden_cell_has_a_figure(hidden, variant) -> None:
    looked_at = YEARS if variant.startswith("dynamic") else (2012, 2014)
    found = blocks(known(hidden), variant=variant).set_index("activity")
    for group in ("C", "I"):
        counts = [sum(name[0] == group for name in hidden.get(year, ())) for year in looked_at]
        assert (group in found.index) == any(counts)
        if 1 in counts:
            row = found.loc[group]
            assert (row["state"], row["note"]) == ("undetermined", "computable_cell")
            assert row[["first_value", "last_value", "change"]].isna().all()
        elif any(counts):
            assert found.loc[group, "state"] == "reported"


def test_a_countrys_total_may_give_a_block_away() -> None:
    table = known({2012: ("C10", "C11"), 2014: ("C10", "C11")})
    country = pd.DataFrame(TRUTH, index=list(NAMES), dtype=float).T.set_axis(
        pd.MultiIndex.from_product([["AT"], YEARS])
    )
    plain = sections()
    open_to_all = PublishedTotals(
        GROUPS, plain.totals, rounding=0.0, countries={"AT33": "AT"}, country_totals=country
    )
    [row] = shift_share_not_shown(table, open_to_all, reference=REFERENCE, **WINDOW).to_dict("records")
    assert (row["state"], row["note"]) == ("undetermined", "computable_cell")


def test_a_missing_cell_alone_is_no_block_of_its_own() -> None:
    [row] = blocks(known({2012: ("C10",)}, "not_available")).to_dict("records")
    assert (row["state"], row["note"], row["activities"]) == ("not_available", "computable_cell", 1)
    [row] = blocks(known({2012: ("C10", "C11")}, "not_available")).to_dict("records")
    assert (row["state"], row["first_value"]) == ("reported", 60)


def test_without_the_groups_total_a_block_has_no_terms() -> None:
    totals = sections().totals
    totals.loc[("AT33", 2014), "C"] = np.nan
    found = shift_share_not_shown(
        known({2012: ("C10", "C11")}), PublishedTotals(GROUPS, totals), reference=REFERENCE, **WINDOW
    )
    assert found[["state", "note"]].values.tolist() == [["undetermined", "region_total_not_known"]]


def test_a_reference_that_does_not_know_a_member_leaves_no_terms() -> None:
    unknown = REFERENCE.astype(float)
    unknown.loc[2014, "C11"] = np.nan
    totals = REFERENCE.sum(axis=1)
    found = shift_share_not_shown(
        known({2012: ("C10", "C11")}), sections(), reference=unknown, reference_totals=totals, **WINDOW
    )
    assert found[["state", "note"]].values.tolist() == [["not_available", "reference_not_known"]]


def test_a_members_break_breaks_the_block() -> None:
    flags = known({}).flags.copy()
    flags.loc[("AT33", 2013), "C11"] = "b"
    [row] = blocks(known({2012: ("C10", "C11")}, flags=flags)).to_dict("records")
    assert (row["state"], row["note"]) == ("not_applicable", "break_in_series")


def test_rounded_totals_below_their_parts_leave_a_block_of_zero_not_less() -> None:
    values = known({2012: ("C10", "C11"), 2014: ("C10", "C11")})
    totals = sections().totals.copy()
    totals.loc[("AT33", 2012), "C"] = 60 + 80 - 1
    found = shift_share_not_shown(
        values, PublishedTotals(GROUPS, totals, rounding=1.0), reference=REFERENCE, **WINDOW
    )
    assert found[["first_value", "entry"]].values.tolist() == [[0.0, 75.0]]


def test_without_a_hidden_cell_there_is_no_block_and_other_regions_are_left_out() -> None:
    assert blocks(known({})).empty
    assert blocks(known({2012: ("C10", "C11")}), regions=pd.Index(["ITH1"])).empty


def test_the_order_of_activities_and_years_changes_nothing() -> None:
    table = known({2012: ("C10", "C11"), 2014: ("C10", "C28")})
    turned = ActivityTable(*(frame.iloc[::-1, ::-1] for frame in (table.values, table.states, table.flags)))
    pd.testing.assert_frame_equal(blocks(turned), blocks(table))


def test_an_unknown_year_is_refused() -> None:
    with pytest.raises(BenchmarkInputError, match="2020"):
        shift_share_not_shown(known({}), sections(), reference=REFERENCE, first_year=2012, last_year=2020)
