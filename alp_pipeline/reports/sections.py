"""The sections on regional activities: strongest, development, comparison.

Belongs here: from the model to finished cells, pictures and words, ready for the template. Does not: the
template's layout, figures' markup (markup), geometry (charts, tile_grid).
"""

from collections.abc import Mapping
from itertools import pairwise
from typing import Any

from markupsafe import Markup

from alp_pipeline.reports import charts, tile_grid
from alp_pipeline.reports.markup import Marker, sentence_list
from alp_pipeline.reports.model import Comparison, Development, RegionReport, Standing, Stars
from alp_pipeline.reports.svg import SEQUENTIAL, STATE_CODES, STATES, state_fill, state_patterns, swatch
from alp_pipeline.reports.wording import Wording

LISTED_ACTIVITIES = 10
NAMED_REGIONS = 4
_CRITERIA = ("size", "specialisation", "focus")


def strongest(report: RegionReport, words: Wording, mark: Marker) -> dict[str, Any]:
    """The table of the most specialised divisions, and that of all divisions."""
    ranked = report.ranked
    # Every bar of the table is drawn to one scale.
    highest = max((s.location_quotient.value or 0.0 for s in ranked), default=1.0)
    return {
        "rows": [
            _standing_row(s, i, highest, words, mark)
            for i, s in enumerate(ranked[:LISTED_ACTIVITIES], start=1)
        ],
        "all_rows": [_standing_row(s, i, highest, words, mark, "all") for i, s in _numbered(report)],
        "star_legend": [
            (charts.star_row([("", verdict)], ident=f"star-{verdict}", title=words(key)), words(key))
            for verdict, key in (
                ("yes", "strongest.legend_yes"),
                ("undetermined", "strongest.legend_undetermined"),
                ("no", "strongest.legend_no"),
            )
        ],
    }


def _numbered(report: RegionReport) -> list[tuple[int | None, Standing]]:
    return [(i if s.rank is not None else None, s) for i, s in enumerate(report.standings, start=1)]


def _standing_row(
    standing: Standing, place: int | None, highest: float, words: Wording, mark: Marker, table: str = "top"
) -> dict[str, Any]:
    quotient = standing.location_quotient
    bar = ""
    if quotient.value is not None and table == "top":
        title = words("strongest.bar", value=words.quotient(quotient.value))
        bar = charts.quotient_bar(quotient.value, highest, ident=f"bar-{standing.activity.code}", title=title)
    return {
        "place": place or "",
        "code": standing.activity.code,
        "label": standing.activity.label,
        "employment": mark.figure(standing.size, words.number),
        "growth": mark.growth(standing.growth),
        "quotient": mark.figure(quotient, words.quotient),
        "bar": bar,
        "rank": words("strongest.rank_value", rank=standing.rank, count=standing.ranked_count)
        if standing.rank
        else words("strongest.unranked"),
        "size": mark.figure(standing.size_share, words.percent),
        "focus": mark.figure(standing.focus, words.percent),
        **_stars(standing.stars, f"{table}-{standing.activity.code}", words),
    }


def _stars(stars: Stars | None, ident: str, words: Wording) -> dict[str, str]:
    if stars is None:
        return {"stars": "", "stars_text": words("strongest.stars_none")}
    verdicts = [(name, getattr(stars, name)) for name in _CRITERIA]
    parts = [
        words(
            "strongest.star_part",
            criterion=words(f"strongest.criterion.{name}"),
            verdict=words(f"strongest.verdict.{verdict}"),
        )
        for name, verdict in verdicts
        if verdict is not None
    ]
    key = "strongest.stars_exact" if stars.certain == stars.possible else "strongest.stars_range"
    letters = [(words(f"strongest.letter.{name}"), verdict) for name, verdict in verdicts]
    title = words("strongest.star_title", parts=sentence_list(parts))
    return {
        "stars": charts.star_row(letters, ident=f"stars-{ident}", title=title),
        "stars_text": words(key, min=stars.certain, max=stars.possible, n=len(parts)),
    }


def development(report: RegionReport, words: Wording, mark: Marker) -> dict[str, Any]:
    """One small chart per strong activity, and all their values in a table."""
    return {
        "charts": [_chart(each, words, mark) for each in report.developments],
        "years": report.years,
        "rows": [
            {
                "code": each.activity.code,
                "label": each.activity.label,
                "cells": [mark.figure(each.cells[year], words.number) for year in report.years],
            }
            for each in report.developments
        ],
        "recodes": _recodes(report, words),
        "states": state_legend(words, "line"),
    }


def _chart(each: Development, words: Wording, mark: Marker) -> dict[str, str]:
    said = [
        words("development.chart_value", year=year, value=mark.plain(cell, words.number))
        for year, cell in sorted(each.cells.items())
    ]
    return {
        "code": each.activity.code,
        "label": each.activity.label,
        "svg": charts.line_chart(
            each.cells,
            ident=f"line-{each.activity.code}",
            title=f"{each.activity.code} {each.activity.label}",
            description=words("development.chart_description", values=sentence_list(said)),
            number=words.number,
        ),
    }


