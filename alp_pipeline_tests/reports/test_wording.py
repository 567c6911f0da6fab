"""Words and numbers come from one place."""

import re
from pathlib import Path

import pytest

import alp_pipeline.reports
from alp_pipeline.catalog.vocabulary import UsageWarning
from alp_pipeline.observations.schema import CELL_STATES
from alp_pipeline.reports.framework import warning_text
from alp_pipeline.reports.layout import css_string
from alp_pipeline.reports.wording import WordingMissing, wording

PACKAGE = Path(alp_pipeline.reports.__file__).parent


@pytest.mark.parametrize(
    ("value", "written"),
    [(0.0, "0"), (1234.0, "1\u202f234"), (999.6, "1\u202f000"), (-1234567.0, "\u22121\u202f234\u202f567")],
)
def test_digits_are_grouped_by_thin_spaces(value: float, written: str) -> None:
    assert wording().number(value) == written


def test_what_rounds_to_zero_has_no_sign() -> None:
    assert wording().number(-0.001, 2, signed=True) == "0.00"
    assert wording().number(0.001, 2, signed=True) == "0.00"


@pytest.mark.parametrize(
    ("value", "written"),
    [(12.345, "12.3\u202f%"), (0.0, "0.0\u202f%"), (0.04, "0.04\u202f%"), (-3.2, "\u22123.2\u202f%")],
)
def test_per_cents_keep_a_digit_that_says_something(value: float, written: str) -> None:
    assert wording().percent(value) == written


def test_every_state_and_warning_has_words() -> None:
    for state in CELL_STATES:
        assert wording().state(state)
    for warning in UsageWarning:
        assert "_" not in warning_text(warning.value)


def test_every_text_that_the_code_asks_for_exists() -> None:
    asked = set()
    for file in [*PACKAGE.rglob("*.py"), *PACKAGE.glob("templates/*.j2")]:
        asked |= set(
            re.findall(r"""(?:words|\bt|entry|counted)\(\s*["']([a-z_.]+)["']""", file.read_text("utf-8"))
        )
    assert len(asked) > 100
    for key in asked - {"language"}:
        assert wording().entry(key) is not None, key


def test_a_missing_text_or_name_is_an_error_that_says_so() -> None:
    with pytest.raises(WordingMissing, match=r"text/en.yaml: there is no text summary.joke"):
        wording()("summary.joke")
    with pytest.raises(WordingMissing, match="asks for 'rank'"):
        wording()("strongest.rank_value", count=3)
    with pytest.raises(WordingMissing, match="no text in this language"):
        wording("tlh")


def test_a_css_string_cannot_be_left() -> None:
    assert css_string('a";}</style>') == '"a\\22 \\3b \\7d \\3c \\2f style\\3e "'
