"""The region report's section on benchmarks: finished tables and pictures.

Belongs here: rank intervals, the profile, reference regions, the opportunity map. Does not: SQL (read),
geometry (plots), layout (the template).
"""

from typing import Any

from markupsafe import Markup

from alp_pipeline.reports.benchmarks.model import IndexStanding, Opportunities, Opportunity, PeerGroup
from alp_pipeline.reports.index.pictures import state_words
from alp_pipeline.reports.index.sections import class_of, interval
from alp_pipeline.reports.markup import Marker, sentence_list
from alp_pipeline.reports.model import Cell, RegionReport
from alp_pipeline.reports.plots.opportunity_map import OpportunityWords, opportunity_map
from alp_pipeline.reports.plots.profile import ProfileWords, profile
from alp_pipeline.reports.plots.relatedness_network import NetworkWords, relatedness_network
from alp_pipeline.reports.wording import Wording

SHOWN_ACTIVITIES = 10
STRONG_PROXIMITY = 0.55
"""Links above it are drawn beside the tree, as Hidalgo et al. (2007) draw the product space."""


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
        "peers": [_peers(report, group, words, mark) for group in content.peer_groups],
        "opportunities": _opportunities(report, content.opportunities, words, mark),
        "network": _network(report, words),
        "network_source": mark.document_anchors(
            content.relatedness.document_ids if content.relatedness else ()
        ),
    }


