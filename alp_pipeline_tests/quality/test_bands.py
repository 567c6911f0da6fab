"""A document much smaller or larger than the one before is suspect."""

import pytest

from alp_pipeline.quality.bands import bytes_band, size_band

SAY = {"scope": "test.sbs", "subject": "d2"}


@pytest.mark.parametrize(
    ("before", "now", "verdict"),
    [
        (1_000, 750, "passed"),
        (1_000, 749, "failed"),
        (1_000, 2_000, "passed"),
        (1_000, 2_001, "failed"),
        (8, 0, "failed"),
        (None, 0, "passed"),
        (0, 0, "passed"),
        (0, 500, "passed"),
    ],
)
def test_three_quarters_to_twice_the_size_is_no_suspect(before: int | None, now: int, verdict: str) -> None:
    for band, rule_id in ((size_band, "size_band"), (bytes_band, "bytes_band")):
        outcome = band(before, now, **SAY)
        assert (outcome.rule_id, outcome.outcome, outcome.severity) == (rule_id, verdict, "critical")


def test_the_detail_tells_both_sizes_and_the_band() -> None:
    assert (
        bytes_band(2_000, 500, **SAY).detail == "500 bytes, 25.0 % of the 2,000 before; 75 to 200 % expected"
    )
    assert bytes_band(None, 500, **SAY).detail == "500 bytes, none before to compare with"
