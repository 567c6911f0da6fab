"""The sections of a computed index's page, in the Handbook's order.

Belongs here: findings, tables and pictures of each section put together. Does not: numbers as written
(tables), what each picture holds (pictures), layout (the template).
"""

from collections.abc import Sequence
from typing import Any

from markupsafe import Markup

from alp_pipeline.reports.index import pictures, tables
from alp_pipeline.reports.index.audit_rows import SECTIONS
from alp_pipeline.reports.index.model import Factor, IndexIndicator, IndexReport, Score
from alp_pipeline.reports.markup import Marker, sentence_list
from alp_pipeline.reports.model import Cell
from alp_pipeline.reports.plots.heat_map import CORRELATION
from alp_pipeline.reports.sections import state_legend
from alp_pipeline.reports.wording import Wording


def sections(report: IndexReport, words: Wording, mark: Marker) -> dict[str, dict[str, Any]]:
    """Section → its findings and whatever else its part of the template lays out."""
    made = {
        "framework": _framework,
        "availability": _availability,
        "treatment": _treatment,
        "coherence": _coherence,
        "weights": _weights,
        "uncertainty": _uncertainty,
        "links": _links,
    }
    return {
        name: {"findings": tables.findings(report, words, name), **made[name](report, words, mark)}
        for name in SECTIONS
    }


def indicator_rows(
    report: IndexReport, words: Wording, mark: Marker, indicators: Sequence[IndexIndicator]
) -> list[dict[str, Any]]:
    """Indicators of the recipe with their sources."""
    rows = []
    for each in indicators:
        rows.append(
            {
                "code": each.indicator_id,
                "label": report.name(each.indicator_id),
                "source": mark.document_anchors(each.documents),
                "unit": words.unit(each.unit),
                "pillar": report.name(each.pillar_id),
                "direction": words("index.framework.up" if each.direction > 0 else "index.framework.down"),
                "weight": mark.figure(each.weight, lambda value: words.number(value, 2)),
                "effective": mark.figure(each.effective_weight, words.percent),
                "year": mark.figure(each.source_year, lambda value: f"{value:.0f}"),
                "coverage": mark.figure(each.coverage, words.percent),
                "used": words("index.yes") if each.is_used else each.reason,
            }
        )
    return rows


def _framework(report: IndexReport, words: Wording, mark: Marker) -> dict[str, Any]:
    return {"rows": indicator_rows(report, words, mark, report.indicators), "steps": report.recipe.steps}


def _availability(report: IndexReport, words: Wording, mark: Marker) -> dict[str, Any]:
    key = "index.availability"
    svg, shades, states = pictures.value_picture(report, words)
    patterns = [
        pair
        for pair, state in zip(state_legend(words, "values"), _legend_states(), strict=True)
        if state in states
    ]
    return {
        "table": tables.audit_table(
            report,
            words,
            mark,
            section="availability",
            name="indicators",
            caption=f"{key}.caption",
            first="index.framework.indicator",
            columns=f"{key}.columns",
        ),
        "svg": svg,
        "lead": words(
            f"{key}.map_lead",
            low=words.number(shades.low),
            high=words.number(shades.high),
            columns=words.join(
                [report.name(each.indicator_id) for each in report.indicators if each.is_used]
            ),
        ),
        "shades": pictures.shade_legend(shades, words),
        "states": patterns,
        "units": [_unit(report, words, mark, member.code) for member in report.perimeter.members],
    }


def _legend_states() -> Sequence[str]:
    from alp_pipeline.reports.svg import STATES

    return STATES


def _unit(report: IndexReport, words: Wording, mark: Marker, code: str) -> dict[str, Any]:
    """How many of a unit's cells are published, confidential, otherwise missing: counts of cells."""
    used = [each.indicator_id for each in report.indicators if each.is_used]
    found = [
        report.values[code, name].state if (code, name) in report.values else "not_available" for name in used
    ]
    score = report.index.get(code)
    return {
        "code": code,
        "label": report.name(code),
        "reported": found.count("reported"),
        "confidential": found.count("confidential"),
        "other": len(found) - found.count("reported") - found.count("confidential"),
        "index": _score(score, words, mark),
    }


def _score(score: Score | None, words: Wording, mark: Marker) -> Markup:
    cell = score.score if score else Cell(None, "not_available")
    return mark.figure(cell, lambda value: words.number(value, 1))


def _treatment(report: IndexReport, words: Wording, mark: Marker) -> dict[str, Any]:
    key = "index.treatment"
    return {
        "table": tables.audit_table(
            report,
            words,
            mark,
            section="treatment",
            name="treatment",
            caption=f"{key}.caption",
            first="index.framework.indicator",
            columns=f"{key}.columns",
        ),
        "points": tables.audit_table(
            report,
            words,
            mark,
            section="treatment",
            name="points",
            caption=f"{key}.points_caption",
            first=f"{key}.points.unit",
            columns=f"{key}.points",
        ),
    }