def _recodes(report: RegionReport, words: Wording) -> list[str]:
    by_code: dict[str, set[int]] = {}
    for each in report.developments:
        for year, code in each.recoded_from.items():
            by_code.setdefault(code, set()).add(year)
    return [
        words("development.recoded", code=code, years=words.join([str(year) for year in sorted(years)]))
        for code, years in sorted(by_code.items())
    ]


def comparison(
    report: RegionReport, words: Wording, mark: Marker, tiles: Mapping[str, tile_grid.Tile]
) -> dict[str, Any]:
    """A tile map per strong activity with the whole table behind it, and the legend of all maps."""
    return {
        "maps": [_map(report, each, words, mark, tiles) for each in report.comparisons],
        "units": _all_units(report, words, mark),
        "classes": [(swatch(SEQUENTIAL[i]), said) for i, said in enumerate(_class_words(words))],
        "states": state_legend(words, "map"),
    }


def _class_words(words: Wording) -> list[str]:
    bounds = [words.number(bound, 1) for bound in tile_grid.QUOTIENT_CLASSES]
    middle = [words("comparison.class_middle", low=low, high=high) for low, high in pairwise(bounds)]
    return [
        words("comparison.class_first", high=bounds[0]),
        *middle,
        words("comparison.class_last", low=bounds[-1]),
    ]


def state_legend(words: Wording, prefix: str) -> list[tuple[Markup, str]]:
    """Each state's pattern and code with its word."""
    legend = []
    for state in STATES:
        ident = f"{prefix}-legend"
        drawn = swatch(state_fill(ident, state), state_patterns(ident, [state]), STATE_CODES[state])
        legend.append((drawn, words.state(state)))
    return legend


def _map(
    report: RegionReport, each: Comparison, words: Wording, mark: Marker, tiles: Mapping[str, tile_grid.Tile]
) -> dict[str, Any]:
    members = report.perimeter.members
    own = report.region.code
    values = {}
    classes = {}
    for member in members:
        standing = each.standings.get(member.code)
        cell = standing.location_quotient if standing else tile_grid.ABSENT
        shown = mark.plain(cell, words.quotient)
        values[member.code] = tile_grid.TileValue(
            cell,
            words.number(cell.value, 1) if cell.value is not None else "",
            words("comparison.tile_said", region=member.label, value=shown, rank=_rank(standing, words)),
            bool(standing and standing.rank),
        )
        if cell.value is not None:
            classes[member.code] = tile_grid.quotient_class(cell.value)
    title = f"{each.activity.code} {each.activity.label}, {each.year}"
    said = sentence_list([values[member.code].said for member in members])
    ranked = sorted(
        (s for s in each.standings.values() if s.rank is not None), key=lambda s: (s.rank, s.region_code)
    )
    highest = [
        words(
            "comparison.highest_item",
            region=report.perimeter.region(s.region_code).label,
            value=words.quotient(s.location_quotient.value or 0.0),
        )
        for s in ranked[:NAMED_REGIONS]
    ]
    mine = each.standings.get(own)
    return {
        "title": title,
        "activity": f"{each.activity.code} {each.activity.label}",
        "svg": tile_grid.tile_map(
            tile_grid.placed([member.code for member in members], tiles),
            values,
            own,
            ident=f"map-{each.activity.code}",
            title=title,
            description=words("comparison.map_description", values=said),
            classes=classes,
        ),
        "highest": words("comparison.highest", list=" · ".join(highest)),
        "own_rank": words(
            "comparison.own_rank",
            region=report.region.label,
            rank=mine.rank if mine else None,
            count=len(ranked),
            unranked=len(members) - len(ranked),
            total=len(members),
        ),
    }


def _rank(standing: Standing | None, words: Wording) -> str:
    if standing is None or standing.rank is None:
        return words("comparison.tile_unranked")
    return words("comparison.tile_rank", rank=standing.rank, count=standing.ranked_count)


def _all_units(report: RegionReport, words: Wording, mark: Marker) -> list[dict[str, Any]]:
    """Every unit of the perimeter by code, with its quotient and rank in each compared activity."""
    return [
        {
            "code": member.code,
            "label": member.label,
            "is_own": member.code == report.region.code,
            "cells": [
                _unit_cells(each.standings.get(member.code), words, mark) for each in report.comparisons
            ],
        }
        for member in report.perimeter.members
    ]


def _unit_cells(standing: Standing | None, words: Wording, mark: Marker) -> dict[str, Any]:
    return {
        "quotient": mark.figure(standing.location_quotient if standing else tile_grid.ABSENT, words.quotient),
        "rank": str(standing.rank) if standing and standing.rank is not None else words("strongest.unranked"),
        "employment": mark.figure(standing.size if standing else tile_grid.ABSENT, words.number),
    }
