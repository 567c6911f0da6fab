"""The region report as one HTML page: head, summary, sections, sources, method, in a template.

Belongs here: putting finished parts together, the sources table, the method's sentences. Does not: SQL
(region), the parts themselves (sections, framework), files (build).

The page is whole by itself: style inlined, system fonts, pictures as SVG, no script, nothing fetched.
"""

from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from alp_pipeline.reports import framework, sections
from alp_pipeline.reports.markup import Marker
from alp_pipeline.reports.model import Document, RegionReport, Source
from alp_pipeline.reports.narrative import summary
from alp_pipeline.reports.tile_grid import Tile
from alp_pipeline.reports.wording import Wording

if TYPE_CHECKING:
    from jinja2 import Template

_TEMPLATES = Path(__file__).parent / "templates"
HASH_DIGITS = 12


def render(report: RegionReport, words: Wording, tiles: Mapping[str, Tile]) -> str:
    """The page's HTML; equal for equal arguments."""
    mark = Marker(report, words)
    content = {
        "report": report,
        "t": words,
        # The project's own file, and a text of which every character is escaped.
        "css": Markup((_TEMPLATES / "report.css").read_text(encoding="utf-8")),  # noqa: S704
        "page_css": Markup(_page_css(report, words)),  # noqa: S704
        "head": _head(report, words),
        "summary": _summary(report, words, mark),
        "key_figures": framework.key_figures(report, words, mark),
        "benchmark_source": mark.anchors(report.benchmark_datasets),
        "strongest": sections.strongest(report, words, mark),
        "development": sections.development(report, words, mark),
        "comparison": sections.comparison(report, words, mark, tiles),
        "framework": framework.framework(report, words, mark),
        "gaps": framework.gaps(report, words, mark, tiles),
        "sources": [_source(source, i, words) for i, source in enumerate(report.sources, start=1)],
        "method": _method(report, words),
        "flags": mark.flags_used,
    }
    return _template().render(content)


@cache
def _template() -> "Template":
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    return environment.get_template("region.html.j2")


def _summary(report: RegionReport, words: Wording, mark: Marker) -> list[dict[str, Any]]:
    """The paragraph's two halves: what is known, then what is not; a half without a sentence is absent."""
    sentences = summary(report, words)
    halves = []
    for is_limit, key in ((False, "summary.known_head"), (True, "summary.limits_head")):
        half = [(s.text, mark.anchors(s.datasets)) for s in sentences if s.is_limit is is_limit]
        if half:
            halves.append({"heading": words(key), "sentences": half})
    return halves


def _page_css(report: RegionReport, words: Wording) -> str:
    """What stands in the margin of every printed page, where the printer's browser knows margins."""
    footer = words("footer", region=report.region.label, code=report.region.code, release=report.release_id)
    quiet = "font: 7.5pt system-ui, sans-serif; color: #4d5b66;"
    band = "font: 700 8.5pt system-ui, sans-serif; color: #7a1f0b;"
    top = (
        f"@top-center {{ content: {css_string(words('synthetic_band'))}; {band} }}"
        if report.is_synthetic
        else ""
    )
    return (
        f"@page {{ {top} @bottom-left {{ content: {css_string(footer)}; {quiet} }} "
        f"@bottom-right {{ content: counter(page) ' / ' counter(pages); {quiet} }} }}"
    )


def css_string(words: str) -> str:
    """Words as a CSS string that can neither end the string nor the style element.

    >>> print(css_string('a"</style>'))
    "a\\22 \\3c \\2f style\\3e "
    """
    return '"' + "".join(c if c.isalnum() or c in " .,-" else f"\\{ord(c):x} " for c in words) + '"'


def _head(report: RegionReport, words: Wording) -> list[tuple[str, str]]:
    perimeter = report.perimeter
    facts = [
        (words("head.release"), report.release_id),
        (words("head.vintage"), _vintage([d for source in report.sources for d in source.documents], words)),
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


def _vintage(documents: Sequence[Document], words: Wording) -> str:
    if not documents:
        return words("head.vintage_none")
    days = sorted({words.day(d.published_at) for d in documents if d.published_at})
    unknown = sum(d.published_at is None for d in documents)
    said = []
    if days:
        key = "head.vintage_single" if len(days) == 1 else "head.vintage_range"
        said.append(words(key, first=days[0], last=days[-1]))
    if unknown:
        said.append(words("head.vintage_unknown", n=unknown, total=len(documents)))
    return "; ".join(said)


def _source(source: Source, number: int, words: Wording) -> dict[str, Any]:
    meaning = [words("sources.statistical_unit", unit=words.word(source.statistical_unit))]
    if source.classification_version:
        meaning.append(words("sources.classification", version=source.classification_version))
    if source.nuts_version_rule:
        meaning.append(words("sources.nuts", rule=words.word(source.nuts_version_rule)))
    if source.discontinued:
        meaning.append(words("sources.discontinued", period=source.discontinued))
        if source.successor_id:
            meaning.append(words("sources.successor", dataset=source.successor_id))
    return {
        "number": number,
        "source": source,
        "meaning": meaning,
        "doi": words("sources.doi", doi=source.doi) if source.doi else "",
        "licences": _licences(source),
        "documents": [_document(document, words) for document in source.documents],
    }


def _licences(source: Source) -> list[str]:
    """The terms stated for the dataset and with its documents; a shorter wording of the same goes."""
    stated = sorted({source.licence, *(document.licence for document in source.documents)})
    return [terms for terms in stated if not any(o != terms and o.startswith(terms) for o in stated)]


def _document(document: Document, words: Wording) -> dict[str, str]:
    published, seen = document.published_at, document.seen_at
    return {
        "published": words(
            "sources.published", time=words.moment(published), origin=document.published_at_origin
        )
        if published
        else words("sources.published_unknown"),
        "seen": words("sources.seen", time=words.moment(seen), origin=document.seen_at_origin)
        if seen
        else words("sources.seen_unknown"),
        "format": document.document_format,
        "id": words(
            "sources.document",
            id=document.document_id[:HASH_DIGITS],
            hash=document.content_sha256[:HASH_DIGITS],
        ),
    }


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
        "terms": words.entry("terms"),
    }
