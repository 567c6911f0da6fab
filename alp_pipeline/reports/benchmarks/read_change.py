"""Reads how a region's employment changed, and how it stands up to downturns, from an open release.

Belongs here: the queries on `bench_shift_share` and `bench_resilience`. Does not: wording, layout (change).
Bounds that hidden cells leave open are internal and are not read; a censored number of years is none of them.
"""

from collections.abc import Mapping
from typing import Any

from alp_pipeline.reports.benchmarks.model import Measure, Resilience, Shift, ShiftShare
from alp_pipeline.reports.index.model import with_state
from alp_pipeline.reports.model import REPORTED, Activity, Cell, Perimeter
from alp_pipeline.reports.release_file import ReleaseFile
from alp_pipeline.reports.standings import LANGUAGE_LABEL

SHIFT_TABLE = "bench_shift_share"
RESILIENCE_TABLE = "bench_resilience"
TERMS = ("national_share", "industry_mix", "regional_shift")


def read_shift_share(
    release: ReleaseFile, perimeter: Perimeter, region_code: str, reference_territory_id: str | None
) -> ShiftShare | None:
    """The newest, then longest window: the total by sections, and each section.

    Args:
        reference_territory_id: whose growth is compared with; the first by name where the release has none
            of it.
    """
    if not release.holds(SHIFT_TABLE):
        return None
    rows = release.rows(
        f"""SELECT s.*, a.{LANGUAGE_LABEL} AS label, p.{LANGUAGE_LABEL} AS reference_label
           FROM {SHIFT_TABLE} AS s LEFT JOIN dim_activity AS a USING (activity_code)
           LEFT JOIN dim_perimeter AS p ON p.perimeter_id = s.reference_territory_id
           WHERE s.perimeter_id = ? AND s.region_code = ? AND s.variant = 'classic'
             AND (s.row_kind = 'sum_of_sections' OR (s.row_kind = 'activity' AND length(s.activity_code) = 1))
           ORDER BY s.reference_territory_id <> ?, s.reference_territory_id, s.last_year DESC, s.first_year,
                    s.row_kind = 'activity', s.activity_code""",
        [perimeter.perimeter_id, region_code, reference_territory_id or ""],
    )
    if not rows:
        return None
    window = ("reference_territory_id", "first_year", "last_year")
    chosen = [row for row in rows if all(row[name] == rows[0][name] for name in window)]
    first = chosen[0]
    return ShiftShare(
        first["reference_label"] or first["reference_territory_id"],
        first["first_year"],
        first["last_year"],
        first["reference_covered_pct"],
        tuple(_shift(row) for row in chosen),
        tuple(sorted({document for row in chosen for document in row["document_ids"].split()})),
    )


def _shift(row: Mapping[str, Any]) -> Shift:
    base = f"{SHIFT_TABLE}/{row['reference_territory_id']}/{row['region_code']}/{row['activity_code']}"
    base = f"{base}/{row['row_kind']}/{row['first_year']}/{row['last_year']}/{row['variant']}"
    code, is_total = row["activity_code"], row["row_kind"] != "activity"
    national, mix, shift = (with_state(row[name], row["change_state"], f"{base}/{name}") for name in TERMS)
    return Shift(
        None if is_total else Activity(code, row["label"] or code),
        with_state(row["change"], row["change_state"], f"{base}/change"),
        national,
        mix,
        shift,
        row["note"],
    )


def read_resilience(release: ReleaseFile, perimeter: Perimeter, region_code: str) -> Resilience | None:
    """Every measure of a region; None where the release has none."""
    if not release.holds(RESILIENCE_TABLE):
        return None
    rows = release.rows(
        f"""SELECT * FROM {RESILIENCE_TABLE} WHERE perimeter_id = ? AND region_code = ?
           ORDER BY measure_id, basis_id, event_id""",
        [perimeter.perimeter_id, region_code],
    )
    if not rows:
        return None
    return Resilience(
        tuple(_measure(row) for row in rows),
        tuple(sorted({document for row in rows for document in row["document_ids"].split()})),
    )


def _measure(row: Mapping[str, Any]) -> Measure:
    keys = (row["region_code"], row["measure_id"], row["basis_id"], row["event_id"] or "-")
    base = "/".join((RESILIENCE_TABLE, *keys))
    state = row["measure_state"]
    # A level that was not back by the last year: the years so far are known, and hide nothing.
    is_censored = state == "censored" and row["value_low"] is not None
    return Measure(
        row["measure_id"],
        row["basis_id"],
        row["event_id"],
        with_state(row["value"], state, f"{base}/value"),
        with_state(row["value_low"], REPORTED, f"{base}/value_low")
        if is_censored
        else Cell(None, "not_applicable", "", f"{base}/value_low"),
        row["unit"],
        row["note"],
        row["first_year"],
        row["last_year"],
        row["reference_area"],
    )
