"""The audit report of an index as one HTML page: summary, sections in the Handbook's order, sources, method.

Belongs here: putting finished parts together, the opening's sentences and figures. Does not: SQL (read), the
parts themselves (sections, tables, pictures), files (build).
"""

from collections import Counter
from statistics import median
from typing import Any

from alp_pipeline.reports import layout
from alp_pipeline.reports.index import refused, sections
from alp_pipeline.reports.index.model import AuditFinding, IndexReport
from alp_pipeline.reports.index.tables import factor_name, plain_sentence
from alp_pipeline.reports.markup import Marker
from alp_pipeline.reports.wording import Wording

TO_VERIFY = "To verify:"


def render(report: IndexReport, words: Wording) -> str:
    """The page's HTML; equal for equal arguments."""
    mark = Marker(report.sources, words)
    recipe = report.recipe
    footer = words(
        "index.footer",
        label=recipe.label,
        id=recipe.recipe_id,
        version=recipe.version,
        release=report.release_id,
    )
    parts = sections.sections(report, words, mark) if report.status.is_computed else {}
    content = {
        "report": report,
        "t": words,
        "css": layout.style(),
        "page_css": layout.page_style(footer, words, is_synthetic=report.is_synthetic),
        "footer": footer,
        "head": _head(report, words),
        "summary": summary(report, words),
        "key_figures": key_figures(report, words),
        "source": mark.anchors(report.datasets),
        "parts": parts,
        "refused": None if report.status.is_computed else refused.sections(report, words, mark),
        "sources": layout.source_rows(report.sources, words),
        "method": _method(report, words),
        "flags": mark.flags_used,
    }
    return layout.template("index.html.j2").render(content)


def _head(report: IndexReport, words: Wording) -> list[tuple[str, str]]:
    recipe, status, perimeter = report.recipe, report.status, report.perimeter
    to_verify = "" if recipe.is_verified else words("index.head.mark_to_verify")
    if recipe.seed is None:
        seed = words("index.head.seed_unknown")
    elif status.is_computed:
        seed = words("index.head.seed_value", draws=words.number(_draws(report)), seed=recipe.seed)
    else:
        seed = words("index.head.seed_refused", seed=recipe.seed)
    ranked = "index.head.ranked" if status.is_computed else "head.perimeter"
    mark = words("head.mark_to_verify") if perimeter.mark != "verified" else ""
    named = {
        "label": perimeter.label,
        "id": perimeter.perimeter_id,
        "n": len(perimeter.members),
        "mark": mark,
    }
    return [
        (words("head.release"), report.release_id),
        (
            words("index.head.version"),
            words("index.head.version_value", id=recipe.recipe_id, version=recipe.version, mark=to_verify),
        ),
        (words("index.head.year"), str(status.year) if status.year else words("index.head.no_year")),
        (words("index.head.as_of"), f"{status.as_of}" if status.as_of else words("index.head.as_of_unknown")),
        (words("index.head.universe" if status.is_computed else "index.head.sought"), status.universe),
        (words(ranked), words("head.perimeter_value", **named)),
        (words("index.head.seed"), seed),
    ]


def _draws(report: IndexReport) -> int:
    return report.recipe.draws or 0


def summary(report: IndexReport, words: Wording) -> list[str]:
    """The opening's sentences."""
    own = words("index.summary.own", label=report.recipe.label)
    described = (
        words("index.summary.described", description=report.recipe.description)
        if report.recipe.is_described
        else words("index.summary.undescribed", version=report.recipe.version)
    )
    if not report.status.is_computed:
        detail = plain_sentence(
            report, words, AuditFinding("note", report.status.missing, report.status.detail)
        )
        return [
            described,
            words("index.summary.refused", detail=detail.rstrip(".")),
            words("index.summary.refused_why"),
            own,
        ]
    return [described, *_ranks(report, words), *_warnings(report, words), own]


def _ranks(report: IndexReport, words: Wording) -> list[str]:
    widths = widths_of(report)
    total = len(report.perimeter.members)
    said = []
    if widths:
        said.append(
            words(
                "index.summary.ranks",
                year=report.status.year,
                ranked=len(widths),
                total=total,
                perimeter=report.perimeter.label,
                median=words.number(median(widths), 0 if float(median(widths)).is_integer() else 1),
                widest=words.number(max(widths)),
            )
        )
    apart = states_apart(report)
    if apart:
        parts = [
            words("index.summary.apart_part", n=n, state=words.state(state))
            if len(apart) > 1
            else words.state(state)
            for state, n in sorted(apart.items())
        ]
        said.append(words.counted("index.summary.apart", sum(apart.values()), parts=words.join(parts)))
    if report.factors and report.factors[0].total[0].value is not None:
        most = report.factors[0]
        share = words.percent(100 * max(most.total[0].value or 0.0, 0.0))
        name = factor_name(report, words, most.name)
        said.append(words("index.summary.decides", factor=name[:1].lower() + name[1:], total=share))
    return said


