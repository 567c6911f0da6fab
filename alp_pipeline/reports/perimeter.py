"""What every report reads first: the perimeter with its units, and whether anything is generated.

Belongs here: these two questions to a release. Does not: what a report says of the units (region, index).
"""

from alp_pipeline.errors import AlpError
from alp_pipeline.reports.model import Perimeter, Region
from alp_pipeline.reports.release_file import ReleaseFile
from alp_pipeline.reports.standings import LANGUAGE_LABEL


class UnknownPerimeter(AlpError):
    """The release has no perimeter of that id."""


def read_perimeter(release: ReleaseFile, perimeter_id: str | None) -> Perimeter:
    """A perimeter with its units.

    Raises:
        UnknownPerimeter: no such perimeter, or no default one.
    """
    known = release.rows(
        f"SELECT perimeter_id, {LANGUAGE_LABEL} AS label, source, mark, is_default FROM dim_perimeter "
        "ORDER BY perimeter_id"
    )
    found = [
        row for row in known if (row["perimeter_id"] == perimeter_id if perimeter_id else row["is_default"])
    ]
    if len(found) != 1:
        names = ", ".join(row["perimeter_id"] for row in known)
        raise UnknownPerimeter(
            f"there is no perimeter {perimeter_id}" if perimeter_id else "there is no default perimeter",
            where=release.release_id,
            todo=f"Use one of {names}." if names else "Rebuild the release: dim_perimeter is empty.",
        )
    members = release.rows(
        "SELECT r.region_code AS code, r.label, r.country_code FROM bridge_perimeter_region AS b "
        "JOIN dim_region AS r USING (region_code) WHERE b.perimeter_id = ? ORDER BY r.region_code",
        [found[0]["perimeter_id"]],
    )
    row = found[0]
    return Perimeter(
        row["perimeter_id"],
        row["label"] or row["perimeter_id"],
        row["source"],
        row["mark"],
        tuple(Region(**member) for member in members),
    )


def is_synthetic(release: ReleaseFile) -> bool:
    """One generated document or dataset makes the whole report synthetic."""
    return bool(
        release.rows(
            "SELECT coalesce((SELECT bool_or(is_synthetic) FROM dim_document), FALSE) "
            "OR coalesce((SELECT bool_or(is_synthetic) FROM dim_dataset), FALSE) AS is_synthetic"
        )[0]["is_synthetic"]
    )
