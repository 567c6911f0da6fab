"""The dimension tables: catalogue, reference tables and archive, as rows.

Belongs here: one stage per dimension. Does not: the entries' content (catalog, geography).

A code that occurs in the data but in no reference table gets a row of kind `unknown` and a warning, so
that every reference holds and nobody takes the code for something else.
"""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from alp_pipeline.archive.inventory import METADATA
from alp_pipeline.archive.retrieval import Retrieval
from alp_pipeline.archive.store import Archive
from alp_pipeline.build.outcome import RuleOutcome
from alp_pipeline.build.sql import parquet
from alp_pipeline.build.stage import Stage, StageContext
from alp_pipeline.catalog.models import Catalog
from alp_pipeline.observations.selection import code_of
from alp_pipeline.plan.intake import observations_asset
from alp_pipeline.plan.table_stage import table_stage
from alp_pipeline.warehouse.columns import arrow_schema, declared_select, key_of
from alp_pipeline.warehouse.dimensions import LANGUAGES
from alp_pipeline.warehouse.tables import TABLES

Rows = list[dict[str, Any]]
CODE = ("catalog", "geography", "plan.dimensions")


def asset_of(table: str) -> str:
    """The asset, and stage, that fills a warehouse table."""
    return f"warehouse/{table}"


def dimension_stages(
    catalog: Catalog, archive: Archive, documents: Sequence[tuple[Retrieval, str | None]]
) -> list[Stage]:
    """All dimension stages.

    Args:
        documents: every retrieval record with the name of the stage that reads it; None where none does.
    """
    observed = tuple(observations_asset(dataset) for dataset in catalog.datasets.values())
    activities = sorted({d.activity_dimension for d in catalog.datasets.values() if d.activity_dimension})
    synthetic = archive.kind() == "synthetic"
    return [
        _from_rows("dim_dataset", lambda: _datasets(catalog, synthetic)),
        _from_rows("dim_perimeter", lambda: _perimeters(catalog)),
        _from_rows("bridge_perimeter_region", lambda: _members(catalog)),
        _from_rows("dim_indicator", lambda: _indicators(catalog)),
        _document_stage(catalog, documents),
        _observed_stage("dim_region", observed, catalog, _regions, ["geo"]),
        _observed_stage("dim_activity", observed, catalog, _activities, activities),
        _time_stage(observed),
    ]


def _write(context: StageContext, table: str, rows: Rows) -> None:
    import pyarrow as pa

    declared = TABLES[table]
    built = pa.Table.from_pylist(rows, schema=arrow_schema(declared))
    context.write_arrow(table, built.sort_by([(name, "ascending") for name in key_of(declared)]))


def _from_rows(table: str, make: Callable[[], Rows]) -> Stage:
    rows = make()

    def fill(context: StageContext) -> None:
        _write(context, table, rows)

    return table_stage(asset_of(table), table, fill, code=("plan.dimensions",), parameters={"rows": rows})


def _labels(labels: Any) -> dict[str, str | None]:
    given = labels if isinstance(labels, Mapping) else labels.model_dump()
    return {f"label_{language}": given.get(language) for language in LANGUAGES}


def _mark(verified: bool) -> str:
    return "verified" if verified else "to verify"


def _datasets(catalog: Catalog, synthetic: bool) -> Rows:
    return [
        {
            "dataset_id": entry.id,
            "source_id": entry.source,
            "dataset_code": entry.code,
            "title": _labels(entry.title)["label_en"],
            "licence": entry.licence,
            "licence_url": entry.licence_url,
            "citation": entry.citation,
            "acknowledgement": catalog.sources[entry.source].acknowledgement,
            "disclaimer": catalog.sources[entry.source].disclaimer,
            "doi": entry.doi,
            "cadence": str(entry.cadence),
            "statistical_unit": str(entry.statistical_unit),
            "classification_version": entry.classification,
            "nuts_version_rule": str(entry.nuts_version_rule),
            "discontinued": entry.discontinued,
            "successor_id": entry.successor,
            "notes": "\n".join(entry.notes),
            "catalogue_origin": entry.origin,
            "is_verified": entry.verified,
            "is_synthetic": synthetic,
        }
        for entry in catalog.datasets.values()
    ]


def _perimeters(catalog: Catalog) -> Rows:
    return [
        {
            "perimeter_id": entry.id,
            **_labels(entry.label),
            "nuts_level": max(level for _, level in entry.members),
            "member_count": len(entry.members),
            "is_default": entry.is_default,
            "source": entry.source,
            "mark": _mark(entry.verified),
        }
        for entry in catalog.perimeters.values()
    ]


