"""Reads what the audit report of an index says from an open release into the plain model.

Belongs here: the queries on `bench_index…`, which of its rows a page shows. Does not: the audit's own tables
(audit_rows), wording or layout (page).

The audit and the sensitivity are of the universe and stand once in a release, whatever perimeter a page is
about; ranks and intervals are the perimeter's own.
"""

import json
from collections.abc import Mapping
from typing import Any

from alp_pipeline.catalog.models import RecipeEntry
from alp_pipeline.errors import AlpError
from alp_pipeline.reports.index.audit_rows import read_sections
from alp_pipeline.reports.index.model import (
    COMPUTED,
    Factor,
    IndexIndicator,
    IndexReport,
    Ingredient,
    Recipe,
    Score,
    Status,
    with_state,
)
from alp_pipeline.reports.model import Cell, Perimeter, ReleaseInconsistent
from alp_pipeline.reports.perimeter import is_synthetic, read_perimeter
from alp_pipeline.reports.release_file import ReleaseFile
from alp_pipeline.reports.sources import read_sources
from alp_pipeline.reports.standings import LANGUAGE, LANGUAGE_LABEL

INDEX_TABLES = (
    "bench_index",
    "bench_index_audit",
    "bench_index_indicator",
    "bench_index_sensitivity",
    "bench_index_status",
    "bench_index_value",
)


class UnknownRecipe(AlpError):
    """The release has no index, computed or refused, of that id."""


def recipe_ids(release: ReleaseFile) -> list[str]:
    """The recipes that the release says something of."""
    release.require(INDEX_TABLES)
    rows = release.rows("SELECT DISTINCT recipe_id FROM bench_index_status ORDER BY recipe_id")
    return [row["recipe_id"] for row in rows]


def read_index_report(
    release: ReleaseFile,
    recipe_id: str,
    recipes: Mapping[str, RecipeEntry],
    perimeter_id: str | None = None,
) -> IndexReport:
    """The content of one recipe's page.

    Args:
        recipes: the catalogue's, for names, seed and notes; an entry of another version is not used.
        perimeter_id: the release's default perimeter when None.

    Raises:
        UnknownRecipe: naming those there are.
        UnknownPerimeter: naming those there are.
        ReleaseIncomplete: the release has no tables of indices.
        ReleaseInconsistent: a figure without a value or without a document.
    """
    known = recipe_ids(release)
    perimeter = read_perimeter(release, perimeter_id)
    found = release.rows(
        "SELECT * FROM bench_index_status WHERE perimeter_id = ? AND recipe_id = ?",
        [perimeter.perimeter_id, recipe_id],
    )
    if not found:
        raise UnknownRecipe(
            f"there is no index {recipe_id} for the perimeter {perimeter.perimeter_id}",
            where=release.release_id,
            todo=f"Use one of {', '.join(known)}."
            if known
            else "Publish a release with recipes: alp refresh.",
        )
    row = found[0]
    status = _status(release, row)
    key = [perimeter.perimeter_id, recipe_id, status.year]
    recipe = _recipe(recipe_id, row["method_version"], recipes.get(recipe_id), row)
    indicators = _indicators(release, key)
    documents = tuple(sorted(row["document_ids"].split()))
    sections = read_sections(release, recipe_id, status.year)
    outside = _link_documents(release, recipe_id, status.year)
    if status.is_computed and not documents:
        raise ReleaseInconsistent(
            "an index names no document", where=status.address, todo="Rebuild the release."
        )
    sources = read_sources(release, (documents, outside), None)
    values, normalised = _values(release, key)
    return IndexReport(
        release_id=release.release_id,
        is_synthetic=is_synthetic(release),
        perimeter=perimeter,
        recipe=recipe,
        status=status,
        regions=frozenset(row["region_code"] for row in release.rows("SELECT region_code FROM dim_region")),
        names=_names(release, perimeter, recipe, recipes.get(recipe_id)),
        indicators=indicators,
        scores=_scores(release, key),
        values=values,
        normalised=normalised,
        factors=_factors(release, key),
        sections=sections,
        sources=sources.all,
        datasets=sources.benchmark,
        link_documents=outside,
    )


def _status(release: ReleaseFile, row: Mapping[str, Any]) -> Status:
    outputs = release.rows(
        "SELECT min(output) AS output FROM bench_index_sensitivity WHERE recipe_id = ?", [row["recipe_id"]]
    )
    return Status(
        is_computed=row["outcome"] == COMPUTED,
        year=row["year"],
        indicators=row["indicators"],
        indicators_used=row["indicators_used"],
        indicators_min=row["indicators_min"],
        missing=tuple(row["missing_indicators"].split()),
        detail=row["detail"],
        universe=row["universe"],
        method=row["method"],
        as_of=row["as_of_date"],
        output=outputs[0]["output"] or "",
        address=f"bench_index_status/{row['recipe_id']}",
    )


