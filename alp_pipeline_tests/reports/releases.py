"""Small releases made of literal rows, in the declared tables."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from alp_pipeline.reports.release_file import NEEDED_TABLES
from alp_pipeline.warehouse.columns import arrow_schema, duckdb_type
from alp_pipeline.warehouse.tables import TABLES

Rows = dict[str, list[dict[str, Any]]]


def write_release(file: Path, rows: Mapping[str, Iterable[Mapping[str, Any]]]) -> Path:
    """A DuckDB file with every table that a region report needs, and those that `rows` has besides.

    A column that a row leaves out is NULL.

    A required column is NOT NULL here too, so that a row which no release could hold is refused.
    """
    file.parent.mkdir(parents=True, exist_ok=True)
    file.unlink(missing_ok=True)
    with duckdb.connect(str(file)) as connection:
        for name in dict.fromkeys((*NEEDED_TABLES, *rows)):
            columns = TABLES[name].columns
            declared = ", ".join(
                f'"{c.name}" {duckdb_type(c)}{"" if c.nullable else " NOT NULL"}' for c in columns
            )
            connection.execute(f"CREATE OR REPLACE TABLE {name} ({declared})")
            found = list(rows.get(name, ()))
            strangers = {key for row in found for key in row} - {c.name for c in columns}
            assert not strangers, f"{name} has no column {strangers}"
            connection.register("rows", pa.Table.from_pylist(found, schema=arrow_schema(TABLES[name])))
            connection.execute(f"INSERT INTO {name} SELECT * FROM rows")
            connection.unregister("rows")
    return file


REGIONS = {
    "AT33": ("Tirol", "AT"),
    "CH04": ("Zürich", "CH"),
    "FRK1": ("Auvergne", "FR"),
    "ITC4": ("Lombardia", "IT"),
    "ITH3": ("Veneto", "IT"),
    "LI00": ("Liechtenstein", "LI"),
}
ACTIVITIES = {
    "C13": "Manufacture of textiles",
    "C15": "Manufacture of leather & related products",
    "C12": "Manufacture of tobacco products",
    "I55": "Accommodation",
}
YEARS = (2012, 2013, 2014, 2015)


def small_release(*, is_synthetic: bool = False) -> Rows:
    """Six regions, four divisions, four years, two indicators.

    What is special: ITC4 × C12 is confidential in 2014, ITC4 × C15 in 2013 with a break in 2014; I55 of
    ITC4 has stars that are undetermined; 2015 exists for AT33 alone; CH04 and LI00 have no employment;
    CH04 has an unemployment rate, LI00 has nothing.
    """
    rows: Rows = {name: [] for name in NEEDED_TABLES}
    _dimensions(rows, is_synthetic)
    for code in REGIONS:
        for activity in ACTIVITIES:
            for year in YEARS:
                rows["bench_specialisation"].append(bench_row(code, activity, year))
                if code not in ("CH04", "LI00"):
                    rows["fct_regional_activity"].append(activity_row(code, activity, year))
    for indicator, values in INDICATORS.items():
        for (code, period), (value, state, flags) in values.items():
            rows["fct_indicator"].append(
                {
                    "indicator_id": indicator,
                    "region_code": code,
                    "activity_code": "TOTAL",
                    "time_period": period,
                    "value": value,
                    "cell_state": state,
                    "obs_status": flags,
                    "geo_method": "reported",
                    "source_region_code": code,
                    "document_ids": "doc-lfs",
                }
            )
    return rows


INDICATORS: dict[str, dict[tuple[str, str], tuple[float | None, str, str]]] = {
    "unemployment_rate": {
        ("AT33", "2015"): (3.04, "reported", ""),
        ("CH04", "2015"): (4.26, "reported", "u"),
        ("FRK1", "2015"): (8.5, "reported", "b"),
        ("ITC4", "2015"): (7.9, "reported", ""),
        ("ITH3", "2015"): (7.9, "reported", ""),
        ("LI00", "2015"): (None, "not_available", ""),
        ("ITC4", "2014"): (8.2, "reported", ""),
    },
    "household_income": {
        ("AT33", "2013"): (21_800.0, "reported", ""),
        ("ITC4", "2013"): (None, "confidential", "e"),
        ("ITH3", "2013"): (19_900.0, "reported", "p"),
    },
}

# (region, activity, year) → persons employed, state, flags; what is not here is in `employment`.
SPECIAL: dict[tuple[str, str, int], tuple[float | None, str, str]] = {
    ("ITC4", "C12", 2014): (None, "confidential", "b"),
    ("ITC4", "C15", 2013): (None, "confidential", ""),
    ("ITC4", "C15", 2014): (8_123.0, "reported", "b"),
    ("ITC4", "I55", 2014): (52_377.0, "reported", "e"),
    ("FRK1", "C13", 2014): (None, "not_applicable", ""),
    ("ITH3", "C13", 2014): (21_430.0, "reported", "p"),
}
QUOTIENTS = {
    ("ITC4", "C13"): 3.4567,
    ("ITH3", "C13"): 3.4521,
    ("AT33", "C13"): 0.4,
    ("ITC4", "C15"): 1.25,
    ("ITH3", "C15"): 7.8,
    ("ITC4", "I55"): 0.95,
    ("AT33", "I55"): 7.21,
    ("ITH3", "I55"): 1.9,
    ("FRK1", "I55"): 1.1,
}


def employment(code: str, activity: str, year: int) -> tuple[float | None, str, str]:
    """Persons employed, state, flags."""
    if (code, activity, year) in SPECIAL:
        return SPECIAL[code, activity, year]
    if code in ("CH04", "LI00"):
        return None, "not_available", ""
    if year == 2015 and code != "AT33":
        return None, "not_yet_published", ""
    return 10_000.0 + 100 * (year - 2012) + 1_000 * list(ACTIVITIES).index(activity), "reported", ""


def activity_row(code: str, activity: str, year: int) -> dict[str, Any]:
    """A row of `fct_regional_activity`."""
    value, state, flags = employment(code, activity, year)
    absent = {
        f"{stem}_{part}": {"state": "not_available", "status": ""}[part]
        for stem in ("local_units", "wages", "employment_growth")
        for part in ("state", "status")
    }
    is_recoded = (code, year) == ("ITC4", 2012)
    return absent | {
        "region_code": code,
        "activity_code": activity,
        "year": year,
        "employment_persons": value,
        "employment_state": state,
        "employment_status": flags,
        "statistical_unit": "local_unit",
        "classification_version": "NACE Rev. 2",
        "geo_method": "recoded" if is_recoded else "reported",
        "source_region_code": "ITD4" if is_recoded else code,
        "dataset_id": "eurostat.sbs",
        "document_id": "doc-sbs",
    }


def bench_row(code: str, activity: str, year: int) -> dict[str, Any]:
    """A row of `bench_specialisation`; ranks are of the three or four quotients there are."""
    value, state, flags = employment(code, activity, year)
    quotient = QUOTIENTS.get((code, activity)) if state == "reported" else None
    peers = [
        QUOTIENTS[c, a] for c, a in QUOTIENTS if a == activity and employment(c, a, year)[1] == "reported"
    ]
    judged = state in ("reported", "confidential")
    verdict = "undetermined" if state == "confidential" else "no"
    stars = {"star_size": verdict, "star_specialisation": verdict, "star_focus": verdict}
    minimum, maximum = 0, 3 if state == "confidential" else 0
    if (code, activity, year) == ("ITC4", "C13", 2014):
        stars, minimum, maximum = dict.fromkeys(stars, "yes"), 3, 3
    if (code, activity, year) == ("ITC4", "I55", 2014):
        stars = {"star_size": "yes", "star_specialisation": "no", "star_focus": "undetermined"}
        minimum, maximum = 1, 2
    return {
        "perimeter_id": "alps",
        "reference_territory_id": "eu28",
        "variable": "persons_employed",
        "region_code": code,
        "activity_code": activity,
        "year": year,
        "statistical_unit": "local_unit",
        "activity_scope": "B to N without K, S95",
        "classification_version": "NACE Rev. 2",
        "scheme_id": "after the Observatory (1)",
        "method": "location quotient",
        "method_version": "1",
        "universe": "Europe",
        "as_of_date": None,
        "ranking_floor_persons": 500,
        "reference_missing_max_pct": 5.0,
        "value": value,
        "cell_state": state,
        "obs_status": flags,
        "location_quotient": quotient,
        "location_quotient_state": "reported"
        if quotient is not None
        else "not_available"
        if state == "reported"
        else state,
        "size_share_pct": 12.34 if value is not None else None,
        "size_share_state": state,
        "focus_pct": 1.5 if value is not None else None,
        "focus_state": state,
        "growth_pct": -2.5 if state == "reported" and "b" not in flags else None,
        "growth_state": "not_applicable"
        if state == "reported" and "b" in flags
        else state
        if state != "reported"
        else "reported",
        "region_total": 3_000_000.0,
        "region_hidden_cells": 0,
        "reference_activity_total": 500_000.0,
        "reference_hidden_cells": 2 if activity == "C13" else 0,
        "reference_missing_cells": 1 if activity == "C13" else 0,
        "reference_total": 130e6,
        "reference_total_hidden_cells": 0,
        **(stars if judged else {}),
        "stars_min": minimum if judged else None,
        "stars_max": maximum if judged else None,
        "rank_location_quotient": None if quotient is None else 1 + sum(q > quotient for q in peers),
        "ranked_count": len(peers),
        "document_ids": "doc-sbs",
    }


def _dimensions(rows: Rows, is_synthetic: bool) -> None:
    for dataset, code, doi in (
        ("eurostat.sbs", "sbs_r_nuts06_r2", None),
        ("eurostat.lfs", "lfst", "10.2908/LFST"),
    ):
        rows["dim_dataset"].append(
            {
                "dataset_id": dataset,
                "source_id": "eurostat",
                "dataset_code": code,
                "title": f"Title of {code}",
                "licence": "Eurostat reuse",
                "licence_url": "https://example.org/terms",
                "citation": f"Eurostat ({code})",
                "acknowledgement": "Source: Eurostat",
                "disclaimer": "Modified by the project.",
                "doi": doi,
                "cadence": "annual",
                "statistical_unit": "local_unit" if doi is None else "resident",
                "classification_version": "NACE Rev. 2" if doi is None else None,
                "nuts_version_rule": "detect",
                "discontinued": "2020" if doi is None else None,
                "notes": "",
                "catalogue_origin": "package",
                "is_verified": doi is not None,
                "is_synthetic": is_synthetic,
            }
        )
    for document, dataset, published in (
        ("doc-sbs", "eurostat.sbs", datetime(2017, 7, 31, 14, 35)),
        ("doc-lfs", "eurostat.lfs", None),
    ):
        rows["dim_document"].append(
            {
                "document_id": document,
                "source_id": "eurostat",
                "dataset_code": dataset.partition(".")[2],
                "dataset_id": dataset,
                "document_format": "tsv",
                "content_sha256": "7e5843901bb96a89" * 4,
                "size_bytes": 10,
                "published_at": published,
                "published_at_origin": "gzip header" if published else "unknown",
                "seen_at": datetime(2017, 8, 1),
                "seen_at_origin": "manifest",
                "licence": "Eurostat reuse",
                "extent": "whole table",
                "standing": "in use",
                "is_synthetic": is_synthetic,
            }
        )
    countries = {"AT": "Österreich", "CH": "Schweiz", "FR": "France", "IT": "Italia", "LI": "Liechtenstein"}
    for code, (label, country) in REGIONS.items():
        rows["dim_region"].append(
            {
                "region_code": code,
                "label": label,
                "region_kind": "nuts",
                "nuts_level": 2,
                "country_code": country,
            }
        )
        rows["bridge_perimeter_region"].append({"perimeter_id": "alps", "region_code": code})
    for code, label in countries.items():
        rows["dim_region"].append({"region_code": code, "label": label, "region_kind": "country"})
    for perimeter, label, is_default in (("alps", "The Alps", True), ("eu28", "European Union (28)", False)):
        rows["dim_perimeter"].append(
            {
                "perimeter_id": perimeter,
                "label_en": label,
                "nuts_level": 2,
                "member_count": len(REGIONS),
                "is_default": is_default,
                "source": "the test",
                "mark": "verified",
            }
        )
    for code, label in ACTIVITIES.items():
        rows["dim_activity"].append(
            {
                "activity_code": code,
                "label_en": label,
                "classification_version": "NACE Rev. 2",
                "activity_level": "division",
                "label_mark": "to verify",
            }
        )
    for indicator, label, direction, warnings in (
        ("unemployment_rate", "Unemployment rate", -1, "small_sample"),
        ("household_income", "Household income", 1, ""),
    ):
        rows["dim_indicator"].append(
            {
                "indicator_id": indicator,
                "label_en": label,
                "description": "…",
                "unit": "%" if direction < 0 else "EUR per inhabitant",
                "direction": direction,
                "pillar": "labour",
                "indicator_kind": "intensive",
                "formula": "a",
                "terms": "{}",
                "statistical_unit": "resident",
                "usage_warnings": warnings,
                "catalogue_origin": "package",
                "mark": "to verify" if direction < 0 else "verified",
            }
        )