def widths_of(report: IndexReport) -> list[int]:
    """How many places each rank interval spans, its ends included and opened to whole ranks."""
    found = []
    for score in report.ranked:
        low, high = score.rank_low.value or 0.0, score.rank_high.value or 0.0
        found.append(int(-(-high // 1)) - int(low // 1) + 1)
    return found


def states_apart(report: IndexReport) -> Counter[str]:
    """State → how many units of the perimeter are without a rank interval for it."""
    ranked = {score.region_code for score in report.ranked}
    apart: Counter[str] = Counter()
    for member in report.perimeter.members:
        if member.code not in ranked:
            score = report.index.get(member.code)
            state = score.score.state if score else "not_available"
            apart["not_available" if state == "reported" else state] += 1
    return apart


def _warnings(report: IndexReport, words: Wording) -> list[str]:
    by_section = {name: _count(report, name, "warning") for name in report.sections}
    total = sum(by_section.values())
    if not total:
        return (
            [words("index.summary.no_warnings")] if any(s.findings for s in report.sections.values()) else []
        )
    coherence = by_section.get("coherence", 0)
    if coherence:
        return [words.counted("index.summary.coherence_warnings", total, coherence=coherence)]
    return [words.counted("index.summary.warnings", total)]


def _count(report: IndexReport, section: str, severity: str) -> int:
    return sum(finding.severity == severity for finding in report.sections[section].findings)


def key_figures(report: IndexReport, words: Wording) -> list[dict[str, Any]]:
    """The numbers at the top; of a refused recipe, what it has and what it lacks."""
    status = report.status
    used = {
        "number": words("index.key_figures.of", n=status.indicators_used, total=status.indicators),
        "label": words("index.key_figures.indicators"),
        "note": words("index.key_figures.needed", share=words.percent(100 * status.indicators_min)),
    }
    if not status.is_computed:
        short = {
            "number": words.number(status.shortfall),
            "label": words("index.key_figures.missing"),
            "note": words("index.key_figures.missing_note"),
        }
        return [used, short] if status.shortfall else [used]
    apart, widths = states_apart(report), widths_of(report)
    undetermined = apart.get("undetermined", 0)
    open_ = sum(_count(report, name, "not_evaluated") for name in report.sections)
    return [
        used,
        {
            "number": words("index.key_figures.of", n=len(widths), total=len(report.perimeter.members)),
            "label": words("index.key_figures.ranked"),
            "note": words(
                "index.key_figures.undetermined", n=undetermined, other=sum(apart.values()) - undetermined
            ),
        },
        {
            "number": words.number(median(widths)) if widths else words("plots.unknown"),
            "label": words("index.key_figures.width"),
            "note": words("index.key_figures.width_note"),
        },
        {
            "number": words.number(sum(_count(report, name, "warning") for name in report.sections)),
            "label": words("index.key_figures.warnings"),
            "note": words("index.key_figures.warnings_note", n=open_) if open_ else "",
        },
    ]


def _method(report: IndexReport, words: Wording) -> dict[str, Any]:
    recipe, perimeter, status = report.recipe, report.perimeter, report.status
    key = "index.method"
    to_verify = "" if recipe.is_verified else words("index.head.mark_to_verify")
    notes = [
        words(f"{key}.own"),
        words(
            f"{key}.recipe",
            id=recipe.recipe_id,
            version=recipe.version,
            mark=to_verify,
            method=status.method,
        ),
        words(
            f"{key}.universe" if status.is_computed else f"{key}.sought",
            universe=status.universe,
            perimeter=perimeter.label,
            id=perimeter.perimeter_id,
            n=len(perimeter.members),
            mark=words.word(perimeter.mark),
            source=perimeter.source,
        ),
        words(f"{key}.as_of", as_of=status.as_of or words("index.head.as_of_unknown")),
    ]
    if status.is_computed and recipe.seed is not None:
        notes.append(words(f"{key}.draws", draws=words.number(_draws(report)), seed=recipe.seed))
    notes += [words(f"{key}.{name}") for name in ("confidential", "missing", "assumed", "order")]
    open_ = [note for note in recipe.notes if note.startswith(TO_VERIFY)]
    return {
        "notes": notes,
        "recipe_notes": [note for note in recipe.notes if note not in open_],
        # The mark is the catalogue's; under its own heading the bare question is plainer.
        "open_notes": [_capital(note.removeprefix(TO_VERIFY).strip()) for note in open_],
        "terms": words.entry(f"{key}.terms"),
    }


def _capital(sentence: str) -> str:
    return sentence[:1].upper() + sentence[1:]
