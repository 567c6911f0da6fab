"""Declaration of `bench_structure`."""

from typing import Any

from sqlalchemy import Column, Float, Integer, SmallInteger, Text

from alp_pipeline.observations.schema import CELL_STATES
from alp_pipeline.warehouse.benchmarks.common import bench_table
from alp_pipeline.warehouse.columns import column

MEASURE_STATES = (*CELL_STATES, "undetermined")
MEASURES = {
    "herfindahl": ("1", "Sum of squared shares of the divisions: from 1/n (even) to 1 (one division)."),
    "entropy": ("bit", "Shannon entropy of the shares, base 2: 0 is one division alone."),
    "theil": ("nat", "Divergence of the shares from the reference's: 0 where they are the same."),
    "krugman": ("1", "Sum of the shares' distances from the reference's: from 0 to 2."),
    "hachman": ("1", "1 / (sum of location quotient × share): 1 where shares are the reference's."),
    "unrelated_variety": ("bit", "Entropy of the sections' shares."),
    "related_variety": ("bit", "Entropy within sections: with unrelated variety it makes up the entropy."),
}  # fmt: skip
AGAINST_REFERENCE = ("theil", "krugman", "hachman")
WITHOUT_BOUNDS = ("unrelated_variety",)
"""It is computed from published sections: it has a value or nothing is known."""
_INTERNAL = (
    "Internal, not for publication: {} possible value where hidden cells lie in published sections and none "
    "of them can be computed; else the value."
)


def _measure(name: str, unit: str, what: str) -> "list[Column[Any]]":
    greatest = 2.0 if name == "krugman" else 1.0 if unit == "1" else None
    columns = [
        column(name, Float, what, unit=unit, states=f"{name}_state", between=(0, greatest)),
        column(
            f"{name}_state",
            Text,
            f"Why {name} is there or not; undetermined where hidden cells decide it.",
            required=True,
            one_of=MEASURE_STATES,
        ),
    ]
    if name in WITHOUT_BOUNDS:
        return columns
    return [
        *columns,
        column(f"{name}_low", Float, _INTERNAL.format("least"), unit=unit),
        column(f"{name}_high", Float, _INTERNAL.format("greatest"), unit=unit),
    ]


def _count(name: str, what: str) -> "Column[Any]":
    return column(name, Integer, what, unit="activities", required=True, between=(0, None))


bench_structure = bench_table(
    "bench_structure",
    column(
        "reference_territory_id",
        Text,
        "The territory that theil, krugman and hachman compare with.",
        key=True,
        references="dim_perimeter.perimeter_id",
    ),
    column("region_code", Text, "The region.", key=True, references="dim_region.region_code"),
    column("year", SmallInteger, "Reference year.", key=True, unit="year"),
    *(one for name, (unit, what) in MEASURES.items() for one in _measure(name, unit, what)),
    column(
        "note",
        Text,
        "Why there is no value, in a word: hidden_cells, missing_cells, computable_cell (bounds would give a "
        "hidden cell away), reference_not_known, nothing_counted, no_row; empty text otherwise.",
        required=True,
    ),
    _count("reported_cells", "Divisions with a number."),
    _count("hidden_cells", "Confidential divisions."),
    _count("missing_cells", "Divisions without a number for another reason."),
    column("statistical_unit", Text, "What is counted.", required=True),
    column("classification_version", Text, "Version of the activity classification.", required=True),
    comment="Concentration and diversity of regions' employment by NACE division. One row per perimeter, "
    "reference, region and year.",
)