def _members(catalog: Catalog) -> Rows:
    return [
        {"perimeter_id": entry.id, "region_code": code}
        for entry in catalog.perimeters.values()
        for code, _ in entry.members
    ]


def _indicators(catalog: Catalog) -> Rows:
    return [
        {
            "indicator_id": entry.id,
            **_labels(entry.label),
            "description": _labels(entry.description)["label_en"],
            "unit": entry.unit.code,
            "direction": entry.direction,
            "pillar": entry.pillar,
            "indicator_kind": entry.kind,
            "formula": entry.formula,
            "terms": json.dumps(
                {name: term.model_dump(mode="json") for name, term in entry.terms.items()}, sort_keys=True
            ),
            "statistical_unit": str(entry.statistical_unit),
            "valid_min": entry.valid_range[0],
            "valid_max": entry.valid_range[1],
            "usage_warnings": " ".join(str(warning) for warning in entry.usage_warnings),
            "catalogue_origin": entry.origin,
            "mark": _mark(entry.verified),
        }
        for entry in catalog.indicators.values()
    ]


def _document_stage(catalog: Catalog, documents: Sequence[tuple[Retrieval, str | None]]) -> Stage:
    from alp_pipeline.observations.reader import READABLE_FORMATS

    reading = [name for _, name in documents if name is not None]
    datasets = sorted({name.split("#", 1)[0] for name in reading})

    def fill(context: StageContext) -> None:
        standings: dict[str, dict[str, str]] = {}
        for name in datasets:
            standings |= context.record(name).facts["standing"]
        rows = []
        for document, stage in documents:
            facts = context.record(stage).facts if stage else {}
            dataset_id = f"{document.source_id}.{document.dataset_code}"
            described = document.metadata_of
            dataset_id = described if described in catalog.datasets else dataset_id
            catalogued = dataset_id in catalog.datasets
            if catalogued and described is not None:
                standing = METADATA
            elif not catalogued:
                standing = "archived, not catalogued"
            elif document.format not in READABLE_FORMATS:
                standing = "format not yet read"
            elif stage is None:
                standing = "seen again, unchanged"
            else:
                standing = standings.get(document.retrieval_id, {}).get("standing", "archived, no date known")
            rows.append(_document_row(document, dataset_id if catalogued else None, standing, facts))
        _write(context, "dim_document", rows)

    return table_stage(
        asset_of("dim_document"),
        "dim_document",
        fill,
        code=("archive", "plan.dimensions"),
        inputs=sorted({*reading, *datasets}),
        parameters={
            "documents": [document.as_json() for document, _ in documents],
            "catalogued": sorted(catalog.datasets),
            "readable": sorted(READABLE_FORMATS),
        },
    )


def _document_row(
    document: Retrieval, dataset_id: str | None, standing: str, facts: Mapping[str, Any]
) -> dict[str, Any]:
    from datetime import datetime

    def moment(text: str | None) -> datetime | None:
        return datetime.fromisoformat(text).replace(tzinfo=None) if text else None

    extent = document.extent.as_json()
    return {
        "document_id": document.retrieval_id,
        "source_id": document.source_id,
        "dataset_code": document.dataset_code,
        "dataset_id": dataset_id,
        "document_format": document.format,
        "content_sha256": document.content_sha256,
        "size_bytes": document.size_bytes,
        "published_at": moment(document.published_at),
        "published_at_origin": document.published_at_origin,
        "seen_at": moment(document.seen_at),
        "seen_at_origin": document.seen_at_origin,
        "url": document.url,
        "licence": document.licence,
        "citation": document.citation,
        "extent": json.dumps(extent, sort_keys=True) if extent else "whole table",
        "standing": standing,
        "series_count": facts.get("series"),
        "period_count": facts.get("periods"),
        "cell_count": facts.get("cells"),
        "quarantined_count": facts.get("quarantined"),
        "is_synthetic": document.is_synthetic,
    }


