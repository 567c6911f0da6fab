"""The sections on framework indicators and on gaps, and the opening's key figures.

Belongs here: from readings and counts to finished cells and pictures. Does not: layout (the template),
geometry (charts, tile_grid), activities (sections).
"""

from collections.abc import Mapping
from itertools import pairwise
from typing import Any

from alp_pipeline.catalog.vocabulary import USAGE_WARNINGS
from alp_pipeline.reports import charts, tile_grid
from alp_pipeline.reports.markup import Marker, sentence_list
from alp_pipeline.reports.model import REPORTED, Cell, Reading, RegionReport
from alp_pipeline.reports.narrative import star_counts, state_list
from alp_pipeline.reports.sections import state_legend
from alp_pipeline.reports.svg import LINE, SEQUENTIAL, STATES, swatch
from alp_pipeline.reports.wording import Wording

COVERAGE_CLASSES = (20, 40, 60, 80)
"""Lower bounds, in per cent, of the second to the last class of published divisions."""


def key_figures(report: RegionReport, words: Wording, mark: Marker) -> list[dict[str, Any]]:
    """The four numbers at the top: published divisions, highest quotient, full stars, known indicators."""
    known = sum(reading.own.is_reported for reading in report.readings)
    documents = {d for reading in report.readings if reading.own.is_reported for d in reading.document_ids}
    figures = []
    if report.scope is not None and report.year is not None:
        figures = _activity_figures(report, report.year, words, mark)
    return [
        *figures,
        {
            "number": words("key_figures.published_of", reported=known, total=len(report.readings)),
            "label": words("key_figures.framework"),
            "note": "",
            "source": mark.document_anchors(documents),
        },
    ]


def _activity_figures(report: RegionReport, year: int, words: Wording, mark: Marker) -> list[dict[str, Any]]:
    counts = report.state_counts.get(year, {})
    total, published = sum(counts.values()), counts.get(REPORTED, 0)
    hidden = counts.get("confidential", 0)
    source = mark.anchors(report.benchmark_datasets)
    first = report.ranked[0] if report.ranked else None
    certain, open_ = star_counts(report)
    judged = any(standing.stars for standing in report.standings)
    return [
        {
            "number": words("key_figures.published_of", reported=published, total=total),
            "label": words("key_figures.published"),
            "note": words("key_figures.hidden", n=hidden, other=total - published - hidden),
            "source": source,
        },
        {
            "number": mark.figure(first.location_quotient, words.quotient)
            if first
            else words("key_figures.none"),
            "label": words("key_figures.strongest"),
            "note": f"{first.activity.code} {first.activity.label}" if first else "",
            "source": source,
        },
        {
            "number": words.number(certain) if judged else words("key_figures.none"),
            "label": words.counted("key_figures.all_stars", certain),
            "note": words("key_figures.open_stars", n=open_) if judged else "",
            "source": source,
        },
    ]


def framework(report: RegionReport, words: Wording, mark: Marker) -> dict[str, Any]:
    """One line per indicator, and the warnings that its users need."""
    used = sorted({warning for each in report.readings for warning in each.indicator.usage_warnings})
    return {
        "rows": [_reading_row(report, each, words, mark) for each in report.readings],
        "warnings": [
            {
                "text": warning_text(warning),
                "indicators": words.join(
                    [r.indicator.label for r in report.readings if warning in r.indicator.usage_warnings]
                ),
            }
            for warning in used
        ],
    }


def warning_text(warning: str) -> str:
    """A usage warning as a sentence; a word that the vocabulary no longer has stands as it is.

    >>> warning_text("current_prices")
    'Current prices: growth over time contains inflation.'
    """
    known = {member.value: text for member, text in USAGE_WARNINGS.items()}
    return known.get(warning, warning.replace("_", " "))


