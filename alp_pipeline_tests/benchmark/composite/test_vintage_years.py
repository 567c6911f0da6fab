"""An index speaks of one year, and reads each indicator in one year for every unit."""

import pandas as pd
import pytest

from alp_pipeline.benchmark.cells import BenchmarkInputError
from alp_pipeline.benchmark.composite.vintage_years import chosen_years


def counts(**years: dict[int, int]) -> pd.DataFrame:
    rows = [(name, year, units) for name, found in years.items() for year, units in found.items()]
    return pd.DataFrame(rows, columns=["indicator", "year", "units"])


def test_the_newest_of_the_years_with_the_most_indicators_is_the_reference_year() -> None:
    known = counts(a={2012: 10, 2013: 10, 2014: 10}, b={2012: 10, 2013: 10}, c={2019: 10})
    chosen = chosen_years(known, ["a", "b", "c"], 10, coverage_min=0.66, oldest=1)
    assert chosen.year == 2014
    assert chosen.used == ["a", "b"]
    assert chosen.indicators["source_year"].tolist()[:2] == [2014, 2013]


def test_a_year_in_which_too_few_units_have_a_number_is_not_read_though_it_is_newer() -> None:
    known = counts(a={2013: 9, 2014: 5}, b={2014: 10})
    chosen = chosen_years(known, ["a", "b"], 10, coverage_min=0.66, oldest=2)
    assert chosen.indicators.loc["a"].tolist() == [2013, 0.9]


def test_an_indicator_older_than_allowed_is_not_used_and_its_coverage_is_that_of_the_window() -> None:
    known = counts(a={2010: 10, 2014: 3}, b={2014: 10}, c={2014: 10})
    chosen = chosen_years(known, ["a", "b", "c"], 10, coverage_min=0.66, oldest=2)
    assert chosen.used == ["b", "c"]
    assert pd.isna(chosen.indicators.loc["a", "source_year"])
    assert chosen.indicators.loc["a", "coverage"] == 0.3


def test_without_any_indicator_there_is_no_year() -> None:
    chosen = chosen_years(counts(a={2014: 2}), ["a", "z"], 10, coverage_min=0.66, oldest=2)
    assert chosen.year is None
    assert chosen.used == []
    assert chosen_years(counts(), ["a"], 10, coverage_min=0.66, oldest=2).indicators["coverage"].tolist() == [
        0
    ]


def test_the_order_of_the_counts_does_not_matter() -> None:
    known = counts(a={2012: 10, 2013: 7}, b={2012: 8, 2014: 9})
    chosen = chosen_years(known, ["b", "a"], 10, coverage_min=0.66, oldest=2)
    shuffled = chosen_years(known[::-1], ["b", "a"], 10, coverage_min=0.66, oldest=2)
    assert chosen.year == shuffled.year == 2014
    pd.testing.assert_frame_equal(chosen.indicators, shuffled.indicators)


def test_more_numbers_than_units_are_refused() -> None:
    with pytest.raises(BenchmarkInputError, match="11 units have a number among 10"):
        chosen_years(counts(a={2014: 11}), ["a"], 10, coverage_min=0.5, oldest=0)
