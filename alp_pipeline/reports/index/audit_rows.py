"""The long form of an audit as sections with findings and tables.

Belongs here: from rows of `bench_index_audit` back to tables, and which of them a page may show. Does not:
what the columns are called in a language (tables).

Only what is listed here is read. An audit may hold more, bounds of hidden cells among it, which are internal;
what a page shows is therefore named table by table and column by column.
"""

from collections.abc import Mapping
from types import MappingProxyType

from alp_pipeline.reports.index.model import AuditCell, AuditFinding, AuditSection
from alp_pipeline.reports.release_file import ReleaseFile

SECTIONS = ("framework", "availability", "treatment", "coherence", "weights", "uncertainty", "links")
"""The Handbook's order."""
SHOWN: Mapping[str, Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "availability": {
            "indicators": (
                "units",
                "available",
                "confidential",
                "missing",
                "availability",
                "zero_share",
                "is_scarce",
            ),
        },
        "treatment": {
            "treatment": (
                "method",
                "points",
                "then",
                "skew_before",
                "kurtosis_before",
                "skew_after",
                "kurtosis_after",
            ),
            "points": ("indicator", "value_before", "value_after"),
        },
        "coherence": {
            "alpha": ("items", "units", "alpha", "mean_correlation", "is_incoherent"),
            "components": ("component", "eigenvalue", "explained_share", "is_kept"),
            "correlations_within": ("code", "other_code", "units", "correlation", "p_value"),
            "correlations_above": (
                "level",
                "code",
                "other_level",
                "other_code",
                "units",
                "correlation",
                "p_value",
            ),
        },
        "weights": {
            "importance_in_parent": ("target", "weight_share", "importance_share", "importance_ratio"),
        },
        "uncertainty": {
            "configuration": ("over", "what", "value", "basis", "cells"),
        },
        "links": {
            "links": (
                "other_code",
                "other_year",
                "expected",
                "method",
                "units",
                "correlation",
                "lower",
                "upper",
            ),
        },
    }
)
FINDING = "finding"


def read_sections(release: ReleaseFile, recipe_id: str, year: int | None) -> dict[str, AuditSection]:
    """Section → its findings and the tables that may be shown; sections in the Handbook's order."""
    findings: dict[str, list[AuditFinding]] = {name: [] for name in SECTIONS}
    tables: dict[str, dict[str, dict[int, tuple[str, dict[str, AuditCell]]]]] = {
        name: {} for name in SECTIONS
    }
    for row in release.rows(
        """SELECT * FROM bench_index_audit
           WHERE recipe_id = ? AND year = ? AND section IN (SELECT unnest(?))
             AND perimeter_id = (SELECT min(perimeter_id) FROM bench_index_audit WHERE recipe_id = ?)
           ORDER BY section_number, table_id, row_number, column_id""",
        [recipe_id, year, list(SECTIONS), recipe_id],
    ):
        section, table, number = row["section"], row["table_id"], row["row_number"]
        if table == FINDING:
            about = tuple(row["row_label"].split())
            findings[section].append(AuditFinding(row["column_id"], about, row["text"]))
            continue
        columns = shown_columns(section, table)
        base = f"bench_index_audit/{recipe_id}/{year}/{row['section_number']}/{table}/{number}"
        if row["column_id"] in columns:
            rows = tables[section].setdefault(table, {})
            _, cells = rows.setdefault(number, (row["row_label"], {}))
            cells[row["column_id"]] = AuditCell(row["value"], row["text"], f"{base}/{row['column_id']}")
    return {
        name: AuditSection(
            tuple(findings[name]),
            {table: tuple(rows[number] for number in sorted(rows)) for table, rows in tables[name].items()},
        )
        for name in SECTIONS
    }


def shown_columns(section: str, table_id: str) -> tuple[str, ...]:
    """The columns of a table that a page may show; none for a table that is not listed.

    >>> shown_columns("treatment", "3_treat_treatment")[:2], shown_columns("uncertainty", "ranks")
    (('method', 'points'), ())
    """
    for name, columns in SHOWN.get(section, {}).items():
        # A step's table has the stage before its name: 3_treat_treatment.
        if table_id == name or (table_id[:1].isdigit() and table_id.endswith(f"_{name}")):
            return columns
    return ()