def _index(report: RegionReport, index: IndexStanding, words: Wording, mark: Marker) -> dict[str, Any]:
    score = index.scores.get(index.recipe_id, {}).get(report.region.code)
    row = {
        "code": index.recipe_id,
        "label": index.names[index.recipe_id],
        "source": mark.document_anchors(index.document_ids),
        "about": words("benchmarks.about", year=index.year, id=index.recipe_id, version=index.version),
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


def _peers(report: RegionReport, group: PeerGroup, words: Wording, mark: Marker) -> dict[str, Any]:
    known = words.entry("benchmarks.peers.dimensions")
    decisive = known.get(group.decisive_dimension, group.decisive_dimension.replace("_", " "))
    return {
        "title": words(f"benchmarks.peers.{group.candidates}", region=report.region.label),
        "source": mark.document_anchors(group.document_ids),
        "note": words("benchmarks.peers.decisive", dimension=decisive) if decisive else "",
        "rows": [
            {
                "rank": peer.rank,
                "code": peer.region.code,
                "label": peer.region.label,
                "distance": mark.figure(peer.distance, lambda value: words.number(value, 3)),
                "range": words("benchmarks.peers.range", best=peer.rank_best, worst=peer.rank_worst)
                if peer.rank_best and peer.rank_worst
                else words("plots.unknown"),
                "kept": words("benchmarks.peers.kept_value", kept=peer.runs_kept, runs=peer.runs),
            }
            for peer in group.peers
        ],
    }


def _opportunities(
    report: RegionReport, found: Opportunities | None, words: Wording, mark: Marker
) -> dict[str, Any] | None:
    if found is None:
        return None
    undetermined = len(found.absent) - len(found.placed)
    return {
        "year": found.year,
        "source": mark.document_anchors(found.document_ids),
        "svg": _map(report, found, words) if found.placed else None,
        "rows": [_activity(each, words, mark) for each in found.placed[:SHOWN_ACTIVITIES]],
        "limits": words(
            "benchmarks.opportunities.limits",
            undetermined=undetermined,
            unknown=found.unknown,
            region=report.region.label,
        )
        if undetermined or found.unknown
        else "",
    }


def _map(report: RegionReport, found: Opportunities, words: Wording) -> str:
    import pandas as pd

    key = "benchmarks.opportunities"
    rows = {}
    for each in found.placed:
        figures = {
            f"{stem}{ending}": cell.value
            for stem, cells in (("density", each.density), ("complexity", each.complexity))
            for ending, cell in zip(("", "_low", "_high"), cells, strict=True)
        }
        rows[each.activity.code] = {"label": each.activity.label, "state": "reported", **figures}
    said = [
        words(
            f"{key}.description_item",
            activity=f"{each.activity.code} {each.activity.label}",
            density=words.percent(each.density[0].value or 0.0),
            complexity=words.number(each.complexity[0].value or 0.0, 2),
        )
        for each in found.placed
    ]
    return opportunity_map(
        pd.DataFrame.from_dict(rows, orient="index"),
        ident="opportunities",
        title=words(f"{key}.title", region=report.region.label, year=found.year),
        description=sentence_list(said),
        words=OpportunityWords(
            x=words(f"{key}.density"),
            y=words(f"{key}.complexity"),
            point=words(f"{key}.point"),
            interval=words(f"{key}.interval"),
            middle=words(f"{key}.middle"),
            said=words.entry(f"{key}.said"),
            apart=words(f"{key}.apart"),
            empty=words(f"{key}.empty"),
        ),
        format_x=words.number,
        format_y=lambda value: words.number(value, 1),
        named=SHOWN_ACTIVITIES,
    )


def _network(report: RegionReport, words: Wording) -> dict[str, Any] | None:
    """Activities with a known relatedness, near one another where related; the region's own picked out."""
    import numpy as np
    import pandas as pd

    found, relatedness = report.benchmarks.opportunities, report.benchmarks.relatedness
    if found is None or relatedness is None:
        return None
    nodes = {node.activity.code: node for node in found.nodes}
    known_pairs = [pair for pair in relatedness.proximity if pair[0] in nodes and pair[1] in nodes]
    codes = sorted({code for one, other, _ in relatedness.proximity for code in (one, other)} & nodes.keys())
    place = {code: position for position, code in enumerate(codes)}
    proximity = np.zeros((len(codes), len(codes)))
    for one, other, value in known_pairs:
        proximity[place[one], place[other]] = proximity[place[other], place[one]] = value
    matrix = pd.DataFrame(proximity, index=codes, columns=codes)
    absent = [nodes[c].density.value for c in codes if nodes[c].state == "absent"]
    known = [value for value in absent if value is not None]
    low, span = min(known, default=0.0), (max(known, default=1.0) - min(known, default=0.0)) or 1.0
    table = {
        code: {
            "label": nodes[code].activity.label,
            "size": nodes[code].ubiquity,
            "state": nodes[code].state,
            "opportunity": None if (value := nodes[code].density.value) is None else (value - low) / span,
        }
        for code in codes
    }
    key = "benchmarks.network"
    present = [f"{code} {nodes[code].activity.label}" for code in codes if nodes[code].state == "present"]
    svg = relatedness_network(
        matrix,
        pd.DataFrame.from_dict(table, orient="index"),
        threshold=STRONG_PROXIMITY,
        ident="network",
        title=words(f"{key}.title", region=report.region.label, year=found.year),
        description=words(f"{key}.description", n=len(codes), present=sentence_list(present)),
        words=NetworkWords(
            present=words(f"{key}.present"),
            lowest=words(f"{key}.lowest"),
            highest=words(f"{key}.highest"),
            size=words(f"{key}.size"),
            tree=words(f"{key}.tree"),
            strong=words(f"{key}.strong", threshold=words.number(STRONG_PROXIMITY, 2)),
            said=words.entry(f"{key}.said"),
            linked=words.entry(f"{key}.linked"),
            unknown=words("plots.unknown"),
        ),
    )
    activities = [(code, nodes[code].activity.label, nodes[code].state == "present") for code in codes]
    return {"svg": svg, "activities": activities}


def _activity(each: Opportunity, words: Wording, mark: Marker) -> dict[str, Any]:
    return {
        "code": each.activity.code,
        "label": each.activity.label,
        "density": _span(each.density, words, mark, digits=0),
        "complexity": _span(each.complexity, words, mark, digits=2),
    }


def _span(cells: tuple[Cell, Cell, Cell], words: Wording, mark: Marker, *, digits: int) -> Markup:
    def write(value: float) -> str:
        return words.number(value, digits)

    value, low, high = cells
    shown = mark.figure(value, write)
    if not (low.is_reported and high.is_reported):
        return shown
    return Markup("{} [{}, {}]").format(shown, mark.figure(low, write), mark.figure(high, write))
