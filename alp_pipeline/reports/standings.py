"""Benchmark rows of a release as the report's standings: one region's, one activity's, and counts.

Belongs here: every query on `bench_specialisation`. Does not: which year or activity is shown (region).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from alp_pipeline.reports.model import (
    REPORTED,
    Activity,
    Cell,
    Comparison,
    ReleaseInconsistent,
    Scope,
    Standing,
    Stars,
)
from alp_pipeline.reports.release_file import ReleaseFile

LANGUAGE = "en"
LANGUAGE_LABEL = f"label_{LANGUAGE}"
"""The label column of the report's language; reports are in English for now."""

_BENCH = """FROM bench_specialisation AS b JOIN dim_activity AS a USING (activity_code)
            WHERE b.perimeter_id = ? AND b.reference_territory_id = ? AND b.variable = ?
              AND a.activity_level = 'division'"""


@dataclass(frozen=True)
class DivisionCounts:
    """Of one year: region → state → cells, and region → how many cells have a location quotient."""

    states: dict[str, dict[str, int]] = field(default_factory=dict)
    quotients: dict[str, int] = field(default_factory=dict)


def division_counts(release: ReleaseFile, perimeter_id: str, scope: Scope) -> dict[int, DivisionCounts]:
    """Cells by year, region and state. A cell's state is that of the variable, not of its quotient."""
    found: dict[int, DivisionCounts] = {}
    for row in release.rows(
        f"""SELECT year, region_code, cell_state, count(*) AS cells,
                   count(*) FILTER (location_quotient_state = '{REPORTED}') AS quotients
            {_BENCH} GROUP BY ALL ORDER BY year, region_code, cell_state""",
        _key(perimeter_id, scope),
    ):
        year = found.setdefault(row["year"], DivisionCounts())
        year.states.setdefault(row["region_code"], {})[row["cell_state"]] = row["cells"]
        year.quotients[row["region_code"]] = year.quotients.get(row["region_code"], 0) + row["quotients"]
    return found


def standings_of(
    release: ReleaseFile, perimeter_id: str, scope: Scope | None, region_code: str, year: int | None
) -> tuple[Standing, ...]:
    """A region's divisions in a year: ranked ones by location quotient, highest first, then the others."""
    if scope is None or year is None:
        return ()
    rows = release.rows(
        f"SELECT b.*, a.{LANGUAGE_LABEL} AS label {_BENCH} AND b.region_code = ? AND b.year = ? "
        "ORDER BY rank_location_quotient IS NULL, location_quotient DESC NULLS LAST, activity_code",
        [*_key(perimeter_id, scope), region_code, year],
    )
    return tuple(_standing(row) for row in rows)


def comparison_of(
    release: ReleaseFile, perimeter_id: str, scope: Scope | None, activity: Activity, year: int
) -> Comparison:
    """An activity in all units of the perimeter."""
    if scope is None:
        return Comparison(activity, year, {})
    rows = release.rows(
        f"SELECT b.*, a.{LANGUAGE_LABEL} AS label {_BENCH} AND b.activity_code = ? AND b.year = ? "
        "ORDER BY region_code",
        [*_key(perimeter_id, scope), activity.code, year],
    )
    return Comparison(activity, year, {row["region_code"]: _standing(row) for row in rows})


def _key(perimeter_id: str, scope: Scope) -> list[str]:
    return [perimeter_id, scope.reference_territory_id, scope.variable]


def _standing(row: Mapping[str, Any]) -> Standing:
    where = f"bench_specialisation/{row['region_code']}/{row['activity_code']}/{row['year']}"
    size = Cell(row["value"], row["cell_state"], row["obs_status"], f"{where}/value")
    documents = tuple(row["document_ids"].split())
    if size.is_reported and not documents:
        raise ReleaseInconsistent(
            "a reported figure names no document", where=where, todo="Rebuild the release."
        )
    quotient = Cell(
        row["location_quotient"], row["location_quotient_state"], "", f"{where}/location_quotient"
    )
    hidden = size.state == "confidential"
    stars = Stars(
        row["star_size"],
        row["star_specialisation"],
        row["star_focus"],
        row["stars_min"],
        row["stars_max"],
    )
    return Standing(
        region_code=row["region_code"],
        activity=Activity(row["activity_code"], row["label"] or row["activity_code"]),
        year=row["year"],
        size=size,
        location_quotient=quotient,
        size_share=Cell(row["size_share_pct"], row["size_share_state"], "", f"{where}/size_share_pct"),
        focus=Cell(row["focus_pct"], row["focus_state"], "", f"{where}/focus_pct"),
        growth=Cell(row["growth_pct"], row["growth_state"], row["obs_status"], f"{where}/growth_pct"),
        stars=None if row["stars_min"] is None or row["stars_max"] is None else stars,
        rank=None if hidden else row["rank_location_quotient"],
        ranked_count=row["ranked_count"] or 0,
        region_hidden_cells=row["region_hidden_cells"] or 0,
        reference_hidden_cells=row["reference_hidden_cells"] or 0,
        reference_missing_cells=row["reference_missing_cells"] or 0,
        document_ids=documents,
    )
