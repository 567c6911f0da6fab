"""What the page of a refused recipe says: what is missing, what would make it computable, what there is.

Belongs here: these three sections. Does not: deciding the refusal (plan.benchmarks.index_input).
"""

from collections import Counter
from typing import Any

from alp_pipeline.reports.index.model import IndexReport
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


def _missing(report: IndexReport, words: Wording) -> list[dict[str, str]]:
    described = {each.indicator_id: each for each in report.indicators}
    rows = []
    for code in report.status.missing:
        each = described.get(code)
        rows.append(
            {
                "code": code,
                "label": report.name(code),
                "pillar": report.name(each.pillar_id) if each else "",
                "why": each.reason if each and each.reason else words("index.refused.missing.unknown"),
                "datasets": ", ".join(each.datasets) if each else "",
            }
        )
    return rows


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
    datasets = sorted({dataset for each in missing for dataset in each.datasets})
    if datasets:
        said.append(words(f"{key}.datasets", datasets=", ".join(datasets)))
    return [*said, words(f"{key}.never")]


def poor_pillars(report: IndexReport) -> list[str]:
    """Pillars with fewer indicators than the recipe wants; none where the catalogue does not say how many."""
    least = report.recipe.pillar_indicators_min
    if least is None:
        return []
    used: Counter[str] = Counter(each.pillar_id for each in report.indicators if each.is_used)
    return [pillar for pillar in report.pillars if used[pillar] < least]