def _coherence(report: IndexReport, words: Wording, mark: Marker) -> dict[str, Any]:
    key = "index.coherence"
    return {
        "table": tables.audit_table(
            report,
            words,
            mark,
            section="coherence",
            name="alpha",
            caption=f"{key}.caption",
            first=f"{key}.group",
            columns=f"{key}.columns",
        ),
        "components": tables.audit_table(
            report,
            words,
            mark,
            section="coherence",
            name="components",
            caption=f"{key}.components_caption",
            first=f"{key}.group",
            columns=f"{key}.components",
        ),
        "indicators": pictures.correlation_picture(report, words, of_pillars=False),
        "rows": sentence_list(
            [
                f"{i}: {report.name(each.indicator_id)}"
                for i, each in enumerate((each for each in report.indicators if each.is_used), start=1)
            ]
        ),
        "pillars": pictures.correlation_picture(report, words, of_pillars=True),
        "shades": pictures.shade_legend(CORRELATION, words, 2),
    }


def _weights(report: IndexReport, words: Wording, mark: Marker) -> dict[str, Any]:
    key = "index.weights"
    return {
        "table": tables.audit_table(
            report,
            words,
            mark,
            section="weights",
            name="importance_in_parent",
            caption=f"{key}.caption",
            first=f"{key}.element",
            columns=f"{key}.columns",
        )
    }


def _uncertainty(report: IndexReport, words: Wording, mark: Marker) -> dict[str, Any]:
    key = "index.uncertainty"
    ordered = [*report.ranked, *_apart(report)]
    draws = report.recipe.draws
    return {
        "lead": words(f"{key}.lead", draws=words.number(draws), perimeter=report.perimeter.label)
        if draws
        else words(f"{key}.lead_no_draws"),
        "ranking": pictures.rank_picture(report, words),
        "rows": [_rank_row(report, score, words, mark) for score in ordered],
        "factors": pictures.factor_picture(report, words) if report.factors else None,
        "factor_rows": [_factor_row(report, factor, words, mark) for factor in report.factors],
        "output": words(f"{key}.output", output=report.status.output, universe=report.status.universe)
        if report.status.output
        else "",
        "configuration": tables.audit_table(
            report,
            words,
            mark,
            section="uncertainty",
            name="configuration",
            caption=f"{key}.configuration_caption",
            first=f"{key}.factor",
            columns=f"{key}.configuration",
        ),
    }


def _apart(report: IndexReport) -> list[Score]:
    """Scores without a rank interval, by code."""
    ranked = {score.region_code for score in report.ranked}
    return [report.index[code] for code in sorted(report.index) if code not in ranked]


def _rank_row(report: IndexReport, score: Score, words: Wording, mark: Marker) -> dict[str, Any]:
    return {
        "code": score.region_code,
        "label": report.name(score.region_code),
        "score": _score(score, words, mark),
        "interval": interval(score, words, mark),
        "median": mark.figure(score.rank_median, lambda v: words.number(v, 0 if v.is_integer() else 1)),
        # Beside its interval only: a rank alone says more than the index knows.
        "nominal": mark.figure(score.rank, words.number) if score.has_interval else "",
        "class": class_of(score, words, mark),
        "assumed": mark.figure(score.assumed_share, words.percent),
    }


def interval(score: Score, words: Wording, mark: Marker) -> Markup | str:
    """The rank interval as both its ends, each with its address; the state where there is none."""
    if not score.has_interval:
        return mark.figure(score.rank_low, words.number)
    low, high = pictures.ends(score)
    first = mark.figure(score.rank_low, lambda _: low)
    return (
        first if low == high else Markup("{}–{}").format(first, mark.figure(score.rank_high, lambda _: high))
    )


def class_of(score: Score, words: Wording, mark: Marker) -> Markup | str:
    """The likeliest class with its probability; neither a bare class nor an official group."""
    if not score.class_id or score.class_share.value is None:
        return ""
    share = mark.figure(score.class_share, words.percent)
    number = score.class_id.rpartition("_")[2]
    before, after = words.entry("index.uncertainty.class_value").split("{share}")
    return Markup("{}{}{}").format(before.format(n=number), share, after)


def _factor_row(report: IndexReport, factor: Factor, words: Wording, mark: Marker) -> dict[str, Any]:
    of_data = "assumption" if factor.is_assumption else "estimate"
    kind = of_data if factor.name.startswith("data_") else "choice"
    return {
        "label": tables.factor_name(report, words, factor.name),
        "factor": factor.name,
        "alone": _estimate(factor.first, words, mark),
        "total": _estimate(factor.total, words, mark),
        "basis": words(f"index.uncertainty.{kind}"),
    }


def _estimate(cells: tuple[Cell, Cell, Cell], words: Wording, mark: Marker) -> Markup | str:
    def write(value: float) -> str:
        return words.number(value, 2)

    value, low, high = cells
    shown = mark.figure(value, write)
    if not (value.is_reported and low.is_reported and high.is_reported):
        return shown
    return Markup("{} [{}, {}]").format(shown, mark.figure(low, write), mark.figure(high, write))


def _links(report: IndexReport, words: Wording, mark: Marker) -> dict[str, Any]:
    key = "index.links"
    return {
        "source": mark.document_anchors(report.link_documents),
        "table": tables.audit_table(
            report,
            words,
            mark,
            section="links",
            name="links",
            caption=f"{key}.caption",
            first=f"{key}.element",
            columns=f"{key}.columns",
        ),
    }
