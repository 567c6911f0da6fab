"""Framework indicators: every indicator that is not broken down by activity, as one region reads it.

Belongs here: every query on `fct_indicator`, the period that a reading shows. Does not: wording, charts.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from alp_pipeline.reports.model import (
    Cell,
    Indicator,
    Perimeter,
    Reading,
    ReleaseInconsistent,
    comparison_period,
)
from alp_pipeline.reports.release_file import ReleaseFile
from alp_pipeline.reports.standings import LANGUAGE_LABEL

_TOTAL = "activity_code = 'TOTAL'"


@dataclass(frozen=True)
class Sourced:
    """A cell with the documents behind it."""

    cell: Cell
    document_ids: tuple[str, ...]


@dataclass(frozen=True)
class IndicatorTable:
    """A perimeter's indicators, by pillar and label, and their cells: id → period → region code → cell."""

    indicators: tuple[Indicator, ...]
    cells: Mapping[str, Mapping[str, Mapping[str, Sourced]]]


def read_indicators(release: ReleaseFile, perimeter: Perimeter) -> IndicatorTable:
    """The indicators of all units of a perimeter, in all periods.

    Raises:
        ReleaseInconsistent: a reported value without a number or without a document.
    """
    indicators = release.rows(
        f"""SELECT indicator_id, {LANGUAGE_LABEL} AS label, description, unit, direction, pillar,
                   indicator_kind, statistical_unit, usage_warnings, mark
            FROM dim_indicator
            WHERE indicator_id IN (SELECT indicator_id FROM fct_indicator WHERE {_TOTAL})
            ORDER BY pillar, label_en, indicator_id"""
    )
    cells: dict[str, dict[str, dict[str, Sourced]]] = {}
    for row in release.rows(
        f"""SELECT indicator_id, time_period, region_code, value, cell_state, obs_status, document_ids
            FROM fct_indicator JOIN bridge_perimeter_region USING (region_code)
            WHERE perimeter_id = ? AND {_TOTAL} ORDER BY indicator_id, time_period, region_code""",
        [perimeter.perimeter_id],
    ):
        name, period, region = row["indicator_id"], row["time_period"], row["region_code"]
        where = f"fct_indicator/{name}/{region}/{period}"
        found = Sourced(
            Cell(row["value"], row["cell_state"], row["obs_status"], where),
            tuple(row["document_ids"].split()),
        )
        if found.cell.is_reported and not found.document_ids:
            raise ReleaseInconsistent(
                "a reported figure names no document", where=where, todo="Rebuild the release."
            )
        cells.setdefault(name, {}).setdefault(period, {})[region] = found
    return IndicatorTable(
        tuple(
            Indicator(
                row["indicator_id"],
                row["label"] or row["indicator_id"],
                row["description"],
                row["unit"],
                row["direction"] or 0,
                row["pillar"],
                row["indicator_kind"] == "extensive",
                row["statistical_unit"],
                tuple(row["usage_warnings"].split()),
                row["mark"] == "verified",
            )
            for row in indicators
        ),
        cells,
    )


def readings_of(table: IndicatorTable, region_code: str) -> tuple[Reading, ...]:
    """Every indicator as one region reads it: its own cell among the perimeter's of the same period."""
    return tuple(
        _reading(indicator, table.cells.get(indicator.indicator_id, {}), region_code)
        for indicator in table.indicators
    )


def _reading(indicator: Indicator, cells: Mapping[str, Mapping[str, Sourced]], region_code: str) -> Reading:
    coverage = {
        period: sum(found.cell.is_reported for found in regions.values()) for period, regions in cells.items()
    }
    own = {
        period
        for period, regions in cells.items()
        if region_code in regions and regions[region_code].cell.is_reported
    }
    period = comparison_period(coverage, own)
    here = cells.get(period, {}) if period else {}
    where = f"fct_indicator/{indicator.indicator_id}/{region_code}/{period or '-'}"
    return Reading(
        indicator,
        period,
        here[region_code].cell if region_code in here else Cell(None, "not_available", "", where),
        {code: found.cell for code, found in here.items()},
        tuple(sorted({document for found in here.values() for document in found.document_ids})),
    )
