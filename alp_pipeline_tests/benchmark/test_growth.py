"""A growth rate is there only between two reported years of one series; otherwise the reason is."""

import math

import pandas as pd
import pytest

from alp_pipeline.benchmark.cells import ordered_cells
from alp_pipeline.benchmark.growth import annual_growth


def series(*years: tuple[int, float | None, str, str]) -> pd.DataFrame:
    table = pd.DataFrame(years, columns=["year", "value", "cell_state", "obs_status"])
    return table.assign(region_code="ITC4", activity_code="C28")


def last(table: pd.DataFrame) -> tuple[object, ...]:
    return tuple(annual_growth(ordered_cells(table)).iloc[-1])


def test_growth_is_the_change_in_per_cent_of_the_year_before():
    table = series((2013, 80, "reported", ""), (2014, 100, "reported", "p"))
    assert last(table) == (25.0, "reported", "")


@pytest.mark.parametrize(
    ("earlier", "later", "state", "note"),
    [
        ((80, "reported", ""), (100, "reported", "bp"), "not_applicable", "break_in_series"),
        ((80, "reported", "b"), (100, "reported", ""), "reported", ""),
        ((0, "reported", ""), (100, "reported", ""), "not_applicable", "earlier_year_zero"),
        ((None, "confidential", ""), (100, "reported", "b"), "confidential", "earlier_year_not_reported"),
        ((80, "reported", ""), (None, "confidential", "b"), "confidential", "later_year_not_reported"),
        (
            (None, "confidential", ""),
            (None, "not_yet_published", ""),
            "not_yet_published",
            "later_year_not_reported",
        ),
    ],
)
def test_where_there_is_no_growth_the_state_says_why(earlier, later, state, note):
    rate, *reason = last(series((2013, *earlier), (2014, *later)))
    assert reason == [state, note]
    assert math.isnan(rate) is (state != "reported")


def test_the_year_before_means_the_year_before_and_the_same_series():
    assert last(series((2012, 80, "reported", ""), (2014, 100, "reported", "")))[1:] == (
        "not_available",
        "no_earlier_year",
    )
    other = series((2013, 80, "reported", "")).assign(activity_code="C27")
    table = pd.concat([other, series((2014, 100, "reported", ""))])
    assert annual_growth(ordered_cells(table))["growth_note"].tolist() == ["no_earlier_year"] * 2


def test_a_first_year_that_is_confidential_says_confidential():
    assert last(series((2014, None, "confidential", "")))[1:] == ("confidential", "no_earlier_year")
