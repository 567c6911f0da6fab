"""Reads a region's benchmarks from an open release.

Belongs here: the queries on indices and opportunities, as one region sees them. Does not: those on reference
regions (read_peers), shift-share and resilience (read_change), wording, layout (section). A table that the
release does not have is a part without content.
"""

from collections.abc import Mapping
from typing import Any

from alp_pipeline.catalog.models import RecipeEntry
from alp_pipeline.reports.benchmarks.model import (
    Benchmarks,
    IndexStanding,
    NetworkNode,
    Opportunities,
    Opportunity,
    Relatedness,
)
from alp_pipeline.reports.benchmarks.read_change import read_resilience, read_shift_share
from alp_pipeline.reports.benchmarks.read_peers import read_peer_groups
from alp_pipeline.reports.benchmarks.traits import read_traits
from alp_pipeline.reports.index.model import COMPUTED, with_state
from alp_pipeline.reports.index.read import INDEX_TABLES, recipe_names, score_of
from alp_pipeline.reports.model import REPORTED, Activity, Cell, Perimeter
from alp_pipeline.reports.release_file import ReleaseFile
from alp_pipeline.reports.standings import LANGUAGE_LABEL

RELATEDNESS_TABLE = "bench_relatedness"
OPPORTUNITY_TABLES = ("bench_opportunity", "bench_complexity_activity")


def read_indices(
    release: ReleaseFile, perimeter: Perimeter, recipes: Mapping[str, RecipeEntry]
) -> tuple[IndexStanding, ...]:
    """Every recipe that the release says something of, with all scores of the perimeter.

    Args:
        recipes: the catalogue's, for names; an entry of another version than the release's is not used.
    """
    if not all(release.holds(table) for table in INDEX_TABLES):
        return ()
    found = []
    for row in release.rows(
        "SELECT * FROM bench_index_status WHERE perimeter_id = ? ORDER BY recipe_id", [perimeter.perimeter_id]
    ):
        recipe_id = row["recipe_id"]
        rows = release.rows(
            """SELECT * FROM bench_index WHERE perimeter_id = ? AND recipe_id = ? AND year = ?
               ORDER BY element, element_id, region_code""",
            [perimeter.perimeter_id, recipe_id, row["year"]],
        )
        scores: dict[str, dict[str, Any]] = {}
        for score in rows:
            scores.setdefault(score["element_id"], {})[score["region_code"]] = score_of(score)
        is_computed = row["outcome"] == COMPUTED
        key = [perimeter.perimeter_id, recipe_id, row["year"]]
        found.append(
            IndexStanding(
                recipe_id,
                row["method_version"],
                is_computed,
                row["year"],
                row["indicators"],
                row["indicators_used"],
                scores if is_computed else {},
                recipe_names(recipe_id, row["method_version"], recipes.get(recipe_id)),
                read_traits(release, key) if is_computed else {},
                tuple(sorted(row["document_ids"].split())) if is_computed else (),
            )
        )
    return tuple(found)


def read_relatedness(release: ReleaseFile) -> Relatedness | None:
    """The relatedness of activities in the newest year that has it."""
    if not release.holds(RELATEDNESS_TABLE):
        return None
    rows = release.rows(
        """SELECT activity_code, other_activity_code, proximity, year, document_ids FROM bench_relatedness
           WHERE proximity_state = 'reported' AND year = (SELECT max(year) FROM bench_relatedness)
           ORDER BY activity_code, other_activity_code"""
    )
    if not rows:
        return None
    return Relatedness(
        rows[0]["year"],
        tuple((row["activity_code"], row["other_activity_code"], row["proximity"]) for row in rows),
        tuple(sorted({document for row in rows for document in row["document_ids"].split()})),
    )


def read_benchmarks(
    release: ReleaseFile,
    perimeter: Perimeter,
    indices: tuple[IndexStanding, ...],
    relatedness: Relatedness | None,
    region_code: str,
    reference_territory_id: str | None = None,
) -> Benchmarks:
    """The benchmarks of one region.

    Args:
        reference_territory_id: the territory that the page compares with, also in its shift-share.
    """
    opportunities = _opportunities(release, perimeter, region_code)
    is_drawn = (
        opportunities is not None
        and relatedness is not None
        and relatedness.year == opportunities.year
        and any(node.state in ("present", "absent") for node in opportunities.nodes)
    )
    return Benchmarks(
        indices,
        read_peer_groups(release, perimeter, region_code),
        opportunities,
        relatedness if is_drawn else None,
        read_shift_share(release, perimeter, region_code, reference_territory_id),
        read_resilience(release, perimeter, region_code),
    )


