"""Reports as files: read a release, render, write each page whole.

Belongs here: the functions that orchestration and the command line call. Does not: content.
"""

from collections.abc import Iterable, Mapping
from pathlib import Path

from alp_pipeline.catalog.models import RecipeEntry
from alp_pipeline.durable import write_text
from alp_pipeline.reports.index.page import render as render_index
from alp_pipeline.reports.index.read import read_index_report, recipe_ids
from alp_pipeline.reports.page import render
from alp_pipeline.reports.region import NO_RECIPES, read_common, read_region_report
from alp_pipeline.reports.release_file import open_release
from alp_pipeline.reports.tile_grid import read_tiles
from alp_pipeline.reports.wording import wording


def build_region_report(
    release_duckdb: Path,
    region_code: str,
    target: Path,
    *,
    perimeter_id: str | None = None,
    recipes: Mapping[str, RecipeEntry] = NO_RECIPES,
) -> Path:
    """Write the report of one region of a published release.

    Args:
        release_duckdb: the release's DuckDB file, or the symlink to the current one; only read.
        region_code: a unit of the perimeter, with or without data.
        target: the HTML file to write, durably; the same release gives the same bytes.
        perimeter_id: the release's default perimeter when None.
        recipes: the catalogue's, for the names of indices and pillars; their codes where it is not given.

    Returns: `target`.

    Raises:
        ReleaseUnreadable, ReleaseIncomplete: the file, or a table of it, is not there.
        UnknownPerimeter, UnknownRegion: naming what there is.
        ReleaseInconsistent: a figure without a value or a source.
    """
    with open_release(release_duckdb) as release:
        report = read_region_report(release, read_common(release, perimeter_id, recipes), region_code)
    write_text(target, render(report, wording(), read_tiles()))
    return target


def build_region_reports(
    release_duckdb: Path,
    folder: Path,
    *,
    region_codes: Iterable[str] | None = None,
    perimeter_id: str | None = None,
    recipes: Mapping[str, RecipeEntry] = NO_RECIPES,
) -> dict[str, Path]:
    """Write the reports of several regions, `folder/<region code>.html` each.

    Args:
        region_codes: units of the perimeter; all of them when None.

    Returns: region code → file, in the order of the codes given.

    Raises: as `build_region_report`.
    """
    tiles, words = read_tiles(), wording()
    written = {}
    with open_release(release_duckdb) as release:
        common = read_common(release, perimeter_id, recipes)
        members = [member.code for member in common.perimeter.members]
        for code in members if region_codes is None else region_codes:
            report = read_region_report(release, common, code)
            written[code] = folder / f"{code}.html"
            write_text(written[code], render(report, words, tiles))
    return written


def build_index_report(
    release_duckdb: Path,
    recipe_id: str,
    target: Path,
    *,
    recipes: Mapping[str, RecipeEntry],
    perimeter_id: str | None = None,
) -> Path:
    """Write the audit report of one composite index, computed or refused.

    Args:
        release_duckdb: as in `build_region_report`.
        recipe_id: a recipe that the release says something of.
        target: the HTML file to write, durably; the same release and catalogue give the same bytes.
        recipes: the catalogue's, for names, seed and notes; an entry of another version than the release's
            is not used, and the page says so.
        perimeter_id: whose ranks are shown; the release's default perimeter when None.

    Returns: `target`.

    Raises:
        ReleaseUnreadable, ReleaseIncomplete: the file, or a table of it, is not there.
        UnknownPerimeter, UnknownRecipe: naming what there is.
        ReleaseInconsistent: a figure without a value or a source.
    """
    with open_release(release_duckdb) as release:
        report = read_index_report(release, recipe_id, recipes, perimeter_id)
    write_text(target, render_index(report, wording()))
    return target


def build_index_reports(
    release_duckdb: Path,
    folder: Path,
    *,
    recipes: Mapping[str, RecipeEntry],
    perimeter_id: str | None = None,
) -> dict[str, Path]:
    """Write the audit reports of all recipes of a release, `folder/<recipe id>.html` each.

    Returns: recipe id → file, by id.

    Raises: as `build_index_report`.
    """
    written = {}
    with open_release(release_duckdb) as release:
        for recipe_id in recipe_ids(release):
            report = read_index_report(release, recipe_id, recipes, perimeter_id)
            written[recipe_id] = folder / f"{recipe_id}.html"
            write_text(written[recipe_id], render_index(report, wording()))
    return written
