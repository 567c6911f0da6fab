"""What weighs too much and is missing withholds a total; what is hidden, small or never there does not."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from alp_pipeline.benchmark.missing_weight import withheld
from alp_pipeline.benchmark.totals import reference_totals, region_totals

PARTS = {"F": [], "G": []}
NUMBERS = {"DE": {"F": 60.0, "G": 200.0}, "IT": {"F": 40.0, "G": 100.0}, "MT": {"F": 1.0, "G": 2.0}}


def territory(**gaps: str) -> pd.DataFrame:
    """Three countries in 2010 and 2011; the named cells of 2010 (`IT_F`) have another state."""
    rows = [
        (country, activity, year, *((value, "reported") if year == 2011 or state is None else (None, state)))
        for country, numbers in NUMBERS.items()
        for activity, value in numbers.items()
        for state in [gaps.get(f"{country}_{activity}")]
        for year in (2010, 2011)
    ]
    return pd.DataFrame(rows, columns=["region_code", "activity_code", "year", "value", "cell_state"])


def of_2010(cells: pd.DataFrame, most: float = 5.0) -> pd.DataFrame:
    found = withheld(reference_totals(cells, members=list(NUMBERS), parts=PARTS), most_missing_pct=most)
    return found[found["year"] == 2010].set_index("activity_code")


def test_a_country_missing_in_one_activity_withholds_that_activity_and_not_the_others() -> None:
    found = of_2010(territory(IT_F="not_available"), most=12)
    assert found.loc["F", "reference_missing_pct"] == pytest.approx(100 * 40 / 101)
    assert np.isnan(found.loc["F", "reference_activity_total"])
    assert found.loc["F", "reference_state"] == "not_available"
    assert (found.loc["G", "reference_activity_total"], found.loc["G", "reference_state"]) == (
        302,
        "reported",
    )
    assert found["reference_total_missing_pct"].tolist() == [pytest.approx(100 * 40 / 403)] * 2
    assert (found["reference_total"] == 363).all()


def test_the_total_is_withheld_where_its_parts_lack_too_much() -> None:
    found = of_2010(territory(IT_F="not_available"))
    assert found["reference_total"].isna().all()
    assert set(found["reference_total_state"]) == {"not_available"}
    assert found.loc["G", "reference_activity_total"] == 302


def test_a_row_that_is_not_there_is_missing_as_one_that_says_so() -> None:
    cells = territory(IT_F="not_available")
    pd.testing.assert_frame_equal(of_2010(cells[cells["cell_state"] == "reported"]), of_2010(cells))


def test_hidden_cells_small_countries_and_what_cannot_exist_withhold_nothing() -> None:
    found = of_2010(territory(IT_F="confidential", MT_F="not_available", MT_G="not_applicable"))
    assert found["reference_state"].tolist() == ["reported"] * 2
    assert found.loc["F", "reference_missing_pct"] == pytest.approx(100 / 101)
    assert found.loc["G", "reference_missing_pct"] == 0


def test_the_reason_is_that_of_the_heaviest() -> None:
    found = of_2010(territory(DE_F="not_yet_published", IT_F="not_available", MT_F="not_available"))
    assert found.loc["F", "reference_state"] == "not_yet_published"


def test_a_member_that_never_publishes_an_activity_weighs_as_its_others_say() -> None:
    """IT has 100 in G; the others have 61 of F beside 202 of G, so 61/263 of their whole."""
    cells = territory()
    never = (cells["region_code"] == "IT") & (cells["activity_code"] == "F")
    found = of_2010(cells.assign(cell_state=cells["cell_state"].mask(never, "not_available")))
    supposed = 100 * 61 / 263
    assert found.loc["F", "reference_missing_pct"] == pytest.approx(100 * supposed / (61 + supposed))


def test_a_member_without_any_number_weighs_nothing() -> None:
    found = reference_totals(territory(), members=[*NUMBERS, "IE"], parts=PARTS)
    assert (found["reference_missing_pct"] == 0).all()
    assert (found["reference_missing_cells"] == 1).all()


def test_a_region_whose_section_is_missing_has_no_total() -> None:
    found = withheld(region_totals(territory(IT_F="not_available"), parts=PARTS), most_missing_pct=5)
    row = found.set_index(["region_code", "year"]).loc[("IT", 2010)]
    assert row["region_missing_pct"] == pytest.approx(100 * 40 / 140)
    assert (np.isnan(row["region_total"]), row["region_total_state"]) == (True, "not_available")
    assert found["region_total"].notna().sum() == 5


@given(st.permutations(range(12)), st.sampled_from([1.0, 0.001, 1e6]))
def test_neither_the_order_of_rows_nor_the_unit_shows(order, unit) -> None:
    cells = territory(IT_F="not_available", DE_G="confidential", MT_G="not_yet_published")
    other = cells.iloc[order].assign(value=cells["value"] * unit)
    known = reference_totals(cells, members=list(NUMBERS), parts=PARTS)
    found = reference_totals(other, members=list(NUMBERS), parts=PARTS)
    columns = ["reference_missing_pct", "reference_total_missing_pct"]
    np.testing.assert_allclose(found[columns], known[columns], rtol=1e-12)
    assert found["reference_missing_state"].tolist() == known["reference_missing_state"].tolist()
