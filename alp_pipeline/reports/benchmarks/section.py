"""The region report's section on benchmarks: finished tables and pictures.

Belongs here: rank intervals, the profile, strengths and weaknesses, the parts put together. Does not:
reference regions (peers), related activities (related), change and resilience (change), SQL (read), layout
(the template).
"""

from typing import Any

from markupsafe import Markup

from alp_pipeline.reports.benchmarks.change import resilience, shift_share
from alp_pipeline.reports.benchmarks.model import IndexStanding, Trait
from alp_pipeline.reports.benchmarks.peers import peers
from alp_pipeline.reports.benchmarks.related import network, opportunities
from alp_pipeline.reports.index.pictures import state_words
from alp_pipeline.reports.index.sections import class_of, interval
from alp_pipeline.reports.markup import Marker, sentence_list
from alp_pipeline.reports.model import Cell, RegionReport
from alp_pipeline.reports.plots.profile import ProfileWords, profile
from alp_pipeline.reports.wording import Wording


def section(report: RegionReport, words: Wording, mark: Marker) -> dict[str, Any]:
    """Everything that the section shows; empty parts where the release has nothing."""
    content = report.benchmarks
    computed = [index for index in content.indices if index.is_computed]
    return {
        "indices": [_index(report, index, words, mark) for index in computed],
        "refused": [
            words(
                "benchmarks.refused",
                label=index.names[index.recipe_id],
                used=index.indicators_used,
                total=index.indicators,
            )
            for index in content.indices
            if not index.is_computed
        ],
        "profile": _profile(report, computed, words) if computed else None,
        "profile_source": mark.document_anchors({d for index in computed for d in index.document_ids}),
        "traits": [_traits(report, index, words, mark) for index in computed],
        "peers": [peers(report, group, words, mark) for group in content.peer_groups],
        "opportunities": opportunities(report, content.opportunities, words, mark),
        "network": network(report, words),
        "network_source": mark.document_anchors(
            content.relatedness.document_ids if content.relatedness else ()
        ),
        "shift_share": shift_share(report, content.shift_share, words, mark),
        "resilience": resilience(content.resilience, words, mark),
    }


def _index(report: RegionReport, index: IndexStanding, words: Wording, mark: Marker) -> dict[str, Any]:
    score = index.scores.get(index.recipe_id, {}).get(report.region.code)
    row = {
        "code": index.recipe_id,
        "label": index.names[index.recipe_id],
        "source": mark.document_anchors(index.document_ids),
        "about": words("benchmarks.about", year=index.year, id=index.recipe_id, version=index.version),
        # As `alp refresh` lays the pages out: regions/ and indices/ beside each other.
        "audit": f"../indices/{index.recipe_id}.html",
    }
    if score is None:
        absent = mark.figure(Cell(None, "not_available"), words.number)
        return row | {"interval": absent, "median": absent, "score": absent, "class": ""}
    ranked = sum(one.score.is_reported for one in index.scores[index.recipe_id].values())
    of = words("benchmarks.of", count=ranked) if score.has_interval else ""
    return row | {
        "interval": Markup("{}{}").format(interval(score, words, mark), of),
        "median": mark.figure(score.rank_median, lambda v: words.number(v, 0 if v.is_integer() else 1)),
        "score": mark.figure(score.score, lambda value: words.number(value, 1)),
        "class": class_of(score, words, mark),
    }


def _profile(report: RegionReport, indices: list[IndexStanding], words: Wording) -> str:
    """The indices and their pillars on one scale, the region among the perimeter's units."""
    import pandas as pd

    members = [member.code for member in report.perimeter.members]
    columns, labels, groups = {}, {}, {}
    for index in indices:
        for element, scores in index.scores.items():
            # Two recipes may have a pillar of the same name.
            key = f"{index.recipe_id}/{element}"
            columns[key] = {code: scores[code].score for code in members if code in scores}
            is_index = element == index.recipe_id
            labels[key] = words("benchmarks.whole") if is_index else index.names.get(element, element)
            groups[key] = index.names[index.recipe_id]
    absent = Cell(None, "not_available")
    values = {key: [cells.get(code, absent).value for code in members] for key, cells in columns.items()}
    states = {key: [cells.get(code, absent).state for code in members] for key, cells in columns.items()}
    own = report.region.code
    said = [
        words("benchmarks.profile_item", label=f"{groups[key]}: {labels[key]}", value=shown)
        for key, cells in columns.items()
        for shown in [_plain(cells.get(own, absent), words)]
    ]
    return profile(
        pd.DataFrame(values, index=members, dtype="float64"),
        own,
        ident="profile",
        title=words("benchmarks.profile_title", region=report.region.label),
        description=sentence_list(said),
        words=ProfileWords(
            own=report.region.label,
            quartiles=words("plots.quartiles"),
            median=words("plots.median"),
            range=words("plots.range"),
            said=words.entry("plots.profile_said"),
            states=state_words(words),
            empty=words("plots.profile_empty"),
        ),
        labels=labels,
        format_value=words.number,
        states=pd.DataFrame(states, index=members),
        groups=groups,
    )


def _plain(cell: Cell, words: Wording) -> str:
    return words.state(cell.state) if cell.value is None else words.number(cell.value)


def _traits(report: RegionReport, index: IndexStanding, words: Wording, mark: Marker) -> dict[str, Any]:
    """The indicators of an index in which the region ranks best and worst."""
    found = index.traits.get(report.region.code, ())
    return {
        "code": index.recipe_id,
        "title": words(
            "benchmarks.traits.title", region=report.region.label, label=index.names[index.recipe_id]
        ),
        "source": mark.document_anchors(index.document_ids) if found else "",
        "kinds": [
            (
                words(f"benchmarks.traits.{kind}"),
                [_trait(trait, words, mark) for trait in found if trait.kind == kind],
            )
            for kind in ("strength", "weakness")
            if any(trait.kind == kind for trait in found)
        ],
    }


def _trait(trait: Trait, words: Wording, mark: Marker) -> dict[str, Any]:
    unit = words.unit(trait.unit)
    return {
        "indicator": trait.indicator_id,
        "label": trait.label,
        "about": words("benchmarks.traits.about", unit=unit, year=trait.year)
        if unit
        else str(trait.year or ""),
        "value": mark.figure(trait.value, words.alike([trait.value.value or 0.0])),
        "rank": words("strongest.rank_value", rank=trait.rank, count=trait.ranked_count),
    }
