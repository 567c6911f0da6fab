import pytest

from alp_pipeline.observations.errors import DuplicatePeriod, UnknownPeriod
from alp_pipeline.observations.periods import normalised_headings, normalised_period


@pytest.mark.parametrize(
    ("text", "period"),
    [
        ("2014", "2014"),
        (" 2014 ", "2014"),
        ("2014-A1", "2014"),
        ("2014Q1", "2014-Q1"),
        ("2014-Q4", "2014-Q4"),
        ("2014M01", "2014-01"),
        ("2014-12", "2014-12"),
        ("2014-M12", "2014-12"),
        ("2024S2", "2024-S2"),
        ("2024-S1", "2024-S1"),
        ("2024H2", "2024-S2"),
        ("2024W05", "2024-W05"),
        ("2020-W53", "2020-W53"),
        ("2017M02D28", "2017-02-28"),
        ("2017-02-28", "2017-02-28"),
    ],
)
def test_a_period_has_one_spelling(text: str, period: str) -> None:
    assert normalised_period(text) == period
    assert normalised_period(period) == period


@pytest.mark.parametrize(
    "text",
    [
        *("", "14", "20145", "2014Q5", "2014Q0", "2014M00", "2014M13", "2014-S3", "2014W54", "2014-2-28"),
        *("2017-02-29", "Sep 1999", "2014/15", "２０１４", "CI_0004396", "2005 - 1", "AT"),
    ],
)
def test_what_is_no_period_is_not_guessed(text: str) -> None:
    assert normalised_period(text) is None


def test_an_unknown_heading_is_named() -> None:
    with pytest.raises(UnknownPeriod, match="d1: 'total' is not a time period"):
        normalised_headings(["2014 ", "total "], where="d1")


def test_two_spellings_of_one_period_are_one_too_many() -> None:
    with pytest.raises(DuplicatePeriod, match=r"2014-Q1 stands twice \(as '2014Q1' and '2014-Q1'\)"):
        normalised_headings(["2014Q1", "2014-Q1"], where="d1")