def _opportunities(release: ReleaseFile, perimeter: Perimeter, region_code: str) -> Opportunities | None:
    if not all(release.holds(table) for table in OPPORTUNITY_TABLES):
        return None
    rows = release.rows(
        f"""SELECT b.*, a.{LANGUAGE_LABEL} AS label, c.pci AS complexity, c.pci_low, c.pci_high, c.pci_state,
                   c.ubiquity, c.document_ids AS complexity_documents
            FROM bench_opportunity AS b
            LEFT JOIN dim_activity AS a USING (activity_code)
            LEFT JOIN bench_complexity_activity AS c ON c.activity_code = b.activity_code AND c.year = b.year
            WHERE b.perimeter_id = ? AND b.region_code = ?
              AND b.year = (SELECT max(year) FROM bench_opportunity WHERE perimeter_id = ?)
            ORDER BY b.rank NULLS LAST, b.activity_code""",
        [perimeter.perimeter_id, region_code, perimeter.perimeter_id],
    )
    if not rows:
        return None
    absent = [row for row in rows if row["presence"] == "absent"]
    documents = {
        d for row in absent for d in f"{row['document_ids']} {row['complexity_documents'] or ''}".split()
    }
    return Opportunities(
        rows[0]["year"],
        tuple(_node(row) for row in sorted(rows, key=lambda row: row["activity_code"])),
        tuple(_opportunity(row) for row in absent),
        _axis(rows),
        sum(row["presence"] == "unknown" for row in rows),
        not all(row["presence"] == "unknown" and row["density_state"] == "not_available" for row in rows),
        tuple(sorted(documents)),
    )


def _axis(rows: list[dict[str, Any]]) -> tuple[tuple[Activity, Cell], ...]:
    known = [row for row in rows if row["pci_state"] == REPORTED and row["complexity"] is not None]
    if len(known) < 2:
        return ()
    known.sort(key=lambda row: (row["complexity"], row["activity_code"]))
    return tuple(
        (
            Activity(row["activity_code"], row["label"] or row["activity_code"]),
            with_state(
                row["complexity"],
                REPORTED,
                f"bench_complexity_activity/{row['year']}/{row['activity_code']}/pci",
            ),
        )
        for row in (known[0], known[-1])
    )


def _node(row: Mapping[str, Any]) -> NetworkNode:
    presence, state = row["presence"], row["density_state"]
    if presence == "absent" and state != "reported":
        presence = "undetermined"
    elif presence == "unknown":
        presence = state if state != "reported" else "undetermined"
    address = f"bench_opportunity/{row['region_code']}/{row['year']}/{row['activity_code']}"
    density = with_state(row["relatedness_density_pct"], state, f"{address}/relatedness_density_pct")
    code = row["activity_code"]
    return NetworkNode(Activity(code, row["label"] or code), presence, density, row["ubiquity"])


def _opportunity(row: Mapping[str, Any]) -> Opportunity:
    code = row["activity_code"]
    near = f"bench_opportunity/{row['region_code']}/{row['year']}/{code}"
    far = f"bench_complexity_activity/{row['year']}/{code}"
    density, complexity = row["density_state"], row["pci_state"] or "not_available"

    def cells(names: tuple[str, str, str], state: str, base: str, shown: tuple[str, str, str]) -> Any:
        return tuple(
            with_state(row[name], state, f"{base}/{column}")
            for name, column in zip(names, shown, strict=True)
        )

    densities = ("relatedness_density_pct", "density_low_pct", "density_high_pct")
    figures: tuple[tuple[Cell, Cell, Cell], tuple[Cell, Cell, Cell]] = (
        cells(densities, density, near, densities),
        cells(("complexity", "pci_low", "pci_high"), complexity, far, ("pci", "pci_low", "pci_high")),
    )
    return Opportunity(Activity(code, row["label"] or code), *figures, row["rank"])
