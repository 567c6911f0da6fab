"""Reads what a region report says from an open release into the plain model.

Belongs here: which rows and which year a report shows, and the queries. Does not: benchmark rows one by
one (standings), indicators (readings), sources (sources), wording or layout (page), opening the file
(release_file).

Rules kept here: a rank is the release's own or is counted on unrounded values of one period; a unit of
the perimeter without rows is listed, never dropped; nothing is derived from what is hidden.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from alp_pipeline.catalog.models import RecipeEntry
from alp_pipeline.errors import AlpError
from alp_pipeline.reports.benchmarks.model import IndexStanding, Relatedness
from alp_pipeline.reports.benchmarks.read import read_benchmarks, read_indices, read_relatedness
from alp_pipeline.reports.model import (
    REPORTED,
    Cell,
    Comparison,
    Development,
    Perimeter,
    Reading,
    Region,
    RegionReport,
    Scope,
    Standing,
    comparison_period,
)
from alp_pipeline.reports.perimeter import is_synthetic, read_perimeter
from alp_pipeline.reports.readings import IndicatorTable, read_indicators, readings_of
from alp_pipeline.reports.release_file import ReleaseFile
from alp_pipeline.reports.sources import read_sources
from alp_pipeline.reports.standings import (
    LANGUAGE_LABEL,
    DivisionCounts,
    comparison_of,
    division_counts,
    standings_of,
)

MAPPED_ACTIVITIES = 4
NO_RECIPES: Mapping[str, RecipeEntry] = MappingProxyType({})
DRAWN_ACTIVITIES = 6
# Ranks and shares of employment are what the scheme judges; another variable is taken only in its absence.
PREFERRED_VARIABLE = "persons_employed"


class UnknownRegion(AlpError):
    """The code is no unit of the perimeter."""


@dataclass(frozen=True)
class Common:
    """What the reports of all regions of a perimeter share, read once."""

    perimeter: Perimeter
    scope: Scope | None
    counts: Mapping[int, DivisionCounts]
    indicators: IndicatorTable
    indices: tuple[IndexStanding, ...]
    relatedness: Relatedness | None
    is_synthetic: bool


def read_common(
    release: ReleaseFile,
    perimeter_id: str | None = None,
    recipes: Mapping[str, RecipeEntry] = NO_RECIPES,
) -> Common:
    """The shared part of a perimeter's reports; the release's default perimeter when None.

    Args:
        recipes: the catalogue's, for the names of indices and pillars.

    Raises:
        UnknownPerimeter: naming those there are.
        ReleaseInconsistent: a reported indicator without a value or without a document.
    """
    perimeter = read_perimeter(release, perimeter_id)
    scope = _scope(release, perimeter.perimeter_id)
    return Common(
        perimeter,
        scope,
        division_counts(release, perimeter.perimeter_id, scope) if scope else {},
        read_indicators(release, perimeter),
        read_indices(release, perimeter, recipes),
        read_relatedness(release),
        is_synthetic(release),
    )


def read_region_report(release: ReleaseFile, common: Common, region_code: str) -> RegionReport:
    """The content of one region's report.

    Args:
        release: the open release that `common` was read from.
        region_code: a unit of the perimeter, with or without data.

    Raises:
        UnknownRegion: naming the units there are.
        ReleaseInconsistent: a reported cell without a value or without a document.
    """
    perimeter, scope, counts = common.perimeter, common.scope, common.counts
    if region_code not in {member.code for member in perimeter.members}:
        raise UnknownRegion(
            f"{region_code} is no unit of the perimeter {perimeter.perimeter_id}",
            where=release.release_id,
            todo=f"Use one of {', '.join(member.code for member in perimeter.members)}.",
        )
    quotients = _quotients_by_year(counts)
    own_years = {year for year, regions in quotients.items() if region_code in regions}
    chosen = comparison_period(
        {str(y): len(found) for y, found in quotients.items()}, set(map(str, own_years))
    )
    year = int(chosen) if chosen else None
    published = {
        each: {code for code, states in found.states.items() if states.get(REPORTED)}
        for each, found in counts.items()
    }
    newest = max((each for each, regions in published.items() if region_code in regions), default=None)
    standings = standings_of(release, perimeter.perimeter_id, scope, region_code, year)
    ranked = [standing for standing in standings if standing.rank is not None]
    years = tuple(sorted(counts))
    developments = tuple(
        _development(release, region_code, standing, years) for standing in ranked[:DRAWN_ACTIVITIES]
    )
    comparisons = tuple(
        comparison_of(release, perimeter.perimeter_id, scope, standing.activity, standing.year)
        for standing in ranked[:MAPPED_ACTIVITIES]
    )
    readings = readings_of(common.indicators, region_code)
    benchmarks = read_benchmarks(
        release,
        perimeter,
        common.indices,
        common.relatedness,
        region_code,
        scope.reference_territory_id if scope else None,
    )
    activity, framework = _documents(developments, comparisons, readings, standings)
    others = tuple(sorted({*framework, *benchmarks.document_ids}))
    sources = read_sources(release, (activity, others), scope)
    region = perimeter.region(region_code)
    return RegionReport(
        release_id=release.release_id,
        is_synthetic=common.is_synthetic,
        region=region,
        country_label=_country(release, region),
        perimeter=perimeter,
        scope=scope,
        year=year,
        newest_own_year=newest,
        newest_covered_regions=len(published[newest]) if newest else 0,
        years=years,
        standings=standings,
        developments=developments,
        comparisons=comparisons,
        readings=readings,
        state_counts={each: counts[each].states.get(region_code, {}) for each in years},
        coverage=counts[year].states if year else {},
        benchmarks=benchmarks,
        sources=sources.all,
        benchmark_datasets=sources.benchmark,
    )


def _scope(release: ReleaseFile, perimeter_id: str) -> Scope | None:
    """The benchmark shown: the preferred variable, then the reference with most quotients, then by name."""
    found = release.rows(
        f"""SELECT b.reference_territory_id, min({LANGUAGE_LABEL}) AS reference_label, b.variable,
                   min(statistical_unit) AS statistical_unit, min(activity_scope) AS activity_scope,
                   min(classification_version) AS classification_version, min(scheme_id) AS scheme_id
            FROM bench_specialisation AS b
            LEFT JOIN dim_perimeter AS p ON p.perimeter_id = b.reference_territory_id
            WHERE b.perimeter_id = ? GROUP BY b.reference_territory_id, b.variable
            ORDER BY b.variable <> ?, count(*) FILTER (location_quotient_state = '{REPORTED}') DESC,
                     b.reference_territory_id, b.variable LIMIT 1""",
        [perimeter_id, PREFERRED_VARIABLE],
    )
    if not found:
        return None
    row = found[0]
    return Scope(**row | {"reference_label": row["reference_label"] or row["reference_territory_id"]})


def _quotients_by_year(counts: Mapping[int, DivisionCounts]) -> dict[int, set[str]]:
    return {year: {code for code, n in found.quotients.items() if n} for year, found in counts.items()}


def _development(
    release: ReleaseFile, region_code: str, standing: Standing, years: Iterable[int]
) -> Development:
    code = standing.activity.code
    found = {
        row["year"]: row
        for row in release.rows(
            "SELECT year, employment_persons, employment_state, employment_status, geo_method, "
            "source_region_code, document_id FROM fct_regional_activity "
            "WHERE region_code = ? AND activity_code = ? ORDER BY year",
            [region_code, code],
        )
    }
    cells = {}
    for year in years:
        address = f"fct_regional_activity/{region_code}/{code}/{year}/employment_persons"
        row = found.get(year)
        cells[year] = (
            Cell(row["employment_persons"], row["employment_state"], row["employment_status"], address)
            if row
            # No row: the source says nothing about the cell, and neither does the report.
            else Cell(None, "not_available", "", address)
        )
    shown = [found[year] for year in years if year in found]
    return Development(
        standing.activity,
        cells,
        {row["year"]: row["source_region_code"] for row in shown if row["geo_method"] == "recoded"},
        tuple(sorted({document for row in shown for document in row["document_id"].split()})),
    )


def _documents(
    developments: Iterable[Development],
    comparisons: Iterable[Comparison],
    readings: Iterable[Reading],
    standings: Iterable[Standing],
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Documents behind the regional activities, and behind the indicators."""
    activity = {document for standing in standings for document in standing.document_ids}
    activity |= {document for each in developments for document in each.document_ids}
    activity |= {
        document
        for comparison in comparisons
        for standing in comparison.standings.values()
        for document in standing.document_ids
    }
    framework = {document for reading in readings for document in reading.document_ids}
    return tuple(sorted(activity)), tuple(sorted(framework))


def _country(release: ReleaseFile, region: Region) -> str:
    found = release.rows("SELECT label FROM dim_region WHERE region_code = ?", [region.country_code])
    return str(found[0]["label"]) if found else region.country_code or ""
