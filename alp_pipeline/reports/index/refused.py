"""What the page of a refused recipe says: what is missing, what would make it computable, what there is.

Belongs here: these three sections. Does not: deciding the refusal (plan.benchmarks.index_input).
"""

from collections import Counter
from typing import Any

from alp_pipeline.reports.index.model import IndexIndicator, IndexReport
from alp_pipeline.reports.index.sections import indicator_rows
from alp_pipeline.reports.markup import Marker
from alp_pipeline.reports.wording import Wording


def sections(report: IndexReport, words: Wording, mark: Marker) -> dict[str, Any]:
    """The parts of a page without an index."""
    return {
        "missing": _missing(report, words),
        "todo": todo(report, words),
        "there": indicator_rows(report, words, mark, [each for each in report.indicators if each.is_used]),
    }


def _missing(report: IndexReport, words: Wording) -> list[dict[str, Any]]:
    described = {each.indicator_id: each for each in report.indicators}
    rows = []
    for code in report.status.missing:
        each = described.get(code)
        rows.append(
            {
                "code": code,
                "label": report.name(code),
                "pillar": report.name(each.pillar_id) if each else "",
                "why": _why(report, each, words) if each else words("index.refused.missing.unknown"),
                "datasets": [
                    {
                        "title": dataset.title,
                        "code": dataset.code,
                        "collected": words("index.refused.missing.collected")
                        if dataset.documents
                        else words("index.refused.missing.never"),
                    }
                    for dataset in (each.datasets if each else ())
                ],
            }
        )
    return rows


def _why(report: IndexReport, each: IndexIndicator, words: Wording) -> str:
    """Never collected, ended, too old or too thin: what keeps an indicator out, the first cause first."""
    key = "index.refused.missing"
    if any(not dataset.documents for dataset in each.datasets):
        return words(f"{key}.not_collected")
    ended = [dataset.discontinued for dataset in each.datasets if dataset.discontinued]
    # What the release says of it; its words are the warehouse's own.
    said = each.reason or words(f"{key}.unknown")
    if ended:
        return words(f"{key}.ended", period=min(ended), reason=said)
    if each.newest and not each.coverage.value and report.recipe.oldest is not None:
        return words(f"{key}.too_old", newest=each.newest, oldest=report.recipe.oldest)
    return said


def todo(report: IndexReport, words: Wording) -> list[str]:
    """What would make the recipe computable, each thing a sentence."""
    status, recipe = report.status, report.recipe
    key = "index.refused.todo"
    said = []
    if status.shortfall:
        said.append(
            words.counted(
                f"{key}.more",
                status.shortfall,
                share=words.percent(100 * status.indicators_min),
                total=status.indicators,
                used=status.indicators_used,
            )
        )
    if recipe.coverage_min is not None:
        share = words.percent(100 * recipe.coverage_min)
        said.append(words(f"{key}.enough", share=share, oldest=recipe.oldest))
    poor = poor_pillars(report)
    if poor:
        names = words.join([report.name(pillar) for pillar in poor])
        said.append(words(f"{key}.pillars", n=recipe.pillar_indicators_min, pillars=names))
    missing = [each for each in report.indicators if not each.is_used]
    datasets = {dataset.code: dataset for each in missing for dataset in each.datasets}
    never = sorted(code for code, dataset in datasets.items() if not dataset.documents)
    if never:
        first = min(never, key=lambda code: (bool(datasets[code].discontinued), code))
        said.append(words(f"{key}.collect", datasets=", ".join(never), command=f"alp refresh --only {first}"))
    newer = sorted(code for code, found in datasets.items() if found.documents and not found.discontinued)
    if newer:
        said.append(words(f"{key}.newer", datasets=", ".join(newer)))
    ended = sorted(code for code, found in datasets.items() if found.discontinued)
    if ended:
        said.append(words(f"{key}.ended", datasets=", ".join(ended)))
    return [*said, words(f"{key}.never")]


def poor_pillars(report: IndexReport) -> list[str]:
    """Pillars with fewer indicators than the recipe wants; none where the catalogue does not say how many."""
    least = report.recipe.pillar_indicators_min
    if least is None:
        return []
    used: Counter[str] = Counter(each.pillar_id for each in report.indicators if each.is_used)
    return [pillar for pillar in report.pillars if used[pillar] < least]