def _recipe(
    recipe_id: str, version: str, entry: RecipeEntry | None, status: Mapping[str, Any] | None = None
) -> Recipe:
    if entry is None or entry.version != version:
        # What the release itself keeps of the recipe that it was computed by.
        kept = status or {}
        return Recipe(
            recipe_id,
            version,
            False,
            kept.get("recipe_label") or recipe_id.replace("_", " ").capitalize(),
            seed=kept.get("seed"),
            draws=kept.get("draws"),
        )
    return Recipe(
        recipe_id,
        version,
        True,
        _said(entry.label) or recipe_id,
        description=_said(entry.description),
        steps=tuple(_step(step) for step in entry.steps),
        seed=entry.uncertainty.get("seed"),
        draws=entry.uncertainty.get("draws"),
        coverage_min=entry.years.coverage_min,
        oldest=entry.years.oldest,
        pillar_indicators_min=entry.pillar_indicators_min,
        is_verified=entry.verified,
        notes=entry.notes,
    )


def _said(texts: Any) -> str:
    return str(getattr(texts, LANGUAGE, None) or texts.en)


def _step(step: Mapping[str, Any]) -> str:
    details = ", ".join(f"{name} {value}" for name, value in step.items() if name != "step")
    return f"{step['step']} ({details})" if details else str(step["step"])


def _names(
    release: ReleaseFile, perimeter: Perimeter, recipe: Recipe, entry: RecipeEntry | None
) -> dict[str, str]:
    """Regions of the release, indicators, then pillars and index of the recipe."""
    regions = release.rows("SELECT region_code AS code, label FROM dim_region ORDER BY 1")
    indicators = release.rows(
        f"SELECT indicator_id AS code, {LANGUAGE_LABEL} AS label FROM dim_indicator ORDER BY 1"
    )
    names = {row["code"]: row["label"] or row["code"] for row in (*regions, *indicators)}
    return names | recipe_names(recipe.recipe_id, recipe.version, entry)


def recipe_names(recipe_id: str, version: str, entry: RecipeEntry | None) -> dict[str, str]:
    """The names of an index and its pillars; of the index alone where the catalogue has another version."""
    recipe = _recipe(recipe_id, version, entry)
    pillars = entry.pillars if entry is not None and recipe.is_described else ()
    return {pillar.id: _said(pillar.label) for pillar in pillars} | {recipe_id: recipe.label}


def _indicators(release: ReleaseFile, key: list[Any]) -> tuple[IndexIndicator, ...]:
    """In the order of the recipe: rows carry none, so by pillar and id within the release's key."""
    rows = release.rows(
        """SELECT b.*, i.unit, i.terms,
                  (SELECT string_agg(DISTINCT f.document_ids, ' ') FROM fct_indicator AS f
                   WHERE f.indicator_id = b.indicator_id AND f.activity_code = 'TOTAL'
                     AND f.time_period = CAST(b.source_year AS VARCHAR)
                     AND f.cell_state = 'reported') AS read_from,
                  (SELECT max(f.time_period) FROM fct_indicator AS f
                   WHERE f.indicator_id = b.indicator_id AND f.cell_state = 'reported') AS newest
           FROM bench_index_indicator AS b LEFT JOIN dim_indicator AS i USING (indicator_id)
           WHERE b.perimeter_id = ? AND b.recipe_id = ? AND b.year = ?
           ORDER BY b.pillar_id, b.indicator_id""",
        key,
    )
    ingredients = _ingredients(release)
    found = []
    for row in rows:
        base = f"bench_index_indicator/{row['recipe_id']}/{row['year']}/{row['indicator_id']}"

        def cell(name: str, row: Mapping[str, Any] = row, base: str = base) -> Cell:
            # An indicator that is not used has no year, one of a refused recipe no weight in the index.
            is_due = row["is_used"] and name != "effective_weight_pct"
            state = "reported" if is_due or row[name] is not None else "not_applicable"
            return with_state(row[name], state, f"{base}/{name}")

        found.append(
            IndexIndicator(
                indicator_id=row["indicator_id"],
                pillar_id=row["pillar_id"],
                direction=row["direction"],
                weight=cell("weight"),
                is_used=row["is_used"],
                source_year=cell("source_year"),
                coverage=cell("coverage_pct"),
                effective_weight=cell("effective_weight_pct"),
                reason=row["reason"],
                unit=row["unit"] or "",
                documents=tuple(sorted(set((row["read_from"] or "").split()))) if row["is_used"] else (),
                datasets=tuple(
                    ingredients.get(name, Ingredient(name, name, name, 0, ""))
                    for name in _datasets(row["terms"])
                ),
                newest=row["newest"] or "",
            )
        )
    return tuple(found)