def _reading_row(report: RegionReport, each: Reading, words: Wording, mark: Marker) -> dict[str, Any]:
    values = each.values
    write = words.alike(values.values())
    directions = {1: "up", -1: "down", 0: "neither"}
    row = {
        "id": each.indicator.indicator_id,
        "label": each.indicator.label,
        "unit": words.unit(each.indicator.unit),
        "description": each.indicator.description,
        "mark": "" if each.indicator.is_verified else words("framework.to_verify"),
        "direction": words(f"framework.direction.{directions[each.indicator.direction]}"),
        "value": mark.figure(each.own, write),
        "period": each.period or "",
        "source": mark.document_anchors(each.document_ids),
        "strip": "",
    }
    if not values:
        return row | {"rank": words("framework.no_one")}
    names = {code: report.perimeter.region(code).label for code in values}
    lowest = min(values, key=lambda code: (values[code], code))
    highest = min(values, key=lambda code: (-values[code], code))
    low, high = write(values[lowest]), write(values[highest])
    if each.rank is None:
        rank = words("framework.unranked", count=len(values))
        said = words(
            "framework.strip_absent",
            region=report.region.label,
            state=words.state(each.own.state),
            count=len(values),
            low=low,
            high=high,
        )
    else:
        rank = words("framework.rank", rank=each.rank, count=len(values))
        own = mark.plain(each.own, write)
        said = words(
            "framework.strip_own",
            region=report.region.label,
            value=own,
            rank=each.rank,
            count=len(values),
            low=low,
            high=high,
        )
    return row | {
        "rank": rank,
        "strip": charts.dot_strip(
            values,
            report.region.code,
            ident=f"strip-{each.indicator.indicator_id}",
            title=words("framework.strip_title", indicator=each.indicator.label, period=each.period),
            description=said,
            names={code: f"{names[code]} {write(value)}" for code, value in values.items()},
        ),
        "lowest": words("framework.lowest", value=low, region=names[lowest]),
        "highest": words("framework.highest", value=high, region=names[highest]),
    }


def gaps(
    report: RegionReport, words: Wording, mark: Marker, tiles: Mapping[str, tile_grid.Tile]
) -> dict[str, Any]:
    """Counts of the region's cells by state and year, and where in the perimeter divisions are published."""
    states = [REPORTED, *STATES]
    occurring = [s for s in states if any(counts.get(s) for counts in report.state_counts.values())]
    bars = [charts.Bar(str(year), report.state_counts[year]) for year in report.years]
    said = [
        f"{bar.label}: "
        + words.join([f"{bar.counts[s]} {words.state(s)}" for s in states if bar.counts.get(s)])
        for bar in bars
        if bar.counts
    ]
    title = words("gaps.bars_title", region=report.region.label)
    return {
        "states": [words.state(state) for state in occurring],
        "rows": [
            {
                "year": bar.label,
                "counts": [bar.counts.get(state, 0) for state in occurring],
                "total": sum(bar.counts.values()),
            }
            for bar in bars
        ],
        "svg": charts.state_bars(
            bars,
            ident="gaps",
            title=title,
            description=sentence_list(said),
            total_label=words("gaps.bars_total"),
        )
        if said
        else "",
        "legend": [(swatch(LINE), words.state(REPORTED)), *state_legend(words, "gaps")],
        **_coverage(report, words, mark, tiles),
    }


def _coverage(
    report: RegionReport, words: Wording, mark: Marker, tiles: Mapping[str, tile_grid.Tile]
) -> dict[str, Any]:
    if report.year is None:
        return {"map": ""}
    most = max((sum(counts.values()) for counts in report.coverage.values()), default=0)
    values = {}
    classes = {}
    for member in report.perimeter.members:
        counts = report.coverage.get(member.code, {})
        published, total = counts.get(REPORTED, 0), sum(counts.values())
        if published:
            said = words("gaps.map_said", region=member.label, n=published, total=total)
            classes[member.code] = sum(100 * published >= bound * total for bound in COVERAGE_CLASSES)
            cell = Cell(float(published), REPORTED)
        else:
            states = state_list(counts, words) or words.state("not_available")
            said = words("gaps.map_said_none", region=member.label, total=total or most, states=states)
            cell = Cell(None, max(sorted(counts), key=lambda state: counts[state], default="not_available"))
        values[member.code] = tile_grid.TileValue(cell, str(published), said)
    title = words("gaps.map_title", year=report.year)
    return {
        "most": most,
        "map": tile_grid.tile_map(
            tile_grid.placed([member.code for member in report.perimeter.members], tiles),
            values,
            report.region.code,
            ident="map-coverage",
            title=title,
            description=sentence_list([values[m.code].said for m in report.perimeter.members]),
            classes=classes,
        ),
        "classes": [(swatch(SEQUENTIAL[i]), said) for i, said in enumerate(_coverage_words(words))],
        "map_states": state_legend(words, "coverage"),
    }


def _coverage_words(words: Wording) -> list[str]:
    bounds = (0, *COVERAGE_CLASSES)
    said = [words("gaps.map_class", low=low, high=high) for low, high in pairwise(bounds)]
    return [*said, words("gaps.map_class_last", low=bounds[-1])]
