"""The region report as one HTML page: head, summary, sections, sources, method, in a template.

Belongs here: putting finished parts together, the method's sentences. Does not: SQL (region), the parts
themselves (sections, framework), what all pages share (layout), files (build).
"""

from collections.abc import Mapping
from typing import Any

from alp_pipeline.reports import framework, layout, sections
from alp_pipeline.reports.benchmarks.section import section as benchmarks_section
from alp_pipeline.reports.markup import Marker
from alp_pipeline.reports.model import RegionReport
from alp_pipeline.reports.narrative import summary
from alp_pipeline.reports.tile_grid import Tile
from alp_pipeline.reports.wording import Wording


def render(report: RegionReport, words: Wording, tiles: Mapping[str, Tile]) -> str:
    """The page's HTML; equal for equal arguments."""
    mark = Marker(report.sources, words)
    footer = words("footer", region=report.region.label, code=report.region.code, release=report.release_id)
    content = {
        "report": report,
        "t": words,
        "css": layout.style(),
        "page_css": layout.page_style(footer, words, is_synthetic=report.is_synthetic),
        "head": _head(report, words),
        "summary": _summary(report, words, mark),
        "key_figures": framework.key_figures(report, words, mark),
        "benchmark_source": mark.anchors(report.benchmark_datasets),
        "strongest": sections.strongest(report, words, mark),
        "development": sections.development(report, words, mark),
        "comparison": sections.comparison(report, words, mark, tiles),
        "framework": framework.framework(report, words, mark),
        "benchmarks": benchmarks_section(report, words, mark),
        "gaps": framework.gaps(report, words, mark, tiles),
        "sources": layout.source_rows(report.sources, words),
        "method": _method(report, words),
        "flags": mark.flags_used,
    }
    return layout.template("region.html.j2").render(content)


def _summary(report: RegionReport, words: Wording, mark: Marker) -> list[dict[str, Any]]:
    """The paragraph's two halves: what is known, then what is not; a half without a sentence is absent."""
    sentences = summary(report, words)
    halves = []
    for is_limit, key in ((False, "summary.known_head"), (True, "summary.limits_head")):
        half = [(s.text, mark.anchors(s.datasets)) for s in sentences if s.is_limit is is_limit]
        if half:
            halves.append({"heading": words(key), "sentences": half})
    return halves


def _head(report: RegionReport, words: Wording) -> list[tuple[str, str]]:
    perimeter = report.perimeter
    facts = [
        (words("head.release"), report.release_id),
        (
            words("head.vintage"),
            layout.vintage([d for source in report.sources for d in source.documents], words),
        ),
        (words("head.year"), str(report.year) if report.year else words("head.no_year")),
    ]
    if report.scope is not None:
        facts.append((words("head.reference"), report.scope.reference_label))
    mark = words("head.mark_to_verify") if perimeter.mark != "verified" else ""
    named = {
        "label": perimeter.label,
        "id": perimeter.perimeter_id,
        "n": len(perimeter.members),
        "mark": mark,
    }
    return [*facts, (words("head.perimeter"), words("head.perimeter_value", **named))]


def _method(report: RegionReport, words: Wording) -> dict[str, Any]:
    scope, perimeter = report.scope, report.perimeter
    notes = []
    if scope is not None:
        notes += [
            words("method.reference", reference=scope.reference_label, id=scope.reference_territory_id),
            words(
                "method.variable",
                variable=words.word(scope.variable),
                unit=words.word(scope.statistical_unit),
                scope=scope.activity_scope,
                classification=scope.classification_version,
            ),
            words("method.totals"),
            words("method.scheme", scheme=scope.scheme_id),
        ]
    notes += [
        words("method.year", region=report.region.label),
        words("method.growth"),
        words("method.confidential"),
        words("method.recode"),
        words(
            "method.perimeter",
            label=perimeter.label,
            id=perimeter.perimeter_id,
            n=len(perimeter.members),
            mark=words.word(perimeter.mark),
            source=perimeter.source,
        ),
    ]
    return {
        "notes": notes,
        "gaps": report.ranked[: sections.LISTED_ACTIVITIES],
        "terms": {**words.entry("terms"), **words.entry("benchmarks.terms")},
    }