def _observed_stage(
    table: str,
    observed: tuple[str, ...],
    catalog: Catalog,
    known_rows: Callable[[Catalog], Rows],
    dimensions: Sequence[str],
) -> Stage:
    rows = known_rows(catalog)
    key = key_of(TABLES[table])[0]
    parameters = {"rows": rows, "dimensions": list(dimensions)}

    def fill(context: StageContext) -> None:
        known = {row[key] for row in rows}
        unknown = sorted(_distinct(context, dimensions) - known)
        context.outcomes.append(
            RuleOutcome(
                "codes_known",
                table,
                "",
                "warning",
                "failed" if unknown else "passed",
                len(known) + len(unknown),
                len(unknown),
                f"in no reference table: {', '.join(unknown[:20])}" if unknown else "",
            )
        )
        _write(context, table, rows + [_UNKNOWN[table](code) for code in unknown])

    return table_stage(
        asset_of(table),
        table,
        fill,
        code=CODE,
        inputs=observed,
        parameters=parameters,
    )


def _distinct(context: StageContext, dimensions: Sequence[str]) -> set[str]:
    files = parquet(*context.inputs("current"))
    codes = " UNION ".join(f"SELECT DISTINCT {code_of(name)} AS code FROM {files}" for name in dimensions)
    with context.connect() as connection:
        found = connection.execute(f"SELECT code FROM ({codes}) WHERE code IS NOT NULL")
        return {row[0] for row in found.fetchall()}


def _regions(_: Catalog) -> Rows:
    from alp_pipeline.geography.regions import region_rows

    return region_rows()


def _activities(catalog: Catalog) -> Rows:
    groups = {division: group.id for group in catalog.sector_groups.values() for division in group.divisions}
    sections = {
        code: activity for code, activity in catalog.activities.items() if activity.level == "section"
    }
    return [
        {
            "activity_code": code,
            **_labels(activity.label),
            "classification_version": "NACE Rev. 2",
            "activity_level": activity.level,
            "section_code": code[:1] if code[:1] in sections and activity.level != "aggregate" else None,
            "parent_code": activity.parent,
            "sector_group": groups.get(code),
            "label_mark": _mark(activity.verified),
        }
        for code, activity in catalog.activities.items()
    ]


def _unknown_region(code: str) -> dict[str, Any]:
    return {"region_code": code, "label": code, "region_kind": "unknown"}


def _unknown_activity(code: str) -> dict[str, Any]:
    return {
        "activity_code": code,
        "label_en": code,
        "classification_version": "unknown",
        "activity_level": "unknown",
        "label_mark": "to verify",
    }


_UNKNOWN: dict[str, Callable[[str], dict[str, Any]]] = {
    "dim_region": _unknown_region,
    "dim_activity": _unknown_activity,
}

_MONTHS = "CASE freq WHEN 'A' THEN 12 WHEN 'S' THEN 6 WHEN 'Q' THEN 3 WHEN 'M' THEN 1 END"


def _time_stage(observed: tuple[str, ...]) -> Stage:
    def fill(context: StageContext) -> None:
        with context.connect() as connection:
            context.write_query(
                connection,
                "dim_time",
                declared_select(TABLES["dim_time"], _time_query(context.inputs("current"))),
            )

    return table_stage(asset_of("dim_time"), "dim_time", fill, code=("plan.dimensions",), inputs=observed)


def _time_query(files: Iterable[Path]) -> str:
    return f"""
        WITH periods AS (
            SELECT DISTINCT time_period FROM {parquet(*files)}
        ), known AS (
            SELECT time_period, CAST(left(time_period, 4) AS INTEGER) AS year,
                   CASE WHEN length(time_period) = 4 THEN 'A'
                        WHEN substr(time_period, 6, 1) IN ('S', 'Q', 'W') THEN substr(time_period, 6, 1)
                        WHEN length(time_period) = 7 THEN 'M' ELSE 'D' END AS freq,
                   TRY_CAST(regexp_extract(time_period, '[0-9]+$') AS INTEGER) AS part
            FROM periods
        ), started AS (
            SELECT *, CASE freq
                WHEN 'D' THEN CAST(time_period AS DATE)
                WHEN 'W' THEN CAST(date_trunc('week', make_date(year, 1, 4)) AS DATE) + 7 * (part - 1)
                WHEN 'A' THEN make_date(year, 1, 1)
                ELSE make_date(year, 1 + (part - 1) * {_MONTHS}, 1) END AS starts_on
            FROM known
        )
        SELECT *, CASE freq WHEN 'D' THEN starts_on WHEN 'W' THEN starts_on + 6
               ELSE CAST(starts_on + to_months({_MONTHS}) AS DATE) - 1 END AS ends_on
        FROM started
    """