def _ingredients(release: ReleaseFile) -> dict[str, Ingredient]:
    """Every dataset of the catalogue, with how many documents of it the release has."""
    rows = release.rows(
        """SELECT d.dataset_id, d.dataset_code, d.title, d.discontinued, count(o.document_id) AS documents
           FROM dim_dataset AS d LEFT JOIN dim_document AS o USING (dataset_id) GROUP BY ALL ORDER BY 1"""
    )
    return {
        row["dataset_id"]: Ingredient(
            row["dataset_id"], row["dataset_code"], row["title"], row["documents"], row["discontinued"] or ""
        )
        for row in rows
    }


def _datasets(terms: str | None) -> tuple[str, ...]:
    """The datasets that a formula's terms are read from."""
    loaded = json.loads(terms) if terms else {}
    return tuple(sorted({str(term["dataset"]) for term in loaded.values() if "dataset" in term}))


def _link_documents(release: ReleaseFile, recipe_id: str, year: int | None) -> tuple[str, ...]:
    """The documents of the outside indicators, as the audit names them beside each link."""
    rows = release.rows(
        """SELECT DISTINCT text FROM bench_index_audit
           WHERE recipe_id = ? AND year = ? AND section = 'links' AND column_id = 'other_document_ids'""",
        [recipe_id, year],
    )
    return tuple(sorted({document for row in rows for document in (row["text"] or "").split()}))


def _scores(release: ReleaseFile, key: list[Any]) -> dict[str, dict[str, Score]]:
    scores: dict[str, dict[str, Score]] = {}
    for row in release.rows(
        """SELECT * FROM bench_index WHERE perimeter_id = ? AND recipe_id = ? AND year = ?
           ORDER BY element, element_id, region_code""",
        key,
    ):
        scores.setdefault(row["element_id"], {})[row["region_code"]] = score_of(row)
    return scores


def score_of(row: Mapping[str, Any]) -> Score:
    """A row of `bench_index`."""
    base = "/".join(
        ("bench_index", row["recipe_id"], str(row["year"]), row["region_code"], row["element_id"])
    )
    state = row["score_state"]

    def cell(name: str) -> Cell:
        return with_state(row[name], state, f"{base}/{name}")

    return Score(
        region_code=row["region_code"],
        score=cell("score"),
        rank=cell("rank"),
        rank_low=cell("rank_low"),
        rank_high=cell("rank_high"),
        rank_median=cell("rank_median"),
        assumed_share=cell("assumed_share_pct"),
        class_id=(row["class_id"] or "") if state == "reported" else "",
        class_share=cell("class_probability_pct"),
        ranked_count=row["ranked_count"] or 0,
    )


def _values(
    release: ReleaseFile, key: list[Any]
) -> tuple[dict[tuple[str, str], Cell], dict[tuple[str, str], Cell]]:
    """(region, indicator) → as published, and normalised."""
    values, normalised = {}, {}
    for row in release.rows(
        """SELECT region_code, indicator_id, value, cell_state, obs_status, normalised_value
           FROM bench_index_value WHERE perimeter_id = ? AND recipe_id = ? AND year = ?
           ORDER BY region_code, indicator_id""",
        key,
    ):
        place = row["region_code"], row["indicator_id"]
        base = f"bench_index_value/{key[1]}/{key[2]}/{place[0]}/{place[1]}"
        values[place] = Cell(row["value"], row["cell_state"], row["obs_status"], f"{base}/value")
        normalised[place] = with_state(row["normalised_value"], row["cell_state"], f"{base}/normalised_value")
    return values, normalised


def _factors(release: ReleaseFile, key: list[Any]) -> tuple[Factor, ...]:
    # They are of the universe: whichever perimeter holds them, they are the same.
    rows = release.rows(
        """SELECT DISTINCT ON (factor) * FROM bench_index_sensitivity
           WHERE recipe_id = ? AND year = ? ORDER BY factor, perimeter_id""",
        key[1:],
    )
    found = []
    for row in rows:
        base = f"bench_index_sensitivity/{row['recipe_id']}/{row['year']}/{row['factor']}"

        def cells(stem: str, row: Mapping[str, Any] = row, base: str = base) -> tuple[Cell, Cell, Cell]:
            first, low, high = (
                with_state(row[name], "reported", f"{base}/{name}")
                for name in (stem, f"{stem}_low", f"{stem}_high")
            )
            return first, low, high

        found.append(
            Factor(row["factor"], bool(row["is_assumption"]), cells("first_order"), cells("total_order"))
        )
    return tuple(sorted(found, key=lambda f: (-(f.total[0].value or 0.0), f.name)))
