"""What every benchmark table says of itself: by which method, for which perimeter, as of when.

Belongs here: the columns that all `bench_*` tables share. Does not: the columns of one method.
"""

from typing import Any

from sqlalchemy import Column, Date, Table, Text

from alp_pipeline.warehouse.columns import column, metadata


def bench_table(name: str, *columns: "Column[Any]", comment: str, per_perimeter: bool = True) -> Table:
    """Declare a benchmark table: perimeter first, then the method's columns, then where they come from.

    Args:
        columns: the method's own; those with `key=True` make up the key together with `perimeter_id`.
        comment: what a row is, for the data dictionary.
        per_perimeter: False for a table that speaks of the universe and not of units: it names no perimeter.
    """
    perimeter = column(
        "perimeter_id",
        Text,
        "The perimeter whose units are listed.",
        key=True,
        references="dim_perimeter.perimeter_id",
    )
    return Table(
        name,
        metadata,
        *([perimeter] if per_perimeter else []),
        *columns,
        column("method", Text, "The method, in one line with its parameters.", required=True),
        column("method_version", Text, "Version of the method, scheme or recipe.", required=True),
        column("universe", Text, "The regions that it was computed over.", required=True),
        column(
            "as_of_date",
            Date,
            "Day on which the newest document behind it was public; when it was seen, where that is unknown.",
        ),
        column(
            "document_ids",
            Text,
            "The documents that it was computed from, separated by blanks.",
            required=True,
        ),
        comment=comment,
    )
