"""Whether a valid document is suspiciously smaller or larger than the accepted one before it.

Belongs here: the bands, in cells and in bytes. Does not: which document is compared with which, what becomes
of a suspect (plan.admission).

Cells tell a table that lost regions or years; bytes tell one that kept its frame and lost its content.
catalyst-cooperative's archiver draws the line at 25 % either way for a file. Tables grow for good reasons (a
young one by half with each new year, any by a new NUTS version), so only shrinking is held to that line, and
growth to twice the size: another table behind the same address, or two of them in one.
"""

from alp_pipeline.build.outcome import RuleOutcome, Verdict

SMALLEST_SHARE = 0.75
LARGEST_SHARE = 2.0


def size_band(before: int | None, now: int, *, scope: str, subject: str) -> RuleOutcome:
    """Cells of a document against those of the accepted one before it of the same extent.

    Args:
        before: cells of that one; None when there is none.

    >>> size_band(1_000, 749, scope="eurostat.x", subject="ab12").detail
    '749 cells, 74.9 % of the 1,000 before; 75 to 200 % expected'
    """
    return _band("size_band", "cells", before, now, scope, subject)


def bytes_band(before: int | None, now: int, *, scope: str, subject: str) -> RuleOutcome:
    """The same in bytes as received; both packed alike, in the same family of formats."""
    return _band("bytes_band", "bytes", before, now, scope, subject)


def _band(rule_id: str, unit: str, before: int | None, now: int, scope: str, subject: str) -> RuleOutcome:
    detail, fits = f"{now:,} {unit}, none before to compare with", True
    if before:
        fits = SMALLEST_SHARE * before <= now <= LARGEST_SHARE * before
        share = f"{100 * now / before:.1f} % of the {before:,} before"
        expected = f"{100 * SMALLEST_SHARE:g} to {100 * LARGEST_SHARE:g} % expected"
        detail = f"{now:,} {unit}, {share}; {expected}"
    verdict: Verdict = "passed" if fits else "failed"
    return RuleOutcome(rule_id, scope, subject, "critical", verdict, 1, int(not fits), detail)
