"""What the UI shows of a table: its declared columns, row counts, states, a small preview.

Belongs here: metadata values. Does not: the figures' computation (they stand in the stage records).
"""

from collections.abc import Mapping, Sequence
from typing import Any

import dagster as dg

from alp_pipeline.build.sql import parquet
from alp_pipeline.build.stage import StageRecord
from alp_pipeline.warehouse.columns import duckdb_type
from alp_pipeline.warehouse.tables import TABLES
from alp_pipeline.workspace import Workspace

_PREVIEW_ROWS = 8


def table_definition_metadata(tables: Sequence[str]) -> dict[str, Any]:
    """The declared columns: the first table's where Dagster shows an asset's columns, others by name."""
    if not tables:
        return {}
    first, *others = tables
    return {
        "dagster/column_schema": _columns(first),
        "dagster/table_name": first,
        **{f"columns of {name}": dg.MetadataValue.table_schema(_columns(name)) for name in others},
    }


def _columns(table: str) -> dg.TableSchema:
    return dg.TableSchema(
        columns=[
            dg.TableColumn(
                column.name,
                duckdb_type(column),
                description=_described(column.comment, column.info["unit"]),
                constraints=dg.TableColumnConstraints(nullable=bool(column.nullable)),
            )
            for column in TABLES[table].columns
        ]
    )


def _described(comment: str | None, unit: str | None) -> str:
    return f"{comment} Unit: {unit}." if unit else str(comment)


def output_metadata(workspace: Workspace, records: Sequence[StageRecord]) -> dict[str, Any]:
    """Counts, times and a preview of the last stage's largest table."""
    last = records[-1]
    metadata: dict[str, Any] = {
        "dagster/row_count": sum(last.rows.values()),
        "unchanged": all(record.unchanged for record in records),
        "seconds": round(sum(record.seconds for record in records if not record.unchanged), 3),
        "fingerprint": last.fingerprint,
    }
    documents = [record for record in records if "cells" in record.facts]
    if documents:
        metadata["documents"] = dg.MetadataValue.md(_document_table(documents, last.facts))
    table = max(last.rows, key=lambda name: last.rows[name])
    if last.rows[table]:
        metadata["preview"] = dg.MetadataValue.md(_preview(workspace, table, last.fingerprint))
    return metadata


def _document_table(records: Sequence[StageRecord], chosen: Mapping[str, Any]) -> str:
    """The documents with their standing, as the stage that chose among them says."""
    standing = chosen.get("standing", {})
    lines = [
        "| document | outcome | series | periods | cells | quarantined | states |",
        "|---|---|---|---|---|---|---|",
    ]
    for record in records:
        facts = record.facts
        states = ", ".join(f"{state} {count:,}" for state, count in facts["states"].items())
        document = record.stage.split("#", 1)[1]
        verdict = "undated, in no history" if facts["accepted"] else "kept out"
        cells = [document, standing.get(document, {}).get("outcome", verdict)]
        cells += [_count(facts[name]) for name in ("series", "periods", "cells", "quarantined")]
        lines.append("| " + " | ".join([*cells, states or facts["error"].replace("|", "/")]) + " |")
    return "\n".join(lines)


def _count(number: int | None) -> str:
    return "–" if number is None else f"{number:,}"


def _preview(workspace: Workspace, table: str, fingerprint: str) -> str:
    import duckdb

    with duckdb.connect() as connection:
        found = connection.execute(
            f"SELECT * FROM {parquet(workspace.store.file(table, fingerprint))} LIMIT {_PREVIEW_ROWS}"
        )
        names = [column[0] for column in found.description or ()]
        rows = found.fetchall()
    shown = [name for i, name in enumerate(names) if any(row[i] is not None for row in rows)][:14]
    at = [names.index(name) for name in shown]
    lines = ["| " + " | ".join(shown) + " |", "|" + "---|" * len(shown)]
    lines += ["| " + " | ".join(_cell(row[i]) for i in at) + " |" for row in rows]
    return "\n".join(lines)


def _cell(value: object) -> str:
    text = "" if value is None else str(value)
    return (text[:60] + "…" if len(text) > 60 else text).replace("|", "\\|").replace("\n", " ")
